//! What is asked of others about an order on its way out.

use domain::{
    Currency, Money,
    contract::{ApprovalCondition, ApprovalRule},
    event::EventKind,
    task::Unlock,
};

use super::{
    super::{
        Purpose,
        build::{DAY, HOUR, MINUTE},
    },
    Need::{May, Must},
    Refusal, Row, Shape as S, Spec, asks,
};

/// Orders above this amount are looked at by a person: $500.00.
const LOOKED_AT_ABOVE: i64 = 50_000;

const ORDER_REF: Row = (
    "order_ref",
    S::Text,
    Must,
    "order.ref",
    "The storefront's id of the order.",
);
const ORDER_NAME: Row = (
    "order_name",
    S::Text,
    Must,
    "order.name",
    "What people call the order.",
);

const ADDRESS_INVALID: Refusal = (
    "address_invalid",
    "Address not deliverable",
    "customer_ops",
    Unlock::Nothing,
    &[
        "Ask the customer for the right address.",
        "Correct it on the order in the storefront; the update arrives here by itself.",
        "Resolve with what was agreed.",
    ],
);

const FULFILLMENT: [Row; 7] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "placed_at",
        S::At,
        May,
        "order.placed_at",
        "When the customer ordered.",
    ),
    (
        "lines",
        S::Lines,
        Must,
        "order.lines",
        "What is to be shipped.",
    ),
    (
        "ship_to",
        S::Address,
        Must,
        "order.ship_to",
        "Where it goes.",
    ),
    (
        "total",
        S::Money,
        Must,
        "order.total",
        "What the order is worth now.",
    ),
    ("note", S::Text, May, "order.note", "The customer's words."),
];

const ROUTING: [Row; 8] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "country",
        S::Text,
        May,
        "order.country",
        "Where it goes, ISO 3166-1 alpha-2.",
    ),
    (
        "units",
        S::Count,
        Must,
        "order.units",
        "How many units are to be shipped.",
    ),
    (
        "total",
        S::Money,
        Must,
        "order.total",
        "What the order is worth now.",
    ),
    (
        "carrier",
        S::Text,
        May,
        "book_freight.carrier",
        "Who carries it, where a person chose.",
    ),
    (
        "booking_ref",
        S::Text,
        May,
        "book_freight.booking_ref",
        "Under which the carrier knows it.",
    ),
    (
        "customs_ref",
        S::Text,
        May,
        "customs.customs_ref",
        "Of the papers for abroad.",
    ),
];

const BACKORDER: [Row; 7] = [
    ORDER_REF,
    ORDER_NAME,
    ("sku", S::Text, Must, "assess.sku", "What is missing."),
    (
        "quantity",
        S::Count,
        Must,
        "assess.quantity",
        "How many are missing.",
    ),
    (
        "expected_on",
        S::Day,
        Must,
        "assess.expected_on",
        "When they are expected.",
    ),
    (
        "choice",
        S::Text,
        Must,
        "assess.choice",
        "Wait for all, or ship what is there first.",
    ),
    (
        "customer",
        S::Person,
        May,
        "order.customer",
        "Who waits for it.",
    ),
];

const NOTIFY: [Row; 5] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "customer",
        S::Person,
        Must,
        "order.customer",
        "Who is to be told.",
    ),
    (
        "expected_on",
        S::Day,
        May,
        "assess.expected_on",
        "When it is expected now.",
    ),
    (
        "what",
        S::Text,
        May,
        "assess.choice run.flow",
        "What happened, in one word.",
    ),
];

const LABEL: [Row; 5] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "ship_to",
        S::Address,
        Must,
        "order.ship_to",
        "Where the parcel goes.",
    ),
    ("lines", S::Lines, May, "order.items", "What is in it."),
    (
        "shipments",
        S::Parcels,
        Must,
        "order.shipments",
        "The parcels of the order, as far as they came.",
    ),
];

const LABEL_ANSWER: [Row; 5] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "label_ref",
        S::Text,
        Must,
        "buy_by_hand.label_ref ask_alternate.external_ref ask_carrier.external_ref",
        "Under which the carrier has the label.",
    ),
    (
        "carrier",
        S::Text,
        May,
        "buy_by_hand.carrier",
        "Who carries it, where a person chose.",
    ),
    (
        "shipments",
        S::Parcels,
        Must,
        "order.shipments",
        "The parcels it is for.",
    ),
];

const NO_LABEL: Refusal = (
    "label_failed",
    "No label was made",
    "carrier_onboarding",
    Unlock::Nothing,
    &[
        "The flow asks again by itself, then asks the alternate carrier.",
        "Read the carrier's reason: a service that ended, an account that is locked, a size they do not take.",
        "Resolve with what you found; the next parcel depends on it.",
    ],
);

