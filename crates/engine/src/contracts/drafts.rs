//! The drawing board of contracts: one draft of each export type, on which everybody who may draw works.
//!
//! Whoever saves says which state they changed; when somebody else saved meanwhile, nothing is overwritten and
//! theirs comes back. What cannot be kept at all (a schema that would blow up, a document that is too long) is
//! refused with its place; what merely cannot be published yet is kept, and said.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    contract::{Contract, ERRAND, Publishing, Sheet, Version},
    people::slug_of,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    BeginContract, ContractRail, ContractSaved,
    check::{self, MAX_SAMPLE_BYTES, MOST_SAMPLES, suggested},
    guard,
};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    flow_drafts::{flow_note, person},
    port::{Reads, StoreExt},
    template,
};

/// Longest contract, with its samples.
pub const MAX_CONTRACT_BYTES: usize = 1024 * 1024;
/// Most drafts of one merchant.
const MOST_DRAFTS: usize = 200;

/// `snake_case`, as it stands in addresses and in the type of what is sent.
pub(crate) fn is_export_type(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=60).contains(&text.len())
        && text.bytes().all(plain)
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

/// Refuses what may not be kept, even as a draft.
fn fits(draft: &Contract) -> Result<()> {
    let mut faults = guard::faults(&draft.schema, "schema");
    let bytes = serde_json::to_vec(draft).map_err(Error::internal)?.len();
    let mut say = |field: String, sentence: String| faults.push(FieldError { field, sentence });
    if bytes > MAX_CONTRACT_BYTES {
        let (kb, most) = (bytes / 1024, MAX_CONTRACT_BYTES / 1024);
        say(
            String::new(),
            format!("The contract has {kb} kB; {most} kB is the most."),
        );
    }
    if draft.samples.len() > MOST_SAMPLES {
        say(
            "samples".to_owned(),
            format!("{MOST_SAMPLES} samples are the most."),
        );
    }
    for (index, sample) in draft.samples.iter().enumerate() {
        if sample.payload.to_string().len() > MAX_SAMPLE_BYTES {
            let most = MAX_SAMPLE_BYTES / 1024;
            say(
                format!("samples/{index}"),
                format!("A sample has at most {most} kB."),
            );
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_fields(faults))
}

/// The live version of a type, whether or not it is retired.
pub(super) async fn live(
    reads: &mut (dyn Reads + '_),
    merchant: Uuid,
    export_type: &str,
) -> Result<Option<Contract>> {
    let versions = reads.contract_versions(merchant, export_type).await?;
    Ok(versions.into_iter().next())
}

impl Engine {
    pub async fn contract_drafts(&self, ctx: &Ctx) -> Result<Vec<Sheet>> {
        ctx.read(Noun::Contract)?;
        let mut reads = self.store.reads().await?;
        reads.contract_drafts(ctx.merchant_id()).await
    }

    pub async fn contract_draft(&self, ctx: &Ctx, export_type: &str) -> Result<Sheet> {
        ctx.read(Noun::Contract)?;
        let mut reads = self.store.reads().await?;
        reads
            .contract_draft(ctx.merchant_id(), export_type)
            .await?
            .ok_or_else(|| Error::not_found("draft"))
    }

    /// A draft, and everything that is said of it.
    pub async fn contract_rail(&self, ctx: &Ctx, export_type: &str) -> Result<ContractRail> {
        let sheet = self.contract_draft(ctx, export_type).await?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let mut reads = self.store.reads().await?;
        let live = live(&mut *reads, ctx.merchant_id(), export_type).await?;
        Ok(check::rail(sheet, live, &rules))
    }

    pub async fn begin_contract(
        self: &Arc<Self>,
        ctx: &Ctx,
        begin: BeginContract,
    ) -> Result<Sheet> {
        ctx.require(Action::DrawContracts)?;
        if let BeginContract::Document(draft) = &begin {
            fits(draft)?;
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    // what somebody brings, or brings back, is their change; what is merely opened is not
                    let (draft, is_new, is_change) = match begin {
                        BeginContract::Live(export_type) => {
                            if let Some(sheet) = tx.contract_draft(merchant, &export_type).await? {
                                return Ok(sheet);
                            }
                            let live = live(tx, merchant, &export_type).await?;
                            (live.ok_or_else(|| Error::not_found("contract"))?, false, false)
                        }
                        BeginContract::Version(id) => {
                            let version = tx.contract(merchant, id).await?;
                            (version.ok_or_else(|| Error::not_found("version"))?, false, true)
                        }
                        BeginContract::Empty { export_type, title } => {
                            let making = engine.making(&ctx);
                            let (export_type, title) = named(&export_type, &title)?;
                            (template::blank_contract(&making, &export_type, &title), true, true)
                        }
                        BeginContract::Template(export_type) => {
                            let making = engine.making(&ctx);
                            let made = template::contract(&making, &export_type);
                            (made.ok_or_else(|| Error::not_found("template"))?, true, true)
                        }
                        BeginContract::Document(draft) => (*draft, false, true),
                    };
                    if !is_export_type(&draft.export_type) || draft.export_type.starts_with(ERRAND) {
                        return Err(Error::invalid(
                            "export_type",
                            "An export type has small letters, digits and underscores, beginning with a letter, at most 60.",
                        ));
                    }
                    let live = live(tx, merchant, &draft.export_type).await?;
                    if is_new && live.is_some() {
                        return Err(Error::invalid(
                            "export_type",
                            "There is a contract of this type already: draw its next version.",
                        ));
                    }
                    if tx.contract_drafts(merchant).await?.len() >= MOST_DRAFTS {
                        return Err(Error::conflict(
                            "There are too many drafts here: publish or throw away some first.",
                        ));
                    }
                    let author = person(&ctx);
                    let version = match &live {
                        Some(live) if *live != draft || is_change => suggested(Some(live), &draft),
                        Some(live) => live
                            .version
                            .parse::<Version>()
                            .unwrap_or(Version::FIRST)
                            .next_minor(),
                        None => Version::FIRST,
                    };
                    let sheet = Sheet {
                        merchant_id: merchant,
                        export_type: draft.export_type.clone(),
                        base: live.map(|live| live.version),
                        draft: Contract {
                            id: engine.uuid(),
                            merchant_id: merchant,
                            version: version.to_string(),
                            publishing: Publishing::default(),
                            published_at: ctx.now(),
                            ..draft
                        },
                        authors: author.into_iter().filter(|_| is_change).collect(),
                        edited_by: author,
                        edited_at: ctx.now(),
                        request: None,
                        rev: 1,
                    };
                    if !tx.insert_contract_draft(&sheet).await? {
                        return Err(Error::conflict(
                            "There is a draft of this contract already: publish it or throw it away first.",
                        ));
                    }
                    let detail = json!({ "export_type": sheet.export_type, "base": sheet.base });
                    tx.note(flow_note(
                        &ctx,
                        "contract.draft_begun",
                        ("contract_draft", sheet.draft.id),
                        detail,
                    ));
                    Ok(sheet)
                })
            })
            .await
    }

    /// Keeps a change. Which contract it is and whose is the sheet's and not the caller's. The version follows
    /// what the change deserves, unless somebody chose another.
    pub async fn save_contract_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        base_rev: i64,
        draft: Contract,
    ) -> Result<ContractSaved> {
        ctx.require(Action::DrawContracts)?;
        fits(&draft)?;
        let (ctx, export_type) = (ctx.clone(), export_type.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let sheet = tx
                        .contract_draft(merchant, &export_type)
                        .await?
                        .ok_or_else(|| Error::not_found("draft"))?;
                    if sheet.rev != base_rev {
                        return Ok(ContractSaved::Conflict(Box::new(sheet)));
                    }
                    let live = live(tx, merchant, &export_type).await?;
                    let was_suggested = suggested(live.as_ref(), &sheet.draft).to_string();
                    let version = match draft.version.trim() {
                        text if text.is_empty() || text == was_suggested => {
                            suggested(live.as_ref(), &draft).to_string()
                        }
                        chosen => chosen.to_owned(),
                    };
                    let draft = Contract {
                        id: sheet.draft.id,
                        merchant_id: merchant,
                        export_type: sheet.export_type.clone(),
                        version,
                        publishing: Publishing::default(),
                        published_at: sheet.draft.published_at,
                        ..draft
                    };
                    if draft == sheet.draft {
                        return Ok(ContractSaved::Rev(sheet.rev));
                    }
                    let was_asked = sheet.open_request().is_some();
                    let sheet = sheet.edited(draft, person(&ctx), ctx.now());
                    tx.save_contract_draft(&sheet).await?;
                    let rev = sheet.rev + 1;
                    let detail = json!({
                        "export_type": export_type, "rev": rev, "hash": sheet.hash(),
                        "request": was_asked.then_some("superseded"),
                    });
                    tx.note(flow_note(
                        &ctx,
                        "contract.draft_saved",
                        ("contract_draft", sheet.draft.id),
                        detail,
                    ));
                    Ok(ContractSaved::Rev(rev))
                })
            })
            .await
    }

    /// Throws a draft away; what is published stays as it is.
    pub async fn discard_contract_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        rev: i64,
    ) -> Result<()> {
        ctx.require(Action::DrawContracts)?;
        let (ctx, export_type) = (ctx.clone(), export_type.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let sheet = tx
                        .contract_draft(merchant, &export_type)
                        .await?
                        .ok_or_else(|| Error::not_found("draft"))?;
                    if !tx.delete_contract_draft(merchant, &export_type, rev).await? {
                        return Err(Error::conflict(
                            "Somebody changed the draft after you looked at it. Look again before you throw it away.",
                        ));
                    }
                    let detail = json!({ "export_type": export_type, "draft": sheet.draft });
                    tx.note(flow_note(
                        &ctx,
                        "contract.draft_discarded",
                        ("contract_draft", sheet.draft.id),
                        detail,
                    ));
                    Ok(())
                })
            })
            .await
    }

    /// The draft goes on from what is live now, keeping what it says: somebody published meanwhile, and whoever
    /// calls has seen what is different.
    pub async fn rebase_contract_draft(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_type: &str,
        rev: i64,
        seen_version: &str,
    ) -> Result<Sheet> {
        ctx.require(Action::DrawContracts)?;
        let (ctx, export_type) = (ctx.clone(), export_type.to_owned());
        let seen = seen_version.to_owned();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let sheet = tx
                        .contract_draft(merchant, &export_type)
                        .await?
                        .filter(|sheet| sheet.rev == rev)
                        .ok_or_else(|| {
                            Error::conflict(
                                "Somebody changed the draft after you looked at it. Look again.",
                            )
                        })?;
                    let live = live(tx, merchant, &export_type).await?;
                    let live = live.filter(|live| live.version == seen).ok_or_else(|| {
                        Error::conflict(
                            "Another version was published after you looked. Compare again.",
                        )
                    })?;
                    let version = suggested(Some(&live), &sheet.draft).to_string();
                    let mut sheet = sheet.rebased(seen.clone(), person(&ctx), ctx.now());
                    sheet.draft.version = version;
                    tx.save_contract_draft(&sheet).await?;
                    let detail = json!({ "export_type": export_type, "base": seen });
                    tx.note(flow_note(
                        &ctx,
                        "contract.draft_rebased",
                        ("contract_draft", sheet.draft.id),
                        detail,
                    ));
                    sheet.rev += 1;
                    Ok(sheet)
                })
            })
            .await
    }

    fn making(&self, ctx: &Ctx) -> template::Making {
        template::Making {
            merchant_id: ctx.merchant_id(),
            founder: ctx.user_id().unwrap_or_default(),
            now: ctx.now(),
            ids: std::array::from_fn(|_| self.uuid()),
            ..template::Making::default()
        }
    }
}

/// The type follows the title where none is given.
fn named(export_type: &str, title: &str) -> Result<(String, String)> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > 120 {
        return Err(Error::invalid(
            "title",
            "Write a title of at most 120 characters.",
        ));
    }
    let export_type = match export_type.trim() {
        "" => slug_of(title, "contract").replace('-', "_"),
        given => given.to_owned(),
    };
    Ok((export_type, title.to_owned()))
}
