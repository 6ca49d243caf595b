//! Everybody who works at a merchant, and who was asked to.

use std::{collections::BTreeMap, sync::Arc};

use domain::{access::Action, invitation::PERSON_PARTIES, owner::role_title};
use engine::{Colleague, Result, Team, port::MailFate};
use leptos::prelude::*;

use super::{
    invitations::{Fresh, waiting},
    words::{access_word, party_word, roles_text},
};
use crate::{
    features::exports::plural,
    ui::*,
    web::{List, Page, Visit, page},
};

struct Model {
    list: List,
    team: Team,
    fresh: Option<Fresh>,
    mails: Vec<MailFate>,
}

#[component]
pub fn PeoplePage() -> impl IntoView {
    page("people", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let mails = if at.ctx.may(Action::ManagePeople) {
        at.engine().invitation_mails(&at.ctx).await?
    } else {
        Vec::new()
    };
    Ok(Model {
        mails,
        list: List::of(&at, "people"),
        team: at.engine().team(&at.ctx).await?,
        fresh: Fresh::take(&at.desk, at.ctx.merchant_id()).await?,
    })
}

/// Roles that only one active person holds, as `party:role` owners read.
fn thin_roles(team: &Team) -> Vec<String> {
    let mut holders: BTreeMap<(domain::owner::Party, &str), usize> = BTreeMap::new();
    for one in team.people.iter().filter(|one| one.user.active) {
        for role in &one.membership.functional_roles {
            *holders.entry((one.membership.party, role)).or_default() += 1;
        }
    }
    holders
        .into_iter()
        .filter(|(_, count)| *count == 1)
        .map(|((_, role), _)| role.replace('_', " "))
        .collect()
}

fn subline(team: &Team) -> String {
    let thin = thin_roles(team);
    match thin.len() {
        0 => "Every role that is held here is held by at least two people.".to_owned(),
        1 => format!("{} hangs on one person alone.", role_title(&thin[0])),
        n => {
            let shown = thin.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let more = if n > 3 {
                format!(" and {} more", n - 3)
            } else {
                String::new()
            };
            format!("{n} roles hang on one person alone: {shown}{more}.")
        }
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        list,
        team,
        fresh,
        mails,
    } = model;
    let active = team.people.iter().filter(|one| one.user.active).count();
    let merchant = &at.ctx.merchant().name;
    let verb = if active == 1 { "works" } else { "work" };
    let people = if active == 1 { "person" } else { "people" };
    let title = match team.invitations.len() {
        0 => format!("{active} {people} {verb} for {merchant}"),
        n => format!(
            "{active} {people} {verb} for {merchant}, {n} {} open",
            plural(n, "invitation")
        ),
    };
    let may = at.ctx.may(Action::ManagePeople);
    let actions = may.then(|| {
        let href = at.path("people/invite");
        view! { <LinkButton href label="Invite somebody" kind=Kind::Primary icon=Ico::Plus/> }
            .into_any()
    });
    let mut chips = vec![list.state_chip("All", None)];
    chips.extend(
        PERSON_PARTIES
            .into_iter()
            .filter(|party| team.people.iter().any(|one| one.membership.party == *party))
            .map(|party| list.state_chip(party_word(party), Some(party.as_str()))),
    );
    chips.extend(
        domain::access::Access::ALL
            .into_iter()
            .filter(|access| {
                team.people
                    .iter()
                    .any(|one| one.membership.access == *access)
            })
            .map(|access| list.kind_chip(access_word(access), access.as_str())),
    );
    let filter = list.filter();
    let shown: Vec<&Colleague> = team.people.iter().filter(|one| one.fits(&filter)).collect();
    let count = match shown.len() {
        1 => "1 person".to_owned(),
        n => format!("{n} people, by name"),
    };
    let inside = if shown.is_empty() {
        let all = list.action.clone();
        let actions = view! { <LinkButton href=all label="Show everybody"/> }.into_any();
        view! {
            <Empty icon=Ico::Search title="Nobody fits" actions>
                "Nobody here has all of these words and filters. People come here by an invitation."
            </Empty>
        }
        .into_any()
    } else {
        let rows = shown.into_iter().map(|one| row(one, at)).collect_view();
        let cols = vec![
            Col::text("Who"),
            Col::text("Access"),
            Col::text("Answers for").wide(),
            Col::text("Party").wide(),
            Col::num("Holds"),
        ];
        view! { <Table caption="People" list=true cols>{rows}</Table> }.into_any()
    };
    let (query, keep, end) = (
        list.query.clone().unwrap_or_default(),
        list.keep(),
        list.csv(),
    );
    let invited = waiting(&team.invitations, &mails, at);
    let fresh = fresh.map(|fresh| fresh.view(at.now()).into_any());
    let sub = subline(&team).into_any();
    Page::new(
        title.clone(),
        vec![Crumb::here("People")],
        view! {
            <PageHead title sub nostrip:actions=actions/>
            {fresh}
            <FilterBar action=list.action label="Find by name, address or role" query chips keep end/>
            <Card>{inside}</Card>
            <Pager shown=count/>
            {invited}
        },
    )
}

fn row(one: &Colleague, at: &Visit) -> impl IntoView + use<> {
    let id = one.user.id.to_string();
    let href = at.path(&format!("people/{id}"));
    let access = if one.user.active {
        access_word(one.membership.access).into_any()
    } else {
        view! { <StateBadge tone=Tone::Idle word="deactivated"/> }.into_any()
    };
    let mine = (at.ctx.user_id() == Some(one.user.id)).then_some(" (you)");
    let sent = one.through_operator.then_some("through the operator");
    let holds = match one.open {
        0 => view! { <span class="text-ink-3">"nothing open"</span> }.into_any(),
        n => format!("{n} open").into_any(),
    };
    view! {
        <tr data-row=id>
            <td>
                <a class="title" data-open="" href=href>{one.user.name.clone()}{mine}</a>
                <small>{one.user.email.clone()}</small>
            </td>
            <td>{access} {sent.map(|text| view! { <small>{text}</small> })}</td>
            <td class="wide">{roles_text(&one.membership.functional_roles)}</td>
            <td class="wide">{party_word(one.membership.party)}</td>
            <td class="num">{holds}</td>
        </tr>
    }
}
