//! A test event on its way: waiting for it, then its thread. The region follows the live stream; without a
//! script, a link looks again.

use domain::receipt::ReceiptStatus;
use engine::Chain;
use leptos::prelude::*;

use crate::{features::thread::stations, ui::*, web::Visit};

pub(super) fn trial(chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let receipt = chain.receipts.first();
    let waiting =
        receipt.is_none_or(|one| one.status == ReceiptStatus::Accepted) || chain.runs.is_empty();
    let again = at.desk.asked.uri.clone();
    let receipt_href = receipt.map(|one| at.path(&format!("receipts/{}", one.id)));
    let order_href = chain
        .order
        .as_ref()
        .map(|one| at.path(&format!("orders/{}", one.id)));
    let links = view! {
        {receipt_href.map(|href| view! { <LinkButton href label="Its receipt"/> })}
        {order_href.map(|href| view! { <LinkButton href label="Its order"/> })}
        {waiting.then(|| view! { <LinkButton href=again label="Look again" kind=Kind::Quiet/> })}
    };
    let headline = match receipt.map(|one| one.status) {
        None | Some(ReceiptStatus::Accepted) => "Waiting for the test event…",
        Some(ReceiptStatus::Processed) if waiting => "The test event arrived and is an order now",
        Some(ReceiptStatus::Processed) => "The test event arrived, and a flow works on it",
        Some(ReceiptStatus::Quarantined) => "The test event arrived, but does not fit",
        Some(ReceiptStatus::Unmatched | ReceiptStatus::Ignored) => {
            "The test event arrived, and nothing follows from it"
        }
    };
    let tone = match receipt.map(|one| one.status) {
        None | Some(ReceiptStatus::Accepted) => Tone::Moving,
        Some(ReceiptStatus::Quarantined) => Tone::Late,
        Some(_) => Tone::Done,
    };
    let thread = stations(chain, None, &at.rules, at.slug(), at.now());
    view! {
        <div id="trial" data-live="" data-live-eager=waiting.then_some("") data-live-at-once=waiting.then_some("")>
            <section class="move" data-tone=tone.key() aria-label="Test event">
                <span class="whose"><StateGlyph tone/>{headline}</span>
                <p class="says">"A test order is flagged as one, so it asks for an approval before anything is sent."</p>
                <span class="acts">{links}</span>
            </section>
            <Thread stations=thread label="The life of the test event"/>
        </div>
    }
}
