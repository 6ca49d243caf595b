//! On what the numbers were made. A number without this says nothing.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
};

use crate::{
    clock,
    failure::{Result, Trying},
    installation::Setting,
    samples::Samples,
};

const SYNCS: usize = 400;
const SYNC_BYTES: usize = 4096;

/// As lines of `name: value`.
pub fn describe(setting: &Setting) -> Result<Vec<(String, String)>> {
    let mut syncs = sync_times(&setting.folder)?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let line = |name: &str, value: String| (name.to_owned(), value);
    Ok(vec![
        line("Date", now()),
        line("Commit", commit()),
        line(
            "Machine",
            format!("{}, {} cores, Linux {}", processor(), cores(), kernel()),
        ),
        line("Cores", setting.cores.words()),
        line(
            "Disk",
            format!(
                "append of 4 KiB and fdatasync: p50 {:.0} µs, p99 {:.0} µs",
                syncs.quantile_ms(0.5) * 1000.0,
                syncs.quantile_ms(0.99) * 1000.0
            ),
        ),
        line(
            "Load before",
            load.split(' ').next().unwrap_or("unknown").to_owned(),
        ),
    ])
}

fn now() -> String {
    jiff::Timestamp::from_millisecond(clock::wall_ms())
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=10", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}, with changes"),
    }
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or_else(
            || std::env::consts::ARCH.to_owned(),
            |(_, name)| name.trim().to_owned(),
        )
}

fn cores() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .filter(|line| line.starts_with("processor"))
        .count()
        .to_string()
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// What the disk below the databases asks for a promise.
fn sync_times(folder: &Path) -> Result<Samples> {
    let path = folder.join("sync");
    let mut file = File::create(&path).trying(format!("write {}", path.display()))?;
    let mut samples = Samples::default();
    for _ in 0..SYNCS {
        let asked = clock::now();
        file.write_all(&[7; SYNC_BYTES])
            .and_then(|()| file.sync_data())
            .trying("sync a file")?;
        samples.add(asked.elapsed().as_micros());
    }
    fs::remove_file(&path).trying("remove a file")?;
    Ok(samples)
}
