//! Around a decision: reminders, questions, comments, passing on, looking.

use domain::{
    approval::{ApprovalState, Decision, Said},
    export::ExportState,
    owner::Owner,
};
use engine::{ApprovalAct, Error, Kind, TaskAct};
use testkit::{HOUR, MINUTE};
use uuid::Uuid;

use crate::{
    as_user, asked, asks, decides, id_of,
    overriding::admin,
    pending, step, trail,
    world::{World, on_every_store},
};

async fn acts(world: &World, who: &str, id: Uuid, act: ApprovalAct) -> Result<(), Error> {
    let ctx = as_user(world, id_of(world, who)).await;
    world.engine.act_on_approval(&ctx, id, act).await.map(drop)
}

async fn told(world: &World, who: &str) -> Vec<String> {
    let user = world.person(who).user;
    let places = world
        .store
        .reads()
        .await
        .unwrap()
        .places_of(user.id)
        .await
        .unwrap();
    let queue = world.engine.queue(&user, &places, None).await.unwrap();
    queue
        .notices
        .into_iter()
        .map(|(_, notice)| notice.sentence)
        .collect()
}

fn question(to: Uuid) -> ApprovalAct {
    ApprovalAct::Ask {
        to,
        text: "Is the address right?".into(),
    }
}

on_every_store! {
    async fn a_reminder_is_heard_and_not_endless(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let approval = pending(&world, &asked(&world, 1).await).await;
        acts(&world, "tomas", approval.id, ApprovalAct::Remind).await.unwrap();
        assert!(told(&world, "jonas").await[0].contains("reminds you"));
        assert!(told(&world, "mara").await.is_empty(), "she is not asked");
        let soon = acts(&world, "tomas", approval.id, ApprovalAct::Remind).await.unwrap_err();
        assert_eq!((soon.kind, soon.retry_after_ms), (Kind::TooMany, Some(10 * MINUTE)));
        for _ in 0..2 {
            world.clock.advance_ms(10 * MINUTE);
            acts(&world, "tomas", approval.id, ApprovalAct::Remind).await.unwrap();
        }
        world.clock.advance_ms(10 * MINUTE);
        let enough = acts(&world, "tomas", approval.id, ApprovalAct::Remind).await.unwrap_err();
        assert_eq!(enough.kind, Kind::Conflict);
        let reader = acts(&world, "iris", approval.id, ApprovalAct::Remind).await.unwrap_err();
        assert_eq!(reader.kind, Kind::Forbidden);
    }

    async fn a_question_stops_the_clock_and_its_answer_starts_it(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let export = asked(&world, 1).await;
        let before = pending(&world, &export).await;
        world.advance(10 * MINUTE).await.unwrap();
        acts(&world, "jonas", before.id, question(id_of(&world, "tomas"))).await.unwrap();
        world.advance(6 * MINUTE).await.unwrap();
        let open = pending(&world, &export).await;
        assert_eq!(open.escalated_at, None, "its first deadline passed, and it waits for the answer");
        let task = world.the_task("question").await.unwrap();
        assert_eq!(task.owner, Owner::User(id_of(&world, "tomas")));
        assert!(told(&world, "tomas").await.iter().any(|one| one.contains("Is the address right?")));
        let text = "Yes, I called them.".to_owned();
        let wrong = acts(&world, "mara", before.id, ApprovalAct::Answer { text: text.clone() }).await;
        assert_eq!(wrong.unwrap_err().kind, Kind::Forbidden);
        acts(&world, "tomas", before.id, ApprovalAct::Answer { text: text.clone() }).await.unwrap();
        let after = pending(&world, &export).await;
        assert_eq!(after.accept_by.unwrap().since_ms(before.accept_by.unwrap()), 6 * MINUTE);
        assert_eq!(after.expires_at.unwrap().since_ms(before.expires_at.unwrap()), 6 * MINUTE);
        assert_eq!(after.remarks.last().unwrap().text, text);
        assert!(world.the_task("question").await.unwrap().state.is_over());
        assert!(told(&world, "jonas").await.iter().any(|one| one.contains(&text)));
        // five of its fifteen minutes were left
        world.advance(5 * MINUTE - 1).await.unwrap();
        assert_eq!(pending(&world, &export).await.escalated_at, None);
        world.advance(1).await.unwrap();
        assert!(pending(&world, &export).await.escalated_at.is_some());
    }

    async fn a_question_that_nobody_answers_holds_nothing_up_for_good(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let export = asked(&world, 1).await;
        let id = pending(&world, &export).await.id;
        acts(&world, "jonas", id, question(id_of(&world, "tomas"))).await.unwrap();
        let twice = acts(&world, "priya", id, question(id_of(&world, "mara"))).await.unwrap_err();
        assert_eq!(twice.kind, Kind::Conflict);
        world.advance(30 * MINUTE).await.unwrap();
        assert!(pending(&world, &export).await.escalated_at.is_some());
        // whoever may decide need not wait for it
        assert_eq!(decides(&world, id_of(&world, "priya"), &export, true).await.unwrap(), ExportState::Ready);
        assert!(world.the_task("question").await.unwrap().state.is_over());
    }

    async fn resolving_its_task_is_answering(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let export = asked(&world, 1).await;
        let id = pending(&world, &export).await.id;
        acts(&world, "jonas", id, question(id_of(&world, "tomas"))).await.unwrap();
        let task = world.the_task("question").await.unwrap();
        world.acts("tomas", task.id, TaskAct::Resolve { note: "It is.".into() }).await.unwrap();
        let after = pending(&world, &export).await;
        assert_eq!((after.question, after.remarks.last().unwrap().text.as_str()), (None, "It is."));
        assert_eq!(after.remarks.last().unwrap().what, Said::Answer);
    }

    async fn only_who_is_asked_asks_and_only_who_works_here_is_asked(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let id = pending(&world, &asked(&world, 1).await).await.id;
        for (who, to, kind) in [
            ("mara", "tomas", Kind::Forbidden),
            ("tomas", "jonas", Kind::Forbidden),
            ("jonas", "iris", Kind::Invalid),
            ("jonas", "hana", Kind::Invalid),
            ("jonas", "jonas", Kind::Invalid),
        ] {
            let refused = acts(&world, who, id, question(id_of(&world, to))).await.unwrap_err();
            assert_eq!(refused.kind, kind, "{who} asks {to}: {refused}");
        }
    }

    async fn it_is_passed_on_to_one_who_may(world: World) {
        asks(&world, vec![step("operations", "finance"), step("finance", "operations")]).await;
        let export = asked(&world, 1).await;
        let id = pending(&world, &export).await.id;
        let pass = |to: Owner| ApprovalAct::Reassign { to, why: "She knows the campaign".into() };
        let mara = Owner::User(id_of(&world, "mara"));
        let stranger = acts(&world, "fiona", id, pass(mara.clone())).await.unwrap_err();
        assert_eq!(stranger.kind, Kind::Forbidden);
        let tomas = Owner::User(id_of(&world, "tomas"));
        let may_not = acts(&world, "jonas", id, pass(tomas)).await.unwrap_err();
        assert_eq!(may_not.kind, Kind::Invalid);
        acts(&world, "jonas", id, pass(mara)).await.unwrap();
        assert!(decides(&world, id_of(&world, "jonas"), &export, true).await.is_err());
        assert!(told(&world, "mara").await[0].contains("passed the approval"));
        decides(&world, id_of(&world, "mara"), &export, true).await.unwrap();
        // the second step cannot go to her as well
        let second = pending(&world, &export).await;
        let again = acts(&world, "fiona", second.id, pass(Owner::User(id_of(&world, "mara")))).await.unwrap_err();
        assert_eq!(again.kind, Kind::Invalid);
        let actions: Vec<String> = trail(&world, id).await.into_iter().map(|one| one.action).collect();
        assert!(actions.contains(&"approval.reassigned".to_owned()), "{actions:?}");
    }

    async fn looking_is_seen_for_two_minutes_and_stops_nobody(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let export = asked(&world, 1).await;
        let id = pending(&world, &export).await.id;
        acts(&world, "jonas", id, ApprovalAct::Look).await.unwrap();
        acts(&world, "jonas", id, ApprovalAct::Look).await.unwrap();
        let seen = |approval: &domain::approval::Approval, now| approval.lookers(None, now).count();
        let approval = pending(&world, &export).await;
        assert_eq!(seen(&approval, world.engine.now()), 1);
        assert_eq!(seen(&approval, world.engine.now().plus_ms(2 * MINUTE)), 0);
        let looks = trail(&world, id).await.into_iter().filter(|one| one.action == "approval.looked_at");
        assert_eq!(looks.count(), 1, "said once");
        assert_eq!(decides(&world, id_of(&world, "priya"), &export, true).await.unwrap(), ExportState::Ready);
    }

    async fn who_comes_late_hears_who_took_it_back_and_who_said_no(world: World) {
        asks(&world, vec![step("operations", "finance"), step("finance", "operations")]).await;
        let [withdrawn, declined] = [asked(&world, 1).await, asked(&world, 2).await];
        let ada = admin(&world).await;
        world.engine.withdraw(&ada, withdrawn.id, "tried out").await.unwrap();
        decides(&world, id_of(&world, "jonas"), &declined, false).await.unwrap();
        let at = world.engine.now().format_utc("%H:%M UTC on %-d %B %Y");
        world.clock.advance_ms(HOUR / 4);
        let late = decides(&world, id_of(&world, "priya"), &withdrawn, true).await.unwrap_err();
        assert_eq!(late.kind, Kind::Conflict);
        assert_eq!(late.sentence, format!("Ada Admin took it back at {at}, before it was decided: “tried out”."));
        let late = decides(&world, id_of(&world, "priya"), &declined, true).await.unwrap_err();
        assert!(late.sentence.starts_with(&format!("Jonas Test declined this already, at {at}")), "{late}");
    }

    async fn who_comes_late_hears_who_decided_and_when(world: World) {
        asks(&world, vec![step("operations", "finance"), step("finance", "operations")]).await;
        let export = asked(&world, 1).await;
        let first = pending(&world, &export).await;
        decides(&world, id_of(&world, "jonas"), &export, true).await.unwrap();
        let at = world.engine.now().format_utc("%H:%M UTC");
        world.clock.advance_ms(HOUR / 4);
        // an old message still shows the first step
        let late = Decision {
            approve: true,
            note: None,
            seen_hash: export.content_hash.clone(),
            step: Some(first.id),
        };
        let ctx = as_user(&world, id_of(&world, "priya")).await;
        let error = world.engine.decide(&ctx, export.id, late).await.unwrap_err();
        assert_eq!(error.kind, Kind::Conflict);
        assert!(error.sentence.starts_with(&format!("Jonas Test approved this already, at {at}")), "{error}");
        assert_eq!(pending(&world, &export).await.step, 2);
        let elsewhere = Decision { step: Some(Uuid::from_u128(7)), ..Decision {
            approve: true, note: None, seen_hash: export.content_hash.clone(), step: None,
        } };
        assert!(world.engine.decide(&ctx, export.id, elsewhere).await.is_err());
        acts(&world, "tomas", first.id, ApprovalAct::Comment { text: "Thank you".into() }).await.unwrap();
        let said = world.approvals_of(export.id).await.unwrap();
        assert_eq!((said[0].state, said[0].remarks.len()), (ApprovalState::Approved, 1));
        let none = acts(&world, "tomas", first.id, ApprovalAct::Comment { text: " ".into() }).await.unwrap_err();
        assert_eq!(none.fields[0].field, "text");
    }
}
