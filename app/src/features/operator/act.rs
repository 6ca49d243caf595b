//! What the forms of an operator do.

use std::sync::Arc;

use engine::{AgencyCtx, Engine, Result};
use leptos::prelude::*;

use crate::web::{Done, Person, Posted, Refused, id};

async fn enter(engine: &Arc<Engine>, person: &Person, operator: &str) -> Result<AgencyCtx> {
    engine.enter_operator(person.user.id, operator).await
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
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let user = engine.let_in(&at, &email, &access).await?;
            Ok(Done::back(format!(
                "{} reaches every merchant of {} now.",
                user.name, at.operator.name
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
        .run_signed_in(|engine, person| async move {
            let at = enter(&engine, &person, &operator).await?;
            let user = engine
                .change_colleague(&at, id(&user, "person")?, &access)
                .await?;
            Ok(Done::back(format!(
                "{}: {} from now on.",
                user.name, access
            )))
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
