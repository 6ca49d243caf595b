//! Ctrl-C, so that nothing we started outlives us.
//!
//! A signal sets a flag and is passed on to the tool that runs in the foreground. That tool ends, the verb sees a failure,
//! and the guards on the way out (see [`crate::daemon`]) stop servers and databases. A second signal kills the foreground tool.

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::{Result, Trying};

static STOP: AtomicBool = AtomicBool::new(false);
static FOREGROUND: Mutex<Vec<u32>> = Mutex::new(Vec::new());

pub fn install() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).trying("listen for Ctrl-C")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            let again = STOP.swap(true, Ordering::SeqCst);
            let signal = if again { Signal::KILL } else { Signal::TERM };
            for &process in foreground().iter() {
                send(process, signal);
            }
        }
    });
    Ok(())
}

pub fn stop_requested() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Marks a child as the foreground tool until dropped.
pub struct Foreground(u32);

impl Foreground {
    pub fn enter(child: &Child) -> Self {
        foreground().push(child.id());
        Self(child.id())
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        foreground().retain(|&process| process != self.0);
    }
}

/// A process that is already gone is what the sender wanted.
pub fn send(process: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

fn foreground() -> MutexGuard<'static, Vec<u32>> {
    FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner)
}
