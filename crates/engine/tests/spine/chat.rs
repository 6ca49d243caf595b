//! People are asked in a chat: what is sent, what counts, what is said to whom, and that every message ends as the
//! request did, whatever ended it.

use domain::{
    approval::{Approval, ApprovalState},
    export::ExportState,
};
use engine::{
    ChatInput, Heard, Kind, TaskAct,
    port::{Carried, Whose},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use testkit::{Called, HOUR, MINUTE, No, order};

use crate::world::{World, on_every_store};

const SIGNING: &str = "8f742231b10e8888abcd99yyyzzz85a5";

pub(crate) async fn connect(world: &World) {
    let input = ChatInput {
        token: "xoxb-1234567890".into(),
        signing: SIGNING.into(),
        api_base: String::new(),
    };
    let engine = &world.engine;
    engine.connect_chat(&world.admin, input).await.unwrap();
    for (owner, place) in [("agency:operations", "#ops"), ("agency:finance", "#money")] {
        engine.route_chat(&world.admin, owner, place).await.unwrap();
    }
}

/// An order that operations are asked about, and what they are asked.
pub(crate) async fn asked(world: &World, number: u64) -> Approval {
    world
        .receives(&order(number).total("900.00"))
        .await
        .unwrap();
    let exports = world.exports().await.unwrap();
    let export = exports
        .iter()
        .find(|one| one.source_ref == format!("#{number}"))
        .unwrap();
    world.approvals_of(export.id).await.unwrap().remove(0)
}

fn payload(chat_user: &str, action: &str, approval: &Approval, trigger: &str) -> serde_json::Value {
    json!({
        "type": "block_actions",
        "team": { "id": "T1" },
        "user": { "id": chat_user, "username": chat_user.to_lowercase() },
        "container": { "message_ts": "1700000000.000000", "channel_id": "#ops" },
        "channel": { "id": "#ops" },
        "trigger_id": trigger,
        "actions": [{ "action_id": action, "value": format!("{}|{}", approval.id, approval.content_hash) }],
    })
}

fn reason(chat_user: &str, approval: &Approval, text: &str) -> serde_json::Value {
    let about = json!({
        "approval": approval.id, "seen_hash": approval.content_hash, "channel": "#ops", "ts": "1700000000.000000",
    });
    json!({
        "type": "view_submission",
        "team": { "id": "T1" },
        "user": { "id": chat_user, "username": chat_user.to_lowercase() },
        "view": {
            "callback_id": "decline",
            "private_metadata": about.to_string(),
            "state": { "values": { "reason": { "reason": { "type": "plain_text_input", "value": text } } } },
        },
    })
}

fn encoded(payload: &serde_json::Value) -> String {
    let bytes = payload.to_string();
    let hex: String = bytes.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("payload={hex}")
}

fn signed(body: &str, at_s: i64) -> Vec<(String, String)> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING.as_bytes()).unwrap();
    mac.update(format!("v0:{at_s}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    vec![
        ("x-slack-signature".into(), signature),
        ("x-slack-request-timestamp".into(), at_s.to_string()),
    ]
}

/// As Slack does: signed now, taken, and worked off.
async fn press(world: &World, payload: &serde_json::Value) {
    let body = encoded(payload);
    let headers = signed(&body, world.engine.now().as_ms() / 1000);
    let heard = world
        .engine
        .hear_click(world.merchant.id, &headers, body.as_bytes())
        .await
        .unwrap();
    let Heard::Pressed(click) = heard else {
        panic!("nothing was pressed: {heard:?}")
    };
    world.engine.take_click(*click).await.unwrap();
    world.runs_due_work().await.unwrap();
}

fn whispers(world: &World) -> Vec<String> {
    let calls = world.chat.calls().into_iter();
    calls
        .filter_map(|call| match call {
            Called::Whispered { words, .. } => Some(words),
            _ => None,
        })
        .collect()
}

/// The outcome that each message shows last, by where it stands.
fn outcomes(world: &World) -> Vec<(String, bool)> {
    let calls = world.chat.calls().into_iter();
    calls
        .filter_map(|call| match call {
            Called::Updated { card, .. } => {
                let said = card.facts.iter().find(|(label, _)| label == "Outcome");
                Some((said.map(|(_, said)| said.clone())?, card.press.is_some()))
            }
            _ => None,
        })
        .collect()
}

fn posted(world: &World) -> Vec<(String, bool)> {
    let calls = world.chat.calls().into_iter();
    calls
        .filter_map(|call| match call {
            Called::Posted { place, card } => Some((place, card.press?.decides)),
            _ => None,
        })
        .collect()
}

