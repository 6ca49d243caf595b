//! One rotation: whose turn it is, standing in, and how it turns. Also where a new one is made.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    cover::{OnCallTurn, Rotation, Span, Stretch, local},
    invitation::STANDARD_ROLES,
    owner::{Party, role_title},
};
use engine::{Error, Result, Uses};
use leptos::prelude::*;

use super::{
    role::replace,
    strip::{strip, strip_table},
    words::{
        DAY_MS, at_place, choose, fortnight, here, more_rows, party_choices, people_choices,
        people_words, remove_card, rows_shown, with_person, zone_choices,
    },
};
use crate::{
    ui::*,
    web::{Page, Visit, page},
};

/// So many turns a form offers at least, and so many empty ones beyond those that are there.
const FIRST: usize = 5;
const SPARE: usize = 3;

struct Model {
    /// `None`: a new one.
    rotation: Option<Rotation>,
    stretches: Vec<Stretch>,
    span: Span,
    history: Vec<OnCallTurn>,
    uses: Option<Uses>,
}

#[component]
pub fn RotationPage() -> impl IntoView {
    page("people/cover", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.read(Noun::Person)?;
    let span = fortnight(at.now());
    if at.desk.asked.param("id") == Some("new") {
        at.ctx.require(Action::ManagePeople)?;
        return Ok(Model {
            rotation: None,
            stretches: Vec::new(),
            span,
            history: Vec::new(),
            uses: None,
        });
    }
    let id = at.id("rotation")?;
    let rotation = at
        .rules
        .roster
        .rotations
        .iter()
        .find(|one| one.id == id)
        .cloned()
        .ok_or_else(|| Error::not_found("rotation"))?;
    let owner = rotation.owner();
    let past = Span {
        from: at.now().plus_ms(-60 * DAY_MS),
        to: at.now(),
    };
    Ok(Model {
        stretches: at.rules.roster.watch(&at.rules.members, &owner, span),
        history: at
            .engine()
            .on_call_history(&at.ctx, Some(&owner), past)
            .await?,
        uses: Some(at.engine().where_used(&at.ctx, &owner).await?),
        rotation: Some(rotation),
        span,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        rotation,
        stretches,
        span,
        history,
        uses,
    } = model;
    let may = at.ctx.may(Action::ManagePeople);
    let mut crumbs = here(at);
    let Some(rotation) = rotation else {
        crumbs.push(Crumb::here("New rotation"));
        let form = form(None, at);
        return Page::new(
            "A new rotation",
            crumbs,
            view! {
                <PageHead title="A new rotation" sub="People who take turns, one after the other.".into_any()/>
                <div class="max-w-xl">{form}</div>
            },
        );
    };
    let zone = rotation.time_zone.clone();
    let title = match stretches.first() {
        Some(first) if first.why.is_none() => format!(
            "{} is on call for {}",
            people_words(&at.rules, &first.who),
            rotation.name
        ),
        _ => format!("Nobody is on call for {}", rotation.name),
    };
    let sub = match rotation.next_handoff(at.now()) {
        Some(next) => format!(
            "The next hand-off is {}, to {}. Times are those of {}.",
            at_place(&zone, next),
            people_words(
                &at.rules,
                &rotation.on_call(next).into_iter().collect::<Vec<_>>()
            ),
            zone.replace('_', " ")
        ),
        None => format!(
            "Nobody else comes after. Times are those of {}.",
            zone.replace('_', " ")
        ),
    };
    let drawn = strip(
        &stretches,
        span,
        format!("{}, the next 14 days", rotation.name),
    );
    let table = strip_table(&at.rules, &zone, &stretches);
    let past = past(&history, &zone, at);
    let stand_in = stand_in(&rotation, at);
    let edit = may.then(|| form(Some(&rotation), at));
    let swap = uses
        .as_ref()
        .and_then(|uses| replace(&rotation.owner(), uses, at));
    let remove = may.then(|| {
        let (id, rev) = (rotation.id.to_string(), rotation.rev.to_string());
        remove_card(
            "Remove the rotation",
            "Refused while anything names it; what was on call stays on record.",
            "/ui/cover/rotation-remove",
            at.fields(&[("rotation", &id), ("rev", &rev)]),
        )
    });
    crumbs.push(Crumb::here(rotation.name.clone()));
    let side = view! { {edit} {swap} {remove} }.into_any();
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub=sub.into_any()/>
            <Split side>
                <Card title="The next 14 days"><div class="card-body">{drawn}</div>{table}</Card>
                {stand_in}
                {past}
            </Split>
        },
    )
}

