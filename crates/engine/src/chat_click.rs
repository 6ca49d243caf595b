//! What is pressed in a chat.
//!
//! A request is kept, once its signature is found good, together with the job that works it off, and is answered
//! at once; the same bytes once more are the same click. The job finds out who it was, and calls the use-case
//! that a page calls, in their name. What they are told is kept with the click before it is said: said twice at
//! worst, done once.

use std::sync::Arc;

use domain::{
    access::Action,
    approval::{Approval, ApprovalState, Decision},
    chat::{Asking, At, Click, LINK_MS, Post, Pressed, Reply, Topic},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    chat_link::Fresh,
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, Kind, Result},
    job::{Job, JobKind},
    late::came_of,
    port::{ChatLinkRow, Pressing, ReasonForm, Said, StoreExt},
    work::Work,
    worker::lost_lease,
};

/// Clicks, and links that ended, are forgotten after so long.
pub(crate) const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Tries of an answer; later than this nobody waits for it.
const MAX_TRIES: i64 = 4;
const AGAIN_MS: i64 = 1_000;

/// What a signed request says.
#[derive(Clone, Debug)]
pub enum Heard {
    Pressed(Box<SignedClick>),
    /// Nothing is to be done about it.
    Nothing,
    /// The form shows this at its field.
    Fault {
        field: &'static str,
        sentence: &'static str,
    },
}

/// Exists only for what was signed with a merchant's secret.
#[derive(Clone, Debug)]
pub struct SignedClick {
    merchant_id: Uuid,
    pressing: Pressing,
    digest: Vec<u8>,
}

fn unsigned(why: impl Into<String>) -> Error {
    Error::new(
        Kind::Unauthenticated,
        "The signature is missing or does not match.",
    )
    .with_context(why.into())
}

impl Engine {
    /// Whether it is from the workspace that is connected there, and what it says.
    pub async fn hear_click(
        &self,
        merchant_id: Uuid,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Heard> {
        let known = self
            .store
            .reads()
            .await?
            .chat_workspace(merchant_id)
            .await?;
        let known = known.ok_or_else(|| unsigned("no workspace is connected there"))?;
        let (secret, now) = (self.chat_signing(&known)?, self.now());
        self.chat
            .verify(&secret, headers, body, now)
            .map_err(unsigned)?;
        let pressing = self.chat.read(body).map_err(|why| {
            Error::invalid("payload", "This is not what Slack sends.").with_context(why)
        })?;
        let Some(pressing) = pressing else {
            return Ok(Heard::Nothing);
        };
        if pressing
            .team_id
            .as_ref()
            .is_some_and(|team| *team != known.team_id)
        {
            return Err(unsigned("it is from another workspace"));
        }
        if matches!(&pressing.pressed, Pressed::Reason { text } if text.is_empty()) {
            return Ok(Heard::Fault {
                field: "reason",
                sentence: "Say why you decline.",
            });
        }
        Ok(Heard::Pressed(Box::new(SignedClick {
            merchant_id,
            pressing,
            digest: Sha256::digest(body).to_vec(),
        })))
    }

    /// Durable, with the job that works it off. The same bytes once more change nothing.
    pub async fn take_click(self: &Arc<Self>, click: SignedClick) -> Result<()> {
        let SignedClick {
            merchant_id,
            pressing,
            digest,
        } = click;
        let rules = self.rules_of(merchant_id).await?;
        let (engine, now) = (Arc::clone(self), self.now());
        let click = Click {
            id: self.uuid(),
            merchant_id,
            chat_user: pressing.chat_user,
            name: pressing.name,
            channel: pressing.channel,
            ts: pressing.ts,
            trigger: pressing.trigger,
            pressed: pressing.pressed,
            approval_id: pressing.approval,
            seen_hash: pressing.seen_hash,
            received_at: now,
            reply: None,
        };
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    let before = now.plus_ms(-KEPT_MS);
                    work.tx.forget_chat(merchant_id, before).await?;
                    if work.tx.insert_chat_click(&click, &digest).await? {
                        work.arm(JobKind::AnswerClick, click.id, now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Job: one click, from finding out who it was to what they are told.
    pub(crate) async fn answer_click(self: &Arc<Self>, job: Job) -> Result<()> {
        let merchant = job.merchant_id;
        let found = {
            let mut reads = self.store.reads().await?;
            let click = reads.chat_click(merchant, job.subject_id).await?;
            click.zip(reads.chat_workspace(merchant).await?)
        };
        let Some((mut click, workspace)) = found else {
            return self.done_click(job, None).await;
        };
        let reply = match click.reply.clone() {
            Some(reply) => reply,
            None => {
                let reply = self.weigh(&click).await?;
                click.reply = Some(reply.clone());
                self.weighed(&click).await?;
                reply
            }
        };
        let account = self.chat_account(&workspace)?;
        let channel = click.channel.as_deref();
        let whisper = async |words: &str| {
            self.chat
                .whisper(&account, channel, &click.chat_user, words)
                .await
        };
        let said = match &reply {
            Reply::Nothing => Said::Yes(()),
            Reply::Words { text } => whisper(text).await,
            Reply::Link => whisper(&self.link_words(&click).await?).await,
            Reply::Form => match self.open_form(&click, &account).await? {
                Said::Yes(()) => Said::Yes(()),
                // the three seconds are over
                _ => whisper(&self.page_words(&click).await?).await,
            },
        };
        match said {
            Said::Later { after_ms, .. } if job.attempts + 1 < MAX_TRIES => {
                let wait = after_ms.unwrap_or(AGAIN_MS << job.attempts.clamp(0, 8));
                let at = self.now().plus_ms(wait);
                self.store
                    .write(move |tx| {
                        Box::pin(async move { tx.postpone_job(&job, at).await.map(|_kept| ()) })
                    })
                    .await
            }
            Said::Yes(()) => self.done_click(job, None).await,
            Said::Later { why, .. } | Said::Never { why, .. } => {
                self.done_click(job, Some((click.approval_id, why))).await
            }
        }
    }

    async fn done_click(self: &Arc<Self>, job: Job, failed: Option<(Uuid, String)>) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let (engine, now) = (Arc::clone(self), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    if let Some((approval, why)) = failed {
                        let detail = json!({ "why": why });
                        work.note("approval.click_unanswered", "approval", approval, detail);
                    }
                    if work.tx.finish_job(&job).await? {
                        Ok(())
                    } else {
                        Err(lost_lease())
                    }
                })
            })
            .await
    }

