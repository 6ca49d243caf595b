//! Passwords are hashed a few at a time, and only so many wait for it.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use engine::{Client, Engine, Hashers, Kind, Parts, Vault};
use futures::{StreamExt, stream::FuturesUnordered};
use testkit::{CountedIds, ManualClock, ScriptedChannel};
use tokio::time::timeout;

use crate::{
    PASSWORD, from,
    world::{World, on_every_store},
};

/// As many as wait in the queue of strangers.
const PLACES: u8 = 32;
const MORE: u8 = 8;
const A_WHILE: Duration = Duration::from_millis(2_500);

/// A second engine on the world's store, whose threads hash nothing before one is let go for each message.
fn held_back(world: &World) -> (Arc<Engine>, mpsc::Sender<()>) {
    let (open, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let hashers = Hashers::start(move || {
        let _ = gate.lock().unwrap().recv();
    });
    let engine = Engine::new(Parts {
        store: Arc::clone(world.engine.store()),
        clock: Arc::new(ManualClock::default()),
        ids: Arc::new(CountedIds::default()),
        channel: Arc::new(ScriptedChannel::default()),
        connectors: Vec::new(),
        vault: Vault::new(&[7; 32]),
        hashers: hashers.unwrap(),
        mailer: None,
        chat: Arc::new(testkit::ScriptedChat::default()),
        public_url: "http://127.0.0.1:3000".to_owned(),
    });
    (engine, open)
}

on_every_store! {
    async fn who_finds_no_place_is_told_so_and_loses_no_turn(world: World) {
        let mara = world.person("mara").user;
        let home = from("192.0.2.1");
        let device = world.engine.recognize(mara.id, &home).await.unwrap();
        let (engine, open) = held_back(&world);

        // some of them name somebody who exists, and all of them wait alike
        let strangers = (0..PLACES + MORE).map(|n| {
            let engine = Arc::clone(&engine);
            tokio::spawn(async move {
                let email = match n % 8 {
                    0 => "jonas@northbeam.example".to_owned(),
                    _ => format!("nobody{n}@northbeam.example"),
                };
                engine.sign_in(&email, "a guess", &from(&format!("198.51.100.{n}"))).await.unwrap_err()
            })
        });
        let mut strangers: FuturesUnordered<_> = strangers.collect();
        for _ in 0..MORE {
            let refused = timeout(Duration::from_secs(20), strangers.next()).await;
            let refused = refused.unwrap().unwrap().unwrap();
            assert_eq!((refused.kind, refused.retry_after_ms), (Kind::TooMany, Some(2_000)));
            assert!(refused.sentence.contains("Try again in a few seconds"), "{}", refused.sentence);
        }
        assert!(timeout(A_WHILE, strangers.next()).await.is_err(), "the others wait");

        // who was here before has a place of their own, though strangers took all of theirs
        let hers = Client { address: "203.0.113.80".into(), device: Some(device) };
        let known = tokio::spawn({
            let engine = Arc::clone(&engine);
            async move { engine.sign_in(&mara.email, PASSWORD, &hers).await }
        });
        // a stranger with the right password is refused again and again, and that is not counted
        for _ in 0..6 {
            let stranger = from("198.51.101.1");
            let refused = engine.sign_in("tomas@northbeam.example", PASSWORD, &stranger).await.unwrap_err();
            assert_eq!(refused.retry_after_ms, Some(2_000));
        }
        assert!(!known.is_finished());

        open.send(()).unwrap();
        open.send(()).unwrap();
        known.await.unwrap().unwrap();
        while let Some(answered) = strangers.next().await {
            assert_eq!(answered.unwrap().kind, Kind::Unauthenticated);
        }
        engine.sign_in("tomas@northbeam.example", PASSWORD, &from("198.51.101.1")).await.unwrap();
    }

    async fn a_proof_that_could_not_be_checked_is_not_counted(world: World) {
        let mara = crate::mara(&world, 1).await;
        let here = from("192.0.2.1");
        let (engine, open) = held_back(&world);
        // all the places of those who are known, and one too many
        let mut waiting = FuturesUnordered::new();
        for n in 0..=PLACES {
            let client = from(&format!("198.51.100.{n}"));
            world.engine.recognize(mara.user.id, &client).await.unwrap();
            let (engine, email) = (Arc::clone(&engine), mara.user.email.clone());
            waiting.push(tokio::spawn(async move { engine.sign_in(&email, PASSWORD, &client).await }));
        }
        let refused = timeout(Duration::from_secs(20), waiting.next()).await;
        assert_eq!(refused.unwrap().unwrap().unwrap().unwrap_err().kind, Kind::TooMany);
        for _ in 0..6 {
            let refused = engine.prove(&mara.user, PASSWORD, &here).await.unwrap_err();
            assert_eq!(refused.retry_after_ms, Some(2_000));
        }
        drop(open);
        while let Some(answered) = waiting.next().await {
            answered.unwrap().unwrap();
        }
        engine.prove(&mara.user, PASSWORD, &here).await.unwrap();
    }
}
