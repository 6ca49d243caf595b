//! Who is responsible, accountable, consulted and informed: read off what is configured, never typed in.
//!
//! Every step of a flow is a decision, and so is publishing a version of it. *Accountable* is the one owner;
//! an export that a step makes has an owner as well, and when that is somebody else there are two, which
//! is one too many. *Responsible* is who does it: a person's task is done by its owner, the rest by a system.
//! *Consulted* are those whose approval is required, *informed* are the watchers. What does not hold is a
//! [`Gap`], said with who it is about. What is told and asked is the engine's ([`crate::notice`], approvals).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    contract::Contract,
    flow::{Draft, Step, StepKind, Trigger},
    notice,
    owner::Owner,
};

/// What the matrix is read off.
#[derive(Clone, Debug, Default)]
pub struct Configured<'c> {
    /// One version of each.
    pub flows: Vec<Draft>,
    pub contracts: Vec<&'c Contract>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Of a step: its key; of a contract: its export type. Of publishing: empty.
    pub key: String,
    pub title: String,
    /// The flow's or contract's, as notices name it: `flow:order-to-ship`, `contract:promo_activation`. An
    /// export's notices are those of its contract.
    pub matters: Vec<String>,
    /// Where approvals of it are found.
    pub export_type: Option<String>,
    pub accountable: Vec<Owner>,
    pub responsible: Vec<Owner>,
    pub consulted: Vec<Consulted>,
    /// How many different people must approve at most.
    pub signatures: usize,
    pub informed: Vec<Owner>,
    /// It is made by a person, who may not approve it.
    pub by_hand: bool,
}

/// Whose approval is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consulted {
    pub owner: Owner,
    /// Asked as well when it takes too long.
    pub backup: Option<Owner>,
    /// "step 1, always", "second person".
    pub when: String,
}

/// The rows of one flow, or of contracts that no flow makes exports of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `None`: contracts.
    pub flow: Option<Uuid>,
    pub title: String,
    pub decisions: Vec<Decision>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Letter {
    Accountable,
    Responsible,
    Consulted,
    Informed,
}

impl Letter {
    pub const ALL: [Self; 4] = [
        Self::Responsible,
        Self::Accountable,
        Self::Consulted,
        Self::Informed,
    ];

    pub const fn letter(self) -> &'static str {
        match self {
            Self::Accountable => "A",
            Self::Responsible => "R",
            Self::Consulted => "C",
            Self::Informed => "I",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Accountable => "accountable",
            Self::Responsible => "responsible",
            Self::Consulted => "consulted",
            Self::Informed => "informed",
        }
    }
}

/// What the matrix is held against: who there is, and what they may do.
pub trait Staff {
    /// The active people behind it, whoever's turn it is.
    fn people(&self, owner: &Owner) -> Vec<Uuid>;
    /// Whether somebody answers for it at this minute.
    fn answers_now(&self, owner: &Owner) -> bool;
    fn may_decide(&self, person: Uuid) -> bool;
    /// Whether word of this decision reaches them.
    fn hears(&self, owner: &Owner, decision: &Decision) -> bool;
}

/// What is wrong with a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    NobodyAccountable,
    TwoAccountable(Vec<Owner>),
    NobodyOnCall(Owner),
    CannotApprove(Owner),
    /// Nobody but those who make it could approve it, and they may not.
    OnlyItsAuthor(Owner),
    /// So many different people must approve, and there are fewer.
    TooFewApprovers {
        needed: usize,
        there: usize,
    },
    NoChannel(Owner),
}

