//! How outcomes of a push read.

use domain::agency::Outcome;
use engine::{MerchantPlan, Would};

use crate::ui::Tone;

pub(super) fn would(plan: &MerchantPlan) -> (Tone, String) {
    match plan.would {
        Would::Publish(version) => (Tone::Moving, format!("publishes version {version}")),
        Would::Ask(_) => (Tone::Wait, "asks a second person there".to_owned()),
        Would::Same => (Tone::Done, "says all of it already".to_owned()),
        Would::Refuse => (Tone::Late, "not ready".to_owned()),
    }
}

pub(super) fn outcome(one: &Outcome) -> (Tone, String) {
    match one {
        Outcome::Waiting => (Tone::Wait, "not reached yet".to_owned()),
        Outcome::Published { version } => (Tone::Done, format!("published as version {version}")),
        Outcome::Asked { .. } => (Tone::Wait, "a second person is asked".to_owned()),
        Outcome::Same => (Tone::Done, "said all of it already".to_owned()),
        Outcome::Retired => (Tone::Done, "starts nothing any more".to_owned()),
        Outcome::Refused { .. } => (Tone::Late, "not ready".to_owned()),
    }
}

/// What undoing came to; `was` is what the push had done.
pub(super) fn back(was: &Outcome, now: &Outcome) -> (Tone, String) {
    match (was, now) {
        (_, Outcome::Published { version }) => {
            (Tone::Done, format!("as before, in version {version}"))
        }
        (_, Outcome::Asked { .. }) => (Tone::Wait, "a second person is asked".to_owned()),
        (_, Outcome::Retired) => (Tone::Done, "starts nothing any more".to_owned()),
        (Outcome::Asked { .. }, Outcome::Same) => {
            (Tone::Done, "the question was taken back".to_owned())
        }
        (_, Outcome::Same) => (Tone::Done, "pinned as before".to_owned()),
        (_, Outcome::Refused { .. } | Outcome::Waiting) => (Tone::Held, "stays".to_owned()),
    }
}
