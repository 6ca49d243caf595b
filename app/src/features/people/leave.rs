//! Leaving: what somebody holds, and who takes it over. One page for one merchant and for all of them.

use std::sync::Arc;

use domain::people::User;
use engine::{Leaving, Reach, Result, Share};
use leptos::prelude::*;

use super::words::{here, seat_rows};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Typed, Visit, page, short_name},
};

struct Model {
    leaving: Leaving,
    reach: Reach,
}

#[component]
pub fn LeavePage() -> impl IntoView {
    page("people", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let reach = match at.query("reach") {
        Some("everywhere") => Reach::Everywhere,
        _ => Reach::Here,
    };
    let leaving = at
        .engine()
        .leaving(&at.ctx, at.id("person")?, reach)
        .await?;
    Ok(Model { leaving, reach })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model { leaving, reach } = model;
    let name = leaving.user.name.clone();
    let merchant = at.ctx.merchant().name.clone();
    let count = leaving.count();
    let title = match (reach, count) {
        (Reach::Here, 0) => format!("{name} can leave {merchant}: nothing hangs on them"),
        (Reach::Here, n) => format!(
            "{n} {} {} a new owner before {name} leaves",
            plural(n, "thing"),
            need(n)
        ),
        (Reach::Everywhere, 0) => format!("{name} can be deactivated: nothing hangs on them"),
        (Reach::Everywhere, n) => {
            format!(
                "{n} {} {} a new owner before {name} is deactivated",
                plural(n, "thing"),
                need(n)
            )
        }
    };
    let sub = match reach {
        Reach::Here => {
            "Their place here ends with the next click of theirs. What they did stays in the history under their name."
        }
        Reach::Everywhere => {
            "They are signed out everywhere and cannot sign in, at any merchant, until they are reactivated. Their name stays in the history."
        }
    };
    let cards = leaving
        .at
        .iter()
        .map(|(place, seats)| {
            let title = format!(
                "At {}: {} {}",
                place.name,
                seats.len(),
                plural(seats.len(), "thing")
            );
            let rows = seat_rows(seats, &place.slug);
            view! { <Card title>{rows}</Card> }
        })
        .collect_view();
    let form = form(&leaving, reach, at);
    let tokens = tokens(&leaving, at);
    let body = if count == 0 {
        view! { <div class="max-w-xl stack">{form} {tokens}</div> }.into_any()
    } else {
        view! { <Split side=form.into_any()>{cards} {tokens}</Split> }.into_any()
    };
    let person = at.path(&format!("people/{}", leaving.user.id));
    let body = view! { <PageHead title=title.clone() sub=sub.into_any()/> {body} }.into_any();
    Page::new(
        title,
        vec![here(at), Crumb::link(name, person), Crumb::here("Leaving")],
        body,
    )
}

/// What they made for programs does not end with them.
fn tokens(leaving: &Leaving, at: &Visit) -> Option<AnyView> {
    if leaving.tokens.is_empty() {
        return None;
    }
    let now = at.now();
    let rows = leaving
        .tokens
        .iter()
        .map(|(merchant, token)| {
            let href = format!("/m/{}/settings/tokens", merchant.slug);
            let used = match token.last_used_at {
                Some(used) => view! { "last used " <When at=used now/> }.into_any(),
                None => "never used".into_any(),
            };
            let ends = match token.expires_at {
                Some(end) => view! { "expires " <When at=end now/> }.into_any(),
                None => "never expires".into_any(),
            };
            view! {
                <li>
                    <a class="link" href=href>{token.name.clone()}</a>
                    " at " {merchant.name.clone()} ": " {used} ", " {ends}
                </li>
            }
        })
        .collect_view();
    let short = short_name(&leaving.user.name);
    let words = format!(
        "These API tokens go on without {short}, and whoever has one can go on using it, unless you revoke it."
    );
    Some(
        view! {
            <Card title="API tokens they made" padded=true id="tokens">
                <p class="text-ink-2">{words}</p>
                <ul class="list-disc pl-5 mt-2">{rows}</ul>
            </Card>
        }
        .into_any(),
    )
}

fn need(n: usize) -> &'static str {
    if n == 1 { "needs" } else { "need" }
}

const fn share_label(share: Share) -> &'static str {
    match share {
        Share::Work => "Tasks and exports under way",
        Share::Approvals => "Approvals that ask them",
        Share::Rules => "Flows, contracts and sources that name them",
        Share::Roles => "Roles that nobody else holds",
    }
}

fn options(first: &str, people: &[User]) -> Vec<(String, String)> {
    [(String::new(), first.to_owned())]
        .into_iter()
        .chain(
            people
                .iter()
                .map(|user| (user.id.to_string(), user.name.clone())),
        )
        .collect()
}

fn form(leaving: &Leaving, reach: Reach, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("leave");
    let id = leaving.user.id.to_string();
    let short = short_name(&leaving.user.name);
    let (action, label) = match reach {
        Reach::Here => (
            "/ui/people/take-out",
            format!("Take out of {}", at.ctx.merchant().name),
        ),
        Reach::Everywhere => ("/ui/people/deactivate", format!("Deactivate {short}")),
    };
    let hidden = at.hidden(&[("person", &id), ("seen", &leaving.seen)]);
    let choose = (leaving.count() > 0).then(|| successors(leaving, &typed));
    let title = if leaving.count() > 0 {
        "Who takes over"
    } else {
        "Confirm"
    };
    let note = (leaving.count() == 0).then(|| {
        view! { <p class="text-ink-2">{format!("Nothing would be left without an owner. {short} keeps their name in the history.")}</p> }
    });
    view! {
        <Card title padded=true>
            <form method="post" action=action>
                {hidden}
                {note}
                {choose}
                <div class="acts mt-4"><Button label kind=Kind::Danger/></div>
            </form>
        </Card>
    }
}

fn successors(leaving: &Leaving, typed: &Typed) -> impl IntoView + use<> {
    let nobody = leaving.candidates.is_empty();
    let hint = if nobody {
        "Nobody can take all of it: choose somebody for each part below."
    } else {
        "They take on the roles, and tasks start anew in their queue. What named this person names them, flows and contracts in a new version."
    };
    let all = typed.text("to", "Everything goes to").hint(hint);
    let parts = leaving
        .by_share
        .iter()
        .map(|(share, people)| {
            let count = leaving
                .at
                .iter()
                .flat_map(|(_, seats)| seats)
                .filter(|seat| seat.share() == *share)
                .count();
            let label = format!("{} ({count})", share_label(*share));
            let text = typed.text(share.field(), label);
            let value = typed.value(share.field());
            view! { <Select text options=options("As above", people) value/> }
        })
        .collect_view();
    let open = nobody
        || leaving.by_share.iter().any(|(share, _)| {
            !typed.value(share.field()).is_empty() || typed.error(share.field()).is_some()
        });
    let several = (leaving.by_share.len() > 1 || nobody).then(|| {
        view! {
            <details class="json mt-3" open=open>
                <summary>"Give parts to different people"</summary>
                <div class="mt-3">{parts}</div>
            </details>
        }
    });
    view! {
        <Select text=all options=options("Choose…", &leaving.candidates) value=typed.value("to")/>
        {several}
    }
}
