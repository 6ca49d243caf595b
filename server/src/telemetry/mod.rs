//! Logs and traces.
//!
//! Logs go to standard error, since standard output belongs to what a command prints. Where the usual
//! variables of OpenTelemetry name an endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT`), `meshline serve` also
//! sends its logs and the spans of [`traces`] there, as OTLP over HTTP. Without one nothing of this is
//! set up and nothing is paid for it.

mod export;
pub mod traces;

pub use export::endpoint;

use std::io::IsTerminal;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{LogFormat, Settings};

/// `quiet`: for commands that end by themselves, whose own words matter more than the log's, and which
/// nobody collects.
pub fn start(settings: &Settings, quiet: bool) {
    let default = if quiet { "warn" } else { "info" };
    let wanted = settings.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::builder().parse(wanted).unwrap_or_else(|error| {
        eprintln!("meshline: MESHLINE_LOG is not understood ({error}); logging {default} instead");
        EnvFilter::new(default)
    });
    let exports = !quiet && export::is_wanted();
    let logs = if exports { export::logs() } else { None };
    let collected = logs.as_ref().map(|provider| {
        // what the way out says about itself must not go out the same way, again and again
        OpenTelemetryTracingBridge::new(provider).with_filter(filter_fn(|metadata| {
            !["opentelemetry", "reqwest", "hyper", "h2", "rustls"]
                .iter()
                .any(|own| metadata.target().starts_with(own))
        }))
    });
    let printed = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let printed = match settings.log_format {
        LogFormat::Text => printed.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => printed
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(printed)
        .with(collected)
        .init();
    if exports {
        traces::start();
        export::keep(logs);
    }
}

/// Sends what has not been sent yet. Waits for the collector, but not for long.
pub async fn end() {
    let sent = tokio::task::spawn_blocking(|| {
        traces::end();
        export::end();
    });
    if sent.await.is_err() {
        tracing::warn!("the last spans were not sent");
    }
}
