//! Jobs: claimed by one, given back by time, committed only by whoever holds the last lease.

use std::collections::HashSet;

use engine::port::{Claim, ReceiptOutcome};
use futures::future::join_all;

use crate::{
    harness::World,
    make::{at, id, job, receipt},
    tenant::{read, store, write},
};

fn claim(now: i64, limit: i64) -> Claim {
    Claim {
        now: at(now),
        lease_ms: 1_000,
        limit,
    }
}

pub async fn due_jobs_are_claimed_earliest_first(world: &World) {
    let store = store(world);
    let merchant = id();
    let [late, early, future] = [30, 20, 90].map(|ms| job(merchant, at(ms)));
    let jobs = vec![late.clone(), early.clone(), future.clone()];
    write!(store, [jobs], tx => tx.enqueue(&jobs)).unwrap();
    // one that is there already stays as it is
    let mut again = early.clone();
    again.run_at = at(80);
    let again = vec![again];
    write!(store, [again], tx => tx.enqueue(&again)).unwrap();
    assert_eq!(read!(store, r => r.next_job_at()), Some(at(20)));
    assert_eq!(read!(store, r => r.job_counts(at(30))), (2, 3));

    let first = write!(store, [], tx => tx.claim_jobs(claim(30, 1))).unwrap();
    let mut expected = early.clone();
    expected.fence = 1;
    assert_eq!(first, [expected]);
    let second = write!(store, [], tx => tx.claim_jobs(claim(30, 9))).unwrap();
    assert_eq!(
        second.iter().map(|job| job.id).collect::<Vec<_>>(),
        [late.id]
    );
    assert!(
        write!(store, [], tx => tx.claim_jobs(claim(30, 9)))
            .unwrap()
            .is_empty()
    );
    // the future one comes before the leases end
    assert_eq!(read!(store, r => r.next_job_at()), Some(at(90)));
    let done = first[0].clone();
    assert!(write!(store, [done], tx => tx.finish_job(&done)).unwrap());
    assert!(!write!(store, [done], tx => tx.finish_job(&done)).unwrap());
    assert_eq!(read!(store, r => r.job_counts(at(90))), (1, 2));
}

pub async fn a_lost_lease_cannot_finish(world: &World) {
    let store = store(world);
    let jobs = vec![job(id(), at(0))];
    write!(store, [jobs], tx => tx.enqueue(&jobs)).unwrap();
    let first = write!(store, [], tx => tx.claim_jobs(claim(0, 9)))
        .unwrap()
        .remove(0);
    assert_eq!((first.attempts, first.fence), (0, 1));
    assert_eq!(read!(store, r => r.next_job_at()), Some(at(1_000)));
    assert!(
        write!(store, [], tx => tx.claim_jobs(claim(999, 9)))
            .unwrap()
            .is_empty()
    );
    let second = write!(store, [], tx => tx.claim_jobs(claim(1_000, 9)))
        .unwrap()
        .remove(0);
    assert_eq!((second.attempts, second.fence), (1, 2));
    assert!(!write!(store, [first], tx => tx.finish_job(&first)).unwrap());
    assert!(!write!(store, [first], tx => tx.postpone_job(&first, at(5))).unwrap());
    assert!(!write!(store, [first], tx => tx.renew_job(&first, at(9_000))).unwrap());
    // who still has it holds on to it: the end of the first lease passes, and it is not free
    assert!(write!(store, [second], tx => tx.renew_job(&second, at(3_500))).unwrap());
    assert!(
        write!(store, [], tx => tx.claim_jobs(claim(3_499, 9)))
            .unwrap()
            .is_empty()
    );
    // given back: at once free, at its new time, with its tries remembered
    assert!(write!(store, [second], tx => tx.postpone_job(&second, at(1_500))).unwrap());
    assert_eq!(read!(store, r => r.next_job_at()), Some(at(1_500)));
    let third = write!(store, [], tx => tx.claim_jobs(claim(1_500, 9)))
        .unwrap()
        .remove(0);
    assert_eq!(
        (third.attempts, third.fence, third.run_at),
        (2, 3, at(1_500))
    );
    assert!(write!(store, [third], tx => tx.finish_job(&third)).unwrap());
    assert_eq!(read!(store, r => r.next_job_at()), None);
}

pub async fn claimers_never_get_the_same_job(world: &World) {
    let store = store(world);
    let jobs: Vec<_> = (0..300).map(|n| job(id(), at(n % 7))).collect();
    write!(store, [jobs], tx => tx.enqueue(&jobs)).unwrap();
    let claimers = (0..6).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let got = write!(store, [], tx => tx.claim_jobs(claim(10, 9))).unwrap();
                if got.is_empty() {
                    return mine;
                }
                mine.extend(got);
            }
        })
    });
    let claimed: Vec<_> = join_all(claimers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(claimed.len(), 300);
    let distinct: HashSet<_> = claimed.iter().map(|job| job.id).collect();
    assert_eq!(distinct.len(), 300);
    assert!(claimed.iter().all(|job| job.fence == 1));
}

pub async fn the_same_delivery_at_the_same_moment_is_one_receipt(world: &World) {
    let store = store(world);
    let (merchant, source) = (id(), id());
    let senders = (0..8).map(|sender| {
        let store = store.clone();
        tokio::spawn(async move {
            // in an order of its own
            let batch: Vec<_> = (0..20)
                .map(|n| {
                    receipt(
                        merchant,
                        source,
                        &format!("delivery-{}", (n + 7 * sender) % 20),
                    )
                })
                .collect();
            let outcomes = write!(store, [batch], tx => tx.insert_receipts(&batch)).unwrap();
            batch.into_iter().zip(outcomes).collect::<Vec<_>>()
        })
    });
    let answers: Vec<_> = join_all(senders)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    let inserted: HashSet<_> = answers
        .iter()
        .filter(|(_, outcome)| *outcome == ReceiptOutcome::Inserted)
        .map(|(new, _)| new.receipt.id)
        .collect();
    assert_eq!(inserted.len(), 20);
    for (new, outcome) in &answers {
        if let ReceiptOutcome::Duplicate(first) = outcome {
            assert!(inserted.contains(first));
            let first = read!(store, r => r.receipt(merchant, *first)).unwrap();
            assert_eq!(first.dedup_key, new.receipt.dedup_key);
            assert_eq!(first.repeats, 7);
        }
    }
    assert_eq!(read!(store, r => r.job_counts(at(99))), (20, 20));
}
