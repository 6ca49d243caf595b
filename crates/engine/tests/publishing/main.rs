//! From a draft to a version and back: who wins, who has to agree, what a change takes back, what is refused
//! with its reasons, and what becomes of what runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alone;
mod needs;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use domain::{
    access::Access,
    flow::{Draft, Flow, Sheet, StepKind, Undo},
    owner::{Owner, Party},
    people::Membership,
};
use engine::{Begin, Ctx, Kind, Named, Saved, Side, Waiting, flow_document, port::AuditFilter};
use testkit::{World, complete, order};

static NEXT: AtomicU32 = AtomicU32::new(0);

const KEY: &str = "order-to-ship";

async fn on(url: &str) -> World {
    let options = store::Options {
        connections: 4,
        ..store::Options::default()
    };
    let store = store::SqlStore::open_and_migrate(url, options)
        .await
        .unwrap();
    World::new(store, Arc::new(connectors::shopify::Shopify))
        .await
        .unwrap()
}

fn unique() -> String {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("meshline_publishing_{}_{n}", std::process::id())
}

/// SQLite always, Postgres where one is named.
async fn worlds() -> Vec<World> {
    let folder = std::env::temp_dir().join(unique());
    std::fs::create_dir_all(&folder).unwrap();
    let mut all = vec![on(&format!("sqlite://{}/world.db", folder.display())).await];
    if let Ok(server) = std::env::var("MESHLINE_TEST_POSTGRES_URL") {
        let url = store::testing::fresh_database(&server, &unique())
            .await
            .unwrap();
        all.push(on(&url).await);
    }
    all
}

/// Two admins who answer for nothing, the first of whom draws.
async fn admins(world: &World) -> (Ctx, Ctx) {
    let mut both = Vec::new();
    for name in ["ada", "bea"] {
        let email = format!("{name}@northbeam.example");
        let user = world
            .engine
            .create_user(&email, name, "correct horse")
            .await
            .unwrap();
        let place = Membership {
            merchant_id: world.merchant.id,
            user_id: user.id,
            access: Access::Admin,
            party: Party::Agency,
            functional_roles: Vec::new(),
            rotations: Vec::new(),
        };
        world.engine.add_member(place).await.unwrap();
        let ctx = world.engine.enter(user.id, &world.merchant.slug, None);
        both.push(ctx.await.unwrap().proved(Some(world.engine.now())));
    }
    let second = both.pop().unwrap();
    (both.pop().unwrap(), second)
}

/// What somebody is asked to agree to, by their queue.
async fn to_publish(world: &World, ctx: &Ctx) -> Vec<String> {
    let (user, place) = ctx.member().unwrap();
    let places = [(world.merchant.clone(), place.clone())];
    let queue = world.engine.queue(user, &places, None).await.unwrap();
    let asked = queue.items.iter().filter_map(|item| match &item.what {
        Waiting::Publishing(sheet) => {
            let left = item.deadline.since_ms(world.engine.now());
            assert!((0..=24 * 3_600_000).contains(&left), "{left}");
            Some(sheet.key.clone())
        }
        _ => None,
    });
    asked.collect()
}

fn agency(role: &str) -> Option<Owner> {
    Some(Owner::role(Party::Agency, role))
}

/// A draft of the order flow in which the first step has another backup.
async fn drawn(world: &World, by: &Ctx) -> Sheet {
    let sheet = world
        .engine
        .begin_draft(by, Begin::Flow(KEY.to_owned()))
        .await
        .unwrap();
    let mut draft = sheet.draft.clone();
    draft.steps[0].backup = agency("finance");
    let saved = world
        .engine
        .save_flow_draft(by, KEY, sheet.rev, draft)
        .await
        .unwrap();
    assert!(matches!(saved, Saved::Rev(_)));
    world.engine.flow_draft(by, KEY).await.unwrap()
}

async fn live(world: &World, ctx: &Ctx) -> Flow {
    let history = world.engine.flow_history(ctx, KEY).await.unwrap();
    history.live().unwrap().clone()
}

