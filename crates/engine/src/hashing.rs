//! Where passwords are hashed: on a few threads of their own, and out of everybody's way.
//!
//! A hash is slow on purpose. If it ran among requests and jobs, whoever signs in often enough would slow down the
//! intake of orders. So the threads are few, and whoever makes them can give them a low priority (the composition root
//! does). That alone is not enough: each hash pushes what intake has in the processor's caches out of them, and a thread
//! of low priority is not sent away in the middle of its slice. So they also rest between two hashes, the longer the
//! more deliveries arrive. An acknowledgement is a matter of milliseconds, and a sign-in can take a second.
//!
//! Only so many may wait. Who finds the queue full and no place free within two seconds is told to come again in a
//! moment, before anything was written or looked at.
//!
//! There are two queues, and they take turns. Who is known, because they signed in at this place before, hold a link or
//! are signed in already, has places that strangers cannot take. However many strangers there are, they keep nobody out
//! who was here before; and the other way round.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    error::{Error, Kind, Result},
    intake::Recent,
    port::Clock,
};

/// What the threads are called, where the system shows them.
const THREAD_NAME: &str = "hashing";
/// Each takes 19 MiB while it works. Two hash a hundred passwords a second, where nothing else wants the processor.
const THREADS: usize = 2;
/// In each queue, with those that are being worked on.
const PLACES: usize = 32;
/// So long a place is waited for. Whoever is refused and comes again at once has waited before, too.
const PATIENCE: Duration = Duration::from_secs(2);
const COME_AGAIN_MS: i64 = 2_000;
/// While deliveries pour in, a thread rests this many times as long as it worked: two of them then have a tenth of a core.
const MOST_RESTS: i64 = 15;
/// Each so many deliveries in a tenth of a second are a reason to rest as long as was worked.
const DELIVERIES_PER_REST: i64 = 4;
/// Somebody waits to be signed in all the same.
const LONGEST_REST_MS: i64 = 1_000;

type Work = Box<dyn FnOnce() + Send>;

/// Who asks for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Known,
    Stranger,
}

/// The threads. They end when this is dropped and nobody waits for them.
pub struct Hashers {
    queues: Arc<Queues>,
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

#[derive(Default)]
struct Queues {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    traffic: OnceLock<Traffic>,
}

/// What is given way to.
struct Traffic {
    clock: Arc<dyn Clock>,
    deliveries: Arc<Recent>,
}

#[derive(Default)]
struct Waiting {
    known: VecDeque<Work>,
    strangers: VecDeque<Work>,
    /// Whose turn it is, if both have something.
    strangers_turn: bool,
    is_over: bool,
}

/// A place in one of the queues, kept until the work is done or not wanted any more.
pub(crate) struct Slot<'h> {
    queues: &'h Queues,
    who: Who,
    permit: OwnedSemaphorePermit,
}

impl Hashers {
    /// `settle_in` is what each thread does first.
    pub fn start(settle_in: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let hashers = Self {
            queues: Arc::default(),
            known: Arc::new(Semaphore::new(PLACES)),
            strangers: Arc::new(Semaphore::new(PLACES)),
        };
        let settle_in = Arc::new(settle_in);
        for _ in 0..THREADS {
            let (queues, settle_in) = (Arc::clone(&hashers.queues), Arc::clone(&settle_in));
            thread::Builder::new()
                .name(THREAD_NAME.to_owned())
                .spawn(move || {
                    settle_in();
                    while let Some(work) = queues.next() {
                        queues.work_and_rest(work);
                    }
                })?;
        }
        Ok(hashers)
    }

    /// From now on they rest while deliveries arrive.
    pub(crate) fn give_way_to(&self, deliveries: Arc<Recent>, clock: Arc<dyn Clock>) {
        // the first engine's; there is no second one
        let _ = self.queues.traffic.set(Traffic { clock, deliveries });
    }

    /// A place, or the answer that there is none.
    pub(crate) async fn slot(&self, who: Who) -> Result<Slot<'_>> {
        let places = match who {
            Who::Known => &self.known,
            Who::Stranger => &self.strangers,
        };
        let free = tokio::time::timeout(PATIENCE, Arc::clone(places).acquire_owned());
        let permit = free
            .await
            .map_err(|_| too_many_at_once())?
            .map_err(Error::internal)?;
        Ok(Slot {
            queues: &self.queues,
            who,
            permit,
        })
    }
}

impl Drop for Hashers {
    fn drop(&mut self) {
        self.queues.lock().is_over = true;
        self.queues.changed.notify_all();
    }
}

impl Slot<'_> {
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let Self {
            queues,
            who,
            permit,
        } = self;
        let (answer, answered) = oneshot::channel();
        queues.add(
            who,
            Box::new(move || {
                // who went away meanwhile needs no hash, and a panic is that work's end, not the thread's
                let result = (!answer.is_closed()).then(|| catch_unwind(AssertUnwindSafe(work)));
                drop(permit);
                if let Some(Ok(result)) = result {
                    let _ = answer.send(result);
                }
            }),
        );
        answered
            .await
            .map_err(|_| Error::internal("what hashes passwords broke off"))
    }
}

