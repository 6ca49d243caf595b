//! What does not fit is told where it does not fit, and is never a failure of ours.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use serde_json::json;
use testkit::order;
use uuid::Uuid;

use super::{Api, As, operations, tail};

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let api = Api::new().await;
    let ack = &format!("exports/{}/ack", Uuid::from_u128(1));
    let admin = As::Token(&api.admin);
    let send = async |media_type, body: &str| {
        api.call(
            admin.clone(),
            Api::bytes(ack, media_type, body.as_bytes().to_vec()),
        )
        .await
    };
    let json = "application/json";
    for body in ["", "{", "nope", "{\"status\":\"accepted\"} x", "\u{1}"] {
        assert!(send(json, body).await.problem(400).is_empty());
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        send(media_type, "{}").await.problem(415);
    }
    let large = format!(
        "{{\"status\":\"accepted\",\"external_ref\":\"{}\"}}",
        "x".repeat(256 * 1024)
    );
    send(json, &large).await.problem(413);
    let stream = futures::stream::iter(vec![Ok::<_, std::io::Error>(large.into_bytes())]);
    let mut unannounced = Api::bytes(ack, json, Vec::new());
    *unannounced.body_mut() = Body::from_stream(stream);
    api.call(admin.clone(), unannounced).await.problem(413);
    for (body, places) in [
        ("[]", ["#"].as_slice()),
        (r#"["accepted",null,null,null]"#, &["#"]),
        ("{}", &["#"]),
        ("7", &["#"]),
        (r#"{"status":"shipped"}"#, &["#/status"]),
        (r#"{"status":7}"#, &["#/status"]),
        (
            r#"{"status":"accepted","external_ref":1}"#,
            &["#/external_ref"],
        ),
        (
            r#"{"status":"accepted","external_ref":"a\u0000b"}"#,
            &["#/external_ref"],
        ),
        (
            r#"{"status":"accepted","exception_metadata":{"a":["\u0000"]}}"#,
            &["#/exception_metadata/a/0"],
        ),
        (r#"{"status":"rejected"}"#, &["#/exception_code"]),
        (
            r#"{"status":"accepted","status":"rejected"}"#,
            &["#/status"],
        ),
        (
            r#"{"status":"accepted","exception_metadata":{"n":18446744073709551616}}"#,
            &["#/exception_metadata/n"],
        ),
    ] {
        assert_eq!(send(json, body).await.problem(422), places, "{body}");
    }
}

#[tokio::test]
async fn queries_that_cannot_be_read() {
    let api = Api::new().await;
    for (path, place) in [
        ("receipts?limit=0", "limit"),
        ("receipts?limit=201", "limit"),
        ("receipts?limit=all", "limit"),
        ("receipts?cursor=x", "cursor"),
        ("receipts?status=lost", "status"),
        ("receipts?q=%00", "q"),
        ("orders?state=lost", "state"),
        ("exports?state=lost", "state"),
        ("exports?export_type=%00", "export_type"),
        ("approvals?state=lost", "state"),
        ("tasks?state=lost", "state"),
        ("tasks?code=%00", "code"),
        ("audit?actor=%00", "actor"),
        ("audit?cursor=MTIzLng", "cursor"),
        ("flows/order-to-ship/export?of=drafft", "of"),
        ("receipts?limit=1&limit=2", "limit"),
        // what nobody reads would be a filter that is not applied
        ("audit?person=elena", "person"),
        ("audit?from=yesterday&actor=system", "from"),
        ("audit/export?since=2026-11-01T00:00:00Z", "since"),
        ("exports?contract=nope", "contract"),
        ("contracts?state=live", "state"),
        ("contracts?limit=0", "limit"),
        ("receipts?%00=1", "\0"),
    ] {
        assert_eq!(
            api.get(As::Token(&api.admin), path).await.problem(422),
            [place],
            "{path}"
        );
    }
    let said = api.get(As::Person("mara"), "cover?at=noon").await;
    assert_eq!(said.problem(422), ["at"]);
    let long = format!("receipts?q={}", "x".repeat(201));
    api.get(As::Token(&api.admin), &long).await.problem(422);
    api.get(
        As::Token(&api.admin),
        "receipts?q=%25_%5C&status=&topic=%F0%9F%93%A6",
    )
    .await
    .expect(200);
}

/// Odd things at every route: whatever the answer, it is documented and no failure of ours.
#[tokio::test]
async fn nothing_that_comes_in_is_our_failure() {
    let api = Api::new().await;
    let bodies = [
        "",
        "null",
        "0",
        "[]",
        "{}",
        "{\"status\":null}",
        "\"\\ud800\"",
        "{\"to\":\"user:\"}",
        "{\"until\":\"9999-12-31T23:59:59Z\"}",
        "{\"until\":\"-9999-01-01T00:00:00Z\"}",
        "{\"content_hash\":\"\",\"reason\":\"\"}",
        "{\"flow\":\"\",\"campaign\":{}}",
        "{\"status\":\"completed\",\"exception_metadata\":1e400}",
        "{\"note\":\"\u{202e}\u{0007}\"}",
    ];
    for (method, path) in operations() {
        for body in if method == Method::GET {
            &bodies[..1]
        } else {
            &bodies[..]
        } {
            for who in [As::Token(&api.admin), As::Person("jonas")] {
                let mut request =
                    Api::bytes(tail(&path), "application/json", body.as_bytes().to_vec());
                *request.method_mut() = method.clone();
                let said = api.call(who, request).await;
                assert!(!said.status.is_server_error(), "{method} {path} {body}");
            }
        }
    }
}

#[tokio::test]
async fn lists_go_on_where_they_stopped() {
    let api = Api::new().await;
    for number in 1..=5 {
        api.world
            .receives(&order(number).total("900.00"))
            .await
            .unwrap();
        api.world.clock.advance_ms(1_000);
    }
    for list in ["receipts", "orders", "exports", "approvals"] {
        let mut seen = BTreeSet::new();
        let mut path = format!("{list}?limit=2");
        for expected in [2, 2, 1] {
            let page = api.get(As::Token(&api.viewer), &path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert_eq!(items.len(), expected, "{list}");
            seen.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            path = format!(
                "{list}?limit=2&cursor={}",
                page["next"].as_str().unwrap_or_default()
            );
            assert_eq!(page["next"].is_null(), expected == 1, "{list}");
        }
        assert_eq!(seen.len(), 5, "{list}");
    }
    let all = api
        .get(
            As::Token(&api.viewer),
            "receipts?topic=orders/create&status=processed",
        )
        .await
        .expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 5);
    assert_eq!(all["next"], json!(null));
}
