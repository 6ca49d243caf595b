//! Flow runs: a published flow, executed for one subject exactly as it is drawn.
//!
//! Who takes part: a *run* stands at tokens, one for each branch under way ([`walk`]). Where a token stands, the
//! *step* does its part ([`steps`]): makes an export, waits for an event, decides, asks a person, tells somebody,
//! takes back, or runs another flow. How far it is can be read off rows at any time, so whatever happens (an
//! acknowledgement, an event, a resolved task, a clock) only makes the run look again; nothing is lost between two
//! processes, and the same thing said twice changes nothing. A step that fails takes the path drawn for that
//! failure ([`failing`]), up to taking back what was done ([`undo`]). People start, pause, resume and cancel runs
//! ([`start`], [`control`]), and move them to another version of their flow ([`moving`]).
//!
//! A run's clocks are jobs armed for one moment. One that fires for a moment that no token waits for any more does
//! nothing.

mod asking;
mod clocks;
mod control;
mod failing;
mod moving;
mod start;
mod steps;
mod undo;
mod walk;

use std::sync::Arc;

use domain::flow::{Campaign, Case, Flow, Known, Run};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    port::OrderRow,
    work::Work,
};

pub(crate) use moving::read_answers;
pub(crate) use undo::is_undo;

pub(crate) use start::prepares;

pub use control::Cancelled;
pub use start::StartInput;

/// Codes of tasks about a step, beside those that contracts route.
mod codes {
    pub use domain::contract::codes::EVENT_NOT_SEEN;
    pub const HUMAN_TASK: &str = "human_task";
    pub const STEP_FAILED: &str = "step_failed";
    pub const STEP_WAITING: &str = "step_waiting";
    pub const UNDO_BY_HAND: &str = "undo_by_hand";
}

/// What a run is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Order(Box<OrderRow>),
    Campaign(Box<Campaign>),
    Case(Box<Case>),
}

impl Subject {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Campaign(_) => "campaign",
            Self::Case(_) => "case",
        }
    }

    pub fn id(&self) -> Uuid {
        match self {
            Self::Order(row) => row.id,
            Self::Campaign(campaign) => campaign.id,
            Self::Case(case) => case.id,
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Order(row) => &row.order.name,
            Self::Campaign(campaign) => &campaign.title,
            Self::Case(case) => &case.title,
        }
    }

    /// What conditions may ask about it.
    pub fn facts(&self) -> Known {
        match self {
            Self::Order(row) => Known::of_order(&row.order),
            Self::Campaign(campaign) => Known::of_campaign(campaign),
            Self::Case(case) => Known::of_case(case),
        }
    }
}

impl Work<'_> {
    pub async fn subject_of(&mut self, run: &Run) -> Result<Subject> {
        let gone = || Error::internal(format!("run {} has lost its subject", run.id));
        let (merchant, id) = (run.merchant_id, run.subject_id);
        Ok(match run.subject_kind.as_str() {
            "order" => Subject::Order(Box::new(
                self.tx.order(merchant, id).await?.ok_or_else(gone)?,
            )),
            "case" => Subject::Case(Box::new(
                self.tx.case(merchant, id).await?.ok_or_else(gone)?,
            )),
            _ => Subject::Campaign(Box::new(
                self.tx.campaign(merchant, id).await?.ok_or_else(gone)?,
            )),
        })
    }

    pub async fn flow_of(&mut self, run: &Run) -> Result<Arc<Flow>> {
        if let Some(flow) = self.rules.flows.iter().find(|flow| flow.id == run.flow_id) {
            return Ok(Arc::clone(flow));
        }
        let flow = self.tx.flow(run.merchant_id, run.flow_id).await?;
        flow.map(Arc::new)
            .ok_or_else(|| Error::internal(format!("run {} has lost its flow", run.id)))
    }
}
