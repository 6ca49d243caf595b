//! The program as it is started and asked: what the commands print, what intake answers, who is let in,
//! what every answer carries, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use support::{
    clock,
    database::Engine,
    installation::{Installation, eventually},
    person::Person,
    shop::{Answer, Delivery, Order},
};
use tokio::time::timeout;

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/connectors/tests/fixtures/shopify"
    );
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn the_demo_is_what_it_promises_and_is_made_once() {
    let mut installation = Installation::prepare(Engine::Sqlite).await;
    let demo = &installation.demo;
    assert_eq!(demo.merchants.len(), 3);
    assert!(
        demo.merchants
            .iter()
            .all(|merchant| merchant.api_token.starts_with("mlk_"))
    );
    assert!(
        demo.sources
            .iter()
            .all(|source| source.url_path.starts_with("/in/") && source.secret.len() >= 32)
    );
    for access in ["admin", "approver", "operator", "viewer", "auditor"] {
        assert!(
            demo.users.iter().any(|user| user.access == access),
            "{access}"
        );
    }
    for role in [
        "marketing_ops",
        "operations",
        "logistics",
        "supply_chain",
        "customer_ops",
        "finance",
        "engineering",
    ] {
        assert_eq!(
            installation
                .user_with(role)
                .functional_roles
                .iter()
                .filter(|one| *one == role)
                .count(),
            1
        );
    }
    let key = std::fs::read_to_string(installation.folder.join("meshline.db.key")).unwrap();
    assert_eq!(key.trim().len(), 64);

    let again = installation.command(&["demo", "--json"]);
    assert!(!again.status.success() && again.stdout.is_empty());
    assert!(text(&again.stderr).contains("--reset"));
    let reset = installation.command(&["demo", "--json", "--reset"]);
    assert!(reset.status.success(), "{reset:?}");
    let made: Value = serde_json::from_slice(&reset.stdout).unwrap();
    assert_eq!(made["operator"]["name"], "Northbeam Commerce Ops");
    assert_ne!(
        made["sources"][0]["secret"],
        demo.sources[0].secret.as_str()
    );
    installation.demo = serde_json::from_slice(&reset.stdout).unwrap();
    installation.serve().await;
    goes_to_both_warehouses(&installation).await;
    waits_for_whoever_looks_first(&mut installation).await;
    installation.end().await;
}

/// What came in just now is there to be decided and put right; all that is older is done.
async fn waits_for_whoever_looks_first(installation: &mut Installation) {
    let approvals = installation.all("/approvals?state=pending").await;
    assert_eq!(approvals.len(), 1, "{approvals:?}");
    let open = installation.all("/tasks?state=open").await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0]["code"], "insufficient_inventory");

    // the count was wrong once: sent again, the stand-in for the warehouse takes it
    installation.run_sandbox(&[]).await;
    let task = format!("/tasks/{}", open[0]["id"].as_str().unwrap());
    let person = Person::sign_in(installation, installation.user_with("supply_chain")).await;
    let note = json!({ "note": "Counted again: four were on the wrong shelf." });
    for (act, body) in [("claim", None), ("resolve", Some(&note))] {
        let path = format!("{task}/{act}");
        let (status, answer) = person.call(Method::POST, &path, body).await;
        assert_eq!(status, StatusCode::OK, "{act}: {answer}");
    }
    let export = format!("/exports/{}", open[0]["export_id"].as_str().unwrap());
    eventually("the goods leave", async || {
        let export = installation.get(&export).await;
        ["acknowledged", "executed"]
            .contains(&export["state"].as_str()?)
            .then_some(())
    })
    .await;
    assert!(installation.all("/tasks?state=open").await.is_empty());
}

/// One merchant of the demo has two warehouses: its week has sent to both, and told the order desk which.
async fn goes_to_both_warehouses(installation: &Installation) {
    let token = &installation.demo.merchants[2].api_token;
    let ask = async |path: &str| -> Value {
        let url = installation.url(&format!("/api/v1/exports{path}"));
        let asked = installation.http.get(url).bearer_auth(token).send().await;
        asked.unwrap().json().await.unwrap()
    };
    let mut sent = HashMap::<&str, usize>::new();
    for one in ask("?limit=200").await["items"].as_array().unwrap() {
        let export = ask(&format!("/{}", one["id"].as_str().unwrap())).await;
        let code = export["payload"]["ship_to"]["postal_code"].as_str();
        let by_code = |code: &str| ["harbor-3pl", "cascade-3pl"][usize::from(code >= "80000")];
        let to = code.map_or("order-desk", by_code);
        assert_eq!(export["destination"]["key"], to, "{code:?}");
        *sent.entry(to).or_default() += 1;
    }
    assert_eq!(sent["order-desk"], sent["cascade-3pl"] + sent["harbor-3pl"]);
}

