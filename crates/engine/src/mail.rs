//! Mail: queued with what needs it, sent afterwards.
//!
//! A mail is a row of the transaction that makes its link: either both are there or neither. It is sent
//! after the commit, by whichever process claims it; a process that dies gives it back when its lease is
//! over, and the message has the same id at every try, so that a second copy is known for one. What the
//! server refuses for now is tried again, later each time; what it refuses for good, or six times, has
//! failed, and the trail and the page of the invitation say why. What it said is sealed while it waits
//! and gone once it is over.
//!
//! Somebody who asks for another password is answered before anybody looks whether there is such an
//! account: the queue takes the address, and the link is made when its turn comes. So both answers are the
//! same, and take as long.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Time,
    access::Action,
    audit::witness::SignedCheckpoint,
    invitation::is_address,
    people::{Merchant, User},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    account::{PersonNote, note_for_person},
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    letters::Letter,
    mail_worth::Asks,
    password_reset::RESET_MS,
    port::{
        AuditNote, Carried, Claim, ClaimedMail, Mail, MailAbout, MailFate, MailState, Mailer,
        NewMail, Pace, PasswordResetRow, StoreExt, Turned,
    },
    sign_in::{Client, hash, network},
    vault::Place,
};

/// A process that dies gives its mails back after this long.
const LEASE_MS: i64 = 120_000;
/// One try ends well before its lease.
const PATIENCE: Duration = Duration::from_secs(60);
const BATCH: i64 = 8;
/// After the first try, the second, and so on; the last one counts for all that follow.
const AGAIN_MS: [i64; 4] = [30_000, 120_000, 600_000, 3_600_000];
const MAX_TRIES: i64 = 6;
/// Mails of another process, and a clock that was moved, are seen after this.
const MAX_SLEEP: Duration = Duration::from_secs(1);
/// How long it is remembered what became of one: longer than an invitation is good for.
pub(crate) const MAILS_KEPT_MS: i64 = 30 * 24 * 3_600_000;
const MAX_WHY: usize = 300;
/// What somebody is told is no news after this.
const NEWS_MS: i64 = 24 * 3_600_000;

/// A checkpoint that waited longer is followed by a newer one.
const CHECKPOINT_MS: i64 = 7 * 24 * 3_600_000;

/// Links for one address: three at once, one more every twenty minutes.
const ACCOUNT: Pace = Pace {
    burst: 3,
    every_ms: 20 * 60_000,
};
/// Asked for from one place, whatever the addresses.
const ADDRESS: Pace = Pace {
    burst: 10,
    every_ms: 60_000,
};

/// What is sealed.
#[derive(Serialize, Deserialize)]
enum Body {
    Letter {
        letter: Letter,
        /// Its link is worth nothing from then on.
        useless_at: Time,
        /// What it asks for; whoever did it meanwhile is not asked.
        #[serde(default)]
        asks: Option<Asks>,
    },
    /// Somebody wants another password for this address. Whether there is such an account is looked up
    /// when it is its turn.
    ResetAsked { email: String },
}

/// Who invites, and for whom.
pub(crate) struct Sender<'a> {
    /// The merchant, or the operator.
    pub house: Uuid,
    pub name: &'a str,
    /// The person, if it is one.
    pub inviter: Option<&'a str>,
    pub now: Time,
}

fn place(id: Uuid) -> Place<'static> {
    Place {
        merchant_id: id,
        table: "mails",
        row_id: id,
        column: "body",
    }
}

/// What a mail server said is somebody else's text.
fn short(why: &str) -> String {
    let line: String = why
        .chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .take(MAX_WHY)
        .collect();
    line.trim().to_owned()
}

impl Engine {
    /// Whether links go by mail.
    pub fn has_mail(&self) -> bool {
        self.mailer.is_some()
    }

