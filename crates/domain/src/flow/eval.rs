//! Conditions at work: whether one holds, what it says in words, what is wrong with it, and whether the
//! branches of a decision leave nothing open.
//!
//! Three answers, not two: a test of a fact that nobody knows has none, and *all* and *any* only have one when the
//! unknown part cannot change it.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::{Value, json};

use super::{
    Branch, Condition, Fact, FactKind, Known, Op, Test,
    fact::{date_of, money_of},
};

/// The most worlds that are looked at to find out whether branches leave nothing open.
const MOST_WORLDS: usize = 20_000;
/// The deepest nesting of a condition that is looked at.
const DEEPEST: usize = 8;

/// Something wrong with a condition, and where: `of.1.value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFault {
    pub path: String,
    pub sentence: String,
}

impl Condition {
    /// Whether it holds; `None` when that depends on a fact nobody knows.
    pub fn holds(&self, known: &Known) -> Option<bool> {
        self.judge(&mut |test| known.get(&test.fact).and_then(|fact| test.of(fact)))
    }

    fn judge(&self, ask: &mut dyn FnMut(&Test) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Always => Some(true),
            Self::Not { of } => of.judge(ask).map(|holds| !holds),
            Self::Test(test) => ask(test),
            Self::All { of } => together(of, false, ask),
            Self::Any { of } => together(of, true, ask),
        }
    }

    /// Every test in it, from left to right.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::Always => Vec::new(),
            Self::Test(test) => vec![test],
            Self::Not { of } => of.tests(),
            Self::All { of } | Self::Any { of } => of.iter().flat_map(Self::tests).collect(),
        }
    }

    /// The facts it asks for that nobody knows.
    pub fn unknown(&self, known: &Known) -> Vec<&str> {
        let mut all: Vec<&str> = self
            .tests()
            .into_iter()
            .filter(|test| {
                known
                    .get(&test.fact)
                    .and_then(|fact| test.of(fact))
                    .is_none()
            })
            .map(|test| test.fact.as_str())
            .collect();
        all.dedup();
        all
    }

    /// "the order's total is over $500.00 and the list of tags has vip".
    pub fn words(&self, facts: &[Fact]) -> String {
        self.phrase(facts, false)
    }

    fn phrase(&self, facts: &[Fact], inner: bool) -> String {
        let joined = |of: &[Self], word: &str| {
            let parts: Vec<String> = of.iter().map(|one| one.phrase(facts, true)).collect();
            let text = parts.join(word);
            if inner && parts.len() > 1 {
                format!("({text})")
            } else {
                text
            }
        };
        match self {
            Self::Always => "always".to_owned(),
            Self::All { of } if of.is_empty() => "always".to_owned(),
            Self::Any { of } if of.is_empty() => "never".to_owned(),
            Self::All { of } => joined(of, " and "),
            Self::Any { of } => joined(of, " or "),
            Self::Not { of } => format!("not {}", of.phrase(facts, true)),
            Self::Test(test) => test.words(facts),
        }
    }

    /// What is wrong with it, where these facts can be asked for.
    pub fn faults(&self, facts: &[Fact]) -> Vec<ConditionFault> {
        let mut found = Vec::new();
        self.examine(facts, "", 0, &mut found);
        found
    }

    fn examine(&self, facts: &[Fact], at: &str, depth: usize, found: &mut Vec<ConditionFault>) {
        let mut say = |field: &str, sentence: String| {
            found.push(ConditionFault {
                path: join(at, field),
                sentence,
            });
        };
        if depth > DEEPEST {
            say("", "This is nested too deeply to be read.".to_owned());
            return;
        }
        match self {
            Self::Always => {}
            Self::All { of } | Self::Any { of } => {
                if of.is_empty() {
                    say("of", "Name at least one condition.".to_owned());
                }
                for (index, one) in of.iter().enumerate() {
                    one.examine(facts, &join(at, &format!("of.{index}")), depth + 1, found);
                }
            }
            Self::Not { of } => of.examine(facts, &join(at, "of"), depth + 1, found),
            Self::Test(test) => {
                let Some(fact) = facts.iter().find(|one| one.key == test.fact) else {
                    say("fact", format!("Nobody knows a fact “{}” here.", test.fact));
                    return;
                };
                if !fact.kind.ops().contains(&test.op) {
                    say(
                        "op",
                        format!("“{}” cannot be asked of {}.", test.op.title(), fact.title),
                    );
                }
                if !fact.kind.takes(&test.value) {
                    say(
                        "value",
                        format!("Compare {} with {}.", fact.title, fact.kind.example()),
                    );
                }
            }
        }
    }
}

