//! What one small read and one small write cost, in microseconds, on the database that is named:
//! `cargo run -p store --example read_cost -- postgres://…`.
//!
//! Measured with this: what it costs that every read says whose rows it is about.

use std::{error::Error, time::Duration};

use engine::port::{Store, StoreExt};
use store::{Options, SqlStore};
use tokio::time::Instant;
use uuid::Uuid;

const TIMES: usize = 4_000;

fn median(mut times: Vec<Duration>) -> u128 {
    times.sort();
    times[times.len() / 2].as_micros()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("name a database")?;
    let store = SqlStore::open_and_migrate(&url, Options::default()).await?;
    let (merchant, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (mut of_nobody, mut of_merchant, mut three, mut writes) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TIMES {
        let begin = Instant::now();
        store.reads().await?.user(id).await?;
        of_nobody.push(begin.elapsed());

        let begin = Instant::now();
        store.reads().await?.order(merchant, id).await?;
        of_merchant.push(begin.elapsed());

        let begin = Instant::now();
        let mut reads = store.reads().await?;
        reads.order(merchant, id).await?;
        reads.task(merchant, id).await?;
        reads.export(merchant, id).await?;
        drop(reads);
        three.push(begin.elapsed());

        let begin = Instant::now();
        store
            .write(move |tx| Box::pin(async move { tx.release_idempotency(merchant, "key").await }))
            .await?;
        writes.push(begin.elapsed());
    }
    println!("a read of nobody's rows    {:>6} µs", median(of_nobody));
    println!("a read of a merchant's     {:>6} µs", median(of_merchant));
    println!("three reads of a merchant's{:>6} µs", median(three));
    println!("a write of a merchant's    {:>6} µs", median(writes));
    store.close().await;
    Ok(())
}
