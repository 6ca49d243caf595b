//! What was done is taken back: last first, one after the other.

use domain::{
    access::Access,
    contract::{AckRule, ApprovalCondition, ApprovalRule, ApprovalStep},
    event::EventKind,
    export::ExportState,
    flow::{Condition, Path, RunState, StepKind, Trigger, Undo, Until, ways},
    owner::Party,
    people::Membership,
    task::Unlock,
};
use engine::{Ctx, OverrideInput};
use serde_json::json;
use testkit::{HOUR, MINUTE, Reply, order};
use uuid::Uuid;

use crate::{
    drawn::{
        agency, asks, contract, does, emits, flow, fresh_id, go, on, open_tasks, path, publish,
        resolves, run, stands, starts, step, task_path, the_task,
    },
    world::{World, on_every_store},
};

fn types(world: &World) -> Vec<String> {
    let sent = world.channel.sent();
    let kind = |body: serde_json::Value| body["data"]["export_type"].as_str().unwrap().to_owned();
    sent.iter().map(|one| kind(one.json())).collect()
}

/// Somebody who may change what was sent.
async fn admin(world: &World) -> Ctx {
    let engine = &world.engine;
    let email = "ada@northbeam.example";
    let user = engine
        .create_user(email, "Ada Admin", "correct horse")
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
    let slug = &world.merchant.slug;
    let ctx = engine.enter(user.id, slug, None).await.unwrap();
    let now = ctx.now();
    ctx.proved(Some(now))
}

/// Of the newest version of what this step of the run made.
async fn newest_state(world: &World, run: Uuid, key: &str) -> ExportState {
    let exports = world.exports().await.unwrap();
    let mut of_it = exports
        .iter()
        .filter(|one| one.run_id == run && one.step_key == key && one.superseded_by.is_none());
    of_it.next().unwrap().state
}

