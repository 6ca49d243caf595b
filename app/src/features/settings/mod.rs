//! Settings of one merchant: what it is called, who may do what, which programs may call the API, and how long
//! content is kept.
//!
//! The matrix is not written down here: the page shows the tables that every gate is computed from
//! ([`domain::access`]). A token's secret is shown once, on the page that follows its making or its
//! rotation.

mod act;
mod act_retention;
mod matrix;
mod new_token;
mod page;
mod retention;
mod secret;
mod tokens;
mod words;

pub use act::{IssueToken, RenameMerchant, RevokeToken, RotateToken};
pub use act_retention::{LiftHold, PlaceHold, SetRetention};
pub use matrix::AccessPage;
pub use new_token::NewTokenPage;
pub use page::SettingsPage;
pub use retention::RetentionPage;
pub use tokens::TokensPage;
