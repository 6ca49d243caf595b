//! From a delivery to an order, whatever the order of arrival.

use domain::{export::ExportState, receipt::ReceiptStatus, task::Unlock};
use engine::IntakeStatus;
use testkit::{MINUTE, order};

use crate::world::{World, on_every_store};

on_every_store! {
    async fn a_paid_order_becomes_a_delivered_export_without_asking_anybody(world: World) {
        let receipt = world.receives(&order(1001)).await.unwrap();

        assert_eq!(world.receipt(receipt).await.unwrap().status, ReceiptStatus::Processed);
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::Acknowledged);
        assert_eq!(export.ack.external_ref.as_deref(), Some("W-1"));
        let sent = world.channel.sent();
        assert_eq!(sent.len(), 1);
        let data = &sent[0].json()["data"];
        assert_eq!(data["payload"]["lines"][0]["sku"], "KET-01");
        assert_eq!(data["owner_role"], "logistics");
        assert_eq!(data["payload"]["total"]["amount_minor"], 8_900);
    }

    async fn a_repeat_is_the_same_receipt_and_has_no_second_effect(world: World) {
        let (first, status) = world.sends(&order(1001)).await.unwrap();
        assert_eq!(status, IntakeStatus::Accepted);
        let (again, status) = world.sends(&order(1001)).await.unwrap();
        assert_eq!((again, status), (first, IntakeStatus::Duplicate));
        world.runs_due_work().await.unwrap();
        let (later, status) = world.sends(&order(1001)).await.unwrap();
        assert_eq!((later, status), (first, IntakeStatus::Duplicate));
        world.runs_due_work().await.unwrap();
        assert_eq!(world.channel.sent().len(), 1);
        assert_eq!(world.receipt(first).await.unwrap().repeats, 2);
    }

    async fn many_at_once_are_kept_each_once(world: World) {
        let orders: Vec<_> = (1..=40).map(order).collect();
        let all = futures::future::join_all(orders.iter().chain(&orders).map(|one| world.sends(one))).await;
        let accepted = all.iter().filter(|one| one.as_ref().unwrap().1 == IntakeStatus::Accepted);
        assert_eq!(accepted.count(), 40);
        world.runs_due_work().await.unwrap();
        assert_eq!(world.exports().await.unwrap().len(), 40);
    }

    async fn an_order_waits_until_it_is_paid(world: World) {
        let pending = order(1002).set("financial_status", "pending");
        world.receives(&pending).await.unwrap();
        assert!(world.exports().await.unwrap().is_empty());
        let paid = order(1002).told_again("orders/paid", "2026-11-20T09:05:00Z");
        world.receives(&paid).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Acknowledged);
    }

    async fn a_cancelled_order_is_taken_back_before_it_is_sent(world: World) {
        world.receives(&order(1003).total("900.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::AwaitingApproval);
        world.receives(&order(1003).total("900.00").cancelled("2026-11-20T09:10:00Z")).await.unwrap();
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Withdrawn);
        assert!(world.approves("jonas", &export).await.is_err());
        assert!(world.channel.sent().is_empty());
    }

    async fn a_cancelled_order_that_was_sent_becomes_somebodys_task(world: World) {
        world.receives(&order(1004)).await.unwrap();
        world.receives(&order(1004).cancelled("2026-11-20T09:10:00Z")).await.unwrap();
        let task = world.the_task("cancelled_after_dispatch").await.unwrap();
        assert!(task.sentence.contains("#1004"), "{}", task.sentence);
    }

    async fn malformed_but_authentic_is_kept_and_asked_about(world: World) {
        let (receipt, status) =
            world.sends_bytes("orders/create", "hook-x", b"{\"id\": \"not a number\"").await.unwrap();
        assert_eq!(status, IntakeStatus::Quarantined);
        let task = world.the_task("malformed").await.unwrap();
        assert_eq!(task.receipt_id, Some(receipt));
        assert_eq!(task.owner.to_string(), "agency:engineering");
        assert_eq!(task.unlock, Unlock::ReprocessReceipt);
        let (again, status) =
            world.sends_bytes("orders/create", "hook-x", b"{\"id\": \"not a number\"").await.unwrap();
        assert_eq!((again, status), (receipt, IntakeStatus::Duplicate));
        assert_eq!(world.tasks().await.unwrap().len(), 1);
    }

    async fn the_old_secret_is_good_for_an_hour_after_a_rotation(world: World) {
        let admin = world.eyes().await.unwrap();
        let id = world.door.source.id;
        world.engine.rotate_source_secret(&admin, id, Some("a brand new secret".into())).await.unwrap();
        let door = world.engine.open_door(&world.door.source.path).await.unwrap();
        let world = World { door, ..world };
        // the world still signs with the old secret
        assert!(world.sends(&order(1)).await.is_ok());
        world.clock.advance_ms(61 * MINUTE);
        let door = world.engine.open_door(&world.door.source.path).await.unwrap();
        let world = World { door, ..world };
        assert!(world.sends(&order(2)).await.is_err());
    }

    async fn a_test_event_takes_the_same_way_as_any_other_and_asks_somebody(world: World) {
        let admin = world.eyes().await.unwrap();
        let source = world.door.source.id;
        let receipt = world.engine.send_test_event(&admin, source).await.unwrap();
        world.runs_due_work().await.unwrap();

        assert_eq!(world.receipt(receipt).await.unwrap().status, ReceiptStatus::Processed);
        let export = world.the_export().await.unwrap();
        assert_eq!(export.state, ExportState::AwaitingApproval);
        let under_way = world.engine.under_way(&admin, &[export.subject_id]).await.unwrap();
        assert_eq!(under_way[0].exports.len(), 1);
        assert!(under_way[0].approval.as_ref().is_some_and(|step| step.reason.contains("test order")));

        let other = world.engine.send_test_event(&admin, source).await.unwrap();
        assert_ne!(other, receipt);
        let tomas = world.as_person("tomas").await.unwrap();
        assert!(world.engine.send_test_event(&tomas, source).await.is_err());
    }
}
