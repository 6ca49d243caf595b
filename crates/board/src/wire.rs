//! How a draft and what is known around it travel between the server and the editor, and into the browser's storage.
//!
//! The server writes and reads with serde, as everything else does; the browser with what stands here, which is a
//! fraction of the size. A type names its fields once ([`Fields::fields`]); reading walks over them to fill them in,
//! writing to spell them, so the two can't disagree, and the compiler asks for a field that is forgotten. That serde
//! means the same is what the tests are for.

mod values;

use domain::{
    event::EventKind,
    flow::{
        Branch, Checkpoint, Clock, Condition, DONE, Draft, Exit, Failure, Field, FieldKind, Manual,
        Op, Path, StepKind, Test, Trigger, Undo, Until,
        edit::Sketch,
        readiness::{Fault, Weight},
    },
    owner::Owner,
    task::Severity,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    fields::op_name,
    json::{self, Json, Object, Read},
    names::Names,
    rank::Ranks,
};

/// Something that is written as JSON, and read into something of the kind that is there already.
pub trait Wire {
    /// The error is the name of what can't be read; empty: this itself.
    fn read(&mut self, json: Json) -> Read<()>;
    /// Changes nothing; it is the same walk as reading.
    fn write(&mut self, out: &mut String);
}

/// Something to read into.
pub trait Blank {
    fn blank() -> Self;
}

/// Called for each field with its name. A field may be missing unless it can't be read from nothing.
type Each<'a> = &'a mut dyn FnMut(&'static str, Need, &mut dyn Wire);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

use Need::{May, Must};

/// Something that is an object.
trait Fields {
    fn fields(&mut self, each: Each<'_>);
}

fn read_fields(of: &mut dyn Fields, json: Json) -> Read<()> {
    let mut object = json.object().ok_or("")?;
    let mut wrong: Read<()> = Ok(());
    of.fields(&mut |name, need, field| {
        let json = object.json(name);
        if wrong.is_err() || (json == Json::Null && need == May) {
            return;
        }
        if let Err(inner) = field.read(json) {
            wrong = Err(if inner.is_empty() { name } else { inner });
        }
    });
    wrong
}

fn write_fields(of: &mut dyn Fields, out: &mut String) {
    out.push('{');
    let mut n = 0;
    of.fields(&mut |name, _, field| {
        json::comma(n, out);
        n += 1;
        json::quote(name, out);
        out.push(':');
        field.write(out);
    });
    out.push('}');
}

/// What of this type the text says.
pub fn read<T: Wire + Blank>(text: &str) -> Read<T> {
    let mut value = T::blank();
    value.read(Json::parse(text)?)?;
    Ok(value)
}

/// A field of an object that nobody has a type for.
pub fn take<T: Wire + Blank>(from: &mut Object, name: &'static str) -> Read<T> {
    let mut value = T::blank();
    value.read(from.json(name)).map_err(|_| name)?;
    Ok(value)
}

pub fn text<T: Wire + Clone>(value: &T) -> String {
    let mut out = String::new();
    value.clone().write(&mut out);
    out
}

macro_rules! objects {
    ($($name:ty),*) => {$(
        impl Wire for $name {
            fn read(&mut self, json: Json) -> Read<()> {
                read_fields(self, json)
            }
            fn write(&mut self, out: &mut String) {
                write_fields(self, out);
            }
        }
    )*};
}

/// A struct whose fields are called in JSON what they are called here: those that have to be there, those that may be
/// missing, and one that stands in no braces of its own.
macro_rules! plain {
    ($name:ident { $($must:ident),* } or { $($may:ident),* } $(with $flat:ident)?) => {
        impl Fields for $name {
            fn fields(&mut self, each: Each<'_>) {
                let Self { $($must,)* $($may,)* $($flat,)? } = self;
                $(each(stringify!($must), Must, $must);)*
                $(each(stringify!($may), May, $may);)*
                $($flat.fields(each);)?
            }
        }
        objects!($name);
    };
}

plain!(Draft { id, merchant_id, key, name, version, summary, trigger, steps, outcome, published_at }
    or { start, published_by, approved_by, note });
plain!(Sketch { key, title, owner, backup }
    or { watchers, source_system, destination_system, clock, checkpoint, exits, failures, undo, runbook, report_as, manual }
    with kind);
plain!(Clock { accept_ms, resolve_ms } or { calendar });
plain!(Checkpoint { what, when } or {});
plain!(Exit { on, to } or {});
plain!(Failure { on } or { retries, retry_after_ms } with path);
plain!(Manual { minutes_each, times_a_week, tool } or {});
plain!(Branch { key, label, when } or {});
plain!(Test { fact, op, value } or {});
plain!(Field { key, label } or { help, required } with kind);
plain!(Fault { field, path, sentence, fix, weight } or { step });
plain!(Names { owners, systems, contracts, flows, calendars, events } or {});
objects!(Trigger, StepKind, Condition, Undo);

/// The name by which the kinds of something are told apart.
struct Tag {
    is: &'static str,
    of: &'static [&'static str],
}

impl Tag {
    /// Asks for the tag, and says which it is, if it is another than before.
    fn ask(
        is: &'static str,
        of: &'static [&'static str],
        name: &'static str,
        each: Each<'_>,
    ) -> Option<&'static str> {
        let mut tag = Self { is, of };
        each(name, Must, &mut tag);
        (tag.is != is).then_some(tag.is)
    }
}

