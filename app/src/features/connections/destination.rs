//! One destination: where exports go, under which contracts, and how the last ones went.

use domain::{Time, access::Action, connection::Destination, contract::Contract, export::Export};
use engine::ConnectionNeeds;
use leptos::prelude::*;

use super::{new_destination::side_word, secret::Fresh, source::needing_flows};
use crate::{
    features::exports::export_tone,
    ui::*,
    web::{Page, Visit},
};

pub(super) fn destination_page(
    one: &Destination,
    exports: &[Export],
    (fresh, needs): (Option<Fresh>, &ConnectionNeeds),
    at: &Visit,
) -> Page {
    let now = at.now();
    let title = match exports.first() {
        _ if one.retired_at.is_some() => format!("{}: retired, nothing is sent there", one.name),
        Some(last) => format!("{}: last export {}", one.name, last.state.words()),
        None => format!("{}: nothing sent yet", one.name),
    };
    let rows = exports
        .iter()
        .map(|export| {
            let href = at.path(&format!("exports/{}", export.id));
            let aside = view! { <When at=export.created_at now/> }.into_any();
            view! { <Row tone=export_tone(export.state) title=export.title.clone() sub=export.state.words() href aside/> }
        })
        .collect_view();
    let inside = if exports.is_empty() {
        view! { <CardFoot>"Nothing was sent there yet."</CardFoot> }.into_any()
    } else {
        rows.into_any()
    };
    let mut contracts = at
        .rules
        .contracts
        .iter()
        .filter(|contract| contract.sends_to(&one.key))
        .peekable();
    let none = contracts.peek().is_none().then(|| {
        view! { <CardFoot>"None sends there yet. A flow from a template brings its own."</CardFoot> }
    });
    let contracts = contracts
        .map(|contract| {
            let href = at.path(&format!("contracts/{}", contract.id));
            let sub = format!(
                "{} {}{}",
                contract.export_type,
                contract.version,
                share(contract, &one.key)
            );
            view! { <Row title=contract.title.clone() sub href/> }
        })
        .collect_view();
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let facts = kv(vec![
        (
            "Address",
            Some(view! { <CopyId id=one.url.clone() whole=true what="address"/> }.into_any()),
        ),
        (
            "Staging side",
            one.staging_url.as_ref().map(|url| {
                view! { <CopyId id=url.clone() whole=true what="staging address"/> }.into_any()
            }),
        ),
        ("Side", Some(side_word(one.party).into_any())),
        ("System", Some(one.system.clone().into_any())),
        ("Key", id(&one.key, "destination key")),
        ("Destination", id(&one.id.to_string(), "destination id")),
        ("State", Some(state_of(one, now))),
        ("Signed", Some(signed_with(one, now))),
    ]);
    let may = at.ctx.may(Action::ManageConnections);
    let actions = may.then(|| actions(one, at));
    let change = may.then(|| change(one, at));
    let replace = replace(one, needs, at);
    let fresh = fresh.map(|fresh| {
        let power =
            "sign messages that look like ours, and acknowledge exports in the destination’s name.";
        fresh.view(now, power).into_any()
    });
    let side = view! {
        <Card title="Facts">{facts}</Card>
        <Card title="Contracts">{none}{contracts}</Card>
        {replace}
    }
    .into_any();
    let body = view! {
        <PageHead title=title.clone() sub="Exports go there, signed, and it says what became of them.".into_any() nostrip:actions=actions/>
        {fresh}
        <Split side>
            <div id="exports" data-live=""><Card title="Latest exports">{inside}</Card></div>
            {change}
        </Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Connections", at.path("connections")),
            Crumb::here(one.name.clone()),
        ],
        body,
    )
}

/// Which of a contract's exports come here, where not all of them do.
fn share(contract: &Contract, key: &str) -> String {
    if contract.routes.is_empty() {
        return String::new();
    }
    let mut when: Vec<String> = contract
        .routes
        .iter()
        .filter(|route| route.destination == key)
        .map(|route| format!("when {}", route.when.words()))
        .collect();
    if contract.destination == key {
        when.push("where no route says another".to_owned());
    }
    format!(" · {}", when.join("; "))
}

fn state_of(one: &Destination, now: Time) -> AnyView {
    match one.retired_at {
        Some(since) => {
            view! { <StateBadge tone=Tone::Held word="retired"/> " " <When at=since now/> }
                .into_any()
        }
        None => view! { <StateBadge tone=Tone::Done word="in use"/> }.into_any(),
    }
}

fn signed_with(one: &Destination, now: Time) -> AnyView {
    match one.previous_until.filter(|until| *until > now) {
        Some(until) => view! {
            <StateBadge tone=Tone::Wait word="with both secrets"/> <br/> "the old one ends " <When at=until now/>
        }
        .into_any(),
        None => "Standard Webhooks, with one secret, kept sealed".into_any(),
    }
}

