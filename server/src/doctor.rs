//! `meshline doctor`: why does it not work?
//!
//! One line for each thing that can be wrong in a set-up, in the order in which they stop it, and for
//! each that is, what to do. It may run while Meshline runs, and changes nothing.

mod around;

use std::{fmt, io, net::SocketAddr, time::Duration};

use engine::port::{Store, StoreExt};
use store::{OpenError, Options, SqlStore};
use tokio::net::TcpListener;
use url::{Host, Url};

use crate::{
    compose::{self, ComposeError},
    config::Settings,
    http, key, print_whole,
};

/// How long somebody who holds our port may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found about one thing.
struct Finding {
    what: &'static str,
    /// `Err`: what is wrong, and what to do about it.
    state: Result<String, String>,
}

impl Finding {
    fn new(what: &'static str, state: Result<String, String>) -> Self {
        Self { what, state }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, text) = match &self.state {
            Ok(text) => ("ok", text),
            Err(text) => ("BROKEN", text),
        };
        write!(f, "{mark:<8}{:<12}{text}", self.what)
    }
}

/// Prints what was found; true when nothing is broken.
pub async fn run(settings: &Settings) -> bool {
    let mut is_well = true;
    let mut say = |finding: Finding| {
        // whoever does not read to the end has the exit status
        let _ = print_whole(&finding.to_string());
        is_well &= finding.state.is_ok();
    };
    let is_there = settings
        .database
        .sqlite_file()
        .is_none_or(std::path::Path::exists);
    if is_there {
        let database = database(settings).await;
        let is_readable = database.is_ok();
        say(Finding::new("database", database));
        if is_readable {
            say(Finding::new("writing", writing(settings).await));
            say(Finding::new("key", secrets(settings).await));
            for finding in around::database(settings).await {
                say(finding);
            }
        }
    } else {
        let text = format!(
            "{} is not there yet; `meshline serve` and `meshline demo` create it",
            settings.database
        );
        say(Finding::new("database", Ok(text)));
    }
    say(Finding::new("address", address(settings.addr).await));
    say(Finding::new("public URL", public_url(settings)));
    say(Finding::new("outbound", Ok(outbound(settings))));
    if let Some(disk) = around::disk(settings) {
        say(Finding::new("disk", disk));
    }
    say(Finding::new("mail", mail(settings).await));
    say(Finding::new("telemetry", around::collector().await));
    say(Finding::new("assets", assets()));
    is_well
}

/// What destinations may be called at.
fn outbound(settings: &Settings) -> String {
    let allowed = settings.allowed_targets();
    let says = match (&settings.allow_private_urls, allowed.is_empty()) {
        (_, true) => {
            "public addresses only; MESHLINE_ALLOW_PRIVATE_URLS makes exceptions".to_owned()
        }
        (Some(_), false) => {
            format!("public addresses, and {allowed} (MESHLINE_ALLOW_PRIVATE_URLS)")
        }
        (None, false) => format!(
            "public addresses, and the sandbox at {allowed}, as only this machine can connect to us"
        ),
    };
    format!("destinations are called at {says}")
}

/// Asks the mail server, as far as signing in to it; nothing is sent.
async fn mail(settings: &Settings) -> Result<String, String> {
    let Some(mail) = &settings.mail else {
        return Ok(
            "no mail is sent: MESHLINE_SMTP_URL is not set, and pages show links to copy"
                .to_owned(),
        );
    };
    let server = &mail.server;
    let tried = match compose::mailer(settings)? {
        Some(smtp) => smtp.try_out().await,
        None => Ok(()),
    };
    match tried {
        Ok(()) => Ok(format!("{server} takes mail, from {}", mail.from)),
        Err(why) => Err(format!(
            "{server} does not take mail: {why}. Look at MESHLINE_SMTP_URL and MESHLINE_SMTP_CA_FILE"
        )),
    }
}

async fn database(settings: &Settings) -> Result<String, String> {
    let opened = SqlStore::open_read_only(settings.database.expose(), Options::default()).await;
    let store = opened.map_err(|error| error.to_string())?;
    let engine = store.health().await.map_err(|error| error.to_string());
    store.close().await;
    Ok(format!(
        "{} answers ({}), its tables are up to date",
        settings.database, engine?
    ))
}

