//! Mail: sent once, tried again at its times under the same id, given up with a reason, and never there
//! without what it was for.

use std::sync::Arc;

use domain::{Time, access::Access, invitation::Invitation};
use engine::{
    Error, InvitationInput, Kind, NewInvitation, PlaceInput, RESET_MS,
    port::{AuditFilter, Carried, MailAbout, MailFate, MailState, NewMail, StoreExt},
};
use uuid::Uuid;

use crate::{
    PASSWORD, from, mara,
    passwords::colleague,
    world::{World, on_every_store},
};

const NEW: &str = "correct tray lantern oboe";

async fn invited(world: &World, email: &str) -> NewInvitation {
    let input = InvitationInput {
        email: email.to_owned(),
        name: String::new(),
        place: PlaceInput {
            access: "operator".to_owned(),
            party: "agency".to_owned(),
            roles: vec!["finance".to_owned()],
            own_roles: String::new(),
        },
    };
    let ctx = world.eyes().await.unwrap();
    world.engine.invite(&ctx, input).await.unwrap()
}

async fn mail_of(world: &World, invitation: &Invitation) -> MailFate {
    let ctx = world.eyes().await.unwrap();
    let mails = world.engine.invitation_mails(&ctx).await.unwrap();
    let of_it: Vec<_> = mails
        .into_iter()
        .filter(|mail| mail.about == invitation.id)
        .collect();
    assert_eq!(of_it.len(), 1, "{of_it:?}");
    of_it[0].clone()
}

/// Bodies that are still kept.
async fn bodies(world: &World) -> usize {
    let mut reads = world.engine.store().reads().await.unwrap();
    let seals = reads.seals_of_people_not_under(&[], 100).await.unwrap();
    seals.iter().filter(|seal| seal.table == "mails").count()
}

async fn noted(world: &World, action: &str) -> Vec<serde_json::Value> {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 50,
        ..AuditFilter::default()
    };
    let mut reads = world.engine.store().reads().await.unwrap();
    let entries = reads.audit(world.merchant.id, &filter).await.unwrap();
    entries
        .iter()
        .map(|entry| serde_json::to_value(entry).unwrap())
        .collect()
}

async fn sent_after(world: &World, ms: i64) -> usize {
    world.clock.advance_ms(ms);
    world.engine.send_due_mail().await.unwrap()
}

