//! Sources: connections in, and their secrets. A secret is shown when it is made and never again.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    connection::{DEFAULT_MAX_BODY_BYTES, Destination, ROTATION_OVERLAP_MS, Source},
    owner::Owner,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    port::{AuditNote, StoreExt},
    vault::Place,
};

/// A source, and the one time its secret is seen.
#[derive(Clone, Debug)]
pub struct NewSource {
    pub source: Source,
    pub secret: String,
}

#[derive(Clone, Debug)]
pub struct SourceInput {
    pub system: String,
    pub name: String,
    /// Taken when the other side chose it (Shopify's client secret); made otherwise.
    pub secret: Option<String>,
    pub owner: Owner,
    pub backup: Owner,
}

/// What is wrong with the name of a connection.
pub(crate) fn name_fault(name: &str) -> Option<FieldError> {
    let is_fine =
        !name.is_empty() && name.chars().count() <= 80 && !name.chars().any(char::is_control);
    (!is_fine).then(|| FieldError {
        field: "name".to_owned(),
        sentence: "Give it a name of at most 80 characters.".to_owned(),
    })
}

/// The secret that the other side chose, or what is wrong with it. Empty is none.
fn chosen_secret(text: Option<String>) -> Result<Option<String>, FieldError> {
    let text = text.map(|text| text.trim().to_owned());
    let text = text.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.len() < 8) {
        return Err(FieldError {
            field: "secret".to_owned(),
            sentence: "A secret of fewer than 8 characters protects nothing.".to_owned(),
        });
    }
    Ok(text)
}

pub(crate) fn place(
    merchant_id: Uuid,
    table: &'static str,
    row_id: Uuid,
    column: &'static str,
) -> Place<'static> {
    Place {
        merchant_id,
        table,
        row_id,
        column,
    }
}

impl Engine {
    fn random_text(&self, bytes: usize) -> String {
        let mut random = vec![0_u8; bytes];
        self.ids.fill(&mut random);
        hex::encode(random)
    }

