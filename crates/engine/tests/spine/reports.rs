//! What reports count, against counting by hand.

use engine::{StallAnswer, TaskAct};
use testkit::{HOUR, MINUTE, Reply, order};

use crate::world::{World, on_every_store};

on_every_store! {
    async fn hands_are_counted_by_step_among_the_runs_that_came_there(world: World) {
        // three orders: one is stopped by the destination, and a person resolves the task
        for n in [1, 2] {
            world.receives(&order(n)).await.unwrap();
        }
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(3)).await.unwrap();
        let task = world.the_task("destination_gone").await.unwrap();
        let ctx = world.as_person("tomas").await.unwrap();
        let before = world.engine.coordination(&ctx).await.unwrap();
        assert!(before.touched.iter().all(|one| one.touches == 0));
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        let note = TaskAct::Resolve { note: "they are back".into() };
        world.acts("tomas", task.id, note).await.unwrap();
        let after = world.engine.coordination(&ctx).await.unwrap();
        let first = after.touched.first().unwrap();
        assert_eq!(
            (first.step_key.as_str(), first.touches, first.runs, first.per_hundred()),
            ("request_fulfillment", 1, 3, Some(33))
        );
        assert!(after.hand_offs.is_empty(), "no step is marked as made by hand");
    }

    async fn an_hour_costs_what_an_admin_said_last(world: World) {
        let admin = world.admin.clone();
        assert_eq!(world.engine.coordination(&admin).await.unwrap().an_hour, None);
        let refused = world.engine.set_hourly_cost(&admin, "much", "USD").await.unwrap_err();
        assert_eq!(refused.fields[0].field, "amount");
        let refused = world.engine.set_hourly_cost(&admin, "45", "dollars").await.unwrap_err();
        assert_eq!(refused.fields[0].field, "currency");
        world.engine.set_hourly_cost(&admin, "40", "USD").await.unwrap();
        world.engine.set_hourly_cost(&admin, "45.50", "eur").await.unwrap();
        let said = world.engine.coordination(&admin).await.unwrap().an_hour.unwrap();
        assert_eq!((said.minor, said.currency.code()), (4_550, "EUR"));
    }

    async fn a_stalled_order_is_asked_five_questions(world: World) {
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(1)).await.unwrap();
        let ctx = world.as_person("tomas").await.unwrap();
        assert!(world.engine.stalls(&ctx, &[]).await.unwrap().chosen.is_empty(), "its clocks still run");
        world.advance(30 * MINUTE).await.unwrap();
        let ctx = world.as_person("tomas").await.unwrap();
        let found = world.engine.stalls(&ctx, &[]).await.unwrap();
        let stall = &found.chosen[0];
        assert_eq!(found.candidates.len(), 1);
        assert!(matches!(&stall.trigger, StallAnswer::Known(text) if text.contains("order.accepted")), "{:?}", stall.trigger);
        assert!(matches!(&stall.owner, StallAnswer::Known(text) if text.starts_with("Operations")), "{:?}", stall.owner);
        assert!(matches!(&stall.first_response, StallAnswer::Missing { what, .. } if what.contains("30 min")), "{:?}", stall.first_response);
        world.advance(HOUR).await.unwrap();
        let task = stall.task.id;
        world.acts("jonas", task, TaskAct::Claim).await.unwrap();
        let found = world.engine.stalls(&ctx, &[found.candidates[0].0]).await.unwrap();
        let answer = &found.chosen[0].first_response;
        assert!(matches!(answer, StallAnswer::Known(text) if text == "after 1 h 30 min"), "{answer:?}");
    }

    async fn what_is_configured_says_what_to_what(world: World) {
        let admin = world.admin.clone();
        let lines = world.engine.integrations(&admin).await.unwrap();
        let one = |direction: &str, what: &str| {
            lines.iter().find(|line| line.direction == direction && line.what == what).cloned()
        };
        let request = one("consumes", "fulfillment_request").unwrap();
        assert_eq!(request.owner.unwrap().to_string(), "agency:logistics");
        assert_eq!(request.used_by, ["Order to ship: request fulfillment"]);
        let shipped = one("emits", "shipment.confirmed").unwrap();
        assert!(shipped.used_by.contains(&"Order to ship: await shipment".to_owned()), "{:?}", shipped.used_by);
    }
}
