//! One person at a merchant: what would be nobody's without them, and, for who may, their place.

use std::sync::Arc;

use domain::access::Action;
use engine::{Holder, Result, port::MailFate};
use leptos::prelude::*;

use super::{
    invitations::mail_words,
    words::{access_word, here, party_word, place_fields, roles_text, seat_rows},
};
use crate::{
    features::account::{FreshLink, reset_link_button},
    ui::*,
    web::{Page, Visit, page, short_name},
};

#[component]
pub fn PersonPage() -> impl IntoView {
    page("people", load, render)
}

struct Model {
    holder: Holder,
    may_reset: bool,
    has_factor: bool,
    /// The link that was just made for them.
    fresh: Option<FreshLink>,
    /// What became of the mail of the latest link.
    mail: Option<MailFate>,
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let id = at.id("person")?;
    let holder = at.engine().holder(&at.ctx, id).await?;
    let may_reset = at.engine().may_make_reset_link(&at.ctx, id).await?;
    Ok(Model {
        holder,
        may_reset,
        has_factor: may_reset && at.engine().second_factor(id).await?.is_some(),
        fresh: FreshLink::take(&at, id).await?,
        mail: match at.ctx.may(Action::ManagePeople) {
            true => at.engine().reset_mail(&at.ctx, id).await?,
            false => None,
        },
    })
}

fn headline(holder: &Holder) -> String {
    let name = &holder.user.name;
    if !holder.user.active {
        return format!("{name} is deactivated");
    }
    match holder.membership.functional_roles.as_slice() {
        [] => format!("{name} answers for no role"),
        roles => format!("{name} answers for {}", roles_text(roles).to_lowercase()),
    }
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        holder,
        may_reset,
        has_factor,
        fresh,
        mail,
    } = model;
    let reset = may_reset.then(|| reset_link_button(at, holder.user.id));
    let fresh = fresh.map(|fresh| fresh.view(at.now()));
    let title = headline(&holder);
    let name = holder.user.name.clone();
    let short = short_name(&name);
    let may = at.ctx.may(Action::ManagePeople);
    let actions = may.then(|| {
        let others = actions(&holder, at);
        view! { {reset} {others} }.into_any()
    });
    let held = if holder.seats.is_empty() {
        let why = if holder.user.active {
            "Everything they answer for has somebody else behind it, and nothing names them in person."
        } else {
            "What they held was handed over."
        };
        view! { <Empty icon=Ico::Check title="Nothing hangs on them alone">{why}</Empty> }
            .into_any()
    } else {
        seat_rows(&holder.seats, at.slug()).into_any()
    };
    let held_title = format!("Would be nobody’s without {short}");
    let change =
        (may && !holder.through_operator && holder.user.active).then(|| change(&holder, at));
    let lost = (may && holder.user.active && holder.may_deactivate)
        .then(|| lost(&holder, has_factor, at))
        .flatten();
    let facts = facts(&holder, mail.as_ref(), at);
    let state = if holder.user.active {
        None
    } else {
        Some(view! { <StateBadge tone=Tone::Idle word="deactivated" soft=true/> " " })
    };
    let sub = view! { {state} {holder.user.email.clone()} }.into_any();
    let body = view! {
        <PageHead title=title.clone() sub nostrip:actions=actions/>
        {fresh}
        <Split side=facts.into_any()>
            <Card title=held_title id="held">{held}</Card>
            {change}
            {lost}
        </Split>
    }
    .into_any();
    Page::new(title, vec![here(at), Crumb::here(name)], body)
}

fn actions(holder: &Holder, at: &Visit) -> AnyView {
    let id = holder.user.id.to_string();
    let leave = at.path(&format!("people/{id}/leave"));
    if !holder.user.active {
        return holder
            .may_deactivate
            .then(|| {
                let fields = at.fields(&[("person", &id)]);
                view! { <PostButton action="/ui/people/reactivate" label="Reactivate" kind=Kind::Primary fields/> }
            })
            .into_any();
    }
    let merchant = at.ctx.merchant().name.clone();
    let take_out = (!holder.through_operator).then(|| {
        let href = leave.clone();
        view! { <LinkButton href label=format!("Take out of {merchant}")/> }
    });
    let myself = at.ctx.user_id() == Some(holder.user.id);
    let deactivate = (holder.may_deactivate && !myself).then(|| {
        let href = format!("{leave}?reach=everywhere");
        view! { <LinkButton href label="Deactivate" kind=Kind::Danger/> }
    });
    view! { {take_out} {deactivate} }.into_any()
}

