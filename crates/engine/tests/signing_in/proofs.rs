//! What an open laptop is not enough for.

use domain::{
    access::Access,
    approval::Decision,
    export::{Export, ExportState},
    owner::{Owner, Party},
};
use engine::{CampaignInput, Client, DestinationInput, Kind, SourceInput, WitnessInput};

use crate::{
    PASSWORD, enrolled, from, mara,
    passwords::colleague,
    world::{World, on_every_store},
};

/// A promotion that priya wrote, and the decision to let it go.
async fn asked(world: &World) -> (Export, Decision) {
    let input = CampaignInput {
        campaign_id: "winter-kit-26".into(),
        title: "Winter Kit −20 %".into(),
        offer: "20 % off both kits".into(),
        discount_percent: "20".into(),
        skus: "KIT-W-01".into(),
        landing_url: "https://alderpine.example/winter".into(),
        starts_at: "2026-11-20T15:00".into(),
        ends_at: "2026-11-29T23:59".into(),
        note: String::new(),
    };
    let priya = world.as_person("priya").await.unwrap();
    world
        .engine
        .start_campaign(&priya, "promotion-go-live", input)
        .await
        .unwrap();
    let export = world.the_export().await.unwrap();
    let decision = Decision {
        approve: true,
        note: None,
        seen_hash: export.content_hash.clone(),
        step: None,
    };
    (export, decision)
}

on_every_store! {
    async fn a_person_proves_themself_with_what_they_have(world: World) {
        let me = mara(&world, 1).await;
        let home: Client = from("192.0.2.1");
        world.engine.prove(&me.user, PASSWORD, &home).await.unwrap();
        let wrong = world.engine.prove(&me.user, "another", &home).await.unwrap_err();
        assert_eq!((wrong.kind, wrong.fields[0].field.as_str()), (Kind::Invalid, "code"));
        let (phone, _) = enrolled(&world, &me).await;
        world.clock.advance_ms(60_000);
        assert!(world.engine.prove(&me.user, PASSWORD, &home).await.is_err(), "a password proves nothing any more");
        world.engine.prove(&me.user, &phone.code(world.engine.now()), &home).await.unwrap();
    }

    async fn a_critical_approval_needs_a_proof_of_the_last_ten_minutes(world: World) {
        let (export, decision) = asked(&world).await;
        let export = export.id;
        let old = world.as_person_of_old("mara").await.unwrap();
        let refused = world.engine.decide(&old, export, decision.clone()).await.unwrap_err();
        assert_eq!(refused.kind, Kind::StepUp);

        let just = world.as_person("mara").await.unwrap();
        let proved_at = just.now();
        world.clock.advance_ms(10 * 60_000);
        let stale = world.as_person_of_old("mara").await.unwrap().proved(Some(proved_at));
        assert_eq!(world.engine.decide(&stale, export, decision.clone()).await.unwrap_err().kind, Kind::StepUp);
        let fresh = world.as_person_of_old("mara").await.unwrap().proved(Some(proved_at.plus_ms(1)));
        assert_eq!(world.engine.decide(&fresh, export, decision).await.unwrap(), ExportState::AwaitingApproval);
    }

    async fn stopping_something_critical_needs_no_proof(world: World) {
        let (export, mut decision) = asked(&world).await;
        decision.approve = false;
        decision.note = Some("not this week".into());
        let old = world.as_person_of_old("mara").await.unwrap();
        assert_eq!(world.engine.decide(&old, export.id, decision).await.unwrap(), ExportState::Declined);
    }

    async fn a_new_secret_and_a_new_key_are_for_whoever_just_proved_it(world: World) {
        let (_, just) = colleague(&world, "ada", Access::Admin).await;
        let source = || SourceInput {
            system: "shopify".into(),
            name: "Pop-up shop".into(),
            secret: None,
            owner: Owner::role(Party::Agency, "engineering"),
            backup: Owner::role(Party::Agency, "operations"),
        };
        let destination = || DestinationInput {
            key: "pop-up".into(),
            name: "Pop-up".into(),
            system: "wms".into(),
            party: Party::ThreePl,
            url: "http://127.0.0.1:3100/3pl".into(),
            secret: None,
        };
        let witness = |kind: &str, address: &str| WitnessInput {
            name: kind.into(),
            kind: kind.into(),
            address: address.into(),
            every_ms: 0,
        };
        let webhook = || witness("webhook", "http://127.0.0.1:3100/witness");
        let old = just.clone().proved(Some(just.now().plus_ms(-10 * 60_000)));
        let engine = &world.engine;
        let stale = [
            engine.create_source(&old, source()).await.err(),
            engine.create_destination(&old, destination()).await.err(),
            engine.rotate_audit_key(&old).await.err(),
            engine.add_audit_witness(&old, webhook()).await.err(),
        ];
        for error in stale {
            assert_eq!(error.unwrap().kind, Kind::StepUp);
        }
        // what has no secret needs no proof
        engine.add_audit_witness(&old, witness("mail", "audit@example.com")).await.unwrap();
        engine.create_source(&just, source()).await.unwrap();
        engine.create_destination(&just, destination()).await.unwrap();
        engine.rotate_audit_key(&just).await.unwrap();
        engine.add_audit_witness(&just, webhook()).await.unwrap();
    }

    async fn a_proof_from_the_future_or_by_a_program_is_none(world: World) {
        let ctx = world.as_person_of_old("mara").await.unwrap();
        let now = ctx.now();
        assert!(!ctx.clone().proved(Some(now.plus_ms(1))).is_freshly_proved());
        assert!(!ctx.is_freshly_proved());
        assert!(world.admin.is_freshly_proved(), "the engine itself follows what was configured");
    }
}
