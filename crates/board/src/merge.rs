//! Two people changed one draft: what each of them did, brought together step by step.
//!
//! What only one of them touched is taken from them. What both touched, each in their way, is a clash: mine stays
//! until somebody has said otherwise.

use domain::flow::{Draft, Path, StepKind, edit::Sketch};

/// Where both changed the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The step; empty: what is said of the flow itself.
    pub key: String,
    pub title: String,
    /// What they did.
    pub theirs: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub draft: Draft,
    pub clashes: Vec<Clash>,
    /// Titles of what came from them.
    pub taken: Vec<String>,
}

/// `base` is what both began with. If mine is older than theirs, whatever of mine differs from theirs is a clash: somebody
/// may have taken it back on purpose since.
pub fn merge(base: &Draft, mine: &Draft, theirs: &Draft, older: bool) -> Merged {
    let mut draft = mine.clone();
    let mut clashes = Vec::new();
    let mut taken = Vec::new();
    let about = |draft: &Draft| {
        (
            draft.name.clone(),
            draft.summary.clone(),
            draft.trigger.clone(),
            draft.start.clone(),
            draft.outcome.clone(),
        )
    };
    if (older || about(theirs) != about(base)) && about(theirs) != about(mine) {
        if about(mine) == about(base) {
            take(&mut draft, theirs, "");
            taken.push("the flow itself".to_owned());
        } else {
            clashes.push(Clash {
                key: String::new(),
                title: "The flow itself".to_owned(),
                theirs: format!("{}, ends in {}", theirs.name, theirs.outcome),
            });
        }
    }
    let keys = mine.steps.iter().chain(&theirs.steps).chain(&base.steps);
    let mut seen: Vec<&str> = Vec::new();
    for key in keys.map(|step| step.key.as_str()) {
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let (was, ours, other) = (base.step(key), mine.step(key), theirs.step(key));
        if other == ours || (other == was && !older) {
            continue;
        }
        let title = other
            .or(ours)
            .or(was)
            .map_or(key, |step| step.title.as_str());
        if ours == was {
            take(&mut draft, theirs, key);
            taken.push(title.to_owned());
        } else {
            clashes.push(Clash {
                key: key.to_owned(),
                title: title.to_owned(),
                theirs: match other {
                    None => "They removed it".to_owned(),
                    Some(other) => differs(ours, other),
                },
            });
        }
    }
    mend(&mut draft);
    Merged {
        draft,
        clashes,
        taken,
    }
}

/// Theirs of this step, or of the flow itself, in place of mine. References to steps that are not there are let go.
pub fn with_theirs(mine: &Draft, theirs: &Draft, key: &str) -> Draft {
    let mut draft = mine.clone();
    take(&mut draft, theirs, key);
    mend(&mut draft);
    draft
}

fn take(draft: &mut Draft, theirs: &Draft, key: &str) {
    if key.is_empty() {
        draft.name = theirs.name.clone();
        draft.summary = theirs.summary.clone();
        draft.trigger = theirs.trigger.clone();
        draft.start = theirs.start.clone();
        draft.outcome = theirs.outcome.clone();
        return;
    }
    let at = draft.steps.iter().position(|step| step.key == key);
    match (at, theirs.step(key)) {
        (Some(at), None) => {
            draft.steps.remove(at);
        }
        (Some(at), Some(step)) => {
            if let Some(slot) = draft.steps.get_mut(at) {
                *slot = step.clone();
            }
        }
        (None, Some(step)) => {
            // where they put it, as far as that is there
            let before = theirs
                .steps
                .iter()
                .position(|one| one.key == key)
                .unwrap_or(0);
            draft
                .steps
                .insert(before.min(draft.steps.len()), step.clone());
        }
        (None, None) => {}
    }
}

fn mend(draft: &mut Draft) {
    let keys: Vec<String> = draft.steps.iter().map(|step| step.key.clone()).collect();
    draft.start.retain(|key| keys.contains(key));
    for step in &mut draft.steps {
        for exit in &mut step.exits {
            exit.to.retain(|key| keys.contains(key));
        }
        step.failures.retain(|failure| match &failure.path {
            Path::Go { to } => keys.contains(to),
            Path::Task { .. } | Path::Undo => true,
        });
        if let StepKind::Compensate { back_to } = &mut step.kind
            && back_to.as_ref().is_some_and(|key| !keys.contains(key))
        {
            *back_to = None;
        }
    }
}

