//! Beside an export: who answers for it, who approved it, what happened to it, its names.

use domain::{
    Time,
    access::Action,
    approval::{Approval, ApprovalState},
    audit::AuditEntry,
    export::Export,
    owner::Owner,
};
use engine::Chain;
use leptos::prelude::*;

use super::{
    page::Model,
    words::{export_tone, short_hash},
};
use crate::{
    ui::{
        time::{duration_text, stamp_text},
        *,
    },
    web::{Visit, action_words, actor_name, owner_name, short_name},
};

pub(super) fn cards(model: &Model, at: &Visit) -> impl IntoView + use<> {
    let Model {
        found,
        chain,
        history,
        ..
    } = model;
    view! {
        {answers(&found.export, at)}
        {approvals(&found.export, &found.approvals, at)}
        {versions(&found.export, chain, at)}
        {trail(history, at)}
        {facts(&found.export, chain, at)}
    }
}

/// The active people behind an owner: "Mara K.", "Mara K. and 2 more".
fn people(owner: &Owner, at: &Visit) -> Option<String> {
    if let Owner::System(_) = owner {
        return Some(owner_name(&at.rules, owner));
    }
    let people = at.rules.asked(owner, at.now());
    let first = people.first()?;
    Some(match people.len() {
        1 => short_name(&first.name),
        n => format!("{} and {} more", short_name(&first.name), n - 1),
    })
}

fn answers(export: &Export, at: &Visit) -> impl IntoView + use<> {
    let row = |owner: &Owner, part: String, when: String| {
        let role = owner_name(&at.rules, owner);
        let sub = format!("{part} · {role}");
        let when = when.into_any();
        match people(owner, at) {
            Some(name) => view! { <Row person=name.clone() title=name sub aside=when/> }.into_any(),
            None => {
                view! { <Row tone=Tone::Late title="Nobody active" sub aside=when/> }.into_any()
            }
        }
    };
    let escalation = export
        .escalation
        .steps
        .iter()
        .enumerate()
        .map(|(n, step)| {
            row(
                &step.target,
                format!("escalation step {}", n + 1),
                format!("after {}", duration_text(step.after_ms)),
            )
        })
        .collect_view();
    let watchers = (!export.watchers.is_empty()).then(|| {
        let names: Vec<String> = export
            .watchers
            .iter()
            .map(|owner| owner_name(&at.rules, owner))
            .collect();
        view! { <CardFoot>"Told as well: " {names.join(", ")}</CardFoot> }
    });
    let owner = row(&export.owner, "owner".to_owned(), "now".to_owned());
    let backup = row(&export.backup, "backup".to_owned(), "on silence".to_owned());
    view! {
        <Card title="Who answers">
            {owner}
            {backup}
            {escalation}
            {watchers}
        </Card>
    }
}

const fn approval_tone(state: ApprovalState) -> Tone {
    match state {
        ApprovalState::Pending => Tone::Wait,
        ApprovalState::Approved => Tone::Done,
        ApprovalState::Declined | ApprovalState::Expired => Tone::Late,
        ApprovalState::Queued | ApprovalState::Withdrawn | ApprovalState::Superseded => Tone::Idle,
    }
}

fn approvals(export: &Export, approvals: &[Approval], at: &Visit) -> AnyView {
    if approvals.is_empty() && !at.sight().is_whole() {
        // whether others are asked is not theirs to know
        return ().into_any();
    }
    if approvals.is_empty() {
        // what stands behind it is about where it goes, or who changed it
        let why = export.rationale.split("; ").next().unwrap_or_default();
        let why = why.to_owned();
        return view! {
            <Card title="Approvals"><CardFoot>"None is asked: " {why}</CardFoot></Card>
        }
        .into_any();
    }
    let bound = view! { "bound to " <code title=export.content_hash.clone()>{short_hash(&export.content_hash)}</code> }.into_any();
    let rows = approvals.iter().map(|one| approval(one, at)).collect_view();
    let reason = approvals.first().map(|one| one.reason.clone());
    view! {
        <Card title="Approvals" aside=bound>
            {rows}
            <CardFoot>"Why: " {reason}</CardFoot>
        </Card>
    }
    .into_any()
}

