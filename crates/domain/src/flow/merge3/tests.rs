//! What is kept, what is taken, and what is listed.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    flow::{Clock, DONE, Flow, Path, StepKind},
    owner::Party,
};

fn who(role: &str) -> Option<Owner> {
    Some(Owner::role(Party::Agency, role))
}

fn step(key: &str) -> DraftStep {
    Step::new(
        key,
        &key.to_uppercase(),
        (who("logistics"), who("operations")),
        StepKind::HumanTask {
            instruction: "Do it".to_owned(),
            fields: Vec::new(),
        },
    )
}

fn flow(keys: &[&str]) -> Draft {
    Flow {
        steps: keys.iter().map(|key| step(key)).collect(),
        ..Flow::named(Uuid::nil(), Uuid::nil(), "returns", "Returns")
    }
    .in_a_row()
}

fn base() -> Draft {
    flow(&["pack", "hand", "check"])
}

fn with(change: impl Fn(&mut Draft)) -> Draft {
    let mut draft = base();
    change(&mut draft);
    draft
}

fn merged(theirs: &Draft, ours: &Draft) -> Merged {
    merge(Some(&base()), theirs, ours, &Take::default())
}

fn places(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|one| one.at.as_str()).collect()
}

#[test]
fn what_only_one_side_changed_is_that_sides() {
    let theirs = with(|it| it.steps[0].backup = who("finance"));
    let ours = with(|it| {
        it.steps[0].clock = Clock {
            accept_ms: 1,
            resolve_ms: 2,
            calendar: None,
        };
        it.outcome = "returned".to_owned();
    });
    let Merged {
        draft,
        changes,
        loose,
    } = merged(&theirs, &ours);
    assert_eq!(draft.steps[0].backup, who("finance"), "the override stays");
    assert_eq!(draft.steps[0].clock.resolve_ms, 2);
    assert_eq!(draft.outcome, "returned");
    assert_eq!(
        places(&changes),
        ["outcome", "steps/pack/backup", "steps/pack/clock"]
    );
    let overrides: Vec<&Change> = changes.iter().filter(|one| one.is_override()).collect();
    assert_eq!(overrides.len(), 1);
    assert_eq!(
        (overrides[0].step(), overrides[0].field()),
        (Some("pack"), Some("backup"))
    );
    assert!(!changes.iter().any(Change::is_conflict) && loose.is_empty());
}

#[test]
fn where_both_changed_it_the_merchants_stands_unless_it_is_said() {
    let theirs = with(|it| it.steps[1].owner = who("finance"));
    let ours = with(|it| it.steps[1].owner = who("merchandising"));
    let kept = merged(&theirs, &ours);
    assert_eq!(kept.draft.steps[1].owner, who("finance"));
    let conflict = kept.conflicts().next().unwrap();
    assert!(conflict.kept && conflict.at == "steps/hand/owner");
    for place in ["steps/hand/owner", "steps/hand"] {
        let take = Take {
            places: [place.to_owned()].into(),
            everything: false,
        };
        let taken = merge(Some(&base()), &theirs, &ours, &take);
        assert_eq!(taken.draft.steps[1].owner, who("merchandising"), "{place}");
        assert!(taken.conflicts().all(|one| !one.kept));
    }
    let elsewhere = Take {
        places: ["steps/pack".to_owned(), "steps/hand/backup".to_owned()].into(),
        everything: false,
    };
    let kept = merge(Some(&base()), &theirs, &ours, &elsewhere);
    assert_eq!(kept.draft.steps[1].owner, who("finance"));
}

#[test]
fn a_step_of_the_merchants_own_stays_in_its_place() {
    let mut theirs = flow(&["pack", "weigh", "hand", "check"]);
    theirs.steps[2].owner = who("finance");
    let ours = flow(&["pack", "hand", "check", "thank"]);
    let Merged { draft, loose, .. } = merged(&theirs, &ours);
    let keys: Vec<&str> = draft.steps.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["pack", "weigh", "hand", "check", "thank"]);
    assert_eq!(draft.steps[0].exit(DONE), ["weigh"]);
    assert_eq!(draft.steps[3].exit(DONE), ["thank"]);
    assert!(loose.is_empty());
}

#[test]
fn a_step_that_one_took_out_and_the_other_changed_is_a_conflict() {
    let theirs = with(|it| it.steps[2].owner = who("finance"));
    let ours = flow(&["pack", "hand"]);
    let kept = merged(&theirs, &ours);
    assert!(kept.draft.step("check").is_some());
    assert!(kept.conflicts().any(|one| one.at == "steps/check"));
    let other = merged(&ours, &theirs);
    assert!(
        other.draft.step("check").is_none(),
        "the merchant took it out"
    );
    assert!(other.conflicts().any(|one| one.at == "steps/check"));
    let all = Take {
        everything: true,
        ..Take::default()
    };
    let taken = merge(Some(&base()), &theirs, &ours, &all);
    assert!(says_the_same(&taken.draft, &ours));
}

#[test]
fn what_leads_to_a_step_that_went_is_listed() {
    // the merchant leads from its first step to the last, which the template takes out
    let theirs = with(|it| it.steps[0].exits[0].to = vec!["check".to_owned()]);
    let ours = flow(&["pack", "hand"]);
    let Merged { loose, .. } = merged(&theirs, &ours);
    assert_eq!(loose, [("pack".to_owned(), "check".to_owned())]);
}

#[test]
fn without_a_version_in_common_every_difference_is_both_sides() {
    let theirs = with(|it| it.steps[0].title = "Wrap".to_owned());
    let Merged { draft, changes, .. } = merge(None, &theirs, &base(), &Take::default());
    assert!(says_the_same(&draft, &theirs));
    assert_eq!(places(&changes), ["steps/pack/title"]);
    assert!(changes[0].is_conflict());
}

