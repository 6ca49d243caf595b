//! The tests written in Rust: compiled together, run stage by stage.
//!
//! Cargo compiles all test programs in one go, with one set of features; running them ourselves lets a stage have its own
//! environment without compiling anything twice. To which stage a program belongs follows from where it stands: everything
//! of the `store` crate, everything in `server/tests`, and the rest.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::Outcome;
use super::counts::Counts;
use super::shared::Shared;
use crate::failure::{Failure, Result};
use crate::process::{self, cargo, run_with_lines};
use crate::python;
use crate::signals;
use crate::workspace::Workspace;

const POSTGRES: &str = "MESHLINE_TEST_POSTGRES_URL";
const BINARY: &str = "MESHLINE_BIN";
/// How many tests of a program run at once; the number of cores where nobody says.
const THREADS: &str = "RUST_TEST_THREADS";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Unit,
    Store,
    Http,
}

/// One compiled test program.
#[derive(Clone)]
pub struct Program {
    name: String,
    kind: Kind,
    executable: PathBuf,
    /// Cargo runs tests in their package's folder.
    folder: PathBuf,
}

pub fn unit(shared: &mut Shared<'_>) -> Outcome {
    // Tests of the engine may use Postgres; that they can't have one is the store stage's failure.
    let environment = shared
        .postgres_url()
        .map(|url| vec![(POSTGRES, url)])
        .unwrap_or_default();
    let mut outcome = run_kind(shared, Kind::Unit, &environment);
    let examples = examples(shared);
    outcome.counts.add(examples.counts);
    outcome.failure = outcome.failure.or(examples.failure);
    outcome
}

pub fn store(shared: &mut Shared<'_>) -> Outcome {
    match shared.postgres_url() {
        Ok(url) => run_kind(shared, Kind::Store, &[(POSTGRES, url)]),
        Err(failure) => Outcome {
            failure: Some(failure),
            ..Outcome::default()
        },
    }
}

pub fn http(shared: &mut Shared<'_>) -> Outcome {
    // a machine without Python tests the rest, and the test that needs it says so
    if let Err(failure) = python::package(shared.workspace, "slack-sdk", python::SLACK_SDK) {
        eprintln!("{failure}");
    }
    let environment = shared.binary().and_then(|binary| {
        Ok([
            (BINARY, binary.to_string_lossy().into_owned()),
            (POSTGRES, shared.postgres_url()?),
        ])
    });
    match environment {
        Ok(environment) => run_kind(shared, Kind::Http, &environment),
        Err(failure) => Outcome {
            failure: Some(failure),
            ..Outcome::default()
        },
    }
}

fn run_kind(shared: &mut Shared<'_>, kind: Kind, environment: &[(&str, String)]) -> Outcome {
    let mut outcome = Outcome::default();
    let programs = match shared.programs() {
        Ok(programs) => programs,
        Err(failure) => {
            return Outcome {
                failure: Some(failure),
                ..outcome
            };
        }
    };
    for program in programs.iter().filter(|program| program.kind == kind) {
        if signals::stop_requested() {
            break;
        }
        println!("\n{}", program.name);
        let mut command = Command::new(&program.executable);
        process::as_from_a_shell(&mut command, shared.workspace);
        command
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder);
        if kind == Kind::Http && env::var_os(THREADS).is_none() {
            // these wait for other processes half of their time
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            command.env(THREADS, (2 * cores).to_string());
        }
        command
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .args(shared.arguments);
        let (counts, failure) = count(&mut command, &program.name);
        outcome.counts.add(counts);
        outcome.failure = outcome.failure.or(failure);
    }
    outcome
}

/// The examples in the documentation; they compile and run like any other test.
fn examples(shared: &Shared<'_>) -> Outcome {
    let mut command = cargo(shared.workspace);
    command.args([
        "test",
        "--doc",
        "--quiet",
        "--workspace",
        "--exclude",
        "frontend",
        "--no-fail-fast",
    ]);
    command.arg("--").args(shared.arguments);
    let (counts, failure) = count(&mut command, "examples in the documentation");
    Outcome { counts, failure }
}

/// Shows what the tests print, and adds up their results.
fn count(command: &mut Command, name: &str) -> (Counts, Option<Failure>) {
    let mut counts = Counts::default();
    let ended = run_with_lines(command, |line| {
        println!("{line}");
        if let Some(found) = Counts::from_result_line(line) {
            counts.add(found);
        }
    });
    let failure = match ended {
        Ok(status) if status.success() => None,
        // tests that failed are in the counts; a crash is not
        Ok(status) => Some(Failure::new(format!("{name}: failed ({status})"))),
        Err(failure) => Some(failure),
    };
    (counts, failure)
}

/// Compiles every test of the workspace but the WASM entry's, which has nothing to run natively.
pub fn compile(workspace: &Workspace) -> Result<Vec<Program>> {
    process::announce("compiling the tests");
    let mut programs = Vec::new();
    let mut command = cargo(workspace);
    command.args([
        "test",
        "--workspace",
        "--exclude",
        "frontend",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    let status = run_with_lines(&mut command, |line| programs.extend(program(line)))?;
    if !status.success() {
        return Err(Failure::new("The tests do not compile."));
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(programs)
}

/// Cargo reports what it built, one JSON object a line.
fn program(message: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let executable = PathBuf::from(message["executable"].as_str()?);
    let folder = Path::new(message["manifest_path"].as_str()?)
        .parent()?
        .to_path_buf();
    let package = folder.file_name()?.to_str()?.to_owned();
    let target = message["target"]["name"].as_str()?;
    let is_integration_test = message["target"]["kind"][0] == "test";
    let kind = match (package.as_str(), is_integration_test) {
        ("store", _) => Kind::Store,
        ("server", true) => Kind::Http,
        _ => Kind::Unit,
    };
    let name = if is_integration_test {
        format!("{package}/tests/{target}")
    } else {
        format!("{package} ({target})")
    };
    Some(Program {
        name,
        kind,
        executable,
        folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(package: &str, kind: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"/w/{package}/Cargo.toml","target":{{"kind":["{kind}"],"name":"t"}},"profile":{{"test":true}},"executable":"/w/target/t-1"}}"#
        )
    }

    #[test]
    fn a_program_belongs_to_a_stage_by_where_it_stands() {
        let kind = |package, target| program(&message(package, target)).map(|program| program.kind);
        assert_eq!(kind("engine", "test"), Some(Kind::Unit));
        assert_eq!(kind("store", "test"), Some(Kind::Store));
        assert_eq!(kind("store", "lib"), Some(Kind::Store));
        assert_eq!(kind("server", "bin"), Some(Kind::Unit));
        assert_eq!(kind("server", "test"), Some(Kind::Http));
    }

    #[test]
    fn other_messages_are_no_programs() {
        assert!(program("not json").is_none());
        assert!(program(r#"{"reason":"build-finished","success":true}"#).is_none());
        assert!(program(&message("server", "bin").replace("true", "false")).is_none());
    }
}
