//! Operators: agencies with people and merchants of their own.
//!
//! A member of an operator reaches each of its merchants with the access they have at the operator, on
//! the agency's side and answering for no role; a place of their own at a merchant counts instead. What
//! is done to the operator itself (its people, its name, what it asks of them) is noted in a chain of the
//! operator's own, keyed by its id as a merchant's is by the merchant's; and what changes who reaches the
//! merchants is noted in the chain of each of them as well, since it is their data.

use domain::people::{MAX_SLUG, Operator, OperatorMember, slug_of};
use serde_json::json;
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::{Error, Result},
    port::{StoreExt, Tx},
};

impl Engine {
    pub async fn operator(&self, id: Uuid) -> Result<Option<Operator>> {
        self.store.reads().await?.operator(id).await
    }

    /// The first thing in an installation, or a demo. Its people come afterwards.
    pub async fn create_operator(&self, name: &str) -> Result<Operator> {
        let (id, name) = (self.uuid(), name.trim().to_owned());
        let note = self.set_up(
            id,
            "operator.created",
            "operator",
            id,
            json!({ "name": name }),
        );
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let operator = Operator {
                        id,
                        slug: free_slug(tx, &name, id).await?,
                        name,
                        require_second_factor: false,
                    };
                    tx.insert_operator(&operator).await?;
                    tx.note(note);
                    Ok(operator)
                })
            })
            .await
    }

    /// Operators from before they had paths are given theirs. Called when the program starts.
    pub async fn give_operators_paths(&self) -> Result<()> {
        let all = self.store.reads().await?.all_operators().await?;
        if all.iter().all(|operator| !operator.slug.is_empty()) {
            return Ok(());
        }
        self.store
            .write(|tx| {
                Box::pin(async move {
                    for mut operator in tx.all_operators().await? {
                        if operator.slug.is_empty() {
                            operator.slug = free_slug(tx, &operator.name, operator.id).await?;
                            tx.save_operator(&operator).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Set-up: the operator's first people. Later ones are added by an admin of it.
    pub async fn found_operator_member(&self, member: OperatorMember) -> Result<()> {
        let detail = json!({ "access": member.access, "operator_id": member.operator_id });
        let notes: Vec<_> = self
            .store
            .reads()
            .await?
            .merchants_of(member.operator_id)
            .await?
            .into_iter()
            .map(|merchant| merchant.id)
            .chain([member.operator_id])
            .map(|chain| {
                let action = "operator_member.added";
                self.set_up(chain, action, "member", member.user_id, detail.clone())
            })
            .collect();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_operator_member(&member).await?;
                    notes.into_iter().for_each(|note| tx.note(note));
                    Ok(())
                })
            })
            .await
    }
}

/// The path for this name, with a number behind it when somebody else has it.
pub(crate) async fn free_slug(tx: &mut (dyn Tx + '_), name: &str, id: Uuid) -> Result<String> {
    let wanted = slug_of(name, "agency");
    for n in 1..100 {
        let slug = match n {
            1 => wanted.clone(),
            _ => {
                let mut cut = wanted.clone();
                cut.truncate(MAX_SLUG - 3);
                format!("{}-{n}", cut.trim_end_matches('-'))
            }
        };
        if tx
            .operator_by_slug(&slug)
            .await?
            .is_none_or(|one| one.id == id)
        {
            return Ok(slug);
        }
    }
    Err(Error::conflict(
        "There are too many operators of this name.",
    ))
}
