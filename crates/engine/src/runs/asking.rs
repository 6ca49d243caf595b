//! Tasks about a step: what it asks a person, and what somebody has to put right.

use domain::{
    flow::{Field, Step, StepKind, TokenState, ways},
    owner::Owner,
    task::{Evidence, ExceptionClass, Severity, StepTask, Task, TaskState, Unlock},
};
use serde_json::json;
use uuid::Uuid;

use super::{clocks::end_of, codes, undo::is_undo, walk::Walk};
use crate::{
    error::Result,
    exception::{HOUR_MS, MINUTE_MS, ladder, linked},
    work::Work,
};

/// What a task says and asks.
pub(super) struct Asked {
    pub code: &'static str,
    pub sentence: String,
    pub owner: Owner,
    pub backup: Owner,
    pub class: ExceptionClass,
    pub severity: Severity,
    /// To take it, and to be done. Zero: by the severity.
    pub clocks: (i64, i64),
    pub evidence: Vec<Evidence>,
    pub remediation: Vec<String>,
    pub unlock: Unlock,
    pub form: Vec<Field>,
}

/// How long somebody has to take a task, and to have it done.
pub(super) const fn by_severity(severity: Severity) -> (i64, i64) {
    match severity {
        Severity::High => (15 * MINUTE_MS, 2 * HOUR_MS),
        Severity::Normal => (30 * MINUTE_MS, 4 * HOUR_MS),
        Severity::Low => (2 * HOUR_MS, 24 * HOUR_MS),
    }
}

