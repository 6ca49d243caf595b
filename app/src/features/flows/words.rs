//! What sets a flow off and what its steps do, in words.

use domain::flow::{RunState, Step, Trigger};
use uuid::Uuid;

use crate::{ui::Tone, web::Visit};

/// Whoever it was, while they are known here.
pub(super) fn person_name(at: &Visit, id: Option<Uuid>) -> String {
    id.map_or("Meshline", |id| {
        at.rules.user_name(id).unwrap_or("a former member")
    })
    .to_owned()
}

pub(crate) fn trigger_words(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Order { event, .. } => {
            format!("By itself, on {event}, once the order may be worked on")
        }
        Trigger::Campaign => "By hand, with a campaign brief".to_owned(),
        Trigger::Form { noun, .. } => format!("By hand, with a form about one {noun}"),
        Trigger::Manual => "By hand, for an order".to_owned(),
        Trigger::SubFlow => "By other flows".to_owned(),
    }
}

pub(super) const fn run_tone(state: RunState) -> Tone {
    match state {
        RunState::Running | RunState::Undoing => Tone::Moving,
        RunState::Paused => Tone::Held,
        RunState::Completed => Tone::Done,
        RunState::Cancelled => Tone::Idle,
        RunState::Failed => Tone::Late,
    }
}

/// "2 steps: Request fulfillment, Await shipment"
pub(super) fn steps_line<O>(steps: &[Step<O>]) -> String {
    let titles: Vec<&str> = steps.iter().map(|step| step.title.as_str()).collect();
    titles.join(" → ")
}
