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
    "editor",
    "style",
    "public",
    "crates/board",
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
    editor(workspace, flavour)?;
    fs::write(&stamp, wanted).trying(format!("write {}", stamp.display()))
}

/// The flow editor: a WASM module of its own, which only its page loads, so cargo-leptos knows nothing of it.
fn editor(workspace: &Workspace, flavour: Flavour) -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let profile = match flavour {
        Flavour::Release => "wasm-release",
        Flavour::Development => "dev",
    };
    let folder = match flavour {
        Flavour::Release => "wasm-release",
        Flavour::Development => "debug",
    };
    // beside cargo-leptos's own, so that neither has to build the other's again
    let target = workspace.target.join("front");
    run(process::cargo(workspace)
        .args([
            "build",
            "--package",
            "editor",
            "--target",
            TARGET,
            "--profile",
            profile,
        ])
        .arg("--target-dir")
        .arg(&target))?;
    let pkg = workspace.site().join("pkg");
    let mut bindgen = Command::new(workspace.tools().join("bin").join("wasm-bindgen"));
    run(bindgen
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--out-name",
            "board",
            "--out-dir",
        ])
        .arg(&pkg)
        .arg(target.join(TARGET).join(folder).join("editor.wasm")))?;
    if matches!(flavour, Flavour::Development) {
        return Ok(());
    }
    let wasm = pkg.join("board_bg.wasm");
    let mut smaller = Command::new("wasm-opt");
    run(smaller
        .args([
            "-Oz",
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-sign-ext",
        ])
        .args([
            "--enable-mutable-globals",
            "--enable-reference-types",
            "--enable-multivalue",
        ])
        .arg(&wasm)
        .arg("-o")
        .arg(&wasm)
        .env("PATH", workspace.search_path()?))?;
    let mut compress = Command::new("node");
    run(compress
        .arg("-e")
        .arg(COMPRESS)
        .arg(&wasm)
        .arg(pkg.join("board.js")))
}

/// What cargo-leptos does for its own files.
const COMPRESS: &str = "const z=require('zlib'),f=require('fs');for(const p of process.argv.slice(1)){const d=f.readFileSync(p);\
    f.writeFileSync(p+'.br',z.brotliCompressSync(d,{params:{[z.constants.BROTLI_PARAM_QUALITY]:11}}));\
    f.writeFileSync(p+'.gz',z.gzipSync(d,{level:9}))}";

/// Tools, then assets.
pub fn prepare(workspace: &Workspace, flavour: Flavour) -> Result<()> {
    setup::front_end(workspace)?;
    build(workspace, flavour)
}
