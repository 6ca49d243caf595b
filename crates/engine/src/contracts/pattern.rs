//! Whether a pattern may be kept. Ours needs time in proportion to the text whatever it says; an engine that goes
//! back and tries again, as most do, may need hours where the same text can be matched in many ways.
//!
//! Looked for are the ways there are to make many of one: a repetition within a repetition, alternatives under a
//! repetition that may begin alike, something optional under a repetition that what follows may begin with, and
//! repetitions after each other that take the same characters. It is a judgement of the pattern's form, and careful:
//! some are refused that would be quick. Whoever says it another way loses nothing.

use std::rc::Rc;

use regex_syntax::{
    ast::{self, Ast},
    hir::{
        Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition, translate::Translator,
    },
};

/// Longest pattern.
const MAX_PATTERN: usize = 400;
/// A repetition that may go on for longer counts as one without an end.
const MOST_TIMES: u32 = 100;
/// Most ways through a pattern that are looked at, most places on each, and most of these without an end.
const MOST_WAYS: usize = 16;
const MOST_PLACES: usize = 200;
const MOST_OPEN: usize = 20;

/// Why it is not kept.
pub(super) fn fault(text: &str) -> Option<String> {
    if text.len() > MAX_PATTERN {
        return Some(format!("A pattern has at most {MAX_PATTERN} characters."));
    }
    let hir = match regex_syntax::ParserBuilder::new()
        .nest_limit(50)
        .build()
        .parse(text)
    {
        Ok(hir) => hir,
        Err(error) => {
            let why = match &error {
                regex_syntax::Error::Parse(error) => error.kind().to_string(),
                regex_syntax::Error::Translate(error) => error.kind().to_string(),
                _ => "it cannot be read".to_owned(),
            };
            return Some(format!(
                "This pattern cannot be used: {why}. What needs to look back or ahead is not supported."
            ));
        }
    };
    let slow = "others who check with it could be held up for hours";
    if repeats_itself(&hir, false) {
        return Some(format!(
            "This pattern repeats what repeats already, as in (a+)+: {slow}. Say it with one repetition."
        ));
    }
    if copies(&hir) > 5_000 {
        return Some("This pattern is repeated too often to be compiled.".to_owned());
    }
    if alternates(text) || wavers(&hir, &ClassUnicode::empty(), false) {
        return Some(format!(
            "This pattern repeats what may begin in two ways, as in (a|a)* or (a?a)*: {slow}. Within a repetition, let \
             each alternative, and what follows something optional, begin with a character of its own."
        ));
    }
    if ways(&hir).iter().any(|way| overlaps(way)) {
        return Some(format!(
            "Repetitions that take the same characters follow each other, as in .*.* or .*a.*b.*: {slow}. Say which \
             character ends each, as in [^@]*@.*, or leave one out."
        ));
    }
    None
}

const fn is_open(again: &Repetition) -> bool {
    match again.max {
        None => true,
        Some(max) => max > MOST_TIMES,
    }
}

/// An open-ended repetition inside another one.
fn repeats_itself(hir: &Hir, inside: bool) -> bool {
    match hir.kind() {
        HirKind::Repetition(again) => {
            let open = is_open(again);
            open && inside || repeats_itself(&again.sub, inside || open)
        }
        HirKind::Capture(group) => repeats_itself(&group.sub, inside),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(|part| repeats_itself(part, inside))
        }
        _ => false,
    }
}

/// How much there is of it once bounded repetitions are written out.
fn copies(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Repetition(again) => {
            let times = u64::from(again.max.unwrap_or(again.min).max(1));
            copies(&again.sub).saturating_mul(times)
        }
        HirKind::Capture(group) => copies(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .fold(0_u64, |sum, part| sum.saturating_add(copies(part))),
        _ => 1,
    }
}

/// Alternatives under a repetition that nothing tells apart. Of the pattern as it is written: what it was made into has
/// one `a` for `a|a`.
fn alternates(text: &str) -> bool {
    let parsed = ast::parse::ParserBuilder::new()
        .nest_limit(50)
        .build()
        .parse(text);
    let ignores_case = text.contains("(?") && text.contains('i');
    parsed.is_ok_and(|whole| alternates_below(&whole, false, ignores_case))
}

