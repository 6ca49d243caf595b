//! Who answers for what: every decision there is, with its owner of this minute; and the look, once a month,
//! at owners who are gone, roles that nobody holds or one person alone, and people who never acted.
//!
//! Nothing here is configured: it is read off flows, contracts, sources and the roster. The look is a task
//! for an admin, with what was found as its evidence; a person resolves it. Each merchant has one job for
//! it, which arms the next.

mod review;

use domain::{
    access::Noun,
    contract::Contract,
    flow::{Flow, Step, StepKind},
    owner::{EscalationStep, Owner},
    people::{Merchant, User},
};
use uuid::Uuid;

use self::review::review_job;
pub use self::review::{Finding, FindingKind, findings};
use crate::{
    checkpoint::CHECKPOINT_EVERY_MS,
    ctx::Ctx,
    engine::Engine,
    error::Result,
    job::{Job, JobKind},
    port::ListFilter,
    retention::RETENTION_EVERY_MS,
    rules::Rules,
};

/// An `arg` that stands for: find out when it is due first.
const AT_FIRST: i64 = 0;

/// What kind of thing has an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnedKind {
    Step,
    Export,
    Approval,
    Exception,
    Source,
}

impl OwnedKind {
    pub const ALL: [Self; 5] = [
        Self::Step,
        Self::Export,
        Self::Approval,
        Self::Exception,
        Self::Source,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Export => "export",
            Self::Approval => "approval",
            Self::Exception => "exception",
            Self::Source => "source",
        }
    }

    /// Of many.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Step => "Steps",
            Self::Export => "Exports",
            Self::Approval => "Approvals",
            Self::Exception => "Exceptions",
            Self::Source => "Sources",
        }
    }
}

/// Something that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    pub kind: OwnedKind,
    /// Where it is configured.
    pub place: (&'static str, Uuid),
    pub title: String,
    /// What it belongs to: the flow's or contract's title.
    pub of: String,
    pub owner: Owner,
    pub backup: Owner,
    pub accept_ms: i64,
    pub resolve_ms: Option<i64>,
    pub ladder: Vec<EscalationStep>,
}

/// The same, at this minute.
#[derive(Clone, Debug)]
pub struct OwnedNow {
    pub owned: Owned,
    pub answering: Vec<User>,
    /// Why nobody answers.
    pub why: Option<String>,
}

impl OwnedNow {
    /// Whether a list that is filtered so shows it: by words, by kind, by who is named, by the state `nobody`.
    pub fn fits(&self, rules: &Rules, filter: &ListFilter) -> bool {
        let holder = filter.holder.as_ref().map(|text| text.parse::<Owner>());
        filter
            .query
            .as_ref()
            .is_none_or(|words| self.owned.fits(rules, words))
            && filter
                .state
                .as_deref()
                .is_none_or(|state| state != "nobody" || self.why.is_some())
            && filter
                .kind
                .as_deref()
                .is_none_or(|kind| kind == self.owned.kind.as_str())
            && match holder {
                None => true,
                Some(Ok(owner)) => self.owned.is_with(rules, &owner),
                Some(Err(_)) => false,
            }
    }
}

impl Owned {
    fn named(&self) -> impl Iterator<Item = &Owner> {
        let ladder = self.ladder.iter().map(|step| &step.target);
        [&self.owner, &self.backup].into_iter().chain(ladder)
    }

    /// Whether these words stand somewhere in its row.
    pub fn fits(&self, rules: &Rules, words: &str) -> bool {
        let row = format!(
            "{} {} {} {} {} {}",
            self.title,
            self.of,
            rules.spoken_name(&self.owner),
            rules.spoken_name(&self.backup),
            self.owner,
            self.backup,
        );
        let row = row.to_lowercase();
        let words = words.to_lowercase();
        words.split_whitespace().all(|word| row.contains(word))
    }

    /// Whether this owner, or this person behind an owner, is named in it.
    pub fn is_with(&self, rules: &Rules, who: &Owner) -> bool {
        self.named().any(|owner| match who {
            Owner::User(id) => owner == who || rules.people(owner).iter().any(|one| one.id == *id),
            _ => owner == who,
        })
    }
}

