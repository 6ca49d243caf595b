//! The audit trail: who did what to which subject, when, and why, as a hash chain per merchant.
//!
//! A use-case says what happened as a [`PendingAudit`], in the transaction that made it happen. When
//! that transaction ends, the store gives every pending entry the merchant's next number and chains
//! it: `hash = SHA-256(canonical bytes of every field, the number and the hash before it)`. The last
//! number and hash are the merchant's [`Head`].
//!
//! Whoever holds the entries and the head can check, with nothing but this module, that no entry was
//! altered, removed, reordered or cut off the end. What the chain cannot show by itself is a chain
//! rewritten as a whole together with its head; for that a head has to be kept somewhere else, which
//! is why an export closes with one (the checkpoint line).

use std::{
    fmt,
    io::{self, BufRead, Write},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Time;

/// Names the canonical byte form. A new form gets a new name, and old entries keep the old one.
const FORM: &str = "meshline.audit.v1";

/// The SHA-256 of one entry; 64 hexadecimal digits outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| format!("{text:?} is not a SHA-256 in hexadecimal"))?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for AuditHash {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
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

/// The hash that `entry` must carry when it stands behind `prev`.
///
/// Numbers have a fixed width, texts are preceded by their length and the optional text by whether
/// it is there, so that two different entries never have the same bytes.
pub fn link(prev: &AuditHash, entry: &AuditEntry) -> AuditHash {
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
    #[error("it belongs to another merchant")]
    Foreign,
    #[error(
        "the chain ends before it, but the recorded head says that it exists: the end was cut off"
    )]
    Truncated,
    #[error("the recorded head is not the hash of this entry: the end was replaced")]
    HeadDiffers,
    #[error("line {line} cannot be read: {why}")]
    Unreadable { line: usize, why: String },
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
        follow(&mut head, &entry, |wanted| {
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
    entry: &AuditEntry,
    comes_later: impl FnOnce(i64) -> bool,
) -> Result<(), ChainFault> {
    let expected = head.seq + 1;
    let fault = |seq, what| Err(ChainFault { seq, what });
    if entry.merchant_id != head.merchant_id {
        return fault(entry.seq, Fault::Foreign);
    }
    if entry.seq < expected {
        return fault(entry.seq, Fault::Repeated);
    }
    if entry.seq > expected {
        let what = if comes_later(expected) {
            Fault::Reordered
        } else {
            Fault::Removed
        };
        return fault(expected, what);
    }
    if link(&entry.prev_hash, entry) != entry.hash {
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    checkpoint: Head,
}

/// Writes a chain as JSON lines: one entry per line, and the head as the last line.
pub fn write_export(
    mut out: impl Write,
    entries: impl IntoIterator<Item = AuditEntry>,
    head: Head,
) -> io::Result<()> {
    for entry in entries {
        serde_json::to_writer(&mut out, &entry)?;
        out.write_all(b"\n")?;
    }
    serde_json::to_writer(&mut out, &CheckpointLine { checkpoint: head })?;
    out.write_all(b"\n")
}

/// Checks an exported chain, needing nothing but the file. The last line must be the checkpoint.
pub fn verify_export(reader: impl BufRead) -> Result<Head, ChainFault> {
    let mut head: Option<Head> = None;
    let mut checkpoint: Option<Head> = None;
    let mut lines = reader.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let seq = head.map_or(1, |head| head.seq + 1);
        let unreadable = |why: String| ChainFault {
            seq,
            what: Fault::Unreadable {
                line: index + 1,
                why,
            },
        };
        let line = line.map_err(|error| unreadable(error.to_string()))?;
        if checkpoint.is_some() {
            return Err(unreadable("it stands behind the checkpoint".to_owned()));
        }
        if line.starts_with("{\"checkpoint\"") {
            let line: CheckpointLine =
                serde_json::from_str(&line).map_err(|error| unreadable(error.to_string()))?;
            checkpoint = Some(line.checkpoint);
            continue;
        }
        let entry: AuditEntry =
            serde_json::from_str(&line).map_err(|error| unreadable(error.to_string()))?;
        let head = head.get_or_insert(Head::genesis(entry.merchant_id));
        follow(head, &entry, |wanted| {
            lines.any(|(_, line)| {
                line.is_ok_and(|line| {
                    serde_json::from_str::<AuditEntry>(&line).is_ok_and(|later| later.seq == wanted)
                })
            })
        })?;
    }
    match (head, checkpoint) {
        (found, Some(recorded)) => agree(
            found.unwrap_or(Head::genesis(recorded.merchant_id)),
            recorded,
        ),
        (found, None) => Err(ChainFault {
            seq: found.map_or(0, |head| head.seq),
            what: Fault::NoCheckpoint,
        }),
    }
}

#[cfg(test)]
mod tests;
