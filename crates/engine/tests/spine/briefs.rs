//! The life of a campaign brief: written, ready, short of goods, approved anew, live, over.

use domain::{
    brief::BriefState,
    contract::Contract,
    export::{Export, ExportState},
    flow::{Failure, Flow, Path, RunState, Step, StepKind, Undo, Until, ways},
    gate::{Gate, Untold},
    task::Unlock,
};
use engine::{BriefInput, Kind, SkuInput, TaskAct};
use testkit::{HOUR, Reply, complete, promo_contract, promo_flow};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const DAY: i64 = 24 * HOUR;

fn winter() -> BriefInput {
    BriefInput {
        campaign_id: "winter-kit-26".into(),
        title: "Winter Kit".into(),
        offer: "20 % off both kits".into(),
        terms: "While stock lasts.".into(),
        discount_percent: "20".into(),
        skus: "KIT-W-01 KIT-W-02".into(),
        keywords: "winter kit, camp kettle".into(),
        keywords_owner: "agency:marketing_ops".into(),
        creative_ids: "hero-1440".into(),
        landing_urls: "https://alderpine.example/winter".into(),
        starts_at: "2026-11-20T15:00".into(),
        ends_at: "2026-11-29T23:59".into(),
        note: "It is cold.".into(),
        ..BriefInput::default()
    }
}

/// Ten of each, or it is not asked; and what went live can be taken back.
async fn rules(world: &World) {
    let eyes = world.eyes().await.unwrap();
    let activation = Contract {
        id: Uuid::from_u128(960),
        version: "1.1".into(),
        published_at: eyes.now(),
        valid_for_ms: 20 * DAY,
        resolve_ms: 20 * DAY,
        gates: vec![Gate::StockAtLeast {
            at: "/skus/*".into(),
            units: 10,
            untold: Untold::Refused,
        }],
        ..promo_contract(world.merchant.id)
    };
    let rollback = Contract {
        id: Uuid::from_u128(961),
        export_type: "promo_rollback".into(),
        intent: "undo_it".into(),
        approval: Vec::new(),
        gates: Vec::new(),
        ..activation.clone()
    };
    let mut flow = Flow {
        id: Uuid::from_u128(962),
        version: 2,
        published_at: eyes.now(),
        ..promo_flow(world.merchant.id)
    };
    flow.steps[0].clock.resolve_ms = 20 * DAY;
    flow.steps[0].undo = Some(Undo::Export {
        export_type: "promo_rollback".into(),
    });
    for contract in [activation, rollback] {
        world
            .engine
            .publish_contract(&eyes, contract)
            .await
            .unwrap();
    }
    world.engine.publish_flow(&eyes, flow).await.unwrap();
}

/// Stock is held before anybody is asked, and let go by hand.
async fn holds_stock_first(world: &World, change: impl FnOnce(&mut Flow)) {
    let eyes = world.eyes().await.unwrap();
    let hold = Contract {
        id: Uuid::from_u128(963),
        export_type: "inventory_hold".into(),
        intent: "hold_it".into(),
        approval: Vec::new(),
        published_at: eyes.now(),
        ..promo_contract(world.merchant.id)
    };
    world.engine.publish_contract(&eyes, hold).await.unwrap();
    let mut flow = Flow {
        id: Uuid::from_u128(964),
        version: 3,
        published_at: eyes.now(),
        ..promo_flow(world.merchant.id)
    };
    flow.steps[0].clock.resolve_ms = 20 * DAY;
    let activate = &flow.steps[0];
    let kind = StepKind::EmitExport {
        export_type: "inventory_hold".into(),
        until: Until::Acknowledged,
    };
    let owners = (activate.owner.clone(), activate.backup.clone());
    let mut first = Step::new("hold_stock", "Hold the stock", owners, kind);
    first.undo = Some(Undo::Task {
        instruction: "Let the stock go.".into(),
    });
    flow.steps.insert(0, first);
    let mut flow = flow.in_a_row();
    change(&mut flow);
    let flow = complete(flow);
    world.engine.publish_flow(&eyes, flow).await.unwrap();
}

