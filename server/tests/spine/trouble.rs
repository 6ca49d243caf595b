//! Destinations that refuse, fail, ask for time, or talk nonsense.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::story::{chain, chain_with_export, delivered};
use crate::support::{
    installation::Installation,
    person::Person,
    shop::Order,
    sink::{Captured, Reply, Sink},
};

/// Everything by which a destination recognizes a repeat.
fn identity(captured: &Captured) -> (Vec<u8>, String, Value) {
    let key = captured.data()["idempotency_key"].clone();
    (
        captured.body.to_vec(),
        captured.header("webhook-id").to_owned(),
        key,
    )
}

pub async fn a_rejection_is_a_task_and_resolving_it_sends_the_same_again(
    meshline: &mut Installation,
) {
    let sink = Sink::start(meshline.sandbox_addr, |captured| match captured.earlier {
        0 => Reply::json(
            422,
            &json!({
                "status": "rejected", "exception_code": "insufficient_inventory",
                "exception_metadata": { "sku": "LAMP-ARC-BRS", "available": 0 },
            }),
        ),
        _ => Reply::accepted(),
    })
    .await;
    let (receipt, _) = delivered(meshline, &sink, &Order::numbered(5_600_000_000_500)).await;
    let seen = chain(meshline, &receipt, "a task", |chain| {
        chain["tasks"][0].is_object()
    })
    .await;
    let export = &seen["exports"][0];
    assert_eq!(
        export["acknowledgement"]["exception_code"],
        "insufficient_inventory"
    );
    assert_eq!(
        export["acknowledgement"]["exception_metadata"]["available"],
        0
    );
    assert_eq!(
        export["attempts"].as_array().unwrap().len(),
        1,
        "a business rejection is not tried again"
    );
    let task = &seen["tasks"][0];
    assert_eq!(seen["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&task["code"], &task["owner"]),
        (
            &json!("insufficient_inventory"),
            &json!("agency:supply_chain")
        )
    );
    assert_eq!(
        (&task["state"], &task["unlock"]),
        (&json!("open"), &json!("redeliver_export"))
    );
    assert_eq!(task["export_id"], export["id"]);
    assert!(!task["remediation_steps"].as_array().unwrap().is_empty());
    assert!(
        task["evidence"]
            .to_string()
            .contains("insufficient_inventory"),
        "{task}"
    );
    assert!(task["accept_by"].as_str() < task["resolve_by"].as_str());

    let person = Person::sign_in(meshline, meshline.user_with("supply_chain")).await;
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let (status, claimed) = person
        .call(Method::POST, &format!("{path}/claim"), None)
        .await;
    assert_eq!(
        (status, &claimed["state"]),
        (StatusCode::OK, &json!("claimed")),
        "{claimed}"
    );
    let wordless = json!({ "note": "" });
    let (status, _) = person
        .call(Method::POST, &format!("{path}/resolve"), Some(&wordless))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let note = json!({ "note": "Counted again, twelve are there." });
    let (status, resolved) = person
        .call(Method::POST, &format!("{path}/resolve"), Some(&note))
        .await;
    assert_eq!(
        (status, &resolved["state"]),
        (StatusCode::OK, &json!("resolved")),
        "{resolved}"
    );

    let deliveries = sink.about(seen["order_id"].as_str().unwrap(), 2).await;
    assert_eq!(identity(&deliveries[0]), identity(&deliveries[1]));
    let seen = chain_with_export(meshline, &receipt, "acknowledged").await;
    assert_eq!(seen["exports"].as_array().unwrap().len(), 1);
}

pub async fn a_destination_that_asks_for_time_gets_it(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |captured| match captured.earlier {
        0 => Reply::empty(503).with("retry-after", "4"),
        1 => Reply::empty(429),
        _ => Reply::accepted(),
    })
    .await;
    let (receipt, _) = delivered(meshline, &sink, &Order::numbered(5_600_000_000_600)).await;
    let seen = chain_with_export(meshline, &receipt, "acknowledged").await;
    let tries = sink.about(seen["order_id"].as_str().unwrap(), 3).await;
    assert_eq!(tries.len(), 3);
    let waited = [
        tries[1].at_ms - tries[0].at_ms,
        tries[2].at_ms - tries[1].at_ms,
    ];
    // what it asked for, and without a wish what the schedule says; never sooner
    assert!(waited[0] >= 4_000 && waited[1] >= 5_000, "{waited:?}");
    assert_eq!(identity(&tries[0]), identity(&tries[1]));
    assert_eq!(identity(&tries[0]), identity(&tries[2]));
    assert!(
        tries
            .iter()
            .all(|one| one.is_signed_with(crate::support::SANDBOX_SECRET))
    );
    let attempts = seen["exports"][0]["attempts"].as_array().unwrap();
    let statuses: Vec<&Value> = attempts
        .iter()
        .map(|attempt| &attempt["http_status"])
        .collect();
    assert_eq!(statuses, [503, 429, 200]);
    assert!(attempts[0]["next_at"].is_string() && attempts[2]["next_at"].is_null());
    assert_eq!(seen["tasks"], json!([]));
}

