//! What the readiness rules ask about a merchant, taken from its rules: see [`domain::flow::readiness`].

use domain::{
    Time,
    connection::Destination,
    contract::{Contract, Standing},
    cover::{Gap, local},
    event::EventKind,
    flow::{
        Flow, StepKind, Trigger,
        readiness::{
            CalledFlow, ContractFact, GapFact, Named, Needed, OwnerFact, StandingFact,
            Surroundings, SystemFact,
        },
    },
    invitation::STANDARD_ROLES,
    owner::{Owner, Party},
    payload::{CAMPAIGN_FACTS, ORDER_FACTS, Origin},
};
use serde_json::Value;

use crate::{ctx::Ctx, engine::Engine, error::Result, rules::Rules};

/// How far the coverage lint looks.
const DAYS: i64 = 14;

impl Engine {
    /// What a draft of this merchant stands in.
    pub async fn flow_surroundings(&self, ctx: &Ctx) -> Result<Surroundings> {
        ctx.read(domain::access::Noun::Flow)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        Ok(self.surroundings_of(&rules, ctx.now()))
    }

    pub(crate) fn surroundings_of(&self, rules: &Rules, now: Time) -> Surroundings {
        let mut connectable: Vec<String> = self
            .connectors
            .keys()
            .filter(|system| !rules.sources.iter().any(|one| one.system == **system))
            .map(|system| (*system).to_owned())
            .collect();
        connectable.sort();
        Surroundings {
            owners: owners(rules),
            contracts: rules
                .contracts
                .iter()
                .map(|contract| contract_fact(contract, rules))
                .collect(),
            standings: rules.standings.iter().map(standing_fact).collect(),
            systems: self.systems(rules),
            connectable,
            calendars: rules
                .roster
                .calendars
                .iter()
                .map(|one| Named {
                    key: one.key.clone(),
                    title: one.name.clone(),
                })
                .collect(),
            flows: rules.flows.iter().map(|flow| called(flow)).collect(),
            gaps: gaps(rules, now),
        }
    }

    fn systems(&self, rules: &Rules) -> Vec<SystemFact> {
        let mut all: Vec<SystemFact> = Vec::new();
        let mut add = |system: &str, title: &str, sends: &[EventKind], takes: bool| {
            let known = all.iter().position(|one| one.system == system);
            let index = known.unwrap_or_else(|| {
                all.push(SystemFact {
                    system: system.to_owned(),
                    title: title.to_owned(),
                    sends: Vec::new(),
                    takes: false,
                });
                all.len() - 1
            });
            if let Some(one) = all.get_mut(index) {
                one.takes |= takes;
                for kind in sends {
                    if !one.sends.contains(kind) {
                        one.sends.push(*kind);
                    }
                }
            }
        };
        for source in rules.sources.iter().filter(|one| one.disabled_at.is_none()) {
            let connector = self.connectors.get(source.system.as_str());
            let sends = connector.map_or(&[] as &[EventKind], |one| one.sends());
            add(&source.system, &source.name, sends, false);
        }
        for one in rules
            .destinations
            .iter()
            .filter(|one| one.retired_at.is_none())
        {
            // being done there stands for an event, which comes with the acknowledgement
            let sends: Vec<EventKind> = rules
                .contracts
                .iter()
                .filter(|contract| contract.sends_to(&one.key))
                .filter_map(|contract| contract.ack.completion_event)
                .collect();
            add(&one.system, &one.name, &sends, true);
        }
        all.sort_by(|a, b| a.system.cmp(&b.system));
        all
    }
}

/// Everybody who could be named: people, roles on each side on which somebody holds one, rotations.
fn owners(rules: &Rules) -> Vec<OwnerFact> {
    let mut named: Vec<Owner> = rules
        .members
        .iter()
        .filter(|(user, _)| user.active)
        .map(|(user, _)| Owner::User(user.id))
        .collect();
    let own = rules.own_roles.iter().map(|role| role.key.as_str());
    for role in STANDARD_ROLES.into_iter().chain(own) {
        named.push(Owner::role(Party::Agency, role));
    }
    for (_, member) in &rules.members {
        for role in &member.functional_roles {
            named.push(Owner::role(member.party, role));
        }
    }
    let rotations = rules.roster.rotations.iter();
    named.extend(rotations.map(domain::cover::Rotation::owner));
    let mut all: Vec<OwnerFact> = Vec::new();
    for owner in named {
        if !all.iter().any(|one| one.owner == owner) {
            all.push(OwnerFact {
                title: rules.spoken_name(&owner),
                people: rules.people(&owner).iter().map(|user| user.id).collect(),
                owner,
            });
        }
    }
    all
}

fn contract_fact(contract: &Contract, rules: &Rules) -> ContractFact {
    let named = |one: &Destination| Named {
        key: one.system.clone(),
        title: one.name.clone(),
    };
    let mut destinations = rules
        .destinations_in_use(contract)
        .unwrap_or_default()
        .into_iter()
        .map(named);
    let required = contract.schema.get("required").and_then(Value::as_array);
    ContractFact {
        export_type: contract.export_type.clone(),
        title: contract.title.clone(),
        version: contract.version.clone(),
        destination: destinations.next(),
        routed: destinations.collect(),
        accept_ms: contract.accept_ms,
        resolve_ms: contract.resolve_ms,
        required: required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|field| Needed {
                field: field.to_owned(),
                from: origin(contract, field),
            })
            .collect(),
    }
}

