//! An operator's pages: the overview of its merchants, its people, what it asks of them, a new merchant.
//!
//! Who takes part: anybody with a place at one of the operator's merchants finds the overview, of just the
//! merchants they are at; the people and the settings are the operator's own, and only its admins change
//! anything. The overview answers which merchant is about to miss a promise and whose move it is, and each
//! of its figures leads to the rows that were counted. It follows the stream of all merchants, like the queue.

mod act;
mod figures;
mod invited;
mod line;
mod merchant;
mod overview;
mod people;
mod settings;
mod spark;
mod templates;

pub use act::{
    AddMerchant, ChangeColleague, ChangeOperator, InviteColleagueAgain, LetIn, RemoveColleague,
    TakeInvitationBack,
};
pub use merchant::NewMerchantPage;
pub use overview::OverviewPage;
pub use people::ColleaguesPage;
pub use settings::OperatorSettingsPage;
pub use templates::*;

use std::sync::Arc;

use engine::{AgencyCtx, Result};

use crate::web::Desk;

/// The operator of the path, for the person who asks.
async fn enter(desk: &Arc<Desk>) -> Result<AgencyCtx> {
    let which = desk.asked.param("operator").unwrap_or_default();
    desk.engine()
        .enter_operator(desk.person.user.id, which)
        .await
}

/// A path under the operator.
fn path(at: &AgencyCtx, rest: &str) -> String {
    format!("/o/{}{rest}", at.operator.slug)
}
