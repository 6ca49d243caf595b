//! Somebody decides for somebody who is away.

use domain::{Time, export::ExportState};
use engine::{CampaignInput, DelegationInput, Kind, Waiting};
use testkit::HOUR;
use uuid::Uuid;

use crate::{
    as_user, asked, asks, decides, id_of, joins, step, trail,
    world::{World, on_every_store},
};

async fn away(world: &World, who: Uuid, to: Uuid, (from, until): (i64, i64)) -> Uuid {
    let ctx = as_user(world, who).await;
    let input = DelegationInput {
        to,
        starts_at: ctx.now().plus_ms(from),
        ends_at: ctx.now().plus_ms(until),
        note: "On leave".to_owned(),
    };
    world.engine.delegate(&ctx, input).await.unwrap().id
}

fn brief() -> CampaignInput {
    CampaignInput {
        campaign_id: "winter-kit-26".into(),
        title: "Winter Kit −20 %".into(),
        offer: "20 % off both kits".into(),
        discount_percent: "20".into(),
        skus: "KIT-W-01, KIT-W-02".into(),
        landing_url: "https://alderpine.example/winter".into(),
        starts_at: "2026-11-20T15:00".into(),
        ends_at: "2026-11-29T23:59".into(),
        note: String::new(),
    }
}

on_every_store! {
    async fn a_delegate_decides_in_that_time_and_says_for_whom(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let (jonas, kim) = (id_of(&world, "jonas"), joins(&world, "kim", &[]).await);
        let export = asked(&world, 1).await;
        assert_eq!(decides(&world, kim, &export, true).await.unwrap_err().kind, Kind::Forbidden);
        away(&world, jonas, kim, (HOUR, 3 * HOUR)).await;
        assert!(decides(&world, kim, &export, true).await.is_err(), "it has not begun");
        world.clock.advance_ms(HOUR);
        let export = asked(&world, 2).await;
        let ctx = as_user(&world, kim).await;
        let user = ctx.member().unwrap().0.clone();
        let places = world.store.reads().await.unwrap().places_of(kim).await.unwrap();
        let queue = world.engine.queue(&user, &places, None).await.unwrap();
        let waits = queue.items.iter().any(|item| {
            matches!(&item.what, Waiting::Approval { export: one, .. } if one.id == export.id)
        });
        assert!(waits, "it stands in the delegate's queue");
        assert_eq!(decides(&world, kim, &export, true).await.unwrap(), ExportState::Ready);
        let approval = world.approvals_of(export.id).await.unwrap().remove(0);
        assert_eq!((approval.decided_by, approval.decided_for), (Some(kim), Some(jonas)));
        let entry = trail(&world, approval.id).await.pop().unwrap();
        let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
        assert_eq!((entry.action.as_str(), &detail["for"]), ("approval.approved", &serde_json::json!(jonas)));
        world.runs_due_work().await.unwrap();
        let sent = world.channel.sent();
        let said = sent.last().unwrap().json()["data"]["approvals"][0].clone();
        assert_eq!(said["accepted_for"], jonas.to_string());
        world.clock.advance_ms(2 * HOUR);
        let export = asked(&world, 3).await;
        assert!(decides(&world, kim, &export, true).await.is_err(), "it is over");
    }

    async fn two_people_stay_two_people(world: World) {
        asks(&world, vec![step("operations", "finance"), step("finance", "operations")]).await;
        let (jonas, fiona, priya) = (id_of(&world, "jonas"), id_of(&world, "fiona"), id_of(&world, "priya"));
        away(&world, fiona, jonas, (0, HOUR)).await;
        let export = asked(&world, 1).await;
        assert_eq!(decides(&world, jonas, &export, true).await.unwrap(), ExportState::AwaitingApproval);
        // he holds the second step for Fiona, and is the same person all the same
        assert_eq!(decides(&world, jonas, &export, true).await.unwrap_err().kind, Kind::Forbidden);
        assert_eq!(decides(&world, fiona, &export, true).await.unwrap(), ExportState::Ready);
        // and whoever was spoken for has spoken
        away(&world, priya, fiona, (0, HOUR)).await;
        let export = asked(&world, 2).await;
        assert_eq!(decides(&world, fiona, &export, true).await.unwrap(), ExportState::AwaitingApproval, "for Priya");
        let said = world.approvals_of(export.id).await.unwrap();
        assert_eq!(said[0].decided_for, Some(priya));
        assert!(decides(&world, fiona, &export, true).await.is_err());
        world.advance(16 * 60_000).await.unwrap();
        assert!(decides(&world, priya, &export, true).await.is_err(), "as backup of the second step");
        assert_eq!(decides(&world, jonas, &export, true).await.unwrap(), ExportState::Ready);
    }

    async fn nobody_approves_what_they_wrote_through_somebody_else(world: World) {
        let (priya, kim) = (id_of(&world, "priya"), joins(&world, "kim", &[]).await);
        let ctx = as_user(&world, priya).await;
        world.engine.start_campaign(&ctx, "promotion-go-live", brief()).await.unwrap();
        let export = world.the_export().await.unwrap();
        away(&world, priya, kim, (0, HOUR)).await;
        let refused = decides(&world, kim, &export, true).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden, "{refused}");
        // nor does the author for others
        away(&world, id_of(&world, "mara"), priya, (0, HOUR)).await;
        assert!(decides(&world, priya, &export, true).await.is_err());
    }

    async fn it_is_not_passed_on_and_ends_with_the_right(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let jonas = id_of(&world, "jonas");
        let (kim, lee) = (joins(&world, "kim", &[]).await, joins(&world, "lee", &[]).await);
        let given = away(&world, jonas, kim, (0, 24 * HOUR)).await;
        away(&world, kim, lee, (0, 24 * HOUR)).await;
        let export = asked(&world, 1).await;
        assert!(decides(&world, lee, &export, true).await.is_err(), "a delegate's delegate");
        // who may approve nothing any more has nothing to give
        let ctx = as_user(&world, kim).await;
        let gone = world.engine.end_delegation(&ctx, given).await.unwrap_err();
        assert_eq!(gone.kind, Kind::NotFound, "it is Jonas's");
        let ctx = as_user(&world, jonas).await;
        world.engine.end_delegation(&ctx, given).await.unwrap();
        assert!(decides(&world, kim, &export, true).await.is_err());
    }

    async fn what_makes_no_sense_is_refused(world: World) {
        let jonas = id_of(&world, "jonas");
        let ctx = as_user(&world, jonas).await;
        let now: Time = ctx.now();
        let refused = async |to: Uuid, until: i64| {
            let input = DelegationInput { to, starts_at: now, ends_at: now.plus_ms(until), note: String::new() };
            world.engine.delegate(&ctx, input).await.unwrap_err()
        };
        for (to, until, field) in [
            (jonas, HOUR, "to"),
            (id_of(&world, "tomas"), HOUR, "to"), // works here, may not approve
            (id_of(&world, "hana"), HOUR, "to"),  // of the 3PL
            (Uuid::from_u128(5), HOUR, "to"),
            (id_of(&world, "mara"), 0, "ends_at"),
            (id_of(&world, "mara"), 121 * 24 * HOUR, "ends_at"),
        ] {
            let error = refused(to, until).await;
            assert_eq!((error.kind, error.fields[0].field.as_str()), (Kind::Invalid, field), "{error}");
        }
        away(&world, jonas, id_of(&world, "mara"), (0, HOUR)).await;
        assert_eq!(refused(id_of(&world, "priya"), HOUR).await.fields[0].field, "starts_at");
    }
}
