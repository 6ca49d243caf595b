//! What storefronts tell of goods, and what that lets go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use domain::{
    Currency, Money, Time,
    export::ExportState,
    gate::{Gate, Untold},
    receipt::{Receipt, ReceiptStatus},
    sku::Sku,
};
use engine::port::{StoreExt, Tx};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use testkit::{fulfillment_contract, order};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const LAMP: &str = "KET-01";

static SENT: AtomicU32 = AtomicU32::new(0);

async fn sends(world: &World, topic: &str, body: &Value) -> Receipt {
    let body = body.to_string();
    let (receipt, _) = world
        .sends_bytes(
            topic,
            &format!("goods-{}", SENT.fetch_add(1, Ordering::Relaxed)),
            body.as_bytes(),
        )
        .await
        .unwrap();
    world.runs_due_work().await.unwrap();
    world.receipt(receipt).await.unwrap()
}

fn level(place: u64, units: i64, at: &str) -> Value {
    json!({ "inventory_item_id": 77_001, "location_id": place, "available": units, "updated_at": at })
}

fn product(at: &str) -> Value {
    json!({
        "id": 5, "title": "Kettle", "updated_at": at,
        "variants": [
            { "id": 51, "sku": LAMP, "title": "Default Title", "price": "49.00", "inventory_item_id": 77_001 },
            { "id": 52, "sku": null, "title": "Sample", "price": "0.00", "inventory_item_id": 77_002 },
        ],
    })
}

async fn available(world: &World) -> Option<i64> {
    let eyes = world.eyes().await.unwrap();
    let sku = world.engine.sku(&eyes, LAMP).await.ok()?;
    sku.available().map(|told| told.is)
}

/// Somebody else's transaction, with everything written and nothing committed.
struct UnderWay {
    goes_on: oneshot::Sender<()>,
    ends: JoinHandle<engine::Result<()>>,
}

async fn under_way<F>(world: &World, op: F) -> UnderWay
where
    F: for<'t> FnOnce(&'t mut dyn Tx) -> BoxFuture<'t, engine::Result<()>> + Send + 'static,
{
    let engine = Arc::clone(&world.engine);
    let (wrote, written) = oneshot::channel();
    let (goes_on, may_end) = oneshot::channel();
    let ends = tokio::spawn(async move {
        let store = engine.store();
        let done = store.write(move |tx| {
            Box::pin(async move {
                op(&mut *tx).await?;
                wrote.send(()).unwrap();
                may_end.await.unwrap();
                Ok(())
            })
        });
        done.await
    });
    written.await.unwrap();
    UnderWay { goes_on, ends }
}

/// What is due is worked on while that one is under way: it is done with it by then, or waits for it.
async fn meanwhile(world: &World, other: UnderWay) {
    let engine = Arc::clone(&world.engine);
    let mut work = tokio::spawn(async move { engine.run_due_work().await });
    let done = timeout(Duration::from_millis(500), &mut work).await;
    other.goes_on.send(()).unwrap();
    other.ends.await.unwrap().unwrap();
    if done.is_err() {
        work.await.unwrap().unwrap();
    }
    world.runs_due_work().await.unwrap();
}

