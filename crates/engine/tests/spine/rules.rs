//! What is not ready is not published, and says why; what stopped being ready stops what needs it.

use domain::{
    access::Access,
    contract::{ApprovalStep, Contract},
    export::ExportState,
    owner::{Owner, Party},
    people::Membership,
};
use engine::{Kind, port::StoreExt};
use testkit::{fulfillment_contract, order, order_flow};
use uuid::Uuid;

use crate::world::{World, on_every_store};

fn nobody() -> Owner {
    Owner::role(Party::Carrier, "carrier_onboarding")
}

/// The fields for which this contract, changed so, is not published.
async fn refused(world: &World, change: impl FnOnce(&mut Contract)) -> Vec<String> {
    let mut contract = fulfillment_contract(world.merchant.id);
    contract.id = Uuid::from_u128(903);
    contract.version = "1.1".into();
    change(&mut contract);
    let refused = world.engine.publish_contract(&world.admin, contract).await;
    let fields = refused.err().map_or_else(Vec::new, |error| error.fields);
    fields.into_iter().map(|one| one.field).collect()
}

on_every_store! {
    async fn an_approval_that_nobody_can_give_is_not_published(world: World) {
        let agency = |role: &str| Owner::role(Party::Agency, role);
        let step = |owner: Owner, backup: Owner| ApprovalStep::of(owner, backup, 60_000);
        // Tomas, the only one in logistics, works tasks and approves nothing
        for (step, at) in [
            (step(Owner::System("erp".into()), agency("finance")), "owner"),
            (step(agency("logistics"), agency("finance")), "owner"),
            (step(nobody(), agency("finance")), "owner"),
            (step(agency("finance"), agency("logistics")), "backup"),
            (step(agency("finance"), Owner::System("erp".into())), "backup"),
            (step(agency("finance"), agency("finance")), "backup"),
            (ApprovalStep { others: vec![agency("logistics")], ..step(agency("finance"), agency("operations")) }, "others/0"),
        ] {
            let said = refused(&world, |contract| contract.approval[0].steps.push(step.clone())).await;
            assert_eq!(said, [format!("approval/0/steps/1/{at}")], "{step:?}");
        }
    }

    async fn whoever_may_not_approve_any_more_is_found_at_the_gate(world: World) {
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        for (_, member) in &rules.members {
            let member = Membership { access: Access::Operator, ..member.clone() };
            world
                .store
                .write(move |tx| Box::pin(async move { tx.save_membership(&member).await.map(drop) }))
                .await
                .unwrap();
        }
        world.advance(5_000).await.unwrap();
        world.receives(&order(1).set("tags", "hold")).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Quarantined);
        let task = world.the_task("qa_failed").await.unwrap();
        assert!(task.sentence.contains("may approve"), "{}", task.sentence);
    }

    async fn a_clock_that_cannot_be_kept_is_refused_at_the_clock(world: World) {
        for (accept_ms, resolve_ms, valid_for_ms, at) in [
            (0, 5, 5, &["accept_ms"][..]),
            (5, -1, 5, &["resolve_ms"]),
            (5, 5, 0, &["valid_for_ms"]),
            (5, 4, 5, &["resolve_ms"]),
            (5, 5, 4, &["valid_for_ms"]),
            (5, 5, i64::MAX, &["valid_for_ms"]),
            (0, 0, 0, &["accept_ms", "resolve_ms", "valid_for_ms"]),
        ] {
            let said = refused(&world, |contract| {
                contract.accept_ms = accept_ms;
                contract.resolve_ms = resolve_ms;
                contract.valid_for_ms = valid_for_ms;
            });
            assert_eq!(said.await, at);
        }
    }

    async fn a_recipe_tells_subjects_and_contracts_apart(world: World) {
        let of = |recipe: &[&str]| recipe.iter().map(|&part| part.to_owned()).collect::<Vec<_>>();
        for one_for_all in [
            &["merchant_id"][..],
            &["merchant_id", "export_type", "intent", "step"],
            &["subject_id"],
            &["merchant_id", "run_id"],
            &["subject_id", "order_id"],
            &[],
        ] {
            let said = refused(&world, |contract| contract.idempotency = of(one_for_all)).await;
            assert_eq!(said, ["idempotency"], "{one_for_all:?}");
        }
        let nameless = refused(&world, |contract| {
            contract.intent.clear();
            contract.idempotency = of(&["subject_id", "intent"]);
        });
        assert_eq!(nameless.await, ["idempotency"]);
        for (n, good) in [
            &["subject_id", "export_type"][..],
            &["merchant_id", "subject_id", "intent"],
            &["run_id", "step"],
        ].into_iter().enumerate() {
            let said = refused(&world, |contract| {
                contract.id = Uuid::from_u128(910 + n as u128);
                contract.version = format!("2.{n}");
                contract.idempotency = of(good);
            });
            assert_eq!(said.await, [""; 0], "{good:?}");
        }
    }

    async fn an_owner_that_is_nobody_is_refused_with_the_field(world: World) {
        let mut contract = fulfillment_contract(world.merchant.id);
        contract.id = Uuid::from_u128(900);
        contract.version = "1.1".into();
        contract.owner = nobody();
        contract.exceptions.remove("*");
        let refused = world.engine.publish_contract(&world.admin, contract).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Invalid);
        let fields: Vec<_> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert!(fields.contains(&"owner"), "{fields:?}");
        assert!(fields.contains(&"exceptions"), "{fields:?}");
    }

    async fn a_step_without_anybody_behind_it_is_not_published(world: World) {
        let mut flow = order_flow(world.merchant.id);
        flow.id = Uuid::from_u128(901);
        flow.version = 2;
        flow.steps[1].owner = nobody();
        let refused = world.engine.publish_flow(&world.admin, flow).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "/steps/1/owner");
    }

    async fn a_schema_that_is_none_is_refused(world: World) {
        let mut contract = fulfillment_contract(world.merchant.id);
        contract.id = Uuid::from_u128(902);
        contract.schema = serde_json::json!({ "type": "no such type" });
        let refused = world.engine.publish_contract(&world.admin, contract).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "schema/type");
    }

    async fn what_does_not_fit_its_schema_is_quarantined_until_the_fact_is_fixed(world: World) {
        let homeless = order(1).set("shipping_address", serde_json::Value::Null);
        world.receives(&homeless).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Quarantined);
        let task = world.the_task("qa_failed").await.unwrap();
        assert!(task.sentence.contains("ship_to"), "{}", task.sentence);
        assert!(world.channel.sent().is_empty());
        // The storefront corrects it: the checks run again by themselves, and the task is over.
        world.receives(&order(1).told_again("orders/updated", "2026-11-20T10:00:00Z")).await.unwrap();
        assert!(world.the_task("qa_failed").await.unwrap().state.is_over());
        assert_eq!(world.channel.sent().len(), 1);
    }
}