impl Work<'_> {
    /// A task about a step of this run. There is one live one of each code.
    pub(super) async fn open_for(
        &mut self,
        walk: &mut Walk,
        n: u32,
        step: &Step,
        asked: Asked,
    ) -> Result<()> {
        let subject = self.subject_in(walk).await?;
        let run = &walk.run;
        let usual = by_severity(asked.severity);
        let time = |ms: i64, usual: i64| if ms > 0 { ms } else { usual };
        let (accept, resolve) = (time(asked.clocks.0, usual.0), time(asked.clocks.1, usual.1));
        let accept_by = end_of(&self.rules, &step.clock, self.now, accept);
        let resolve_by = end_of(&self.rules, &step.clock, self.now, resolve.max(accept));
        let title = match asked.code {
            codes::HUMAN_TASK | codes::UNDO_BY_HAND => {
                format!("{}: {}", step.title, subject.name())
            }
            _ => asked.sentence.clone(),
        };
        let mut evidence = vec![
            linked("Run", format!("step: {}", step.title), "run", run.id),
            linked(
                subject_label(subject.kind()),
                subject.name(),
                subject.kind(),
                run.subject_id,
            ),
        ];
        evidence.extend(asked.evidence);
        let task = Task {
            id: self.uuid(),
            merchant_id: run.merchant_id,
            dedup_key: match asked.code {
                codes::HUMAN_TASK => format!("{}:{}:{}:{n}", asked.code, run.id, step.key),
                code => format!("{code}:{}:{}", run.id, step.key),
            },
            code: asked.code.to_owned(),
            title,
            sentence: asked.sentence,
            class: asked.class,
            severity: asked.severity,
            state: TaskState::Open,
            owner: asked.owner,
            assignee: None,
            escalation: ladder(&asked.backup, resolve / 2),
            backup: asked.backup,
            watchers: step.watchers.clone(),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence,
            remediation_steps: asked.remediation,
            unlock: asked.unlock,
            receipt_id: None,
            order_id: (run.subject_kind == "order").then_some(run.subject_id),
            run_id: Some(run.id),
            step: Some(StepTask {
                key: step.key.clone(),
                token: n,
                form: asked.form,
                answers: std::collections::BTreeMap::new(),
            }),
            export_id: None,
            trace_id: run.trace_id.clone(),
            created_at: self.now,
            asked_at: None,
            accept_by,
            resolve_by,
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        };
        self.open(task).await
    }

    /// The step is a task for a person.
    pub(super) async fn ask_person(&mut self, walk: &mut Walk, n: u32, step: &Step) -> Result<()> {
        let StepKind::HumanTask {
            instruction,
            fields,
        } = &step.kind
        else {
            return Ok(());
        };
        let asked = Asked {
            code: codes::HUMAN_TASK,
            sentence: instruction.clone(),
            owner: step.owner.clone(),
            backup: step.backup.clone(),
            class: ExceptionClass::Hard,
            severity: Severity::Normal,
            clocks: (step.clock.accept_ms, step.clock.resolve_ms),
            evidence: Vec::new(),
            remediation: runbook_lines(&step.runbook),
            unlock: Unlock::FinishStep,
            form: fields.clone(),
        };
        self.open_for(walk, n, step, asked).await
    }

    /// Whoever has a live task about this step has the step: their own, or one about its export.
    pub(super) async fn task_at(&mut self, walk: &Walk, step: &Step) -> Result<Option<Task>> {
        Ok(self.tasks_at(walk, step).await?.pop())
    }

    async fn tasks_at(&mut self, walk: &Walk, step: &Step) -> Result<Vec<Task>> {
        let run = &walk.run;
        let mut tasks = self.tx.tasks_about(run.merchant_id, run.id).await?;
        tasks.retain(|task| !task.state.is_over());
        if tasks.is_empty() {
            return Ok(tasks);
        }
        let exports: Vec<Uuid> = match step.kind {
            StepKind::EmitExport { .. } => {
                let export = self.export_at(run, &step.key).await?;
                export.into_iter().map(|one| one.id).collect()
            }
            StepKind::Compensate { .. } => {
                let all = self.tx.exports_of_run(run.merchant_id, run.id).await?;
                let undo = all.into_iter().filter(|one| is_undo(&one.step_key));
                undo.map(|one| one.id).collect()
            }
            _ => Vec::new(),
        };
        tasks.retain(|task| {
            task.step.as_ref().is_some_and(|at| at.key == step.key)
                || task.export_id.is_some_and(|id| exports.contains(&id))
        });
        Ok(tasks)
    }

    /// The step is left: what somebody was asked about it is over. Trouble with its export stays with whoever has
    /// it, unless the step had failed by it.
    pub(super) async fn close_tasks(
        &mut self,
        walk: &Walk,
        step: &Step,
        was: TokenState,
        why: &str,
    ) -> Result<()> {
        for task in self.tasks_at(walk, step).await? {
            if task.step.is_some() || was != TokenState::Waiting {
                self.cancel_task(&task.dedup_key, why).await?;
            }
        }
        Ok(())
    }

    /// Somebody has to put the step right; until then the branch stands still. Who has a task about it already
    /// keeps it.
    pub(super) async fn hold(
        &mut self,
        walk: &mut Walk,
        n: u32,
        (way, why): (&str, &str),
        (owner, severity, remediation): (Option<&Owner>, Severity, &[String]),
    ) -> Result<()> {
        let step = walk.at(n)?;
        let since = walk.token(n)?.since;
        if let Some(token) = walk.run.token_mut(n) {
            token.at = TokenState::Held;
            token.wait_until = None;
            token.accept_by = None;
        }
        self.note(
            "run.held",
            "run",
            walk.run.id,
            json!({ "step": step.key, "way": way }),
        );
        let waits = matches!(step.kind, StepKind::WaitForEvent { .. }) && way == ways::LATE;
        let unlock = if waits {
            Unlock::WaitAgain
        } else {
            Unlock::TryStep
        };
        if let Some(mut task) = self.task_at(walk, &step).await? {
            if task.unlock == Unlock::Nothing {
                task.unlock = unlock;
                task.step = Some(StepTask {
                    key: step.key.clone(),
                    token: n,
                    ..StepTask::default()
                });
                self.keep_task(&task).await?;
            }
            return Ok(());
        }
        let steps = if !remediation.is_empty() {
            remediation.to_vec()
        } else if waits {
            vec![
                "Ask the destination what happened to it.".to_owned(),
                "When it is on its way, resolve this: the wait starts again.".to_owned(),
            ]
        } else {
            vec!["Put right what kept it, then resolve this: the step is tried again.".to_owned()]
        };
        let asked = Asked {
            code: if waits {
                codes::EVENT_NOT_SEEN
            } else {
                codes::STEP_FAILED
            },
            sentence: why.to_owned(),
            owner: owner.unwrap_or(&step.owner).clone(),
            backup: step.backup.clone(),
            class: if waits {
                ExceptionClass::Soft
            } else {
                ExceptionClass::Hard
            },
            severity,
            clocks: (0, 0),
            evidence: vec![crate::exception::evidence(
                "Waiting since",
                since.to_string(),
            )],
            remediation: steps,
            unlock,
            form: Vec::new(),
        };
        self.open_for(walk, n, &step, asked).await
    }
}

fn subject_label(kind: &str) -> &'static str {
    match kind {
        "order" => "Order",
        "case" => "Case",
        _ => "Campaign",
    }
}

/// What a runbook lists, for the task's own list.
fn runbook_lines(markdown: &str) -> Vec<String> {
    let lines = markdown.lines().map(str::trim);
    let listed = lines.filter_map(|line| {
        let number = line.split_once(". ").filter(|(digits, _)| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        let dash = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        number.map(|(_, text)| text).or(dash)
    });
    listed.map(str::to_owned).take(20).collect()
}
