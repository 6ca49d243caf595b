//! What an overview says of many merchants: every number is the length of a list that can be looked at,
//! nobody else's rows count, and it is quick for two hundred of them.

use domain::{
    Time,
    approval::{Approval, ApprovalState},
    export::{Export, ExportState},
    flow::{Run, RunState, Token, TokenState},
    task::{Task, TaskState},
};
use engine::port::{AtRisk, Due, Held, ListFilter, NewReceipt, Next, Span, Taken};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{approval, at, export, id, order, receipt, run, source, task},
    tenant::{Tenant, everything, read, store, write},
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const NOW: Time = at(8 * DAY);

fn span() -> Span {
    Span {
        now: NOW,
        soon: NOW.plus_ms(HOUR),
        day: NOW.plus_ms(-DAY),
        week: NOW.plus_ms(-7 * DAY),
    }
}

fn late() -> ListFilter {
    ListFilter {
        due: Some(Due {
            after: None,
            until: Some(NOW),
        }),
        ..everything()
    }
}

fn soon() -> ListFilter {
    ListFilter {
        due: Some(Due {
            after: Some(NOW),
            until: Some(NOW.plus_ms(HOUR)),
        }),
        ..everything()
    }
}

/// A merchant's week, with the edges of every count in it.
#[derive(Clone)]
struct Week {
    tasks: Vec<Task>,
    approvals: Vec<Approval>,
    exports: Vec<Export>,
    orders: Vec<engine::port::OrderRow>,
    runs: Vec<Run>,
    receipts: Vec<NewReceipt>,
}

fn due_task(t: &Tenant, key: &str, in_ms: i64) -> Task {
    let mut task = task(t.id(), key);
    task.created_at = NOW.plus_ms(-3 * HOUR);
    task.accept_by = NOW.plus_ms(in_ms);
    task.resolve_by = NOW.plus_ms(in_ms.max(0) + 3 * HOUR);
    task
}

impl Week {
    fn of(t: &Tenant) -> Self {
        let mut tasks = vec![
            due_task(t, "late", -5 * MINUTE),
            due_task(t, "this very moment", 0),
            due_task(t, "soon", 59 * MINUTE),
            due_task(t, "in an hour", 60 * MINUTE),
            due_task(t, "later", 61 * MINUTE),
        ];
        let mut taken = due_task(t, "taken", -MINUTE);
        taken.state = TaskState::Claimed;
        taken.assignee = Some(t.user.id);
        taken.resolve_by = NOW.plus_ms(30 * MINUTE);
        let mut done = due_task(t, "done", -2 * HOUR);
        done.state = TaskState::Resolved;
        done.resolved_at = Some(NOW.plus_ms(-HOUR));
        tasks.extend([taken, done]);

        let exports: Vec<Export> = [
            (ExportState::Ready, -MINUTE),
            (ExportState::Delivering, 10 * MINUTE),
            (ExportState::Paused, 2 * HOUR),
            (ExportState::Completed, -MINUTE),
            (ExportState::Delivered, -MINUTE),
        ]
        .into_iter()
        .map(|(state, accept)| {
            let mut one = export(t.id(), id(), id());
            one.state = state;
            one.accept_by = NOW.plus_ms(accept);
            one.resolve_by = NOW.plus_ms(5 * HOUR);
            one
        })
        .collect();

        let asked = |state, in_ms: i64| {
            let mut one = approval(&exports[0], 1, state);
            one.accept_by = Some(NOW.plus_ms(in_ms));
            one
        };
        let decided = |ago: i64, took: i64, state| {
            let mut one = asked(state, -ago);
            one.decided_at = Some(NOW.plus_ms(-ago));
            one.asked_at = Some(NOW.plus_ms(-ago - took));
            one
        };
        let approvals = vec![
            asked(ApprovalState::Pending, -2 * MINUTE),
            asked(ApprovalState::Pending, 20 * MINUTE),
            asked(ApprovalState::Pending, 90 * MINUTE),
            asked(ApprovalState::Queued, -MINUTE),
            asked(ApprovalState::Expired, -MINUTE),
            decided(HOUR, 10, ApprovalState::Approved),
            decided(2 * HOUR, 30, ApprovalState::Declined),
            decided(6 * DAY, 20, ApprovalState::Approved),
            decided(7 * DAY, 9_999, ApprovalState::Approved),
        ];

        let orders: Vec<_> = (0..3)
            .map(|n| order(t.id(), t.source.id, &format!("w{n}")))
            .collect();
        let waits = |subject: Uuid, key: &str, in_ms: i64| {
            let mut one = run(t.id(), t.flow.id, key, subject);
            one.tokens = vec![standing(in_ms)];
            one
        };
        let mut over = waits(orders[2].id, "order-to-ship", -MINUTE);
        over.state = RunState::Cancelled;
        let runs = vec![
            waits(orders[0].id, "order-to-ship", -MINUTE),
            waits(orders[0].id, "returns", -2 * MINUTE),
            waits(orders[1].id, "order-to-ship", 5 * MINUTE),
            over,
            waits(id(), "a campaign's", -MINUTE),
        ];

        let receipts = [-25 * HOUR, -24 * HOUR, -HOUR, -MINUTE]
            .iter()
            .enumerate()
            .map(|(n, ago)| {
                let mut one = receipt(t.id(), t.source.id, &format!("week-{n}"));
                one.receipt.received_at = NOW.plus_ms(*ago);
                one
            })
            .collect();
        Self {
            tasks,
            approvals,
            exports,
            orders,
            runs,
            receipts,
        }
    }

