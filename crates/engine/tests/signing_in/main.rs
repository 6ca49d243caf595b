//! Signing in under a clock that moves by hand, on the real store (SQLite in a temporary file, and Postgres
//! where `MESHLINE_TEST_POSTGRES_URL` names one): second factors, who guesses, sessions and proofs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authenticator;
mod factors;
mod guessing;
mod hashing;
mod lost;
mod mail;
mod passwords;
mod proofs;
mod sessions;
#[path = "../spine/world.rs"]
mod world;

use engine::{Client, Oneself};
use world::World;

pub const PASSWORD: &str = "correct horse";

pub fn from(address: &str) -> Client {
    Client {
        address: address.to_owned(),
        device: None,
    }
}

/// Mara, in a session of her own, who proved a moment ago that it is her.
pub async fn mara(world: &World, session: u8) -> Oneself {
    use domain::Time;
    use engine::port::SessionRow;
    let user = world.person("mara").user;
    let now: Time = world.engine.now();
    let id_hash = vec![session; 32];
    let row = SessionRow {
        id_hash: id_hash.clone(),
        user_id: Some(user.id),
        is_half: false,
        data: "{}".to_owned(),
        created_at: now,
        expires_at: now.plus_ms(12 * 3_600_000),
        last_seen_at: now,
        address: format!("192.0.2.{session}"),
        agent: String::new(),
    };
    world.engine.begin_session(row).await.unwrap();
    Oneself {
        user,
        session: id_hash,
        proved_at: Some(now),
    }
}

/// Her second factor: the authenticator that has its seed, and the recovery codes.
pub async fn enrolled(world: &World, me: &Oneself) -> (authenticator::Authenticator, Vec<String>) {
    world.engine.begin_second_factor(me).await.unwrap();
    let seed = world.engine.enrolment(&me.user).await.unwrap().unwrap();
    let phone = authenticator::Authenticator::scan(&seed.uri);
    let code = phone.code(world.engine.now());
    let codes = world.engine.confirm_second_factor(me, &code).await.unwrap();
    (phone, codes)
}
