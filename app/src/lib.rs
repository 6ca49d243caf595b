//! Meshline in the browser: pages rendered on the server, and the few islands that live on them.
//!
//! `ui` is the kit, `shell` the frame around every page, `islands` what runs as WASM. Pages
//! (`features`), what they share (`web`) and the router exist on the server only: in island mode a
//! page is never run again in the browser, so it may use the engine's own types and nothing of it
//! weighs on the WASM.

// the type of a page is the tree of its elements
#![recursion_limit = "256"]

#[cfg(feature = "ssr")]
pub mod features;
pub mod islands;
#[cfg(feature = "ssr")]
mod routes;
pub mod shell;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod web;

#[cfg(feature = "ssr")]
pub use routes::{App, shell};
