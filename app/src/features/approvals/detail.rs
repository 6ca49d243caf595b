//! One approval: whose move, what would be sent, what happens then, and the two buttons.

use std::sync::Arc;

use domain::{
    access::Noun,
    approval::{Approval, ApprovalState},
    export::{Export, ExportState, QaResult, QaStatus},
};
use engine::{Chain, ExportChain, Result};
use leptos::prelude::*;

use super::{
    next::{next_on_silence, on_silence, what_happens_next},
    standing::{Standing, asked_words, ending, standing, tone, vote_words, word},
    summary::{Content, content_view},
    talk::{lookers, more, question, talk},
};
use crate::{
    features::{
        exports::{check_words, goes_to},
        thread::{own_stations, stations},
    },
    ui::{
        time::{exact, stamp_text},
        *,
    },
    web::{Page, Visit, owner_name, page, short_name},
};

#[component]
pub fn ApprovalPage() -> impl IntoView {
    page("approvals", load, render)
}

struct Model {
    approval: Approval,
    export: ExportChain,
    chain: Chain,
    content: Content,
    standing: Standing,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let approval = at.engine().approval(&at.ctx, at.id("approval")?).await?;
    let (export, chain) = at
        .engine()
        .export_chain(&at.ctx, approval.export_id)
        .await?;
    let before = export
        .export
        .supersedes
        .and_then(|id| chain.exports().find(|one| one.export.id == id))
        .map(|one| &one.export.payload);
    let content = Content::of(&export.export.payload, before).sent(!export.attempts.is_empty());
    let standing = standing(&approval, &export.approvals, &at.ctx, &at.rules, at.now());
    Ok(Model {
        approval,
        export,
        chain,
        content,
        standing,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let title = model.export.export.title.clone();
    let crumbs = vec![
        Crumb::link("Approvals", at.path("approvals")),
        Crumb::here(title.clone()),
    ];
    let sight = at.sight();
    let thread = if sight.is_whole() {
        let export = Some(model.export.export.id);
        stations(&model.chain, export, &at.rules, at.slug(), at.now())
    } else {
        own_stations(&model.export, &sight, &at.rules, at.slug(), at.now())
    };
    let actions = actions(&model, at);
    let refused = (declining(at) && model.standing.may_decline).then(|| {
        let form = decline_form(&model, at);
        view! { <div class="mb-5"><Card title="Why not?" padded=true>{form}</Card></div> }
    });
    let sub = asks(&model, at);
    let head = title.clone();
    let banner = banner(&model, at);
    let side = side(&model, at);
    let next = next_card(&model, at);
    let checks = checks(&model.export.export.qa);
    let approval = &model.approval;
    let looks = lookers(approval, at);
    let question = question(approval, at);
    let more = more(
        approval,
        model.standing.may_approve || model.standing.may_decline,
        at,
    );
    let talk = talk(approval, at);
    let main = view! {
        <Split side>
            {question}
            {content_view(model.content)}
            {next}
            {checks}
            {more}
            <div id="approval-talk" data-live="">{talk}</div>
        </Split>
    };
    Page::new(
        title,
        crumbs,
        view! {
            <div id="approval-head" data-live=""><PageHead title=head sub nostrip:actions=actions sticky=true/></div>
            <div id="approval-move" data-live="">{banner}{looks}</div>
            {refused}
            // a phone has no room for the past: what happens next is below
            <div id="approval-thread" data-live="" class="max-sm:hidden">
                <Thread stations=thread label="The life of this export"/>
            </div>
            {main}
        },
    )
}

/// The reason is asked for on the page itself: it was missing, or a link from the queue asks for it.
fn declining(at: &Visit) -> bool {
    at.form("decline").failed() || at.query("do") == Some("decline")
}

/// Who asks, and why.
fn asks(model: &Model, at: &Visit) -> AnyView {
    let export = &model.export.export;
    let campaign = model.chain.campaign.as_ref();
    let who = campaign
        .and_then(|campaign| at.rules.user_name(campaign.created_by))
        .or_else(|| export.author.and_then(|user| at.rules.user_name(user)))
        .map_or_else(|| "Meshline".to_owned(), short_name);
    let why = match campaign
        .map(|campaign| campaign.note.trim())
        .filter(|note| !note.is_empty())
    {
        Some(note) => format!("“{note}”"),
        None => reason_sentence(&model.approval.reason),
    };
    view! { {who} " asks: " {why} }.into_any()
}

fn reason_sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let head: String = letters
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    format!("{head}{}.", letters.as_str())
}

fn possessive(name: &str) -> String {
    if name.ends_with('s') {
        format!("{name}’ move")
    } else {
        format!("{name}’s move")
    }
}

fn banner(model: &Model, at: &Visit) -> AnyView {
    let (approval, now) = (&model.approval, at.now());
    let owner = owner_name(&at.rules, &approval.owner);
    let silence = next_on_silence(approval, &at.rules);
    match approval.state {
        ApprovalState::Pending => {
            let due = if approval.escalated_at.is_some() {
                approval.expires_at
            } else {
                approval.accept_by
            };
            let late = approval.accept_by.is_some_and(|by| by <= now);
            let tone = if late { Tone::Late } else { Tone::Wait };
            let due = due.unwrap_or(now);
            if model.standing.may_approve || model.standing.may_decline {
                let ask = if model.standing.may_approve {
                    "Approve or decline as "
                } else {
                    "You may decline as "
                };
                let missing = match (approval.missing(), approval.votes.len()) {
                    (1, 0) => String::new(),
                    (missing, 0) => format!("It takes {missing} people. "),
                    (1, _) => "Your word is the last that is missing. ".to_owned(),
                    (missing, _) => format!("{missing} more people have to agree. "),
                };
                view! {
                    <YourMove tone whose="Your move" now due>{ask}<b>{owner}</b>". " {missing}{silence}</YourMove>
                }
                .into_any()
            } else {
                let why = model.standing.why_not.clone();
                view! { <YourMove tone whose=possessive(&owner) now due>{why} " " {silence}</YourMove> }.into_any()
            }
        }
        ApprovalState::Queued => {
            let first = model
                .export
                .approvals
                .iter()
                .find(|one| one.state == ApprovalState::Pending);
            let whose = first.map_or_else(
                || "Nobody’s move".to_owned(),
                |one| possessive(&owner_name(&at.rules, &one.owner)),
            );
            let step = approval.step;
            view! {
                <YourMove tone=Tone::Idle whose now>
                    "This is step " {step} ". " <b>{owner}</b> " is asked once the step before it is approved."
                </YourMove>
            }
            .into_any()
        }
        state => {
            let said = ending(approval, &at.rules, now);
            view! { <YourMove tone=tone(state) whose="Nobody’s move" now>{said}</YourMove> }
                .into_any()
        }
    }
}

fn decide_fields(model: &Model, at: &Visit, verdict: &str) -> Vec<(&'static str, String)> {
    at.fields(&[
        ("export", &model.export.export.id.to_string()),
        ("step", &model.approval.id.to_string()),
        ("seen_hash", &model.approval.content_hash),
        ("verdict", verdict),
        ("to", &at.path(&format!("approvals/{}", model.approval.id))),
    ])
}

fn hidden(fields: Vec<(&'static str, String)>) -> impl IntoView {
    fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

fn decline_form(model: &Model, at: &Visit) -> AnyView {
    let typed = at.form("decline");
    let hidden = hidden(decide_fields(model, at, "decline"));
    let text = typed
        .text("reason", "Reason")
        .hint("Whoever asked reads this, and it stays in the record.");
    let value = typed.value("reason");
    view! {
        <form method="post" action="/ui/approval/decide">
            {hidden}
            <TextArea text value required=true autofocus=true/>
            <div class="acts"><Button label="Decline" kind=Kind::Danger/></div>
        </form>
    }
    .into_any()
}

/// Only what the gate would let through.
fn actions(model: &Model, at: &Visit) -> Option<AnyView> {
    let Standing {
        may_approve,
        may_decline,
        ..
    } = model.standing;
    let decline = (may_decline && !declining(at)).then(|| {
        let form = decline_form(model, at);
        view! {
            <Dialog id="decline" label="Decline…" title="Why not?" key="d">
                <p>"Nothing is sent. A task is opened for whoever follows it up."</p>
                {form}
            </Dialog>
        }
    });
    let approve = may_approve.then(|| {
        let label = format!("Approve as {}", owner_name(&at.rules, &model.approval.owner));
        let hidden = hidden(decide_fields(model, at, "approve"));
        // links lead to the button by its id, so that it has the focus on arrival
        view! {
            <form method="post" action="/ui/approval/decide">
                {hidden}
                <button type="submit" id="approve" class=Kind::Primary.class() data-key="a">{label}</button>
            </form>
        }
    });
    (may_approve || may_decline).then(|| view! { {decline} {approve} }.into_any())
}

fn checks(qa: &[QaResult]) -> AnyView {
    let passed = qa
        .iter()
        .filter(|one| one.status == QaStatus::Passed)
        .count();
    let aside = format!("{passed} of {} passed", qa.len()).into_any();
    let rows = qa
        .iter()
        .map(|one| {
            let tone = if one.status == QaStatus::Passed {
                Tone::Done
            } else {
                Tone::Late
            };
            let (title, sub) = (check_words(&one.check), one.detail.clone());
            view! { <Row tone title nostrip:sub=sub/> }
        })
        .collect_view();
    view! { <Card title="Checks" aside>{rows}</Card> }.into_any()
}

fn side(model: &Model, at: &Visit) -> AnyView {
    let (approval, export) = (&model.approval, &model.export.export);
    view! {
        {who_answers(approval, at)}
        {steps(&model.export.approvals, at)}
        {facts(approval, (export, &model.export), &model.chain, at)}
    }
    .into_any()
}

/// The way from here, while it is still open.
fn next_card(model: &Model, at: &Visit) -> Option<AnyView> {
    let (approval, export, now) = (&model.approval, &model.export.export, at.now());
    let run = model
        .chain
        .runs
        .iter()
        .find(|run| run.run.id == export.run_id);
    // what the flow is for is not told outside
    let run = run.filter(|_| at.sight().is_whole());
    let outcome = run.map(|run| run.flow.outcome.clone()).unwrap_or_default();
    (export.state == ExportState::AwaitingApproval).then(|| {
        let stations = what_happens_next(&model.export, &outcome, model.standing.may_approve, &at.rules, now);
        let silence = on_silence(approval, &at.rules, now);
        view! {
            <Card title="What happens next">
                <div class="card-body"><Thread stations label="What happens next" upright=true/></div>
                {silence.map(|text| view! { <CardFoot>{text}</CardFoot> })}
            </Card>
        }
        .into_any()
    })
}

fn who_answers(approval: &Approval, at: &Visit) -> AnyView {
    let now = at.now();
    let row = |owner: &domain::owner::Owner, what: String, when: Option<String>| {
        let people: Vec<String> = at
            .rules
            .asked(owner, at.now())
            .into_iter()
            .map(|user| short_name(&user.name))
            .collect();
        let title = if people.is_empty() {
            "Nobody active".to_owned()
        } else {
            people.join(", ")
        };
        let person = people
            .first()
            .cloned()
            .unwrap_or_else(|| owner_name(&at.rules, owner));
        let aside = when.unwrap_or_default().into_any();
        let sub = format!("{what} · {}", owner_name(&at.rules, owner));
        view! { <Row title sub person aside/> }
    };
    let from = approval
        .escalated_at
        .or(approval.accept_by)
        .map(|when| stamp_text(when, now));
    let asked = approval
        .asked_at
        .map(|when| format!("asked {}", stamp_text(when, now)));
    let others = approval.others.clone();
    let others = others
        .iter()
        .map(|owner| row(owner, "asked as well".to_owned(), None))
        .collect_view();
    let owner = row(&approval.owner, "owner".to_owned(), asked);
    let backup = row(
        &approval.backup,
        "backup".to_owned(),
        from.map(|at| format!("from {at}")),
    );
    let away = away(approval, at);
    view! { <Card title="Who answers">{owner}{others}{away}{backup}</Card> }.into_any()
}

/// Who decides for whoever is asked and away.
fn away(approval: &Approval, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let people: Vec<uuid::Uuid> = approval
        .asked()
        .flat_map(|owner| at.rules.people(owner))
        .map(|user| user.id)
        .collect();
    let name = |user| {
        let found = at.rules.user_name(user);
        found.map_or_else(|| "Somebody who left".to_owned(), short_name)
    };
    at.rules
        .delegations
        .iter()
        .filter(|one| one.is_active(now) && people.contains(&one.user_id))
        .map(|one| {
            let title = name(one.delegate_id);
            let sub = format!("for {}, who is away", name(one.user_id));
            let aside = format!("until {}", stamp_text(one.ends_at, now)).into_any();
            let person = title.clone();
            view! { <Row title sub person aside/> }
        })
        .collect_view()
}

/// All steps, where there is more than the one that the page is about.
fn steps(approvals: &[Approval], at: &Visit) -> AnyView {
    if approvals.len() < 2 && approvals.iter().all(|one| one.needs == 1) {
        return ().into_any();
    }
    let rows = approvals
        .iter()
        .map(|one| {
            let title = asked_words(one, &at.rules);
            let said: Vec<String> = one
                .votes
                .iter()
                .map(|vote| vote_words(vote, &at.rules))
                .collect();
            let different = match (said.as_slice(), one.step) {
                ([], 1) => None,
                ([], _) => Some("a second person, and not the author".to_owned()),
                (said, _) => Some(said.join(", ")),
            };
            let aside = word(one, &at.rules).into_any();
            let href = at.path(&format!("approvals/{}", one.id));
            view! { <Row tone=tone(one.state) title nostrip:sub=different href aside/> }
        })
        .collect_view();
    view! { <Card title="Approvals">{rows}</Card> }.into_any()
}

fn facts(
    approval: &Approval,
    (export, found): (&Export, &ExportChain),
    chain: &Chain,
    at: &Visit,
) -> AnyView {
    let now = at.now();
    let of_contract = format!("{} {}", export.export_type, export.contract_version);
    let contract_path = at.path_to(Noun::Contract, &format!("contracts/{}", export.contract_id));
    let contract = match contract_path {
        Some(href) => view! { <a class="link mono" href=href>{of_contract}</a> }.into_any(),
        None => view! { <span class="mono">{of_contract}</span> }.into_any(),
    };
    let export_path = at.path(&format!("exports/{}", export.id));
    let to = goes_to(found, chain, at);
    let deadline = approval.accept_by.map(|due| view! { <KvRow label="Decide by"><span title=exact(due)>{stamp_text(due, now)}</span></KvRow> });
    let expires = approval.expires_at.map(|due| view! { <KvRow label="Expires"><span title=exact(due)>{stamp_text(due, now)}</span></KvRow> });
    let (hash, version) = (approval.content_hash.clone(), export.version);
    let (intended, rationale) = (export.intended_action.clone(), export.rationale.clone());
    view! {
        <Card title="Facts">
            <Kv>
                <KvRow label="On approve">{intended}</KvRow>
                <KvRow label="To">{to}</KvRow>
                <KvRow label="Why asked">{rationale}</KvRow>
                <KvRow label="Contract">{contract}</KvRow>
                <KvRow label="Export"><a class="link" href=export_path>"Version " {version}</a></KvRow>
                <KvRow label="Bound to"><CopyId id=hash what="content hash"/></KvRow>
                {deadline}
                {expires}
            </Kv>
        </Card>
    }
    .into_any()
}
