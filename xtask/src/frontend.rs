//! Pages' assets: WASM, JavaScript and the style sheet, written to `target/site` by cargo-leptos.
//!
//! Made again only when something they are made of changed, since it takes a minute and the server that embeds
//! them has to be linked again after it.

use std::fs;
use std::process::Command;

use crate::failure::{Result, Trying};
use crate::fingerprint;
use crate::process::{self, announce, run};
use crate::setup;
use crate::workspace::Workspace;

/// All that the WASM build reads; of `app` also what only the server uses, since Tailwind looks there for class names.
pub const INPUTS: &[&str] = &[
    "app",
    "frontend",
    "style",
    "public",
    "crates/domain",
    "Cargo.toml",
    "Cargo.lock",
    "package-lock.json",
];

#[derive(Clone, Copy)]
pub enum Flavour {
    /// Small: optimized for size, with compressed copies beside each file.
    Release,
    /// Quick to build.
    Development,
}

pub fn build(workspace: &Workspace, flavour: Flavour) -> Result<()> {
    let site = workspace.site();
    let stamp = site.with_file_name("site.stamp");
    let name = match flavour {
        Flavour::Release => "release",
        Flavour::Development => "development",
    };
    let wanted = format!("{name} {}", fingerprint::of(&workspace.root, INPUTS)?);
    let is_there =
        site.join("pkg").is_dir() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
    if is_there {
        return Ok(());
    }
    announce(format!("building the pages' assets ({name})"));
    if stamp.is_file() {
        fs::remove_file(&stamp).trying(format!("remove {}", stamp.display()))?;
    }
    let mut command = Command::new(workspace.tools().join("bin").join("cargo-leptos"));
    process::as_from_a_shell(&mut command, workspace);
    command
        .args(["leptos", "build", "--frontend-only"])
        .env("PATH", workspace.search_path()?);
    if matches!(flavour, Flavour::Release) {
        command.args(["--release", "--precompress"]);
    }
    run(&mut command)?;
    fs::write(&stamp, wanted).trying(format!("write {}", stamp.display()))
}

/// Tools, then assets.
pub fn prepare(workspace: &Workspace, flavour: Flavour) -> Result<()> {
    setup::front_end(workspace)?;
    build(workspace, flavour)
}