/// Links `chat_user` with somebody, by the link that they are given in private.
pub(crate) async fn link(world: &World, chat_user: &str, name: &str, approval: &Approval) {
    let before = whispers(world).len();
    press(
        world,
        &payload(chat_user, "approve", approval, &format!("link-{chat_user}")),
    )
    .await;
    let words = whispers(world).remove(before);
    let (_, rest) = words.split_once("/a/link/").unwrap();
    let token = rest.split(' ').next().unwrap();
    let person = world.as_person(name).await.unwrap();
    world.engine.link_chat(&person, token).await.unwrap();
}

on_every_store! {
    async fn a_button_of_a_linked_person_is_a_decision_and_ends_the_message(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        assert_eq!(posted(&world), [("#ops".to_owned(), true)]);
        // somebody whom nobody knows is asked who they are, and nothing is decided
        link(&world, "UJONAS", "jonas", &approval).await;
        assert_eq!(world.the_export().await.unwrap().state, ExportState::AwaitingApproval);
        press(&world, &payload("UJONAS", "approve", &approval, "t1")).await;
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Acknowledged);
        let decided = world.approvals_of(approval.export_id).await.unwrap().remove(0);
        assert_eq!(decided.decided_by, Some(world.person("jonas").user.id));
        assert_eq!(outcomes(&world), [("Approved by Jonas Test".to_owned(), false)]);
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn the_same_bytes_again_are_the_same_click(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        link(&world, "UJONAS", "jonas", &approval).await;
        let click = payload("UJONAS", "approve", &approval, "t1");
        for _ in 0..5 {
            press(&world, &click).await;
        }
        assert_eq!(whispers(&world).len(), 1, "the link alone");
        assert_eq!(outcomes(&world).len(), 1);
        assert_eq!(world.channel.sent().len(), 1);
    }

    async fn whoever_may_not_is_told_in_private_and_late_clicks_say_who_decided(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        link(&world, "UMARA", "mara", &approval).await;
        press(&world, &payload("UMARA", "approve", &approval, "t1")).await;
        assert!(whispers(&world)[1].contains("not one of your roles"), "{:?}", whispers(&world));
        press(&world, &payload("UMARA", "decline", &approval, "t2")).await;
        assert!(whispers(&world)[2].contains("not one of your roles"), "no form for her");
        assert_eq!(world.the_export().await.unwrap().state, ExportState::AwaitingApproval);
        // decided on the page
        let export = world.the_export().await.unwrap();
        world.approves("jonas", &export).await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(outcomes(&world), [("Approved by Jonas Test".to_owned(), false)]);
        press(&world, &payload("UMARA", "approve", &approval, "t3")).await;
        let late = &whispers(&world)[3];
        assert!(late.contains("Jonas Test approved this already") && late.contains("UTC"), "{late}");
    }

    async fn declining_asks_why_and_the_form_decides(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        link(&world, "UJONAS", "jonas", &approval).await;
        press(&world, &payload("UJONAS", "decline", &approval, "trigger-1")).await;
        let asked = world.chat.calls().into_iter().any(|call| matches!(call, Called::Asked { trigger, .. } if trigger == "trigger-1"));
        assert!(asked, "the form was opened");
        assert_eq!(world.the_export().await.unwrap().state, ExportState::AwaitingApproval);
        press(&world, &reason("UJONAS", &approval, "The stock is not there")).await;
        assert_eq!(world.the_export().await.unwrap().state, ExportState::Declined);
        let declined = world.approvals_of(approval.export_id).await.unwrap().remove(0);
        assert_eq!(declined.decision_note.as_deref(), Some("The stock is not there"));
        assert_eq!(outcomes(&world), [("Declined by Jonas Test".to_owned(), false)]);
        // a form without a reason is answered at its field
        let empty = encoded(&reason("UJONAS", &approval, "  "));
        let headers = signed(&empty, world.engine.now().as_ms() / 1000);
        let heard = world.engine.hear_click(world.merchant.id, &headers, empty.as_bytes()).await.unwrap();
        assert!(matches!(heard, Heard::Fault { field: "reason", .. }), "{heard:?}");
    }

    async fn whatever_ends_it_every_message_shows_it(world: World) {
        connect(&world).await;
        // silence: the backup is asked as well, where it is asked, and then it expires
        let approval = asked(&world, 1).await;
        world.advance(approval.accept_ms + 1).await.unwrap();
        assert_eq!(posted(&world), [("#ops".to_owned(), true), ("#money".to_owned(), true)]);
        world.advance(approval.accept_ms * 4).await.unwrap();
        let expired = ("Expired: nobody decided in time".to_owned(), false);
        assert_eq!(outcomes(&world), [expired.clone(), expired]);
        // taken back
        let approval = asked(&world, 2).await;
        let boss = world.as_person("jonas").await.unwrap();
        let withdrawn = world.engine.withdraw(&boss, approval.export_id, "Not today").await;
        if withdrawn.is_err() {
            world.engine.withdraw(&world.admin, approval.export_id, "Not today").await.unwrap();
        }
        world.runs_due_work().await.unwrap();
        assert_eq!(outcomes(&world).last().unwrap().0, "Withdrawn: it is not asked any more");
    }

    async fn what_is_not_signed_with_its_secret_is_nothing(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        let body = encoded(&payload("UJONAS", "approve", &approval, "t1"));
        let now = world.engine.now().as_ms() / 1000;
        let refused = async |merchant, headers: &[(String, String)]| {
            world.engine.hear_click(merchant, headers, body.as_bytes()).await.unwrap_err().kind
        };
        for at in [now - 301, now + 301] {
            assert_eq!(refused(world.merchant.id, &signed(&body, at)).await, Kind::Unauthenticated);
        }
        assert_eq!(refused(world.merchant.id, &signed("payload=x", now)).await, Kind::Unauthenticated);
        assert_eq!(refused(world.merchant.id, &[]).await, Kind::Unauthenticated);
        assert_eq!(refused(approval.id, &signed(&body, now)).await, Kind::Unauthenticated);
        let mut other = payload("UJONAS", "approve", &approval, "t1");
        other["team"]["id"] = json!("T2");
        let body = encoded(&other);
        let heard = world.engine.hear_click(world.merchant.id, &signed(&body, now), body.as_bytes()).await;
        assert_eq!(heard.unwrap_err().kind, Kind::Unauthenticated, "of another workspace");
    }

    async fn another_secret_or_address_ends_who_is_who(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        let linked = async || world.engine.chat_settings(&world.eyes().await.unwrap()).await.unwrap().people.len();
        let enters = async |signing: &str, api_base: &str| {
            let input = ChatInput { token: "xoxb-1234567890".into(), signing: signing.into(), api_base: api_base.into() };
            world.engine.connect_chat(&world.eyes().await.unwrap(), input).await.unwrap();
        };
        let said = async || {
            let mut trail = world.trail().await.unwrap();
            trail.retain(|entry| entry.action == "chat.connected");
            serde_json::from_str::<serde_json::Value>(&trail.pop().unwrap().detail).unwrap()
        };
        link(&world, "UJONAS", "jonas", &approval).await;
        // the same secret once more, or none, is no exchange
        for signing in [SIGNING, ""] {
            enters(signing, "").await;
            assert_eq!((linked().await, said().await["signing_exchanged"].clone()), (1, json!(false)));
        }
        // an admin enters a secret of their own, and cannot press as somebody else with it
        let own = "a-secret-that-one-admin-knows-0001";
        enters(own, "").await;
        assert_eq!(linked().await, 0);
        let detail = said().await;
        assert_eq!(detail["signing_exchanged"], json!(true));
        assert_eq!(detail["unlinked"], json!([world.person("jonas").user.id]));
        assert!(!detail.to_string().contains(own), "never the secret");

        enters(SIGNING, "").await;
        link(&world, "UFIONA", "fiona", &approval).await;
        enters("", "https://proxy.example/api").await;
        assert_eq!(linked().await, 0, "another address tells who pressed, too");
    }

    async fn who_cannot_be_reached_there_is_asked_by_mail_and_an_admin_knows(world: World) {
        connect(&world).await;
        world.chat.will_answer(No::Later(Some(30_000)));
        world.chat.will_answer(No::Never(Whose::Place));
        let approval = asked(&world, 1).await;
        assert!(world.mailer.given().is_empty(), "it is tried again first");
        world.advance(29_000).await.unwrap();
        assert_eq!(posted(&world).len(), 1, "not before Slack said");
        world.advance(2_000).await.unwrap();
        world.engine.send_due_mail().await.unwrap();
        let to: Vec<_> = world.mailer.given().into_iter().map(|mail| mail.to).collect();
        assert!(to.contains(&"jonas@northbeam.example".to_owned()), "{to:?}");
        assert_eq!(world.the_task("chat_failed").await.unwrap().title, "Operations cannot be asked in Slack");
        world.engine.route_chat(&world.admin, "agency:operations", "#other").await.unwrap();
        assert!(world.tasks().await.unwrap().iter().all(|task| task.code != "chat_failed" || task.state.is_over()));
        // the token is revoked while something is shown
        let second = asked(&world, 2).await;
        assert_ne!(second.id, approval.id);
        world.chat.will_answer(No::Never(Whose::Connection));
        let export = world.exports().await.unwrap().into_iter().find(|one| one.id == second.export_id).unwrap();
        world.approves("jonas", &export).await.unwrap();
        world.runs_due_work().await.unwrap();
        let settings = world.engine.chat_settings(&world.admin).await.unwrap();
        assert!(settings.workspace.unwrap().trouble.is_some());
        assert!(outcomes(&world).iter().all(|(said, _)| said.starts_with("Approved")));
        let before = outcomes(&world).len();
        world.engine.test_chat(&world.admin, "#ops").await.unwrap();
        world.runs_due_work().await.unwrap();
        assert_eq!(outcomes(&world).len(), before + 1, "it is put right once it gets through");
        let settings = world.engine.chat_settings(&world.admin).await.unwrap();
        assert!(settings.workspace.unwrap().trouble.is_none());
    }

    async fn mails_about_one_export_stand_together_and_their_link_shows_only(world: World) {
        let approval = asked(&world, 1).await;
        world.engine.send_due_mail().await.unwrap();
        world.advance(approval.accept_ms + 1).await.unwrap();
        world.engine.send_due_mail().await.unwrap();
        let export = world.the_export().await.unwrap();
        world.approves("jonas", &export).await.unwrap();
        world.engine.send_due_mail().await.unwrap();
        let mails = world.mailer.given();
        let threads: std::collections::BTreeSet<_> = mails.iter().filter_map(|mail| mail.thread.clone()).collect();
        assert_eq!(threads.len(), 1, "{mails:?}");
        let ids: std::collections::BTreeSet<_> = mails.iter().map(|mail| mail.message_id.clone()).collect();
        assert_eq!(ids.len(), mails.len());
        let to = |name: &str| {
            let email = format!("{name}@northbeam.example");
            mails.iter().filter(|mail| mail.to == email).cloned().collect::<Vec<_>>()
        };
        // asked, told that nobody decided in time, and what became of it; whoever decided knows
        assert_eq!((to("jonas").len(), to("priya").len(), to("fiona").len(), to("mara").len()), (2, 3, 2, 0));
        assert!(to("priya")[2].text.contains("Approved by Jonas Test") && to("priya")[2].subject.starts_with("Re: "));
        let (_, link) = to("priya")[0].text.split_once("/a/").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let token = link.split_whitespace().next().unwrap();
        let priya = world.person("priya").user.id;
        let open = world.engine.open_decision(priya, token).await.unwrap();
        assert_eq!(open.over.as_deref(), Some("Approved by Jonas Test"));
        let stranger = uuid::Uuid::from_u128(9);
        assert_eq!(world.engine.open_decision(stranger, token).await.unwrap_err().kind, Kind::NotFound);
        let short = &token[..token.len() - 1];
        assert_eq!(world.engine.open_decision(priya, short).await.unwrap_err().kind, Kind::NotFound);
    }

    async fn who_is_asked_again_is_mailed_again_and_the_first_link_still_leads_there(world: World) {
        let approval = asked(&world, 1).await;
        world.engine.send_due_mail().await.unwrap();
        let links = || {
            let mails = world.mailer.given().into_iter();
            let own = mails.filter(|mail| mail.to == "jonas@northbeam.example");
            own.filter_map(|mail| {
                let (_, link) = mail.text.split_once("/a/")?;
                Some(link.split_whitespace().next()?.to_owned())
            })
            .collect::<Vec<_>>()
        };
        let first = links();
        assert_eq!(first.len(), 1);
        world.advance(approval.accept_ms).await.unwrap();
        let task = world.the_task("approval_timeout").await.unwrap();
        world.acts("priya", task.id, TaskAct::Resolve { note: "They are back".into() }).await.unwrap();
        world.engine.send_due_mail().await.unwrap();
        assert_eq!(links().len(), 2, "he is asked once more");
        world.advance(approval.accept_ms * 3).await.unwrap();
        let now = world.approvals_of(approval.export_id).await.unwrap().remove(0);
        assert_eq!(now.state, ApprovalState::Pending);
        let jonas = world.person("jonas").user.id;
        let open = world.engine.open_decision(jonas, &first[0]).await.unwrap();
        assert_eq!(open.over, None);
    }

    async fn what_is_decided_while_the_mail_server_is_away_is_asked_of_nobody(world: World) {
        asked(&world, 1).await;
        for _ in 0..3 {
            world.mailer.will_answer(Carried::Later("421 later".to_owned()));
        }
        let tried = world.engine.send_due_mail().await.unwrap();
        let export = world.the_export().await.unwrap();
        world.approves("jonas", &export).await.unwrap();
        world.advance(30_000).await.unwrap();
        world.engine.send_due_mail().await.unwrap();
        let later = world.mailer.given().split_off(tried);
        assert!(tried > 1 && !later.is_empty(), "{tried}, {later:?}");
        // what became of it, and no question
        assert!(later.iter().all(|mail| mail.text.contains("Approved by Jonas Test")), "{later:?}");
    }

    async fn whoever_may_not_decide_is_linked_and_their_buttons_do_nothing(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        let (engine, tomas) = (&world.engine, world.as_person("tomas").await.unwrap());
        // nobody presses a button to be linked: the link comes to them
        let odd = engine.ask_chat_link(&tomas, "#log").await.unwrap_err();
        assert_eq!(odd.fields[0].field, "chat_user");
        engine.ask_chat_link(&tomas, " UTOMAS ").await.unwrap();
        let calls = world.chat.calls();
        let Some(Called::Posted { place, card }) = calls.last() else {
            panic!("nothing was sent: {calls:?}");
        };
        assert_eq!(place, "UTOMAS");
        let (_, token) = card.open.as_deref().unwrap().split_once("/a/link/").unwrap();
        engine.link_chat(&tomas, token).await.unwrap();
        let again = engine.ask_chat_link(&tomas, "UTOMAS").await.unwrap_err();
        assert_eq!(again.fields[0].sentence, "You are linked already.");
        press(&world, &payload("UTOMAS", "approve", &approval, "t1")).await;
        let now = world.approvals_of(approval.export_id).await.unwrap().remove(0);
        assert!(now.votes.is_empty() && now.state == ApprovalState::Pending, "{now:?}");
        // and nobody is sent many
        for n in 0..3 {
            let sent = engine.ask_chat_link(&tomas, &format!("UOTHER{n}")).await;
            assert_eq!(sent.is_ok(), n < 2, "{n}: {sent:?}");
        }
        let jonas = world.as_person("jonas").await.unwrap();
        let taken = engine.ask_chat_link(&jonas, "UTOMAS").await.unwrap_err();
        assert!(taken.fields[0].sentence.contains("somebody else"), "{taken:?}");
    }

    async fn a_link_links_once_and_only_who_says_so(world: World) {
        connect(&world).await;
        let approval = asked(&world, 1).await;
        press(&world, &payload("UJONAS", "approve", &approval, "t1")).await;
        let words = whispers(&world).remove(0);
        let token = words.split_once("/a/link/").unwrap().1.split(' ').next().unwrap().to_owned();
        let jonas = world.as_person("jonas").await.unwrap();
        let seen = world.engine.look_at_chat_link(world.person("jonas").user.id, &token).await.unwrap();
        assert_eq!((seen.chat_user.as_str(), seen.spent), ("UJONAS", None));
        let old = world.as_person_of_old("jonas").await.unwrap();
        assert_eq!(world.engine.link_chat(&old, &token).await.unwrap_err().kind, Kind::StepUp);
        world.engine.link_chat(&jonas, &token).await.unwrap();
        let mara = world.as_person("mara").await.unwrap();
        assert_eq!(world.engine.link_chat(&mara, &token).await.unwrap_err().kind, Kind::Conflict);
        // somebody else's is undone by an admin only, one's own by oneself
        assert_eq!(world.engine.unlink_chat(&mara, "UJONAS").await.unwrap_err().kind, Kind::Forbidden);
        world.engine.unlink_chat(&jonas, "UJONAS").await.unwrap();
        world.advance(2 * HOUR).await.unwrap();
        press(&world, &payload("UJONAS", "approve", &approval, "t2")).await;
        let words = whispers(&world).pop().unwrap();
        let token = words.split_once("/a/link/").unwrap().1.split(' ').next().unwrap().to_owned();
        world.advance(61 * MINUTE).await.unwrap();
        let jonas = world.as_person("jonas").await.unwrap();
        assert_eq!(world.engine.link_chat(&jonas, &token).await.unwrap_err().kind, Kind::Conflict);
    }
}
