//! Signing in and out, in one step or two; what proves in the middle of a session that it is still the same
//! person; where somebody is signed in; and the look of the pages.
//!
//! Who takes part: a person with an address, a password and perhaps a phone that makes codes, and the
//! engine, which decides. The session gets a new id the moment it is worth more than before, so that an
//! id planted earlier is worth nothing. A wrong password and an unknown address read the same.

mod act;
mod agent;
mod confirm;
mod login;
mod mine;
mod qr;
mod recovery;
mod second_factor;

pub use act::{
    BeginSecondFactor, Confirm, ConfirmSecondFactor, GiveSecondFactor, LogIn, LogOut,
    RenewRecoveryCodes, RevokeOtherSessions, RevokeSession, SetTheme, TurnOffSecondFactor,
};
pub use confirm::ConfirmPage;
pub use login::LoginPage;
pub use mine::Safety;
pub use recovery::RecoveryCodesPage;
pub use second_factor::SecondFactorPage;
