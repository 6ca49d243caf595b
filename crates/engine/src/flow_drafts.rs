//! The drawing board: one draft of each flow, on which everybody who may draw works.
//!
//! A draft begins with what is published, with a version of before, with a document, or empty. Whoever saves
//! says which state they changed; when somebody else saved meanwhile, nothing is overwritten and theirs
//! comes back. A draft that is published or thrown away is gone; what was published stays as a version.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    flow::{
        Draft, Sheet,
        readiness::{Fault, Surroundings, is_flow_key, readiness},
    },
    people::slug_of,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, FieldError, Result},
    port::{AuditNote, StoreExt},
};

/// Longest document of a flow.
pub const MAX_FLOW_BYTES: usize = 512 * 1024;
/// Most drafts of one merchant.
const MOST_DRAFTS: usize = 200;

/// What a draft begins with.
#[derive(Clone, Debug)]
pub enum Begin {
    /// What is published of this flow; if there is a draft already, that one.
    Flow(String),
    /// A version of before, by its id; any draft there is must be gone.
    Version(Uuid),
    /// Nothing but a name.
    Empty { name: String },
    /// What somebody brings along, as a new flow, or as the next version of one there is.
    Document(Box<Draft>),
}

/// What became of saving a draft.
#[derive(Clone, Debug)]
pub enum Saved {
    Rev(i64),
    /// Somebody else saved meanwhile. Nothing was changed; this is what they made of it.
    Conflict(Box<Sheet>),
}

/// A draft and what keeps it from being published.
#[derive(Clone, Debug)]
pub struct Rail {
    pub sheet: Sheet,
    pub faults: Vec<Fault>,
    pub around: Surroundings,
}

/// The person behind a call: themselves, or whoever made the token.
pub(crate) fn person(ctx: &Ctx) -> Option<Uuid> {
    match ctx.actor() {
        Actor::User { user, .. } => Some(user.id),
        Actor::Token(token) => token.created_by,
        Actor::Destination { .. } | Actor::System => None,
    }
}