pub async fn gone_is_gone(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::empty(410)).await;
    let (receipt, _) = delivered(meshline, &sink, &Order::numbered(5_600_000_000_700)).await;
    let seen = chain(meshline, &receipt, "a task", |chain| {
        chain["tasks"][0].is_object()
    })
    .await;
    assert_eq!(seen["tasks"][0]["code"], "destination_gone");
    assert_eq!(seen["exports"][0]["attempts"][0]["http_status"], 410);
    // far longer than the schedule's first wait
    sleep(Duration::from_secs(3)).await;
    assert_eq!(sink.all().len(), 1);
}

pub async fn rubbish_is_kept_as_it_was_said(meshline: &mut Installation) {
    const RUBBISH: &str = "<html><p>{\"status\": rubbish\u{0}\u{fffd}";
    let sink = Sink::start(meshline.sandbox_addr, |captured| {
        let sku = captured.data()["payload"]["lines"][0]["sku"].clone();
        match sku.as_str().unwrap() {
            "PLAIN" => Reply {
                body: RUBBISH.to_owned(),
                ..Reply::empty(200)
            },
            "MOVED" => Reply::empty(302).with("location", "http://127.0.0.1:1/"),
            "VAGUE" => Reply::json(400, &json!({ "exception_code": "address_invalid" })),
            _ => Reply {
                body: "no such thing".to_owned(),
                ..Reply::empty(400)
            },
        }
    })
    .await;
    let number = 5_600_000_000_800;
    let seen = async |offset: u64, sku: &str, state: &str| {
        let (receipt, _) =
            delivered(meshline, &sink, &Order::numbered(number + offset).of(sku)).await;
        let what = format!("{sku}: an attempt that led to {state}");
        let chain = chain(meshline, &receipt, &what, |chain| {
            let export = &chain["exports"][0];
            export["attempts"][0].is_object() && chain.to_string().contains(state)
        })
        .await;
        (chain["exports"][0].clone(), chain["tasks"].clone())
    };
    let (export, tasks) = seen(100, "PLAIN", "delivered").await;
    assert_eq!(export["state"], "delivered");
    assert_eq!(
        export["attempts"][0]["answer"],
        RUBBISH.replace('\u{0}', "\u{fffd}")
    );
    assert_eq!(
        tasks,
        json!([]),
        "it has time until its acknowledgement is due"
    );
    let (export, tasks) = seen(200, "MOVED", "refused_by_destination").await;
    assert_eq!(export["attempts"][0]["http_status"], 302);
    assert_eq!(tasks[0]["owner"], "agency:engineering");
    let (export, tasks) = seen(300, "VAGUE", "address_invalid").await;
    assert_eq!(export["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(tasks[0]["owner"], "agency:customer_ops");
    let (export, tasks) = seen(400, "OTHER", "refused_by_destination").await;
    assert_eq!(export["attempts"][0]["answer"], "no such thing");
    assert_eq!(tasks[0]["code"], "refused_by_destination");
}