fn actions(one: &Destination, at: &Visit) -> AnyView {
    let id = one.id.to_string();
    if one.retired_at.is_some() {
        let fields = at.fields(&[("destination", &id)]);
        return view! {
            <PostButton action="/ui/destination/resume" label="Use it again" kind=Kind::Primary fields/>
        }
        .into_any();
    }
    let typed = at.form("rotate");
    let secret = typed
        .text("secret", "The new secret, if the other side chose it")
        .hint("whsec_… Leave it empty to have one made. It is shown once.");
    let rotate = at.hidden(&[("destination", &id)]);
    let retire = at.hidden(&[("destination", &id)]);
    view! {
        <Dialog id="retire" label="Retire" title="Send nothing there any more?">
            <form method="post" action="/ui/destination/retire">
                {retire}
                <p>"Its exports stay as they are. This is refused while a published contract sends there. What is still under way to it fails and becomes a task."</p>
                <div class="acts"><Button label="Retire it" kind=Kind::Danger/></div>
            </form>
        </Dialog>
        <Dialog id="rotate" label="Rotate the secret" title="Make a new secret?">
            <form method="post" action="/ui/destination/rotate">
                {rotate}
                <p>"For 24 hours every message is signed with both secrets, so the other side can switch when it has the time. Its acknowledgements may be signed with either until then."</p>
                <Input text=secret kind="password" autocomplete="off"/>
                <div class="acts"><Button label="Rotate" kind=Kind::Danger/></div>
            </form>
        </Dialog>
        <PostButton action="/ui/destination/test" label="Send a test export" kind=Kind::Primary fields=at.fields(&[("destination", &id)])/>
    }
    .into_any()
}

fn change(one: &Destination, at: &Visit) -> AnyView {
    let id = one.id.to_string();
    let typed = at.form("change");
    let hidden = at.hidden(&[("destination", &id)]);
    let name = typed.text("name", "Name");
    let url = typed
        .text("url", "URL")
        .hint("https, at a public address. What is under way goes to the new one.");
    let staging = at.form("staging");
    let staging_url = staging
        .text("staging_url", "Staging side")
        .hint("Each export goes there as a trial first, and only what it takes goes to the URL above. Empty: no trial.");
    let staging_is = staging.value_or("staging_url", one.staging_url.as_deref().unwrap_or(""));
    let staging_hidden = at.hidden(&[("destination", &id)]);
    let name_is = typed.value_or("name", &one.name);
    let url_is = typed.value_or("url", &one.url);
    view! {
        <Card title="Change it" id="change" padded=true>
            <form method="post" action="/ui/destination/update">
                {hidden}
                <Input text=name value=name_is required=true/>
                <Input text=url value=url_is required=true autocomplete="off"/>
                <div class="acts"><Button label="Save"/></div>
            </form>
            <form method="post" action="/ui/destination/staging" class="mt-4">
                {staging_hidden}
                <Input text=staging_url value=staging_is autocomplete="off"/>
                <div class="acts"><Button label="Save the staging side"/></div>
            </form>
        </Card>
    }
    .into_any()
}

/// What needs it, and another destination in its place in all of that.
fn replace(one: &Destination, needs: &ConnectionNeeds, at: &Visit) -> Option<AnyView> {
    let may = at.ctx.may(Action::Publish) && at.ctx.may(Action::PublishFlows);
    if !may || needs.is_empty() || one.retired_at.is_some() {
        return None;
    }
    let options: Vec<(String, String)> = at
        .rules
        .destinations
        .iter()
        .filter(|other| other.id != one.id && other.retired_at.is_none())
        .map(|other| (other.key.clone(), other.name.clone()))
        .collect();
    let form = if options.is_empty() {
        view! { <p class="mt-2">"Add another destination first; then it can take this one’s place."</p> }
            .into_any()
    } else {
        let typed = at.form("replace");
        let text = typed.text("by", "Another takes its place").hint(
            "Contracts and flows get a next version; all of them, or none. What is under way still goes here.",
        );
        let value = typed.value("by");
        let hidden = at.hidden(&[("destination", &one.id.to_string()), ("seen", &needs.seen)]);
        let options = [(String::new(), "Choose…".to_owned())]
            .into_iter()
            .chain(options)
            .collect();
        view! {
            <form method="post" action="/ui/destination/replace" class="mt-4">
                {hidden}
                <Select text options value required=true/>
                <div class="acts"><Button label="Replace it everywhere"/></div>
            </form>
        }
        .into_any()
    };
    let flows = (!needs.flows.is_empty()).then(|| {
        let names = needing_flows(needs, at);
        view! { <ul class="list-disc pl-5 mt-2">{names}</ul> }
    });
    let card = view! {
        <Card title="It is needed" id="needed" padded=true>
            <p class="text-ink-2">"It cannot be retired while these contracts and flows need it."</p>
            {flows}
            {form}
        </Card>
    };
    Some(card.into_any())
}
