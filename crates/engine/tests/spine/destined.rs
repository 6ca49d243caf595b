//! One contract, several destinations: what an export says decides where it goes, and whoever is named by a route
//! is needed like the contract's own destination.

use domain::{
    Currency, Money,
    access::Access,
    approval::{ApprovalState, Decision},
    connection::Destination,
    contract::{Contract, DestinationRoute, RouteCondition},
    delivery::AckStatus,
    export::{Export, ExportState},
    flow::readiness::readiness,
    owner::Party,
    people::Membership,
};
use engine::{Ack, BeginContract, Ctx, DestinationInput, Kind, OverrideInput, Replaced};
use serde_json::json;
use testkit::{Reply, fulfillment_contract, order};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const TYPE: &str = "fulfillment_request";
const HARBOR: &str = "http://127.0.0.1:3100/3pl";

fn to(key: &str, countries: &[&str]) -> DestinationRoute {
    DestinationRoute {
        when: RouteCondition::IsOneOf {
            at: "/ship_to/country_code".into(),
            values: countries.iter().map(|&one| one.to_owned()).collect(),
        },
        destination: key.into(),
    }
}

fn url(key: &str) -> String {
    format!("http://127.0.0.1:3100/{key}")
}

async fn connects(world: &World, key: &str, system: &str) -> Destination {
    let input = DestinationInput {
        key: key.into(),
        name: format!("{}{}", key[..1].to_uppercase(), &key[1..]),
        system: system.into(),
        party: Party::ThreePl,
        url: url(key),
        secret: None,
    };
    let eyes = world.eyes().await.unwrap();
    world
        .engine
        .create_destination(&eyes, input)
        .await
        .unwrap()
        .0
}

/// The version of that minor number, with these routes.
fn version(world: &World, minor: u8, routes: Vec<DestinationRoute>) -> Contract {
    Contract {
        id: Uuid::from_u128(930 + u128::from(minor)),
        version: format!("1.{minor}"),
        published_at: world.engine.now(),
        routes,
        ..fulfillment_contract(world.merchant.id)
    }
}

async fn publishes(world: &World, contract: Contract) {
    let eyes = world.eyes().await.unwrap();
    world
        .engine
        .publish_contract(&eyes, contract)
        .await
        .unwrap();
}

/// What keeps it from being published, by field.
async fn refused(world: &World, contract: Contract) -> Vec<String> {
    let eyes = world.eyes().await.unwrap();
    let error = world
        .engine
        .publish_contract(&eyes, contract)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    error.fields.into_iter().map(|one| one.field).collect()
}

/// Harbor 3PL; but Germany and Austria to Nordlager.
async fn two(world: &World) -> Destination {
    let there = connects(world, "nordlager", "wms").await;
    publishes(
        world,
        version(world, 1, vec![to("nordlager", &["DE", "AT"])]),
    )
    .await;
    world.clock.advance_ms(1_000);
    there
}

fn address(country: &str) -> serde_json::Value {
    json!({ "name": "Ada Moreno", "address1": "Elbchaussee 1", "city": "Hamburg", "zip": "22765", "country_code": country })
}

async fn newest(world: &World) -> Export {
    let mut all = world.exports().await.unwrap();
    all.retain(|one| one.superseded_by.is_none());
    all.remove(0)
}

fn urls(world: &World) -> Vec<String> {
    world
        .channel
        .sent()
        .into_iter()
        .map(|one| one.url)
        .collect()
}

async fn overrides(world: &World, ctx: &Ctx, old: &Export, country: &str) -> Export {
    let mut payload = old.payload.clone();
    payload["ship_to"]["country_code"] = json!(country);
    let input = OverrideInput {
        payload,
        justification: "The customer moved".into(),
        seen_hash: old.content_hash.clone(),
    };
    let new = world
        .engine
        .override_export(ctx, old.id, input)
        .await
        .unwrap();
    world.runs_due_work().await.unwrap();
    new
}

async fn somebody_who_overrides(world: &World) -> Ctx {
    let user = world
        .engine
        .create_user("ada@northbeam.example", "Ada Admin", "correct horse")
        .await
        .unwrap();
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access: Access::Admin,
        party: Party::Agency,
        functional_roles: Vec::new(),
        rotations: Vec::new(),
    };
    world.engine.add_member(place).await.unwrap();
    let ctx = world
        .engine
        .enter(user.id, &world.merchant.slug, None)
        .await
        .unwrap();
    let now = ctx.now();
    ctx.proved(Some(now))
}

