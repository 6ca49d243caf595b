//! Overriding a live export: a new version in the words of a person, who says why and signs for it.
//!
//! The new version goes through the same gates and asks for the same approvals as any other; whoever wrote it is
//! its author and approves nothing of it. Content that does not pass is refused, and nothing is changed: a person
//! is there to correct it. The old version is superseded, at the destination as well: the new one goes out with
//! `supersedes`, and with an idempotency key of its own where the old one may have been executed.
//!
//! A person's key is made when they first need one. It is sealed like any secret, opened for the moment of
//! signing only, and used by nobody but them: each override asks for a proof of the last ten minutes that it is them.

use std::{cmp::Reverse, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Time,
    access::{Action, Noun},
    approval::{ApprovalState, Needed},
    canonical::ambiguous,
    export::{Export, ExportState, QaStatus, content_hash},
    overriding::{Overridden, Statement, Version, key_id},
};
use ed25519_dalek::{Signer, SigningKey};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    draft::Draft,
    engine::Engine,
    error::{Error, FieldError, Result},
    port::{Ids, PersonKeyRow, StoreExt},
    sessions::Oneself,
    vault::{Place, Vault},
    work::Work,
};

const RACES: usize = 8;
/// Letters of a justification.
pub const MAX_JUSTIFICATION: usize = 1_000;
/// An override is a few fields; what is larger belongs to the facts.
const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// As a form or a body has it.
#[derive(Clone, Debug, PartialEq)]
pub struct OverrideInput {
    pub payload: Value,
    pub justification: String,
    /// The content that the person saw and changes.
    pub seen_hash: String,
}

/// What somebody's signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonKey {
    pub user_id: Uuid,
    pub key_id: String,
    /// Base64.
    pub public_key: String,
    pub since: Time,
}

impl From<PersonKeyRow> for PersonKey {
    fn from(row: PersonKeyRow) -> Self {
        Self {
            user_id: row.user_id,
            key_id: key_id(&row.public_key),
            public_key: STANDARD.encode(&row.public_key),
            since: row.created_at,
        }
    }
}

fn place(user: Uuid) -> Place<'static> {
    Place {
        merchant_id: user,
        table: "person_keys",
        row_id: user,
        column: "private",
    }
}

/// The private half of a person’s key, as it lies in its row.
pub fn seal_key(vault: &Vault, ids: &dyn Ids, user: Uuid, seed: &[u8; 32]) -> Result<Vec<u8>> {
    vault.seal(ids, place(user), seed)
}

/// Opens it for the moment of signing.
pub fn open_key(vault: &Vault, user: Uuid, sealed: &[u8]) -> Result<SigningKey> {
    let seed: [u8; 32] = vault
        .open(place(user), sealed)?
        .try_into()
        .map_err(|_| Error::internal("a person's key has another length"))?;
    Ok(SigningKey::from_bytes(&seed))
}

impl Engine {
    /// Changes what a live export says. The new version, as it stands.
    pub async fn override_export(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        input: OverrideInput,
    ) -> Result<Export> {
        ctx.require(Action::Override)?;
        ctx.member()?;
        check(&input)?;
        ctx.require_fresh_proof()?;
        for _ in 0..RACES {
            match self.override_once(ctx, export_id, input.clone()).await {
                Err(error) if error.raced => tokio::task::yield_now().await,
                done => return done,
            }
        }
        self.override_once(ctx, export_id, input).await
    }

    async fn override_once(
        self: &Arc<Self>,
        ctx: &Ctx,
        export_id: Uuid,
        input: OverrideInput,
    ) -> Result<Export> {
        let user = ctx.member()?.0.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let old = work.export(export_id).await?;
                    work.override_export(old, user, input).await
                })
            })
            .await
    }

    /// What the signatures of this merchant’s people are checked with, for whoever reads the trail.
    pub async fn public_keys(&self, ctx: &Ctx) -> Result<Vec<PersonKey>> {
        ctx.read(Noun::Audit)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let mut reads = self.store.reads().await?;
        let mut found = Vec::new();
        for (user, _) in &rules.members {
            found.extend(reads.person_key(user.id).await?.map(PersonKey::from));
        }
        Ok(found)
    }

    /// One’s own, once one has signed something.
    pub async fn own_public_key(&self, oneself: &Oneself) -> Result<Option<PersonKey>> {
        let mut reads = self.store.reads().await?;
        Ok(reads
            .person_key(oneself.user.id)
            .await?
            .map(PersonKey::from))
    }
}

