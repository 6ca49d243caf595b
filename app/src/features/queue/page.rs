//! The queue of all merchants, and of one.

use std::{collections::HashMap, sync::Arc};

use domain::{Time, owner::role_title, people::Merchant};
use engine::{FirstSteps, QueueItem, Result, Rules, Waiting};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    notices,
    row::{Told, row},
};
use crate::{
    features::setup::first_steps,
    ui::*,
    web::{Desk, Page, home, page},
};

const HOUR_MS: i64 = 60 * 60_000;
const DAY_MS: i64 = 24 * HOUR_MS;

#[component]
pub fn HomePage() -> impl IntoView {
    home(
        "queue",
        |desk| async move {
            let steps = desk.engine().first_steps(desk.person.user.id).await?;
            Ok((all_rules(&desk, None).await?, steps))
        },
        |(rules, steps), desk| {
            let chosen = desk.asked.query("merchant");
            let mut places = desk.person.places.iter().map(|(merchant, _)| merchant);
            let only = places.find(|merchant| Some(merchant.slug.as_str()) == chosen);
            queue(desk, only, &rules, steps.as_ref())
        },
    )
}

#[component]
pub fn QueuePage() -> impl IntoView {
    page(
        "queue",
        |at| async move { all_rules(&at.desk, Some(at.ctx.merchant_id())).await },
        |rules, at| queue(&at.desk, Some(at.ctx.merchant()), &rules, None),
    )
}

type AllRules = HashMap<Uuid, Arc<Rules>>;

/// The rules of every merchant that something in the queue belongs to: names and contracts.
async fn all_rules(desk: &Desk, only: Option<Uuid>) -> Result<AllRules> {
    let queue = &desk.queue;
    let mut all = AllRules::new();
    for item in queue
        .items
        .iter()
        .chain(&queue.snoozed)
        .chain(&queue.watching)
    {
        let id = item.merchant.id;
        if only.is_none_or(|one| one == id) && !all.contains_key(&id) {
            all.insert(id, desk.engine().rules_of(id).await?);
        }
    }
    Ok(all)
}

fn headline(waiting: usize) -> String {
    match waiting {
        0 => "Nothing is waiting on you".to_owned(),
        n => format!("{n} waiting on you"),
    }
}

fn queue(
    desk: &Desk,
    only: Option<&Merchant>,
    rules: &AllRules,
    steps: Option<&FirstSteps>,
) -> Page {
    let here = |all: &[QueueItem]| -> Vec<QueueItem> {
        all.iter()
            .filter(|item| only.is_none_or(|merchant| merchant.id == item.merchant.id))
            .cloned()
            .collect()
    };
    let (items, snoozed, watching) = (
        here(&desk.queue.items),
        here(&desk.queue.snoozed),
        here(&desk.queue.watching),
    );
    let now = desk.now;
    // whoever has just set Meshline up is told what comes next, and not that nothing is there
    let begins = items.is_empty() && steps.is_some();
    let title = if begins {
        "Get the first order through".to_owned()
    } else {
        headline(items.len())
    };
    let sub = if begins {
        view! { "Each step can be left and taken up again: this page says which one is next." }
            .into_any()
    } else {
        sub(desk, only, &items)
    };
    let hints = (!items.is_empty()).then(|| {
        let keys = vec![
            ("a", "review or take"),
            ("d", "decline"),
            ("r", "reassign"),
            ("s", "snooze"),
        ];
        view! { <KeyHints keys/> }
    });
    let groups = if begins {
        ().into_any()
    } else if items.is_empty() {
        nothing(desk, only)
    } else {
        grouped(items, now)
            .into_iter()
            .map(|(group, items)| group_view(group, items, desk, rules, Told::Asked))
            .collect_view()
            .into_any()
    };
    let asleep = (!snoozed.is_empty())
        .then(|| group_view(Group::Snoozed, snoozed, desk, rules, Told::Asked));
    let told = (!watching.is_empty())
        .then(|| group_view(Group::Watching, watching, desk, rules, Told::Watching));
    let notices = notices::told(desk, only);
    let everywhere = desk.asked.path == "/";
    let chips = everywhere.then(|| by_merchant(desk, only));
    let crumbs = match only {
        Some(merchant) => vec![
            Crumb::link("My queue", "/"),
            Crumb::here(merchant.name.clone()),
        ],
        None => vec![Crumb::here("My queue")],
    };
    let head = title.clone();
    Page::new(
        title,
        crumbs,
        view! {
            <div id="queue-head" data-live=""><PageHead title=head sub/></div>
            {steps.map(first_steps)}
            <div id="queue" data-live="" data-live-eager="">
                {chips}
                <KeysList>{groups}{asleep}{told}{notices}</KeysList>
            </div>
            {hints}
        },
    )
}

