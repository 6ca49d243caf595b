//! `editor`: the flow editor in Chromium on a flow of 200 steps: how long it takes to open, how long until an edit shows,
//! and what its module weighs. The browser is driven by `end2end/bench-editor.ts`, which says how times are taken.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Stdio};

use clap::Args;
use serde::Deserialize;
use tokio::process::Command;

use crate::{
    failure::{Failure, Result, Trying},
    installation::Setting,
    report::{Report, Table},
    samples::thousands,
};

const OPEN_MS: f64 = 300.0;
const EDIT_MS: f64 = 50.0;
const KILOBYTES: f64 = 90.0;

#[derive(Args)]
pub struct Options {
    /// Where the browser tests are installed
    #[arg(long, default_value = "end2end")]
    end2end: PathBuf,
    /// How often everything is done
    #[arg(long, default_value_t = 15)]
    rounds: u32,
}

#[derive(Deserialize)]
struct Measured {
    steps: u32,
    rounds: u32,
    times: BTreeMap<String, Vec<f64>>,
    sizes: BTreeMap<String, u32>,
}

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let mut report = Report::begin(setting, "cargo xtask bench editor".to_owned())?;
    let folder = setting.fresh("editor")?;
    let result = folder.join("editor.json");
    let playwright = fs::canonicalize(options.end2end.join("node_modules/.bin/playwright"))
        .trying("find Playwright (`cargo xtask setup` installs it)")?;
    let status = Command::new(playwright)
        .args(["test", "--config=bench.config.ts"])
        .current_dir(&options.end2end)
        .env("MESHLINE_BIN", &setting.binary)
        .env("MESHLINE_BENCH_EDITOR", &result)
        .env("MESHLINE_BENCH_ROUNDS", options.rounds.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .trying("start Playwright")?;
    if !status.success() {
        return Err(Failure::new("Playwright reports failures."));
    }
    let words = fs::read_to_string(&result).trying("read what Playwright measured")?;
    let measured: Measured =
        serde_json::from_str(&words).trying("understand what Playwright measured")?;
    report.say(format!(
        "A flow of {} steps on three lanes, {} rounds on one page each. Milliseconds from the event (for opening: from the last byte of \
         the module) to the frame after the one in which the board changed.",
        measured.steps, measured.rounds
    ));
    report.show(times(measured.times));
    report.show(sizes(&measured.sizes));
    Ok(report)
}

fn times(times: BTreeMap<String, Vec<f64>>) -> Table {
    let mut table = Table::new(&["what", "least", "median", "p95", "aim"]);
    for (what, all) in times {
        let aim = if what == "open" { OPEN_MS } else { EDIT_MS };
        let aim = format!("≤ {aim:.0}");
        let spread = spread(all).map(|ms| thousands(ms, 0));
        table.row([what].into_iter().chain(spread).chain([aim]));
    }
    table
}

/// The least, the middle, and what nineteen of twenty stay below.
fn spread(mut all: Vec<f64>) -> [f64; 3] {
    all.sort_by(f64::total_cmp);
    let last = all.len().saturating_sub(1) as f64;
    [0.0, 0.5, 0.95].map(|part| {
        let at = (last * part).round() as usize;
        all.get(at).copied().unwrap_or(f64::NAN)
    })
}

fn sizes(sizes: &BTreeMap<String, u32>) -> Table {
    let mut table = Table::new(&["file", "Brotli, kB", "aim"]);
    let kilobytes = |bytes: u32| thousands(f64::from(bytes) / 1000.0, 1);
    for (name, bytes) in sizes {
        table.row([format!("`{name}`"), kilobytes(*bytes), String::new()]);
    }
    let all = sizes.values().sum();
    table.row([
        "together".to_owned(),
        kilobytes(all),
        format!("≤ {KILOBYTES:.0}"),
    ]);
    table
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn a_spread_is_the_least_the_middle_and_the_far_end() {
        let all = (1..=21).rev().map(f64::from).collect();
        assert_eq!(spread(all), [1.0, 11.0, 20.0]);
        assert!(spread(Vec::new()).iter().all(|ms| ms.is_nan()));
    }
}