pub(super) fn spec(export_type: &str) -> Option<Spec> {
    let looked_at = |when| ApprovalRule {
        when,
        steps: vec![asks("operations", "finance")],
        critical: false,
    };
    let amount = Money::new(LOOKED_AT_ABOVE, Currency::USD);
    Some(match export_type {
        "fulfillment_request" => Spec {
            titled: "Ship {subject}",
            summary: "Asks the warehouse to pick, pack and ship one order. Orders over $500.00, and those that carry a flag, are looked at by a person first.",
            intent: "ship_order",
            action: "Pick, pack and ship the lines to the address, then confirm the shipment.",
            watchers: &["customer_ops"],
            clocks: [15 * MINUTE, 2 * DAY, 2 * DAY],
            approval: vec![
                looked_at(ApprovalCondition::TotalOver { amount }),
                looked_at(ApprovalCondition::Flagged),
            ],
            ack: (15 * MINUTE, Some(2 * DAY)),
            completes: Some(EventKind::ShipmentConfirmed),
            refusals: &[
                (
                    "insufficient_inventory",
                    "Out of stock",
                    "supply_chain",
                    Unlock::RedeliverExport,
                    &[
                        "Compare the count at the warehouse with the storefront's.",
                        "Correct the count, or agree on a date for the goods to arrive.",
                        "Resolve: the same request is sent again, and is executed once.",
                    ],
                ),
                ADDRESS_INVALID,
            ],
            // one order is shipped once, whichever flow asks for it
            each_time: false,
            ..Spec::of(
                Purpose::Warehouse,
                "Fulfillment request",
                ("logistics", "operations"),
                &FULFILLMENT,
            )
        },
        "routing_decision" => Spec {
            titled: "Route {subject}",
            summary: "Tells the OMS how an order travels, and why, before the 3PL gets it.",
            intent: "route_order",
            action: "Book the order under this route.",
            watchers: &["customer_ops"],
            clocks: [15 * MINUTE, 4 * HOUR, DAY],
            ack: (15 * MINUTE, None),
            refusals: &[(
                "route_unknown",
                "The OMS does not know the route",
                "engineering",
                Unlock::RedeliverExport,
                &[
                    "Compare the route with those that the OMS has.",
                    "Add it there, then resolve: the same decision is sent again.",
                ],
            )],
            ..Spec::of(
                Purpose::Warehouse,
                "Routing decision",
                ("logistics", "operations"),
                &ROUTING,
            )
        },
        "backorder" => Spec {
            titled: "Backorder of {subject}",
            summary: "Books what an order lacks against the next delivery of goods.",
            intent: "backorder_lines",
            action: "Reserve the missing units from the next delivery for this order.",
            watchers: &["customer_ops", "merchandising"],
            clocks: [30 * MINUTE, DAY, 14 * DAY],
            ack: (30 * MINUTE, None),
            refusals: &[(
                "no_delivery_planned",
                "No delivery is planned for it",
                "supply_chain",
                Unlock::RedeliverExport,
                &[
                    "Order the goods, or agree with the customer on a refund.",
                    "Resolve once a delivery is planned: the same backorder is sent again.",
                ],
            )],
            ..Spec::of(
                Purpose::Warehouse,
                "Backorder",
                ("supply_chain", "logistics"),
                &BACKORDER,
            )
        },
        "exception_notify" => Spec {
            titled: "Tell the customer of {subject}",
            summary: "Tells the customer through the helpdesk that something is different from what was promised.",
            intent: "notify_customer",
            action: "Write to the customer with the template for this case, and attach it to the order's ticket.",
            watchers: &["operations"],
            clocks: [15 * MINUTE, 4 * HOUR, DAY],
            ack: (15 * MINUTE, None),
            refusals: &[(
                "no_contact",
                "No address to write to",
                "customer_ops",
                Unlock::Nothing,
                &[
                    "Look for another way to reach them: a phone number, the marketplace's inbox.",
                    "Resolve with how they were told.",
                ],
            )],
            ..Spec::of(
                Purpose::Helpdesk,
                "Customer notification",
                ("customer_ops", "operations"),
                &NOTIFY,
            )
        },
        "shipping_label_request" => Spec {
            titled: "Label for {subject}",
            summary: "Asks the carrier for the label of a parcel once more.",
            intent: "make_label",
            action: "Make a label for the parcel and answer with its reference.",
            watchers: &["customer_ops"],
            clocks: [15 * MINUTE, 2 * HOUR, DAY],
            ack: (15 * MINUTE, Some(HOUR)),
            refusals: &[NO_LABEL, ADDRESS_INVALID],
            ..Spec::of(
                Purpose::Carrier,
                "Label request",
                ("logistics", "carrier_onboarding"),
                &LABEL,
            )
        },
        "shipping_label_alternate" => Spec {
            titled: "Label for {subject}, alternate carrier",
            summary: "Asks for a label with the alternate carrier, after the first one made none.",
            intent: "make_label_elsewhere",
            action: "Make a label with the alternate carrier and answer with its reference.",
            watchers: &["customer_ops", "finance"],
            clocks: [15 * MINUTE, 2 * HOUR, DAY],
            ack: (15 * MINUTE, Some(HOUR)),
            fixed: &[("service", "alternate")],
            refusals: &[NO_LABEL, ADDRESS_INVALID],
            ..Spec::of(
                Purpose::Carrier,
                "Label request, alternate carrier",
                ("logistics", "carrier_onboarding"),
                &LABEL,
            )
        },
        "shipping_label_response" => Spec {
            titled: "Label of {subject} to the warehouse",
            summary: "Hands the label that was made to the warehouse that has the parcel.",
            intent: "attach_label",
            action: "Print the label, put it on the parcel, and hand the parcel over.",
            watchers: &["customer_ops"],
            clocks: [15 * MINUTE, 4 * HOUR, DAY],
            ack: (15 * MINUTE, None),
            refusals: &[(
                "parcel_not_found",
                "The warehouse does not have the parcel",
                "logistics",
                Unlock::RedeliverExport,
                &[
                    "Ask the warehouse where it was last seen.",
                    "Resolve once it is found: the same label is sent again.",
                ],
            )],
            ..Spec::of(
                Purpose::Warehouse,
                "Label response",
                ("logistics", "operations"),
                &LABEL_ANSWER,
            )
        },
        _ => return None,
    })
}
