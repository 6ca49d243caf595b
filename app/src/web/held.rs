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
const CONFIRMED: &str = "Confirmed. Press the button again: what you typed is still here.";

#[derive(Serialize, Deserialize)]
pub(super) struct Held {
    /// Path and query of the page with the form.
    page: String,
    flash: Flash,
}

impl Held {
    pub(super) fn new(page: String, flash: Flash) -> Self {
        Self { page, flash }
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
        held.flash.sentence = CONFIRMED.to_owned();
        session.insert(KEY, held).await.map_err(lost)?;
        Ok(true)
    }
}