pub(crate) fn flow_note(
    ctx: &Ctx,
    action: &str,
    (kind, id): (&'static str, Uuid),
    detail: Value,
) -> AuditNote {
    AuditNote {
        merchant_id: ctx.merchant_id(),
        at: ctx.now(),
        actor: ctx.actor_name(),
        action: action.to_owned(),
        subject_kind: kind,
        subject_id: id,
        detail,
        trace_id: Some(ctx.trace_id().to_owned()),
    }
}

impl Engine {
    pub async fn flow_drafts(&self, ctx: &Ctx) -> Result<Vec<Sheet>> {
        ctx.read(Noun::Flow)?;
        self.store
            .reads()
            .await?
            .flow_drafts(ctx.merchant_id())
            .await
    }

    pub async fn flow_draft(&self, ctx: &Ctx, key: &str) -> Result<Sheet> {
        ctx.read(Noun::Flow)?;
        let mut reads = self.store.reads().await?;
        reads
            .flow_draft(ctx.merchant_id(), key)
            .await?
            .ok_or_else(|| Error::not_found("draft"))
    }

    /// A draft with its readiness rail.
    pub async fn flow_rail(&self, ctx: &Ctx, key: &str) -> Result<Rail> {
        let sheet = self.flow_draft(ctx, key).await?;
        let around = self.flow_surroundings(ctx).await?;
        let faults = readiness(&sheet.draft, &around);
        Ok(Rail {
            sheet,
            faults,
            around,
        })
    }

    pub async fn begin_draft(self: &Arc<Self>, ctx: &Ctx, begin: Begin) -> Result<Sheet> {
        ctx.require(Action::DrawFlows)?;
        let (ctx, id) = (ctx.clone(), self.uuid());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let (draft, is_back) = match begin {
                        Begin::Flow(key) => {
                            if let Some(sheet) = tx.flow_draft(merchant, &key).await? {
                                return Ok(sheet);
                            }
                            let live = tx.flow_versions(merchant, &key).await?;
                            let live = live.first().ok_or_else(|| Error::not_found("flow"))?;
                            (live.to_draft(), false)
                        }
                        Begin::Version(id) => {
                            let flow = tx.flow(merchant, id).await?;
                            let flow = flow.ok_or_else(|| Error::not_found("version"))?;
                            (flow.to_draft(), true)
                        }
                        Begin::Empty { name } => (empty(&ctx, &name)?, false),
                        Begin::Document(draft) => (*draft, true),
                    };
                    if !is_flow_key(&draft.key) {
                        return Err(Error::invalid(
                            "key",
                            "A flow’s key has small letters, digits and hyphens, beginning with a letter, at most 60.",
                        ));
                    }
                    fits(&draft)?;
                    let versions = tx.flow_versions(merchant, &draft.key).await?;
                    let base = versions.first().map(|flow| flow.version);
                    if base.is_some() && draft.version == 0 {
                        return Err(Error::invalid(
                            "name",
                            "There is a flow of this name already; choose another.",
                        ));
                    }
                    if tx.flow_drafts(merchant).await?.len() >= MOST_DRAFTS {
                        return Err(Error::conflict(
                            "There are too many drafts here: publish or throw away some first.",
                        ));
                    }
                    let author = person(&ctx);
                    // what somebody brings, or brings back, is their change; what is merely opened is not
                    let authors = author.into_iter().filter(|_| is_back).collect();
                    let sheet = Sheet {
                        merchant_id: merchant,
                        key: draft.key.clone(),
                        draft: Draft {
                            id,
                            merchant_id: merchant,
                            version: base.unwrap_or(0) + 1,
                            published_at: ctx.now(),
                            published_by: None,
                            approved_by: None,
                            ..draft
                        },
                        base,
                        authors,
                        edited_by: author,
                        edited_at: ctx.now(),
                        request: None,
                        rev: 1,
                    };
                    if !tx.insert_flow_draft(&sheet).await? {
                        return Err(Error::conflict(
                            "There is a draft of this flow already: publish it or throw it away first.",
                        ));
                    }
                    let detail = json!({ "key": sheet.key, "base": base });
                    tx.note(flow_note(&ctx, "flow.draft_begun", ("flow_draft", id), detail));
                    Ok(sheet)
                })
            })
            .await
    }

    /// Keeps a change. Which flow it is, whose, and of which version, is the sheet's and not the caller's.
    pub async fn save_flow_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        base_rev: i64,
        draft: Draft,
    ) -> Result<Saved> {
        ctx.require(Action::DrawFlows)?;
        fits(&draft)?;
        let (ctx, key) = (ctx.clone(), key.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sheet = tx
                        .flow_draft(ctx.merchant_id(), &key)
                        .await?
                        .ok_or_else(|| Error::not_found("draft"))?;
                    if sheet.rev != base_rev {
                        return Ok(Saved::Conflict(Box::new(sheet)));
                    }
                    let draft = Draft {
                        id: sheet.draft.id,
                        merchant_id: sheet.merchant_id,
                        key: sheet.draft.key.clone(),
                        version: sheet.draft.version,
                        published_at: sheet.draft.published_at,
                        published_by: None,
                        approved_by: None,
                        ..draft
                    };
                    if draft == sheet.draft {
                        return Ok(Saved::Rev(sheet.rev));
                    }
                    let was_asked = sheet.open_request().is_some();
                    let sheet = sheet.edited(draft, person(&ctx), ctx.now());
                    tx.save_flow_draft(&sheet).await?;
                    let rev = sheet.rev + 1;
                    let detail = json!({ "key": key, "rev": rev, "request": was_asked.then_some("superseded") });
                    tx.note(flow_note(&ctx, "flow.draft_saved", ("flow_draft", sheet.draft.id), detail));
                    Ok(Saved::Rev(rev))
                })
            })
            .await
    }

    /// Throws a draft away; what is published stays as it is.
    pub async fn discard_draft(self: &Arc<Self>, ctx: &Ctx, key: &str, rev: i64) -> Result<()> {
        ctx.require(Action::DrawFlows)?;
        let (ctx, key) = (ctx.clone(), key.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let sheet = tx
                        .flow_draft(merchant, &key)
                        .await?
                        .ok_or_else(|| Error::not_found("draft"))?;
                    if !tx.delete_flow_draft(merchant, &key, rev).await? {
                        return Err(Error::conflict(
                            "Somebody changed the draft after you looked at it. Look again before you throw it away.",
                        ));
                    }
                    let detail = json!({ "key": key, "draft": sheet.draft });
                    tx.note(flow_note(&ctx, "flow.draft_discarded", ("flow_draft", sheet.draft.id), detail));
                    Ok(())
                })
            })
            .await
    }

    /// The draft goes on from what is live now, keeping what it says: somebody published meanwhile, and
    /// whoever calls has seen what is different.
    pub async fn rebase_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        key: &str,
        rev: i64,
        seen_version: i64,
    ) -> Result<Sheet> {
        ctx.require(Action::DrawFlows)?;
        let (ctx, key) = (ctx.clone(), key.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let sheet = tx
                        .flow_draft(merchant, &key)
                        .await?
                        .filter(|sheet| sheet.rev == rev)
                        .ok_or_else(|| {
                            Error::conflict(
                                "Somebody changed the draft after you looked at it. Look again.",
                            )
                        })?;
                    let live = tx.flow_versions(merchant, &key).await?;
                    if live.first().map(|flow| flow.version) != Some(seen_version) {
                        return Err(Error::conflict(
                            "Another version was published after you looked. Compare again.",
                        ));
                    }
                    let mut sheet = sheet.rebased(seen_version, person(&ctx), ctx.now());
                    sheet.draft.version = seen_version + 1;
                    tx.save_flow_draft(&sheet).await?;
                    let detail = json!({ "key": key, "base": seen_version });
                    tx.note(flow_note(
                        &ctx,
                        "flow.draft_rebased",
                        ("flow_draft", sheet.draft.id),
                        detail,
                    ));
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }
}

