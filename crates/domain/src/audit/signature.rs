//! Signatures inside entries: what a person signed with a key of their own, so that nobody, not even who runs
//! the installation, can have done it in their name. They stand in an entry's details:
//!
//! ```json
//! {"signature":{"alg":"ed25519","key_id":"…","public_key":"base64","signed":"{…}","value":"base64"}}
//! ```
//!
//! `signed` is the text that was signed, byte for byte. The chain and the checkpoints bind the public key to
//! the moment; here is only asked whether the signature is of that key over that text.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

/// What an entry's details carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    Not,
    /// Well, by this public key.
    By(String),
    Wrongly(String),
}

pub fn check(detail: &str) -> Signed {
    // most entries have none, and there may be a million of them
    if !detail.contains("\"signature\":") {
        return Signed::Not;
    }
    let Ok(detail) = serde_json::from_str::<Value>(detail) else {
        return Signed::Not;
    };
    // others may mention a signature in their own way
    match detail
        .get("signature")
        .filter(|one| one.get("alg").is_some())
    {
        None => Signed::Not,
        Some(signature) => match verified(signature) {
            Ok(key) => Signed::By(key),
            Err(why) => Signed::Wrongly(why),
        },
    }
}

fn verified(signature: &Value) -> Result<String, String> {
    let text = |name: &str| {
        signature
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("it has no {name}"))
    };
    let bytes = |name: &str| {
        let text = text(name)?;
        STANDARD
            .decode(text)
            .map_err(|_| format!("its {name} is not Base64"))
    };
    let alg = text("alg")?;
    if alg != "ed25519" {
        return Err(format!("it is made with {alg}, which is not known here"));
    }
    let (key, value) = (bytes("public_key")?, bytes("value")?);
    let key = <&[u8; 32]>::try_from(key.as_slice())
        .ok()
        .and_then(|key| VerifyingKey::from_bytes(key).ok())
        .ok_or("its public_key is not an Ed25519 key")?;
    let value = Signature::from_slice(&value).map_err(|_| "its value is not 64 bytes long")?;
    key.verify_strict(text("signed")?.as_bytes(), &value)
        .map_err(|_| "it is not of this key over this text".to_owned())?;
    Ok(text("public_key")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, test 2: the private key 4ccd…, the message 0x72.
    const KEY: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
    const VALUE: &str =
        "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==";

    fn detail(alg: &str, signed: &str, key: &str, value: &str) -> String {
        serde_json::json!({
            "why": "a customer asked",
            "signature": { "alg": alg, "key_id": "k1", "public_key": key, "signed": signed, "value": value },
        })
        .to_string()
    }

    #[test]
    fn a_signature_is_of_its_key_over_its_text_or_it_is_wrong() {
        assert_eq!(
            check(&detail("ed25519", "r", KEY, VALUE)),
            Signed::By(KEY.to_owned())
        );
        for (wrong, why) in [
            (detail("ed25519", "s", KEY, VALUE), "not of this key"),
            (detail("rsa", "r", KEY, VALUE), "rsa"),
            (detail("ed25519", "r", &KEY[4..], VALUE), "public_key"),
            (detail("ed25519", "r", KEY, "AAAA"), "64 bytes"),
            (detail("ed25519", "r", KEY, "&"), "Base64"),
            (
                "{\"signature\":{\"alg\":\"ed25519\"}}".to_owned(),
                "no public_key",
            ),
        ] {
            let Signed::Wrongly(said) = check(&wrong) else {
                panic!("{wrong}");
            };
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn what_only_mentions_a_signature_is_not_signed() {
        for detail in [
            "{}",
            "{\"signature\":\"bad\"}",
            "{\"signature\":",
            "{\"a\":{\"signature\":{\"alg\":1}}}",
        ] {
            assert_eq!(check(detail), Signed::Not, "{detail}");
        }
    }
}
