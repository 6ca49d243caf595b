//! Sessions as a browser and a proxy see them: two halves of signing in, ids that change, streams that
//! end, forms that wait, guesses that are slowed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod browser;
mod crowd;
mod lost;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use browser::Browser;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use support::{
    database::Engine,
    installation::{Installation, User, free_addr},
    person::Person,
};
use tokio::time::{Instant, timeout};

const MINUTE_MS: i64 = 60_000;

async fn api(browser: &Browser, meshline: &Installation, path: &str) -> (StatusCode, Value) {
    let answer = meshline
        .http
        .get(meshline.url(path))
        .header(
            header::COOKIE,
            format!("meshline_session={}", browser.session()),
        )
        .header("meshline-merchant", &meshline.shop().0.slug)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or(Value::Null))
}

/// The agency asks everybody for a second factor, by its settings page.
async fn require_second_factor(meshline: &Installation, admin: &User) {
    let mut browser = Browser::signed_in(meshline, admin).await;
    let home = browser.page("/").await;
    let (_, path) = home.split_once("href=\"/o/").unwrap();
    let operator: String = path
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let back = format!("/o/{operator}/settings");
    let fields = [
        ("operator", &*operator),
        ("back", &*back),
        ("name", "Northbeam Operators"),
        ("require_second_factor", "true"),
    ];
    // it would end their own session, too
    let to = browser.post("/ui/operator/change", &fields).await;
    let page = browser.page(&to).await;
    assert!(page.contains("of your own first"), "{page}");
    assert!(page.contains("their sessions end as soon as you save this"));
    browser.enrols().await;
    let to = browser.post("/ui/operator/change", &fields).await;
    let page = browser.page(&to).await;
    assert!(page.contains("Saved."), "{page}");
    assert!(page.contains("set one up at the next sign-in"), "{page}");
    assert!(browser.is_signed_in().await, "whoever has one stays");
}

/// How long a stream stays open, at most ten seconds.
async fn open_for(stream: reqwest::Response) -> Duration {
    heard_until_it_ended(stream).await.0
}

/// How long a stream goes on, ten seconds at most, and what it says meanwhile.
async fn heard_until_it_ended(mut stream: reqwest::Response) -> (Duration, String) {
    let begun = Instant::now();
    let mut heard = String::new();
    while let Ok(Ok(Some(chunk))) = timeout(Duration::from_secs(10), stream.chunk()).await {
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    (begun.elapsed(), heard)
}

#[tokio::test]
async fn an_id_that_was_planted_is_worth_nothing() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let user = meshline.user_with("marketing_ops").clone();
    let mut victim = Browser::new(&meshline);
    // the attacker's own session, known to the server, in the victim's browser
    victim
        .post(
            "/ui/login",
            &[
                ("email", "x@example.com"),
                ("password", "x"),
                ("back", "/login"),
            ],
        )
        .await;
    let planted = victim.session().to_owned();
    assert!(!planted.is_empty());
    victim.sign_in(&user, "/").await;
    assert_ne!(victim.session(), planted);
    let mut attacker = Browser::new(&meshline);
    attacker.cookies.insert("meshline_session".into(), planted);
    assert!(!attacker.is_signed_in().await && victim.is_signed_in().await);
    // an id that the server never gave is not taken over, either
    let mut other = Browser::new(&meshline);
    let made_up = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    other
        .cookies
        .insert("meshline_session".into(), made_up.clone());
    other.sign_in(&user, "/").await;
    assert_ne!(other.session(), made_up);
    meshline.end().await;
}

