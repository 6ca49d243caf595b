//! What the forms of templates do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use std::sync::Arc;

use domain::agency::{Outcome, Push};
use engine::{AgencyCtx, Engine, Error, Origin, PushInput, Result, TemplateInput};
use leptos::prelude::*;
use uuid::Uuid;

use super::push::read_take;
use crate::{
    features::exports::plural,
    web::{Done, Person, Posted, Refused, id},
};

async fn enter(engine: &Arc<Engine>, person: &Person, operator: &str) -> Result<AgencyCtx> {
    engine.enter_operator(person.user.id, operator).await
}

fn page(at: &AgencyCtx, rest: &str) -> String {
    format!("/o/{}/templates{rest}", at.operator.slug)
}

/// "Reached 3 of 4 merchants."
fn said(push: &Push) -> String {
    let all = push.merchants.len();
    let reached = push
        .merchants
        .iter()
        .filter(|one| !matches!(one.outcome, Outcome::Refused { .. } | Outcome::Waiting))
        .count();
    format!("Reached {reached} of {all} {}.", plural(all, "merchant"))
}

#[server(prefix = "/ui", endpoint = "template/make")]
pub async fn make_template(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] template: String,
    #[server(default)] by: String,
    #[server(default)] merchant: String,
    #[server(default)] flow: String,
    #[server(default)] policy: String,
    #[server(default)] document: String,
    #[server(default)] instead: Vec<String>,
    #[server(default)] name: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    Posted::new("make-template", String::new(), back)
        .keep("by", &by)
        .keep("flow", &flow)
        .keep("policy", &policy)
        .keep("document", &document)
        .keep("name", &name)
        .keep("note", &note)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            at.require_admin()?;
            let origin = if by == "document" {
                Origin::Document(document.into_bytes())
            } else {
                Origin::Live {
                    merchant,
                    flow_key: flow,
                    policy,
                }
            };
            let mut others = Vec::new();
            for pair in instead.iter().filter(|pair| !pair.is_empty()) {
                let wrong = || Error::invalid("instead", "Choose a role for each of them.");
                let (was, is) = pair.split_once('=').ok_or_else(wrong)?;
                let was = was.parse().map_err(|_| wrong())?;
                others.push((was, is.parse().map_err(|_| wrong())?));
            }
            let input = TemplateInput {
                name,
                origin,
                instead: others,
                note,
            };
            if template.is_empty() {
                let made = engine.make_template(&at, input).await?;
                let to = page(&at, &format!("/{}", made.id));
                return Ok(Done::to(
                    &to,
                    format!("{} is kept. Push it to the first merchants.", made.name),
                ));
            }
            let which = id(&template, "template")?;
            let edition = engine.next_edition(&at, which, input).await?;
            let to = page(&at, &format!("/{which}"));
            Ok(Done::to(
                &to,
                format!(
                    "Version {} is made. Nobody has it before it is pushed.",
                    edition.version
                ),
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "template/stages")]
pub async fn stage_template(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] template: String,
    #[server(default)] rev: String,
    #[server(default)] stages: String,
    #[server(default)] places: Vec<String>,
) -> Result<(), Refused> {
    Posted::new("stages", String::new(), back)
        .keep("stages", &stages)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let which = id(&template, "template")?;
            let mut all: Vec<(Uuid, String)> = Vec::new();
            for place in places.iter().filter(|place| !place.is_empty()) {
                let (merchant, stage) = place.split_once('=').unwrap_or((place, ""));
                all.push((id(merchant, "merchant")?, stage.to_owned()));
            }
            let rev = rev.trim().parse().unwrap_or(-1);
            engine
                .stage_template(&at, (which, rev), &stages, &all)
                .await?;
            Ok(Done::back("Saved."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "template/push")]
pub async fn push_template(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] template: String,
    #[server(default)] version: String,
    #[server(default)] stage: String,
    #[server(default)] merchants: Vec<String>,
    #[server(default)] take: Vec<String>,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("push-template", String::new(), back)
        .keep("why", &why)
        .keep("merchants", &merchants.join("\n"))
        .keep("take", &take.join("\n"))
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let which = id(&template, "template")?;
            let mut reached = Vec::new();
            for text in &merchants {
                let (merchant, seen) = text.split_once('@').unwrap_or((text, ""));
                reached.push((id(merchant, "merchant")?, seen.parse().ok()));
            }
            let input = PushInput {
                version: version.trim().parse().unwrap_or(-1),
                merchants: reached,
                take: read_take(&take),
                stage: Some(stage),
                why,
            };
            let push = engine.push_template(&at, which, input).await?;
            let to = page(&at, &format!("/{which}/pushes/{}", push.id));
            Ok(Done::to(&to, said(&push)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "template/go-on")]
pub async fn go_on_with_push(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] push: String,
) -> Result<(), Refused> {
    Posted::new("go-on", String::new(), back)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let push = engine.go_on_with_push(&at, id(&push, "push")?).await?;
            Ok(Done::back(said(&push)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "template/undo")]
pub async fn undo_push(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] push: String,
) -> Result<(), Refused> {
    Posted::new("undo", String::new(), back)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let push = engine.undo_push(&at, id(&push, "push")?).await?;
            let stays = push
                .merchants
                .iter()
                .filter(|one| matches!(one.back, Some(Outcome::Refused { .. })))
                .count();
            Ok(Done::back(match stays {
                0 => "Taken back.".to_owned(),
                n => format!(
                    "Taken back, but {n} {} it; why stands beside each.",
                    if n == 1 { "keeps" } else { "keep" }
                ),
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "template/let-go")]
pub async fn let_go(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] template: String,
    #[server(default)] merchant: String,
) -> Result<(), Refused> {
    Posted::new("let-go", String::new(), back)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let (which, merchant) = (id(&template, "template")?, id(&merchant, "merchant")?);
            let merchant = engine.let_go_of_template(&at, which, merchant).await?;
            Ok(Done::back(format!(
                "{} has its flow for itself now; it stays as it is.",
                merchant.name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "template/retire")]
pub async fn retire_template(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] template: String,
) -> Result<(), Refused> {
    Posted::new("retire", String::new(), back)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let which = id(&template, "template")?;
            let template = engine.retire_template(&at, which).await?;
            Ok(Done::back(format!("{} is retired.", template.name)))
        })
        .await
}
