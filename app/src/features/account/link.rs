//! A link to choose another password, on its one way to the admin who made it: kept in the session on the
//! server's side, taken by the next page that the browser opens.

use domain::Time;
use engine::{ResetLink, Result};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ui::{Card, CopyId, PostButton, When},
    web::{Visit, lost, session},
};

const KEY: &str = "reset_link_shown_once";

#[derive(Serialize, Deserialize)]
pub struct FreshLink {
    person: Uuid,
    name: String,
    link: String,
    expires_at: Time,
    mailed_to: Option<String>,
}

impl FreshLink {
    pub(super) fn of(made: ResetLink) -> Self {
        Self {
            person: made.user.id,
            name: made.user.name,
            link: made.link,
            expires_at: made.expires_at,
            mailed_to: made.mailed.then_some(made.user.email),
        }
    }

    pub(super) async fn leave(self) -> Result<()> {
        session()?.insert(KEY, self).await.map_err(lost)
    }

    /// Takes it, if it is this person's; a page fetched by a script leaves it where it is.
    pub async fn take(at: &Visit, person: Uuid) -> Result<Option<Self>> {
        if !at.desk.asked.navigates {
            return Ok(None);
        }
        let found: Option<Self> = session()?.remove(KEY).await.map_err(lost)?;
        Ok(found.filter(|fresh| fresh.person == person))
    }

    pub fn view(self, now: Time) -> impl IntoView {
        let title = format!("The link for {}, this once", self.name);
        let give = match &self.mailed_to {
            Some(email) => format!(
                "It is on its way to {email}. If no mail comes, give it to them another way"
            ),
            None => "Give it to them".to_owned(),
        };
        view! {
            <div class="mb-5">
                <Card title id="reset-link">
                    <div class="card-body">
                        <p class="break-all"><CopyId id=self.link whole=true what="link"/></p>
                        <p class="text-ink-2 mt-2">
                            {give} ", and to nobody else: whoever has it can choose their password. It works once, and expires "
                            <When at=self.expires_at now/>
                            ". Links made for them before are worth nothing now."
                        </p>
                    </div>
                </Card>
            </div>
        }
    }
}

/// For the page of a person who forgot their password.
pub fn reset_link_button(at: &Visit, person: Uuid) -> impl IntoView + use<> {
    let fields = at.fields(&[("person", &person.to_string())]);
    view! { <PostButton action="/ui/people/reset-link" label="Make a reset link" fields/> }
}
