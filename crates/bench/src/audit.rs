//! `audit`: how long an auditor waits who checks a trail with nothing but the file, a checkpoint and the public key.
//!
//! The file is made with the product's own chain, tree and signatures, in the mix in which a shop's trail has them. Then the real
//! program checks it (`meshline audit verify FILE --checkpoint NOTE --key KEY`), as a process of its own: its start, the
//! reading and everything it prints are part of the time. At the end one letter in the middle is changed, and it must find it.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use domain::{
    Time,
    audit::{
        AuditEntry, Checked, Head, PendingAudit, file,
        note::{Checkpoint, Verifier, public_key},
    },
    overriding::{Statement, Version},
};
use engine::{
    Vault,
    measured::{open_key, seal_key, signed},
};
use serde_json::json;
use testkit::CountedIds;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    clock,
    cores::Cores,
    failure::{Failure, Result, Trying},
    installation::Setting,
    report::{Report, Table},
    samples::{Spread, thousands},
};

const MERCHANT: Uuid = Uuid::from_u128(0x018f_3c1e_7b22_7000_8000_0000_0000_0001);
const PERSON: Uuid = Uuid::from_u128(0x018f_3c1e_7b22_7000_8000_0000_0000_0002);
/// The merchant's private key, and a person's.
const SEED: [u8; 32] = [7; 32];
const PERSONS_SEED: [u8; 32] = [9; 32];
/// One entry in so many carries a person's own signature.
const SIGNED_EVERY: u64 = 1_000;
const AIM_S: f64 = 2.0;
/// What `meshline audit verify` ends with when an entry was altered.
const NOT_INTACT: i32 = 3;

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A trail outside, and what it is checked with.
struct Trail {
    file: PathBuf,
    /// Of nine tenths of it, as somebody kept it.
    note: PathBuf,
    key: String,
    bytes: u64,
    /// Where the details of the entry in the middle begin.
    middle: u64,
}

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    if options.entries < 10 || options.rounds == 0 {
        return Err(Failure::new(
            "at least ten entries and one round are needed",
        ));
    }
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench audit --entries {} --rounds {}",
            options.entries, options.rounds
        ),
    )?;
    let folder = setting.fresh("audit")?;
    eprintln!("writing {} entries", options.entries);
    let trail = write(&folder, options.entries)?;
    report.say(format!(
        "{} entries in a file of {} MB; one in {} carries a person's signature. Checked are each entry's hash, its place in the chain, the tree \
         over all of them against a checkpoint of nine tenths and the one at the end, and every signature. The file has just been written \
         and is in memory. Median of the rounds, least and greatest in brackets. Aim: at most {AIM_S} s.",
        thousands(options.entries as f64, 0),
        thousands(trail.bytes as f64 / 1e6, 0),
        thousands(SIGNED_EVERY as f64, 0),
    ));
    let mut table = Table::new(&["where", "s", "entries/s", "MB/s", "aim"]);
    for (place, cores) in places(setting.cores) {
        let mut took = Vec::new();
        for round in 0..options.rounds {
            eprintln!("{place}, round {} of {}", round + 1, options.rounds);
            let long = check(setting, cores, &trail, options.entries).await?;
            took.push(long.as_secs_f64());
        }
        let rate = |of: f64| Spread::of(took.iter().map(|s| of / s)).text(0);
        table.row([
            place.to_owned(),
            Spread::of(took.iter().copied()).text(2),
            rate(options.entries as f64),
            rate(trail.bytes as f64 / 1e6),
            format!("≤ {AIM_S}"),
        ]);
    }
    report.show(table);
    must_find_a_change(setting, &trail).await?;
    report.say(
        "With one letter of one entry in the middle changed, it said which line and ended with 3.",
    );
    // half a gigabyte that nobody needs any more
    std::fs::remove_dir_all(&folder).trying("remove the trail")?;
    Ok(report)
}

/// One core, and the whole machine where there is more.
fn places(cores: Cores) -> Vec<(&'static str, Option<&'static str>)> {
    match cores {
        Cores::Apart { .. } => vec![("one core", Some("0")), ("two cores", Some("0,1"))],
        Cores::Shared(_) => vec![("wherever the system puts it", None)],
    }
}

fn verifier(setting: &Setting, cores: Option<&str>, trail: &Trail) -> Command {
    let mut command = match cores {
        Some(list) => {
            let mut command = Command::new("taskset");
            command.args(["-c", list]).arg(&setting.binary);
            command
        }
        None => Command::new(&setting.binary),
    };
    command
        .kill_on_drop(true)
        .args(["audit", "verify"])
        .arg(&trail.file)
        .arg("--checkpoint")
        .arg(&trail.note)
        .args(["--key", &trail.key]);
    command
}