fn past(history: &[OnCallTurn], zone: &str, at: &Visit) -> impl IntoView + use<> {
    let rows = history
        .iter()
        .map(|turn| {
            let until = turn
                .until
                .map_or_else(|| "now".to_owned(), |until| at_place(zone, until));
            let why = if turn.source.starts_with("override:") {
                "stood in"
            } else {
                "their turn"
            };
            view! {
                <tr>
                    <td>{people_words(&at.rules, &[turn.user_id])}</td>
                    <td>{at_place(zone, turn.from)}</td>
                    <td>{until}</td>
                    <td class="wide">{why}</td>
                </tr>
            }
        })
        .collect_view();
    let cols = vec![
        Col::text("Who"),
        Col::text("From"),
        Col::text("Until"),
        Col::text("Why").wide(),
    ];
    view! {
        <Card title="Who was on call" id="history">
            <Table caption="Who was on call in the last 60 days" cols>{rows}</Table>
        </Card>
    }
}

/// Everybody who may stand in for anybody, and somebody in it for themselves.
fn stand_in(rotation: &Rotation, at: &Visit) -> Option<impl IntoView + use<>> {
    let may = at.ctx.may(Action::ManagePeople);
    let me = at.ctx.user_id();
    let mine = at.ctx.may(Action::WorkTasks)
        && at
            .ctx
            .member()
            .is_ok_and(|(_, member)| member.party == rotation.party);
    if !may && !mine {
        return None;
    }
    let id = rotation.id.to_string();
    let zone = rotation.time_zone.clone();
    let planned = rotation
        .overrides
        .iter()
        .filter(|one| one.to > at.now())
        .map(|one| {
            let which = one.id.to_string();
            let title = people_words(&at.rules, &[one.user]);
            let sub = format!(
                "{} until {}. {}",
                at_place(&zone, one.from),
                at_place(&zone, one.to),
                one.why
            );
            let end = (may || me == Some(one.user)).then(|| {
                let fields = at.fields(&[("rotation", &id), ("stand_in", &which)]);
                view! { <PostButton action="/ui/cover/stand-down" label="Take back" fields/> }
            });
            view! { <div class="row"><div class="what">{title}<small>{sub}</small></div>{end}</div> }
        })
        .collect_view();
    let typed = at.form("stand-in");
    let mut people = people_choices(&at.rules, Some(rotation.party));
    if !may {
        people.retain(|(id, _)| me.is_some_and(|me| me.to_string() == *id));
    }
    let start = local(&zone, at.now().plus_ms(DAY_MS), "%Y-%m-%dT09:00");
    let end = local(&zone, at.now().plus_ms(2 * DAY_MS), "%Y-%m-%dT09:00");
    let me = me.map(|id| id.to_string()).unwrap_or_default();
    let hidden = at.hidden(&[("rotation", &id)]);
    let user_text = typed.text("user", "Who stands in");
    let from_text = typed.text("from", "From");
    let until_text = typed.text("until", "Until");
    let why_text = typed.text("why", "Why");
    Some(view! {
        <Card title="Standing in" id="stand-in">
            {planned}
            <div class="card-body">
                <form method="post" action="/ui/cover/stand-in">
                    {hidden}
                    <div class="pair">
                        <Select text=user_text options=choose("Choose…", people) value=typed.value_or("user", &me)/>
                        <Input text=why_text value=typed.value("why")/>
                        <Input text=from_text kind="datetime-local" value=typed.value_or("from", &start)/>
                        <Input text=until_text kind="datetime-local" value=typed.value_or("until", &end)/>
                    </div>
                    <div class="acts"><Button label="Take this time"/></div>
                </form>
            </div>
        </Card>
    })
}

fn role_choices(at: &Visit) -> Vec<(String, String)> {
    let standard = STANDARD_ROLES
        .iter()
        .map(|role| ((*role).to_owned(), role_title(role)));
    let own = at
        .rules
        .own_roles
        .iter()
        .map(|one| (one.key.clone(), one.title.clone()));
    choose("No role in particular", standard.chain(own).collect())
}

