//! The sending side, as Shopify does it: for the stand-in sender and for tests.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::verify::digest;

const API_VERSION: &str = "2025-10";

/// The value of `X-Shopify-Hmac-Sha256`. Empty for an empty secret, which no receiver accepts.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    digest(secret, body).map_or_else(String::new, |digest| STANDARD.encode(digest))
}

/// The headers Shopify sends with a classic delivery. `webhook_id` is what a retry repeats.
pub fn headers(
    topic: &str,
    shop: &str,
    webhook_id: &str,
    secret: &[u8],
    body: &[u8],
) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "application/json".to_owned()),
        ("x-shopify-topic", topic.to_owned()),
        ("x-shopify-hmac-sha256", sign(secret, body)),
        ("x-shopify-shop-domain", shop.to_owned()),
        ("x-shopify-api-version", API_VERSION.to_owned()),
        ("x-shopify-webhook-id", webhook_id.to_owned()),
    ]
}
