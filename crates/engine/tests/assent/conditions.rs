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
