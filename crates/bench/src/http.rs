//! Just enough of HTTP/1.1 to drive a server hard from one core: requests are bytes made beforehand, answers are read into
//! one buffer per connection. Understands `Content-Length` and chunked bodies, and nothing else that is optional.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::failure::{Failure, Result, Trying};

/// Nobody answers later than this in a measurement that is worth something.
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_BUFFER_BYTES: usize = 4096;
const LONGEST_BYTES: usize = 64 * 1024 * 1024;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
}

/// What came back, as ranges of the connection's buffer.
#[derive(Clone, Copy)]
struct Extent {
    status: u16,
    body_at: usize,
    ends_at: usize,
    chunked: bool,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; FIRST_BUFFER_BYTES],
            filled: 0,
        })
    }

    /// Sends a request and reads its answer: the status, and the body where it has a stated length.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        let found = self.ask(request).await?;
        Ok((found.status, &self.buffer[found.body_at..found.ends_at]))
    }

    /// The same where it matters what the answer's head says.
    pub async fn exchange_heads(&mut self, request: &[u8]) -> io::Result<(u16, &str)> {
        let found = self.ask(request).await?;
        let head = &self.buffer[..found.body_at];
        let head = std::str::from_utf8(head).map_err(io::Error::other)?;
        Ok((found.status, head))
    }

    async fn ask(&mut self, request: &[u8]) -> io::Result<Extent> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        loop {
            if self.filled == self.buffer.len() {
                if self.filled >= LONGEST_BYTES {
                    return Err(io::Error::other("an answer without end"));
                }
                self.buffer.resize(self.filled * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.filled += read;
            if let Some(found) = extent(&self.buffer[..self.filled])? {
                return Ok(found);
            }
        }
    }
}

/// An answer to look at in peace.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .split("\r\n")
            .find_map(|line| value_of(line, name))
    }

    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head
            .split("\r\n")
            .filter_map(move |line| value_of(line, name))
    }
}

/// One request on a connection of its own.
pub async fn request(address: SocketAddr, request: &str) -> Result<Answer> {
    let line = request.lines().next().unwrap_or_default().to_owned();
    let exchange = async {
        let mut connection = Connection::open(address).await?;
        let found = connection.ask(request.as_bytes()).await?;
        let bytes = &connection.buffer[..found.ends_at];
        let (head, body) = bytes.split_at(found.body_at);
        let body = if found.chunked {
            dechunked(body).ok_or_else(|| io::Error::other("broken chunks"))?
        } else {
            body.to_vec()
        };
        io::Result::Ok(Answer {
            status: found.status,
            head: String::from_utf8_lossy(head).into_owned(),
            body,
        })
    };
    match timeout(PATIENCE, exchange).await {
        Ok(answer) => answer.trying(line),
        Err(_) => Err(Failure::new(format!("no answer to {line}"))),
    }
}

pub async fn get(address: SocketAddr, path: &str, headers: &str) -> Result<Answer> {
    request(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n"),
    )
    .await
}

/// Where the first answer in these bytes ends, if all of it is there.
fn extent(bytes: &[u8]) -> io::Result<Option<Extent>> {
    let Some(body_at) = find(bytes, b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..body_at]).map_err(io::Error::other)?;
    let status = head
        .get(9..12)
        .filter(|_| head.starts_with("HTTP/1.1 "))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other("not an HTTP/1.1 answer"))?;
    let mut length = None;
    let mut chunked = false;
    for line in head.split("\r\n").skip(1) {
        if let Some(value) = value_of(line, "content-length") {
            length = Some(value.parse::<usize>().map_err(io::Error::other)?);
        } else if let Some(value) = value_of(line, "transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        }
    }
    let body = &bytes[body_at..];
    let body_bytes = match (chunked, length) {
        (true, _) => chunked_length(body),
        (false, Some(length)) => (body.len() >= length).then_some(length),
        (false, None) => Some(0),
    };
    Ok(body_bytes.map(|length| Extent {
        status,
        body_at,
        ends_at: body_at + length,
        chunked,
    }))
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    found.eq_ignore_ascii_case(name).then(|| value.trim())
}

/// The bytes of a complete chunked body, frames and all.
fn chunked_length(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let (size, begins) = chunk(body, at)?;
        at = begins + size + 2;
        if at > body.len() {
            return None;
        }
        if size == 0 {
            return Some(at);
        }
    }
}

fn dechunked(body: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(body.len());
    let mut at = 0;
    loop {
        let (size, begins) = chunk(body, at)?;
        if size == 0 {
            return Some(plain);
        }
        plain.extend_from_slice(body.get(begins..begins + size)?);
        at = begins + size + 2;
    }
}

/// Size and first byte of the chunk whose frame begins here.
fn chunk(body: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = body.get(at..)?;
    let line = find(rest, b"\r\n")?;
    let size = std::str::from_utf8(&rest[..line]).ok()?;
    let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
    Some((size, at + line + 2))
}

pub fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(u16, String)> {
        let found = extent(text.as_bytes()).unwrap()?;
        let body = &text.as_bytes()[found.body_at..found.ends_at];
        let body = if found.chunked {
            dechunked(body).unwrap()
        } else {
            body.to_vec()
        };
        Some((found.status, String::from_utf8(body).unwrap()))
    }

    #[test]
    fn answers_are_whole_or_waited_for() {
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"\"}";
        assert_eq!(read(sized), Some((200, "{\"\"}".to_owned())));
        assert_eq!(read(&sized[..sized.len() - 1]), None);
        let chunked = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(read(chunked), Some((404, "abc0123456789".to_owned())));
        for end in 0..chunked.len() {
            assert_eq!(read(&chunked[..end]), None, "{end}");
        }
        assert_eq!(
            read("HTTP/1.1 204 No Content\r\n\r\n"),
            Some((204, String::new()))
        );
        assert!(extent(b"SSH-2.0\r\n\r\n").is_err());
    }
}
