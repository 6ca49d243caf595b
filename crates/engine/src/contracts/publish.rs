//! From a draft to a version: one gate for everybody, and a second person where the merchant asks for one.
//!
//! It goes as with flows ([`crate::flow_publish`]): publishing looks at the draft that the caller saw, by its hash,
//! under the lock that only one publisher has at a time; whoever published meanwhile wins. What the second person
//! agrees to is named by the hash of the content and of the version it replaces.

use std::sync::Arc;

use domain::{
    access::Action,
    contract::{Contract, Publishing, Sheet},
    flow::{CannotAgree, Declined, Request},
    owner::Owner,
};
use serde_json::json;
use uuid::Uuid;

use super::{check::draft_faults, drafts::live};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_drafts::person,
    flow_publish::{of, reason},
    port::{StoreExt, Tx},
    work::Work,
};

const CHANGED: &str =
    "The draft was changed after you looked at it. Look at it again before you publish.";

async fn drawn(tx: &mut dyn Tx, merchant: Uuid, export_type: &str) -> Result<Sheet> {
    if let Some(sheet) = tx.contract_draft(merchant, export_type).await? {
        return Ok(sheet);
    }
    // there was one when the caller looked: somebody published it, or threw it away
    Err(match live(tx, merchant, export_type).await? {
        None => Error::not_found("draft"),
        Some(live) => Error::conflict(format!(
            "The draft is gone: version {} is live since {}. Compare it with the one before.",
            live.version, live.published_at
        )),
    })
}

impl Engine {
    /// Publishes the draft that the caller saw.
    pub async fn publish_contract_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        seen_hash: &str,
        note: &str,
    ) -> Result<Contract> {
        ctx.require(Action::Publish)?;
        let note = reason("note", note)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (export_type, seen) = (export_type.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let sheet = drawn(tx, merchant, &export_type).await?;
                    if sheet.hash() != seen {
                        return Err(Error::conflict(CHANGED));
                    }
                    if tx.publishes_by_two(merchant).await? {
                        return Err(Error::conflict(
                            "Publishing takes two people here: ask for it, and somebody else agrees.",
                        ));
                    }
                    let publishing = Publishing {
                        by: person(&ctx),
                        agreed_by: None,
                        note,
                    };
                    let mut work = of(&ctx, tx, engine).await?;
                    work.publish_contract_sheet(&sheet, publishing).await
                })
            })
            .await
    }

    /// Asks somebody else to publish the draft that the caller saw.
    pub async fn ask_to_publish_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        seen_hash: &str,
        note: &str,
    ) -> Result<Sheet> {
        ctx.require(Action::DrawContracts)?;
        let note = reason("note", note)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (export_type, seen) = (export_type.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut sheet = drawn(tx, ctx.merchant_id(), &export_type).await?;
                    if sheet.hash() != seen {
                        return Err(CannotAgree::ContentChanged.into());
                    }
                    if sheet.open_request().is_some() {
                        return Err(Error::conflict("Somebody is asked already."));
                    }
                    let mut work = of(&ctx, tx, engine).await?;
                    work.contract_gate(&sheet).await?;
                    sheet.request = Some(Request {
                        hash: seen,
                        note: note.clone(),
                        asked_by: person(&ctx),
                        asked_at: ctx.now(),
                        declined: None,
                    });
                    work.tx.save_contract_draft(&sheet).await?;
                    let detail =
                        json!({ "export_type": export_type, "hash": sheet.hash(), "note": note });
                    work.note(
                        "contract.publishing_asked",
                        "contract_draft",
                        sheet.draft.id,
                        detail,
                    );
                    let to = work.who_can_publish(&sheet);
                    let who = person(&ctx)
                        .and_then(|id| work.rules.user_name(id))
                        .unwrap_or("Somebody")
                        .to_owned();
                    let sentence = format!(
                        "{who} asks you to publish the contract “{}”: {note}",
                        sheet.draft.title
                    );
                    work.tell(&to, ("contract", sheet.draft.id), &sentence)
                        .await?;
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }

    /// The second person says yes to what they saw; that publishes it.
    pub async fn agree_to_publish_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        seen_hash: &str,
    ) -> Result<Contract> {
        ctx.require(Action::Publish)?;
        let by = ctx.member()?.0.id;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (export_type, seen) = (export_type.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let sheet = drawn(tx, merchant, &export_type).await?;
                    let request = sheet.can_agree(by, &seen)?.clone();
                    let publishing = Publishing {
                        by: request.asked_by,
                        agreed_by: Some(by),
                        note: request.note,
                    };
                    let mut work = of(&ctx, tx, engine).await?;
                    let contract = work.publish_contract_sheet(&sheet, publishing).await?;
                    if let Some(asker) = request.asked_by {
                        let sentence = format!(
                            "The contract “{}” is live as version {}.",
                            contract.title, contract.version
                        );
                        work.tell(&[Owner::User(asker)], ("contract", contract.id), &sentence)
                            .await?;
                    }
                    Ok(contract)
                })
            })
            .await
    }

    /// The second person says no, and why. The draft stays.
    pub async fn decline_to_publish_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        seen_hash: &str,
        why: &str,
    ) -> Result<Sheet> {
        ctx.require(Action::Publish)?;
        let by = ctx.member()?.0.id;
        let why = reason("why", why)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (export_type, seen) = (export_type.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut sheet = drawn(tx, ctx.merchant_id(), &export_type).await?;
                    let mut request = sheet.can_agree(by, &seen)?.clone();
                    let asker = request.asked_by;
                    request.declined = Some(Declined {
                        by,
                        at: ctx.now(),
                        why: why.clone(),
                    });
                    sheet.request = Some(request);
                    tx.save_contract_draft(&sheet).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let detail = json!({ "export_type": export_type, "hash": seen, "why": why });
                    work.note(
                        "contract.publishing_declined",
                        "contract_draft",
                        sheet.draft.id,
                        detail,
                    );
                    if let Some(asker) = asker {
                        let sentence = format!(
                            "The contract “{}” was not published: {why}",
                            sheet.draft.title
                        );
                        let about = ("contract", sheet.draft.id);
                        work.tell(&[Owner::User(asker)], about, &sentence).await?;
                    }
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }

    /// Nobody is asked any more.
    pub async fn withdraw_publishing_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
    ) -> Result<Sheet> {
        ctx.require(Action::DrawContracts)?;
        let (engine, ctx, export_type) = (Arc::clone(self), ctx.clone(), export_type.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut sheet = drawn(tx, ctx.merchant_id(), &export_type).await?;
                    if sheet.open_request().is_none() {
                        return Err(CannotAgree::NotAsked.into());
                    }
                    sheet.request = None;
                    tx.save_contract_draft(&sheet).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    work.note(
                        "contract.publishing_withdrawn",
                        "contract_draft",
                        sheet.draft.id,
                        json!({ "export_type": export_type }),
                    );
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }
}