#[tokio::test]
async fn a_draft_is_never_overwritten_silently() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        let sheet = drawn(&world, &ada).await;
        let mut theirs = sheet.draft.clone();
        theirs.summary = "Bea was here".to_owned();
        let saved = world
            .engine
            .save_flow_draft(&bea, KEY, sheet.rev, theirs)
            .await
            .unwrap();
        assert!(matches!(saved, Saved::Rev(rev) if rev == sheet.rev + 1));
        let mut mine = sheet.draft.clone();
        mine.summary = "Ada was here".to_owned();
        let Saved::Conflict(theirs) = world
            .engine
            .save_flow_draft(&ada, KEY, sheet.rev, mine)
            .await
            .unwrap()
        else {
            panic!("it was overwritten")
        };
        assert_eq!(theirs.draft.summary, "Bea was here");
        let kept = world.engine.flow_draft(&ada, KEY).await.unwrap();
        assert_eq!(kept.draft.summary, "Bea was here");
        let users = [&ada, &bea].map(|ctx| ctx.user_id().unwrap());
        assert_eq!(kept.authors, users);
        // whoever looked before it was changed throws nothing away
        let stale = world.engine.discard_draft(&ada, KEY, sheet.rev).await;
        assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
        world
            .engine
            .discard_draft(&ada, KEY, kept.rev)
            .await
            .unwrap();
        assert_eq!(live(&world, &ada).await.version, 1);
    }
}

#[tokio::test]
async fn of_two_publishers_one_wins_and_the_other_sees_the_difference() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        let hash = drawn(&world, &ada).await.hash();
        let (a, b) = (Arc::clone(&world.engine), Arc::clone(&world.engine));
        let (one, two) = tokio::join!(
            a.publish_draft(&ada, KEY, &hash, "Finance is the backup now"),
            b.publish_draft(&bea, KEY, &hash, "Finance is the backup now"),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let lost = one.err().or(two.err()).unwrap();
        assert_eq!(lost.kind, Kind::Conflict);
        assert!(lost.sentence.contains("version 2 is live"), "{lost}");
        let history = world.engine.flow_history(&ada, KEY).await.unwrap();
        assert_eq!(history.versions.len(), 2);
        assert!(history.sheet.is_none());
        let sides = (Some(Side::Version(1)), Some(Side::Version(2)));
        let seen = world.engine.compare_flow(&bea, KEY, sides).await.unwrap();
        let said: Vec<&str> = seen
            .differences
            .iter()
            .map(|one| one.sentence.as_str())
            .collect();
        assert_eq!(
            said,
            ["request fulfillment: backup was Operations, is now Finance"]
        );
    }
}

#[tokio::test]
async fn what_was_drawn_on_an_older_version_is_looked_at_again_first() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        drawn(&world, &ada).await;
        let old = live(&world, &ada).await;
        // meanwhile the first version is published once more
        let back = world
            .engine
            .roll_back_flow(&bea, old.id, 1, "")
            .await
            .unwrap();
        assert_eq!((back.version, back.note.as_str()), (2, "Back to version 1"));
        let sheet = world.engine.flow_draft(&ada, KEY).await.unwrap();
        let refused = world
            .engine
            .publish_draft(&ada, KEY, &sheet.hash(), "mine all the same")
            .await
            .unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(
            refused.sentence.contains("published version 2 meanwhile"),
            "{refused}"
        );
        let sheet = world
            .engine
            .rebase_draft(&ada, KEY, sheet.rev, 2)
            .await
            .unwrap();
        let flow = world
            .engine
            .publish_draft(&ada, KEY, &sheet.hash(), "mine, seen against 2")
            .await
            .unwrap();
        assert_eq!(flow.version, 3);
        // two who bring back an old version at once, having seen the same one live
        let (a, b) = (Arc::clone(&world.engine), Arc::clone(&world.engine));
        let (one, two) = tokio::join!(
            a.roll_back_flow(&ada, old.id, 3, ""),
            b.roll_back_flow(&bea, old.id, 3, ""),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }
}

