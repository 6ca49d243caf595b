//! What an open laptop is not enough for: granting access, sending customers' data elsewhere, and letting go of
//! what proves or keeps something.

use domain::{access::Access, owner::Party, people::Membership, retention::ContentKind};
use engine::{
    Ctx, Handover, HoldInput, InvitationInput, Kind, PlaceInput, Reach, Result, TypedDays,
    WitnessInput,
};
use testkit::MINUTE;

use crate::world::{World, on_every_store};

/// An admin who signed in a moment ago, and the same one on a laptop that was left open.
async fn admin(world: &World) -> (Ctx, Ctx) {
    let engine = &world.engine;
    let user = engine
        .create_user("ada@northbeam.example", "Ada", "correct horse")
        .await
        .unwrap();
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access: Access::Admin,
        party: Party::Agency,
        functional_roles: vec!["revenue_ops".to_owned()],
        rotations: Vec::new(),
    };
    engine.add_member(place).await.unwrap();
    let ctx = engine
        .enter(user.id, &world.merchant.slug, None)
        .await
        .unwrap();
    let (now, before) = (ctx.now(), ctx.now().plus_ms(-11 * MINUTE));
    (ctx.clone().proved(Some(now)), ctx.proved(Some(before)))
}

fn asks_first<T: std::fmt::Debug>(answer: Result<T>) {
    assert_eq!(answer.unwrap_err().kind, Kind::StepUp);
}

fn place(access: &str, roles: &[&str]) -> PlaceInput {
    PlaceInput {
        access: access.to_owned(),
        party: "agency".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        own_roles: String::new(),
    }
}

fn days(all: &str) -> TypedDays {
    ContentKind::ALL.map(|kind| (kind, all.to_owned())).into()
}

on_every_store! {
    async fn where_customers_data_goes(world: World) {
        let (fresh, open) = admin(&world).await;
        let engine = &world.engine;
        let one = engine.connections(&fresh).await.unwrap().1.remove(0);
        let elsewhere = "http://127.0.0.1:3100/elsewhere";
        asks_first(engine.update_destination(&open, one.id, &one.name, elsewhere).await);
        asks_first(engine.set_staging(&open, one.id, elsewhere).await);
        let same = engine.connections(&fresh).await.unwrap().1.remove(0);
        assert_eq!((same.url, same.staging_url), (one.url.clone(), None));
        // another name is only a name
        engine.update_destination(&open, one.id, "Harbor", &one.url).await.unwrap();
        engine.set_staging(&fresh, one.id, elsewhere).await.unwrap();
        engine.set_staging(&open, one.id, "").await.unwrap();
        let moved = engine.update_destination(&fresh, one.id, "Harbor", elsewhere).await.unwrap();
        assert_eq!(moved.url, elsewhere);
    }

    async fn who_may_do_what(world: World) {
        let (fresh, open) = admin(&world).await;
        let engine = &world.engine;
        let tomas = world.person("tomas").user.id;
        let nobody = Handover::default;
        let held = ["logistics", "supply_chain"];
        for more in ["admin", "approver"] {
            asks_first(engine.change_member(&open, tomas, place(more, &held), nobody()).await);
        }
        engine.change_member(&fresh, tomas, place("admin", &held), nobody()).await.unwrap();
        // what they may do less of needs none
        engine.change_member(&open, tomas, place("operator", &held), nobody()).await.unwrap();

        let input = || InvitationInput {
            email: "nils@example.com".into(), name: String::new(), place: place("admin", &[]),
        };
        asks_first(engine.invite(&open, input()).await);
        let made = engine.invite(&fresh, input()).await.unwrap();
        asks_first(engine.resend_invitation(&open, made.invitation.id).await);
        engine.revoke_invitation(&open, made.invitation.id).await.unwrap();

        let iris = world.person("iris").user.id;
        let seen = engine.leaving(&open, iris, Reach::Everywhere).await.unwrap().seen;
        engine.deactivate(&open, iris, &seen, nobody()).await.unwrap();
        asks_first(engine.reactivate(&open, iris).await);
        engine.reactivate(&fresh, iris).await.unwrap();
    }

    async fn what_proves_and_what_is_kept(world: World) {
        let (fresh, open) = admin(&world).await;
        let engine = &world.engine;
        let witness = WitnessInput {
            name: "Outside auditor".into(), kind: "webhook".into(),
            address: "https://audit.example/checkpoints".into(), every_ms: 0,
        };
        let (witness, _) = engine.add_audit_witness(&fresh, witness).await.unwrap();
        asks_first(engine.remove_audit_witness(&open, witness.id).await);
        engine.remove_audit_witness(&fresh, witness.id).await.unwrap();

        asks_first(engine.set_retention(&open, days("90")).await);
        engine.set_retention(&fresh, days("90")).await.unwrap();
        asks_first(engine.set_retention(&open, days("89")).await);
        // longer, and for ever, loses nothing
        engine.set_retention(&open, days("91")).await.unwrap();
        engine.set_retention(&open, days("")).await.unwrap();

        let hold = HoldInput { order: String::new(), reason: "Case 4".into() };
        let hold = engine.place_hold(&open, hold).await.unwrap();
        asks_first(engine.lift_hold(&open, hold.id, "Settled").await);
        engine.lift_hold(&fresh, hold.id, "Settled").await.unwrap();
    }
}
