//! What is asked of others when something or some money comes back.

use domain::task::Unlock;

use super::{
    super::{
        Purpose,
        build::{DAY, HOUR, MINUTE, Who},
    },
    Need::{May, Must},
    Row, Shape as S, Spec, one_person,
};

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

const RETURN: [Row; 6] = [
    ORDER_REF,
    ORDER_NAME,
    ("sku", S::Text, Must, "open_return.sku", "What comes back."),
    (
        "quantity",
        S::Count,
        Must,
        "open_return.quantity",
        "How many.",
    ),
    (
        "reason",
        S::Text,
        Must,
        "open_return.reason",
        "The customer's reason.",
    ),
    (
        "from",
        S::Address,
        May,
        "order.ship_to",
        "Where it is sent from.",
    ),
];
const HOLD: [Row; 5] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "total",
        S::Money,
        Must,
        "order.total",
        "What is in dispute, at most.",
    ),
    (
        "refunded",
        S::Money,
        Must,
        "order.refunded",
        "What was given back already.",
    ),
    (
        "customer",
        S::Person,
        May,
        "order.customer",
        "Who claims it.",
    ),
];
const RELEASE: [Row; 5] = [
    ORDER_REF,
    ORDER_NAME,
    (
        "hold_ref",
        S::Text,
        May,
        "hold.external_ref",
        "Under which it is held.",
    ),
    (
        "verdict",
        S::Text,
        May,
        "judge.verdict",
        "What finance decided.",
    ),
    (
        "dispute_ref",
        S::Text,
        May,
        "contest.dispute_ref",
        "Under which the bank has the evidence.",
    ),
];

const MONEY: Who = ("finance", "revenue_ops");

pub(super) fn spec(export_type: &str) -> Option<Spec> {
    Some(match export_type {
        "return_initiate" => Spec {
            titled: "Return of {subject}",
            summary: "Announces a return to the warehouse, so that it is expected and known when it arrives.",
            intent: "announce_return",
            action: "Expect the goods, send the customer a return label, and set them aside when they arrive.",
            watchers: &["customer_ops"],
            clocks: [30 * MINUTE, DAY, 7 * DAY],
            ack: (30 * MINUTE, None),
            refusals: &[
                (
                    "return_window_closed",
                    "Too late to be sent back",
                    "customer_ops",
                    Unlock::Nothing,
                    &[
                        "Compare the order's date with the merchant's terms.",
                        "Decline it with the customer, or ask finance for goodwill.",
                    ],
                ),
                (
                    "sku_unknown",
                    "The warehouse does not know the SKU",
                    "returns_ops",
                    Unlock::RedeliverExport,
                    &[
                        "Compare the SKU with the warehouse's list.",
                        "Have it added there, then resolve.",
                    ],
                ),
            ],
            ..Spec::of(
                Purpose::Warehouse,
                "Return",
                ("returns_ops", "customer_ops"),
                &RETURN,
            )
        },
        "refund_hold" => Spec {
            titled: "Hold refunds of {subject}",
            summary: "Keeps refunds of an order from leaving while somebody claims its money.",
            intent: "hold_refund",
            action: "Let no refund of this order out until the hold is released.",
            watchers: &["customer_ops", "operations"],
            clocks: [15 * MINUTE, 4 * HOUR, 2 * DAY],
            ack: (15 * MINUTE, None),
            refusals: &[(
                "refund_already_sent",
                "A refund has left already",
                "finance",
                Unlock::Nothing,
                &[
                    "Find the refund, and whether it can be recalled.",
                    "Tell the bank, so that the money does not go back twice.",
                ],
            )],
            ..Spec::of(Purpose::Finance, "Refund hold", MONEY, &HOLD)
        },
        "refund_release" => Spec {
            titled: "Release refunds of {subject}",
            summary: "Lets refunds of an order out again once its claim is settled. One person of finance says so.",
            intent: "release_refund",
            action: "Lift the hold; refunds that were approved may leave.",
            watchers: &["customer_ops", "operations"],
            clocks: [HOUR, DAY, 7 * DAY],
            approval: one_person("revenue_ops", "finance"),
            ack: (15 * MINUTE, None),
            ..Spec::of(Purpose::Finance, "Refund release", MONEY, &RELEASE)
        },
        _ => return None,
    })
}
