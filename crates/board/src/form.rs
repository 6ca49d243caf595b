//! The form of a step, and of the flow itself: every field, with what is wrong beside it.

use std::fmt::Write;

use domain::{
    event::EventKind,
    flow::{Draft, ELSE, Op, StepKind, edit::Sketch, fact, fact::Fact},
};

use crate::{
    START,
    fields::{Fields, QUESTIONS, Wrong, op_name},
    html::esc,
    names::{Choice, Names},
    words,
};

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
}

struct Form<'a> {
    paper: Paper<'a>,
    facts: Vec<Fact>,
    out: String,
}

/// The form of one step.
pub fn step(paper: Paper<'_>, step: &Sketch) -> String {
    let mut f = Form::begin(paper, &step.title);
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
    f.end()
}

/// The form of the flow: its name, its trigger, where it begins and what it ends in.
pub fn flow(paper: Paper<'_>) -> String {
    let mut f = Form::begin(paper, "The flow");
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
    f.end()
}

fn choice(value: &str, name: &str) -> Choice {
    (value.to_owned(), name.to_owned())
}

impl<'a> Form<'a> {
    fn begin(paper: Paper<'a>, title: &str) -> Self {
        let mut out = format!(
            "<form method=\"post\" action=\"{}\" class=\"sform\" data-form=\"\" aria-label=\"{}\">",
            esc(paper.action),
            esc(title)
        );
        for (name, value) in paper.hidden {
            let _ = write!(
                out,
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                esc(value)
            );
        }
        // Enter in a field presses the first button of a form
        out.push_str("<button class=\"sr-only\" name=\"act\" value=\"put\" tabindex=\"-1\" aria-hidden=\"true\">Save</button>");
        if paper.still {
            out.push_str("<fieldset class=\"still\" disabled>");
        }
        let mut form = Self {
            facts: fact::of_flow(paper.draft),
            paper,
            out,
        };
        if let Some(sentence) = paper.wrong.get("") {
            let _ = write!(
                form.out,
                "<p class=\"error\" role=\"alert\">{}</p>",
                esc(sentence)
            );
        }
        form
    }

    fn end(mut self) -> String {
        if self.paper.still {
            self.out.push_str("</fieldset>");
        }
        self.out.push_str("</form>");
        self.out
    }

