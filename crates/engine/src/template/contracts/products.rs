//! What is asked of the storefront, its staging side and the warehouse about a product.

use domain::task::Unlock;

use super::{
    super::{
        Purpose,
        build::{DAY, HOUR, MINUTE, Who},
    },
    Need::{May, Must},
    Row, Shape as S, Spec, two_people,
};

const REFERENCE: Row = (
    "reference",
    S::Text,
    Must,
    "case.reference",
    "The merchant's own handle.",
);
const TITLE: Row = (
    "title",
    S::Text,
    Must,
    "case.title",
    "What the product is called.",
);
const SKU: Row = ("sku", S::Text, Must, "input.sku", "What it is picked by.");

const STAGED: [Row; 6] = [
    REFERENCE,
    TITLE,
    SKU,
    (
        "price",
        S::Text,
        Must,
        "input.price",
        "With its currency, as in 129.00 USD.",
    ),
    (
        "description",
        S::Text,
        Must,
        "input.description",
        "What the customer reads.",
    ),
    (
        "launch_on",
        S::Day,
        Must,
        "input.launch_on",
        "The day on which it is to be live.",
    ),
];
const WITHDRAW: [Row; 3] = [
    REFERENCE,
    SKU,
    (
        "staged_ref",
        S::Text,
        May,
        "stage.external_ref",
        "Under which staging has it.",
    ),
];
const LIVE: [Row; 8] = [
    REFERENCE,
    TITLE,
    SKU,
    (
        "price",
        S::Text,
        May,
        "correct.price input.price",
        "With its currency, where it changes.",
    ),
    (
        "description",
        S::Text,
        May,
        "correct.description input.description",
        "What the customer reads, where it changes.",
    ),
    (
        "launch_on",
        S::Day,
        May,
        "input.launch_on",
        "The day from which it shows.",
    ),
    (
        "staged_ref",
        S::Text,
        May,
        "stage.external_ref",
        "The preview that was approved.",
    ),
    (
        "units",
        S::Number,
        May,
        "build_kits.built",
        "How many are for sale, where they were just made.",
    ),
];
const PACKAGE: [Row; 8] = [
    REFERENCE,
    SKU,
    (
        "length_mm",
        S::Count,
        Must,
        "input.length_mm",
        "The longest side.",
    ),
    (
        "width_mm",
        S::Count,
        Must,
        "input.width_mm",
        "The side across.",
    ),
    (
        "height_mm",
        S::Count,
        Must,
        "input.height_mm",
        "How high it stands.",
    ),
    (
        "weight_g",
        S::Count,
        Must,
        "input.weight_g",
        "With its packaging.",
    ),
    (
        "storage",
        S::Text,
        May,
        "review_bins.verdict",
        "What the review found.",
    ),
    (
        "bin",
        S::Text,
        May,
        "review_bins.bin",
        "Where it is kept from now on.",
    ),
];

const SHELF: Who = ("merchandising", "marketing_ops");

pub(super) fn spec(export_type: &str) -> Option<Spec> {
    Some(match export_type {
        "staged_product" => Spec {
            titled: "{subject} on staging",
            summary: "Puts a product on the staging side, where nobody but us sees it.",
            intent: "stage_product",
            action: "Make the product page on staging, and answer with the reference of its preview.",
            watchers: &["marketing_ops"],
            clocks: [30 * MINUTE, DAY, 14 * DAY],
            ack: (15 * MINUTE, Some(HOUR)),
            refusals: &[(
                "missing_asset",
                "A picture or a text is missing",
                "merchandising",
                Unlock::RedeliverExport,
                &[
                    "Read what is missing, and upload it to staging.",
                    "Resolve: the same product is sent again.",
                ],
            )],
            ..Spec::of(Purpose::Staging, "Staged product", SHELF, &STAGED)
        },
        "staged_withdraw" => Spec {
            titled: "Take {subject} off staging",
            summary: "Takes a product off the staging side when its launch is called off.",
            intent: "unstage_product",
            action: "Remove the product page and its preview from staging.",
            clocks: [30 * MINUTE, DAY, 7 * DAY],
            ack: (15 * MINUTE, None),
            ..Spec::of(
                Purpose::Staging,
                "Staged product withdrawal",
                SHELF,
                &WITHDRAW,
            )
        },
        "live_publish" => Spec {
            titled: "Publish {subject}",
            summary: "Publishes a product, or its new content, after marketing ops and operations have both said yes.",
            intent: "publish_product",
            action: "Make the product page live as it was previewed.",
            watchers: &["customer_ops", "supply_chain"],
            clocks: [15 * MINUTE, DAY, 7 * DAY],
            approval: two_people(),
            ack: (15 * MINUTE, Some(4 * HOUR)),
            refusals: &[(
                "not_staged",
                "The storefront has no preview of it",
                "merchandising",
                Unlock::RedeliverExport,
                &[
                    "Look at staging: was the page removed meanwhile?",
                    "Put it there again, then resolve: the same page is published.",
                ],
            )],
            ..Spec::of(Purpose::Storefront, "Live publish", SHELF, &LIVE)
        },
        "content_package_change" => Spec {
            titled: "New measurements of {subject}",
            summary: "Tells the warehouse the new measurements of a product, with what the review of its bins found.",
            intent: "change_package",
            action: "Take the measurements over, and move the stock where the review says so.",
            watchers: &["supply_chain", "finance"],
            clocks: [30 * MINUTE, DAY, 7 * DAY],
            ack: (30 * MINUTE, None),
            refusals: &[(
                "bin_too_small",
                "It does not fit the bin",
                "logistics",
                Unlock::Nothing,
                &[
                    "Agree with the warehouse on another bin.",
                    "Start the change anew with it.",
                ],
            )],
            ..Spec::of(
                Purpose::Warehouse,
                "Content-package change",
                ("logistics", "merchandising"),
                &PACKAGE,
            )
        },
        _ => return None,
    })
}
