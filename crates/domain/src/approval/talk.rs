//! What is said around a decision: comments, a question and its answer, reminders, passing it on; and who is
//! looking at it right now.
//!
//! **The clock while a question is open.** Asking stops the clock: both deadlines of the step move back by the
//! step's own time at once, so that nothing fires meanwhile. The answer gives back what was not needed: the
//! deadlines then stand where they stood, moved by as long as the question was open. Without an answer the
//! clock goes on by itself once that time is used up. One question is open at a time, and a step has at most
//! [`MOST_QUESTIONS`], so a question holds a decision up and never off. The export's own clocks never wait.
//!
//! **Looking** is told and nothing else: it ends by itself after [`LOOK_MS`], and nobody has to wait for it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Approval, ApprovalState, Voice};
use crate::{owner::Owner, time::Time};

/// So many reminders a step, and no two within this time.
pub const MOST_REMINDERS: usize = 3;
pub const REMINDER_EVERY_MS: i64 = 10 * 60_000;
pub const MOST_QUESTIONS: usize = 3;
pub const MOST_REMARKS: usize = 200;
/// Letters of one remark.
pub const LONGEST_REMARK: usize = 2_000;
/// How long "Mara is looking at this" stands without being said anew.
pub const LOOK_MS: i64 = 2 * 60_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub at: Time,
    pub by: Uuid,
    #[serde(flatten)]
    pub what: Said,
    #[serde(default)]
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    Comment,
    Question { to: Uuid },
    Answer,
    Reminder,
    Reassigned { from: Owner, to: Owner },
}

/// What the step waits to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub by: Uuid,
    pub to: Uuid,
    pub at: Time,
    /// By how much the deadlines moved when it was asked.
    pub lent_ms: i64,
}

/// Somebody looks at it until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub user_id: Uuid,
    pub until: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotTalk {
    #[error("this is {0} and waits for nobody any more")]
    Over(ApprovalState),
    #[error("an earlier approval has to come first")]
    NotYetAsked,
    #[error("write something")]
    Empty,
    #[error("at most 2000 letters")]
    TooLong,
    #[error("more cannot be said here; use a task")]
    TooMuch,
    #[error(
        "it was reminded {MOST_REMINDERS} times; the backup and the escalation follow by themselves"
    )]
    RemindedEnough,
    #[error("it was reminded a moment ago; again in {} min", (.0 + 59_999) / 60_000)]
    RemindedLately(i64),
    #[error("a question is open already")]
    QuestionOpen,
    #[error("{MOST_QUESTIONS} questions were asked; decide, or decline and say what is missing")]
    AskedEnough,
    #[error("no question is open")]
    NoQuestion,
    #[error("the question was put to somebody else")]
    NotYourQuestion,
    #[error("this waits on {0}, which is not one of your roles")]
    NotYourRole(String),
    #[error("ask somebody else than yourself")]
    Oneself,
    #[error("it is with them already")]
    WithThem,
    #[error("whoever wrote it cannot approve it")]
    Author,
    #[error("they approved another step; a second person has to approve this one")]
    SamePerson,
}

fn said(text: &str) -> Result<String, CannotTalk> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CannotTalk::Empty);
    }
    if text.chars().count() > LONGEST_REMARK {
        return Err(CannotTalk::TooLong);
    }
    Ok(text.to_owned())
}

impl Approval {
    fn must_be_asked(&self) -> Result<(), CannotTalk> {
        match self.state {
            ApprovalState::Pending => Ok(()),
            ApprovalState::Queued => Err(CannotTalk::NotYetAsked),
            over => Err(CannotTalk::Over(over)),
        }
    }

    fn say(mut self, remark: Remark) -> Result<Self, CannotTalk> {
        if self.remarks.len() >= MOST_REMARKS {
            return Err(CannotTalk::TooMuch);
        }
        self.remarks.push(remark);
        Ok(self)
    }

    /// Whoever sees it may say something, before and after it is decided.
    pub fn comment(self, by: Uuid, text: &str, now: Time) -> Result<Self, CannotTalk> {
        let text = said(text)?;
        let what = Said::Comment;
        self.say(Remark {
            at: now,
            by,
            what,
            text,
        })
    }

    /// Those who are asked are told once more.
    pub fn remind(self, by: Uuid, now: Time) -> Result<Self, CannotTalk> {
        self.must_be_asked()?;
        let mut reminders = self.remarks.iter().filter(|one| one.what == Said::Reminder);
        if reminders.clone().count() >= MOST_REMINDERS {
            return Err(CannotTalk::RemindedEnough);
        }
        if let Some(last) = reminders.next_back() {
            let again = last.at.plus_ms(REMINDER_EVERY_MS);
            if now < again {
                return Err(CannotTalk::RemindedLately(again.since_ms(now)));
            }
        }
        let (what, text) = (Said::Reminder, String::new());
        self.say(Remark {
            at: now,
            by,
            what,
            text,
        })
    }

