//! A person's own account: who they are here, their password, and how they sign in.
//!
//! Somebody who knows their password changes it on `/account`; somebody who forgot it is given a link by
//! an admin, and chooses another one at `/reset/{token}`. Looking at a link changes nothing: using it is a
//! form. Either way the sessions that began with the old password are over.

mod act;
mod link;
mod page;
mod reset;

pub use act::{AskForReset, ChangePassword, MailNotices, MakeResetLink, ResetPassword};
pub use link::{FreshLink, reset_link_button};
pub use page::AccountPage;
pub use reset::{ForgottenPage, ResetPage};
