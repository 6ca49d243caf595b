//! A campaign brief: the one place that says what a campaign is.
//!
//! Somebody writes it as a draft and changes it as often as they like; each change is a version, and versions
//! never change. Marked *ready*, its newest version becomes the campaign that exports are about, and the flow
//! that campaigns trigger starts. Where the goods are not enough it is *paused*, and supply chain has a task;
//! when there are enough again, whoever approves is asked anew. It is *live* when its activation was executed,
//! until what it did was taken back; then it has *ended*, and at once where its window is over before it was live.
//!
//! Its state is read off its run and exports, so it says the same as they do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Time,
    export::{Export, ExportState},
    flow::{Campaign, Run, RunState},
    owner::Owner,
};

macro_rules! states {
    ($($(#[$doc:meta])* $variant:ident => $text:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum BriefState { $($(#[$doc])* $variant),+ }

        impl BriefState {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

states! {
    /// Somebody writes it.
    Draft => "draft",
    /// Its flow runs: people are asked, or what was approved is on its way.
    Ready => "ready",
    /// There are not enough goods.
    Paused => "paused",
    /// The offer stands: its activation was executed.
    Live => "live",
    /// Its window is over, or it was taken back.
    Ended => "ended",
    /// Somebody took it back before it was live.
    Withdrawn => "withdrawn",
    /// Its flow did not get through.
    Failed => "failed",
}

impl BriefState {
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Withdrawn | Self::Failed)
    }

    /// Whether a new version may still be written.
    pub const fn may_change(self) -> bool {
        matches!(self, Self::Draft | Self::Ready | Self::Paused)
    }
}

impl fmt::Display for BriefState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BriefState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not the state of a brief"))
    }
}

/// What a brief says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub title: String,
    /// As the customer reads it.
    pub offer: String,
    /// The small print of the offer.
    #[serde(default)]
    pub terms: String,
    pub discount_percent: i64,
    pub skus: Vec<String>,
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Who answers for the keywords.
    #[serde(default)]
    pub keywords_owner: Option<Owner>,
    #[serde(default)]
    pub creative_ids: Vec<String>,
    /// The first one is the page that opens.
    pub landing_urls: Vec<String>,
    pub starts_at: Time,
    pub ends_at: Time,
    /// Why now; for those who approve.
    #[serde(default)]
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// The merchant's own handle; travels in everything that is sent about it.
    pub campaign_id: String,
    /// The flow that starts when it is ready.
    pub flow_key: String,
    pub state: BriefState,
    /// Of the newest version.
    pub version: i64,
    pub content: Content,
    pub created_by: Uuid,
    pub created_at: Time,
    pub updated_at: Time,
    /// Which version the exports are about.
    pub ready_version: Option<i64>,
    /// Why it is where it is, in a sentence.
    #[serde(default)]
    pub because: Option<String>,
    pub rev: i64,
}

/// One version, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BriefVersion {
    pub merchant_id: Uuid,
    pub brief_id: Uuid,
    pub version: i64,
    pub content: Content,
    pub by: Uuid,
    pub at: Time,
}

impl Brief {
    /// What exports are about: the newest version. `wrote` is who wrote each version up to it, in order; all of them
    /// are its authors.
    pub fn campaign(&self, wrote: &[Uuid]) -> Campaign {
        let author = wrote.last().copied().unwrap_or(self.created_by);
        let mut also_by: Vec<Uuid> = wrote.to_vec();
        also_by.retain(|by| *by != author);
        also_by.sort();
        also_by.dedup();
        let content = self.content.clone();
        Campaign {
            id: self.id,
            merchant_id: self.merchant_id,
            campaign_id: self.campaign_id.clone(),
            title: content.title,
            offer: content.offer,
            terms: content.terms,
            discount_percent: content.discount_percent,
            skus: content.skus,
            keywords: content.keywords,
            keywords_owner: content.keywords_owner,
            creative_ids: content.creative_ids,
            landing_url: content.landing_urls.first().cloned().unwrap_or_default(),
            landing_urls: content.landing_urls,
            starts_at: content.starts_at,
            ends_at: content.ends_at,
            note: content.note,
            version: self.version,
            created_by: author,
            also_by,
            created_at: self.created_at,
        }
    }
}

/// The code with which a destination, and our own check, says that there are not enough goods.
pub const TOO_LITTLE: &str = "insufficient_inventory";

/// Where a brief is by its run and that run's exports, and why. `before`: where it was until now.
///
/// A run that is through, or is taken back, says nothing of the offer by itself: it may never have been made.
pub fn standing(run: &Run, exports: &[Export], before: BriefState) -> (BriefState, Option<String>) {
    let current = || exports.iter().filter(|one| one.superseded_by.is_none());
    let activations = || current().filter(|one| is_activation(one));
    let live = activations().any(|one| one.state == ExportState::Completed);
    let why = || run.outcome.clone();
    match run.state {
        RunState::Completed if run.recalled => return (BriefState::Ended, why()),
        RunState::Undoing if run.recalled && (live || before == BriefState::Live) => {
            return (BriefState::Live, why());
        }
        // nothing of it was ever to be seen: what is still taken back is what was prepared
        RunState::Undoing if run.recalled => return (BriefState::Ended, why()),
        RunState::Completed if activations().next().is_none() || activations().any(arrived) => {
            return (BriefState::Live, None);
        }
        RunState::Failed => return (BriefState::Failed, why()),
        // stopping its run takes no offer back: the end of its window does
        RunState::Cancelled if live || before == BriefState::Live => {
            return (BriefState::Live, why());
        }
        RunState::Cancelled => return (BriefState::Withdrawn, why()),
        _ => {}
    }
    let short = current().find_map(|export| match export.state {
        ExportState::Quarantined => export
            .qa
            .iter()
            .find(|one| one.check == "stock_at_least" && !one.faults.is_empty())
            .map(|one| one.detail.clone().unwrap_or_default()),
        ExportState::Rejected if export.ack.exception_code.as_deref() == Some(TOO_LITTLE) => {
            Some("the destination has not enough".to_owned())
        }
        _ => None,
    });
    if let Some(short) = short {
        return (
            BriefState::Paused,
            Some(format!("There is not enough stock: {short}")),
        );
    }
    match (live, run.state) {
        (true, _) => (BriefState::Live, None),
        (false, RunState::Completed) => (
            BriefState::Ready,
            Some("Its flow is through, and no activation of it stands".to_owned()),
        ),
        (false, _) => (BriefState::Ready, None),
    }
}

/// What makes the offer stand.
fn is_activation(export: &Export) -> bool {
    matches!(
        export.export_type.as_str(),
        "live_publish" | "promo_activation"
    )
}

/// Its destination has it, and has not said no: as much as a step may wait for.
fn arrived(export: &Export) -> bool {
    matches!(
        export.state,
        ExportState::Delivered | ExportState::Acknowledged | ExportState::Completed
    )
}