#[tokio::test]
async fn a_second_person_agrees_to_exactly_what_they_saw() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        let engine = &world.engine;
        engine
            .set_publishes_by_two(&world.admin, true)
            .await
            .unwrap();
        let sheet = drawn(&world, &ada).await;
        let hash = sheet.hash();
        let alone = engine.publish_draft(&ada, KEY, &hash, "alone").await;
        assert_eq!(alone.unwrap_err().kind, Kind::Conflict);
        let old = live(&world, &ada).await;
        let back = engine.roll_back_flow(&ada, old.id, 1, "").await;
        assert_eq!(back.unwrap_err().kind, Kind::Conflict, "no way around it");
        engine
            .ask_to_publish(&ada, KEY, &hash, "Finance is the backup now")
            .await
            .unwrap();
        let own = engine.agree_to_publish(&ada, KEY, &hash).await;
        assert_eq!(own.unwrap_err().kind, Kind::Forbidden, "the author cannot");
        // any change takes the question back
        let mut other = sheet.draft.clone();
        other.summary = "Changed after it was asked".to_owned();
        let sheet = engine.flow_draft(&ada, KEY).await.unwrap();
        engine
            .save_flow_draft(&ada, KEY, sheet.rev, other)
            .await
            .unwrap();
        let late = engine.agree_to_publish(&bea, KEY, &hash).await;
        assert_eq!(late.unwrap_err().kind, Kind::Conflict);
        let hash = engine.flow_draft(&ada, KEY).await.unwrap().hash();
        engine
            .ask_to_publish(&ada, KEY, &hash, "Asked again")
            .await
            .unwrap();
        assert_eq!(to_publish(&world, &bea).await, [KEY]);
        assert!(to_publish(&world, &ada).await.is_empty(), "she drew it");
        let tomas = world.as_person("tomas").await.unwrap();
        assert!(to_publish(&world, &tomas).await.is_empty(), "he may not");
        let other_hash = engine.agree_to_publish(&bea, KEY, "sha256:0").await;
        assert_eq!(other_hash.unwrap_err().kind, Kind::Conflict);
        let flow = engine.agree_to_publish(&bea, KEY, &hash).await.unwrap();
        assert_eq!(flow.version, 2);
        assert!(to_publish(&world, &bea).await.is_empty(), "it is done");
        assert_eq!(flow.published_by, ada.user_id());
        assert_eq!(flow.approved_by, bea.user_id());
        assert_eq!(flow.note, "Asked again");
        let trail = AuditFilter {
            limit: 200,
            ..AuditFilter::default()
        };
        let actions: Vec<String> = engine
            .audit(&world.admin, &trail)
            .await
            .unwrap()
            .into_iter()
            .map(|entry| entry.action)
            .collect();
        for expected in [
            "flow.draft_begun",
            "flow.draft_saved",
            "flow.publishing_asked",
            "flow.published",
            "merchant.publishing_changed",
        ] {
            assert!(
                actions.iter().any(|action| action == expected),
                "{expected}"
            );
        }
    }
}

#[tokio::test]
async fn a_second_person_says_no_and_the_draft_stays() {
    for world in worlds().await {
        let (ada, bea) = admins(&world).await;
        let engine = &world.engine;
        let hash = drawn(&world, &ada).await.hash();
        engine
            .ask_to_publish(&ada, KEY, &hash, "Please")
            .await
            .unwrap();
        let no = engine.decline_to_publish(&bea, KEY, &hash, "").await;
        assert_eq!(no.unwrap_err().fields[0].field, "why");
        engine
            .decline_to_publish(&bea, KEY, &hash, "Not this week")
            .await
            .unwrap();
        assert!(to_publish(&world, &bea).await.is_empty(), "it is answered");
        let after = engine.agree_to_publish(&bea, KEY, &hash).await;
        assert_eq!(
            after.unwrap_err().kind,
            Kind::Conflict,
            "nobody is asked any more"
        );
        let sheet = engine.flow_draft(&ada, KEY).await.unwrap();
        assert_eq!(
            sheet.request.unwrap().declined.unwrap().why,
            "Not this week"
        );
    }
}

