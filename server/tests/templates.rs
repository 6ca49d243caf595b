//! Flows of the templates as somebody outside sees them: the built binary with the demo's merchant, the
//! sandbox as everybody's destination, people at the API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{
    database::Engine,
    installation::{Installation, eventually},
    person::Person,
    shop::{Delivery, Order},
};

const QUICK: [&str; 2] = ["--complete-after-ms", "200"];

async fn with_sandbox(arguments: &[&str]) -> Installation {
    let mut meshline = Installation::start(Engine::Sqlite).await;
    meshline.run_sandbox(&[&QUICK, arguments].concat()).await;
    meshline
}

async fn sends(meshline: &Installation, topic: &str, id: &str, body: &Value) -> String {
    let answer = meshline.send(&Delivery::new(topic, id, body)).await;
    assert_eq!(answer.code, StatusCode::OK, "{answer:?}");
    answer.receipt_id()
}

/// The order's id here, once it is known.
async fn order_of(meshline: &Installation, receipt: &str) -> String {
    eventually("the order", async || {
        let chain = meshline.get(&format!("/receipts/{receipt}")).await;
        chain["order_id"].as_str().map(str::to_owned)
    })
    .await
}

async fn export(meshline: &Installation, export_type: &str, state: &str) -> Value {
    eventually(&format!("{export_type} that is {state}"), async || {
        let all = meshline.all("/exports").await;
        let fits = |one: &&Value| one["export_type"] == export_type && one["state"] == state;
        all.iter().find(fits).cloned()
    })
    .await
}

/// Whoever is asked at this step takes the task and answers.
async fn answers(meshline: &Installation, role: &str, step: &str, answers: Value) {
    let task = eventually(&format!("a task at {step}"), async || {
        let open = meshline.all("/tasks?state=open").await;
        open.iter().find(|task| task["step"] == step).cloned()
    })
    .await;
    let person = Person::sign_in(meshline, meshline.user_with(role)).await;
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let (status, said) = person
        .call(Method::POST, &format!("{path}/claim"), None)
        .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let body = json!({ "answers": answers, "note": "Done." });
    let (status, said) = person
        .call(Method::POST, &format!("{path}/resolve"), Some(&body))
        .await;
    assert_eq!(status, StatusCode::OK, "{said}");
}

