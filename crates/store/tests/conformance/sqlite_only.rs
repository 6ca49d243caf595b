//! The one writer: many operations per commit, intake first, a full disk, one process per file.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use store::{Database, Health, Kind, OpenError, Options, Priority, StoreError, params};

use crate::{
    harness::{World, insert, on_sqlite, temporary_folder},
    writes::hold,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_operations_share_a_commit() {
    on_sqlite(async |world| {
        let before = world.db.stats();
        let answers =
            join_all((0..200).map(|id| async move { world.add(id, &format!("n{id}")).await }))
                .await;
        assert!(answers.iter().all(Result::is_ok));
        let after = world.db.stats();
        assert_eq!(after.operations - before.operations, 200);
        let commits = after.commits - before.commits;
        assert!(commits <= 50, "{commits} commits for 200 operations");
        assert_eq!(world.names().await.len(), 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intake_goes_first() {
    on_sqlite(async |world| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let (go_on, held) = hold(&world.db).await;
        let start = |id: i64, priority: Priority| {
            let (order, db) = (Arc::clone(&order), world.db.clone());
            async move {
                db.write::<_, StoreError, _>(priority, move |tx| {
                    Box::pin(async move {
                        order.lock().unwrap().push(id);
                        insert(tx, id, &format!("n{id}")).await
                    })
                })
                .await
            }
        };
        let normal = join_all((0..5).map(|id| start(id, Priority::Normal)));
        let intake = join_all((10..12).map(|id| start(id, Priority::Intake)));
        let (normal, intake, ()) = tokio::join!(normal, intake, async {
            tokio::task::yield_now().await;
            go_on.notify_one();
        });
        held.await.unwrap();
        assert!(normal.iter().chain(&intake).all(Result::is_ok));
        assert_eq!(*order.lock().unwrap(), [10, 11, 0, 1, 2, 3, 4]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intake_does_not_starve_the_rest() {
    on_sqlite(async |world| {
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let flood = join_all((0..80_i64).map(|lane| {
            let stop = Arc::clone(&stop);
            async move {
                let mut id = 10_000 * (lane + 1);
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    id += 1;
                    let write = world
                        .db
                        .write::<_, StoreError, _>(Priority::Intake, move |tx| {
                            Box::pin(async move { insert(tx, id, &format!("i{id}")).await })
                        });
                    write.await.unwrap();
                }
            }
        }));
        let rest = async {
            for id in 0..10 {
                world.add(id, &format!("n{id}")).await.unwrap();
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), async {
            tokio::join!(flood, rest)
        })
        .await
        .unwrap();
    })
    .await;
}

async fn limit_pages(world: &World, pages: &'static str) {
    let sql = if pages == "few" {
        "PRAGMA max_page_count = 40"
    } else {
        "PRAGMA max_page_count = 4000000"
    };
    world
        .db
        .write::<_, StoreError, _>(Priority::Normal, move |tx| {
            Box::pin(async move { tx.conn().fetch_all(sql, params![]).await.map(drop) })
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_acknowledges_nothing_and_passes() {
    on_sqlite(async |world| {
        world.add(1, "one").await.unwrap();
        limit_pages(world, "few").await;
        let (go_on, held) = hold(&world.db).await;
        let crowd = (10..40_i64).map(|id| {
            world
                .db
                .write::<_, StoreError, _>(Priority::Normal, move |tx| {
                    Box::pin(async move {
                        let sql = "INSERT INTO things (id, name, bytes) VALUES ($1, $2, $3)";
                        tx.conn()
                            .execute(sql, params![id, format!("n{id}"), vec![1_u8; 20_000]])
                            .await
                    })
                })
        });
        let (answers, ()) = tokio::join!(join_all(crowd), async {
            tokio::task::yield_now().await;
            go_on.notify_one();
        });
        held.await.unwrap();
        let full = answers.iter().filter(|answer| answer.is_err()).count();
        assert!(full > 0);
        let names = world.names().await;
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(
                answer.is_ok(),
                names.contains(&format!("n{}", n + 10)),
                "{n}: {answer:?}"
            );
            if let Err(error) = answer {
                assert_eq!(error.kind(), &Kind::Unavailable, "{error:?}");
            }
        }
        assert_eq!(world.db.health(), Health::Serving);
        limit_pages(world, "many").await;
        world.add(100, "room again").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_per_file() {
    on_sqlite(async |world| {
        let second = Database::connect(&world.url, Options::default())
            .await
            .err()
            .unwrap();
        assert!(matches!(second, OpenError::InUse { .. }), "{second}");
        assert!(
            second.to_string().contains("test.db: stop it first")
                || second.to_string().contains("another process")
        );
        world.add(1, "still here").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    on_sqlite(async |world| {
        let tried = world
            .db
            .read::<_, StoreError, _>(|conn| {
                Box::pin(async move {
                    conn.execute("INSERT INTO things (id) VALUES (1)", params![])
                        .await
                })
            })
            .await;
        assert!(tried.is_err());
        assert!(world.names().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_file_and_its_folder_are_created_and_synced_fully() {
    let folder = temporary_folder();
    let url = format!("sqlite://{}/deeper/new.db", folder.display());
    let db = Database::connect(&url, Options::default()).await.unwrap();
    let row = db
        .write::<_, StoreError, _>(Priority::Normal, |tx| {
            Box::pin(async move {
                let one = |row: store::sql::Row| row.int(0);
                Ok((
                    one(tx.conn().fetch_one("PRAGMA synchronous", params![]).await?)?,
                    one(tx
                        .conn()
                        .fetch_one("PRAGMA foreign_keys", params![])
                        .await?)?,
                    tx.conn()
                        .fetch_one("PRAGMA journal_mode", params![])
                        .await?
                        .text(0)?,
                ))
            })
        })
        .await
        .unwrap();
    assert_eq!(row, (2, 1, "wal".to_owned()));
    db.close().await;
    let left = |name: &str| folder.join("deeper").join(name).exists();
    assert!(
        left("new.db") && !left("new.db-wal"),
        "closing leaves one whole file"
    );
    std::fs::remove_dir_all(folder).unwrap();
}
