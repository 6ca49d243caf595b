//! Telling people. [`Work::tell`] is the one way: whoever watches, a step that notifies, the I of a matrix.
//!
//! An owner stands for the people who answer for it at that moment; each gets a notice of their own, in
//! the transaction that it is about. Whoever is from outside hears of what they see, and of nothing else: of
//! a run, which they never see, through an export of it that is theirs. An owner who has a place in the
//! merchant's chat is told there as well; else who wants it gets it by mail. Both a few at a time: when much
//! happens at once, the rest waits in the queue.

use std::sync::Arc;

use domain::{
    access::Action,
    chat::{Directly, Linked},
    export::Export,
    notice::{self, Notice},
    owner::Owner,
    people::{Membership, Merchant, User},
    sight::Sight,
    task::{Task, TaskState},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    account::note_for_person,
    ctx::Ctx,
    engine::Engine,
    error::Result,
    port::{AuditNote, Pace, Reads, StoreExt, Turned},
    rules::Rules,
    sessions::Oneself,
    sight::see,
    sign_in::hash,
    work::Work,
};

/// Mails to one person: so many at once, then one more each ten minutes.
const MAILS: Pace = Pace {
    burst: 6,
    every_ms: 10 * 60_000,
};
/// What was read is kept for so long.
const KEPT_MS: i64 = 90 * 24 * 3_600_000;
/// More than this nobody reads.
const MOST: i64 = 100;

/// What something is about, by its noun and id.
pub(crate) type About = (&'static str, Uuid);

/// What of a notice is said outside the queue, in the chat or by mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beyond<'a> {
    /// They hear of it otherwise.
    Nothing,
    /// All of it.
    Same,
    /// In the chat these words instead.
    Less(&'a str),
}

/// A merchant's chat, as one of its people sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChat {
    pub merchant: Merchant,
    pub workspace: String,
    /// Who they are there; nobody, until they say so once.
    pub linked: Option<Linked>,
}

