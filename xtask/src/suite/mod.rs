//! `cargo xtask test`: every check, in the order in which a mistake is cheapest to find.
//!
//! A stage that fails does not keep the later ones from running: one run tells everything. What several stages need (the
//! compiled tests, the release binary, Postgres) is made when the first of them asks, and once. The last line of the output
//! is for programs: `N passed, N failed, N skipped`.

mod browser;
mod checks;
mod counts;
mod rust_tests;
mod shared;

use std::time::Duration;

use clap::{Args, ValueEnum};

use self::counts::Counts;
use self::shared::Shared;
use crate::clock;
use crate::failure::{Failure, Result};
use crate::process::announce;
use crate::signals;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Options {
    /// Run these stages only
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Stage>,
    /// Leave the browser tests out
    #[arg(long)]
    skip_browser: bool,
    /// Passed on to the test programs, for example a part of a test's name
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// cargo fmt --check
    Fmt,
    /// Clippy for the server and for WebAssembly, types of the browser tests; warnings are errors
    Lint,
    /// Unit tests and tests of the engine
    Unit,
    /// One conformance suite on SQLite and on Postgres
    Store,
    /// The built binary, over HTTP
    Http,
    /// The built binary in Chromium, with JavaScript on and off
    Browser,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Lint => "lint",
            Self::Unit => "unit",
            Self::Store => "store",
            Self::Http => "http",
            Self::Browser => "browser",
        }
    }
}

/// What one stage came to. A stage can fail without a failed test: its programs did not compile, or a tool is missing.
#[derive(Default)]
struct Outcome {
    counts: Counts,
    failure: Option<Failure>,
}

impl Outcome {
    fn of(checked: Result<()>) -> Self {
        Self {
            counts: Counts::default(),
            failure: checked.err(),
        }
    }

    fn failed(&self) -> bool {
        self.failure.is_some() || self.counts.failed > 0
    }

    /// The counts for the total, in which no failure may go unseen.
    fn totals(&self) -> Counts {
        let mut counts = self.counts;
        if self.failure.is_some() && counts.failed == 0 {
            counts.failed = 1;
        }
        counts
    }
}

struct Report {
    stage: Stage,
    outcome: Outcome,
    took: Duration,
}

/// Returns whether everything passed.
pub fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let mut shared = Shared::new(workspace, &options.arguments);
    let mut reports = Vec::new();
    for &stage in Stage::value_variants() {
        if !options.only.is_empty() && !options.only.contains(&stage) {
            continue;
        }
        announce(format!("test stage: {}", stage.name()));
        let started = clock::now();
        let outcome = if stage == Stage::Browser && options.skip_browser {
            Outcome {
                counts: Counts {
                    skipped: 1,
                    ..Counts::default()
                },
                failure: None,
            }
        } else {
            perform(stage, &mut shared)
        };
        if signals::stop_requested() {
            return Err(Failure::new("stopped"));
        }
        if let Some(failure) = &outcome.failure {
            eprintln!("{failure}");
        }
        reports.push(Report {
            stage,
            outcome,
            took: started.elapsed(),
        });
    }
    // Postgres goes before the summary, so that nothing is printed after it
    drop(shared);
    Ok(summarize(&reports))
}

fn perform(stage: Stage, shared: &mut Shared<'_>) -> Outcome {
    match stage {
        Stage::Fmt => Outcome::of(checks::format(shared.workspace)),
        Stage::Lint => Outcome::of(checks::lint(shared.workspace)),
        Stage::Unit => rust_tests::unit(shared),
        Stage::Store => rust_tests::store(shared),
        Stage::Http => rust_tests::http(shared),
        Stage::Browser => browser::run(shared),
    }
}

/// Whether all is well. The verdict is said by the last line alone.
fn summarize(reports: &[Report]) -> bool {
    announce("summary");
    let mut totals = Counts::default();
    for Report {
        stage,
        outcome,
        took,
    } in reports
    {
        let verdict = if outcome.failed() { "FAILED" } else { "ok" };
        let counts = outcome.totals();
        println!(
            "{:<8} {verdict:<7} {:>5} s   {counts}",
            stage.name(),
            took.as_secs()
        );
        if let Some(failure) = &outcome.failure {
            println!(
                "         {}",
                failure.to_string().lines().next().unwrap_or_default()
            );
        }
        totals.add(counts);
    }
    println!("{totals}");
    totals.failed == 0
}
