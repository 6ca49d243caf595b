//! A party from outside sees what is theirs: every look at everything else finds nothing.

use domain::{
    access::Access,
    approval::Decision,
    contract::{ApprovalCondition, ApprovalRule, ApprovalStep, Contract},
    export::{Export, ExportState},
    owner::{Owner, Party},
    people::Membership,
};
use engine::{
    ApprovalAct, CampaignInput, Change, Ctx, DestinationInput, Error, Kind, Result, TaskAct,
    port::{AuditFilter, ListFilter},
};
use testkit::{MINUTE, order, promo_contract};
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

fn asks(owner: Owner, backup: Owner) -> Vec<ApprovalRule> {
    vec![ApprovalRule {
        when: ApprovalCondition::Always,
        steps: vec![ApprovalStep::of(owner, backup, 15 * MINUTE)],
        critical: false,
    }]
}

/// Promotions go to the storefront, which is the merchant's own.
async fn promotions_go_to_the_storefront(world: &World, asked: Owner) {
    let finance = Owner::role(Party::Agency, "finance");
    promotions_ask(world, asked, finance).await;
}

async fn promotions_ask(world: &World, asked: Owner, backup: Owner) {
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
    let contract = Contract {
        id: Uuid::from_u128(910),
        version: "1.1".into(),
        destination: "storefront".into(),
        approval: asks(asked, backup),
        ..promo_contract(world.merchant.id)
    };
    engine
        .publish_contract(&world.admin, contract)
        .await
        .unwrap();
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

async fn theo(world: &World, access: Access) -> Ctx {
    let engine = &world.engine;
    let user = engine
        .create_user("theo@harbor.example", "Theo Vance", "correct horse")
        .await
        .unwrap();
    let membership = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access,
        party: Party::ThreePl,
        functional_roles: vec!["logistics".into()],
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
        let theo = theo(&world, Access::Approver).await;
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

    async fn an_admin_from_outside_takes_nothing_over(world: World) {
        let operations = Owner::role(Party::Agency, "operations");
        promotions_ask(&world, operations.clone(), THREE_PL.parse().unwrap()).await;
        let promo = promotion(&world).await;
        let theo = theo(&world, Access::Admin).await;
        let engine = &world.engine;
        let asked = world.approvals_of(promo.id).await.unwrap()[0].id;
        assert_eq!(engine.approval(&theo, asked).await.unwrap().owner, operations);
        let to_himself = ApprovalAct::Reassign {
            to: Owner::User(theo.user_id().unwrap()),
            why: "I have time".into(),
        };
        engine.act_on_approval(&theo, asked, to_himself).await.unwrap_err();
        let decision = Decision { approve: true, note: None, seen_hash: promo.content_hash.clone(), step: None };
        engine.decide(&theo, promo.id, decision).await.unwrap_err();
        assert_eq!(world.approvals_of(promo.id).await.unwrap()[0].owner, operations);
        // and where nobody else is left to be asked, no task of the agency's falls to him
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        let runs: Vec<Uuid> = rules.members.iter().filter(|(_, one)| one.runs_it()).map(|(user, _)| user.id).collect();
        assert!(!runs.contains(&theo.user_id().unwrap()));
    }

    async fn whoever_is_asked_sees_what_they_are_asked_about(world: World) {
        theo(&world, Access::Approver).await;
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
