//! One brief: where it stands, what it says, what was sent about it, its versions.

use std::sync::Arc;

use domain::{
    access::Action,
    brief::{Brief, BriefState, BriefVersion},
    export::differences,
};
use engine::{BriefChain, Result};
use leptos::prelude::*;

use super::{form::revise_form, tone};
use crate::{
    features::exports::export_tone,
    ui::*,
    web::{Page, Visit, owner_name, owner_options, page},
};

#[component]
pub fn BriefPage() -> impl IntoView {
    page("briefs", load, render)
}

struct Model {
    chain: BriefChain,
    owners: Vec<(String, String)>,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let chain = at.engine().brief(&at.ctx, at.id("brief")?).await?;
    let owners = match at.ctx.may(Action::Trigger) && chain.brief.state.may_change() {
        true => owner_options(&at).await?,
        false => Vec::new(),
    };
    Ok(Model { chain, owners })
}

/// What is true of it, and what happens next.
fn standing(brief: &Brief) -> (String, String) {
    let title = &brief.content.title;
    match brief.state {
        BriefState::Draft => (
            format!("{title} is a draft"),
            "Marked ready, its flow starts, and whoever approves is asked.".to_owned(),
        ),
        BriefState::Ready => (
            format!("{title} is on its way"),
            "It goes live when everybody who is asked has approved it.".to_owned(),
        ),
        BriefState::Paused => (
            format!("{title} waits for goods"),
            "Supply chain has a task. When there are enough, whoever approves is asked anew, by itself.".to_owned(),
        ),
        BriefState::Live => (
            format!("{title} is live"),
            "When its window is over, what it did is taken back.".to_owned(),
        ),
        BriefState::Ended => (format!("{title} is over"), "What it did is taken back.".to_owned()),
        BriefState::Withdrawn => (format!("{title} was given up"), "Nothing of it is sent any more.".to_owned()),
        BriefState::Failed => (format!("{title} did not get through"), "What it did was taken back. Write another brief to try again.".to_owned()),
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        chain: model,
        owners,
    } = model;
    let brief = &model.brief;
    let (headline, next) = standing(brief);
    let because = brief.because.clone().map(|why| format!(" {why}."));
    let crumbs = vec![
        Crumb::link("Briefs", at.path("briefs")),
        Crumb::id(&brief.campaign_id),
    ];
    let sub = view! {
        <StateBadge tone=tone(brief.state) word=brief.state.as_str()/>
        " "{next}{because}
    }
    .into_any();
    let may_write = at.ctx.may(Action::Trigger);
    let change = (may_write && brief.state.may_change()).then(|| revise_form(brief, &owners, at));
    let actions = (may_write && brief.state == BriefState::Draft).then(|| {
        let fields = at.fields(&[("brief", &brief.id.to_string())]);
        view! { <PostButton action="/ui/brief/ready" label="Mark it ready" kind=Kind::Primary fields/> }
            .into_any()
    });
    let side =
        view! { <div class="stack">{versions(&model, at)} {end(brief, at)}</div> }.into_any();
    let (says, goods, sent) = (says(&model, at), goods(&model, at), sent(&model, at));
    let body = view! {
        <div id="head" data-live="">
            <PageHead title=headline.clone() sub nostrip:actions=actions/>
        </div>
        <Split side>
            <div id="what" class="stack" data-live="">
                {says}
                {goods}
                {sent}
            </div>
            {change}
        </Split>
    };
    Page::new(headline, crumbs, body)
}

fn says(model: &BriefChain, at: &Visit) -> impl IntoView + use<> {
    let (brief, now) = (&model.brief, at.now());
    let one = &brief.content;
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned().into_any());
    let list = |list: &[String]| (!list.is_empty()).then(|| list.join(", ").into_any());
    let owner = one.keywords_owner.as_ref();
    let rows = vec![
        ("Offer", text(&one.offer)),
        ("Terms", text(&one.terms)),
        (
            "Discount",
            Some(format!("{} %", one.discount_percent).into_any()),
        ),
        ("Landing pages", list(&one.landing_urls)),
        ("Keywords", list(&one.keywords)),
        (
            "Keywords are",
            owner.map(|owner| owner_name(&at.rules, owner).into_any()),
        ),
        ("Creatives", list(&one.creative_ids)),
        (
            "Starts",
            Some(view! { <When at=one.starts_at now/> }.into_any()),
        ),
        (
            "Ends",
            Some(view! { <When at=one.ends_at now/> }.into_any()),
        ),
        ("Why now", text(&one.note)),
        ("Flow", Some(brief.flow_key.clone().into_any())),
    ];
    let aside = format!("version {}", brief.version).into_any();
    view! { <Card title="What it says" aside padded=true id="says">{kv(rows)}</Card> }
}

