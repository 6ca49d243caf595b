//! Signed notes and checkpoints, as others read them too (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
//!
//! A checkpoint is four lines of text and a signature below:
//!
//! ```text
//! meshline.audit/018f3c1e-…
//! 1204
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — meshline.audit/018f3c1e-… Az3grlgtzPICa5OS8npVmf1Myq/5…
//! ```
//!
//! The first line says whose trail it is, the second how many entries it vouches for, the third is the root of
//! the tree over them ([`super::merkle`]). Each merchant has a key of its own, whose name is that first line:
//! one that comes out harms nobody else, and one is all that a merchant's own auditor has to trust. When a key
//! is replaced the name stays; its number, four bytes of a hash, tells it from the one before.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::merkle::{Frontier, Node};

/// Before the merchant's id in the first line.
const ORIGIN: &str = "meshline.audit/";
/// How Ed25519 is written in a key.
const ED25519: u8 = 1;
/// A note with more signatures is nobody's.
const MOST_SIGNATURES: usize = 32;

/// How a merchant's trail is called outside.
pub fn origin(merchant_id: Uuid) -> String {
    format!("{ORIGIN}{merchant_id}")
}

/// The number by which a signature says who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyNumber(pub [u8; 4]);

impl fmt::Display for KeyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

fn key_number(name: &str, key: &[u8; 32]) -> KeyNumber {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key)
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    KeyNumber([a, b, c, d])
}

/// A public key with its name: `name+number+base64`, as it is handed to whoever checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKey(String);

impl Verifier {
    pub fn new(merchant_id: Uuid, public: &[u8; 32]) -> Result<Self, BadKey> {
        let key = VerifyingKey::from_bytes(public)
            .map_err(|_| BadKey("these 32 bytes are not an Ed25519 public key".to_owned()))?;
        Ok(Self {
            name: origin(merchant_id),
            key,
        })
    }

    pub fn number(&self) -> KeyNumber {
        key_number(&self.name, self.key.as_bytes())
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519][..], self.key.as_bytes()].concat();
        write!(
            f,
            "{}+{}+{}",
            self.name,
            self.number(),
            STANDARD.encode(key)
        )
    }
}

impl FromStr for Verifier {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let wrong = |why: &str| BadKey(format!("{text:?} is not a public key: {why}"));
        // a name has no plus, the key may have some
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(number), Some(key)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong(
                "it reads NAME+NUMBER+KEY, as the audit page shows it",
            ));
        };
        if !is_name(name) {
            return Err(wrong("its name is empty or has spaces"));
        }
        let key = STANDARD
            .decode(key)
            .map_err(|_| wrong("its last part is not Base64"))?;
        let [ED25519, key @ ..] = key.as_slice() else {
            return Err(wrong("it is not an Ed25519 key"));
        };
        let key = <&[u8; 32]>::try_from(key).map_err(|_| wrong("it is not 32 bytes long"))?;
        let found = Self {
            name: name.to_owned(),
            key: VerifyingKey::from_bytes(key)
                .map_err(|_| wrong("it is not a point of the curve"))?,
        };
        if found.number().to_string() != number {
            return Err(wrong("its number does not fit; was it copied whole?"));
        }
        Ok(found)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '+')
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    /// How many entries it vouches for.
    pub size: u64,
    pub root: Node,
}

impl Checkpoint {
    pub fn of(merchant_id: Uuid, tree: &Frontier) -> Self {
        Self {
            origin: origin(merchant_id),
            size: tree.size(),
            root: tree.root(),
        }
    }

    /// The lines that are signed.
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }

    /// The text with the signature below. `seed` is the private key.
    pub fn sign(&self, seed: &[u8; 32]) -> String {
        let key = SigningKey::from_bytes(seed);
        let text = self.text();
        let number = key_number(&self.origin, key.verifying_key().as_bytes());
        let signed = [&number.0[..], &key.sign(text.as_bytes()).to_bytes()].concat();
        format!(
            "{text}\n\u{2014} {} {}\n",
            self.origin,
            STANDARD.encode(signed)
        )
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let is_plain = size == "0" || !size.starts_with(['0', '+']);
        if origin.is_empty() || !is_plain || lines.any(str::is_empty) {
            return None;
        }
        Some(Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: STANDARD.decode(root).ok()?.try_into().ok()?,
        })
    }
}

/// The public half of a private key.
pub fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// Why a checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("it is not a checkpoint: three lines, an empty one, and signatures are expected")]
    NotACheckpoint,
    #[error("no key was given to check its signature with")]
    NoKeys,
    #[error("it was signed with key {}, and that key was not given", listed(.0))]
    UnknownKey(Vec<KeyNumber>),
    #[error("its signature does not fit: it was altered, or forged")]
    Forged,
}

fn listed(numbers: &[KeyNumber]) -> String {
    let numbers: Vec<String> = numbers.iter().map(KeyNumber::to_string).collect();
    numbers.join(", ")
}

/// A checkpoint as it came, to be believed only after [`SignedNote::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    checkpoint: Checkpoint,
    /// Name, number, signature.
    signatures: Vec<(String, KeyNumber, Vec<u8>)>,
}

impl FromStr for SignedNote {
    type Err = Distrust;

    fn from_str(note: &str) -> Result<Self, Distrust> {
        let bad = || Distrust::NotACheckpoint;
        if note.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(bad());
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or_else(bad)?;
        let text = format!("{text}\n");
        let lines = lines.strip_suffix('\n').ok_or_else(bad)?;
        let signatures = lines
            .split('\n')
            .take(MOST_SIGNATURES + 1)
            .map(signature)
            .collect::<Option<Vec<_>>>()
            .filter(|all| all.len() <= MOST_SIGNATURES)
            .ok_or_else(bad)?;
        Ok(Self {
            checkpoint: Checkpoint::read(&text).ok_or_else(bad)?,
            text,
            signatures,
        })
    }
}

