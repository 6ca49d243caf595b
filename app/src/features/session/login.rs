//! The sign-in page.

use engine::Kind;
use leptos::prelude::*;

use crate::{
    shell::BareShell,
    ui::{Button, Card, Flash as FlashBox, Input, Kind as Loud, LinkButton, Tone},
    web::{Asked, Flash, SIGN_IN, Typed, bare, engine, go, same_site, signed_in, slow_down},
};

#[component]
pub fn LoginPage() -> impl IntoView {
    bare(|asked, flash| async move {
        let next = asked
            .query("next")
            .and_then(same_site)
            .unwrap_or("/")
            .to_owned();
        if let Some(wait) = flash.as_ref().and_then(|flash| flash.wait_ms) {
            slow_down(wait);
        }
        match signed_in(&*engine()?).await {
            Ok(_) => {
                go(&next);
                Ok(().into_any())
            }
            Err(error)
                if error.kind == Kind::Unauthenticated && engine()?.is_unclaimed().await? =>
            {
                go("/setup");
                Ok(().into_any())
            }
            Err(error) if error.kind == Kind::Unauthenticated => {
                Ok(form(asked, next, flash.as_ref()))
            }
            Err(error) => Err(error),
        }
    })
}

fn form(asked: Asked, next: String, flash: Option<&Flash>) -> AnyView {
    let typed = Typed::of(flash, SIGN_IN);
    let email = typed.value("email");
    // a password alone is typed again sooner than both
    let (at_email, at_password) = (email.is_empty(), !email.is_empty());
    let said = flash.filter(|flash| flash.fields.is_empty()).map(|flash| {
        let tone = if flash.failed { Tone::Late } else { Tone::Done };
        let sentence = flash.sentence.clone();
        view! { <FlashBox tone>{sentence}</FlashBox> }
    });
    let going_on =
        (next != "/" && flash.is_none()).then_some("You are taken on to the page you asked for.");
    view! {
        <BareShell title="Sign in">
            {said}
            <Card padded=true>
                <h1>"Sign in"</h1>
                <p class="mb-4 text-ink-2">"Every piece of work has an owner. See what waits on you." {going_on.map(|text| format!(" {text}"))}</p>
                <form method="post" action="/ui/login">
                    <input type="hidden" name="back" value=asked.uri/>
                    <input type="hidden" name="next" value=next/>
                    <Input
                        text=typed.text("email", "E-mail")
                        kind="email"
                        value=email
                        autocomplete="username"
                        required=true
                        autofocus=at_email
                    />
                    <Input
                        text=typed.text("password", "Password")
                        kind="password"
                        autocomplete="current-password"
                        required=true
                        autofocus=at_password
                    />
                    <div class="acts">
                        <Button label="Sign in" kind=Loud::Primary/>
                        <LinkButton href="/reset" label="Forgot your password?" kind=Loud::Quiet/>
                    </div>
                </form>
            </Card>
        </BareShell>
    }
    .into_any()
}
