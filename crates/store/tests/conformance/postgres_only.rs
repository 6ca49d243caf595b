//! What only a server with several writers can do wrong.

use std::sync::Arc;

use store::{Kind, Priority, StoreError, params};
use tokio::sync::Barrier;

use crate::harness::on_postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_busy_and_undone() {
    on_postgres(async |world| {
        world.add(1, "one").await.unwrap();
        world.add(2, "two").await.unwrap();
        let both = Arc::new(Barrier::new(2));
        let cross = |first: i64, second: i64| {
            let both = Arc::clone(&both);
            world.db.write::<_, StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move {
                    let sql = "UPDATE things SET name = name || '!' WHERE id = $1";
                    tx.conn().execute(sql, params![first]).await?;
                    both.wait().await;
                    tx.conn().execute(sql, params![second]).await
                })
            })
        };
        let (left, right) = tokio::join!(cross(1, 2), cross(2, 1));
        let (won, lost) = if left.is_ok() { (left, right) } else { (right, left) };
        assert_eq!(won, Ok(1));
        let lost = lost.unwrap_err();
        assert_eq!(lost.kind(), &Kind::Busy);
        assert!(lost.is_transient());
        assert_eq!(world.names().await, ["one!", "two!"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_start_at_once() {
    on_postgres(async |world| {
        world.script(&["DROP TABLE schema_migrations", "DROP TABLE audit_entries", "DROP TABLE audit_heads"]).await;
        let all = futures::future::join_all((0..4).map(|_| world.reopened())).await;
        for (n, db) in all.into_iter().enumerate() {
            db.write::<_, StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move { crate::harness::insert(tx, n as i64, &format!("n{n}")).await })
            })
            .await
            .unwrap();
            db.close().await;
        }
        assert_eq!(world.names().await.len(), 4);
    })
    .await;
}
