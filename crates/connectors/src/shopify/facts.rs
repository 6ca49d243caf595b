//! A body, read wholly into normalized facts.

use domain::{
    Currency, Money, Time,
    order::{
        Address, Cancellation, Customer, FactBody, ItemFact, LineQuantity, OrderFact,
        OrderSnapshot, PaymentStatus, RefundFact, RefundLine, ShipmentFact, ShipmentStatus, Totals,
        Transaction,
    },
    receipt::Fault,
};
use uuid::Uuid;

use super::{
    Interest, Shape,
    reader::{Faults, Object},
};

/// What a body says, before it is known which receipt said it.
pub(super) struct Said {
    order_ref: String,
    at: Option<Time>,
    body: FactBody,
}

/// The facts one receipt states. None for a topic nobody consumes. When the body gives no time, the
/// sender's time of sending stands in, then ours of receiving.
pub fn facts(
    topic: &str,
    body: &[u8],
    receipt_id: Uuid,
    received_at: Time,
    triggered_at: Option<Time>,
) -> Result<Vec<OrderFact>, Vec<Fault>> {
    let shape = Shape::of(topic);
    if super::interest(topic) != Interest::Order {
        return super::examine(topic, body).map(|()| Vec::new());
    }
    let said = read(shape, topic, body)?;
    Ok(vec![OrderFact {
        receipt_id,
        topic: topic.to_owned(),
        occurred_at: said.at.or(triggered_at).unwrap_or(received_at),
        order_ref: said.order_ref,
        body: said.body,
    }])
}

/// Reads a body of a known shape, or says everything that is wrong with it.
pub(super) fn read(shape: Shape, topic: &str, body: &[u8]) -> Result<Said, Vec<Fault>> {
    let mut faults = Faults::default();
    let Some(object) = Object::body(body, &mut faults) else {
        return Err(faults.0);
    };
    let said = match shape {
        Shape::Order => order(topic, &object, &mut faults),
        Shape::Shipment => {
            object.word("status", &mut faults);
            let lines = object.list("line_items", &mut faults);
            Some(Said {
                order_ref: object.id("order_id", &mut faults),
                at: first_time(&object, &["updated_at", "created_at"]),
                body: FactBody::Shipment(shipment(&object, &lines, &mut faults)),
            })
        }
        Shape::Refund => {
            let lines = object.list("refund_line_items", &mut faults);
            let currency = refund_currency(&object, &lines);
            Some(Said {
                order_ref: object.id("order_id", &mut faults),
                at: first_time(&object, &["processed_at", "created_at"]),
                body: FactBody::Refund(refund(&object, &lines, currency, &mut faults)),
            })
        }
        Shape::Payment => payment(&object, &mut faults),
        Shape::Product | Shape::Item | Shape::Level | Shape::Other => None,
    };
    match said {
        Some(said) if faults.0.is_empty() => Ok(said),
        _ => Err(faults.0),
    }
}

/// The topic is not signed: whoever holds one valid body could label it anew. So a body that
/// cannot be what its topic says is not taken for it.
pub(super) fn contradiction(topic: &str, cancelled: bool, paid: PaymentStatus) -> Option<Fault> {
    let (path, but) = match (topic, paid) {
        ("orders/cancelled", _) if !cancelled => ("/cancelled_at", "not cancelled"),
        ("orders/paid", PaymentStatus::Pending) => ("/financial_status", "not paid: it is pending"),
        ("orders/paid", PaymentStatus::Authorized) => {
            ("/financial_status", "only authorized, not paid")
        }
        ("orders/paid", PaymentStatus::PartiallyPaid) => {
            ("/financial_status", "only partially paid")
        }
        _ => return None,
    };
    Some(Fault {
        path: path.to_owned(),
        sentence: format!("The topic says {topic}, but the order in it is {but}."),
    })
}

pub(super) fn payment_status(word: Option<&str>) -> PaymentStatus {
    match word {
        Some("pending") => PaymentStatus::Pending,
        Some("expired") => PaymentStatus::Expired,
        Some("authorized") => PaymentStatus::Authorized,
        Some("partially_paid") => PaymentStatus::PartiallyPaid,
        Some("paid") => PaymentStatus::Paid,
        Some("partially_refunded") => PaymentStatus::PartiallyRefunded,
        Some("refunded") => PaymentStatus::Refunded,
        Some("voided") => PaymentStatus::Voided,
        _ => PaymentStatus::Other,
    }
}

