//! Every noun comes back as it went in, changes by `rev`, and is found by what it is asked for.

use domain::{
    approval::ApprovalState,
    audit::Head,
    export::ExportState,
    flow::RunState,
    order::{Cancellation, OrderState},
    receipt::ReceiptStatus,
    task::TaskState,
};
use engine::{
    Kind,
    port::{AuditFilter, ReceiptOutcome, Store},
};

use crate::{
    harness::World,
    make::{at, attempt, fact, id, note, quarantined, receipt, run, task},
    tenant::{Tenant, read, store, write},
};

pub async fn a_receipt_keeps_its_bytes_and_changes_its_status(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, kept) = (t.id(), &t.receipt.receipt);
    assert_eq!(
        read!(store, r => r.receipt(merchant, kept.id)).as_ref(),
        Some(kept)
    );
    assert_eq!(
        read!(store, r => r.receipt_body(merchant, kept.id)),
        Some(vec![0, 1, 2, 255])
    );
    assert_eq!(
        read!(store, r => r.whole_receipt(merchant, kept.id)),
        Some((kept.clone(), vec![0, 1, 2, 255]))
    );
    assert_eq!(
        read!(store, r => r.receipts_of_order(merchant, t.order.id)),
        [kept.clone()]
    );

    // one waits for an order that is not known yet, one for another
    let waiting = receipt(merchant, t.source.id, "delivery-2");
    let other = receipt(merchant, t.source.id, "delivery-3");
    let batch = vec![waiting.clone(), other.clone()];
    write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
    for (new, order_ref) in [(&waiting, "6001"), (&other, "6002")] {
        let id = new.receipt.id;
        write!(store, [], tx => {
            tx.set_receipt_status(merchant, id, ReceiptStatus::Unmatched, Some(order_ref), None)
        })
        .unwrap();
    }
    let (source, order) = (t.source.id, id());
    let still = write!(store, [], tx => tx.waiting_receipts(merchant, source, "6001")).unwrap();
    assert_eq!(still, [waiting.receipt.id]);
    let matched =
        write!(store, [], tx => tx.match_receipts(merchant, source, "6001", order)).unwrap();
    assert_eq!(matched, [waiting.receipt.id]);
    let still = write!(store, [], tx => tx.waiting_receipts(merchant, source, "6001")).unwrap();
    assert!(still.is_empty());
    let again =
        write!(store, [], tx => tx.match_receipts(merchant, source, "6001", order)).unwrap();
    assert!(again.is_empty());
    let known = read!(store, r => r.receipt(merchant, waiting.receipt.id)).unwrap();
    assert_eq!(known.status, ReceiptStatus::Processed);
    assert_eq!(
        (known.order_ref.as_deref(), known.order_id),
        (Some("6001"), Some(order))
    );
    let unknown = write!(store, [], tx => {
        tx.set_receipt_status(merchant, order, ReceiptStatus::Ignored, None, None)
    });
    assert_eq!(unknown.unwrap_err().kind, Kind::NotFound);
}

pub async fn a_quarantined_receipt_has_no_job(world: &World) {
    let store = store(world);
    let (merchant, source) = (id(), id());
    let good = receipt(merchant, source, "good");
    let bad = quarantined(receipt(merchant, source, "bad"));
    let batch = vec![bad.clone(), good.clone()];
    let outcomes = write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
    assert_eq!(
        outcomes,
        [ReceiptOutcome::Inserted, ReceiptOutcome::Inserted]
    );
    assert_eq!(
        read!(store, r => r.receipt(merchant, bad.receipt.id)),
        Some(bad.receipt)
    );
    assert_eq!(read!(store, r => r.job_counts(at(10))), (1, 1));
    assert_eq!(read!(store, r => r.job_counts(at(9))), (0, 1));
    assert_eq!(
        read!(store, r => r.next_job_at()),
        Some(good.receipt.received_at)
    );
}

