//! The versions of a flow, and what is different between any two of them, or a draft and what is live.

use std::{collections::BTreeMap, fmt, str::FromStr};

use domain::{
    access::Noun,
    flow::{
        Draft, Flow, Sheet,
        diff::{Difference, Mark, diff, marks},
    },
};

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
};

/// One side of a comparison: a version, or what is drawn now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Version(i64),
    Draft,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(n) => write!(f, "{n}"),
            Self::Draft => f.write_str("draft"),
        }
    }
}

impl FromStr for Side {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if text == "draft" {
            return Ok(Self::Draft);
        }
        let number = text.strip_prefix('v').unwrap_or(text).parse();
        number
            .map(Self::Version)
            .map_err(|_| Error::not_found("version"))
    }
}

/// Everything there is of one flow.
#[derive(Clone, Debug)]
pub struct FlowHistory {
    pub key: String,
    /// Newest first; none: it was never published.
    pub versions: Vec<Flow>,
    pub sheet: Option<Sheet>,
    pub retired_at: Option<domain::Time>,
}

impl FlowHistory {
    pub fn live(&self) -> Option<&Flow> {
        self.versions.first()
    }

    pub fn name(&self) -> &str {
        let drawn = self.sheet.as_ref().map(|sheet| sheet.draft.name.as_str());
        self.live()
            .map(|flow| flow.name.as_str())
            .or(drawn)
            .unwrap_or_default()
    }

    fn side(&self, side: Side) -> Result<Draft> {
        let found = match side {
            Side::Draft => self.sheet.as_ref().map(|sheet| sheet.draft.clone()),
            Side::Version(n) => self
                .versions
                .iter()
                .find(|flow| flow.version == n)
                .map(Flow::to_draft),
        };
        found.ok_or_else(|| Error::not_found("version"))
    }
}

/// Two versions, and what leads from one to the other.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub history: FlowHistory,
    pub from: (Side, Draft),
    pub to: (Side, Draft),
    pub differences: Vec<Difference>,
    pub marks: BTreeMap<String, Mark>,
}

impl Engine {
    pub async fn flow_history(&self, ctx: &Ctx, key: &str) -> Result<FlowHistory> {
        ctx.read(Noun::Flow)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let history = FlowHistory {
            key: key.to_owned(),
            versions: reads.flow_versions(merchant, key).await?,
            sheet: reads.flow_draft(merchant, key).await?,
            retired_at: reads
                .retired_flows(merchant)
                .await?
                .into_iter()
                .find(|(retired, _)| retired == key)
                .map(|(_, at)| at),
        };
        if history.versions.is_empty() && history.sheet.is_none() {
            return Err(Error::not_found("flow"));
        }
        Ok(history)
    }

    /// What is different. Without sides: the draft and what is live, or the two newest versions.
    pub async fn compare_flow(
        &self,
        ctx: &Ctx,
        key: &str,
        (from, to): (Option<Side>, Option<Side>),
    ) -> Result<Comparison> {
        let history = self.flow_history(ctx, key).await?;
        let newest = history.live().map(|flow| flow.version);
        let to = match (to, &history.sheet, newest) {
            (Some(to), ..) => to,
            (None, Some(_), _) => Side::Draft,
            (None, None, Some(newest)) => Side::Version(newest),
            (None, None, None) => return Err(Error::not_found("version")),
        };
        let from = match (from, to, newest) {
            (Some(from), ..) => from,
            (None, Side::Draft, Some(newest)) => Side::Version(newest),
            (None, Side::Version(n), _) => Side::Version((n - 1).max(1)),
            (None, Side::Draft, None) => Side::Draft,
        };
        let (old, new) = (history.side(from)?, history.side(to)?);
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let differences = diff(&old, &new, &|owner| rules.spoken_name(owner));
        Ok(Comparison {
            marks: marks(&differences),
            history,
            from: (from, old),
            to: (to, new),
            differences,
        })
    }
}
