use proptest::prelude::*;

use super::*;

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

fn export(entries: &[AuditEntry], head: Head) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_export(&mut bytes, entries.iter().cloned(), head).unwrap();
    bytes
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
        assert_eq!(verify_export(export(&damaged, head).as_slice()), fault);
    };
    assert_eq!(verify(&entries, head), Ok(head));
    check(&|e| e[2].detail = "{}".to_owned(), 3, Fault::Altered);
    check(&|e| drop(e.remove(2)), 3, Fault::Removed);
    check(&|e| e.swap(1, 3), 2, Fault::Reordered);
    check(&|e| e.insert(3, e[1].clone()), 2, Fault::Repeated);
    check(&|e| e[4].merchant_id = Uuid::nil(), 5, Fault::Foreign);
    check(&|e| e.truncate(3), 4, Fault::Truncated);
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
    let twice = format!("{text}{text}");
    assert!(matches!(
        verify_export(twice.as_bytes()),
        Err(ChainFault {
            what: Fault::Unreadable { line: 5, .. },
            ..
        })
    ));
    let extended = text.replacen("{\"merchant_id\"", "{\"note\":1,\"merchant_id\"", 1);
    assert!(matches!(
        verify_export(extended.as_bytes()),
        Err(ChainFault {
            what: Fault::Unreadable { line: 1, .. },
            ..
        })
    ));

    let none = Head::genesis(MERCHANT);
    assert_eq!(verify_export(export(&[], none).as_slice()), Ok(none));
    assert!(verify_export([].as_slice()).is_err());
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
        if let Ok(found) = verify_export(bytes.as_slice()) {
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
