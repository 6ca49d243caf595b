//! The `meshline` binary, with the pages' assets inside.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Result, Trying};
use crate::frontend::{self, Flavour};
use crate::process::{self, announce, run};
use crate::workspace::Workspace;

/// What `build` makes, `run` starts and the black-box tests test: one build for all of them.
pub fn release(workspace: &Workspace) -> Result<PathBuf> {
    frontend::prepare(workspace, Flavour::Release)?;
    announce("building the server (release)");
    run(process::cargo(workspace).args([
        "build",
        "--release",
        "--package",
        "server",
        "--bin",
        "meshline",
    ]))?;
    let built = workspace.target.join("release").join("meshline");
    let promised = workspace.root.join("target/release/meshline");
    if built != promised {
        copy_over(&built, &promised)?;
    }
    Ok(promised)
}

pub fn development(workspace: &Workspace) -> Result<PathBuf> {
    frontend::prepare(workspace, Flavour::Development)?;
    run(process::cargo(workspace).args(["build", "--package", "server", "--bin", "meshline"]))?;
    Ok(workspace.target.join("debug").join("meshline"))
}

/// Also while the old one is running: its file is replaced, not written to.
fn copy_over(from: &Path, to: &Path) -> Result<()> {
    let what = format!("copy {} to {}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).trying(&what)?;
    }
    let fresh = to.with_extension("new");
    fs::copy(from, &fresh).trying(&what)?;
    fs::rename(&fresh, to).trying(&what)
}
