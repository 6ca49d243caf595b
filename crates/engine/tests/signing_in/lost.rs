//! A laptop or a phone is gone, and somebody else has to help.

use domain::{
    access::Access,
    owner::Party,
    people::{Membership, User},
};
use engine::{Ctx, Error, Kind, Owed, port::AuditFilter};
use uuid::Uuid;

use crate::{
    PASSWORD, enrolled, from, mara,
    world::{World, on_every_store},
};

async fn somebody(world: &World, name: &str, merchant: Uuid, access: Access) -> User {
    let email = format!("{name}@northbeam.example");
    let user = world
        .engine
        .create_user(&email, name, PASSWORD)
        .await
        .unwrap();
    put(world, user.id, merchant, access).await;
    user
}

async fn put(world: &World, user_id: Uuid, merchant_id: Uuid, access: Access) {
    let place = Membership {
        merchant_id,
        user_id,
        access,
        party: Party::Agency,
        functional_roles: Vec::new(),
        rotations: Vec::new(),
    };
    world.engine.add_member(place).await.unwrap();
}

/// As they are at the merchant, a moment after they proved that it is them.
async fn proved(world: &World, user: &User) -> Ctx {
    let slug = &world.merchant.slug;
    let ctx = world.engine.enter(user.id, slug, None).await.unwrap();
    ctx.proved(Some(world.engine.now()))
}

async fn sessions(world: &World, user: Uuid) -> usize {
    let mut reads = world.engine.store().reads().await.unwrap();
    reads.sessions_of(user).await.unwrap().len()
}

async fn noted(world: &World, chain: Uuid, action: &str) -> Vec<String> {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 50,
        ..AuditFilter::default()
    };
    let mut reads = world.engine.store().reads().await.unwrap();
    let found = reads.audit(chain, &filter).await.unwrap();
    found.into_iter().map(|entry| entry.actor).collect()
}

fn is(error: &Error, kind: Kind) {
    assert_eq!(error.kind, kind, "{error}");
}

on_every_store! {
    async fn an_admin_ends_every_session_of_somebody(world: World) {
        let boss = somebody(&world, "boss", world.merchant.id, Access::Admin).await;
        let ctx = proved(&world, &boss).await;
        let me = mara(&world, 1).await;
        mara(&world, 2).await;
        let (user, ended) = world.engine.sign_out_everywhere(&ctx, me.user.id).await.unwrap();
        assert_eq!((user.id, ended), (me.user.id, 2));
        assert!(world.engine.load_session(&me.session).await.unwrap().is_none());
        let by = noted(&world, world.merchant.id, "person.signed_out").await;
        assert_eq!(by, [format!("user:{}", boss.id)]);
        // they are not kept out
        world.engine.sign_in(&me.user.email, PASSWORD, &from("192.0.2.1")).await.unwrap();

        let own = world.engine.sign_out_everywhere(&ctx, boss.id).await.unwrap_err();
        is(&own, Kind::Conflict);
        let nobody = world.engine.sign_out_everywhere(&ctx, Uuid::from_u128(7)).await.unwrap_err();
        is(&nobody, Kind::NotFound);
    }

    async fn whose_other_merchants_are_somebody_else_s_is_left_alone(world: World) {
        let boss = somebody(&world, "boss", world.merchant.id, Access::Admin).await;
        let ctx = proved(&world, &boss).await;
        let me = mara(&world, 1).await;
        enrolled(&world, &me).await;
        let foreign = world.engine.create_operator("Southwind").await.unwrap();
        let there = world.engine.create_merchant(&foreign, "there", "There").await.unwrap();
        put(&world, me.user.id, there.id, Access::Viewer).await;
        let out = world.engine.sign_out_everywhere(&ctx, me.user.id).await.unwrap_err();
        let off = world.engine.take_second_factor_off(&ctx, me.user.id).await.unwrap_err();
        is(&out, Kind::Forbidden);
        is(&off, Kind::Forbidden);
        assert_eq!(sessions(&world, me.user.id).await, 1);
        assert!(world.engine.second_factor(me.user.id).await.unwrap().is_some());
        // and whoever works there only does not exist here
        let stranger = somebody(&world, "stranger", there.id, Access::Viewer).await;
        is(&world.engine.sign_out_everywhere(&ctx, stranger.id).await.unwrap_err(), Kind::NotFound);
        is(&world.engine.take_second_factor_off(&ctx, stranger.id).await.unwrap_err(), Kind::NotFound);
    }

    async fn a_lost_phone_is_taken_off_by_an_admin_who_proves_who_they_are(world: World) {
        let boss = somebody(&world, "boss", world.merchant.id, Access::Admin).await;
        let ctx = proved(&world, &boss).await;
        let me = mara(&world, 1).await;
        let none = world.engine.take_second_factor_off(&ctx, me.user.id).await.unwrap_err();
        is(&none, Kind::Conflict);
        let (_, codes) = enrolled(&world, &me).await;
        let stale = ctx.clone().proved(None);
        is(&world.engine.take_second_factor_off(&stale, me.user.id).await.unwrap_err(), Kind::StepUp);

        world.engine.take_second_factor_off(&ctx, me.user.id).await.unwrap();
        assert_eq!(sessions(&world, me.user.id).await, 0, "whoever has the phone may have the laptop");
        let place = from("192.0.2.1");
        let owed = world.engine.sign_in(&me.user.email, PASSWORD, &place).await.unwrap().owed;
        assert_eq!(owed, Owed::Nothing);
        assert!(world.engine.check_second_factor(&me.user, &codes[0], &place).await.is_err());
        let by = noted(&world, world.merchant.id, "person.second_factor_taken_off").await;
        assert_eq!(by, [format!("user:{}", boss.id)]);
    }
}
