//! Approvals: a decision bound to the hash of (content, contract version, policy version).
//!
//! One row per step of the rule ([`rule`]). Steps are asked in order: the first is `pending`, the rest `queued`.
//! A step that needs several people stays `pending` until the last of them approved; one who declines ends it.
//! Two-person means two distinct people, neither of whom wrote any of it, however they got to speak: for themself, as
//! backup, or for somebody who is away ([`delegation`]). At `accept_by` the backup may decide as
//! well and a task opens; at `expires_at` the step is `expired`, which is not `declined`. What is said
//! meanwhile, and what it does to the clock, is in [`talk`].

pub mod delegation;
pub mod rule;
mod seats;
pub mod talk;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use delegation::{CannotDelegate, Delegation, Voice};
pub use rule::{ApprovalCondition, ApprovalRule, ApprovalStep, Looked, Needed};
pub use seats::most_seated;
pub use talk::{CannotTalk, Look, Question, Remark, Said};

use crate::{owner::Owner, people::Membership, time::Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// An earlier step is still to be decided.
    Queued,
    Pending,
    Approved,
    Declined,
    Expired,
    Withdrawn,
    Superseded,
}

impl ApprovalState {
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Pending,
        Self::Approved,
        Self::Declined,
        Self::Expired,
        Self::Withdrawn,
        Self::Superseded,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Pending)
    }
}

impl fmt::Display for ApprovalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApprovalState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not an approval state"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub export_id: Uuid,
    /// 1-based; `of` is how many steps the rule has.
    pub step: i64,
    pub of: i64,
    pub owner: Owner,
    /// Who is asked beside the owner; then each of them counts once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Owner>,
    /// How many people have to approve it.
    #[serde(default = "one")]
    pub needs: i64,
    pub backup: Owner,
    /// Why anybody is asked at all: "over $500.00", "flagged: test order".
    pub reason: String,
    /// Which of the contract's rules asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<i64>,
    /// Whoever approves proves a moment before that it is them.
    #[serde(default)]
    pub critical: bool,
    pub content_hash: String,
    /// Who wrote what is being approved; may not approve it.
    pub author: Option<Uuid>,
    /// Who else wrote part of it; may not approve it either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_authors: Vec<Uuid>,
    pub state: ApprovalState,
    /// How long the step may wait once it is asked.
    pub accept_ms: i64,
    pub asked_at: Option<Time>,
    pub accept_by: Option<Time>,
    pub expires_at: Option<Time>,
    /// Set when `accept_by` passed: the backup may decide now, too.
    pub escalated_at: Option<Time>,
    /// Who approved it so far; of a step that is approved, everybody who did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// Whoever said the last word.
    pub decided_by: Option<Uuid>,
    /// In whose name, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_for: Option<Uuid>,
    pub decided_at: Option<Time>,
    pub decision_note: Option<String>,
    /// What was said around it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// What it waits to hear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
    pub rev: i64,
}

const fn one() -> i64 {
    1
}

/// One person's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    pub by: Uuid,
    /// In whose name, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<Uuid>,
    /// The places at the step that they may take, from the first owner on; none: as backup.
    pub fits: Vec<usize>,
    pub at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Vote {
    /// Whose word this is: two people's, where one speaks for another.
    pub fn people(&self) -> impl Iterator<Item = Uuid> {
        std::iter::once(self.by).chain(self.on_behalf)
    }
}

/// Why a decision does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotDecide {
    #[error("this was already {0}")]
    AlreadyDecided(ApprovalState),
    #[error("an earlier approval has to come first")]
    NotYetAsked,
    #[error("what you saw is not what would be sent: it changed in the meantime")]
    ContentChanged,
    #[error("you wrote this; somebody else has to approve it")]
    Author,
    #[error("you already approved this once; a second person has to approve, too")]
    SamePerson,
    #[error("{0} was approved for already; what is left is somebody else’s")]
    SeatTaken(String),
    #[error("this waits on {0}, which is not one of your roles")]
    NotYourRole(String),
    #[error("say why you decline")]
    ReasonMissing,
}

