//! Asking people where they are: what is said in a chat or by mail when an approval is asked, goes to
//! the backup, and ends.
//!
//! [`Work::keep_approval`] is the one way to save an approval that changed, whatever changed it: so nothing
//! that shows it elsewhere can be forgotten.

use domain::approval::Approval;

use crate::{error::Result, work::Work};

impl Work<'_> {
    /// Saves an approval, and has whatever shows it elsewhere look again.
    pub async fn keep_approval(&mut self, approval: &Approval) -> Result<()> {
        self.tx.save_approval(approval).await
    }
}
