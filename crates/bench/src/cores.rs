//! Who runs where. The server under test has a core to itself; the load generator, the sandbox and everything else share
//! the other one. Otherwise they take the processor from each other, and the numbers say more about the load than the server.
//!
//! `taskset` does the pinning; where there is none, or a single core, it is left to the system, and the report says so.

use std::{
    path::Path,
    process::{Command, Stdio},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    Apart { server: usize, load: usize },
    Shared(&'static str),
}

impl Cores {
    /// Decides, and moves this process (and so whatever it starts) to the core of the load.
    pub fn take() -> Self {
        let Ok(count) = std::thread::available_parallelism() else {
            return Self::Shared("the number of cores is not known");
        };
        if count.get() < 2 {
            return Self::Shared("there is one core only");
        }
        let (server, load) = (0, 1);
        let pinned = Command::new("taskset")
            .args(["-a", "-c", "-p", &load.to_string()])
            .arg(std::process::id().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match pinned {
            Ok(status) if status.success() => Self::Apart { server, load },
            _ => Self::Shared("taskset does not work here"),
        }
    }

    /// A command that runs this program on the server's core. `taskset` becomes the program, so the process id is its own.
    pub fn for_server(self, program: &Path) -> Command {
        match self {
            Self::Apart { server, .. } => {
                let mut command = Command::new("taskset");
                command.args(["-c", &server.to_string()]).arg(program);
                command
            }
            Self::Shared(_) => Command::new(program),
        }
    }

    pub fn words(self) -> String {
        match self {
            Self::Apart { server, load } => {
                format!("server on core {server}, load and sandbox on core {load}")
            }
            Self::Shared(why) => {
                format!("**server and load share the processor: {why}**")
            }
        }
    }
}