fn seen(export: &Export) -> Decision {
    Decision {
        approve: true,
        note: None,
        seen_hash: export.content_hash.clone(),
        step: None,
    }
}

on_every_store! {
    async fn two_exports_of_one_contract_reach_two_destinations(world: World) {
        let nordlager = two(&world).await;
        world.receives(&order(1)).await.unwrap();
        let here = newest(&world).await;
        world.channel.will_answer(Reply::Status(202));
        world.receives(&order(2).set("shipping_address", address("DE"))).await.unwrap();
        let there = newest(&world).await;
        assert_eq!(urls(&world), [HARBOR.to_owned(), url("nordlager")]);
        assert_eq!(there.destination_id, nordlager.id);
        assert_ne!(here.destination_id, nordlager.id);
        assert!(there.rationale.contains("to Nordlager, since /ship_to/country_code is DE or AT"), "{}", there.rationale);
        assert!(!here.rationale.contains("since"), "{}", here.rationale);
        let sent = world.channel.sent();
        assert_ne!(sent[0].secrets, sent[1].secrets, "each is signed for with its own secret");
        // nobody answers for what another was sent
        let done = || Ack {
            status: AckStatus::Completed,
            exception_code: None,
            exception_metadata: None,
            external_ref: None,
        };
        let (engine, merchant) = (&world.engine, world.merchant.id);
        let harbor = engine.enter_as_destination(merchant, here.destination_id, None).await.unwrap();
        let other = engine.acknowledge(&harbor, there.id, done()).await.unwrap_err();
        assert_eq!(other.kind, Kind::NotFound);
        assert_eq!(world.acknowledges(there.id, done()).await.unwrap(), ExportState::Completed);
    }

    async fn another_address_goes_elsewhere_and_is_approved_anew(world: World) {
        two(&world).await;
        let first = order(1).total("900.00");
        world.receives(&first).await.unwrap();
        let old = newest(&world).await;
        assert_eq!(old.state, ExportState::AwaitingApproval);
        let moved = first
            .set("shipping_address", address("AT"))
            .told_again("orders/updated", "2026-11-20T10:00:00Z");
        world.receives(&moved).await.unwrap();
        let new = newest(&world).await;
        assert_eq!((new.supersedes, new.state), (Some(old.id), ExportState::AwaitingApproval));
        assert_ne!((new.destination_id, &new.content_hash), (old.destination_id, &old.content_hash));
        assert_eq!(world.approvals_of(old.id).await.unwrap()[0].state, ApprovalState::Superseded);
        // who agreed to the one agreed to nothing of the other
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.decide(&jonas, new.id, seen(&old)).await.unwrap_err();
        assert_eq!(world.channel.sent().len(), 0);
        world.approves("jonas", &new).await.unwrap();
        assert_eq!(urls(&world), [url("nordlager")]);
    }

    async fn what_was_approved_goes_where_it_said_whatever_is_published_meanwhile(world: World) {
        two(&world).await;
        let order = order(1).total("900.00").set("shipping_address", address("DE"));
        world.receives(&order).await.unwrap();
        let asked = newest(&world).await;
        connects(&world, "alpenlager", "3pl").await;
        publishes(&world, version(&world, 2, vec![to("alpenlager", &["DE"])])).await;
        world.approves("jonas", &asked).await.unwrap();
        assert_eq!(urls(&world), [url("nordlager")]);
        // the same words under other routes are another content
        let other = version(&world, 2, Vec::new());
        let hash = domain::export::content_hash(&asked.payload, other.id, &other.version, None);
        assert_ne!(hash, asked.content_hash);
    }

    async fn what_another_destination_has_already_is_stopped_there_by_somebody(world: World) {
        two(&world).await;
        let ada = somebody_who_overrides(&world).await;
        world.receives(&order(1)).await.unwrap();
        let old = newest(&world).await;
        assert_eq!(old.state, ExportState::Acknowledged);
        let new = overrides(&world, &ada, &old, "DE").await;
        assert_eq!(urls(&world), [HARBOR.to_owned(), url("nordlager")]);
        let task = world.the_task("cancelled_after_dispatch").await.unwrap();
        assert_eq!(task.export_id, Some(old.id));
        assert!(task.sentence.contains("Harbor 3PL was sent version 1; version 2 goes to Nordlager"), "{}", task.sentence);
        // who gets the next version as well is told by it
        overrides(&world, &ada, &new, "AT").await;
        assert_eq!(world.tasks().await.unwrap().len(), 1);
        // and what never left is nowhere to be stopped
        world.receives(&order(2).total("900.00")).await.unwrap();
        let held = newest(&world).await;
        overrides(&world, &ada, &held, "DE").await;
        assert_eq!(world.tasks().await.unwrap().len(), 1);
    }

    async fn a_route_is_published_when_it_can_be_kept(world: World) {
        let nordlager = two(&world).await;
        let eyes = world.eyes().await.unwrap();
        let here = || to("nordlager", &["DE"]);
        let nowhere = version(&world, 2, vec![to("atlantis", &["DE"])]);
        assert_eq!(refused(&world, nowhere).await, ["routes/0/destination"]);
        let never = version(&world, 2, vec![to("nordlager", &["DE", "AT"]), here()]);
        assert_eq!(refused(&world, never).await, ["routes/1/when"]);
        let mut misspelt = version(&world, 2, vec![here()]);
        misspelt.schema["properties"]["ship_to"]["properties"] = json!({ "country": {} });
        assert_eq!(refused(&world, misspelt).await, ["routes/0/at"]);
        let over = |minor| DestinationRoute {
            when: RouteCondition::AmountOver { at: "total".into(), amount: Money::new(minor, Currency::USD) },
            destination: "nordlager".into(),
        };
        assert_eq!(refused(&world, version(&world, 2, vec![over(-1)])).await, ["routes/0/at", "routes/0/amount"]);
        // its destination is needed as long as the route is published
        let engine = &world.engine;
        let needed = engine.retire_destination(&eyes, nordlager.id).await.unwrap_err();
        assert!(needed.sentence.contains("“fulfillment request” still sends there"), "{needed}");
        publishes(&world, version(&world, 2, Vec::new())).await;
        let eyes = world.eyes().await.unwrap();
        engine.retire_destination(&eyes, nordlager.id).await.unwrap();
        assert_eq!(refused(&world, version(&world, 3, vec![here()])).await, ["routes/0/destination"]);
    }

    async fn another_takes_the_place_of_a_route_s_destination(world: World) {
        let nordlager = two(&world).await;
        connects(&world, "alpenlager", "3pl").await;
        let (engine, eyes) = (&world.engine, world.eyes().await.unwrap());
        let needs = engine.connection_needs(&eyes, nordlager.id).await.unwrap();
        assert_eq!((needs.contracts.len(), needs.flows.len()), (1, 1), "{needs:?}");
        let done = engine.replace_destination(&eyes, nordlager.id, "alpenlager", &needs.seen).await.unwrap();
        assert_eq!(done, Replaced { contracts: 1, flows: 0 });
        let live = engine.contract_versions(&eyes, TYPE).await.unwrap().remove(0);
        assert_eq!(live.destinations(), ["harbor-3pl", "alpenlager"]);
        engine.retire_destination(&eyes, nordlager.id).await.unwrap();
        world.clock.advance_ms(1_000);
        world.receives(&order(1).set("shipping_address", address("DE"))).await.unwrap();
        assert_eq!(urls(&world), [url("alpenlager")]);
    }

    async fn a_flow_says_one_of_the_systems_that_its_contract_sends_to(world: World) {
        two(&world).await;
        let (engine, eyes) = (&world.engine, world.eyes().await.unwrap());
        let around = engine.flow_surroundings(&eyes).await.unwrap();
        let flow = testkit::order_flow(world.merchant.id);
        for (system, fits) in [("3pl", true), ("wms", true), ("shopify", false)] {
            let mut draft = flow.to_draft();
            draft.steps[0].destination_system = system.into();
            let faults: Vec<_> = readiness(&draft, &around)
                .into_iter()
                .filter(|one| one.path == "/steps/0/destination_system")
                .collect();
            assert_eq!(faults.is_empty(), fits, "{system}: {faults:?}");
        }
        // and every page that says who reads it names both
        let lines = engine.integrations(&eyes).await.unwrap();
        let takes: Vec<&str> = lines
            .iter()
            .filter(|one| one.direction == "consumes" && one.what == TYPE)
            .map(|one| one.connection.as_str())
            .collect();
        assert_eq!(takes, ["Harbor 3PL", "Nordlager"]);
        engine.begin_contract(&eyes, BeginContract::Live(TYPE.into())).await.unwrap();
        let rail = engine.contract_rail(&eyes, TYPE).await.unwrap();
        assert_eq!(rail.reads, ["Harbor 3PL", "Nordlager"]);
    }
}
