//! The guard on the way out, against a table written by hand, and against resolvers that lie.
//!
//! Every address that must not be called is a listener here, as far as one machine can have it; what
//! counts is that nobody connects to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod resolvers;
mod vectors;
