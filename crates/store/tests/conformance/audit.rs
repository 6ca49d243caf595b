//! One chain per merchant, whatever happens at the same time.

use domain::{
    Time,
    audit::{Fault, Head, PendingAudit, verify_chain},
};
use futures::future::join_all;
use store::{Priority, StoreError, audit, params, sql::Scope};
use uuid::Uuid;

use crate::{
    harness::{World, insert},
    writes::hold,
};

fn entry(merchant: u128, n: i64) -> PendingAudit {
    PendingAudit {
        merchant_id: Uuid::from_u128(merchant),
        at: Time::from_ms(1_790_000_000_000 + n),
        actor: "person:1".to_owned(),
        action: "thing.added".to_owned(),
        subject_kind: "thing".to_owned(),
        subject_id: n.to_string(),
        detail: r#"{"why":"because – 東京"}"#.to_owned(),
        trace_id: (n % 2 == 0).then(|| format!("t{n}")),
    }
}

async fn verify(world: &World, merchant: u128) -> Result<Head, Fault> {
    let merchant = Uuid::from_u128(merchant);
    let (head, entries) = world
        .db
        .read::<_, StoreError, _>(|conn| {
            Box::pin(async move {
                conn.enter(Scope::of(merchant));
                let head = audit::head(conn, merchant).await?;
                Ok((
                    head,
                    audit::entries(conn, merchant, 0, head.seq, 10_000).await?,
                ))
            })
        })
        .await
        .unwrap();
    verify_chain(merchant, entries, Some(head)).map_err(|fault| fault.what)
}

pub async fn concurrent_operations_keep_one_chain_per_merchant(world: &World) {
    let operations = (0..120_i64).map(|n| {
        world
            .db
            .write::<(), StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move {
                    insert(tx, n, &format!("n{n}")).await?;
                    // every operation tells about one merchant, every third about two, in either order
                    let first = (n % 4) as u128;
                    tx.audit(entry(first, n));
                    if n % 3 == 0 {
                        tx.audit(entry(3 - first, n));
                        tx.audit(entry(first, n));
                    }
                    if n % 10 == 9 {
                        insert(tx, n, "twice").await.map(drop)
                    } else {
                        Ok(())
                    }
                })
            })
    });
    let (go_on, held) = hold(&world.db).await;
    let (answers, ()) = tokio::join!(join_all(operations), async {
        tokio::task::yield_now().await;
        go_on.notify_one();
    });
    held.await.unwrap();
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done, 108);
    let mut entries = 0;
    for merchant in 0..4 {
        entries += verify(world, merchant).await.unwrap().seq;
    }
    let thirds = (0..120).filter(|n| n % 3 == 0 && n % 10 != 9).count();
    assert_eq!(entries as usize, done + 2 * thirds);
}

pub async fn what_is_undone_leaves_no_entry(world: &World) {
    let record = async |n: i64, fine: bool| {
        let _ = world
            .db
            .write::<(), StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move {
                    tx.audit(entry(7, n));
                    if fine {
                        Ok(())
                    } else {
                        insert(tx, n, "x\0").await.map(drop)
                    }
                })
            })
            .await;
    };
    record(1, false).await;
    assert_eq!(
        verify(world, 7).await,
        Ok(Head::genesis(Uuid::from_u128(7)))
    );
    record(2, true).await;
    record(3, false).await;
    record(4, true).await;
    assert_eq!(verify(world, 7).await.unwrap().seq, 2);
}

pub async fn damage_in_the_table_is_found(world: &World) {
    for n in 0..5 {
        world
            .db
            .write::<(), StoreError, _>(Priority::Normal, move |tx| {
                Box::pin(async move {
                    tx.audit(entry(7, n));
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
    assert_eq!(verify(world, 7).await.unwrap().seq, 5);
    world
        .script(&["UPDATE audit_entries SET detail = '{}' WHERE seq = 4"])
        .await;
    assert_eq!(verify(world, 7).await, Err(Fault::Altered));
    world
        .script(&["DELETE FROM audit_entries WHERE seq >= 4"])
        .await;
    assert_eq!(verify(world, 7).await, Err(Fault::Truncated));
    world
        .script(&["DELETE FROM audit_entries WHERE seq = 2"])
        .await;
    assert_eq!(verify(world, 7).await, Err(Fault::Removed));
    let row = world
        .db
        .read::<_, StoreError, _>(|conn| {
            Box::pin(async move {
                let merchant = Uuid::from_u128(7);
                conn.enter(Scope::of(merchant));
                conn.fetch_one(
                    "SELECT count(*) FROM audit_entries WHERE merchant_id = $1",
                    params![merchant],
                )
                .await
            })
        })
        .await
        .unwrap();
    assert_eq!(row.int(0).unwrap(), 2);
}
