//! Tasks and notices are told in a chat: where, what of them, that each message ends as its task does, that nobody
//! from outside reads what is not theirs, and that a flood stays a trickle.

use std::collections::BTreeMap;

use domain::{
    chat::{Directly, Tells},
    contract::{ApprovalCondition, ApprovalRule, ApprovalStep},
    owner::{Owner, Party},
    task::Task,
};
use engine::{
    ApprovalAct, ChatInput, Ctx, Oneself, TaskAct,
    port::{AuditFilter, Card, Carried, Whose},
};
use testkit::{Called, HOUR, MINUTE, No, Reply, fulfillment_contract, order};
use uuid::Uuid;

use crate::{
    chat::{asked, link},
    outside::{fulfillment, theo},
    world::{World, on_every_store},
};

/// What the destination writes, and nobody else has to read.
const THEIR_WORDS: &str = "Jane Doe has moved to 5 Elm Street";

async fn connect(world: &World, routes: &[(&str, &str)]) {
    let input = ChatInput {
        token: "xoxb-1234567890".into(),
        signing: "8f742231b10e8888abcd99yyyzzz85a5".into(),
        api_base: String::new(),
    };
    let engine = &world.engine;
    engine.connect_chat(&world.admin, input).await.unwrap();
    for (owner, place) in routes {
        engine.route_chat(&world.admin, owner, place).await.unwrap();
    }
}

const ROUTES: [(&str, &str); 3] = [
    ("agency:logistics", "#log"),
    ("agency:operations", "#ops"),
    ("agency:finance", "#money"),
];

/// An order that the destination refuses, so that logistics have a task.
async fn refused(world: &World, number: u64) -> Task {
    world.channel.will_answer(Reply::Text(410, THEIR_WORDS));
    world.receives(&order(number)).await.unwrap();
    let tasks = world.tasks().await.unwrap();
    let about = format!("#{number}");
    tasks
        .into_iter()
        .find(|task| task.code == "destination_gone" && task.title.contains(&about))
        .unwrap()
}

async fn watched_by(world: &World, watchers: &[Owner]) {
    let mut contract = fulfillment_contract(world.merchant.id);
    contract.id = Uuid::from_u128(4711);
    contract.version = "1.1".to_owned();
    contract.watchers = watchers.to_vec();
    let engine = &world.engine;
    engine
        .publish_contract(&world.admin, contract)
        .await
        .unwrap();
}

/// The warehouse is asked, and finance backs it up; who approves there.
async fn the_warehouse_is_asked(world: &World) -> Ctx {
    let theo = theo(world).await;
    fulfillment(world, 5, |contract| {
        let harbor = Owner::role(Party::ThreePl, "logistics");
        let finance = Owner::role(Party::Agency, "finance");
        contract.approval = vec![ApprovalRule {
            when: ApprovalCondition::Always,
            steps: vec![ApprovalStep::of(harbor, finance, 15 * MINUTE)],
            critical: false,
        }];
    })
    .await;
    theo
}

/// To finance, who decline it.
async fn passed_on_and_declined(world: &World, theo: &Ctx, approval: Uuid) {
    let to = Owner::role(Party::Agency, "finance");
    let act = ApprovalAct::Reassign {
        to,
        why: String::new(),
    };
    let engine = &world.engine;
    engine.act_on_approval(theo, approval, act).await.unwrap();
    world.runs_due_work().await.unwrap();
    let export = world.the_export().await.unwrap();
    world
        .declines("fiona", &export, "margin too thin")
        .await
        .unwrap();
}

async fn tell_only(world: &World, tasks: bool, notices: bool) {
    let tells = Tells { tasks, notices };
    let engine = &world.engine;
    engine.set_chat_tells(&world.admin, tells).await.unwrap();
}

/// Where messages were sent, and how each began.
fn posted(world: &World) -> Vec<(String, String)> {
    let calls = world.chat.calls().into_iter();
    calls
        .filter_map(|call| match call {
            Called::Posted { place, card } => Some((place, card.headline)),
            _ => None,
        })
        .collect()
}

