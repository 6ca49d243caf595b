//! The brief of a campaign: what a person writes to start a promotion.

use leptos::prelude::*;

use crate::{ui::*, web::Visit};

pub(super) fn brief(flow_id: &str, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("brief");
    let hidden = at.hidden(&[("flow", flow_id)]);
    let (id, id_is) = (
        typed.text("campaign_id", "Campaign id").hint(
            "Lower-case letters, digits and dashes; it travels with everything that is sent.",
        ),
        typed.value("campaign_id"),
    );
    let (title, title_is) = (typed.text("title", "Title"), typed.value("title"));
    let (offer, offer_is) = (
        typed
            .text("offer", "Offer")
            .hint("As a customer would read it."),
        typed.value("offer"),
    );
    let (discount, discount_is) = (
        typed
            .text("discount_percent", "Discount in percent")
            .hint("A whole number from 1 to 90."),
        typed.value("discount_percent"),
    );
    let (skus, skus_are) = (
        typed
            .text("skus", "SKUs")
            .hint("Separated by commas, spaces or lines."),
        typed.value("skus"),
    );
    let (landing, landing_is) = (
        typed
            .text("landing_url", "Landing page")
            .hint("Starts with https://."),
        typed.value("landing_url"),
    );
    let (starts, starts_is) = (
        typed.text("starts_at", "Starts").hint("In UTC."),
        typed.value("starts_at"),
    );
    let (ends, ends_is) = (
        typed.text("ends_at", "Ends").hint("In UTC."),
        typed.value("ends_at"),
    );
    let (note, note_is) = (
        typed
            .text("note", "Why now?")
            .hint("Whoever approves reads this."),
        typed.value("note"),
    );
    view! {
        <Card title="Start a campaign" padded=true id="start">
            <form method="post" action="/ui/campaign/start">
                {hidden}
                <div class="pair">
                    <Input text=title value=title_is required=true/>
                    <Input text=id value=id_is autocomplete="off" required=true/>
                </div>
                <div class="pair">
                    <Input text=offer value=offer_is required=true/>
                    <Input text=discount value=discount_is kind="number" required=true/>
                </div>
                <TextArea text=skus value=skus_are required=true/>
                <Input text=landing value=landing_is kind="url" required=true/>
                <div class="pair">
                    <Input text=starts value=starts_is kind="datetime-local" required=true/>
                    <Input text=ends value=ends_is kind="datetime-local" required=true/>
                </div>
                <TextArea text=note value=note_is/>
                <div class="acts">
                    <Button label="Send it for approval" kind=Kind::Primary/>
                </div>
            </form>
        </Card>
    }
}
