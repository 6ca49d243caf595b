//! What the people of an operator do to the operator itself: let people in, change and take them out, name
//! it, ask for a second factor, add merchants.
//!
//! All of it is an admin's. An operator keeps at least one active admin, and nobody leaves work behind: what
//! somebody holds at merchants that they reach through the operator has to be somebody else's first. Every
//! act is an entry in the operator's own chain; see [`crate::operators`] for which ones stand in the
//! merchants' chains as well.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::Access,
    owner::Party,
    people::{Membership, Merchant, Operator, OperatorMember, User, slug_fault},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    ctx::is_fresh,
    engine::Engine,
    error::{Error, FieldError, Result},
    handover::{Becomes, Passing},
    port::{AuditFilter, AuditNote, Reads, StoreExt, Tx},
    rules::Rules,
};

/// The longest name of an operator or a merchant.
const MAX_NAME: usize = 80;

/// A signed-in person at one of the operators they have to do with.
#[derive(Clone, Debug)]
pub struct AgencyCtx {
    pub user: User,
    pub operator: Operator,
    /// What they may do at the operator; none for somebody who only has places at some of its merchants.
    pub access: Option<Access>,
    /// The operator's merchants that they may see as a whole, by name.
    pub places: Vec<(Merchant, Membership)>,
    pub now: Time,
    /// When they last proved, in this session, who they are.
    proved_at: Option<Time>,
    trace_id: String,
}

impl AgencyCtx {
    /// Remembers when the person last proved, in this session, who they are.
    #[must_use]
    pub fn proved(mut self, at: Option<Time>) -> Self {
        self.proved_at = at;
        self
    }

    /// As [`crate::Ctx::require_fresh_proof`].
    pub fn require_fresh_proof(&self) -> Result<()> {
        if self.proved_at.is_some_and(|at| is_fresh(at, self.now)) {
            Ok(())
        } else {
            Err(Error::step_up())
        }
    }

    pub fn is_admin(&self) -> bool {
        self.access == Some(Access::Admin)
    }

    pub fn require_admin(&self) -> Result<()> {
        if self.is_admin() {
            return Ok(());
        }
        self.log_refusal();
        Err(Error::forbidden(format!(
            "This needs an admin of {}.",
            self.operator.name
        )))
    }

    /// The people and the record of an operator are for those who belong to it.
    pub fn require_member(&self) -> Result<Access> {
        self.access.ok_or_else(|| {
            self.log_refusal();
            Error::forbidden(format!("This is for the people of {}.", self.operator.name))
        })
    }

    fn log_refusal(&self) {
        tracing::warn!(
            actor = %format_args!("user:{}", self.user.id),
            operator = %self.operator.id,
            trace_id = self.trace_id,
            "an act was refused"
        );
    }

