//! Who hears what of an approval. Every surface that tells people something of it hangs on
//! [`Work::tell_of_approval`], which is called once for each thing that happens, in its transaction.

use domain::{
    approval::{Approval, ApprovalState},
    chat::Asking,
    export::Export,
    owner::Owner,
};
use uuid::Uuid;

use crate::{error::Result, late::too_late, notices::Beyond, work::Work};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The step is asked; its clocks run.
    Asked,
    /// The step that waits is asked once more, with a fresh clock.
    AskedAgain,
    /// Those who are asked are told once more, by this person.
    Reminded { by: Uuid },
    /// It is with somebody else now.
    Reassigned { by: Uuid, to: Owner },
    /// The backup may decide as well.
    Escalated,
    /// One of several people approved; more have to.
    Agreed { by: Uuid },
    /// A question is open, and the clock waits.
    Question { by: Uuid, to: Uuid, text: String },
    /// It was answered; the clock goes on.
    Answer { by: Uuid, to: Uuid, text: String },
    /// It is over, whatever its outcome: `approval.state` says.
    Decided,
}

impl Work<'_> {
    /// Tells whoever it concerns.
    ///
    /// A surface of its own (chat, mail) adds what it sends here, as rows of this transaction, and reads off the
    /// approval whom to ask: `asked()`, the backup once `escalated_at` is set, and `rules.delegates_of` them.
    /// The request that it shows carries the approval's id and `content_hash`; its buttons send both back as
    /// [`Decision::step`](domain::approval::Decision) and `seen_hash` to [`Engine::decide`](crate::Engine::decide).
    /// On `Agreed` and `Decided` a message that is out says what became of it; [`too_late`] has the words.
    ///
    /// What is asked stands in the queue of whoever is asked, so `Asked` by itself adds no notice.
    pub async fn tell_of_approval(
        &mut self,
        export: &Export,
        approval: &Approval,
        news: &News,
    ) -> Result<()> {
        self.ask_by_news(approval, news).await?;
        let title = export.title.as_str();
        let name = |user: &Uuid| self.rules.user_name(*user).unwrap_or("Somebody").to_owned();
        let by = approval
            .accept_by
            .map(|at| at.format_utc("%H:%M UTC on %-d %B"))
            .unwrap_or_default();
        let (to, sentence) = match news {
            News::Asked | News::AskedAgain => return Ok(()),
            News::Reminded { by: who } => (
                self.those_asked(approval),
                format!(
                    "{} reminds you: “{title}” waits for your word, until {by}.",
                    name(who)
                ),
            ),
            News::Reassigned { by: who, to } => (
                vec![to.clone()],
                format!(
                    "{} passed the approval of “{title}” on to you. It waits until {by}.",
                    name(who)
                ),
            ),
            News::Escalated => (
                self.with_delegates(std::slice::from_ref(&approval.backup)),
                format!("“{title}” was not decided in time; you may decide it as backup now."),
            ),
            News::Agreed { .. } => return Ok(()),
            News::Question { by: who, to, text } => (
                vec![Owner::User(*to)],
                format!("{} asks before approving “{title}”: {text}", name(who)),
            ),
            News::Answer { by: who, to, text } => (
                vec![Owner::User(*to)],
                format!("{} answers about “{title}”: {text}", name(who)),
            ),
            News::Decided => {
                let author = approval
                    .author
                    .filter(|user| approval.decided_by != Some(*user));
                let is_last =
                    approval.state != ApprovalState::Approved || approval.step == approval.of;
                let Some(author) = author.filter(|_| is_last) else {
                    return Ok(());
                };
                (
                    vec![Owner::User(author)],
                    format!("“{title}”: {}", too_late(approval, &self.rules)),
                )
            }
        };
        // who is asked got a request of its own, where they are
        let is_request = matches!(
            news,
            News::Reminded { .. } | News::Reassigned { .. } | News::Escalated
        );
        let beyond = if is_request {
            Beyond::Nothing
        } else {
            Beyond::Same
        };
        self.tell_as(&to, ("approval", approval.id), &sentence, beyond)
            .await
            .map(drop)
    }

    /// In the chat or by mail, whoever has to decide now.
    async fn ask_by_news(&mut self, approval: &Approval, news: &News) -> Result<()> {
        let (owners, asking) = match news {
            News::Asked => (self.those_asked(approval), Asking::First),
            News::AskedAgain | News::Reminded { .. } => {
                (self.those_asked(approval), Asking::Reminder)
            }
            News::Reassigned { to, .. } => {
                (self.with_delegates(std::slice::from_ref(to)), Asking::First)
            }
            News::Escalated => (
                self.with_delegates(std::slice::from_ref(&approval.backup)),
                Asking::Backup,
            ),
            _ => return Ok(()),
        };
        self.ask_people(approval, asking, &owners).await
    }

    fn those_asked(&self, approval: &Approval) -> Vec<Owner> {
        let mut owners: Vec<Owner> = approval.asked().cloned().collect();
        if approval.escalated_at.is_some() {
            owners.push(approval.backup.clone());
        }
        self.with_delegates(&owners)
    }

    /// And whoever decides for the people behind them while those are away.
    fn with_delegates(&self, owners: &[Owner]) -> Vec<Owner> {
        let people: Vec<Uuid> = owners
            .iter()
            .flat_map(|owner| self.rules.people(owner))
            .map(|user| user.id)
            .collect();
        let delegates = self.rules.delegates_of(&people, self.now);
        let delegates = delegates.into_iter().map(Owner::User);
        owners.iter().cloned().chain(delegates).collect()
    }
}
