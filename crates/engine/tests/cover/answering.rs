//! Who answers when, and what late work does with it.

use domain::{
    Time,
    cover::{By, Span},
    owner::{EscalationPolicy, Owner, Party},
    task::{Task, TaskState},
};
use engine::{
    CalendarInput, CoverInput, Handover, Kind, OwnRoleInput, PlaceInput, PolicyInput,
    RotationInput, RungInput, StandInInput, TaskAct, Waiting, port::Clock,
};
use testkit::{HOUR, MINUTE, Reply, order};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

async fn goes_to(world: &World, text: &str) {
    let ms = at(text).since_ms(world.clock.now());
    assert!(ms >= 0, "time goes forward");
    world.advance(ms).await.unwrap();
}

fn who(world: &World, name: &str) -> Uuid {
    world.person(name).user.id
}

fn rung(target: &str, minutes: i64, within: &str) -> RungInput {
    RungInput {
        target: target.into(),
        minutes: minutes.to_string(),
        only_within: within.into(),
    }
}

fn policy(rungs: Vec<RungInput>, repeat: i64, ack: &str) -> PolicyInput {
    PolicyInput {
        name: "Standard".into(),
        key: "standard".into(),
        rungs,
        repeat: repeat.to_string(),
        ack_expires: ack.into(),
    }
}

/// New York, nine to five on weekdays.
fn office() -> CalendarInput {
    let day = || "09:00-17:00".to_owned();
    CalendarInput {
        name: "Office".into(),
        key: "office".into(),
        time_zone: "America/New_York".into(),
        hours: [
            day(),
            day(),
            day(),
            day(),
            day(),
            String::new(),
            String::new(),
        ],
        holidays: "2026-11-26 Thanksgiving".into(),
    }
}

fn desk(members: &[Uuid]) -> RotationInput {
    RotationInput {
        name: "Ops desk".into(),
        key: "ops-desk".into(),
        party: "agency".into(),
        role: "operations".into(),
        time_zone: "America/New_York".into(),
        every: "1".into(),
        unit: "weeks".into(),
        at: "09:00".into(),
        from: "2027-03-08".into(),
        members: members.iter().map(Uuid::to_string).collect(),
    }
}

async fn with_policy(world: &World, input: PolicyInput) {
    let eyes = world.eyes().await.unwrap();
    world.engine.add_policy(&eyes, input).await.unwrap();
    let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
    let contract = rules.contract("fulfillment_request").unwrap().id;
    world
        .engine
        .use_policy(&eyes, "standard", contract)
        .await
        .unwrap();
}

async fn goes_wrong(world: &World, n: u64) -> Task {
    world.channel.will_answer(Reply::Status(410));
    world.receives(&order(n)).await.unwrap();
    world.the_task("destination_gone").await.unwrap()
}

async fn the_task(world: &World) -> Task {
    world.the_task("destination_gone").await.unwrap()
}

async fn noted(world: &World, action: &str) -> Vec<serde_json::Value> {
    let entries = world.trail().await.unwrap();
    entries
        .into_iter()
        .filter(|entry| entry.action == action)
        .map(|entry| serde_json::from_str(&entry.detail).unwrap())
        .collect()
}

/// The ids of those whose queue has the task.
async fn queues(world: &World, task: Uuid) -> Vec<&'static str> {
    let mut found = Vec::new();
    for name in ["mara", "jonas", "fiona", "tomas", "priya"] {
        let ctx = world.as_person(name).await.unwrap();
        let (user, place) = ctx.member().unwrap();
        let places = vec![(world.merchant.clone(), place.clone())];
        let queue = world.engine.queue(user, &places, None).await.unwrap();
        let has = queue
            .items
            .iter()
            .any(|item| matches!(&item.what, Waiting::Task(one) if one.id == task));
        if has {
            found.push(name);
        }
    }
    found
}

