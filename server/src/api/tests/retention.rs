//! What a retention rule took out: every answer that would show it says so, and still proves what it was.

use domain::{delivery::AckStatus, retention::ContentKind};
use engine::{Ack, RETENTION_EVERY_MS, TypedDays, port::Clock};
use serde_json::json;
use testkit::order;

use super::{Api, As};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_removed_is_said_in_its_place() {
    let api = Api::new().await;
    let world = &api.world;
    let receipt = world.receives(&order(1001)).await.unwrap();
    let at = "2026-11-20T12:00:00Z";
    let shipped = order(1001).told_again("orders/updated", at).set(
        "fulfillments",
        json!([{
            "id": 77, "status": "success", "created_at": at, "updated_at": at, "name": "#1001.1",
            "tracking_company": "UPS", "tracking_numbers": ["1Z"], "tracking_urls": [],
            "line_items": [{ "id": 55_000_000_010_011_i64, "sku": "KET-01", "title": "Kettle", "quantity": 1 }],
        }]),
    );
    world.receives(&shipped).await.unwrap();
    let done = Ack {
        status: AckStatus::Completed,
        exception_code: None,
        exception_metadata: None,
        external_ref: None,
    };
    let export = world.the_export().await.unwrap();
    world.acknowledges(export.id, done).await.unwrap();
    let who = As::Token(&api.viewer);
    let path = format!("receipts/{receipt}");
    let before = api.get(who.clone(), &path).await.expect(200);
    assert!(before["content_removed"].is_null());
    let typed: TypedDays = ContentKind::ALL.map(|kind| (kind, "30".to_owned())).into();
    let eyes = world.eyes().await.unwrap();
    world.engine.set_retention(&eyes, typed).await.unwrap();
    world.advance(31 * RETENTION_EVERY_MS).await.unwrap();

    let after = api.get(who.clone(), &path).await.expect(200);
    assert!(after["body"].is_null(), "{after}");
    let gone = &after["content_removed"];
    assert_eq!(gone["sha256"], before["body_sha256"]);
    assert_eq!(gone["bytes"], before["body_bytes"]);
    let day = world.clock.now().format_utc("%Y-%m-%d");
    let sentence = format!("Content removed on {day} under the retention rule of 30 days.");
    assert_eq!(gone["sentence"], sentence);
    assert_eq!(after["body_sha256"], before["body_sha256"]);

    let id = before["order"]["id"].as_str().unwrap();
    let order = api
        .get(who.clone(), &format!("orders/{id}"))
        .await
        .expect(200);
    assert!(order["customer_name"].is_null());
    let said = order["content_removed"]["sentence"].as_str().unwrap();
    assert!(said.starts_with("Personal data removed on "), "{said}");

    let id = before["exports"][0]["id"].as_str().unwrap();
    let export = api
        .get(who.clone(), &format!("exports/{id}"))
        .await
        .expect(200);
    assert!(export["payload"].is_null() && export.get("message").is_none());
    assert_eq!(export["content_removed"]["sentence"], sentence);
    assert_eq!(export["content_hash"], before["exports"][0]["content_hash"]);
    api.post(
        As::Token(&api.admin),
        &format!("receipts/{receipt}/replay"),
        json!({}),
    )
    .await
    .problem(409);
}
