//! Flows to begin with, each with the contracts of what it sends. The waits are those of a real warehouse;
//! failed deliveries are repeated quickly at first, so that somebody who tries things out sees it happen.
//!
//! A template is taken over by a merchant once, with the people who answer for its roles and the
//! destinations it sends to; what is published then is the merchant's own, like any other. A contract that
//! the merchant has already is left as it is.
//!
//! One file per flow; the contracts stand by what they are about, since several flows share some of them.

mod backorder;
mod build;
mod content_package;
mod contracts;
mod kitting;
mod label_failure;
mod order_routing;
mod order_to_ship;
mod promotion;
mod refund_hold;
mod restock;
mod returns;
mod staged_launch;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Time,
    contract::Contract,
    flow::{Flow, Path, StepKind, Undo},
    owner::{Owner, Party},
};
use uuid::Uuid;

/// What a destination is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    Warehouse,
    Storefront,
    Staging,
    Carrier,
    Finance,
    Helpdesk,
}

impl Purpose {
    pub const ALL: [Self; 6] = [
        Self::Warehouse,
        Self::Storefront,
        Self::Staging,
        Self::Carrier,
        Self::Finance,
        Self::Helpdesk,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Warehouse => "warehouse",
            Self::Storefront => "storefront",
            Self::Staging => "staging",
            Self::Carrier => "carrier",
            Self::Finance => "finance",
            Self::Helpdesk => "helpdesk",
        }
    }

    /// As asked in a form.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Warehouse => "Warehouse or 3PL",
            Self::Storefront => "Storefront",
            Self::Staging => "Staging side of the storefront",
            Self::Carrier => "Carrier, or whoever makes labels",
            Self::Finance => "Payments or accounting",
            Self::Helpdesk => "Helpdesk that talks to customers",
        }
    }

    /// Systems that are named so are offered first.
    pub fn fits(self, system: &str) -> bool {
        let known: &[&str] = match self {
            Self::Warehouse => &["3pl", "wms", "oms", "warehouse"],
            Self::Storefront => &["storefront", "shopify"],
            Self::Staging => &["staging"],
            Self::Carrier => &["carrier", "labels"],
            Self::Finance => &["finance", "ledger", "stripe", "accounting"],
            Self::Helpdesk => &["helpdesk", "crm"],
        };
        known.contains(&system)
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// A destination, as far as a template needs to know it.
#[derive(Clone, Debug, Default)]
pub struct There {
    pub key: String,
    pub name: String,
    pub system: String,
}

/// Enough for the flow of any template, its contracts and their escalations.
pub const IDS: usize = 24;

/// What the rules of one merchant are made with.
#[derive(Clone, Debug, Default)]
pub struct Making {
    pub merchant_id: Uuid,
    /// Last on every escalation.
    pub founder: Uuid,
    pub now: Time,
    pub ids: [Uuid; IDS],
    /// Where orders come from.
    pub source_system: String,
    pub destinations: BTreeMap<Purpose, There>,
}

/// A contract that templates bring, by itself.
pub(crate) fn contract(making: &Making, export_type: &str) -> Option<Contract> {
    let [id, ladder, ..] = making.ids;
    contracts::make(making, export_type, id, ladder)
}

/// Types of which there is a contract to begin with, and what each is called.
pub fn contract_types() -> Vec<(&'static str, &'static str)> {
    contracts::types()
}

pub(crate) fn blank_contract(making: &Making, export_type: &str, title: &str) -> Contract {
    let [id, ladder, ..] = making.ids;
    contracts::blank(making, export_type, title, (id, ladder))
}

impl Making {
    fn flow_id(&self) -> Uuid {
        self.ids[0]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Template {
    OrderToShip,
    OrderRouting,
    Backorder,
    Returns,
    PromotionGoLive,
    StagedLaunch,
    ContentPackage,
    LabelFailure,
    Restock,
    Kitting,
    RefundHold,
}

impl Template {
    pub const ALL: [Self; 11] = [
        Self::OrderToShip,
        Self::OrderRouting,
        Self::Backorder,
        Self::Returns,
        Self::PromotionGoLive,
        Self::StagedLaunch,
        Self::ContentPackage,
        Self::LabelFailure,
        Self::Restock,
        Self::Kitting,
        Self::RefundHold,
    ];

    /// Key of the flow, its name, what it ends in, and what it is for.
    const fn said(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::OrderToShip => (
                "order-to-ship",
                "Order to ship",
                "shipped",
                "From a paid order to a parcel that has left. Orders over $500.00, and those that carry a flag, are looked at by a person first.",
            ),
            Self::OrderRouting => (
                "order-routing",
                "Order routing",
                "shipped",
                "Decides how each order travels (parcel, freight, abroad), tells the OMS, and hands it to the 3PL. Runs instead of Order to ship.",
            ),
            Self::Backorder => (
                "backorder",
                "Backorder",
                "settled",
                "For an order with something out of stock: wait, split or refund, with the customer told at once and the goods released when they arrive.",
            ),
            Self::Returns => (
                "returns",
                "Returns",
                "returned",
                "From a customer who wants to send something back to goods that are inspected, refurbished or restocked, and money that is refunded.",
            ),
            Self::PromotionGoLive => (
                "promotion-go-live",
                "Promotion go-live",
                "live",
                "From a brief to prices that are live, on stock that is held for it. Two people approve it, and neither of them wrote it: it takes three to run one. What is live and wrong is taken back in one move.",
            ),
            Self::StagedLaunch => (
                "staged-launch",
                "Staged product launch",
                "live",
                "A product is put on the staging side, looked at by merchandising, corrected, approved by two people, and published.",
            ),
            Self::ContentPackage => (
                "content-package",
                "Content-package change",
                "published",
                "New texts, pictures or measurements of a product. Where its dimensions change, the warehouse reviews its bins before anything is published.",
            ),
            Self::LabelFailure => (
                "label-failure",
                "Shipping-label failure",
                "labelled",
                "When a parcel gets no label: asked again, then asked of the alternate carrier, then bought by a person, with the customer's helpdesk told.",
            ),
            Self::Restock => (
                "restock",
                "Restock",
                "restocked",
                "From low stock to goods that are ordered, counted in, claimed where damaged, and for sale.",
            ),
            Self::Kitting => (
                "kitting",
                "Kitting",
                "kitted",
                "Components are reserved, kits are built and counted, and what was built is booked and published.",
            ),
            Self::RefundHold => (
                "refund-hold",
                "Chargeback and refund hold",
                "settled",
                "Money that a bank or a customer claims is held while the evidence is gathered; finance contests, accepts or meets halfway.",
            ),
        }
    }

    /// Also the key of the flow.
    pub const fn key(self) -> &'static str {
        self.said().0
    }

    pub const fn name(self) -> &'static str {
        self.said().1
    }

    pub const fn outcome(self) -> &'static str {
        self.said().2
    }

    pub const fn purpose(self) -> &'static str {
        self.said().3
    }

    /// The one that must not run beside it, since both would send the same orders.
    pub const fn instead_of(self) -> Option<Self> {
        match self {
            Self::OrderToShip => Some(Self::OrderRouting),
            Self::OrderRouting => Some(Self::OrderToShip),
            _ => None,
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    pub fn make(self, making: &Making) -> (Vec<Contract>, Flow) {
        let flow = match self {
            Self::OrderToShip => order_to_ship::flow(making),
            Self::OrderRouting => order_routing::flow(making),
            Self::Backorder => backorder::flow(making),
            Self::Returns => returns::flow(making),
            Self::PromotionGoLive => promotion::flow(making),
            Self::StagedLaunch => staged_launch::flow(making),
            Self::ContentPackage => content_package::flow(making),
            Self::LabelFailure => label_failure::flow(making),
            Self::Restock => restock::flow(making),
            Self::Kitting => kitting::flow(making),
            Self::RefundHold => refund_hold::flow(making),
        };
        let contracts = export_types(&flow)
            .into_iter()
            .enumerate()
            .filter_map(|(n, export_type)| {
                let (id, ladder) = (making.ids.get(2 * n + 1)?, making.ids.get(2 * n + 2)?);
                contracts::make(making, &export_type, *id, *ladder)
            })
            .collect();
        (contracts, flow)
    }

    /// What it sends to.
    pub fn destinations(self) -> BTreeSet<Purpose> {
        build::purposes(&self.make(&Making::default()).0)
    }
}

/// Every kind of export that the flow can make, what takes something back included.
pub fn export_types(flow: &Flow) -> BTreeSet<String> {
    let sent = flow.steps.iter().filter_map(|step| match &step.kind {
        StepKind::EmitExport { export_type, .. } => Some(export_type),
        _ => None,
    });
    let undone = flow.steps.iter().filter_map(|step| match &step.undo {
        Some(Undo::Export { export_type }) => Some(export_type),
        _ => None,
    });
    sent.chain(undone).cloned().collect()
}

/// The agency's roles that somebody has to answer for, in the order of the alphabet.
pub fn roles(contracts: &[Contract], flow: &Flow) -> BTreeSet<String> {
    let mut owners: Vec<&Owner> = Vec::new();
    for contract in contracts {
        owners.extend([&contract.owner, &contract.backup]);
        owners.extend(&contract.watchers);
        let approvals = contract.approval.iter().flat_map(|rule| &rule.steps);
        owners.extend(approvals.flat_map(|step| [&step.owner, &step.backup]));
        owners.extend(contract.exceptions.values().map(|route| &route.owner));
        owners.extend(contract.escalation.steps.iter().map(|step| &step.target));
    }
    for step in &flow.steps {
        owners.extend([&step.owner, &step.backup]);
        owners.extend(&step.watchers);
        if let StepKind::Notify { to, .. } = &step.kind {
            owners.extend(to);
        }
        owners.extend(
            step.failures
                .iter()
                .filter_map(|failure| match &failure.path {
                    Path::Task { owner, .. } => owner.as_ref(),
                    Path::Go { .. } | Path::Undo => None,
                }),
        );
    }
    owners
        .into_iter()
        .filter_map(|owner| match owner {
            Owner::Role {
                party: Party::Agency,
                role,
            } => Some(role.clone()),
            _ => None,
        })
        .collect()
}
