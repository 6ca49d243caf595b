//! Where an installation keeps its rows: a file in its folder, or a database of its own on the Postgres
//! that `MESHLINE_TEST_POSTGRES_URL` names.

use std::{
    io::Write as _,
    sync::atomic::{AtomicU32, Ordering},
};

use store::{Database, Options, Priority, StoreError, params, testing};

const SERVER: &str = "MESHLINE_TEST_POSTGRES_URL";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Whether it can be had; says so loudly if not.
    pub fn is_there(self) -> bool {
        if self == Self::Sqlite || std::env::var(SERVER).is_ok() {
            return true;
        }
        // not the macro: the test runner would keep that for itself
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED, not tested on Postgres: {SERVER} is not set"
        );
        false
    }
}

/// A database on Postgres that nobody else uses.
pub struct Fresh {
    server: String,
    name: String,
    pub url: String,
}

impl Fresh {
    pub async fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("meshline_http_{}_{number}", std::process::id());
        let server = std::env::var(SERVER).unwrap();
        let url = testing::fresh_database(&server, &name).await.unwrap();
        Self { server, name, url }
    }

    pub async fn remove(self) {
        testing::drop_database(&self.server, &self.name)
            .await
            .unwrap();
    }
}

/// One statement, for what no use-case does.
pub async fn execute(url: &str, statement: String) {
    let options = Options {
        connections: 1,
        ..Options::default()
    };
    let database = Database::connect(url, options).await.unwrap();
    // the driver takes no text that was put together, so that nothing a user says gets into one
    let statement: &'static str = statement.leak();
    database
        .write::<_, StoreError, _>(Priority::Normal, move |tx| {
            Box::pin(async move { tx.conn().execute(statement, params![]).await })
        })
        .await
        .unwrap();
    database.close().await;
}
