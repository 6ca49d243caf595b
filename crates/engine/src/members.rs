//! The people of a merchant: who they are, what they hold, how their place changes, and how they leave.
//!
//! Nothing is ever left without an owner. A change or a leave first finds every seat it would leave to
//! nobody (see `seats`); it goes through only together with somebody who takes them over (see `handover`).
//! What the form was made with and what is there when it is sent are compared in the transaction, so that
//! nothing slips through in between. People who leave keep their name in the history.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    access::{Access, Action},
    invitation::Invitation,
    owner::Owner,
    people::{Membership, Merchant, User},
    token::{ApiToken, Shown},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::{Error, Kind, Result},
    handover::{Becomes, Handover, Passing, Share},
    invitations::{PlaceInput, guards_admins},
    port::{ListFilter, Reads, StoreExt, Tx},
    rules::{self, Rules},
    seats::{Found, Seat, print},
    work::Work,
};

/// Somebody at a merchant, as the list shows them.
#[derive(Clone, Debug)]
pub struct Colleague {
    pub user: User,
    pub membership: Membership,
    /// They have no place of their own here, but are sent by the operator.
    pub through_operator: bool,
    /// Live tasks that are theirs alone, and approvals that ask them in person.
    pub open: usize,
}

/// Everybody at a merchant.
#[derive(Clone, Debug)]
pub struct Team {
    /// By name.
    pub people: Vec<Colleague>,
    /// Newest first; only for those who may manage people.
    pub invitations: Vec<Invitation>,
    /// Roles that the merchant's people hold beyond the standard ones.
    pub own_roles: Vec<String>,
}

/// One of them, with what they hold.
#[derive(Clone, Debug)]
pub struct Holder {
    pub user: User,
    pub membership: Membership,
    pub through_operator: bool,
    /// What would be nobody's without them.
    pub seats: Vec<Seat>,
    /// Whether the caller may deactivate them, or have them back.
    pub may_deactivate: bool,
}

/// What stands between somebody and leaving.
#[derive(Clone, Debug)]
pub struct Leaving {
    pub user: User,
    /// Each merchant where they hold something, with it.
    pub at: Vec<(Merchant, Vec<Seat>)>,
    /// API tokens that they made and that are good; those go on without them.
    pub tokens: Vec<(Merchant, ApiToken)>,
    /// Of the list, to be sent back with the form.
    pub seen: String,
    /// Who can take everything.
    pub candidates: Vec<User>,
    /// Who can take one share of it, in the order of [`Share::ALL`]; none where there is nothing to take.
    pub by_share: Vec<(Share, Vec<User>)>,
}

impl Leaving {
    pub fn count(&self) -> usize {
        self.at.iter().map(|(_, seats)| seats.len()).sum()
    }
}

/// One merchant, or everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Here,
    Everywhere,
}

impl Colleague {
    /// Whether a list with these filters shows them: `state` is the party, `kind` the access.
    pub fn fits(&self, filter: &ListFilter) -> bool {
        let place = &self.membership;
        let says =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| one == is);
        let words = filter.query.as_deref().map(str::to_lowercase);
        let has = |words: &str| {
            [&self.user.name, &self.user.email]
                .into_iter()
                .chain(&place.functional_roles)
                .any(|text| {
                    text.to_lowercase().contains(words) || text.replace('_', " ").contains(words)
                })
        };
        says(&filter.state, place.party.as_str())
            && says(&filter.kind, place.access.as_str())
            && words.is_none_or(|words| has(words.trim()))
    }
}

