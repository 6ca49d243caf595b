//! What sets a flow off and what its steps do, in words.

use domain::flow::{Flow, RunState, StepKind, Trigger, Until};

use crate::ui::{Tone, time::duration_text};

pub(super) fn trigger_words(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Order { event } => {
            format!("By itself, on {event}, once the order may be worked on")
        }
        Trigger::Campaign => "By hand, with a campaign brief".to_owned(),
    }
}

pub(super) const fn run_tone(state: RunState) -> Tone {
    match state {
        RunState::Running => Tone::Moving,
        RunState::Completed => Tone::Done,
        RunState::Cancelled => Tone::Idle,
        RunState::Failed => Tone::Late,
    }
}

/// What a step does, in one line.
pub(super) fn does(kind: &StepKind) -> String {
    match kind {
        StepKind::EmitExport {
            export_type,
            until: Until::Acknowledged,
        } => {
            format!("Makes {export_type} and waits until it is taken")
        }
        StepKind::EmitExport {
            export_type,
            until: Until::Completed,
        } => {
            format!("Makes {export_type} and waits until it is done")
        }
        StepKind::WaitForEvent {
            event, within_ms, ..
        } => {
            format!("Waits up to {} for {event}", duration_text(*within_ms))
        }
    }
}

/// "2 steps: Request fulfillment, Await shipment"
pub(super) fn steps_line(flow: &Flow) -> String {
    let titles: Vec<&str> = flow.steps.iter().map(|step| step.title.as_str()).collect();
    titles.join(" → ")
}