#[tokio::test]
async fn intake_answers_each_delivery_by_what_it_is() {
    let installation = Installation::start(Engine::Sqlite).await;
    let paid = Delivery::raw("orders/paid", "w-1", &fixture("orders-paid.json"));
    let first = installation.send(&paid).await;
    assert_eq!((first.code, first.status()), (StatusCode::OK, "accepted"));
    let again = installation.send(&paid).await;
    assert_eq!(
        (again.status(), again.receipt_id()),
        ("duplicate", first.receipt_id())
    );

    let half = Delivery::raw("orders/paid", "w-2", b"{\"id\": 1, ");
    assert_eq!(installation.send(&half).await.status(), "quarantined");
    let refund = Delivery::raw("refunds/create", "w-3", &fixture("refunds-create.json"));
    assert_eq!(installation.send(&refund).await.status(), "accepted");

    let forged = Delivery::raw("orders/paid", "w-4", &fixture("orders-paid.json"));
    let refused = installation
        .send_signed(&forged, "somebody-else's-secret")
        .await;
    assert_eq!(refused.code, StatusCode::UNAUTHORIZED);
    assert_problem(&refused, 401);
    let unsigned = installation
        .http
        .post(installation.source_url())
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
    let missing = installation
        .http
        .post(installation.url("/in/0000"))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let looked_at = installation
        .http
        .get(installation.source_url())
        .send()
        .await
        .unwrap();
    assert_eq!(looked_at.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(looked_at.headers()[header::ALLOW], "POST");

    let counts = counts(&installation).await;
    for line in [
        "meshline_receipts_total{status=\"accepted\",system=\"shopify\"} 2",
        "meshline_receipts_total{status=\"duplicate\",system=\"shopify\"} 1",
        "meshline_receipts_total{status=\"quarantined\",system=\"shopify\"} 1",
        "meshline_intake_rejected_total{reason=\"signature\"} 2",
        "meshline_intake_rejected_total{reason=\"unknown_source\"} 1",
    ] {
        assert!(
            counts.lines().any(|found| found == line),
            "{line}\n{counts}"
        );
    }
    installation.end().await;
}

fn assert_problem(answer: &Answer, status: u64) {
    assert_eq!(answer.body["status"], status, "{answer:?}");
    assert!(
        answer.body["detail"].is_string() && answer.body.get("errors").is_none(),
        "{answer:?}"
    );
}

async fn counts(installation: &Installation) -> String {
    installation
        .http
        .get(installation.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let installation = Installation::start(Engine::Sqlite).await;
    let path = &installation.shop().1.url_path;
    let talk = |words: Vec<u8>| {
        let addr = installation.addr;
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            // the other side may hang up before it has heard everything
            let _ = stream.write_all(&words);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            text(&answer)
        })
    };
    // two megabytes are announced, and none is sent
    let announced = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2097152\r\n\r\n");
    let answer = talk(announced.into_bytes()).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"),
        "{answer}"
    );
    let form = "POST /ui/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2097152\r\n\r\n";
    let answer = talk(form.as_bytes().to_vec()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // nothing is announced, and it does not end
    let mut streamed =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            .into_bytes();
    for _ in 0..20 {
        streamed.extend_from_slice(b"10000\r\n");
        streamed.extend_from_slice(&[b'x'; 0x10000]);
        streamed.extend_from_slice(b"\r\n");
    }
    let answer = talk(streamed).await.unwrap();
    // a reset may overtake the answer, but nothing was taken
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413 "),
        "{answer}"
    );
    let counts = counts(&installation).await;
    assert!(
        counts.contains("meshline_intake_rejected_total{reason=\"too_large\"} 2"),
        "{counts}"
    );
    installation.end().await;
}

