//! The write path on SQLite: one task that owns the writing connection, and many operations per
//! commit.
//!
//! Syncing to the disk is what a commit costs, and it costs the same for one operation as for fifty.
//! While one commit syncs, operations wait in two queues; the next group takes them together. Nobody
//! waits for a group to fill: a lone operation is committed at once, and under load the groups grow by
//! themselves.
//!
//! Within a group each operation stands in a savepoint, so that one that fails undoes only itself.
//! Audit entries and jobs of the whole group are stored at once, before the commit. Answers go out after
//! it. If the commit fails, every operation of the group failed.
//!
//! Intake goes first, and an operation of intake that sits in a group does not wait for more than a
//! few milliseconds of other people's work.

use std::{fs::File, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sqlx::Connection;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    Priority, State, WriteTx,
    tx::{Mark, ignored_failure},
};
use crate::{
    error::{Result, StoreError},
    sql::{Conn, Link},
};

/// Operations that may wait per queue before their callers are held back.
const QUEUE: usize = 1024;
/// Operations of one kind in one group. A group is also what a failing commit takes with it.
const MOST_PER_GROUP: usize = 64;
/// What ordinary operations may take of a group in which intake waits for its commit.
const SHARE_BESIDE_INTAKE: Duration = Duration::from_millis(5);

const BEGIN: &str = "BEGIN IMMEDIATE";
const BEGIN_GROUP: &str = "BEGIN IMMEDIATE; SAVEPOINT operation";
/// Both in one text: each text is a trip to the connection's thread.
const NEXT: &str = "RELEASE operation; SAVEPOINT operation";
/// Leaves the savepoint standing, clean, for the next operation.
const UNDO: &str = "ROLLBACK TO operation";
/// Also releases the last savepoint.
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// An operation on its way through the writer, its types erased.
trait Job: Send {
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Runs the operation and keeps what it returned; says whether that was `Ok`.
    fn run<'c>(&'c mut self, tx: &'c mut WriteTx) -> BoxFuture<'c, bool>;
    /// Answers: with what the operation returned if `fate` is `Ok`, or with why it came to nothing.
    fn answer(self: Box<Self>, fate: Result<()>);
}

struct Typed<T, E, F> {
    operation: Option<F>,
    returned: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Typed<T, E, F>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'c> FnOnce(&'c mut WriteTx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run<'c>(&'c mut self, tx: &'c mut WriteTx) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            let Some(operation) = self.operation.take() else {
                return false;
            };
            let returned = match tx.run(operation).await {
                Ok(Ok(_)) if tx.conn().has_failed() => Err(ignored_failure().into()),
                Ok(returned) => returned,
                Err(error) => Err(error.into()),
            };
            let fine = returned.is_ok();
            self.returned = Some(returned);
            fine
        })
    }

    fn answer(self: Box<Self>, fate: Result<()>) {
        let answer = match (fate, self.returned) {
            (_, Some(Err(own))) => Err(own),
            (Ok(()), Some(returned)) => returned,
            (Ok(()), None) => Err(StoreError::internal("the operation was not run").into()),
            (Err(error), _) => Err(error.into()),
        };
        // nobody is left to tell when the caller went away
        let _ = self.reply.send(answer);
    }
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// The callers' end.
pub(super) struct Writer {
    intake: mpsc::Sender<Message>,
    normal: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the task. When this handle is dropped or closed it ends, closes the connection and lets
    /// go of the lock on the file.
    pub(super) fn start(connection: Conn, lock: File, state: Arc<State>) -> Self {
        let (intake, from_intake) = mpsc::channel(QUEUE);
        let (normal, from_normal) = mpsc::channel(QUEUE);
        let tx = WriteTx::new(connection);
        tokio::spawn(
            Loop {
                tx,
                state,
                intake: from_intake,
                normal: from_normal,
                lock,
            }
            .run(),
        );
        Self { intake, normal }
    }

    /// Stands in where the database was opened for reading only.
    pub(super) fn refusing() -> Self {
        Self {
            intake: mpsc::channel(1).0,
            normal: mpsc::channel(1).0,
        }
    }

