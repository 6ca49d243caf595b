//! What destinations answer, and what follows.

use domain::{delivery::AckStatus, export::ExportState, flow::RunState, task::TaskState};
use engine::{Ack, Kind, TaskAct};
use serde_json::json;
use testkit::{HOUR, MINUTE, Reply, order};

use crate::world::{World, on_every_store};

fn says(status: AckStatus) -> Ack {
    Ack {
        status,
        exception_code: None,
        exception_metadata: None,
        external_ref: Some("TRK-9".into()),
    }
}

on_every_store! {
    async fn retries_carry_the_same_bytes_and_keys_on_schedule(world: World) {
        world.channel.will_answer(Reply::Status(503));
        world.channel.will_answer(Reply::Unreachable);
        world.receives(&order(1)).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        world.advance(999).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        world.advance(1).await.unwrap();
        assert_eq!(world.channel.sent().len(), 2);
        world.advance(5_000).await.unwrap();
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|one| one.body == sent[0].body && one.webhook_id == sent[0].webhook_id));
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Acknowledged);
        let (chain, _) = world.engine.export_chain(&world.eyes().await.unwrap(), export.id).await.unwrap();
        let statuses: Vec<_> = chain.attempts.iter().map(|one| one.http_status).collect();
        assert_eq!(statuses, [Some(503), None, Some(200)]);
    }

    async fn retry_after_is_honoured(world: World) {
        world.channel.will_answer(Reply::Later(429, 90_000));
        world.receives(&order(2)).await.unwrap();
        world.advance(89_999).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        world.advance(1).await.unwrap();
        assert_eq!(world.channel.sent().len(), 2);
    }

    async fn exhausted_retries_become_a_task_and_its_resolution_sends_again(world: World) {
        for _ in 0..4 {
            world.channel.will_answer(Reply::Status(500));
        }
        world.receives(&order(3)).await.unwrap();
        world.advance(1_000).await.unwrap();
        world.advance(5_000).await.unwrap();
        world.advance(30_000).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Failed);
        let task = world.the_task("retries_exhausted").await.unwrap();
        assert_eq!(task.owner.to_string(), "agency:logistics");
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        world.acts("tomas", task.id, TaskAct::Resolve { note: "Their server is back".into() }).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Acknowledged);
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 5);
        assert_eq!(sent[4].json()["data"]["idempotency_key"], sent[0].json()["data"]["idempotency_key"]);
        assert_eq!(sent[4].body, sent[0].body);
    }

    async fn what_changed_since_it_failed_goes_out_as_it_is_now(world: World) {
        for _ in 0..4 {
            world.channel.will_answer(Reply::Status(500));
        }
        world.receives(&order(13)).await.unwrap();
        for wait in [1_000, 5_000, 30_000] {
            world.advance(wait).await.unwrap();
        }
        let failed = world.the_export().await.unwrap();
        assert_eq!(failed.state, ExportState::Failed);
        let more = order(13).quantity(2).told_again("orders/updated", "2026-11-20T09:30:00Z");
        world.receives(&more).await.unwrap();
        let task = world.the_task("retries_exhausted").await.unwrap();
        world.acts("tomas", task.id, TaskAct::Resolve { note: "Their server is back".into() }).await.unwrap();
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 5);
        let (first, last) = (sent[0].json()["data"].clone(), sent[4].json()["data"].clone());
        assert_eq!(last["payload"]["lines"][0]["quantity"], 2);
        assert_eq!((&last["version"], &last["supersedes"]), (&json!(2), &json!(failed.id)));
        assert_ne!(last["idempotency_key"], first["idempotency_key"], "the first may have been executed");
    }

    async fn a_business_rejection_is_final_and_routed_by_its_code(world: World) {
        world.channel.will_answer(Reply::Json(422, json!({
            "status": "rejected", "exception_code": "insufficient_inventory",
            "exception_metadata": { "sku": "KET-01", "available": 0 },
        })));
        world.receives(&order(4)).await.unwrap();
        world.advance(24 * HOUR).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Rejected);
        assert_eq!(export.ack.exception_code.as_deref(), Some("insufficient_inventory"));
        let task = world.the_task("insufficient_inventory").await.unwrap();
        assert!(task.evidence.iter().any(|one| one.value.contains("KET-01")), "{:?}", task.evidence);
    }

    async fn gone_and_refusals_are_final(world: World) {
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(5)).await.unwrap();
        world.the_task("destination_gone").await.unwrap();
        world.channel.will_answer(Reply::Text(404, "<html>no such page</html>"));
        world.receives(&order(6)).await.unwrap();
        world.the_task("refused_by_destination").await.unwrap();
        world.advance(HOUR).await.unwrap();
        assert_eq!(world.channel.sent().len(), 2);
    }

    async fn rubbish_is_recorded_as_it_was_answered(world: World) {
        world.channel.will_answer(Reply::Text(200, "<<< OK maybe >>>"));
        world.receives(&order(7)).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Delivered);
        let (chain, _) = world.engine.export_chain(&world.eyes().await.unwrap(), export.id).await.unwrap();
        assert_eq!(chain.attempts[0].answer, "<<< OK maybe >>>");
    }

    async fn silence_after_delivery_is_a_task_exactly_once(world: World) {
        world.channel.will_answer(Reply::Status(202));
        world.receives(&order(8)).await.unwrap();
        world.advance(15 * MINUTE - 1).await.unwrap();
        assert!(world.tasks().await.unwrap().is_empty());
        world.advance(1).await.unwrap();
        let task = world.the_task("ack_timeout").await.unwrap();
        let export = world.the_export().await.unwrap();
        // A late acknowledgement heals it by itself.
        world.acknowledges(export.id, says(AckStatus::Accepted)).await.unwrap();
        assert!(world.the_task("ack_timeout").await.unwrap().state.is_over());
        assert_eq!(world.the_task("ack_timeout").await.unwrap().id, task.id);
    }

    async fn the_clock_of_an_earlier_delivery_says_nothing_of_the_next(world: World) {
        world.channel.will_answer(Reply::Status(202));
        world.channel.will_answer(Reply::Status(202));
        world.receives(&order(13)).await.unwrap();
        let export = world.the_export().await.unwrap();
        world.advance(5 * MINUTE).await.unwrap();
        let no = Ack { exception_code: Some("dock_full".into()), ..says(AckStatus::Rejected) };
        world.acknowledges(export.id, no).await.unwrap();
        world.advance(5 * MINUTE).await.unwrap();
        let task = world.the_task("dock_full").await.unwrap();
        world.acts("tomas", task.id, TaskAct::Resolve { note: "There is room again".into() }).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Delivered);
        world.advance(5 * MINUTE).await.unwrap();
        assert!(world.tasks().await.unwrap().iter().all(|one| one.code != "ack_timeout"), "it has ten minutes left");
        world.advance(10 * MINUTE).await.unwrap();
        world.the_task("ack_timeout").await.unwrap();
    }

    async fn completion_by_callback_ships_the_order(world: World) {
        world.receives(&order(9)).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(world.acknowledges(export.id, says(AckStatus::Completed)).await.unwrap(), ExportState::Completed);
        // Said twice is said once; a contradiction is refused.
        assert_eq!(world.acknowledges(export.id, says(AckStatus::Completed)).await.unwrap(), ExportState::Completed);
        assert_eq!(world.acknowledges(export.id, says(AckStatus::Accepted)).await.unwrap(), ExportState::Completed);
        let no = Ack { exception_code: Some("lost".into()), ..says(AckStatus::Rejected) };
        assert_eq!(world.acknowledges(export.id, no).await.unwrap_err().kind, Kind::Conflict);
        let chain = world.engine.order_chain(&world.eyes().await.unwrap(), export.subject_id).await.unwrap();
        assert_eq!(chain.runs[0].run.state, RunState::Completed);
        assert_eq!(chain.runs[0].run.outcome.as_deref(), Some("shipped"));
    }

    async fn no_shipment_in_time_is_a_breached_expectation(world: World) {
        world.receives(&order(10)).await.unwrap();
        world.advance(48 * HOUR).await.unwrap();
        let task = world.the_task("event_not_seen").await.unwrap();
        world.acts("tomas", task.id, TaskAct::Resolve { note: "It leaves tomorrow".into() }).await.unwrap();
        world.advance(47 * HOUR).await.unwrap();
        assert_eq!(world.tasks().await.unwrap().iter().filter(|one| one.code == "event_not_seen").count(), 1);
        world.advance(HOUR).await.unwrap();
        assert_eq!(world.tasks().await.unwrap().iter().filter(|one| one.code == "event_not_seen").count(), 2);
    }

    async fn an_export_that_is_still_being_tried_at_its_deadline_is_somebodys_task(world: World) {
        world.channel.will_answer(Reply::Later(503, 20 * MINUTE));
        world.receives(&order(11)).await.unwrap();
        world.advance(15 * MINUTE - 1).await.unwrap();
        assert!(world.tasks().await.unwrap().is_empty());
        world.advance(1).await.unwrap();
        let task = world.the_task("sla_missed").await.unwrap();
        assert!(task.sentence.contains("accepted"), "{}", task.sentence);
        world.runs_due_work().await.unwrap();
        assert_eq!(world.tasks().await.unwrap().len(), 1);
    }

    async fn an_export_that_is_accepted_but_not_done_misses_its_promise(world: World) {
        world.receives(&order(12)).await.unwrap();
        world.advance(24 * HOUR - 1).await.unwrap();
        assert!(world.tasks().await.unwrap().is_empty());
        world.advance(1).await.unwrap();
        world.the_task("sla_missed").await.unwrap();
    }

    async fn a_promise_that_is_kept_late_is_nobodys_task_any_more(world: World) {
        world.channel.will_answer(Reply::Later(503, 20 * MINUTE));
        world.receives(&order(14)).await.unwrap();
        world.advance(15 * MINUTE).await.unwrap();
        assert!(!world.the_task("sla_missed").await.unwrap().state.is_over());
        world.advance(5 * MINUTE).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Acknowledged);
        assert_eq!(world.the_task("sla_missed").await.unwrap().state, TaskState::Cancelled);
        // accepted, and not done in time either
        world.advance(24 * HOUR).await.unwrap();
        let mut late = world.tasks().await.unwrap();
        late.retain(|one| one.code == "sla_missed" && !one.state.is_over());
        assert_eq!(late.len(), 1, "{late:?}");
        world.acknowledges(export.id, says(AckStatus::Completed)).await.unwrap();
        let mut late = world.tasks().await.unwrap();
        late.retain(|one| one.code == "sla_missed" && !one.state.is_over());
        assert!(late.is_empty(), "{late:?}");
    }

    async fn an_export_and_what_hangs_on_it_are_shown_as_of_one_moment(world: World) {
        let eyes = world.eyes().await.unwrap();
        let over = std::cell::Cell::new(false);
        let work = async {
            for number in 1..=30 {
                world.channel.will_answer(Reply::Status(410));
                world.receives(&order(number)).await.unwrap();
            }
            over.set(true);
        };
        let look = async {
            let mut seen = 0;
            while !over.get() {
                for export in world.exports().await.unwrap().into_iter().take(2) {
                    let (chain, _) = world.engine.export_chain(&eyes, export.id).await.unwrap();
                    seen += chain.tasks.len();
                    let has_failed = chain.export.state == ExportState::Failed;
                    assert_eq!(has_failed, !chain.tasks.is_empty(), "{chain:?}");
                }
            }
            seen
        };
        let (seen, ()) = tokio::join!(look, work);
        assert!(seen > 0, "it was looked at");
    }
}
