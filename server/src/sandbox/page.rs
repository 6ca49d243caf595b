//! The sandbox's one page: what came in, what was executed, how it misbehaves. Plain HTML that
//! reloads itself.

use std::fmt::Write;

use domain::Time;

use super::{
    book::{Attempt, Book, Executed, Outcome},
    rules::CONVENTIONS,
};

const ROWS: usize = 50;
const STYLE: &str = include_str!("page.css");

/// Text for an element or a quoted attribute.
struct Safe<'a>(&'a str);

impl std::fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

pub fn render(book: &Book) -> String {
    let received: String = book.attempts().rev().take(ROWS).map(attempt_row).collect();
    let executed: String = book
        .all_executed()
        .iter()
        .rev()
        .take(ROWS)
        .map(executed_row)
        .collect();
    let received = table(
        &["Time", "To", "What", "Key", "Answer"],
        &received,
        "Nothing yet. Point a destination at this address, for example at /oms.",
    );
    let executed = table(
        &["Time", "To", "What", "Our reference", "Completed"],
        &executed,
        "Nothing yet.",
    );
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta http-equiv=\"refresh\" content=\"5\">\
         <title>Meshline sandbox</title><style>{STYLE}</style></head><body><main>\
         <h1>Sandbox destination</h1>\
         <p>Stands in for an OMS, a 3PL or a storefront. {attempts} received, {executions} executed.</p>\
         <section><h2>Received</h2>{received}</section>\
         <section><h2>Executed</h2><p>Once per idempotency key, whatever arrives how often.</p>{executed}</section>\
         <section><h2>Misbehaving on request</h2>{rules}</section>\
         </main></body></html>\n",
        attempts = book.attempts_total(),
        executions = book.all_executed().len(),
        rules = rules(book),
    )
}

fn table(columns: &[&str], rows: &str, empty: &str) -> String {
    if rows.is_empty() {
        return format!("<p class=\"quiet\">{}</p>", Safe(empty));
    }
    let head: String = columns
        .iter()
        .map(|c| format!("<th scope=\"col\">{c}</th>"))
        .collect();
    // a wide table scrolls by itself, also by keyboard
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\
         <thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn attempt_row(attempt: &Attempt) -> String {
    let (what, key) = match &attempt.about {
        Some(about) => (about.export_type.as_str(), about.idempotency_key.as_str()),
        None => ("unreadable", "none"),
    };
    let (class, words) = describe(attempt.outcome);
    let detail = attempt
        .detail
        .as_ref()
        .map_or(String::new(), |d| format!(" ({})", Safe(d)));
    let changed = if attempt.body_changed {
        ", with other bytes than before"
    } else {
        ""
    };
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td>\
         <td><span class=\"{class}\">{words}</span>{detail}{changed}</td></tr>",
        clock(attempt.at),
        Safe(&attempt.destination),
        Safe(what),
        Safe(key),
    )
}

fn executed_row(executed: &Executed) -> String {
    let execution = &executed.execution;
    let completion = match (
        executed.completed_at,
        &executed.callback_trouble,
        execution.completes_at,
    ) {
        (Some(at), _, _) => format!("<span class=\"good\">{}</span>", clock(at)),
        (None, Some(trouble), _) => {
            format!("<span class=\"warn\">not yet</span>, {}", Safe(trouble))
        }
        (None, None, Some(due)) => format!("due {}", clock(due)),
        (None, None, None) => "never, by rule".to_owned(),
    };
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td><td>{completion}</td></tr>",
        clock(execution.at),
        Safe(&execution.destination),
        Safe(&execution.about.export_type),
        Safe(&execution.external_ref),
    )
}

fn describe(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Accepted => ("good", "accepted"),
        Outcome::Trial => ("quiet", "taken as a trial"),
        Outcome::Duplicate => ("quiet", "the first answer again"),
        Outcome::Stalled => ("warn", "executed, answered late"),
        Outcome::Rejected => ("bad", "rejected"),
        Outcome::Failed => ("warn", "failed"),
        Outcome::Silent => ("warn", "taken silently"),
        Outcome::Gone => ("bad", "gone"),
        Outcome::Rubbish => ("warn", "answered rubbish"),
        Outcome::BadSignature => ("bad", "signature refused"),
        Outcome::Malformed => ("bad", "unreadable"),
    }
}

fn rules(book: &Book) -> String {
    let mut html =
        String::from("<p>A SKU that contains one of these words needs no set-up:</p><dl>");
    for (word, effect) in CONVENTIONS {
        html.push_str(&format!("<dt><code>{word}</code></dt><dd>{effect}</dd>"));
    }
    html.push_str("</dl>");
    let rules = &book.rules().rules;
    if !rules.is_empty() {
        let text = serde_json::to_string_pretty(rules).unwrap_or_default();
        html.push_str(&format!(
            "<p>Rules put to <code>/_control</code>:</p><pre>{}</pre>",
            Safe(&text)
        ));
    }
    html.push_str(
        "<form method=\"post\" action=\"/_control/clear\"><button>Behave from now on</button></form>\
         <p class=\"quiet\">Removes the rules, and takes what was turned away so far when it is sent again.</p>",
    );
    html
}

fn clock(at: Time) -> String {
    format!(
        "<time datetime=\"{at}\">{}</time>",
        at.format_utc("%H:%M:%S UTC")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::book::Entry;

    #[test]
    fn what_strangers_send_is_shown_as_text() {
        let mut book = Book::default();
        assert!(render(&book).contains("Nothing yet."));
        book.apply(Entry::Attempt(Attempt {
            at: Time::from_ms(0),
            destination: "<script>".into(),
            webhook_id: None,
            body_sha256: String::new(),
            body_changed: false,
            outcome: Outcome::Malformed,
            detail: Some("\"'&".into()),
            rule: None,
            about: None,
        }));
        let html = render(&book);
        assert!(!html.contains("<script>"));
        assert!(html.contains("&lt;script&gt;") && html.contains("(&quot;&#39;&amp;)"));
    }
}
