//! Who may let an export go, and what it takes.

use domain::{approval::ApprovalState, export::ExportState, flow::RunState};
use engine::{CampaignInput, Kind, TaskAct};
use testkit::{HOUR, MINUTE, order};

use crate::world::{World, on_every_store};

fn winter() -> CampaignInput {
    CampaignInput {
        campaign_id: "winter-kit-26".into(),
        title: "Winter Kit −20 %".into(),
        offer: "20 % off both kits".into(),
        discount_percent: "20".into(),
        skus: "KIT-W-01, KIT-W-02".into(),
        landing_url: "https://alderpine.example/winter".into(),
        starts_at: "2026-11-20T15:00".into(),
        ends_at: "2026-11-29T23:59".into(),
        note: "Newsletter goes out at 15:00.".into(),
    }
}

on_every_store! {
    async fn over_the_amount_one_person_is_asked(world: World) {
        world.receives(&order(1).total("500.00")).await.unwrap();
        world.receives(&order(2).total("500.01")).await.unwrap();
        let states: Vec<_> = world.exports().await.unwrap().into_iter().map(|one| (one.source_ref, one.state)).collect();
        assert!(states.contains(&("#1".into(), ExportState::Acknowledged)), "{states:?}");
        assert!(states.contains(&("#2".into(), ExportState::AwaitingApproval)), "{states:?}");
    }

    async fn a_flagged_order_is_asked_about(world: World) {
        world.receives(&order(3).set("tags", "vip, fraud")).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::AwaitingApproval);
        let approval = &world.approvals_of(export.id).await.unwrap()[0];
        assert!(approval.reason.contains("fraud"), "{}", approval.reason);
        world.approves("jonas", &export).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Acknowledged);
    }

    async fn only_the_asked_role_decides_and_only_once(world: World) {
        world.receives(&order(4).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        let forbidden = |kind| assert!(matches!(kind, Kind::Forbidden), "{kind:?}");
        for wrong in ["mara", "fiona", "tomas", "iris"] {
            forbidden(world.approves(wrong, &export).await.unwrap_err().kind);
        }
        assert_eq!(world.approves("jonas", &export).await.unwrap(), ExportState::Ready);
        assert_eq!(world.approves("priya", &export).await.unwrap_err().kind, Kind::Conflict);
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn a_hundred_clicks_are_one_decision(world: World) {
        world.receives(&order(5).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        let clicks = (0..50).flat_map(|_| [world.approves("jonas", &export), world.approves("priya", &export)]);
        let won = futures::future::join_all(clicks).await.into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1);
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn a_promotion_needs_two_people_and_neither_wrote_it(world: World) {
        let priya = world.as_person("priya").await.unwrap();
        world.engine.start_campaign(&priya, "promotion-go-live", winter()).await.unwrap();
        let export = world.the_export().await.unwrap();
        // Priya holds both roles, but wrote it.
        assert_eq!(world.approves("priya", &export).await.unwrap_err().kind, Kind::Forbidden);
        // Jonas holds both roles: he may be one of the two, not both.
        assert_eq!(world.approves("jonas", &export).await.unwrap(), ExportState::AwaitingApproval);
        assert_eq!(world.approves("jonas", &export).await.unwrap_err().kind, Kind::Forbidden);
        // The second step waits on operations; with its backup after the deadline.
        assert_eq!(world.approves("fiona", &export).await.unwrap_err().kind, Kind::Forbidden);
        world.advance(16 * MINUTE).await.unwrap();
        assert_eq!(world.approves("fiona", &export).await.unwrap(), ExportState::Ready);
        let sent = world.channel.sent();
        let approvals = sent[0].json()["data"]["approvals"].clone();
        assert_eq!(approvals.as_array().unwrap().len(), 2);
        assert_eq!(approvals[1]["content_hash"], export.content_hash.as_str());
    }

    async fn a_changed_order_supersedes_what_was_asked(world: World) {
        world.receives(&order(6).total("900.00")).await.unwrap();
        let old = world.the_export().await.unwrap();
        let more = order(6).total("900.00").quantity(2).told_again("orders/updated", "2026-11-20T09:30:00Z");
        world.receives(&more).await.unwrap();
        let exports = world.exports().await.unwrap();
        assert_eq!(exports.len(), 2);
        let new = exports.iter().find(|one| one.supersedes == Some(old.id)).unwrap();
        assert_eq!((new.version, new.state), (2, ExportState::AwaitingApproval));
        assert_ne!(new.content_hash, old.content_hash);
        assert_eq!(world.approves("jonas", &old).await.unwrap_err().kind, Kind::Conflict);
        assert_eq!(world.approvals_of(old.id).await.unwrap()[0].state, ApprovalState::Superseded);
        // Somebody who looked at the old page presses the button for the new one.
        let stale = domain::export::Export { content_hash: old.content_hash.clone(), ..new.clone() };
        assert_eq!(world.approves("jonas", &stale).await.unwrap_err().kind, Kind::Conflict);
        world.approves("jonas", new).await.unwrap();
        assert_eq!(world.channel.sent()[0].json()["data"]["payload"]["lines"][0]["quantity"], 2);
    }

    async fn silence_goes_to_the_backup_and_then_expires_which_is_not_declined(world: World) {
        world.receives(&order(8).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        world.advance(15 * MINUTE - 1).await.unwrap();
        assert!(world.tasks().await.unwrap().is_empty());
        world.advance(1).await.unwrap();
        let task = world.the_task("approval_timeout").await.unwrap();
        world.advance(MINUTE).await.unwrap();
        assert_eq!(world.the_task("approval_timeout").await.unwrap().id, task.id);
        world.advance(HOUR).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Expired);
        assert_eq!(world.approvals_of(export.id).await.unwrap()[0].state, ApprovalState::Expired);
        // Resolving the task asks again; then it goes on.
        world.acts("jonas", task.id, TaskAct::Resolve { note: "Back from lunch".into() }).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::AwaitingApproval);
        world.approves("jonas", &export).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Acknowledged);
    }

    async fn declining_opens_a_task_at_which_the_run_stands(world: World) {
        world.receives(&order(9).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(world.declines("jonas", &export, " ").await.unwrap_err().kind, Kind::Invalid);
        world.declines("jonas", &export, "Customer asked to wait").await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Declined);
        let task = world.the_task("declined").await.unwrap();
        assert!(task.sentence.contains("Customer asked to wait"));
        let chain = world.engine.order_chain(&world.eyes().await.unwrap(), export.subject_id).await.unwrap();
        let run = &chain.runs[0].run;
        assert_eq!(run.state, RunState::Running, "its exception path is a task");
        assert_eq!(run.stands_at().collect::<Vec<_>>(), ["request_fulfillment"]);
    }
}