/// Everything that somebody answers for, in the order of the pages that it is configured on.
pub fn owned(rules: &Rules) -> Vec<Owned> {
    let mut all = Vec::new();
    for flow in &rules.flows {
        all.extend(flow.steps.iter().map(|step| of_step(rules, flow, step)));
    }
    for contract in &rules.contracts {
        of_contract(rules, contract, &mut all);
    }
    for source in &rules.sources {
        all.push(Owned {
            kind: OwnedKind::Source,
            place: ("source", source.id),
            title: format!("What {} sends and nobody can read", source.name),
            of: source.name.clone(),
            owner: source.owner.clone(),
            backup: source.backup.clone(),
            accept_ms: 30 * 60_000,
            resolve_ms: Some(4 * 3_600_000),
            ladder: Vec::new(),
        });
    }
    all
}

fn of_step(rules: &Rules, flow: &Flow, step: &Step) -> Owned {
    let contract = match &step.kind {
        StepKind::EmitExport { export_type, .. } => rules.contract(export_type),
        _ => None,
    };
    let clock = contract.map_or((step.clock.accept_ms, step.clock.resolve_ms), |contract| {
        (contract.accept_ms, contract.resolve_ms)
    });
    Owned {
        kind: OwnedKind::Step,
        place: ("flow", flow.id),
        title: step.title.clone(),
        of: flow.name.clone(),
        owner: step.owner.clone(),
        backup: step.backup.clone(),
        accept_ms: clock.0,
        resolve_ms: Some(clock.1),
        ladder: contract.map_or_else(Vec::new, |contract| rules.stamp(&contract.escalation).steps),
    }
}

fn of_contract(rules: &Rules, contract: &Contract, all: &mut Vec<Owned>) {
    let ladder = rules.stamp(&contract.escalation).steps;
    let row =
        |kind, title: String, (owner, backup): (&Owner, &Owner), clock: (i64, Option<i64>)| Owned {
            kind,
            place: ("contract", contract.id),
            title,
            of: contract.title.clone(),
            owner: owner.clone(),
            backup: backup.clone(),
            accept_ms: clock.0,
            resolve_ms: clock.1,
            ladder: match kind {
                OwnedKind::Approval => Vec::new(),
                _ => ladder.clone(),
            },
        };
    all.push(row(
        OwnedKind::Export,
        contract.export_type.clone(),
        (&contract.owner, &contract.backup),
        (contract.accept_ms, Some(contract.resolve_ms)),
    ));
    for rule in &contract.approval {
        for (index, step) in rule.steps.iter().enumerate() {
            for owner in step.asked() {
                all.push(row(
                    OwnedKind::Approval,
                    format!("Approval {} of {}", index + 1, rule.steps.len()),
                    (owner, &step.backup),
                    (step.accept_ms, None),
                ));
            }
        }
    }
    for (code, route) in &contract.exceptions {
        let title = match code.as_str() {
            "*" => format!("Anything else: {}", route.title),
            _ => format!("{code}: {}", route.title),
        };
        // as tasks have it: when the route's owner is the backup, the contract's owner stands behind it
        let backup = if route.owner == contract.backup {
            &contract.owner
        } else {
            &contract.backup
        };
        all.push(row(
            OwnedKind::Exception,
            title,
            (&route.owner, backup),
            (route.accept_ms, Some(route.resolve_ms)),
        ));
    }
}

impl Engine {
    /// Everything that somebody answers for, and who does at this minute.
    pub async fn ownership(&self, ctx: &Ctx) -> Result<Vec<OwnedNow>> {
        ctx.read(Noun::Flow)?;
        ctx.read(Noun::Person)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let now = ctx.now();
        Ok(owned(&rules)
            .into_iter()
            .map(|owned| {
                let (answering, why) = match rules.answering_or_why(&owned.owner, now) {
                    Ok(people) => (people.into_iter().cloned().collect(), None),
                    Err(why) => (Vec::new(), Some(why.to_string())),
                };
                OwnedNow {
                    owned,
                    answering,
                    why,
                }
            })
            .collect())
    }

    /// What is wrong with who answers for what.
    pub async fn ownership_audit(&self, ctx: &Ctx) -> Result<Vec<Finding>> {
        ctx.read(Noun::Person)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let acted = self
            .store
            .reads()
            .await?
            .last_acts(ctx.merchant_id())
            .await?;
        Ok(findings(&rules, &acted))
    }

    /// What a new merchant begins with: the first look at its ownership, the first checkpoint of its trail, and
    /// the first look at what it keeps.
    pub(crate) fn first_jobs(&self, merchant: &Merchant) -> [Job; 3] {
        let (id, first) = (merchant.id, CHECKPOINT_EVERY_MS);
        [
            review_job(&*self.ids, self.now(), id, AT_FIRST),
            self.audit_job(JobKind::AuditCheckpoint, id, id, first),
            self.retention_job_in(id, RETENTION_EVERY_MS),
        ]
    }
}
