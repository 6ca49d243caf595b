//! The guard on the way out: which URLs that somebody typed may be called, and which addresses their
//! names may lead to.
//!
//! Two questions at two moments. [`Guard::admit`] judges the text, when it is saved and before every
//! request: spelled plainly, https, no name or password in it, no port of another protocol, no private
//! address. What a *name* leads to is only known when somebody asks, and may be another thing each
//! time; so the connection itself asks, once, judges every address of the answer, and connects to one of
//! those and to nothing else. There is no second look-up that could be answered differently, and one
//! private address among public ones condemns the whole answer.
//!
//! The text is held to one spelling. `http://0177.1/`, `https:\\host` or `https://a@b` mean different
//! things to different programs, and a guard that reads them as one program does is open to the next.
//!
//! Exceptions are the installation's, never a merchant's: see [`Exceptions`]. An excepted name is
//! trusted wherever it leads, since whoever wrote the setting also answers for that DNS.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use domain::address::{Exceptions, forbidden};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

const MAX_URL_BYTES: usize = 2_000;

/// Ports on which other protocols listen, some of which can be made to act on an HTTP request: the list
/// browsers block, and the databases and caches that servers have beside them.
const OTHER_PROTOCOLS: [u16; 97] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
    103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3389, 3659, 4045, 4190, 5060,
    5061, 5432, 5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 9092, 10080,
    10250, 11211, 27017, 61616,
];

/// Names that lead into somebody's own network, whatever a resolver makes of them.
const INNER_NAMES: [&str; 9] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
];

/// Why a URL is not called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

fn no<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(sentence.into()))
}

/// A URL that may be called.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub url: Url,
    /// Its name is an exception: what it leads to is not judged.
    pub is_trusted: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Guard {
    exceptions: Arc<Exceptions>,
}

impl Guard {
    pub fn new(exceptions: Exceptions) -> Self {
        Self {
            exceptions: Arc::new(exceptions),
        }
    }

    /// Judges the text alone; asks nobody.
    pub fn admit(&self, text: &str) -> Result<Admitted, Refusal> {
        let authority = plain(text)?;
        let Ok(url) = Url::parse(text) else {
            return no("This is not a URL. Write one such as https://oms.example.com/exports.");
        };
        let Some(port) = url.port_or_known_default().filter(|&port| port > 0) else {
            return no("Port 0 leads nowhere.");
        };
        let is_trusted = match url.host() {
            None => return no("The URL names no host."),
            Some(Host::Domain(name)) => {
                let is_trusted = self.exceptions.trust(name, port);
                if !is_trusted {
                    public_name(name)?;
                }
                is_trusted
            }
            Some(Host::Ipv4(ip)) => self.literal(ip.into(), port, authority, &ip.to_string())?,
            Some(Host::Ipv6(ip)) => self.literal(ip.into(), port, authority, "[")?,
        };
        if OTHER_PROTOCOLS.contains(&port) && !is_trusted {
            return no(format!(
                "Port {port} belongs to another protocol than HTTP."
            ));
        }
        if url.scheme() != "https" && !is_trusted {
            return no(
                "The URL has to begin with https://, so that nobody on the way can read what is sent.",
            );
        }
        if url.fragment().is_some() {
            return no("Leave out what follows the #: it is never sent.");
        }
        Ok(Admitted { url, is_trusted })
    }

    /// Whether a literal address is an exception. One that is neither that nor public is refused.
    fn literal(
        &self,
        ip: IpAddr,
        port: u16,
        authority: &str,
        spelling: &str,
    ) -> Result<bool, Refusal> {
        // 127.1, 0x7f.1 and 2130706433 are read as an address by some and as a name by others
        if !authority.starts_with(spelling) {
            return no(format!("Write the address in its usual form, {ip}."));
        }
        if self.exceptions.cover_at(ip, port) {
            return Ok(true);
        }
        match forbidden(ip) {
            None => Ok(false),
            Some(why) => no(format!(
                "This is {why}. Destinations are called at public addresses only."
            )),
        }
    }

    /// Whether every address of a name may be connected to.
    fn judge(&self, addresses: &[IpAddr]) -> Result<(), Refusal> {
        let bad = addresses
            .iter()
            .filter(|&&ip| !self.exceptions.cover(ip))
            .find_map(|&ip| forbidden(ip));
        match bad {
            None => Ok(()),
            // not which address: what our resolver knows of the inside is nobody's business
            Some(why) => no(format!(
                "The host name leads to {why}, and destinations are called at public addresses only"
            )),
        }
    }
}

/// The URL's authority, if the text is spelled in the one plain way.
fn plain(text: &str) -> Result<&str, Refusal> {
    if text.len() > MAX_URL_BYTES {
        return no(format!("A URL has at most {MAX_URL_BYTES} bytes."));
    }
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return no("A URL has no spaces, line breaks or backslashes.");
    }
    let rest = text
        .split_once("://")
        .filter(|(scheme, _)| {
            ["https", "http"]
                .iter()
                .any(|one| scheme.eq_ignore_ascii_case(one))
        })
        .map(|(_, rest)| rest);
    let Some(rest) = rest else {
        return no(
            "A URL begins with https:// and a host. Write one such as https://oms.example.com/exports.",
        );
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return no("The URL names no host.");
    }
    if authority.contains('@') {
        return no("Leave out the name and password before the @: what is sent is signed instead.");
    }
    if authority.contains('%') {
        return no("Write the host without % signs.");
    }
    Ok(authority)
}

fn public_name(name: &str) -> Result<(), Refusal> {
    if name.ends_with('.') {
        return no("Write the host without a dot at its end.");
    }
    let is_inner = INNER_NAMES.iter().any(|inner| {
        name.strip_suffix(inner)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    if is_inner || !name.contains('.') {
        return no(
            "This host is a name inside a network. Destinations are called at public addresses only.",
        );
    }
    let is_wellformed = name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    if is_wellformed {
        Ok(())
    } else {
        no("This is not a host name.")
    }
}

/// Where names lead. Tests bring their own.
pub trait Lookup: Send + Sync {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// As the machine does it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|at| at.ip()).collect())
        })
    }
}

/// What a connection asks for addresses: looked up once, judged, and handed over to be connected to.
pub(crate) struct Judging {
    pub lookup: Arc<dyn Lookup>,
    /// None for names that are trusted wherever they lead.
    pub guard: Option<Guard>,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup.lookup(name.as_str());
        let guard = self.guard.clone();
        Box::pin(async move {
            let addresses = found.await?;
            if let Some(guard) = guard {
                guard.judge(&addresses)?;
            }
            // port 0 stands for the URL's
            let to: Addrs = Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(to)
        })
    }
}
