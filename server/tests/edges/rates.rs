//! How much one side may ask for, and that others do not notice.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::support::{
    database::Engine,
    installation::Installation,
    person::Person,
    shop::{Delivery, Order},
};

fn check_429(answer: &reqwest::Response, name: &str) {
    let headers = answer.headers();
    let after: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&after), "{after}");
    assert_eq!(headers["content-type"], "application/problem+json");
    let policy = headers["ratelimit-policy"].to_str().unwrap();
    assert!(policy.starts_with(&format!("\"{name}\";q=")), "{policy}");
    let left = headers["ratelimit"].to_str().unwrap();
    assert!(left.starts_with(&format!("\"{name}\";r=0;t=")), "{left}");
}

/// A rate, and twice as much at once: in the time since then no more than that got through.
fn held_back(limited: u32, asked: u32, rate: u32, begun: Instant) {
    let most = f64::from(2 * rate + 1) + f64::from(rate) * begun.elapsed().as_secs_f64();
    let through = f64::from(asked - limited);
    assert!(
        limited > 0 && through <= most,
        "{limited} of {asked} were held back, {through} of at most {most} got through"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_source_token_person_and_address_has_its_own_measure() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    meshline.set("MESHLINE_LIMIT_SOURCE", "5");
    meshline.set("MESHLINE_LIMIT_TOKEN", "5");
    meshline.set("MESHLINE_LIMIT_ACCOUNT", "5");
    meshline.set("MESHLINE_LIMIT_ADDRESS", "20");
    meshline.set("MESHLINE_TRUSTED_PROXIES", "127.0.0.1/32");
    meshline.serve().await;

    // a source: ten at once, and the eleventh is told when to come back; another source goes on
    let url = meshline.source_url();
    let (begun, mut limited) = (Instant::now(), 0);
    let all = (0..40).map(|_| meshline.http.post(&url).body("{}").send());
    for answer in join_all(all).await {
        let answer = answer.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            check_429(&answer, "source");
            limited += 1;
        }
    }
    held_back(limited, 40, 5, begun);
    let other = meshline
        .demo
        .sources
        .iter()
        .find(|one| !url.ends_with(&one.url_path))
        .unwrap();
    let answer = meshline
        .http
        .post(meshline.url(&other.url_path))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::UNAUTHORIZED,
        "another source is another's"
    );
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let order = Delivery::new(
        "orders/create",
        "late",
        &Order::numbered(5_600_000_002_200).json(),
    );
    assert_eq!(
        meshline.send(&order).await.code,
        StatusCode::OK,
        "after the wait it goes on"
    );

    let from = |number: u32| format!("198.51.100.{number}");
    let ask = async |path: &str, token: Option<&str>, client: &str| {
        let mut request = meshline
            .http
            .get(meshline.url(path))
            .header("x-forwarded-for", client);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    };
    // a token, from many addresses
    let tokens: Vec<&str> = meshline
        .demo
        .merchants
        .iter()
        .map(|one| one.api_token.as_str())
        .collect();
    let (begun, mut limited) = (Instant::now(), 0);
    let clients: Vec<String> = (0..30).map(from).collect();
    let all = clients
        .iter()
        .map(|client| ask("/api/v1/orders", Some(tokens[0]), client));
    for answer in join_all(all).await {
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            check_429(&answer, "token");
            limited += 1;
        }
    }
    held_back(limited, 30, 5, begun);
    let answer = ask("/api/v1/orders", Some(tokens[1]), &from(99)).await;
    assert_eq!(answer.status(), StatusCode::OK);

    // an address, with as many tokens as it can think of
    let (begun, mut limited) = (Instant::now(), 0);
    let (guesses, client): (Vec<String>, _) =
        ((0..100).map(|n| format!("mlk_{n}")).collect(), from(200));
    let all = guesses
        .iter()
        .map(|guess| ask("/api/v1/orders", Some(guess), &client));
    for answer in join_all(all).await {
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            check_429(&answer, "address");
            limited += 1;
        }
    }
    held_back(limited, 100, 20, begun);
    assert_eq!(
        ask("/login", None, &from(201)).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        ask("/healthz", None, &from(200)).await.status(),
        StatusCode::OK
    );

    // a person, on their own pages
    let person = Person::sign_in(&meshline, meshline.user_with("admin")).await;
    let (begun, mut limited) = (Instant::now(), 0);
    let all = (0..30).map(|n| {
        let request = meshline
            .http
            .request(Method::GET, meshline.url("/account"))
            .header("cookie", person.cookie())
            .header("x-forwarded-for", from(100 + n));
        request.send()
    });
    for answer in join_all(all).await {
        let answer = answer.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            check_429(&answer, "account");
            limited += 1;
        }
    }
    held_back(limited, 30, 5, begun);
    meshline.end().await;
}

/// Whether it is served, rather than hung up on.
async fn is_served(stream: &mut TcpStream) -> bool {
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(ask).await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer.ends_with(b"200")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_holds_so_many_connections_and_gets_new_ones_for_old() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    meshline.set("MESHLINE_LIMIT_CONNECTIONS", "40");
    meshline.serve().await;
    let connect = async || TcpStream::connect(meshline.addr).await.unwrap();
    let (mut held, mut refused) = (Vec::new(), 0);
    for _ in 0..60 {
        let mut stream = connect().await;
        if is_served(&mut stream).await {
            held.push(stream);
        } else {
            refused += 1;
        }
    }
    // whoever waited for the server to be ready may still hold one
    assert!(
        (38..=40).contains(&held.len()) && refused >= 20,
        "{} {refused}",
        held.len()
    );
    drop(held);
    let begun = Instant::now();
    while !is_served(&mut connect().await).await {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "it never gets in again"
        );
    }
    meshline.end().await;
}
