//! Campaign briefs.

use domain::brief::{Brief, BriefState, BriefVersion, Content};
use engine::BriefChain;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ExportView, SkuView, words::At};

/// What a brief says.
#[derive(Serialize, ToSchema)]
#[schema(as = BriefContentShown)]
pub struct ContentView {
    title: String,
    offer: String,
    terms: String,
    discount_percent: i64,
    skus: Vec<String>,
    keywords: Vec<String>,
    #[schema(example = "agency:marketing_ops")]
    keywords_owner: Option<String>,
    creative_ids: Vec<String>,
    landing_urls: Vec<String>,
    starts_at: At,
    ends_at: At,
    note: String,
}

impl From<&Content> for ContentView {
    fn from(content: &Content) -> Self {
        let one = content.clone();
        Self {
            title: one.title,
            offer: one.offer,
            terms: one.terms,
            discount_percent: one.discount_percent,
            skus: one.skus,
            keywords: one.keywords,
            keywords_owner: one.keywords_owner.map(|owner| owner.to_string()),
            creative_ids: one.creative_ids,
            landing_urls: one.landing_urls,
            starts_at: one.starts_at.into(),
            ends_at: one.ends_at.into(),
            note: one.note,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Brief)]
pub struct BriefView {
    id: Uuid,
    #[schema(example = "winter-kit-26")]
    campaign_id: String,
    /// Key of the flow that starts when it is ready.
    flow: String,
    /// draft, ready, paused, live, ended, withdrawn or failed.
    #[schema(example = "paused")]
    state: &'static str,
    /// Why it is where it is.
    because: Option<String>,
    version: i64,
    /// The version that exports are about; null before it is ready.
    ready_version: Option<i64>,
    content: ContentView,
    created_by: Uuid,
    created_at: At,
    updated_at: At,
}

impl From<&Brief> for BriefView {
    fn from(brief: &Brief) -> Self {
        Self {
            id: brief.id,
            campaign_id: brief.campaign_id.clone(),
            flow: brief.flow_key.clone(),
            state: BriefState::as_str(brief.state),
            because: brief.because.clone(),
            version: brief.version,
            ready_version: brief.ready_version,
            content: (&brief.content).into(),
            created_by: brief.created_by,
            created_at: brief.created_at.into(),
            updated_at: brief.updated_at.into(),
        }
    }
}

/// One version, as it was written.
#[derive(Serialize, ToSchema)]
#[schema(as = BriefVersion)]
pub struct VersionView {
    version: i64,
    content: ContentView,
    by: Uuid,
    at: At,
}

impl From<&BriefVersion> for VersionView {
    fn from(version: &BriefVersion) -> Self {
        Self {
            version: version.version,
            content: (&version.content).into(),
            by: version.by,
            at: version.at.into(),
        }
    }
}

/// A brief with what hangs on it.
#[derive(Serialize, ToSchema)]
pub struct BriefDetail {
    #[serde(flatten)]
    brief: BriefView,
    /// Oldest first.
    versions: Vec<VersionView>,
    run_id: Option<Uuid>,
    exports: Vec<ExportView>,
    /// What is known of its goods.
    goods: Vec<SkuView>,
}

impl From<&BriefChain> for BriefDetail {
    fn from(one: &BriefChain) -> Self {
        let chain = one.chain.as_ref();
        Self {
            brief: (&one.brief).into(),
            versions: one.versions.iter().map(Into::into).collect(),
            run_id: chain
                .and_then(|chain| chain.runs.last())
                .map(|run| run.run.id),
            exports: chain
                .into_iter()
                .flat_map(|chain| chain.exports())
                .map(|part| (&part.export).into())
                .collect(),
            goods: one.goods.values().map(Into::into).collect(),
        }
    }
}
