//! Conditions and graphs against answers found another way.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Branch, Condition, DONE, Draft, ELSE, Exit, Fact, FactKind, Failure, Flow, Known, Op, Path,
    Step, StepKind, Test,
    eval::exhaustive,
    graph::{after, loops_without_exit, reachable, restless_loops, unreachable},
};
use crate::{event::EventKind, owner::Owner};

fn facts() -> Vec<Fact> {
    let fact = |key: &str, kind| Fact {
        key: key.to_owned(),
        title: format!("the {key}"),
        kind,
    };
    let options = ["red", "green", "blue"].map(str::to_owned).to_vec();
    vec![
        fact("size", FactKind::Number),
        fact("price", FactKind::Money),
        fact("paint", FactKind::Choice { options }),
        fact("gift", FactKind::YesNo),
        fact("tags", FactKind::List),
        fact("day", FactKind::Date),
        fact("name", FactKind::Text),
    ]
}

fn test(fact: &str, op: Op, value: Value) -> Condition {
    Condition::Test(Test {
        fact: fact.to_owned(),
        op,
        value,
    })
}

fn dollars(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "USD" })
}

/// What the world is, in this test's own types.
#[derive(Clone, Debug)]
struct World {
    /// In halves.
    size: Option<i64>,
    price: Option<i64>,
    paint: Option<&'static str>,
    gift: Option<bool>,
    tags: Option<BTreeSet<&'static str>>,
}

impl World {
    fn known(&self) -> Known {
        let mut known = Known::default();
        let mut say = |key: &str, value: Option<Value>| {
            let (from, field) = key.split_once('.').unwrap();
            let one = [(field.to_owned(), value.unwrap_or(Value::Null))].into();
            known.answered(from, &one);
        };
        say("w.size", self.size.map(|halves| json!(halves as f64 / 2.0)));
        say("w.price", self.price.map(dollars));
        say("w.paint", self.paint.map(|one| json!(one)));
        say("w.gift", self.gift.map(|one| json!(one)));
        say("w.tags", self.tags.clone().map(|one| json!(one)));
        known
    }

    fn judge(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Always => Some(true),
            Condition::Not { of } => self.judge(of).map(|one| !one),
            Condition::All { of } => {
                let all: Vec<_> = of.iter().map(|one| self.judge(one)).collect();
                if all.contains(&Some(false)) {
                    Some(false)
                } else {
                    (!all.contains(&None)).then_some(true)
                }
            }
            Condition::Any { of } => {
                let all: Vec<_> = of.iter().map(|one| self.judge(one)).collect();
                if all.contains(&Some(true)) {
                    Some(true)
                } else {
                    (!all.contains(&None)).then_some(false)
                }
            }
            Condition::Test(test) => self.test(test),
        }
    }

    fn test(&self, test: &Test) -> Option<bool> {
        let numbers = |fact: i64, bound: i64| match test.op {
            Op::Equals => fact == bound,
            Op::Differs => fact != bound,
            Op::Over => fact > bound,
            Op::AtLeast => fact >= bound,
            Op::Under => fact < bound,
            Op::AtMost => fact <= bound,
            Op::Contains | Op::Lacks => panic!("not asked of numbers"),
        };
        match test.fact.as_str() {
            "w.size" => Some(numbers(self.size?, test.value.as_i64()? * 2)),
            "w.price" => Some(numbers(self.price?, test.value["minor"].as_i64()?)),
            "w.paint" => Some((self.paint? == test.value.as_str()?) == (test.op == Op::Equals)),
            "w.gift" => Some((self.gift? == test.value.as_bool()?) == (test.op == Op::Equals)),
            _ => {
                let has = self.tags.as_ref()?.contains(test.value.as_str()?);
                Some(has == (test.op == Op::Contains))
            }
        }
    }
}

/// Every world in which everything is known, around the bounds that are used below.
fn worlds() -> Vec<World> {
    let mut all = Vec::new();
    for size in 1..8 {
        for price in 0..4 {
            for paint in ["red", "green", "blue"] {
                for gift in [true, false] {
                    for tags in [vec![], vec!["vip"], vec!["b2b"], vec!["vip", "b2b"]] {
                        all.push(World {
                            size: Some(size),
                            price: Some(price),
                            paint: Some(paint),
                            gift: Some(gift),
                            tags: Some(tags.into_iter().collect()),
                        });
                    }
                }
            }
        }
    }
    all
}

fn conditions() -> impl Strategy<Value = Condition> {
    let bound = prop_oneof![
        Just(Op::Equals),
        Just(Op::Differs),
        Just(Op::Over),
        Just(Op::AtLeast),
        Just(Op::Under),
        Just(Op::AtMost)
    ];
    let same = prop_oneof![Just(Op::Equals), Just(Op::Differs)];
    let has = prop_oneof![Just(Op::Contains), Just(Op::Lacks)];
    let paint = prop_oneof![Just("red"), Just("green"), Just("blue")];
    let leaf = prop_oneof![
        1 => Just(Condition::Always),
        4 => (bound.clone(), 1..4_i64).prop_map(|(op, n)| test("w.size", op, json!(n))),
        4 => (bound, 1..3_i64).prop_map(|(op, n)| test("w.price", op, dollars(n))),
        4 => (same.clone(), paint).prop_map(|(op, one)| test("w.paint", op, json!(one))),
        3 => (same, any::<bool>()).prop_map(|(op, one)| test("w.gift", op, json!(one))),
        3 => (has, prop_oneof![Just("vip"), Just("b2b")])
            .prop_map(|(op, one)| test("w.tags", op, json!(one))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|of| Condition::All { of }),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|of| Condition::Any { of }),
            inner.prop_map(|of| Condition::Not { of: Box::new(of) }),
        ]
    })
}