impl Gap {
    /// `name` says what an owner is called.
    pub fn sentence(&self, name: impl Fn(&Owner) -> String) -> String {
        match self {
            Self::NobodyAccountable => "nobody is accountable".to_owned(),
            Self::TwoAccountable(owners) => {
                let names: Vec<String> = owners.iter().map(name).collect();
                format!("{} are both accountable", names.join(" and "))
            }
            Self::NobodyOnCall(owner) => format!("nobody answers for {} now", name(owner)),
            Self::CannotApprove(owner) => {
                format!(
                    "{} must approve, and nobody there has the access",
                    name(owner)
                )
            }
            Self::OnlyItsAuthor(owner) => format!(
                "{} must approve, and everybody who could is somebody who makes it",
                name(owner)
            ),
            Self::TooFewApprovers { needed, there } => {
                format!("{needed} different people must approve, and {there} could")
            }
            Self::NoChannel(owner) => format!("word of it does not reach {}", name(owner)),
        }
    }
}

impl Decision {
    pub fn owners(&self, letter: Letter) -> Vec<&Owner> {
        match letter {
            Letter::Accountable => self.accountable.iter().collect(),
            Letter::Responsible => self.responsible.iter().collect(),
            Letter::Consulted => self.consulted.iter().map(|one| &one.owner).collect(),
            Letter::Informed => self.informed.iter().collect(),
        }
    }

    /// What this owner is here, in the order R, A, C, I.
    pub fn letters(&self, owner: &Owner) -> Vec<Letter> {
        Letter::ALL
            .into_iter()
            .filter(|letter| self.owners(*letter).contains(&owner))
            .collect()
    }

    pub fn gaps(&self, staff: &impl Staff) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let answering: Vec<&Owner> = self
            .accountable
            .iter()
            .filter(|owner| !matches!(owner, Owner::System(_)))
            .collect();
        match answering.as_slice() {
            [] => gaps.push(Gap::NobodyAccountable),
            [_] => {}
            several => gaps.push(Gap::TwoAccountable(
                several.iter().map(|one| (*one).clone()).collect(),
            )),
        }
        let mut silent: Vec<&Owner> = Vec::new();
        for owner in answering.iter().copied().chain(&self.responsible) {
            let is_system = matches!(owner, Owner::System(_));
            if !is_system && !staff.answers_now(owner) && !silent.contains(&owner) {
                silent.push(owner);
            }
        }
        gaps.extend(silent.into_iter().cloned().map(Gap::NobodyOnCall));
        gaps.extend(self.gaps_of_consulted(staff));
        for owner in &self.informed {
            if !staff.hears(owner, self) {
                gaps.push(Gap::NoChannel(owner.clone()));
            }
        }
        gaps
    }

    fn gaps_of_consulted(&self, staff: &impl Staff) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut able_at_all = BTreeSet::new();
        let makers: BTreeSet<Uuid> = self
            .accountable
            .iter()
            .flat_map(|owner| staff.people(owner))
            .collect();
        for one in &self.consulted {
            let able: BTreeSet<Uuid> = [Some(&one.owner), one.backup.as_ref()]
                .into_iter()
                .flatten()
                .flat_map(|owner| staff.people(owner))
                .filter(|person| staff.may_decide(*person))
                .collect();
            if able.is_empty() {
                gaps.push(Gap::CannotApprove(one.owner.clone()));
            } else if self.by_hand && able.is_subset(&makers) && makers.len() == 1 {
                gaps.push(Gap::OnlyItsAuthor(one.owner.clone()));
            }
            able_at_all.extend(able);
        }
        let needed = self.signatures;
        if gaps.is_empty() && able_at_all.len() < needed {
            gaps.push(Gap::TooFewApprovers {
                needed,
                there: able_at_all.len(),
            });
        }
        gaps
    }
}

/// The rows of everything that is configured.
pub fn matrix(configured: &Configured<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = configured
        .flows
        .iter()
        .map(|flow| of_flow(flow, &configured.contracts))
        .collect();
    let made: BTreeSet<&str> = configured
        .flows
        .iter()
        .flat_map(|flow| &flow.steps)
        .filter_map(|step| export_type(&step.kind))
        .collect();
    let others: Vec<Decision> = configured
        .contracts
        .iter()
        .filter(|contract| !made.contains(contract.export_type.as_str()))
        .map(|contract| of_contract(contract))
        .collect();
    if !others.is_empty() {
        groups.push(Group {
            flow: None,
            title: "Exports that no flow makes as a step".to_owned(),
            decisions: others,
        });
    }
    groups
}