/// Signs in with the form and returns the session's cookie.
async fn sign_in(installation: &Installation, email: &str, password: &str) -> reqwest::Response {
    let form = [
        ("email", email),
        ("password", password),
        ("back", "/login"),
        ("next", "/"),
    ];
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    installation
        .http
        .post(installation.url("/ui/login"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, installation.url(""))
        .body(body)
        .send()
        .await
        .unwrap()
}

fn cookie(answer: &reqwest::Response) -> Option<String> {
    let set = answer.headers().get_all(header::SET_COOKIE).iter();
    set.filter_map(|value| value.to_str().ok())
        .find(|value| value.starts_with("meshline_session="))
        .map(str::to_owned)
}

#[tokio::test]
async fn a_session_is_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let installation = Installation::start(Engine::Sqlite).await;
    let user = installation.user_with("marketing_ops").clone();
    let answer = sign_in(&installation, &user.email, &user.password).await;
    assert!(answer.status().is_redirection(), "{answer:?}");
    let set = cookie(&answer).unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    let session = set.split(';').next().unwrap().to_owned();

    let get = |path: &str| {
        installation
            .http
            .get(installation.url(path))
            .header(header::COOKIE, &session)
            .send()
    };
    assert_eq!(get("/").await.unwrap().status(), StatusCode::OK);
    let stranger = installation
        .http
        .get(installation.url("/"))
        .send()
        .await
        .unwrap();
    assert_ne!(stranger.status(), StatusCode::OK);

    // another site makes the browser post
    let elsewhere = installation
        .http
        .post(installation.url("/ui/logout"))
        .header(header::COOKIE, &session)
        .header(header::ORIGIN, "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        get("/").await.unwrap().status(),
        StatusCode::OK,
        "still signed in"
    );

    // an unused session ends after half a day
    installation.clock_ahead_by(12 * 3_600_000 + 60_000).await;
    assert_ne!(get("/").await.unwrap().status(), StatusCode::OK);
    installation.end().await;
}

#[tokio::test]
async fn wrong_passwords_are_told_nothing_and_leave_no_session() {
    let installation = Installation::start(Engine::Sqlite).await;
    let user = installation.user_with("operations").clone();
    let answer = sign_in(&installation, &user.email, "not the password").await;
    let page = cookie(&answer).map(|set| set.split(';').next().unwrap().to_owned());
    let home = installation
        .http
        .get(installation.url("/"))
        .header(header::COOKIE, page.unwrap_or_default());
    assert_ne!(home.send().await.unwrap().status(), StatusCode::OK);
    installation.end().await;
}

#[tokio::test]
async fn every_answer_carries_its_headers_and_assets_are_kept() {
    let installation = Installation::start(Engine::Sqlite).await;
    let get = |path: &str| installation.http.get(installation.url(path)).send();
    for path in [
        "/login",
        "/no/such/page",
        "/healthz",
        "/api/v1/no-such-route",
        "/favicon.svg",
    ] {
        let answer = get(path).await.unwrap();
        let headers = answer.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
    let lost = get("/no/such/page").await.unwrap();
    assert_eq!(lost.status(), StatusCode::NOT_FOUND);
    assert!(
        lost.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let lost = get("/api/v1/no-such-route").await.unwrap();
    assert_eq!(lost.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        lost.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );

    let login = get("/login").await.unwrap();
    let policy = login.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap()
        .to_owned();
    let page = login.text().await.unwrap();
    assert!(
        page.contains(&format!("nonce=\"{nonce}\"")),
        "the page's script has the nonce of the header"
    );
    let style = page
        .split("href=\"")
        .find(|part| part.starts_with("/pkg/"))
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    if style.ends_with(".css") && get(style).await.unwrap().status() == StatusCode::OK {
        let answer = get(style).await.unwrap();
        let tag = answer.headers()[header::ETAG].clone();
        let again = installation
            .http
            .get(installation.url(style))
            .header(header::IF_NONE_MATCH, tag)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.bytes().await.unwrap().is_empty());
    }
    installation.end().await;
}

#[tokio::test]
async fn the_live_stream_tells_members_and_nobody_else() {
    let installation = Installation::start(Engine::Sqlite).await;
    let live = format!("/live?merchant={}", installation.shop().0.slug);
    let stranger = installation
        .http
        .get(installation.url(&live))
        .send()
        .await
        .unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);

    let user = installation.user_with("logistics").clone();
    let set = cookie(&sign_in(&installation, &user.email, &user.password).await).unwrap();
    let session = set.split(';').next().unwrap().to_owned();
    let open = |path: String| {
        installation
            .http
            .get(installation.url(&path))
            .header(header::COOKIE, &session)
            .send()
    };
    assert_eq!(
        open("/live?merchant=nobody".to_owned())
            .await
            .unwrap()
            .status(),
        StatusCode::NOT_FOUND
    );
    let mut stream = open(live).await.unwrap();
    assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");

    let order = Order::numbered(7_000_000_001);
    installation
        .send(&Delivery::new("orders/paid", "live-1", &order.json()))
        .await;
    let mut heard = String::new();
    while !heard.contains("\ndata:") {
        let chunk = timeout(Duration::from_secs(10), stream.chunk())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        heard.push_str(&text(&chunk));
    }
    let data = heard
        .split("\ndata:")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .trim()
        .to_owned();
    let message: Value = serde_json::from_str(&data).unwrap();
    assert!(message["kind"].is_string(), "{message}");
    installation.end().await;
}

