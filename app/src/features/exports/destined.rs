//! Where an export goes, and why there, in words.

use engine::{Chain, ExportChain};

use crate::web::Visit;

/// "Nordlager, since /ship_to/country is DE or AT; version 1 was for Harbor 3PL"
pub fn goes_to(found: &ExportChain, chain: &Chain, at: &Visit) -> String {
    let (export, contract) = (&found.export, &found.contract);
    let Some(there) = &found.destination else {
        return "its destination".to_owned();
    };
    let mut words = there.name.clone();
    let destined = contract.destined(&export.payload);
    // what a retention rule took out says nothing any more of where it went
    if !contract.routes.is_empty() && !export.content_is_gone() && destined.key == there.key {
        match destined.route {
            Some(route) => words.push_str(&format!(", since {}", route.when.words())),
            None => words.push_str(", since no route of its contract says another"),
        }
    }
    let before = chain
        .exports()
        .find(|one| Some(one.export.id) == export.supersedes)
        .filter(|one| one.export.destination_id != export.destination_id);
    // somebody from outside hears of their own side, and of no other
    if let Some(there) = before.and_then(|one| one.destination.as_ref())
        && at.sight().is_whole()
    {
        words.push_str(&format!(
            "; version {} was for {}",
            export.version - 1,
            there.name
        ));
    }
    words
}
