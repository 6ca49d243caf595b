//! `sign-ins`: how much people who sign in slow down the intake of orders.
//!
//! A password is hashed for some twenty milliseconds, and the threads that do it share the core of the server with everything
//! else here. Rounds alternate between the intake alone, the intake while people sign in as fast as they are let, and the intake
//! beside a crowd that is larger than the queue for hashing; each on fresh files, since a machine has moods and a database
//! grows.

use std::{sync::Arc, time::Duration};

use clap::Args;

use crate::{
    failure::{Failure, Result},
    http,
    installation::{Installation, Setting},
    load::{Senders, Window},
    orders::Orders,
    people::{Answers, Crowd, People},
    report::{Report, Table},
    samples::{Samples, Spread, thousands},
};

const MOST_PER_SECOND: usize = 20_000;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long each run is measured
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How long each run is let go before that
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// That send orders
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// That sign in, half of them with the right password; as many as the two queues for hashing take, or fewer
    #[arg(long, default_value_t = 48)]
    people: usize,
    /// Strangers in the crowd that is larger than the queue
    #[arg(long, default_value_t = 256)]
    crowd: usize,
}

/// What the rounds take turns with.
struct Contender {
    name: &'static str,
    connections: usize,
    crowd: Crowd,
    runs: Vec<Run>,
}

struct Run {
    acks: f64,
    ack_p50_ms: f64,
    ack_p99_ms: f64,
    /// Per second, by what the server counted.
    right: f64,
    wrong: f64,
    to_wait: f64,
    right_p50_ms: f64,
    right_p99_ms: f64,
    cores: f64,
    broken: usize,
}

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench sign-ins --seconds {} --warm-up {} --rounds {} --connections {} --people {} --crowd {}",
            options.seconds,
            options.warm_up,
            options.rounds,
            options.connections,
            options.people,
            options.crowd
        ),
    )?;
    let people = Crowd {
        known: options.people / 2,
        strangers: options.people - options.people / 2,
    };
    let crowd = Crowd {
        known: people.known,
        strangers: options.crowd,
    };
    let contender = |name, connections, crowd| Contender {
        name,
        connections,
        crowd,
        runs: Vec::new(),
    };
    let mut contenders = [
        contender("intake alone", options.connections, Crowd::default()),
        contender("with people", options.connections, people),
        contender("with a crowd", options.connections, crowd),
        contender("people alone", 0, people),
    ];
    for round in 0..options.rounds {
        // who goes first changes, in case the next one finds a more tired machine
        let order: Vec<usize> = match round % 2 {
            0 => (0..contenders.len()).collect(),
            _ => (0..contenders.len()).rev().collect(),
        };
        for index in order {
            let contender = &mut contenders[index];
            eprint!(
                "round {} of {}, {}: ",
                round + 1,
                options.rounds,
                contender.name
            );
            let run = run(setting, options, contender.connections, contender.crowd).await?;
            eprintln!(
                "{} acks/s, p99 {:.1} ms; {:.1} right, {:.1} wrong and {:.1} to wait a second",
                thousands(run.acks, 0),
                run.ack_p99_ms,
                run.right,
                run.wrong,
                run.to_wait
            );
            contender.runs.push(run);
        }
    }
    tell(&mut report, options, &contenders);
    Ok(report)
}