fn signature(line: &str) -> Option<(String, KeyNumber, Vec<u8>)> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (number, signature) = bytes.split_first_chunk::<4>()?;
    is_name(name).then(|| (name.to_owned(), KeyNumber(*number), signature.to_vec()))
}

impl SignedNote {
    /// What it says, if one of these keys says so. Signatures of others, witnesses for example, do not
    /// matter; one that says it is of a known key and is not spoils the whole.
    pub fn verify(&self, keys: &[Verifier]) -> Result<&Checkpoint, Distrust> {
        if keys.is_empty() {
            return Err(Distrust::NoKeys);
        }
        let mut known = false;
        for (name, number, signature) in &self.signatures {
            for key in keys {
                if key.name != *name || key.number() != *number {
                    continue;
                }
                let signature = Signature::from_slice(signature).map_err(|_| Distrust::Forged)?;
                key.key
                    .verify_strict(self.text.as_bytes(), &signature)
                    .map_err(|_| Distrust::Forged)?;
                known = true;
            }
        }
        if known {
            Ok(&self.checkpoint)
        } else {
            let numbers = self.signatures.iter().map(|(_, number, _)| *number);
            Err(Distrust::UnknownKey(numbers.collect()))
        }
    }

    /// What it says, whoever says it.
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

#[cfg(test)]
mod tests {
    use signed_note::{Note, StandardVerifier, VerifierList};

    use super::*;

    const MERCHANT: Uuid = Uuid::from_u128(7);
    const SEED: [u8; 32] = [9; 32];

    fn signed() -> (Checkpoint, String, Verifier) {
        let checkpoint = Checkpoint {
            origin: origin(MERCHANT),
            size: 1204,
            root: [5; 32],
        };
        let note = checkpoint.sign(&SEED);
        let key = Verifier::new(MERCHANT, &public_key(&SEED)).unwrap();
        (checkpoint, note, key)
    }

    fn verified(note: &str, keys: &[Verifier]) -> Result<Checkpoint, Distrust> {
        note.parse::<SignedNote>()?.verify(keys).cloned()
    }

    #[test]
    fn others_read_what_we_sign() {
        let (checkpoint, note, key) = signed();
        let theirs = StandardVerifier::new(&key.to_string()).unwrap();
        let list = VerifierList::new(vec![Box::new(theirs)]);
        let opened = Note::from_bytes(note.as_bytes()).unwrap();
        let (good, unknown) = opened.verify(&list).unwrap();
        assert_eq!((good.len(), unknown.len()), (1, 0));
        let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(opened.text()).unwrap();
        assert_eq!(read.origin(), checkpoint.origin);
        assert_eq!(read.size(), 1204);
        assert_eq!(read.hash().0, checkpoint.root);
    }

    /// The note in the documentation of Go's golang.org/x/mod/sumdb/note.
    #[test]
    fn we_check_what_others_signed() {
        let key: Verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
            .parse()
            .unwrap();
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let line = "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let (name, number, bytes) = signature(&format!("\u{2014} {line}")).unwrap();
        assert_eq!((name.as_str(), number), (key.name(), key.number()));
        let signature = Signature::from_slice(&bytes).unwrap();
        assert!(key.key.verify_strict(text.as_bytes(), &signature).is_ok());
        assert_eq!(
            key.to_string(),
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        );
    }

    #[test]
    fn a_key_reads_as_it_is_written_and_a_typing_error_shows() {
        let (_, _, key) = signed();
        let text = key.to_string();
        assert_eq!(text.parse::<Verifier>().unwrap(), key);
        for wrong in [
            text.replacen("meshline", "meshlime", 1),
            text[..text.len() - 4].to_owned(),
            text.replace('+', " "),
            format!("{}+00000000+AQ==", key.name()),
            String::new(),
        ] {
            assert!(wrong.parse::<Verifier>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_key_that_signed_is_believed() {
        let (checkpoint, note, key) = signed();
        assert_eq!(verified(&note, std::slice::from_ref(&key)), Ok(checkpoint));
        assert_eq!(verified(&note, &[]), Err(Distrust::NoKeys));
        let other = Verifier::new(MERCHANT, &public_key(&[8; 32])).unwrap();
        assert_eq!(
            verified(&note, std::slice::from_ref(&other)),
            Err(Distrust::UnknownKey(vec![key.number()]))
        );
        // a witness signs below, and the old key stays good beside the new one
        let mut witnessed = note.clone();
        witnessed.push_str("\u{2014} witness.example AAAAAAAA\n");
        assert!(verified(&witnessed, &[other, key.clone()]).is_ok());
        for altered in [
            note.replacen("1204", "1190", 1),
            note.replacen("BQUF", "BQUE", 1),
        ] {
            assert_eq!(
                verified(&altered, std::slice::from_ref(&key)),
                Err(Distrust::Forged)
            );
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_said_to_be_none() {
        let (_, note, key) = signed();
        for wrong in [
            String::new(),
            "hello".to_owned(),
            note.replace("\n\n", "\n"),
            note.replacen("1204", "01204", 1),
            note.replacen("1204", "-1", 1),
            note.replacen("1204\n", "", 1),
            note.replace('\u{2014}', "-"),
            note.trim_end().to_owned(),
            format!("{note}\n"),
            note.replace('\n', "\r\n"),
        ] {
            assert_eq!(
                verified(&wrong, std::slice::from_ref(&key)),
                Err(Distrust::NotACheckpoint),
                "{wrong:?}"
            );
        }
    }
}
