//! `meshline keys`: exchanging the installation's key while Meshline runs.
//!
//! Three moments: the new key is known everywhere and seals; everything is wrapped anew under it; the
//! old key is forgotten. With a key file the command goes through all three by itself: a running server
//! reads the file every few seconds ([`follow`]). With a setting the first and the last are restarts,
//! and the command does and checks what lies between. It can be cut off anywhere and run again.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Subcommand;
use engine::Engine;
use store::OpenError;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    compose::{self, ComposeError},
    config::Settings,
    key::{self, KeyError, SecretKey, SecretKeys},
};

/// How often a running server looks at its key file, and wraps anew what it finds under older keys.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// After this every server that reads the file has read it.
const SEEN_BY_ALL: Duration = Duration::from_secs(5);
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// A server that has not finished by then does not run, or cannot write.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum KeysCommand {
    /// Says which keys are known and how much is still sealed under older ones
    Status,
    /// Brings everything under the first key; with a key file, makes that key and forgets the old one.
    /// Meshline may run meanwhile
    Rotate,
}

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error(
        "MESHLINE_SECRET_KEY holds one key. Put a new one in front of it, separated by a comma, for every server \
         (`openssl rand -hex 32` makes one); restart them one by one; then run this again. Where several servers run, \
         restart them all once with the new key behind the old one before that, so that each can open what another sealed"
    )]
    OneKey,
    #[error("there is no key yet: `meshline serve` makes one")]
    NoKey,
    #[error(
        "{left} secrets are still sealed under an older key after {} s. Is the running Meshline up to date, and can \
         it read {file}? Nothing is lost: both keys stay, and this can be run again", PATIENCE.as_secs()
    )]
    Unfinished { left: u64, file: PathBuf },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

pub async fn run(settings: &Settings, command: KeysCommand) -> Result<(), KeysError> {
    let keys = key::find(settings)?.ok_or(KeysError::NoKey)?;
    match command {
        KeysCommand::Status => status(settings, &keys).await,
        KeysCommand::Rotate if settings.secret_key.is_some() => {
            rotate_setting(settings, &keys).await
        }
        KeysCommand::Rotate => rotate_file(settings, keys).await,
    }
}

async fn status(settings: &Settings, keys: &SecretKeys) -> Result<(), KeysError> {
    println!("{} seals", keys.current.id());
    for older in &keys.older {
        println!("{} still opens what it sealed", older.id());
    }
    println!("{}", left_in_words(left(settings, keys).await?));
    Ok(())
}

fn left_in_words(left: u64) -> String {
    match left {
        0 => "nothing is sealed under an older key".to_owned(),
        1 => "one secret is sealed under an older key".to_owned(),
        n => format!("{n} secrets are sealed under older keys"),
    }
}

/// Counted without writing, so that it can be asked while Meshline runs.
async fn left(settings: &Settings, keys: &SecretKeys) -> Result<u64, KeysError> {
    let look = compose::open_to_look(settings, Some(keys)).await?;
    let count = look.engine.seals_under_older_keys().await;
    look.close().await;
    Ok(count?)
}

async fn rotate_setting(settings: &Settings, keys: &SecretKeys) -> Result<(), KeysError> {
    if keys.older.is_empty() {
        return Err(KeysError::OneKey);
    }
    let sealed = renew(settings, keys).await?;
    println!(
        "{sealed} secrets are sealed under {} now. The older keys open nothing any more: take them out of \
         MESHLINE_SECRET_KEY and restart",
        keys.current.id()
    );
    Ok(())
}

