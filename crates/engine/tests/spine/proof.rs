//! What convinces somebody outside: checkpoints that are signed and sent away, keys that change, and that
//! whoever looks is seen.

use domain::{
    Time,
    audit::{
        file::{self, Given, Refusal},
        note::Verifier,
        witness::{SignedCheckpoint, Witness, WitnessAt},
    },
    task::TaskState,
};
use engine::{
    CHECKPOINT_EVERY_MS, CHECKPOINT_TYPE, Ctx, Kind, TrailExport, WitnessInput, port::AuditFilter,
};
use testkit::{HOUR, MINUTE, Reply, order};

use crate::world::{World, on_every_store};

const DAY: i64 = 24 * HOUR;

async fn checkpoints(world: &World) -> Vec<SignedCheckpoint> {
    let eyes = world.eyes().await.unwrap();
    world
        .engine
        .audit_checkpoints(&eyes, None, 99)
        .await
        .unwrap()
}

/// Every public key that is listed, as somebody outside was given it.
async fn keys(world: &World) -> Vec<Verifier> {
    let eyes = world.eyes().await.unwrap();
    let keys = world.engine.audit_keys(&eyes).await.unwrap();
    keys.iter().map(|one| one.text.parse().unwrap()).collect()
}

fn given(notes: &[&str]) -> Vec<Given> {
    let given = notes.iter().map(|note| Given {
        name: "kept".to_owned(),
        note: note.parse().unwrap(),
    });
    given.collect()
}

/// The export as a file.
async fn taken_out(world: &World, ctx: &Ctx) -> (Vec<u8>, TrailExport) {
    let export = world.engine.begin_trail_export(ctx).await.unwrap();
    let mut bytes = Vec::new();
    let mut after = 0;
    loop {
        let page = world
            .engine
            .trail_page(ctx, after, export.head.seq)
            .await
            .unwrap();
        for entry in &page {
            file::write_entry(&mut bytes, entry).unwrap();
        }
        match page.last() {
            Some(last) => after = last.seq,
            None => break,
        }
    }
    file::write_end(&mut bytes, export.head, export.note.as_deref()).unwrap();
    (bytes, export)
}

fn webhook(every_ms: i64) -> WitnessInput {
    WitnessInput {
        name: "Outside auditor".into(),
        kind: "webhook".into(),
        address: "https://audit.example/checkpoints".into(),
        every_ms,
    }
}

async fn witness(world: &World) -> Witness {
    let eyes = world.eyes().await.unwrap();
    world.engine.audit_witnesses(&eyes).await.unwrap().remove(0)
}

/// What was sent to the witness, and nothing that went to destinations.
fn sent(world: &World) -> Vec<testkit::Sent> {
    let mut sent = world.channel.sent();
    sent.retain(|one| one.url.contains("audit.example"));
    sent
}

async fn noted(world: &World, action: &str) -> Vec<domain::audit::AuditEntry> {
    let mut entries = world.trail().await.unwrap();
    entries.retain(|entry| entry.action == action);
    entries
}

