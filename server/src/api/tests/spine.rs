//! From an order to its acknowledgement, through the API.

use domain::{audit::file, export::ExportState};
use serde_json::{Value, json};
use testkit::order;

use super::{Api, As, DOCUMENT, fits};

fn id_of(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_order_becomes_an_approved_and_acknowledged_export() {
    let api = Api::new().await;
    let receipt = api.world.receives(&order(1).total("900.00")).await.unwrap();
    let listed = api
        .get(As::Token(&api.viewer), "exports?state=awaiting_approval")
        .await
        .expect(200);
    let export = &listed["items"][0];
    let (id, hash) = (id_of(export), export["content_hash"].clone());
    let asked = api
        .get(As::Person("jonas"), "approvals?state=pending")
        .await
        .expect(200);
    assert_eq!(asked["items"][0]["export"]["id"], *id);
    let approval = id_of(&asked["items"][0]);
    api.get(As::Person("jonas"), &format!("approvals/{approval}"))
        .await
        .expect(200);

    let approve = format!("exports/{id}/approve");
    let yes = json!({ "content_hash": hash });
    api.post(As::Token(&api.admin), &approve, yes.clone())
        .await
        .problem(403);
    api.post(As::Person("mara"), &approve, yes.clone())
        .await
        .problem(403);
    api.post(
        As::Person("jonas"),
        &approve,
        json!({ "content_hash": "sha256:00" }),
    )
    .await
    .problem(409);
    let approved = api
        .post(As::Person("jonas"), &approve, yes.clone())
        .await
        .expect(200);
    assert_eq!(approved["state"], "ready");
    fits(
        &json!({ "$ref": "#/components/schemas/ExportMessage" }),
        &approved["message"],
    );
    api.post(As::Person("jonas"), &approve, yes)
        .await
        .problem(409);

    api.world.runs_due_work().await.unwrap();
    let ack = format!("exports/{id}/ack");
    let done = json!({ "status": "completed", "external_ref": "3PL-1", "unheard_of": 1 });
    let (_, _, secrets) = api
        .world
        .engine
        .callback_secrets(id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let secret = secrets.into_iter().next().unwrap();
    let wrong = "whsec_YW5vdGhlci1zZWNyZXQtYWx0b2dldGhlcg==";
    api.call(As::Nobody, api.signed(&ack, wrong, &done))
        .await
        .problem(401);
    let said = api
        .call(As::Nobody, api.signed(&ack, &secret, &done))
        .await
        .expect(200);
    assert_eq!(said, json!({ "export_id": id, "state": "completed" }));
    api.call(As::Nobody, api.signed(&ack, &secret, &done))
        .await
        .expect(200);
    let no = json!({ "status": "rejected", "exception_code": "insufficient_inventory" });
    api.call(As::Nobody, api.signed(&ack, &secret, &no))
        .await
        .problem(409);
    api.post(As::Token(&api.admin), &ack, done.clone())
        .await
        .expect(200);
    api.post(As::Token(&api.viewer), &ack, done.clone())
        .await
        .problem(403);
    api.post(As::Token(&api.stranger), &ack, done.clone())
        .await
        .problem(404);
    let nowhere = "exports/00000000-0000-7000-8000-000000000000/ack";
    api.call(As::Nobody, api.signed(nowhere, &secret, &done))
        .await
        .problem(404);

    api.world.runs_due_work().await.unwrap();
    let chain = api
        .get(As::Token(&api.viewer), &format!("receipts/{receipt}"))
        .await
        .expect(200);
    assert_eq!(chain["status"], "processed");
    assert_eq!(chain["body"]["encoding"], "utf8");
    assert!(
        chain["body"]["content"]
            .as_str()
            .unwrap()
            .contains("Stovetop kettle")
    );
    assert!(
        chain["headers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["value"] == "orders/create")
    );
    assert_eq!(
        chain["exports"][0]["acknowledgement"]["external_ref"],
        "3PL-1"
    );
    assert_eq!(chain["exports"][0]["attempts"][0]["http_status"], 200);
    assert_eq!(chain["exports"][0]["approvals"][0]["state"], "approved");
    assert_eq!(chain["runs"][0]["state"], "completed");
    assert_eq!(
        chain["order"]["totals"]["total"],
        json!({ "amount_minor": 90_000, "currency": "USD" })
    );
    let order_id = chain["order_id"].as_str().unwrap();
    let order = api
        .get(As::Token(&api.viewer), &format!("orders/{order_id}"))
        .await
        .expect(200);
    assert_eq!(order["exports"], chain["exports"]);
    assert_eq!(
        api.get(As::Token(&api.viewer), "orders?q=%231")
            .await
            .expect(200)["items"][0]["id"],
        order_id
    );
}

#[tokio::test]
async fn the_address_of_a_schema_in_a_message_leads_to_it() {
    let api = Api::new().await;
    api.world.receives(&order(1)).await.unwrap();
    let sent = api.world.channel.sent().remove(0).json();
    fits(
        &DOCUMENT["webhooks"]["export"]["post"]["requestBody"]["content"]["application/cloudevents+json"]
            ["schema"],
        &sent,
    );
    let address = sent["dataschema"].as_str().unwrap();
    let (_, path) = address.split_once("/api/v1/").unwrap();
    let said = api.get(As::Token(&api.viewer), path).await;
    assert_eq!(said.media_type(), "application/schema+json");
    let schema = said.expect(200);
    assert!(
        jsonschema::draft202012::new(&schema)
            .unwrap()
            .is_valid(&sent["data"]["payload"])
    );
    api.get(As::Token(&api.viewer), &path.replace("1.0", "9.9"))
        .await
        .problem(404);
    let contracts = api
        .get(As::Token(&api.viewer), "contracts")
        .await
        .expect(200);
    let one = api
        .get(
            As::Token(&api.viewer),
            &format!("contracts/{}", id_of(&contracts["items"][0])),
        )
        .await;
    assert_eq!(one.expect(200)["versions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_brief_is_said_where_it_stands() {
    let api = Api::new().await;
    let wrong = json!({
        "campaign_id": "Winter Kit",
        "content": {
            "title": " ", "offer": "20 % off", "discount_percent": 95, "skus": [], "keywords": ["winter kit"],
            "landing_urls": ["http://alder-pine.example/winter"],
            "starts_at": "soon", "ends_at": "2099-11-30T23:59:00Z",
        },
    });
    let said = api.post(As::Person("mara"), "briefs", wrong.clone()).await;
    let content = [
        "title",
        "skus",
        "landing_urls",
        "keywords_owner",
        "discount_percent",
        "starts_at",
    ];
    let mut places = vec!["#/campaign_id".to_owned()];
    places.extend(content.map(|field| format!("#/content/{field}")));
    assert_eq!(said.problem(422), places);

    let mut right = wrong.clone();
    right["campaign_id"] = json!("winter-kit-26");
    right["content"] = json!({
        "title": "Winter kit", "offer": "20 % off", "discount_percent": 20, "skus": ["KIT-1"],
        "landing_urls": ["https://alder-pine.example/winter"],
        "starts_at": "2099-11-27T16:00:00Z", "ends_at": "2099-11-30T23:59:00Z",
    });
    let brief = api
        .post(As::Person("mara"), "briefs", right)
        .await
        .expect(201);
    let path = format!("briefs/{}/versions", id_of(&brief));
    let version = json!({ "seen_version": 1, "content": wrong["content"] });
    let said = api.post(As::Person("mara"), &path, version).await;
    assert_eq!(said.problem(422), places[1..]);
}

#[tokio::test]
async fn a_person_starts_a_campaign_and_two_others_approve_it() {
    let api = Api::new().await;
    let brief = json!({
        "campaign_id": "winter-kit-26", "title": "Winter kit", "offer": "20 % off", "discount_percent": 20,
        "skus": ["KIT-1", "KIT-2"], "landing_url": "https://alder-pine.example/winter",
        "starts_at": "2099-11-27T16:00:00+01:00", "ends_at": "2099-11-30T23:59:00Z",
    });
    let start = json!({ "flow": "promotion-go-live", "campaign": brief });
    api.post(As::Token(&api.admin), "exports", start.clone())
        .await
        .problem(403);
    let said = api.post(As::Person("mara"), "exports", start.clone()).await;
    let location = said.headers["location"].to_str().unwrap().to_owned();
    let export = said.expect(201);
    assert_eq!(location, format!("/api/v1/exports/{}", id_of(&export)));
    assert_eq!(export["campaign"]["skus"], json!(["KIT-1", "KIT-2"]));
    assert_eq!(export["campaign"]["starts_at"], "2099-11-27T15:00:00.000Z");
    let again = api.post(As::Person("mara"), "exports", start.clone()).await;
    assert_eq!(again.problem(422), ["#/campaign/campaign_id"]);

    let (id, yes) = (
        id_of(&export),
        json!({ "content_hash": export["content_hash"] }),
    );
    let approve = format!("exports/{id}/approve");
    api.post(As::Person("mara"), &approve, yes.clone())
        .await
        .problem(403);
    api.post(As::Person("priya"), &approve, yes.clone())
        .await
        .expect(200);
    api.post(As::Person("priya"), &approve, yes.clone())
        .await
        .problem(403);
    assert_eq!(
        api.post(As::Person("jonas"), &approve, yes)
            .await
            .expect(200)["state"],
        "ready"
    );

    let mut other = start;
    other["campaign"]["discount_percent"] = json!(95);
    other["campaign"]["title"] = json!(" ");
    let faults = api
        .post(As::Person("mara"), "exports", other.clone())
        .await
        .problem(422);
    assert_eq!(faults, ["#/campaign/title", "#/campaign/discount_percent"]);
    other["campaign"]["skus"] = json!(["KIT-1", "KIT 2"]);
    assert_eq!(
        api.post(As::Person("mara"), "exports", other.clone())
            .await
            .problem(422),
        ["#/campaign/skus/1"]
    );
    other["campaign"]["skus"] = json!(["KIT-1"]);
    other["flow"] = json!("order-to-ship");
    api.post(As::Person("mara"), "exports", other.clone())
        .await
        .problem(409);
    other["flow"] = json!("no-such-flow");
    api.post(As::Person("mara"), "exports", other)
        .await
        .problem(404);

    let flows = api.get(As::Token(&api.viewer), "flows").await.expect(200);
    let promo = flows["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|flow| flow["key"] == "promotion-go-live")
        .unwrap();
    let flow = api
        .get(As::Token(&api.viewer), &format!("flows/{}", id_of(promo)))
        .await
        .expect(200);
    assert_eq!(flow["runs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_has_not_left_can_be_taken_back() {
    let api = Api::new().await;
    for number in 1..=3 {
        api.world
            .receives(&order(number).total("900.00"))
            .await
            .unwrap();
    }
    let exports = api.world.exports().await.unwrap();
    let [cancelled, withdrawn, declined] = [0, 1, 2].map(|index| exports[index].clone());
    let path = |id, verb: &str| format!("exports/{id}/{verb}");
    let why = json!({ "reason": "The supplier moved the date." });
    let other = json!({ "reason": "x", "content_hash": "sha256:00" });
    api.post(As::Person("tomas"), &path(withdrawn.id, "withdraw"), other)
        .await
        .problem(409);
    api.post(
        As::Token(&api.viewer),
        &path(withdrawn.id, "withdraw"),
        why.clone(),
    )
    .await
    .problem(403);
    let blank = api
        .post(
            As::Person("tomas"),
            &path(withdrawn.id, "withdraw"),
            json!({ "reason": " " }),
        )
        .await;
    assert_eq!(blank.problem(422), ["#/reason"]);
    let right = json!({ "reason": "x", "content_hash": withdrawn.content_hash });
    api.post(
        As::Token(&api.admin),
        &path(withdrawn.id, "withdraw"),
        right,
    )
    .await
    .expect(200);
    api.post(
        As::Person("tomas"),
        &path(cancelled.id, "cancel"),
        why.clone(),
    )
    .await
    .expect(200);
    api.post(
        As::Person("tomas"),
        &path(cancelled.id, "cancel"),
        why.clone(),
    )
    .await
    .problem(409);

    let hash = &declined.content_hash;
    let silent = api
        .post(
            As::Person("jonas"),
            &path(declined.id, "decline"),
            json!({ "content_hash": hash }),
        )
        .await;
    assert_eq!(silent.problem(422), ["#/reason"]);
    let no = json!({ "content_hash": hash, "reason": "Wrong address." });
    let said = api
        .post(As::Person("jonas"), &path(declined.id, "decline"), no)
        .await
        .expect(200);
    assert_eq!(said["state"], "declined");

    api.world.receives(&order(4)).await.unwrap();
    let sent = api.world.exports().await.unwrap().remove(0);
    assert_eq!(sent.state, ExportState::Acknowledged);
    api.post(As::Person("tomas"), &path(sent.id, "cancel"), why)
        .await
        .problem(409);
}

#[tokio::test]
async fn tasks_are_worked_on_by_people() {
    let api = Api::new().await;
    api.world.channel.will_answer(testkit::Reply::Status(410));
    api.world.receives(&order(1)).await.unwrap();
    let tasks = api
        .get(
            As::Token(&api.viewer),
            "tasks?state=open&code=destination_gone",
        )
        .await
        .expect(200);
    let id = id_of(&tasks["items"][0]);
    let path = |verb: &str| format!("tasks/{id}/{verb}");
    api.post(As::Token(&api.admin), &path("claim"), json!({}))
        .await
        .problem(403);
    api.post(As::Token(&api.viewer), &path("claim"), json!({}))
        .await
        .problem(403);
    assert_eq!(
        api.post(As::Person("tomas"), &path("claim"), json!({}))
            .await
            .expect(200)["state"],
        "claimed"
    );
    api.post(As::Person("jonas"), &path("claim"), json!({}))
        .await
        .problem(409);
    api.post(As::Person("jonas"), &path("release"), json!({}))
        .await
        .problem(403);
    assert_eq!(
        api.post(As::Person("tomas"), &path("release"), json!({}))
            .await
            .expect(200)["assignee"],
        Value::Null
    );
    let to = api
        .post(
            As::Person("tomas"),
            &path("reassign"),
            json!({ "to": "nobody" }),
        )
        .await;
    assert_eq!(to.problem(422), ["#/to"]);
    let to = api
        .post(
            As::Person("tomas"),
            &path("reassign"),
            json!({ "to": "carrier:logistics" }),
        )
        .await;
    assert_eq!(to.problem(422), ["#/to"]);
    let task = api
        .post(
            As::Person("tomas"),
            &path("reassign"),
            json!({ "to": "agency:operations" }),
        )
        .await;
    assert_eq!(task.expect(200)["owner"], "agency:operations");
    let until = api
        .post(
            As::Person("jonas"),
            &path("snooze"),
            json!({ "until": "2000-01-01T00:00:00Z" }),
        )
        .await;
    assert_eq!(until.problem(422), ["#/until"]);
    let soon = api.world.engine.now().plus_ms(60_000);
    let task = api
        .post(
            As::Person("jonas"),
            &path("snooze"),
            json!({ "until": soon }),
        )
        .await
        .expect(200);
    assert_eq!(task["snoozed_until"], soon.to_string());
    let note = api
        .post(As::Person("jonas"), &path("resolve"), json!({ "note": "" }))
        .await;
    assert_eq!(note.problem(422), ["#/note"]);
    let task = api
        .post(
            As::Person("jonas"),
            &path("resolve"),
            json!({ "note": "New address." }),
        )
        .await;
    assert_eq!(task.expect(200)["state"], "resolved");
    let shown = api
        .get(As::Person("jonas"), &format!("tasks/{id}"))
        .await
        .expect(200);
    assert_eq!(shown["resolution"], "New address.");
}

#[tokio::test]
async fn the_trail_can_be_read_and_taken_out() {
    let api = Api::new().await;
    api.world.receives(&order(1)).await.unwrap();
    api.get(As::Token(&api.viewer), "audit").await.problem(403);
    api.get(As::Token(&api.viewer), "audit/export")
        .await
        .problem(403);
    let ready = api
        .get(
            As::Person("iris"),
            "audit?action=export.ready&subject_kind=export",
        )
        .await
        .expect(200);
    assert_eq!(ready["items"].as_array().unwrap().len(), 1);
    let said = api.get(As::Person("iris"), "audit/export").await;
    assert_eq!(said.media_type(), "application/x-ndjson");
    let head = file::verify(&said.bytes[..], &[], &[]).unwrap().head;
    let noted = api
        .get(As::Token(&api.admin), "audit?limit=1")
        .await
        .expect(200);
    assert_eq!(noted["items"][0]["action"], "audit.exported");
    assert_eq!(
        noted["items"][0]["detail"],
        json!({ "seq": head.seq, "hash": head.hash })
    );
    let next = noted["next"].as_str().unwrap();
    let before = api
        .get(
            As::Token(&api.admin),
            &format!("audit?limit=1&cursor={next}"),
        )
        .await
        .expect(200);
    assert_eq!(before["items"][0]["seq"], head.seq);
}