fn alternates_below(part: &Ast, inside: bool, ignores_case: bool) -> bool {
    let below = |part: &Ast, inside: bool| alternates_below(part, inside, ignores_case);
    match part {
        Ast::Repetition(again) => {
            use ast::{RepetitionKind, RepetitionRange};
            let open = match &again.op.kind {
                RepetitionKind::ZeroOrOne => false,
                RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => true,
                RepetitionKind::Range(RepetitionRange::AtLeast(_)) => true,
                RepetitionKind::Range(
                    RepetitionRange::Exactly(most) | RepetitionRange::Bounded(_, most),
                ) => *most > MOST_TIMES,
            };
            below(&again.ast, inside || open)
        }
        Ast::Group(group) => below(&group.ast, inside),
        Ast::Concat(parts) => parts.asts.iter().any(|part| below(part, inside)),
        Ast::Alternation(parts) => {
            parts.asts.iter().any(|part| below(part, inside))
                || inside && are_alike(&parts.asts, ignores_case)
        }
        _ => false,
    }
}

fn are_alike(branches: &[Ast], ignores_case: bool) -> bool {
    let mut translator = regex_syntax::hir::translate::TranslatorBuilder::new()
        .case_insensitive(ignores_case)
        .build();
    let begins: Vec<Vec<ClassUnicode>> = branches
        .iter()
        .map(|branch| begin(&mut translator, branch))
        .collect();
    begins.iter().enumerate().any(|(n, one)| {
        begins
            .iter()
            .take(n)
            .any(|other| one.iter().zip(other).all(|(a, b)| meet(a, b)))
    })
}

/// What an alternative begins with, character by character, as far as that is certain.
fn begin(translator: &mut Translator, branch: &Ast) -> Vec<ClassUnicode> {
    // translating a part needs the text only to say where it is wrong, which it is not
    let mut sure = Vec::new();
    if let Ok(hir) = translator.translate("", branch) {
        lead(&hir, &mut sure);
    }
    sure
}

/// Whether it went through to the end.
fn lead(hir: &Hir, sure: &mut Vec<ClassUnicode>) -> bool {
    if sure.len() >= MOST_PLACES {
        return false;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(text) => {
            sure.extend(letters(&text.0));
            true
        }
        HirKind::Class(class) => {
            sure.push(set_of(class));
            true
        }
        HirKind::Capture(group) => lead(&group.sub, sure),
        HirKind::Concat(parts) => parts.iter().all(|part| lead(part, sure)),
        HirKind::Repetition(again) => {
            (0..again.min).all(|_| lead(&again.sub, sure)) && again.max == Some(again.min)
        }
        HirKind::Alternation(_) => {
            let (first, may_be_empty) = first(hir);
            if !may_be_empty {
                sure.push(first);
            }
            false
        }
    }
}

/// Under a repetition: something that may be there or not, or once more or not, while what follows begins alike.
fn wavers(hir: &Hir, follows: &ClassUnicode, inside: bool) -> bool {
    match hir.kind() {
        HirKind::Capture(group) => wavers(&group.sub, follows, inside),
        HirKind::Alternation(parts) => parts.iter().any(|part| wavers(part, follows, inside)),
        HirKind::Concat(parts) => {
            let mut follows = follows.clone();
            for part in parts.iter().rev() {
                if wavers(part, &follows, inside) {
                    return true;
                }
                let (begins, may_be_empty) = first(part);
                follows = if may_be_empty {
                    both(follows, &begins)
                } else {
                    begins
                };
            }
            false
        }
        HirKind::Repetition(again) => {
            let (begins, _) = first(&again.sub);
            let either = again.max != Some(again.min);
            if inside && either && meet(&begins, follows) {
                return true;
            }
            let follows = if again.max == Some(1) {
                follows.clone()
            } else {
                both(follows.clone(), &begins)
            };
            wavers(&again.sub, &follows, inside || is_open(again))
        }
        _ => false,
    }
}

/// On the way through a pattern.
#[derive(Clone)]
enum Stop {
    /// Characters without an end: those it may begin with, and all that it takes.
    Open {
        begins: Rc<ClassUnicode>,
        takes: Rc<ClassUnicode>,
        needed: bool,
    },
    /// Something that has to be there.
    Needed(Rc<ClassUnicode>),
}

