//! Seats: every place in a merchant's rules and running work that names an owner.
//!
//! A seat says what it is part of, what one has to be able to do to sit there, and who does. From the seats
//! follows what somebody holds, what a change of people would leave to nobody, and, walked through a
//! second time, how it is given to somebody else. What is over names whoever it named, for good.

use domain::{
    access::Action,
    approval::Approval,
    connection::Source,
    contract::Contract,
    cover::Rotation,
    escalation::Policy,
    export::Export,
    flow::Flow,
    owner::{Owner, role_title},
    people::Membership,
    task::Task,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{error::Result, port::Reads, rules::Rules};

/// What a seat is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    Task,
    Approval,
    Export,
    Flow,
    Contract,
    Source,
    Policy,
    /// A turn in it, or standing for a role.
    Rotation,
    Cover,
    /// Holding a role.
    Member,
}

impl Holds {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Approval => "approval",
            Self::Export => "export",
            Self::Flow => "flow",
            Self::Contract => "contract",
            Self::Source => "source",
            Self::Policy => "policy",
            Self::Rotation => "rotation",
            Self::Cover => "cover",
            Self::Member => "member",
        }
    }
}

/// What one has to be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    Decide,
    Work,
    /// To be told is enough.
    Told,
    /// Written down when the item was made; passed over when nobody is there any more.
    Stamped,
}

