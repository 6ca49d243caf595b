//! Sending, against a receiver that checks the signature as a source does.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use clap::Parser;
use connectors::shopify;
use serde_json::{Value, json};

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    send: SendArgs,
}

fn args(line: &str) -> SendArgs {
    let words = std::iter::once("send").chain(line.split_whitespace());
    Line::try_parse_from(words).unwrap().send
}

type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// Takes what is signed with `s3cret`; a delivery id seen before is a duplicate.
async fn take(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-shopify-topic"), "orders/paid");
    if header("x-shopify-hmac-sha256") != shopify::sign(b"s3cret", &body) {
        return (StatusCode::UNAUTHORIZED, "{\"title\":\n\"bad signature\"}").into_response();
    }
    let id = header("x-shopify-webhook-id");
    let mut seen = seen.lock().unwrap();
    let known = seen.iter().any(|(other, _)| *other == id);
    seen.push((id, serde_json::from_slice(&body).unwrap()));
    let status = if known { "duplicate" } else { "accepted" };
    let answer = json!({"receipt_id": Uuid::nil(), "status": status});
    axum::Json(answer).into_response()
}

async fn receiver() -> (String, Seen) {
    // a second installation in the same process is refused, and that is fine
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seen = Seen::default();
    let app = Router::new()
        .route("/in/abc", post(take))
        .with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, seen)
}

fn ids(seen: &Seen) -> Vec<u64> {
    let mut ids: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| body["id"].as_u64().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn many_orders_are_many_orders_and_the_same_id_is_the_same_delivery() {
    let (base, seen) = receiver().await;
    let line = format!("--url {base}/in/abc --secret s3cret --quiet --count 5 --rate 500");
    run(args(&line)).await.unwrap();
    let distinct = ids(&seen);
    assert!(
        distinct.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "{distinct:?}"
    );

    seen.lock().unwrap().clear();
    let line = format!(
        "--url {base}/in/abc --secret s3cret --quiet --order-id 9007199254740993 --sku X --total 1250.00"
    );
    run(args(&line)).await.unwrap();
    let (_, body) = seen.lock().unwrap()[0].clone();
    assert_eq!(body["id"].to_string(), "9007199254740993");
    assert_eq!(body["line_items"][0]["sku"], "X");
    assert_eq!(body["total_price"], "1250.00");

    seen.lock().unwrap().clear();
    let line = format!("--url {base}/in/abc --secret s3cret --id again --count 3 --concurrency 1");
    run(args(&line)).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refusal_is_reported_and_fails_the_command() {
    let (base, seen) = receiver().await;
    let line = format!("--url {base}/in/abc --secret wrong --count 2");
    let error = run(args(&line)).await.unwrap_err();
    assert_eq!(error.to_string(), "2 of 2 were not taken");
    assert!(seen.lock().unwrap().is_empty());
    let refused = report::refusal(StatusCode::UNAUTHORIZED, b"{\"title\":\n\"bad signature\"}");
    assert_eq!(refused, "401 Unauthorized {\"title\": \"bad signature\"}");
}

#[tokio::test]
async fn the_demo_says_where_and_with_which_secret() {
    let (base, seen) = receiver().await;
    let path = std::env::temp_dir().join(format!("meshline-send-{}.json", std::process::id()));
    let demo = json!({"operator": {}, "sources": [
        {"merchant": "other", "system": "shopify", "url_path": "/in/zzz", "secret": "x"},
        {"merchant": "acme", "system": "stripe", "url_path": "/in/yyy", "secret": "x"},
        {"merchant": "acme", "system": "shopify", "url_path": "/in/abc", "secret": "s3cret"},
    ]});
    std::fs::write(&path, demo.to_string()).unwrap();
    let line = format!("--from-demo {} --base {base}/ --quiet", path.display());
    run(args(&format!("{line} --merchant acme"))).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);

    let error = run(args(&format!("{line} --merchant nobody")))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("nobody; it has: other (shopify), acme (stripe)"),
        "{error}"
    );
    std::fs::remove_file(path).unwrap();
}

