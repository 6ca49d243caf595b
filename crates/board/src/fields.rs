//! A step as the fields of a form, and back again.
//!
//! One flat list of names and values, because that is what a form without a script sends; so the same fields are
//! written and read on the server and in the browser. Lists are numbered and end with an empty place: filling it in
//! adds to the list, emptying one takes it out. `read(write(step))` is the step.

use domain::{
    event::EventKind,
    flow::{
        Branch, Checkpoint, Clock, Condition, Draft, Exit, Failure, Field, FieldKind, Manual, Op,
        Path, StepKind, Test, Undo, Until, edit::Sketch, edit::key_of, fact, fact::Fact,
    },
    owner::Owner,
    task::Severity,
};
use serde_json::Value;

use crate::{by_key::ByKey, wire, words};

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

struct Reader<'a> {
    fields: &'a Fields,
    facts: &'a [Fact],
    wrong: Wrong,
}

impl Reader<'_> {
    fn wrong(&mut self, name: &str, sentence: impl Into<String>) {
        self.wrong.insert(name.to_owned(), sentence.into());
    }

    fn raw(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn text(&self, name: &str) -> String {
        self.raw(name).trim().to_owned()
    }

    /// Forms send `\r\n`.
    fn lines(&self, name: &str) -> String {
        let mut text = self.raw(name).trim_end().to_owned();
        text.retain(|letter| letter != '\r');
        text
    }

    fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The numbers that a list has: those of `name.N` and `name.N.…`, in their order.
    fn numbers(&self, name: &str) -> Vec<usize> {
        let prefix = format!("{name}.");
        let mut all: Vec<usize> = Vec::new();
        for key in self.fields.keys() {
            let rest = key.strip_prefix(prefix.as_str());
            let number = rest.and_then(|rest| rest.split('.').next()?.parse().ok());
            if let Some(number) = number
                && let Err(at) = all.binary_search(&number)
            {
                all.insert(at, number);
            }
        }
        all
    }

    fn list(&self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        for n in self.numbers(name) {
            if let Some(one) = self.some(&format!("{name}.{n}"))
                && !all.contains(&one)
            {
                all.push(one);
            }
        }
        all
    }

    fn owner(&mut self, name: &str) -> Option<Owner> {
        let text = self.some(name)?;
        let owner = Owner::read(&text);
        if owner.is_none() {
            self.wrong(name, "Choose somebody from the list.");
        }
        owner
    }

    fn owners(&mut self, name: &str) -> Vec<Owner> {
        let mut all = Vec::new();
        for n in self.numbers(name) {
            if let Some(owner) = self.owner(&format!("{name}.{n}"))
                && !all.contains(&owner)
            {
                all.push(owner);
            }
        }
        all
    }

    fn span(&mut self, name: &str) -> i64 {
        words::read_span(self.raw(name)).unwrap_or_else(|| {
            self.wrong(name, "Write a time such as “15 min”, “2 h” or “1 d”.");
            0
        })
    }

    fn count(&mut self, name: &str) -> u32 {
        match self.text(name).as_str() {
            "" => 0,
            text => text.parse().unwrap_or_else(|_| {
                self.wrong(name, "Write a whole number.");
                0
            }),
        }
    }

    fn condition(&mut self, name: &str) -> Condition {
        let is = self.text(&format!("{name}.is"));
        if is == "json" {
            let field = format!("{name}.json");
            return wire::read(self.raw(&field)).unwrap_or_else(|at| {
                let sentence = format!("This is not a condition: look at “{at}”.");
                self.wrong(&field, sentence);
                Condition::Always
            });
        }
        let mut of = Vec::new();
        for n in self.numbers(name) {
            let at = |field: &str| format!("{name}.{n}.{field}");
            let Some(fact) = self.some(&at("fact")) else {
                continue;
            };
            let typed = self.text(&at("value"));
            let known = self.facts.iter().find(|one| one.key == fact);
            let value = match known {
                Some(known) => known.kind.read(&typed).unwrap_or_else(|sentence| {
                    self.wrong(&at("value"), sentence);
                    Value::Null
                }),
                None => Value::String(typed),
            };
            let op = self.text(&at("op"));
            let op = Op::ALL.into_iter().find(|one| op_name(*one) == op);
            let allowed = |op: &Op| known.is_none_or(|known| known.kind.ops().contains(op));
            let op = match op.filter(allowed) {
                Some(op) => op,
                None => {
                    let ops = known.map_or(&Op::ALL[..], |known| known.kind.ops());
                    let titles: Vec<&str> = ops.iter().map(|op| op.title()).collect();
                    self.wrong(
                        &at("op"),
                        format!("Of this fact one can ask: {}.", titles.join(", ")),
                    );
                    Op::Equals
                }
            };
            of.push(Condition::Test(Test { fact, op, value }));
        }
        match (is.as_str(), of.len()) {
            (_, 0) | ("always", _) => Condition::Always,
            ("any", _) => Condition::Any { of },
            ("none", _) => Condition::Not {
                of: Box::new(Condition::Any { of }),
            },
            (_, 1) => of.remove(0),
            _ => Condition::All { of },
        }
    }

    fn failure(&mut self, on: &str) -> Option<Failure> {
        let name = |field: &str| format!("fail.{on}.{field}");
        let path = match self.text(&name("path")).as_str() {
            "task" => Path::Task {
                owner: self.owner(&name("owner")),
                severity: match self.text(&name("severity")).as_str() {
                    "high" => Severity::High,
                    "low" => Severity::Low,
                    _ => Severity::Normal,
                },
                remediation: self
                    .lines(&name("remedy"))
                    .lines()
                    .map(|line| line.trim().to_owned())
                    .filter(|line| !line.is_empty())
                    .collect(),
            },
            "go" => match self.some(&name("to")) {
                Some(to) => Path::Go { to },
                None => {
                    self.wrong(&name("to"), "Choose the step at which it goes on.");
                    return None;
                }
            },
            "undo" => Path::Undo,
            _ => return None,
        };
        Some(Failure {
            on: on.to_owned(),
            retries: self.count(&name("retries")),
            retry_after_ms: self.span(&name("after")),
            path,
        })
    }

    fn kind(&mut self, was: &StepKind) -> StepKind {
        let name = self.text("kind");
        if name != was.name()
            && let Some(fresh) = StepKind::fresh(&name)
        {
            return fresh;
        }
        match was {
            StepKind::EmitExport { .. } => StepKind::EmitExport {
                export_type: self.text("export_type"),
                until: match self.text("until").as_str() {
                    "completed" => Until::Completed,
                    _ => Until::Acknowledged,
                },
            },
            StepKind::WaitForEvent { event } => StepKind::WaitForEvent {
                event: self.event("event").unwrap_or(*event),
            },
            StepKind::Decide { .. } => self.decide(),
            StepKind::HumanTask { .. } => StepKind::HumanTask {
                instruction: self.lines("instruction"),
                fields: self.questions(),
            },
            StepKind::Notify { .. } => StepKind::Notify {
                to: self.owners("tell"),
                message: self.lines("message"),
            },
            StepKind::Compensate { .. } => StepKind::Compensate {
                back_to: self.some("back_to"),
            },
            StepKind::SubFlow { .. } => StepKind::SubFlow {
                flow: self.text("flow"),
            },
        }
    }

    fn event(&mut self, name: &str) -> Option<EventKind> {
        let text = self.text(name);
        let event = EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text);
        if event.is_none() {
            self.wrong(name, "Choose an event from the list.");
        }
        event
    }

    fn decide(&mut self) -> StepKind {
        let mut branches: Vec<Branch> = Vec::new();
        for n in self.numbers("branch") {
            let name = format!("branch.{n}");
            let Some(label) = self.some(&format!("{name}.label")) else {
                continue;
            };
            let mut key = self
                .some(&format!("{name}.key"))
                .unwrap_or_else(|| key_of(&label));
            while key == domain::flow::ELSE || branches.iter().any(|other| other.key == key) {
                key.push_str("_2");
            }
            let when = self.condition(&name);
            branches.push(Branch { key, label, when });
        }
        StepKind::Decide {
            branches,
            otherwise: !self.text("otherwise").is_empty(),
        }
    }

    fn questions(&mut self) -> Vec<Field> {
        let mut all: Vec<Field> = Vec::new();
        for n in self.numbers("field") {
            let at = |field: &str| format!("field.{n}.{field}");
            let Some(label) = self.some(&at("label")) else {
                continue;
            };
            let key = self.some(&at("key")).unwrap_or_else(|| key_of(&label));
            if all.iter().any(|other| other.key == key) {
                self.wrong(&at("key"), format!("There is a question “{key}” already."));
            }
            let kind = match self.text(&at("type")).as_str() {
                "long_text" => FieldKind::LongText,
                "number" => FieldKind::Number,
                "date" => FieldKind::Date,
                "yes_no" => FieldKind::YesNo,
                "choice" => {
                    let options: Vec<String> = self
                        .text(&at("options"))
                        .split(',')
                        .map(|option| option.trim().to_owned())
                        .filter(|option| !option.is_empty())
                        .collect();
                    if options.is_empty() {
                        self.wrong(&at("options"), "Write what can be chosen, with commas.");
                    }
                    FieldKind::Choice { options }
                }
                _ => FieldKind::Text,
            };
            all.push(Field {
                key,
                label,
                help: self.text(&at("help")),
                required: !self.text(&at("required")).is_empty(),
                kind,
            });
        }
        all
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
