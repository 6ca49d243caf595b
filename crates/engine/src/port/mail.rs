//! Mail: what is waiting to be sent, and who carries it. A mail is nobody's but its addressee's; those of
//! invitations remember in which merchant's trail it is noted what became of them.

use async_trait::async_trait;
use domain::Time;
use uuid::Uuid;

use super::store::Claim;
use crate::error::Result;

/// One message, ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// With its angle brackets; the same at every try, so that a second copy is known for one.
    pub message_id: String,
    /// The id of what it belongs to, so that mails about the same thing stand together.
    pub thread: Option<String>,
}

/// What the mail server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    Yes,
    /// Not now, and why.
    Later(String),
    /// Never, and why.
    Never(String),
}

/// The way to the mail server. One try.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: &Mail) -> Carried;
}

#[derive(Clone, Debug)]
pub struct NewMail {
    pub id: Uuid,
    pub sealed_body: Vec<u8>,
    /// Whose trail hears what became of it.
    pub about: Option<MailAbout>,
    pub created_at: Time,
}

/// What a mail is about, and the merchant in whose trail it is noted what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAbout {
    Invitation {
        merchant: Uuid,
        id: Uuid,
    },
    /// A link for another password that an admin of this merchant made for this person.
    Person {
        merchant: Uuid,
        id: Uuid,
    },
}

/// A mail that this process holds on to for the time of its lease.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    pub id: Uuid,
    pub sealed_body: Vec<u8>,
    pub about: Option<MailAbout>,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    pub fence: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    Waiting,
    Sent,
    Failed,
}

/// What became of the mail about something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFate {
    /// The invitation, or the person.
    pub about: Uuid,
    pub created_at: Time,
    pub state: MailState,
    pub attempts: i64,
    /// What the last try that did not succeed was answered.
    pub why: String,
    pub ended_at: Option<Time>,
}

#[async_trait]
pub trait MailReads: Send {
    /// When the next one is due.
    async fn next_mail_at(&mut self) -> Result<Option<Time>>;
    /// Of this merchant's invitations.
    async fn invitation_mails(&mut self, merchant: Uuid) -> Result<Vec<MailFate>>;
    /// Of the latest link that this merchant's admins had mailed to this person.
    async fn reset_mail(&mut self, merchant: Uuid, user_id: Uuid) -> Result<Option<MailFate>>;
}

#[async_trait]
pub trait MailTx: MailReads {
    async fn insert_mail(&mut self, mail: &NewMail) -> Result<()>;
    /// Due ones whose lease is free, earliest first; each process gets others.
    async fn claim_mails(&mut self, claim: Claim) -> Result<Vec<ClaimedMail>>;
    /// What it says from now on. False when somebody else has it.
    async fn rewrite_mail(&mut self, mail: &ClaimedMail, sealed_body: &[u8]) -> Result<bool>;
    /// False when somebody else has it.
    async fn postpone_mail(&mut self, mail: &ClaimedMail, due: Time, why: &str) -> Result<bool>;
    /// Over, and what it said is gone. False when somebody else has it.
    async fn end_mail(
        &mut self,
        mail: &ClaimedMail,
        state: MailState,
        why: &str,
        now: Time,
    ) -> Result<bool>;
    /// As if it had never been. False when somebody else has it.
    async fn drop_mail(&mut self, mail: &ClaimedMail) -> Result<bool>;
    /// Those that ended before then; how many.
    async fn forget_mails(&mut self, before: Time) -> Result<u64>;
}

impl MailState {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}
