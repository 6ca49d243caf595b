//! Order to ship.

use domain::{
    event::EventKind,
    flow::{Condition, Flow, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{DAY, HOUR, MINUTE, export, flow as drawn, stands, task, task_for, wait},
};

pub(super) fn flow(making: &Making) -> Flow {
    let trigger = Trigger::Order {
        event: EventKind::OrderAccepted,
        when: Condition::Always,
    };
    let steps = vec![
        export("hand_to_3pl", "Hand to 3PL", ("logistics", "operations"), "fulfillment_request")
            .clock(15 * MINUTE, 2 * DAY)
            .watched_by(&["customer_ops"])
            .check("The order still stands", stands())
            .to(&["shipped"])
            .fails(ways::REJECTED, task_for("supply_chain", High, &[
                "Read the warehouse's code: most often something is out of stock, or the address is wrong.",
                "Clear it up with the warehouse, then resolve: the order is handed over again.",
            ]))
            .fails(ways::DECLINED, task_for("customer_ops", Normal, &[
                "Read why it was declined.",
                "Cancel the order in the storefront, or agree with the customer on what happens instead.",
            ]))
            .undone_by_hand("Ask the warehouse to stop the order, and tell customer ops whether it was in time.")
            .runbook(
                "When Meshline or the warehouse's connection is down:\n\n\
                 1. Export the open orders as CSV (Orders, then CSV) and mail them to the warehouse's shift lead.\n\
                 2. Write the time of the mail on each order's thread, so that nobody sends it twice.\n\
                 3. When the connection is back, **do not** send them again by hand: the same request has the same key, and the warehouse recognises it.\n\n\
                 Orders over $500.00 wait for operations. If one is urgent, call whoever is on call rather than writing.",
            ),
        wait("shipped", "Shipment confirmed", ("logistics", "customer_ops"), EventKind::ShipmentConfirmed)
            .clock(DAY, 2 * DAY)
            .watched_by(&["customer_ops"])
            .check("The order still stands", stands())
            .retried(ways::LATE, 1, 4 * HOUR, task(Normal, &[
                "Ask the warehouse when the order leaves.",
                "Tell the customer the new date.",
                "Resolve: the wait starts again.",
            ]))
            .runbook(
                "No confirmation does not mean no parcel:\n\n\
                 - Look for the order in the carrier's portal; a scan there counts.\n\
                 - If it left, have the warehouse confirm it, so that the tracking number reaches the customer.\n\
                 - If it did not leave within two days, offer the customer a choice: wait, or money back.",
            ),
    ];
    drawn(
        making,
        Template::OrderToShip,
        trigger,
        &["hand_to_3pl"],
        steps,
    )
}
