//! The sandbox's routes: `POST /{destination}`, and what lets people and tests look and steer.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use connectors::{http_channel::TRIAL, standard_webhooks as webhooks};
use domain::Time;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Sandbox,
    book::{About, Attempt, Book, Decision, Entry, Execution, Outcome},
    journal::JournalError,
    message::{self, Message},
    page,
    rules::{Action, RuleSet},
};
use crate::wall_clock;

const BODY_LIMIT_BYTES: usize = 4 * 1024 * 1024;

pub fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/healthz", get(async || "ok\n"))
        .route("/_log", get(log))
        .route("/_control", get(rules).put(put_rules).delete(clear))
        // what DELETE does, for the page's button: forms cannot send a DELETE
        .route("/_control/clear", post(clear_by_form))
        .route("/{destination}", post(receive))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(sandbox)
}

/// What goes back to the sender, decided before it is written down and sent after.
enum Reply {
    Accepted {
        external_ref: String,
        duplicate: bool,
        after_ms: u64,
    },
    Rejected {
        code: String,
        metadata: Value,
    },
    Failed {
        status: u16,
        retry_after_s: Option<u64>,
    },
    Silent,
    Gone,
    Rubbish,
}

async fn receive(
    State(sandbox): State<Arc<Sandbox>>,
    Path(destination): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Broken> {
    let now = wall_clock::now();
    let webhook_id = headers.get(webhooks::ID).and_then(|id| id.to_str().ok());
    let attempt = Attempt {
        at: now,
        destination,
        webhook_id: webhook_id.map(str::to_owned),
        body_sha256: hex::encode(Sha256::digest(&body)),
        body_changed: false,
        outcome: Outcome::Accepted,
        detail: None,
        rule: None,
        about: None,
    };
    let verified = webhooks::verify(
        &sandbox.secrets,
        &headers,
        &body,
        now,
        webhooks::TOLERANCE_S,
    );
    if let Err(error) = verified {
        let why = error.to_string();
        return turn_away(&sandbox, attempt, Outcome::BadSignature, why).await;
    }
    if message::is_test(&body) {
        // nothing to do and nothing to remember: the signature held, and that was the question
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let message = match Message::read(&body) {
        Ok(message) => message,
        Err(why) => return turn_away(&sandbox, attempt, Outcome::Malformed, why).await,
    };
    if headers.get(TRIAL).is_some_and(|value| value == "true") {
        let reply = try_out(&sandbox, attempt, message).await?;
        return Ok(reply.send().await);
    }
    // A sender that hangs up takes its handler with it, and what was executed has to be reported all the same.
    let reply = tokio::spawn(execute(sandbox, attempt, message))
        .await
        .map_err(|_| JournalError::Broken)??;
    Ok(reply.send().await)
}

/// What a staging side does: answers as the real one would, and executes nothing. A trial uses up no rule that
/// is meant for the real one.
async fn try_out(
    sandbox: &Sandbox,
    mut attempt: Attempt,
    message: Message,
) -> Result<Reply, JournalError> {
    let write = move |book: &Book| {
        attempt.about = Some(About::from(&message));
        let action = match book.decide(&attempt.destination, &message, &attempt.body_sha256) {
            Decision::Act { action, .. } => action,
            Decision::Repeat { .. } => Action::Accept,
        };
        let external_ref = format!("TRIAL-{}", external_ref(&message));
        let (outcome, reply) = reply_to(action, external_ref);
        attempt.outcome = match outcome {
            Outcome::Accepted | Outcome::Stalled => Outcome::Trial,
            other => other,
        };
        attempt.detail = reply.detail();
        (vec![Entry::Attempt(attempt)], reply)
    };
    sandbox.journal.write(write).await
}

/// Decides, remembers, and sees to the completion that is owed then.
async fn execute(
    sandbox: Arc<Sandbox>,
    attempt: Attempt,
    message: Message,
) -> Result<Reply, JournalError> {
    let completes_at = attempt.at.plus_ms(sandbox.complete_after_ms);
    let (reply, executed) = sandbox
        .journal
        .write(move |book| handle(book, attempt, &message, completes_at))
        .await?;
    if let Some(execution) = executed {
        sandbox.callbacks.schedule(execution);
    }
    Ok(reply)
}

/// Decides on an authentic message, and writes down the attempt and what it caused.
fn handle(
    book: &Book,
    mut attempt: Attempt,
    message: &Message,
    completes_at: Time,
) -> (Vec<Entry>, (Reply, Option<Execution>)) {
    attempt.about = Some(About::from(message));
    let (action, rule) = match book.decide(&attempt.destination, message, &attempt.body_sha256) {
        Decision::Act { action, rule } => (action, rule),
        Decision::Repeat {
            external_ref,
            body_changed,
        } => {
            attempt.outcome = Outcome::Duplicate;
            attempt.body_changed = body_changed;
            let reply = Reply::Accepted {
                external_ref,
                duplicate: true,
                after_ms: 0,
            };
            return (vec![Entry::Attempt(attempt)], (reply, None));
        }
    };
    attempt.rule = rule;
    let executes = match &action {
        Action::Accept | Action::Stall { .. } => Some(Some(completes_at)),
        Action::AcceptOnly => Some(None),
        _ => None,
    };
    let execution = executes.map(|completes_at| execution(&attempt, message, completes_at));
    let (outcome, reply) = reply_to(action, external_ref(message));
    attempt.outcome = outcome;
    attempt.detail = reply.detail();
    let mut entries = vec![Entry::Attempt(attempt)];
    entries.extend(execution.clone().map(Entry::Execution));
    (entries, (reply, execution))
}

fn execution(attempt: &Attempt, message: &Message, completes_at: Option<Time>) -> Execution {
    Execution {
        at: attempt.at,
        destination: attempt.destination.clone(),
        body_sha256: attempt.body_sha256.clone(),
        external_ref: external_ref(message),
        completes_at,
        callback_url: message.callback_url.clone(),
        about: About::from(message),
    }
}

/// The reference under which the export is known here: a function of the key, so that it is the
/// same whenever somebody asks. Its first letters say what it is of, as references do elsewhere.
fn external_ref(message: &Message) -> String {
    let kind = match message.export_type.as_str() {
        "shipping_label_request" | "shipping_label_alternate" => "LBL",
        "staged_product" => "PRV",
        "return_initiate" => "RMA",
        "inventory_hold" | "component_reservation" | "refund_hold" => "HLD",
        _ => "SBX",
    };
    let digest = Sha256::digest(message.idempotency_key.as_bytes());
    format!("{kind}-{}", hex::encode_upper(&digest[..6]))
}

fn reply_to(action: Action, external_ref: String) -> (Outcome, Reply) {
    let accepted = |after_ms| Reply::Accepted {
        external_ref,
        duplicate: false,
        after_ms,
    };
    match action {
        Action::Accept | Action::AcceptOnly => (Outcome::Accepted, accepted(0)),
        Action::Stall { stall_ms } => (Outcome::Stalled, accepted(stall_ms)),
        Action::Reject { code, metadata } => {
            (Outcome::Rejected, Reply::Rejected { code, metadata })
        }
        Action::Fail {
            status,
            retry_after_s,
        } => (
            Outcome::Failed,
            Reply::Failed {
                status,
                retry_after_s,
            },
        ),
        Action::Silent => (Outcome::Silent, Reply::Silent),
        Action::Gone => (Outcome::Gone, Reply::Gone),
        Action::Rubbish => (Outcome::Rubbish, Reply::Rubbish),
    }
}

impl Reply {
    fn detail(&self) -> Option<String> {
        match self {
            Self::Rejected { code, .. } => Some(code.clone()),
            Self::Failed { status, .. } => Some(status.to_string()),
            Self::Accepted { after_ms, .. } if *after_ms > 0 => Some(format!("{after_ms} ms")),
            _ => None,
        }
    }

    async fn send(self) -> Response {
        match self {
            Self::Accepted {
                external_ref,
                duplicate,
                after_ms,
            } => {
                tokio::time::sleep(Duration::from_millis(after_ms)).await;
                let mut body = json!({"status": "accepted", "external_ref": external_ref});
                if duplicate {
                    body["duplicate"] = Value::Bool(true);
                }
                Json(body).into_response()
            }
            Self::Rejected { code, metadata } => {
                let body = json!({"status": "rejected", "exception_code": code, "exception_metadata": metadata});
                (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
            }
            Self::Failed {
                status,
                retry_after_s,
            } => {
                let status =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let retry_after = retry_after_s.map(|s| [(header::RETRY_AFTER, s.to_string())]);
                (
                    status,
                    retry_after.map(axum::response::AppendHeaders),
                    "failing on request\n",
                )
                    .into_response()
            }
            Self::Silent => StatusCode::OK.into_response(),
            Self::Gone => (StatusCode::GONE, "gone on request\n").into_response(),
            Self::Rubbish => Html("<html><p>{\"status\": rubbish").into_response(),
        }
    }
}

async fn turn_away(
    sandbox: &Sandbox,
    attempt: Attempt,
    outcome: Outcome,
    why: String,
) -> Result<Response, Broken> {
    let status = match outcome {
        Outcome::BadSignature => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = Json(json!({"error": why}));
    let attempt = Attempt {
        outcome,
        detail: Some(why),
        ..attempt
    };
    sandbox
        .journal
        .write(|_| (vec![Entry::Attempt(attempt)], ()))
        .await?;
    Ok((status, body).into_response())
}

async fn rules(State(sandbox): State<Arc<Sandbox>>) -> Json<RuleSet> {
    Json(sandbox.journal.book().rules().clone())
}

async fn put_rules(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Result<Response, Broken> {
    let rules: RuleSet = match serde_json::from_slice(&body) {
        Ok(rules) => rules,
        Err(error) => {
            let body = Json(json!({"error": error.to_string()}));
            return Ok((StatusCode::BAD_REQUEST, body).into_response());
        }
    };
    sandbox.journal.set_rules(rules.clone()).await?;
    Ok(Json(rules).into_response())
}

async fn clear(State(sandbox): State<Arc<Sandbox>>) -> Result<StatusCode, Broken> {
    sandbox
        .journal
        .write(|_| (vec![Entry::Cleared], ()))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_by_form(state: State<Arc<Sandbox>>) -> Result<Redirect, Broken> {
    clear(state).await?;
    Ok(Redirect::to("/"))
}

async fn show(State(sandbox): State<Arc<Sandbox>>) -> Html<String> {
    Html(page::render(&sandbox.journal.book()))
}

async fn log(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let book = sandbox.journal.book();
    let received: Vec<_> = book.attempts().map(|attempt| json!(attempt)).collect();
    let executed = book.all_executed().iter().map(|executed| {
        let mut shown = json!(executed.execution);
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("callback_url");
            fields.insert("completed_at".to_owned(), json!(executed.completed_at));
            fields.insert(
                "callback_trouble".to_owned(),
                json!(executed.callback_trouble),
            );
        }
        shown
    });
    let executed: Vec<_> = executed.collect();
    Json(json!({
        "received": received,
        "received_total": book.attempts_total(),
        "executed": executed,
        "executed_total": executed.len(),
    }))
}

/// The journal could not be written, so nothing was done.
struct Broken(JournalError);

impl From<JournalError> for Broken {
    fn from(error: JournalError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": self.0.to_string()}));
        (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
    }
}
