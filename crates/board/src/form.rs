//! The form of a step, and of the flow itself: every field, with what is wrong beside it.
//!
//! A form is written in parts, so that the browser writes only those that an edit has changed; and there its long lists
//! hold only what is chosen until somebody goes to one ([`list`]): a form of a flow of two hundred steps has a thousand
//! options, and laying them out took most of the time until an edit showed.

use std::fmt::Write;

use domain::{
    event::EventKind,
    flow::{Draft, ELSE, Op, StepKind, edit::Sketch, fact::Fact},
};

use crate::{
    START,
    fields::{Fields, QUESTIONS, Wrong, op_name},
    html::esc,
    names::{Choice, Names},
    words,
};

mod controls;

/// What a form is written from.
#[derive(Clone, Copy, Debug)]
pub struct Paper<'a> {
    pub draft: &'a Draft,
    pub names: &'a Names,
    /// What is in the fields: the step as it stands, or what somebody typed that was refused.
    pub fields: &'a Fields,
    pub wrong: &'a Wrong,
    /// What stands there now, where it is not what was typed: somebody else saved meanwhile.
    pub saved: Option<&'a Fields>,
    /// Where it is sent.
    pub action: &'a str,
    pub hidden: &'a [(&'static str, String)],
    /// Nobody may change it: it is only read.
    pub still: bool,
    /// Long lists hold only what is chosen: somebody is there to fill them in.
    pub short: bool,
}

/// A form that is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What a reader calls it.
    pub label: String,
    open: String,
    /// Its children, one each.
    pub parts: Vec<String>,
    close: &'static str,
}

impl Written {
    pub fn html(&self) -> String {
        let mut html = self.open.clone();
        for part in &self.parts {
            html.push_str(part);
        }
        html.push_str(self.close);
        html
    }
}

struct Form<'a> {
    paper: Paper<'a>,
    facts: Vec<Fact>,
    written: Written,
    /// The part that is being written, and how deep in it.
    out: String,
    depth: u32,
    /// The list that is asked for, and its options.
    sought: &'a str,
    found: String,
}

/// The form of this step; of none: of the flow.
pub fn write(paper: Paper<'_>, step: Option<&Sketch>) -> Written {
    filled(paper, step, "").written
}

/// All options of one list of a form.
pub fn list(paper: Paper<'_>, step: Option<&Sketch>, name: &str) -> String {
    filled(paper, step, name).found
}

fn filled<'a>(paper: Paper<'a>, step: Option<&Sketch>, sought: &'a str) -> Form<'a> {
    let title = step.map_or("The flow", |step| &step.title);
    let mut form = Form::begin(paper, title, sought);
    match step {
        Some(step) => self::step(&mut form, step),
        None => flow(&mut form),
    }
    form
}

fn step(f: &mut Form<'_>, step: &Sketch) {
    f.group("What it does", |f| {
        f.text("title", "Title", "");
        let kinds = StepKind::NAMES.map(|name| (name.to_owned(), words::kind(name).to_owned()));
        f.select("kind", "Kind", &kinds, None);
        f.kind(&step.kind);
    });
    f.group("Who", |f| {
        let owners = f.paper.names.owners.as_slice();
        f.select("owner", "Owner", owners, Some("Nobody yet"));
        f.select("backup", "Backup", owners, Some("Nobody yet"));
        f.several(
            "watch",
            "Watchers",
            "Told when it is late or fails, and when it is done",
            owners,
        );
    });
    f.section("clock", "By when", |f| {
        f.text(
            "accept",
            "Accepted within",
            "15 min; then the backup is asked too",
        );
        f.text("resolve", "Done within", "2 h; then it is late");
        let calendars = f.paper.names.calendars.as_slice();
        f.select(
            "calendar",
            "Counts",
            calendars,
            Some("The clock on the wall"),
        );
    });
    f.group("Where", |f| {
        f.suggested("source_system", "Source system", "systems");
        f.suggested("destination_system", "Destination system", "systems");
    });
    f.section("checkpoint", "QA checkpoint", |f| {
        f.text(
            "check.what",
            "What must be true",
            "Tracking number is in the storefront",
        );
        f.condition("check");
    });
    f.section("exits", "Where it leads", |f| f.exits(step));
    f.section("failures", "If it fails", |f| f.failures(step));
    f.group("If a later step fails for good", |f| {
        let ways = [
            choice("export", "Send an export"),
            choice("task", "Ask the owner to take it back"),
        ];
        f.select(
            "undo.by",
            "Take it back",
            &ways,
            Some("Nothing to take back"),
        );
        f.suggested("undo.export", "Export type", "contracts");
        f.text("undo.instruction", "What to do", "");
    });
    f.group("By hand and in reports", |f| {
        f.area("runbook", "Runbook (Markdown)", 5);
        f.text("report_as", "Reporting field", "handover_time");
        f.text("key", "Key", "What others name it by; they follow");
        f.text("manual.minutes", "Done by hand today: minutes each", "");
        f.text("manual.times", "Times a week", "");
        f.text("manual.tool", "Where it lives", "A mail, a sheet, a chat");
    });
    f.buttons(|f| {
        f.button("put", "Save the step", "btn btn-primary");
        f.button("up", "Up in the table", "btn");
        f.button("down", "Down", "btn");
        f.button("remove", "Remove", "btn btn-danger");
    });
    f.group("Elsewhere", |f| {
        let mut places = vec![choice(START, "First")];
        for other in f
            .paper
            .draft
            .steps
            .iter()
            .filter(|other| other.key != step.key)
        {
            for on in other.kind.exits() {
                let name = match words::exit(other, on).as_str() {
                    "" => format!("After “{}”", other.title),
                    exit => format!("After “{}”: {exit}", other.title),
                };
                places.push((format!("{} {on}", other.key), name));
            }
        }
        f.select("shift.to", "Move it", &places, Some("Onto no path"));
        f.buttons(|f| f.button("shift", "Move it there", "btn"));
    });
    f.adding(Some(step));
}

