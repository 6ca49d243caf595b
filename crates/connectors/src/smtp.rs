//! The way to a mail server: SMTP, one connection per message.
//!
//! What is said on the way holds links that open something, so the connection is encrypted from the start
//! (`smtps://`) or before anything is said (STARTTLS, which is demanded), except to this very machine.
//! Whose certificate counts is said by the roots that browsers trust, or by authorities that are named
//! instead of them: then it is demanded of this machine, too.

use std::{error::Error as _, fmt, io, time::Duration};

use async_trait::async_trait;
use engine::port::{Carried, Mail, Mailer};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use rustls::{CertificateError, pki_types::CertificateDer, pki_types::pem::PemObject};
use url::{Host, Url};

/// How long one answer of the server may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the mail server is, and who we are to it. Never printed with the password.
#[derive(Clone)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    is_wrapped: bool,
    is_here: bool,
    login: Option<(String, String)>,
}

impl SmtpUrl {
    /// `smtp://user:password@host:port` or `smtps://…`. The sentence never repeats what was written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "write smtp://USER:PASSWORD@HOST:PORT, or smtps:// where it is encrypted from the start";
        let url = Url::parse(text).map_err(|_| format!("it is not a URL; {form}"))?;
        let is_wrapped = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(form.to_owned()),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("it must end after the host and port; {form}"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        // the URLs of a scheme that is not the web's keep an address as a name
        let host = host.ok_or_else(|| format!("it names no host; {form}"))?;
        let is_here = match Host::parse(host) {
            Ok(Host::Domain(name)) => name == "localhost",
            Ok(Host::Ipv4(ip)) => ip.is_loopback(),
            Ok(Host::Ipv6(ip)) => ip.is_loopback(),
            Err(_) => return Err(format!("its host is none; {form}")),
        };
        let decoded = |text: &str| {
            let text = text.replace('+', "%2B");
            url::form_urlencoded::parse(format!("x={text}").as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let login = (!url.username().is_empty()).then(|| {
            (
                decoded(url.username()),
                decoded(url.password().unwrap_or_default()),
            )
        });
        Ok(Self {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: url.port().unwrap_or(if is_wrapped { 465 } else { 587 }),
            is_wrapped,
            is_here,
            login,
        })
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_wrapped { "smtps" } else { "smtp" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

/// Who our mails are from: `Meshline <meshline@example.com>`, or the address alone.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl Sender {
    pub fn parse(text: &str) -> Result<Self, String> {
        text.parse::<Mailbox>()
            .map(Self)
            .map_err(|_| "write an e-mail address, or Meshline <meshline@example.com>".to_owned())
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who signs the mail server's certificate, instead of those whom browsers trust.
#[derive(Clone, Debug)]
pub struct Authorities(Vec<Certificate>);

impl Authorities {
    /// As a file of them is written: one or several certificates in PEM.
    pub fn parse(pem: &[u8]) -> Result<Self, String> {
        let unreadable =
            || "it holds no certificates in PEM (-----BEGIN CERTIFICATE-----)".to_owned();
        let mut roots = rustls::RootCertStore::empty();
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| unreadable())?;
            let der = certificate.to_vec();
            roots
                .add(certificate)
                .map_err(|error| format!("one of its certificates cannot be read: {error}"))?;
            found.push(Certificate::from_der(der).map_err(|error| error.to_string())?);
        }
        if found.is_empty() {
            return Err(unreadable());
        }
        Ok(Self(found))
    }
}

pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Nothing is connected yet. `our_name` is what we say hello with.
    pub fn new(
        url: &SmtpUrl,
        authorities: Option<&Authorities>,
        from: &Sender,
        our_name: &str,
    ) -> Result<Self, String> {
        let parameters = || {
            let mut builder = TlsParameters::builder(url.host.clone());
            if let Some(Authorities(certificates)) = authorities {
                builder = builder.certificate_store(CertificateStore::None);
                for certificate in certificates {
                    builder = builder.add_root_certificate(certificate.clone());
                }
            }
            builder
                .build_rustls()
                .map_err(|error| format!("TLS to {} cannot be set up: {error}", url.host))
        };
        let tls = if url.is_wrapped {
            Tls::Wrapper(parameters()?)
        } else if url.is_here && authorities.is_none() {
            Tls::None
        } else {
            Tls::Required(parameters()?)
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*url.host)
            .port(url.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(our_name.to_owned()));
        if let Some((user, password)) = &url.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self {
            transport: builder.build(),
            from: from.0.clone(),
        })
    }

    /// Says hello, signs in, and goes again.
    pub async fn try_out(&self) -> Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the server hung up".to_owned()),
            Err(error) => Err(said(&error)),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let to: Mailbox = mail
            .to
            .parse()
            .map_err(|error| format!("the address cannot be written to: {error}"))?;
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let mut builder = Message::builder();
        if let Some(thread) = &mail.thread {
            builder = builder
                .in_reply_to(thread.clone())
                .references(thread.clone());
        }
        builder
            .from(self.from.clone())
            .to(to)
            .subject(&*mail.subject)
            .message_id(Some(mail.message_id.clone()))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(
                mail.text.clone(),
                mail.html.clone(),
            ))
            .map_err(|error| format!("the message cannot be written: {error}"))
    }
}

