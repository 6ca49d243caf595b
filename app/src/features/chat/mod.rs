//! The chat, as people here see it: connecting a merchant's Slack, saying who is asked in which channel, linking
//! one's own name there, and the page that links out of a message or a mail lead to.
//!
//! A link shows and never decides: it leads a signed-in person who may see the decision to its page, and tells
//! anybody else nothing. A token and a signing secret are typed and never shown again.

mod act;
mod decision;
mod link;
mod settings;

pub use decision::DecisionLinkPage;
pub use link::ChatLinkPage;
pub use settings::ChatSettingsPage;
