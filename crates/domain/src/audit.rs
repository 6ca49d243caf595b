//! The audit trail: who did what to which subject, when, and why, as a hash chain per merchant.
//!
//! A use-case says what happened as a [`PendingAudit`], in the transaction that made it happen. When
//! that transaction ends, the store gives every pending entry the merchant's next number and chains
//! it: `hash = SHA-256(canonical bytes of every field, the number and the hash before it)`. The last
//! number and hash are the merchant's [`Head`].
//!
//! Whoever holds the entries and the head can check, with nothing but this module, that no entry was
//! altered, removed, reordered or cut off the end. What the chain cannot show by itself is a chain
//! rewritten as a whole together with its head, or one whose newest entries are gone; for that there is the
//! tree over all entries ([`merkle`]), whose root is signed from time to time and kept elsewhere ([`note`]).
//! [`file`] is the trail outside, as a file, with both.

pub mod file;
pub mod merkle;
pub mod note;
mod signature;
pub mod witness;

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Time;

/// Names the canonical byte form. A new form gets a new name, and old entries keep the old one.
const FORM: &str = "meshline.audit.v1";

/// The SHA-256 of one entry; 64 hexadecimal digits outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct AuditHash(pub [u8; 32]);

impl AuditHash {
    /// What stands before the first entry.
    pub const GENESIS: Self = Self([0; 32]);
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AuditHash {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        read_hex(text)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a SHA-256 in hexadecimal"))
    }
}

/// Whoever checks a million entries reads two million hashes: with a table this takes a tenth of the time.
fn read_hex(text: &str) -> Option<[u8; 32]> {
    const NONE: u8 = 0xff;
    const VALUES: [u8; 256] = {
        let mut values = [NONE; 256];
        let mut digit = 0;
        while digit < 10 {
            values[(b'0' + digit) as usize] = digit;
            digit += 1;
        }
        let mut letter = 0;
        while letter < 6 {
            values[(b'a' + letter) as usize] = 10 + letter;
            values[(b'A' + letter) as usize] = 10 + letter;
            letter += 1;
        }
        values
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    let mut wrong = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        // both nibbles of a value that is none are set, those of a digit are at most four bits
        wrong |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    (wrong & 0xf0 == 0).then_some(bytes)
}

impl<'de> Deserialize<'de> for AuditHash {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = AuditHash;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a SHA-256 in hexadecimal")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<AuditHash, E> {
                text.parse().map_err(E::custom)
            }
        }
        // a million of them are read at a time: none is copied first
        d.deserialize_str(Text)
    }
}

impl From<AuditHash> for String {
    fn from(hash: AuditHash) -> Self {
        hash.to_string()
    }
}

/// Something that happened and is not chained yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAudit {
    pub merchant_id: Uuid,
    pub at: Time,
    /// Who: `person:<id>`, `source:<id>`, `engine`.
    pub actor: String,
    /// What, as a verb of the domain: `export.approved`.
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// Before, after and why, as JSON text. It is hashed as it stands, byte for byte.
    pub detail: String,
    pub trace_id: Option<String>,
}

/// One link of a merchant's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    pub merchant_id: Uuid,
    /// 1 for the merchant's first entry, then without gaps.
    pub seq: i64,
    pub at: Time,
    pub actor: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub detail: String,
    pub trace_id: Option<String>,
    pub prev_hash: AuditHash,
    pub hash: AuditHash,
}

/// The end of a merchant's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub merchant_id: Uuid,
    pub seq: i64,
    pub hash: AuditHash,
}

impl Head {
    /// The head of a merchant about whom nothing is recorded yet.
    pub const fn genesis(merchant_id: Uuid) -> Self {
        Self {
            merchant_id,
            seq: 0,
            hash: AuditHash::GENESIS,
        }
    }

    /// Chains one more entry behind this head, and moves the head onto it.
    pub fn append(&mut self, pending: PendingAudit) -> AuditEntry {
        let mut entry = AuditEntry {
            merchant_id: self.merchant_id,
            seq: self.seq + 1,
            at: pending.at,
            actor: pending.actor,
            action: pending.action,
            subject_kind: pending.subject_kind,
            subject_id: pending.subject_id,
            detail: pending.detail,
            trace_id: pending.trace_id,
            prev_hash: self.hash,
            hash: AuditHash::GENESIS,
        };
        entry.hash = link(&self.hash, &entry);
        self.seq = entry.seq;
        self.hash = entry.hash;
        entry
    }
}

/// An entry as it stands somewhere else: in a line of a file, or in an [`AuditEntry`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryView<'a> {
    merchant_id: Uuid,
    seq: i64,
    at: Time,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    subject_kind: Cow<'a, str>,
    #[serde(borrow)]
    subject_id: Cow<'a, str>,
    #[serde(borrow)]
    detail: Cow<'a, str>,
    #[serde(borrow)]
    trace_id: Option<Cow<'a, str>>,
    prev_hash: AuditHash,
    hash: AuditHash,
}

impl AuditEntry {
    fn view(&self) -> EntryView<'_> {
        EntryView {
            merchant_id: self.merchant_id,
            seq: self.seq,
            at: self.at,
            actor: (&self.actor).into(),
            action: (&self.action).into(),
            subject_kind: (&self.subject_kind).into(),
            subject_id: (&self.subject_id).into(),
            detail: (&self.detail).into(),
            trace_id: self.trace_id.as_ref().map(Into::into),
            prev_hash: self.prev_hash,
            hash: self.hash,
        }
    }
}

/// The hash that `entry` must carry when it stands behind `prev`.
pub fn link(prev: &AuditHash, entry: &AuditEntry) -> AuditHash {
    link_view(prev, &entry.view())
}