impl Work<'_> {
    /// Tells these owners something, each person behind them once. How many people it reached: nobody, where
    /// no owner has an active person, or none of them may see what it is about.
    pub async fn tell(&mut self, to: &[Owner], about: About, sentence: &str) -> Result<usize> {
        self.tell_as(to, about, sentence, Beyond::Same).await
    }

    /// The same, and what of it leaves the queue.
    pub async fn tell_as(
        &mut self,
        to: &[Owner],
        about: About,
        sentence: &str,
        beyond: Beyond<'_>,
    ) -> Result<usize> {
        let rules = Arc::clone(&self.rules);
        let sentence = notice::sentence(sentence);
        let matter = self.matter_of(about).await?;
        let mut reached: Vec<Uuid> = Vec::new();
        let mut said_in = Vec::new();
        for owner in to {
            let mut news: Vec<(&User, Notice)> = Vec::new();
            for user in rules.asked(owner, self.now) {
                if reached.contains(&user.id) {
                    continue;
                }
                let Some(about) = self.seen_by(&rules, user, about).await? else {
                    continue;
                };
                reached.push(user.id);
                let notice = Notice {
                    id: self.uuid(),
                    merchant_id: self.merchant_id(),
                    user_id: user.id,
                    told_as: owner.clone(),
                    matter: matter.clone(),
                    about: (about.0.to_owned(), about.1),
                    sentence: sentence.clone(),
                    created_at: self.now,
                };
                if self.tx.insert_notice(&notice, &key(&notice)).await? {
                    news.push((user, notice));
                }
            }
            let said = match beyond {
                _ if news.is_empty() => continue,
                Beyond::Nothing => continue,
                Beyond::Same => sentence.clone(),
                Beyond::Less(words) => notice::sentence(words),
            };
            if self.tell_in_chat(owner, about, &said, &mut said_in).await? {
                continue;
            }
            for (user, notice) in news {
                self.mail_notice(user, &notice.sentence).await?;
            }
        }
        if !reached.is_empty() {
            let detail = json!({ "to": to, "people": reached.len(), "sentence": sentence });
            self.note("notice.told", about.0, about.1, detail);
        }
        Ok(reached.len())
    }

    /// What was to be said in the chat could not be: by mail, to whoever of them wants it.
    pub async fn mail_instead(
        &mut self,
        owner: &Owner,
        about: About,
        sentence: &str,
    ) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        for user in rules.asked(owner, self.now) {
            if self.seen_by(&rules, user, about).await?.is_some() {
                self.mail_notice(user, sentence).await?;
            }
        }
        Ok(())
    }

    /// Whoever watches, but for those who are asked (they know) and whoever is doing it.
    pub async fn tell_watchers(
        &mut self,
        (watchers, asked): (&[Owner], &Owner),
        about: About,
        sentence: &str,
    ) -> Result<()> {
        self.tell_watchers_as((watchers, asked), about, sentence, Beyond::Same)
            .await
    }

    async fn tell_watchers_as(
        &mut self,
        (watchers, asked): (&[Owner], &Owner),
        about: About,
        sentence: &str,
        beyond: Beyond<'_>,
    ) -> Result<()> {
        let doing = self.actor.clone();
        let to: Vec<Owner> = watchers
            .iter()
            .filter(|owner| *owner != asked && owner.to_string() != doing)
            .cloned()
            .collect();
        if to.is_empty() {
            return Ok(());
        }
        self.tell_as(&to, about, sentence, beyond).await.map(drop)
    }

    /// What went wrong is for the page and for mails; the chat is told what there is to do.
    pub async fn tell_opened(&mut self, task: &Task) -> Result<()> {
        let sentence = format!("{}. {}", task.title, task.sentence);
        let to = self.rules.spoken_name(&task.owner);
        let less = format!("{to} has a new task: “{}”.", task.title);
        let watchers = (task.watchers.as_slice(), &task.owner);
        self.tell_watchers_as(watchers, ("task", task.id), &sentence, Beyond::Less(&less))
            .await
    }

    pub async fn tell_escalated(&mut self, task: &Task, why: &str) -> Result<()> {
        let to = self.rules.spoken_name(&task.owner);
        self.tell_of_task(task, &format!("{to} has “{}” now: {why}.", task.title))
            .await
    }

    /// Resolved, or gone by itself.
    pub async fn tell_ended(&mut self, task: &Task) -> Result<()> {
        let how = match task.state {
            TaskState::Cancelled => "closed by itself",
            _ => "resolved",
        };
        let note = task.resolution.as_deref().unwrap_or_default();
        self.tell_of_task(task, &format!("“{}” is {how}: {note}", task.title))
            .await
    }

    /// The destination was done with it after it had promised to be.
    pub async fn tell_of_late_completion(&mut self, export: &Export) -> Result<()> {
        if self.now <= export.resolve_by {
            return Ok(());
        }
        let late = self.now.since_ms(export.resolve_by);
        let sentence = format!("“{}” is done, {} late.", export.title, span(late));
        self.tell_of_export(export, &sentence).await
    }

    pub async fn tell_of_export(&mut self, export: &Export, sentence: &str) -> Result<()> {
        let watchers = (export.watchers.as_slice(), &export.owner);
        self.tell_watchers(watchers, ("export", export.id), sentence)
            .await
    }

    /// What becomes of a task.
    pub async fn tell_of_task(&mut self, task: &Task, sentence: &str) -> Result<()> {
        self.tell_watchers((&task.watchers, &task.owner), ("task", task.id), sentence)
            .await
    }

    /// What this person may look at, to see what it is about.
    pub async fn seen_by(
        &mut self,
        rules: &Rules,
        user: &User,
        about: About,
    ) -> Result<Option<About>> {
        let member = rules.members.iter().find(|(one, _)| one.id == user.id);
        let Some((_, member)) = member else {
            return Ok(None);
        };
        if !member.party.is_outside() {
            return Ok(Some(about));
        }
        let sight = Sight::of(member, &rules.destinations, &rules.roster.rotations);
        let merchant = self.merchant_id();
        if see(&mut *self.tx, &sight, merchant, about.0, about.1).await? {
            return Ok(Some(about));
        }
        if about.0 == "run" {
            for export in self.tx.exports_of_run(merchant, about.1).await? {
                if see(&mut *self.tx, &sight, merchant, "export", export.id).await? {
                    return Ok(Some(("export", export.id)));
                }
            }
        }
        Ok(None)
    }

    /// The rule that has them told.
    async fn matter_of(&mut self, (kind, id): About) -> Result<String> {
        let merchant = self.merchant_id();
        let (export, run) = match kind {
            "export" => (Some(id), None),
            "run" => (None, Some(id)),
            "approval" => {
                let found = self.tx.approval(merchant, id).await?;
                (found.map(|one| one.export_id), None)
            }
            "task" => match self.tx.task(merchant, id).await? {
                Some(task) => (task.export_id, task.run_id),
                None => (None, None),
            },
            _ => (None, None),
        };
        if let Some(id) = export
            && let Some(export) = self.tx.export(merchant, id).await?
        {
            return Ok(notice::of_contract(&export.export_type));
        }
        if let Some(id) = run
            && let Some(run) = self.tx.run(merchant, id).await?
        {
            return Ok(notice::of_flow(&run.flow_key));
        }
        Ok(String::new())
    }

    async fn mail_notice(&mut self, user: &User, sentence: &str) -> Result<()> {
        let engine = Arc::clone(&self.engine);
        if !engine.has_mail() || !self.tx.mails_notices(user.id).await? {
            return Ok(());
        }
        let turn = hash("notices of", &[user.id.as_bytes()]);
        if let Turned::Wait(_) = self.tx.take_turn(&turn, self.now, MAILS).await? {
            return Ok(());
        }
        let merchant = &self.rules.merchant;
        let mail = engine.notice_mail(&user.email, merchant, sentence, self.now)?;
        self.tx.insert_mail(&mail).await
    }
}

