//! Making, changing and removing calendars.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use domain::{
    access::Action,
    cover::{Calendar, Hours, WallTime},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{changed_meanwhile, fields, taken, work};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    invitations::fault,
    port::StoreExt,
    rules::Rules,
};

/// A calendar as a form gives it.
#[derive(Clone, Debug, Default)]
pub struct CalendarInput {
    pub name: String,
    /// Of a new one; one that is there keeps its own.
    pub key: String,
    pub time_zone: String,
    /// Of each weekday, Monday first: `09:00-12:30, 13:30-17:00`, or nothing.
    pub hours: [String; 7],
    /// A line each: `2026-12-25 Christmas Day`.
    pub holidays: String,
}

fn read_hours(text: &str) -> Result<Vec<Hours>, String> {
    let plain = text.replace(['–', '—'], "-");
    plain
        .split([',', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (from, to) = part
                .split_once('-')
                .ok_or_else(|| format!("“{part}”: write hours like 09:00-17:00."))?;
            Ok(Hours {
                from: WallTime::from_str(from)?,
                to: WallTime::from_str(to)?,
            })
        })
        .collect()
}

fn read_holidays(text: &str) -> Result<BTreeMap<domain::cover::Date, String>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (day, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let day = day.parse().map_err(|_| {
                format!("“{line}”: write a day and its name, like 2026-12-25 Christmas Day.")
            })?;
            let name = match name.trim() {
                "" => "Holiday",
                name => name,
            };
            Ok((day, name.to_owned()))
        })
        .collect()
}

impl CalendarInput {
    fn read(&self, id: Uuid, merchant_id: Uuid, was: Option<&Calendar>) -> Result<Calendar> {
        let mut faults = Vec::new();
        let mut hours: [Vec<Hours>; 7] = Default::default();
        for (index, (text, day)) in self.hours.iter().zip(&mut hours).enumerate() {
            match read_hours(text) {
                Ok(read) => *day = read,
                Err(sentence) => faults.push(fault(&format!("hours[{index}]"), sentence)),
            }
        }
        let holidays = read_holidays(&self.holidays).unwrap_or_else(|sentence| {
            faults.push(fault("holidays", sentence));
            BTreeMap::new()
        });
        let next = Calendar {
            id,
            merchant_id,
            key: was.map_or_else(|| self.key.trim().to_owned(), |was| was.key.clone()),
            name: self.name.trim().to_owned(),
            time_zone: self.time_zone.trim().to_owned(),
            hours,
            holidays,
            rev: was.map_or(0, |was| was.rev),
        };
        let unread = !faults.is_empty();
        faults.extend(
            fields(next.faults())
                .into_iter()
                // hours that could not be read are not missing
                .filter(|one| !(unread && one.field.starts_with("hours["))),
        );
        if faults.is_empty() {
            Ok(next)
        } else {
            Err(Error::invalid_fields(faults))
        }
    }
}

fn shown(calendar: &Calendar) -> Value {
    json!({
        "key": calendar.key, "name": calendar.name, "time_zone": calendar.time_zone,
        "hours": calendar.hours, "holidays": calendar.holidays,
    })
}

fn found(rules: &Rules, id: Uuid) -> Result<Calendar> {
    rules
        .roster
        .calendars
        .iter()
        .find(|one| one.id == id)
        .cloned()
        .ok_or_else(|| Error::not_found("calendar"))
}

impl Engine {
    pub async fn add_calendar(
        self: &Arc<Self>,
        ctx: &Ctx,
        input: CalendarInput,
    ) -> Result<Calendar> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let next = input.read(work.uuid(), work.merchant_id(), None)?;
                    if work.rules.roster.calendar(&next.key).is_some() {
                        return Err(taken(&next.key));
                    }
                    work.tx.insert_calendar(&next).await?;
                    work.note("calendar.added", "calendar", next.id, shown(&next));
                    Ok(next)
                })
            })
            .await
    }

    /// `rev` is of the calendar that the form was made with.
    pub async fn change_calendar(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        rev: i64,
        input: CalendarInput,
    ) -> Result<Calendar> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = found(&work.rules, id)?;
                    if was.rev != rev {
                        return Err(changed_meanwhile("calendar"));
                    }
                    let next = input.read(id, was.merchant_id, Some(&was))?;
                    if next != was {
                        work.tx.save_calendar(&next).await?;
                        let detail = json!({ "before": shown(&was), "after": shown(&next) });
                        work.note("calendar.changed", "calendar", id, detail);
                        work.turns_changed().await?;
                    }
                    Ok(next)
                })
            })
            .await
    }

    /// Only one that no role and no rung waits for.
    pub async fn remove_calendar(self: &Arc<Self>, ctx: &Ctx, id: Uuid, rev: i64) -> Result<()> {
        ctx.require(Action::ManagePeople)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = work(engine, &ctx, tx).await?;
                    let was = found(&work.rules, id)?;
                    if was.rev != rev {
                        return Err(changed_meanwhile("calendar"));
                    }
                    work.calendar_is_unused(&was)?;
                    work.tx.delete_calendar(&was).await?;
                    work.note("calendar.removed", "calendar", id, shown(&was));
                    Ok(())
                })
            })
            .await
    }
}