/// The error and what is behind it, in one line.
fn said(error: &lettre::transport::smtp::Error) -> String {
    if let Some(text) = about_certificate(error) {
        return text;
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if inner_text.contains(&text) {
            text = inner_text;
        } else if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// What is wrong with the certificate that the server shows, if that is what it is about.
fn about_certificate(error: &lettre::transport::smtp::Error) -> Option<String> {
    let mut cause = error.source();
    let why = loop {
        let inner = cause?;
        // an error of IO keeps what it is made of to itself
        let behind = inner
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(rustls::Error::InvalidCertificate(why)) =
            behind.and_then(|behind| behind.downcast_ref())
        {
            break why;
        }
        cause = inner.source();
    };
    let text = match why {
        CertificateError::UnknownIssuer => "nobody who counts here signed its certificate",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        other => return Some(format!("its certificate does not hold: {other}")),
    };
    Some(text.to_owned())
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Carried {
        let message = match self.message(mail) {
            Ok(message) => message,
            Err(why) => return Carried::Never(why),
        };
        match self.transport.send(message).await {
            Ok(_) => Carried::Yes,
            // a password that is wrong is put right by somebody, and then it goes
            Err(error) if error.is_permanent() && !is_about_us(&error) => {
                Carried::Never(said(&error))
            }
            Err(error) => Carried::Later(said(&error)),
        }
    }
}

/// The server refuses us, not this message: 530, 534, 535 and 538 are about signing in.
fn is_about_us(error: &lettre::transport::smtp::Error) -> bool {
    error
        .status()
        .is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_understood_and_its_password_never_shown() {
        let url = SmtpUrl::parse("smtp://ada%40x.example:p%2Fs+w@mail.example.com").unwrap();
        assert_eq!(
            url.login,
            Some(("ada@x.example".to_owned(), "p/s+w".to_owned()))
        );
        assert_eq!(url.to_string(), "smtp://mail.example.com:587");
        assert!(!format!("{url:?}").contains("p/s"));
        assert!(!url.is_here && !url.is_wrapped);
        let here = SmtpUrl::parse("smtp://127.0.0.1:2525").unwrap();
        assert!(here.is_here && here.login.is_none() && here.port == 2525);
        assert!(SmtpUrl::parse("smtp://[::1]:25").unwrap().is_here);
        let wrapped = SmtpUrl::parse("smtps://mail.example.com").unwrap();
        assert!(wrapped.is_wrapped && wrapped.port == 465);
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_repeating_it() {
        for bad in [
            "hunter2",
            "http://a:hunter2@b",
            "smtp://a:hunter2@b/x",
            "smtp://",
        ] {
            let why = SmtpUrl::parse(bad).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
        for bad in [
            "",
            "hunter2",
            "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n",
        ] {
            let why = Authorities::parse(bad.as_bytes()).unwrap_err();
            assert!(
                why.contains("certificate") && !why.contains("hunter2"),
                "{why}"
            );
        }
        assert!(Sender::parse("Meshline <meshline@example.com>").is_ok());
        assert!(Sender::parse("nobody").is_err());
    }
}
