//! The second factor: set up, asked for, used up, turned off.

use engine::{Kind, Owed, port::AuditFilter};

use crate::{
    PASSWORD, enrolled, from, mara,
    world::{World, on_every_store},
};

async fn noted(world: &World, action: &str) -> usize {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 50,
        ..AuditFilter::default()
    };
    let mut reads = world.engine.store().reads().await.unwrap();
    reads.audit(world.merchant.id, &filter).await.unwrap().len()
}

on_every_store! {
    async fn a_factor_counts_once_a_code_of_it_was_typed_in(world: World) {
        let me = mara(&world, 1).await;
        let email = me.user.email.clone();
        world.engine.begin_second_factor(&me).await.unwrap();
        let owed = world.engine.sign_in(&email, PASSWORD, &from("192.0.2.1")).await.unwrap().owed;
        assert_eq!(owed, Owed::Nothing, "a seed that was only shown asks nobody for a code");
        let wrong = world.engine.confirm_second_factor(&me, "000000").await.unwrap_err();
        assert_eq!((wrong.kind, wrong.fields[0].field.as_str()), (Kind::Invalid, "code"));

        let (_, codes) = enrolled(&world, &me).await;
        assert_eq!(codes.len(), 10);
        let factor = world.engine.second_factor(me.user.id).await.unwrap().unwrap();
        assert_eq!((factor.since, factor.unused_recovery_codes), (world.engine.now(), 10));
        let owed = world.engine.sign_in(&email, PASSWORD, &from("192.0.2.1")).await.unwrap().owed;
        assert_eq!(owed, Owed::Code);
        assert_eq!(noted(&world, "person.second_factor_added").await, 1);
        // and there is no way to put another in its place
        let refused = world.engine.begin_second_factor(&me).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(world.engine.enrolment(&me.user).await.unwrap().is_none(), "the seed is not shown again");
    }

    async fn a_seed_that_was_shown_too_long_ago_is_not_taken(world: World) {
        let me = mara(&world, 1).await;
        world.engine.begin_second_factor(&me).await.unwrap();
        let uri = world.engine.enrolment(&me.user).await.unwrap().unwrap().uri;
        let phone = crate::authenticator::Authenticator::scan(&uri);
        world.clock.advance_ms(31 * 60_000);
        assert!(world.engine.enrolment(&me.user).await.unwrap().is_none());
        let code = phone.code(world.engine.now());
        let late = world.engine.confirm_second_factor(&me, &code).await.unwrap_err();
        assert_eq!(late.kind, Kind::Conflict);
    }

    async fn a_code_is_good_once_and_for_three_steps(world: World) {
        let me = mara(&world, 1).await;
        let place = from("192.0.2.1");
        let (phone, _) = enrolled(&world, &me).await;
        let check = async |code: &str| world.engine.check_second_factor(&me.user, code, &place).await;
        let at_enrolment = phone.code(world.engine.now());
        assert!(check(&at_enrolment).await.is_err(), "the code that turned it on is used");

        world.clock.advance_ms(60_000);
        let now = world.engine.now();
        check(&phone.code(now)).await.unwrap();
        assert!(check(&phone.code(now)).await.is_err(), "a code was taken twice");
        assert!(check(&phone.code(now.plus_ms(-30_000))).await.is_err(), "an older one after a newer one");
        check(&phone.code(now.plus_ms(30_000))).await.unwrap();

        world.clock.advance_ms(10 * 60_000);
        let now = world.engine.now();
        assert!(check(&phone.code(now.plus_ms(60_000))).await.is_err());
        assert!(check(&phone.code(now.plus_ms(-60_000))).await.is_err());
        check(&phone.code(now.plus_ms(-30_000))).await.unwrap();
    }

    async fn two_requests_with_one_code_are_one_sign_in(world: World) {
        let me = mara(&world, 1).await;
        let (phone, codes) = enrolled(&world, &me).await;
        world.clock.advance_ms(60_000);
        for code in [phone.code(world.engine.now()), codes[0].clone()] {
            let tries = (0..4).map(|_| {
                let (engine, user, code) = (world.engine.clone(), me.user.clone(), code.clone());
                tokio::spawn(async move { engine.check_second_factor(&user, &code, &from("192.0.2.1")).await.is_ok() })
            });
            let mut right = 0;
            for one in futures::future::join_all(tries).await {
                right += usize::from(one.unwrap());
            }
            assert_eq!(right, 1, "{code}");
        }
    }

    async fn a_recovery_code_is_good_once_and_new_ones_end_the_old(world: World) {
        let me = mara(&world, 1).await;
        let place = from("192.0.2.1");
        let (_, codes) = enrolled(&world, &me).await;
        let sloppy = codes[3].to_uppercase().replace('-', " ");
        world.engine.check_second_factor(&me.user, &sloppy, &place).await.unwrap();
        assert!(world.engine.check_second_factor(&me.user, &codes[3], &place).await.is_err());
        assert_eq!(noted(&world, "person.recovery_code_used").await, 1);
        let factor = world.engine.second_factor(me.user.id).await.unwrap().unwrap();
        assert_eq!(factor.unused_recovery_codes, 9);

        let new = world.engine.renew_recovery_codes(&me).await.unwrap();
        assert!(world.engine.check_second_factor(&me.user, &codes[4], &place).await.is_err());
        world.engine.check_second_factor(&me.user, &new[4], &place).await.unwrap();
        // nobody else's code is of use
        let jonas = world.person("jonas").user;
        assert!(world.engine.check_second_factor(&jonas, &new[5], &place).await.is_err());
    }

    async fn codes_are_guessed_at_a_pace_even_by_who_has_the_password(world: World) {
        let me = mara(&world, 1).await;
        let thief = from("198.51.100.7");
        enrolled(&world, &me).await;
        let mut checked = 0;
        for _ in 0..(15 * 60) {
            let answer = world.engine.check_second_factor(&me.user, "000000", &thief).await.unwrap_err();
            checked += usize::from(answer.kind == Kind::Invalid);
            world.clock.advance_ms(1_000);
        }
        assert!(checked <= 10, "{checked} codes were tried in a quarter of an hour");
        // who is known somewhere else is not hindered by it
        let home = from("192.0.2.1");
        world.engine.recognize(me.user.id, &home).await.unwrap();
        let said = world.engine.check_second_factor(&me.user, "000000", &home).await.unwrap_err();
        assert_eq!(said.kind, Kind::Invalid);
    }

    async fn turning_it_off_or_making_codes_asks_for_a_fresh_proof(world: World) {
        let mut me = mara(&world, 1).await;
        enrolled(&world, &me).await;
        world.clock.advance_ms(10 * 60_000);
        assert_eq!(world.engine.turn_off_second_factor(&me).await.unwrap_err().kind, Kind::StepUp);
        assert_eq!(world.engine.renew_recovery_codes(&me).await.unwrap_err().kind, Kind::StepUp);
        me.proved_at = Some(world.engine.now());
        world.engine.turn_off_second_factor(&me).await.unwrap();
        assert_eq!(world.engine.second_factor(me.user.id).await.unwrap(), None);
        assert_eq!(noted(&world, "person.second_factor_removed").await, 1);
        world.clock.advance_ms(10 * 60_000);
        assert_eq!(world.engine.begin_second_factor(&me).await.unwrap_err().kind, Kind::StepUp);
    }
}