/// What each message shows now, in the order in which they were sent.
fn shown(world: &World) -> Vec<Card> {
    let mut standing: BTreeMap<String, Card> = BTreeMap::new();
    let mut sent = 0;
    for call in world.chat.calls() {
        match call {
            Called::Posted { card, .. } => {
                standing.insert(format!("1700000000.{sent:06}"), card);
                sent += 1;
            }
            Called::Updated { at, card } => {
                standing.insert(at.ts, card);
            }
            _ => {}
        }
    }
    standing.into_values().collect()
}

fn says(card: &Card, label: &str) -> String {
    let found = card.facts.iter().find(|(one, _)| one == label);
    found.map(|(_, words)| words.clone()).unwrap_or_default()
}

fn times(card: &Card) -> Vec<(String, domain::Time)> {
    card.times.clone()
}

async fn mailed(world: &World) -> Vec<String> {
    world.engine.send_due_mail().await.unwrap();
    let given = world.mailer.given().into_iter();
    given
        .map(|mail| mail.to.replace("@northbeam.example", ""))
        .collect()
}

/// One after the other, so that each clock runs out in its time.
async fn half_hours(world: &World, count: usize) {
    for _ in 0..count {
        world.advance(30 * MINUTE).await.unwrap();
    }
}

async fn notes(world: &World, action: &str) -> usize {
    let eyes = world.eyes().await.unwrap();
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 99,
        ..AuditFilter::default()
    };
    world.engine.audit(&eyes, &filter).await.unwrap().len()
}

