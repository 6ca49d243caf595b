//! One escalation policy: its rungs, its versions, and the contracts that name it.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    escalation::{MAX_RUNGS, Policy},
};
use engine::{Error, Result};
use leptos::prelude::*;

use super::words::{
    calendar_choices, choose, here, more_rows, owner_choices, owner_words, rows_shown, with_current,
};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, actor_name, page},
};

/// So many rungs a form offers at least, and so many empty ones beyond those that are there.
const FIRST: usize = 5;
const SPARE: usize = 2;

struct Model {
    policy: Option<Policy>,
    versions: Vec<Policy>,
}

#[component]
pub fn PolicyPage() -> impl IntoView {
    page("people/cover", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Person)?;
    let key = at.desk.asked.param("key").unwrap_or_default().to_owned();
    if key == "new" {
        at.ctx.require(Action::ManagePeople)?;
        return Ok(Model {
            policy: None,
            versions: Vec::new(),
        });
    }
    let versions = at.engine().policy_versions(&at.ctx, &key).await?;
    let policy = versions
        .first()
        .cloned()
        .ok_or_else(|| Error::not_found("escalation policy"))?;
    Ok(Model {
        policy: Some(policy),
        versions,
    })
}

fn minutes(ms: i64) -> i64 {
    ms / 60_000
}

fn render(model: Model, at: &Visit) -> Page {
    let mut crumbs = here(at);
    let Some(policy) = model.policy else {
        crumbs.push(Crumb::here("New policy"));
        let form = form(None, at);
        return Page::new(
            "A new escalation policy",
            crumbs,
            view! {
                <PageHead title="A new escalation policy" sub="Who has late work next, rung by rung.".into_any()/>
                <div class="max-w-xl">{form}</div>
            },
        );
    };
    let may = at.ctx.may(Action::ManagePeople);
    let rungs = policy.steps.len();
    let title = match policy.repeat {
        _ if policy.retired_at.is_some() => format!("{} is retired", policy.name),
        0 => format!("{} climbs {rungs} {}", policy.name, plural(rungs, "rung")),
        n => format!(
            "{} climbs {rungs} {}, {} times over",
            policy.name,
            plural(rungs, "rung"),
            n + 1
        ),
    };
    let acknowledged = policy.ack_expires_ms.map_or_else(
        || "Whoever takes it keeps it until it is late.".to_owned(),
        |ms| {
            format!(
                "Whoever takes it and does not touch it for {} minutes gives it back.",
                minutes(ms)
            )
        },
    );
    let sub = format!("Version {}. {acknowledged}", policy.version).into_any();
    let rows = policy
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let now = at.rules.answering_or_why(&step.target, at.now());
            let who = match now {
                Ok(who) => {
                    let ids: Vec<_> = who.iter().map(|user| user.id).collect();
                    super::words::people_words(&at.rules, &ids)
                }
                Err(why) => format!("passed over now: {why}"),
            };
            let within = step
                .only_within
                .as_deref()
                .and_then(|key| at.rules.roster.calendar(key));
            let hours =
                within.map_or_else(String::new, |one| format!(", only within {}", one.name));
            let title = format!("{}. {}", index + 1, owner_words(&at.rules, &step.target));
            let sub = format!("{who}{hours}");
            let aside = format!("{} min to take it", minutes(step.after_ms)).into_any();
            view! { <Row title sub aside/> }
        })
        .collect_view();
    let versions = model
        .versions
        .iter()
        .map(|one| {
            let title = format!("Version {}", one.version);
            let sub = format!("by {}", actor_name(&at.rules, &one.published_by));
            let when = view! { <When at=one.published_at now=at.now()/> }.into_any();
            view! { <Row title sub aside=when/> }
        })
        .collect_view();
    let used = policy.retired_at.is_none().then(|| used(&policy, at));
    let retired = policy.retired_at.is_some();
    let edit = (may && !retired).then(|| form(Some(&policy), at));
    let end = may.then(|| end(&policy, at));
    let side = view! { {edit} {end} }.into_any();
    crumbs.push(Crumb::here(policy.name.clone()));
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub/>
            <Split side>
                <Card title="Rungs">{rows}</Card>
                {used}
                <Card title="Versions">{versions}</Card>
            </Split>
        },
    )
}

