//! Who answers for each role now, and over the next two weeks.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    cover::{Span, Stretch},
    escalation::Policy,
    owner::Owner,
};
use engine::Result;
use leptos::prelude::*;

use super::{
    strip::strip,
    words::{at_place, fortnight, here, owner_words, party_word, people_words, zone_of},
};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Line {
    owner: Owner,
    stretches: Vec<Stretch>,
}

impl Line {
    fn gaps(&self) -> usize {
        self.stretches
            .iter()
            .filter(|one| one.why.is_some())
            .count()
    }

    fn is_open_now(&self) -> bool {
        self.stretches.first().is_some_and(|one| one.why.is_some())
    }

    /// Before the next morning is over somewhere, which is what "tonight" is about.
    fn is_open_within(&self, hours: i64) -> bool {
        let Some(first) = self.stretches.first() else {
            return false;
        };
        let until = first.span.from.plus_ms(hours * 60 * 60 * 1000);
        self.stretches
            .iter()
            .any(|one| one.why.is_some() && one.span.from < until)
    }
}

struct Model {
    lines: Vec<Line>,
    span: Span,
    retired: Vec<Policy>,
}

#[component]
pub fn CoverPage() -> impl IntoView {
    page("people/cover", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Person)?;
    let span = fortnight(at.now());
    let rules = &at.rules;
    let lines = rules
        .owners()
        .into_iter()
        .map(|owner| Line {
            stretches: rules.roster.watch(&rules.members, &owner, span),
            owner,
        })
        .collect();
    Ok(Model {
        lines,
        span,
        retired: at.engine().retired_policies(&at.ctx).await?,
    })
}

fn number(n: usize) -> String {
    let words = ["No", "One", "Two", "Three", "Four", "Five", "Six"];
    words
        .get(n)
        .map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

fn headline(lines: &[Line]) -> String {
    let now = lines.iter().filter(|line| line.is_open_now()).count();
    let soon = lines.iter().filter(|line| line.is_open_within(24)).count();
    let later = lines.iter().filter(|line| line.gaps() > 0).count();
    let have = |n: usize| if n == 1 { "role has" } else { "roles have" };
    if now > 0 {
        format!("{} {} nobody right now", number(now), have(now))
    } else if soon > 0 {
        format!("{} {} nobody within a day", number(soon), have(soon))
    } else if later > 0 {
        format!("{} {} a gap within two weeks", number(later), have(later))
    } else {
        "Somebody answers for every role, day and night".to_owned()
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        mut lines,
        span,
        retired,
    } = model;
    let title = headline(&lines);
    let may = at.ctx.may(Action::ManagePeople);
    // what is open stands first
    lines.sort_by_key(|line| (!line.is_open_now(), line.gaps() == 0));
    let count = lines.len();
    let rows = lines.iter().map(|line| row(line, span, at)).collect_view();
    let inside = if count == 0 {
        view! {
            <Empty icon=Ico::People title="Nobody holds a role yet">
                "Roles are given to people on their own pages; each stands here from then on."
            </Empty>
        }
        .into_any()
    } else {
        let cols = vec![
            Col::text("Role"),
            Col::text("Answers now"),
            Col::text("Next 14 days").wide(),
            Col::text("Then"),
        ];
        view! { <Table caption="Who answers for what" list=true cols>{rows}</Table> }.into_any()
    };
    let sub = format!(
        "{count} {} and rotations at {}. A red stretch is a time in which nobody answers.",
        plural(count, "role"),
        at.ctx.merchant().name
    )
    .into_any();
    let side = view! { {rotations(at, may)} {calendars(at, may)} {policies(at, may, &retired)} {own_roles(at, may)} }
        .into_any();
    let mut crumbs = here(at);
    crumbs.pop();
    crumbs.push(Crumb::here("Cover"));
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub/>
            <Card title="Who answers">{inside}</Card>
            <div class="grid gap-4 lg:grid-cols-2 mt-4">{side}</div>
        },
    )
}

fn row(line: &Line, span: Span, at: &Visit) -> impl IntoView + use<> {
    let rules = &at.rules;
    let zone = zone_of(rules, &line.owner);
    let name = owner_words(rules, &line.owner);
    let href = match &line.owner {
        Owner::Rotation(key) => rules.roster.rotation(key).map_or_else(
            || at.path("people/cover"),
            |one| at.path(&format!("people/cover/rotations/{}", one.id)),
        ),
        owner => at.path(&format!("people/cover/roles/{owner}")),
    };
    let first = line.stretches.first();
    let now = match first.map(|one| (&one.why, &one.who)) {
        Some((Some(why), _)) => {
            let why = why.to_string();
            view! { <StateBadge tone=Tone::Late word="nobody"/> <small>{why}</small> }.into_any()
        }
        Some((None, who)) => people_words(rules, who).into_any(),
        None => "".into_any(),
    };
    let gaps = line.gaps();
    let next = line.stretches.get(1);
    let then = next.map_or_else(
        || "no change".to_owned(),
        |one| {
            let who = people_words(rules, &one.who);
            format!("{who}, from {}", at_place(&zone, one.span.from))
        },
    );
    let spoken = match gaps {
        0 => format!("{name}: no gap in the next 14 days"),
        n => format!("{name}: {n} {} in the next 14 days", plural(n, "gap")),
    };
    let said = (gaps > 0).then(|| format!("{gaps} {}", plural(gaps, "gap")));
    view! {
        <tr data-row=line.owner.to_string()>
            <td><a class="title" data-open="" href=href>{name}</a></td>
            <td>{now}</td>
            <td class="wide">{strip(&line.stretches, span, spoken)} {said.map(|text| view! { <small>{text}</small> })}</td>
            <td class="across"><small>{then}</small></td>
        </tr>
    }
}

