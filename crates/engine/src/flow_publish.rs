//! From a draft to a version: one gate for everybody, and a second person where the merchant asks for one.
//!
//! Publishing looks at the draft that the caller saw, by its hash, under a lock that only one publisher has
//! at a time. What is not ready is refused with every reason. A draft that was begun from a version that is
//! not the live one any more is refused too: whoever published meanwhile wins, and the other one compares.
//!
//! Where two people are asked for, anybody who may draw asks, and somebody who may publish, and neither
//! drew nor asked, agrees: that publishes. A change of the draft takes the question back. Bringing back an
//! old version is publishing its content once more, through the same gate. What would rewrite versions in passing
//! (another owner, destination or policy everywhere) is refused there; only a leave is not held up by it.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    flow::{
        CannotAgree, Declined, Draft, Flow, Request, Sheet,
        readiness::{is_ready, readiness},
    },
    owner::Owner,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_drafts::{flow_note, person, refused},
    port::{StoreExt, Tx},
    rules,
    work::Work,
};

/// Longest reason.
const LONGEST_NOTE: usize = 500;

/// Why there is another version; asked for at every publishing.
pub(crate) fn reason(field: &str, note: &str) -> Result<String> {
    let note = note.trim();
    if (3..=LONGEST_NOTE).contains(&note.chars().count()) {
        return Ok(note.to_owned());
    }
    Err(Error::invalid(
        field,
        "Say in a sentence why, at most 500 characters.",
    ))
}

