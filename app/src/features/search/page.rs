//! What was found, by noun.

use std::sync::Arc;

use domain::Time;
use engine::Result;
use leptos::prelude::*;
use uuid::Uuid;

use super::find::{EACH, Elsewhere, Found, by_id, by_name, by_words, elsewhere, pages};
use crate::{
    features::{
        exports::export_tone,
        orders::{order_tone, order_word},
        receipts::{receipt_tone, status_word},
    },
    ui::*,
    web::{Page, Visit, go, page},
};

#[derive(Default)]
struct Model {
    words: String,
    found: Found,
    /// Only looked for when nothing here fits.
    elsewhere: Vec<Elsewhere>,
}

#[component]
pub fn SearchPage() -> impl IntoView {
    page("", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let words = at.query("q").unwrap_or_default().to_owned();
    if words.is_empty() {
        return Ok(Model {
            words,
            ..Model::default()
        });
    }
    if let Ok(id) = words.parse()
        && let Some(path) = by_id(&at, id).await?
    {
        go(&path);
        return Ok(Model {
            words,
            ..Model::default()
        });
    }
    let found = by_words(at.engine(), &at.ctx, &words).await?;
    if let Some(row) = by_name(&found, &words) {
        go(&at.path(&format!("orders/{}", row.id)));
    }
    let elsewhere = match found.count() {
        0 => elsewhere(&at, &words).await?,
        _ => Vec::new(),
    };
    Ok(Model {
        words,
        found,
        elsewhere,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        words,
        found,
        elsewhere,
    } = model;
    let now = at.now();
    let named = match words.is_empty() {
        true => Vec::new(),
        false => pages(at, &words),
    };
    let is_nothing = found.count() == 0 && named.is_empty();
    let title = match (words.is_empty(), found.count() + named.len()) {
        (true, _) => "What are you looking for?".to_owned(),
        (false, 0) if !elsewhere.is_empty() => {
            format!("Nothing at {} is called “{words}”", at.ctx.merchant().name)
        }
        (false, 0) => format!("Nothing is called “{words}”"),
        (false, 1) => format!("One thing fits “{words}”"),
        (false, _) => format!("Found for “{words}”"),
    };
    let query: String = found_query(&words);
    let more = |list: &str, n: usize| (n > EACH).then(|| at.path(&format!("{list}?q={query}")));
    let orders = group(
        "Orders",
        more("orders", found.orders.len()),
        found
            .orders
            .iter()
            .take(EACH)
            .map(|row| {
                let href = at.path(&format!("orders/{}", row.id));
                let state = row.order.state();
                let sub = [
                    Some(order_word(state).to_owned()),
                    row.order.customer.name.clone(),
                    Some(row.order.totals.current_total.to_string()),
                ];
                let sub = sub.into_iter().flatten().collect::<Vec<_>>().join(" · ");
                let aside = view! { <When at=row.updated_at now/> }.into_any();
                view! { <Row tone=order_tone(state) title=row.order.name.clone() sub href aside/> }
                    .into_any()
            })
            .collect(),
    );
    let exports = group("Exports", more("exports", found.exports.len()), found.exports.iter().take(EACH).map(|export| {
        let href = at.path(&format!("exports/{}", export.id));
        let aside = view! { <When at=export.created_at now/> }.into_any();
        let sub = format!("{} · {}", export.state.words(), export.export_type);
        view! { <Row tone=export_tone(export.state) title=export.title.clone() sub href aside/> }.into_any()
    }).collect());
    let tasks = group(
        "Tasks",
        more("tasks", found.tasks.len()),
        found
            .tasks
            .iter()
            .take(EACH)
            .map(|task| {
                let href = at.path(&format!("tasks/{}", task.id));
                let tone = if task.state.is_over() {
                    Tone::Done
                } else {
                    Tone::Wait
                };
                let aside = view! { <When at=task.created_at now/> }.into_any();
                let sub = format!("{} · {}", task.state, task.sentence);
                view! { <Row tone title=task.title.clone() sub href aside/> }.into_any()
            })
            .collect(),
    );
    let receipts = group("Receipts", more("receipts", found.receipts.len()), found.receipts.iter().take(EACH).map(|receipt| {
        let href = at.path(&format!("receipts/{}", receipt.id));
        let aside = view! { <When at=receipt.received_at now/> }.into_any();
        let sub = [Some(status_word(receipt.status).to_owned()), receipt.order_ref.clone()];
        let sub = sub.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        view! { <Row tone=receipt_tone(receipt.status) title=receipt.topic.clone() sub href aside/> }.into_any()
    }).collect());
    let pages = named
        .into_iter()
        .map(|(key, label)| view! { <Row title=label href=at.path(key)/> }.into_any())
        .collect();
    let pages = group("Pages", None, pages);
    let others = elsewhere.iter().map(|one| there(one, now)).collect_view();
    let nothing = (is_nothing && elsewhere.is_empty()).then(|| {
        view! {
            <Card>
                <Empty icon=Ico::Search title="Look for a name, a number or an id">
                    "An order’s name (#1001), a customer, a SKU, the title of an export or task, a topic, or any id of Meshline or of the storefront. An exact id leads straight to its page."
                </Empty>
            </Card>
        }
    });
    let action = at.path("search");
    let body = view! {
        <PageHead title=title.clone()/>
        <FilterBar action label="Find an order, receipt, export or task" query=words/>
        {nothing}
        <div class="stack" id="found">{pages} {orders} {exports} {tasks} {receipts} {others}</div>
    }
    .into_any();
    Page::new(title, vec![Crumb::here("Search")], body)
}

/// What fits at another merchant, in short.
fn there(one: &Elsewhere, now: Time) -> Option<AnyView> {
    let (slug, found) = (&one.merchant.slug, &one.found);
    let row = |list: &str, id: Uuid, title: &str, sub: &'static str, at: Time| {
        let href = format!("/m/{slug}/{list}/{id}");
        let aside = view! { <When at now/> }.into_any();
        view! { <Row title=title.to_owned() sub href aside/> }.into_any()
    };
    let orders = found
        .orders
        .iter()
        .map(|one| row("orders", one.id, &one.order.name, "Order", one.updated_at));
    let exports = found
        .exports
        .iter()
        .map(|one| row("exports", one.id, &one.title, "Export", one.created_at));
    let tasks = found
        .tasks
        .iter()
        .map(|one| row("tasks", one.id, &one.title, "Task", one.created_at));
    let receipts = found
        .receipts
        .iter()
        .map(|one| row("receipts", one.id, &one.topic, "Receipt", one.received_at));
    let rows = orders
        .chain(exports)
        .chain(tasks)
        .chain(receipts)
        .take(EACH)
        .collect();
    group(format!("At {}", one.merchant.name), None, rows)
}

fn found_query(words: &str) -> String {
    words.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

fn group(title: impl Into<String>, more: Option<String>, rows: Vec<AnyView>) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let more = more
        .map(|href| view! { <CardFoot><a class="link" href=href>"More of these"</a></CardFoot> });
    let title = title.into();
    Some(view! { <Card title>{rows} {more}</Card> }.into_any())
}