    pub(super) async fn submit<T, E, F>(&self, priority: Priority, operation: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut WriteTx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        let closed = || {
            E::from(StoreError::unavailable(
                "the database does not take writes (closed, or opened for reading)",
            ))
        };
        let (reply, answer) = oneshot::channel();
        let job = Typed {
            operation: Some(operation),
            returned: None,
            reply,
        };
        let queue = match priority {
            Priority::Intake => &self.intake,
            Priority::Normal => &self.normal,
        };
        queue
            .send(Message::Job(Box::new(job)))
            .await
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Lets the queues run dry and waits until the connection is closed.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.normal.send(Message::Close(done)).await.is_ok() {
            // an error says that the task has ended, which is what is waited for
            let _ = closed.await;
        }
    }
}

struct Loop {
    tx: WriteTx,
    state: Arc<State>,
    intake: mpsc::Receiver<Message>,
    normal: mpsc::Receiver<Message>,
    lock: File,
}

/// The operations that will share one commit.
#[derive(Default)]
struct Group {
    jobs: Vec<(Box<dyn Job>, bool)>,
    intake: usize,
    normal: usize,
    normal_since: Option<Instant>,
}

impl Loop {
    async fn run(mut self) {
        let mut closing = None;
        while closing.is_none() {
            let (message, priority) = tokio::select! {
                biased;
                Some(message) = self.intake.recv() => (message, Priority::Intake),
                Some(message) = self.normal.recv() => (message, Priority::Normal),
                else => break,
            };
            match message {
                Message::Job(job) => closing = self.group(job, priority).await,
                Message::Close(done) => closing = Some(done),
            }
        }
        self.end(closing).await;
    }

    /// Commits the first operation together with those that wait behind it.
    async fn group(
        &mut self,
        first: Box<dyn Job>,
        priority: Priority,
    ) -> Option<oneshot::Sender<()>> {
        if let Err(error) = self.state.accepting() {
            first.answer(Err(error));
            return None;
        }
        let alone = self.intake.is_empty() && self.normal.is_empty();
        let mut group = Group::default();
        let mut closing = None;
        let fate = if alone {
            self.single(first, &mut group).await
        } else {
            self.several(first, priority, &mut group, &mut closing)
                .await
        };
        self.answer(group, fate);
        closing
    }

    /// No savepoint: there is nobody else whose work would have to survive a failure.
    async fn single(&mut self, mut job: Box<dyn Job>, group: &mut Group) -> Result<()> {
        let mut fate = self.tx.conn().control(BEGIN).await;
        let mut fine = false;
        if fate.is_ok() {
            fine = job.run(&mut self.tx).await;
            fate = if fine {
                self.commit().await
            } else {
                self.undo(Mark::BEGINNING, ROLLBACK).await
            };
        }
        if fate.is_err() {
            self.abandon().await;
        }
        group.jobs.push((job, fine));
        fate
    }

    async fn several(
        &mut self,
        first: Box<dyn Job>,
        priority: Priority,
        group: &mut Group,
        closing: &mut Option<oneshot::Sender<()>>,
    ) -> Result<()> {
        let mut next = Some((first, priority));
        let mut savepoint = Some(BEGIN_GROUP);
        while let Some((mut job, priority)) = next {
            group.count(priority);
            let mut fate = match savepoint {
                Some(sql) => self.tx.conn().control(sql).await,
                None => Ok(()),
            };
            let mut fine = false;
            if fate.is_ok() {
                let mark = self.tx.mark();
                fine = job.run(&mut self.tx).await;
                if !fine {
                    fate = self.undo(mark, UNDO).await;
                }
                // what was undone leaves its savepoint clean, for the next one
                savepoint = fine.then_some(NEXT);
            }
            group.jobs.push((job, fine));
            if fate.is_err() {
                self.abandon().await;
                return fate;
            }
            next = self.next(group, closing);
        }
        let done = self.commit().await;
        if done.is_err() {
            self.abandon().await;
        }
        done
    }

