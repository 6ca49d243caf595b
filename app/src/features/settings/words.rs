//! Access, actions and terms in words.

use domain::{
    Time,
    access::{Access, Action},
    owner::role_title,
    token::{ApiToken, Shown, TokenOver},
};

use crate::ui::Tone;

pub(super) fn access_title(access: Access) -> String {
    role_title(access.as_str())
}

/// What a token can be given, in as few words as tell it apart.
pub(super) fn capability_title(action: Action) -> String {
    match action {
        Action::ViewWork => "Read the work".to_owned(),
        Action::ViewAudit => "Read the audit trail".to_owned(),
        Action::ViewSettings => "Read settings and tokens".to_owned(),
        Action::WorkTasks => "Work tasks".to_owned(),
        Action::Control => "Take back and replay".to_owned(),
        Action::Acknowledge => "Acknowledge exports".to_owned(),
        other => role_title(other.as_str()),
    }
}

pub(super) fn capabilities_text(token: &ApiToken) -> String {
    let titles: Vec<String> = token
        .capabilities
        .iter()
        .enumerate()
        .map(|(index, one)| {
            let title = capability_title(*one);
            if index == 0 {
                title
            } else {
                lower_first(&title)
            }
        })
        .collect();
    if titles.is_empty() {
        "Nothing".to_owned()
    } else {
        titles.join(", ")
    }
}

pub(super) fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// Less than this is worth a look.
const SOON_MS: i64 = 7 * 24 * 60 * 60_000;

pub(super) fn token_state(token: &ApiToken, now: Time) -> (Tone, &'static str) {
    match token.check(Shown::Current, now) {
        Err(TokenOver::Revoked(_)) => (Tone::Idle, "revoked"),
        Err(TokenOver::Expired(_) | TokenOver::Replaced(_)) => (Tone::Late, "expired"),
        Ok(()) => match token.expires_at {
            Some(end) if end.since_ms(now) < SOON_MS => (Tone::Wait, "expires soon"),
            _ => (Tone::Done, "good"),
        },
    }
}

pub(super) fn is_good(token: &ApiToken, now: Time) -> bool {
    token.check(Shown::Current, now).is_ok()
}
