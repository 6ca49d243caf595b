//! How a request is answered other than by its page: elsewhere, or not at all.
//!
//! The one place where an error's kind becomes a status, and where what broke is logged, under an
//! incident id that the person can quote.

use engine::{Error, Kind};
use http::{HeaderName, HeaderValue, StatusCode, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;

use super::person::{Person, engine};
use crate::{
    shell::{BareShell, Nav, Shell},
    ui::{Card, CopyId, Crumb, Empty, Ico, Kind as Loud, LinkButton, PageHead},
};

pub(super) fn set_status(status: StatusCode) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status);
    }
}

pub(super) fn set_header(name: HeaderName, value: &str) {
    if let (Some(options), Ok(value)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::from_str(value),
    ) {
        options.insert_header(name, value);
    }
}

/// Sends the browser to another page of this site (303). Does not return by itself: what is rendered
/// afterwards is not shown.
pub fn go(path: &str) {
    set_header(header::LOCATION, path);
    set_status(StatusCode::SEE_OTHER);
}

/// Says with its status that whoever asks has to wait.
pub fn slow_down(wait_ms: i64) {
    set_status(StatusCode::TOO_MANY_REQUESTS);
    set_header(header::RETRY_AFTER, &(wait_ms / 1000 + 1).to_string());
}

/// For a page whose address is a secret: nobody it leads to learns the address. And what it says of itself.
pub fn secret_address(status: StatusCode) {
    set_header(header::REFERRER_POLICY, "no-referrer");
    if status != StatusCode::OK {
        set_status(status);
    }
}

/// The browser forgets what pages kept in it. Its cookies stay: how it looks and that it is known are its own.
pub fn clear_storage() {
    set_header(HeaderName::from_static("clear-site-data"), "\"storage\"");
}

/// What a page may load and run: its own files, the scripts it carries, and nothing inline.
pub fn content_policy() {
    let nonce = use_nonce()
        .map(|nonce| format!(" 'nonce-{nonce}'"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{nonce}; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    set_header(header::CONTENT_SECURITY_POLICY, &policy);
}

const fn status(kind: Kind) -> StatusCode {
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

/// Logs what is our fault and gives it a number. What is the asker's has none.
pub(super) fn incident_of(error: &Error) -> Option<String> {
    if !matches!(error.kind, Kind::Internal | Kind::Unavailable) {
        return None;
    }
    let incident = engine()
        .map(|engine| engine.new_trace_id())
        .unwrap_or_default();
    tracing::error!(%incident, kind = ?error.kind, context = error.context.as_deref(), "{}", error.sentence);
    Some(incident)
}

/// Instead of the page: a redirect for somebody who has to sign in, else a page that says what happened,
/// what was kept and what to do.
pub(super) fn refused(person: Option<(&Person, Nav)>, asked: &str, error: &Error) -> AnyView {
    engine::refused(error);
    if error.kind == Kind::Unauthenticated {
        go(&login_path(asked));
        return ().into_any();
    }
    if error.kind == Kind::StepUp {
        go(&confirm_path(asked));
        return ().into_any();
    }
    set_status(status(error.kind));
    if let Some(ms) = error.retry_after_ms {
        set_header(header::RETRY_AFTER, &(ms / 1000 + 1).to_string());
    }
    let incident = incident_of(error);
    let (title, short) = match error.kind {
        Kind::NotFound => ("There is nothing here", "Mistyped, or not yours"),
        Kind::Forbidden => ("This is not yours to see", "Ask whoever runs this merchant"),
        Kind::TooMany => ("That was too often", "Wait a moment"),
        Kind::Unavailable => ("This did not answer in time", "Try again in a moment"),
        _ => ("This page could not be made", "Something is wrong with it"),
    };
    let sentence = match error.kind {
        // one text for what never was and for what belongs to somebody else
        Kind::NotFound => {
            "The address leads to something that does not exist, or that you have no part in."
                .to_owned()
        }
        _ => error.sentence.clone(),
    };
    let nothing_lost = incident
        .is_some()
        .then_some(" Nothing was lost. Load the page again; if it stays, quote the number below.");
    let actions =
        view! { <LinkButton href="/" label="To my queue" kind=Loud::Primary icon=Ico::Queue/> }
            .into_any();
    let body = view! {
        <PageHead title/>
        <Card>
            <Empty icon=Ico::Question title=short actions>
                {sentence}
                {nothing_lost}
                {incident.map(|id| view! { <br/> "Incident " <CopyId id whole=true what="incident id"/> })}
            </Empty>
        </Card>
    };
    match person.zip(engine().ok()) {
        Some(((_, nav), engine)) => view! {
            <Shell nav title crumbs=vec![Crumb::here(title)] now=engine.now() all_merchants=true>{body}</Shell>
        }
        .into_any(),
        None => view! { <BareShell title>{body}</BareShell> }.into_any(),
    }
}

/// What no route matches. Says the same to everybody, signed in or not.
pub fn not_found_page() -> impl IntoView {
    refused(None, "/", &Error::not_found("page"))
}

pub(super) fn login_path(next: &str) -> String {
    on_the_way("/login", next)
}

pub(super) fn confirm_path(next: &str) -> String {
    on_the_way("/confirm", next)
}

/// A stop on the way to another page: `/login?next=…`.
pub fn on_the_way(stop: &str, next: &str) -> String {
    if next == "/" {
        return stop.to_owned();
    }
    let mut escaped = String::with_capacity(next.len());
    for byte in next.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte))
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    format!("{stop}?next={escaped}")
}

#[cfg(test)]
mod tests {
    use super::login_path;

    #[test]
    fn the_way_back_survives_the_sign_in() {
        assert_eq!(login_path("/"), "/login");
        assert_eq!(
            login_path("/m/a/tasks?q=x&state=live"),
            "/login?next=/m/a/tasks%3Fq%3Dx%26state%3Dlive"
        );
    }
}
