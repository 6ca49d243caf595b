//! Around an order: its customer, the receipts that told about it, what happened in which order, and the
//! flows that work on it.

use domain::{
    event::EventKind,
    flow::RunState,
    order::{Order, Readiness},
    retention::Removal,
};
use engine::{Chain, RunChain};
use leptos::prelude::*;

use super::page::told_by;
use crate::{
    features::{
        exports::{export_tone, plural},
        receipts::{receipt_tone, status_word},
    },
    ui::*,
    web::Visit,
};

pub(super) fn customer(
    order: &Order,
    removal: Option<&Removal>,
    at: &Visit,
) -> impl IntoView + use<> {
    // what came after it was removed is told as ever
    let gone = order.customer.name.is_none() && order.customer.email.is_none();
    let removed = removal
        .filter(|_| gone)
        .map(Removal::sentence)
        .map(|sentence| view! { <CardFoot>{sentence}</CardFoot> });
    let aside = told_by(&order.provenance.address, at);
    let lines = order.shipping_address.as_ref().map(|address| {
        let place = [address.postal_code.as_deref(), address.city.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        let lines = [
            address.name.clone(),
            address.company.clone(),
            address.address1.clone(),
            address.address2.clone(),
            (!place.is_empty()).then(|| place.join(" ")),
            address.province.clone(),
            address
                .country
                .clone()
                .or_else(|| address.country_code.clone()),
        ];
        let lines = lines
            .into_iter()
            .flatten()
            .map(|line| view! { {line} <br/> })
            .collect_view();
        view! { <address class="not-italic">{lines}</address> }.into_any()
    });
    let missing = || view! { <StateBadge tone=Tone::Held word="no address"/> }.into_any();
    let phone = order
        .shipping_address
        .as_ref()
        .and_then(|address| address.phone.clone());
    let rows = kv(vec![
        ("Name", order.customer.name.clone().map(IntoAny::into_any)),
        ("Email", order.customer.email.clone().map(IntoAny::into_any)),
        ("Phone", phone.map(IntoAny::into_any)),
        ("Ship to", Some(lines.unwrap_or_else(missing))),
    ]);
    view! { <Card title="Customer" aside>{rows} {removed}</Card> }
}

pub(super) fn receipts(chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = chain
        .receipts
        .iter()
        .map(|receipt| {
            let href = at.path(&format!("receipts/{}", receipt.id));
            let aside = view! { <When at=receipt.received_at now/> }.into_any();
            let sub = status_word(receipt.status);
            view! { <Row tone=receipt_tone(receipt.status) title=receipt.topic.clone() sub href aside/> }
        })
        .collect_view();
    let aside = format!(
        "{} {}",
        chain.receipts.len(),
        plural(chain.receipts.len(), "receipt")
    )
    .into_any();
    view! { <Card title="Receipts" aside id="receipts">{rows}</Card> }
}

const fn event_tone(kind: EventKind) -> Tone {
    match kind {
        EventKind::PaymentFailed | EventKind::ShipmentException => Tone::Late,
        EventKind::OrderCancelled | EventKind::PaymentVoided | EventKind::ShipmentCancelled => {
            Tone::Idle
        }
        _ => Tone::Done,
    }
}

pub(super) fn events(chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = chain
        .events
        .iter()
        .map(|event| {
            let href = event.receipt_id.map(|id| at.path(&format!("receipts/{id}")));
            let part = event.data.get("part").and_then(|part| part.as_str()).map(str::to_owned);
            let aside = view! { <Stamp at=event.occurred_at now/> }.into_any();
            view! { <Row tone=event_tone(event.kind) title=event.kind.as_str() nostrip:sub=part nostrip:href=href aside/> }
        })
        .collect_view();
    view! { <Card title="What happened, in order" id="events">{rows}</Card> }
}

const fn run_tone(state: RunState) -> Tone {
    match state {
        RunState::Running | RunState::Undoing => Tone::Moving,
        RunState::Paused => Tone::Held,
        RunState::Completed => Tone::Done,
        RunState::Cancelled => Tone::Idle,
        RunState::Failed => Tone::Late,
    }
}

pub(super) fn runs(chain: &Chain, order: &Order, at: &Visit) -> impl IntoView + use<> {
    if chain.runs.is_empty() {
        let why = match order.readiness() {
            Readiness::Closed(_) => {
                "No flow ever worked on it: when it was first seen, there was nothing left to do."
            }
            _ => "No flow works on it yet. One starts as soon as the order may be shipped.",
        };
        return view! {
            <Card title="Flows"><CardFoot>{why}</CardFoot></Card>
        }
        .into_any();
    }
    chain
        .runs
        .iter()
        .map(|run| run_card(run, at))
        .collect_view()
        .into_any()
}

fn run_card(run: &RunChain, at: &Visit) -> impl IntoView + use<> {
    let stands: Vec<&str> = run.run.stands_at().collect();
    let left = |key: &str| {
        run.run
            .path
            .iter()
            .any(|visit| visit.step == key && visit.left_at.is_some())
    };
    let all = run.flow.steps.len();
    let done = run.flow.steps.iter().filter(|step| left(&step.key)).count();
    let state = run.run.state;
    let now = at.now();
    let stations: Vec<Station> = run
        .flow
        .steps
        .iter()
        .map(|step| Station {
            label: step.title.clone(),
            state: match state {
                RunState::Running if stands.contains(&step.key.as_str()) => Tone::Moving,
                _ if left(&step.key) => Tone::Done,
                _ => Tone::Idle,
            },
            ..Station::default()
        })
        .collect();
    let exports = run
        .exports
        .iter()
        .rev()
        .map(|one| {
            let export = &one.export;
            let href = at.path(&format!("exports/{}", export.id));
            let title = if export.version > 1 {
                format!("{}, version {}", export.title, export.version)
            } else {
                export.title.clone()
            };
            let aside = view! { <When at=export.created_at now/> }.into_any();
            view! { <Row tone=export_tone(export.state) title sub=export.state.words() href aside/> }
        })
        .collect_view();
    let word = match (&run.run.outcome, state) {
        (Some(outcome), _) => outcome.clone(),
        (None, RunState::Running) => format!("step {} of {all}", (done + 1).min(all)),
        (None, other) => other.to_string(),
    };
    let aside = view! { <StateBadge tone=run_tone(state) word/> }.into_any();
    let href = at.path(&format!("runs/{}", run.run.id));
    let flow = format!("{} v{}", run.flow.name, run.flow.version);
    let label = format!("Steps of {flow}");
    view! {
        <Card title=run.flow.name.clone() aside>
            <div class="card-body"><Thread stations label upright=true/></div>
            {exports}
            <CardFoot><a class="link" href=href>"This run of "{flow}</a></CardFoot>
        </Card>
    }
}