/// Which parts of a step they have otherwise, in a few words.
fn differs(mine: Option<&Sketch>, theirs: &Sketch) -> String {
    let Some(mine) = mine else {
        return "You removed it; they changed it".to_owned();
    };
    let parts = [
        (mine.title != theirs.title, "title"),
        (mine.kind != theirs.kind, "what it does"),
        (mine.owner != theirs.owner, "owner"),
        (mine.backup != theirs.backup, "backup"),
        (mine.watchers != theirs.watchers, "watchers"),
        (mine.clock != theirs.clock, "times"),
        (
            mine.source_system != theirs.source_system
                || mine.destination_system != theirs.destination_system,
            "systems",
        ),
        (mine.checkpoint != theirs.checkpoint, "checkpoint"),
        (mine.exits != theirs.exits, "where it leads"),
        (mine.failures != theirs.failures, "what happens if it fails"),
        (mine.undo != theirs.undo, "how it is taken back"),
        (mine.runbook != theirs.runbook, "runbook"),
        (mine.report_as != theirs.report_as, "reporting field"),
        (mine.manual != theirs.manual, "work by hand"),
    ];
    let said: Vec<&str> = parts
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect();
    format!("They have another {}", said.join(", "))
}

#[cfg(test)]
mod tests {
    use domain::flow::{DONE, Edit, Flow, Place};
    use uuid::Uuid;

    use super::*;

    fn base() -> Draft {
        let empty: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
        ["Three", "Two", "One"].iter().fold(empty, |draft, title| {
            draft
                .apply(&Edit::Add {
                    kind: "human_task".into(),
                    title: (*title).into(),
                    place: Place::Start,
                })
                .unwrap()
        })
    }

    fn titled(draft: &Draft, key: &str, title: &str) -> Draft {
        let mut sketch = draft.step(key).unwrap().clone();
        sketch.title = title.into();
        draft
            .apply(&Edit::Put {
                step: key.into(),
                sketch: Box::new(sketch),
            })
            .unwrap()
    }

    #[test]
    fn changes_to_different_steps_are_both_kept() {
        let base = base();
        let (mine, theirs) = (titled(&base, "one", "Mine"), titled(&base, "two", "Theirs"));
        let merged = merge(&base, &mine, &theirs, false);
        assert!(merged.clashes.is_empty());
        assert_eq!(merged.taken, ["Theirs"]);
        assert_eq!(merged.draft.step("one").unwrap().title, "Mine");
        assert_eq!(merged.draft.step("two").unwrap().title, "Theirs");
    }

    #[test]
    fn nobody_is_overwritten_unasked() {
        let base = base();
        let (mine, theirs) = (titled(&base, "one", "Mine"), titled(&base, "one", "Theirs"));
        let merged = merge(&base, &mine, &theirs, false);
        assert_eq!(merged.clashes.len(), 1);
        assert_eq!(merged.clashes[0].theirs, "They have another title");
        assert_eq!(merged.draft.step("one").unwrap().title, "Mine");
        let taken = with_theirs(&merged.draft, &theirs, "one");
        assert_eq!(taken.step("one").unwrap().title, "Theirs");
    }

    #[test]
    fn what_is_older_than_theirs_is_asked_about_even_where_they_have_what_it_began_with() {
        let base = base();
        let mine = titled(&base, "one", "Mine");
        // mine was saved, and somebody put it back since
        let theirs = titled(&base, "two", "Theirs");
        let merged = merge(&base, &mine, &theirs, true);
        let asked: Vec<&str> = merged
            .clashes
            .iter()
            .map(|clash| clash.key.as_str())
            .collect();
        assert_eq!(asked, ["one"]);
        assert_eq!(merged.taken, ["Theirs"]);
        let told = Draft {
            outcome: "mine".into(),
            ..base.clone()
        };
        assert_eq!(merge(&base, &told, &base, true).clashes[0].key, "");
        assert!(merge(&base, &told, &base, false).clashes.is_empty());
    }

    #[test]
    fn what_they_removed_is_gone_and_leaves_nothing_hanging() {
        let base = base();
        let theirs = base.apply(&Edit::Remove { step: "two".into() }).unwrap();
        let mine = titled(&base, "three", "Mine");
        let merged = merge(&base, &mine, &theirs, false);
        assert!(merged.draft.step("two").is_none());
        assert_eq!(merged.draft.step("one").unwrap().exit(DONE), ["three"]);
        // I changed it, they removed it: I am asked
        let mine = titled(&base, "two", "Mine");
        let merged = merge(&base, &mine, &theirs, false);
        assert_eq!(merged.clashes[0].theirs, "They removed it");
        assert!(merged.draft.step("two").is_some());
    }
}
