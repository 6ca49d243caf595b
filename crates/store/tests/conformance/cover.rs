//! Who answers when comes back as it went in, changes only for whoever read it last, and is its own
//! merchant's.

use domain::{
    cover::{By, Calendar, Cover, Every, HandOff, OnCallTurn, Override, Rotation, Span, WallTime},
    escalation::Policy,
    owner::{EscalationStep, Owner, Party},
    people::OperatorMember,
    role::OwnRole,
};
use engine::Kind;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn rotation(merchant_id: Uuid, members: &[Uuid]) -> Rotation {
    Rotation {
        id: id(),
        merchant_id,
        key: "night-desk".into(),
        name: "Night desk".into(),
        party: Party::Agency,
        role: Some("logistics".into()),
        time_zone: "America/New_York".into(),
        hand_off: HandOff {
            every: Every::Weeks(1),
            at: WallTime::from_minutes(540).unwrap(),
            from: "2026-11-02".parse().unwrap(),
        },
        members: members.to_vec(),
        overrides: Vec::new(),
        rev: 0,
    }
}

fn calendar(merchant_id: Uuid) -> Calendar {
    Calendar {
        id: id(),
        merchant_id,
        key: "office".into(),
        name: "Office".into(),
        time_zone: "Europe/Berlin".into(),
        hours: std::array::from_fn(|_| Vec::new()),
        holidays: [("2026-12-25".parse().unwrap(), "Christmas".to_owned())].into(),
        rev: 0,
    }
}

fn cover(merchant_id: Uuid) -> Cover {
    Cover {
        id: id(),
        merchant_id,
        party: Party::Agency,
        role: "logistics".into(),
        by: By::Rotation("night-desk".into()),
        calendar: Some("office".into()),
        after_hours: Some(By::Everybody),
        rev: 0,
    }
}

fn policy(merchant_id: Uuid) -> Policy {
    Policy {
        id: id(),
        merchant_id,
        key: "standard".into(),
        name: "Standard".into(),
        version: 1,
        steps: vec![EscalationStep {
            after_ms: 60_000,
            target: Owner::Rotation("night-desk".into()),
            only_within: Some("office".into()),
        }],
        repeat: 2,
        ack_expires_ms: Some(900_000),
        published_at: at(1),
        published_by: "system".into(),
        retired_at: None,
    }
}

pub async fn cover_comes_back(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let m = t.id();
    let (r, c, v) = (rotation(m, &[t.user.id]), calendar(m), cover(m));
    let role = OwnRole {
        id: id(),
        merchant_id: m,
        key: "loyalty_desk".into(),
        title: "Loyalty desk".into(),
    };
    write!(store, [r], tx => tx.insert_rotation(&r)).unwrap();
    write!(store, [c], tx => tx.insert_calendar(&c)).unwrap();
    write!(store, [v], tx => tx.insert_cover(&v)).unwrap();
    write!(store, [role], tx => tx.insert_own_role(&role)).unwrap();
    assert_eq!(read!(store, x => x.rotations(m)), [r.clone()]);
    assert_eq!(read!(store, x => x.calendars(m)), [c.clone()]);
    assert_eq!(read!(store, x => x.covers(m)), [v.clone()]);
    assert_eq!(read!(store, x => x.own_roles(m)), [role.clone()]);

    // the same key a second time is no second thing
    let twin = Rotation {
        id: id(),
        ..r.clone()
    };
    let again = write!(store, [twin], tx => tx.insert_rotation(&twin)).unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);

    // whoever read an older one changes nothing
    let late = Calendar {
        name: "Bureau".into(),
        ..c.clone()
    };
    write!(store, [late], tx => tx.save_calendar(&late)).unwrap();
    let stale = write!(store, [c], tx => tx.save_calendar(&c)).unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    let kept = read!(store, x => x.calendars(m)).remove(0);
    assert_eq!((kept.name.as_str(), kept.rev), ("Bureau", 1));
    assert_eq!(
        write!(store, [c], tx => tx.delete_calendar(&c))
            .unwrap_err()
            .kind,
        Kind::Conflict
    );
    write!(store, [kept], tx => tx.delete_calendar(&kept)).unwrap();
    assert!(read!(store, x => x.calendars(m)).is_empty());

    let renamed = OwnRole {
        title: "Loyalty".into(),
        ..role.clone()
    };
    write!(store, [renamed], tx => tx.save_own_role(&renamed)).unwrap();
    assert_eq!(read!(store, x => x.own_roles(m)), [renamed.clone()]);
    write!(store, [renamed], tx => tx.delete_own_role(renamed.merchant_id, renamed.id)).unwrap();
    assert!(read!(store, x => x.own_roles(m)).is_empty());
    let other = Cover {
        by: By::Everybody,
        ..v.clone()
    };
    write!(store, [other], tx => tx.save_cover(&other)).unwrap();
    let v = read!(store, x => x.covers(m)).remove(0);
    assert_eq!((&v.by, v.rev), (&By::Everybody, 1));
    write!(store, [v], tx => tx.delete_cover(&v)).unwrap();
    assert!(read!(store, x => x.covers(m)).is_empty());
}

