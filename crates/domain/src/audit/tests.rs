use proptest::prelude::*;

use super::{
    file::{Refusal, Report},
    note::{Checkpoint, Distrust, Verifier, public_key},
    *,
};

const MERCHANT: Uuid = Uuid::from_u128(7);

fn pending(n: usize) -> PendingAudit {
    PendingAudit {
        merchant_id: MERCHANT,
        at: Time::from_ms(1_790_000_000_000 + n as i64),
        actor: "engine".to_owned(),
        action: "export.sent".to_owned(),
        subject_kind: "export".to_owned(),
        subject_id: n.to_string(),
        detail: format!("{{\"attempt\":{n}}}"),
        trace_id: n.is_multiple_of(2).then(|| format!("trace-{n}")),
    }
}

fn chain(length: usize) -> (Vec<AuditEntry>, Head) {
    let mut head = Head::genesis(MERCHANT);
    let entries = (0..length).map(|n| head.append(pending(n))).collect();
    (entries, head)
}

fn verify(entries: &[AuditEntry], head: Head) -> Result<Head, ChainFault> {
    verify_chain(MERCHANT, entries.iter().cloned(), Some(head))
}

fn export_with(entries: &[AuditEntry], head: Head, note: Option<&str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        file::write_entry(&mut bytes, entry).unwrap();
    }
    file::write_end(&mut bytes, head, note).unwrap();
    bytes
}

fn export(entries: &[AuditEntry], head: Head) -> Vec<u8> {
    export_with(entries, head, None)
}

fn verify_export(bytes: &[u8]) -> Result<Head, ChainFault> {
    match file::verify(bytes, &[], &[]) {
        Ok(report) => Ok(report.head),
        Err(Refusal::Chain { fault, .. }) => Err(fault),
        Err(other) => panic!("{other}"),
    }
}

/// Changes one field of an entry, chosen by number.
fn alter(entry: &mut AuditEntry, field: usize) {
    match field {
        0 => entry.at = entry.at.plus_ms(1),
        1 => entry.actor.push('x'),
        2 => entry.action.push('x'),
        3 => entry.subject_kind.push('x'),
        4 => entry.subject_id.push('x'),
        5 => entry.detail.push(' '),
        6 => {
            entry.trace_id = if entry.trace_id.is_some() {
                None
            } else {
                Some(String::new())
            }
        }
        7 => entry.prev_hash.0[3] ^= 1,
        8 => entry.hash.0[31] ^= 1,
        // the boundary between two neighbouring texts moves, their concatenation stays
        _ => {
            let last = entry.actor.pop().unwrap();
            entry.action.insert(0, last);
        }
    }
}
const FIELDS: usize = 10;

#[test]
fn the_bytes_that_are_hashed_never_change() {
    let (entries, head) = chain(2);
    assert_eq!(entries[0].prev_hash, AuditHash::GENESIS);
    assert_eq!(entries[1].prev_hash, entries[0].hash);
    assert_eq!(
        head.hash.to_string(),
        "9c31e2a5b3f6c56513ac732ea7e579a4592f7c127a7076f946aabbc513992441"
    );
}

#[test]
fn each_kind_of_damage_has_its_name() {
    let (entries, head) = chain(5);
    let check = |damage: &dyn Fn(&mut Vec<AuditEntry>), seq: i64, what: Fault| {
        let mut damaged = entries.clone();
        damage(&mut damaged);
        let fault = Err(ChainFault { seq, what });
        assert_eq!(verify(&damaged, head), fault);
        assert_eq!(verify_export(&export(&damaged, head)), fault);
    };
    assert_eq!(verify(&entries, head), Ok(head));
    check(&|e| e[2].detail = "{}".to_owned(), 3, Fault::Altered);
    check(&|e| drop(e.remove(2)), 3, Fault::Removed);
    check(&|e| e.swap(1, 3), 2, Fault::Reordered);
    check(&|e| e.insert(3, e[1].clone()), 2, Fault::Repeated);
    check(&|e| e[4].merchant_id = Uuid::nil(), 5, Fault::Foreign);
    check(&|e| e.truncate(3), 4, Fault::Truncated);
    // somebody puts an entry between two others, with everything about it right
    check(
        &|e| {
            let mut head = Head {
                merchant_id: MERCHANT,
                seq: 2,
                hash: e[1].hash,
            };
            e.insert(2, head.append(pending(77)));
        },
        3,
        Fault::Inserted,
    );
    // somebody who recomputes the hash of what he altered breaks the next link, or the head
    let forge = |at: usize| {
        move |e: &mut Vec<AuditEntry>| {
            e[at].actor = "nobody".to_owned();
            e[at].hash = link(&e[at].prev_hash, &e[at]);
        }
    };
    check(&forge(2), 4, Fault::Unlinked);
    check(&forge(4), 5, Fault::HeadDiffers);
}

