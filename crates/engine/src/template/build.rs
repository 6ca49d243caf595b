//! What the templates are drawn with. A step that is finished here has a path for each way in which it can
//! fail: whatever its file does not say goes to its owner as a task.

use domain::{
    contract::Contract,
    event::EventKind,
    flow::{
        Branch, Checkpoint, Condition, DONE, Exit, Failure, Field, FieldKind, Flow, Op, Path, Step,
        StepKind, Test, Trigger, Undo, Until, ways,
    },
    owner::{Owner, Party},
    task::Severity,
};
use serde_json::Value;

use super::{Making, Purpose, Template};

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// The owner's role and the backup's, both of the agency.
pub(super) type Who = (&'static str, &'static str);

pub(super) fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

pub(super) struct Draw(Step);

fn draw(key: &str, title: &str, who: Who, kind: StepKind) -> Draw {
    let mut step = Step::new(key, title, (agency(who.0), agency(who.1)), kind);
    step.report_as = format!("{key}_time");
    step.exits = step
        .kind
        .exits()
        .into_iter()
        .map(|on| Exit {
            on: on.to_owned(),
            to: Vec::new(),
        })
        .collect();
    Draw(step)
}

/// An export that lets the run go on when its destination has taken it.
pub(super) fn export(key: &str, title: &str, who: Who, export_type: &str) -> Draw {
    let kind = StepKind::EmitExport {
        export_type: export_type.to_owned(),
        until: Until::Acknowledged,
    };
    draw(key, title, who, kind).clock(15 * MINUTE, 2 * DAY)
}

/// An export that lets the run go on when its destination has done it.
pub(super) fn export_done(key: &str, title: &str, who: Who, export_type: &str) -> Draw {
    let kind = StepKind::EmitExport {
        export_type: export_type.to_owned(),
        until: Until::Completed,
    };
    draw(key, title, who, kind).clock(15 * MINUTE, 2 * DAY)
}

pub(super) fn human(
    key: &str,
    title: &str,
    who: Who,
    instruction: &str,
    fields: Vec<Field>,
) -> Draw {
    let kind = StepKind::HumanTask {
        instruction: instruction.to_owned(),
        fields,
    };
    draw(key, title, who, kind).clock(2 * HOUR, DAY)
}

pub(super) fn wait(key: &str, title: &str, who: Who, event: EventKind) -> Draw {
    draw(key, title, who, StepKind::WaitForEvent { event }).clock(HOUR, 2 * DAY)
}

/// (key, label, condition) of each branch; what fits none goes to `else`.
pub(super) fn decide(
    key: &str,
    title: &str,
    who: Who,
    branches: Vec<(&str, &str, Condition)>,
) -> Draw {
    let branches = branches
        .into_iter()
        .map(|(key, label, when)| Branch {
            key: key.to_owned(),
            label: label.to_owned(),
            when,
        })
        .collect();
    let kind = StepKind::Decide {
        branches,
        otherwise: true,
    };
    draw(key, title, who, kind).clock(5 * MINUTE, HOUR)
}

pub(super) fn notify(key: &str, title: &str, who: Who, to: &[&str], message: &str) -> Draw {
    let kind = StepKind::Notify {
        to: to.iter().map(|role| agency(role)).collect(),
        message: message.to_owned(),
    };
    draw(key, title, who, kind).clock(5 * MINUTE, HOUR)
}

impl Draw {
    pub fn clock(mut self, accept_ms: i64, resolve_ms: i64) -> Self {
        self.0.clock.accept_ms = accept_ms;
        self.0.clock.resolve_ms = resolve_ms;
        self
    }

    /// The checkpoint.
    pub fn check(mut self, what: &str, when: Condition) -> Self {
        self.0.checkpoint = Some(Checkpoint {
            what: what.to_owned(),
            when,
        });
        self
    }

    /// Where it leads when it is done.
    pub fn to(self, steps: &[&str]) -> Self {
        self.on(DONE, steps)
    }

    pub fn on(mut self, exit: &str, steps: &[&str]) -> Self {
        for one in &mut self.0.exits {
            if one.on == exit {
                one.to = steps.iter().map(|&step| step.to_owned()).collect();
            }
        }
        self
    }

    pub fn fails(self, on: &str, path: Path) -> Self {
        self.retried(on, 0, 0, path)
    }

    pub fn retried(mut self, on: &str, retries: u32, retry_after_ms: i64, path: Path) -> Self {
        self.0.failures.push(Failure {
            on: on.to_owned(),
            retries,
            retry_after_ms,
            path,
        });
        self
    }

    pub fn undone_by(mut self, export_type: &str) -> Self {
        self.0.undo = Some(Undo::Export {
            export_type: export_type.to_owned(),
        });
        self
    }

    pub fn undone_by_hand(mut self, instruction: &str) -> Self {
        self.0.undo = Some(Undo::Task {
            instruction: instruction.to_owned(),
        });
        self
    }

    pub fn watched_by(mut self, roles: &[&str]) -> Self {
        self.0.watchers = roles.iter().map(|role| agency(role)).collect();
        self
    }

    pub fn runbook(mut self, markdown: &str) -> Self {
        markdown.clone_into(&mut self.0.runbook);
        self
    }

    fn finished(mut self) -> Step {
        for way in self.0.ways_to_fail() {
            if self.0.failure(way).is_none() {
                let (severity, steps) = usual(way);
                self.0.failures.push(Failure {
                    on: way.to_owned(),
                    retries: 0,
                    retry_after_ms: 0,
                    path: task(severity, steps),
                });
            }
        }
        self.0
    }
}

