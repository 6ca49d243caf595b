//! The fields of each section: what stands in them, what they mean, and in which unit.

use domain::{
    contract::{Contract, ContractTrigger, ExceptionRoute, Must, Sample},
    event::EventKind,
    flow::{Condition, Op, fact},
    owner::Owner,
    task::Unlock,
};
use engine::{SampleResult, contract_document};
use leptos::prelude::*;
use serde::Serialize;

use super::{Section, approvals, checks, read::span_text, routes, rows::rows};
use crate::{
    ui::*,
    web::{Typed, Visit, code_words},
};

pub(super) struct Around {
    /// Everybody who could answer, with what they are called.
    pub owners: Vec<(String, String)>,
    pub destinations: Vec<(String, String)>,
    pub samples: Vec<SampleResult>,
}

pub(super) type Options = Vec<(String, String)>;

pub(super) fn pairs(list: &[(&str, &str)]) -> Options {
    list.iter()
        .map(|(key, title)| ((*key).to_owned(), (*title).to_owned()))
        .collect()
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A form's fields with what was typed, or what the draft says.
pub(super) struct Fields<'t>(&'t Typed);

impl Fields<'_> {
    fn text(&self, name: &str, label: &str, hint: &str) -> FieldText {
        let text = self.0.text(format!("f[{name}]"), label);
        if hint.is_empty() {
            text
        } else {
            text.hint(hint)
        }
    }

    pub fn value(&self, name: &str, is: &str) -> String {
        self.0.value_or(&format!("f[{name}]"), is)
    }

    pub fn input(&self, name: &str, label: &str, hint: &str, is: &str) -> AnyView {
        let (text, value) = (self.text(name, label, hint), self.value(name, is));
        view! { <Input text value/> }.into_any()
    }

    pub fn area(&self, name: &str, label: &str, hint: &str, rows: u32, is: &str) -> AnyView {
        let (text, value) = (self.text(name, label, hint), self.value(name, is));
        view! { <TextArea text value rows/> }.into_any()
    }

    pub fn select(
        &self,
        name: &str,
        label: &str,
        hint: &str,
        options: Options,
        is: &str,
    ) -> AnyView {
        let (text, value) = (self.text(name, label, hint), self.value(name, is));
        // what is chosen and not offered any more is still what is chosen
        let mut options = options;
        if !options.iter().any(|(key, _)| *key == value) && !value.is_empty() {
            options.push((value.clone(), format!("{value} (not here)")));
        }
        view! { <Select text options value/> }.into_any()
    }

    pub fn remove(&self, name: &str, label: &str) -> AnyView {
        let name = format!("f[{name}]");
        let checked = self.0.value(&name) == "true";
        view! {
            <label class="check">
                <input type="checkbox" name=name value="true" checked=checked/>
                <span>{label.to_owned()}</span>
            </label>
        }
        .into_any()
    }

    pub fn error(&self, name: &str) -> Option<String> {
        self.0.error(&format!("f[{name}]"))
    }
}

pub(super) fn of(
    section: Section,
    contract: &Contract,
    typed: &Typed,
    around: &Around,
    at: &Visit,
) -> AnyView {
    let form = Fields(typed);
    match section {
        Section::Identity => identity(&form, contract),
        Section::Schema => schema(&form, contract, around),
        Section::Who => who(&form, contract, around),
        Section::Triggers => triggers(&form, contract),
        Section::Checks => checks::fields(&form, contract),
        Section::Approvals => approvals::fields(&form, contract, around),
        Section::Delivery => delivery(&form, contract, around),
        Section::Exceptions => exceptions(&form, contract, around),
        Section::Document => document(&form, contract, at),
    }
}

