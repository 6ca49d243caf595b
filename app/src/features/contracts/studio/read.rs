//! From what was typed into a section to the contract it says, or what is wrong with which field.

use std::collections::BTreeMap;

use domain::{
    contract::{Contract, ContractTrigger, ExceptionRoute, Must, Sample},
    event::EventKind,
    flow::{Condition, Test, fact},
    json_text,
    owner::Owner,
    task::{ExceptionClass, Severity, Unlock},
};
use engine::{Error, FieldError, Result, read_contract_document};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Section, approvals, checks, routes, rows::rows};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// "1 h 30 min": numbers, each with its unit.
pub(super) fn span(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut seen = false;
    let spaced: String = text
        .trim()
        .chars()
        .flat_map(|letter| match letter {
            ',' => vec![' '],
            other => vec![other],
        })
        .collect();
    let mut words = spaced.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let digits = word.trim_end_matches(|letter: char| letter.is_alphabetic());
        let number: i64 = digits.parse().ok().filter(|number| *number >= 0)?;
        let unit = match word.get(digits.len()..).unwrap_or_default() {
            "" => words.next()?,
            unit => unit,
        };
        let each = match unit {
            "ms" => 1,
            "s" | "sec" | "second" | "seconds" => SECOND,
            "m" | "min" | "minute" | "minutes" => MINUTE,
            "h" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(each)?)?;
        seen = true;
    }
    seen.then_some(total)
}

/// The same the other way, exactly.
pub(super) fn span_text(ms: i64) -> String {
    let mut rest = ms.max(0);
    let mut parts = Vec::new();
    for (unit, each) in [
        ("d", DAY),
        ("h", HOUR),
        ("min", MINUTE),
        ("s", SECOND),
        ("ms", 1),
    ] {
        if rest >= each {
            parts.push(format!("{} {unit}", rest / each));
            rest %= each;
        }
    }
    if parts.is_empty() {
        "0 s".to_owned()
    } else {
        parts.join(" ")
    }
}

pub(super) struct Form<'f> {
    typed: &'f BTreeMap<String, String>,
    faults: Vec<FieldError>,
}

impl Form<'_> {
    pub fn get(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str).trim()
    }

    pub fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }

    pub fn ticked(&self, name: &str) -> bool {
        self.get(name) == "true"
    }

    pub fn say(&mut self, name: &str, sentence: impl Into<String>) {
        self.faults.push(FieldError {
            field: format!("f[{name}]"),
            sentence: sentence.into(),
        });
    }

    pub fn span(&mut self, name: &str) -> i64 {
        span(self.get(name)).unwrap_or_else(|| {
            self.say(name, "Write a number and its unit, such as 15 min or 2 d.");
            0
        })
    }

    /// Empty: none.
    fn perhaps(&mut self, name: &str) -> Option<i64> {
        if self.get(name).is_empty() {
            None
        } else {
            Some(self.span(name))
        }
    }

    pub fn owner(&mut self, name: &str) -> Option<Owner> {
        let read = self.get(name).parse().ok();
        if read.is_none() {
            self.say(name, "Choose somebody.");
        }
        read
    }

    pub fn owners(&mut self, name: &str) -> Vec<Owner> {
        let words: Vec<String> = self
            .get(name)
            .split([',', '\n', ' '])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let mut all = Vec::new();
        for word in words {
            match word.parse::<Owner>() {
                Ok(owner) => all.push(owner),
                Err(_) => self.say(
                    name,
                    format!("“{word}” is nobody: write agency:logistics, or user: and an id."),
                ),
            }
        }
        all
    }

    fn json<T: DeserializeOwned>(&mut self, name: &str, empty: &str) -> Option<T> {
        let text = match self.get(name) {
            "" => empty,
            text => text,
        };
        if domain::depth::is_too_deep(text.as_bytes()) {
            self.say(name, "This is nested too deeply.");
            return None;
        }
        if let Some(loss) = json_text::loss(text.as_bytes()) {
            self.say(name, loss.to_string());
            return None;
        }
        match serde_json::from_str(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.say(name, json_text::unread(&why));
                None
            }
        }
    }

    pub fn number<T: std::str::FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        let read = self.get(name).trim_end_matches('%').trim().parse().ok();
        if read.is_none() {
            self.say(name, wanted);
        }
        read
    }
}

/// The contract with this section as it was typed.
pub(super) fn section(
    section: Section,
    typed: &BTreeMap<String, String>,
    contract: Contract,
) -> Result<Contract> {
    let mut form = Form {
        typed,
        faults: Vec::new(),
    };
    let read = match section {
        Section::Identity => identity(&form, contract),
        Section::Schema => schema(&mut form, contract),
        Section::Who => who(&mut form, contract),
        Section::Triggers => triggers(&mut form, contract),
        Section::Checks => checks::read(&mut form, contract),
        Section::Approvals => approvals::read(&mut form, contract),
        Section::Delivery => delivery(&mut form, contract),
        Section::Exceptions => exceptions(&mut form, contract),
        Section::Document => {
            return read_contract_document(form.get("document").as_bytes(), contract.merchant_id)
                .map_err(|mut error| {
                    let told: Vec<String> = error
                        .fields
                        .iter()
                        .map(|one| format!("{} {}", one.field, one.sentence).trim().to_owned())
                        .collect();
                    error.fields = vec![FieldError {
                        field: "f[document]".to_owned(),
                        sentence: told.join(" "),
                    }];
                    error
                });
        }
    };
    if form.faults.is_empty() {
        Ok(read)
    } else {
        Err(Error::invalid_fields(form.faults))
    }
}