/// The token behind this word in the one mail to this address.
fn token_to(world: &World, email: &str, path: &str) -> String {
    let given = world.mailer.given();
    let mails: Vec<_> = given.iter().filter(|mail| mail.to == email).collect();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let (_, rest) = mails[0].text.split_once(path).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

on_every_store! {
    async fn an_invitation_is_mailed_once_and_its_words_are_gone(world: World) {
        let made = invited(&world, "nils@example.com").await;
        assert!(made.mailed);
        assert_eq!((bodies(&world).await, mail_of(&world, &made.invitation).await.state), (1, MailState::Waiting));
        assert_eq!(sent_after(&world, 0).await, 1);
        let given = world.mailer.given();
        assert_eq!(given.len(), 1);
        assert_eq!(given[0].to, "nils@example.com");
        assert!(given[0].text.contains(&made.link) && given[0].html.contains(&made.link));
        assert_eq!(mail_of(&world, &made.invitation).await.state, MailState::Sent);
        assert_eq!(bodies(&world).await, 0, "what it said is gone");
        assert_eq!(noted(&world, "invitation.mailed").await.len(), 1);
        assert_eq!(sent_after(&world, 10 * 24 * 3_600_000).await, 0);
        assert_eq!(world.mailer.given().len(), 1);
        // another merchant hears nothing of it
        let operator = world.engine.create_operator("Elsewhere").await.unwrap();
        let other = world.engine.create_merchant(&operator, "elsewhere", "Elsewhere").await.unwrap();
        let there = world.engine.enter_as_system(other.id).await.unwrap();
        assert!(world.engine.invitation_mails(&there).await.unwrap().is_empty());
    }

    async fn what_is_refused_for_now_comes_again_at_its_times_as_the_same_message(world: World) {
        let made = invited(&world, "nils@example.com").await;
        for _ in 0..6 {
            world.mailer.will_answer(Carried::Later("450 busy".to_owned()));
        }
        assert_eq!(sent_after(&world, 0).await, 1);
        for minutes_in_seconds in [30, 120, 600, 3_600, 3_600] {
            let wait = minutes_in_seconds * 1_000;
            assert_eq!(sent_after(&world, wait - 1).await, 0, "not before {minutes_in_seconds} s");
            assert_eq!(sent_after(&world, 1).await, 1, "after {minutes_in_seconds} s");
        }
        let given = world.mailer.given();
        assert_eq!(given.len(), 6);
        assert!(given.iter().all(|mail| *mail == given[0]), "{given:#?}");
        let mail = mail_of(&world, &made.invitation).await;
        assert!(mail.state == MailState::Failed && mail.why.contains("450 busy"), "{mail:?}");
        assert_eq!((sent_after(&world, 24 * 3_600_000).await, bodies(&world).await), (0, 0));
    }

    async fn what_is_refused_for_good_has_failed_and_says_why(world: World) {
        let made = invited(&world, "nils@example.com").await;
        world.mailer.will_answer(Carried::Never("550 no such mailbox\r\nhere".to_owned()));
        assert_eq!(sent_after(&world, 0).await, 1);
        let mail = mail_of(&world, &made.invitation).await;
        assert_eq!((mail.state, &*mail.why), (MailState::Failed, "550 no such mailbox  here"));
        let notes = noted(&world, "invitation.mail_failed").await;
        assert!(notes.len() == 1 && notes[0].to_string().contains("550 no such mailbox"), "{notes:?}");
        assert_eq!((sent_after(&world, 3_600_000).await, bodies(&world).await), (0, 0));
        // sent again, it is another mail
        let ctx = world.eyes().await.unwrap();
        let again = world.engine.resend_invitation(&ctx, made.invitation.id).await.unwrap();
        assert_eq!(sent_after(&world, 0).await, 1);
        let given = world.mailer.given();
        assert!(given[1].text.contains(&again.link) && given[1].message_id != given[0].message_id);
    }

    async fn what_nobody_can_use_any_more_is_not_sent(world: World) {
        let made = invited(&world, "nils@example.com").await;
        let ctx = world.eyes().await.unwrap();
        world.engine.revoke_invitation(&ctx, made.invitation.id).await.unwrap();
        world.engine.send_due_mail().await.unwrap();
        assert!(world.mailer.given().is_empty() && bodies(&world).await == 0);
        assert_eq!(mail_of(&world, &made.invitation).await.state, MailState::Failed);
    }

    async fn a_link_that_an_admin_makes_is_mailed_and_they_see_what_became_of_it(world: World) {
        let me = mara(&world, 1).await;
        let (_, admin) = colleague(&world, "ada", Access::Admin).await;
        let made = world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        assert!(made.mailed);
        let fate = async |id| world.engine.reset_mail(&admin, id).await.unwrap();
        assert_eq!(fate(me.user.id).await.map(|mail| mail.state), Some(MailState::Waiting));
        assert_eq!(sent_after(&world, 0).await, 1);
        assert_eq!(fate(me.user.id).await.map(|mail| mail.state), Some(MailState::Sent));
        let token = token_to(&world, &me.user.email, "/reset/");
        assert!(made.link.ends_with(&token), "the admin was shown the same link");
        assert!(world.mailer.given()[0].text.contains("ada of "), "it says who made it");
        assert_eq!(noted(&world, "person.reset_mailed").await.len(), 1);
        world.engine.reset_password(&token, NEW).await.unwrap();

        world.mailer.will_answer(Carried::Never("550 no such mailbox".to_owned()));
        world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        sent_after(&world, 1).await;
        let refused = fate(me.user.id).await.unwrap();
        assert!(refused.state == MailState::Failed && refused.why.contains("no such mailbox"), "{refused:?}");
        let notes = noted(&world, "person.reset_mail_failed").await;
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0]["subject_id"], me.user.id.to_string());

        // one whose hour is over is not sent, and another merchant hears nothing of any
        world.mailer.will_answer(Carried::Later("450 busy".to_owned()));
        world.engine.make_reset_link(&admin, me.user.id).await.unwrap();
        sent_after(&world, 0).await;
        let given = world.mailer.given().len();
        sent_after(&world, RESET_MS).await;
        assert_eq!(world.mailer.given().len(), given);
        assert!(fate(me.user.id).await.unwrap().why.contains("worth nothing any more"));
        assert_eq!(bodies(&world).await, 0);
        let operator = world.engine.create_operator("Elsewhere").await.unwrap();
        let other = world.engine.create_merchant(&operator, "elsewhere", "Elsewhere").await.unwrap();
        let there = world.engine.enter_as_system(other.id).await.unwrap();
        assert_eq!(world.engine.reset_mail(&there, me.user.id).await.unwrap(), None);
    }

    async fn a_mail_is_there_with_its_cause_or_not_at_all(world: World) {
        let made = invited(&world, "nils@example.com").await;
        // the one invitation that is still good stands in the way: neither it nor its mail comes to be
        let ctx = world.eyes().await.unwrap();
        let row = NewMail {
            id: Uuid::from_u128(77),
            sealed_body: vec![1],
            about: Some(MailAbout::Invitation { merchant: world.merchant.id, id: made.invitation.id }),
            created_at: world.engine.now(),
        };
        let refused = world.engine.store().write(move |tx| Box::pin(async move {
            tx.insert_mail(&row).await?;
            Err::<(), _>(Error::conflict("no"))
        })).await;
        assert!(refused.is_err());
        let mails = world.engine.invitation_mails(&ctx).await.unwrap();
        assert_eq!((mails.len(), bodies(&world).await), (1, 1));
    }

    async fn two_processes_send_it_once(world: World) {
        for n in 0..20 {
            invited(&world, &format!("nils{n}@example.com")).await;
        }
        let (one, two) = tokio::join!(world.engine.send_due_mail(), world.engine.send_due_mail());
        assert_eq!(one.unwrap() + two.unwrap(), 20);
        let mut ids: Vec<_> = world.mailer.given().into_iter().map(|mail| mail.message_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), world.mailer.given().len()), (20, 20));
    }

    async fn a_forgotten_password_is_chosen_anew_by_mail_and_nobody_learns_who_has_an_account(world: World) {
        let me = mara(&world, 1).await;
        let place = from("198.51.100.7");
        world.engine.ask_for_reset(&format!(" {} ", me.user.email.to_uppercase()), &place).await.unwrap();
        world.engine.ask_for_reset("nobody@example.com", &place).await.unwrap();
        assert_eq!(bodies(&world).await, 2, "both wait alike");
        assert_eq!(sent_after(&world, 0).await, 2);
        assert_eq!((world.mailer.given().len(), bodies(&world).await), (1, 0));
        let token = token_to(&world, &me.user.email, "/reset/");
        world.engine.reset_password(&token, NEW).await.unwrap();
        assert!(world.engine.sign_in(&me.user.email, NEW, &place).await.is_ok());
        assert!(world.engine.sign_in(&me.user.email, PASSWORD, &place).await.is_err());
        assert!(world.engine.reset_password(&token, PASSWORD).await.is_err(), "once");
        assert_eq!(noted(&world, "person.reset_link_mailed").await.len(), 1);
    }

    async fn a_link_that_waits_too_long_for_the_mail_server_is_not_sent_and_stays_the_same(world: World) {
        let me = mara(&world, 1).await;
        for _ in 0..5 {
            world.mailer.will_answer(Carried::Later("421 later".to_owned()));
        }
        world.engine.ask_for_reset(&me.user.email, &from("198.51.100.7")).await.unwrap();
        sent_after(&world, 0).await;
        sent_after(&world, 30_000).await;
        let given = world.mailer.given();
        assert!(given.len() == 2 && given[0] == given[1], "the same link and id");
        sent_after(&world, 120_000).await;
        sent_after(&world, 600_000).await;
        assert_eq!(world.mailer.given().len(), 4);
        sent_after(&world, 3_600_000).await;
        assert_eq!((world.mailer.given().len(), bodies(&world).await), (4, 0), "it expired meanwhile");
    }

    async fn asking_again_and_again_is_slowed_alike_for_everybody(world: World) {
        let mara = mara(&world, 1).await.user.email;
        let ask = async |email: &str, n: u8| {
            world.engine.ask_for_reset(email, &from(&format!("192.0.2.{n}"))).await
        };
        for email in [&*mara, "nobody@example.com"] {
            for n in 1..=3 {
                ask(email, n).await.unwrap();
            }
            let refused = ask(email, 4).await.unwrap_err();
            assert_eq!((refused.kind, refused.retry_after_ms), (Kind::TooMany, Some(20 * 60_000)));
            assert_eq!(refused.fields[0].field, "email");
        }
        // one place, whatever the addresses
        let place = from("203.0.113.9");
        for n in 0..10 {
            world.engine.ask_for_reset(&format!("n{n}@example.com"), &place).await.unwrap();
        }
        let refused = world.engine.ask_for_reset("n@example.com", &place).await.unwrap_err();
        assert_eq!(refused.kind, Kind::TooMany);
        assert_eq!(ask("not an address", 9).await.unwrap_err().kind, Kind::Invalid);
    }

    async fn a_process_that_died_gives_its_mail_back(world: World) {
        let made = invited(&world, "nils@example.com").await;
        let now: Time = world.engine.now();
        let claim = engine::port::Claim { now, lease_ms: 120_000, limit: 9 };
        let dead = world.engine.store().write(move |tx| Box::pin(tx.claim_mails(claim))).await.unwrap();
        assert_eq!((dead.len(), sent_after(&world, 119_999).await), (1, 0));
        assert_eq!(sent_after(&world, 1).await, 1);
        // it wakes up, and has nothing to say any more
        let late = dead[0].clone();
        let ended = world.engine.store().write(move |tx| Box::pin(async move {
            tx.end_mail(&late, MailState::Failed, "late", now).await
        })).await.unwrap();
        assert!(!ended);
        assert_eq!(mail_of(&world, &made.invitation).await.state, MailState::Sent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_there_is_the_link_alone() {
    let folder = std::env::temp_dir().join(format!("meshline_no_mail_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite://{}/world.db", folder.display());
    let store = store::SqlStore::open_and_migrate(&url, store::Options::default())
        .await
        .unwrap();
    let world = World::without_mail(store, Arc::new(connectors::shopify::Shopify))
        .await
        .unwrap();
    let made = invited(&world, "nils@example.com").await;
    assert!(!made.mailed && made.link.contains("/invite/"));
    assert_eq!(
        (bodies(&world).await, sent_after(&world, 1_000).await),
        (0, 0)
    );
    let refused = world
        .engine
        .ask_for_reset("nils@example.com", &from("192.0.2.1"))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
}
