//! Is this from Slack?
//!
//! `X-Slack-Signature` is `v0=` and the hexadecimal HMAC-SHA256, by the app's signing secret, of
//! `v0:{X-Slack-Request-Timestamp}:{raw body}`. The time is signed as well and must be within five minutes of
//! ours, either way. A header given twice is refused: two readers could pick different ones.

use domain::Time;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";
/// How far its clock and ours may be apart, or the request late.
const WINDOW_S: i64 = 300;

fn one<'a>(headers: &'a [(String, String)], name: &str) -> Result<&'a str, String> {
    let mut found = headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str());
    match (found.next(), found.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        (Some(_), Some(_)) => Err(format!("the header {name} was given more than once")),
        _ => Err(format!("the header {name} is missing or empty")),
    }
}

/// The sentence is for the log.
pub fn verify(
    secret: &[u8],
    headers: &[(String, String)],
    body: &[u8],
    now: Time,
) -> Result<(), String> {
    let (signature, stamp) = (one(headers, SIGNATURE)?, one(headers, TIMESTAMP)?);
    let sent_s: i64 = stamp
        .parse()
        .ok()
        .filter(|_| stamp.bytes().all(|one| one.is_ascii_digit()))
        .ok_or_else(|| format!("the header {TIMESTAMP} is no time"))?;
    let apart = now.as_ms().div_euclid(1000).saturating_sub(sent_s);
    if apart.saturating_abs() > WINDOW_S {
        return Err(format!("it was signed {apart} s ago"));
    }
    let given = signature
        .strip_prefix("v0=")
        .and_then(|text| hex::decode(text).ok())
        .ok_or("the signature has another form than v0=…")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)
        .map_err(|_| "the signing secret cannot be used".to_owned())?;
    for part in [b"v0:", stamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    mac.verify_slice(&given)
        .map_err(|_| "the signature does not match the body".to_owned())
}
