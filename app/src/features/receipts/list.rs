//! The list of receipts: everything that ever arrived, and what became of it.

use std::{collections::HashMap, sync::Arc};

use domain::receipt::{Receipt, ReceiptStatus};
use engine::{Result, port::ListFilter};
use leptos::prelude::*;

use super::{
    body::size_text,
    words::{receipt_tone, status_word},
};
use crate::{
    ui::*,
    web::{List, Page, Tally, Visit, page},
};

struct Model {
    list: List,
    rows: Vec<Receipt>,
    next: Option<String>,
    counts: HashMap<&'static str, Tally>,
}

/// Worth a look: nothing goes on from here by itself.
const WATCHED: [ReceiptStatus; 3] = [
    ReceiptStatus::Quarantined,
    ReceiptStatus::Unmatched,
    ReceiptStatus::Accepted,
];

#[component]
pub fn ReceiptsPage() -> impl IntoView {
    page("receipts", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let list = List::of(&at, "receipts");
    let (engine, ctx) = (at.engine(), &at.ctx);
    let mut rows = engine.receipts(ctx, &list.filter()).await?;
    let next = list.cut(&mut rows, |row| (row.received_at, row.id));
    let mut counts = HashMap::new();
    for status in WATCHED {
        let filter = ListFilter {
            state: Some(status.as_str().to_owned()),
            ..Tally::filter()
        };
        counts.insert(
            status.as_str(),
            Tally::of(&engine.receipts(ctx, &filter).await?),
        );
    }
    Ok(Model {
        list,
        rows,
        next,
        counts,
    })
}

fn headline(counts: &HashMap<&'static str, Tally>, any: bool) -> String {
    let of = |status: ReceiptStatus| counts.get(status.as_str()).copied().unwrap_or_default();
    let (held, unmatched) = (of(ReceiptStatus::Quarantined), of(ReceiptStatus::Unmatched));
    match (held.any(), unmatched.any()) {
        (false, false) if any => "Everything that arrived found its place".to_owned(),
        (false, false) => "Nothing has arrived yet".to_owned(),
        (true, false) => held.counted("receipt does not fit", "receipts do not fit"),
        (false, true) => unmatched.counted(
            "receipt waits for what it is about",
            "receipts wait for what they are about",
        ),
        (true, true) => format!(
            "{}, {}",
            held.counted("receipt does not fit", "receipts do not fit"),
            unmatched.counted("waits for what it is about", "wait for what they are about")
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
        .chain(ReceiptStatus::ALL.iter().map(|status| {
            let chip = list.state_chip(
                &domain::owner::role_title(status_word(*status)),
                Some(status.as_str()),
            );
            match counts.get(status.as_str()) {
                Some(count) => count.on(chip, receipt_tone(*status)),
                None => chip,
            }
        }))
        .chain(
            list.kind
                .clone()
                .map(|kind| list.kind_chip(&format!("Topic {kind} ×"), &kind)),
        )
        .chain(list.led_chips(&at.rules))
        .collect();
    let shown = match rows.len() {
        1 => "1 receipt".to_owned(),
        n => format!("{n} receipts, newest first"),
    };
    let (narrowed, empty, first) = (list.is_narrowed(), rows.is_empty(), list.first());
    let inside = if empty {
        nothing(at, narrowed)
    } else {
        table(rows, at).into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="Bytes as they came, kept before they were acknowledged. Each one ends in an outcome or in a task.".into_any()/>
        <FilterBar
            action=list.action.clone()
            label="Find a receipt by topic, order or id"
            query=list.query.clone().unwrap_or_default()
            chips
            keep=list.keep()
            end=list.csv()
        />
        <div id="rows" data-live=""><Card>{inside}</Card></div>
        {(!empty).then(|| view! { <Pager shown nostrip:first=first nostrip:next=next/> })}
    };
    Page::new(title, vec![Crumb::here("Receipts")], body)
}

fn nothing(at: &Visit, narrowed: bool) -> AnyView {
    if narrowed {
        let actions =
            view! { <LinkButton href=at.path("receipts") label="Show all receipts"/> }.into_any();
        return view! {
            <Empty icon=Ico::Search title="No receipt fits" actions>"Look for a topic such as orders/create, a sender’s order number, or an id."</Empty>
        }
        .into_any();
    }
    let actions = view! { <LinkButton href=at.path("connections") label="To the connections" kind=Kind::Primary icon=Ico::Connections/> }.into_any();
    view! {
        <Empty icon=Ico::Receipts title="No receipts yet" actions>
            "The first one is here as soon as a source sends something. Every connection can send itself a test event."
        </Empty>
    }
    .into_any()
}

fn table(rows: Vec<Receipt>, at: &Visit) -> impl IntoView + use<> {
    let rows = rows
        .into_iter()
        .map(|receipt| row(&receipt, at))
        .collect_view();
    let cols = vec![
        Col::text("Topic"),
        Col::text("Status"),
        Col::text("Order"),
        Col::text("Source").wide(),
        Col::num("Repeats").wide(),
        Col::num("Size").wide(),
        Col::num("Received"),
    ];
    view! { <Table caption="Receipts, newest first" list=true cols>{rows}</Table> }
}

fn row(receipt: &Receipt, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let source = at
        .rules
        .source(receipt.source_id)
        .map_or_else(|| "a former source".to_owned(), |one| one.name.clone());
    let order = receipt.order_id.map(|id| {
        let name = receipt
            .order_ref
            .clone()
            .unwrap_or_else(|| "its order".to_owned());
        view! { <a class="link relative z-1" href=at.path(&format!("orders/{id}"))>{name}</a> }
    });
    let reference = receipt
        .order_id
        .is_none()
        .then(|| receipt.order_ref.clone());
    let fault = receipt
        .faults
        .first()
        .map(|fault| view! { <small>{fault.sentence.clone()}</small> });
    view! {
        <tr data-row=receipt.id.to_string()>
            <td>
                <a class="title" data-open="" href=at.path(&format!("receipts/{}", receipt.id))>{receipt.topic.clone()}</a>
                {fault}
            </td>
            <td><StateBadge tone=receipt_tone(receipt.status) word=status_word(receipt.status)/></td>
            <td class="mono">{order} {reference}</td>
            <td class="wide">{source}</td>
            <td class="num wide">{(receipt.repeats > 0).then_some(receipt.repeats)}</td>
            <td class="num wide">{size_text(receipt.body_bytes)}</td>
            <td class="num"><When at=receipt.received_at now/></td>
        </tr>
    }
}
