//! The browser tests: Playwright drives Chromium against the release binary, with JavaScript on and off.

use std::fs;
use std::process::Command;

use super::Outcome;
use super::counts::Counts;
use super::shared::Shared;
use crate::chromium;
use crate::failure::{Failure, Result, Trying};
use crate::process;
use crate::setup;

pub fn run(shared: &mut Shared<'_>) -> Outcome {
    match drive(shared) {
        Ok((counts, true)) => Outcome {
            counts,
            failure: None,
        },
        Ok((counts, false)) => Outcome {
            counts,
            failure: Some(Failure::new("Playwright reports failures.")),
        },
        Err(failure) => Outcome {
            failure: Some(failure),
            ..Outcome::default()
        },
    }
}

/// The counts, and whether Playwright was content.
fn drive(shared: &mut Shared<'_>) -> Result<(Counts, bool)> {
    let chromium = chromium::find()?;
    setup::browser_tests(shared.workspace)?;
    let binary = shared.binary()?;
    let folder = shared.workspace.end2end();
    let report = folder.join("test-results").join("report.json");
    if report.is_file() {
        fs::remove_file(&report).trying("remove the report of the last run")?;
    }
    let mut command = Command::new(folder.join("node_modules/.bin/playwright"));
    command
        .arg("test")
        .args(shared.arguments)
        .current_dir(&folder);
    command
        .env("MESHLINE_BIN", binary)
        .env("MESHLINE_CHROMIUM", chromium)
        .env("MESHLINE_REPORT", &report);
    let status = process::status(&mut command)?;
    let words = fs::read_to_string(&report).trying("read Playwright's report")?;
    let counts = Counts::from_playwright(&words)
        .ok_or_else(|| Failure::new("Playwright's report has no counts."))?;
    Ok((counts, status.success()))
}
