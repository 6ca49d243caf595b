//! A flow as a picture, on every page that shows one, and the drawing board on which it is edited.
//!
//! The picture, the table and the forms are written by the `board` crate, in the browser and here alike; this
//! feature brings them together with what is known around a flow.

mod act;
mod live;
mod map;
mod names;
mod page;
mod presence;

pub use act::{EditFlow, FlowBoard, SaveFlow};
pub use live::live;
pub use map::FlowMap;
pub use names::names;
pub use page::BoardPage;
