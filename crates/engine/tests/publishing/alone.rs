//! Where publishing takes two people, there is no way around the second one: not through a template, not by
//! putting somebody or something else in place everywhere, and not by switching it off on somebody's open laptop.

use std::collections::BTreeMap;

use domain::{
    contract::Contract,
    owner::{Owner, Party},
};
use engine::{
    Ctx, Handover, Kind, PlaceInput, PolicyInput, Reach, RungInput,
    port::AuditFilter,
    template::{Purpose, Template},
};
use testkit::{MINUTE, World, fulfillment_contract};
use uuid::Uuid;

use crate::{KEY, admins, drawn, live, worlds};

const TYPE: &str = "fulfillment_request";

async fn contract(world: &World) -> Contract {
    let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
    Contract::clone(rules.contract(TYPE).unwrap())
}

async fn by_two(world: &World, ctx: &Ctx, on: bool) {
    world.engine.set_publishes_by_two(ctx, on).await.unwrap();
}

/// Refused, and it says what to do instead.
fn is_refused<T: std::fmt::Debug>(done: engine::Result<T>) {
    let refused = done.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict, "{refused}");
    assert!(refused.sentence.contains("two people"), "{refused}");
    assert!(refused.sentence.contains("draft"), "{refused}");
}

#[tokio::test]
async fn a_template_is_not_taken_over_by_one() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        let there = engine.connections(&ada).await.unwrap().1[0].id;
        let destinations = Purpose::ALL.map(|purpose| (purpose, there)).into();
        let roles = engine.template_roles(&ada, Template::Restock);
        let me = ada.user_id().unwrap();
        let who: BTreeMap<String, Uuid> = roles.into_iter().map(|role| (role, me)).collect();
        by_two(&world, &ada, true).await;
        let before = engine.rules_of(world.merchant.id).await.unwrap();
        let adopt = async || {
            engine
                .adopt_template(&ada, Template::Restock, &destinations, &who)
                .await
        };
        is_refused(adopt().await);
        let mut next = fulfillment_contract(world.merchant.id);
        (next.id, next.version) = (Uuid::from_u128(930), "1.1".to_owned());
        is_refused(engine.publish_contract(&ada, next).await);
        let mut flow = live(&world, &ada).await;
        (flow.id, flow.version) = (Uuid::from_u128(931), 2);
        is_refused(engine.publish_flow(&ada, flow).await);
        let after = engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(after.contracts, before.contracts);
        assert_eq!(
            (&after.flows, &after.members),
            (&before.flows, &before.members)
        );

        by_two(&world, &ada, false).await;
        adopt().await.unwrap();
        let after = engine.rules_of(world.merchant.id).await.unwrap();
        let made = after
            .contracts
            .iter()
            .filter(|one| !before.contracts.contains(one));
        let made: Vec<_> = made.map(|one| one.publishing.clone()).collect();
        assert!(!made.is_empty());
        for publishing in made {
            assert_eq!((publishing.by, publishing.agreed_by), (Some(me), None));
            assert!(
                publishing.note.starts_with("From the template"),
                "{publishing:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_owner_in_contracts_and_flows_is_not_replaced_by_one() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        let engine = &world.engine;
        // two people published what is live
        by_two(&world, &ada, true).await;
        let hash = drawn(&world, &ada).await.hash();
        engine
            .ask_to_publish(&ada, KEY, &hash, "Finance stands in")
            .await
            .unwrap();
        engine.agree_to_publish(&bea, KEY, &hash).await.unwrap();
        assert_eq!(live(&world, &ada).await.approved_by, bea.user_id());

        let (old, new) = (
            Owner::role(Party::Agency, "logistics"),
            Owner::role(Party::Agency, "supply_chain"),
        );
        let seen = engine.where_used(&ada, &old).await.unwrap().seen;
        let (was, ran) = (contract(&world).await, live(&world, &ada).await);
        is_refused(engine.replace_everywhere(&ada, &old, &new, &seen).await);
        assert_eq!(
            (contract(&world).await, live(&world, &ada).await),
            (was, ran),
            "all of it, or nothing"
        );

        by_two(&world, &ada, false).await;
        engine
            .replace_everywhere(&ada, &old, &new, &seen)
            .await
            .unwrap();
        let (is, runs) = (contract(&world).await, live(&world, &ada).await);
        assert_eq!(
            (is.publishing.by, is.publishing.agreed_by),
            (ada.user_id(), None)
        );
        assert!(
            is.publishing.note.starts_with("Owner replaced: "),
            "{:?}",
            is.publishing
        );
        // nobody agreed to this one, whoever agreed to the one before
        assert_eq!((runs.published_by, runs.approved_by), (ada.user_id(), None));
        assert!(runs.note.starts_with("Owner replaced: "), "{}", runs.note);
    }
}