    /// Undoes a failed operation. An error means that its failure took the whole transaction with it,
    /// as a full disk does: SQLite has rolled back by itself, and there is no savepoint to go back to.
    async fn undo(&mut self, mark: Mark, sql: &'static str) -> Result<()> {
        self.tx.forget_behind(mark);
        let cause = self.tx.conn().take_failure();
        let undone = self.tx.conn().control(sql).await;
        match (cause, undone) {
            (Some(cause), _) if cause.stops_writing() => Err(cause),
            (Some(cause), Err(_)) => Err(cause),
            (_, undone) => undone,
        }
    }

    /// The next operation that may join the group, if one waits.
    fn next(
        &mut self,
        group: &mut Group,
        closing: &mut Option<oneshot::Sender<()>>,
    ) -> Option<(Box<dyn Job>, Priority)> {
        while closing.is_none() {
            let (message, priority) = if group.takes_intake()
                && let Ok(message) = self.intake.try_recv()
            {
                (message, Priority::Intake)
            } else if group.takes_normal()
                && let Ok(message) = self.normal.try_recv()
            {
                (message, Priority::Normal)
            } else {
                return None;
            };
            match message {
                Message::Job(job) if job.is_wanted() => return Some((job, priority)),
                Message::Job(_) => {}
                Message::Close(done) => *closing = Some(done),
            }
        }
        None
    }

    async fn commit(&mut self) -> Result<()> {
        self.tx.flush().await?;
        self.tx.conn().control(COMMIT).await
    }

    /// Leaves the transaction, whatever is left of it.
    async fn abandon(&mut self) {
        self.tx.forget_behind(Mark::BEGINNING);
        self.tx.forget_heads();
        self.tx.conn().take_failure();
        if let Err(error) = self.tx.conn().control(ROLLBACK).await {
            tracing::debug!(?error, "nothing was left to roll back");
        }
    }

    fn answer(&mut self, group: Group, fate: Result<()>) {
        match &fate {
            Ok(()) => {
                let done = group.jobs.iter().filter(|(_, fine)| *fine).count();
                if done > 0 {
                    self.state.committed(done as u64);
                }
            }
            Err(error) => {
                tracing::error!(
                    ?error,
                    operations = group.jobs.len(),
                    "a commit failed; nothing of it was acknowledged"
                );
                if error.stops_writing()
                    && self.state.stopped.set(error.context().to_owned()).is_ok()
                {
                    tracing::error!(
                        "the disk cannot be trusted any more: no further writes until a restart"
                    );
                }
            }
        }
        for (job, _) in group.jobs {
            job.answer(fate.clone());
        }
    }

    /// Runs what still waits, then closes the connection. SQLite checkpoints and removes its
    /// write-ahead log when the last connection goes.
    async fn end(mut self, closing: Option<oneshot::Sender<()>>) {
        self.intake.close();
        self.normal.close();
        while let Ok(message) = self.intake.try_recv().or_else(|_| self.normal.try_recv()) {
            if let Message::Job(job) = message {
                self.group(job, Priority::Normal).await;
            }
        }
        if let Link::SqliteWriter(connection) = self.tx.into_conn().into_link()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the writing connection did not close");
        }
        drop(self.lock);
        if let Some(done) = closing {
            // nobody may be waiting any more
            let _ = done.send(());
        }
    }
}

impl Group {
    fn count(&mut self, priority: Priority) {
        match priority {
            Priority::Intake => self.intake += 1,
            Priority::Normal => {
                self.normal += 1;
                self.normal_since.get_or_insert_with(Instant::now);
            }
        }
    }

    fn takes_intake(&self) -> bool {
        self.intake < MOST_PER_GROUP
    }

    /// At least one ordinary operation gets into every group, however much intake there is.
    fn takes_normal(&self) -> bool {
        let in_time = self.intake == 0
            || self
                .normal_since
                .is_none_or(|since| since.elapsed() < SHARE_BESIDE_INTAKE);
        self.normal < MOST_PER_GROUP && in_time
    }
}