fn approval(one: &Approval, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let said = |when: Time| stamp_text(when, now);
    let who = one.decided_by.map(|id| {
        at.rules
            .user_name(id)
            .map_or_else(|| "a former member".to_owned(), short_name)
    });
    let mut sub = match (one.state, who, one.decided_at, one.accept_by) {
        (_, Some(who), Some(when), _) => format!("{who} · {}", said(when)),
        (ApprovalState::Pending, _, _, Some(due)) => format!("by {}", said(due)),
        (ApprovalState::Queued, ..) => "after the step before it".to_owned(),
        _ => String::new(),
    };
    if let Some(note) = &one.decision_note {
        sub = format!("{sub} · “{note}”");
    }
    let title = owner_name(&at.rules, &one.owner);
    let href = at.path(&format!("approvals/{}", one.id));
    let state = match one.state {
        ApprovalState::Pending => "waiting",
        ApprovalState::Queued => "next",
        other => other.as_str(),
    };
    view! { <Row tone=approval_tone(one.state) title sub href aside=state.into_any()/> }
}

/// The versions of this command, newest first; nothing when there is only one.
fn versions(export: &Export, chain: &Chain, at: &Visit) -> Option<AnyView> {
    let mut all: Vec<&Export> = chain
        .exports()
        .map(|one| &one.export)
        .filter(|one| one.run_id == export.run_id && one.step_key == export.step_key)
        .collect();
    if all.len() < 2 {
        return None;
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.version));
    let now = at.now();
    let rows = all
        .into_iter()
        .map(|one| {
            let shown = one.id == export.id;
            let title = if shown { format!("Version {}, shown here", one.version) } else { format!("Version {}", one.version) };
            let href = (!shown).then(|| at.path(&format!("exports/{}", one.id)));
            let made = view! { <When at=one.created_at now/> }.into_any();
            view! { <Row tone=export_tone(one.state) title sub=one.state.words() nostrip:href=href aside=made/> }
        })
        .collect_view();
    Some(view! { <Card title="Versions">{rows}</Card> }.into_any())
}

fn trail(history: &[AuditEntry], at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = history
        .iter()
        .map(|entry| {
            let sub = format!("{} · {}", actor_name(&at.rules, &entry.actor), stamp_text(entry.at, now));
            view! { <Row title=words(entry) sub aside=view! { <span title="entry of the audit trail">{format!("#{}", entry.seq)}</span> }.into_any()/> }
        })
        .collect_view();
    let all = at.ctx.may(Action::ViewAudit).then(|| {
        let href = at.path("audit");
        view! { <a class="link" href=href>"The whole trail"</a> }.into_any()
    });
    view! { <Card title="Audit" nostrip:aside=all>{rows}</Card> }
}

/// On the export's own page, "Asked for approval" says enough; an approval's other entries name it.
fn words(entry: &AuditEntry) -> String {
    let said = action_words(&entry.action);
    if entry.subject_kind == "approval" && entry.action != "approval.asked" {
        return format!("Approval: {}", said.to_lowercase());
    }
    said
}

fn facts(export: &Export, chain: &Chain, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let by = export.author.map(|id| {
        at.rules
            .user_name(id)
            .unwrap_or("a former member")
            .to_owned()
    });
    let note = chain
        .campaign
        .as_ref()
        .map(|brief| brief.note.clone())
        .filter(|note| !note.is_empty());
    let when = |when: Time| Some(view! { <When at=when now/> }.into_any());
    let id =
        |id: &str, what: &'static str| Some(view! { <CopyId id=id.to_owned() what/> }.into_any());
    let rows = kv(vec![
        ("Export", id(&export.id.to_string(), "export id")),
        ("Does", Some(export.intended_action.clone().into_any())),
        ("Written by", by.map(IntoAny::into_any)),
        ("Why now", note.map(IntoAny::into_any)),
        ("Why so", Some(export.rationale.clone().into_any())),
        ("Facts as of", when(export.as_of)),
        ("Made", when(export.created_at)),
        ("Done by", when(export.resolve_by)),
        ("Not sent after", when(export.valid_until)),
        ("Key", id(&export.idempotency_key, "idempotency key")),
        ("Content", id(&export.content_hash, "content hash")),
        ("Trace", id(&export.trace_id, "trace id")),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
