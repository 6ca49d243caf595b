//! What is asked all day is found by an index, however much there is. The statements are those that
//! the store really runs, as SQLite's driver reports them.

use std::sync::{Mutex, OnceLock};

use engine::port::{Claim, Store};
use store::{
    StoreError, params,
    sql::{Across, Scope},
};
use tokio::time::Instant;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    harness::{World, on_sqlite},
    make::{at, id, job},
    tenant::{Tenant, everything, read, store, write},
    tenants::ask_everything,
};

/// Every statement that any test of this process has run.
static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        // of what runs beside it on the other database there is no plan here
        let thread = std::thread::current();
        if thread
            .name()
            .is_some_and(|name| name.starts_with("sqlx-sqlite-worker"))
        {
            event.record(&mut Statement);
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Statement;

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        // short texts stand in the summary, long ones in full beside it
        if matches!(field.name(), "summary" | "db.statement") {
            STATEMENTS.lock().unwrap().push(value.trim().to_owned());
        }
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn listen() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| tracing::subscriber::set_global_default(Listener).unwrap());
}

/// Few rows per merchant, or read whole on purpose.
const SMALL: &[&str] = &[
    "sources",
    "destinations",
    "contracts",
    "c",
    "n",
    "flows",
    "f",
    "memberships",
    "m",
    "merchants",
    "idempotency_keys",
    "api_tokens",
    "invitations",
    "audit_heads",
    // a handful for each merchant
    "rotations",
    "rotation_people",
    "calendars",
    "covers",
    "own_roles",
    "escalation_policies",
    "p",
];

/// What is wrong with one line of a plan, if anything.
fn complaint(sql: &str, line: &str) -> Option<&'static str> {
    let table = line.split_whitespace().nth(1).unwrap_or_default();
    let given = line.contains("CONSTANT ROW") || line.ends_with(" VALUES CLAUSE");
    if line.starts_with("SCAN ") && !given {
        let counts = sql.contains("COUNT(*)") && line.contains("COVERING INDEX");
        let minimum = sql.contains("MIN(due_at)") && line.contains("jobs_by_due");
        // what a statement has gathered itself
        let gathered = table.starts_with("(subquery") || matches!(table, "live" | "pending");
        let fine = counts || minimum || gathered || SMALL.contains(&table);
        return (!fine).then_some("reads a whole table");
    }
    // what it holds are the few that are not over
    let live = line.contains("INDEX tasks_live_by_");
    let all_of_a_merchant =
        !live && line.starts_with("SEARCH ") && line.ends_with("(merchant_id=?)");
    let paged = sql.contains(" LIMIT ");
    (all_of_a_merchant && !paged && !SMALL.contains(&table)).then_some("reads all of a merchant")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_asked_all_day_reads_a_whole_table() {
    listen();
    on_sqlite(async |world| {
        let store = store(world);
        let t = Tenant::new("kit").written(&store).await;
        ask_everything(world, &t, t.id()).await;
        let claim = Claim {
            now: at(50),
            lease_ms: 9,
            limit: 9,
        };
        let claimed = write!(store, [], tx => tx.claim_jobs(claim)).unwrap();
        let (merchant, source, order) = (t.id(), t.source.id, t.order.id);
        write!(store, [t, claimed], tx => async {
            tx.save_task(&t.task).await?;
            tx.save_export(&t.export).await?;
            tx.save_order(&t.order).await?;
            tx.match_receipts(merchant, source, "5001", order).await?;
            tx.waiting_receipts(merchant, source, "5001").await?;
            tx.insert_receipts(std::slice::from_ref(&t.receipt)).await?;
            tx.postpone_job(&claimed[0], at(60)).await?;
            tx.finish_job(&claimed[1]).await?;
            Ok(())
        })
        .unwrap();
        let mut reads = store.reads().await.unwrap();
        reads.next_job_at().await.unwrap();
        reads.live_tasks(&[merchant, order], 9).await.unwrap();
        reads
            .pending_approvals(&[merchant, order], 9)
            .await
            .unwrap();
        let span = engine::port::Span {
            now: at(0),
            soon: at(9),
            day: at(-9),
            week: at(-99),
        };
        reads.figures(&[merchant, order], &span).await.unwrap();
        let due = engine::port::ListFilter {
            due: Some(engine::port::Due {
                after: Some(at(0)),
                until: Some(at(9)),
            }),
            ..everything()
        };
        reads.tasks(merchant, &due).await.unwrap();
        reads.approvals(merchant, &due).await.unwrap();
        reads.exports(merchant, &due).await.unwrap();
        reads.orders(merchant, &due).await.unwrap();
        reads.origin_of_export(t.export.id).await.unwrap();
        reads.source_by_path(&t.source.path).await.unwrap();
        reads.token_by_hash(&t.token_hash).await.unwrap();
        reads.memberships_of(t.user.id).await.unwrap();
        drop(reads);

        let mut statements = STATEMENTS.lock().unwrap().clone();
        statements.retain(|sql| sql.contains("merchant_id") && !sql.contains('…'));
        let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        statements.retain(|sql| verbs.iter().any(|verb| sql.starts_with(verb)));
        // of tests that take the tenant out
        statements.retain(|sql| !sql.contains(" OR TRUE)"));
        // looking through what is open, for somebody who leaves, may take its time
        statements.retain(|sql| !sql.contains(" AND doc LIKE $2 "));
        // and so may removing an operator
        statements.retain(|sql| !sql.contains("operator_id = $1"));
        statements.sort();
        statements.dedup();
        assert!(
            statements.len() > 60,
            "only {} were heard",
            statements.len()
        );
        let mut complaints = Vec::new();
        for sql in statements {
            for line in plan(world, &sql).await {
                if let Some(complaint) = complaint(&sql, &line) {
                    complaints.push(format!("{complaint}: {line}\n    {sql}"));
                }
            }
        }
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    })
    .await;
}

