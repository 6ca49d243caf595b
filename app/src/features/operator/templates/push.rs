//! What a push does, before it is done: merchant by merchant, with the choices that are still to be made.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    agency::{Reason, Template},
    flow::merge3::Take,
    people::Merchant,
};
use engine::{AgencyCtx, Error, MerchantPlan, PolicyPlan, Result, ThreeWay, Would};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use uuid::Uuid;

use super::{
    super::{enter, path},
    crumbs, hidden, words,
};
use crate::{
    features::exports::plural,
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, home},
};

struct Model {
    at: AgencyCtx,
    template: Template,
    version: i64,
    stage: Option<String>,
    take: BTreeMap<Uuid, Take>,
    plans: Vec<MerchantPlan>,
}

#[component]
pub fn PushTemplatePage() -> impl IntoView {
    home(OPERATOR, load, render)
}

/// `merchant:place`, as the boxes say it.
pub(super) fn read_take(values: &[String]) -> BTreeMap<Uuid, Take> {
    let mut all: BTreeMap<Uuid, Take> = BTreeMap::new();
    for value in values {
        let Some((merchant, place)) = value.split_once(':') else {
            continue;
        };
        let Ok(merchant) = merchant.parse() else {
            continue;
        };
        let take = all.entry(merchant).or_default();
        if place == "*" {
            take.everything = true;
        } else {
            take.places.insert(place.to_owned());
        }
    }
    all
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let id = desk.asked.id("template")?;
    let template = desk.engine().agency_template(&at, id).await?.template;
    let version = match desk.asked.query("version") {
        Some(text) => text.parse().map_err(|_| Error::not_found("version"))?,
        None => template.newest,
    };
    let stage = desk.asked.query("stage").map(str::to_owned);
    // what was chosen before a push was refused stands in the session, and in the address otherwise
    let typed = desk.form("push-template");
    let chosen = |name: &str| match typed.failed() {
        true => typed.value(name).split('\n').map(str::to_owned).collect(),
        false => desk.asked.queries(&format!("{name}[]")),
    };
    let named: Vec<Uuid> = chosen("merchants")
        .iter()
        .filter_map(|text| text.split('@').next()?.parse().ok())
        .collect();
    let of_stage = template
        .stages
        .iter()
        .find(|one| stage.as_deref() == Some(one.name.as_str()));
    // who was looked at and unticked stays out; the first look at a stage is at all of it
    let again = desk.asked.query("again").is_some() || typed.failed();
    let merchants: Vec<Uuid> = match of_stage {
        Some(stage) if !again => stage.merchants.clone(),
        _ => named,
    };
    let take = read_take(&chosen("take"));
    let merchants: Vec<(Uuid, Take)> = at
        .places
        .iter()
        .filter(|(one, _)| merchants.contains(&one.id))
        .map(|(one, _)| (one.id, take.get(&one.id).cloned().unwrap_or_default()))
        .collect();
    let plans = desk
        .engine()
        .plan_push(&at, (id, version), &merchants)
        .await?;
    let stage = of_stage.map(|one| one.name.clone());
    Ok(Model {
        at,
        template,
        version,
        stage,
        take,
        plans,
    })
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model {
        at,
        template,
        version,
        plans,
        ..
    } = &model;
    let base = path(at, &format!("/templates/{}", template.id));
    let ready = plans
        .iter()
        .filter(|plan| plan.would != Would::Refuse)
        .count();
    let all = plans.len();
    let title = match (all, ready) {
        (0, _) => "Nobody was chosen".to_owned(),
        (all, ready) if all == ready => format!(
            "Version {version} can go to {all} {}",
            plural(all, "merchant")
        ),
        (all, ready) => format!("Version {version} can go to {ready} of {all} merchants"),
    };
    let body = if plans.is_empty() {
        let actions = view! { <LinkButton href=format!("{base}#push") label="Choose merchants" kind=Kind::Primary/> }
            .into_any();
        view! {
            <Card><Empty icon=Ico::Overview title="There is nobody to push it to" actions>
                "Tick merchants, or put some into the stage first."
            </Empty></Card>
        }
        .into_any()
    } else {
        form(&model, desk).into_any()
    };
    let mut trail = crumbs(at);
    trail.push(Crumb::link(template.name.clone(), base));
    trail.push(Crumb::here("Push"));
    let head = title.clone();
    let to = model
        .stage
        .as_ref()
        .map_or_else(String::new, |name| format!(" Stage: {name}."));
    let sub = format!(
        "{}: what each merchant has now, what it changed, and what the version brings.{to} Nothing is done yet.",
        template.name
    );
    Page::new(
        title,
        trail,
        view! { <PageHead title=head sub=sub.into_any()/> {body} },
    )
}

