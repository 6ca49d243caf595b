//! Whoever guesses is slowed; whoever is known gets in.

use engine::{Client, Kind};

use crate::{
    PASSWORD, from,
    world::{World, on_every_store},
};

const MINUTE: i64 = 60_000;

async fn tries(world: &World, email: &str, password: &str, client: &Client) -> Kind {
    match world.engine.sign_in(email, password, client).await {
        Ok(_) => panic!("that was the right password"),
        Err(error) => error.kind,
    }
}

on_every_store! {
    async fn strangers_have_ten_guesses_in_a_quarter_of_an_hour_however_many_they_are(world: World) {
        // mara exists, mira does not: the numbers are the same
        for email in ["mara@northbeam.example", "mira@northbeam.example"] {
            let (mut looked_at, mut refused) = (0, 0);
            for n in 0..180 {
                let stranger = from(&format!("198.51.{}.{}", n / 200, n % 200));
                match tries(&world, email, "a guess", &stranger).await {
                    Kind::Unauthenticated => looked_at += 1,
                    Kind::TooMany => refused += 1,
                    other => panic!("{other:?}"),
                }
                world.clock.advance_ms(5_000);
            }
            assert_eq!((looked_at, refused), (9, 171), "{email}");
        }
    }

    async fn what_is_refused_says_when_to_come_back(world: World) {
        let stranger = from("198.51.100.7");
        for _ in 0..5 {
            assert_eq!(tries(&world, "mara@northbeam.example", "no", &stranger).await, Kind::Unauthenticated);
        }
        let refused = world.engine.sign_in("mara@northbeam.example", PASSWORD, &stranger).await.unwrap_err();
        assert_eq!(refused.kind, Kind::TooMany, "a stranger's right password is not looked at, either");
        assert_eq!(refused.retry_after_ms, Some(3 * MINUTE));
        world.clock.advance_ms(3 * MINUTE - 1);
        assert_eq!(tries(&world, "mara@northbeam.example", PASSWORD, &stranger).await, Kind::TooMany);
        world.clock.advance_ms(1);
        world.engine.sign_in("mara@northbeam.example", PASSWORD, &stranger).await.unwrap();
    }

    async fn one_address_has_fifty_guesses_over_all_accounts(world: World) {
        let stranger = from("198.51.100.7");
        let mut looked_at = 0;
        for n in 0..300 {
            let kind = tries(&world, &format!("person{n}@northbeam.example"), "a guess", &stranger).await;
            looked_at += usize::from(kind == Kind::Unauthenticated);
            world.clock.advance_ms(3_000);
        }
        assert!((40..=50).contains(&looked_at), "{looked_at}");
        // a network of addresses is one customer's
        let (one, other) = (from("2001:db8:1:2::1"), from("2001:db8:1:2:ffff::9"));
        for n in 0..20 {
            let email = format!("p{n}@northbeam.example");
            tries(&world, &email, "a guess", if n % 2 == 0 { &one } else { &other }).await;
        }
        assert_eq!(tries(&world, "p@northbeam.example", "a guess", &one).await, Kind::TooMany);
        assert_eq!(tries(&world, "p@northbeam.example", "a guess", &from("2001:db8:1:3::1")).await, Kind::Unauthenticated);
    }

    async fn nobody_can_be_locked_out_of_where_they_signed_in_before(world: World) {
        let mara = world.person("mara").user;
        let home = from("192.0.2.1");
        let device = world.engine.recognize(mara.id, &home).await.unwrap();
        for n in 0..40 {
            let stranger = from(&format!("198.51.100.{n}"));
            tries(&world, &mara.email, "a guess", &stranger).await;
        }
        world.engine.sign_in(&mara.email, PASSWORD, &home).await.unwrap();
        // the same browser on a train
        let train = Client { address: "203.0.113.80".into(), device: Some(device.clone()) };
        world.engine.sign_in(&mara.email, PASSWORD, &train).await.unwrap();
        // the browser is known for mara, and for nobody else
        let jonas = world.person("jonas").user;
        for n in 0..5 {
            tries(&world, &jonas.email, "a guess", &from(&format!("198.51.101.{n}"))).await;
        }
        assert_eq!(tries(&world, &jonas.email, PASSWORD, &train).await, Kind::TooMany);
        // a cookie that was made up is nobody's
        let forged = Client { device: Some("A".repeat(43)), ..train };
        assert_eq!(tries(&world, &mara.email, PASSWORD, &forged).await, Kind::TooMany);
    }

    async fn a_known_place_is_told_to_slow_down_and_still_takes_the_right_password(world: World) {
        let mara = world.person("mara").user;
        let home = from("192.0.2.1");
        let device = world.engine.recognize(mara.id, &home).await.unwrap();
        let kinds: Vec<Kind> = futures::future::join_all((0..30).map(|_| tries(&world, &mara.email, "a guess", &home))).await;
        let refused = kinds.iter().filter(|kind| **kind == Kind::TooMany).count();
        assert_eq!(refused, 20);
        world.engine.sign_in(&mara.email, PASSWORD, &home).await.unwrap();
        // that place is guessing: now it counts as any other
        for _ in 0..100 {
            tries(&world, &mara.email, "a guess", &home).await;
        }
        assert_eq!(tries(&world, &mara.email, PASSWORD, &home).await, Kind::TooMany);
        // and with her own browser she is as welcome as before, there and elsewhere
        for address in ["192.0.2.1", "203.0.113.5"] {
            let hers = Client { address: address.into(), device: Some(device.clone()) };
            world.engine.sign_in(&mara.email, PASSWORD, &hers).await.unwrap();
        }
    }

    async fn trying_many_at_once_gains_nothing(world: World) {
        let many = (0..40).map(|n| {
            let engine = world.engine.clone();
            tokio::spawn(async move {
                let stranger = from(&format!("198.51.100.{n}"));
                engine.sign_in("mara@northbeam.example", "a guess", &stranger).await.unwrap_err().kind
            })
        });
        let kinds: Vec<_> = futures::future::join_all(many).await;
        let looked_at = kinds.into_iter().filter(|kind| *kind.as_ref().unwrap() == Kind::Unauthenticated).count();
        assert_eq!(looked_at, 5);
    }

    async fn right_passwords_are_not_counted_and_old_turns_are_forgotten(world: World) {
        let stranger = from("198.51.100.7");
        for _ in 0..30 {
            world.engine.sign_in(" Mara@Northbeam.example ", PASSWORD, &stranger).await.unwrap();
        }
        for _ in 0..5 {
            tries(&world, "mara@northbeam.example", "a guess", &stranger).await;
        }
        world.clock.advance_ms(2 * 60 * MINUTE);
        world.engine.sweep().await.unwrap();
        let mut looked_at = 0;
        for _ in 0..6 {
            let kind = tries(&world, "mara@northbeam.example", "a guess", &stranger).await;
            looked_at += usize::from(kind == Kind::Unauthenticated);
        }
        assert_eq!(looked_at, 5);
    }
}
