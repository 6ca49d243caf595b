//! One template: which merchant is on which version, its stages, its versions, and what was pushed.

use std::{collections::HashMap, sync::Arc};

use domain::{
    agency::{Edition, Outcome, Pin, Push, Template},
    people::Merchant,
};
use engine::{AgencyCtx, AgencyPerson, Result, TemplateView};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    super::{enter, path},
    crumbs, hidden,
};
use crate::{
    features::exports::plural,
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, home},
};

struct Model {
    at: AgencyCtx,
    view: TemplateView,
    people: Vec<AgencyPerson>,
}

impl Model {
    fn template(&self) -> &Template {
        &self.view.template
    }

    fn path(&self, rest: &str) -> String {
        path(
            &self.at,
            &format!("/templates/{}{rest}", self.template().id),
        )
    }

    fn who(&self, id: Uuid) -> String {
        let known = self.people.iter().find(|one| one.user.id == id);
        known.map_or_else(
            || "a former colleague".to_owned(),
            |one| one.user.name.clone(),
        )
    }

    fn may(&self) -> bool {
        self.at.is_admin() && self.template().retired_at.is_none()
    }
}

#[component]
pub fn TemplateDetailPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let id = desk.asked.id("template")?;
    Ok(Model {
        view: desk.engine().agency_template(&at, id).await?,
        people: desk.engine().colleagues(&at).await?,
        at,
    })
}

fn render(model: Model, desk: &Desk) -> Page {
    let TemplateView {
        template,
        editions,
        pins,
        pushes,
    } = &model.view;
    let newest = template.newest;
    let on_newest = pins
        .iter()
        .filter(|(_, pin)| pin.version == Some(newest))
        .count();
    let title = match (template.retired_at.is_some(), pins.len()) {
        (true, _) => format!("{} is retired", template.name),
        (_, 0) => format!("{}: pushed to nobody yet", template.name),
        (_, all) if on_newest == all => format!(
            "{}: {} on version {newest}",
            template.name,
            merchants_words(all)
        ),
        (_, all) => format!(
            "{}: {on_newest} of {} on version {newest}",
            template.name,
            merchants_words(all)
        ),
    };
    let actions = model.may().then(|| {
        let next = path(
            &model.at,
            &format!("/templates/new?template={}", template.id),
        );
        view! {
            <LinkButton href=next label="New version"/>
            <LinkButton href="#push" label="Push a version" kind=Kind::Primary/>
        }
        .into_any()
    });
    let sub = format!(
        "The flow “{}” with the roles and the escalation policy it needs. Each merchant keeps what it changed.",
        template.flow_key
    );
    let places = places(&model, desk);
    let push = model.may().then(|| choose_push(&model, desk));
    let stages = model.may().then(|| stages(&model, desk));
    let versions = versions(&model, editions, desk);
    let history = history(&model, pushes, desk);
    let end = model.may().then(|| end(&model));
    let side = view! { {versions} {history} {end} }.into_any();
    let mut trail = crumbs(&model.at);
    trail.push(Crumb::here(template.name.clone()));
    let head = title.clone();
    Page::new(
        title,
        trail,
        view! {
            <PageHead title=head sub=sub.into_any() nostrip:actions=actions/>
            <Split side>{places} {push} {stages}</Split>
        },
    )
}

fn merchants_words(many: usize) -> String {
    format!("{many} {}", plural(many, "merchant"))
}

/// Every merchant, with the version it is on.
fn places(model: &Model, desk: &Desk) -> impl IntoView + use<> {
    let pins: HashMap<Uuid, &Pin> = model
        .view
        .pins
        .iter()
        .map(|(one, pin)| (one.id, pin))
        .collect();
    let rows = model
        .at
        .places
        .iter()
        .map(|(merchant, _)| place(model, merchant, pins.get(&merchant.id).copied(), desk))
        .collect_view();
    let cols = vec![
        Col::text("Merchant"),
        Col::text("Template"),
        Col::text("Stage").wide(),
        Col::num("Since").wide(),
        Col::text("Actions").wide(),
    ];
    let aside = format!(
        "{} of {} pinned",
        model.view.pins.len(),
        model.at.places.len()
    )
    .into_any();
    view! {
        <Card title="Merchants" aside id="merchants">
            <Table caption="Merchants and the version they are on" list=true cols>{rows}</Table>
        </Card>
    }
}