async fn rotate_file(settings: &Settings, keys: SecretKeys) -> Result<(), KeysError> {
    let path = key::file_of(settings);
    let keys = if keys.older.is_empty() {
        let new = SecretKey::make().map_err(|why| KeyError::File {
            path: path.clone(),
            why: why.to_string(),
        })?;
        let keys = keys.behind(new);
        key::replace(&path, &keys)?;
        println!("{} seals from now on", new.id());
        keys
    } else {
        println!(
            "going on with a rotation that was cut off: {} seals",
            keys.current.id()
        );
        keys
    };
    sleep(SEEN_BY_ALL).await;
    let sealed = renew(settings, &keys).await?;
    key::replace(&path, &SecretKeys::only(keys.current))?;
    println!(
        "{sealed} secrets are sealed under it now; the old key is out of {} and opens nothing any more. Back the file up",
        path.display()
    );
    Ok(())
}

/// How much is sealed at all: all of it is under an older key for one that has sealed nothing yet.
async fn sealed(settings: &Settings, keys: &SecretKeys) -> Result<u64, KeysError> {
    let unused = SecretKey::make().map_err(|why| KeyError::File {
        path: key::file_of(settings),
        why: why.to_string(),
    })?;
    left(settings, &keys.behind(unused)).await
}

/// Ends when nothing is sealed under an older key: by doing it, or, where another process owns the
/// database, by waiting until that has. Which of the two wrapped what is no matter; returns how much is
/// under the current key in the end.
async fn renew(settings: &Settings, keys: &SecretKeys) -> Result<u64, KeysError> {
    match compose::open(settings).await {
        Ok(installation) => {
            let renewed = installation.engine.renew_seals().await;
            installation.close().await;
            renewed?;
        }
        Err(ComposeError::Database(OpenError::InUse { .. })) => {}
        Err(error) => return Err(error.into()),
    }
    let (begun, mut clean_since) = (Instant::now(), None);
    loop {
        let count = left(settings, keys).await?;
        if count > 0 {
            clean_since = None;
        } else if clean_since.get_or_insert_with(Instant::now).elapsed() > LOOKED_EVERY {
            return sealed(settings, keys).await;
        }
        if begun.elapsed() > PATIENCE {
            let file = key::file_of(settings);
            return Err(KeysError::Unfinished { left: count, file });
        }
        sleep(ASKED_EVERY).await;
    }
}

/// Keeps a running server's keys those of its file, and wraps anew what is under older ones. A key that
/// left the file is forgotten only when nothing is sealed under it any more.
pub async fn follow(settings: Settings, engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let is_file = settings.secret_key.is_none();
    let mut known = match key::find(&settings) {
        Ok(Some(keys)) => keys,
        // it was there a moment ago, when the database was opened with it
        Ok(None) | Err(_) => return,
    };
    loop {
        if !known.older.is_empty()
            && let Err(error) = renew_and_forget(&engine, &settings, &mut known).await
        {
            tracing::warn!(%error, "secrets under an older key could not be wrapped anew; it is tried again");
        } else if !is_file && known.older.is_empty() {
            return;
        }
        tokio::select! {
            () = sleep(LOOKED_EVERY) => {}
            _ = stop.changed() => return,
        }
        if is_file {
            match key::read(&key::file_of(&settings)) {
                Ok(Some(keys)) if keys != known => {
                    known = keys.and_older(&known);
                    known.hand_to(&engine);
                }
                Ok(Some(_)) => {}
                Ok(None) => {
                    tracing::warn!("the key file is gone; the keys of before are still used")
                }
                Err(error) => tracing::warn!(%error, "the keys of before are still used"),
            }
        }
    }
}

async fn renew_and_forget(
    engine: &Arc<Engine>,
    settings: &Settings,
    known: &mut SecretKeys,
) -> Result<(), KeysError> {
    let renewed = engine.renew_seals().await?;
    if renewed > 0 {
        tracing::info!(renewed, key = %known.current.id(), "secrets were wrapped anew under the current key");
    }
    if engine.seals_under_older_keys().await? > 0 {
        return Ok(());
    }
    // what the file does not name any more is not needed any more
    if settings.secret_key.is_none()
        && let Some(written) = key::read(&key::file_of(settings))?
        && written.current == known.current
        && written != *known
    {
        *known = written;
        known.hand_to(engine);
    }
    Ok(())
}
