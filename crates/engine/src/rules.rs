//! A merchant's rules as they stand: contracts, flows, connections and people, read often and
//! changed rarely, so kept in memory for a moment. What is decided *by a person* never relies on
//! this: a decision reads the membership again inside its own transaction.

use std::{collections::HashMap, sync::Arc};

use domain::{
    Time,
    access::Action,
    approval::{Approval, Delegation, Voice},
    chat::{Route, Workspace},
    connection::{Destination, Source},
    contract::{Contract, Standing},
    cover::{Gap, Roster, Span, Why},
    escalation::Policy,
    flow::Flow,
    owner::{EscalationPolicy, Owner, Party},
    people::{Membership, Merchant, User},
    role::OwnRole,
};
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::{
    bus::Bus,
    error::{self, Error},
    port::{Reads, Store},
};

/// Another process may publish too; after this long its rules are seen here.
const MAX_AGE_MS: i64 = 2_000;

#[derive(Clone, Debug)]
pub struct Rules {
    pub merchant: Merchant,
    pub contracts: Vec<Arc<Contract>>,
    /// Of contracts that are deprecated, or retired and so not among them.
    pub standings: Vec<Standing>,
    pub flows: Vec<Arc<Flow>>,
    pub sources: Vec<Source>,
    pub destinations: Vec<Destination>,
    pub members: Vec<(User, Membership)>,
    /// Who answers when.
    pub roster: Roster,
    /// The merchant's own functional roles, beside the standard ones.
    pub own_roles: Vec<OwnRole>,
    /// The newest version of each escalation policy that is not retired.
    pub policies: Vec<Policy>,
    /// Who decides for whom while they are away, now or later.
    pub delegations: Vec<Delegation>,
    /// Where people are asked, if a workspace is connected.
    pub chat: Option<ChatRules>,
}

#[derive(Clone, Debug)]
pub struct ChatRules {
    pub workspace: Workspace,
    pub routes: Vec<Route>,
}

impl ChatRules {
    /// Where this owner is asked.
    pub fn place(&self, owner: &Owner) -> Option<&str> {
        self.routes
            .iter()
            .find(|route| route.owner == *owner)
            .map(|route| route.place.as_str())
    }
}

impl Rules {
    pub fn contract(&self, export_type: &str) -> Option<&Arc<Contract>> {
        self.contracts
            .iter()
            .find(|contract| contract.export_type == export_type)
    }

    pub fn destination(&self, key: &str) -> Option<&Destination> {
        self.destinations
            .iter()
            .find(|destination| destination.key == key)
    }

    pub fn source(&self, id: Uuid) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// The active people behind an owner, whoever's turn it is.
    pub fn people(&self, owner: &Owner) -> Vec<&User> {
        self.members
            .iter()
            .filter(|(user, member)| user.active && member.answers_for(owner))
            .map(|(user, _)| user)
            .collect()
    }

    /// Those of them who may approve what they are asked about.
    pub fn approvers(&self, owner: &Owner) -> Vec<&User> {
        self.members
            .iter()
            .filter(|(user, member)| {
                user.active && member.answers_for(owner) && member.may(Action::Decide)
            })
            .map(|(user, _)| user)
            .collect()
    }

    /// The active people who answer for it at that instant: by their turn, their hours, their role. Nobody,
    /// where there is a gap.
    pub fn answering(&self, owner: &Owner, at: Time) -> Vec<&User> {
        self.answering_or_why(owner, at).unwrap_or_default()
    }

    pub fn answering_or_why(&self, owner: &Owner, at: Time) -> Result<Vec<&User>, Why> {
        self.roster.answering(&self.members, owner, at)
    }

    /// Whose queue it is in: those who answer now, or, where nobody does, everybody behind it.
    pub fn asked(&self, owner: &Owner, at: Time) -> Vec<&User> {
        match self.answering(owner, at) {
            nobody if nobody.is_empty() => self.people(owner),
            somebody => somebody,
        }
    }

    /// When nobody answers for it in so many days from then.
    pub fn coverage_gaps(&self, owner: &Owner, from: Time, days: i64) -> Vec<Gap> {
        let span = Span {
            from,
            to: from.plus_ms(days * 24 * 60 * 60 * 1000),
        };
        self.roster.gaps(&self.members, owner, span)
    }

