//! The board as a whole: the map or the table, the form of what is chosen, and the readiness rail.

use std::fmt::Write;

use domain::flow::{
    Draft, Path,
    edit::Sketch,
    readiness::{Fault, Weight},
};

use crate::{
    END, START,
    act::is_end,
    by_key::ByKey,
    form::{self, Paper, Written},
    html::esc,
    map::{Drawn, Look, Picture, clock_words, draw, glyph},
    names::Lanes,
    rank::Ranks,
    words,
};

/// Lines of the rail; nobody reads more at once, and a browser has to lay them out.
const SHOWN: usize = 60;

/// The row of the form; no step has such a key.
const FORM: &str = "@form";
const FORM_BEFORE: &str =
    "<td class=\"board-open\" colspan=\"6\"><div id=\"panel\" data-panel=\"\">";
const FORM_AFTER: &str = "</div></td>";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Map,
    Table,
}

impl View {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Table => "table",
        }
    }

    pub fn read(text: &str) -> Self {
        match text {
            "table" => Self::Table,
            _ => Self::Map,
        }
    }
}

/// Everything that is on the screen follows from this.
#[derive(Clone, Copy, Debug)]
pub struct Screen<'a> {
    pub paper: Paper<'a>,
    pub faults: &'a [Fault],
    pub ranks: &'a Ranks,
    pub view: View,
    pub lanes: Lanes,
    /// A step's key, one of the ends, or nothing.
    pub chosen: &'a str,
}

