//! What the forms of this feature do.

use std::collections::BTreeMap;

use domain::owner::Owner;
use engine::{Error, TaskAct};
use leptos::prelude::*;

use super::snooze::until;
use crate::features::runs::{answer_key, keep};
use crate::web::{Done, Posted, Refused, code_words, id, owner_name, same_site};

/// Where a form leads when it went through: where it says, or back.
fn after(to: &str, back: &str) -> String {
    same_site(to)
        .or_else(|| same_site(back))
        .unwrap_or("/")
        .to_owned()
}

#[server(prefix = "/ui", endpoint = "task/claim")]
pub async fn claim_task(
    #[server(default)] merchant: String,
    #[server(default)] task: String,
    #[server(default)] back: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    let to = after(&to, &back);
    Posted::new("claim", merchant, back)
        .run(|engine, ctx| async move {
            let task = engine
                .act_on_task(&ctx, id(&task, "task")?, TaskAct::Claim)
                .await?;
            Ok(Done::to(&to, format!("It is yours: {}.", task.title)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "task/release")]
pub async fn release_task(
    #[server(default)] merchant: String,
    #[server(default)] task: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("release", merchant, back)
        .run(|engine, ctx| async move {
            let task = engine
                .act_on_task(&ctx, id(&task, "task")?, TaskAct::Release)
                .await?;
            let rules = engine.rules_of(ctx.merchant_id()).await?;
            Ok(Done::back(format!(
                "Given back to {}, with a fresh clock.",
                owner_name(&rules, &task.owner)
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "task/reassign")]
pub async fn reassign_task(
    #[server(default)] merchant: String,
    #[server(default)] task: String,
    #[server(default)] owner: String,
    #[server(default)] back: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    let after = after(&to, &back);
    Posted::new("reassign", merchant, back)
        .keep("owner", &owner)
        .run(|engine, ctx| async move {
            let to: Owner = owner
                .parse()
                .map_err(|_| Error::invalid("owner", "Choose who is to have it."))?;
            let rules = engine.rules_of(ctx.merchant_id()).await?;
            let name = owner_name(&rules, &to);
            let act = TaskAct::Reassign { to };
            let task = engine
                .act_on_task(&ctx, id(&task, "task")?, act)
                .await
                .map_err(at_the_choice)?;
            // given to the other side, it is out of sight for somebody from outside
            let seen = ctx.sight(&rules).sees(&task.marks());
            let list = format!("/m/{}/tasks", ctx.merchant().slug);
            Ok(Done::to(
                if seen { &after } else { &list },
                format!("{name} has it now, with a fresh clock."),
            ))
        })
        .await
}

/// The engine calls the new owner `to`; on the form that field is `owner`.
fn at_the_choice(mut error: Error) -> Error {
    for fault in &mut error.fields {
        if fault.field == "to" {
            fault.field = "owner".to_owned();
        }
    }
    error
}

#[server(prefix = "/ui", endpoint = "task/snooze")]
pub async fn snooze_task(
    #[server(default)] merchant: String,
    #[server(default)] task: String,
    #[server(default)] until_when: String,
    #[server(default)] back: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    let after = after(&to, &back);
    Posted::new("snooze", merchant, back)
        .keep("until_when", &until_when)
        .run(|engine, ctx| async move {
            let until = until(&until_when, ctx.now())
                .ok_or_else(|| Error::invalid("until_when", "Choose for how long."))?;
            let task = engine
                .act_on_task(&ctx, id(&task, "task")?, TaskAct::Snooze { until })
                .await?;
            let when = until.format_utc("%a %b %-d, %H:%M");
            Ok(Done::to(
                &after,
                format!(
                    "“{}” sleeps until {when} UTC, then comes back by itself.",
                    task.title
                ),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "task/resolve")]
pub async fn resolve_task(
    #[server(default)] merchant: String,
    #[server(default)] task: String,
    #[server(default)] note: String,
    // the answers to its form, by field
    #[server(default)] f: BTreeMap<String, String>,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    keep(
        Posted::new("resolve", merchant, back).keep("note", &note),
        &f,
    )
    .run(|engine, ctx| async move {
        let answers = f
            .into_iter()
            .map(|(field, text)| (field, text.into()))
            .collect();
        let task = engine
            .act_on_task(&ctx, id(&task, "task")?, TaskAct::Finish { answers, note })
            .await
            .map_err(at_the_answer)?;
        Ok(Done::back(format!(
            "Resolved: {}. {}",
            code_words(&task.code),
            set_going(&task)
        )))
    })
    .await
}

/// The engine names a form's field by its key; on the page it has the name it travels under.
fn at_the_answer(mut error: Error) -> Error {
    for fault in &mut error.fields {
        if fault.field != "note" {
            fault.field = answer_key(&fault.field);
        }
    }
    error
}

fn set_going(task: &domain::task::Task) -> &'static str {
    use domain::task::Unlock;
    match task.unlock {
        Unlock::Nothing => "Nothing was sent again.",
        Unlock::RedeliverExport => "The export is on its way again, with the same key.",
        Unlock::RecheckExport => "The checks run on the export again.",
        Unlock::AskAgain => "The approval is asked again.",
        Unlock::WaitAgain => "The wait has started again, with a new deadline.",
        Unlock::ReprocessReceipt => "The receipt is read again.",
        Unlock::RetryJob => "The job runs again.",
        Unlock::TryStep => "The step is tried again.",
        Unlock::FinishStep => "The step is done, and the flow goes on.",
        Unlock::AnswerQuestion => "It is answered, and the approval goes on.",
        Unlock::FinishUndo => "It is undone.",
    }
}
