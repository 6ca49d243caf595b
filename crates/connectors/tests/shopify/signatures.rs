//! Every vector gets its verdict; headers that two readers could read differently are refused.

use std::fs;

use connectors::shopify::{self, Delivery, VerifyError};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{body, collection};

fn header_map<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    map
}

/// Decides every vector and returns how many there were.
fn decide(vectors: &[Value], read: impl Fn(&str) -> Vec<u8>) -> usize {
    for vector in vectors {
        let id = vector["id"].as_str().unwrap();
        let mut bytes = read(vector["file"].as_str().unwrap());
        let mutation = &vector["mutation"];
        if let Some(replace) = mutation["replace"].as_array() {
            bytes = crate::with(
                &bytes,
                replace[0].as_str().unwrap(),
                replace[1].as_str().unwrap(),
            );
        } else if let Some(tail) = mutation["append"].as_str() {
            bytes.extend_from_slice(tail.as_bytes());
        } else if let Some(tail) = mutation["strip_suffix"].as_str() {
            bytes.truncate(bytes.strip_suffix(tail.as_bytes()).unwrap().len());
        }
        assert_eq!(
            hex::encode(Sha256::digest(&bytes)),
            vector["body_sha256"],
            "{id}: wrong bytes"
        );

        let headers = vector["headers"].as_object().unwrap();
        let headers = header_map(
            headers
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str().unwrap())),
        );
        let secret = vector["secret"].as_str().unwrap().as_bytes();
        let verdict = shopify::verify(&[secret], &headers, &bytes);
        let why = vector["why"].as_str().unwrap();
        assert_eq!(
            verdict.is_ok(),
            vector["valid"],
            "{id} ({why}): {verdict:?}"
        );
    }
    vectors.len()
}

#[test]
fn every_vector_in_the_repository_gets_its_verdict() {
    let vectors: Vec<Value> = serde_json::from_slice(&body("signatures.json")).unwrap();
    assert_eq!(decide(&vectors, body), 24);
}

#[test]
fn every_vector_of_the_collection_gets_its_verdict() {
    let Some(folder) = collection("every_vector_of_the_collection_gets_its_verdict") else {
        return;
    };
    let vectors = fs::read(folder.join("signatures.json")).unwrap();
    let mut vectors: Vec<Value> = serde_json::from_slice(&vectors).unwrap();
    vectors.retain(|vector| vector["system"] == "shopify");
    let decided = decide(&vectors, |file| fs::read(folder.join(file)).unwrap());
    assert!(decided >= 26, "only {decided} vectors");
}

const SECRET: &[u8] = b"hush";
const BODY: &[u8] = br#"{"id":1}"#;

fn sent(topic: &str) -> HeaderMap {
    let headers = shopify::headers(topic, "a.myshopify.com", "w-1", SECRET, BODY);
    header_map(headers.iter().map(|(name, value)| (*name, value.as_str())))
}

#[test]
fn what_we_send_is_what_we_accept() {
    let delivery = shopify::verify(&[SECRET], &sent("orders/create"), BODY).unwrap();
    assert_eq!(
        delivery,
        Delivery {
            topic: "orders/create".to_owned(),
            webhook_id: "w-1".to_owned(),
            shop_domain: "a.myshopify.com".to_owned(),
            event_id: None,
            triggered_at: None,
            api_version: "2025-10".to_owned(),
            dedup_key: "orders/create w-1".to_owned(),
        }
    );
    // however the topic is spelled, a retry has the same key
    let spelled = shopify::verify(&[SECRET], &sent("ORDERS_CREATE"), BODY).unwrap();
    assert_eq!(spelled.dedup_key, delivery.dedup_key);
}

#[test]
fn an_old_secret_counts_as_long_as_it_is_given() {
    let headers = sent("orders/create");
    assert!(shopify::verify(&[b"new", SECRET], &headers, BODY).is_ok());
    assert!(shopify::verify(&[SECRET, b"old"], &headers, BODY).is_ok());
    assert_eq!(
        shopify::verify(&[b"new"], &headers, BODY),
        Err(VerifyError::Signature)
    );
    assert_eq!(
        shopify::verify(&[], &headers, BODY),
        Err(VerifyError::Signature)
    );
}

#[test]
fn nobody_signs_with_an_empty_secret() {
    // base64(HMAC-SHA256("", body)), as anybody can compute it
    let mut headers = sent("orders/create");
    let by_hand = {
        use base64::{Engine, engine::general_purpose::STANDARD};
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(BODY);
        STANDARD.encode(mac.finalize().into_bytes())
    };
    headers.insert("x-shopify-hmac-sha256", by_hand.parse().unwrap());
    assert_eq!(
        shopify::verify(&[b""], &headers, BODY),
        Err(VerifyError::Signature)
    );
}

#[test]
fn ambiguous_headers_are_refused() {
    for name in sent("orders/create")
        .keys()
        .filter(|name| name.as_str() != "content-type")
    {
        let mut twice = sent("orders/create");
        let value = twice[name].clone();
        twice.append(name.clone(), value);
        let verdict = shopify::verify(&[SECRET], &twice, BODY);
        assert!(
            matches!(verdict, Err(VerifyError::Repeated(_))),
            "{name}: {verdict:?}"
        );

        let mut without = sent("orders/create");
        without.remove(name);
        let verdict = shopify::verify(&[SECRET], &without, BODY);
        assert!(
            matches!(verdict, Err(VerifyError::Missing(_))),
            "{name}: {verdict:?}"
        );
    }
    let mut both = sent("orders/create");
    both.insert("shopify-hmac-sha256", both["x-shopify-hmac-sha256"].clone());
    assert_eq!(
        shopify::verify(&[SECRET], &both, BODY),
        Err(VerifyError::BothSets)
    );
}

#[test]
fn a_signature_is_base64_to_the_letter() {
    let right = shopify::sign(SECRET, BODY);
    let unpadded = right.trim_end_matches('=').to_owned();
    let url_safe = format!("{}-{}", &right[..4], &right[5..]);
    let doubled = format!("{right}{right}");
    for wrong in [
        unpadded,
        url_safe,
        doubled,
        right.to_lowercase(),
        "AAAA".to_owned(),
    ] {
        let mut headers = sent("orders/create");
        headers.insert("x-shopify-hmac-sha256", wrong.parse().unwrap());
        let verdict = shopify::verify(&[SECRET], &headers, BODY);
        assert_eq!(verdict, Err(VerifyError::Signature), "{wrong}");
    }
}

#[test]
fn header_values_that_would_spoil_a_key_are_refused() {
    for value in ["two words", &"x".repeat(300)] {
        let mut headers = sent("orders/create");
        headers.insert("x-shopify-webhook-id", value.parse().unwrap());
        let verdict = shopify::verify(&[SECRET], &headers, BODY);
        assert_eq!(
            verdict,
            Err(VerifyError::Unreadable("x-shopify-webhook-id"))
        );
    }
}
