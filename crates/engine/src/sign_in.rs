//! Signing in, and slowing down whoever guesses.
//!
//! Somebody who guesses is a *stranger*: from their address nobody signed in as this person before, and
//! their browser has no cookie saying so. Strangers together have five tries at an account and one more
//! every three minutes, so ten in any quarter of an hour, however many addresses they have; and one
//! address has twenty, and two more a minute, over all accounts. What was right is not counted.
//!
//! A person at a *known place* is not hindered by any of that: there, tries are counted apart, by person
//! and place. Past the tenth wrong one the answer says to wait, but a right password is still let in; past
//! a hundred in a quarter of an hour the place is plainly guessing and counts as strange.
//!
//! Whether there is such an account makes no difference: the same is counted, the same work is done, the
//! same is said. Turns are booked before a password is looked at, in one statement of the database, so
//! that trying at many processes at once gains nothing. Before that each takes a place in the queue of those who hash:
//! who finds it full is told so, and has lost no turn.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::people::User;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::{Error, Kind, Result},
    hashing::{Slot, Who},
    port::{Credentials, Pace, StoreExt, Turned},
};

const MINUTE_MS: i64 = 60_000;

/// At one account, of all strangers together: ten in a quarter of an hour.
const STRANGERS: Pace = Pace {
    burst: 5,
    every_ms: 3 * MINUTE_MS,
};
/// From one address, at whatever accounts.
const ADDRESS: Pace = Pace {
    burst: 20,
    every_ms: MINUTE_MS / 2,
};
/// At one account, from a place where its person signed in before.
const KNOWN: Pace = Pace {
    burst: 100,
    every_ms: 9_000,
};
/// From then on a wrong one at a known place is told to wait.
const KNOWN_PATIENCE: i64 = 10;
/// A code has a million values and three are good; whoever guesses them has the password already.
const CODES: Pace = STRANGERS;

/// A place where nobody signed in for so long is strange again.
pub(crate) const KNOWN_FOR_MS: i64 = 180 * 24 * 60 * MINUTE_MS;
/// The slowest pace is whole again after a quarter of an hour.
pub(crate) const TURNS_KEPT_MS: i64 = 60 * MINUTE_MS;

/// Checked against when there is no such account, so that both answers take as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    Argon2::default()
        .hash_password_with_salt(b"nobody's password", b"no salt for nobody")
        .map(|hash| hash.to_string())
        .unwrap_or_default()
});

/// From where somebody tries.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// An IP address.
    pub address: String,
    /// What its known-device cookie holds.
    pub device: Option<String>,
}

/// What a right password still lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    Nothing,
    /// A code of the second factor.
    Code,
    /// A second factor, which the operator asks for and the person has not set up.
    Enrolment,
}

#[derive(Clone, Debug)]
pub struct SignIn {
    pub user: User,
    pub owed: Owed,
}

pub(crate) fn hash(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// One line leads to one customer, who has a whole network of IPv6 addresses.
pub(crate) fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

impl Client {
    /// What this place is known by: the browser if it has a cookie, and the address.
    fn places(&self) -> Vec<Vec<u8>> {
        let device = self
            .device
            .as_deref()
            .map(|device| hash("device", &[device.as_bytes()]));
        let address = hash("address", &[network(&self.address).as_bytes()]);
        device.into_iter().chain([address]).collect()
    }
}

/// 32 random bytes, as this program writes them.
fn is_device(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == 32)
}

fn wrong() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "The e-mail address or the password is not right.",
    )
}

fn too_many(wait_ms: i64) -> Error {
    let minutes = wait_ms.max(1).unsigned_abs().div_ceil(60_000);
    let wait = match minutes {
        1 => "a minute".to_owned(),
        n => format!("{n} minutes"),
    };
    Error {
        retry_after_ms: Some(wait_ms),
        ..Error::new(
            Kind::TooMany,
            format!(
                "That was too many tries. Wait {wait}, or sign in where you signed in before: there the right password still counts."
            ),
        )
    }
}

