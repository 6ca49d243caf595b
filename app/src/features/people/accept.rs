//! `/invite/{token}`: who invites to what. Looking changes nothing; accepting is a form.
//!
//! The address is a secret, so the page sends no referrer, and what cannot be used any more says why.

use domain::{invitation::CannotAccept, password::ASKED};
use engine::{Error, Host, Invited, Kind};
use http::StatusCode;
use leptos::prelude::*;

use super::words::{access_word, roles_text};
use crate::{
    shell::BareShell,
    ui::{
        Button, Card, Empty, Flash as FlashBox, Ico, Input, Kind as Loud, LinkButton, PageHead,
        PostButton, Tone,
    },
    web::{Flash, Typed, bare, engine, secret_address, signed_in},
};

#[component]
pub fn InvitePage() -> impl IntoView {
    bare(|asked, flash| async move {
        let engine = engine()?;
        let token = asked.param("token").unwrap_or_default().to_owned();
        let invited = match engine.look_at_invitation(&token).await {
            Ok(invited) => invited,
            Err(error) if error.kind == Kind::NotFound => return Ok(unknown()),
            Err(error) => return Err(error),
        };
        if let Some(why) = invited.spent {
            return Ok(spent(&invited, why));
        }
        secret_address(StatusCode::OK);
        let me = match signed_in(&engine).await {
            Ok(person) => Some(person.user.email),
            Err(error) if error.kind == Kind::Unauthenticated => None,
            Err(error) => return Err(error),
        };
        Ok::<_, Error>(open(&invited, &token, me, flash.as_ref()))
    })
}

fn by(invited: &Invited) -> String {
    invited
        .inviter
        .clone()
        .unwrap_or_else(|| "Meshline".to_owned())
}

fn unknown() -> AnyView {
    secret_address(StatusCode::NOT_FOUND);
    let title = "This link leads to no invitation";
    let actions = view! { <LinkButton href="/login" label="Sign in"/> }.into_any();
    view! {
        <BareShell title>
            <PageHead title/>
            <Card>
                <Empty icon=Ico::Question title="Mistyped, or cut off" actions>
                    "Copy the whole link from where you got it. If it still does not work, ask whoever invited you for a new one."
                </Empty>
            </Card>
        </BareShell>
    }
    .into_any()
}

fn spent(invited: &Invited, why: CannotAccept) -> AnyView {
    secret_address(StatusCode::GONE);
    let merchant = invited.host.name();
    let by = by(invited);
    let (title, short, what) = match why {
        CannotAccept::Used => (
            "This invitation was accepted already",
            "Each link works once",
            format!(
                "If that was you, sign in: {merchant} is there. If it was not, tell {by} at once."
            ),
        ),
        CannotAccept::Revoked => (
            "This invitation was taken back",
            "The link is worth nothing now",
            format!("Ask {by} if you think that is a mistake."),
        ),
        CannotAccept::Replaced => (
            "There is a newer link for this invitation",
            "Only the newest one works",
            format!("Look for the latest message from {by}, or ask for the link again."),
        ),
        CannotAccept::InviterGone => (
            "This invitation is not good any more",
            "Whoever sent it cannot let you in now",
            format!("Ask somebody else at {merchant} for another link."),
        ),
        CannotAccept::Expired => (
            "This invitation has expired",
            "A link is good for 7 days",
            format!("Ask {by} to send the invitation to {merchant} again: you get a new link."),
        ),
    };
    let actions = view! { <LinkButton href="/login" label="Sign in"/> }.into_any();
    view! {
        <BareShell title>
            <PageHead title/>
            <Card><Empty icon=Ico::Question title=short actions>{what}</Empty></Card>
        </BareShell>
    }
    .into_any()
}

fn open(invited: &Invited, token: &str, me: Option<String>, flash: Option<&Flash>) -> AnyView {
    let merchant = invited.host.name();
    let invitation = &invited.invitation;
    let title = format!("{} invites you to {merchant}", by(invited));
    let roles = match invitation.functional_roles.as_slice() {
        [] => String::new(),
        roles => format!(", answering for {}", roles_text(roles).to_lowercase()),
    };
    let reach = match &invited.host {
        Host::Merchant(_) => "",
        Host::Operator(_) => " at every merchant of it",
    };
    let place = format!(
        "As {}{roles}{reach}. The invitation is for {}.",
        access_word(invitation.access).to_lowercase(),
        invitation.email
    );
    let said = flash.filter(|flash| flash.fields.is_empty()).map(|flash| {
        let tone = if flash.failed { Tone::Late } else { Tone::Done };
        let sentence = flash.sentence.clone();
        view! { <FlashBox tone>{sentence}</FlashBox> }
    });
    let inside = match me {
        Some(me) if me == invitation.email => accept(token, merchant).into_any(),
        Some(me) => wrong_person(&me, &invitation.email).into_any(),
        // the same for an address with an account and one without: whoever made the link may be reading
        None => {
            let name = invitation.name.clone().unwrap_or_default();
            let typed = Typed::of(flash, "accept");
            view! {
                {newcomer(token, &name, &invitation.email, &typed)}
                {sign_in(token)}
            }
            .into_any()
        }
    };
    view! {
        <BareShell title=title.clone()>
            {said}
            <Card padded=true>
                <h1>{title}</h1>
                <p class="mb-4 text-ink-2">{place}</p>
                {inside}
            </Card>
        </BareShell>
    }
    .into_any()
}

fn accept(token: &str, merchant: &str) -> impl IntoView + use<> {
    view! {
        <form method="post" action="/ui/invite/accept">
            <input type="hidden" name="token" value=token.to_owned()/>
            <div class="acts"><Button label=format!("Join {merchant}") kind=Loud::Primary/></div>
        </form>
    }
}

fn wrong_person(me: &str, email: &str) -> impl IntoView + use<> {
    let sentence = format!(
        "You are signed in as {me}. Sign out, then open the link again and go on as {email}."
    );
    view! {
        <p>{sentence}</p>
        <div class="acts mt-4"><PostButton action="/ui/logout" label="Sign out"/></div>
    }
}

fn sign_in(token: &str) -> impl IntoView + use<> {
    let href = format!("/login?next=/invite/{token}");
    view! {
        <p class="mt-4 text-ink-2">
            "You have an account with this address? "
            <a class="link" href=href>"Sign in with it"</a>
            ", and you come back here to accept."
        </p>
    }
}

fn newcomer(token: &str, name: &str, email: &str, typed: &Typed) -> impl IntoView + use<> {
    let name = typed.value_or("name", name);
    view! {
        <form method="post" action="/ui/invite/accept-new">
            <input type="hidden" name="token" value=token.to_owned()/>
            // for the browser's password manager: whose password this is
            <input type="hidden" name="username" autocomplete="username" value=email.to_owned()/>
            <Input text=typed.text("name", "Your name") value=name autocomplete="name" required=true autofocus=true/>
            <Input
                text=typed.text("password", "Choose a password").hint(ASKED)
                kind="password"
                autocomplete="new-password"
                required=true
            />
            <div class="acts mt-4"><Button label="Accept and sign in" kind=Loud::Primary/></div>
        </form>
    }
}
