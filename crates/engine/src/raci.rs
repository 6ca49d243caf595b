//! The matrix of who is responsible, accountable, consulted and informed, held against the people there are,
//! and with what proves that it acts: when each I was last told, and each C last asked.

use domain::{
    Time,
    access::{Action, Noun},
    flow::StepKind,
    notice::{LastAsked, LastTold},
    owner::Owner,
    raci::{Change, Configured, Decision, Gap, Group, Staff, changes, matrix, of_flow},
};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    port::ListFilter,
    rules::Rules,
};

#[derive(Clone, Debug, Default)]
pub struct Raci {
    pub groups: Vec<Group>,
    pub told: Vec<LastTold>,
    pub asked: Vec<LastAsked>,
}

/// A merchant's people, at one minute.
struct Here<'r> {
    rules: &'r Rules,
    now: Time,
}

impl Staff for Here<'_> {
    fn people(&self, owner: &Owner) -> Vec<Uuid> {
        self.rules
            .people(owner)
            .iter()
            .map(|user| user.id)
            .collect()
    }

    fn answers_now(&self, owner: &Owner) -> bool {
        !self.rules.answering(owner, self.now).is_empty()
    }

    fn may_decide(&self, person: Uuid) -> bool {
        let mut members = self.rules.members.iter();
        members.any(|(user, member)| user.id == person && member.may(Action::Decide))
    }

    /// In the queue, always; but from outside one hears of exports that are one's own, and of nothing else.
    fn hears(&self, owner: &Owner, decision: &Decision) -> bool {
        self.rules.members.iter().any(|(user, member)| {
            user.active
                && member.answers_for(owner)
                && (!member.party.is_outside() || self.shows(decision, member.party))
        })
    }
}

impl Here<'_> {
    /// Whether an export of this decision, or of the flow it is a step of, is this party's to see.
    fn shows(&self, decision: &Decision, party: domain::owner::Party) -> bool {
        let theirs = |export_type: &str| {
            self.rules.contract(export_type).is_some_and(|contract| {
                let named = [&contract.owner, &contract.backup]
                    .into_iter()
                    .chain(&contract.watchers);
                let is_named = named.into_iter().any(
                    |owner| matches!(owner, Owner::Role { party: side, .. } if *side == party),
                );
                let sent = self.rules.destinations_of(contract);
                is_named || sent.iter().any(|destination| destination.party == party)
            })
        };
        decision.export_type.as_deref().is_some_and(theirs)
            || self
                .rules
                .flows
                .iter()
                .filter(|flow| decision.matters.contains(&domain::notice::of_flow(&flow.key)))
                .flat_map(|flow| &flow.steps)
                .any(|step| matches!(&step.kind, StepKind::EmitExport { export_type, .. } if theirs(export_type)))
    }
}

impl Rules {
    /// What is wrong with a decision at that minute.
    pub fn raci_gaps(&self, decision: &Decision, now: Time) -> Vec<Gap> {
        decision.gaps(&Here { rules: self, now })
    }
}

/// Whether a matrix that is filtered so shows a decision: by words, by the state `gap`, by an owner.
pub fn raci_fits(
    filter: &ListFilter,
    group: &str,
    (decision, is_whole): (&Decision, bool),
) -> bool {
    let words = filter.query.as_deref().unwrap_or_default().to_lowercase();
    let row = format!("{group} {}", decision.title).to_lowercase();
    let holder = filter.holder.as_ref().map(|text| text.parse::<Owner>());
    words.split_whitespace().all(|word| row.contains(word))
        && (filter.state.as_deref() != Some("gap") || !is_whole)
        && match holder {
            None => true,
            Some(Ok(owner)) => !decision.letters(&owner).is_empty(),
            Some(Err(_)) => false,
        }
}

impl Engine {
    /// Of everything that is published.
    pub async fn raci(&self, ctx: &Ctx) -> Result<Raci> {
        ctx.read(Noun::Flow)?;
        ctx.read(Noun::Person)?;
        let merchant = ctx.merchant_id();
        let rules = self.rules_of(merchant).await?;
        let groups = matrix(&Configured {
            flows: rules.flows.iter().map(|flow| flow.to_draft()).collect(),
            contracts: rules.contracts.iter().map(AsRef::as_ref).collect(),
        });
        let mut reads = self.store.reads().await?;
        Ok(Raci {
            groups,
            told: reads.last_told(merchant).await?,
            asked: reads.last_asked(merchant).await?,
        })
    }

    /// The versions of a flow, newest first: what can be compared.
    pub async fn raci_versions(&self, ctx: &Ctx, flow_key: &str) -> Result<Vec<i64>> {
        ctx.read(Noun::Flow)?;
        let mut reads = self.store.reads().await?;
        let all = reads.flow_versions(ctx.merchant_id(), flow_key).await?;
        Ok(all.iter().map(|flow| flow.version).collect())
    }

    /// What is another between two versions of a flow, under the contracts of now.
    pub async fn raci_changes(
        &self,
        ctx: &Ctx,
        flow_key: &str,
        (from, to): (i64, i64),
    ) -> Result<Vec<Change>> {
        ctx.read(Noun::Flow)?;
        let merchant = ctx.merchant_id();
        let rules = self.rules_of(merchant).await?;
        let all = self
            .store
            .reads()
            .await?
            .flow_versions(merchant, flow_key)
            .await?;
        let contracts: Vec<_> = rules.contracts.iter().map(AsRef::as_ref).collect();
        let version = |wanted: i64| {
            let found = all.iter().find(|flow| flow.version == wanted);
            found
                .map(|flow| of_flow(&flow.to_draft(), &contracts))
                .ok_or_else(|| Error::not_found("version"))
        };
        Ok(changes(&version(from)?, &version(to)?))
    }
}
