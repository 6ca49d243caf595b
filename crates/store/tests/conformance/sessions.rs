//! Sessions, second factors, known places and turns: what the use-cases rely on being one statement.

use engine::port::{Pace, SecondFactorRow, Seen, SessionRow, Turned};

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

pub async fn sessions_are_a_persons_and_end_for_good(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let user = t.user.id;
    let other = SessionRow {
        id_hash: b"other".to_vec(),
        last_seen_at: at(5),
        ..t.session.clone()
    };
    let half = SessionRow {
        id_hash: b"half".to_vec(),
        is_half: true,
        ..t.session.clone()
    };
    write!(store, [other, half], tx => async {
        tx.save_session(&other).await?;
        tx.save_session(&half).await
    })
    .unwrap();
    assert_eq!(read!(store, r => r.session(b"half")), Some(half.clone()));
    // the newest first, and not those that are half
    assert_eq!(
        read!(store, r => r.sessions_of(user)),
        [other.clone(), t.session.clone()]
    );

    let seen = Seen {
        at: at(9),
        expires_at: at(60),
        address: "198.51.100.4".into(),
        agent: "another browser".into(),
    };
    write!(store, [t, seen], tx => tx.touch_session(&t.session.id_hash, &seen)).unwrap();
    let known = read!(store, r => r.session(&t.session.id_hash)).unwrap();
    assert_eq!(
        known,
        SessionRow {
            last_seen_at: at(9),
            expires_at: at(60),
            address: seen.address.clone(),
            agent: seen.agent.clone(),
            ..t.session.clone()
        }
    );

    let ended = write!(store, [other], tx => tx.delete_other_sessions(user, &other.id_hash));
    assert_eq!(ended.unwrap(), 2, "the half one goes, too");
    assert!(!write!(store, [t], tx => tx.update_session(&t.session)).unwrap());
    write!(store, [t, seen], tx => tx.touch_session(&t.session.id_hash, &seen)).unwrap();
    assert_eq!(read!(store, r => r.session(&t.session.id_hash)), None);
    let changed = SessionRow {
        data: "changed".into(),
        ..other
    };
    assert!(write!(store, [changed], tx => tx.update_session(&changed)).unwrap());
    assert_eq!(read!(store, r => r.session(b"other")), Some(changed));
}

pub async fn a_factor_uses_each_step_and_each_code_once(world: &World) {
    let store = store(world);
    let (user, stranger) = (id(), id());
    let factor = SecondFactorRow {
        user_id: user,
        sealed_seed: b"sealed".to_vec(),
        created_at: at(1),
        confirmed_at: None,
        last_step: 7,
    };
    write!(store, [factor], tx => tx.save_second_factor(&factor)).unwrap();
    assert_eq!(
        read!(store, r => r.second_factor(user)),
        Some(factor.clone())
    );
    assert_eq!(read!(store, r => r.second_factor(stranger)), None);
    let factor = SecondFactorRow {
        confirmed_at: Some(at(2)),
        ..factor
    };
    write!(store, [factor], tx => tx.save_second_factor(&factor)).unwrap();
    assert_eq!(read!(store, r => r.second_factor(user)), Some(factor));
    for (step, is_new) in [
        (7, false),
        (6, false),
        (8, true),
        (8, false),
        (10, true),
        (9, false),
    ] {
        assert_eq!(
            write!(store, [], tx => tx.use_step(user, step)).unwrap(),
            is_new,
            "{step}"
        );
    }
    assert!(!write!(store, [], tx => tx.use_step(stranger, 11)).unwrap());

    let codes = [b"one".to_vec(), b"two".to_vec()];
    write!(store, [codes], tx => tx.replace_recovery_codes(user, &codes)).unwrap();
    assert_eq!(read!(store, r => r.unused_recovery_codes(user)), 2);
    for (who, code, is_new) in [
        (stranger, b"one".as_slice(), false),
        (user, b"one", true),
        (user, b"one", false),
        (user, b"none", false),
    ] {
        let used = write!(store, [], tx => tx.use_recovery_code(who, code, at(3)));
        assert_eq!(used.unwrap(), is_new);
    }
    assert_eq!(read!(store, r => r.unused_recovery_codes(user)), 1);
    write!(store, [codes], tx => tx.replace_recovery_codes(user, &codes)).unwrap();
    assert_eq!(read!(store, r => r.unused_recovery_codes(user)), 2);
    write!(store, [], tx => tx.delete_second_factor(user)).unwrap();
    assert_eq!(read!(store, r => r.second_factor(user)), None);
    assert_eq!(read!(store, r => r.unused_recovery_codes(user)), 0);
}

pub async fn turns_are_taken_at_their_pace(world: &World) {
    let store = store(world);
    let pace = Pace {
        burst: 3,
        every_ms: 10_000,
    };
    let take = |now| {
        let store = store.clone();
        async move { write!(store, [], tx => tx.take_turn(b"key", now, pace)).unwrap() }
    };
    let start = at(1);
    for used in 1..=3 {
        assert_eq!(take(start).await, Turned::Taken(used));
    }
    assert_eq!(take(start).await, Turned::Wait(10_000));
    assert_eq!(take(start.plus_ms(9_999)).await, Turned::Wait(1));
    assert_eq!(take(start.plus_ms(10_000)).await, Turned::Taken(3));
    assert_eq!(take(start.plus_ms(10_000)).await, Turned::Wait(10_000));
    write!(store, [], tx => tx.give_turn_back(b"key", pace)).unwrap();
    assert_eq!(take(start.plus_ms(10_000)).await, Turned::Taken(3));
    // long after, it is as if nothing had been
    assert_eq!(take(start.plus_ms(1_000_000)).await, Turned::Taken(1));
    let other = write!(store, [], tx => tx.take_turn(b"other", start, pace)).unwrap();
    assert_eq!(other, Turned::Taken(1));

    let many = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(
            async move { write!(store, [], tx => tx.take_turn(b"many", start, pace)).unwrap() },
        )
    });
    let mut taken = 0;
    for one in futures::future::join_all(many).await {
        taken += usize::from(matches!(one.unwrap(), Turned::Taken(_)));
    }
    assert_eq!(taken, 3, "as many at once as the burst, and not one more");
}

pub async fn places_are_known_until_they_are_forgotten(world: &World) {
    let store = store(world);
    let (user, stranger) = (id(), id());
    write!(store, [], tx => async {
        tx.remember_place(user, b"home", at(1)).await?;
        tx.remember_place(user, b"train", at(2)).await?;
        tx.remember_place(user, b"home", at(9)).await
    })
    .unwrap();
    assert!(read!(store, r => r.knows_place(user, b"home")));
    assert!(!read!(store, r => r.knows_place(stranger, b"home")));
    write!(store, [], tx => tx.forget_places_and_turns(at(5), at(0))).unwrap();
    assert!(read!(store, r => r.knows_place(user, b"home")));
    assert!(!read!(store, r => r.knows_place(user, b"train")));
}
