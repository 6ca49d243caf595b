//! What is different between two versions of a flow, in words and as marks for the map.
//!
//! Steps are told apart by their keys, which stay the same over versions. A step whose key changed reads as
//! one that went and one that came.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Checkpoint, Clock, Condition, DONE, Draft, Exit, Fact, Failure, Field, Path, Step, StepKind,
    Trigger, Undo, Until, fact, readiness::span,
};
use crate::owner::Owner;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Added,
    Removed,
    Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Steps,
    Trigger,
    Settings,
}

impl Group {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Steps => "Steps",
            Self::Trigger => "Trigger",
            Self::Settings => "Settings",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub group: Group,
    /// The step's key.
    pub step: Option<String>,
    pub mark: Mark,
    /// "Hand to 3PL: backup was Operations, is now Finance".
    pub sentence: String,
}

/// How a person or role is called.
pub type Names<'a> = &'a dyn Fn(&Owner) -> String;

/// Everything that leads from one version to another, in the order of the newer one; what went stands last.
pub fn diff(from: &Draft, to: &Draft, names: Names<'_>) -> Vec<Difference> {
    let mut list = Vec::new();
    for step in &to.steps {
        match from.step(&step.key) {
            None => list.push(about(step, Mark::Added, added(step, names))),
            Some(before) => {
                let words = Words {
                    from,
                    to,
                    names,
                    facts: (&fact::of_flow(from), &fact::of_flow(to)),
                };
                for sentence in words.step(before, step) {
                    let sentence = format!("{}: {sentence}", title(step));
                    list.push(about(step, Mark::Changed, sentence));
                }
            }
        }
    }
    for step in from
        .steps
        .iter()
        .filter(|step| to.step(&step.key).is_none())
    {
        list.push(about(
            step,
            Mark::Removed,
            format!("{} was taken out", title(step)),
        ));
    }
    let mut say = |group, sentence: String| {
        list.push(Difference {
            group,
            step: None,
            mark: Mark::Changed,
            sentence,
        });
    };
    if from.trigger != to.trigger {
        let (was, is) = (starts(from), starts(to));
        say(
            Group::Trigger,
            if was == is {
                "The form that starts it asks differently".to_owned()
            } else {
                format!("It started {was}, and starts now {is}")
            },
        );
    }
    if from.start != to.start {
        say(
            Group::Trigger,
            format!(
                "It began with {}, and begins now with {}",
                listed(from, &from.start),
                listed(to, &to.start)
            ),
        );
    }
    if from.name != to.name {
        say(
            Group::Settings,
            format!(
                "It was called “{}”, and is now called “{}”",
                from.name, to.name
            ),
        );
    }
    if from.summary != to.summary {
        say(
            Group::Settings,
            "What it is for is told in other words".to_owned(),
        );
    }
    if from.outcome != to.outcome {
        say(
            Group::Settings,
            format!(
                "A finished run was called “{}”, and is now called “{}”",
                from.outcome, to.outcome
            ),
        );
    }
    list
}

/// What is different about one step that both have, without its title before it.
pub fn of_step(from: &Draft, to: &Draft, key: &str, names: Names<'_>) -> Vec<String> {
    let (Some(was), Some(is)) = (from.step(key), to.step(key)) else {
        return Vec::new();
    };
    let words = Words {
        from,
        to,
        names,
        facts: (&fact::of_flow(from), &fact::of_flow(to)),
    };
    words.step(was, is)
}

/// For the map: what became of each step. One that went has a mark, too.
pub fn marks(differences: &[Difference]) -> BTreeMap<String, Mark> {
    differences
        .iter()
        .filter_map(|one| Some((one.step.clone()?, one.mark)))
        .collect()
}

fn about(step: &Step<Option<Owner>>, mark: Mark, sentence: String) -> Difference {
    Difference {
        group: Group::Steps,
        step: Some(step.key.clone()),
        mark,
        sentence,
    }
}

