//! A token's secret on its one way to the eyes of the person who made it: kept in the session on the
//! server's side, taken by the next page that the browser opens, never in a URL or a log.

use domain::Time;
use engine::{NewToken, Result};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ui::*,
    web::{Visit, lost, session},
};

const KEY: &str = "token_shown_once";

#[derive(Serialize, Deserialize)]
pub(super) struct Fresh {
    merchant_id: Uuid,
    name: String,
    secret: String,
    /// The old one counts until then.
    previous_until: Option<Time>,
}

impl Fresh {
    pub(super) fn of(made: NewToken) -> Self {
        Self {
            merchant_id: made.token.merchant_id,
            name: made.token.name,
            secret: made.secret,
            previous_until: made.token.previous_until,
        }
    }

    pub(super) async fn leave(self) -> Result<()> {
        session()?.insert(KEY, self).await.map_err(lost)
    }

    /// Takes it, if it is this merchant's; a page fetched by a script leaves it where it is.
    pub(super) async fn take(at: &Visit) -> Result<Option<Self>> {
        if !at.desk.asked.navigates {
            return Ok(None);
        }
        let found: Option<Self> = session()?.remove(KEY).await.map_err(lost)?;
        Ok(found.filter(|fresh| fresh.merchant_id == at.ctx.merchant_id()))
    }

    pub(super) fn view(self, now: Time) -> impl IntoView {
        let title = format!("The secret of “{}”, this once", self.name);
        let old = self.previous_until.map(|until| {
            view! { " The secret before it is good " <When at=until now/> " at the latest." }
        });
        view! {
            <div class="mb-5">
                <Card title id="secret">
                    <div class="card-body">
                        <p class="break-all"><CopyId id=self.secret whole=true what="secret"/></p>
                        <p class="text-ink-2 mt-2">
                            "Copy it now: only its fingerprint is kept, and it is not shown again. A program sends it with each call, as "
                            <code>"Authorization: Bearer mlk_…"</code> "." {old}
                        </p>
                    </div>
                </Card>
            </div>
        }
    }
}
