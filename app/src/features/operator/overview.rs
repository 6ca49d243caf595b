//! The overview: which merchant is about to miss a promise, and whose move it is.

use std::sync::Arc;

use engine::{AgencyCtx, MerchantLine, Overview, Result};
use leptos::prelude::*;

use super::{
    enter,
    figures::{Asked, Figures, Show, grouped, headline},
    line::line,
    path,
};
use crate::{
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, go, home},
};

/// Merchants on one page.
const ROWS: usize = 50;

struct Model {
    at: AgencyCtx,
    overview: Overview,
    asked: Asked,
    page: usize,
}

#[component]
pub fn OverviewPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let overview = desk.engine().overview(&at).await?;
    let query = |name: &str| desk.asked.query(name);
    let asked = Asked {
        path: path(&at, ""),
        show: Show::of(query("show")),
        query: query("q").map(str::to_owned),
    };
    let page = query("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1);
    if let Some(section) = query("go") {
        straight_to(&asked, &overview.lines, section);
    }
    Ok(Model {
        at,
        overview,
        asked,
        page,
    })
}

/// A search from the menu that finds one merchant goes there, to the section it was asked in.
fn straight_to(asked: &Asked, lines: &[MerchantLine], section: &str) {
    let mut found = lines.iter().filter(|line| asked.fits(&line.merchant));
    let plain = section.bytes().all(|byte| byte.is_ascii_lowercase());
    if let (Some(only), None, true) = (found.next(), found.next(), plain) {
        go(&format!("/m/{}/{section}", only.merchant.slug));
    }
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model {
        at,
        overview,
        asked,
        page,
    } = model;
    let now = desk.now;
    let title = headline(&overview.lines);
    let actions = actions(&at);
    let chips = asked.chips(&overview.lines);
    let shown: Vec<&MerchantLine> = overview
        .lines
        .iter()
        .filter(|line| asked.show.fits(line) && asked.fits(&line.merchant))
        .collect();
    let page = page.clamp(1, shown.len().div_ceil(ROWS).max(1));
    let rows = shown
        .iter()
        .skip((page - 1) * ROWS)
        .take(ROWS)
        .map(|one| line(one, &overview, now))
        .collect_view();
    let inside = if shown.is_empty() {
        nothing(&at, &asked, overview.lines.is_empty())
    } else {
        let cols = vec![
            Col::text("Merchant"),
            Col::text("Whose move"),
            Col::text("Until"),
            Col::text("At risk"),
            Col::text("Open exceptions").wide(),
            Col::num("Accepted P50").wide(),
            Col::text("Exceptions, 24 h").wide(),
        ];
        view! { <Table caption="Merchants, promises at risk first" list=true cols>{rows}</Table> }
            .into_any()
    };
    let first = (page > 1).then(|| asked.href(asked.show, 1));
    let next = (page * ROWS < shown.len()).then(|| asked.href(asked.show, page + 1));
    let said = match shown.len() {
        1 => "1 merchant".to_owned(),
        n => format!("{n} merchants, promises at risk first"),
    };
    let keep = asked
        .show
        .word()
        .map(|word| vec![("show".to_owned(), word.to_owned())])
        .unwrap_or_default();
    let (head, sub) = (title.clone(), sub(&overview, &asked));
    let bar = (!overview.lines.is_empty()).then(|| {
        let (action, query) = (asked.path.clone(), asked.query.clone().unwrap_or_default());
        view! { <FilterBar action label="Find a merchant" query chips keep/> }
    });
    let figures = (!overview.lines.is_empty()).then(|| {
        let (overview, asked) = (overview.clone(), asked.clone());
        view! { <Figures overview asked/> }
    });
    Page::new(
        title,
        vec![Crumb::here(at.operator.name.clone())],
        view! {
            <div id="overview-head" data-live=""><PageHead title=head sub actions/></div>
            {figures}
            <div id="overview-bar" data-live="">{bar}</div>
            <div id="overview" data-live="" data-live-eager="">
                <Card>{inside}</Card>
                <Pager shown=said nostrip:first=first nostrip:next=next/>
            </div>
        },
    )
}

fn sub(overview: &Overview, asked: &Asked) -> AnyView {
    let receipts: i64 = overview
        .lines
        .iter()
        .map(|line| line.figures.receipts)
        .sum();
    let on_time = overview
        .lines
        .iter()
        .filter(|line| line.figures.at_risk().late == 0)
        .count();
    let href = asked.href(Show::Receiving, 1);
    let merchants = overview.lines.len();
    view! {
        "Last 24 hours, " <a class="fig" href=href><b>{grouped(receipts)}</b> {if receipts == 1 { " receipt" } else { " receipts" }}</a>
        ". " {format!("{on_time} of {merchants}")} {if merchants == 1 { " merchant has nothing late." } else { " merchants have nothing late." }}
    }
    .into_any()
}

fn actions(at: &AgencyCtx) -> AnyView {
    let (templates, people, settings, new) = (
        path(at, "/templates"),
        path(at, "/people"),
        path(at, "/settings"),
        path(at, "/merchants/new"),
    );
    view! {
        {at.access.is_some().then(|| view! {
            <LinkButton href=templates label="Templates" icon=Ico::Flows/>
            <LinkButton href=people label="People" icon=Ico::People/>
            <LinkButton href=settings label="Settings"/>
        })}
        {at.is_admin().then(|| view! { <LinkButton href=new label="New merchant" icon=Ico::Plus/> })}
    }
    .into_any()
}

fn nothing(at: &AgencyCtx, asked: &Asked, none_at_all: bool) -> AnyView {
    if !none_at_all {
        let actions =
            view! { <LinkButton href=asked.path.clone() label="Show all merchants"/> }.into_any();
        return view! {
            <Empty icon=Ico::Search title="No merchant fits" actions>
                "No merchant has this name and stands like this."
            </Empty>
        }
        .into_any();
    }
    let actions = at
        .is_admin()
        .then(|| {
            let href = path(at, "/merchants/new");
            view! { <LinkButton href label="Create the first merchant" kind=Kind::Primary icon=Ico::Plus/> }
        })
        .into_any();
    view! {
        <Empty icon=Ico::Overview title="No merchant yet" actions>
            "A merchant is one shop with its own orders, rules and people. Once there is one, it stands here with \
             what is at risk, first."
        </Empty>
    }
    .into_any()
}
