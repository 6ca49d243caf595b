//! The JSON API as a program meets it: who is let in and from where, what its document says, how a trace
//! goes through, and that nothing anybody sends is a failure of ours, on either database.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed anyway"
)]

mod support;

use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use support::{
    database::Engine,
    installation::{Installation, eventually},
    person::Person,
    shop::{Delivery, Order},
};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

async fn with_an_order(meshline: &Installation) -> String {
    let order = Order::numbered(5_600_000_000_777);
    let delivery = Delivery::new("orders/create", "wh-api", &order.json());
    let receipt = meshline.send(&delivery).await.receipt_id();
    eventually("the order", async || {
        let seen = meshline.get(&format!("/receipts/{receipt}")).await;
        seen["order_id"].is_string().then_some(())
    })
    .await;
    receipt
}

fn with_token(meshline: &Installation, request: RequestBuilder) -> RequestBuilder {
    request.bearer_auth(&meshline.shop().0.api_token)
}

async fn document(meshline: &Installation) -> Value {
    let answer = meshline.http.get(meshline.url("/api/openapi.json")).send();
    answer.await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_document_is_the_same_wherever_it_is_asked_for() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let printed = meshline.command(&["openapi"]);
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed, document(&meshline).await);
    assert_eq!(printed["openapi"], "3.1.0");
    let page = meshline
        .http
        .get(meshline.url("/api/docs"))
        .send()
        .await
        .unwrap();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none';") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    meshline.end().await;
}

#[tokio::test]
async fn a_session_counts_only_where_we_are_at_home() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let receipt = with_an_order(&meshline).await;
    let replay = format!("/receipts/{receipt}/replay");
    let mara = Person::sign_in(&meshline, meshline.user_with("marketing_ops")).await;
    let (status, _) = mara.call(Method::POST, &replay, None).await;
    assert_eq!(status, StatusCode::OK);

    let elsewhere = || {
        let url = meshline.url(&format!("/api/v1{replay}"));
        let post = meshline
            .http
            .post(url)
            .header(header::ORIGIN, "https://elsewhere.example");
        post.header("sec-fetch-site", "cross-site")
    };
    let forged = elsewhere()
        .header(header::COOKIE, mara.cookie())
        .send()
        .await
        .unwrap();
    assert_problem(forged, StatusCode::FORBIDDEN).await;
    let ours = with_token(&meshline, elsewhere()).send().await.unwrap();
    assert_eq!(
        ours.status(),
        StatusCode::OK,
        "a token cannot be forged by another site"
    );

    let url = meshline.url("/api/v1/orders");
    let unnamed = meshline
        .http
        .get(&url)
        .header(header::COOKIE, mara.cookie())
        .send()
        .await
        .unwrap();
    assert_problem(unnamed, StatusCode::UNPROCESSABLE_ENTITY).await;
    let slug = &meshline.shop().0.slug;
    let named = meshline
        .http
        .get(format!("{url}?merchant={slug}"))
        .header(header::COOKIE, mara.cookie());
    assert_eq!(named.send().await.unwrap().status(), StatusCode::OK);
    meshline.end().await;
}

#[tokio::test]
async fn a_trace_goes_through_to_the_trail() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let receipt = with_an_order(&meshline).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let post = meshline
        .http
        .post(meshline.url(&format!("/api/v1/receipts/{receipt}/replay")));
    let post = post.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let answer = with_token(&meshline, post).send().await.unwrap();
    assert_eq!(answer.headers()["meshline-trace-id"], trace);
    let noted = meshline.get("/audit?action=receipt.replayed").await;
    assert_eq!(noted["items"][0]["trace_id"], trace);
    meshline.end().await;
}

async fn assert_problem(answer: Response, status: StatusCode) {
    assert_eq!(answer.status(), status);
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["status"], status.as_u16());
    assert!(body["type"].as_str().unwrap().starts_with("/problems/"));
}

