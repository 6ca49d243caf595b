//! Fields one by one: what each says, and a sentence for those that can't be read.

use domain::{
    event::EventKind,
    flow::{
        Branch, Condition, Fact, Failure, Field, FieldKind, Op, Path, StepKind, Test, Until,
        edit::key_of,
    },
    owner::Owner,
    task::Severity,
};
use serde_json::Value;

use super::{Fields, Wrong, op_name};
use crate::{wire, words};

pub(super) struct Reader<'a> {
    pub(super) fields: &'a Fields,
    pub(super) facts: &'a [Fact],
    pub(super) wrong: Wrong,
}

impl Reader<'_> {
    pub(super) fn wrong(&mut self, name: &str, sentence: impl Into<String>) {
        self.wrong.insert(name.to_owned(), sentence.into());
    }

    pub(super) fn raw(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.raw(name).trim().to_owned()
    }

    /// Forms send `\r\n`.
    pub(super) fn lines(&self, name: &str) -> String {
        let mut text = self.raw(name).trim_end().to_owned();
        text.retain(|letter| letter != '\r');
        text
    }

    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The numbers that a list has: those of `name.N` and `name.N.…`, in their order.
    pub(super) fn numbers(&self, name: &str) -> Vec<usize> {
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

    pub(super) fn list(&self, name: &str) -> Vec<String> {
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

    pub(super) fn owner(&mut self, name: &str) -> Option<Owner> {
        let text = self.some(name)?;
        let owner = Owner::read(&text);
        if owner.is_none() {
            self.wrong(name, "Choose somebody from the list.");
        }
        owner
    }

    pub(super) fn owners(&mut self, name: &str) -> Vec<Owner> {
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

    pub(super) fn span(&mut self, name: &str) -> i64 {
        words::read_span(self.raw(name)).unwrap_or_else(|| {
            self.wrong(name, "Write a time such as “15 min”, “2 h” or “1 d”.");
            0
        })
    }

    pub(super) fn count(&mut self, name: &str) -> u32 {
        match self.text(name).as_str() {
            "" => 0,
            text => text.parse().unwrap_or_else(|_| {
                self.wrong(name, "Write a whole number.");
                0
            }),
        }
    }

    pub(super) fn condition(&mut self, name: &str) -> Condition {
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

    pub(super) fn failure(&mut self, on: &str) -> Option<Failure> {
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

    pub(super) fn kind(&mut self, was: &StepKind) -> StepKind {
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

    pub(super) fn event(&mut self, name: &str) -> Option<EventKind> {
        let text = self.text(name);
        let event = EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text);
        if event.is_none() {
            self.wrong(name, "Choose an event from the list.");
        }
        event
    }

    pub(super) fn decide(&mut self) -> StepKind {
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

    pub(super) fn questions(&mut self) -> Vec<Field> {
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