impl Screen<'_> {
    fn draft(&self) -> &Draft {
        self.paper.draft
    }

    /// The address at which this card is chosen; its key follows.
    fn href(&self) -> String {
        format!(
            "?view={}&lanes={}&step=",
            self.view.name(),
            self.lanes.name()
        )
    }

    pub fn look(&self) -> Look {
        Look {
            faults: self.marks(),
            chosen: self.chosen.to_owned(),
            href: self.href(),
            href_end: "#panel".to_owned(),
            lanes: self.lanes,
            ..Look::default()
        }
    }

    /// The first thing of each step that blocks.
    fn marks(&self) -> ByKey<String> {
        let mut marks: ByKey<String> = ByKey::new();
        for fault in self.faults.iter().filter(|fault| fault.blocks()) {
            if let Some(step) = fault.step.as_ref().filter(|step| !marks.contains_key(step)) {
                marks.insert(step.clone(), self.short(fault));
            }
        }
        marks
    }

    /// Without the step's name, where the step is shown anyway.
    fn short(&self, fault: &Fault) -> String {
        let title = fault.step.as_deref().and_then(|key| self.draft().step(key));
        let named = title.map(|step| format!("“{}” ", step.title));
        named
            .and_then(|named| fault.sentence.strip_prefix(&named))
            .unwrap_or(&fault.sentence)
            .to_owned()
    }

    pub fn picture(&self) -> Picture {
        draw(self.draft(), self.ranks, self.paper.names, &self.look())
    }

    /// The form of what is chosen.
    pub fn form(&self) -> Written {
        form::write(self.paper, self.draft().step(self.chosen))
    }

    /// All options of a list in it.
    pub fn list(&self, name: &str) -> String {
        form::list(self.paper, self.draft().step(self.chosen), name)
    }

    /// What is chosen, as a headline.
    pub fn chosen_title(&self) -> &str {
        self.draft()
            .step(self.chosen)
            .map_or("The flow", |step| step.title.as_str())
    }

    /// One row for each step, with room for the form below the one that is chosen.
    pub fn rows(&self) -> Vec<Drawn> {
        let mut rows = Vec::new();
        let mut row = |key: &str, inside: String| {
            rows.push(Drawn {
                key: key.to_owned(),
                inside,
                ..Drawn::default()
            });
        };
        row(START, self.trigger_cells());
        if is_end(self.chosen) {
            row(FORM, format!("{FORM_BEFORE}{FORM_AFTER}"));
        }
        let marks = self.marks();
        for step in &self.draft().steps {
            row(&step.key, self.cells(step, marks.get(&step.key)));
            if step.key == self.chosen {
                row(FORM, format!("{FORM_BEFORE}{FORM_AFTER}"));
            }
        }
        row(
            END,
            format!(
                "<th scope=\"row\">{}<small>outcome</small></th><td colspan=\"5\">the run has ended well</td>",
                esc(&self.draft().outcome)
            ),
        );
        rows
    }

    /// The rows as a table; the form comes into it with `form`.
    pub fn table(&self, rows: &[Drawn], form: &str) -> String {
        let mut out = String::from(
            "<table class=\"board-table\"><caption class=\"sr-only\">Steps of the flow</caption><thead><tr>\
             <th scope=\"col\">Step</th><th scope=\"col\">Owner</th><th scope=\"col\">Backup</th><th scope=\"col\">By when</th>\
             <th scope=\"col\">Leads to</th><th scope=\"col\">If it fails</th></tr></thead><tbody>",
        );
        for row in rows {
            let data = match row.key.as_str() {
                FORM | END => String::new(),
                key => format!(" data-row=\"{}\"", esc(key)),
            };
            let is_chosen = row.key == self.chosen || row.key == START && is_end(self.chosen);
            let selected = if is_chosen { " data-selected=\"\"" } else { "" };
            let _ = write!(out, "<tr{data}{selected}>");
            if row.key == FORM {
                for part in [FORM_BEFORE, form, FORM_AFTER] {
                    out.push_str(part);
                }
            } else {
                out.push_str(&row.inside);
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table>");
        out
    }

    fn trigger_cells(&self) -> String {
        let (what, how) = words::trigger(&self.draft().trigger);
        format!(
            "<th scope=\"row\">{}<small>trigger</small></th><td colspan=\"3\">{}</td><td>{}</td><td></td>",
            self.link(START, &what),
            esc(how),
            esc(&self.titles(&self.draft().start, "nowhere yet")),
        )
    }

    fn link(&self, key: &str, title: &str) -> String {
        let current = if self.chosen == key {
            " aria-current=\"true\""
        } else {
            ""
        };
        format!(
            "<a class=\"title\" data-step=\"{0}\" href=\"{1}{0}#panel\"{current}>{2}</a>",
            esc(key),
            esc(&self.href()),
            esc(title)
        )
    }

    fn titles(&self, keys: &[String], none: &str) -> String {
        if keys.is_empty() {
            return none.to_owned();
        }
        keys.iter()
            .map(|key| {
                self.draft()
                    .step(key)
                    .map_or(key.as_str(), |step| &step.title)
            })
            .collect::<Vec<_>>()
            .join(" and ")
    }

    fn cells(&self, step: &Sketch, fault: Option<&String>) -> String {
        let names = self.paper.names;
        let who = |owner: &Option<domain::owner::Owner>| match owner {
            Some(owner) => esc(&names.owner(owner)).to_string(),
            None => "<span class=\"fbad\">nobody yet</span>".to_owned(),
        };
        let leads: Vec<String> = step
            .kind
            .exits()
            .into_iter()
            .map(|on| {
                let to = self.titles(step.exit(on), "ends");
                match words::exit(step, on).as_str() {
                    "" => to,
                    exit => format!("{exit}: {to}"),
                }
            })
            .collect();
        let fails: Vec<String> = step
            .ways_to_fail()
            .into_iter()
            .map(|on| match step.failure(on).map(|failure| &failure.path) {
                None => format!("{on}: not said yet"),
                Some(Path::Task { .. }) => format!("{on}: a task"),
                Some(Path::Go { to }) => {
                    format!("{on}: {}", self.titles(std::slice::from_ref(to), ""))
                }
                Some(Path::Undo) => format!("{on}: taken back"),
            })
            .collect();
        let fault = fault
            .map(|fault| format!("<small class=\"fbad\">{}</small>", esc(fault)))
            .unwrap_or_default();
        format!(
            "<th scope=\"row\"><span class=\"fhead\">{}{}</span><small>{}</small>{fault}</th>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
            self.link(&step.key, &step.title),
            glyph(&step.kind),
            esc(step.kind.title()),
            who(&step.owner),
            who(&step.backup),
            esc(&clock_words(step)),
            esc(&leads.join("; ")),
            esc(&fails.join("; ")),
        )
    }

    /// What keeps the draft from being published, each a link to its field.
    pub fn rail(&self) -> String {
        let blocking = self.faults.iter().filter(|fault| fault.blocks()).count();
        let steps = self.draft().steps.len();
        let marks = self.marks();
        let troubled = self
            .draft()
            .steps
            .iter()
            .filter(|step| marks.contains_key(&step.key))
            .count();
        let (title, sub) = match blocking {
            0 => ("Ready", "Nothing keeps it from being published.".to_owned()),
            1 => (
                "Almost ready",
                "1 thing keeps it from being published.".to_owned(),
            ),
            n if troubled * 2 <= steps => (
                "Almost ready",
                format!("{n} things keep it from being published."),
            ),
            n => (
                "Not ready yet",
                format!("{n} things keep it from being published."),
            ),
        };
        let ready = steps.saturating_sub(troubled);
        let mut out = format!(
            "<h2>{title}</h2><p class=\"muted\">{sub}</p>\
             <svg class=\"rail-bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"{ready} of {steps} steps are ready\"><rect width=\"100\" height=\"4\" class=\"rail-rest\"/>\
             <rect width=\"{}\" height=\"4\" class=\"rail-done\"/></svg><ul class=\"rail-list\">",
            (ready * 100).checked_div(steps).unwrap_or(0),
        );
        for fault in self.faults.iter().take(SHOWN) {
            let (tone, word) = match fault.weight {
                Weight::Blocks => ("late", "Blocks"),
                Weight::Advises => ("wait", "Advice"),
            };
            let key = fault.step.as_deref().unwrap_or("@start");
            let _ = write!(
                out,
                "<li><svg class=\"glyph\" viewBox=\"0 0 16 16\" role=\"img\" aria-label=\"{word}\" data-tone=\"{tone}\">\
                 <use href=\"#g-{tone}\"/></svg><span><a href=\"{}{}#f-{}\" data-step=\"{}\" data-field=\"{}\">{}</a>\
                 <small>{}</small></span></li>",
                esc(&self.href()),
                esc(key),
                esc(&field_of(fault)),
                esc(key),
                esc(&field_of(fault)),
                esc(&fault.sentence),
                esc(&fault.fix),
            );
        }
        if let Some(more) = self
            .faults
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            let _ = write!(out, "<li>And {more} more, of later steps.</li>");
        }
        out.push_str("</ul>");
        out
    }
}

