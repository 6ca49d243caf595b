//! What the forms of this feature do.

use domain::owner::{Owner, Party};
use engine::SourceInput;
use leptos::prelude::*;

use super::secret::{CHOSE_SECRET, Fresh, chose};
use crate::web::{Done, Posted, Refused, id};

/// Who is asked about something that does not fit: whoever keeps the systems running, then operations.
const OWNER: &str = "engineering";
const BACKUP: &str = "operations";

#[server(prefix = "/ui", endpoint = "source/create")]
pub async fn create_source(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] system: String,
    #[server(default)] name: String,
    #[server(default)] secret: String,
) -> Result<(), Refused> {
    Posted::new("source", merchant, back)
        .keep("system", &system)
        .keep("name", &name)
        .keep(CHOSE_SECRET, chose(&secret))
        .button("Connect")
        .run(|engine, ctx| async move {
            let input = SourceInput {
                system,
                name,
                secret: Some(secret),
                owner: Owner::role(Party::Agency, OWNER),
                backup: Owner::role(Party::Agency, BACKUP),
            };
            let made = engine.create_source(&ctx, input).await?;
            let path = format!("/m/{}/connections/{}", ctx.merchant().slug, made.source.id);
            Fresh::new(made.source.id, made.secret, None).leave().await?;
            Ok(Done::to(&path, "Connected. Give the sender the address and the secret below, then send a test event."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "source/rotate")]
pub async fn rotate_secret(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] source: String,
    #[server(default)] secret: String,
) -> Result<(), Refused> {
    Posted::new("rotate", merchant, back)
        .run(|engine, ctx| async move {
            let made = engine
                .rotate_source_secret(&ctx, id(&source, "source")?, Some(secret))
                .await?;
            let until = made.source.previous_until;
            let path = format!("/m/{}/connections/{}", ctx.merchant().slug, made.source.id);
            Fresh::new(made.source.id, made.secret, until)
                .leave()
                .await?;
            Ok(Done::to(
                &path,
                "There is a new secret. The old one stays good for one hour.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "source/test")]
pub async fn send_test_event(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] source: String,
) -> Result<(), Refused> {
    Posted::new("test", merchant, back)
        .run(|engine, ctx| async move {
            let source = id(&source, "source")?;
            let receipt = engine.send_test_event(&ctx, source).await?;
            let path = format!(
                "/m/{}/connections/{source}?test={receipt}",
                ctx.merchant().slug
            );
            Ok(Done::to(&path, ""))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "source/update")]
pub async fn update_source(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] source: String,
    #[server(default)] name: String,
    #[server(default)] owner: String,
    #[server(default)] backup: String,
) -> Result<(), Refused> {
    Posted::new("change", merchant, back)
        .keep("name", &name)
        .keep("owner", &owner)
        .keep("backup", &backup)
        .run(|engine, ctx| async move {
            let id = id(&source, "source")?;
            let saved = engine
                .update_source(&ctx, id, &name, &owner, &backup)
                .await?;
            Ok(Done::back(format!("Saved: {}.", saved.name)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "source/switch")]
pub async fn switch_source(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] source: String,
    #[server(default)] on: String,
) -> Result<(), Refused> {
    Posted::new("switch", merchant, back)
        .run(|engine, ctx| async move {
            let is_on = on == "yes";
            let saved = engine
                .switch_source(&ctx, id(&source, "source")?, is_on)
                .await?;
            Ok(Done::back(if is_on {
                format!("{} is on: what is sent to it is taken in.", saved.name)
            } else {
                format!(
                    "{} is off: what is sent to it is refused and not kept.",
                    saved.name
                )
            }))
        })
        .await
}