/// To the step's own owner.
pub(super) fn task(severity: Severity, remediation: &[&str]) -> Path {
    Path::Task {
        owner: None,
        severity,
        remediation: remediation.iter().map(|&line| line.to_owned()).collect(),
    }
}

pub(super) fn task_for(role: &str, severity: Severity, remediation: &[&str]) -> Path {
    match task(severity, remediation) {
        Path::Task {
            severity,
            remediation,
            ..
        } => Path::Task {
            owner: Some(agency(role)),
            severity,
            remediation,
        },
        other => other,
    }
}

pub(super) fn go(to: &str) -> Path {
    Path::Go { to: to.to_owned() }
}

/// What a person does about it where a template has nothing better to say.
fn usual(way: &str) -> (Severity, &'static [&'static str]) {
    match way {
        ways::DECLINED => (
            Severity::Normal,
            &[
                "Read why it was declined.",
                "Put right what was in the way, then resolve: it is made and asked about anew. Cancel the run if it is not wanted any more.",
            ],
        ),
        ways::EXPIRED => (
            Severity::High,
            &[
                "Find out who can decide, and tell them.",
                "Resolve: it is made and asked about anew.",
            ],
        ),
        ways::REJECTED => (
            Severity::High,
            &[
                "Read what the destination says.",
                "Clear it up with them, then resolve: it is sent anew.",
            ],
        ),
        ways::FAILED => (
            Severity::High,
            &[
                "Look at the last answers: is their system down, or has our address for it changed?",
                "Resolve once they are back: it is tried again.",
            ],
        ),
        ways::LATE => (
            Severity::Normal,
            &[
                "Find out what it waits for, and who can do something about it.",
                "Resolve: the clock starts again.",
            ],
        ),
        ways::UNKNOWN => (
            Severity::Normal,
            &[
                "Read which fact is missing, and add it where it comes from.",
                "Resolve: it is decided again with what is known then.",
            ],
        ),
        ways::UNREACHED => (
            Severity::Low,
            &[
                "Tell them by other means.",
                "Give the role to somebody, then resolve.",
            ],
        ),
        _ => (
            Severity::Normal,
            &[
                "Read what is checked, and look at how it stands.",
                "Put it right, then resolve: it is checked again.",
            ],
        ),
    }
}

fn test(fact: &str, op: Op, value: Value) -> Condition {
    Condition::Test(Test {
        fact: fact.to_owned(),
        op,
        value,
    })
}

pub(super) fn is(fact: &str, value: impl Into<Value>) -> Condition {
    test(fact, Op::Equals, value.into())
}

pub(super) fn is_not(fact: &str, value: impl Into<Value>) -> Condition {
    test(fact, Op::Differs, value.into())
}

pub(super) fn at_least(fact: &str, value: i64) -> Condition {
    test(fact, Op::AtLeast, value.into())
}

/// The order stands: nobody cancelled it meanwhile.
pub(super) fn stands() -> Condition {
    is("order.cancelled", false)
}

fn field(key: &str, label: &str, required: bool, kind: FieldKind) -> Field {
    Field {
        key: key.to_owned(),
        label: label.to_owned(),
        help: String::new(),
        required,
        kind,
    }
}

pub(super) fn text(key: &str, label: &str) -> Field {
    field(key, label, true, FieldKind::Text)
}

pub(super) fn words(key: &str, label: &str) -> Field {
    field(key, label, false, FieldKind::LongText)
}

pub(super) fn number(key: &str, label: &str) -> Field {
    field(key, label, true, FieldKind::Number)
}

pub(super) fn day(key: &str, label: &str) -> Field {
    field(key, label, true, FieldKind::Date)
}

pub(super) fn yes_no(key: &str, label: &str) -> Field {
    field(key, label, true, FieldKind::YesNo)
}

pub(super) fn choice(key: &str, label: &str, options: &[&str]) -> Field {
    let options = options.iter().map(|&one| one.to_owned()).collect();
    field(key, label, true, FieldKind::Choice { options })
}

/// The flow of a template. The systems of its steps follow from what they do: an export goes where its
/// contract says, an event comes from where orders come from, everything else happens here.
pub(super) fn flow(
    making: &Making,
    template: Template,
    trigger: Trigger,
    start: &[&str],
    steps: Vec<Draw>,
) -> Flow {
    let own = || "meshline".to_owned();
    let of_orders = !matches!(trigger, Trigger::Campaign | Trigger::Form { .. });
    let there = |export_type: &str| {
        super::contracts::purpose_of(export_type)
            .and_then(|purpose| making.destinations.get(&purpose))
            .map_or_else(own, |there| there.system.clone())
    };
    let steps = steps
        .into_iter()
        .map(|draw| {
            let mut step = draw.finished();
            let from_source = of_orders
                && matches!(
                    step.kind,
                    StepKind::EmitExport { .. } | StepKind::WaitForEvent { .. }
                );
            step.source_system = if from_source {
                making.source_system.clone()
            } else {
                own()
            };
            step.destination_system = match &step.kind {
                StepKind::EmitExport { export_type, .. } => there(export_type),
                _ => own(),
            };
            step
        })
        .collect();
    Flow {
        summary: template.purpose().to_owned(),
        trigger,
        start: start.iter().map(|&key| key.to_owned()).collect(),
        steps,
        outcome: template.outcome().to_owned(),
        published_at: making.now,
        ..Flow::named(
            making.flow_id(),
            making.merchant_id,
            template.key(),
            template.name(),
        )
    }
}

/// Destinations that these contracts send to, by what they are for.
pub(super) fn purposes(contracts: &[Contract]) -> std::collections::BTreeSet<Purpose> {
    contracts
        .iter()
        .filter_map(|one| super::contracts::purpose_of(&one.export_type))
        .collect()
}
