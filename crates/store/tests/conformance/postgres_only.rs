//! What only a server with several writers can do wrong.

use std::{sync::Arc, time::Duration};

use futures::{future::join_all, poll};
use store::{Database, Kind, Options, Priority, StoreError, params, sql::Scope};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::harness::{on_postgres, with_postgres_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_busy_and_undone() {
    on_postgres(async |world| {
        world.add(1, "one").await.unwrap();
        world.add(2, "two").await.unwrap();
        let both = Arc::new(Barrier::new(2));
        let cross = |first: i64, second: i64| {
            let both = Arc::clone(&both);
            world
                .db
                .write::<_, StoreError, _>(Priority::Normal, move |tx| {
                    Box::pin(async move {
                        let sql = "UPDATE things SET name = name || '!' WHERE id = $1";
                        tx.conn().execute(sql, params![first]).await?;
                        both.wait().await;
                        tx.conn().execute(sql, params![second]).await
                    })
                })
        };
        let (left, right) = tokio::join!(cross(1, 2), cross(2, 1));
        let (won, lost) = if left.is_ok() {
            (left, right)
        } else {
            (right, left)
        };
        assert_eq!(won, Ok(1));
        let lost = lost.unwrap_err();
        assert_eq!(lost.kind(), &Kind::Busy);
        assert!(lost.is_transient());
        assert_eq!(world.names().await, ["one!", "two!"]);
    })
    .await;
}

/// A reader whose caller goes away while the transaction begins: no writer may find itself in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_away_leaves_no_transaction_behind() {
    with_postgres_database(async |url| {
        let options = Options {
            connections: 1,
            ..Options::default()
        };
        let db = Database::connect(&url, options).await.unwrap();
        for n in 0..40 {
            let mut reading = Box::pin(db.read::<_, StoreError, _>(|conn| {
                Box::pin(async move {
                    conn.enter(Scope::of(Uuid::nil()));
                    conn.fetch_all("SELECT id FROM merchants", params![]).await
                })
            }));
            // one answer of the server further each time, then it is given up
            for _ in 0..n % 8 {
                if poll!(&mut reading).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            drop(reading);
            let written = db
                .write::<_, StoreError, _>(Priority::Normal, |tx| {
                    let nothing = "DELETE FROM sessions WHERE FALSE";
                    Box::pin(async move { tx.conn().execute(nothing, params![]).await })
                })
                .await;
            assert_eq!(written, Ok(0), "given up at {}", n % 8);
        }
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_start_at_once() {
    with_postgres_database(async |url| {
        let starts = (0..4).map(|_| Database::connect(&url, Options::default()));
        for started in join_all(starts).await {
            let db = started.unwrap();
            let merchants = db
                .read::<_, StoreError, _>(|conn| {
                    Box::pin(async move {
                        conn.fetch_all("SELECT id FROM merchants", params![])
                            .await
                            .map(|rows| rows.len())
                    })
                })
                .await;
            assert_eq!(merchants, Ok(0));
            db.close().await;
        }
    })
    .await;
}
