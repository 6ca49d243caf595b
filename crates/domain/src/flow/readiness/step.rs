//! What is within one step: names, clocks, checkpoint, what happens when it fails, how it is taken back.

use super::{At, List, checked_by, is_key, span, systems};
use crate::flow::{
    Branch, Condition, ELSE, Field, FieldKind, Path, StepKind, Undo, Until, eval, fact, graph,
};

/// Words that facts begin with.
const RESERVED: [&str; 4] = ["input", "order", "campaign", "case"];
/// Longest title.
const LONGEST: usize = 120;
/// Most retries of one failure.
const MOST_RETRIES: u32 = 20;

pub(super) fn of_step(at: &At<'_>, list: &mut List) {
    names(at, list);
    clock(at, list);
    checkpoint(at, list);
    failures(at, list);
    undo(at, list);
    match &at.step.kind {
        StepKind::Decide {
            branches,
            otherwise,
        } => decide(at, branches, *otherwise, list),
        StepKind::HumanTask {
            instruction,
            fields,
        } => {
            if instruction.trim().is_empty() {
                list.step(
                    at,
                    ("instruction", "instruction"),
                    format!("{} does not say what to do.", at.name()),
                    "Write one sentence for whoever gets it.",
                );
            }
            for (n, sentence) in form_faults(fields) {
                list.step(
                    at,
                    ("fields", &format!("fields/{n}")),
                    format!("{}: {sentence}", at.name()),
                    "Change the question.",
                );
            }
        }
        StepKind::Notify { to, message } => {
            if to.is_empty() {
                list.step(
                    at,
                    ("to", "to"),
                    format!("{} tells nobody.", at.name()),
                    "Name who is told.",
                );
            }
            if message.trim().is_empty() {
                list.step(
                    at,
                    ("message", "message"),
                    format!("{} says nothing.", at.name()),
                    "Write what they are told.",
                );
            }
        }
        StepKind::Compensate { back_to } => compensate(at, back_to.as_deref(), list),
        StepKind::EmitExport { .. } | StepKind::WaitForEvent { .. } | StepKind::SubFlow { .. } => {}
    }
    if let Some(manual) = &at.step.manual
        && (manual.minutes_each == 0 || manual.times_a_week == 0)
    {
        list.step(
            at,
            ("manual", "manual"),
            format!("{} costs no time by hand.", at.name()),
            "Say how many minutes it takes and how often a week, or that nobody does it by hand.",
        );
    }
}

fn names(at: &At<'_>, list: &mut List) {
    let step = at.step;
    let same = |key: &str| {
        at.draft
            .steps
            .iter()
            .take(at.index)
            .any(|other| other.key == key)
    };
    if !is_key(&step.key) {
        list.step(
            at,
            ("key", "key"),
            format!(
                "{} has a key that cannot be used: “{}”.",
                at.name(),
                step.key
            ),
            "Small letters, digits and underscores, beginning with a letter, at most 60.",
        );
    } else if RESERVED.contains(&step.key.as_str()) {
        list.step(
            at,
            ("key", "key"),
            format!(
                "{} has the key “{}”, which facts begin with.",
                at.name(),
                step.key
            ),
            "Choose another key.",
        );
    } else if same(&step.key) {
        list.step(
            at,
            ("key", "key"),
            format!("Two steps have the key “{}”.", step.key),
            "Give each step a key of its own.",
        );
    }
    let letters = step.title.trim().chars().count();
    if letters == 0 || letters > LONGEST {
        list.step(
            at,
            ("title", "title"),
            format!("Step {} has no title that can be read.", at.index + 1),
            "Write one of at most 120 characters.",
        );
    }
    let report = step.report_as.as_str();
    if report.is_empty() {
        list.step(
            at,
            ("report_as", "report_as"),
            format!("{} has no name in reports.", at.name()),
            "Write one, such as handover_time.",
        );
    } else if !is_key(report) {
        list.step(
            at,
            ("report_as", "report_as"),
            format!(
                "{} has a name in reports that cannot be used: “{report}”.",
                at.name()
            ),
            "Small letters, digits and underscores, beginning with a letter, at most 60.",
        );
    } else if let Some(other) = at
        .draft
        .steps
        .iter()
        .take(at.index)
        .find(|other| other.report_as == report)
    {
        list.step(
            at,
            ("report_as", "report_as"),
            format!(
                "{} and “{}” have the same name in reports.",
                at.name(),
                other.title
            ),
            "Give each step a name of its own.",
        );
    }
}

