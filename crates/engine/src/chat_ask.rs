//! Asking people where they are: what is said in a chat or by mail when an approval is asked, when somebody is
//! reminded, when it goes to the backup, and when it ends.
//!
//! Whoever has a place in the chat is asked there; whoever has none, or cannot be reached there, by mail. Neither
//! decides anything: both lead to the page, and a button is judged by the same gate as the page's.
//!
//! [`Work::keep_approval`] is the one way to save an approval that changed, whatever changed it: so nothing
//! that shows it elsewhere can be forgotten.

use std::sync::Arc;

use domain::{
    Time,
    approval::{Approval, ApprovalState},
    chat::{Asking, Post, Telling, Topic, is_person},
    contract::Contract,
    export::Export,
    owner::Owner,
};
use uuid::Uuid;

use crate::{
    chat_click::KEPT_MS,
    chat_link::Fresh,
    error::Result,
    job::JobKind,
    letters::{Letter, Request, spoken_time},
    mail_worth::Asks,
    port::{Card, DecisionLinkRow, Pace, Press, Turned},
    rules::Rules,
    sign_in::hash,
    work::Work,
};

/// Mails that ask one person: so many at once, then one more each two minutes. Whatever is held back waits in
/// the queue like everything else.
const ASKS: Pace = Pace {
    burst: 20,
    every_ms: 2 * 60_000,
};

/// What became of it: "Approved by Mara Lindqvist".
pub(crate) fn outcome(approval: &Approval, rules: &Rules) -> String {
    let name = |user: Uuid| {
        rules
            .user_name(user)
            .unwrap_or("a former member")
            .to_owned()
    };
    let mut names: Vec<String> = approval.votes.iter().map(|vote| name(vote.by)).collect();
    if names.is_empty() || approval.state == ApprovalState::Declined {
        names = approval.decided_by.map(name).into_iter().collect();
    }
    let by = match names.join(" and ") {
        nobody if nobody.is_empty() => nobody,
        names => format!(" by {names}"),
    };
    match approval.state {
        ApprovalState::Queued => "Not asked yet".to_owned(),
        ApprovalState::Pending if by.is_empty() => "Not decided yet".to_owned(),
        ApprovalState::Pending => format!("Approved{by}"),
        ApprovalState::Approved => format!("Approved{by}"),
        ApprovalState::Declined => format!("Declined{by}"),
        ApprovalState::Expired => "Expired: nobody decided in time".to_owned(),
        ApprovalState::Withdrawn => "Withdrawn: it is not asked any more".to_owned(),
        ApprovalState::Superseded => "Superseded: what was asked for has changed".to_owned(),
    }
}

/// What a message about it says now. `open` is the link in it.
pub(crate) fn card(
    (approval, asked, asking): (&Approval, &Owner, Asking),
    (export, contract): (&Export, &Contract),
    rules: &Rules,
    open: &str,
) -> Card {
    let mut facts = vec![
        ("What".to_owned(), contract.title.clone()),
        ("Why".to_owned(), approval.reason.clone()),
    ];
    let mut who = rules.spoken_name(asked);
    if approval.of > 1 {
        who = format!("{who}, step {} of {}", approval.step, approval.of);
    }
    let mut times = Vec::new();
    let is_open = approval.state == ApprovalState::Pending;
    let headline = if is_open {
        facts.push(("Effect".to_owned(), export.intended_action.clone()));
        let until = match approval.escalated_at {
            Some(_) => approval.expires_at,
            None => approval.accept_by,
        };
        times.extend(until.map(|until| ("Until".to_owned(), until)));
        if !approval.votes.is_empty() {
            let so_far = outcome(approval, rules);
            facts.push((
                "So far".to_owned(),
                format!("{so_far}; {} more needed", approval.missing()),
            ));
        }
        match asking {
            Asking::First => format!("Approve? {}", export.title),
            Asking::Reminder => format!("Still waiting: {}", export.title),
            Asking::Backup => format!("You may decide now: {}", export.title),
        }
    } else {
        facts.push(("Outcome".to_owned(), outcome(approval, rules)));
        let note = approval.decision_note.clone();
        facts.extend(note.map(|note| ("Said".to_owned(), note)));
        times.extend(approval.decided_at.map(|at| ("When".to_owned(), at)));
        export.title.clone()
    };
    facts.push(("Asked".to_owned(), who));
    Card {
        headline,
        facts,
        times,
        small: format!(
            "{} · {} {} · version {}",
            rules.merchant.name, export.export_type, export.contract_version, export.version
        ),
        press: is_open.then(|| Press {
            approval: approval.id,
            seen_hash: approval.content_hash.clone(),
            decides: contract.channels.slack && !approval.critical,
            open: open.to_owned(),
        }),
        open: None,
    }
}