fn form(model: &Model, desk: &Desk) -> impl IntoView + use<> {
    let Model {
        at,
        template,
        version,
        stage,
        plans,
        ..
    } = model;
    let mut query = ParamsMap::new();
    query.insert("version", version.to_string());
    query.insert("stage", stage.clone().unwrap_or_default());
    let here = path(at, &format!("/templates/{}/push", template.id));
    let about = hidden(
        at,
        &format!("{here}{}", query.to_query_string()),
        &[
            ("template", template.id.to_string()),
            ("version", version.to_string()),
            ("stage", stage.clone().unwrap_or_default()),
            ("again", "yes".to_owned()),
        ],
    );
    let cards = plans.iter().map(|plan| card(plan, model)).collect_view();
    let typed = desk.form("push-template");
    let why = typed
        .text("why", "Why?")
        .hint("Stands beside each new version, and in the record of every merchant.");
    let why_is = typed.value_or("why", desk.asked.query("why").unwrap_or_default());
    let all = plans.len();
    let label = format!("Push to {all} {}", plural(all, "merchant"));
    let asked = plans
        .iter()
        .filter(|plan| matches!(plan.would, Would::Ask(_)))
        .count();
    let refused = plans
        .iter()
        .filter(|plan| plan.would == Would::Refuse)
        .count();
    let says = [
        (
            refused,
            "not ready: nothing is published there, the others go on",
        ),
        (
            asked,
            "asked first: a second person there agrees before it is live",
        ),
    ]
    .into_iter()
    .filter(|(many, _)| *many > 0)
    .map(|(many, words)| view! { <p>{format!("{many} {} {words}.", plural(many, "merchant"))}</p> })
    .collect_view();
    view! {
        <form method="post" action="/ui/template/push" class="stack">
            {about}
            {cards}
            <Card title="Push it" padded=true id="do">
                <div class="mb-4">{says}</div>
                <Input text=why value=why_is required=true autocomplete="off"/>
                <div class="acts mt-4">
                    <Button label kind=Kind::Primary/>
                    <button type="submit" class="btn" formmethod="get" formaction=here formnovalidate=true>"Look again with these choices"</button>
                </div>
            </Card>
        </form>
    }
}

fn card(plan: &MerchantPlan, model: &Model) -> impl IntoView + use<> {
    let merchant = &plan.merchant;
    let (tone, word) = words::would(plan);
    let aside = view! { <StateBadge tone word/> }.into_any();
    let seen = plan
        .live
        .map_or_else(String::new, |version| version.to_string());
    let value = format!("{}@{seen}", merchant.id);
    let (name, slug) = (merchant.name.clone(), merchant.slug.clone());
    let label = format!("Push to {name}");
    let stands = match (plan.base, plan.live) {
        (Some(base), Some(live)) => {
            format!("Pinned to version {base} of the template; version {live} is live there.")
        }
        (None, Some(live)) => format!(
            "Not pinned yet; version {live} of its own is live. Where it differs, its own stays unless you take the template’s."
        ),
        (_, None) => "It has no such flow yet.".to_owned(),
    };
    let reasons = plan
        .reasons
        .iter()
        .map(|one| reason(one, merchant))
        .collect_view();
    let rows = around(plan, merchant);
    let table = differences(plan, model);
    view! {
        <Card title=name aside id=slug>
            <div class="card-body">
                <label class="check">
                    <input type="checkbox" name="merchants[]" value=value checked=true/>
                    <span>{label} <small>{stands}</small></span>
                </label>
            </div>
            {reasons}
            {rows}
            {table}
        </Card>
    }
}

/// With the page at the merchant on which it is put right.
pub(super) fn reason(one: &Reason, merchant: &Merchant) -> impl IntoView + use<> {
    let href = one
        .section
        .as_ref()
        .map(|section| format!("/m/{}/{section}", merchant.slug));
    let title = one.sentence.clone();
    view! { <Row title nostrip:href=href tone=Tone::Late/> }
}