fn place(
    model: &Model,
    merchant: &Merchant,
    pin: Option<&Pin>,
    desk: &Desk,
) -> impl IntoView + use<> {
    let template = model.template();
    let newest = template.newest;
    let (tone, word) = match pin {
        None => (Tone::Idle, "not pinned".to_owned()),
        Some(pin) => match (pin.version, &pin.pending) {
            (None, _) => (Tone::Wait, "a second person is asked".to_owned()),
            (Some(version), Some(_)) => {
                (Tone::Wait, format!("version {version}, another asked for"))
            }
            (Some(version), None) if version == newest => {
                (Tone::Done, format!("version {version}"))
            }
            (Some(version), None) => (Tone::Wait, format!("version {version}, {newest} is newest")),
        },
    };
    let stage = template
        .stages
        .iter()
        .find(|one| one.merchants.contains(&merchant.id))
        .map(|one| one.name.clone());
    let href = match pin {
        Some(pin) if pin.version.is_some() => {
            format!("/m/{}/flows/{}", merchant.slug, template.flow_key)
        }
        _ => format!("/m/{}/flows", merchant.slug),
    };
    let now = desk.now;
    let since = pin.map(|pin| view! { <When at=pin.pinned_at now/> });
    let act = pin.filter(|_| model.at.is_admin()).map(|_| {
        let fields = vec![
            ("operator", model.at.operator.slug.clone()),
            ("back", model.path("")),
            ("template", template.id.to_string()),
            ("merchant", merchant.id.to_string()),
        ];
        let describe = format!("Let go of {}", merchant.name);
        view! { <PostButton action="/ui/template/let-go" label="Let go" kind=Kind::Quiet fields describe/> }
    });
    view! {
        <tr data-row=merchant.id.to_string()>
            <td><a class="title" data-open="" href=href>{merchant.name.clone()}</a></td>
            <td><StateBadge tone word/></td>
            <td class="wide">{stage}</td>
            <td class="num wide">{since}</td>
            <td class="wide">{act}</td>
        </tr>
    }
}

