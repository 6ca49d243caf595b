//! What the sandbox executed, read from the journal it keeps while it writes it.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
};

use serde_json::Value;

use crate::failure::{Failure, Result, Trying};

pub struct Execution {
    /// Meshline's id of the order.
    pub subject: String,
    pub at_ms: i64,
}

pub struct Journal {
    path: PathBuf,
    read_bytes: u64,
    pub executions: Vec<Execution>,
    pub completed: usize,
}

impl Journal {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            read_bytes: 0,
            executions: Vec::new(),
            completed: 0,
        }
    }

    /// Reads what was added since the last time.
    pub fn follow(&mut self) -> Result<()> {
        let mut text = Vec::new();
        File::open(&self.path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(self.read_bytes))?;
                file.read_to_end(&mut text)
            })
            .trying("read the sandbox's journal")?;
        // the last line may still be on its way
        let whole = text
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        self.read_bytes += whole as u64;
        for line in text[..whole]
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            self.note(line)?;
        }
        Ok(())
    }

    fn note(&mut self, line: &[u8]) -> Result<()> {
        let entry: Value = serde_json::from_slice(line).trying("read the sandbox's journal")?;
        match entry["entry"].as_str() {
            Some("execution") => {
                let at = entry["at"]
                    .as_str()
                    .and_then(|at| at.parse::<jiff::Timestamp>().ok());
                let (Some(at), Some(subject)) = (at, entry["subject"].as_str()) else {
                    return Err(Failure::new(
                        "the sandbox's journal has an execution without a time",
                    ));
                };
                self.executions.push(Execution {
                    subject: subject.to_owned(),
                    at_ms: at.as_millisecond(),
                });
            }
            Some("completed") => self.completed += 1,
            _ => {}
        }
        Ok(())
    }
}
