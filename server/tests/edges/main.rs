//! The edges as a stranger meets them: what URLs lead to, how much and how slowly one may send, what every
//! answer carries, and what becomes of text that is meant to be more than text. The built binary is what
//! is asked, over raw sockets where a client would be too polite.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod markup;
mod outbound;
mod rates;
mod slow;
