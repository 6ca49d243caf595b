//! One connection. A source shows its address, its secret's state and a way to try it; a destination has its
//! own file.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    Time,
    access::{Action, Noun},
    connection::{Destination, Source},
    export::Export,
    owner::{Owner, Party},
    receipt::Receipt,
};
use engine::{Chain, ConnectionNeeds, Error, Result, port::ListFilter};
use leptos::prelude::*;

use super::{destination::destination_page, list::source_state, secret::Fresh, trial::trial};
use crate::{
    features::receipts::{receipt_tone, status_word},
    ui::*,
    web::{Page, Visit, owner_name, page},
};

enum Model {
    Source(Box<SourceModel>),
    Destination {
        found: Box<Destination>,
        exports: Vec<Export>,
        fresh: Option<Fresh>,
        needs: Box<ConnectionNeeds>,
    },
}

struct SourceModel {
    source: Source,
    receipts: Vec<Receipt>,
    fresh: Option<Fresh>,
    /// The test event that was just sent.
    test: Option<Chain>,
    address: String,
    needs: ConnectionNeeds,
}

/// Among so many newest rows, those of this connection are shown.
const NEWEST: i64 = 200;
const SHOWN: usize = 12;

#[component]
pub fn ConnectionPage() -> impl IntoView {
    page("connections", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Connection)?;
    let id = at.id("connection")?;
    let (engine, ctx) = (at.engine(), &at.ctx);
    let newest = ListFilter {
        limit: NEWEST,
        ..ListFilter::default()
    };
    if let Some(found) = at
        .rules
        .destinations
        .iter()
        .find(|one| one.id == id)
        .cloned()
    {
        let mut exports = engine.exports(ctx, &newest).await?;
        exports.retain(|export| export.destination_id == id);
        exports.truncate(SHOWN);
        let fresh = Fresh::take(&at.desk.asked, id).await?;
        let found = Box::new(found);
        let needs = Box::new(engine.connection_needs(ctx, id).await?);
        return Ok(Model::Destination {
            found,
            exports,
            fresh,
            needs,
        });
    }
    let source = at
        .rules
        .source(id)
        .cloned()
        .ok_or_else(|| Error::not_found("connection"))?;
    let mut receipts = engine.receipts(ctx, &newest).await?;
    receipts.retain(|receipt| receipt.source_id == id);
    receipts.truncate(SHOWN);
    let test = match at.query("test").and_then(|text| text.parse().ok()) {
        Some(receipt) => Some(engine.receipt_chain(ctx, receipt).await?),
        None => None,
    };
    let fresh = Fresh::take(&at.desk.asked, id).await?;
    let address = format!("{}/in/{}", engine.public_url(), source.path);
    let needs = engine.connection_needs(ctx, id).await?;
    Ok(Model::Source(Box::new(SourceModel {
        source,
        receipts,
        fresh,
        test,
        address,
        needs,
    })))
}

fn render(model: Model, at: &Visit) -> Page {
    match model {
        Model::Source(model) => source_page(*model, at),
        Model::Destination {
            found,
            exports,
            fresh,
            needs,
        } => destination_page(&found, &exports, (fresh, &needs), at),
    }
}

fn source_page(model: SourceModel, at: &Visit) -> Page {
    let SourceModel {
        source,
        receipts,
        fresh,
        test,
        address,
        needs,
    } = model;
    let now = at.now();
    let last = receipts.first().map(|receipt| receipt.received_at);
    let (tone, word) = source_state(last, now);
    let title = match last {
        Some(last) => format!(
            "{}: last event {}",
            source.name,
            time::relative_text(now.since_ms(last))
        ),
        None => format!("{}: nothing received yet", source.name),
    };
    let sub = view! {
        <StateBadge tone word soft=true/> {format!(" {}", domain::owner::role_title(&source.system))}
    }
    .into_any();
    let actions = at
        .ctx
        .may(Action::ManageConnections)
        .then(|| actions(&source, at));
    let test = test.map(|chain| trial(&chain, at).into_any());
    let fresh = fresh.map(|fresh| {
        fresh
            .view(now, "send events in this source’s name.")
            .into_any()
    });
    let facts = facts(&source, at);
    let list = received(&receipts, at);
    let change = at
        .ctx
        .may(Action::ManageConnections)
        .then(|| view! { {change(&source, &needs, at)} {needed(&source, &needs, at)} });
    let steps = how_to(&source, address);
    let body = view! {
        <div id="head" data-live=""><PageHead title=title.clone() sub nostrip:actions=actions/></div>
        {fresh}
        {test}
        <Split side=facts.into_any()>
            {steps}
            <div id="received" data-live="">{list}</div>
            {change}
        </Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Connections", at.path("connections")),
            Crumb::here(source.name),
        ],
        body,
    )
}

