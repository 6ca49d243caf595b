use domain::{
    flow::{Draft, Edit, Place},
    owner::{Owner, Party},
};
use uuid::Uuid;

use super::*;

fn draft() -> Draft {
    let mut draft: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
    for (title, kind) in [
        ("Ship it", "wait_for_event"),
        ("<b>Ask</b> & wait", "human_task"),
    ] {
        draft = draft
            .apply(&Edit::Add {
                kind: kind.into(),
                title: title.into(),
                place: Place::Start,
            })
            .unwrap();
    }
    draft
}

fn drawn(look: &Look) -> String {
    let draft = draft();
    draw(&draft, &Ranks::layered(&draft), &Names::default(), look).html("Map")
}

#[test]
fn words_of_people_never_become_markup() {
    let html = drawn(&Look {
        href: "?step=".into(),
        faults: ByKey::from([("ship_it".into(), "\"><script>".into())]),
        ..Look::default()
    });
    assert!(html.contains("&lt;b&gt;Ask&lt;/b&gt; &amp; wait"), "{html}");
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("style="), "no inline styles: {html}");
}

#[test]
fn what_is_drawn_over_a_flow_is_seen_and_said() {
    let html = drawn(&Look {
        lit: ByKey::from([("ship_it".into(), Lit::Here)]),
        counts: ByKey::from([(
            "ship_it".into(),
            Count {
                running: 12,
                late: true,
                since: "4 h".into(),
            },
        )]),
        marks: ByKey::from([("ship_it".into(), Mark::Changed)]),
        chosen: "ship_it".into(),
        href: "?step=".into(),
        ..Look::default()
    });
    for wanted in [
        "lit-here",
        "the run stands here",
        "12 · 4 h",
        "data-tone=\"late\"",
        "mark-changed",
        "aria-current=\"true\"",
        "href=\"?step=ship_it\"",
        "nobody yet",
    ] {
        assert!(html.contains(wanted), "{wanted} is missing in {html}");
    }
}

#[test]
fn lanes_are_cut_by_system_or_by_party() {
    let mut draft = draft();
    draft.steps[0].owner = Some(Owner::role(Party::ThreePl, "warehouse"));
    draft.steps[0].destination_system = "harbor".into();
    let names = Names {
        systems: vec![("harbor".into(), "Harbor 3PL".into())],
        ..Names::default()
    };
    for (lanes, wanted) in [
        (Lanes::Systems, ["Harbor 3PL", "Meshline"]),
        (Lanes::Parties, ["3PL", "Nobody yet"]),
    ] {
        let look = Look {
            lanes,
            ..Look::default()
        };
        let picture = draw(&draft, &Ranks::layered(&draft), &names, &look);
        for name in wanted {
            assert!(
                picture.bands.contains(&format!(">{name}<")),
                "{}",
                picture.bands
            );
        }
    }
}

#[test]
fn only_the_card_that_changed_is_another_one() {
    let before = draft();
    let mut after = before.clone();
    after.steps[0].title = "Ask again".into();
    let picture = |draft: &Draft| {
        draw(
            draft,
            &Ranks::layered(draft),
            &Names::default(),
            &Look::default(),
        )
    };
    let (before, after) = (picture(&before), picture(&after));
    let changed = before
        .cards
        .iter()
        .zip(&after.cards)
        .filter(|(a, b)| a != b);
    assert_eq!(changed.count(), 1);
    assert_eq!(before.lines, after.lines);
}

#[test]
fn choosing_another_card_draws_its_lines_and_no_others() {
    let draft = draft();
    let picture = |chosen: &str| {
        let look = Look {
            chosen: chosen.into(),
            ..Look::default()
        };
        draw(&draft, &Ranks::layered(&draft), &Names::default(), &look)
    };
    let (one, none) = (picture(&draft.steps[0].key), picture(""));
    assert_eq!(one.lines, none.lines);
    assert!(none.near.is_empty() && one.near.contains("near"));
    assert!(one.html("Map").contains(&one.near));
}

#[test]
fn a_card_that_only_moves_is_the_same_card() {
    let before = draft();
    let add = Edit::Add {
        kind: "notify".into(),
        title: "First of all".into(),
        place: Place::Start,
    };
    let after = before.apply(&add).unwrap();
    let picture = |draft: &Draft| {
        let ranks = Ranks::layered(draft);
        draw(draft, &ranks, &Names::default(), &Look::default())
    };
    let (before, after) = (picture(&before), picture(&after));
    for was in before.cards.iter().filter(|card| card.key.len() > 6) {
        let is = after.cards.iter().find(|card| card.key == was.key).unwrap();
        assert_ne!(is.at, was.at);
        assert_eq!(is.inside, was.inside);
    }
    let html = after.html("Map");
    for card in &after.cards {
        assert!(html.contains(&card.transform()), "{}", card.key);
    }
}

#[test]
fn the_list_says_where_each_step_leads() {
    let html = list(&draft(), &Names::default(), &Look::default());
    assert!(
        html.contains("then Ship it") && html.contains("then ends"),
        "{html}"
    );
}

#[test]
fn work_by_hand_is_marked_on_its_step_and_said_in_the_list() {
    let mut draft = draft();
    let look = Look {
        href: "?step=".into(),
        ..Look::default()
    };
    let shown = |draft: &Draft| {
        let names = Names::default();
        let map = draw(draft, &Ranks::layered(draft), &names, &look).html("Map");
        (map, list(draft, &names, &look))
    };
    let (map, said) = shown(&draft);
    assert!(!map.contains("by hand") && !said.contains("by hand"));
    draft.steps[0].manual = Some(Manual {
        minutes_each: 6,
        times_a_week: 40,
        tool: "a <sheet>".into(),
    });
    let words = "by hand today: 6 min each, 40 times a week, in a &lt;sheet&gt;";
    let (map, said) = shown(&draft);
    assert_eq!(map.matches("class=\"by-hand\"").count(), 1, "{map}");
    assert!(map.contains(words) && said.contains(words), "{said}");
}