fn identity(form: &Form<'_>, contract: Contract) -> Contract {
    Contract {
        title: form.text("title"),
        summary: form.text("summary"),
        version: form.text("version"),
        titled: form.text("titled"),
        intent: form.text("intent"),
        intended_action: form.text("intended_action"),
        ..contract
    }
}

fn schema(form: &mut Form<'_>, contract: Contract) -> Contract {
    let schema = form.json::<Value>("schema", "{}").unwrap_or_default();
    let payload = form.json("payload", "{}").unwrap_or_default();
    let mut samples = Vec::new();
    for index in 0..rows(contract.samples.len(), engine::MOST_SAMPLES) {
        let name = |field: &str| format!("sample.{index}.{field}");
        if form.ticked(&name("remove"))
            || form.get(&name("name")).is_empty() && form.get(&name("payload")).is_empty()
        {
            continue;
        }
        let must = if form.get(&name("must")) == "fail" {
            Must::Fail
        } else {
            Must::Pass
        };
        if form.get(&name("name")).is_empty() {
            form.say(&name("name"), "Give the sample a name.");
        }
        if let Some(payload) = form.json(&name("payload"), "null") {
            samples.push(Sample {
                name: form.text(&name("name")),
                must,
                payload,
            });
        }
    }
    Contract {
        schema,
        payload,
        samples,
        ..contract
    }
}

fn who(form: &mut Form<'_>, contract: Contract) -> Contract {
    let owner = form.owner("owner");
    let backup = form.owner("backup");
    let watchers = form.owners("watchers");
    let (accept_ms, resolve_ms) = (form.span("accept_ms"), form.span("resolve_ms"));
    let valid_for_ms = form.span("valid_for_ms");
    Contract {
        owner: owner.unwrap_or_else(|| contract.owner.clone()),
        backup: backup.unwrap_or_else(|| contract.backup.clone()),
        watchers,
        accept_ms,
        resolve_ms,
        valid_for_ms,
        ..contract
    }
}

fn triggers(form: &mut Form<'_>, contract: Contract) -> Contract {
    let mut triggers = Vec::new();
    for index in 0..rows(contract.triggers.len(), 20) {
        let name = |field: &str| format!("trigger.{index}.{field}");
        let kind = form.text(&name("on"));
        if kind.is_empty() || form.ticked(&name("remove")) {
            continue;
        }
        let sla_ms = form.span(&name("sla"));
        match kind.as_str() {
            "event" => {
                let event = form.get(&name("event")).parse::<EventKind>();
                let when = condition(form, &name, contract.triggers.get(index));
                match event {
                    Ok(event) => triggers.push(ContractTrigger::Event {
                        event,
                        when,
                        sla_ms,
                    }),
                    Err(_) => form.say(&name("event"), "Choose the event."),
                }
            }
            "schedule" => {
                let days = days(form.get(&name("days")));
                if days.is_empty() {
                    form.say(&name("days"), "Write days such as Mon Tue Fri, or daily.");
                }
                let at = form.get(&name("at")).parse();
                let input = form.json(&name("input"), "{}").unwrap_or_default();
                match at {
                    Ok(at) => triggers.push(ContractTrigger::Schedule {
                        days,
                        at,
                        time_zone: form.text(&name("zone")),
                        input,
                        sla_ms,
                    }),
                    Err(why) => form.say(&name("at"), why),
                }
            }
            _ => triggers.push(ContractTrigger::Manual { sla_ms }),
        }
    }
    Contract {
        triggers,
        ..contract
    }
}

/// One test, where a fact is chosen; a condition of several parts stays as it is until a fact is chosen.
fn condition(
    form: &mut Form<'_>,
    name: &impl Fn(&str) -> String,
    was: Option<&ContractTrigger>,
) -> Condition {
    let chosen = form.text(&name("fact"));
    if chosen == "as-it-is"
        && let Some(ContractTrigger::Event { when, .. }) = was
    {
        return when.clone();
    }
    if chosen.is_empty() || chosen == "as-it-is" {
        return Condition::Always;
    }
    let facts = fact::order_facts();
    let Some(fact) = facts.iter().find(|one| one.key == chosen) else {
        form.say(&name("fact"), "Choose one of these.");
        return Condition::Always;
    };
    let op = serde_json::from_value(Value::String(form.text(&name("op"))));
    let value = fact.kind.read(form.get(&name("value")));
    match (op, value) {
        (Ok(op), Ok(value)) => Condition::Test(Test {
            fact: chosen,
            op,
            value,
        }),
        (Err(_), _) => {
            form.say(&name("op"), "Choose how it is compared.");
            Condition::Always
        }
        (_, Err(why)) => {
            form.say(&name("value"), why);
            Condition::Always
        }
    }
}

