//! Connections: where events come in and where exports go out.
//!
//! Who takes part: the person who may manage connections, and the system on the other side. A secret is
//! shown once, on the page that follows its making, and is gone with the next one; the engine keeps it
//! sealed. A test event is signed and received like any other, so what it shows is what will happen.

mod act;
mod act_destination;
mod destination;
mod list;
mod new;
mod new_destination;
mod secret;
mod source;
mod trial;

pub use act::{CreateSource, RotateSecret, SendTestEvent, SwitchSource, UpdateSource};
pub use act_destination::{
    CreateDestination, ReplaceDestination, ResumeDestination, RetireDestination, RotateDestination,
    SendTestExport, SetStaging, UpdateDestination,
};
pub use list::ConnectionsPage;
pub use new::NewSourcePage;
pub use new_destination::NewDestinationPage;
pub use source::ConnectionPage;
