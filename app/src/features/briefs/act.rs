//! What the forms of this feature do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of the brief is one argument of its server function"
)]

use engine::BriefInput;
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id};

#[server(prefix = "/ui", endpoint = "brief/write")]
pub async fn write_brief(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] campaign_id: String,
    #[server(default)] title: String,
    #[server(default)] offer: String,
    #[server(default)] terms: String,
    #[server(default)] discount_percent: String,
    #[server(default)] skus: String,
    #[server(default)] keywords: String,
    #[server(default)] keywords_owner: String,
    #[server(default)] creative_ids: String,
    #[server(default)] landing_url: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    let input = BriefInput {
        campaign_id,
        flow,
        title,
        offer,
        terms,
        discount_percent,
        skus,
        keywords,
        keywords_owner,
        creative_ids,
        landing_urls: landing_url,
        starts_at,
        ends_at,
        note,
    };
    kept(Posted::new("brief", merchant, back), &input)
        .keep("campaign_id", &input.campaign_id)
        .keep("flow", &input.flow)
        .run(|engine, ctx| async move {
            let brief = engine.write_brief(&ctx, input).await?;
            let path = format!("/m/{}/briefs/{}", ctx.merchant().slug, brief.id);
            Ok(Done::to(
                &path,
                "The draft is there. Nobody is asked before it is marked ready.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "brief/revise")]
pub async fn revise_brief(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] brief: String,
    #[server(default)] seen_version: String,
    #[server(default)] title: String,
    #[server(default)] offer: String,
    #[server(default)] terms: String,
    #[server(default)] discount_percent: String,
    #[server(default)] skus: String,
    #[server(default)] keywords: String,
    #[server(default)] keywords_owner: String,
    #[server(default)] creative_ids: String,
    #[server(default)] landing_url: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    let input = BriefInput {
        title,
        offer,
        terms,
        discount_percent,
        skus,
        keywords,
        keywords_owner,
        creative_ids,
        landing_urls: landing_url,
        starts_at,
        ends_at,
        note,
        ..BriefInput::default()
    };
    kept(Posted::new("brief", merchant, back), &input)
        .run(|engine, ctx| async move {
            let seen = seen_version.parse().unwrap_or(0);
            let brief = engine
                .revise_brief(&ctx, id(&brief, "brief")?, seen, input)
                .await?;
            Ok(Done::back(format!(
                "Version {} is written. Whoever had approved another one is asked anew.",
                brief.version
            )))
        })
        .await
}

/// What was typed stays.
fn kept(posted: Posted, input: &BriefInput) -> Posted {
    posted
        .keep("title", &input.title)
        .keep("offer", &input.offer)
        .keep("terms", &input.terms)
        .keep("discount_percent", &input.discount_percent)
        .keep("skus", &input.skus)
        .keep("keywords", &input.keywords)
        .keep("keywords_owner", &input.keywords_owner)
        .keep("creative_ids", &input.creative_ids)
        .keep("landing_url", &input.landing_urls)
        .keep("starts_at", &input.starts_at)
        .keep("ends_at", &input.ends_at)
        .keep("note", &input.note)
}

#[server(prefix = "/ui", endpoint = "brief/ready")]
pub async fn ready_brief(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] brief: String,
) -> Result<(), Refused> {
    Posted::new("ready", merchant, back)
        .run(|engine, ctx| async move {
            engine.ready_brief(&ctx, id(&brief, "brief")?).await?;
            Ok(Done::back(
                "It is ready. Nothing goes live before everybody who is asked has approved it.",
            ))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "brief/end")]
pub async fn end_brief(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] brief: String,
    #[server(default)] reason: String,
) -> Result<(), Refused> {
    Posted::new("end", merchant, back)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            engine
                .end_brief(&ctx, id(&brief, "brief")?, &reason)
                .await?;
            Ok(Done::back("It is over. What it did is being taken back."))
        })
        .await
}