/// For the day their laptop or phone is gone.
fn lost(holder: &Holder, has_factor: bool, at: &Visit) -> Option<AnyView> {
    if at.ctx.user_id() == Some(holder.user.id) {
        return None;
    }
    let id = holder.user.id.to_string();
    let short = short_name(&holder.user.name);
    let fields = at.fields(&[("person", &id)]);
    let signs_out = format!(
        "Signing {short} out ends every session of theirs at once, open pages included. They sign in again with what they know."
    );
    let factor = has_factor.then(|| {
        let fields = at.fields(&[("person", &id)]);
        let words = format!(
            "Without a phone and without recovery codes {short} cannot sign in. Make sure that it is {short} who asks, and not somebody who says so: with the second factor off, the password alone is enough. It is noted at every merchant they work for."
        );
        view! {
            <p class="text-ink-2 mt-4">{words}</p>
            <div class="acts mt-2">
                <PostButton action="/ui/people/factor-off" label="Take the second factor off" kind=Kind::Danger fields/>
            </div>
        }
    });
    Some(
        view! {
            <Card title="If a laptop or phone of theirs is gone" padded=true id="lost">
                <p class="text-ink-2">{signs_out}</p>
                <div class="acts mt-2">
                    <PostButton action="/ui/people/sign-out" label="Sign them out everywhere" fields/>
                </div>
                {factor}
            </Card>
        }
        .into_any(),
    )
}

fn change(holder: &Holder, at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("change");
    let id = holder.user.id.to_string();
    let others = at
        .rules
        .members
        .iter()
        .filter(|(user, _)| user.active && user.id != holder.user.id)
        .map(|(user, _)| (user.id.to_string(), user.name.clone()));
    let options: Vec<(String, String)> = [(String::new(), "Nobody: refuse it then".to_owned())]
        .into_iter()
        .chain(others)
        .collect();
    let text = typed
        .text("to", "If this leaves something to nobody, it goes to")
        .hint("They take on a role that nobody else holds, and what names this person.");
    let successor = (!holder.seats.is_empty() || typed.failed())
        .then(|| view! { <Select text options value=typed.value("to")/> });
    let hidden = at.hidden(&[("person", &id)]);
    let fields = place_fields(&typed, Some(&holder.membership));
    view! {
        <Card title="Their place" padded=true id="place">
            <form method="post" action="/ui/people/change">
                {hidden}
                {fields}
                {successor}
                <div class="acts mt-4"><Button label="Save" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}

fn facts(holder: &Holder, mail: Option<&MailFate>, at: &Visit) -> impl IntoView + use<> {
    let place = &holder.membership;
    let id = view! { <CopyId id=holder.user.id.to_string() what="person id"/> }.into_any();
    let through = holder
        .through_operator
        .then(|| format!("Sent by {}", at.desk.person.operator_name).into_any());
    let now = at.now();
    let mailed = mail.map(|mail| {
        let words = mail_words(mail, &holder.user.email, "Make another link to copy.");
        view! { {words} ", " <When at=mail.ended_at.unwrap_or(mail.created_at) now/> }.into_any()
    });
    let rows = kv(vec![
        ("Person", Some(id)),
        ("E-mail", Some(holder.user.email.clone().into_any())),
        ("Access", Some(access_word(place.access).into_any())),
        ("Party", Some(party_word(place.party).into_any())),
        (
            "Answers for",
            Some(roles_text(&place.functional_roles).into_any()),
        ),
        ("Place", through),
        ("Reset link", mailed),
    ]);
    view! { <Card title="Facts">{rows}</Card> }
}