fn days(text: &str) -> Vec<u8> {
    let lower = text.to_lowercase();
    if ["daily", "every day"].contains(&lower.as_str()) {
        return (1..=7).collect();
    }
    if ["mon-fri", "mon–fri", "weekdays"].contains(&lower.as_str()) {
        return (1..=5).collect();
    }
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut days: Vec<u8> = lower
        .split([',', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| names.iter().position(|name| word.starts_with(name)))
        .map(|found| found.and_then(|index| u8::try_from(index + 1).ok()))
        .collect::<Option<_>>()
        .unwrap_or_default();
    days.sort_unstable();
    days.dedup();
    days
}

fn delivery(form: &mut Form<'_>, mut contract: Contract) -> Contract {
    let mut schedule = Vec::new();
    let waits: Vec<String> = form
        .get("retry")
        .split([',', '\n'])
        .map(str::trim)
        .filter(|wait| !wait.is_empty())
        .map(str::to_owned)
        .collect();
    for wait in waits {
        match span(&wait) {
            Some(ms) => schedule.push(ms),
            None => form.say(
                "retry",
                format!("“{wait}” is no span of time: write 30 s or 10 min."),
            ),
        }
    }
    contract.retry.schedule_ms = schedule;
    match form.get("retry_jitter").parse() {
        Ok(percent) => contract.retry.jitter_percent = percent,
        Err(_) => form.say("retry_jitter", "A whole number from 0 to 100."),
    }
    contract.ack.accepted_within_ms = form.perhaps("accepted_within");
    contract.ack.completed_within_ms = form.perhaps("completed_within");
    contract.ack.completion_event = match form.get("completion_event") {
        "" => None,
        name => match name.parse() {
            Ok(event) => Some(event),
            Err(_) => {
                form.say("completion_event", "Choose one of these.");
                None
            }
        },
    };
    contract.destination = form.text("destination");
    contract.routes = routes::read(form, &contract);
    contract.idempotency = form
        .get("idempotency")
        .split([',', ' ', '\n', '+'])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    contract
}

fn exceptions(form: &mut Form<'_>, contract: Contract) -> Contract {
    let mut exceptions = BTreeMap::new();
    for index in 0..rows(contract.exceptions.len(), 60) {
        let name = |field: &str| format!("exception.{index}.{field}");
        let code = form.text(&name("code"));
        if code.is_empty() || form.ticked(&name("remove")) {
            continue;
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if code != "*" && (code.len() > 60 || !code.bytes().all(plain)) {
            form.say(
                &name("code"),
                "Small letters, digits and underscores; or * for the rest.",
            );
        }
        if exceptions.contains_key(&code) {
            form.say(&name("code"), format!("{code} has a route already."));
        }
        let owner = form.owner(&name("owner"));
        let word = |text: &str| Value::String(text.to_owned());
        let class: Result<ExceptionClass, _> =
            serde_json::from_value(word(form.get(&name("class"))));
        let severity: Result<Severity, _> =
            serde_json::from_value(word(form.get(&name("severity"))));
        let unlock: Result<Unlock, _> = serde_json::from_value(word(form.get(&name("unlock"))));
        let (accept_ms, resolve_ms) = (form.span(&name("accept")), form.span(&name("resolve")));
        let (Ok(class), Ok(severity), Ok(unlock), Some(owner)) = (class, severity, unlock, owner)
        else {
            form.say(&name("severity"), "Choose one of each.");
            continue;
        };
        let steps = form.get(&name("steps")).lines();
        let remediation_steps = steps
            .map(str::trim)
            .filter(|step| !step.is_empty())
            .map(str::to_owned)
            .collect();
        exceptions.insert(
            code,
            ExceptionRoute {
                title: form.text(&name("title")),
                owner,
                class,
                severity,
                accept_ms,
                resolve_ms,
                remediation_steps,
                unlock,
            },
        );
    }
    Contract {
        exceptions,
        ..contract
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (text, ms) in [
            ("15 min", 900_000),
            ("1h30m", 0),
            ("1 h 30 min", 5_400_000),
            ("2d", 172_800_000),
            ("90 seconds", 90_000),
        ] {
            if ms == 0 {
                assert_eq!(span(text), None, "{text}");
            } else {
                assert_eq!(span(text), Some(ms), "{text}");
                assert_eq!(span(&span_text(ms)), Some(ms));
            }
        }
        for bad in [
            "",
            "15",
            "soon",
            "-1 h",
            "1 fortnight",
            "99999999999999999999 d",
            "9223372036854775 d",
        ] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_named() {
        assert_eq!(days("Mon, Wed fri"), [1, 3, 5]);
        assert_eq!(days("daily").len(), 7);
        assert_eq!(days("Mon–Fri"), [1, 2, 3, 4, 5]);
        assert!(days("someday").is_empty());
    }
}