/// Writes what changes nothing, and waits until it is on the disk.
async fn writing(settings: &Settings) -> Result<String, String> {
    let store =
        match SqlStore::open_and_migrate(settings.database.expose(), Options::default()).await {
            Ok(store) => store,
            Err(OpenError::InUse { .. }) => {
                return Ok("another process has the database open and writes to it".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        };
    let nobody = vec![0_u8; 32];
    let written = store
        .write(move |tx| Box::pin(async move { tx.delete_session(&nobody).await }))
        .await;
    store.close().await;
    match written {
        Ok(()) => Ok("the database takes writes".to_owned()),
        Err(error) => Err(format!(
            "the database refuses writes: {error}. Is the disk full, or the file read-only?"
        )),
    }
}

/// Whether the key is the one that the secrets in the database were sealed with.
async fn secrets(settings: &Settings) -> Result<String, String> {
    let found = key::find(settings).map_err(|error| error.to_string())?;
    let place = match settings.secret_key {
        Some(_) => "MESHLINE_SECRET_KEY".to_owned(),
        None => key::file_of(settings).display().to_string(),
    };
    let look = compose::open_to_look(settings, found.as_ref())
        .await
        .map_err(|error: ComposeError| error.to_string())?;
    let opened = async {
        let merchants = look.store.reads().await?.all_merchants().await?;
        let mut count = 0;
        for merchant in merchants {
            for source in look.store.reads().await?.sources(merchant.id).await? {
                look.engine.open_door(&source.path).await?;
                count += 1;
            }
        }
        Ok::<_, engine::Error>(count)
    };
    let opened = opened.await;
    look.close().await;
    match (found, opened) {
        (_, Ok(0)) => Ok("the database holds no secrets yet".to_owned()),
        (Some(_), Ok(count)) => Ok(format!("{place} opens the secrets of {count} sources")),
        (None, _) => Err(format!(
            "{place} is missing: put the key file back, or set MESHLINE_SECRET_KEY to the key that was in use"
        )),
        (Some(_), Err(error)) => Err(format!(
            "{place} does not open the secrets in this database: {error}"
        )),
    }
}

async fn address(addr: SocketAddr) -> Result<String, String> {
    match TcpListener::bind(addr).await {
        Ok(_) => Ok(format!("{addr} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => who_answers(addr).await,
        Err(error) => Err(format!(
            "cannot listen on {addr}: {error}. Choose another with MESHLINE_ADDR"
        )),
    }
}

async fn who_answers(addr: SocketAddr) -> Result<String, String> {
    let mut reachable = addr;
    if addr.ip().is_unspecified() {
        reachable.set_ip(match addr {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let ask = async {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()?;
        client
            .get(format!("http://{reachable}/readyz"))
            .send()
            .await?
            .text()
            .await
    };
    match ask.await {
        Ok(text) if text.contains("\"jobs_due\"") => {
            Ok(format!("Meshline runs on {addr} and is ready"))
        }
        Ok(text) if text.contains("/problems/") => {
            Err(format!("Meshline runs on {addr} but is not ready: {text}"))
        }
        _ => Err(format!(
            "another program listens on {addr}. Stop it, or choose another address with MESHLINE_ADDR"
        )),
    }
}

fn public_url(settings: &Settings) -> Result<String, String> {
    let url = &settings.public_url;
    let host = Url::parse(url)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()));
    let (is_here, is_nowhere) = match &host {
        Some(Host::Domain(name)) => (name == "localhost" || name.ends_with(".localhost"), false),
        Some(Host::Ipv4(ip)) => (ip.is_loopback(), ip.is_unspecified()),
        Some(Host::Ipv6(ip)) => (ip.is_loopback(), ip.is_unspecified()),
        None => (false, true),
    };
    if is_nowhere {
        return Err(format!(
            "{url} leads nowhere: set MESHLINE_PUBLIC_URL to where people reach Meshline"
        ));
    }
    if is_here && !settings.is_private() {
        return Err(format!(
            "{url} leads to this machine only, but Meshline listens for others: set MESHLINE_PUBLIC_URL to where they reach it"
        ));
    }
    if !is_here && !settings.is_https() {
        return Err(format!(
            "{url} is not encrypted: passwords and sessions could be read on the way. Put a TLS proxy in front and write https://"
        ));
    }
    Ok(url.clone())
}

fn assets() -> Result<String, String> {
    if http::assets_are_whole() {
        Ok("styles, scripts and WASM are in the binary".to_owned())
    } else {
        Err("this binary was built without its styles and scripts: build it with `cargo xtask build`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_others_is_theirs_and_encrypted() {
        let check = |addr: &str, url: &str, expected: Result<(), &str>| {
            let mut settings = Settings::for_test();
            settings.addr = addr.parse().unwrap();
            settings.public_url = url.to_owned();
            match (public_url(&settings), expected) {
                (Ok(_), Ok(())) => {}
                (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
                (found, _) => panic!("{addr} {url}: {found:?}"),
            }
        };
        check("127.0.0.1:3000", "http://127.0.0.1:3000", Ok(()));
        check("127.0.0.1:3000", "https://meshline.example", Ok(()));
        check(
            "127.0.0.1:3000",
            "http://meshline.example",
            Err("not encrypted"),
        );
        check("0.0.0.0:3000", "http://0.0.0.0:3000", Err("leads nowhere"));
        check(
            "0.0.0.0:3000",
            "http://localhost:3000",
            Err("this machine only"),
        );
        check("0.0.0.0:3000", "https://meshline.example", Ok(()));
    }

    #[tokio::test]
    async fn a_foreign_listener_is_told_apart_from_a_free_port() {
        // only the first one of a process counts, whichever test it is
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        // nobody answers: the connection is accepted by the kernel alone
        assert!(address(addr).await.unwrap_err().contains("another program"));
        drop(listener);
        assert!(address(addr).await.unwrap().contains("free"));
    }
}
