//! Drafts of flows and what is decided about publishing: kept, found by their merchant only, saved by
//! whoever saw the last state.

use domain::{
    Currency, Money,
    flow::{Draft, Request, RunMove, Sheet},
};
use engine::Kind;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn sheet(merchant: Uuid) -> Sheet {
    Sheet {
        merchant_id: merchant,
        key: "returns".to_owned(),
        draft: Draft::named(id(), merchant, "returns", "Returns"),
        base: Some(3),
        authors: vec![id()],
        edited_by: None,
        edited_at: at(5),
        request: None,
        rev: 1,
    }
}

fn moving(merchant: Uuid) -> RunMove {
    RunMove {
        id: id(),
        merchant_id: merchant,
        flow_key: "order-to-ship".to_owned(),
        to: id(),
        to_version: 2,
        why: "It is better".to_owned(),
        begun_by: None,
        begun_at: at(7),
        total: 2,
        moved: 0,
        stayed: Vec::new(),
        stayed_count: 0,
        left: vec![id(), id()],
        cancelled_by: None,
        ended_at: None,
        rev: 1,
    }
}

pub async fn a_draft_is_saved_by_whoever_saw_the_last_state(world: &World) {
    let t = Tenant::new("drawn").written(&store(world)).await;
    let (store, merchant) = (store(world), t.id());
    let one = sheet(merchant);
    let row = one.clone();
    assert!(write!(store, [], tx => tx.insert_flow_draft(&row)).unwrap());
    let row = one.clone();
    assert!(
        !write!(store, [], tx => tx.insert_flow_draft(&row)).unwrap(),
        "there is one"
    );
    assert_eq!(
        read!(store, r => r.flow_draft(merchant, "returns")),
        Some(one.clone())
    );
    let changed = one.clone().edited(one.draft.clone(), Some(id()), at(9));
    let row = changed.clone();
    write!(store, [], tx => tx.save_flow_draft(&row)).unwrap();
    let row = changed.clone();
    let stale = write!(store, [], tx => tx.save_flow_draft(&row));
    assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
    assert!(!write!(store, [], tx => tx.delete_flow_draft(merchant, "returns", 1)).unwrap());
    assert!(write!(store, [], tx => tx.delete_flow_draft(merchant, "returns", 2)).unwrap());
    assert!(read!(store, r => r.flow_drafts(merchant)).is_empty());
}

pub async fn what_was_retired_starts_nothing_and_keeps_its_versions(world: &World) {
    let t = Tenant::new("retired").written(&store(world)).await;
    let (store, merchant) = (store(world), t.id());
    let key = t.flow.key.clone();
    let by = key.clone();
    write!(store, [], tx => tx.retire_flow(merchant, &by, at(3), None)).unwrap();
    assert!(
        read!(store, r => r.flows(merchant))
            .iter()
            .all(|flow| flow.key != key)
    );
    assert_eq!(read!(store, r => r.flow_versions(merchant, &key)).len(), 1);
    assert_eq!(
        read!(store, r => r.retired_flows(merchant)),
        [(key.clone(), at(3))]
    );
    let by = key.clone();
    assert!(write!(store, [], tx => tx.resume_flow(merchant, &by)).unwrap());
    let by = key.clone();
    assert!(!write!(store, [], tx => tx.resume_flow(merchant, &by)).unwrap());
    assert!(
        read!(store, r => r.flows(merchant))
            .iter()
            .any(|flow| flow.key == key)
    );
}

