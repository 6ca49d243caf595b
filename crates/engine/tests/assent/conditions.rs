//! When anybody is asked at all.

use domain::{
    approval::{ApprovalCondition, ApprovalRule},
    export::{Export, ExportState},
};
use testkit::order;

use crate::{
    decides, id_of, rules, step,
    world::{World, on_every_store},
};

fn when(when: ApprovalCondition) -> ApprovalRule {
    ApprovalRule {
        when,
        steps: vec![step("operations", "finance")],
        critical: false,
    }
}

async fn export_of(world: &World, name: &str) -> Export {
    let exports = world.exports().await.unwrap();
    exports
        .into_iter()
        .find(|one| one.source_ref == name)
        .unwrap()
}

on_every_store! {
    async fn a_sku_is_new_until_it_was_let_go_once(world: World) {
        rules(&world, vec![when(ApprovalCondition::NewSku)]).await;
        world.receives(&order(1).sku("KIT-W-01")).await.unwrap();
        let first = export_of(&world, "#1").await;
        assert_eq!(first.state, ExportState::AwaitingApproval);
        assert!(first.rationale.contains("KIT-W-01"), "{}", first.rationale);
        // asked is not let go: the next one is asked about as well
        world.receives(&order(2).sku("KIT-W-01")).await.unwrap();
        assert_eq!(export_of(&world, "#2").await.state, ExportState::AwaitingApproval);
        decides(&world, id_of(&world, "jonas"), &first, true).await.unwrap();
        world.receives(&order(3).sku("KIT-W-01")).await.unwrap();
        assert_ne!(export_of(&world, "#3").await.state, ExportState::AwaitingApproval);
        world.receives(&order(4).sku("KIT-W-02")).await.unwrap();
        assert_eq!(export_of(&world, "#4").await.state, ExportState::AwaitingApproval);
    }

    async fn what_changed_before_it_left_is_asked_about_again(world: World) {
        rules(&world, vec![when(ApprovalCondition::NewSku)]).await;
        let kit = |n| order(n).sku("KIT-W-01");
        world.receives(&kit(1)).await.unwrap();
        let first = export_of(&world, "#1").await;
        let jonas = world.as_person("jonas").await.unwrap();
        world.engine.pause_run(&jonas, first.run_id, "Stock is being counted").await.unwrap();
        world.approves("jonas", &first).await.unwrap();
        assert_eq!(export_of(&world, "#1").await.state, ExportState::Paused);
        // it was let go, and says something else before it leaves
        world.receives(&kit(1).quantity(2).told_again("orders/updated", "2026-11-20T09:30:00Z")).await.unwrap();
        world.engine.resume_run(&jonas, first.run_id, "Counted").await.unwrap();
        world.runs_due_work().await.unwrap();
        assert!(world.channel.sent().is_empty(), "nobody approved two of them");
        let exports = world.exports().await.unwrap();
        let anew = exports.iter().find(|one| one.supersedes == Some(first.id)).unwrap();
        assert_eq!(anew.state, ExportState::AwaitingApproval);
        world.approves("jonas", anew).await.unwrap();
        assert_eq!(world.channel.sent()[0].json()["data"]["payload"]["lines"][0]["quantity"], 2);
        world.receives(&kit(2)).await.unwrap();
        assert_ne!(export_of(&world, "#2").await.state, ExportState::AwaitingApproval);
    }

    async fn a_discount_is_asked_about_above_its_limit(world: World) {
        rules(&world, vec![when(ApprovalCondition::DiscountOver { percent: 20 })]).await;
        let off = |n, subtotal: &str, discounts: &str| {
            order(n)
                .set("current_subtotal_price", subtotal)
                .set("subtotal_price", subtotal)
                .set("current_total_discounts", discounts)
                .set("total_discounts", discounts)
        };
        world.receives(&off(1, "80.00", "20.00")).await.unwrap();
        assert_ne!(export_of(&world, "#1").await.state, ExportState::AwaitingApproval);
        world.receives(&off(2, "79.99", "20.01")).await.unwrap();
        let asked = export_of(&world, "#2").await;
        assert_eq!(asked.state, ExportState::AwaitingApproval, "{}", asked.rationale);
        assert_eq!(asked.rationale, "21 % off is more than 20 %");
    }
}
