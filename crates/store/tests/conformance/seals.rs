//! Sealed columns: found by the key they are under, and exchanged only while they are what was read.

use engine::port::SealRow;

use crate::{
    harness::World,
    make::id,
    tenant::{Tenant, read, store, write},
};

/// Nine bytes, as everything begins that is sealed under one key.
const CURRENT: [u8; 9] = [2, 7, 7, 7, 7, 7, 7, 7, 7];

pub async fn seals_are_found_by_their_key_and_exchanged_once(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, current) = (t.id(), CURRENT);
    let mut found = read!(store, r => r.seals_not_under(merchant, &current, 9));
    found.sort_by_key(|row| (row.table, row.column));
    let places: Vec<_> = found.iter().map(|row| (row.table, row.column)).collect();
    assert_eq!(
        places,
        [
            ("destinations", "previous"),
            ("destinations", "secret"),
            ("sources", "previous"),
            ("sources", "secret"),
        ]
    );

    let renewed = [CURRENT.as_slice(), b"the same secret"].concat();
    for row in &found {
        let (row, renewed) = (row.clone(), renewed.clone());
        let again = row.clone();
        let other = renewed.clone();
        assert!(write!(store, [row, renewed], tx => tx.renew_seal(&row, &renewed)).unwrap());
        let late = write!(store, [again, other], tx => tx.renew_seal(&again, &other)).unwrap();
        assert!(!late, "{again:?} was exchanged twice");
    }
    assert_eq!(
        read!(store, r => r.seals_not_under(merchant, &current, 9)),
        [] as [SealRow; 0]
    );
    let source = read!(store, r => r.source(merchant, t.source.id)).unwrap();
    assert_eq!(source.sealed_secret, renewed);
    assert_eq!(source.sealed_previous, Some(renewed));
    assert_eq!(source.rev, t.source.rev, "nobody changed the source");
}

pub async fn a_seal_is_exchanged_in_its_merchants_name_only(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, stranger) = (t.id(), id());
    let row = read!(store, r => r.seals_not_under(merchant, &CURRENT, 9)).remove(0);
    let foreign = SealRow {
        merchant_id: Some(stranger),
        ..row.clone()
    };
    let nobodys = SealRow {
        merchant_id: None,
        ..row.clone()
    };
    for wrong in [foreign, nobodys] {
        assert!(!write!(store, [wrong], tx => tx.renew_seal(&wrong, b"x")).unwrap());
    }
    assert!(write!(store, [row], tx => tx.renew_seal(&row, b"x")).unwrap());
}

/// Whatever a migration calls sealed can be found and exchanged.
#[test]
fn no_sealed_column_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let known = include_str!("../../src/seals.rs");
    let mut sealed = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut table = "";
        for line in text.lines().filter(|line| !line.starts_with("--")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["CREATE" | "ALTER", "TABLE", name, ..] = words[..] {
                table = name;
            }
            for column in words.iter().filter(|word| word.starts_with("sealed_")) {
                sealed += 1;
                let listed = known.lines().any(|line| {
                    line.contains(&format!("\"{table}\""))
                        && line.contains(&format!("\"{column}\""))
                }) || known
                    .contains(&format!("\"{table}\",\n    \"user_id\",\n    \"{column}\""));
                assert!(listed, "{table}.{column} is in no list of seals");
            }
        }
    }
    assert!(sealed >= 4, "the migrations were not read");
}
