//! `meshline-bench`: what Meshline costs and how fast it is, measured from outside on the release binary.
//!
//! Each measurement starts real processes on fresh files, the server on one core and everything that is not the server on
//! another, and stops them again. Nothing here is a test: a slow machine gives other numbers, not a failure. `cargo xtask
//! bench` builds what is needed and calls this; `docs/benchmarks.md` says how to read the numbers and keeps the last ones.

mod approvals;
mod audit;
mod bare;
mod clock;
mod contracts;
mod cores;
mod database;
mod destination;
mod editor;
mod failure;
mod flows;
mod http;
mod installation;
mod intake;
mod journal;
mod load;
mod machine;
mod orders;
mod people;
mod program;
mod report;
mod samples;
mod sign_ins;
mod spine;
mod start;
mod weights;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    failure::{Failure, Result},
    installation::Setting,
};

#[derive(Parser)]
#[command(name = "meshline-bench", about = "Measures the Meshline binary")]
struct Arguments {
    /// The binary to measure
    #[arg(long, global = true, default_value = "target/release/meshline")]
    binary: PathBuf,
    /// Where databases and logs go; emptied before each run
    #[arg(long, global = true, default_value = "target/bench")]
    folder: PathBuf,
    /// Write the result into its section of this page
    #[arg(long, global = true, value_name = "FILE", num_args = 0..=1, default_missing_value = "docs/benchmarks.md")]
    markdown: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Durable acknowledgements per second, beside a bare loop of axum and SQLite
    Intake(intake::Options),
    /// How much people who sign in slow down the intake
    SignIns(sign_ins::Options),
    /// Orders all the way to their execution at the destination, and from a person's yes to it
    Spine(spine::Options),
    /// Exports checked against their contract, hashed and signed, per second
    Contracts(contracts::Options),
    /// How long it takes to check a large audit trail offline
    Audit(audit::Options),
    /// Steps of runs per second, what waiting costs, and very much due in one second
    Flows(flows::Options),
    /// The flow editor in a browser: opening, editing, and its weight
    Editor(editor::Options),
    /// What the first pages weigh in Brotli
    Weights,
    /// Start to ready, and memory when idle
    Start(start::Options),
    /// The contender of `intake`: serves until it is stopped
    #[command(hide = true)]
    Bare(bare::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::select! {
        outcome = perform(arguments) => outcome,
        // What was started is killed when its guard is dropped, and that happens here.
        () = stop_requested() => Err(Failure::new("stopped")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("meshline-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn perform(arguments: Arguments) -> Result<()> {
    let setting = match arguments.what {
        What::Bare(options) => return bare::serve(options).await,
        _ => Setting::find(&arguments.binary, &arguments.folder)?,
    };
    let (section, report) = match arguments.what {
        What::Intake(options) => ("intake", intake::measure(&setting, &options).await?),
        What::SignIns(options) => ("sign-ins", sign_ins::measure(&setting, &options).await?),
        What::Spine(options) => ("spine", spine::measure(&setting, &options).await?),
        What::Contracts(options) => ("contracts", contracts::measure(&setting, &options).await?),
        What::Audit(options) => ("audit", audit::measure(&setting, &options).await?),
        What::Flows(options) => ("flows", flows::measure(&setting, &options).await?),
        What::Editor(options) => ("editor", editor::measure(&setting, &options).await?),
        What::Weights => ("weights", weights::measure(&setting).await?),
        What::Start(options) => ("start", start::measure(&setting, &options).await?),
        What::Bare(_) => return Ok(()),
    };
    println!("\n{}", report.text());
    match &arguments.markdown {
        Some(page) => report::write_section(page, section, &report.markdown()),
        None => Ok(()),
    }
}

async fn stop_requested() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