    /// The person behind it, as they would be if they had come themselves, but without a proof.
    async fn presser(&self, click: &Click) -> Result<Option<Ctx>> {
        let mut reads = self.store.reads().await?;
        let merchant = click.merchant_id;
        let Some(linked) = reads.chat_person(merchant, &click.chat_user).await? else {
            return Ok(None);
        };
        let user = reads.user(linked.user_id).await?.filter(|user| user.active);
        let place = reads.place(merchant, linked.user_id).await?;
        let found = user.zip(place).zip(reads.merchant(merchant).await?);
        let ((user, membership), merchant) = found.ok_or_else(|| {
            Error::forbidden("You have no place here any more, so this does not count.")
        })?;
        Ok(Some(self.ctx(
            Actor::User { user, membership },
            merchant,
            None,
        )))
    }

    /// What it does, and what is said about it. An error here is worth another try.
    async fn weigh(self: &Arc<Self>, click: &Click) -> Result<Reply> {
        match self.weighed_by_gate(click).await {
            Ok(reply) => Ok(reply),
            Err(error) if error.raced || error.kind == Kind::Unavailable => Err(error),
            Err(error) if error.kind == Kind::Internal => Err(error),
            Err(error) if error.kind == Kind::StepUp => {
                let text = self.page_words(click).await?;
                Ok(Reply::Words { text })
            }
            Err(error) => Ok(Reply::Words {
                text: error.sentence,
            }),
        }
    }

    async fn weighed_by_gate(self: &Arc<Self>, click: &Click) -> Result<Reply> {
        let Some(ctx) = self.presser(click).await? else {
            return Ok(Reply::Link);
        };
        let approval = self.approval(&ctx, click.approval_id).await?;
        let words = |text: String| Ok(Reply::Words { text });
        if approval.state != ApprovalState::Pending {
            return words(self.over_words(&ctx, &approval).await?);
        }
        let (export, contract) = {
            let mut reads = self.store.reads().await?;
            let merchant = ctx.merchant_id();
            let export = reads.export(merchant, approval.export_id).await?;
            let export = export.ok_or_else(|| Error::not_found("export"))?;
            let contract = reads.contract(merchant, export.contract_id).await?;
            (export, contract)
        };
        let is_allowed = contract.is_some_and(|contract| contract.channels.slack);
        if !is_allowed || approval.critical {
            return words(self.page_words(click).await?);
        }
        let decision = |approve, note| Decision {
            approve,
            note,
            seen_hash: click.seen_hash.clone(),
            step: Some(click.approval_id),
        };
        match &click.pressed {
            Pressed::Approve => {
                self.decide(&ctx, export.id, decision(true, None)).await?;
                Ok(Reply::Nothing)
            }
            Pressed::Reason { text } => {
                let note = Some(text.clone());
                self.decide(&ctx, export.id, decision(false, note)).await?;
                Ok(Reply::Nothing)
            }
            Pressed::Decline => {
                // no form for somebody whose answer would not count
                ctx.require(Action::Decide)?;
                let (_, member) = ctx.member()?;
                let trial = decision(false, Some("?".to_owned()));
                let rules = self.rules_of(ctx.merchant_id()).await?;
                let voice = rules.voice(member, ctx.now());
                approval.decide(&trial, &voice, &[], ctx.now())?;
                Ok(Reply::Form)
            }
        }
    }