fn add(may: bool, href: String, label: &'static str) -> Option<AnyView> {
    may.then(|| view! { <LinkButton href label icon=Ico::Plus/> }.into_any())
}

fn rotations(at: &Visit, may: bool) -> impl IntoView + use<> {
    let rows = at
        .rules
        .roster
        .rotations
        .iter()
        .map(|one| {
            let href = at.path(&format!("people/cover/rotations/{}", one.id));
            let who = one.on_call(at.now()).into_iter().collect::<Vec<_>>();
            let sub = format!(
                "{}, hands off {} at {} ({})",
                party_word(one.party),
                one.hand_off.every.words(),
                one.hand_off.at,
                one.time_zone.replace('_', " ")
            );
            let aside = people_words(&at.rules, &who).into_any();
            view! { <Row title=one.name.clone() sub href aside/> }
        })
        .collect_view();
    let none = at.rules.roster.rotations.is_empty().then(|| {
        view! { <p class="p-4 text-ink-2">"People who take turns. Make one, then let a role be answered by it."</p> }
    });
    let aside = add(may, at.path("people/cover/rotations/new"), "New rotation");
    view! { <Card title="Rotations" id="rotations" nostrip:aside=aside>{rows} {none}</Card> }
}

fn calendars(at: &Visit, may: bool) -> impl IntoView + use<> {
    let rows = at
        .rules
        .roster
        .calendars
        .iter()
        .map(|one| {
            let href = at.path(&format!("people/cover/calendars/{}", one.id));
            let sub = format!(
                "{} ({})",
                one.hours_in_words(),
                one.time_zone.replace('_', " ")
            );
            let word = if one.is_open(at.now()) {
                "open now"
            } else {
                "closed now"
            };
            view! { <Row title=one.name.clone() sub href aside=word.into_any()/> }
        })
        .collect_view();
    let none = at.rules.roster.calendars.is_empty().then(|| {
        view! { <p class="p-4 text-ink-2">"Working hours and holidays, for roles and rungs that keep to them."</p> }
    });
    let aside = add(may, at.path("people/cover/calendars/new"), "New calendar");
    view! { <Card title="Working hours" id="calendars" nostrip:aside=aside>{rows} {none}</Card> }
}

fn policies(at: &Visit, may: bool, retired: &[Policy]) -> impl IntoView + use<> {
    let rows = at
        .rules
        .policies
        .iter()
        .map(|one| {
            let href = at.path(&format!("people/cover/policies/{}", one.key));
            let used = at
                .rules
                .contracts
                .iter()
                .filter(|contract| contract.escalation.key == one.key)
                .count();
            let sub = format!(
                "{} {}, used by {used} {}",
                one.steps.len(),
                plural(one.steps.len(), "rung"),
                plural(used, "contract")
            );
            let aside = format!("v{}", one.version).into_any();
            view! { <Row title=one.name.clone() sub href aside/> }
        })
        .collect_view();
    let gone = retired
        .iter()
        .map(|one| {
            let href = at.path(&format!("people/cover/policies/{}", one.key));
            view! { <Row title=one.name.clone() sub="retired" href aside=format!("v{}", one.version).into_any()/> }
        })
        .collect_view();
    let none = at.rules.policies.is_empty().then(|| {
        view! { <p class="p-4 text-ink-2">"Who has late work next, rung by rung. Contracts have their own until they name one of these."</p> }
    });
    let aside = add(may, at.path("people/cover/policies/new"), "New policy");
    view! { <Card title="Escalation policies" id="policies" nostrip:aside=aside>{rows} {none} {gone}</Card> }
}

fn own_roles(at: &Visit, may: bool) -> impl IntoView + use<> {
    let rows = at
        .rules
        .own_roles
        .iter()
        .map(|one| {
            let id = one.id.to_string();
            let rename = may.then(|| {
                let hidden = at.hidden(&[("role", &id)]);
                let label = format!("Title of {}", one.title);
                view! {
                    <form method="post" action="/ui/cover/role-rename" class="flex gap-2">
                        {hidden}
                        <input class="input" name="title" aria-label=label value=one.title.clone() required=true/>
                        <div class="acts"><Button label="Rename"/></div>
                    </form>
                }
            });
            let remove = may.then(|| {
                let fields = at.fields(&[("role", &id)]);
                view! { <PostButton action="/ui/cover/role-remove" label="Remove" fields/> }
            });
            view! {
                <div class="row">
                    <div class="what">{one.title.clone()}<small>{one.key.clone()}</small></div>
                    {rename}
                    {remove}
                </div>
            }
        })
        .collect_view();
    let form = may.then(|| {
        let typed = at.form("role");
        let text = typed
            .text("title", "Add a role")
            .hint("Beside the standard ones, such as Loyalty desk.");
        let hidden = at.hidden(&[]);
        view! {
            <div class="card-body">
                <form method="post" action="/ui/cover/role-add">
                    {hidden}
                    <Input text value=typed.value("title") required=true/>
                    <div class="acts"><Button label="Add role"/></div>
                </form>
            </div>
        }
    });
    let none = (at.rules.own_roles.is_empty() && !may).then(|| {
        view! { <p class="p-4 text-ink-2">"None: the standard roles are enough here."</p> }
    });
    view! { <Card title="Roles of your own" id="roles">{rows} {none} {form}</Card> }
}
