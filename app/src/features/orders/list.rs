//! The list of orders: where each stands, and whose move it is.

use std::{collections::HashMap, sync::Arc};

use domain::order::OrderState;
use engine::{
    Result, UnderWay,
    port::{ListFilter, OrderRow},
};
use leptos::prelude::*;
use uuid::Uuid;

use super::words::{order_move, order_tone, order_word, units};
use crate::{
    features::exports::Cast,
    ui::*,
    web::{List, Page, Tally, Visit, page},
};

struct Model {
    list: List,
    rows: Vec<(OrderRow, UnderWay)>,
    next: Option<String>,
    counts: HashMap<&'static str, Tally>,
}

/// States that ask for something; they are counted for the headline and the filters.
const LIVE: [OrderState; 4] = [
    OrderState::Open,
    OrderState::WaitingPayment,
    OrderState::InFulfillment,
    OrderState::PartiallyShipped,
];

#[component]
pub fn OrdersPage() -> impl IntoView {
    page("orders", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let list = List::of(&at, "orders");
    let (engine, ctx) = (at.engine(), &at.ctx);
    let mut rows = engine.orders(ctx, &list.filter()).await?;
    let next = list.cut(&mut rows, |row| (row.updated_at, row.id));
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let under_way = engine.under_way(ctx, &ids).await?;
    let mut counts = HashMap::new();
    for state in LIVE {
        let filter = ListFilter {
            state: Some(state.as_str().to_owned()),
            ..Tally::filter()
        };
        counts.insert(
            state.as_str(),
            Tally::of(&engine.orders(ctx, &filter).await?),
        );
    }
    Ok(Model {
        list,
        rows: rows.into_iter().zip(under_way).collect(),
        next,
        counts,
    })
}

/// The rarer ends have no filter of their own; in the URL they work all the same.
fn is_offered(state: OrderState, list: &List) -> bool {
    LIVE.contains(&state)
        || matches!(state, OrderState::Shipped | OrderState::Cancelled)
        || list.state.as_deref() == Some(state.as_str())
}

fn headline(counts: &HashMap<&'static str, Tally>, any: bool) -> String {
    let of = |state: OrderState| counts.get(state.as_str()).copied().unwrap_or_default();
    let unpaid = of(OrderState::WaitingPayment);
    let open = [
        OrderState::Open,
        OrderState::InFulfillment,
        OrderState::PartiallyShipped,
    ]
    .into_iter()
    .fold(Tally::default(), |sum, state| sum.plus(of(state)));
    match (open.any(), unpaid.any()) {
        (false, false) if any => "No order is open".to_owned(),
        (false, false) => "No orders yet".to_owned(),
        (true, false) => open.counted("order is open", "orders are open"),
        (false, true) => unpaid.counted("order waits for its payment", "orders wait for payment"),
        (true, true) => format!(
            "{}, {} for payment",
            open.counted("order is open", "orders are open"),
            unpaid.counted("waits", "wait")
        ),
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        list,
        rows,
        next,
        counts,
    } = model;
    let title = headline(&counts, !rows.is_empty() || list.is_narrowed());
    let chips = std::iter::once(list.state_chip("All", None))
        .chain(
            OrderState::ALL
                .iter()
                .filter(|state| is_offered(**state, &list))
                .map(|state| {
                    let chip = list.state_chip(
                        &domain::owner::role_title(order_word(*state)),
                        Some(state.as_str()),
                    );
                    match counts.get(state.as_str()) {
                        Some(count) => count.on(chip, order_tone(*state)),
                        None => chip,
                    }
                }),
        )
        .chain(list.led_chips(&at.rules))
        .collect();
    let shown = match rows.len() {
        1 => "1 order".to_owned(),
        n => format!("{n} orders, last changed first"),
    };
    let (narrowed, empty, first) = (list.is_narrowed(), rows.is_empty(), list.first());
    let inside = if empty {
        nothing(at, narrowed)
    } else {
        table(&rows, at).into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="Put together from everything the storefront and the warehouse said, in whatever order it came.".into_any()/>
        <FilterBar
            action=list.action.clone()
            label="Find by name, customer or SKU"
            query=list.query.clone().unwrap_or_default()
            chips
            keep=list.keep()
            end=list.csv()
        />
        <div id="rows" data-live=""><Card>{inside}</Card></div>
        {(!empty).then(|| view! { <Pager shown nostrip:first=first nostrip:next=next/> })}
    };
    Page::new(title, vec![Crumb::here("Orders")], body)
}

fn nothing(at: &Visit, narrowed: bool) -> AnyView {
    if narrowed {
        let actions =
            view! { <LinkButton href=at.path("orders") label="Show all orders"/> }.into_any();
        return view! {
            <Empty icon=Ico::Search title="No order fits" actions>"Look for a name such as #1001, a customer, or the storefront’s id."</Empty>
        }
        .into_any();
    }
    let actions = view! { <LinkButton href=at.path("connections") label="Connect a storefront" kind=Kind::Primary icon=Ico::Connections/> }.into_any();
    view! {
        <Empty icon=Ico::Orders title="No orders yet" actions>
            "The first one is here as soon as a storefront sends it. To try without one, send a sample: "
            <code>"meshline send --help"</code> " says how."
        </Empty>
    }
    .into_any()
}

fn table(rows: &[(OrderRow, UnderWay)], at: &Visit) -> impl IntoView + use<> {
    let cast = Cast {
        rules: &at.rules,
        slug: at.slug(),
        now: at.now(),
    };
    let rows = rows
        .iter()
        .map(|(order, way)| row(order, way, cast))
        .collect_view();
    let cols = vec![
        Col::text("Order"),
        Col::num("Total"),
        Col::text("State"),
        Col::text("Whose move"),
        Col::num("Until"),
        Col::num("Units").wide(),
        Col::num("Placed").wide(),
    ];
    view! { <Table caption="Orders, last changed first" list=true cols>{rows}</Table> }
}

fn row(row: &OrderRow, way: &UnderWay, cast: Cast<'_>) -> impl IntoView + use<> {
    let (order, now) = (&row.order, cast.now);
    let next = order_move(order, way, cast);
    let state = order.state();
    let customer = order
        .customer
        .name
        .clone()
        .or_else(|| order.customer.email.clone());
    let flags: Vec<_> = order
        .flags()
        .iter()
        .map(|flag| domain::owner::role_title(flag.code()).to_lowercase())
        .collect();
    let flagged = (!flags.is_empty()).then(|| view! { " " <Tag label=flags.join(", ")/> });
    // colour is for what waits on a person; an open order that machines work on is only moving
    let tone = match (state, next.tone) {
        (OrderState::Open, asks @ (Tone::Wait | Tone::Late)) => asks,
        _ => order_tone(state),
    };
    let due = next.due.map(|due| view! { <Countdown due now/> });
    let placed = order.placed_at.unwrap_or(row.created_at);
    view! {
        <tr data-row=row.id.to_string()>
            <td>
                <a class="title" data-open="" href=format!("/m/{}/orders/{}", cast.slug, row.id)>{order.name.clone()}</a>
                {flagged}
                <small>{customer}</small>
            </td>
            <td class="num"><Amount money=order.totals.current_total/></td>
            <td><StateBadge tone word=order_word(state)/></td>
            <td class="across">{next.line()}</td>
            <td class="num">{due}</td>
            <td class="num wide">{units(order)}</td>
            <td class="num wide"><When at=placed now/></td>
        </tr>
    }
}