pub async fn drafts_are_their_merchants(world: &World) {
    let t = Tenant::new("own").written(&store(world)).await;
    let (store, merchant, stranger) = (store(world), t.id(), id());
    let (one, other) = (sheet(merchant), moving(merchant));
    let (row, also, key) = (one.clone(), other.clone(), t.flow.key.clone());
    write!(store, [], tx => tx.insert_flow_draft(&row)).unwrap();
    write!(store, [], tx => tx.insert_run_move(&also)).unwrap();
    write!(store, [], tx => tx.set_publishes_by_two(merchant, true)).unwrap();
    write!(store, [], tx => tx.lock_publishing(merchant)).unwrap();
    assert!(
        read!(store, r => r.publishes_by_two(merchant)),
        "locking changes nothing"
    );
    assert!(!read!(store, r => r.publishes_by_two(stranger)));
    assert_eq!(
        read!(store, r => r.run_move(merchant, other.id)),
        Some(other.clone())
    );
    assert_eq!(
        read!(store, r => r.run_moves(merchant, "order-to-ship")).len(),
        1
    );
    let counts = read!(store, r => r.open_run_counts(merchant, &key));
    assert_eq!(counts, [(t.run.flow_id, 1)]);
    assert_eq!(
        read!(store, r => r.open_runs_on(merchant, &key, t.run.flow_id)),
        [t.run.id]
    );
    // another merchant finds nothing of it
    assert!(read!(store, r => r.flow_draft(stranger, "returns")).is_none());
    assert!(read!(store, r => r.flow_drafts(stranger)).is_empty());
    assert!(read!(store, r => r.flow_versions(stranger, &key)).is_empty());
    assert!(read!(store, r => r.retired_flows(stranger)).is_empty());
    assert!(read!(store, r => r.run_move(stranger, other.id)).is_none());
    assert!(read!(store, r => r.run_moves(stranger, "order-to-ship")).is_empty());
    assert!(read!(store, r => r.open_run_counts(stranger, &key)).is_empty());
    assert!(read!(store, r => r.open_runs_on(stranger, &key, t.run.flow_id)).is_empty());
    assert!(!write!(store, [], tx => tx.delete_flow_draft(stranger, "returns", 1)).unwrap());
    assert!(!write!(store, [], tx => tx.resume_flow(stranger, "order-to-ship")).unwrap());
}

pub async fn a_draft_that_waits_for_somebody_is_found_among_merchants(world: &World) {
    let t = Tenant::new("asked").written(&store(world)).await;
    let other = Tenant::new("asked-too").written(&store(world)).await;
    let (store, stranger) = (store(world), id());
    let both = [t.id(), other.id(), stranger];
    let (one, theirs) = (sheet(t.id()), sheet(other.id()));
    let (row, also) = (one.clone(), theirs.clone());
    write!(store, [], tx => tx.insert_flow_draft(&row)).unwrap();
    write!(store, [], tx => tx.insert_flow_draft(&also)).unwrap();
    assert!(
        read!(store, r => r.drafts_asked_about(&both)).is_empty(),
        "nobody was asked"
    );
    let mut asked = one.clone();
    asked.request = Some(Request {
        hash: asked.hash(),
        note: "because".to_owned(),
        asked_by: None,
        asked_at: at(6),
        declined: None,
    });
    let row = asked.clone();
    write!(store, [], tx => tx.save_flow_draft(&row)).unwrap();
    let found = read!(store, r => r.drafts_asked_about(&both));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].merchant_id, &found[0].request),
        (t.id(), &asked.request)
    );
    assert!(read!(store, r => r.drafts_asked_about(&[other.id(), stranger])).is_empty());
    // a change takes the question back
    let changed = found[0]
        .clone()
        .edited(one.draft.clone(), Some(id()), at(9));
    write!(store, [], tx => tx.save_flow_draft(&changed)).unwrap();
    assert!(read!(store, r => r.drafts_asked_about(&both)).is_empty());
}

pub async fn what_an_hour_costs_is_its_merchants(world: &World) {
    let t = Tenant::new("hour").written(&store(world)).await;
    let (store, merchant, stranger) = (store(world), t.id(), id());
    assert!(read!(store, r => r.hourly_cost(merchant)).is_none());
    for minor in [4_500, 5_250] {
        let money = Money::new(minor, Currency::USD);
        write!(store, [], tx => tx.set_hourly_cost(merchant, money)).unwrap();
        assert_eq!(read!(store, r => r.hourly_cost(merchant)), Some(money));
    }
    assert!(read!(store, r => r.hourly_cost(stranger)).is_none());
}
