//! A token's end is foreseen: whoever made it is told, until it is dealt with.

use domain::{
    access::{Access, Action},
    owner::{Owner, Party},
    people::Membership,
    task::{Task, TaskState},
};
use engine::{Ctx, Handover, PlaceInput, TokenInput, TokenTerm};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const DAY: i64 = 24 * 60 * 60_000;

async fn admin(world: &World, name: &str) -> Uuid {
    let email = format!("{name}@northbeam.example");
    let made = world
        .engine
        .create_user(&email, name, "correct horse")
        .await;
    let user_id = made.unwrap().id;
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id,
        access: Access::Admin,
        party: Party::Agency,
        functional_roles: vec!["finance".to_owned()],
        rotations: Vec::new(),
    };
    world.engine.add_member(place).await.unwrap();
    user_id
}

/// Who proved a moment ago that it is them.
async fn enters(world: &World, user: Uuid) -> Ctx {
    let slug = &world.merchant.slug;
    let ctx = world.engine.enter(user, slug, None).await.unwrap();
    let now = world.engine.now();
    ctx.proved(Some(now))
}

fn input(name: &str) -> TokenInput {
    TokenInput {
        name: name.into(),
        capabilities: vec![Action::ViewWork],
        term: TokenTerm::Days(30),
    }
}

async fn warnings(world: &World) -> Vec<Task> {
    let mut tasks = world.tasks().await.unwrap();
    tasks.retain(|task| task.code == "token_expiring");
    tasks
}

fn live(tasks: &[Task]) -> Vec<&Task> {
    tasks.iter().filter(|task| !task.state.is_over()).collect()
}

on_every_store! {
    async fn a_token_that_expires_soon_is_its_makers_task_until_it_is_dealt_with(world: World) {
        let engine = &world.engine;
        let maker = admin(&world, "lena").await;
        let made = engine.issue_token(&enters(&world, maker).await, input("Nightly reports")).await.unwrap().token;
        world.advance(23 * DAY - 1).await.unwrap();
        assert_eq!(warnings(&world).await, []);
        world.advance(1).await.unwrap();
        let found = warnings(&world).await;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].owner, found[0].resolve_by), (&Owner::User(maker), made.expires_at.unwrap()));
        assert!(found[0].sentence.contains("Nightly reports"), "{}", found[0].sentence);

        // rotated: closed by itself, and foreseen anew for the new secret
        engine.rotate_token(&enters(&world, maker).await, made.id).await.unwrap();
        assert_eq!(warnings(&world).await[0].state, TaskState::Cancelled);
        world.advance(23 * DAY - 1).await.unwrap();
        assert_eq!(warnings(&world).await.len(), 1);
        world.advance(1).await.unwrap();
        let found = warnings(&world).await;
        assert_eq!((found.len(), live(&found).len()), (2, 1));
        engine.revoke_token(&enters(&world, maker).await, made.id).await.unwrap();
        assert!(live(&warnings(&world).await).is_empty());
    }

    async fn whose_maker_may_look_after_tokens_no_more_is_an_admins_and_a_revoked_one_nobodys(world: World) {
        let engine = &world.engine;
        let maker = admin(&world, "lena").await;
        let other = admin(&world, "otis").await;
        let lena = enters(&world, maker).await;
        engine.issue_token(&lena, input("Orphan")).await.unwrap();
        let gone = engine.issue_token(&lena, input("Gone")).await.unwrap().token;
        engine.revoke_token(&lena, gone.id).await.unwrap();
        let place = PlaceInput {
            access: "viewer".into(),
            party: "agency".into(),
            roles: vec!["finance".into()],
            own_roles: String::new(),
        };
        let boss = world.eyes().await.unwrap();
        engine.change_member(&boss, maker, place, Handover::default()).await.unwrap();
        world.advance(23 * DAY).await.unwrap();
        let found = warnings(&world).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].title.contains("Orphan"));
        assert_eq!(found[0].owner, Owner::User(other));
    }

    async fn what_never_ends_is_nobodys_task(world: World) {
        let endless = TokenInput { term: TokenTerm::Never { reason: "a lab".into() }, ..input("Lab") };
        world.engine.issue_token(&enters(&world, admin(&world, "lena").await).await, endless).await.unwrap();
        world.advance(400 * DAY).await.unwrap();
        assert_eq!(warnings(&world).await, []);
    }
}