impl Wire for Tag {
    fn read(&mut self, json: Json) -> Read<()> {
        let text = json.text().ok_or("")?;
        self.is = self.of.iter().find(|one| **one == text).ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        json::quote(self.is, out);
    }
}

/// An enum that is only its name.
macro_rules! named {
    ($name:ty, $all:expr, $called:expr) => {
        impl Wire for $name {
            fn read(&mut self, json: Json) -> Read<()> {
                let text = json.text().ok_or("")?;
                let called: fn(Self) -> &'static str = $called;
                *self = $all
                    .into_iter()
                    .find(|one| called(*one) == text)
                    .ok_or("")?;
                Ok(())
            }
            fn write(&mut self, out: &mut String) {
                let called: fn(Self) -> &'static str = $called;
                json::quote(called(*self), out);
            }
        }
    };
}

named!(EventKind, Self::ALL, Self::as_str);
named!(Op, Self::ALL, op_name);
named!(
    Severity,
    [Self::Low, Self::Normal, Self::High],
    Self::as_str
);
named!(
    Until,
    [Self::Acknowledged, Self::Completed],
    |until| match until {
        Self::Acknowledged => "acknowledged",
        Self::Completed => "completed",
    }
);
named!(
    Weight,
    [Self::Blocks, Self::Advises],
    |weight| match weight {
        Self::Blocks => "blocks",
        Self::Advises => "advises",
    }
);

impl Fields for Trigger {
    fn fields(&mut self, each: Each<'_>) {
        const ALL: &[&str] = &["order", "campaign", "form", "manual", "sub_flow"];
        let is = match self {
            Self::Order { .. } => "order",
            Self::Campaign => "campaign",
            Self::Form { .. } => "form",
            Self::Manual => "manual",
            Self::SubFlow => "sub_flow",
        };
        match Tag::ask(is, ALL, "on", each) {
            None => {}
            Some("order") => {
                *self = Self::Order {
                    event: EventKind::OrderAccepted,
                    when: Condition::Always,
                };
            }
            Some("campaign") => *self = Self::Campaign,
            Some("form") => {
                *self = Self::Form {
                    noun: String::new(),
                    fields: Vec::new(),
                };
            }
            Some("manual") => *self = Self::Manual,
            Some(_) => *self = Self::SubFlow,
        }
        match self {
            Self::Order { event, when } => {
                each("event", Must, event);
                each("when", May, when);
            }
            Self::Form { noun, fields } => {
                each("noun", Must, noun);
                each("fields", Must, fields);
            }
            Self::Campaign | Self::Manual | Self::SubFlow => {}
        }
    }
}

impl Fields for StepKind {
    fn fields(&mut self, each: Each<'_>) {
        if let Some(fresh) = Tag::ask(self.name(), &Self::NAMES, "kind", each).and_then(Self::fresh)
        {
            *self = fresh;
            // a fresh decision has one; a stored one that says nothing of it has none
            if let Self::Decide { otherwise, .. } = self {
                *otherwise = false;
            }
        }
        match self {
            Self::EmitExport { export_type, until } => {
                each("export_type", Must, export_type);
                each("until", Must, until);
            }
            Self::WaitForEvent { event } => each("event", Must, event),
            Self::Decide {
                branches,
                otherwise,
            } => {
                each("branches", Must, branches);
                each("otherwise", May, otherwise);
            }
            Self::HumanTask {
                instruction,
                fields,
            } => {
                each("instruction", Must, instruction);
                each("fields", May, fields);
            }
            Self::Notify { to, message } => {
                each("to", Must, to);
                each("message", Must, message);
            }
            Self::Compensate { back_to } => each("back_to", May, back_to),
            Self::SubFlow { flow } => each("flow", Must, flow),
        }
    }
}

impl Fields for Condition {
    fn fields(&mut self, each: Each<'_>) {
        const ALL: &[&str] = &["always", "all", "any", "not", "test"];
        let is = match self {
            Self::Always => "always",
            Self::All { .. } => "all",
            Self::Any { .. } => "any",
            Self::Not { .. } => "not",
            Self::Test(_) => "test",
        };
        match Tag::ask(is, ALL, "is", each) {
            None => {}
            Some("all") => *self = Self::All { of: Vec::new() },
            Some("any") => *self = Self::Any { of: Vec::new() },
            Some("not") => {
                *self = Self::Not {
                    of: Box::new(Self::Always),
                };
            }
            Some("test") => {
                *self = Self::Test(Test {
                    fact: String::new(),
                    op: Op::Equals,
                    value: Value::Null,
                });
            }
            Some(_) => *self = Self::Always,
        }
        match self {
            Self::Always => {}
            Self::All { of } | Self::Any { of } => each("of", Must, of),
            Self::Not { of } => each("of", Must, &mut **of),
            Self::Test(test) => test.fields(each),
        }
    }
}