/// What can be said of it without looking at the export.
fn check(input: &OverrideInput) -> Result<()> {
    let why = input.justification.trim();
    let mut faults = Vec::new();
    let mut fault = |field: &str, sentence: &str| {
        faults.push(FieldError {
            field: field.to_owned(),
            sentence: sentence.to_owned(),
        });
    };
    if why.is_empty() {
        fault(
            "justification",
            "Say why it is changed; it stands in the trail under your signature.",
        );
    } else if why.chars().count() > MAX_JUSTIFICATION {
        fault("justification", "At most 1000 letters.");
    }
    if !input.payload.is_object() {
        fault("payload", "Write a JSON object: { \"field\": value }.");
    } else if input.payload.to_string().len() > MAX_PAYLOAD_BYTES {
        fault("payload", "At most 256 KiB.");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(faults))
    }
}

impl Work<'_> {
    async fn override_export(
        &mut self,
        mut old: Export,
        user: Uuid,
        input: OverrideInput,
    ) -> Result<Export> {
        self.trace_id.clone_from(&old.trace_id);
        if !old.state.is_live() {
            return Err(Error::conflict(format!(
                "It is {} and cannot be changed any more.",
                old.state.words()
            )));
        }
        if old.content_is_gone() {
            return Err(Error::conflict(
                "Its content was removed under a retention rule; there is nothing left to change.",
            ));
        }
        if input.seen_hash != old.content_hash {
            return Err(Error::conflict(
                "What you saw is not what it says now: look again before you change it.",
            ));
        }
        if input.payload == old.payload {
            return Err(Error::invalid("payload", "Nothing in it is changed."));
        }
        if let Some((pointer, sentence)) = ambiguous(&input.payload)
            && old.payload.pointer(&pointer) != input.payload.pointer(&pointer)
        {
            return Err(Error::invalid(&format!("payload{pointer}"), sentence));
        }
        let rules = Arc::clone(&self.rules);
        let contract = rules.contract(&old.export_type).cloned().ok_or_else(|| {
            Error::conflict(
                "Its contract is not in use any more, so nothing new can be made under it.",
            )
        })?;
        self.fits(&contract, &input.payload).await?;
        let run = self
            .tx
            .run(old.merchant_id, old.run_id)
            .await?
            .ok_or_else(|| Error::internal(format!("export {} has lost its run", old.id)))?;
        let subject = self.subject_of(&run).await?;
        let (facts, by_facts) = self.draft(&contract, &subject, &run, Some(&old)).await?;
        let facts_hash = content_hash(&facts.payload, contract.id, &contract.version, None);
        let draft = Draft {
            payload: input.payload,
            author: Some(user),
            also_authors: wrote_before(&old, &facts, user),
            // what it says now is looked at as well
            total: None,
            ..facts
        };
        let by_words = self.needed(&contract, &subject, &draft, Some(&old)).await?;
        let needed = stricter(by_facts, by_words);
        let why = input.justification.trim().to_owned();
        let reason = needed.reason.clone();
        let mut export = self.new_export(&run, &old.step_key, &contract, draft, reason)?;
        export.version = old.version + 1;
        export.supersedes = Some(old.id);
        export.trace_id.clone_from(&old.trace_id);
        export.rationale = format!("{}; overridden: {why}", export.rationale);
        if !old.state.is_before_dispatch() {
            export.idempotency_key = next_key(&old.idempotency_key, export.version);
        }
        let key = self.signing_key(user).await?;
        let public = key.verifying_key().to_bytes();
        export.overridden = Some(Overridden {
            by: user,
            at: self.now,
            why: why.clone(),
            facts_hash,
            key_id: key_id(&public),
        });
        let was = old.state;
        self.close_approvals(old.id, ApprovalState::Superseded)
            .await?;
        self.cancel_tasks_about(old.id, "somebody changed it; a newer version replaced it")
            .await?;
        old.become_state(ExportState::Superseded)?;
        old.superseded_by = Some(export.id);
        self.tx.save_export(&old).await?;
        self.note(
            "export.superseded",
            "export",
            old.id,
            json!({ "by": export.id, "was": was }),
        );
        let statement = Statement {
            merchant_id: export.merchant_id,
            from: version(&old),
            to: version(&export),
            justification: &why,
            user_id: user,
            at: self.now,
        };
        let said = signed(&key, &statement);
        self.note(
            "export.overridden",
            "export",
            export.id,
            json!({
                "supersedes": old.id, "version": export.version, "why": why,
                "before": old.content_hash, "after": export.content_hash,
                "contract_version": export.contract_version, "signature": said,
            }),
        );
        let sentence = format!(
            "“{}” was changed by {}: {why}",
            export.title,
            self.rules.user_name(user).unwrap_or("somebody")
        );
        let id = export.id;
        self.tell_of_export(&old, &sentence).await?;
        self.stop_elsewhere(&old, was, &export, &contract).await?;
        self.check_and_go(export, &contract, &needed, None).await?;
        let made = self.export(id).await?;
        let failed: Vec<FieldError> = made
            .qa
            .iter()
            .filter(|one| one.status == QaStatus::Failed)
            .map(|one| FieldError {
                field: "payload".to_owned(),
                sentence: format!(
                    "The check “{}” fails: {}",
                    one.check,
                    one.detail.as_deref().unwrap_or("no detail")
                ),
            })
            .collect();
        if made.state == ExportState::Quarantined || !failed.is_empty() {
            return Err(Error::invalid_fields(failed));
        }
        Ok(made)
    }

    /// What the contract’s schema says of it, at the place where it is wrong.
    async fn fits(&mut self, contract: &domain::contract::Contract, payload: &Value) -> Result<()> {
        let engine = Arc::clone(&self.engine);
        let validator = engine.schemas.of(contract).await?;
        let faults: Vec<FieldError> = validator
            .iter_errors(payload)
            .take(8)
            .map(|error| misfit(&error))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(faults))
        }
    }

    /// The person’s key; made now, if they have none.
    async fn signing_key(&mut self, user: Uuid) -> Result<SigningKey> {
        let engine = Arc::clone(&self.engine);
        if let Some(row) = self.tx.person_key(user).await? {
            return open_key(&engine.vault, user, &row.sealed_private);
        }
        let mut seed = [0_u8; 32];
        engine.ids.fill(&mut seed);
        let key = SigningKey::from_bytes(&seed);
        let row = PersonKeyRow {
            user_id: user,
            public_key: key.verifying_key().to_bytes().to_vec(),
            sealed_private: seal_key(&engine.vault, &*engine.ids, user, &seed)?,
            created_at: self.now,
        };
        if !self.tx.insert_person_key(&row).await? {
            // made at this very moment, at another surface
            return Err(Error {
                raced: true,
                ..Error::conflict("Your key was just made elsewhere; try again.")
            });
        }
        let public = PersonKey::from(row);
        let detail = json!({ "key_id": public.key_id, "public_key": public.public_key });
        self.note("person.key_made", "person", user, detail);
        Ok(key)
    }
}

