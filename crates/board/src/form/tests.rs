use domain::flow::{Edit, Flow, Place, fact};
use uuid::Uuid;

use super::*;
use crate::{act::write_flow, fields};

/// A row of twenty steps, the first of which fails over to the last.
fn draft() -> Draft {
    let empty: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
    let mut draft = (0..20).rev().fold(empty, |draft, n| {
        let add = Edit::Add {
            kind: "human_task".into(),
            title: format!("Step {n}"),
            place: Place::Start,
        };
        draft.apply(&add).unwrap()
    });
    draft.steps[0].owner = domain::owner::Owner::read("agency:operations");
    draft
}

fn fields_of(draft: &Draft, key: &str) -> Fields {
    match draft.step(key) {
        Some(step) => fields::write(step, &fact::of_flow(draft)),
        None => write_flow(draft),
    }
}

fn with<T>(draft: &Draft, key: &str, short: bool, then: impl FnOnce(Paper<'_>) -> T) -> T {
    let owners = (0..30).map(|n| (format!("agency:role_{n}"), format!("Role {n}")));
    let names = Names {
        owners: owners.collect(),
        ..Names::default()
    };
    then(Paper {
        draft,
        names: &names,
        fields: &fields_of(draft, key),
        wrong: &Wrong::new(),
        saved: None,
        action: "/",
        hidden: &[],
        still: false,
        short,
    })
}

/// What a browser would send: of each list its name, and the option that is selected, or else the first.
fn sent(html: &str) -> Vec<(String, String)> {
    let between = |text: &str, from: &str, to: &str| {
        let (_, rest) = text.split_once(from)?;
        Some(rest.split_once(to)?.0.to_owned())
    };
    html.split("<select ")
        .skip(1)
        .map(|list| {
            let list = list.split_once("</select>").unwrap().0;
            let chosen = list
                .split("<option ")
                .find(|option| option.contains("\" selected>"));
            let option = chosen.or_else(|| list.split("<option ").nth(1)).unwrap();
            (
                between(list, "name=\"", "\"").unwrap(),
                between(option, "value=\"", "\"").unwrap(),
            )
        })
        .collect()
}

#[test]
fn with_short_lists_a_form_says_the_same() {
    let draft = draft();
    for key in ["step_0", "step_19", ""] {
        let form = |short| {
            with(&draft, key, short, |paper| {
                write(paper, draft.step(key)).html()
            })
        };
        let (whole, short) = (form(false), form(true));
        assert_eq!(sent(&whole), sent(&short), "{key}");
        let options = |html: &str| html.matches("<option").count();
        assert!(options(&short) * 3 < options(&whole), "{}", options(&short));
    }
}

#[test]
fn a_list_that_somebody_goes_to_is_the_one_of_the_whole_form() {
    let draft = draft();
    let step = draft.step("step_3");
    let whole = with(&draft, "step_3", false, |paper| write(paper, step).html());
    for name in ["exit.done.0", "owner", "shift.to"] {
        let options = with(&draft, "step_3", true, |paper| list(paper, step, name));
        assert!(options.matches("<option").count() > 10, "{name}");
        let id = format!("id=\"f-{name}\"");
        let stands = whole.split_once(&id).unwrap().1.split_once('>').unwrap().1;
        assert!(stands.starts_with(&format!("{options}</select>")), "{name}");
    }
}

#[test]
fn another_owner_is_another_part_and_no_more() {
    let before = draft();
    let mut after = before.clone();
    after.steps[0].owner = domain::owner::Owner::read("agency:role_7");
    let form = |draft: &Draft| {
        with(draft, "step_0", true, |paper| {
            write(paper, draft.step("step_0"))
        })
    };
    let (before, after) = (form(&before), form(&after));
    let others = before.parts.iter().zip(&after.parts);
    let others: Vec<_> = others.filter(|(was, is)| was != is).collect();
    assert_eq!((before.parts.len(), others.len()), (after.parts.len(), 1));
    assert!(others[0].1.contains("agency:role_7"));
}
