//! Where passwords are hashed: on a few threads of their own, and out of everybody's way.
//!
//! A hash is slow on purpose. If it ran among requests and jobs, whoever signs in often enough would slow down the
//! intake of orders. So the threads are few, whoever makes them can give them a low priority (the composition root
//! does), and only so many may wait for them: who comes when the queue is full is told at once to come again in a
//! moment, before anything was written or looked at.
//!
//! There are two queues. Who is known, because they signed in at this place before, hold a link or are signed in
//! already, comes before strangers and has places that strangers cannot take. However many strangers there are, they
//! keep nobody out who was here before.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{Error, Kind, Result};

/// What the threads are called, where the system shows them.
const THREAD_NAME: &str = "hashing";
/// Each takes 19 MiB while it works. Two hash a hundred passwords a second, where nothing else wants the processor.
const THREADS: usize = 2;
/// In each queue, with those that are being worked on.
const PLACES: usize = 32;
/// A full queue is through after this, or nearly.
const COME_AGAIN_MS: i64 = 2_000;

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
}

#[derive(Default)]
struct Waiting {
    known: VecDeque<Work>,
    strangers: VecDeque<Work>,
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
                        work();
                    }
                })?;
        }
        Ok(hashers)
    }

    /// A place, or the answer that there is none.
    pub(crate) fn slot(&self, who: Who) -> Result<Slot<'_>> {
        let places = match who {
            Who::Known => &self.known,
            Who::Stranger => &self.strangers,
        };
        let permit = Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| too_many_at_once())?;
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
            let first = waiting.known.pop_front();
            if let Some(work) = first.or_else(|| waiting.strangers.pop_front()) {
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
    async fn who_is_known_comes_first_and_strangers_cannot_take_their_places() {
        let (hashers, open) = gated();
        let (done, order) = mpsc::channel();
        let work = |who, name: &'static str| {
            let done = done.clone();
            let slot = hashers.slot(who).unwrap();
            Box::pin(slot.run(move || done.send(name).unwrap()))
        };
        let mut waiting: Vec<_> = (0..PLACES)
            .map(|_| work(Who::Stranger, "stranger"))
            .collect();
        let refused = hashers.slot(Who::Stranger).err().unwrap();
        assert_eq!(
            (refused.kind, refused.retry_after_ms),
            (Kind::TooMany, Some(COME_AGAIN_MS))
        );
        waiting.extend((0..PLACES).map(|_| work(Who::Known, "known")));
        assert!(hashers.slot(Who::Known).is_err());
        for one in &mut waiting {
            assert!(one.now_or_never().is_none(), "nobody works yet");
        }
        // one of the threads, so that the order is what it is
        open.send(()).unwrap();
        for ended in join_all(waiting).await {
            ended.unwrap();
        }
        let order: Vec<_> = order.try_iter().collect();
        let (first, second) = order.split_at(PLACES);
        assert!(first.iter().all(|name| *name == "known"));
        assert!(second.iter().all(|name| *name == "stranger"));
        assert!(hashers.slot(Who::Stranger).is_ok(), "places are free again");
    }

    #[tokio::test]
    async fn who_went_away_is_not_worked_for_and_a_panic_ends_nothing() {
        let (hashers, open) = gated();
        let (done, worked) = mpsc::channel();
        let slot = hashers.slot(Who::Stranger).unwrap();
        let mut gone = Box::pin(slot.run(move || done.send(()).unwrap()));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(hashers.slot(Who::Stranger).unwrap());
        open.send(()).unwrap();
        let broken = hashers.slot(Who::Stranger).unwrap();
        let broken = broken.run(|| panic!("as this test wants it")).await;
        assert_eq!(broken.map(|()| 0).unwrap_err().kind, Kind::Internal);
        let next = hashers.slot(Who::Stranger).unwrap();
        assert_eq!(next.run(|| 7).await.unwrap(), 7);
        assert!(worked.try_recv().is_err());
        let all = hashers.strangers.available_permits();
        assert_eq!(all, PLACES);
    }
}
