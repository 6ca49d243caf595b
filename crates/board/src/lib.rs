//! The drawing board: a flow as a picture, as a table and as forms, for the server and the browser alike.
//!
//! Everything here is a pure function from a flow and what is known around it to text: the server writes it into
//! the first response, and the editor in the browser writes the same into the page after each edit. So the map that
//! is seen before a script runs is the map that is seen after it, and a form means the same whoever reads it.
//!
//! - [`rank`]: which column a step stands in, and in which order; thoroughly on the server, quickly in the browser.
//! - [`place`]: cards, lanes and lines with their coordinates.
//! - [`map`]: the picture as SVG; [`fields`], [`form`] and [`act`]: a step as a form, and a form as edits.
//! - [`json`] and [`wire`]: how a draft comes into the browser and goes back, in a tenth of what serde weighs there.

pub mod act;
pub mod by_key;
pub mod fields;
pub mod form;
pub mod html;
pub mod json;
pub mod map;
pub mod merge;
pub mod names;
pub mod place;
pub mod rank;
pub mod screen;
pub mod wire;
pub mod words;

/// The card from which a run comes, and the one in which it ends; no step has such a key.
pub const START: &str = "@start";
pub const END: &str = "@end";
