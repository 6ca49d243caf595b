//! Who is told and who answers for what, under a clock that moves by hand, on the real store (SQLite in a
//! temporary file, and Postgres where `MESHLINE_TEST_POSTGRES_URL` names one).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod notices;
mod review;
#[path = "../spine/world.rs"]
mod world;

use domain::{
    access::Access,
    owner::{Owner, Party},
    people::Membership,
};
use engine::Ctx;
use world::World;

pub fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

/// Somebody who runs the merchant, signed in; the testkit's team has nobody who does.
pub async fn admin(world: &World) -> Ctx {
    joins(world, "ada", (Access::Admin, Party::Agency), &[]).await
}

pub async fn joins(
    world: &World,
    name: &str,
    (access, party): (Access, Party),
    roles: &[&str],
) -> Ctx {
    let engine = &world.engine;
    let email = format!("{name}@northbeam.example");
    let user = engine
        .create_user(&email, name, "correct horse")
        .await
        .unwrap();
    let membership = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access,
        party,
        functional_roles: roles.iter().map(|&role| role.to_owned()).collect(),
        rotations: Vec::new(),
    };
    engine.add_member(membership).await.unwrap();
    engine
        .enter(user.id, &world.merchant.slug, None)
        .await
        .unwrap()
}