#[tokio::test]
async fn one_gate_for_drafts_documents_and_everything_that_publishes() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        let sheet = drawn(&world, &ada).await;
        let mut broken = sheet.draft.clone();
        broken.steps[0].owner = None;
        broken.steps[1].checkpoint = None;
        engine
            .save_flow_draft(&ada, KEY, sheet.rev, broken.clone())
            .await
            .unwrap();
        let hash = engine.flow_draft(&ada, KEY).await.unwrap().hash();
        for refused in [
            engine
                .publish_draft(&ada, KEY, &hash, "unready")
                .await
                .map(drop),
            engine
                .ask_to_publish(&ada, KEY, &hash, "unready")
                .await
                .map(drop),
        ] {
            let refused = refused.unwrap_err();
            let paths: Vec<&str> = refused
                .fields
                .iter()
                .map(|one| one.field.as_str())
                .collect();
            assert_eq!(
                paths,
                [
                    "/steps/0/owner",
                    "/steps/1/checkpoint",
                    "/steps/1/failures/1/on"
                ]
            );
        }
        let mut flow = live(&world, &ada).await;
        flow.version = 2;
        flow.id = uuid::Uuid::from_u128(77);
        flow.steps[0].failures.clear();
        let refused = engine.publish_flow(&ada, flow).await.unwrap_err();
        assert_eq!(refused.fields.len(), 5, "{:?}", refused.fields);
        assert_eq!(live(&world, &ada).await.version, 1);
    }
}

#[tokio::test]
async fn a_broken_document_is_told_everything_at_once_and_changes_nothing() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        let good = engine.export_flow(&ada, KEY).await.unwrap();
        let bytes = serde_json::to_vec(&good).unwrap();
        let read: Draft = engine.read_flow(&ada, &bytes, false).await.unwrap();
        assert_eq!(flow_document(&read).unwrap(), good, "there and back");
        let mut bad = good.clone();
        bad["surprise"] = serde_json::json!(1);
        bad["steps"][0]["clock"]["accept_ms"] = serde_json::json!("soon");
        bad["steps"][0]["event"] = serde_json::json!("order.accepted");
        bad["steps"][1]["owner"] = serde_json::json!("nobody");
        bad["steps"][1]["failures"][0]["path"] = serde_json::json!("sideways");
        bad.as_object_mut().unwrap().remove("outcome");
        let refused = engine
            .read_flow(&ada, &serde_json::to_vec(&bad).unwrap(), false)
            .await
            .unwrap_err();
        let mut paths: Vec<&str> = refused
            .fields
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "/outcome",
                "/steps/0/clock/accept_ms",
                "/steps/0/event",
                "/steps/1/failures/0/path",
                "/steps/1/owner",
                "/surprise",
            ],
            "{:?}",
            refused.fields
        );
        // of the right shape, and not ready
        let mut unready = good.clone();
        unready["steps"][0]["owner"] = serde_json::Value::Null;
        unready["steps"][1]["report_as"] = serde_json::json!("");
        let bytes = serde_json::to_vec(&unready).unwrap();
        let refused = engine.read_flow(&ada, &bytes, false).await.unwrap_err();
        let paths: Vec<&str> = refused
            .fields
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(paths, ["/steps/0/owner", "/steps/1/report_as"]);
        assert!(engine.read_flow(&ada, &bytes, true).await.is_ok());
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(engine.read_flow(&ada, deep.as_bytes(), true).await.is_err());
        assert!(
            engine.flow_drafts(&ada).await.unwrap().is_empty(),
            "nothing was changed"
        );
        let other = world.as_person("tomas").await.unwrap();
        let draft = engine.read_flow(&other, &bytes, true).await.unwrap();
        let begun = engine
            .begin_draft(&other, Begin::Document(Box::new(draft)))
            .await;
        assert_eq!(begun.unwrap().base, Some(1));
    }
}

