//! Another password: with the old one, or with a link that works once, within its hour, for one person.

use domain::{
    access::Access,
    owner::Party,
    people::{Membership, OperatorMember, User},
};
use engine::{Ctx, Kind, RESET_MS, Spent};

use crate::{
    PASSWORD, from, mara,
    world::{World, on_every_store},
};

const NEW: &str = "correct tray lantern oboe";

async fn signs_in(world: &World, password: &str) -> bool {
    let email = world.person("mara").user.email;
    let place = from("198.51.100.7");
    world.engine.sign_in(&email, password, &place).await.is_ok()
}

async fn is_open(world: &World, session: &[u8]) -> bool {
    world.engine.load_session(session).await.unwrap().is_some()
}

/// Somebody with this access at the world's merchant, who proved a moment ago that it is them.
pub async fn colleague(world: &World, name: &str, access: Access) -> (User, Ctx) {
    let email = format!("{name}@northbeam.example");
    let user = world
        .engine
        .create_user(&email, name, PASSWORD)
        .await
        .unwrap();
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access,
        party: Party::Agency,
        functional_roles: Vec::new(),
        rotations: Vec::new(),
    };
    world.engine.add_member(place).await.unwrap();
    let now = world.engine.now();
    let ctx = world
        .engine
        .enter(user.id, &world.merchant.slug, None)
        .await
        .unwrap();
    (user, ctx.proved(Some(now)))
}

fn token(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

on_every_store! {
    async fn the_old_one_changes_it_and_ends_the_other_sessions(world: World) {
        let (me, other) = (mara(&world, 1).await, mara(&world, 2).await);
        let place = from("192.0.2.1");
        let wrong = world.engine.change_password(&me, &place, "wrong", NEW).await.unwrap_err();
        assert_eq!(wrong.fields[0].field, "old");
        // a name, that of the agency, and a passphrase that everybody knows
        for password in ["maratestmara", "Northbeam2026", "Alder & Pine 2026", "correct horse battery staple"] {
            let weak = world.engine.change_password(&me, &place, PASSWORD, password).await.unwrap_err();
            assert_eq!(weak.fields[0].field, "password", "{password}");
        }
        assert!(signs_in(&world, PASSWORD).await && is_open(&world, &other.session).await);

        assert_eq!(world.engine.change_password(&me, &place, PASSWORD, NEW).await.unwrap(), 1);
        assert!(signs_in(&world, NEW).await && !signs_in(&world, PASSWORD).await);
        assert!(is_open(&world, &me.session).await && !is_open(&world, &other.session).await);
    }

    async fn a_link_works_once_and_ends_every_session(world: World) {
        let (_, admin) = colleague(&world, "ada", Access::Admin).await;
        let me = mara(&world, 1).await;
        let older = world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        let made = world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        let spent = world.engine.look_at_reset(&token(&older.link)).await.unwrap().spent;
        assert_eq!(spent, Some(Spent::Used), "a newer link takes its place");

        let token = token(&made.link);
        let weak = world.engine.reset_password(&token, "passwordpassword").await.unwrap_err();
        assert_eq!(weak.fields[0].field, "password");
        assert!(is_open(&world, &me.session).await, "a refused password changes nothing");
        world.engine.reset_password(&token, NEW).await.unwrap();
        assert!(signs_in(&world, NEW).await && !signs_in(&world, PASSWORD).await);
        assert!(!is_open(&world, &me.session).await);

        let again = world.engine.reset_password(&token, "another tray of lanterns").await;
        assert_eq!(again.unwrap_err().kind, Kind::Conflict);
        assert!(signs_in(&world, NEW).await);
        assert_eq!(world.engine.look_at_reset("nonsense").await.unwrap_err().kind, Kind::NotFound);
    }

    async fn a_link_expires_after_its_hour_or_with_a_change(world: World) {
        let (_, admin) = colleague(&world, "ada", Access::Admin).await;
        let me = mara(&world, 1).await;
        let made = world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        world.clock.advance_ms(RESET_MS - 1);
        let found = world.engine.look_at_reset(&token(&made.link)).await.unwrap();
        assert_eq!(found.spent, None);
        world.clock.advance_ms(1);
        let found = world.engine.look_at_reset(&token(&made.link)).await.unwrap();
        assert_eq!(found.spent, Some(Spent::Expired));
        assert!(world.engine.reset_password(&token(&made.link), NEW).await.is_err());

        let (_, admin) = colleague(&world, "bea", Access::Admin).await;
        let made = world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        world.engine.change_password(&me, &from("192.0.2.1"), PASSWORD, NEW).await.unwrap();
        let found = world.engine.look_at_reset(&token(&made.link)).await.unwrap();
        assert_eq!(found.spent, Some(Spent::Used));
    }

    async fn only_power_over_all_of_an_account_makes_a_link_for_it(world: World) {
        let (ada, admin) = colleague(&world, "ada", Access::Admin).await;
        let (_, approver) = colleague(&world, "otto", Access::Approver).await;
        let mara = mara(&world, 1).await.user;
        let refused = async |ctx: &Ctx, of: &User| {
            world.engine.make_reset_link(ctx, of.id).await.unwrap_err().kind
        };
        assert_eq!(refused(&approver, &mara).await, Kind::Forbidden);
        assert_eq!(refused(&admin.clone().proved(None), &mara).await, Kind::StepUp);
        assert_eq!(refused(&admin, &ada).await, Kind::Conflict, "one's own is changed, not reset");

        // the whole agency opens to whoever has this account
        let chief = world.engine.create_user("chief@northbeam.example", "Chief", PASSWORD).await.unwrap();
        let member = OperatorMember {
            operator_id: world.merchant.operator_id,
            user_id: chief.id,
            access: Access::Admin,
        };
        world.engine.found_operator_member(member).await.unwrap();
        assert_eq!(refused(&admin, &chief).await, Kind::Forbidden);

        // and this one opens a merchant where Ada is nobody
        let operator = world.engine.operator(world.merchant.operator_id).await.unwrap().unwrap();
        let elsewhere = world.engine.create_merchant(&operator, "kitewood", "Kitewood").await.unwrap();
        let place = Membership {
            merchant_id: elsewhere.id,
            user_id: mara.id,
            access: Access::Viewer,
            party: Party::Agency,
            functional_roles: Vec::new(),
 rotations: Vec::new(),
};
        world.engine.add_member(place).await.unwrap();
        assert_eq!(refused(&admin, &mara).await, Kind::Forbidden);
    }
}
