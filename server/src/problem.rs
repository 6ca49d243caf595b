//! What a program is told when something goes wrong: RFC 9457 `application/problem+json`.
//!
//! A problem starts as a use-case's [`engine::Error`] or as something wrong with the call itself.
//! It says what the caller can act on; what only we can act on goes to the log, once, where the
//! problem becomes an answer. A failure of ours is logged under the trace id of the request, which the
//! caller gets as `incident_id` to quote.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use engine::{Error, FieldError, Kind};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{limits::Exceeded, trace};

pub const MEDIA_TYPE: &str = "application/problem+json";

/// Status, last segment of `type`, title.
const KINDS: [(StatusCode, &str, &str); 13] = [
    (
        StatusCode::BAD_REQUEST,
        "unreadable",
        "The request cannot be read",
    ),
    (StatusCode::UNAUTHORIZED, "unauthenticated", "Not signed in"),
    (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
    (StatusCode::NOT_FOUND, "not-found", "Not found"),
    (
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "No such method here",
    ),
    (StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow"),
    (StatusCode::CONFLICT, "conflict", "It stands otherwise"),
    (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "Wrong content type",
    ),
    (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Not valid"),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "too-many",
        "Too many requests",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "Not available now",
    ),
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something broke on our side",
    ),
];

/// Shares its status with what is never allowed.
const STEP_UP: (StatusCode, &str, &str) = (
    StatusCode::FORBIDDEN,
    "step-up-required",
    "Confirm that it is you",
);

/// Where in the call a fault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// JSON pointer into the body; empty for the whole of it.
    Body(String),
    Parameter(Cow<'static, str>),
    Header(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    faults: Vec<(Place, String)>,
    retry_after_ms: Option<i64>,
    /// Which limit was reached, for the header fields that say so.
    limit: Option<Box<Exceeded>>,
    /// Allowed, after a confirmation: another type than what is never allowed.
    is_step_up: bool,
    /// For the log only.
    context: Option<String>,
}

/// The body, as it is documented and sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, title = "Problem", description = "RFC 9457 problem details")]
pub struct ProblemBody {
    /// Stable over releases; the kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/not-found")]
    kind: String,
    /// The kind in words; the same for every problem of this type.
    #[schema(example = "Not found")]
    title: &'static str,
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What is wrong this time, in a sentence for a person.
    #[schema(example = "There is no such export here.")]
    detail: String,
    /// Each thing that is wrong with the call, where that can be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<ProblemFault>,
    /// Quote it when you report a failure of ours: it finds the log entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    incident_id: Option<String>,
}

/// One thing that is wrong: exactly one of `pointer`, `parameter` and `header` says where.
#[derive(Serialize, ToSchema)]
struct ProblemFault {
    detail: String,
    /// JSON pointer into the body, as a URI fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "#/campaign/title")]
    pointer: Option<String>,
    /// A parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "cursor")]
    parameter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Idempotency-Key")]
    header: Option<&'static str>,
}

impl From<(Place, String)> for ProblemFault {
    fn from((place, detail): (Place, String)) -> Self {
        let (mut pointer, mut parameter, mut header) = (None, None, None);
        match place {
            Place::Body(path) => pointer = Some(format!("#{path}")),
            Place::Parameter(name) => parameter = Some(name.into_owned()),
            Place::Header(name) => header = Some(name),
        }
        Self {
            detail,
            pointer,
            parameter,
            header,
        }
    }
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            faults: Vec::new(),
            retry_after_ms: None,
            limit: None,
            is_step_up: false,
            context: None,
        }
    }

    /// One thing is wrong, and it is known where.
    pub fn at(place: Place, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            faults: vec![(place, detail.clone())],
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub fn not_found(noun: &str) -> Self {
        Error::not_found(noun).into()
    }

    pub fn internal(context: impl std::fmt::Display) -> Self {
        Error::internal(context).into()
    }

    /// A handler broke down; whoever noticed has logged why.
    pub fn broken() -> Self {
        Error::internal("see the entry before").into()
    }

    /// When the same call may be tried again.
    #[must_use]
    pub fn after_ms(self, ms: i64) -> Self {
        Self {
            retry_after_ms: Some(ms),
            ..self
        }
    }

    /// Says in header fields which limit it was.
    #[must_use]
    pub fn limited_by(self, limit: Exceeded) -> Self {
        Self {
            limit: Some(Box::new(limit)),
            ..self
        }
    }

    /// The fields of a use-case's form stand below `prefix` in the body of the call.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        for (place, _) in &mut self.faults {
            if let Place::Body(path) = place {
                path.insert_str(0, prefix);
            }
        }
        self
    }

    fn render(&self, incident_id: Option<&str>) -> Response {
        let known = KINDS.iter().find(|(status, ..)| *status == self.status);
        let (_, slug, title) = if self.is_step_up {
            STEP_UP
        } else {
            known
                .copied()
                .unwrap_or((self.status, "other", "It did not work"))
        };
        let body = ProblemBody {
            kind: format!("/problems/{slug}"),
            title,
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            errors: self
                .faults
                .iter()
                .cloned()
                .map(ProblemFault::from)
                .collect(),
            incident_id: incident_id.map(str::to_owned),
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, bytes).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(ms) = self.retry_after_ms {
            headers.insert(
                RETRY_AFTER,
                HeaderValue::from(ms.max(0).unsigned_abs().div_ceil(1000)),
            );
        }
        if let Some(limit) = &self.limit {
            limit.tell(headers);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, context) = (self.status.as_u16(), self.context.as_deref());
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            let incident_id =
                trace::current().unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
            tracing::error!(incident_id, context, "{}", self.detail);
            return self.render(Some(&incident_id));
        }
        if context.is_some() || self.status.is_server_error() {
            let trace_id = trace::current();
            tracing::warn!(trace_id, status, context, "{}", self.detail);
        }
        self.render(None)
    }
}

fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden | Kind::StepUp => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A use-case names a field by its name, a path below the body (`steps/0/owner`) or a JSON pointer.
fn place_of(field: &FieldError) -> Place {
    match field.field.as_str() {
        "Idempotency-Key" => Place::Header("Idempotency-Key"),
        "" => Place::Body(String::new()),
        path if path.starts_with('/') => Place::Body(path.to_owned()),
        path => Place::Body(format!("/{path}")),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        engine::refused(&error);
        Self {
            is_step_up: error.kind == Kind::StepUp,
            status: status_of(error.kind),
            detail: error.sentence,
            faults: error
                .fields
                .iter()
                .map(|field| (place_of(field), field.sentence.clone()))
                .collect(),
            retry_after_ms: error.retry_after_ms,
            limit: None,
            context: error.context,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    async fn said(response: Response) -> Value {
        assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
        let bytes = axum::body::to_bytes(response.into_body(), 65_536)
            .await
            .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_fault_says_where_it_is() {
        let faults =
            [("title", "Write something."), ("/a/b", "No.")].map(|(field, sentence)| FieldError {
                field: field.into(),
                sentence: sentence.into(),
            });
        let problem = Problem::from(Error::invalid_fields(faults.to_vec())).below("/campaign");
        assert_eq!(
            said(problem.into_response()).await,
            json!({
                "type": "/problems/invalid", "title": "Not valid", "status": 422,
                "detail": "2 fields need another look.",
                "errors": [
                    { "detail": "Write something.", "pointer": "#/campaign/title" },
                    { "detail": "No.", "pointer": "#/campaign/a/b" },
                ],
            })
        );
    }

    #[tokio::test]
    async fn our_failures_are_quotable_and_say_nothing_of_the_cause() {
        let answer = || Problem::internal("disk on fire").into_response();
        let body = said(trace::within("ab12".to_owned(), answer)).await;
        assert_eq!(body["incident_id"], "ab12");
        assert!(!body.to_string().contains("fire"));
    }

    #[test]
    fn headers_tell_how_to_go_on() {
        let response = Problem::unauthenticated("Who are you?").into_response();
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        let busy = Error {
            retry_after_ms: Some(1_200),
            ..Error::new(Kind::Unavailable, "Later.")
        };
        assert_eq!(
            Problem::from(busy).into_response().headers()[RETRY_AFTER],
            "2"
        );
    }
}