/// What stands after each other, for each choice there is between what repeats and what does not.
fn ways(hir: &Hir) -> Vec<Vec<Stop>> {
    if !has_open(hir) {
        let (begins, may_be_empty) = first(hir);
        return match hir.kind() {
            HirKind::Literal(text) => {
                vec![letters(&text.0).map(Rc::new).map(Stop::Needed).collect()]
            }
            HirKind::Concat(parts) => in_turn(parts.iter()),
            HirKind::Capture(group) => ways(&group.sub),
            HirKind::Repetition(again) if again.min > 0 && !may_be_empty => ways(&again.sub),
            _ if may_be_empty => vec![Vec::new()],
            _ => vec![vec![Stop::Needed(Rc::new(begins))]],
        };
    }
    match hir.kind() {
        HirKind::Capture(group) => ways(&group.sub),
        HirKind::Concat(parts) => in_turn(parts.iter()),
        HirKind::Alternation(parts) => {
            let mut all: Vec<Vec<Stop>> = parts.iter().flat_map(ways).collect();
            all.truncate(MOST_WAYS);
            all
        }
        HirKind::Repetition(again) if is_open(again) => {
            let (begins, may_be_empty) = first(&again.sub);
            vec![vec![Stop::Open {
                begins: Rc::new(begins),
                takes: Rc::new(taken(&again.sub)),
                needed: again.min > 0 && !may_be_empty,
            }]]
        }
        HirKind::Repetition(again) => {
            // three of them show all that more of them would
            let least = again.min.min(3);
            let most = again.max.unwrap_or(3).min(3);
            let mut all: Vec<Vec<Stop>> = (least..=most)
                .flat_map(|times| in_turn((0..times).map(|_| &*again.sub)))
                .collect();
            all.truncate(MOST_WAYS);
            all
        }
        _ => vec![Vec::new()],
    }
}

fn in_turn<'h>(parts: impl Iterator<Item = &'h Hir>) -> Vec<Vec<Stop>> {
    let mut all: Vec<Vec<Stop>> = vec![Vec::new()];
    for part in parts {
        let next = ways(part);
        let mut longer = Vec::new();
        for before in &all {
            for after in &next {
                if longer.len() < MOST_WAYS && before.len() < MOST_PLACES {
                    longer.push(before.iter().chain(after).cloned().collect());
                }
            }
        }
        all = longer;
    }
    all
}

/// Two that take the same characters with nothing needed between them, or three with nothing between them that any
/// of them could not take.
fn overlaps(way: &[Stop]) -> bool {
    let mut longest: Vec<(usize, usize)> = Vec::new();
    for (at, stop) in way.iter().enumerate() {
        let Stop::Open { begins, takes, .. } = stop else {
            continue;
        };
        let mut many = 1;
        for (from, before) in &longest {
            let Some(Stop::Open {
                begins: other,
                takes: taken,
                ..
            }) = way.get(*from)
            else {
                continue;
            };
            let between = way.get(from + 1..at).unwrap_or_default();
            let mut needed = between.iter().filter_map(Stop::needed).peekable();
            if needed.peek().is_none() && meet(begins, other) {
                return true;
            }
            if needed.all(|one| meet(one, takes) && meet(one, taken)) && meet(takes, taken) {
                many = many.max(before + 1);
            }
        }
        longest.push((at, many));
        if many > 2 || longest.len() > MOST_OPEN {
            return true;
        }
    }
    false
}

impl Stop {
    fn needed(&self) -> Option<&ClassUnicode> {
        match self {
            Self::Needed(one) => Some(one.as_ref()),
            Self::Open { takes, needed, .. } => needed.then_some(takes.as_ref()),
        }
    }
}

fn has_open(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(again) => is_open(again) || has_open(&again.sub),
        HirKind::Capture(group) => has_open(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_open),
        _ => false,
    }
}

/// What it may begin with, and whether it may be nothing.
fn first(hir: &Hir) -> (ClassUnicode, bool) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (ClassUnicode::empty(), true),
        HirKind::Literal(text) => {
            let letter = letters(&text.0).next();
            let empty = letter.is_none();
            (letter.unwrap_or_else(ClassUnicode::empty), empty)
        }
        HirKind::Class(class) => (set_of(class), false),
        HirKind::Capture(group) => first(&group.sub),
        HirKind::Repetition(again) => {
            let (begins, may_be_empty) = first(&again.sub);
            (begins, may_be_empty || again.min == 0)
        }
        HirKind::Alternation(parts) => parts.iter().map(first).fold(
            (ClassUnicode::empty(), false),
            |(all, empty), (one, none)| (both(all, &one), empty || none),
        ),
        HirKind::Concat(parts) => {
            let mut all = ClassUnicode::empty();
            for part in parts {
                let (one, may_be_empty) = first(part);
                all = both(all, &one);
                if !may_be_empty {
                    return (all, false);
                }
            }
            (all, true)
        }
    }
}

/// Every character that may stand in it.
fn taken(hir: &Hir) -> ClassUnicode {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => ClassUnicode::empty(),
        HirKind::Literal(text) => {
            letters(&text.0).fold(ClassUnicode::empty(), |all, one| both(all, &one))
        }
        HirKind::Class(class) => set_of(class),
        HirKind::Capture(group) => taken(&group.sub),
        HirKind::Repetition(again) => taken(&again.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .fold(ClassUnicode::empty(), |all, part| both(all, &taken(part))),
    }
}