/// What a person says about one pending step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub approve: bool,
    pub note: Option<String>,
    /// The hash the person was shown.
    pub seen_hash: String,
    /// The step they were shown. A surface that keeps showing it for long says so: then somebody who comes late
    /// hears what became of that step, and does not decide the next one.
    pub step: Option<Uuid>,
}

impl Approval {
    /// Everybody who is asked, the backup aside.
    pub fn asked(&self) -> impl Iterator<Item = &Owner> {
        std::iter::once(&self.owner).chain(&self.others)
    }

    /// Whether this person wrote any of what is being approved.
    pub fn is_written_by(&self, user: Uuid) -> bool {
        self.author == Some(user) || self.also_authors.contains(&user)
    }

    /// Whom it names: everybody who is asked, and the backup.
    pub fn named(&self) -> impl Iterator<Item = &Owner> {
        self.asked().chain([&self.backup])
    }

    /// Whether this member could decide the step now, were it pending.
    pub fn may_be_decided_by(&self, member: &Membership) -> bool {
        self.fits(member).is_some()
    }

    /// The same of somebody who may speak for others, too.
    pub fn waits_on(&self, voice: &Voice<'_>) -> bool {
        voice
            .names()
            .any(|(member, _)| self.may_be_decided_by(member))
    }

    /// Whether this person approved it, or another step of the same export, or somebody did for them.
    pub fn has_spoken(&self, user: Uuid, all: &[Self]) -> bool {
        let others = all.iter().filter(|one| one.id != self.id);
        let heard = |one: &Self| one.voices().contains(&user);
        heard(self) || others.into_iter().any(heard)
    }

    /// Whose yes stands in this row.
    fn voices(&self) -> BTreeSet<Uuid> {
        let votes = self.votes.iter().flat_map(Vote::people);
        // rows from before votes were written down
        let last = [self.decided_by, self.decided_for].into_iter().flatten();
        match self.state {
            ApprovalState::Approved => votes.chain(last).collect(),
            ApprovalState::Pending => votes.collect(),
            _ => BTreeSet::new(),
        }
    }

    /// Everybody's yes, in order; of a row from before several could be needed, the one there was.
    pub fn yes(&self) -> Vec<Vote> {
        if !self.votes.is_empty() || self.state != ApprovalState::Approved {
            return self.votes.clone();
        }
        let alone = self.decided_by.zip(self.decided_at).map(|(by, at)| Vote {
            by,
            on_behalf: None,
            fits: Vec::new(),
            at,
            note: self.decision_note.clone(),
        });
        alone.into_iter().collect()
    }

    /// How many more have to approve.
    pub fn missing(&self) -> i64 {
        let votes = i64::try_from(self.votes.len()).unwrap_or(i64::MAX);
        self.needs.max(1).saturating_sub(votes).max(0)
    }

    /// One role that needs several people seats them side by side; several roles seat one each.
    fn seats(&self) -> usize {
        match self.others.len() {
            0 => usize::try_from(self.needs.max(1)).unwrap_or(1),
            others => others + 1,
        }
    }

    /// The places that this member may take: none of them in particular as backup.
    fn fits(&self, member: &Membership) -> Option<Vec<usize>> {
        let fits: Vec<usize> = match self.others.len() {
            0 if member.answers_for(&self.owner) => (0..self.seats()).collect(),
            0 => Vec::new(),
            _ => {
                let asked = self.asked().enumerate();
                asked
                    .filter(|(_, owner)| member.answers_for(owner))
                    .map(|(place, _)| place)
                    .collect()
            }
        };
        let is_backup = self.escalated_at.is_some() && member.answers_for(&self.backup);
        (is_backup || !fits.is_empty()).then_some(if is_backup { Vec::new() } else { fits })
    }

