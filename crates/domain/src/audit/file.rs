//! The trail as a file, and the check that needs nothing else but a public key.
//!
//! One entry a line, as JSON, in the order of the chain; the last line is the checkpoint: the number and hash
//! the chain ends in, and the same as a signed note ([`super::note`]). Checkpoints that were sent out earlier
//! can be laid beside it: each says how long the trail was at least, and what it was up to there.
//!
//! The file is read once, line by line, and nothing of it is kept.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, Write},
};

use serde::{Deserialize, Serialize};

use super::{
    AuditEntry, ChainFault, Checked, EntryView, Fault, Head, agree,
    merkle::Node,
    note::{Distrust, SignedNote, Verifier, origin},
    signature::{self, Signed},
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    checkpoint: Head,
    /// The same, signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Writes one entry as a line.
pub fn write_entry(mut out: impl Write, entry: &AuditEntry) -> io::Result<()> {
    serde_json::to_writer(&mut out, entry)?;
    out.write_all(b"\n")
}

/// Writes the last line.
pub fn write_end(mut out: impl Write, head: Head, note: Option<&str>) -> io::Result<()> {
    let line = LastLine {
        checkpoint: head,
        note: note.map(str::to_owned),
    };
    serde_json::to_writer(&mut out, &line)?;
    out.write_all(b"\n")
}

/// A checkpoint from elsewhere, and what to call it.
#[derive(Clone, Debug)]
pub struct Given {
    pub name: String,
    pub note: SignedNote,
}

/// What holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub head: Head,
    /// Checkpoints with a good signature that fit: what they are called and how far they vouch.
    pub vouched: Vec<(String, u64)>,
    /// Whether the file carries a signed checkpoint, checked or not.
    pub is_signed: bool,
    /// Entries with a person's own signature in them, all of them good, and by how many keys.
    pub signed_entries: u64,
    pub signing_keys: usize,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("line {line}, {fault}")]
    Chain { line: usize, fault: ChainFault },
    #[error("line {line}, audit entry {seq}: the signature in it does not hold: {why}")]
    Signature { line: usize, seq: i64, why: String },
    #[error("{name}: {why}")]
    Distrust { name: String, why: Distrust },
    #[error("{name} is about another trail: it says {says}, and this file is {here}")]
    OtherTrail {
        name: String,
        says: String,
        here: String,
    },
    #[error(
        "{name} vouches for {} entries, the file has {}: the newest {} are missing, the end was cut off",
        grouped(*.vouches), grouped(*.has), grouped(.vouches - .has)
    )]
    Short {
        name: String,
        vouches: u64,
        has: u64,
    },
    #[error(
        "{name} vouches for other entries: each entry fits the one before it, but the first {} are not those that were signed; {}",
        grouped(*.size), since(*.agrees)
    )]
    Rewritten {
        name: String,
        size: u64,
        /// The largest checkpoint below that agrees.
        agrees: Option<u64>,
    },
    #[error(
        "a key was given, but there is nothing signed to check with it: give a checkpoint, or take a newer export"
    )]
    NothingSigned,
}

fn since(agrees: Option<u64>) -> String {
    match agrees {
        Some(size) => format!(
            "up to entry {} the trail is the one that was signed, and it was rewritten behind that",
            grouped(size)
        ),
        None => "the trail was rewritten".to_owned(),
    }
}

/// 1204567 reads 1,204,567.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A checkpoint whose signature is good, waiting for the trail to be as long as it.
struct Awaited {
    name: String,
    size: u64,
    root: Node,
    origin: String,
    /// Whether the tree had this root at this size; not known before it was as large.
    fits: Option<bool>,
}

impl Awaited {
    fn of(given: &Given, keys: &[Verifier]) -> Result<Self, Refusal> {
        let checkpoint = given.note.verify(keys).map_err(|why| Refusal::Distrust {
            name: given.name.clone(),
            why,
        })?;
        Ok(Self {
            name: given.name.clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            origin: checkpoint.origin.clone(),
            fits: None,
        })
    }
}

const OWN: &str = "the file’s own checkpoint";

