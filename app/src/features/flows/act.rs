//! What the forms of this feature do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of the brief is one argument of its server function"
)]

use engine::{CampaignInput, Result as Outcome, port::ListFilter};
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id};

/// The export of a run that just started is among the newest.
const NEWEST: i64 = 20;

#[server(prefix = "/ui", endpoint = "campaign/start")]
pub async fn start_campaign(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] campaign_id: String,
    #[server(default)] title: String,
    #[server(default)] offer: String,
    #[server(default)] discount_percent: String,
    #[server(default)] skus: String,
    #[server(default)] landing_url: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    Posted::new("brief", merchant, back)
        .keep("campaign_id", &campaign_id)
        .keep("title", &title)
        .keep("offer", &offer)
        .keep("discount_percent", &discount_percent)
        .keep("skus", &skus)
        .keep("landing_url", &landing_url)
        .keep("starts_at", &starts_at)
        .keep("ends_at", &ends_at)
        .keep("note", &note)
        .run(|engine, ctx| async move {
            let flow = engine.flow(&ctx, id(&flow, "flow")?).await?;
            let input = CampaignInput {
                campaign_id,
                title,
                offer,
                discount_percent,
                skus,
                landing_url,
                starts_at,
                ends_at,
                note,
            };
            let run = engine.start_campaign(&ctx, &flow.key, input).await?;
            let slug = &ctx.merchant().slug;
            let newest = ListFilter {
                limit: NEWEST,
                ..ListFilter::default()
            };
            let made: Outcome<_> = engine.exports(&ctx, &newest).await;
            let export = made?.into_iter().find(|export| export.run_id == run.id);
            let path = match export {
                Some(export) => format!("/m/{slug}/exports/{}", export.id),
                None => format!("/m/{slug}/flows/{}", flow.id),
            };
            Ok(Done::to(
                &path,
                "The brief is in. Nothing goes live before everybody who is asked has approved it.",
            ))
        })
        .await
}
