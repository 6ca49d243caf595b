//! Operations: all or nothing, each for itself.

use std::sync::Arc;

use futures::future::join_all;
use store::{
    Database, Health, Kind, OpenError, Options, Priority, StoreError, migrate::MigrateError, params,
};
use tokio::sync::{Notify, oneshot};

use crate::harness::{World, insert, names};

pub async fn conflicts_have_names(world: &World) {
    world.script(&[
        "INSERT INTO things (id, name, kind, code) VALUES (1, 'one', 'k', 'Code'), (9, 'nine', 'x', 'Low')",
        "INSERT INTO pairs (a, b) VALUES (1, 2)",
    ])
    .await;
    let check = async |sql: &'static str, name: &str| {
        let error = world
            .db
            .write::<u64, StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move { tx.conn().execute(sql, params![]).await })
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), &Kind::Conflict(name.to_owned()), "{sql}");
        assert_eq!(error.to_string(), "it exists already");
    };
    check(
        "INSERT INTO things (id, name) VALUES (1, 'two')",
        "things_pkey",
    )
    .await;
    check(
        "INSERT INTO things (id, name) VALUES (2, 'one')",
        "things_by_name",
    )
    .await;
    check(
        "INSERT INTO things (id, kind, code) VALUES (2, 'k', 'Code')",
        "things_kind_code_key",
    )
    .await;
    check(
        "INSERT INTO things (id, kind, code) VALUES (2, 'y', 'LOW')",
        "things_by_code_in_lower_case",
    )
    .await;
    check(
        "INSERT INTO pairs (a, b) VALUES (1, 3), (1, 2)",
        "pairs_pkey",
    )
    .await;
}

pub async fn expected_conflicts_are_no_errors(world: &World) {
    world.add(1, "one").await.unwrap();
    let changed = world
        .db
        .write::<_, StoreError, _>(Priority::Normal, |tx| {
            Box::pin(async move {
                let ignored = tx
                    .conn()
                    .execute(
                        "INSERT INTO things (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                        params![1, "x"],
                    )
                    .await?;
                let row = tx
                    .conn()
                    .fetch_one(
                        "INSERT INTO things (id, name) VALUES ($1, $2) \
                         ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING name",
                        params![1, "uno"],
                    )
                    .await?;
                Ok((ignored, row.text(0)?))
            })
        })
        .await
        .unwrap();
    assert_eq!(changed, (0, "uno".to_owned()));
    assert_eq!(world.names().await, ["uno"]);
}

pub async fn a_failed_statement_ends_the_operation(world: &World) {
    world.add(1, "one").await.unwrap();
    let error = world
        .db
        .write::<_, StoreError, _>(Priority::Normal, |tx| {
            Box::pin(async move {
                insert(tx, 2, "two").await?;
                let conflict = insert(tx, 1, "again").await.unwrap_err();
                assert_eq!(conflict.conflict(), Some("things_pkey"));
                let after = insert(tx, 3, "three").await.unwrap_err();
                assert_eq!(after.kind(), &Kind::Internal);
                // as if nothing had happened
                Ok(())
            })
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &Kind::Internal);
    assert_eq!(world.names().await, ["one"]);
    world.add(4, "four").await.unwrap();
    assert_eq!(world.names().await, ["one", "four"]);
}

#[derive(Debug, PartialEq)]
enum Refusal {
    NotToday,
    Store,
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

pub async fn an_error_undoes_the_operation(world: &World) {
    let refused = world
        .db
        .write::<(), Refusal, _>(Priority::Intake, |tx| {
            Box::pin(async move {
                insert(tx, 1, "one").await?;
                Err(Refusal::NotToday)
            })
        })
        .await;
    assert_eq!(refused, Err(Refusal::NotToday));
    assert!(world.names().await.is_empty());
    assert_eq!(world.db.health(), Health::Serving);
}

/// An operation that holds the writer of SQLite until it is told to go on, so that those that are
/// started meanwhile have to share a commit.
pub async fn hold(db: &Database) -> (Arc<Notify>, tokio::task::JoinHandle<()>) {
    let (db, go_on) = (db.clone(), Arc::new(Notify::new()));
    let waits = Arc::clone(&go_on);
    let (began, has_begun) = oneshot::channel();
    let held = tokio::spawn(async move {
        db.write::<_, StoreError, _>(Priority::Intake, |tx| {
            Box::pin(async move {
                let _ = began.send(());
                waits.notified().await;
                insert(tx, 1_000, "held").await.map(drop)
            })
        })
        .await
        .unwrap();
    });
    has_begun.await.unwrap();
    (go_on, held)
}

pub async fn one_failure_in_a_crowd_undoes_only_itself(world: &World) {
    let (go_on, held) = hold(&world.db).await;
    let crowd = (0..40_i64).map(|id| {
        world
            .db
            .write::<_, Refusal, _>(Priority::Normal, move |tx| {
                Box::pin(async move {
                    insert(tx, id, &format!("n{id}")).await?;
                    match id % 4 {
                        // refuses after writing; violates a constraint; both in the middle of the others
                        1 => Err(Refusal::NotToday),
                        2 => Ok(insert(tx, id, "twice").await.map(drop)?),
                        _ => Ok(()),
                    }
                })
            })
    });
    let (answers, ()) = tokio::join!(join_all(crowd), async {
        tokio::task::yield_now().await;
        go_on.notify_one();
    });
    held.await.unwrap();
    for (id, answer) in answers.iter().enumerate() {
        let expected = match id % 4 {
            1 => Err(Refusal::NotToday),
            2 => Err(Refusal::Store),
            _ => Ok(()),
        };
        assert_eq!(answer, &expected, "{id}");
    }
    let mut expected: Vec<String> = (0..40)
        .filter(|id| matches!(id % 4, 0 | 3))
        .map(|id| format!("n{id}"))
        .collect();
    expected.push("held".to_owned());
    assert_eq!(world.names().await, expected);
}

pub async fn a_panic_undoes_only_itself(world: &World) {
    let (go_on, held) = hold(&world.db).await;
    let crowd = (0..6_i64).map(|id| {
        world
            .db
            .write::<_, StoreError, _>(Priority::Normal, move |tx| {
                assert!(id != 4, "before the first await");
                Box::pin(async move {
                    insert(tx, id, &format!("n{id}")).await?;
                    assert!(id != 2, "in the middle");
                    Ok(())
                })
            })
    });
    let (answers, ()) = tokio::join!(join_all(crowd), async {
        tokio::task::yield_now().await;
        go_on.notify_one();
    });
    held.await.unwrap();
    for (id, answer) in answers.iter().enumerate() {
        match id {
            2 | 4 => assert_eq!(answer.as_ref().unwrap_err().kind(), &Kind::Internal),
            _ => assert_eq!(answer, &Ok(())),
        }
    }
    assert_eq!(world.names().await, ["n0", "n1", "n3", "n5", "held"]);
    // and when it is alone
    let alone = world
        .db
        .write::<(), StoreError, _>(Priority::Normal, |_| panic!("alone"))
        .await;
    assert!(alone.unwrap_err().context().contains("alone"));
    world.add(7, "n7").await.unwrap();
}

pub async fn a_caller_that_goes_away_leaves_nothing_half_done(world: &World) {
    for id in 0..30_i64 {
        let write = world
            .db
            .write::<_, StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move {
                    insert(tx, 2 * id, &format!("left {id}")).await?;
                    tokio::task::yield_now().await;
                    insert(tx, 2 * id + 1, &format!("right {id}")).await
                })
            });
        let patience = std::time::Duration::from_micros(40 * id as u64);
        // whether it was fast enough is what varies here
        let _ = tokio::time::timeout(patience, write).await;
    }
    world.add(1_000, "end").await.unwrap();
    let names = world.names().await;
    for id in 0..30 {
        let there = |side: &str| names.contains(&format!("{side} {id}"));
        assert_eq!(there("left"), there("right"), "{id}");
    }
}