fn goods(model: &BriefChain, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = model
        .brief
        .content
        .skus
        .iter()
        .map(|code| {
            let told = model.goods.get(code).and_then(domain::sku::Sku::available);
            let (sub, aside) = match told {
                Some(told) => (
                    format!("{} can be sold", told.is),
                    Some(view! { <When at=told.at now/> }.into_any()),
                ),
                None => ("nobody has said how many there are".to_owned(), None),
            };
            view! { <Row title=code.clone() sub nostrip:aside=aside/> }
        })
        .collect_view();
    view! { <Card title="Goods" id="goods">{rows}</Card> }
}

fn sent(model: &BriefChain, at: &Visit) -> Option<AnyView> {
    let chain = model.chain.as_ref()?;
    let now = at.now();
    let mut exports: Vec<_> = chain.exports().map(|one| &one.export).collect();
    exports.retain(|one| one.superseded_by.is_none());
    let rows = exports
        .iter()
        .map(|one| {
            let href = at.path(&format!("exports/{}", one.id));
            let aside = view! { <StateBadge tone=export_tone(one.state) word=one.state.words()/> };
            let sub = format!("version {} of {}", one.version, one.export_type);
            view! { <Row title=one.title.clone() sub href aside=aside.into_any()/> }
        })
        .collect_view();
    let run = chain.runs.last().map(|run| {
        let href = at.path(&format!("runs/{}", run.run.id));
        view! { <a href=href>"Its run, "<When at=run.run.started_at now/></a> }.into_any()
    });
    Some(match run {
        Some(aside) => {
            view! { <Card title="What is sent about it" aside id="sent">{rows}</Card> }.into_any()
        }
        None => view! { <Card title="What is sent about it" id="sent">{rows}</Card> }.into_any(),
    })
}

fn versions(model: &BriefChain, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let all = &model.versions;
    let rows = all
        .iter()
        .enumerate()
        .rev()
        .map(|(n, one)| {
            let who = at.rules.user_name(one.by).unwrap_or("A former member");
            let title = format!("Version {}", one.version);
            let before = n.checked_sub(1).and_then(|before| all.get(before));
            let sub = format!("{who} · {}", changes(before, one));
            view! { <Row title sub aside=view! { <When at=one.at now/> }.into_any()/> }
        })
        .collect_view();
    view! { <Card title="Versions" id="versions">{rows}</Card> }
}

/// "changed discount percent, skus"
fn changes(before: Option<&BriefVersion>, one: &BriefVersion) -> String {
    let Some(before) = before else {
        return "written".to_owned();
    };
    let json = |version: &BriefVersion| serde_json::to_value(&version.content).unwrap_or_default();
    let mut fields: Vec<String> = differences(&json(before), &json(one))
        .into_iter()
        .filter_map(|one| Some(one.field.split('/').nth(1)?.replace('_', " ")))
        .collect();
    fields.dedup();
    format!("changed {}", fields.join(", "))
}

fn end(brief: &Brief, at: &Visit) -> Option<AnyView> {
    if brief.state.is_over() || !at.ctx.may(Action::Control) {
        return None;
    }
    let typed = at.form("end");
    let hidden = at.hidden(&[("brief", &brief.id.to_string())]);
    let (text, value) = (typed.text("reason", "Why"), typed.value("reason"));
    let (title, label) = match brief.state {
        BriefState::Draft => ("Give it up", "Give it up"),
        BriefState::Live => ("End it now", "End it and take it back"),
        _ => ("Stop it", "Stop it and take back what it did"),
    };
    Some(
        view! {
            <Card title padded=true id="end">
                <form method="post" action="/ui/brief/end">
                    {hidden}
                    <Input text value required=true/>
                    <div class="acts"><Button label kind=Kind::Danger/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}
