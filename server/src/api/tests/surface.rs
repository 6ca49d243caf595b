//! The surface as a whole: what is mounted, documented and guarded.

use std::{fs, path::Path};

use axum::body::Body;
use http::{
    Method, Request,
    header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use tower::ServiceExt;

use super::{Api, As, DOCUMENT, operations, tail};

fn methods(
    router: utoipa_axum::router::OpenApiRouter<std::sync::Arc<engine::Engine>>,
) -> Vec<String> {
    let document = serde_json::to_value(router.into_openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    paths
        .values()
        .flat_map(|item| item.as_object().unwrap().keys().cloned())
        .collect()
}

#[test]
fn reads_only_read_and_acts_only_act() {
    use crate::api::{acknowledgement, acts, reads};
    assert!(methods(reads()).iter().all(|method| method == "get"));
    assert!(
        methods(acts())
            .iter()
            .chain(&methods(acknowledgement()))
            .all(|method| method != "get")
    );
}

/// A route exists by its documentation: there is no other way to mount one, and none is left out.
#[test]
fn every_documented_handler_is_mounted_and_nothing_else_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let (mut documented, mut routed) = (0, Vec::new());
    for file in fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if file.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&file).unwrap();
            documented += text.matches("#[utoipa::path(").count();
            if text.contains(".route(") {
                routed.push(file.file_name().unwrap().to_owned());
            }
        }
    }
    assert_eq!(documented, operations().len());
    assert_eq!(
        routed,
        ["docs.rs"],
        "only the documentation itself is undocumented"
    );
}

#[test]
fn every_operation_says_what_it_does() {
    let mut ids = Vec::new();
    for item in DOCUMENT["paths"].as_object().unwrap().values() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(operation["summary"].is_string(), "{id} has no summary");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id}");
            let parameters = operation["parameters"].to_string();
            assert_eq!(
                parameters.contains("IdempotencyKey"),
                method != "get",
                "{id}"
            );
            ids.push(id);
        }
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "operation ids are unique");
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
    assert!(DOCUMENT["webhooks"]["export"]["post"]["requestBody"].is_object());
}

