//! Flows through the API: taken along as a document, refused with everything that is wrong, drawn, published,
//! and not published twice.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed anyway"
)]

mod support;

use reqwest::{Method, StatusCode};
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
