//! What the forms about retention and legal holds do.

use domain::retention::ContentKind;
use engine::{Error, HoldInput};
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "retention/set")]
pub async fn set_retention(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] receipts: String,
    #[server(default)] quarantined: String,
    #[server(default)] orders: String,
    #[server(default)] exports: String,
) -> Result<(), Refused> {
    Posted::new("retention", merchant, back)
        .keep("receipts", &receipts)
        .keep("quarantined", &quarantined)
        .keep("orders", &orders)
        .keep("exports", &exports)
        .button("Save the days")
        .run(|engine, ctx| async move {
            let typed = ContentKind::ALL.map(|kind| {
                let days = match kind {
                    ContentKind::Receipts => &receipts,
                    ContentKind::Quarantined => &quarantined,
                    ContentKind::Orders => &orders,
                    ContentKind::Exports => &exports,
                };
                (kind, days.clone())
            });
            let set = engine.set_retention(&ctx, typed.into()).await?;
            Ok(Done::back(match set.days.len() {
                0 => "Everything is kept for ever.".to_owned(),
                _ => "The next run goes by these days.".to_owned(),
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "retention/hold")]
pub async fn place_hold(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] order: String,
    #[server(default)] hold_reason: String,
) -> Result<(), Refused> {
    Posted::new("hold", merchant, back)
        .keep("order", &order)
        .keep("hold_reason", &hold_reason)
        .button("Place the hold")
        .run(|engine, ctx| async move {
            let input = HoldInput {
                order,
                reason: hold_reason,
            };
            let placed = engine.place_hold(&ctx, input).await.map_err(named)?;
            Ok(Done::back(format!(
                "Nothing of {} is removed until the hold is lifted.",
                placed.covers()
            )))
        })
        .await
}

/// There are two reasons on the page; the field of this one has a name of its own.
fn named(mut error: Error) -> Error {
    for field in &mut error.fields {
        if field.field == "reason" {
            "hold_reason".clone_into(&mut field.field);
        }
    }
    error
}

#[server(prefix = "/ui", endpoint = "retention/lift")]
pub async fn lift_hold(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] hold: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("lift", merchant, back)
        .keep("hold", &hold)
        .keep("reason", &reason)
        .button("Lift the hold")
        .run(|engine, ctx| async move {
            let lifted = engine
                .lift_hold(&ctx, id(&hold, "legal hold")?, &reason)
                .await?;
            Ok(Done::back(format!(
                "The hold on {} is lifted.",
                lifted.covers()
            )))
        })
        .await
}