/// Rewriting what is published in passing would be publishing alone. `instead`: what to do where that takes two
/// people.
pub(crate) async fn refuse_alone(
    tx: &mut (dyn Tx + '_),
    merchant: Uuid,
    instead: &str,
) -> Result<()> {
    if tx.publishes_by_two(merchant).await? {
        let sentence = format!("Publishing takes two people here: {instead}. Nothing was changed.");
        return Err(Error::conflict(sentence));
    }
    Ok(())
}

impl From<CannotAgree> for Error {
    fn from(why: CannotAgree) -> Self {
        let text = why.to_string();
        let mut letters = text.chars();
        let first: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let sentence = format!("{first}{}.", letters.as_str());
        match why {
            CannotAgree::NotAsked | CannotAgree::ContentChanged => Self::conflict(sentence),
            CannotAgree::Author | CannotAgree::Asker => Self::forbidden(sentence),
        }
    }
}

/// In whose name a version is published.
pub(crate) struct Hands {
    pub published_by: Option<Uuid>,
    pub approved_by: Option<Uuid>,
    pub note: String,
}

impl Engine {
    /// Whether publishing a flow takes two people here.
    pub async fn publishes_by_two(&self, ctx: &Ctx) -> Result<bool> {
        ctx.read(Noun::Flow)?;
        let mut reads = self.store.reads().await?;
        reads.publishes_by_two(ctx.merchant_id()).await
    }

    pub async fn set_publishes_by_two(&self, ctx: &Ctx, by_two: bool) -> Result<()> {
        ctx.require(Action::ManageMerchant)?;
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    if tx.publishes_by_two(merchant).await? == by_two {
                        return Ok(());
                    }
                    if !by_two {
                        // from then on one person alone says what runs
                        ctx.require_fresh_proof()?;
                    }
                    tx.set_publishes_by_two(merchant, by_two).await?;
                    let detail = json!({ "from": !by_two, "to": by_two });
                    tx.note(flow_note(
                        &ctx,
                        "merchant.publishing_changed",
                        ("merchant", merchant),
                        detail,
                    ));
                    Ok(())
                })
            })
            .await
    }

    /// Publishes the draft that the caller saw.
    pub async fn publish_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        seen_hash: &str,
        note: &str,
    ) -> Result<Flow> {
        ctx.require(Action::PublishFlows)?;
        let note = reason("note", note)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (key, seen) = (key.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let sheet = tx.flow_draft(merchant, &key).await?;
                    let sheet = match sheet {
                        Some(sheet) => sheet,
                        None => return Err(gone(tx, merchant, &key).await?),
                    };
                    if sheet.hash() != seen {
                        return Err(Error::conflict(
                            "The draft was changed after you looked at it. Look at it again before you publish.",
                        ));
                    }
                    if tx.publishes_by_two(merchant).await? {
                        return Err(Error::conflict(
                            "Publishing takes two people here: ask for it, and somebody else agrees.",
                        ));
                    }
                    let hands = Hands {
                        published_by: person(&ctx),
                        approved_by: None,
                        note,
                    };
                    let mut work = of(&ctx, tx, engine).await?;
                    work.publish_sheet(sheet, hands).await
                })
            })
            .await
    }

    /// Asks somebody else to publish the draft that the caller saw.
    pub async fn ask_to_publish(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        seen_hash: &str,
        note: &str,
    ) -> Result<Sheet> {
        ctx.require(Action::DrawFlows)?;
        let note = reason("note", note)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (key, seen) = (key.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sheet = drawn(tx, &ctx, &key).await?;
                    if sheet.hash() != seen {
                        return Err(CannotAgree::ContentChanged.into());
                    }
                    if sheet.open_request().is_some() {
                        return Err(Error::conflict("Somebody is asked already."));
                    }
                    let mut work = of(&ctx, tx, engine).await?;
                    work.ask_about(sheet, person(&ctx), note).await
                })
            })
            .await
    }

    /// The second person says yes to what they saw; that publishes it.
    pub async fn agree_to_publish(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        seen_hash: &str,
    ) -> Result<Flow> {
        ctx.require(Action::PublishFlows)?;
        let by = ctx.member()?.0.id;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (key, seen) = (key.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let sheet = match tx.flow_draft(merchant, &key).await? {
                        Some(sheet) => sheet,
                        None => return Err(gone(tx, merchant, &key).await?),
                    };
                    let request = sheet.can_agree(by, &seen)?.clone();
                    let hands = Hands {
                        published_by: request.asked_by,
                        approved_by: Some(by),
                        note: request.note,
                    };
                    let mut work = of(&ctx, tx, engine).await?;
                    let flow = work.publish_sheet(sheet, hands).await?;
                    if let Some(asker) = request.asked_by {
                        let sentence =
                            format!("“{}” is live as version {}.", flow.name, flow.version);
                        work.tell(&[Owner::User(asker)], ("flow", flow.id), &sentence)
                            .await?;
                    }
                    Ok(flow)
                })
            })
            .await
    }

    /// The second person says no, and why. The draft stays.
    pub async fn decline_to_publish(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        seen_hash: &str,
        why: &str,
    ) -> Result<Sheet> {
        ctx.require(Action::PublishFlows)?;
        let by = ctx.member()?.0.id;
        let why = reason("why", why)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        let (key, seen) = (key.to_owned(), seen_hash.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut sheet = drawn(tx, &ctx, &key).await?;
                    let mut request = sheet.can_agree(by, &seen)?.clone();
                    let asker = request.asked_by;
                    request.declined = Some(Declined {
                        by,
                        at: ctx.now(),
                        why: why.clone(),
                    });
                    sheet.request = Some(request);
                    tx.save_flow_draft(&sheet).await?;
                    let mut work = of(&ctx, tx, engine).await?;
                    let detail = json!({ "key": key, "hash": seen, "why": why });
                    work.note(
                        "flow.publishing_declined",
                        "flow_draft",
                        sheet.draft.id,
                        detail,
                    );
                    if let Some(asker) = asker {
                        let sentence = format!("“{}” was not published: {why}", sheet.draft.name);
                        work.tell(&[Owner::User(asker)], ("flow", sheet.draft.id), &sentence)
                            .await?;
                    }
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }

    /// Nobody is asked any more.
    pub async fn withdraw_publishing(self: &Arc<Self>, ctx: &Ctx, key: &str) -> Result<Sheet> {
        ctx.require(Action::DrawFlows)?;
        let (ctx, key) = (ctx.clone(), key.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut sheet = drawn(tx, &ctx, &key).await?;
                    if sheet.open_request().is_none() {
                        return Err(CannotAgree::NotAsked.into());
                    }
                    sheet.request = None;
                    tx.save_flow_draft(&sheet).await?;
                    let detail = json!({ "key": key });
                    tx.note(flow_note(
                        &ctx,
                        "flow.publishing_withdrawn",
                        ("flow_draft", sheet.draft.id),
                        detail,
                    ));
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }

    /// Publishes the content of a version of before once more, as the next version. `seen_live` is the
    /// version that it replaces. Where two people are asked for, bring it onto the drawing board instead
    /// ([`Begin::Version`](crate::Begin)) and ask.
    pub async fn roll_back_flow(
        self: &Arc<Self>,
        ctx: &Ctx,
        version_id: Uuid,
        seen_live: i64,
        note: &str,
    ) -> Result<Flow> {
        ctx.require(Action::PublishFlows)?;
        let (engine, ctx, note) = (Arc::clone(self), ctx.clone(), note.trim().to_owned());
        let id = self.uuid();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    tx.lock_publishing(merchant).await?;
                    let old = tx
                        .flow(merchant, version_id)
                        .await?
                        .ok_or_else(|| Error::not_found("version"))?;
                    if tx.publishes_by_two(merchant).await? {
                        return Err(Error::conflict(
                            "Publishing takes two people here: open the version as a draft, and ask for it.",
                        ));
                    }
                    let back = format!("Back to version {}", old.version);
                    let note = if note.is_empty() { back } else { format!("{back}: {note}") };
                    let sheet = Sheet {
                        merchant_id: merchant,
                        key: old.key.clone(),
                        draft: Draft { id, ..old.to_draft() },
                        base: Some(seen_live),
                        authors: Vec::new(),
                        edited_by: None,
                        edited_at: ctx.now(),
                        request: None,
                        rev: 0,
                    };
                    let hands = Hands {
                        published_by: person(&ctx),
                        approved_by: None,
                        note,
                    };
                    let mut work = of(&ctx, tx, engine).await?;
                    work.publish_content(&sheet, hands).await
                })
            })
            .await
    }
}