#[tokio::test]
async fn what_others_need_is_not_retired_and_is_replaced_everywhere_at_once() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        // a flow that others run, and one that runs it
        let mut inner = live(&world, &ada).await;
        inner.id = uuid::Uuid::from_u128(901);
        inner.key = "inner".to_owned();
        inner.name = "Inner".to_owned();
        inner.trigger = domain::flow::Trigger::SubFlow;
        engine.publish_flow(&ada, inner.clone()).await.unwrap();
        let twin = Flow {
            id: uuid::Uuid::from_u128(902),
            key: "twin".to_owned(),
            name: "Twin".to_owned(),
            ..inner.clone()
        };
        engine.publish_flow(&ada, twin).await.unwrap();
        let mut outer = live(&world, &ada).await;
        outer.id = uuid::Uuid::from_u128(903);
        outer.key = "outer".to_owned();
        outer.name = "Outer".to_owned();
        outer.steps[1].kind = StepKind::SubFlow {
            flow: "inner".to_owned(),
        };
        outer.steps[1].failures.clear();
        let outer = complete(outer);
        engine.publish_flow(&ada, outer).await.unwrap();
        let refused = engine.retire_flow(&ada, "inner").await.unwrap_err();
        assert!(
            refused.sentence.contains("“Outer” (await shipment)"),
            "{refused}"
        );
        let what = || Named::Flow("inner".to_owned());
        let missing = engine.replace_in_flows(&ada, what(), "nowhere").await;
        assert_eq!(missing.unwrap_err().kind, Kind::Invalid, "through the gate");
        let made = engine.replace_in_flows(&ada, what(), "twin").await.unwrap();
        assert_eq!((made.len(), made[0].version), (1, 2));
        engine.retire_flow(&ada, "inner").await.unwrap();
        let keys: Vec<String> = engine
            .flows(&ada)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.key)
            .collect();
        assert!(!keys.contains(&"inner".to_owned()));
        engine.resume_flow(&ada, "inner").await.unwrap();
        assert!(
            engine
                .flows(&ada)
                .await
                .unwrap()
                .iter()
                .any(|one| one.key == "inner")
        );
    }
}

#[tokio::test]
async fn runs_stay_where_they_began_unless_somebody_moves_them() {
    for world in worlds().await {
        let (ada, _) = admins(&world).await;
        let engine = &world.engine;
        world.sends(&order(5001)).await.unwrap();
        world.runs_due_work().await.unwrap();
        let old = live(&world, &ada).await;
        let runs = engine.runs_of_flow(&ada, KEY, 9).await.unwrap();
        assert_eq!((runs.len(), runs[0].flow_id), (1, old.id));
        let hash = drawn(&world, &ada).await.hash();
        let new = engine
            .publish_draft(&ada, KEY, &hash, "Finance is the backup now")
            .await
            .unwrap();
        let counts = engine.open_runs_by_version(&ada, KEY).await.unwrap();
        assert_eq!(counts, [(1, 1)], "it finishes on its version");
        let (_, preview) = engine.preview_move(&ada, new.id).await.unwrap();
        assert_eq!(
            (preview.len(), preview[0].running, preview[0].fit),
            (1, 1, 1)
        );
        engine
            .move_runs(&ada, (old.id, new.id), "The backup matters now")
            .await
            .unwrap();
        world.runs_due_work().await.unwrap();
        let moves = engine.run_moves(&ada, KEY).await.unwrap();
        assert_eq!((moves[0].moved, moves[0].stayed_count), (1, 0));
        assert!(moves[0].is_over());
        assert_eq!(
            engine.open_runs_by_version(&ada, KEY).await.unwrap(),
            [(2, 1)]
        );
        // a version in which it has nowhere to stand
        let sheet = engine
            .begin_draft(&ada, Begin::Flow(KEY.to_owned()))
            .await
            .unwrap();
        let mut draft = sheet.draft.clone();
        for step in &mut draft.steps {
            step.key = format!("{}_anew", step.key);
            step.undo = None::<Undo>;
            for exit in &mut step.exits {
                for to in &mut exit.to {
                    to.push_str("_anew");
                }
            }
        }
        draft.start = vec![draft.steps[0].key.clone()];
        engine
            .save_flow_draft(&ada, KEY, sheet.rev, draft)
            .await
            .unwrap();
        let hash = engine.flow_draft(&ada, KEY).await.unwrap().hash();
        let third = engine
            .publish_draft(&ada, KEY, &hash, "Other keys")
            .await
            .unwrap();
        let (_, preview) = engine.preview_move(&ada, third.id).await.unwrap();
        assert_eq!((preview[0].fit, preview[0].stay.len()), (0, 1));
        engine
            .move_runs(&ada, (new.id, third.id), "All the same")
            .await
            .unwrap();
        world.runs_due_work().await.unwrap();
        let moves = engine.run_moves(&ada, KEY).await.unwrap();
        assert_eq!((moves[0].moved, moves[0].stayed_count), (0, 1));
        assert!(
            moves[0].stayed[0].1.contains("is not there"),
            "{:?}",
            moves[0].stayed
        );
    }
}
