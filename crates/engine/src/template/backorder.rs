//! Backorder.

use domain::{
    event::EventKind,
    flow::{ELSE, Flow, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, at_least, choice, day, decide, export, flow as drawn, go, human, is,
        number, stands, task, task_for, text, wait, words,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let supply = ("supply_chain", "logistics");
    let customers = ("customer_ops", "operations");
    let steps = vec![
        human("assess", "What is missing, and what now?", supply,
            "Find out what is missing and when it comes, and agree with customer ops on what the customer is offered.", vec![
                text("sku", "SKU that is missing"),
                number("quantity", "Units missing"),
                day("expected_on", "Expected on"),
                choice("choice", "What the customer gets", &["wait", "split", "refund"]),
            ])
            .clock(HOUR, 8 * HOUR)
            .watched_by(&["customer_ops"])
            .check("Something is missing", at_least("assess.quantity", 1))
            .to(&["which_way"])
            .fails(ways::LATE, task_for("operations", High, &[
                "The customer waits without knowing. Find whoever can say when the goods come.",
                "Resolve: the question is asked again.",
            ]))
            .runbook(
                "- The date is the supplier's confirmed one **plus two working days** for counting in.\n\
                 - Offer *split* only if what is there is worth sending on its own: it costs a second parcel.\n\
                 - More than three weeks: offer the refund first.",
            ),
        decide("which_way", "Wait, split or refund?", supply, vec![
            ("refund", "The customer gets the money back", is("assess.choice", "refund")),
        ])
        .check("The order still stands", stands())
        .on("refund", &["give_back"])
        .on(ELSE, &["book_backorder", "tell_customer"])
        .runbook("Waiting and splitting differ only in what the warehouse sends first; both are booked as a backorder. A refund ends it."),
        export("book_backorder", "Book the backorder", supply, "backorder")
            .clock(30 * MINUTE, DAY)
            .check("The order still stands", stands())
            .to(&["goods_in"])
            .undone_by_hand("Take the reservation off the next delivery in the warehouse's system.")
            .runbook("If the warehouse books no backorders, write the order's number on the purchase order's line instead; the dock sorts by it."),
        export("tell_customer", "Tell the customer", customers, "exception_notify")
            .clock(15 * MINUTE, 4 * HOUR)
            .check("The order still stands", stands())
            .fails(ways::REJECTED, task(Normal, &[
                "The helpdesk has no way to reach them. Look for a phone number, or the marketplace's inbox.",
                "Resolve once they know.",
            ]))
            .runbook("Say three things, in this order: what is missing, until when, and that they may have their money back instead at any time."),
        human("goods_in", "The goods are there", supply,
            "When the delivery is counted in, say so: the order is released at once.", vec![
                number("counted", "Units counted in for this order"),
                words("note", "Anything that was different"),
            ])
            .clock(10 * DAY, 21 * DAY)
            .check("All that was missing is there", at_least("goods_in.counted", 1))
            .to(&["release"])
            .fails(ways::LATE, go("give_back"))
            .runbook("Look at the delivery note, not at the supplier's mail. If fewer came than were missing, ask customer ops before releasing."),
        export("release", "Release the order", ("logistics", "operations"), "fulfillment_request")
            .clock(15 * MINUTE, 2 * DAY)
            .check("The order still stands", stands())
            .to(&["shipped"])
            .undone_by_hand("Ask the warehouse to stop the order.")
            .runbook("It has the same key as the first request for this order: what the warehouse sent already is not sent twice."),
        wait("shipped", "Shipment confirmed", ("logistics", "customer_ops"), EventKind::ShipmentConfirmed)
            .clock(DAY, 2 * DAY)
            .check("The order still stands", stands())
            .fails(ways::LATE, task(High, &[
                "This customer has waited once. Call the warehouse.",
                "Resolve: the wait starts again.",
            ]))
            .runbook("Orders that waited go first: ask the shift lead to put it on top, and tell the customer the tracking number yourself."),
        human("give_back", "Give the money back", ("finance", "revenue_ops"),
            "Refund what cannot be delivered, in the storefront.", vec![
                text("refund_ref", "Refund in the storefront"),
                words("note", "What was agreed"),
            ])
            .clock(4 * HOUR, 2 * DAY)
            .watched_by(&["customer_ops"])
            .check("Something was refunded", is("order.refunded", true))
            .runbook("Refund the lines, not an amount: stock and taxes follow by themselves. Shipping goes back too if nothing was sent."),
    ];
    drawn(
        making,
        Template::Backorder,
        Trigger::Manual,
        &["assess"],
        steps,
    )
}
