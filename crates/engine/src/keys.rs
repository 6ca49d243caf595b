//! Changing the installation's key while it is in use.
//!
//! The keys are what whoever starts the process says; here is what follows from them. As long as older
//! keys are known, everything that is still sealed under one of them is wrapped anew under the current
//! one, merchant by merchant, each seal by a write of its own that goes through only if the seal is
//! still the one that was read: a secret that is rotated at the same moment wins. Nothing is locked and
//! nothing is refused meanwhile, since all the keys open what they sealed.
//!
//! Deliberately absent: an audit entry. No secret changes and nobody sees one; the log says what was done.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::Result,
    port::{SealRow, SessionRow, StoreExt},
    vault::Place,
};

/// Read at a time; there are a few per merchant.
const BATCH: i64 = 100;

impl SealRow {
    fn place(&self) -> Place<'_> {
        Place {
            // what belongs to a person stands in their name
            merchant_id: self.merchant_id.unwrap_or(self.row_id),
            table: self.table,
            row_id: self.row_id,
            column: self.column,
        }
    }
}

impl Engine {
    /// From now on `current` seals, and `older` keys still open what they sealed. An older key under
    /// which something is still sealed must be among them.
    pub fn use_keys(&self, current: &[u8; 32], older: &[[u8; 32]]) {
        self.vault.use_keys(current, older);
    }

    /// How many secrets are not sealed under the current key.
    pub async fn seals_under_older_keys(&self) -> Result<u64> {
        let prefix = self.vault.current_prefix();
        let mut count = 0;
        for whose in self.seal_owners().await? {
            count += self.seals(whose, &prefix, i64::MAX).await?.len() as u64;
        }
        let sessions = self.session_seals(&prefix).await?;
        // one under a key that nobody has opens nothing, and ends like any other
        let known = sessions
            .iter()
            .filter(|row| self.rewrapped_session(row).is_some());
        count += known.count() as u64;
        Ok(count)
    }

    /// Wraps everything anew that is sealed under an older key. Returns how many seals were renewed.
    pub async fn renew_seals(self: &Arc<Self>) -> Result<u64> {
        let prefix = self.vault.current_prefix();
        let mut renewed = 0;
        for whose in self.seal_owners().await? {
            loop {
                let rows = self.seals(whose, &prefix, BATCH).await?;
                let mut done = 0;
                for row in rows {
                    if self.renew_seal(row).await? {
                        done += 1;
                    }
                }
                renewed += done;
                // what could not be renewed was changed by somebody else, and is seen the next time
                if done < BATCH as u64 {
                    break;
                }
            }
        }
        Ok(renewed + self.renew_sessions(&prefix).await?)
    }

    /// What a session remembers is sealed as well; nobody is signed out because a key was changed.
    async fn renew_sessions(self: &Arc<Self>, prefix: &[u8]) -> Result<u64> {
        let mut renewed = 0;
        for row in self.session_seals(prefix).await? {
            let Some(data) = self.rewrapped_session(&row) else {
                continue;
            };
            let is_renewed = self
                .store
                .write(move |tx| Box::pin(async move { tx.renew_session(&row, &data).await }))
                .await?;
            renewed += u64::from(is_renewed);
        }
        Ok(renewed)
    }

    async fn session_seals(&self, prefix: &[u8]) -> Result<Vec<SessionRow>> {
        // nine bytes are twelve characters, with nothing left over
        let prefix = STANDARD_NO_PAD.encode(prefix);
        let mut reads = self.store.reads().await?;
        reads.sessions_not_under(&prefix, self.now()).await
    }

    /// Every merchant, and `None` for what belongs to people.
    async fn seal_owners(&self) -> Result<Vec<Option<Uuid>>> {
        let merchants = self.store.reads().await?.all_merchants().await?;
        let ids = merchants.into_iter().map(|merchant| Some(merchant.id));
        Ok(ids.chain([None]).collect())
    }

    async fn seals(&self, whose: Option<Uuid>, prefix: &[u8], limit: i64) -> Result<Vec<SealRow>> {
        let mut reads = self.store.reads().await?;
        match whose {
            Some(merchant) => reads.seals_not_under(merchant, prefix, limit).await,
            None => reads.seals_of_people_not_under(prefix, limit).await,
        }
    }

    async fn renew_seal(self: &Arc<Self>, row: SealRow) -> Result<bool> {
        let Some(renewed) = self.vault.rewrap(&*self.ids, row.place(), &row.sealed)? else {
            return Ok(false);
        };
        self.store
            .write(move |tx| Box::pin(async move { tx.renew_seal(&row, &renewed).await }))
            .await
    }
}
