//! What a member may do: access role × noun × action. One matrix, asked by every surface.
//!
//! An [`Action`] is what a use-case asks for. [`CELLS`] says what each one lets somebody do with which
//! noun, in words, and whether it is open to a party from outside (a 3PL, a carrier), who sees only
//! what is theirs. [`GRANTS`] says which access roles have it, and whether an API token may. Everything
//! else is computed from these two: what is refused, what the sidebar and the forms offer, the page
//! that shows the matrix. What stands in neither is refused.

mod matrix;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::matrix::{CELLS, Cell, GRANTS, Grant, Noun};

/// A member's access role. Functional roles say who *does* the work; this says what is *allowed*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Admin,
    Approver,
    Operator,
    Viewer,
    Auditor,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident => $text:literal),+ $(,)?) => {
        /// Something a person, a token or a surface asks to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action { $($(#[$doc])* $variant),+ }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

actions! {
    /// Read orders, receipts, exports, tasks, flows, contracts.
    ViewWork => "view_work",
    /// Read and export the audit trail.
    ViewAudit => "view_audit",
    /// See who is a member here and what they answer for.
    ViewPeople => "view_people",
    /// See where events come in and exports go out; never a secret.
    ViewConnections => "view_connections",
    /// See the merchant's facts, the matrix, and API tokens without their secrets.
    ViewSettings => "view_settings",
    /// Approve or decline what waits on one's role.
    Decide => "decide",
    /// Comment on what is to be approved, answer, remind.
    Discuss => "discuss",
    /// Change what an export says, under one's own signature.
    Override => "override",
    /// Claim, release, reassign, snooze and resolve tasks.
    WorkTasks => "work_tasks",
    /// Start a manual flow or export.
    Trigger => "trigger",
    /// Withdraw or cancel an export; replay a receipt.
    Control => "control",
    /// Draw and change drafts of flows, and ask for them to be published.
    DrawFlows => "draw_flows",
    /// Publish, bring back and retire flows.
    PublishFlows => "publish_flows",
    /// Draw and change drafts of contracts, and ask for them to be published.
    DrawContracts => "draw_contracts",
    /// Publish, deprecate and retire contracts.
    Publish => "publish",
    /// Create connections, rotate secrets, send test events.
    ManageConnections => "manage_connections",
    /// Invite people, change what they may do and answer for, take them out.
    ManagePeople => "manage_people",
    /// Make, rotate and revoke API tokens.
    ManageTokens => "manage_tokens",
    /// Change the merchant's own settings.
    ManageMerchant => "manage_merchant",
    /// Acknowledge an export as its destination.
    Acknowledge => "acknowledge",
}

impl FromStr for Action {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not an action"))
    }
}

impl Access {
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Approver,
        Self::Operator,
        Self::Viewer,
        Self::Auditor,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Approver => "approver",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
        }
    }

    /// An auditor reads everything and changes nothing.
    pub fn allows(self, action: Action) -> bool {
        action.grant().is_some_and(|grant| grant.to.contains(&self))
    }

    /// Whether it allows anything that the other one does not.
    pub fn exceeds(self, other: Self) -> bool {
        let mut all = Action::ALL.iter();
        all.any(|action| self.allows(*action) && !other.allows(*action))
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Access {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|access| access.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not an access role"))
    }
}
