//! Order routing, with the hand-off to the 3PL.

use domain::{
    event::EventKind,
    flow::{Condition, ELSE, Flow, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, at_least, decide, export, flow as drawn, human, is, is_not, stands,
        task, task_for, text, wait, words, yes_no,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let trigger = Trigger::Order {
        event: EventKind::OrderAccepted,
        when: Condition::Always,
    };
    let logistics = ("logistics", "operations");
    let steps = vec![
        decide("choose_route", "Which way does it travel?", logistics, vec![
            ("freight", "Twenty units and more: a pallet", at_least("order.items", 20)),
            ("abroad", "Leaves the country", is_not("order.country", "US")),
        ])
        .check("The order still stands", stands())
        .on("freight", &["book_freight"])
        .on("abroad", &["customs"])
        .on(ELSE, &["tell_oms"])
        .fails(ways::UNKNOWN, task_for("customer_ops", Normal, &[
            "The order has no country. Ask the customer, and correct it in the storefront.",
            "Resolve: the route is chosen again.",
        ]))
        .runbook(
            "The route is chosen by these rules, in this order:\n\n\
             1. Twenty units or more go as a pallet with a freight carrier.\n\
             2. What leaves the country needs papers first.\n\
             3. Everything else goes as a parcel.\n\n\
             To choose otherwise for one order, cancel the run with a reason and hand the order over by hand.",
        ),
        human("book_freight", "Book a freight carrier", ("logistics", "supply_chain"),
            "Book a pallet for this order, and write down with whom.", vec![
                text("carrier", "Carrier"),
                text("booking_ref", "Booking reference"),
                words("note", "Anything the dock should know"),
            ])
            .clock(2 * HOUR, DAY)
            .check("There is a booking", is_not("book_freight.booking_ref", "none"))
            .to(&["tell_oms"])
            .undone_by_hand("Cancel the freight booking; most carriers charge nothing until the evening before.")
            .runbook(
                "- Ask two carriers; take the earlier pick-up if the prices are within 10 %.\n\
                 - The dock takes pallets from 08:00 to 15:00, Monday to Friday.\n\
                 - Over 500 kg the warehouse wants a day's notice: call them.",
            ),
        human("customs", "Papers for abroad", ("operations", "logistics"),
            "Make the commercial invoice and check that the goods may be sent there.", vec![
                text("customs_ref", "Number of the commercial invoice"),
                yes_no("allowed", "The goods may be sent there"),
            ])
            .clock(2 * HOUR, DAY)
            .check("The goods may be sent there", is("customs.allowed", true))
            .to(&["tell_oms"])
            .fails(ways::CHECKPOINT, task_for("customer_ops", High, &[
                "The goods may not be sent there. Tell the customer, and cancel the order in the storefront.",
                "The run ends with the order.",
            ]))
            .runbook(
                "- Batteries, cosmetics and blades have lists of their own; look there before the invoice.\n\
                 - The value on the invoice is what the customer paid, discounts taken off.\n\
                 - Use the HS code of the product, never a general one: customs send those back.",
            ),
        export("tell_oms", "Tell the OMS the route", logistics, "routing_decision")
            .clock(15 * MINUTE, 4 * HOUR)
            .check("The order still stands", stands())
            .to(&["hand_to_3pl"])
            .undone_by_hand("Take the route off the order in the OMS.")
            .runbook(
                "If the OMS cannot be reached, write the route into the order's note there by hand before the order is handed over; \
                 the warehouse packs by what the OMS says.",
            ),
        export("hand_to_3pl", "Hand to 3PL", logistics, "fulfillment_request")
            .clock(15 * MINUTE, 2 * DAY)
            .watched_by(&["customer_ops"])
            .check("The order still stands", stands())
            .to(&["shipped"])
            .fails(ways::REJECTED, task_for("supply_chain", High, &[
                "Read the warehouse's code, and clear it up with them.",
                "Resolve: the order is handed over again.",
            ]))
            .undone_by_hand("Ask the warehouse to stop the order, and tell customer ops whether it was in time.")
            .runbook(
                "The hand-off counts when the 3PL has accepted, not when it was sent. Without an answer after 15 minutes, call their shift lead; \
                 the number is on the connection's page.",
            ),
        wait("shipped", "Shipment confirmed", ("logistics", "customer_ops"), EventKind::ShipmentConfirmed)
            .clock(DAY, 3 * DAY)
            .check("The order still stands", stands())
            .fails(ways::LATE, task(Normal, &[
                "Ask the 3PL when it leaves, and tell the customer the new date.",
                "Resolve: the wait starts again.",
            ]))
            .runbook("A pallet is confirmed when the carrier has signed for it. Ask the dock for the signed note if nothing came after three days."),
    ];
    drawn(
        making,
        Template::OrderRouting,
        trigger,
        &["choose_route"],
        steps,
    )
}
