//! What the forms of this feature do.

use std::collections::BTreeMap;

use engine::{
    Adopted, Error, FoundingInput,
    template::{Purpose, Template},
};
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, let_in};

#[server(prefix = "/ui", endpoint = "setup")]
pub async fn found(
    #[server(default)] code: String,
    #[server(default)] operator: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), Refused> {
    Posted::new("setup", String::new(), "/setup".to_owned())
        .keep("operator", &operator)
        .keep("name", &name)
        .keep("email", &email)
        .run_open(|engine| async move {
            let input = FoundingInput {
                operator,
                name,
                email,
                password,
                code,
            };
            let user = engine.found(input).await?;
            let_in(&engine, &user).await?;
            Ok(Done::to("/", "Meshline is yours. Here is what comes next."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "flow/adopt")]
pub async fn adopt_template(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] template: String,
    // for everything that `sends_to` says nothing about
    #[server(default)] destination: String,
    #[server(default)] sends_to: BTreeMap<String, String>,
    #[server(default)] who: BTreeMap<String, String>,
) -> Result<(), Refused> {
    let mut posted = Posted::new("template", merchant, back).keep("destination", &destination);
    for (purpose, there) in &sends_to {
        posted = posted.keep(&format!("sends_to[{purpose}]"), there);
    }
    for (role, person) in &who {
        posted = posted.keep(&format!("who[{role}]"), person);
    }
    posted
        .run(|engine, ctx| async move {
            let template =
                Template::of_key(&template).ok_or_else(|| Error::not_found("template"))?;
            let destinations: BTreeMap<Purpose, _> = template
                .destinations()
                .into_iter()
                .filter_map(|purpose| {
                    let said = sends_to.get(purpose.key()).unwrap_or(&destination);
                    Some((purpose, said.parse().ok()?))
                })
                .collect();
            let who: BTreeMap<String, _> = who
                .into_iter()
                .filter_map(|(role, person)| Some((role, person.parse().ok()?)))
                .collect();
            let adopted = engine
                .adopt_template(&ctx, template, &destinations, &who)
                .await?;
            let flows = format!("/m/{}/flows", ctx.merchant().slug);
            Ok(match adopted {
                Adopted::Published(flow) => Done::to(
                    &format!("{flows}/{}", flow.id),
                    format!(
                        "{} is published. What comes in from now on runs on it.",
                        flow.name
                    ),
                ),
                Adopted::Draft(sheet) => Done::to(
                    &format!("{flows}/{}/readiness", sheet.key),
                    format!(
                        "{} is a draft: what keeps it from being published stands here.",
                        sheet.draft.name
                    ),
                ),
            })
        })
        .await
}
