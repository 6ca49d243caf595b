//! The way of one order, from the shop's webhook to the run's outcome.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    installation::{Installation, eventually},
    person::Person,
    shop::{Delivery, Order},
    sink::{Captured, Reply, Sink, callback, callback_signed},
};

/// The whole chain of a receipt, as soon as it is as far as that.
pub async fn chain(
    meshline: &Installation,
    receipt: &str,
    what: &str,
    is_there: impl Fn(&Value) -> bool,
) -> Value {
    eventually(what, async || {
        let chain = meshline.get(&format!("/receipts/{receipt}")).await;
        is_there(&chain).then_some(chain)
    })
    .await
}

/// The chain, once its only export is in this state.
pub async fn chain_with_export(meshline: &Installation, receipt: &str, state: &str) -> Value {
    let what = format!("an export that is {state}");
    chain(meshline, receipt, &what, |chain| {
        chain["exports"][0]["state"] == state
    })
    .await
}

/// Sends an order and waits until the destination has it.
pub async fn delivered(meshline: &Installation, sink: &Sink, order: &Order) -> (String, Captured) {
    let delivery = Delivery::new("orders/create", &format!("wh-{}", order.id), &order.json());
    let answer = meshline.send(&delivery).await;
    assert_eq!((answer.code, answer.status()), (StatusCode::OK, "accepted"));
    let receipt = answer.receipt_id();
    let seen = chain(meshline, &receipt, "an order", |chain| {
        chain["order_id"].is_string()
    })
    .await;
    let captured = sink.about(seen["order_id"].as_str().unwrap(), 1).await;
    (receipt, captured[0].clone())
}

pub async fn an_order_is_delivered_acknowledged_and_shipped(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::empty(202)).await;
    let order = Order::numbered(5_600_000_000_100);
    let (receipt, captured) = delivered(meshline, &sink, &order).await;

    let seen = chain_with_export(meshline, &receipt, "delivered").await;
    assert_eq!(seen["status"], "processed");
    assert_eq!(seen["order"]["external_id"], order.id.to_string());
    assert_eq!(
        seen["order"]["totals"]["total"],
        json!({ "amount_minor": 7_000, "currency": "USD" })
    );
    let events: Vec<&Value> = seen["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["type"])
        .collect();
    assert!(events.contains(&&json!("order.accepted")), "{events:?}");
    assert_eq!(seen["runs"][0]["state"], "running");
    assert_eq!(seen["exports"].as_array().unwrap().len(), 1);
    assert_eq!(seen["exports"][0]["approvals"], json!([]));
    assert_eq!(seen["exports"][0]["attempts"][0]["http_status"], 202);
    assert!(captured.is_signed_with(crate::support::SANDBOX_SECRET));

    let url = captured.json()["callbackurl"].as_str().unwrap().to_owned();
    let say = async |id: &str, body: Value| {
        let answer = callback(&url, &meshline.http, id, &body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
    };
    say(
        "cb-1",
        json!({ "status": "accepted", "external_ref": "3PL-7" }),
    )
    .await;
    let seen = chain_with_export(meshline, &receipt, "acknowledged").await;
    assert_eq!(
        seen["exports"][0]["acknowledgement"]["external_ref"],
        "3PL-7"
    );
    say(
        "cb-2",
        json!({ "status": "completed", "external_ref": "3PL-7" }),
    )
    .await;
    let seen = chain(meshline, &receipt, "an outcome", |chain| {
        chain["runs"][0]["outcome"].is_string()
    })
    .await;
    assert_eq!(seen["runs"][0]["outcome"], "shipped");
    assert_eq!(seen["exports"][0]["state"], "completed");
    assert_eq!(seen["tasks"], json!([]));

    // every arrow left its entry
    let entries = meshline.all("/audit").await;
    for action in [
        "receipt.accepted",
        "receipt.processed",
        "order.accepted",
        "export.ready",
        "export.delivering",
        "delivery.attempted",
        "export.delivered",
        "export.acknowledged",
        "export.completed",
        "shipment.confirmed",
    ] {
        assert!(
            entries.iter().any(|entry| entry["action"] == action),
            "no entry says {action}"
        );
    }
}

pub async fn an_order_over_the_amount_waits_for_a_person(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    let order = Order {
        unit_minor: 90_000,
        ..Order::numbered(5_600_000_000_200)
    };
    let answer = meshline
        .send(&Delivery::new("orders/create", "big", &order.json()))
        .await;
    let seen = chain_with_export(meshline, &answer.receipt_id(), "awaiting_approval").await;
    let export = &seen["exports"][0];
    let path = format!("/exports/{}", export["id"].as_str().unwrap());
    let body = json!({ "content_hash": export["content_hash"] });
    assert_eq!(export["approvals"][0]["owner"], "agency:operations");

    // a token is nobody, and somebody else is not the one who is asked
    let (status, _) = meshline
        .call(Method::POST, &format!("{path}/approve"), Some(&body))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let other = Person::sign_in(meshline, meshline.user_with("marketing_ops")).await;
    let (status, _) = other
        .call(Method::POST, &format!("{path}/approve"), Some(&body))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let right = Person::sign_in(meshline, meshline.user_with("operations")).await;
    let stale = json!({ "content_hash": "sha256:00" });
    let (status, _) = right
        .call(Method::POST, &format!("{path}/approve"), Some(&stale))
        .await;
    assert_eq!(
        status,
        StatusCode::CONFLICT,
        "what was not seen is not approved"
    );
    assert!(sink.all().is_empty(), "it left before anybody said yes");

    let (status, said) = right
        .call(Method::POST, &format!("{path}/approve"), Some(&body))
        .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let captured = sink.about(seen["order_id"].as_str().unwrap(), 1).await;
    let approvals = &captured[0].data()["approvals"];
    assert_eq!(approvals[0]["role"], "operations");
    assert_eq!(approvals[0]["content_hash"], export["content_hash"]);
    assert_eq!(
        captured[0].data()["accepted_by"],
        approvals[0]["accepted_by"]
    );
    chain_with_export(meshline, &answer.receipt_id(), "acknowledged").await;
    let (status, _) = right
        .call(Method::POST, &format!("{path}/approve"), Some(&body))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "it was decided already");
}

