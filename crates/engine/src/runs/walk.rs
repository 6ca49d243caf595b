//! Tokens: how a run moves through its graph, and where branches meet.
//!
//! Every token arrives *joining*. It begins its step when no other token can still get there; tokens that meet
//! become one. When all of them wait for each other, which only loops can bring about, the earliest goes on.

use std::sync::Arc;

use domain::flow::{
    Flow, Known, Run, RunState, Step, StepKind, Token, TokenState, Visit, graph, ways,
};
use serde_json::json;
use uuid::Uuid;

use super::{Subject, failing::abandoned, undo::is_undo};
use crate::{
    error::{Error, Result},
    job::JobKind,
    work::Work,
};

/// Steps that begin in one transaction. What is longer goes on in the next one, so that nobody else waits.
const IN_ONE_GO: usize = 100;
/// A run that began so many steps goes round in circles.
const MOST_VISITS: usize = 1_000;

/// A run on the move: loaded once, saved once.
pub(super) struct Walk {
    pub run: Run,
    /// As it was loaded.
    was: Run,
    pub flow: Arc<Flow>,
    subject: Option<Subject>,
    began: usize,
}

/// How far a step is.
#[derive(Debug)]
pub(super) enum Now {
    Wait,
    /// By this exit.
    Done(String),
    Failed(&'static str, String),
}

impl Now {
    pub fn failed(way: &'static str, why: impl Into<String>) -> Self {
        Self::Failed(way, why.into())
    }
}

impl Walk {
    pub fn new(run: Run, flow: Arc<Flow>, subject: Option<Subject>) -> Self {
        Self {
            was: run.clone(),
            run,
            flow,
            subject,
            began: 0,
        }
    }

    pub fn step(&self, key: &str) -> Result<Step> {
        self.flow
            .step(key)
            .cloned()
            .ok_or_else(|| Error::internal(format!("flow {} has no step {key}", self.flow.key)))
    }

    pub fn token(&self, n: u32) -> Result<&Token> {
        self.run
            .token(n)
            .ok_or_else(|| Error::internal(format!("run {} has lost a branch", self.run.id)))
    }

    /// The step a token stands at.
    pub fn at(&self, n: u32) -> Result<Step> {
        let key = self.token(n)?.step.clone();
        self.step(&key)
    }

    /// What it is about, where that is known yet.
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Tokens that have begun this step.
    pub fn tokens_at(&self, key: &str) -> Vec<u32> {
        let at = self.run.tokens.iter().filter(|token| token.step == key);
        at.filter(|token| token.at != TokenState::Joining)
            .map(|token| token.n)
            .collect()
    }

    /// Branches that begin at these steps.
    pub fn arrive(&mut self, keys: &[String], now: domain::Time) {
        for key in keys {
            let meets = self
                .run
                .tokens
                .iter()
                .any(|token| token.step == *key && token.at == TokenState::Joining);
            if !meets && self.flow.step(key).is_some() {
                let n = self.next_token();
                self.run.tokens.push(Token::arriving(n, key, now));
            }
        }
    }

    /// Every token that has gone has left a visit behind.
    fn next_token(&self) -> u32 {
        let tokens = self.run.tokens.iter();
        let joining = tokens
            .filter(|token| token.at == TokenState::Joining)
            .count();
        u32::try_from(self.run.path.len() + joining).unwrap_or(u32::MAX)
    }

    /// The branch that ended its step goes away.
    pub fn leave(&mut self, n: u32, by: &str, now: domain::Time) {
        if let Some(index) = self.run.tokens.iter().position(|token| token.n == n) {
            let token = self.run.tokens.remove(index);
            if let Some(visit) = self.run.visit_mut(&token.step) {
                visit.left_at = Some(now);
                by.clone_into(&mut visit.by);
            }
        }
    }

