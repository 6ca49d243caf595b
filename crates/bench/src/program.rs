//! A program that was started for a measurement: what it uses, and how it ends.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    clock,
    failure::{Failure, Result, Trying},
};

/// How long a program may take to finish before it is killed.
const GRACE: Duration = Duration::from_secs(20);
/// What the kernel counts processor time in, on every Linux there is.
const TICK_US: u64 = 10_000;

/// Killed when dropped.
pub struct Program {
    name: &'static str,
    child: Child,
}

impl Program {
    /// Starts it in a process group of its own, so that Ctrl-C reaches us alone. What it says goes to `log`.
    pub fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let said = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .trying(format!("write {}", log.display()))?;
        let also = said.try_clone().trying("share a log file")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(also)
            .process_group(0)
            .spawn()
            .trying(format!("start {name}"))?;
        Ok(Self { name, child })
    }

    pub fn must_be_running(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Failure::new(format!(
                "{} ended by itself ({status}); its log stands in the bench folder",
                self.name
            ))),
            Err(error) => Err(Failure::new(format!(
                "could not look after {}: {error}",
                self.name
            ))),
        }
    }

    /// Processor time it has used so far, in user and kernel mode.
    pub fn cpu_us(&self) -> Result<u64> {
        let text = self.proc("stat")?;
        // the name, in brackets, may hold anything
        let fields: Vec<&str> = text
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<u64>().ok())
        };
        match (ticks(11), ticks(12)) {
            (Some(user), Some(system)) => Ok((user + system) * TICK_US),
            _ => Err(Failure::new(format!(
                "/proc says nothing about the time of {}",
                self.name
            ))),
        }
    }

    /// A line of `/proc/PID/status` in KiB: `VmRSS` is the memory it has now, `VmHWM` the most it had.
    pub fn memory_kib(&self, line: &str) -> Result<u64> {
        let text = self.proc("status")?;
        text.lines()
            .find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))
            .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok())
            .ok_or_else(|| Failure::new(format!("/proc says nothing about {line}")))
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).trying(format!("read {path} (this needs Linux)"))
    }

    /// `kill -9`, as a power switch would: nothing is finished.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().trying(format!("kill {}", self.name))?;
        self.child
            .wait()
            .trying(format!("wait for {}", self.name))?;
        Ok(())
    }

    /// Asks it to end, and waits.
    pub async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).trying(format!("stop {}", self.name))?;
        }
        let asked = clock::now();
        while asked.elapsed() < GRACE {
            if self
                .child
                .try_wait()
                .trying(format!("wait for {}", self.name))?
                .is_some()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(Failure::new(format!(
            "{} did not stop when asked",
            self.name
        )))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // already gone is what is wanted
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
