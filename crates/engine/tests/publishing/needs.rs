//! What a published flow or contract needs cannot vanish: whoever takes it away is told who needs it, and puts
//! another in its place everywhere at once, or nowhere.

use domain::{
    flow::{Flow, StepKind},
    owner::{Owner, Party},
};
use engine::{Begin, Ctx, DestinationInput, Kind, Named, Replaced, SourceInput};
use testkit::{World, fulfillment_contract};

use crate::{KEY, admins, live, worlds};

fn another(key: &str, system: &str) -> DestinationInput {
    DestinationInput {
        key: key.to_owned(),
        name: format!("Another {system}"),
        system: system.to_owned(),
        party: Party::ThreePl,
        url: "http://127.0.0.1:3100/3pl".to_owned(),
        secret: None,
    }
}

async fn contract_goes_to(world: &World, ctx: &Ctx, export_type: &str) -> String {
    let contracts = world.engine.contracts(ctx).await.unwrap();
    let mut named = contracts.into_iter();
    let one = named.find(|one| one.export_type == export_type).unwrap();
    one.destination
}

fn systems(flow: &Flow) -> Vec<&str> {
    let emits = |kind: &StepKind| matches!(kind, StepKind::EmitExport { .. });
    let steps = flow.steps.iter().filter(|step| emits(&step.kind));
    steps.map(|step| step.destination_system.as_str()).collect()
}

#[tokio::test]
async fn a_source_that_a_flow_waits_for_is_not_switched_off() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        let shop = engine.connections(&ada).await.unwrap().0[0].id;
        let refused = engine.switch_source(&ada, shop, false).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.sentence.contains("“Order to ship”"), "{refused}");
        let needs = engine.connection_needs(&ada, shop).await.unwrap();
        assert_eq!(needs.flows[0].name, "Order to ship");
        assert!(
            engine.connections(&ada).await.unwrap().0[0]
                .disabled_at
                .is_none()
        );
        // another shop says the same: the first one can go, and then the second is needed
        let input = SourceInput {
            system: "shopify".to_owned(),
            name: "Second shop".to_owned(),
            secret: None,
            owner: Owner::role(Party::Agency, "engineering"),
            backup: Owner::role(Party::Agency, "operations"),
        };
        let second = engine.create_source(&ada, input).await.unwrap().source.id;
        assert!(
            engine
                .connection_needs(&ada, shop)
                .await
                .unwrap()
                .is_empty()
        );
        let off = engine.switch_source(&ada, shop, false).await.unwrap();
        assert!(off.disabled_at.is_some());
        let refused = engine.switch_source(&ada, second, false).await;
        assert_eq!(refused.unwrap_err().kind, Kind::Conflict);
        // what is off already is left alone, and what nobody needs any more goes
        engine.switch_source(&ada, shop, false).await.unwrap();
        for flow in engine.flows(&ada).await.unwrap() {
            engine.retire_flow(&ada, &flow.key).await.unwrap();
        }
        engine.switch_source(&ada, second, false).await.unwrap();
    }
}

