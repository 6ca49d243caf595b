//! Which network addresses a stranger's URL may lead to, and the few exceptions an installation makes.
//!
//! Somebody writes a URL into a form, and from then on this machine makes requests to it. What the
//! machine can reach and the writer cannot (its own services, the private network, a cloud's metadata)
//! is out of bounds. Refused is everything that is not plain public unicast: an address in a range
//! nobody listed is refused, too. An IPv6 address that carries an IPv4 address is judged by what it
//! carries, or refused where a gateway would unpack it.
//!
//! Deliberately not done: names. A name leads somewhere else tomorrow; whoever connects judges the
//! address it got.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// What is not for the public internet, in words that fit after "which is".
const V4: [(Ipv4Addr, u8, &str); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address"),
    (
        Ipv4Addr::new(100, 64, 0, 0),
        10,
        "a carrier's private address",
    ),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "an address of this machine"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "a reserved address"),
    (
        Ipv4Addr::new(192, 0, 2, 0),
        24,
        "an address for documentation",
    ),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a tunnel's address"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address"),
    (
        Ipv4Addr::new(198, 18, 0, 0),
        15,
        "an address for measurements",
    ),
    (
        Ipv4Addr::new(198, 51, 100, 0),
        24,
        "an address for documentation",
    ),
    (
        Ipv4Addr::new(203, 0, 113, 0),
        24,
        "an address for documentation",
    ),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address"),
];

/// Within 2000::/3; what is outside of it is refused anyway.
const V6: [(Ipv6Addr, u8, &str); 4] = [
    // Teredo (2001::/32), benchmarking, ORCHID and whatever else protocols are given
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        "a tunnel's or protocol's address",
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        "an address for documentation",
    ),
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        "a tunnel's address",
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        "an address for documentation",
    ),
];

/// Named because people meet them; all lie outside 2000::/3.
const V6_OUTSIDE: [(Ipv6Addr, u8, &str); 9] = [
    (Ipv6Addr::LOCALHOST, 128, "an address of this machine"),
    (Ipv6Addr::UNSPECIFIED, 128, "an address of this machine"),
    (
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0),
        32,
        "a translated address",
    ),
    (
        Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0),
        64,
        "an address that leads nowhere",
    ),
    (
        Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0),
        16,
        "a routing segment",
    ),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        "a private address",
    ),
    (
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        10,
        "a link-local address",
    ),
    (
        Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0),
        10,
        "a site-local address",
    ),
    (
        Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0),
        8,
        "a multicast address",
    ),
];

fn within_v4(ip: Ipv4Addr, net: Ipv4Addr, length: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
    u32::from(ip) & mask == u32::from(net) & mask
}

fn within_v6(ip: Ipv6Addr, net: Ipv6Addr, length: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    u128::from(ip) & mask == u128::from(net) & mask
}

/// Why a public destination cannot be at this address; `None` when it can.
pub fn forbidden(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => forbidden_v4(ip),
        IpAddr::V6(ip) => forbidden_v6(ip),
    }
}

fn forbidden_v4(ip: Ipv4Addr) -> Option<&'static str> {
    V4.iter()
        .find(|(net, length, _)| within_v4(ip, *net, *length))
        .map(|(.., why)| *why)
}

fn forbidden_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let listed = |list: &[(Ipv6Addr, u8, &'static str)]| {
        list.iter()
            .find(|(net, length, _)| within_v6(ip, *net, *length))
            .map(|(.., why)| *why)
    };
    if let Some(why) = listed(&V6_OUTSIDE).or_else(|| listed(&V6)) {
        return Some(why);
    }
    if let Some(inner) = embedded(ip) {
        return forbidden_v4(inner);
    }
    let is_global = within_v6(ip, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    (!is_global).then_some("a reserved address")
}

/// The IPv4 address inside a mapped (`::ffff:a.b.c.d`) or compatible (`::a.b.c.d`) one.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, ..] = ip.segments();
    let is_either = [a, b, c, d, e] == [0; 5] && (f == 0xffff || f == 0);
    let [.., w, x, y, z] = ip.octets();
    is_either.then(|| Ipv4Addr::new(w, x, y, z))
}

/// What an installation allows although it is not public: a list of `host:port` and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    Address(IpAddr, u16),
    /// Lower case. Wherever it leads, on this port.
    Name(String, u16),
    Network(IpAddr, u8),
}

impl Exceptions {
    /// One address and port, such as the sandbox's.
    #[must_use]
    pub fn and(mut self, ip: IpAddr, port: u16) -> Self {
        self.0.push(Exception::Address(ip, port));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This address, whatever the port.
    pub fn cover(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|one| match (one, ip) {
            (Exception::Network(IpAddr::V4(net), length), IpAddr::V4(ip)) => {
                within_v4(ip, *net, *length)
            }
            (Exception::Network(IpAddr::V6(net), length), IpAddr::V6(ip)) => {
                within_v6(ip, *net, *length)
            }
            _ => false,
        })
    }

    /// This address on this port, by name of the one or the other.
    pub fn cover_at(&self, ip: IpAddr, port: u16) -> bool {
        let exactly = Exception::Address(ip, port);
        self.cover(ip) || self.0.contains(&exactly)
    }

