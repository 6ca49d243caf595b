//! `/confirm`: in the middle of a session, that it is still the same person. Asked before a secret is shown
//! or changed and before something critical is approved; the form that led here waits at its page.

use leptos::prelude::*;

use super::second_factor::said;
use crate::{
    shell::BareShell,
    ui::{Button, Card, Input, Kind as Loud, LinkButton},
    web::{Typed, bare, engine, oneself, same_site, slow_down},
};

#[component]
pub fn ConfirmPage() -> impl IntoView {
    bare(|asked, flash| async move {
        let engine = engine()?;
        let me = oneself(&engine).await?;
        let next = asked
            .query("next")
            .and_then(same_site)
            .unwrap_or("/")
            .to_owned();
        if let Some(wait) = flash.as_ref().and_then(|flash| flash.wait_ms) {
            slow_down(wait);
        }
        let has_factor = engine.second_factor(me.user.id).await?.is_some();
        let typed = Typed::of(flash.as_ref(), "confirm");
        let (text, kind, autocomplete) = if has_factor {
            let hint = "The six digits that your authenticator shows, or a recovery code.";
            let text = typed.text("code", "Code").hint(hint);
            (text, "text", "one-time-code")
        } else {
            (
                typed.text("code", "Password"),
                "password",
                "current-password",
            )
        };
        let (back, name) = (asked.uri.clone(), me.user.name.clone());
        let said = said(flash.as_ref());
        Ok(view! {
            <BareShell title="Confirm that it is you">
                {said}
                <Card padded=true>
                    <h1>"Confirm that it is you"</h1>
                    <p class="mb-4 text-ink-2">
                        "You are signed in as " {name} ". What you are about to do needs a fresh proof; it counts for ten minutes. "
                        "Nothing has been sent yet, and what you typed is kept."
                    </p>
                    <form method="post" action="/ui/confirm">
                        <input type="hidden" name="back" value=back/>
                        <input type="hidden" name="next" value=next.clone()/>
                        <Input text kind autocomplete required=true autofocus=true/>
                        <div class="acts">
                            <Button label="Confirm" kind=Loud::Primary/>
                            <LinkButton href=next label="Not now"/>
                        </div>
                    </form>
                </Card>
            </BareShell>
        }
        .into_any())
    })
}
