//! Slack, from the outside: the real program, a Slack that keeps what it is told, and Slack's own library on the
//! other side: it signs what is pressed, reads what we send, and shows that the fake speaks as Slack does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

#[path = "slack/fake.rs"]
mod fake;

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use fake::{Fake, TOKEN};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use support::{
    clock,
    database::Engine,
    installation::{Installation, eventually, free_addr},
    person::Person,
    shop::{Delivery, Order},
};
use tokio::time::Instant;

const SIGNING: &str = "canary5e1c8d2b7f3a9064e1d5c2b8f7a3";

/// Slack's library, if it is installed; otherwise it is said loudly that nothing was tested.
struct OtherSide {
    python: PathBuf,
}

impl OtherSide {
    fn find() -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let cache = variable("MESHLINE_CACHE")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("meshline")))
            .or_else(|| Some(variable("HOME")?.join(".cache/meshline")))?;
        let python =
            variable("MESHLINE_SLACK_PYTHON").unwrap_or_else(|| cache.join("slack-sdk/bin/python"));
        let has_it = Command::new(&python)
            .args(["-c", "import slack_sdk"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !has_it {
            eprintln!(
                "SKIPPED: slack_sdk is not there. `python3 -m venv {0} && {0}/bin/pip install slack_sdk` makes it",
                cache.join("slack-sdk").display()
            );
            return None;
        }
        Some(Self { python })
    }

    fn says(&self, arguments: &[&str], input: &[u8]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slack/other_side.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

struct Scene {
    meshline: Installation,
    slack: Fake,
    other: OtherSide,
    slug: String,
}

impl Scene {
    async fn set() -> Option<Self> {
        let other = OtherSide::find()?;
        let slack = Fake::start(free_addr()).await;
        let base = slack.base();
        let client = tokio::task::spawn_blocking(move || {
            let said = other.says(&["client", &base, TOKEN], b"");
            (other, said)
        });
        let (other, said) = client.await.unwrap();
        assert!(said.starts_with("ok"), "{said}");
        let mut meshline = Installation::prepare(Engine::Sqlite).await;
        let allowed = format!("{},{}", slack.addr, meshline.sandbox_addr);
        meshline.set("MESHLINE_ALLOW_PRIVATE_URLS", &allowed);
        meshline.run_sandbox(&[]).await;
        meshline.serve().await;
        let slug = meshline.shop().0.slug.clone();
        Some(Self {
            meshline,
            slack,
            other,
            slug,
        })
    }

    fn settings(&self) -> String {
        format!("/m/{}/settings/slack", self.slug)
    }

    async fn form(&self, person: &Person<'_>, path: &str, fields: &[(&str, &str)]) {
        let back = self.settings();
        let own = [("merchant", &*self.slug), ("back", &*back)];
        person.post(path, &[&own, fields].concat()).await;
    }

    /// Connected, with a place for everybody who can be asked.
    async fn connect(&self, boss: &Person<'_>) {
        let base = self.slack.base();
        let fields = [("token", TOKEN), ("signing", SIGNING), ("api_base", &*base)];
        self.form(boss, "/ui/chat/connect", &fields).await;
        let (_, page) = boss.page(&self.settings()).await;
        assert!(page.contains("Connected with Northbeam"), "{page}");
        for owner in ["agency:operations", "agency:finance"] {
            let fields = [("owner", owner), ("place", "#approvals")];
            self.form(boss, "/ui/chat/route", &fields).await;
        }
    }

    /// An order over the amount, and the message about it.
    async fn asks(&self, number: u64) -> (String, Value) {
        let before = self.slack.of("chat.postMessage").len();
        let order = Order {
            unit_minor: 90_000,
            ..Order::numbered(5_600_000_000_000 + number)
        };
        let delivery = Delivery::new("orders/create", &format!("slack-{number}"), &order.json());
        let answer = self.meshline.send(&delivery).await;
        let receipt = answer.receipt_id();
        let message = eventually("a message in Slack", async || {
            self.slack.of("chat.postMessage").into_iter().nth(before)
        })
        .await;
        let seen = self.meshline.get(&format!("/receipts/{receipt}")).await;
        let export = seen["exports"][0]["id"].as_str().unwrap().to_owned();
        (export, message)
    }

    async fn press(&self, payload: &Value) -> StatusCode {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("payload", &payload.to_string());
        let body = form.finish();
        let stamp = (clock::now_ms() / 1000).to_string();
        let signature = self.other.says(&["sign", SIGNING, &stamp], body.as_bytes());
        self.post(&body, &stamp, &signature).await
    }

    async fn post(&self, body: &str, stamp: &str, signature: &str) -> StatusCode {
        let begun = Instant::now();
        let path = format!("/in/slack/{}", self.meshline.shop().0.id);
        let answer = self
            .meshline
            .http
            .post(self.meshline.url(&path))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", stamp)
            .header("x-slack-signature", signature)
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        assert!(begun.elapsed().as_secs() < 3, "Slack waits three seconds");
        answer.status()
    }

    async fn state(&self, export: &str) -> String {
        let seen = self.meshline.get(&format!("/exports/{export}")).await;
        seen["state"].as_str().unwrap().to_owned()
    }

    async fn whisper(&self, number: usize) -> String {
        let found = eventually("a word in private", async || {
            self.slack.of("chat.postEphemeral").into_iter().nth(number)
        })
        .await;
        found["text"].as_str().unwrap().to_owned()
    }

    /// Everything that was ever sent, read by Slack's library.
    fn is_slacks(&self) {
        let sent: Vec<Value> = self
            .slack
            .all()
            .into_iter()
            .filter(|call| call.body.get("blocks").is_some() || call.body["view"].is_object())
            .map(|call| call.body)
            .filter(|body| body["trigger_id"] != "1.2.client")
            .collect();
        assert!(!sent.is_empty());
        let input = serde_json::to_vec(&sent).unwrap();
        let said = self.other.says(&["blocks"], &input);
        assert_eq!(said, sent.len().to_string());
    }
}

fn button(message: &Value, action: &str) -> Value {
    let blocks = message["blocks"].as_array().unwrap();
    let elements = blocks
        .iter()
        .filter_map(|block| block["elements"].as_array())
        .flatten();
    elements
        .into_iter()
        .find(|one| one["action_id"] == action)
        .unwrap_or_else(|| panic!("no {action}: {message}"))
        .clone()
}

fn pressed((message, ts): (&Value, &str), action: &str, chat_user: &str, trigger: &str) -> Value {
    json!({
        "type": "block_actions",
        "team": { "id": "T0NORTH", "domain": "northbeam" },
        "user": { "id": chat_user, "username": "jo", "name": "jo", "team_id": "T0NORTH" },
        "container": { "type": "message", "message_ts": ts, "channel_id": "C0CHANNEL" },
        "channel": { "id": "C0CHANNEL", "name": "approvals" },
        "trigger_id": trigger,
        "response_url": "https://hooks.slack.com/actions/T0/1/x",
        "actions": [button(message, action)],
    })
}

/// The path of the link in it that begins so.
fn link(text: &str, begins: &str) -> String {
    let at = text
        .find(begins)
        .unwrap_or_else(|| panic!("no link: {text}"));
    text[at..].split([' ', '"', '|']).next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_is_asked_pressed_and_shown_in_slack() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let meshline = &scene.meshline;
    let boss = Person::sign_in(meshline, meshline.user_with("revenue_ops")).await;
    scene.connect(&boss).await;
    let (export, message) = scene.asks(81_001).await;
    assert_eq!(scene.state(&export).await, "awaiting_approval");

    // the link: looking decides nothing, whoever looks
    let open = button(&message, "open")["url"].as_str().unwrap().to_owned();
    let path = link(&open, "/a/");
    for _ in 0..3 {
        let preview = meshline.http.get(meshline.url(&path)).send().await.unwrap();
        assert_eq!(preview.status(), StatusCode::SEE_OTHER);
        let to = preview.headers()[header::LOCATION].to_str().unwrap();
        assert!(to.starts_with("/login?next=/a/"), "{to}");
    }
    let approver = meshline.user_with("operations");
    let jo = Person::sign_in(meshline, approver).await;
    let (status, _) = jo.page(&path).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "to the page of the decision");
    assert_eq!(scene.state(&export).await, "awaiting_approval");

    // somebody whom nobody knows, and what is not signed
    let press = pressed(
        (&message, "1700000000.000001"),
        "approve",
        "U0JONAS",
        "1.1.a",
    );
    assert_eq!(
        scene.post("payload=%7B%7D", "1", "v0=00").await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(scene.press(&press).await, StatusCode::OK);
    let words = scene.whisper(1).await;
    let linking = link(&words, "/a/link/");
    assert_eq!(scene.state(&export).await, "awaiting_approval");
    let (status, page) = jo.page(&linking).await;
    assert!(status.is_success() && page.contains("U0JONAS"), "{page}");
    let token = linking.trim_start_matches("/a/link/");
    scene.form(&jo, "/ui/chat/link", &[("token", token)]).await;

    // pressed, twice with the same bytes
    let press = pressed(
        (&message, "1700000000.000001"),
        "approve",
        "U0JONAS",
        "1.1.b",
    );
    for _ in 0..2 {
        assert_eq!(scene.press(&press).await, StatusCode::OK);
    }
    let shown = eventually("the outcome", async || {
        scene.slack.of("chat.update").into_iter().nth(1)
    })
    .await;
    let text = shown.to_string();
    assert!(
        text.contains("Approved by") && !text.contains("action_id"),
        "{text}"
    );
    assert_ne!(scene.state(&export).await, "awaiting_approval");
    let late = pressed(
        (&message, "1700000000.000001"),
        "decline",
        "U0JONAS",
        "1.1.c",
    );
    assert_eq!(scene.press(&late).await, StatusCode::OK);
    let words = scene.whisper(2).await;
    assert!(
        words.contains("approved this already") && words.contains("UTC"),
        "{words}"
    );
    let (status, page) = jo.page(&path).await;
    assert!(
        status.is_success() && page.contains("Approved by"),
        "the link has ended: {status}"
    );

    // no, with a reason
    let (export, message) = scene.asks(81_002).await;
    let press = pressed(
        (&message, "1700000000.000002"),
        "decline",
        "U0JONAS",
        "1.1.d",
    );
    assert_eq!(scene.press(&press).await, StatusCode::OK);
    let form = eventually("a form", async || {
        scene.slack.of("views.open").into_iter().nth(1)
    })
    .await;
    assert_eq!(form["trigger_id"], "1.1.d");
    let mut filled = json!({
        "type": "view_submission",
        "team": { "id": "T0NORTH" },
        "user": { "id": "U0JONAS", "username": "jo" },
        "view": form["view"].clone(),
    });
    filled["view"]["state"] = json!({ "values": { "reason": { "reason": {
        "type": "plain_text_input", "value": "Not before Monday",
    } } } });
    assert_eq!(scene.press(&filled).await, StatusCode::OK);
    eventually("it is declined", async || {
        (scene.state(&export).await == "declined").then_some(())
    })
    .await;
    scene.is_slacks();
    let audit = meshline.all("/audit").await;
    for action in [
        "chat.connected",
        "chat.linked",
        "approval.posted",
        "approval.clicked",
        "approval.post_updated",
    ] {
        assert!(
            audit.iter().any(|one| one["action"] == action),
            "no entry says {action}"
        );
    }
    scene.meshline.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decided_on_the_page_it_is_over_in_slack_and_what_breaks_is_said() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let meshline = &scene.meshline;
    let boss = Person::sign_in(meshline, meshline.user_with("revenue_ops")).await;
    // an address in our own network is not called, whoever enters it
    let fields = [
        ("token", TOKEN),
        ("signing", SIGNING),
        ("api_base", "https://127.0.0.1:9/api"),
    ];
    scene.form(&boss, "/ui/chat/connect", &fields).await;
    let (_, page) = boss.page(&scene.settings()).await;
    assert!(
        page.contains("public addresses only") && page.contains("Slack is not connected"),
        "{page}"
    );
    assert!(!page.contains(TOKEN) && !page.contains(SIGNING));
    scene.connect(&boss).await;

    // slow down; then it comes
    scene.slack.refuses_once("chat.postMessage", "429");
    let (export, _) = scene.asks(82_001).await;
    let message = eventually("the second try", async || {
        scene.slack.of("chat.postMessage").into_iter().nth(2)
    })
    .await;
    let hash = meshline.get(&format!("/exports/{export}")).await["content_hash"].clone();
    let operations = meshline.user_with("operations");
    let jo = Person::sign_in(meshline, operations).await;
    let body = json!({ "content_hash": hash });
    let path = format!("/exports/{export}/approve");
    let (status, said) = jo.call(Method::POST, &path, Some(&body)).await;
    assert!(status.is_success(), "{said}");
    let shown = eventually("the outcome", async || {
        scene.slack.of("chat.update").into_iter().nth(1)
    })
    .await;
    assert!(shown.to_string().contains("Approved by"), "{shown}");
    assert!(button(&message, "approve")["value"].is_string());

    // the token is revoked: the page says so, and a test that gets through mends it
    scene
        .slack
        .refuses_once("chat.postMessage", "token_revoked");
    scene.asks(82_002).await;
    let settings = scene.settings();
    eventually("the page says so", async || {
        let (_, page) = boss.page(&settings).await;
        page.contains("Slack needs attention").then_some(())
    })
    .await;
    let tasks = meshline.all("/tasks").await;
    assert!(
        tasks.iter().any(|task| task["code"] == "chat_failed"),
        "{tasks:?}"
    );
    let fields = [
        ("owner", "agency:operations"),
        ("place", "#approvals"),
        ("then", "test"),
    ];
    scene.form(&boss, "/ui/chat/route", &fields).await;
    let (_, page) = boss.page(&settings).await;
    assert!(page.contains("Connected with Northbeam"), "{page}");
    scene.is_slacks();
    let log = meshline.said("serve");
    assert!(!log.contains(TOKEN) && !log.contains(SIGNING));
    scene.meshline.end().await;
}

/// What was sent about this task: where to, and what it says.
fn about(scene: &Scene, method: &str, task: &str) -> Vec<(String, String)> {
    let page = format!("/m/{}/tasks/{task}", scene.slug);
    let sent = scene.slack.of(method).into_iter();
    sent.map(|body| {
        let place = body["channel"].as_str().unwrap().to_owned();
        (place, body.to_string())
    })
    .filter(|(_, text)| text.contains(&page))
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_told_in_slack_goes_on_and_ends_there() {
    let Some(scene) = Scene::set().await else {
        return;
    };
    let meshline = &scene.meshline;
    let boss = Person::sign_in(meshline, meshline.user_with("revenue_ops")).await;
    scene.connect(&boss).await;
    let (_, page) = boss.page(&scene.settings()).await;
    assert!(page.contains("What is told here"), "{page}");
    for (owner, place) in [
        ("agency:engineering", "C0ENGINEERS"),
        ("agency:operations", "C0OPERATIONS"),
    ] {
        let fields = [("owner", owner), ("place", place)];
        scene.form(&boss, "/ui/chat/route", &fields).await;
    }
    let unreadable = async |number: &str, words: &[u8]| {
        let delivery = Delivery::raw("orders/paid", number, words);
        assert_eq!(meshline.send(&delivery).await.status(), "quarantined");
        let tasks = meshline.all("/tasks").await;
        let newest = tasks.into_iter().find(|task| task["code"] == "malformed");
        newest.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let task = unreadable("tell-1", br#"{"id": 1, "Jane Doe"#).await;
    let told = async |count: usize, words: &str| {
        eventually(words, async || {
            let found = about(&scene, "chat.postMessage", &task);
            let last = found.last().is_some_and(|(_, text)| text.contains(words));
            (found.len() == count && last).then_some(found)
        })
        .await
    };
    let found = told(1, "To do: Cannot read").await;
    let (place, text) = &found[0];
    assert_eq!(place, "C0ENGINEERS");
    assert!(!text.contains("Jane") && text.contains("Engineering") && text.contains("<!date^"));
    let message: Value = serde_json::from_str(text).unwrap();
    let open = button(&message, "open")["url"].as_str().unwrap().to_owned();
    assert!(!text.contains("\"value\""), "nothing is decided there");
    let dev = Person::sign_in(meshline, meshline.user_with("operations")).await;
    let (status, page) = dev.page(&link(&open, "/m/")).await;
    assert!(
        status.is_success() && page.contains("Cannot read"),
        "{page}"
    );

    // nobody takes it
    meshline.clock_ahead_by(31 * 60_000).await;
    let found = told(2, "Escalated to you: Cannot read").await;
    assert_eq!(found[1].0, "C0OPERATIONS");
    let changed = async |words: &str| {
        eventually(words, async || {
            let found = about(&scene, "chat.update", &task);
            let said = found.iter().filter(|(_, text)| text.contains(words));
            let places: Vec<_> = said.map(|(place, _)| place.clone()).collect();
            (!places.is_empty()).then_some(places)
        })
        .await
    };
    assert_eq!(changed("Handed on to Operations").await, ["C0ENGINEERS"]);
    let path = format!("/tasks/{task}/resolve");
    let body = json!({ "note": "The shop sends it again" });
    let (status, said) = dev.call(Method::POST, &path, Some(&body)).await;
    assert!(status.is_success(), "{said}");
    eventually("both messages end", async || {
        (changed("Done by").await.len() == 2).then_some(())
    })
    .await;
    scene.is_slacks();

    // what is not told any more is not told
    scene
        .form(&boss, "/ui/chat/tells", &[("notices", "true")])
        .await;
    let (_, page) = boss.page(&scene.settings()).await;
    assert!(page.contains("What is told here"));
    let silent = unreadable("tell-2", b"[").await;
    assert_ne!(silent, task);
    scene
        .form(&boss, "/ui/chat/tells", &[("tasks", "true")])
        .await;
    let last = unreadable("tell-3", b"{").await;
    eventually("the one after it", async || {
        (!about(&scene, "chat.postMessage", &last).is_empty()).then_some(())
    })
    .await;
    assert_eq!(about(&scene, "chat.postMessage", &silent), []);
    scene.meshline.end().await;
}