/// The part of the form that a fault is about.
fn field_of(fault: &Fault) -> String {
    let mut parts = fault.field.split('.');
    let first = parts.next().unwrap_or_default();
    let second = parts.next().unwrap_or_default();
    match (first, second) {
        ("failures", on) if !on.is_empty() => format!("failures.{on}"),
        ("branches", n) => format!("branches.{}", if n.is_empty() { "0" } else { n }),
        ("fields", n) => format!("field.{}.label", if n.is_empty() { "0" } else { n }),
        ("to", _) => "tell.0".to_owned(),
        ("undo", _) => "undo.by".to_owned(),
        ("manual", _) => "manual.minutes".to_owned(),
        ("watchers", _) => "watch.0".to_owned(),
        ("steps", _) => "add".to_owned(),
        (first, _) => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::flow::{
        Edit, Flow, Place, StepKind, fact,
        readiness::{Surroundings, readiness},
    };
    use uuid::Uuid;

    use super::*;
    use crate::{act::write_flow, fields, fields::Wrong, names::Names};

    /// Whatever the rail complains about, there is a place in the form that its link leads to.
    #[test]
    fn every_link_of_the_rail_leads_to_a_field() {
        let mut draft: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
        for kind in StepKind::NAMES {
            draft = draft
                .apply(&Edit::Add {
                    kind: kind.into(),
                    title: String::new(),
                    place: Place::Start,
                })
                .unwrap();
        }
        let faults = readiness(&draft, &Surroundings::default());
        assert!(faults.len() > 20, "{faults:#?}");
        for fault in &faults {
            let chosen = fault.step.as_deref().unwrap_or("@start");
            let fields = match draft.step(chosen) {
                Some(step) => fields::write(step, &fact::of_flow(&draft)),
                None => write_flow(&draft),
            };
            let screen = Screen {
                paper: Paper {
                    draft: &draft,
                    names: &Names::default(),
                    fields: &fields,
                    wrong: &Wrong::new(),
                    saved: None,
                    action: "/ui/flow/edit",
                    hidden: &[],
                    still: false,
                    short: false,
                },
                faults: &faults,
                ranks: &Ranks::default(),
                view: View::Map,
                lanes: Lanes::Systems,
                chosen,
            };
            let id = format!("id=\"f-{}\"", field_of(fault));
            assert!(screen.form().html().contains(&id), "{id} for {fault:?}");
            let one = std::slice::from_ref(fault);
            let rail = Screen {
                faults: one,
                ..screen
            }
            .rail();
            assert!(
                rail.contains(&esc(&fault.sentence).to_string())
                    && rail.contains(&format!("#f-{}", field_of(fault)))
            );
            let table = screen.table(&screen.rows(), &screen.form().html());
            assert!(table.contains("id=\"panel\"") && table.contains(&id));
        }
    }
}
