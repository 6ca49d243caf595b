//! What an agency keeps for its merchants: templates of flows, with the roles and the escalation policy they
//! need, and which merchant is pinned to which version.
//!
//! A template's versions ([`Edition`]) never change. Pushing one brings it to merchants, one by one: each
//! keeps what it has changed ([`crate::flow::merge3`]), passes its own readiness gate, asks its own second
//! person where it wants one, and is pinned to the version afterwards. A push says of each merchant what
//! became of it ([`Reached`]), and what was there before, so that it can be undone.
//!
//! Roles travel: `agency:logistics` means somebody at every merchant. People do not, and neither do
//! rotations, which are a merchant's own; a template names a role instead ([`stays_home`]).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    escalation::Policy,
    flow::{Draft, Path, Step, StepKind, merge3::Take},
    invitation::STANDARD_ROLES,
    owner::{EscalationStep, Owner},
    time::Time,
};

/// Longest name of a template or of one of its stages.
pub const MAX_NAME: usize = 80;
/// Most stages of one template.
pub const MOST_STAGES: usize = 10;

/// A flow that an operator keeps for its merchants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub id: Uuid,
    pub operator_id: Uuid,
    /// The flow's, at every merchant.
    pub flow_key: String,
    pub name: String,
    /// In which order merchants get a new version.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Its newest version.
    pub newest: i64,
    pub made_at: Time,
    #[serde(default)]
    pub retired_at: Option<Time>,
    pub rev: i64,
}

/// Merchants that get a version together: `pilot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub name: String,
    #[serde(default)]
    pub merchants: Vec<Uuid>,
}

/// One version of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    pub operator_id: Uuid,
    pub template_id: Uuid,
    pub version: i64,
    pub flow: Draft,
    /// Functional roles beside the standard ones that its owners name.
    #[serde(default)]
    pub roles: Vec<RoleNeed>,
    #[serde(default)]
    pub policy: Option<PolicyNeed>,
    /// The merchant whose live flow it was. None: a document.
    #[serde(default)]
    pub taken_from: Option<Uuid>,
    pub note: String,
    pub made_by: Uuid,
    pub made_at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleNeed {
    pub key: String,
    pub title: String,
}

/// An escalation policy without whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyNeed {
    pub key: String,
    pub name: String,
    pub steps: Vec<EscalationStep>,
    #[serde(default)]
    pub repeat: i64,
    #[serde(default)]
    pub ack_expires_ms: Option<i64>,
}

impl PolicyNeed {
    pub fn of(policy: &Policy) -> Self {
        Self {
            key: policy.key.clone(),
            name: policy.name.clone(),
            steps: policy.steps.clone(),
            repeat: policy.repeat,
            ack_expires_ms: policy.ack_expires_ms,
        }
    }

    /// As the next version of a merchant's policy.
    pub fn at(
        &self,
        id: Uuid,
        merchant_id: Uuid,
        version: i64,
        (at, by): (Time, String),
    ) -> Policy {
        Policy {
            id,
            merchant_id,
            key: self.key.clone(),
            name: self.name.clone(),
            version,
            steps: self.steps.clone(),
            repeat: self.repeat,
            ack_expires_ms: self.ack_expires_ms,
            published_at: at,
            published_by: by,
            retired_at: None,
        }
    }
}

/// Which version of a template a merchant's flow comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub merchant_id: Uuid,
    pub flow_key: String,
    pub template_id: Uuid,
    /// None: it is asked for, and nobody has agreed yet.
    #[serde(default)]
    pub version: Option<i64>,
    /// The merchant's flow version that carried it.
    #[serde(default)]
    pub flow_version: Option<i64>,
    /// The push that did.
    #[serde(default)]
    pub push_id: Option<Uuid>,
    /// What a second person at the merchant is asked to publish.
    #[serde(default)]
    pub pending: Option<Pending>,
    pub pinned_at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// None: publishing it takes the pin away.
    pub version: Option<i64>,
    /// Of the draft.
    pub hash: String,
    #[serde(default)]
    pub push_id: Option<Uuid>,
}

