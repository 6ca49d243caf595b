//! The contract studio: a draft becomes a version through one gate, what is published makes exports by itself, and
//! what ends says who still needs it.

use domain::{
    contract::{Contract, ContractTrigger, ERRAND, Must, Sample},
    delivery::AckStatus,
    event::EventKind,
    export::ExportState,
    flow::{
        Condition, StepKind, Until,
        readiness::{Weight, readiness},
    },
    receipt::ReceiptStatus,
};
use engine::{
    Ack, BeginContract, ContractRail, ContractSaved, Deprecation, Kind, ManualExport,
    port::StoreExt,
};
use serde_json::{Map, json};
use testkit::order;

use crate::world::{World, on_every_store};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const TYPE: &str = "fulfillment_request";

async fn drawn(world: &World, change: impl FnOnce(&mut Contract)) -> ContractRail {
    let (engine, admin) = (&world.engine, &world.admin);
    let sheet = engine
        .begin_contract(admin, BeginContract::Live(TYPE.into()))
        .await
        .unwrap();
    let mut draft = sheet.draft.clone();
    change(&mut draft);
    let saved = engine
        .save_contract_draft(admin, TYPE, sheet.rev, draft)
        .await
        .unwrap();
    assert!(matches!(saved, ContractSaved::Rev(_)));
    engine.contract_rail(admin, TYPE).await.unwrap()
}

fn done() -> Ack {
    Ack {
        status: AckStatus::Completed,
        exception_code: None,
        exception_metadata: None,
        external_ref: None,
    }
}

/// What a flow that makes such exports hears of where their contract stands, and whether it is told what takes its place.
async fn said_of(world: &World, export_type: &str) -> Vec<(Weight, bool)> {
    let around = world.engine.flow_surroundings(&world.admin).await.unwrap();
    let mut draft = testkit::order_flow(world.merchant.id).to_draft();
    draft.steps[0].kind = StepKind::EmitExport {
        export_type: export_type.into(),
        until: Until::Completed,
    };
    readiness(&draft, &around)
        .into_iter()
        .filter(|one| one.path == "/steps/0/export_type")
        .map(|one| (one.weight, one.fix.contains(TYPE)))
        .collect()
}

/// A contract that a person drew from nothing and published.
async fn alone(world: &World, triggers: Vec<ContractTrigger>) -> Contract {
    let (engine, admin) = (&world.engine, &world.admin);
    let begin = BeginContract::Empty {
        export_type: "stock_report".into(),
        title: "Stock report".into(),
    };
    let sheet = engine.begin_contract(admin, begin).await.unwrap();
    let draft = Contract {
        destination: "harbor-3pl".into(),
        schema: json!({ "type": "object" }),
        triggers,
        ..sheet.draft.clone()
    };
    engine
        .save_contract_draft(admin, "stock_report", 1, draft)
        .await
        .unwrap();
    let rail = engine.contract_rail(admin, "stock_report").await.unwrap();
    assert_eq!(rail.faults, []);
    engine
        .publish_contract_draft(admin, "stock_report", &rail.sheet.hash(), "It is needed")
        .await
        .unwrap()
}

