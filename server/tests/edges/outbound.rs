//! Destinations: what may be called, what is signed, and that nothing else is touched.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    database::Engine,
    installation::{Installation, eventually, free_addr},
    person::Person,
    shop::{Delivery, Order},
    sink::signature,
};

/// Whoever listens at an address: how often somebody connected, and what they said.
struct Ear {
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

/// The head, and a body that is JSON to its end.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    text.split_once("\r\n\r\n")
        .is_some_and(|(_, body)| serde_json::from_str::<Value>(body).is_ok())
}

async fn listen(addr: SocketAddr, answer: &'static str) -> Ear {
    let listener = TcpListener::bind(addr).await.unwrap();
    let (connections, heard) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::<Mutex<Vec<_>>>::default(),
    );
    let ear = Ear {
        connections: Arc::clone(&connections),
        heard: Arc::clone(&heard),
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let heard = Arc::clone(&heard);
            // one that says nothing keeps nobody else waiting
            tokio::spawn(async move {
                let mut bytes = vec![0; 65_536];
                let mut length = 0;
                while let Ok(n) = stream.read(&mut bytes[length..]).await {
                    length += n;
                    if n == 0 || is_whole(&bytes[..length]) {
                        break;
                    }
                }
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                heard.lock().unwrap().push(text);
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    ear
}

const FINE: &str =
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 15\r\n\r\nINTERNAL-SECRET";

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_to_a_private_address_is_a_task_and_no_connection() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    // the demo's destinations point at the sandbox; from here on that is not allowed any more
    meshline.set("MESHLINE_ALLOW_PRIVATE_URLS", "127.0.0.1:1");
    let ear = listen(meshline.sandbox_addr, FINE).await;
    meshline.serve().await;
    let order = Order::numbered(5_600_000_002_100);
    let sent = Delivery::new("orders/create", "wh-ssrf", &order.json());
    let receipt = meshline.send(&sent).await.receipt_id();
    let chain = eventually("a delivery that was refused", async || {
        let chain = meshline.get(&format!("/receipts/{receipt}")).await;
        (chain["exports"][0]["state"] == "failed").then_some(chain)
    })
    .await;
    let attempts = chain["exports"][0]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "it is final: {attempts:?}");
    assert_eq!(attempts[0]["http_status"], Value::Null);
    assert!(
        attempts[0]["verdict"]
            .as_str()
            .unwrap()
            .contains("forbidden_address"),
        "{attempts:?}"
    );
    let task = &chain["tasks"][0];
    assert_eq!(task["code"], "forbidden_address", "{task}");
    assert!(
        task["owner"]
            .as_str()
            .is_some_and(|owner| owner.contains(':')),
        "{task}"
    );
    assert_eq!(
        ear.connections.load(Ordering::SeqCst),
        0,
        "somebody was called"
    );
    meshline.end().await;
}

/// Every signing secret in a page; hints that say what one looks like are none.
fn secrets_in(page: &str) -> Vec<String> {
    let found = page.split("whsec_").skip(1).map(|from| {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        let end = from.find(|c| !is_inside(c)).unwrap_or(from.len());
        format!("whsec_{}", &from[..end])
    });
    found.filter(|one| one.len() > 30).collect()
}

