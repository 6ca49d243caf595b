//! Contracts that end, and flows that name them.

use super::*;
use crate::contract::StandingState;

#[test]
fn a_contract_that_ends_is_named_with_what_takes_its_place() {
    let mut around = around();
    let mut label = around.contracts[0].clone();
    (label.export_type, label.title) = ("label".to_owned(), "Label".to_owned());
    around.contracts.push(label);
    let ends = |state, replacement: Option<&str>| StandingFact {
        export_type: "fulfillment_request".to_owned(),
        state,
        until: (state == StandingState::Deprecated)
            .then(|| "2027-03-01T23:59:59Z".parse().unwrap()),
        replacement: replacement.map(str::to_owned),
    };
    let mut draft = ready();
    draft.steps[0].undo = Some(Undo::Export {
        export_type: "fulfillment_request".to_owned(),
    });
    let both = ["/steps/0/undo/export_type", "/steps/0/export_type"];

    around.standings = vec![ends(StandingState::Deprecated, Some("label"))];
    assert_eq!(paths(&draft, &around), both.map(|path| format!("~{path}")));
    let fault = readiness(&draft, &around).remove(0);
    assert!(
        fault.sentence.contains("deprecated and ends on 1 Mar 2027"),
        "{}",
        fault.sentence
    );
    assert!(fault.fix.contains("“Label” (label)"), "{}", fault.fix);

    // retired: it is no contract in use any more, and one sentence says why
    around.contracts.remove(0);
    around.standings = vec![ends(StandingState::Retired, Some("label"))];
    assert_eq!(paths(&draft, &around), both);
    let fault = readiness(&draft, &around).remove(0);
    assert!(fault.sentence.contains("is retired"), "{}", fault.sentence);
    assert!(fault.fix.contains("“Label” (label)"), "{}", fault.fix);

    // what took its place has ended as well
    around.contracts.clear();
    let fault = readiness(&draft, &around).remove(0);
    assert!(
        !fault.fix.contains("label") && fault.fix.contains("another"),
        "{}",
        fault.fix
    );
}
