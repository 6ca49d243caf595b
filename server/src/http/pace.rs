//! How long a connection may take over a request's head, and how it ends.
//!
//! Between two requests a connection may rest for a while; browsers and senders keep theirs. But once a head has
//! begun to arrive, and on a connection that has said nothing at all yet, whoever is on the other side has
//! a few seconds. A head that comes a byte at a time would otherwise hold its place for as long as each
//! byte is given.
//!
//! The stream notices when bytes arrive while a head is awaited; the service says when the head was
//! whole ([`Pace::taken`]) and when the answer was given ([`Pace::rest`]).
//!
//! Whoever is refused in the middle of a long body is still sending. If the connection were simply closed, the
//! system would answer what comes after it with a reset, which throws away the refusal too, unread: the sender would
//! learn that something broke, and not what. So only our half is closed, and what still comes is thrown away for a
//! moment (RFC 9112, section 9.6).

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

/// From the last byte of ours until the other side ends too, or nobody listens any more.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);
/// What is thrown away meanwhile: a few bodies too large, and no more.
const LEAVE_BYTES: usize = 8 * 1024 * 1024;

const RESTING: u8 = 0;
const HEAD: u8 = 1;
const TAKEN: u8 = 2;

/// Where a connection stands; shared by its stream and its service.
#[derive(Clone, Debug)]
pub struct Pace(Arc<AtomicU8>);

impl Pace {
    /// Of a new connection, from which the first head is awaited.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU8::new(HEAD)))
    }

    pub fn taken(&self) {
        self.0.store(TAKEN, Ordering::Release);
    }

    pub fn rest(&self) {
        self.0.store(RESTING, Ordering::Release);
    }
}

/// A stream whose heads have to arrive in time.
pub struct Paced {
    stream: TcpStream,
    pace: Pace,
    patience: Duration,
    late: Pin<Box<Sleep>>,
    /// Once our half is closed: how many more bytes of theirs are thrown away.
    leaving: Option<usize>,
}

impl Paced {
    pub fn new(stream: TcpStream, pace: Pace, patience: Duration) -> Self {
        Self {
            stream,
            pace,
            patience,
            late: Box::pin(sleep(patience)),
            leaving: None,
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let got = read.is_ready() && buffer.filled().len() > before;
        if got {
            let begins =
                self.pace
                    .0
                    .compare_exchange(RESTING, HEAD, Ordering::AcqRel, Ordering::Acquire);
            if begins.is_ok() {
                let until = Instant::now() + self.patience;
                self.late.as_mut().reset(until);
            }
        }
        let waits = read.is_pending() && self.pace.0.load(Ordering::Acquire) == HEAD;
        if waits && self.late.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.as_mut().get_mut();
        let mut left = match this.leaving {
            Some(left) => left,
            None => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                this.late.as_mut().reset(Instant::now() + LEAVE_PATIENCE);
                LEAVE_BYTES
            }
        };
        while left > 0 && this.late.as_mut().poll(cx).is_pending() {
            this.leaving = Some(left);
            let mut waste = [MaybeUninit::uninit(); 16 * 1024];
            let mut waste = ReadBuf::uninit(&mut waste);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut waste)) {
                Ok(()) if !waste.filled().is_empty() => {
                    left = left.saturating_sub(waste.filled().len())
                }
                // they ended as well, or are gone
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
