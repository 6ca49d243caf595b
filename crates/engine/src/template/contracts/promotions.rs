//! What a promotion asks of the warehouse and of the storefront, and how each of it is taken back.

use domain::{
    gate::{Gate, Untold},
    task::Unlock,
};

use super::{
    super::{
        Purpose,
        build::{DAY, HOUR, MINUTE, Who},
    },
    Need::{May, Must},
    Row, Shape as S, Spec, two_people,
};

const ID: Row = (
    "campaign_id",
    S::Text,
    Must,
    "campaign.campaign_id",
    "The merchant's own handle.",
);
const SKUS: Row = (
    "skus",
    S::Skus,
    Must,
    "campaign.skus",
    "What the campaign is about.",
);
const STARTS: Row = (
    "starts_at",
    S::At,
    Must,
    "campaign.starts_at",
    "When it begins.",
);
const ENDS: Row = (
    "ends_at",
    S::At,
    Must,
    "campaign.ends_at",
    "When it is over.",
);
const DISCOUNT: Row = (
    "discount_percent",
    S::Percent,
    Must,
    "campaign.discount_percent",
    "Off the regular price.",
);

const WHOLE: [Row; 13] = [
    ID,
    (
        "title",
        S::Text,
        Must,
        "campaign.title",
        "What people call it.",
    ),
    (
        "offer",
        S::Text,
        Must,
        "campaign.offer",
        "What the customer reads.",
    ),
    (
        "terms",
        S::Text,
        May,
        "campaign.terms",
        "The small print of the offer.",
    ),
    DISCOUNT,
    SKUS,
    (
        "keywords",
        S::Texts,
        May,
        "campaign.keywords",
        "What it is searched and advertised by.",
    ),
    (
        "keywords_owner",
        S::Text,
        May,
        "campaign.keywords_owner",
        "Who answers for the keywords.",
    ),
    (
        "creative_ids",
        S::Texts,
        May,
        "campaign.creative_ids",
        "The pictures and texts of the campaign.",
    ),
    (
        "landing_url",
        S::Url,
        Must,
        "campaign.landing_url",
        "The page that opens.",
    ),
    (
        "landing_urls",
        S::Texts,
        May,
        "campaign.landing_urls",
        "Every page of the campaign, that one first.",
    ),
    STARTS,
    ENDS,
];
const HOLD: [Row; 4] = [ID, SKUS, STARTS, ENDS];
const RELEASE: [Row; 3] = [
    ID,
    SKUS,
    (
        "hold_ref",
        S::Text,
        May,
        "hold_stock.external_ref",
        "Under which the warehouse holds it.",
    ),
];
const PRICES: [Row; 5] = [ID, SKUS, DISCOUNT, STARTS, ENDS];
const RESTORE: [Row; 2] = [ID, SKUS];
const ROLLBACK: [Row; 3] = [
    ID,
    (
        "landing_url",
        S::Url,
        Must,
        "campaign.landing_url",
        "The page that closes.",
    ),
    (
        "activation_ref",
        S::Text,
        May,
        "go_live.external_ref",
        "Under which the storefront has it.",
    ),
];

const MARKETING: Who = ("marketing_ops", "operations");
const STOCK: Who = ("supply_chain", "logistics");

/// Where stock is told, there is some of each: what is sold out is not announced.
fn stocked() -> Gate {
    Gate::StockAtLeast {
        at: "/skus/*".to_owned(),
        units: 1,
        untold: Untold::Accepted,
    }
}

/// It does not open while it is being closed.
fn alone() -> Gate {
    Gate::OnlyOne {
        intents: vec!["unpublish".to_owned()],
    }
}

