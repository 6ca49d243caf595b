//! Drafts of contracts and where contracts stand: kept, found by their merchant only, saved by whoever saw the last
//! state.

use domain::{
    contract::{Sheet, Standing, StandingState},
    export::{Export, ExportState},
};
use engine::Kind;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, contract, export, flow, id},
    tenant::{Tenant, read, store, write},
};

const TYPE: &str = "fulfillment";

fn sheet(merchant: Uuid) -> Sheet {
    Sheet {
        merchant_id: merchant,
        export_type: TYPE.to_owned(),
        draft: contract(merchant, TYPE, "1.1"),
        base: Some("1.0".to_owned()),
        authors: vec![id()],
        edited_by: None,
        edited_at: at(5),
        request: None,
        rev: 1,
    }
}

fn standing(merchant: Uuid, state: StandingState) -> Standing {
    Standing {
        merchant_id: merchant,
        export_type: TYPE.to_owned(),
        state,
        since: at(9),
        by: Some(id()),
        why: "Nobody reads it".to_owned(),
        until: Some(at(99)),
        replacement: None,
    }
}

pub async fn a_contract_draft_is_saved_by_whoever_saw_the_last_state(world: &World) {
    let t = Tenant::new("written").written(&store(world)).await;
    let (store, merchant) = (store(world), t.id());
    let one = sheet(merchant);
    let row = one.clone();
    assert!(write!(store, [], tx => tx.insert_contract_draft(&row)).unwrap());
    let row = one.clone();
    assert!(
        !write!(store, [], tx => tx.insert_contract_draft(&row)).unwrap(),
        "there is one"
    );
    assert_eq!(
        read!(store, r => r.contract_draft(merchant, TYPE)),
        Some(one.clone())
    );
    let changed = one.clone().edited(one.draft.clone(), Some(id()), at(9));
    let row = changed.clone();
    write!(store, [], tx => tx.save_contract_draft(&row)).unwrap();
    let row = changed.clone();
    let stale = write!(store, [], tx => tx.save_contract_draft(&row));
    assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
    let kept = read!(store, r => r.contract_drafts(merchant));
    assert_eq!(kept, [Sheet { rev: 2, ..changed }]);
    assert!(!write!(store, [], tx => tx.delete_contract_draft(merchant, TYPE, 1)).unwrap());
    assert!(write!(store, [], tx => tx.delete_contract_draft(merchant, TYPE, 2)).unwrap());
    assert!(read!(store, r => r.contract_drafts(merchant)).is_empty());
}

pub async fn a_retired_contract_is_not_in_use_and_keeps_its_versions(world: &World) {
    let t = Tenant::new("ending").written(&store(world)).await;
    let (store, merchant) = (store(world), t.id());
    let old = standing(merchant, StandingState::Deprecated);
    write!(store, [], tx => tx.put_contract_standing(&old)).unwrap();
    let in_use = read!(store, r => r.contracts(merchant));
    assert!(
        in_use.iter().any(|one| one.export_type == TYPE),
        "it works until its last day"
    );
    let gone = standing(merchant, StandingState::Retired);
    let row = gone.clone();
    write!(store, [], tx => tx.put_contract_standing(&row)).unwrap();
    assert_eq!(read!(store, r => r.contract_standings(merchant)), [gone]);
    let in_use = read!(store, r => r.contracts(merchant));
    assert!(in_use.iter().all(|one| one.export_type != TYPE));
    assert_eq!(
        read!(store, r => r.contract_versions(merchant, TYPE)).len(),
        1
    );
    assert!(write!(store, [], tx => tx.clear_contract_standing(merchant, TYPE)).unwrap());
    assert!(!write!(store, [], tx => tx.clear_contract_standing(merchant, TYPE)).unwrap());
    let in_use = read!(store, r => r.contracts(merchant));
    assert!(in_use.iter().any(|one| one.export_type == TYPE));
    // the flow that a contract brings along is kept beside the drawn ones, and stands in no list
    let errand = flow(merchant, "contract:fulfillment", 1);
    let row = errand.clone();
    write!(store, [], tx => tx.insert_flow(&row)).unwrap();
    assert!(
        read!(store, r => r.flows(merchant))
            .iter()
            .all(|one| one.id != errand.id)
    );
    assert_eq!(read!(store, r => r.flow(merchant, errand.id)), Some(errand));
}

pub async fn contract_drafts_and_standings_are_their_merchants(world: &World) {
    let t = Tenant::new("theirs").written(&store(world)).await;
    let (store, merchant, stranger) = (store(world), t.id(), id());
    let (row, ends) = (sheet(merchant), standing(merchant, StandingState::Retired));
    write!(store, [], tx => tx.insert_contract_draft(&row)).unwrap();
    write!(store, [], tx => tx.put_contract_standing(&ends)).unwrap();
    let open = read!(store, r => r.unsettled_exports(merchant, &t.export.export_type, 10));
    assert_eq!(
        open.iter().map(|one| one.id).collect::<Vec<_>>(),
        [t.export.id]
    );
    assert!(read!(store, r => r.unsettled_exports(merchant, "another", 10)).is_empty());
    assert!(read!(store, r => r.unsettled_exports(stranger, &t.export.export_type, 10)).is_empty());
    assert!(read!(store, r => r.contract_draft(stranger, TYPE)).is_none());
    assert!(read!(store, r => r.contract_drafts(stranger)).is_empty());
    assert!(read!(store, r => r.contract_standings(stranger)).is_empty());
    assert!(!write!(store, [], tx => tx.delete_contract_draft(stranger, TYPE, 1)).unwrap());
    assert!(!write!(store, [], tx => tx.clear_contract_standing(stranger, TYPE)).unwrap());
    assert_eq!(read!(store, r => r.contract_standings(merchant)).len(), 1);
}

pub async fn what_has_not_left_is_found_before_what_may_be_at_its_end(world: &World) {
    let t = Tenant::new("waiting").written(&store(world)).await;
    let (store, merchant) = (store(world), t.id());
    for state in [
        ExportState::Acknowledged,
        ExportState::Delivered,
        ExportState::Acknowledged,
    ] {
        let older = Export {
            state,
            created_at: at(1),
            ..export(merchant, t.export.run_id, t.export.subject_id)
        };
        write!(store, [older], tx => tx.insert_export(&older)).unwrap();
    }
    let found = read!(store, r => r.unsettled_exports(merchant, &t.export.export_type, 3));
    let states: Vec<ExportState> = found.iter().map(|one| one.state).collect();
    assert_eq!(
        states,
        [
            t.export.state,
            ExportState::Delivered,
            ExportState::Acknowledged
        ]
    );
}