    pub(crate) fn note(
        &self,
        chain: Uuid,
        action: &str,
        subject: (&'static str, Uuid),
        detail: Value,
    ) -> AuditNote {
        AuditNote {
            merchant_id: chain,
            at: self.now,
            actor: format!("user:{}", self.user.id),
            action: action.to_owned(),
            subject_kind: subject.0,
            subject_id: subject.1,
            detail,
            trace_id: Some(self.trace_id.clone()),
        }
    }
}

/// One of an operator's people, as its page shows them.
#[derive(Clone, Debug)]
pub struct AgencyPerson {
    pub user: User,
    pub access: Access,
    /// Signs in with a second factor.
    pub has_second_factor: bool,
}

fn name_fault(name: &str) -> Option<FieldError> {
    let sentence = match name.chars().count() {
        0 => "Give it a name.".to_owned(),
        n if n > MAX_NAME => format!("At most {MAX_NAME} characters."),
        _ => return None,
    };
    Some(fault("name", sentence))
}

/// Whether they sign in with a second factor.
async fn has_factor(reads: &mut (dyn Reads + '_), user: Uuid) -> Result<bool> {
    let factor = reads.second_factor(user).await?;
    Ok(factor.is_some_and(|factor| factor.confirmed_at.is_some()))
}

pub(crate) fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

pub(crate) fn read_access(text: &str) -> Result<Access> {
    text.trim()
        .parse()
        .map_err(|_| Error::invalid("access", "Choose what they may do."))
}

impl Engine {
    /// `which` is the operator's path or id. Somebody without a place there is told that it is not there.
    pub async fn enter_operator(&self, user_id: Uuid, which: &str) -> Result<AgencyCtx> {
        let missing = || Error::not_found("operator");
        let mut reads = self.store.reads().await?;
        let operator = match which.parse() {
            Ok(id) => reads.operator(id).await?,
            Err(_) if which.is_empty() => None,
            Err(_) => reads.operator_by_slug(which).await?,
        };
        let operator = operator.ok_or_else(missing)?;
        let user = reads.user(user_id).await?.filter(|user| user.active);
        let user = user.ok_or_else(missing)?;
        let access = reads
            .operator_memberships_of(user_id)
            .await?
            .into_iter()
            .find(|member| member.operator_id == operator.id)
            .map(|member| member.access);
        let mut places = reads.places_of(user_id).await?;
        // a warehouse's or a carrier's people see their own work there, and not how the merchant stands
        places.retain(|(merchant, place)| {
            merchant.operator_id == operator.id
                && matches!(place.party, Party::Agency | Party::Merchant)
        });
        if access.is_none() && places.is_empty() {
            return Err(missing());
        }
        Ok(AgencyCtx {
            user,
            operator,
            access,
            places,
            now: self.now(),
            proved_at: None,
            trace_id: self.new_trace_id(),
        })
    }

    /// The operators somebody has to do with, for finding the way there: by name.
    pub async fn operators_of(
        &self,
        user_id: Uuid,
        places: &[(Merchant, Membership)],
    ) -> Result<Vec<Operator>> {
        let mut reads = self.store.reads().await?;
        let own = reads.operator_memberships_of(user_id).await?;
        let mut ids: Vec<Uuid> = own.iter().map(|member| member.operator_id).collect();
        let whole = places
            .iter()
            .filter(|(_, place)| matches!(place.party, Party::Agency | Party::Merchant));
        ids.extend(whole.map(|(merchant, _)| merchant.operator_id));
        ids.sort_unstable();
        ids.dedup();
        let mut operators = Vec::new();
        for id in ids {
            operators.extend(reads.operator(id).await?);
        }
        operators.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(operators)
    }

    /// The operator's people, by name.
    pub async fn colleagues(&self, at: &AgencyCtx) -> Result<Vec<AgencyPerson>> {
        at.require_member()?;
        let mut reads = self.store.reads().await?;
        let mut colleagues = Vec::new();
        for (user, member) in reads.operator_members(at.operator.id).await? {
            colleagues.push(AgencyPerson {
                has_second_factor: has_factor(&mut *reads, user.id).await?,
                access: member.access,
                user,
            });
        }
        Ok(colleagues)
    }

    /// People with a place at one of the operator's merchants who do not belong to it: who could be let in.
    pub async fn could_join(&self, at: &AgencyCtx) -> Result<Vec<User>> {
        at.require_admin()?;
        candidates(&mut *self.store.reads().await?, at.operator.id).await
    }

    /// The newest of the operator's own audit chain.
    pub async fn operator_trail(
        &self,
        at: &AgencyCtx,
        limit: i64,
    ) -> Result<Vec<domain::audit::AuditEntry>> {
        at.require_member()?;
        let filter = AuditFilter {
            limit,
            ..AuditFilter::default()
        };
        let mut reads = self.store.reads().await?;
        reads.audit(at.operator.id, &filter).await
    }

    pub async fn change_colleague(
        self: &Arc<Self>,
        at: &AgencyCtx,
        user_id: Uuid,
        access: &str,
    ) -> Result<User> {
        at.require_admin()?;
        self.pass_on(at, user_id, Some(read_access(access)?)).await
    }

    pub async fn remove_colleague(self: &Arc<Self>, at: &AgencyCtx, user_id: Uuid) -> Result<User> {
        at.require_admin()?;
        self.pass_on(at, user_id, None).await
    }

    /// Another access, or none any more, unless that leaves an operator without an admin or work with nobody.
    async fn pass_on(
        self: &Arc<Self>,
        at: &AgencyCtx,
        user_id: Uuid,
        access: Option<Access>,
    ) -> Result<User> {
        let merchants = self
            .store
            .reads()
            .await?
            .merchants_of(at.operator.id)
            .await?;
        let mut rules = Vec::with_capacity(merchants.len());
        for merchant in merchants {
            rules.push(self.rules_of(merchant.id).await?);
        }
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let all = tx.operator_members(at.operator.id).await?;
                    let (user, member) = all
                        .iter()
                        .find(|(user, _)| user.id == user_id)
                        .cloned()
                        .ok_or_else(|| Error::not_found("person"))?;
                    if access == Some(member.access) {
                        return Ok(user);
                    }
                    if access.is_some_and(|next| next.exceeds(member.access)) {
                        at.require_fresh_proof()?;
                    }
                    let another_admin = all.iter().any(|(other, one)| {
                        other.id != user_id && other.active && one.access == Access::Admin
                    });
                    if access != Some(Access::Admin) && !another_admin {
                        return Err(Error::conflict(format!(
                            "{} is the last admin of {}. Make somebody else an admin first.",
                            user.name, at.operator.name
                        )));
                    }
                    for rules in &rules {
                        let next = access.map(|access| OperatorMember { access, ..member.clone() });
                        leaves_nothing(tx, rules, &user, next.as_ref()).await?;
                    }
                    let (action, detail) = match access {
                        Some(access) => {
                            let next = OperatorMember { access, ..member.clone() };
                            tx.save_operator_member(&next).await?;
                            let change = json!({ "from": member.access, "access": access, "operator_id": at.operator.id });
                            ("operator_member.changed", change)
                        }
                        None => {
                            tx.delete_operator_member(at.operator.id, user_id).await?;
                            let was = json!({ "access": member.access, "operator_id": at.operator.id });
                            ("operator_member.removed", was)
                        }
                    };
                    note_everywhere(tx, &at, action, user_id, &detail).await?;
                    Ok(user)
                })
            })
            .await
    }

    /// Who has a place at the operator or at one of its merchants and signs in with a password alone, by name.
    pub async fn without_second_factor(&self, at: &AgencyCtx) -> Result<Vec<User>> {
        at.require_admin()?;
        let mut reads = self.store.reads().await?;
        let mut people: BTreeMap<Uuid, User> = BTreeMap::new();
        for (user, _) in reads.operator_members(at.operator.id).await? {
            people.insert(user.id, user);
        }
        for merchant in reads.merchants_of(at.operator.id).await? {
            for (user, _) in reads.members(merchant.id).await? {
                people.insert(user.id, user);
            }
        }
        let mut without = Vec::new();
        for user in people.into_values().filter(|user| user.active) {
            if !has_factor(&mut *reads, user.id).await? {
                without.push(user);
            }
        }
        without.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(without)
    }

    /// Asking for a second factor ends the sessions of everybody who has none, so whoever asks for it has one.
    pub async fn change_operator(
        &self,
        at: &AgencyCtx,
        name: &str,
        require_second_factor: bool,
    ) -> Result<Operator> {
        at.require_admin()?;
        let name = name.trim().to_owned();
        if let Some(fault) = name_fault(&name) {
            return Err(Error::invalid_fields(vec![fault]));
        }
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let missing = || Error::not_found("operator");
                    let before = tx.operator(at.operator.id).await?.ok_or_else(missing)?;
                    let after = Operator {
                        name,
                        require_second_factor,
                        ..before.clone()
                    };
                    if after == before {
                        return Ok(after);
                    }
                    if after.require_second_factor != before.require_second_factor {
                        at.require_fresh_proof()?;
                    }
                    if after.require_second_factor
                        && !before.require_second_factor
                        && !has_factor(&mut *tx, at.user.id).await?
                    {
                        return Err(Error::conflict(
                            "Set up a second factor of your own first, on the page of your account: this would end your session, too.",
                        ));
                    }
                    tx.save_operator(&after).await?;
                    let change = json!({
                        "from": { "name": before.name, "require_second_factor": before.require_second_factor },
                        "to": { "name": after.name, "require_second_factor": after.require_second_factor },
                    });
                    let subject = ("operator", after.id);
                    tx.note(at.note(after.id, "operator.changed", subject, change.clone()));
                    if after.require_second_factor != before.require_second_factor {
                        // it decides how people of every merchant sign in
                        for merchant in tx.merchants_of(after.id).await? {
                            tx.note(at.note(merchant.id, "operator.changed", subject, change.clone()));
                        }
                    }
                    Ok(after)
                })
            })
            .await
    }

    pub async fn add_merchant(&self, at: &AgencyCtx, name: &str, slug: &str) -> Result<Merchant> {
        at.require_admin()?;
        let (name, slug) = (name.trim().to_owned(), slug.trim().to_lowercase());
        let mut faults: Vec<FieldError> = name_fault(&name).into_iter().collect();
        if let Some(sentence) = slug_fault(&slug) {
            faults.push(fault("slug", sentence));
        } else if self
            .store
            .reads()
            .await?
            .merchant_by_slug(&slug)
            .await?
            .is_some()
        {
            faults.push(taken());
        }
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let merchant = Merchant {
            id: self.uuid(),
            operator_id: at.operator.id,
            slug,
            name,
        };
        let jobs = self.first_jobs(&merchant);
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    if tx.merchant_by_slug(&merchant.slug).await?.is_some() {
                        return Err(Error::invalid_fields(vec![taken()]));
                    }
                    tx.insert_merchant(&merchant).await?;
                    tx.enqueue(&jobs).await?;
                    let detail = json!({ "slug": merchant.slug, "name": merchant.name });
                    for chain in [merchant.id, at.operator.id] {
                        let subject = ("merchant", merchant.id);
                        tx.note(at.note(chain, "merchant.created", subject, detail.clone()));
                    }
                    Ok(merchant)
                })
            })
            .await
    }
}