async fn run(
    setting: &Setting,
    options: &Options,
    connections: usize,
    crowd: Crowd,
) -> Result<Run> {
    let installation = Installation::create(setting)?;
    let demo = installation.demo()?;
    let _sandbox = installation.sandbox().await?;
    let (server, _) = installation.serve().await?;
    let (address, secret) = (installation.server, demo.source_secret.as_bytes());
    let seconds = usize::try_from(options.seconds + options.warm_up).unwrap_or(usize::MAX);
    let count = if connections > 0 {
        MOST_PER_SECOND.saturating_mul(seconds)
    } else {
        0
    };
    let orders = Arc::new(Orders::sign(address, &demo.source_path, secret, count)?);
    let window = Window::after(
        Duration::from_secs(options.warm_up),
        Duration::from_secs(options.seconds),
    );
    let people = People::start(address, &demo, crowd, window).await?;
    let senders = Senders::start(address, &orders, connections, window).await?;
    tokio::time::sleep_until(window.opens.into()).await;
    let before = (server.cpu_us()?, Counted::at(&installation).await?);
    tokio::time::sleep_until(window.closes.into()).await;
    let after = (server.cpu_us()?, Counted::at(&installation).await?);
    server.kill()?;
    let mut ledger = senders.ledger().await?;
    let answers = people.answers().await?;
    if ledger.ran_out {
        return Err(Failure::new(
            "the prepared orders ran out before the window closed",
        ));
    }
    let per_second =
        |count: fn(&Counted) -> f64| (count(&after.1) - count(&before.1)) / window.seconds();
    let Answers {
        mut right, broken, ..
    } = answers;
    let quantile = |samples: &mut Samples, share| match samples.count() {
        0 => f64::NAN,
        _ => samples.quantile_ms(share),
    };
    Ok(Run {
        acks: ledger.waits.count() as f64 / window.seconds(),
        ack_p50_ms: quantile(&mut ledger.waits, 0.5),
        ack_p99_ms: quantile(&mut ledger.waits, 0.99),
        right: per_second(|counted| counted.right),
        wrong: per_second(|counted| counted.wrong),
        to_wait: per_second(|counted| counted.to_wait),
        right_p50_ms: quantile(&mut right, 0.5),
        right_p99_ms: quantile(&mut right, 0.99),
        cores: (after.0 - before.0) as f64 / 1e6 / window.seconds(),
        broken: broken + ledger.broken + ledger.refused,
    })
}

/// What the server counted since its start.
struct Counted {
    right: f64,
    wrong: f64,
    to_wait: f64,
}

impl Counted {
    async fn at(installation: &Installation<'_>) -> Result<Self> {
        let answer = http::get(installation.server, "/metrics", "").await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let count = |outcome: &str| {
            let name = format!("meshline_sign_ins_total{{outcome=\"{outcome}\"}} ");
            text.lines()
                .find_map(|line| line.strip_prefix(&name)?.parse().ok())
                .unwrap_or(0.0)
        };
        Ok(Self {
            right: count("right"),
            wrong: count("wrong"),
            to_wait: count("too_many"),
        })
    }
}

fn tell(report: &mut Report, options: &Options, contenders: &[Contender]) {
    report.say(format!(
        "{} keep-alive connections send orders as under *Intake*. *People* are {} more that sign in over and over by the form of \
         the page, half of them with the right password from an address that is known, the others as strangers, each time at an \
         account that does not exist. The *crowd* has {} strangers who come again at once when they are told to wait. Median \
         of the rounds, least and greatest in brackets. Aim: people slow the intake down by at most 20 %.",
        options.connections, options.people, options.crowd
    ));
    let mut table = Table::new(&[
        "who",
        "durable acks/s",
        "ack p50 ms",
        "ack p99 ms",
        "slower by",
        "right/s",
        "wrong/s",
        "told to wait/s",
        "right p50 ms",
        "right p99 ms",
        "cores used",
    ]);
    for contender in contenders {
        let of = |value: fn(&Run) -> f64, decimals| {
            let spread = Spread::of(contender.runs.iter().map(value));
            match spread.median.is_finite() {
                true => spread.text(decimals),
                false => String::new(),
            }
        };
        // each beside the one that stands alone in its own round
        let slower = Spread::of(
            contender
                .runs
                .iter()
                .zip(&contenders[0].runs)
                .map(|(run, alone)| (1.0 - run.acks / alone.acks) * 100.0),
        );
        let is_beside = contender.connections > 0 && contender.crowd.strangers > 0;
        table.row([
            contender.name.to_owned(),
            of(|run| run.acks, 0),
            of(|run| run.ack_p50_ms, 2),
            of(|run| run.ack_p99_ms, 2),
            if is_beside {
                format!("{} %", slower.text(1))
            } else {
                String::new()
            },
            of(|run| run.right, 1),
            of(|run| run.wrong, 1),
            of(|run| run.to_wait, 1),
            of(|run| run.right_p50_ms, 0),
            of(|run| run.right_p99_ms, 0),
            of(|run| run.cores, 2),
        ]);
    }
    report.show(table);
    let broken: usize = contenders
        .iter()
        .flat_map(|contender| &contender.runs)
        .map(|run| run.broken)
        .sum();
    if broken > 0 {
        report.say(format!(
            "{broken} deliveries or connections broke or were refused before the server was stopped."
        ));
    }
}
