//! What the forms of this feature do.

use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "export/withdraw")]
pub async fn withdraw_export(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] export: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("withdraw", merchant, back)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            engine.withdraw(&ctx, id(&export, "export")?, &reason).await?;
            Ok(Done::back("Withdrawn. It is not sent, its run has ended, and whoever was asked is asked no more."))
        })
        .await
}
