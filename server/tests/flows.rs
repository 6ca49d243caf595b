//! Flows through the API: taken along as a document, refused with everything that is wrong, drawn, published,
//! and not published twice.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed anyway"
)]

#[allow(
    dead_code,
    reason = "shared with the tests of sessions, which use more of it"
)]
#[path = "sessions/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use support::{database::Engine, installation::Installation};

const FLOW: &str = "/flows/promotion-go-live";

async fn post(meshline: &Installation, path: &str, body: &Value) -> (StatusCode, Value) {
    meshline.call(Method::POST, path, Some(body)).await
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

async fn the_next_version(engine: Engine) {
    let meshline = Installation::start(engine).await;
    let live = meshline.get(FLOW).await;
    let version = live["version"].as_i64().unwrap();
    let mut document = meshline.get(&format!("{FLOW}/export")).await;
    assert_eq!(document["format"], "meshline.flow/1");
    assert!(
        document.get("merchant_id").is_none(),
        "nothing of the merchant's"
    );

    // every fault at once, and nothing changed
    let mut broken = document.clone();
    broken["surprise"] = json!(true);
    broken["trigger"]["on"] = json!("moon");
    let body = json!({ "flow": broken, "base_version": version });
    let (status, problem) = post(&meshline, &format!("{FLOW}/versions"), &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let said = pointers(&problem);
    assert!(
        said.contains(&"#/flow/surprise") && said.contains(&"#/flow/trigger/on"),
        "{problem}"
    );
    let mut ownerless = document.clone();
    ownerless["steps"][0]["owner"] = Value::Null;
    let body = json!({ "flow": ownerless, "base_version": version });
    let (_, problem) = post(&meshline, &format!("{FLOW}/versions"), &body).await;
    assert_eq!(pointers(&problem), ["#/flow/steps/0/owner"]);
    assert_eq!(meshline.get(FLOW).await["version"], version);

    // on top of something that is not live
    document["summary"] = json!("From a program");
    let body = json!({ "flow": document, "base_version": version + 7 });
    let (status, _) = post(&meshline, &format!("{FLOW}/versions"), &body).await;
    assert_eq!(status, StatusCode::CONFLICT);

    let body = json!({ "flow": document, "base_version": version });
    let (status, draft) = post(&meshline, &format!("{FLOW}/versions"), &body).await;
    assert_eq!(status, StatusCode::OK, "{draft}");
    assert_eq!((&draft["ready"], &draft["rev"]), (&json!(true), &json!(1)));
    let (status, _) = post(&meshline, &format!("{FLOW}/versions"), &body).await;
    assert_eq!(
        status,
        StatusCode::CONFLICT,
        "whose draft it was is not said"
    );

    let hash = draft["hash"].as_str().unwrap();
    let publish = json!({ "hash": hash, "note": "From a program" });
    let path = format!("{FLOW}/publish");
    let (one, two) = tokio::join!(
        post(&meshline, &path, &publish),
        post(&meshline, &path, &publish)
    );
    let mut said = [one.0, two.0];
    said.sort();
    assert_eq!(
        said,
        [StatusCode::OK, StatusCode::CONFLICT],
        "{one:?} {two:?}"
    );
    let now = meshline.get(FLOW).await;
    assert_eq!(now["version"], version + 1);
    assert_eq!(
        (&now["summary"], &now["note"]),
        (&json!("From a program"), &json!("From a program"))
    );
    // what is published once is there already
    let (status, _) = post(&meshline, "/flows", &json!({ "flow": document })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    document["key"] = json!("promotion-again");
    document["name"] = json!("Promotion again");
    let (status, draft) = post(&meshline, "/flows", &json!({ "flow": document })).await;
    assert_eq!(
        (status, &draft["base_version"]),
        (StatusCode::OK, &Value::Null)
    );
}

#[tokio::test]
async fn the_next_version_on_sqlite() {
    the_next_version(Engine::Sqlite).await;
}

#[tokio::test]
async fn the_next_version_on_postgres() {
    if Engine::Postgres.is_there() {
        the_next_version(Engine::Postgres).await;
    }
}

/// A form with a file, as a browser sends it without any script.
async fn bring(
    boss: &mut Browser,
    fields: &[(&str, &str)],
    file: &str,
) -> (StatusCode, Option<String>) {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!(
            "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    body += "--b0undary\r\nContent-Disposition: form-data; name=\"document\"; filename=\"flow.json\"\r\n";
    body += &format!("Content-Type: application/json\r\n\r\n{file}\r\n--b0undary--\r\n");
    let kind = "multipart/form-data; boundary=b0undary";
    let answer = boss.send("/ui/flow/import", kind, body).await;
    let to = answer.headers().get(header::LOCATION);
    let to = to.map(|to| to.to_str().unwrap().to_owned());
    (answer.status(), to)
}

#[tokio::test]
async fn a_flow_comes_along_as_a_file() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let mut boss = Browser::signed_in(&meshline, meshline.user_with("revenue_ops")).await;
    let mut document = meshline.get(&format!("{FLOW}/export")).await;
    document["key"] = json!("brought-along");
    document["name"] = json!("Brought along & “kept”");
    let page = format!("/m/{slug}/flows/import");
    let fields = [
        ("merchant", slug.as_str()),
        ("back", page.as_str()),
        ("unfinished", "true"),
        ("document", "what was typed does not count"),
    ];
    let (status, to) = bring(&mut boss, &fields, &document.to_string()).await;
    let draft = format!("/m/{slug}/flows/brought-along/readiness");
    assert_eq!((status, to), (StatusCode::SEE_OTHER, Some(draft.clone())));
    let shown = boss.page(&draft).await;
    assert!(shown.contains("Brought along &amp; “kept”"), "{shown}");

    // a broken one lists what is wrong and is kept; without a file, what was typed counts
    document["key"] = json!("broken");
    document["surprise"] = json!(true);
    let (_, to) = bring(&mut boss, &fields, &document.to_string()).await;
    assert_eq!(to.as_deref(), Some(&*page));
    let shown = boss.page(&page).await;
    assert!(
        shown.contains("/surprise") && shown.contains("\"key\":\"broken\""),
        "{shown}"
    );
    let (_, to) = bring(&mut boss, &fields, "").await;
    assert_eq!(to.as_deref(), Some(&*page));
    assert!(
        boss.page(&page)
            .await
            .contains("what was typed does not count")
    );

    // one larger than any form may be, one too large for a flow, and one that breaks off
    let (status, _) = bring(&mut boss, &fields, &"x".repeat(1_200_000)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, to) = bring(&mut boss, &fields, &"x".repeat(600_000)).await;
    assert_eq!(
        (status, to.as_deref()),
        (StatusCode::SEE_OTHER, Some(&*page))
    );
    assert!(boss.page(&page).await.contains("512"));
    let torn = "--b0undary\r\nContent-Disposition: form-data; name=\"merchant\"\r\n\r\nno";
    for kind in [
        "multipart/form-data; boundary=b0undary",
        "multipart/form-data",
    ] {
        let answer = boss.send("/ui/flow/import", kind, torn.to_owned()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{kind}");
    }
    meshline.end().await;
}