impl Engine {
    /// The people of the caller's merchant.
    pub async fn team(&self, ctx: &Ctx) -> Result<Team> {
        ctx.require(Action::ViewPeople)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let rules = rules::load(&mut *reads, merchant).await?;
        let placed = reads.members(merchant).await?;
        let tasks = reads.live_tasks(&[merchant], i64::MAX).await?;
        let approvals = reads.pending_approvals(&[merchant], i64::MAX).await?;
        let invitations = if ctx.may(Action::ManagePeople) {
            reads.open_invitations(merchant).await?
        } else {
            Vec::new()
        };
        let mut own_roles: BTreeSet<String> = BTreeSet::new();
        let people = rules
            .members
            .into_iter()
            .map(|(user, membership)| {
                let me = Owner::User(user.id);
                own_roles.extend(membership.functional_roles.iter().cloned());
                Colleague {
                    through_operator: !placed.iter().any(|(one, _)| one.id == user.id),
                    open: tasks.iter().filter(|task| task.holder() == me).count()
                        + approvals.iter().filter(|one| one.owner == me).count(),
                    user,
                    membership,
                }
            })
            .collect();
        own_roles.retain(|role| !domain::invitation::STANDARD_ROLES.contains(&role.as_str()));
        Ok(Team {
            people,
            invitations,
            own_roles: own_roles.into_iter().collect(),
        })
    }

    /// One person of the caller's merchant. Somebody else's people are not found.
    pub async fn holder(&self, ctx: &Ctx, user_id: Uuid) -> Result<Holder> {
        ctx.require(Action::ViewPeople)?;
        let mut reads = self.store.reads().await?;
        let rules = Arc::new(rules::load(&mut *reads, ctx.merchant_id()).await?);
        let (user, membership) = member_of(&rules, user_id)?;
        let placed = reads.members(ctx.merchant_id()).await?;
        let found = Found::read(&mut *reads, &rules, Some(user_id)).await?;
        let mut without = (*rules).clone();
        without.members.retain(|(one, _)| one.id != user_id);
        let mut seats = found.seats();
        seats.retain(|seat| seat.is_lost(&rules, &without));
        let may_deactivate =
            ctx.may(Action::ManagePeople) && runs_all_of(&mut *reads, ctx, &user).await?.is_ok();
        Ok(Holder {
            through_operator: !placed.iter().any(|(one, _)| one.id == user_id),
            user,
            membership,
            seats,
            may_deactivate,
        })
    }

    /// What has to go to somebody else before this person can leave.
    pub async fn leaving(&self, ctx: &Ctx, user_id: Uuid, reach: Reach) -> Result<Leaving> {
        ctx.require(Action::ManagePeople)?;
        let mut reads = self.store.reads().await?;
        let rules = rules::load(&mut *reads, ctx.merchant_id()).await?;
        let (user, _) = member_of(&rules, user_id)?;
        if reach == Reach::Everywhere {
            runs_all_of(&mut *reads, ctx, &user).await??;
        }
        let passings = passings(&mut *reads, ctx, &user, reach).await?;
        let tokens = tokens_of(&mut *reads, ctx, &user, &passings).await?;
        let everybody = |share: Option<Share>| {
            let mut fit: Option<Vec<User>> = None;
            for passing in &passings {
                let has = |seat: &Seat| share.is_none_or(|share| seat.share() == share);
                if !passing.lost.iter().any(has) {
                    continue;
                }
                let here: Vec<User> = passing.candidates(share).into_iter().cloned().collect();
                fit = Some(match fit {
                    None => here,
                    Some(known) => known.into_iter().filter(|one| here.contains(one)).collect(),
                });
            }
            fit
        };
        Ok(Leaving {
            candidates: everybody(None).unwrap_or_default(),
            by_share: Share::ALL
                .into_iter()
                .filter_map(|share| Some((share, everybody(Some(share))?)))
                .collect(),
            seen: seen(&passings),
            tokens,
            at: passings
                .into_iter()
                .filter(|passing| !passing.lost.is_empty())
                .map(|passing| (passing.before.merchant.clone(), passing.lost))
                .collect(),
            user,
        })
    }