fn taken() -> FieldError {
    fault(
        "slug",
        "Another merchant has this path already. Choose another.",
    )
}

/// Rights are read again where they count: in the transaction that uses them, and with no other act on the
/// operator beside it.
pub(crate) async fn require_still_admin(tx: &mut (dyn Tx + '_), at: &AgencyCtx) -> Result<()> {
    tx.lock_operator(at.operator.id).await?;
    let own = tx.operator_memberships_of(at.user.id).await?;
    let is_admin = own
        .iter()
        .any(|member| member.operator_id == at.operator.id && member.access == Access::Admin);
    if is_admin {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "You are no admin of {} any more.",
        at.operator.name
    )))
}

/// In the operator's chain, and in that of every merchant whose people this changes.
pub(crate) async fn note_everywhere(
    tx: &mut (dyn Tx + '_),
    at: &AgencyCtx,
    action: &str,
    user_id: Uuid,
    detail: &Value,
) -> Result<()> {
    let merchants = tx.merchants_of(at.operator.id).await?;
    let chains = merchants.iter().map(|merchant| merchant.id);
    for chain in chains.chain([at.operator.id]) {
        tx.note(at.note(chain, action, ("member", user_id), detail.clone()));
    }
    Ok(())
}

/// Who could be let in.
pub(crate) async fn candidates(reads: &mut (dyn Reads + '_), operator: Uuid) -> Result<Vec<User>> {
    let inside: Vec<Uuid> = reads
        .operator_members(operator)
        .await?
        .iter()
        .map(|(user, _)| user.id)
        .collect();
    let mut found: Vec<User> = Vec::new();
    for merchant in reads.merchants_of(operator).await? {
        for (user, place) in reads.members(merchant.id).await? {
            let fits = user.active
                && matches!(place.party, Party::Agency | Party::Merchant)
                && !inside.contains(&user.id)
                && found.iter().all(|known| known.id != user.id);
            if fits {
                found.push(user);
            }
        }
    }
    found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(found)
}

/// Nothing at this merchant may be left with nobody, when somebody has another place there, or none.
async fn leaves_nothing(
    tx: &mut (dyn Tx + '_),
    rules: &Arc<Rules>,
    user: &User,
    next: Option<&OperatorMember>,
) -> Result<()> {
    let merchant = &rules.merchant;
    let own = tx.memberships_of(user.id).await?;
    if own.iter().any(|place| place.merchant_id == merchant.id) {
        return Ok(());
    }
    let becomes = next.map_or(Becomes::Deactivated, |member| {
        Becomes::Placed(member.at(merchant.id))
    });
    let passing = Passing::of(tx, Arc::clone(rules), user.clone(), becomes).await?;
    let may_work =
        next.is_some_and(|member| member.access.allows(domain::access::Action::WorkTasks));
    let taken = passing
        .found
        .tasks
        .iter()
        .filter(|task| !may_work && task.assignee == Some(user.id))
        .map(|task| task.title.as_str());
    let lost = passing.lost.iter().map(|seat| seat.title.as_str());
    let held: Vec<&str> = taken.chain(lost).collect();
    if let Some(first) = held.first() {
        let more = match held.len() {
            1 => String::new(),
            2 => " and one thing more".to_owned(),
            n => format!(" and {} things more", n - 1),
        };
        return Err(Error::conflict(format!(
            "{} still has “{first}”{more} at {}. Give it to somebody else there first.",
            user.name, merchant.name
        )));
    }
    if !passing.keeps_an_admin() {
        return Err(Error::conflict(format!(
            "{} is the last admin of {}. Make somebody else an admin there first.",
            user.name, merchant.name
        )));
    }
    Ok(())
}