fn title(step: &Step<Option<Owner>>) -> String {
    if step.title.trim().is_empty() {
        step.key.clone()
    } else {
        step.title.clone()
    }
}

fn added(step: &Step<Option<Owner>>, names: Names<'_>) -> String {
    let what = what(&step.kind);
    match &step.owner {
        Some(owner) => format!(
            "{} is new: {what}, answered for by {}",
            title(step),
            names(owner)
        ),
        None => format!("{} is new: {what}", title(step)),
    }
}

/// What a step does, as part of a sentence.
fn what(kind: &StepKind) -> String {
    match kind {
        StepKind::EmitExport { export_type, until } => {
            let end = match until {
                Until::Acknowledged => "taken",
                Until::Completed => "done",
            };
            format!("makes {export_type} and waits until it is {end}")
        }
        StepKind::WaitForEvent { event } => format!("waits for {event}"),
        StepKind::Decide { branches, .. } => {
            let labels: Vec<&str> = branches.iter().map(|one| one.label.as_str()).collect();
            format!("decides between {}", labels.join(", "))
        }
        StepKind::HumanTask { .. } => "a person’s task".to_owned(),
        StepKind::Notify { .. } => "tells somebody".to_owned(),
        StepKind::Compensate { .. } => "takes back what was done".to_owned(),
        StepKind::SubFlow { flow } => format!("runs the flow {flow}"),
    }
}

fn starts(flow: &Draft) -> String {
    let when = |when: &Condition| match when {
        Condition::Always => String::new(),
        other => format!(", if {}", other.words(&fact::of_trigger(&flow.trigger))),
    };
    match &flow.trigger {
        Trigger::Order { event, when: one } => format!("by itself, on {event}{}", when(one)),
        Trigger::Campaign => "by hand, with a campaign brief".to_owned(),
        Trigger::Form { noun, .. } => format!("by hand, with a form about one {noun}"),
        Trigger::Manual => "by hand, for an order".to_owned(),
        Trigger::SubFlow => "from other flows".to_owned(),
    }
}

fn listed(flow: &Draft, keys: &[String]) -> String {
    if keys.is_empty() {
        return "nothing".to_owned();
    }
    let titles: Vec<String> = keys
        .iter()
        .map(|key| flow.step(key).map_or_else(|| key.clone(), title))
        .collect();
    titles.join(" and ")
}

struct Words<'a> {
    from: &'a Draft,
    to: &'a Draft,
    names: Names<'a>,
    facts: (&'a [Fact], &'a [Fact]),
}

