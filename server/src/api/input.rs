//! Reading what a caller sends: ids, queries, bodies. Nothing that comes in here may end as a failure
//! of ours: what does not fit is answered with where it does not fit.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request},
};
use domain::{
    Time,
    depth::{MAX_DEPTH, is_too_deep},
    json_text,
};
use engine::Engine;
use http::{HeaderMap, StatusCode, header::CONTENT_LENGTH, header::CONTENT_TYPE, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};
use serde_path_to_error::Segment;
use uuid::Uuid;

use crate::problem::{Place, Problem};

/// The largest body of a call.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The longest text in a query.
const MAX_TEXT_CHARS: usize = 200;

/// The `{id}` of the path. What is no id names nothing, so it is not found.
pub struct Id(pub Uuid);

impl FromRequestParts<Arc<Engine>> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Arc<Engine>) -> Result<Self, Problem> {
        let nothing = || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "This is not an id; there is nothing here.",
            )
        };
        let named = RawPathParams::from_request_parts(parts, engine)
            .await
            .map_err(|_| nothing())?;
        let id = named
            .iter()
            .find(|(name, _)| *name == "id")
            .ok_or_else(nothing)?
            .1;
        id.parse().map(Self).map_err(|_| nothing())
    }
}

/// The query.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Engine>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Engine>) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(params)| Self(params)).map_err(|why| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("The query cannot be read: {why}."),
            )
        })
    }
}

/// A filter as text: empty means none.
pub fn text(name: &'static str, value: Option<String>) -> Result<Option<String>, Problem> {
    let Some(value) = value
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    if value.chars().count() > MAX_TEXT_CHARS || value.contains('\0') {
        let detail = format!("At most {MAX_TEXT_CHARS} characters, and no NUL among them.");
        return Err(Problem::at(Place::Parameter(name.into()), detail));
    }
    Ok(Some(value))
}

/// A filter that is a time.
pub fn time(name: &'static str, value: Option<String>) -> Result<Option<Time>, Problem> {
    text(name, value)?
        .map(|text| {
            text.parse().map_err(|_| {
                Problem::at(
                    Place::Parameter(name.into()),
                    "A time as RFC 3339 writes it, such as 2026-11-01T00:00:00Z.",
                )
            })
        })
        .transpose()
}

/// A filter that is one of a list of words.
pub fn word(
    name: &'static str,
    value: Option<String>,
    words: &[&'static str],
) -> Result<Option<String>, Problem> {
    let value = text(name, value)?;
    match value {
        Some(value) if !words.contains(&value.as_str()) => Err(Problem::at(
            Place::Parameter(name.into()),
            format!("One of: {}.", words.join(", ")),
        )),
        value => Ok(value),
    }
}

/// A JSON body.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Engine>> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Engine>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            let detail = "Send the body as application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        parse(&body_of(&parts.headers, body).await?).map(Self)
    }
}

/// The bytes of a body, up to the limit.
pub async fn body_of(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("A body has at most {MAX_BODY_BYTES} bytes."),
        )
    };
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_large());
    }
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        let is_limit = std::error::Error::source(&error)
            .is_some_and(|why| why.is::<http_body_util::LengthLimitError>());
        if is_limit {
            too_large()
        } else {
            Problem::new(StatusCode::BAD_REQUEST, "The body broke off.")
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = named
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if is_too_deep(bytes) {
        let detail = format!("The body is nested deeper than {MAX_DEPTH} lists and objects.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "it ends too early",
            _ => "it is not JSON",
        };
        let detail = format!(
            "The body cannot be read: {what} (line {}, column {}).",
            error.line(),
            error.column()
        );
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    if !value.is_object() {
        return Err(Problem::at(
            Place::Body(String::new()),
            "The body has to be a JSON object.",
        ));
    }
    if let Some(loss) = json_text::loss(bytes) {
        return Err(Problem::at(Place::Body(loss.pointer), loss.sentence));
    }
    if let Some(pointer) = nul(&value, &mut String::new()) {
        return Err(Problem::at(
            Place::Body(pointer),
            "A text must not contain the character NUL.",
        ));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        let sentence = json_text::in_words(&error.into_inner().to_string());
        Problem::at(Place::Body(pointer), sentence)
    })
}

/// Where a text holds U+0000, which not every database can keep.
fn nul(value: &Value, path: &mut String) -> Option<String> {
    let below = |key: &str, value: &Value, path: &mut String| {
        let length = path.len();
        path.push('/');
        path.push_str(&escaped(key));
        let found = nul(value, path);
        path.truncate(length);
        found
    };
    match value {
        Value::String(text) => text.contains('\0').then(|| path.clone()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| below(&index.to_string(), item, path)),
        Value::Object(fields) => fields.iter().find_map(|(key, field)| {
            if key.contains('\0') {
                Some(path.clone())
            } else {
                below(key, field, path)
            }
        }),
        _ => None,
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read in")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only read in")]
        count: i64,
    }

    #[test]
    fn a_bad_body_is_told_where_it_is_bad() {
        let check = |body: &str, expected: Problem| {
            assert_eq!(
                parse::<Outer>(body.as_bytes()).unwrap_err(),
                expected,
                "{body}"
            );
        };
        let at = |path: &str, detail: &str| Problem::at(Place::Body(path.to_owned()), detail);
        check(
            r#"{"inner":[{"count":1},{"count":"x"}]}"#,
            at("/inner/1/count", "A whole number, not the text “x”."),
        );
        check(
            r#"{"inner":[],"o~/":1}"#,
            at("/o~0~1", "Unknown field `o~/`, expected `inner`."),
        );
        check(
            r#"{"inner":[{"a":["\u0000"]}]}"#,
            at("/inner/0/a/0", "A text must not contain the character NUL."),
        );
        check(
            r#"{"inner":[{"count":1,"count":2}]}"#,
            at("/inner/0/count", "“count” stands here twice."),
        );
        check(
            r#"{"inner":[],"more":{"n":12345678901234567890123}}"#,
            at(
                "/more/n",
                "A whole number has at most 64 bits here. Send a longer one as a text.",
            ),
        );
        check("[]", at("", "The body has to be a JSON object."));
        let unreadable = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, detail);
        check(
            "{",
            unreadable("The body cannot be read: it ends too early (line 1, column 1)."),
        );
        check(
            "{]",
            unreadable("The body cannot be read: it is not JSON (line 1, column 2)."),
        );
        let deep = "[".repeat(200);
        check(
            &deep,
            unreadable("The body is nested deeper than 64 lists and objects."),
        );
    }

    #[test]
    fn json_goes_by_several_names() {
        let check = |name: &'static str, expected: bool| {
            let headers =
                HeaderMap::from_iter([(CONTENT_TYPE, http::HeaderValue::from_static(name))]);
            assert_eq!(is_json(&headers), expected, "{name}");
        };
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("application/cloudevents+json", true);
        check("text/plain", false);
        check("application/x-www-form-urlencoded", false);
        assert!(!is_json(&HeaderMap::new()));
    }
}
