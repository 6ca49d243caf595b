//! What goes in comes out, or is refused; what is not what it should be says so.

use domain::Time;
use store::{
    Kind, Priority, StoreError, params,
    sql::{InsertMany, Query, Row, Value},
};
use uuid::Uuid;

use crate::harness::World;

const INSERT: &str =
    "INSERT INTO things (id, name, number, bytes, ref) VALUES ($1, $2, $3, $4, $5)";

async fn put(world: &World, row: Vec<Value>) -> Result<u64, StoreError> {
    world
        .db
        .write(Priority::Normal, move |tx| {
            Box::pin(async move { tx.conn().execute(INSERT, row).await })
        })
        .await
}

async fn ask(world: &World, sql: &'static str, params: Vec<Value>) -> Result<Row, StoreError> {
    world
        .db
        .read(|conn| Box::pin(async move { conn.fetch_one(sql, params).await }))
        .await
}

async fn stored(world: &World, id: i64) -> Row {
    ask(
        world,
        "SELECT name, number, bytes, ref FROM things WHERE id = $1",
        params![id],
    )
    .await
    .unwrap()
}

pub async fn nulls_keep_their_type(world: &World) {
    let nothing = params![
        1,
        None::<String>,
        None::<i64>,
        None::<Vec<u8>>,
        None::<Uuid>
    ];
    assert_eq!(put(world, nothing).await.unwrap(), 1);
    let row = stored(world, 1).await;
    assert_eq!(row.text_opt(0).unwrap(), None);
    assert_eq!(row.int_opt(1).unwrap(), None);
    assert_eq!(row.time_opt(1).unwrap(), None);
    assert_eq!(row.blob_opt(2).unwrap(), None);
    assert_eq!(row.uuid_opt(3).unwrap(), None);
    // also where nothing but the parameter could tell the type
    let sql = "SELECT COALESCE($1, 'none'), COALESCE($2, 7)";
    let row = ask(world, sql, params![None::<&str>, None::<Time>])
        .await
        .unwrap();
    assert_eq!(
        (row.text(0).unwrap().as_str(), row.int(1).unwrap()),
        ("none", 7)
    );
}

pub async fn values_come_back_as_they_went_in(world: &World) {
    let id = Uuid::from_u128(0x0192_3f4e_0000_7000_8000_ffff_0000_0001);
    let texts = [
        "",
        "plain",
        "Ünïcödé – 東京 🏷 \u{202e}",
        "a\r\nb\t\\ ' \" ; -- $1",
    ];
    let numbers = [0, i64::MIN, i64::MAX, 9_007_199_254_740_993];
    let blobs: [Vec<u8>; 4] = [vec![], vec![0], (0..=255).collect(), vec![7; 100_000]];
    for (n, text) in texts.iter().enumerate() {
        let key = n as i64;
        put(world, params![key, *text, numbers[n], blobs[n].clone(), id])
            .await
            .unwrap();
        let row = stored(world, key).await;
        assert_eq!(row.text(0).unwrap(), *text);
        assert_eq!(row.int(1).unwrap(), numbers[n]);
        assert_eq!(row.blob(2).unwrap(), blobs[n]);
        assert_eq!(row.uuid(3).unwrap(), id);
    }
    let time = Time::from_ms(1_790_000_000_123);
    put(
        world,
        params![10, "time", time, None::<Vec<u8>>, None::<Uuid>],
    )
    .await
    .unwrap();
    put(
        world,
        params![11, "truth", true, None::<Vec<u8>>, None::<Uuid>],
    )
    .await
    .unwrap();
    assert_eq!(stored(world, 10).await.time(1).unwrap(), time);
    assert!(stored(world, 11).await.bool(1).unwrap());
    let by_ref = ask(
        world,
        "SELECT count(*) FROM things WHERE ref = $1",
        params![id],
    )
    .await
    .unwrap();
    assert_eq!(by_ref.int(0).unwrap(), 4);
}

pub async fn a_text_with_nul_is_refused(world: &World) {
    let error = put(world, params![1, "a\0b", 1, None::<Vec<u8>>, None::<Uuid>])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &Kind::Refused);
    assert!(world.names().await.is_empty());
    // as bytes, or escaped inside JSON, it is nobody's problem
    put(
        world,
        params![2, r#"{"note":"\u0000"}"#, 1, b"a\0b".to_vec(), None::<Uuid>],
    )
    .await
    .unwrap();
    assert_eq!(stored(world, 2).await.blob(2).unwrap(), b"a\0b");
}

