//! A flash: what the last form did, said on the next page and then forgotten.
//!
//! It is kept in the session on the server's side, so neither sentences nor what was typed ever stand in
//! a URL. Only a page that the browser opens takes it; one that a script fetches leaves it where it is.

use std::{borrow::Cow, collections::BTreeMap};

use engine::Result;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::person::lost;
use crate::ui::FieldText;

const KEY: &str = "flash";

/// What a form did, or would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub failed: bool,
    pub sentence: String,
    /// Before this nothing more is tried, in milliseconds.
    #[serde(default)]
    pub wait_ms: Option<i64>,
    /// Quoted when something broke on our side.
    pub incident: Option<String>,
    /// Which form this is about, when it failed.
    pub form: String,
    /// What is wrong, by field.
    pub fields: BTreeMap<String, String>,
    /// What was typed, by field. Never holds a password.
    pub typed: BTreeMap<String, String>,
}

impl Flash {
    pub fn done(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            ..Self::default()
        }
    }

    pub async fn leave(self, session: &Session) -> Result<()> {
        session.insert(KEY, self).await.map_err(lost)
    }

    pub async fn take(session: &Session) -> Result<Option<Self>> {
        session.remove(KEY).await.map_err(lost)
    }
}

/// What a form shows when its page is written: the values typed into it and what is wrong with them, if
/// it was just refused; otherwise nothing.
#[derive(Clone, Debug, Default)]
pub struct Typed(Option<Flash>);

impl Typed {
    pub fn of(flash: Option<&Flash>, form: &str) -> Self {
        Self(
            flash
                .filter(|flash| !flash.form.is_empty() && flash.form == form)
                .cloned(),
        )
    }

    /// This very form was refused a moment ago, or waits to be sent again.
    pub fn failed(&self) -> bool {
        self.0.is_some()
    }

    pub fn value(&self, name: &str) -> String {
        self.value_or(name, "")
    }

    pub fn value_or(&self, name: &str, otherwise: &str) -> String {
        let typed = self
            .0
            .as_ref()
            .and_then(|flash| flash.typed.get(name).cloned());
        typed.unwrap_or_else(|| otherwise.to_owned())
    }

    pub fn error(&self, name: &str) -> Option<String> {
        self.0.as_ref()?.fields.get(name).cloned()
    }

    /// Everything that was typed, and everything that is wrong, for forms whose fields are not known beforehand.
    pub fn everything(&self) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        self.0
            .as_ref()
            .map(|flash| (flash.typed.clone(), flash.fields.clone()))
            .unwrap_or_default()
    }

    /// The texts of a field, with what is wrong with it.
    pub fn text(&self, name: impl Into<Cow<'static, str>>, label: impl Into<String>) -> FieldText {
        let name = name.into();
        let error = self.error(&name);
        FieldText::new(name, label).error(error)
    }
}
