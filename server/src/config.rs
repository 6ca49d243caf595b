//! Settings: from the environment, or a TOML file under the same names without `MESHLINE_` and in
//! lower case. The environment wins. Everything has a default that suits one machine; what cannot be
//! guessed safely (a key, once strangers can connect) is an error that says what to do.
//!
//! Secrets are wrapped as soon as they are read, and nothing here prints them: not `Debug`, not an
//! error, not even the line of a file that could not be understood.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use connectors::smtp::{Authorities, Sender, SmtpUrl};
use domain::address::Exceptions;
use serde::Deserialize;
use url::Url;

use crate::{
    http::{client::Proxies, health::MetricsToken},
    key::{KeyFault, SecretKeys},
};

/// Read when it is there and nothing else was asked for.
const DEFAULT_FILE: &str = "meshline.toml";

/// For `--help`: every setting, its default and what it does.
pub const HELP: &str = "\
Settings come from the environment, or from a TOML file (--config, MESHLINE_CONFIG, or ./meshline.toml if there is one)
under the same names in lower case without MESHLINE_ (addr = \"127.0.0.1:3000\"). The environment wins.

  MESHLINE_ADDR          Where to listen [127.0.0.1:3000]
  MESHLINE_PUBLIC_URL    Where people and destinations reach it [http:// and the address]; https:// makes cookies secure
  DATABASE_URL           sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME [sqlite://meshline.db]
  MESHLINE_SECRET_KEY    Seals the secrets in the database: 32 bytes as 64 hexadecimal digits or base64. On a loopback
                         address it may be left out; then a key file beside the database is made and used.
                         `openssl rand -hex 32` makes one. Several, separated by commas: the first seals, the others
                         still open what they sealed (see `meshline keys`)
  MESHLINE_SECRET_KEY_FILE  The same, read from a file
  MESHLINE_LOG           What is logged, e.g. info or info,engine=debug [info; warn for commands that end by themselves]
  MESHLINE_LOG_FORMAT    text or json [text]
  MESHLINE_SETUP_CODE    What setting up an empty installation asks for where others can reach it, at least 12 characters;
                         without it one that follows from the key, the same for every process, which `meshline serve` says in its log
  MESHLINE_SMTP_URL      The mail server by which invitations and links to choose another password go:
                         smtp://USER:PASSWORD@HOST:PORT, which must speak STARTTLS unless it is this machine, or smtps://.
                         Without it no mail is sent, and pages show the links to copy
  MESHLINE_SMTP_CA_FILE  Certificates (PEM) of those who sign the mail server's, instead of those whom browsers trust;
                         with it the connection is encrypted to this machine, too
  MESHLINE_MAIL_FROM     Who mails are from [Meshline <meshline@HOST of the public URL>]
  MESHLINE_METRICS_TOKEN Who sends it as a bearer token reads /metrics, and nobody else; without it only this machine
                         does. At least 16 characters
  OTEL_EXPORTER_OTLP_ENDPOINT  Where traces and logs are sent, as OTLP over HTTP (http://collector:4318); the other
                         variables of OpenTelemetry (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER...) count too. Without it
                         nothing is sent. Of these only the environment is read, not the file
  MESHLINE_TRUSTED_PROXIES  Networks of the proxies in front, such as 10.0.0.0/8,fd00::/8: from them X-Forwarded-For counts
                         [none: the connection's address is the client's]
  MESHLINE_SANDBOX_ADDR  Where `meshline sandbox` listens and the demo's destinations point [127.0.0.1:3100]
  MESHLINE_ALLOW_PRIVATE_URLS
                         What destinations may be called at although it is private, or without https: HOST:PORT or networks,
                         with commas between, such as 127.0.0.1:3100,oms.internal:8443,10.20.0.0/16
                         [the sandbox's address while MESHLINE_ADDR and MESHLINE_PUBLIC_URL are this machine's own,
                         else nothing]
  MESHLINE_LIMIT_SOURCE, MESHLINE_LIMIT_TOKEN, MESHLINE_LIMIT_ACCOUNT, MESHLINE_LIMIT_ADDRESS
                         Requests a second from one source, with one API token, by one person, from one client address
                         [5000, 300, 100, 500]; twice as many at once; 0 is no limit. Each process counts for itself
  MESHLINE_LIMIT_CONNECTIONS
                         Connections that one address holds open at once [1024]; 0 is no limit. Trusted proxies are not counted

For tests only, on a loopback address:
  MESHLINE_CLOCK_OFFSET_FILE  A file with a number of milliseconds that are added to the system's clock";

#[derive(Clone, Debug)]
pub struct Settings {
    pub addr: SocketAddr,
    /// Without a trailing slash.
    pub public_url: String,
    pub database: DatabaseUrl,
    pub secret_key: Option<SecretKeys>,
    /// Where the key is kept when it is not a setting itself; see [`crate::key::file_of`].
    pub secret_key_file: Option<PathBuf>,
    pub log: Option<String>,
    pub log_format: LogFormat,
    pub sandbox_addr: SocketAddr,
    /// As written; see [`Settings::allowed_targets`].
    pub allow_private_urls: Option<Exceptions>,
    pub rates: Rates,
    pub trusted_proxies: Proxies,
    pub clock_offset_file: Option<PathBuf>,
    pub metrics_token: Option<MetricsToken>,
    pub setup_code: Option<SetupCode>,
    /// Without it no mail is sent.
    pub mail: Option<MailSettings>,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub server: SmtpUrl,
    /// Instead of those whom browsers trust.
    pub authorities: Option<Authorities>,
    pub from: Sender,
}

/// Requests per second, unless it says otherwise; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub source: u32,
    pub token: u32,
    pub account: u32,
    pub address: u32,
    /// Connections that one address holds open at once.
    pub connections: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the settings in {path} cannot be read: {why}")]
    File { path: PathBuf, why: String },
    #[error("{name} is {value:?}: {why}")]
    Value {
        name: &'static str,
        value: String,
        why: String,
    },
    #[error("MESHLINE_SECRET_KEY is not usable: {0}")]
    Key(#[from] KeyFault),
    #[error(
        "MESHLINE_SECRET_KEY is missing. On {0}, where others can connect, a key is never made up: \
         set it to the output of `openssl rand -hex 32` and keep it as safe as the database"
    )]
    KeyMissing(SocketAddr),
    #[error("MESHLINE_CLOCK_OFFSET_FILE is for tests on a loopback address; {0} is not one")]
    ClockOutside(SocketAddr),
}

/// As it is written, before anything is understood.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    addr: Option<String>,
    public_url: Option<String>,
    database_url: Option<String>,
    secret_key: Option<String>,
    secret_key_file: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
    sandbox_addr: Option<String>,
    allow_private_urls: Option<String>,
    limit_source: Option<String>,
    limit_token: Option<String>,
    limit_account: Option<String>,
    limit_address: Option<String>,
    limit_connections: Option<String>,
    trusted_proxies: Option<String>,
    clock_offset_file: Option<String>,
    metrics_token: Option<String>,
    setup_code: Option<String>,
    smtp_url: Option<String>,
    smtp_ca_file: Option<String>,
    mail_from: Option<String>,
}

impl Settings {
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let variable = |name: &str| std::env::var(name).ok();
        let default = Path::new(DEFAULT_FILE);
        let written = match file {
            Some(path) => read(path)?,
            None if default.is_file() => read(default)?,
            None => Written::default(),
        };
        Self::understand(written.under(variable))
    }

    fn understand(written: Written) -> Result<Self, ConfigError> {
        let addr = address("MESHLINE_ADDR", written.addr, "127.0.0.1:3000")?;
        let public_url = public_url(
            written
                .public_url
                .unwrap_or_else(|| format!("http://{addr}")),
        )?;
        let settings = Self {
            addr,
            mail: mail(
                (written.smtp_url, written.smtp_ca_file),
                written.mail_from,
                &public_url,
            )?,
            public_url,
            database: DatabaseUrl(
                written
                    .database_url
                    .unwrap_or_else(|| "sqlite://meshline.db".to_owned()),
            ),
            secret_key: written
                .secret_key
                .as_deref()
                .map(SecretKeys::parse)
                .transpose()?,
            secret_key_file: written.secret_key_file.map(PathBuf::from),
            log: written.log,
            log_format: log_format(written.log_format)?,
            sandbox_addr: address(
                "MESHLINE_SANDBOX_ADDR",
                written.sandbox_addr,
                "127.0.0.1:3100",
            )?,
            allow_private_urls: written.allow_private_urls.map(exceptions).transpose()?,
            rates: Rates {
                source: rate("MESHLINE_LIMIT_SOURCE", written.limit_source, 5_000)?,
                token: rate("MESHLINE_LIMIT_TOKEN", written.limit_token, 300)?,
                account: rate("MESHLINE_LIMIT_ACCOUNT", written.limit_account, 100)?,
                address: rate("MESHLINE_LIMIT_ADDRESS", written.limit_address, 500)?,
                connections: rate(
                    "MESHLINE_LIMIT_CONNECTIONS",
                    written.limit_connections,
                    1_024,
                )?,
            },
            trusted_proxies: proxies(written.trusted_proxies)?,
            clock_offset_file: written.clock_offset_file.map(PathBuf::from),
            metrics_token: metrics_token(written.metrics_token)?,
            setup_code: written.setup_code.map(SetupCode::new).transpose()?,
        };
        if !settings.is_private() {
            if settings.secret_key.is_none() && settings.secret_key_file.is_none() {
                return Err(ConfigError::KeyMissing(addr));
            }
            if settings.clock_offset_file.is_some() {
                return Err(ConfigError::ClockOutside(addr));
            }
        }
        Ok(settings)
    }

    /// What holds when nothing is set.
    #[cfg(test)]
    pub fn for_test() -> Self {
        Self::understand(Written::default()).unwrap()
    }

    /// Only this machine can connect.
    pub fn is_private(&self) -> bool {
        self.addr.ip().is_loopback()
    }

    /// What destinations may be called at although it is not public. Where nobody but this machine reaches
    /// Meshline, the sandbox is among it unless something else was said; behind a proxy of the same machine
    /// others do, and theirs are the URLs.
    pub fn allowed_targets(&self) -> Exceptions {
        let sandbox = self.sandbox_addr;
        match &self.allow_private_urls {
            Some(written) => written.clone(),
            None if self.is_ours_alone() => Exceptions::default().and(sandbox.ip(), sandbox.port()),
            None => Exceptions::default(),
        }
    }

    /// Nobody but this machine reaches it, directly or by its public address.
    pub fn is_ours_alone(&self) -> bool {
        let host = Url::parse(&self.public_url).ok();
        let is_here = match host.as_ref().and_then(Url::host) {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        self.is_private() && is_here
    }

    /// The host of the public URL.
    pub fn public_host(&self) -> String {
        mail_domain(&self.public_url)
    }

    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl Written {
    fn under(self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let over = |name: &str, written: Option<String>| {
            variable(name)
                .or(written)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        Self {
            addr: over("MESHLINE_ADDR", self.addr),
            public_url: over("MESHLINE_PUBLIC_URL", self.public_url),
            database_url: over("DATABASE_URL", self.database_url),
            secret_key: over("MESHLINE_SECRET_KEY", self.secret_key),
            secret_key_file: over("MESHLINE_SECRET_KEY_FILE", self.secret_key_file),
            log: over("MESHLINE_LOG", self.log),
            log_format: over("MESHLINE_LOG_FORMAT", self.log_format),
            sandbox_addr: over("MESHLINE_SANDBOX_ADDR", self.sandbox_addr),
            allow_private_urls: over("MESHLINE_ALLOW_PRIVATE_URLS", self.allow_private_urls),
            limit_source: over("MESHLINE_LIMIT_SOURCE", self.limit_source),
            limit_token: over("MESHLINE_LIMIT_TOKEN", self.limit_token),
            limit_account: over("MESHLINE_LIMIT_ACCOUNT", self.limit_account),
            limit_address: over("MESHLINE_LIMIT_ADDRESS", self.limit_address),
            limit_connections: over("MESHLINE_LIMIT_CONNECTIONS", self.limit_connections),
            trusted_proxies: over("MESHLINE_TRUSTED_PROXIES", self.trusted_proxies),
            clock_offset_file: over("MESHLINE_CLOCK_OFFSET_FILE", self.clock_offset_file),
            metrics_token: over("MESHLINE_METRICS_TOKEN", self.metrics_token),
            setup_code: over("MESHLINE_SETUP_CODE", self.setup_code),
            smtp_url: over("MESHLINE_SMTP_URL", self.smtp_url),
            smtp_ca_file: over("MESHLINE_SMTP_CA_FILE", self.smtp_ca_file),
            mail_from: over("MESHLINE_MAIL_FROM", self.mail_from),
        }
    }
}

fn read(path: &Path) -> Result<Written, ConfigError> {
    let bad = |why: String| ConfigError::File {
        path: path.to_owned(),
        why,
    };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    toml::from_str(&text).map_err(|error| {
        // the error's own text quotes the line, and the line may hold a secret
        let before = error
            .span()
            .map_or("", |span| &text[..span.start.min(text.len())]);
        let line = before.matches('\n').count() + 1;
        bad(format!("line {line}: {}", error.message()))
    })
}

fn address(
    name: &'static str,
    written: Option<String>,
    default: &str,
) -> Result<SocketAddr, ConfigError> {
    let value = written.unwrap_or_else(|| default.to_owned());
    value.parse().map_err(|_| ConfigError::Value {
        name,
        value,
        why: "write an IP address and a port, such as 127.0.0.1:3000 or [::]:3000".to_owned(),
    })
}

fn proxies(written: Option<String>) -> Result<Proxies, ConfigError> {
    let value = written.unwrap_or_default();
    value
        .parse()
        .map_err(|why: crate::http::client::NotANetwork| ConfigError::Value {
            name: "MESHLINE_TRUSTED_PROXIES",
            why: why.to_string(),
            value,
        })
}

fn public_url(value: String) -> Result<String, ConfigError> {
    let bad = |why: &str| ConfigError::Value {
        name: "MESHLINE_PUBLIC_URL",
        value: value.clone(),
        why: why.to_owned(),
    };
    let url = Url::parse(&value)
        .map_err(|_| bad("it is not a URL; write https://meshline.example.com"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it must not hold a name or a password"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(bad(
            "it must end after the host and port: Meshline has to be at the root of its host",
        ));
    }
    Ok(url.origin().ascii_serialization())
}

/// What we call ourselves to mail servers, and what stands behind the @: a number is no name.
fn mail_domain(public_url: &str) -> String {
    match Url::parse(public_url).ok().as_ref().and_then(Url::host) {
        Some(url::Host::Domain(name)) => name.to_owned(),
        _ => "localhost".to_owned(),
    }
}

fn mail(
    (server, authorities): (Option<String>, Option<String>),
    from: Option<String>,
    public_url: &str,
) -> Result<Option<MailSettings>, ConfigError> {
    if server.is_none() && from.is_none() && authorities.is_none() {
        return Ok(None);
    }
    let authorities = authorities.map(|path| {
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        read.and_then(|pem| Authorities::parse(&pem))
            .map_err(|why| ConfigError::Value {
                name: "MESHLINE_SMTP_CA_FILE",
                value: path,
                why,
            })
    });
    let authorities = authorities.transpose()?;
    let from = from.unwrap_or_else(|| format!("Meshline <meshline@{}>", mail_domain(public_url)));
    let sender = Sender::parse(&from).map_err(|why| ConfigError::Value {
        name: "MESHLINE_MAIL_FROM",
        value: from,
        why,
    })?;
    let Some(server) = server else {
        return Ok(None);
    };
    let server = SmtpUrl::parse(&server).map_err(|why| ConfigError::Value {
        name: "MESHLINE_SMTP_URL",
        // it may hold a password
        value: "***".to_owned(),
        why,
    })?;
    Ok(Some(MailSettings {
        server,
        authorities,
        from: sender,
    }))
}

fn exceptions(value: String) -> Result<Exceptions, ConfigError> {
    value.parse().map_err(|why| ConfigError::Value {
        name: "MESHLINE_ALLOW_PRIVATE_URLS",
        value,
        why,
    })
}

fn rate(name: &'static str, written: Option<String>, default: u32) -> Result<u32, ConfigError> {
    let Some(value) = written else {
        return Ok(default);
    };
    let read = value.parse().ok().filter(|rate| *rate <= 1_000_000);
    read.ok_or_else(|| ConfigError::Value {
        name,
        value,
        why: "write how many are let in, at most 1000000; 0 is no limit".to_owned(),
    })
}

/// Whoever knows it may found the operator of an empty installation.
#[derive(Clone)]
pub struct SetupCode(String);

impl SetupCode {
    const SHORTEST: usize = 12;

    fn new(text: String) -> Result<Self, ConfigError> {
        if text.chars().count() < Self::SHORTEST {
            return Err(ConfigError::Value {
                name: "MESHLINE_SETUP_CODE",
                value: "***".to_owned(),
                why: "write at least 12 characters; `openssl rand -hex 12` makes a good one"
                    .to_owned(),
            });
        }
        Ok(Self(text))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(***)")
    }
}

fn metrics_token(written: Option<String>) -> Result<Option<MetricsToken>, ConfigError> {
    written
        .map(|text| {
            // what was written is not repeated: it may be the beginning of a good one
            MetricsToken::new(text).ok_or_else(|| ConfigError::Value {
                name: "MESHLINE_METRICS_TOKEN",
                value: "***".to_owned(),
                why: "it is too short to keep anybody out; `openssl rand -hex 24` makes a good one"
                    .to_owned(),
            })
        })
        .transpose()
}

fn log_format(written: Option<String>) -> Result<LogFormat, ConfigError> {
    match written.as_deref() {
        None | Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(other) => Err(ConfigError::Value {
            name: "MESHLINE_LOG_FORMAT",
            value: other.to_owned(),
            why: "write text or json".to_owned(),
        }),
    }
}

/// May hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The file, for SQLite.
    pub fn sqlite_file(&self) -> Option<&Path> {
        self.0.strip_prefix("sqlite://").map(Path::new)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sqlite_file().is_some() {
            return f.write_str(&self.0);
        }
        match Url::parse(&self.0) {
            Ok(mut url) => {
                if url.password().is_some() {
                    // only impossible for URLs that cannot have a password
                    let _ = url.set_password(Some("***"));
                }
                url.set_query(None);
                f.write_str(url.as_str())
            }
            Err(_) => f.write_str("(a database URL that is not a URL)"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