pub async fn repeats_are_counted_and_answered_with_the_first(world: &World) {
    let store = store(world);
    let (merchant, source, other_source) = (id(), id(), id());
    let first = receipt(merchant, source, "a");
    let batch = vec![first.clone()];
    write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
    // the same twice, a new one twice, and the same key of another source
    let (new, twin) = (
        receipt(merchant, source, "b"),
        receipt(merchant, source, "b"),
    );
    let elsewhere = receipt(merchant, other_source, "a");
    let batch = vec![
        receipt(merchant, source, "a"),
        new.clone(),
        receipt(merchant, source, "a"),
        twin,
        elsewhere.clone(),
    ];
    let outcomes = write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
    let again = ReceiptOutcome::Duplicate;
    assert_eq!(
        outcomes,
        [
            again(first.receipt.id),
            ReceiptOutcome::Inserted,
            again(first.receipt.id),
            again(new.receipt.id),
            ReceiptOutcome::Inserted
        ]
    );
    let repeats = async |id| read!(store, r => r.receipt(merchant, id)).unwrap().repeats;
    assert_eq!(repeats(first.receipt.id).await, 2);
    assert_eq!(repeats(new.receipt.id).await, 1);
    assert_eq!(repeats(elsewhere.receipt.id).await, 0);
    assert_eq!(read!(store, r => r.job_counts(at(99))).1, 3);
}

pub async fn facts_are_written_once(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, source) = (t.id(), t.source.id);
    let second = fact(id(), "5001");
    let facts = vec![second.clone(), fact(second.receipt_id, "5002")];
    for _ in 0..2 {
        write!(store, [facts], tx => tx.insert_facts(merchant, source, &facts)).unwrap();
    }
    let mut known = read!(store, r => r.facts(merchant, source, "5001"));
    known.sort_by_key(|fact| fact.receipt_id);
    assert_eq!(known, [t.fact.clone(), second]);
    assert_eq!(
        read!(store, r => r.facts(merchant, source, "5002")).len(),
        1
    );
    assert_eq!(
        read!(store, r => r.events_of(merchant, t.order.id)),
        [t.event]
    );
}

pub async fn orders_follow_their_facts(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let mut order = t.order.clone();
    assert_eq!(
        read!(store, r => r.order(merchant, order.id)),
        Some(order.clone())
    );
    assert_eq!(
        read!(store, r => r.order_by_ref(merchant, t.source.id, "5001")),
        Some(order.clone())
    );
    let mut twin = order.clone();
    twin.id = id();
    let conflict = write!(store, [twin], tx => tx.insert_order(&twin)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);

    order.order.cancelled = Some(Cancellation {
        at: at(11),
        reason: None,
    });
    order.updated_at = at(11);
    write!(store, [order], tx => tx.save_order(&order)).unwrap();
    let filter = engine::port::ListFilter {
        state: Some(OrderState::Cancelled.as_str().to_owned()),
        limit: 1,
        ..Default::default()
    };
    order.rev = 1;
    assert_eq!(read!(store, r => r.orders(merchant, &filter)), [order]);
}

