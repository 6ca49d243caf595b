//! Inviting people to a merchant, and accepting; an operator invites in `agency_invitations`, and is accepted
//! here.
//!
//! The link is 32 random bytes, seen once by whoever invites; what is kept is its hash. Looking at a link
//! changes nothing. Accepting is one transaction: the invitation is used, the place (and the person, when
//! they are new) is there, or nothing is. Two who use one link at once meet at the invitation's `rev`. A link is worth
//! what whoever sent it may give at that moment: nothing, once they have left.

use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    access::{Access, Action},
    invitation::{
        Admission, CannotAccept, House, INVITATION_MS, Invitation, InvitationState, is_address,
        read_roles,
    },
    owner::Party,
    people::{Merchant, Operator, User},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, FieldError, Kind, Result},
    mail::Sender,
    port::{AuditNote, NewMail, Reads, StoreExt, Tx},
};

/// The longest name of a person.
const MAX_NAME: usize = 80;

/// A place at a merchant as a form gives it.
#[derive(Clone, Debug, Default)]
pub struct PlaceInput {
    pub access: String,
    pub party: String,
    /// Ticked ones.
    pub roles: Vec<String>,
    /// The merchant's own, separated by commas, spaces or lines.
    pub own_roles: String,
}

#[derive(Clone, Debug, Default)]
pub struct InvitationInput {
    pub email: String,
    pub name: String,
    pub place: PlaceInput,
}

/// An invitation, and the one time its link is seen.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    pub invitation: Invitation,
    pub link: String,
    /// It is on its way by mail, too.
    pub mailed: bool,
}

/// Whose people somebody is asked to be one of.
#[derive(Clone, Debug)]
pub enum Host {
    Merchant(Merchant),
    Operator(Operator),
}

impl Host {
    pub fn name(&self) -> &str {
        match self {
            Self::Merchant(merchant) => &merchant.name,
            Self::Operator(operator) => &operator.name,
        }
    }
}

/// What somebody with a link is shown.
#[derive(Clone, Debug)]
pub struct Invited {
    pub invitation: Invitation,
    pub host: Host,
    /// Who invited, if that was a person.
    pub inviter: Option<String>,
    /// There is an account with this address, so nothing has to be chosen anew.
    pub has_account: bool,
    /// Why the link cannot be used, if it cannot.
    pub spent: Option<CannotAccept>,
}

/// A place that was read, with everything that is wrong with it.
pub(crate) struct Place {
    pub access: Access,
    pub party: Party,
    pub functional_roles: Vec<String>,
}

/// What of a link is kept.
fn link_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

pub(crate) fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

impl PlaceInput {
    pub(crate) fn read(&self, faults: &mut Vec<FieldError>) -> Place {
        let access = Access::from_str(self.access.trim()).unwrap_or_else(|_| {
            faults.push(fault("access", "Choose what they may do."));
            Access::Viewer
        });
        let party = Party::from_str(self.party.trim())
            .ok()
            .filter(|party| *party != Party::System)
            .unwrap_or_else(|| {
                faults.push(fault("party", "Choose on whose side they stand."));
                Party::Agency
            });
        let functional_roles = read_roles(&self.roles, &self.own_roles).unwrap_or_else(|why| {
            faults.push(fault("own_roles", why));
            Vec::new()
        });
        Place {
            access,
            party,
            functional_roles,
        }
    }
}

/// Whoever is no admin themselves makes nobody one, and changes none.
pub(crate) fn guards_admins(ctx: &Ctx, touched: &[Access]) -> Result<()> {
    let is_admin = matches!(ctx.actor(), Actor::System) || ctx.access() == Some(Access::Admin);
    if is_admin || !touched.contains(&Access::Admin) {
        return Ok(());
    }
    Err(Error {
        kind: Kind::Forbidden,
        ..Error::invalid(
            "access",
            "Only an admin can make somebody an admin, or change one.",
        )
    })
}

impl From<CannotAccept> for Error {
    fn from(why: CannotAccept) -> Self {
        let text = why.to_string();
        let mut letters = text.chars();
        let head: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        Self::conflict(format!("{head}{}.", letters.as_str()))
    }
}

fn note(ctx: &Ctx, action: &str, invitation: &Invitation, detail: Value) -> AuditNote {
    AuditNote {
        merchant_id: ctx.merchant_id(),
        at: ctx.now(),
        actor: ctx.actor_name(),
        action: action.to_owned(),
        subject_kind: "invitation",
        subject_id: invitation.id,
        detail,
        trace_id: Some(ctx.trace_id().to_owned()),
    }
}

