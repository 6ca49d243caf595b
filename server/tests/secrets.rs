//! Nothing readable where a secret should be: every secret of an installation in use is looked for, in
//! every spelling it could have, in every file the server keeps and in everything it answers.
//!
//! What is looked for comes from outside the server: the demo's own logins, tokens and source secrets, a
//! secret that a person chose, the seed and the recovery codes as a phone would read them off the page, an
//! invitation's link, the browser's cookie, and the key file.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

#[allow(
    dead_code,
    reason = "shared with the tests of Slack, which use more of it"
)]
#[path = "slack/fake.rs"]
mod fake;
mod support;

use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::Path,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use reqwest::StatusCode;
use support::{
    SANDBOX_SECRET,
    database::Engine,
    installation::{Installation, eventually, free_addr},
    person::Person,
    shop::{Delivery, Order},
};

/// Chosen by a person when a secret is rotated.
const CHOSEN: &str = "canary-chosen-6b1f0e2d9c";
/// Of an app in Slack.
const SIGNING: &str = "canary-signing-58e0b7c1d24f";
/// Pages that are followed from each person's first one.
const PAGES: usize = 150;

/// Something that must be readable nowhere.
struct Canary {
    what: String,
    spellings: Vec<Vec<u8>>,
}

impl Canary {
    fn new(what: impl Into<String>, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 8, "too short to be told from chance");
        let hex = hex::encode(bytes);
        let spellings = [
            bytes.to_vec(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
            STANDARD.encode(bytes).trim_end_matches('=').into(),
            URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
        ];
        Self {
            what: what.into(),
            spellings: spellings.into(),
        }
    }

    fn text(what: impl Into<String>, text: &str) -> Self {
        Self::new(what, text.as_bytes())
    }

    fn is_in(&self, haystack: &[u8]) -> bool {
        self.spellings
            .iter()
            .any(|one| haystack.windows(one.len()).any(|window| window == one))
    }
}

fn expect_none(canaries: &[Canary], place: &str, haystack: &[u8], found: &mut Vec<String>) {
    for canary in canaries.iter().filter(|one| one.is_in(haystack)) {
        found.push(format!("{} is readable in {place}", canary.what));
    }
}

/// The text between the first `from` and the next `to` after it.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(found, _)| found)
}

/// RFC 4648, without padding.
fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => panic!("{text} is not base32"),
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    bytes
}

/// What an authenticator would take in: the `secret` of the `otpauth:` address on the page.
async fn enrol(person: &Person<'_>) -> Canary {
    person
        .post("/ui/second-factor/begin", &[("back", "/account")])
        .await;
    let (status, page) = person.page("/second-factor").await;
    assert_eq!(status, StatusCode::OK);
    let seed = between(&page, "secret=", "&").unwrap_or_else(|| panic!("no seed on\n{page}"));
    let mut canary = Canary::new("a second factor's seed", &base32(seed));
    canary.spellings.push(seed.as_bytes().to_vec());
    canary
}

async fn invite(person: &Person<'_>, slug: &str) -> Canary {
    let fields = [
        ("merchant", slug),
        ("back", &format!("/m/{slug}/people")),
        ("email", "newcomer@canary.example"),
        ("access", "viewer"),
        ("party", "agency"),
    ];
    person.post("/ui/people/invite", &fields).await;
    let (_, page) = person.page(&format!("/m/{slug}/people")).await;
    let token = between(&page, "/invite/", "\"")
        .or_else(|| between(&page, "/invite/", "<"))
        .unwrap_or_else(|| panic!("no link on\n{page}"));
    Canary::text("an invitation's link", token)
}

/// Every page that can be reached by links, as HTML.
async fn crawl(person: &Person<'_>, start: &str) -> Vec<(String, String)> {
    let (mut seen, mut waiting) = (BTreeSet::new(), VecDeque::from([start.to_owned()]));
    let mut pages = Vec::new();
    while let Some(path) = waiting.pop_front() {
        if pages.len() >= PAGES || !seen.insert(path.clone()) {
            continue;
        }
        let (status, page) = person.page(&path).await;
        assert!(!status.is_server_error(), "{path} answered {status}");
        for part in page.split("href=\"").skip(1) {
            let link = part.split('"').next().unwrap_or_default();
            let link = link.replace("&amp;", "&");
            if link.starts_with('/') && !link.starts_with("//") && !link.starts_with("/pkg") {
                waiting.push_back(link);
            }
        }
        pages.push((path, page));
    }
    pages
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Deep-link assets of the pages: WASM, scripts, styles.
async fn assets(meshline: &Installation, page: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for part in page.split("/pkg/").skip(1) {
        let name: String = part
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter))
            .collect();
        let path = format!("/pkg/{name}");
        let answer = meshline.http.get(meshline.url(&path)).send().await.unwrap();
        if answer.status().is_success() {
            found.push((path, answer.bytes().await.unwrap().to_vec()));
        }
    }
    found
}