fn letters(text: &[u8]) -> impl Iterator<Item = ClassUnicode> {
    let text = String::from_utf8_lossy(text).into_owned();
    let letters: Vec<char> = text.chars().collect();
    letters
        .into_iter()
        .map(|one| ClassUnicode::new([ClassUnicodeRange::new(one, one)]))
}

fn set_of(class: &Class) -> ClassUnicode {
    match class {
        Class::Unicode(set) => set.clone(),
        Class::Bytes(set) => set.to_unicode_class().unwrap_or_else(ClassUnicode::empty),
    }
}

fn both(mut one: ClassUnicode, other: &ClassUnicode) -> ClassUnicode {
    one.union(other);
    one
}

/// Whether there is a character that both have. Ranges stand in order.
fn meet(one: &ClassUnicode, other: &ClassUnicode) -> bool {
    let (mut these, mut those) = (one.ranges().iter(), other.ranges().iter());
    let (mut this, mut that) = (these.next(), those.next());
    while let (Some(a), Some(b)) = (this, that) {
        if a.end() < b.start() {
            this = these.next();
        } else if b.end() < a.start() {
            that = those.next();
        } else {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each with the beginning of what is said of it.
    #[test]
    fn what_can_be_matched_in_many_ways_is_refused() {
        for (bad, why) in [
            ("(a+)+$", "This pattern repeats what repeats"),
            ("(a*)*b", "This pattern repeats what repeats"),
            ("([a-z]+)*@", "This pattern repeats what repeats"),
            ("(x{1,500}){1,500}", "This pattern repeats what repeats"),
            ("(?=a)b", "This pattern cannot be used"),
            ("(a)\\1", "This pattern cannot be used"),
            ("(", "This pattern cannot be used"),
            ("((a{90}){90}){90}", "This pattern is repeated too often"),
            ("^(a|a)*$", "This pattern repeats what may begin"),
            ("^(a|aa)+$", "This pattern repeats what may begin"),
            ("^(?i)(a|A)*$", "This pattern repeats what may begin"),
            ("^(\\w|\\d)*$", "This pattern repeats what may begin"),
            ("^(x(foo|f.o)y)*$", "This pattern repeats what may begin"),
            ("^(a|)*$", "This pattern repeats what may begin"),
            ("^(a|b|ab){5,}$", "This pattern repeats what may begin"),
            ("^(a?a)*$", "This pattern repeats what may begin"),
            ("^(a?){200}$", "This pattern repeats what may begin"),
            ("^(\\d{1,3})*$", "This pattern repeats what may begin"),
            ("^.*.*.*.*.*=$", "Repetitions that take"),
            ("^.*.*$", "Repetitions that take"),
            ("^\\d+\\w*$", "Repetitions that take"),
            ("^\\s*-?\\s*$", "Repetitions that take"),
            ("^(.*)(.*)$", "Repetitions that take"),
            ("^(x.*)?y?.*$", "Repetitions that take"),
            ("^.*a.*b.*$", "Repetitions that take"),
            ("^(a|.*),.*,.*$", "Repetitions that take"),
            ("^(.*,){3}$", "Repetitions that take"),
        ] {
            let said = fault(bad).unwrap_or_default();
            assert!(said.starts_with(why), "{bad}: {said}");
        }
        assert!(fault(&"a".repeat(401)).is_some());
    }

    #[test]
    fn what_each_text_matches_in_one_way_is_kept() {
        for good in [
            "",
            "^https://",
            "^[A-Z]{2}$",
            "^[a-z]+(-[a-z]{1,5}){0,3}$",
            "^\\d{4}-\\d{2}$",
            "^.*foo.*$",
            "^(foo|far|bar)*$",
            "^[A-Z]{3}(,(EUR|ESP|USD))*$",
            "^(\\d{1,3}\\.)*\\d$",
            "^\\d+(\\.\\d+)?$",
            "^\\s*\\d+\\s*$",
            "^[\\w.-]+@[\\w.-]+\\.[a-z]{2,}$",
            "^[^@]+@[^@]+\\.[^@]+$",
            "^https?://[a-z0-9.-]+(:\\d+)?(/.*)?$",
            "^([A-Z][a-z]{0,9}[ -]?)*$",
            "^[^/]*/[^/]*/[^/]*$",
            "^(a|b)+(c|d)+$",
            "^(\\+|-)?\\d+$",
            "^[A-Z0-9]+(?:_[A-Z0-9]{1,8})*$",
            "^\\p{L}[\\p{L} .'-]*$",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }
}
