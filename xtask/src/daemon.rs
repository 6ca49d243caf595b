//! A program that runs beside us and ends with us.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;

use crate::clock;
use crate::failure::{Result, Trying};
use crate::signals;

/// How long a program may take to finish what it is doing before it is killed.
const GRACE: Duration = Duration::from_secs(15);

pub struct Daemon {
    child: Child,
    ending: Signal,
}

impl Daemon {
    /// Starts it in a process group of its own: Ctrl-C reaches us alone, and we end it in the right order.
    pub fn start(command: &mut Command, ending: Signal) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .spawn()
            .trying(format!("start {program}"))?;
        Ok(Self { child, ending })
    }

    /// Its exit status, once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        signals::send(self.child.id(), self.ending);
        let asked = clock::now();
        while asked.elapsed() < GRACE {
            if self.ended().is_some() {
                return;
            }
            clock::pause(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