fn identity(form: &Fields<'_>, contract: &Contract) -> AnyView {
    let parts = vec![
        form.input("title", "Title", "As people call it, at most 120 characters.", &contract.title),
        form.area("summary", "What it is for", "One or two sentences.", 2, &contract.summary),
        form.input(
            "version",
            "Version",
            "Two numbers and a point. It follows what the change of the schema deserves until you write another; \
             what breaks readers needs the next major version.",
            &contract.version,
        ),
        form.input(
            "titled",
            "What each export is called",
            "{subject} stands for what it is about: Ship {subject}. Empty: the title and the subject.",
            &contract.titled,
        ),
        form.input("intent", "Intent", "One word for programs, such as publish_live.", &contract.intent),
        form.input(
            "intended_action",
            "What the destination is asked to do",
            "A sentence that stands in the message.",
            &contract.intended_action,
        ),
    ];
    parts.into_any()
}

fn schema(form: &Fields<'_>, contract: &Contract, around: &Around) -> AnyView {
    let samples = (0..rows(contract.samples.len(), engine::MOST_SAMPLES))
        .map(|index| {
            let found = contract.samples.get(index);
            sample(form, index, found, around.samples.get(index))
        })
        .collect_view();
    let (text, payload) = (pretty(&contract.schema), pretty(&contract.payload));
    let schema = form.area(
        "schema",
        "JSON Schema of the payload",
        "2020-12. At most 128 kB, 32 levels, no reference to elsewhere, no pattern that repeats what repeats.",
        22, &text,
    );
    let payload = form.area(
        "payload",
        "Where each field comes from",
        "By field: {\"fact\": \"order.ref\"}, {\"first_of\": [\"step.field\", \"input.field\"]} or {\"value\": 1}. \
         {} sends the subject as it is.",
        10, &payload,
    );
    view! {
        {schema}
        {payload}
        <h2 class="mt-4 font-semibold" id="samples">"Samples"</h2>
        <p class="hint">"Payloads that are part of the promise. Publishing is refused while one of them is not as it should be."</p>
        {samples}
    }
    .into_any()
}

fn sample(
    form: &Fields<'_>,
    index: usize,
    found: Option<&Sample>,
    result: Option<&SampleResult>,
) -> AnyView {
    let name = |field: &str| format!("sample.{index}.{field}");
    let must = found.map_or("pass", |one| {
        if one.must == Must::Fail {
            "fail"
        } else {
            "pass"
        }
    });
    let options = vec![
        ("pass".to_owned(), "must pass".to_owned()),
        ("fail".to_owned(), "must fail".to_owned()),
    ];
    let payload = found.map(|one| pretty(&one.payload)).unwrap_or_default();
    let said = found.and(result).map(sample_said);
    let legend = found.map_or_else(|| "Another sample".to_owned(), |one| one.name.clone());
    let remove = found.map(|one| form.remove(&name("remove"), &format!("Take “{}” out", one.name)));
    let rows = if found.is_some() { 8 } else { 3 };
    view! {
        <fieldset class="mt-4">
            <legend class="font-medium">{legend}</legend>
            {said}
            {form.input(&name("name"), "Name", "", found.map_or("", |one| &one.name))}
            {form.select(&name("must"), "The schema", "", options, must)}
            {form.area(&name("payload"), "Payload", "JSON, at most 64 kB.", rows, &payload)}
            {remove}
        </fieldset>
    }
    .into_any()
}

/// What the schema says of a sample, each fault with its place.
pub(super) fn sample_said(result: &SampleResult) -> AnyView {
    let (tone, word) = if result.is_as_promised() {
        (Tone::Done, "as it should be")
    } else {
        (Tone::Late, "not as it should be")
    };
    let faults = result
        .faults
        .iter()
        .map(|fault| {
            let place = if fault.field.is_empty() {
                "/".to_owned()
            } else {
                fault.field.clone()
            };
            view! { <li><code>{place}</code> " " {fault.sentence.clone()}</li> }
        })
        .collect_view();
    let taken = result.faults.is_empty().then_some("The schema takes it.");
    view! {
        <p><StateBadge tone word/> " " {taken}</p>
        <ul class="list-disc pl-5 mt-1">{faults}</ul>
    }
    .into_any()
}

