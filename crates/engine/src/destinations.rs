//! Destinations: where exports go. Made, changed, tried out, given a new secret, retired.
//!
//! Somebody types the URL, so it is judged before it is kept, by the channel that would have to call
//! it; what its name leads to is judged again at every delivery. The secret that signs is shown when it
//! is made and never again. After a rotation exports carry two signatures for a day, so the other side
//! can switch when it has the time.
//!
//! A destination is never deleted: exports that went there go on saying so. It is *retired*, which is
//! refused as long as a published contract or flow needs it (`connection_needs`).

use std::sync::Arc;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use bytes::Bytes;
use domain::{
    Time,
    access::Action,
    connection::{Destination, SIGNING_OVERLAP_MS},
    owner::Party,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    connections::{name_fault, place},
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Kind, Result},
    port::{DeliveryRequest, StoreExt, Tx},
};

/// The CloudEvents `type` of a message that asks for nothing.
pub const TEST_TYPE: &str = "com.meshline.test";

const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// People paste secrets with and without the padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Clone, Debug)]
pub struct DestinationInput {
    pub key: String,
    pub name: String,
    pub system: String,
    pub party: Party,
    pub url: String,
    /// `whsec_…`; made when absent.
    pub secret: Option<String>,
}

/// What a test message was answered. The body is not part of it: it is the other side's, and whoever may
/// type a URL is not meant to read pages through us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestAnswer {
    pub status: Option<u16>,
    pub duration_ms: i64,
    /// Why there is no answer, in plain words.
    pub error: Option<String>,
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

