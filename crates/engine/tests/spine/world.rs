//! The same tests on every store.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

pub use testkit::World;

const POSTGRES: &str = "MESHLINE_TEST_POSTGRES_URL";

static NEXT: AtomicU32 = AtomicU32::new(0);

fn unique(name: &str) -> String {
    format!(
        "{name}_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

async fn on(url: &str) -> World {
    let options = store::Options {
        connections: 4,
        ..store::Options::default()
    };
    let store = store::SqlStore::open_and_migrate(url, options)
        .await
        .unwrap();
    World::new(store, Arc::new(connectors::shopify::Shopify))
        .await
        .unwrap()
}

/// A world in a database file of its own.
pub async fn on_sqlite() -> World {
    let folder = std::env::temp_dir().join(unique("meshline_spine"));
    std::fs::create_dir_all(&folder).unwrap();
    on(&format!("sqlite://{}/world.db", folder.display())).await
}

/// A world in a Postgres database of its own; `None`, said loudly, where no Postgres is named.
pub async fn on_postgres() -> Option<World> {
    let Ok(server) = std::env::var(POSTGRES) else {
        eprintln!("SKIPPED: set {POSTGRES} to a Postgres that may be filled with test databases");
        return None;
    };
    let url = store::testing::fresh_database(&server, &unique("spine"))
        .await
        .unwrap();
    Some(on(&url).await)
}

/// Runs each test on SQLite, and on Postgres where one is named.
macro_rules! on_every_store {
    ($(async fn $name:ident($world:ident: World) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn scenario($world: World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                scenario(crate::world::on_sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(world) = crate::world::on_postgres().await {
                    scenario(world).await;
                }
            }
        })+
    };
}
pub(crate) use on_every_store;