    pub fn policy(&self, key: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.key == key)
    }

    /// What is stamped on an item that is made now: where a contract names one of the merchant's policies,
    /// its newest version; otherwise what the contract says itself.
    pub fn stamp(&self, named: &EscalationPolicy) -> EscalationPolicy {
        self.policy(&named.key)
            .map_or_else(|| named.clone(), Policy::stamp)
    }

    /// Whether this person sees only what is theirs; so does whoever is no member.
    pub fn is_outside(&self, user: Uuid) -> bool {
        let member = self.members.iter().find(|(one, _)| one.id == user);
        member.is_none_or(|(_, member)| member.party.is_outside())
    }

    /// Whether it is on this side: one of its people, its roles or its rotations.
    pub fn is_of(&self, side: Party, owner: &Owner) -> bool {
        match owner {
            Owner::User(id) => {
                let found = self.members.iter().find(|(user, _)| user.id == *id);
                found.is_some_and(|(_, member)| member.party == side)
            }
            Owner::Role { party, .. } => *party == side,
            Owner::Rotation(key) => {
                let mut rotations = self.roster.rotations.iter();
                rotations.any(|one| one.key == *key && one.party == side)
            }
            Owner::System(_) => false,
        }
    }

    /// Whether somebody of this outside party knows of this person by an approval that they see: it is one of
    /// their own, or the approval leads to them.
    pub fn is_known_by(&self, approval: &Approval, side: Party, person: Uuid) -> bool {
        let behind = || approval.named().flat_map(|owner| self.people(owner));
        self.is_of(side, &Owner::User(person))
            || approval.author == Some(person)
            || behind().any(|user| user.id == person)
    }

    /// A system answers for itself; anybody else needs at least one active person.
    pub fn resolves(&self, owner: &Owner) -> bool {
        matches!(owner, Owner::System(_)) || !self.people(owner).is_empty()
    }

    /// What people call an owner.
    pub fn spoken_name(&self, owner: &Owner) -> String {
        match owner {
            Owner::User(id) => self.user_name(*id).unwrap_or("A former member").to_owned(),
            Owner::Role { role, .. } => self
                .own_roles
                .iter()
                .find(|own| own.key == *role)
                .map_or_else(|| owner.title(), |own| own.title.clone()),
            Owner::Rotation(_) => self.roster.title(owner),
            Owner::System(name) if name == "meshline" => "Meshline".to_owned(),
            Owner::System(name) => name.clone(),
        }
    }

    /// In whose name this member may speak: their own, and that of people on the same side who are away.
    pub fn voice<'a>(&'a self, own: &'a Membership, at: Time) -> Voice<'a> {
        let lent = self
            .delegations
            .iter()
            .filter(|one| one.delegate_id == own.user_id && one.is_active(at));
        let away = lent.filter_map(|one| {
            let (user, member) = self
                .members
                .iter()
                .find(|(user, _)| user.id == one.user_id)?;
            lends(user, member, own).then_some(member)
        });
        Voice {
            own,
            away: away.collect(),
        }
    }

    /// Who decides for them at that moment.
    pub fn delegates_of(&self, users: &[Uuid], at: Time) -> Vec<Uuid> {
        self.delegations
            .iter()
            .filter(|one| one.is_active(at) && users.contains(&one.user_id))
            .map(|one| one.delegate_id)
            .collect()
    }

    pub fn user_name(&self, id: Uuid) -> Option<&str> {
        self.members
            .iter()
            .find(|(user, _)| user.id == id)
            .map(|(user, _)| user.name.as_str())
    }
}

fn in_use(mut policies: Vec<Policy>) -> Vec<Policy> {
    policies.retain(|policy| policy.retired_at.is_none());
    policies
}

/// What somebody who left, or may not decide any more, said about who decides for them is void.
pub(crate) fn lends(user: &User, member: &Membership, to: &Membership) -> bool {
    user.active && member.may(Action::Decide) && member.party == to.party
}

