//! Running other programs in the foreground.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::{Failure, Result, Trying};
use crate::signals::{self, Foreground};
use crate::workspace::Workspace;

/// Says what happens next, in the margin of the tools' own output.
pub fn announce(what: impl std::fmt::Display) {
    println!("\n── {what}");
}

/// Cargo, as if called from a shell in the workspace.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    as_from_a_shell(&mut command, workspace);
    command
}

/// Takes away what `cargo run` told *us* about xtask. Build scripts (ring's is one) rebuild when these change, so a build
/// from here and one from a shell would keep throwing each other's work away.
pub fn as_from_a_shell(command: &mut Command, workspace: &Workspace) {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    if env::var_os("CARGO_TARGET_DIR").is_some() {
        command.env("CARGO_TARGET_DIR", &workspace.target);
    }
    command.current_dir(&workspace.root);
}

/// Runs a tool to its end, its output going straight to the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    judge(command, status)
}

/// As [`run`], but hands over every line of standard output instead of showing it.
pub fn run_with_lines(command: &mut Command, mut line: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let _foreground = Foreground::enter(&child);
    if let Some(output) = child.stdout.take() {
        for text in BufReader::new(output).split(b'\n') {
            let text = text.trying(format!("read what {} says", name(command)))?;
            line(&String::from_utf8_lossy(&text));
        }
    }
    let status = child.wait().trying(format!("wait for {}", name(command)))?;
    if signals::stop_requested() {
        Err(Failure::new("stopped"))
    } else {
        Ok(status)
    }
}

/// Runs a tool quietly and returns what it printed; its complaints become the failure.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Failure::new(format!(
            "{} failed ({}): {words}",
            name(command),
            output.status
        )))
    }
}

/// The first of these programs that is on `PATH`.
pub fn which(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|file| is_executable(file))
    })
}

pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

pub fn status(command: &mut Command) -> Result<ExitStatus> {
    let mut child = command
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let _foreground = Foreground::enter(&child);
    let status = child.wait().trying(format!("wait for {}", name(command)))?;
    if signals::stop_requested() {
        Err(Failure::new("stopped"))
    } else {
        Ok(status)
    }
}

fn judge(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    Err(Failure::new(format!(
        "`{} {}` failed ({status})",
        name(command),
        arguments.join(" ")
    )))
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("could not start {}: {error}", name(command)))
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned()
}
