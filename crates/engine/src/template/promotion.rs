//! Promotion go-live, with an inventory hold and a way back. The stock is held while people decide; prices
//! change when both are done.

use domain::{
    flow::{Flow, Path, Trigger, ways},
    task::Severity::High,
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, at_least, export, export_done, flow as drawn, human, is, notify,
        task_for, words, yes_no,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let marketing = ("marketing_ops", "operations");
    let steps = vec![
        export("hold_stock", "Hold the stock", ("supply_chain", "logistics"), "inventory_hold")
            .clock(15 * MINUTE, DAY)
            .watched_by(&["merchandising"])
            .check("The campaign is about something", at_least("campaign.items", 1))
            .to(&["change_prices"])
            .fails(ways::REJECTED, task_for("merchandising", High, &[
                "There is not enough to sell. Add stock, or take the SKU out of the campaign with a new brief.",
                "Resolve: the hold is asked for again. Cancel the run if the campaign is off.",
            ]))
            .undone_by("inventory_release")
            .runbook(
                "- Hold what the campaign expects to sell in its **first week**, not everything.\n\
                 - Wholesale orders that are confirmed go first; ask supply chain before holding below them.\n\
                 - The hold ends by itself with the campaign.",
            ),
        export_done("go_live", "Go live", marketing, "promo_activation")
            .clock(15 * MINUTE, DAY)
            .watched_by(&["merchandising", "customer_ops"])
            .check("The discount is one that was agreed", at_least("campaign.discount_percent", 1))
            .to(&["change_prices"])
            .fails(ways::DECLINED, Path::Undo)
            .fails(ways::REJECTED, Path::Undo)
            .fails(ways::FAILED, Path::Undo)
            .undone_by("promo_rollback")
            .runbook(
                "Two people approve, and neither wrote the brief. Before you say yes, look at:\n\n\
                 1. the landing page in preview, on a phone;\n\
                 2. the end of the campaign, in the shop's time zone;\n\
                 3. whether another campaign holds one of the SKUs.",
            ),
        export_done("change_prices", "Change the prices", marketing, "price_update")
            .clock(15 * MINUTE, 4 * HOUR)
            .watched_by(&["finance"])
            .check("The campaign is about something", at_least("campaign.items", 1))
            .to(&["look_at_it"])
            .fails(ways::REJECTED, Path::Undo)
            .retried(ways::FAILED, 1, 10 * MINUTE, Path::Undo)
            .undone_by("price_restore")
            .runbook("Prices change after the page is open, never before: a reduced price without its offer is a complaint. If it takes more than ten minutes, call the shop's on-call engineer."),
        human("look_at_it", "Look at it as a customer", ("merchandising", "marketing_ops"),
            "Open the landing page in a private window, put one thing in the cart, and go as far as the payment.", vec![
                yes_no("right", "Page, price and cart are right"),
                words("note", "What is wrong"),
            ])
            .clock(30 * MINUTE, 2 * HOUR)
            .check("Page, price and cart are right", is("look_at_it.right", true))
            .to(&["announce"])
            .fails(ways::CHECKPOINT, Path::Undo)
            .fails(ways::LATE, task_for("marketing_ops", High, &[
                "It is live and nobody has looked. Look now, or take it back.",
                "Resolve: the question is asked again.",
            ]))
            .runbook(
                "Say *no* if anything a customer would notice is wrong. That takes back the prices, the page and the hold, in this order, without asking anybody else.\n\n\
                 Check the price with a code, too: discounts must not add up.",
            ),
        notify("announce", "Tell everybody that it is live", marketing, &["customer_ops", "merchandising", "supply_chain"],
            "The campaign is live, and somebody has looked at it. Questions of customers start now.")
            .check("Page, price and cart are right", is("look_at_it.right", true))
            .runbook("Customer ops needs the terms of the offer before the first question: paste them into their channel."),
    ];
    drawn(
        making,
        Template::PromotionGoLive,
        Trigger::Campaign,
        // asked about first: whoever starts it waits for that; the stock is held meanwhile
        &["go_live", "hold_stock"],
        steps,
    )
}
