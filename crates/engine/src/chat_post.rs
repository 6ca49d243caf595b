//! Job: brings one message in a chat in line with what it is about.
//!
//! What it should say is computed from the approval or task as it is now, and compared with what it shows. Three
//! steps, as everything that goes out: held (so that nobody else sends it at the same time), sent, recorded. When
//! it changed between the first and the last, the job is armed anew; so the last word is always the
//! newest, whatever came in between. A crash after sending sends a second message at worst: its buttons are
//! judged like those of the first, and it is put right when somebody presses one.

use std::sync::Arc;

use domain::{
    Time,
    approval::ApprovalState,
    chat::{At, Post},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    chat_link::Fresh,
    chat_matter::Matter,
    engine::Engine,
    error::{Error, Result},
    job::{Job, JobKind},
    port::{Account, Card, DecisionLinkRow, Said, StoreExt, Whose},
    rules::Rules,
    work::Work,
    worker::{LEASE_MS, lost_lease},
};

/// Tries of one message before people are asked otherwise.
const MAX_TRIES: i64 = 8;
/// Between the first and the second try; twice as long each time.
const AGAIN_MS: i64 = 1_000;
const LONGEST_MS: i64 = 5 * 60_000;

struct Ready {
    post: Post,
    card: Card,
    account: Account,
}

fn digest(card: &Card) -> Result<String> {
    let text = serde_json::to_vec(card)
        .map_err(|error| Error::internal(format!("a message cannot be written: {error}")))?;
    Ok(hex::encode(Sha256::digest(text)))
}

impl Engine {
    pub(crate) async fn show_post(self: &Arc<Self>, job: Job) -> Result<()> {
        let rules = self.rules_of(job.merchant_id).await?;
        let Some(ready) = self.begin_post(&job, Arc::clone(&rules)).await? else {
            return Ok(());
        };
        let (account, card) = (&ready.account, &ready.card);
        let said = match &ready.post.at {
            None => self.chat.post(account, &ready.post.place, card).await,
            Some(at) => match self.chat.update(account, at, card).await {
                Said::Yes(()) => Said::Yes(at.clone()),
                Said::Later { why, after_ms } => Said::Later { why, after_ms },
                Said::Never { why, about } => Said::Never { why, about },
            },
        };
        let (engine, now) = (Arc::clone(self), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    work.end_post(&job, ready, said).await
                })
            })
            .await
    }

    async fn begin_post(self: &Arc<Self>, job: &Job, rules: Arc<Rules>) -> Result<Option<Ready>> {
        let (engine, job, now) = (Arc::clone(self), job.clone(), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::for_job(tx, engine, rules, now);
                    if !work.tx.renew_job(&job, now.plus_ms(LEASE_MS)).await? {
                        return Err(lost_lease());
                    }
                    work.begin_post(&job).await
                })
            })
            .await
    }
}