#[tokio::test]
async fn half_signed_in_is_not_signed_in() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let user = meshline.user_with("marketing_ops").clone();
    let mut elsewhere = Browser::signed_in(&meshline, &user).await;
    let mut browser = Browser::signed_in(&meshline, &user).await;
    let (phone, codes) = browser.enrols().await;
    assert!(browser.is_signed_in().await);
    assert!(
        !elsewhere.is_signed_in().await,
        "a session that never saw a code is over"
    );

    let mut fresh = Browser::new(&meshline);
    let to = fresh.sign_in(&user, "/search?q=kit").await;
    assert_eq!(to, "/second-factor?next=/search%3Fq%3Dkit");
    let half = fresh.session().to_owned();
    let slug = meshline.shop().0.slug.clone();
    for path in [
        "/",
        "/account/recovery-codes",
        "/confirm",
        &format!("/m/{slug}/tasks"),
    ] {
        let answer = fresh.get(path).await;
        assert!(
            answer.headers()[header::LOCATION]
                .to_str()
                .unwrap()
                .starts_with("/login"),
            "{path}"
        );
    }
    for path in [
        "/api/v1/tasks".to_owned(),
        format!("/live?merchant={slug}"),
        format!("/m/{slug}/tasks.csv"),
    ] {
        let (status, _) = api(&fresh, &meshline, &path).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    // nor can it put a factor of its own in place of the one that is asked for
    fresh
        .post("/ui/second-factor/begin", &[("back", &to)])
        .await;
    assert!(!fresh.page(&to).await.contains("otpauth"));

    let wrong = [
        ("code", "000000"),
        ("back", &*to),
        ("next", "/search?q=kit"),
    ];
    assert_eq!(fresh.post("/ui/second-factor", &wrong).await, to);
    assert!(fresh.page(&to).await.contains("This code is not right"));
    let right = [
        ("code", &*phone.code(1)),
        ("back", &*to),
        ("next", "/search?q=kit"),
    ];
    assert_eq!(
        fresh.post("/ui/second-factor", &right).await,
        "/search?q=kit"
    );
    assert!(fresh.is_signed_in().await);
    assert_ne!(
        fresh.session(),
        half,
        "the id changes with the second half, too"
    );
    let mut old = Browser::new(&meshline);
    old.cookies.insert("meshline_session".into(), half);
    assert!(!old.is_signed_in().await);

    // the same code again, then a recovery code instead
    let mut second = Browser::new(&meshline);
    let to = second.sign_in(&user, "/").await;
    assert_eq!(
        second.post("/ui/second-factor", &right).await,
        "/second-factor?next=/search%3Fq%3Dkit"
    );
    let fields = [("code", &*codes[0]), ("back", &*to), ("next", "/")];
    assert_eq!(second.post("/ui/second-factor", &fields).await, "/");
    assert!(second.is_signed_in().await);
    meshline.end().await;
}

#[tokio::test]
async fn a_revoked_session_is_over_at_once_and_so_is_its_stream() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let user = meshline.user_with("marketing_ops").clone();
    let mut here = Browser::signed_in(&meshline, &user).await;
    let mut there = Browser::signed_in(&meshline, &user).await;
    let live = format!("/live?merchant={}", meshline.shop().0.slug);
    let stream = there.get(&live).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let mine = here.get(&live).await;

    let to = here
        .post("/ui/session/revoke-others", &[("back", "/")])
        .await;
    assert!(here.page(&to).await.contains("One other session is over"));
    assert!(!there.is_signed_in().await);
    let (took, heard) = heard_until_it_ended(stream).await;
    assert!(took < Duration::from_secs(3), "it went on for {took:?}");
    let last = "data: {\"kind\":\"over\"}\n\n";
    assert!(heard.ends_with(last), "it doesn't say why: {heard:?}");
    let (took, heard) = heard_until_it_ended(mine).await;
    assert!(took > Duration::from_secs(9), "the other goes on");
    assert!(!heard.contains("over"), "{heard:?}");
    meshline.end().await;
}

