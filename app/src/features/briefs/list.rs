//! The list of briefs, and the form of a new one.

use std::sync::Arc;

use domain::{
    access::Action,
    brief::{Brief, BriefState},
    flow::Flow,
};
use engine::{Result, port::ListFilter};
use leptos::prelude::*;

use super::{form::new_form, tone};
use crate::{
    ui::*,
    web::{List, Page, Tally, Visit, owner_options, page},
};

struct Model {
    list: List,
    rows: Vec<Brief>,
    next: Option<String>,
    paused: Tally,
    flows: Vec<Arc<Flow>>,
    owners: Vec<(String, String)>,
}

#[component]
pub fn BriefsPage() -> impl IntoView {
    page("briefs", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let list = List::of(&at, "briefs");
    let (engine, ctx) = (at.engine(), &at.ctx);
    let mut rows = engine.briefs(ctx, &list.filter()).await?;
    let next = list.cut(&mut rows, |row| (row.updated_at, row.id));
    let paused = ListFilter {
        state: Some(BriefState::Paused.as_str().to_owned()),
        ..Tally::filter()
    };
    let paused = Tally::of(&engine.briefs(ctx, &paused).await?);
    let flows = engine.campaign_flows(ctx).await?;
    let owners = match ctx.may(Action::Trigger) {
        true => owner_options(&at).await?,
        false => Vec::new(),
    };
    Ok(Model {
        list,
        rows,
        next,
        paused,
        flows,
        owners,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        list,
        rows,
        next,
        paused,
        flows,
        owners,
    } = model;
    let narrowed = list.is_narrowed();
    let title = match (paused.any(), rows.is_empty() && !narrowed) {
        (true, _) => format!(
            "{} for goods",
            paused.counted("campaign waits", "campaigns wait")
        ),
        (false, true) => "No campaign has been briefed yet".to_owned(),
        (false, false) => "No campaign waits for goods".to_owned(),
    };
    let chips = std::iter::once(list.state_chip("All", None))
        .chain(BriefState::ALL.iter().map(|state| {
            let word = domain::owner::role_title(state.as_str());
            let chip = list.state_chip(&word, Some(state.as_str()));
            match state {
                BriefState::Paused => paused.on(chip, Tone::Held),
                _ => chip,
            }
        }))
        .collect();
    let shown = match rows.len() {
        1 => "1 brief".to_owned(),
        n => format!("{n} briefs, newest change first"),
    };
    let (empty, first) = (rows.is_empty(), list.first());
    let may_write = at.ctx.may(Action::Trigger) && !flows.is_empty();
    let inside = if empty {
        let how = if may_write {
            "Write one below: it stays a draft until somebody marks it ready."
        } else if flows.is_empty() {
            "A brief starts a flow of a campaign; none is published here."
        } else {
            "Whoever may start flows writes them; you may read them here."
        };
        view! { <Empty icon=Ico::Flows title="No briefs here">{how}</Empty> }.into_any()
    } else {
        table(rows, at).into_any()
    };
    let write = may_write.then(|| {
        let form = new_form(&flows, &owners, at);
        view! { <div class="mt-4">{form}</div> }
    });
    let body = view! {
        <PageHead title=title.clone() sub="What a campaign is, in one place: it travels with everything that is sent, and what was approved of it stays what is sent.".into_any()/>
        <FilterBar
            action=list.action.clone()
            label="Find a brief by title, campaign id or SKU"
            query=list.query.clone().unwrap_or_default()
            chips
            keep=list.keep()
        />
        <div id="rows" data-live="">
            <Card>{inside}</Card>
        </div>
        {(!empty).then(|| view! { <Pager shown nostrip:first=first nostrip:next=next/> })}
        {write}
    };
    Page::new(title, vec![Crumb::here("Briefs")], body)
}

fn table(rows: Vec<Brief>, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = rows
        .into_iter()
        .map(|brief| {
            let href = at.path(&format!("briefs/{}", brief.id));
            let goods = brief.content.skus.len();
            view! {
                <tr data-row=brief.id.to_string()>
                    <td>
                        <a class="title" data-open="" href=href>{brief.content.title.clone()}</a>
                        <small>{brief.campaign_id.clone()}" · version "{brief.version}</small>
                    </td>
                    <td><StateBadge tone=tone(brief.state) word=brief.state.as_str()/></td>
                    <td class="across">{brief.because.clone().unwrap_or_else(|| brief.content.offer.clone())}</td>
                    <td class="wide">{goods}" SKUs"</td>
                    <td class="num"><When at=brief.content.starts_at now/></td>
                    <td class="num"><When at=brief.content.ends_at now/></td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("Campaign"),
        Col::text("State"),
        Col::text("What it is, or waits for"),
        Col::text("Goods").wide(),
        Col::num("Starts"),
        Col::num("Ends"),
    ];
    view! { <Table caption="Briefs, newest change first" list=true cols>{rows}</Table> }
}