impl Fields for FieldKind {
    fn fields(&mut self, each: Each<'_>) {
        const ALL: &[&str] = &["text", "long_text", "number", "date", "yes_no", "choice"];
        let is = match self {
            Self::Text => "text",
            Self::LongText => "long_text",
            Self::Number => "number",
            Self::Date => "date",
            Self::YesNo => "yes_no",
            Self::Choice { .. } => "choice",
        };
        match Tag::ask(is, ALL, "type", each) {
            None => {}
            Some("text") => *self = Self::Text,
            Some("long_text") => *self = Self::LongText,
            Some("number") => *self = Self::Number,
            Some("date") => *self = Self::Date,
            Some("yes_no") => *self = Self::YesNo,
            Some(_) => {
                *self = Self::Choice {
                    options: Vec::new(),
                };
            }
        }
        if let Self::Choice { options } = self {
            each("options", Must, options);
        }
    }
}

impl Fields for Path {
    fn fields(&mut self, each: Each<'_>) {
        const ALL: &[&str] = &["task", "go", "undo"];
        let is = match self {
            Self::Task { .. } => "task",
            Self::Go { .. } => "go",
            Self::Undo => "undo",
        };
        match Tag::ask(is, ALL, "path", each) {
            None => {}
            Some("task") => {
                *self = Self::Task {
                    owner: None,
                    severity: Severity::Normal,
                    remediation: Vec::new(),
                };
            }
            Some("go") => *self = Self::Go { to: String::new() },
            Some(_) => *self = Self::Undo,
        }
        match self {
            Self::Task {
                owner,
                severity,
                remediation,
            } => {
                each("owner", May, owner);
                each("severity", Must, severity);
                each("remediation", May, remediation);
            }
            Self::Go { to } => each("to", Must, to),
            Self::Undo => {}
        }
    }
}

impl Fields for Undo {
    fn fields(&mut self, each: Each<'_>) {
        let is = match self {
            Self::Export { .. } => "export",
            Self::Task { .. } => "task",
        };
        match Tag::ask(is, &["export", "task"], "by", each) {
            None => {}
            Some("export") => *self = Self::blank(),
            Some(_) => {
                *self = Self::Task {
                    instruction: String::new(),
                };
            }
        }
        match self {
            Self::Export { export_type } => each("export_type", Must, export_type),
            Self::Task { instruction } => each("instruction", Must, instruction),
        }
    }
}

/// Column and order of each card, as the server found them.
pub fn ranks(json: Json) -> Read<Ranks> {
    let mut ranks = Ranks::default();
    for one in json.list().ok_or("ranks")? {
        let mut one = one.list().ok_or("ranks")?.into_iter();
        let card = one.next().and_then(Json::text);
        let mut at = one
            .next()
            .and_then(Json::list)
            .unwrap_or_default()
            .into_iter();
        let mut next = || at.next().unwrap_or_default();
        let (column, order) = (next().whole(), next().float());
        let column = column.and_then(|column| u32::try_from(column).ok());
        let at = column.zip(order).ok_or("ranks")?;
        ranks.put(card.ok_or("ranks")?, at);
    }
    Ok(ranks)
}

macro_rules! blank {
    ($($name:ty = $blank:expr),* $(,)?) => {$(
        impl Blank for $name {
            fn blank() -> Self {
                $blank
            }
        }
    )*};
}

blank!(
    String = Self::new(),
    bool = false,
    i64 = 0,
    Uuid = Self::nil(),
    (String, String) = (String::new(), String::new()),
    Draft = Self::named(Uuid::nil(), Uuid::nil(), "", ""),
    Sketch = Self::new("", "", (None, None), StepKind::Compensate { back_to: None }),
    Checkpoint = Self {
        what: String::new(),
        when: Condition::Always
    },
    Exit = Self {
        on: DONE.to_owned(),
        to: Vec::new()
    },
    Failure = Self {
        on: String::new(),
        retries: 0,
        retry_after_ms: 0,
        path: Path::Undo
    },
    Undo = Self::Export {
        export_type: String::new()
    },
    Manual = Self {
        minutes_each: 0,
        times_a_week: 0,
        tool: String::new()
    },
    Branch = Self {
        key: String::new(),
        label: String::new(),
        when: Condition::Always
    },
    Field = Self {
        key: String::new(),
        label: String::new(),
        help: String::new(),
        required: false,
        kind: FieldKind::Text
    },
    Condition = Self::Always,
    Owner = Self::System(String::new()),
    Fault = Self {
        step: None,
        field: String::new(),
        path: String::new(),
        sentence: String::new(),
        fix: String::new(),
        weight: Weight::Blocks,
    },
    Names = Self::default(),
);

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
