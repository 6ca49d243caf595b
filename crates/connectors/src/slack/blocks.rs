//! A message in Slack's blocks, within Slack's limits.
//!
//! What stands in a message comes from merchants and shops: it is escaped, so that it is words and never a
//! mention, a link or a date. `text` is what notifications and screen readers say.

use domain::Time;
use engine::port::{Card, Press, ReasonForm};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) const APPROVE: &str = "approve";
pub(super) const DECLINE: &str = "decline";
pub(super) const REASON: &str = "reason";
/// It leads to a page; that it was pressed is told, and is nothing.
const OPEN: &str = "open";

const MAX_HEADER: usize = 150;
const MAX_FIELD: usize = 1_900;
const MAX_FIELDS: usize = 10;
const MAX_TEXT: usize = 2_900;
const MAX_REASON: usize = 1_000;

/// What a form carries from its opening to its end.
#[derive(Serialize, Deserialize)]
pub(super) struct Seen {
    pub approval: Uuid,
    pub seen_hash: String,
    pub channel: Option<String>,
    pub ts: Option<String>,
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Words that mean nothing to Slack. Cut first: a cut must not tear an escape.
pub(super) fn words(text: &str, most: usize) -> String {
    cut(text, most / 5) // an escape is five letters at most
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What is said in private. Its lines are ours; what is a link in it is one.
pub(super) fn whispered(text: &str) -> String {
    words(text, MAX_TEXT * 5)
}

/// In the reader's own time zone; in plain UTC where that is not possible.
fn moment(at: Time) -> String {
    format!(
        "<!date^{}^{{date_short_pretty}} at {{time}}|{at}>",
        at.as_ms().div_euclid(1000)
    )
}

fn mrkdwn(text: String) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": cut(text, most), "emoji": false })
}

fn field(label: &str, value: String) -> Value {
    mrkdwn(format!("*{label}*\n{value}"))
}

/// `text` and `blocks` of a message.
pub fn message(card: &Card) -> Value {
    let mut fields: Vec<Value> = card
        .facts
        .iter()
        .map(|(label, value)| field(label, words(value, MAX_FIELD)))
        .collect();
    fields.extend(
        card.times
            .iter()
            .map(|(label, at)| field(label, moment(*at))),
    );
    fields.truncate(MAX_FIELDS);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&card.headline, MAX_HEADER) })];
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    if !card.small.is_empty() {
        let small = mrkdwn(words(&card.small, MAX_TEXT));
        blocks.push(json!({ "type": "context", "elements": [small] }));
    }
    if let Some(press) = &card.press {
        blocks.push(json!({ "type": "actions", "block_id": "decide", "elements": buttons(press) }));
    } else if let Some(url) = &card.open {
        blocks.push(json!({ "type": "actions", "block_id": "look", "elements": [leads_to(url)] }));
    }
    json!({ "text": words(&card.headline, MAX_TEXT), "blocks": blocks })
}

fn buttons(press: &Press) -> Vec<Value> {
    let value = format!("{}|{}", press.approval, press.seen_hash);
    let mut all = Vec::new();
    if press.decides {
        all.push(json!({
            "type": "button", "action_id": APPROVE, "style": "primary",
            "text": plain("Approve", 75), "value": value,
        }));
        all.push(json!({
            "type": "button", "action_id": DECLINE, "style": "danger",
            "text": plain("Decline…", 75), "value": value,
        }));
    }
    all.push(leads_to(&press.open));
    all
}

fn leads_to(url: &str) -> Value {
    json!({ "type": "button", "action_id": OPEN, "text": plain("Open", 75), "url": url })
}

/// The form that asks why.
pub fn reason(form: &ReasonForm) -> Value {
    let about = Seen {
        approval: form.approval,
        seen_hash: form.seen_hash.clone(),
        channel: form.channel.clone(),
        ts: form.ts.clone(),
    };
    json!({
        "type": "modal",
        "callback_id": DECLINE,
        "private_metadata": json!(about).to_string(),
        "title": plain("Decline", 24),
        "submit": plain("Decline", 24),
        "close": plain("Cancel", 24),
        "blocks": [
            { "type": "section", "text": mrkdwn(words(&form.title, MAX_TEXT)) },
            {
                "type": "input",
                "block_id": REASON,
                "label": plain("Why not?", 2_000),
                "hint": plain("Whoever asked reads this, and it stays in the record. Nothing is sent.", 2_000),
                "element": {
                    "type": "plain_text_input", "action_id": REASON, "multiline": true,
                    "min_length": 1, "max_length": MAX_REASON,
                },
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        Card {
            headline: "Approve: Alder & Pine <!channel> goes live".to_owned(),
            facts: vec![
                ("Why".to_owned(), "over $500 <@U1> & more".to_owned()),
                ("Effect".to_owned(), "x".repeat(5_000)),
            ],
            times: vec![("Until".to_owned(), Time::from_ms(1_795_212_345_678))],
            small: "Marketing ops is asked".to_owned(),
            press: Some(Press {
                approval: Uuid::nil(),
                seen_hash: "sha256:aa".to_owned(),
                decides: true,
                open: "https://meshline.example/a/x".to_owned(),
            }),
            open: None,
        }
    }

    #[test]
    fn what_comes_from_outside_is_words_and_within_the_limits() {
        let made = message(&card());
        let text = made.to_string();
        assert!(!text.contains("<@U1>") && !made["text"].as_str().unwrap().contains("<!channel>"));
        let fields = made["blocks"][1]["fields"].as_array().unwrap();
        assert!(
            fields
                .iter()
                .all(|one| one["text"].as_str().unwrap().chars().count() <= 2_000)
        );
        assert!(
            fields[2]["text"]
                .as_str()
                .unwrap()
                .contains("<!date^1795212345^")
        );
    }

    #[test]
    fn what_is_critical_or_over_has_no_button_that_decides() {
        let ids = |card: &Card| -> Vec<String> {
            let made = message(card);
            let blocks = made["blocks"].as_array().unwrap();
            let buttons = blocks.iter().filter_map(|one| one["elements"].as_array());
            buttons
                .flatten()
                .filter_map(|one| Some(one["action_id"].as_str()?.to_owned()))
                .collect()
        };
        let mut card = card();
        assert_eq!(ids(&card), [APPROVE, DECLINE, OPEN]);
        card.press.as_mut().unwrap().decides = false;
        assert_eq!(ids(&card), [OPEN]);
        card.press = None;
        assert_eq!(ids(&card), [] as [&str; 0]);
        // what is not decided here has its page
        card.open = Some("https://meshline.example/m/northbeam/tasks/x".to_owned());
        assert_eq!(ids(&card), [OPEN]);
    }
}
