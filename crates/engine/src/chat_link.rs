//! Links out of a chat and out of mails: to a decision, and to say who one is in the chat.
//!
//! A link names its merchant and carries a secret; kept is a digest of the whole. Looking at one changes nothing,
//! so whatever fetches it beforehand (a preview, a mail scanner) decides nothing and uses nothing up. Only a
//! person who is signed in and has a place at that merchant learns anything from it at all.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    access::Action,
    approval::{Approval, ApprovalState},
    chat::{LINK_MS, Linked, is_person},
    people::Merchant,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    chat_ask::outcome,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    port::{Card, ChatLinkRow, Pace, Said, StoreExt, Turned},
    sign_in::hash,
    work::Work,
};

const SECRET_BYTES: usize = 24;
/// Links that one person asks for, and that are sent to one in the chat.
const LINKS: Pace = Pace {
    burst: 3,
    every_ms: 10 * 60_000,
};

/// A link that was just made: what goes out, and what is kept.
pub(crate) struct Fresh {
    pub token: String,
    pub hash: Vec<u8>,
}

impl Fresh {
    pub(crate) fn at(engine: &Engine, merchant: Uuid) -> Self {
        let mut secret = [0_u8; SECRET_BYTES];
        engine.ids.fill(&mut secret);
        let bytes = [merchant.as_bytes().as_slice(), &secret].concat();
        let token = URL_SAFE_NO_PAD.encode(bytes);
        Self {
            hash: digest(&token),
            token,
        }
    }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// At which merchant it is to be looked for. What is no link names none.
fn merchant_of(token: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (merchant, secret) = bytes.split_at_checked(16)?;
    (secret.len() == SECRET_BYTES)
        .then(|| Uuid::from_slice(merchant).ok())
        .flatten()
}

/// What somebody sees who followed a link to a decision.
#[derive(Clone, Debug)]
pub struct OpenDecision {
    pub merchant: Merchant,
    pub approval: Approval,
    pub title: String,
    /// What became of it, once the link has ended with the request.
    pub over: Option<String>,
}

/// What somebody sees who is about to say who they are in the chat.
#[derive(Clone, Debug)]
pub struct ChatLink {
    pub merchant: Merchant,
    pub workspace: String,
    pub chat_user: String,
    pub name: String,
    /// Why it is worth nothing any more.
    pub spent: Option<&'static str>,
}

impl Engine {
    /// The place that this person has where the link leads.
    async fn enter_by_link(&self, user_id: Uuid, token: &str, noun: &str) -> Result<Ctx> {
        let missing = || Error::not_found(noun);
        let merchant = merchant_of(token).ok_or_else(missing)?;
        let found = self.store.reads().await?.merchant(merchant).await?;
        let slug = found.ok_or_else(missing)?.slug;
        self.enter(user_id, &slug, None)
            .await
            .map_err(|_| missing())
    }

    /// Where a link to a decision leads this person. It only ever shows.
    pub async fn open_decision(&self, user_id: Uuid, token: &str) -> Result<OpenDecision> {
        let missing = || Error::not_found("decision");
        let ctx = self.enter_by_link(user_id, token, "decision").await?;
        let link = self
            .store
            .reads()
            .await?
            .decision_link(ctx.merchant_id(), &digest(token))
            .await?
            .ok_or_else(missing)?;
        let approval = self
            .approval(&ctx, link.approval_id)
            .await
            .map_err(|_| missing())?;
        let export = self
            .store
            .reads()
            .await?
            .export(ctx.merchant_id(), approval.export_id)
            .await?
            .ok_or_else(missing)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        // what is asked again lives longer than its first link, which leads there all the same
        let is_over = approval.state != ApprovalState::Pending;
        Ok(OpenDecision {
            merchant: ctx.merchant().clone(),
            over: is_over.then(|| outcome(&approval, &rules)),
            title: export.title,
            approval,
        })
    }

