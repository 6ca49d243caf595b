//! What the studio's forms do.

use std::collections::BTreeMap;

use engine::{BeginContract, ContractSaved, Deprecation, Error};
use leptos::prelude::*;

use super::{Section, read};
use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "contract/new")]
pub async fn new_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] title: String,
    #[server(default)] export_type: String,
    #[server(default)] template: String,
) -> Result<(), Refused> {
    Posted::new("new-contract", merchant, back)
        .keep("title", &title)
        .keep("export_type", &export_type)
        .keep("template", &template)
        .run(|engine, ctx| async move {
            let begin = match template.as_str() {
                "" => BeginContract::Empty { export_type, title },
                _ => BeginContract::Template(template),
            };
            let sheet = engine.begin_contract(&ctx, begin).await?;
            let slug = &ctx.merchant().slug;
            let path = format!("/m/{slug}/contracts/{}/draft", sheet.export_type);
            Ok(Done::to(
                &path,
                "A draft. Nothing goes out under it before it is published.",
            ))
        })
        .await
}

/// The draft of a contract: what is live, or, with a version, what was.
#[server(prefix = "/ui", endpoint = "contract/begin")]
pub async fn begin_contract_draft(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] version: String,
) -> Result<(), Refused> {
    Posted::new("begin-contract", merchant, back)
        .run(|engine, ctx| async move {
            let begin = match version.as_str() {
                "" => BeginContract::Live(contract),
                version => BeginContract::Version(id(version, "version")?),
            };
            let sheet = engine.begin_contract(&ctx, begin).await?;
            let slug = &ctx.merchant().slug;
            let path = format!("/m/{slug}/contracts/{}/draft", sheet.export_type);
            Ok(Done::to(
                &path,
                format!("This is the draft of {}.", sheet.draft.title),
            ))
        })
        .await
}

/// One section of a draft, as it was typed.
#[server(prefix = "/ui", endpoint = "contract/save")]
pub async fn save_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] section: String,
    #[server(default)] rev: String,
    #[server(default)] f: BTreeMap<String, String>,
) -> Result<(), Refused> {
    let mut posted = Posted::new("contract", merchant, back);
    for (name, value) in &f {
        posted = posted.keep(&format!("f[{name}]"), value);
    }
    posted
        .run(|engine, ctx| async move {
            let section = Section::of(&section).ok_or_else(|| Error::not_found("section"))?;
            let sheet = engine.contract_draft(&ctx, &contract).await?;
            let draft = read::section(section, &f, sheet.draft)?;
            let rev = rev.trim().parse().unwrap_or(0);
            match engine.save_contract_draft(&ctx, &contract, rev, draft).await {
                Ok(ContractSaved::Rev(_)) => {
                    let rail = engine.contract_rail(&ctx, &contract).await?;
                    let wrong = rail.samples.iter().filter(|one| !one.is_as_promised()).count();
                    Ok(Done::back(match wrong {
                        0 => "Saved.".to_owned(),
                        1 => "Saved. One sample is not as it should be: see below.".to_owned(),
                        many => format!("Saved. {many} samples are not as they should be: see below."),
                    }))
                }
                Ok(ContractSaved::Conflict(theirs)) => {
                    let rules = engine.rules_of(ctx.merchant_id()).await?;
                    let who = theirs.edited_by.and_then(|id| rules.user_name(id));
                    Err(Error::conflict(format!(
                        "{} saved this draft after you opened it. Nothing was overwritten: what you typed is below. \
                         Save again to put yours in its place.",
                        who.unwrap_or("Somebody")
                    )))
                }
                Err(error) => Err(in_form(error)),
            }
        })
        .await
}

/// Faults stand at the field of the form in which they are put right.
fn in_form(mut error: Error) -> Error {
    for fault in &mut error.fields {
        let (_, name) = Section::of_fault(&fault.field);
        let place = fault.field.trim_start_matches("schema");
        if name == "f[schema]" && !place.is_empty() {
            fault.sentence = format!("{place}: {}", fault.sentence);
        }
        fault.field = name;
    }
    error
}

