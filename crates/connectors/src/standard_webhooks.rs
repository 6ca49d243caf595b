//! Standard Webhooks (v1): how our deliveries are signed, and how a receiver checks them.
//!
//! The signature is HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, in Base64, behind
//! `v1,`. A header may carry several, separated by spaces: while a secret is being changed the
//! sender signs with the old and the new one, and a receiver that knows either is content. The
//! timestamp is part of what is signed and must lie near the receiver's clock, so that a recorded
//! delivery cannot be replayed tomorrow.
//!
//! Deliberately not done: the asymmetric `v1a` scheme, which the common libraries do not know.

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use domain::Time;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// How far a timestamp may lie from the receiver's clock, either way, unless a receiver has reasons.
pub const TOLERANCE_S: i64 = 300;

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1";
/// Signatures looked at in one header; a rotation has two.
const SIGNATURES_LIMIT: usize = 16;
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// People paste secrets with and without the padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A signing secret. Its text is only to be had through [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("a signing secret starts with {PREFIX}")]
    Prefix,
    #[error("a signing secret is {PREFIX} followed by Base64")]
    Base64,
    #[error("a signing secret has 24 to 64 bytes, this one has {0}")]
    Length(usize),
}

impl Secret {
    /// Reads `whsec_<base64>`.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(SecretError::Prefix)?;
        let key = LENIENT.decode(encoded).map_err(|_| SecretError::Base64)?;
        if KEY_BYTES.contains(&key.len()) {
            Ok(Self(key))
        } else {
            Err(SecretError::Length(key.len()))
        }
    }

    /// A new secret out of 32 random bytes.
    pub fn generate(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// The secret's text, for the person who sets up the other side, and for sealed storage.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(whsec_…)")
    }
}

/// One signature, `v1,<base64>`.
pub fn sign(secret: &Secret, id: &str, timestamp_s: i64, body: &[u8]) -> String {
    format!(
        "{VERSION},{}",
        STANDARD.encode(secret.mac(id, &timestamp_s.to_string(), body))
    )
}

/// What the `webhook-signature` header holds: one signature for every secret in use.
pub fn sign_all(secrets: &[Secret], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let signatures: Vec<_> = secrets
        .iter()
        .map(|s| sign(s, id, timestamp_s, body))
        .collect();
    signatures.join(" ")
}

/// What is known about a message whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub id: String,
    pub timestamp_s: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the header {0} is missing")]
    Missing(&'static str),
    #[error("the header {TIMESTAMP} is not a number of seconds")]
    Timestamp,
    #[error("the timestamp is {0} s old")]
    TooOld(i64),
    #[error("the timestamp is {0} s ahead")]
    TooNew(i64),
    #[error("no signature fits")]
    Mismatch,
}

