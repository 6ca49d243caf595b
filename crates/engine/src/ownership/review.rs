//! What is wrong with who answers for what, and the look at it once a month.

use std::collections::BTreeSet;

use domain::{
    Time,
    cover::next_month,
    owner::{EscalationPolicy, EscalationStep, Owner},
    people::User,
    task::{Evidence, ExceptionClass, Severity, Task, TaskState, Unlock},
};
use uuid::Uuid;

use super::{AT_FIRST, Owned, owned};
use crate::{
    error::Result,
    exception::evidence,
    job::{Job, JobKind},
    port::Ids,
    rules::Rules,
    work::Work,
};

const DAY_MS: i64 = 24 * 3_600_000;
/// More evidence than this nobody reads in a task; the page has all of it.
const MOST: usize = 25;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    Left,
    NobodyHolds,
    EmptyRotation,
    OnePerson,
    NeverActed,
}

impl FindingKind {
    pub const ALL: [Self; 5] = [
        Self::Left,
        Self::NobodyHolds,
        Self::EmptyRotation,
        Self::OnePerson,
        Self::NeverActed,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Left => "Owners who left",
            Self::NobodyHolds => "Roles held by nobody",
            Self::EmptyRotation => "Rotations with nobody in them",
            Self::OnePerson => "Roles held by one person",
            Self::NeverActed => "Owners who never acted",
        }
    }

    /// Nobody would answer; the others are a risk.
    pub const fn breaks(self) -> bool {
        matches!(self, Self::Left | Self::NobodyHolds | Self::EmptyRotation)
    }

    /// The line of the checklist.
    const fn step(self) -> &'static str {
        match self {
            Self::Left => "Name somebody else wherever somebody who left is still named.",
            Self::NobodyHolds => "Give every role that nobody holds to somebody, or take it out.",
            Self::EmptyRotation => "Put people into every rotation that has nobody.",
            Self::OnePerson => {
                "Decide for each role with one person who stands in when they are away."
            }
            Self::NeverActed => {
                "Ask whoever never acted whether they know that they answer for this."
            }
        }
    }
}

/// Something that the look at ownership found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// Whom it is about: an owner as it is written.
    pub about: Owner,
    pub sentence: String,
    /// How many things name them.
    pub things: usize,
    /// Where it is put right, under the merchant.
    pub path: String,
}

/// `acted`: when each person last did something here.
pub fn findings(rules: &Rules, acted: &[(Uuid, Time)]) -> Vec<Finding> {
    let all = owned(rules);
    let mut named: Vec<(&Owner, Vec<&Owned>)> = Vec::new();
    for row in &all {
        for owner in row.named().collect::<BTreeSet<_>>() {
            match named.iter_mut().find(|(known, _)| *known == owner) {
                Some((_, rows)) => rows.push(row),
                None => named.push((owner, vec![row])),
            }
        }
    }
    let mut found = Vec::new();
    let mut answer = BTreeSet::new();
    for (owner, rows) in &named {
        let people = rules.people(owner);
        answer.extend(people.iter().map(|user| user.id));
        found.extend(about_owner(rules, owner, &people, rows));
    }
    for rotation in &rules.roster.rotations {
        let owner = Owner::Rotation(rotation.key.clone());
        let is_empty = rules.people(&owner).is_empty();
        if is_empty {
            found.push(Finding {
                kind: FindingKind::EmptyRotation,
                sentence: format!("Nobody is in the rotation {}.", rotation.name),
                things: named
                    .iter()
                    .find(|(one, _)| **one == owner)
                    .map_or(0, |(_, rows)| rows.len()),
                about: owner,
                path: "cover".to_owned(),
            });
        }
    }
    for (user, _) in &rules.members {
        if answer.contains(&user.id) && !acted.iter().any(|(id, _)| *id == user.id) {
            let owner = Owner::User(user.id);
            found.push(Finding {
                kind: FindingKind::NeverActed,
                sentence: format!("{} is named and has never done anything here.", user.name),
                things: all.iter().filter(|row| row.is_with(rules, &owner)).count(),
                about: owner,
                path: format!("people/{}", user.id),
            });
        }
    }
    found.sort_by_key(|one| (one.kind, std::cmp::Reverse(one.things)));
    found
}

fn about_owner(rules: &Rules, owner: &Owner, people: &[&User], rows: &[&Owned]) -> Option<Finding> {
    let things = rows.len();
    let still = match things {
        1 => "1 thing still names".to_owned(),
        n => format!("{n} things still name"),
    };
    let rest = match things {
        1 => "1 thing rests on it".to_owned(),
        n => format!("{n} things rest on it"),
    };
    let (kind, sentence, path) = match (owner, people) {
        (Owner::User(_), []) => (
            FindingKind::Left,
            format!("{} left, and {still} them.", rules.spoken_name(owner)),
            rows.first()
                .map_or_else(|| "people".to_owned(), |row| place_path(row.place)),
        ),
        (Owner::Role { party, .. }, []) => (
            FindingKind::NobodyHolds,
            format!(
                "Nobody holds {} of {}; {rest}.",
                rules.spoken_name(owner),
                party.title()
            ),
            "people".to_owned(),
        ),
        (Owner::Role { party, .. }, [only]) => (
            FindingKind::OnePerson,
            format!(
                "Only {} holds {} of {}; {rest}.",
                only.name,
                rules.spoken_name(owner),
                party.title()
            ),
            "people".to_owned(),
        ),
        _ => return None,
    };
    Some(Finding {
        kind,
        about: owner.clone(),
        sentence,
        things,
        path,
    })
}