/// Odd bodies and queries, at every documented route.
async fn throw_things(meshline: &Installation) {
    let bodies = [
        json!(null),
        json!([]),
        json!({}),
        json!({ "status": "accepted", "external_ref": "a\u{0}b" }),
        json!({ "status": "rejected", "exception_code": "\u{202e}", "exception_metadata": { "\u{0}": 1 } }),
        json!({ "note": "\u{0}" }),
        json!({ "reason": "\u{7}\u{fffd}", "content_hash": "\u{0}" }),
        json!({ "until": "9999-12-31T23:59:59Z" }),
        json!({ "until": "-009999-01-01T00:00:00Z" }),
        json!({ "to": "user:00000000-0000-0000-0000-000000000000" }),
    ];
    let queries = [
        "",
        "?limit=200&cursor=OTk5OTk5OTk5OTk5OTk5OTkuMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw",
        "?cursor=LTkyMjMzNzIwMzY4NTQ3NzU4MDguZmZmZmZmZmYtZmZmZi1mZmZmLWZmZmYtZmZmZmZmZmZmZmZm",
        "?q=%00&actor=%00&topic=%00&code=%00&export_type=%00&subject_id=%00",
        "?q=%25%5C_%27%22--&merchant=%00",
        "?%ff=%ff&q=%ff",
    ];
    for (path, item) in document(meshline).await["paths"].as_object().unwrap() {
        let url = meshline.url(&path.replace("{id}", NOBODY).replace("{version}", "%00"));
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            for query in queries {
                let request = meshline
                    .http
                    .request(method.clone(), format!("{url}{query}"));
                well_answered(
                    with_token(meshline, request),
                    &format!("{method} {path}{query}"),
                )
                .await;
            }
            for body in bodies.iter().filter(|_| method != Method::GET) {
                let request = meshline.http.request(method.clone(), &url).json(body);
                well_answered(
                    with_token(meshline, request),
                    &format!("{method} {path} {body}"),
                )
                .await;
            }
        }
    }
}

async fn well_answered(request: RequestBuilder, what: &str) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    if status.is_server_error() {
        let said = answer.text().await.unwrap_or_default();
        panic!("{what} answered {status}: {said}");
    }
    if !status.is_success() {
        assert_problem(answer, status).await;
    }
}

#[tokio::test]
async fn nothing_that_comes_in_is_our_failure_on_sqlite() {
    let meshline = Installation::start(Engine::Sqlite).await;
    throw_things(&meshline).await;
    meshline.end().await;
}

#[tokio::test]
async fn nothing_that_comes_in_is_our_failure_on_postgres() {
    if Engine::Postgres.is_there() {
        let meshline = Installation::start(Engine::Postgres).await;
        throw_things(&meshline).await;
        meshline.end().await;
    }
}

#[tokio::test]
async fn every_report_is_there_and_a_wrong_name_is_told_which_there_are() {
    let meshline = Installation::start(Engine::Sqlite).await;
    with_an_order(&meshline).await;
    let lists = [
        ("coordination", "hand_offs"),
        ("stalls", "orders"),
        ("integrations", "integrations"),
        ("ownership", "decisions"),
        ("raci", "decisions"),
    ];
    let boss = Person::sign_in(&meshline, meshline.user_with("revenue_ops")).await;
    let report = async |name: &str| {
        let path = format!("/reports/{name}");
        let (status, report) = boss.call(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{name}: {report}");
        report
    };
    for (name, list) in lists {
        let report = report(name).await;
        assert_eq!(report["report"], name);
        assert!(report[list].is_array(), "{name}: {report}");
    }
    // what the demo has is in them: the shop says orders, and somebody answers for each decision
    let said = report("integrations").await;
    let lines = said["integrations"].as_array().unwrap();
    let orders = |one: &&Value| one["system"] == "shopify" && one["what"] == "order.accepted";
    let line = lines.iter().find(orders).unwrap();
    assert_eq!(line["direction"], "emits");
    assert!(!line["used_by"].as_array().unwrap().is_empty());
    let owned = report("ownership").await;
    let decisions = owned["decisions"].as_array().unwrap();
    assert!(decisions.len() > 5);
    assert!(
        decisions
            .iter()
            .all(|one| one["owner"].is_string() && one["backup"].is_string())
    );
    let raci = report("raci").await;
    for one in raci["decisions"].as_array().unwrap() {
        let is_one = one["accountable"].as_array().unwrap().len() == 1;
        assert!(
            is_one || !one["gaps"].as_array().unwrap().is_empty(),
            "{one}"
        );
    }
    // a program reads what its token may: work, and not the connections
    meshline.get("/reports/coordination").await;
    let url = meshline.url("/api/v1/reports/integrations");
    let answer = with_token(&meshline, meshline.http.get(url)).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::FORBIDDEN);

    let url = meshline.url("/api/v1/reports/profit");
    let answer = with_token(&meshline, meshline.http.get(url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let problem: Value = answer.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    for (name, _) in lists {
        assert!(detail.contains(name), "{detail}");
    }
    meshline.end().await;
}
