//! Bringing a template's next version to a merchant that has changed the one before: three flows go in, one
//! comes out, with everything that either side changed and what became of it.
//!
//! *Base* is the version that both began with, *theirs* is what the merchant made of it, *ours* is the next
//! one. What only one side changed is taken from that side. Where both changed the same field differently, the
//! merchant's stands, unless whoever pushes says that the template's is to be taken. Steps are told apart by
//! their keys, exits and failures by what they are on; everything else is one field.
//!
//! Where there is no base, because the merchant drew the flow itself, every difference is one that both sides
//! made. What comes out can lead to a step that one side took out: that is listed, too, and never published.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Draft, Exit, Failure, Step, content_hash,
    diff::{self, Names},
};
use crate::owner::Owner;

type DraftStep = Step<Option<Owner>>;

/// Of which differences the template's side is taken although the merchant has another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// All of them.
    #[serde(default)]
    pub everything: bool,
    /// Places as in [`Change::at`]; a step's place stands for all of its fields.
    #[serde(default)]
    pub places: BTreeSet<String>,
}

impl Take {
    fn has(&self, at: &str) -> bool {
        let step = || at.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        self.everything || self.places.contains(at) || self.places.contains(&step())
    }
}

/// One place at which the three are not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `name`, `steps/hand_over`, `steps/hand_over/owner`, `steps/hand_over/exits/done`
    pub at: String,
    /// The merchant has another than the base.
    pub by_merchant: bool,
    /// The template's next version has another than the base.
    pub by_template: bool,
    /// What came out is the merchant's.
    pub kept: bool,
}

impl Change {
    /// Both sides changed it, and not alike.
    pub fn is_conflict(&self) -> bool {
        self.by_merchant && self.by_template
    }

    /// The merchant has its own here, and keeps it.
    pub fn is_override(&self) -> bool {
        self.by_merchant && self.kept
    }

    /// The key of the step that it is about.
    pub fn step(&self) -> Option<&str> {
        self.at.strip_prefix("steps/")?.split('/').next()
    }

    /// `owner`, `exits/done`; nothing where it is about a whole step.
    pub fn field(&self) -> Option<&str> {
        match self.at.strip_prefix("steps/") {
            Some(rest) => rest.split_once('/').map(|(_, field)| field),
            None => Some(&self.at),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// With the merchant's own id, version and so on.
    pub draft: Draft,
    /// In the order of the flow.
    pub changes: Vec<Change>,
    /// Steps that lead to one that is not there any more, with its key; empty: the beginning of the flow.
    pub loose: Vec<(String, String)>,
}

impl Merged {
    pub fn conflicts(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|one| one.is_conflict())
    }
}

pub fn merge(base: Option<&Draft>, theirs: &Draft, ours: &Draft, take: &Take) -> Merged {
    let mut hand = Hand {
        takes: &|at| take.has(at),
        changes: Vec::new(),
    };
    let draft = hand.flow(base, theirs, ours);
    let loose = loose(&draft);
    Merged {
        draft,
        changes: hand.changes,
        loose,
    }
}

/// Whether two flows say the same.
pub fn says_the_same(one: &Draft, other: &Draft) -> bool {
    content_hash(one, None) == content_hash(other, None)
}

/// A difference in words: what the merchant changed, and what the template changes. Without a base, what the
/// merchant has instead of what the template says.
pub fn words(
    (base, theirs, ours): (Option<&Draft>, &Draft, &Draft),
    change: &Change,
    names: Names<'_>,
) -> (Option<String>, Option<String>) {
    let said = |from: &Draft, side: &Draft| {
        let mut hand = Hand {
            takes: &|at| at == change.at,
            changes: Vec::new(),
        };
        // the same, but for this place
        let to = hand.flow(Some(side), from, side);
        let found = match change.step() {
            Some(key) if from.step(key).is_some() && to.step(key).is_some() => {
                diff::of_step(from, &to, key, names)
            }
            _ => diff::diff(from, &to, names)
                .into_iter()
                .map(|one| one.sentence)
                .collect(),
        };
        (!found.is_empty()).then(|| found.join("; "))
    };
    match base {
        Some(base) => (
            change.by_merchant.then(|| said(base, theirs)).flatten(),
            change.by_template.then(|| said(base, ours)).flatten(),
        ),
        None if change.by_merchant => (said(ours, theirs), None),
        None => (None, said(theirs, ours)),
    }
}

struct Hand<'a> {
    takes: &'a dyn Fn(&str) -> bool,
    changes: Vec<Change>,
}

