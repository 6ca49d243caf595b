//! The form of a brief: of a new one, or of another version of one.

use std::sync::Arc;

use domain::{
    brief::{Brief, Content},
    flow::Flow,
};
use leptos::prelude::*;

use crate::{ui::*, web::Visit};

/// What a field shows: what was typed and refused, else what the brief says now.
struct Shown<'a> {
    typed: crate::web::Typed,
    now: Option<&'a Content>,
    owners: &'a [(String, String)],
}

impl Shown<'_> {
    fn value(&self, name: &str, of: impl Fn(&Content) -> String) -> String {
        let known = self.now.map(of).unwrap_or_default();
        self.typed.value_or(name, &known)
    }
}

/// Of a new brief.
pub(super) fn new_form(flows: &[Arc<Flow>], owners: &[(String, String)], at: &Visit) -> AnyView {
    let shown = Shown {
        typed: at.form("brief"),
        now: None,
        owners,
    };
    let hidden = at.hidden(&[]);
    let id = shown.typed.text("campaign_id", "Campaign id").hint(
        "Lower-case letters, digits and dashes; it travels with everything that is sent, and never changes.",
    );
    let id_is = shown.typed.value("campaign_id");
    let flow = (flows.len() > 1).then(|| {
        let text = shown.typed.text("flow", "Flow");
        let options = flows
            .iter()
            .map(|flow| (flow.key.clone(), flow.name.clone()))
            .collect();
        view! { <Select text options value=shown.typed.value("flow")/> }
    });
    let fields = fields(&shown);
    view! {
        <Card title="Write a brief" padded=true id="write">
            <form method="post" action="/ui/brief/write">
                {hidden}
                <Input text=id value=id_is autocomplete="off" required=true/>
                {flow}
                {fields}
                <div class="acts"><Button label="Keep it as a draft" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
    .into_any()
}

/// Of another version.
pub(super) fn revise_form(brief: &Brief, owners: &[(String, String)], at: &Visit) -> AnyView {
    let shown = Shown {
        typed: at.form("brief"),
        now: Some(&brief.content),
        owners,
    };
    let hidden = at.hidden(&[
        ("brief", &brief.id.to_string()),
        ("seen_version", &brief.version.to_string()),
    ]);
    let fields = fields(&shown);
    let label = format!("Write version {}", brief.version + 1);
    let told = brief.ready_version.map(|_| {
        view! { <p class="quiet">"It is under way: another version takes its place, and everybody who approved is asked anew."</p> }
    });
    view! {
        <Card title="Change it" padded=true id="change">
            <form method="post" action="/ui/brief/revise">
                {hidden}
                {told}
                {fields}
                <div class="acts"><Button label/></div>
            </form>
        </Card>
    }
    .into_any()
}

fn fields(shown: &Shown<'_>) -> impl IntoView + use<> {
    let text = |name: &'static str, label: &str| shown.typed.text(name, label.to_owned());
    let title = text("title", "Title");
    let offer = text("offer", "Offer").hint("As a customer would read it.");
    let terms = text("terms", "Terms").hint("The small print. May be empty.");
    let discount = text("discount_percent", "Discount in percent").hint("From 1 to 90.");
    let skus = text("skus", "SKUs").hint("Separated by commas, spaces or lines.");
    let keywords = text("keywords", "Keywords").hint("Separated by commas or lines.");
    let owner = text("keywords_owner", "Who answers for the keywords").hint("May be nobody.");
    let owner_is = shown.value("keywords_owner", |one| {
        one.keywords_owner
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    });
    let mut owners = vec![(String::new(), "nobody in particular".to_owned())];
    owners.extend_from_slice(shown.owners);
    // who is chosen and could not be any more is still who is chosen
    if !owners.iter().any(|(key, _)| *key == owner_is) {
        owners.push((owner_is.clone(), owner_is.clone()));
    }
    let creatives = text("creative_ids", "Creative ids").hint("Separated by commas or spaces.");
    let landing = text("landing_url", "Landing pages")
        .hint("The first is the page that opens. Each starts with https://.");
    let starts = text("starts_at", "Starts").hint("In UTC.");
    let ends = text("ends_at", "Ends").hint("In UTC. Then everything is taken back.");
    let note = text("note", "Why now?").hint("Whoever approves reads this.");
    let moment = |at: domain::Time| at.format_utc("%Y-%m-%dT%H:%M");
    let lines = |list: &[String]| list.join("\n");
    view! {
        <div class="pair">
            <Input text=title value=shown.value("title", |one| one.title.clone()) required=true/>
            <Input text=discount kind="number" required=true
                value=shown.value("discount_percent", |one| one.discount_percent.to_string())/>
        </div>
        <Input text=offer value=shown.value("offer", |one| one.offer.clone()) required=true/>
        <TextArea text=terms value=shown.value("terms", |one| one.terms.clone()) rows=2/>
        <TextArea text=skus value=shown.value("skus", |one| lines(&one.skus)) required=true/>
        <div class="pair">
            <TextArea text=keywords value=shown.value("keywords", |one| lines(&one.keywords))/>
            <Select text=owner options=owners value=owner_is/>
        </div>
        <TextArea text=creatives value=shown.value("creative_ids", |one| lines(&one.creative_ids)) rows=2/>
        <TextArea text=landing value=shown.value("landing_url", |one| lines(&one.landing_urls)) rows=2 required=true/>
        <div class="pair">
            <Input text=starts kind="datetime-local" required=true
                value=shown.value("starts_at", |one| moment(one.starts_at))/>
            <Input text=ends kind="datetime-local" required=true
                value=shown.value("ends_at", |one| moment(one.ends_at))/>
        </div>
        <TextArea text=note value=shown.value("note", |one| one.note.clone())/>
    }
}
