//! The fold from facts to an order.
//!
//! Every group of facts is settled on its own: its statements are put in one order that depends on
//! what they say and never on when they reached us, and the last one holds. Since a set has only
//! one such order, any arrival and any repetition gives the same result.
//!
//! - The description, items, money, payment and address come from the latest snapshot. Storefront
//!   clocks tick in seconds, so two snapshots often share one: then the one that is further along
//!   (cancelled, more refunds, more shipments, payment advanced) is the later.
//! - A cancellation stays: no storefront takes one back, so a snapshot without it is an older one.
//! - A shipment belongs to itself: its own last change wins, wherever it was said.
//! - Refunds are joined by id from snapshots and from their own messages; none disappears.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

use serde::Serialize;

use crate::{Currency, Money, Time};

use super::{
    Cancellation, FactBody, Item, ItemFact, Order, OrderFact, OrderSnapshot, Payment, Provenance,
    Refund, RefundFact, Shipment, ShipmentFact, ShipmentStatus, Source, Transaction,
};

impl Order {
    /// Folds the facts of one order. `None` until a snapshot is among them.
    pub fn project(facts: &[OrderFact]) -> Option<Self> {
        let snapshots = in_order_of_saying(facts);
        let (last_fact, last) = *snapshots.last()?;
        let each = || snapshots.iter().copied();

        let (_, description) = latest(
            each().map(|(fact, s)| (fact, (&s.name, s.placed_at, s.test, &s.note, &s.tags))),
        )?;
        let (lines, items_source) = latest(each().map(|(fact, s)| (fact, &s.items)))?;
        let (_, money) = latest(each().map(|(fact, s)| (fact, (s.currency, s.totals))))?;
        let (_, paid) = latest(each().map(|(fact, s)| (fact, (s.payment, &s.gateways))))?;
        let (_, address) =
            latest(each().map(|(fact, s)| (fact, (&s.customer, &s.shipping_address))))?;
        let cancelled = latest(
            each().filter_map(|(fact, s)| s.cancelled.as_ref().map(|cancelled| (fact, cancelled))),
        );

        let (shipments, shipment_sources) = shipments(facts);
        let (refunds, refund_sources) = refunds(facts, last.currency);
        let (transactions, transaction_sources) = transactions(facts);
        let (cancelled, cancellation) = match cancelled {
            Some((said, source)) => (Some(Cancellation::clone(said)), Some(source)),
            None => (None, None),
        };

        Some(Self {
            external_id: last_fact.order_ref.clone(),
            name: last.name.clone(),
            placed_at: last.placed_at,
            currency: last.currency,
            totals: last.totals,
            items: lines
                .iter()
                .map(|line| item(line, &refunds, &shipments))
                .collect(),
            payment: Payment {
                status: last.payment,
                gateways: last.gateways.clone(),
                transactions,
            },
            shipments,
            refunds,
            customer: last.customer.clone(),
            shipping_address: last.shipping_address.clone(),
            note: last.note.clone(),
            tags: last.tags.clone(),
            test: last.test,
            cancelled,
            provenance: Provenance {
                description,
                items: items_source,
                money,
                payment: paid,
                address,
                cancellation,
                shipments: shipment_sources,
                refunds: refund_sources,
                transactions: transaction_sources,
            },
        })
    }
}

/// The snapshots, oldest statement first.
fn in_order_of_saying(facts: &[OrderFact]) -> Vec<(&OrderFact, &OrderSnapshot)> {
    let mut snapshots: Vec<_> = facts
        .iter()
        .filter_map(|fact| match &fact.body {
            FactBody::Snapshot(snapshot) => Some((fact, &**snapshot)),
            _ => None,
        })
        .collect();
    snapshots.sort_by_cached_key(|(fact, s)| {
        let progress = (
            s.cancelled.is_some(),
            s.refunds.len(),
            s.shipments.len(),
            s.payment,
        );
        (fact.occurred_at, progress, text(s), fact.receipt_id)
    });
    snapshots
}

/// The value that holds after all statements, and the one that first said it and was not
/// contradicted since.
fn latest<'a, T: PartialEq>(
    said: impl IntoIterator<Item = (&'a OrderFact, T)>,
) -> Option<(T, Source)> {
    let mut holds: Option<(T, &OrderFact)> = None;
    for (fact, value) in said {
        if holds.as_ref().is_none_or(|(held, _)| *held != value) {
            holds = Some((value, fact));
        }
    }
    holds.map(|(value, fact)| {
        let source = Source {
            receipt_id: fact.receipt_id,
            topic: fact.topic.clone(),
            at: fact.occurred_at,
        };
        (value, source)
    })
}