async fn approves(meshline: &Installation, role: &str, export_type: &str) {
    let asked = export(meshline, export_type, "awaiting_approval").await;
    let person = Person::sign_in(meshline, meshline.user_with(role)).await;
    let path = format!("/exports/{}/approve", asked["id"].as_str().unwrap());
    let body = json!({ "content_hash": asked["content_hash"] });
    let (status, said) = person.call(Method::POST, &path, Some(&body)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
}

async fn run_ends(meshline: &Installation, id: &str, state: &str) -> Value {
    eventually(&format!("a run that is {state}"), async || {
        let run = meshline.get(&format!("/runs/{id}")).await;
        (run["state"] == state).then_some(run)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shipped() {
    let meshline = with_sandbox(&[]).await;
    let order = Order::numbered(5_700_000_000_100);
    let receipt = sends(&meshline, "orders/create", "one", &order.json()).await;
    let chain = eventually("an outcome", async || {
        let chain = meshline.get(&format!("/receipts/{receipt}")).await;
        chain["runs"][0]["outcome"].is_string().then_some(chain)
    })
    .await;
    assert_eq!(chain["runs"][0]["outcome"], "shipped");
    assert_eq!(chain["exports"][0]["state"], "completed");
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_that_looks_wrong_is_taken_back() {
    let meshline = with_sandbox(&[]).await;
    let author = Person::sign_in(&meshline, meshline.user_with("engineering")).await;
    let brief = json!({ "flow": "promotion-go-live", "campaign": {
        "campaign_id": "winter-kit-26", "title": "Winter kit", "offer": "20 % off the winter kit",
        "discount_percent": 20, "skus": ["KIT-WINTER-01"], "landing_url": "https://alder-pine.example/winter",
        "starts_at": "2036-11-27T15:00:00.000Z", "ends_at": "2036-11-30T23:59:00.000Z", "note": "Stock is in.",
    }});
    let (status, made) = author.call(Method::POST, "/exports", Some(&brief)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["export_type"], "promo_activation");
    approves(&meshline, "marketing_ops", "promo_activation").await;
    approves(&meshline, "operations", "promo_activation").await;
    let wrong = json!({ "right": false, "note": "The price is doubled." });
    answers(&meshline, "merchandising", "look_at_it", wrong).await;
    let run = run_ends(&meshline, made["run_id"].as_str().unwrap(), "failed").await;
    for undone in ["price_restore", "promo_rollback"] {
        export(&meshline, undone, "completed").await;
    }
    let released = export(&meshline, "inventory_release", "completed").await;
    let released = meshline
        .get(&format!("/exports/{}", released["id"].as_str().unwrap()))
        .await;
    let held = released["payload"]["hold_ref"].as_str().unwrap();
    assert!(held.starts_with("HLD-"), "{run} {released}");
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_restocked_and_refunded() {
    let meshline = with_sandbox(&[]).await;
    let order = Order::numbered(5_700_000_000_200);
    let receipt = sends(&meshline, "orders/create", "one", &order.json()).await;
    let id = order_of(&meshline, &receipt).await;
    export(&meshline, "fulfillment_request", "completed").await;
    let shipped = order.shipped_json();
    let receipt = sends(&meshline, "fulfillments/create", "two", &shipped).await;
    order_of(&meshline, &receipt).await;
    let body = json!({ "flow": "returns", "order_id": id });
    let person = Person::sign_in(&meshline, meshline.user_with("logistics")).await;
    let (status, run) = person.call(Method::POST, "/runs", Some(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{run}");
    let back = json!({ "sku": order.sku, "quantity": 1, "reason": "changed_mind" });
    answers(&meshline, "returns_ops", "open_return", back).await;
    let seen = json!({ "units": 1, "condition": "as_new" });
    answers(&meshline, "returns_ops", "inspect", seen).await;
    answers(
        &meshline,
        "finance",
        "refund",
        json!({ "refund_ref": "R-1" }),
    )
    .await;
    export(&meshline, "inventory_delta", "completed").await;
    let mut refunded = order.json();
    refunded["financial_status"] = json!("refunded");
    refunded["fulfillments"] = json!([shipped]);
    refunded["refunds"] = json!([{
        "id": 88, "order_id": order.id, "created_at": refunded["updated_at"], "note": null,
        "transactions": [{
            "id": 89, "kind": "refund", "status": "success", "amount": "70.00", "currency": "USD",
        }],
        "refund_line_items": [],
    }]);
    sends(&meshline, "orders/updated", "three", &refunded).await;
    let run = run_ends(&meshline, run["id"].as_str().unwrap(), "completed").await;
    assert_eq!(run["outcome"], "returned");
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_comes_from_the_alternate_carrier() {
    let meshline = with_sandbox(&["--refuse", "shipping_label_request=label_failed"]).await;
    let order = Order::numbered(5_700_000_000_300);
    let receipt = sends(&meshline, "orders/create", "one", &order.json()).await;
    order_of(&meshline, &receipt).await;
    let mut troubled = order.shipped_json();
    troubled["status"] = json!("failure");
    sends(&meshline, "fulfillments/create", "two", &troubled).await;
    export(&meshline, "shipping_label_request", "rejected").await;
    // past the four minutes, within the five that a signature is good for
    meshline.clock_ahead_by(250_000).await;
    export(&meshline, "shipping_label_alternate", "completed").await;
    let handed = export(&meshline, "shipping_label_response", "completed").await;
    let handed = meshline
        .get(&format!("/exports/{}", handed["id"].as_str().unwrap()))
        .await;
    let label = handed["payload"]["label_ref"].as_str().unwrap();
    assert!(label.starts_with("LBL-"), "{handed}");
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_previewed_and_published() {
    let meshline = with_sandbox(&[]).await;
    let body = json!({
        "flow": "staged-launch", "reference": "lamp-nine", "title": "Lamp nine",
        "answers": {
            "sku": "LMP-9", "price": "129.00 USD", "description": "A lamp for reading.",
            "launch_on": "2036-12-01",
        },
    });
    let person = Person::sign_in(&meshline, meshline.user_with("logistics")).await;
    let (status, run) = person.call(Method::POST, "/runs", Some(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{run}");
    answers(
        &meshline,
        "merchandising",
        "preview",
        json!({ "right": true }),
    )
    .await;
    let asked = export(&meshline, "live_publish", "awaiting_approval").await;
    let asked = meshline
        .get(&format!("/exports/{}", asked["id"].as_str().unwrap()))
        .await;
    let staged = asked["payload"]["staged_ref"].as_str().unwrap();
    assert!(staged.starts_with("PRV-"), "{asked}");
    approves(&meshline, "marketing_ops", "live_publish").await;
    approves(&meshline, "operations", "live_publish").await;
    let run = run_ends(&meshline, run["id"].as_str().unwrap(), "completed").await;
    assert_eq!(run["outcome"], "live");
    meshline.end().await;
}
