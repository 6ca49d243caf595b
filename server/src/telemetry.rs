//! Logs: to standard error, since standard output belongs to what a command prints.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};

/// `quiet`: for commands that end by themselves, whose own words matter more than the log's.
pub fn start(settings: &Settings, quiet: bool) {
    let default = if quiet { "warn" } else { "info" };
    let wanted = settings.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::builder().parse(wanted).unwrap_or_else(|error| {
        eprintln!("meshline: MESHLINE_LOG is not understood ({error}); logging {default} instead");
        EnvFilter::new(default)
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .init(),
    }
}