    /// Somebody pressed what is over: who decided, and when.
    async fn over_words(&self, ctx: &Ctx, approval: &Approval) -> Result<String> {
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let mut reads = self.store.reads().await?;
        let said = came_of(&mut *reads, &rules, approval, &self.public_url).await?;
        Ok(format!("{said} Nothing was changed by your click."))
    }

    /// What came of it is kept, and every message about it is looked at again, this one as well.
    async fn weighed(self: &Arc<Self>, click: &Click) -> Result<()> {
        let rules = self.rules_of(click.merchant_id).await?;
        let (engine, click, now) = (Arc::clone(self), click.clone(), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    work.tx.save_chat_click(&click).await?;
                    work.follow_click(&click).await
                })
            })
            .await
    }

    /// By which they say who they are.
    async fn link_words(&self, click: &Click) -> Result<String> {
        let link = Fresh::at(self, click.merchant_id);
        let words = format!(
            "Who are you in Meshline? Say it once, and press the button again: {}/a/link/{} (The link is for you alone, works once, and ends in an hour.)",
            self.public_url, link.token
        );
        let row = ChatLinkRow {
            merchant_id: click.merchant_id,
            token_hash: link.hash,
            chat_user: click.chat_user.clone(),
            name: click.name.clone(),
            expires_at: self.now().plus_ms(LINK_MS),
            used_at: None,
        };
        self.store
            .write(move |tx| Box::pin(async move { tx.insert_chat_link(&row).await }))
            .await?;
        Ok(words)
    }

    /// Where it is decided instead.
    async fn page_words(&self, click: &Click) -> Result<String> {
        let merchant = self
            .store
            .reads()
            .await?
            .merchant(click.merchant_id)
            .await?;
        let slug = merchant.map(|merchant| merchant.slug).unwrap_or_default();
        Ok(format!(
            "This is decided on its page: {}/m/{slug}/approvals/{}",
            self.public_url, click.approval_id
        ))
    }

    async fn open_form(&self, click: &Click, account: &crate::port::Account) -> Result<Said<()>> {
        let title = {
            let mut reads = self.store.reads().await?;
            let approval = reads.approval(click.merchant_id, click.approval_id).await?;
            match approval {
                Some(approval) => reads.export(click.merchant_id, approval.export_id).await?,
                None => None,
            }
            .map(|export| export.title)
            .unwrap_or_default()
        };
        let form = ReasonForm {
            approval: click.approval_id,
            seen_hash: click.seen_hash.clone(),
            title,
            channel: click.channel.clone(),
            ts: click.ts.clone(),
        };
        let trigger = click.trigger.as_deref().unwrap_or_default();
        Ok(self.chat.ask_reason(account, trigger, &form).await)
    }
}

impl Work<'_> {
    async fn follow_click(&mut self, click: &Click) -> Result<()> {
        let merchant = self.merchant_id();
        let Some(approval) = self.tx.approval(merchant, click.approval_id).await? else {
            return Ok(());
        };
        let linked = self.tx.chat_person(merchant, &click.chat_user).await?;
        let pressed = match click.pressed {
            Pressed::Approve => "approve",
            Pressed::Decline => "decline",
            Pressed::Reason { .. } => "reason",
        };
        let detail = json!({
            "chat_user": click.chat_user, "name": click.name, "pressed": pressed,
            "user": linked.map(|one| one.user_id), "reply": click.reply,
        });
        self.note("approval.clicked", "approval", approval.id, detail);
        let known = self.tx.chat_posts(merchant, approval.id).await?;
        if let (Some(channel), Some(ts)) = (&click.channel, &click.ts) {
            let at = At {
                channel: channel.clone(),
                ts: ts.clone(),
            };
            let is_ours = known.iter().any(|post| post.at.as_ref() == Some(&at));
            let is_new = known
                .iter()
                .any(|post| post.at.is_none() && post.given_up.is_none());
            if !is_ours && !is_new {
                // sent by somebody who died before it was written down
                let post = Post {
                    id: self.uuid(),
                    merchant_id: merchant,
                    topic: Topic::Approval {
                        approval_id: approval.id,
                        asking: Asking::First,
                    },
                    asked: approval.owner.clone(),
                    place: channel.clone(),
                    at: Some(at),
                    shown: String::new(),
                    held_until: None,
                    given_up: None,
                    created_at: self.now,
                    rev: 0,
                };
                self.tx.insert_chat_post(&post).await?;
            }
        }
        self.look_at_posts(approval.id).await
    }
}
