//! What is told after a commit: what became durable, once, and nothing else.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::Time;
use engine::{
    Error,
    port::{AuditNote, Claim, CommitHook, News, Store, StoreExt},
};
use store::SqlStore;
use tokio::sync::Notify;

use crate::{
    harness::World,
    make::{at, id, job, note, receipt},
    tenant::{read, store, write},
    writes::hold,
};

#[derive(Default)]
struct Heard(Mutex<Vec<(Vec<String>, Option<Time>)>>);

impl CommitHook for Heard {
    fn committed(&self, notes: &[AuditNote], earliest_job: Option<Time>) {
        let actions = notes.iter().map(|note| note.action.clone()).collect();
        self.0.lock().unwrap().push((actions, earliest_job));
    }

    fn heard(&self, _news: News) {}
}

fn hearing(store: &SqlStore) -> Arc<Heard> {
    let heard = Arc::new(Heard::default());
    store.on_commit(heard.clone());
    heard
}

fn heard(heard: &Heard) -> Vec<(Vec<String>, Option<Time>)> {
    std::mem::take(&mut *heard.0.lock().unwrap())
}

pub async fn a_commit_is_told_once(world: &World) {
    let store = store(world);
    let hook = hearing(&store);
    let merchant = id();
    let jobs = vec![job(merchant, at(30)), job(merchant, at(20))];
    write!(store, [jobs], tx => async {
        tx.note(note(merchant, "first", merchant));
        tx.enqueue(&jobs).await?;
        tx.note(note(merchant, "second", merchant));
        Ok(())
    })
    .unwrap();
    let both = vec!["first".to_owned(), "second".to_owned()];
    assert_eq!(heard(&hook), [(both, Some(at(20)))]);
    let batch = vec![receipt(merchant, id(), "a")];
    write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
    assert_eq!(heard(&hook), [(vec![], Some(at(10)))]);
}

pub async fn what_was_undone_is_not_told(world: &World) {
    let store = store(world);
    let hook = hearing(&store);
    let merchant = id();
    let (go_on, held) = hold(&world.db).await;
    let jobs: Vec<_> = (0..6).map(|n| job(merchant, at(20 + n))).collect();
    let crowd = jobs.iter().zip(0..).map(|(job, n)| {
        let job = job.clone();
        store.write(move |tx| {
            Box::pin(async move {
                tx.note(note(merchant, &format!("n{n}"), merchant));
                tx.enqueue(&[job]).await?;
                match n % 2 {
                    0 => Ok(()),
                    _ => Err(Error::conflict("not today")),
                }
            })
        })
    });
    let (answers, ()) = tokio::join!(futures::future::join_all(crowd), async {
        tokio::task::yield_now().await;
        go_on.notify_one();
    });
    held.await.unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    let mut told: Vec<String> = heard(&hook)
        .into_iter()
        .flat_map(|(actions, _)| actions)
        .collect();
    told.sort();
    assert_eq!(told, ["n0", "n2", "n4"]);
    assert_eq!(
        read!(store, r => r.audit_head(merchant)).map(|head| head.seq),
        Some(3)
    );
    let claim = Claim {
        now: at(1_000),
        lease_ms: 1_000,
        limit: 64,
    };
    let there = write!(store, [], tx => tx.claim_jobs(claim)).unwrap();
    let ids: Vec<_> = there.iter().map(|job| job.id).collect();
    assert_eq!(ids, [jobs[0].id, jobs[2].id, jobs[4].id]);
}

pub async fn a_commit_is_told_when_the_caller_has_gone(world: &World) {
    let store = store(world);
    let hook = hearing(&store);
    let merchant = id();
    let (go_on, under_way) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let caller = tokio::spawn({
        let (store, go_on, under_way) = (store.clone(), go_on.clone(), under_way.clone());
        async move {
            store
                .write(move |tx| {
                    Box::pin(async move {
                        tx.note(note(merchant, "done", merchant));
                        under_way.notify_one();
                        go_on.notified().await;
                        Ok(())
                    })
                })
                .await
        }
    });
    under_way.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go_on.notify_one();
    let told = async {
        while hook.0.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told)
        .await
        .unwrap();
    assert_eq!(heard(&hook), [(vec!["done".to_owned()], None)]);
    assert_eq!(
        read!(store, r => r.audit_head(merchant)).map(|head| head.seq),
        Some(1)
    );
}
