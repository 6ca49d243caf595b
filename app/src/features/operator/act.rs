//! What the forms of an operator do.

use std::sync::Arc;

use engine::{AgencyCtx, AskedIn, Engine, Result};
use leptos::prelude::*;

use crate::{
    features::people::FreshInvitation,
    web::{Done, Person, Posted, Refused, id},
};

async fn enter(engine: &Arc<Engine>, person: &Person, operator: &str) -> Result<AgencyCtx> {
    let at = engine.enter_operator(person.user.id, operator).await?;
    Ok(at.proved(person.proved_at))
}

#[server(prefix = "/ui", endpoint = "operator/let-in")]
pub async fn let_in(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] email: String,
    #[server(default)] access: String,
) -> Result<(), Refused> {
    Posted::new("let-in", String::new(), back)
        .keep("email", &email)
        .keep("access", &access)
        .button("Let in")
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            Ok(Done::back(
                match engine.let_in(&at, &email, &access).await? {
                    AskedIn::In(user) => format!(
                        "{} reaches every merchant of {} now.",
                        user.name, at.operator.name
                    ),
                    AskedIn::Invited(made) => {
                        let mailed = match made.mailed {
                            true => ", and the mail is on its way",
                            false => "",
                        };
                        let said = format!("{} is invited{mailed}.", made.invitation.email);
                        FreshInvitation::of(made).leave().await?;
                        said
                    }
                },
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "operator/resend")]
pub async fn invite_colleague_again(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] invitation: String,
) -> Result<(), Refused> {
    Posted::new("resend", String::new(), back)
        .button("Send again")
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let invitation = id(&invitation, "invitation")?;
            let made = engine.invite_colleague_again(&at, invitation).await?;
            let mailed = match made.mailed {
                true => ", on its way by mail",
                false => "",
            };
            let said = format!(
                "There is a new link for {}{mailed}. The old one is worth nothing now.",
                made.invitation.email
            );
            FreshInvitation::of(made).leave().await?;
            Ok(Done::back(said))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "operator/revoke")]
pub async fn take_invitation_back(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] invitation: String,
) -> Result<(), Refused> {
    Posted::new("revoke", String::new(), back)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let invitation = id(&invitation, "invitation")?;
            let revoked = engine.take_invitation_back(&at, invitation).await?;
            Ok(Done::back(format!(
                "The invitation of {} is taken back.",
                revoked.email
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "operator/change-person")]
pub async fn change_colleague(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] user: String,
    #[server(default)] access: String,
) -> Result<(), Refused> {
    Posted::new("change-person", String::new(), back)
        .keep("access", &access)
        .button("Save")
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let user = engine
                .change_colleague(&at, id(&user, "person")?, &access)
                .await?;
            let people = format!("/o/{}/people", at.operator.slug);
            let said = format!("{}: {} from now on.", user.name, access);
            Ok(Done::to(&people, said))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "operator/remove-person")]
pub async fn remove_colleague(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] user: String,
) -> Result<(), Refused> {
    Posted::new("remove-person", String::new(), back)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let user = engine.remove_colleague(&at, id(&user, "person")?).await?;
            let sentence = format!(
                "{} does not belong to {} any more.",
                user.name, at.operator.name
            );
            // whoever takes themselves out may have nothing left to see here
            if user.id == person.user.id {
                return Ok(Done::to("/", sentence));
            }
            Ok(Done::back(sentence))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "operator/change")]
pub async fn change_operator(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
    #[server(default)] require_second_factor: String,
) -> Result<(), Refused> {
    Posted::new("operator", String::new(), back)
        .keep("name", &name)
        .keep("require_second_factor", &require_second_factor)
        .button("Save")
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let required = require_second_factor == "true";
            engine.change_operator(&at, &name, required).await?;
            Ok(Done::back("Saved."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "operator/add-merchant")]
pub async fn add_merchant(
    #[server(default)] operator: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
    #[server(default)] slug: String,
) -> Result<(), Refused> {
    Posted::new("merchant", String::new(), back)
        .keep("name", &name)
        .keep("slug", &slug)
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let merchant = engine.add_merchant(&at, &name, &slug).await?;
            Ok(Done::to(
                &format!("/m/{}/connections", merchant.slug),
                format!("{} is there. Connect its storefront next.", merchant.name),
            ))
        })
        .await
}
