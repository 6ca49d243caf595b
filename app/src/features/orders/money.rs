//! The money of an order: what it is worth, what was paid, what went back.

use domain::order::{Order, PaymentStatus, Refund, Transaction};
use leptos::prelude::*;

use super::page::told_by;
use crate::{ui::*, web::Visit};

pub(super) fn money(order: &Order, at: &Visit) -> impl IntoView + use<> {
    let totals = order.totals;
    let aside = told_by(&order.provenance.money, at);
    let amount = |money| Some(view! { <Amount money/> }.into_any());
    let unless_nought = |money: domain::Money| {
        if money.minor == 0 {
            None
        } else {
            amount(money)
        }
    };
    let now = (totals.current_total != totals.total).then(|| {
        view! { <Was before=totals.total.to_string() after=totals.current_total.to_string()/> }
            .into_any()
    });
    let rows = kv(vec![
        ("Items", amount(totals.subtotal)),
        ("Discounts", unless_nought(totals.discounts)),
        ("Shipping", amount(totals.shipping)),
        ("Tax", amount(totals.tax)),
        (
            "Total",
            Some(view! { <b><Amount money=totals.total/></b> }.into_any()),
        ),
        ("Worth now", now),
        ("Still to pay", unless_nought(totals.outstanding)),
    ]);
    view! { <Card title="Money" aside id="money">{rows}</Card> }
}

const fn payment_tone(status: PaymentStatus) -> Tone {
    match status {
        PaymentStatus::Paid | PaymentStatus::Authorized => Tone::Done,
        PaymentStatus::Pending | PaymentStatus::PartiallyPaid | PaymentStatus::Other => Tone::Held,
        PaymentStatus::Expired => Tone::Late,
        PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded | PaymentStatus::Voided => {
            Tone::Idle
        }
    }
}

fn payment_word(status: PaymentStatus) -> String {
    match status {
        PaymentStatus::Other => "not clear".to_owned(),
        known => known.as_str().replace('_', " "),
    }
}

pub(super) fn payment(order: &Order, at: &Visit) -> impl IntoView + use<> {
    let status = order.payment.status;
    let aside = told_by(&order.provenance.payment, at);
    let gateways =
        (!order.payment.gateways.is_empty()).then(|| order.payment.gateways.join(", ").into_any());
    let facts = kv(vec![
        (
            "Status",
            Some(
                view! { <StateBadge tone=payment_tone(status) word=payment_word(status)/> }
                    .into_any(),
            ),
        ),
        ("Through", gateways),
    ]);
    let rows = order
        .payment
        .transactions
        .iter()
        .map(|one| transaction(one, order, at))
        .collect_view();
    view! { <Card title="Payment" aside id="payment">{facts} {rows}</Card> }
}

fn transaction(one: &Transaction, order: &Order, at: &Visit) -> impl IntoView + use<> {
    let tone = match one.status.as_str() {
        "success" => Tone::Done,
        "pending" => Tone::Wait,
        _ => Tone::Late,
    };
    let title = format!(
        "{} of {}: {}",
        domain::owner::role_title(&one.kind),
        one.amount,
        one.status
    );
    let told = order
        .provenance
        .transactions
        .get(&one.id)
        .map(|source| told_by(source, at));
    told_row(tone, title, one.gateway.clone(), told)
}

/// A row whose source stands below it: on a phone there is no room beside it.
fn told_row(
    tone: Tone,
    title: String,
    sub: Option<String>,
    told: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="row">
            <StateGlyph tone/>
            <div class="what">
                {title}
                {sub.map(|sub| view! { <small>{sub}</small> })}
                {told.map(|told| view! { <small>{told}</small> })}
            </div>
        </div>
    }
}

pub(super) fn refunds(order: &Order, at: &Visit) -> Option<AnyView> {
    if order.refunds.is_empty() {
        return None;
    }
    let rows = order
        .refunds
        .iter()
        .map(|one| refund(one, order, at))
        .collect_view();
    let aside = order.refunds.len().into_any();
    Some(view! { <Card title="Refunds" aside id="refunds">{rows}</Card> }.into_any())
}

fn refund(one: &Refund, order: &Order, at: &Visit) -> impl IntoView + use<> {
    let what = if one.amount.minor == 0 {
        "Lines taken off, no money moved".to_owned()
    } else {
        format!("{} went back", one.amount)
    };
    let lines: Vec<String> = one
        .lines
        .iter()
        .map(|line| {
            let back = if line.returned { ", returned" } else { "" };
            format!("{} × {}{back}", line.quantity, line.title)
        })
        .collect();
    let told = order
        .provenance
        .refunds
        .get(&one.id)
        .map(|source| told_by(source, at));
    let sub = [
        one.reason.clone(),
        (!lines.is_empty()).then(|| lines.join(", ")),
    ];
    let sub = sub.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    told_row(
        Tone::Idle,
        what,
        Some(sub).filter(|sub| !sub.is_empty()),
        told,
    )
}
