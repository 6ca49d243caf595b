//! `/reset`: what to do about a forgotten password. `/reset/{token}`: choosing another one.
//!
//! The address is a secret, so the page sends no referrer, and a link that cannot be used says why.

use domain::password::ASKED;
use engine::{Error, Kind, Spent};
use http::StatusCode;
use leptos::prelude::*;

use crate::{
    shell::BareShell,
    ui::{
        Button, Card, Empty, Flash as FlashBox, Ico, Input, Kind as Loud, LinkButton, PageHead,
        Tone,
    },
    web::{Flash, Typed, bare, engine, secret_address},
};

#[component]
pub fn ForgottenPage() -> impl IntoView {
    bare(|_, flash| async move {
        Ok::<_, Error>(if engine()?.has_mail() {
            asking(flash.as_ref())
        } else {
            forgotten()
        })
    })
}

/// What became of the last form, above the card.
fn said(flash: Option<&Flash>) -> Option<AnyView> {
    flash.filter(|flash| flash.fields.is_empty()).map(|flash| {
        let tone = if flash.failed { Tone::Late } else { Tone::Done };
        let sentence = flash.sentence.clone();
        view! { <FlashBox tone>{sentence}</FlashBox> }.into_any()
    })
}

fn asking(flash: Option<&Flash>) -> AnyView {
    let title = "You forgot your password";
    let typed = Typed::of(flash, "ask");
    let email = typed.value("email");
    let said = said(flash);
    view! {
        <BareShell title>
            {said}
            <Card padded=true>
                <h1>{title}</h1>
                <p class="mb-4 text-ink-2">
                    "Write the address you sign in with. You get a mail with a link to choose another password: it works once, within an hour."
                </p>
                <form method="post" action="/ui/reset/ask">
                    <Input
                        text=typed.text("email", "E-mail address")
                        kind="email"
                        value=email
                        autocomplete="username"
                        required=true
                        autofocus=true
                    />
                    <div class="acts mt-4">
                        <Button label="Send me a link" kind=Loud::Primary/>
                        <LinkButton href="/login" label="Back to sign-in" kind=Loud::Quiet/>
                    </div>
                </form>
                <p class="mt-4 text-ink-2">
                    "No mail comes? An admin of the merchant or the agency you work for can make you a link, on your page under People."
                </p>
            </Card>
        </BareShell>
    }
    .into_any()
}

fn forgotten() -> AnyView {
    let title = "You forgot your password";
    view! {
        <BareShell title>
            <Card padded=true>
                <h1>{title}</h1>
                <p class="mb-4 text-ink-2">
                    "An admin of the merchant or the agency you work for can make you a link, on your page under People. With it you choose another password: it works once, within an hour."
                </p>
                <p class="mb-4 text-ink-2">
                    "Everything you answer for stays yours meanwhile."
                </p>
                <div class="acts"><LinkButton href="/login" label="Back to sign-in"/></div>
            </Card>
        </BareShell>
    }
    .into_any()
}

#[component]
pub fn ResetPage() -> impl IntoView {
    bare(|asked, flash| async move {
        let token = asked.param("token").unwrap_or_default().to_owned();
        match engine()?.look_at_reset(&token).await {
            Ok(found) => Ok(match found.spent {
                None => {
                    secret_address(StatusCode::OK);
                    form(&token, &found.user.email, flash.as_ref())
                }
                Some(Spent::Used) => worthless(
                    StatusCode::GONE,
                    "This link was used already",
                    "Each link works once",
                    "It was used, or your password was changed since. If that was not you, tell an admin at once.",
                ),
                Some(Spent::Expired) => worthless(
                    StatusCode::GONE,
                    "This link has expired",
                    "A link is good for an hour",
                    "Ask for a new one where you got this one.",
                ),
            }),
            Err(error) if error.kind == Kind::NotFound => Ok(worthless(
                StatusCode::NOT_FOUND,
                "This link leads nowhere",
                "Mistyped, or cut off",
                "Copy the whole link from where you got it. If it still does not work, ask for a new one.",
            )),
            Err(error) => Err(error),
        }
    })
}

fn worthless(
    status: StatusCode,
    title: &'static str,
    short: &'static str,
    what: &'static str,
) -> AnyView {
    secret_address(status);
    let actions = view! {
        <LinkButton href="/login" label="Sign in"/>
        <LinkButton href="/reset" label="How to get a link" kind=Loud::Quiet/>
    }
    .into_any();
    view! {
        <BareShell title>
            <PageHead title/>
            <Card><Empty icon=Ico::Question title=short actions>{what}</Empty></Card>
        </BareShell>
    }
    .into_any()
}

fn form(token: &str, email: &str, flash: Option<&Flash>) -> AnyView {
    let title = "Choose another password";
    let (token, email) = (token.to_owned(), email.to_owned());
    let typed = Typed::of(flash, "reset");
    let said = said(flash);
    view! {
        <BareShell title>
            {said}
            <Card padded=true>
                <h1>{title}</h1>
                <p class="mb-4 text-ink-2">
                    {format!("For {email}. Everywhere you are signed in, you sign in anew with it.")}
                </p>
                <form method="post" action="/ui/reset">
                    <input type="hidden" name="token" value=token/>
                    // for the browser's password manager: whose password this is
                    <input type="hidden" name="username" autocomplete="username" value=email.clone()/>
                    <Input
                        text=typed.text("password", "The new password").hint(ASKED)
                        kind="password"
                        autocomplete="new-password"
                        required=true
                        autofocus=true
                    />
                    <div class="acts mt-4"><Button label="Change the password" kind=Loud::Primary/></div>
                </form>
            </Card>
        </BareShell>
    }
    .into_any()
}
