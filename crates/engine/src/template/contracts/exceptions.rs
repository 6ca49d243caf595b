//! Where each way of going wrong leads.

use std::collections::BTreeMap;

use domain::{
    contract::{ExceptionRoute, codes},
    task::{ExceptionClass, Severity, Unlock},
};

use super::{
    super::build::{DAY, HOUR, MINUTE, Who, agency},
    Refusal,
};

/// One row of an exception map: code, title, role that gets it, severity, what resolving does, steps.
type Line<'a> = (&'a str, &'a str, &'a str, Severity, Unlock, &'a [&'a str]);

/// A route for every code: those that this destination is known to refuse with, those that the engine
/// raises, and `*` for what nobody has thought of.
pub(super) fn exceptions(
    there: &str,
    who: Who,
    refusals: &[Refusal],
) -> BTreeMap<String, ExceptionRoute> {
    let mut map = BTreeMap::new();
    let mut add = |&(code, title, role, severity, unlock, steps): &Line<'_>| {
        let (accept_ms, resolve_ms) = match severity {
            Severity::High => (15 * MINUTE, 2 * HOUR),
            Severity::Normal => (30 * MINUTE, 4 * HOUR),
            Severity::Low => (2 * HOUR, DAY),
        };
        let class = if unlock == Unlock::Nothing {
            ExceptionClass::Hard
        } else {
            ExceptionClass::Soft
        };
        let said = |text: &str| text.replace("{there}", there);
        let route = ExceptionRoute {
            title: said(title),
            owner: agency(role),
            class,
            severity,
            accept_ms,
            resolve_ms,
            remediation_steps: steps.iter().map(|step| said(step)).collect(),
            unlock,
        };
        map.insert(code.to_owned(), route);
    };
    let (owner, backup) = who;
    let usual: [Line<'_>; 15] = [
        (
            codes::APPROVAL_TIMEOUT,
            "Nobody decided",
            backup,
            Severity::High,
            Unlock::AskAgain,
            &[
                "Decide the approval, or find out who can.",
                "Resolving without a decision asks for it once more.",
            ],
        ),
        (
            codes::DECLINED,
            "Declined, not sent",
            owner,
            Severity::Normal,
            Unlock::Nothing,
            &[
                "Read why it was declined.",
                "Agree with whoever asked for it on what happens instead.",
            ],
        ),
        (
            codes::RETRIES_EXHAUSTED,
            "{there} not reachable",
            "engineering",
            Severity::High,
            Unlock::RedeliverExport,
            &[
                "Look at the last answers: is their system down, or has our address for it changed?",
                "Tell {there}, and wait until they are back.",
                "Resolve: the same message is sent again.",
            ],
        ),
        (
            codes::REFUSED,
            "{there} refuses the message",
            "engineering",
            Severity::High,
            Unlock::RedeliverExport,
            &[
                "Read their answer: the secret, the address or the format does not suit them.",
                "Put it right, then resolve.",
            ],
        ),
        (
            codes::DESTINATION_GONE,
            "{there} is gone",
            "engineering",
            Severity::High,
            Unlock::RedeliverExport,
            &[
                "They say that nobody lives at this address any more. Ask for the new one.",
                "Change it under Connections, then resolve: the same message is sent there.",
            ],
        ),
        (
            codes::FORBIDDEN_ADDRESS,
            "Address may not be called",
            "engineering",
            Severity::High,
            Unlock::RedeliverExport,
            &[
                "The address leads into our own network, so it was not called.",
                "Correct it under Connections, then resolve.",
            ],
        ),
        (
            codes::ACK_TIMEOUT,
            "{there} did not accept in time",
            owner,
            Severity::Normal,
            Unlock::RedeliverExport,
            &[
                "Ask {there} whether they have it.",
                "If not, resolve: it is sent again under the same key, so what they do have is not executed twice.",
            ],
        ),
        (
            codes::COMPLETION_TIMEOUT,
            "Not done in time",
            owner,
            Severity::Normal,
            Unlock::WaitAgain,
            &[
                "Ask {there} when it will be done, and tell whoever waits for it.",
                "Resolve: the wait starts again.",
            ],
        ),
        (
            codes::SLA_MISSED,
            "Later than promised",
            owner,
            Severity::Normal,
            Unlock::WaitAgain,
            &[
                "See where it stands, and who could move it.",
                "Resolve when it goes on, with what was agreed.",
            ],
        ),
        (
            codes::EVENT_NOT_SEEN,
            "Nothing was heard of it",
            owner,
            Severity::Normal,
            Unlock::WaitAgain,
            &[
                "Ask {there} whether it happened, and why nobody said so.",
                "Resolve: the wait starts again.",
            ],
        ),
        (
            codes::QA_FAILED,
            "Cannot be sent as it is",
            backup,
            Severity::Normal,
            Unlock::RecheckExport,
            &[
                "Read which check failed; it says what was expected.",
                "Correct it where it comes from.",
                "Resolve: the checks run again over how it is then.",
            ],
        ),
        (
            codes::CANCELLED_AFTER_DISPATCH,
            "Cancelled after it was sent",
            owner,
            Severity::High,
            Unlock::Nothing,
            &[
                "Ask {there} to stop it.",
                "If it is too late, tell customer ops what to expect.",
            ],
        ),
        (
            codes::CHANGED_AFTER_DISPATCH,
            "Changed after it was sent",
            owner,
            Severity::High,
            Unlock::Nothing,
            &[
                "Compare what was sent with what is asked now.",
                "Agree with {there} on what they can still change.",
            ],
        ),
        (
            codes::VALIDITY_EXPIRED,
            "Too old to be sent",
            backup,
            Severity::Normal,
            Unlock::Nothing,
            &[
                "Ask whoever wanted it whether it still stands.",
                "Start it anew, or let it go.",
            ],
        ),
        (
            "*",
            "{there} reports a problem",
            owner,
            Severity::Low,
            Unlock::RedeliverExport,
            &[
                "Read what {there} says.",
                "Clear it up with them.",
                "Resolve: the same message is sent again.",
            ],
        ),
    ];
    for line in &usual {
        add(line);
    }
    for &(code, title, role, unlock, steps) in refusals {
        let severity = if unlock == Unlock::Nothing {
            Severity::Normal
        } else {
            Severity::High
        };
        add(&(code, title, role, severity, unlock, steps));
    }
    map
}
