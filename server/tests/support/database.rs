//! Where an installation keeps its rows: a file in its folder, or a database of its own on the Postgres
//! that `MESHLINE_TEST_POSTGRES_URL` names.

use std::{
    io::Write as _,
    sync::atomic::{AtomicU32, Ordering},
};

use store::testing;

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
    testing::execute(url, statement).await.unwrap();
}