/// Filters for the merchants at which something waits, once there are two; most first.
fn by_merchant(desk: &Desk, only: Option<&Merchant>) -> Option<AnyView> {
    let mut waiting: Vec<(&Merchant, u64, bool)> = Vec::new();
    for item in &desk.queue.items {
        let late = item.deadline <= desk.now;
        match waiting
            .iter_mut()
            .find(|(merchant, ..)| merchant.id == item.merchant.id)
        {
            Some((_, count, any_late)) => {
                *count += 1;
                *any_late |= late;
            }
            None => waiting.push((&item.merchant, 1, late)),
        }
    }
    if waiting.len() < 2 && only.is_none() {
        return None;
    }
    waiting.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let all = Chip {
        label: "All merchants".to_owned(),
        href: "/".to_owned(),
        active: only.is_none(),
        count: u64::try_from(desk.queue.items.len()).ok(),
        tone: None,
    };
    let each = waiting.into_iter().map(|(merchant, count, late)| {
        let active = only.is_some_and(|one| one.id == merchant.id);
        Chip {
            label: merchant.name.clone(),
            href: if active {
                "/".to_owned()
            } else {
                format!("/?merchant={}", merchant.slug)
            },
            active,
            count: Some(count),
            tone: late.then_some(Tone::Late),
        }
    });
    let links = std::iter::once(all)
        .chain(each)
        .map(|chip| {
            view! {
                <a class="chip" href=chip.href aria-current=chip.active.then_some("true")>
                    {chip.label}
                    {chip.count.map(|n| view! { <span data-tone=chip.tone.map(Tone::key)>{n}</span> })}
                </a>
            }
        })
        .collect_view();
    Some(view! { <nav class="chips" aria-label="Merchants">{links}</nav> }.into_any())
}

/// The next deadline, and what one answers for.
fn sub(desk: &Desk, only: Option<&Merchant>, items: &[QueueItem]) -> AnyView {
    let now = desk.now;
    let late = items.iter().filter(|item| item.deadline <= now).count();
    let overdue = match late {
        0 => String::new(),
        1 => "1 is overdue. ".to_owned(),
        n => format!("{n} are overdue. "),
    };
    let next = items
        .iter()
        .map(|item| item.deadline)
        .find(|due| *due > now)
        .map(|due| {
            view! { "Next deadline in " <b><Countdown due now words=true/></b> ". " }
        });
    let mut roles: Vec<String> = desk
        .person
        .places
        .iter()
        .filter(|(merchant, _)| only.is_none_or(|one| one.id == merchant.id))
        .flat_map(|(_, member)| member.functional_roles.iter().map(|role| role_title(role)))
        .collect();
    roles.sort();
    roles.dedup();
    let answers = match roles.as_slice() {
        [] => view! { "No role is yours to answer for here." }.into_any(),
        _ => {
            let roles = listed(roles);
            view! { "You answer for " <b>{roles}</b> "." }.into_any()
        }
    };
    view! { {overdue} {next} {answers} }.into_any()
}

