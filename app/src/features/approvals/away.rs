//! Who decides for one while one is away: a card of the account page, one form for each merchant.

use domain::{
    Time,
    access::Action,
    approval::Delegation,
    people::{Membership, Merchant},
};
use engine::{DelegationInput, Error, Result, Rules};
use leptos::prelude::*;

use crate::{
    ui::{time::stamp_text, *},
    web::{Desk, Done, Posted, Refused, id},
};

/// One merchant at which one may approve: who could stand in, and who does.
pub struct Away {
    merchant: Merchant,
    people: Vec<(String, String)>,
    known: Vec<(Delegation, String)>,
}

/// More merchants than this have no form each; theirs is on the page of any of them.
const MOST: usize = 12;

pub async fn aways(desk: &Desk) -> Result<Vec<Away>> {
    let mut found = Vec::new();
    let places = desk.person.places.iter();
    for (merchant, place) in places
        .filter(|(_, place)| place.may(Action::Decide))
        .take(MOST)
    {
        let rules = desk.engine().rules_of(merchant.id).await?;
        found.push(at(merchant, place, &rules, desk.now));
    }
    Ok(found)
}

fn at(merchant: &Merchant, place: &Membership, rules: &Rules, now: Time) -> Away {
    let others = rules.members.iter().filter(|(user, member)| {
        user.active
            && user.id != place.user_id
            && member.party == place.party
            && member.may(Action::Decide)
    });
    let known = rules
        .delegations
        .iter()
        .filter(|one| one.user_id == place.user_id && !one.is_over(now))
        .map(|one| {
            let name = rules
                .user_name(one.delegate_id)
                .unwrap_or("Somebody who left");
            (one.clone(), name.to_owned())
        });
    Away {
        merchant: merchant.clone(),
        people: others
            .map(|(user, _)| (user.id.to_string(), user.name.clone()))
            .collect(),
        known: known.collect(),
    }
}

pub fn away_card(aways: Vec<Away>, desk: &Desk) -> Option<AnyView> {
    if aways.is_empty() {
        return None;
    }
    let (now, back) = (desk.now, desk.asked.back.clone());
    let typed = desk.form("delegate");
    let known = aways
        .iter()
        .flat_map(|away| away.known.iter().map(move |known| (away, known)))
        .map(|(away, (one, name))| {
            let when = format!(
                "{} until {} · {}",
                stamp_text(one.starts_at, now),
                stamp_text(one.ends_at, now),
                away.merchant.name
            );
            let (merchant, id, back) =
                (away.merchant.slug.clone(), one.id.to_string(), back.clone());
            let end = view! {
                <form method="post" action="/ui/delegation/end">
                    <input type="hidden" name="merchant" value=merchant/>
                    <input type="hidden" name="back" value=back/>
                    <input type="hidden" name="delegation" value=id/>
                    <Button label="End"/>
                </form>
            }
            .into_any();
            let title = format!("{name} decides for you");
            let person = name.clone();
            view! { <Row title sub=when person aside=end/> }
        })
        .collect_view();
    let people: Vec<(String, String)> = aways
        .iter()
        .flat_map(|away| {
            away.people.iter().map(|(id, name)| {
                (
                    format!("{} {id}", away.merchant.slug),
                    format!("{name}, at {}", away.merchant.name),
                )
            })
        })
        .collect();
    let mut options = vec![(String::new(), "Choose somebody".to_owned())];
    options.extend(people);
    let who = typed.text("delegate", "Who decides for you").hint(
        "Somebody who may approve there, on your side. What they decide says that it is for you.",
    );
    let from = typed
        .text("starts_at", "From")
        .hint("UTC. Empty: from now on.");
    let until = typed.text("ends_at", "Until").hint("UTC.");
    let note = typed
        .text("note", "Why")
        .hint("They and whoever reads the trail see it.");
    let value = |name: &str| typed.value(name);
    let (chosen, starts, ends, why) = (
        value("delegate"),
        value("starts_at"),
        value("ends_at"),
        value("note"),
    );
    Some(
        view! {
            <Card title="While you are away" id="away">
                {known}
                <form class="card-body" method="post" action="/ui/delegation/give">
                    <input type="hidden" name="back" value=back/>
                    <Select text=who options value=chosen required=true/>
                    <Input text=from value=starts kind="datetime-local"/>
                    <Input text=until value=ends kind="datetime-local" required=true/>
                    <Input text=note value=why/>
                    <p class="text-ink-2 mt-4">
                        "Two people stay two people: neither of you approves what the other wrote or approved already."
                    </p>
                    <div class="acts mt-4"><Button label="Let them decide" kind=Kind::Primary/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}

/// As a browser sends it, with minutes, in UTC.
fn moment(field: &str, text: &str) -> Result<Time> {
    let text = text.trim();
    let text = match text.len() {
        16 => format!("{text}:00Z"),
        _ if text.ends_with('Z') => text.to_owned(),
        _ => format!("{text}Z"),
    };
    text.parse()
        .map_err(|_| Error::invalid(field, "Write it as 2026-12-24T09:00."))
}

#[server(prefix = "/ui", endpoint = "delegation/give")]
pub async fn give_delegation(
    #[server(default)] back: String,
    #[server(default)] delegate: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] note: String,
) -> Result<(), Refused> {
    let (merchant, to) = delegate.split_once(' ').unwrap_or((&delegate, ""));
    let (merchant, to) = (merchant.to_owned(), to.to_owned());
    let nobody = to.is_empty();
    let posted = Posted::new("delegate", merchant, back)
        .keep("delegate", &delegate)
        .keep("starts_at", &starts_at)
        .keep("ends_at", &ends_at)
        .keep("note", &note);
    if nobody {
        return posted
            .run_open(|_| async { Err(Error::invalid("delegate", "Choose somebody.")) })
            .await;
    }
    posted
        .run(|engine, ctx| async move {
            let input = DelegationInput {
                to: id(&to, "person")?,
                starts_at: match starts_at.trim() {
                    "" => ctx.now(),
                    text => moment("starts_at", text)?,
                },
                ends_at: moment("ends_at", &ends_at)?,
                note,
            };
            let given = engine.delegate(&ctx, input).await.map_err(|mut error| {
                for one in &mut error.fields {
                    if one.field == "to" {
                        "delegate".clone_into(&mut one.field);
                    }
                }
                error
            })?;
            let until = given.ends_at.format_utc("%-d %B, %H:%M UTC");
            Ok(Done::back(format!("They decide for you until {until}.")))
        })
        .await
}

#[server(prefix = "/ui", endpoint = "delegation/end")]
pub async fn end_delegation(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] delegation: String,
) -> Result<(), Refused> {
    Posted::new("undelegate", merchant, back)
        .run(|engine, ctx| async move {
            engine
                .end_delegation(&ctx, id(&delegation, "delegation")?)
                .await?;
            Ok(Done::back("Ended. You decide for yourself again."))
        })
        .await
}
