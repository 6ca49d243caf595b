//! People, as owners name them.

use engine::Colleague;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Somebody who works at the merchant.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonView {
    id: Uuid,
    #[schema(example = "Mara Kessler")]
    name: String,
    #[schema(example = "mara@northbeam.example")]
    email: String,
    /// What they are allowed to do.
    #[schema(example = "approver")]
    access: &'static str,
    /// On whose side they stand.
    #[schema(example = "agency")]
    party: &'static str,
    /// What they answer for.
    #[schema(example = json!(["marketing_ops"]))]
    functional_roles: Vec<String>,
    /// Whether they can sign in; owners are only resolved to those who can.
    active: bool,
    /// They have no place of their own here, but are sent by the operator.
    through_operator: bool,
    /// Tasks that are theirs, and approvals that ask them in person.
    open: usize,
}

impl From<&Colleague> for PersonView {
    fn from(one: &Colleague) -> Self {
        Self {
            id: one.user.id,
            name: one.user.name.clone(),
            email: one.user.email.clone(),
            access: one.membership.access.as_str(),
            party: one.membership.party.as_str(),
            functional_roles: one.membership.functional_roles.clone(),
            active: one.user.active,
            through_operator: one.through_operator,
            open: one.open,
        }
    }
}