fn who(form: &Fields<'_>, contract: &Contract, around: &Around) -> AnyView {
    let watchers: Vec<String> = contract.watchers.iter().map(Owner::to_string).collect();
    let owner = |is: &Owner| (around.owners.clone(), is.to_string());
    let ((owners, owner), (backups, backup)) = (owner(&contract.owner), owner(&contract.backup));
    let parts = vec![
        form.select("owner", "Owner", "Exactly one; somebody active must be behind it.", owners, &owner),
        form.select("backup", "Backup", "Somebody else, asked when the owner does not answer.", backups, &backup),
        form.area(
            "watchers",
            "Watchers",
            "Told as well, one per line: agency:customer_ops, rotation:night-desk, user: and an id.",
            3, &watchers.join("\n"),
        ),
        form.input(
            "accept_ms",
            "Taken within",
            "From its making, with the unit: 15 min, 2 h.",
            &span_text(contract.accept_ms),
        ),
        form.input(
            "resolve_ms",
            "Done within",
            "From its making; at least as long as the one above.",
            &span_text(contract.resolve_ms),
        ),
        form.input(
            "valid_for_ms",
            "Stays true for",
            "Its time-to-live: past it the content is not sent.",
            &span_text(contract.valid_for_ms),
        ),
    ];
    parts.into_any()
}

fn triggers(form: &Fields<'_>, contract: &Contract) -> AnyView {
    (0..rows(contract.triggers.len(), 20))
        .map(|index| trigger(form, index, contract.triggers.get(index)))
        .collect_view()
        .into_any()
}

fn trigger(form: &Fields<'_>, index: usize, found: Option<&ContractTrigger>) -> AnyView {
    let name = |field: &str| format!("trigger.{index}.{field}");
    let kinds = [
        ("", "none"),
        ("event", "an event"),
        ("schedule", "a time"),
        ("manual", "somebody asks"),
    ]
    .map(|(key, title)| (key.to_owned(), title.to_owned()))
    .to_vec();
    let mut event = String::new();
    let (mut chosen, mut op, mut value) = (String::new(), "equals".to_owned(), String::new());
    let (mut days, mut at, mut zone, mut input) =
        (String::new(), String::new(), String::new(), "{}".to_owned());
    let facts = fact::order_facts();
    match found {
        Some(ContractTrigger::Event {
            event: on, when, ..
        }) => {
            event = on.as_str().to_owned();
            match when {
                Condition::Always => {}
                Condition::Test(test) => {
                    chosen.clone_from(&test.fact);
                    op = word(&test.op);
                    let fact = facts.iter().find(|one| one.key == test.fact);
                    value = fact.map_or_else(String::new, |fact| fact.kind.write(&test.value));
                }
                _ => chosen = "as-it-is".to_owned(),
            }
        }
        Some(
            schedule @ ContractTrigger::Schedule {
                at: when,
                time_zone,
                input: given,
                ..
            },
        ) => {
            let on = schedule.on_days();
            let named: Vec<&str> = domain::cover::WEEKDAYS
                .iter()
                .zip(on)
                .filter(|(_, on)| *on)
                .map(|(name, _)| name.get(..3).unwrap_or_default())
                .collect();
            days = named.join(" ");
            at = when.to_string();
            zone.clone_from(time_zone);
            input = pretty(given);
        }
        _ => {}
    }
    let events = EventKind::ALL
        .iter()
        .map(|one| (one.as_str().to_owned(), one.as_str().to_owned()));
    let events = std::iter::once((String::new(), "choose".to_owned()))
        .chain(events)
        .collect();
    let mut asked: Options = vec![(String::new(), "every order".to_owned())];
    if chosen == "as-it-is" {
        asked.push((chosen.clone(), "the condition as it is".to_owned()));
    }
    asked.extend(facts.iter().map(|one| (one.key.clone(), one.title.clone())));
    let ops = Op::ALL
        .iter()
        .map(|one| (word(one), one.title().to_owned()))
        .collect();
    let legend = match found {
        None => "Another trigger".to_owned(),
        Some(one @ ContractTrigger::Schedule { .. }) => one.time_in_words(),
        Some(ContractTrigger::Event { event, .. }) => format!("On {event}"),
        Some(ContractTrigger::Manual { .. }) => "When somebody asks".to_owned(),
    };
    let sla = found.map_or_else(String::new, |one| span_text(one.sla_ms()));
    let remove = found.map(|_| form.remove(&name("remove"), "Take this trigger out"));
    let (on_event, on_time) = (!event.is_empty(), !at.is_empty());
    view! {
        <fieldset class="mt-4">
            <legend class="font-medium">{legend}</legend>
            {form.select(&name("on"), "Made by", "", kinds, found.map_or("", ContractTrigger::name))}
            {form.input(&name("sla"), "Done within", "What this sets off, with the unit: 2 h.", &sla)}
            <details class="mt-2" open=on_event>
                <summary>"An event of an order"</summary>
                {form.select(&name("event"), "Event", "", events, &event)}
                {form.select(&name("fact"), "Only orders of which", "", asked, &chosen)}
                {form.select(&name("op"), "is", "", ops, &op)}
                {form.input(&name("value"), "this", "500.00 USD, a number, a text, yes or no.", &value)}
            </details>
            <details class="mt-2" open=on_time>
                <summary>"A time of the week"</summary>
                {form.input(&name("days"), "Days", "Mon Tue Fri, Mon-Fri, or daily.", &days)}
                {form.input(&name("at"), "At", "On the wall clock there: 09:00. Summer time is minded.", &at)}
                {form.input(&name("zone"), "Time zone", "As in Europe/Berlin or America/New_York.", &zone)}
                {form.area(&name("input"), "What the payload reads as input", "A JSON object, the same each time.", 3, &input)}
            </details>
            {remove}
        </fieldset>
    }
    .into_any()
}

