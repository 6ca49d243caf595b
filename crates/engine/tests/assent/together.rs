//! Several people for one step.

use domain::{
    approval::{ApprovalCondition, ApprovalRule, ApprovalState, ApprovalStep},
    contract::Contract,
    export::ExportState,
    task::Unlock,
};
use engine::{Kind, TaskAct};
use testkit::{HOUR, MINUTE, order};
use uuid::Uuid;

use crate::{
    agency, asked, asks, decides, id_of, joins, pending, step,
    world::{World, on_every_store},
};

on_every_store! {
    async fn two_of_one_role_are_two_people(world: World) {
        asks(&world, vec![ApprovalStep { needs: 2, ..step("operations", "finance") }]).await;
        let export = asked(&world, 1).await;
        let (jonas, priya) = (id_of(&world, "jonas"), id_of(&world, "priya"));
        assert_eq!(decides(&world, jonas, &export, true).await.unwrap(), ExportState::AwaitingApproval);
        let half = pending(&world, &export).await;
        assert_eq!((half.votes.len(), half.missing()), (1, 1));
        let again = decides(&world, jonas, &export, true).await.unwrap_err();
        assert_eq!(again.kind, Kind::Forbidden, "{again}");
        assert!(decides(&world, id_of(&world, "mara"), &export, true).await.is_err(), "not her role");
        assert_eq!(decides(&world, priya, &export, true).await.unwrap(), ExportState::Ready);
        world.runs_due_work().await.unwrap();
        let said = world.channel.sent()[0].json()["data"]["approvals"].clone();
        let who: Vec<&str> = said.as_array().unwrap().iter().map(|one| one["accepted_by"].as_str().unwrap()).collect();
        assert_eq!(who, [jonas.to_string(), priya.to_string()]);
    }

    async fn one_who_declines_ends_it_for_all(world: World) {
        asks(&world, vec![ApprovalStep { needs: 2, ..step("operations", "finance") }]).await;
        let export = asked(&world, 1).await;
        decides(&world, id_of(&world, "jonas"), &export, true).await.unwrap();
        assert_eq!(decides(&world, id_of(&world, "priya"), &export, false).await.unwrap(), ExportState::Declined);
        world.runs_due_work().await.unwrap();
        assert!(world.channel.sent().is_empty());
    }

    async fn two_of_three_roles_are_one_person_each(world: World) {
        let others = vec![agency("marketing_ops"), agency("finance")];
        asks(&world, vec![ApprovalStep { needs: 2, others, ..step("operations", "engineering") }]).await;
        let mara = id_of(&world, "mara");
        let kim = joins(&world, "kim", &["marketing_ops"]).await;
        // Mara takes the only place that Kim could have
        let export = asked(&world, 1).await;
        decides(&world, mara, &export, true).await.unwrap();
        let full = decides(&world, kim, &export, true).await.unwrap_err();
        assert_eq!(full.kind, Kind::Forbidden);
        assert!(full.sentence.contains("Marketing ops"), "{full}");
        assert_eq!(decides(&world, id_of(&world, "fiona"), &export, true).await.unwrap(), ExportState::Ready);
        // Jonas holds two of the roles: he moves over
        let export = asked(&world, 2).await;
        decides(&world, id_of(&world, "jonas"), &export, true).await.unwrap();
        assert_eq!(decides(&world, kim, &export, true).await.unwrap(), ExportState::Ready);
    }

    async fn the_backup_fills_up_what_is_missing(world: World) {
        asks(&world, vec![ApprovalStep { needs: 2, ..step("operations", "finance") }]).await;
        let export = asked(&world, 1).await;
        let fiona = id_of(&world, "fiona");
        decides(&world, id_of(&world, "jonas"), &export, true).await.unwrap();
        assert!(decides(&world, fiona, &export, true).await.is_err(), "too early");
        world.advance(15 * MINUTE).await.unwrap();
        assert_eq!(decides(&world, fiona, &export, true).await.unwrap(), ExportState::Ready);
    }

    async fn what_was_agreed_stands_when_it_is_asked_again(world: World) {
        asks(&world, vec![ApprovalStep { needs: 2, ..step("operations", "finance") }]).await;
        let export = asked(&world, 1).await;
        let (jonas, priya) = (id_of(&world, "jonas"), id_of(&world, "priya"));
        decides(&world, jonas, &export, true).await.unwrap();
        world.advance(2 * HOUR).await.unwrap();
        let all = world.approvals_of(export.id).await.unwrap();
        assert_eq!(all[0].state, ApprovalState::Expired);
        let task = world.the_task("approval_timeout").await.unwrap();
        assert_eq!(task.severity, domain::task::Severity::High);
        world.acts("priya", task.id, TaskAct::Resolve { note: "Again".into() }).await.unwrap();
        assert!(decides(&world, jonas, &export, true).await.is_err(), "his yes stands");
        assert_eq!(decides(&world, priya, &export, true).await.unwrap(), ExportState::Ready);
    }

    async fn who_is_asked_again_after_a_no_does_not_decide_alone(world: World) {
        let steps = vec![step("operations", "finance"), step("finance", "operations")];
        let mut contract = Contract {
            id: Uuid::from_u128(900),
            version: "2.0".to_owned(),
            approval: vec![ApprovalRule { when: ApprovalCondition::Always, steps, critical: false }],
            ..testkit::fulfillment_contract(world.merchant.id)
        };
        contract.exceptions.get_mut("declined").unwrap().unlock = Unlock::AskAgain;
        let admin = world.eyes().await.unwrap();
        world.engine.publish_contract(&admin, contract).await.unwrap();
        let export = asked(&world, 1).await;
        let (jonas, fiona) = (id_of(&world, "jonas"), id_of(&world, "fiona"));
        assert_eq!(decides(&world, jonas, &export, false).await.unwrap(), ExportState::Declined);
        world.runs_due_work().await.unwrap();
        let task = world.the_task("declined").await.unwrap();
        world.acts("priya", task.id, TaskAct::Resolve { note: "They may ask".into() }).await.unwrap();
        assert_eq!(decides(&world, jonas, &export, true).await.unwrap(), ExportState::AwaitingApproval, "finance is asked after him");
        assert_eq!(decides(&world, fiona, &export, true).await.unwrap(), ExportState::Ready);
        let all = world.approvals_of(export.id).await.unwrap();
        let second: Vec<ApprovalState> = all.iter().filter(|one| one.step == 2).map(|one| one.state).collect();
        assert_eq!(second.len(), 2, "it waited once more, not twice: {second:?}");
    }

    async fn a_step_that_cannot_be_is_not_published(world: World) {
        for (step, at) in [
            (ApprovalStep { needs: 0, ..step("finance", "operations") }, "approval/0/steps/0"),
            (ApprovalStep { needs: 3, others: vec![agency("operations")], ..step("finance", "operations") }, "approval/0/steps/0"),
        ] {
            let contract = Contract {
                version: "3.0".to_owned(),
                approval: vec![ApprovalRule {
                    when: ApprovalCondition::Always,
                    steps: vec![step],
                    critical: false,
                }],
                ..testkit::fulfillment_contract(world.merchant.id)
            };
            let admin = world.eyes().await.unwrap();
            let refused = world.engine.publish_contract(&admin, contract).await.unwrap_err();
            assert_eq!(refused.fields[0].field, at);
        }
    }

    async fn too_few_people_are_found_at_the_gate(world: World) {
        asks(&world, vec![ApprovalStep { needs: 4, ..step("finance", "operations") }]).await;
        world.receives(&order(1)).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Quarantined);
        let why: Vec<String> = export.qa.iter().filter_map(|one| one.detail.clone()).collect();
        assert!(why.iter().any(|one| one.contains("4 different people must approve, and only 3 can")), "{why:?}");
    }
}