/// Its name, its trigger, where it begins and what it ends in.
fn flow(f: &mut Form<'_>) {
    f.group("The flow", |f| {
        f.text("name", "Name", "");
        f.area("summary", "Summary", 2);
        f.text("outcome", "A finished run is called", "shipped");
    });
    f.section("trigger", "What starts it", |f| {
        let kinds = [
            choice("order", "An order event"),
            choice("campaign", "A campaign brief"),
            choice("form", "A form that a person fills in"),
            choice("manual", "A person, for an order"),
            choice("sub_flow", "Only other flows"),
        ];
        f.select("trigger", "Started by", &kinds, None);
        match f.value("trigger") {
            "order" => {
                let events = EventKind::ALL.map(|kind| choice(kind.as_str(), kind.as_str()));
                f.select("event", "Event", &events, None);
                f.condition("when");
            }
            "form" => {
                f.text("noun", "It is about one", "return");
                f.questions();
            }
            _ => {}
        }
    });
    f.section("start", "Where it begins", |f| {
        let steps = f.steps(None);
        f.several("start", "First steps", "Several begin side by side", &steps);
    });
    f.buttons(|f| f.button("flow", "Save the flow", "btn btn-primary"));
    f.adding(None);
}

fn choice(value: &str, name: &str) -> Choice {
    (value.to_owned(), name.to_owned())
}

impl<'a> Form<'a> {
    fn steps(&self, but: Option<&str>) -> Vec<Choice> {
        self.paper
            .draft
            .steps
            .iter()
            .filter(|step| Some(step.key.as_str()) != but)
            .map(|step| (step.key.clone(), step.title.clone()))
            .collect()
    }

    fn condition(&mut self, name: &str) {
        let is = format!("{name}.is");
        let mut ways = vec![
            choice("all", "If all of these hold"),
            choice("any", "If any of these holds"),
            choice("none", "If none of these holds"),
        ];
        if self.value(&is) == "json" {
            ways.push(choice("json", "As written below"));
        }
        self.select(&is, "When", &ways, Some("Always"));
        if self.value(&is) == "json" {
            self.area(&format!("{name}.json"), "Condition (JSON)", 4);
            return;
        }
        let facts: Vec<Choice> = self
            .facts
            .iter()
            .map(|fact| (fact.key.clone(), format!("{} ({})", fact.title, fact.key)))
            .collect();
        for n in 0..=self.places(name) {
            let at = |field: &str| format!("{name}.{n}.{field}");
            let known = self
                .facts
                .iter()
                .find(|fact| fact.key == self.value(&at("fact")));
            let ops: Vec<Choice> = known
                .map_or(&Op::ALL[..], |fact| fact.kind.ops())
                .iter()
                .map(|op| choice(op_name(*op), op.title()))
                .collect();
            let example = known.map(|fact| fact.kind.example()).unwrap_or_default();
            self.out.push_str("<div class=\"ftest\">");
            self.select(
                &at("fact"),
                &format!("Fact {}", n + 1),
                &facts,
                Some("No more"),
            );
            self.select(&at("op"), "Comparison", &ops, None);
            self.text(&at("value"), "Value", &example);
            self.out.push_str("</div>");
        }
    }