fn is_key(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=60).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_system(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

/// A chosen signing secret, or what is wrong with it. Empty is none.
fn chosen_secret(text: Option<String>) -> Result<Option<String>, FieldError> {
    let text = text.map(|text| text.trim().to_owned());
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let encoded = text.strip_prefix(SECRET_PREFIX).ok_or_else(|| {
        fault(
            "secret",
            "A signing secret (Standard Webhooks) starts with whsec_. Leave the field empty to have one made.",
        )
    })?;
    let bytes = LENIENT.decode(encoded).map_or(0, |bytes| bytes.len());
    if SECRET_BYTES.contains(&bytes) {
        return Ok(Some(text));
    }
    Err(fault(
        "secret",
        "After whsec_ there have to be 24 to 64 bytes in Base64. Leave the field empty to have one made.",
    ))
}

impl Engine {
    fn url_fault(&self, url: &str) -> Option<FieldError> {
        self.channel.refuses(url).map(|why| fault("url", why))
    }

    pub(crate) fn new_signing_secret(&self) -> String {
        let mut random = [0_u8; 32];
        self.ids.fill(&mut random);
        format!("{SECRET_PREFIX}{}", STANDARD.encode(random))
    }

    /// In the clear, the newest first: the one before only while the overlap lasts.
    pub(crate) fn signing_secrets(&self, one: &Destination, now: Time) -> Result<Vec<String>> {
        let open = |column, sealed: &[u8]| {
            let at = place(one.merchant_id, "destinations", one.id, column);
            String::from_utf8(self.vault.open(at, sealed)?)
                .map_err(|_| Error::internal("a destination's secret is not text"))
        };
        let mut secrets = vec![open("secret", &one.sealed_secret)?];
        if let Some(sealed) = &one.sealed_previous
            && one.previous_until.is_some_and(|until| now < until)
        {
            secrets.push(open("previous", sealed)?);
        }
        Ok(secrets)
    }

    /// Returns the destination and its signing secret.
    pub async fn create_destination(
        &self,
        ctx: &Ctx,
        input: DestinationInput,
    ) -> Result<(Destination, String)> {
        ctx.require(Action::ManageConnections)?;
        let [key, name, system, url] =
            [&input.key, &input.name, &input.system, &input.url].map(|text| text.trim().to_owned());
        let mut faults: Vec<FieldError> = name_fault(&name).into_iter().collect();
        if !is_key(&key) {
            faults.push(fault(
                "key",
                "Write a key of at most 60 small letters, digits and hyphens, such as harbor-3pl.",
            ));
        }
        if !is_system(&system) {
            faults.push(fault(
                "system",
                "Name the kind of system in one word of at most 40 letters, such as oms, wms or 3pl.",
            ));
        }
        faults.extend(self.url_fault(&url));
        let chosen = chosen_secret(input.secret).unwrap_or_else(|wrong| {
            faults.push(wrong);
            None
        });
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        // its secret is shown
        ctx.require_fresh_proof()?;
        let secret = chosen.unwrap_or_else(|| self.new_signing_secret());
        let id = self.uuid();
        let at = place(ctx.merchant_id(), "destinations", id, "secret");
        let destination = Destination {
            id,
            merchant_id: ctx.merchant_id(),
            key,
            name,
            system,
            party: input.party,
            url,
            sealed_secret: self.vault.seal(&*self.ids, at, secret.as_bytes())?,
            sealed_previous: None,
            previous_until: None,
            staging_url: None,
            retired_at: None,
            created_at: ctx.now(),
            rev: 0,
        };
        let note = Self::connection_note(
            ctx,
            "destination.created",
            "destination",
            id,
            json!({ "key": destination.key, "url": destination.url }),
        );
        let row = destination.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let all = tx.destinations(row.merchant_id).await?;
                    if let Some(other) = all.iter().find(|one| one.key == row.key) {
                        return Err(Error::invalid(
                            "key",
                            format!("“{}” has this key already; choose another.", other.name),
                        ));
                    }
                    tx.insert_destination(&row).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok((destination, secret))
    }

    /// A change of one destination together with its audit entry.
    async fn change_destination<F>(
        &self,
        ctx: &Ctx,
        id: Uuid,
        action: &'static str,
        change: F,
    ) -> Result<Destination>
    where
        F: for<'a> FnOnce(
                &'a mut dyn Tx,
                &'a mut Destination,
            ) -> futures::future::BoxFuture<'a, Result<Value>>
            + Send
            + 'static,
    {
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut one = tx
                        .destination(ctx.merchant_id(), id)
                        .await?
                        .ok_or_else(|| Error::not_found("destination"))?;
                    let before = one.clone();
                    let detail = change(tx, &mut one).await?;
                    if one != before {
                        tx.save_destination(&one).await?;
                        tx.note(Self::connection_note(
                            &ctx,
                            action,
                            "destination",
                            id,
                            detail,
                        ));
                        one.rev += 1;
                    }
                    Ok(one)
                })
            })
            .await
    }

    /// Another name or URL. The key stays: contracts name the destination by it. Where customers’ data goes changes by
    /// the URL, so that takes a fresh proof.
    pub async fn update_destination(
        &self,
        ctx: &Ctx,
        id: Uuid,
        name: &str,
        url: &str,
    ) -> Result<Destination> {
        ctx.require(Action::ManageConnections)?;
        let (name, url) = (name.trim().to_owned(), url.trim().to_owned());
        let faults: Vec<FieldError> = name_fault(&name)
            .into_iter()
            .chain(self.url_fault(&url))
            .collect();
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let by = ctx.clone();
        self.change_destination(ctx, id, "destination.updated", move |_, one| {
            Box::pin(async move {
                if one.url != url {
                    by.require_fresh_proof()?;
                }
                let was = json!({ "name": one.name, "url": one.url });
                (one.name, one.url) = (name, url);
                Ok(json!({ "was": was, "is": { "name": one.name, "url": one.url } }))
            })
        })
        .await
    }

    /// A new secret; for a day exports are signed with the old one as well.
    pub async fn rotate_destination_secret(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        chosen: Option<String>,
    ) -> Result<(Destination, String)> {
        ctx.require(Action::ManageConnections)?;
        ctx.require_fresh_proof()?;
        let chosen = chosen_secret(chosen).map_err(|wrong| Error::invalid_fields(vec![wrong]))?;
        let secret = chosen.unwrap_or_else(|| self.new_signing_secret());
        let at = place(ctx.merchant_id(), "destinations", id, "secret");
        let sealed = self.vault.seal(&*self.ids, at, secret.as_bytes())?;
        let engine = Arc::clone(self);
        let until = ctx.now().plus_ms(SIGNING_OVERLAP_MS);
        let rotated = self
            .change_destination(ctx, id, "destination.secret_rotated", move |_, one| {
                Box::pin(async move {
                    let whose = (one.merchant_id, "destinations", one.id);
                    one.sealed_previous = Some(engine.as_previous(whose, &one.sealed_secret)?);
                    one.previous_until = Some(until);
                    one.sealed_secret = sealed;
                    Ok(json!({ "previous_until": until }))
                })
            })
            .await?;
        Ok((rotated, secret))
    }

    /// Nothing is sent there any more. Refused while a published contract or flow needs it.
    pub async fn retire_destination(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<Destination> {
        ctx.require(Action::ManageConnections)?;
        let (engine, by, now) = (Arc::clone(self), ctx.clone(), ctx.now());
        self.change_destination(ctx, id, "destination.retired", move |tx, one| {
            Box::pin(async move {
                if one.retired_at.is_none() {
                    engine.refuse_while_needed(tx, &by, one.id).await?;
                }
                one.retired_at.get_or_insert(now);
                Ok(json!({ "key": one.key }))
            })
        })
        .await
    }

    /// Where each export goes as a trial first; empty: there is no such place. Another one takes a fresh proof: it gets
    /// what the destination gets.
    pub async fn set_staging(&self, ctx: &Ctx, id: Uuid, url: &str) -> Result<Destination> {
        ctx.require(Action::ManageConnections)?;
        let url = Some(url.trim().to_owned()).filter(|url| !url.is_empty());
        if let Some(wrong) = url.as_deref().and_then(|url| self.url_fault(url)) {
            return Err(Error::invalid("staging_url", wrong.sentence));
        }
        let by = ctx.clone();
        self.change_destination(ctx, id, "destination.changed", move |_, one| {
            Box::pin(async move {
                if url.is_some() && one.staging_url != url {
                    by.require_fresh_proof()?;
                }
                if url.as_ref() == Some(&one.url) {
                    return Err(Error::invalid(
                        "staging_url",
                        "This is where the real ones go: a trial needs another address.",
                    ));
                }
                let before = std::mem::replace(&mut one.staging_url, url);
                Ok(json!({ "key": one.key, "staging_url": [before, one.staging_url] }))
            })
        })
        .await
    }

    pub async fn resume_destination(&self, ctx: &Ctx, id: Uuid) -> Result<Destination> {
        ctx.require(Action::ManageConnections)?;
        self.change_destination(ctx, id, "destination.resumed", move |_, one| {
            Box::pin(async move {
                one.retired_at = None;
                Ok(json!({ "key": one.key }))
            })
        })
        .await
    }

    /// Sends a signed message that asks for nothing, by the same way as an export.
    pub async fn test_destination(&self, ctx: &Ctx, id: Uuid) -> Result<TestAnswer> {
        ctx.require(Action::ManageConnections)?;
        let one = self
            .store
            .reads()
            .await?
            .destination(ctx.merchant_id(), id)
            .await?
            .ok_or_else(|| Error::not_found("destination"))?;
        if one.retired_at.is_some() {
            return Err(Error::new(
                Kind::Conflict,
                "This destination is retired; take it back into use first.",
            ));
        }
        let now = self.now();
        let message = self.uuid();
        let body = json!({
            "specversion": "1.0",
            "id": message,
            "source": format!("{}/m/{}", self.public_url, ctx.merchant().slug),
            "type": TEST_TYPE,
            "time": now,
            "datacontenttype": "application/json",
            "data": {
                "test": true,
                "merchant_id": ctx.merchant_id(),
                "destination": one.key,
                "note": "A test: nothing has to be done. Answer 2xx when the signature holds.",
            },
        });
        let mut span = [0_u8; 8];
        self.ids.fill(&mut span);
        let request = DeliveryRequest {
            url: one.url.clone(),
            webhook_id: format!("msg_{}", message.simple()),
            secrets: self.signing_secrets(&one, now)?,
            body: Bytes::from(body.to_string()),
            traceparent: format!("00-{}-{}-01", ctx.trace_id(), hex::encode(span)),
            now,
            is_trial: true,
        };
        let answer = self.channel.deliver(request).await;
        let said = TestAnswer {
            status: answer.status,
            duration_ms: answer.duration_ms,
            error: answer.error,
        };
        let note = Self::connection_note(
            ctx,
            "destination.tested",
            "destination",
            id,
            json!({ "http_status": said.status, "error": said.error, "duration_ms": said.duration_ms }),
        );
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok(said)
    }
}