fn join(at: &str, field: &str) -> String {
    match (at, field) {
        ("", field) => field.to_owned(),
        (at, "") => at.to_owned(),
        (at, field) => format!("{at}.{field}"),
    }
}

/// *any* (`decisive` true) and *all* (`decisive` false) differ only in which answer settles it.
fn together(
    of: &[Condition],
    decisive: bool,
    ask: &mut dyn FnMut(&Test) -> Option<bool>,
) -> Option<bool> {
    let mut open = false;
    for one in of {
        match one.judge(ask) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => open = true,
        }
    }
    (!open).then_some(!decisive)
}

impl Test {
    /// Whether it holds of this fact; `None` when the two cannot be compared (other currencies, other kinds).
    pub fn of(&self, fact: &Value) -> Option<bool> {
        if let Value::Array(list) = fact {
            let wanted = self.value.as_str()?.to_lowercase();
            let has = list
                .iter()
                .filter_map(Value::as_str)
                .any(|one| one.to_lowercase() == wanted);
            return match self.op {
                Op::Contains => Some(has),
                Op::Lacks => Some(!has),
                _ => None,
            };
        }
        match self.op {
            Op::Contains | Op::Lacks => {
                let has = fact
                    .as_str()?
                    .to_lowercase()
                    .contains(&self.value.as_str()?.to_lowercase());
                Some(has == (self.op == Op::Contains))
            }
            Op::Equals => Some(compare(fact, &self.value)?.is_eq()),
            Op::Differs => Some(compare(fact, &self.value)?.is_ne()),
            Op::Over => Some(ordered(fact, &self.value)?.is_gt()),
            Op::AtLeast => Some(ordered(fact, &self.value)?.is_ge()),
            Op::Under => Some(ordered(fact, &self.value)?.is_lt()),
            Op::AtMost => Some(ordered(fact, &self.value)?.is_le()),
        }
    }

    fn words(&self, facts: &[Fact]) -> String {
        let fact = facts.iter().find(|one| one.key == self.fact);
        let title = fact.map_or(self.fact.as_str(), |one| one.title.as_str());
        let value = match (&self.value, money_of(&self.value)) {
            (_, Some(money)) => money.to_string(),
            (Value::Bool(yes), _) => if *yes { "true" } else { "not true" }.to_owned(),
            (Value::String(text), _) => format!("“{text}”"),
            (other, _) => other.to_string(),
        };
        let is_date = fact.is_some_and(|one| one.kind == FactKind::Date);
        let op = match self.op {
            Op::Over if is_date => "is after",
            Op::AtLeast if is_date => "is not before",
            Op::Under if is_date => "is before",
            Op::AtMost if is_date => "is not after",
            op => op.title(),
        };
        match (self.op, &self.value) {
            (Op::Differs, Value::Bool(yes)) => {
                let turned = if *yes { "not true" } else { "true" };
                format!("{title} is {turned}")
            }
            _ => format!("{title} {op} {value}"),
        }
    }
}

/// Which comes first; only of what has an order.
fn ordered(fact: &Value, value: &Value) -> Option<Ordering> {
    if let (Some(fact), Some(value)) = (money_of(fact), money_of(value)) {
        return (fact.currency == value.currency).then(|| fact.minor.cmp(&value.minor));
    }
    match (fact, value) {
        (Value::Number(fact), Value::Number(value)) => match (fact.as_i64(), value.as_i64()) {
            (Some(fact), Some(value)) => Some(fact.cmp(&value)),
            _ => fact.as_f64()?.partial_cmp(&value.as_f64()?),
        },
        (Value::String(fact), Value::String(value)) => Some(date_of(fact)?.cmp(&date_of(value)?)),
        _ => None,
    }
}

fn compare(fact: &Value, value: &Value) -> Option<Ordering> {
    match (fact, value) {
        (Value::Bool(fact), Value::Bool(value)) => Some(fact.cmp(value)),
        (Value::String(fact), Value::String(value)) => {
            Some(fact.to_lowercase().cmp(&value.to_lowercase()))
        }
        _ => ordered(fact, value),
    }
}