/// Checks a file against the checkpoints and keys that whoever checks it brings along. Without a key the
/// chain is checked, and no signature of a checkpoint.
pub fn verify(
    mut reader: impl BufRead,
    given: &[Given],
    keys: &[Verifier],
) -> Result<Report, Refusal> {
    let mut awaited = given
        .iter()
        .map(|one| Awaited::of(one, keys))
        .collect::<Result<Vec<_>, _>>()?;
    let mut reading = Reading::default();
    let chain = reading.through(&mut reader, &mut awaited);
    // a shorter file than a checkpoint says is the clearest word on a file whose end is gone
    let last = match chain {
        Err(Refusal::Chain {
            fault:
                ChainFault {
                    what: Fault::NoCheckpoint,
                    ..
                },
            ..
        }) if !given.is_empty() => None,
        Err(other) => return Err(other),
        Ok(last) => Some(last),
    };
    let checked = &reading.checked;
    let size = checked.as_ref().map_or(0, |checked| checked.tree().size());
    let merchant_id = match (checked, &last) {
        (Some(checked), _) => Some(checked.head().merchant_id),
        (None, Some(last)) => Some(last.checkpoint.merchant_id),
        (None, None) => None,
    };
    let own = last.as_ref().and_then(|last| last.note.as_deref());
    let is_signed = own.is_some();
    if let (Some(own), false) = (own, keys.is_empty()) {
        let note = own.parse().map_err(|why| Refusal::Distrust {
            name: OWN.to_owned(),
            why,
        })?;
        let given = Given {
            name: OWN.to_owned(),
            note,
        };
        let mut own = Awaited::of(&given, keys)?;
        let root = checked.as_ref().map(|checked| checked.tree().root());
        own.fits = (own.size == size).then(|| root.is_none_or(|root| root == own.root));
        awaited.push(own);
    }
    if let Some(merchant_id) = merchant_id {
        let here = origin(merchant_id);
        if let Some(other) = awaited.iter().find(|one| one.origin != here) {
            return Err(Refusal::OtherTrail {
                name: other.name.clone(),
                says: other.origin.clone(),
                here,
            });
        }
    }
    settle(&awaited, size)?;
    let Some(last) = last else {
        // every checkpoint that was given fits, and yet the file has no end of its own
        return Err(reading.no_end());
    };
    let found = checked
        .as_ref()
        .map_or(Head::genesis(last.checkpoint.merchant_id), Checked::head);
    let head = agree(found, last.checkpoint).map_err(|fault| reading.at(fault))?;
    if !keys.is_empty() && awaited.is_empty() {
        return Err(Refusal::NothingSigned);
    }
    Ok(Report {
        head,
        vouched: awaited
            .into_iter()
            .map(|one| (one.name, one.size))
            .collect(),
        is_signed,
        signed_entries: reading.signed_entries,
        signing_keys: reading.signing_keys.len(),
    })
}

/// Whether every checkpoint vouches for what was read.
fn settle(awaited: &[Awaited], size: u64) -> Result<(), Refusal> {
    let mut by_size: Vec<&Awaited> = awaited.iter().collect();
    by_size.sort_by_key(|one| one.size);
    let mut agrees = None;
    for one in by_size {
        if one.size > size {
            return Err(Refusal::Short {
                name: one.name.clone(),
                vouches: one.size,
                has: size,
            });
        }
        if one.fits != Some(true) && one.size > 0 {
            return Err(Refusal::Rewritten {
                name: one.name.clone(),
                size: one.size,
                agrees,
            });
        }
        agrees = Some(one.size);
    }
    Ok(())
}

/// A file on its way through.
#[derive(Default)]
struct Reading {
    line: usize,
    checked: Option<Checked>,
    signed_entries: u64,
    signing_keys: BTreeSet<String>,
}

impl Reading {
    fn at(&self, fault: ChainFault) -> Refusal {
        Refusal::Chain {
            line: self.line,
            fault,
        }
    }

    /// The number that the next entry has to have.
    fn next(&self) -> i64 {
        self.checked.as_ref().map_or(0, |one| one.head().seq) + 1
    }

    fn no_end(&self) -> Refusal {
        self.at(ChainFault {
            seq: self.next() - 1,
            what: Fault::NoCheckpoint,
        })
    }

    fn unreadable(&self, why: impl ToString) -> Refusal {
        self.at(ChainFault {
            seq: self.next(),
            what: Fault::Unreadable(why.to_string()),
        })
    }

    fn through(
        &mut self,
        reader: &mut impl BufRead,
        awaited: &mut [Awaited],
    ) -> Result<LastLine, Refusal> {
        let mut last: Option<LastLine> = None;
        let mut line = Vec::with_capacity(1024);
        while read_line(reader, &mut line).map_err(|error| self.unreadable(error))? {
            self.line += 1;
            if last.is_some() {
                return Err(self.unreadable("it stands behind the checkpoint"));
            }
            if line.starts_with(b"{\"checkpoint\"") {
                let end = serde_json::from_slice(&line).map_err(|why| self.unreadable(why))?;
                last = Some(end);
                continue;
            }
            let entry: EntryView<'_> =
                serde_json::from_slice(&line).map_err(|why| self.unreadable(why))?;
            self.entry(&entry, reader)?;
            let Some(checked) = &self.checked else {
                continue;
            };
            for one in awaited.iter_mut() {
                if one.size == checked.tree().size() {
                    one.fits = Some(one.root == checked.tree().root());
                }
            }
        }
        last.ok_or_else(|| self.no_end())
    }

    fn entry(&mut self, entry: &EntryView<'_>, rest: &mut impl BufRead) -> Result<(), Refusal> {
        let checked = self
            .checked
            .get_or_insert_with(|| Checked::new(entry.merchant_id));
        let followed = checked.push_view(entry, |wanted| comes_later(rest, wanted));
        followed.map_err(|fault| self.at(fault))?;
        match signature::check(&entry.detail) {
            Signed::Not => {}
            Signed::By(key) => {
                self.signed_entries += 1;
                self.signing_keys.insert(key);
            }
            Signed::Wrongly(why) => {
                return Err(Refusal::Signature {
                    line: self.line,
                    seq: entry.seq,
                    why,
                });
            }
        }
        Ok(())
    }
}

/// False at the end.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    reader.read_until(b'\n', line)?;
    Ok(!line.is_empty())
}

fn comes_later(rest: &mut impl BufRead, wanted: i64) -> bool {
    let mut line = Vec::new();
    while let Ok(true) = read_line(rest, &mut line) {
        let found = serde_json::from_slice::<EntryView<'_>>(&line);
        if found.is_ok_and(|later| later.seq == wanted) {
            return true;
        }
    }
    false
}
