//! Cover: who answers for each role now and over the next two weeks, and everything that decides it:
//! rotations, working hours, escalation policies, and the merchant's own roles.
//!
//! Everybody who sees people sees all of it; whoever manages people changes it. Somebody in a rotation may
//! take over a time of it themselves. What is still named somewhere cannot be taken away: the page says
//! where it is named, and offers to put somebody else there everywhere at once.

mod act;
mod act_policy;
mod calendar;
mod overview;
mod policy;
mod role;
mod rotation;
mod strip;
mod words;

pub use act::{
    AddRole, ChangeCover, RemoveCalendar, RemoveRole, RemoveRotation, RenameRole,
    ReplaceEverywhere, SaveCalendar, SaveRotation, StandDown, StandIn,
};
pub use act_policy::{ReplacePolicy, ResumePolicy, RetirePolicy, SavePolicy, UsePolicy};
pub use calendar::CalendarPage;
pub use overview::CoverPage;
pub use policy::PolicyPage;
pub use role::RolePage;
pub use rotation::RotationPage;