impl Queues {
    /// Nothing that panics is done while it is held.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, who: Who, work: Work) {
        let mut waiting = self.lock();
        match who {
            Who::Known => waiting.known.push_back(work),
            Who::Stranger => waiting.strangers.push_back(work),
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Waits for something to do; none when nothing will come any more.
    fn next(&self) -> Option<Work> {
        let mut waiting = self.lock();
        loop {
            if let Some(work) = waiting.take() {
                return Some(work);
            }
            if waiting.is_over {
                return None;
            }
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Queues {
    fn work_and_rest(&self, work: Work) {
        let Some(traffic) = self.traffic.get() else {
            return work();
        };
        let began_at = traffic.clock.now();
        work();
        let now = traffic.clock.now();
        let rest = rest_ms(now.since_ms(began_at), traffic.deliveries.count(now, 0));
        if rest > 0 && !self.lock().is_over {
            pause(Duration::from_millis(rest));
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own, on which no runtime runs, is meant to do nothing for a while"
)]
fn pause(rest: Duration) {
    thread::sleep(rest);
}

/// After a hash that took so long, with so many deliveries in a tenth of a second.
fn rest_ms(took_ms: i64, deliveries: i64) -> u64 {
    let times = (deliveries / DELIVERIES_PER_REST).clamp(0, MOST_RESTS);
    let rest = took_ms.saturating_mul(times).clamp(0, LONGEST_REST_MS);
    u64::try_from(rest).unwrap_or_default()
}

impl Waiting {
    fn take(&mut self) -> Option<Work> {
        let strangers_first = self.strangers_turn;
        self.strangers_turn = !strangers_first;
        let (first, second) = match strangers_first {
            true => (&mut self.strangers, &mut self.known),
            false => (&mut self.known, &mut self.strangers),
        };
        first.pop_front().or_else(|| second.pop_front())
    }
}

fn too_many_at_once() -> Error {
    Error {
        retry_after_ms: Some(COME_AGAIN_MS),
        ..Error::new(
            Kind::TooMany,
            "Very many people are signing in at this moment. Try again in a few seconds: nothing was checked, and it does not count as a try.",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::{FutureExt, future::join_all};

    use super::*;

    /// Threads that begin when the sender says so, once for each.
    fn gated() -> (Hashers, mpsc::Sender<()>) {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        let hashers = Hashers::start(move || {
            let _ = gate.lock().unwrap().recv();
        });
        (hashers.unwrap(), open)
    }

    #[tokio::test]
    async fn the_queues_take_turns_and_nobody_takes_the_others_places() {
        let (hashers, open) = gated();
        let (done, order) = mpsc::channel();
        let mut waiting = Vec::new();
        for (who, name) in [(Who::Stranger, "stranger"), (Who::Known, "known")] {
            for _ in 0..PLACES {
                let done = done.clone();
                let slot = hashers.slot(who).await.unwrap();
                waiting.push(Box::pin(slot.run(move || done.send(name).unwrap())));
            }
            let asked = tokio::time::Instant::now();
            let refused = hashers.slot(who).await.err().unwrap();
            assert_eq!(
                (refused.kind, refused.retry_after_ms),
                (Kind::TooMany, Some(COME_AGAIN_MS))
            );
            assert!(asked.elapsed() >= PATIENCE);
        }
        for one in &mut waiting {
            assert!(one.now_or_never().is_none(), "nobody works yet");
        }
        // one of the threads, so that the order is what it is
        open.send(()).unwrap();
        for ended in join_all(waiting).await {
            ended.unwrap();
        }
        let order: Vec<_> = order.try_iter().collect();
        assert_eq!(order.len(), 2 * PLACES);
        for pair in order.chunks(2) {
            assert_ne!(pair[0], pair[1]);
        }
        hashers.slot(Who::Stranger).await.unwrap();
    }

    #[tokio::test]
    async fn who_went_away_is_not_worked_for_and_a_panic_ends_nothing() {
        let (hashers, open) = gated();
        let (done, worked) = mpsc::channel();
        let slot = hashers.slot(Who::Stranger).await.unwrap();
        let mut gone = Box::pin(slot.run(move || done.send(()).unwrap()));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(hashers.slot(Who::Stranger).await.unwrap());
        open.send(()).unwrap();
        let broken = hashers.slot(Who::Stranger).await.unwrap();
        let broken = broken.run(|| panic!("as this test wants it")).await;
        assert_eq!(broken.map(|()| 0).unwrap_err().kind, Kind::Internal);
        let next = hashers.slot(Who::Stranger).await.unwrap();
        assert_eq!(next.run(|| 7).await.unwrap(), 7);
        assert!(worked.try_recv().is_err());
        assert_eq!(hashers.strangers.available_permits(), PLACES);
    }

    #[test]
    fn the_more_arrives_the_longer_is_the_rest() {
        for (took_ms, deliveries, rest) in [
            (25, 0, 0),
            (25, 3, 0),
            (25, 8, 50),
            (25, 60, 375),
            (25, 900, 375),
            (400, 900, 1_000),
            (0, 900, 0),
        ] {
            assert_eq!(rest_ms(took_ms, deliveries), rest, "{took_ms} {deliveries}");
        }
    }
}