    fn seal_mail(&self, id: Uuid, body: &Body) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(body)
            .map_err(|error| Error::internal(format!("a mail cannot be written: {error}")))?;
        self.vault.seal(&*self.ids, place(id), &text)
    }

    /// The mail of an invitation, to be inserted with it; none where nothing goes by mail.
    pub(crate) fn invitation_mail(
        &self,
        from: &Sender<'_>,
        invitation: Uuid,
        email: &str,
        (link, expires_at): (&str, Time),
    ) -> Result<Option<NewMail>> {
        if self.mailer.is_none() {
            return Ok(None);
        }
        let letter = Letter::of_invitation(email, from.inviter, from.name, link);
        let body = Body::Letter {
            letter,
            useless_at: expires_at,
            asks: None,
        };
        let id = self.uuid();
        Ok(Some(NewMail {
            id,
            sealed_body: self.seal_mail(id, &body)?,
            about: Some(MailAbout::Invitation {
                merchant: from.house,
                id: invitation,
            }),
            created_at: from.now,
        }))
    }

    /// The mail of a link for another password that an admin made, to be inserted with it; none where
    /// nothing goes by mail.
    pub(crate) fn reset_mail_for(
        &self,
        ctx: &Ctx,
        user: &User,
        (link, expires_at): (&str, Time),
    ) -> Result<Option<NewMail>> {
        if self.mailer.is_none() {
            return Ok(None);
        }
        let admin = ctx.member().ok().map(|(user, _)| user.name.as_str());
        let body = Body::Letter {
            letter: Letter::of_given_reset(&user.email, admin, &ctx.merchant().name, link),
            useless_at: expires_at,
            asks: None,
        };
        let id = self.uuid();
        Ok(Some(NewMail {
            id,
            sealed_body: self.seal_mail(id, &body)?,
            about: Some(MailAbout::Person {
                merchant: ctx.merchant_id(),
                id: user.id,
            }),
            created_at: ctx.now(),
        }))
    }

    /// The mail of something that somebody is told, to be inserted with it.
    pub(crate) fn notice_mail(
        &self,
        email: &str,
        merchant: &Merchant,
        sentence: &str,
        now: Time,
    ) -> Result<NewMail> {
        let link = format!("{}/m/{}/queue", self.public_url, merchant.slug);
        let body = Body::Letter {
            letter: Letter::of_notice(email, &merchant.name, sentence, &link),
            useless_at: now.plus_ms(NEWS_MS),
            asks: None,
        };
        let id = self.ids.uuid(now);
        Ok(NewMail {
            id,
            sealed_body: self.seal_mail(id, &body)?,
            about: None,
            created_at: now,
        })
    }

    /// What mails about one export, or one task, have in common: they stand together, whoever gets them.
    pub(crate) fn mail_thread(&self, noun: &str, id: Uuid) -> String {
        format!("<{noun}.{id}@{}>", self.mail_host())
    }

    /// A mail about a decision or a task, to be inserted with what makes it necessary.
    pub(crate) fn letter(
        &self,
        letter: Letter,
        (asks, useless_at): (Option<Asks>, Time),
        now: Time,
    ) -> Result<NewMail> {
        let id = self.ids.uuid(now);
        let body = Body::Letter {
            letter,
            useless_at,
            asks,
        };
        Ok(NewMail {
            id,
            sealed_body: self.seal_mail(id, &body)?,
            about: None,
            created_at: now,
        })
    }

    /// The mail that brings a checkpoint to a witness, to be inserted with the word that it was sent.
    pub(crate) fn checkpoint_mail(
        &self,
        email: &str,
        merchant: &Merchant,
        checkpoint: &SignedCheckpoint,
    ) -> Result<NewMail> {
        let now = self.now();
        let link = format!("{}/m/{}/audit", self.public_url, merchant.slug);
        let body = Body::Letter {
            letter: Letter::of_checkpoint(email, &merchant.name, checkpoint, &link),
            useless_at: now.plus_ms(CHECKPOINT_MS),
            asks: None,
        };
        let id = self.ids.uuid(now);
        Ok(NewMail {
            id,
            sealed_body: self.seal_mail(id, &body)?,
            about: None,
            created_at: now,
        })
    }

    /// Wakes whoever sends; after the commit.
    pub(crate) fn mail_is_queued(&self) {
        self.mail_waits.notify_one();
    }

    /// Somebody forgot a password. The answer is the same whether there is such an account or not.
    pub async fn ask_for_reset(&self, email: &str, client: &Client) -> Result<()> {
        let email = email.trim().to_lowercase();
        if !is_address(&email) {
            return Err(Error::invalid(
                "email",
                "Write an e-mail address, such as ada@example.com.",
            ));
        }
        if self.mailer.is_none() {
            return Err(Error::conflict(
                "No mail is sent from here. An admin can make you a link.",
            ));
        }
        let (id, now) = (self.uuid(), self.now());
        let turns = [
            (
                hash("reset from", &[network(&client.address).as_bytes()]),
                ADDRESS,
            ),
            (hash("reset of", &[email.as_bytes()]), ACCOUNT),
        ];
        let mail = NewMail {
            id,
            sealed_body: self.seal_mail(id, &Body::ResetAsked { email })?,
            about: None,
            created_at: now,
        };
        // a turn that was taken stays taken, also when the next one is refused
        let wait = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    for (key, pace) in turns {
                        if let Turned::Wait(ms) = tx.take_turn(&key, now, pace).await? {
                            return Ok(Some(ms));
                        }
                    }
                    tx.insert_mail(&mail).await?;
                    Ok(None)
                })
            })
            .await?;
        if let Some(ms) = wait {
            let minutes = ms.max(1).unsigned_abs().div_ceil(60_000);
            return Err(Error {
                retry_after_ms: Some(ms),
                kind: Kind::TooMany,
                ..Error::invalid(
                    "email",
                    format!(
                        "Links were asked for several times already. The next one is possible in {minutes} min."
                    ),
                )
            });
        }
        self.mail_is_queued();
        Ok(())
    }

    /// What became of the mails of this merchant's invitations.
    pub async fn invitation_mails(&self, ctx: &Ctx) -> Result<Vec<MailFate>> {
        ctx.require(Action::ManagePeople)?;
        let mut reads = self.store.reads().await?;
        reads.invitation_mails(ctx.merchant_id()).await
    }

    /// Sends until told to stop; what is under way is finished first.
    pub async fn send_mail(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some(mailer) = self.mailer.clone() else {
            return;
        };
        while !*stop.borrow() {
            let idle = match self.mail_round(&*mailer).await {
                Ok(sent) => sent == 0,
                Err(error) => {
                    tracing::error!(%error, "claiming mail failed");
                    true
                }
            };
            if idle {
                tokio::select! {
                    () = self.mail_waits.notified() => {}
                    () = tokio::time::sleep(self.mail_nap().await) => {}
                    _ = stop.changed() => {}
                }
            }
        }
    }

    /// Sends everything that is due now. For tests with a clock that stands still.
    pub async fn send_due_mail(self: &Arc<Self>) -> Result<usize> {
        let Some(mailer) = self.mailer.clone() else {
            return Ok(0);
        };
        let mut total = 0;
        loop {
            match self.mail_round(&*mailer).await? {
                0 => return Ok(total),
                tried => total += tried,
            }
        }
    }

    async fn mail_nap(&self) -> Duration {
        let next = match self.store.reads().await {
            Ok(mut reads) => reads.next_mail_at().await.ok().flatten(),
            Err(_) => None,
        };
        let wait = next.map_or(i64::MAX, |at| at.since_ms(self.now()).max(1));
        u64::try_from(wait).map_or(MAX_SLEEP, |ms| Duration::from_millis(ms).min(MAX_SLEEP))
    }

    async fn mail_round(self: &Arc<Self>, mailer: &dyn Mailer) -> Result<usize> {
        // looking costs no write
        let next = self.store.reads().await?.next_mail_at().await?;
        if next.is_none_or(|at| at > self.now()) {
            return Ok(0);
        }
        let claim = Claim {
            now: self.now(),
            lease_ms: LEASE_MS,
            limit: BATCH,
        };
        let mails = self
            .store
            .write(move |tx| Box::pin(tx.claim_mails(claim)))
            .await?;
        let tried = mails.len();
        // its lease runs out, and it is claimed again
        let lost = |mail: &ClaimedMail, error: Error| tracing::error!(%error, mail = %mail.id, "a mail was not settled");
        // in their order, so that they begin to go in it
        let mut due = Vec::new();
        for mail in mails {
            match self.open_mail(&mail).await {
                Ok(letter) => due.extend(letter.map(|letter| (mail, letter))),
                Err(error) => lost(&mail, error),
            }
        }
        futures::future::join_all(due.into_iter().map(|(mail, letter)| async move {
            if let Err(error) = self.carry(mailer, &mail, letter).await {
                lost(&mail, error);
            }
        }))
        .await;
        Ok(tried)
    }

    /// What is to be sent; nothing where nobody could use it any more.
    async fn open_mail(self: &Arc<Self>, mail: &ClaimedMail) -> Result<Option<Letter>> {
        let opened = self.vault.open(place(mail.id), &mail.sealed_body);
        let body = opened
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        let (letter, useless_at, asks) = match body {
            Some(Body::Letter {
                letter,
                useless_at,
                asks,
            }) => (letter, useless_at, asks),
            Some(Body::ResetAsked { email }) => match self.make_mailed_reset(mail, email).await? {
                Some((letter, useless_at)) => (letter, useless_at, None),
                None => return Ok(None),
            },
            None => {
                let why = "it could not be opened: was MESHLINE_SECRET_KEY changed?";
                self.settle(mail, MailState::Failed, why).await?;
                return Ok(None);
            }
        };
        match self.is_pointless(mail, useless_at, asks).await? {
            Some(why) => {
                self.settle(mail, MailState::Failed, &why).await?;
                Ok(None)
            }
            None => Ok(Some(letter)),
        }
    }

    /// One try of one mail.
    async fn carry(&self, mailer: &dyn Mailer, mail: &ClaimedMail, letter: Letter) -> Result<()> {
        let message = Mail {
            to: letter.to,
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            message_id: format!("<{}@{}>", mail.id, self.mail_host()),
            thread: letter.thread,
        };
        let carried = tokio::time::timeout(PATIENCE, mailer.send(&message))
            .await
            .unwrap_or_else(|_| Carried::Later("the mail server took too long".to_owned()));
        match carried {
            Carried::Yes => self.settle(mail, MailState::Sent, "").await,
            Carried::Never(why) => self.settle(mail, MailState::Failed, &why).await,
            Carried::Later(why) if mail.attempts >= MAX_TRIES => {
                let why = format!("{why} (tried {MAX_TRIES} times)");
                self.settle(mail, MailState::Failed, &why).await
            }
            Carried::Later(why) => self.try_again(mail, &why).await,
        }
    }

    fn mail_host(&self) -> &str {
        let url = &self.public_url;
        let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
        if host.starts_with('[') {
            return "meshline.localhost"; // an address of IPv6 is no name
        }
        host.split(':').next().unwrap_or(host)
    }

    /// The link that was asked for, if there is such an account; otherwise nothing is left of it.
    async fn make_mailed_reset(
        self: &Arc<Self>,
        mail: &ClaimedMail,
        email: String,
    ) -> Result<Option<(Letter, Time)>> {
        let mut random = [0_u8; 32];
        self.ids.fill(&mut random);
        let token = URL_SAFE_NO_PAD.encode(random);
        let now = self.now();
        let useless_at = now.plus_ms(RESET_MS);
        let link = format!("{}/reset/{token}", self.public_url);
        let letter = Letter::of_reset(&email, &link);
        let body = Body::Letter {
            letter: letter.clone(),
            useless_at,
            asks: None,
        };
        let sealed = self.seal_mail(mail.id, &body)?;
        let (mail, trace_id) = (mail.clone(), self.new_trace_id());
        let made = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx.credentials(&email).await?.map(|found| found.user);
                    let Some(user) = found.filter(|user| user.active) else {
                        tx.drop_mail(&mail).await?;
                        return Ok(false);
                    };
                    if !tx.rewrite_mail(&mail, &sealed).await? {
                        return Ok(false);
                    }
                    tx.insert_password_reset(&PasswordResetRow {
                        token_hash: Sha256::digest(token.as_bytes()).to_vec(),
                        user_id: user.id,
                        made_by: None,
                        created_at: now,
                        expires_at: useless_at,
                        used_at: None,
                    })
                    .await?;
                    let note = PersonNote {
                        person: user.id,
                        actor: "system".to_owned(),
                        at: now,
                        action: "person.reset_link_mailed",
                        detail: json!({ "expires_at": useless_at }),
                        trace_id: Some(trace_id),
                    };
                    note_for_person(tx, note).await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(made.then_some((letter, useless_at)))
    }

    async fn try_again(&self, mail: &ClaimedMail, why: &str) -> Result<()> {
        let tries = usize::try_from(mail.attempts).unwrap_or(usize::MAX);
        let [.., longest] = AGAIN_MS;
        let wait = AGAIN_MS.get(tries.saturating_sub(1)).unwrap_or(&longest);
        let (mail, why, due) = (mail.clone(), short(why), self.now().plus_ms(*wait));
        tracing::warn!(mail = %mail.id, tries, why, "a mail is tried again later");
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    // whoever has it now does what is to be done
                    tx.postpone_mail(&mail, due, &why).await.map(|_kept| ())
                })
            })
            .await
    }

    /// It is over. What became of an invitation's is noted where people look for it.
    async fn settle(&self, mail: &ClaimedMail, state: MailState, why: &str) -> Result<()> {
        let (mail, why, now) = (mail.clone(), short(why), self.now());
        let trace_id = self.new_trace_id();
        match state {
            MailState::Failed => tracing::warn!(mail = %mail.id, why, "a mail was not sent"),
            _ => tracing::info!(mail = %mail.id, "a mail was sent"),
        }
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if !tx.end_mail(&mail, state, &why, now).await? {
                        return Ok(());
                    }
                    if let Some(about) = mail.about {
                        let (merchant_id, subject_kind, subject_id, sent, failed) = match about {
                            MailAbout::Invitation { merchant, id } => {
                                let failed = "invitation.mail_failed";
                                (merchant, "invitation", id, "invitation.mailed", failed)
                            }
                            MailAbout::Person { merchant, id } => {
                                let failed = "person.reset_mail_failed";
                                (merchant, "person", id, "person.reset_mailed", failed)
                            }
                        };
                        let (action, detail) = match state {
                            MailState::Failed => (failed, json!({ "why": why })),
                            _ => (sent, json!({ "tries": mail.attempts })),
                        };
                        tx.note(AuditNote {
                            merchant_id,
                            at: now,
                            actor: "system".to_owned(),
                            action: action.to_owned(),
                            subject_kind,
                            subject_id,
                            detail,
                            trace_id: Some(trace_id),
                        });
                    }
                    Ok(())
                })
            })
            .await
    }
}
