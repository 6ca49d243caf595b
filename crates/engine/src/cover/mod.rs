//! Keeping what says who answers when: rotations, calendars, covers, own roles, escalation policies.
//!
//! Whoever manages people changes them; a stand-in may also be entered by whoever stands in. Everything
//! that is taken away is looked for first, under a lock that all of this holds, and who needs it is said.
//! Each change writes down whose turn ended by it and whose began (`turns`).

mod calendars;
mod handing_on;
mod policies;
mod replace;
mod retiring;
mod roles;
mod rotations;
mod turns;
mod uses;

use std::sync::Arc;

use domain::cover::Fault;
use uuid::Uuid;

pub use self::{
    calendars::CalendarInput,
    policies::{PolicyInput, RungInput},
    replace::Uses,
    roles::{CoverInput, OwnRoleInput},
    rotations::{RotationInput, StandInInput},
};
pub(crate) use self::{
    handing_on::is_out,
    retiring::{listed_otherwise, print_of},
};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    port::Tx,
    rules,
    work::Work,
};

fn fields(faults: Vec<Fault>) -> Vec<FieldError> {
    faults
        .into_iter()
        .map(|fault| FieldError {
            field: fault.field,
            sentence: fault.sentence,
        })
        .collect()
}

fn sound(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid_fields(fields(faults)))
    }
}

fn taken(key: &str) -> Error {
    Error::invalid("key", format!("“{key}” is taken; choose another."))
}

/// Read it again, and nothing was changed.
fn changed_meanwhile(what: &str) -> Error {
    Error::conflict(format!(
        "Somebody else changed this {what} meanwhile: look at it again. Nothing was changed."
    ))
}

/// One change of who answers: alone at this merchant, and under rules read here and now.
async fn work<'t>(engine: Arc<Engine>, ctx: &Ctx, tx: &'t mut (dyn Tx + 't)) -> Result<Work<'t>> {
    tx.lock_cover(ctx.merchant_id()).await?;
    let rules = Arc::new(rules::load(tx, ctx.merchant_id()).await?);
    Ok(Work::of(ctx, tx, engine, rules))
}

impl Work<'_> {
    /// What was just written counts from here on.
    pub(crate) async fn reload(&mut self) -> Result<()> {
        let merchant: Uuid = self.merchant_id();
        self.rules = Arc::new(rules::load(self.tx, merchant).await?);
        Ok(())
    }
}
