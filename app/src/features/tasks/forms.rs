//! The small forms about a task, as the queue and its own page use them alike.

use domain::{people::Membership, task::Task};
use leptos::prelude::*;

use super::snooze::choices;
use crate::{
    ui::{Button, Kind, PostButton, Select},
    web::{Typed, Visit, owner_name},
};

type Fields = Vec<(&'static str, String)>;

fn hidden(fields: Fields) -> impl IntoView {
    fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

/// "Take", with the task's title for those who hear only the button.
pub(crate) fn claim_button(task: &Task, kind: Kind, fields: Fields) -> AnyView {
    let describe = format!("Take: {}", task.title);
    view! { <PostButton action="/ui/task/claim" label="Take" kind key="a" fields describe/> }
        .into_any()
}

pub(super) fn snooze_form(fields: Fields, typed: &Typed) -> AnyView {
    let text = typed
        .text("until_when", "Until")
        .hint("It comes back by itself. The time to have it done runs on.");
    let value = typed.value_or("until_when", "1h");
    view! {
        <form method="post" action="/ui/task/snooze">
            {hidden(fields)}
            <Select text options=choices() value/>
            <div class="acts"><Button label="Snooze" kind=Kind::Primary/></div>
        </form>
    }
    .into_any()
}

pub(super) fn reassign_form(
    fields: Fields,
    choices: Vec<(String, String)>,
    typed: &Typed,
) -> AnyView {
    let text = typed
        .text("owner", "To")
        .hint("They get it with a fresh clock, and it leaves your queue.");
    let value = typed.value("owner");
    view! {
        <form method="post" action="/ui/task/reassign">
            {hidden(fields)}
            <Select text options=choices value/>
            <div class="acts"><Button label="Reassign" kind=Kind::Primary/></div>
        </form>
    }
    .into_any()
}

/// Whom a task can go to: every role that somebody active answers for, then every person; not the one
/// who has it.
///
/// Somebody from outside is not told who else there is: they keep it on their side, or give it to those
/// whom the task itself names.
pub(super) fn owner_choices(task: &Task, at: &Visit) -> Vec<(String, String)> {
    use domain::owner::Owner;
    let rules = &at.rules;
    let side = at.ctx.outside_party();
    let is_theirs = |member: &Membership| side.is_none_or(|party| member.party == party);
    let mut roles: Vec<Owner> = rules
        .members
        .iter()
        .filter(|(user, member)| user.active && is_theirs(member))
        .flat_map(|(_, member)| roles_of(member))
        .collect();
    if let Some(side) = side {
        let others = task.named().filter(|owner| !rules.is_of(side, owner));
        roles.extend(others.cloned());
    }
    roles.sort();
    roles.dedup();
    let people = rules
        .members
        .iter()
        .filter(|(user, member)| {
            user.active && is_theirs(member) && member.may(domain::access::Action::WorkTasks)
        })
        .map(|(user, _)| Owner::User(user.id));
    roles
        .into_iter()
        .chain(people)
        .filter(|owner| *owner != task.owner)
        .map(|owner| {
            let label = match &owner {
                Owner::Role { party, .. } => {
                    format!("{} ({})", owner_name(rules, &owner), party.as_str())
                }
                _ => owner_name(rules, &owner),
            };
            (owner.to_string(), label)
        })
        .collect()
}

fn roles_of(member: &Membership) -> Vec<domain::owner::Owner> {
    member
        .functional_roles
        .iter()
        .map(|role| domain::owner::Owner::role(member.party, role))
        .collect()
}
