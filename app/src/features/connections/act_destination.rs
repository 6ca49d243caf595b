//! What the forms about destinations do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use engine::{DestinationInput, Error, TestAnswer};
use leptos::prelude::*;

use super::secret::{CHOSE_SECRET, Fresh, chose};
use crate::web::{Done, Posted, Refused, id};

/// "Harbor 3PL, Newark" is suggested as `harbor-3pl-newark`.
fn key_out_of(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut key = words.join("-");
    key.truncate(60);
    key.trim_end_matches('-').to_owned()
}

#[server(prefix = "/ui", endpoint = "destination/create")]
pub async fn create_destination(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] name: String,
    #[server(default)] key: String,
    #[server(default)] system: String,
    #[server(default)] party: String,
    #[server(default)] url: String,
    #[server(default)] secret: String,
) -> Result<(), Refused> {
    let key = if key.trim().is_empty() {
        key_out_of(&name)
    } else {
        key
    };
    Posted::new("destination", merchant, back)
        .keep("name", &name)
        .keep("key", &key)
        .keep("system", &system)
        .keep("party", &party)
        .keep("url", &url)
        .keep(CHOSE_SECRET, chose(&secret))
        .button("Add")
        .run(|engine, ctx| async move {
            let party = party
                .parse()
                .map_err(|_| Error::invalid("party", "Choose whose system it is."))?;
            let input = DestinationInput {
                key,
                name,
                system,
                party,
                url,
                secret: Some(secret),
            };
            let (made, secret) = engine.create_destination(&ctx, input).await?;
            let path = format!("/m/{}/connections/{}", ctx.merchant().slug, made.id);
            Fresh::new(made.id, secret, None).leave().await?;
            Ok(Done::to(
                &path,
                "Added. Give the secret below to the other side, then send a test export.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "destination/update")]
pub async fn update_destination(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
    #[server(default)] name: String,
    #[server(default)] url: String,
) -> Result<(), Refused> {
    Posted::new("change", merchant, back)
        .keep("name", &name)
        .keep("url", &url)
        .button("Save")
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let one = engine.update_destination(&ctx, id, &name, &url).await?;
            Ok(Done::back(format!(
                "Saved. What is sent from now on goes to {}.",
                one.url
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "destination/staging")]
pub async fn set_staging(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
    #[server(default)] staging_url: String,
) -> Result<(), Refused> {
    Posted::new("staging", merchant, back)
        .keep("staging_url", &staging_url)
        .button("Save the staging side")
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let one = engine.set_staging(&ctx, id, &staging_url).await?;
            Ok(Done::back(match one.staging_url {
                Some(url) => format!("Saved. Each export goes to {url} as a trial first."),
                None => "Saved. Nothing is tried out before it is sent.".to_owned(),
            }))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "destination/rotate")]
pub async fn rotate_destination(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
    #[server(default)] secret: String,
) -> Result<(), Refused> {
    Posted::new("rotate", merchant, back)
        .button("Rotate")
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let (one, secret) = engine
                .rotate_destination_secret(&ctx, id, Some(secret))
                .await?;
            let path = format!("/m/{}/connections/{}", ctx.merchant().slug, one.id);
            Fresh::new(one.id, secret, one.previous_until)
                .leave()
                .await?;
            Ok(Done::to(
                &path,
                "There is a new secret. For one day everything is signed with both.",
            ))
        })
        .await
}

/// What a test was answered, in a sentence: the status and the time, never the body.
fn in_words(name: &str, answer: &TestAnswer) -> (bool, String) {
    let took = answer.duration_ms;
    match (answer.status, &answer.error) {
        (Some(status), Some(error)) => (false, format!("{name} answered {status}, then {error}.")),
        (Some(status @ 200..=299), None) => {
            (true, format!("{name} answered {status} after {took} ms."))
        }
        (Some(status @ 300..=399), None) => (
            false,
            format!(
                "{name} answered {status}, a redirect. Redirects are not followed: give the final URL."
            ),
        ),
        (Some(status), None) => (
            false,
            format!(
                "{name} answered {status} after {took} ms. It takes exports when it answers 2xx."
            ),
        ),
        (None, error) => {
            let why = error.as_deref().unwrap_or("no answer came");
            (false, format!("{name} was not reached: {why}."))
        }
    }
}

#[server(prefix = "/ui", endpoint = "destination/test")]
pub async fn send_test_export(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
) -> Result<(), Refused> {
    Posted::new("test", merchant, back)
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let answer = engine.test_destination(&ctx, id).await?;
            let rules = engine.rules_of(ctx.merchant_id()).await?;
            let name = rules.destinations.iter().find(|one| one.id == id);
            let name = name.map_or("The destination", |one| one.name.as_str());
            match in_words(name, &answer) {
                (true, said) => Ok(Done::back(said)),
                (false, said) => Err(Error::conflict(said)),
            }
        })
        .await
}

#[server(prefix = "/ui", endpoint = "destination/retire")]
pub async fn retire_destination(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
) -> Result<(), Refused> {
    Posted::new("retire", merchant, back)
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let one = engine.retire_destination(&ctx, id).await?;
            Ok(Done::back(format!(
                "Nothing is sent to {} any more.",
                one.name
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "destination/resume")]
pub async fn resume_destination(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
) -> Result<(), Refused> {
    Posted::new("retire", merchant, back)
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let one = engine.resume_destination(&ctx, id).await?;
            Ok(Done::back(format!("{} is in use again.", one.name)))
        })
        .await
}

/// Another destination takes its place in every contract that sends there, and in the flows that say so.
#[server(prefix = "/ui", endpoint = "destination/replace")]
pub async fn replace_destination(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] destination: String,
    #[server(default)] seen: String,
    #[server(default)] by: String,
) -> Result<(), Refused> {
    Posted::new("replace", merchant, back)
        .keep("by", &by)
        .run(|engine, ctx| async move {
            let id = id(&destination, "destination")?;
            let done = engine.replace_destination(&ctx, id, &by, &seen).await?;
            let many = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
            Ok(Done::back(format!(
                "Replaced in {} and {}. What is under way still goes here.",
                many(done.contracts, "contract"),
                many(done.flows, "flow")
            )))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_suggested_out_of_the_name() {
        assert_eq!(key_out_of("Harbor 3PL, Newark"), "harbor-3pl-newark");
        assert_eq!(key_out_of("  "), "");
        assert_eq!(key_out_of(&"ab ".repeat(40)).len(), 59);
    }

    #[test]
    fn a_test_says_status_and_time() {
        let answer = |status, error: Option<&str>| TestAnswer {
            status,
            duration_ms: 12,
            error: error.map(str::to_owned),
        };
        let said = |status, error| in_words("OMS", &answer(status, error));
        assert_eq!(
            said(Some(204), None),
            (true, "OMS answered 204 after 12 ms.".to_owned())
        );
        assert!(!said(Some(200), Some("the connection broke off")).0);
        assert!(said(Some(308), None).1.contains("not followed"));
        assert!(
            said(None, Some("the connection was refused"))
                .1
                .contains("refused")
        );
    }
}