/// Whether, whatever the facts are, the condition of some branch holds, provided that they are known. Never says so
/// when it is not; says no when there are too many cases to look at.
pub fn exhaustive(branches: &[Branch], facts: &[Fact]) -> bool {
    let tests: Vec<&Test> = branches.iter().flat_map(|one| one.when.tests()).collect();
    let questions = questions(&tests, facts);
    let worlds = questions
        .values()
        .try_fold(1_usize, |all, answers| all.checked_mul(answers.len()));
    if worlds.is_none_or(|many| many > MOST_WORLDS) {
        return false;
    }
    let mut world = BTreeMap::new();
    every(
        &mut questions.iter().collect::<Vec<_>>(),
        &mut world,
        &|world| {
            branches.iter().any(|branch| {
                let mut ask = |test: &Test| answer(test, world, facts);
                branch.when.judge(&mut ask) == Some(true)
            })
        },
    )
}

/// Answers that matter: for what has an order, each bound and both its neighbours; for what has options, each; texts
/// and lists are asked one question for each value they are compared with.
fn questions(tests: &[&Test], facts: &[Fact]) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for test in tests {
        let (key, mut answers) = match facts.iter().find(|one| one.key == test.fact) {
            Some(fact) => match &fact.kind {
                FactKind::YesNo => (test.fact.clone(), vec![json!(true), json!(false)]),
                FactKind::Choice { options } => (
                    test.fact.clone(),
                    options.iter().map(|one| json!(one)).collect(),
                ),
                FactKind::Money | FactKind::Number | FactKind::Date => {
                    (test.fact.clone(), around(&test.value))
                }
                FactKind::Text | FactKind::List => {
                    (question(test), vec![json!(true), json!(false)])
                }
            },
            None => (question(test), vec![Value::Null]),
        };
        let known = all.entry(key).or_default();
        answers.retain(|one| !known.contains(one));
        known.extend(answers);
    }
    all
}

/// A text is asked whether it is this, or whether it has this.
fn question(test: &Test) -> String {
    let has = matches!(test.op, Op::Contains | Op::Lacks);
    let value = test.value.as_str().unwrap_or_default().to_lowercase();
    format!("{} {has} {value}", test.fact)
}

fn around(bound: &Value) -> Vec<Value> {
    if let Some(money) = money_of(bound) {
        return [-1, 0, 1]
            .map(
                |by| json!({ "minor": money.minor.saturating_add(by), "currency": money.currency }),
            )
            .to_vec();
    }
    match bound {
        Value::Number(number) => match number.as_i64() {
            // between two whole numbers there is another one
            Some(whole) => [-0.5, 0.0, 0.5]
                .map(|by| {
                    #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
                    let near = whole as f64 + by;
                    if by == 0.0 {
                        bound.clone()
                    } else {
                        json!(near)
                    }
                })
                .to_vec(),
            None => {
                let at = number.as_f64().unwrap_or_default();
                vec![json!(at.next_down()), bound.clone(), json!(at.next_up())]
            }
        },
        Value::String(text) => match date_of(text) {
            Some(day) => [-1, 0, 1]
                .map(|by| {
                    let at = crate::Time::from_ms((day + by).saturating_mul(86_400_000));
                    json!(at.format_utc("%Y-%m-%d"))
                })
                .to_vec(),
            None => vec![Value::Null],
        },
        _ => vec![Value::Null],
    }
}

fn answer(test: &Test, world: &BTreeMap<&str, &Value>, facts: &[Fact]) -> Option<bool> {
    let kind = facts.iter().find(|one| one.key == test.fact)?;
    match kind.kind {
        FactKind::Text | FactKind::List => {
            let has = world.get(question(test).as_str())?.as_bool()?;
            match test.op {
                Op::Equals | Op::Contains => Some(has),
                Op::Differs | Op::Lacks => Some(!has),
                _ => None,
            }
        }
        _ => test.of(world.get(test.fact.as_str())?),
    }
}

/// Whether it holds in every world that can be made of these answers.
fn every<'q>(
    open: &mut Vec<(&'q String, &'q Vec<Value>)>,
    world: &mut BTreeMap<&'q str, &'q Value>,
    holds: &dyn Fn(&BTreeMap<&str, &Value>) -> bool,
) -> bool {
    let Some((key, answers)) = open.pop() else {
        return holds(world);
    };
    let all = answers.iter().all(|one| {
        world.insert(key, one);
        every(open, world, holds)
    });
    world.remove(key.as_str());
    open.push((key, answers));
    all
}