fn clock(at: &At<'_>, list: &mut List) {
    let clock = &at.step.clock;
    let place = ("clock", "clock");
    if clock.accept_ms <= 0 || clock.resolve_ms <= 0 {
        list.step(
            at,
            place,
            format!("{} has no SLA.", at.name()),
            "Say by when somebody takes it and by when it is done.",
        );
        return;
    }
    if clock.accept_ms > clock.resolve_ms {
        list.step(
            at,
            place,
            format!(
                "{} may be taken after {}, but has to be done after {}.",
                at.name(),
                span(clock.accept_ms),
                span(clock.resolve_ms)
            ),
            "Give less time for taking it than for doing it.",
        );
    }
    if let Some(key) = &clock.calendar {
        if !at.around.calendars.iter().any(|one| one.key == *key) {
            list.step(
                at,
                ("clock", "clock/calendar"),
                format!(
                    "{} counts by a calendar that is not there: “{key}”.",
                    at.name()
                ),
                "Choose one that there is, or the clock on the wall.",
            );
        }
        return; // working time and the contract's clock cannot be compared
    }
    let StepKind::EmitExport { export_type, until } = &at.step.kind else {
        return;
    };
    let Some(contract) = at.around.contract(export_type) else {
        return;
    };
    let fix = format!(
        "The contract gives {} to be taken and {} to be done.",
        span(contract.accept_ms),
        span(contract.resolve_ms)
    );
    let said = span(clock.resolve_ms);
    if clock.resolve_ms > contract.resolve_ms {
        list.step(
            at,
            place,
            format!("{} allows {said}, more than its contract.", at.name()),
            fix,
        );
    } else if *until == Until::Completed && clock.resolve_ms < contract.resolve_ms {
        list.step(
            at,
            place,
            format!(
                "{} would fail after {said}, while its contract still gives time.",
                at.name()
            ),
            fix,
        );
    } else if *until == Until::Acknowledged && clock.resolve_ms < contract.accept_ms {
        list.step(
            at,
            place,
            format!(
                "{} would fail after {said}, while its contract still waits to be taken.",
                at.name()
            ),
            fix,
        );
    }
}

fn checkpoint(at: &At<'_>, list: &mut List) {
    let Some(checkpoint) = &at.step.checkpoint else {
        if checked_by(&at.step.kind).is_none() {
            list.step(
                at,
                ("checkpoint", "checkpoint"),
                format!("{} has no QA checkpoint.", at.name()),
                "Say what must be true before it counts as done.",
            );
        }
        return;
    };
    if checkpoint.what.trim().is_empty() {
        list.step(
            at,
            ("checkpoint", "checkpoint/what"),
            format!(
                "The checkpoint of {} does not say what it checks.",
                at.name()
            ),
            "Write it for people: “The tracking number is in the storefront”.",
        );
    }
    if checkpoint.when == Condition::Always {
        list.step(
            at,
            ("checkpoint", "checkpoint/when"),
            format!(
                "The checkpoint of {} always holds; it checks nothing.",
                at.name()
            ),
            "Say which fact has to be what.",
        );
    }
    condition(
        at,
        &checkpoint.when,
        ("checkpoint", "checkpoint/when"),
        list,
    );
}

