//! Those who send slowly, endlessly, or more than anybody needs, while others are served.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::support::{
    database::Engine,
    installation::Installation,
    shop::{Delivery, Order},
};

async fn rest_of(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // a reset is an end, too
    let _ = timeout(Duration::from_secs(60), stream.read_to_end(&mut said))
        .await
        .unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

async fn raw(meshline: &Installation, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    // it may hang up before it has read everything
    let _ = stream.write_all(bytes).await;
    rest_of(&mut stream).await
}

/// Writes one byte at a time until the other side has had enough; returns how long that took.
async fn drip(
    meshline: &Installation,
    head: &str,
    byte: &[u8],
    every: Duration,
) -> (Duration, String) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut said = Vec::new();
    let write = async {
        while writing.write_all(byte).await.is_ok() {
            sleep(every).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = reading.read_to_end(&mut said) => {}
        () = write => {}
        () = sleep(Duration::from_secs(60)) => panic!("it waits for ever"),
    }
    (begun.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_are_cut_off_and_nobody_else_notices() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let intake = meshline.shop().1.url_path.clone();
    let every = Duration::from_millis(400);
    let intake_head = format!("POST {intake} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    let form_head = "POST /ui/login HTTP/1.1\r\nhost: x\r\n\
                     content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\n";
    let others = async {
        for n in 0..20_u64 {
            let order = Order::numbered(5_600_000_002_300 + n);
            let sent = Delivery::new("orders/create", &format!("w-{n}"), &order.json());
            let begun = Instant::now();
            assert_eq!(meshline.send(&sent).await.code, StatusCode::OK);
            assert!(begun.elapsed() < Duration::from_secs(5), "others wait");
            sleep(Duration::from_millis(300)).await;
        }
    };
    let crowd = futures::future::join_all(
        (0..200).map(|_| drip(&meshline, "GET /login HTTP/1.1\r\nx: ", b"a", every)),
    );
    let silent = async {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
        let said = rest_of(&mut stream).await;
        (begun.elapsed(), said)
    };
    let (crowd, silent, body, form, ()) = tokio::join!(
        crowd,
        silent,
        drip(&meshline, &intake_head, b"a", every),
        drip(&meshline, form_head, b"a", every),
        others,
    );
    let within = |took: Duration, from: u64, to: u64| {
        (Duration::from_secs(from)..Duration::from_secs(to)).contains(&took)
    };
    for (took, _) in crowd {
        assert!(within(took, 4, 12), "a head took {took:?}");
    }
    assert!(
        within(silent.0, 4, 12),
        "saying nothing took {:?}",
        silent.0
    );
    assert!(within(body.0, 9, 16), "a delivery's body took {:?}", body.0);
    assert!(body.1.starts_with("HTTP/1.1 408 "), "{}", body.1);
    assert!(within(form.0, 28, 38), "a form's body took {:?}", form.0);
    assert!(form.1.starts_with("HTTP/1.1 408 "), "{}", form.1);
    // between two requests a connection may rest longer than a head may take
    let mut stream = TcpStream::connect(meshline.addr).await.unwrap();
    for _ in 0..2 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).await.unwrap();
        assert!(bytes[..n].starts_with(b"HTTP/1.1 200"), "it hung up");
        sleep(Duration::from_secs(6)).await;
    }
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_of_anything_is_refused_at_once() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let (merchant, source) = meshline.shop();
    let begun = Instant::now();
    let fields: String = (0..150).map(|n| format!("x-{n}: a\r\n")).collect();
    let many = raw(
        &meshline,
        format!("GET /login HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes(),
    )
    .await;
    assert!(many.starts_with("HTTP/1.1 431 "), "{many}");
    let long = "a".repeat(20 * 1024);
    let long = raw(
        &meshline,
        format!("GET /login HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n").as_bytes(),
    )
    .await;
    assert!(long.starts_with("HTTP/1.1 431 "), "{long}");
    let flood = [
        b"GET /login HTTP/1.1\r\nhost: x\r\nx: ".as_slice(),
        &vec![b'a'; 4_000_000],
    ]
    .concat();
    let flood = raw(&meshline, &flood).await;
    assert!(
        flood.is_empty() || flood.starts_with("HTTP/1.1 431 "),
        "{flood}"
    );

    for path in [source.url_path.as_str(), "/ui/login", "/api/v1/exports"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: 1073741824\r\n\r\n",
            merchant.api_token
        );
        let said = raw(&meshline, head.as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 413 "), "{path}: {said}");
        let packed = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-encoding: gzip\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc",
            merchant.api_token
        );
        let said = raw(&meshline, packed.as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 415 "), "{path}: {said}");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "that was waited for"
    );

    // 10^5 levels: quarantined by a source, not read by the API, and the process is still the same
    for nested in ["[".repeat(100_000), "{\"a\":".repeat(40_000)] {
        let sent = Delivery::raw(
            "orders/create",
            &format!("deep-{}", nested.len()),
            nested.as_bytes(),
        );
        let answer = meshline.send(&sent).await;
        assert_eq!(
            (answer.code, answer.status()),
            (StatusCode::OK, "quarantined")
        );
        let answer = meshline
            .http
            .post(meshline.url("/api/v1/exports"))
            .bearer_auth(&merchant.api_token)
            .header("content-type", "application/json")
            .body(format!("{{\"x\":{nested}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let problem: Value = answer.json().await.unwrap();
        assert!(
            problem["detail"].as_str().unwrap().contains("nested"),
            "{problem}"
        );
    }
    let whole = Delivery::new(
        "orders/create",
        "whole",
        &Order::numbered(5_600_000_002_400).json(),
    );
    assert_eq!(meshline.send(&whole).await.status(), "accepted");
    meshline.end().await;
}