    fn value(&self, name: &str) -> &'a str {
        self.paper.fields.get(name).map_or("", String::as_str)
    }

    fn group(&mut self, legend: &str, inside: impl FnOnce(&mut Self)) {
        let _ = write!(self.out, "<fieldset><legend>{}</legend>", esc(legend));
        inside(self);
        self.out.push_str("</fieldset>");
    }

    /// A group that the readiness rail can lead to.
    fn section(&mut self, id: &str, legend: &str, inside: impl FnOnce(&mut Self)) {
        let _ = write!(
            self.out,
            "<fieldset id=\"f-{id}\" tabindex=\"-1\"><legend>{}</legend>",
            esc(legend)
        );
        inside(self);
        self.out.push_str("</fieldset>");
    }

    fn buttons(&mut self, inside: impl FnOnce(&mut Self)) {
        self.out.push_str("<p class=\"sbuttons\">");
        inside(self);
        self.out.push_str("</p>");
    }

    fn button(&mut self, act: &str, label: &str, class: &str) {
        let _ = write!(
            self.out,
            "<button class=\"{class}\" name=\"act\" value=\"{act}\">{label}</button>"
        );
    }

    /// Label and control, what is wrong with it, and what stands there now.
    fn field(&mut self, name: &str, label: &str, control: &str) {
        let _ = write!(
            self.out,
            "<div class=\"field\"><label for=\"f-{0}\">{1}</label>{control}",
            esc(name),
            esc(label)
        );
        if let Some(sentence) = self.paper.wrong.get(name) {
            let _ = write!(
                self.out,
                "<p class=\"error\" id=\"e-{}\">{}</p>",
                esc(name),
                esc(sentence)
            );
        }
        if let Some(saved) = self.paper.saved {
            let there = saved.get(name).map_or("", String::as_str);
            if there != self.value(name) {
                let there = if there.is_empty() { "nothing" } else { there };
                let _ = write!(self.out, "<p class=\"hint\">Saved now: {}</p>", esc(there));
            }
        }
        self.out.push_str("</div>");
    }

    fn attributes(&self, name: &str) -> String {
        let mut out = format!("id=\"f-{0}\" name=\"f[{0}]\"", esc(name));
        if self.paper.wrong.contains_key(name) {
            let _ = write!(
                out,
                " aria-invalid=\"true\" aria-describedby=\"e-{}\"",
                esc(name)
            );
        }
        out
    }

    fn text(&mut self, name: &str, label: &str, example: &str) {
        let control = format!(
            "<input class=\"input\" {} value=\"{}\" placeholder=\"{}\" autocomplete=\"off\">",
            self.attributes(name),
            esc(self.value(name)),
            esc(example)
        );
        self.field(name, label, &control);
    }

    fn area(&mut self, name: &str, label: &str, rows: u8) {
        let control = format!(
            "<textarea class=\"input\" {} rows=\"{rows}\">\n{}</textarea>",
            self.attributes(name),
            esc(self.value(name))
        );
        self.field(name, label, &control);
    }

    /// Free text with suggestions.
    fn suggested(&mut self, name: &str, label: &str, list: &str) {
        let names = self.paper.names;
        let all = match list {
            "contracts" => &names.contracts,
            _ => &names.systems,
        };
        // a system that is not connected yet can be chosen all the same, and the rail says so
        let mut choices = all.clone();
        let value = self.value(name);
        if !value.is_empty() && !choices.iter().any(|(known, _)| known == value) {
            choices.push(choice(value, &format!("{value} (not connected)")));
        }
        self.select(name, label, &choices, Some("None yet"));
    }

    fn options(&self, name: &str, choices: &[Choice], none: Option<&str>) -> String {
        let value = self.value(name);
        let mut out = String::new();
        let mut option = |key: &str, label: &str| {
            let selected = if key == value { " selected" } else { "" };
            let _ = write!(
                out,
                "<option value=\"{}\"{selected}>{}</option>",
                esc(key),
                esc(label)
            );
        };
        if let Some(none) = none {
            option("", none);
        }
        for (key, label) in choices {
            option(key, label);
        }
        if !value.is_empty() && !choices.iter().any(|(key, _)| key == value) {
            option(value, &format!("{value} (no longer there)"));
        }
        out
    }

    fn select(&mut self, name: &str, label: &str, choices: &[Choice], none: Option<&str>) {
        let control = format!(
            "<select class=\"input\" {}>{}</select>",
            self.attributes(name),
            self.options(name, choices, none)
        );
        self.field(name, label, &control);
    }

    fn check(&mut self, name: &str, label: &str) {
        let checked = if self.value(name).is_empty() {
            ""
        } else {
            " checked"
        };
        let _ = write!(
            self.out,
            "<label class=\"check\"><input type=\"checkbox\" {} value=\"yes\"{checked}> {}</label>",
            self.attributes(name),
            esc(label)
        );
    }

    /// How many places a list shows: those that are filled, and an empty one.
    fn places(&self, name: &str) -> usize {
        let prefix = format!("{name}.");
        self.paper
            .fields
            .keys()
            .filter_map(|key| key.strip_prefix(&prefix)?.split('.').next()?.parse().ok())
            .max()
            .map_or(0, |most: usize| most + 1)
    }

    fn several(&mut self, name: &str, label: &str, hint: &str, choices: &[Choice]) {
        for n in 0..=self.places(name) {
            let label = match n {
                0 => label.to_owned(),
                n => format!("{label}, {}", n + 1),
            };
            let none = if n == 0 { hint } else { "One more" };
            self.select(&format!("{name}.{n}"), &label, choices, Some(none));
        }
    }

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
