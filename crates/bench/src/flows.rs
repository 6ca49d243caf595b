//! The engine of flows, from inside: how fast runs move, what waiting costs, and a second in which very much is due.
//!
//! This is the one measurement that does not start the program: what is asked is how long the engine and its store
//! take, with a clock that is moved by hand, so that a day of deadlines passes at once. Everything is durable as
//! ever: one SQLite file, `synchronous=FULL`, one transaction for each step, with its audit entry.

use std::{sync::Arc, time::Duration};

use clap::Args;
use domain::{
    Time,
    event::EventKind,
    flow::{Failure, Flow, Path, Run, Step, StepKind, Token, TokenState, Visit, ways},
    owner::{Owner, Party},
};
use engine::{
    job::{Job, JobKind},
    port::{AuditNote, Clock, StoreExt},
};
use serde_json::json;
use testkit::World;
use uuid::Uuid;

use crate::{
    clock::{cpu_ms, now},
    failure::{Failure as Failed, Result, Trying},
    installation::Setting,
    report::{Report, Table},
    samples::thousands,
};

#[derive(Args)]
pub struct Options {
    /// Runs that go through ten steps each
    #[arg(long, default_value_t = 2_000)]
    moving: u64,
    /// Runs that wait while nothing happens
    #[arg(long, default_value_t = 100_000)]
    waiting: u64,
    /// Deadlines in the same second
    #[arg(long, default_value_t = 10_000)]
    due: u64,
    /// How long nothing happens
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

const STEPS: usize = 10;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let world = world(setting).await?;
    let flow = draw(&world).await?;
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench flows -- --moving {} --waiting {} --due {} --seconds {}",
            options.moving, options.waiting, options.due, options.seconds
        ),
    )?;
    let mut table = Table::new(&["what", "measured"]);

    // one core does all of it: this program is pinned to one
    let start = world.clock.now();
    wait_at(&world, &flow, 0, options.moving, start.plus_ms(MINUTE)).await?;
    let began = now();
    for _ in 0..STEPS {
        world.clock.advance_ms(MINUTE);
        work(&world).await?;
    }
    let took = began.elapsed();
    let moved = options.moving * STEPS as u64;
    check(&world, &flow, options.moving).await?;
    table.row([
        "steps of runs per second, one transaction each".to_owned(),
        thousands(moved as f64 / took.as_secs_f64(), 0),
    ]);

    let later = world.clock.now().plus_ms(30 * DAY);
    wait_at(&world, &flow, 1, options.waiting, later).await?;
    table.row([
        format!(
            "processor time in {} s with {} runs waiting",
            options.seconds, options.waiting
        ),
        format!("{} ms", idle(&world, options.seconds).await?),
    ]);
    for (what, plan) in plans(setting)? {
        table.row([what.to_owned(), plan]);
    }

    let same = world.clock.now().plus_ms(MINUTE);
    wait_at(&world, &flow, 2, options.due, same).await?;
    world.clock.advance_ms(MINUTE);
    let began = now();
    let ran = work(&world).await?;
    let took = began.elapsed();
    if ran != options.due {
        return Err(Failed::new(format!(
            "{} deadlines were due and {ran} jobs ran",
            options.due
        )));
    }
    table.row([
        format!(
            "{} deadlines of one moment, with {} more runs waiting",
            options.due, options.waiting
        ),
        format!("{:.2} s", took.as_secs_f64()),
    ]);
    report.show(table);
    Ok(report)
}

async fn world(setting: &Setting) -> Result<World> {
    let folder = setting.fresh("flows")?;
    let url = format!("sqlite://{}/flows.db", folder.display());
    let store = store::SqlStore::open_and_migrate(&url, store::Options::default())
        .await
        .trying("open a database")?;
    World::new(store, Arc::new(connectors::shopify::Shopify))
        .await
        .trying("found an agency")
}

