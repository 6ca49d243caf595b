//! What the forms about drafts and versions do.

use engine::{Begin, Error, FieldError, Named};
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "flow/new")]
pub async fn new_flow(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
) -> Result<(), Refused> {
    Posted::new("new-flow", merchant, back)
        .keep("name", &name)
        .run(|engine, ctx| async move {
            let sheet = engine.begin_draft(&ctx, Begin::Empty { name }).await?;
            let path = format!("/m/{}/flows/{}/draft", ctx.merchant().slug, sheet.key);
            Ok(Done::to(
                &path,
                "An empty draft. Nothing runs on it before it is published.",
            ))
        })
        .await
}

/// The draft of a flow: what is live, or, with a version, what was.
#[server(prefix = "/ui", endpoint = "flow/begin")]
pub async fn begin_draft(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] version: String,
) -> Result<(), Refused> {
    Posted::new("begin", merchant, back)
        .run(|engine, ctx| async move {
            let begin = match version.as_str() {
                "" => Begin::Flow(flow),
                version => Begin::Version(id(version, "version")?),
            };
            let sheet = engine.begin_draft(&ctx, begin).await?;
            let path = format!("/m/{}/flows/{}/draft", ctx.merchant().slug, sheet.key);
            Ok(Done::to(
                &path,
                format!("This is the draft of {}.", sheet.draft.name),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/discard")]
pub async fn discard_draft(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] rev: String,
) -> Result<(), Refused> {
    Posted::new("discard", merchant, back)
        .run(|engine, ctx| async move {
            let rev = rev.parse().map_err(|_| Error::not_found("draft"))?;
            engine.discard_draft(&ctx, &flow, rev).await?;
            let path = format!("/m/{}/flows", ctx.merchant().slug);
            Ok(Done::to(
                &path,
                "The draft is gone. What is published stays as it is.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/rebase")]
pub async fn rebase_draft(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] rev: String,
    #[server(default)] version: String,
) -> Result<(), Refused> {
    Posted::new("rebase", merchant, back)
        .run(|engine, ctx| async move {
            let number = |text: &str| text.parse().map_err(|_| Error::not_found("version"));
            let sheet = engine
                .rebase_draft(&ctx, &flow, number(&rev)?, number(&version)?)
                .await?;
            let path = format!("/m/{}/flows/{}/readiness", ctx.merchant().slug, sheet.key);
            Ok(Done::to(
                &path,
                format!("The draft goes on from version {version}."),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/publish")]
pub async fn publish_draft(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] hash: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    Posted::new("publish", merchant, back)
        .keep("note", &note)
        .button("Publish")
        .run(|engine, ctx| async move {
            let flow = engine.publish_draft(&ctx, &flow, &hash, &note).await?;
            let path = format!("/m/{}/flows/{}", ctx.merchant().slug, flow.id);
            Ok(Done::to(
                &path,
                format!("Version {} is live.", flow.version),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/ask")]
pub async fn ask_to_publish(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] hash: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    Posted::new("publish", merchant, back)
        .keep("note", &note)
        .button("Ask a second person")
        .run(|engine, ctx| async move {
            let sheet = engine.ask_to_publish(&ctx, &flow, &hash, &note).await?;
            let path = format!("/m/{}/flows/{}/readiness", ctx.merchant().slug, sheet.key);
            Ok(Done::to(
                &path,
                "Asked. Whoever may publish and had no part in it was told.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/agree")]
pub async fn agree_to_publish(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] hash: String,
) -> Result<(), Refused> {
    Posted::new("agree", merchant, back)
        .run(|engine, ctx| async move {
            let flow = engine.agree_to_publish(&ctx, &flow, &hash).await?;
            let path = format!("/m/{}/flows/{}", ctx.merchant().slug, flow.id);
            Ok(Done::to(
                &path,
                format!("Version {} is live.", flow.version),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/decline")]
pub async fn decline_to_publish(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] hash: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("decline", merchant, back)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            engine.decline_to_publish(&ctx, &flow, &hash, &why).await?;
            Ok(Done::back(
                "Declined. Whoever asked was told; the draft stays.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/withdraw")]
pub async fn withdraw_publishing(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
) -> Result<(), Refused> {
    Posted::new("withdraw", merchant, back)
        .run(|engine, ctx| async move {
            engine.withdraw_publishing(&ctx, &flow).await?;
            Ok(Done::back("Taken back. Nobody is asked any more."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/rollback")]
pub async fn roll_back(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] version: String,
    #[server(default)] live: String,
) -> Result<(), Refused> {
    Posted::new("rollback", merchant, back)
        .run(|engine, ctx| async move {
            let live = live.parse().map_err(|_| Error::not_found("version"))?;
            let flow = engine
                .roll_back_flow(&ctx, id(&version, "version")?, live, "")
                .await?;
            let path = format!("/m/{}/flows/{}", ctx.merchant().slug, flow.id);
            Ok(Done::to(
                &path,
                format!("{}. It is live as version {}.", flow.note, flow.version),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/retire")]
pub async fn retire_flow(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
) -> Result<(), Refused> {
    Posted::new("retire", merchant, back)
        .run(|engine, ctx| async move {
            engine.retire_flow(&ctx, &flow).await?;
            Ok(Done::back("It starts nothing any more. What runs goes on."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/resume")]
pub async fn resume_flow(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
) -> Result<(), Refused> {
    Posted::new("resume", merchant, back)
        .run(|engine, ctx| async move {
            engine.resume_flow(&ctx, &flow).await?;
            Ok(Done::back("It is in use again."))
        })
        .await
}

/// Another flow takes its place in every flow that runs it; or another contract, in every flow that emits it;
/// or another system, in every flow that names it.
#[server(prefix = "/ui", endpoint = "flow/replace")]
pub async fn replace_in_flows(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] kind: String,
    #[server(default)] what: String,
    #[server(default)] by: String,
) -> Result<(), Refused> {
    Posted::new("replace", merchant, back)
        .keep("by", &by)
        .run(|engine, ctx| async move {
            let named = match kind.as_str() {
                "contract" => Named::Contract(what),
                "system" => Named::System(what),
                _ => Named::Flow(what),
            };
            let flows = engine.replace_in_flows(&ctx, named, &by).await?;
            let names: Vec<String> = flows
                .iter()
                .map(|flow| format!("{} v{}", flow.name, flow.version))
                .collect();
            Ok(Done::back(if names.is_empty() {
                "Nothing named it any more.".to_owned()
            } else {
                format!("Replaced. Live now: {}.", names.join(", "))
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/move")]
pub async fn move_runs(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("move", merchant, back)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            let versions = (id(&from, "version")?, id(&to, "version")?);
            let one = engine.move_runs(&ctx, versions, &why).await?;
            Ok(Done::back(format!(
                "{} are on their way to version {}.",
                one.total, one.to_version
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/move-cancel")]
pub async fn cancel_move(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] id: String,
) -> Result<(), Refused> {
    Posted::new("move-cancel", merchant, back)
        .run(|engine, ctx| async move {
            let one = engine
                .cancel_move(&ctx, crate::web::id(&id, "move")?)
                .await?;
            Ok(Done::back(format!(
                "Stopped. {} were moved, the rest stays.",
                one.moved
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/import")]
pub async fn import_flow(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] document: String,
    #[server(default)] unfinished: String,
) -> Result<(), Refused> {
    Posted::new("import", merchant, back)
        .keep("document", &document)
        .keep("unfinished", &unfinished)
        .run(|engine, ctx| async move {
            let draft = engine
                .read_flow(&ctx, document.as_bytes(), unfinished == "true")
                .await
                .map_err(gathered)?;
            let sheet = engine
                .begin_draft(&ctx, Begin::Document(Box::new(draft)))
                .await?;
            let path = format!("/m/{}/flows/{}/readiness", ctx.merchant().slug, sheet.key);
            Ok(Done::to(
                &path,
                format!("{} is a draft now.", sheet.draft.name),
            ))
        })
        .await
}

/// One line for each place: a form keeps one sentence per field.
fn gathered(mut error: Error) -> Error {
    let mut fields: Vec<FieldError> = Vec::new();
    for one in std::mem::take(&mut error.fields) {
        match fields.iter_mut().find(|known| known.field == one.field) {
            Some(known) => {
                known.sentence.push(' ');
                known.sentence.push_str(&one.sentence);
            }
            None => fields.push(one),
        }
    }
    error.fields = fields;
    error
}

/// Whether publishing takes two people here.
#[server(prefix = "/ui", endpoint = "merchant/publishing")]
pub async fn set_publishing(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] by_two: String,
) -> Result<(), Refused> {
    Posted::new("publishing", merchant, back)
        .keep("by_two", &by_two)
        .button("Save how flows are published")
        .run(|engine, ctx| async move {
            let by_two = by_two == "true";
            engine.set_publishes_by_two(&ctx, by_two).await?;
            Ok(Done::back(if by_two {
                "From now on publishing a flow takes two people."
            } else {
                "From now on one person publishes a flow."
            }))
        })
        .await
}