pub async fn a_callback_has_to_be_signed_and_to_agree_with_itself(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::empty(200)).await;
    let (receipt, captured) = delivered(meshline, &sink, &Order::numbered(5_600_000_000_300)).await;
    chain_with_export(meshline, &receipt, "delivered").await;
    let url = captured.json()["callbackurl"].as_str().unwrap().to_owned();
    let accepted = json!({ "status": "accepted" });
    let http = &meshline.http;

    let stranger = "whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LTMyLWJ5dGVzIQ==";
    let forged = callback_signed(&url, http, "a", &accepted, stranger)
        .send()
        .await
        .unwrap();
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    let bare = http.post(&url).json(&accepted).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let changed = callback(&url, http, "a", &accepted)
        .body(r#"{"status":"completed"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), StatusCode::UNAUTHORIZED);
    let nowhere = meshline.url(&format!("/api/v1/exports/{}/ack", uuid::Uuid::from_u128(1)));
    let unknown = callback(&nowhere, http, "a", &accepted)
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    chain_with_export(meshline, &receipt, "delivered").await;

    let say = async |id: &str, body: &Value| {
        let answer = callback(&url, http, id, body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, problem) = say("b", &json!({ "status": "rejected" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "#/exception_code");
    // the same words twice are said once, with the key or without
    for id in ["c", "c", "d"] {
        let (status, said) = say(id, &accepted).await;
        assert_eq!(
            (status, &said["state"]),
            (StatusCode::OK, &json!("acknowledged"))
        );
    }
    let (status, _) = say("e", &json!({ "status": "completed" })).await;
    assert_eq!(status, StatusCode::OK);
    let (status, said) = say("f", &accepted).await;
    assert_eq!(
        (status, &said["state"]),
        (StatusCode::OK, &json!("completed")),
        "a late word changes nothing"
    );
    let (status, _) = say(
        "g",
        &json!({ "status": "rejected", "exception_code": "address_invalid" }),
    )
    .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let entries = meshline.all("/audit").await;
    let times = |action: &str| {
        entries
            .iter()
            .filter(|entry| entry["action"] == action)
            .count()
    };
    assert_eq!(
        (times("export.acknowledged"), times("export.completed")),
        (1, 1)
    );
}