/// A version of a template on its way to merchants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    pub id: Uuid,
    pub operator_id: Uuid,
    pub template_id: Uuid,
    pub version: i64,
    /// The stage that it was for, where it was for one.
    #[serde(default)]
    pub stage: Option<String>,
    pub why: String,
    pub by: Uuid,
    pub at: Time,
    pub merchants: Vec<Reached>,
    #[serde(default)]
    pub undone: Option<Undone>,
    pub rev: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    pub by: Uuid,
    pub at: Time,
}

/// One merchant in a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    pub merchant_id: Uuid,
    /// The version that was live there when whoever pushed looked.
    #[serde(default)]
    pub seen: Option<i64>,
    #[serde(default)]
    pub take: Take,
    #[serde(default)]
    pub before: Before,
    pub outcome: Outcome,
    /// What became of it when the push was undone.
    #[serde(default)]
    pub back: Option<Outcome>,
}

/// What a merchant had before a push.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The live version; none: it had no such flow.
    #[serde(default)]
    pub live: Option<i64>,
    /// What it was pinned to.
    #[serde(default)]
    pub pin: Option<Pin>,
    /// The version of the escalation policy that the push published, where it did.
    #[serde(default)]
    pub policy: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    Waiting,
    /// The merchant's flow version.
    Published {
        version: i64,
    },
    /// A second person at the merchant is asked.
    Asked {
        hash: String,
    },
    /// The merchant's flow says all of it already; it is pinned, and nothing was published.
    Same,
    /// It had none before and starts nothing any more.
    Retired,
    /// Nothing was published there.
    Refused {
        reasons: Vec<Reason>,
    },
}

/// Why a merchant got nothing, and where that is put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub sentence: String,
    /// Under the merchant: `people`. None: nothing there is to be changed.
    #[serde(default)]
    pub section: Option<String>,
}

/// Somebody named in a flow or policy who is at one merchant only, or nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Homebody {
    /// "“Hand to 3PL”, backup".
    pub place: String,
    pub owner: Option<Owner>,
}

/// Whether this owner means somebody at any merchant.
pub const fn travels(owner: &Owner) -> bool {
    matches!(owner, Owner::Role { .. } | Owner::System(_))
}

