//! The verbs of this repository, so that nobody has to remember the tools behind them.
//!
//! `cargo xtask run` and `cargo xtask test` are the two that matter; the others are the pieces they are made of. Each verb
//! first sees to it that what it needs is there (see [`setup`]) and is quick when it already is. What can't be had is
//! said in one sentence, with what to do about it. `docs/howto/develop.md` is the page for people.

mod bench;
mod binary;
mod chromium;
mod clock;
mod daemon;
mod demo;
mod dev;
mod failure;
mod fingerprint;
mod frontend;
mod fuzz;
mod network;
mod postgres;
mod process;
mod python;
mod run;
mod sbom;
mod services;
mod setup;
mod signals;
mod suite;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Result;
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Builds, runs and tests Meshline"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Install what is missing: the WebAssembly target, cargo-leptos, wasm-bindgen, npm packages
    Setup,
    /// Build the release binary, pages and all, at target/release/meshline
    Build,
    /// Build, then serve with the demo agency and the sandbox; prints the address and the logins
    Run(run::Options),
    /// Serve a development build and rebuild on every change
    Dev(dev::Options),
    /// Run every check and test: format, lint, unit, store on two databases, HTTP, browser
    Test(suite::Options),
    /// Measure intake, the whole way, approving, contracts, checking a trail, the flow editor, the pages' weight and the start; on a machine that has nothing else to do
    Bench(bench::Options),
    /// Ask the JSON API what its document says and what it does not, as everybody who can call it; needs Python
    Fuzz(fuzz::Options),
    /// List what the release is made of, as CycloneDX, in target/sbom
    Sbom,
    /// Start a throw-away Postgres, print its address, stop it on Ctrl-C
    Postgres,
}

fn main() -> ExitCode {
    let verb = Cli::parse().verb;
    match perform(verb) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(_) if signals::stop_requested() => {
            eprintln!("stopped");
            ExitCode::from(130)
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether it went well; what has not been said yet is in the failure.
fn perform(verb: Verb) -> Result<bool> {
    signals::install()?;
    let workspace = Workspace::find()?;
    match verb {
        Verb::Setup => setup::everything(&workspace)?,
        Verb::Build => println!("{}", binary::release(&workspace)?.display()),
        Verb::Run(options) => run::run(&workspace, &options)?,
        Verb::Dev(options) => dev::dev(&workspace, &options)?,
        Verb::Test(options) => return suite::run(&workspace, &options),
        Verb::Bench(options) => bench::bench(&workspace, &options)?,
        Verb::Fuzz(options) => return fuzz::fuzz(&workspace, &options),
        Verb::Sbom => println!("{}", sbom::sbom(&workspace)?.display()),
        Verb::Postgres => postgres::hold(&workspace)?,
    }
    Ok(true)
}