    /// Another access, party or other roles. `handover` says who takes what would be nobody's. Letting them do more than
    /// before takes a fresh proof.
    pub async fn change_member(
        self: &Arc<Self>,
        ctx: &Ctx,
        user_id: Uuid,
        input: PlaceInput,
        handover: Handover,
    ) -> Result<Membership> {
        ctx.require(Action::ManagePeople)?;
        let mut faults = Vec::new();
        let place = input.read(&mut faults);
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let next = Membership {
            merchant_id: ctx.merchant_id(),
            user_id,
            access: place.access,
            party: place.party,
            functional_roles: place.functional_roles,
            rotations: Vec::new(),
        };
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut held = handover.people();
                    held.insert(user_id);
                    hold(tx, ctx.merchant_id(), held).await?;
                    let rules = Arc::new(rules::load(tx, ctx.merchant_id()).await?);
                    let (user, was) = member_of(&rules, user_id)?;
                    guards_admins(&ctx, &[was.access, next.access])?;
                    let next = Membership {
                        rotations: was.rotations.clone(),
                        ..next
                    };
                    if was == next {
                        return Ok(next);
                    }
                    if next.exceeds(&was) {
                        ctx.require_fresh_proof()?;
                    }
                    let becomes = Becomes::Placed(next.clone());
                    let passing = Passing::of(tx, Arc::clone(&rules), user, becomes).await?;
                    if !passing.keeps_an_admin() {
                        return Err(Error::invalid("access", last_admin(&passing)));
                    }
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.tx
                        .save_membership(&next)
                        .await
                        .map_err(sent_by_operator)?;
                    work.note(
                        "member.changed",
                        "member",
                        user_id,
                        json!({ "before": shown(&was), "after": shown(&next) }),
                    );
                    work.hand_over(passing, &handover).await?;
                    Ok(next)
                })
            })
            .await
    }

    /// Ends somebody's place at the caller's merchant. `seen` is the print of what the form listed.
    pub async fn take_out(
        self: &Arc<Self>,
        ctx: &Ctx,
        user_id: Uuid,
        seen: &str,
        handover: Handover,
    ) -> Result<User> {
        self.leave(ctx, user_id, seen, handover, Reach::Here).await
    }

    /// Signs somebody out everywhere and keeps them out, until they are reactivated.
    pub async fn deactivate(
        self: &Arc<Self>,
        ctx: &Ctx,
        user_id: Uuid,
        seen: &str,
        handover: Handover,
    ) -> Result<User> {
        if ctx.user_id() == Some(user_id) {
            return Err(Error::conflict(
                "Nobody deactivates themselves: ask another admin.",
            ));
        }
        self.leave(ctx, user_id, seen, handover, Reach::Everywhere)
            .await
    }

    async fn leave(
        self: &Arc<Self>,
        ctx: &Ctx,
        user_id: Uuid,
        seen_then: &str,
        handover: Handover,
        reach: Reach,
    ) -> Result<User> {
        ctx.require(Action::ManagePeople)?;
        let seen_then = seen_then.to_owned();
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let here = rules::load(tx, ctx.merchant_id()).await?;
                    let (user, was) = member_of(&here, user_id)?;
                    guards_admins(&ctx, &[was.access])?;
                    let mut operators = Vec::new();
                    let merchants = match reach {
                        Reach::Here => vec![ctx.merchant_id()],
                        Reach::Everywhere => {
                            runs_all_of(tx, &ctx, &user).await??;
                            operators = leaves_operators(tx, &user).await?;
                            let places = tx.places_of(user_id).await?;
                            places.into_iter().map(|(merchant, _)| merchant.id).collect()
                        }
                    };
                    let mut held = handover.people();
                    held.insert(user_id);
                    for merchant in merchants {
                        hold(tx, merchant, held.clone()).await?;
                    }
                    let passings = passings(tx, &ctx, &user, reach).await?;
                    if seen(&passings) != seen_then {
                        return Err(Error::conflict(format!(
                            "What {} holds is not what this page listed: look at it again. Nothing was changed.",
                            user.name
                        )));
                    }
                    if let Some(passing) = passings.iter().find(|one| !one.keeps_an_admin()) {
                        return Err(Error::conflict(last_admin(passing)));
                    }
                    for passing in passings {
                        let rules = Arc::clone(&passing.before);
                        let place = member_of(&rules, user_id)?.1;
                        let moved = passing.lost.len();
                        let mut work = Work::of(&ctx, tx, Arc::clone(&engine), rules);
                        let action = match reach {
                            Reach::Here => "member.left",
                            Reach::Everywhere => "person.deactivated",
                        };
                        work.hand_over(passing, &handover).await?;
                        let detail = json!({ "before": shown(&place), "handed_over": moved });
                        work.note(action, "member", user_id, detail);
                    }
                    match reach {
                        Reach::Here => tx
                            .delete_membership(ctx.merchant_id(), user_id)
                            .await
                            .map_err(sent_by_operator)?,
                        Reach::Everywhere => {
                            tx.set_active(user_id, false).await?;
                            tx.delete_sessions_of(user_id).await?;
                            for operator in operators {
                                note_at(tx, &ctx, operator, "person.deactivated", user_id);
                            }
                        }
                    }
                    Ok(user)
                })
            })
            .await
    }

    /// Lets somebody sign in again. Their places are as they were; what they handed over stays where it is.
    pub async fn reactivate(&self, ctx: &Ctx, user_id: Uuid) -> Result<User> {
        ctx.require(Action::ManagePeople)?;
        let ctx = ctx.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let here = rules::load(tx, ctx.merchant_id()).await?;
                    let (mut user, _) = member_of(&here, user_id)?;
                    runs_all_of(tx, &ctx, &user).await??;
                    if user.active {
                        return Ok(user);
                    }
                    ctx.require_fresh_proof()?;
                    tx.set_active(user_id, true).await?;
                    for (merchant, _) in tx.places_of(user_id).await? {
                        note_at(tx, &ctx, merchant.id, "person.reactivated", user_id);
                    }
                    for one in tx.operator_memberships_of(user_id).await? {
                        note_at(tx, &ctx, one.operator_id, "person.reactivated", user_id);
                    }
                    user.active = true;
                    Ok(user)
                })
            })
            .await
    }
}