fn of_the_world() -> Vec<Fact> {
    let mut all = facts();
    for fact in &mut all {
        fact.key = format!("w.{}", fact.key);
    }
    all
}

fn branches(of: Vec<Condition>) -> Vec<Branch> {
    of.into_iter()
        .enumerate()
        .map(|(index, when)| Branch {
            key: format!("b{index}"),
            label: String::new(),
            when,
        })
        .collect()
}

proptest! {
    #[test]
    fn a_condition_holds_as_its_parts_do(
        condition in conditions(),
        pick in any::<prop::sample::Index>(),
        forgotten in prop::collection::vec(any::<bool>(), 5),
    ) {
        let all = worlds();
        let mut world = pick.get(&all).clone();
        if forgotten[0] { world.size = None }
        if forgotten[1] { world.price = None }
        if forgotten[2] { world.paint = None }
        if forgotten[3] { world.gift = None }
        if forgotten[4] { world.tags = None }
        prop_assert_eq!(condition.holds(&world.known()), world.judge(&condition));
        prop_assert_eq!(condition.faults(&of_the_world()), vec![]);
    }

    #[test]
    fn branches_are_exhaustive_when_no_world_falls_through(
        of in prop::collection::vec(conditions(), 1..4),
    ) {
        let every = worlds()
            .iter()
            .all(|world| of.iter().any(|one| world.judge(one) == Some(true)));
        prop_assert_eq!(exhaustive(&branches(of), &of_the_world()), every);
    }

    #[test]
    fn the_graph_is_what_walking_it_finds(
        edges in prop::collection::btree_set((0..7_usize, 0..7_usize), 0..14),
        ends in prop::collection::btree_set(0..7_usize, 0..4),
        quick in prop::collection::btree_set(0..7_usize, 0..7),
        start in 0..7_usize,
    ) {
        let flow = drawn(&edges, &ends, &quick, start);
        let name = |n: &usize| format!("s{n}");
        // squares of the matrix, until nothing is added
        let mut reach = edges.clone();
        loop {
            let longer: Vec<(usize, usize)> = reach
                .iter()
                .flat_map(|(a, b)| {
                    let b = *b;
                    reach.iter().filter(move |(c, _)| *c == b).map(|(_, d)| (*a, *d))
                })
                .collect();
            let before = reach.len();
            reach.extend(longer);
            if reach.len() == before {
                break;
            }
        }
        for from in 0..7 {
            let found: BTreeSet<String> = after(&flow, &name(&from)).into_iter().map(str::to_owned).collect();
            let want: BTreeSet<String> = reach.iter().filter(|(a, _)| *a == from).map(|(_, b)| name(b)).collect();
            prop_assert_eq!(found, want);
        }
        let from_start: BTreeSet<String> = reach
            .iter()
            .filter(|(a, _)| *a == start)
            .map(|(_, b)| name(b))
            .chain([name(&start)])
            .collect();
        prop_assert_eq!(reachable(&flow).len(), from_start.len());
        let rest: Vec<String> = (0..7).map(|n| name(&n)).filter(|n| !from_start.contains(n)).collect();
        prop_assert_eq!(unreachable(&flow), rest);

        let has_exit = |n: usize| {
            let ends_at = |m: usize| ends.contains(&m) || !edges.iter().any(|(a, _)| *a == m);
            ends_at(n) || reach.iter().any(|(a, b)| *a == n && ends_at(*b))
        };
        let trapped: BTreeSet<String> = (0..7)
            .filter(|n| reach.contains(&(*n, *n)) && !has_exit(*n))
            .map(|n| name(&n))
            .collect();
        let found: Vec<&str> = loops_without_exit(&flow).into_iter().flatten().collect();
        prop_assert_eq!(found.len(), trapped.len());
        prop_assert!(found.iter().all(|one| trapped.contains(*one)));

        // a walk over quick steps only that comes back to where it began
        let restless: BTreeSet<String> = quick
            .iter()
            .filter(|n| walks_back(**n, **n, &edges, &quick, 7))
            .map(name)
            .collect();
        let found: BTreeSet<String> = restless_loops(&flow).into_iter().flatten().map(str::to_owned).collect();
        prop_assert_eq!(found, restless);
    }
}

fn walks_back(
    at: usize,
    home: usize,
    edges: &BTreeSet<(usize, usize)>,
    quick: &BTreeSet<usize>,
    left: usize,
) -> bool {
    left > 0
        && edges
            .iter()
            .filter(|(a, b)| *a == at && quick.contains(b))
            .any(|(_, b)| *b == home || walks_back(*b, home, edges, quick, left - 1))
}

