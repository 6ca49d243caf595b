//! Whose rows a statement may see.
//!
//! Every port method says it before its statement runs: one merchant, several, or, for the few
//! questions that come before it is known whose they are, [`Across`]. A connection that was told
//! nothing sees no merchant's row. On Postgres the scope becomes two settings of the transaction, and
//! the policies of every merchant's table compare with them, whatever the statement says. SQLite has
//! no such thing; there, as everywhere in debug builds, the statement itself is read and compared
//! with the scope (`watch`).

use std::fmt::Write;

use uuid::Uuid;

/// The one list of what goes over several merchants without naming them.
///
/// Each reason opens only the tables that it needs; every other table stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// Workers take what is due, whoever it belongs to, and sleep until the next is.
    Jobs,
    /// A delivery names its source by an unguessable path; only the row says whose it is.
    SourceByPath,
    /// A call shows its token; only the row says whose it is.
    TokenByHash,
    /// An invitation's link carries a secret; only the row says who invites.
    InvitationByToken,
    /// Signing in begins with all the places of one person.
    PlacesOfPerson,
    /// A destination that answers later knows the export only; its signature is checked next.
    MerchantOfExport,
    /// Keys that nobody can expect to be remembered any more.
    OldIdempotencyKeys,
    /// An operator goes with its merchants, which are named beside this; its people only if they have
    /// no place elsewhere, and that is looked up here.
    DeleteOperator,
}

impl Across {
    /// All of them, for the tests.
    pub const ALL: &[Self] = &[
        Self::Jobs,
        Self::SourceByPath,
        Self::TokenByHash,
        Self::InvitationByToken,
        Self::PlacesOfPerson,
        Self::MerchantOfExport,
        Self::OldIdempotencyKeys,
        Self::DeleteOperator,
    ];

    /// The tables that this reason opens.
    pub const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Jobs => &["jobs"],
            Self::SourceByPath => &["sources"],
            Self::TokenByHash => &["api_tokens"],
            Self::InvitationByToken => &["invitations"],
            Self::PlacesOfPerson => &["memberships", "rotation_people"],
            Self::DeleteOperator => &["memberships"],
            Self::MerchantOfExport => &["exports"],
            Self::OldIdempotencyKeys => &["idempotency_keys"],
        }
    }
}

/// Whose rows the next statements may see. Nobody's, unless it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// In order.
    merchants: Vec<Uuid>,
    across: Option<Across>,
}

impl Scope {
    /// Rows that are no merchant's: people, places, sessions.
    pub const NOBODY: Self = Self {
        merchants: Vec::new(),
        across: None,
    };

    pub fn of(merchant: Uuid) -> Self {
        Self {
            merchants: vec![merchant],
            across: None,
        }
    }

    pub fn of_all(merchants: impl IntoIterator<Item = Uuid>) -> Self {
        let mut merchants: Vec<Uuid> = merchants.into_iter().collect();
        merchants.sort_unstable();
        merchants.dedup();
        Self {
            merchants,
            across: None,
        }
    }

    pub fn across(reason: Across) -> Self {
        Self {
            merchants: Vec::new(),
            across: Some(reason),
        }
    }

    #[must_use]
    pub fn and(mut self, reason: Across) -> Self {
        self.across = Some(reason);
        self
    }

    #[cfg(debug_assertions)]
    pub(crate) fn holds(&self, merchant: &Uuid) -> bool {
        self.merchants.binary_search(merchant).is_ok()
    }

    #[cfg(debug_assertions)]
    pub(crate) fn reason(&self) -> Option<Across> {
        self.across
    }

    /// Said to Postgres where a transaction begins. What is not said is empty there.
    pub(crate) fn begin(&self, begin: &str) -> String {
        match self.across {
            _ if *self == Self::NOBODY => begin.to_owned(),
            None => format!("{begin}; {}", self.setting_of_merchants()),
            Some(_) => format!("{begin}; {}", self.settings()),
        }
    }

    /// Said to Postgres, for the rest of the transaction. Nothing in it comes from outside: ids in
    /// hexadecimal, and names that stand above.
    pub(crate) fn settings(&self) -> String {
        let tables = self.across.map_or(&[][..], Across::tables).join(",");
        format!(
            "{}; SET LOCAL meshline.across = '{tables}'",
            self.setting_of_merchants()
        )
    }

    fn setting_of_merchants(&self) -> String {
        let mut text = String::with_capacity(64 + 37 * self.merchants.len());
        text.push_str("SET LOCAL meshline.merchants = '{");
        for (index, merchant) in self.merchants.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // writing to a String cannot fail
            let _ = write!(text, "{comma}{merchant}");
        }
        text.push_str("}'");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_complete_each_time() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(
            Scope::of_all([b, a, b]).settings(),
            "SET LOCAL meshline.merchants = '{00000000-0000-0000-0000-000000000001,\
             00000000-0000-0000-0000-000000000002}'; SET LOCAL meshline.across = ''"
        );
        assert_eq!(
            Scope::across(Across::Jobs).settings(),
            "SET LOCAL meshline.merchants = '{}'; SET LOCAL meshline.across = 'jobs'"
        );
        assert_eq!(Scope::NOBODY.begin("BEGIN"), "BEGIN");
        assert_eq!(
            Scope::of(a).begin("BEGIN"),
            "BEGIN; SET LOCAL meshline.merchants = '{00000000-0000-0000-0000-000000000001}'"
        );
    }
}
