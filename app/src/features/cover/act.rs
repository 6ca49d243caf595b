//! What the forms of this feature do.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of a form is one argument of its server function"
)]

use engine::{CalendarInput, CoverInput, Error, OwnRoleInput, RotationInput, StandInInput};
use leptos::prelude::*;

use super::words::MORE;
use crate::web::{Done, Posted, Refused, id};

/// What is said when a form comes back with more rows.
pub(super) const NOT_YET: &str = "There is more room now. Nothing is saved yet.";

/// A list's fields, kept under the names that the form gave them.
pub(super) fn keep_all(posted: Posted, name: &str, values: &[String]) -> Posted {
    values
        .iter()
        .enumerate()
        .fold(posted, |posted, (index, value)| {
            posted.keep(&format!("{name}[{index}]"), value)
        })
}

/// A form that was tampered with is one that is out of date.
pub(super) fn number(text: &str) -> i64 {
    text.trim().parse().unwrap_or(-1)
}

pub(super) fn places(count: usize) -> String {
    match count {
        1 => "1 place".to_owned(),
        n => format!("{n} places"),
    }
}

#[server(prefix = "/ui", endpoint = "cover/rotation")]
pub async fn save_rotation(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] rotation: String,
    #[server(default)] rev: String,
    #[server(default)] name: String,
    #[server(default)] key: String,
    #[server(default)] party: String,
    #[server(default)] role: String,
    #[server(default)] time_zone: String,
    #[server(default)] every: String,
    #[server(default)] unit: String,
    #[server(default)] at: String,
    #[server(default)] from: String,
    #[server(default)] members: Vec<String>,
    #[server(default)] more: String,
) -> Result<(), Refused> {
    let posted = Posted::new("rotation", merchant, back)
        .keep("name", &name)
        .keep("key", &key)
        .keep("party", &party)
        .keep("role", &role)
        .keep("time_zone", &time_zone)
        .keep("every", &every)
        .keep("unit", &unit)
        .keep("at", &at)
        .keep("from", &from);
    let posted = keep_all(posted, "members", &members);
    if !more.is_empty() {
        return posted.keep(MORE, &more).again(NOT_YET).await;
    }
    posted
        .run(|engine, ctx| async move {
            let input = RotationInput {
                name,
                key,
                party,
                role,
                time_zone,
                every,
                unit,
                at,
                from,
                members,
            };
            let slug = ctx.merchant().slug.clone();
            if rotation.is_empty() {
                let made = engine.add_rotation(&ctx, input).await?;
                let path = format!("/m/{slug}/people/cover/rotations/{}", made.id);
                return Ok(Done::to(&path, format!("{} turns from now on.", made.name)));
            }
            let which = id(&rotation, "rotation")?;
            let saved = engine
                .change_rotation(&ctx, which, number(&rev), input)
                .await?;
            Ok(Done::back(format!("Saved: {}.", saved.name)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/rotation-remove")]
pub async fn remove_rotation(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] rotation: String,
    #[server(default)] rev: String,
) -> Result<(), Refused> {
    Posted::new("remove", merchant, back)
        .run(|engine, ctx| async move {
            let which = id(&rotation, "rotation")?;
            engine.remove_rotation(&ctx, which, number(&rev)).await?;
            let path = format!("/m/{}/people/cover", ctx.merchant().slug);
            Ok(Done::to(&path, "The rotation is gone."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/stand-in")]
pub async fn stand_in(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] rotation: String,
    #[server(default)] user: String,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] why: String,
) -> Result<(), Refused> {
    Posted::new("stand-in", merchant, back)
        .keep("user", &user)
        .keep("from", &from)
        .keep("until", &until)
        .keep("why", &why)
        .run(|engine, ctx| async move {
            let input = StandInInput {
                user,
                from,
                until,
                why,
            };
            let which = id(&rotation, "rotation")?;
            let saved = engine.stand_in(&ctx, which, input).await?;
            Ok(Done::back(format!("{} knows about it.", saved.name)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/stand-down")]
pub async fn stand_down(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] rotation: String,
    #[server(default)] stand_in: String,
) -> Result<(), Refused> {
    Posted::new("stand-down", merchant, back)
        .run(|engine, ctx| async move {
            let which = id(&rotation, "rotation")?;
            let one = id(&stand_in, "stand-in")?;
            engine.stand_down(&ctx, which, one).await?;
            Ok(Done::back("The turns are as they were."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/calendar")]
pub async fn save_calendar(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] calendar: String,
    #[server(default)] rev: String,
    #[server(default)] name: String,
    #[server(default)] key: String,
    #[server(default)] time_zone: String,
    #[server(default)] hours: Vec<String>,
    #[server(default)] holidays: String,
) -> Result<(), Refused> {
    let posted = Posted::new("calendar", merchant, back)
        .keep("name", &name)
        .keep("key", &key)
        .keep("time_zone", &time_zone)
        .keep("holidays", &holidays);
    keep_all(posted, "hours", &hours)
        .run(|engine, ctx| async move {
            let mut days = hours.into_iter();
            let input = CalendarInput {
                name,
                key,
                time_zone,
                hours: std::array::from_fn(|_| days.next().unwrap_or_default()),
                holidays,
            };
            if calendar.is_empty() {
                let made = engine.add_calendar(&ctx, input).await?;
                let slug = &ctx.merchant().slug;
                let path = format!("/m/{slug}/people/cover/calendars/{}", made.id);
                return Ok(Done::to(
                    &path,
                    format!("{} can be kept to now.", made.name),
                ));
            }
            let which = id(&calendar, "calendar")?;
            let saved = engine
                .change_calendar(&ctx, which, number(&rev), input)
                .await?;
            Ok(Done::back(format!("Saved: {}.", saved.name)))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/calendar-remove")]
pub async fn remove_calendar(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] calendar: String,
    #[server(default)] rev: String,
) -> Result<(), Refused> {
    Posted::new("remove", merchant, back)
        .run(|engine, ctx| async move {
            let which = id(&calendar, "calendar")?;
            engine.remove_calendar(&ctx, which, number(&rev)).await?;
            let path = format!("/m/{}/people/cover", ctx.merchant().slug);
            Ok(Done::to(&path, "The calendar is gone."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/set")]
pub async fn change_cover(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] owner: String,
    #[server(default)] rev: String,
    #[server(default)] by: String,
    #[server(default)] calendar: String,
    #[server(default)] after_hours: String,
) -> Result<(), Refused> {
    Posted::new("cover", merchant, back)
        .keep("by", &by)
        .keep("calendar", &calendar)
        .keep("after_hours", &after_hours)
        .run(|engine, ctx| async move {
            let input = CoverInput {
                owner,
                by,
                calendar,
                after_hours,
            };
            engine.cover_role(&ctx, number(&rev), input).await?;
            Ok(Done::back("Saved. It counts from this minute on."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/role-add")]
pub async fn add_role(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] title: String,
) -> Result<(), Refused> {
    Posted::new("role", merchant, back)
        .keep("title", &title)
        .run(|engine, ctx| async move {
            let made = engine.add_role(&ctx, OwnRoleInput { title }).await?;
            Ok(Done::back(format!(
                "{} can be given to people now.",
                made.title
            )))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/role-rename")]
pub async fn rename_role(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] role: String,
    #[server(default)] title: String,
) -> Result<(), Refused> {
    Posted::new("rename", merchant, back)
        .run(|engine, ctx| async move {
            let which = id(&role, "role")?;
            engine
                .rename_role(&ctx, which, OwnRoleInput { title })
                .await?;
            Ok(Done::back("Renamed."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/role-remove")]
pub async fn remove_role(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] role: String,
) -> Result<(), Refused> {
    Posted::new("remove", merchant, back)
        .run(|engine, ctx| async move {
            engine.remove_role(&ctx, id(&role, "role")?).await?;
            Ok(Done::back("The role is gone."))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "cover/replace")]
pub async fn replace_everywhere(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] owner: String,
    #[server(default)] seen: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    Posted::new("replace", merchant, back)
        .keep("to", &to)
        .run(|engine, ctx| async move {
            let old = owner.parse().map_err(|_| Error::not_found("owner"))?;
            let new = to
                .parse()
                .map_err(|_| Error::invalid("to", "Choose who comes in its place."))?;
            let count = engine.replace_everywhere(&ctx, &old, &new, &seen).await?;
            let path = format!("/m/{}/people/cover", ctx.merchant().slug);
            Ok(Done::to(&path, format!("Replaced in {}.", places(count))))
        })
        .await
}
