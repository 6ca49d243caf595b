use super::*;

/// Written down from what was agreed, not from the code: who may do what. `A` admin, `P` approver,
/// `O` operator, `V` viewer, `U` auditor; `t` an API token, `x` a party from outside, for its own.
const AGREED: &[(&str, &str, &str)] = &[
    ("Orders", "read", "APOVUt"),
    ("Receipts", "read", "APOVUt"),
    ("Receipts", "replay", "APOt"),
    ("Exports", "read", "APOVUtx"),
    ("Exports", "take back", "APOt"),
    ("Exports", "override", "A"),
    ("Exports", "acknowledge", "At"),
    ("Approvals", "read", "APOVUtx"),
    ("Approvals", "decide", "APx"),
    ("Approvals", "discuss", "APOx"),
    ("Tasks", "read", "APOVUtx"),
    ("Tasks", "work", "APOtx"),
    ("Flows", "read", "APOVUt"),
    ("Flows", "start", "APO"),
    ("Flows", "draw", "APOt"),
    ("Flows", "publish", "At"),
    ("Contracts", "read", "APOVUt"),
    ("Contracts", "draw", "APOt"),
    ("Contracts", "publish", "At"),
    ("Connections", "read", "APOVU"),
    ("Connections", "manage", "A"),
    ("Audit trail", "read", "AUt"),
    ("People", "read", "APOVU"),
    ("People", "manage", "A"),
    ("API tokens", "read", "APOVUt"),
    ("API tokens", "manage", "A"),
    ("Settings", "read", "APOVUt"),
    ("Settings", "change", "A"),
];

fn letter(access: Access) -> char {
    match access {
        Access::Admin => 'A',
        Access::Approver => 'P',
        Access::Operator => 'O',
        Access::Viewer => 'V',
        Access::Auditor => 'U',
    }
}

#[test]
fn the_matrix_is_what_was_agreed() {
    let said: Vec<(&str, &str, String)> = CELLS
        .iter()
        .map(|cell| {
            let mut who: String = Access::ALL
                .into_iter()
                .filter(|access| access.allows(cell.action))
                .map(letter)
                .collect();
            who.extend(cell.action.is_for_tokens().then_some('t'));
            who.extend(cell.outside.then_some('x'));
            (cell.noun.title(), cell.verb, who)
        })
        .collect();
    let agreed: Vec<(&str, &str, String)> = AGREED
        .iter()
        .map(|(noun, verb, who)| (*noun, *verb, (*who).to_owned()))
        .collect();
    assert_eq!(said, agreed);
}

#[test]
fn every_action_stands_in_both_tables_and_every_noun_can_be_read() {
    for action in Action::ALL {
        assert!(action.cells().next().is_some(), "{action:?} does nothing");
        let grants = GRANTS.iter().filter(|grant| grant.action == *action);
        assert_eq!(grants.count(), 1, "{action:?}");
        assert_eq!(action.as_str().parse::<Action>().as_ref(), Ok(action));
    }
    for noun in Noun::ALL {
        assert!(noun.read_cell().is_some(), "{noun:?}");
    }
}

#[test]
fn an_auditor_reads_everything_and_changes_nothing() {
    for cell in CELLS {
        assert_eq!(
            Access::Auditor.allows(cell.action),
            cell.verb == "read",
            "{} {}",
            cell.verb,
            cell.noun.title()
        );
    }
}

#[test]
fn an_action_in_words() {
    assert_eq!(Action::Decide.words(), "decide approvals");
    assert_eq!(
        Action::Control.words(),
        "replay receipts and take back exports"
    );
    assert_eq!(Action::ViewSettings.words(), "read API tokens and settings");
}
