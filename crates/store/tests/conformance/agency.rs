//! An agency's templates: kept, found by their operator only, saved by whoever saw the last state; pins are
//! their merchant's.

use domain::{
    agency::{Edition, Pin, Push, Template},
    flow::Draft,
};
use engine::Kind;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn template(operator: Uuid) -> Template {
    Template {
        id: id(),
        operator_id: operator,
        flow_key: "returns".to_owned(),
        name: "Returns".to_owned(),
        stages: Vec::new(),
        newest: 1,
        made_at: at(1),
        retired_at: None,
        rev: 1,
    }
}

fn edition(template: &Template, version: i64) -> Edition {
    Edition {
        operator_id: template.operator_id,
        template_id: template.id,
        version,
        flow: Draft::named(Uuid::nil(), Uuid::nil(), "returns", "Returns"),
        roles: Vec::new(),
        policy: None,
        taken_from: None,
        note: "As it is".to_owned(),
        made_by: id(),
        made_at: at(2),
    }
}

fn push(template: &Template, ms: i64) -> Push {
    Push {
        id: id(),
        operator_id: template.operator_id,
        template_id: template.id,
        version: 1,
        stage: None,
        why: "It is better".to_owned(),
        by: id(),
        at: at(ms),
        merchants: Vec::new(),
        undone: None,
        rev: 1,
    }
}

pub async fn a_template_has_one_flow_and_versions_that_stay(world: &World) {
    let store = store(world);
    let (operator, stranger) = (id(), id());
    let one = template(operator);
    write!(store, [one], tx => tx.insert_template(&one)).unwrap();
    let twin = template(operator);
    let taken = write!(store, [twin], tx => tx.insert_template(&twin));
    assert_eq!(taken.unwrap_err().kind, Kind::Conflict, "one of each flow");
    let elsewhere = template(stranger);
    write!(store, [elsewhere], tx => tx.insert_template(&elsewhere)).unwrap();
    for version in [1, 2] {
        let row = edition(&one, version);
        write!(store, [row], tx => tx.insert_edition(&row)).unwrap();
    }
    let again = edition(&one, 2);
    let fixed = write!(store, [again], tx => tx.insert_edition(&again));
    assert_eq!(fixed.unwrap_err().kind, Kind::Conflict);
    let versions = read!(store, r => r.editions(operator, one.id));
    let versions: Vec<i64> = versions.iter().map(|one| one.version).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(
        read!(store, r => r.edition(operator, one.id, 1)).map(|one| one.version),
        Some(1)
    );
    assert_eq!(
        read!(store, r => r.template(operator, one.id)),
        Some(one.clone())
    );
    assert_eq!(read!(store, r => r.templates(operator)), [one.clone()]);
    // another operator finds none of it
    assert!(read!(store, r => r.template(stranger, one.id)).is_none());
    assert!(read!(store, r => r.editions(stranger, one.id)).is_empty());
    assert!(read!(store, r => r.edition(stranger, one.id, 1)).is_none());
    assert_eq!(read!(store, r => r.templates(stranger)), [elsewhere]);
    let theirs = Template {
        operator_id: stranger,
        ..one.clone()
    };
    let refused = write!(store, [theirs], tx => tx.save_template(&theirs));
    assert_eq!(refused.unwrap_err().kind, Kind::Conflict);

    let retired = Template {
        retired_at: Some(at(9)),
        ..one.clone()
    };
    write!(store, [retired], tx => tx.save_template(&retired)).unwrap();
    let stale = write!(store, [one], tx => tx.save_template(&one));
    assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
    write!(store, [twin], tx => tx.insert_template(&twin)).unwrap();
}

pub async fn a_push_is_saved_by_whoever_saw_the_last_state(world: &World) {
    let store = store(world);
    let (operator, stranger) = (id(), id());
    let one = template(operator);
    let (older, newer) = (push(&one, 5), push(&one, 6));
    write!(store, [newer], tx => tx.insert_push(&newer)).unwrap();
    write!(store, [older], tx => tx.insert_push(&older)).unwrap();
    let found = read!(store, r => r.pushes(operator, one.id));
    assert_eq!(found, [newer.clone(), older.clone()]);
    let changed = Push {
        version: 2,
        ..newer.clone()
    };
    write!(store, [changed], tx => tx.save_push(&changed)).unwrap();
    let stale = write!(store, [newer], tx => tx.save_push(&newer));
    assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
    let found = read!(store, r => r.push(operator, newer.id)).unwrap();
    assert_eq!((found.version, found.rev), (2, 2));
    assert!(read!(store, r => r.push(stranger, newer.id)).is_none());
    assert!(read!(store, r => r.pushes(stranger, one.id)).is_empty());
}

pub async fn a_pin_is_its_merchants(world: &World) {
    let t = Tenant::new("pinned").written(&store(world)).await;
    let (store, merchant, stranger) = (store(world), t.id(), id());
    let pin = Pin {
        merchant_id: merchant,
        flow_key: "returns".to_owned(),
        template_id: id(),
        version: Some(1),
        flow_version: Some(3),
        push_id: None,
        pending: None,
        pinned_at: at(4),
    };
    let next = Pin {
        version: Some(2),
        ..pin.clone()
    };
    for row in [&pin, &next] {
        write!(store, [row], tx => tx.put_template_pin(&row)).unwrap();
    }
    assert_eq!(
        read!(store, r => r.template_pin(merchant, "returns")),
        Some(next.clone())
    );
    assert_eq!(read!(store, r => r.template_pins(merchant)), [next]);
    assert!(read!(store, r => r.template_pin(stranger, "returns")).is_none());
    assert!(read!(store, r => r.template_pins(stranger)).is_empty());
    write!(store, [], tx => tx.delete_template_pin(stranger, "returns")).unwrap();
    assert_eq!(read!(store, r => r.template_pins(merchant)).len(), 1);
    write!(store, [], tx => tx.delete_template_pin(merchant, "returns")).unwrap();
    assert!(read!(store, r => r.template_pins(merchant)).is_empty());
}