fn shown_secret(page: &str) -> String {
    secrets_in(page).first().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_is_added_tried_rotated_and_retired_in_the_browser() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let addr = free_addr();
    let allowed = format!("{addr},{}", meshline.sandbox_addr);
    meshline.set("MESHLINE_ALLOW_PRIVATE_URLS", &allowed);
    let ear = listen(addr, FINE).await;
    meshline.serve().await;
    let slug = meshline.shop().0.slug.clone();
    let person = Person::sign_in(&meshline, meshline.user_with("admin")).await;
    let new = format!("/m/{slug}/connections/new-destination");
    let url = format!("http://{addr}/oms");
    let form = |url: &str, key: &str| {
        [
            ("merchant", slug.clone()),
            ("back", new.clone()),
            ("name", "Lighthouse OMS".to_owned()),
            ("key", key.to_owned()),
            ("system", "oms".to_owned()),
            ("party", "merchant".to_owned()),
            ("url", url.to_owned()),
        ]
    };
    let post = async |path: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = person.post(path, &fields).await;
        answer.headers()["location"].to_str().unwrap().to_owned()
    };

    // what may not be called is refused at its field, and what was typed is still there
    for (bad, says) in [
        ("http://oms.example.com/", "https://"),
        (
            "https://169.254.169.254/latest/meta-data/",
            "public addresses only",
        ),
        ("https://127.1/", "usual form"),
        ("https://user:pw@oms.example.com/", "name and password"),
    ] {
        let back = post("/ui/destination/create", &form(bad, "")).await;
        assert_eq!(back, new);
        let (_, page) = person.page(&back).await;
        assert!(
            page.contains("id=\"e-url\"") && page.contains(says),
            "{bad}"
        );
        assert!(page.contains("Lighthouse OMS"), "what was typed is lost");
    }

    let made = post("/ui/destination/create", &form(&url, "")).await;
    let (status, page) = person.page(&made).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("lighthouse-oms"), "a key out of the name");
    let first = shown_secret(&page);
    let (_, again) = person.page(&made).await;
    assert!(secrets_in(&again).is_empty(), "a secret is shown once");
    // a key is taken once
    let twice = post("/ui/destination/create", &form(&url, "lighthouse-oms")).await;
    assert!(person.page(&twice).await.1.contains("has this key already"));

    let id = made.rsplit('/').next().unwrap().to_owned();
    let about = [
        ("merchant", slug.clone()),
        ("back", made.clone()),
        ("destination", id.clone()),
    ];
    post("/ui/destination/test", &about).await;
    let (_, page) = person.page(&made).await;
    assert!(page.contains("answered 200"), "{page}");
    assert!(
        !page.contains("INTERNAL-SECRET"),
        "the answer's body is shown"
    );
    check(&ear, &[&first], &[]);

    post("/ui/destination/rotate", &about).await;
    let (_, page) = person.page(&made).await;
    let second = shown_secret(&page);
    assert_ne!(first, second);
    post("/ui/destination/test", &about).await;
    check(&ear, &[&first, &second], &[]);
    meshline.clock_ahead_by(25 * 60 * 60 * 1000).await;
    let person = Person::sign_in(&meshline, meshline.user_with("admin")).await;
    let fields: Vec<(&str, &str)> = about.iter().map(|(n, v)| (*n, v.as_str())).collect();
    person.post("/ui/destination/test", &fields).await;
    check(&ear, &[&second], &[&first]);

    // nothing needs it, so it can be retired; what the contracts name cannot
    person.post("/ui/destination/retire", &fields).await;
    assert!(
        person
            .page(&made)
            .await
            .1
            .contains("retired, nothing is sent there")
    );
    let before = ear.connections.load(Ordering::SeqCst);
    person.post("/ui/destination/test", &fields).await;
    assert_eq!(ear.connections.load(Ordering::SeqCst), before);
    let (_, listed) = person.call(Method::GET, "/connections", None).await;
    let items = listed["items"].as_array().unwrap();
    let mine = items.iter().find(|one| one["id"] == id.as_str()).unwrap();
    assert_eq!(
        (mine["state"].as_str(), mine["url"].as_str()),
        (Some("retired"), Some(&*url))
    );
    assert!(!listed.to_string().contains("whsec_") && !listed.to_string().contains("secret\""));
    let needed = items.iter().find(|one| one["key"] == "harbor-3pl").unwrap();
    let needed = needed["id"].as_str().unwrap();
    let page = format!("/m/{slug}/connections/{needed}");
    let fields = [
        ("merchant", slug.as_str()),
        ("back", page.as_str()),
        ("destination", needed),
    ];
    person.post("/ui/destination/retire", &fields).await;
    let (_, page) = person.page(&page).await;
    assert!(page.contains("still sends there"), "{page}");
    meshline.end().await;
}

/// The last message is signed with all of these and none of those.
fn check(ear: &Ear, with: &[&str], without: &[&str]) {
    let heard = ear.heard.lock().unwrap();
    let (head, body) = heard.last().unwrap().split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        head.lines()
            .find(|line| line.to_ascii_lowercase().starts_with(name))
            .and_then(|line| line.split_once(": "))
            .map(|(_, value)| value.to_owned())
            .unwrap()
    };
    let message: Value = serde_json::from_str(body).unwrap();
    assert_eq!(message["type"], "com.meshline.test");
    let (id, at, signed) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    );
    let holds = |secret: &&str| {
        let own = signature(secret, &id, &at, body.as_bytes());
        signed
            .split(' ')
            .any(|one| one.ends_with(own.trim_start_matches("v1,")))
    };
    assert!(with.iter().all(holds), "{signed}");
    assert!(!without.iter().any(holds), "{signed}");
    assert_eq!(signed.split(' ').count(), with.len());
}
