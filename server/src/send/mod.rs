//! `meshline send`: a stand-in for a system that sends webhooks. It posts a payload to a source,
//! signed as that system signs: once, or so many at a rate.
//!
//! [`target`] finds the source's URL and secret, [`payload`] makes the bytes of each delivery,
//! [`report`] counts. Deliveries run side by side up to `--concurrency`. With a rate, a delivery's
//! time counts from when it was due, so that a slow receiver cannot make itself look fast by holding
//! up the queue.
//!
//! Deliberately not done: repeating a delivery that failed. `--id` sends one again by hand.

mod payload;
mod report;
mod target;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use connectors::shopify;
use reqwest::{Client, redirect::Policy};
use serde::Deserialize;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use uuid::Uuid;

use self::{
    payload::{Payload, PayloadError},
    report::{Receipt, Report},
    target::{Target, TargetError},
};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Posts a payload to a source, signed as the sending system signs it
#[derive(Args, Clone, Debug)]
pub struct SendArgs {
    /// Payload to send; a built-in sample of a home-goods shop if not given
    pub file: Option<PathBuf>,

    /// The source's whole URL, http://…/in/…
    #[arg(long, requires = "secret", conflicts_with_all = ["from_demo", "merchant"])]
    pub url: Option<String>,

    /// The source's secret
    #[arg(long, env = "MESHLINE_SEND_SECRET", hide_env_values = true)]
    pub secret: Option<String>,

    /// What `meshline demo --json` printed; .meshline/demo.json if neither this nor --url is given
    #[arg(long, value_name = "FILE")]
    pub from_demo: Option<PathBuf>,

    /// Whose source to take from the demo: the merchant's slug, by default the first
    #[arg(long, value_name = "SLUG")]
    pub merchant: Option<String>,

    /// Where Meshline runs, for the demo's sources
    #[arg(
        long,
        env = "MESHLINE_PUBLIC_URL",
        default_value = "http://127.0.0.1:3000"
    )]
    pub base: String,

    /// The system to stand in for
    #[arg(long, value_enum, default_value = "shopify")]
    pub system: System,

    /// What the delivery is about, in the system's words
    #[arg(long, default_value = "orders/paid")]
    pub topic: String,

    /// The shop it comes from
    #[arg(long, default_value = "hearth-and-loom.myshopify.com")]
    pub shop: String,

    /// Delivery id; the same again is a repeated delivery. A fresh one each time by default
    #[arg(long)]
    pub id: Option<String>,

    /// Order id to write into the payload; with --count, that and the following ones
    #[arg(long, value_name = "N")]
    pub order_id: Option<u64>,

    /// SKU of the order's first line, for example LAMP-OUT-OF-STOCK
    #[arg(long)]
    pub sku: Option<String>,

    /// Total of the order, for example 1250.00
    #[arg(long, value_name = "AMOUNT")]
    pub total: Option<String>,

    /// How many to send
    #[arg(long, default_value_t = 1)]
    pub count: u32,

    /// How many a second; as fast as they are answered by default
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    pub rate: Option<f64>,

    /// How many at once, at most
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,

    /// Print the summary only
    #[arg(long)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum System {
    Shopify,
}

impl System {
    /// As the demo's sources name it.
    fn name(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Payload(#[from] PayloadError),
    #[error("cannot make HTTP calls: {0}")]
    Client(#[from] reqwest::Error),
    #[error("{failed} of {sent} were not taken")]
    NotTaken { failed: usize, sent: usize },
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(rate),
        _ => Err("a number a second, between 0.001 and 100000".to_owned()),
    }
}

/// Sends what was asked for, prints what came back.
pub async fn run(args: SendArgs) -> Result<(), SendError> {
    let target = Target::find(&args)?;
    let payload = Payload::new(&args)?;
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?;
    let sender = Arc::new(Sender {
        client,
        target,
        topic: args.topic.clone(),
        shop: args.shop.clone(),
    });
    let report = send_all(&args, &sender, &payload).await?;
    println!("{report}");
    match report.failed() {
        0 => Ok(()),
        failed => Err(SendError::NotTaken {
            failed,
            sent: report.sent(),
        }),
    }
}

async fn send_all(
    args: &SendArgs,
    sender: &Arc<Sender>,
    payload: &Payload,
) -> Result<Report, SendError> {
    let slots = Arc::new(Semaphore::new(usize::from(args.concurrency)));
    let mut ticks = args.rate.map(|rate| {
        let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
        // late is late: the rate is kept on average, and the wait is counted
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        ticks
    });
    let begun = Instant::now();
    let mut report = Report::default();
    let mut note = |receipt: Receipt| {
        if !args.quiet {
            println!("{receipt}");
        }
        report.add(receipt);
    };
    let mut running = JoinSet::new();
    for index in 0..args.count {
        let due = match &mut ticks {
            Some(ticks) => Some(ticks.tick().await),
            None => None,
        };
        let body = payload.body(index)?;
        let id = args.id.clone().unwrap_or_else(fresh_id);
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            break;
        };
        let sender = Arc::clone(sender);
        running.spawn(async move {
            let receipt = sender
                .send(body, &id, due.unwrap_or_else(Instant::now))
                .await;
            drop(slot);
            receipt
        });
        while let Some(Ok(receipt)) = running.try_join_next() {
            note(receipt);
        }
    }
    while let Some(done) = running.join_next().await {
        if let Ok(receipt) = done {
            note(receipt);
        }
    }
    report.took(begun.elapsed());
    Ok(report)
}

fn fresh_id() -> String {
    uuid::Builder::from_random_bytes(rand::random())
        .into_uuid()
        .to_string()
}

struct Sender {
    client: Client,
    target: Target,
    topic: String,
    shop: String,
}

/// What a source answers.
#[derive(Deserialize)]
struct Taken {
    receipt_id: Uuid,
    status: String,
}

impl Sender {
    async fn send(&self, body: Bytes, id: &str, since: Instant) -> Receipt {
        let mut post = self.client.post(&self.target.url);
        let secret = self.target.secret.as_bytes();
        for (name, value) in shopify::headers(&self.topic, &self.shop, id, secret, &body) {
            post = post.header(name, value);
        }
        let answer = async {
            let response = post.body(body).send().await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        let outcome = match answer.await {
            Err(error) => Err(report::plain_words(&error)),
            Ok((status, body)) => match serde_json::from_slice::<Taken>(&body) {
                Ok(taken) if status.is_success() => Ok((taken.status, taken.receipt_id)),
                _ => Err(report::refusal(status, &body)),
            },
        };
        Receipt {
            outcome,
            took: since.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests;