    /// Whether there is a place left for somebody who may take these. The backup takes nobody's.
    fn has_room(&self, fits: &[usize]) -> bool {
        if fits.is_empty() {
            return true;
        }
        let mut all: Vec<Vec<usize>> = self
            .votes
            .iter()
            .map(|vote| vote.fits.clone())
            .filter(|fits| !fits.is_empty())
            .collect();
        all.push(fits.to_vec());
        seats::can_all_sit(&all, self.seats())
    }

    /// Who would be speaking, and for whom, with what stands against it otherwise.
    fn speaks(
        &self,
        voice: &Voice<'_>,
        approve: bool,
        all: &[Self],
    ) -> Result<(Option<Uuid>, Vec<usize>), CannotDecide> {
        let mut why = CannotDecide::NotYourRole(self.owner.title());
        for (member, on_behalf) in voice.names() {
            let Some(fits) = self.fits(member) else {
                continue;
            };
            if !approve {
                return Ok((on_behalf, fits));
            }
            let people = [Some(voice.own.user_id), on_behalf];
            let mut people = people.into_iter().flatten();
            let against = if people.clone().any(|user| self.is_written_by(user)) {
                CannotDecide::Author
            } else if people.any(|user| self.has_spoken(user, all)) {
                CannotDecide::SamePerson
            } else if !self.has_room(&fits) {
                let owner = fits.first().and_then(|place| self.asked().nth(*place));
                CannotDecide::SeatTaken(owner.unwrap_or(&self.owner).title())
            } else {
                return Ok((on_behalf, fits));
            };
            // what stands against themself is said before what stands against somebody else
            if matches!(why, CannotDecide::NotYourRole(_)) {
                why = against;
            }
        }
        Err(why)
    }

    /// The one gate, whatever the surface. `all` are the export's approval rows.
    pub fn decide(
        mut self,
        decision: &Decision,
        voice: &Voice<'_>,
        all: &[Self],
        now: Time,
    ) -> Result<Self, CannotDecide> {
        match self.state {
            ApprovalState::Pending => {}
            ApprovalState::Queued => return Err(CannotDecide::NotYetAsked),
            done => return Err(CannotDecide::AlreadyDecided(done)),
        }
        if decision.seen_hash != self.content_hash {
            return Err(CannotDecide::ContentChanged);
        }
        let (on_behalf, fits) = self.speaks(voice, decision.approve, all)?;
        let note = decision
            .note
            .as_deref()
            .map(str::trim)
            .filter(|note| !note.is_empty())
            .map(str::to_owned);
        if !decision.approve && note.is_none() {
            return Err(CannotDecide::ReasonMissing);
        }
        let by = voice.own.user_id;
        self.looks.retain(|one| one.user_id != by);
        if decision.approve {
            let note = note.clone();
            self.votes.push(Vote {
                by,
                on_behalf,
                fits,
                at: now,
                note,
            });
            if self.missing() > 0 {
                return Ok(self);
            }
            self.state = ApprovalState::Approved;
        } else {
            self.state = ApprovalState::Declined;
        }
        self.decided_by = Some(by);
        self.decided_for = on_behalf;
        self.decided_at = Some(now);
        self.decision_note = note;
        self.question = None;
        self.looks.clear();
        Ok(self)
    }

    /// The same step once more, for what it was asked for: what was approved of it stands, unless somebody
    /// declined it.
    #[must_use]
    pub fn anew(self, id: Uuid) -> Self {
        let votes = match self.state {
            ApprovalState::Expired => self.votes,
            _ => Vec::new(),
        };
        Self {
            id,
            votes,
            decided_by: None,
            decided_for: None,
            decided_at: None,
            decision_note: None,
            rev: 0,
            ..self
        }
    }

    /// Starts this step's clock. It may wait as long again with the backup before it expires.
    #[must_use]
    pub fn ask(mut self, now: Time) -> Self {
        self.state = ApprovalState::Pending;
        self.asked_at = Some(now);
        self.accept_by = Some(now.plus_ms(self.accept_ms));
        self.expires_at = Some(now.plus_ms(self.accept_ms.saturating_mul(4)));
        self.escalated_at = None;
        self.question = None;
        self.looks.clear();
        self
    }
}
