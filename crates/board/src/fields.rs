//! A step as the fields of a form, and back again.
//!
//! One flat list of names and values, because that is what a form without a script sends; so the same fields are
//! written and read on the server and in the browser. Lists are numbered and end with an empty place: filling it in
//! adds to the list, emptying one takes it out. `read(write(step))` is the step.

mod reader;

use crate::{by_key::ByKey, wire, words};
use domain::{
    flow::{
        Checkpoint, Clock, Condition, Draft, Exit, Failure, Field, FieldKind, Manual, Op, Path,
        StepKind, Test, Undo, Until, edit::Sketch, fact, fact::Fact,
    },
    owner::Owner,
};
use reader::Reader;

pub type Fields = ByKey<String>;
/// What is wrong, by field.
pub type Wrong = ByKey<String>;

/// The kinds of answers that a question takes, in the order in which they are offered.
pub const QUESTIONS: [&str; 6] = ["text", "long_text", "number", "date", "yes_no", "choice"];

/// The fields of a step as it stands.
pub fn write(step: &Sketch, facts: &[Fact]) -> Fields {
    let mut out = Writer {
        fields: Fields::new(),
        facts,
    };
    let w = &mut out;
    w.put("key", &step.key);
    w.put("title", &step.title);
    w.put("kind", step.kind.name());
    w.owner("owner", step.owner.as_ref());
    w.owner("backup", step.backup.as_ref());
    w.owners("watch", &step.watchers);
    w.put("source_system", &step.source_system);
    w.put("destination_system", &step.destination_system);
    w.put("accept", &words::span(step.clock.accept_ms));
    w.put("resolve", &words::span(step.clock.resolve_ms));
    w.put("calendar", step.clock.calendar.as_deref().unwrap_or(""));
    if let Some(checkpoint) = &step.checkpoint {
        w.put("check.what", &checkpoint.what);
        w.condition("check", &checkpoint.when);
    }
    for exit in &step.exits {
        w.list(&format!("exit.{}", exit.on), &exit.to);
    }
    for failure in &step.failures {
        w.failure(failure);
    }
    match &step.undo {
        None => {}
        Some(Undo::Export { export_type }) => {
            w.put("undo.by", "export");
            w.put("undo.export", export_type);
        }
        Some(Undo::Task { instruction }) => {
            w.put("undo.by", "task");
            w.put("undo.instruction", instruction);
        }
    }
    w.put("runbook", &step.runbook);
    w.put("report_as", &step.report_as);
    if let Some(manual) = &step.manual {
        w.put("manual.minutes", &manual.minutes_each.to_string());
        w.put("manual.times", &manual.times_a_week.to_string());
        w.put("manual.tool", &manual.tool);
    }
    w.kind(&step.kind);
    out.fields
}

struct Writer<'a> {
    fields: Fields,
    facts: &'a [Fact],
}