fn sender(ctx: &Ctx) -> Sender<'_> {
    Sender {
        house: ctx.merchant_id(),
        name: &ctx.merchant().name,
        inviter: ctx.member().ok().map(|(user, _)| user.name.as_str()),
        now: ctx.now(),
    }
}

/// One open invitation for an address. One that nobody can use any more gives way to the new one.
pub(crate) async fn make_room(tx: &mut (dyn Tx + '_), new: &Invitation) -> Result<()> {
    for open in tx.open_invitations(new.merchant_id).await? {
        if open.email != new.email {
            continue;
        }
        if open.usable(new.created_at).is_ok() {
            return Err(Error::invalid(
                "email",
                "This address has an invitation that is still good. Send that one again, or take it back.",
            ));
        }
        let (old, _) = open.renew(new.id, new.created_at)?;
        tx.save_invitation(&old).await?;
    }
    Ok(())
}

fn place_of(invitation: &Invitation) -> Value {
    json!({
        "email": invitation.email, "access": invitation.access, "party": invitation.party,
        "functional_roles": invitation.functional_roles,
    })
}

/// A link that nobody has yet, and the mail that brings it.
pub(crate) struct FreshLink {
    url: String,
    hash: Vec<u8>,
    mail: Option<NewMail>,
}

impl FreshLink {
    /// It leads to this invitation from the end of the transaction on.
    pub async fn bind(
        self,
        tx: &mut (dyn Tx + '_),
        invitation: Invitation,
    ) -> Result<NewInvitation> {
        tx.insert_invitation(&invitation, &self.hash).await?;
        if let Some(mail) = &self.mail {
            tx.insert_mail(mail).await?;
        }
        Ok(NewInvitation {
            invitation,
            link: self.url,
            mailed: self.mail.is_some(),
        })
    }
}

/// Whoever invited is still there, and could still give what the invitation gives.
async fn inviter_stands(
    reads: &mut (dyn Reads + '_),
    invitation: &Invitation,
) -> Result<std::result::Result<(), CannotAccept>> {
    let Some(inviter) = invitation.invited_by else {
        return Ok(Ok(()));
    };
    let is_active = reads.user(inviter).await?.is_some_and(|user| user.active);
    let house = invitation.merchant_id;
    let access = match invitation.house {
        House::Merchant => {
            let place = reads.place(house, inviter).await?;
            let place = place.filter(|place| place.may(Action::ManagePeople));
            place.map(|place| place.access)
        }
        House::Operator => {
            let own = reads.operator_memberships_of(inviter).await?;
            let own = own.into_iter().find(|one| one.operator_id == house);
            own.map(|one| one.access)
                .filter(|access| *access == Access::Admin)
        }
    };
    let may_give = |access: Access| access == Access::Admin || invitation.access != Access::Admin;
    Ok(if is_active && access.is_some_and(may_give) {
        Ok(())
    } else {
        Err(CannotAccept::InviterGone)
    })
}

impl Engine {
    /// For an invitation that is made now.
    pub(crate) fn fresh_link(
        &self,
        from: &Sender<'_>,
        invitation: Uuid,
        email: &str,
    ) -> Result<FreshLink> {
        let mut random = [0_u8; 32];
        self.ids.fill(&mut random);
        let token = URL_SAFE_NO_PAD.encode(random);
        let hash = link_hash(&token);
        let url = format!("{}/invite/{token}", self.public_url);
        let expires_at = from.now.plus_ms(INVITATION_MS);
        let mail = self.invitation_mail(from, invitation, email, (&url, expires_at))?;
        Ok(FreshLink { url, hash, mail })
    }

    pub async fn invite(&self, ctx: &Ctx, input: InvitationInput) -> Result<NewInvitation> {
        ctx.require(Action::ManagePeople)?;
        let mut faults = Vec::new();
        let email = input.email.trim().to_lowercase();
        if !is_address(&email) {
            faults.push(fault(
                "email",
                "Write an e-mail address, such as ada@example.com.",
            ));
        }
        let name = input.name.trim();
        if name.chars().count() > MAX_NAME {
            faults.push(fault("name", format!("At most {MAX_NAME} characters.")));
        }
        let place = input.place.read(&mut faults);
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        guards_admins(ctx, &[place.access])?;
        // a link is a place for whoever has it
        ctx.require_fresh_proof()?;
        let invitation = Invitation {
            id: self.uuid(),
            merchant_id: ctx.merchant_id(),
            house: House::Merchant,
            email,
            name: (!name.is_empty()).then(|| name.to_owned()),
            access: place.access,
            party: place.party,
            functional_roles: place.functional_roles,
            invited_by: ctx.user_id(),
            created_at: ctx.now(),
            expires_at: ctx.now().plus_ms(INVITATION_MS),
            state: InvitationState::Open,
            rev: 0,
        };
        let link = self.fresh_link(&sender(ctx), invitation.id, &invitation.email)?;
        let ctx = ctx.clone();
        let made = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = invitation.merchant_id;
                    // of an account that has no place here nobody is told
                    if let Some(known) = tx.credentials(&invitation.email).await?
                        && tx.place(merchant, known.user.id).await?.is_some()
                    {
                        let name = known.user.name;
                        let sentence = if known.user.active {
                            format!("{name} works here already.")
                        } else {
                            format!("{name} is deactivated. Reactivate them first.")
                        };
                        return Err(Error::invalid("email", sentence));
                    }
                    make_room(tx, &invitation).await?;
                    let detail = place_of(&invitation);
                    tx.note(note(&ctx, "member.invited", &invitation, detail));
                    link.bind(tx, invitation).await
                })
            })
            .await?;
        self.mail_is_queued();
        Ok(made)
    }

    /// A new link for the same invitation, good for another 7 days. The old one says that it was replaced.
    pub async fn resend_invitation(&self, ctx: &Ctx, id: Uuid) -> Result<NewInvitation> {
        ctx.require(Action::ManagePeople)?;
        ctx.require_fresh_proof()?;
        let fresh = self.uuid();
        let found = self.invitation_here(ctx.merchant_id(), id).await?;
        let link = self.fresh_link(&sender(ctx), fresh, &found.email)?;
        let ctx = ctx.clone();
        let made = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx
                        .invitation(ctx.merchant_id(), id)
                        .await?
                        .ok_or_else(|| Error::not_found("invitation"))?;
                    guards_admins(&ctx, &[found.access])?;
                    let (old, mut next) = found.renew(fresh, ctx.now())?;
                    next.invited_by = ctx.user_id();
                    tx.save_invitation(&old).await?;
                    let mut detail = place_of(&next);
                    detail["replaces"] = json!(old.id);
                    tx.note(note(&ctx, "member.invited", &next, detail));
                    link.bind(tx, next).await
                })
            })
            .await?;
        self.mail_is_queued();
        Ok(made)
    }

    /// An invitation of this merchant or operator.
    pub(crate) async fn invitation_here(&self, house: Uuid, id: Uuid) -> Result<Invitation> {
        let mut reads = self.store.reads().await?;
        let found = reads.invitation(house, id).await?;
        found.ok_or_else(|| Error::not_found("invitation"))
    }

    pub async fn revoke_invitation(&self, ctx: &Ctx, id: Uuid) -> Result<Invitation> {
        ctx.require(Action::ManagePeople)?;
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx
                        .invitation(ctx.merchant_id(), id)
                        .await?
                        .ok_or_else(|| Error::not_found("invitation"))?;
                    let revoked = found.revoke(ctx.user_id(), ctx.now())?;
                    tx.save_invitation(&revoked).await?;
                    let detail = json!({ "email": revoked.email });
                    tx.note(note(&ctx, "invitation.revoked", &revoked, detail));
                    Ok(revoked)
                })
            })
            .await
    }

    /// What a link leads to. Whoever has the link may ask; nothing changes by it.
    pub async fn look_at_invitation(&self, token: &str) -> Result<Invited> {
        let missing = || Error::not_found("invitation");
        let mut reads = self.store.reads().await?;
        let invitation = reads
            .invitation_by_token(&link_hash(token))
            .await?
            .ok_or_else(missing)?;
        let host = match invitation.house {
            House::Merchant => {
                let merchant = reads.merchant(invitation.merchant_id).await?;
                Host::Merchant(merchant.ok_or_else(missing)?)
            }
            House::Operator => {
                let operator = reads.operator(invitation.merchant_id).await?;
                Host::Operator(operator.ok_or_else(missing)?)
            }
        };
        let inviter = match invitation.invited_by {
            Some(id) => reads.user(id).await?.map(|user| user.name),
            None => None,
        };
        let has_account = reads.credentials(&invitation.email).await?.is_some();
        let spent = match invitation.usable(self.now()) {
            Ok(()) => inviter_stands(&mut *reads, &invitation).await?.err(),
            Err(why) => Some(why),
        };
        Ok(Invited {
            spent,
            invitation,
            host,
            inviter,
            has_account,
        })
    }

    /// Somebody new: the account and the place come into being together.
    pub async fn accept_as_new(
        &self,
        token: &str,
        name: &str,
        password: &str,
    ) -> Result<(User, Host)> {
        let invited = self.look_at_invitation(token).await?;
        let invitation = &invited.invitation;
        if let Some(why) = invited.spent {
            return Err(why.into());
        }
        let name = name.trim();
        let mut faults = Vec::new();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            faults.push(fault(
                "name",
                format!("Write your name, at most {MAX_NAME} characters."),
            ));
        }
        let about = [name, &invitation.email, invited.host.name()];
        let hash = match self.new_password_hash("password", password, &about).await {
            Ok(hash) => hash,
            Err(mut error) => {
                faults.append(&mut error.fields);
                if faults.is_empty() {
                    return Err(error);
                }
                String::new()
            }
        };
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        // said only to whoever could have accepted: trying it out uses the link up where there is none
        if invited.has_account {
            return Err(Error::conflict(
                "There is an account with this address. Sign in with it, then accept.",
            ));
        }
        let user = User {
            id: self.uuid(),
            email: invitation.email.clone(),
            name: name.to_owned(),
            active: true,
        };
        self.join(token, user.clone(), Some(hash)).await?;
        Ok((user, invited.host))
    }

    /// Somebody who has an account, and is signed in as the one the invitation names.
    pub async fn accept_as(&self, token: &str, user_id: Uuid) -> Result<Host> {
        let invited = self.look_at_invitation(token).await?;
        let user = self
            .store
            .reads()
            .await?
            .user(user_id)
            .await?
            .filter(|user| user.active)
            .ok_or_else(|| Error::new(Kind::Unauthenticated, "Sign in first."))?;
        if user.email != invited.invitation.email {
            return Err(Error::forbidden(format!(
                "This invitation is for {}, and you are signed in as {}.",
                invited.invitation.email, user.email
            )));
        }
        self.join(token, user, None).await?;
        Ok(invited.host)
    }

    /// `hash` is the password's, of somebody new.
    async fn join(&self, token: &str, user: User, hash: Option<String>) -> Result<()> {
        let (link, now) = (link_hash(token), self.now());
        let trace_id = self.new_trace_id();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let invitation = tx
                        .invitation_by_token(&link)
                        .await?
                        .ok_or_else(|| Error::not_found("invitation"))?;
                    invitation.usable(now)?;
                    inviter_stands(tx, &invitation).await??;
                    let (used, admission) = invitation.accept(user.id, now)?;
                    let meanwhile = |error: Error| match error.kind {
                        Kind::Conflict => CannotAccept::Used.into(),
                        _ => error,
                    };
                    tx.save_invitation(&used).await.map_err(meanwhile)?;
                    if let Some(hash) = hash {
                        tx.insert_user(&user, &hash).await.map_err(|error| match error.kind {
                            Kind::Conflict => Error::conflict("There is an account with this address by now. Sign in with it, then accept."),
                            _ => error,
                        })?;
                    }
                    let here = |error: Error| match error.kind {
                        Kind::Conflict => Error::conflict("You work here already."),
                        _ => error,
                    };
                    let (action, chains) = match &admission {
                        Admission::Merchant(place) => {
                            tx.insert_membership(place).await.map_err(here)?;
                            ("member.joined", vec![place.merchant_id])
                        }
                        Admission::Operator(member) => {
                            tx.insert_operator_member(member).await.map_err(here)?;
                            // it is the data of each merchant that they reach from now on
                            let reached = tx.merchants_of(member.operator_id).await?;
                            let chains = reached.iter().map(|merchant| merchant.id);
                            let chains = chains.chain([member.operator_id]).collect();
                            ("operator_member.joined", chains)
                        }
                    };
                    let mut detail = json!({
                        "invitation_id": used.id, "invited_by": used.invited_by, "access": used.access,
                    });
                    match admission {
                        Admission::Merchant(place) => {
                            detail["party"] = json!(place.party);
                            detail["functional_roles"] = json!(place.functional_roles);
                        }
                        Admission::Operator(member) => {
                            detail["operator_id"] = json!(member.operator_id);
                        }
                    }
                    for merchant_id in chains {
                        tx.note(AuditNote {
                            merchant_id,
                            at: now,
                            actor: format!("user:{}", user.id),
                            action: action.to_owned(),
                            subject_kind: "member",
                            subject_id: user.id,
                            detail: detail.clone(),
                            trace_id: Some(trace_id.clone()),
                        });
                    }
                    Ok(())
                })
            })
            .await
    }
}