/// Who stands in is in it, too; who is taken out of it is not any more; and who only comes through the
/// operator can be.
pub async fn a_place_says_its_rotations(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let m = t.id();
    let mut r = rotation(m, &[id()]);
    r.overrides.push(Override {
        id: id(),
        from: at(1),
        to: at(2),
        user: t.user.id,
        why: "Traded".into(),
    });
    write!(store, [r], tx => tx.insert_rotation(&r)).unwrap();
    let user = t.user.id;
    let desk = vec!["night-desk".to_owned()];
    assert_eq!(read!(store, x => x.place(m, user)).unwrap().rotations, desk);
    assert_eq!(read!(store, x => x.places_of(user))[0].1.rotations, desk);
    assert_eq!(read!(store, x => x.memberships_of(user))[0].rotations, desk);
    assert_eq!(read!(store, x => x.members(m))[0].1.rotations, desk);

    let sent = OperatorMember {
        operator_id: t.operator.id,
        user_id: user,
        access: t.membership.access,
    };
    let place = t.membership.clone();
    write!(store, [place], tx => tx.delete_membership(place.merchant_id, place.user_id)).unwrap();
    if read!(store, x => x.operator_memberships_of(user)).is_empty() {
        write!(store, [sent], tx => tx.insert_operator_member(&sent)).unwrap();
    }
    assert_eq!(read!(store, x => x.place(m, user)).unwrap().rotations, desk);
    assert_eq!(read!(store, x => x.places_of(user))[0].1.rotations, desk);

    r.overrides.clear();
    write!(store, [r], tx => tx.save_rotation(&r)).unwrap();
    assert!(
        read!(store, x => x.place(m, user))
            .unwrap()
            .rotations
            .is_empty()
    );
    let r = read!(store, x => x.rotations(m)).remove(0);
    write!(store, [r], tx => tx.delete_rotation(&r)).unwrap();
    assert!(read!(store, x => x.rotations(m)).is_empty());
}

pub async fn policies_have_versions_and_turns_an_end(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let m = t.id();
    let first = policy(m);
    let second = Policy {
        version: 2,
        repeat: 0,
        ..first.clone()
    };
    write!(store, [first], tx => tx.insert_policy(&first)).unwrap();
    write!(store, [second], tx => tx.insert_policy(&second)).unwrap();
    let again = write!(store, [second], tx => tx.insert_policy(&second)).unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
    assert_eq!(read!(store, x => x.policies(m)), [second.clone()]);
    assert_eq!(
        read!(store, x => x.policy_versions(m, "standard")),
        [second, first]
    );

    let turn = |from, owner: &str| OnCallTurn {
        id: id(),
        merchant_id: m,
        owner: owner.parse().unwrap(),
        user_id: t.user.id,
        from: at(from),
        until: None,
        source: "rotation:night-desk".into(),
    };
    let (a, b) = (
        turn(10, "rotation:night-desk"),
        turn(20, "agency:logistics"),
    );
    write!(store, [a], tx => tx.insert_turn(&a)).unwrap();
    write!(store, [b], tx => tx.insert_turn(&b)).unwrap();
    assert_eq!(read!(store, x => x.open_turns(m)), [a.clone(), b.clone()]);
    write!(store, [a], tx => tx.end_turn(a.merchant_id, a.id, at(20))).unwrap();
    // and only once
    let twice = write!(store, [a], tx => tx.end_turn(a.merchant_id, a.id, at(30))).unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    let ended = OnCallTurn {
        until: Some(at(20)),
        ..a
    };
    let span = |from, to| Span {
        from: at(from),
        to: at(to),
    };
    for (owner, over, expected) in [
        (None, span(0, 99), vec![&b, &ended]),
        (None, span(0, 20), vec![&ended]),
        (None, span(20, 99), vec![&b]),
        (Some("rotation:night-desk"), span(0, 99), vec![&ended]),
        (Some("rotation:other"), span(0, 99), vec![]),
    ] {
        let found = read!(store, x => x.on_call_turns(m, owner, over, 9));
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            expected,
            "{owner:?} {over:?}"
        );
    }
    assert_eq!(
        read!(store, x => x.on_call_turns(m, None, span(0, 99), 1)),
        [b]
    );
}

/// Every question here asked in another merchant's name.
pub async fn cover_is_its_merchants(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (m, other) = (t.id(), id());
    let (r, c, v, p) = (rotation(m, &[t.user.id]), calendar(m), cover(m), policy(m));
    let role = OwnRole {
        id: id(),
        merchant_id: m,
        key: "loyalty_desk".into(),
        title: "Loyalty desk".into(),
    };
    let turn = OnCallTurn {
        id: id(),
        merchant_id: m,
        owner: r.owner(),
        user_id: t.user.id,
        from: at(1),
        until: None,
        source: "rotation:night-desk".into(),
    };
    write!(store, [r], tx => tx.insert_rotation(&r)).unwrap();
    write!(store, [c], tx => tx.insert_calendar(&c)).unwrap();
    write!(store, [v], tx => tx.insert_cover(&v)).unwrap();
    write!(store, [p], tx => tx.insert_policy(&p)).unwrap();
    write!(store, [role], tx => tx.insert_own_role(&role)).unwrap();
    write!(store, [turn], tx => tx.insert_turn(&turn)).unwrap();
    let always = Span {
        from: at(0),
        to: at(99),
    };
    for (asked, found) in [(m, 1), (other, 0)] {
        let counts = [
            read!(store, x => x.rotations(asked)).len(),
            read!(store, x => x.calendars(asked)).len(),
            read!(store, x => x.covers(asked)).len(),
            read!(store, x => x.own_roles(asked)).len(),
            read!(store, x => x.policies(asked)).len(),
            read!(store, x => x.policy_versions(asked, "standard")).len(),
            read!(store, x => x.on_call_turns(asked, None, always, 9)).len(),
            read!(store, x => x.open_turns(asked)).len(),
        ];
        assert_eq!(counts, [found; 8]);
    }
    let foreign = turn.id;
    assert!(write!(store, [], tx => tx.end_turn(other, foreign, at(9))).is_err());
    let foreign = role.id;
    assert!(write!(store, [], tx => tx.delete_own_role(other, foreign)).is_err());
    let stolen = Rotation {
        merchant_id: other,
        ..r
    };
    assert!(write!(store, [stolen], tx => tx.save_rotation(&stolen)).is_err());
}