    fn questions(&mut self) {
        let types: Vec<Choice> = QUESTIONS
            .iter()
            .map(|kind| choice(kind, &domain::owner::role_title(kind)))
            .collect();
        for n in 0..=self.places("field") {
            let at = |field: &str| format!("field.{n}.{field}");
            self.out.push_str("<div class=\"fquestion\">");
            self.text(
                &at("label"),
                &format!("Question {}", n + 1),
                "Empty: no more",
            );
            self.select(&at("type"), "Answer", &types, None);
            self.text(&at("options"), "Choices, with commas", "late, lost");
            self.text(&at("help"), "Help", "");
            self.text(&at("key"), "Key", "from the question");
            self.check(&at("required"), "Must be answered");
            self.out.push_str("</div>");
        }
    }

    fn kind(&mut self, kind: &StepKind) {
        let names = self.paper.names;
        match kind {
            StepKind::EmitExport { .. } => {
                self.suggested("export_type", "Contract", "contracts");
                let until = [
                    choice("acknowledged", "It is acknowledged"),
                    choice("completed", "It is completed"),
                ];
                self.select("until", "Goes on when", &until, None);
            }
            StepKind::WaitForEvent { .. } => self.select("event", "Event", &names.events, None),
            StepKind::Decide { branches, .. } => {
                for n in 0..=self.places("branch") {
                    let at = format!("branch.{n}");
                    let legend = branches
                        .get(n)
                        .map_or("One more branch", |branch| &branch.label);
                    self.section(&format!("branches.{n}"), legend, |f| {
                        f.text(&format!("{at}.label"), "Branch", "Empty: no such branch");
                        let key = f.value(&format!("{at}.key")).to_owned();
                        let _ = write!(
                            f.out,
                            "<input type=\"hidden\" name=\"f[{at}.key]\" value=\"{}\">",
                            esc(&key)
                        );
                        f.condition(&at);
                    });
                }
                self.check("otherwise", "Otherwise: a way on when no branch holds");
            }
            StepKind::HumanTask { .. } => {
                self.area("instruction", "What to do", 3);
                self.questions();
            }
            StepKind::Notify { .. } => {
                self.several("tell", "Tell", "Nobody yet", &names.owners);
                self.area("message", "What is said", 3);
            }
            StepKind::Compensate { .. } => {
                let steps = self.steps(Some(self.value("key")));
                self.select(
                    "back_to",
                    "Take back as far as",
                    &steps,
                    Some("The beginning"),
                );
            }
            StepKind::SubFlow { .. } => {
                self.select("flow", "Flow", &names.flows, Some("None yet"));
            }
        }
    }

    fn exits(&mut self, step: &Sketch) {
        let steps = self.steps(None);
        for on in step.kind.exits() {
            let label = match words::exit(step, on).as_str() {
                "" => "Then".to_owned(),
                _ if on == ELSE => "Otherwise".to_owned(),
                exit => format!("If {exit}"),
            };
            self.several(&format!("exit.{on}"), &label, "This branch ends", &steps);
        }
    }

    fn failures(&mut self, step: &Sketch) {
        let ways = [
            choice("task", "A task opens; then it is tried again"),
            choice("go", "The run goes on at another step"),
            choice("undo", "What was done is taken back"),
        ];
        let severities = [
            choice("normal", "Normal"),
            choice("high", "High"),
            choice("low", "Low"),
        ];
        let steps = self.steps(None);
        let owners = self.paper.names.owners.as_slice();
        for on in step.ways_to_fail() {
            let at = |field: &str| format!("fail.{on}.{field}");
            self.section(
                &format!("failures.{on}"),
                &format!("If {}", words::way(on)),
                |f| {
                    f.select(&at("path"), "What happens", &ways, Some("Not said yet"));
                    f.text(&at("retries"), "Tried again before", "0");
                    f.text(&at("after"), "Every", "5 min");
                    f.select(&at("owner"), "Task for", owners, Some("The step’s owner"));
                    f.select(&at("severity"), "Severity", &severities, None);
                    f.area(&at("remedy"), "What to do, one line each", 2);
                    f.select(&at("to"), "Goes on at", &steps, Some("No step"));
                },
            );
        }
    }

    fn adding(&mut self, after: Option<&Sketch>) {
        let legend = if after.is_some() {
            "Add a step after it"
        } else {
            "Add a first step"
        };
        self.section("add", legend, |f| {
            let kinds = StepKind::NAMES.map(|name| (name.to_owned(), words::kind(name).to_owned()));
            f.select("add.kind", "Kind of the new step", &kinds, None);
            f.text("add.title", "Its title", "");
            if let Some(step) = after {
                let exits: Vec<Choice> = step
                    .kind
                    .exits()
                    .into_iter()
                    .map(|on| match words::exit(step, on) {
                        name if name.is_empty() => choice(on, "done"),
                        name => (on.to_owned(), name),
                    })
                    .collect();
                f.select("add.exit", "Where", &exits, None);
                f.check("add.beside", "Side by side with what is there");
            }
            f.buttons(|f| f.button("add", "Add the step", "btn"));
        });
    }
}

#[cfg(test)]
mod tests;
