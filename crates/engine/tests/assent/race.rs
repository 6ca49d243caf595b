//! Many people press the button at the same moment. Exactly one decision counts, whoever the others were and
//! whatever they said; and where several are needed, exactly so many.
//!
//! A shorter race always runs; `MESHLINE_RACE_TRIES=10000` is the long one.

use std::collections::BTreeMap;

use domain::{
    approval::{ApprovalState, ApprovalStep, Decision},
    export::ExportState,
};
use engine::{ApprovalAct, Ctx, DelegationInput, Kind};
use testkit::HOUR;
use uuid::Uuid;

use crate::{
    as_user, asked, asks, id_of, joins, step, trail,
    world::{World, on_every_store},
};

const AT_ONCE: usize = 8;

fn rounds() -> usize {
    let tries = std::env::var("MESHLINE_RACE_TRIES");
    let tries: usize = tries.ok().and_then(|text| text.parse().ok()).unwrap_or(320);
    tries.div_ceil(AT_ONCE)
}

/// Four of the role, two who stand in for one of them, and two of those once more, at another surface.
async fn eight(world: &World) -> Vec<Uuid> {
    let mut people = vec![id_of(world, "jonas"), id_of(world, "priya")];
    for name in ["kim", "lee"] {
        people.push(joins(world, name, &["operations"]).await);
    }
    for (name, away) in [("max", people[0]), ("noa", people[2])] {
        let delegate = joins(world, name, &[]).await;
        let ctx = as_user(world, away).await;
        let input = DelegationInput {
            to: delegate,
            starts_at: ctx.now(),
            ends_at: ctx.now().plus_ms(1000 * HOUR),
            note: String::new(),
        };
        world.engine.delegate(&ctx, input).await.unwrap();
        people.push(delegate);
    }
    people.extend_from_within(..2);
    people
}

async fn all_decide(
    world: &World,
    people: &[Ctx],
    export: &domain::export::Export,
    approves: impl Fn(usize) -> bool,
) -> Vec<engine::Result<ExportState>> {
    let clicks = people.iter().enumerate().map(|(n, ctx)| {
        let (engine, ctx, export) = (world.engine.clone(), ctx.clone(), export.clone());
        let decision = Decision {
            approve: approves(n),
            note: Some(format!("click {n}")),
            seen_hash: export.content_hash.clone(),
            step: None,
        };
        tokio::spawn(async move { engine.decide(&ctx, export.id, decision).await })
    });
    let done = futures::future::join_all(clicks).await;
    done.into_iter().map(|one| one.unwrap()).collect()
}

async fn contexts(world: &World, people: &[Uuid]) -> Vec<Ctx> {
    let mut all = Vec::new();
    for user in people {
        all.push(as_user(world, *user).await);
    }
    all
}

on_every_store! {
    async fn of_many_decisions_at_once_one_counts(world: World) {
        asks(&world, vec![step("operations", "finance")]).await;
        let people = eight(&world).await;
        let mut outcomes: BTreeMap<ApprovalState, usize> = BTreeMap::new();
        for round in 0..rounds() {
            let export = asked(&world, round as u64 + 1).await;
            let ctxs = contexts(&world, &people).await;
            // every third says no
            let said = all_decide(&world, &ctxs, &export, |n| (n + round) % 3 != 0).await;
            let won: Vec<usize> = (0..AT_ONCE).filter(|n| said[*n].is_ok()).collect();
            assert_eq!(won.len(), 1, "round {round}: {said:?}");
            let approval = world.approvals_of(export.id).await.unwrap().remove(0);
            let winner = people[won[0]];
            assert_eq!(approval.decided_by, Some(winner));
            let yes = !(won[0] + round).is_multiple_of(3);
            let expected = if yes { ApprovalState::Approved } else { ApprovalState::Declined };
            assert_eq!(approval.state, expected);
            let name = world.store.reads().await.unwrap().user(winner).await.unwrap().unwrap().name;
            for late in said.iter().filter_map(|one| one.as_ref().err()) {
                assert_eq!(late.kind, Kind::Conflict, "{late}");
                assert!(late.sentence.contains(&name) && late.sentence.contains(" UTC on "), "{late}");
            }
            let decided = trail(&world, approval.id).await;
            let decided = decided.iter().filter(|one| one.action.ends_with("approved") || one.action.ends_with("declined"));
            assert_eq!(decided.count(), 1);
            *outcomes.entry(approval.state).or_default() += 1;
        }
        world.runs_due_work().await.unwrap();
        let approved = outcomes.get(&ApprovalState::Approved).copied().unwrap_or(0);
        assert_eq!(world.channel.sent().len(), approved);
        assert_eq!(outcomes.len(), 2, "both were there: {outcomes:?}");
    }

    async fn of_many_yeses_at_once_two_count_and_of_different_people(world: World) {
        asks(&world, vec![ApprovalStep { needs: 2, ..step("operations", "finance") }]).await;
        let people = eight(&world).await;
        for round in 0..rounds() / 4 + 1 {
            let export = asked(&world, round as u64 + 1).await;
            let ctxs = contexts(&world, &people).await;
            let approval = world.approvals_of(export.id).await.unwrap().remove(0);
            // somebody talks meanwhile, which changes the same row
            let (engine, ctx) = (world.engine.clone(), ctxs[1].clone());
            let talk = tokio::spawn(async move {
                let text = "Looks right".to_owned();
                engine.act_on_approval(&ctx, approval.id, ApprovalAct::Comment { text }).await
            });
            let said = all_decide(&world, &ctxs, &export, |_| true).await;
            talk.await.unwrap().unwrap();
            assert_eq!(said.iter().filter(|one| one.is_ok()).count(), 2, "round {round}: {said:?}");
            let approval = world.approvals_of(export.id).await.unwrap().remove(0);
            assert_eq!((approval.state, approval.votes.len(), approval.remarks.len()), (ApprovalState::Approved, 2, 1));
            let mut heard: Vec<Uuid> = approval.votes.iter().flat_map(|vote| vote.people()).collect();
            let all = heard.len();
            heard.sort();
            heard.dedup();
            assert_eq!(heard.len(), all, "nobody is heard twice, not even through somebody else");
        }
        world.runs_due_work().await.unwrap();
        assert_eq!(world.channel.sent().len(), rounds() / 4 + 1);
    }
}
