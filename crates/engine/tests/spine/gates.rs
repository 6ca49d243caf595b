//! What the rules of contracts hold back, and what lets it go on by itself.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Currency, Money,
    approval::{ApprovalCondition, ApprovalRule, ApprovalStep},
    contract::Contract,
    export::{Export, ExportState, QaStatus},
    flow::{Flow, Trigger},
    gate::{Gate, Untold},
    owner::{Owner, Party},
    task::{Task, TaskState},
};
use engine::{CalendarInput, CoverInput, Kind, SkuInput, StartInput, TaskAct, port::StoreExt};
use serde_json::json;
use testkit::{HOUR, MINUTE, Reply, fulfillment_contract, order, order_flow};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const LAMP: &str = "KET-01";

async fn rules(world: &World, change: impl FnOnce(&mut Contract)) {
    let mut contract = Contract {
        id: Uuid::from_u128(920),
        version: "1.1".into(),
        published_at: world.admin.now(),
        ..fulfillment_contract(world.merchant.id)
    };
    change(&mut contract);
    world
        .engine
        .publish_contract(&world.eyes().await.unwrap(), contract)
        .await
        .unwrap();
}

async fn tell(world: &World, input: SkuInput) {
    let eyes = world.eyes().await.unwrap();
    world.engine.tell_skus(&eyes, vec![input]).await.unwrap();
    world.runs_due_work().await.unwrap();
}

fn stock(units: i64) -> SkuInput {
    SkuInput {
        sku: LAMP.into(),
        available: Some(units),
        ..SkuInput::default()
    }
}

fn price(minor: i64) -> SkuInput {
    SkuInput {
        sku: LAMP.into(),
        price: Some(Money::new(minor, Currency::USD)),
        ..SkuInput::default()
    }
}

async fn newest(world: &World) -> Export {
    let mut all = world.exports().await.unwrap();
    all.retain(|one| one.superseded_by.is_none());
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

async fn task_of(world: &World, export: &Export) -> Task {
    let tasks = world.tasks().await.unwrap();
    tasks
        .into_iter()
        .find(|task| task.export_id == Some(export.id))
        .unwrap()
}

/// It is held by this check, with a field and what would be accepted; nothing was sent.
async fn held_by(world: &World, check: &str, field: &str) -> Export {
    let export = newest(world).await;
    assert_eq!(export.state, ExportState::Quarantined, "{:?}", export.qa);
    let failed: Vec<_> = export
        .qa
        .iter()
        .filter(|one| one.status == QaStatus::Failed)
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].check, check);
    assert_eq!(failed[0].faults[0].field, field, "{failed:?}");
    assert!(!failed[0].faults[0].accepts.is_empty());
    let task = task_of(world, &export).await;
    assert!(
        task.state == TaskState::Open && task.sentence.contains(field),
        "{}",
        task.sentence
    );
    assert!(world.channel.sent().is_empty());
    export
}

/// It went on by itself: nobody resolved anything.
async fn went_on(world: &World, held: &Export) {
    let export = newest(world).await;
    assert_eq!(export.state, ExportState::Acknowledged, "{:?}", export.qa);
    assert_eq!(
        (export.supersedes, export.version),
        (Some(held.id), held.version + 1)
    );
    assert_eq!(world.channel.sent().len(), 1);
    let task = task_of(world, held).await;
    assert_eq!(task.state, TaskState::Cancelled);
    let why = task.resolution.unwrap();
    assert!(why.contains("every check holds"), "{why}");
}

fn tells_both(contract: &mut Contract) {
    let limit = |field: &str| (field.to_owned(), 5 * MINUTE);
    contract.refresh = BTreeMap::from([limit("price"), limit("stock")]);
}

/// Approved when its price and its stock had become too old.
async fn approved_too_late(world: &World, n: u64) -> Export {
    tell(world, price(9_000)).await;
    tell(world, stock(50)).await;
    world.receives(&order(n).total("900.00")).await.unwrap();
    let asked = newest(world).await;
    assert_eq!(asked.state, ExportState::AwaitingApproval, "{:?}", asked.qa);
    world.clock.advance_ms(17 * MINUTE);
    world.approves("jonas", &asked).await.unwrap();
    asked
}

