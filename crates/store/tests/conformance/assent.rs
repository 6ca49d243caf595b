//! Who stands in for whom, what was let go before, and people's keys.

use domain::approval::Delegation;
use engine::{Kind, port::PersonKeyRow};
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn delegation(t: &Tenant, ends: i64) -> Delegation {
    Delegation {
        id: id(),
        merchant_id: t.id(),
        user_id: t.user.id,
        delegate_id: id(),
        starts_at: at(1),
        ends_at: at(ends),
        note: "On leave".to_owned(),
        created_at: at(1),
        rev: 0,
    }
}

pub async fn delegations_come_back_until_their_end(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (late, early) = (delegation(&t, 90), delegation(&t, 50));
    for one in [late.clone(), early.clone()] {
        write!(store, [one], tx => tx.insert_delegation(&one)).unwrap();
    }
    let of =
        async |merchant: Uuid, after: i64| read!(store, r => r.delegations(merchant, at(after)));
    assert_eq!(of(t.id(), 0).await, [early.clone(), late.clone()]);
    assert_eq!(of(t.id(), 49).await, [early.clone(), late.clone()]);
    assert_eq!(
        of(t.id(), 50).await,
        [late.clone()],
        "over at its last moment"
    );
    assert!(of(id(), 0).await.is_empty());
    let ended = early.clone().ended(at(20));
    write!(store, [ended], tx => tx.save_delegation(&ended)).unwrap();
    assert_eq!(of(t.id(), 20).await, [late.clone()]);
    let stale = write!(store, [ended], tx => tx.save_delegation(&ended)).unwrap_err();
    assert!(stale.raced);
    assert_eq!(
        read!(store, r => r.delegation(t.id(), early.id)),
        Some(Delegation { rev: 1, ..ended })
    );
    assert_eq!(read!(store, r => r.delegation(id(), early.id)), None);
    let mut foreign = late.clone();
    foreign.merchant_id = id();
    let refused = write!(store, [foreign], tx => tx.save_delegation(&foreign)).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
}

pub async fn a_sku_is_known_once_for_a_type_of_a_merchant(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, export) = (t.id(), t.export.id);
    let skus = |names: &[&str]| names.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    for list in [skus(&["A", "B"]), skus(&["B", "C"]), Vec::new()] {
        write!(store, [list], tx => tx.insert_known_skus(merchant, "price_update", &list, (export, at(5)))).unwrap();
    }
    let asked = skus(&["C", "D", "A"]);
    let known = async |merchant: Uuid, kind: &str, asked: &[String]| read!(store, r => r.known_skus(merchant, kind, asked, &[]));
    assert_eq!(known(merchant, "price_update", &asked).await, ["A", "C"]);
    assert!(known(merchant, "promo_activation", &asked).await.is_empty());
    assert!(known(id(), "price_update", &asked).await.is_empty());
    assert!(known(merchant, "price_update", &[]).await.is_empty());
    let but = async |exports: &[Uuid]| read!(store, r => r.known_skus(merchant, "price_update", &asked, exports));
    assert_eq!(but(&[id(), id(), id()]).await, ["A", "C"]);
    assert!(
        but(&[id(), export]).await.is_empty(),
        "it was let go with these alone"
    );
}

pub async fn a_person_has_one_key_and_it_goes_with_them(world: &World) {
    let store = store(world);
    let gone = Tenant::new("gone").written(&store).await;
    let kept = Tenant::new("kept").written(&store).await;
    let key = |user_id, n: u8| PersonKeyRow {
        user_id,
        public_key: vec![n; 32],
        sealed_private: vec![2, n],
        created_at: at(3),
    };
    for (user, n, made) in [
        (gone.user.id, 1, true),
        (gone.user.id, 2, false),
        (kept.user.id, 3, true),
    ] {
        let one = key(user, n);
        assert_eq!(
            write!(store, [one], tx => tx.insert_person_key(&one)).unwrap(),
            made
        );
    }
    let user = gone.user.id;
    assert_eq!(read!(store, r => r.person_key(user)), Some(key(user, 1)));
    let operator = gone.operator.id;
    write!(store, [], tx => tx.delete_operator(operator)).unwrap();
    assert_eq!(read!(store, r => r.person_key(user)), None);
    assert!(read!(store, r => r.person_key(kept.user.id)).is_some());
}
