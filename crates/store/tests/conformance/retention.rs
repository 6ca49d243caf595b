//! How long content is kept, what holds it, and what stays of what is removed: of its merchant, each.

use domain::{
    access::Noun,
    export::ExportState,
    flow::RunState,
    receipt::ReceiptStatus,
    retention::{ContentKind, LegalHold, Lifted, Removal, Retention},
    task::TaskState,
};
use engine::Kind;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn hold(merchant_id: Uuid, order_id: Option<Uuid>) -> LegalHold {
    LegalHold {
        id: id(),
        merchant_id,
        order_id,
        order_name: order_id.map(|_| "#1001".to_owned()),
        reason: "A suit".to_owned(),
        placed_at: at(20),
        placed_by: "system".to_owned(),
        lifted: None,
    }
}

fn lifted(mut hold: LegalHold) -> LegalHold {
    hold.lifted = Some(Lifted {
        at: at(30),
        by: "system".to_owned(),
        reason: "Settled".to_owned(),
    });
    hold
}

pub async fn what_is_kept_is_said_once_and_is_its_merchants(world: &World) {
    let (store, merchant, stranger) = (store(world), id(), id());
    assert_eq!(
        read!(store, r => r.retention(merchant)),
        Retention::unset(merchant)
    );
    let locked = write!(store, [], tx => tx.lock_retention(merchant)).unwrap();
    assert_eq!(locked, Retention::unset(merchant));
    let mut set = locked;
    set.days.insert(ContentKind::Exports, 90);
    let row = set.clone();
    write!(store, [row], tx => tx.save_retention(&row)).unwrap();
    let stale = write!(store, [row], tx => tx.save_retention(&row)).unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    set.rev = 1;
    assert_eq!(read!(store, r => r.retention(merchant)), set);
    assert_eq!(
        write!(store, [], tx => tx.lock_retention(merchant)).unwrap(),
        set
    );
    assert_eq!(
        read!(store, r => r.retention(stranger)),
        Retention::unset(stranger)
    );
    set.merchant_id = stranger;
    let foreign = write!(store, [set], tx => tx.save_retention(&set)).unwrap_err();
    assert_eq!(foreign.kind, Kind::Conflict);
}

pub async fn holds_end_once_and_are_their_merchants(world: &World) {
    let (store, merchant, stranger) = (store(world), id(), id());
    let (all, one) = (hold(merchant, None), hold(merchant, Some(id())));
    let rows = [all.clone(), one.clone()];
    write!(store, [rows], tx => async {
        for row in &rows {
            tx.insert_legal_hold(row).await?;
        }
        Ok(())
    })
    .unwrap();
    let hold_id = one.id;
    assert_eq!(
        read!(store, r => r.legal_holds(merchant)),
        [one.clone(), all]
    );
    assert_eq!(
        read!(store, r => r.legal_hold(merchant, hold_id)),
        Some(one.clone())
    );
    assert_eq!(read!(store, r => r.legal_hold(stranger, hold_id)), None);
    assert!(read!(store, r => r.legal_holds(stranger)).is_empty());
    let over = lifted(one);
    let mut foreign = over.clone();
    foreign.merchant_id = stranger;
    let refused = write!(store, [foreign], tx => tx.lift_legal_hold(&foreign)).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    write!(store, [over], tx => tx.lift_legal_hold(&over)).unwrap();
    let again = write!(store, [over], tx => tx.lift_legal_hold(&over)).unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
    assert_eq!(
        read!(store, r => r.legal_hold(merchant, hold_id)),
        Some(over)
    );
}

/// One of everything, all of it over, and its task resolved.
async fn all_over(world: &World, slug: &str) -> Tenant {
    let store = store(world);
    let mut t = Tenant::new(slug);
    t.receipt.receipt.status = ReceiptStatus::Processed;
    t.export.state = ExportState::Completed;
    t.run.state = RunState::Completed;
    t.task.state = TaskState::Resolved;
    t.written(&store).await
}

