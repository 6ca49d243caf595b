//! Flows to run, drawn in a few words; and what became of them.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{
    contract::{AckRule, Contract},
    flow::{
        Condition, DONE, Exit, Failure, Field, FieldKind, Flow, Op, Path, Run, Step, StepKind,
        Test, Trigger, Until,
    },
    owner::{Owner, Party},
    task::{Severity, Task, TaskState},
};
use engine::{
    StartInput, TaskAct,
    port::{AuditNote, StoreExt},
};
use serde_json::{Value, json};
use testkit::promo_contract;
use uuid::Uuid;

use crate::world::World;

pub fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

pub fn step(key: &str, kind: StepKind, to: &[&str]) -> Step {
    let owners = (agency("logistics"), agency("operations"));
    let mut step = Step::new(key, &key.replace('_', " "), owners, kind);
    step.exits = vec![exit(DONE, to)];
    step
}

pub fn exit(on: &str, to: &[&str]) -> Exit {
    Exit {
        on: on.to_owned(),
        to: to.iter().map(|key| (*key).to_owned()).collect(),
    }
}

pub fn asks(fields: &[(&str, FieldKind)]) -> StepKind {
    StepKind::HumanTask {
        instruction: "Do it.".to_owned(),
        fields: fields
            .iter()
            .map(|(key, kind)| Field {
                key: (*key).to_owned(),
                label: (*key).to_owned(),
                help: String::new(),
                required: true,
                kind: kind.clone(),
            })
            .collect(),
    }
}

pub fn emits(export_type: &str, until: Until) -> StepKind {
    StepKind::EmitExport {
        export_type: export_type.to_owned(),
        until,
    }
}

pub fn is(fact: &str, value: Value) -> Condition {
    Condition::Test(Test {
        fact: fact.to_owned(),
        op: Op::Equals,
        value,
    })
}

pub fn on(way: &str, retries: u32, path: Path) -> Failure {
    Failure {
        on: way.to_owned(),
        retries,
        retry_after_ms: 60_000,
        path,
    }
}

pub fn task_path() -> Path {
    Path::Task {
        owner: None,
        severity: Severity::Normal,
        remediation: Vec::new(),
    }
}

pub fn go(to: &str) -> Path {
    Path::Go { to: to.to_owned() }
}

/// A flow that a form about a parcel starts.
pub fn flow(world: &World, key: &str, start: &[&str], steps: Vec<Step>) -> Flow {
    let mut flow = Flow::named(fresh_id(), world.merchant.id, key, key);
    flow.trigger = Trigger::Form {
        noun: "parcel".to_owned(),
        fields: vec![Field {
            key: "size".to_owned(),
            label: "Size".to_owned(),
            help: String::new(),
            required: false,
            kind: FieldKind::Choice {
                options: vec!["small".to_owned(), "large".to_owned()],
            },
        }],
    };
    flow.start = start.iter().map(|key| (*key).to_owned()).collect();
    flow.steps = steps;
    flow
}

/// As it is drawn: what these tests are about need not be fit to be published.
pub async fn publish(world: &World, flow: Flow) -> Flow {
    let (row, at) = (flow.clone(), world.eyes().await.unwrap().now());
    world
        .store
        .write(move |tx| {
            Box::pin(async move {
                tx.insert_flow(&row).await?;
                tx.note(AuditNote {
                    merchant_id: row.merchant_id,
                    at,
                    actor: "system".to_owned(),
                    action: "flow.published".to_owned(),
                    subject_kind: "flow",
                    subject_id: row.id,
                    detail: json!({}),
                    trace_id: None,
                });
                Ok(())
            })
        })
        .await
        .unwrap();
    flow
}

/// A contract that nobody has to approve, done when its destination says so.
pub async fn contract(world: &World, export_type: &str) -> Contract {
    let mut contract = promo_contract(world.merchant.id);
    contract.id = fresh_id();
    contract.export_type = export_type.to_owned();
    contract.intent = export_type.to_owned();
    contract.approval = Vec::new();
    contract.ack = AckRule {
        accepted_within_ms: Some(15 * testkit::MINUTE),
        completed_within_ms: None,
        completion_event: None,
    };
    let eyes = world.eyes().await.unwrap();
    world
        .engine
        .publish_contract(&eyes, contract.clone())
        .await
        .unwrap();
    contract
}

pub fn parcel(reference: &str, size: Option<&str>) -> StartInput {
    let size = size.map(|size| ("size".to_owned(), json!(size)));
    StartInput::Case {
        reference: reference.to_owned(),
        title: format!("Parcel {reference}"),
        answers: size.into_iter().collect(),
    }
}

pub async fn starts(world: &World, key: &str, size: Option<&str>) -> Uuid {
    let eyes = world.eyes().await.unwrap();
    let reference = fresh_id().to_string();
    let input = parcel(&reference, size);
    let run = world.engine.start_flow(&eyes, key, input).await.unwrap();
    world.runs_due_work().await.unwrap();
    run.id
}

pub async fn run(world: &World, id: Uuid) -> Run {
    let eyes = world.eyes().await.unwrap();
    world.engine.run_chain(&eyes, id).await.unwrap().0.run
}

/// The steps it stands at, in the order of their names.
pub async fn stands(world: &World, id: Uuid) -> Vec<String> {
    let run = run(world, id).await;
    let mut keys: Vec<String> = run.stands_at().map(str::to_owned).collect();
    keys.sort();
    keys
}

/// What it did: `step>exit`, in the order in which steps began.
pub async fn path(world: &World, id: Uuid) -> Vec<String> {
    let run = run(world, id).await;
    run.path
        .iter()
        .map(|visit| format!("{}>{}", visit.step, visit.by))
        .collect()
}

pub async fn open_tasks(world: &World, run: Uuid) -> Vec<Task> {
    let mut tasks = world.tasks().await.unwrap();
    tasks.retain(|task| task.run_id == Some(run) && !task.state.is_over());
    tasks.sort_by_key(|task| task.id);
    tasks
}

/// The one task that is open for this run.
pub async fn the_task(world: &World, run: Uuid) -> Task {
    let mut tasks = open_tasks(world, run).await;
    assert_eq!(tasks.len(), 1, "{tasks:#?}");
    tasks.remove(0)
}

pub async fn resolves(world: &World, task: &Task) {
    let note = "It is put right".to_owned();
    let done = world
        .acts("tomas", task.id, TaskAct::Resolve { note })
        .await
        .unwrap();
    assert_eq!(done.state, TaskState::Resolved);
}

pub async fn answers(world: &World, task: &Task, given: &[(&str, Value)]) {
    let act = TaskAct::Finish {
        answers: given
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        note: String::new(),
    };
    world.acts("tomas", task.id, act).await.unwrap();
}

/// The open task of this step of the run.
pub async fn does(world: &World, run: Uuid, key: &str, given: &[(&str, Value)]) {
    let tasks = open_tasks(world, run).await;
    let task = tasks
        .iter()
        .find(|task| task.step.as_ref().is_some_and(|step| step.key == key));
    let task = task.unwrap_or_else(|| panic!("nobody is asked for {key}: {tasks:#?}"));
    answers(world, task, given).await;
}

static IDS: AtomicU64 = AtomicU64::new(1);

/// Of rules, which nobody asks for their time.
pub fn fresh_id() -> Uuid {
    Uuid::from_u128(0x5000_0000 + u128::from(IDS.fetch_add(1, Ordering::Relaxed)))
}