/// Facts that exist, of the right kind, and that can be known by then.
fn condition(at: &At<'_>, one: &Condition, (field, path): (&str, &str), list: &mut List) {
    for fault in one.faults(at.facts) {
        let deeper = fault.path.replace('.', "/");
        let whole = if deeper.is_empty() {
            path.to_owned()
        } else {
            format!("{path}/{deeper}")
        };
        list.step(
            at,
            (field, &whole),
            format!("{}: {}", at.name(), fault.sentence),
            "Change the condition.",
        );
    }
    for test in one.tests() {
        let Some((from, _)) = test.fact.split_once('.') else {
            continue;
        };
        let asked = at.draft.step(from).is_some();
        let is_own = from == at.step.key && field == "checkpoint";
        if asked && !is_own && !graph::can_reach(at.draft, from, &at.step.key) {
            list.step(
                at,
                (field, path),
                format!(
                    "{} asks for {}, which is answered later or on another way.",
                    at.name(),
                    test.fact
                ),
                "Ask for something that is known by then.",
            );
        }
    }
}

fn failures(at: &At<'_>, list: &mut List) {
    let step = at.step;
    let ways = step.ways_to_fail();
    for way in &ways {
        if step.failure(way).is_none() {
            list.step(
                at,
                (&format!("failures.{way}"), "failures"),
                format!("{} has no exception path for “{way}”.", at.name()),
                "Say what happens then: a task, another step, or undoing what was done.",
            );
        }
    }
    for (n, failure) in step.failures.iter().enumerate() {
        let field = format!("failures.{}", failure.on);
        if !ways.contains(&failure.on.as_str()) {
            list.step(
                at,
                (&field, &format!("failures/{n}/on")),
                format!("{} cannot fail as “{}”.", at.name(), failure.on),
                format!("It can fail as {}.", ways.join(", ")),
            );
        } else if step
            .failures
            .iter()
            .take(n)
            .any(|other| other.on == failure.on)
        {
            list.step(
                at,
                (&field, &format!("failures/{n}/on")),
                format!(
                    "{} has two exception paths for “{}”.",
                    at.name(),
                    failure.on
                ),
                "Keep one of them.",
            );
        }
        if failure.retries > MOST_RETRIES || (failure.retries > 0 && failure.retry_after_ms <= 0) {
            list.step(
                at,
                (&field, &format!("failures/{n}/retries")),
                format!("{} retries in a way that cannot be.", at.name()),
                "At most 20 times, with some time between them.",
            );
        }
        if let Path::Go { to } = &failure.path
            && at.draft.step(to).is_none()
        {
            list.step(
                at,
                (&field, &format!("failures/{n}/to")),
                format!(
                    "{} goes to “{to}” on “{}”, and there is no such step.",
                    at.name(),
                    failure.on
                ),
                "Choose a step that there is.",
            );
        }
    }
}

fn undo(at: &At<'_>, list: &mut List) {
    match &at.step.undo {
        Some(Undo::Export { export_type }) => {
            let place = ("undo", "undo/export_type");
            let has_ended = systems::ends(at, place, export_type, list);
            if !has_ended && at.around.contract(export_type).is_none() {
                list.step(
                    at,
                    place,
                    format!(
                        "{} is undone by {export_type}, which is no published contract.",
                        at.name()
                    ),
                    "Choose one that is, or a task.",
                );
            }
        }
        Some(Undo::Task { instruction }) if instruction.trim().is_empty() => list.step(
            at,
            ("undo", "undo/instruction"),
            format!("{} does not say how it is undone.", at.name()),
            "Write what to do.",
        ),
        _ => {}
    }
    if let StepKind::WaitForEvent { .. } | StepKind::Decide { .. } = at.step.kind
        && at.step.undo.is_some()
    {
        list.step(
            at,
            ("undo", "undo"),
            format!("{} changes nothing that could be undone.", at.name()),
            "Take it out.",
        );
    }
}

