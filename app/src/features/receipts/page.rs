//! One receipt: what became of it, what it said, and the bytes that prove it.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    receipt::{Receipt, ReceiptStatus},
    retention::Removal,
};
use engine::{Chain, Result};
use leptos::prelude::*;

use super::{
    body::{indented, size_text},
    words::{headline, receipt_tone, sentence, status_word},
};
use crate::{
    features::thread::stations,
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    chain: Chain,
    receipt: Receipt,
    body: Vec<u8>,
    /// What stays of the body, if a rule took it out.
    removal: Option<Removal>,
}

/// More than this is not written into a page; the whole of it is one call away.
const MOST_SHOWN: usize = 128 * 1024;

#[component]
pub fn ReceiptPage() -> impl IntoView {
    page("receipts", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let id = at.id("receipt")?;
    let chain = at.engine().receipt_chain(&at.ctx, id).await?;
    let receipt = chain
        .receipts
        .first()
        .cloned()
        .ok_or_else(|| engine::Error::not_found("receipt"))?;
    let body = at.engine().receipt_body(&at.ctx, id).await?;
    let removal = at.engine().removal(&at.ctx, Noun::Receipt, id).await?;
    Ok(Model {
        chain,
        receipt,
        body,
        removal,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        chain,
        receipt,
        body,
        removal,
    } = &model;
    let order = chain.order.as_ref().map(|row| row.order.name.as_str());
    let title = headline(receipt, order);
    let thread = stations(chain, None, &at.rules, at.slug(), at.now());
    let side = view! { {facts(receipt, chain, at)} {headers(receipt)} }.into_any();
    let outcome = outcome(chain, receipt, at);
    let faults = faults(receipt);
    let bytes = match removal {
        Some(removal) => removed(receipt, removal).into_any(),
        None => bytes(receipt, body).into_any(),
    };
    let now = at.now();
    let source = source_name(chain);
    let received = receipt.received_at;
    let sub = view! {
        <StateBadge tone=receipt_tone(receipt.status) word=status_word(receipt.status) soft=true/>
        {format!(" from {source} · ")}
        <When at=received now/>
        {repeats(receipt)}
    }
    .into_any();
    let body = view! {
        <div id="head" data-live=""><PageHead title=title.clone() sub actions=actions(receipt, chain, removal.is_none(), at)/></div>
        <div id="life" data-live="" data-live-eager=(receipt.status == ReceiptStatus::Accepted).then_some("")><Thread stations=thread label="The life of this receipt"/></div>
        <Split side>
            <div id="became" class="stack" data-live="">{outcome} {faults}</div>
            {bytes}
        </Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Receipts", at.path("receipts")),
        Crumb::id(&receipt.id.to_string()),
    ];
    Page::new(title, crumbs, body)
}

fn source_name(chain: &Chain) -> String {
    chain.source.as_ref().map_or_else(
        || "a former source".to_owned(),
        |source| source.name.clone(),
    )
}

fn repeats(receipt: &Receipt) -> Option<String> {
    match receipt.repeats {
        0 => None,
        1 => Some(" · came once more, with no second effect".to_owned()),
        n => Some(format!(" · came {n} times more, with no second effect")),
    }
}

fn actions(receipt: &Receipt, chain: &Chain, has_body: bool, at: &Visit) -> AnyView {
    let task = chain
        .tasks
        .iter()
        .find(|task| !task.state.is_over() && task.receipt_id == Some(receipt.id));
    let task = task.map(|task| {
        let href = at.path(&format!("tasks/{}", task.id));
        view! { <LinkButton href label="Open the task" kind=Kind::Primary icon=Ico::Tasks/> }
    });
    let replay = (has_body && at.ctx.may(Action::Control)).then(|| {
        let fields = at.fields(&[("receipt", &receipt.id.to_string())]);
        view! { <PostButton action="/ui/receipt/replay" label="Read it again" fields/> }
    });
    view! { {replay} {task} }.into_any()
}

fn outcome(chain: &Chain, receipt: &Receipt, at: &Visit) -> impl IntoView + use<> {
    let order = receipt.order_id.zip(chain.order.as_ref()).map(|(id, row)| {
        let href = at.path(&format!("orders/{id}"));
        let sub = format!("{} · {}", row.order.totals.current_total, row.order.readiness().sentence());
        view! { <Row tone=Tone::Done title=format!("Order {}", row.order.name) sub href aside="order".into_any()/> }
    });
    let events = chain
        .events
        .iter()
        .filter(|event| event.receipt_id == Some(receipt.id))
        .map(|event| {
            let at_time = view! { <Stamp at=event.occurred_at now=at.now()/> }.into_any();
            view! { <Row tone=Tone::Done title=event.kind.as_str() aside=at_time/> }
        })
        .collect_view();
    let tasks = chain
        .tasks
        .iter()
        .filter(|task| task.receipt_id == Some(receipt.id))
        .map(|task| {
            let tone = if task.state.is_over() { Tone::Done } else { Tone::Wait };
            let href = at.path(&format!("tasks/{}", task.id));
            view! { <Row tone title=task.title.clone() sub=task.sentence.clone() href aside=task.state.as_str().into_any()/> }
        })
        .collect_view();
    let says = sentence(receipt);
    view! {
        <Card title="What became of it">
            <CardFoot>{says}</CardFoot>
            {order}
            {events}
            {tasks}
        </Card>
    }
}

fn faults(receipt: &Receipt) -> Option<AnyView> {
    if receipt.faults.is_empty() || receipt.status != ReceiptStatus::Quarantined {
        return None;
    }
    let rows = receipt
        .faults
        .iter()
        .map(|fault| {
            let path = if fault.path.is_empty() {
                "the whole of it".to_owned()
            } else {
                fault.path.clone()
            };
            view! {
                <tr>
                    <td class="mono">{path}</td>
                    <td>{fault.sentence.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![Col::text("Where"), Col::text("What is wrong")];
    Some(
        view! { <Card title="What does not fit" id="faults"><Table caption="Places that do not fit" cols>{rows}</Table></Card> }
            .into_any(),
    )
}

/// In the place of the body: that it went, and what proves what it was.
fn removed(receipt: &Receipt, removal: &Removal) -> impl IntoView + use<> {
    let size = size_text(receipt.body_bytes).into_any();
    let (hash, sentence) = (receipt.body_sha256.clone(), removal.sentence());
    view! {
        <Card title="Raw body" aside=size id="body">
            <CardFoot>{sentence}</CardFoot>
            <CardFoot>"SHA-256 " <CopyId id=hash what="SHA-256 of the body"/></CardFoot>
        </Card>
    }
}

fn bytes(receipt: &Receipt, body: &[u8]) -> impl IntoView + use<> {
    let size = size_text(receipt.body_bytes);
    let shown = String::from_utf8_lossy(body.get(..MOST_SHOWN).unwrap_or(body)).into_owned();
    let whole = body.len() <= MOST_SHOWN;
    let laid_out = if whole { indented(&shown) } else { None };
    let label = match (&laid_out, whole) {
        (Some(_), _) => "The body, laid out; every value as it was sent",
        (None, true) => "The body, byte for byte",
        (None, false) => "The beginning of the body, byte for byte",
    };
    let exact = laid_out.is_some().then(|| {
        let text = shown.clone();
        view! { <CardFoot><RawJson label="Byte for byte, as it was signed" text/></CardFoot> }
    });
    let copy = whole.then(|| {
        let text = shown.clone();
        view! {
            <span class="copy">
                <button type="button" data-copy=text aria-label="Copy the body"><Icon of=Ico::Copy/></button>
            </span>
        }
    });
    let text = laid_out.unwrap_or(shown);
    let aside = view! { {size} {copy} }.into_any();
    let hash = receipt.body_sha256.clone();
    view! {
        <Card title="Raw body" aside id="body">
            <CardFoot><RawJson label text/></CardFoot>
            {exact}
            <CardFoot>"SHA-256 " <CopyId id=hash what="SHA-256 of the body"/></CardFoot>
        </Card>
    }
}

fn facts(receipt: &Receipt, chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let source = chain.source.as_ref().map(|source| {
        let href = at.path(&format!("connections/{}", source.id));
        view! { <a class="link" href=href>{source.name.clone()}</a> }.into_any()
    });
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let received = view! { <When at=receipt.received_at now/> }.into_any();
    let happened = receipt
        .triggered_at
        .map(|at| view! { <When at now/> }.into_any());
    let rows = kv(vec![
        ("Receipt", id(&receipt.id.to_string(), "receipt id")),
        (
            "Signature",
            Some(view! { <StateBadge tone=Tone::Done word="good"/> }.into_any()),
        ),
        ("Source", source),
        ("Topic", Some(receipt.topic.clone().into_any())),
        ("Received", Some(received)),
        ("Sent", happened),
        ("Known by", id(&receipt.dedup_key, "deduplication key")),
        ("Repeats", Some(receipt.repeats.into_any())),
        (
            "Speaks of",
            receipt
                .order_ref
                .as_deref()
                .and_then(|order| id(order, "order id of the sender")),
        ),
        ("Trace", id(&receipt.trace_id, "trace id")),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}

fn headers(receipt: &Receipt) -> impl IntoView + use<> {
    let count = receipt.headers.len();
    let rows = receipt
        .headers
        .clone()
        .into_iter()
        .map(|(name, value)| view! { <KvRow label=name><span class="mono">{value}</span></KvRow> })
        .collect_view();
    view! {
        <Card title="Headers kept" aside=count.into_any()><Kv>{rows}</Kv></Card>
    }
}
