//! What proves an export: its checks, each try to deliver it, what was answered, and the bytes sent.

use domain::{
    Time,
    delivery::AckStatus,
    export::{Attempt, Difference, Export, QaStatus},
    gate::Fault,
};
use engine::{Chain, ExportChain};
use leptos::prelude::*;

use super::words::{check_words, plural};
use crate::{
    features::receipts::{readable, size_text},
    ui::{time::duration_text, *},
    web::{Visit, code_words},
};

pub(super) fn checks(export: &Export, chain: &Chain, at_visit: &Visit) -> impl IntoView + use<> {
    let now = at_visit.now();
    let passed = export
        .qa
        .iter()
        .filter(|one| one.status == QaStatus::Passed)
        .count();
    let aside = format!("{passed} of {} passed", export.qa.len()).into_any();
    let at = export.created_at;
    let rows = export
        .qa
        .iter()
        .map(|one| {
            let failed = one.status == QaStatus::Failed;
            let tone = match (one.status, &one.detail) {
                (QaStatus::Failed, _) => Tone::Late,
                (QaStatus::Passed, None) => Tone::Done,
                // there was nothing to look at
                (QaStatus::Passed, Some(_)) => Tone::Idle,
            };
            let sub = one.detail.clone();
            let title = if failed {
                format!("Not so: {}", check_words(&one.check))
            } else {
                check_words(&one.check)
            };
            // several things, or another export to look at, have rows of their own below it
            let split =
                one.faults.len() > 1 || one.faults.iter().any(|fault| fault.export.is_some());
            let faults = split.then(|| fault_rows(&one.faults, chain, at_visit));
            let sub = if split { None } else { sub };
            view! {
                <Row tone title nostrip:sub=sub aside=view! { <Stamp at now/> }.into_any()/>
                {faults}
            }
        })
        .collect_view();
    view! { <Card title="Checks" aside id="checks">{rows}</Card> }
}

/// Another export is named by its own title, where the reader finds it.
fn fault_rows(faults: &[Fault], chain: &Chain, at: &Visit) -> AnyView {
    let titled = |id| {
        let mut others = chain.exports().map(|one| &one.export);
        others.find(|one| one.id == id)
    };
    faults
        .iter()
        .map(|fault| {
            let sub = Some(format!("{} Accepted: {}.", fault.field, fault.accepts));
            let title = match fault.export.and_then(titled) {
                Some(other) => format!("{}: {}", fault.says, other.title),
                None => fault.says.clone(),
            };
            match fault.export {
                Some(id) => {
                    let href = at.path(&format!("exports/{id}"));
                    view! { <Row tone=Tone::Late title nostrip:sub=sub href/> }.into_any()
                }
                None => view! { <Row tone=Tone::Late title nostrip:sub=sub/> }.into_any(),
            }
        })
        .collect_view()
        .into_any()
}

/// That it was made anew before it was sent, and what is different.
pub(super) fn made_anew(export: &Export, at: &Visit) -> Option<AnyView> {
    let one = export.reevaluated.as_ref()?;
    let why = format!("The version before was not sent: {}.", one.why);
    let before = export
        .supersedes
        .map(|id| at.path(&format!("exports/{id}")))
        .unwrap_or_default();
    let told = if one.changed.is_empty() {
        "Nothing it says has changed, so what was approved still is.".to_owned()
    } else {
        format!(
            "{} {} changed, so it was asked anew.",
            one.changed.len(),
            plural(one.changed.len(), "field")
        )
    };
    let rows = one.changed.iter().map(changed).collect_view();
    Some(
        view! {
            <Card title="Made anew before it was sent" id="anew">
                <Row tone=Tone::Moving title=why sub=told href=before/>
                {rows}
            </Card>
        }
        .into_any(),
    )
}

fn changed(one: &Difference) -> impl IntoView + use<> {
    let shown = |value: &Option<serde_json::Value>| {
        value
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), ToString::to_string)
    };
    let sub = format!("{} before, {} now", shown(&one.before), shown(&one.after));
    view! { <Row title=one.field.clone() sub/> }
}

/// What the staging side answered to a trial of it.
pub(super) fn trial(export: &Export, now: Time) -> Option<AnyView> {
    let one = export.trial.as_ref()?;
    let (tone, title) = if one.accepted {
        (Tone::Done, "The staging side took a trial of it")
    } else {
        (Tone::Late, "The staging side did not take a trial of it")
    };
    let said = match (one.http_status, &one.error) {
        (Some(status), _) => format!("{status} from {}", one.url),
        (None, Some(error)) => format!("{error}, at {}", one.url),
        (None, None) => one.url.clone(),
    };
    let (at, answer) = (one.at, one.answer.clone());
    Some(
        view! {
            <Card title="Staging" id="staging">
                <Row tone title sub=said aside=view! { <Stamp at now/> }.into_any()/>
                {(!answer.is_empty()).then(|| view! { <RawJson label="What it answered" text=answer/> })}
            </Card>
        }
        .into_any(),
    )
}