fn place_path((noun, id): (&str, Uuid)) -> String {
    let list = match noun {
        "flow" => "flows",
        "contract" => "contracts",
        _ => "connections",
    };
    format!("{list}/{id}")
}

pub(super) fn review_job(ids: &dyn Ids, now: Time, merchant: Uuid, arg: i64) -> Job {
    let run_at = if arg == AT_FIRST {
        now
    } else {
        Time::from_ms(arg)
    };
    Job {
        id: ids.uuid(now),
        merchant_id: merchant,
        kind: JobKind::OwnershipReview,
        subject_id: merchant,
        arg,
        run_at,
        attempts: 0,
        fence: 0,
    }
}

impl Work<'_> {
    /// Job: the month has turned. Arms the next, whatever became of the one before.
    pub async fn ownership_review(&mut self, armed_for: Time) -> Result<()> {
        let calendar = self.rules.roster.calendars.first();
        let next = next_month(calendar, self.now);
        let ids = std::sync::Arc::clone(&self.engine.ids);
        let job = review_job(&*ids, self.now, self.merchant_id(), next.as_ms());
        self.tx.enqueue(&[job]).await?;
        if armed_for.as_ms() == AT_FIRST {
            return Ok(());
        }
        let acted = self.tx.last_acts(self.merchant_id()).await?;
        let found = findings(&self.rules, &acted);
        let task = self.review_task(&found);
        self.open(task).await
    }

    /// For the admin; a second one is next.
    fn review_task(&self, found: &[Finding]) -> Task {
        let mut admins = self
            .rules
            .members
            .iter()
            .filter(|(user, member)| user.active && member.runs_it())
            .map(|(user, _)| Owner::User(user.id));
        let owner = admins
            .next()
            .unwrap_or_else(|| Owner::role(domain::owner::Party::Agency, "operations"));
        let backup = admins.next().unwrap_or_else(|| owner.clone());
        let broken = found.iter().filter(|one| one.kind.breaks()).count();
        let sentence = match (found.len(), broken) {
            (0, _) => "Everything that is named has somebody who answers. Confirm that it is still meant so.".to_owned(),
            (1, 0) => "1 thing is worth a look; everything has somebody who answers.".to_owned(),
            (n, 0) => format!("{n} things are worth a look; everything has somebody who answers."),
            (n, 1) => format!("1 owner answers no more, of {n} findings."),
            (n, broken) => format!("{broken} owners answer no more, of {n} findings."),
        };
        let mut shown: Vec<Evidence> = found
            .iter()
            .take(MOST)
            .map(|one| evidence(one.kind.title(), &one.sentence))
            .collect();
        shown.push(Evidence {
            link: Some(("ownership".to_owned(), "audit".to_owned())),
            ..evidence("All of it", "Who answers for what, as it stands now")
        });
        let kinds: BTreeSet<FindingKind> = found.iter().map(|one| one.kind).collect();
        let mut steps: Vec<String> = kinds.iter().map(|kind| kind.step().to_owned()).collect();
        steps.push(
            "Read through the ownership matrix: is each owner still the right one?".to_owned(),
        );
        steps.push("Resolve this with what was changed, and what was left on purpose.".to_owned());
        Task {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            dedup_key: "ownership_review".to_owned(),
            code: "ownership_review".to_owned(),
            title: format!(
                "Who answers for what: review of {}",
                self.now.format_utc("%B %Y")
            ),
            sentence,
            class: ExceptionClass::Soft,
            severity: if broken > 0 {
                Severity::Normal
            } else {
                Severity::Low
            },
            state: TaskState::Open,
            owner,
            assignee: None,
            escalation: EscalationPolicy {
                version: 1,
                steps: vec![EscalationStep {
                    after_ms: 2 * DAY_MS,
                    target: backup.clone(),
                    only_within: None,
                }],
                ..EscalationPolicy::default()
            },
            backup,
            watchers: Vec::new(),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence: shown,
            remediation_steps: steps,
            unlock: Unlock::Nothing,
            receipt_id: None,
            order_id: None,
            run_id: None,
            step: None,
            export_id: None,
            trace_id: self.engine.new_trace_id(),
            created_at: self.now,
            asked_at: None,
            accept_by: self.now.plus_ms(3 * DAY_MS),
            resolve_by: self.now.plus_ms(10 * DAY_MS),
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        }
    }
}
