//! Who is let in by a token, and what somebody from outside finds.

use std::collections::BTreeSet;

use domain::{
    approval::ApprovalState,
    export::Export,
    owner::{Owner, Party},
    sight::Mark,
    token::Shown,
};
use engine::{Kind, port::ListFilter};
use store::StoreError;
use uuid::Uuid;

use crate::{
    harness::World,
    make::{approval, at, export, id, task},
    tenant::{Tenant, everything, read, store, write},
};

pub async fn a_token_has_two_secrets_for_a_while(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let token = t.token.clone().rotate("mlk_new".into(), at(50)).unwrap();
    write!(store, [token], tx => tx.rotate_token(&token, b"new hash")).unwrap();
    let (found, shown) = read!(store, r => r.token_by_hash(b"new hash")).unwrap();
    assert_eq!((found.rev, shown), (1, Shown::Current));
    assert_eq!(found.prefix, "mlk_new");
    assert_eq!(found.previous_until, token.previous_until);
    assert_eq!(found.expires_at, Some(at(149)));
    let (same, shown) = read!(store, r => r.token_by_hash(&t.token_hash)).unwrap();
    assert_eq!((same, shown), (found.clone(), Shown::Previous));
    // who read it before the rotation comes too late
    let late = write!(store, [token], tx => tx.rotate_token(&token, b"another")).unwrap_err();
    assert_eq!(late.kind, Kind::Conflict);
    // a second rotation leaves no way in for the first secret
    let again = found.clone().rotate("mlk_third".into(), at(60)).unwrap();
    write!(store, [again], tx => tx.rotate_token(&again, b"third hash")).unwrap();
    assert_eq!(read!(store, r => r.token_by_hash(&t.token_hash)), None);
    let over = read!(store, r => r.token(merchant, again.id)).unwrap();
    let over = over.revoke(at(70)).unwrap();
    write!(store, [over], tx => tx.revoke_token(&over)).unwrap();
    let listed = read!(store, r => r.tokens(merchant));
    assert_eq!(listed[0].revoked_at, Some(at(70)));
}

pub async fn a_tokens_use_only_moves_forward(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, token) = (t.id(), t.token.id);
    for (used, known) in [(5, 5), (9, 9), (7, 9)] {
        write!(store, [], tx => tx.note_token_use(merchant, token, at(used))).unwrap();
        let found = read!(store, r => r.token(merchant, token)).unwrap();
        assert_eq!((found.last_used_at, found.rev), (Some(at(known)), 0));
    }
    write!(store, [], tx => tx.note_token_use(id(), token, at(99))).unwrap();
    let found = read!(store, r => r.token(merchant, token)).unwrap();
    assert_eq!(found.last_used_at, Some(at(9)));
}

fn outside(text: &str) -> Owner {
    text.parse().unwrap()
}

/// Ten exports, each at its time: every third one is on its way to `to`.
fn exports_to(merchant: Uuid, to: Uuid) -> Vec<Export> {
    (0..10)
        .map(|n| {
            let mut one = export(merchant, id(), id());
            one.created_at = at(100 + n);
            if n % 3 == 0 {
                one.destination_id = to;
            }
            one
        })
        .collect()
}

pub async fn pages_of_somebody_from_outside_are_full(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, to) = (t.id(), id());
    let exports = exports_to(merchant, to);
    write!(store, [exports], tx => async {
        for one in &exports {
            tx.insert_export(one).await?;
        }
        Ok(())
    })
    .unwrap();
    let seen_by = Some(vec!["3pl".to_owned(), format!("to:{to}")]);
    let mut filter = ListFilter {
        seen_by: seen_by.clone(),
        limit: 3,
        ..ListFilter::default()
    };
    let first = read!(store, r => r.exports(merchant, &filter));
    let last = first.last().unwrap();
    filter.before = Some((last.created_at, last.id));
    let second = read!(store, r => r.exports(merchant, &filter));
    let found: Vec<Uuid> = first.iter().chain(&second).map(|one| one.id).collect();
    let theirs: Vec<Uuid> = [9, 6, 3, 0].map(|n| exports[n].id).to_vec();
    assert_eq!((first.len(), found), (3, theirs));
    // asked for an approval, they see what they are asked about, too
    let mut asks = approval(&exports[1], 1, ApprovalState::Pending);
    asks.backup = outside("3pl:operations");
    write!(store, [asks], tx => tx.insert_approval(&asks)).unwrap();
    let mut all = everything();
    all.seen_by = seen_by;
    let found = read!(store, r => r.exports(merchant, &all));
    assert_eq!(found.len(), 5);
    assert!(found.iter().any(|one| one.id == exports[1].id));
    let asked = read!(store, r => r.approvals(merchant, &all));
    assert_eq!(
        asked.iter().map(|one| one.id).collect::<Vec<_>>(),
        [asks.id]
    );
    // what has no owner on their side is nobody else's business
    assert!(read!(store, r => r.orders(merchant, &all)).is_empty());
    assert!(read!(store, r => r.receipts(merchant, &all)).is_empty());
    all.seen_by = Some(Vec::new());
    assert!(read!(store, r => r.exports(merchant, &all)).is_empty());
}

