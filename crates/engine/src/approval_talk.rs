//! Around a decision: commenting, asking, answering, reminding, passing on, and saying that one is looking.
//!
//! A question becomes a task of the person who is asked, so that it has a clock of its own and cannot be
//! overlooked; answering on the approval's page closes the task, and resolving the task is answering.
//! Everything here changes the same row as a decision does, under the same conditional write; whoever comes
//! second does it again on what is there then.

use std::sync::Arc;

use domain::{
    access::Action,
    approval::{Approval, CannotTalk, Voice},
    export::Export,
    owner::{Owner, Party},
    sight::Sight,
    task::{ExceptionClass, Severity, Task, TaskState, Unlock},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    approval_news::News,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    exception::{evidence, ladder, linked},
    port::StoreExt,
    rules::Rules,
    work::Work,
};

const RACES: usize = 16;

/// Something a person does with an approval besides deciding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalAct {
    Comment {
        text: String,
    },
    Remind,
    /// Asks somebody in particular before deciding.
    Ask {
        to: Uuid,
        text: String,
    },
    Answer {
        text: String,
    },
    Reassign {
        to: Owner,
        why: String,
    },
    /// Tells the others that one is looking at it.
    Look,
}

impl ApprovalAct {
    const fn action(&self) -> Action {
        match self {
            Self::Comment { .. } | Self::Remind | Self::Answer { .. } => Action::Discuss,
            Self::Ask { .. } | Self::Reassign { .. } | Self::Look => Action::Decide,
        }
    }
}

/// One question is open at a time.
pub(crate) fn question_key(approval: Uuid) -> String {
    format!("question:{approval}")
}

impl From<CannotTalk> for Error {
    fn from(why: CannotTalk) -> Self {
        let sentence = crate::error::sentence_case(&why.to_string());
        match why {
            CannotTalk::Empty | CannotTalk::TooLong => Self::invalid("text", sentence),
            CannotTalk::Oneself
            | CannotTalk::WithThem
            | CannotTalk::Author
            | CannotTalk::SamePerson => Self::invalid("to", sentence),
            CannotTalk::RemindedLately(wait) => Self {
                retry_after_ms: Some(wait),
                ..Self::new(crate::Kind::TooMany, sentence)
            },
            CannotTalk::NotYourRole(_) | CannotTalk::NotYourQuestion => Self::forbidden(sentence),
            CannotTalk::Over(_)
            | CannotTalk::NotYetAsked
            | CannotTalk::TooMuch
            | CannotTalk::RemindedEnough
            | CannotTalk::QuestionOpen
            | CannotTalk::AskedEnough
            | CannotTalk::NoQuestion => Self::conflict(sentence),
        }
    }
}

impl Engine {
    pub async fn act_on_approval(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        act: ApprovalAct,
    ) -> Result<Approval> {
        ctx.require(act.action())?;
        ctx.member()?;
        for _ in 0..RACES {
            match self.act_once(ctx, id, act.clone()).await {
                Err(error) if error.raced => tokio::task::yield_now().await,
                done => return done,
            }
        }
        self.act_once(ctx, id, act).await
    }

    async fn act_once(self: &Arc<Self>, ctx: &Ctx, id: Uuid, act: ApprovalAct) -> Result<Approval> {
        let user = ctx.member()?.0.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let sight = ctx.sight(&rules);
                    let approval = tx
                        .approval(ctx.merchant_id(), id)
                        .await?
                        .filter(|one| sight.sees(&one.marks()))
                        .ok_or_else(|| Error::not_found("approval"))?;
                    if let Some(side) = ctx.outside_party() {
                        keeps_to_theirs(&rules, side, &approval, &act)?;
                    }
                    let is_admin = ctx.member()?.1.runs_it();
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.act_on_approval(approval, (user, is_admin), act).await
                })
            })
            .await
    }
}

