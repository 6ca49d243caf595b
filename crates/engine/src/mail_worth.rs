//! Whether a mail is still worth sending when it is its turn: a mail server may have been away for hours.

use domain::{Time, approval::ApprovalState, owner::Owner};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::Result,
    port::{ClaimedMail, MailAbout},
};

/// What a mail asks somebody to do.
#[derive(Serialize, Deserialize)]
pub(crate) enum Asks {
    Decide {
        merchant: Uuid,
        approval: Uuid,
    },
    Do {
        merchant: Uuid,
        task: Uuid,
        owner: Owner,
    },
}

impl Engine {
    /// Why nobody could use what it brings any more.
    pub(crate) async fn is_pointless(
        &self,
        mail: &ClaimedMail,
        useless_at: Time,
        asks: Option<Asks>,
    ) -> Result<Option<String>> {
        let now = self.now();
        if let Some(asks) = asks
            && let Some(why) = self.is_done_meanwhile(asks).await?
        {
            return Ok(Some(why.to_owned()));
        }
        if let Some(MailAbout::Invitation { merchant, id }) = mail.about {
            let found = self.store.reads().await?.invitation(merchant, id).await?;
            let usable = found.map(|invitation| invitation.usable(now));
            return Ok(match usable {
                Some(Ok(())) => None,
                Some(Err(why)) => Some(why.to_string()),
                None => Some("the invitation is gone".to_owned()),
            });
        }
        Ok((useless_at <= now)
            .then(|| "it was worth nothing any more before it could be sent".to_owned()))
    }

    /// Nobody is asked for what is over, or is somebody else's by now.
    async fn is_done_meanwhile(&self, asks: Asks) -> Result<Option<&'static str>> {
        let mut reads = self.store.reads().await?;
        Ok(match asks {
            Asks::Decide { merchant, approval } => {
                let found = reads.approval(merchant, approval).await?;
                let is_pending = found.is_some_and(|one| one.state == ApprovalState::Pending);
                (!is_pending).then_some("it was decided before it could be sent")
            }
            Asks::Do {
                merchant,
                task,
                owner,
            } => match reads.task(merchant, task).await? {
                Some(task) if task.state.is_over() => Some("it was done before it could be sent"),
                Some(task) if task.owner != owner => {
                    Some("somebody else had it before it could be sent")
                }
                Some(_) => None,
                None => Some("the task is gone"),
            },
        })
    }
}