#[tokio::test]
async fn what_another_process_revokes_is_over_here() {
    let mut meshline = Installation::start(Engine::Postgres).await;
    let user = meshline.user_with("marketing_ops").clone();
    let second = free_addr();
    let (addr, url) = (
        format!("MESHLINE_ADDR={second}"),
        format!("MESHLINE_PUBLIC_URL=http://{second}"),
    );
    let _process = meshline.spawn(&["env", &addr, &url], &["serve"]);
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(second).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    meshline.ready().await;
    let mut here = Browser::signed_in(&meshline, &user).await;
    let mut there = Browser::at(&meshline, &format!("http://{second}"));
    assert_eq!(there.sign_in(&user, "/").await, "/");
    let live = format!("/live?merchant={}", meshline.shop().0.slug);
    let stream = there.get(&live).await;
    assert_eq!(stream.status(), StatusCode::OK);
    here.post("/ui/session/revoke-others", &[("back", "/")])
        .await;
    assert!(!there.is_signed_in().await);
    let heard = open_for(stream).await;
    assert!(heard < Duration::from_secs(9), "it went on for {heard:?}");
    meshline.end().await;
}

#[tokio::test]
async fn a_form_that_met_an_ended_session_is_there_again_after_signing_in() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let admin = meshline
        .demo
        .users
        .iter()
        .find(|user| user.access == "admin")
        .cloned()
        .unwrap();
    let slug = meshline.shop().0.slug.clone();
    let back = format!("/m/{slug}/connections/new");
    let mut tab = Browser::signed_in(&meshline, &admin).await;
    assert!(tab.page(&back).await.contains("/ui/source/create"));
    let mut elsewhere = Browser::signed_in(&meshline, &admin).await;
    elsewhere
        .post("/ui/session/revoke-others", &[("back", "/")])
        .await;

    let typed = [
        ("merchant", &*slug),
        ("back", &*back),
        ("system", "shopify"),
        ("name", "Winter pop-up shop"),
        ("secret", "canary-of-a-secret"),
    ];
    let to = tab.post("/ui/source/create", &typed).await;
    assert_eq!(to, format!("/login?next={back}"));
    let login = tab.page(&to).await;
    assert!(!login.contains("canary-of-a-secret"));
    assert_eq!(tab.sign_in(&admin, &back).await, back);
    let page = tab.page(&back).await;
    assert!(page.contains("You had been signed out"), "{page}");
    assert!(page.contains("value=\"Winter pop-up shop\""));
    assert!(!page.contains("canary-of-a-secret"));
    assert!(
        !tab.page(&back).await.contains("Winter pop-up shop"),
        "once, and then forgotten"
    );
    // nothing was sent by itself
    let (_, connections) = api(&tab, &meshline, &format!("/m/{slug}/connections")).await;
    assert!(!connections.to_string().contains("Winter pop-up shop"));
    meshline.end().await;
}

#[tokio::test]
async fn strangers_are_slowed_and_who_is_known_is_not() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    std::fs::write(
        meshline.folder.join("meshline.toml"),
        "trusted_proxies = '127.0.0.0/8'\n",
    )
    .unwrap();
    meshline.serve().await;
    let user = meshline.user_with("marketing_ops").clone();
    let wrong = User {
        password: "a guess".into(),
        ..user.clone()
    };
    let mut home = Browser::new(&meshline);
    home.address = Some("192.0.2.1".into());
    assert_eq!(home.sign_in(&user, "/").await, "/");

    let mut stranger = Browser::new(&meshline);
    stranger.address = Some("198.51.100.1".into());
    for _ in 0..5 {
        stranger.sign_in(&wrong, "/").await;
        let page = stranger.get("/login").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.text().await.unwrap().contains("is not right"));
    }
    // from wherever they ask now
    stranger.address = Some("203.0.113.200, 198.51.100.2".into());
    stranger.sign_in(&user, "/").await;
    let page = stranger.get("/login").await;
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = page.headers()[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((100..=181).contains(&wait), "{wait}");
    assert!(page.text().await.unwrap().contains("too many tries"));
    assert!(!stranger.is_signed_in().await);

    // the person: from where they were before, and with their browser from anywhere
    let mut again = Browser::new(&meshline);
    again.address = Some("192.0.2.1".into());
    assert_eq!(again.sign_in(&user, "/").await, "/");
    let mut train = Browser::new(&meshline);
    train.address = Some("203.0.113.77".into());
    let device = home.cookies["meshline_device"].clone();
    train.cookies.insert("meshline_device".into(), device);
    assert_eq!(train.sign_in(&user, "/").await, "/");

    // an account that is not there answers in the same way
    let nobody = User {
        email: "nobody@example.com".into(),
        ..wrong
    };
    stranger.address = Some("198.51.100.3".into());
    for n in 0..6 {
        stranger.sign_in(&nobody, "/").await;
        let page = stranger.get("/login").await;
        assert_eq!(page.status() == StatusCode::OK, n < 5, "try {n}");
    }

    // and waiting helps
    meshline.clock_ahead_by(4 * MINUTE_MS).await;
    let mut later = Browser::new(&meshline);
    later.address = Some("198.51.100.9".into());
    assert_eq!(later.sign_in(&user, "/").await, "/");
    meshline.end().await;
}

