//! Names that lead elsewhere than they should, at the moment of the connection.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use connectors::{
    guard::{Guard, Lookup},
    http_channel::{DeliveryRequest, HttpChannel},
    standard_webhooks::Secret,
};
use domain::{
    Time,
    delivery::{Answer, NotCalled},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Answers as it was told, one answer after the other; the last one stays.
struct Scripted {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers
            .iter()
            .map(|one| one.iter().map(|ip| ip.parse().unwrap()).collect())
            .collect();
        Arc::new(Self {
            answers: Mutex::new(answers),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Lookup for Scripted {
    fn lookup(&self, _: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        };
        Box::pin(async move { Ok(answer) })
    }
}

/// Counts who connects, and answers the first request of each.
async fn listener(ip: &str, port: u16, answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((ip, port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                let _ = stream.read(&mut bytes).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, seen)
}

const OK: &str = "HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n";

fn channel(exceptions: &str, lookup: Arc<Scripted>) -> HttpChannel {
    // only the first one of a process counts, whichever test it is
    let _ = rustls::crypto::ring::default_provider().install_default();
    HttpChannel::with_lookup(Guard::new(exceptions.parse().unwrap()), lookup).unwrap()
}

async fn deliver(channel: &HttpChannel, url: String) -> Answer {
    let request = DeliveryRequest {
        url,
        webhook_id: "msg_1".into(),
        secrets: vec![Secret::generate([1; 32])],
        body: "{}".into(),
        traceparent: None,
        now: Time::from_ms(1_795_212_345_678),
        is_trial: false,
    };
    tokio::time::timeout(Duration::from_secs(20), channel.deliver(request))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_name_that_turns_private_is_not_followed() {
    let (port, private) = listener("127.0.0.1", 0, OK).await;
    let (_, allowed) = listener("127.0.0.2", port, OK).await;
    // 127.0.0.2 stands for a public address: the one this machine can have
    let lookup = Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let channel = channel("127.0.0.2/32", Arc::clone(&lookup));
    let url = format!("https://rebind.example.com:{port}/");
    let first = deliver(&channel, url.clone()).await;
    assert_eq!(first.not_called, None, "{first:?}");
    assert_eq!(
        lookup.asked.load(Ordering::SeqCst),
        1,
        "asked once, connected to that"
    );
    assert!(
        allowed.load(Ordering::SeqCst) > 0,
        "the checked address was connected to"
    );
    let second = deliver(&channel, url).await;
    assert_eq!(
        second.not_called,
        Some(NotCalled::ForbiddenAddress),
        "{second:?}"
    );
    assert!(second.status.is_none());
    assert_eq!(
        private.load(Ordering::SeqCst),
        0,
        "somebody connected to the private address"
    );
}

#[tokio::test]
async fn one_private_address_condemns_the_whole_answer() {
    let (port, private) = listener("127.0.0.1", 0, OK).await;
    for answer in [
        &["93.184.216.34", "127.0.0.1"][..],
        &["127.0.0.1", "93.184.216.34"],
        &["2606:4700::1", "::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["169.254.169.254"],
        &["0.0.0.0"],
    ] {
        let channel = channel("", Scripted::new(&[answer]));
        let said = deliver(&channel, format!("https://mixed.example.com:{port}/")).await;
        assert_eq!(
            said.not_called,
            Some(NotCalled::ForbiddenAddress),
            "{answer:?} {said:?}"
        );
        let error = said.error.unwrap();
        assert!(
            !error.contains("127.0.0.1") && !error.contains("169.254"),
            "{error}"
        );
    }
    assert_eq!(private.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_an_answer_and_nothing_more() {
    let (private_port, private) = listener("127.0.0.1", 0, OK).await;
    let away = format!(
        "HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:{private_port}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (port, _) = listener("127.0.0.2", 0, Box::leak(away.into_boxed_str())).await;
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    let channel = channel(&format!("127.0.0.2:{port}"), lookup);
    let said = deliver(&channel, format!("http://127.0.0.2:{port}/")).await;
    assert_eq!(said.status, Some(307), "{said:?}");
    let verdict = format!("{:?}", domain::delivery::judge(&said));
    assert!(verdict.contains("redirects are not followed"), "{verdict}");
    assert_eq!(private.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_excepted_name_is_trusted_on_its_port_only() {
    let (port, seen) = listener("127.0.0.1", 0, OK).await;
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    let channel = channel(&format!("oms.internal:{port}"), lookup);
    let said = deliver(&channel, format!("http://oms.internal:{port}/")).await;
    assert_eq!(said.status, Some(204), "{said:?}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    let other = if port == 8443 { 8444 } else { 8443 };
    let said = deliver(&channel, format!("https://oms.internal:{other}/")).await;
    assert_eq!(said.not_called, Some(NotCalled::ForbiddenAddress));
}

#[tokio::test]
async fn nothing_is_sent_to_what_the_text_alone_forbids() {
    let (port, seen) = listener("127.0.0.1", 0, OK).await;
    let lookup = Scripted::new(&[&["127.0.0.1"]]);
    let channel = channel("", Arc::clone(&lookup));
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "a@127.0.0.1",
        "0",
    ] {
        for scheme in ["http", "https"] {
            let said = deliver(&channel, format!("{scheme}://{host}:{port}/")).await;
            assert_eq!(
                said.not_called,
                Some(NotCalled::ForbiddenAddress),
                "{scheme} {host}"
            );
        }
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    assert_eq!(
        lookup.asked.load(Ordering::SeqCst),
        0,
        "nobody was asked where it is"
    );
}