fn is_right(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// The active person whose password this is.
async fn matching(
    slot: Slot<'_>,
    found: Option<Credentials>,
    password: &str,
) -> Result<Option<User>> {
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let password = password.to_owned();
    let right = slot
        .run(move || is_right(hash.as_deref().unwrap_or(&NOBODY), &password))
        .await?;
    Ok(found
        .map(|found| found.user)
        .filter(|user| right && user.active))
}

/// Turns that were booked for one try, to be given back when it was right.
struct Booked {
    turns: Vec<(Vec<u8>, Pace)>,
    /// How many of the place's turns are used, at a known place.
    known_used: Option<i64>,
}

impl Engine {
    /// The person behind an address and a password, and what else they owe before they are let in.
    pub async fn sign_in(
        self: &Arc<Self>,
        email: &str,
        password: &str,
        client: &Client,
    ) -> Result<SignIn> {
        let came = self.examine(email, password, client).await;
        if let Some(watch) = self.watcher.get() {
            watch.sign_in_ended(match came.as_ref().map_err(|error| error.kind) {
                Ok(_) => "right",
                Err(Kind::Unauthenticated) => "wrong",
                Err(Kind::TooMany) => "too_many",
                Err(_) => "failed",
            });
        }
        came
    }

    async fn examine(
        self: &Arc<Self>,
        email: &str,
        password: &str,
        client: &Client,
    ) -> Result<SignIn> {
        let email = email.trim().to_lowercase();
        let found = self.store.reads().await?.credentials(&email).await?;
        let known = self.known_at(found.as_ref(), client).await?;
        let who = match known {
            Some(_) => Who::Known,
            None => Who::Stranger,
        };
        let slot = self.hashers.slot(who).await?;
        let strangers = hash("account", &[email.as_bytes()]);
        let booked = self
            .book(strangers, known, client)
            .await
            .inspect_err(|error| {
                if error.kind == Kind::TooMany {
                    tracing::warn!(address = client.address, "a sign-in was held back");
                }
            })?;
        let known_used = booked.known_used;
        let Some(user) = matching(slot, found, password).await? else {
            tracing::info!(address = client.address, "a sign-in was refused");
            return Err(match known_used.filter(|used| *used > KNOWN_PATIENCE) {
                Some(_) => too_many(KNOWN.every_ms),
                None => wrong(),
            });
        };
        self.give_turns_back(booked).await?;
        let owed = if self.second_factor(user.id).await?.is_some() {
            Owed::Code
        } else if self.owes_second_factor(user.id).await? {
            Owed::Enrolment
        } else {
            Owed::Nothing
        };
        Ok(SignIn { user, owed })
    }

    /// Whether it is this person's password; for a confirmation by somebody who is signed in.
    pub(crate) async fn is_password_of(&self, user: &User, password: &str) -> Result<bool> {
        let found = self.store.reads().await?.credentials(&user.email).await?;
        let matching = matching(self.hashers.slot(Who::Known).await?, found, password).await?;
        Ok(matching.is_some_and(|found| found.id == user.id))
    }

    /// The place, by which this person's tries from there are counted; none if it is strange.
    async fn known_at(
        &self,
        found: Option<&Credentials>,
        client: &Client,
    ) -> Result<Option<Vec<u8>>> {
        // nobody is known anywhere, and is looked for all the same
        let user = found.map_or(Uuid::nil(), |found| found.user.id);
        self.known_place(user, client).await
    }

    pub(crate) async fn known_place(&self, user: Uuid, client: &Client) -> Result<Option<Vec<u8>>> {
        let mut reads = self.store.reads().await?;
        let mut known = None;
        for place in client.places() {
            if reads.knows_place(user, &place).await? && known.is_none() {
                known = Some(hash("known", &[user.as_bytes(), &place]));
            }
        }
        Ok(known)
    }

    async fn book(
        &self,
        strangers: Vec<u8>,
        known: Option<Vec<u8>>,
        client: &Client,
    ) -> Result<Booked> {
        let now = self.now();
        let address = hash("from", &[network(&client.address).as_bytes()]);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(known) = known
                        && let Turned::Taken(used) = tx.take_turn(&known, now, KNOWN).await?
                    {
                        return Ok(Ok(Booked {
                            turns: vec![(known, KNOWN)],
                            known_used: Some(used),
                        }));
                    }
                    for (key, pace) in [(&address, ADDRESS), (&strangers, STRANGERS)] {
                        // what was booked before stays booked: asking again and again costs turns, too
                        if let Turned::Wait(ms) = tx.take_turn(key, now, pace).await? {
                            return Ok(Err(too_many(ms)));
                        }
                    }
                    Ok(Ok(Booked {
                        turns: vec![(address, ADDRESS), (strangers, STRANGERS)],
                        known_used: None,
                    }))
                })
            })
            .await?
    }

    async fn give_turns_back(&self, booked: Booked) -> Result<()> {
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    for (key, pace) in booked.turns {
                        tx.give_turn_back(&key, pace).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Runs a check of something that could be guessed by whoever has the password already, at a pace:
    /// counted by person, and apart at a place where they are known.
    pub(crate) async fn guarded<F>(&self, user: Uuid, client: &Client, check: F) -> Result<bool>
    where
        F: Future<Output = Result<bool>> + Send,
    {
        let now = self.now();
        let place = self.known_place(user, client).await?.unwrap_or_default();
        let key = hash("code", &[user.as_bytes(), &place]);
        let taken = key.clone();
        let turned = self
            .store
            .write(move |tx| Box::pin(async move { tx.take_turn(&taken, now, CODES).await }))
            .await?;
        if let Turned::Wait(ms) = turned {
            let minutes = ms.unsigned_abs().div_ceil(60_000);
            return Err(Error {
                retry_after_ms: Some(ms),
                ..Error::new(
                    Kind::TooMany,
                    format!("That was too many tries. The next one counts in {minutes} min."),
                )
            });
        }
        let checked = check.await;
        // what could not be checked says nothing to whoever guesses
        if !matches!(checked, Ok(false)) {
            self.give_turns_back(Booked {
                turns: vec![(key, CODES)],
                known_used: None,
            })
            .await?;
        }
        checked
    }

    /// Somebody is wholly signed in: from now on they are known here. Returns what the browser is to keep
    /// in its known-device cookie.
    pub async fn recognize(&self, user: Uuid, client: &Client) -> Result<String> {
        let device = match &client.device {
            Some(device) if is_device(device) => device.clone(),
            _ => {
                let mut random = [0_u8; 32];
                self.ids.fill(&mut random);
                URL_SAFE_NO_PAD.encode(random)
            }
        };
        let places = Client {
            device: Some(device.clone()),
            ..client.clone()
        }
        .places();
        let now = self.now();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    for place in places {
                        tx.remember_place(user, &place, now).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        tracing::info!(%user, address = client.address, "somebody signed in");
        Ok(device)
    }
}
