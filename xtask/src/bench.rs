//! `cargo xtask bench`: builds what is measured and what measures, and lets the one look at the other.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::binary;
use crate::chromium;
use crate::failure::{Failure, Result};
use crate::process::{announce, cargo, run};
use crate::setup;
use crate::workspace::Workspace;

const ALL: [&str; 9] = [
    "intake",
    "sign-ins",
    "spine",
    "contracts",
    "audit",
    "flows",
    "editor",
    "weights",
    "start",
];

#[derive(Args)]
pub struct Options {
    /// intake, sign-ins, spine, contracts, audit, flows, editor, weights or start; all of them if none is named
    what: Option<String>,
    /// Write the results into docs/benchmarks.md
    #[arg(long)]
    markdown: bool,
    /// Options of the measurement, such as `--seconds 5`; `cargo xtask bench intake --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub fn bench(workspace: &Workspace, options: &Options) -> Result<()> {
    let chosen: Vec<&str> = match options.what.as_deref() {
        None => ALL.to_vec(),
        Some(what) if ALL.contains(&what) => vec![what],
        Some(other) => {
            return Err(Failure::new(format!(
                "There is no measurement called {other:?}; there are {}.",
                ALL.join(", ")
            )));
        }
    };
    let meshline = binary::release(workspace)?;
    announce("building the measuring program (release)");
    run(cargo(workspace).args([
        "build",
        "--release",
        "--package",
        "bench",
        "--bin",
        "meshline-bench",
    ]))?;
    if chosen.contains(&"editor") {
        setup::browser_tests(workspace)?;
    }
    for what in chosen {
        announce(format!("measuring: {what}"));
        run(&mut command(workspace, &meshline, what, options)?)?;
    }
    Ok(())
}

fn command(
    workspace: &Workspace,
    meshline: &Path,
    what: &str,
    options: &Options,
) -> Result<Command> {
    let mut command = Command::new(workspace.target.join("release").join("meshline-bench"));
    command
        .current_dir(&workspace.root)
        .arg(what)
        .arg("--binary")
        .arg(meshline)
        .arg("--folder")
        .arg(workspace.target.join("bench"));
    if what == "editor" {
        command.env("MESHLINE_CHROMIUM", chromium::find()?);
    }
    if options.markdown {
        command.args(["--markdown", "docs/benchmarks.md"]);
    }
    command.args(&options.rest);
    Ok(command)
}
