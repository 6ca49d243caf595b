//! Who may decide, alone and together.

use super::*;
use crate::{access::Access, owner::Party};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn member(user: u128, role: &str) -> Membership {
    Membership {
        merchant_id: id(1),
        user_id: id(user),
        access: Access::Approver,
        party: Party::Agency,
        functional_roles: vec![role.to_owned(), "operations".to_owned()],
        rotations: Vec::new(),
    }
}

fn step(n: i64) -> Approval {
    Approval {
        id: id(100 + n as u128),
        merchant_id: id(1),
        export_id: id(2),
        step: n,
        of: 2,
        owner: Owner::role(
            Party::Agency,
            if n == 1 {
                "marketing_ops"
            } else {
                "operations"
            },
        ),
        others: Vec::new(),
        needs: 1,
        backup: Owner::role(Party::Agency, "finance"),
        reason: "always".into(),
        rule: None,
        critical: false,
        content_hash: "sha256:aa".into(),
        author: Some(id(9)),
        also_authors: Vec::new(),
        state: ApprovalState::Queued,
        accept_ms: 1000,
        asked_at: None,
        accept_by: None,
        expires_at: None,
        escalated_at: None,
        votes: Vec::new(),
        decided_by: None,
        decided_for: None,
        decided_at: None,
        decision_note: None,
        remarks: Vec::new(),
        question: None,
        looks: Vec::new(),
        rev: 0,
    }
}

fn yes(hash: &str) -> Decision {
    Decision {
        approve: true,
        note: None,
        seen_hash: hash.into(),
        step: None,
    }
}

#[test]
fn two_people_neither_the_author_on_the_content_they_saw() {
    let now = Time::from_ms(5);
    let first = step(1).ask(now);
    let mara = member(3, "marketing_ops");
    assert_eq!(
        first
            .clone()
            .decide(&yes("sha256:bb"), &(&mara).into(), &[], now),
        Err(CannotDecide::ContentChanged)
    );
    assert_eq!(
        first.clone().decide(
            &yes("sha256:aa"),
            &(&member(9, "marketing_ops")).into(),
            &[],
            now
        ),
        Err(CannotDecide::Author)
    );
    assert_eq!(
        first
            .clone()
            .decide(&yes("sha256:aa"), &(&member(4, "finance")).into(), &[], now),
        Err(CannotDecide::NotYourRole("Marketing ops".into()))
    );
    let first = first
        .decide(&yes("sha256:aa"), &(&mara).into(), &[], now)
        .unwrap();
    assert_eq!(first.state, ApprovalState::Approved);
    assert_eq!(
        first
            .clone()
            .decide(&yes("sha256:aa"), &(&mara).into(), &[], now),
        Err(CannotDecide::AlreadyDecided(ApprovalState::Approved))
    );
    let second = step(2);
    assert_eq!(
        second.clone().decide(
            &yes("sha256:aa"),
            &(&mara).into(),
            std::slice::from_ref(&first),
            now
        ),
        Err(CannotDecide::NotYetAsked)
    );
    let second = second.ask(now);
    assert_eq!(
        second.clone().decide(
            &yes("sha256:aa"),
            &(&mara).into(),
            std::slice::from_ref(&first),
            now
        ),
        Err(CannotDecide::SamePerson)
    );
    assert!(
        second
            .decide(&yes("sha256:aa"), &(&member(7, "x")).into(), &[first], now)
            .is_ok()
    );
}

#[test]
fn the_backup_decides_only_after_the_deadline_and_declining_needs_a_reason() {
    let now = Time::from_ms(5);
    let mut first = step(1).ask(now);
    let backup = Membership {
        functional_roles: vec!["finance".into()],
        ..member(4, "finance")
    };
    assert!(
        first
            .clone()
            .decide(&yes("sha256:aa"), &(&backup).into(), &[], now)
            .is_err()
    );
    first.escalated_at = Some(Time::from_ms(1005));
    assert!(
        first
            .clone()
            .decide(&yes("sha256:aa"), &(&backup).into(), &[], now)
            .is_ok()
    );
    let no = Decision {
        approve: false,
        note: Some("  ".into()),
        seen_hash: "sha256:aa".into(),
        step: None,
    };
    assert_eq!(
        first.decide(&no, &(&backup).into(), &[], now),
        Err(CannotDecide::ReasonMissing)
    );
}