/// "Finance, Logistics and Operations"
fn listed(mut words: Vec<String>) -> String {
    match words.pop() {
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} and {last}", words.join(", ")),
        None => String::new(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Overdue,
    NextHour,
    Today,
    Later,
    Snoozed,
    Watching,
}

impl Group {
    fn of(due: Time, now: Time) -> Self {
        let midnight = now.as_ms() - now.as_ms().rem_euclid(DAY_MS) + DAY_MS;
        match due.since_ms(now) {
            left if left <= 0 => Self::Overdue,
            left if left <= HOUR_MS => Self::NextHour,
            _ if due.as_ms() < midnight => Self::Today,
            _ => Self::Later,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Overdue => "Overdue",
            Self::NextHour => "Next hour",
            Self::Today => "Today",
            Self::Later => "Later",
            Self::Snoozed => "Snoozed",
            Self::Watching => "You are told about",
        }
    }
}

/// Items in their groups; both stay in the order of their deadlines.
fn grouped(items: Vec<QueueItem>, now: Time) -> Vec<(Group, Vec<QueueItem>)> {
    let mut groups: Vec<(Group, Vec<QueueItem>)> = Vec::new();
    for item in items {
        let group = Group::of(item.deadline, now);
        match groups.last_mut().filter(|(last, _)| *last == group) {
            Some((_, of_group)) => of_group.push(item),
            None => groups.push((group, vec![item])),
        }
    }
    groups
}

fn group_view(
    group: Group,
    items: Vec<QueueItem>,
    desk: &Desk,
    rules: &AllRules,
    told: Told,
) -> AnyView {
    let count = items.len();
    let note = note(group, &items);
    let tone = (group == Group::Overdue).then_some(Tone::Late);
    let rows = items
        .into_iter()
        .filter_map(|item| {
            let rules = rules.get(&item.merchant.id)?;
            Some(row(item, desk, rules, told))
        })
        .collect_view();
    view! { <ListGroup title=group.title() count nostrip:note=note nostrip:tone=tone>{rows}</ListGroup> }.into_any()
}

fn note(group: Group, items: &[QueueItem]) -> Option<String> {
    match group {
        Group::Snoozed => Some("coming back by themselves".to_owned()),
        Group::Watching => Some("somebody else’s move".to_owned()),
        Group::Overdue => {
            let shared = items
                .iter()
                .filter(|item| matches!(&item.what, Waiting::Approval { approval, .. } if approval.escalated_at.is_some()))
                .count();
            (shared > 0).then(|| format!("{shared} already with the backup, too"))
        }
        Group::NextHour | Group::Today | Group::Later => None,
    }
}

/// When nothing waits: when the next thing is due, with whomever.
fn nothing(desk: &Desk, only: Option<&Merchant>) -> AnyView {
    let now = desk.now;
    if desk.person.places.is_empty() {
        return view! {
            <Card>
                <Empty icon=Ico::Queue title="You are at no merchant yet">
                    "Somebody who runs your agency’s merchants adds you to one; then what waits on you is here."
                </Empty>
            </Card>
        }
        .into_any();
    }
    let slug = only.map(|merchant| &merchant.slug).or_else(|| {
        desk.person
            .places
            .first()
            .map(|(merchant, _)| &merchant.slug)
    });
    let actions = slug
        .map(|slug| {
            let (tasks, exports) = (format!("/m/{slug}/tasks"), format!("/m/{slug}/exports"));
            view! { <LinkButton href=tasks label="All tasks"/> <LinkButton href=exports label="All exports"/> }
        })
        .into_any();
    let own = desk.queue.snoozed.iter().map(|item| item.deadline).min();
    let when = match (own, desk.queue.next_elsewhere) {
        (Some(due), _) => view! { "The next thing comes back from its snooze in " <Countdown due now words=true/> "." }.into_any(),
        (None, Some(due)) if due > now => {
            view! { "The next thing is due in " <Countdown due now words=true/> ", with somebody else." }.into_any()
        }
        (None, Some(due)) => {
            view! { "Something is overdue by " <Countdown due now words=true/> ", with somebody else." }.into_any()
        }
        (None, None) => "Nothing is scheduled: no approval and no task is open. What needs you comes here by itself.".into_any(),
    };
    view! {
        <Card>
            <Empty icon=Ico::Check title="All clear" actions>{when}</Empty>
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_falls_into_one_group() {
        let now: Time = "2026-11-20T14:00:00Z".parse().unwrap();
        let of = |text: &str| Group::of(text.parse().unwrap(), now);
        assert_eq!(of("2026-11-20T14:00:00Z"), Group::Overdue);
        assert_eq!(of("2026-11-20T15:00:00Z"), Group::NextHour);
        assert_eq!(of("2026-11-20T23:59:59Z"), Group::Today);
        assert_eq!(of("2026-11-21T00:00:00Z"), Group::Later);
    }

    #[test]
    fn roles_read_as_a_sentence() {
        let words = |all: &[&str]| listed(all.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(words(&["Finance"]), "Finance");
        assert_eq!(
            words(&["Finance", "Logistics", "Operations"]),
            "Finance, Logistics and Operations"
        );
    }
}
