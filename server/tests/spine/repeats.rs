//! What comes twice, and is done once.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::story::{chain_with_export, delivered};
use crate::support::{
    installation::Installation,
    person::Person,
    shop::{Delivery, Order},
    sink::{Reply, Sink},
};

pub async fn a_delivery_that_comes_again_is_the_same_receipt(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    let order = Order::numbered(5_600_000_001_100);
    let create = Delivery::new("orders/create", "again", &order.json());
    let first = meshline.send(&create).await;
    assert_eq!(first.status(), "accepted");
    // also at the same moment
    let same = futures::future::join_all((0..10).map(|_| meshline.send(&create))).await;
    for answer in &same {
        assert_eq!(
            (answer.code, answer.status()),
            (StatusCode::OK, "duplicate")
        );
        assert_eq!(answer.receipt_id(), first.receipt_id());
    }
    // another topic is another delivery, whatever its id; the order is the same
    let paid = meshline
        .send(&Delivery::new("orders/paid", "again", &order.json()))
        .await;
    assert_eq!(paid.status(), "accepted");
    assert_ne!(paid.receipt_id(), first.receipt_id());

    let seen = chain_with_export(meshline, &first.receipt_id(), "acknowledged").await;
    assert_eq!(seen["repeats"], 10);
    assert_eq!(meshline.all("/receipts").await.len(), 2);
    assert_eq!(meshline.all("/orders").await.len(), 1);
    assert_eq!(meshline.all("/exports").await.len(), 1);
    assert_eq!(sink.all().len(), 1);
}

pub async fn a_call_that_comes_again_has_the_first_answer(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::empty(202)).await;
    let (receipt, captured) = delivered(meshline, &sink, &Order::numbered(5_600_000_001_200)).await;
    chain_with_export(meshline, &receipt, "delivered").await;
    let path = format!("/exports/{}/ack", captured.export_id());
    let call = async |key: &str, body: Value| {
        let request = meshline.http.post(meshline.url(&format!("/api/v1{path}")));
        let request = request
            .bearer_auth(&meshline.shop().0.api_token)
            .header("idempotency-key", key);
        let answer = request.json(&body).send().await.unwrap();
        let replayed = answer.headers().contains_key("idempotency-replayed");
        (
            answer.status(),
            replayed,
            answer.json::<Value>().await.unwrap(),
        )
    };
    let accepted = json!({ "status": "accepted", "external_ref": "A-1" });
    let (status, replayed, first) = call("one", accepted.clone()).await;
    assert_eq!((status, replayed), (StatusCode::OK, false), "{first}");
    let (status, replayed, again) = call("one", accepted.clone()).await;
    assert_eq!((status, replayed, again), (StatusCode::OK, true, first));
    let (status, _, problem) = call("one", json!({ "status": "completed" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    chain_with_export(meshline, &receipt, "acknowledged").await;

    // many at once start one run: the others are told to wait, or get its answer
    let person = Person::sign_in(meshline, meshline.user_with("merchandising")).await;
    let brief = json!({ "flow": "promotion-go-live", "campaign": {
        "campaign_id": "winter-kit-26", "title": "Winter kit", "offer": "20 % off the winter kit",
        "discount_percent": 20, "skus": ["KIT-WINTER-01"], "landing_url": "https://alder-pine.example/winter",
        "starts_at": "2036-11-27T15:00:00.000Z", "ends_at": "2036-11-30T23:59:00.000Z", "note": "Stock is in.",
    }});
    let (status, made) = person.call(Method::POST, "/exports", Some(&brief)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        (&made["state"], &made["approvals"][1]["of"]),
        (&json!("awaiting_approval"), &json!(2))
    );
    let (status, problem) = person.call(Method::POST, "/exports", Some(&brief)).await;
    assert!(
        status.is_client_error(),
        "one campaign goes live once: {status} {problem}"
    );
}