fn actions(source: &Source, at: &Visit) -> AnyView {
    let id = source.id.to_string();
    let typed = at.form("rotate");
    let secret = typed
        .text("secret", "The new secret, if the other side chose it")
        .hint("Leave it empty to have one made. It is shown once.");
    let hidden = at.hidden(&[("source", &id)]);
    view! {
        <Dialog id="rotate" label="Rotate the secret" title="Make a new secret?">
            <form method="post" action="/ui/source/rotate">
                {hidden}
                <p>"The old secret stays valid for 1 hour, so the sender can switch without losing anything. After that, what is signed with it is refused with 401."</p>
                <Input text=secret kind="password" autocomplete="off"/>
                <div class="acts"><Button label="Rotate" kind=Kind::Danger/></div>
            </form>
        </Dialog>
        <PostButton action="/ui/source/test" label="Send a test event" kind=Kind::Primary fields=at.fields(&[("source", &id)])/>
    }
    .into_any()
}

/// Whoever is active here and could be asked: people, and the roles they have.
fn askable(at: &Visit) -> Vec<(String, String)> {
    let active = || at.rules.members.iter().filter(|(user, _)| user.active);
    let roles: BTreeSet<(Party, &String)> = active()
        .flat_map(|(_, member)| {
            member
                .functional_roles
                .iter()
                .map(|role| (member.party, role))
        })
        .collect();
    let roles = roles.into_iter().map(|(party, role)| {
        let owner = Owner::role(party, role);
        let label = format!("{} ({})", owner.title(), party.as_str());
        (owner.to_string(), label)
    });
    let people = active().map(|(user, _)| (Owner::User(user.id).to_string(), user.name.clone()));
    roles.chain(people).collect()
}

fn change(source: &Source, needs: &ConnectionNeeds, at: &Visit) -> AnyView {
    let id = source.id.to_string();
    let typed = at.form("change");
    let hidden = at.hidden(&[("source", &id)]);
    let mut options = askable(at);
    // whoever it is now stays to be chosen, though nobody holds the role yet: saving the name changes no more
    for kept in [&source.owner, &source.backup] {
        let key = kept.to_string();
        if !options.iter().any(|(known, _)| *known == key) {
            options.push((key, owner_name(&at.rules, kept)));
        }
    }
    let (name, owner, backup) = (
        typed.text("name", "Name"),
        typed
            .text("owner", "Asked first")
            .hint("About what arrives here and does not fit."),
        typed
            .text("backup", "Backup")
            .hint("Asked when the first one is silent."),
    );
    let name_is = typed.value_or("name", &source.name);
    let owner_is = typed.value_or("owner", &source.owner.to_string());
    let backup_is = typed.value_or("backup", &source.backup.to_string());
    let (on, label, says) = match source.disabled_at {
        None => (
            "no",
            "Switch it off",
            "Off, it answers every delivery with 404 and keeps nothing. What was received stays.",
        ),
        Some(_) => (
            "yes",
            "Switch it on",
            "It is off: every delivery is answered with 404 and nothing is kept.",
        ),
    };
    let fields = at.fields(&[("source", &id), ("on", on)]);
    // what is needed is said in its own card; the button is for what can be done
    let switch = (source.disabled_at.is_some() || needs.is_empty()).then(|| {
        view! {
            <p class="text-ink-2 mt-4 mb-2">{says}</p>
            <PostButton action="/ui/source/switch" label fields/>
        }
    });
    view! {
        <Card title="Change it" id="change" padded=true>
            <form method="post" action="/ui/source/update">
                {hidden}
                <Input text=name value=name_is required=true/>
                <Select text=owner options=options.clone() value=owner_is/>
                <Select text=backup options value=backup_is/>
                <div class="acts"><Button label="Save"/></div>
            </form>
            {switch}
        </Card>
    }
    .into_any()
}