    /// Somebody who could decide asks somebody in particular first; the clock waits.
    pub fn ask_about(
        mut self,
        voice: &Voice<'_>,
        to: Uuid,
        text: &str,
        now: Time,
    ) -> Result<Self, CannotTalk> {
        self.must_be_asked()?;
        if !self.waits_on(voice) {
            return Err(CannotTalk::NotYourRole(self.owner.title()));
        }
        let by = voice.own.user_id;
        if by == to {
            return Err(CannotTalk::Oneself);
        }
        if self.question.is_some() {
            return Err(CannotTalk::QuestionOpen);
        }
        let is_question = |one: &&Remark| matches!(one.what, Said::Question { .. });
        if self.remarks.iter().filter(is_question).count() >= MOST_QUESTIONS {
            return Err(CannotTalk::AskedEnough);
        }
        let text = said(text)?;
        let lent_ms = self.accept_ms;
        self.move_clocks(lent_ms);
        self.question = Some(Question {
            by,
            to,
            at: now,
            lent_ms,
        });
        let what = Said::Question { to };
        self.say(Remark {
            at: now,
            by,
            what,
            text,
        })
    }

    /// The answer; whoever was asked gives it, and the clock goes on.
    pub fn answer(mut self, by: Uuid, text: &str, now: Time) -> Result<Self, CannotTalk> {
        let question = self.question.take().ok_or(CannotTalk::NoQuestion)?;
        if question.to != by {
            return Err(CannotTalk::NotYourQuestion);
        }
        let text = said(text)?;
        if self.state == ApprovalState::Pending {
            let unused = question.lent_ms - now.since_ms(question.at);
            self.move_clocks(-unused.max(0));
        }
        let what = Said::Answer;
        self.say(Remark {
            at: now,
            by,
            what,
            text,
        })
    }

    /// The deadline that was already missed when the question came is not brought back.
    fn move_clocks(&mut self, ms: i64) {
        if self.escalated_at.is_none() {
            self.accept_by = self.accept_by.map(|at| at.plus_ms(ms));
        }
        self.expires_at = self.expires_at.map(|at| at.plus_ms(ms));
    }

    /// Whoever is asked passes it on; so may an admin. The clock runs on.
    pub fn reassign(
        mut self,
        by: (Uuid, Option<&Voice<'_>>),
        to: &Owner,
        why: &str,
        (all, now): (&[Self], Time),
    ) -> Result<Self, CannotTalk> {
        self.must_be_asked()?;
        let (by, voice) = by;
        if self.asked().any(|one| one == to) {
            return Err(CannotTalk::WithThem);
        }
        if let Owner::User(user) = to {
            if self.is_written_by(*user) {
                return Err(CannotTalk::Author);
            }
            if self.has_spoken(*user, all) {
                return Err(CannotTalk::SamePerson);
            }
        }
        // an admin moves the first place; somebody who is asked, their own
        let mine = |owner: &Owner| {
            voice.is_none_or(|voice| voice.names().any(|(member, _)| member.answers_for(owner)))
        };
        let place = std::iter::once(&mut self.owner)
            .chain(&mut self.others)
            .find(|owner| mine(owner));
        let Some(place) = place else {
            return Err(CannotTalk::NotYourRole(self.owner.title()));
        };
        let from = std::mem::replace(place, to.clone());
        let text = why.trim().chars().take(LONGEST_REMARK).collect();
        let what = Said::Reassigned {
            from,
            to: to.clone(),
        };
        self.say(Remark {
            at: now,
            by,
            what,
            text,
        })
    }

    /// Somebody opened it to decide. Whether that is news.
    pub fn look(mut self, user: Uuid, now: Time) -> (Self, bool) {
        let is_new = !self
            .looks
            .iter()
            .any(|one| one.user_id == user && now < one.until);
        self.looks
            .retain(|one| one.user_id != user && now < one.until);
        let until = now.plus_ms(LOOK_MS);
        self.looks.push(Look {
            user_id: user,
            until,
        });
        (self, is_new)
    }

    /// Who looks at it at this moment, whoever asks aside.
    pub fn lookers(&self, but: Option<Uuid>, now: Time) -> impl Iterator<Item = &Look> {
        let open = self.state == ApprovalState::Pending;
        self.looks
            .iter()
            .filter(move |one| open && now < one.until && Some(one.user_id) != but)
    }

    /// What waits for an answer, in words.
    pub fn open_question(&self) -> Option<&Remark> {
        let question = self.question.as_ref()?;
        self.remarks.iter().rev().find(|one| {
            one.at == question.at && matches!(one.what, Said::Question { to } if to == question.to)
        })
    }
}