#[tokio::test]
async fn it_stops_when_told_to_and_lets_go_of_its_database() {
    let mut installation = Installation::start(Engine::Sqlite).await;
    let order = Order::numbered(7_000_000_002);
    let sent = installation
        .send(&Delivery::new("orders/paid", "stop-1", &order.json()))
        .await;
    let second = installation.command(&["migrate"]);
    assert!(
        !second.status.success() && text(&second.stderr).contains("another process"),
        "{second:?}"
    );
    let begun = clock::now_ms();
    installation.server.take().unwrap().stop().await;
    assert!(clock::now_ms() - begun < 15_000);
    assert!(installation.said("serve").contains("stopped"));
    installation.serve().await;
    let again = installation
        .send(&Delivery::new("orders/paid", "stop-1", &order.json()))
        .await;
    assert_eq!(
        (again.status(), again.receipt_id()),
        ("duplicate", sent.receipt_id())
    );
    installation.end().await;
}

#[tokio::test]
async fn the_doctor_knows_what_is_wrong() {
    let installation = Installation::prepare(Engine::Sqlite).await;
    let broken = |output: &std::process::Output| -> Vec<String> {
        let lines = text(&output.stdout);
        let bad = lines.lines().filter(|line| line.starts_with("BROKEN"));
        // a debug build may be without its assets
        bad.filter(|line| !line.contains("assets"))
            .map(str::to_owned)
            .collect()
    };
    let well = installation.command(&["doctor"]);
    assert!(broken(&well).is_empty(), "{}", text(&well.stdout));

    let key = installation.folder.join("meshline.db.key");
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    let wrong = installation.command(&["doctor"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        broken(&wrong)[0].contains("does not open the secrets"),
        "{wrong:?}"
    );
    std::fs::remove_file(&key).unwrap();
    let lost = installation.command(&["doctor"]);
    assert!(broken(&lost)[0].contains("is missing"), "{lost:?}");
    let refused = installation.command(&["serve"]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("put the file back"),
        "{refused:?}"
    );
    installation.end().await;
}

#[tokio::test]
async fn an_audit_trail_is_checked_in_place_and_as_a_file() {
    let installation = Installation::prepare(Engine::Sqlite).await;
    let verified = installation.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
    assert_eq!(text(&verified.stdout).matches(": intact").count(), 3);

    let slug = installation.shop().0.slug.clone();
    let exported = installation.command(&["audit", "export", "--merchant", &slug]);
    assert!(exported.status.success());
    let trail = text(&exported.stdout);
    let file = installation.folder.join("trail.jsonl");
    let check = |lines: &[&str]| {
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        installation.command(&["audit", "verify", file.to_str().unwrap()])
    };
    let lines: Vec<&str> = trail.lines().collect();
    assert!(check(&lines).status.success());
    let without_third = [&lines[..2], &lines[3..]].concat();
    let found = check(&without_third);
    assert_eq!(found.status.code(), Some(3));
    assert!(text(&found.stderr).contains("audit entry 3"), "{found:?}");
    let altered = lines[4].replace("created", "removed");
    let altered = [&lines[..4], &[altered.as_str()], &lines[5..]].concat();
    assert!(altered == lines || !check(&altered).status.success());
    assert!(
        !check(&lines[..lines.len() - 1]).status.success(),
        "the end was cut off"
    );
    let nobody = installation.command(&["audit", "export", "--merchant", "nobody"]);
    assert!(!nobody.status.success() && nobody.stdout.is_empty());
    installation.end().await;
}

#[tokio::test]
async fn the_api_takes_tokens_whatever_site_they_come_from() {
    let installation = Installation::start(Engine::Sqlite).await;
    let call = |token: &str| {
        installation
            .http
            .request(Method::GET, installation.url("/api/v1/receipts"))
            .bearer_auth(token)
            .header(header::ORIGIN, "https://tools.example")
            .send()
    };
    assert_eq!(
        call(&installation.shop().0.api_token)
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        call("mlk_wrong").await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    installation.end().await;
}
