//! What the forms of this feature do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use engine::{Handover, Host, InvitationInput, PlaceInput};
use leptos::prelude::*;
use uuid::Uuid;

use super::invitations::Fresh;
use crate::web::{
    Done, Posted, Refused, engine, expect_second_factor, id, let_in, on_the_way, signed_in,
};

#[server(prefix = "/ui", endpoint = "people/invite")]
pub async fn invite(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] access: String,
    #[server(default)] party: String,
    #[server(default)] roles: Vec<String>,
    #[server(default)] own_roles: String,
) -> Result<(), Refused> {
    Posted::new("invite", merchant, back)
        .keep("email", &email)
        .keep("name", &name)
        .keep("access", &access)
        .keep("party", &party)
        .keep("roles", &roles.join(","))
        .keep("own_roles", &own_roles)
        .button("Invite")
        .run(|engine, ctx| async move {
            let place = PlaceInput {
                access,
                party,
                roles,
                own_roles,
            };
            let input = InvitationInput { email, name, place };
            let made = engine.invite(&ctx, input).await?;
            let said = if made.mailed {
                format!(
                    "{} is invited, and the mail is on its way.",
                    made.invitation.email
                )
            } else {
                format!("{} is invited.", made.invitation.email)
            };
            Fresh::of(made).leave().await?;
            Ok(Done::to(
                &format!("/m/{}/people", ctx.merchant().slug),
                said,
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/resend")]
pub async fn resend_invitation(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] invitation: String,
) -> Result<(), Refused> {
    Posted::new("resend", merchant, back)
        .button("Send again")
        .run(|engine, ctx| async move {
            let made = engine
                .resend_invitation(&ctx, id(&invitation, "invitation")?)
                .await?;
            let said = format!(
                "There is a new link for {}{}. The old one is worth nothing now.",
                made.invitation.email,
                if made.mailed {
                    ", on its way by mail"
                } else {
                    ""
                }
            );
            Fresh::of(made).leave().await?;
            Ok(Done::back(said))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/revoke")]
pub async fn revoke_invitation(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] invitation: String,
) -> Result<(), Refused> {
    Posted::new("revoke", merchant, back)
        .run(|engine, ctx| async move {
            let revoked = engine
                .revoke_invitation(&ctx, id(&invitation, "invitation")?)
                .await?;
            Ok(Done::back(format!(
                "The invitation of {} is taken back.",
                revoked.email
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/change")]
pub async fn change_member(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
    #[server(default)] access: String,
    #[server(default)] party: String,
    #[server(default)] roles: Vec<String>,
    #[server(default)] own_roles: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    Posted::new("change", merchant, back)
        .keep("access", &access)
        .keep("party", &party)
        .keep("roles", &roles.join(","))
        .keep("own_roles", &own_roles)
        .keep("to", &to)
        .button("Save")
        .run(|engine, ctx| async move {
            let place = PlaceInput {
                access,
                party,
                roles,
                own_roles,
            };
            let handover = Handover {
                to: chosen(&to),
                ..Handover::default()
            };
            engine
                .change_member(&ctx, id(&person, "person")?, place, handover)
                .await?;
            Ok(Done::back("Changed. It counts from the next click on."))
        })
        .await
}

/// Nothing chosen, or something that is nobody: the engine asks for somebody.
fn chosen(text: &str) -> Option<Uuid> {
    text.trim().parse().ok()
}

fn handover(to: &str, work: &str, approvals: &str, rules: &str, roles: &str) -> Handover {
    Handover {
        to: chosen(to),
        work: chosen(work),
        approvals: chosen(approvals),
        rules: chosen(rules),
        roles: chosen(roles),
    }
}

fn leaving(merchant: String, back: String, shares: [(&str, &str); 5]) -> Posted {
    shares.into_iter().fold(
        Posted::new("leave", merchant, back),
        |posted, (name, value)| posted.keep(name, value),
    )
}

#[server(prefix = "/ui", endpoint = "people/take-out")]
pub async fn take_out(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
    #[server(default)] seen: String,
    #[server(default)] to: String,
    #[server(default)] work_to: String,
    #[server(default)] approvals_to: String,
    #[server(default)] rules_to: String,
    #[server(default)] roles_to: String,
) -> Result<(), Refused> {
    let shares = [
        ("to", &*to),
        ("work_to", &*work_to),
        ("approvals_to", &*approvals_to),
        ("rules_to", &*rules_to),
        ("roles_to", &*roles_to),
    ];
    leaving(merchant, back, shares)
        .run(|engine, ctx| async move {
            let handover = handover(&to, &work_to, &approvals_to, &rules_to, &roles_to);
            let person = id(&person, "person")?;
            let user = engine.take_out(&ctx, person, &seen, handover).await?;
            let said = format!("{} no longer works at {}.", user.name, ctx.merchant().name);
            // whoever takes themselves out has no place here to go back to
            let next = if ctx.user_id() == Some(person) {
                "/".to_owned()
            } else {
                format!("/m/{}/people", ctx.merchant().slug)
            };
            Ok(Done::to(&next, said))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/deactivate")]
pub async fn deactivate_person(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
    #[server(default)] seen: String,
    #[server(default)] to: String,
    #[server(default)] work_to: String,
    #[server(default)] approvals_to: String,
    #[server(default)] rules_to: String,
    #[server(default)] roles_to: String,
) -> Result<(), Refused> {
    let shares = [
        ("to", &*to),
        ("work_to", &*work_to),
        ("approvals_to", &*approvals_to),
        ("rules_to", &*rules_to),
        ("roles_to", &*roles_to),
    ];
    leaving(merchant, back, shares)
        .run(|engine, ctx| async move {
            let handover = handover(&to, &work_to, &approvals_to, &rules_to, &roles_to);
            let person = id(&person, "person")?;
            let user = engine.deactivate(&ctx, person, &seen, handover).await?;
            let said = format!("{} is deactivated, and signed out everywhere.", user.name);
            Ok(Done::to(
                &format!("/m/{}/people/{person}", ctx.merchant().slug),
                said,
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/sign-out")]
pub async fn sign_out_everywhere(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
) -> Result<(), Refused> {
    Posted::new("sign-out", merchant, back)
        .run(|engine, ctx| async move {
            let person = id(&person, "person")?;
            let (user, ended) = engine.sign_out_everywhere(&ctx, person).await?;
            let name = user.name;
            Ok(Done::back(match ended {
                0 => format!("{name} was signed in nowhere."),
                1 => format!("{name} is signed out: one session is over."),
                n => format!("{name} is signed out everywhere: {n} sessions are over."),
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/factor-off")]
pub async fn take_second_factor_off(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
) -> Result<(), Refused> {
    Posted::new("factor-off", merchant, back)
        .button("Take the second factor off")
        .run(|engine, ctx| async move {
            let person = id(&person, "person")?;
            let user = engine.take_second_factor_off(&ctx, person).await?;
            Ok(Done::back(format!(
                "The second factor of {} is off, and every session of theirs is over.",
                user.name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "people/reactivate")]
pub async fn reactivate_person(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] person: String,
) -> Result<(), Refused> {
    Posted::new("reactivate", merchant, back)
        .button("Reactivate")
        .run(|engine, ctx| async move {
            let user = engine.reactivate(&ctx, id(&person, "person")?).await?;
            Ok(Done::back(format!("{} can sign in again.", user.name)))
        })
        .await
}

/// What they are told to find there.
fn stands_here(host: &Host) -> &'static str {
    match host {
        Host::Merchant(_) => "What waits on you stands here.",
        Host::Operator(_) => "Its merchants stand here.",
    }
}

/// Where somebody who accepted goes on.
fn door(host: &Host) -> String {
    match host {
        Host::Merchant(merchant) => format!("/m/{}/queue", merchant.slug),
        Host::Operator(operator) => format!("/o/{}", operator.slug),
    }
}

#[server(prefix = "/ui", endpoint = "invite/accept-new")]
pub async fn accept_as_new(
    #[server(default)] token: String,
    #[server(default)] name: String,
    #[server(default)] password: String,
) -> Result<(), Refused> {
    Posted::new("accept", String::new(), format!("/invite/{token}"))
        .keep("name", &name)
        .run_open(|engine| async move {
            let (user, host) = engine.accept_as_new(&token, &name, &password).await?;
            let next = door(&host);
            if engine.second_factor_required(user.id).await? {
                expect_second_factor(&engine, &user).await?;
                return Ok(Done::to(&on_the_way("/second-factor", &next), ""));
            }
            let_in(&engine, &user).await?;
            let said = format!("Welcome to {}. {}", host.name(), stands_here(&host));
            Ok(Done::to(&next, said))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "invite/accept")]
pub async fn accept_as_myself(#[server(default)] token: String) -> Result<(), Refused> {
    Posted::new("accept", String::new(), format!("/invite/{token}"))
        .run_open(|_| async move {
            let engine = engine()?;
            let person = signed_in(&engine).await?;
            let host = engine.accept_as(&token, person.user.id).await?;
            let said = format!("You work at {} now. {}", host.name(), stands_here(&host));
            Ok(Done::to(&door(&host), said))
        })
        .await
}