    /// A connection's secret of now, sealed for the place of the one before: another one takes its own.
    pub(crate) fn as_previous(
        &self,
        (merchant_id, table, id): (Uuid, &'static str, Uuid),
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        let at = |column| place(merchant_id, table, id, column);
        let secret = self.vault.open(at("secret"), sealed)?;
        self.vault.seal(&*self.ids, at("previous"), &secret)
    }

    pub(crate) fn connection_note(
        ctx: &Ctx,
        action: &str,
        kind: &'static str,
        id: Uuid,
        detail: serde_json::Value,
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

    pub async fn create_source(&self, ctx: &Ctx, input: SourceInput) -> Result<NewSource> {
        ctx.require(Action::ManageConnections)?;
        let mut faults = Vec::new();
        if !self.connectors.contains_key(input.system.as_str()) {
            faults.push(FieldError {
                field: "system".to_owned(),
                sentence: format!("Meshline does not speak {:?} yet.", input.system),
            });
        }
        let name = input.name.trim();
        faults.extend(name_fault(name));
        let secret = chosen_secret(input.secret).unwrap_or_else(|wrong| {
            faults.push(wrong);
            None
        });
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        // its secret is shown
        ctx.require_fresh_proof()?;
        let secret = secret.unwrap_or_else(|| self.random_text(32));
        let id = self.uuid();
        let at = place(ctx.merchant_id(), "sources", id, "secret");
        let source = Source {
            id,
            merchant_id: ctx.merchant_id(),
            system: input.system,
            name: name.to_owned(),
            path: self.random_text(16),
            sealed_secret: self.vault.seal(&*self.ids, at, secret.as_bytes())?,
            sealed_previous: None,
            previous_until: None,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            owner: input.owner,
            backup: input.backup,
            disabled_at: None,
            created_at: ctx.now(),
            rev: 0,
        };
        let note = Self::connection_note(
            ctx,
            "source.created",
            "source",
            id,
            json!({ "system": source.system, "name": source.name }),
        );
        let row = source.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_source(&row).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok(NewSource { source, secret })
    }

    /// A new secret; the old one is still good for an hour, as senders switch late.
    pub async fn rotate_source_secret(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        chosen: Option<String>,
    ) -> Result<NewSource> {
        ctx.require(Action::ManageConnections)?;
        ctx.require_fresh_proof()?;
        let chosen = chosen_secret(chosen).map_err(|wrong| Error::invalid_fields(vec![wrong]))?;
        let secret = chosen.unwrap_or_else(|| self.random_text(32));
        let merchant_id = ctx.merchant_id();
        let sealed = self.vault.seal(
            &*self.ids,
            place(merchant_id, "sources", id, "secret"),
            secret.as_bytes(),
        )?;
        let (engine, until) = (Arc::clone(self), ctx.now().plus_ms(ROTATION_OVERLAP_MS));
        let source = self
            .change_source(ctx, id, "source.secret_rotated", move |source| {
                let previous =
                    engine.as_previous((merchant_id, "sources", id), &source.sealed_secret)?;
                source.sealed_previous = Some(previous);
                source.previous_until = Some(until);
                source.sealed_secret = sealed;
                Ok(json!({ "previous_until": until }))
            })
            .await?;
        Ok(NewSource { source, secret })
    }

    /// All of a merchant's: sources in, destinations out.
    pub async fn connections(&self, ctx: &Ctx) -> Result<(Vec<Source>, Vec<Destination>)> {
        ctx.read(Noun::Connection)?;
        let mut reads = self.store.reads().await?;
        Ok((
            reads.sources(ctx.merchant_id()).await?,
            reads.destinations(ctx.merchant_id()).await?,
        ))
    }

    /// A change of one source together with its audit entry.
    async fn change_source(
        &self,
        ctx: &Ctx,
        id: Uuid,
        action: &'static str,
        change: impl FnOnce(&mut Source) -> Result<Value> + Send + 'static,
    ) -> Result<Source> {
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut source = tx
                        .source(ctx.merchant_id(), id)
                        .await?
                        .ok_or_else(|| Error::not_found("source"))?;
                    let before = source.clone();
                    let detail = change(&mut source)?;
                    if source != before {
                        tx.save_source(&source).await?;
                        tx.note(Self::connection_note(&ctx, action, "source", id, detail));
                        source.rev += 1;
                    }
                    Ok(source)
                })
            })
            .await
    }

    /// Another name, and who is asked when something arrives that does not fit.
    pub async fn update_source(
        &self,
        ctx: &Ctx,
        id: Uuid,
        name: &str,
        owner: &str,
        backup: &str,
    ) -> Result<Source> {
        ctx.require(Action::ManageConnections)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let name = name.trim().to_owned();
        let mut faults: Vec<FieldError> = name_fault(&name).into_iter().collect();
        // whoever it is already may stay, though nobody holds that role yet: at a new merchant nobody does
        let now = rules.sources.iter().find(|source| source.id == id);
        let stays =
            |owner: &Owner| now.is_some_and(|now| [&now.owner, &now.backup].contains(&owner));
        let mut named = |field: &str, text: &str| {
            let owner = text.trim().parse::<Owner>().ok();
            let found = owner.filter(|owner| {
                !matches!(owner, Owner::System(_)) && (rules.resolves(owner) || stays(owner))
            });
            if found.is_none() {
                faults.push(FieldError {
                    field: field.to_owned(),
                    sentence: "Choose somebody who is active here.".to_owned(),
                });
            }
            found
        };
        let (owner, backup) = (named("owner", owner), named("backup", backup));
        if owner.is_some() && owner == backup {
            faults.push(FieldError {
                field: "backup".to_owned(),
                sentence: "The backup is asked when the owner is silent: choose another."
                    .to_owned(),
            });
        }
        let (Some(owner), Some(backup), true) = (owner, backup, faults.is_empty()) else {
            return Err(Error::invalid_fields(faults));
        };
        self.change_source(ctx, id, "source.updated", move |source| {
            let was =
                json!({ "name": source.name, "owner": source.owner, "backup": source.backup });
            (source.name, source.owner, source.backup) = (name, owner, backup);
            Ok(json!({
                "was": was,
                "is": { "name": source.name, "owner": source.owner, "backup": source.backup },
            }))
        })
        .await
    }

    /// Off: what is sent to its address is answered as if there were no such source, and not kept. Refused
    /// while a published flow needs what only this source says.
    pub async fn switch_source(self: &Arc<Self>, ctx: &Ctx, id: Uuid, on: bool) -> Result<Source> {
        ctx.require(Action::ManageConnections)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let source = tx.source(merchant, id).await?;
                    let mut source = source.ok_or_else(|| Error::not_found("source"))?;
                    if on == source.disabled_at.is_none() {
                        return Ok(source);
                    }
                    if !on {
                        engine.refuse_while_needed(tx, &ctx, id).await?;
                    }
                    source.disabled_at = (!on).then_some(ctx.now());
                    tx.save_source(&source).await?;
                    let action = if on {
                        "source.enabled"
                    } else {
                        "source.disabled"
                    };
                    let detail = json!({ "name": source.name });
                    tx.note(Self::connection_note(&ctx, action, "source", id, detail));
                    source.rev += 1;
                    Ok(source)
                })
            })
            .await
    }

    /// Sends the source an event as its system would, signed with its secret and marked as a test, and
    /// takes it in by the same door as any other. Returns the receipt to watch.
    pub async fn send_test_event(&self, ctx: &Ctx, id: Uuid) -> Result<Uuid> {
        let (source, secret) = self.source_secret(ctx, id).await?;
        let door = self.open_door(&source.path).await?;
        let test = door
            .connector()
            .test_delivery(&secret, ctx.now(), self.ids.random());
        let trace_id = Some(ctx.trace_id().to_owned());
        let (receipt_id, _) = self
            .receive(&door, &test.headers, test.body, trace_id)
            .await?;
        let note = Self::connection_note(
            ctx,
            "source.tested",
            "source",
            source.id,
            json!({ "receipt_id": receipt_id }),
        );
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok(receipt_id)
    }

    /// A source's secret in the clear, for the test event we send to ourselves.
    async fn source_secret(&self, ctx: &Ctx, id: Uuid) -> Result<(Source, Vec<u8>)> {
        ctx.require(Action::ManageConnections)?;
        let source = self
            .store
            .reads()
            .await?
            .source(ctx.merchant_id(), id)
            .await?
            .ok_or_else(|| Error::not_found("source"))?;
        let secret = self.vault.open(
            place(ctx.merchant_id(), "sources", id, "secret"),
            &source.sealed_secret,
        )?;
        Ok((source, secret))
    }
}