#[test]
fn each_side_is_told_in_words() {
    let theirs = with(|it| {
        it.steps[1].owner = who("finance");
        it.steps[0].exits[0].to = vec!["check".to_owned()];
    });
    let mut ours = flow(&["pack", "hand", "check", "thank"]);
    ours.steps[1].owner = who("merchandising");
    let Merged { changes, .. } = merged(&theirs, &ours);
    let base = base();
    let said: Vec<_> = changes
        .iter()
        .map(|one| words((Some(&base), &theirs, &ours), one, &Owner::title))
        .collect();
    let text = |words: &str| Some(words.to_owned());
    assert_eq!(
        said,
        [
            (text("it led to HAND, and leads now to CHECK"), None),
            (
                text("owner was Logistics, is now Finance"),
                text("owner was Logistics, is now Merchandising")
            ),
            (None, text("it led to the end, and leads now to thank")),
            (
                None,
                text("THANK is new: a person’s task, answered for by Logistics")
            ),
        ]
    );
    let alone = merge(None, &theirs, &base, &Take::default());
    let owner = &alone.changes[1];
    let (here, there) = words((None, &theirs, &base), owner, &Owner::title);
    assert_eq!(here, text("owner was Logistics, is now Finance"));
    assert_eq!(there, None);
}

/// One edit, chosen by three numbers.
fn edited(mut draft: Draft, (what, which, value): (u8, usize, u8)) -> Draft {
    let keys: Vec<String> = draft.steps.iter().map(|one| one.key.clone()).collect();
    let index = which % keys.len().max(1);
    let other = keys.get(usize::from(value) % keys.len().max(1)).cloned();
    let Some(step) = draft.steps.get_mut(index) else {
        return draft;
    };
    match what % 9 {
        0 => step.owner = who(["finance", "engineering", "operations"][usize::from(value % 3)]),
        1 => step.clock.resolve_ms = i64::from(value),
        2 => step.title = format!("Title {}", value % 4),
        3 => step.exits[0].to = other.into_iter().collect(),
        4 => {
            step.failures.retain(|one| one.on != "late");
            let path = other.map_or(Path::Undo, |to| Path::Go { to });
            step.failures.push(Failure {
                on: "late".to_owned(),
                retries: u32::from(value),
                retry_after_ms: 0,
                path,
            });
        }
        5 => {
            draft.steps.remove(index);
        }
        6 => {
            let key = format!("new_{}", value % 3);
            if !keys.contains(&key) {
                let mut new = self::step(&key);
                new.exits = step.exits.clone();
                step.exits[0].to = vec![key];
                draft.steps.insert(index + 1, new);
            }
        }
        7 => draft.outcome = format!("outcome {}", value % 3),
        _ => draft.start = other.into_iter().collect(),
    }
    draft
}

fn edits() -> impl Strategy<Value = Draft> {
    prop::collection::vec((any::<u8>(), 0..6_usize, any::<u8>()), 0..6)
        .prop_map(|list| list.into_iter().fold(base(), edited))
}

proptest! {
    #[test]
    fn whoever_changed_nothing_gets_the_others(x in edits()) {
        let base = base();
        let none = Take::default();
        prop_assert!(says_the_same(&merge(Some(&base), &base, &x, &none).draft, &x));
        prop_assert!(says_the_same(&merge(Some(&base), &x, &base, &none).draft, &x));
    }

    #[test]
    fn the_same_edit_on_both_sides_is_no_conflict(x in edits()) {
        let both = merge(Some(&base()), &x, &x, &Take::default());
        prop_assert!(both.changes.is_empty());
        prop_assert!(says_the_same(&both.draft, &x));
    }

    #[test]
    fn overrides_are_kept_and_whoever_takes_all_has_the_template(theirs in edits(), ours in edits()) {
        let base = base();
        let kept = merge(Some(&base), &theirs, &ours, &Take::default());
        for change in &kept.changes {
            prop_assert_eq!(change.kept, change.by_merchant, "{}", change.at);
        }
        // what both still have is the merchant's wherever the merchant changed it, and never a third thing
        for step in &kept.draft.steps {
            let (was, is, next) = (base.step(&step.key), theirs.step(&step.key), ours.step(&step.key));
            if let (Some(was), Some(is), Some(next)) = (was, is, next) {
                let expected = if is.owner == was.owner { &next.owner } else { &is.owner };
                prop_assert_eq!(&step.owner, expected);
                let expected = if is.exits == was.exits { &next.exits } else { &is.exits };
                prop_assert_eq!(&step.exits, expected);
            }
        }
        let all = Take { everything: true, ..Take::default() };
        let taken = merge(Some(&base), &theirs, &ours, &all).draft;
        let by_key = |draft: &Draft| {
            let mut draft = draft.clone();
            draft.steps.sort_by(|a, b| a.key.cmp(&b.key));
            for step in &mut draft.steps {
                step.failures.sort_by(|a, b| a.on.cmp(&b.on));
            }
            draft
        };
        prop_assert!(says_the_same(&by_key(&taken), &by_key(&ours)));
    }

    #[test]
    fn what_comes_out_holds_together_or_says_where_not(theirs in edits(), ours in edits()) {
        let out = merge(Some(&base()), &theirs, &ours, &Take::default());
        let keys: Vec<&str> = out.draft.steps.iter().map(|one| one.key.as_str()).collect();
        let mut once = keys.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), keys.len());
        for step in &out.draft.steps {
            prop_assert_eq!(step.exits.len(), 1);
            for to in step.leads_to() {
                let is_listed = out.loose.contains(&(step.key.clone(), to.to_owned()));
                prop_assert!(keys.contains(&to) != is_listed);
            }
        }
    }
}
