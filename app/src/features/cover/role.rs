//! One role: who answers for it over two weeks, how that is decided, where it is named, and putting
//! somebody else in its place.

use std::{str::FromStr, sync::Arc};

use domain::{
    access::{Action, Noun},
    cover::{By, Cover, Span, Stretch},
    owner::Owner,
};
use engine::{Error, Result, Uses};
use leptos::prelude::*;

use super::{
    strip::{strip, strip_table},
    words::{
        at_place, calendar_choices, choose, fortnight, here, owner_choices, owner_words,
        people_words, zone_of,
    },
};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    owner: Owner,
    cover: Option<Cover>,
    stretches: Vec<Stretch>,
    span: Span,
    uses: Uses,
}

#[component]
pub fn RolePage() -> impl IntoView {
    page("people/cover", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Person)?;
    let text = at.desk.asked.param("owner").unwrap_or_default().to_owned();
    let owner = Owner::from_str(&text)
        .ok()
        .filter(|owner| matches!(owner, Owner::Role { .. }) && at.rules.owners().contains(owner))
        .ok_or_else(|| Error::not_found("role"))?;
    let cover = match &owner {
        Owner::Role { party, role } => at.rules.roster.cover(*party, role).cloned(),
        _ => None,
    };
    let span = fortnight(at.now());
    Ok(Model {
        stretches: at.rules.roster.watch(&at.rules.members, &owner, span),
        uses: at.engine().where_used(&at.ctx, &owner).await?,
        owner,
        cover,
        span,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        owner,
        cover,
        stretches,
        span,
        uses,
    } = model;
    let rules = &at.rules;
    let name = owner_words(rules, &owner);
    let zone = zone_of(rules, &owner);
    let first_gap = stretches.iter().find(|one| one.why.is_some());
    let title = match (stretches.first(), first_gap) {
        (Some(first), _) if first.why.is_some() => format!("Nobody answers for {name} now"),
        (Some(first), None) => {
            format!("{} answers for {name}", people_words(rules, &first.who))
        }
        (_, Some(gap)) => format!(
            "Nobody answers for {name} from {}",
            at_place(&zone, gap.span.from)
        ),
        (None, None) => name.clone(),
    };
    let sub = format!("Times are those of {}.", zone.replace('_', " ")).into_any();
    let drawn = strip(&stretches, span, format!("{name}, the next 14 days"));
    let table = strip_table(rules, &zone, &stretches);
    let form = at
        .ctx
        .may(Action::ManagePeople)
        .then(|| form(&owner, cover.as_ref(), at));
    let (named, replace) = (named(&uses), replace(&owner, &uses, at));
    let side = view! { {form} {replace} }.into_any();
    let mut crumbs = here(at);
    crumbs.push(Crumb::here(name));
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub/>
            <Split side>
                <Card title="The next 14 days"><div class="card-body">{drawn}</div>{table}</Card>
                {named}
            </Split>
        },
    )
}

fn value(by: &By) -> &str {
    match by {
        By::Everybody => "everybody",
        By::Rotation(key) => key,
    }
}

fn form(owner: &Owner, cover: Option<&Cover>, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("cover");
    let rotations: Vec<(String, String)> = at
        .rules
        .roster
        .rotations
        .iter()
        .filter(|one| match owner {
            Owner::Role { party, role } => one.party == *party && one.role.as_ref() == Some(role),
            _ => false,
        })
        .map(|one| (one.key.clone(), format!("Whose turn it is in {}", one.name)))
        .collect();
    let mut by = vec![("everybody".to_owned(), "Everybody who holds it".to_owned())];
    by.extend(rotations);
    let after = choose("Nobody", by.clone());
    let by_is = cover.map_or_else(|| "everybody".to_owned(), |one| value(&one.by).to_owned());
    let calendar_is = cover
        .and_then(|one| one.calendar.clone())
        .unwrap_or_default();
    let after_is = cover
        .and_then(|one| one.after_hours.as_ref())
        .map(|by| value(by).to_owned())
        .unwrap_or_default();
    let [by_is, calendar_is, after_is] = [
        typed.value_or("by", &by_is),
        typed.value_or("calendar", &calendar_is),
        typed.value_or("after_hours", &after_is),
    ];
    let calendars = calendar_choices(&at.rules, "All hours");
    let rev = cover.map_or(0, |one| one.rev).to_string();
    let hidden = at.hidden(&[("owner", &owner.to_string()), ("rev", &rev)]);
    let by_text = typed
        .text("by", "Answered by")
        .hint("A rotation that stands for this role can be chosen here.");
    let calendar_text = typed.text("calendar", "Within");
    let after_text = typed
        .text("after_hours", "Outside these hours")
        .hint("Counts only with working hours. Nobody leaves a gap.");
    view! {
        <Card title="How it is answered" padded=true id="cover">
            <form method="post" action="/ui/cover/set">
                {hidden}
                <Select text=by_text options=by value=by_is/>
                <Select text=calendar_text options=calendars value=calendar_is/>
                <Select text=after_text options=after value=after_is/>
                <div class="acts"><Button label="Save" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}

fn named(uses: &Uses) -> impl IntoView + use<> {
    let count = uses.seats.len();
    let title = match count {
        0 => "Nothing names it".to_owned(),
        n => format!("Named in {n} {}", plural(n, "place")),
    };
    let rows = uses
        .seats
        .iter()
        .map(|seat| {
            let aside = domain::owner::role_title(seat.holds.as_str()).into_any();
            view! { <Row title=seat.title.clone() sub=seat.place.clone() aside/> }
        })
        .collect_view();
    view! { <Card title id="named">{rows}</Card> }
}

pub(super) fn replace(owner: &Owner, uses: &Uses, at: &Visit) -> Option<impl IntoView + use<>> {
    let count = uses.replaced().count();
    let may = at.ctx.may(Action::ManagePeople) && at.ctx.may(Action::Publish);
    (may && count > 0).then(|| {
        let typed = at.form("replace");
        let hidden = at.hidden(&[("owner", &owner.to_string()), ("seen", &uses.seen)]);
        let mut options = owner_choices(&at.rules);
        options.retain(|(key, _)| *key != owner.to_string());
        let text = typed.text("to", "With").hint(format!(
            "Changes {count} {} at once: published rules as new versions, open work in place. Who holds the role keeps it.",
            plural(count, "place")
        ));
        view! {
            <Card title="Replace it everywhere" padded=true id="replace">
                <form method="post" action="/ui/cover/replace">
                    {hidden}
                    <Select text options=choose("Choose…", options) value=typed.value("to") required=true/>
                    <div class="acts"><Button label="Replace everywhere"/></div>
                </form>
            </Card>
        }
    })
}
