//! Is this delivery from the shop?
//!
//! Shopify signs the raw body and nothing else: base64(HMAC-SHA256(client secret, body)). Two header
//! sets are in use, `X-Shopify-*` and the newer un-prefixed `shopify-*`; which headers each one must
//! carry follows Shopify's own validator. A header given twice is refused, because two readers
//! could pick different ones. Whatever the headers say (topic, shop, time) is unsigned: it routes
//! and describes, and is never a reason to trust.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::Time;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

use super::canonical_topic;

/// What the headers of an authentic delivery say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// In its canonical spelling, `orders/create`.
    pub topic: String,
    /// Repeated by every retry of the same delivery.
    pub webhook_id: String,
    pub shop_domain: String,
    /// Shared by all deliveries of one action of the merchant: to correlate, never to deduplicate.
    pub event_id: Option<String>,
    pub triggered_at: Option<Time>,
    pub api_version: String,
    /// Unique within one source.
    pub dedup_key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    #[error("the header {0} is missing or empty")]
    Missing(&'static str),
    #[error("the header {0} was given more than once")]
    Repeated(&'static str),
    #[error("the header {0} is not readable")]
    Unreadable(&'static str),
    #[error("both sets of Shopify headers were given")]
    BothSets,
    #[error("the signature does not match the body")]
    Signature,
}

/// The names of one header set.
struct Names {
    hmac: &'static str,
    topic: &'static str,
    shop: &'static str,
    api_version: &'static str,
    webhook_id: &'static str,
    event_id: &'static str,
    event_id_required: bool,
    triggered_at: &'static str,
    action: Option<&'static str>,
}

const CLASSIC: Names = Names {
    hmac: "x-shopify-hmac-sha256",
    topic: "x-shopify-topic",
    shop: "x-shopify-shop-domain",
    api_version: "x-shopify-api-version",
    webhook_id: "x-shopify-webhook-id",
    event_id: "x-shopify-event-id",
    event_id_required: false,
    triggered_at: "x-shopify-triggered-at",
    action: None,
};

const EVENTS: Names = Names {
    hmac: "shopify-hmac-sha256",
    topic: "shopify-topic",
    shop: "shopify-shop-domain",
    api_version: "shopify-api-version",
    webhook_id: "shopify-webhook-id",
    event_id: "shopify-event-id",
    event_id_required: true,
    triggered_at: "shopify-triggered-at",
    action: Some("shopify-action"),
};

/// Longer than anything Shopify sends; these values end up in keys and on pages.
const LONGEST_BYTES: usize = 255;

/// Checks one delivery against the secrets that are valid now: the current one, and for a while
/// after a rotation the one before it.
pub fn verify(
    secrets: &[&[u8]],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Delivery, VerifyError> {
    let names = match (
        headers.contains_key(CLASSIC.hmac),
        headers.contains_key(EVENTS.hmac),
    ) {
        (true, true) => return Err(VerifyError::BothSets),
        (false, true) => &EVENTS,
        (_, false) => &CLASSIC,
    };
    let claimed = required(headers, names.hmac)?;
    let topic = required(headers, names.topic)?;
    let shop_domain = required(headers, names.shop)?;
    let api_version = required(headers, names.api_version)?;
    let webhook_id = required(headers, names.webhook_id)?;
    let event_id = optional(headers, names.event_id)?;
    if names.event_id_required && event_id.is_none() {
        return Err(VerifyError::Missing(names.event_id));
    }
    let action = names
        .action
        .map_or(Ok(None), |action| optional(headers, action))?;
    let triggered_at = optional(headers, names.triggered_at)?;

    let claimed = STANDARD
        .decode(claimed)
        .map_err(|_| VerifyError::Signature)?;
    // Every secret is tried to the end, so the time taken does not tell which one fitted.
    let authentic = secrets.iter().fold(Choice::from(0), |found, secret| {
        found | digest(secret, body).map_or(Choice::from(0), |digest| digest.ct_eq(&claimed))
    });
    if !bool::from(authentic) {
        return Err(VerifyError::Signature);
    }

    let topic = canonical_topic(topic, action);
    Ok(Delivery {
        dedup_key: format!("{topic} {webhook_id}"),
        topic,
        webhook_id: webhook_id.to_owned(),
        shop_domain: shop_domain.to_owned(),
        event_id: event_id.map(str::to_owned),
        // unsigned and only descriptive: one we cannot read is as good as none
        triggered_at: triggered_at.and_then(|at| at.parse().ok()),
        api_version: api_version.to_owned(),
    })
}

/// The signature's bytes. `None` for an empty secret, with which anybody could sign.
pub(super) fn digest(secret: &[u8], body: &[u8]) -> Option<[u8; 32]> {
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(body);
    Some(mac.finalize().into_bytes().into())
}

fn required<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, VerifyError> {
    optional(headers, name)?.ok_or(VerifyError::Missing(name))
}

/// The header's only value, if it is there and says anything.
fn optional<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, VerifyError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(VerifyError::Repeated(name));
    }
    let value = value
        .to_str()
        .map_err(|_| VerifyError::Unreadable(name))?
        .trim();
    if value.len() > LONGEST_BYTES || value.contains(char::is_whitespace) {
        return Err(VerifyError::Unreadable(name));
    }
    Ok(Some(value).filter(|value| !value.is_empty()))
}
