//! The matrix: decisions by flow, roles beside each other.

use std::sync::Arc;

use domain::{
    owner::Owner,
    raci::{Change, Decision, Gap, Group, Letter},
};
use engine::{Raci, Result, raci_fits};
use leptos::prelude::*;

use super::changes::compared;
use crate::{
    ui::*,
    web::{List, Page, Visit, noun_path, owner_name, page},
};

struct Model {
    list: List,
    raci: Raci,
    compare: Option<Compare>,
}

/// Two versions of one flow beside each other.
pub(super) struct Compare {
    pub key: String,
    pub versions: Vec<i64>,
    pub asked: Option<(i64, i64)>,
    pub changes: Vec<Change>,
}

#[component]
pub fn RaciPage() -> impl IntoView {
    page("raci", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let raci = at.engine().raci(&at.ctx).await?;
    let compare = match at.query("flow") {
        Some(key) => Some(load_compare(&at, key).await?),
        None => None,
    };
    Ok(Model {
        list: List::of(&at, "raci"),
        raci,
        compare,
    })
}

async fn load_compare(at: &Visit, key: &str) -> Result<Compare> {
    let versions = at.engine().raci_versions(&at.ctx, key).await?;
    let version = |name: &str| at.query(name).and_then(|text| text.parse::<i64>().ok());
    let asked = version("from").zip(version("to"));
    let changes = match asked {
        Some(pair) => at.engine().raci_changes(&at.ctx, key, pair).await?,
        None => Vec::new(),
    };
    Ok(Compare {
        key: key.to_owned(),
        versions,
        asked,
        changes,
    })
}

/// A decision and what is wrong with it.
type Row = (Decision, Vec<Gap>);

fn headline(rows: &[Row]) -> String {
    let broken = rows.iter().filter(|(_, gaps)| !gaps.is_empty()).count();
    match (rows.len(), broken) {
        (0, _) => "Nothing is published, so nobody decides anything yet".to_owned(),
        (1, 0) => "One decision, and it has no gap".to_owned(),
        (n, 0) => format!("{n} decisions, none has a gap"),
        (_, 1) => "One decision has a gap".to_owned(),
        (_, n) => format!("{} decisions have a gap", in_words(n)),
    }
}

fn in_words(n: usize) -> String {
    const WORDS: [&str; 9] = [
        "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
    ];
    n.checked_sub(2)
        .and_then(|index| WORDS.get(index))
        .map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

fn render(model: Model, at: &Visit) -> Page {
    let now = at.now();
    let checked = |group: &Group| -> Vec<Row> {
        let all = group.decisions.iter();
        all.map(|one| (one.clone(), at.rules.raci_gaps(one, now)))
            .collect()
    };
    let groups: Vec<(Group, Vec<Row>)> = model
        .raci
        .groups
        .iter()
        .map(|group| (group.clone(), checked(group)))
        .collect();
    let all: Vec<Row> = groups.iter().flat_map(|(_, rows)| rows.clone()).collect();
    let title = headline(&all);
    let who: Option<Owner> = at.query("holder").and_then(|text| text.parse().ok());
    let filter = model.list.filter();
    let fits = |title: &str, (decision, gaps): &Row| {
        raci_fits(&filter, title, (decision, gaps.is_empty()))
    };
    let shown: Vec<AnyView> = groups
        .iter()
        .filter_map(|(group, rows)| {
            let rows: Vec<&Row> = rows.iter().filter(|row| fits(&group.title, row)).collect();
            (!rows.is_empty()).then(|| group_view(group, &rows, &model.raci, at))
        })
        .collect();
    let mut chips = vec![
        model.list.state_chip("All", None),
        Chip {
            count: u64::try_from(all.iter().filter(|(_, gaps)| !gaps.is_empty()).count()).ok(),
            tone: Some(Tone::Late),
            ..model.list.state_chip("With a gap", Some("gap"))
        },
    ];
    chips.extend(who_chips(&model.raci, who.as_ref(), at));
    let inside = if shown.is_empty() {
        empty(&model.list, all.is_empty(), at)
    } else {
        shown.into_iter().collect_view().into_any()
    };
    let compare = model.compare.as_ref().map(|one| compared(one, at));
    let (query, keep) = (
        model.list.query.clone().unwrap_or_default(),
        model.list.keep(),
    );
    let end = model.list.csv();
    let sub = "Read off what is configured: A answers for it, R does it, C has to approve it, I is told. Change the flow or the contract, and this changes.".into_any();
    let legend = legend();
    Page::new(
        title.clone(),
        vec![Crumb::here("RACI")],
        view! {
            <PageHead title sub/>
            <FilterBar action=model.list.action label="Find a decision or a flow" query chips keep end/>
            {compare}
            <div class="stack" id="matrix" data-live="">{inside}</div>
            {legend}
        },
    )
}

/// One for each owner that stands in it; pressing the one that is on takes it off.
fn who_chips(raci: &Raci, who: Option<&Owner>, at: &Visit) -> Vec<Chip> {
    domain::raci::columns(&raci.groups)
        .into_iter()
        .filter(|owner| !matches!(owner, Owner::System(_)))
        .map(|owner| {
            let active = who == Some(&owner);
            let path = at.path("raci");
            Chip {
                label: owner_name(&at.rules, &owner),
                href: if active {
                    path
                } else {
                    format!("{path}?holder={owner}")
                },
                active,
                ..Chip::default()
            }
        })
        .collect()
}

fn empty(list: &List, nothing: bool, at: &Visit) -> AnyView {
    if nothing {
        let actions =
            view! { <LinkButton href=at.path("flows") label="Go to the flows"/> }.into_any();
        return view! {
            <Card>
                <Empty icon=Ico::People title="No flow and no contract is published" actions>
                    "As soon as one is, its steps stand here with who answers for each, who approves and who is told."
                </Empty>
            </Card>
        }
        .into_any();
    }
    let actions =
        view! { <LinkButton href=list.action.clone() label="Show every decision"/> }.into_any();
    view! {
        <Card>
            <Empty icon=Ico::Search title="No decision fits" actions>
                "Nothing here has all of these words and filters."
            </Empty>
        </Card>
    }
    .into_any()
}

fn group_view(group: &Group, rows: &[&Row], raci: &Raci, at: &Visit) -> AnyView {
    let only = Group {
        decisions: rows.iter().map(|(decision, _)| decision.clone()).collect(),
        ..group.clone()
    };
    let columns = domain::raci::columns(std::slice::from_ref(&only));
    let heads = columns
        .iter()
        .map(|owner| view! { <th scope="col">{owner_name(&at.rules, owner)}</th> })
        .collect_view();
    let lines = rows
        .iter()
        .map(|(decision, gaps)| {
            let cells = columns
                .iter()
                .map(|owner| cell(decision, owner, raci, at))
                .collect_view();
            let gaps = gaps
                .iter()
                .map(|gap| {
                    let sentence = gap.sentence(|owner| owner_name(&at.rules, owner));
                    view! { <small class="raci-gap" data-tone="late"><StateGlyph tone=Tone::Late/>{sentence}</small> }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{decision.title.clone()}{gaps}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    let aside = group.flow.and_then(|id| {
        let flow = at.rules.flows.iter().find(|flow| flow.id == id)?;
        let (open, playbook, compare) = (
            at.path(&format!("flows/{id}")),
            at.path(&format!("flows/{id}/playbook")),
            at.path(&format!("raci?flow={}", flow.key)),
        );
        Some(
            view! {
                <a class="link" href=open>{format!("Version {}", flow.version)}</a> " · "
                <a class="link" href=playbook>"Playbook"</a> " · "
                <a class="link" href=compare>"Compare versions"</a>
            }
            .into_any(),
        )
    });
    let caption = format!("Who is what in {}", group.title);
    view! {
        <Card title=group.title.clone() nostrip:aside=aside>
            <div class="scroll">
                <table class="tbl raci">
                    <caption class="sr-only">{caption}</caption>
                    <thead><tr><th scope="col">"Decision"</th>{heads}</tr></thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

fn cell(decision: &Decision, owner: &Owner, raci: &Raci, at: &Visit) -> AnyView {
    let letters = decision.letters(owner);
    if letters.is_empty() {
        return view! { <td class="none"></td> }.into_any();
    }
    let name = owner_name(&at.rules, owner);
    let marks = letters
        .iter()
        .map(|letter| {
            view! {
                <abbr class="raci-letter" data-letter=letter.letter() title=letter.word()>
                    {letter.letter()}
                </abbr>
            }
        })
        .collect_view();
    let proofs = letters
        .iter()
        .filter_map(|letter| proof(decision, owner, *letter, raci, at))
        .collect_view();
    let when = decision
        .consulted
        .iter()
        .find(|one| one.owner == *owner)
        .map(|one| view! { <small>{one.when.clone()}</small> });
    view! { <td><span class="raci-who">{name}</span>{marks}{when}{proofs}</td> }.into_any()
}

/// When they were last told, or asked, and where.
fn proof(
    decision: &Decision,
    owner: &Owner,
    letter: Letter,
    raci: &Raci,
    at: &Visit,
) -> Option<AnyView> {
    let (word, last) = match letter {
        Letter::Informed => {
            let told = raci
                .told
                .iter()
                .filter(|one| one.told_as == *owner && decision.matters.contains(&one.matter))
                .max_by_key(|one| one.at)
                .map(|one| {
                    (
                        one.at,
                        noun_path(at.slug(), &one.about.0, &one.about.1.to_string()),
                    )
                });
            ("told", told)
        }
        Letter::Consulted => {
            let wanted = decision.export_type.as_ref()?;
            let asked = raci
                .asked
                .iter()
                .find(|one| one.asked == *owner && one.export_type == *wanted)
                .map(|one| {
                    (
                        one.at,
                        noun_path(at.slug(), "approval", &one.approval.to_string()),
                    )
                });
            ("asked", asked)
        }
        Letter::Accountable | Letter::Responsible => return None,
    };
    let Some((when, href)) = last else {
        return Some(view! { <small>{format!("not {word} yet")}</small> }.into_any());
    };
    let now = at.now();
    let what = view! { {word} " " <When at=when now/> };
    Some(match href {
        Some(href) => view! { <small><a class="link" href=href>{what}</a></small> }.into_any(),
        None => view! { <small>{what}</small> }.into_any(),
    })
}

fn legend() -> impl IntoView {
    let lines = [
        (Letter::Responsible, "does it: a role, a person or a system"),
        (Letter::Accountable, "the one owner, who is asked when it is late or fails"),
        (Letter::Consulted, "has to approve; asked by name, with a deadline"),
        (Letter::Informed, "is told in their queue, and by mail where they want it"),
    ]
    .into_iter()
    .map(|(letter, what)| {
        view! {
            <div>
                <dt><abbr class="raci-letter" data-letter=letter.letter() title=letter.word()>{letter.letter()}</abbr></dt>
                <dd>{what}</dd>
            </div>
        }
    })
    .collect_view();
    view! { <dl class="raci-legend" aria-label="What the letters mean">{lines}</dl> }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn small_numbers_are_words() {
        assert_eq!(in_words(3), "Three");
        assert_eq!(in_words(10), "Ten");
        assert_eq!(in_words(11), "11");
    }
}
