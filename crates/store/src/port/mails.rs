//! Mail that waits, and what became of it.

use async_trait::async_trait;
use domain::Time;
use engine::{
    Result,
    port::{Claim, ClaimedMail, MailFate, MailReads, MailState, MailTx, NewMail},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::mails;

#[async_trait]
impl<C: Connected> MailReads for Ports<C> {
    async fn next_mail_at(&mut self) -> Result<Option<Time>> {
        Ok(mails::next_at(self.0.conn()?).await?)
    }

    async fn invitation_mails(&mut self, merchant: Uuid) -> Result<Vec<MailFate>> {
        Ok(mails::of_invitations(self.0.of(merchant)?, merchant).await?)
    }

    async fn reset_mail(&mut self, merchant: Uuid, user_id: Uuid) -> Result<Option<MailFate>> {
        Ok(mails::of_person(self.0.of(merchant)?, merchant, user_id).await?)
    }
}

#[async_trait]
impl MailTx for Ports<Writing<'_>> {
    async fn insert_mail(&mut self, mail: &NewMail) -> Result<()> {
        Ok(mails::insert(self.0.conn()?, mail).await?)
    }

    async fn claim_mails(&mut self, claim: Claim) -> Result<Vec<ClaimedMail>> {
        Ok(mails::claim(self.0.conn()?, claim).await?)
    }

    async fn rewrite_mail(&mut self, mail: &ClaimedMail, sealed_body: &[u8]) -> Result<bool> {
        Ok(mails::rewrite(self.0.conn()?, mail, sealed_body).await?)
    }

    async fn postpone_mail(&mut self, mail: &ClaimedMail, due: Time, why: &str) -> Result<bool> {
        Ok(mails::postpone(self.0.conn()?, mail, due, why).await?)
    }

    async fn end_mail(
        &mut self,
        mail: &ClaimedMail,
        state: MailState,
        why: &str,
        now: Time,
    ) -> Result<bool> {
        Ok(mails::end(self.0.conn()?, mail, (state, why), now).await?)
    }

    async fn drop_mail(&mut self, mail: &ClaimedMail) -> Result<bool> {
        Ok(mails::delete(self.0.conn()?, mail).await?)
    }

    async fn forget_mails(&mut self, before: Time) -> Result<u64> {
        Ok(mails::forget(self.0.conn()?, before).await?)
    }
}