pub async fn a_task_that_changes_hands_changes_sides(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let dana = id();
    let mut theirs = everything();
    theirs.seen_by = Some(vec!["3pl".to_owned(), format!("user:{dana}")]);
    let mut one = task(merchant, "handed:1");
    write!(store, [one], tx => tx.insert_task(&one)).unwrap();
    for (owner, count) in [
        ("3pl:logistics".to_owned(), 1),
        ("agency:logistics".to_owned(), 0),
        (format!("user:{dana}"), 1),
        ("carrier:logistics".to_owned(), 0),
    ] {
        one.owner = outside(&owner);
        write!(store, [one], tx => tx.save_task(&one)).unwrap();
        one.rev += 1;
        let found = read!(store, r => r.tasks(merchant, &theirs));
        assert_eq!(found.len(), count, "{owner}");
    }
    one.assignee = Some(dana);
    write!(store, [one], tx => tx.save_task(&one)).unwrap();
    assert_eq!(read!(store, r => r.tasks(merchant, &theirs)).len(), 1);
}

/// Rows from before the column are given the same marks that they would be saved with.
pub async fn rows_of_before_get_their_marks(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let (mut odd, mut asks, mut sent) = (
        task(merchant, "odd:1"),
        approval(&t.export, 2, ApprovalState::Queued),
        export(merchant, id(), id()),
    );
    odd.owner = Owner::User(id());
    odd.backup = Owner::role(Party::Carrier, "carrier_onboarding");
    odd.watchers = vec![
        Owner::role(Party::ThreePl, "logistics"),
        Owner::role(Party::ThreePl, "finance"),
        Owner::System("meshline".into()),
    ];
    odd.assignee = Some(id());
    asks.owner = Owner::role(Party::ThreePl, "operations");
    sent.backup = Owner::role(Party::Carrier, "logistics");
    write!(store, [odd, asks, sent], tx => async {
        tx.insert_task(&odd).await?;
        tx.insert_approval(&asks).await?;
        tx.insert_export(&sent).await
    })
    .unwrap();
    let tables = ["tasks", "approvals", "exports"];
    let mut written = Vec::new();
    for table in tables {
        written.push(marks(world, t.id(), table).await);
    }
    assert!(
        written[0].iter().any(|(_, marks)| marks.len() == 4),
        "{written:?}"
    );
    let folder = if world.db.engine() == store::sql::Engine::Sqlite {
        include_str!("../../../../migrations/sqlite/0004_access.sql")
    } else {
        include_str!("../../../../migrations/postgres/0004_access.sql")
    };
    for (table, written) in tables.into_iter().zip(written) {
        let emptied: &'static str =
            Box::leak(format!("UPDATE {table} SET parties = ''").into_boxed_str());
        let begin = folder.find(&format!("UPDATE {table} SET parties")).unwrap();
        let (update, _) = folder[begin..].split_once(';').unwrap();
        for statement in [emptied, update] {
            world.script(Box::leak(Box::new([statement]))).await;
        }
        assert_eq!(marks(world, t.id(), table).await, written, "{table}");
    }
}

async fn marks(world: &World, merchant: Uuid, table: &str) -> Vec<(Uuid, BTreeSet<Mark>)> {
    let sql: &'static str = Box::leak(
        format!("SELECT id, parties FROM {table} WHERE merchant_id = $1 ORDER BY id")
            .into_boxed_str(),
    );
    let rows = world
        .db
        .read::<_, StoreError, _>(|conn| {
            Box::pin(async move {
                conn.enter(store::sql::Scope::of(merchant));
                let rows = conn.fetch_all(sql, store::params![merchant]).await?;
                rows.iter()
                    .map(|row| Ok((row.uuid(0)?, row.text(1)?)))
                    .collect::<store::Result<Vec<_>>>()
            })
        })
        .await
        .unwrap();
    rows.into_iter()
        .map(|(id, text)| {
            let marks = text.split('|').filter(|mark| !mark.is_empty());
            (id, marks.map(str::to_owned).collect())
        })
        .collect()
}
