//! `cargo xtask run`: from a clean clone to a browser with something to look at.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::binary;
use crate::clock;
use crate::demo;
use crate::failure::{Failure, Result};
use crate::services::Settings;
use crate::signals;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Options {
    /// Where to listen
    #[arg(long, env = "MESHLINE_ADDR", default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// Throw the data in .meshline/ away and start with a new demo
    #[arg(long)]
    fresh: bool,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let settings = Settings::new(workspace, options.addr)?;
    // said before minutes of building, not after
    settings.ports_must_be_free()?;
    let binary = binary::release(workspace)?;
    settings.prepare(options.fresh)?;
    let demo = demo::ensure(&settings, &binary)?;
    let mut sandbox = settings.start_sandbox(&binary)?;
    let mut server = settings.start_server(&binary)?;
    println!("{}", welcome(&settings, demo.as_ref(), &binary));
    while !signals::stop_requested() {
        if let Some(status) = server.ended() {
            return Err(Failure::new(format!(
                "The server ended by itself ({status})."
            )));
        }
        if let Some(status) = sandbox.ended() {
            return Err(Failure::new(format!(
                "The sandbox ended by itself ({status})."
            )));
        }
        clock::pause(Duration::from_millis(100));
    }
    Ok(())
}

/// What to do next, for somebody who sees this for the first time.
pub fn welcome(settings: &Settings, demo: Option<&Value>, binary: &Path) -> String {
    let mut lines = vec![
        String::new(),
        format!("Meshline is at  {}", settings.public_url),
    ];
    lines.push(format!(
        "The sandbox, where its exports go, is at  http://{}",
        settings.sandbox
    ));
    match demo {
        Some(demo) => {
            lines.push("\nSign in as (e-mail, password, access, roles):".to_owned());
            lines.extend(demo::logins(demo).into_iter().map(|login| format!("  {login}")));
            if let Some((path, secret)) = demo::source(demo, "shopify") {
                lines.push("\nSend a Shopify order, and watch it on the page Receipts:".to_owned());
                lines.push(format!("  {} send {}{path} --secret '{secret}'", binary.display(), settings.public_url));
            }
        }
        None => lines.push(format!(
            "\nThe logins of this database are not known here ({} has no demo.json). `--fresh` starts over with a new demo.",
            settings.data.display()
        )),
    }
    lines.push("\nCtrl-C stops it.".to_owned());
    lines.join("\n")
}
