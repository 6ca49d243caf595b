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
    println!(
        "{}",
        welcome(
            &settings,
            demo.as_ref(),
            binary.strip_prefix(&workspace.root).unwrap_or(&binary)
        )
    );
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
        format!("Meshline   {}", settings.public_url),
        format!(
            "Sandbox    http://{}   where its exports go",
            settings.sandbox
        ),
        String::new(),
    ];
    if let Some(demo) = demo {
        lines.push("Sign in as (e-mail, password, access, roles)".to_owned());
        lines.extend(
            demo::logins(demo)
                .into_iter()
                .map(|login| format!("  {login}")),
        );
        let send = format!("{} send --base {}", binary.display(), settings.public_url);
        lines.push(
            "\nSend a Shopify order and watch it arrive; then one that the sandbox refuses"
                .to_owned(),
        );
        lines.push(format!("  {send}"));
        lines.push(format!("  {send} --sku LAMP-OUT-OF-STOCK"));
    } else {
        lines.push(format!(
            "Its logins are not known here: {} has no demo.json. `--fresh` starts over with a new demo.",
            settings.data.display()
        ));
    }
    lines.push("\nCtrl-C stops it.".to_owned());
    lines.join("\n")
}
