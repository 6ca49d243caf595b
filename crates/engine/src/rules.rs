//! A merchant's rules as they stand: contracts, flows, connections and people, read often and
//! changed rarely, so kept in memory for a moment. What is decided *by a person* never relies on
//! this: a decision reads the membership again inside its own transaction.

use std::{collections::HashMap, sync::Arc};

use domain::{
    Time,
    connection::{Destination, Source},
    contract::Contract,
    flow::Flow,
    owner::Owner,
    people::{Membership, Merchant, User},
};
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::{
    bus::Bus,
    error::{Error, Result},
    port::{Reads, Store},
};

/// Another process may publish too; after this long its rules are seen here.
const MAX_AGE_MS: i64 = 2_000;

#[derive(Clone, Debug)]
pub struct Rules {
    pub merchant: Merchant,
    pub contracts: Vec<Arc<Contract>>,
    pub flows: Vec<Arc<Flow>>,
    pub sources: Vec<Source>,
    pub destinations: Vec<Destination>,
    pub members: Vec<(User, Membership)>,
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

    /// The active people behind an owner, now.
    pub fn people(&self, owner: &Owner) -> Vec<&User> {
        self.members
            .iter()
            .filter(|(user, member)| user.active && member.answers_for(owner))
            .map(|(user, _)| user)
            .collect()
    }

    /// A system answers for itself; anybody else needs at least one active person.
    pub fn resolves(&self, owner: &Owner) -> bool {
        matches!(owner, Owner::System(_)) || !self.people(owner).is_empty()
    }

    pub fn user_name(&self, id: Uuid) -> Option<&str> {
        self.members
            .iter()
            .find(|(user, _)| user.id == id)
            .map(|(user, _)| user.name.as_str())
    }
}

pub(crate) async fn load(reads: &mut (dyn Reads + '_), merchant_id: Uuid) -> Result<Rules> {
    let merchant = reads
        .merchant(merchant_id)
        .await?
        .ok_or_else(|| Error::not_found("merchant"))?;
    Ok(Rules {
        contracts: reads
            .contracts(merchant_id)
            .await?
            .into_iter()
            .map(Arc::new)
            .collect(),
        flows: reads
            .flows(merchant_id)
            .await?
            .into_iter()
            .map(Arc::new)
            .collect(),
        sources: reads.sources(merchant_id).await?,
        destinations: reads.destinations(merchant_id).await?,
        members: members(reads, &merchant).await?,
        merchant,
    })
}

/// Those who have a place here, and those whom the operator sends, by name. A place of one's own counts.
async fn members(
    reads: &mut (dyn Reads + '_),
    merchant: &Merchant,
) -> Result<Vec<(User, Membership)>> {
    let mut members = reads.members(merchant.id).await?;
    for (user, member) in reads.operator_members(merchant.operator_id).await? {
        if !members.iter().any(|(known, _)| known.id == user.id) {
            members.push((user, member.at(merchant.id)));
        }
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
    ) -> Result<Arc<Rules>> {
        let epoch = bus.rules_epoch();
        if let Some(cached) = self.by_merchant.read().await.get(&merchant_id)
            && cached.epoch == epoch
            && (0..MAX_AGE_MS).contains(&now.since_ms(cached.read_at))
        {
            return Ok(Arc::clone(&cached.rules));
        }
        let mut reads = store.reads().await?;
        let rules = Arc::new(load(&mut *reads, merchant_id).await?);
        let cached = Cached {
            rules: Arc::clone(&rules),
            epoch,
            read_at: now,
        };
        self.by_merchant.write().await.insert(merchant_id, cached);
        Ok(rules)
    }
}
