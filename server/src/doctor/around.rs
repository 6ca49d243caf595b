//! What Meshline depends on around it: the clock, the other processes on the database, the role it
//! works as, the collector, the disk.

use std::{path::Path, time::Duration};

use store::{Options, SqlStore, Surroundings};
use tokio::net::TcpStream;
use url::Url;

use super::Finding;
use crate::{config::Settings, fleet, telemetry, wall_clock};

const PATIENCE: Duration = Duration::from_secs(3);
/// More than this between two clocks confuses people, and signatures that carry a time.
const SKEW_MS: i64 = 2_000;
/// A database that grows until this is gone stops taking writes.
const LITTLE_DISK_BYTES: u64 = 500 * 1024 * 1024;

/// Findings about a database that others may share.
pub(super) async fn database(settings: &Settings) -> Vec<Finding> {
    let asked = wall_clock::now();
    let opened = SqlStore::open_read_only(settings.database.expose(), Options::default()).await;
    let Ok(store) = opened else {
        // why not has been said
        return Vec::new();
    };
    let begun = wall_clock::now().max(asked);
    let found = store.surroundings().await;
    let answered = wall_clock::now();
    store.close().await;
    match found {
        Ok(Some(around)) => vec![
            Finding::new("role", role(&around)),
            Finding::new("processes", Ok(processes(&around))),
            Finding::new("connections", connections(&around)),
            Finding::new(
                "clock",
                clock(fleet::difference(begun, around.time, answered)),
            ),
        ],
        Ok(None) => Vec::new(),
        Err(error) => vec![Finding::new("role", Err(error.to_string()))],
    }
}

fn role(around: &Surroundings) -> Result<String, String> {
    if around.goes_round_policies {
        return Err(format!(
            "{} is not bound by row policies: merchants are kept apart by the program alone. \
             Take SUPERUSER and BYPASSRLS from it",
            around.role
        ));
    }
    Ok(format!(
        "signed in as {}, works as {}; {} tables keep merchants apart by policies",
        around.login, around.role, around.tables_with_policies
    ))
}

fn processes(around: &Surroundings) -> String {
    match around.listeners {
        0 => "none listens on this database at the moment".to_owned(),
        1 => "one listens on this database, and hears what others commit".to_owned(),
        many => format!("{many} listen on this database, and hear what the others commit"),
    }
}

fn connections(around: &Surroundings) -> Result<String, String> {
    let used = format!(
        "{} of {} connections are in use; each process takes up to 9",
        around.connections, around.max_connections
    );
    if around.connections + 9 > around.max_connections {
        return Err(format!(
            "{used}: one more process may not get any. Raise max_connections"
        ));
    }
    Ok(used)
}

fn clock(ahead_ms: Option<i64>) -> Result<String, String> {
    match ahead_ms {
        None => Err("the database takes too long to say what time it has".to_owned()),
        Some(ms) if ms.abs() > SKEW_MS => Err(format!(
            "the database's clock is {ms} ms ahead of this machine's. The database's counts for everybody; put both right with NTP"
        )),
        Some(ms) => Ok(format!("the database's is {ms} ms ahead of this machine's")),
    }
}

/// Whether the collector that traces and logs are sent to takes connections.
pub(super) async fn collector() -> Result<String, String> {
    let Some(endpoint) = telemetry::endpoint() else {
        return Ok(
            "traces and logs are not exported; OTEL_EXPORTER_OTLP_ENDPOINT names where to"
                .to_owned(),
        );
    };
    let url =
        Url::parse(&endpoint).map_err(|_| "OTEL_EXPORTER_OTLP_ENDPOINT is not a URL".to_owned())?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err("OTEL_EXPORTER_OTLP_ENDPOINT names no host".to_owned());
    };
    let host = host.trim_matches(['[', ']']);
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(format!("{host}:{port} takes connections")),
        Ok(Err(error)) => Err(format!(
            "{host}:{port} takes no connection ({error}): traces and logs get lost"
        )),
        Err(_) => Err(format!(
            "{host}:{port} does not answer: traces and logs get lost"
        )),
    }
}

/// How much room the file has; a server's disk is its own affair.
pub(super) fn disk(settings: &Settings) -> Option<Result<String, String>> {
    let file = settings.database.sqlite_file()?;
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let free = free_bytes(folder)?;
    let text = format!(
        "{} MiB are free in {}",
        free / (1024 * 1024),
        folder.display()
    );
    Some(if free < LITTLE_DISK_BYTES {
        Err(format!(
            "{text}: when it is full, nothing more is acknowledged"
        ))
    } else {
        Ok(text)
    })
}

/// What `df` says; None where there is none.
fn free_bytes(folder: &Path) -> Option<u64> {
    let told = std::process::Command::new("df")
        .args(["-P", "-k"])
        .arg(folder)
        .output()
        .ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    let free = text.lines().nth(1)?.split_whitespace().nth(3)?;
    free.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use domain::Time;

    use super::*;

    #[test]
    fn what_is_wrong_around_is_said_with_what_to_do() {
        let mut around = Surroundings {
            login: "owner".to_owned(),
            role: "meshline_app".to_owned(),
            goes_round_policies: false,
            tables_with_policies: 20,
            listeners: 3,
            connections: 30,
            max_connections: 100,
            time: Time::from_ms(0),
        };
        assert!(role(&around).is_ok() && connections(&around).is_ok());
        assert!(processes(&around).starts_with("3 listen"));
        around.goes_round_policies = true;
        around.connections = 95;
        assert!(role(&around).unwrap_err().contains("BYPASSRLS"));
        assert!(
            connections(&around)
                .unwrap_err()
                .contains("max_connections")
        );
        assert!(clock(Some(40)).is_ok());
        assert!(clock(Some(-95_000)).unwrap_err().contains("NTP"));
        assert!(clock(None).is_err());
    }

    #[test]
    fn a_disk_is_measured() {
        assert!(free_bytes(Path::new(".")).is_some_and(|free| free > 0));
    }
}
