//! `/account/recovery-codes`: ten codes for the day the phone is gone, shown once. On their way from the
//! form that made them to the page that shows them they are in the session, which is sealed.

use engine::Result;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    shell::BareShell,
    ui::{Card, CopyId, Kind as Loud, LinkButton},
    web::{Asked, bare, engine, lost, oneself, same_site, session},
};

const KEY: &str = "recovery_codes_shown_once";

#[derive(Serialize, Deserialize)]
pub(super) struct FreshCodes {
    codes: Vec<String>,
}

impl FreshCodes {
    pub(super) fn new(codes: Vec<String>) -> Self {
        Self { codes }
    }

    pub(super) async fn leave(self) -> Result<()> {
        session()?.insert(KEY, self).await.map_err(lost)
    }

    async fn take(asked: &Asked) -> Result<Option<Self>> {
        if !asked.navigates {
            return Ok(None);
        }
        session()?.remove(KEY).await.map_err(lost)
    }
}

#[component]
pub fn RecoveryCodesPage() -> impl IntoView {
    bare(|asked, _| async move {
        oneself(&*engine()?).await?;
        let next = asked
            .query("next")
            .and_then(same_site)
            .unwrap_or("/")
            .to_owned();
        let body = match FreshCodes::take(&asked).await? {
            Some(fresh) => shown(fresh, next).into_any(),
            None => gone(next).into_any(),
        };
        Ok(view! { <BareShell title="Your recovery codes">{body}</BareShell> }.into_any())
    })
}

fn shown(fresh: FreshCodes, next: String) -> impl IntoView {
    let codes = fresh
        .codes
        .into_iter()
        .map(|code| view! { <li><CopyId id=code whole=true what="recovery code"/></li> })
        .collect_view();
    view! {
        <Card padded=true>
            <h1>"Keep these ten codes"</h1>
            <p class="mb-4 text-ink-2">
                "Your second factor is on. If your phone is gone, one of these signs you in instead of its code, each of them once. "
                "They are shown now and never again: print them, or put them where you keep passwords."
            </p>
            <ul class="mb-4 grid grid-cols-1 sm:grid-cols-2 gap-2" aria-label="Recovery codes">{codes}</ul>
            <div class="acts">
                <LinkButton href=next label="I have kept them" kind=Loud::Primary/>
            </div>
        </Card>
    }
}

fn gone(next: String) -> impl IntoView {
    view! {
        <Card padded=true>
            <h1>"They were shown already"</h1>
            <p class="mb-4 text-ink-2">
                "Recovery codes are shown once. If you did not keep them, make new ones on your account’s page; the old ones are good no more then."
            </p>
            <div class="acts">
                <LinkButton href="/account" label="To your account" kind=Loud::Primary/>
                <LinkButton href=next label="Go on"/>
            </div>
        </Card>
    }
}
