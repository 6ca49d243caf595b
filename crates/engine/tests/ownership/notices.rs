//! Whoever watches is told, once, and hears of nothing that is not theirs to see.

use domain::{
    access::Access,
    owner::{Owner, Party},
};
use engine::{Kind, TaskAct, port::AuditFilter};
use testkit::{MINUTE, Reply, fulfillment_contract, order, order_flow};
use uuid::Uuid;

use crate::{
    agency, joins,
    world::{World, on_every_store},
};

/// Exports of the merchant are watched by these from now on.
async fn watched_by(world: &World, watchers: &[Owner]) {
    let mut contract = fulfillment_contract(world.merchant.id);
    contract.id = Uuid::from_u128(4711);
    contract.version = "1.1".to_owned();
    contract.watchers = watchers.to_vec();
    world
        .engine
        .publish_contract(&world.admin, contract)
        .await
        .unwrap();
}

/// What this person has not read yet, newest first: the sentence and what it is about.
async fn told(world: &World, name: &str) -> Vec<(String, String)> {
    let user = world.person(name).user;
    let (user, places) = world.engine.who(user.id).await.unwrap().unwrap();
    let queue = world.engine.queue(&user, &places, None).await.unwrap();
    queue
        .notices
        .into_iter()
        .map(|(_, notice)| (notice.sentence, notice.about.0))
        .collect()
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
    async fn whoever_watches_is_told_once_of_what_becomes_of_a_task(world: World) {
        // mara and priya hold marketing ops, priya holds operations, too; tomas is asked
        watched_by(&world, &[agency("marketing_ops"), agency("operations"), agency("logistics")]).await;
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(1)).await.unwrap();
        let task = world.the_task("destination_gone").await.unwrap();
        assert_eq!(task.owner, agency("logistics"));
        for name in ["mara", "priya", "jonas"] {
            let told = told(&world, name).await;
            assert_eq!(told.len(), 1, "{name}: {told:?}");
            assert_eq!(told[0].1, "task");
            assert!(told[0].0.contains(&task.title), "{told:?}");
        }
        // who is asked knows; who does not watch is not told
        for name in ["tomas", "fiona", "iris", "hana"] {
            assert_eq!(told(&world, name).await, [], "{name}");
        }
        assert_eq!(notes(&world, "notice.told").await, 1);
        world.runs_due_work().await.unwrap();
        assert_eq!(told(&world, "mara").await.len(), 1);
        // it moves on, to somebody who watched it: they are asked from now on, and not told
        world.advance(30 * MINUTE).await.unwrap();
        let moved = told(&world, "mara").await;
        assert_eq!(moved.len(), 2, "{moved:?}");
        assert!(moved[0].0.contains("Operations has"), "{moved:?}");
        let note = "New address".to_owned();
        world.acts("priya", task.id, TaskAct::Resolve { note }).await.unwrap();
        let ended = told(&world, "mara").await;
        assert_eq!(ended.len(), 3, "{ended:?}");
        assert!(ended[0].0.contains("resolved: New address"), "{ended:?}");
    }

    async fn what_is_read_is_gone_and_only_ones_own_can_be_read(world: World) {
        watched_by(&world, &[agency("marketing_ops")]).await;
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(1)).await.unwrap();
        let mara = world.as_person("mara").await.unwrap();
        let priya = world.as_person("priya").await.unwrap();
        let (user, places) = world.engine.who(mara.user_id().unwrap()).await.unwrap().unwrap();
        let queue = world.engine.queue(&user, &places, None).await.unwrap();
        let id = queue.notices[0].1.id;
        // somebody else's is not theirs to read
        assert_eq!(world.engine.read_notices(&priya, Some(id)).await.unwrap(), 0);
        assert_eq!(told(&world, "mara").await.len(), 1);
        assert_eq!(world.engine.read_notices(&mara, Some(id)).await.unwrap(), 1);
        assert_eq!(told(&world, "mara").await, []);
        assert_eq!(world.engine.read_notices(&mara, Some(id)).await.unwrap(), 0);
        assert_eq!(notes(&world, "notice.read").await, 1);
        assert_eq!(told(&world, "priya").await.len(), 1);
        assert_eq!(world.engine.read_notices(&priya, None).await.unwrap(), 1);
        assert_eq!(told(&world, "priya").await, []);
        let program = world.engine.enter_as_system(world.merchant.id).await.unwrap();
        assert_eq!(world.engine.read_notices(&program, None).await.unwrap_err().kind, Kind::Forbidden);
    }

    async fn from_outside_one_hears_of_what_one_sees(world: World) {
        // the 3PL watches what is sent to it, and a promotion that is not its own
        let harbor = Owner::role(Party::ThreePl, "logistics");
        watched_by(&world, std::slice::from_ref(&harbor)).await;
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(1)).await.unwrap();
        assert_eq!(told(&world, "hana").await.len(), 1);
        let raci = world.engine.raci(&world.admin).await.unwrap();
        let last = raci.told.iter().find(|one| one.told_as == harbor).unwrap();
        assert_eq!((last.matter.as_str(), last.about.0.as_str()), ("contract:fulfillment_request", "task"));
        // when they are no part of it any more, what they were told is not shown to them
        let task = world.the_task("destination_gone").await.unwrap();
        assert_eq!(last.about.1, task.id);
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let step = raci.groups.iter().flat_map(|group| &group.decisions)
            .find(|one| one.matters.iter().any(|matter| matter == "contract:fulfillment_request")).unwrap();
        assert!(step.informed.contains(&harbor));
        let gaps = rules.raci_gaps(step, world.engine.now());
        assert!(!gaps.iter().any(|gap| matches!(gap, domain::raci::Gap::NoChannel(_))), "{gaps:?}");
    }

    async fn word_of_a_step_that_shows_nothing_does_not_go_outside(world: World) {
        let harbor = Owner::role(Party::ThreePl, "logistics");
        let carrier = Owner::role(Party::Carrier, "logistics");
        joins(&world, "nora", (Access::Operator, Party::Carrier), &["logistics"]).await;
        let mut flow = order_flow(world.merchant.id);
        flow.id = Uuid::from_u128(4712);
        flow.version += 1;
        for step in &mut flow.steps {
            step.watchers = vec![harbor.clone(), carrier.clone()];
        }
        world.engine.publish_flow(&world.admin, flow.clone()).await.unwrap();
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let raci = world.engine.raci(&world.admin).await.unwrap();
        let group = raci.groups.iter().find(|group| group.flow == Some(flow.id)).unwrap();
        for step in group.decisions.iter().filter(|one| !one.key.is_empty()) {
            let gaps = rules.raci_gaps(step, world.engine.now());
            // an export of the flow is the 3PL's to see, and nothing of it a carrier's
            assert_eq!(
                gaps.iter().filter(|gap| matches!(gap, domain::raci::Gap::NoChannel(_))).collect::<Vec<_>>(),
                [&domain::raci::Gap::NoChannel(carrier.clone())]
            );
        }
        let changes = world.engine.raci_changes(&world.admin, &flow.key, (flow.version - 1, flow.version)).await.unwrap();
        assert_eq!(changes.len(), flow.steps.len(), "{changes:?}");
        let missing = world.engine.raci_changes(&world.admin, &flow.key, (1, 99)).await.unwrap_err();
        assert_eq!(missing.kind, Kind::NotFound);
    }

    async fn a_notice_goes_by_mail_to_whoever_wants_it_and_a_few_at_a_time(world: World) {
        watched_by(&world, &[agency("finance")]).await;
        for n in 1..=9 {
            world.channel.will_answer(Reply::Status(410));
            world.receives(&order(n)).await.unwrap();
        }
        assert_eq!(told(&world, "fiona").await.len(), 9);
        world.engine.send_due_mail().await.unwrap();
        let mut sent = world.mailer.given();
        sent.retain(|mail| mail.to == "fiona@northbeam.example");
        assert_eq!(sent.len(), 6, "the rest waits in the queue");
        assert!(sent[0].subject.starts_with("Alder & Pine: "), "{}", sent[0].subject);
        assert!(sent[0].text.contains("/m/alder-pine/queue"));
    }
}