on_every_store! {
    async fn a_rung_without_anybody_is_passed_over_at_once(world: World) {
        let eyes = world.eyes().await.unwrap();
        let engine = &world.engine;
        // finance answers in working hours only, and it is a Saturday
        goes_to(&world, "2026-11-21T15:00:00Z").await;
        engine.add_calendar(&eyes, office()).await.unwrap();
        let cover = CoverInput { owner: "agency:finance".into(), calendar: "office".into(), ..CoverInput::default() };
        engine.cover_role(&eyes, 0, cover).await.unwrap();
        let rungs = vec![rung("agency:finance", 10, ""), rung("agency:operations", 20, "")];
        with_policy(&world, policy(rungs, 0, "")).await;
        let task = goes_wrong(&world, 1).await;
        assert_eq!(task.escalation.key, "standard");
        goes_to(&world, &task.accept_by.to_string()).await;
        let climbed = the_task(&world).await;
        assert_eq!((climbed.rung, climbed.owner.to_string().as_str()), (2, "agency:operations"));
        assert_eq!(climbed.accept_by, task.accept_by.plus_ms(20 * MINUTE));
        let notes = noted(&world, "task.escalated").await;
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0]["skipped"][0]["to"], "agency:finance");
        assert!(notes[0]["skipped"][0]["why"].as_str().unwrap().contains("Office"));
    }

    async fn a_ladder_is_climbed_as_often_as_it_says(world: World) {
        let rungs = vec![rung("agency:operations", 10, ""), rung("agency:finance", 20, "")];
        with_policy(&world, policy(rungs, 1, "")).await;
        let task = goes_wrong(&world, 1).await;
        let mut seen = Vec::new();
        goes_to(&world, &task.accept_by.to_string()).await;
        for _ in 0..5 {
            let now = the_task(&world).await;
            seen.push((now.rung, now.owner.to_string()));
            goes_to(&world, &now.accept_by.max(world.clock.now()).to_string()).await;
        }
        let (a, b) = ("agency:operations", "agency:finance");
        let expected = [(1, a), (2, b), (3, a), (4, b), (4, b)];
        assert_eq!(seen, expected.map(|(rung, owner)| (rung, owner.to_owned())));
    }

    async fn a_rung_for_working_hours_waits_for_them(world: World) {
        // Wednesday evening in New York; Thursday is a holiday
        goes_to(&world, "2026-11-26T01:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        world.engine.add_calendar(&eyes, office()).await.unwrap();
        let rungs = vec![rung("agency:finance", 30, "office")];
        with_policy(&world, policy(rungs, 0, "")).await;
        let task = goes_wrong(&world, 1).await;
        goes_to(&world, &task.accept_by.to_string()).await;
        let waits = the_task(&world).await;
        assert_eq!((waits.rung, waits.owner.clone()), (0, task.owner.clone()));
        let opens = at("2026-11-27T14:00:00Z");
        assert_eq!(waits.escalates_at, Some(opens));
        // late in the meantime: it waits all the same, once
        goes_to(&world, "2026-11-27T13:59:59Z").await;
        assert_eq!(the_task(&world).await.rung, 0);
        assert_eq!(noted(&world, "task.escalation_waits").await.len(), 1);
        goes_to(&world, "2026-11-27T14:00:00Z").await;
        let climbed = the_task(&world).await;
        assert_eq!((climbed.rung, climbed.owner.to_string().as_str()), (1, "agency:finance"));
        assert_eq!((climbed.escalates_at, climbed.accept_by), (None, opens.plus_ms(30 * MINUTE)));
    }

    async fn an_acknowledgement_that_is_not_kept_is_taken_back(world: World) {
        let rungs = vec![rung("agency:operations", 30, "")];
        with_policy(&world, policy(rungs, 0, "15")).await;
        let task = goes_wrong(&world, 1).await;
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        world.advance(10 * MINUTE).await.unwrap();
        // still at it
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        world.advance(10 * MINUTE).await.unwrap();
        assert_eq!(the_task(&world).await.state, TaskState::Claimed);
        world.advance(5 * MINUTE).await.unwrap();
        let open = the_task(&world).await;
        assert_eq!((open.state, open.assignee, open.rung), (TaskState::Open, None, 1));
        assert_eq!(open.owner.to_string(), "agency:operations");
        let notes = noted(&world, "task.claim_expired").await;
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0]["assignee"], who(&world, "tomas").to_string());
    }

    async fn a_stamp_stays_what_it_was(world: World) {
        with_policy(&world, policy(vec![rung("agency:operations", 10, "")], 0, "")).await;
        let task = goes_wrong(&world, 1).await;
        let eyes = world.eyes().await.unwrap();
        let other = policy(vec![rung("agency:finance", 10, ""), rung("agency:finance", 10, "")], 3, "5");
        let next = world.engine.change_policy(&eyes, "standard", 1, other.clone()).await.unwrap();
        assert_eq!(next.version, 2);
        // whoever saw the first version is told
        let late = world.engine.change_policy(&eyes, "standard", 1, other).await.unwrap_err();
        assert_eq!(late.kind, Kind::Conflict);
        goes_to(&world, &task.accept_by.to_string()).await;
        let climbed = the_task(&world).await;
        assert_eq!((climbed.escalation.version, climbed.owner.to_string().as_str()), (1, "agency:operations"));
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let named = &rules.contract("fulfillment_request").unwrap().escalation;
        let stamp: EscalationPolicy = rules.stamp(named);
        assert_eq!((stamp.version, stamp.repeat), (2, 3));
    }

    async fn a_policy_that_a_contract_names_stays_until_another_takes_its_place(world: World) {
        with_policy(&world, policy(vec![rung("agency:operations", 10, "")], 0, "")).await;
        let (engine, eyes) = (&world.engine, world.eyes().await.unwrap());
        let refused = engine.retire_policy(&eyes, "standard", 1).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.sentence.contains("“fulfillment request”"), "{refused}");
        let other = PolicyInput { name: "Other".into(), key: "other".into(), ..policy(vec![rung("agency:finance", 20, "")], 0, "") };
        engine.add_policy(&eyes, other.clone()).await.unwrap();
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        let seen = rules.policy_seen("standard");
        let stale = engine.replace_policy(&eyes, "standard", "other", "0").await;
        assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
        let nothing = engine.replace_policy(&eyes, "standard", "standard", &seen).await;
        assert_eq!(nothing.unwrap_err().kind, Kind::Invalid);
        assert_eq!(engine.replace_policy(&eyes, "standard", "other", &seen).await.unwrap(), 1);
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(rules.contract("fulfillment_request").unwrap().escalation.key, "other");
        // whoever saw another version looks again; then it is gone, and its key stays its own
        let late = engine.retire_policy(&eyes, "standard", 7).await.unwrap_err();
        assert_eq!(late.kind, Kind::Conflict);
        engine.retire_policy(&eyes, "standard", 1).await.unwrap();
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        assert!(rules.policy("standard").is_none());
        let contract = rules.contract("fulfillment_request").unwrap().id;
        assert_eq!(engine.use_policy(&eyes, "standard", contract).await.unwrap_err().kind, Kind::NotFound);
        let again = engine.add_policy(&eyes, policy(vec![rung("agency:finance", 1, "")], 0, "")).await;
        assert_eq!(again.unwrap_err().kind, Kind::Invalid);
        assert_eq!(engine.retired_policies(&eyes).await.unwrap().len(), 1);
        engine.resume_policy(&eyes, "standard").await.unwrap();
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(rules.policy("standard").unwrap().version, 3);
        assert_eq!(engine.resume_policy(&eyes, "standard").await.unwrap_err().kind, Kind::Conflict);
    }

    async fn a_rotation_hands_off_at_its_hour_when_clocks_change_and_is_written_down(world: World) {
        goes_to(&world, "2027-03-08T15:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        let (jonas, priya) = (who(&world, "jonas"), who(&world, "priya"));
        let desk = world.engine.add_rotation(&eyes, desk(&[jonas, priya])).await.unwrap();
        let owner = desk.owner();
        let cover = CoverInput { owner: "agency:operations".into(), by: "ops-desk".into(), ..CoverInput::default() };
        world.engine.cover_role(&eyes, 0, cover).await.unwrap();
        // nine o'clock, an hour earlier by the sun
        goes_to(&world, "2027-03-15T12:59:59Z").await;
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(rules.answering(&owner, world.clock.now())[0].id, jonas);
        goes_to(&world, "2027-03-15T13:00:00Z").await;
        assert_eq!(rules.answering(&owner, world.clock.now())[0].id, priya);
        // nobody was there for a while, and what happened is made up for
        world.clock.advance_ms(15 * DAY);
        world.runs_due_work().await.unwrap();
        let role = Owner::role(Party::Agency, "operations");
        let always = Span { from: at("2027-03-01T00:00:00Z"), to: at("2027-06-01T00:00:00Z") };
        for owner in [&owner, &role] {
            let turns = world.engine.on_call_history(&eyes, Some(owner), always).await.unwrap();
            let seen: Vec<_> = turns.iter().rev().map(|one| (one.user_id, one.from, one.until)).collect();
            let edges = ["2027-03-15T13:00:00Z", "2027-03-22T13:00:00Z", "2027-03-29T13:00:00Z"].map(at);
            assert_eq!(seen, [
                (jonas, at("2027-03-08T15:00:00Z"), Some(edges[0])),
                (priya, edges[0], Some(edges[1])),
                (jonas, edges[1], Some(edges[2])),
                (priya, edges[2], None),
            ], "{owner}");
        }
    }

    async fn whoever_is_on_call_has_it_in_their_queue(world: World) {
        goes_to(&world, "2026-12-08T15:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        let (jonas, priya) = (who(&world, "jonas"), who(&world, "priya"));
        let hers = desk(&[priya]);
        let desk = world.engine.add_rotation(&eyes, desk(&[jonas, priya])).await.unwrap();
        let task = goes_wrong(&world, 1).await;
        let to = TaskAct::Reassign { to: Owner::role(Party::Agency, "operations") };
        world.acts("tomas", task.id, to).await.unwrap();
        assert_eq!(queues(&world, task.id).await, ["jonas", "priya"]);
        let cover = CoverInput { owner: "agency:operations".into(), by: "ops-desk".into(), ..CoverInput::default() };
        world.engine.cover_role(&eyes, 0, cover).await.unwrap();
        assert_eq!(queues(&world, task.id).await, ["priya"]);
        // "I take Tuesday": said by whoever is in it, of themselves
        let mine = StandInInput {
            user: jonas.to_string(),
            from: "2026-12-08T11:00".into(),
            until: "2026-12-08T20:00".into(),
            why: "Priya is at the dentist’s".into(),
        };
        let me = world.as_person("jonas").await.unwrap();
        let stood = world.engine.stand_in(&me, desk.id, mine.clone()).await.unwrap();
        assert_eq!(queues(&world, task.id).await, ["priya"]);
        goes_to(&world, "2026-12-08T16:00:00Z").await;
        assert_eq!(queues(&world, task.id).await, ["jonas"]);
        // somebody else's turns bring what is asked of them: whoever is not in it takes none
        let night = RotationInput { key: "night-desk".into(), name: "Night desk".into(), ..hers };
        let eyes = world.eyes().await.unwrap();
        let night = world.engine.add_rotation(&eyes, night).await.unwrap();
        let me = world.as_person("jonas").await.unwrap();
        assert_eq!(world.engine.stand_in(&me, night.id, mine.clone()).await.unwrap_err().kind, Kind::Forbidden);
        // but of nobody else, and not by somebody who does not fit
        let me = world.as_person("jonas").await.unwrap();
        let other = StandInInput { user: priya.to_string(), ..mine.clone() };
        assert_eq!(world.engine.stand_in(&me, desk.id, other).await.unwrap_err().kind, Kind::Forbidden);
        let eyes = world.eyes().await.unwrap();
        let unfit = StandInInput { user: who(&world, "fiona").to_string(), ..mine };
        assert_eq!(world.engine.stand_in(&eyes, desk.id, unfit).await.unwrap_err().fields[0].field, "user");
        world.engine.stand_down(&me, desk.id, stood.overrides[0].id).await.unwrap();
        assert_eq!(queues(&world, task.id).await, ["priya"]);
        let turns = world.engine.on_call_history(&eyes, Some(&desk.owner()), Span { from: at("2026-12-08T00:00:00Z"), to: at("2026-12-10T00:00:00Z") }).await.unwrap();
        let sources: Vec<&str> = turns.iter().rev().map(|one| one.source.as_str()).collect();
        assert_eq!(sources.first(), Some(&"rotation:ops-desk"));
    }

    async fn a_rotation_owns_a_task_as_a_role_does(world: World) {
        goes_to(&world, "2026-12-08T15:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        let (jonas, priya) = (who(&world, "jonas"), who(&world, "priya"));
        world.engine.add_rotation(&eyes, desk(&[jonas, priya])).await.unwrap();
        let task = goes_wrong(&world, 1).await;
        let to = Owner::Rotation("ops-desk".into());
        let task = world.acts("tomas", task.id, TaskAct::Reassign { to: to.clone() }).await.unwrap();
        assert_eq!(task.owner, to);
        assert_eq!(queues(&world, task.id).await, ["priya"]);
        world.acts("jonas", task.id, TaskAct::Claim).await.unwrap();
        let nobody = TaskAct::Reassign { to: Owner::Rotation("elsewhere".into()) };
        assert_eq!(world.acts("jonas", task.id, nobody).await.unwrap_err().kind, Kind::Invalid);
    }

    async fn gaps_are_found_and_closed(world: World) {
        goes_to(&world, "2026-11-23T15:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        world.engine.add_calendar(&eyes, office()).await.unwrap();
        let finance = Owner::role(Party::Agency, "finance");
        let rules = async || world.engine.rules_of(world.merchant.id).await.unwrap();
        assert!(rules().await.coverage_gaps(&finance, world.clock.now(), 14).is_empty());
        let hours = CoverInput { owner: "agency:finance".into(), calendar: "office".into(), ..CoverInput::default() };
        world.engine.cover_role(&eyes, 0, hours.clone()).await.unwrap();
        let gaps = rules().await.coverage_gaps(&finance, world.clock.now(), 14);
        // each night, the holiday and the weekends in one piece each
        assert_eq!(gaps[0].from, at("2026-11-23T22:00:00Z"));
        assert_eq!((gaps[2].from, gaps[2].to), (at("2026-11-25T22:00:00Z"), at("2026-11-27T14:00:00Z")));
        let rev = rules().await.roster.covers[0].rev;
        let after = CoverInput { after_hours: "everybody".into(), ..hours };
        world.engine.cover_role(&eyes, rev, after).await.unwrap();
        assert!(rules().await.coverage_gaps(&finance, world.clock.now(), 14).is_empty());
        assert_eq!(rules().await.roster.covers[0].after_hours, Some(By::Everybody));
        // and one that nobody holds is one gap
        let nobody = Owner::role(Party::Carrier, "finance");
        assert_eq!(rules().await.coverage_gaps(&nobody, world.clock.now(), 14).len(), 1);
    }

    async fn what_is_needed_cannot_be_taken_away(world: World) {
        goes_to(&world, "2026-12-08T15:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        let engine = &world.engine;
        let (jonas, priya) = (who(&world, "jonas"), who(&world, "priya"));
        let calendar = engine.add_calendar(&eyes, office()).await.unwrap();
        let desk = engine.add_rotation(&eyes, desk(&[jonas, priya])).await.unwrap();
        let cover = CoverInput {
            owner: "agency:operations".into(),
            by: "ops-desk".into(),
            calendar: "office".into(),
            after_hours: "ops-desk".into(),
        };
        engine.cover_role(&eyes, 0, cover).await.unwrap();
        let refused = engine.remove_calendar(&eyes, calendar.id, 0).await.unwrap_err();
        assert!(refused.kind == Kind::Conflict && refused.sentence.contains("Operations"), "{}", refused.sentence);
        let refused = engine.remove_rotation(&eyes, desk.id, 0).await.unwrap_err();
        assert!(refused.kind == Kind::Conflict && refused.sentence.contains("Operations"), "{}", refused.sentence);
        let plain = CoverInput { owner: "agency:operations".into(), ..CoverInput::default() };
        engine.cover_role(&eyes, 0, plain).await.unwrap();
        engine.remove_calendar(&eyes, calendar.id, 0).await.unwrap();
        engine.remove_rotation(&eyes, desk.id, 0).await.unwrap();

        let role = engine.add_role(&eyes, OwnRoleInput { title: "Loyalty desk".into() }).await.unwrap();
        let again = engine.add_role(&eyes, OwnRoleInput { title: "loyalty  DESK".into() }).await.unwrap_err();
        assert_eq!(again.fields[0].field, "title");
        let place = PlaceInput {
            access: "approver".into(),
            party: "agency".into(),
            roles: vec!["finance".into()],
            own_roles: "loyalty_desk".into(),
        };
        engine.change_member(&eyes, who(&world, "fiona"), place.clone(), Handover::default()).await.unwrap();
        let refused = engine.remove_role(&eyes, role.id).await.unwrap_err();
        assert!(refused.sentence.contains("Fiona Test"), "{}", refused.sentence);
        let without = PlaceInput { own_roles: String::new(), ..place };
        engine.change_member(&eyes, who(&world, "fiona"), without, Handover::default()).await.unwrap();
        engine.remove_role(&eyes, role.id).await.unwrap();
    }

    async fn an_owner_is_replaced_everywhere_or_nowhere(world: World) {
        let task = goes_wrong(&world, 1).await;
        let eyes = world.eyes().await.unwrap();
        let engine = &world.engine;
        let (old, new) = (Owner::role(Party::Agency, "logistics"), Owner::role(Party::Agency, "supply_chain"));
        let uses = engine.where_used(&eyes, &old).await.unwrap();
        assert!(uses.seats.iter().any(|seat| seat.id == task.id));
        let before = engine.rules_of(world.merchant.id).await.unwrap();
        // somebody who may not do it, and a list of yesterday
        let auditor = Owner::User(who(&world, "iris"));
        assert_eq!(engine.replace_everywhere(&eyes, &old, &auditor, &uses.seen).await.unwrap_err().kind, Kind::Invalid);
        assert_eq!(engine.replace_everywhere(&eyes, &old, &new, "yesterday").await.unwrap_err().kind, Kind::Conflict);
        let same = engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(same.contracts, before.contracts);
        let count = engine.replace_everywhere(&eyes, &old, &new, &uses.seen).await.unwrap();
        assert_eq!(count, uses.replaced().count());
        let left = engine.where_used(&eyes, &old).await.unwrap();
        assert_eq!(left.replaced().count(), 0);
        let now = the_task(&world).await;
        assert_eq!((now.owner.clone(), now.state), (new, TaskState::Open));
        let after = engine.rules_of(world.merchant.id).await.unwrap();
        for (was, is) in before.flows.iter().zip(&after.flows) {
            assert!(is.version >= was.version && is.key == was.key);
        }
        assert!(after.flows.iter().zip(&before.flows).any(|(is, was)| is.version == was.version + 1));
    }

    async fn who_leaves_passes_their_turns_on(world: World) {
        goes_to(&world, "2026-12-08T15:00:00Z").await;
        let eyes = world.eyes().await.unwrap();
        let engine = &world.engine;
        let (jonas, priya, fiona) = (who(&world, "jonas"), who(&world, "priya"), who(&world, "fiona"));
        engine.add_rotation(&eyes, desk(&[jonas, priya])).await.unwrap();
        let leaving = engine.leaving(&eyes, priya, engine::Reach::Here).await.unwrap();
        let held: Vec<&str> = leaving.at.iter().flat_map(|(_, seats)| seats).map(|seat| seat.title.as_str()).collect();
        assert!(held.contains(&"Ops desk"), "{held:?}");
        // finance does not stand for operations
        let to = |id| Handover { to: Some(id), ..Handover::default() };
        let refused = engine.take_out(&eyes, priya, &leaving.seen, to(fiona)).await.unwrap_err();
        assert!(refused.sentence.contains("Operations"), "{}", refused.sentence);
        engine.take_out(&eyes, priya, &leaving.seen, to(jonas)).await.unwrap();
        let rules = engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(rules.roster.rotations[0].members, [jonas]);
        let on_call = rules.answering(&Owner::Rotation("ops-desk".into()), world.clock.now());
        assert_eq!(on_call[0].id, jonas);
    }
}
