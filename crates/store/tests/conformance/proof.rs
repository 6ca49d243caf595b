//! What proves a trail: kept once, carried on from where it stood, and nobody else's.

use domain::audit::{
    AuditHash,
    merkle::Frontier,
    witness::{AuditKey, SignedCheckpoint, Witness, WitnessAt},
};
use engine::{Kind, port::AuditFilter};
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id, note},
    tenant::{read, store, write},
};

fn key(merchant_id: Uuid, n: u8) -> AuditKey {
    AuditKey {
        id: id(),
        merchant_id,
        public: [n; 32],
        sealed_seed: Some(vec![n; 40]),
        created_at: at(i64::from(n)),
        retired_at: None,
    }
}

fn signed(merchant_id: Uuid, size: i64) -> SignedCheckpoint {
    SignedCheckpoint {
        merchant_id,
        size,
        key_id: id(),
        made_at: at(size),
        note: format!("a note of {size}\n"),
    }
}

pub async fn one_key_signs_and_those_before_it_keep_their_public_half(world: &World) {
    let (store, merchant) = (store(world), id());
    let (old, new) = (key(merchant, 1), key(merchant, 2));
    let row = old.clone();
    write!(store, [], tx => tx.insert_audit_key(&row)).unwrap();
    let row = new.clone();
    let second = write!(store, [row], tx => tx.insert_audit_key(&row)).unwrap_err();
    assert_eq!(second.kind, Kind::Conflict);
    let (stranger, old_id) = (id(), old.id);
    let foreign = write!(store, [], tx => tx.retire_audit_key(stranger, old_id, at(9)));
    assert_eq!(foreign.unwrap_err().kind, Kind::Conflict);
    write!(store, [], tx => tx.retire_audit_key(merchant, old_id, at(9))).unwrap();
    let row = new.clone();
    write!(store, [], tx => tx.insert_audit_key(&row)).unwrap();
    let retired = AuditKey {
        sealed_seed: None,
        retired_at: Some(at(9)),
        ..old
    };
    assert_eq!(read!(store, r => r.audit_keys(merchant)), [new, retired]);
    assert!(read!(store, r => r.audit_keys(stranger)).is_empty());
}

pub async fn a_tree_is_carried_on_by_one_at_a_time(world: &World) {
    let (store, merchant) = (store(world), id());
    assert_eq!(
        read!(store, r => r.audit_tree(merchant)),
        Frontier::default()
    );
    let mut tree = Frontier::default();
    for n in 0..7 {
        tree.push(&AuditHash([n; 32]));
    }
    let carried = tree.clone();
    write!(store, [], tx => tx.save_audit_tree(merchant, 0, &carried)).unwrap();
    assert_eq!(read!(store, r => r.audit_tree(merchant)), tree);
    // somebody else stood at its beginning, too
    let late = tree.clone();
    let lost = write!(store, [], tx => tx.save_audit_tree(merchant, 0, &late)).unwrap_err();
    assert!(lost.raced);
    tree.push(&AuditHash([9; 32]));
    let carried = tree.clone();
    write!(store, [], tx => tx.save_audit_tree(merchant, 7, &carried)).unwrap();
    assert_eq!(read!(store, r => r.audit_tree(merchant)), tree);
    let stranger = id();
    assert_eq!(read!(store, r => r.audit_tree(stranger)).size(), 0);
}

pub async fn checkpoints_stay_as_they_were_signed(world: &World) {
    let (store, merchant) = (store(world), id());
    for size in [3, 12, 7] {
        let one = signed(merchant, size);
        assert!(write!(store, [], tx => tx.insert_audit_checkpoint(&one)).unwrap());
    }
    let mut other = signed(merchant, 7);
    other.note = "another\n".to_owned();
    assert!(!write!(store, [], tx => tx.insert_audit_checkpoint(&other)).unwrap());
    let page = read!(store, r => r.audit_checkpoints(merchant, None, 2));
    let sizes: Vec<i64> = page.iter().map(|one| one.size).collect();
    assert_eq!(
        (sizes, page[1].note.as_str()),
        (vec![12, 7], "a note of 7\n")
    );
    let rest = read!(store, r => r.audit_checkpoints(merchant, Some(7), 2));
    assert_eq!(rest.len(), 1);
    let stranger = id();
    assert!(read!(store, r => r.audit_checkpoints(stranger, None, 9)).is_empty());
}

