//! Sessions: ended ones stay ended, what they remember is sealed, and whoever owes a factor has half a one.

use engine::{
    Kind,
    port::{SessionRow, StoreExt},
};

use crate::{
    enrolled, mara,
    world::{World, on_every_store},
};

async fn is_open(world: &World, id_hash: &[u8]) -> bool {
    world.engine.load_session(id_hash).await.unwrap().is_some()
}

on_every_store! {
    async fn one_sees_where_one_is_signed_in_and_ends_it(world: World) {
        let (me, other) = (mara(&world, 1).await, mara(&world, 2).await);
        world.clock.advance_ms(60_000);
        mara(&world, 3).await;
        let mine = world.engine.sessions_of(&me).await.unwrap();
        assert_eq!(mine.len(), 3);
        assert!(mine[0].is_this && mine[0].address == "192.0.2.1");
        assert_eq!(mine[1].address, "192.0.2.3", "the one seen last comes first");
        let key = mine.iter().find(|one| one.address == "192.0.2.2").unwrap().key.clone();

        let jonas = engine::Oneself { user: world.person("jonas").user, ..me.clone() };
        assert_eq!(world.engine.revoke_session(&jonas, &key).await.unwrap_err().kind, Kind::NotFound);
        world.engine.revoke_session(&me, &key).await.unwrap();
        assert!(!is_open(&world, &other.session).await && is_open(&world, &me.session).await);
        assert_eq!(world.engine.revoke_other_sessions(&me).await.unwrap(), 1);
        assert!(!is_open(&world, &[3; 32]).await && is_open(&world, &me.session).await);
    }

    async fn a_request_under_way_does_not_bring_an_ended_session_back(world: World) {
        let me = mara(&world, 1).await;
        let row = world.engine.load_session(&me.session).await.unwrap().unwrap();
        world.engine.delete_session(me.session.clone()).await.unwrap();
        world.engine.save_session(SessionRow { data: "{\"a\":1}".into(), ..row }).await.unwrap();
        assert!(!is_open(&world, &me.session).await);
    }

    async fn what_a_session_remembers_is_sealed_and_bound_to_it(world: World) {
        let me = mara(&world, 1).await;
        let row = world.engine.load_session(&me.session).await.unwrap().unwrap();
        let said = SessionRow { data: "{\"secret\":\"canary\"}".into(), ..row };
        world.engine.save_session(said.clone()).await.unwrap();
        let kept = world.engine.store().reads().await.unwrap().session(&me.session).await.unwrap().unwrap();
        assert!(!kept.data.contains("canary"));
        let back = world.engine.load_session(&me.session).await.unwrap().unwrap();
        assert_eq!(back.data, said.data);
        // moved to another session's row it opens nothing
        let other = mara(&world, 2).await;
        let moved = SessionRow { id_hash: other.session.clone(), ..kept };
        world
            .engine
            .store()
            .write(move |tx| Box::pin(async move { tx.save_session(&moved).await }))
            .await
            .unwrap();
        assert!(!is_open(&world, &other.session).await);
    }

    async fn a_new_factor_ends_every_other_session(world: World) {
        let (me, other) = (mara(&world, 1).await, mara(&world, 2).await);
        enrolled(&world, &me).await;
        assert!(is_open(&world, &me.session).await && !is_open(&world, &other.session).await);
    }
}
