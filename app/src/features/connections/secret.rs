//! A secret on its one way to the eyes of the person who made it: kept in the session on the server's side,
//! taken by the next page that the browser opens, never in a URL or a log.

use domain::Time;
use engine::Result;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ui::*,
    web::{Asked, Typed, lost, session},
};

const KEY: &str = "secret_shown_once";

/// A secret that was typed is not kept with a form that comes back, but that there was one is: the form asks
/// for it again, rather than having another made.
pub(super) const CHOSE_SECRET: &str = "chose_secret";
pub(super) const TYPE_AGAIN: &str = "Type it again: a secret is not kept while a form waits.";

pub(super) fn chose(secret: &str) -> &'static str {
    if secret.trim().is_empty() { "" } else { "true" }
}

pub(super) fn chose_before(typed: &Typed) -> bool {
    typed.value(CHOSE_SECRET) == "true"
}

#[derive(Serialize, Deserialize)]
pub(super) struct Fresh {
    source: Uuid,
    secret: String,
    /// The old one counts until then.
    previous_until: Option<Time>,
}

impl Fresh {
    pub(super) fn new(source: Uuid, secret: String, previous_until: Option<Time>) -> Self {
        Self {
            source,
            secret,
            previous_until,
        }
    }

    pub(super) async fn leave(self) -> Result<()> {
        session()?.insert(KEY, self).await.map_err(lost)
    }

    /// Takes it, if it is this source's; a page fetched by a script leaves it where it is.
    pub(super) async fn take(asked: &Asked, source: Uuid) -> Result<Option<Self>> {
        if !asked.navigates {
            return Ok(None);
        }
        let found: Option<Self> = session()?.remove(KEY).await.map_err(lost)?;
        Ok(found.filter(|fresh| fresh.source == source))
    }

    /// `power` says what whoever has it can do.
    pub(super) fn view(self, now: Time, power: &'static str) -> impl IntoView {
        let old = self.previous_until.map(|until| {
            view! { " The secret before it ends " <When at=until now/> "." }
        });
        view! {
            <div class="mb-5">
                <Card title="The secret, this once" id="secret">
                    <div class="card-body">
                        <p class="break-all"><CopyId id=self.secret whole=true what="secret"/></p>
                        <p class="text-ink-2 mt-2">
                            "Copy it now: it is kept sealed and is not shown again. Whoever has it can " {power} {old}
                        </p>
                    </div>
                </Card>
            </div>
        }
    }
}
