//! Meshline in the browser: pages rendered on the server, and the few islands that live on them.
//!
//! `ui` is the kit, `shell` the frame around every page, `islands` what runs as WASM.

pub mod islands;
pub mod shell;
pub mod ui;
