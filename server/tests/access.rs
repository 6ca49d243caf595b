//! Who may do and see what, from outside: somebody of a 3PL, an auditor, and a program with a token.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed anyway"
)]

mod support;

use std::{collections::BTreeSet, path::Path, time::Duration};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use support::{
    database::Engine,
    installation::{Installation, User, eventually},
    person::Person,
    shop::{Delivery, Order},
};

fn user<'m>(meshline: &'m Installation, begins: &str) -> &'m User {
    let mut users = meshline.demo.users.iter();
    users.find(|one| one.email.starts_with(begins)).unwrap()
}

/// One order, all the way to the warehouse; the export that went there.
async fn shipped(meshline: &Installation, number: u64) -> Value {
    let delivery = Delivery::new(
        "orders/create",
        &format!("wh-{number}"),
        &Order::numbered(number).json(),
    );
    meshline.send(&delivery).await;
    let name = Order::numbered(number).name;
    eventually("the export", async || {
        let exports = meshline.all("/exports").await;
        exports.into_iter().find(|one| {
            one["source_of_truth"]["ref"] == name.as_str() || one.to_string().contains(&name)
        })
    })
    .await
}

/// Every link of a page that leads to this merchant's pages.
fn links(html: &str, slug: &str) -> BTreeSet<String> {
    let begin = format!("href=\"/m/{slug}/");
    html.split(&begin)
        .skip(1)
        .map(|rest| {
            let rest = rest.split('"').next().unwrap();
            let path = rest.split('#').next().unwrap();
            format!("/m/{slug}/{}", path.replace("&amp;", "&"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_3pl_finds_what_is_theirs_and_no_link_leads_nowhere() {
    let mut meshline = Installation::start(Engine::Sqlite).await;
    meshline.run_sandbox(&[]).await;
    let export = shipped(&meshline, 5_600_000_000_801).await;
    let slug = meshline.shop().0.slug.clone();
    let own = format!("exports/{}", export["id"].as_str().unwrap());
    let dana = Person::sign_in(&meshline, user(&meshline, "dana@")).await;
    let order = meshline.all("/orders").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let receipt = meshline.all("/receipts").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let contract = meshline.all("/contracts").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for closed in [
        "orders",
        "receipts",
        "flows",
        "contracts",
        "connections",
        "connections/new",
        "audit",
        "people",
        "people/invite",
        "settings",
        "settings/access",
        "settings/tokens",
        "settings/tokens/new",
        "orders.csv",
        "receipts.csv",
        &format!("orders/{order}"),
        &format!("receipts/{receipt}"),
        &format!("contracts/{contract}"),
    ] {
        let (status, page) = dana.page(&format!("/m/{slug}/{closed}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{closed}");
        assert!(!page.contains("Ines Marchetti"), "{closed}");
    }
    for closed in [
        "/orders",
        "/receipts",
        "/flows",
        "/contracts",
        "/audit",
        "/audit/export",
        "/tokens",
        &format!("/orders/{order}"),
        &format!("/receipts/{receipt}"),
        &format!("/contracts/{contract}"),
    ] {
        let (status, _) = dana.call(Method::GET, closed, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{closed}");
    }
    // what is open leads only to what is open
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<String> = [
        "queue",
        "exports",
        "approvals",
        "tasks",
        "search?q=1001",
        &own,
    ]
    .iter()
    .map(|rest| format!("/m/{slug}/{rest}"))
    .collect();
    while let Some(path) = ahead.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let (status, page) = dana.page(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(
            !page.contains(&format!("orders/{order}")),
            "{path} leads to the order"
        );
        ahead.extend(links(&page, &slug));
    }
    assert!(seen.contains(&format!("/m/{slug}/{own}")), "{seen:?}");
    let (status, csv) = dana.page(&format!("/m/{slug}/exports.csv")).await;
    assert_eq!((status, csv.lines().count()), (StatusCode::OK, 2), "{csv}");
    let (_, shown) = dana.call(Method::GET, &format!("/{own}"), None).await;
    assert_eq!(shown["id"], export["id"]);
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_3pl_hears_of_its_exports_and_of_nothing_else() {
    let mut meshline = Installation::start(Engine::Sqlite).await;
    meshline.run_sandbox(&[]).await;
    let slug = meshline.shop().0.slug.clone();
    let dana = Person::sign_in(&meshline, user(&meshline, "dana@")).await;
    let request = meshline
        .http
        .get(meshline.url(&format!("/live?merchant={slug}")));
    let mut live = request
        .header(header::COOKIE, dana.cookie())
        .send()
        .await
        .unwrap();
    shipped(&meshline, 5_600_000_000_802).await;
    let mut heard = String::new();
    while let Ok(Ok(Some(bytes))) = tokio::time::timeout(Duration::from_secs(3), live.chunk()).await
    {
        heard.push_str(&String::from_utf8_lossy(&bytes));
        if heard.contains("data:") && heard.len() > 4_000 {
            break;
        }
    }
    let kinds: BTreeSet<String> = heard
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| {
            serde_json::from_str::<Value>(data).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let open: BTreeSet<String> = ["export", "many"].map(str::to_owned).into();
    assert!(!kinds.is_empty() && kinds.is_subset(&open), "{heard}");
    meshline.end().await;
}

/// The server functions under `/ui`, read from the source.
fn forms() -> BTreeSet<String> {
    fn collect(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let named = text
                    .split("#[server(prefix = \"/ui\", endpoint = \"")
                    .skip(1);
                found.extend(named.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    let mut found = BTreeSet::new();
    let app = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/src/features");
    collect(Path::new(app), &mut found);
    assert!(found.len() > 20, "{found:?}");
    found
}

/// What a person does about themself is theirs, whatever their access.
const ONES_OWN: &[&str] = &[
    "login",
    "logout",
    "theme",
    "confirm",
    "account/",
    "second-factor",
    "session",
    "reset",
    "invite",
    "password",
    "setup",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_sees_every_page_and_changes_nothing() {
    let mut meshline = Installation::start(Engine::Sqlite).await;
    meshline.run_sandbox(&[]).await;
    let export = shipped(&meshline, 5_600_000_000_803).await;
    let (slug, id) = (
        meshline.shop().0.slug.clone(),
        export["id"].as_str().unwrap(),
    );
    let sofie = Person::sign_in(&meshline, user(&meshline, "sofie@")).await;
    for open in [
        "orders",
        "receipts",
        "exports",
        "approvals",
        "tasks",
        "flows",
        "contracts",
        "connections",
        "audit",
        "people",
        "settings",
        "settings/access",
        "settings/tokens",
    ] {
        let (status, page) = sofie.page(&format!("/m/{slug}/{open}")).await;
        assert_eq!(status, StatusCode::OK, "{open}");
        // nothing is offered that would be refused
        let main = page.split("<main").nth(1).unwrap();
        assert!(!main.contains("method=\"post\""), "{open} offers a form");
    }
    let (_, page) = sofie.page(&format!("/m/{slug}/exports/{id}")).await;
    assert!(
        !page
            .split("<main")
            .nth(1)
            .unwrap()
            .contains("method=\"post\"")
    );
    // the warehouse has the last word on an order; after it nothing moves by itself
    eventually("the run's end", async || {
        let trail = meshline.all("/audit").await;
        trail
            .iter()
            .any(|entry| entry["action"] == "run.completed")
            .then_some(())
    })
    .await;
    let entries = async || meshline.all("/audit").await.len();
    let before = eventually("quiet", async || {
        let count = entries().await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        (entries().await == count).then_some(count)
    })
    .await;
    let mut tried = 0;
    for form in forms() {
        if ONES_OWN.iter().any(|own| form.starts_with(own)) {
            continue;
        }
        let named = [
            "export",
            "task",
            "approval",
            "source",
            "destination",
            "receipt",
            "token",
            "invitation",
            "user",
            "person",
            "flow",
        ];
        let mut fields = vec![
            ("merchant", slug.as_str()),
            ("back", "/"),
            ("reason", "because"),
            ("note", "done"),
        ];
        fields.extend([
            ("name", "Another"),
            ("verdict", "decline"),
            ("owner", "agency:operations"),
        ]);
        fields.extend(named.map(|name| (name, id)));
        sofie.post(&format!("/ui/{form}"), &fields).await;
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
    for (path, body) in [
        (
            format!("/exports/{id}/withdraw"),
            json!({ "reason": "because" }),
        ),
        (
            format!("/exports/{id}/cancel"),
            json!({ "reason": "because" }),
        ),
        (
            format!("/exports/{id}/ack"),
            json!({ "status": "accepted" }),
        ),
        (
            format!("/exports/{id}/approve"),
            json!({ "content_hash": "sha256:00" }),
        ),
        (
            format!("/exports/{id}/decline"),
            json!({ "content_hash": "sha256:00", "reason": "no" }),
        ),
        (format!("/tasks/{id}/claim"), Value::Null),
        (format!("/tasks/{id}/resolve"), json!({ "note": "done" })),
        (format!("/receipts/{id}/replay"), Value::Null),
    ] {
        let body = Some(&body).filter(|body| !body.is_null());
        let (status, answer) = sofie.call(Method::POST, &path, body).await;
        assert!(status.is_client_error(), "{path}: {status} {answer}");
        assert_ne!(status, StatusCode::NOT_FOUND, "{path}: {answer}");
    }
    assert_eq!(
        entries().await,
        before,
        "{:?}",
        meshline.all("/audit").await[0]
    );
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_does_only_what_it_was_given() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let ravi = Person::sign_in(&meshline, user(&meshline, "ravi@")).await;
    let list = format!("/m/{slug}/settings/tokens");
    let back = format!("{list}/new");
    let fields = [
        ("merchant", &*slug),
        ("back", &*back),
        ("name", "Nightly reports"),
        ("preset", ""),
        ("capabilities[]", "view_audit"),
        ("term", "30"),
        ("date", ""),
        ("reason", ""),
    ];
    let answer = ravi.post("/ui/token/create", &fields).await;
    assert_eq!(answer.headers()[header::LOCATION], *list);
    let (_, shown) = ravi.page(&list).await;
    let secret = shown.split("data-copy=\"mlk_").nth(1).unwrap();
    let secret = format!("mlk_{}", secret.split('"').next().unwrap());
    let (_, again) = ravi.page(&list).await;
    assert!(again.contains("Nightly reports") && !again.contains(&secret));
    let call = async |path: &str| {
        let request = meshline.http.get(meshline.url(&format!("/api/v1{path}")));
        let answer = request.bearer_auth(&secret).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(call("/audit").await.0, StatusCode::OK);
    let (status, problem) = call("/orders").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    let known = meshline.all("/tokens").await;
    let token = known
        .iter()
        .find(|one| one["name"] == "Nightly reports")
        .unwrap();
    assert_eq!(token["capabilities"], json!(["view_audit"]));
    assert!(!token.to_string().contains(&secret));
    let id = token["id"].as_str().unwrap();
    let used = eventually("its use is written down", async || {
        let known = meshline.all("/tokens").await;
        let token = known.into_iter().find(|one| one["id"] == id).unwrap();
        token["last_used_at"].is_string().then_some(token)
    })
    .await;
    assert_eq!(used["state"], "good");
    ravi.post(
        "/ui/token/revoke",
        &[("merchant", &*slug), ("back", &*list), ("token", id)],
    )
    .await;
    let (status, problem) = call("/audit").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(
        problem["detail"].as_str().unwrap().contains("revoked"),
        "{problem}"
    );
    meshline.end().await;
}
