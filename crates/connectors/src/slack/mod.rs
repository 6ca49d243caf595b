//! Slack, as the place where people are asked.
//!
//! Four files: [`verify`] decides whether a request is from Slack (an HMAC over its time and raw body),
//! [`read`] says what was pressed, [`blocks`] puts a message into Slack's blocks, and [`api`] calls Slack's
//! methods. None of them knows what an approval is or who may decide one.
//!
//! Answers are sorted by what can be done about them: later, never because of the connection, never because
//! of the channel, never because of this one message. Calls go through the same guard as deliveries: whoever
//! sets another address of the API cannot make us call into our own network.

mod api;
pub mod blocks;
mod read;
mod verify;

pub use api::Slack;
pub use read::read;
pub use verify::verify;
