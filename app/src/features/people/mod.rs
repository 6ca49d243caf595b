//! People: who works at a merchant, what they may do and answer for, and how they come and go.
//!
//! Who takes part: somebody who may manage people, the people themselves, and whoever was invited. The link
//! of an invitation is shown once, on the page that follows its making. Somebody who holds something leaves
//! only together with naming who takes it over: the page lists it, the engine compares what was listed
//! with what is there, and moves everything or nothing.

mod accept;
mod act;
mod invitations;
mod invite;
mod leave;
mod list;
mod person;
mod words;

pub use accept::InvitePage;
pub use act::{
    AcceptAsMyself, AcceptAsNew, ChangeMember, DeactivatePerson, Invite, ReactivatePerson,
    ResendInvitation, RevokeInvitation, SignOutEverywhere, TakeOut, TakeSecondFactorOff,
};
pub use invitations::{Fresh as FreshInvitation, mail_words};
pub use invite::NewInvitationPage;
pub use leave::LeavePage;
pub use list::PeoplePage;
pub use person::PersonPage;
