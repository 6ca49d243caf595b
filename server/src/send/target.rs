//! Where to send, and with which secret: given outright, or read from the demo's description.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SendArgs;

const DEMO_FILE: &str = ".meshline/demo.json";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    pub secret: String,
}

#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error(
        "there is no {DEMO_FILE} here: give --url and --secret, or --from-demo FILE with what `meshline demo --json` printed"
    )]
    Nowhere,
    #[error("{path} cannot be read: {why}")]
    File { path: PathBuf, why: std::io::Error },
    #[error("{path} is not what `meshline demo --json` prints: {why}")]
    Format {
        path: PathBuf,
        why: serde_json::Error,
    },
    #[error("the demo has no {system} source for {merchant}; it has: {known}")]
    Unknown {
        system: &'static str,
        merchant: String,
        known: String,
    },
}

/// The part of the demo's description that matters here.
#[derive(Deserialize)]
struct Demo {
    sources: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    merchant: String,
    system: String,
    url_path: String,
    secret: String,
}

impl Target {
    pub fn find(args: &SendArgs) -> Result<Self, TargetError> {
        if let (Some(url), Some(secret)) = (&args.url, &args.secret) {
            return Ok(Self {
                url: url.clone(),
                secret: secret.clone(),
            });
        }
        let named = args.from_demo.as_deref();
        let path = named.unwrap_or(Path::new(DEMO_FILE));
        if named.is_none() && !path.exists() {
            return Err(TargetError::Nowhere);
        }
        let text = std::fs::read(path).map_err(|why| TargetError::File {
            path: path.to_owned(),
            why,
        })?;
        let demo: Demo = serde_json::from_slice(&text).map_err(|why| TargetError::Format {
            path: path.to_owned(),
            why,
        })?;
        demo.pick(args)
    }
}

impl Demo {
    fn pick(&self, args: &SendArgs) -> Result<Target, TargetError> {
        let system = args.system.name();
        let wanted = args.merchant.as_deref();
        let fits = |source: &&Source| {
            source.system == system && wanted.is_none_or(|slug| slug == source.merchant)
        };
        let source = self.sources.iter().find(fits).ok_or_else(|| {
            let known = self
                .sources
                .iter()
                .map(|s| format!("{} ({})", s.merchant, s.system));
            TargetError::Unknown {
                system,
                merchant: wanted.unwrap_or("any merchant").to_owned(),
                known: known.collect::<Vec<_>>().join(", "),
            }
        })?;
        let base = args.base.trim_end_matches('/');
        Ok(Target {
            url: format!("{base}{}", source.url_path),
            // somebody may be trying out a wrong or an old secret
            secret: args.secret.clone().unwrap_or_else(|| source.secret.clone()),
        })
    }
}