#[test]
fn an_export_needs_its_checkpoint_and_nothing_behind_it() {
    let (entries, head) = chain(3);
    let text = String::from_utf8(export(&entries, head)).unwrap();
    assert_eq!(verify_export(text.as_bytes()), Ok(head));
    let (body, _) = text.split_at(text.rfind("{\"checkpoint\"").unwrap());
    assert_eq!(
        verify_export(body.as_bytes()),
        Err(ChainFault {
            seq: 3,
            what: Fault::NoCheckpoint
        })
    );
    let unreadable = |text: &str, wanted: usize| {
        let refused = file::verify(text.as_bytes(), &[], &[]).unwrap_err();
        assert!(
            matches!(
                &refused,
                Refusal::Chain { line, fault: ChainFault { what: Fault::Unreadable(_), .. } } if *line == wanted
            ),
            "{refused}"
        );
    };
    unreadable(&format!("{text}{text}"), 5);
    unreadable(
        &text.replacen("{\"merchant_id\"", "{\"note\":1,\"merchant_id\"", 1),
        1,
    );

    let none = Head::genesis(MERCHANT);
    assert_eq!(verify_export(&export(&[], none)), Ok(none));
    assert!(verify_export(&[]).is_err());
}

const SEED: [u8; 32] = [3; 32];

fn signed(merchant_id: Uuid, entries: &[AuditEntry], seed: &[u8; 32]) -> String {
    let mut tree = merkle::Frontier::default();
    for entry in entries {
        tree.push(&entry.hash);
    }
    Checkpoint::of(merchant_id, &tree).sign(seed)
}

fn key(seed: &[u8; 32]) -> Verifier {
    Verifier::new(MERCHANT, &public_key(seed)).unwrap()
}

/// Checks a file against notes that were kept elsewhere.
fn against(bytes: &[u8], notes: &[&str], keys: &[Verifier]) -> Result<Report, Refusal> {
    let given: Vec<file::Given> = notes
        .iter()
        .enumerate()
        .map(|(n, note)| file::Given {
            name: format!("note {n}"),
            note: note.parse().unwrap(),
        })
        .collect();
    file::verify(bytes, &given, keys)
}

/// Everything anew behind an entry that was changed: what whoever has the database can do.
fn rewritten(entries: &[AuditEntry], at: usize) -> (Vec<AuditEntry>, Head) {
    let mut head = Head::genesis(MERCHANT);
    let forged = entries.iter().enumerate().map(|(n, entry)| {
        let mut again = PendingAudit {
            at: entry.at,
            ..pending(n)
        };
        if n == at {
            again.actor = "nobody".to_owned();
        }
        head.append(again)
    });
    let forged = forged.collect();
    (forged, head)
}

#[test]
fn a_checkpoint_vouches_for_what_it_signed_and_a_later_trail_keeps_it() {
    let (entries, head) = chain(21);
    let own = signed(MERCHANT, &entries, &SEED);
    let bytes = export_with(&entries, head, Some(&own));
    let (early, late) = (
        signed(MERCHANT, &entries[..7], &SEED),
        signed(MERCHANT, &entries[..20], &SEED),
    );
    let report = against(&bytes, &[&late, &early], &[key(&SEED)]).unwrap();
    assert_eq!(report.head, head);
    let sizes: Vec<u64> = report.vouched.iter().map(|(_, size)| *size).collect();
    assert_eq!(sizes, [20, 7, 21]);
    assert_eq!((report.signed_entries, report.is_signed), (0, true));
    // without a key the chain alone is checked
    let report = against(&bytes, &[], &[]).unwrap();
    assert!(report.vouched.is_empty() && report.is_signed);
    // a key that replaced the one before
    let newer = signed(MERCHANT, &entries, &[4; 32]);
    let bytes = export_with(&entries, head, Some(&newer));
    assert!(against(&bytes, &[&early], &[key(&SEED), key(&[4; 32])]).is_ok());
}

