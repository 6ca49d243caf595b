//! People and places: who there is, and where they may go.

use domain::people::{Membership, Merchant, Operator, User};
use serde_json::json;
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::Result,
    port::{AuditNote, StoreExt},
};

impl Engine {
    /// The person a session belongs to, with the merchants they may enter.
    pub async fn who(&self, user_id: Uuid) -> Result<Option<(User, Vec<(Merchant, Membership)>)>> {
        let mut reads = self.store.reads().await?;
        let Some(user) = reads.user(user_id).await?.filter(|user| user.active) else {
            return Ok(None);
        };
        let places = reads.places_of(user_id).await?;
        Ok(Some((user, places)))
    }

    /// Removes an agency with everything that belongs to it.
    pub async fn remove_operator(&self, id: Uuid) -> Result<()> {
        self.store
            .write(move |tx| Box::pin(async move { tx.delete_operator(id).await }))
            .await
    }

    pub async fn create_merchant(
        &self,
        operator: &Operator,
        slug: &str,
        name: &str,
    ) -> Result<Merchant> {
        let merchant = Merchant {
            id: self.uuid(),
            operator_id: operator.id,
            slug: slug.to_owned(),
            name: name.to_owned(),
        };
        let note = self.set_up(
            merchant.id,
            "merchant.created",
            "merchant",
            merchant.id,
            json!({ "slug": slug, "name": name }),
        );
        let row = merchant.clone();
        let jobs = self.first_jobs(&merchant);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_merchant(&row).await?;
                    tx.enqueue(&jobs).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await?;
        Ok(merchant)
    }

    pub async fn create_user(&self, email: &str, name: &str, password: &str) -> Result<User> {
        let user = User {
            id: self.uuid(),
            email: email.trim().to_lowercase(),
            name: name.to_owned(),
            active: true,
        };
        let hash = self.hash_password(password).await?;
        let row = user.clone();
        self.store
            .write(move |tx| Box::pin(async move { tx.insert_user(&row, &hash).await }))
            .await?;
        Ok(user)
    }

    pub async fn add_member(&self, membership: Membership) -> Result<()> {
        let note = self.set_up(
            membership.merchant_id,
            "member.added",
            "member",
            membership.user_id,
            json!({ "access": membership.access, "party": membership.party, "functional_roles": membership.functional_roles }),
        );
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_membership(&membership).await?;
                    tx.note(note);
                    Ok(())
                })
            })
            .await
    }

    pub(crate) fn set_up(
        &self,
        merchant_id: Uuid,
        action: &str,
        subject_kind: &'static str,
        subject_id: Uuid,
        detail: serde_json::Value,
    ) -> AuditNote {
        AuditNote {
            merchant_id,
            at: self.now(),
            actor: "system".to_owned(),
            action: action.to_owned(),
            subject_kind,
            subject_id,
            detail,
            trace_id: None,
        }
    }
}