impl Words<'_> {
    fn step(&self, was: &Step<Option<Owner>>, is: &Step<Option<Owner>>) -> Vec<String> {
        let mut said = Vec::new();
        let mut compare = |what: &str, was: String, is: String| {
            if was != is {
                said.push(format!("{what} was {was}, is now {is}"));
            }
        };
        compare("title", quoted(&was.title), quoted(&is.title));
        compare(
            "owner",
            self.who(was.owner.as_ref()),
            self.who(is.owner.as_ref()),
        );
        compare(
            "backup",
            self.who(was.backup.as_ref()),
            self.who(is.backup.as_ref()),
        );
        compare("watchers", self.all(&was.watchers), self.all(&is.watchers));
        compare(
            "source system",
            system(&was.source_system),
            system(&is.source_system),
        );
        compare(
            "destination system",
            system(&was.destination_system),
            system(&is.destination_system),
        );
        compare("SLA", clock(&was.clock), clock(&is.clock));
        compare(
            "QA checkpoint",
            checkpoint(was.checkpoint.as_ref(), self.facts.0),
            checkpoint(is.checkpoint.as_ref(), self.facts.1),
        );
        compare(
            "undoing it",
            undo(was.undo.as_ref()),
            undo(is.undo.as_ref()),
        );
        compare(
            "name in reports",
            quoted(&was.report_as),
            quoted(&is.report_as),
        );
        self.kind(&was.kind, &is.kind, &mut said);
        self.exits(was, is, &mut said);
        self.failures(was, is, &mut said);
        if was.runbook != is.runbook {
            said.push(match (was.runbook.is_empty(), is.runbook.is_empty()) {
                (true, _) => "it has a runbook now".to_owned(),
                (_, true) => "its runbook was taken out".to_owned(),
                _ => "its runbook is another".to_owned(),
            });
        }
        if was.manual != is.manual {
            said.push("what it costs by hand is another".to_owned());
        }
        said
    }

    fn who(&self, owner: Option<&Owner>) -> String {
        owner.map_or_else(|| "nobody".to_owned(), self.names)
    }

    fn all(&self, owners: &[Owner]) -> String {
        if owners.is_empty() {
            return "nobody".to_owned();
        }
        let names: Vec<String> = owners.iter().map(self.names).collect();
        names.join(", ")
    }

    fn kind(&self, was: &StepKind, is: &StepKind, said: &mut Vec<String>) {
        if was == is {
            return;
        }
        match (was, is) {
            (
                StepKind::Decide {
                    branches: old,
                    otherwise: old_else,
                },
                StepKind::Decide {
                    branches: new,
                    otherwise: new_else,
                },
            ) => {
                for branch in new {
                    let before = old.iter().find(|one| one.key == branch.key);
                    let is = branch.when.words(self.facts.1);
                    match before {
                        None => said.push(format!("the branch “{}” is new: {is}", branch.label)),
                        Some(before) => {
                            let was = before.when.words(self.facts.0);
                            if was != is {
                                said.push(format!(
                                    "“{}” was taken if {was}, and is now taken if {is}",
                                    branch.label
                                ));
                            }
                            if before.label != branch.label {
                                said.push(format!(
                                    "the branch “{}” is now called “{}”",
                                    before.label, branch.label
                                ));
                            }
                        }
                    }
                }
                for branch in old
                    .iter()
                    .filter(|one| !new.iter().any(|other| other.key == one.key))
                {
                    said.push(format!("the branch “{}” was taken out", branch.label));
                }
                let order = |list: &[super::Branch]| {
                    let keys: Vec<String> = list.iter().map(|one| one.key.clone()).collect();
                    keys
                };
                let (mut a, mut b) = (order(old), order(new));
                let same_order = a == b;
                a.sort();
                b.sort();
                if !same_order && a == b {
                    said.push("its branches are asked in another order".to_owned());
                }
                match (old_else, new_else) {
                    (false, true) => said.push("it has an “else” now".to_owned()),
                    (true, false) => said.push("its “else” was taken out".to_owned()),
                    _ => {}
                }
            }
            (
                StepKind::HumanTask {
                    instruction: old,
                    fields: asked,
                },
                StepKind::HumanTask {
                    instruction: new,
                    fields: asks,
                },
            ) => {
                if old != new {
                    said.push("what to do is told in other words".to_owned());
                }
                fields(asked, asks, said);
            }
            (
                StepKind::Notify {
                    to: old,
                    message: told,
                },
                StepKind::Notify {
                    to: new,
                    message: tells,
                },
            ) => {
                if old != new {
                    said.push(format!(
                        "it told {}, and tells now {}",
                        self.all(old),
                        self.all(new)
                    ));
                }
                if told != tells {
                    said.push("its message is another".to_owned());
                }
            }
            _ => said.push(format!(
                "it was a step that {}, and now {}",
                verb(was),
                verb(is)
            )),
        }
    }

    fn exits(&self, was: &Step<Option<Owner>>, is: &Step<Option<Owner>>, said: &mut Vec<String>) {
        for exit in &is.exits {
            let before: Option<&Exit> = was.exits.iter().find(|one| one.on == exit.on);
            let now = leads(self.to, &exit.to);
            match before {
                Some(before) if before.to != exit.to => {
                    let old = leads(self.from, &before.to);
                    said.push(if exit.on == DONE {
                        format!("it led to {old}, and leads now to {now}")
                    } else {
                        format!("on “{}” it led to {old}, and leads now to {now}", exit.on)
                    });
                }
                None if exit.on != DONE => said.push(format!("on “{}” it leads to {now}", exit.on)),
                _ => {}
            }
        }
    }

    fn failures(
        &self,
        was: &Step<Option<Owner>>,
        is: &Step<Option<Owner>>,
        said: &mut Vec<String>,
    ) {
        for failure in &is.failures {
            let now = self.path(failure, self.to);
            match was.failure(&failure.on) {
                None => said.push(format!("when it is “{}”: {now}", failure.on)),
                Some(before) if before != failure => {
                    let old = self.path(before, self.from);
                    said.push(if old == now {
                        format!(
                            "when it is “{}”: what to do is told in other words",
                            failure.on
                        )
                    } else {
                        format!("when it is “{}”: was {old}, is now {now}", failure.on)
                    });
                }
                Some(_) => {}
            }
        }
        for failure in was
            .failures
            .iter()
            .filter(|one| is.failure(&one.on).is_none())
        {
            said.push(format!("nothing is said any more about “{}”", failure.on));
        }
    }

    fn path(&self, failure: &Failure, flow: &Draft) -> String {
        let retries = match failure.retries {
            0 => String::new(),
            n => format!("{n} retries, every {}, then ", span(failure.retry_after_ms)),
        };
        let then = match &failure.path {
            Path::Task {
                owner, severity, ..
            } => {
                let to = owner
                    .as_ref()
                    .map_or_else(|| "its owner".to_owned(), self.names);
                let severity = format!("{severity:?}").to_lowercase();
                format!("a task ({severity}) for {to}")
            }
            Path::Go { to } => format!("on to {}", listed(flow, std::slice::from_ref(to))),
            Path::Undo => "undoing what was done".to_owned(),
        };
        format!("{retries}{then}")
    }
}