pub(crate) async fn load(reads: &mut (dyn Reads + '_), merchant_id: Uuid) -> error::Result<Rules> {
    let merchant = reads
        .merchant(merchant_id)
        .await?
        .ok_or_else(|| Error::not_found("merchant"))?;
    let roster = Roster {
        rotations: reads.rotations(merchant_id).await?,
        calendars: reads.calendars(merchant_id).await?,
        covers: reads.covers(merchant_id).await?,
    };
    let chat = match reads.chat_workspace(merchant_id).await? {
        Some(workspace) => Some(ChatRules {
            workspace,
            routes: reads.chat_routes(merchant_id).await?,
        }),
        None => None,
    };
    Ok(Rules {
        chat,
        contracts: reads
            .contracts(merchant_id)
            .await?
            .into_iter()
            .map(Arc::new)
            .collect(),
        standings: reads.contract_standings(merchant_id).await?,
        flows: reads
            .flows(merchant_id)
            .await?
            .into_iter()
            .map(Arc::new)
            .collect(),
        sources: reads.sources(merchant_id).await?,
        destinations: reads.destinations(merchant_id).await?,
        members: members(reads, &merchant, &roster).await?,
        roster,
        own_roles: reads.own_roles(merchant_id).await?,
        policies: in_use(reads.policies(merchant_id).await?),
        delegations: reads.delegations(merchant_id, Time::from_ms(0)).await?,
        merchant,
    })
}

/// Those who have a place here, and those whom the operator sends, by name. A place of one's own counts.
async fn members(
    reads: &mut (dyn Reads + '_),
    merchant: &Merchant,
    roster: &Roster,
) -> error::Result<Vec<(User, Membership)>> {
    let mut members = reads.members(merchant.id).await?;
    for (user, member) in reads.operator_members(merchant.operator_id).await? {
        if !members.iter().any(|(known, _)| known.id == user.id) {
            members.push((user, member.at(merchant.id)));
        }
    }
    let rotations = roster.rotations_of_people();
    for (user, member) in &mut members {
        member.rotations = rotations.get(&user.id).cloned().unwrap_or_default();
    }
    members.sort_by(|(a, _), (b, _)| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(members)
}

struct Cached {
    rules: Arc<Rules>,
    epoch: u64,
    read_at: Time,
}

#[derive(Default)]
pub(crate) struct RulesCache {
    by_merchant: RwLock<HashMap<Uuid, Cached>>,
}

impl RulesCache {
    pub(crate) async fn get(
        &self,
        store: &dyn Store,
        bus: &Bus,
        merchant_id: Uuid,
        now: Time,
    ) -> error::Result<Arc<Rules>> {
        if let Some(fresh) = self.fresh(bus, merchant_id, now).await {
            return Ok(fresh);
        }
        let mut reads = store.reads().await?;
        self.read(&mut *reads, bus, merchant_id, now).await
    }

    /// The same for somebody who has a connection: nobody waits for a second one while holding a first.
    pub(crate) async fn get_by(
        &self,
        reads: &mut (dyn Reads + '_),
        bus: &Bus,
        merchant_id: Uuid,
        now: Time,
    ) -> error::Result<Arc<Rules>> {
        match self.fresh(bus, merchant_id, now).await {
            Some(fresh) => Ok(fresh),
            None => self.read(reads, bus, merchant_id, now).await,
        }
    }

    async fn fresh(&self, bus: &Bus, merchant_id: Uuid, now: Time) -> Option<Arc<Rules>> {
        let epoch = bus.rules_epoch();
        let known = self.by_merchant.read().await;
        let cached = known.get(&merchant_id)?;
        let is_fresh =
            cached.epoch == epoch && (0..MAX_AGE_MS).contains(&now.since_ms(cached.read_at));
        is_fresh.then(|| Arc::clone(&cached.rules))
    }

    async fn read(
        &self,
        reads: &mut (dyn Reads + '_),
        bus: &Bus,
        merchant_id: Uuid,
        now: Time,
    ) -> error::Result<Arc<Rules>> {
        let epoch = bus.rules_epoch();
        let rules = Arc::new(load(reads, merchant_id).await?);
        let cached = Cached {
            rules: Arc::clone(&rules),
            epoch,
            read_at: now,
        };
        self.by_merchant.write().await.insert(merchant_id, cached);
        Ok(rules)
    }
}
