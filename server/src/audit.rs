//! `meshline audit`: the proof, checked or taken out.

use std::{
    fs::File,
    io::{self, BufReader},
    path::PathBuf,
};

use clap::Subcommand;
use domain::audit::{ChainFault, Head, verify_export, write_export};

use crate::{
    compose::{self, ComposeError},
    config::Settings,
};

#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// Checks an exported audit trail, or without a file every merchant's trail in the database
    Verify {
        /// JSON lines, as `meshline audit export` writes them
        file: Option<PathBuf>,
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
    #[error("{subject}: NOT intact. {fault}")]
    Broken { subject: String, fault: ChainFault },
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

/// Needs no settings, and nothing but the file.
pub fn verify_file(path: PathBuf) -> Result<(), AuditError> {
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(why) => return Err(AuditError::File { path, why }),
    };
    let subject = path.display().to_string();
    match verify_export(BufReader::new(file)) {
        Ok(head) => println!("{}", intact(&subject, head)),
        Err(fault) => return Err(AuditError::Broken { subject, fault }),
    }
    Ok(())
}

pub async fn verify_database(settings: &Settings) -> Result<(), AuditError> {
    let installation = compose::open_to_look(settings, None).await?;
    let engine = &installation.engine;
    let merchants = engine.store().reads().await?.all_merchants().await?;
    let mut broken = 0;
    for merchant in merchants {
        match engine.verify_trail(merchant.id).await? {
            Ok(head) => println!("{}", intact(&merchant.slug, head)),
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
    let (entries, head) = engine.export_trail(&ctx).await?;
    let head = head.unwrap_or(Head::genesis(merchant.id));
    write_export(io::BufWriter::new(io::stdout().lock()), entries, head)?;
    installation.close().await;
    Ok(())
}

fn intact(subject: &str, head: Head) -> String {
    let noun = if head.seq == 1 { "entry" } else { "entries" };
    format!(
        "{subject}: intact, {} {noun}, ends in {}",
        head.seq, head.hash
    )
}
