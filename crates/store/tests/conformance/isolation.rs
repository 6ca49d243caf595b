//! Merchants are kept apart by Postgres itself: the same questions as in `tenants`, asked with statements
//! that do not name the merchant any more.

use std::{sync::Arc, time::Duration};

use engine::port::{Reads, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{
    Database, OpenError, Options, StoreError, params,
    sql::{Across, Scope},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    harness::{World, administer, on_postgres, with_postgres_database},
    make::id,
    tenant::{Tenant, everything, read, store, write},
    tenants::{ask_everything, no_write_reaches_another_merchant},
};

/// Every table with a `merchant_id`, as the server knows them.
async fn merchants_tables(connection: &mut PgConnection) -> Vec<String> {
    let sql = "SELECT CAST(c.table_name AS TEXT) FROM information_schema.columns c \
               WHERE c.table_schema = 'public' AND c.column_name = 'merchant_id' ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
}

async fn owner(world: &World) -> PgConnection {
    PgConnection::connect(&world.url).await.unwrap()
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_predicates_no_read_shows_another_merchants() {
    on_postgres(async |world| {
        let t = Tenant::new("kit").written(&store(world)).await;
        let other = Tenant::new("kat").written(&store(world)).await;
        world.db.strip_tenant_predicates();
        for (method, nothing) in ask_everything(world, &t, other.id()).await {
            // lists find the other's own
            if nothing {
                continue;
            }
            let found = shown(world, method, other.id()).await;
            assert!(found, "{method} shows another merchant's");
        }
        for (method, nothing) in ask_everything(world, &t, id()).await {
            assert!(nothing, "{method} shows another merchant's");
        }
        for (method, nothing) in ask_everything(world, &t, t.id()).await {
            assert!(!nothing, "{method} does not find the merchant's own");
        }
        let store = store(world);
        assert!(read!(store, r => r.pending_approvals(&[id(), id()], 9)).is_empty());
        assert!(read!(store, r => r.live_tasks(&[id()], 9)).is_empty());
        assert_eq!(read!(store, r => r.live_tasks(&[t.id()], 9)).len(), 1);
    })
    .await;
}

/// Whether a list that found something in the name of this merchant found only its own.
async fn shown(world: &World, method: &str, merchant: Uuid) -> bool {
    let store = store(world);
    let all = everything();
    match method {
        "receipts" => read!(store, r => r.receipts(merchant, &all))
            .iter()
            .all(|one| one.merchant_id == merchant),
        "orders" => read!(store, r => r.orders(merchant, &all))
            .iter()
            .all(|one| one.merchant_id == merchant),
        "exports" => read!(store, r => r.exports(merchant, &all))
            .iter()
            .all(|one| one.merchant_id == merchant),
        "tasks" => read!(store, r => r.tasks(merchant, &all))
            .iter()
            .all(|one| one.merchant_id == merchant),
        // asked by what both have: a key, a type, a page of everything
        _ => true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_predicates_no_write_reaches_another_merchant() {
    on_postgres(async |world| {
        world.db.strip_tenant_predicates();
        no_write_reaches_another_merchant(world).await;
    })
    .await;
}

/// The counter-proof: it is row security that held above, and the predicates really were gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_row_security_the_same_questions_leak() {
    on_postgres(async |world| {
        let t = Tenant::new("kit").written(&store(world)).await;
        let mut owner = owner(world).await;
        for table in merchants_tables(&mut owner).await {
            let off = format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY");
            administer(&world.url, off).await;
        }
        let with_predicates = ask_everything(world, &t, id()).await;
        assert!(with_predicates.iter().all(|(_, nothing)| *nothing));
        world.db.strip_tenant_predicates();
        let asked = ask_everything(world, &t, id()).await;
        let kept: Vec<_> = asked.iter().filter(|(_, nothing)| *nothing).collect();
        // these find their rows by comparing them with others of the same merchant
        assert!(kept.is_empty(), "{kept:?} do not leak even so");
        assert!(asked.len() >= 40, "{}", asked.len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_sees_and_writes_nothing() {
    on_postgres(async |world| {
        Tenant::new("kit").written(&store(world)).await;
        let mut owner = owner(world).await;
        let tables = merchants_tables(&mut owner).await;
        assert!(tables.len() >= 20, "{tables:?}");
        let mut full = 0;
        for table in &tables {
            full += i64::from(count(&mut owner, table).await > 0);
        }
        assert!(full > 18, "only {full} tables have a row");
        sqlx::raw_sql("SET ROLE meshline_app")
            .execute(&mut owner)
            .await
            .unwrap();
        for table in &tables {
            assert_eq!(count(&mut owner, table).await, 0, "{table}");
        }
        let insert =
            "INSERT INTO audit_heads (merchant_id, seq, hash) VALUES (gen_random_uuid(), 1, '')";
        let refused = sqlx::raw_sql(insert).execute(&mut owner).await.unwrap_err();
        assert!(
            refused.to_string().contains("row-level security"),
            "{refused}"
        );
        // nor after a transaction that said something: what it said ended with it
        let one = format!(
            "BEGIN; SET LOCAL meshline.merchants = '{{{}}}'; COMMIT",
            id()
        );
        sqlx::raw_sql(AssertSqlSafe(one))
            .execute(&mut owner)
            .await
            .unwrap();
        for table in &tables {
            assert_eq!(count(&mut owner, table).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_opens_its_own_tables_only() {
    on_postgres(async |world| {
        Tenant::new("kit").written(&store(world)).await;
        let mut owner = owner(world).await;
        let mut full = Vec::new();
        for table in merchants_tables(&mut owner).await {
            if count(&mut owner, &table).await > 0 {
                full.push(table);
            }
        }
        for reason in Across::ALL {
            let tables = reason.tables();
            let begin = format!(
                "BEGIN; SET LOCAL ROLE meshline_app; SET LOCAL meshline.across = '{}'",
                tables.join(",")
            );
            sqlx::raw_sql(AssertSqlSafe(begin))
                .execute(&mut owner)
                .await
                .unwrap();
            for table in &full {
                let open = count(&mut owner, table).await > 0;
                assert_eq!(
                    open,
                    tables.contains(&table.as_str()),
                    "{reason:?}: {table}"
                );
            }
            sqlx::raw_sql("ROLLBACK").execute(&mut owner).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_of_a_merchant_is_guarded() {
    on_postgres(async |world| {
        let mut owner = owner(world).await;
        let unguarded: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(c.relname AS TEXT) FROM pg_class c \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant_id' \
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (\
                c.relrowsecurity AND c.relforcerowsecurity \
                AND (SELECT COUNT(*) = 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*'))",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert!(
            unguarded.is_empty(),
            "{unguarded:?}: the migration that creates a table of a merchant calls meshline_guard on it"
        );
        let role: (bool, bool, bool, bool) = sqlx::query_as(
            "SELECT rolsuper, rolbypassrls, rolcanlogin, \
             EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid) FROM pg_roles r WHERE rolname = 'meshline_app'",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert_eq!(role, (false, false, false, false));
        let who = world
            .db
            .read::<_, StoreError, _>(|conn| {
                Box::pin(async move {
                    conn.fetch_one("SELECT CAST(current_user AS TEXT)", params![])
                        .await?
                        .text(0)
                })
            })
            .await;
        assert_eq!(who.as_deref(), Ok("meshline_app"));
    })
    .await;
}

/// Ten thousand questions over few connections, of two merchants in turn, some given up halfway: none
/// is answered in the name of the one before. The predicates are gone, so that it would show.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_stays_with_who_said_it() {
    on_postgres(async |world| {
        let kit = Tenant::new("kit").written(&store(world)).await;
        let kat = Tenant::new("kat").written(&store(world)).await;
        world.db.strip_tenant_predicates();
        let store = store(world);
        let merchants = [kit.id(), kat.id()];
        let mut asking = JoinSet::new();
        for lane in 0..16_usize {
            let store = Arc::clone(&store);
            asking.spawn(async move {
                let mut answered = 0;
                for n in 0..625_usize {
                    let merchant = merchants[(n + lane) % 2];
                    if n % 25 == 24 {
                        // goes away in the middle of it
                        let question = async {
                            let mut reads = store.reads().await.unwrap();
                            reads.orders(merchant, &everything()).await.unwrap();
                        };
                        let patience = Duration::from_micros((n as u64 * 37) % 900);
                        let _ = tokio::time::timeout(patience, question).await;
                        continue;
                    }
                    let mut reads = store.reads().await.unwrap();
                    if n % 5 == 0 {
                        // who asks about nobody first
                        reads.user(Uuid::nil()).await.unwrap();
                    }
                    let found = whose(reads.as_mut(), merchant).await;
                    assert_eq!(found, [merchant], "lane {lane}, question {n}");
                    if n % 7 == 0 {
                        let other = merchants[(n + lane + 1) % 2];
                        assert_eq!(whose(reads.as_mut(), other).await, [other]);
                    }
                    answered += 1;
                }
                answered
            });
        }
        let mut answered = 0;
        while let Some(lane) = asking.join_next().await {
            answered += lane.unwrap();
        }
        assert_eq!(answered, 9_600);
        let nobody = world
            .db
            .read::<_, StoreError, _>(|conn| {
                Box::pin(async move {
                    conn.enter(Scope::of(Uuid::nil()));
                    conn.fetch_all(
                        "SELECT id FROM orders WHERE merchant_id = $1",
                        params![Uuid::nil()],
                    )
                    .await
                    .map(|rows| rows.len())
                })
            })
            .await;
        assert_eq!(nobody, Ok(0));
    })
    .await;
}

async fn whose(reads: &mut dyn Reads, merchant: Uuid) -> Vec<Uuid> {
    let orders = reads.orders(merchant, &everything()).await.unwrap();
    orders.iter().map(|order| order.merchant_id).collect()
}

/// A login that owns its database and nothing else: first it may not become the role, and is told what
/// a DBA has to run; then it may, and everything works although it is no superuser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_without_the_role_is_told_what_to_run() {
    with_postgres_database(async |url| {
        // the role is there, from a database that was opened before this one
        Database::connect(&url, Options::default())
            .await
            .unwrap()
            .close()
            .await;
        let (server, name) = url.rsplit_once('/').unwrap();
        let (_, host) = server.rsplit_once('@').unwrap();
        let (login, own) = (format!("{name}_login"), format!("{name}_own"));
        let theirs = format!("postgres://{login}@{host}/{own}");
        let admin = format!("{server}/postgres");
        for sql in [
            format!("CREATE ROLE {login} LOGIN NOSUPERUSER NOCREATEROLE"),
            format!("CREATE DATABASE {own} OWNER {login}"),
        ] {
            administer(&admin, sql).await;
        }
        let refused = Database::connect(&theirs, Options::default())
            .await
            .err()
            .unwrap();
        assert!(matches!(refused, OpenError::Role { .. }), "{refused:?}");
        let sentence = refused.to_string();
        let grant = format!("GRANT meshline_app TO \"{login}\";");
        assert!(sentence.contains(&grant), "{sentence}");

        administer(&admin, grant).await;
        let db = Database::connect(&theirs, Options::default())
            .await
            .unwrap();
        let world = World { db, url: theirs };
        let store = store(&world);
        let t = Tenant::new("kit").written(&store).await;
        assert!(read!(store, r => r.task(t.id(), t.task.id)).is_some());
        let stranger = id();
        assert!(read!(store, r => r.task(stranger, t.task.id)).is_none());
        let operator = t.operator.id;
        write!(store, [], tx => tx.delete_operator(operator)).unwrap();
        assert!(read!(store, r => r.task(t.id(), t.task.id)).is_none());
        world.db.close().await;
        for sql in [
            format!("DROP DATABASE {own} WITH (FORCE)"),
            format!("DROP ROLE {login}"),
        ] {
            administer(&admin, sql).await;
        }
    })
    .await;
}
