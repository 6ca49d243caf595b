//! The people of an operator: each reaches every merchant of it.

use std::sync::Arc;

use domain::{access::Access, owner::role_title, people::User};
use engine::{AgencyCtx, AgencyPerson, Result, StillInvited};
use leptos::prelude::*;
use uuid::Uuid;

use super::{enter, invited::waiting, path};
use crate::{
    features::people::FreshInvitation,
    shell::OPERATOR,
    ui::*,
    web::{Desk, Page, home},
};

struct Model {
    at: AgencyCtx,
    people: Vec<AgencyPerson>,
    could_join: Vec<User>,
    still: StillInvited,
    /// The link that was just made.
    fresh: Option<FreshInvitation>,
    merchants: usize,
}

#[component]
pub fn ColleaguesPage() -> impl IntoView {
    home(OPERATOR, load, render)
}

async fn load(desk: Arc<Desk>) -> Result<Model> {
    let at = enter(&desk).await?;
    let people = desk.engine().colleagues(&at).await?;
    let (could_join, still) = if at.is_admin() {
        let still = desk.engine().invited_colleagues(&at).await?;
        (desk.engine().could_join(&at).await?, still)
    } else {
        (Vec::new(), StillInvited::default())
    };
    Ok(Model {
        fresh: FreshInvitation::take(&desk, at.operator.id).await?,
        still,
        merchants: at.places.len(),
        at,
        people,
        could_join,
    })
}

fn accesses() -> Vec<(String, String)> {
    Access::ALL
        .iter()
        .map(|access| (access.as_str().to_owned(), role_title(access.as_str())))
        .collect()
}

fn render(model: Model, desk: &Desk) -> Page {
    let Model {
        at,
        people,
        could_join,
        still,
        fresh,
        merchants,
    } = model;
    let reach = match merchants {
        1 => "its merchant".to_owned(),
        n => format!("all {n} merchants"),
    };
    let title = match people.len() {
        1 => format!("1 person reaches {reach}"),
        n => format!("{n} people reach {reach}"),
    };
    let chosen: Option<Uuid> = desk.asked.query("change").and_then(|id| id.parse().ok());
    let leaving: Option<Uuid> = desk.asked.query("remove").and_then(|id| id.parse().ok());
    let may = at.is_admin();
    let rows = people
        .iter()
        .map(|one| row(one, &at, desk, may))
        .collect_view();
    let cols = vec![
        Col::text("Person"),
        Col::text("Access"),
        Col::text("Second factor").wide(),
        Col::text("Actions"),
    ];
    let asked = people
        .iter()
        .find(|one| Some(one.user.id) == chosen.or(leaving))
        .filter(|_| may);
    let panel = asked.map(|one| {
        if leaving.is_some() {
            removing(one, &at)
        } else {
            changing(one, &at, desk)
        }
    });
    let fresh = fresh.map(|fresh| fresh.view(desk.now));
    let waiting = waiting(&at, &still, desk.now);
    let adding = may.then(|| let_in(&at, desk, &could_join));
    let sub = "Their access counts at each merchant where they have no place of their own. They answer for no \
               role there until somebody gives them one.";
    let head = title.clone();
    Page::new(
        title,
        vec![
            Crumb::link(at.operator.name.clone(), path(&at, "")),
            Crumb::here("People"),
        ],
        view! {
            <PageHead title=head sub=sub.into_any()/>
            {fresh}
            <div class="stack">
                {panel}
                <Card><Table caption="People of the operator" list=true cols>{rows}</Table></Card>
                {waiting}
                {adding}
            </div>
        },
    )
}