fn shown(place: &Membership) -> serde_json::Value {
    json!({ "access": place.access, "party": place.party, "functional_roles": place.functional_roles })
}

fn member_of(rules: &Rules, user_id: Uuid) -> Result<(User, Membership)> {
    rules
        .members
        .iter()
        .find(|(user, _)| user.id == user_id)
        .cloned()
        .ok_or_else(|| Error::not_found("person"))
}

fn last_admin(passing: &Passing) -> String {
    format!(
        "{} is the last admin of {}: make somebody else an admin first.",
        passing.leaver.name, passing.before.merchant.name
    )
}

/// A save that found no place of their own.
fn sent_by_operator(error: Error) -> Error {
    match error.kind {
        Kind::Conflict => Error::conflict(
            "They work here through the operator and have no place of their own; change them there.",
        ),
        _ => error,
    }
}

/// Keeps the places of these people, and of every admin, as they are until the end. In the order of their
/// ids, so that two who hold the same ones wait for each other and not both.
async fn hold(tx: &mut (dyn Tx + '_), merchant: Uuid, mut people: BTreeSet<Uuid>) -> Result<()> {
    let members = tx.members(merchant).await?;
    let admins = members
        .iter()
        .filter(|(_, member)| member.access == Access::Admin);
    people.extend(admins.map(|(user, _)| user.id));
    for user in people {
        tx.hold_membership(merchant, user).await?;
    }
    Ok(())
}

/// Whether the caller is an admin at every merchant where this person works, and at every operator they belong to;
/// the reason, if not.
pub(crate) async fn runs_all_of(
    reads: &mut (dyn Reads + '_),
    ctx: &Ctx,
    user: &User,
) -> Result<Result<()>> {
    let Actor::User { user: caller, .. } = ctx.actor() else {
        return Ok(match ctx.actor() {
            Actor::System => Ok(()),
            _ => Err(Error::forbidden("This needs a person.")),
        });
    };
    let mine = reads.places_of(caller.id).await?;
    for (merchant, _) in reads.places_of(user.id).await? {
        let runs = mine
            .iter()
            .any(|(one, place)| one.id == merchant.id && place.runs_it());
        if !runs {
            return Ok(Err(runs_not_all(user)));
        }
    }
    let mine = reads.operator_memberships_of(caller.id).await?;
    for theirs in reads.operator_memberships_of(user.id).await? {
        let runs = mine
            .iter()
            .any(|one| one.operator_id == theirs.operator_id && one.access == Access::Admin);
        if !runs {
            return Ok(Err(runs_not_all(user)));
        }
    }
    Ok(Ok(()))
}

/// Which place it is may be none of the caller's business.
fn runs_not_all(user: &User) -> Error {
    Error::forbidden(format!(
        "{} works at places where you are no admin. Take them out of this one instead.",
        user.name
    ))
}

/// The operators that somebody belongs to who is to sign in no more. Each keeps an admin who does.
async fn leaves_operators(tx: &mut (dyn Tx + '_), user: &User) -> Result<Vec<Uuid>> {
    let mut operators = Vec::new();
    for theirs in tx.operator_memberships_of(user.id).await? {
        let id = theirs.operator_id;
        tx.lock_operator(id).await?;
        let all = tx.operator_members(id).await?;
        let another = all
            .iter()
            .any(|(other, one)| other.id != user.id && other.active && one.access == Access::Admin);
        if theirs.access == Access::Admin && !another {
            let name = tx.operator(id).await?.map(|one| one.name);
            return Err(Error::conflict(format!(
                "{} is the last admin of {}: make somebody else an admin first.",
                user.name,
                name.unwrap_or_default()
            )));
        }
        operators.push(id);
    }
    Ok(operators)
}

/// What happens to a person as a whole is told wherever they belong.
fn note_at(tx: &mut (dyn Tx + '_), ctx: &Ctx, chain: Uuid, action: &str, user_id: Uuid) {
    tx.note(crate::port::AuditNote {
        merchant_id: chain,
        at: ctx.now(),
        actor: ctx.actor_name(),
        action: action.to_owned(),
        subject_kind: "member",
        subject_id: user_id,
        detail: json!({}),
        trace_id: Some(ctx.trace_id().to_owned()),
    });
}

/// What leaving means, at each merchant that it concerns.
async fn passings(
    reads: &mut (dyn Reads + '_),
    ctx: &Ctx,
    user: &User,
    reach: Reach,
) -> Result<Vec<Passing>> {
    let (merchants, becomes) = match reach {
        Reach::Here => (vec![ctx.merchant_id()], Becomes::TakenOut),
        Reach::Everywhere => {
            let places = reads.places_of(user.id).await?;
            let merchants = places
                .into_iter()
                .map(|(merchant, _)| merchant.id)
                .collect();
            (merchants, Becomes::Deactivated)
        }
    };
    let mut passings = Vec::new();
    for merchant in merchants {
        let rules = Arc::new(rules::load(reads, merchant).await?);
        passings.push(Passing::of(reads, rules, user.clone(), becomes.clone()).await?);
    }
    Ok(passings)
}

/// Their good tokens, at the merchants where the caller looks after tokens.
async fn tokens_of(
    reads: &mut (dyn Reads + '_),
    ctx: &Ctx,
    user: &User,
    passings: &[Passing],
) -> Result<Vec<(Merchant, ApiToken)>> {
    let mut found = Vec::new();
    for passing in passings {
        let merchant = &passing.before.merchant;
        let mine = match ctx.user_id() {
            Some(caller) => reads.place(merchant.id, caller).await?,
            None => None,
        };
        let is_theirs_to_see = match ctx.actor() {
            Actor::System => true,
            _ => mine.is_some_and(|place| place.may(Action::ManageTokens)),
        };
        if !is_theirs_to_see {
            continue;
        }
        let all = reads.tokens(merchant.id).await?.into_iter();
        let good = all.filter(|token| {
            token.created_by == Some(user.id) && token.check(Shown::Current, ctx.now()).is_ok()
        });
        found.extend(good.map(|token| (merchant.clone(), token)));
    }
    Ok(found)
}

fn seen(passings: &[Passing]) -> String {
    let all: Vec<Seat> = passings
        .iter()
        .flat_map(|passing| passing.lost.iter().cloned())
        .collect();
    print(&all)
}
