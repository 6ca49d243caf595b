//! Content goes after its days and not before, what is open or held stays, and what is gone says so.

use std::collections::BTreeMap;

use domain::{
    access::Noun,
    audit::AuditEntry,
    delivery::AckStatus,
    receipt::ReceiptStatus,
    retention::{ContentKind, Removal},
    task::TaskState,
};
use engine::{Ack, HoldInput, Kind, RETENTION_EVERY_MS, TaskAct, TypedDays, port::Clock};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{HOUR, OrderBody, Reply, order};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const DAY: i64 = 24 * HOUR;
const LATER: &str = "2026-11-20T12:00:00Z";

fn shipped(n: u64) -> OrderBody {
    let line = (5_500_000_000_000 + n) * 10 + 1;
    order(n).told_again("orders/updated", LATER).set(
        "fulfillments",
        json!([{
            "id": 7_000 + n, "status": "success", "created_at": LATER, "updated_at": LATER, "name": "#1.1",
            "tracking_company": "UPS", "tracking_numbers": ["1Z"], "tracking_urls": [],
            "line_items": [{ "id": line, "sku": "KET-01", "title": "Kettle", "quantity": 1 }],
        }]),
    )
}

/// An order that came, went out, was taken, done and shipped: its receipt, and its export.
async fn done(world: &World, n: u64) -> (Uuid, Uuid) {
    let receipt = world.receives(&order(n)).await.unwrap();
    world.receives(&shipped(n)).await.unwrap();
    let about = world.receipt(receipt).await.unwrap().order_id.unwrap();
    let exports = world.exports().await.unwrap();
    let export = exports.iter().find(|one| one.subject_id == about).unwrap();
    let ack = Ack {
        status: AckStatus::Completed,
        exception_code: None,
        exception_metadata: None,
        external_ref: None,
    };
    world.acknowledges(export.id, ack).await.unwrap();
    (receipt, export.id)
}

async fn sets(world: &World, days: &[(ContentKind, &str)]) {
    let typed: TypedDays = days
        .iter()
        .map(|(kind, days)| (*kind, (*days).to_owned()))
        .collect();
    world
        .engine
        .set_retention(&world.eyes().await.unwrap(), typed)
        .await
        .unwrap();
}

const EVERYTHING: &[(ContentKind, &str)] = &[
    (ContentKind::Receipts, "30"),
    (ContentKind::Quarantined, "30"),
    (ContentKind::Orders, "30"),
    (ContentKind::Exports, "30"),
];

async fn removal(world: &World, noun: Noun, id: Uuid) -> Option<Removal> {
    world
        .engine
        .removal(&world.eyes().await.unwrap(), noun, id)
        .await
        .unwrap()
}

async fn body(world: &World, id: Uuid) -> Vec<u8> {
    world
        .engine
        .receipt_body(&world.eyes().await.unwrap(), id)
        .await
        .unwrap()
}

async fn noted(world: &World, action: &str) -> Vec<AuditEntry> {
    let mut entries = world.trail().await.unwrap();
    entries.retain(|entry| entry.action == action);
    entries
}

/// How many of each kind the entries of all steps say were removed.
async fn counted(world: &World) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for entry in noted(world, "retention.removed").await {
        let detail: Value = serde_json::from_str(&entry.detail).unwrap();
        let kind = detail["kind"].as_str().unwrap().to_owned();
        *counts.entry(kind).or_default() += detail["count"].as_i64().unwrap();
    }
    counts
}

async fn holds(world: &World, order: &str) -> Uuid {
    let input = HoldInput {
        order: order.to_owned(),
        reason: "A suit in Portland".to_owned(),
    };
    let eyes = world.eyes().await.unwrap();
    world.engine.place_hold(&eyes, input).await.unwrap().id
}