fn standing_fact(standing: &Standing) -> StandingFact {
    StandingFact {
        export_type: standing.export_type.clone(),
        state: standing.state,
        until: standing.until,
        replacement: standing.replacement.clone(),
    }
}

/// Where a required field of the payload may come from. None: the contract says it itself.
fn origin(contract: &Contract, field: &str) -> Option<Vec<String>> {
    if contract.payload.is_empty() {
        return Some(whole(field));
    }
    match contract.payload.0.get(field) {
        Some(Origin::Value(_)) => None,
        Some(Origin::Fact(path)) => Some(vec![path.clone()]),
        Some(Origin::FirstOf(paths)) => Some(paths.clone()),
        None => Some(Vec::new()),
    }
}

/// The facts behind a field of a subject's own document.
fn whole(field: &str) -> Vec<String> {
    let order = match field {
        "order_ref" => "ref",
        "order_name" => "name",
        other => other,
    };
    let of = |whose: &str, facts: &[&str], name: &str| {
        facts.contains(&name).then(|| format!("{whose}.{name}"))
    };
    of("order", &ORDER_FACTS, order)
        .into_iter()
        .chain(of("campaign", &CAMPAIGN_FACTS, field))
        .collect()
}

fn called(flow: &Flow) -> CalledFlow {
    let about = match &flow.trigger {
        Trigger::Order { .. } | Trigger::Manual => Some("order".to_owned()),
        Trigger::Campaign => Some("campaign".to_owned()),
        Trigger::Form { noun, .. } => Some(noun.clone()),
        Trigger::SubFlow => None,
    };
    CalledFlow {
        key: flow.key.clone(),
        name: flow.name.clone(),
        about,
        calls: flow
            .steps
            .iter()
            .filter_map(|step| match &step.kind {
                StepKind::SubFlow { flow } => Some(flow.clone()),
                _ => None,
            })
            .collect(),
    }
}

/// Roles and rotations that are answered by turns or by hours, and have hours in which nobody does. What
/// has neither is answered always, or has nobody at all, which the rules see by themselves.
fn gaps(rules: &Rules, now: Time) -> Vec<GapFact> {
    let roster = &rules.roster;
    let rotations = roster.rotations.iter().map(domain::cover::Rotation::owner);
    let covers = roster.covers.iter().map(domain::cover::Cover::owner);
    rotations
        .chain(covers)
        .filter(|owner| rules.resolves(owner))
        .filter_map(|owner| {
            let gaps = rules.coverage_gaps(&owner, now, DAYS);
            let sentence = gap_sentence(rules, &owner, &gaps)?;
            Some(GapFact { owner, sentence })
        })
        .collect()
}

/// "Nobody answers for Logistics on Sat 28 Nov, 02:00–08:00; 6 hours uncovered in the next 14 days."
fn gap_sentence(rules: &Rules, owner: &Owner, gaps: &[Gap]) -> Option<String> {
    let first = gaps.first()?;
    let zone = zone_of(rules, owner);
    let (day, from) = (
        local(&zone, first.from, "%a %-d %b"),
        local(&zone, first.from, "%H:%M"),
    );
    let to = if local(&zone, first.to, "%a %-d %b") == day {
        local(&zone, first.to, "%H:%M")
    } else {
        local(&zone, first.to, "%a %-d %b, %H:%M")
    };
    let ms: i64 = gaps.iter().map(|gap| gap.to.since_ms(gap.from)).sum();
    let hours = (ms + 1_800_000) / 3_600_000;
    let uncovered = match hours {
        0 => format!("{} minutes", (ms / 60_000).max(1)),
        1 => "1 hour".to_owned(),
        many => format!("{many} hours"),
    };
    Some(format!(
        "Nobody answers for {} on {day}, {from}–{to} ({zone}); {uncovered} uncovered in the next {DAYS} days.",
        rules.spoken_name(owner)
    ))
}

/// The clock on whose wall the gap is read.
fn zone_of(rules: &Rules, owner: &Owner) -> String {
    let roster = &rules.roster;
    let zone = match owner {
        Owner::Rotation(key) => roster.rotation(key).map(|one| one.time_zone.clone()),
        Owner::Role { party, role } => roster.cover(*party, role).and_then(|cover| {
            let calendar = cover.calendar.as_ref().and_then(|key| roster.calendar(key));
            let rotation = cover.rotations().find_map(|key| roster.rotation(key));
            calendar
                .map(|one| one.time_zone.clone())
                .or_else(|| rotation.map(|one| one.time_zone.clone()))
        }),
        Owner::User(_) | Owner::System(_) => None,
    };
    zone.unwrap_or_else(|| "UTC".to_owned())
}
