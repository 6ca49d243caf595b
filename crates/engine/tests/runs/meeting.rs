//! Branches that go side by side, and where they come together.

use domain::flow::{Branch, ELSE, FieldKind, Path, RunState, StepKind, ways};
use serde_json::json;
use testkit::HOUR;

use crate::{
    drawn::{asks, does, exit, flow, is, on, open_tasks, path, publish, run, stands, starts, step},
    world::{World, on_every_store},
};

on_every_store! {
    async fn branches_meet_where_they_lead_to_the_same_step(world: World) {
        let steps = vec![
            step("pick", asks(&[]), &["pack"]),
            step("label", asks(&[]), &["pack"]),
            step("pack", asks(&[]), &[]),
        ];
        publish(&world, flow(&world, "ships", &["pick", "label"], steps)).await;
        let id = starts(&world, "ships", None).await;
        assert_eq!(stands(&world, id).await, ["label", "pick"]);
        does(&world, id, "label", &[]).await;
        assert_eq!(stands(&world, id).await, ["pack", "pick"]);
        // it is before the step, not in it
        assert_eq!(open_tasks(&world, id).await.len(), 1);
        does(&world, id, "pick", &[]).await;
        assert_eq!(stands(&world, id).await, ["pack"]);
        does(&world, id, "pack", &[]).await;
        assert_eq!(run(&world, id).await.state, RunState::Completed);
        assert_eq!(path(&world, id).await, ["pick>done", "label>done", "pack>done"]);
    }

    async fn a_branch_that_ends_early_keeps_nobody_waiting(world: World) {
        let needs = StepKind::Decide {
            branches: vec![Branch {
                key: "large".to_owned(),
                label: "It is large".to_owned(),
                when: is("input.size", json!("large")),
            }],
            otherwise: true,
        };
        let mut crane = step("needs_crane", needs, &[]);
        crane.exits = vec![exit("large", &["crane"]), exit(ELSE, &[])];
        let steps = vec![
            step("pick", asks(&[]), &["load"]),
            crane,
            step("crane", asks(&[]), &["load"]),
            step("load", asks(&[]), &[]),
        ];
        publish(&world, flow(&world, "loads", &["pick", "needs_crane"], steps)).await;
        let small = starts(&world, "loads", Some("small")).await;
        does(&world, small, "pick", &[]).await;
        assert_eq!(stands(&world, small).await, ["load"]);
        let large = starts(&world, "loads", Some("large")).await;
        does(&world, large, "pick", &[]).await;
        assert_eq!(stands(&world, large).await, ["crane", "load"]);
        does(&world, large, "crane", &[]).await;
        does(&world, large, "load", &[]).await;
        assert_eq!(run(&world, large).await.state, RunState::Completed);
        assert_eq!(run(&world, large).await.visits_of("load"), 1);
    }

    async fn branches_meet_again_in_every_round_of_a_loop(world: World) {
        let again = StepKind::Decide {
            branches: vec![Branch {
                key: "again".to_owned(),
                label: "Once more".to_owned(),
                when: is("look.again", json!(true)),
            }],
            otherwise: true,
        };
        let mut decide = step("decide", again, &[]);
        decide.exits = vec![exit("again", &["wash", "iron"]), exit(ELSE, &[])];
        let steps = vec![
            step("wash", asks(&[]), &["look"]),
            step("iron", asks(&[]), &["look"]),
            step("look", asks(&[("again", FieldKind::YesNo)]), &["decide"]),
            decide,
        ];
        publish(&world, flow(&world, "cleans", &["wash", "iron"], steps)).await;
        let id = starts(&world, "cleans", None).await;
        for again in [true, true, false] {
            does(&world, id, "wash", &[]).await;
            assert_eq!(stands(&world, id).await, ["iron", "look"]);
            does(&world, id, "iron", &[]).await;
            does(&world, id, "look", &[("again", json!(again))]).await;
        }
        let done = run(&world, id).await;
        assert_eq!((done.state, done.visits_of("look")), (RunState::Completed, 3));
    }

    async fn when_one_branch_fails_for_good_the_others_stop(world: World) {
        let mut late = step("late", asks(&[]), &[]);
        late.clock.resolve_ms = HOUR;
        late.failures = vec![on(ways::LATE, 0, Path::Undo)];
        let steps = vec![late, step("other", asks(&[]), &[])];
        publish(&world, flow(&world, "both", &["late", "other"], steps)).await;
        let id = starts(&world, "both", None).await;
        world.advance(HOUR).await.unwrap();
        let failed = run(&world, id).await;
        assert_eq!(failed.state, RunState::Failed);
        assert!(failed.outcome.unwrap().contains("not done in time"));
        assert!(open_tasks(&world, id).await.is_empty());
        assert_eq!(path(&world, id).await, ["late>late", "other>undone"]);
    }

    async fn two_clocks_of_one_moment_ring_once_each(world: World) {
        let timed = |key: &str, to: &str| {
            let mut step = step(key, asks(&[]), &[]);
            step.clock.resolve_ms = HOUR;
            step.failures = vec![on(ways::LATE, 0, Path::Go { to: to.to_owned() })];
            step
        };
        let steps = vec![timed("a", "c"), timed("b", "d"), step("c", asks(&[]), &[]), step("d", asks(&[]), &[])];
        publish(&world, flow(&world, "clocks", &["a", "b"], steps)).await;
        let id = starts(&world, "clocks", None).await;
        world.advance(HOUR).await.unwrap();
        assert_eq!(path(&world, id).await, ["a>late", "b>late", "c>", "d>"]);
    }
}