enum Slot<'a> {
    /// Must be somebody.
    Asked(&'a mut Option<Owner>),
    Named(&'a mut Owner),
}

fn slots(step: &mut Step<Option<Owner>>) -> Vec<(&'static str, Slot<'_>)> {
    let mut all = vec![
        ("owner", Slot::Asked(&mut step.owner)),
        ("backup", Slot::Asked(&mut step.backup)),
    ];
    all.extend(
        step.watchers
            .iter_mut()
            .map(|one| ("watchers", Slot::Named(one))),
    );
    for failure in &mut step.failures {
        if let Path::Task {
            owner: Some(owner), ..
        } = &mut failure.path
        {
            all.push(("task when it fails", Slot::Named(owner)));
        }
    }
    if let StepKind::Notify { to, .. } = &mut step.kind {
        all.extend(to.iter_mut().map(|one| ("who is told", Slot::Named(one))));
    }
    all
}

/// Every place that names somebody who does not travel.
pub fn stays_home(flow: &Draft, policy: Option<&PolicyNeed>) -> Vec<Homebody> {
    let mut found = Vec::new();
    for mut step in flow.steps.clone() {
        let title = step.title.clone();
        for (what, slot) in slots(&mut step) {
            let owner = match slot {
                Slot::Asked(owner) => owner.clone(),
                Slot::Named(owner) => Some(owner.clone()),
            };
            if owner.as_ref().is_none_or(|owner| !travels(owner)) {
                let place = format!("“{title}”, {what}");
                found.push(Homebody { place, owner });
            }
        }
    }
    for (index, rung) in policy.iter().flat_map(|one| one.steps.iter().enumerate()) {
        if !travels(&rung.target) {
            found.push(Homebody {
                place: format!("Escalation policy, rung {}", index + 1),
                owner: Some(rung.target.clone()),
            });
        }
    }
    found
}

/// The same with other owners in the place of some.
pub fn instead(flow: &mut Draft, policy: Option<&mut PolicyNeed>, by: &[(Owner, Owner)]) {
    let other = |owner: &Owner| {
        by.iter()
            .find(|(was, _)| was == owner)
            .map(|(_, is)| is.clone())
    };
    for step in &mut flow.steps {
        for (_, slot) in slots(step) {
            match slot {
                Slot::Asked(owner) => {
                    if let Some(is) = owner.as_ref().and_then(other) {
                        *owner = Some(is);
                    }
                }
                Slot::Named(owner) => {
                    if let Some(is) = other(owner) {
                        *owner = is;
                    }
                }
            }
        }
    }
    for rung in policy.into_iter().flat_map(|one| &mut one.steps) {
        if let Some(is) = other(&rung.target) {
            rung.target = is;
        }
    }
}

/// Keys of the roles beside the standard ones that somebody has to hold for it.
pub fn own_roles(flow: &Draft, policy: Option<&PolicyNeed>) -> BTreeSet<String> {
    let mut named: Vec<&Owner> = crate::flow::readiness::owners(flow);
    named.extend(
        policy
            .into_iter()
            .flat_map(|one| &one.steps)
            .map(|rung| &rung.target),
    );
    named
        .into_iter()
        .filter_map(|owner| match owner {
            Owner::Role { role, .. } if !STANDARD_ROLES.contains(&role.as_str()) => {
                Some(role.clone())
            }
            _ => None,
        })
        .collect()
}

impl Push {
    pub fn reached(&self, merchant: Uuid) -> Option<&Reached> {
        self.merchants
            .iter()
            .find(|one| one.merchant_id == merchant)
    }

    /// Everything was tried.
    pub fn is_over(&self) -> bool {
        self.merchants
            .iter()
            .all(|one| one.outcome != Outcome::Waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{flow::Flow, owner::Party, task::Severity};

    fn role(name: &str) -> Owner {
        Owner::role(Party::Agency, name)
    }

    fn drawn() -> (Draft, PolicyNeed) {
        let person = Owner::User(Uuid::from_u128(7));
        let mut hand = Step::new(
            "hand",
            "Hand over",
            (Some(person.clone()), None),
            StepKind::Notify {
                to: vec![role("loyalty_desk"), Owner::Rotation("nights".to_owned())],
                message: "Look".to_owned(),
            },
        );
        hand.watchers = vec![person.clone(), Owner::System("wms".to_owned())];
        hand.failures = vec![crate::flow::Failure {
            on: "unreached".to_owned(),
            retries: 0,
            retry_after_ms: 0,
            path: Path::Task {
                owner: Some(person.clone()),
                severity: Severity::Low,
                remediation: Vec::new(),
            },
        }];
        let flow = Flow {
            steps: vec![hand],
            ..Flow::named(Uuid::nil(), Uuid::nil(), "returns", "Returns")
        };
        let policy = PolicyNeed {
            key: "standard".to_owned(),
            name: "Standard".to_owned(),
            steps: vec![
                EscalationStep {
                    after_ms: 60_000,
                    target: role("night_shift"),
                    only_within: None,
                },
                EscalationStep {
                    after_ms: 60_000,
                    target: person,
                    only_within: None,
                },
            ],
            repeat: 0,
            ack_expires_ms: None,
        };
        (flow, policy)
    }

    #[test]
    fn whoever_is_at_one_merchant_only_is_named_with_the_place() {
        let (flow, policy) = drawn();
        let found = stays_home(&flow, Some(&policy));
        let places: Vec<&str> = found.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "“Hand over”, owner",
                "“Hand over”, backup",
                "“Hand over”, watchers",
                "“Hand over”, task when it fails",
                "“Hand over”, who is told",
                "Escalation policy, rung 2",
            ]
        );
        assert_eq!(found[1].owner, None, "nobody is named there");
    }

    #[test]
    fn a_role_takes_a_persons_place_everywhere() {
        let (mut flow, mut policy) = drawn();
        flow.steps[0].backup = Some(role("finance"));
        let by = [
            (Owner::User(Uuid::from_u128(7)), role("logistics")),
            (Owner::Rotation("nights".to_owned()), role("operations")),
        ];
        instead(&mut flow, Some(&mut policy), &by);
        assert!(stays_home(&flow, Some(&policy)).is_empty());
        assert_eq!(flow.steps[0].owner, Some(role("logistics")));
        assert_eq!(policy.steps[1].target, role("logistics"));
    }

    #[test]
    fn own_roles_are_those_that_are_not_there_anyway() {
        let (flow, policy) = drawn();
        let keys: Vec<String> = own_roles(&flow, Some(&policy)).into_iter().collect();
        assert_eq!(keys, ["loyalty_desk", "night_shift"]);
    }
}
