//! What lies on the drawing board of contracts: the draft of one export type, who drew it, and whether
//! somebody was asked to publish it.
//!
//! There is at most one sheet for each export type of a merchant. Every change raises `rev`, and whoever saves
//! says which one they saw. A question to publish is about exactly one content, named by its hash: any change
//! takes it back. It is the same life as that of a flow's sheet ([`crate::flow::Sheet`]), about another noun.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Contract;
use crate::{
    canonical,
    flow::{CannotAgree, Request},
    time::Time,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub merchant_id: Uuid,
    pub export_type: String,
    pub draft: Contract,
    /// The version it was begun from. None: there was none.
    #[serde(default)]
    pub base: Option<String>,
    /// Everybody who changed it; none of them can be the second person.
    #[serde(default)]
    pub authors: Vec<Uuid>,
    #[serde(default)]
    pub edited_by: Option<Uuid>,
    pub edited_at: Time,
    #[serde(default)]
    pub request: Option<Request>,
    pub rev: i64,
}

impl Sheet {
    pub fn hash(&self) -> String {
        content_hash(&self.draft, self.base.as_deref())
    }

    /// The same sheet with another content. What was asked about the one before is asked no more.
    #[must_use]
    pub fn edited(mut self, draft: Contract, by: Option<Uuid>, at: Time) -> Self {
        self.draft = draft;
        if let Some(by) = by
            && !self.authors.contains(&by)
        {
            self.authors.push(by);
        }
        self.edited_by = by;
        self.edited_at = at;
        self.request = None;
        self
    }

    /// The same content, begun from another version: whoever says so has seen what is different.
    #[must_use]
    pub fn rebased(self, base: String, by: Option<Uuid>, at: Time) -> Self {
        let draft = self.draft.clone();
        let mut sheet = self.edited(draft, by, at);
        sheet.base = Some(base);
        sheet
    }

    /// The question that waits for a second person, about what stands here now.
    pub fn open_request(&self) -> Option<&Request> {
        self.request
            .as_ref()
            .filter(|request| request.is_open() && request.hash == self.hash())
    }

    /// Whether this person may say yes or no to what they saw.
    pub fn can_agree(&self, by: Uuid, seen_hash: &str) -> Result<&Request, CannotAgree> {
        let request = self.open_request().ok_or(CannotAgree::NotAsked)?;
        if request.hash != seen_hash {
            return Err(CannotAgree::ContentChanged);
        }
        if self.authors.contains(&by) {
            return Err(CannotAgree::Author);
        }
        if request.asked_by == Some(by) {
            return Err(CannotAgree::Asker);
        }
        Ok(request)
    }
}

/// Names what a contract says and the version it replaces. Who published it, when, and under which id is no
/// part of what it says.
pub fn content_hash(contract: &Contract, base: Option<&str>) -> String {
    let mut said = serde_json::to_value(contract).unwrap_or(Value::Null);
    if let Some(fields) = said.as_object_mut() {
        for field in ["id", "merchant_id", "publishing", "published_at"] {
            fields.remove(field);
        }
    }
    let content = json!({ "base": base, "contract": said });
    format!(
        "sha256:{}",
        hex::encode(Sha256::digest(canonical::to_vec(&content)))
    )
}
