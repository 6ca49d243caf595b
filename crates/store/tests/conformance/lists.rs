//! Lists: every row exactly once over the pages, filtered by what it is and by what it says.

use domain::{
    approval::ApprovalState,
    task::{Task, TaskState},
};
use engine::port::ListFilter;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{approval, at, export, id, order, quarantined, receipt, run, task},
    tenant::{Tenant, everything, read, store, write},
};

/// Visits a list page by page, and says in which order its rows came.
macro_rules! paged {
    ($store:expr, $merchant:expr, $list:ident, $row:ident => $time:expr, $id:expr) => {{
        let mut seen = Vec::new();
        let mut filter = ListFilter {
            limit: 3,
            ..ListFilter::default()
        };
        loop {
            let page = read!($store, r => r.$list($merchant, &filter));
            assert!(page.len() <= 3);
            let Some($row) = page.last() else { break };
            filter.before = Some(($time, $id));
            seen.extend(page.iter().map(|$row| ($time, $id)));
        }
        seen
    }};
}

/// Newest first; rows of one moment by id.
fn newest_first<T: Ord>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort();
    rows.reverse();
    rows
}

pub async fn every_row_is_on_one_page(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit");
    let merchant = t.id();
    let mut receipts = Vec::new();
    let (mut orders, mut exports, mut tasks, mut approvals) = (vec![], vec![], vec![], vec![]);
    for n in 0..11 {
        // several share a moment
        let time = at(n / 3);
        let mut one = receipt(merchant, t.source.id, &format!("d{n}"));
        one.receipt.received_at = time;
        receipts.push(one);
        let mut one = order(merchant, t.source.id, &format!("{n}"));
        one.updated_at = time;
        orders.push(one);
        let mut one = export(merchant, id(), id());
        one.created_at = time;
        approvals.push(approval(&one, 1, ApprovalState::Pending));
        exports.push(one);
        let mut one = task(merchant, &format!("t{n}"));
        one.created_at = time;
        tasks.push(one);
    }
    write!(store, [receipts, orders, exports, tasks, approvals], tx => async {
        tx.insert_receipts(&receipts).await?;
        for n in 0..receipts.len() {
            tx.insert_order(&orders[n]).await?;
            tx.insert_export(&exports[n]).await?;
            tx.insert_task(&tasks[n]).await?;
            tx.insert_approval(&approvals[n]).await?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(
        paged!(store, merchant, receipts, row => row.received_at, row.id),
        newest_first(
            receipts
                .iter()
                .map(|new| (new.receipt.received_at, new.receipt.id))
                .collect()
        )
    );
    assert_eq!(
        paged!(store, merchant, orders, row => row.updated_at, row.id),
        newest_first(orders.iter().map(|row| (row.updated_at, row.id)).collect())
    );
    assert_eq!(
        paged!(store, merchant, exports, row => row.created_at, row.id),
        newest_first(exports.iter().map(|row| (row.created_at, row.id)).collect())
    );
    assert_eq!(
        paged!(store, merchant, tasks, row => row.created_at, row.id),
        newest_first(tasks.iter().map(|row| (row.created_at, row.id)).collect())
    );
    assert_eq!(
        paged!(store, merchant, approvals, row => at(0), row.id),
        newest_first(approvals.iter().map(|row| (at(0), row.id)).collect())
    );
}

fn by_state(state: &str) -> ListFilter {
    ListFilter {
        state: Some(state.to_owned()),
        ..everything()
    }
}

fn by_kind(kind: &str) -> ListFilter {
    ListFilter {
        kind: Some(kind.to_owned()),
        ..everything()
    }
}

fn saying(words: &str) -> ListFilter {
    ListFilter {
        query: Some(words.to_owned()),
        ..everything()
    }
}

pub async fn lists_are_filtered_by_state_and_kind(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let mut other = quarantined(receipt(merchant, t.source.id, "d"));
    other.receipt.topic = "refunds/create".to_owned();
    let batch = vec![other.clone()];
    write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
    let found = async |filter: ListFilter| read!(store, r => r.receipts(merchant, &filter));
    assert_eq!(found(everything()).await.len(), 2);
    assert_eq!(
        found(by_state("quarantined")).await,
        [other.receipt.clone()]
    );
    assert_eq!(
        found(by_kind("refunds/create")).await,
        [other.receipt.clone()]
    );
    assert_eq!(found(by_state("processed")).await, []);

    let mut second = export(merchant, t.run.id, t.order.id);
    second.export_type = "campaign".to_owned();
    let decided = approval(&second, 1, ApprovalState::Approved);
    let queued = approval(&second, 2, ApprovalState::Queued);
    let mut over = task(merchant, "over");
    over.state = TaskState::Cancelled;
    over.code = "declined".to_owned();
    write!(store, [second, decided, queued, over], tx => async {
        tx.insert_export(&second).await?;
        tx.insert_approval(&decided).await?;
        tx.insert_approval(&queued).await?;
        tx.insert_task(&over).await
    })
    .unwrap();
    let found = async |filter: ListFilter| read!(store, r => r.exports(merchant, &filter));
    assert_eq!(found(by_kind("campaign")).await, [second]);
    assert_eq!(found(by_state("ready")).await.len(), 2);
    let found = async |filter: ListFilter| read!(store, r => r.approvals(merchant, &filter));
    assert_eq!(found(by_state("open")).await, [queued, t.approval]);
    assert_eq!(found(by_state("approved")).await, [decided]);
    assert_eq!(found(by_kind("any")).await, []);
    let found = async |filter: ListFilter| read!(store, r => r.tasks(merchant, &filter));
    assert_eq!(found(by_state("live")).await, [t.task]);
    assert_eq!(found(by_state("cancelled")).await, [over.clone()]);
    assert_eq!(found(by_kind("declined")).await, [over]);
    let found = async |filter: ListFilter| read!(store, r => r.orders(merchant, &filter));
    assert_eq!(found(by_state("open")).await, [t.order]);
    assert_eq!(found(by_kind("any")).await, []);
    let mut few = everything();
    few.limit = 1;
    assert_eq!(found(few).await.len(), 1);
}

pub async fn lists_are_searched_in_lower_case_and_literally(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let orders = async |words: &str| read!(store, r => r.orders(merchant, &saying(words))).len();
    let short_id = t.order.id.to_string()[24..].to_uppercase();
    for words in [
        "#5001",
        "ADA",
        "lovelace",
        "example.com",
        "kit-01",
        "  5001 ",
        &short_id,
        "",
    ] {
        assert_eq!(orders(words).await, 1, "{words:?}");
    }
    for words in ["%", "_001", "bob", r"\"] {
        assert_eq!(orders(words).await, 0, "{words:?}");
    }
    let receipts =
        async |words: &str| read!(store, r => r.receipts(merchant, &saying(words))).len();
    for words in ["Orders/Create", "delivery-1", "5001"] {
        assert_eq!(receipts(words).await, 1, "{words:?}");
    }
    assert_eq!(receipts("5002").await, 0);
    let exports = async |words: &str| read!(store, r => r.exports(merchant, &saying(words))).len();
    assert_eq!(
        (
            exports("ship #1001").await,
            exports("5001").await,
            exports("x").await
        ),
        (1, 1, 0)
    );
    let tasks = async |words: &str| read!(store, r => r.tasks(merchant, &saying(words))).len();
    assert_eq!(
        (
            tasks("KITS").await,
            tasks("insufficient_inv").await,
            tasks("1 of 2").await
        ),
        (1, 1, 1)
    );
    let approvals =
        async |words: &str| read!(store, r => r.approvals(merchant, &saying(words))).len();
    assert_eq!(
        (approvals("over $100").await, approvals("nobody").await),
        (1, 0)
    );
}

pub async fn queues_run_over_several_merchants_by_deadline(world: &World) {
    let store = store(world);
    let (a, b, c) = (
        Tenant::new("a").written(&store).await,
        Tenant::new("b").written(&store).await,
        id(),
    );
    let mut urgent = task(b.id(), "urgent");
    urgent.accept_by = at(500);
    let mut elsewhere = task(c, "elsewhere");
    elsewhere.accept_by = at(1);
    let mut over = task(a.id(), "over");
    over.state = TaskState::Resolved;
    let later = approval(&b.export, 2, ApprovalState::Pending);
    let queued = approval(&b.export, 1, ApprovalState::Queued);
    write!(store, [urgent, elsewhere, over, later, queued], tx => async {
        for task in [&urgent, &elsewhere, &over] {
            assert!(tx.insert_task(task).await?);
        }
        tx.insert_approval(&later).await?;
        tx.insert_approval(&queued).await
    })
    .unwrap();
    let both = [a.id(), b.id()];
    let ids = |tasks: Vec<Task>| tasks.iter().map(|task| task.id).collect::<Vec<Uuid>>();
    let live = read!(store, r => r.live_tasks(&both, 9));
    assert_eq!(ids(live), [urgent.id, a.task.id, b.task.id]);
    let first = read!(store, r => r.live_tasks(&both, 1));
    assert_eq!(ids(first), [urgent.id]);
    let none = read!(store, r => r.live_tasks(&[], 9));
    assert!(none.is_empty());

    // claimed, its other clock counts
    urgent.state = TaskState::Claimed;
    write!(store, [urgent], tx => tx.save_task(&urgent)).unwrap();
    let live = read!(store, r => r.live_tasks(&both, 9));
    assert_eq!(ids(live), [a.task.id, b.task.id, urgent.id]);

    let pending = read!(store, r => r.pending_approvals(&both, 9));
    let pending: Vec<Uuid> = pending.iter().map(|approval| approval.id).collect();
    assert_eq!(pending, [a.approval.id, b.approval.id, later.id]);

    let runs = (0..3)
        .map(|_| run(c, id(), "launch", id()))
        .collect::<Vec<_>>();
    write!(store, [runs], tx => async {
        for run in &runs {
            tx.insert_run(run).await?;
        }
        Ok(())
    })
    .unwrap();
    let newest = read!(store, r => r.runs_of_flow(c, "launch", 2));
    assert_eq!(newest, [runs[2].clone(), runs[1].clone()]);
}
