//! A person's own account: what they do to it, and what others do to it for them.
//!
//! An account belongs to no merchant, but whoever runs a merchant wants to see in their trail that
//! somebody who works there changed a password or had it reset. So an act on a person is noted in the
//! chain of every merchant where that person is a member, in the same transaction.

use domain::Time;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::Result,
    port::{AuditNote, StoreExt, Tx},
};

/// Something that was done to an account. `action` is `person.…`.
#[derive(Clone, Debug)]
pub(crate) struct PersonNote {
    pub person: Uuid,
    /// As in every note: `user:<id>`, `system`.
    pub actor: String,
    pub at: Time,
    pub action: &'static str,
    pub detail: Value,
    pub trace_id: Option<String>,
}

/// Notes it at every merchant where the person is a member, inside the caller's transaction.
pub(crate) async fn note_for_person(tx: &mut (dyn Tx + '_), note: PersonNote) -> Result<()> {
    for membership in tx.memberships_of(note.person).await? {
        tx.note(AuditNote {
            merchant_id: membership.merchant_id,
            at: note.at,
            actor: note.actor.clone(),
            action: note.action.to_owned(),
            subject_kind: "person",
            subject_id: note.person,
            detail: note.detail.clone(),
            trace_id: note.trace_id.clone(),
        });
    }
    // whoever comes through an operator is noted in its chain, and not at each of its merchants
    for member in tx.operator_memberships_of(note.person).await? {
        tx.note(AuditNote {
            merchant_id: member.operator_id,
            at: note.at,
            actor: note.actor.clone(),
            action: note.action.to_owned(),
            subject_kind: "person",
            subject_id: note.person,
            detail: note.detail.clone(),
            trace_id: note.trace_id.clone(),
        });
    }
    Ok(())
}

impl Engine {
    /// The note of something a person does to their own account, now.
    pub(crate) fn own_act(&self, person: Uuid, action: &'static str, detail: Value) -> PersonNote {
        PersonNote {
            person,
            actor: format!("user:{person}"),
            at: self.now(),
            action,
            detail,
            trace_id: Some(self.new_trace_id()),
        }
    }

    /// For an act that changes no row of its own: the note, alone in a transaction.
    pub async fn note_for_person(
        &self,
        person: Uuid,
        action: &'static str,
        detail: Value,
    ) -> Result<()> {
        let note = self.own_act(person, action, detail);
        self.store
            .write(move |tx| Box::pin(note_for_person(tx, note)))
            .await
    }
}
