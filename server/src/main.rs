//! The `meshline` binary: every command starts here.

mod sandbox;
mod send;
mod wall_clock;

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

/// The operations layer for e-commerce fulfillment: owned, timed, provable, recoverable
#[derive(Parser)]
#[command(name = "meshline", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Sandbox(sandbox::SandboxArgs),
    Send(send::SendArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    // only the first provider of a process counts, and this is the first
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("meshline: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Sandbox(args) => sandbox::run(args).await?,
        Command::Send(args) => send::run(args).await?,
    }
    Ok(())
}