/// The owners that stand in it, people and roles before systems, in the order in which they appear.
pub fn columns(groups: &[Group]) -> Vec<Owner> {
    let mut columns: Vec<Owner> = Vec::new();
    for decision in groups.iter().flat_map(|group| &group.decisions) {
        for owner in Letter::ALL
            .into_iter()
            .flat_map(|letter| decision.owners(letter))
        {
            if !columns.contains(owner) {
                columns.push(owner.clone());
            }
        }
    }
    columns.sort_by_key(|owner| matches!(owner, Owner::System(_)));
    columns
}

pub fn of_flow(flow: &Draft, contracts: &[&Contract]) -> Group {
    let mut decisions: Vec<Decision> = publishing(flow).into_iter().collect();
    let by_hand = !matches!(flow.trigger, Trigger::Order { .. } | Trigger::SubFlow);
    for step in &flow.steps {
        let contract = export_type(&step.kind).and_then(|wanted| {
            contracts
                .iter()
                .copied()
                .find(|contract| contract.export_type == wanted)
        });
        decisions.push(of_step(step, &flow.key, contract, by_hand));
    }
    Group {
        flow: Some(flow.id),
        title: flow.name.clone(),
        decisions,
    }
}

/// Who published this version, and who had to agree. A version that came with a set-up has no publisher.
fn publishing(flow: &Draft) -> Option<Decision> {
    let publisher = Owner::User(flow.published_by?);
    let second = flow.approved_by.map(|person| Consulted {
        owner: Owner::User(person),
        backup: None,
        when: "second person".to_owned(),
    });
    Some(Decision {
        key: String::new(),
        title: format!("Publish version {}", flow.version),
        matters: Vec::new(),
        export_type: None,
        accountable: vec![publisher.clone()],
        responsible: vec![publisher],
        signatures: usize::from(second.is_some()),
        consulted: second.into_iter().collect(),
        informed: Vec::new(),
        by_hand: true,
    })
}

fn of_step(
    step: &Step<Option<Owner>>,
    flow: &str,
    contract: Option<&Contract>,
    by_hand: bool,
) -> Decision {
    let mut accountable: Vec<Owner> = step.owner.iter().cloned().collect();
    let mut informed = step.watchers.clone();
    let mut matters = vec![notice::of_flow(flow)];
    if let StepKind::Notify { to, .. } = &step.kind {
        informed.extend(to.iter().cloned());
    }
    if let Some(contract) = contract {
        accountable.push(contract.owner.clone());
        informed.extend(contract.watchers.iter().cloned());
        matters.push(notice::of_contract(&contract.export_type));
    }
    Decision {
        key: step.key.clone(),
        title: step.title.clone(),
        matters,
        export_type: contract.map(|contract| contract.export_type.clone()),
        responsible: doers(step, contract),
        accountable: each_once(accountable),
        consulted: contract.map(approvers).unwrap_or_default(),
        signatures: contract.map_or(0, signatures),
        informed: each_once(informed),
        by_hand,
    }
}

fn of_contract(contract: &Contract) -> Decision {
    Decision {
        key: contract.export_type.clone(),
        title: contract.title.clone(),
        matters: vec![notice::of_contract(&contract.export_type)],
        export_type: Some(contract.export_type.clone()),
        accountable: vec![contract.owner.clone()],
        responsible: destinations(contract),
        consulted: approvers(contract),
        signatures: signatures(contract),
        informed: each_once(contract.watchers.clone()),
        by_hand: false,
    }
}