#[tokio::test]
async fn something_critical_is_confirmed_first() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let author = Person::sign_in(&meshline, meshline.user_with("merchandising")).await;
    let brief = json!({ "flow": "promotion-go-live", "campaign": {
        "campaign_id": "winter-kit-26", "title": "Winter kit", "offer": "20 % off the winter kit",
        "discount_percent": 20, "skus": ["KIT-WINTER-01"], "landing_url": "https://alder-pine.example/winter",
        "starts_at": "2036-11-27T15:00:00.000Z", "ends_at": "2036-11-30T23:59:00.000Z", "note": "Stock is in.",
    }});
    let (status, made) = author.call(Method::POST, "/exports", Some(&brief)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["approvals"][0]["critical"], true);
    let (export, hash) = (
        made["id"].as_str().unwrap().to_owned(),
        made["content_hash"].as_str().unwrap().to_owned(),
    );
    let approval = made["approvals"][0]["id"].as_str().unwrap();

    let user = meshline.user_with("marketing_ops").clone();
    let by_api = Person::sign_in(&meshline, &user).await;
    let mut browser = Browser::signed_in(&meshline, &user).await;
    let slug = meshline.shop().0.slug.clone();
    let back = format!("/m/{slug}/approvals/{approval}");
    meshline.clock_ahead_by(11 * MINUTE_MS).await;
    let said = json!({ "content_hash": hash });
    let (status, problem) = by_api
        .call(
            Method::POST,
            &format!("/exports/{export}/approve"),
            Some(&said),
        )
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem["type"], "/problems/step-up-required", "{problem}");

    let approve = [
        ("merchant", &*slug),
        ("back", &*back),
        ("export", &*export),
        ("seen_hash", &*hash),
        ("verdict", "approve"),
    ];
    let to = browser.post("/ui/approval/decide", &approve).await;
    assert_eq!(to, format!("/confirm?next={back}"));
    let before = browser.session().to_owned();
    let wrong = [("code", "not it"), ("next", &*back), ("back", &*to)];
    assert_eq!(browser.post("/ui/confirm", &wrong).await, to);
    assert!(
        browser
            .page(&to)
            .await
            .contains("That is not your password")
    );
    let right = [("code", &*user.password), ("next", &*back), ("back", &*to)];
    assert_eq!(browser.post("/ui/confirm", &right).await, back);
    assert_ne!(browser.session(), before, "the id changes with every proof");
    let page = browser.page(&back).await;
    assert!(page.contains("Confirmed. Press “Approve” again."), "{page}");
    let to = browser.post("/ui/approval/decide", &approve).await;
    assert!(browser.page(&to).await.contains("Approved"));

    // a proof does not make the session last: it began when it began
    for day in 0..15_i64 {
        meshline
            .clock_ahead_by((11 + (day + 1) * 11 * 60) * MINUTE_MS)
            .await;
        browser.is_signed_in().await;
    }
    meshline
        .clock_ahead_by(7 * 24 * 60 * MINUTE_MS + MINUTE_MS)
        .await;
    assert!(!browser.is_signed_in().await);
    meshline.end().await;
}