/// Who wrote what is changed: what the override leaves as it was is still theirs.
fn wrote_before(old: &Export, facts: &Draft, user: Uuid) -> Vec<Uuid> {
    let authors = old.author.into_iter().chain(facts.author);
    let others = old.also_authors.iter().chain(&facts.also_authors);
    let mut all: Vec<Uuid> = authors.chain(others.copied()).collect();
    all.retain(|one| *one != user);
    all.sort();
    all.dedup();
    all
}

/// What asks for more: nobody gets out of an approval by writing another number.
fn stricter(by_facts: Needed, by_words: Needed) -> Needed {
    let asks = |needed: &Needed| {
        let people: i64 = needed.steps.iter().map(|step| step.needs).sum();
        // of rules that ask as many, the first that holds, as everywhere
        let first = Reverse(needed.rule.unwrap_or(i64::MAX));
        (people, needed.critical, first)
    };
    if asks(&by_facts) > asks(&by_words) {
        by_facts
    } else {
        by_words
    }
}

fn misfit(error: &ValidationError<'_>) -> FieldError {
    let mut place = error.instance_path().to_string();
    let mut says = format!("{error}.");
    if let ValidationErrorKind::Required { property } = error.kind() {
        let name = property.as_str().unwrap_or_default();
        place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
        "This is missing.".clone_into(&mut says);
    }
    let named = if place.is_empty() {
        "The payload"
    } else {
        &place
    };
    FieldError {
        sentence: format!("{named}: {says}"),
        field: format!("payload{place}"),
    }
}

/// Another command than the one that the destination may have executed.
pub(crate) fn next_key(old: &str, version: i64) -> String {
    let digest = Sha256::digest(format!("{old} overridden as version {version}"));
    format!("mlx_{}", &hex::encode(digest)[..40])
}

fn version(export: &Export) -> Version<'_> {
    Version {
        export_id: export.id,
        version: export.version,
        content_hash: &export.content_hash,
    }
}

/// As it stands in the audit entry: everything that it takes to check it.
pub fn signed(key: &SigningKey, statement: &Statement<'_>) -> Value {
    let line = statement.line();
    let public = key.verifying_key().to_bytes();
    json!({
        "alg": "ed25519",
        "key_id": key_id(&public),
        "public_key": STANDARD.encode(public),
        "signed_sha256": hex::encode(Sha256::digest(&line)),
        "value": STANDARD.encode(key.sign(line.as_bytes()).to_bytes()),
        "signed": line,
    })
}
