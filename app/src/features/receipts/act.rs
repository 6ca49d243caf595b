//! What the forms of this feature do.

use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "receipt/replay")]
pub async fn replay_receipt(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] receipt: String,
) -> Result<(), Refused> {
    Posted::new("replay", merchant, back)
        .run(|engine, ctx| async move {
            engine
                .replay_receipt(&ctx, id(&receipt, "receipt")?)
                .await?;
            Ok(Done::back(
                "It is being read again. What it said before is not counted twice.",
            ))
        })
        .await
}
