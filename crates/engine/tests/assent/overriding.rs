//! A person changes what a live export says, and signs for it. The signature is checked by another
//! implementation than the one that made it, from what stands in the trail alone.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Currency, Money,
    access::Access,
    approval::{ApprovalCondition, ApprovalRule, ApprovalState},
    export::{Export, ExportState},
    owner::Party,
    people::Membership,
};
use engine::{Ctx, Error, Kind, OverrideInput};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use testkit::{HOUR, MINUTE, order};
use uuid::Uuid;

use crate::{
    agency, as_user, asked, asks, decides, id_of, rules, step, trail,
    world::{World, on_every_store},
};

pub async fn admin(world: &World) -> Ctx {
    admin_called(world, "ada@northbeam.example", "Ada Admin").await
}

async fn admin_called(world: &World, email: &str, name: &str) -> Ctx {
    let engine = &world.engine;
    let user = engine
        .create_user(email, name, "correct horse")
        .await
        .unwrap();
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access: Access::Admin,
        party: Party::Agency,
        functional_roles: vec!["operations".to_owned()],
        rotations: Vec::new(),
    };
    engine.add_member(place).await.unwrap();
    as_user(world, user.id).await
}

fn with(export: &Export, quantity: i64) -> OverrideInput {
    let mut payload = export.payload.clone();
    payload["lines"][0]["quantity"] = json!(quantity);
    OverrideInput {
        payload,
        justification: "The customer called".to_owned(),
        seen_hash: export.content_hash.clone(),
    }
}

async fn changes(
    world: &World,
    ctx: &Ctx,
    export: &Export,
    input: OverrideInput,
) -> Result<Export, Error> {
    world.engine.override_export(ctx, export.id, input).await
}

async fn now(world: &World, id: Uuid) -> Export {
    let eyes = world.eyes().await.unwrap();
    world.engine.export_chain(&eyes, id).await.unwrap().0.export
}

