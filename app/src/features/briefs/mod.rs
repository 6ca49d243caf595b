//! Campaign briefs: what a campaign is, in one place. Written as a draft, changed as versions, marked ready,
//! paused while there are not enough goods, live, and taken back when its window is over.
//!
//! Who approves decides on the approval's own page; here is what they decide about, and what became of it.

mod act;
mod form;
mod list;
mod page;

pub use act::{EndBrief, ReadyBrief, ReviseBrief, WriteBrief};
pub use list::BriefsPage;
pub use page::BriefPage;

use domain::brief::BriefState;

use crate::ui::Tone;

fn tone(state: BriefState) -> Tone {
    match state {
        BriefState::Draft | BriefState::Withdrawn => Tone::Idle,
        BriefState::Ready => Tone::Wait,
        BriefState::Paused => Tone::Held,
        BriefState::Live => Tone::Moving,
        BriefState::Ended => Tone::Done,
        BriefState::Failed => Tone::Late,
    }
}
