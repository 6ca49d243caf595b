//! Telling people whose move it is, and what goes on without them.
//!
//! A task is told where its owner has a place in the chat: when it is opened, given to somebody or escalated, and when
//! a clock ran out and nobody else is left. The message has no buttons that do anything: its link leads to the page.
//! What is told of a task there is its title and its clocks; what a shop or a destination wrote about it is for the
//! page, and for mails, which go to those who have no such place. Notices are told in the same ways.
//!
//! However much happens at once, a place gets so many messages and then one in a while. The rest is not sent
//! later: one message says how much stands in the queue, where all of it is anyway.

use std::sync::Arc;

use domain::{
    chat::{Handing, Post, Telling, Topic},
    owner::Owner,
    task::Task,
};
use uuid::Uuid;

use crate::{
    chat::TASK_CODE,
    error::Result,
    letters::{Duty, Letter},
    mail_worth::Asks,
    notices::About,
    port::{Pace, Turned},
    sign_in::hash,
    work::Work,
};

/// Messages about tasks and notices in one place: so many at once, then one more each minute.
const MESSAGES: Pace = Pace {
    burst: 10,
    every_ms: 60_000,
};
/// To say to one owner that there is more: once in so long.
const RESTS: Pace = Pace {
    burst: 1,
    every_ms: 15 * 60_000,
};
/// Mails about tasks to one person: so many at once, then one more each ten minutes. What a clock ran out on is
/// counted by itself, so that it is told however much is new.
const MAILS: Pace = Pace {
    burst: 6,
    every_ms: 10 * 60_000,
};
/// A mail that could not be sent in so long tells nothing new.
const NEWS_MS: i64 = 24 * 60 * 60_000;
/// What comes at once has come by then, and is counted.
const SETTLED_MS: i64 = 30_000;

