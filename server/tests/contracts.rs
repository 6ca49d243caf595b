//! Contracts through the API: drawn as a document, refused with the place of what is wrong, published, ended, and
//! described to those who receive.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed anyway"
)]

mod support;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{
    clock::{iso, now_ms},
    database::Engine,
    installation::Installation,
};

const TYPE: &str = "/contracts/promo_activation";

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
    let mut document = meshline.get(&format!("{TYPE}/export")).await;
    assert_eq!(document["format"], "meshline.contract/1");
    assert!(
        document.get("merchant_id").is_none(),
        "nothing of the merchant's"
    );
    let base = document["version"].clone();
    let versions = format!("{TYPE}/versions");

    // fields that nothing acts on, and schemas that would blow up, are refused with their place
    let mut broken = document.clone();
    broken["surprise"] = json!(true);
    let (status, problem) = post(
        &meshline,
        &versions,
        &json!({ "contract": broken, "base_version": base }),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(pointers(&problem), ["#/contract/surprise"]);
    let mut slow = document.clone();
    slow["schema"]["properties"]["slow"] = json!({ "pattern": "(a+)+$" });
    let (status, problem) = post(
        &meshline,
        &versions,
        &json!({ "contract": slow, "base_version": base }),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(
        pointers(&problem),
        ["#/contract/schema/properties/slow/pattern"]
    );

    // a change that breaks readers is told, and so is what its samples say
    document["schema"]["required"] = json!([]);
    let body = json!({ "contract": document, "base_version": base });
    let (status, draft) = post(&meshline, &versions, &body).await;
    assert_eq!(status, StatusCode::OK, "{draft}");
    assert_eq!(draft["compatibility"]["compatible"], false, "{draft}");
    assert_eq!(draft["ready"], false, "a sample that must fail passes");
    // what must fail is out of date: without it the draft is ready
    let samples = document["samples"].as_array_mut().unwrap();
    samples.retain(|sample| sample["must"] == "pass");
    // and a change that breaks somebody is a version of its own
    document["version"] = draft["compatibility"]["suggested_version"].clone();
    let body = json!({ "contract": document, "base_version": base, "rev": draft["rev"] });
    let (status, draft) = post(&meshline, &versions, &body).await;
    assert_eq!(
        (status, &draft["ready"]),
        (StatusCode::OK, &json!(true)),
        "{draft}"
    );
    let publish = json!({ "hash": draft["hash"], "note": "From a program" });
    let (status, published) = post(&meshline, &format!("{TYPE}/publish"), &publish).await;
    assert_eq!(status, StatusCode::OK, "{published}");
    let live = &published["contract"];
    assert_eq!(live["version"], draft["version"]);
    let (status, _) = post(&meshline, &format!("{TYPE}/publish"), &publish).await;
    assert_eq!(status, StatusCode::CONFLICT, "once");

    // its schema has an address that does not change
    let address = format!(
        "/contracts/{}/versions/{}/schema",
        live["id"].as_str().unwrap(),
        live["version"].as_str().unwrap()
    );
    assert_eq!(meshline.get(&address).await["required"], json!([]));

    // what a flow needs is not retired, and says so
    let why = json!({ "why": "Not wanted any more" });
    let (status, problem) = post(&meshline, &format!("{TYPE}/retire"), &why).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let ends = json!({ "until": "2099-01-01", "why": "Too far away" });
    let (status, _) = post(&meshline, &format!("{TYPE}/deprecate"), &ends).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    ending(&meshline).await;

    mistyped(&meshline).await;
    described(&meshline).await;
    nonsense(&meshline).await;
}

/// What is deprecated says so wherever a program reads of it, by its type as by the id of a version.
async fn ending(meshline: &Installation) {
    let live = meshline.get(TYPE).await;
    assert_eq!(live["deprecated"], Value::Null);
    let by_id = format!("/contracts/{}", live["id"].as_str().unwrap());
    assert_eq!(meshline.get(&by_id).await, live);
    let schema = format!("/versions/{}/schema", live["version"].as_str().unwrap());
    assert_eq!(
        meshline.get(&format!("{TYPE}{schema}")).await,
        meshline.get(&format!("{by_id}{schema}")).await
    );
    let (status, _) = meshline
        .call(Method::GET, "/contracts/nothing_of_the_kind", None)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let until = iso(now_ms() + 300 * 24 * 3_600_000);
    let ends = json!({ "until": until, "why": "Another takes its place" });
    let (status, standing) = post(meshline, &format!("{TYPE}/deprecate"), &ends).await;
    assert_eq!(status, StatusCode::OK, "{standing}");
    assert_eq!(meshline.get(TYPE).await["deprecated"], standing);
    assert_eq!(meshline.get(&by_id).await["deprecated"], standing);
    let list = meshline.get("/contracts").await;
    let items = list["items"].as_array().unwrap();
    let said = |one: &&Value| !one["deprecated"].is_null();
    let said: Vec<&Value> = items
        .iter()
        .filter(said)
        .map(|one| &one["export_type"])
        .collect();
    assert_eq!(said, ["promo_activation"]);
    let (status, live) = post(meshline, &format!("{TYPE}/resume"), &json!({})).await;
    assert_eq!(
        (status, &live["deprecated"]),
        (StatusCode::OK, &Value::Null)
    );
}

/// What is no schema is kept as a draft that says where it is none; what would not be kept as it was written is not.
async fn mistyped(meshline: &Installation) {
    let mut document = meshline.get(&format!("{TYPE}/export")).await;
    document["export_type"] = json!("price_slip");
    document["schema"]["properties"]["slip"] = json!({ "type": "strng" });
    let body = json!({ "contract": document });
    let (status, draft) = post(meshline, "/contracts", &body).await;
    assert_eq!(status, StatusCode::OK, "{draft}");
    let fault = &draft["faults"][0];
    assert_eq!(fault["path"], "/schema/properties/slip/type", "{draft}");
    let detail = fault["detail"].as_str().unwrap();
    assert!(detail.contains("integer, null, number"), "{detail}");

    let long = "{\"contract\": {\"n\": 12345678901234567890123}}".to_owned();
    let twice = body.to_string().replacen('{', "{\"contract\": {}, ", 1);
    for (text, place) in [(long, "#/contract/n"), (twice, "#/contract")] {
        let request = meshline.http.post(meshline.url("/api/v1/contracts"));
        let request = request.bearer_auth(&meshline.shop().0.api_token);
        let request = request
            .header("content-type", "application/json")
            .body(text);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(pointers(&answer.json().await.unwrap()), [place]);
    }
}

/// The official schema of AsyncAPI judges what is said of what goes out.
async fn described(meshline: &Installation) {
    let document = meshline.get("/asyncapi.json").await;
    let schema: Value = serde_json::from_str(include_str!("asyncapi/3.0.0.json")).unwrap();
    let judge = jsonschema::draft7::new(&schema).unwrap();
    let faults: Vec<String> = judge
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let messages = document["components"]["messages"].as_object().unwrap();
    let contracts = meshline.get("/contracts").await;
    assert_eq!(messages.len(), contracts["items"].as_array().unwrap().len());
    // each payload's schema still takes the samples that it must take, where it stands now
    for (name, message) in messages {
        let at = json!({
            "$ref": format!("#/components/schemas/{name}"),
            "components": { "schemas": document["components"]["schemas"] },
        });
        let payload = jsonschema::draft202012::new(&at).unwrap();
        for example in message["examples"].as_array().unwrap() {
            assert!(
                payload.is_valid(&example["payload"]["data"]["payload"]),
                "{name}"
            );
        }
    }
}

/// Whatever is sent: an answer that says what is wrong, and never that something broke here.
async fn nonsense(meshline: &Installation) {
    let deep = (0..200).fold(json!({}), |inner, _| json!({ "items": inner }));
    let whole = meshline.get(&format!("{TYPE}/export")).await;
    let with = |field: &str, value: Value| {
        let mut document = whole.clone();
        document[field] = value;
        document
    };
    let documents = [
        json!(null),
        json!([]),
        json!({ "format": "meshline.contract/1" }),
        with("schema", deep),
        with("schema", json!({ "$ref": "#" })),
        with(
            "schema",
            json!({ "$ref": "https://elsewhere.example/x.json" }),
        ),
        with("schema", json!("no schema")),
        with("schema", json!({ "type": 7 })),
        with(
            "triggers",
            json!([{ "on": "schedule", "days": [9], "at": "25:00", "time_zone": "x", "sla_ms": -1 }]),
        ),
        with("accept_ms", json!(i64::MIN)),
        with("version", json!("latest")),
        with("owner", json!("nobody at all")),
        with("export_type", json!("../../etc")),
        with("title", json!("\u{0}")),
        with(
            "samples",
            json!([{ "name": "", "must": "pass", "payload": null }, { "name": "", "must": "fail", "payload": 1e308 }]),
        ),
    ];
    for document in documents {
        for (path, body) in [
            ("/contracts".to_owned(), json!({ "contract": document })),
            (
                format!("{TYPE}/versions"),
                json!({ "contract": document, "base_version": whole["version"] }),
            ),
        ] {
            let (status, said) = post(meshline, &path, &body).await;
            assert!(!status.is_server_error(), "{path} {body}: {said}");
        }
    }
}

#[tokio::test]
async fn a_contract_is_drawn_published_and_described() {
    the_next_version(Engine::Sqlite).await;
}
