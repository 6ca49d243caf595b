//! `start`: how long until it is ready, on an empty folder and later on, and how much memory it holds when nobody comes.

use std::time::Duration;

use clap::Args;

use crate::{
    failure::Result,
    installation::{Installation, Setting},
    report::{Report, Table},
    samples::Spread,
};

#[derive(Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long it is left alone before its memory is looked at
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    idle: u64,
}

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench start --rounds {} --idle {}",
            options.rounds, options.idle
        ),
    )?;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let (mut idle, mut used_us) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        let installation = Installation::create(setting)?;
        let (server, ready) = installation.serve().await?;
        first.push(ready.as_secs_f64() * 1000.0);
        server.stop().await?;
        installation.demo()?;

        let (server, ready) = installation.serve().await?;
        second.push(ready.as_secs_f64() * 1000.0);
        let before = server.cpu_us()?;
        tokio::time::sleep(Duration::from_secs(options.idle)).await;
        used_us.push((server.cpu_us()? - before) as f64 / options.idle as f64 / 1000.0);
        idle.push(server.memory_kib("VmRSS")? as f64 / 1024.0);
        server.stop().await?;
    }
    let mut table = Table::new(&["what", "median (least–greatest)", "aim"]);
    let mut row = |what: &str, values: Vec<f64>, decimals, aim: &str| {
        table.row([
            what.to_owned(),
            Spread::of(values).text(decimals),
            aim.to_owned(),
        ]);
    };
    row("first start on an empty folder → ready, ms", first, 0, "");
    row("start with the demo's data → ready, ms", second, 0, "");
    row("memory when idle, MiB", idle, 1, "≤ 64");
    row("processor time when idle, ms per second", used_us, 1, "");
    report.show(table);
    Ok(report)
}
