//! Overriding: a person changes what an export says, and signs for it.
//!
//! What is signed is one line of canonical JSON (RFC 8785) that names both versions by the hash of their content,
//! who, why and when. The line, the signature and the public key stand in the audit entry, so that whoever has
//! the trail can check it, with nothing but Ed25519 and without asking us.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{canonical, time::Time};

/// What kind of sentence it is: no signature of one kind can be taken for one of another.
pub const STATEMENT: &str = "meshline.override.v1";

/// On the version that a person made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    pub by: Uuid,
    pub at: Time,
    pub why: String,
    /// The hash of what the facts said at that moment: while they say the same, the override stands.
    pub facts_hash: String,
    pub key_id: String,
}

/// One version, by what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    pub export_id: Uuid,
    pub version: i64,
    pub content_hash: &'a str,
}

/// What somebody signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    pub merchant_id: Uuid,
    pub from: Version<'a>,
    pub to: Version<'a>,
    pub justification: &'a str,
    pub user_id: Uuid,
    pub at: Time,
}

impl Statement<'_> {
    /// The very bytes that are signed.
    pub fn line(&self) -> String {
        let version = |one: &Version<'_>| {
            json!({
                "export_id": one.export_id, "version": one.version, "content_hash": one.content_hash,
            })
        };
        let said = json!({
            "statement": STATEMENT,
            "merchant_id": self.merchant_id,
            "from": version(&self.from),
            "to": version(&self.to),
            "justification": self.justification,
            "user_id": self.user_id,
            "at": self.at,
        });
        String::from_utf8_lossy(&canonical::to_vec(&said)).into_owned()
    }
}

/// Names a key by what it is checked with: `ed25519:` and the first sixteen digits of its hash.
pub fn key_id(public_key: &[u8]) -> String {
    let digest = hex::encode(Sha256::digest(public_key));
    format!("ed25519:{}", &digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_one_line_in_one_order() {
        let version = |n: i64, content_hash: &'static str| Version {
            export_id: Uuid::from_u128(n.unsigned_abs().into()),
            version: n,
            content_hash,
        };
        let statement = Statement {
            merchant_id: Uuid::from_u128(9),
            from: version(1, "sha256:aa"),
            to: version(2, "sha256:bb"),
            justification: "The “old” price\nwas wrong",
            user_id: Uuid::from_u128(3),
            at: Time::from_ms(0),
        };
        assert_eq!(
            statement.line(),
            concat!(
                r#"{"at":"1970-01-01T00:00:00.000Z","from":{"content_hash":"sha256:aa","#,
                r#""export_id":"00000000-0000-0000-0000-000000000001","version":1},"#,
                r#""justification":"The “old” price\nwas wrong","#,
                r#""merchant_id":"00000000-0000-0000-0000-000000000009","#,
                r#""statement":"meshline.override.v1","to":{"content_hash":"sha256:bb","#,
                r#""export_id":"00000000-0000-0000-0000-000000000002","version":2},"#,
                r#""user_id":"00000000-0000-0000-0000-000000000003"}"#,
            )
        );
    }
}