/// Checks a message against every secret in use.
pub fn verify(
    secrets: &[Secret],
    headers: &HeaderMap,
    body: &[u8],
    now: Time,
    tolerance_s: i64,
) -> Result<Verified, VerifyError> {
    let header = |name: &'static str| {
        let value = headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .filter(|v| !v.is_empty());
        value.ok_or(VerifyError::Missing(name))
    };
    let id = header(ID)?;
    let timestamp = header(TIMESTAMP)?;
    let signatures = header(SIGNATURE)?;

    let timestamp_s: i64 = timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
    let age_s = now.as_ms().div_euclid(1000).saturating_sub(timestamp_s);
    if age_s > tolerance_s {
        return Err(VerifyError::TooOld(age_s));
    }
    if age_s < -tolerance_s {
        return Err(VerifyError::TooNew(age_s.saturating_neg()));
    }

    let given: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|one| one.split_once(','))
        .filter(|(version, _)| *version == VERSION)
        .filter_map(|(_, encoded)| LENIENT.decode(encoded).ok())
        .take(SIGNATURES_LIMIT)
        .collect();
    for secret in secrets {
        let expected = secret.mac(id, timestamp, body);
        if given
            .iter()
            .any(|signature| bool::from(signature.ct_eq(&expected[..])))
        {
            return Ok(Verified {
                id: id.to_owned(),
                timestamp_s,
            });
        }
    }
    Err(VerifyError::Mismatch)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Signatures made by other people's libraries; the file says how.
    const VECTORS: &str = include_str!("../tests/fixtures/standard_webhooks.json");

    #[derive(Deserialize)]
    struct Fixture {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        secret: String,
        id: String,
        timestamp_s: i64,
        body: String,
        signature: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str::<Fixture>(VECTORS).unwrap().vectors
    }

    fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)] {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn signs_and_verifies_as_other_libraries_do() {
        let vectors = vectors();
        assert!(!vectors.is_empty());
        for v in vectors {
            let secret = Secret::parse(&v.secret).unwrap();
            assert_eq!(secret.expose(), v.secret, "{}", v.name);
            assert_eq!(
                sign(&secret, &v.id, v.timestamp_s, v.body.as_bytes()),
                v.signature,
                "{}",
                v.name
            );
            let headers = headers(&v.id, &v.timestamp_s.to_string(), &v.signature);
            let now = Time::from_ms(v.timestamp_s * 1000 + 999);
            let verified = verify(&[secret], &headers, v.body.as_bytes(), now, TOLERANCE_S);
            assert_eq!(
                verified,
                Ok(Verified {
                    id: v.id,
                    timestamp_s: v.timestamp_s
                }),
                "{}",
                v.name
            );
        }
    }

    #[test]
    fn every_alteration_is_noticed() {
        let [old, new, strange] = [1, 2, 3].map(|n| Secret::generate([n; 32]));
        let good = sign(&new, "m1", 1_000_000, b"body");
        let raw = good.strip_prefix("v1,").unwrap();
        let both = sign_all(&[new.clone(), old.clone()], "m1", 1_000_000, b"body");
        let crowd = format!("{}{good}", "v1,AAAA ".repeat(SIGNATURES_LIMIT));
        let now = 1_000_000;
        let table = [
            ("m1", "1000000", good.as_str(), "body", now, Ok(())),
            ("m1", "1000000", both.as_str(), "body", now, Ok(())),
            (
                "m1",
                "1000000",
                &format!("v1a,x junk v1,AAAA {good}"),
                "body",
                now,
                Ok(()),
            ),
            ("m1", "1000000", &good, "body", now + 300, Ok(())),
            ("m1", "1000000", &good, "body", now - 300, Ok(())),
            (
                "m1",
                "1000000",
                &good,
                "body",
                now + 301,
                Err(VerifyError::TooOld(301)),
            ),
            (
                "m1",
                "1000000",
                &good,
                "body",
                now - 301,
                Err(VerifyError::TooNew(301)),
            ),
            (
                "m2",
                "1000000",
                &good,
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000001",
                &good,
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            // the text is what was signed, not the number it spells
            (
                "m1",
                "+1000000",
                &good,
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                &good,
                "Body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                &good,
                "body\n",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                &format!("v2,{raw}"),
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                raw,
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                &good[..good.len() - 8],
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                "v1,",
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "1000000",
                &crowd,
                "body",
                now,
                Err(VerifyError::Mismatch),
            ),
            (
                "m1",
                "2026-01-01T00:00:00Z",
                &good,
                "body",
                now,
                Err(VerifyError::Timestamp),
            ),
            (
                "m1",
                "99999999999999999999",
                &good,
                "body",
                now,
                Err(VerifyError::Timestamp),
            ),
            (
                "m1",
                "-9223372036854775808",
                &good,
                "body",
                now,
                Err(VerifyError::TooOld(i64::MAX)),
            ),
            (
                "",
                "1000000",
                &good,
                "body",
                now,
                Err(VerifyError::Missing(ID)),
            ),
        ];
        let secrets = [new.clone(), old.clone()];
        for (id, timestamp, signature, body, at_s, expected) in table {
            let headers = headers(id, timestamp, signature);
            let now = Time::from_ms(at_s * 1000);
            let verdict = verify(&secrets, &headers, body.as_bytes(), now, TOLERANCE_S).map(|_| ());
            assert_eq!(verdict, expected, "{id} {timestamp} {signature} {body}");
        }

        let headers = headers("m1", "1000000", &both);
        let now = Time::from_ms(now * 1000);
        for (knows, fits) in [(&old, true), (&new, true), (&strange, false)] {
            let knows = std::slice::from_ref(knows);
            assert_eq!(
                verify(knows, &headers, b"body", now, TOLERANCE_S).is_ok(),
                fits
            );
        }
        assert_eq!(
            verify(&[], &headers, b"body", now, TOLERANCE_S),
            Err(VerifyError::Mismatch)
        );
        for name in [ID, TIMESTAMP, SIGNATURE] {
            let mut without = headers.clone();
            without.remove(name);
            assert_eq!(
                verify(&secrets, &without, b"body", now, TOLERANCE_S),
                Err(VerifyError::Missing(name))
            );
        }
    }

    #[test]
    fn secrets_have_the_standard_shape_and_do_not_leak() {
        let of = |n: usize| format!("whsec_{}", STANDARD.encode(vec![7; n]));
        for n in [24, 32, 64] {
            assert_eq!(Secret::parse(&of(n)).unwrap().expose(), of(n));
        }
        assert_eq!(
            Secret::parse(of(32).trim_end_matches('='))
                .unwrap()
                .expose(),
            of(32)
        );
        for (text, expected) in [
            (of(23), SecretError::Length(23)),
            (of(65), SecretError::Length(65)),
            ("whsec_".to_owned(), SecretError::Length(0)),
            ("whsec_?".to_owned(), SecretError::Base64),
            ("abc".to_owned(), SecretError::Prefix),
        ] {
            assert_eq!(Secret::parse(&text), Err(expected), "{text}");
        }
        assert_eq!(
            format!("{:?}", Secret::generate([9; 32])),
            "Secret(whsec_…)"
        );
    }
}