impl Work<'_> {
    /// What is to be sent, held for whoever asks; nothing, where all is as it should be.
    async fn begin_post(&mut self, job: &Job) -> Result<Option<Ready>> {
        let merchant = self.merchant_id();
        let found = self.tx.chat_post(merchant, job.subject_id).await?;
        let Some(mut post) = found.filter(|post| post.given_up.is_none()) else {
            return self.no_post(job).await;
        };
        let Some(workspace) = self.tx.chat_workspace(merchant).await? else {
            let matter = self.matter_of_post(&post).await?;
            if matter.is_said_once() {
                // it was on its way, and is kept for nothing else
                self.ask_otherwise(&mut post, &matter, "the workspace was disconnected")
                    .await?;
            }
            return self.no_post(job).await;
        };
        if post.held_until.is_some_and(|until| until > self.now) {
            self.tx
                .postpone_job(job, self.now.plus_ms(AGAIN_MS))
                .await?;
            return Ok(None);
        }
        let matter = self.matter_of_post(&post).await?;
        matter.trace_id().clone_into(&mut self.trace_id);
        let link = Fresh::at(&self.engine, merchant);
        let open = format!("{}/a/{}", self.engine.public_url, link.token);
        let shows = self.card_of_post(&post, &matter, &open);
        let is_shown = match &post.at {
            Some(_) => post.shown == digest(&shows)?,
            None => matter.is_stale(&post.asked),
        };
        if is_shown && matter.is_said_once() {
            self.tx.delete_chat_post(merchant, post.id).await?;
        }
        if is_shown {
            return self.no_post(job).await;
        }
        if post.at.is_none() && matter.is_kept_back() {
            self.ask_otherwise(
                &mut post,
                &matter,
                "it is not for everybody who reads there",
            )
            .await?;
            return self.no_post(job).await;
        }
        if workspace.trouble.is_some() {
            // put right once the connection is
            if post.at.is_none() {
                self.ask_otherwise(&mut post, &matter, "the connection does not hold")
                    .await?;
            }
            return self.no_post(job).await;
        }
        if let Matter::Approval(request) = &matter
            && shows.press.is_some()
        {
            self.tx
                .insert_decision_link(&DecisionLinkRow {
                    merchant_id: merchant,
                    token_hash: link.hash,
                    approval_id: request.approval.id,
                    user_id: None,
                    expires_at: request.approval.expires_at.unwrap_or(self.now),
                })
                .await?;
        }
        post.held_until = Some(self.now.plus_ms(LEASE_MS));
        self.tx.save_chat_post(&post).await?;
        post.rev += 1;
        Ok(Some(Ready {
            post,
            card: shows,
            account: self.engine.chat_account(&workspace)?,
        }))
    }

    async fn no_post(&mut self, job: &Job) -> Result<Option<Ready>> {
        if self.tx.finish_job(job).await? {
            Ok(None)
        } else {
            Err(lost_lease())
        }
    }

    async fn end_post(&mut self, job: &Job, ready: Ready, said: Said<At>) -> Result<()> {
        let mut post = ready.post;
        let matter = self.matter_of_post(&post).await?;
        matter.trace_id().clone_into(&mut self.trace_id);
        post.held_until = None;
        match said {
            Said::Yes(at) => {
                let is_new = post.at.is_none();
                let how = if is_new { "posted" } else { "post_updated" };
                self.note_post(how, &post, &matter, matter.detail(&post));
                post.at = Some(at);
                post.shown = digest(&ready.card)?;
                if matter.is_said_once() {
                    self.tx.delete_chat_post(post.merchant_id, post.id).await?;
                } else {
                    self.tx.save_chat_post(&post).await?;
                    if digest(&self.card_of_post(&post, &matter, ""))? != post.shown {
                        // it changed while we were sending
                        self.arm(JobKind::ShowPost, post.id, self.now).await?;
                    }
                    if is_new && post.is_of_task() {
                        // those before it say from now on that there is a newer one
                        self.look_at_posts(post.about()).await?;
                    }
                }
            }
            Said::Later { why, after_ms } if job.attempts + 1 < MAX_TRIES => {
                self.tx.save_chat_post(&post).await?;
                let at = self.again_at(job, after_ms);
                tracing::warn!(post = %post.id, why, "a message is tried again later");
                return if self.tx.postpone_job(job, at).await? {
                    Ok(())
                } else {
                    Err(lost_lease())
                };
            }
            Said::Later { why, .. } => {
                let why = format!("{why} (tried {MAX_TRIES} times)");
                self.post_failed(&mut post, &matter, &why, Whose::Place)
                    .await?;
            }
            Said::Never { why, about } => {
                self.post_failed(&mut post, &matter, &why, about).await?;
            }
        }
        self.no_post(job).await.map(drop)
    }

    fn again_at(&self, job: &Job, after_ms: Option<i64>) -> Time {
        let wait = AGAIN_MS
            .saturating_mul(1 << job.attempts.clamp(0, 12))
            .min(LONGEST_MS);
        self.now.plus_ms(wait.max(after_ms.unwrap_or_default()))
    }

    async fn post_failed(
        &mut self,
        post: &mut Post,
        matter: &Matter,
        why: &str,
        about: Whose,
    ) -> Result<()> {
        match about {
            Whose::Connection => self.chat_is_broken(why).await?,
            Whose::Place if post.at.is_none() => {
                self.chat_route_is_broken(&post.asked, &post.place, why)
                    .await?;
            }
            Whose::Place | Whose::Message => {}
        }
        if post.at.is_none() {
            return self.ask_otherwise(post, matter, why).await;
        }
        if about != Whose::Connection {
            // deleted, or in a channel that is closed to us now: nobody can put it right
            post.given_up = Some(why.to_owned());
        }
        self.tx.save_chat_post(post).await?;
        let detail = json!({ "place": post.place, "why": why });
        self.note_post("post_failed", post, matter, detail);
        Ok(())
    }

    fn note_post(&mut self, how: &str, post: &Post, matter: &Matter, detail: serde_json::Value) {
        let (kind, id) = matter.subject(post);
        if self.trace_id.is_empty() {
            self.trace_id = self.engine.new_trace_id();
        }
        self.note(&format!("{}.{how}", matter.noun()), kind, id, detail);
    }

    /// It was never shown, and never will be: by mail, then.
    async fn ask_otherwise(&mut self, post: &mut Post, matter: &Matter, why: &str) -> Result<()> {
        let detail = json!({ "place": post.place, "why": why });
        self.note_post("post_failed", post, matter, detail);
        if matter.is_said_once() {
            self.tx.delete_chat_post(post.merchant_id, post.id).await?;
        } else {
            post.given_up = Some(why.to_owned());
            self.tx.save_chat_post(post).await?;
        }
        match matter {
            Matter::Approval(request) if request.approval.state == ApprovalState::Pending => {
                self.mail_request(
                    (&request.approval, request.asking),
                    (&request.export, &request.contract),
                    &post.asked,
                )
                .await
            }
            Matter::Task(turn) if turn.task.owner == post.asked && !turn.task.state.is_over() => {
                self.mail_task(&turn.task, &turn.handing).await
            }
            Matter::Notice {
                about, sentence, ..
            } => self.mail_instead(&post.asked, *about, sentence).await,
            _ => Ok(()),
        }
    }
}