    async fn written(self, store: &store::SqlStore) {
        let week = self;
        write!(store, [week], tx => async {
            for one in &week.orders {
                tx.insert_order(one).await?;
            }
            for one in &week.runs {
                assert!(tx.insert_run(one).await?);
            }
            for one in &week.exports {
                tx.insert_export(one).await?;
            }
            for one in &week.approvals {
                tx.insert_approval(one).await?;
            }
            for one in &week.tasks {
                assert!(tx.insert_task(one).await?);
            }
            tx.insert_receipts(&week.receipts).await.map(|_| ())
        })
        .unwrap();
    }
}

pub async fn every_number_is_the_rows_behind_it(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit");
    // written without the tenant's own work, so that the numbers below are all there is
    let (operator, merchant, place) = (t.operator.clone(), t.merchant.clone(), t.source.clone());
    write!(store, [operator, merchant, place], tx => async {
        tx.insert_operator(&operator).await?;
        tx.insert_merchant(&merchant).await?;
        tx.insert_source(&place).await
    })
    .unwrap();
    let silent = source(t.id());
    write!(store, [silent], tx => tx.insert_source(&silent)).unwrap();
    Week::of(&t).written(&store).await;
    let other = Tenant::new("other").written(&store).await;
    Week::of(&other).written(&store).await;

    let (all, overall) = read!(store, r => r.figures(&[t.id()], &span()));
    assert_eq!(all.len(), 1, "only what was asked for");
    let figures = &all[&t.id()];
    let risk = |late, soon| AtRisk { late, soon };
    assert_eq!(figures.tasks, risk(2, 3));
    assert_eq!(figures.approvals, risk(1, 1));
    assert_eq!(figures.exports, risk(1, 1));
    assert_eq!(figures.orders, risk(1, 1));
    macro_rules! rows {
        ($list:ident, $filter:expr) => {
            read!(store, r => r.$list(t.id(), &$filter)).len() as i64
        };
    }
    assert_eq!((rows!(tasks, late()), rows!(tasks, soon())), (2, 3));
    assert_eq!((rows!(approvals, late()), rows!(approvals, soon())), (1, 1));
    assert_eq!((rows!(exports, late()), rows!(exports, soon())), (1, 1));
    assert_eq!((rows!(orders, late()), rows!(orders, soon())), (1, 1));
    assert_eq!(rows!(receipts, late()), 0, "a receipt has no deadline");

    let mine = format!("user:{}", t.user.id);
    let held = |holder: &str, count, late| Held {
        holder: holder.to_owned(),
        count,
        late,
    };
    assert_eq!(
        figures.held,
        [held("agency:supply_chain", 5, 2), held(&mine, 1, 0)]
    );
    for held in &figures.held {
        let filter = ListFilter {
            state: Some("live".to_owned()),
            holder: Some(held.holder.clone()),
            ..everything()
        };
        assert_eq!(rows!(tasks, filter), held.count, "{}", held.holder);
    }
    let elsewhere = ListFilter {
        holder: Some(mine),
        ..everything()
    };
    assert_eq!(rows!(exports, elsewhere), 0, "only tasks have a holder");

    let taken = Taken {
        n: 3,
        p50_ms: 20,
        p95_ms: 30,
    };
    assert_eq!((figures.taken, overall), (taken, taken));
    let decided = ListFilter {
        state: Some("decided".to_owned()),
        since: Some(span().week),
        ..everything()
    };
    assert_eq!(rows!(approvals, decided), 3);

    let today = ListFilter {
        since: Some(span().day),
        ..everything()
    };
    assert_eq!((figures.receipts, rows!(receipts, today)), (2, 2));
    assert_eq!(figures.last_receipt, Some(NOW.plus_ms(-MINUTE)));
    assert_eq!(figures.sources, 2);
    assert_eq!(figures.quiet, [(silent.id, silent.name.clone())]);
    match &figures.next {
        Some(Next::Task(task)) => assert_eq!(task.dedup_key, "late"),
        next => panic!("{next:?}"),
    }
    assert_eq!((figures.opened.len(), figures.ended.len()), (24, 24));
    assert_eq!(figures.opened.iter().sum::<i64>(), 7);
    assert_eq!(figures.opened[20], 7, "three hours ago, to the millisecond");
    assert_eq!(
        (figures.ended.iter().sum::<i64>(), figures.ended[22]),
        (1, 1)
    );
}