fn body_of(line: &str) -> Result<Value, String> {
    let payload = Payload::new(&args(line)).map_err(|e| e.to_string())?;
    Ok(serde_json::from_slice(&payload.body(0).unwrap()).unwrap())
}

#[test]
fn a_new_total_keeps_the_sums() {
    let order = body_of("--total 1240.12").unwrap();
    for (at, amount) in [
        ("/total_price", "1240.12"),
        ("/current_total_price_set/shop_money/amount", "1240.12"),
        ("/subtotal_price", "1214.00"),
        ("/subtotal_price_set/presentment_money/amount", "1214.00"),
        ("/line_items/0/price", "1128.00"),
        ("/line_items/0/price_set/shop_money/amount", "1128.00"),
        ("/line_items/1/price", "43.00"),
        ("/total_tax", "17.12"),
    ] {
        assert_eq!(order.pointer(at).unwrap(), amount, "{at}");
    }
    let error = body_of("--total 50").unwrap_err();
    assert!(error.contains("is $112.12"), "{error}");
    assert!(
        body_of("--total 1.234")
            .unwrap_err()
            .starts_with("--total: ")
    );
}

#[test]
fn a_shipment_fits_the_order_it_is_for() {
    let order = body_of("--order-id 77").unwrap();
    let shipment = body_of("--order-id 77 --topic fulfillments/create").unwrap();
    assert_eq!(
        (&order["id"], &shipment["order_id"]),
        (&json!(77), &json!(77))
    );
    assert_eq!(
        (&order["name"], &shipment["name"]),
        (&json!("#77"), &json!("#77.1"))
    );
    for line in [0, 1] {
        assert_eq!(
            order["line_items"][line]["id"],
            shipment["line_items"][line]["id"]
        );
        assert_eq!(
            order["line_items"][line]["sku"],
            shipment["line_items"][line]["sku"]
        );
    }
    assert!(
        body_of("--topic fulfillments/create")
            .unwrap_err()
            .contains("--order-id")
    );
    assert!(
        body_of("--topic refunds/create --order-id 7")
            .unwrap_err()
            .contains("give a FILE")
    );
}

#[test]
fn the_sample_is_an_order_a_shop_might_send() {
    let line = "--order-id 5600000001001";
    let size = Payload::new(&args(line)).unwrap().body(0).unwrap().len();
    assert!((5_500..7_000).contains(&size), "{size} bytes");
    let order = body_of(line).unwrap();
    let facts = ["total_line_items_price", "total_tax", "total_price"];
    let cents = |text: &Value| {
        domain::Money::parse(text.as_str().unwrap(), domain::Currency::USD)
            .unwrap()
            .minor
    };
    let [lines, tax, total] = facts.map(|name| cents(&order[name]));
    assert_eq!(
        lines + tax + cents(&order["shipping_lines"][0]["price"]),
        total
    );
    assert!(body_of("--topic orders/cancelled").unwrap()["cancelled_at"].is_string());
}

#[test]
fn a_file_is_sent_byte_for_byte_unless_rewritten() {
    let path = std::env::temp_dir().join(format!("meshline-send-file-{}.json", std::process::id()));
    let bytes = "{ \"id\" : 9007199254740993,\n \"name\":\"#1\" }\n";
    std::fs::write(&path, bytes).unwrap();
    let line = path.display().to_string();
    assert_eq!(Payload::new(&args(&line)).unwrap().body(3).unwrap(), bytes);
    let error = body_of(&format!("{line} --sku A")).unwrap_err();
    assert_eq!(
        error,
        "--sku cannot be written into this payload: it has no line_items"
    );
    assert_eq!(
        body_of(&format!("{line} --order-id 5")).unwrap(),
        json!({"id": 5, "name": "#5"})
    );
    std::fs::remove_file(path).unwrap();
}
