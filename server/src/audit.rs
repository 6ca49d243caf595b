//! `meshline audit`: the proof, checked or taken out.

use std::{
    fs::{self, File},
    io::{self, BufReader, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use domain::audit::{
    file::{self, Given, Refusal, Report, grouped},
    note::{BadKey, Distrust, Verifier},
};
use engine::TrailProof;

use crate::{
    compose::{self, ComposeError},
    config::Settings,
};

/// How it ends, so that a program can tell.
const CODES: &str = "Ends with 0 when everything holds; 1 when it could not be checked (a file that cannot be read, \
no checkpoint, no key); 3 when the trail does not hold (an entry altered, removed, inserted or moved, or the trail \
rewritten); 4 when entries are missing at the end; 5 when a checkpoint is not to be believed (forged, signed with \
another key, or of another trail).";

#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Checks an exported audit trail, or without a file every merchant's trail in the database
    #[command(after_help = CODES)]
    Verify {
        /// JSON lines, as `meshline audit export` and the audit page write them
        file: Option<PathBuf>,
        /// A checkpoint that was kept elsewhere: a file with the signed note. May be given several times
        #[arg(
            long = "checkpoint",
            value_name = "FILE",
            requires = "file",
            requires = "keys"
        )]
        checkpoints: Vec<PathBuf>,
        /// The public key, as the audit page shows it, or a file with it. May be given several times, for keys
        /// that were replaced
        #[arg(
            long = "key",
            value_name = "PUBLIC_KEY",
            id = "keys",
            requires = "file"
        )]
        keys: Vec<String>,
    },
    /// Writes a merchant's audit trail to standard output, as JSON lines that end in a checkpoint
    Export {
        /// The merchant's slug
        #[arg(long, value_name = "SLUG")]
        merchant: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("{path} cannot be read: {why}")]
    File { path: PathBuf, why: io::Error },
    #[error(transparent)]
    Key(#[from] BadKey),
    #[error("{path}: {why}")]
    NoCheckpoint { path: PathBuf, why: Distrust },
    #[error("{0} of the trails are NOT intact")]
    SomeBroken(usize),
    #[error("there is no merchant {0:?} in this database")]
    NoMerchant(String),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error("the trail could not be written: {0}")]
    Write(#[from] io::Error),
}

fn read(path: &Path) -> Result<String, AuditError> {
    fs::read_to_string(path).map_err(|why| AuditError::File {
        path: path.to_owned(),
        why,
    })
}

/// A key, or a file with keys, one a line.
fn keys(given: &[String]) -> Result<Vec<Verifier>, AuditError> {
    let mut keys = Vec::new();
    for one in given {
        if one.contains('+') {
            keys.push(one.parse()?);
            continue;
        }
        for line in read(Path::new(one))?.lines() {
            if !line.trim().is_empty() {
                keys.push(line.parse()?);
            }
        }
    }
    Ok(keys)
}

/// Copied out of a mail a note may have other line ends, and none behind the last line, or several.
fn checkpoint(path: &Path) -> Result<Given, AuditError> {
    let text = read(path)?.replace("\r\n", "\n");
    let note = format!("{}\n", text.trim_end());
    Ok(Given {
        name: path.display().to_string(),
        note: note.parse().map_err(|why| AuditError::NoCheckpoint {
            path: path.to_owned(),
            why,
        })?,
    })
}

/// Needs no settings, and nothing but the files.
pub fn verify_file(
    path: PathBuf,
    checkpoints: &[PathBuf],
    given: &[String],
) -> Result<ExitCode, AuditError> {
    let keys = keys(given)?;
    let notes = checkpoints
        .iter()
        .map(|path| checkpoint(path))
        .collect::<Result<Vec<_>, _>>()?;
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(why) => return Err(AuditError::File { path, why }),
    };
    let subject = path.display();
    match file::verify(BufReader::with_capacity(1 << 20, file), &notes, &keys) {
        Ok(report) => {
            println!("{}", holds(&subject.to_string(), &report, &keys));
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            eprintln!("meshline: {subject}: {}. {refusal}", verdict(&refusal));
            Ok(ExitCode::from(code(&refusal)))
        }
    }
}