/// What else comes along, and what becomes of what is under way.
fn around(plan: &MerchantPlan, merchant: &Merchant) -> impl IntoView + use<> {
    let roles = plan
        .new_roles
        .iter()
        .map(|role| {
            let title = format!("The role {} is added there.", role.title);
            let sub = "Nobody holds it at first: give it to somebody, then push again if that is what is missing.";
            let href = format!("/m/{}/people", merchant.slug);
            view! { <Row title sub href tone=Tone::Moving/> }
        })
        .collect_view();
    let policy = match plan.policy {
        PolicyPlan::Nothing => None,
        PolicyPlan::Publish(1) => Some((
            "The escalation policy is added there.".to_owned(),
            Tone::Moving,
        )),
        PolicyPlan::Publish(n) => Some((
            format!(
                "The escalation policy becomes version {n} there; what is under way keeps its own."
            ),
            Tone::Moving,
        )),
        PolicyPlan::Kept => Some((
            "It has changed its escalation policy; its own stays.".to_owned(),
            Tone::Held,
        )),
    };
    let policy = policy.map(|(title, tone)| view! { <Row title tone/> });
    let publishes = matches!(plan.would, Would::Publish(_) | Would::Ask(_));
    let running = plan
        .running
        .iter()
        .map(|one| {
            let many = usize::try_from(one.running).unwrap_or(usize::MAX);
            let verb = if many == 1 { "finishes" } else { "finish" };
            let title = format!(
                "{many} {} {verb} on version {}.",
                plural(many, "run"),
                one.from.version
            );
            let sub = format!("{} could be moved to the new version afterwards.", one.fit);
            view! { <Row title sub tone=Tone::Moving/> }
        })
        .collect_view();
    let nothing = (publishes && plan.running.is_empty())
        .then(|| view! { <Row title="Nothing is under way." tone=Tone::Done/> });
    view! { {roles} {policy} {running} {nothing} }
}

fn differences(plan: &MerchantPlan, model: &Model) -> impl IntoView + use<> {
    if plan.differences.is_empty() {
        return None;
    }
    let merchant = plan.merchant.id;
    let take = model.take.get(&merchant);
    let rows = plan
        .differences
        .iter()
        .map(|one| difference(one, merchant, take))
        .collect_view();
    let overrides = plan.differences.iter().any(|one| one.change.by_merchant);
    let all = overrides.then(|| {
        let checked = take.is_some_and(|take| take.everything);
        view! {
            <div class="card-body">
                <label class="check">
                    <input type="checkbox" name="take[]" value=format!("{merchant}:*") checked=checked/>
                    <span>"Take the template’s everywhere" <small>"Its own changes are gone from the version that is published; the versions before stay."</small></span>
                </label>
            </div>
        }
    });
    let cols = vec![
        Col::text("Where"),
        Col::text("The merchant"),
        Col::text("The template"),
        Col::text("What is published"),
    ];
    let (many, conflicts) = (plan.differences.len(), plan.conflicts());
    let caption = format!("Differences at {}", plan.merchant.name);
    let both = match conflicts {
        0 => String::new(),
        n => format!(", {n} changed on both sides"),
    };
    let head = format!("{many} {}{both}", plural(many, "difference"));
    Some(view! {
        <div class="card-foot">{head}</div>
        <Table caption cols>{rows}</Table>
        {all}
    })
}

fn difference(one: &ThreeWay, merchant: Uuid, take: Option<&Take>) -> impl IntoView + use<> {
    let change = &one.change;
    let (tone, word) = match (change.is_conflict(), change.kept) {
        (_, true) => (Tone::Held, "the merchant’s"),
        (true, false) => (Tone::Moving, "the template’s"),
        (false, false) if change.by_merchant => (Tone::Moving, "the template’s"),
        (false, false) => (Tone::Moving, "new"),
    };
    let choice = change.by_merchant.then(|| {
        let checked = take.is_some_and(|take| take.places.contains(&change.at));
        let value = format!("{merchant}:{}", change.at);
        let label = format!("Take the template’s: {}", one.place);
        view! {
            <label class="check">
                <input type="checkbox" name="take[]" value=value checked=checked aria-label=label/>
                <span>"Take the template’s"</span>
            </label>
        }
    });
    let conflict = change
        .is_conflict()
        .then(|| view! { " " <StateBadge tone=Tone::Late word="both changed it"/> });
    // without a version in common there is one sentence about both
    let unchanged = || {
        let words = if change.is_conflict() {
            "says otherwise"
        } else {
            "as it was"
        };
        words.to_owned()
    };
    let (theirs, ours) = (
        one.merchant.clone().unwrap_or_else(unchanged),
        one.template.clone().unwrap_or_else(unchanged),
    );
    view! {
        <tr>
            <td><b>{one.place.clone()}</b>{conflict}</td>
            <td>{theirs}</td>
            <td>{ours}</td>
            <td><StateBadge tone word/>{choice}</td>
        </tr>
    }
}