async fn work(meshline: &Installation) {
    // the second one needs somebody's word
    for (number, unit_minor) in [(1, 4_000), (2, 90_000)] {
        let order = Order {
            unit_minor,
            ..Order::numbered(5_800_000_000_000 + number)
        };
        let order = order.json();
        let delivery = Delivery::new("orders/create", &format!("canary-{number}"), &order);
        assert_eq!(meshline.send(&delivery).await.status(), "accepted");
        let mut forged = delivery.clone();
        forged.body.push(b' ');
        meshline.send_signed(&forged, "not the secret").await;
    }
    eventually("an export to be acknowledged", async || {
        let items = meshline.all("/exports").await;
        let is_through = |one: &serde_json::Value| {
            matches!(one["state"].as_str(), Some("acknowledged" | "completed"))
        };
        items.iter().any(is_through).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_readable_nowhere() {
    let slack = fake::Fake::start(free_addr()).await;
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let allowed = format!("{},{}", slack.addr, meshline.sandbox_addr);
    meshline.set("MESHLINE_ALLOW_PRIVATE_URLS", &allowed);
    meshline.serve().await;
    meshline.run_sandbox(&[]).await;
    let slug = meshline.shop().0.slug.clone();
    let admin = meshline.user_with("admin");
    let person = Person::sign_in(&meshline, admin).await;

    let mut canaries = vec![
        Canary::text("a secret somebody chose", CHOSEN),
        Canary::text("a destination's secret", SANDBOX_SECRET),
        Canary::text("a bot token of Slack", fake::TOKEN),
        Canary::text("a signing secret of Slack", SIGNING),
    ];
    for user in &meshline.demo.users {
        let what = format!("the password of {}", user.email);
        canaries.push(Canary::text(what, &user.password));
    }
    for merchant in &meshline.demo.merchants {
        let what = format!("the API token of {}", merchant.slug);
        canaries.push(Canary::text(what, &merchant.api_token));
    }
    for source in &meshline.demo.sources {
        let what = format!("the source secret of {}", source.merchant);
        canaries.push(Canary::text(what, &source.secret));
    }
    let key = fs::read_to_string(meshline.folder.join("meshline.db.key")).unwrap();
    let key = hex::decode(key.trim()).unwrap();
    canaries.push(Canary::new("the installation's key", &key));
    for pair in person.cookie().split("; ") {
        let (name, value) = pair.split_once('=').unwrap();
        canaries.push(Canary::text(format!("the cookie {name}"), value));
    }

    let settings = format!("/m/{slug}/settings/slack");
    let own = [("merchant", &*slug), ("back", &*settings)];
    let base = slack.base();
    let fields = [
        ("token", fake::TOKEN),
        ("signing", SIGNING),
        ("api_base", &*base),
    ];
    person
        .post("/ui/chat/connect", &[&own[..], &fields].concat())
        .await;
    for owner in ["agency:operations", "agency:finance"] {
        let fields = [("owner", owner), ("place", "#approvals")];
        person.post("/ui/chat/route", &[own, fields].concat()).await;
    }

    let shown = person.page(&settings).await.1;
    assert!(shown.contains("Connected with"), "{shown}");
    work(&meshline).await;
    eventually("a message in Slack", async || {
        slack.of("chat.postMessage").pop()
    })
    .await;
    canaries.push(enrol(&person).await);
    canaries.push(invite(&person, &slug).await);
    let sources = person.page(&format!("/m/{slug}/connections")).await.1;
    let connections = format!("/m/{slug}/connections/");
    let mut source = "";
    for part in sources.split(&connections).skip(1) {
        let id = part.split('"').next().unwrap_or_default();
        let (_, page) = person.page(&format!("{connections}{id}")).await;
        if page.contains("/ui/source/rotate") {
            source = id;
        }
    }
    let fields = [
        ("merchant", slug.as_str()),
        ("back", "/"),
        ("source", source),
        ("secret", CHOSEN),
    ];
    person.post("/ui/source/rotate", &fields).await;
    let shown = person
        .page(&format!("/m/{slug}/connections/{source}"))
        .await;
    assert!(
        shown.1.contains(CHOSEN),
        "a secret is shown once, when it is made"
    );

    let mut found = Vec::new();
    for user in [
        admin,
        meshline.user_with("auditor"),
        meshline.user_with("viewer"),
    ] {
        let reader = Person::sign_in(&meshline, user).await;
        let pages = crawl(&reader, "/").await;
        assert!(pages.len() > 20, "{} saw {} pages", user.email, pages.len());
        for (path, page) in &pages {
            let place = format!("{path}, as {} sees it", user.email);
            expect_none(&canaries, &place, page.as_bytes(), &mut found);
        }
        for (path, bytes) in assets(&meshline, &pages[0].1).await {
            expect_none(&canaries, &path, &bytes, &mut found);
        }
    }
    for list in [
        "/receipts",
        "/orders",
        "/exports",
        "/tasks",
        "/audit",
        "/flows",
        "/contracts",
    ] {
        let text = meshline.get(list).await.to_string();
        expect_none(&canaries, list, text.as_bytes(), &mut found);
    }
    meshline.audit_export("audit.jsonl").await;
    meshline.server.take().unwrap().kill();

    let mut kept = Vec::new();
    files(&meshline.folder, &mut kept);
    let names: Vec<_> = kept
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    for expected in ["meshline.db", "meshline.db-wal", "serve.log", "audit.jsonl"] {
        assert!(
            names.contains(&expected),
            "{expected} is not among {names:?}"
        );
    }
    for path in kept {
        if path.extension().is_some_and(|name| name == "key") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        expect_none(&canaries, &path.display().to_string(), &bytes, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    meshline.end().await;
}