fn row(one: &AgencyPerson, at: &AgencyCtx, desk: &Desk, may: bool) -> impl IntoView + use<> {
    let user = &one.user;
    let you = if user.id == desk.person.user.id {
        " (you)"
    } else {
        ""
    };
    let (tone, word) = match (user.active, one.has_second_factor) {
        (false, _) => (Tone::Idle, "deactivated"),
        (true, true) => (Tone::Done, "set up"),
        (true, false) if at.operator.require_second_factor => {
            (Tone::Wait, "asked at the next sign-in")
        }
        (true, false) => (Tone::Idle, "none yet"),
    };
    let acts = may.then(|| {
        let change = path(at, &format!("/people?change={}", user.id));
        let remove = path(at, &format!("/people?remove={}", user.id));
        view! {
            <span class="acts justify-end">
                <LinkButton href=change label="Change" kind=Kind::Quiet/>
                <LinkButton href=remove label="Take out" kind=Kind::Quiet/>
            </span>
        }
    });
    view! {
        <tr data-row=user.id.to_string()>
            <td>
                <span class="whose">
                    <Avatar name=user.name.clone()/>
                    <span><b>{user.name.clone()}{you}</b><small>{user.email.clone()}</small></span>
                </span>
            </td>
            <td>{role_title(one.access.as_str())}</td>
            <td class="wide"><StateBadge tone word/></td>
            <td>{acts}</td>
        </tr>
    }
}

fn hidden(at: &AgencyCtx, user: Option<Uuid>, back: &str) -> impl IntoView + use<> {
    let user = user.map(|id| view! { <input type="hidden" name="user" value=id.to_string()/> });
    let (operator, back) = (at.operator.slug.clone(), path(at, back));
    view! {
        <input type="hidden" name="operator" value=operator/>
        <input type="hidden" name="back" value=back/>
        {user}
    }
}

fn changing(one: &AgencyPerson, at: &AgencyCtx, desk: &Desk) -> AnyView {
    let title = format!("What {} may do", one.user.name);
    let typed = desk.form("change-person");
    let access = typed.text("access", "Access at every merchant");
    let value = typed.value_or("access", one.access.as_str());
    // this panel again, where it has to be confirmed first that it is them
    let again = format!("/people?change={}", one.user.id);
    let (hidden, back) = (hidden(at, Some(one.user.id), &again), path(at, "/people"));
    view! {
        <Card title padded=true>
            <form method="post" action="/ui/operator/change-person">
                {hidden}
                <Select text=access options=accesses() value/>
                <div class="acts">
                    <Button label="Save" kind=Kind::Primary/>
                    <LinkButton href=back label="Leave it" kind=Kind::Quiet/>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn removing(one: &AgencyPerson, at: &AgencyCtx) -> AnyView {
    let title = format!("Take {} out of {}?", one.user.name, at.operator.name);
    let sentence = format!(
        "They keep places of their own at merchants and lose the {} others at once, in open pages, too. What they still \
         have there has to be somebody else’s first.",
        at.places.len()
    );
    let label = format!("Take {} out", one.user.name);
    let (hidden, back) = (
        hidden(at, Some(one.user.id), "/people"),
        path(at, "/people"),
    );
    view! {
        <Card title padded=true>
            <p>{sentence}</p>
            <form method="post" action="/ui/operator/remove-person">
                {hidden}
                <div class="acts">
                    <Button label kind=Kind::Danger/>
                    <LinkButton href=back label="Keep them" kind=Kind::Quiet/>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn let_in(at: &AgencyCtx, desk: &Desk, could_join: &[User]) -> AnyView {
    let typed = desk.form("let-in");
    let email = typed
        .text("email", "E-mail address")
        .hint("Who works at one of the merchants is let in at once. Anybody else is invited: their link works once, for 7 days.");
    let access = typed.text("access", "Access at every merchant");
    let chosen = typed.value_or("access", "operator");
    let (hidden, email_is) = (hidden(at, None, "/people"), typed.value("email"));
    let known: Vec<String> = could_join
        .iter()
        .take(5)
        .map(|user| format!("{} ({})", user.name, user.email))
        .collect();
    let known = (!known.is_empty()).then(|| {
        let more = could_join.len().saturating_sub(known.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let words = format!("Could be let in: {}{more}.", known.join(", "));
        view! { <CardFoot>{words}</CardFoot> }
    });
    view! {
        <Card title="Let somebody in">
            <div class="card-body max-w-xl">
                <form method="post" action="/ui/operator/let-in">
                    {hidden}
                    <Input text=email kind="email" value=email_is required=true autocomplete="off"/>
                    <Select text=access options=accesses() value=chosen/>
                    <div class="acts"><Button label="Let in" kind=Kind::Primary/></div>
                </form>
            </div>
            {known}
        </Card>
    }
    .into_any()
}
