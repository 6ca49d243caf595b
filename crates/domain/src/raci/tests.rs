//! Matrices written down by hand, and every gap once.

use super::*;
use crate::{event::EventKind, flow::Until, owner::Party};

fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

fn system(name: &str) -> Owner {
    Owner::System(name.to_owned())
}

fn contract(export_type: &str, owner: &str, approvals: &[&str]) -> Contract {
    let steps: Vec<serde_json::Value> = approvals
        .iter()
        .map(|role| serde_json::json!({"owner": role, "backup": "agency:operations", "accept_ms": 1}))
        .collect();
    let rules = if steps.is_empty() {
        serde_json::json!([])
    } else {
        serde_json::json!([{"when": {"if": "always"}, "steps": steps}])
    };
    serde_json::from_value(serde_json::json!({
        "id": Uuid::from_u128(5), "merchant_id": Uuid::from_u128(1), "export_type": export_type,
        "version": "1.0", "title": "Go live", "summary": "", "schema": {}, "intent": "x",
        "intended_action": "x", "owner": owner, "backup": "agency:operations",
        "watchers": ["agency:finance"], "accept_ms": 1, "resolve_ms": 2, "valid_for_ms": 3,
        "approval": rules, "retry": {"schedule_ms": [1], "jitter_percent": 0},
        "ack": {"accepted_within_ms": null, "completed_within_ms": null, "completion_event": null},
        "exceptions": {}, "escalation": {"id": Uuid::nil(), "version": 1, "steps": []},
        "idempotency": [], "destination": "storefront", "published_at": "2026-11-20T09:00:00.000Z",
    }))
    .unwrap()
}

fn step(key: &str, owner: Option<&str>, kind: StepKind) -> Step<Option<Owner>> {
    let owner = owner.map(agency);
    Step::new(key, key, (owner, Some(agency("operations"))), kind)
}

fn emit(export_type: &str) -> StepKind {
    StepKind::EmitExport {
        export_type: export_type.to_owned(),
        until: Until::Completed,
    }
}

fn by_hand() -> StepKind {
    StepKind::HumanTask {
        instruction: "Look".to_owned(),
        fields: Vec::new(),
    }
}

fn flow(steps: Vec<Step<Option<Owner>>>) -> Draft {
    Draft {
        trigger: Trigger::Campaign,
        steps,
        ..Draft::named(
            Uuid::from_u128(9),
            Uuid::from_u128(1),
            "promotion",
            "Promotion",
        )
    }
}

/// Who is what, as a table on paper would have it: `R=… A=… C=… I=…`.
fn written(decision: &Decision) -> String {
    let cell = |letter: Letter| {
        let names: Vec<String> = decision
            .owners(letter)
            .iter()
            .map(ToString::to_string)
            .collect();
        format!("{}={}", letter.letter(), names.join("+"))
    };
    Letter::ALL.map(cell).join(" ")
}

#[test]
fn a_matrix_is_read_off_what_is_configured() {
    let go_live = contract(
        "promo_activation",
        "agency:marketing_ops",
        &["merchant:merchandising", "agency:operations"],
    );
    let alone = contract("label_request", "3pl:logistics", &[]);
    let mut check = step("check", Some("merchandising"), by_hand());
    check.watchers = vec![agency("customer_ops"), agency("customer_ops")];
    let mut shipped = step(
        "shipped",
        Some("logistics"),
        StepKind::WaitForEvent {
            event: EventKind::ShipmentConfirmed,
        },
    );
    shipped.source_system = "shopify".to_owned();
    let told = StepKind::Notify {
        to: vec![agency("revenue_ops")],
        message: "It is live".to_owned(),
    };
    let mut drawn = flow(vec![
        check,
        step("go_live", Some("marketing_ops"), emit("promo_activation")),
        shipped,
        step("tell", Some("marketing_ops"), told),
    ]);
    drawn.published_by = Some(Uuid::from_u128(7));
    drawn.approved_by = Some(Uuid::from_u128(8));
    let groups = matrix(&Configured {
        flows: vec![drawn],
        contracts: vec![&go_live, &alone],
    });
    let (seven, eight) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let lines: Vec<String> = groups
        .iter()
        .flat_map(|group| &group.decisions)
        .map(written)
        .collect();
    assert_eq!(
        lines,
        [
            format!("R=user:{seven} A=user:{seven} C=user:{eight} I="),
            "R=agency:merchandising A=agency:merchandising C= I=agency:customer_ops".to_owned(),
            "R=system:storefront A=agency:marketing_ops C=merchant:merchandising+agency:operations \
             I=agency:finance"
                .to_owned(),
            "R=system:shopify A=agency:logistics C= I=".to_owned(),
            "R=system:meshline A=agency:marketing_ops C= I=agency:revenue_ops".to_owned(),
            "R=system:storefront A=3pl:logistics C= I=agency:finance".to_owned(),
        ]
    );
    let go_live = &groups[0].decisions[2];
    assert_eq!(go_live.consulted[1].when, "step 2, always");
    assert_eq!(
        go_live.letters(&agency("marketing_ops")),
        [Letter::Accountable]
    );
    assert_eq!(
        groups[0].decisions[1].letters(&agency("merchandising")),
        [Letter::Responsible, Letter::Accountable]
    );
    let columns = columns(&groups);
    let first_system = columns
        .iter()
        .position(|owner| matches!(owner, Owner::System(_)))
        .unwrap();
    assert!(
        columns[first_system..]
            .iter()
            .all(|owner| matches!(owner, Owner::System(_)))
    );
    assert_eq!(columns.len(), 14);
}

/// `finance` has left, `night` is off, 2 may not decide; who is `customer_ops` hears nothing.
struct Paper;