fn order(topic: &str, o: &Object<'_>, faults: &mut Faults) -> Option<Said> {
    let order_ref = o.id("id", faults);
    let lines = o.list("line_items", faults);
    let cancelled_at = o.time("cancelled_at", faults);
    let payment = payment_status(o.text("financial_status").as_deref());
    if let Some(fault) = contradiction(topic, o.says("cancelled_at"), payment) {
        faults.0.push(fault);
    }
    let currency = o.currency("currency", faults)?;
    let items: Vec<_> = lines
        .iter()
        .map(|line| item(line, currency, faults))
        .collect();
    let totals = totals(o, currency, payment, &items, faults);
    let shipments = o.list_if_any("fulfillments", faults);
    let refunds = o.list_if_any("refunds", faults);
    let shipping = o.object("shipping_address");
    let customer = o.object("customer");
    let buyer = [
        customer.as_ref(),
        shipping.as_ref(),
        o.object("billing_address").as_ref(),
    ]
    .into_iter()
    .flatten()
    .find_map(full_name);
    let email = ["email", "contact_email"]
        .iter()
        .find_map(|key| o.text(key));

    let snapshot = OrderSnapshot {
        name: o.text("name").unwrap_or_else(|| format!("#{order_ref}")),
        placed_at: first_time(o, &["processed_at", "created_at"]),
        currency,
        totals,
        items,
        payment,
        gateways: o.texts("payment_gateway_names"),
        shipments: shipments
            .iter()
            .map(|s| shipment(s, &s.list_if_any("line_items", faults), faults))
            .collect(),
        refunds: refunds
            .iter()
            .map(|r| {
                refund(
                    r,
                    &r.list_if_any("refund_line_items", faults),
                    Some(currency),
                    faults,
                )
            })
            .collect(),
        customer: Customer {
            name: buyer,
            email: email.or_else(|| customer.as_ref()?.text("email")),
        },
        shipping_address: shipping.as_ref().and_then(address),
        note: o.text("note"),
        tags: tags(o),
        test: o.is_true("test"),
        cancelled: cancelled_at.map(|at| Cancellation {
            at,
            reason: o.text("cancel_reason"),
        }),
    };
    Some(Said {
        order_ref,
        at: first_time(o, &["updated_at", "processed_at", "created_at"]),
        body: FactBody::Snapshot(Box::new(snapshot)),
    })
}

/// Only the total is demanded. What is missing beside it is worked out from what is there.
fn totals(
    o: &Object<'_>,
    currency: Currency,
    payment: PaymentStatus,
    items: &[ItemFact],
    faults: &mut Faults,
) -> Totals {
    let zero = Money::new(0, currency);
    let total = o.money("total_price", currency, faults);
    let mut stated = |key: &str| o.money_if_any(key, currency, faults);
    let of_lines = || {
        let minor = items.iter().fold(0_i64, |sum, item| {
            sum.saturating_add(item.unit_price.minor.saturating_mul(item.quantity.into()))
        });
        Money::new(minor, currency)
    };
    let owed = if payment.was_captured() || payment == PaymentStatus::Voided {
        zero
    } else {
        total
    };
    Totals {
        subtotal: stated("subtotal_price").unwrap_or_else(of_lines),
        tax: stated("total_tax").unwrap_or(zero),
        discounts: stated("total_discounts").unwrap_or(zero),
        outstanding: stated("total_outstanding").unwrap_or(owed),
        current_total: stated("current_total_price").unwrap_or(total),
        shipping: shop_money(o, "total_shipping_price_set", currency).unwrap_or(zero),
        total,
    }
}

fn item(line: &Object<'_>, currency: Currency, faults: &mut Faults) -> ItemFact {
    ItemFact {
        line_id: line.id("id", faults),
        sku: line.text("sku"),
        title: title(line),
        variant: line.text("variant_title"),
        quantity: line.count("quantity", faults),
        current_quantity: line.count_if_any("current_quantity"),
        fulfilled: line.text("fulfillment_status").as_deref() == Some("fulfilled"),
        unit_price: line.money("price", currency, faults),
        requires_shipping: !line.is_false("requires_shipping"),
    }
}

fn shipment(s: &Object<'_>, lines: &[Object<'_>], faults: &mut Faults) -> ShipmentFact {
    let status = match s.text("status").as_deref() {
        Some("pending") => ShipmentStatus::Pending,
        Some("open") => ShipmentStatus::Open,
        Some("success") => ShipmentStatus::Success,
        Some("cancelled") => ShipmentStatus::Cancelled,
        Some("error") => ShipmentStatus::Error,
        Some("failure") => ShipmentStatus::Failure,
        _ => ShipmentStatus::Other,
    };
    let all_or_one = |all: &str, one: &str| {
        let texts = s.texts(all);
        if texts.is_empty() {
            s.text(one).into_iter().collect()
        } else {
            texts
        }
    };
    ShipmentFact {
        id: s.id("id", faults),
        name: s.text("name"),
        status,
        carrier_status: s.text("shipment_status"),
        carrier: s.text("tracking_company"),
        tracking_numbers: all_or_one("tracking_numbers", "tracking_number"),
        tracking_urls: all_or_one("tracking_urls", "tracking_url"),
        at: first_time(s, &["updated_at", "created_at"]),
        lines: lines
            .iter()
            .map(|line| LineQuantity {
                line_id: line.id("id", faults),
                sku: line.text("sku"),
                title: title(line),
                quantity: line.count("quantity", faults),
            })
            .collect(),
    }
}