    /// Whom a link from the chat is about.
    pub async fn look_at_chat_link(&self, user_id: Uuid, token: &str) -> Result<ChatLink> {
        let missing = || Error::not_found("link");
        let ctx = self.enter_by_link(user_id, token, "link").await?;
        let mut reads = self.store.reads().await?;
        let merchant = ctx.merchant_id();
        let link = reads.chat_link(merchant, &digest(token)).await?;
        let link = link.ok_or_else(missing)?;
        let workspace = reads.chat_workspace(merchant).await?.ok_or_else(missing)?;
        let known = reads.chat_person(merchant, &link.chat_user).await?;
        Ok(ChatLink {
            merchant: ctx.merchant().clone(),
            workspace: workspace.team_name,
            spent: spent(&link, known.as_ref(), &ctx),
            chat_user: link.chat_user,
            name: link.name,
        })
    }

    /// From now on, what this one presses in the chat is pressed by whoever says so here.
    pub async fn link_chat(self: &Arc<Self>, ctx: &Ctx, token: &str) -> Result<Linked> {
        // who one is says nothing about what one may do: each button asks that for itself
        ctx.require(Action::ViewWork)?;
        let (user, _) = ctx.member()?;
        ctx.require_fresh_proof()?;
        let (user_id, hash) = (user.id, digest(token));
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let merchant = work.merchant_id();
                    let link = work.tx.chat_link(merchant, &hash).await?;
                    let link = link.ok_or_else(|| Error::not_found("link"))?;
                    let known = work.tx.chat_workspace(merchant).await?;
                    let known = known.ok_or_else(|| Error::not_found("link"))?;
                    let person = work.tx.chat_person(merchant, &link.chat_user).await?;
                    if let Some(why) = spent(&link, person.as_ref(), &ctx) {
                        return Err(Error::conflict(why));
                    }
                    if !work.tx.use_chat_link(merchant, &hash, work.now).await? {
                        return Err(Error::conflict(USED));
                    }
                    let linked = Linked {
                        merchant_id: merchant,
                        chat_user: link.chat_user,
                        name: link.name,
                        user_id,
                        linked_at: work.now,
                    };
                    work.tx.insert_chat_person(&linked).await?;
                    let detail = json!({ "chat_user": linked.chat_user, "name": linked.name, "user": user_id });
                    work.note("chat.linked", "chat", known.id, detail);
                    Ok(linked)
                })
            })
            .await
    }

    /// Sends whoever this is in the chat a link by which they say so. It reaches only who reads that conversation,
    /// and counts for whoever opens it signed in, so naming somebody else gains nothing.
    pub async fn ask_chat_link(self: &Arc<Self>, ctx: &Ctx, chat_user: &str) -> Result<()> {
        ctx.require(Action::ViewWork)?;
        let (user, _) = ctx.member()?;
        let chat_user = chat_user.trim().to_owned();
        if !is_person(&chat_user) {
            return Err(Error::invalid(
                "chat_user",
                "Write your member ID, such as U0123ABCD. It stands in your profile in Slack.",
            ));
        }
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let known = reads.chat_workspace(merchant).await?;
        let known = known.ok_or_else(|| Error::not_found("workspace"))?;
        let linked = reads.chat_person(merchant, &chat_user).await?;
        drop(reads);
        if let Some(linked) = linked {
            return Err(Error::invalid(
                "chat_user",
                match linked.user_id == user.id {
                    true => "You are linked already.",
                    false => OTHERS,
                },
            ));
        }
        let account = self.chat_account(&known)?;
        let link = Fresh::at(self, merchant);
        let card = Card {
            headline: format!("Are you {} in Meshline?", user.name),
            facts: vec![(
                "What this is".to_owned(),
                format!(
                    "{} asked at {} to be known here. Open the page if that was you, a moment ago; it works once, within an hour. Otherwise leave it alone.",
                    user.name,
                    ctx.merchant().name
                ),
            )],
            times: Vec::new(),
            small: String::new(),
            press: None,
            open: Some(format!("{}/a/link/{}", self.public_url, link.token)),
        };
        let row = ChatLinkRow {
            merchant_id: merchant,
            token_hash: link.hash,
            chat_user: chat_user.clone(),
            name: chat_user.clone(),
            expires_at: ctx.now().plus_ms(LINK_MS),
            used_at: None,
        };
        let turns = [
            hash("chat links of", &[merchant.as_bytes(), user.id.as_bytes()]),
            hash(
                "chat links to",
                &[merchant.as_bytes(), chat_user.as_bytes()],
            ),
        ];
        let rules = self.rules_of(merchant).await?;
        let (engine, at) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&at, tx, engine, rules);
                    for turn in turns {
                        if let Turned::Wait(ms) = work.tx.take_turn(&turn, work.now, LINKS).await? {
                            return Err(Error {
                                retry_after_ms: Some(ms),
                                kind: Kind::TooMany,
                                ..Error::invalid(
                                    "chat_user",
                                    "Links were sent several times already. Try again in some minutes.",
                                )
                            });
                        }
                    }
                    work.tx.insert_chat_link(&row).await?;
                    let detail = json!({ "chat_user": row.chat_user });
                    work.note("chat.link_sent", "chat", known.id, detail);
                    Ok(())
                })
            })
            .await?;
        match self.chat.post(&account, &chat_user, &card).await {
            Said::Yes(_) => Ok(()),
            Said::Later { why, .. } | Said::Never { why, .. } => Err(Error::invalid(
                "chat_user",
                format!("It was not sent: {why}."),
            )),
        }
    }

    /// What this one presses in the chat counts for nobody any more. One's own, or as an admin anybody's.
    pub async fn unlink_chat(self: &Arc<Self>, ctx: &Ctx, chat_user: &str) -> Result<Linked> {
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx, chat_user) = (Arc::clone(self), ctx.clone(), chat_user.to_owned());
        let own = ctx.user_id();
        if own.is_none() {
            ctx.require(Action::ManageConnections)?;
        }
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let merchant = work.merchant_id();
                    let found = work.tx.chat_person(merchant, &chat_user).await?;
                    if found.as_ref().map(|one| one.user_id) != own {
                        ctx.require(Action::ManageConnections)?;
                    }
                    let found = found.ok_or_else(|| Error::not_found("link"))?;
                    work.tx.delete_chat_person(merchant, &chat_user).await?;
                    let known = work.tx.chat_workspace(merchant).await?;
                    let id = known.map_or(merchant, |known| known.id);
                    let detail = json!({ "chat_user": found.chat_user, "name": found.name, "user": found.user_id });
                    work.note("chat.unlinked", "chat", id, detail);
                    Ok(found)
                })
            })
            .await
    }
}

const OTHERS: &str = "This name in Slack is linked with somebody else here. An admin can undo that under Settings, Slack.";
const USED: &str = "This link was used already. Each works once.";

fn spent(link: &ChatLinkRow, known: Option<&Linked>, ctx: &Ctx) -> Option<&'static str> {
    if known.is_some_and(|known| Some(known.user_id) == ctx.user_id()) {
        Some("You are linked already. Press the button in Slack again.")
    } else if known.is_some() {
        Some(OTHERS)
    } else if link.used_at.is_some() {
        Some(USED)
    } else if link.expires_at <= ctx.now() {
        Some("This link has ended. Press the button in Slack again to get another.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_link_names_no_merchant() {
        let id = Uuid::from_u128(7);
        let bytes = [id.as_bytes().as_slice(), &[1; SECRET_BYTES]].concat();
        assert_eq!(merchant_of(&URL_SAFE_NO_PAD.encode(&bytes)), Some(id));
        for bad in [
            "",
            "not-a-link",
            &URL_SAFE_NO_PAD.encode(&bytes[..30]),
            "äöü",
        ] {
            assert_eq!(merchant_of(bad), None, "{bad}");
        }
    }
}
