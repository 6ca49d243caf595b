//! One export: whose move it is, its thread, what is sent, and what proves it.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    approval::{Approval, ApprovalState, Decision},
    audit::AuditEntry,
    export::Export,
    retention::Removal,
};
use engine::{Chain, ExportChain, Result};
use leptos::prelude::*;

use super::{
    destined::goes_to,
    proof::{acknowledgement, attempts, checks, made_anew, trial, wire},
    side,
    words::{Cast, Move, export_move, export_tone},
};
use crate::{
    features::{
        approvals::{Content, content_view},
        receipts::size_text,
        thread::{own_stations, stations},
    },
    ui::*,
    web::{Page, Visit, owner_name, page, short_name},
};

pub(super) struct Model {
    pub found: ExportChain,
    pub chain: Chain,
    pub wire: Option<Vec<u8>>,
    pub history: Vec<AuditEntry>,
    /// What stays of its content, if a rule took it out.
    removal: Option<Removal>,
}

/// Entries shown beside the work; the whole trail has a page of its own.
const HISTORY: i64 = 14;

#[component]
pub fn ExportPage() -> impl IntoView {
    page("exports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let id = at.id("export")?;
    let (engine, ctx) = (at.engine(), &at.ctx);
    let (found, chain) = engine.export_chain(ctx, id).await?;
    let wire = engine.export_wire(ctx, id).await?;
    let mut history = engine.history(ctx, "export", id, HISTORY).await?;
    for approval in &found.approvals {
        history.extend(
            engine
                .history(ctx, "approval", approval.id, HISTORY)
                .await?,
        );
    }
    history.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    history.truncate(HISTORY as usize);
    Ok(Model {
        found,
        chain,
        wire,
        history,
        removal: engine.removal(ctx, Noun::Export, id).await?,
    })
}

/// Whether the person who looks may decide this step, by the same rules as the gate itself.
fn is_mine(step: &Approval, all: &[Approval], at: &Visit) -> bool {
    let Ok((_, member)) = at.ctx.member() else {
        return false;
    };
    let yes = Decision {
        approve: true,
        note: None,
        seen_hash: step.content_hash.clone(),
        step: Some(step.id),
    };
    let voice = at.rules.voice(member, at.now());
    at.ctx.may(Action::Decide) && step.clone().decide(&yes, &voice, all, at.now()).is_ok()
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        found,
        chain,
        wire: bytes,
        ..
    } = &model;
    let export = &found.export;
    let now = at.now();
    let cast = Cast {
        rules: &at.rules,
        slug: at.slug(),
        now,
    };
    let pending = found
        .approvals
        .iter()
        .find(|one| one.state == ApprovalState::Pending);
    let mine = pending.filter(|step| is_mine(step, &found.approvals, at));
    let next = export_move(export, pending, &found.tasks, cast);
    let sight = at.sight();
    let thread = if sight.is_whole() {
        stations(chain, Some(export.id), &at.rules, at.slug(), now)
    } else {
        own_stations(found, &sight, &at.rules, at.slug(), now)
    };
    let title = export.title.clone();
    let crumbs = vec![
        Crumb::link("Exports", at.path("exports")),
        Crumb::id(&export.id.to_string()),
    ];
    let side = view! { <div id="who" class="stack" data-live="">{side::cards(&model, at)}</div> }
        .into_any();
    let before = chain
        .exports()
        .find(|one| Some(one.export.id) == export.supersedes)
        .filter(|one| !one.export.content_is_gone());
    let content = match &model.removal {
        Some(removal) => removed(removal).into_any(),
        None => content_view(
            Content::of(&export.payload, before.map(|one| &one.export.payload))
                .sent(!found.attempts.is_empty()),
        )
        .into_any(),
    };
    let proof = view! {
        <div id="proof" class="stack" data-live="">
            {made_anew(export, at)}
            {checks(export, chain, at)}
            {trial(export, now)}
            {attempts(&found.attempts, now)}
            {acknowledgement(found, now)}
            {wire(bytes.as_deref())}
        </div>
    };
    let body = view! {
        <div id="head" data-live="">
            <PageHead title=title.clone() sub=subtitle(&model, at) actions=actions(&model, mine, at)/>
        </div>
        <div id="life" data-live="" data-live-eager=(next.tone == Tone::Moving).then_some("")>
            {banner(&next, pending, mine, at)}
            <Thread stations=thread label="The life of this export"/>
        </div>
        <Split side>{content} {proof}</Split>
    }
    .into_any();
    Page::new(title, crumbs, body)
}

/// In the place of the content: that it went, and what proves what it was.
fn removed(removal: &Removal) -> impl IntoView + use<> {
    let size = size_text(removal.bytes).into_any();
    let (hash, sentence) = (removal.sha256.clone(), removal.sentence());
    view! {
        <Card title="What it says" aside=size id="content">
            <CardFoot>{sentence}</CardFoot>
            <CardFoot>"SHA-256 " <CopyId id=hash what="SHA-256 of the content"/></CardFoot>
        </Card>
    }
}

