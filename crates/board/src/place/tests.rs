use std::collections::BTreeMap;

use domain::flow::{DONE, Draft, Edit, Flow, Place, StepKind};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{END, START};

/// A flow grown by adding steps after, beside and before others, and by ways back.
fn grown(plan: &[(u8, usize, usize)]) -> Draft {
    let mut draft: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "f", "F");
    for (what, n, m) in plan {
        let pick = |n: usize| draft.steps.get(n % draft.steps.len().max(1)).cloned();
        let exit = |step: &domain::flow::edit::Sketch| {
            step.exits.get(m % step.exits.len()).unwrap().on.clone()
        };
        let add = |place| Edit::Add {
            kind: StepKind::NAMES[m % 7].to_owned(),
            title: format!("Step {n}"),
            place,
        };
        let edit = match (pick(*n), what % 5) {
            (None, _) | (_, 0) => add(Place::Start),
            (Some(step), 1 | 2) => add(Place::After {
                exit: exit(&step),
                step: step.key,
            }),
            (Some(step), 3) => add(Place::Beside {
                exit: exit(&step),
                step: step.key,
            }),
            (Some(step), _) => Edit::Connect {
                exit: exit(&step),
                to: pick(*m).unwrap().key,
                step: step.key,
            },
        };
        draft = draft.apply(&edit).unwrap();
    }
    draft
}

fn lanes(draft: &Draft) -> impl Fn(&str) -> String {
    let kinds: BTreeMap<String, &'static str> = draft
        .steps
        .iter()
        .map(|step| (step.key.clone(), step.kind.name()))
        .collect();
    move |key| kinds.get(key).copied().unwrap_or("meshline").to_owned()
}

fn sound(draft: &Draft, board: &Board) -> Result<(), TestCaseError> {
    prop_assert_eq!(board.cards.len(), draft.steps.len() + 2);
    for (n, card) in board.cards.iter().enumerate() {
        let inside = card.x >= 0
            && card.y >= 0
            && card.x + CARD_W <= board.width
            && card.y + CARD_H <= board.height;
        prop_assert!(inside, "{card:?} stands outside");
        for other in &board.cards[n + 1..] {
            let apart = card.x + CARD_W <= other.x
                || other.x + CARD_W <= card.x
                || card.y + CARD_H <= other.y
                || other.y + CARD_H <= card.y;
            prop_assert!(apart, "{card:?} lies on {other:?}");
        }
        let lane = lanes(draft)(&card.key);
        let band = board.bands.iter().find(|band| band.name == lane).unwrap();
        prop_assert!(card.y >= band.y && card.y + CARD_H <= band.y + band.height);
    }
    for line in &board.lines {
        let (from, to) = (
            board.card(&line.from).unwrap(),
            board.card(&line.to).unwrap(),
        );
        prop_assert_eq!(line.back, to.column <= from.column);
        prop_assert_eq!(line.points.last().unwrap().0, to.x);
        for pair in line.points.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            prop_assert!(x1 == x2 || y1 == y2, "a slanted line: {line:?}");
            for (x, y) in pair {
                let inside = (0..=board.width).contains(x) && (0..=board.height).contains(y);
                prop_assert!(inside, "{line:?} leaves the board");
            }
            for card in &board.cards {
                let through = x1.min(x2) < card.x + CARD_W
                    && x1.max(x2) > card.x
                    && y1.min(y2) < card.y + CARD_H
                    && y1.max(y2) > card.y;
                prop_assert!(!through, "{line:?} runs through {card:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn cards_do_not_touch_and_lines_go_around_them(plan in prop::collection::vec((0u8..5, 0usize..40, 0usize..40), 0..40)) {
        let draft = grown(&plan);
        let ranks = Ranks::layered(&draft);
        let board = place(&draft, &ranks, lanes(&draft));
        sound(&draft, &board)?;
        prop_assert_eq!(&ranks, &Ranks::layered(&draft), "the same flow is always drawn the same");
    }

    #[test]
    fn what_is_drawn_after_an_edit_is_sound_too(plan in prop::collection::vec((0u8..5, 0usize..40, 0usize..40), 1..40), cut in 0usize..40) {
        let before = grown(&plan[..cut % plan.len()]);
        let draft = grown(&plan);
        let ranks = Ranks::layered(&before).follow(&draft);
        sound(&draft, &place(&draft, &ranks, lanes(&draft)))?;
        // forward is to the right unless it closes a loop
        prop_assert_eq!(&ranks, &ranks.follow(&draft), "nothing moves when nothing changed");
    }
}

#[test]
fn a_row_of_steps_stands_in_a_row() {
    let draft = ["One", "Two", "Three"]
        .iter()
        .rev()
        .fold(grown(&[]), |draft, title| {
            draft
                .apply(&Edit::Add {
                    kind: "human_task".into(),
                    title: (*title).into(),
                    place: Place::Start,
                })
                .unwrap()
        });
    for ranks in [Ranks::layered(&draft), Ranks::default().follow(&draft)] {
        let board = place(&draft, &ranks, |_| "Meshline".to_owned());
        let x = |key| board.card(key).unwrap().column;
        assert_eq!(
            [x(START), x("one"), x("two"), x("three"), x(END)],
            [0, 1, 2, 3, 4]
        );
        assert!(
            board
                .lines
                .iter()
                .all(|line| !line.back && line.points.len() == 2)
        );
    }
    assert_eq!(draft.step("one").unwrap().exit(DONE), ["two"]);
}
