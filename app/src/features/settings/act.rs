//! What the forms of this feature do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use std::str::FromStr;

use domain::access::{Access, Action};
use engine::{Error, Result as Outcome, TokenInput, TokenTerm};
use leptos::prelude::*;

use super::secret::Fresh;
use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "merchant/rename")]
pub async fn rename_merchant(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
) -> Result<(), Refused> {
    Posted::new("rename", merchant, back)
        .keep("name", &name)
        .button("Save the name")
        .run(|engine, ctx| async move {
            let merchant = engine.rename_merchant(&ctx, &name).await?;
            Ok(Done::back(format!("It is called {} now.", merchant.name)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "token/create")]
pub async fn issue_token(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
    #[server(default)] preset: String,
    #[server(default)] capabilities: Vec<String>,
    #[server(default)] term: String,
    #[server(default)] date: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("token", merchant, back)
        .keep("name", &name)
        .keep("preset", &preset)
        .keep("capabilities", &capabilities.join(","))
        .keep("term", &term)
        .keep("date", &date)
        .keep("reason", &reason)
        .button("Make the token")
        .run(|engine, ctx| async move {
            // who may not is told so before anything about the form
            ctx.require(Action::ManageTokens)?;
            let input = TokenInput {
                name,
                capabilities: chosen(&preset, &capabilities)?,
                term: match term.as_str() {
                    "date" => TokenTerm::Date(date),
                    "never" => TokenTerm::Never { reason },
                    days => TokenTerm::Days(days.parse().unwrap_or_default()),
                },
            };
            let made = engine.issue_token(&ctx, input).await?;
            let said = format!("“{}” is made. Copy its secret now.", made.token.name);
            Fresh::of(made).leave().await?;
            let path = format!("/m/{}/settings/tokens", ctx.merchant().slug);
            Ok(Done::to(&path, said))
        })
        .await
}

/// The role's, and what is ticked beside it.
fn chosen(preset: &str, ticked: &[String]) -> Outcome<Vec<Action>> {
    let unknown = |field: &str| Error::invalid(field, "Choose from what is offered.");
    let mut all = match preset {
        "" => Vec::new(),
        role => Access::from_str(role)
            .map_err(|_| unknown("preset"))?
            .token_capabilities(),
    };
    for one in ticked {
        all.push(one.parse().map_err(|_| unknown("capabilities"))?);
    }
    Ok(all)
}

#[server(prefix = "/ui", endpoint = "token/rotate")]
pub async fn rotate_token(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] token: String,
) -> Result<(), Refused> {
    Posted::new("token-rotate", merchant, back)
        .button("Rotate")
        .run(|engine, ctx| async move {
            let made = engine.rotate_token(&ctx, id(&token, "token")?).await?;
            let said = format!(
                "“{}” has a new secret. The old one stays good for 24 hours.",
                made.token.name
            );
            Fresh::of(made).leave().await?;
            Ok(Done::back(said))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "token/revoke")]
pub async fn revoke_token(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] token: String,
) -> Result<(), Refused> {
    Posted::new("token-revoke", merchant, back)
        .button("Revoke")
        .run(|engine, ctx| async move {
            let token = engine.revoke_token(&ctx, id(&token, "token")?).await?;
            Ok(Done::back(format!("“{}” is revoked.", token.name)))
        })
        .await
}