    /// The next token that may begin its step.
    fn released(&self) -> Option<u32> {
        let joining = || {
            let tokens = self.run.tokens.iter();
            tokens.filter(|token| token.at == TokenState::Joining)
        };
        let free = joining().find(|token| {
            let others = self.run.tokens.iter().filter(|other| other.n != token.n);
            !others
                .into_iter()
                .any(|other| graph::can_reach(&self.flow, &other.step, &token.step))
        });
        let all = self.run.tokens.len() == joining().count();
        free.or_else(|| joining().next().filter(|_| all))
            .map(|token| token.n)
    }
}

impl Work<'_> {
    /// A run to be moved, with the flow it is on.
    pub(super) async fn walk_of(&mut self, run_id: Uuid) -> Result<Option<Walk>> {
        let Some(run) = self.tx.run(self.merchant_id(), run_id).await? else {
            return Ok(None);
        };
        self.trace_id.clone_from(&run.trace_id);
        let flow = self.flow_of(&run).await?;
        Ok(Some(Walk::new(run, flow, None)))
    }

    pub(super) async fn subject_in(&mut self, walk: &mut Walk) -> Result<Subject> {
        if walk.subject.is_none() {
            walk.subject = Some(self.subject_of(&walk.run).await?);
        }
        walk.subject
            .clone()
            .ok_or_else(|| Error::internal("a run is about nothing"))
    }

    /// What is known of its subject, and what people answered on the way.
    pub(super) async fn known_in(&mut self, walk: &mut Walk) -> Result<Known> {
        let mut known = self.subject_in(walk).await?.facts();
        for (step, answers) in &walk.run.answers {
            known.answered(step, answers);
        }
        Ok(known)
    }

    /// Begins whatever may begin, until everything waits; ends the run when no branch is left; saves it.
    pub(super) async fn go(&mut self, mut walk: Walk) -> Result<Run> {
        while walk.run.state == RunState::Running {
            if walk.run.tokens.is_empty() {
                let outcome = walk.flow.outcome.clone();
                self.end(&mut walk, RunState::Completed, &outcome).await?;
                break;
            }
            let Some(n) = walk.released() else { break };
            if walk.began >= IN_ONE_GO {
                self.go_on_later(&mut walk, n).await?;
                continue;
            }
            walk.began += 1;
            let now = self.begin(&mut walk, n).await?;
            self.settle_step(&mut walk, n, now).await?;
        }
        self.keep_run(walk).await
    }

    pub(super) async fn keep_run(&mut self, walk: Walk) -> Result<Run> {
        let Walk { mut run, was, .. } = walk;
        if run != was {
            self.tx.save_run(&run).await?;
            run.rev += 1;
        }
        self.brief_moved(&run).await?;
        Ok(run)
    }

    async fn go_on_later(&mut self, walk: &mut Walk, n: u32) -> Result<()> {
        let (id, now) = (walk.run.id, self.now);
        let key = walk.token(n)?.step.clone();
        walk.run.path.push(visit(&key, now));
        if let Some(token) = walk.run.token_mut(n) {
            token.at = TokenState::Retrying;
            token.since = now;
            token.wait_until = Some(now);
        }
        self.arm(JobKind::WaitDeadline, id, now).await
    }

    async fn begin(&mut self, walk: &mut Walk, n: u32) -> Result<Now> {
        let step = walk.at(n)?;
        walk.run.path.push(visit(&step.key, self.now));
        if let Some(token) = walk.run.token_mut(n) {
            token.at = TokenState::Waiting;
            token.since = self.now;
            token.tries = 0;
        }
        if walk.run.path.len() > MOST_VISITS {
            let why = format!("It began {MOST_VISITS} steps and comes to no end");
            self.hold_for_good(walk, n, &why).await?;
            return Ok(Now::Wait);
        }
        self.start_step(walk, n, &step).await
    }

    /// What a step has come to, and what follows.
    pub(super) async fn settle_step(&mut self, walk: &mut Walk, n: u32, now: Now) -> Result<()> {
        match now {
            Now::Wait => self.set_clocks(walk, n).await,
            Now::Failed(way, why) => self.fail(walk, n, way, &why).await,
            Now::Done(exit) => {
                let step = walk.at(n)?;
                if let Some(checkpoint) = &step.checkpoint {
                    let known = self.known_in(walk).await?;
                    if checkpoint.when.holds(&known) != Some(true) {
                        let why = format!("This does not hold: {}", checkpoint.what);
                        return self.fail(walk, n, ways::CHECKPOINT, &why).await;
                    }
                }
                self.close_step(walk, n, &step, &exit).await
            }
        }
    }