pub async fn a_witness_is_its_merchants(world: &World) {
    let (store, merchant, stranger) = (store(world), id(), id());
    let mut one = Witness {
        id: id(),
        merchant_id: merchant,
        name: "Auditor".to_owned(),
        at: WitnessAt::Webhook {
            url: "https://audit.example/in".to_owned(),
        },
        every_ms: 0,
        created_at: at(1),
        sent_size: 0,
        sent_at: None,
        trouble: None,
        is_being_tried: true,
        rev: 0,
    };
    let (row, witness) = (one.clone(), one.id);
    write!(store, [], tx => tx.insert_audit_witness(&row, Some(b"sealed"))).unwrap();
    assert_eq!(
        read!(store, r => r.audit_witness(merchant, witness)),
        Some(one.clone())
    );
    assert_eq!(read!(store, r => r.audit_witness(stranger, witness)), None);
    assert!(read!(store, r => r.audit_witnesses(stranger)).is_empty());
    assert_eq!(read!(store, r => r.witness_secret(stranger, witness)), None);
    assert_eq!(
        read!(store, r => r.witness_secret(merchant, witness)),
        Some(b"sealed".to_vec())
    );
    one.took(7, at(2));
    let row = one.clone();
    write!(store, [row], tx => tx.save_audit_witness(&row)).unwrap();
    let stale = write!(store, [row], tx => tx.save_audit_witness(&row)).unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    let foreign = write!(store, [], tx => tx.delete_audit_witness(stranger, witness));
    assert_eq!(foreign.unwrap_err().kind, Kind::Conflict);
    one.rev = 1;
    assert_eq!(read!(store, r => r.audit_witnesses(merchant)), [one]);
    write!(store, [], tx => tx.delete_audit_witness(merchant, witness)).unwrap();
    assert!(read!(store, r => r.audit_witnesses(merchant)).is_empty());
}

pub async fn a_look_is_noted_once_until_it_is_long_ago(world: &World) {
    let (store, merchant) = (store(world), id());
    let look = async |who: &'static str, asked: &'static str, since: i64, now: i64| {
        let span = (at(since), at(now));
        write!(store, [], tx => tx.note_audit_view(merchant, who, asked, span)).unwrap()
    };
    assert!(look("user:1", "all", 0, 10).await);
    assert!(!look("user:1", "all", 9, 19).await);
    assert!(look("user:1", "exports", 9, 19).await);
    assert!(look("user:2", "all", 9, 19).await);
    assert!(look("user:1", "all", 10, 20).await);
    let stranger = id();
    assert_eq!(
        write!(store, [], tx => tx.forget_audit_views(stranger, at(99))).unwrap(),
        0
    );
    assert_eq!(
        write!(store, [], tx => tx.forget_audit_views(merchant, at(20))).unwrap(),
        2
    );
    assert!(!look("user:1", "all", 10, 21).await);
}

pub async fn the_trail_is_searched_by_time_page_by_page(world: &World) {
    let (store, merchant) = (store(world), id());
    // written in this order, and the third says an earlier time than the second
    for ms in [10, 30, 20, 40, 40] {
        let mut one = note(merchant, "export.ready", id());
        one.at = at(ms);
        write!(store, [], tx => async { tx.note(one); Ok(()) }).unwrap();
    }
    let seqs = async |filter: AuditFilter| {
        let filter = AuditFilter { limit: 2, ..filter };
        let entries = read!(store, r => r.audit(merchant, &filter));
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    let from = |before_seq| AuditFilter {
        since: Some(at(20)),
        before_seq,
        ..AuditFilter::default()
    };
    assert_eq!(seqs(from(None)).await, [5, 4]);
    assert_eq!(seqs(from(Some(4))).await, [2, 3]);
    assert_eq!(seqs(from(Some(3))).await, [0; 0]);
    let until = AuditFilter {
        until: Some(at(30)),
        ..AuditFilter::default()
    };
    assert_eq!(seqs(until).await, [3, 1]);
    let first = read!(store, r => r.audit_hashes(merchant, 0, 2));
    let rest = read!(store, r => r.audit_hashes(merchant, 2, 9));
    assert_eq!((first.len(), rest.len()), (2, 3));
    let stranger = id();
    assert!(read!(store, r => r.audit_hashes(stranger, 0, 9)).is_empty());
}