/// What the surroundings of a route answer, whatever its handler does.
#[test]
fn every_body_can_be_too_large_or_too_slow() {
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for status in ["408", "413"] {
                assert_eq!(
                    operation["responses"][status].is_object(),
                    method != "get",
                    "{method} {path} {status}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_route_has_a_door() {
    let api = Api::new().await;
    for (method, path) in operations() {
        let said = api
            .call(As::Nobody, Api::request(method.clone(), tail(&path)))
            .await;
        assert_eq!(said.headers[WWW_AUTHENTICATE], "Bearer", "{method} {path}");
        said.problem(401);
        let wrong = api
            .call(As::Token("mlk_wrong"), Api::request(method, tail(&path)))
            .await;
        wrong.problem(401);
    }
}

#[tokio::test]
async fn every_act_takes_a_key() {
    let api = Api::new().await;
    let acts = operations()
        .into_iter()
        .filter(|(method, _)| method != Method::GET);
    for (_, path) in acts {
        let said = api
            .post_with_key(
                As::Token(&api.admin),
                tail(&path),
                "",
                serde_json::json!({}),
            )
            .await;
        assert_eq!(said.problem(422), ["Idempotency-Key"], "{path}");
    }
}

#[tokio::test]
async fn another_merchants_things_are_not_there() {
    let api = Api::new().await;
    api.world.receives(&testkit::order(1)).await.unwrap();
    let export = api.world.the_export().await.unwrap();
    let order = export.subject_id;
    let receipt =
        api.get(As::Token(&api.admin), "receipts").await.expect(200)["items"][0]["id"].clone();
    let paths = [
        format!("exports/{}", export.id),
        format!("orders/{order}"),
        format!("receipts/{}", receipt.as_str().unwrap()),
        format!("contracts/{}", export.contract_id),
        format!("contracts/{}/versions/1.0/schema", export.contract_id),
    ];
    for path in paths {
        api.get(As::Token(&api.admin), &path).await.expect(200);
        api.get(As::Token(&api.stranger), &path).await.problem(404);
    }
    for list in ["exports", "orders", "receipts", "tasks", "approvals"] {
        let said = api.get(As::Token(&api.stranger), list).await.expect(200);
        assert_eq!(
            said,
            serde_json::json!({ "items": [], "next": null }),
            "{list}"
        );
    }
}

#[tokio::test]
async fn addresses_that_are_none_are_told_so() {
    let api = Api::new().await;
    for path in [
        "receipts/7",
        "orders/x",
        "exports/",
        "nothing",
        "tasks/00000000-0000-0000-0000-00000000000g",
    ] {
        api.get(As::Token(&api.admin), path).await.problem(404);
    }
    let said = api
        .call(
            As::Token(&api.admin),
            Api::request(Method::DELETE, "receipts"),
        )
        .await;
    assert_eq!(said.headers[ALLOW], "GET,HEAD");
    said.problem(405);
    let said = api
        .call(As::Nobody, Api::request(Method::PUT, "exports"))
        .await;
    let allowed = said.headers[ALLOW].to_str().unwrap();
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
    said.problem(405);
}

#[tokio::test]
async fn a_person_says_which_merchant_they_mean() {
    let api = Api::new().await;
    let at = |slug: &'static str| {
        let mut request = Api::request(Method::GET, "orders");
        request
            .headers_mut()
            .insert("meshline-merchant", http::HeaderValue::from_static(slug));
        request
    };
    api.call(As::Person("mara"), at("alder-pine"))
        .await
        .expect(200);
    for slug in ["other", "nowhere", "a b", ""] {
        api.call(As::Person("mara"), at(slug)).await.problem(404);
    }
}

/// A token that names another merchant would be shown its own, and take it for the other's.
#[tokio::test]
async fn a_token_finds_no_merchant_but_its_own() {
    let api = Api::new().await;
    let named = |path: &str, slug: Option<&'static str>| {
        let mut request = Api::request(Method::GET, path);
        if let Some(slug) = slug {
            let slug = http::HeaderValue::from_static(slug);
            request.headers_mut().insert("meshline-merchant", slug);
        }
        request
    };
    let ask = async |path: &str, slug| api.call(As::Token(&api.admin), named(path, slug)).await;
    for (path, slug) in [
        ("orders", Some("alder-pine")),
        ("orders?merchant=alder-pine", None),
        ("orders?merchant=alder-pine", Some("alder-pine")),
    ] {
        ask(path, slug).await.expect(200);
    }
    let nobodys = ask("orders", Some("nowhere")).await;
    for (path, slug) in [
        ("orders", Some("other")),
        ("orders", Some("")),
        ("orders?merchant=other", None),
        ("orders?merchant=", None),
        ("orders?merchant=other", Some("alder-pine")),
        ("orders?merchant=alder-pine&merchant=other", None),
    ] {
        let said = ask(path, slug).await;
        assert_eq!(said.bytes, nobodys.bytes, "{path} {slug:?}");
        said.problem(404);
    }
}

async fn fetch(api: &Api, path: &str) -> (u16, http::HeaderMap, String) {
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let (parts, body) = api
        .router
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (
        parts.status.as_u16(),
        parts.headers,
        String::from_utf8_lossy(&bytes).into_owned(),
    )
}

#[tokio::test]
async fn the_documentation_is_here_and_needs_nobody_else() {
    let api = Api::new().await;
    let (status, headers, page) = fetch(&api, "/api/docs").await;
    assert_eq!(status, 200);
    assert!(
        headers[CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .contains("script-src 'self';")
    );
    assert!(!page.contains("//cdn") && !page.contains("https://"));
    for part in ["swagger-ui.css", "swagger-ui-bundle.js", "start.js"] {
        assert!(page.contains(part), "{part}");
        let (status, headers, text) = fetch(&api, &format!("/api/docs/{part}")).await;
        assert_eq!(status, 200, "{part}");
        assert!(
            headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/"),
            "{part}"
        );
        assert!(!text.is_empty());
    }
    assert_eq!(fetch(&api, "/api/docs/index.html").await.0, 404);
    let (status, _, text) = fetch(&api, "/api/openapi.json").await;
    assert_eq!((status, text), (200, crate::api::openapi()));
}