fn used(policy: &Policy, at: &Visit) -> impl IntoView + use<> {
    let named = |one: &Arc<domain::contract::Contract>| one.escalation.key == policy.key;
    let rows = at
        .rules
        .contracts
        .iter()
        .filter(|one| named(one))
        .map(|one| {
            let href = at.path(&format!("contracts/{}", one.id));
            view! { <Row title=one.title.clone() sub=format!("v{}", one.version) href/> }
        })
        .collect_view();
    let others: Vec<(String, String)> = at
        .rules
        .contracts
        .iter()
        .filter(|one| !named(one))
        .map(|one| (one.id.to_string(), one.title.clone()))
        .collect();
    let form = (at.ctx.may(Action::Publish) && !others.is_empty()).then(|| {
        let typed = at.form("use");
        let hidden = at.hidden(&[("key", &policy.key)]);
        let text = typed
            .text("contract", "Use it for")
            .hint("Publishes the contract’s next version. What is under way keeps the escalation it has.");
        view! {
            <div class="card-body">
                <form method="post" action="/ui/cover/policy-use">
                    {hidden}
                    <Select text options=choose("Choose a contract…", others) value=typed.value("contract")/>
                    <div class="acts"><Button label="Use it"/></div>
                </form>
            </div>
        }
    });
    view! { <Card title="Contracts that name it" id="used">{rows} {form}</Card> }
}

/// Retiring it; or, while contracts name it, another in its place in all of them; or taking it back.
fn end(policy: &Policy, at: &Visit) -> AnyView {
    let key = policy.key.as_str();
    if policy.retired_at.is_some() {
        let fields = at.fields(&[("key", key)]);
        return view! {
            <Card title="Take it back" padded=true id="end">
                <p class="mb-3 text-ink-2">"Nothing new escalates by it. What was stamped with it goes on."</p>
                <PostButton action="/ui/cover/policy-resume" label="Take it back into use" fields/>
            </Card>
        }
        .into_any();
    }
    let naming = at
        .rules
        .contracts
        .iter()
        .filter(|one| one.escalation.key == policy.key)
        .count();
    if naming == 0 {
        let version = policy.version.to_string();
        let fields = at.fields(&[("key", key), ("version", &version)]);
        return view! {
            <Card title="Retire it" padded=true id="end">
                <p class="mb-3 text-ink-2">"It can be chosen no more. What is under way keeps the escalation it has, and its versions stay."</p>
                <PostButton action="/ui/cover/policy-retire" label="Retire it" kind=Kind::Danger fields/>
            </Card>
        }
        .into_any();
    }
    let others: Vec<(String, String)> = at
        .rules
        .policies
        .iter()
        .filter(|one| one.key != policy.key)
        .map(|one| (one.key.clone(), one.name.clone()))
        .collect();
    let form = if !at.ctx.may(Action::Publish) {
        None
    } else if others.is_empty() {
        let hint = "Make another policy first; then it can take this one’s place.";
        Some(view! { <p class="mt-2">{hint}</p> }.into_any())
    } else {
        let typed = at.form("replace");
        let text = typed.text("by", "Another takes its place").hint(format!(
            "Publishes the next version of {naming} {}; all of them, or none.",
            plural(naming, "contract")
        ));
        let hidden = at.hidden(&[("key", key), ("seen", &at.rules.policy_seen(key))]);
        let value = typed.value("by");
        let form = view! {
            <form method="post" action="/ui/cover/policy-replace" class="mt-4">
                {hidden}
                <Select text options=choose("Choose…", others) value required=true/>
                <div class="acts"><Button label="Replace it everywhere"/></div>
            </form>
        };
        Some(form.into_any())
    };
    view! {
        <Card title="It is needed" padded=true id="end">
            <p class="text-ink-2">"It cannot be retired while contracts escalate by it."</p>
            {form}
        </Card>
    }
    .into_any()
}

