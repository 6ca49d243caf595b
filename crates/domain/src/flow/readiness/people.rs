//! Who answers: one owner, a backup that is somebody else, and somebody at every hour.

use std::collections::BTreeSet;

use super::{At, List, Surroundings};
use crate::{
    flow::{Draft, Path, Step, StepKind},
    owner::Owner,
};

/// Everybody whom a step names.
pub(super) fn named(step: &Step<Option<Owner>>) -> Vec<&Owner> {
    let tasks = step
        .failures
        .iter()
        .filter_map(|failure| match &failure.path {
            Path::Task { owner, .. } => owner.as_ref(),
            Path::Go { .. } | Path::Undo => None,
        });
    let told: &[Owner] = match &step.kind {
        StepKind::Notify { to, .. } => to,
        _ => &[],
    };
    step.owner
        .iter()
        .chain(&step.backup)
        .chain(&step.watchers)
        .chain(tasks)
        .chain(told)
        .collect()
}

pub(super) fn of_step(at: &At<'_>, list: &mut List) {
    let step = at.step;
    match &step.owner {
        None => list.step(
            at,
            ("owner", "owner"),
            format!("{} has no owner.", at.name()),
            "Name who answers for it: one person, role, rotation or system.",
        ),
        Some(owner) => resolves(at, ("owner", "owner"), owner, list),
    }
    match &step.backup {
        None => list.step(
            at,
            ("backup", "backup"),
            format!("{} has no backup.", at.name()),
            "Name who is asked when the owner stays silent.",
        ),
        Some(backup) => resolves(at, ("backup", "backup"), backup, list),
    }
    if let (Some(owner), Some(backup)) = (&step.owner, &step.backup) {
        different(at, owner, backup, list);
    }
    for (n, watcher) in step.watchers.iter().enumerate() {
        resolves(at, ("watchers", &format!("watchers/{n}")), watcher, list);
    }
    for (n, failure) in step.failures.iter().enumerate() {
        if let Path::Task {
            owner: Some(owner), ..
        } = &failure.path
        {
            let field = format!("failures.{}", failure.on);
            resolves(at, (&field, &format!("failures/{n}/owner")), owner, list);
        }
    }
    if let StepKind::HumanTask { .. } = step.kind
        && let Some(Owner::System(name)) = &step.owner
    {
        list.step(
            at,
            ("owner", "owner"),
            format!("{} is a person’s task, and {name} is a system.", at.name()),
            "Give it to a person, a role or a rotation.",
        );
    }
    if let StepKind::Notify { to, .. } = &step.kind {
        for (n, one) in to.iter().enumerate() {
            resolves(at, ("to", &format!("to/{n}")), one, list);
        }
    }
}

fn resolves(at: &At<'_>, place: (&str, &str), owner: &Owner, list: &mut List) {
    if at.around.resolves(owner) {
        return;
    }
    let title = at.around.title(owner);
    let (sentence, fix) = match owner {
        Owner::User(_) => (
            format!("{}: this person is not here any more.", at.name()),
            "Name somebody who is.".to_owned(),
        ),
        Owner::Rotation(key) if at.around.owner(owner).is_none() => (
            format!("{}: there is no rotation “{key}”.", at.name()),
            "Name one that there is, or make it.".to_owned(),
        ),
        Owner::Role { party, .. } => (
            format!(
                "{}: nobody active answers for {title} on the side of {}.",
                at.name(),
                party.title()
            ),
            format!("Give somebody the role {title}, or name another owner."),
        ),
        Owner::Rotation(_) | Owner::System(_) => (
            format!("{}: nobody active is in {title}.", at.name()),
            "Put somebody into it, or name another owner.".to_owned(),
        ),
    };
    list.step(at, place, sentence, fix);
}

/// A backup that is the same person is none.
fn different(at: &At<'_>, owner: &Owner, backup: &Owner, list: &mut List) {
    let place = ("backup", "backup");
    if owner == backup {
        list.step(
            at,
            place,
            format!("{}: the backup is the owner.", at.name()),
            "Name somebody else.",
        );
        return;
    }
    let people = |one: &Owner| at.around.owner(one).map(|fact| fact.people.as_slice());
    if let (Some([one]), Some([other])) = (people(owner), people(backup))
        && one == other
    {
        list.step(
            at,
            place,
            format!(
                "{}: {} and {} are the same one person.",
                at.name(),
                at.around.title(owner),
                at.around.title(backup)
            ),
            "Give one of the two roles to somebody else as well.",
        );
        if at.around.team() < 2 {
            list.advice();
        }
    }
}

/// The coverage lint, once for each owner, at the first step that names them.
pub(super) fn cover(draft: &Draft, around: &Surroundings, list: &mut List) {
    let lost = BTreeSet::new();
    for gap in &around.gaps {
        let used = draft
            .steps
            .iter()
            .enumerate()
            .find(|(_, step)| named(step).contains(&&gap.owner));
        if let Some((index, step)) = used {
            let at = At {
                draft,
                around,
                facts: &[],
                lost: &lost,
                index,
                step,
            };
            let field = if step.owner.as_ref() == Some(&gap.owner) {
                "owner"
            } else if step.backup.as_ref() == Some(&gap.owner) {
                "backup"
            } else {
                "watchers"
            };
            list.step(
                &at,
                (field, field),
                gap.sentence.clone(),
                "Fill the gap in the rotation or the working hours, or name somebody who answers then.",
            );
        }
    }
}
