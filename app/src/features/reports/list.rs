//! The reports there are, each with what it says today.

use std::sync::Arc;

use domain::access::Noun;
use engine::{Coordination, Integration, Result, Stalls};
use leptos::prelude::*;

use crate::{
    ui::{time::duration_text, *},
    web::{Page, Visit, page},
};

struct Model {
    coordination: Coordination,
    stalls: Stalls,
    /// Only for whoever may see the connections.
    integrations: Option<Vec<Integration>>,
}

#[component]
pub fn ReportsPage() -> impl IntoView {
    page("reports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let integrations = match at.ctx.reads(Noun::Connection) {
        true => Some(at.engine().integrations(&at.ctx).await?),
        false => None,
    };
    Ok(Model {
        coordination: at.engine().coordination(&at.ctx).await?,
        stalls: at.engine().stalls(&at.ctx, &[]).await?,
        integrations,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let minutes: i64 = super::debt::minutes(&model.coordination);
    let hands = match minutes {
        0 => "No hand-off is marked as made by hand".to_owned(),
        minutes => format!("{} of hand-offs a month", duration_text(minutes * 60_000)),
    };
    let stalled = match model.stalls.candidates.len() {
        0 => "No order stalled in the last 30 days".to_owned(),
        1 => "1 order stalled in the last 30 days".to_owned(),
        n => format!("{n} orders stalled in the last 30 days"),
    };
    let title = match (minutes, model.stalls.candidates.len()) {
        (0, 0) => "Nothing stalls, and no hand-off is marked as manual".to_owned(),
        (0, _) => stalled.clone(),
        _ => hands.clone(),
    };
    let lines = model.integrations.map(|lines| {
        let href = at.path("reports/integrations");
        let sub = format!("{} things that systems say to each other", lines.len());
        view! { <Row title="Integrations" sub href/> }
    });
    let (debt, stalls) = (at.path("reports/coordination"), at.path("reports/stalls"));
    Page::new(
        title.clone(),
        vec![Crumb::here("Reports")],
        view! {
            <PageHead title sub="Read off what is configured, and what happened.".into_any()/>
            <Card title="Reports">
                <Row title="Coordination debt" sub=hands href=debt/>
                <Row title="The last stalls" sub=stalled href=stalls/>
                {lines}
            </Card>
        },
    )
}
