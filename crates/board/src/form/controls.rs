//! What a form consists of: its parts, and the controls in them.

use std::fmt::Write;

use domain::flow::fact;

use super::{Form, Paper, Written, choice};
use crate::{html::esc, names::Choice};

/// A list that is longer is filled in where somebody goes to it, if anybody can.
const LONG: usize = 10;

impl<'a> Form<'a> {
    pub(super) fn begin(paper: Paper<'a>, title: &str, sought: &'a str) -> Self {
        let mut open = format!(
            "<form method=\"post\" action=\"{}\" class=\"sform\" data-form=\"\" aria-label=\"{}\">",
            esc(paper.action),
            esc(title)
        );
        for (name, value) in paper.hidden {
            let _ = write!(
                open,
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                esc(value)
            );
        }
        let close = if paper.still {
            open.push_str("<fieldset class=\"still\" disabled>");
            "</fieldset></form>"
        } else {
            "</form>"
        };
        let mut form = Self {
            facts: fact::of_flow(paper.draft),
            paper,
            written: Written {
                label: title.to_owned(),
                open,
                parts: Vec::new(),
                close,
            },
            out: String::new(),
            depth: 0,
            sought,
            found: String::new(),
        };
        // Enter in a field presses the first button of a form
        form.open("<button class=\"sr-only\" name=\"act\" value=\"put\" tabindex=\"-1\" aria-hidden=\"true\">Save");
        form.close("</button>");
        if let Some(sentence) = paper.wrong.get("") {
            form.open("<p class=\"error\" role=\"alert\">");
            let _ = write!(form.out, "{}", esc(sentence));
            form.close("</p>");
        }
        form
    }

    fn open(&mut self, tag: &str) {
        self.depth += 1;
        self.out.push_str(tag);
    }

    /// What stands in nothing else is a part.
    fn close(&mut self, tag: &str) {
        self.out.push_str(tag);
        self.depth -= 1;
        if self.depth == 0 {
            self.written.parts.push(std::mem::take(&mut self.out));
        }
    }

    pub(super) fn value(&self, name: &str) -> &'a str {
        self.paper.fields.get(name).map_or("", String::as_str)
    }

    pub(super) fn group(&mut self, legend: &str, inside: impl FnOnce(&mut Self)) {
        self.fieldset("", legend);
        inside(self);
        self.close("</fieldset>");
    }

    /// A group that the readiness rail can lead to.
    pub(super) fn section(&mut self, id: &str, legend: &str, inside: impl FnOnce(&mut Self)) {
        self.fieldset(&format!(" id=\"f-{id}\" tabindex=\"-1\""), legend);
        inside(self);
        self.close("</fieldset>");
    }

    fn fieldset(&mut self, attributes: &str, legend: &str) {
        self.open("<fieldset");
        let _ = write!(self.out, "{attributes}><legend>{}</legend>", esc(legend));
    }

    pub(super) fn buttons(&mut self, inside: impl FnOnce(&mut Self)) {
        self.open("<p class=\"sbuttons\">");
        inside(self);
        self.close("</p>");
    }

    pub(super) fn button(&mut self, act: &str, label: &str, class: &str) {
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

    pub(super) fn text(&mut self, name: &str, label: &str, example: &str) {
        let control = format!(
            "<input class=\"input\" {} value=\"{}\" placeholder=\"{}\" autocomplete=\"off\">",
            self.attributes(name),
            esc(self.value(name)),
            esc(example)
        );
        self.field(name, label, &control);
    }

    pub(super) fn area(&mut self, name: &str, label: &str, rows: u8) {
        let control = format!(
            "<textarea class=\"input\" {} rows=\"{rows}\">\n{}</textarea>",
            self.attributes(name),
            esc(self.value(name))
        );
        self.field(name, label, &control);
    }

    /// Free text with suggestions.
    pub(super) fn suggested(&mut self, name: &str, label: &str, list: &str) {
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

    fn options(&self, name: &str, choices: &[Choice], none: Option<&str>, short: bool) -> String {
        let value = self.value(name);
        let mut out = String::new();
        let mut option = |key: &str, label: &str| {
            let selected = key == value;
            // of a list that nothing is chosen from, the browser shows the first
            if short && !selected && !(value.is_empty() && out.is_empty()) {
                return;
            }
            let selected = if selected { " selected" } else { "" };
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

    pub(super) fn select(
        &mut self,
        name: &str,
        label: &str,
        choices: &[Choice],
        none: Option<&str>,
    ) {
        let long = choices.len() > LONG;
        if name == self.sought {
            self.found = self.options(name, choices, none, false);
        }
        let control = format!(
            "<select class=\"input\" {}{}>{}</select>",
            self.attributes(name),
            if long { " data-list=\"\"" } else { "" },
            self.options(name, choices, none, long && self.paper.short)
        );
        self.field(name, label, &control);
    }

    pub(super) fn check(&mut self, name: &str, label: &str) {
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
    pub(super) fn places(&self, name: &str) -> usize {
        let prefix = format!("{name}.");
        self.paper
            .fields
            .keys()
            .filter_map(|key| key.strip_prefix(&prefix)?.split('.').next()?.parse().ok())
            .max()
            .map_or(0, |most: usize| most + 1)
    }

    pub(super) fn several(&mut self, name: &str, label: &str, hint: &str, choices: &[Choice]) {
        for n in 0..=self.places(name) {
            let label = match n {
                0 => label.to_owned(),
                n => format!("{label}, {}", n + 1),
            };
            let none = if n == 0 { hint } else { "One more" };
            self.select(&format!("{name}.{n}"), &label, choices, Some(none));
        }
    }
}
