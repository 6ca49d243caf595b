//! Who calls, and for which merchant.
//!
//! A program bears an API token, which belongs to one merchant. A person has a session and says
//! which of their merchants they mean. A destination has neither: it signs its acknowledgement with
//! the secret that it shares with us. Whoever it is, handlers see a [`Caller`], and there is none for
//! somebody who was not let in, nor for whoever names a merchant that is not theirs: they would take what
//! they are shown for another's.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use connectors::standard_webhooks::{self as webhooks, Secret};
use engine::{Actor, Ctx, Engine};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use tower_sessions::Session;
use url::form_urlencoded;
use uuid::Uuid;

use super::input::{Id, body_of};
use crate::{
    http::{
        limits::{Exceeded, Limits},
        trace,
    },
    problem::{Place, Problem},
};

/// Names the merchant a person means.
pub const MERCHANT: &str = "Meshline-Merchant";
pub const MERCHANT_PARAMETER: &str = "merchant";
/// Where sign-in leaves the person's id in the session.
const USER_ID: &str = "user_id";
/// And when they last proved who they are.
const PROVED_AT: &str = "proved_at";

/// Somebody who was let in.
#[derive(Clone)]
pub struct Caller(pub Ctx);

impl FromRequestParts<Arc<Engine>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Engine>) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::internal("a route of the API is mounted without its door"))
    }
}

/// Around every route: a token or a session.
pub async fn enter(
    State(engine): State<Arc<Engine>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = known(&engine, &parts).await?;
    parts.extensions.insert(caller);
    request = Request::from_parts(parts, body);
    Ok(next.run(request).await)
}

/// Around the acknowledgement: a destination's signature will do as well.
pub async fn enter_or_verify(
    State(engine): State<Arc<Engine>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let headers = request.headers();
    if headers.contains_key(AUTHORIZATION) || !headers.contains_key(webhooks::SIGNATURE) {
        return enter(State(engine), request, next).await;
    }
    let (mut parts, body) = request.into_parts();
    let Id(export_id) = Id::from_request_parts(&mut parts, &engine).await?;
    let bytes = body_of(&parts.headers, body).await?;
    let caller = verified(&engine, export_id, &parts.headers, &bytes).await?;
    parts.extensions.insert(caller);
    Ok(next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await)
}

async fn known(engine: &Arc<Engine>, parts: &Parts) -> Result<Caller, Problem> {
    let trace_id = trace::given(&parts.headers);
    if let Some(value) = parts.headers.get(AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|text| text.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or_else(|| {
            Problem::unauthenticated("Write the API token as “Authorization: Bearer mlk_…”.")
        })?;
        let ctx = engine.enter_by_token(token.trim(), trace_id).await?;
        if let (Actor::Token(token), Some(limits)) =
            (ctx.actor(), parts.extensions.get::<Arc<Limits>>())
        {
            limits.token(token.id).map_err(Exceeded::problem)?;
        }
        if merchants_of(parts)
            .iter()
            .any(|named| *named != ctx.merchant().slug)
        {
            return Err(Problem::not_found("merchant"));
        }
        return Ok(Caller(ctx));
    }
    let nobody = || {
        Problem::unauthenticated("Bear an API token (“Authorization: Bearer mlk_…”), or sign in.")
    };
    let session = parts.extensions.get::<Session>().ok_or_else(nobody)?;
    let user = session
        .get::<Uuid>(USER_ID)
        .await
        .map_err(Problem::internal)?;
    let user = user.ok_or_else(nobody)?;
    if engine.who(user).await?.is_none() {
        return Err(nobody());
    }
    let slug = merchants_of(parts).into_iter().next().ok_or_else(|| {
        let detail = "Say which merchant you mean: its slug in the header Meshline-Merchant, or in the \
                      parameter merchant.";
        Problem::at(Place::Header(MERCHANT), detail)
    })?;
    if !is_slug(&slug) {
        return Err(Problem::not_found("merchant"));
    }
    let proved_at = session.get(PROVED_AT).await.map_err(Problem::internal)?;
    let ctx = engine.enter(user, &slug, trace_id).await?;
    Ok(Caller(ctx.proved(proved_at)))
}

/// What the header names, then what the query does.
fn merchants_of(parts: &Parts) -> Vec<String> {
    let in_headers = parts.headers.get_all(MERCHANT).into_iter();
    let in_headers =
        in_headers.map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
    let query = parts.uri.query().unwrap_or_default();
    let in_query =
        form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == MERCHANT_PARAMETER);
    in_headers
        .chain(in_query.map(|(_, slug)| slug.into_owned()))
        .collect()
}

/// Anything else is nobody's, and may hold what a database cannot.
fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

async fn verified(
    engine: &Engine,
    export_id: Uuid,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Caller, Problem> {
    let Some((merchant, destination, secrets)) = engine.callback_secrets(export_id).await? else {
        return Err(Problem::not_found("export"));
    };
    let secrets = secrets
        .iter()
        .map(|secret| Secret::parse(secret))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Problem::internal)?;
    webhooks::verify(&secrets, headers, body, engine.now(), webhooks::TOLERANCE_S)
        .map_err(|why| Problem::unauthenticated(format!("The signature does not hold: {why}.")))?;
    let trace_id = trace::given(headers);
    Ok(Caller(
        engine
            .enter_as_destination(merchant, destination, trace_id)
            .await?,
    ))
}