on_every_store! {
    async fn a_level_waits_for_its_product_and_then_lets_the_export_go(world: World) {
        let contract = domain::contract::Contract {
            id: Uuid::from_u128(921),
            version: "1.1".into(),
            published_at: world.admin.now(),
            gates: vec![Gate::StockAtLeast { at: "/lines/*/sku".into(), units: 3, untold: Untold::Refused }],
            approval: Vec::new(),
            ..fulfillment_contract(world.merchant.id)
        };
        let eyes = world.eyes().await.unwrap();
        world.engine.publish_contract(&eyes, contract).await.unwrap();
        world.receives(&order(3)).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Quarantined);

        let early = sends(&world, "inventory_levels/update", &level(1, 4, "2026-11-20T08:00:00Z")).await;
        assert_eq!(early.status, ReceiptStatus::Unmatched);
        assert_eq!(early.order_ref.as_deref(), Some("item:77001"));
        assert_eq!(early.waits_for_item(), Some("77001"));
        assert_eq!(available(&world).await, None);

        let told = sends(&world, "products/update", &product("2026-11-20T08:30:00Z")).await;
        assert_eq!(told.status, ReceiptStatus::Processed);
        assert_eq!(world.receipt(early.id).await.unwrap().status, ReceiptStatus::Processed);
        assert_eq!(available(&world).await, Some(4));
        let sku = world.engine.sku(&eyes, LAMP).await.unwrap();
        // the product names no currency; the orders of this shop are in this one
        assert_eq!(sku.price.map(|told| told.is), Some(Money::new(4_900, Currency::USD)));
        assert_eq!(sku.title.as_deref(), Some("Kettle"));

        let exports = world.exports().await.unwrap();
        let newest = exports.iter().find(|one| one.superseded_by.is_none()).unwrap();
        assert_eq!(newest.state, ExportState::Acknowledged, "{:?}", newest.qa);
    }

    async fn places_add_up_and_only_what_is_newer_counts(world: World) {
        sends(&world, "products/create", &product("2026-11-20T07:00:00Z")).await;
        sends(&world, "inventory_levels/update", &level(1, 4, "2026-11-20T08:00:00Z")).await;
        sends(&world, "inventory_levels/connect", &level(2, 6, "2026-11-20T08:00:00Z")).await;
        assert_eq!(available(&world).await, Some(10));
        let late = sends(&world, "inventory_levels/update", &level(1, 9, "2026-11-20T07:59:00Z")).await;
        assert_eq!(late.status, ReceiptStatus::Processed);
        assert_eq!(available(&world).await, Some(10), "an older one that comes later changes nothing");
        sends(&world, "inventory_levels/disconnect", &json!({ "inventory_item_id": 77_001, "location_id": 2 })).await;
        assert_eq!(available(&world).await, Some(4));
    }

    async fn a_level_that_is_read_while_its_product_is_told_finds_it(world: World) {
        let body = level(1, 4, "2026-11-20T08:00:00Z").to_string();
        let (early, _) = world.sends_bytes("inventory_levels/update", "goods-beside", body.as_bytes()).await.unwrap();
        let merchant = world.merchant.id;
        let product = under_way(&world, move |tx| Box::pin(async move {
            tx.lock_item(merchant, "77001").await?;
            let sku = Sku { item_ref: Some("77001".into()), ..Sku::new(Uuid::from_u128(77), merchant, LAMP) };
            tx.save_sku(&sku, Time::from_ms(1)).await
        }))
        .await;
        meanwhile(&world, product).await;
        assert_eq!(world.receipt(early).await.unwrap().status, ReceiptStatus::Processed);
        assert_eq!(available(&world).await, Some(4));
    }

    async fn a_product_that_is_told_while_its_level_is_read_wakes_it(world: World) {
        let early = sends(&world, "inventory_levels/update", &level(1, 4, "2026-11-20T08:00:00Z")).await;
        let merchant = world.merchant.id;
        // as if it had come just now
        let store = world.engine.store();
        let again = store.write(move |tx| Box::pin(async move {
            tx.set_receipt_status(merchant, early.id, ReceiptStatus::Accepted, None, None).await
        }));
        again.await.unwrap();
        let body = product("2026-11-20T08:30:00Z").to_string();
        world.sends_bytes("products/update", "goods-meanwhile", body.as_bytes()).await.unwrap();
        let level = under_way(&world, move |tx| Box::pin(async move {
            tx.lock_item(merchant, "77001").await?;
            tx.set_receipt_status(merchant, early.id, ReceiptStatus::Unmatched, Some("item:77001"), None).await
        }))
        .await;
        meanwhile(&world, level).await;
        assert_eq!(world.receipt(early.id).await.unwrap().status, ReceiptStatus::Processed);
        assert_eq!(available(&world).await, Some(4));
    }

    async fn what_does_not_fit_is_held_with_a_task(world: World) {
        let odd = sends(&world, "inventory_levels/update", &json!({ "available": 4 })).await;
        assert_eq!(odd.status, ReceiptStatus::Quarantined);
        assert_eq!(odd.faults[0].path, "/inventory_item_id");
        assert_eq!(world.tasks().await.unwrap().len(), 1);
    }
}