    /// This name on this port, wherever it leads.
    pub fn trust(&self, name: &str, port: u16) -> bool {
        self.0.iter().any(|one| {
            matches!(one, Exception::Name(known, at) if *at == port && known.eq_ignore_ascii_case(name))
        })
    }
}

impl FromStr for Exceptions {
    type Err = String;

    /// Comma-separated: `127.0.0.1:3100`, `[::1]:3100`, `oms.internal:8443`, `10.20.0.0/16`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        parts.map(exception).collect::<Result<_, _>>().map(Self)
    }
}

fn exception(text: &str) -> Result<Exception, String> {
    let bad = || {
        format!("{text:?} is neither HOST:PORT nor a network such as 10.20.0.0/16 or fd00:1::/32")
    };
    if let Some((net, length)) = text.split_once('/') {
        let net: IpAddr = net.parse().map_err(|_| bad())?;
        let length: u8 = length.parse().map_err(|_| bad())?;
        let most = if net.is_ipv4() { 32 } else { 128 };
        return match length {
            1.. if length <= most => Ok(Exception::Network(net, length)),
            _ => Err(bad()),
        };
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
    let port: u16 = port.parse().ok().filter(|&port| port > 0).ok_or_else(bad)?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Ok(ip) = bare.unwrap_or(host).parse::<IpAddr>() {
        // an IPv6 address without brackets would leave open where it ends
        return if ip.is_ipv6() == bare.is_some() {
            Ok(Exception::Address(ip, port))
        } else {
            Err(bad())
        };
    }
    let is_name = bare.is_none()
        && !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    if is_name {
        Ok(Exception::Name(host.to_ascii_lowercase(), port))
    } else {
        Err(bad())
    }
}

impl fmt::Display for Exceptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, one) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            match one {
                Exception::Address(ip @ IpAddr::V6(_), port) => write!(f, "[{ip}]:{port}")?,
                Exception::Address(ip, port) => write!(f, "{ip}:{port}")?,
                Exception::Name(name, port) => write!(f, "{name}:{port}")?,
                Exception::Network(net, length) => write!(f, "{net}/{length}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_every_range_are_where_the_registries_put_them() {
        // first and last of each range are out, their neighbours are in (or in the range next door)
        let ranges = [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
        ];
        for (first, last) in ranges {
            let [first, last] = [first, last].map(|ip| ip.parse::<Ipv4Addr>().unwrap());
            for ip in [first, last] {
                assert!(forbidden(ip.into()).is_some(), "{ip}");
                assert!(
                    forbidden(ip.to_ipv6_mapped().into()).is_some(),
                    "mapped {ip}"
                );
                assert!(
                    forbidden(ip.to_ipv6_compatible().into()).is_some(),
                    "compatible {ip}"
                );
            }
            for ip in [
                u32::from(first).checked_sub(1),
                u32::from(last).checked_add(1),
            ] {
                let Some(ip) = ip.map(Ipv4Addr::from) else {
                    continue;
                };
                assert_eq!(forbidden(ip.into()), None, "{ip}");
                assert_eq!(forbidden(ip.to_ipv6_mapped().into()), None, "mapped {ip}");
            }
        }
    }

    #[test]
    fn ipv6_is_public_only_where_it_is_handed_out() {
        let check = |ip: &str, expected: bool| {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(forbidden(ip).is_none(), expected, "{ip}");
        };
        for ip in [
            "2606:4700:4700::1111",
            "2a00:1450:4001::200e",
            "2001:4860:4860::8888",
            "2001:200::1",
        ] {
            check(ip, true);
        }
        for ip in [
            "::",
            "::1",
            "::2",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "1::1",
        ] {
            check(ip, false);
        }
    }

    #[test]
    fn exceptions_are_exact() {
        let all: Exceptions =
            "127.0.0.1:3100, [::1]:3100,OMS.internal:8443,10.20.0.0/16,fd00:1::/32"
                .parse()
                .unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(all.cover_at(ip("127.0.0.1"), 3100) && !all.cover_at(ip("127.0.0.1"), 3101));
        assert!(!all.cover(ip("127.0.0.1")) && !all.cover_at(ip("127.0.0.2"), 3100));
        assert!(all.cover_at(ip("::1"), 3100) && !all.cover_at(ip("::1"), 80));
        assert!(all.cover(ip("10.20.255.255")) && !all.cover(ip("10.21.0.0")));
        assert!(all.cover(ip("fd00:1:2::1")) && !all.cover(ip("fd00:2::1")));
        assert!(all.trust("oms.internal", 8443) && all.trust("OMS.INTERNAL", 8443));
        assert!(!all.trust("oms.internal", 443) && !all.trust("x.oms.internal", 8443));
        assert_eq!(
            all.to_string(),
            "127.0.0.1:3100, [::1]:3100, oms.internal:8443, 10.20.0.0/16, fd00:1::/32"
        );
        for bad in [
            "127.0.0.1",
            "::1:80",
            "[127.0.0.1]:80",
            "a:0",
            "a:65536",
            "a b:1",
            ":80",
            "10.0.0.0/33",
            "0.0.0.0/0",
            "fd00::/129",
            "host/8",
            "http://a:1",
            "*:80",
        ] {
            assert!(bad.parse::<Exceptions>().is_err(), "{bad}");
        }
        assert!("".parse::<Exceptions>().unwrap().is_empty());
    }
}