impl Work<'_> {
    /// Saves an approval, and has whatever shows it elsewhere look again.
    pub async fn keep_approval(&mut self, approval: &Approval) -> Result<()> {
        self.tx.save_approval(approval).await?;
        self.look_at_posts(approval.id).await?;
        if approval.state.is_open() {
            return Ok(());
        }
        self.mail_outcome(approval).await
    }

    /// Every message about this approval or task is brought in line with it.
    pub async fn look_at_posts(&mut self, about: Uuid) -> Result<()> {
        if self.rules.chat.is_none() {
            return Ok(());
        }
        for post in self.tx.chat_posts(self.merchant_id(), about).await? {
            if post.is_kept_right() {
                self.arm(JobKind::ShowPost, post.id, self.now).await?;
            }
        }
        Ok(())
    }

    /// Asks these owners: each in the chat, where they have a place there that is theirs, else by mail.
    pub async fn ask_people(
        &mut self,
        approval: &Approval,
        asking: Asking,
        owners: &[Owner],
    ) -> Result<()> {
        let export = self.export(approval.export_id).await?;
        let contract = self.contract_of(&export).await?;
        let mut places = Vec::new();
        for asked in owners {
            let mut place = match contract.channels.slack {
                true => self.chat_place(asked, Telling::Approval).await?,
                false => None,
            };
            let about = ("approval", approval.id);
            if let Some(there) = &place
                && !self.may_be_told(there, asked, about).await?
            {
                place = None;
            }
            let Some(place) = place else {
                self.mail_request((approval, asking), (&export, &contract), asked)
                    .await?;
                continue;
            };
            // several who are asked in one place are asked there once
            if places.contains(&place) {
                continue;
            }
            places.push(place.clone());
            let topic = Topic::Approval {
                approval_id: approval.id,
                asking,
            };
            self.post(topic, asked, place, self.now).await?;
        }
        Ok(())
    }

    /// A message that is to stand there from then on.
    pub async fn post(
        &mut self,
        topic: Topic,
        asked: &Owner,
        place: String,
        at: Time,
    ) -> Result<()> {
        let post = Post {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            topic,
            asked: asked.clone(),
            place,
            at: None,
            shown: String::new(),
            held_until: None,
            given_up: None,
            created_at: self.now,
            rev: 0,
        };
        self.tx.insert_chat_post(&post).await?;
        self.arm(JobKind::ShowPost, post.id, at).await
    }

    /// Where they are told this in the chat: their place, or, of a person, a conversation of their own, if that
    /// person has nothing against it.
    pub async fn chat_place(&mut self, asked: &Owner, telling: Telling) -> Result<Option<String>> {
        let rules = Arc::clone(&self.rules);
        let Some(chat) = &rules.chat else {
            return Ok(None);
        };
        if chat.workspace.trouble.is_some() {
            return Ok(None);
        }
        let routed = chat.place(asked).map(str::to_owned);
        let (place, person) = match (routed, asked) {
            (Some(place), Owner::User(id)) => (place, Some(*id)),
            (Some(place), _) if is_person(&place) => {
                let linked = self.tx.chat_person(self.merchant_id(), &place).await?;
                (place, linked.map(|one| one.user_id))
            }
            (Some(place), _) => (place, None),
            (None, Owner::User(id)) => {
                let people = self.tx.chat_people(self.merchant_id()).await?;
                match people.into_iter().find(|one| one.user_id == *id) {
                    Some(linked) => (linked.chat_user, Some(*id)),
                    None => return Ok(None),
                }
            }
            (None, _) => return Ok(None),
        };
        let is_wanted = match person {
            Some(person) => self.tx.told_directly(person).await?.wants(telling),
            None => true,
        };
        Ok(is_wanted.then_some(place))
    }

    /// By mail: everybody behind the owner who may decide it, has no objection to mail, and sees it.
    pub async fn mail_request(
        &mut self,
        (approval, asking): (&Approval, Asking),
        (export, contract): (&Export, &Contract),
        asked: &Owner,
    ) -> Result<()> {
        if !contract.channels.mail || !self.engine.has_mail() {
            return Ok(());
        }
        let (rules, engine) = (Arc::clone(&self.rules), Arc::clone(&self.engine));
        let until = match approval.escalated_at {
            Some(_) => approval.expires_at,
            None => approval.accept_by,
        };
        let before = self.now.plus_ms(-KEPT_MS);
        self.tx.forget_chat(self.merchant_id(), before).await?;
        let known = self
            .tx
            .mailed_about(self.merchant_id(), approval.id)
            .await?;
        for user in rules.asked(asked, self.now) {
            // somebody who is asked as several is asked once
            if asking == Asking::First && known.contains(&user.id) {
                continue;
            }
            // whoever wrote of it cannot approve it
            if approval.is_written_by(user.id) || !self.tx.mails_notices(user.id).await? {
                continue;
            }
            let sees = self.seen_by(&rules, user, ("approval", approval.id));
            if sees.await?.is_none() {
                continue;
            }
            let turn = hash("asks of", &[user.id.as_bytes()]);
            if let Turned::Wait(_) = self.tx.take_turn(&turn, self.now, ASKS).await? {
                continue;
            }
            let useless_at = approval.expires_at.unwrap_or(self.now);
            let link = Fresh::at(&engine, self.merchant_id());
            let letter = Letter::of_request(&Request {
                to: &user.email,
                merchant: &rules.merchant.name,
                title: &export.title,
                what: &contract.title,
                why: &approval.reason,
                effect: &export.intended_action,
                until: until.map(spoken_time).unwrap_or_default(),
                asking,
                link: &format!("{}/a/{}", engine.public_url, link.token),
                thread: engine.mail_thread("export", export.id),
            });
            let asks = Asks::Decide {
                merchant: self.merchant_id(),
                approval: approval.id,
            };
            let mail = engine.letter(letter, (Some(asks), useless_at), self.now)?;
            self.tx.insert_mail(&mail).await?;
            self.tx
                .insert_decision_link(&DecisionLinkRow {
                    merchant_id: self.merchant_id(),
                    token_hash: link.hash,
                    approval_id: approval.id,
                    user_id: Some(user.id),
                    expires_at: useless_at,
                })
                .await?;
        }
        Ok(())
    }

    /// Whoever was asked by mail and still sees it hears by mail what became of it, but for whoever did it.
    async fn mail_outcome(&mut self, approval: &Approval) -> Result<()> {
        if !self.engine.has_mail() {
            return Ok(());
        }
        let mailed = self
            .tx
            .mailed_about(self.merchant_id(), approval.id)
            .await?;
        if mailed.is_empty() {
            return Ok(());
        }
        let export = self.export(approval.export_id).await?;
        let (rules, engine) = (Arc::clone(&self.rules), Arc::clone(&self.engine));
        for (user, _) in &rules.members {
            let is_one = mailed.contains(&user.id) && user.active;
            if !is_one || approval.decided_by == Some(user.id) {
                continue;
            }
            // it was passed on since, and is none of theirs any more
            let sees = self.seen_by(&rules, user, ("approval", approval.id));
            if sees.await?.is_none() {
                continue;
            }
            let mut said = outcome(approval, &rules);
            if let Some(note) = &approval.decision_note {
                said = format!("{said}: {note}");
            }
            let page = format!(
                "{}/m/{}/approvals/{}",
                engine.public_url, rules.merchant.slug, approval.id
            );
            let letter = Letter::of_outcome(
                &user.email,
                (&rules.merchant.name, &export.title),
                &said,
                &page,
                engine.mail_thread("export", export.id),
            );
            let useless_at = self.now.plus_ms(24 * 3_600_000);
            let mail = engine.letter(letter, (None, useless_at), self.now)?;
            self.tx.insert_mail(&mail).await?;
        }
        Ok(())
    }
}
