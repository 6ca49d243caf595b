//! How a person does a step by hand, shown where somebody works on it.

use domain::{access::Noun, owner::Owner};
use uuid::Uuid;

use crate::{ctx::Ctx, engine::Engine, error::Result};

/// A step's runbook, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runbook {
    /// For those who may look at flows.
    pub flow_id: Option<Uuid>,
    pub flow: String,
    pub step: String,
    /// Markdown, as it was written.
    pub text: String,
}

impl Engine {
    /// Of the step that a task is about; none, where nobody wrote one. From outside one reads that of one's
    /// own steps.
    pub async fn runbook_of_task(&self, ctx: &Ctx, task: Uuid) -> Result<Option<Runbook>> {
        let task = self.task(ctx, task).await?;
        let Some(run_id) = task.run_id else {
            return Ok(None);
        };
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let key = match (&task.step, task.export_id) {
            (Some(step), _) => Some(step.key.clone()),
            (None, Some(id)) => reads.export(merchant, id).await?.map(|one| one.step_key),
            (None, None) => None,
        };
        let (Some(key), Some(run)) = (key, reads.run(merchant, run_id).await?) else {
            return Ok(None);
        };
        let Some(flow) = reads.flow(merchant, run.flow_id).await? else {
            return Ok(None);
        };
        let open = ctx.reads(Noun::Flow);
        let step = flow
            .step(&key)
            .filter(|step| !step.runbook.trim().is_empty() && (open || is_own(ctx, &step.owner)));
        Ok(step.map(|step| Runbook {
            flow_id: open.then_some(flow.id),
            flow: flow.name.clone(),
            step: step.title.clone(),
            text: step.runbook.clone(),
        }))
    }
}

fn is_own(ctx: &Ctx, owner: &Owner) -> bool {
    ctx.member()
        .is_ok_and(|(_, member)| member.answers_for(owner))
}