async fn plan(world: &World, statement: &str) -> Vec<String> {
    let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {statement}").into_boxed_str());
    world
        .db
        .read::<_, StoreError, _>(|conn| {
            Box::pin(async move {
                let rows = conn.fetch_all(sql, params![]).await?;
                rows.iter().map(|row| row.text(3)).collect()
            })
        })
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error:?}"))
}

/// Not by the plan but by the work it is, on both engines: looking for a handful among 100 000 that
/// wait is quicker than reading those.
pub async fn claiming_does_not_read_what_waits(world: &World) {
    let store = store(world);
    let merchants: Vec<_> = (0..20).map(|_| id()).collect();
    let waiting: Vec<_> = (0..100_000)
        .map(|n| job(merchants[n as usize % 20], at(1_000_000 + n)))
        .collect();
    let due: Vec<_> = (0..5).map(|n| job(id(), at(n))).collect();
    write!(store, [waiting, due], tx => async {
        tx.enqueue(&waiting).await?;
        tx.enqueue(&due).await
    })
    .unwrap();
    let (mut claiming, mut reading) = (Vec::new(), Vec::new());
    for n in 0..20 {
        let begin = Instant::now();
        let claim = Claim {
            now: at(10),
            lease_ms: 1_000,
            limit: 64,
        };
        let jobs = write!(store, [], tx => tx.claim_jobs(claim)).unwrap();
        assert_eq!(jobs.len(), if n == 0 { 5 } else { 0 });
        assert_eq!(read!(store, r => r.next_job_at()), Some(at(1_010)));
        claiming.push(begin.elapsed());
        let begin = Instant::now();
        read_all_jobs(world).await;
        reading.push(begin.elapsed());
    }
    // the best of each, since the machine has other things to do
    claiming.sort();
    reading.sort();
    assert!(claiming[0] < reading[0], "{claiming:?} {reading:?}");
    assert_eq!(read!(store, r => r.job_counts(at(10))), (0, 100_005));
}

async fn read_all_jobs(world: &World) {
    world
        .db
        .read::<_, StoreError, _>(|conn| {
            conn.enter(Scope::across(Across::Jobs));
            Box::pin(conn.fetch_one("SELECT MAX(arg) FROM jobs", params![]))
        })
        .await
        .unwrap();
}