impl Staff for Paper {
    fn people(&self, owner: &Owner) -> Vec<Uuid> {
        let all: &[u128] = match owner.to_string().as_str() {
            "agency:marketing_ops" => &[1],
            "agency:merchandising" => &[2],
            "agency:operations" => &[1, 3],
            "agency:alone" => &[1],
            "agency:night" => &[4],
            _ => &[],
        };
        all.iter().copied().map(Uuid::from_u128).collect()
    }

    fn answers_now(&self, owner: &Owner) -> bool {
        !self.people(owner).is_empty() && *owner != agency("night")
    }

    fn may_decide(&self, person: Uuid) -> bool {
        person != Uuid::from_u128(2)
    }

    fn hears(&self, owner: &Owner, _: &Decision) -> bool {
        *owner != agency("customer_ops")
    }
}

fn one(accountable: &[&str], consulted: &[(&str, Option<&str>)], informed: &[&str]) -> Decision {
    Decision {
        key: "k".to_owned(),
        title: "T".to_owned(),
        matters: Vec::new(),
        export_type: None,
        accountable: accountable
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
        responsible: vec![system("meshline")],
        consulted: consulted
            .iter()
            .map(|(owner, backup)| Consulted {
                owner: owner.parse().unwrap(),
                backup: backup.map(|text| text.parse().unwrap()),
                when: String::new(),
            })
            .collect(),
        signatures: consulted.len(),
        informed: informed.iter().map(|text| text.parse().unwrap()).collect(),
        by_hand: true,
    }
}

#[test]
fn every_gap_is_found_and_nothing_else_is() {
    const MARKETING: &str = "agency:marketing_ops";
    let check = |decision: Decision, expect: &[Gap]| {
        assert_eq!(decision.gaps(&Paper), expect, "{}", written(&decision));
    };
    check(
        one(&[MARKETING], &[("agency:operations", None)], &[MARKETING]),
        &[],
    );
    check(one(&[], &[], &[]), &[Gap::NobodyAccountable]);
    // a system cannot be asked why
    check(one(&["system:wms"], &[], &[]), &[Gap::NobodyAccountable]);
    check(
        one(&[MARKETING, "agency:operations"], &[], &[]),
        &[Gap::TwoAccountable(vec![
            agency("marketing_ops"),
            agency("operations"),
        ])],
    );
    check(
        one(&["agency:night"], &[], &[]),
        &[Gap::NobodyOnCall(agency("night"))],
    );
    let mut by_night = one(&[MARKETING], &[], &[]);
    by_night.responsible = vec![agency("night")];
    check(by_night, &[Gap::NobodyOnCall(agency("night"))]);
    check(
        one(&[MARKETING], &[("agency:merchandising", None)], &[]),
        &[Gap::CannotApprove(agency("merchandising"))],
    );
    // somebody behind the backup may
    check(
        one(
            &[MARKETING],
            &[("agency:merchandising", Some("agency:operations"))],
            &[],
        ),
        &[],
    );
    check(
        one(&[MARKETING], &[("agency:alone", None)], &[]),
        &[Gap::OnlyItsAuthor(agency("alone"))],
    );
    // what nobody makes by hand has no author
    let mut by_itself = one(&[MARKETING], &[("agency:alone", None)], &[]);
    by_itself.by_hand = false;
    check(by_itself, &[]);
    check(
        one(
            &["agency:night"],
            &[("agency:alone", None), ("agency:marketing_ops", None)],
            &[],
        ),
        &[
            Gap::NobodyOnCall(agency("night")),
            Gap::TooFewApprovers {
                needed: 2,
                there: 1,
            },
        ],
    );
    check(
        one(&[MARKETING], &[], &["agency:customer_ops"]),
        &[Gap::NoChannel(agency("customer_ops"))],
    );
}

#[test]
fn an_export_whose_owner_is_not_the_steps_has_two() {
    let contract = contract("promo_activation", "agency:merchandising", &[]);
    let drawn = flow(vec![step(
        "go",
        Some("marketing_ops"),
        emit("promo_activation"),
    )]);
    let group = of_flow(&drawn, &[&contract]);
    let gaps = group.decisions[0].gaps(&Paper);
    assert!(matches!(gaps[0], Gap::TwoAccountable(_)), "{gaps:?}");
    // while it is drawn, somebody may be missing
    let empty = of_flow(&flow(vec![step("go", None, by_hand())]), &[]);
    assert_eq!(empty.decisions[0].gaps(&Paper), [Gap::NobodyAccountable]);
}

#[test]
fn two_versions_differ_in_words() {
    let before = flow(vec![
        step("check", Some("merchandising"), by_hand()),
        step("gone", Some("finance"), by_hand()),
    ]);
    let mut check = step("check", Some("operations"), by_hand());
    check.watchers = vec![agency("finance")];
    let after = flow(vec![check, step("new", Some("finance"), by_hand())]);
    let another = |letter, was: &[&str], now: &[&str]| Change::Another {
        title: "check".to_owned(),
        letter,
        was: was.iter().map(|role| agency(role)).collect(),
        now: now.iter().map(|role| agency(role)).collect(),
    };
    assert_eq!(
        changes(&of_flow(&before, &[]), &of_flow(&after, &[])),
        [
            another(Letter::Responsible, &["merchandising"], &["operations"]),
            another(Letter::Accountable, &["merchandising"], &["operations"]),
            another(Letter::Informed, &[], &["finance"]),
            Change::Added("new".to_owned()),
            Change::Removed("gone".to_owned()),
        ]
    );
    let same = of_flow(&before, &[]);
    assert_eq!(changes(&same, &same), []);
}
