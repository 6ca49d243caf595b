//! The threads that hash passwords, with the priority of something that can wait.
//!
//! On Linux a thread has a niceness of its own. Fifteen steps back it gets a thirtieth of what a thread of intake gets where
//! both want the same core, and everything where nobody else wants it. Elsewhere niceness belongs to the whole process,
//! so there they stay as they are, and only their small number holds them back.

use std::io;

use engine::Hashers;

pub fn start() -> io::Result<Hashers> {
    Hashers::start(stand_back)
}

#[cfg(target_os = "linux")]
fn stand_back() {
    const STEPS: i32 = 15;
    // of this thread, whatever the name says
    if let Err(error) = rustix::process::nice(STEPS) {
        tracing::warn!(%error, "passwords are hashed at the priority of everything else");
    }
}

#[cfg(not(target_os = "linux"))]
fn stand_back() {}