fn subtitle(Model { found, chain, .. }: &Model, at: &Visit) -> AnyView {
    let export = &found.export;
    let named = format!("{} {}", export.export_type, export.contract_version);
    let contract = match at.path_to(Noun::Contract, &format!("contracts/{}", export.contract_id)) {
        Some(href) => view! { <a class="link" href=href>{named}</a> }.into_any(),
        None => named.into_any(),
    };
    let subject = if export.subject_kind == "order" {
        let name = export.source_ref.clone();
        match at.path_to(Noun::Order, &format!("orders/{}", export.subject_id)) {
            Some(href) => view! { "order " <a class="link" href=href>{name}</a> }.into_any(),
            None => view! { "order " {name} }.into_any(),
        }
    } else {
        view! { "campaign " <code>{export.source_ref.clone()}</code> }.into_any()
    };
    let overridden = export.overridden.as_ref().map(|one| {
        let who = at.rules.user_name(one.by).unwrap_or("somebody who left");
        format!(
            " · overridden by {}, who signed for it: “{}”",
            short_name(who),
            one.why
        )
    });
    let from = at.ctx.merchant().name.clone();
    let to = goes_to(found, chain, at);
    view! {
        <StateBadge tone=export_tone(export.state) word=export.state.words() soft=true/>
        " "
        {contract}
        " · "
        {subject}
        {format!(" · from {from} to {to}")}
        {(export.version > 1).then(|| format!(" · version {}", export.version))}
        {overridden}
    }
    .into_any()
}

fn actions(model: &Model, mine: Option<&Approval>, at: &Visit) -> AnyView {
    let export = &model.found.export;
    let mut tasks = model.found.tasks.iter();
    let open = tasks.find(|task| !task.state.is_over());
    let task = open.map(|task| {
        let href = at.path(&format!("tasks/{}", task.id));
        view! { <LinkButton href label="Open the task" icon=Ico::Tasks/> }
    });
    let review = mine.map(|step| {
        let href = at.path(&format!("approvals/{}", step.id));
        let label = format!("Review as {}", owner_name(&at.rules, &step.owner));
        view! { <LinkButton href label kind=Kind::Primary key="a"/> }
    });
    let newer = export.superseded_by.map(|id| {
        view! { <LinkButton href=at.path(&format!("exports/{id}")) label="Go to the newer version" kind=Kind::Primary/> }
    });
    let withdraw = (export.state.is_before_dispatch() && at.ctx.may(Action::Control))
        .then(|| withdraw(export, at));
    let change = (export.state.is_live() && at.ctx.may(Action::Override)).then(|| {
        let href = at.path(&format!("exports/{}/override", export.id));
        view! { <LinkButton href label="Override…"/> }
    });
    view! { {task} {withdraw} {change} {newer} {review} }.into_any()
}

fn withdraw(export: &Export, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("withdraw");
    let text = typed
        .text("reason", "Reason")
        .hint("Stands in the audit trail, and on this page.");
    let value = typed.value("reason");
    let hidden = at.hidden(&[("export", &export.id.to_string())]);
    view! {
        <Dialog id="withdraw" label="Withdraw" title="Take it back before it is sent?">
            <form method="post" action="/ui/export/withdraw">
                {hidden}
                <p>"It is not sent, its flow run ends, and open approvals are closed. This cannot be undone."</p>
                <TextArea text value required=true autofocus=true/>
                <div class="acts"><Button label="Withdraw" kind=Kind::Danger/></div>
            </form>
        </Dialog>
    }
}

fn banner(
    next: &Move,
    pending: Option<&Approval>,
    mine: Option<&Approval>,
    at: &Visit,
) -> Option<AnyView> {
    let now = at.now();
    let says = match (mine, pending) {
        (Some(step), _) => {
            let owner = owner_name(&at.rules, &step.owner);
            view! { "Approve or decline as " <b>{owner}</b> ". " {silence(step, at)} }.into_any()
        }
        (None, Some(step)) => view! { "An approval is asked. " {silence(step, at)} }.into_any(),
        (None, None) if next.whose.is_empty() && matches!(next.tone, Tone::Done | Tone::Idle) => {
            return None;
        }
        (None, None) => {
            let line = next.sentence();
            match next.href.clone() {
                Some(href) => view! { <a class="link" href=href>{line}</a> }.into_any(),
                None => line.into_any(),
            }
        }
    };
    let whose = if mine.is_some() {
        "Your move".to_owned()
    } else {
        next.possessive()
    };
    Some(
        view! { <YourMove tone=next.tone whose now nostrip:due=next.due>{says}</YourMove> }
            .into_any(),
    )
}

/// What happens when nobody decides.
fn silence(step: &Approval, at: &Visit) -> impl IntoView + use<> {
    let backup = owner_name(&at.rules, &step.backup);
    match (step.escalated_at, step.expires_at) {
        (Some(_), Some(expires)) => {
            let now = at.now();
            view! { <b>{backup}</b> " may decide as well by now. On silence it expires " <When at=expires now/> "." }.into_any()
        }
        _ => {
            view! { "On silence " <b>{backup}</b> " may decide, too, and a task opens." }.into_any()
        }
    }
}
