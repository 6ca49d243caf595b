//! People come, change and leave, under a clock that moves by hand, on the real store (SQLite in a temporary
//! file, and Postgres where `MESHLINE_TEST_POSTGRES_URL` names one).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod inviting;
mod leaving;
mod placing;
#[path = "../spine/world.rs"]
mod world;

use domain::{
    access::Access,
    owner::Party,
    people::{Membership, User},
};
use engine::{Ctx, PlaceInput, port::AuditFilter};
use serde_json::Value;
use uuid::Uuid;
use world::World;

pub const WEEK: i64 = 7 * 24 * testkit::HOUR;

/// An admin of the merchant, signed in; the testkit's team has none.
pub async fn admin(world: &World, name: &str) -> (User, Ctx) {
    let user = add(world, name, Access::Admin, Party::Agency, &["revenue_ops"]).await;
    let ctx = enter(world, user.id).await;
    (user, ctx)
}

/// Somebody who signed in a moment ago.
pub async fn enter(world: &World, user: Uuid) -> Ctx {
    let ctx = world
        .engine
        .enter(user, &world.merchant.slug, None)
        .await
        .unwrap();
    let now = ctx.now();
    ctx.proved(Some(now))
}

pub async fn add(world: &World, name: &str, access: Access, party: Party, roles: &[&str]) -> User {
    let user = world
        .engine
        .create_user(
            &format!("{name}@northbeam.example"),
            name,
            "four plain words here",
        )
        .await
        .unwrap();
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access,
        party,
        functional_roles: roles.iter().map(|&role| role.to_owned()).collect(),
        rotations: Vec::new(),
    };
    world.engine.add_member(place).await.unwrap();
    user
}

pub fn place(access: &str, party: &str, roles: &[&str]) -> PlaceInput {
    PlaceInput {
        access: access.to_owned(),
        party: party.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        own_roles: String::new(),
    }
}

/// The details of every entry of this action, newest first.
pub async fn noted(world: &World, action: &str) -> Vec<Value> {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 50,
        ..AuditFilter::default()
    };
    let ctx = world.eyes().await.unwrap();
    let entries = world.engine.audit(&ctx, &filter).await.unwrap();
    entries
        .into_iter()
        .map(|entry| serde_json::from_str(&entry.detail).unwrap())
        .collect()
}
