//! A link is good once, for a week, for one address.

use domain::{access::Access, invitation::CannotAccept, owner::Party};
use engine::{Error, Handover, Host, InvitationInput, Kind, NewInvitation, Reach};

use crate::{
    WEEK, add, admin, enter, noted, place,
    world::{World, on_every_store},
};

const PASSWORD: &str = "viermal gefaltete brotzeit";

async fn invited(world: &World, email: &str) -> NewInvitation {
    let (_, ctx) = admin(world, "boss").await;
    let input = InvitationInput {
        email: email.to_owned(),
        name: String::new(),
        place: place("operator", "agency", &["finance"]),
    };
    world.engine.invite(&ctx, input).await.unwrap()
}

fn token(made: &NewInvitation) -> String {
    made.link.rsplit('/').next().unwrap().to_owned()
}

fn says(error: &Error, word: &str) {
    assert_eq!(error.kind, Kind::Conflict, "{error}");
    assert!(error.sentence.contains(word), "{error}");
}

on_every_store! {
    async fn a_new_person_accepts_once_and_is_there(world: World) {
        let made = invited(&world, " Nils@Example.COM ").await;
        let token = token(&made);
        let seen = world.engine.look_at_invitation(&token).await.unwrap();
        assert_eq!(seen.invitation.email, "nils@example.com");
        assert_eq!((seen.has_account, seen.spent), (false, None));
        let (user, host) = world.engine.accept_as_new(&token, " Nils Berg ", PASSWORD).await.unwrap();
        let Host::Merchant(merchant) = host else { panic!("a merchant invited") };
        assert_eq!((user.name.as_str(), merchant.id), ("Nils Berg", world.merchant.id));
        let ctx = enter(&world, user.id).await;
        let (_, member) = ctx.member().unwrap();
        assert_eq!((member.access, member.party), (Access::Operator, Party::Agency));
        assert_eq!(member.functional_roles, ["finance"]);
        // the second use says what happened, and makes nobody
        let again = world.engine.accept_as_new(&token, "Eve", PASSWORD).await.unwrap_err();
        says(&again, "already");
        assert_eq!(noted(&world, "member.joined").await.len(), 1);
        assert_eq!(noted(&world, "member.joined").await[0]["functional_roles"][0], "finance");
    }

    async fn two_at_once_are_one(world: World) {
        let token = token(&invited(&world, "nils@example.com").await);
        let (one, two) = tokio::join!(
            world.engine.accept_as_new(&token, "Nils", PASSWORD),
            world.engine.accept_as_new(&token, "Nils", PASSWORD),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(noted(&world, "member.joined").await.len(), 1);
    }

    async fn a_week_is_the_end_of_it(world: World) {
        let token = token(&invited(&world, "nils@example.com").await);
        world.clock.advance_ms(WEEK - 1);
        assert_eq!(world.engine.look_at_invitation(&token).await.unwrap().spent, None);
        world.clock.advance_ms(1);
        let late = world.engine.accept_as_new(&token, "Nils", PASSWORD).await.unwrap_err();
        says(&late, "7 days");
        // an expired invitation stands in nobody's way
        let (_, ctx) = admin(&world, "ada").await;
        let input = InvitationInput {
            email: "nils@example.com".into(),
            name: String::new(),
            place: place("viewer", "agency", &[]),
        };
        world.engine.invite(&ctx, input).await.unwrap();
        assert_eq!(world.engine.team(&ctx).await.unwrap().invitations.len(), 1);
    }

    async fn taken_back_is_worth_nothing(world: World) {
        let made = invited(&world, "nils@example.com").await;
        let (_, ctx) = admin(&world, "ada").await;
        world.engine.revoke_invitation(&ctx, made.invitation.id).await.unwrap();
        let refused = world.engine.accept_as_new(&token(&made), "Nils", PASSWORD).await.unwrap_err();
        says(&refused, "taken back");
        says(&world.engine.revoke_invitation(&ctx, made.invitation.id).await.unwrap_err(), "taken back");
        assert_eq!(noted(&world, "invitation.revoked").await[0]["email"], "nils@example.com");
    }

    async fn sent_again_only_the_newer_link_works(world: World) {
        let made = invited(&world, "nils@example.com").await;
        let (_, ctx) = admin(&world, "ada").await;
        world.clock.advance_ms(WEEK);
        let ctx = enter(&world, ctx.user_id().unwrap()).await;
        let again = world.engine.resend_invitation(&ctx, made.invitation.id).await.unwrap();
        let old = world.engine.accept_as_new(&token(&made), "Nils", PASSWORD).await.unwrap_err();
        says(&old, "newer");
        world.engine.accept_as_new(&token(&again), "Nils", PASSWORD).await.unwrap();
        assert_eq!(noted(&world, "member.invited").await.len(), 2);
    }

    async fn a_guess_leads_nowhere_and_nothing_of_a_link_is_kept(world: World) {
        let made = invited(&world, "nils@example.com").await;
        let token = token(&made);
        for guess in ["", "x", &token[1..], &format!("{token}x")] {
            let missing = world.engine.look_at_invitation(guess).await.unwrap_err();
            assert_eq!(missing.kind, Kind::NotFound, "{guess}");
        }
        let notes = format!("{:?}", noted(&world, "member.invited").await);
        assert!(notes.contains("nils@example.com") && !notes.contains(&token), "{notes}");
    }

    async fn who_has_an_account_accepts_as_themselves(world: World) {
        // somebody of another merchant
        let other = world.engine.create_user("rosa@example.com", "Rosa", "four plain words here").await.unwrap();
        let eve = add(&world, "eve", Access::Viewer, Party::Agency, &[]).await;
        let token = token(&invited(&world, "rosa@example.com").await);
        assert!(world.engine.look_at_invitation(&token).await.unwrap().has_account);
        let new = world.engine.accept_as_new(&token, "Rosa", PASSWORD).await.unwrap_err();
        says(&new, "Sign in");
        let wrong = world.engine.accept_as(&token, eve.id).await.unwrap_err();
        assert_eq!(wrong.kind, Kind::Forbidden);
        world.engine.accept_as(&token, other.id).await.unwrap();
        assert_eq!(enter(&world, other.id).await.access(), Some(Access::Operator));
    }

    async fn what_is_wrong_is_said_at_its_field(world: World) {
        let (_, ctx) = admin(&world, "ada").await;
        let input = |email: &str, access: &str, own: &str| InvitationInput {
            email: email.to_owned(),
            name: String::new(),
            place: engine::PlaceInput { own_roles: own.to_owned(), ..place(access, "agency", &[]) },
        };
        let fields = async |input| -> Vec<String> {
            let refused = world.engine.invite(&ctx, input).await.unwrap_err();
            refused.fields.into_iter().map(|one| one.field).collect()
        };
        assert_eq!(fields(input("nobody", "", "Über")).await, ["email", "access", "own_roles"]);
        assert_eq!(fields(input("mara@northbeam.example", "viewer", "")).await, ["email"]);
        world.engine.invite(&ctx, input("nils@example.com", "viewer", "")).await.unwrap();
        assert_eq!(fields(input("NILS@example.com", "viewer", "")).await, ["email"]);
        assert_eq!(noted(&world, "member.invited").await.len(), 1);
        // a weak password makes nobody
        let made = world.engine.invite(&ctx, input("ida@example.com", "viewer", "")).await.unwrap();
        let weak = world.engine.accept_as_new(&token(&made), "", "passwordpassword").await.unwrap_err();
        let fields: Vec<_> = weak.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["name", "password"]);
    }

    async fn a_link_is_worth_what_its_sender_may_still_give(world: World) {
        let (_, boss) = admin(&world, "boss").await;
        let (ada, of_ada) = admin(&world, "ada").await;
        let asks = async |email: &str, access: &str| {
            let place = place(access, "agency", &[]);
            let input = InvitationInput { email: email.to_owned(), name: String::new(), place };
            world.engine.invite(&of_ada, input).await.unwrap()
        };
        let high = asks("nils@example.com", "admin").await;
        let low = asks("ida@example.com", "viewer").await;
        let is_over = async |made: &NewInvitation| {
            let shown = world.engine.look_at_invitation(&token(made)).await.unwrap();
            assert_eq!(shown.spent, Some(CannotAccept::InviterGone));
            let refused = world.engine.accept_as_new(&token(made), "Nils", PASSWORD).await.unwrap_err();
            says(&refused, "somebody else there");
        };
        // no admin any more: what she sent is worth nothing, whatever it gives
        let viewer = place("viewer", "agency", &["revenue_ops"]);
        world.engine.change_member(&boss, ada.id, viewer, Handover::default()).await.unwrap();
        is_over(&high).await;
        is_over(&low).await;
        let again = place("admin", "agency", &["revenue_ops"]);
        world.engine.change_member(&boss, ada.id, again, Handover::default()).await.unwrap();
        world.engine.accept_as_new(&token(&low), "Ida", PASSWORD).await.unwrap();
        // gone altogether
        let seen = world.engine.leaving(&boss, ada.id, Reach::Everywhere).await.unwrap().seen;
        world.engine.deactivate(&boss, ada.id, &seen, Handover::default()).await.unwrap();
        is_over(&high).await;
        // somebody else sends it again
        let anew = world.engine.resend_invitation(&boss, high.invitation.id).await.unwrap();
        world.engine.accept_as_new(&token(&anew), "Nils", PASSWORD).await.unwrap();
    }

    async fn inviting_is_for_who_manages_people(world: World) {
        let (_, ctx) = admin(&world, "ada").await;
        let input = || InvitationInput {
            email: "nils@example.com".into(),
            name: String::new(),
            place: place("viewer", "agency", &[]),
        };
        let made = world.engine.invite(&ctx, input()).await.unwrap();
        for name in ["mara", "tomas", "iris", "hana"] {
            let ctx = world.as_person(name).await.unwrap();
            let refused = [
                world.engine.invite(&ctx, input()).await.unwrap_err(),
                world.engine.resend_invitation(&ctx, made.invitation.id).await.unwrap_err(),
                world.engine.revoke_invitation(&ctx, made.invitation.id).await.unwrap_err(),
            ];
            // who is not to see the people is not told that there are any
            let kind = if name == "hana" { Kind::NotFound } else { Kind::Forbidden };
            assert!(refused.iter().all(|error| error.kind == kind), "{name} {refused:?}");
        }
        assert_eq!(noted(&world, "member.invited").await.len(), 1);
    }
}