#[test]
fn what_the_chain_alone_cannot_show_the_checkpoints_do() {
    let (entries, head) = chain(21);
    let keys = [key(&SEED)];
    let note = |n: usize| signed(MERCHANT, &entries[..n], &SEED);
    let cut = |n: usize| {
        let mut head = Head::genesis(MERCHANT);
        (head.seq, head.hash) = (n as i64, entries[n - 1].hash);
        export(&entries[..n], head)
    };
    // the newest entries are gone, and the end was put straight: the chain holds
    assert!(verify_export(&cut(18)).is_ok());
    let refused = against(&cut(18), &[&note(20)], &keys).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "note 0 vouches for 20 entries, the file has 18: the newest 2 are missing, the end was cut off"
    );
    // or the end is gone with the last line
    let text = String::from_utf8(cut(18)).unwrap();
    let body = &text[..text.rfind("{\"checkpoint\"").unwrap()];
    assert!(matches!(
        against(body.as_bytes(), &[&note(20)], &keys),
        Err(Refusal::Short {
            vouches: 20,
            has: 18,
            ..
        })
    ));
    assert!(matches!(
        against(body.as_bytes(), &[&note(18)], &keys),
        Err(Refusal::Chain {
            line: 18,
            fault: ChainFault {
                what: Fault::NoCheckpoint,
                ..
            }
        })
    ));
    // everything was rewritten from one entry on: the chain holds, and its place shows
    let (forged, end) = rewritten(&entries, 11);
    let forged = export(&forged, end);
    assert!(verify_export(&forged).is_ok());
    let refused = against(&forged, &[&note(20), &note(15), &note(9), &note(4)], &keys).unwrap_err();
    assert_eq!(
        refused,
        Refusal::Rewritten {
            name: "note 1".to_owned(),
            size: 15,
            agrees: Some(9)
        }
    );
    // a checkpoint of another merchant, and one by somebody else
    let good = export(&entries, head);
    let foreign = signed(Uuid::nil(), &entries, &SEED);
    let theirs = Verifier::new(Uuid::nil(), &public_key(&SEED)).unwrap();
    assert!(matches!(
        against(&good, &[&foreign], &[theirs]),
        Err(Refusal::OtherTrail { .. })
    ));
    let (other, forger) = (key(&[4; 32]), signed(MERCHANT, &entries, &[4; 32]));
    assert!(matches!(
        against(&good, &[&forger], &keys),
        Err(Refusal::Distrust {
            why: Distrust::UnknownKey(_),
            ..
        })
    ));
    let altered = note(20).replacen("\n20\n", "\n18\n", 1);
    assert!(matches!(
        against(&good, &[&altered], &keys),
        Err(Refusal::Distrust {
            why: Distrust::Forged,
            ..
        })
    ));
    // the file's own checkpoint is asked like any other
    let swapped = export_with(&entries, head, Some(&forger));
    assert!(against(&swapped, &[], &[other]).is_ok());
    assert!(matches!(
        against(&swapped, &[], &keys),
        Err(Refusal::Distrust { .. })
    ));
    let stale = export_with(&entries, head, Some(&note(20)));
    assert!(matches!(
        against(&stale, &[], &keys),
        Err(Refusal::Rewritten { .. })
    ));
    assert_eq!(against(&good, &[], &keys), Err(Refusal::NothingSigned));
}