impl Hand<'_> {
    /// One field of the three. The base may know nothing of it.
    fn pick<T: PartialEq + Clone>(&mut self, at: &str, (base, theirs, ours): Three<'_, T>) -> T {
        if theirs == ours {
            return theirs.clone();
        }
        let (by_merchant, by_template) = (base != Some(theirs), base != Some(ours));
        let kept = by_merchant && !(self.takes)(at);
        self.changes.push(Change {
            at: at.to_owned(),
            by_merchant,
            by_template,
            kept,
        });
        if kept { theirs.clone() } else { ours.clone() }
    }

    fn flow(&mut self, base: Option<&Draft>, theirs: &Draft, ours: &Draft) -> Draft {
        macro_rules! field {
            ($name:ident) => {
                self.pick(
                    stringify!($name),
                    (base.map(|one| &one.$name), &theirs.$name, &ours.$name),
                )
            };
        }
        let (name, summary, outcome) = (field!(name), field!(summary), field!(outcome));
        let (trigger, start) = (field!(trigger), field!(start));
        Draft {
            name,
            summary,
            outcome,
            trigger,
            start,
            steps: self.steps(
                base.map_or(&[], |one| &one.steps),
                &theirs.steps,
                &ours.steps,
            ),
            ..theirs.clone()
        }
    }

    fn steps(
        &mut self,
        base: &[DraftStep],
        theirs: &[DraftStep],
        ours: &[DraftStep],
    ) -> Vec<DraftStep> {
        order([base, theirs, ours], |step| &step.key)
            .into_iter()
            .filter_map(|key| {
                let of = |list: &[DraftStep]| list.iter().find(|one| one.key == key).cloned();
                let at = format!("steps/{key}");
                match (of(base), of(theirs), of(ours)) {
                    (base, Some(theirs), Some(ours)) => {
                        Some(self.step(&at, (base.as_ref(), &theirs, &ours)))
                    }
                    (base, theirs, ours) => self.pick(&at, (Some(&base), &theirs, &ours)),
                }
            })
            .collect()
    }

    fn step(&mut self, at: &str, (base, theirs, ours): Three<'_, DraftStep>) -> DraftStep {
        macro_rules! field {
            ($name:ident) => {
                self.pick(
                    &format!("{at}/{}", stringify!($name)),
                    (base.map(|one| &one.$name), &theirs.$name, &ours.$name),
                )
            };
        }
        let mut step = DraftStep {
            key: theirs.key.clone(),
            title: field!(title),
            kind: field!(kind),
            owner: field!(owner),
            backup: field!(backup),
            watchers: field!(watchers),
            source_system: field!(source_system),
            destination_system: field!(destination_system),
            clock: field!(clock),
            checkpoint: field!(checkpoint),
            exits: self.keyed(
                &format!("{at}/exits"),
                (base.map(|one| &one.exits), &theirs.exits, &ours.exits),
                |exit: &Exit| &exit.on,
            ),
            failures: self.keyed(
                &format!("{at}/failures"),
                (
                    base.map(|one| &one.failures),
                    &theirs.failures,
                    &ours.failures,
                ),
                |failure: &Failure| &failure.on,
            ),
            undo: field!(undo),
            runbook: field!(runbook),
            report_as: field!(report_as),
            manual: field!(manual),
        };
        if step != *theirs && step != *ours {
            fits_its_kind(&mut step, theirs, ours);
        }
        step
    }

    /// A list in which each thing is known by what it is on.
    fn keyed<T: PartialEq + Clone>(
        &mut self,
        at: &str,
        (base, theirs, ours): Three<'_, Vec<T>>,
        key: impl Fn(&T) -> &String + Copy,
    ) -> Vec<T> {
        let lists = [base.map_or(&[][..], Vec::as_slice), theirs, ours];
        if lists.iter().any(|list| has_twice(list, key)) {
            return self.pick(at, (base, theirs, ours));
        }
        order(lists, key)
            .into_iter()
            .filter_map(|on| {
                let of = |list: &[T]| list.iter().find(|one| *key(one) == on).cloned();
                let (was, theirs, ours) = (of(lists[0]), of(theirs), of(ours));
                let was = base.map(|_| &was);
                self.pick(&format!("{at}/{on}"), (was, &theirs, &ours))
            })
            .collect()
    }
}

/// Base, theirs, ours.
type Three<'a, T> = (Option<&'a T>, &'a T, &'a T);

fn has_twice<T>(list: &[T], key: impl Fn(&T) -> &String) -> bool {
    let mut seen = BTreeSet::new();
    !list.iter().all(|one| seen.insert(key(one)))
}

/// All keys of the three, each once. One side's order where the other left it as it was; otherwise ours, with
/// what only they have behind what it stands behind there.
fn order<T>([base, theirs, ours]: [&[T]; 3], key: impl Fn(&T) -> &String + Copy) -> Vec<String> {
    let keys = |list: &[T]| list.iter().map(|one| key(one).clone()).collect::<Vec<_>>();
    let (base, theirs, ours) = (keys(base), keys(theirs), keys(ours));
    let (first, second) = if ours == base {
        (theirs, ours)
    } else {
        (ours, theirs)
    };
    let mut all = first;
    let mut behind: Option<String> = None;
    for one in second.into_iter().chain(base) {
        if !all.contains(&one) {
            let place = behind
                .as_ref()
                .and_then(|before| all.iter().position(|known| known == before));
            all.insert(place.map_or(0, |place| place + 1), one.clone());
        }
        behind = Some(one);
    }
    all
}

/// A step that is of both sides has just the exits of its kind, and says of each way to fail what happens.
fn fits_its_kind(step: &mut DraftStep, theirs: &DraftStep, ours: &DraftStep) {
    let on: Vec<String> = step.kind.exits().into_iter().map(str::to_owned).collect();
    step.exits.retain(|exit| on.contains(&exit.on));
    for on in on {
        if step.exits.iter().any(|exit| exit.on == on) {
            continue;
        }
        let of = |side: &DraftStep| side.exits.iter().find(|exit| exit.on == on).cloned();
        step.exits.extend(of(theirs).or_else(|| of(ours)));
    }
    let ways = step.ways_to_fail();
    step.failures
        .retain(|failure| ways.contains(&failure.on.as_str()));
    for way in ways {
        if step.failure(way).is_none() {
            let said = theirs.failure(way).or_else(|| ours.failure(way)).cloned();
            step.failures.extend(said);
        }
    }
}

fn loose(draft: &Draft) -> Vec<(String, String)> {
    let is_gone = |key: &str| draft.step(key).is_none();
    let begins = draft
        .start
        .iter()
        .filter(|key| is_gone(key))
        .map(|key| (String::new(), key.clone()));
    let leads = draft.steps.iter().flat_map(|step| {
        step.leads_to()
            .into_iter()
            .filter(|key| is_gone(key))
            .map(|key| (step.key.clone(), key.to_owned()))
    });
    begins.chain(leads).collect()
}