fn delivery(form: &Fields<'_>, contract: &Contract, around: &Around) -> AnyView {
    let waits: Vec<String> = contract
        .retry
        .schedule_ms
        .iter()
        .map(|ms| span_text(*ms))
        .collect();
    let ack = &contract.ack;
    let perhaps = |ms: Option<i64>| ms.map(span_text).unwrap_or_default();
    let none = (String::new(), "none".to_owned());
    let events = EventKind::ALL
        .iter()
        .map(|one| (one.as_str().to_owned(), one.as_str().to_owned()));
    let events = std::iter::once(none).chain(events).collect();
    let parts = vec![
        form.select(
            "destination",
            "Destination",
            "Where it goes; one that is in use.",
            around.destinations.clone(), &contract.destination,
        ),
        routes::fields(form, contract, around),
        view! { <h2 class="mt-4 font-semibold">"How it is sent, and what counts as taken and done"</h2> }.into_any(),
        form.area(
            "retry",
            "Waits between tries",
            "Separated by commas, with units: 1 s, 30 s, 10 min. One more try is made than there are waits; none: tried once.",
            2, &waits.join(", "),
        ),
        form.input(
            "retry_jitter",
            "Each wait is longer by up to",
            "Per cent, from 0 to 100, so that not everybody comes back at once.",
            &contract.retry.jitter_percent.to_string(),
        ),
        form.input(
            "accepted_within",
            "Says that it took it within",
            "From delivery, with the unit. Empty: no answer is awaited, delivered is enough.",
            &perhaps(ack.accepted_within_ms),
        ),
        form.input(
            "completed_within",
            "Says that it is done within",
            "From taking it, with the unit. Empty: taking it is the end.",
            &perhaps(ack.completed_within_ms),
        ),
        form.select(
            "completion_event",
            "Being done there stands for",
            "The event that orders then have.",
            events, ack.completion_event.map_or("", EventKind::as_str),
        ),
        form.input(
            "idempotency",
            "Known by",
            "The fields that make its key; the same values are the same command, done once. subject_id or run_id, and \
             export_type; besides them there are merchant_id, intent, step.",
            &contract.idempotency.join(", "),
        ),
    ];
    parts.into_any()
}

