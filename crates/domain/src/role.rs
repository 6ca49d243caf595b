//! Functional roles that a merchant adds to the standard ones.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    cover::{Fault, key_fault},
    invitation::STANDARD_ROLES,
    owner::role_title,
};

/// A merchant's own functional role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRole {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// As owners name it: `agency:loyalty_desk`.
    pub key: String,
    pub title: String,
}

impl OwnRole {
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.title.trim().is_empty() {
            faults.push(Fault::at("title", "Say what it is called."));
        }
        if let Some(sentence) = key_fault(&self.key) {
            faults.push(Fault::at("key", sentence));
        } else if STANDARD_ROLES.contains(&self.key.as_str()) {
            let sentence = format!("{} is there already.", role_title(&self.key));
            faults.push(Fault::at("key", sentence));
        }
        faults
    }
}

/// "Loyalty desk" makes `loyalty_desk`.
pub fn role_key(title: &str) -> String {
    let mut key = String::new();
    for letter in title.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            key.push(letter);
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    key.truncate(40);
    key.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_key_and_standard_roles_stay_alone() {
        assert_eq!(role_key("  Loyalty & VIP desk "), "loyalty_vip_desk");
        let role = |title: &str| OwnRole {
            id: Uuid::nil(),
            merchant_id: Uuid::nil(),
            key: role_key(title),
            title: title.to_owned(),
        };
        assert!(role("Loyalty desk").faults().is_empty());
        for bad in ["Finance", "Supply chain", "!!!", ""] {
            assert!(!role(bad).faults().is_empty(), "{bad}");
        }
    }
}