#[tokio::test]
async fn another_destination_takes_its_place_in_contracts_and_flows_at_once() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        let engine = &world.engine;
        let harbor = engine.connections(&ada).await.unwrap().1[0].id;
        let refused = engine.retire_destination(&ada, harbor).await.unwrap_err();
        assert!(
            refused.sentence.contains("“fulfillment request”"),
            "{refused}"
        );
        let needs = engine.connection_needs(&ada, harbor).await.unwrap();
        assert_eq!((needs.contracts.len(), needs.flows.len()), (2, 2));
        for (key, system) in [("pier-3pl", "3pl"), ("own-oms", "oms")] {
            let input = another(key, system);
            engine.create_destination(&ada, input).await.unwrap();
        }
        let seen = needs.seen.as_str();
        let stale = engine
            .replace_destination(&ada, harbor, "own-oms", "0")
            .await;
        assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
        let nowhere = engine
            .replace_destination(&ada, harbor, "nowhere", seen)
            .await;
        assert_eq!(nowhere.unwrap_err().kind, Kind::Invalid);
        // somebody draws meanwhile; their draft follows
        let begun = engine.begin_draft(&bea, Begin::Flow(KEY.to_owned())).await;
        assert_eq!(systems_of_draft(&begun.unwrap().draft), ["3pl"]);
        // the contracts change by it, so it takes a second person where publishing does
        engine.set_publishes_by_two(&ada, true).await.unwrap();
        let alone = engine
            .replace_destination(&ada, harbor, "pier-3pl", seen)
            .await
            .unwrap_err();
        assert_eq!(alone.kind, Kind::Conflict);
        assert!(alone.sentence.contains("drafts"), "{alone}");
        engine.set_publishes_by_two(&ada, false).await.unwrap();
        // of the same system: the flows say what is true already
        let done = engine
            .replace_destination(&ada, harbor, "pier-3pl", seen)
            .await;
        let only_contracts = Replaced {
            contracts: 2,
            flows: 0,
        };
        assert_eq!(done.unwrap(), only_contracts);
        assert_eq!(live(&world, &ada).await.version, 1);
        assert_eq!(
            contract_goes_to(&world, &ada, "fulfillment_request").await,
            "pier-3pl"
        );
        engine.retire_destination(&ada, harbor).await.unwrap();
        // of another one: they say so from the next version on
        let all = engine.connections(&ada).await.unwrap().1;
        let pier = all.iter().find(|one| one.key == "pier-3pl").unwrap().id;
        let seen = engine.connection_needs(&ada, pier).await.unwrap().seen;
        engine.set_publishes_by_two(&ada, true).await.unwrap();
        let alone = engine
            .replace_destination(&ada, pier, "own-oms", &seen)
            .await;
        assert_eq!(alone.unwrap_err().kind, Kind::Conflict);
        let unchanged = contract_goes_to(&world, &ada, "fulfillment_request").await;
        assert_eq!(unchanged, "pier-3pl", "all of them, or none");
        engine.set_publishes_by_two(&ada, false).await.unwrap();
        let done = engine
            .replace_destination(&ada, pier, "own-oms", &seen)
            .await;
        assert_eq!(
            done.unwrap(),
            Replaced {
                contracts: 2,
                flows: 2
            }
        );
        let flow = live(&world, &ada).await;
        assert_eq!((flow.version, systems(&flow)), (2, vec!["oms"]));
        let drawn = engine.flow_draft(&bea, KEY).await.unwrap();
        assert_eq!(
            (drawn.base, systems_of_draft(&drawn.draft)),
            (Some(2), vec!["oms"])
        );
        engine.retire_destination(&ada, pier).await.unwrap();
    }
}

fn systems_of_draft(draft: &domain::flow::Draft) -> Vec<&str> {
    let emits = |kind: &StepKind| matches!(kind, StepKind::EmitExport { .. });
    let steps = draft.steps.iter().filter(|step| emits(&step.kind));
    steps.map(|step| step.destination_system.as_str()).collect()
}

#[tokio::test]
async fn another_contract_takes_its_place_and_the_step_says_where_it_goes() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        engine
            .create_destination(&ada, another("own-oms", "oms"))
            .await
            .unwrap();
        let mut twin = fulfillment_contract(world.merchant.id);
        twin.id = uuid::Uuid::from_u128(905);
        twin.export_type = "fulfillment_twin".to_owned();
        twin.destination = "own-oms".to_owned();
        engine.publish_contract(&ada, twin).await.unwrap();
        let what = || Named::Contract("fulfillment_request".to_owned());
        let needed = engine.needed_by(&ada, &what()).await.unwrap();
        assert_eq!(needed.len(), 1);
        let made = engine
            .replace_in_flows(&ada, what(), "fulfillment_twin")
            .await
            .unwrap();
        assert_eq!((made.len(), systems(&made[0])), (1, vec!["oms"]));
        assert!(engine.needed_by(&ada, &what()).await.unwrap().is_empty());
    }
}
