//! People pause runs, let them go on, cancel them, and move them to another version.

use domain::{
    delivery::AckStatus,
    export::ExportState,
    flow::{RunState, StepKind, Until, ways},
    task::TaskState,
};
use engine::{Ack, Kind};
use testkit::{HOUR, MINUTE, Reply, order};

use crate::{
    drawn::{
        asks, contract, emits, flow, go, on, open_tasks, path, publish, run, stands, starts, step,
        the_task,
    },
    world::{World, on_every_store},
};

on_every_store! {
    async fn clocks_stand_still_while_a_run_is_paused(world: World) {
        let mut ask = step("ask", asks(&[]), &[]);
        ask.clock.accept_ms = HOUR;
        ask.clock.resolve_ms = 2 * HOUR;
        ask.failures = vec![on(ways::LATE, 0, go("other"))];
        publish(&world, flow(&world, "asks", &["ask"], vec![ask, step("other", asks(&[]), &[])])).await;
        let id = starts(&world, "asks", None).await;
        world.advance(HOUR / 2).await.unwrap();
        let jonas = world.as_person("jonas").await.unwrap();
        assert_eq!(world.engine.pause_run(&jonas, id, "  ").await.unwrap_err().fields[0].field, "reason");
        world.engine.pause_run(&jonas, id, "Stock is being counted").await.unwrap();
        world.advance(48 * HOUR).await.unwrap();
        let asked = the_task(&world, id).await;
        assert_eq!((asked.state, asked.rung), (TaskState::Open, 0));
        assert_eq!(path(&world, id).await, ["ask>"]);
        let jonas = world.as_person("jonas").await.unwrap();
        assert_eq!(world.engine.pause_run(&jonas, id, "Again").await.unwrap_err().kind, Kind::Conflict);
        world.engine.resume_run(&jonas, id, "Counted").await.unwrap();
        // half an hour of the first hour was over
        world.advance(HOUR / 2 - 1).await.unwrap();
        assert_eq!(the_task(&world, id).await.rung, 0);
        world.advance(1).await.unwrap();
        assert_eq!(the_task(&world, id).await.rung, 1);
        world.advance(HOUR - 1).await.unwrap();
        assert_eq!(path(&world, id).await, ["ask>"]);
        world.advance(1).await.unwrap();
        assert_eq!(path(&world, id).await, ["ask>late", "other>"]);
    }

    async fn what_arrives_while_it_is_paused_counts_when_it_goes_on(world: World) {
        contract(&world, "hold_stock").await;
        let steps = vec![step("hold", emits("hold_stock", Until::Acknowledged), &["after"]), step("after", asks(&[]), &[])];
        publish(&world, flow(&world, "holds", &["hold"], steps)).await;
        world.channel.will_answer(Reply::Status(202));
        let id = starts(&world, "holds", None).await;
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.pause_run(&jonas, id, "Wait").await.unwrap();
        let export = world.the_export().await.unwrap();
        let accepted = Ack { status: AckStatus::Accepted, exception_code: None, exception_metadata: None, external_ref: None };
        world.acknowledges(export.id, accepted).await.unwrap();
        assert_eq!(stands(&world, id).await, ["hold"]);
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.resume_run(&jonas, id, "Go on").await.unwrap();
        assert_eq!(stands(&world, id).await, ["after"]);
    }

    async fn nothing_leaves_while_its_run_is_paused(world: World) {
        contract(&world, "hold_stock").await;
        let steps = vec![step("ask", asks(&[]), &["hold"]), step("hold", emits("hold_stock", Until::Acknowledged), &[])];
        publish(&world, flow(&world, "holds", &["ask"], steps)).await;
        let id = starts(&world, "holds", None).await;
        let task = the_task(&world, id).await;
        let tomas = world.as_person("tomas").await.unwrap();
        let note = "Done".to_owned();
        // the export is ready, and its delivery is due
        world.engine.act_on_task(&tomas, task.id, engine::TaskAct::Resolve { note }).await.unwrap();
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.pause_run(&jonas, id, "Wait").await.unwrap();
        world.runs_due_work().await.unwrap();
        assert!(world.channel.sent().is_empty());
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Paused);
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.resume_run(&jonas, id, "Go on").await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        assert_eq!(run(&world, id).await.state, RunState::Completed);
    }

    async fn what_is_cancelled_or_changed_during_a_pause_does_not_leave_as_it_was(world: World) {
        let big = |n| order(n).total("900.00");
        for n in [1, 2] {
            world.receives(&big(n)).await.unwrap();
        }
        for asked in world.exports().await.unwrap() {
            let jonas = world.as_person("jonas").await.unwrap();
            world.engine.pause_run(&jonas, asked.run_id, "Stock is being counted").await.unwrap();
            world.approves("jonas", &asked).await.unwrap();
        }
        let of = async |name: &str| {
            let mut all = world.exports().await.unwrap();
            all.retain(|one| one.source_ref == name && one.superseded_by.is_none());
            assert_eq!(all.len(), 1, "{all:#?}");
            all.remove(0)
        };
        let (first, second) = (of("#1").await, of("#2").await);
        assert_eq!((first.state, second.state), (ExportState::Paused, ExportState::Paused));
        world.receives(&big(1).cancelled("2026-11-20T09:10:00Z")).await.unwrap();
        world.receives(&big(2).quantity(2).told_again("orders/updated", "2026-11-20T09:20:00Z")).await.unwrap();
        assert_eq!(of("#1").await.state, ExportState::Withdrawn);
        assert_eq!(run(&world, first.run_id).await.state, RunState::Cancelled);
        let jonas = world.as_person("jonas").await.unwrap();
        assert_eq!(world.engine.resume_run(&jonas, first.run_id, "Counted").await.unwrap_err().kind, Kind::Conflict);
        world.engine.resume_run(&jonas, second.run_id, "Counted").await.unwrap();
        world.runs_due_work().await.unwrap();
        assert!(world.channel.sent().is_empty(), "neither as it was");
        let anew = of("#2").await;
        assert_eq!((anew.supersedes, anew.state), (Some(second.id), ExportState::AwaitingApproval));
        world.approves("jonas", &anew).await.unwrap();
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].json()["data"]["payload"]["lines"][0]["quantity"], 2);
    }

    async fn a_cancelled_run_takes_back_what_has_not_left_and_says_what_has(world: World) {
        contract(&world, "hold_stock").await;
        let steps = vec![step("hold", emits("hold_stock", Until::Completed), &[]), step("ask", asks(&[]), &[])];
        publish(&world, flow(&world, "holds", &["hold", "ask"], steps)).await;
        let id = starts(&world, "holds", None).await;
        let jonas = world.as_person("jonas").await.unwrap();
        let cancelled = world.engine.cancel_run(&jonas, id, "The customer changed their mind").await.unwrap();
        assert_eq!(cancelled.left.len(), 1);
        assert_eq!(cancelled.run.state, RunState::Cancelled);
        assert_eq!(cancelled.run.outcome.as_deref(), Some("The customer changed their mind"));
        let tasks = open_tasks(&world, id).await;
        assert_eq!(tasks.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["cancelled_after_dispatch"]);
        assert_eq!(world.engine.cancel_run(&jonas, id, "Again").await.unwrap_err().kind, Kind::Conflict);
    }

    async fn whoever_may_not_control_runs_cannot_stop_them(world: World) {
        publish(&world, flow(&world, "asks", &["ask"], vec![step("ask", asks(&[]), &[])])).await;
        let id = starts(&world, "asks", None).await;
        let iris = world.as_person("iris").await.unwrap();
        assert_eq!(world.engine.cancel_run(&iris, id, "No").await.unwrap_err().kind, Kind::Forbidden);
        let hana = world.as_person("hana").await.unwrap();
        assert!(matches!(world.engine.run_chain(&hana, id).await.unwrap_err().kind, Kind::NotFound | Kind::Forbidden));
    }

    async fn a_wait_by_a_calendar_counts_working_time(world: World) {
        // without such a calendar the wall clock counts
        let mut wait = step("wait", StepKind::WaitForEvent { event: domain::event::EventKind::PickStarted }, &[]);
        wait.clock.resolve_ms = HOUR;
        wait.clock.calendar = Some("nobody-knows-it".to_owned());
        publish(&world, flow(&world, "waits", &["wait"], vec![wait])).await;
        let id = starts(&world, "waits", None).await;
        world.advance(HOUR - MINUTE).await.unwrap();
        assert!(open_tasks(&world, id).await.is_empty());
        world.advance(MINUTE).await.unwrap();
        the_task(&world, id).await;
    }
}