#[server(prefix = "/ui", endpoint = "contract/discard")]
pub async fn discard_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] rev: String,
) -> Result<(), Refused> {
    Posted::new("discard-contract", merchant, back)
        .run(|engine, ctx| async move {
            let rev = rev.parse().map_err(|_| Error::not_found("draft"))?;
            engine.discard_contract_draft(&ctx, &contract, rev).await?;
            let path = format!("/m/{}/contracts", ctx.merchant().slug);
            Ok(Done::to(
                &path,
                "The draft is gone. What is published stays as it is.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/rebase")]
pub async fn rebase_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] rev: String,
    #[server(default)] version: String,
) -> Result<(), Refused> {
    Posted::new("rebase-contract", merchant, back)
        .run(|engine, ctx| async move {
            let rev = rev.parse().map_err(|_| Error::not_found("draft"))?;
            let sheet = engine
                .rebase_contract_draft(&ctx, &contract, rev, &version)
                .await?;
            Ok(Done::back(format!(
                "The draft goes on from version {version}, as version {}.",
                sheet.draft.version
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/publish")]
pub async fn publish_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] hash: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    Posted::new("publish-contract", merchant, back)
        .keep("note", &note)
        .button("Publish")
        .run(|engine, ctx| async move {
            let live = engine
                .publish_contract_draft(&ctx, &contract, &hash, &note)
                .await?;
            let path = format!("/m/{}/contracts/{}", ctx.merchant().slug, live.id);
            Ok(Done::to(
                &path,
                format!("Version {} is live.", live.version),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/ask")]
pub async fn ask_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] hash: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    Posted::new("publish-contract", merchant, back)
        .keep("note", &note)
        .button("Ask a second person")
        .run(|engine, ctx| async move {
            engine
                .ask_to_publish_contract(&ctx, &contract, &hash, &note)
                .await?;
            Ok(Done::back(
                "Asked. Whoever may publish and had no part in it was told.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/agree")]
pub async fn agree_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] hash: String,
) -> Result<(), Refused> {
    Posted::new("agree-contract", merchant, back)
        .run(|engine, ctx| async move {
            let live = engine
                .agree_to_publish_contract(&ctx, &contract, &hash)
                .await?;
            let path = format!("/m/{}/contracts/{}", ctx.merchant().slug, live.id);
            Ok(Done::to(
                &path,
                format!("Version {} is live.", live.version),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/decline")]
pub async fn decline_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] hash: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("decline-contract", merchant, back)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            engine
                .decline_to_publish_contract(&ctx, &contract, &hash, &why)
                .await?;
            Ok(Done::back(
                "Declined. Whoever asked was told; the draft stays.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/withdraw")]
pub async fn withdraw_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
) -> Result<(), Refused> {
    Posted::new("withdraw-contract", merchant, back)
        .run(|engine, ctx| async move {
            engine.withdraw_publishing_contract(&ctx, &contract).await?;
            Ok(Done::back("Taken back. Nobody is asked any more."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/deprecate")]
pub async fn deprecate_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] until: String,
    #[server(default)] replacement: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("deprecate", merchant, back)
        .keep("until", &until)
        .keep("replacement", &replacement)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            let said = Deprecation {
                until,
                replacement,
                why,
            };
            let standing = engine.deprecate_contract(&ctx, &contract, said).await?;
            Ok(Done::back(format!(
                "It is {}. Whoever answers for it was told; it works as before.",
                standing.words()
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/retire")]
pub async fn retire_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("retire-contract", merchant, back)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            engine.retire_contract(&ctx, &contract, &why).await?;
            Ok(Done::back(
                "It is retired: no such export is made any more. Its versions stay.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "contract/resume")]
pub async fn resume_contract(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] contract: String,
) -> Result<(), Refused> {
    Posted::new("resume-contract", merchant, back)
        .run(|engine, ctx| async move {
            engine.resume_contract(&ctx, &contract).await?;
            Ok(Done::back("It is in force."))
        })
        .await
}