impl Work<'_> {
    async fn act_on_approval(
        &mut self,
        approval: Approval,
        (user, is_admin): (Uuid, bool),
        act: ApprovalAct,
    ) -> Result<Approval> {
        let (now, old) = (self.now, approval.clone());
        let (next, action, detail, news) = match act {
            ApprovalAct::Comment { text } => {
                let next = approval.comment(user, &text, now)?;
                (
                    next,
                    "approval.commented",
                    json!({ "text": text.trim() }),
                    None,
                )
            }
            ApprovalAct::Remind => {
                let next = approval.remind(user, now)?;
                let news = News::Reminded { by: user };
                (next, "approval.reminded", json!({}), Some(news))
            }
            ApprovalAct::Ask { to, text } => {
                self.can_answer(&approval, to)?;
                let (own, away) = self.voices(user).await?;
                let voice = Voice {
                    own: &own,
                    away: away.iter().collect(),
                };
                let next = approval.ask_about(&voice, to, &text, now)?;
                let text = text.trim().to_owned();
                let detail = json!({ "to": to, "text": text, "accept_by": next.accept_by });
                let news = News::Question { by: user, to, text };
                (next, "approval.questioned", detail, Some(news))
            }
            ApprovalAct::Answer { text } => {
                let asker = approval.question.as_ref().map(|one| one.by);
                let next = approval.answer(user, &text, now)?;
                let text = text.trim().to_owned();
                let detail = json!({ "text": text, "accept_by": next.accept_by });
                let news = asker.map(|to| News::Answer { by: user, to, text });
                (next, "approval.answered", detail, news)
            }
            ApprovalAct::Reassign { to, why } => {
                self.can_be_asked(&to).await?;
                let (own, away) = self.voices(user).await?;
                let voice = Voice {
                    own: &own,
                    away: away.iter().collect(),
                };
                let voice = (!is_admin || approval.waits_on(&voice)).then_some(&voice);
                let all = self
                    .tx
                    .approvals_of(approval.merchant_id, approval.export_id)
                    .await?;
                let next = approval.reassign((user, voice), &to, &why, (&all, now))?;
                let before: Vec<&Owner> = old.asked().collect();
                let after: Vec<&Owner> = next.asked().collect();
                let detail = json!({ "before": before, "after": after, "why": why.trim() });
                let news = News::Reassigned { by: user, to };
                (next, "approval.reassigned", detail, Some(news))
            }
            ApprovalAct::Look => {
                if approval.state != domain::approval::ApprovalState::Pending {
                    return Ok(approval);
                }
                let (next, is_new) = approval.look(user, now);
                self.keep_approval(&next).await?;
                if is_new {
                    let detail = json!({ "export_id": next.export_id });
                    self.note("approval.looked_at", "approval", next.id, detail);
                }
                return Ok(saved(next));
            }
        };
        self.keep_approval(&next).await?;
        let mut detail = detail;
        detail["export_id"] = json!(next.export_id);
        self.note(action, "approval", next.id, detail);
        if next.accept_by != old.accept_by || next.expires_at != old.expires_at {
            self.arm_clocks(&next).await?;
        }
        let export = self.export(next.export_id).await?;
        if let Some(news) = &news {
            self.tell_of_approval(&export, &next, news).await?;
            match news {
                News::Question { to, text, .. } => {
                    self.open_question(&export, &next, (*to, text)).await?;
                }
                News::Answer { .. } => {
                    self.cancel_task(&question_key(next.id), "it was answered")
                        .await?;
                }
                _ => {}
            }
        }
        Ok(saved(next))
    }

    /// Whether a question can be put to them: somebody active who works here and sees what it is about.
    fn can_answer(&self, approval: &Approval, to: Uuid) -> Result<()> {
        let rules = &self.rules;
        let found = rules.members.iter().find(|(user, _)| user.id == to);
        let Some((_, member)) = found.filter(|(user, _)| user.active) else {
            return Err(Error::invalid("to", "Choose somebody who works here."));
        };
        if !member.may(Action::Discuss) || !member.may(Action::WorkTasks) {
            return Err(Error::invalid(
                "to",
                "They only read here; ask somebody who works here.",
            ));
        }
        let sight = Sight::of(member, &rules.destinations, &rules.roster.rotations);
        if member.party.is_outside() && !sight.sees(&approval.marks()) {
            return Err(Error::invalid(
                "to",
                "They are from outside and cannot see this.",
            ));
        }
        Ok(())
    }

    /// Whether somebody stands behind it who may decide.
    async fn can_be_asked(&mut self, to: &Owner) -> Result<()> {
        let people = self.rules.people(to);
        let may = |id: Uuid| {
            let found = self.rules.members.iter().find(|(user, _)| user.id == id);
            found.is_some_and(|(_, member)| member.may(Action::Decide))
        };
        if !people.iter().any(|user| may(user.id)) {
            let who = self.rules.spoken_name(to);
            return Err(Error::invalid(
                "to",
                format!("{who} cannot approve here; choose somebody who can."),
            ));
        }
        if !self.answers(to).await? {
            return Err(Error::invalid("to", "They do not work here any more."));
        }
        Ok(())
    }

    async fn open_question(
        &mut self,
        export: &Export,
        approval: &Approval,
        (to, text): (Uuid, &str),
    ) -> Result<()> {
        let asker = approval.question.as_ref().map_or(to, |one| one.by);
        let asker_name = self.rules.user_name(asker).unwrap_or("Somebody").to_owned();
        let until = self.now.plus_ms(approval.accept_ms);
        let task = Task {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            dedup_key: question_key(approval.id),
            code: "question".to_owned(),
            title: format!("Answer before it is approved: {}", export.title),
            sentence: format!("{asker_name} asks: {text}"),
            class: ExceptionClass::Soft,
            severity: Severity::High,
            state: TaskState::Open,
            owner: Owner::User(to),
            assignee: None,
            backup: Owner::User(asker),
            watchers: Vec::new(),
            escalation: ladder(&Owner::User(asker), approval.accept_ms),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence: vec![
                linked("Approval", &export.title, "approval", approval.id),
                linked("Export", &export.title, "export", export.id),
                evidence("Asked by", &asker_name),
            ],
            remediation_steps: vec![
                "Answer on the approval’s page, or resolve this with the answer as its note."
                    .to_owned(),
            ],
            unlock: Unlock::AnswerQuestion,
            receipt_id: None,
            order_id: None,
            run_id: None,
            step: None,
            export_id: Some(export.id),
            trace_id: export.trace_id.clone(),
            created_at: self.now,
            asked_at: None,
            accept_by: until,
            resolve_by: until,
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        };
        self.open(task).await
    }

    /// A question's task was resolved: its note is the answer, whoever gave it.
    pub async fn answer_by_task(&mut self, task: &Task) -> Result<()> {
        let id = task
            .dedup_key
            .split(':')
            .nth(1)
            .and_then(|id| id.parse().ok());
        let Some(id) = id else {
            return Err(Error::internal(
                "a question's task does not name its approval",
            ));
        };
        let Some(mut approval) = self.tx.approval(self.merchant_id(), id).await? else {
            return Ok(());
        };
        let (Some(question), Some(by)) = (approval.question.as_mut(), task.resolved_by) else {
            return Ok(());
        };
        // it may have been passed on to somebody who knows better
        question.to = by;
        let asker = question.by;
        let text = task.resolution.clone().unwrap_or_default();
        let next = approval.answer(by, &text, self.now)?;
        self.keep_approval(&next).await?;
        let detail = json!({
            "export_id": next.export_id, "text": text, "accept_by": next.accept_by, "task_id": task.id,
        });
        self.note("approval.answered", "approval", next.id, detail);
        self.arm_clocks(&next).await?;
        let export = self.export(next.export_id).await?;
        let news = News::Answer {
            by,
            to: asker,
            text,
        };
        self.tell_of_approval(&export, &next, &news).await
    }
}

/// Somebody from outside is not told who else there is, nor whom they guessed right: they name their own side,
/// and those to whom the approval leads.
fn keeps_to_theirs(
    rules: &Rules,
    side: Party,
    approval: &Approval,
    act: &ApprovalAct,
) -> Result<()> {
    let is_theirs = match act {
        ApprovalAct::Ask { to, .. } => rules.is_known_by(approval, side, *to),
        ApprovalAct::Reassign { to, .. } => {
            rules.is_of(side, to) || approval.named().any(|owner| owner == to)
        }
        _ => true,
    };
    if is_theirs {
        return Ok(());
    }
    let sentence = "Choose somebody on your own side, or whom the approval names.";
    Err(Error::invalid("to", sentence))
}

fn saved(approval: Approval) -> Approval {
    Approval {
        rev: approval.rev + 1,
        ..approval
    }
}
