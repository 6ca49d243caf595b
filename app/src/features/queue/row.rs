//! One row: who asks, what happens on accept, and the button for it.

use domain::{
    approval::Approval,
    export::Export,
    flow::Sheet,
    people::Merchant,
    task::{Task, TaskState, Unlock},
};
use engine::{QueueItem, Rules, Waiting};
use leptos::prelude::*;

use crate::{
    features::{approvals::then_sentence, tasks::claim_button},
    ui::*,
    web::{Desk, owner_name, short_name},
};

/// Why an item is shown to this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Asked,
    Watching,
}

pub(super) fn row(item: QueueItem, desk: &Desk, rules: &Rules, told: Told) -> AnyView {
    let QueueItem {
        merchant,
        what,
        deadline,
    } = item;
    let now = desk.now;
    let asleep = matches!(&what, Waiting::Task(task) if task.state == TaskState::Snoozed);
    let pinned = asleep.then_some(Tone::Held);
    let due = view! { <Countdown due=deadline now nostrip:tone=pinned/> }.into_any();
    match what {
        Waiting::Approval { approval, export } => {
            let is_outside = desk.person.is_outside(&merchant);
            approval_row(&merchant, &approval, *export, (rules, is_outside), due)
        }
        Waiting::Task(task) => task_row(&merchant, *task, desk, rules, (due, told)),
        Waiting::Publishing(sheet) => publishing_row(&merchant, &sheet, rules, due),
    }
}

fn approval_row(
    merchant: &Merchant,
    approval: &Approval,
    export: Export,
    (rules, is_outside): (&Rules, bool),
    due: AnyView,
) -> AnyView {
    let path = format!("/m/{}/approvals/{}", merchant.slug, approval.id);
    let asked = match export.author.and_then(|user| rules.user_name(user)) {
        Some(name) => format!("asked by {}", short_name(name)),
        None => approval.reason.clone(),
    };
    let mut meta = vec![
        merchant.name.clone().into_any(),
        format!("{} {}", export.export_type, export.contract_version).into_any(),
        asked.into_any(),
    ];
    // who else is asked is none of an outside party's business
    meta.extend((!is_outside).then(|| then_sentence(approval, &export, rules).into_any()));
    let (decline, review) = (format!("{path}?do=decline"), format!("{path}#approve"));
    let actions = view! {
        <LinkButton href=decline label="Decline" key="d"/>
        <LinkButton href=review label="Review" kind=Kind::Primary key="a"/>
    }
    .into_any();
    let title = format!("Approve: {}", export.title);
    view! { <ListRow key=approval.id.to_string() href=path title due meta actions/> }.into_any()
}

/// A flow's next version: who asks and why, and where it is looked at.
fn publishing_row(merchant: &Merchant, sheet: &Sheet, rules: &Rules, due: AnyView) -> AnyView {
    let path = format!("/m/{}/flows/{}/readiness", merchant.slug, sheet.key);
    let request = sheet.open_request();
    let asker = request
        .and_then(|one| one.asked_by)
        .and_then(|user| rules.user_name(user));
    let asked = asker.map_or_else(
        || "asked by somebody".to_owned(),
        |name| format!("asked by {}", short_name(name)),
    );
    let note = request.map(|one| one.note.clone()).unwrap_or_default();
    let then = format!("agreeing makes it version {}", sheet.base.unwrap_or(0) + 1);
    let meta = vec![
        merchant.name.clone().into_any(),
        asked.into_any(),
        note.into_any(),
        then.into_any(),
    ];
    let review = path.clone();
    let actions =
        view! { <LinkButton href=review label="Review" kind=Kind::Primary key="a"/> }.into_any();
    let title = format!("Publish: {}", sheet.draft.name);
    view! { <ListRow key=format!("publish-{}", sheet.draft.id) href=path title due meta actions/> }
        .into_any()
}

fn task_row(
    merchant: &Merchant,
    task: Task,
    desk: &Desk,
    rules: &Rules,
    (due, told): (AnyView, Told),
) -> AnyView {
    let path = format!("/m/{}/tasks/{}", merchant.slug, task.id);
    let mine = task.assignee == Some(desk.person.user.id);
    let has = match task.assignee {
        Some(_) if mine => "you have it".to_owned(),
        Some(user) => format!(
            "{} has it",
            rules
                .user_name(user)
                .map_or_else(|| "somebody".to_owned(), short_name)
        ),
        None if task.rung > 0 => format!("escalated to {}", owner_name(rules, &task.owner)),
        None => format!("for {}", owner_name(rules, &task.owner)),
    };
    let code = task.code.clone();
    let mut meta = vec![
        merchant.name.clone().into_any(),
        view! { <code>{code}</code> }.into_any(),
        has.into_any(),
    ];
    meta.extend(on_resolve(task.unlock).map(IntoAny::into_any));
    let actions = (told == Told::Asked).then(|| {
        let more = (task.state != TaskState::Snoozed).then(|| {
            let (snooze, reassign) = (format!("{path}?do=snooze"), format!("{path}?do=reassign"));
            // shown in the row that is chosen; every one of them is on the task's page as well
            view! {
                <span class="hidden gap-1.5 in-data-selected:flex max-sm:hidden!">
                    <LinkButton href=snooze label="Snooze" kind=Kind::Quiet key="s"/>
                    <LinkButton href=reassign label="Reassign" kind=Kind::Quiet key="r"/>
                </span>
            }
        });
        let main = if mine || task.state == TaskState::Snoozed {
            view! { <LinkButton href=path.clone() label="Open" key="a"/> }.into_any()
        } else {
            let fields = vec![
                ("merchant", merchant.slug.clone()),
                ("task", task.id.to_string()),
                ("back", desk.asked.back.clone()),
                ("to", path.clone()),
            ];
            claim_button(&task, Kind::Secondary, fields)
        };
        view! { {more} {main} }.into_any()
    });
    view! { <ListRow key=task.id.to_string() href=path title=task.title due meta nostrip:actions=actions/> }.into_any()
}

/// What resolving sets going, in a few words.
const fn on_resolve(unlock: Unlock) -> Option<&'static str> {
    match unlock {
        Unlock::Nothing => None,
        Unlock::RedeliverExport => Some("resolving sends 1 export again"),
        Unlock::RecheckExport => Some("resolving runs the checks again"),
        Unlock::AskAgain => Some("resolving asks again"),
        Unlock::WaitAgain => Some("resolving starts the wait again"),
        Unlock::ReprocessReceipt => Some("resolving reads 1 receipt again"),
        Unlock::RetryJob => Some("resolving runs 1 job again"),
        Unlock::TryStep => Some("resolving tries the step again"),
        Unlock::FinishStep => Some("resolving finishes the step"),
        Unlock::AnswerQuestion => Some("resolving answers"),
        Unlock::FinishUndo => Some("resolving says that it is undone"),
    }
}
