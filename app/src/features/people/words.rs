//! Access, parties and roles in words, and the fields that choose them.

use std::collections::BTreeMap;

use domain::{
    access::Access,
    invitation::{PERSON_PARTIES, STANDARD_ROLES},
    owner::{Owner, Party, role_title},
    people::Membership,
};
use engine::{Holds, Seat};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    ui::*,
    web::{Typed, Visit, noun_path},
};

pub(super) fn party_word(party: Party) -> &'static str {
    match party {
        Party::Agency => "Agency",
        Party::Merchant => "Merchant",
        Party::ThreePl => "3PL",
        Party::Carrier => "Carrier",
        Party::System => "System",
    }
}

pub(super) fn access_word(access: Access) -> &'static str {
    match access {
        Access::Admin => "Admin",
        Access::Approver => "Approver",
        Access::Operator => "Operator",
        Access::Viewer => "Viewer",
        Access::Auditor => "Auditor",
    }
}

fn access_does(access: Access) -> &'static str {
    match access {
        Access::Admin => "does everything, people and connections included",
        Access::Approver => "approves, works on tasks, starts flows",
        Access::Operator => "works on tasks, starts flows",
        Access::Viewer => "sees the work",
        Access::Auditor => "sees the work and the audit trail",
    }
}

/// "Finance, operations", or that there are none.
pub(super) fn roles_text(roles: &[String]) -> String {
    if roles.is_empty() {
        return "no role".to_owned();
    }
    let titles: Vec<String> = roles
        .iter()
        .enumerate()
        .map(|(index, role)| match index {
            0 => role_title(role),
            _ => role.replace('_', " "),
        })
        .collect();
    titles.join(", ")
}

/// Access, party and roles: typed ones if the form was refused, else those of `place`.
pub(super) fn place_fields(typed: &Typed, place: Option<&Membership>) -> impl IntoView + use<> {
    let access = place.map_or("", |place| place.access.as_str());
    let party = place.map_or(Party::Agency.as_str(), |place| place.party.as_str());
    let held: Vec<String> = place.map_or_else(Vec::new, |place| place.functional_roles.clone());
    let accesses = Access::ALL.into_iter().map(|one| {
        (
            one.as_str().to_owned(),
            format!("{}: {}", access_word(one), access_does(one)),
        )
    });
    let accesses: Vec<(String, String)> = if access.is_empty() {
        [(String::new(), "Choose…".to_owned())]
            .into_iter()
            .chain(accesses)
            .collect()
    } else {
        accesses.collect()
    };
    let parties = PERSON_PARTIES
        .into_iter()
        .map(|one| (one.as_str().to_owned(), party_word(one).to_owned()))
        .collect();
    let ticked = typed.value_or("roles", &held.join(","));
    let ticked: Vec<&str> = ticked.split(',').collect();
    let boxes = STANDARD_ROLES
        .into_iter()
        .map(|role| {
            let checked = ticked.contains(&role);
            view! { <Check name="roles[]" label=role_title(role) value=role checked/> }
        })
        .collect_view();
    let own: Vec<&str> = held
        .iter()
        .map(String::as_str)
        .filter(|role| !STANDARD_ROLES.contains(role))
        .collect();
    let own = typed.value_or("own_roles", &own.join(", "));
    let access_text = typed
        .text("access", "Access")
        .hint("What they are allowed to do here.");
    let party_text = typed
        .text("party", "Party")
        .hint("On whose side they stand. A 3PL or a carrier sees only what is theirs.");
    let own_text = typed
        .text("own_roles", "Roles of your own")
        .hint("Separated by commas, such as gift_wrapping, vip_desk.");
    view! {
        <Select text=access_text options=accesses value=typed.value_or("access", access)/>
        <Select text=party_text options=parties value=typed.value_or("party", party)/>
        <fieldset class="field">
            <legend class="label mb-1">"Answers for"</legend>
            <div class="grid grid-cols-1 sm:grid-cols-2 gap-x-4">{boxes}</div>
        </fieldset>
        <Input text=own_text value=own/>
    }
}

/// One line for each thing, and for each role in it: "Promotion go-live · As marketing ops: owner of “Activate”".
pub(super) fn seat_rows(seats: &[Seat], slug: &str) -> impl IntoView + use<> {
    let mut things: BTreeMap<(Holds, String, Uuid, Option<String>), Vec<String>> = BTreeMap::new();
    for seat in seats {
        let role = match &seat.owner {
            Owner::Role { role, .. } => Some(role.replace('_', " ")),
            _ => None,
        };
        things
            .entry((seat.holds, seat.title.clone(), seat.id, role))
            .or_default()
            .push(seat.place.clone());
    }
    things
        .into_iter()
        .map(|((holds, title, id, role), mut places)| {
            places.dedup();
            let more = places.len().saturating_sub(SHOWN_SEATS);
            places.truncate(SHOWN_SEATS);
            let mut sub = places.join(", ");
            if more > 0 {
                sub.push_str(&format!(" and {more} more"));
            }
            if let Some(role) = role {
                sub = format!("As {role}: {sub}");
            }
            let aside = view! { {role_title(holds.as_str())} }.into_any();
            match noun_path(slug, holds.as_str(), &id.to_string()) {
                Some(href) => view! { <Row title sub href aside/> }.into_any(),
                None => view! { <Row title sub aside/> }.into_any(),
            }
        })
        .collect_view()
}

const SHOWN_SEATS: usize = 4;

pub(super) fn here(at: &Visit) -> Crumb {
    Crumb::link("People", at.path("people"))
}

#[cfg(test)]
mod tests {
    use super::roles_text;

    #[test]
    fn roles_read_as_a_sentence_begins() {
        let roles = ["marketing_ops".to_owned(), "finance".to_owned()];
        assert_eq!(roles_text(&roles), "Marketing ops, finance");
        assert_eq!(roles_text(&[]), "no role");
    }
}