pub(super) fn spec(export_type: &str) -> Option<Spec> {
    Some(match export_type {
        "promo_activation" => Spec {
            titled: "{subject} goes live",
            summary: "Opens the landing page of a campaign and announces its offer, after marketing ops and operations have both said yes.",
            intent: "publish_live",
            action: "Open the landing page and show the offer for the campaign's time.",
            watchers: &["merchandising", "supply_chain"],
            clocks: [15 * MINUTE, DAY, 7 * DAY],
            gates: &[stocked, alone],
            approval: two_people(),
            ack: (15 * MINUTE, Some(4 * HOUR)),
            refusals: &[(
                "insufficient_inventory",
                "Not enough stock for the promotion",
                "supply_chain",
                Unlock::RedeliverExport,
                &[
                    "Compare what the promotion needs with what is there and on its way.",
                    "Add stock, or take the SKU out of the campaign with a new brief.",
                    "Resolve: the same activation is sent again.",
                ],
            )],
            each_time: false,
            ..Spec::of(
                Purpose::Storefront,
                "Promotion activation",
                MARKETING,
                &WHOLE,
            )
        },
        "promo_rollback" => Spec {
            titled: "Take {subject} back",
            summary: "Closes the landing page of a campaign that must not go on.",
            intent: "unpublish",
            action: "Close the landing page and take the offer off the storefront, at once.",
            watchers: &["merchandising", "customer_ops"],
            clocks: [15 * MINUTE, 4 * HOUR, DAY],
            ack: (15 * MINUTE, Some(HOUR)),
            ..Spec::of(
                Purpose::Storefront,
                "Promotion rollback",
                MARKETING,
                &ROLLBACK,
            )
        },
        "price_update" => Spec {
            titled: "Prices of {subject}",
            summary: "Changes the prices of a campaign's SKUs for its time.",
            intent: "change_prices",
            action: "Reduce the prices of the SKUs by the discount, from the beginning to the end.",
            watchers: &["merchandising", "finance"],
            clocks: [15 * MINUTE, 4 * HOUR, 7 * DAY],
            ack: (15 * MINUTE, Some(HOUR)),
            refusals: &[(
                "price_below_floor",
                "A price would fall below its floor",
                "merchandising",
                Unlock::Nothing,
                &[
                    "Read which SKU it is, and ask finance for its floor.",
                    "Take the SKU out with a new brief, or have the floor lowered.",
                ],
            )],
            ..Spec::of(Purpose::Storefront, "Price update", MARKETING, &PRICES)
        },
        "price_restore" => Spec {
            titled: "Regular prices after {subject}",
            summary: "Puts the regular prices of a campaign's SKUs back.",
            intent: "restore_prices",
            action: "Put the regular prices of the SKUs back, at once.",
            watchers: &["merchandising", "finance"],
            clocks: [15 * MINUTE, 4 * HOUR, DAY],
            ack: (15 * MINUTE, Some(HOUR)),
            ..Spec::of(Purpose::Storefront, "Price restore", MARKETING, &RESTORE)
        },
        "inventory_hold" => Spec {
            titled: "Hold stock for {subject}",
            summary: "Holds stock at the warehouse so that a campaign does not sell what is not there.",
            intent: "hold_stock",
            action: "Hold the SKUs' free stock for the campaign, and say under which reference.",
            watchers: &["merchandising"],
            clocks: [15 * MINUTE, DAY, 7 * DAY],
            ack: (15 * MINUTE, None),
            refusals: &[(
                "insufficient_inventory",
                "Not enough stock to hold",
                "supply_chain",
                Unlock::RedeliverExport,
                &[
                    "Compare what the campaign expects with what is there and on its way.",
                    "Add stock, or take the SKU out of the campaign with a new brief.",
                    "Resolve: the same hold is asked for again.",
                ],
            )],
            ..Spec::of(Purpose::Warehouse, "Inventory hold", STOCK, &HOLD)
        },
        "inventory_release" => Spec {
            titled: "Release stock of {subject}",
            summary: "Gives stock back that was held for a campaign.",
            intent: "release_stock",
            action: "Give the held stock back to free stock.",
            watchers: &["merchandising"],
            clocks: [15 * MINUTE, 4 * HOUR, 7 * DAY],
            ack: (15 * MINUTE, None),
            ..Spec::of(Purpose::Warehouse, "Inventory release", STOCK, &RELEASE)
        },
        _ => return None,
    })
}
