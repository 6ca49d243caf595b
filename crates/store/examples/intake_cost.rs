//! What one receipt costs on the way in: processor time of this process, by receipt, for batches as
//! intake writes them, with their jobs and audit entries.
//!
//! `cargo run --release -p store --example intake_cost -- [batches] [receipts per batch] [url]`

use std::time::Duration;

use domain::{
    Time,
    receipt::{Receipt, ReceiptStatus},
};
use engine::port::{AuditNote, NewReceipt, Priority, StoreExt};
use store::{Options, SqlStore};
use tokio::time::Instant;
use uuid::Uuid;

const BODY_BYTES: usize = 6_000;
const MERCHANT: Uuid = Uuid::from_u128(1);
const SOURCE: Uuid = Uuid::from_u128(2);

fn receipt(n: u128) -> NewReceipt {
    let id = Uuid::from_u128((0x0190_0000_0000_7000_8000 << 48) + n);
    NewReceipt {
        receipt: Receipt {
            id,
            merchant_id: MERCHANT,
            source_id: SOURCE,
            topic: "orders/updated".to_owned(),
            dedup_key: Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
                .to_string(),
            received_at: Time::from_ms(1_790_000_000_000 + n as i64 / 4),
            triggered_at: Some(Time::from_ms(1_790_000_000_000)),
            headers: (0..6)
                .map(|n| {
                    (
                        format!("x-shopify-header-{n}"),
                        "some value or other".to_owned(),
                    )
                })
                .collect(),
            body_bytes: BODY_BYTES as i64,
            body_sha256: "ab".repeat(32),
            status: ReceiptStatus::Accepted,
            faults: Vec::new(),
            order_ref: None,
            order_id: None,
            repeats: 0,
            trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        },
        body: vec![b'x'; BODY_BYTES].into(),
    }
}

fn note(receipt: &Receipt) -> AuditNote {
    AuditNote {
        merchant_id: MERCHANT,
        at: receipt.received_at,
        actor: format!("source:{SOURCE}"),
        action: "receipt.accepted".to_owned(),
        subject_kind: "receipt",
        subject_id: receipt.id,
        detail: serde_json::json!({ "topic": receipt.topic, "body_sha256": receipt.body_sha256 }),
        trace_id: Some(receipt.trace_id.clone()),
    }
}

/// Of all threads of this process, in hundredths of a second as Linux counts them.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let batches: u128 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let size: u128 = arguments.next().map_or(Ok(32), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("intake_cost_{}", std::process::id()));
    let file = format!("sqlite://{}/cost.db", folder.display());
    let url = arguments.next().unwrap_or(file);
    let store = SqlStore::open_and_migrate(&url, Options::default()).await?;
    let (begin, before) = (Instant::now(), processor_time().unwrap_or_default());
    for batch in 0..batches {
        let receipts: Vec<NewReceipt> = (0..size).map(|n| receipt(batch * size + n)).collect();
        store
            .write_as(Priority::Intake, move |tx| {
                Box::pin(async move {
                    tx.insert_receipts(&receipts).await?;
                    for new in &receipts {
                        tx.note(note(&new.receipt));
                    }
                    Ok(())
                })
            })
            .await?;
    }
    let spent = processor_time().unwrap_or_default() - before;
    let each = spent.as_micros() / (batches * size);
    println!(
        "{batches} batches of {size}: {each} µs of processor time per receipt, {:?} in all",
        begin.elapsed()
    );
    store.close().await;
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}
