//! One order: whose move it is, its thread, its facts, and where each of them came from.

use std::sync::Arc;

use domain::{
    access::Noun,
    order::{Item, Order, Source},
    retention::Removal,
};
use engine::{Chain, Error, Result, UnderWay, port::OrderRow};
use leptos::prelude::*;

use super::{
    money::{money, payment, refunds},
    parcels::shipments,
    story::{customer, events, receipts, runs},
    words::{order_move, order_tone, order_word, units},
};
use crate::{
    features::{
        exports::{Cast, Move, plural},
        thread::stations,
    },
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    row: OrderRow,
    chain: Chain,
    way: UnderWay,
    /// What stays of personal data, if a rule took it out.
    removal: Option<Removal>,
}

#[component]
pub fn OrderPage() -> impl IntoView {
    page("orders", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let id = at.id("order")?;
    let chain = at.engine().order_chain(&at.ctx, id).await?;
    let row = chain
        .order
        .clone()
        .ok_or_else(|| Error::not_found("order"))?;
    let way = at
        .engine()
        .under_way(&at.ctx, &[id])
        .await?
        .pop()
        .unwrap_or_default();
    let removal = at.engine().removal(&at.ctx, Noun::Order, id).await?;
    Ok(Model {
        row,
        chain,
        way,
        removal,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        row, chain, way, ..
    } = &model;
    let order = &row.order;
    let now = at.now();
    let next = order_move(
        order,
        way,
        Cast {
            rules: &at.rules,
            slug: at.slug(),
            now,
        },
    );
    let title = format!("Order {}, {}", order.name, order.totals.current_total);
    let thread = stations(chain, None, &at.rules, at.slug(), now);
    let side = view! {
        <div id="around" class="stack" data-live="">
            {runs(chain, order, at)}
            {customer(order, model.removal.as_ref(), at)}
            {facts(row, chain, at)}
            {receipts(chain, at)}
        </div>
    }
    .into_any();
    let main = view! {
        <div id="facts" class="stack" data-live="">
            {items(order, at)}
            <div class="grid items-start gap-[18px] lg:grid-cols-2">
                {money(order, at)}
                {payment(order, at)}
            </div>
            {shipments(order, at)}
            {refunds(order, at)}
            {events(chain, at)}
        </div>
    };
    let body = view! {
        <div id="head" data-live=""><PageHead title=title.clone() sub=subtitle(row, at)/></div>
        <div id="life" data-live="" data-live-eager=(next.tone == Tone::Moving).then_some("")>
            {banner(&next, at)}
            <Thread stations=thread label=format!("The life of order {}", order.name)/>
            {flags(order)}
        </div>
        <Split side>{main}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Orders", at.path("orders")),
        Crumb::here(order.name.clone()),
    ];
    Page::new(title, crumbs, body)
}

fn subtitle(row: &OrderRow, at: &Visit) -> AnyView {
    let (order, now) = (&row.order, at.now());
    let state = order.state();
    let placed = order.placed_at.unwrap_or(row.created_at);
    let who = order
        .customer
        .name
        .clone()
        .map(|name| format!(" by {name}"));
    view! {
        <StateBadge tone=order_tone(state) word=order_word(state) soft=true/>
        " placed " <When at=placed now/> {who} ". " {order.readiness().sentence()}
    }
    .into_any()
}

fn banner(next: &Move, at: &Visit) -> Option<AnyView> {
    if next.whose.is_empty() {
        return None;
    }
    let says = next.sentence();
    let says = match next.href.clone() {
        Some(href) => view! { <a class="link" href=href>{says}</a> }.into_any(),
        None => says.into_any(),
    };
    Some(view! { <YourMove tone=next.tone whose=next.possessive() now=at.now() nostrip:due=next.due>{says}</YourMove> }.into_any())
}

/// What somebody should see before it ships, and that it makes an approval necessary.
fn flags(order: &Order) -> Option<AnyView> {
    let flags = order.flags();
    if flags.is_empty() {
        return None;
    }
    let rows = flags
        .iter()
        .map(|flag| view! { <Row tone=Tone::Held title=flag.sentence() sub=flag.code()/> })
        .collect_view();
    Some(
        view! { <div class="mb-5"><Card title="Look at this first">{rows}</Card></div> }.into_any(),
    )
}

/// The receipt that a group of facts came from, for the head of its card.
pub(super) fn told_by(source: &Source, at: &Visit) -> AnyView {
    let href = at.path(&format!("receipts/{}", source.receipt_id));
    let (when, now) = (source.at, at.now());
    let topic = source.topic.clone();
    view! { "from " <a class="link" href=href>{topic}</a> " · " <When at=when now/> }.into_any()
}

fn items(order: &Order, at: &Visit) -> impl IntoView + use<> {
    let rows = order.items.iter().map(item).collect_view();
    let aside = told_by(&order.provenance.items, at);
    let units = units(order);
    let lines = order.items.len();
    let count = format!(
        "{units} {} in {lines} {}",
        plural(usize::try_from(units).unwrap_or(usize::MAX), "unit"),
        plural(lines, "line")
    );
    let cols = vec![
        Col::text("SKU").wide(),
        Col::text("Title"),
        Col::num("Ordered"),
        Col::num("Refunded").wide(),
        Col::num("Shipped").wide(),
        Col::num("To ship"),
        Col::num("Unit price").wide(),
    ];
    view! {
        <Card title="Items" aside id="items">
            <Table caption="Items of the order" cols>{rows}</Table>
            <CardFoot>{count}</CardFoot>
        </Card>
    }
}

fn item(item: &Item) -> impl IntoView + use<> {
    let refunded = item.quantity.saturating_sub(item.current_quantity);
    let quiet = |n: u32| {
        if n == 0 {
            "–".to_owned()
        } else {
            n.to_string()
        }
    };
    let detail = match (&item.variant, item.requires_shipping) {
        (Some(variant), true) => Some(variant.clone()),
        (Some(variant), false) => Some(format!("{variant} · needs no shipping")),
        (None, true) => None,
        (None, false) => Some("needs no shipping".to_owned()),
    };
    view! {
        <tr>
            <td class="mono wide">{item.sku.clone().unwrap_or_else(|| "no SKU".to_owned())}</td>
            <td>{item.title.clone()} <small>{detail}</small></td>
            <td class="num">{item.quantity}</td>
            <td class="num wide">{quiet(refunded)}</td>
            <td class="num wide">{quiet(item.shipped_quantity)}</td>
            <td class="num"><b>{quiet(item.to_ship)}</b></td>
            <td class="num wide"><Amount money=item.unit_price/></td>
        </tr>
    }
}

fn facts(row: &OrderRow, chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let order = &row.order;
    let now = at.now();
    let aside = told_by(&order.provenance.description, at);
    let source = chain.source.as_ref().map(|source| {
        let href = at.path(&format!("connections/{}", source.id));
        view! { <a class="link" href=href>{source.name.clone()}</a> }.into_any()
    });
    let cancelled = order.cancelled.as_ref().map(|end| {
        let why = end.reason.clone().map(|why| format!(", because of {why}"));
        let told = order
            .provenance
            .cancellation
            .as_ref()
            .map(|source| told_by(source, at));
        let when = end.at;
        view! { <When at=when now/> {why} <br/> {told} }.into_any()
    });
    let tags = (!order.tags.is_empty()).then(|| {
        let tags = order
            .tags
            .iter()
            .map(|tag| view! { <li><Tag label=tag.clone()/></li> })
            .collect_view();
        view! { <ul class="acts" role="list">{tags}</ul> }.into_any()
    });
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let when = |when| Some(view! { <When at=when now/> }.into_any());
    let rows = kv(vec![
        ("Order", id(&row.id.to_string(), "order id")),
        ("Storefront", source),
        (
            "Its id there",
            id(&order.external_id, "the storefront’s order id"),
        ),
        ("Cancelled", cancelled),
        ("Note", order.note.clone().map(IntoAny::into_any)),
        ("Tags", tags),
        ("First seen", when(row.created_at)),
        ("Last changed", when(row.updated_at)),
        ("Trace", id(&row.trace_id, "trace id")),
    ]);
    view! { <Card title="Facts" aside>{rows}</Card> }
}
