//! `/second-factor`: the other half of signing in; and where a second factor is set up, on the way in when
//! an operator asks for one, or by somebody who is signed in.

use engine::{Engine, Enrolment, Oneself, Result};
use leptos::prelude::*;

use super::qr::qr;
use crate::{
    shell::BareShell,
    ui::{Button, Card, CopyId, Flash as FlashBox, Input, Kind as Loud, Tone},
    web::{Asked, Flash, Typed, bare, engine, go, half_signed_in, oneself, same_site, slow_down},
};

#[component]
pub fn SecondFactorPage() -> impl IntoView {
    bare(|asked, flash| async move {
        let engine = engine()?;
        let next = asked
            .query("next")
            .and_then(same_site)
            .unwrap_or("/")
            .to_owned();
        if let Some(wait) = flash.as_ref().and_then(|flash| flash.wait_ms) {
            slow_down(wait);
        }
        match half_signed_in(&engine).await? {
            Some(half) if engine.second_factor(half.user.id).await?.is_some() => {
                Ok(code_form(&asked, &next, flash.as_ref()))
            }
            Some(half) => enrol(&engine, half, &asked, (&next, true), flash.as_ref()).await,
            None => {
                let here = oneself(&engine).await?;
                if engine.second_factor(here.user.id).await?.is_some() {
                    go(&next);
                    return Ok(().into_any());
                }
                enrol(&engine, here, &asked, (&next, false), flash.as_ref()).await
            }
        }
    })
}

pub(super) fn said(flash: Option<&Flash>) -> impl IntoView + use<> {
    flash
        .filter(|flash| flash.fields.is_empty() && !flash.sentence.is_empty())
        .map(|flash| {
            let tone = if flash.failed { Tone::Late } else { Tone::Done };
            let sentence = flash.sentence.clone();
            view! { <FlashBox tone>{sentence}</FlashBox> }
        })
}

fn code_form(asked: &Asked, next: &str, flash: Option<&Flash>) -> AnyView {
    let typed = Typed::of(flash, "second_factor");
    let (back, next) = (asked.uri.clone(), next.to_owned());
    let said = said(flash);
    let text = typed
        .text("code", "Code")
        .hint("No phone at hand? One of your recovery codes will do; it works once.");
    view! {
        <BareShell title="Your code">
            {said}
            <Card padded=true>
                <h1>"Your code"</h1>
                <p class="mb-4 text-ink-2">"Your password was right. Now the six digits that your authenticator shows for Meshline."</p>
                <form method="post" action="/ui/second-factor">
                    <input type="hidden" name="back" value=back/>
                    <input type="hidden" name="next" value=next/>
                    <Input
                        text
                        autocomplete="one-time-code"
                        required=true
                        autofocus=true
                    />
                    <div class="acts">
                        <Button label="Go on" kind=Loud::Primary/>
                    </div>
                </form>
            </Card>
            <form class="mt-4" method="post" action="/ui/logout">
                <Button label="Sign in as somebody else"/>
            </form>
        </BareShell>
    }
    .into_any()
}

async fn enrol(
    engine: &Engine,
    who: Oneself,
    asked: &Asked,
    (next, is_owed): (&str, bool),
    flash: Option<&Flash>,
) -> Result<AnyView> {
    let enrolment = engine.enrolment(&who.user).await?;
    let typed = Typed::of(flash, "second_factor");
    let (back, next) = (asked.uri.clone(), next.to_owned());
    let why = if is_owed {
        "Your operator asks everybody for a second factor: a code from your phone beside your password. It takes a minute, \
         and nothing opens before."
    } else {
        "A code from your phone beside your password: whoever learns the one still lacks the other."
    };
    let step = match enrolment {
        None => begin(back, next).into_any(),
        Some(enrolment) => confirm(enrolment, &typed, back, next)?.into_any(),
    };
    let said = said(flash);
    Ok(view! {
        <BareShell title="Set up a second factor">
            {said}
            <Card padded=true>
                <h1>"Set up a second factor"</h1>
                <p class="mb-4 text-ink-2">{why}</p>
                {step}
            </Card>
            {if is_owed {
                view! {
                    <form class="mt-4" method="post" action="/ui/logout">
                        <Button label="Sign in as somebody else"/>
                    </form>
                }.into_any()
            } else {
                view! { <p class="mt-4"><a class="link" href="/account">"Back to your account"</a></p> }.into_any()
            }}
        </BareShell>
    }
    .into_any())
}

fn begin(back: String, next: String) -> impl IntoView {
    view! {
        <p class="mb-4">"You need an app that makes such codes: any authenticator or password manager will do."</p>
        <form method="post" action="/ui/second-factor/begin">
            <input type="hidden" name="back" value=back/>
            <input type="hidden" name="next" value=next/>
            <div class="acts">
                <Button label="Show the picture to scan" kind=Loud::Primary/>
            </div>
        </form>
    }
}

fn confirm(
    enrolment: Enrolment,
    typed: &Typed,
    back: String,
    next: String,
) -> Result<impl IntoView + use<>> {
    let picture = qr(&enrolment.uri)?;
    let grouped = enrolment
        .secret
        .as_bytes()
        .chunks(4)
        .map(|four| String::from_utf8_lossy(four).into_owned())
        .collect::<Vec<_>>()
        .join(" ");
    let text = typed.text("code", "The code it shows now");
    let (again_back, again_next) = (back.clone(), next.clone());
    Ok(view! {
        <ol>
            <li>
                <p class="mb-2">"Scan this with your authenticator."</p>
                <div class="mb-2">{picture}</div>
                <p class="mb-1 text-ink-2">"On this device? " <a class="link" href=enrolment.uri>"Open it in the app"</a> ", or type the secret:"</p>
                <p class="mb-4"><CopyId id=grouped whole=true what="secret"/></p>
            </li>
            <li>
                <form method="post" action="/ui/second-factor/confirm">
                    <input type="hidden" name="back" value=back/>
                    <input type="hidden" name="next" value=next/>
                    <Input text autocomplete="one-time-code" required=true/>
                    <p class="mb-4 text-ink-2">"It counts from then on. Wherever else you are signed in, you are asked to sign in again."</p>
                    <div class="acts">
                        <Button label="Turn it on" kind=Loud::Primary/>
                    </div>
                </form>
            </li>
        </ol>
        <form class="mt-4" method="post" action="/ui/second-factor/begin">
            <input type="hidden" name="back" value=again_back/>
            <input type="hidden" name="next" value=again_next/>
            <Button label="Begin again with another secret"/>
        </form>
    })
}