on_every_store! {
    async fn a_draft_becomes_a_version_when_its_samples_say_so(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        let live = engine.contract_versions(admin, TYPE).await.unwrap().remove(0);
        let sample = |must| Sample {
            name: "Nobody to send it to".into(),
            must,
            payload: json!({ "lines": [] }),
        };
        let rail = drawn(&world, |draft| {
            draft.schema["required"] = json!(["ship_to"]);
            draft.samples = vec![sample(Must::Pass)];
        })
        .await;
        let said = &rail.samples[0].faults;
        assert!(said.iter().any(|fault| fault.sentence.contains("ship_to")), "{said:?}");
        assert_eq!(rail.faults[0].field, "samples/0");
        let hash = rail.sheet.hash();
        let refused = engine.publish_contract_draft(admin, TYPE, &hash, "Too early").await.unwrap_err();
        assert_eq!(refused.kind, Kind::Invalid);
        assert_eq!(refused.fields[0].field, "samples/0");
        // it must be refused, and it is: now it may be published
        let mut draft = rail.sheet.draft.clone();
        draft.samples = vec![sample(Must::Fail)];
        engine.save_contract_draft(admin, TYPE, rail.sheet.rev, draft).await.unwrap();
        let rail = engine.contract_rail(admin, TYPE).await.unwrap();
        let stale = engine.publish_contract_draft(admin, TYPE, &hash, "As I saw it").await.unwrap_err();
        assert_eq!(stale.kind, Kind::Conflict);
        let next = engine
            .publish_contract_draft(admin, TYPE, &rail.sheet.hash(), "An address is needed")
            .await
            .unwrap();
        let versions = engine.contract_versions(admin, TYPE).await.unwrap();
        assert_eq!((versions.len(), versions[0].id, &versions[1]), (2, next.id, &live));
        assert_eq!(next.publishing.note, "An address is needed");
        assert_eq!(engine.contract_draft(admin, TYPE).await.unwrap_err().kind, Kind::NotFound);
        // exports carry the version they were made under
        world.receives(&order(1)).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().contract_id, next.id);
    }

    async fn what_breaks_readers_takes_another_major_version(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        let rail = drawn(&world, |draft| draft.schema = json!({})).await;
        assert!(!rail.report.is_compatible());
        assert_eq!(rail.sheet.draft.version, "2.0", "it follows what the change deserves");
        assert!(rail.flows.iter().any(|one| one.key == "order-to-ship"), "{:?}", rail.flows);
        assert_eq!(rail.reads.len(), 1);
        let draft = Contract { version: "1.7".into(), ..rail.sheet.draft.clone() };
        engine.save_contract_draft(admin, TYPE, rail.sheet.rev, draft).await.unwrap();
        let rail = engine.contract_rail(admin, TYPE).await.unwrap();
        assert_eq!(rail.faults[0].field, "version");
    }

    async fn whoever_saves_second_overwrites_nothing(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        let rail = drawn(&world, |draft| draft.summary = "Mine".into()).await;
        let theirs = Contract { summary: "Theirs".into(), ..rail.sheet.draft.clone() };
        let saved = engine.save_contract_draft(admin, TYPE, 1, theirs).await.unwrap();
        assert!(matches!(saved, ContractSaved::Conflict(mine) if mine.draft.summary == "Mine"));
        // and what would blow up is not kept at all
        let mut bad = rail.sheet.draft.clone();
        bad.schema = json!({ "properties": { "a": { "pattern": "(a+)+$" } } });
        let refused = engine.save_contract_draft(admin, TYPE, rail.sheet.rev, bad).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "schema/properties/a/pattern");
        assert_eq!(engine.contract_draft(admin, TYPE).await.unwrap().rev, rail.sheet.rev);
    }

    async fn two_people_publish_where_the_merchant_says_so(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        engine.set_publishes_by_two(admin, true).await.unwrap();
        let rail = drawn(&world, |draft| draft.summary = "Clearer".into()).await;
        let hash = rail.sheet.hash();
        let alone = engine.publish_contract_draft(admin, TYPE, &hash, "By myself").await.unwrap_err();
        assert_eq!(alone.kind, Kind::Conflict);
        engine.ask_to_publish_contract(admin, TYPE, &hash, "It is clearer").await.unwrap();
        let own = engine.agree_to_publish_contract(admin, TYPE, &hash).await.unwrap_err();
        assert_eq!(own.kind, Kind::Forbidden);
        // any change takes the question back
        let draft = Contract { summary: "Clearest".into(), ..rail.sheet.draft.clone() };
        let rev = engine.contract_draft(admin, TYPE).await.unwrap().rev;
        engine.save_contract_draft(admin, TYPE, rev, draft).await.unwrap();
        let sheet = engine.contract_draft(admin, TYPE).await.unwrap();
        assert!(sheet.open_request().is_none() && sheet.hash() != hash);
    }

    async fn an_event_a_person_and_a_time_make_exports_without_a_flow(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        let daily = ContractTrigger::Schedule {
            days: (1..=7).collect(),
            at: "09:00".parse().unwrap(),
            time_zone: "Europe/Berlin".into(),
            input: Map::new(),
            sla_ms: 2 * HOUR,
        };
        let event = ContractTrigger::Event {
            event: EventKind::OrderAccepted,
            when: Condition::Always,
            sla_ms: 3 * HOUR,
        };
        let manual = ContractTrigger::Manual { sla_ms: HOUR };
        let contract = alone(&world, vec![event, daily, manual]).await;
        let mine = || async {
            let mut all = world.exports().await.unwrap();
            all.retain(|one| one.export_type == contract.export_type);
            all
        };
        world.receives(&order(1)).await.unwrap();
        let by_event = mine().await;
        assert_eq!(by_event.len(), 1);
        assert_eq!(by_event[0].subject_kind, "order");
        assert_eq!(by_event[0].resolve_by.since_ms(by_event[0].created_at), 3 * HOUR);
        // told again, it is the same event
        world.receives(&order(1).told_again("orders/updated", "2026-11-20T10:00:00Z")).await.unwrap();
        assert_eq!(mine().await.len(), 1);
        let asked = ManualExport {
            reference: "S-1".into(),
            title: "Before the audit".into(),
            ..ManualExport::default()
        };
        let run = engine.ask_for_export(admin, "stock_report", asked.clone()).await.unwrap();
        assert!(run.flow_key.starts_with(ERRAND));
        let again = engine.ask_for_export(admin, "stock_report", asked).await.unwrap_err();
        assert_eq!(again.fields[0].field, "reference");
        let before = mine().await.len();
        assert_eq!(before, 2);
        // two nights make two more
        world.advance(2 * DAY).await.unwrap();
        world.runs_due_work().await.unwrap();
        let all = mine().await;
        let scheduled: Vec<_> = all.iter().filter(|one| one.source_ref.starts_with("stock_report ")).collect();
        assert!((1..=2).contains(&scheduled.len()), "{}", scheduled.len());
        for one in scheduled {
            assert_eq!(one.resolve_by.since_ms(one.created_at), 2 * HOUR);
            assert!(one.source_ref.ends_with("09:00"), "{}", one.source_ref);
        }
        // the flow that carries them stands in no list
        assert!(engine.flows(admin).await.unwrap().iter().all(|flow| !flow.key.starts_with(ERRAND)));
    }

    async fn what_somebody_needs_is_not_retired_and_what_nobody_needs_ends_by_itself(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        let refused = engine.retire_contract(admin, TYPE, "Not wanted").await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.sentence.contains("Order to ship"), "{}", refused.sentence);
        alone(&world, vec![ContractTrigger::Manual { sla_ms: HOUR }]).await;
        let asked = |reference: &str| ManualExport {
            reference: reference.into(),
            title: "Mine".into(),
            ..ManualExport::default()
        };
        let long = serde_json::json!({ "n": [9_007_199_254_740_993_i64] });
        let long = ManualExport { input: long.as_object().unwrap().clone(), ..asked("a") };
        let refused = engine.ask_for_export(admin, "stock_report", long).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "input/n/0");
        engine.ask_for_export(admin, "stock_report", asked("a")).await.unwrap();
        let refused = engine.retire_contract(admin, "stock_report", "Not wanted").await.unwrap_err();
        assert!(refused.sentence.contains("not at the end"), "{}", refused.sentence);
        let said = Deprecation {
            until: engine.now().plus_ms(3 * DAY).to_string(),
            replacement: TYPE.into(),
            why: "Nobody reads it".into(),
        };
        let standing = engine.deprecate_contract(admin, "stock_report", said).await.unwrap();
        assert!(standing.words().contains("use fulfillment_request instead"));
        // two that end do not take each other's place
        let back = |until: &str| Deprecation {
            until: until.into(),
            replacement: "stock_report".into(),
            why: "Nobody reads it".into(),
        };
        let soon = engine.now().plus_ms(3 * DAY).to_string();
        for (until, field, says) in [
            (soon.as_str(), "replacement", "“stock_report” is deprecated until"),
            ("9999-12-31", "until", "within three years"),
            ("2027-02-30", "until", "Write a date"),
            ("1999-01-01", "until", "lies ahead"),
        ] {
            let refused = engine.deprecate_contract(admin, TYPE, back(until)).await.unwrap_err();
            assert_eq!(refused.fields[0].field, field, "{until}");
            assert!(refused.sentence.contains(says), "{}", refused.sentence);
        }
        // flows that are drawn on it are told
        assert_eq!(said_of(&world, "stock_report").await, [(Weight::Advises, true)]);
        assert_eq!(said_of(&world, TYPE).await, []);
        // it works as before until then
        engine.ask_for_export(admin, "stock_report", asked("b")).await.unwrap();
        world.runs_due_work().await.unwrap();
        for export in world.exports().await.unwrap() {
            if export.state != ExportState::Completed {
                world.acknowledges(export.id, done()).await.unwrap();
            }
        }
        world.advance(3 * DAY + MINUTE).await.unwrap();
        world.runs_due_work().await.unwrap();
        let standings = engine.contract_standings(admin).await.unwrap();
        assert!(standings[0].is_retired(), "{standings:?}");
        assert!(engine.contracts(admin).await.unwrap().iter().all(|one| one.export_type != "stock_report"));
        let gone = engine.ask_for_export(admin, "stock_report", asked("c")).await.unwrap_err();
        assert_eq!(gone.kind, Kind::NotFound);
        assert_eq!(said_of(&world, "stock_report").await, [(Weight::Blocks, true)]);
        engine.resume_contract(admin, "stock_report").await.unwrap();
        assert_eq!(said_of(&world, "stock_report").await, []);
        engine.ask_for_export(admin, "stock_report", asked("d")).await.unwrap();
    }

    async fn what_is_taken_back_into_use_has_one_clock(world: World) {
        let engine = &world.engine;
        let daily = ContractTrigger::Schedule {
            days: (1..=7).collect(),
            at: "09:00".parse().unwrap(),
            time_zone: "Europe/Berlin".into(),
            input: Map::new(),
            sla_ms: 2 * HOUR,
        };
        alone(&world, vec![daily]).await;
        // before its next time the clock from before still runs; after it, there is none
        for (stands_ms, armed) in [(0, 0), (2 * DAY, 1)] {
            let eyes = world.eyes().await.unwrap();
            engine.retire_contract(&eyes, "stock_report", "Not now").await.unwrap();
            world.advance(stands_ms).await.unwrap();
            let eyes = world.eyes().await.unwrap();
            let (_, before) = world.store.reads().await.unwrap().job_counts(eyes.now()).await.unwrap();
            engine.resume_contract(&eyes, "stock_report").await.unwrap();
            let (_, after) = world.store.reads().await.unwrap().job_counts(eyes.now()).await.unwrap();
            assert_eq!(after - before, armed, "{stands_ms}");
        }
    }

    async fn an_order_goes_on_when_what_was_declined_of_it_is_of_a_retired_contract(world: World) {
        let (engine, admin) = (&world.engine, &world.admin);
        let event = ContractTrigger::Event {
            event: EventKind::OrderAccepted,
            when: Condition::Always,
            sla_ms: HOUR,
        };
        let contract = alone(&world, vec![event]).await;
        world.receives(&order(1)).await.unwrap();
        let exports = world.exports().await.unwrap();
        let mine = exports.iter().find(|one| one.export_type == contract.export_type).unwrap();
        let mut declined = mine.clone();
        declined.state = ExportState::Declined;
        let kept = declined.clone();
        world.store.write(move |tx| Box::pin(async move { tx.save_export(&kept).await })).await.unwrap();
        engine.retire_contract(admin, "stock_report", "Not wanted").await.unwrap();
        let more = order(1).quantity(2).told_again("orders/updated", "2026-11-20T10:00:00Z");
        let told = world.receives(&more).await.unwrap();
        assert_eq!(world.receipt(told).await.unwrap().status, ReceiptStatus::Processed);
        let (still, _) = engine.export_chain(admin, declined.id).await.unwrap();
        assert_eq!(still.export.state, ExportState::Declined);
    }
}