impl Need {
    fn action(self) -> Option<Action> {
        match self {
            Self::Decide => Some(Action::Decide),
            Self::Work => Some(Action::WorkTasks),
            Self::Told | Self::Stamped => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub holds: Holds,
    /// Of the thing.
    pub id: Uuid,
    pub title: String,
    /// "owner of “Await shipment”".
    pub place: String,
    pub need: Need,
    pub owner: Owner,
}

/// The one place where access counts for owning.
pub(crate) fn may(member: &Membership, need: Need) -> bool {
    need.action().is_none_or(|action| member.may(action))
}

/// Whether somebody active stands behind the owner, and whether one of them can do what is needed.
fn behind(rules: &Rules, owner: &Owner, need: Need) -> (bool, bool) {
    if matches!(owner, Owner::System(_)) {
        return (true, true);
    }
    let mut there = rules
        .members
        .iter()
        .filter(|(user, member)| user.active && member.answers_for(owner))
        .peekable();
    let any = there.peek().is_some();
    (any, there.any(|(_, member)| may(member, need)))
}

/// Whether one of the active people behind the owner can do what is needed.
pub(crate) fn able(rules: &Rules, owner: &Owner, need: Need) -> bool {
    behind(rules, owner, need).1
}

impl Seat {
    /// Whether the people of `after` leave it empty, and those of `before` did not.
    pub(crate) fn is_lost(&self, before: &Rules, after: &Rules) -> bool {
        // who is in a rotation is seated there, and looked at there
        if self.need == Need::Stamped || matches!(self.owner, Owner::Rotation(_)) {
            return false;
        }
        let (was_there, was_able) = behind(before, &self.owner, self.need);
        let (is_there, is_able) = behind(after, &self.owner, self.need);
        (was_there && !is_there) || (was_able && !is_able)
    }
}

/// Everything under way or published that has seats.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub flows: Vec<Flow>,
    pub contracts: Vec<Contract>,
    pub sources: Vec<Source>,
    pub policies: Vec<Policy>,
    pub rotations: Vec<Rotation>,
    pub tasks: Vec<Task>,
    pub approvals: Vec<Approval>,
    pub exports: Vec<Export>,
}

impl Found {
    /// Of the whole merchant; exports only as far as they name this person, since a role's exports follow
    /// from its contract.
    pub(crate) async fn read(
        reads: &mut (dyn Reads + '_),
        rules: &Rules,
        user: Option<Uuid>,
    ) -> Result<Self> {
        let merchant = rules.merchant.id;
        let mut approvals = reads.pending_approvals(&[merchant], i64::MAX).await?;
        approvals.extend(queued(reads, merchant).await?);
        Ok(Self {
            flows: rules.flows.iter().map(|flow| (**flow).clone()).collect(),
            contracts: rules.contracts.iter().map(|one| (**one).clone()).collect(),
            sources: rules.sources.clone(),
            policies: rules.policies.clone(),
            rotations: rules.roster.rotations.clone(),
            tasks: reads.live_tasks(&[merchant], i64::MAX).await?,
            approvals,
            exports: match user {
                Some(user) => reads.exports_naming(merchant, user).await?,
                None => Vec::new(),
            },
        })
    }

    /// In order of kind, and as they stand.
    pub(crate) fn seats(&self) -> Vec<Seat> {
        let mut all = self.clone();
        let mut seats = Vec::new();
        let mut collect = |holds, id, title: &str, place: &str, need, owner: &Owner| {
            seats.push(Seat {
                holds,
                id,
                title: title.to_owned(),
                place: place.to_owned(),
                need,
                owner: owner.clone(),
            });
        };
        for one in &mut all.tasks {
            let (id, title) = (one.id, one.title.clone());
            if let Some(user) = one.assignee {
                collect(
                    Holds::Task,
                    id,
                    &title,
                    "taken",
                    Need::Work,
                    &Owner::User(user),
                );
            }
            task(one, &mut |place, need, owner| {
                collect(Holds::Task, id, &title, place, need, owner)
            });
        }
        for one in &mut all.approvals {
            let (id, title) = (one.id, format!("Approval, step {} of {}", one.step, one.of));
            approval(one, &mut |place, need, owner| {
                collect(Holds::Approval, id, &title, place, need, owner)
            });
        }
        for one in &mut all.exports {
            let (id, title) = (one.id, one.title.clone());
            export(one, &mut |place, need, owner| {
                collect(Holds::Export, id, &title, place, need, owner)
            });
        }
        for one in &mut all.flows {
            let (id, title) = (one.id, one.name.clone());
            flow(one, &mut |place, need, owner| {
                collect(Holds::Flow, id, &title, place, need, owner)
            });
        }
        for one in &mut all.contracts {
            let (id, title) = (one.id, one.title.clone());
            contract(one, &mut |place, need, owner| {
                collect(Holds::Contract, id, &title, place, need, owner)
            });
        }
        for one in &mut all.sources {
            let (id, title) = (one.id, one.name.clone());
            source(one, &mut |place, need, owner| {
                collect(Holds::Source, id, &title, place, need, owner)
            });
        }
        for one in &mut all.policies {
            let (id, title) = (one.id, one.name.clone());
            policy(one, &mut |place, need, owner| {
                collect(Holds::Policy, id, &title, place, need, owner)
            });
        }
        for one in &mut all.rotations {
            let (id, title) = (one.id, one.name.clone());
            rotation(one, &mut |place, need, owner| {
                collect(Holds::Rotation, id, &title, place, need, owner)
            });
        }
        seats
    }
}

/// Steps that are still to be asked.
async fn queued(reads: &mut (dyn Reads + '_), merchant: Uuid) -> Result<Vec<Approval>> {
    const PAGE: i64 = 500;
    let mut filter = crate::port::ListFilter {
        state: Some("queued".to_owned()),
        limit: PAGE,
        ..crate::port::ListFilter::default()
    };
    let mut all: Vec<Approval> = Vec::new();
    loop {
        let page = reads.approvals(merchant, &filter).await?;
        let full = i64::try_from(page.len()).is_ok_and(|len| len == PAGE);
        all.extend(page);
        match all.last() {
            Some(last) if full => filter.before = Some((domain::Time::default(), last.id)),
            _ => return Ok(all),
        }
    }
}

/// The same list at two moments has the same print; a form sends back the one it was made with.
pub(crate) fn print(seats: &[Seat]) -> String {
    let mut lines: Vec<String> = seats
        .iter()
        .map(|seat| {
            format!(
                "{} {} {} {}",
                seat.holds.as_str(),
                seat.id,
                seat.place,
                seat.owner
            )
        })
        .collect();
    lines.sort();
    hex::encode(Sha256::digest(lines.join("\n")))
}

/// Called with the place in the thing, what is needed there, and who sits there.
pub(crate) type Visitor<'v> = dyn FnMut(&str, Need, &mut Owner) + 'v;

pub(crate) fn task(task: &mut Task, visit: &mut Visitor<'_>) {
    visit("owner", Need::Work, &mut task.owner);
    visit("backup", Need::Stamped, &mut task.backup);
    for watcher in &mut task.watchers {
        visit("watcher", Need::Stamped, watcher);
    }
    for step in &mut task.escalation.steps {
        visit("escalation", Need::Stamped, &mut step.target);
    }
}

pub(crate) fn approval(approval: &mut Approval, visit: &mut Visitor<'_>) {
    visit("asked to decide", Need::Decide, &mut approval.owner);
    for other in &mut approval.others {
        visit("asked to decide", Need::Decide, other);
    }
    visit("asked when it is late", Need::Decide, &mut approval.backup);
}

pub(crate) fn export(export: &mut Export, visit: &mut Visitor<'_>) {
    visit("owner", Need::Told, &mut export.owner);
    visit("backup", Need::Told, &mut export.backup);
    for watcher in &mut export.watchers {
        visit("watcher", Need::Stamped, watcher);
    }
    for step in &mut export.escalation.steps {
        visit("escalation", Need::Stamped, &mut step.target);
    }
}

pub(crate) fn flow(flow: &mut Flow, visit: &mut Visitor<'_>) {
    for step in &mut flow.steps {
        visit(
            &format!("owner of “{}”", step.title),
            Need::Work,
            &mut step.owner,
        );
        visit(
            &format!("backup of “{}”", step.title),
            Need::Work,
            &mut step.backup,
        );
    }
}

pub(crate) fn contract(contract: &mut Contract, visit: &mut Visitor<'_>) {
    visit("owner", Need::Work, &mut contract.owner);
    visit("backup", Need::Work, &mut contract.backup);
    for watcher in &mut contract.watchers {
        visit("watcher", Need::Told, watcher);
    }
    for rule in &mut contract.approval {
        for (index, step) in rule.steps.iter_mut().enumerate() {
            let n = index + 1;
            visit(&format!("approval step {n}"), Need::Decide, &mut step.owner);
            for other in &mut step.others {
                visit(&format!("approval step {n}"), Need::Decide, other);
            }
            visit(
                &format!("backup of approval step {n}"),
                Need::Decide,
                &mut step.backup,
            );
        }
    }
    for (code, route) in &mut contract.exceptions {
        let place = match code.as_str() {
            "*" => "any other exception".to_owned(),
            code => format!("exception “{}”", role_title(code)),
        };
        visit(&place, Need::Work, &mut route.owner);
    }
    // where it names one of the merchant's policies, that one's rungs count
    if contract.escalation.key.is_empty() {
        for (index, step) in contract.escalation.steps.iter_mut().enumerate() {
            visit(
                &format!("escalation rung {}", index + 1),
                Need::Work,
                &mut step.target,
            );
        }
    }
}

pub(crate) fn source(source: &mut Source, visit: &mut Visitor<'_>) {
    visit("asked first", Need::Work, &mut source.owner);
    visit("backup", Need::Work, &mut source.backup);
}

pub(crate) fn policy(policy: &mut Policy, visit: &mut Visitor<'_>) {
    for (index, step) in policy.steps.iter_mut().enumerate() {
        visit(
            &format!("escalation rung {}", index + 1),
            Need::Work,
            &mut step.target,
        );
    }
}

/// Turns are people's; each person has one seat in it, however often it comes round.
pub(crate) fn rotation(rotation: &mut Rotation, visit: &mut Visitor<'_>) {
    let mut people: Vec<Uuid> = rotation.members.clone();
    people.extend(rotation.overrides.iter().map(|one| one.user));
    people.sort_unstable();
    people.dedup();
    for was in people {
        let mut owner = Owner::User(was);
        visit("turn in the rotation", Need::Work, &mut owner);
        let Owner::User(now) = owner else { continue };
        for member in &mut rotation.members {
            if *member == was {
                *member = now;
            }
        }
        for one in &mut rotation.overrides {
            if one.user == was {
                one.user = now;
            }
        }
    }
}
