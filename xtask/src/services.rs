//! The `meshline` processes of `run` and `dev`: the server and, beside it, the sandbox that stands in for an OMS.
//!
//! They work in `.meshline/`, so that the database, the key and whatever else they keep by default lands there.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::clock;
use crate::daemon::Daemon;
use crate::failure::{Failure, Result, Trying};
use crate::network;
use crate::signals;
use crate::workspace::Workspace;

const READY: Duration = Duration::from_secs(60);
const DATABASE: &str = "meshline.db";
const SANDBOX: &str = "127.0.0.1:3100";

/// Where everything listens and keeps its data.
pub struct Settings {
    pub address: SocketAddr,
    pub sandbox: SocketAddr,
    pub public_url: String,
    pub data: PathBuf,
}

impl Settings {
    pub fn new(workspace: &Workspace, address: SocketAddr) -> Result<Self> {
        let sandbox = env::var("MESHLINE_SANDBOX_ADDR").unwrap_or_else(|_| SANDBOX.to_owned());
        let sandbox = sandbox
            .parse()
            .trying(format!("understand MESHLINE_SANDBOX_ADDR ({sandbox})"))?;
        let public_url = env::var("MESHLINE_PUBLIC_URL")
            .unwrap_or_else(|_| format!("http://{}", network::reachable(address)));
        Ok(Self {
            address,
            sandbox,
            public_url,
            data: workspace.data(),
        })
    }

    pub fn database(&self) -> PathBuf {
        self.data.join(DATABASE)
    }

    pub fn ports_must_be_free(&self) -> Result<()> {
        network::must_be_free(self.address, "pass `--addr 127.0.0.1:PORT`")?;
        network::must_be_free(self.sandbox, "set MESHLINE_SANDBOX_ADDR=127.0.0.1:PORT")
    }

    /// The data folder, emptied first if that is asked for.
    pub fn prepare(&self, fresh: bool) -> Result<()> {
        let folder = self.data.display();
        if fresh && self.data.is_dir() {
            fs::remove_dir_all(&self.data).trying(format!("empty {folder}"))?;
        }
        fs::create_dir_all(&self.data).trying(format!("create {folder}"))
    }

    pub fn command(&self, binary: &Path, verb: &str) -> Command {
        let mut command = Command::new(binary);
        command
            .arg(verb)
            .current_dir(&self.data)
            .env("DATABASE_URL", format!("sqlite://{DATABASE}"))
            .env("MESHLINE_ADDR", self.address.to_string())
            .env("MESHLINE_SANDBOX_ADDR", self.sandbox.to_string())
            .env("MESHLINE_SANDBOX_DATA", self.data.join("sandbox"))
            .env("MESHLINE_PUBLIC_URL", &self.public_url);
        command
    }

    pub fn start_server(&self, binary: &Path) -> Result<Daemon> {
        self.start_server_with(binary, |_| {})
    }

    /// With settings of its own.
    pub fn start_server_with(
        &self,
        binary: &Path,
        set: impl FnOnce(&mut Command),
    ) -> Result<Daemon> {
        let mut command = self.command(binary, "serve");
        set(&mut command);
        let mut server = Daemon::start(&mut command, Signal::TERM)?;
        self.wait(&mut server, "the server", || {
            network::answers(self.address, "/readyz")
        })?;
        Ok(server)
    }

    pub fn start_sandbox(&self, binary: &Path) -> Result<Daemon> {
        let mut sandbox = Daemon::start(&mut self.command(binary, "sandbox"), Signal::TERM)?;
        self.wait(&mut sandbox, "the sandbox", || {
            network::accepts(self.sandbox)
        })?;
        Ok(sandbox)
    }

    fn wait(&self, daemon: &mut Daemon, name: &str, ready: impl Fn() -> bool) -> Result<()> {
        let asked = clock::now();
        while !ready() {
            if signals::stop_requested() {
                return Err(Failure::new("stopped"));
            }
            if let Some(status) = daemon.ended() {
                return Err(Failure::new(format!(
                    "{name} ended while starting ({status}); its own words stand above."
                )));
            }
            if asked.elapsed() > READY {
                return Err(Failure::new(format!(
                    "{name} did not become ready within {} s.",
                    READY.as_secs()
                )));
            }
            clock::pause(Duration::from_millis(50));
        }
        Ok(())
    }
}
