//! A form that could not be sent on: its session had ended, or a confirmation is needed first.
//!
//! What was typed waits in the session on the server's side, with the page it was typed on, until that
//! page is opened again: then the form stands there as it was left. Sending it stays the person's own
//! act. What is a secret was never kept, and neither is a form so large that nobody typed it.

use engine::Result;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::{flash::Flash, person::lost};

const KEY: &str = "held_form";
const LARGEST_BYTES: usize = 64 * 1024;

pub(super) const SIGNED_OUT: &str = "You had been signed out, so nothing was sent. What you typed is still here: look it over and press the button again.";
pub(super) const UNCONFIRMED: &str =
    "Nothing was sent: it has to be confirmed that it is you. Press the button again to do so.";

#[derive(Serialize, Deserialize)]
pub(super) struct Held {
    /// Path and query of the page with the form.
    page: String,
    button: Option<String>,
    flash: Flash,
}

impl Held {
    pub(super) fn new(page: String, button: Option<&str>, flash: Flash) -> Self {
        Self {
            page,
            button: button.map(str::to_owned),
            flash,
        }
    }

    fn confirmed_words(&self) -> String {
        let button = match &self.button {
            Some(label) => format!("“{label}”"),
            None => "the button".to_owned(),
        };
        let kept = match self.flash.typed.values().any(|value| !value.is_empty()) {
            true => ": what you typed is still here",
            false => "",
        };
        format!("Confirmed. Press {button} again{kept}.")
    }

    pub(super) async fn leave(self, session: &Session) -> Result<()> {
        let typed = &self.flash.typed;
        let bytes: usize = typed
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > LARGEST_BYTES {
            return Ok(());
        }
        session.insert(KEY, self).await.map_err(lost)
    }

    /// The form that waits for this page.
    pub(super) async fn take(session: &Session, page: &str) -> Result<Option<Flash>> {
        let held: Option<Self> = session.get(KEY).await.map_err(lost)?;
        if held.as_ref().is_none_or(|held| held.page != page) {
            return Ok(None);
        }
        session.remove::<Self>(KEY).await.map_err(lost)?;
        Ok(held.map(|held| held.flash))
    }

    /// The confirmation was given; the form may say so. Whether there is one for this page.
    pub(super) async fn confirmed(session: &Session, page: &str) -> Result<bool> {
        let held: Option<Self> = session.get(KEY).await.map_err(lost)?;
        let Some(mut held) = held.filter(|held| held.page == page) else {
            return Ok(false);
        };
        held.flash.sentence = held.confirmed_words();
        session.insert(KEY, held).await.map_err(lost)?;
        Ok(true)
    }
}