#[tokio::test]
async fn what_shows_a_secret_is_confirmed_first_and_the_form_is_kept() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let admin = meshline.user_with("engineering").clone();
    let mut browser = Browser::signed_in(&meshline, &admin).await;
    let slug = meshline.shop().0.slug.clone();
    let home = format!("/m/{slug}");
    meshline.clock_ahead_by(11 * MINUTE_MS).await;
    let source = [
        ("system", "shopify"),
        ("name", "Winter pop-up"),
        ("secret", "the-shops-own-secret"),
    ];
    let destination = [
        ("name", "Winter warehouse"),
        ("system", "wms"),
        ("party", "3pl"),
        ("url", "https://example.com/in"),
    ];
    let witness = [
        ("name", "Winter witness"),
        ("kind", "webhook"),
        ("address", "https://example.com/witness"),
        ("every_ms", "0"),
    ];
    type Form<'f> = (&'f str, &'f str, &'f str, &'f [(&'f str, &'f str)]);
    let forms: [Form<'_>; 4] = [
        ("/ui/source/create", "/connections/new", "Connect", &source),
        (
            "/ui/destination/create",
            "/connections/new-destination",
            "Add",
            &destination,
        ),
        (
            "/ui/audit/witness/add",
            "/settings/audit",
            "Add the witness",
            &witness,
        ),
        (
            "/ui/audit/key/rotate",
            "/settings/audit",
            "Replace the key",
            &[],
        ),
    ];
    let mut minutes = 11;
    for (act, page, button, fields) in forms {
        let back = format!("{home}{page}");
        let mut sent = vec![("merchant", &*slug), ("back", &*back)];
        sent.extend(fields);
        let to = browser.post(act, &sent).await;
        assert_eq!(to, format!("/confirm?next={back}"), "{act}");
        let right = [("code", &*admin.password), ("next", &*back), ("back", &*to)];
        assert_eq!(browser.post("/ui/confirm", &right).await, back);
        let shown = browser.page(&back).await;
        assert!(
            shown.contains(&format!("Press “{button}” again")),
            "{act}: {shown}"
        );
        for (name, value) in fields {
            let is_secret = *name == "secret";
            assert_eq!(
                shown.contains(value),
                !is_secret,
                "{act}: {name} is kept, unless it is a secret"
            );
        }
        if act == "/ui/source/create" {
            assert!(shown.contains("Type it again"), "no other secret is made");
        }
        let to = browser.post(act, &sent).await;
        assert!(!to.starts_with("/confirm"), "{act} leads to {to}");
        let shown = browser.page(&to).await;
        assert!(!shown.contains("again: what you typed"), "{act}: {shown}");
        minutes += 11;
        meshline.clock_ahead_by(minutes * MINUTE_MS).await;
    }
    meshline.end().await;
}

#[tokio::test]
async fn somebody_who_is_asked_for_a_factor_sets_it_up_before_anything_else() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let user = meshline.user_with("marketing_ops").clone();
    let admin = meshline
        .demo
        .users
        .iter()
        .find(|user| user.access == "admin")
        .cloned()
        .unwrap();
    let mut open = Browser::signed_in(&meshline, &user).await;
    require_second_factor(&meshline, &admin).await;
    assert!(
        !open.is_signed_in().await,
        "the very next request of a session that was open counts"
    );
    let mut browser = Browser::new(&meshline);
    let to = browser.sign_in(&user, "/").await;
    assert_eq!(to, "/second-factor");
    assert!(!browser.is_signed_in().await);
    assert!(browser.page(&to).await.contains("asks everybody"));
    browser.enrols().await;
    assert!(browser.is_signed_in().await);
    let off = [("back", "/")];
    let to = browser.post("/ui/second-factor/off", &off).await;
    assert!(browser.page(&to).await.contains("cannot be turned off"));
    meshline.end().await;
}
