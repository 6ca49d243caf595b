//! Calls that are made once per key.

use serde_json::json;
use testkit::order;

use super::{Api, As};

#[tokio::test]
async fn the_first_answer_comes_again_to_the_byte() {
    let api = Api::new().await;
    let receipt = api.world.receives(&order(1)).await.unwrap();
    let replay = format!("receipts/{receipt}/replay");
    let first = api
        .post_with_key(As::Token(&api.admin), &replay, "key-1", json!({}))
        .await;
    assert!(first.headers.get("idempotency-replayed").is_none());
    let again = api
        .post_with_key(As::Token(&api.admin), &replay, "key-1", json!({}))
        .await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    assert_eq!(again.media_type(), first.media_type());
    first.expect(200);
    let notes = api
        .get(As::Token(&api.admin), "audit?action=receipt.replayed")
        .await
        .expect(200);
    assert_eq!(
        notes["items"].as_array().unwrap().len(),
        1,
        "it was done once"
    );

    api.post_with_key(
        As::Token(&api.admin),
        &replay,
        "key-1",
        json!({ "other": 1 }),
    )
    .await
    .problem(422);
    let refused = api
        .post_with_key(As::Token(&api.viewer), &replay, "key-1", json!({}))
        .await;
    refused.problem(403);
    api.post_with_key(As::Token(&api.stranger), &replay, "key-1", json!({}))
        .await
        .problem(404);
    api.post_with_key(As::Token(&api.admin), &replay, "key-2", json!({}))
        .await
        .expect(200);
}

#[tokio::test]
async fn refusals_are_answers_too() {
    let api = Api::new().await;
    let nowhere = "receipts/00000000-0000-7000-8000-000000000000/replay";
    let first = api
        .post_with_key(As::Token(&api.admin), nowhere, "key", json!({}))
        .await;
    let again = api
        .post_with_key(As::Token(&api.admin), nowhere, "key", json!({}))
        .await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(first.bytes, again.bytes);
    again.problem(404);
    let long = "k".repeat(256);
    let said = api
        .post_with_key(As::Token(&api.admin), nowhere, &long, json!({}))
        .await;
    assert_eq!(said.problem(422), ["Idempotency-Key"]);
}

/// Two approvers with the same key must not get each other's decision as an answer, nor keep each other from one.
#[tokio::test]
async fn a_key_belongs_to_one_caller() {
    let api = Api::new().await;
    api.world.receives(&order(1).total("900.00")).await.unwrap();
    let export = api.world.the_export().await.unwrap();
    let approve = format!("exports/{}/approve", export.id);
    let yes = json!({ "content_hash": export.content_hash });
    api.post_with_key(As::Person("mara"), &approve, "yes", yes.clone())
        .await
        .problem(403);
    let first = api
        .post_with_key(As::Person("jonas"), &approve, "yes", yes.clone())
        .await;
    assert!(first.headers.get("idempotency-replayed").is_none());
    let again = api
        .post_with_key(As::Person("jonas"), &approve, "yes", yes)
        .await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(first.bytes, again.bytes);
    first.expect(200);
}

/// What a right, or a moment, decides is decided anew each time.
#[tokio::test]
async fn a_refusal_for_want_of_a_right_takes_no_key() {
    let api = Api::new().await;
    let receipt = api.world.receives(&order(1)).await.unwrap();
    let replay = format!("receipts/{receipt}/replay");
    for body in [json!({}), json!({}), json!({ "other": 1 })] {
        let said = api
            .post_with_key(As::Token(&api.viewer), &replay, "refused", body)
            .await;
        assert!(said.headers.get("idempotency-replayed").is_none());
        said.problem(403);
    }
    api.post_with_key(As::Token(&api.admin), &replay, "refused", json!({}))
        .await
        .expect(200);
}

#[tokio::test]
async fn of_many_at_once_one_is_made() {
    let api = Api::new().await;
    let receipt = api.world.receives(&order(1)).await.unwrap();
    let replay = format!("receipts/{receipt}/replay");
    let calls =
        (0..8).map(|_| api.post_with_key(As::Token(&api.admin), &replay, "race", json!({})));
    let answers = futures::future::join_all(calls).await;
    assert!(
        answers
            .iter()
            .all(|said| matches!(said.status.as_u16(), 200 | 409))
    );
    let notes = api
        .get(As::Token(&api.admin), "audit?action=receipt.replayed")
        .await
        .expect(200);
    assert_eq!(notes["items"].as_array().unwrap().len(), 1);
}