fn refund(
    r: &Object<'_>,
    lines: &[Object<'_>],
    currency: Option<Currency>,
    faults: &mut Faults,
) -> RefundFact {
    let mut amount: Option<Money> = None;
    for transaction in r.list_if_any("transactions", faults) {
        let is = |key: &str, word: &str| transaction.text(key).as_deref() == Some(word);
        // a pending or failed one has moved nothing yet
        if !is("kind", "refund") || !is("status", "success") {
            continue;
        }
        let currency = match transaction.currency_if_any("currency").or(currency) {
            Some(currency) => currency,
            None => {
                faults.add(transaction.path("currency"), "There is no currency.");
                continue;
            }
        };
        let money = transaction.money("amount", currency, faults);
        match &mut amount {
            None => amount = Some(money),
            Some(sum) if sum.currency == currency => {
                sum.minor = sum.minor.saturating_add(money.minor);
            }
            Some(sum) => faults.add(
                transaction.path("currency"),
                format!(
                    "One refund in two currencies, {} and {currency}.",
                    sum.currency
                ),
            ),
        }
    }
    RefundFact {
        id: r.id("id", faults),
        amount,
        reason: r.text("note"),
        at: first_time(r, &["processed_at", "created_at"]),
        lines: lines
            .iter()
            .map(|line| {
                let goods = line.object("line_item");
                RefundLine {
                    line_id: line.id("line_item_id", faults),
                    sku: goods.as_ref().and_then(|goods| goods.text("sku")),
                    title: goods.as_ref().map(title).unwrap_or_default(),
                    quantity: line.count("quantity", faults),
                    returned: line.text("restock_type").as_deref() == Some("return"),
                    subtotal: currency.and_then(|currency| {
                        // as a number it may carry the noise of somebody's floating point
                        shop_money(line, "subtotal_set", currency)
                            .or_else(|| line.money_if_fits("subtotal", currency))
                    }),
                }
            })
            .collect(),
    }
}

/// A refund on its own does not say its currency; the amounts inside it do.
fn refund_currency(r: &Object<'_>, lines: &[Object<'_>]) -> Option<Currency> {
    let of_set = |holder: &Object<'_>, set: &str| {
        holder
            .object(set)?
            .object("shop_money")?
            .currency_if_any("currency_code")
    };
    of_set(r, "total_duties_set")
        .or_else(|| lines.iter().find_map(|line| of_set(line, "subtotal_set")))
}

fn payment(t: &Object<'_>, faults: &mut Faults) -> Option<Said> {
    let order_ref = t.id("order_id", faults);
    let id = t.id("id", faults);
    let kind = t.word("kind", faults);
    let status = t.word("status", faults);
    let currency = t.currency("currency", faults)?;
    let at = first_time(t, &["processed_at", "created_at"]);
    let amount = t.money("amount", currency, faults);
    let gateway = t.text("gateway");
    let body = FactBody::Payment(Transaction {
        id,
        kind,
        status,
        amount,
        gateway,
        at,
    });
    Some(Said {
        order_ref,
        at,
        body,
    })
}

fn address(a: &Object<'_>) -> Option<Address> {
    let address = Address {
        name: full_name(a),
        company: a.text("company"),
        address1: a.text("address1"),
        address2: a.text("address2"),
        city: a.text("city"),
        province: a.text("province"),
        postal_code: a.text("zip"),
        country: a.text("country"),
        country_code: a.text("country_code"),
        phone: a.text("phone"),
    };
    // an object full of nulls is no address
    (address != Address::default()).then_some(address)
}

fn full_name(person: &Object<'_>) -> Option<String> {
    let parts = [person.text("first_name"), person.text("last_name")];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if joined.is_empty() {
        person.text("name")
    } else {
        Some(joined)
    }
}

fn title(line: &Object<'_>) -> String {
    line.text("title")
        .or_else(|| line.text("name"))
        .unwrap_or_default()
}

fn tags(o: &Object<'_>) -> Vec<String> {
    let tags = o.text("tags").unwrap_or_default();
    tags.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The amount in the shop's own currency, from one of the sets that also give the buyer's.
fn shop_money(holder: &Object<'_>, set: &str, currency: Currency) -> Option<Money> {
    let money = holder.object(set)?.object("shop_money")?;
    let ours = money.currency_if_any("currency_code").unwrap_or(currency) == currency;
    ours.then(|| money.money_if_fits("amount", currency))
        .flatten()
}

fn first_time(o: &Object<'_>, keys: &[&str]) -> Option<Time> {
    keys.iter().find_map(|key| o.time_if_any(key))
}