fn form(rotation: Option<&Rotation>, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("rotation");
    let is = |name: &str, kept: String| typed.value_or(name, &kept);
    let hand_off = rotation.map(|one| one.hand_off);
    let id = rotation.map(|one| one.id.to_string()).unwrap_or_default();
    let rev = rotation.map_or(0, |one| one.rev).to_string();
    let party = rotation.map_or(Party::Agency, |one| one.party);
    let hidden = at.hidden(&[("rotation", &id), ("rev", &rev)]);
    let fresh = rotation.is_none().then(|| {
        let key = typed
            .text("key", "Key")
            .hint("What owners name it by, such as night-desk; it never changes.");
        let side = typed.text("party", "Side").hint("Everybody in it stands on this side.");
        view! {
            <Input text=key value=typed.value("key") autocomplete="off" required=true/>
            <Select text=side options=party_choices() value=typed.value_or("party", party.as_str())/>
        }
    });
    let name = typed.text("name", "Name");
    let role = typed
        .text("role", "Stands for")
        .hint("Everybody in it holds this role; the role can then be answered by the rotation.");
    let zone = typed.text("time_zone", "Time zone");
    let every = typed.text("every", "A turn lasts");
    let unit = typed.text("unit", "Unit");
    let clock = typed
        .text("at", "Hand-off at")
        .hint("The time of day, which it keeps when clocks change.");
    let from = typed.text("from", "First turn begins on");
    let units = ["hours", "days", "weeks"]
        .map(|one| (one.to_owned(), one.to_owned()))
        .into();
    let members = rotation.map(|one| one.members.clone()).unwrap_or_default();
    let people = people_choices(&at.rules, rotation.map(|one| one.party));
    // everybody who has a turn or was typed has their row, or saving would drop them without a word
    let shown = rows_shown(&typed, "members", members.len(), SPARE).max(FIRST);
    let places = (0..shown)
        .map(|index| {
            let field = format!("members[{index}]");
            let text = typed.text(field.clone(), format!("Turn {}", index + 1));
            let value = is(
                &field,
                members
                    .get(index)
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            );
            let people = with_person(&people, &value, &at.rules);
            view! { <Select text options=choose("—", people) value/> }
        })
        .collect_view();
    let zone_is = is(
        "time_zone",
        rotation.map_or_else(
            || "America/New_York".to_owned(),
            |one| one.time_zone.clone(),
        ),
    );
    let every_is = is(
        "every",
        hand_off.map_or_else(|| "1".to_owned(), |one| one.every.n().to_string()),
    );
    let unit_is = is(
        "unit",
        hand_off.map_or("weeks", |one| one.every.unit()).to_owned(),
    );
    let at_is = is(
        "at",
        hand_off.map_or_else(|| "09:00".to_owned(), |one| one.at.to_string()),
    );
    let from_is = is(
        "from",
        hand_off.map_or_else(
            || at.now().format_utc("%Y-%m-%d"),
            |one| one.from.to_string(),
        ),
    );
    let name_is = is(
        "name",
        rotation.map(|one| one.name.clone()).unwrap_or_default(),
    );
    let role_is = is(
        "role",
        rotation
            .and_then(|one| one.role.clone())
            .unwrap_or_default(),
    );
    let roles = role_choices(at);
    let (title, label) = if rotation.is_some() {
        ("Change it", "Save")
    } else {
        ("The rotation", "Make it")
    };
    view! {
        <Card title padded=true id="edit">
            <form method="post" action="/ui/cover/rotation">
                {hidden}
                <Input text=name value=name_is required=true/>
                {fresh}
                <Select text=role options=roles value=role_is/>
                <Select text=zone options=zone_choices() value=zone_is/>
                <div class="pair">
                    <Input text=every kind="number" value=every_is/>
                    <Select text=unit options=units value=unit_is/>
                    <Input text=clock kind="time" value=at_is/>
                    <Input text=from kind="date" value=from_is/>
                </div>
                <fieldset class="field">
                    <legend class="label mb-1">"In this order"</legend>
                    {places}
                </fieldset>
                <div class="acts">
                    <Button label=label kind=Kind::Primary/>
                    {more_rows("More turns")}
                </div>
            </form>
        </Card>
    }
}
