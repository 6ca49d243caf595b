//! Format and lint. Both feature sets of the pages are linted: what the server compiles and what the browser gets.

use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process::{cargo, run};
use crate::setup;
use crate::workspace::Workspace;

pub fn format(workspace: &Workspace) -> Result<()> {
    run(cargo(workspace).args(["fmt", "--all", "--check"]))
}

/// All of them, even if the first one fails; says which failed.
pub fn lint(workspace: &Workspace) -> Result<()> {
    let checks = [
        ("native", native(workspace)),
        ("wasm", wasm(workspace)),
        ("browser tests", types(workspace)),
    ];
    let failed: Vec<_> = checks
        .into_iter()
        .filter_map(|(name, result)| Some(format!("{name}: {}", result.err()?)))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(failed.join("; ")))
    }
}

fn native(workspace: &Workspace) -> Result<()> {
    run(cargo(workspace).args([
        "clippy",
        "--workspace",
        "--exclude",
        "frontend",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn wasm(workspace: &Workspace) -> Result<()> {
    setup::wasm_target(workspace)?;
    run(cargo(workspace).args([
        "clippy",
        "--package",
        "frontend",
        "--target",
        "wasm32-unknown-unknown",
        "--",
        "-D",
        "warnings",
    ]))
}

fn types(workspace: &Workspace) -> Result<()> {
    setup::browser_tests(workspace)?;
    run(Command::new("node_modules/.bin/tsc")
        .arg("--noEmit")
        .current_dir(workspace.end2end()))
}
