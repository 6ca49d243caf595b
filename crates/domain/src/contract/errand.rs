//! The way of an export that no flow asked for: a flow of one step, which a contract with triggers brings along.
//!
//! Everything that happens to an export happens within a run (its tasks, its clocks, its thread on the page), so
//! what a trigger sets off is a run as well. Its flow is kept beside the flows that people draw, under a key that
//! no drawn flow can have, and stands in no list of them.

use super::Contract;
use crate::flow::{Flow, Step, StepKind, Trigger, Until};

/// How such a flow's key begins.
pub const ERRAND: &str = "contract:";

impl Contract {
    pub fn errand_key(&self) -> String {
        format!("{ERRAND}{}", self.export_type)
    }

    /// The flow of one step, named by the id of this version.
    pub fn errand(&self, version: i64) -> Flow {
        let until = if self.ack.completed_within_ms.is_some() {
            Until::Completed
        } else {
            Until::Acknowledged
        };
        let emit = StepKind::EmitExport {
            export_type: self.export_type.clone(),
            until,
        };
        let owners = (self.owner.clone(), self.backup.clone());
        let key = self.errand_key();
        Flow {
            version,
            summary: self.summary.clone(),
            trigger: Trigger::Manual,
            steps: vec![Step::new(&self.export_type, &self.title, owners, emit)],
            outcome: "sent".to_owned(),
            published_at: self.published_at,
            ..Flow::named(self.id, self.merchant_id, &key, &self.title)
        }
        .in_a_row()
    }
}