/// Flows would stop without it: they are named, and another system can take its place in all of them.
fn needed(source: &Source, needs: &ConnectionNeeds, at: &Visit) -> Option<AnyView> {
    if source.disabled_at.is_some() || needs.is_empty() {
        return None;
    }
    let rules = &at.rules;
    let sources = rules.sources.iter().filter(|one| one.disabled_at.is_none());
    let sources = sources.map(|one| &one.system);
    let there = rules
        .destinations
        .iter()
        .filter(|one| one.retired_at.is_none());
    let systems: BTreeSet<&String> = sources
        .chain(there.map(|one| &one.system))
        .filter(|system| **system != source.system)
        .collect();
    let options: Vec<(String, String)> = systems
        .into_iter()
        .map(|system| (system.clone(), domain::owner::role_title(system)))
        .collect();
    let form = (at.ctx.may(Action::PublishFlows) && !options.is_empty()).then(|| {
        let typed = at.form("replace");
        let text = typed.text("by", "Another system takes its place").hint(
            "Each flow that names it gets a next version that names the other one; all of them, or none.",
        );
        let value = typed.value("by");
        let hidden = at.hidden(&[("kind", "system"), ("what", &source.system)]);
        let options = [(String::new(), "Choose…".to_owned())].into_iter().chain(options).collect();
        view! {
            <form method="post" action="/ui/flow/replace" class="mt-4">
                {hidden}
                <Select text options value required=true/>
                <div class="acts"><Button label="Replace it everywhere"/></div>
            </form>
        }
    });
    let names = needing_flows(needs, at);
    Some(
        view! {
            <Card title="It is needed" id="needed" padded=true>
                <p class="text-ink-2">
                    "It cannot be switched off while nothing else says what these flows wait for. Connect another source that does, replace it in them, or retire them:"
                </p>
                <ul class="list-disc pl-5 mt-2">{names}</ul>
                {form}
            </Card>
        }
        .into_any(),
    )
}

pub(super) fn needing_flows(needs: &ConnectionNeeds, at: &Visit) -> impl IntoView + use<> {
    needs
        .flows
        .iter()
        .map(|one| {
            let href = at.path(&format!("flows/{}", one.flow_id));
            let steps = format!(" ({})", one.steps.join(", "));
            view! { <li><a class="link" href=href>{one.name.clone()}</a> {steps}</li> }
        })
        .collect_view()
}

fn how_to(source: &Source, address: String) -> impl IntoView + use<> {
    let system = domain::owner::role_title(&source.system);
    view! {
        <Card title="Where to send" id="address">
            <div class="card-body">
                <p class="break-all"><CopyId id=address whole=true what="address"/></p>
                <p class="text-ink-2 mt-2">
                    {format!("Give {system} this address for its webhooks (orders, fulfillments, refunds, products, inventory items and levels), in JSON. ")}
                    "The address belongs to this source alone. Every delivery must be signed with its secret; others are refused and not kept."
                </p>
            </div>
        </Card>
    }
}

fn received(receipts: &[Receipt], at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = receipts
        .iter()
        .map(|receipt| {
            let href = at.path(&format!("receipts/{}", receipt.id));
            let aside = view! { <When at=receipt.received_at now/> }.into_any();
            view! { <Row tone=receipt_tone(receipt.status) title=receipt.topic.clone() sub=status_word(receipt.status) href aside/> }
        })
        .collect_view();
    let inside = if receipts.is_empty() {
        view! {
            <Empty icon=Ico::Receipts title="Nothing received yet">
                "Send a test event to see one pass, from its signature to the order."
            </Empty>
        }
        .into_any()
    } else {
        rows.into_any()
    };
    view! { <Card title="Latest receipts">{inside}</Card> }
}

fn state_of(source: &Source, now: Time) -> AnyView {
    match source.disabled_at {
        Some(since) => {
            view! { <StateBadge tone=Tone::Held word="switched off"/> " " <When at=since now/> }
                .into_any()
        }
        None => view! { <StateBadge tone=Tone::Done word="on"/> }.into_any(),
    }
}

fn secret_state(source: &Source, now: Time) -> AnyView {
    match source.previous_until.filter(|until| *until > now) {
        Some(until) => {
            view! { <StateBadge tone=Tone::Wait word="two are good"/> <br/> "the one before " <When at=until now/> " at the latest" }
                .into_any()
        }
        None => view! { <StateBadge tone=Tone::Done word="one, kept sealed"/> }.into_any(),
    }
}

fn facts(source: &Source, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let created = source.created_at;
    let id = view! { <CopyId id=source.id.to_string() what="source id"/> }.into_any();
    let limit = crate::features::receipts::size_text(source.max_body_bytes);
    let rows = kv(vec![
        ("Source", Some(id)),
        ("State", Some(state_of(source, now))),
        ("Secret", Some(secret_state(source, now))),
        ("Largest body", Some(limit.into_any())),
        (
            "Asked first",
            Some(owner_name(&at.rules, &source.owner).into_any()),
        ),
        (
            "Backup",
            Some(owner_name(&at.rules, &source.backup).into_any()),
        ),
        (
            "Connected",
            Some(view! { <When at=created now/> }.into_any()),
        ),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