/// The work of a person on rules as they are inside this transaction.
pub(crate) async fn of<'t>(
    ctx: &Ctx,
    tx: &'t mut (dyn Tx + 't),
    engine: Arc<Engine>,
) -> Result<Work<'t>> {
    let rules = Arc::new(rules::load(&mut *tx, ctx.merchant_id()).await?);
    Ok(Work::of(ctx, tx, engine, rules))
}

async fn drawn(tx: &mut dyn Tx, ctx: &Ctx, key: &str) -> Result<Sheet> {
    tx.flow_draft(ctx.merchant_id(), key)
        .await?
        .ok_or_else(|| Error::not_found("draft"))
}

/// There was a draft when the caller looked: somebody published it, or threw it away.
async fn gone(tx: &mut dyn Tx, merchant: Uuid, key: &str) -> Result<Error> {
    let live = tx.flow_versions(merchant, key).await?;
    Ok(live.first().map_or_else(
        || Error::not_found("draft"),
        |flow| {
            Error::conflict(format!(
                "The draft is gone: version {} is live since {}. Compare it with the one before.",
                flow.version, flow.published_at
            ))
        },
    ))
}

impl Work<'_> {
    /// The one gate: refused with everything that blocks.
    pub(crate) fn gate(&self, draft: &Draft) -> Result<()> {
        let around = self.engine.surroundings_of(&self.rules, self.now);
        let faults = readiness(draft, &around);
        if is_ready(&faults) {
            return Ok(());
        }
        Err(refused(&faults))
    }

    /// Nobody published since the draft was begun.
    async fn is_still_live(&mut self, sheet: &Sheet) -> Result<()> {
        let merchant = self.merchant_id();
        let versions = self.tx.flow_versions(merchant, &sheet.key).await?;
        let live = versions.first();
        if live.map(|flow| flow.version) == sheet.base {
            return Ok(());
        }
        let who = live
            .and_then(|flow| flow.published_by)
            .and_then(|id| self.rules.user_name(id))
            .unwrap_or("Somebody");
        let version = live.map_or(0, |flow| flow.version);
        Err(Error::conflict(format!(
            "{who} published version {version} meanwhile. Compare it with your draft, then go on from it."
        )))
    }

    /// Everybody who could be the second person is asked about what stands on this sheet.
    pub(crate) async fn ask_about(
        &mut self,
        mut sheet: Sheet,
        asked_by: Option<Uuid>,
        note: String,
    ) -> Result<Sheet> {
        self.gate(&sheet.draft)?;
        self.is_still_live(&sheet).await?;
        let detail = json!({ "key": sheet.key, "hash": sheet.hash(), "note": note });
        sheet.request = Some(Request {
            hash: sheet.hash(),
            note: note.clone(),
            asked_by,
            asked_at: self.now,
            declined: None,
        });
        self.tx.save_flow_draft(&sheet).await?;
        self.note(
            "flow.publishing_asked",
            "flow_draft",
            sheet.draft.id,
            detail,
        );
        let to = self.who_can_agree(&sheet);
        let who = asked_by
            .and_then(|id| self.rules.user_name(id))
            .unwrap_or("Somebody")
            .to_owned();
        let sentence = format!("{who} asks you to publish “{}”: {note}", sheet.draft.name);
        self.tell(&to, ("flow", sheet.draft.id), &sentence).await?;
        sheet.rev += 1;
        Ok(sheet)
    }

    async fn publish_sheet(&mut self, sheet: Sheet, hands: Hands) -> Result<Flow> {
        let flow = self.publish_content(&sheet, hands).await?;
        let merchant = self.merchant_id();
        if !self
            .tx
            .delete_flow_draft(merchant, &sheet.key, sheet.rev)
            .await?
        {
            return Err(Error::conflict(
                "The draft was changed after you looked at it. Look at it again before you publish.",
            ));
        }
        Ok(flow)
    }

    pub(crate) async fn publish_content(&mut self, sheet: &Sheet, hands: Hands) -> Result<Flow> {
        self.is_still_live(sheet).await?;
        self.gate(&sheet.draft)?;
        let flow = sheet.draft.owned().map_err(|missing| {
            Error::internal(format!("ready, but somebody is missing: {missing:?}"))
        })?;
        let flow = Flow {
            merchant_id: self.merchant_id(),
            version: sheet.base.unwrap_or(0) + 1,
            published_at: self.now,
            published_by: hands.published_by,
            approved_by: hands.approved_by,
            note: hands.note,
            ..flow
        };
        self.tx.insert_flow(&flow).await.map_err(|error| {
            if error.kind == crate::Kind::Conflict {
                Error::conflict(format!(
                    "Version {} was published a moment ago. Compare it with yours.",
                    flow.version
                ))
            } else {
                error
            }
        })?;
        let detail = json!({
            "key": flow.key,
            "version": flow.version,
            "hash": sheet.hash(),
            "note": flow.note,
            "asked_by": flow.published_by,
            "approved_by": flow.approved_by,
        });
        self.note("flow.published", "flow", flow.id, detail);
        self.settle_pin(&flow, &sheet.hash()).await?;
        Ok(flow)
    }

    /// People who may publish and had no part in it.
    fn who_can_agree(&self, sheet: &Sheet) -> Vec<Owner> {
        let asked_by = sheet.request.as_ref().and_then(|request| request.asked_by);
        self.rules
            .members
            .iter()
            .filter(|(user, member)| {
                user.active
                    && member.may(Action::PublishFlows)
                    && !sheet.authors.contains(&user.id)
                    && asked_by != Some(user.id)
            })
            .map(|(user, _)| Owner::User(user.id))
            .collect()
    }
}
