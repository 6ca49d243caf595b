//! `meshline sandbox`: a destination to try things on. It stands in for an OMS, a 3PL, a storefront.
//!
//! The life of one message: the signature is checked, the CloudEvents envelope read, and the
//! [`book::Book`] asked what to do. What is done is appended to a [`journal`] and synced to disk
//! before anything is answered, so the sandbox may be killed at any moment and still knows what it
//! executed. An execution happens once per idempotency key; a repeat gets the first answer again.
//! Some seconds later the export is reported complete by callback, again and again until Meshline
//! takes it, across restarts.
//!
//! On request it misbehaves ([`rules`]): by rules put to `/_control`, or by well-known SKUs that need
//! no set-up. A message that was refused, failed or ignored is not an execution: sent again with the
//! same key after `DELETE /_control`, it goes through.
//!
//! Deliberately not done: TLS, and any protection of `/_control` and `/_log`. This is a tool for a
//! loopback address.

mod book;
mod callback;
mod http;
mod journal;
mod message;
mod page;
mod rules;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use connectors::standard_webhooks::{Secret, SecretError};
use tokio::net::TcpListener;

use self::{
    callback::{Callbacks, Fallback},
    journal::Journal,
    rules::{Rule, RuleSet},
};

/// The secret that the demo's destinations sign with. Known to everybody, and good for nothing but
/// trying out: the sandbox executes nothing real.
pub const DEMO_SECRET: &str = "whsec_bWVzaGxpbmUtc2FuZGJveC1kZW1vLXNlY3JldC0zMmI=";

/// Runs a stand-in destination (OMS, 3PL, storefront and its staging side, carrier, payments, helpdesk) for trying out and for tests
///
/// It takes every kind of export, at any path: POST /3pl, /staging, /carrier, /finance and so on. What it takes it
/// reports complete a moment later. It misbehaves on request: by --refuse and --rules, by rules put to /_control, or by
/// a word in a SKU (OUT-OF-STOCK, FAIL-503, STALL, SILENT, NO-LABEL, NO-CARRIER). What it received is shown at /.
#[derive(Args, Clone, Debug)]
pub struct SandboxArgs {
    /// Where to listen
    #[arg(long, env = "MESHLINE_SANDBOX_ADDR", default_value = "127.0.0.1:3100")]
    pub addr: SocketAddr,

    /// Signing secret(s) that senders may use, separated by commas; the demo's secret if not given
    #[arg(
        long,
        env = "MESHLINE_SANDBOX_SECRET",
        value_delimiter = ',',
        default_value = DEMO_SECRET,
        hide_default_value = true,
        hide_env_values = true
    )]
    pub secret: Vec<String>,

    /// Directory of the journal, which remembers across restarts what was executed
    #[arg(
        long,
        env = "MESHLINE_SANDBOX_DATA",
        default_value = ".meshline/sandbox"
    )]
    pub data: PathBuf,

    /// Base URL of Meshline, for completing exports that carry no callback address of their own
    #[arg(long, env = "MESHLINE_SANDBOX_CALLBACK_URL")]
    pub callback_url: Option<String>,

    /// API token sent with callbacks to that base URL
    #[arg(long, env = "MESHLINE_SANDBOX_TOKEN", hide_env_values = true)]
    pub callback_token: Option<String>,

    /// How long after accepting an export it is reported complete
    #[arg(long, default_value_t = 3000, value_name = "MS")]
    pub complete_after_ms: u32,

    /// JSON file of rules to start with, as they are put to /_control
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,

    /// Refuse exports of this type with this code, always or so many times; after the rules of the file. Can
    /// be given several times: --refuse shipping_label_request=label_failed:2 --refuse price_update=price_below_floor
    #[arg(long, value_name = "TYPE=CODE[:TIMES]", value_parser = rules::refusal)]
    pub refuse: Vec<Rule>,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the sandbox cannot use its secret: {0}")]
    Secret(#[from] SecretError),
    #[error("the rules in {path} cannot be used: {why}")]
    Rules { path: PathBuf, why: String },
    #[error(transparent)]
    Journal(#[from] journal::JournalError),
    #[error("the sandbox cannot make HTTP calls: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the sandbox cannot listen on {addr}: {why}")]
    Listen {
        addr: SocketAddr,
        why: std::io::Error,
    },
    #[error("the sandbox stopped: {0}")]
    Serve(std::io::Error),
}

/// What the handlers share.
struct Sandbox {
    secrets: Vec<Secret>,
    journal: Journal,
    callbacks: Arc<Callbacks>,
    complete_after_ms: i64,
}

/// Serves until the process is asked to stop.
pub async fn run(args: SandboxArgs) -> Result<(), SandboxError> {
    let listener = TcpListener::bind(args.addr)
        .await
        .map_err(|why| SandboxError::Listen {
            addr: args.addr,
            why,
        })?;
    let addr = listener.local_addr().map_err(SandboxError::Serve)?;
    let sandbox = open(&args).await?;
    println!(
        "Sandbox destination at http://{addr}/ (what it received and executed is shown there)"
    );
    axum::serve(listener, http::router(sandbox))
        .with_graceful_shutdown(stop_requested())
        .await
        .map_err(SandboxError::Serve)
}

/// Reads the journal, takes up the callbacks that are still owed.
async fn open(args: &SandboxArgs) -> Result<Arc<Sandbox>, SandboxError> {
    let secrets: Vec<_> = args
        .secret
        .iter()
        .map(|text| Secret::parse(text))
        .collect::<Result<_, _>>()?;
    let mut rules = args.rules.as_ref().map(read_rules).transpose()?;
    if !args.refuse.is_empty() {
        let all = rules.get_or_insert_default();
        all.rules.extend(args.refuse.iter().cloned());
    }
    let journal = Journal::open(&args.data).await?;
    if let Some(rules) = rules {
        journal.set_rules(rules).await?;
    }
    let fallback = Fallback {
        base_url: args.callback_url.clone(),
        token: args.callback_token.clone(),
    };
    let callbacks = Callbacks::new(journal.clone(), secrets.clone(), fallback)?;
    callbacks.resume();
    Ok(Arc::new(Sandbox {
        secrets,
        journal,
        callbacks,
        complete_after_ms: i64::from(args.complete_after_ms),
    }))
}

fn read_rules(path: &PathBuf) -> Result<RuleSet, SandboxError> {
    let bad = |why: String| SandboxError::Rules {
        path: path.clone(),
        why,
    };
    let text = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
    serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))
}

async fn stop_requested() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
