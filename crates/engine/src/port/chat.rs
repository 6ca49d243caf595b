//! The chat: what is kept about it, and the way to it. What a message looks like there is the adapter's; the
//! engine says what it says.

use async_trait::async_trait;
use domain::{
    Time,
    chat::{At, Click, Linked, Post, Pressed, Route, Workspace},
};
use serde::Serialize;
use uuid::Uuid;

use crate::error::Result;

/// Whose word a call carries.
#[derive(Clone)]
pub struct Account {
    pub api_base: String,
    pub token: String,
}

/// What the chat answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<T> {
    Yes(T),
    /// Not now.
    Later {
        why: String,
        after_ms: Option<i64>,
    },
    /// Never, as things are.
    Never {
        why: String,
        about: Whose,
    },
}

/// What is wrong when something is refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Nothing gets through: the token was revoked, or lacks a scope.
    Connection,
    /// The channel or person is none, or closed to us.
    Place,
    /// This message or this moment: it was deleted, the form came too late.
    Message,
}

/// Who a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub team_id: String,
    pub team_name: String,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Card {
    /// What waits, or what became of it.
    pub headline: String,
    /// Label and words, in this order.
    pub facts: Vec<(String, String)>,
    /// Shown in the time of whoever reads it.
    pub times: Vec<(String, Time)>,
    /// A line in small letters.
    pub small: String,
    /// What can be pressed; nothing once it is over.
    pub press: Option<Press>,
    /// A button that leads to this page, of what is not decided here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Press {
    pub approval: Uuid,
    /// Of what is shown.
    pub seen_hash: String,
    /// Without them there is the link only.
    pub decides: bool,
    /// Left out of what is compared: it is another each time.
    #[serde(skip)]
    pub open: String,
}

/// The form that asks why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonForm {
    pub approval: Uuid,
    pub seen_hash: String,
    pub title: String,
    /// Where it was pressed, so that an answer can be given there.
    pub channel: Option<String>,
    pub ts: Option<String>,
}

/// Somebody pressed something, as the chat tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressing {
    pub team_id: Option<String>,
    pub chat_user: String,
    pub name: String,
    pub channel: Option<String>,
    pub ts: Option<String>,
    pub trigger: Option<String>,
    pub pressed: Pressed,
    pub approval: Uuid,
    pub seen_hash: String,
}

#[async_trait]
pub trait Chat: Send + Sync {
    /// Why this address could never be called, in a sentence.
    fn refuses(&self, api_base: &str) -> Option<String>;
    /// Whether this was signed with the secret, a moment ago. The sentence is for the log.
    fn verify(
        &self,
        secret: &[u8],
        headers: &[(String, String)],
        body: &[u8],
        now: Time,
    ) -> Result<(), String>;
    /// What was pressed; none where nothing is to be done about it.
    fn read(&self, body: &[u8]) -> Result<Option<Pressing>, String>;

    async fn who(&self, account: &Account) -> Said<Identity>;
    async fn post(&self, account: &Account, place: &str, card: &Card) -> Said<At>;
    async fn update(&self, account: &Account, at: &At, card: &Card) -> Said<()>;
    /// Words that only this person sees.
    async fn whisper(
        &self,
        account: &Account,
        channel: Option<&str>,
        chat_user: &str,
        words: &str,
    ) -> Said<()>;
    async fn ask_reason(&self, account: &Account, trigger: &str, form: &ReasonForm) -> Said<()>;
}

/// A link by which somebody says who they are in the chat. Its secret is kept as a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatLinkRow {
    pub merchant_id: Uuid,
    pub token_hash: Vec<u8>,
    pub chat_user: String,
    pub name: String,
    pub expires_at: Time,
    pub used_at: Option<Time>,
}

/// A link to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionLinkRow {
    pub merchant_id: Uuid,
    pub token_hash: Vec<u8>,
    pub approval_id: Uuid,
    /// To whom it was mailed.
    pub user_id: Option<Uuid>,
    pub expires_at: Time,
}

#[async_trait]
pub trait ChatReads: Send {
    async fn chat_workspace(&mut self, merchant: Uuid) -> Result<Option<Workspace>>;
    /// By owner.
    async fn chat_routes(&mut self, merchant: Uuid) -> Result<Vec<Route>>;
    /// By name.
    async fn chat_people(&mut self, merchant: Uuid) -> Result<Vec<Linked>>;
    async fn chat_person(&mut self, merchant: Uuid, chat_user: &str) -> Result<Option<Linked>>;
    async fn chat_link(&mut self, merchant: Uuid, token_hash: &[u8])
    -> Result<Option<ChatLinkRow>>;
    async fn chat_post(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Post>>;
    /// Those about this approval or task, or whatever a notice is about, oldest first.
    async fn chat_posts(&mut self, merchant: Uuid, about: Uuid) -> Result<Vec<Post>>;
    /// Those that stand somewhere, the newest so many.
    async fn latest_chat_posts(&mut self, merchant: Uuid, limit: i64) -> Result<Vec<Post>>;
    async fn chat_click(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Click>>;
    async fn decision_link(
        &mut self,
        merchant: Uuid,
        token_hash: &[u8],
    ) -> Result<Option<DecisionLinkRow>>;
    /// To whom links to this decision were mailed.
    async fn mailed_about(&mut self, merchant: Uuid, approval: Uuid) -> Result<Vec<Uuid>>;
}

#[async_trait]
pub trait ChatTx: ChatReads {
    /// A conflict when there is one.
    async fn insert_chat_workspace(&mut self, workspace: &Workspace) -> Result<()>;
    async fn save_chat_workspace(&mut self, workspace: &Workspace) -> Result<()>;
    /// With everything that was known of it, but for the messages.
    async fn delete_chat_workspace(&mut self, merchant: Uuid) -> Result<()>;
    /// None: nobody is asked there any more.
    async fn set_chat_route(
        &mut self,
        merchant: Uuid,
        owner: &str,
        place: Option<&str>,
    ) -> Result<()>;
    /// A conflict when this one is linked already.
    async fn insert_chat_person(&mut self, person: &Linked) -> Result<()>;
    async fn delete_chat_person(&mut self, merchant: Uuid, chat_user: &str) -> Result<bool>;
    async fn insert_chat_link(&mut self, link: &ChatLinkRow) -> Result<()>;
    /// False when it was used before.
    async fn use_chat_link(&mut self, merchant: Uuid, token_hash: &[u8], now: Time)
    -> Result<bool>;
    async fn insert_chat_post(&mut self, post: &Post) -> Result<()>;
    async fn save_chat_post(&mut self, post: &Post) -> Result<()>;
    /// It was said, and nothing is left to be done about it.
    async fn delete_chat_post(&mut self, merchant: Uuid, id: Uuid) -> Result<()>;
    /// False when the same bytes came before.
    async fn insert_chat_click(&mut self, click: &Click, digest: &[u8]) -> Result<bool>;
    async fn save_chat_click(&mut self, click: &Click) -> Result<()>;
    async fn insert_decision_link(&mut self, link: &DecisionLinkRow) -> Result<()>;
    /// Clicks of before then, and links that ended before then.
    async fn forget_chat(&mut self, merchant: Uuid, before: Time) -> Result<u64>;
}
