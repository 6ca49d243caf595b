//! What the forms about escalation policies do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use engine::{Error, PolicyInput, RungInput};
use leptos::prelude::*;

use super::{
    act::{NOT_YET, keep_all, number, places},
    words::MORE,
};
use crate::web::{Done, Posted, Refused};

#[server(prefix = "/ui", endpoint = "cover/policy")]
pub async fn save_policy(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] policy: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] key: String,
    #[server(default)] target: Vec<String>,
    #[server(default)] minutes: Vec<String>,
    #[server(default)] within: Vec<String>,
    #[server(default)] repeat: String,
    #[server(default)] ack_expires: String,
    #[server(default)] more: String,
) -> Result<(), Refused> {
    let posted = Posted::new("policy", merchant, back)
        .keep("name", &name)
        .keep("key", &key)
        .keep("repeat", &repeat)
        .keep("ack_expires", &ack_expires);
    let posted = keep_all(posted, "target", &target);
    let posted = keep_all(posted, "minutes", &minutes);
    let posted = keep_all(posted, "within", &within);
    if !more.is_empty() {
        return posted.keep(MORE, &more).again(NOT_YET).await;
    }
    posted
        .run(|engine, ctx| async move {
            let (mut minutes, mut within) = (minutes.into_iter(), within.into_iter());
            let rungs = target
                .into_iter()
                .map(|target| RungInput {
                    target,
                    minutes: minutes.next().unwrap_or_default(),
                    only_within: within.next().unwrap_or_default(),
                })
                .collect();
            let input = PolicyInput {
                name,
                key,
                rungs,
                repeat,
                ack_expires,
            };
            if policy.is_empty() {
                let made = engine.add_policy(&ctx, input).await?;
                let slug = &ctx.merchant().slug;
                let path = format!("/m/{slug}/people/cover/policies/{}", made.key);
                return Ok(Done::to(&path, format!("{} can be used now.", made.name)));
            }
            let saved = engine
                .change_policy(&ctx, &policy, number(&version), input)
                .await?;
            Ok(Done::back(format!(
                "{} is at version {}. What is under way keeps the one it has.",
                saved.name, saved.version
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/policy-use")]
pub async fn use_policy(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] key: String,
    #[server(default)] contract: String,
) -> Result<(), Refused> {
    Posted::new("use", merchant, back)
        .keep("contract", &contract)
        .run(|engine, ctx| async move {
            let which = contract
                .trim()
                .parse()
                .map_err(|_| Error::invalid("contract", "Choose a contract."))?;
            engine.use_policy(&ctx, &key, which).await?;
            Ok(Done::back("New exports of it escalate by this policy."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/policy-retire")]
pub async fn retire_policy(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] key: String,
    #[server(default)] version: String,
) -> Result<(), Refused> {
    Posted::new("retire", merchant, back)
        .run(|engine, ctx| async move {
            let one = engine.retire_policy(&ctx, &key, number(&version)).await?;
            Ok(Done::back(format!(
                "{} is retired. What is under way keeps the escalation it has.",
                one.name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/policy-resume")]
pub async fn resume_policy(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] key: String,
) -> Result<(), Refused> {
    Posted::new("retire", merchant, back)
        .run(|engine, ctx| async move {
            let one = engine.resume_policy(&ctx, &key).await?;
            Ok(Done::back(format!("{} can be used again.", one.name)))
        })
        .await
}

/// Another policy takes its place in every contract that escalates by it.
#[server(prefix = "/ui", endpoint = "cover/policy-replace")]
pub async fn replace_policy(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] key: String,
    #[server(default)] seen: String,
    #[server(default)] by: String,
) -> Result<(), Refused> {
    Posted::new("replace", merchant, back)
        .keep("by", &by)
        .run(|engine, ctx| async move {
            let count = engine.replace_policy(&ctx, &key, &by, &seen).await?;
            Ok(Done::back(format!("Replaced in {}.", places(count))))
        })
        .await
}