pub(super) fn attempts(attempts: &[Attempt], now: Time) -> impl IntoView + use<> {
    if attempts.is_empty() {
        return view! {
            <Card title="Attempts" id="attempts"><CardFoot>"Nothing has been sent yet."</CardFoot></Card>
        }
        .into_any();
    }
    let aside = format!("{} {}", attempts.len(), plural(attempts.len(), "attempt")).into_any();
    let rows = attempts
        .iter()
        .rev()
        .map(|one| attempt(one, now))
        .collect_view();
    let cols = vec![
        Col::num("#"),
        Col::text("When"),
        Col::text("Answer"),
        Col::text("Taken to mean"),
        Col::num("Took").wide(),
        Col::num("Next try").wide(),
    ];
    view! { <Card title="Attempts" aside id="attempts"><Table caption="Attempts, newest first" cols>{rows}</Table></Card> }
        .into_any()
}

fn attempt(one: &Attempt, now: Time) -> impl IntoView + use<> {
    let said = match (one.http_status, &one.error) {
        (Some(status), None) => format!("HTTP {status}"),
        (Some(status), Some(error)) => format!("HTTP {status}, then {error}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
    };
    let good = one
        .http_status
        .is_some_and(|status| (200..300).contains(&status));
    let answer = (!one.answer.is_empty()).then(|| {
        let text = readable(&one.answer);
        view! { <RawJson label="What was answered" text/> }
    });
    view! {
        <tr>
            <td class="num">{one.n}</td>
            <td class="whitespace-nowrap"><Stamp at=one.started_at now/></td>
            <td><StateBadge tone=if good { Tone::Done } else { Tone::Late } word=said/></td>
            <td>{one.verdict.clone()} {answer}</td>
            <td class="num wide">{duration_text(one.duration_ms)}</td>
            <td class="num wide">{one.next_at.map(|at| view! { <When at now/> })}</td>
        </tr>
    }
}

pub(super) fn acknowledgement(found: &ExportChain, now: Time) -> Option<AnyView> {
    let ack = &found.export.ack;
    let status = ack.status?;
    let (tone, word) = match status {
        AckStatus::Accepted => (Tone::Moving, "accepted"),
        AckStatus::Completed => (Tone::Done, "completed"),
        AckStatus::Rejected => (Tone::Late, "refused"),
    };
    let who = found
        .destination
        .as_ref()
        .map_or_else(|| "The destination".to_owned(), |one| one.name.clone());
    let metadata = ack.exception_metadata.as_ref().map(|value| {
        let text = readable(&value.to_string());
        view! { <CardFoot><RawJson label="What it said about that" text/></CardFoot> }
    });
    // an earlier answer stands with its attempt
    let code = ack.exception_code.clone();
    let because = code.filter(|_| status == AckStatus::Rejected).map(|code| {
        let words = code_words(&code);
        view! { {words} " " <code>{code}</code> }.into_any()
    });
    let reference = ack
        .external_ref
        .clone()
        .map(|id| view! { <CopyId id what="reference"/> }.into_any());
    let when = |at: Option<Time>| at.map(|at| view! { <When at now/> }.into_any());
    let rows = kv(vec![
        ("Said", Some(view! { <StateBadge tone word/> }.into_any())),
        ("Because", because),
        ("Its reference", reference),
        ("Taken", when(ack.acknowledged_at)),
        ("Done", when(ack.completed_at)),
    ]);
    Some(
        view! { <Card title="Acknowledgement" aside=who.into_any() id="acknowledgement">{rows} {metadata}</Card> }
            .into_any(),
    )
}

/// The message as it goes over the line. It is fixed once and sent unchanged by every attempt.
pub(super) fn wire(bytes: Option<&[u8]>) -> Option<AnyView> {
    let bytes = bytes?;
    let text = readable(&String::from_utf8_lossy(bytes));
    let size = size_text(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    Some(
        view! {
            <Card title="Message" aside=size.into_any() id="message">
                <CardFoot>
                    "A CloudEvents message, signed anew for each attempt; its bytes and its idempotency key never change."
                    <RawJson label="The whole message" text/>
                </CardFoot>
            </Card>
        }
        .into_any(),
    )
}