/// Which version goes to whom; what that does is shown before.
fn choose_push(model: &Model, desk: &Desk) -> impl IntoView + use<> {
    let template = model.template();
    let typed = desk.form("push");
    let versions: Vec<(String, String)> = model
        .view
        .editions
        .iter()
        .map(|one| {
            let words = format!("Version {}: {}", one.version, cut(&one.note, 60));
            (one.version.to_string(), words)
        })
        .collect();
    let mut whom: Vec<(String, String)> = template
        .stages
        .iter()
        .map(|stage| {
            let words = format!("{}: {}", stage.name, merchants_words(stage.merchants.len()));
            (stage.name.clone(), words)
        })
        .collect();
    whom.push((String::new(), "The merchants ticked below".to_owned()));
    let boxes = model
        .at
        .places
        .iter()
        .map(|(one, _)| {
            view! {
                <label class="check">
                    <input type="checkbox" name="merchants[]" value=one.id.to_string()/>
                    <span>{one.name.clone()}</span>
                </label>
            }
        })
        .collect_view();
    let wrong = typed
        .error("merchants")
        .map(|sentence| view! { <p class="error">{sentence}</p> });
    let action = model.path("/push");
    let first = whom.first().map(|(key, _)| key.clone()).unwrap_or_default();
    view! {
        <Card title="Push a version" padded=true id="push">
            <form method="get" action=action>
                <Select text=FieldText::new("version", "Version") options=versions/>
                <Select
                    text=FieldText::new("stage", "To").hint("A stage first, the others when it holds up there.")
                    options=whom
                    value=first
                />
                <fieldset class="field">
                    <legend>"Merchants"</legend>
                    <div class="grid gap-x-4 sm:grid-cols-2">{boxes}</div>
                    {wrong}
                </fieldset>
                <div class="acts"><Button label="See what it does" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}

fn cut(text: &str, many: usize) -> String {
    if text.chars().count() <= many {
        return text.to_owned();
    }
    let start: String = text.chars().take(many).collect();
    format!("{}…", start.trim_end())
}

/// In which order merchants get a version.
fn stages(model: &Model, desk: &Desk) -> impl IntoView + use<> {
    let template = model.template();
    let typed = desk.form("stages");
    let names: Vec<String> = if template.stages.is_empty() {
        vec!["pilot".to_owned(), "rest".to_owned()]
    } else {
        template.stages.iter().map(|one| one.name.clone()).collect()
    };
    let mut options = vec![(String::new(), "None".to_owned())];
    options.extend(names.iter().map(|name| (name.clone(), name.clone())));
    let rows = model
        .at
        .places
        .iter()
        .map(|(merchant, _)| {
            let is = template
                .stages
                .iter()
                .find(|one| one.merchants.contains(&merchant.id))
                .map(|one| format!("{}={}", merchant.id, one.name))
                .unwrap_or_default();
            let options: Vec<(String, String)> = options
                .iter()
                .map(|(key, words)| match key.as_str() {
                    "" => (String::new(), words.clone()),
                    key => (format!("{}={key}", merchant.id), words.clone()),
                })
                .collect();
            let choices = options
                .into_iter()
                .map(|(key, words)| {
                    let chosen = key == is;
                    view! { <option value=key selected=chosen>{words}</option> }
                })
                .collect_view();
            let id = format!("stage-{}", merchant.slug);
            view! {
                <div>
                    <div class="field">
                        <label for=id.clone()>{merchant.name.clone()}</label>
                        <select class="input" id=id name="places[]">{choices}</select>
                    </div>
                </div>
            }
        })
        .collect_view();
    let about = hidden(
        &model.at,
        &format!("{}#stages", model.path("")),
        &[
            ("template", template.id.to_string()),
            ("rev", template.rev.to_string()),
        ],
    );
    let text = typed
        .text("stages", "Stages, in order")
        .hint("Names with commas between them. A new one can be chosen below once it is saved.");
    let value = typed.value_or("stages", &names.join(", "));
    view! {
        <Card title="Stages" padded=true id="stages">
            <form method="post" action="/ui/template/stages">
                {about}
                <Input text value autocomplete="off"/>
                <div class="mt-4 grid gap-4 sm:grid-cols-2">{rows}</div>
                <div class="acts mt-4"><Button label="Save the stages"/></div>
            </form>
        </Card>
    }
}

fn versions(model: &Model, editions: &[Edition], desk: &Desk) -> impl IntoView + use<> {
    let now = desk.now;
    let rows = editions
        .iter()
        .map(|one| {
            let from = one.taken_from.map_or_else(
                || "from a document".to_owned(),
                |id| {
                    let known = model
                        .at
                        .places
                        .iter()
                        .find(|(merchant, _)| merchant.id == id);
                    known.map_or_else(
                        || "from a merchant".to_owned(),
                        |(merchant, _)| format!("from {}", merchant.name),
                    )
                },
            );
            let steps = one.flow.steps.len();
            let mut parts = vec![
                one.note.clone(),
                format!("{from}, by {}", model.who(one.made_by)),
                format!("{steps} {}", plural(steps, "step")),
            ];
            let roles: Vec<&str> = one.roles.iter().map(|role| role.title.as_str()).collect();
            if !roles.is_empty() {
                parts.push(format!("with the roles {}", roles.join(", ")));
            }
            if let Some(policy) = &one.policy {
                parts.push(format!("escalates by {}", policy.name));
            }
            let (title, at) = (format!("Version {}", one.version), one.made_at);
            let aside = view! { <When at now/> }.into_any();
            view! { <Row title sub=parts.join(" · ") aside/> }
        })
        .collect_view();
    view! { <Card title="Versions" id="versions">{rows}</Card> }
}

fn history(model: &Model, pushes: &[Push], desk: &Desk) -> impl IntoView + use<> {
    let now = desk.now;
    let rows = pushes
        .iter()
        .map(|push| {
            let href = model.path(&format!("/pushes/{}", push.id));
            let refused = push
                .merchants
                .iter()
                .filter(|one| matches!(one.outcome, Outcome::Refused { .. }))
                .count();
            let all = push.merchants.len();
            let to = push.stage.clone().unwrap_or_else(|| merchants_words(all));
            let (tone, word) = match (push.undone.is_some(), push.is_over(), refused) {
                (true, ..) => (Tone::Idle, "taken back".to_owned()),
                (_, false, _) => (Tone::Wait, "not over".to_owned()),
                (.., 0) => (Tone::Done, format!("reached {all}")),
                (.., n) => (Tone::Late, format!("reached {} of {all}", all - n)),
            };
            let title = format!("Version {} to {to}", push.version);
            let sub = format!("{word} · {} · {}", model.who(push.by), push.why);
            let at = push.at;
            let aside = view! { <When at now/> }.into_any();
            view! { <Row title sub href tone aside/> }
        })
        .collect_view();
    let inside = if pushes.is_empty() {
        view! { <Row title="Nothing was pushed yet." tone=Tone::Idle/> }.into_any()
    } else {
        rows.into_any()
    };
    view! { <Card title="Pushes" id="pushes">{inside}</Card> }
}

fn end(model: &Model) -> impl IntoView + use<> {
    let fields = vec![
        ("operator", model.at.operator.slug.clone()),
        ("back", model.path("")),
        ("template", model.template().id.to_string()),
    ];
    view! {
        <Card title="Not needed any more?" padded=true>
            <p>"A retired template is pushed no more. While merchants are pinned to it, it stays."</p>
            <div class="acts mt-4">
                <PostButton action="/ui/template/retire" label="Retire it" kind=Kind::Danger fields/>
            </div>
        </Card>
    }
}
