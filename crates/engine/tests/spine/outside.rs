//! A party from outside sees what is theirs: every look at everything else finds nothing.

use domain::{
    access::Access,
    approval::{ApprovalState, Decision},
    contract::{ApprovalCondition, ApprovalRule, ApprovalStep, Contract},
    export::{Export, ExportState},
    flow::{Flow, Trigger},
    gate::Gate,
    owner::{Owner, Party},
    people::Membership,
};
use engine::{
    ApprovalAct, CampaignInput, Change, Ctx, DestinationInput, Error, Kind, Result, StartInput,
    TaskAct,
    port::{AuditFilter, ListFilter},
};
use testkit::{MINUTE, fulfillment_contract, order, order_flow, promo_contract};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const THREE_PL: &str = "3pl:logistics";

fn all() -> ListFilter {
    ListFilter {
        limit: 200,
        ..ListFilter::default()
    }
}

fn missing<T>(answer: Result<T>) {
    let error: Error = answer.err().unwrap();
    assert_eq!(error.kind, Kind::NotFound, "{}", error.sentence);
}

fn asks(owner: Owner) -> Vec<ApprovalRule> {
    vec![ApprovalRule {
        when: ApprovalCondition::Always,
        steps: vec![ApprovalStep::of(
            owner,
            Owner::role(Party::Agency, "finance"),
            15 * MINUTE,
        )],
        critical: false,
    }]
}

/// The merchant's own.
async fn storefront(world: &World) {
    let destination = DestinationInput {
        key: "storefront".into(),
        name: "Storefront".into(),
        system: "storefront".into(),
        party: Party::Merchant,
        url: "http://127.0.0.1:3100/storefront".into(),
        secret: None,
    };
    let engine = &world.engine;
    engine
        .create_destination(&world.admin, destination)
        .await
        .unwrap();
}

async fn promotions_go_to_the_storefront(world: &World, asked: Owner) {
    storefront(world).await;
    let contract = Contract {
        id: Uuid::from_u128(910),
        version: "1.1".into(),
        destination: "storefront".into(),
        approval: asks(asked),
        ..promo_contract(world.merchant.id)
    };
    let engine = &world.engine;
    engine
        .publish_contract(&world.admin, contract)
        .await
        .unwrap();
}

/// Fulfillment requests under another version of their contract.
pub(crate) async fn fulfillment(world: &World, n: u128, change: impl FnOnce(&mut Contract)) {
    let eyes = world.eyes().await.unwrap();
    let mut contract = Contract {
        id: Uuid::from_u128(950 + n),
        version: format!("1.{n}"),
        published_at: eyes.now(),
        ..fulfillment_contract(world.merchant.id)
    };
    change(&mut contract);
    let engine = &world.engine;
    engine.publish_contract(&eyes, contract).await.unwrap();
}

fn says(approve: bool, export: &Export) -> Decision {
    Decision {
        approve,
        note: Some("because".into()),
        seen_hash: export.content_hash.clone(),
        step: None,
    }
}

/// The one answer about whoever is not theirs to name, whether or not there is such a one.
fn is_nobody<T>(answer: Result<T>) {
    let error = answer.err().unwrap();
    assert_eq!(error.kind, Kind::Invalid, "{error:?}");
    let said = &error.fields[0].sentence;
    assert!(
        said.starts_with("Choose somebody on your own side"),
        "{said}"
    );
}

async fn promotion(world: &World) -> Export {
    let brief = CampaignInput {
        campaign_id: "winter-kit-26".into(),
        title: "Winter Kit".into(),
        offer: "20 % off both kits".into(),
        discount_percent: "20".into(),
        skus: "KIT-W-01".into(),
        landing_url: "https://alderpine.example/winter".into(),
        starts_at: "2026-11-20T15:00".into(),
        ends_at: "2026-11-29T23:59".into(),
        note: String::new(),
    };
    let mara = world.as_person("mara").await.unwrap();
    world
        .engine
        .start_campaign(&mara, "promotion-go-live", brief)
        .await
        .unwrap();
    let exports = world.exports().await.unwrap();
    exports
        .into_iter()
        .find(|one| one.export_type == "promo_activation")
        .unwrap()
}

async fn agency_task(world: &World, promo: &Export) -> Uuid {
    let approval = &world.approvals_of(promo.id).await.unwrap()[0];
    assert!(approval.accept_by.is_some());
    world.advance(16 * MINUTE).await.unwrap();
    world.the_task("approval_timeout").await.unwrap().id
}