fn form(policy: Option<&Policy>, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("policy");
    let is = |name: &str, kept: String| typed.value_or(name, &kept);
    let key_is = policy.map(|one| one.key.clone()).unwrap_or_default();
    let version = policy.map_or(0, |one| one.version).to_string();
    let hidden = match policy {
        Some(_) => at
            .hidden(&[("policy", &key_is), ("version", &version)])
            .into_any(),
        None => at.hidden(&[]).into_any(),
    };
    let fresh = policy.is_none().then(|| {
        let key = typed
            .text("key", "Key")
            .hint("What contracts name it by; it never changes.");
        view! { <Input text=key value=typed.value("key") autocomplete="off" required=true/> }
    });
    let owners = owner_choices(&at.rules);
    let there = policy.map_or(0, |one| one.steps.len());
    // everything that is there or was typed has its row, or saving would drop it without a word
    let shown = rows_shown(&typed, "target", there, SPARE)
        .clamp(FIRST, MAX_RUNGS)
        .max(there);
    let rungs = (0..shown)
        .map(|index| {
            let [target, minutes_field, within] =
                ["target", "minutes", "within"].map(|field| format!("{field}[{index}]"));
            let step = policy.and_then(|one| one.steps.get(index));
            let who = typed.text(target.clone(), format!("Rung {}", index + 1));
            let long = typed.text(minutes_field.clone(), "Minutes to take it");
            let when = typed.text(within.clone(), "Only within");
            let target_is = is(&target, step.map(|one| one.target.to_string()).unwrap_or_default());
            let long_is = is(&minutes_field, step.map_or_else(|| "30".to_owned(), |one| minutes(one.after_ms).to_string()));
            let when_is = is(&within, step.and_then(|one| one.only_within.clone()).unwrap_or_default());
            view! {
                <div class="rung">
                    <Select text=who options=choose("—", with_current(&owners, &target_is, &at.rules)) value=target_is/>
                    <div class="pair">
                        <Input text=long kind="number" value=long_is/>
                        <Select text=when options=calendar_choices(&at.rules, "All hours") value=when_is/>
                    </div>
                </div>
            }
        })
        .collect_view();
    let name = typed.text("name", "Name");
    let repeat = typed
        .text("repeat", "Climb again, times")
        .hint("After the last rung, from the first.");
    let ack = typed
        .text("ack_expires", "Taken, and not touched for (minutes)")
        .hint("It is open again then, and climbs. Empty: never.");
    let name_is = is(
        "name",
        policy.map(|one| one.name.clone()).unwrap_or_default(),
    );
    let repeat_is = is(
        "repeat",
        policy.map_or_else(|| "0".to_owned(), |one| one.repeat.to_string()),
    );
    let ack_is = is(
        "ack_expires",
        policy
            .and_then(|one| one.ack_expires_ms)
            .map(|ms| minutes(ms).to_string())
            .unwrap_or_default(),
    );
    let (title, label) = if policy.is_some() {
        ("Change it", "Publish the next version")
    } else {
        ("The policy", "Publish it")
    };
    view! {
        <Card title padded=true id="edit">
            <form method="post" action="/ui/cover/policy">
                {hidden}
                <Input text=name value=name_is required=true/>
                {fresh}
                {rungs}
                <div class="rung"><Input text=repeat kind="number" value=repeat_is/>
                <Input text=ack kind="number" value=ack_is/></div>
                <div class="acts">
                    <Button label=label kind=Kind::Primary/>
                    {(shown < MAX_RUNGS).then(|| more_rows("More rungs"))}
                </div>
            </form>
        </Card>
    }
}