on_every_store! {
    async fn what_is_new_is_signed_every_quarter_of_an_hour_and_no_more(world: World) {
        world.receives(&order(1)).await.unwrap();
        assert!(checkpoints(&world).await.is_empty());
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        let first = checkpoints(&world).await;
        assert_eq!(first.len(), 1);
        // nothing new: nothing is signed, however long it takes
        let length = world.trail().await.unwrap().len();
        assert_eq!(first[0].size, length as i64);
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        assert_eq!(world.trail().await.unwrap().len(), length, "a checkpoint is no news");
        assert_eq!(checkpoints(&world).await, first);
        world.receives(&order(2)).await.unwrap();
        world.advance(CHECKPOINT_EVERY_MS - 1).await.unwrap();
        assert_eq!(checkpoints(&world).await, first);
        world.advance(1).await.unwrap();
        let second = checkpoints(&world).await;
        assert_eq!(second.len(), 2);
        assert_eq!(second[1], first[0], "what was signed never changes");
        let proof = world.engine.verify_trail(world.merchant.id).await.unwrap().unwrap();
        assert_eq!((proof.checkpoints, proof.vouched), (2, second[0].size));
    }

    async fn an_export_proves_itself_and_what_was_kept_before(world: World) {
        world.receives(&order(1)).await.unwrap();
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        let kept = checkpoints(&world).await.remove(0);
        world.receives(&order(2)).await.unwrap();
        let iris = world.as_person("iris").await.unwrap();
        let (bytes, export) = taken_out(&world, &iris).await;
        let keys = keys(&world).await;
        let report = file::verify(&bytes[..], &given(&[&kept.note]), &keys).unwrap();
        assert_eq!(report.head, export.head);
        assert_eq!(report.vouched.len(), 2);
        // the entry about it stands behind what was taken out, and names it
        let last = world.trail().await.unwrap().pop().unwrap();
        assert_eq!((last.action.as_str(), last.seq), ("audit.exported", export.head.seq + 1));
        assert!(last.detail.contains(&export.head.hash.to_string()));
        // the same again is another export of more
        let (_, again) = taken_out(&world, &iris).await;
        assert_eq!(again.head.seq, export.head.seq + 1);
        // another merchant's key proves nothing here
        let stranger = Verifier::new(uuid::Uuid::nil(), &[
            215, 90, 152, 1, 130, 177, 10, 183, 213, 75, 254, 211, 201, 100, 7, 58, 14, 225, 114, 243, 218, 166, 35, 37,
            175, 2, 26, 104, 247, 7, 81, 26,
        ]).unwrap();
        assert!(matches!(
            file::verify(&bytes[..], &[], &[stranger]),
            Err(Refusal::Distrust { .. })
        ));
    }

    async fn a_replaced_key_vouches_for_what_it_signed(world: World) {
        world.receives(&order(1)).await.unwrap();
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        let ada = world.eyes().await.unwrap();
        let before = keys(&world).await;
        world.receives(&order(2)).await.unwrap();
        let newer = world.engine.rotate_audit_key(&ada).await.unwrap();
        let now = keys(&world).await;
        assert_eq!(now.len(), 2);
        assert_eq!((&now[0].to_string(), &now[1]), (&newer.text, &before[0]));
        let listed = world.engine.audit_keys(&ada).await.unwrap();
        assert!(listed[1].key.retired_at.is_some() && listed[1].key.sealed_seed.is_none());
        // the old one signed everything up to the change, the new one the change itself
        let made = checkpoints(&world).await;
        let said = noted(&world, "audit.key_rotated").await.remove(0);
        assert_eq!(made[1].size, said.seq - 1);
        assert!(made[0].size >= said.seq && said.detail.contains(&newer.text));
        let (bytes, _) = taken_out(&world, &ada).await;
        let notes: Vec<&str> = made.iter().map(|one| one.note.as_str()).collect();
        let report = file::verify(&bytes[..], &given(&notes), &now).unwrap();
        assert_eq!(report.vouched.len(), 4);
        assert!(matches!(
            file::verify(&bytes[..], &given(&notes), &before),
            Err(Refusal::Distrust { .. })
        ));
        world.engine.verify_trail(world.merchant.id).await.unwrap().unwrap();
    }

    async fn a_webhook_is_sent_each_checkpoint_once_and_signed(world: World) {
        world.receives(&order(1)).await.unwrap();
        let ada = world.eyes().await.unwrap();
        let (_, secret) = world.engine.add_audit_witness(&ada, webhook(0)).await.unwrap();
        assert!(secret.unwrap().starts_with("whsec_"));
        world.runs_due_work().await.unwrap();
        let first = sent(&world);
        assert_eq!(first.len(), 1, "the newest one at once");
        let body = first[0].json();
        assert_eq!(body["type"], CHECKPOINT_TYPE);
        let made = checkpoints(&world).await.remove(0);
        assert_eq!(body["data"]["note"], made.note);
        assert_eq!(witness(&world).await.sent_size, made.size);
        // what it has it is not sent again, what is new it is
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        let newest = checkpoints(&world).await.remove(0);
        assert!(newest.size > made.size, "that it was added is news");
        assert_eq!(sent(&world).len(), 2);
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        assert_eq!(sent(&world).len(), 2);
        assert_eq!(witness(&world).await.sent_size, newest.size);
        // what it keeps shows a trail that was cut off
        let (bytes, _) = taken_out(&world, &ada).await;
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let short = lines[..newest.size as usize - 3].join("\n") + "\n";
        assert!(matches!(
            file::verify(short.as_bytes(), &given(&[&newest.note]), &keys(&world).await),
            Err(Refusal::Short { .. })
        ));
    }

    async fn a_witness_that_does_not_answer_is_tried_for_a_day_and_then_somebodys_task(world: World) {
        world.receives(&order(1)).await.unwrap();
        let ada = world.eyes().await.unwrap();
        for _ in 0..7 {
            world.channel.will_answer(Reply::Status(503));
        }
        world.engine.add_audit_witness(&ada, webhook(0)).await.unwrap();
        world.runs_due_work().await.unwrap();
        let waiting = witness(&world).await;
        assert!(waiting.trouble.is_some() && waiting.is_being_tried && waiting.sent_size == 0);
        // checkpoints go on meanwhile, and make no second row of tries
        world.advance(MINUTE - 1).await.unwrap();
        assert_eq!(sent(&world).len(), 1);
        world.advance(1).await.unwrap();
        assert_eq!(sent(&world).len(), 2);
        for wait in [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR] {
            world.advance(wait).await.unwrap();
        }
        assert_eq!(sent(&world).len(), 7);
        let given_up = witness(&world).await;
        assert!(!given_up.is_being_tried, "{given_up:?}");
        let task = world.the_task("job_failed").await.unwrap();
        assert!(task.sentence.contains("Outside auditor") && task.state == TaskState::Open, "{}", task.sentence);
        // something new is another occasion, and it answers again
        world.receives(&order(2)).await.unwrap();
        world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        let well = witness(&world).await;
        assert_eq!((well.trouble, well.sent_size), (None, checkpoints(&world).await[0].size));
    }

    async fn a_mailbox_is_sent_one_a_day(world: World) {
        world.receives(&order(1)).await.unwrap();
        let ada = world.eyes().await.unwrap();
        let input = WitnessInput {
            name: "Auditor".into(),
            kind: "mail".into(),
            address: "audit@northbeam.example".into(),
            every_ms: DAY,
        };
        world.engine.add_audit_witness(&ada, input).await.unwrap();
        let letters = async || {
            world.engine.send_due_mail().await.unwrap();
            let mut mails = world.mailer.given();
            mails.retain(|mail| mail.to == "audit@northbeam.example");
            mails
        };
        world.runs_due_work().await.unwrap();
        let first = letters().await;
        assert_eq!(first.len(), 1);
        // the note in it is whole: it can be copied out and checked
        let note = &checkpoints(&world).await[0].note;
        assert!(first[0].text.contains(note.as_str()) && first[0].html.contains(note.trim_end()));
        for _ in 0..5 {
            world.receives(&order(2)).await.unwrap();
            world.advance(CHECKPOINT_EVERY_MS).await.unwrap();
        }
        assert_eq!(letters().await.len(), 1);
        world.advance(DAY).await.unwrap();
        let mails = letters().await;
        assert_eq!(mails.len(), 2);
        assert!(mails[1].text.contains(checkpoints(&world).await[0].note.as_str()));
        let WitnessAt::Mail { .. } = witness(&world).await.at else {
            panic!("a mailbox");
        };
    }

    async fn what_a_witness_is_must_make_sense(world: World) {
        let ada = world.eyes().await.unwrap();
        let field = async |input: WitnessInput| {
            let error = world.engine.add_audit_witness(&ada, input).await.unwrap_err();
            assert_eq!(error.kind, Kind::Invalid);
            error.fields.into_iter().map(|one| one.field).collect::<Vec<_>>()
        };
        assert_eq!(field(WitnessInput { name: " ".into(), ..webhook(0) }).await, ["name"]);
        assert_eq!(field(WitnessInput { address: "https://forbidden.example/x".into(), ..webhook(0) }).await, ["address"]);
        assert_eq!(field(WitnessInput { kind: "mail".into(), ..webhook(0) }).await, ["address"]);
        assert_eq!(field(WitnessInput { kind: "pigeon".into(), ..webhook(0) }).await, ["kind"]);
        assert_eq!(field(webhook(17)).await, ["every_ms"]);
        let (one, _) = world.engine.add_audit_witness(&ada, webhook(0)).await.unwrap();
        world.engine.remove_audit_witness(&ada, one.id).await.unwrap();
        assert_eq!(world.engine.remove_audit_witness(&ada, one.id).await.unwrap_err().kind, Kind::NotFound);
        assert!(world.engine.audit_witnesses(&ada).await.unwrap().is_empty());
        // what was on its way finds nobody, and that is all
        world.runs_due_work().await.unwrap();
        assert!(sent(&world).is_empty() && world.tasks().await.unwrap().is_empty());
        assert_eq!(noted(&world, "audit.witness_removed").await.len(), 1);
    }

    async fn whoever_looks_is_seen_once_an_hour_for_each_question(world: World) {
        world.receives(&order(1)).await.unwrap();
        let look = async |who: &str, filter: AuditFilter| {
            let ctx = world.as_person(who).await.unwrap();
            world.engine.audit(&ctx, &AuditFilter { limit: 5, ..filter }).await.unwrap()
        };
        let all = AuditFilter::default;
        let exports = || AuditFilter { action: Some("export.".into()), ..all() };
        look("iris", all()).await;
        look("iris", all()).await;
        let page = look("iris", AuditFilter { before_seq: Some(4), ..all() }).await;
        assert_eq!(page[0].seq, 3);
        assert_eq!(noted(&world, "audit.viewed").await.len(), 1, "the same question, and its next page");
        look("iris", exports()).await;
        let views = noted(&world, "audit.viewed").await;
        assert_eq!(views.len(), 2);
        assert!(views[1].detail.contains(r#""action":"export.""#), "{}", views[1].detail);
        let iris = world.person("iris").user.id;
        assert_eq!(views[1].actor, format!("user:{iris}"));
        world.advance(HOUR - 1).await.unwrap();
        look("iris", all()).await;
        assert_eq!(noted(&world, "audit.viewed").await.len(), 2);
        world.advance(1).await.unwrap();
        look("iris", all()).await;
        assert_eq!(noted(&world, "audit.viewed").await.len(), 3);
        // a check of the whole is a look as well; what the engine does itself is not
        let ctx = world.as_person("iris").await.unwrap();
        world.engine.check_trail(&ctx).await.unwrap().unwrap();
        assert_eq!(noted(&world, "audit.viewed").await.len(), 4);
        let eyes = world.eyes().await.unwrap();
        world.engine.audit(&eyes, &all()).await.unwrap();
        assert_eq!(noted(&world, "audit.viewed").await.len(), 4);
        // by time: from then on, and before then
        let trail = world.trail().await.unwrap();
        let at: Time = trail.last().unwrap().at;
        let since = world.engine.audit(&eyes, &AuditFilter { since: Some(at), limit: 99, ..all() }).await.unwrap();
        let until = world.engine.audit(&eyes, &AuditFilter { until: Some(at), limit: 99, ..all() }).await.unwrap();
        assert!(!since.is_empty() && since.iter().all(|entry| entry.at >= at));
        assert_eq!(since.len() + until.len(), trail.len());
    }
}
