//! What the engine tells those who count, log and trace. It knows none of them: a surface that wants
//! to hear hangs itself in, and nothing is prepared for anybody when nobody did.

use std::sync::{Arc, OnceLock};

use domain::Time;
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    error::{Error, Kind},
    job::Job,
};

/// What became of one claim of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// Its effects are committed; of a delivery, that the answer was recorded, whatever it was.
    Done,
    /// It failed and will be tried again.
    Again,
    /// It failed for the last time, and a person was asked.
    GivenUp,
    /// Its lease ended meanwhile: whoever has it now does the work, and nothing of this try stayed.
    Lost,
}

impl JobOutcome {
    pub const ALL: [Self; 4] = [Self::Done, Self::Again, Self::GivenUp, Self::Lost];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again => "again",
            Self::GivenUp => "given_up",
            Self::Lost => "lost",
        }
    }
}

/// One claim of a job, from beginning to end.
#[derive(Clone, Debug)]
pub struct JobReport<'j> {
    pub job: &'j Job,
    pub outcome: JobOutcome,
    pub began_at: Time,
    pub took_ms: i64,
    /// How long it had been due before somebody took it.
    pub lag_ms: i64,
    /// The piece of work it belongs to, once that was known.
    pub trace_id: Option<&'j str>,
}

pub trait Watch: Send + Sync {
    fn job_ended(&self, report: &JobReport<'_>);
    /// Somebody tried to sign in with a password: `right`, `wrong`, `too_many` or `failed`.
    fn sign_in_ended(&self, outcome: &'static str);
}

/// Where somebody may hang themself in, once.
#[derive(Default)]
pub(crate) struct Watcher(OnceLock<Arc<dyn Watch>>);

impl Watcher {
    pub(crate) fn set(&self, watch: Arc<dyn Watch>) {
        if self.0.set(watch).is_err() {
            tracing::error!("the engine is watched twice; the first one stays");
        }
    }

    pub(crate) fn get(&self) -> Option<&dyn Watch> {
        self.0.get().map(|watch| &**watch)
    }
}

/// Who asked, in a word, and at which merchant: for the line that a request leaves in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub actor: &'static str,
    pub merchant_id: Uuid,
}

/// What a request was found out to be while it was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    pub asked: Option<Asked>,
    /// What it was refused for, in a word. The answer to a form says it on the next page only.
    pub refused: Option<&'static str>,
}

#[derive(Default)]
struct Notes {
    asked: OnceLock<Asked>,
    refused: OnceLock<&'static str>,
}

tokio::task_local! {
    static NOTES: Arc<Notes>;
}

/// Runs a request and says who it was let in as, and what it was refused for, if it came to that.
pub async fn noting_who<F: Future>(request: F) -> (F::Output, Noted) {
    let notes = Arc::new(Notes::default());
    let answered = NOTES.scope(Arc::clone(&notes), request).await;
    let noted = Noted {
        asked: notes.asked.get().copied(),
        refused: notes.refused.get().copied(),
    };
    (answered, noted)
}

/// Called where a use-case's error becomes an answer: what somebody was kept from is on the request's line.
pub fn refused(error: &Error) {
    let why = match error.kind {
        Kind::Unauthenticated => "unauthenticated",
        Kind::StepUp => "unconfirmed",
        Kind::Forbidden => "forbidden",
        Kind::TooMany => "too_many",
        Kind::NotFound | Kind::Invalid | Kind::Conflict | Kind::Unavailable | Kind::Internal => {
            return;
        }
    };
    // the first one is the one that counted, and outside a request nobody takes notes
    let _ = NOTES.try_with(|notes| notes.refused.set(why));
}

pub(crate) fn let_in(ctx: &Ctx) {
    let actor = match ctx.actor() {
        Actor::User { .. } => "user",
        Actor::Token(_) => "token",
        Actor::Destination { .. } => "destination",
        Actor::System => "system",
    };
    // Nobody takes notes outside a request, and the first one is the one that asked.
    let _ = NOTES.try_with(|notes| {
        notes.asked.set(Asked {
            actor,
            merchant_id: ctx.merchant_id(),
        })
    });
}

/// Filled in as soon as it is known to which piece of work a job belongs, also when the job fails later.
#[derive(Clone, Default)]
pub(crate) struct TraceOf(Arc<OnceLock<String>>);

impl TraceOf {
    pub(crate) fn is(&self, trace_id: &str) {
        if !trace_id.is_empty() {
            // a second attempt to say the same
            let _ = self.0.set(trace_id.to_owned());
        }
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