/// Whoever names a new flow may get a name that is taken; version 0 says that it was meant to be new.
fn empty(ctx: &Ctx, name: &str) -> Result<Draft> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Error::invalid(
            "name",
            "Write a name of at most 120 characters.",
        ));
    }
    let key = slug_of(name, "flow");
    let key = if is_flow_key(&key) {
        key
    } else {
        format!("flow-{key}")
    };
    Ok(Draft {
        version: 0,
        ..Draft::named(Uuid::nil(), ctx.merchant_id(), &key, name)
    })
}

/// No document grows without end.
fn fits(draft: &Draft) -> Result<()> {
    let bytes = serde_json::to_vec(draft).map_err(Error::internal)?.len();
    if bytes <= MAX_FLOW_BYTES {
        return Ok(());
    }
    Err(Error::invalid(
        "",
        format!(
            "The flow has {} kB; {} kB is the most.",
            bytes / 1024,
            MAX_FLOW_BYTES / 1024
        ),
    ))
}

/// What blocks, as the fields of a refusal, each with its place and what to do.
pub(crate) fn field_errors(faults: &[Fault]) -> Vec<FieldError> {
    faults
        .iter()
        .filter(|fault| fault.blocks())
        .map(|fault| FieldError {
            field: fault.path.clone(),
            sentence: format!("{} {}", fault.sentence, fault.fix),
        })
        .collect()
}

pub(crate) fn refused(faults: &[Fault]) -> Error {
    let mut error = Error::invalid_fields(field_errors(faults));
    if error.fields.len() > 1 {
        error.sentence = format!(
            "{} things keep it from being published.",
            error.fields.len()
        );
    }
    error
}