/// An approver of the 3PL.
pub(crate) async fn theo(world: &World) -> Ctx {
    of_the_3pl(world, ("theo", "Theo Vance"), Access::Approver, "logistics").await
}

async fn of_the_3pl(world: &World, (key, name): (&str, &str), access: Access, role: &str) -> Ctx {
    let engine = &world.engine;
    let user = engine
        .create_user(&format!("{key}@harbor.example"), name, "correct horse")
        .await
        .unwrap();
    let membership = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access,
        party: Party::ThreePl,
        functional_roles: vec![role.into()],
        rotations: Vec::new(),
    };
    engine.add_member(membership).await.unwrap();
    engine
        .enter(user.id, &world.merchant.slug, None)
        .await
        .unwrap()
}

on_every_store! {
    async fn a_3pl_sees_the_exports_that_go_to_it_and_nothing_else(world: World) {
        promotions_go_to_the_storefront(&world, Owner::role(Party::Agency, "operations")).await;
        let receipt = world.receives(&order(1)).await.unwrap();
        let promo = promotion(&world).await;
        let task = agency_task(&world, &promo).await;
        let hana = world.as_person("hana").await.unwrap();
        let engine = &world.engine;
        let found = engine.exports(&hana, &all()).await.unwrap();
        assert_eq!(found.len(), 1);
        let own = &found[0];
        assert_eq!(own.export_type, "fulfillment_request");
        let (chain, around) = engine.export_chain(&hana, own.id).await.unwrap();
        assert!(!chain.attempts.is_empty());
        assert!(around.order.is_none() && around.receipts.is_empty() && around.events.is_empty());
        assert_eq!(around.exports().count(), 1);
        assert!(engine.export_wire(&hana, own.id).await.unwrap().is_some());
        assert!(!engine.history(&hana, "export", own.id, 9).await.unwrap().is_empty());

        missing(engine.export_chain(&hana, promo.id).await);
        missing(engine.export_wire(&hana, promo.id).await);
        missing(engine.history(&hana, "export", promo.id, 9).await);
        missing(engine.history(&hana, "order", own.subject_id, 9).await);
        missing(engine.order_chain(&hana, own.subject_id).await);
        missing(engine.orders(&hana, &all()).await);
        missing(engine.under_way(&hana, &[own.subject_id]).await);
        missing(engine.receipts(&hana, &all()).await);
        missing(engine.receipt_chain(&hana, receipt).await);
        missing(engine.receipt_body(&hana, receipt).await);
        missing(engine.flows(&hana).await);
        missing(engine.contracts(&hana).await);
        missing(engine.contract(&hana, own.contract_id).await);
        missing(engine.exports_of_run(&hana, own.run_id).await);
        missing(engine.audit(&hana, &AuditFilter::default()).await);
        missing(engine.begin_trail_export(&hana).await);
        missing(engine.team(&hana).await);
        missing(engine.tokens(&hana).await);
        missing(engine.merchant_facts(&hana).await);
        assert!(engine.tasks(&hana, &all()).await.unwrap().is_empty());
        assert!(engine.approvals(&hana, &all()).await.unwrap().is_empty());
        missing(engine.task(&hana, task).await);
        missing(engine.act_on_task(&hana, task, TaskAct::Claim).await);
        let approval = world.approvals_of(promo.id).await.unwrap()[0].id;
        missing(engine.approval(&hana, approval).await);
        let theo = theo(&world).await;
        let decision = Decision { approve: true, note: None, seen_hash: promo.content_hash.clone(), step: None };
        missing(engine.decide(&theo, promo.id, decision).await);
        // their own export they see, but taking it back is not theirs
        let refused = engine.withdraw(&hana, own.id, "because").await.unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden);
    }

    async fn a_task_given_to_the_3pl_is_theirs_until_it_is_given_back(world: World) {
        promotions_go_to_the_storefront(&world, Owner::role(Party::Agency, "operations")).await;
        let promo = promotion(&world).await;
        let task = agency_task(&world, &promo).await;
        let engine = &world.engine;
        let member = |ctx: &Ctx| ctx.member().map(|(user, member)| (user.clone(), member.clone())).unwrap();
        let (user, place) = member(&world.as_person("hana").await.unwrap());
        let places = [(world.merchant.clone(), place.clone())];
        let queue = async || engine.queue(&user, &places, None).await.unwrap();
        let change = Change {
            merchant_id: world.merchant.id,
            action: "task.reassigned".into(),
            subject_kind: "task",
            subject_id: task,
        };
        let nothing = queue().await;
        assert!(nothing.items.is_empty() && nothing.live_tasks.is_empty() && nothing.next_elsewhere.is_none());
        assert!(!engine.is_told(&place, &change).await.unwrap());

        world.acts("tomas", task, TaskAct::Reassign { to: THREE_PL.parse().unwrap() }).await.unwrap();
        let theirs = queue().await;
        assert_eq!((theirs.items.len(), theirs.live_tasks.values().sum::<usize>()), (1, 1));
        assert!(engine.is_told(&place, &change).await.unwrap());
        for other in ["receipt", "order", "run", "flow", "member", "token", "export"] {
            let change = Change { subject_kind: other, ..change.clone() };
            assert!(!engine.is_told(&place, &change).await.unwrap(), "{other}");
        }
        let hana = world.as_person("hana").await.unwrap();
        assert_eq!(engine.tasks(&hana, &all()).await.unwrap().len(), 1);
        // what it is about goes to the storefront, and is still none of their business
        missing(engine.export_chain(&hana, promo.id).await);
        world.acts("hana", task, TaskAct::Claim).await.unwrap();
        let back = TaskAct::Reassign { to: Owner::role(Party::Agency, "operations") };
        world.acts("hana", task, back).await.unwrap();
        missing(engine.task(&world.as_person("hana").await.unwrap(), task).await);
        assert!(queue().await.items.is_empty());
    }

    async fn what_the_agency_asks_among_itself_hangs_on_no_export_of_theirs(world: World) {
        world.receives(&order(1).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        let hana = world.as_person("hana").await.unwrap();
        let engine = &world.engine;
        let asked = world.approvals_of(export.id).await.unwrap();
        assert_eq!(asked.len(), 1);
        world.advance(16 * MINUTE).await.unwrap();
        let task = world.the_task("approval_timeout").await.unwrap().id;
        let hers = async || {
            let (chain, around) = engine.export_chain(&hana, export.id).await.unwrap();
            let within = around.exports().next().unwrap();
            assert_eq!(
                (within.approvals.len(), within.tasks.len()),
                (chain.approvals.len(), chain.tasks.len())
            );
            (chain.approvals.len(), chain.tasks.len())
        };
        assert_eq!(hers().await, (0, 0));
        let whole = engine.export_chain(&world.eyes().await.unwrap(), export.id).await.unwrap().0;
        assert_eq!((whole.approvals.len(), whole.tasks.len()), (1, 1));
        world.acts("tomas", task, TaskAct::Reassign { to: THREE_PL.parse().unwrap() }).await.unwrap();
        assert_eq!(hers().await, (0, 1), "the task is theirs now");
    }

    async fn what_the_agency_decides_among_itself_no_approver_outside_hears_of(world: World) {
        let theo = theo(&world).await;
        let engine = &world.engine;
        let hears_nothing = async |export: &Export| {
            let step = Some(world.approvals_of(export.id).await.unwrap()[0].id);
            for decision in [
                says(true, export),
                says(false, export),
                Decision { step, ..says(true, export) },
            ] {
                let refused = engine.decide(&theo, export.id, decision).await.unwrap_err();
                let said = (refused.kind, &*refused.sentence);
                assert_eq!(said, (Kind::Conflict, "No approval is asked for this export."));
            }
        };
        world.receives(&order(1).total("900.00")).await.unwrap();
        let first = world.the_export().await.unwrap();
        hears_nothing(&first).await;
        world.declines("jonas", &first, "margin too thin").await.unwrap();
        hears_nothing(&first).await;
        world.receives(&order(2).total("900.00")).await.unwrap();
        let second = world.exports().await.unwrap().remove(0);
        assert_ne!(second.id, first.id);
        engine.withdraw(&world.eyes().await.unwrap(), second.id, "cheaper elsewhere").await.unwrap();
        hears_nothing(&second).await;
    }

    async fn an_approver_outside_hears_of_their_own_step_and_of_no_other(world: World) {
        let theo = theo(&world).await;
        let finance = || Owner::role(Party::Agency, "finance");
        let step = |owner| ApprovalStep::of(owner, finance(), 15 * MINUTE);
        fulfillment(&world, 1, |contract| {
            let operations = Owner::role(Party::Agency, "operations");
            contract.approval = vec![ApprovalRule {
                when: ApprovalCondition::Always,
                steps: vec![step(THREE_PL.parse().unwrap()), step(operations)],
                critical: false,
            }];
        }).await;
        world.receives(&order(1)).await.unwrap();
        let export = world.the_export().await.unwrap();
        let engine = &world.engine;
        let state = engine.decide(&theo, export.id, says(true, &export)).await.unwrap();
        assert_eq!(state, ExportState::AwaitingApproval);
        let late = async || engine.decide(&theo, export.id, says(true, &export)).await.unwrap_err().sentence;
        assert!(late().await.starts_with("Theo Vance approved this already"));
        world.declines("jonas", &export, "margin too thin").await.unwrap();
        assert!(late().await.starts_with("Theo Vance approved this already"));
        // the agency hears how it ended
        let jonas = world.as_person("jonas").await.unwrap();
        let told = engine.decide(&jonas, export.id, says(true, &export)).await.unwrap_err().sentence;
        assert!(told.contains("margin too thin"), "{told}");
    }

    async fn an_approver_outside_names_their_own_side_and_whom_the_approval_names(world: World) {
        let theo = theo(&world).await;
        let vera = of_the_3pl(&world, ("vera", "Vera Lund"), Access::Admin, "dock").await;
        promotions_go_to_the_storefront(&world, THREE_PL.parse().unwrap()).await;
        let promo = promotion(&world).await;
        let approval = world.approvals_of(promo.id).await.unwrap().remove(0);
        let engine = &world.engine;
        let person = |name: &str| world.person(name).user.id;
        let acts = async |act| engine.act_on_approval(&theo, approval.id, act).await;
        let passes = async |to: &str| {
            acts(ApprovalAct::Reassign { to: to.parse().unwrap(), why: String::new() }).await
        };
        let asks = async |to| acts(ApprovalAct::Ask { to, text: "Is it on the shelf?".into() }).await;
        for stranger in [person("jonas"), person("tomas"), Uuid::from_u128(9)] {
            is_nobody(asks(stranger).await);
            is_nobody(passes(&format!("user:{stranger}")).await);
        }
        for owner in ["agency:operations", "agency:nothing", "carrier:logistics", "rotation:night-desk"] {
            is_nobody(passes(owner).await);
        }
        // an admin over there is none here
        let takes = ApprovalAct::Reassign { to: Owner::User(vera.user_id().unwrap()), why: String::new() };
        let refused = engine.act_on_approval(&vera, approval.id, takes).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden, "{refused:?}");
        // who backs them up, and who wrote it
        asks(person("mara")).await.unwrap();
        acts(ApprovalAct::Comment { text: "Thank you".into() }).await.unwrap();
        passes(&format!("user:{}", vera.user_id().unwrap())).await.unwrap();
        let mine = ApprovalAct::Reassign { to: Owner::role(Party::Agency, "finance"), why: String::new() };
        engine.act_on_approval(&vera, approval.id, mine).await.unwrap();
        missing(engine.approval(&theo, approval.id).await);
        let now = world.approvals_of(promo.id).await.unwrap().remove(0);
        assert_eq!((now.state, now.owner.to_string()), (ApprovalState::Pending, "agency:finance".to_owned()));
    }

    async fn from_outside_a_task_goes_to_ones_own_side_and_to_whom_it_names(world: World) {
        let theo = theo(&world).await;
        promotions_go_to_the_storefront(&world, Owner::role(Party::Agency, "operations")).await;
        let promo = promotion(&world).await;
        let task = agency_task(&world, &promo).await;
        world.acts("tomas", task, TaskAct::Reassign { to: THREE_PL.parse().unwrap() }).await.unwrap();
        let hana = world.as_person("hana").await.unwrap();
        let give = async |to: Owner| world.engine.act_on_task(&hana, task, TaskAct::Reassign { to }).await;
        for stranger in [world.person("mara").user.id, Uuid::from_u128(9)] {
            is_nobody(give(Owner::User(stranger)).await);
        }
        for owner in ["carrier:logistics", "agency:marketing_ops", "agency:nothing", "rotation:night-desk"] {
            is_nobody(give(owner.parse().unwrap()).await);
        }
        give(Owner::User(theo.user_id().unwrap())).await.unwrap();
        let back = TaskAct::Reassign { to: Owner::role(Party::Agency, "operations") };
        world.engine.act_on_task(&theo, task, back).await.unwrap();
        missing(world.engine.task(&theo, task).await);
    }

    async fn a_failed_check_names_no_export_that_the_reader_does_not_see(world: World) {
        let again = Flow {
            id: Uuid::from_u128(960), key: "again".into(), trigger: Trigger::Manual, ..order_flow(world.merchant.id)
        };
        world.engine.publish_flow(&world.eyes().await.unwrap(), again).await.unwrap();
        storefront(&world).await;
        fulfillment(&world, 1, |contract| {
            contract.destination = "storefront".into();
            contract.titled = "Secret bundle".into();
        }).await;
        world.receives(&order(1).total("900.00")).await.unwrap();
        let hidden = world.the_export().await.unwrap();
        fulfillment(&world, 2, |contract| {
            contract.gates = vec![Gate::OnlyOne { intents: vec!["do_it".into()] }];
            contract.idempotency.push("run_id".into());
        }).await;
        let eyes = world.eyes().await.unwrap();
        let engine = &world.engine;
        engine.start_flow(&eyes, "again", StartInput::Order(hidden.subject_id)).await.unwrap();
        world.runs_due_work().await.unwrap();
        let held = world.exports().await.unwrap().into_iter().find(|one| one.id != hidden.id).unwrap();
        assert_eq!(held.state, ExportState::Quarantined, "{:?}", held.qa);
        let task = world.the_task("qa_failed").await.unwrap();
        world.acts("jonas", task.id, TaskAct::Reassign { to: THREE_PL.parse().unwrap() }).await.unwrap();

        let hana = world.as_person("hana").await.unwrap();
        missing(engine.export_chain(&hana, hidden.id).await);
        let (chain, around) = engine.export_chain(&hana, held.id).await.unwrap();
        let listed = engine.exports(&hana, &all()).await.unwrap();
        let task = engine.task(&hana, task.id).await.unwrap();
        let tasks = engine.tasks(&hana, &all()).await.unwrap();
        let claimed = engine.act_on_task(&hana, task.id, TaskAct::Claim).await.unwrap();
        let shown = [
            format!("{:?} {:?}", chain.export.qa, chain.tasks),
            format!("{:?}", around.exports().map(|one| (&one.export.qa, &one.tasks)).collect::<Vec<_>>()),
            format!("{:?}", listed.iter().map(|one| &one.qa).collect::<Vec<_>>()),
            format!("{task:?} {tasks:?} {claimed:?}"),
        ];
        for shown in shown {
            assert!(shown.contains("Another export of the same subject is under way"), "{shown}");
            assert!(!shown.contains(&hidden.id.to_string()) && !shown.contains("Secret bundle"), "{shown}");
        }
        // whoever sees it is led to it
        let jonas = world.as_person("jonas").await.unwrap();
        let whole = engine.export_chain(&jonas, held.id).await.unwrap().0.export;
        assert!(whole.qa.iter().flat_map(|one| &one.faults).any(|fault| fault.export == Some(hidden.id)));
        let link = Some(("export".to_owned(), hidden.id.to_string()));
        let task = engine.task(&jonas, task.id).await.unwrap();
        assert!(task.evidence.iter().any(|one| one.link == link), "{task:?}");
    }

    async fn whoever_is_asked_sees_what_they_are_asked_about(world: World) {
        theo(&world).await;
        promotions_go_to_the_storefront(&world, THREE_PL.parse().unwrap()).await;
        let promo = promotion(&world).await;
        let engine = &world.engine;
        let (theo, hana) = {
            let rules = engine.rules_of(world.merchant.id).await.unwrap();
            let id = rules.members.iter().find(|(user, _)| user.name == "Theo Vance").unwrap().0.id;
            let theo = engine.enter(id, &world.merchant.slug, None).await.unwrap();
            (theo, world.as_person("hana").await.unwrap())
        };
        let asked = engine.approvals(&theo, &all()).await.unwrap();
        assert_eq!(asked.len(), 1);
        assert_eq!(engine.exports(&theo, &all()).await.unwrap()[0].id, promo.id);
        assert_eq!(engine.export_chain(&theo, promo.id).await.unwrap().0.export.id, promo.id);
        // of the same side, but an operator decides nothing
        let decision = Decision { approve: true, note: None, seen_hash: promo.content_hash.clone(), step: None };
        let refused = engine.decide(&hana, promo.id, decision.clone()).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden);
        assert_eq!(engine.decide(&theo, promo.id, decision).await.unwrap(), ExportState::Ready);
    }
}