pub async fn what_moves_on_is_counted_no_more(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    Week::of(&t).written(&store).await;
    let count = async || {
        let (all, _) = read!(store, r => r.figures(&[t.id()], &span()));
        all[&t.id()].clone()
    };
    let before = count().await;
    let pick = read!(store, r => r.tasks(t.id(), &late()));
    let task = pick[0].clone().resolve(None, "done", NOW).unwrap();
    let mut sent = read!(store, r => r.exports(t.id(), &late()))[0].clone();
    sent.state = ExportState::Delivered;
    let mut decided = read!(store, r => r.approvals(t.id(), &late()))[0].clone();
    decided.state = ApprovalState::Approved;
    decided.decided_at = Some(NOW);
    let waiting = read!(store, r => r.orders(t.id(), &late()))[0].id;
    let mut runs = read!(store, r => r.runs_of(t.id(), waiting));
    for run in &mut runs {
        run.state = RunState::Completed;
    }
    write!(store, [task, sent, decided, runs], tx => async {
        tx.save_task(&task).await?;
        tx.save_export(&sent).await?;
        tx.save_approval(&decided).await?;
        for run in &runs {
            tx.save_run(run).await?;
        }
        Ok(())
    })
    .unwrap();
    let after = count().await;
    assert_eq!(after.tasks.late, before.tasks.late - 1);
    assert_eq!(after.exports.late, before.exports.late - 1);
    assert_eq!(after.approvals.late, before.approvals.late - 1);
    assert_eq!(after.orders.late, 0);
    assert_eq!(after.taken.n, before.taken.n + 1);
    assert_eq!(
        after.ended.iter().sum::<i64>(),
        before.ended.iter().sum::<i64>() + 1
    );
}

/// Says how long it takes; on a busy machine that proves nothing, so nothing is asserted about it.
pub async fn two_hundred_merchants_are_counted_at_once(world: &World) {
    let store = store(world);
    let mut merchants = Vec::new();
    for n in 0..200 {
        let t = Tenant::new(&format!("m{n}"));
        let (operator, merchant, place) =
            (t.operator.clone(), t.merchant.clone(), t.source.clone());
        write!(store, [operator, merchant, place], tx => async {
            tx.insert_operator(&operator).await?;
            tx.insert_merchant(&merchant).await?;
            tx.insert_source(&place).await
        })
        .unwrap();
        let mut week = Week::of(&t);
        for n in 0..100 {
            let mut one = receipt(t.id(), t.source.id, &format!("more-{n}"));
            one.receipt.received_at = NOW.plus_ms(-n * 10 * MINUTE);
            week.receipts.push(one);
        }
        for n in 0..30 {
            let mut one = due_task(&t, &format!("over-{n}"), -n * HOUR);
            one.state = TaskState::Resolved;
            one.resolved_at = Some(NOW.plus_ms(-n * HOUR));
            week.tasks.push(one);
            let mut one = approval(&week.exports[0], 1, ApprovalState::Approved);
            one.asked_at = Some(NOW.plus_ms(-n * HOUR - 5 * MINUTE));
            one.decided_at = Some(NOW.plus_ms(-n * HOUR));
            week.approvals.push(one);
        }
        week.written(&store).await;
        merchants.push(t.id());
    }
    let mut took = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let (all, overall) = read!(store, r => r.figures(&merchants, &span()));
        took.push(begin.elapsed());
        assert_eq!(all.len(), 200);
        assert_eq!(overall.n, 200 * 33);
        assert!(
            all.values()
                .all(|one| one.tasks == AtRisk { late: 2, soon: 3 })
        );
    }
    took.sort();
    println!(
        "an overview of 200 merchants took {:?} (median of 5)",
        took[2]
    );
}

/// A branch that is due then.
fn standing(in_ms: i64) -> Token {
    Token {
        n: 0,
        step: "await_shipment".to_owned(),
        since: NOW,
        at: TokenState::Waiting,
        tries: 0,
        wait_until: Some(NOW.plus_ms(in_ms)),
        accept_by: None,
    }
}
