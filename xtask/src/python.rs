//! Packages from PyPI that tests have on the other side: each in an environment of its own in the cache, made once.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Failure, Result, Trying};
use crate::process::{announce, run, which};
use crate::workspace::Workspace;

/// Slack's own library, against which what we send and sign is held.
pub const SLACK_SDK: &str = "slack_sdk==3.47.0";

/// The folder of the environment called `name` that has what is `wanted`, such as `slack_sdk==3.47.0`.
pub fn package(workspace: &Workspace, name: &str, wanted: &str) -> Result<PathBuf> {
    let home = workspace.cache.join(name);
    let noted = home.join("wanted");
    if fs::read_to_string(&noted).is_ok_and(|text| text == wanted) {
        return Ok(home);
    }
    let python = which(&["python3", "python"]).ok_or_else(|| {
        Failure::new(format!(
            "Python 3.10 or newer is needed for {wanted}; it is not on PATH."
        ))
    })?;
    announce(format!("installing {wanted}"));
    run(Command::new(python).args(["-m", "venv"]).arg(&home))?;
    let pip = home.join("bin").join("pip");
    run(Command::new(pip).args(["install", "--quiet", wanted]))?;
    fs::write(&noted, wanted).trying(format!("remember that {wanted} is there"))?;
    Ok(home)
}
