//! The way to a collector: OTLP over HTTP, configured by the variables of OpenTelemetry's own
//! specification (`OTEL_EXPORTER_OTLP_ENDPOINT`, `…_HEADERS`, `OTEL_SERVICE_NAME` and so on).

use std::{env, sync::OnceLock, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{LogExporter, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::{Resource, logs::SdkLoggerProvider};
use tokio::runtime::Handle;

const PATIENCE: Duration = Duration::from_secs(10);
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const LOGS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT";

static LOGS: OnceLock<SdkLoggerProvider> = OnceLock::new();

fn is_set(name: &str) -> bool {
    env::var(name).is_ok_and(|value| !value.trim().is_empty())
}

fn says(name: &str, word: &str) -> bool {
    env::var(name).is_ok_and(|value| value.trim().eq_ignore_ascii_case(word))
}

/// Whether anything is to be exported.
pub(super) fn is_wanted() -> bool {
    endpoint().is_some() && !says("OTEL_SDK_DISABLED", "true")
}

/// Where to, for whoever wants to try whether somebody is there.
pub fn endpoint() -> Option<String> {
    [ENDPOINT, TRACES_ENDPOINT, LOGS_ENDPOINT]
        .into_iter()
        .find(|name| is_set(name))
        .and_then(|name| env::var(name).ok())
}

pub(super) fn resource() -> Resource {
    let resource = Resource::builder();
    let resource = if is_set("OTEL_SERVICE_NAME") {
        resource
    } else {
        resource.with_service_name("meshline")
    };
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    resource.with_attribute(version).build()
}

pub(super) fn spans() -> Option<SpanExporter> {
    if says("OTEL_TRACES_EXPORTER", "none") || !(is_set(ENDPOINT) || is_set(TRACES_ENDPOINT)) {
        return None;
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new()?)
        .build();
    exporter.map_err(|error| unusable(&error)).ok()
}

pub(super) fn logs() -> Option<SdkLoggerProvider> {
    if says("OTEL_LOGS_EXPORTER", "none") || !(is_set(ENDPOINT) || is_set(LOGS_ENDPOINT)) {
        return None;
    }
    let exporter = LogExporter::builder()
        .with_http()
        .with_http_client(Client::new()?)
        .build()
        .map_err(|error| unusable(&error))
        .ok()?;
    let provider = SdkLoggerProvider::builder()
        .with_resource(resource())
        .with_batch_exporter(exporter)
        .build();
    Some(provider)
}

fn unusable(error: &dyn std::fmt::Display) {
    // the log is not set up yet when this is found
    eprintln!(
        "meshline: the OTEL_EXPORTER_OTLP_ settings are not usable, nothing is exported: {error}"
    );
}

/// So that what was written last can be sent at the end.
pub(super) fn keep(logs: Option<SdkLoggerProvider>) {
    if let Some(logs) = logs {
        // started once
        let _ = LOGS.set(logs);
    }
}

pub(super) fn end() {
    if let Some(logs) = LOGS.get()
        && let Err(error) = logs.shutdown_with_timeout(PATIENCE)
    {
        eprintln!("meshline: the last lines of the log were not sent: {error}");
    }
}

/// Our own HTTP client. The exporters call it from threads of their own, where there is no runtime;
/// the request is made on ours.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new() -> Option<Self> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| unusable(&error))
            .ok()?;
        let runtime = Handle::try_current()
            .map_err(|error| unusable(&error))
            .ok()?;
        Some(Self { http, runtime })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), request.try_into()?);
        let sending = self.runtime.spawn(async move {
            let answer = http.execute(request).await?.error_for_status()?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = http::Response::new(answer.bytes().await?);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok::<_, reqwest::Error>(response)
        });
        Ok(sending.await??)
    }
}