on_every_store! {
    async fn whoever_wants_nothing_told_directly_finds_it_in_the_queue_and_in_mails(world: World) {
        connect(&world, &[]).await;
        let approval = asked(&world, 1).await;
        link(&world, "UJONAS", "jonas", &approval).await;
        let jonas = world.person("jonas").user;
        let me = Oneself { user: jonas.clone(), session: Vec::new(), proved_at: None };
        let engine = &world.engine;
        let only = |approvals, tasks, notices| Directly { approvals, tasks, notices };
        watched_by(&world, &[Owner::User(jonas.id)]).await;
        let told = async |number: u64| {
            let before = posted(&world).len();
            let task = refused(&world, number).await;
            world.acts("tomas", task.id, TaskAct::Reassign { to: Owner::User(jonas.id) }).await.unwrap();
            world.runs_due_work().await.unwrap();
            let all = posted(&world).split_off(before);
            assert!(all.iter().all(|(place, _)| place == "UJONAS"), "{all:?}");
            all.len()
        };
        let both = told(11).await;
        assert!(both >= 2, "a task and a notice: {both}");
        engine.tell_directly(&me, only(true, true, false)).await.unwrap();
        assert_eq!(told(12).await, 1, "the task");
        engine.tell_directly(&me, only(true, false, false)).await.unwrap();
        assert_eq!(told(13).await, 0);
        // a role whose place is this person is this person, and a channel is not
        engine.route_chat(&world.admin, "agency:logistics", "UJONAS").await.unwrap();
        let before = posted(&world).len();
        refused(&world, 14).await;
        assert_eq!(posted(&world).len(), before);
        engine.route_chat(&world.admin, "agency:logistics", "#log").await.unwrap();
        refused(&world, 15).await;
        assert_eq!(posted(&world).len(), before + 1);
        let (directly, chats) = engine.own_chats(&jonas, &[]).await.unwrap();
        assert_eq!((directly, chats.len()), (only(true, false, false), 0));
    }

    async fn a_task_is_told_where_its_owner_is_and_each_message_ends_as_it_does(world: World) {
        connect(&world, &ROUTES).await;
        let task = refused(&world, 1).await;
        let first = ("#log".to_owned(), format!("To do: {}", task.title));
        assert_eq!(posted(&world), std::slice::from_ref(&first));
        let card = shown(&world).remove(0);
        assert_eq!(says(&card, "Whose move"), "Logistics");
        assert_eq!(says(&card, "Why"), "Work stands still until it is done.");
        let clocks = [("Take it until".to_owned(), task.accept_by), ("Done by".to_owned(), task.resolve_by)];
        assert_eq!(times(&card), clocks);
        let page = format!("http://127.0.0.1:3000/m/{}/tasks/{}", world.merchant.slug, task.id);
        assert_eq!(card.open, Some(page));
        assert!(card.press.is_none(), "nothing is decided there");
        assert!(!format!("{card:?}").contains("Jane"), "{card:?}");

        world.advance(30 * MINUTE).await.unwrap();
        let second = ("#ops".to_owned(), format!("Escalated to you: {}", task.title));
        assert_eq!(posted(&world), [first.clone(), second.clone()]);
        let cards = shown(&world);
        assert_eq!(says(&cards[0], "Now"), "Handed on to Operations");
        assert_eq!(says(&cards[1], "Why"), "Nobody took it in time. Work stands still until it is done.");

        world.acts("jonas", task.id, TaskAct::Claim).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(says(&shown(&world)[1], "Now"), "Taken by Jonas Test");
        world.acts("jonas", task.id, TaskAct::Resolve { note: "New address".into() }).await.unwrap();
        world.runs_due_work().await.unwrap();
        for card in shown(&world) {
            assert_eq!(says(&card, "Outcome"), "Done by Jonas Test");
            assert_eq!(says(&card, "Said"), "New address");
            assert_eq!(card.headline, task.title);
        }
        world.advance(9 * HOUR).await.unwrap();
        assert_eq!(posted(&world), [first, second], "and nothing more");
        assert_eq!((notes(&world, "task.posted").await, notes(&world, "task.post_failed").await), (2, 0));
    }

    async fn in_one_place_the_newest_message_speaks_and_lateness_is_told_once_a_clock(world: World) {
        let here = ROUTES.map(|(owner, _)| (owner, "#all"));
        connect(&world, &here).await;
        let task = refused(&world, 1).await;
        half_hours(&world, 4).await;
        let heads = |world: &World| posted(world).into_iter().map(|(_, head)| head.split(':').next().unwrap().to_owned()).collect::<Vec<_>>();
        // to operations, to finance; then nobody is left, and its time to be taken is over
        assert_eq!(heads(&world), ["To do", "Escalated to you", "Escalated to you", "Late"]);
        half_hours(&world, 6).await;
        assert_eq!(heads(&world)[4..], ["Late"], "its time to be done is over, too");
        world.advance(48 * HOUR).await.unwrap();
        assert_eq!(heads(&world).len(), 5);
        let cards = shown(&world);
        for card in &cards[..4] {
            assert_eq!(says(card, "Now"), "It is told anew further down.");
        }
        assert_eq!(says(&cards[4], "Why"), "It was not done in time. Work stands still until it is done.");
        world.acts("fiona", task.id, TaskAct::Resolve { note: "Sent by hand".into() }).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(says(&shown(&world)[4], "Outcome"), "Done by Fiona Test");
    }

    async fn what_never_came_is_not_pointed_to(world: World) {
        let here = ROUTES.map(|(owner, _)| (owner, "#all"));
        connect(&world, &here).await;
        let task = refused(&world, 1).await;
        // what changes the first, and the second: either may be tried first
        world.chat.will_answer(No::Later(Some(60_000)));
        world.chat.will_answer(No::Later(Some(60_000)));
        world.advance(30 * MINUTE).await.unwrap();
        world.acts("jonas", task.id, TaskAct::Resolve { note: "New address".into() }).await.unwrap();
        world.advance(2 * MINUTE).await.unwrap();
        let tries = posted(&world).len();
        assert_eq!(tries, 2, "the second was put off, and is not worth saying any more");
        assert_eq!(says(&shown(&world)[0], "Outcome"), "Done by Jonas Test");
    }

    async fn a_notice_under_way_when_the_workspace_goes_is_mailed(world: World) {
        connect(&world, &[("agency:finance", "#money")]).await;
        watched_by(&world, &[Owner::role(Party::Agency, "finance")]).await;
        world.chat.will_answer(No::Later(Some(60_000)));
        refused(&world, 1).await;
        world.engine.disconnect_chat(&world.admin).await.unwrap();
        world.advance(2 * MINUTE).await.unwrap();
        assert_eq!(mailed(&world).await, ["tomas", "fiona"], "what there is to do, and what was under way");
        assert_eq!(posted(&world).len(), 1);
    }

    async fn what_is_given_is_told_once_and_what_comes_back_is_told_again(world: World) {
        connect(&world, &ROUTES).await;
        let task = refused(&world, 1).await;
        let to = |role: &str| TaskAct::Reassign { to: Owner::role(Party::Agency, role) };
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        world.acts("tomas", task.id, TaskAct::Release).await.unwrap();
        world.acts("tomas", task.id, to("logistics")).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world).len(), 1, "they have it, and are told so");
        world.acts("tomas", task.id, to("operations")).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world)[1], ("#ops".to_owned(), format!("Given to you: {}", task.title)));
        assert_eq!(says(&shown(&world)[0], "Now"), "Handed on to Operations");
        // back again: what is said there of it is put right
        world.acts("jonas", task.id, to("logistics")).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world).len(), 2);
        let cards = shown(&world);
        assert_eq!(says(&cards[0], "Whose move"), "Logistics");
        assert_eq!(says(&cards[1], "Now"), "Handed on to Logistics");
        // who has no place is not told there
        world.acts("tomas", task.id, to("marketing_ops")).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world).len(), 2);
        assert_eq!(says(&shown(&world)[0], "Now"), "Handed on to Marketing ops");
    }

    async fn whoever_is_linked_is_told_in_private(world: World) {
        connect(&world, &[("agency:operations", "#ops")]).await;
        let approval = asked(&world, 7).await;
        link(&world, "UJONAS", "jonas", &approval).await;
        let before = posted(&world).len();
        let task = refused(&world, 1).await;
        assert_eq!(posted(&world).len(), before, "logistics have no place");
        let jonas = Owner::User(world.person("jonas").user.id);
        world.acts("tomas", task.id, TaskAct::Reassign { to: jonas }).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world)[before].0, "UJONAS");
    }

    async fn what_cannot_be_read_is_told_as_well(world: World) {
        connect(&world, &[("agency:engineering", "#dev")]).await;
        world.sends_bytes("orders/create", "bad-1", b"{\"id\":1}").await.unwrap();
        world.runs_due_work().await.unwrap();
        let task = world.the_task("malformed").await.unwrap();
        assert_eq!(posted(&world), [("#dev".to_owned(), format!("To do: {}", task.title))]);
    }

    async fn a_merchant_says_what_is_told_there(world: World) {
        connect(&world, &ROUTES).await;
        watched_by(&world, &[Owner::role(Party::Agency, "finance")]).await;
        tell_only(&world, false, true).await;
        refused(&world, 1).await;
        assert_eq!(posted(&world), [("#money".to_owned(), "For your information".to_owned())]);
        tell_only(&world, true, false).await;
        let task = refused(&world, 2).await;
        assert_eq!(posted(&world)[1..], [("#log".to_owned(), format!("To do: {}", task.title))]);
        assert_eq!(mailed(&world).await, ["tomas", "fiona"], "the first task and the second notice, which were not told there");
        tell_only(&world, false, false).await;
        refused(&world, 3).await;
        assert_eq!(posted(&world).len(), 2);
        // another token, and it stays as it was
        connect(&world, &[]).await;
        let settings = world.engine.chat_settings(&world.admin).await.unwrap();
        assert_eq!(settings.workspace.unwrap().tells, Tells { tasks: false, notices: false });
        assert_eq!(notes(&world, "chat.tells_changed").await, 3);
    }

    async fn a_notice_is_said_once_in_a_place_and_by_mail_where_there_is_none(world: World) {
        connect(&world, &[("agency:finance", "#all"), ("agency:marketing_ops", "#all")]).await;
        let watchers = ["finance", "marketing_ops", "engineering"].map(|role| Owner::role(Party::Agency, role));
        watched_by(&world, &watchers).await;
        let task = refused(&world, 1).await;
        assert_eq!(posted(&world), [("#all".to_owned(), "For your information".to_owned())]);
        let card = shown(&world).remove(0);
        assert_eq!(says(&card, "What"), format!("Logistics has a new task: “{}”.", task.title));
        assert!(card.open.as_ref().unwrap().ends_with(&task.id.to_string()), "{card:?}");
        // priya is of marketing, too; nobody else is of engineering alone. Logistics have no place
        assert_eq!(mailed(&world).await, ["tomas"]);
        let mine = world.as_person("fiona").await.unwrap();
        let (user, places) = world.engine.who(mine.user_id().unwrap()).await.unwrap().unwrap();
        assert_eq!(world.engine.queue(&user, &places, None).await.unwrap().notices.len(), 1, "it is in the queue all the same");
        assert_eq!(notes(&world, "notice.posted").await, 1);
        // it cannot be said there: by mail, to everybody whom it was for
        world.chat.will_answer(No::Never(Whose::Place));
        world.acts("tomas", task.id, TaskAct::Resolve { note: "New address".into() }).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(mailed(&world).await[1..], ["priya", "fiona"], "and engineering, that it cannot");
        assert_eq!(world.the_task("chat_failed").await.unwrap().title, "Finance cannot be asked in Slack");
    }

    async fn nobody_outside_reads_what_is_not_theirs(world: World) {
        let routes = [("3pl:logistics", "#harbor"), ("agency:finance", "#harbor"), ("agency:operations", "#ops")];
        connect(&world, &routes).await;
        let harbor = Owner::role(Party::ThreePl, "logistics");
        let task = refused(&world, 1).await;
        assert_eq!(mailed(&world).await, ["tomas"]);
        // finance share a place with the warehouse: what the warehouse does not see is not told there
        let finance = Owner::role(Party::Agency, "finance");
        world.acts("tomas", task.id, TaskAct::Reassign { to: finance }).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world), []);
        assert_eq!(mailed(&world).await, ["tomas", "fiona"]);
        world.acts("fiona", task.id, TaskAct::Reassign { to: harbor.clone() }).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(posted(&world), [("#harbor".to_owned(), format!("Given to you: {}", task.title))]);
        let operations = Owner::role(Party::Agency, "operations");
        world.acts("hana", task.id, TaskAct::Reassign { to: operations }).await.unwrap();
        world.acts("jonas", task.id, TaskAct::Resolve { note: "Their fault entirely".into() }).await.unwrap();
        world.runs_due_work().await.unwrap();
        let cards = shown(&world);
        assert_eq!(says(&cards[0], "Now"), "It is with somebody else.");
        assert!(cards[0].open.is_none());
        let all = format!("{:?}", cards[0]);
        assert!(!all.contains("Jonas") && !all.contains("fault") && !all.contains(&task.title), "{all}");
        // a notice of an export that goes to them is theirs; one of a task that is not is no message there
        watched_by(&world, &[Owner::role(Party::Agency, "finance")]).await;
        let before = posted(&world).len();
        refused(&world, 2).await;
        assert_eq!(posted(&world).len(), before);
        // each of the tasks, and the notice
        assert_eq!(mailed(&world).await, ["tomas", "fiona", "tomas", "fiona"]);
    }

    async fn nobody_outside_reads_a_request_that_is_not_theirs(world: World) {
        let routes = [("3pl:logistics", "#harbor"), ("agency:finance", "#harbor"), ("agency:operations", "#ops")];
        connect(&world, &routes).await;
        let approval = asked(&world, 1).await;
        // finance back operations up, and share a place with the warehouse
        world.advance(approval.accept_ms + 1).await.unwrap();
        let places: Vec<String> = posted(&world).into_iter().map(|(place, _)| place).collect();
        assert!(!places.is_empty() && places.iter().all(|place| place == "#ops"), "{places:?}");
        assert!(mailed(&world).await.contains(&"fiona".to_owned()), "by mail instead");
    }

    async fn a_request_that_came_to_share_a_place_is_mailed(world: World) {
        connect(&world, &[("agency:operations", "#ops")]).await;
        world.chat.will_answer(No::Later(Some(60_000)));
        asked(&world, 1).await;
        world.engine.route_chat(&world.admin, "3pl:logistics", "#ops").await.unwrap();
        world.advance(2 * MINUTE).await.unwrap();
        assert_eq!(posted(&world).len(), 1, "before the warehouse read there, and it did not come");
        assert!(mailed(&world).await.contains(&"jonas".to_owned()));
    }

    async fn a_request_that_was_theirs_says_nothing_of_what_became_of_it(world: World) {
        let theo = the_warehouse_is_asked(&world).await;
        connect(&world, &[("3pl:logistics", "#harbor")]).await;
        let approval = asked(&world, 1).await;
        let first = shown(&world).remove(0);
        assert!(first.headline.starts_with("Approve? ") && first.press.is_some(), "{first:?}");
        passed_on_and_declined(&world, &theo, approval.id).await;
        let card = shown(&world).remove(0);
        assert_eq!(card.headline, "An approval that was with you");
        assert_eq!(says(&card, "Now"), "It is with somebody else.");
        assert!(card.press.is_none() && card.open.is_none() && card.facts.len() == 1, "{card:?}");
    }

    async fn what_became_of_it_is_mailed_to_nobody_who_does_not_see_it_any_more(world: World) {
        let theo = the_warehouse_is_asked(&world).await;
        let approval = asked(&world, 1).await;
        mailed(&world).await;
        let to_harbor = |mail: &engine::port::Mail| mail.to.starts_with("theo@") || mail.to.starts_with("hana@");
        let asked_there = world.mailer.given().iter().filter(|mail| to_harbor(mail)).count();
        assert!(asked_there > 0);
        passed_on_and_declined(&world, &theo, approval.id).await;
        mailed(&world).await;
        let mails = world.mailer.given();
        assert_eq!(mails.iter().filter(|mail| to_harbor(mail)).count(), asked_there, "{mails:?}");
    }

    async fn a_flood_is_told_as_one(world: World) {
        connect(&world, &ROUTES).await;
        for number in 1..=25 {
            refused(&world, number).await;
        }
        assert_eq!(posted(&world).len(), 10);
        world.advance(30_000).await.unwrap();
        assert_eq!(posted(&world)[10..], [("#log".to_owned(), "More than is said here one by one".to_owned())]);
        let card = shown(&world).pop().unwrap();
        assert_eq!(says(&card, "In the queue"), "25 tasks are with Logistics now.");
        assert_eq!(card.open, Some(format!("http://127.0.0.1:3000/m/{}/queue", world.merchant.slug)));
        // a minute later there is room for one, and the rest is not sent after it
        world.advance(MINUTE).await.unwrap();
        assert_eq!(posted(&world).len(), 11);
        refused(&world, 26).await;
        refused(&world, 27).await;
        assert_eq!(posted(&world).len(), 12);
        world.advance(MINUTE).await.unwrap();
        assert_eq!(posted(&world).len(), 12, "that there are more was said a moment ago");
        // elsewhere there is room, and as little of it
        world.advance(30 * MINUTE).await.unwrap();
        let ops = || posted(&world).into_iter().filter(|(place, _)| place == "#ops").count();
        assert_eq!(ops(), 10);
        world.advance(30_000).await.unwrap();
        assert_eq!(ops(), 11);
    }

    async fn a_task_goes_by_mail_to_whoever_has_no_place(world: World) {
        let task = refused(&world, 1).await;
        assert_eq!(mailed(&world).await, ["tomas"]);
        let mails = || world.mailer.given();
        let page = format!("/m/{}/tasks/{}", world.merchant.slug, task.id);
        let first = mails().remove(0);
        assert!(first.subject.ends_with(&task.title) && !first.subject.starts_with("Re: "), "{}", first.subject);
        assert!(first.text.contains(&page) && first.text.contains(&task.sentence), "{}", first.text);
        let give = async |to: Owner| world.acts("tomas", task.id, TaskAct::Reassign { to }).await.unwrap();
        give(Owner::User(world.person("jonas").user.id)).await;
        assert_eq!(mailed(&world).await[1..], ["jonas"]);
        let second = mails().remove(1);
        assert!(second.subject.starts_with("Re: ") && second.text.starts_with("This was given to you"), "{second:?}");
        assert_eq!((second.thread.is_some(), &second.thread), (true, &first.thread), "they stand together");
        give(Owner::role(Party::ThreePl, "logistics")).await;
        assert_eq!(mailed(&world).await[2..], ["hana"]);
        // whoever gives it to themselves knows
        give(Owner::User(world.person("tomas").user.id)).await;
        assert_eq!(mailed(&world).await.len(), 3);
        // there is a place, and it cannot be reached
        connect(&world, &[("agency:logistics", "#gone")]).await;
        world.chat.will_answer(No::Never(Whose::Place));
        refused(&world, 2).await;
        assert!(mailed(&world).await[3..].contains(&"tomas".to_owned()));
    }

    async fn what_is_done_while_the_mail_server_is_away_is_asked_of_nobody(world: World) {
        for _ in 0..3 {
            world.mailer.will_answer(Carried::Later("421 later".to_owned()));
        }
        let (done, given, open) = (refused(&world, 1).await, refused(&world, 2).await, refused(&world, 3).await);
        assert_eq!(mailed(&world).await, ["tomas"; 3], "each was tried once");
        world.acts("tomas", done.id, TaskAct::Claim).await.unwrap();
        world.acts("tomas", done.id, TaskAct::Resolve { note: "New address".into() }).await.unwrap();
        let to = Owner::User(world.person("jonas").user.id);
        world.acts("tomas", given.id, TaskAct::Reassign { to }).await.unwrap();
        world.advance(30_000).await.unwrap();
        let mut later = mailed(&world).await.split_off(3);
        later.sort();
        assert_eq!(later, ["jonas", "tomas"]);
        let again = world.mailer.given().into_iter().rfind(|mail| mail.to.starts_with("tomas")).unwrap();
        assert!(again.text.contains(&format!("/tasks/{}", open.id)), "{again:?}");
    }

    async fn what_is_late_is_mailed_however_much_is_new_and_to_nobody_who_wants_none(world: World) {
        let jonas = world.person("jonas").user;
        let me = Oneself { user: jonas, session: Vec::new(), proved_at: None };
        world.engine.mail_notices(&me, false).await.unwrap();
        let mut tasks = Vec::new();
        for number in 1..=9 {
            tasks.push(refused(&world, number).await);
        }
        assert_eq!(mailed(&world).await, ["tomas"; 6], "the rest stands in the queue");
        world.advance(29 * MINUTE).await.unwrap();
        for task in &tasks[2..] {
            let to = Owner::User(world.person("priya").user.id);
            world.acts("tomas", task.id, TaskAct::Reassign { to }).await.unwrap();
        }
        assert_eq!(mailed(&world).await[6..], ["priya"; 6]);
        // two come to operations
        world.advance(MINUTE).await.unwrap();
        assert_eq!(mailed(&world).await[12..], ["priya"; 2]);
        let text = &world.mailer.given()[12].text;
        assert!(text.starts_with("This comes to you now, at Alder & Pine, because nobody took it in time:"), "{text}");
        half_hours(&world, 4).await;
        assert!(!mailed(&world).await.contains(&"jonas".to_owned()));
        let texts: Vec<String> = world.mailer.given().into_iter().map(|mail| mail.text).collect();
        assert!(texts.iter().any(|text| text.starts_with("Time is up and nobody else is left to ask, at Alder & Pine: ")));
    }
}