/// "40 s", "12 min", "3 h 5 min", "2 days": as long as it is worth knowing.
pub(crate) fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes, minutes / 60, minutes / 1440) {
        (0, ..) => format!("{} s", (ms / 1000).max(1)),
        (minutes, 0, _) => format!("{minutes} min"),
        (minutes, hours, 0) if minutes % 60 == 0 => format!("{hours} h"),
        (minutes, hours, 0) => format!("{hours} h {} min", minutes % 60),
        (.., 1) => "1 day".to_owned(),
        (.., days) => format!("{days} days"),
    }
}

/// The same about the same.
fn key(notice: &Notice) -> String {
    let mut hash = Sha256::new();
    for part in [
        notice.about.0.as_bytes(),
        notice.about.1.as_bytes(),
        notice.sentence.as_bytes(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}

impl Engine {
    /// This person has read what they were told: one notice, or all of them here.
    pub async fn read_notices(self: &Arc<Self>, ctx: &Ctx, which: Option<Uuid>) -> Result<u64> {
        ctx.require(Action::ViewWork)?;
        let (user, _) = ctx.member()?;
        let (user, merchant, now) = (user.id, ctx.merchant_id(), ctx.now());
        let (actor, trace_id) = (ctx.actor_name(), ctx.trace_id().to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let read = tx.read_notices(merchant, user, which, now).await?;
                    if read == 0 {
                        return Ok(0);
                    }
                    tx.forget_notices(merchant, user, now.plus_ms(-KEPT_MS))
                        .await?;
                    tx.note(AuditNote {
                        merchant_id: merchant,
                        at: now,
                        actor,
                        action: "notice.read".to_owned(),
                        // reading is no work that anybody answers for
                        subject_kind: "person",
                        subject_id: user,
                        detail: json!({ "notices": read }),
                        trace_id: Some(trace_id),
                    });
                    Ok(read)
                })
            })
            .await
    }

    /// Whether what this person is told goes by mail as well, from now on.
    pub async fn mail_notices(&self, oneself: &Oneself, mails: bool) -> Result<()> {
        let user = oneself.user.id;
        let note = self.own_act(user, "person.notices_mailed", json!({ "mails": mails }));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.set_mails_notices(user, mails).await?;
                    note_for_person(tx, note).await
                })
            })
            .await
    }

    /// What is told directly to this person in a chat from now on. What is not goes the other way: approvals and
    /// notices by mail, and all of it stands in the queue.
    pub async fn tell_directly(&self, oneself: &Oneself, directly: Directly) -> Result<()> {
        let user = oneself.user.id;
        let note = self.own_act(user, "person.told_directly", json!(directly));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.set_told_directly(user, directly).await?;
                    note_for_person(tx, note).await
                })
            })
            .await
    }

    /// What this person wants told directly, and where they work with a chat: who they are there, if they said so.
    pub async fn own_chats(
        &self,
        user: &User,
        places: &[(Merchant, Membership)],
    ) -> Result<(Directly, Vec<OwnChat>)> {
        let mut chats = Vec::new();
        for (merchant, _) in places {
            let rules = self.rules_of(merchant.id).await?;
            let Some(chat) = &rules.chat else {
                continue;
            };
            let mut reads = self.store.reads().await?;
            let people = reads.chat_people(merchant.id).await?;
            chats.push(OwnChat {
                merchant: merchant.clone(),
                workspace: chat.workspace.team_name.clone(),
                linked: people.into_iter().find(|one| one.user_id == user.id),
            });
        }
        let mut reads = self.store.reads().await?;
        Ok((reads.told_directly(user.id).await?, chats))
    }

    /// Whether what this person is told goes by mail as well.
    pub async fn mails_notices(&self, user: &User) -> Result<bool> {
        self.store.reads().await?.mails_notices(user.id).await
    }
}

/// What these people have not read, newest first; from outside, what they still see.
pub(crate) async fn unread(
    reads: &mut dyn Reads,
    engine: &Engine,
    user: &User,
    places: &[&(Merchant, Membership)],
) -> Result<Vec<(Merchant, Notice)>> {
    let ids: Vec<Uuid> = places.iter().map(|(merchant, _)| merchant.id).collect();
    let mut found = Vec::new();
    for notice in reads.unread_notices(&ids, user.id, MOST).await? {
        let place = places
            .iter()
            .find(|(merchant, _)| merchant.id == notice.merchant_id);
        let Some((merchant, member)) = place else {
            continue;
        };
        if member.party.is_outside() {
            let rules = engine.rules_of(merchant.id).await?;
            let sight = Sight::of(member, &rules.destinations, &rules.roster.rotations);
            let (kind, id) = &notice.about;
            if !see(reads, &sight, merchant.id, kind, *id).await? {
                continue;
            }
        }
        found.push((merchant.clone(), notice));
    }
    Ok(found)
}
