//! A task: the owned unit of human work that an exception opens, with two clocks.
//!
//! Life: `open` → `claimed` → `resolved`; it may be `snoozed` (always until a time) and ends
//! `cancelled` by itself when its cause goes away. `accept_by` asks that somebody takes it,
//! `resolve_by` that it is done. When a clock runs out, the task moves along the escalation that was
//! stamped on it at creation; a claim that outlives `resolve_by` is taken back, and, where the escalation
//! says so, one that is not touched for a while. A rung that is only for working hours waits for them. What
//! resolving it sets going again is the task's [`Unlock`].

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    flow::Field,
    owner::{EscalationPolicy, Owner},
    people::Membership,
    time::Time,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Claimed,
    Snoozed,
    Resolved,
    Cancelled,
}

impl TaskState {
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Claimed,
        Self::Snoozed,
        Self::Resolved,
        Self::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Cancelled)
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a task state"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Normal,
    High,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// Soft: the work goes on elsewhere meanwhile. Hard: the item stands still until this is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionClass {
    Soft,
    Hard,
}

/// What resolving the task sets going again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlock {
    /// Nothing by itself: the person did what had to be done elsewhere.
    Nothing,
    /// Send the export again, same bytes, same idempotency key.
    RedeliverExport,
    /// Run the QA gates again over fresh facts.
    RecheckExport,
    /// Ask for the approval again.
    AskAgain,
    /// Wait once more for what was not seen in time.
    WaitAgain,
    /// Process the receipt again.
    ReprocessReceipt,
    /// Run the failed job again.
    RetryJob,
    /// Try the step of the run again.
    TryStep,
    /// The step of the run is done.
    FinishStep,
    /// What a step did is taken back.
    FinishUndo,
    /// The resolution is the answer to what an approval waits to hear.
    AnswerQuestion,
}

impl Unlock {
    /// The words on the button, or what happens on resolve.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Nothing => "Resolving closes the task; nothing is sent again.",
            Self::RedeliverExport => {
                "Resolving sends 1 export again, with the same bytes and the same idempotency key."
            }
            Self::RecheckExport => "Resolving runs the checks on 1 export again.",
            Self::AskAgain => "Resolving asks for the approval of 1 export again.",
            Self::WaitAgain => "Resolving starts the wait again, with a new deadline.",
            Self::ReprocessReceipt => "Resolving processes 1 receipt again.",
            Self::RetryJob => "Resolving runs 1 failed job again.",
            Self::TryStep => "Resolving tries this step of the flow again.",
            Self::FinishStep => "Resolving finishes this step; the flow goes on.",
            Self::AnswerQuestion => "Resolving answers; the approval goes on.",
            Self::FinishUndo => "Resolving says that it is undone; what came before it is next.",
        }
    }
}

/// The step of a run that a task is about, and what it asks whoever does it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTask {
    pub key: String,
    /// Which branch of the run stands there.
    #[serde(default)]
    pub token: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<Field>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, serde_json::Value>,
}

/// One piece of evidence: a label, a value, and where to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub label: String,
    pub value: String,
    /// Noun and id of what it points at, e.g. `("export", id)`.
    pub link: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// Short and unique within the merchant while open: the same trouble opens one task, not two.
    pub dedup_key: String,
    /// The exception's code, e.g. `insufficient_inventory`.
    pub code: String,
    pub title: String,
    /// What went wrong, in one sentence.
    pub sentence: String,
    pub class: ExceptionClass,
    pub severity: Severity,
    pub state: TaskState,
    pub owner: Owner,
    /// The person who claimed it.
    pub assignee: Option<Uuid>,
    pub backup: Owner,
    /// Told, not asked: they see it in their queue without having to act.
    pub watchers: Vec<Owner>,
    pub escalation: EscalationPolicy,
    /// How many rungs of `escalation` were taken or passed over, over all rounds.
    pub rung: i64,
    /// When the next rung has it, which waits for its working hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalates_at: Option<Time>,
    /// When whoever took it has not touched it for too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_expires_at: Option<Time>,
    pub evidence: Vec<Evidence>,
    pub remediation_steps: Vec<String>,
    pub unlock: Unlock,
    pub receipt_id: Option<Uuid>,
    pub order_id: Option<Uuid>,
    pub run_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepTask>,
    pub export_id: Option<Uuid>,
    pub trace_id: String,
    pub created_at: Time,
    /// Since when its holder is asked, where it changed hands since it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Time>,
    pub accept_by: Time,
    pub resolve_by: Time,
    pub snoozed_until: Option<Time>,
    pub resolved_at: Option<Time>,
    pub resolved_by: Option<Uuid>,
    pub resolution: Option<String>,
    pub rev: i64,
}