async fn check(
    setting: &Setting,
    cores: Option<&str>,
    trail: &Trail,
    many: u64,
) -> Result<Duration> {
    let mut command = verifier(setting, cores, trail);
    let begun = clock::now();
    let output = command
        .output()
        .await
        .trying("run `meshline audit verify`")?;
    let took = begun.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    let kept = file::grouped(many / 10 * 9);
    let persons = file::grouped(many / SIGNED_EVERY);
    let whole = said.contains(&format!("intact, {} entries", file::grouped(many)))
        && said.contains(&format!("vouches for the first {kept} entries"))
        && (many < 2 * SIGNED_EVERY
            || said.contains(&format!("{persons} entries signed by persons")));
    if output.status.success() && whole {
        return Ok(took);
    }
    Err(Failure::new(format!(
        "`meshline audit verify` did not find it whole: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    )))
}

async fn must_find_a_change(setting: &Setting, trail: &Trail) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .open(&trail.file)
        .and_then(|mut file| {
            file.seek(SeekFrom::Start(trail.middle))?;
            file.write_all(b"X")
        })
        .trying("change the trail")?;
    let output = verifier(setting, None, trail)
        .output()
        .await
        .trying("run `meshline audit verify`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NOT_INTACT) && said.contains("altered") {
        return Ok(());
    }
    Err(Failure::new(format!(
        "a letter was changed, and `meshline audit verify` ended with {:?}: {said}",
        output.status.code()
    )))
}

fn write(folder: &Path, many: u64) -> Result<Trail> {
    let (file, note) = (folder.join("trail.jsonl"), folder.join("kept.note"));
    let key = Verifier::new(MERCHANT, &public_key(&SEED)).trying("make a key")?;
    let vault = Vault::new(&[7; 32]);
    let persons = seal_key(&vault, &CountedIds::default(), PERSON, &PERSONS_SEED)
        .and_then(|sealed| open_key(&vault, PERSON, &sealed))
        .trying("make a person's key")?;
    let mut head = Head::genesis(MERCHANT);
    let mut checked = Checked::new(MERCHANT);
    let opened = File::create(&file).trying(format!("write {}", file.display()))?;
    let mut out = Counted {
        to: BufWriter::with_capacity(1 << 20, opened),
        bytes: 0,
    };
    let mut middle = 0;
    for n in 0..many {
        let mut pending = happened(n);
        if n % SIGNED_EVERY == SIGNED_EVERY - 1 {
            pending = overridden(pending, n, |statement| signed(&persons, statement));
        }
        let entry = head.append(pending);
        checked.push(&entry).trying("follow the chain")?;
        if n == many / 2 {
            middle = out.bytes + place_of_actor(&entry)?;
        }
        file::write_entry(&mut out, &entry).trying("write an entry")?;
        if checked.tree().size() == many / 10 * 9 {
            let text = Checkpoint::of(MERCHANT, checked.tree()).sign(&SEED);
            std::fs::write(&note, text).trying("write a checkpoint")?;
        }
    }
    let own = Checkpoint::of(MERCHANT, checked.tree()).sign(&SEED);
    file::write_end(&mut out, head, Some(&own)).trying("write the end")?;
    out.flush().trying("write the trail")?;
    Ok(Trail {
        file,
        note,
        key: key.to_string(),
        bytes: out.bytes,
        middle,
    })
}

/// The first letter of who it was, in the entry's line.
fn place_of_actor(entry: &AuditEntry) -> Result<u64> {
    const NAME: &str = "\"actor\":\"";
    let mut line = Vec::new();
    file::write_entry(&mut line, entry).trying("write an entry")?;
    let text = String::from_utf8_lossy(&line);
    let at = text.find(NAME).map(|at| at + NAME.len());
    at.map(|at| at as u64)
        .ok_or_else(|| Failure::new("an entry names nobody"))
}

const STANDING: [&str; 5] = [
    "schema",
    "owner_resolvable",
    "sla_parseable",
    "exception_path_defined",
    "no_duplicate_or_conflict",
];

fn passed(check: &str) -> serde_json::Value {
    json!({ "check": check, "status": "passed", "detail": null, "faults": [] })
}

/// What becomes of one order, over and over: what the engine notes from its receipt to its completion.
fn happened(n: u64) -> PendingAudit {
    let order = n / 10;
    let id = |kind: u64| {
        let mixed = (order + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Uuid::from_u64_pair(0x019a_0000_0000_7000 + kind, mixed | 1 << 63)
    };
    let hash = format!(
        "sha256:{:064x}",
        u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c)
    );
    let (actor, action, kind, subject, detail) = match n % 10 {
        0 => (
            format!("source:{}", id(9)),
            "receipt.accepted",
            "receipt",
            id(1),
            json!({ "topic": "orders/create", "body_sha256": &hash[7..] }),
        ),
        1 => (
            "system".into(),
            "order.updated",
            "order",
            id(2),
            json!({ "event": "order_accepted", "receipt_id": id(1), "facts": 1 }),
        ),
        2 => (
            "system".into(),
            "run.started",
            "run",
            id(3),
            json!({ "flow": "order-to-ship", "version": 3, "subject": id(2) }),
        ),
        3 => (
            "system".into(),
            "export.created",
            "export",
            id(4),
            json!({
                "export_type": "fulfillment_request", "version": 1, "supersedes": null, "content_hash": hash,
                "contract_version": "1.4", "owner": "agency:logistics",
            }),
        ),
        4 => (
            "system".into(),
            "export.checked",
            "export",
            id(4),
            json!({
                "state": "awaiting_approval",
                "qa": STANDING.map(passed),
            }),
        ),
        5 => (
            "system".into(),
            "approval.asked",
            "approval",
            id(5),
            json!({
                "export_id": id(4), "step": 1, "of": 1, "owner": "agency:operations", "others": [], "needs": 1,
                "accept_by": "2026-11-20T09:15:00.000Z", "content_hash": hash,
            }),
        ),
        6 => (
            format!("user:{PERSON}"),
            "approval.approved",
            "approval",
            id(5),
            json!({
                "export_id": id(4), "step": 1, "of": 1, "content_hash": hash, "note": "Called the customer: “yes, all three”.",
                "for": null, "missing": 0, "was_escalated": false,
            }),
        ),
        7 => (
            "system".into(),
            "export.ready",
            "export",
            id(4),
            json!({ "content_hash": hash }),
        ),
        8 => (
            "system".into(),
            "delivery.attempted",
            "export",
            id(4),
            json!({ "n": 1, "http_status": 200, "verdict": "accepted", "next_at": null }),
        ),
        _ => (
            "destination:harbor-3pl".into(),
            "export.acknowledged",
            "export",
            id(4),
            json!({ "status": "accepted", "external_ref": format!("SBX-{order:012X}"), "exception_code": null }),
        ),
    };
    PendingAudit {
        merchant_id: MERCHANT,
        at: Time::from_ms(1_763_600_000_000 + i64::try_from(n).unwrap_or(0) * 37),
        actor,
        action: action.to_owned(),
        subject_kind: kind.to_owned(),
        subject_id: subject.to_string(),
        detail: detail.to_string(),
        trace_id: Some(format!(
            "{:032x}",
            u128::from(order + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        )),
    }
}

/// Somebody changed an export, and signed for it.
fn overridden(
    pending: PendingAudit,
    n: u64,
    sign: impl FnOnce(&Statement<'_>) -> serde_json::Value,
) -> PendingAudit {
    let hashes = [n, n + 1].map(|n| format!("sha256:{n:064x}"));
    let version = |at: usize| Version {
        export_id: Uuid::from_u128(u128::from(n) * 2 + at as u128),
        version: 1 + at as i64,
        content_hash: &hashes[at],
    };
    let why = "The customer called: the third line is a gift and is packed apart.";
    let signature = sign(&Statement {
        merchant_id: MERCHANT,
        from: version(0),
        to: version(1),
        justification: why,
        user_id: PERSON,
        at: pending.at,
    });
    PendingAudit {
        actor: format!("user:{PERSON}"),
        action: "export.overridden".to_owned(),
        detail: json!({
            "supersedes": version(0).export_id, "version": 2, "why": why, "before": hashes[0], "after": hashes[1],
            "contract_version": "1.4", "signature": signature,
        })
        .to_string(),
        ..pending
    }
}

/// Knows how far it came.
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trail_holds_and_its_middle_is_where_it_is_said_to_be() {
        let folder =
            std::env::temp_dir().join(format!("meshline-bench-audit-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let trail = write(&folder, 2_000).unwrap();
        let mut bytes = std::fs::read(&trail.file).unwrap();
        let note = std::fs::read_to_string(&trail.note).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(bytes.len() as u64, trail.bytes);
        let given = [file::Given {
            name: "kept".to_owned(),
            note: note.parse().unwrap(),
        }];
        let keys = [trail.key.parse().unwrap()];
        let report = file::verify(bytes.as_slice(), &given, &keys).unwrap();
        assert_eq!((report.head.seq, report.signed_entries), (2_000, 2));
        assert_eq!(report.vouched[0], ("kept".to_owned(), 1_800));

        let at = usize::try_from(trail.middle).unwrap();
        bytes[at] = b'X';
        let refusal = file::verify(bytes.as_slice(), &given, &keys).unwrap_err();
        assert!(refusal.to_string().starts_with("line 1001, "), "{refusal}");
    }
}
