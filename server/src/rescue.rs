//! `meshline rescue`: for the day when nobody is left who could let somebody in.

use clap::Args;

use crate::{
    compose::{self, ComposeError},
    config::Settings,
};

/// Prints a link by which somebody chooses another password, once, within an hour; ends their sessions and takes their second
/// factor off. For whoever runs the machine, when no admin can help; with SQLite, while the server is stopped
#[derive(Debug, Args)]
pub struct RescueArgs {
    /// The address they sign in with
    email: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error("{0}")]
    Refused(engine::Error),
}

pub async fn run(settings: &Settings, args: &RescueArgs) -> Result<String, RescueError> {
    let installation = compose::open(settings).await?;
    let rescued = installation.engine.rescue(&args.email).await;
    installation.close().await;
    let rescued = rescued.map_err(RescueError::Refused)?;
    let factor = match rescued.had_second_factor {
        true => " Their second factor is off: they set up another on their account page.",
        false => "",
    };
    Ok(format!(
        "{}\n\nGive this link to {} and to nobody else. It works once, within an hour, and every session of theirs is over.{factor} \
         It stands in the trail of every merchant and operator they belong to.",
        rescued.link, rescued.user.name
    ))
}