#[test]
fn signatures_inside_entries_are_checked_and_counted() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use ed25519_dalek::{Signer as _, SigningKey};
    let person = SigningKey::from_bytes(&[6; 32]);
    let detail = |said: &str, signed: &str| {
        serde_json::json!({ "signature": {
            "alg": "ed25519",
            "key_id": "k",
            "public_key": STANDARD.encode(person.verifying_key().as_bytes()),
            "signed": said,
            "value": STANDARD.encode(person.sign(signed.as_bytes()).to_bytes()),
        } })
        .to_string()
    };
    let with = |said: &str, signed: &str| {
        let mut head = Head::genesis(MERCHANT);
        let entries: Vec<AuditEntry> = (0..5)
            .map(|n| {
                let mut one = pending(n);
                if n >= 3 {
                    one.detail = detail(said, signed);
                }
                head.append(one)
            })
            .collect();
        against(&export(&entries, head), &[], &[])
    };
    let report = with("{\"a\":1}", "{\"a\":1}").unwrap();
    assert_eq!((report.signed_entries, report.signing_keys), (2, 1));
    assert!(matches!(
        with("{\"a\":1}", "{\"a\":2}"),
        Err(Refusal::Signature {
            line: 4,
            seq: 4,
            ..
        })
    ));
}

proptest! {
    #[test]
    fn any_single_alteration_is_found(length in 1_usize..12, at in 0_usize..12, field in 0..FIELDS) {
        let (mut entries, head) = chain(length);
        let at = at % length;
        alter(&mut entries[at], field);
        let fault = verify(&entries, head).unwrap_err();
        prop_assert_eq!(fault, ChainFault { seq: at as i64 + 1, what: Fault::Altered });
    }

    #[test]
    fn any_single_removal_is_found(length in 1_usize..12, at in 0_usize..12) {
        let (mut entries, head) = chain(length);
        let at = at % length;
        entries.remove(at);
        let what = if at + 1 == length { Fault::Truncated } else { Fault::Removed };
        prop_assert_eq!(verify(&entries, head), Err(ChainFault { seq: at as i64 + 1, what }));
    }

    #[test]
    fn any_swap_is_found(length in 2_usize..12, a in 0_usize..12, b in 0_usize..12) {
        let (mut entries, head) = chain(length);
        let (a, b) = (a % length, b % length);
        prop_assume!(a != b);
        entries.swap(a, b);
        let seq = a.min(b) as i64 + 1;
        prop_assert_eq!(verify(&entries, head), Err(ChainFault { seq, what: Fault::Reordered }));
        // the same with the numbers put straight afterwards
        for (index, entry) in entries.iter_mut().enumerate() {
            entry.seq = index as i64 + 1;
        }
        prop_assert_eq!(verify(&entries, head), Err(ChainFault { seq, what: Fault::Altered }));
    }

    #[test]
    fn any_changed_byte_of_an_export_is_found(at in 0_usize..10_000, bit in 0_u32..7) {
        let (entries, head) = chain(3);
        let mut bytes = export(&entries, head);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        // an equal reading (another case of a hexadecimal digit) is not a change of an entry
        if let Ok(found) = verify_export(&bytes) {
            prop_assert_eq!(found, head);
        }
    }

    #[test]
    fn different_texts_never_share_their_bytes(left in "[a-c]{0,4}", right in "[a-c]{0,4}", cut in 0_usize..8) {
        let joined = format!("{left}{right}");
        let cut = cut % (joined.len() + 1);
        prop_assume!(cut != left.len());
        let with = |actor: &str, action: &str| {
            let mut head = Head::genesis(MERCHANT);
            head.append(PendingAudit { actor: actor.to_owned(), action: action.to_owned(), ..pending(0) }).hash
        };
        prop_assert_ne!(with(&left, &right), with(&joined[..cut], &joined[cut..]));
    }
}

#[test]
fn a_hash_is_read_as_it_is_written_and_nothing_else_is() {
    let bytes: [u8; 32] = std::array::from_fn(|at| (at * 37 + 11) as u8);
    let text = hex::encode(bytes);
    assert_eq!(text.parse(), Ok(AuditHash(bytes)));
    assert_eq!(text.to_uppercase().parse(), Ok(AuditHash(bytes)));
    for at in 0..64 {
        for wrong in ["g", "/", ":", "@", "G", "`", " ", "\0", "é"] {
            let mut damaged = text.clone();
            damaged.replace_range(at..at + 1, wrong);
            assert!(damaged.parse::<AuditHash>().is_err(), "{damaged}");
        }
    }
    for wrong in ["", &text[1..], &format!("{text}0")] {
        assert!(wrong.parse::<AuditHash>().is_err(), "{wrong}");
    }
}
