//! Deciding, and what is done around it, from whatever page.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use domain::{approval::Decision, export::ExportState, owner::Owner};
use engine::{ApprovalAct, Error};
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id, same_site};

#[server(prefix = "/ui", endpoint = "approval/decide")]
pub async fn decide_approval(
    #[server(default)] merchant: String,
    #[server(default)] export: String,
    #[server(default)] step: String,
    #[server(default)] seen_hash: String,
    #[server(default)] verdict: String,
    #[server(default)] reason: String,
    #[server(default)] back: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    let after = same_site(&to)
        .or_else(|| same_site(&back))
        .unwrap_or("/")
        .to_owned();
    let (form, button) = match verdict.as_str() {
        "approve" => ("approve", "Approve"),
        _ => ("decline", "Decline"),
    };
    Posted::new(form, merchant, back)
        .button(button)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            let approve = verdict == "approve";
            let note = Some(reason).filter(|text| !text.trim().is_empty());
            let step = match step.as_str() {
                "" => None,
                step => Some(id(step, "approval")?),
            };
            let decision = Decision {
                approve,
                note,
                seen_hash,
                step,
            };
            let state = engine
                .decide(&ctx, id(&export, "export")?, decision)
                .await?;
            Ok(Done::to(&after, said(state)))
        })
        .await
}

fn said(state: ExportState) -> &'static str {
    match state {
        ExportState::AwaitingApproval => "Approved. Somebody else’s word is still awaited.",
        ExportState::Declined => {
            "Declined. Nothing is sent, and your reason is with whoever follows it up."
        }
        _ => "Approved. It is on its way.",
    }
}

/// The engine’s word for a field, as the page calls it: its forms stand side by side.
fn renamed(mut error: Error, names: &[(&str, &str)]) -> Error {
    for one in &mut error.fields {
        if let Some((_, name)) = names.iter().find(|(word, _)| *word == one.field) {
            (*name).clone_into(&mut one.field);
        }
    }
    error
}

/// Each box holds the id of an approval and the hash of the content that stood beside it.
#[server(prefix = "/ui", endpoint = "approval/alike")]
pub async fn approve_alike(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] chosen: Vec<String>,
) -> Result<(), Refused> {
    Posted::new("alike", merchant, back)
        .button("Approve")
        .run(|engine, ctx| async move {
            let mut named = Vec::new();
            for one in &chosen {
                let (step, hash) = one.split_once(' ').unwrap_or((one, ""));
                named.push((id(step, "approval")?, hash.to_owned()));
            }
            let done = engine.approve_alike(&ctx, named).await?;
            let good = done.iter().filter(|one| one.outcome.is_ok()).count();
            let mut said = vec![match good {
                1 => "1 approved.".to_owned(),
                n => format!("{n} approved."),
            }];
            said.extend(done.iter().filter_map(|one| {
                let error = one.outcome.as_ref().err()?;
                Some(format!("“{}” was not: {}", one.title, error.sentence))
            }));
            match good {
                0 => Err(Error::conflict(said.join(" "))),
                _ => Ok(Done::back(said.join(" "))),
            }
        })
        .await
}

#[server(prefix = "/ui", endpoint = "approval/comment")]
pub async fn comment_approval(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] approval: String,
    #[server(default)] comment: String,
) -> Result<(), Refused> {
    Posted::new("comment", merchant, back)
        .keep("comment", &comment)
        .run(|engine, ctx| async move {
            let act = ApprovalAct::Comment { text: comment };
            engine
                .act_on_approval(&ctx, id(&approval, "approval")?, act)
                .await
                .map_err(|error| renamed(error, &[("text", "comment")]))?;
            Ok(Done::back("Said."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "approval/remind")]
pub async fn remind_approval(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] approval: String,
) -> Result<(), Refused> {
    Posted::new("remind", merchant, back)
        .run(|engine, ctx| async move {
            engine
                .act_on_approval(&ctx, id(&approval, "approval")?, ApprovalAct::Remind)
                .await?;
            Ok(Done::back("Reminded: whoever is asked has a notice."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "approval/ask")]
pub async fn ask_about_approval(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] approval: String,
    #[server(default)] ask_whom: String,
    #[server(default)] question: String,
) -> Result<(), Refused> {
    Posted::new("ask", merchant, back)
        .keep("ask_whom", &ask_whom)
        .keep("question", &question)
        .run(|engine, ctx| async move {
            let to = ask_whom
                .trim()
                .parse()
                .map_err(|_| Error::invalid("ask_whom", "Choose whom to ask."))?;
            let act = ApprovalAct::Ask { to, text: question };
            engine
                .act_on_approval(&ctx, id(&approval, "approval")?, act)
                .await
                .map_err(|error| renamed(error, &[("to", "ask_whom"), ("text", "question")]))?;
            Ok(Done::back(
                "Asked. The clock waits for the answer, for as long again as this step has.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "approval/answer")]
pub async fn answer_approval(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] approval: String,
    #[server(default)] answer: String,
) -> Result<(), Refused> {
    Posted::new("answer", merchant, back)
        .keep("answer", &answer)
        .run(|engine, ctx| async move {
            let act = ApprovalAct::Answer { text: answer };
            engine
                .act_on_approval(&ctx, id(&approval, "approval")?, act)
                .await
                .map_err(|error| renamed(error, &[("text", "answer")]))?;
            Ok(Done::back("Answered. The clock goes on."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "approval/reassign")]
pub async fn reassign_approval(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] approval: String,
    #[server(default)] pass_to: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("reassign", merchant, back)
        .keep("pass_to", &pass_to)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            let to: Owner = pass_to
                .parse()
                .map_err(|_| Error::invalid("pass_to", "Choose who has it now."))?;
            let act = ApprovalAct::Reassign { to, why };
            engine
                .act_on_approval(&ctx, id(&approval, "approval")?, act)
                .await
                .map_err(|error| renamed(error, &[("to", "pass_to")]))?;
            Ok(Done::back("It is with them now; the clock runs on."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "approval/look")]
pub async fn look_at_approval(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] approval: String,
) -> Result<(), Refused> {
    Posted::new("look", merchant, back)
        .run(|engine, ctx| async move {
            engine
                .act_on_approval(&ctx, id(&approval, "approval")?, ApprovalAct::Look)
                .await?;
            Ok(Done::back(
                "For two minutes the others see that you are looking at this.",
            ))
        })
        .await
}
