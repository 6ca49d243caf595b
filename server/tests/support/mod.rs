//! What the black-box tests share: an installation that is started as a person would start it, and the
//! other sides of its conversations.
//!
//! Nothing in here comes from Meshline's own code. Orders are signed and deliveries checked with an
//! HMAC of their own ([`shop`], [`sink`]), and what happened is asked through the API: a mistake that
//! both sides of our code share cannot hide.

#![allow(
    dead_code,
    reason = "every test program compiles this module and uses its part of it"
)]

pub mod clock;
pub mod database;
pub mod installation;
pub mod person;
pub mod random;
pub mod shop;
pub mod sink;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A secret that everybody knows: what the demo's destinations are signed with.
pub const SANDBOX_SECRET: &str = "whsec_bWVzaGxpbmUtc2FuZGJveC1kZW1vLXNlY3JldC0zMmI=";

pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