pub async fn what_is_old_over_and_free_is_removable(world: &World) {
    let store = store(world);
    let t = all_over(world, "old").await;
    let (merchant, stranger, order) = (t.id(), id(), t.order.id);
    let long_after = at(1_000_000);
    let found = async |merchant: Uuid, kind: ContentKind| {
        let span = (at(-1_000_000), long_after);
        let rows = read!(store, r => r.removable(merchant, kind, span, 9));
        let (count, oldest) = read!(store, r => r.removable_count(merchant, kind, long_after));
        assert_eq!(
            (rows.len() as i64, rows.first().map(|one| one.0)),
            (count, oldest)
        );
        rows.into_iter().map(|one| one.1).collect::<Vec<_>>()
    };
    use ContentKind::{Exports, Quarantined, Receipts};
    let (receipt, export) = (t.receipt.receipt.id, t.export.id);
    assert_eq!(found(merchant, Receipts).await, [receipt]);
    assert_eq!(found(merchant, Exports).await, [export]);
    assert!(found(merchant, Quarantined).await.is_empty());
    for kind in ContentKind::ALL {
        assert!(found(stranger, kind).await.is_empty(), "{kind:?}");
    }
    let received = t.receipt.receipt.received_at;
    let before = (at(-1_000_000), received);
    assert!(read!(store, r => r.removable(merchant, Receipts, before, 9)).is_empty());
    let from = (received.plus_ms(1), long_after);
    assert!(read!(store, r => r.removable(merchant, Receipts, from, 9)).is_empty());

    // held, and free again
    let other = hold(merchant, Some(id()));
    write!(store, [other], tx => tx.insert_legal_hold(&other)).unwrap();
    assert_eq!(found(merchant, Receipts).await, [receipt]);
    for one in [hold(merchant, Some(order)), hold(merchant, None)] {
        write!(store, [one], tx => tx.insert_legal_hold(&one)).unwrap();
        assert!(found(merchant, Receipts).await.is_empty());
        assert!(found(merchant, Exports).await.is_empty());
        let over = lifted(one);
        write!(store, [over], tx => tx.lift_legal_hold(&over)).unwrap();
        assert_eq!(found(merchant, Receipts).await, [receipt]);
        assert_eq!(found(merchant, Exports).await, [export]);
    }

    // a run, a task and an export that are open keep what they are about
    let mut run = t.run.clone();
    run.state = RunState::Paused;
    write!(store, [run], tx => tx.save_run(&run)).unwrap();
    assert!(
        found(merchant, Receipts).await.is_empty() && found(merchant, Exports).await.is_empty()
    );
    run.rev += 1;
    run.state = RunState::Failed;
    write!(store, [run], tx => tx.save_run(&run)).unwrap();
    let mut task = t.task.clone();
    task.state = TaskState::Open;
    write!(store, [task], tx => tx.save_task(&task)).unwrap();
    assert!(
        found(merchant, Receipts).await.is_empty() && found(merchant, Exports).await.is_empty()
    );
    task.rev += 1;
    task.state = TaskState::Cancelled;
    write!(store, [task], tx => tx.save_task(&task)).unwrap();
    let mut sent = t.export.clone();
    sent.state = ExportState::Delivered;
    write!(store, [sent], tx => tx.save_export(&sent)).unwrap();
    assert!(
        found(merchant, Receipts).await.is_empty() && found(merchant, Exports).await.is_empty()
    );
}

pub async fn content_goes_and_its_hash_stays(world: &World) {
    let store = store(world);
    let t = all_over(world, "gone").await;
    let kept = all_over(world, "kept").await;
    let (merchant, stranger) = (t.id(), kept.id());
    let (receipt, export) = (t.receipt.receipt.id, t.export.id);
    let removal = Removal {
        merchant_id: merchant,
        noun: Noun::Export,
        subject_id: export,
        at: at(50),
        days: 30,
        bytes: 4,
        sha256: "ab".repeat(32),
    };
    let mut gone = read!(store, r => r.export(merchant, export)).unwrap();
    gone.strip();
    let mut attempt = t.attempt.clone();
    attempt.strip();
    // in another merchant's name nothing is touched
    let mut foreign = gone.clone();
    foreign.merchant_id = stranger;
    let refused = write!(store, [foreign], tx => tx.strip_export(&foreign, &[])).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    write!(store, [], tx => tx.strip_receipts(stranger, &[receipt])).unwrap();
    let bytes = read!(store, r => r.receipt_body(merchant, receipt)).unwrap();
    assert!(!bytes.is_empty());

    let (row, attempts, removals) = (gone.clone(), [attempt.clone()], [removal.clone()]);
    write!(store, [row, attempts, removals], tx => async {
        tx.strip_receipts(merchant, &[receipt]).await?;
        tx.strip_export(&row, &attempts).await?;
        tx.insert_removals(&removals).await
    })
    .unwrap();
    assert_eq!(
        read!(store, r => r.receipt_body(merchant, receipt)),
        Some(Vec::new())
    );
    let left = read!(store, r => r.receipt(merchant, receipt)).unwrap();
    assert_eq!(left, t.receipt.receipt);
    let left = read!(store, r => r.export(merchant, export)).unwrap();
    assert!(left.payload.is_null());
    assert_eq!(left.content_hash, t.export.content_hash);
    assert_eq!(left.rev, gone.rev + 1);
    assert_eq!(read!(store, r => r.export_wire(merchant, export)), None);
    assert_eq!(read!(store, r => r.attempts(merchant, export)), [attempt]);
    let question = read!(store, r => r.removal(merchant, Noun::Export, export));
    assert_eq!(question, Some(removal.clone()));
    assert_eq!(
        read!(store, r => r.removal(stranger, Noun::Export, export)),
        None
    );
    assert_eq!(
        read!(store, r => r.removal(merchant, Noun::Order, export)),
        None
    );
    let span = (at(-1_000_000), at(1_000_000));
    assert!(read!(store, r => r.removable(merchant, ContentKind::Exports, span, 9)).is_empty());
    assert_eq!(
        read!(store, r => r.removable(stranger, ContentKind::Exports, span, 9)).len(),
        1
    );

    // an order, and what it is folded from
    let mut order = read!(store, r => r.order(merchant, t.order.id)).unwrap();
    order.order.strip();
    write!(store, [order], tx => tx.strip_order(&order)).unwrap();
    let (source, order_ref) = (order.source_id, order.order.external_id.clone());
    let facts = read!(store, r => r.facts(merchant, source, &order_ref));
    assert_eq!(facts.len(), 1);
    let mut said = t.fact.clone();
    said.strip();
    assert_eq!(facts, [said]);
    let stale = write!(store, [order], tx => tx.strip_order(&order)).unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
}
