//! The content of an export as a person reads it, and what is different from the version before.
//!
//! The payload is shown by what it is made of (lines, an address, a window of time), not by its
//! type: a contract that names things the same way is readable without a change here. What is not
//! recognised is listed by its name, so nothing that would be sent is hidden.

use domain::{Currency, Money, Time, export::differences};
use leptos::prelude::*;
use serde_json::Value;

use crate::ui::{Card, CardFoot, Col, Kv, KvRow, RawJson, Table, Was};

/// One line of goods.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    key: String,
    sku: String,
    title: String,
    quantity: String,
    price: String,
}

/// A value before and after; equal when nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    before: Option<String>,
    after: Option<String>,
}

impl Change {
    fn is_none(&self) -> bool {
        self.before == self.after
    }
}

/// What would be sent, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    lines: Vec<(Option<Line>, Option<Line>)>,
    skus: Vec<(String, Change)>,
    facts: Vec<(String, Change)>,
    /// There is a version before this one.
    compared: bool,
    /// It has left already.
    sent: bool,
    /// A retention rule took it out.
    gone: bool,
    raw: String,
}

impl Content {
    pub fn of(payload: &Value, before: Option<&Value>) -> Self {
        let compared = before.is_some();
        let old = before.unwrap_or(payload);
        let mut content = Self {
            lines: paired(&lines(old), &lines(payload)),
            skus: skus(old, payload),
            facts: facts(old, payload),
            compared,
            sent: false,
            gone: payload.is_null(),
            raw: serde_json::to_string_pretty(payload).unwrap_or_default(),
        };
        // what is not among what people read first may be what decides: a country's code, where it goes
        if content.changes() == 0 && !old.is_null() {
            content.facts.extend(unseen(old, payload));
        }
        content
    }

    /// The same, of an export that has left already.
    #[must_use]
    pub fn sent(self, sent: bool) -> Self {
        Self { sent, ..self }
    }

    /// How many things are different from the version before.
    pub fn changes(&self) -> usize {
        self.lines.iter().filter(|(a, b)| a != b).count()
            + self
                .skus
                .iter()
                .filter(|(_, change)| !change.is_none())
                .count()
            + self
                .facts
                .iter()
                .filter(|(_, change)| !change.is_none())
                .count()
    }
}

fn money(value: &Value) -> Option<Money> {
    let minor = value.get("amount_minor")?.as_i64()?;
    let currency: Currency = value.get("currency")?.as_str()?.parse().ok()?;
    Some(Money::new(minor, currency))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.parse::<Time>().map_or_else(
            |_| text.clone(),
            |at| format!("{} UTC", at.format_utc("%a %b %-d, %H:%M")),
        )),
        Value::Object(_) => money(value)
            .map(|money| money.to_string())
            .or_else(|| address(value)),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().filter_map(text).collect();
            (!all.is_empty()).then(|| all.join(", "))
        }
        other => Some(other.to_string()),
    }
}

