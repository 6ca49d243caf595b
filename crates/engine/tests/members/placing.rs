//! Another access or other roles: nothing is left to nobody by it, and it counts at once.

use domain::{
    access::{Access, Action},
    owner::{Owner, Party},
};
use engine::{Handover, Kind};

use crate::{
    add, admin, enter, noted, place,
    world::{World, on_every_store},
};

fn nobody() -> Handover {
    Handover::default()
}

fn all_to(id: uuid::Uuid) -> Handover {
    Handover {
        to: Some(id),
        ..Handover::default()
    }
}

on_every_store! {
    async fn a_role_that_nobody_else_holds_is_not_taken_away(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        // fiona alone is finance: the backup of every approval, and the last rung
        let fiona = world.person("fiona").user.id;
        let refused = world.engine
            .change_member(&boss, fiona, place("approver", "agency", &["operations"]), nobody())
            .await
            .unwrap_err();
        assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Invalid, "to"));
        assert!(refused.sentence.contains("agency:finance"), "{refused}");
        let (_, still) = enter(&world, fiona).await.member().map(|(u, m)| (u.clone(), m.clone())).unwrap();
        assert_eq!(still.functional_roles, ["finance"]);
        assert!(noted(&world, "member.changed").await.is_empty());

        // with somebody of the same side to take it over, the role itself moves
        let mara = world.person("mara").user.id;
        world.engine
            .change_member(&boss, fiona, place("approver", "agency", &["operations"]), all_to(mara))
            .await
            .unwrap();
        let roles = |id| world.engine.enter(id, &world.merchant.slug, None);
        assert_eq!(roles(mara).await.unwrap().member().unwrap().1.functional_roles, ["marketing_ops", "finance"]);
        assert_eq!(roles(fiona).await.unwrap().member().unwrap().1.functional_roles, ["operations"]);
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        assert!(rules.resolves(&Owner::role(Party::Agency, "finance")));
        assert!(rules.contracts.iter().all(|one| one.version == "1.0"), "no version was needed");
        let notes = noted(&world, "member.changed").await;
        assert_eq!(notes.len(), 2);
        assert!(notes.iter().any(|one| one["before"]["functional_roles"] == serde_json::json!(["finance"])));
    }

    async fn somebody_of_another_side_takes_over_in_person(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let hannah = add(&world, "hannah", Access::Approver, Party::Merchant, &[]).await;
        let fiona = world.person("fiona").user.id;
        world.engine
            .change_member(&boss, fiona, place("approver", "agency", &["operations"]), all_to(hannah.id))
            .await
            .unwrap();
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let contract = rules.contract("fulfillment_request").unwrap();
        assert_eq!(contract.version, "1.1");
        assert_eq!(contract.approval[0].steps[0].backup, Owner::User(hannah.id));
        assert_eq!(contract.escalation.steps[1].target, Owner::User(hannah.id));
        assert_eq!(contract.escalation.version, 2);
        // the version before stays as it was published
        let ctx = world.eyes().await.unwrap();
        let versions = world.engine.contract_versions(&ctx, "fulfillment_request").await.unwrap();
        assert_eq!(versions[1].approval[0].steps[0].backup, Owner::role(Party::Agency, "finance"));
    }

    async fn who_may_approve_no_more_leaves_no_approval_behind(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let fiona = world.person("fiona").user.id;
        // still finance, but an operator decides nothing
        let refused = world.engine
            .change_member(&boss, fiona, place("operator", "agency", &["finance"]), nobody())
            .await
            .unwrap_err();
        assert!(refused.sentence.contains("approval step"), "{refused}");
        // and a successor has to be able to, as well
        let tomas = world.person("tomas").user.id;
        let unfit = world.engine
            .change_member(&boss, fiona, place("operator", "agency", &["finance"]), all_to(tomas))
            .await
            .unwrap_err();
        assert!(unfit.sentence.contains("may not approve"), "{unfit}");
    }

    async fn the_last_admin_stays_one(world: World) {
        let (ada, boss) = admin(&world, "ada").await;
        let viewer = || place("viewer", "agency", &["revenue_ops"]);
        let refused = world.engine.change_member(&boss, ada.id, viewer(), nobody()).await.unwrap_err();
        assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Invalid, "access"));
        let (bea, _) = admin(&world, "bea").await;
        world.engine.change_member(&boss, ada.id, viewer(), nobody()).await.unwrap();
        // and it counts on the very next request
        let after = enter(&world, ada.id).await;
        assert!(!after.may(Action::ManagePeople));
        let late = world.engine.change_member(&after, bea.id, viewer(), nobody()).await.unwrap_err();
        assert_eq!(late.kind, Kind::Forbidden);
    }

    async fn two_admins_cannot_take_it_from_each_other_at_once(world: World) {
        let (ada, of_ada) = admin(&world, "ada").await;
        let (bea, of_bea) = admin(&world, "bea").await;
        let viewer = || place("viewer", "agency", &["revenue_ops"]);
        let (one, two) = tokio::join!(
            world.engine.change_member(&of_ada, bea.id, viewer(), nobody()),
            world.engine.change_member(&of_bea, ada.id, viewer(), nobody()),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }

    async fn what_is_wrong_is_said_and_others_are_not_found(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let mara = world.person("mara").user.id;
        let refused = world.engine
            .change_member(&boss, mara, place("king", "system", &["Über"]), nobody())
            .await
            .unwrap_err();
        let fields: Vec<_> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["access", "party", "own_roles"]);
        let stranger = world.engine.create_user("rosa@example.com", "Rosa", "four plain words here").await.unwrap();
        for id in [stranger.id, uuid::Uuid::nil()] {
            let viewer = place("viewer", "agency", &[]);
            let missing = world.engine.change_member(&boss, id, viewer, nobody()).await.unwrap_err();
            assert_eq!(missing.kind, Kind::NotFound);
            assert_eq!(world.engine.holder(&boss, id).await.unwrap_err().kind, Kind::NotFound);
        }
    }
}
