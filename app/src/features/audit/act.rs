//! What the forms about checkpoints do.

use engine::WitnessInput;
use leptos::prelude::*;

use super::witnesses::Fresh;
use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "audit/witness/add")]
pub async fn add_audit_witness(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] address: String,
    #[server(default)] every_ms: String,
) -> Result<(), Refused> {
    Posted::new("witness", merchant, back)
        .keep("name", &name)
        .keep("kind", &kind)
        .keep("address", &address)
        .keep("every_ms", &every_ms)
        .button("Add the witness")
        .run(|engine, ctx| async move {
            let input = WitnessInput {
                name,
                kind,
                address,
                every_ms: every_ms.parse().unwrap_or(-1),
            };
            let (witness, secret) = engine.add_audit_witness(&ctx, input).await?;
            if let Some(secret) = secret {
                Fresh::new(&witness, secret).leave().await?;
            }
            Ok(Done::back(format!(
                "{} is a witness now; the newest checkpoint is on its way.",
                witness.name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "audit/witness/remove")]
pub async fn remove_audit_witness(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] witness: String,
) -> Result<(), Refused> {
    Posted::new("witness-remove", merchant, back)
        .button("Take it out")
        .run(|engine, ctx| async move {
            let witness = engine
                .remove_audit_witness(&ctx, id(&witness, "witness")?)
                .await?;
            Ok(Done::back(format!(
                "{} is sent nothing more. What it has it keeps.",
                witness.name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "audit/key/rotate")]
pub async fn rotate_audit_key(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
) -> Result<(), Refused> {
    Posted::new("audit-key", merchant, back)
        .button("Replace the key")
        .run(|engine, ctx| async move {
            engine.rotate_audit_key(&ctx).await?;
            Ok(Done::back(
                "A new key signs from now on. Hand it to whoever checks; the old one stays listed."
                    .to_owned(),
            ))
        })
        .await
}