    async fn close_step(&mut self, walk: &mut Walk, n: u32, step: &Step, exit: &str) -> Result<()> {
        let token = walk.token(n)?;
        let was = token.at;
        let was_asked = step.clock.asks_backup() && token.accept_by.is_none();
        let is_late = token.wait_until.is_some_and(|at| at < self.now);
        if was != TokenState::Waiting || token.tries > 0 || was_asked || is_late {
            self.close_tasks(walk, step, was, "the step is done")
                .await?;
        }
        walk.leave(n, exit, self.now);
        walk.arrive(step.exit(exit), self.now);
        let next = step.exit(exit);
        self.note(
            "run.advanced",
            "run",
            walk.run.id,
            json!({ "from": step.key, "by": exit, "step": next.first(), "to": next }),
        );
        if step.watchers.is_empty() {
            return Ok(());
        }
        let subject = self.subject_in(walk).await?;
        let sentence = format!("“{}” is done for {}.", step.title, subject.name());
        self.tell_watchers(
            (&step.watchers, &step.owner),
            ("run", walk.run.id),
            &sentence,
        )
        .await
    }

    /// Something may have changed for the steps of a run, or for this one: looks again.
    pub(super) async fn stir(&mut self, run_id: Uuid, key: Option<&str>) -> Result<()> {
        let Some(mut walk) = self.walk_of(run_id).await? else {
            return Ok(());
        };
        match walk.run.state {
            RunState::Running => {
                self.look_around(&mut walk, key).await?;
                self.go(walk).await.map(drop)
            }
            RunState::Undoing => {
                self.go_on_undoing(&mut walk).await?;
                self.keep_run(walk).await.map(drop)
            }
            // when it goes on it looks at everything
            _ => Ok(()),
        }
    }

    pub(super) async fn look_around(&mut self, walk: &mut Walk, key: Option<&str>) -> Result<()> {
        let open: Vec<(u32, String)> = walk
            .run
            .tokens
            .iter()
            .filter(|token| token.at != TokenState::Joining)
            .map(|token| (token.n, token.step.clone()))
            .collect();
        for (n, at) in open {
            let step = walk.step(&at)?;
            if key.is_some_and(|key| {
                key != at && !(is_undo(key) && matches!(step.kind, StepKind::Compensate { .. }))
            }) || walk.run.token(n).is_none()
            {
                continue;
            }
            let state = walk.token(n)?.at;
            match self.look(walk, n, &step).await? {
                Now::Wait => {}
                // who has it already need not hear of it again
                Now::Failed(..) if state != TokenState::Waiting => {}
                now => self.settle_step(walk, n, now).await?,
            }
            if walk.run.state != RunState::Running {
                break;
            }
        }
        Ok(())
    }

    /// The run is over.
    pub(super) async fn end(
        &mut self,
        walk: &mut Walk,
        state: RunState,
        outcome: &str,
    ) -> Result<()> {
        walk.run.state = state;
        walk.run.outcome = Some(outcome.to_owned());
        walk.run.ended_at = Some(self.now);
        walk.run.pause = None;
        let left: Vec<u32> = walk.run.tokens.iter().map(|token| token.n).collect();
        for n in left {
            walk.leave(n, abandoned(state), self.now);
        }
        let detail = if state == RunState::Completed {
            json!({ "outcome": outcome })
        } else {
            json!({ "why": outcome })
        };
        self.note(&format!("run.{state}"), "run", walk.run.id, detail);
        match &walk.run.parent {
            Some(_) => self.arm(JobKind::RunEnded, walk.run.id, self.now).await,
            None => Ok(()),
        }
    }

    /// Job: a run has ended that the step of another one waits for.
    pub async fn run_ended(&mut self, run_id: Uuid) -> Result<()> {
        let run = self.tx.run(self.merchant_id(), run_id).await?;
        match run.and_then(|run| run.parent) {
            Some(parent) => self.stir(parent.run_id, Some(&parent.step)).await,
            None => Ok(()),
        }
    }
}

pub(super) fn visit(key: &str, now: domain::Time) -> Visit {
    Visit {
        step: key.to_owned(),
        entered_at: now,
        left_at: None,
        by: String::new(),
        undone: false,
    }
}
