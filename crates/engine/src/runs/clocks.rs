//! A step's two clocks: past the first the backup is asked as well, past the second the step has failed.

use std::sync::Arc;

use domain::{
    Time,
    flow::{Clock, Step, StepKind, TokenState, ways},
    task::{ExceptionClass, Severity, Unlock},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    asking::Asked,
    codes,
    walk::{Now, Walk},
};
use crate::{error::Result, exception::evidence, job::JobKind, rules::Rules, work::Work};

/// The end of a time that runs from then: by the calendar, if the clock has one and it opens again.
pub(super) fn end_of(rules: &Rules, clock: &Clock, from: Time, ms: i64) -> Time {
    let calendar = clock.calendar.as_deref();
    calendar
        .and_then(|key| rules.roster.calendar(key))
        .and_then(|calendar| calendar.business_deadline(from, ms))
        .unwrap_or_else(|| from.plus_ms(ms))
}

impl Work<'_> {
    /// Both clocks run from now. Without a time there is none.
    pub(super) async fn set_clocks(&mut self, walk: &mut Walk, n: u32) -> Result<()> {
        let step = walk.at(n)?;
        let (run, now) = (walk.run.id, self.now);
        let rules = Arc::clone(&self.rules);
        let until = |ms: i64| (ms > 0).then(|| end_of(&rules, &step.clock, now, ms));
        let late = until(step.clock.resolve_ms);
        // a task has clocks of its own, and climbs by itself
        let asks = !matches!(step.kind, StepKind::HumanTask { .. });
        let backup =
            until(step.clock.accept_ms).filter(|at| asks && late.is_none_or(|late| *at < late));
        let Some(token) = walk.run.token_mut(n) else {
            return Ok(());
        };
        if token.at != TokenState::Waiting {
            return Ok(());
        }
        token.wait_until = late;
        token.accept_by = backup;
        for at in [backup, late].into_iter().flatten() {
            self.arm(JobKind::WaitDeadline, run, at).await?;
        }
        Ok(())
    }

    /// Job: a clock of the run ran out, or something is to be tried again.
    pub async fn wait_deadline(&mut self, run_id: Uuid, armed_for: Time) -> Result<()> {
        let Some(mut walk) = self.walk_of(run_id).await? else {
            return Ok(());
        };
        if walk.run.state != domain::flow::RunState::Running {
            return Ok(());
        }
        let due: Vec<u32> = walk
            .run
            .tokens
            .iter()
            .filter(|token| {
                [token.wait_until, token.accept_by].contains(&Some(armed_for))
                    && token.at != TokenState::Joining
            })
            .map(|token| token.n)
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        for n in due {
            let Some(token) = walk.run.token(n).cloned() else {
                continue;
            };
            if token.wait_until == Some(armed_for) {
                match token.at {
                    TokenState::Retrying => self.try_again(&mut walk, n).await?,
                    TokenState::Waiting => self.late(&mut walk, n, armed_for).await?,
                    TokenState::Joining | TokenState::Held => {}
                }
            } else if token.at == TokenState::Waiting {
                self.ask_backup(&mut walk, n).await?;
            }
        }
        self.go(walk).await.map(drop)
    }

    async fn late(&mut self, walk: &mut Walk, n: u32, armed_for: Time) -> Result<()> {
        let step = walk.at(n)?;
        if let now @ Now::Done(_) = self.look(walk, n, &step).await? {
            return self.settle_step(walk, n, now).await;
        }
        self.note(
            "expectation.breached",
            "run",
            walk.run.id,
            json!({ "step": step.key, "by": armed_for }),
        );
        let way = if step.kind.ways_to_fail().contains(&ways::LATE) {
            ways::LATE
        } else {
            ways::FAILED
        };
        let why = match &step.kind {
            StepKind::WaitForEvent { event } => {
                format!("No {event} was seen in time: {}", step.title)
            }
            _ => format!("“{}” was not done in time", step.title),
        };
        self.fail(walk, n, way, &why).await
    }

    /// Nobody seems to be at it: the backup hears of it too, unless somebody has a task about it.
    async fn ask_backup(&mut self, walk: &mut Walk, n: u32) -> Result<()> {
        let step = walk.at(n)?;
        let since = walk.token(n)?.since;
        if let Some(token) = walk.run.token_mut(n) {
            token.accept_by = None;
        }
        if self.is_accepted(walk, &step).await? || self.task_at(walk, &step).await?.is_some() {
            return Ok(());
        }
        self.note(
            "run.backup_asked",
            "run",
            walk.run.id,
            json!({ "step": step.key, "backup": step.backup }),
        );
        let subject = self.subject_in(walk).await?;
        let sentence = format!("“{}” is not under way for {}", step.title, subject.name());
        let asked = Asked {
            code: codes::STEP_WAITING,
            sentence: sentence.clone(),
            owner: step.backup.clone(),
            backup: step.owner.clone(),
            class: ExceptionClass::Soft,
            severity: Severity::Low,
            clocks: (step.clock.accept_ms, step.clock.resolve_ms),
            evidence: vec![evidence("Waiting since", since.to_string())],
            remediation: vec![
                "See what it waits for, and whether its owner is at it.".to_owned(),
                "Nothing more is needed when it goes on: this closes by itself.".to_owned(),
            ],
            unlock: Unlock::Nothing,
            form: Vec::new(),
        };
        self.open_for(walk, n, &step, asked).await?;
        self.tell_watchers(
            (&step.watchers, &step.owner),
            ("run", walk.run.id),
            &format!("{sentence}."),
        )
        .await
    }

    /// Its destination has it: somebody took it on.
    async fn is_accepted(&mut self, walk: &Walk, step: &Step) -> Result<bool> {
        if !matches!(step.kind, StepKind::EmitExport { .. }) {
            return Ok(false);
        }
        let export = self.export_at(&walk.run, &step.key).await?;
        Ok(export.is_some_and(|one| one.ack.acknowledged_at.is_some()))
    }
}