pub async fn a_flow_runs_once_for_a_subject(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let again = run(merchant, t.flow.id, &t.flow.key, t.order.id);
    assert!(!write!(store, [again], tx => tx.insert_run(&again)).unwrap());
    let other = run(merchant, id(), "after-sales", t.order.id);
    assert!(write!(store, [other], tx => tx.insert_run(&other)).unwrap());
    let mut known = t.run.clone();
    known.state = RunState::Completed;
    known.outcome = Some("shipped".to_owned());
    write!(store, [known], tx => tx.save_run(&known)).unwrap();
    known.rev = 1;
    assert_eq!(
        read!(store, r => r.run(merchant, known.id)),
        Some(known.clone())
    );
    assert_eq!(
        read!(store, r => r.runs_of(merchant, t.order.id)),
        [known.clone(), other]
    );
    assert_eq!(
        read!(store, r => r.runs_of_flow(merchant, &t.flow.key, 9)),
        [known]
    );
    assert_eq!(
        read!(store, r => r.campaign(merchant, t.campaign.id)),
        Some(t.campaign.clone())
    );
    let mut another = run(merchant, t.flow.id, &t.flow.key, t.order.id);
    another.occasion = "return 7".to_owned();
    assert!(write!(store, [another], tx => tx.insert_run(&another)).unwrap());
    another.id = id();
    assert!(!write!(store, [another], tx => tx.insert_run(&another)).unwrap());
    assert_eq!(
        read!(store, r => r.case(merchant, t.case.id)),
        Some(t.case.clone())
    );
    let mut same = t.case.clone();
    same.id = id();
    let conflict = write!(store, [same], tx => tx.insert_case(&same)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
    let mut twin = t.campaign.clone();
    twin.id = id();
    let conflict = write!(store, [twin], tx => tx.insert_campaign(&twin)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
}

pub async fn the_content_of_an_export_never_changes(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    assert_eq!(
        read!(store, r => r.export(merchant, t.export.id)),
        Some(t.export.clone())
    );
    let mut tampered = t.export.clone();
    tampered.state = ExportState::Delivering;
    tampered.superseded_by = Some(id());
    let saved = tampered.clone();
    tampered.payload = serde_json::json!({ "lines": [] });
    tampered.content_hash = "sha256:second".to_owned();
    tampered.idempotency_key = "key-second".to_owned();
    write!(store, [tampered], tx => tx.save_export(&tampered)).unwrap();
    let mut expected = saved;
    expected.rev = 1;
    assert_eq!(
        read!(store, r => r.export(merchant, t.export.id)),
        Some(expected.clone())
    );
    assert_eq!(
        read!(store, r => r.exports_of_run(merchant, t.run.id)),
        [expected.clone()]
    );
    assert_eq!(
        read!(store, r => r.exports_of(merchant, t.order.id)),
        [expected]
    );
    assert_eq!(
        read!(store, r => r.origin_of_export(t.export.id)),
        Some((merchant, t.export.destination_id))
    );
    assert_eq!(read!(store, r => r.origin_of_export(merchant)), None);

    let export = t.export.id;
    assert_eq!(
        read!(store, r => r.export_wire(merchant, export)),
        Some(b"wire".to_vec())
    );
    let parcel = read!(store, r => r.parcel(merchant, export)).unwrap();
    assert_eq!(
        Some(parcel.export),
        read!(store, r => r.export(merchant, export))
    );
    assert_eq!(parcel.wire.as_deref(), Some(&b"wire"[..]));
    assert_eq!(parcel.run, Some(t.run.state));
    let second = write!(store, [], tx => tx.fix_wire(merchant, export, b"other")).unwrap_err();
    assert_eq!(second.kind, Kind::Conflict);
    assert_eq!(
        read!(store, r => r.export_wire(merchant, export)),
        Some(b"wire".to_vec())
    );

    let next = attempt(&t.export, 2);
    write!(store, [next], tx => tx.insert_attempt(&next)).unwrap();
    let conflict = write!(store, [next], tx => tx.insert_attempt(&next)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
    assert_eq!(
        read!(store, r => r.attempts(merchant, export)),
        [t.attempt, next]
    );
}

pub async fn approvals_are_decided_once(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let mut approval = t.approval.clone();
    approval.state = ApprovalState::Approved;
    approval.decided_by = Some(t.user.id);
    let mut declined = t.approval.clone();
    declined.state = ApprovalState::Declined;
    write!(store, [approval], tx => tx.save_approval(&approval)).unwrap();
    let late = write!(store, [declined], tx => tx.save_approval(&declined)).unwrap_err();
    assert_eq!(late.kind, Kind::Conflict);
    assert_eq!(
        late.sentence,
        "Somebody changed this a moment ago; look again."
    );
    approval.rev = 1;
    assert_eq!(
        read!(store, r => r.approval(merchant, approval.id)),
        Some(approval.clone())
    );
    assert_eq!(
        read!(store, r => r.approvals_of(merchant, t.export.id)),
        [approval]
    );
    assert!(read!(store, r => r.pending_approvals(&[merchant], 9)).is_empty());
}

pub async fn the_same_trouble_opens_one_task(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let again = task(merchant, &t.task.dedup_key);
    assert!(!write!(store, [again], tx => tx.insert_task(&again)).unwrap());
    assert_eq!(
        read!(store, r => r.live_task_by_key(merchant, &t.task.dedup_key)),
        Some(t.task.clone())
    );
    let mut over = t.task.clone();
    over.state = TaskState::Resolved;
    over.resolution = Some("restocked".to_owned());
    write!(store, [over], tx => tx.save_task(&over)).unwrap();
    over.rev = 1;
    assert_eq!(
        read!(store, r => r.task(merchant, over.id)),
        Some(over.clone())
    );
    assert_eq!(
        read!(store, r => r.live_task_by_key(merchant, &over.dedup_key)),
        None
    );
    assert!(write!(store, [again], tx => tx.insert_task(&again)).unwrap());
    // two live ones about the same are refused, however they come about
    over.state = TaskState::Open;
    let conflict = write!(store, [over], tx => tx.save_task(&over)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
    let about = [t.receipt.receipt.id, t.order.id, t.run.id, t.export.id];
    for subject in about {
        let found = read!(store, r => r.tasks_about(merchant, subject));
        assert_eq!(
            found.iter().map(|task| task.id).collect::<Vec<_>>(),
            [t.task.id]
        );
    }
}

pub async fn a_stale_save_is_refused_for_every_noun(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    macro_rules! refused {
        ($($save:ident($noun:expr)),* $(,)?) => {$({
            let mut noun = $noun.clone();
            write!(store, [noun], tx => tx.$save(&noun)).unwrap();
            let stale = write!(store, [noun], tx => tx.$save(&noun)).unwrap_err();
            assert_eq!(stale.kind, Kind::Conflict, stringify!($save));
            noun.rev += 1;
            write!(store, [noun], tx => tx.$save(&noun)).unwrap();
        })*};
    }
    refused![
        save_source(t.source),
        save_destination(t.destination),
        save_order(t.order),
        save_run(t.run),
        save_export(t.export),
        save_approval(t.approval),
        save_task(t.task),
    ];
}

pub async fn an_operation_sees_its_own_writes(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let task = task(t.id(), "another");
    let seen = write!(store, [task], tx => async {
        tx.insert_task(&task).await?;
        tx.task(task.merchant_id, task.id).await
    });
    assert_eq!(seen.unwrap(), Some(task));
}

pub async fn the_trail_is_filtered_and_paged(world: &World) {
    let store = store(world);
    let merchant = id();
    assert_eq!(read!(store, r => r.audit_head(merchant)), None);
    let (a, b) = (id(), id());
    write!(store, [], tx => async {
        tx.note(note(merchant, "export.ready", a));
        tx.note(note(merchant, "export.delivered", a));
        tx.note(note(merchant, "exportable", b));
        let mut own = note(merchant, "task.claimed", b);
        own.subject_kind = "task";
        own.actor = "user:1".to_owned();
        tx.note(own);
        Ok(())
    })
    .unwrap();
    let seqs = async |filter: AuditFilter| {
        let filter = AuditFilter {
            limit: filter.limit.max(9),
            ..filter
        };
        let entries = read!(store, r => r.audit(merchant, &filter));
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    assert_eq!(seqs(all()).await, [4, 3, 2, 1]);
    assert_eq!(
        seqs(AuditFilter {
            action: Some("export.".into()),
            ..all()
        })
        .await,
        [2, 1]
    );
    assert_eq!(
        seqs(AuditFilter {
            actor: Some("user:1".into()),
            ..all()
        })
        .await,
        [4]
    );
    assert_eq!(
        seqs(AuditFilter {
            actor: Some("user:".into()),
            ..all()
        })
        .await,
        [0; 0]
    );
    assert_eq!(
        seqs(AuditFilter {
            subject_kind: Some("export".into()),
            ..all()
        })
        .await,
        [3, 2, 1]
    );
    assert_eq!(
        seqs(AuditFilter {
            subject_id: Some(b.to_string()),
            ..all()
        })
        .await,
        [4, 3]
    );
    assert_eq!(
        seqs(AuditFilter {
            before_seq: Some(3),
            ..all()
        })
        .await,
        [2, 1]
    );
    let chain = read!(store, r => r.audit_from(merchant, 2, 2));
    assert_eq!(
        chain.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [2, 3]
    );
    let last = read!(store, r => r.audit_from(merchant, 4, 2));
    let head = Head {
        merchant_id: merchant,
        seq: 4,
        hash: last[0].hash,
    };
    assert_eq!(read!(store, r => r.audit_head(merchant)), Some(head));
    assert_eq!(last[0].detail, r#"{"why":"because"}"#);
}

pub async fn the_store_is_healthy(world: &World) {
    let name = store(world).health().await.unwrap();
    assert!(world.url.starts_with(name), "{name}");
}