/// The statements about things that carry their own id, joined by it. Each id's statements are
/// put in order by `key`, then by their content and receipt, and the last one holds.
fn joined<'a, T, K>(
    said: impl Iterator<Item = (&'a OrderFact, &'a str, &'a T)>,
    key: impl Fn(&OrderFact, &T) -> K,
) -> (Vec<&'a T>, BTreeMap<String, Source>)
where
    T: PartialEq + Serialize,
    K: Ord,
{
    let mut by_id: BTreeMap<(usize, &str), Vec<(&OrderFact, &T)>> = BTreeMap::new();
    for (fact, id, thing) in said {
        // ids are decimal numbers as text: the shorter one is the smaller one
        match by_id.entry((id.len(), id)) {
            Entry::Occupied(mut found) => found.get_mut().push((fact, thing)),
            Entry::Vacant(place) => {
                place.insert(vec![(fact, thing)]);
            }
        }
    }
    let mut things = Vec::new();
    let mut sources = BTreeMap::new();
    for ((_, id), mut statements) in by_id {
        statements.sort_by_cached_key(|(fact, thing)| {
            (
                key(fact, thing),
                fact.occurred_at,
                text(thing),
                fact.receipt_id,
            )
        });
        if let Some((thing, source)) = latest(statements) {
            things.push(thing);
            sources.insert(id.to_owned(), source);
        }
    }
    (things, sources)
}

fn shipments(facts: &[OrderFact]) -> (Vec<Shipment>, BTreeMap<String, Source>) {
    let said = facts.iter().flat_map(|fact| {
        let shipments = match &fact.body {
            FactBody::Snapshot(snapshot) => snapshot.shipments.as_slice(),
            FactBody::Shipment(shipment) => std::slice::from_ref(shipment),
            FactBody::Refund(_) | FactBody::Payment(_) => &[],
        };
        shipments
            .iter()
            .map(move |shipment| (fact, shipment.id.as_str(), shipment))
    });
    let (shipments, sources) = joined(said, |fact, shipment: &ShipmentFact| {
        (shipment.at.unwrap_or(fact.occurred_at), shipment.status)
    });
    let shipments = shipments.into_iter().cloned().map(|said| Shipment {
        id: said.id,
        name: said.name,
        status: said.status,
        carrier_status: said.carrier_status,
        carrier: said.carrier,
        tracking_numbers: said.tracking_numbers,
        tracking_urls: said.tracking_urls,
        updated_at: said.at,
        items: said.lines,
    });
    (shipments.collect(), sources)
}

fn refunds(facts: &[OrderFact], currency: Currency) -> (Vec<Refund>, BTreeMap<String, Source>) {
    let said = facts.iter().flat_map(|fact| {
        let refunds = match &fact.body {
            FactBody::Snapshot(snapshot) => snapshot.refunds.as_slice(),
            FactBody::Refund(refund) => std::slice::from_ref(refund),
            FactBody::Shipment(_) | FactBody::Payment(_) => &[],
        };
        refunds
            .iter()
            .map(move |refund| (fact, refund.id.as_str(), refund))
    });
    let (refunds, sources) = joined(said, |fact, refund: &RefundFact| {
        (fact.occurred_at, refund.amount.map(|amount| amount.minor))
    });
    let refunds = refunds.into_iter().cloned().map(|said| Refund {
        id: said.id,
        amount: said.amount.unwrap_or(Money::new(0, currency)),
        reason: said.reason,
        at: said.at,
        lines: said.lines,
    });
    (refunds.collect(), sources)
}

fn transactions(facts: &[OrderFact]) -> (Vec<Transaction>, BTreeMap<String, Source>) {
    let said = facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Payment(transaction) => Some((fact, transaction.id.as_str(), transaction)),
        _ => None,
    });
    let (transactions, sources) = joined(said, |fact, transaction: &Transaction| {
        let at: Time = transaction.at.unwrap_or(fact.occurred_at);
        (at, Reverse(transaction.status == "pending"))
    });
    (transactions.into_iter().cloned().collect(), sources)
}

/// A line with what refunds and shipments did to it.
fn item(line: &ItemFact, refunds: &[Refund], shipments: &[Shipment]) -> Item {
    let refunded = |returned: bool| -> u32 {
        let lines = refunds.iter().flat_map(|refund| &refund.lines);
        let ours = lines.filter(|r| r.line_id == line.line_id && r.returned == returned);
        ours.fold(0, |sum, refund| sum.saturating_add(refund.quantity))
    };
    let shipped = |counts: &dyn Fn(ShipmentStatus) -> bool| -> Option<u32> {
        let counted = shipments.iter().flat_map(|shipment| {
            let counts = counts(shipment.status);
            shipment.items.iter().map(move |item| (item, counts))
        });
        counted
            .filter(|(item, _)| item.line_id == line.line_id)
            .map(|(item, counts)| if counts { item.quantity } else { 0 })
            .reduce(u32::saturating_add)
    };

    let returned = refunded(true).min(line.quantity);
    let ordered = line.quantity;
    // An edited order says what is left of a line without always listing a refund for it.
    let gone = refunded(true).saturating_add(refunded(false)).min(ordered);
    let gone = gone.max(ordered.saturating_sub(line.current_quantity.unwrap_or(ordered)));
    let never_to_ship = gone - returned.min(gone);

    // The storefront's "fulfilled" counts only where no shipment speaks of the line itself.
    let all = if line.fulfilled {
        ordered - never_to_ship
    } else {
        0
    };
    let confirmed = shipped(&|status| status == ShipmentStatus::Success).unwrap_or(all);
    let spoken_for = shipped(&ShipmentStatus::holds_units).unwrap_or(all);
    let to_ship = if line.requires_shipping {
        ordered
            .saturating_sub(never_to_ship)
            .saturating_sub(spoken_for.max(returned))
    } else {
        0
    };
    Item {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        title: line.title.clone(),
        variant: line.variant.clone(),
        quantity: ordered,
        current_quantity: ordered - gone,
        shipped_quantity: confirmed,
        to_ship,
        unit_price: line.unit_price,
        requires_shipping: line.requires_shipping,
    }
}

/// The content as text: what orders two statements that agree in everything else.
fn text(content: &impl Serialize) -> String {
    serde_json::to_string(content).unwrap_or_default()
}
