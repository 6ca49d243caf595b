//! Ports: is one free, which one is, and does something answer there yet.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::failure::{Failure, Result, Trying};

pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).trying("find a free port")?;
    listener
        .local_addr()
        .map(|address| address.port())
        .trying("find a free port")
}

/// Fails with `advice` when somebody else listens there.
pub fn must_be_free(address: SocketAddr, advice: &str) -> Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Failure::new(format!(
            "Port {} is taken, perhaps by another Meshline: stop it, or {advice}.",
            address.port()
        ))),
        Err(error) => Err(Failure::new(format!(
            "could not listen on {address}: {error}"
        ))),
    }
}

/// The address to connect to for a server that listens on `address`.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

pub fn accepts(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&reachable(address), Duration::from_secs(1)).is_ok()
}

/// Whether `GET path` is answered with 200.
pub fn answers(address: SocketAddr, path: &str) -> bool {
    get(reachable(address), path).is_ok_and(|head| head.starts_with("HTTP/1.1 200"))
}

fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let patience = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}
