//! What a merchant is called. Its slug stays as it is: addresses and bookmarks rely on it.

use domain::{
    access::{Action, Noun},
    people::{Merchant, Operator},
};
use serde_json::json;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    port::{AuditNote, StoreExt},
};

/// Longer names are cut off wherever they stand.
const LONGEST_NAME: usize = 80;

impl Engine {
    /// The merchant as it is now, and whose it is.
    pub async fn merchant_facts(&self, ctx: &Ctx) -> Result<(Merchant, Option<Operator>)> {
        ctx.read(Noun::Settings)?;
        let mut reads = self.store.reads().await?;
        let merchant = reads
            .merchant(ctx.merchant_id())
            .await?
            .ok_or_else(|| Error::not_found("merchant"))?;
        let operator = reads.operator(merchant.operator_id).await?;
        Ok((merchant, operator))
    }

    pub async fn rename_merchant(&self, ctx: &Ctx, name: &str) -> Result<Merchant> {
        ctx.require(Action::ManageMerchant)?;
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Error::invalid(
                "name",
                "A merchant has a name of at most 80 characters.",
            ));
        }
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let before = tx
                        .merchant(ctx.merchant_id())
                        .await?
                        .ok_or_else(|| Error::not_found("merchant"))?;
                    if before.name == name {
                        return Ok(before);
                    }
                    let detail = json!({ "from": before.name, "to": name });
                    let merchant = Merchant { name, ..before };
                    tx.save_merchant(&merchant).await?;
                    tx.note(AuditNote {
                        merchant_id: merchant.id,
                        at: ctx.now(),
                        actor: ctx.actor_name(),
                        action: "merchant.renamed".to_owned(),
                        subject_kind: "merchant",
                        subject_id: merchant.id,
                        detail,
                        trace_id: Some(ctx.trace_id().to_owned()),
                    });
                    Ok(merchant)
                })
            })
            .await
    }
}
