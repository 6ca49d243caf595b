//! Coordination debt: what hand-offs made by hand cost a month, and where people lay hands on live work.

use std::sync::Arc;

use domain::{
    access::Action,
    debt::{HandOff, cost},
};
use engine::{Coordination, Result, Touched};
use leptos::prelude::*;

use crate::{
    ui::{time::duration_text, *},
    web::{Page, Visit, owner_name, page},
};

#[component]
pub fn CoordinationPage() -> impl IntoView {
    page("reports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Coordination> {
    at.engine().coordination(&at.ctx).await
}

pub(super) fn minutes(model: &Coordination) -> i64 {
    model.hand_offs.iter().map(|one| one.minutes_a_month).sum()
}

fn title(model: &Coordination) -> String {
    let minutes = minutes(model);
    let time = duration_text(minutes * 60_000);
    match (model.hand_offs.first(), model.an_hour) {
        (None, _) => "No hand-off is marked as made by hand".to_owned(),
        (Some(_), Some(an_hour)) => format!(
            "Hand-offs take {time} a month, which is {}",
            cost(minutes, an_hour)
        ),
        (Some(_), None) => format!("Hand-offs take {time} a month"),
    }
}

fn render(model: Coordination, at: &Visit) -> Page {
    let title = title(&model);
    let crumbs = vec![
        Crumb::link("Reports", at.path("reports")),
        Crumb::here("Coordination debt"),
    ];
    let sub = match model.hand_offs.first() {
        Some(first) => format!("Tighten “{}” first: nothing else takes as long.", first.step),
        None => "Mark in a flow's draft which steps people carry by hand today: minutes each, times a week, and where they do it.".to_owned(),
    };
    let actions =
        view! { <LinkButton href=at.path("reports/coordination.csv") label="CSV"/> }.into_any();
    let debts = debts(&model, at);
    let touches = touches(&model.touched, at);
    let form = at.ctx.may(Action::ManageMerchant).then(|| hour(&model, at));
    let body = view! {
        <PageHead title=title.clone() sub=sub.into_any() actions/>
        <div class="stack">{debts} {touches} {form}</div>
    };
    Page::new(title, crumbs, body)
}

fn debts(model: &Coordination, at: &Visit) -> AnyView {
    if model.hand_offs.is_empty() {
        let actions =
            view! { <LinkButton href=at.path("flows") label="Go to the flows"/> }.into_any();
        return view! {
            <Card title="Made by hand today">
                <Empty icon=Ico::Flows title="No step is marked" actions>
                    "A step that people carry by hand is marked in its flow's draft, under “By hand today”; it stands here once the flow is published."
                </Empty>
            </Card>
        }
        .into_any();
    }
    let longest = model
        .hand_offs
        .first()
        .map_or(1, |one| one.minutes_a_month.max(1));
    let rows = model
        .hand_offs
        .iter()
        .enumerate()
        .map(|(index, one)| debt_row(index + 1, one, longest, model, at))
        .collect_view();
    let mut cols = vec![
        Col::num("First to tighten"),
        Col::text("Hand-off"),
        Col::text("Owner").wide(),
        Col::text("Done in").wide(),
        Col::num("Each").wide(),
        Col::num("A week").wide(),
        Col::num("A month"),
    ];
    if model.an_hour.is_some() {
        cols.push(Col::num("Costs a month"));
    }
    let aside = "a month is a twelfth of 52 weeks".into_any();
    view! {
        <Card title="Made by hand today" aside>
            <Table caption="Hand-offs made by hand, dearest first" list=true cols>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn debt_row(
    rank: usize,
    one: &HandOff,
    longest: i64,
    model: &Coordination,
    at: &Visit,
) -> impl IntoView + use<> {
    let flow = at.rules.flows.iter().find(|flow| flow.key == one.flow_key);
    let title = one.step.clone();
    let what = match flow {
        Some(flow) => {
            let href = at.path(&format!("flows/{}", flow.id));
            view! { <a class="title" data-open="" href=href>{title}</a> }.into_any()
        }
        None => title.into_any(),
    };
    let costs = model
        .an_hour
        .map(|an_hour| cost(one.minutes_a_month, an_hour).to_string());
    let costs = costs.map(|text| view! { <td class="num">{text}</td> });
    let width = (one.minutes_a_month * 100 / longest)
        .clamp(1, 100)
        .to_string();
    let tool = if one.manual.tool.is_empty() {
        "not said".to_owned()
    } else {
        one.manual.tool.clone()
    };
    view! {
        <tr data-row=format!("{}-{}", one.flow_key, one.step_key)>
            <td class="num">{rank}</td>
            <td>{what}<small>{one.flow.clone()}</small>
                <svg class="debt-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="debt-track" x="0" y="0" width="100" height="4"/>
                    <rect class="debt-fill" x="0" y="0" width=width height="4"/>
                </svg>
            </td>
            <td class="wide">{owner_name(&at.rules, &one.owner)}</td>
            <td class="wide">{tool}</td>
            <td class="num wide">{format!("{} min", one.manual.minutes_each)}</td>
            <td class="num wide">{one.manual.times_a_week}</td>
            <td class="num">{duration_text(one.minutes_a_month * 60_000)}</td>
            {costs}
        </tr>
    }
}

fn touches(touched: &[Touched], at: &Visit) -> AnyView {
    let some: Vec<&Touched> = touched.iter().filter(|one| one.touches > 0).collect();
    let body = if some.is_empty() {
        let runs: i64 = touched.iter().map(|one| one.runs).max().unwrap_or_default();
        let says = match runs {
            0 => "No run began in the last 30 days, so nobody was needed.",
            _ => {
                "Work went through without anybody: no approval, and no task that a person resolved."
            }
        };
        view! { <Empty icon=Ico::Tasks title="No hands were needed">{says}</Empty> }.into_any()
    } else {
        let rows = some
            .into_iter()
            .map(|one| {
                let flow = at.rules.flows.iter().find(|flow| flow.key == one.flow_key);
                let href = flow.map(|flow| at.path(&format!("flows/{}", flow.id)));
                let title = one.step.clone();
                let what = match href {
                    Some(href) => {
                        view! { <a class="title" data-open="" href=href>{title}</a> }.into_any()
                    }
                    None => title.into_any(),
                };
                view! {
                    <tr data-row=format!("touch-{}-{}", one.flow_key, one.step_key)>
                        <td>{what}<small>{one.flow.clone()}</small></td>
                        <td class="num">{one.per_hundred()}<small class="on-phone">"per 100"</small></td>
                        <td class="num wide">{one.touches}</td>
                        <td class="num wide">{one.runs}</td>
                    </tr>
                }
            })
            .collect_view();
        let cols = vec![
            Col::text("Step"),
            Col::num("Touches per 100"),
            Col::num("Touches").wide(),
            Col::num("Runs that came there").wide(),
        ];
        view! { <Table caption="Manual touches by step, in the last 30 days" list=true cols>{rows}</Table> }.into_any()
    };
    let aside = "last 30 days".into_any();
    view! {
        <Card title="Where people laid hands on live work" aside id="touches">
            {body}
            <CardFoot>
                "A touch is an approval that a person decided, or a task that a person resolved, about this step. Counted among the newest 1,000 runs of each flow."
            </CardFoot>
        </Card>
    }
    .into_any()
}

fn hour(model: &Coordination, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("hourly-cost");
    let (amount, currency) = model.an_hour.map_or_else(
        || (String::new(), String::from("USD")),
        |money| {
            let text = money.decimal();
            (text, money.currency.code().to_owned())
        },
    );
    let of_amount = typed
        .text("amount", "An hour of a person's time costs")
        .hint("Wages and what comes on top of them, on average. Only this report reckons with it.");
    let of_currency = typed
        .text("currency", "Currency")
        .hint("ISO 4217, e.g. USD.");
    let amount = typed.value_or("amount", &amount);
    let currency = typed.value_or("currency", &currency);
    let hidden = at.hidden(&[]);
    view! {
        <Card title="What an hour costs" padded=true id="hour">
            <form method="post" action="/ui/merchant/hourly-cost" class="max-w-xl">
                {hidden}
                <Input text=of_amount value=amount required=true/>
                <Input text=of_currency value=currency required=true/>
                <div class="acts"><Button label="Save the hourly cost"/></div>
            </form>
        </Card>
    }
}
