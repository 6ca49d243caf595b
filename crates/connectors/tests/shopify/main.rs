//! The Shopify source against bodies and signatures from outside.
//!
//! The bodies beside these tests are always used. When `MESHLINE_FIXTURES` names a folder with the
//! larger collection, all of its Shopify bodies and signatures are used too.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop"
)]

mod examination;
mod goods;
mod projection;
mod reading;
mod signatures;

use std::{fs, path::PathBuf};

use connectors::shopify;
use domain::{Time, order::OrderFact};
use uuid::Uuid;

/// A body beside these tests.
fn body(name: &str) -> Vec<u8> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shopify");
    fs::read(here.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The folder of the larger collection, or a clear word that it is not there.
fn collection(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MESHLINE_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!(
            "SKIPPED {test}: set MESHLINE_FIXTURES to the fixtures folder to run it; \
             only the bodies in the repository were tried"
        );
    }
    folder
}

const RECEIVED: Time = Time::from_ms(1_790_000_000_000);

/// The one fact a body states, as told by receipt number `receipt`.
fn fact(topic: &str, body: &[u8], receipt: u128) -> OrderFact {
    let facts = shopify::facts(topic, body, Uuid::from_u128(receipt), RECEIVED, None);
    let mut facts = facts.unwrap_or_else(|faults| panic!("{topic}: {faults:?}"));
    assert_eq!(facts.len(), 1, "{topic}");
    facts.remove(0)
}

/// The same body with one text put for another, which must be there.
fn with(body: &[u8], find: &str, put: &str) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains(find), "{find:?} is not in the body");
    text.replacen(find, put, 1).into_bytes()
}