/// A person's task is done by its owner; what a destination is sent, by that; what is waited for comes from
/// where the step says; the rest does Meshline.
fn doers(step: &Step<Option<Owner>>, contract: Option<&Contract>) -> Vec<Owner> {
    let system = |name: &str| {
        let name = if name.is_empty() { "meshline" } else { name };
        vec![Owner::System(name.to_owned())]
    };
    match &step.kind {
        StepKind::HumanTask { .. } => step.owner.iter().cloned().collect(),
        StepKind::EmitExport { .. } => match contract {
            Some(contract) => destinations(contract),
            None => system(&step.destination_system),
        },
        StepKind::WaitForEvent { .. } => system(&step.source_system),
        StepKind::Decide { .. }
        | StepKind::Notify { .. }
        | StepKind::Compensate { .. }
        | StepKind::SubFlow { .. } => system("meshline"),
    }
}

/// Everybody who may be sent it.
fn destinations(contract: &Contract) -> Vec<Owner> {
    let keys = contract.destinations().into_iter();
    keys.map(|key| Owner::System(key.to_owned())).collect()
}

fn approvers(contract: &Contract) -> Vec<Consulted> {
    let mut all: Vec<Consulted> = Vec::new();
    for rule in &contract.approval {
        let when = rule.when.short().unwrap_or_else(|| "always".to_owned());
        for (index, step) in rule.steps.iter().enumerate() {
            let when = if rule.steps.len() > 1 {
                format!("step {}, {when}", index + 1)
            } else {
                when.clone()
            };
            for owner in step.asked() {
                match all.iter_mut().find(|one| one.owner == *owner) {
                    Some(known) => known.when = format!("{}; {when}", known.when),
                    None => all.push(Consulted {
                        owner: owner.clone(),
                        backup: Some(step.backup.clone()),
                        when: when.clone(),
                    }),
                }
            }
        }
    }
    all
}

fn signatures(contract: &Contract) -> usize {
    let each = contract.approval.iter().map(|rule| rule.steps.len());
    each.max().unwrap_or_default()
}

fn export_type(kind: &StepKind) -> Option<&str> {
    match kind {
        StepKind::EmitExport { export_type, .. } => Some(export_type),
        _ => None,
    }
}

fn each_once(owners: Vec<Owner>) -> Vec<Owner> {
    let mut all: Vec<Owner> = Vec::new();
    for owner in owners {
        if !all.contains(&owner) {
            all.push(owner);
        }
    }
    all
}

/// What is another between two versions of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Added(String),
    Removed(String),
    /// Of this decision, this letter: who it was, who it is.
    Another {
        title: String,
        letter: Letter,
        was: Vec<Owner>,
        now: Vec<Owner>,
    },
}

/// In the order of the later one. Publishing itself is no part of it.
pub fn changes(from: &Group, to: &Group) -> Vec<Change> {
    let steps = |group: &Group| -> Vec<Decision> {
        let all = group.decisions.iter();
        all.filter(|one| !one.key.is_empty()).cloned().collect()
    };
    let (before, after) = (steps(from), steps(to));
    let mut changes = Vec::new();
    for one in &after {
        let Some(was) = before.iter().find(|other| other.key == one.key) else {
            changes.push(Change::Added(one.title.clone()));
            continue;
        };
        for letter in Letter::ALL {
            let owners = |decision: &Decision| -> BTreeSet<Owner> {
                decision.owners(letter).into_iter().cloned().collect()
            };
            let (was, now) = (owners(was), owners(one));
            if was != now {
                changes.push(Change::Another {
                    title: one.title.clone(),
                    letter,
                    was: was.into_iter().collect(),
                    now: now.into_iter().collect(),
                });
            }
        }
    }
    for one in before {
        if !after.iter().any(|other| other.key == one.key) {
            changes.push(Change::Removed(one.title));
        }
    }
    changes
}

#[cfg(test)]
mod tests;