async fn stock(world: &World, units: i64) {
    let one = |sku: &str| SkuInput {
        sku: sku.into(),
        available: Some(units),
        ..SkuInput::default()
    };
    let eyes = world.eyes().await.unwrap();
    let told = vec![one("KIT-W-01"), one("KIT-W-02")];
    world.engine.tell_skus(&eyes, told).await.unwrap();
    world.runs_due_work().await.unwrap();
}

async fn current(world: &World) -> Export {
    let mut all = world.exports().await.unwrap();
    all.retain(|one| one.superseded_by.is_none() && one.export_type == "promo_activation");
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

async fn state(world: &World, id: Uuid) -> BriefState {
    let eyes = world.eyes().await.unwrap();
    world.engine.brief(&eyes, id).await.unwrap().brief.state
}

async fn written(world: &World) -> Uuid {
    rules(world).await;
    let priya = world.as_person("priya").await.unwrap();
    world.engine.write_brief(&priya, winter()).await.unwrap().id
}

async fn both_approve(world: &World) {
    let export = current(world).await;
    assert_eq!(
        export.state,
        ExportState::AwaitingApproval,
        "{:?}",
        export.qa
    );
    world.approves("mara", &export).await.unwrap();
    world.approves("jonas", &export).await.unwrap();
}

on_every_store! {
    async fn from_a_draft_to_its_end(world: World) {
        let id = written(&world).await;
        assert_eq!(state(&world, id).await, BriefState::Draft);
        assert!(world.exports().await.unwrap().is_empty(), "a draft asks nobody");
        stock(&world, 3).await;
        let priya = world.as_person("priya").await.unwrap();
        world.engine.ready_brief(&priya, id).await.unwrap();
        world.runs_due_work().await.unwrap();
        // too little: it pauses, and supply chain has it
        assert_eq!(state(&world, id).await, BriefState::Paused);
        let task = world.the_task("insufficient_inventory").await.unwrap();
        assert_eq!(task.owner.to_string(), "agency:supply_chain");
        assert!(task.sentence.contains("/payload/skus/0"), "{}", task.sentence);
        stock(&world, 40).await;
        assert_eq!(state(&world, id).await, BriefState::Ready);
        assert!(world.the_task("insufficient_inventory").await.unwrap().state.is_over());
        // one has approved, and the goods are gone again: both are asked anew when they are back
        let asked = current(&world).await;
        world.approves("mara", &asked).await.unwrap();
        stock(&world, 9).await;
        assert_eq!(state(&world, id).await, BriefState::Paused);
        assert_eq!(world.approves("jonas", &asked).await.unwrap_err().kind, Kind::Conflict);
        assert!(world.channel.sent().is_empty());
        stock(&world, 40).await;
        both_approve(&world).await;
        let live = current(&world).await;
        assert_eq!(world.channel.sent().len(), 1);
        assert_eq!(world.channel.sent()[0].json()["data"]["campaign_id"], "winter-kit-26");
        let done = engine::Ack {
            status: domain::delivery::AckStatus::Completed,
            exception_code: None, exception_metadata: None, external_ref: None,
        };
        world.acknowledges(live.id, done).await.unwrap();
        assert_eq!(state(&world, id).await, BriefState::Live);
        // its window ends on the 29th at 23:59
        world.channel.will_answer(Reply::Json(200, serde_json::json!({ "status": "completed" })));
        let ends = 9 * DAY + 14 * HOUR + 59 * 60_000;
        world.advance(ends - 1).await.unwrap();
        assert_eq!(state(&world, id).await, BriefState::Live);
        assert_eq!(world.channel.sent().len(), 1);
        world.advance(1).await.unwrap();
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[1].json()["data"]["export_type"], "promo_rollback");
        assert_eq!(sent[1].json()["data"]["campaign_id"], "winter-kit-26");
        assert_eq!(state(&world, id).await, BriefState::Ended);
        assert_eq!(current(&world).await.state, ExportState::Compensated);
        let chain = world.engine.brief(&world.eyes().await.unwrap(), id).await.unwrap();
        assert_eq!(chain.chain.unwrap().runs[0].run.state, RunState::Completed);
    }

    async fn a_change_of_a_ready_brief_is_approved_anew(world: World) {
        let id = written(&world).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        let tomas = world.as_person("tomas").await.unwrap();
        world.engine.ready_brief(&priya, id).await.unwrap();
        let asked = current(&world).await;
        world.approves("mara", &asked).await.unwrap();
        let cheaper = BriefInput { discount_percent: "30".into(), ..winter() };
        let late = world.engine.revise_brief(&tomas, id, 2, cheaper.clone()).await.unwrap_err();
        assert_eq!(late.kind, Kind::Conflict, "a version that he has not seen");
        let brief = world.engine.revise_brief(&tomas, id, 1, cheaper).await.unwrap();
        assert_eq!((brief.version, brief.ready_version), (2, Some(2)));
        assert!(asked.watchers.contains(&"agency:marketing_ops".parse().unwrap()), "whose keywords they are");
        let anew = current(&world).await;
        assert_eq!((anew.supersedes, anew.state), (Some(asked.id), ExportState::AwaitingApproval));
        assert_eq!(anew.author, Some(world.person("tomas").user.id), "who wrote this version");
        assert_eq!(world.approves("jonas", &asked).await.unwrap_err().kind, Kind::Conflict);
        assert!(world.channel.sent().is_empty());
        both_approve(&world).await;
        assert_eq!(world.channel.sent()[0].json()["data"]["payload"]["discount_percent"], 30);
        let versions = world.engine.brief(&world.eyes().await.unwrap(), id).await.unwrap().versions;
        let discounts: Vec<i64> = versions.iter().map(|one| one.content.discount_percent).collect();
        assert_eq!(discounts, [20, 30], "what was approved stays readable");
    }

    async fn a_change_of_a_refused_brief_is_approved_before_it_is_sent_again(world: World) {
        let id = written(&world).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        world.engine.ready_brief(&priya, id).await.unwrap();
        let no = serde_json::json!({ "status": "rejected", "exception_code": "insufficient_inventory" });
        world.channel.will_answer(Reply::Json(422, no));
        both_approve(&world).await;
        let refused = current(&world).await;
        assert_eq!((refused.state, state(&world, id).await), (ExportState::Rejected, BriefState::Paused));
        let tomas = world.as_person("tomas").await.unwrap();
        let cheaper = BriefInput { discount_percent: "50".into(), ..winter() };
        world.engine.revise_brief(&tomas, id, 1, cheaper).await.unwrap();
        let task = world.the_task("insufficient_inventory").await.unwrap();
        world.acts("jonas", task.id, TaskAct::Resolve { note: "More came in".into() }).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1, "nobody approved what it says now");
        assert_eq!(current(&world).await.supersedes, Some(refused.id));
        both_approve(&world).await;
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[1].json()["data"]["payload"]["discount_percent"], 50);
    }

    async fn whoever_wrote_any_version_of_it_approves_none(world: World) {
        let id = written(&world).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        let tomas = world.as_person("tomas").await.unwrap();
        let fixed = BriefInput { note: "It is very cold.".into(), ..winter() };
        world.engine.revise_brief(&tomas, id, 1, fixed).await.unwrap();
        world.engine.ready_brief(&tomas, id).await.unwrap();
        let asked = current(&world).await;
        let (priya_id, tomas_id) = (world.person("priya").user.id, world.person("tomas").user.id);
        assert_eq!((asked.author, asked.also_authors.clone()), (Some(tomas_id), vec![priya_id]));
        let own = world.approves("priya", &asked).await.unwrap_err();
        assert_eq!(own.kind, Kind::Forbidden, "almost all of it is hers: {own}");
        // nor when another wrote over it once more after it was ready
        let cheaper = BriefInput { discount_percent: "30".into(), ..winter() };
        world.engine.revise_brief(&tomas, id, 2, cheaper).await.unwrap();
        let anew = current(&world).await;
        assert_eq!(world.approves("priya", &anew).await.unwrap_err().kind, Kind::Forbidden);
        let first = &world.approvals_of(anew.id).await.unwrap()[0];
        let talk = domain::approval::Voice::from(priya.member().unwrap().1);
        let to = domain::owner::Owner::User(priya_id);
        let passed = first.clone().reassign((tomas_id, Some(&talk)), &to, "", (&[], priya.now()));
        assert_eq!(passed.unwrap_err(), domain::approval::CannotTalk::Author);
        both_approve(&world).await;
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn a_window_that_ends_before_anybody_approved_ends_the_brief(world: World) {
        let id = written(&world).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        world.engine.ready_brief(&priya, id).await.unwrap();
        let longer = BriefInput { ends_at: "2026-11-30T23:59".into(), ..winter() };
        world.engine.revise_brief(&priya, id, 1, longer).await.unwrap();
        // the end it had first does nothing any more
        world.advance(9 * DAY + 14 * HOUR + 59 * 60_000).await.unwrap();
        assert!(!state(&world, id).await.is_over());
        world.advance(DAY).await.unwrap();
        assert_eq!(state(&world, id).await, BriefState::Ended);
        assert!(world.channel.sent().is_empty());
    }

    async fn what_nobody_approved_was_never_live(world: World) {
        rules(&world).await;
        holds_stock_first(&world, |_| {}).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        let id = world.engine.write_brief(&priya, winter()).await.unwrap().id;
        world.engine.ready_brief(&priya, id).await.unwrap();
        world.runs_due_work().await.unwrap();
        world.advance(5 * DAY).await.unwrap();
        assert_eq!(current(&world).await.state, ExportState::Expired);
        assert_eq!(state(&world, id).await, BriefState::Ready);
        world.advance(5 * DAY).await.unwrap();
        let ended = world.engine.brief(&world.eyes().await.unwrap(), id).await.unwrap();
        assert_eq!(ended.chain.unwrap().runs[0].run.state, RunState::Undoing, "the stock is to be let go");
        assert_eq!((ended.brief.state, ended.brief.because.as_deref()), (BriefState::Ended, Some("its window is over")));
        let mut tasks = world.tasks().await.unwrap();
        tasks.retain(|task| task.unlock == Unlock::FinishUndo);
        world.acts("jonas", tasks[0].id, TaskAct::Resolve { note: "It is free again".into() }).await.unwrap();
        let over = world.engine.brief(&world.eyes().await.unwrap(), id).await.unwrap();
        assert_eq!(over.chain.unwrap().runs[0].run.state, RunState::Completed);
        assert_eq!(over.brief.state, BriefState::Ended);
        let said: Vec<String> = world.trail().await.unwrap().into_iter().map(|entry| entry.action).collect();
        assert!(said.contains(&"brief.ended".to_owned()) && !said.contains(&"brief.live".to_owned()), "{said:?}");
    }

    async fn a_flow_that_goes_around_its_activation_makes_nothing_live(world: World) {
        rules(&world).await;
        holds_stock_first(&world, |flow| {
            flow.steps.swap(0, 1);
            flow.start = vec!["activate".into()];
            flow.steps[0].exits[0].to.clear();
            flow.steps[1].exits[0].to.clear();
            flow.steps[0].failures = vec![Failure {
                on: ways::EXPIRED.into(), retries: 0, retry_after_ms: 0, path: Path::Go { to: "hold_stock".into() },
            }];
        }).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        let id = world.engine.write_brief(&priya, winter()).await.unwrap().id;
        world.engine.ready_brief(&priya, id).await.unwrap();
        world.advance(5 * DAY).await.unwrap();
        assert_eq!(current(&world).await.state, ExportState::Expired);
        let now = world.engine.brief(&world.eyes().await.unwrap(), id).await.unwrap();
        assert_eq!(now.chain.unwrap().runs[0].run.state, RunState::Completed);
        assert_eq!(now.brief.state, BriefState::Ready);
        assert!(now.brief.because.unwrap().contains("no activation"));
    }

    async fn what_is_live_is_taken_back_at_its_end_though_its_run_was_cancelled(world: World) {
        rules(&world).await;
        holds_stock_first(&world, |flow| {
            flow.steps.swap(0, 1);
            flow.start = vec!["activate".into()];
            flow.steps[0].exits[0].to = vec!["hold_stock".into()];
            flow.steps[0].undo = Some(Undo::Export { export_type: "promo_rollback".into() });
            flow.steps[1].exits[0].to.clear();
        }).await;
        stock(&world, 40).await;
        let priya = world.as_person("priya").await.unwrap();
        let id = world.engine.write_brief(&priya, winter()).await.unwrap().id;
        world.engine.ready_brief(&priya, id).await.unwrap();
        world.runs_due_work().await.unwrap();
        both_approve(&world).await;
        let live = current(&world).await;
        let done = engine::Ack {
            status: domain::delivery::AckStatus::Completed,
            exception_code: None, exception_metadata: None, external_ref: None,
        };
        // the next step waits for its destination
        world.channel.will_answer(Reply::Status(202));
        world.acknowledges(live.id, done).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(state(&world, id).await, BriefState::Live);
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.cancel_run(&jonas, live.run_id, "The stock is held by hand").await.unwrap();
        assert_eq!(state(&world, id).await, BriefState::Live, "the offer stands");
        world.advance(9 * DAY + 14 * HOUR + 59 * 60_000).await.unwrap();
        let mut tasks = world.tasks().await.unwrap();
        tasks.retain(|task| task.unlock == Unlock::FinishUndo);
        world.channel.will_answer(Reply::Json(200, serde_json::json!({ "status": "completed" })));
        world.acts("jonas", tasks[0].id, TaskAct::Resolve { note: "It is free again".into() }).await.unwrap();
        let sent = world.channel.sent();
        let types: Vec<String> = sent.iter().map(|one| one.json()["data"]["export_type"].as_str().unwrap().to_owned()).collect();
        assert_eq!(types, ["promo_activation", "inventory_hold", "promo_rollback"]);
        assert_eq!(state(&world, id).await, BriefState::Ended);
    }

    async fn a_brief_that_is_wrong_is_told_where(world: World) {
        rules(&world).await;
        let priya = world.as_person("priya").await.unwrap();
        let wrong = BriefInput {
            campaign_id: "Winter Kit".into(), title: String::new(), skus: " ,, ".into(), discount_percent: "ninety".into(),
            keywords_owner: String::new(), landing_urls: "http://plain.example".into(), starts_at: "soon".into(), ..winter()
        };
        let refused = world.engine.write_brief(&priya, wrong).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["campaign_id", "title", "skus", "landing_url", "keywords_owner", "discount_percent", "starts_at"]);
        let nobody = BriefInput { keywords_owner: "agency:finance_ops".into(), ..winter() };
        let refused = world.engine.write_brief(&priya, nobody).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "keywords_owner");
        let id = world.engine.write_brief(&priya, winter()).await.unwrap().id;
        let twice = world.engine.write_brief(&priya, winter()).await.unwrap_err();
        assert_eq!(twice.fields[0].field, "campaign_id");
        world.engine.end_brief(&priya, id, "changed our minds").await.unwrap();
        assert_eq!(state(&world, id).await, BriefState::Withdrawn);
        assert_eq!(world.engine.ready_brief(&priya, id).await.unwrap_err().kind, Kind::Conflict);
    }
}
