//! How runs begin: by events of orders, by forms, by hand.

use domain::{
    Currency, Money,
    event::EventKind,
    flow::{Condition, Op, RunState, Test, Trigger},
};
use engine::{Kind, StartInput};
use serde_json::json;
use testkit::order;

use crate::{
    drawn::{asks, does, flow, parcel, publish, step},
    world::{World, on_every_store},
};

fn total(op: Op, minor: i64) -> Condition {
    Condition::Test(Test {
        fact: "order.total".to_owned(),
        op,
        value: json!(Money::new(minor, Currency::USD)),
    })
}

async fn on_order(world: &World, key: &str, event: EventKind, when: Condition) {
    let mut flow = flow(world, key, &["ask"], vec![step("ask", asks(&[]), &[])]);
    flow.trigger = Trigger::Order { event, when };
    publish(world, flow).await;
}

async fn flows_of_orders(world: &World) -> Vec<String> {
    let eyes = world.eyes().await.unwrap();
    let mut found = Vec::new();
    let filter = engine::port::ListFilter {
        limit: 50,
        ..Default::default()
    };
    for row in world.engine.orders(&eyes, &filter).await.unwrap() {
        let chain = world.engine.order_chain(&eyes, row.id).await.unwrap();
        found.extend(chain.runs.into_iter().map(|one| one.run.flow_key));
    }
    found.retain(|key| key != "order-to-ship");
    found.sort();
    found
}

on_every_store! {
    async fn an_order_starts_the_flows_that_are_for_it(world: World) {
        on_order(&world, "large", EventKind::OrderAccepted, total(Op::Over, 20_000)).await;
        on_order(&world, "small", EventKind::OrderAccepted, total(Op::AtMost, 20_000)).await;
        world.receives(&order(1).total("150.00")).await.unwrap();
        assert_eq!(flows_of_orders(&world).await, ["small"]);
        // grown later, it is still the order that it was when the choice was made
        world.clock.advance_ms(60_000);
        world.receives(&order(1).total("450.00").told_again("orders/updated", "2026-11-20T09:05:00Z")).await.unwrap();
        assert_eq!(flows_of_orders(&world).await, ["small"]);
        world.receives(&order(2).total("450.00")).await.unwrap();
        assert_eq!(flows_of_orders(&world).await, ["large", "small"]);
    }

    async fn what_happens_to_an_order_starts_flows_too_and_each_occasion_once(world: World) {
        on_order(&world, "calls", EventKind::OrderCancelled, Condition::Always).await;
        world.receives(&order(3)).await.unwrap();
        assert!(flows_of_orders(&world).await.is_empty());
        let cancelled = order(3).cancelled("2026-11-20T09:10:00Z");
        world.receives(&cancelled).await.unwrap();
        world.receives(&cancelled).await.unwrap();
        assert_eq!(flows_of_orders(&world).await, ["calls"]);
        // that the order is closed does not close what its closing started
        let task = world.the_task("human_task").await.unwrap();
        assert!(!task.state.is_over());
    }

    async fn a_form_starts_a_case_and_says_what_is_wrong_with_it(world: World) {
        publish(&world, flow(&world, "parcels", &["ask"], vec![step("ask", asks(&[]), &[])])).await;
        let eyes = world.eyes().await.unwrap();
        let bad = StartInput::Case {
            reference: " ".to_owned(),
            title: "A parcel".to_owned(),
            answers: [("size".to_owned(), json!("huge")), ("colour".to_owned(), json!("red"))].into(),
        };
        let refused = world.engine.start_flow(&eyes, "parcels", bad).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["reference", "answers/size", "answers/colour"]);
        let run = world.engine.start_flow(&eyes, "parcels", parcel("p-1", Some("large"))).await.unwrap();
        assert_eq!(run.answers["input"]["size"], json!("large"));
        let again = world.engine.start_flow(&eyes, "parcels", parcel("p-1", None)).await.unwrap_err();
        assert_eq!(again.fields[0].field, "reference");
        assert_eq!(world.engine.start_flow(&eyes, "nobody", parcel("p-2", None)).await.unwrap_err().kind, Kind::NotFound);
        assert_eq!(world.engine.start_flow(&eyes, "order-to-ship", parcel("p-2", None)).await.unwrap_err().kind, Kind::Conflict);
    }

    async fn a_flow_is_started_for_an_order_by_hand_one_at_a_time(world: World) {
        let mut by_hand = flow(&world, "recalls", &["ask"], vec![step("ask", asks(&[]), &[])]);
        by_hand.trigger = Trigger::Manual;
        publish(&world, by_hand).await;
        world.receives(&order(4)).await.unwrap();
        let eyes = world.eyes().await.unwrap();
        let subject = world.the_export().await.unwrap().subject_id;
        let start = || world.engine.start_flow(&eyes, "recalls", StartInput::Order(subject));
        let first = start().await.unwrap();
        assert_eq!(start().await.unwrap_err().kind, Kind::Conflict);
        does(&world, first.id, "ask", &[]).await;
        let second = start().await.unwrap();
        assert_eq!((second.state, second.occasion.as_str()), (RunState::Running, "2"));
    }
}
