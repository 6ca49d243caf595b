//! The shape of a flow: what can be reached from where, what cannot be reached at all, and loops that nothing
//! leads out of.
//!
//! An edge is everything that may come next: by an exit, or by a failure that goes elsewhere. Being undone is no
//! way out of a loop, it is the end of the run.

use std::collections::{BTreeMap, BTreeSet};

use super::{Flow, StepKind};

/// Every step that can begin, once the flow has started.
pub fn reachable<O>(flow: &Flow<O>) -> BTreeSet<&str> {
    let start = flow.start.iter().map(String::as_str);
    closure(
        flow,
        start.filter(|key| flow.step(key).is_some()).collect(),
        &any,
    )
}

/// Steps that nothing leads to, in the order in which they stand.
pub fn unreachable<O>(flow: &Flow<O>) -> Vec<&str> {
    let known = reachable(flow);
    flow.steps
        .iter()
        .map(|step| step.key.as_str())
        .filter(|key| !known.contains(key))
        .collect()
}

/// Everything that can begin after this step; the step itself only when a loop leads back to it.
pub fn after<'f, O>(flow: &'f Flow<O>, key: &str) -> BTreeSet<&'f str> {
    closure(flow, next(flow, key), &any)
}

/// Whether `to` can begin after `from`.
pub fn can_reach<O>(flow: &Flow<O>, from: &str, to: &str) -> bool {
    after(flow, from).contains(to)
}

/// Loops that nothing leads out of: from none of their steps a branch can end. Each in the order in which its steps
/// stand.
pub fn loops_without_exit<O>(flow: &Flow<O>) -> Vec<Vec<&str>> {
    loops(flow, &any)
        .into_iter()
        .filter(|steps| {
            steps.iter().all(|key| {
                let mut from_here = after(flow, key);
                from_here.insert(key);
                from_here.iter().all(|one| !may_end(flow, one))
            })
        })
        .collect()
}

/// Loops in which nothing waits: they would turn for ever in a moment.
pub fn restless_loops<O>(flow: &Flow<O>) -> Vec<Vec<&str>> {
    loops(flow, &|key| {
        flow.step(key).is_some_and(|step| {
            matches!(
                step.kind,
                StepKind::Decide { .. } | StepKind::Notify { .. } | StepKind::Compensate { .. }
            )
        })
    })
}

/// Groups of steps that lead round to each other, over these steps only.
fn loops<'f, O>(flow: &'f Flow<O>, among: &dyn Fn(&str) -> bool) -> Vec<Vec<&'f str>> {
    let steps = || {
        let keys = flow.steps.iter().map(|step| step.key.as_str());
        keys.filter(|key| among(key))
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = steps()
        .map(|key| (key, closure(flow, next(flow, key), among)))
        .collect();
    let leads = |from: &str, to: &str| reach.get(from).is_some_and(|set| set.contains(to));
    let mut found: Vec<Vec<&str>> = Vec::new();
    for key in steps() {
        if leads(key, key) && !found.iter().flatten().any(|one| *one == key) {
            found.push(
                steps()
                    .filter(|other| leads(key, other) && leads(other, key))
                    .collect(),
            );
        }
    }
    found
}

/// Whether a branch may end after this step: some exit of it leads nowhere.
fn may_end<O>(flow: &Flow<O>, key: &str) -> bool {
    flow.step(key).is_some_and(|step| {
        step.kind
            .exits()
            .into_iter()
            .any(|on| step.exit(on).is_empty())
    })
}

fn next<'f, O>(flow: &'f Flow<O>, key: &str) -> Vec<&'f str> {
    flow.step(key).map_or_else(Vec::new, |step| {
        let mut keys = step.leads_to();
        keys.retain(|key| flow.step(key).is_some());
        keys
    })
}

fn closure<'f, O>(
    flow: &'f Flow<O>,
    mut open: Vec<&'f str>,
    among: &dyn Fn(&str) -> bool,
) -> BTreeSet<&'f str> {
    let mut known = BTreeSet::new();
    while let Some(key) = open.pop() {
        if among(key) && known.insert(key) {
            open.extend(next(flow, key));
        }
    }
    known
}

const fn any(_key: &str) -> bool {
    true
}