pub async fn a_parameter_may_stand_twice_and_in_any_order(world: &World) {
    let sql =
        "SELECT $2 || $1 || $2 || $1, $12 - $3, $4 || $5 || $6 || $7 || $8 || $9 || $10 || $11";
    let params = params!["a", "b", 3, "4", "5", "6", "7", "8", "9", "10", "11", 12];
    let row = ask(world, sql, params).await.unwrap();
    assert_eq!(
        (row.text(0).unwrap().as_str(), row.int(1).unwrap()),
        ("baba", 9)
    );
    assert_eq!(row.text(2).unwrap(), "4567891011");
}

pub async fn a_value_of_another_type_is_corrupt(world: &World) {
    put(world, params![1, "seven", 2, vec![1_u8, 2], None::<Uuid>])
        .await
        .unwrap();
    let row = stored(world, 1).await;
    let wrong = [
        row.int(0).err(),
        row.uuid(0).err(),
        row.text(1).err(),
        row.bool(1).err(),
        row.uuid(2).err(),
        row.uuid(3).err(),
        row.text(9).err(),
        row.parsed::<Time>(0).err(),
        row.json::<Vec<i64>>(0).err(),
    ];
    for (n, error) in wrong.into_iter().enumerate() {
        assert_eq!(
            error
                .unwrap_or_else(|| panic!("reading {n} succeeded"))
                .kind(),
            &Kind::Corrupt,
            "{n}"
        );
    }
}

pub async fn expressions_are_whole_numbers(world: &World) {
    put(world, params![1, "a", 20, None::<Vec<u8>>, None::<Uuid>])
        .await
        .unwrap();
    put(world, params![2, "b", 22, None::<Vec<u8>>, None::<Uuid>])
        .await
        .unwrap();
    let sql = "SELECT 1, EXISTS (SELECT 1 FROM things), count(*), CAST(sum(number) AS BIGINT), max(number) FROM things";
    let row = ask(world, sql, params![]).await.unwrap();
    let numbers: Vec<i64> = (0..5).map(|index| row.int(index).unwrap()).collect();
    assert_eq!(numbers, [1, 1, 2, 42, 22]);
    assert!(row.bool(1).unwrap());
}

static THINGS: InsertMany = InsertMany::new("things", &["id", "name"], "");
static NEW_THINGS: InsertMany = InsertMany::new(
    "things",
    &["id", "name"],
    "ON CONFLICT (name) DO NOTHING RETURNING id",
);

pub async fn many_rows_go_in_at_once(world: &World) {
    let rows = |ids: std::ops::Range<i64>| {
        ids.map(|id| params![id, format!("thing {id}")])
            .collect::<Vec<_>>()
    };
    let (first, again) = (rows(0..77), rows(70..80));
    let (inserted, new) = world
        .db
        .write::<_, StoreError, _>(Priority::Normal, |tx| {
            Box::pin(async move {
                assert_eq!(THINGS.execute(tx.conn(), vec![]).await?, 0);
                let inserted = THINGS.execute(tx.conn(), first).await?;
                let rows = NEW_THINGS.fetch(tx.conn(), again).await?;
                let mut new = rows
                    .iter()
                    .map(|row| row.int(0))
                    .collect::<Result<Vec<_>, _>>()?;
                new.sort_unstable();
                Ok((inserted, new))
            })
        })
        .await
        .unwrap();
    assert_eq!((inserted, new), (77, vec![77, 78, 79]));
    assert_eq!(world.names().await.len(), 80);
}

pub async fn conditions_are_built_from_parameters(world: &World) {
    for id in 0..10 {
        world.add(id, &format!("n{id}")).await.unwrap();
    }
    let check = async |ids: Vec<i64>, found: &[i64]| {
        let query = Query::new("SELECT id FROM things WHERE name <> ")
            .bind("n3")
            .push(" AND id IN ")
            .list(ids)
            .push(" ORDER BY id");
        let rows = world
            .db
            .read::<_, StoreError, _>(|conn| Box::pin(query.fetch_all(conn)))
            .await
            .unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.int(0).unwrap()).collect();
        assert_eq!(ids, found);
    };
    check(vec![], &[]).await;
    check(vec![4], &[4]).await;
    check(vec![1, 3, 5, 99, 7], &[1, 5, 7]).await;
}
