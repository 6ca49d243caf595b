//! `cargo xtask dev`: a development build that follows the editor.
//!
//! A plain loop: look at the sources, build what changed, restart the server. When something does not compile, the old
//! server stays up and the compiler's words stand in the terminal.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;

use crate::binary;
use crate::clock;
use crate::demo;
use crate::failure::Result;
use crate::fingerprint;
use crate::run::welcome;
use crate::services::Settings;
use crate::signals;
use crate::workspace::Workspace;

const WATCHED: &[&str] = &[
    "app",
    "frontend",
    "style",
    "public",
    "crates",
    "server",
    "migrations",
    "Cargo.toml",
    "Cargo.lock",
];
const GLANCE: Duration = Duration::from_millis(400);

#[derive(Args)]
pub struct Options {
    /// Where to listen
    #[arg(long, env = "MESHLINE_ADDR", default_value = "127.0.0.1:3000")]
    addr: SocketAddr,
    /// Throw the data in .meshline/ away and start with a new demo
    #[arg(long)]
    fresh: bool,
}

pub fn dev(workspace: &Workspace, options: &Options) -> Result<()> {
    let settings = Settings::new(workspace, options.addr)?;
    settings.ports_must_be_free()?;
    settings.prepare(options.fresh)?;
    let mut seen = sources(workspace)?;
    let mut binary = first_build(workspace, &mut seen)?;
    let demo = demo::ensure(&settings, &binary)?;
    let _sandbox = settings.start_sandbox(&binary)?;
    let mut server = Some(settings.start_server(&binary)?);
    println!(
        "{}",
        welcome(
            &settings,
            demo.as_ref(),
            binary.strip_prefix(&workspace.root).unwrap_or(&binary)
        )
    );
    while !signals::stop_requested() {
        wait_for_change(workspace, &mut seen)?;
        if signals::stop_requested() {
            break;
        }
        match binary::development(workspace) {
            Ok(built) => binary = built,
            Err(failure) => {
                eprintln!("{failure}; the last build that worked stays up");
                continue;
            }
        }
        // the old one must have let go of the port
        drop(server.take());
        match settings.start_server(&binary) {
            Ok(started) => {
                server = Some(started);
                println!("up again at {}", settings.public_url);
            }
            Err(failure) => eprintln!("{failure}"),
        }
    }
    Ok(())
}

/// Until it compiles.
fn first_build(workspace: &Workspace, seen: &mut Vec<Source>) -> Result<PathBuf> {
    loop {
        match binary::development(workspace) {
            Ok(binary) => return Ok(binary),
            Err(failure) if signals::stop_requested() => return Err(failure),
            Err(failure) => {
                eprintln!("{failure}; waiting for a change");
                wait_for_change(workspace, seen)?;
            }
        }
    }
}

type Source = (PathBuf, Option<SystemTime>);

fn wait_for_change(workspace: &Workspace, seen: &mut Vec<Source>) -> Result<()> {
    while !signals::stop_requested() {
        clock::pause(GLANCE);
        let now = sources(workspace)?;
        if now != *seen {
            *seen = now;
            return Ok(());
        }
    }
    Ok(())
}

fn sources(workspace: &Workspace) -> Result<Vec<Source>> {
    let files = fingerprint::files(&workspace.root, WATCHED)?;
    Ok(files
        .into_iter()
        .map(|file| (file.clone(), modified(&file)))
        .collect())
}

/// None for a file that went away between listing and looking.
fn modified(file: &PathBuf) -> Option<SystemTime> {
    fs::metadata(file).and_then(|meta| meta.modified()).ok()
}
