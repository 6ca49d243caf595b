//! What lies on the drawing board: a flow's draft, who drew it, and whether somebody was asked to publish it.
//!
//! There is at most one sheet for each flow of a merchant; everybody who may draw works on the same one.
//! Every change raises `rev`, and whoever saves says which one they saw. A request to publish is about
//! exactly one content, named by its hash: any change takes it back.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Draft, Flow};
use crate::{canonical, time::Time};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub merchant_id: Uuid,
    /// The flow's key.
    pub key: String,
    pub draft: Draft,
    /// The version it was begun from. None: there was none.
    #[serde(default)]
    pub base: Option<i64>,
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

/// Somebody else is asked to publish what the hash names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub hash: String,
    /// Why there should be another version.
    pub note: String,
    pub asked_by: Option<Uuid>,
    pub asked_at: Time,
    /// A person said no, and why; there is no request any more until somebody asks again.
    #[serde(default)]
    pub declined: Option<Declined>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    pub by: Uuid,
    pub at: Time,
    pub why: String,
}

impl Request {
    /// A second person is expected to look within a day: until then it stands in their queue as due.
    pub const ANSWER_MS: i64 = 24 * 60 * 60 * 1000;

    pub fn is_open(&self) -> bool {
        self.declined.is_none()
    }

    pub fn due(&self) -> Time {
        self.asked_at.plus_ms(Self::ANSWER_MS)
    }
}

/// Why somebody cannot be the second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAgree {
    #[error("nobody is asked about this draft any more")]
    NotAsked,
    #[error("it was changed after you looked at it; look again")]
    ContentChanged,
    #[error("you worked on this draft yourself; somebody else has to agree")]
    Author,
    #[error("you asked for it yourself; somebody else has to agree")]
    Asker,
}

impl Sheet {
    pub fn hash(&self) -> String {
        content_hash(&self.draft, self.base)
    }

    /// The same sheet with another content. What was asked about the one before is asked no more.
    #[must_use]
    pub fn edited(mut self, draft: Draft, by: Option<Uuid>, at: Time) -> Self {
        self.draft = draft;
        self.touched(by, at);
        self
    }

    /// The same content, begun from another version: somebody published meanwhile, and this one has
    /// looked at what is different.
    #[must_use]
    pub fn rebased(mut self, base: i64, by: Option<Uuid>, at: Time) -> Self {
        self.base = Some(base);
        self.touched(by, at);
        self
    }

    fn touched(&mut self, by: Option<Uuid>, at: Time) {
        if let Some(by) = by
            && !self.authors.contains(&by)
        {
            self.authors.push(by);
        }
        self.edited_by = by;
        self.edited_at = at;
        self.request = None;
    }

    /// The request that waits for a second person, about what stands here now.
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

/// Names what a flow says and the version it replaces: the same content on top of another version is
/// another decision.
pub fn content_hash<O: Serialize>(flow: &Flow<O>, base: Option<i64>) -> String {
    let content = json!({
        "base": base,
        "key": flow.key,
        "name": flow.name,
        "summary": flow.summary,
        "trigger": flow.trigger,
        "start": flow.start,
        "steps": flow.steps,
        "outcome": flow.outcome,
    });
    format!(
        "sha256:{}",
        hex::encode(Sha256::digest(canonical::to_vec(&content)))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let draft = Draft::named(Uuid::nil(), Uuid::nil(), "returns", "Returns");
        Sheet {
            merchant_id: Uuid::nil(),
            key: "returns".to_owned(),
            draft,
            base: Some(8),
            authors: Vec::new(),
            edited_by: None,
            edited_at: Time::from_ms(0),
            request: None,
            rev: 1,
        }
    }

    fn person(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn asked(mut sheet: Sheet, by: Uuid) -> Sheet {
        sheet.request = Some(Request {
            hash: sheet.hash(),
            note: "because".to_owned(),
            asked_by: Some(by),
            asked_at: Time::from_ms(5),
            declined: None,
        });
        sheet
    }

    #[test]
    fn only_somebody_who_neither_drew_nor_asked_can_agree() {
        let drawn = sheet().edited(sheet().draft, Some(person(1)), Time::from_ms(1));
        let one = asked(drawn, person(2));
        let hash = one.hash();
        assert_eq!(
            one.can_agree(person(1), &hash).unwrap_err(),
            CannotAgree::Author
        );
        assert_eq!(
            one.can_agree(person(2), &hash).unwrap_err(),
            CannotAgree::Asker
        );
        assert!(one.can_agree(person(3), &hash).is_ok());
        assert_eq!(
            one.can_agree(person(3), "sha256:0").unwrap_err(),
            CannotAgree::ContentChanged
        );
    }

    #[test]
    fn any_change_takes_the_request_back() {
        let one = asked(sheet(), person(2));
        let mut other = one.draft.clone();
        other.summary = "Another".to_owned();
        let edited = one
            .clone()
            .edited(other.clone(), Some(person(2)), Time::from_ms(9));
        assert!(edited.open_request().is_none());
        assert!(
            one.clone()
                .rebased(9, Some(person(2)), Time::from_ms(9))
                .open_request()
                .is_none()
        );
        // there and back again is two changes
        let back = edited.edited(one.draft.clone(), Some(person(2)), Time::from_ms(10));
        assert_eq!(back.hash(), one.hash());
        assert!(back.open_request().is_none());
        // even if somebody kept the request, the hash would not fit
        let kept = Sheet {
            draft: other,
            ..one
        };
        assert_eq!(
            kept.can_agree(person(3), &kept.hash()).unwrap_err(),
            CannotAgree::NotAsked
        );
    }

    #[test]
    fn the_hash_names_content_and_base_but_not_who_or_when() {
        let one = sheet();
        let mut other = one.clone();
        other.draft.published_at = Time::from_ms(77);
        other.draft.version = 12;
        other.draft.id = person(5);
        assert_eq!(one.hash(), other.hash());
        other.base = Some(9);
        assert_ne!(one.hash(), other.hash());
    }
}