impl Work<'_> {
    /// Saves a task that changed, and has whatever shows it elsewhere look again.
    pub async fn keep_task(&mut self, task: &Task) -> Result<()> {
        self.tx.save_task(task).await?;
        self.look_at_posts(task.id).await
    }

    /// Job: a task was opened where nobody could be told of it.
    pub async fn tell_of_opening(&mut self, id: Uuid) -> Result<()> {
        match self.tx.task(self.merchant_id(), id).await? {
            Some(task) if !task.state.is_over() => self.tell_owner(&task, Handing::Opened).await,
            _ => Ok(()),
        }
    }

    /// Whoever has it now is told: where they have a place in the chat, else by mail.
    pub async fn tell_owner(&mut self, task: &Task, handing: Handing) -> Result<()> {
        if self.tell_owner_in_chat(task, &handing).await? {
            return Ok(());
        }
        self.mail_task(task, &handing).await
    }

    /// By mail: everybody behind the owner who wants it and sees the task, but for whoever gave it to themselves.
    pub async fn mail_task(&mut self, task: &Task, handing: &Handing) -> Result<()> {
        let (rules, engine) = (Arc::clone(&self.rules), Arc::clone(&self.engine));
        if !engine.has_mail() {
            return Ok(());
        }
        let (merchant, slug) = (&rules.merchant.name, &rules.merchant.slug);
        let page = format!("{}/m/{slug}/tasks/{}", engine.public_url, task.id);
        let thread = match task.export_id {
            Some(export) => engine.mail_thread("export", export),
            None => engine.mail_thread("task", task.id),
        };
        let measure = match handing {
            Handing::Opened | Handing::Given => "tasks of",
            Handing::Escalated { .. } | Handing::Late { .. } => "late tasks of",
        };
        for user in rules.asked(&task.owner, self.now) {
            let is_doing = Owner::User(user.id).to_string() == self.actor;
            if is_doing || !self.tx.mails_notices(user.id).await? {
                continue;
            }
            let sees = self.seen_by(&rules, user, ("task", task.id));
            if sees.await?.is_none() {
                continue;
            }
            let turn = hash(measure, &[user.id.as_bytes()]);
            if let Turned::Wait(_) = self.tx.take_turn(&turn, self.now, MAILS).await? {
                continue;
            }
            let letter = Letter::of_task(&Duty {
                to: &user.email,
                merchant,
                task,
                handing,
                page: &page,
                thread: thread.clone(),
            });
            let asks = Asks::Do {
                merchant: self.merchant_id(),
                task: task.id,
                owner: task.owner.clone(),
            };
            let until = self.now.plus_ms(NEWS_MS);
            let mail = engine.letter(letter, (Some(asks), until), self.now)?;
            self.tx.insert_mail(&mail).await?;
        }
        Ok(())
    }

    /// False where they are to hear of it otherwise.
    async fn tell_owner_in_chat(&mut self, task: &Task, handing: &Handing) -> Result<bool> {
        let rules = Arc::clone(&self.rules);
        let is_wanted = rules
            .chat
            .as_ref()
            .is_some_and(|chat| chat.workspace.tells.tasks);
        // that a place cannot be reached is not said in another
        if !is_wanted || task.code == TASK_CODE {
            return Ok(false);
        }
        let Some(place) = self.chat_place(&task.owner, Telling::Task).await? else {
            return Ok(false);
        };
        let merchant = self.merchant_id();
        if matches!(handing, Handing::Opened | Handing::Given) {
            let known = self.tx.chat_posts(merchant, task.id).await?;
            let newest = known
                .iter()
                .rfind(|post| post.is_of_task() && post.is_kept_right() && post.place == place);
            if newest.is_some_and(|post| post.asked == task.owner) {
                // it is said there already, and is being put right
                return Ok(true);
            }
        }
        if !self
            .may_be_told(&place, &task.owner, ("task", task.id))
            .await?
        {
            return Ok(false);
        }
        let topic = Topic::Task {
            task_id: task.id,
            handing: handing.clone(),
        };
        self.say(topic, &task.owner, place).await?;
        Ok(true)
    }

    /// What an owner is told, said in the chat. False where they are to hear of it otherwise. `said_in`: the
    /// places that this was said in already.
    pub async fn tell_in_chat(
        &mut self,
        owner: &Owner,
        about: About,
        sentence: &str,
        said_in: &mut Vec<String>,
    ) -> Result<bool> {
        let rules = Arc::clone(&self.rules);
        let is_wanted = rules
            .chat
            .as_ref()
            .is_some_and(|chat| chat.workspace.tells.notices);
        if !is_wanted {
            return Ok(false);
        }
        let Some(place) = self.chat_place(owner, Telling::Notice).await? else {
            return Ok(false);
        };
        if !self.may_be_told(&place, owner, about).await? {
            return Ok(false);
        }
        if said_in.contains(&place) {
            return Ok(true);
        }
        said_in.push(place.clone());
        let known = self.tx.chat_posts(self.merchant_id(), about.1).await?;
        let shows_it =
            |post: &Post| post.is_of_task() && post.is_kept_right() && post.place == place;
        if known.iter().any(shows_it) {
            // the message about the task says it
            return Ok(true);
        }
        let topic = Topic::Notice {
            noun: about.0.to_owned(),
            noun_id: about.1,
            sentence: sentence.to_owned(),
        };
        self.say(topic, owner, place).await?;
        Ok(true)
    }

    /// A message, unless there were too many: then, once in a while, that there are.
    async fn say(&mut self, topic: Topic, asked: &Owner, place: String) -> Result<()> {
        let merchant = self.merchant_id();
        let (there, who) = (place.as_bytes(), asked.to_string());
        let one = hash("chat messages in", &[merchant.as_bytes(), there]);
        let rest = hash(
            "chat rests in",
            &[merchant.as_bytes(), there, who.as_bytes()],
        );
        let (topic, at) = match self.tx.take_turn(&one, self.now, MESSAGES).await? {
            Turned::Taken(_) => (topic, self.now),
            Turned::Wait(_) => match self.tx.take_turn(&rest, self.now, RESTS).await? {
                Turned::Wait(_) => return Ok(()),
                Turned::Taken(_) => {
                    let rest_since = self.now;
                    (Topic::Rest { rest_since }, self.now.plus_ms(SETTLED_MS))
                }
            },
        };
        self.post(topic, asked, place, at).await
    }
}
