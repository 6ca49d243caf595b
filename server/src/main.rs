//! The `meshline` binary: every command starts here.

mod api;
mod audit;
mod compose;
mod config;
mod demo;
mod doctor;
mod fleet;
mod hashers;
mod http;
mod key;
mod keys;
mod metrics;
mod ports;
mod problem;
mod rescue;
mod sandbox;
mod send;
mod serve;
mod telemetry;
mod wall_clock;

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use config::Settings;

/// The operations layer for e-commerce fulfillment: owned, timed, provable, recoverable
#[derive(Parser)]
#[command(name = "meshline", version, after_help = config::HELP)]
struct Arguments {
    /// TOML file with settings; ./meshline.toml is read if it is there
    #[arg(long, env = "MESHLINE_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server and its worker, after bringing the database up to date
    Serve,
    /// Brings the database up to date and ends
    Migrate,
    Demo(demo::DemoArgs),
    Sandbox(sandbox::SandboxArgs),
    Send(send::SendArgs),
    /// Explains what is wrong with a set-up, and what to do
    Doctor,
    /// Prints the OpenAPI document of the JSON API
    Openapi,
    /// Prints every route of the server: methods, path, and whether it is a page, a function, API or other
    Routes,
    /// Exchanges the key that seals the secrets in the database, or says how it stands
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    Rescue(rescue::RescueArgs),
    /// Checks audit trails, or takes one out to be checked elsewhere
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

#[tokio::main]
async fn main() -> ExitCode {
    // only the first provider of a process counts, and this is the first
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("meshline: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let settings = |quiet| {
        let settings = Settings::load(arguments.config.as_deref())?;
        telemetry::start(&settings, quiet);
        Ok::<_, Box<dyn Error>>(settings)
    };
    match arguments.command {
        Command::Serve => serve::run(&settings(false)?).await?,
        Command::Migrate => compose::migrate(&settings(true)?).await?,
        Command::Demo(args) => demo::run(&settings(true)?, &args).await?,
        Command::Sandbox(args) => sandbox::run(args).await?,
        Command::Send(args) => send::run(args).await?,
        Command::Doctor => {
            if !doctor::run(&settings(true)?).await {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Keys(command) => keys::run(&settings(true)?, command).await?,
        Command::Rescue(args) => print_whole(&rescue::run(&settings(true)?, &args).await?)?,
        Command::Openapi => print_whole(&api::openapi())?,
        Command::Routes => print_whole(&serve::routes(&settings(true)?).await?)?,
        Command::Audit(audit::AuditCommand::Verify {
            file: Some(file),
            checkpoints,
            keys,
        }) => return Ok(audit::verify_file(file, &checkpoints, &keys)?),
        Command::Audit(audit::AuditCommand::Verify { file: None, .. }) => {
            audit::verify_database(&settings(true)?).await?;
        }
        Command::Audit(audit::AuditCommand::Export { merchant }) => {
            audit::export(&settings(true)?, merchant).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A reader that has seen enough (`| head`) is not an error.
fn print_whole(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