/// Waits one after the other: each that is late leads to the next.
async fn draw(world: &World) -> Result<Flow> {
    let owner = |role: &str| Owner::role(Party::Agency, role);
    let mut flow = Flow::named(Uuid::from_u128(900), world.merchant.id, "waits", "Waits");
    flow.start = vec!["w0".to_owned()];
    for n in 0..STEPS {
        let kind = StepKind::WaitForEvent {
            event: EventKind::PickStarted,
        };
        let owners = (owner("logistics"), owner("operations"));
        let mut step = Step::new(&format!("w{n}"), "Wait", owners, kind);
        step.clock.resolve_ms = MINUTE;
        if n + 1 < STEPS {
            step.failures = vec![Failure {
                on: ways::LATE.to_owned(),
                retries: 0,
                retry_after_ms: 0,
                path: Path::Go {
                    to: format!("w{}", n + 1),
                },
            }];
        } else {
            step.failures = vec![Failure {
                on: ways::LATE.to_owned(),
                retries: 0,
                retry_after_ms: 0,
                path: Path::Undo,
            }];
        }
        flow.steps.push(step);
    }
    let (row, at) = (flow.clone(), world.clock.now());
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
        .trying("publish a flow")?;
    Ok(flow)
}

/// Runs that stand at the first step until then.
async fn wait_at(world: &World, flow: &Flow, group: u128, many: u64, until: Time) -> Result<()> {
    let (merchant, at) = (world.merchant.id, world.clock.now());
    let id =
        move |kind: u128, n: u64| Uuid::from_u128((kind << 64) | (group << 32) | u128::from(n));
    let mut n = 0;
    while n < many {
        let upto = (n + 500).min(many);
        let flow = flow.clone();
        world
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let mut jobs = Vec::new();
                    for n in n..upto {
                        let mut run = Run::new(
                            id(0x52, n),
                            (merchant, flow.id, &flow.key),
                            ("case", id(0x53, n)),
                            at,
                        );
                        run.path.push(Visit {
                            step: "w0".to_owned(),
                            entered_at: at,
                            left_at: None,
                            by: String::new(),
                            undone: false,
                        });
                        run.tokens.push(Token {
                            at: TokenState::Waiting,
                            wait_until: Some(until),
                            ..Token::arriving(0, "w0", at)
                        });
                        tx.insert_run(&run).await?;
                        jobs.push(Job {
                            id: id(0x54, n),
                            merchant_id: merchant,
                            kind: JobKind::WaitDeadline,
                            subject_id: run.id,
                            arg: until.as_ms(),
                            run_at: until,
                            attempts: 0,
                            fence: 0,
                        });
                    }
                    tx.enqueue(&jobs).await
                })
            })
            .await
            .trying("make runs")?;
        n = upto;
    }
    Ok(())
}

async fn work(world: &World) -> Result<u64> {
    let ran = world
        .engine
        .run_due_work()
        .await
        .trying("work off what is due")?;
    Ok(ran as u64)
}

/// Every run has been at every step, once.
async fn check(world: &World, flow: &Flow, many: u64) -> Result<()> {
    let limit = i64::try_from(many).unwrap_or(i64::MAX);
    let mut reads = world.store.reads().await.trying("read runs")?;
    let runs = reads
        .runs_of_flow(world.merchant.id, &flow.key, limit)
        .await
        .trying("read runs")?;
    match runs
        .iter()
        .find(|run| run.path.len() != STEPS || !run.state.is_over())
    {
        None if runs.len() as u64 == many => Ok(()),
        Some(run) => Err(Failed::new(format!(
            "run {} is {} after {} steps",
            run.id,
            run.state,
            run.path.len()
        ))),
        None => Err(Failed::new(format!("{} runs of {many}", runs.len()))),
    }
}

/// Processor time of this process while the worker has nothing to do, in milliseconds.
async fn idle(world: &World, seconds: u64) -> Result<u64> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let engine = Arc::clone(&world.engine);
    let worker = tokio::spawn(engine.work(stopped));
    let before = cpu_ms()?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let used = cpu_ms()?.saturating_sub(before);
    let _ = stop.send(true);
    let _ = worker.await;
    Ok(used)
}

/// How SQLite finds what is due, and when the next thing is.
fn plans(setting: &Setting) -> Result<Vec<(&'static str, String)>> {
    let file = setting.folder.join("flows").join("flows.db");
    let db = rusqlite::Connection::open(file).trying("open the database")?;
    let plan = |sql: &str| -> Result<String> {
        let mut found = db
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .trying("explain a query")?;
        let rows = found
            .query_map([], |row| row.get::<_, String>(3))
            .trying("explain a query")?;
        let lines: Vec<String> = rows.flatten().collect();
        Ok(lines.join("; "))
    };
    Ok(vec![
        (
            "when is the next job due",
            plan("SELECT MIN(due_at) FROM jobs")?,
        ),
        (
            "which jobs are due",
            plan("SELECT merchant_id, id FROM jobs WHERE due_at <= 1 ORDER BY due_at LIMIT 64")?,
        ),
    ])
}