/// Numbers have a fixed width, texts are preceded by their length and the optional text by whether
/// it is there, so that two different entries never have the same bytes.
fn link_view(prev: &AuditHash, entry: &EntryView<'_>) -> AuditHash {
    let mut hasher = Sha256::new();
    let text = |hasher: &mut Sha256, text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    text(&mut hasher, FORM);
    hasher.update(prev.0);
    hasher.update(entry.merchant_id.as_bytes());
    hasher.update(entry.seq.to_be_bytes());
    hasher.update(entry.at.as_ms().to_be_bytes());
    for part in [
        &entry.actor,
        &entry.action,
        &entry.subject_kind,
        &entry.subject_id,
        &entry.detail,
    ] {
        text(&mut hasher, part);
    }
    match &entry.trace_id {
        None => hasher.update([0]),
        Some(trace_id) => {
            hasher.update([1]);
            text(&mut hasher, trace_id);
        }
    }
    AuditHash(hasher.finalize().into())
}

/// The first place at which a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audit entry {seq}: {what}")]
pub struct ChainFault {
    /// The number of the entry that is wrong, or that should be there.
    pub seq: i64,
    pub what: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("its content does not match its hash: it was altered")]
    Altered,
    #[error("it does not refer to the entry before it: one of the two was replaced")]
    Unlinked,
    #[error("it is missing: it was removed")]
    Removed,
    #[error("it stands in the wrong place: entries were reordered")]
    Reordered,
    #[error("it is there more than once")]
    Repeated,
    #[error("two different entries have this number: one was inserted")]
    Inserted,
    #[error("it belongs to another merchant")]
    Foreign,
    #[error(
        "the chain ends before it, but the recorded head says that it exists: the end was cut off"
    )]
    Truncated,
    #[error("the recorded head is not the hash of this entry: the end was replaced")]
    HeadDiffers,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("there is no checkpoint line behind it: the end was cut off")]
    NoCheckpoint,
}

/// Checks a whole chain of one merchant, from its first entry, and against its recorded head if
/// there is one. Returns the head that the entries themselves lead to.
pub fn verify_chain(
    merchant_id: Uuid,
    entries: impl IntoIterator<Item = AuditEntry>,
    recorded: Option<Head>,
) -> Result<Head, ChainFault> {
    let mut head = Head::genesis(merchant_id);
    let mut entries = entries.into_iter();
    while let Some(entry) = entries.next() {
        follow(&mut head, &entry.view(), |wanted| {
            entries.any(|later| later.seq == wanted)
        })?;
    }
    match recorded {
        Some(recorded) => agree(head, recorded),
        None => Ok(head),
    }
}

/// Moves the head over one entry. `comes_later` says whether an entry that should stand here stands
/// further behind, which is what tells a moved entry from a removed one.
fn follow(
    head: &mut Head,
    entry: &EntryView<'_>,
    comes_later: impl FnOnce(i64) -> bool,
) -> Result<(), ChainFault> {
    let expected = head.seq + 1;
    let fault = |seq, what| Err(ChainFault { seq, what });
    if entry.merchant_id != head.merchant_id {
        return fault(entry.seq, Fault::Foreign);
    }
    if entry.seq < expected {
        let is_another = entry.seq == head.seq && entry.hash != head.hash;
        let what = if is_another {
            Fault::Inserted
        } else {
            Fault::Repeated
        };
        return fault(entry.seq, what);
    }
    if entry.seq > expected {
        let what = if comes_later(expected) {
            Fault::Reordered
        } else {
            Fault::Removed
        };
        return fault(expected, what);
    }
    if link_view(&entry.prev_hash, entry) != entry.hash {
        return fault(expected, Fault::Altered);
    }
    if entry.prev_hash != head.hash {
        return fault(expected, Fault::Unlinked);
    }
    head.seq = entry.seq;
    head.hash = entry.hash;
    Ok(())
}

fn agree(found: Head, recorded: Head) -> Result<Head, ChainFault> {
    let fault = |seq, what| Err(ChainFault { seq, what });
    if recorded.merchant_id != found.merchant_id {
        fault(recorded.seq, Fault::Foreign)
    } else if recorded.seq > found.seq {
        fault(found.seq + 1, Fault::Truncated)
    } else if recorded != found {
        fault(found.seq, Fault::HeadDiffers)
    } else {
        Ok(found)
    }
}

/// A chain that is checked piece by piece, wherever its entries come from, and the tree over it.
#[derive(Clone, Debug)]
pub struct Checked {
    head: Head,
    tree: merkle::Frontier,
}

impl Checked {
    pub fn new(merchant_id: Uuid) -> Self {
        Self {
            head: Head::genesis(merchant_id),
            tree: merkle::Frontier::default(),
        }
    }

    /// The next entry. Whether a missing one comes later is for the caller to say.
    pub fn push(&mut self, entry: &AuditEntry) -> Result<(), ChainFault> {
        self.push_view(&entry.view(), |_| false)
    }

    fn push_view(
        &mut self,
        entry: &EntryView<'_>,
        comes_later: impl FnOnce(i64) -> bool,
    ) -> Result<(), ChainFault> {
        follow(&mut self.head, entry, comes_later)?;
        self.tree.push(&entry.hash);
        Ok(())
    }

    pub fn head(&self) -> Head {
        self.head
    }

    pub fn tree(&self) -> &merkle::Frontier {
        &self.tree
    }

    /// The chain is over: is it what is recorded?
    pub fn ends_in(&self, recorded: Head) -> Result<Head, ChainFault> {
        agree(self.head, recorded)
    }
}

#[cfg(test)]
mod tests;
