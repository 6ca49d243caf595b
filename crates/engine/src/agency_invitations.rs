//! How somebody comes to belong to an operator.
//!
//! Who works at one of its merchants already is let in at once: they have an account, and an admin who runs the
//! merchants knows them. Anybody else is invited like to a merchant, by a link that works once for 7 days, and
//! belongs to the operator when they accept. Whether an address has an account elsewhere makes no difference and
//! is told nobody. An invitation of an operator is a row under the operator's own id, where its audit chain is,
//! too; no merchant sees it.

use domain::{
    invitation::{House, INVITATION_MS, Invitation, InvitationState, is_address},
    owner::Party,
    people::{OperatorMember, User},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    agency::{AgencyCtx, candidates, fault, note_everywhere, read_access, require_still_admin},
    engine::Engine,
    error::{Error, Result},
    invitations::{NewInvitation, make_room},
    mail::Sender,
    port::{AuditNote, MailFate, StoreExt, Tx},
};

/// What became of asking for somebody.
#[derive(Clone, Debug)]
pub enum AskedIn {
    /// They belong to it from now on.
    In(User),
    /// They do once they accept.
    Invited(NewInvitation),
}

/// Who was invited to the operator and has not answered.
#[derive(Clone, Debug, Default)]
pub struct StillInvited {
    /// Newest first.
    pub invitations: Vec<Invitation>,
    pub mails: Vec<MailFate>,
}

fn sender(at: &AgencyCtx) -> Sender<'_> {
    Sender {
        house: at.operator.id,
        name: &at.operator.name,
        inviter: Some(&at.user.name),
        now: at.now,
    }
}

fn note(at: &AgencyCtx, action: &str, invitation: &Invitation) -> AuditNote {
    let detail = json!({ "email": invitation.email, "access": invitation.access });
    at.note(
        at.operator.id,
        action,
        ("invitation", invitation.id),
        detail,
    )
}

/// They work for somebody else at a merchant, and see their own part there.
async fn works_outside(tx: &mut (dyn Tx + '_), operator: Uuid, email: &str) -> Result<bool> {
    for merchant in tx.merchants_of(operator).await? {
        let members = tx.members(merchant.id).await?;
        let is_theirs = |(user, place): &(User, domain::people::Membership)| {
            user.email == email && place.party.is_outside()
        };
        if members.iter().any(is_theirs) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Engine {
    /// Lets somebody in who has a place at one of the operator's merchants, or invites whoever has none.
    pub async fn let_in(&self, at: &AgencyCtx, email: &str, access: &str) -> Result<AskedIn> {
        at.require_admin()?;
        let email = email.trim().to_lowercase();
        let access = read_access(access)?;
        if !is_address(&email) {
            let sentence = "Write an e-mail address, such as ada@example.com.";
            return Err(Error::invalid_fields(vec![fault("email", sentence)]));
        }
        at.require_fresh_proof()?;
        let invitation = Invitation {
            id: self.uuid(),
            merchant_id: at.operator.id,
            house: House::Operator,
            email,
            name: None,
            access,
            party: Party::Agency,
            functional_roles: Vec::new(),
            invited_by: Some(at.user.id),
            created_at: at.now,
            expires_at: at.now.plus_ms(INVITATION_MS),
            state: InvitationState::Open,
            rev: 0,
        };
        let link = self.fresh_link(&sender(at), invitation.id, &invitation.email)?;
        let (at, row) = (at.clone(), invitation);
        let asked = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let operator_id = at.operator.id;
                    require_still_admin(tx, &at).await?;
                    let inside = tx.operator_members(operator_id).await?;
                    if inside.iter().any(|(user, _)| user.email == row.email) {
                        return Err(Error::invalid("email", "They belong to it already."));
                    }
                    let mut could_join = candidates(tx, operator_id).await?.into_iter();
                    if let Some(user) = could_join.find(|user| user.email == row.email) {
                        let member = OperatorMember {
                            operator_id,
                            user_id: user.id,
                            access: row.access,
                        };
                        tx.insert_operator_member(&member).await?;
                        let detail = json!({ "access": row.access, "operator_id": operator_id });
                        note_everywhere(tx, &at, "operator_member.added", user.id, &detail).await?;
                        return Ok(AskedIn::In(user));
                    }
                    if works_outside(tx, operator_id, &row.email).await? {
                        return Err(Error::invalid(
                            "email",
                            "They work at one of your merchants from the side of a 3PL or a carrier, and nobody stands on two sides. Take them out there first.",
                        ));
                    }
                    make_room(tx, &row).await?;
                    tx.note(note(&at, "operator_member.invited", &row));
                    Ok(AskedIn::Invited(link.bind(tx, row).await?))
                })
            })
            .await?;
        if let AskedIn::Invited(_) = asked {
            self.mail_is_queued();
        }
        Ok(asked)
    }

    /// Who was invited to the operator, for those who may invite.
    pub async fn invited_colleagues(&self, at: &AgencyCtx) -> Result<StillInvited> {
        at.require_admin()?;
        let mut reads = self.store.reads().await?;
        Ok(StillInvited {
            invitations: reads.open_invitations(at.operator.id).await?,
            mails: reads.invitation_mails(at.operator.id).await?,
        })
    }

    /// A new link for the same invitation, good for another 7 days. The old one says that it was replaced.
    pub async fn invite_colleague_again(&self, at: &AgencyCtx, id: Uuid) -> Result<NewInvitation> {
        at.require_admin()?;
        at.require_fresh_proof()?;
        let fresh = self.uuid();
        let found = self.invitation_here(at.operator.id, id).await?;
        let link = self.fresh_link(&sender(at), fresh, &found.email)?;
        let at = at.clone();
        let made = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let found = tx
                        .invitation(at.operator.id, id)
                        .await?
                        .ok_or_else(|| Error::not_found("invitation"))?;
                    let (old, mut next) = found.renew(fresh, at.now)?;
                    next.invited_by = Some(at.user.id);
                    tx.save_invitation(&old).await?;
                    tx.note(note(&at, "operator_member.invited", &next));
                    link.bind(tx, next).await
                })
            })
            .await?;
        self.mail_is_queued();
        Ok(made)
    }

    pub async fn take_invitation_back(&self, at: &AgencyCtx, id: Uuid) -> Result<Invitation> {
        at.require_admin()?;
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let found = tx
                        .invitation(at.operator.id, id)
                        .await?
                        .ok_or_else(|| Error::not_found("invitation"))?;
                    let revoked = found.revoke(Some(at.user.id), at.now)?;
                    tx.save_invitation(&revoked).await?;
                    tx.note(note(&at, "invitation.revoked", &revoked));
                    Ok(revoked)
                })
            })
            .await
    }
}
