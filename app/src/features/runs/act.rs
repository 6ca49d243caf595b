//! What the forms of this feature do.

use std::collections::BTreeMap;

use domain::flow::Trigger;
use engine::{Error, StartInput};
use leptos::prelude::*;

use super::form::{at_the_answers, keep};
use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "run/pause")]
pub async fn pause_run(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] run: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("pause", merchant, back)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            engine.pause_run(&ctx, id(&run, "run")?, &reason).await?;
            Ok(Done::back(
                "Paused. Its clocks stand still, and nothing leaves.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "run/resume")]
pub async fn resume_run(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] run: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("resume", merchant, back)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            engine.resume_run(&ctx, id(&run, "run")?, &reason).await?;
            Ok(Done::back(
                "It goes on. Every deadline has moved by as long as the pause was.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "run/cancel")]
pub async fn cancel_run(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] run: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("cancel", merchant, back)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            let done = engine.cancel_run(&ctx, id(&run, "run")?, &reason).await?;
            let left: Vec<&str> = done.left.iter().map(|one| one.title.as_str()).collect();
            Ok(Done::back(if left.is_empty() {
                "Cancelled. What had not left is taken back.".to_owned()
            } else {
                format!(
                    "Cancelled. This had left already, and somebody is asked about it: {}.",
                    left.join(", ")
                )
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "run/start")]
pub async fn start_run(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] order: String,
    #[server(default)] reference: String,
    #[server(default)] title: String,
    #[server(default)] f: BTreeMap<String, String>,
) -> Result<(), Refused> {
    let posted = Posted::new("start", merchant, back)
        .keep("order", &order)
        .keep("reference", &reference)
        .keep("title", &title);
    keep(posted, &f)
        .run(|engine, ctx| async move {
            let flow = engine.flow(&ctx, id(&flow, "flow")?).await?;
            let input = if flow.trigger == Trigger::Manual {
                StartInput::Order(order_called(&engine, &ctx, order.trim()).await?)
            } else {
                StartInput::Case {
                    reference,
                    title,
                    answers: f
                        .into_iter()
                        .map(|(key, text)| (key, text.into()))
                        .collect(),
                }
            };
            let run = engine
                .start_flow(&ctx, &flow.key, input)
                .await
                .map_err(at_the_answers)?;
            Ok(Done::to(
                &format!("/m/{}/runs/{}", ctx.merchant().slug, run.id),
                format!("{} is under way.", flow.name),
            ))
        })
        .await
}

/// By its name, as people write it, or by its id.
#[cfg(feature = "ssr")]
async fn order_called(
    engine: &engine::Engine,
    ctx: &engine::Ctx,
    text: &str,
) -> engine::Result<uuid::Uuid> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let none = || {
        Error::invalid(
            "order",
            "There is no order of this name. Write #1001, or its id.",
        )
    };
    if text.is_empty() {
        return Err(none());
    }
    let filter = engine::port::ListFilter {
        query: Some(text.trim_start_matches('#').to_owned()),
        limit: 50,
        ..engine::port::ListFilter::default()
    };
    let found = engine.orders(ctx, &filter).await?;
    let wanted = text.trim_start_matches('#');
    let named = found
        .iter()
        .find(|row| row.order.name.trim_start_matches('#') == wanted);
    named.map(|row| row.id).ok_or_else(none)
}