fn policy(key: &str) -> PolicyInput {
    PolicyInput {
        name: key.to_owned(),
        key: key.to_owned(),
        rungs: vec![RungInput {
            target: "agency:operations".to_owned(),
            minutes: "10".to_owned(),
            only_within: String::new(),
        }],
        repeat: "0".to_owned(),
        ack_expires: String::new(),
    }
}

#[tokio::test]
async fn a_contract_does_not_escalate_otherwise_by_one() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        for key in ["standard", "other"] {
            engine.add_policy(&ada, policy(key)).await.unwrap();
        }
        let id = contract(&world).await.id;
        by_two(&world, &ada, true).await;
        is_refused(engine.use_policy(&ada, "standard", id).await);
        by_two(&world, &ada, false).await;
        engine.use_policy(&ada, "standard", id).await.unwrap();
        let is = contract(&world).await;
        assert_eq!(
            (is.publishing.by, is.publishing.agreed_by),
            (ada.user_id(), None)
        );
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        let seen = rules.policy_seen("standard");
        by_two(&world, &ada, true).await;
        is_refused(
            engine
                .replace_policy(&ada, "standard", "other", &seen)
                .await,
        );
        assert_eq!(contract(&world).await.escalation.key, "standard");
    }
}

/// The details of every entry of this action about a version that was handed over.
async fn handed_over(world: &World, action: &str) -> Vec<serde_json::Value> {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 50,
        ..AuditFilter::default()
    };
    let entries = world.engine.audit(&world.admin, &filter).await.unwrap();
    let details = entries
        .into_iter()
        .map(|entry| serde_json::from_str(&entry.detail).unwrap());
    details
        .filter(|detail: &serde_json::Value| !detail["without_second_person"].is_null())
        .collect()
}

#[tokio::test]
async fn who_leaves_is_replaced_at_once_and_who_is_changed_in_drafts() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        let [mara, priya] = ["mara", "priya"].map(|name| world.person(name).user.id);
        let mut named = fulfillment_contract(world.merchant.id);
        (named.id, named.version) = (Uuid::from_u128(940), "1.1".to_owned());
        named.owner = Owner::User(mara);
        named.publishing.agreed_by = Some(mara);
        engine.publish_contract(&ada, named).await.unwrap();
        let mut flow = live(&world, &ada).await;
        (flow.id, flow.version) = (Uuid::from_u128(941), 2);
        flow.steps[1].owner = Owner::User(mara);
        flow.approved_by = Some(mara);
        engine.publish_flow(&ada, flow).await.unwrap();
        by_two(&world, &ada, true).await;

        let to = |id| Handover {
            to: Some(id),
            ..Handover::default()
        };
        let viewer = PlaceInput {
            access: "viewer".into(),
            party: "agency".into(),
            ..PlaceInput::default()
        };
        is_refused(engine.change_member(&ada, mara, viewer, to(priya)).await);
        assert_eq!(contract(&world).await.owner, Owner::User(mara));

        let seen = engine.leaving(&ada, mara, Reach::Here).await.unwrap().seen;
        engine.take_out(&ada, mara, &seen, to(priya)).await.unwrap();
        let (is, runs) = (contract(&world).await, live(&world, &ada).await);
        assert_eq!(is.owner, Owner::User(priya));
        assert_eq!(
            (is.publishing.by, is.publishing.agreed_by),
            (ada.user_id(), None)
        );
        assert!(
            is.publishing.note.starts_with("Handed over: "),
            "{:?}",
            is.publishing
        );
        assert_eq!((runs.published_by, runs.approved_by), (ada.user_id(), None));
        for action in ["contract.published", "flow.published"] {
            let told = handed_over(&world, action).await;
            assert!(!told.is_empty(), "{action}");
            for detail in told {
                assert_eq!(detail["without_second_person"], true);
                assert_eq!(detail["approved_by"], serde_json::Value::Null);
                assert_eq!(detail["asked_by"], serde_json::json!(ada.user_id()));
            }
        }
    }
}

#[tokio::test]
async fn one_person_is_enough_again_only_after_a_fresh_proof() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        let open_laptop = ada.clone().proved(Some(ada.now().plus_ms(-11 * MINUTE)));
        by_two(&world, &open_laptop, true).await;
        let refused = engine.set_publishes_by_two(&open_laptop, false).await;
        assert_eq!(refused.unwrap_err().kind, Kind::StepUp);
        assert!(engine.publishes_by_two(&ada).await.unwrap());
        by_two(&world, &ada, false).await;
        assert!(!engine.publishes_by_two(&ada).await.unwrap());
    }
}
