//! Everything that has an owner stands in the matrix, and once a month somebody looks through it.

use domain::{
    owner::Owner,
    task::{TaskState, Unlock},
};
use engine::{FindingKind, TaskAct, port::ListFilter};
use testkit::{HOUR, MINUTE, Reply, fulfillment_contract, order};
use uuid::Uuid;

use crate::{
    admin, agency,
    world::{World, on_every_store},
};

const DAY: i64 = 24 * HOUR;

async fn review(world: &World) -> Option<domain::task::Task> {
    let eyes = world.eyes().await.unwrap();
    let filter = ListFilter {
        kind: Some("ownership_review".into()),
        limit: 9,
        ..ListFilter::default()
    };
    let mut all = world.engine.tasks(&eyes, &filter).await.unwrap();
    all.retain(|task| !task.state.is_over());
    assert!(all.len() < 2);
    all.pop()
}

on_every_store! {
    async fn once_a_month_an_admin_looks_at_who_answers_for_what(world: World) {
        let ada = admin(&world).await;
        // what was armed with the merchant finds out when the month turns
        world.runs_due_work().await.unwrap();
        assert!(review(&world).await.is_none());
        // the clock of tests starts in November; the month turns within 31 days
        world.advance(31 * DAY).await.unwrap();
        let task = review(&world).await.unwrap();
        assert_eq!(task.owner, Owner::User(ada.user_id().unwrap()));
        assert_eq!((task.state, task.unlock), (TaskState::Open, Unlock::Nothing));
        let found = world.engine.ownership_audit(&ada).await.unwrap();
        assert!(!found.is_empty());
        for one in &found {
            assert!(task.evidence.iter().any(|shown| shown.value == one.sentence), "{one:?}");
        }
        let last = task.evidence.last().unwrap();
        assert_eq!(last.link, Some(("ownership".to_owned(), "audit".to_owned())));
        // while it is open there is no second one; it runs against its clocks as any task
        world.advance(31 * DAY).await.unwrap();
        let late = review(&world).await.unwrap();
        assert_eq!(late.id, task.id);
        assert!(late.rung > 0, "it has climbed its ladder");
        let note = "Asked fiona; all of it is meant so".to_owned();
        world.engine.act_on_task(&ada, task.id, TaskAct::Resolve { note }).await.unwrap();
        assert!(review(&world).await.is_none());
        world.advance(31 * DAY).await.unwrap();
        assert_ne!(review(&world).await.unwrap().id, task.id);
    }

    async fn the_audit_finds_each_kind_and_forgets_what_is_put_right(world: World) {
        let ada = admin(&world).await;
        let mut contract = fulfillment_contract(world.merchant.id);
        contract.id = Uuid::from_u128(4713);
        contract.version = "1.1".to_owned();
        contract.watchers = Vec::new();
        contract.exceptions.get_mut("declined").unwrap().owner = agency("customer_ops");
        let ghost = Owner::User(Uuid::from_u128(99));
        contract.exceptions.get_mut("qa_failed").unwrap().owner = ghost.clone();
        world.engine.publish_contract(&world.admin, contract).await.err();
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let mut rules = (*rules).clone();
        let contract = std::sync::Arc::make_mut(&mut rules.contracts[0]);
        contract.exceptions.get_mut("declined").unwrap().owner = agency("customer_ops");
        contract.exceptions.get_mut("qa_failed").unwrap().owner = ghost.clone();
        let found = engine::findings(&rules, &[]);
        let about = |kind: FindingKind| -> Vec<String> {
            found.iter().filter(|one| one.kind == kind).map(|one| one.about.to_string()).collect()
        };
        assert_eq!(about(FindingKind::Left), [ghost.to_string()]);
        assert_eq!(about(FindingKind::NobodyHolds), ["agency:customer_ops"]);
        let alone = about(FindingKind::OnePerson);
        assert!(alone.contains(&"agency:logistics".to_owned()), "{alone:?}");
        assert!(!alone.contains(&"agency:operations".to_owned()), "{alone:?}");
        // nobody has acted; then tomas does
        let idle = |found: &[engine::Finding]| {
            let tomas = Owner::User(world.person("tomas").user.id);
            found.iter().any(|one| one.kind == FindingKind::NeverActed && one.about == tomas)
        };
        assert!(idle(&world.engine.ownership_audit(&ada).await.unwrap()));
        world.channel.will_answer(Reply::Status(410));
        world.receives(&order(1)).await.unwrap();
        let task = world.the_task("destination_gone").await.unwrap();
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        assert!(!idle(&world.engine.ownership_audit(&ada).await.unwrap()));
    }

    async fn everything_that_has_an_owner_stands_in_the_matrix(world: World) {
        let rows = world.engine.ownership(&world.admin).await.unwrap();
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let count = |kind| rows.iter().filter(|one| one.owned.kind == kind).count();
        let steps: usize = rules.flows.iter().map(|flow| flow.steps.len()).sum();
        let codes: usize = rules.contracts.iter().map(|one| one.exceptions.len()).sum();
        let asked: usize = rules.contracts.iter().flat_map(|one| &one.approval).map(|rule| rule.steps.len()).sum();
        assert_eq!(
            [count(engine::OwnedKind::Step), count(engine::OwnedKind::Export), count(engine::OwnedKind::Approval),
             count(engine::OwnedKind::Exception), count(engine::OwnedKind::Source)],
            [steps, rules.contracts.len(), asked, codes, 1]
        );
        let stock = rows.iter().find(|one| one.owned.title.starts_with("insufficient_inventory")).unwrap();
        let names: Vec<&str> = stock.answering.iter().map(|user| user.name.as_str()).collect();
        assert_eq!(names, [world.person("tomas").user.name]);
        assert_eq!((stock.owned.accept_ms, stock.owned.resolve_ms), (30 * MINUTE, Some(4 * HOUR)));
        let by = |query: &str, holder: Option<&str>| {
            let filter = ListFilter {
                query: Some(query.to_owned()),
                holder: holder.map(str::to_owned),
                ..ListFilter::default()
            };
            rows.iter().filter(|one| one.fits(&rules, &filter)).count()
        };
        assert!(by("supply chain", None) > 0);
        assert_eq!(by("no such thing", None), 0);
        assert!(by("insufficient", Some("agency:supply_chain")) > 0);
        assert_eq!(by("insufficient", Some("agency:engineering")), 0);
    }
}