/// Why an action on a task is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAct {
    #[error("this task is already {0}")]
    Over(TaskState),
    #[error("somebody else has claimed this task")]
    ClaimedByAnother,
    #[error("only the person who claimed it can release it")]
    NotYours,
    #[error("say what was done, so that the next person can read it")]
    NoteMissing,
    #[error("snooze it to a time that is still to come, at most 7 days away")]
    BadSnooze,
}

/// Longest snooze: 7 days. A snooze always ends.
pub const MAX_SNOOZE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl Task {
    /// The deadline that runs now.
    pub fn deadline(&self) -> Time {
        match self.state {
            TaskState::Open => self.accept_by.min(self.resolve_by),
            TaskState::Snoozed => self.snoozed_until.unwrap_or(self.accept_by),
            _ => self.resolve_by,
        }
    }

    /// Whose move it is: whoever took it, otherwise its owner.
    pub fn holder(&self) -> Owner {
        self.assignee
            .map_or_else(|| self.owner.clone(), Owner::User)
    }

    /// Whom it names: whoever has it, who backs them up, and everybody it would escalate to.
    pub fn named(&self) -> impl Iterator<Item = &Owner> {
        let rungs = self.escalation.steps.iter().map(|step| &step.target);
        [&self.owner, &self.backup].into_iter().chain(rungs)
    }

    /// Whether this member finds it in their queue.
    pub fn is_for(&self, member: &Membership) -> bool {
        match self.assignee {
            Some(user) => user == member.user_id,
            None => member.answers_for(&self.owner),
        }
    }

    fn live(&self) -> Result<(), CannotAct> {
        if self.state.is_over() {
            Err(CannotAct::Over(self.state))
        } else {
            Ok(())
        }
    }

    /// Taking it again says that one is still at it.
    pub fn claim(mut self, user: Uuid, now: Time) -> Result<Self, CannotAct> {
        self.live()?;
        if self.assignee.is_some_and(|other| other != user) {
            return Err(CannotAct::ClaimedByAnother);
        }
        self.state = TaskState::Claimed;
        self.assignee = Some(user);
        self.snoozed_until = None;
        if now < self.resolve_by {
            self.escalates_at = None;
        }
        Ok(self.touched(now))
    }

    /// Whoever took it has done something with it.
    fn touched(mut self, now: Time) -> Self {
        self.claim_expires_at = match (self.state, self.escalation.ack_expires_ms) {
            (TaskState::Claimed, Some(ms)) => Some(now.plus_ms(ms)),
            _ => None,
        };
        self
    }

    /// Whoever took it has not touched it: it is open again, with a fresh clock for somebody to take it.
    #[must_use]
    pub fn claim_expired(mut self, now: Time) -> Self {
        self.ask(now);
        self.state = TaskState::Open;
        self.assignee = None;
        self.claim_expires_at = None;
        self
    }

    /// Since when somebody is asked to take it.
    pub fn asked_since(&self) -> Time {
        self.asked_at.unwrap_or(self.created_at)
    }

    /// A fresh clock for somebody to take it, as long as the one before.
    fn ask(&mut self, now: Time) {
        let window = self.accept_by.since_ms(self.asked_since()).max(60_000);
        self.accept_by = now.plus_ms(window);
        self.asked_at = Some(now);
    }

    /// Gives it back to its owner role, with a fresh clock for somebody to take it.
    pub fn release(mut self, user: Uuid, now: Time) -> Result<Self, CannotAct> {
        self.live()?;
        if self.assignee != Some(user) {
            return Err(CannotAct::NotYours);
        }
        self.ask(now);
        self.state = TaskState::Open;
        self.assignee = None;
        Ok(self.touched(now))
    }

    pub fn reassign(mut self, to: Owner, now: Time) -> Result<Self, CannotAct> {
        self.live()?;
        self.ask(now);
        self.assignee = None;
        self.owner = to;
        self.state = TaskState::Open;
        self.snoozed_until = None;
        self.escalates_at = None;
        Ok(self.touched(now))
    }

    pub fn snooze(mut self, until: Time, now: Time) -> Result<Self, CannotAct> {
        self.live()?;
        if until <= now || until.since_ms(now) > MAX_SNOOZE_MS {
            return Err(CannotAct::BadSnooze);
        }
        self.state = TaskState::Snoozed;
        self.snoozed_until = Some(until);
        Ok(self.touched(now))
    }

    /// The snooze is over: back to whoever had it.
    #[must_use]
    pub fn wake(mut self, now: Time) -> Self {
        self.snoozed_until = None;
        self.state = if self.assignee.is_some() {
            TaskState::Claimed
        } else {
            TaskState::Open
        };
        self.touched(now)
    }

    pub fn resolve(mut self, user: Option<Uuid>, note: &str, now: Time) -> Result<Self, CannotAct> {
        self.live()?;
        if note.trim().is_empty() {
            return Err(CannotAct::NoteMissing);
        }
        self.state = TaskState::Resolved;
        self.resolved_at = Some(now);
        self.resolved_by = user;
        self.resolution = Some(note.trim().to_owned());
        self.snoozed_until = None;
        self.escalates_at = None;
        Ok(self.touched(now))
    }

    /// The cause went away by itself.
    #[must_use]
    pub fn cancel(mut self, why: &str, now: Time) -> Self {
        self.state = TaskState::Cancelled;
        self.resolved_at = Some(now);
        self.resolution = Some(why.to_owned());
        self.escalates_at = None;
        self.touched(now)
    }

    /// A clock ran out: the next rung has it, unclaimed, with its own time to take it. `None` when
    /// the ladder is exhausted: the task stays where it is, late for all to see.
    pub fn escalate(&self, now: Time) -> Option<Self> {
        let step = self.escalation.rung(self.rung)?;
        let mut next = self.clone();
        next.rung += 1;
        next.owner = step.target.clone();
        next.assignee = None;
        next.state = TaskState::Open;
        next.snoozed_until = None;
        next.escalates_at = None;
        next.claim_expires_at = None;
        // what stands still becomes pressing when nobody takes it; the rest only changes hands
        if next.class == ExceptionClass::Hard {
            next.severity = Severity::High;
        }
        next.accept_by = now.plus_ms(step.after_ms);
        next.asked_at = Some(now);
        if next.resolve_by < next.accept_by {
            next.resolve_by = next.accept_by;
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::{EscalationStep, Party};

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn at(ms: i64) -> Time {
        Time::from_ms(1_790_000_000_000).plus_ms(ms)
    }

    fn agency(role: &str) -> Owner {
        Owner::role(Party::Agency, role)
    }

    /// To be taken within a quarter of an hour.
    fn opened() -> Task {
        let rung = EscalationStep {
            after_ms: 30 * MINUTE,
            target: agency("operations"),
            only_within: None,
        };
        Task {
            id: Uuid::from_u128(1),
            merchant_id: Uuid::from_u128(2),
            dedup_key: "lost:1".to_owned(),
            code: "lost".to_owned(),
            title: "Lost".to_owned(),
            sentence: "It is lost.".to_owned(),
            class: ExceptionClass::Soft,
            severity: Severity::Normal,
            state: TaskState::Open,
            owner: agency("logistics"),
            assignee: None,
            backup: agency("operations"),
            watchers: Vec::new(),
            escalation: EscalationPolicy {
                steps: vec![rung],
                ..EscalationPolicy::default()
            },
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence: Vec::new(),
            remediation_steps: Vec::new(),
            unlock: Unlock::Nothing,
            receipt_id: None,
            order_id: None,
            run_id: None,
            step: None,
            export_id: None,
            trace_id: "t".repeat(32),
            created_at: at(0),
            asked_at: None,
            accept_by: at(15 * MINUTE),
            resolve_by: at(24 * HOUR),
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        }
    }

    #[test]
    fn whoever_gets_it_next_has_as_long_to_take_it() {
        let user = Uuid::from_u128(3);
        let late = 7 * HOUR;
        let claimed = opened().claim(user, at(MINUTE)).unwrap();
        let released = claimed.clone().release(user, at(late)).unwrap();
        assert_eq!(released.accept_by, at(late + 15 * MINUTE));
        let later = late + 10 * MINUTE;
        let given = released.reassign(agency("finance"), at(later)).unwrap();
        assert_eq!(given.accept_by, at(later + 15 * MINUTE));
        let again = claimed.claim_expired(at(late)).claim_expired(at(later));
        assert_eq!(again.accept_by, at(later + 15 * MINUTE));
        let climbed = opened().escalate(at(late)).unwrap();
        let given = climbed.reassign(agency("finance"), at(later)).unwrap();
        assert_eq!(given.accept_by, at(later + 30 * MINUTE), "as its rung says");
    }
}
