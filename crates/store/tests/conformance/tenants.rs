//! A tenant sees and changes itself only. Every method of the ports that takes a merchant is asked
//! with the wrong one; the list of those methods is read from the port's source, so that a new one
//! cannot be forgotten.

use engine::{Kind, port::AuditFilter};
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id, note},
    tenant::{Tenant, everything, read, store, write},
};

/// Reads that begin with `merchant: Uuid`.
fn reads_of_a_merchant() -> Vec<String> {
    let port = include_str!("../../../engine/src/port/store.rs");
    let (_, reads) = port.split_once("pub trait Reads").unwrap();
    let (reads, _) = reads.split_once("\n}\n").unwrap();
    reads
        .split("async fn ")
        .skip(1)
        .filter(|method| {
            let words: Vec<&str> = method.split_whitespace().collect();
            words
                .join(" ")
                .replace("( ", "(")
                .contains("(&mut self, merchant: Uuid")
        })
        .map(|method| method.split_once('(').unwrap().0.to_owned())
        .collect()
}

trait Nothing {
    fn is_nothing(&self) -> bool;
}

impl<T> Nothing for Option<T> {
    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<T> Nothing for Vec<T> {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

/// Asks every read for things of `t` in the name of `merchant`, and says which found nothing.
pub async fn ask_everything(
    world: &World,
    t: &Tenant,
    merchant: Uuid,
) -> Vec<(&'static str, bool)> {
    let store = store(world);
    let (all, audit) = (
        everything(),
        AuditFilter {
            limit: 9,
            ..AuditFilter::default()
        },
    );
    let mut asked = Vec::new();
    macro_rules! ask {
        ($($method:ident($($argument:expr),*)),* $(,)?) => {$({
            let answer = read!(store, reads => reads.$method(merchant $(, $argument)*));
            asked.push((stringify!($method), answer.is_nothing()));
        })*};
    }
    ask![
        place(t.user.id),
        members(),
        invitation(t.invitation.id),
        open_invitations(),
        token(t.token.id),
        tokens(),
        source(t.source.id),
        sources(),
        destination(t.destination.id),
        destinations(),
        contract(t.contract.id),
        contracts(),
        contract_versions("fulfillment"),
        flow(t.flow.id),
        flows(),
        receipt(t.receipt.receipt.id),
        receipt_body(t.receipt.receipt.id),
        whole_receipt(t.receipt.receipt.id),
        receipts(&all),
        receipts_of_order(t.order.id),
        facts(t.source.id, "5001"),
        order(t.order.id),
        order_by_ref(t.source.id, "5001"),
        orders(&all),
        events_of(t.order.id),
        run(t.run.id),
        runs_of(t.order.id),
        runs_of_flow("order-to-ship", 9),
        campaign(t.campaign.id),
        case(t.case.id),
        export(t.export.id),
        exports(&all),
        parcel(t.export.id),
        exports_of_run(t.run.id),
        exports_of(t.order.id),
        export_wire(t.export.id),
        attempts(t.export.id),
        exports_naming(t.user.id),
        approval(t.approval.id),
        approvals_of(t.export.id),
        approvals(&all),
        task(t.task.id),
        tasks(&all),
        live_task_by_key(&t.task.dedup_key),
        tasks_about(t.order.id),
        audit(&audit),
        audit_from(1, 9),
        audit_head(),
        seals_not_under(&[2; 9], 9),
        idempotency("key-1"),
    ];
    asked
}

pub async fn every_read_of_another_merchant_finds_nothing(world: &World) {
    let t = Tenant::new("kit").written(&store(world)).await;
    let own = ask_everything(world, &t, t.id()).await;
    let asked: Vec<String> = own.iter().map(|(method, _)| (*method).to_owned()).collect();
    assert_eq!(
        asked,
        reads_of_a_merchant(),
        "a read is missing from this test"
    );
    for (method, nothing) in own {
        assert!(!nothing, "{method} does not find the merchant's own");
    }
    for (method, nothing) in ask_everything(world, &t, id()).await {
        assert!(nothing, "{method} shows another merchant's");
    }
    let (store, stranger) = (store(world), id());
    assert!(read!(store, r => r.pending_approvals(&[id(), id()], 9)).is_empty());
    assert!(read!(store, r => r.live_tasks(&[id()], 9)).is_empty());
    let span = engine::port::Span {
        now: at(0),
        soon: at(9),
        day: at(-9),
        week: at(-99),
    };
    let (figures, taken) = read!(store, r => r.figures(&[stranger], &span));
    assert_eq!(
        figures.into_values().collect::<Vec<_>>(),
        [engine::port::Figures::default()]
    );
    assert_eq!(taken, engine::port::Taken::default());
}

pub async fn no_write_reaches_another_merchant(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let stranger = id();
    macro_rules! refused {
        ($($save:ident($noun:expr)),* $(,)?) => {$({
            let mut noun = $noun.clone();
            noun.merchant_id = stranger;
            let refused = write!(store, [noun], tx => tx.$save(&noun)).unwrap_err();
            assert_eq!(refused.kind, Kind::Conflict, stringify!($save));
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
        save_invitation(t.invitation),
        save_membership(t.membership),
    ];
    let (export, source, receipt) = (t.export.id, t.source.id, t.receipt.receipt.clone());
    let wire = write!(store, [], tx => tx.fix_wire(stranger, export, b"x")).unwrap_err();
    assert_eq!(wire.kind, Kind::Conflict);
    let status = write!(store, [receipt], tx => {
        tx.set_receipt_status(stranger, receipt.id, receipt.status, None, None)
    });
    assert_eq!(status.unwrap_err().kind, Kind::NotFound);
    let matched = write!(store, [], tx => tx.match_receipts(stranger, source, "5001", stranger));
    assert_eq!(matched.unwrap(), [] as [Uuid; 0]);
    let waiting = write!(store, [], tx => tx.waiting_receipts(stranger, source, "5001"));
    assert_eq!(waiting.unwrap(), [] as [Uuid; 0]);
    let mut job = t.job.clone();
    job.merchant_id = stranger;
    assert!(!write!(store, [job], tx => tx.finish_job(&job)).unwrap());
    assert!(!write!(store, [job], tx => tx.postpone_job(&job, at(1))).unwrap());
    write!(store, [], tx => tx.release_idempotency(stranger, "key-1")).unwrap();
    let user = t.user.id;
    let taken_out = write!(store, [], tx => tx.delete_membership(stranger, user)).unwrap_err();
    assert_eq!(taken_out.kind, Kind::Conflict);
    assert!(!write!(store, [], tx => tx.hold_membership(stranger, user)).unwrap());

    let merchant = t.id();
    assert_eq!(
        read!(store, r => r.export(merchant, export)),
        Some(t.export)
    );
    assert_eq!(
        read!(store, r => r.task(merchant, t.task.id)),
        Some(t.task.clone())
    );
    assert_eq!(
        read!(store, r => r.receipt(merchant, receipt.id)),
        Some(receipt.clone())
    );
    assert!(read!(store, r => r.idempotency(merchant, "key-1")).is_some());
}

pub async fn an_operator_is_removed_with_everything(world: &World) {
    let store = store(world);
    let gone = Tenant::new("gone").written(&store).await;
    let kept = Tenant::new("kept").written(&store).await;
    // Ada of the one also works for the other
    let mut guest = gone.membership.clone();
    guest.merchant_id = kept.id();
    let mut session = gone.session.clone();
    session.id_hash = b"guest".to_vec();
    let leaver = domain::people::User {
        id: id(),
        email: "leaver@example.com".into(),
        ..gone.user.clone()
    };
    let mut place = gone.membership.clone();
    place.user_id = leaver.id;
    let factor = |user_id| engine::port::SecondFactorRow {
        user_id,
        sealed_seed: b"sealed".to_vec(),
        created_at: at(1),
        confirmed_at: Some(at(1)),
        last_step: 1,
    };
    let factors = [factor(gone.user.id), factor(leaver.id)];
    write!(store, [guest, session, leaver, place, factors], tx => async {
        for factor in &factors {
            tx.save_second_factor(factor).await?;
        }
        tx.insert_membership(&guest).await?;
        tx.save_session(&session).await?;
        tx.insert_user(&leaver, "hash").await?;
        tx.insert_membership(&place).await
    })
    .unwrap();
    let operator = gone.operator.id;
    write!(store, [], tx => tx.delete_operator(operator)).unwrap();

    for (method, nothing) in ask_everything(world, &gone, gone.id()).await {
        assert!(nothing, "{method} still finds something");
    }
    for (method, nothing) in ask_everything(world, &kept, kept.id()).await {
        assert!(!nothing, "{method} lost the other operator's");
    }
    assert_eq!(read!(store, r => r.operator(operator)), None);
    assert_eq!(
        read!(store, r => r.all_merchants()),
        [kept.merchant.clone()]
    );
    assert_eq!(read!(store, r => r.user(leaver.id)), None);
    assert_eq!(read!(store, r => r.second_factor(leaver.id)), None);
    assert!(read!(store, r => r.second_factor(gone.user.id)).is_some());
    assert_eq!(
        read!(store, r => r.user(gone.user.id)),
        Some(gone.user.clone())
    );
    assert!(read!(store, r => r.session(b"guest")).is_some());
    assert_eq!(read!(store, r => r.memberships_of(gone.user.id)), [guest]);
    assert_eq!(read!(store, r => r.token_by_hash(&gone.token_hash)), None);
    assert_eq!(read!(store, r => r.job_counts(at(99))), (2, 2));
    // and may come again, with a chain that begins anew
    let again = gone.id();
    write!(store, [], tx => async {
        tx.note(note(again, "merchant.created", again));
        Ok(())
    })
    .unwrap();
    assert_eq!(
        read!(store, r => r.audit_head(again)).map(|head| head.seq),
        Some(1)
    );
}