impl Work<'_> {
    /// The one gate: nobody published since the draft was begun, and nothing blocks.
    async fn contract_gate(&mut self, sheet: &Sheet) -> Result<()> {
        let merchant = self.merchant_id();
        let live = live(&mut *self.tx, merchant, &sheet.export_type).await?;
        if live.as_ref().map(|live| live.version.as_str()) != sheet.base.as_deref() {
            let who = live
                .as_ref()
                .and_then(|live| live.publishing.by)
                .and_then(|id| self.rules.user_name(id))
                .unwrap_or("Somebody");
            let version = live.as_ref().map_or("", |live| live.version.as_str());
            return Err(Error::conflict(format!(
                "{who} published version {version} meanwhile. Compare it with your draft, then go on from it."
            )));
        }
        let standings = self.tx.contract_standings(merchant).await?;
        if standings
            .iter()
            .any(|one| one.export_type == sheet.export_type && one.is_retired())
        {
            return Err(Error::conflict(
                "This contract is retired: take it back into use before you publish another version.",
            ));
        }
        let faults = draft_faults(sheet, live.as_ref(), &self.rules);
        if faults.is_empty() {
            return Ok(());
        }
        let mut error = Error::invalid_fields(faults);
        if error.fields.len() > 1 {
            error.sentence = format!(
                "{} things keep it from being published.",
                error.fields.len()
            );
        }
        Err(error)
    }

    async fn publish_contract_sheet(
        &mut self,
        sheet: &Sheet,
        publishing: Publishing,
    ) -> Result<Contract> {
        self.contract_gate(sheet).await?;
        let contract = Contract {
            merchant_id: self.merchant_id(),
            published_at: self.now,
            publishing,
            ..sheet.draft.clone()
        };
        let detail = json!({
            "export_type": contract.export_type,
            "version": contract.version,
            "replaces": sheet.base,
            "hash": sheet.hash(),
            "note": contract.publishing.note,
            "asked_by": contract.publishing.by,
            "approved_by": contract.publishing.agreed_by,
        });
        self.keep_contract(&contract, detail).await?;
        let deleted = self
            .tx
            .delete_contract_draft(contract.merchant_id, &sheet.export_type, sheet.rev)
            .await?;
        if deleted {
            Ok(contract)
        } else {
            Err(Error::conflict(CHANGED))
        }
    }

    /// Every way to another version ends here: the row, its entry, the flow of what it triggers, and its clock.
    pub(crate) async fn keep_contract(
        &mut self,
        contract: &Contract,
        detail: serde_json::Value,
    ) -> Result<()> {
        self.tx.insert_contract(contract).await.map_err(|error| {
            if error.kind == crate::Kind::Conflict {
                Error::conflict(format!(
                    "Version {} was published a moment ago. Compare it with yours.",
                    contract.version
                ))
            } else {
                error
            }
        })?;
        self.note("contract.published", "contract", contract.id, detail);
        if contract.triggers.is_empty() {
            return Ok(());
        }
        let key = contract.errand_key();
        let before = self.tx.flow_versions(contract.merchant_id, &key).await?;
        let version = before.first().map_or(1, |flow| flow.version + 1);
        self.tx.insert_flow(&contract.errand(version)).await?;
        self.arm_schedule(contract, self.now).await
    }

    /// People who may publish and had no part in it.
    fn who_can_publish(&self, sheet: &Sheet) -> Vec<Owner> {
        let asked_by = sheet.request.as_ref().and_then(|request| request.asked_by);
        self.rules
            .members
            .iter()
            .filter(|(user, member)| {
                user.active
                    && member.may(Action::Publish)
                    && !sheet.authors.contains(&user.id)
                    && asked_by != Some(user.id)
            })
            .map(|(user, _)| Owner::User(user.id))
            .collect()
    }
}
