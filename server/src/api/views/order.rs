//! Orders: what everybody said about one, folded together, with where each fact came from.

use std::collections::BTreeMap;

use domain::order::{
    Address, Item, LineQuantity, Provenance, Refund, RefundLine, Shipment, Source, Totals,
    Transaction,
};
use engine::port::OrderRow;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{Amount, At, OrderState, PaymentStatus, ShipmentStatus};

/// An order as it stands now.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    id: Uuid,
    source_id: Uuid,
    /// The storefront's id, as exact text.
    #[schema(example = "820982911946154508")]
    external_id: String,
    /// What people call it.
    #[schema(example = "#1001")]
    name: String,
    state: OrderState,
    /// Whether the warehouse may have it, in a sentence.
    readiness: &'static str,
    /// What a person should look at before it is released.
    flags: Vec<FlagView>,
    placed_at: Option<At>,
    created_at: At,
    updated_at: At,
    currency: String,
    totals: TotalsView,
    items: Vec<ItemView>,
    payment_status: PaymentStatus,
    payment_gateways: Vec<String>,
    transactions: Vec<TransactionView>,
    shipments: Vec<ShipmentView>,
    refunds: Vec<RefundView>,
    customer_name: Option<String>,
    customer_email: Option<String>,
    shipping_address: Option<AddressView>,
    note: Option<String>,
    tags: Vec<String>,
    test: bool,
    cancelled_at: Option<At>,
    cancel_reason: Option<String>,
    provenance: ProvenanceView,
    trace_id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OrderFlag)]
pub struct FlagView {
    #[schema(example = "held_by_tag")]
    code: &'static str,
    detail: String,
}

/// As placed, but for `current_total`: what the storefront says the order is worth now.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderTotals)]
pub struct TotalsView {
    subtotal: Amount,
    shipping: Amount,
    tax: Amount,
    discounts: Amount,
    total: Amount,
    outstanding: Amount,
    current_total: Amount,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OrderItem)]
pub struct ItemView {
    line_id: String,
    sku: Option<String>,
    title: String,
    variant: Option<String>,
    /// As ordered.
    quantity: u32,
    /// Ordered less refunded.
    current_quantity: u32,
    shipped_quantity: u32,
    to_ship: u32,
    unit_price: Amount,
    requires_shipping: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PaymentTransaction)]
pub struct TransactionView {
    id: String,
    #[schema(example = "capture")]
    kind: String,
    #[schema(example = "success")]
    status: String,
    amount: Amount,
    gateway: Option<String>,
    at: Option<At>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct ShipmentView {
    id: String,
    name: Option<String>,
    status: ShipmentStatus,
    /// What the carrier last reported, in its own word.
    carrier_status: Option<String>,
    carrier: Option<String>,
    tracking_numbers: Vec<String>,
    tracking_urls: Vec<String>,
    updated_at: Option<At>,
    items: Vec<LineView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ShipmentLine)]
pub struct LineView {
    line_id: String,
    sku: Option<String>,
    title: String,
    quantity: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    id: String,
    amount: Amount,
    reason: Option<String>,
    at: Option<At>,
    lines: Vec<RefundLineView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RefundLine)]
pub struct RefundLineView {
    line_id: String,
    sku: Option<String>,
    title: String,
    quantity: u32,
    /// The units came back after having been shipped.
    returned: bool,
    subtotal: Option<Amount>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    name: Option<String>,
    company: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    province: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    country_code: Option<String>,
    phone: Option<String>,
}

/// For every group of facts: the receipt that first said what holds now.
#[derive(Serialize, ToSchema)]
#[schema(as = Provenance)]
pub struct ProvenanceView {
    description: SourceView,
    items: SourceView,
    money: SourceView,
    payment: SourceView,
    address: SourceView,
    cancellation: Option<SourceView>,
    /// By shipment id.
    shipments: BTreeMap<String, SourceView>,
    /// By refund id.
    refunds: BTreeMap<String, SourceView>,
    /// By transaction id.
    transactions: BTreeMap<String, SourceView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FactSource)]
pub struct SourceView {
    receipt_id: Uuid,
    topic: String,
    at: At,
}

fn each<'a, T: 'a, V: From<&'a T>>(all: &'a [T]) -> Vec<V> {
    all.iter().map(V::from).collect()
}