fn verdict(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NothingSigned => "NOT checked",
        Refusal::Distrust { .. } | Refusal::OtherTrail { .. } => "NOT proved",
        Refusal::Short { .. } => "NOT complete",
        Refusal::Chain { .. } | Refusal::Signature { .. } | Refusal::Rewritten { .. } => {
            "NOT intact"
        }
    }
}

fn code(refusal: &Refusal) -> u8 {
    match refusal {
        Refusal::NothingSigned => 1,
        Refusal::Chain { .. } | Refusal::Signature { .. } | Refusal::Rewritten { .. } => 3,
        Refusal::Short { .. } => 4,
        Refusal::Distrust { .. } | Refusal::OtherTrail { .. } => 5,
    }
}

fn entries(n: u64) -> String {
    let noun = if n == 1 { "entry" } else { "entries" };
    format!("{} {noun}", grouped(n))
}

fn holds(subject: &str, report: &Report, keys: &[Verifier]) -> String {
    let seq = report.head.seq.unsigned_abs();
    let mut lines = vec![format!(
        "{subject}: intact, {}, ends in {}",
        entries(seq),
        report.head.hash
    )];
    for (name, size) in &report.vouched {
        lines.push(format!("{name}: vouches for the first {}", entries(*size)));
    }
    if report.signed_entries > 0 {
        let noun = if report.signing_keys == 1 {
            "key"
        } else {
            "keys"
        };
        lines.push(format!(
            "{} signed by persons, with {} {noun}: every signature holds",
            entries(report.signed_entries),
            report.signing_keys
        ));
    }
    if keys.is_empty() {
        lines.push(if report.is_signed {
            "The checkpoint at its end is signed, and that was not checked: give the public key with --key.".to_owned()
        } else {
            "Nothing signed was checked: a trail rewritten as a whole, or cut off and ended anew, would look the same."
                .to_owned()
        });
    }
    lines.join("\n")
}

pub async fn verify_database(settings: &Settings) -> Result<(), AuditError> {
    let installation = compose::open_to_look(settings, None).await?;
    let engine = &installation.engine;
    let merchants = engine.store().reads().await?.all_merchants().await?;
    let mut broken = 0;
    for merchant in merchants {
        match engine.verify_trail(merchant.id).await? {
            Ok(proof) => println!("{}", intact(&merchant.slug, &proof)),
            Err(fault) => {
                broken += 1;
                println!("{}: NOT intact. {fault}", merchant.slug);
            }
        }
    }
    installation.close().await;
    if broken == 0 {
        Ok(())
    } else {
        Err(AuditError::SomeBroken(broken))
    }
}

pub async fn export(settings: &Settings, slug: String) -> Result<(), AuditError> {
    let installation = compose::open_to_look(settings, None).await?;
    let engine = &installation.engine;
    let merchant = engine
        .store()
        .reads()
        .await?
        .merchant_by_slug(&slug)
        .await?;
    let merchant = merchant.ok_or(AuditError::NoMerchant(slug))?;
    let ctx = engine.enter_as_system(merchant.id).await?;
    let export = engine.trail_so_far(&ctx).await?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut after = 0;
    loop {
        let page = engine.trail_page(&ctx, after, export.head.seq).await?;
        for entry in &page {
            file::write_entry(&mut out, entry)?;
        }
        match page.last() {
            Some(last) => after = last.seq,
            None => break,
        }
    }
    file::write_end(&mut out, export.head, export.note.as_deref())?;
    out.flush()?;
    drop(out);
    installation.close().await;
    Ok(())
}

fn intact(subject: &str, proof: &TrailProof) -> String {
    let seq = proof.head.seq.unsigned_abs();
    let vouched = match proof.checkpoints {
        0 => "no checkpoint yet".to_owned(),
        1 => format!("1 checkpoint vouches for the first {}", proof.vouched),
        n => format!("{n} checkpoints vouch for the first {}", proof.vouched),
    };
    format!(
        "{subject}: intact, {}, ends in {}; {vouched}",
        entries(seq),
        proof.head.hash
    )
}
