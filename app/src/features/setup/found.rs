//! `/setup`: the operator and the account of the person who installed Meshline. Once; afterwards it leads to
//! the sign-in.

use domain::password::ASKED;
use engine::Error;
use leptos::prelude::*;

use crate::{
    shell::BareShell,
    ui::{Button, Card, Flash as FlashBox, Input, Kind as Loud, Tone},
    web::{Flash, Typed, bare, engine, go},
};

#[component]
pub fn SetupPage() -> impl IntoView {
    bare(|_, flash| async move {
        let engine = engine()?;
        if !engine.is_unclaimed().await? {
            go("/login");
            return Ok(().into_any());
        }
        Ok::<_, Error>(form(engine.needs_setup_code(), flash.as_ref()))
    })
}

fn form(needs_code: bool, flash: Option<&Flash>) -> AnyView {
    let title = "Set up Meshline";
    let typed = Typed::of(flash, "setup");
    let said = flash.filter(|flash| flash.fields.is_empty()).map(|flash| {
        let sentence = flash.sentence.clone();
        view! { <FlashBox tone=Tone::Late>{sentence}</FlashBox> }
    });
    let code = needs_code.then(|| {
        let text = typed.text("code", "Setup code").hint(
            "Others can reach this server, so it asks for what `meshline serve` wrote to its log when it started, or for MESHLINE_SETUP_CODE.",
        );
        view! { <Input text autocomplete="off" required=true/> }
    });
    let operator = typed
        .text("operator", "Who operates it")
        .hint("The agency that runs merchants, or your company.");
    view! {
        <BareShell title>
            {said}
            <Card padded=true>
                <h1>{title}</h1>
                <p class="mb-4 text-ink-2">
                    "Nobody is here yet. You become the admin; a merchant, its storefront and its first flow come next, in about ten minutes."
                </p>
                <form method="post" action="/ui/setup">
                    {code}
                    <Input text=operator value=typed.value("operator") autocomplete="organization" required=true autofocus=true/>
                    <Input text=typed.text("name", "Your name") value=typed.value("name") autocomplete="name" required=true/>
                    <Input
                        text=typed.text("email", "Your e-mail")
                        kind="email"
                        value=typed.value("email")
                        autocomplete="username"
                        required=true
                    />
                    <Input
                        text=typed.text("password", "Choose a password").hint(ASKED)
                        kind="password"
                        autocomplete="new-password"
                        required=true
                    />
                    <div class="acts mt-4"><Button label="Set up Meshline" kind=Loud::Primary/></div>
                </form>
            </Card>
        </BareShell>
    }
    .into_any()
}