pub async fn what_is_answered_is_there_after_reopening(world: &World) {
    world.add(1, "one").await.unwrap();
    world.db.clone().close().await;
    let after = world.add(2, "two").await.unwrap_err();
    assert_eq!(after.kind(), &Kind::Unavailable);
    let again = world.reopened().await;
    assert_eq!(names(&again).await, ["one"]);
    again.close().await;
}

pub async fn closing_finishes_what_waits(world: &World) {
    let (go_on, held) = hold(&world.db).await;
    let writes = join_all((0..10).map(|id| async move { world.add(id, &format!("n{id}")).await }));
    let (answers, (), ()) = tokio::join!(
        writes,
        async {
            tokio::task::yield_now().await;
            go_on.notify_one();
        },
        async {
            tokio::task::yield_now().await;
            world.db.clone().close().await;
        }
    );
    held.await.unwrap();
    let again = world.reopened().await;
    let there = names(&again).await;
    for (id, answer) in answers.iter().enumerate() {
        assert_eq!(
            answer.is_ok(),
            there.contains(&format!("n{id}")),
            "{id}: {answer:?}"
        );
    }
    again.close().await;
}

async fn open_error(world: &World) -> MigrateError {
    world.db.clone().close().await;
    match Database::connect(&world.url, Options::default()).await {
        Err(OpenError::Migrate(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

pub async fn a_newer_database_is_refused(world: &World) {
    world.script(&["INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999_future', '')"]).await;
    let error = open_error(world).await;
    assert!(
        matches!(error, MigrateError::Newer { found: 9999, .. }),
        "{error}"
    );
}

pub async fn a_changed_migration_is_refused(world: &World) {
    world
        .script(&["UPDATE schema_migrations SET checksum = 'other' WHERE version = 1"])
        .await;
    let error = open_error(world).await;
    assert!(
        matches!(&error, MigrateError::Changed { name } if name == "0001_foundation"),
        "{error}"
    );
}

pub async fn reading_beside_the_server(world: &World) {
    world.add(1, "one").await.unwrap();
    let beside = Database::connect_read_only(&world.url, Options::default())
        .await
        .unwrap();
    assert_eq!(names(&beside).await, ["one"]);
    let refused = beside
        .write::<_, StoreError, _>(Priority::Normal, |tx| Box::pin(insert(tx, 2, "two")))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), &Kind::Unavailable);
    world.add(2, "two").await.unwrap();
    assert_eq!(names(&beside).await, ["one", "two"]);
    beside.close().await;
}