async fn signature(world: &World, export: Uuid) -> Value {
    let entries = trail(world, export).await;
    let entry = entries
        .iter()
        .find(|one| one.action == "export.overridden")
        .unwrap();
    let detail: Value = serde_json::from_str(&entry.detail).unwrap();
    detail["signature"].clone()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn holds(said: &Value, signed: &str) -> bool {
    UnparsedPublicKey::new(&ED25519, bytes(&said["public_key"]))
        .verify(signed.as_bytes(), &bytes(&said["value"]))
        .is_ok()
}

on_every_store! {
    async fn what_was_sent_is_superseded_under_a_signature(world: World) {
        let ada = admin(&world).await;
        world.receives(&order(1)).await.unwrap();
        let old = world.the_export().await.unwrap();
        assert_eq!(old.state, ExportState::Acknowledged);
        let new = changes(&world, &ada, &old, with(&old, 7)).await.unwrap();
        world.runs_due_work().await.unwrap();
        let before = now(&world, old.id).await;
        assert_eq!((before.state, before.superseded_by), (ExportState::Superseded, Some(new.id)));
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 2);
        let data = sent[1].json()["data"].clone();
        assert_eq!((&data["supersedes"], &data["version"]), (&json!(old.id), &json!(2)));
        assert_eq!(data["payload"]["lines"][0]["quantity"], 7);
        let first = sent[0].json();
        assert_ne!(data["idempotency_key"], first["data"]["idempotency_key"], "another command than the one it executed");
        assert_eq!(now(&world, new.id).await.state, ExportState::Acknowledged);

        let said = signature(&world, new.id).await;
        let line = said["signed"].as_str().unwrap();
        assert!(holds(&said, line));
        for other in [line.replace("called", "cried"), line.replace('7', "8"), format!("{line} ")] {
            assert!(other == line || !holds(&said, &other));
        }
        let statement: Value = serde_json::from_str(line).unwrap();
        assert_eq!(statement["from"], json!({ "export_id": old.id, "version": 1, "content_hash": old.content_hash }));
        assert_eq!(statement["to"], json!({ "export_id": new.id, "version": 2, "content_hash": new.content_hash }));
        assert_eq!(statement["user_id"], json!(ada.user_id()));
        assert_eq!(statement["merchant_id"], json!(world.merchant.id));
        assert_eq!(statement["justification"], "The customer called");
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(line));
        assert_eq!(said["signed_sha256"], hash);
        // the same key the next time, and anybody who reads the trail finds it
        let again = changes(&world, &ada, &new, with(&new, 8)).await.unwrap();
        assert_eq!(signature(&world, again.id).await["public_key"], said["public_key"]);
        let keys = world.engine.public_keys(&world.eyes().await.unwrap()).await.unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(json!(keys[0].public_key), said["public_key"]);
        let row = world.store.reads().await.unwrap().person_key(ada.user_id().unwrap()).await.unwrap().unwrap();
        assert!(row.sealed_private.len() > 64, "an envelope, not a key");
    }

    async fn it_asks_for_the_same_approvals_and_its_author_gives_none(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let ada = admin(&world).await;
        let old = asked(&world, 1).await;
        let new = changes(&world, &ada, &old, with(&old, 3)).await.unwrap();
        assert_eq!(new.state, ExportState::AwaitingApproval);
        let said = world.approvals_of(old.id).await.unwrap();
        assert_eq!(said[0].state, ApprovalState::Superseded);
        let late = decides(&world, id_of(&world, "jonas"), &old, true).await.unwrap_err();
        assert_eq!(late.kind, Kind::Conflict);
        assert!(late.sentence.starts_with("Ada Admin put a newer version in its place at "), "{late}");
        let newer = "Version 2 is awaiting approval: http";
        assert!(late.sentence.contains(newer) && late.sentence.ends_with(&format!("/exports/{}", new.id)), "{late}");
        let own = decides(&world, ada.user_id().unwrap(), &new, true).await.unwrap_err();
        assert_eq!(own.kind, Kind::Forbidden);
        assert_eq!(decides(&world, id_of(&world, "jonas"), &new, true).await.unwrap(), ExportState::Ready);
        world.runs_due_work().await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn who_overrode_it_before_approves_what_somebody_else_made_of_it_no_more(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let ada = admin(&world).await;
        let bob = admin_called(&world, "bob@northbeam.example", "Bob Admin").await;
        let old = asked(&world, 1).await;
        let hers = changes(&world, &ada, &old, with(&old, 3)).await.unwrap();
        let his = changes(&world, &bob, &hers, with(&hers, 4)).await.unwrap();
        assert_eq!((his.author, his.also_authors.clone()), (bob.user_id(), vec![ada.user_id().unwrap()]));
        for author in [&ada, &bob] {
            let own = decides(&world, author.user_id().unwrap(), &his, true).await.unwrap_err();
            assert_eq!(own.kind, Kind::Forbidden);
        }
        assert_eq!(decides(&world, id_of(&world, "jonas"), &his, true).await.unwrap(), ExportState::Ready);
    }

    async fn nobody_gets_out_of_an_approval_by_writing_another_number(world: World) {
        let ada = admin(&world).await;
        world.receives(&order(1).total("900.00")).await.unwrap();
        let old = world.the_export().await.unwrap();
        assert_eq!(old.state, ExportState::AwaitingApproval, "over $500.00");
        let new = changes(&world, &ada, &old, with(&old, 3)).await.unwrap();
        assert_eq!(new.state, ExportState::AwaitingApproval, "the total is what it was");
        let mut less = with(&new, 4);
        less.payload["total"] = json!({ "amount_minor": 100, "currency": "USD" });
        let newer = changes(&world, &ada, &new, less).await.unwrap();
        assert_eq!(newer.state, ExportState::AwaitingApproval, "the order is still over $500.00");
        world.receives(&order(2)).await.unwrap();
        let exports = world.exports().await.unwrap();
        let small = exports.iter().find(|one| one.source_ref == "#2").unwrap();
        let mut more = with(small, 4);
        more.payload["total"] = json!({ "amount_minor": 90_000, "currency": "USD" });
        let asked = changes(&world, &ada, small, more).await.unwrap();
        assert_eq!(asked.state, ExportState::AwaitingApproval, "what it says now is over $500.00");
    }

    async fn nor_out_of_the_hands_of_those_whom_the_facts_ask(world: World) {
        let rule = |when, owner: &str, backup: &str| ApprovalRule {
            when,
            steps: vec![step(owner, backup)],
            critical: false,
        };
        let over = ApprovalCondition::TotalOver { amount: Money::new(50_000, Currency::USD) };
        rules(&world, vec![
            rule(over, "finance", "operations"),
            rule(ApprovalCondition::Always, "operations", "finance"),
        ]).await;
        let ada = admin(&world).await;
        world.receives(&order(1).total("900.00")).await.unwrap();
        let old = world.the_export().await.unwrap();
        let mut less = with(&old, 1);
        less.payload["total"] = json!({ "amount_minor": 10_000, "currency": "USD" });
        let new = changes(&world, &ada, &old, less).await.unwrap();
        let asked = world.approvals_of(new.id).await.unwrap();
        assert_eq!(asked[0].owner, agency("finance"), "{}", asked[0].reason);
    }

    async fn it_needs_a_reason_a_change_and_content_that_fits(world: World) {
        let ada = admin(&world).await;
        world.receives(&order(1)).await.unwrap();
        let old = world.the_export().await.unwrap();
        let seen = |input: OverrideInput| OverrideInput { seen_hash: old.content_hash.clone(), ..input };
        let silent = OverrideInput { justification: " ".into(), ..with(&old, 2) };
        let same = OverrideInput { payload: old.payload.clone(), ..with(&old, 2) };
        let mut wrong = with(&old, 2);
        wrong.payload["lines"] = json!([]);
        let mut long = with(&old, 2);
        long.payload["lines"][0]["quantity"] = json!(9_007_199_254_740_993_i64);
        let mut without = with(&old, 2);
        without.payload.as_object_mut().unwrap().remove("lines");
        for (input, field) in [
            (silent, "justification"),
            (same, "payload"),
            (seen(wrong), "payload/lines"),
            (seen(long), "payload/lines/0/quantity"),
            (seen(without), "payload/lines"),
            (OverrideInput { payload: json!([]), ..with(&old, 2) }, "payload"),
        ] {
            let error = changes(&world, &ada, &old, input).await.unwrap_err();
            assert_eq!((error.kind, error.fields[0].field.as_str()), (Kind::Invalid, field), "{error}");
        }
        let stale = OverrideInput { seen_hash: "sha256:00".into(), ..with(&old, 2) };
        assert_eq!(changes(&world, &ada, &old, stale).await.unwrap_err().kind, Kind::Conflict);
        assert_eq!(now(&world, old.id).await.state, ExportState::Acknowledged, "nothing was changed");
        assert_eq!(world.exports().await.unwrap().len(), 1);
    }

    async fn only_who_may_and_who_proved_it_a_moment_ago(world: World) {
        let ada = admin(&world).await;
        world.receives(&order(1)).await.unwrap();
        let old = world.the_export().await.unwrap();
        let jonas = as_user(&world, id_of(&world, "jonas")).await;
        assert_eq!(changes(&world, &jonas, &old, with(&old, 2)).await.unwrap_err().kind, Kind::Forbidden);
        let unproved = ada.clone().proved(Some(ada.now().plus_ms(-11 * MINUTE)));
        assert_eq!(changes(&world, &unproved, &old, with(&old, 2)).await.unwrap_err().kind, Kind::StepUp);
        world.clock.advance_ms(HOUR);
    }

    async fn it_stands_until_the_facts_change(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let ada = admin(&world).await;
        let old = asked(&world, 1).await;
        let new = changes(&world, &ada, &old, with(&old, 5)).await.unwrap();
        // told once more, with nothing else in it
        world.receives(&order(1).told_again("orders/updated", "2026-11-20T09:30:00Z")).await.unwrap();
        assert_eq!(now(&world, new.id).await.state, ExportState::AwaitingApproval, "it stands");
        let more = order(1).quantity(2).told_again("orders/updated", "2026-11-20T09:40:00Z");
        world.receives(&more).await.unwrap();
        assert_eq!(now(&world, new.id).await.state, ExportState::Superseded);
        let user = ada.member().unwrap().0.clone();
        let places = world.store.reads().await.unwrap().places_of(user.id).await.unwrap();
        let queue = world.engine.queue(&user, &places, None).await.unwrap();
        assert!(queue.notices.iter().any(|(_, one)| one.sentence.contains("after you overrode it")));
    }
}
