//! Returns: inspect, then refurbish, restock or refund.

use domain::{
    event::EventKind,
    flow::{ELSE, Flow, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, at_least, choice, decide, export, flow as drawn, human, is, is_not,
        number, task, task_for, text, wait, words,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let returns = ("returns_ops", "customer_ops");
    let money = ("finance", "revenue_ops");
    let steps = vec![
        human("open_return", "What comes back, and why?", returns,
            "Take down what the customer wants to send back. They have 30 days from delivery.", vec![
                text("sku", "SKU"),
                number("quantity", "Units"),
                choice("reason", "Reason", &["does_not_fit", "not_as_described", "damaged", "changed_mind"]),
                words("note", "The customer's words"),
            ])
            .clock(2 * HOUR, DAY)
            .check("Something comes back", at_least("open_return.quantity", 1))
            .to(&["announce"])
            .runbook(
                "- *Damaged* and *not as described* are on us: the return label is free.\n\
                 - Ask for a picture of what is damaged before anything else; the carrier wants it within seven days.\n\
                 - After 30 days ask finance first.",
            ),
        export("announce", "Announce it to the warehouse", returns, "return_initiate")
            .clock(30 * MINUTE, DAY)
            .check("Something was shipped that can come back", is("order.shipped", true))
            .to(&["inspect"])
            .fails(ways::CHECKPOINT, task(Normal, &[
                "Nothing of the order has left yet. Cancel or change the order instead.",
                "Resolve once it was shipped after all, or cancel the run.",
            ]))
            .undone_by_hand("Tell the warehouse that the return is called off, and the customer that the label is void.")
            .runbook("Without the announcement the parcel lands in *unknown* and waits for a week. If the connection is down, mail the order's number and the SKU to the returns desk."),
        human("inspect", "Inspect what came back", returns,
            "Open the parcel, compare it with the announcement, and judge it.", vec![
                number("units", "Units in the parcel"),
                choice("condition", "Condition", &["as_new", "repairable", "unsellable"]),
                words("note", "What you saw"),
            ])
            .clock(10 * DAY, 21 * DAY)
            .watched_by(&["customer_ops"])
            .check("Something was in the parcel", at_least("inspect.units", 1))
            .to(&["sort"])
            .fails(ways::LATE, task_for("customer_ops", Normal, &[
                "Nothing arrived for three weeks. Ask the customer for the number of the return parcel.",
                "Resolve: the wait starts again. Cancel the run if they keep it.",
            ]))
            .runbook(
                "| Condition | Means |\n|---|---|\n| as new | unopened, or opened and complete |\n| repairable | cleaning, a new box, a part that we have |\n| unsellable | used, incomplete, or hygiene goods that were opened |\n\n\
                 Judge the goods, not the customer; the reason was taken down before.",
            ),
        decide("sort", "Restock, refurbish or write off?", returns, vec![
            ("restock", "As new", is("inspect.condition", "as_new")),
            ("refurbish", "Can be repaired", is("inspect.condition", "repairable")),
        ])
        .check("Something comes back", at_least("open_return.quantity", 1))
        .on("restock", &["book_in", "refund"])
        .on("refurbish", &["refurbish"])
        .on(ELSE, &["refund"])
        .runbook("The customer gets the money whatever becomes of the goods: the refund does not wait for the shelf."),
        human("refurbish", "Refurbish it", ("logistics", "returns_ops"),
            "Clean or repair it, and say whether it can be sold again.", vec![
                choice("result", "Result", &["sellable", "beyond_repair"]),
                number("minutes", "Minutes it took"),
            ])
            .clock(2 * DAY, 5 * DAY)
            .check("Time was written down", at_least("refurbish.minutes", 0))
            .to(&["worth_it"])
            .runbook("Stop after 30 minutes: beyond that a new one is cheaper. Put the old box aside, the supplier wants it for the claim."),
        decide("worth_it", "Can it be sold again?", ("returns_ops", "logistics"), vec![
            ("sellable", "Sellable", is("refurbish.result", "sellable")),
        ])
        .check("Something comes back", at_least("open_return.quantity", 1))
        .on("sellable", &["book_in", "refund"])
        .on(ELSE, &["refund"])
        .runbook("Goods that were repaired twice are not sold as new. If in doubt, compare with one from the shelf, in daylight."),
        export("book_in", "Back to stock", ("supply_chain", "logistics"), "inventory_delta")
            .clock(30 * MINUTE, DAY)
            .check("Something comes back", at_least("open_return.quantity", 1))
            .undone_by_hand("Book the units out again, with the return's number as the reason.")
            .runbook("The units go to free stock at the returns bin; the warehouse moves them to their shelf in the evening."),
        human("refund", "Refund the customer", money,
            "Refund the lines in the storefront. Shipping goes back only if the fault was ours.", vec![
                text("refund_ref", "Refund in the storefront"),
                words("note", "Why it differs from the price paid, if it does"),
            ])
            .clock(4 * HOUR, 2 * DAY)
            .watched_by(&["customer_ops"])
            .check("The refund has a reference", is_not("refund.refund_ref", "none"))
            .to(&["refunded"])
            .fails(ways::LATE, task_for("revenue_ops", High, &[
                "The law gives 14 days. Refund it, or find out who can.",
                "Resolve: the clock starts again.",
            ]))
            .runbook("Refund to the card that paid. If that card is closed, the gateway says so within a minute; ask the customer for an account then."),
        wait("refunded", "Refund confirmed", money, EventKind::RefundIssued)
            .clock(DAY, 5 * DAY)
            .check("Something was refunded", is("order.refunded", true))
            .fails(ways::LATE, task(High, &[
                "The storefront never said that it was refunded. Look in the payment gateway.",
                "Resolve: the wait starts again.",
            ]))
            .runbook("Banks take up to five days; the storefront knows at once. If it does not, the refund was only drafted."),
    ];
    drawn(
        making,
        Template::Returns,
        Trigger::Manual,
        &["open_return"],
        steps,
    )
}