fn compensate(at: &At<'_>, back_to: Option<&str>, list: &mut List) {
    let place = ("back_to", "back_to");
    if let Some(key) = back_to {
        if at.draft.step(key).is_none() {
            list.step(
                at,
                place,
                format!(
                    "{} goes back to “{key}”, and there is no such step.",
                    at.name()
                ),
                "Choose a step that there is.",
            );
            return;
        }
        if !graph::can_reach(at.draft, key, &at.step.key) {
            list.step(
                at,
                place,
                format!(
                    "{} goes back to “{key}”, which does not come before it.",
                    at.name()
                ),
                "Choose a step that leads here.",
            );
        }
    }
    let any = at
        .draft
        .steps
        .iter()
        .any(|step| step.undo.is_some() && graph::can_reach(at.draft, &step.key, &at.step.key));
    if !any {
        list.step(
            at,
            place,
            format!(
                "{} takes back nothing: no step before it says how it is undone.",
                at.name()
            ),
            "Say how at one of them.",
        );
    }
}

fn decide(at: &At<'_>, branches: &[Branch], otherwise: bool, list: &mut List) {
    if branches.is_empty() {
        list.step(
            at,
            ("branches", "branches"),
            format!("{} has nothing to decide between.", at.name()),
            "Add a branch.",
        );
        return;
    }
    let mut taken_always = false;
    for (n, branch) in branches.iter().enumerate() {
        let field = format!("branches.{n}");
        let path = format!("branches/{n}");
        let twice = branches.iter().take(n).any(|other| other.key == branch.key);
        if !is_key(&branch.key) || branch.key == ELSE || twice {
            list.step(
                at,
                (&field, &format!("{path}/key")),
                format!(
                    "A branch of {} has a key that cannot be used: “{}”.",
                    at.name(),
                    branch.key
                ),
                "Small letters, digits and underscores; each branch another one, and none “else”.",
            );
        }
        if branch.label.trim().is_empty() {
            list.step(
                at,
                (&field, &format!("{path}/label")),
                format!("A branch of {} has no name.", at.name()),
                "Write what it means.",
            );
        }
        if taken_always {
            list.step(
                at,
                (&field, &path),
                format!(
                    "{}: “{}” is never taken; one before it always holds.",
                    at.name(),
                    branch.label
                ),
                "Move it up, or take it out.",
            );
        }
        taken_always |= branch.when == Condition::Always;
        condition(
            at,
            &branch.when,
            (&format!("branches.{n}.when"), &format!("{path}/when")),
            list,
        );
    }
    if !otherwise && !eval::exhaustive(branches, at.facts) {
        list.step(
            at,
            ("otherwise", "otherwise"),
            format!(
                "{} does not say what happens when no branch holds.",
                at.name()
            ),
            "Add an “else”, or a branch for what is left.",
        );
    }
}

/// What is wrong with a form: the question's place and a sentence.
pub(super) fn form_faults(fields: &[Field]) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for (n, field) in fields.iter().enumerate() {
        if !is_key(&field.key) {
            faults.push((
                n,
                format!("the question’s key “{}” cannot be used.", field.key),
            ));
        } else if fields.iter().take(n).any(|other| other.key == field.key) {
            faults.push((n, format!("two questions have the key “{}”.", field.key)));
        }
        if field.label.trim().is_empty() {
            faults.push((n, "a question asks nothing.".to_owned()));
        }
        if let FieldKind::Choice { options } = &field.kind {
            let mut all = options.clone();
            all.sort();
            all.dedup();
            let bad = options.len() < 2
                || all.len() != options.len()
                || options.iter().any(|one| one.trim().is_empty());
            if bad {
                faults.push((
                    n,
                    format!("“{}” needs two different answers or more.", field.label),
                ));
            }
        }
    }
    faults
}

/// The trigger's own condition.
pub(super) fn trigger_condition(one: &Condition, known: &[fact::Fact], list: &mut List) {
    for fault in one.faults(known) {
        let deeper = fault.path.replace('.', "/");
        let path = if deeper.is_empty() {
            "/trigger/when".to_owned()
        } else {
            format!("/trigger/when/{deeper}")
        };
        list.flow(&path, fault.sentence, "Change the condition.");
    }
}
