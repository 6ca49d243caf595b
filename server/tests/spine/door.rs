//! The door: what a source takes, and what it makes of everything else.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::story::{chain, chain_with_export};
use crate::support::{
    clock,
    installation::{Installation, Source},
    person::Person,
    shop::{self, Delivery, Order, signature},
    sink::{Reply, Sink},
};

pub async fn what_cannot_be_trusted_leaves_nothing(meshline: &mut Installation) {
    let order = Order::numbered(5_600_000_000_900);
    let delivery = Delivery::new("orders/create", "forged", &order.json());
    let wrong = meshline.send_signed(&delivery, "not the secret").await;
    assert_eq!(wrong.code, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.body["type"], "/problems/unauthenticated");
    let url = meshline.source_url();
    let bare = meshline
        .http
        .post(&url)
        .body(delivery.body.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    // signed, and changed on the way
    let mut changed = delivery.clone();
    changed.body.push(b' ');
    let good = signature(&meshline.shop().1.secret, &delivery.body);
    let post = shop::post(&meshline.http, &url, "any", &changed)
        .build()
        .unwrap();
    let mut post = post;
    post.headers_mut()
        .insert("x-shopify-hmac-sha256", good.parse().unwrap());
    let answer = meshline.http.execute(post).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    // another merchant's secret is no secret here
    let here = meshline.shop().1;
    let other = meshline
        .demo
        .sources
        .iter()
        .find(|source| source.merchant != here.merchant)
        .unwrap();
    let foreign = meshline.send_signed(&delivery, &other.secret).await;
    assert_eq!(foreign.code, StatusCode::UNAUTHORIZED);

    for path in ["/in/nobody", &format!("{}x", here.url_path)] {
        let post = shop::post(&meshline.http, &meshline.url(path), &here.secret, &delivery);
        assert_eq!(
            post.send().await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let looked = meshline.http.get(&url).send().await.unwrap();
    assert_eq!(looked.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(meshline.all("/receipts").await, Vec::<Value>::new());
    assert_eq!(meshline.all("/orders").await, Vec::<Value>::new());

    // and the door is still open for who has the key
    assert_eq!(meshline.send(&delivery).await.status(), "accepted");
}

pub async fn what_is_authentic_but_broken_is_kept_and_owned(meshline: &mut Installation) {
    let half = br#"{"id": 5600000000910, "currency": "USD", "line_items": ["#;
    let mut no_total = Order::numbered(5_600_000_000_911).json();
    no_total.as_object_mut().unwrap().remove("total_price");
    no_total.as_object_mut().unwrap().remove("total_price_set");
    for (webhook_id, body) in [
        ("half", half.to_vec()),
        ("odd", no_total.to_string().into_bytes()),
    ] {
        let delivery = Delivery::raw("orders/create", webhook_id, &body);
        let answer = meshline.send(&delivery).await;
        assert_eq!(
            (answer.code, answer.status()),
            (StatusCode::OK, "quarantined"),
            "{webhook_id}"
        );
        let seen = chain(meshline, &answer.receipt_id(), "a task", |chain| {
            chain["tasks"][0].is_object()
        })
        .await;
        assert_eq!(seen["status"], "quarantined");
        assert_eq!(
            seen["body"],
            json!({ "encoding": "utf8", "content": String::from_utf8(body).unwrap() })
        );
        assert!(!seen["faults"].as_array().unwrap().is_empty());
        let task = &seen["tasks"][0];
        assert_eq!(task["receipt_id"], answer.receipt_id());
        assert_eq!(
            (&task["state"], &task["unlock"]),
            (&json!("open"), &json!("reprocess_receipt"))
        );
        assert_eq!(task["owner"], "agency:engineering");
        // again, and it is the same receipt with one task
        let again = meshline.send(&delivery).await;
        assert_eq!(
            (again.status(), again.receipt_id()),
            ("duplicate", answer.receipt_id())
        );
    }
    assert_eq!(meshline.all("/tasks").await.len(), 2);
    assert_eq!(meshline.all("/orders").await, Vec::<Value>::new());
}

/// The head of a delivery, by hand, so that the body can be late or endless.
fn head(source: &Source, length: &str, signature: &str) -> String {
    format!(
        "POST {} HTTP/1.1\r\nhost: meshline\r\ncontent-type: application/json\r\n\
         x-shopify-topic: orders/create\r\nx-shopify-hmac-sha256: {signature}\r\n\
         x-shopify-shop-domain: tests.myshopify.com\r\nx-shopify-api-version: 2025-10\r\n\
         x-shopify-webhook-id: by-hand\r\n{length}\r\n\r\n",
        source.url_path
    )
}

/// What is said until the other side hangs up.
async fn said(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // a reset after the answer is as good as an end
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

pub async fn what_is_too_large_is_refused_before_it_is_read(meshline: &mut Installation) {
    let source = meshline.shop().1;
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    stream
        .write_all(head(source, "content-length: 5000000", "any").as_bytes())
        .await
        .unwrap();
    // not one byte of the body was sent
    let answer = timeout(Duration::from_secs(5), said(&mut stream))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");

    // who only listens once all is sent hears it too, long after the refusal
    let answer = loop {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
        stream
            .write_all(head(source, "content-length: 5000000", "any").as_bytes())
            .await
            .unwrap();
        let mut whole = true;
        for part in vec![b' '; 5_000_000].chunks(1_000_000) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            whole &= stream.write_all(part).await.is_ok();
        }
        let in_time = begun.elapsed() < Duration::from_millis(1_500);
        assert!(whole || !in_time, "it hung up before it was all sent");
        if whole {
            let answer = timeout(Duration::from_secs(5), said(&mut stream)).await;
            break answer.unwrap();
        }
        // whoever was held up for longer than the other side waits tries again
    };
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    // one byte over the limit is too much, the limit itself is not
    for (size, status) in [
        (1024 * 1024, StatusCode::OK),
        (1024 * 1024 + 1, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let mut body = Order::numbered(5_600_000_000_920)
            .json()
            .to_string()
            .into_bytes();
        body.resize(size, b' ');
        let answer = meshline
            .send(&Delivery::raw("orders/create", "large", &body))
            .await;
        assert_eq!(answer.code, status, "{size} bytes");
    }
    assert_eq!(meshline.all("/receipts").await.len(), 1);
}

pub async fn an_endless_body_is_cut_off(meshline: &mut Installation) {
    const CHUNK: usize = 64 * 1024;
    // what the kernel holds for both sides is not the server's doing
    const MOST: usize = 32 * 1024 * 1024;
    let source = meshline.shop().1;
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    stream
        .write_all(head(source, "transfer-encoding: chunked", "any").as_bytes())
        .await
        .unwrap();
    let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &[b' '; CHUNK], b"\r\n"].concat();
    let (mut reading, mut writing) = stream.split();
    let mut sent = 0;
    let mut answer = [0; 12];
    let write = async {
        while writing.write_all(&chunk).await.is_ok() {
            sent += CHUNK;
            assert!(sent < MOST, "it takes whatever comes");
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        read = timeout(Duration::from_secs(20), reading.read_exact(&mut answer)) => { read.unwrap().unwrap(); }
        () = write => {}
    }
    assert_eq!(&answer, b"HTTP/1.1 413");
    assert_eq!(meshline.all("/receipts").await, Vec::<Value>::new());
}

pub async fn a_sender_that_stops_in_the_middle_is_hung_up_on(meshline: &mut Installation) {
    let source = meshline.shop().1;
    let body = Order::numbered(5_600_000_000_930).json().to_string();
    let length = format!("content-length: {}", body.len());
    let signed = signature(&source.secret, body.as_bytes());
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    let begun = Instant::now();
    stream
        .write_all(head(source, &length, &signed).as_bytes())
        .await
        .unwrap();
    stream.write_all(&body.as_bytes()[..100]).await.unwrap();
    let answer = timeout(Duration::from_secs(40), said(&mut stream))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        begun.elapsed() > Duration::from_secs(5),
        "a slow network deserves some patience"
    );
    assert_eq!(meshline.all("/receipts").await, Vec::<Value>::new());
    // who hangs up in the middle leaves nothing either
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    stream
        .write_all(head(source, &length, &signed).as_bytes())
        .await
        .unwrap();
    stream.write_all(&body.as_bytes()[..100]).await.unwrap();
    drop(stream);
    let whole = Delivery::raw("orders/create", "by-hand", body.as_bytes());
    assert_eq!(meshline.send(&whole).await.status(), "accepted");
    assert_eq!(meshline.all("/receipts").await.len(), 1);
}

pub async fn exact_bytes_and_exact_numbers_are_kept(meshline: &mut Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    // not to be had as a double
    let order = Order::numbered(9_007_199_254_740_993);
    let mut body = order.json();
    body["a_field_of_next_year"] = json!({ "kept": [1, "two", null] });
    let mut text = serde_json::to_string_pretty(&body).unwrap();
    text.push_str("\n\n");
    let answer = meshline
        .send(&Delivery::raw("orders/create", "exact", text.as_bytes()))
        .await;
    let seen = chain_with_export(meshline, &answer.receipt_id(), "acknowledged").await;
    assert_eq!(seen["body"]["content"], text);
    assert_eq!(
        seen["body_sha256"],
        crate::support::sha256_hex(text.as_bytes())
    );
    assert_eq!(seen["order"]["external_id"], "9007199254740993");
    let names: Vec<&Value> = seen["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| &header["name"])
        .collect();
    assert!(names.contains(&&json!("x-shopify-topic")), "{names:?}");
    let sent = sink.about(seen["order_id"].as_str().unwrap(), 1).await;
    assert_eq!(sent[0].data()["payload"]["order_ref"], "9007199254740993");
    assert_eq!(
        sent[0].data()["payload"]["lines"][0]["line_id"],
        "9007199254741010"
    );
}

pub async fn both_sets_of_headers_are_understood(meshline: &mut Installation) {
    let source = meshline.shop().1;
    let body = Order::numbered(5_600_000_000_940).json().to_string();
    let signed = signature(&source.secret, body.as_bytes());
    let newer = |event_id: Option<&'static str>| {
        let post = meshline
            .http
            .post(meshline.source_url())
            .header("shopify-topic", "orders/create")
            .header("shopify-hmac-sha256", &signed)
            .header("shopify-shop-domain", "tests.myshopify.com")
            .header("shopify-api-version", "2025-10")
            .header("shopify-webhook-id", "newer")
            .header("shopify-triggered-at", clock::iso(clock::now_ms()))
            .body(body.clone());
        event_id
            .into_iter()
            .fold(post, |post, id| post.header("shopify-event-id", id))
    };
    let answer = newer(Some("98880550-7158-44d4-b7cd-2c97c8a091b5"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "accepted");
    let incomplete = newer(None).send().await.unwrap();
    assert_eq!(incomplete.status(), StatusCode::UNAUTHORIZED);
    let mixed = newer(Some("x"))
        .header("x-shopify-hmac-sha256", &signed)
        .send()
        .await
        .unwrap();
    assert_eq!(mixed.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(meshline.all("/receipts").await.len(), 1);
}

pub async fn an_old_secret_is_good_for_an_hour(meshline: &mut Installation) {
    const NEW: &str = "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";
    const HOUR_MS: i64 = 60 * 60_000;
    let old = meshline.shop().1.secret.clone();
    let deliver = async |name: &str, secret: &str| {
        let order = Order::numbered(5_600_000_000_950);
        let delivery = Delivery::new("orders/create", name, &order.json());
        meshline.send_signed(&delivery, secret).await.code
    };
    assert_eq!(deliver("before", &old).await, StatusCode::OK);
    assert_eq!(deliver("before", NEW).await, StatusCode::UNAUTHORIZED);
    let source = meshline.all("/receipts").await[0]["source_id"].clone();

    let slug = meshline.shop().0.slug.clone();
    let back = format!("/m/{slug}/connections");
    let person = Person::sign_in(meshline, meshline.user_with("engineering")).await;
    let fields = [
        ("merchant", &*slug),
        ("source", source.as_str().unwrap()),
        ("secret", NEW),
        ("back", &*back),
    ];
    person.post("/ui/source/rotate", &fields).await;
    for (name, secret) in [("new", NEW), ("old", &*old)] {
        assert_eq!(deliver(name, secret).await, StatusCode::OK, "{name}");
    }
    assert_eq!(deliver("x", "neither").await, StatusCode::UNAUTHORIZED);

    meshline.clock_ahead_by(HOUR_MS - 60_000).await;
    assert_eq!(deliver("old-late", &old).await, StatusCode::OK);
    meshline.clock_ahead_by(HOUR_MS + 10_000).await;
    assert_eq!(
        deliver("old-too-late", &old).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(deliver("new-late", NEW).await, StatusCode::OK);
    let trail = meshline.all("/audit").await;
    assert!(
        trail
            .iter()
            .any(|entry| entry["action"] == "source.secret_rotated")
    );
    assert!(
        !serde_json::to_string(&trail).unwrap().contains(NEW),
        "the trail tells a secret"
    );
}