fn exceptions(form: &Fields<'_>, contract: &Contract, around: &Around) -> AnyView {
    let rows = (0..rows(contract.exceptions.len(), 60))
        .map(|index| {
            let found = contract.exceptions.iter().nth(index);
            exception(form, index, found, around)
        })
        .collect_view();
    let error = form
        .error("exceptions")
        .map(|sentence| view! { <p class="error">{sentence}</p> });
    view! {
        <p class="hint" id="f-f[exceptions]">
            "Each code that can come up leads to one owner; * catches what has no route of its own."
        </p>
        {error}
        {rows}
    }
    .into_any()
}

const UNLOCKS: [Unlock; 5] = [
    Unlock::Nothing,
    Unlock::RedeliverExport,
    Unlock::RecheckExport,
    Unlock::AskAgain,
    Unlock::WaitAgain,
];

fn exception(
    form: &Fields<'_>,
    index: usize,
    found: Option<(&String, &ExceptionRoute)>,
    around: &Around,
) -> AnyView {
    let name = |field: &str| format!("exception.{index}.{field}");
    let route = found.map(|(_, route)| route);
    let code = found.map_or("", |(code, _)| code.as_str());
    let summary = match route {
        None => "Another code".to_owned(),
        Some(_) if code == "*" => "Anything else".to_owned(),
        Some(route) => format!("{} → {}", code_words(code), route.owner.title()),
    };
    let classes = pairs(&[
        ("soft", "soft: work goes on"),
        ("hard", "hard: it stands still"),
    ]);
    let severities = pairs(&[("high", "high"), ("normal", "normal"), ("low", "low")]);
    let unlocks = UNLOCKS
        .iter()
        .map(|one| (word(one), one.sentence().to_owned()))
        .collect();
    let class = route.map_or("soft".to_owned(), |one| word(&one.class));
    let severity = route.map_or("normal".to_owned(), |one| word(&one.severity));
    let unlock = route.map_or("redeliver_export".to_owned(), |one| word(&one.unlock));
    let owner = route.map_or(String::new(), |one| one.owner.to_string());
    let clock = |ms: Option<i64>, otherwise: &str| ms.map_or(otherwise.to_owned(), span_text);
    let accept = clock(route.map(|one| one.accept_ms), "30 min");
    let resolve = clock(route.map(|one| one.resolve_ms), "4 h");
    let steps = route.map_or(String::new(), |one| one.remediation_steps.join("\n"));
    let remove = found.map(|_| form.remove(&name("remove"), "Take this route out"));
    let wrong = ["code", "owner", "severity", "accept", "resolve"]
        .iter()
        .any(|field| form.error(&name(field)).is_some());
    view! {
        <details class="mt-2" open=wrong>
            <summary>{summary}</summary>
            {form.input(&name("code"), "Code", "As the destination sends it; * for the rest.", code)}
            {form.input(&name("title"), "Title of the task", "", route.map_or("", |one| &one.title))}
            {form.select(&name("owner"), "Goes to", "", around.owners.clone(), &owner)}
            {form.select(&name("class"), "Class", "", classes, &class)}
            {form.select(&name("severity"), "Severity", "", severities, &severity)}
            {form.input(&name("accept"), "Taken within", "", &accept)}
            {form.input(&name("resolve"), "Resolved within", "", &resolve)}
            {form.area(&name("steps"), "How it is put right", "One step per line.", 3, &steps)}
            {form.select(&name("unlock"), "What resolving does", "", unlocks, &unlock)}
            {remove}
        </details>
    }
    .into_any()
}

fn document(form: &Fields<'_>, contract: &Contract, at: &Visit) -> AnyView {
    let text = contract_document(contract)
        .map(|value| pretty(&value))
        .unwrap_or_default();
    let href = at.path(&format!("contracts/{}/draft", contract.export_type));
    let area = form.area(
        "document",
        "The whole contract",
        "meshline.contract/1. What is not known is refused with its place.",
        30,
        &text,
    );
    view! {
        {area}
        <p class="hint">"What you write here takes the place of the whole draft. " <a class="link" href=href>"Back to the draft"</a></p>
    }
    .into_any()
}