fn office() -> CalendarInput {
    let day = || "09:00-17:00".to_owned();
    CalendarInput {
        name: "Office".into(),
        key: "office".into(),
        time_zone: "America/New_York".into(),
        hours: [
            day(),
            day(),
            day(),
            day(),
            day(),
            String::new(),
            String::new(),
        ],
        holidays: String::new(),
    }
}

on_every_store! {
    async fn a_held_order_goes_on_when_the_hold_is_lifted(world: World) {
        rules(&world, |contract| {
            contract.gates = vec![Gate::NotOnHold];
            contract.approval.clear();
        }).await;
        world.receives(&order(1).set("tags", "vip, fraud-hold")).await.unwrap();
        let held = held_by(&world, "not_on_hold", "/order_id").await;
        // other news do not lift it
        let noted = order(1).set("tags", "vip, fraud-hold").set("note", "ring twice");
        world.receives(&noted.told_again("orders/updated", "2026-11-20T09:10:00Z")).await.unwrap();
        let held = {
            let still = newest(&world).await;
            assert_eq!((still.state, still.supersedes), (ExportState::Quarantined, Some(held.id)));
            still
        };
        let lifted = order(1).set("tags", "vip").set("note", "ring twice");
        world.receives(&lifted.told_again("orders/updated", "2026-11-20T09:20:00Z")).await.unwrap();
        went_on(&world, &held).await;
    }

    async fn a_hold_that_comes_before_the_decision_stops_what_was_asked(world: World) {
        rules(&world, |contract| contract.gates = vec![Gate::NotOnHold]).await;
        world.receives(&order(2).total("900.00")).await.unwrap();
        let asked = newest(&world).await;
        assert_eq!(asked.state, ExportState::AwaitingApproval);
        let doubted = order(2).total("900.00").set("tags", "risk");
        world.receives(&doubted.told_again("orders/updated", "2026-11-20T09:20:00Z")).await.unwrap();
        held_by(&world, "not_on_hold", "/order_id").await;
        assert_eq!(world.approves("jonas", &asked).await.unwrap_err().kind, Kind::Conflict);
    }

    async fn stock_below_the_threshold_holds_until_there_is_enough(world: World) {
        rules(&world, |contract| {
            contract.gates = vec![Gate::StockAtLeast {
                at: "/lines/*/sku".into(), units: 3, untold: Untold::Refused,
            }];
        }).await;
        world.receives(&order(3)).await.unwrap();
        let held = held_by(&world, "stock_at_least", "/payload/lines/0/sku").await;
        // routed as such, where the contract has a route for it
        assert_eq!(task_of(&world, &held).await.owner.to_string(), "agency:supply_chain");
        tell(&world, stock(2)).await;
        let still = held_by(&world, "stock_at_least", "/payload/lines/0/sku").await;
        assert_eq!(still.id, held.id, "the same one, and its answer says how many there are");
        assert!(still.qa.iter().any(|one| one.detail.as_deref().is_some_and(|said| said.contains("There are 2"))));
        tell(&world, SkuInput { sku: "ANOTHER".into(), available: Some(99), ..SkuInput::default() }).await;
        assert_eq!(newest(&world).await.state, ExportState::Quarantined);
        tell(&world, stock(3)).await;
        went_on(&world, &held).await;
    }

    async fn a_rule_that_finds_nothing_to_look_at_says_so(world: World) {
        rules(&world, |contract| {
            contract.gates = vec![
                Gate::Gtin { at: "/gtin".into() },
                Gate::SkuKnown { at: "/lines/*/sku".into() },
            ];
            contract.refresh = BTreeMap::from([("lines".to_owned(), HOUR)]);
            contract.schema = json!({ "type": "object" });
        }).await;
        tell(&world, stock(9)).await;
        world.receives(&order(34)).await.unwrap();
        let sent = newest(&world).await;
        assert_eq!(sent.state, ExportState::Acknowledged, "{:?}", sent.qa);
        let said: Vec<_> = sent.qa.iter().filter_map(|one| Some((one.check.as_str(), one.detail.as_deref()?))).collect();
        assert_eq!(said, [("gtin", "Nothing stands at /gtin: there was nothing to check.")]);
    }

    async fn a_price_out_of_bounds_goes_on_when_the_price_is_updated(world: World) {
        rules(&world, |contract| {
            contract.gates = vec![
                Gate::SkuKnown { at: "/lines/*/sku".into() },
                Gate::PriceWithin { at: "/lines/*/unit_price".into(), below_percent: 10, above_percent: 10 },
            ];
        }).await;
        tell(&world, price(12_000)).await;
        world.receives(&order(4)).await.unwrap();
        let held = held_by(&world, "price_within", "/payload/lines/0/unit_price").await;
        tell(&world, price(9_000)).await;
        went_on(&world, &held).await;
    }

    async fn nobody_at_the_desk_holds_until_somebody_is(world: World) {
        let eyes = world.eyes().await.unwrap();
        world.engine.add_calendar(&eyes, office()).await.unwrap();
        for role in ["logistics", "operations"] {
            let hours = CoverInput {
                owner: format!("agency:{role}"), calendar: "office".into(), ..CoverInput::default()
            };
            world.engine.cover_role(&eyes, 0, hours).await.unwrap();
        }
        world.clock.advance_ms(3_000);
        world.receives(&order(5)).await.unwrap();
        let held = held_by(&world, "owner_resolvable", "/owner_id").await;
        // four in the morning in New York; the desk opens at nine
        world.advance(5 * HOUR - 3_001).await.unwrap();
        assert_eq!(newest(&world).await.state, ExportState::Quarantined);
        world.advance(1).await.unwrap();
        went_on(&world, &held).await;
    }

    async fn of_the_same_command_many_times_at_once_one_goes_and_the_others_name_it(world: World) {
        let flow = |n: u128| Flow {
            id: Uuid::from_u128(930 + n),
            key: format!("again-{n}"),
            trigger: Trigger::Manual,
            ..order_flow(world.merchant.id)
        };
        rules(&world, |contract| contract.approval = testkit::promo_contract(contract.merchant_id).approval).await;
        let eyes = world.eyes().await.unwrap();
        for n in 0..6 {
            world.engine.publish_flow(&eyes, flow(n)).await.unwrap();
        }
        // an order whose own flow is over with nothing in flight
        world.receives(&order(6)).await.unwrap();
        let own = newest(&world).await;
        world.engine.withdraw(&world.eyes().await.unwrap(), own.id, "tried out").await.unwrap();
        let started: Vec<_> = (0..6).map(|n| {
            let (engine, eyes) = (Arc::clone(&world.engine), eyes.clone());
            tokio::spawn(async move {
                engine.start_flow(&eyes, &format!("again-{n}"), StartInput::Order(own.subject_id)).await
            })
        }).collect();
        for one in started {
            one.await.unwrap().unwrap();
        }
        world.runs_due_work().await.unwrap();
        let mut all = world.exports().await.unwrap();
        all.retain(|one| one.state != ExportState::Withdrawn);
        let (held, gone): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.state == ExportState::Quarantined);
        assert_eq!((held.len(), gone.len()), (5, 1), "{held:#?} {gone:#?}");
        for one in &held {
            let faults: Vec<_> = one.qa.iter().flat_map(|check| &check.faults).collect();
            assert!(faults.iter().any(|fault| fault.export == Some(gone[0].id)), "{faults:?}");
            let task = task_of(&world, one).await;
            let links: Vec<_> = task.evidence.iter().filter_map(|found| found.link.clone()).collect();
            assert!(links.contains(&("export".to_owned(), gone[0].id.to_string())), "{links:?}");
        }
    }

    async fn what_means_the_opposite_waits_for_it(world: World) {
        rules(&world, |contract| {
            contract.gates = vec![Gate::OnlyOne { intents: vec!["do_it".into()] }];
            contract.idempotency.push("run_id".into());
        }).await;
        let again = Flow {
            id: Uuid::from_u128(940), key: "again".into(), trigger: Trigger::Manual, ..order_flow(world.merchant.id)
        };
        world.engine.publish_flow(&world.eyes().await.unwrap(), again).await.unwrap();
        world.receives(&order(7).total("900.00")).await.unwrap();
        let first = newest(&world).await;
        let input = StartInput::Order(first.subject_id);
        world.engine.start_flow(&world.eyes().await.unwrap(), "again", input).await.unwrap();
        let held = world.exports().await.unwrap().into_iter().find(|one| one.id != first.id).unwrap();
        let fault = held.qa.iter().find_map(|one| one.faults.first()).unwrap();
        assert_eq!((fault.field.as_str(), fault.export), ("/intent", Some(first.id)));
        // the first is through, and the second goes on
        world.approves("jonas", &first).await.unwrap();
        let second = world.exports().await.unwrap().into_iter().find(|one| one.supersedes == Some(held.id)).unwrap();
        assert_eq!(second.state, ExportState::AwaitingApproval, "{:?}", second.qa);
    }

    async fn what_became_stale_is_made_anew_and_what_still_holds_stays_approved(world: World) {
        rules(&world, |contract| {
            contract.refresh = BTreeMap::from([("lines".to_owned(), 5 * MINUTE)]);
        }).await;
        world.receives(&order(8).total("900.00")).await.unwrap();
        let asked = newest(&world).await;
        world.clock.advance_ms(5 * MINUTE + 1);
        world.approves("jonas", &asked).await.unwrap();
        let sent = newest(&world).await;
        assert_eq!(sent.state, ExportState::Acknowledged, "{sent:#?}");
        assert_eq!((sent.version, sent.supersedes), (2, Some(asked.id)));
        let again = sent.reevaluated.clone().unwrap();
        assert!(again.why.contains("lines") && again.changed.is_empty(), "{again:?}");
        assert_eq!(sent.content_hash, asked.content_hash);
        let messages = world.channel.sent();
        assert_eq!(messages.len(), 1, "the stale one was not sent");
        let data = &messages[0].json()["data"];
        assert_eq!(data["refresh"], json!({ "lines": { "max_age_ms": 5 * MINUTE, "as_of": world.eyes().await.unwrap().now() } }));
        assert_eq!(data["approvals"][0]["content_hash"], asked.content_hash.as_str());
        assert_eq!(data["supersedes"], json!(asked.id));
    }

    async fn what_reads_otherwise_when_it_is_made_anew_is_approved_anew(world: World) {
        rules(&world, |contract| contract.valid_for_ms = HOUR).await;
        world.receives(&order(9).total("900.00")).await.unwrap();
        let asked = newest(&world).await;
        // what is sent is put together otherwise from now on
        rules(&world, |contract| {
            contract.id = Uuid::from_u128(921);
            contract.version = "1.2".into();
            contract.published_at = asked.created_at.plus_ms(1);
            contract.schema = json!({ "type": "object" });
            contract.payload = serde_json::from_value(json!({
                "order_ref": { "fact": "order.ref" }, "lines": { "fact": "order.lines" },
            })).unwrap();
        }).await;
        world.clock.advance_ms(HOUR + 1);
        world.approves("jonas", &asked).await.unwrap();
        assert!(world.channel.sent().is_empty(), "nothing is sent that was not approved as it is");
        let anew = newest(&world).await;
        assert_eq!((anew.state, anew.supersedes), (ExportState::AwaitingApproval, Some(asked.id)));
        let again = anew.reevaluated.clone().unwrap();
        let fields: Vec<&str> = again.changed.iter().map(|one| one.field.as_str()).collect();
        assert!(again.why.contains("true until") && fields.contains(&"/ship_to"), "{again:?}");
        world.approves("jonas", &anew).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn a_yes_to_one_rule_is_none_to_another_that_asks_as_many(world: World) {
        let rule = |when, owner: &str, backup: &str| {
            let role = |key: &str| Owner::role(Party::Agency, key);
            let steps = vec![ApprovalStep::of(role(owner), role(backup), 15 * MINUTE)];
            ApprovalRule { when, steps, critical: false }
        };
        rules(&world, |contract| {
            contract.valid_for_ms = HOUR;
            contract.approval = vec![
                rule(ApprovalCondition::Flagged, "finance", "operations"),
                rule(ApprovalCondition::Always, "operations", "finance"),
            ];
        }).await;
        world.receives(&order(41)).await.unwrap();
        let asked = newest(&world).await;
        assert_eq!(asked.state, ExportState::AwaitingApproval);
        // no word of what is sent is another
        let doubted = order(41).set("tags", "hold");
        world.receives(&doubted.told_again("orders/updated", "2026-11-20T09:20:00Z")).await.unwrap();
        assert_eq!(newest(&world).await.id, asked.id);
        world.clock.advance_ms(HOUR + 1);
        world.approves("jonas", &asked).await.unwrap();
        let anew = newest(&world).await;
        assert_eq!((anew.state, anew.supersedes), (ExportState::AwaitingApproval, Some(asked.id)));
        assert_eq!(anew.content_hash, asked.content_hash);
        let said = world.approvals_of(anew.id).await.unwrap();
        assert_eq!(said[0].owner.to_string(), "agency:finance");
        assert!(world.channel.sent().is_empty());
    }

    async fn what_is_too_old_again_and_again_is_a_persons(world: World) {
        rules(&world, |contract| contract.valid_for_ms = HOUR).await;
        world.receives(&order(10).total("900.00")).await.unwrap();
        let mut asked = newest(&world).await;
        asked.reevaluated = Some(domain::export::Reevaluation { why: "once more".into(), changed: Vec::new(), times: 3 });
        world.store.write(move |tx| Box::pin(async move { tx.save_export(&asked).await })).await.unwrap();
        world.clock.advance_ms(HOUR + 1);
        let asked = newest(&world).await;
        world.approves("jonas", &asked).await.unwrap();
        assert!(world.channel.sent().is_empty());
        assert_eq!(newest(&world).await.state, ExportState::Expired);
        world.the_task("validity_expired").await.unwrap();
    }

    async fn a_price_that_was_told_too_long_ago_holds_until_it_is_told_again(world: World) {
        rules(&world, |contract| {
            contract.refresh = BTreeMap::from([("price".to_owned(), 10 * MINUTE)]);
        }).await;
        tell(&world, price(8_900)).await;
        world.clock.advance_ms(10 * MINUTE + 1);
        world.receives(&order(11)).await.unwrap();
        let held = held_by(&world, "fresh", "/refresh/price").await;
        // the same price, told now
        tell(&world, price(8_900)).await;
        went_on(&world, &held).await;
    }

    async fn what_was_approved_still_is_when_facts_that_had_aged_are_told_again(world: World) {
        rules(&world, tells_both).await;
        let asked = approved_too_late(&world, 31).await;
        let held = held_by(&world, "fresh", "/refresh/price").await;
        assert_eq!(held.supersedes, Some(asked.id));
        tell(&world, price(9_000)).await;
        let still = held_by(&world, "fresh", "/refresh/stock").await;
        assert_eq!(still.id, held.id);
        tell(&world, stock(50)).await;
        let sent = newest(&world).await;
        assert_eq!(sent.state, ExportState::Acknowledged, "nobody is asked anew: {sent:#?}");
        assert_eq!((sent.version, sent.supersedes), (3, Some(held.id)));
        assert_eq!(sent.content_hash, asked.content_hash);
        let again = sent.reevaluated.clone().unwrap();
        assert!(again.why.contains("price") && again.changed.is_empty(), "{again:?}");
        let data = &world.channel.sent()[0].json()["data"];
        assert_eq!(data["approvals"][0]["content_hash"], asked.content_hash.as_str());
    }

    async fn what_a_rule_held_meanwhile_is_approved_anew(world: World) {
        rules(&world, |contract| {
            tells_both(contract);
            contract.gates = vec![Gate::StockAtLeast { at: "/lines/*/sku".into(), units: 3, untold: Untold::Refused }];
        }).await;
        approved_too_late(&world, 32).await;
        held_by(&world, "fresh", "/refresh/price").await;
        tell(&world, stock(2)).await;
        tell(&world, price(9_000)).await;
        let held = newest(&world).await;
        let failed: Vec<_> = held.qa.iter().filter(|one| one.status == QaStatus::Failed).map(|one| one.check.as_str()).collect();
        assert_eq!(failed, ["stock_at_least"]);
        tell(&world, stock(50)).await;
        let anew = newest(&world).await;
        assert_eq!((anew.state, anew.reevaluated), (ExportState::AwaitingApproval, None));
    }

    async fn what_reads_otherwise_after_it_was_held_says_what_changed_and_is_approved_anew(world: World) {
        rules(&world, tells_both).await;
        let asked = approved_too_late(&world, 33).await;
        held_by(&world, "fresh", "/refresh/price").await;
        rules(&world, |contract| {
            tells_both(contract);
            contract.id = Uuid::from_u128(921);
            contract.version = "1.2".into();
            contract.published_at = asked.created_at.plus_ms(1);
            contract.schema = json!({ "type": "object" });
            contract.payload = serde_json::from_value(json!({
                "order_ref": { "fact": "order.ref" }, "lines": { "fact": "order.lines" },
            })).unwrap();
        }).await;
        world.clock.advance_ms(3_000);
        tell(&world, price(9_000)).await;
        tell(&world, stock(50)).await;
        let anew = newest(&world).await;
        assert_eq!(anew.state, ExportState::AwaitingApproval, "{anew:#?}");
        let again = anew.reevaluated.clone().unwrap();
        let fields: Vec<&str> = again.changed.iter().map(|one| one.field.as_str()).collect();
        assert!(again.why.contains("price") && fields.contains(&"/ship_to"), "{again:?}");
        world.approves("jonas", &anew).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn only_what_the_staging_side_takes_goes_where_it_counts(world: World) {
        let staging = "http://127.0.0.1:3100/staging";
        let eyes = world.eyes().await.unwrap();
        let engine = &world.engine;
        let (_, destinations) = engine.connections(&eyes).await.unwrap();
        let harbor = destinations.iter().find(|one| one.key == "harbor-3pl").unwrap();
        for wrong in ["http://forbidden.example/x", harbor.url.as_str()] {
            let refused = engine.set_staging(&eyes, harbor.id, wrong).await.unwrap_err();
            assert_eq!(refused.fields[0].field, "staging_url");
        }
        engine.set_staging(&eyes, harbor.id, staging).await.unwrap();
        world.clock.advance_ms(3_000);
        world.channel.will_answer(Reply::Status(503));
        world.receives(&order(21)).await.unwrap();
        assert_eq!(newest(&world).await.state, ExportState::Ready, "it is tried out again");
        world.channel.will_answer(Reply::Json(422, json!({ "status": "rejected", "exception_code": "no_such_sku" })));
        world.advance(1_000).await.unwrap();
        let held = newest(&world).await;
        assert_eq!(held.state, ExportState::Quarantined, "{held:#?}");
        let trial = held.trial.clone().unwrap();
        assert!(!trial.accepted && trial.answer.contains("no_such_sku"), "{trial:?}");
        let task = task_of(&world, &held).await;
        assert!(task.sentence.contains("no such sku"), "{}", task.sentence);
        let sent = world.channel.sent();
        assert!(sent.iter().all(|one| one.url == staging && one.is_trial), "{sent:?}");
        assert_eq!(sent[0].json()["data"]["test"], true);
        // it was put right there: the same goes there once more, and then where it counts
        world.acts("jonas", task.id, TaskAct::Resolve { note: "They know it now".into() }).await.unwrap();
        let gone = newest(&world).await;
        assert_eq!(gone.state, ExportState::Acknowledged);
        assert!(gone.trial.unwrap().accepted);
        let sent = world.channel.sent();
        let last = sent.last().unwrap();
        assert_eq!(sent.len(), 4);
        assert!(sent[2].is_trial && !last.is_trial && last.url == harbor.url);
        assert!(last.json()["data"].get("test").is_none());
        assert_ne!(sent[2].webhook_id, last.webhook_id);
    }

    async fn rules_that_cannot_be_kept_are_refused_at_their_field(world: World) {
        let eyes = world.eyes().await.unwrap();
        let wrong = Contract {
            id: Uuid::from_u128(950),
            version: "1.3".into(),
            gates: vec![
                Gate::SkuKnown { at: "lines".into() },
                Gate::Gtin { at: "/nowhere".into() },
            ],
            refresh: BTreeMap::from([("lines".to_owned(), 0), ("nothing".to_owned(), 5)]),
            ..fulfillment_contract(world.merchant.id)
        };
        let refused = world.engine.publish_contract(&eyes, wrong).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["gates/0/at", "gates/1/at", "refresh/lines", "refresh/nothing"]);
        // what the schema says of a place can never be what the rule asks for
        let price = |at: &str| Gate::PriceWithin { at: at.into(), below_percent: 10, above_percent: 10 };
        let never = Contract {
            id: Uuid::from_u128(951),
            version: "1.3".into(),
            schema: json!({ "type": "object", "properties": {
                "text": { "type": "string" }, "whole": { "type": "integer" }, "list": { "type": "array" },
                "price": { "type": "object", "properties": { "amount_minor": { "type": "string" } } },
                "lines": { "items": { "properties": { "sku": { "type": "object" }, "code": { "type": ["null", "string"] } } } },
                "money": { "$ref": "#/$defs/money" },
            }, "$defs": { "money": { "type": "object", "properties": { "amount_minor": { "type": "integer" } } } } }),
            gates: vec![
                price("/text"),
                price("/price"),
                price("/money"),
                Gate::Gtin { at: "/list".into() },
                Gate::Gtin { at: "/text".into() },
                Gate::Gtin { at: "/whole".into() },
                Gate::SkuKnown { at: "/lines/*/sku".into() },
                Gate::SkuKnown { at: "/lines/*/code".into() },
                Gate::StockAtLeast { at: "/whole".into(), units: 1, untold: Untold::Refused },
            ],
            ..fulfillment_contract(world.merchant.id)
        };
        let refused = world.engine.publish_contract(&eyes, never).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["gates/0/at", "gates/1/at", "gates/3/at", "gates/6/at", "gates/8/at"]);
        for schema in [json!(false), json!({ "type": "string" }), json!({ "not": {} })] {
            let closed = Contract {
                id: Uuid::from_u128(952),
                version: "1.3".into(),
                schema,
                ..fulfillment_contract(world.merchant.id)
            };
            let refused = world.engine.publish_contract(&eyes, closed).await.unwrap_err();
            assert_eq!(refused.fields[0].field, "schema");
        }
        let refused = world.engine.tell_skus(&eyes, vec![
            SkuInput { sku: " ".into(), ..SkuInput::default() },
            SkuInput { sku: "A".into(), gtin: Some("6291041500214".into()), ..SkuInput::default() },
            SkuInput { sku: "A".into(), as_of: Some(eyes.now().plus_ms(1)), location: Some("Reno".into()), ..SkuInput::default() },
        ]).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["items/0/sku", "items/1/gtin", "items/2/available", "items/2/as_of"]);
        assert!(refused.fields[1].sentence.contains("6291041500213"));
    }
}