impl Writer<'_> {
    fn put(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.fields.insert(name.to_owned(), value.to_owned());
        }
    }

    fn owner(&mut self, name: &str, owner: Option<&Owner>) {
        self.put(name, &owner.map(ToString::to_string).unwrap_or_default());
    }

    fn owners(&mut self, name: &str, owners: &[Owner]) {
        for (n, owner) in owners.iter().enumerate() {
            self.owner(&format!("{name}.{n}"), Some(owner));
        }
    }

    fn list(&mut self, name: &str, all: &[String]) {
        for (n, one) in all.iter().enumerate() {
            self.put(&format!("{name}.{n}"), one);
        }
    }

    fn condition(&mut self, name: &str, condition: &Condition) {
        let (is, of) = match condition {
            Condition::Always => ("always", None),
            Condition::Test(test) => ("all", Some(vec![test])),
            Condition::All { of } if of.len() > 1 => ("all", plain(of)),
            Condition::Any { of } => ("any", plain(of)),
            Condition::Not { of } => match &**of {
                Condition::Any { of } => ("none", plain(of)),
                _ => ("json", None),
            },
            Condition::All { .. } => ("json", None),
        };
        match (is, of) {
            ("always", _) => {}
            (is, Some(of)) => {
                self.put(&format!("{name}.is"), is);
                for (n, test) in of.into_iter().enumerate() {
                    self.put(&format!("{name}.{n}.fact"), &test.fact);
                    self.put(&format!("{name}.{n}.op"), op_name(test.op));
                    let kind = self.facts.iter().find(|fact| fact.key == test.fact);
                    let value = kind.map_or_else(
                        || words::value(&test.value),
                        |fact| fact.kind.write(&test.value),
                    );
                    self.put(&format!("{name}.{n}.value"), &value);
                }
            }
            // deeper than a form can say
            (_, None) => {
                self.put(&format!("{name}.is"), "json");
                self.put(&format!("{name}.json"), &wire::text(condition));
            }
        }
    }

    fn failure(&mut self, failure: &Failure) {
        let name = |field: &str| format!("fail.{}.{field}", failure.on);
        if failure.retries > 0 {
            self.put(&name("retries"), &failure.retries.to_string());
        }
        self.put(&name("after"), &words::span(failure.retry_after_ms));
        match &failure.path {
            Path::Task {
                owner,
                severity,
                remediation,
            } => {
                self.put(&name("path"), "task");
                self.owner(&name("owner"), owner.as_ref());
                self.put(&name("severity"), severity.as_str());
                self.put(&name("remedy"), &remediation.join("\n"));
            }
            Path::Go { to } => {
                self.put(&name("path"), "go");
                self.put(&name("to"), to);
            }
            Path::Undo => self.put(&name("path"), "undo"),
        }
    }

    fn kind(&mut self, kind: &StepKind) {
        match kind {
            StepKind::EmitExport { export_type, until } => {
                self.put("export_type", export_type);
                let until = match until {
                    Until::Acknowledged => "acknowledged",
                    Until::Completed => "completed",
                };
                self.put("until", until);
            }
            StepKind::WaitForEvent { event } => self.put("event", event.as_str()),
            StepKind::Decide {
                branches,
                otherwise,
            } => {
                for (n, branch) in branches.iter().enumerate() {
                    self.put(&format!("branch.{n}.key"), &branch.key);
                    self.put(&format!("branch.{n}.label"), &branch.label);
                    self.condition(&format!("branch.{n}"), &branch.when);
                }
                if *otherwise {
                    self.put("otherwise", "yes");
                }
            }
            StepKind::HumanTask {
                instruction,
                fields,
            } => {
                self.put("instruction", instruction);
                write_questions(&mut self.fields, fields);
            }
            StepKind::Notify { to, message } => {
                self.owners("tell", to);
                self.put("message", message);
            }
            StepKind::Compensate { back_to } => {
                self.put("back_to", back_to.as_deref().unwrap_or(""));
            }
            StepKind::SubFlow { flow } => self.put("flow", flow),
        }
    }
}

/// Tests side by side; nothing if there is more to it.
fn plain(of: &[Condition]) -> Option<Vec<&Test>> {
    if of.is_empty() {
        return None;
    }
    of.iter()
        .map(|one| match one {
            Condition::Test(test) => Some(test),
            _ => None,
        })
        .collect()
}

pub const fn op_name(op: Op) -> &'static str {
    match op {
        Op::Equals => "equals",
        Op::Differs => "differs",
        Op::Over => "over",
        Op::AtLeast => "at_least",
        Op::Under => "under",
        Op::AtMost => "at_most",
        Op::Contains => "contains",
        Op::Lacks => "lacks",
    }
}

