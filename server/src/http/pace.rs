//! How long a connection may take over a request's head.
//!
//! Between two requests a connection may rest for a while; browsers and senders keep theirs. But once a head has
//! begun to arrive, and on a connection that has said nothing at all yet, whoever is on the other side has
//! a few seconds. A head that comes a byte at a time would otherwise hold its place for as long as each
//! byte is given.
//!
//! The stream notices when bytes arrive while a head is awaited; the service says when the head was
//! whole ([`Pace::taken`]) and when the answer was given ([`Pace::rest`]).

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

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
}

impl Paced {
    pub fn new(stream: TcpStream, pace: Pace, patience: Duration) -> Self {
        Self {
            stream,
            pace,
            patience,
            late: Box::pin(sleep(patience)),
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
        Pin::new(&mut self.stream).poll_shutdown(cx)
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