on_every_store! {
    async fn content_goes_after_its_days_and_not_before(world: World) {
        let sent = order(1).bytes();
        let (receipt, export) = done(&world, 1).await;
        let about = world.receipt(receipt).await.unwrap().order_id.unwrap();
        sets(&world, EVERYTHING).await;
        let wire = world.channel.sent().remove(0).body;
        world.advance(30 * DAY - 1).await.unwrap();
        assert_eq!(body(&world, receipt).await, sent);
        assert_eq!(removal(&world, Noun::Receipt, receipt).await, None);
        assert!(!world.the_export().await.unwrap().payload.is_null());
        assert!(noted(&world, "retention.removed").await.is_empty());
        // the run of the next day
        world.advance(RETENTION_EVERY_MS).await.unwrap();
        assert_eq!(body(&world, receipt).await, b"");
        let gone = removal(&world, Noun::Receipt, receipt).await.unwrap();
        assert_eq!(gone.sha256, hex::encode(Sha256::digest(&sent)));
        assert_eq!((gone.bytes, gone.days), (sent.len() as i64, 30));
        let day = world.clock.now().format_utc("%Y-%m-%d");
        assert_eq!(gone.sentence(), format!("Content removed on {day} under the retention rule of 30 days."));
        // its receipt says as before what was there
        let kept = world.receipt(receipt).await.unwrap();
        assert_eq!((kept.body_sha256, kept.body_bytes), (gone.sha256, gone.bytes));

        let left = world.the_export().await.unwrap();
        assert!(left.payload.is_null() && left.content_hash.starts_with("sha256:"));
        let gone = removal(&world, Noun::Export, export).await.unwrap();
        assert_eq!(gone.sha256, hex::encode(Sha256::digest(&wire)));
        let eyes = world.eyes().await.unwrap();
        assert_eq!(world.engine.export_wire(&eyes, export).await.unwrap(), None);
        let (chain, _) = world.engine.export_chain(&eyes, export).await.unwrap();
        assert!(chain.attempts[0].answer.starts_with("removed: "), "{}", chain.attempts[0].answer);

        let order = world.engine.order_chain(&eyes, about).await.unwrap().order.unwrap().order;
        assert_eq!((order.customer.name, order.customer.email, order.note), (None, None, None));
        let to = order.shipping_address.unwrap();
        assert_eq!((to.city, to.address1, to.country_code.as_deref()), (None, None, Some("US")));
        assert_eq!(order.items.len(), 1);
        assert!(removal(&world, Noun::Order, about).await.is_some());
        let facts = world.store.reads().await.unwrap().facts(world.merchant.id, kept.source_id, &kept.order_ref.unwrap()).await.unwrap();
        let said = serde_json::to_string(&facts).unwrap();
        assert!(facts.len() == 2 && !said.contains("Moreno") && !said.contains("Raleigh"), "{said}");

        let counts = counted(&world).await;
        assert_eq!(counts, BTreeMap::from([("receipts".into(), 2), ("orders".into(), 1), ("exports".into(), 1)]));
        // the trail names it by its hash, as ever, and still holds together
        assert!(world.engine.verify_trail(world.merchant.id).await.unwrap().is_ok());
        // once is enough
        let entries = noted(&world, "retention.removed").await.len();
        world.advance(RETENTION_EVERY_MS).await.unwrap();
        assert_eq!(noted(&world, "retention.removed").await.len(), entries);
    }

    async fn what_nobody_set_is_kept_for_ever(world: World) {
        let (receipt, _) = done(&world, 1).await;
        world.advance(4_000 * DAY).await.unwrap();
        assert_eq!(body(&world, receipt).await, order(1).bytes());
        sets(&world, &[(ContentKind::Exports, "30")]).await;
        world.advance(DAY).await.unwrap();
        assert_eq!(body(&world, receipt).await, order(1).bytes());
        assert!(world.the_export().await.unwrap().payload.is_null());
    }

    async fn what_is_still_open_stays(world: World) {
        // a run that waits for its shipment; an export that waits for a person; a receipt nobody could read
        let waiting = world.receives(&order(1)).await.unwrap();
        world.receives(&order(2).total("900.00")).await.unwrap();
        let odd = br#"{"id": "not a number""#;
        let (quarantined, _) = world.sends_bytes("orders/create", "hook-x", odd).await.unwrap();
        let stray = json!({
            "id": 99, "order_id": 5_500_000_000_999_i64, "status": "success", "created_at": LATER,
            "updated_at": LATER, "name": "#9.1", "tracking_company": null, "tracking_numbers": [],
            "tracking_urls": [], "line_items": [],
        });
        let stray = stray.to_string();
        let (unmatched, _) = world.sends_bytes("fulfillments/create", "hook-9", stray.as_bytes()).await.unwrap();
        world.runs_due_work().await.unwrap();
        sets(&world, EVERYTHING).await;
        // its ladder is climbed long before
        world.advance(29 * DAY).await.unwrap();
        let task = world.the_task("malformed").await.unwrap();
        let until = world.clock.now().plus_ms(6 * DAY);
        world.acts("priya", task.id, TaskAct::Claim).await.unwrap();
        world.acts("priya", task.id, TaskAct::Snooze { until }).await.unwrap();
        world.advance(2 * DAY).await.unwrap();
        assert_eq!(body(&world, waiting).await, order(1).bytes());
        assert_eq!(body(&world, quarantined).await, odd);
        assert_eq!(world.receipt(unmatched).await.unwrap().status, ReceiptStatus::Unmatched);
        assert_eq!(body(&world, unmatched).await, stray.as_bytes());
        assert!(world.exports().await.unwrap().iter().all(|one| !one.payload.is_null()));
        assert!(noted(&world, "retention.removed").await.is_empty());
        // once nobody has it any more, it goes, and leaves no task behind that nobody could do
        world.acts("priya", task.id, TaskAct::Release).await.unwrap();
        world.advance(DAY).await.unwrap();
        assert_eq!(body(&world, quarantined).await, b"");
        assert_eq!(counted(&world).await, BTreeMap::from([("quarantined".into(), 1)]));
        assert_eq!(world.the_task("malformed").await.unwrap().state, TaskState::Cancelled);
    }

    async fn a_hold_on_an_order_keeps_it_and_nothing_else(world: World) {
        let (held, held_export) = done(&world, 1).await;
        let (free, free_export) = done(&world, 2).await;
        sets(&world, EVERYTHING).await;
        let hold = holds(&world, "#1").await;
        world.advance(31 * DAY).await.unwrap();
        assert_eq!(body(&world, held).await, order(1).bytes());
        assert_eq!(body(&world, free).await, b"");
        assert_eq!(removal(&world, Noun::Export, held_export).await, None);
        assert!(removal(&world, Noun::Export, free_export).await.is_some());
        let about = world.receipt(held).await.unwrap().order_id.unwrap();
        assert_eq!(removal(&world, Noun::Order, about).await, None);
        let eyes = world.eyes().await.unwrap();
        let refused = world.engine.lift_hold(&eyes, hold, " ").await.unwrap_err();
        assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Invalid, "reason"));
        world.engine.lift_hold(&eyes, hold, "Settled out of court").await.unwrap();
        let again = world.engine.lift_hold(&eyes, hold, "Once more").await.unwrap_err();
        assert_eq!(again.kind, Kind::Conflict);
        world.advance(DAY).await.unwrap();
        assert_eq!(body(&world, held).await, b"");
        let placed = noted(&world, "legal_hold.placed").await.remove(0).detail;
        assert!(placed.contains("A suit in Portland") && placed.contains("order #1"), "{placed}");
        let lifted = noted(&world, "legal_hold.lifted").await.remove(0).detail;
        assert!(lifted.contains("Settled out of court"), "{lifted}");
    }

    async fn a_hold_on_the_merchant_keeps_everything(world: World) {
        let (receipt, export) = done(&world, 1).await;
        sets(&world, EVERYTHING).await;
        holds(&world, "").await;
        let input = HoldInput { order: String::new(), reason: "Once more".into() };
        let eyes = world.eyes().await.unwrap();
        assert_eq!(world.engine.place_hold(&eyes, input).await.unwrap_err().kind, Kind::Conflict);
        world.advance(400 * DAY).await.unwrap();
        assert_eq!(body(&world, receipt).await, order(1).bytes());
        assert_eq!(removal(&world, Noun::Export, export).await, None);
        let state = world.engine.retention(&world.eyes().await.unwrap()).await.unwrap();
        assert!(state.next.values().all(|(count, _)| *count == 0), "{:?}", state.next);
        assert!(noted(&world, "retention.removed").await.is_empty());
    }

    async fn many_go_in_small_steps_and_the_page_knows_before(world: World) {
        for n in 1..=260 {
            world.sends_bytes("carts/update", &format!("hook-{n}"), b"{}").await.unwrap();
        }
        world.runs_due_work().await.unwrap();
        sets(&world, &[(ContentKind::Receipts, "30")]).await;
        world.clock.advance_ms(30 * DAY);
        let state = world.engine.retention(&world.eyes().await.unwrap()).await.unwrap();
        let (count, oldest) = state.next[&ContentKind::Receipts];
        assert_eq!(count, 260);
        assert!(oldest.is_some());
        world.runs_due_work().await.unwrap();
        let steps = noted(&world, "retention.removed").await;
        assert_eq!(steps.len(), 2, "two transactions");
        assert_eq!(counted(&world).await["receipts"], 260);
        let state = world.engine.retention(&world.eyes().await.unwrap()).await.unwrap();
        let run = state.retention.run.unwrap();
        assert_eq!((run.count(), run.ended_at), (260, Some(world.clock.now())));
        assert_eq!(state.next[&ContentKind::Receipts], (0, None));
        assert_eq!(state.retention.next_at, Some(world.clock.now().plus_ms(RETENTION_EVERY_MS)));
    }

    async fn what_is_gone_is_not_used_any_more(world: World) {
        let (receipt, _) = done(&world, 1).await;
        sets(&world, EVERYTHING).await;
        world.advance(31 * DAY).await.unwrap();
        let eyes = world.eyes().await.unwrap();
        let refused = world.engine.replay_receipt(&eyes, receipt).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.sentence.contains("removed under a retention rule"), "{refused}");
        // what is said of the order later is compared with nothing that is gone, and may go again
        let back = shipped(1).told_again("orders/updated", "2026-11-21T12:00:00Z").set("note", "Left at the door");
        world.receives(&back).await.unwrap();
        assert!(world.tasks().await.unwrap().iter().all(|one| one.code != "changed_after_dispatch"));
        let about = world.receipt(receipt).await.unwrap().order_id.unwrap();
        let named = async || {
            let eyes = world.eyes().await.unwrap();
            world.engine.order_chain(&eyes, about).await.unwrap().order.unwrap().order.customer.name
        };
        assert_eq!(named().await.as_deref(), Some("Ada Moreno"));
        world.advance(31 * DAY).await.unwrap();
        assert_eq!(named().await, None);
        assert!(world.engine.verify_trail(world.merchant.id).await.unwrap().is_ok());
    }

    async fn an_export_that_failed_is_resolved_without_what_is_gone(world: World) {
        world.channel.will_answer(Reply::Json(422, json!({ "status": "rejected", "exception_code": "no_such_sku" })));
        world.receives(&order(1)).await.unwrap();
        let export = world.the_export().await.unwrap();
        sets(&world, EVERYTHING).await;
        world.advance(31 * DAY).await.unwrap();
        // somebody has to do something about it: it stays
        assert!(!world.the_export().await.unwrap().payload.is_null());
        assert_eq!(removal(&world, Noun::Export, export.id).await, None);
    }

    async fn what_is_typed_is_checked(world: World) {
        let eyes = world.eyes().await.unwrap();
        let typed: TypedDays = [(ContentKind::Receipts, "29".into()), (ContentKind::Exports, "soon".into())].into();
        let refused = world.engine.set_retention(&eyes, typed).await.unwrap_err();
        let fields: Vec<_> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["receipts", "exports"]);
        let input = HoldInput { order: "#404".into(), reason: String::new() };
        let refused = world.engine.place_hold(&eyes, input).await.unwrap_err();
        let fields: Vec<_> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["reason", "order"]);
        sets(&world, &[(ContentKind::Receipts, "90")]).await;
        sets(&world, &[(ContentKind::Receipts, "90")]).await;
        let set = noted(&world, "retention.set").await;
        assert_eq!(set.len(), 1, "the same once more is no news");
        sets(&world, &[(ContentKind::Receipts, "")]).await;
        let state = world.engine.retention(&world.eyes().await.unwrap()).await.unwrap();
        assert!(state.retention.days.is_empty());
    }
}