/// Questions of a form as numbered fields `field.N.…`.
pub fn write_questions(out: &mut Fields, questions: &[Field]) {
    for (n, question) in questions.iter().enumerate() {
        let mut put = |field: &str, value: &str| {
            if !value.is_empty() {
                out.insert(format!("field.{n}.{field}"), value.to_owned());
            }
        };
        put("key", &question.key);
        put("label", &question.label);
        put("help", &question.help);
        put("required", if question.required { "yes" } else { "" });
        let (kind, options) = match &question.kind {
            FieldKind::Text => ("text", String::new()),
            FieldKind::LongText => ("long_text", String::new()),
            FieldKind::Number => ("number", String::new()),
            FieldKind::Date => ("date", String::new()),
            FieldKind::YesNo => ("yes_no", String::new()),
            FieldKind::Choice { options } => ("choice", options.join(", ")),
        };
        put("type", kind);
        put("options", &options);
    }
}

/// The step that these fields say, or what is wrong with them. `was` gives what no field says.
pub fn read(fields: &Fields, was: &Sketch, draft: &Draft) -> Result<Sketch, Wrong> {
    let facts = fact::of_flow(draft);
    let mut r = Reader {
        fields,
        facts: &facts,
        wrong: Wrong::new(),
    };
    let kind = r.kind(&was.kind);
    let mut step = Sketch {
        key: was.key.clone(),
        title: r.text("title"),
        owner: r.owner("owner"),
        backup: r.owner("backup"),
        watchers: r.owners("watch"),
        source_system: r.text("source_system"),
        destination_system: r.text("destination_system"),
        clock: Clock {
            accept_ms: r.span("accept"),
            resolve_ms: r.span("resolve"),
            calendar: r.some("calendar"),
        },
        checkpoint: None,
        exits: Vec::new(),
        failures: Vec::new(),
        undo: None,
        runbook: r.lines("runbook"),
        report_as: r.text("report_as"),
        manual: None,
        kind,
    };
    if step.title.is_empty() {
        r.wrong("title", "A step needs a title.");
    }
    if let Some(what) = r.some("check.what") {
        let when = r.condition("check");
        step.checkpoint = Some(Checkpoint { what, when });
    }
    for on in step.kind.exits() {
        step.exits.push(Exit {
            on: on.to_owned(),
            to: r.list(&format!("exit.{on}")),
        });
    }
    for on in step.ways_to_fail() {
        step.failures.extend(r.failure(on));
    }
    step.undo = match r.text("undo.by").as_str() {
        "export" => Some(Undo::Export {
            export_type: r.text("undo.export"),
        }),
        "task" => Some(Undo::Task {
            instruction: r.lines("undo.instruction"),
        }),
        _ => None,
    };
    let manual = ["manual.minutes", "manual.times", "manual.tool"];
    if manual.iter().any(|name| r.some(name).is_some()) {
        step.manual = Some(Manual {
            minutes_each: r.count("manual.minutes"),
            times_a_week: r.count("manual.times"),
            tool: r.text("manual.tool"),
        });
    }
    if r.wrong.is_empty() {
        Ok(step)
    } else {
        Err(r.wrong)
    }
}

/// Questions alone, for the form that starts a flow.
pub fn read_questions(fields: &Fields) -> Result<Vec<Field>, Wrong> {
    let mut reader = Reader {
        fields,
        facts: &[],
        wrong: Wrong::new(),
    };
    let all = reader.questions();
    if reader.wrong.is_empty() {
        Ok(all)
    } else {
        Err(reader.wrong)
    }
}

/// A condition alone, for the trigger.
pub fn read_condition(fields: &Fields, name: &str, facts: &[Fact]) -> Result<Condition, Wrong> {
    let mut reader = Reader {
        fields,
        facts,
        wrong: Wrong::new(),
    };
    let condition = reader.condition(name);
    if reader.wrong.is_empty() {
        Ok(condition)
    } else {
        Err(reader.wrong)
    }
}

pub fn write_condition(out: &mut Fields, name: &str, condition: &Condition, facts: &[Fact]) {
    let mut writer = Writer {
        fields: std::mem::take(out),
        facts,
    };
    writer.condition(name, condition);
    *out = writer.fields;
}

#[cfg(test)]
mod tests;
