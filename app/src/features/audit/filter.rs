//! What a person asks of the trail: who, what, about which thing; kept in the URL.

use domain::Time;
use engine::{Rules, port::AuditFilter};
use leptos::prelude::*;

use crate::{ui::*, web::Visit};

/// Nouns an entry can be about, as they stand in it.
const NOUNS: [&str; 12] = [
    "receipt",
    "order",
    "run",
    "export",
    "approval",
    "task",
    "campaign",
    "source",
    "destination",
    "contract",
    "flow",
    "merchant",
];

const DAY_MS: i64 = 86_400_000;

/// What was asked, and where in the trail the page begins.
#[derive(Clone, Debug, Default)]
pub(super) struct AskedFor {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub noun: Option<String>,
    pub id: Option<String>,
    /// Days, as `2026-11-21`; both count whole, in UTC.
    pub since: Option<String>,
    pub until: Option<String>,
    pub before: Option<i64>,
}

impl AskedFor {
    pub fn of(at: &Visit) -> Self {
        let text = |name: &str| at.query(name).map(str::to_owned);
        Self {
            actor: text("actor"),
            action: text("action"),
            noun: text("about"),
            id: text("id"),
            since: text("since").filter(|day| midnight(day).is_some()),
            until: text("until").filter(|day| midnight(day).is_some()),
            before: at.query("before").and_then(|text| text.parse().ok()),
        }
    }

    pub fn filter(&self, limit: i64) -> AuditFilter {
        AuditFilter {
            subject_kind: self.noun.clone(),
            subject_id: self.id.clone(),
            actor: self.actor.clone(),
            action: self.action.clone(),
            since: self.since.as_deref().and_then(midnight),
            until: self
                .until
                .as_deref()
                .and_then(midnight)
                .map(|day| day.plus_ms(DAY_MS)),
            before_seq: self.before,
            limit,
        }
    }

    pub fn is_narrowed(&self) -> bool {
        [
            &self.actor,
            &self.action,
            &self.noun,
            &self.id,
            &self.since,
            &self.until,
        ]
        .into_iter()
        .any(Option::is_some)
    }

    /// The same question, further back.
    pub fn href(&self, path: &str, before: Option<i64>) -> String {
        let before = before.map(|seq| seq.to_string());
        let pairs = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("about", &self.noun),
            ("id", &self.id),
            ("since", &self.since),
            ("until", &self.until),
            ("before", &before),
        ];
        let query: Vec<String> = pairs
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", plain(value.as_deref()?))))
            .collect();
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }
}

/// When a day begins.
fn midnight(day: &str) -> Option<Time> {
    format!("{day}T00:00:00Z").parse().ok()
}

/// What stands in these fields is made of ids and words; anything else is left out of a link.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '_'))
        .collect()
}

/// Who can stand in an entry: people by name, destinations, sources, the engine itself.
fn actors(rules: &Rules) -> Vec<(String, String)> {
    let people = rules
        .members
        .iter()
        .map(|(user, _)| (format!("user:{}", user.id), user.name.clone()));
    let sources = rules.sources.iter().map(|one| {
        (
            format!("source:{}", one.id),
            format!("{} (source)", one.name),
        )
    });
    let destinations = rules.destinations.iter().map(|one| {
        (
            format!("destination:{}", one.key),
            format!("{} (destination)", one.name),
        )
    });
    [
        (String::new(), "Anybody".to_owned()),
        ("system".to_owned(), "Meshline".to_owned()),
    ]
    .into_iter()
    .chain(people)
    .chain(destinations)
    .chain(sources)
    .collect()
}

fn actions() -> Vec<(String, String)> {
    const WORDS: [(&str, &str); 15] = [
        ("", "Anything"),
        ("receipt.", "Receipts: arrived, read"),
        ("order.", "Orders: accepted, updated"),
        ("payment.", "Payments"),
        ("shipment.", "Shipments"),
        ("run.", "Flow runs"),
        ("export.", "Exports: made, checked, sent"),
        ("approval.", "Approvals"),
        ("delivery.", "Deliveries"),
        ("task.", "Tasks"),
        ("expectation.", "Promises not kept"),
        ("source.", "Sources and secrets"),
        ("member.", "People: invited, changed, left"),
        ("audit.", "The trail itself: looked at, taken out"),
        ("token.", "API tokens"),
    ];
    WORDS
        .map(|(value, label)| (value.to_owned(), label.to_owned()))
        .to_vec()
}

pub(super) fn form(asked: &AskedFor, at: &Visit) -> impl IntoView + use<> {
    let nouns = std::iter::once((String::new(), "Everything".to_owned()))
        .chain(
            NOUNS
                .iter()
                .map(|noun| ((*noun).to_owned(), domain::owner::role_title(noun))),
        )
        .collect();
    let value = |text: &Option<String>| text.clone().unwrap_or_default();
    let (actor, action, noun, id) = (
        value(&asked.actor),
        value(&asked.action),
        value(&asked.noun),
        value(&asked.id),
    );
    let (since, until) = (value(&asked.since), value(&asked.until));
    let clear = asked
        .is_narrowed()
        .then(|| view! { <LinkButton href=at.path("audit") label="Clear" kind=Kind::Quiet/> });
    view! {
        <form method="get" action=at.path("audit") class="asked" role="search" aria-label="Filter the trail">
            <Select text=FieldText::new("actor", "Who") options=actors(&at.rules) value=actor/>
            <Select text=FieldText::new("action", "Did what") options=actions() value=action/>
            <Select text=FieldText::new("about", "To what") options=nouns value=noun/>
            <Input text=FieldText::new("id", "Its id") value=id autocomplete="off"/>
            <Input text=FieldText::new("since", "From day") value=since kind="date"/>
            <Input text=FieldText::new("until", "To day") value=until kind="date"/>
            <div class="acts"><Button label="Filter"/> {clear}</div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_asks_the_same() {
        let asked = AskedFor {
            actor: Some("user:1".to_owned()),
            action: Some("export.".to_owned()),
            ..AskedFor::default()
        };
        assert_eq!(
            asked.href("/m/a/audit", Some(7)),
            "/m/a/audit?actor=user:1&action=export.&before=7"
        );
        let days = AskedFor {
            since: Some("2026-11-20".to_owned()),
            until: Some("2026-11-21".to_owned()),
            ..AskedFor::default()
        };
        let filter = days.filter(5);
        let text = |time: Option<Time>| time.map(|time| time.to_string());
        assert_eq!(
            text(filter.since).as_deref(),
            Some("2026-11-20T00:00:00.000Z")
        );
        assert_eq!(
            text(filter.until).as_deref(),
            Some("2026-11-22T00:00:00.000Z")
        );
        assert_eq!(midnight("yesterday"), None);
        let odd = AskedFor {
            id: Some("a&b=c#".to_owned()),
            ..AskedFor::default()
        };
        assert_eq!(odd.href("/m/a/audit", None), "/m/a/audit?id=abc");
    }
}
