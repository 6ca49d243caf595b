//! An installation that nobody has set up: it offers that and nothing else, to one person, and where a
//! stranger could come first it asks for what only the one who installed it can read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(
    dead_code,
    reason = "shared with the tests of sessions, which use more of it"
)]
#[path = "sessions/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use reqwest::{Client, Response, StatusCode, header};
use support::{
    database::Engine,
    installation::{Installation, eventually, free_addr},
};

const PASSWORD: &str = "sieben lange Laternen";
const ELSEWHERE: &str = "http://meshline.example";

fn form<'a>(email: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("operator", "Northbeam Operations"),
        ("name", "Ada Fenwick"),
        ("email", email),
        ("password", PASSWORD),
        ("code", code),
    ]
}

fn leads_to(answer: &Response) -> &str {
    assert!(answer.status().is_redirection(), "{answer:?}");
    answer.headers()[header::LOCATION].to_str().unwrap()
}

/// Wherever a stranger asks, they end at one page.
async fn ends_at(browser: &mut Browser, path: &str) -> String {
    let mut path = path.to_owned();
    for _ in 0..4 {
        let answer = browser.get(&path).await;
        if !answer.status().is_redirection() {
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            return path;
        }
        path = leads_to(&answer).to_owned();
    }
    panic!("it goes on and on: {path}");
}

#[tokio::test]
async fn an_empty_installation_is_set_up_once() {
    let mut meshline = Installation::empty(Engine::Sqlite).await;
    meshline.serve().await;
    let mut stranger = Browser::new(&meshline);
    for path in [
        "/",
        "/login",
        "/setup",
        "/account",
        "/m/acme/orders",
        "/o/acme",
    ] {
        assert_eq!(ends_at(&mut stranger, path).await, "/setup", "{path}");
    }
    assert!(
        !stranger.page("/setup").await.contains("Setup code"),
        "only this machine reaches it"
    );

    // two of them at once: one is let in, the other is told so
    let (mut ada, mut mallory) = (Browser::new(&meshline), Browser::new(&meshline));
    ada.page("/setup").await;
    mallory.page("/setup").await;
    let (ours, theirs) = (form("ada@northbeam.example", ""), form("m@example.com", ""));
    tokio::join!(
        ada.post("/ui/setup", &ours),
        mallory.post("/ui/setup", &theirs)
    );
    let inside = [ada.is_signed_in().await, mallory.is_signed_in().await];
    assert_eq!(inside.iter().filter(|one| **one).count(), 1, "{inside:?}");

    let mut late = Browser::new(&meshline);
    late.post("/ui/setup", &form("late@example.com", "")).await;
    assert!(!late.is_signed_in().await);
    assert_eq!(ends_at(&mut late, "/setup").await, "/login");
    assert!(late.page("/login").await.contains("Sign in"));
    meshline.end().await;
}

/// Somebody who comes by the public address, through a proxy on this machine.
struct FromElsewhere<'a> {
    http: &'a Client,
    meshline: &'a Installation,
}

impl FromElsewhere<'_> {
    async fn post(&self, fields: &[(&str, &str)]) -> Response {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = self.http.post(self.meshline.url("/ui/setup"));
        request
            .header(header::HOST, "meshline.example")
            .header(header::ORIGIN, ELSEWHERE)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish())
            .send()
            .await
            .unwrap()
    }

    async fn page(&self, path: &str) -> String {
        let request = self.http.get(self.meshline.url(path));
        let request = request.header(header::HOST, "meshline.example");
        request.send().await.unwrap().text().await.unwrap()
    }
}

/// The last word of each line in the log that says it.
fn codes_in(log: &str) -> Vec<String> {
    let said = log.split("and give the code ").skip(1);
    let word = |rest: &str| rest.split_whitespace().next().unwrap().to_owned();
    said.map(word).collect()
}

fn code_in(log: &str) -> String {
    codes_in(log)[0].clone()
}

#[tokio::test]
async fn any_process_of_several_takes_the_code_that_any_of_them_said() {
    let mut meshline = Installation::empty(Engine::Postgres).await;
    meshline.set("MESHLINE_PUBLIC_URL", ELSEWHERE);
    meshline.set("MESHLINE_SECRET_KEY", &"5e".repeat(32));
    meshline.serve().await;
    let second = format!("MESHLINE_ADDR={}", free_addr());
    let _process = meshline.spawn(&["env", &second], &["serve"]);
    let codes = eventually("both say it", async || {
        let codes = codes_in(&meshline.said("serve"));
        (codes.len() == 2).then_some(codes)
    })
    .await;
    assert_eq!(codes[0], codes[1]);
    assert_eq!(codes[0].len(), 24);
    assert!(!"5e".repeat(32).contains(&codes[0]), "it is not the key");
    let stranger = FromElsewhere {
        http: &meshline.http,
        meshline: &meshline,
    };
    let taken = stranger
        .post(&form("ada@northbeam.example", &codes[1]))
        .await;
    assert_eq!(leads_to(&taken), "/");
    meshline.end().await;

    // another key is another code
    let mut other = Installation::empty(Engine::Sqlite).await;
    other.set("MESHLINE_PUBLIC_URL", ELSEWHERE);
    other.set("MESHLINE_SECRET_KEY", &"e5".repeat(32));
    other.serve().await;
    assert_ne!(code_in(&other.said("serve")), codes[0]);
    other.end().await;
}

#[tokio::test]
async fn where_others_can_come_first_it_asks_for_the_code() {
    for chosen in [None, Some("a code of our own choosing")] {
        let mut meshline = Installation::empty(Engine::Sqlite).await;
        meshline.set("MESHLINE_PUBLIC_URL", ELSEWHERE);
        if let Some(code) = chosen {
            meshline.set("MESHLINE_SETUP_CODE", code);
        }
        meshline.serve().await;
        let log = meshline.said("serve");
        let code = match chosen {
            None => code_in(&log),
            Some(code) => {
                assert!(!log.contains(code), "{log}");
                code.to_owned()
            }
        };
        let stranger = FromElsewhere {
            http: &meshline.http,
            meshline: &meshline,
        };
        let page = stranger.page("/setup").await;
        assert!(page.contains("Setup code"), "{page}");
        assert!(!page.contains(&code));
        for wrong in ["", "000000000000000000000000"] {
            let refused = stranger.post(&form("mallory@example.com", wrong)).await;
            assert_eq!(leads_to(&refused), "/setup", "{wrong}");
        }
        assert!(stranger.page("/setup").await.contains("Setup code"));
        let taken = stranger.post(&form("ada@northbeam.example", &code)).await;
        assert_eq!(leads_to(&taken), "/");
        assert!(stranger.page("/login").await.contains("Sign in"));
        meshline.end().await;
    }
}

#[tokio::test]
async fn the_doctor_does_not_mind_a_reader_that_has_seen_enough() {
    let meshline = Installation::empty(Engine::Sqlite).await;
    let read = meshline.command(&["doctor"]);
    let unread = meshline.command_unread(&["doctor"]);
    assert_eq!(unread.status, read.status);
    assert_eq!(unread.stderr, read.stderr);
}