/// Steps that decide (`quick`) and steps that wait. An edge is a branch, side by side with others of the same step;
/// what may end has an exit that leads nowhere.
fn drawn(
    edges: &BTreeSet<(usize, usize)>,
    ends: &BTreeSet<usize>,
    quick: &BTreeSet<usize>,
    start: usize,
) -> Draft {
    let mut flow: Draft = Flow::named(Uuid::nil(), Uuid::nil(), "drawn", "Drawn");
    flow.start = vec![format!("s{start}")];
    for n in 0..7 {
        let to: Vec<String> = edges
            .iter()
            .filter(|(a, _)| *a == n)
            .map(|(_, b)| format!("s{b}"))
            .collect();
        let kind = if quick.contains(&n) {
            StepKind::Decide {
                branches: branches(vec![Condition::Always]),
                otherwise: true,
            }
        } else {
            StepKind::WaitForEvent {
                event: EventKind::PickStarted,
            }
        };
        let mut step: Step<Option<Owner>> = Step::new(&format!("s{n}"), "Step", (None, None), kind);
        let exit = |on: &str, to: Vec<String>| Exit {
            on: on.to_owned(),
            to,
        };
        if quick.contains(&n) {
            let otherwise = if ends.contains(&n) {
                vec![]
            } else {
                to.clone()
            };
            step.exits = vec![exit("b0", to), exit(ELSE, otherwise)];
        } else if ends.contains(&n) {
            // on it goes only where it failed
            step.failures = to
                .into_iter()
                .map(|to| Failure {
                    on: "late".to_owned(),
                    retries: 0,
                    retry_after_ms: 0,
                    path: Path::Go { to },
                })
                .collect();
        } else {
            step.exits = vec![exit(DONE, to)];
        }
        flow.steps.push(step);
    }
    flow
}

#[test]
fn what_is_wrong_with_a_condition_is_told_with_its_place() {
    let condition = Condition::All {
        of: vec![
            test("size", Op::Contains, json!(3)),
            Condition::Not {
                of: Box::new(test("price", Op::Over, json!(500))),
            },
            Condition::Any { of: vec![] },
            test("weight", Op::Over, json!(1)),
            test("paint", Op::Equals, json!("pink")),
            test("tags", Op::Contains, json!("vip")),
        ],
    };
    let places: Vec<String> = condition
        .faults(&facts())
        .into_iter()
        .map(|fault| fault.path)
        .collect();
    assert_eq!(
        places,
        [
            "of.0.op",
            "of.1.of.value",
            "of.2.of",
            "of.3.fact",
            "of.4.value"
        ]
    );
}

#[test]
fn a_condition_reads_aloud() {
    let check = |condition: Condition, words: &str| {
        assert_eq!(condition.words(&facts()), words);
    };
    check(Condition::Always, "always");
    check(
        Condition::All {
            of: vec![
                test("price", Op::Over, dollars(50_000)),
                Condition::Any {
                    of: vec![
                        test("gift", Op::Equals, json!(true)),
                        test("tags", Op::Lacks, json!("vip")),
                    ],
                },
            ],
        },
        "the price is over $500.00 and (the gift is true or the tags does not have “vip”)",
    );
    check(
        test("day", Op::AtLeast, json!("2026-12-24")),
        "the day is not before “2026-12-24”",
    );
}

#[test]
fn what_cannot_be_compared_is_neither_true_nor_false() {
    let euros = json!({ "minor": 5, "currency": "EUR" });
    let known = Known::from([("price", euros), ("name", json!("Ada"))]);
    assert_eq!(test("price", Op::Under, dollars(9)).holds(&known), None);
    assert_eq!(test("size", Op::Under, json!(9)).holds(&known), None);
    assert_eq!(test("name", Op::Over, json!("A")).holds(&known), None);
    assert_eq!(
        test("name", Op::Contains, json!("da")).holds(&known),
        Some(true)
    );
    assert_eq!(
        test("name", Op::Equals, json!("ada")).holds(&known),
        Some(true)
    );
}

#[test]
fn texts_and_days_leave_something_open_unless_both_answers_lead_on() {
    let check = |of: Vec<Condition>, want: bool| {
        assert_eq!(exhaustive(&branches(of), &facts()), want);
    };
    let named = |op| test("name", op, json!("Ada"));
    check(vec![named(Op::Equals)], false);
    check(vec![named(Op::Equals), named(Op::Differs)], true);
    check(vec![named(Op::Equals), named(Op::Lacks)], false);
    let day = |op, text: &str| test("day", op, json!(text));
    check(
        vec![day(Op::Under, "2026-12-24"), day(Op::Over, "2026-12-24")],
        false,
    );
    check(
        vec![day(Op::Under, "2026-12-24"), day(Op::Over, "2026-12-23")],
        true,
    );
    check(vec![test("nobody", Op::Equals, json!(true))], false);
    check(vec![Condition::Always], true);
    check(vec![], false);
}
