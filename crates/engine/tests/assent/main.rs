//! Deciding together, for others, and at the same moment, under a clock that moves by hand, on the real store
//! (SQLite in a temporary file, and Postgres where `MESHLINE_TEST_POSTGRES_URL` names one).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conditions;
mod delegating;
mod overriding;
mod race;
mod talking;
mod together;
#[path = "../spine/world.rs"]
mod world;

use domain::{
    access::Access,
    approval::{Approval, ApprovalCondition, ApprovalRule, ApprovalState, ApprovalStep, Decision},
    audit::AuditEntry,
    contract::Contract,
    export::{Export, ExportState},
    owner::{Owner, Party},
    people::Membership,
};
use engine::{Ctx, Error, port::AuditFilter};
use testkit::{MINUTE, fulfillment_contract, order};
use uuid::Uuid;

use crate::world::World;

fn agency(role: &str) -> Owner {
    Owner::role(Party::Agency, role)
}

fn step(owner: &str, backup: &str) -> ApprovalStep {
    ApprovalStep::of(agency(owner), agency(backup), 15 * MINUTE)
}

/// The order's contract with these rules, published as its next version.
async fn rules(world: &World, rules: Vec<ApprovalRule>) {
    let contract = Contract {
        id: Uuid::from_u128(900),
        version: "2.0".to_owned(),
        approval: rules,
        ..fulfillment_contract(world.merchant.id)
    };
    let admin = world.eyes().await.unwrap();
    world
        .engine
        .publish_contract(&admin, contract)
        .await
        .unwrap();
}

/// Every order is asked about, in these steps.
async fn asks(world: &World, steps: Vec<ApprovalStep>) {
    let (when, critical) = (ApprovalCondition::Always, false);
    rules(
        world,
        vec![ApprovalRule {
            when,
            steps,
            critical,
        }],
    )
    .await;
}

/// One more of the team, who may approve.
async fn joins(world: &World, name: &str, roles: &[&str]) -> Uuid {
    let engine = &world.engine;
    let email = format!("{name}@elsewhere.example");
    let user = engine
        .create_user(&email, name, "correct horse")
        .await
        .unwrap();
    let membership = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access: Access::Approver,
        party: Party::Agency,
        functional_roles: roles.iter().map(|&role| role.to_owned()).collect(),
        rotations: Vec::new(),
    };
    engine.add_member(membership).await.unwrap();
    user.id
}

async fn as_user(world: &World, user: Uuid) -> Ctx {
    let ctx = world
        .engine
        .enter(user, &world.merchant.slug, None)
        .await
        .unwrap();
    let now = ctx.now();
    ctx.proved(Some(now))
}

/// An order that waits for approval, as its export.
async fn asked(world: &World, n: u64) -> Export {
    world.receives(&order(n)).await.unwrap();
    let name = format!("#{n}");
    let exports = world.exports().await.unwrap();
    let export = exports
        .into_iter()
        .find(|one| one.source_ref == name)
        .unwrap();
    assert_eq!(
        export.state,
        ExportState::AwaitingApproval,
        "{:?}",
        export.qa
    );
    export
}

/// The step that waits.
async fn pending(world: &World, export: &Export) -> Approval {
    let all = world.approvals_of(export.id).await.unwrap();
    all.into_iter()
        .find(|one| one.state == ApprovalState::Pending)
        .unwrap()
}

async fn decides(
    world: &World,
    user: Uuid,
    export: &Export,
    approve: bool,
) -> Result<ExportState, Error> {
    let decision = Decision {
        approve,
        note: (!approve).then(|| "not now".to_owned()),
        seen_hash: export.content_hash.clone(),
        step: None,
    };
    let ctx = as_user(world, user).await;
    world.engine.decide(&ctx, export.id, decision).await
}

fn id_of(world: &World, name: &str) -> Uuid {
    world.person(name).user.id
}

/// The trail about one thing, oldest first.
async fn trail(world: &World, subject: Uuid) -> Vec<AuditEntry> {
    let filter = AuditFilter {
        subject_id: Some(subject.to_string()),
        limit: 200,
        ..AuditFilter::default()
    };
    let eyes = world.eyes().await.unwrap();
    let mut found = world.engine.audit(&eyes, &filter).await.unwrap();
    found.reverse();
    found
}