/// An addressee on a few short parts; any other object by its values.
fn address(value: &Value) -> Option<String> {
    const PARTS: [&str; 8] = [
        "name",
        "company",
        "address1",
        "address2",
        "city",
        "province",
        "postal_code",
        "country",
    ];
    let known: Vec<String> = PARTS
        .iter()
        .filter_map(|part| text(value.get(part)?))
        .collect();
    let parts = match value.as_object() {
        Some(object) if known.is_empty() => object.values().filter_map(text).collect(),
        _ => known,
    };
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn lines(payload: &Value) -> Vec<Line> {
    let part = |line: &Value, name: &str| line.get(name).and_then(text).unwrap_or_default();
    let Some(all) = payload.get("lines").and_then(Value::as_array) else {
        return Vec::new();
    };
    all.iter()
        .map(|line| {
            let (title, variant) = (part(line, "title"), part(line, "variant"));
            let sku = part(line, "sku");
            Line {
                key: line
                    .get("line_id")
                    .and_then(text)
                    .unwrap_or_else(|| sku.clone()),
                sku,
                title: if variant.is_empty() {
                    title
                } else {
                    format!("{title}, {variant}")
                },
                quantity: part(line, "quantity"),
                price: part(line, "unit_price"),
            }
        })
        .collect()
}

/// Lines of both versions side by side, in the order of the new one; what was taken out comes last.
fn paired(old: &[Line], new: &[Line]) -> Vec<(Option<Line>, Option<Line>)> {
    let kept = new.iter().map(|line| {
        (
            old.iter().find(|one| one.key == line.key).cloned(),
            Some(line.clone()),
        )
    });
    let gone = old
        .iter()
        .filter(|line| new.iter().all(|one| one.key != line.key));
    kept.chain(gone.map(|line| (Some(line.clone()), None)))
        .collect()
}

fn skus(old: &Value, new: &Value) -> Vec<(String, Change)> {
    let read = |payload: &Value| -> Vec<String> {
        let all = payload.get("skus").and_then(Value::as_array);
        all.map(|all| all.iter().filter_map(text).collect())
            .unwrap_or_default()
    };
    let (old, new) = (read(old), read(new));
    let gone = old.iter().filter(|sku| !new.contains(sku));
    new.iter()
        .chain(gone)
        .map(|sku| {
            let had = |all: &[String]| all.contains(sku).then(|| sku.clone());
            (
                sku.clone(),
                Change {
                    before: had(&old),
                    after: had(&new),
                },
            )
        })
        .collect()
}

/// Everything beside the lines, in the order in which it is asked about.
fn facts(old: &Value, new: &Value) -> Vec<(String, Change)> {
    const FIRST: [&str; 9] = [
        "offer",
        "discount_percent",
        "starts_at",
        "ends_at",
        "ship_to",
        "total",
        "note",
        "landing_url",
        "campaign_id",
    ];
    const ELSEWHERE: [&str; 3] = ["lines", "skus", "title"];
    let keys = |payload: &Value| -> Vec<String> {
        payload
            .as_object()
            .map(|object| object.keys().cloned().collect())
            .unwrap_or_default()
    };
    let mut names: Vec<String> = keys(new);
    names.extend(keys(old).into_iter().filter(|name| new.get(name).is_none()));
    names.retain(|name| !ELSEWHERE.contains(&name.as_str()));
    names.sort_by_key(|name| {
        FIRST
            .iter()
            .position(|first| first == name)
            .unwrap_or(FIRST.len())
    });
    names
        .into_iter()
        .map(|name| {
            let read = |payload: &Value| {
                let said = payload.get(&name).and_then(text)?;
                Some(if name.ends_with("_percent") {
                    format!("{said} %")
                } else {
                    said
                })
            };
            (
                fact_label(&name),
                Change {
                    before: read(old),
                    after: read(new),
                },
            )
        })
        .filter(|(_, change)| change.before.is_some() || change.after.is_some())
        .collect()
}

/// Differences by their place in the payload.
fn unseen(old: &Value, new: &Value) -> Vec<(String, Change)> {
    let said = |value: Option<Value>| value.map(|value| text(&value).unwrap_or(value.to_string()));
    differences(old, new)
        .into_iter()
        .map(|one| {
            let (before, after) = (said(one.before), said(one.after));
            (one.field, Change { before, after })
        })
        .collect()
}

fn fact_label(name: &str) -> String {
    match name {
        "ship_to" => "Ship to".to_owned(),
        "starts_at" => "From".to_owned(),
        "ends_at" => "Until".to_owned(),
        "landing_url" => "Landing page".to_owned(),
        "order_ref" => "Order at the shop".to_owned(),
        "order_name" => "Order".to_owned(),
        "campaign_id" => "Campaign".to_owned(),
        other => domain::owner::role_title(other.trim_end_matches("_percent")),
    }
}

fn shown(change: Change) -> AnyView {
    match (change.before, change.after) {
        (Some(before), Some(after)) if before != after => view! { <Was before after/> }.into_any(),
        (_, Some(after)) => after.into_any(),
        (Some(before), None) => view! { <s class="was">{before}</s> " taken out" }.into_any(),
        (None, None) => ().into_any(),
    }
}

/// The card "What would be sent". `id` is the anchor.
pub fn content_view(content: Content) -> AnyView {
    if content.gone {
        return view! {
            <Card title="What it said" id="content">
                <CardFoot>"Its content was removed under a retention rule. Who decided what stays bound to its hash."</CardFoot>
            </Card>
        }
        .into_any();
    }
    let changes = content.changes();
    let title = match (content.sent, content.compared) {
        (true, _) => "What was sent",
        (false, true) => "What changes",
        (false, false) => "What would be sent",
    };
    let aside = match (
        content.compared,
        changes,
        content.lines.len(),
        content.skus.len(),
    ) {
        (true, 0, ..) => "nothing but the version".to_owned(),
        (true, 1, ..) => "1 change since the last version".to_owned(),
        (true, n, ..) => format!("{n} changes since the last version"),
        (false, _, 0, 0) => String::new(),
        (false, _, 0, 1) | (false, _, 1, _) => "1 item".to_owned(),
        (false, _, 0, n) | (false, _, n, _) => format!("{n} items"),
    };
    let lines = (!content.lines.is_empty()).then(|| lines_view(content.lines));
    let skus = (!content.skus.is_empty()).then(|| skus_view(content.skus));
    let facts = content
        .facts
        .into_iter()
        .map(|(label, change)| view! { <KvRow label>{shown(change)}</KvRow> })
        .collect_view();
    view! {
        <Card title aside=aside.into_any() id="content">
            {lines}
            <Kv>{facts}{skus}</Kv>
            <CardFoot><RawJson label="Payload as JSON" text=content.raw/></CardFoot>
        </Card>
    }
    .into_any()
}

fn lines_view(lines: Vec<(Option<Line>, Option<Line>)>) -> impl IntoView {
    let rows = lines
        .into_iter()
        .map(|(before, after)| {
            let cell = |read: fn(&Line) -> String| {
                shown(Change {
                    before: before.as_ref().map(read),
                    after: after.as_ref().map(read),
                })
            };
            let added = (before.is_none() && after.is_some()).then_some(" (new)");
            let title = after
                .as_ref()
                .or(before.as_ref())
                .map(|line| line.title.clone());
            view! {
                <tr>
                    <td class="mono wide">{cell(|line| line.sku.clone())}</td>
                    <td>{title}{added}</td>
                    <td class="num">{cell(|line| line.quantity.clone())}</td>
                    <td class="num">{cell(|line| line.price.clone())}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("SKU").wide(),
        Col::text("Title"),
        Col::num("Quantity"),
        Col::num("Price each"),
    ];
    view! { <Table caption="The lines that would be sent" cols>{rows}</Table> }
}

fn skus_view(skus: Vec<(String, Change)>) -> impl IntoView {
    let count = skus.len();
    let all = skus
        .into_iter()
        .map(|(_, change)| view! { <span class="tag mono">{shown(change)}</span>" " })
        .collect_view();
    view! { <KvRow label=format!("{count} SKUs")>{all}</KvRow> }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_difference_is_hidden_behind_what_is_read_first() {
        let to = |code: &str| json!({ "ship_to": { "city": "Bern", "country": "Switzerland", "country_code": code } });
        let content = Content::of(&to("CH"), Some(&to("DE")));
        assert_eq!(content.changes(), 1);
        let (place, change) = content.facts.last().unwrap();
        assert_eq!(place, "/ship_to/country_code");
        assert_eq!(
            (change.before.as_deref(), change.after.as_deref()),
            (Some("DE"), Some("CH"))
        );
        assert_eq!(Content::of(&to("CH"), Some(&to("CH"))).changes(), 0);
    }
}
