//! Each kind of step, and each way in which it goes wrong.

use domain::{
    flow::{
        Branch, Checkpoint, Condition, ELSE, FieldKind, Path, RunState, StepKind, TokenState,
        Trigger, Until, ways,
    },
    task::{TaskState, Unlock},
};
use engine::{Kind, TaskAct};
use serde_json::json;
use testkit::{HOUR, MINUTE, Reply};

use crate::{
    drawn::{
        agency, answers, asks, contract, does, emits, exit, flow, go, is, on, open_tasks, path,
        publish, resolves, run, stands, starts, step, task_path, the_task,
    },
    world::{World, on_every_store},
};

fn by_size(otherwise: bool) -> StepKind {
    StepKind::Decide {
        branches: vec![Branch {
            key: "big".to_owned(),
            label: "It is large".to_owned(),
            when: is("input.size", json!("large")),
        }],
        otherwise,
    }
}

on_every_store! {
    async fn a_decision_takes_the_first_branch_that_holds_or_else_the_other(world: World) {
        let mut decide = step("size_up", by_size(true), &[]);
        decide.exits = vec![exit("big", &["forklift"]), exit(ELSE, &["carry"])];
        let steps = vec![decide, step("forklift", asks(&[]), &[]), step("carry", asks(&[]), &[])];
        publish(&world, flow(&world, "moves", &["size_up"], steps)).await;
        let large = starts(&world, "moves", Some("large")).await;
        assert_eq!(stands(&world, large).await, ["forklift"]);
        let small = starts(&world, "moves", Some("small")).await;
        assert_eq!(stands(&world, small).await, ["carry"]);
        does(&world, small, "carry", &[]).await;
        let done = run(&world, small).await;
        assert_eq!((done.state, done.outcome.as_deref()), (RunState::Completed, Some("done")));
        assert_eq!(path(&world, small).await, ["size_up>else", "carry>done"]);
    }

    async fn what_nobody_knows_is_decided_by_nobody(world: World) {
        let mut decide = step("size_up", by_size(true), &[]);
        decide.exits = vec![exit("big", &[]), exit(ELSE, &[])];
        decide.failures = vec![on(ways::UNKNOWN, 0, go("measure"))];
        let measure = step("measure", asks(&[]), &[]);
        publish(&world, flow(&world, "moves", &["size_up"], vec![decide, measure])).await;
        let id = starts(&world, "moves", None).await;
        assert_eq!(path(&world, id).await, ["size_up>unknown", "measure>"]);
    }

    async fn a_person_fills_in_a_form_and_later_steps_know_it(world: World) {
        let fields = [("worn", FieldKind::YesNo), ("parcels", FieldKind::Number)];
        let mut decide = step("next", StepKind::Decide {
            branches: vec![Branch {
                key: "worn".to_owned(),
                label: "It is worn".to_owned(),
                when: is("inspect.worn", json!(true)),
            }],
            otherwise: true,
        }, &[]);
        decide.exits = vec![exit("worn", &["repair"]), exit(ELSE, &[])];
        let steps = vec![step("inspect", asks(&fields), &["next"]), decide, step("repair", asks(&[]), &[])];
        publish(&world, flow(&world, "returns", &["inspect"], steps)).await;
        let id = starts(&world, "returns", None).await;
        let task = the_task(&world, id).await;
        assert_eq!((task.unlock, task.owner.to_string().as_str()), (Unlock::FinishStep, "agency:logistics"));
        let bad = TaskAct::Finish {
            answers: [("parcels".to_owned(), json!("two"))].into(),
            note: String::new(),
        };
        let refused = world.acts("tomas", task.id, bad).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!((refused.kind, fields), (Kind::Invalid, vec!["worn", "parcels"]));
        // without answers it is not done either
        let note = "Done".to_owned();
        assert!(world.acts("tomas", task.id, TaskAct::Resolve { note }).await.is_err());
        assert_eq!(stands(&world, id).await, ["inspect"]);
        answers(&world, &task, &[("worn", json!("yes")), ("parcels", json!(2))]).await;
        assert_eq!(stands(&world, id).await, ["repair"]);
        assert_eq!(json!(run(&world, id).await.answers["inspect"]), json!({ "worn": true, "parcels": 2 }));
    }

    async fn a_person_who_is_late_keeps_the_task_or_loses_it(world: World) {
        for (key, late) in [("keeps", task_path()), ("loses", go("other"))] {
            let mut ask = step("ask", asks(&[]), &[]);
            ask.clock.accept_ms = HOUR;
            ask.clock.resolve_ms = 2 * HOUR;
            ask.failures = vec![on(ways::LATE, 0, late)];
            publish(&world, flow(&world, key, &["ask"], vec![ask, step("other", asks(&[]), &[])])).await;
        }
        let keeps = starts(&world, "keeps", None).await;
        let loses = starts(&world, "loses", None).await;
        let asked = the_task(&world, keeps).await;
        let lost = the_task(&world, loses).await;
        world.advance(2 * HOUR).await.unwrap();
        // the same task, not a second one about the same trouble
        assert_eq!(the_task(&world, keeps).await.id, asked.id);
        assert_eq!(run(&world, keeps).await.tokens[0].at, TokenState::Held);
        assert_eq!(path(&world, loses).await, ["ask>late", "other>"]);
        let eyes = world.eyes().await.unwrap();
        assert_eq!(world.engine.task(&eyes, lost.id).await.unwrap().state, TaskState::Cancelled);
        does(&world, keeps, "ask", &[]).await;
        assert_eq!(run(&world, keeps).await.state, RunState::Completed);
    }

    async fn whoever_is_to_be_told_is_told_and_nobody_is_a_failure(world: World) {
        let tell = |to: &str| StepKind::Notify { to: vec![agency(to)], message: "it is on its way".to_owned() };
        let mut nobody = step("tell_nobody", tell("carrier_onboarding"), &[]);
        nobody.failures = vec![on(ways::UNREACHED, 0, go("phone"))];
        let steps = vec![step("tell", tell("finance"), &["tell_nobody"]), nobody, step("phone", asks(&[]), &[])];
        publish(&world, flow(&world, "tells", &["tell"], steps)).await;
        let id = starts(&world, "tells", None).await;
        assert_eq!(path(&world, id).await, ["tell>done", "tell_nobody>unreached", "phone>"]);
    }

    async fn a_rejected_export_goes_where_the_flow_says(world: World) {
        contract(&world, "make_label").await;
        let mut label = step("label", emits("make_label", Until::Acknowledged), &[]);
        label.failures = vec![on(ways::REJECTED, 0, go("other_carrier"))];
        publish(&world, flow(&world, "labels", &["label"], vec![label, step("other_carrier", asks(&[]), &[])])).await;
        world.channel.will_answer(Reply::Json(422, json!({ "status": "rejected", "exception_code": "no_capacity" })));
        let id = starts(&world, "labels", None).await;
        assert_eq!(path(&world, id).await, ["label>rejected", "other_carrier>"]);
        // the trouble with the export went with it: nobody sends it again beside the other carrier
        assert_eq!(the_task(&world, id).await.unlock, Unlock::FinishStep);
    }

    async fn a_step_is_tried_again_as_often_as_it_says_and_then_somebody_has_one_task(world: World) {
        contract(&world, "make_label").await;
        let mut label = step("label", emits("make_label", Until::Acknowledged), &[]);
        label.failures = vec![on(ways::REJECTED, 2, task_path())];
        publish(&world, flow(&world, "labels", &["label"], vec![label])).await;
        for _ in 0..3 {
            world.channel.will_answer(Reply::Json(422, json!({ "status": "rejected", "exception_code": "busy" })));
        }
        let id = starts(&world, "labels", None).await;
        assert_eq!(run(&world, id).await.tokens[0].at, TokenState::Retrying);
        world.advance(MINUTE - 1).await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        world.advance(1).await.unwrap();
        world.advance(MINUTE).await.unwrap();
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|one| one.body == sent[0].body));
        assert_eq!(run(&world, id).await.tokens[0].at, TokenState::Held);
        let task = the_task(&world, id).await;
        assert_eq!(task.code, "busy");
        world.advance(MINUTE).await.unwrap();
        assert_eq!(world.channel.sent().len(), 3);
        resolves(&world, &task).await;
        assert_eq!(run(&world, id).await.state, RunState::Completed);
        assert_eq!(world.channel.sent().len(), 4);
    }

    async fn a_step_that_begins_once_more_is_another_command(world: World) {
        contract(&world, "make_label").await;
        let again = StepKind::Decide {
            branches: vec![Branch {
                key: "again".to_owned(),
                label: "Once more".to_owned(),
                when: is("check.again", json!(true)),
            }],
            otherwise: true,
        };
        let mut decide = step("decide", again, &[]);
        decide.exits = vec![exit("again", &["label"]), exit(ELSE, &[])];
        let steps = vec![
            step("label", emits("make_label", Until::Acknowledged), &["check"]),
            step("check", asks(&[("again", FieldKind::YesNo)]), &["decide"]),
            decide,
        ];
        publish(&world, flow(&world, "labels", &["label"], steps)).await;
        let id = starts(&world, "labels", None).await;
        does(&world, id, "check", &[("again", json!(true))]).await;
        does(&world, id, "check", &[("again", json!(false))]).await;
        assert_eq!(run(&world, id).await.state, RunState::Completed);
        let keys: std::collections::BTreeSet<String> = world
            .channel
            .sent()
            .iter()
            .map(|one| one.json()["data"]["idempotency_key"].to_string())
            .collect();
        assert_eq!(keys.len(), 2);
    }

    async fn a_checkpoint_that_does_not_hold_keeps_the_step(world: World) {
        let mut inspect = step("inspect", asks(&[("clean", FieldKind::YesNo)]), &[]);
        inspect.checkpoint = Some(Checkpoint { what: "It is clean".to_owned(), when: is("inspect.clean", json!(true)) });
        inspect.failures = vec![on(ways::CHECKPOINT, 0, task_path())];
        publish(&world, flow(&world, "cleans", &["inspect"], vec![inspect])).await;
        let id = starts(&world, "cleans", None).await;
        does(&world, id, "inspect", &[("clean", json!(false))]).await;
        let kept = the_task(&world, id).await;
        assert_eq!((kept.code.as_str(), kept.unlock), ("step_failed", Unlock::TryStep));
        resolves(&world, &kept).await;
        does(&world, id, "inspect", &[("clean", json!(true))]).await;
        assert_eq!(run(&world, id).await.state, RunState::Completed);
    }

    async fn a_flow_within_the_flow_is_waited_for(world: World) {
        let mut inner = flow(&world, "inner", &["pack"], vec![step("pack", asks(&[]), &[])]);
        inner.trigger = Trigger::SubFlow;
        publish(&world, inner).await;
        let within = StepKind::SubFlow { flow: "inner".to_owned() };
        let mut outer = step("within", within, &["after"]);
        outer.failures = vec![on(ways::FAILED, 0, go("rescue"))];
        let steps = vec![outer, step("after", asks(&[]), &[]), step("rescue", asks(&[]), &[])];
        publish(&world, flow(&world, "outer", &["within"], steps)).await;
        let eyes = world.eyes().await.unwrap();
        let child = async |of| {
            let (_, chain) = world.engine.run_chain(&eyes, of).await.unwrap();
            let mut runs = chain.runs.into_iter();
            runs.find(|one| one.run.parent.as_ref().is_some_and(|up| up.run_id == of)).unwrap().run.id
        };
        let first = starts(&world, "outer", None).await;
        assert_eq!(stands(&world, first).await, ["within"]);
        does(&world, child(first).await, "pack", &[]).await;
        assert_eq!(stands(&world, first).await, ["after"]);
        let second = starts(&world, "outer", None).await;
        let inner = child(second).await;
        let now = world.eyes().await.unwrap();
        world.engine.cancel_run(&now, inner, "nobody is there").await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(path(&world, second).await, ["within>failed", "rescue>"]);
    }

    async fn the_backup_is_asked_when_nobody_is_at_it(world: World) {
        contract(&world, "slow").await;
        let mut slow = step("slow", emits("slow", Until::Acknowledged), &[]);
        slow.clock.accept_ms = 10 * MINUTE;
        slow.clock.resolve_ms = HOUR;
        slow.failures = vec![on(ways::LATE, 0, Path::Undo)];
        publish(&world, flow(&world, "slow", &["slow"], vec![slow])).await;
        world.channel.will_answer(Reply::Status(202));
        let id = starts(&world, "slow", None).await;
        world.advance(10 * MINUTE - 1).await.unwrap();
        assert!(open_tasks(&world, id).await.is_empty());
        world.advance(1).await.unwrap();
        let asked = the_task(&world, id).await;
        assert_eq!((asked.code.as_str(), asked.owner.to_string().as_str()), ("step_waiting", "agency:operations"));
        let export = world.the_export().await.unwrap();
        let accepted = engine::Ack {
            status: domain::delivery::AckStatus::Accepted,
            exception_code: None,
            exception_metadata: None,
            external_ref: None,
        };
        world.acknowledges(export.id, accepted).await.unwrap();
        assert!(open_tasks(&world, id).await.is_empty());
        assert_eq!(run(&world, id).await.state, RunState::Completed);
    }

    async fn a_loop_that_never_waits_is_stopped_and_somebody_told(world: World) {
        let turn = StepKind::Decide {
            branches: vec![Branch { key: "on".to_owned(), label: "On".to_owned(), when: Condition::Always }],
            otherwise: false,
        };
        let mut round = step("round", turn, &[]);
        round.exits = vec![exit("on", &["round"])];
        publish(&world, flow(&world, "rounds", &["round"], vec![round])).await;
        let id = starts(&world, "rounds", None).await;
        assert_eq!(run(&world, id).await.tokens[0].at, TokenState::Held);
        assert!(the_task(&world, id).await.sentence.contains("comes to no end"));
    }

    async fn an_event_that_is_not_seen_in_time_is_somebodys_task(world: World) {
        let mut wait = step("wait", StepKind::WaitForEvent { event: domain::event::EventKind::PickStarted }, &[]);
        wait.clock.resolve_ms = HOUR;
        publish(&world, flow(&world, "waits", &["wait"], vec![wait])).await;
        let id = starts(&world, "waits", None).await;
        world.advance(HOUR).await.unwrap();
        let task = the_task(&world, id).await;
        assert_eq!((task.code.as_str(), task.unlock), ("event_not_seen", Unlock::WaitAgain));
        assert_eq!(path(&world, id).await, ["wait>"]);
    }
}
