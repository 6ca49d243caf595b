//! Signing in and out, and the look of the pages.
//!
//! Who takes part: a person with an address and a password, and the engine, which decides. The session
//! gets a new id the moment somebody is signed in, so that an id planted before is worth nothing. A
//! wrong password and an unknown address read the same.

mod act;
mod login;

pub use act::{LogIn, LogOut, SetTheme};
pub use login::LoginPage;