fn fields(was: &[Field], is: &[Field], said: &mut Vec<String>) {
    for field in is {
        match was.iter().find(|one| one.key == field.key) {
            None => said.push(format!("it asks “{}” now", field.label)),
            Some(before) if before != field => {
                said.push(format!("the question “{}” is another", field.label));
            }
            Some(_) => {}
        }
    }
    for field in was
        .iter()
        .filter(|one| !is.iter().any(|other| other.key == one.key))
    {
        said.push(format!("it does not ask “{}” any more", field.label));
    }
}

fn verb(kind: &StepKind) -> String {
    match kind {
        StepKind::HumanTask { .. } => "is a person’s task".to_owned(),
        other => what(other),
    }
}

fn leads(flow: &Draft, to: &[String]) -> String {
    if to.is_empty() {
        "the end".to_owned()
    } else {
        listed(flow, to)
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() {
        "empty".to_owned()
    } else {
        format!("“{text}”")
    }
}

fn system(name: &str) -> String {
    if name.is_empty() {
        "none".to_owned()
    } else {
        name.to_owned()
    }
}

fn clock(clock: &Clock) -> String {
    if clock.accept_ms <= 0 && clock.resolve_ms <= 0 {
        return "none".to_owned();
    }
    let by = clock
        .calendar
        .as_ref()
        .map_or_else(String::new, |key| format!(" of working time ({key})"));
    format!(
        "{} to take, {} to do{by}",
        span(clock.accept_ms),
        span(clock.resolve_ms)
    )
}

fn checkpoint(one: Option<&Checkpoint>, facts: &[Fact]) -> String {
    one.map_or_else(
        || "none".to_owned(),
        |one| format!("“{}” ({})", one.what, one.when.words(facts)),
    )
}

fn undo(one: Option<&Undo>) -> String {
    match one {
        None => "not possible".to_owned(),
        Some(Undo::Export { export_type }) => format!("by {export_type}"),
        Some(Undo::Task { instruction }) => format!("a task (“{instruction}”)"),
    }
}
