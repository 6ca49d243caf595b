//! What a member may do: access role × action. One matrix, asked by every surface.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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

/// Something a person, a token or a surface asks to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read orders, receipts, exports, tasks, flows, contracts.
    ViewWork,
    /// Read and export the audit trail.
    ViewAudit,
    /// Approve or decline what waits on one's role.
    Decide,
    /// Claim, release, reassign, snooze and resolve tasks.
    WorkTasks,
    /// Start a manual flow or export.
    Trigger,
    /// Withdraw or cancel an export; replay a receipt.
    Control,
    /// Create connections, rotate secrets, send test events.
    ManageConnections,
    /// Invite people, change what they may do and answer for, take them out.
    ManagePeople,
    /// Make, rotate and revoke API tokens.
    ManageTokens,
    /// Change the merchant's own settings.
    ManageMerchant,
    /// Acknowledge an export as its destination.
    Acknowledge,
}

impl Action {
    pub const ALL: [Self; 11] = [
        Self::ViewWork,
        Self::ViewAudit,
        Self::Decide,
        Self::WorkTasks,
        Self::Trigger,
        Self::Control,
        Self::ManageConnections,
        Self::ManagePeople,
        Self::ManageTokens,
        Self::ManageMerchant,
        Self::Acknowledge,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ViewWork => "view_work",
            Self::ViewAudit => "view_audit",
            Self::Decide => "decide",
            Self::WorkTasks => "work_tasks",
            Self::Trigger => "trigger",
            Self::Control => "control",
            Self::ManageConnections => "manage_connections",
            Self::ManagePeople => "manage_people",
            Self::ManageTokens => "manage_tokens",
            Self::ManageMerchant => "manage_merchant",
            Self::Acknowledge => "acknowledge",
        }
    }
}

impl FromStr for Action {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
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

    /// The matrix. An auditor reads everything and changes nothing.
    pub fn allows(self, action: Action) -> bool {
        use Action as A;
        match self {
            Self::Admin => true,
            Self::Approver => matches!(
                action,
                A::ViewWork | A::Decide | A::WorkTasks | A::Trigger | A::Control
            ),
            Self::Operator => {
                matches!(action, A::ViewWork | A::WorkTasks | A::Trigger | A::Control)
            }
            Self::Viewer => matches!(action, A::ViewWork),
            Self::Auditor => matches!(action, A::ViewWork | A::ViewAudit),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_changes_nothing_and_an_operator_approves_nothing() {
        let changes = [
            Action::Decide,
            Action::WorkTasks,
            Action::Trigger,
            Action::Control,
            Action::ManageConnections,
            Action::ManagePeople,
            Action::ManageTokens,
            Action::ManageMerchant,
            Action::Acknowledge,
        ];
        assert!(
            changes
                .iter()
                .all(|action| !Access::Auditor.allows(*action))
        );
        assert!(changes.iter().all(|action| !Access::Viewer.allows(*action)));
        assert!(Access::Auditor.allows(Action::ViewAudit));
        assert!(!Access::Operator.allows(Action::Decide));
        assert!(Access::Approver.allows(Action::Decide));
    }
}