impl From<&OrderRow> for OrderView {
    fn from(row: &OrderRow) -> Self {
        let order = &row.order;
        Self {
            id: row.id,
            source_id: row.source_id,
            external_id: order.external_id.clone(),
            name: order.name.clone(),
            state: order.state().into(),
            readiness: order.readiness().sentence(),
            flags: order
                .flags()
                .iter()
                .map(|flag| FlagView {
                    code: flag.code(),
                    detail: flag.sentence(),
                })
                .collect(),
            placed_at: order.placed_at.map(Into::into),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            currency: order.currency.code().to_owned(),
            totals: order.totals.into(),
            items: each(&order.items),
            payment_status: order.payment.status.into(),
            payment_gateways: order.payment.gateways.clone(),
            transactions: each(&order.payment.transactions),
            shipments: each(&order.shipments),
            refunds: each(&order.refunds),
            customer_name: order.customer.name.clone(),
            customer_email: order.customer.email.clone(),
            shipping_address: order.shipping_address.as_ref().map(Into::into),
            note: order.note.clone(),
            tags: order.tags.clone(),
            test: order.test,
            cancelled_at: order.cancelled.as_ref().map(|end| end.at.into()),
            cancel_reason: order.cancelled.as_ref().and_then(|end| end.reason.clone()),
            provenance: (&order.provenance).into(),
            trace_id: row.trace_id.clone(),
        }
    }
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        Self {
            subtotal: totals.subtotal.into(),
            shipping: totals.shipping.into(),
            tax: totals.tax.into(),
            discounts: totals.discounts.into(),
            total: totals.total.into(),
            outstanding: totals.outstanding.into(),
            current_total: totals.current_total.into(),
        }
    }
}

impl From<&Item> for ItemView {
    fn from(item: &Item) -> Self {
        Self {
            line_id: item.line_id.clone(),
            sku: item.sku.clone(),
            title: item.title.clone(),
            variant: item.variant.clone(),
            quantity: item.quantity,
            current_quantity: item.current_quantity,
            shipped_quantity: item.shipped_quantity,
            to_ship: item.to_ship,
            unit_price: item.unit_price.into(),
            requires_shipping: item.requires_shipping,
        }
    }
}

impl From<&Transaction> for TransactionView {
    fn from(transaction: &Transaction) -> Self {
        Self {
            id: transaction.id.clone(),
            kind: transaction.kind.clone(),
            status: transaction.status.clone(),
            amount: transaction.amount.into(),
            gateway: transaction.gateway.clone(),
            at: transaction.at.map(Into::into),
        }
    }
}

impl From<&Shipment> for ShipmentView {
    fn from(shipment: &Shipment) -> Self {
        Self {
            id: shipment.id.clone(),
            name: shipment.name.clone(),
            status: shipment.status.into(),
            carrier_status: shipment.carrier_status.clone(),
            carrier: shipment.carrier.clone(),
            tracking_numbers: shipment.tracking_numbers.clone(),
            tracking_urls: shipment.tracking_urls.clone(),
            updated_at: shipment.updated_at.map(Into::into),
            items: each(&shipment.items),
        }
    }
}

impl From<&LineQuantity> for LineView {
    fn from(line: &LineQuantity) -> Self {
        Self {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            title: line.title.clone(),
            quantity: line.quantity,
        }
    }
}

impl From<&Refund> for RefundView {
    fn from(refund: &Refund) -> Self {
        Self {
            id: refund.id.clone(),
            amount: refund.amount.into(),
            reason: refund.reason.clone(),
            at: refund.at.map(Into::into),
            lines: each(&refund.lines),
        }
    }
}

impl From<&RefundLine> for RefundLineView {
    fn from(line: &RefundLine) -> Self {
        Self {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            title: line.title.clone(),
            quantity: line.quantity,
            returned: line.returned,
            subtotal: line.subtotal.map(Into::into),
        }
    }
}

impl From<&Address> for AddressView {
    fn from(address: &Address) -> Self {
        Self {
            name: address.name.clone(),
            company: address.company.clone(),
            address1: address.address1.clone(),
            address2: address.address2.clone(),
            city: address.city.clone(),
            province: address.province.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
            country_code: address.country_code.clone(),
            phone: address.phone.clone(),
        }
    }
}

impl From<&Provenance> for ProvenanceView {
    fn from(from: &Provenance) -> Self {
        let by_id = |facts: &BTreeMap<String, Source>| {
            facts
                .iter()
                .map(|(id, source)| (id.clone(), source.into()))
                .collect()
        };
        Self {
            description: (&from.description).into(),
            items: (&from.items).into(),
            money: (&from.money).into(),
            payment: (&from.payment).into(),
            address: (&from.address).into(),
            cancellation: from.cancellation.as_ref().map(Into::into),
            shipments: by_id(&from.shipments),
            refunds: by_id(&from.refunds),
            transactions: by_id(&from.transactions),
        }
    }
}

impl From<&Source> for SourceView {
    fn from(source: &Source) -> Self {
        Self {
            receipt_id: source.receipt_id,
            topic: source.topic.clone(),
            at: source.at.into(),
        }
    }
}
