//! Tasks, their clocks, and the proof of it all.

use domain::{
    owner::{Owner, Party},
    task::TaskState,
};
use engine::{Kind, TaskAct};
use testkit::{HOUR, MINUTE, Reply, order};

use crate::world::{World, on_every_store};

async fn with_a_task(world: &World) -> domain::task::Task {
    world.channel.will_answer(Reply::Status(410));
    world.receives(&order(1)).await.unwrap();
    world.the_task("destination_gone").await.unwrap()
}

on_every_store! {
    async fn an_untaken_task_climbs_its_ladder_once_per_rung(world: World) {
        let task = with_a_task(&world).await;
        assert_eq!(task.owner.to_string(), "agency:logistics");
        world.advance(30 * MINUTE).await.unwrap();
        let task = world.the_task("destination_gone").await.unwrap();
        assert_eq!((task.rung, task.owner.to_string().as_str()), (1, "agency:operations"));
        world.runs_due_work().await.unwrap();
        assert_eq!(world.the_task("destination_gone").await.unwrap().rung, 1);
        world.advance(30 * MINUTE).await.unwrap();
        let task = world.the_task("destination_gone").await.unwrap();
        assert_eq!((task.rung, task.owner.to_string().as_str()), (2, "agency:finance"));
        world.advance(100 * HOUR).await.unwrap();
        assert_eq!(world.the_task("destination_gone").await.unwrap().rung, 2);
    }

    async fn a_claim_stops_the_first_clock_and_is_taken_back_by_the_second(world: World) {
        let task = with_a_task(&world).await;
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        assert_eq!(world.acts("jonas", task.id, TaskAct::Claim).await.unwrap_err().kind, Kind::Conflict);
        world.advance(HOUR).await.unwrap();
        assert_eq!(world.the_task("destination_gone").await.unwrap().state, TaskState::Claimed);
        world.advance(3 * HOUR).await.unwrap();
        let task = world.the_task("destination_gone").await.unwrap();
        assert_eq!((task.state, task.assignee, task.rung), (TaskState::Open, None, 1));
    }

    async fn snoozed_comes_back_by_itself(world: World) {
        let task = with_a_task(&world).await;
        let until = engine_now(&world).plus_ms(10 * MINUTE);
        world.acts("tomas", task.id, TaskAct::Snooze { until }).await.unwrap();
        world.advance(10 * MINUTE).await.unwrap();
        assert_eq!(world.the_task("destination_gone").await.unwrap().state, TaskState::Open);
        let forever = engine_now(&world).plus_ms(1_000 * HOUR);
        let refused = world.acts("tomas", task.id, TaskAct::Snooze { until: forever }).await;
        assert_eq!(refused.unwrap_err().kind, Kind::Invalid);
    }

    async fn work_is_given_to_somebody_who_is_there(world: World) {
        let task = with_a_task(&world).await;
        let nobody = Owner::role(Party::Carrier, "logistics");
        let refused = world.acts("tomas", task.id, TaskAct::Reassign { to: nobody }).await;
        assert_eq!(refused.unwrap_err().kind, Kind::Invalid);
        let harbor = Owner::role(Party::ThreePl, "logistics");
        let task = world.acts("tomas", task.id, TaskAct::Reassign { to: harbor.clone() }).await.unwrap();
        assert_eq!(task.owner, harbor);
        assert_eq!(world.acts("iris", task.id, TaskAct::Claim).await.unwrap_err().kind, Kind::Forbidden);
        world.acts("hana", task.id, TaskAct::Claim).await.unwrap();
    }

    async fn a_resolved_task_says_what_was_done(world: World) {
        let task = with_a_task(&world).await;
        let silent = world.acts("tomas", task.id, TaskAct::Resolve { note: "  ".into() }).await;
        assert_eq!(silent.unwrap_err().kind, Kind::Invalid);
        let done = world.acts("tomas", task.id, TaskAct::Resolve { note: "New address".into() }).await.unwrap();
        assert_eq!(done.state, TaskState::Resolved);
        let again = world.acts("tomas", task.id, TaskAct::Resolve { note: "twice".into() }).await;
        assert_eq!(again.unwrap_err().kind, Kind::Conflict);
    }

    async fn the_trail_holds_and_names_every_arrow(world: World) {
        world.receives(&order(1).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        world.approves("jonas", &export).await.unwrap();
        let proof = world.engine.verify_trail(world.merchant.id).await.unwrap().unwrap();
        assert!(proof.head.seq > 10);
        let entries = world.trail().await.unwrap();
        let actions: Vec<_> = entries.iter().map(|one| one.action.as_str()).collect();
        for arrow in [
            "receipt.accepted", "receipt.processed", "order.accepted", "run.started", "export.created",
            "export.checked", "approval.asked", "approval.approved", "export.ready", "export.delivering",
            "delivery.attempted", "export.acknowledged", "run.advanced", "run.waiting",
        ] {
            assert!(actions.contains(&arrow), "{arrow} is missing from {actions:?}");
        }
    }

    async fn my_queue_holds_what_is_my_move_and_nothing_else(world: World) {
        world.receives(&order(1).total("900.00")).await.unwrap();
        for (name, waiting) in [("jonas", 1), ("priya", 1), ("mara", 0), ("fiona", 0), ("iris", 0)] {
            let user = world.person(name).user;
            let (user, places) = world.engine.who(user.id).await.unwrap().unwrap();
            let queue = world.engine.queue(&user, &places, None).await.unwrap();
            assert_eq!(queue.items.len(), waiting, "{name}");
        }
    }
}

fn engine_now(world: &World) -> domain::Time {
    world.engine.now()
}