on_every_store! {
    async fn everything_that_was_done_is_undone_in_reverse_order(world: World) {
        for export_type in ["hold_stock", "release_stock", "set_price", "reset_price"] {
            contract(&world, export_type).await;
        }
        let undo = |export_type: &str| Some(Undo::Export { export_type: export_type.to_owned() });
        let mut hold = step("hold", emits("hold_stock", Until::Acknowledged), &["tell_shop"]);
        hold.undo = undo("release_stock");
        let mut tell = step("tell_shop", asks(&[]), &["price"]);
        tell.undo = Some(Undo::Task { instruction: "Tell the shop that it is off.".to_owned() });
        let mut price = step("price", emits("set_price", Until::Acknowledged), &["check"]);
        price.undo = undo("reset_price");
        let mut check = step("check", asks(&[]), &[]);
        check.clock.resolve_ms = HOUR;
        check.failures = vec![on(ways::LATE, 0, Path::Undo)];
        publish(&world, flow(&world, "promo", &["hold"], vec![hold, tell, price, check])).await;
        let id = starts(&world, "promo", None).await;
        does(&world, id, "tell_shop", &[]).await;
        assert_eq!(types(&world), ["hold_stock", "set_price"]);
        world.advance(HOUR).await.unwrap();
        // the price is back; the shop has to be told before the stock is let go
        assert_eq!(types(&world), ["hold_stock", "set_price", "reset_price"]);
        assert_eq!(run(&world, id).await.state, RunState::Undoing);
        let by_hand = the_task(&world, id).await;
        assert_eq!((by_hand.unlock, by_hand.sentence.as_str()), (Unlock::FinishUndo, "Tell the shop that it is off."));
        resolves(&world, &by_hand).await;
        assert_eq!(types(&world), ["hold_stock", "set_price", "reset_price", "release_stock"]);
        let failed = run(&world, id).await;
        assert_eq!(failed.state, RunState::Failed);
        let undone: Vec<bool> = failed.path.iter().map(|visit| visit.undone).collect();
        assert_eq!(undone, [true, true, true, false]);
        let mut states: Vec<(String, ExportState)> = world
            .exports()
            .await
            .unwrap()
            .into_iter()
            .map(|one| (one.export_type, one.state))
            .collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(states[0], ("hold_stock".to_owned(), ExportState::Compensated));
        assert_eq!(states[3], ("set_price".to_owned(), ExportState::Compensated));
    }

    async fn an_undo_that_fails_waits_until_it_is_repaired(world: World) {
        contract(&world, "hold_stock").await;
        contract(&world, "release_stock").await;
        let mut hold = step("hold", emits("hold_stock", Until::Acknowledged), &["check"]);
        hold.undo = Some(Undo::Export { export_type: "release_stock".to_owned() });
        let mut check = step("check", asks(&[]), &[]);
        check.clock.resolve_ms = HOUR;
        check.failures = vec![on(ways::LATE, 0, Path::Undo)];
        publish(&world, flow(&world, "promo", &["hold"], vec![hold, check])).await;
        let id = starts(&world, "promo", None).await;
        world.channel.will_answer(Reply::Json(422, json!({ "status": "rejected", "exception_code": "busy" })));
        world.advance(HOUR).await.unwrap();
        assert_eq!(run(&world, id).await.state, RunState::Undoing);
        let task = the_task(&world, id).await;
        assert_eq!(task.unlock, Unlock::RedeliverExport);
        resolves(&world, &task).await;
        assert_eq!(run(&world, id).await.state, RunState::Failed);
        assert_eq!(types(&world), ["hold_stock", "release_stock", "release_stock"]);
    }

    async fn what_its_destination_may_have_done_is_undone_too(world: World) {
        let mut contract_of = contract(&world, "hold_stock").await;
        contract(&world, "release_stock").await;
        contract_of.id = fresh_id();
        contract_of.version = "1.1".to_owned();
        contract_of.ack = AckRule { accepted_within_ms: Some(HOUR), completed_within_ms: Some(9 * HOUR), completion_event: None };
        let eyes = world.eyes().await.unwrap();
        world.engine.publish_contract(&eyes, contract_of).await.unwrap();
        let mut hold = step("hold", emits("hold_stock", Until::Completed), &[]);
        hold.undo = Some(Undo::Export { export_type: "release_stock".to_owned() });
        hold.clock.resolve_ms = 2 * HOUR;
        hold.failures = vec![on(ways::LATE, 0, Path::Undo)];
        publish(&world, flow(&world, "promo", &["hold"], vec![hold])).await;
        let id = starts(&world, "promo", None).await;
        world.advance(2 * HOUR).await.unwrap();
        assert_eq!(types(&world), ["hold_stock", "release_stock"]);
        assert_eq!(run(&world, id).await.state, RunState::Failed);
    }

    async fn what_was_declined_stays_so_once_its_run_is_elsewhere(world: World) {
        let draw = async |version: i64, declined: Path| {
            let mut request = step("request", emits("fulfillment_request", Until::Acknowledged), &[]);
            request.failures = vec![on(ways::DECLINED, 0, declined)];
            let steps = vec![request, step("look", asks(&[]), &["request"])];
            let mut drawn = flow(&world, "order-to-ship", &["request"], steps);
            drawn.trigger = Trigger::Order { event: EventKind::OrderAccepted, when: Condition::Always };
            drawn.version = version;
            publish(&world, drawn).await;
        };
        let of = async |name: &str| {
            let mut all = world.exports().await.unwrap();
            all.retain(|one| one.source_ref == name);
            all.sort_by_key(|one| (one.created_at, one.version));
            all
        };
        let states = async |name: &str| of(name).await.iter().map(|one| one.state).collect::<Vec<_>>();
        let big = |n| order(n).total("900.00");
        let more = |n| big(n).quantity(2).told_again("orders/updated", "2026-11-20T09:30:00Z");

        draw(2, Path::Undo).await;
        world.receives(&big(1)).await.unwrap();
        let asked = of("#1").await.remove(0);
        world.declines("jonas", &asked, "Not this one").await.unwrap();
        assert_eq!(run(&world, asked.run_id).await.state, RunState::Failed);
        world.receives(&more(1)).await.unwrap();
        assert_eq!(states("#1").await, [ExportState::Declined], "its run was taken back");

        draw(3, go("look")).await;
        world.receives(&big(2)).await.unwrap();
        let first = of("#2").await.remove(0);
        world.declines("jonas", &first, "Look at it again").await.unwrap();
        world.advance(MINUTE).await.unwrap();
        does(&world, first.run_id, "look", &[]).await;
        assert_eq!(states("#2").await, [ExportState::Declined, ExportState::AwaitingApproval]);
        world.advance(MINUTE).await.unwrap();
        world.receives(&more(2)).await.unwrap();
        let now = [ExportState::Declined, ExportState::Superseded, ExportState::AwaitingApproval];
        assert_eq!(states("#2").await, now, "only what is asked about now is made anew");
    }

    async fn the_version_that_left_is_undone_though_a_newer_one_did_not(world: World) {
        let mut held = contract(&world, "hold_stock").await;
        contract(&world, "release_stock").await;
        held.id = fresh_id();
        held.version = "1.1".to_owned();
        held.ack.completed_within_ms = Some(9 * HOUR);
        let steps = vec![ApprovalStep::of(agency("operations"), agency("finance"), HOUR)];
        held.approval = vec![ApprovalRule { when: ApprovalCondition::Always, steps, critical: false }];
        let eyes = world.eyes().await.unwrap();
        world.engine.publish_contract(&eyes, held).await.unwrap();
        let mut hold = step("hold", emits("hold_stock", Until::Completed), &[]);
        hold.undo = Some(Undo::Export { export_type: "release_stock".to_owned() });
        hold.clock.resolve_ms = HOUR / 2;
        hold.failures = vec![on(ways::LATE, 0, Path::Undo)];
        publish(&world, flow(&world, "promo", &["hold"], vec![hold])).await;
        let ada = admin(&world).await;
        let newest = async |run: Uuid| {
            let mut all = world.exports().await.unwrap();
            all.retain(|one| one.run_id == run && one.superseded_by.is_none());
            assert_eq!(all.len(), 1, "{all:#?}");
            all.remove(0)
        };
        // the first version is at its destination, and somebody changed it; the second one waits for approval
        let overridden = async || {
            let id = starts(&world, "promo", Some("small")).await;
            world.approves("jonas", &newest(id).await).await.unwrap();
            let sent = newest(id).await;
            assert_eq!(sent.state, ExportState::Acknowledged);
            let mut payload = sent.payload.clone();
            payload["note"] = json!("the blue ones");
            let input = OverrideInput {
                payload,
                justification: "The customer called".to_owned(),
                seen_hash: sent.content_hash.clone(),
            };
            let new = world.engine.override_export(&ada, sent.id, input).await.unwrap();
            assert_eq!(new.state, ExportState::AwaitingApproval);
            (id, sent.id, new.id)
        };
        let (withdrawn, sent, new) = overridden().await;
        let (late, ..) = overridden().await;
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.withdraw(&jonas, new, "Not needed").await.unwrap();
        let task = the_task(&world, withdrawn).await;
        assert_eq!((task.code.as_str(), task.export_id), ("cancelled_after_dispatch", Some(sent)));
        world.advance(HOUR / 2).await.unwrap();
        assert_eq!(newest_state(&world, late, "hold").await, ExportState::Withdrawn);
        assert_eq!(types(&world), ["hold_stock", "hold_stock", "release_stock"]);
        assert_eq!(run(&world, late).await.state, RunState::Failed);
    }

    async fn a_step_may_take_back_a_part_and_go_on(world: World) {
        for export_type in ["hold_stock", "release_stock", "set_price", "reset_price"] {
            contract(&world, export_type).await;
        }
        let undo = |export_type: &str| Some(Undo::Export { export_type: export_type.to_owned() });
        let mut hold = step("hold", emits("hold_stock", Until::Acknowledged), &["price"]);
        hold.undo = undo("release_stock");
        let mut price = step("price", emits("set_price", Until::Acknowledged), &["check"]);
        price.undo = undo("reset_price");
        let back = StepKind::Compensate { back_to: Some("price".to_owned()) };
        let mut back = step("back", back, &["after"]);
        back.failures = vec![on(ways::FAILED, 0, task_path())];
        let steps = vec![hold, price, step("check", asks(&[]), &["back"]), back, step("after", asks(&[]), &[])];
        publish(&world, flow(&world, "promo", &["hold"], steps)).await;
        let id = starts(&world, "promo", None).await;
        world.channel.will_answer(Reply::Json(422, json!({ "status": "rejected", "exception_code": "busy" })));
        does(&world, id, "check", &[]).await;
        // the trouble has one task, and the branch waits for it
        assert_eq!(stands(&world, id).await, ["back"]);
        let tasks = open_tasks(&world, id).await;
        assert_eq!(tasks.len(), 1, "{tasks:#?}");
        resolves(&world, &tasks[0]).await;
        assert_eq!(stands(&world, id).await, ["after"]);
        assert_eq!(types(&world), ["hold_stock", "set_price", "reset_price", "reset_price"]);
        assert_eq!(path(&world, id).await, ["hold>done", "price>done", "check>done", "back>done", "after>"]);
        assert!(run(&world, id).await.path[1].undone);
        assert!(!run(&world, id).await.path[0].undone);
    }
}
