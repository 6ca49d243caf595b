//! The words of Meshline and the rules that hold between them: pure values, no IO, no clock.
//!
//! One folder or file per noun. A transition takes the old value and the time and returns the new
//! value or an error that says why not. Everything here compiles to WASM.

pub mod money;
pub mod time;

pub use money::{Currency, Money};
pub use time::Time;
