//! What a retention rule took out: every answer that would show it says so, and still proves what it was.

use domain::{
    access::Access, delivery::AckStatus, owner::Party, people::Membership, retention::ContentKind,
};
use engine::{Ack, RETENTION_EVERY_MS, TypedDays, port::Clock};
use serde_json::json;
use testkit::{Person, order};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_and_holds_are_read_by_who_may_look_and_set_by_an_admin() {
    let mut api = Api::new().await;
    let engine = &api.world.engine;
    let email = "anke@northbeam.example";
    let user = engine
        .create_user(email, "Anke", "a pass phrase for one test")
        .await
        .unwrap();
    let membership = Membership {
        merchant_id: api.world.merchant.id,
        user_id: user.id,
        access: Access::Admin,
        party: Party::Agency,
        functional_roles: Vec::new(),
        rotations: Vec::new(),
    };
    engine.add_member(membership).await.unwrap();
    api.world.people.push(Person { user });
    let world = &api.world;
    let receipt = world.receives(&order(1001)).await.unwrap();
    let (viewer, admin) = (As::Token(&api.viewer), As::Person("anke"));
    let before = api.get(viewer.clone(), "retention").await.expect(200);
    assert!(before["days"]["receipts"].is_null() && before["last_run"].is_null());

    let days = |receipts| json!({ "receipts": receipts, "quarantined": 90, "orders": null, "exports": null });
    api.post(viewer.clone(), "retention", days(json!(30)))
        .await
        .problem(403);
    // no token keeps or removes anything
    api.post(As::Token(&api.admin), "retention", days(json!(30)))
        .await
        .problem(403);
    let short = api.post(admin.clone(), "retention", days(json!(29))).await;
    let said = short.json["errors"][0]["detail"].as_str().unwrap();
    assert!(said.contains("At least 30"), "{said}");
    assert_eq!(short.problem(422), ["#/receipts"]);
    api.post(admin.clone(), "retention", days(json!("30")))
        .await
        .problem(422);
    // what is left out is no wish to keep it for ever
    let half = json!({ "receipts": 30 });
    api.post(admin.clone(), "retention", half)
        .await
        .problem(422);
    let set = api.post(admin.clone(), "retention", days(json!(30))).await;
    let set = set.expect(200);
    assert_eq!(set["days"], days(json!(30)));
    let read = api.get(viewer.clone(), "retention").await.expect(200);
    assert_eq!(read["days"], days(json!(30)));

    let hold = |order: &str, reason: &str| json!({ "order": order, "reason": reason });
    api.post(viewer.clone(), "legal-holds", hold("", "Case 4"))
        .await
        .problem(403);
    let wrong = api.post(admin.clone(), "legal-holds", hold("#7", "")).await;
    let wrong = wrong.problem(422);
    assert_eq!(wrong, ["#/reason", "#/order"]);
    let placed = api
        .post(admin.clone(), "legal-holds", hold("#1001", "Case 4"))
        .await;
    let placed = placed.expect(201);
    let chain = api
        .get(viewer.clone(), &format!("receipts/{receipt}"))
        .await
        .expect(200);
    assert_eq!(placed["order_id"], chain["order"]["id"]);
    api.post(admin.clone(), "legal-holds", hold("#1001", "Case 5"))
        .await
        .problem(409);

    let lift = format!("legal-holds/{}/lift", placed["id"].as_str().unwrap());
    let why = json!({ "reason": "Settled" });
    api.post(viewer.clone(), &lift, why.clone())
        .await
        .problem(403);
    api.post(admin.clone(), &lift, json!({ "reason": " " }))
        .await
        .problem(422);
    let lifted = api
        .post(admin.clone(), &lift, why.clone())
        .await
        .expect(200);
    assert_eq!(
        (&lifted["in_force"], &lifted["lifted"]["reason"]),
        (&json!(false), &json!("Settled"))
    );
    api.post(admin, &lift, why).await.problem(409);
    let holds = api.get(viewer, "legal-holds").await.expect(200);
    assert_eq!(holds["items"], json!([lifted]));
    let strange = api
        .get(As::Token(&api.stranger), "legal-holds")
        .await
        .expect(200);
    assert_eq!(strange["items"], json!([]));
}
