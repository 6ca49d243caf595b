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
    let mut cargo = process::cargo(workspace);
    cargo
        .args(["rustc", "--package", "editor", "--lib"])
        .args(["--crate-type", "cdylib", "--target", TARGET])
        .args(["--profile", profile, "--target-dir"])
        .arg(&target);
    if matches!(flavour, Flavour::Release) {
        cargo.args(["--", SMALL]);
    }
    run(&mut cargo)?;
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
            "--flatten",
            "--rereloop",
            "-Oz",
            "-Oz",
            "--converge",
            "--strip-producers",
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-sign-ext",
        ])
        .args([
            "--enable-mutable-globals",
            "--enable-reference-types",
            "--enable-multivalue",
            // the stack stands lowest, and nothing has an address within a kilobyte of its end
            "--low-memory-unused",
        ])
        .arg(&wasm)
        .arg("-o")
        .arg(&wasm)
        .env("PATH", workspace.search_path()?))?;
    let script = pkg.join("board.js");
    for work in [SHORTEN, COMPRESS] {
        run(Command::new("node")
            .args(["-e", work])
            .arg(&wasm)
            .arg(&script))?;
    }
    Ok(())
}

/// wasm-bindgen ends the name of each function that the module asks for with a hash, which nothing can compress: counting
/// tells them apart as well. Comments and indentation of the script go, too.
const SHORTEN: &str = "const f=require('fs'),[wasm,js]=process.argv.slice(1),ids=new Map();\
    const count=t=>t.replace(/(__wb\\w+_)([0-9a-f]{16})(?![0-9a-f])/g,(name,stem)=>{\
    if(!ids.has(name))ids.set(name,String(ids.size).padStart(16,'0'));return stem+ids.get(name)});\
    f.writeFileSync(wasm,count(f.readFileSync(wasm,'latin1')),'latin1');\
    f.writeFileSync(js,count(f.readFileSync(js,'utf8')).replace(/^\\s*\\/\\*\\*[\\s\\S]*?\\*\\/\\n/gm,'')\
    .replace(/^\\s*\\/\\/.*\\n/gm,'').replace(/^\\s+/gm,''));";

/// Nothing is copied to where it is called, however little it is: a twentieth of the module, and no edit takes longer.
const SMALL: &str = "-Cllvm-args=-inline-threshold=0";

/// What cargo-leptos does for its own files.
const COMPRESS: &str = "const z=require('zlib'),f=require('fs');for(const p of process.argv.slice(1)){const d=f.readFileSync(p);\
    f.writeFileSync(p+'.br',z.brotliCompressSync(d,{params:{[z.constants.BROTLI_PARAM_QUALITY]:11}}));\
    f.writeFileSync(p+'.gz',z.gzipSync(d,{level:9}))}";

/// Tools, then assets.
pub fn prepare(workspace: &Workspace, flavour: Flavour) -> Result<()> {
    setup::front_end(workspace)?;
    build(workspace, flavour)
}
