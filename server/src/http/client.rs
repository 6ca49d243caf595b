//! Whose request it is, as far as the network tells: the client's address, and what its browser calls
//! itself.
//!
//! The address is that of the connection. Behind a proxy every connection comes from the proxy; then, and
//! only for the networks in `MESHLINE_TRUSTED_PROXIES`, the `X-Forwarded-For` header counts. It is read
//! from the right: each trusted proxy vouches for the entry it appended, and the first address that
//! nobody vouches for any further is the client. What stands left of it the client may have made up.
//!
//! [`ClientAddr`] is in every request's extensions; [`of`] reads it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use axum::{extract::Request, middleware::Next, response::Response};
use http::{Extensions, HeaderMap, header::USER_AGENT};

const FORWARDED: &str = "x-forwarded-for";
/// Of what a browser calls itself, this much is kept.
const AGENT_CHARS: usize = 200;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub IpAddr);

/// The client of a request. One that came by no connection (a test's) is this machine's.
pub fn of(extensions: &Extensions) -> ClientAddr {
    extensions
        .get::<ClientAddr>()
        .copied()
        .unwrap_or(ClientAddr(IpAddr::V4(Ipv4Addr::LOCALHOST)))
}

/// What the client calls itself.
pub fn agent(headers: &HeaderMap) -> String {
    headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|text| text.chars().take(AGENT_CHARS).collect())
        .unwrap_or_default()
}

tokio::task_local! {
    static CLIENT: (ClientAddr, String);
}

/// Lets what is deep inside a request know whose it is ([`current`]).
pub async fn known(mut request: Request, next: Next) -> Response {
    let client = (of(request.extensions()), agent(request.headers()));
    request.extensions_mut().insert(engine::Client {
        address: client.0.to_string(),
        device: None,
    });
    CLIENT.scope(client, next.run(request)).await
}

/// Address and name of the client whose request is being handled; empty outside a request.
pub fn current() -> (String, String) {
    CLIENT
        .try_with(|(address, agent)| (address.to_string(), agent.clone()))
        .unwrap_or_default()
}

/// A network, as `10.0.0.0/8` or as one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    bits: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: write networks such as 10.0.0.0/8 or fd00::/8, separated by commas")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| wrong())?,
            None => longest,
        };
        (bits <= longest)
            .then_some(Self { base, bits })
            .ok_or_else(wrong)
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let rest = 32 - self.bits;
                u32::from(base).checked_shr(rest).unwrap_or(0)
                    == u32::from(address).checked_shr(rest).unwrap_or(0)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let rest = 128 - self.bits;
                u128::from(base).checked_shr(rest).unwrap_or(0)
                    == u128::from(address).checked_shr(rest).unwrap_or(0)
            }
            _ => false,
        }
    }
}

/// The proxies in front of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

impl FromStr for Proxies {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Proxies {
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whose request this is, by the connection's other end and what trusted proxies say.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddr {
        let mut client = peer.to_canonical();
        let values: Vec<&str> = headers
            .get_all(FORWARDED)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        for named in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            if !self.trust(client) {
                break;
            }
            // a proxy that writes something else vouches for nobody
            let Some(address) = address(named.trim()) else {
                break;
            };
            client = address;
        }
        ClientAddr(client)
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| text.parse().ok().map(|at: std::net::SocketAddr| at.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(proxies: &str, peer: &str, forwarded: &[&'static str]) -> String {
        let proxies: Proxies = proxies.parse().unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, HeaderValue::from_static(value));
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn without_trust_the_connection_counts_whatever_it_says() {
        assert_eq!(client("", "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(
            client("10.0.0.0/8", "203.0.113.9", &["198.51.100.1"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_only_what_it_vouches_for() {
        let two = "10.0.0.0/8, 192.168.7.1";
        assert_eq!(client(two, "10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        // made up by the client, and left of what the proxies appended
        assert_eq!(
            client(
                two,
                "10.1.2.3",
                &["1.1.1.1, 2.2.2.2", "198.51.100.1, 192.168.7.1"]
            ),
            "198.51.100.1"
        );
        assert_eq!(
            client(two, "::ffff:10.1.2.3", &["[2001:db8::1]:4711"]),
            "2001:db8::1"
        );
        assert_eq!(
            client(two, "10.1.2.3", &["198.51.100.1:55"]),
            "198.51.100.1"
        );
        assert_eq!(client(two, "10.1.2.3", &["unknown"]), "10.1.2.3");
        assert_eq!(client("0.0.0.0/0", "9.9.9.9", &["8.8.8.8"]), "8.8.8.8");
    }

    #[test]
    fn what_is_no_network_is_said() {
        for bad in ["10.0.0.0/33", "ten", "10.0.0.0/", "fd00::/129"] {
            let error = bad.parse::<Proxies>().unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
    }
}
