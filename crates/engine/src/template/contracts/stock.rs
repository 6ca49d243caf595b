//! What is booked in, and reserved for kits, at the warehouse.

use domain::{event::EventKind, task::Unlock};

use super::{
    super::{
        Purpose,
        build::{DAY, HOUR, MINUTE},
    },
    Need::{May, Must},
    Row, Shape as S, Spec,
};

const DELTA: [Row; 5] = [
    (
        "sku",
        S::Text,
        Must,
        "input.sku open_return.sku",
        "What is booked.",
    ),
    (
        "delta",
        S::Number,
        Must,
        "count_in.good build_kits.built inspect.units",
        "How many more there are.",
    ),
    (
        "because",
        S::Text,
        Must,
        "run.flow",
        "The flow that found it out.",
    ),
    (
        "document",
        S::Text,
        May,
        "order_goods.po_number case.reference order.name",
        "What it is booked under.",
    ),
    (
        "note",
        S::Text,
        May,
        "count_in.note build_kits.note inspect.note",
        "What the counter wrote.",
    ),
];
const RESERVE: [Row; 4] = [
    (
        "reference",
        S::Text,
        Must,
        "case.reference",
        "The merchant's own handle.",
    ),
    ("kit_sku", S::Text, Must, "input.sku", "What is built."),
    (
        "components",
        S::Text,
        Must,
        "input.components",
        "What goes into one kit: SKU and number, one a line.",
    ),
    ("kits", S::Count, Must, "input.quantity", "How many kits."),
];
const RELEASE: [Row; 3] = [
    (
        "reference",
        S::Text,
        Must,
        "case.reference",
        "The merchant's own handle.",
    ),
    (
        "kit_sku",
        S::Text,
        Must,
        "input.sku",
        "What was to be built.",
    ),
    (
        "reservation_ref",
        S::Text,
        May,
        "reserve.external_ref",
        "Under which they are held.",
    ),
];

pub(super) fn spec(export_type: &str) -> Option<Spec> {
    Some(match export_type {
        "inventory_delta" => Spec {
            titled: "Stock change: {subject}",
            summary: "Books units in that were counted: from a delivery, a return or a bench where kits are built.",
            intent: "book_stock",
            action: "Add the units to free stock, and confirm the new count.",
            watchers: &["merchandising"],
            clocks: [30 * MINUTE, DAY, 2 * DAY],
            ack: (30 * MINUTE, Some(4 * HOUR)),
            completes: Some(EventKind::InventoryChanged),
            refusals: &[(
                "count_mismatch",
                "The warehouse counts otherwise",
                "logistics",
                Unlock::RedeliverExport,
                &[
                    "Have it counted once more, by somebody else.",
                    "If our number was right, resolve: it is sent again. If theirs is, start it anew with it.",
                ],
            )],
            ..Spec::of(
                Purpose::Warehouse,
                "Stock change",
                ("supply_chain", "logistics"),
                &DELTA,
            )
        },
        "component_reservation" => Spec {
            titled: "Components for {subject}",
            summary: "Reserves what goes into kits, so that it is not sold on its own meanwhile.",
            intent: "reserve_components",
            action: "Reserve the components for this many kits, and bring them to the bench.",
            watchers: &["merchandising"],
            clocks: [30 * MINUTE, DAY, 7 * DAY],
            ack: (30 * MINUTE, None),
            refusals: &[(
                "insufficient_inventory",
                "Not enough components",
                "supply_chain",
                Unlock::RedeliverExport,
                &[
                    "Read which component is short.",
                    "Restock it, or start a smaller batch.",
                    "Resolve: the same reservation is asked for again.",
                ],
            )],
            ..Spec::of(
                Purpose::Warehouse,
                "Component reservation",
                ("supply_chain", "logistics"),
                &RESERVE,
            )
        },
        "component_release" => Spec {
            titled: "Components of {subject} back to stock",
            summary: "Gives components back when kits are not built after all.",
            intent: "release_components",
            action: "Take the components back from the bench to free stock.",
            clocks: [HOUR, DAY, 7 * DAY],
            ack: (30 * MINUTE, None),
            ..Spec::of(
                Purpose::Warehouse,
                "Component release",
                ("supply_chain", "logistics"),
                &RELEASE,
            )
        },
        _ => return None,
    })
}
