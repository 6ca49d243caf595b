//! Whether one schema lets in whatever another one lets out: each thing that the wide one asks for has to
//! follow from the narrow one. What the narrow one asks for besides only makes it narrower.

use serde_json::Value;

use super::{
    follow::{count_follows, largest, number_follows},
    node::{
        ARRAY, NUMBER, Node, OBJECT, STRING, below, refers, together, type_words, types,
        types_said, values,
    },
};

/// Most pairs of schemas that are looked at; what is larger is not proven.
const MOST_PAIRS: usize = 20_000;
/// How many questions may stand inside each other.
const DEEPEST: usize = 120;
/// Most schemas that hold of one instance at once.
const MOST_PARTS: usize = 150;

/// Why it does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// This field may be missing.
    Missing(String),
    /// These types are too many.
    Types {
        more: String,
        only: String,
    },
    /// These values are too many.
    Values(String),
    /// The wide one bounds it by this.
    Bound {
        keyword: String,
        by: String,
    },
    /// A field that the wide one does not take at all.
    Field(String),
    /// Any field, where the wide one takes only those that it names.
    AnyField,
    /// This keyword asks for something that the narrow one does not say in the same words.
    Keyword(String),
    /// Nothing can be there.
    Nothing,
    TooLarge,
}

impl Gap {
    /// The wide one is what readers know, the narrow one what will be written.
    pub fn for_readers(&self) -> String {
        match self {
            Self::Missing(field) => {
                format!("“{field}” may be missing from now on; readers count on it.")
            }
            Self::Types { more, only } => {
                format!("It may be {more} from now on; readers know {only} only.")
            }
            Self::Values(more) => {
                format!("{more} may be sent from now on; readers do not know it.")
            }
            Self::Bound { keyword, by } => {
                format!("Readers count on {keyword} {by}, which does not hold any more.")
            }
            Self::Field(field) => {
                format!("“{field}” is sent from now on; readers refuse fields they do not know.")
            }
            Self::AnyField => {
                "Any field may be sent from now on; readers take only those they know.".to_owned()
            }
            Self::Keyword(keyword) => format!(
                "`{keyword}` is another one or gone: nothing proves that readers take whatever is sent."
            ),
            Self::Nothing => "Readers take nothing here.".to_owned(),
            Self::TooLarge => "The schemas are too large to be compared to their end.".to_owned(),
        }
    }

    /// The wide one is what will be asked for, the narrow one what was written before.
    pub fn for_writers(&self) -> String {
        match self {
            Self::Missing(field) => {
                format!("“{field}” is required now; what lacks it stops at the gates.")
            }
            Self::Types { more, only } => format!("It was {more} and has to be {only} now."),
            Self::Values(more) => format!("{more} does not go out any more."),
            Self::Bound { keyword, by } => format!("{keyword} {by} is asked for now."),
            Self::Field(field) => format!("“{field}” does not go out any more."),
            Self::AnyField => {
                "Fields that the schema does not name do not go out any more.".to_owned()
            }
            Self::Keyword(keyword) => {
                format!("`{keyword}` is another one or new; what went out before may not fit it.")
            }
            Self::Nothing => "Nothing may stand here any more.".to_owned(),
            Self::TooLarge => "The schemas are too large to be compared to their end.".to_owned(),
        }
    }
}

/// A pair under way: the schemas by where they lie, and how deep in the instance.
struct Pair {
    wide: usize,
    narrow: Vec<usize>,
    depth: usize,
}

pub(super) struct Looking {
    /// References mean the same on both sides.
    refs_agree: bool,
    pairs: usize,
    trail: Vec<Pair>,
}

type Gaps = Vec<(String, Gap)>;

impl Looking {
    /// What `wide` asks for and `narrow` does not promise.
    pub fn at(wide: &Value, narrow: &Value) -> Gaps {
        let defs = |root: &Value| (root.get("$defs").cloned(), root.get("definitions").cloned());
        let mut looking = Self {
            refs_agree: defs(wide) == defs(narrow) && only_defs(wide) && only_defs(narrow),
            pairs: 0,
            trail: Vec::new(),
        };
        let mut gaps = Vec::new();
        looking.pair(Node::of(wide), &[Node::of(narrow)], "", 0, &mut gaps);
        gaps
    }

    /// Word for word, and meaning the same.
    fn same(&self, a: &Value, b: &Value) -> bool {
        a == b && (self.refs_agree || !refers(a))
    }

    fn pair(
        &mut self,
        wide: Node<'_>,
        narrow: &[Node<'_>],
        at: &str,
        depth: usize,
        gaps: &mut Gaps,
    ) {
        if self.is_too_much(narrow) {
            gaps.push((String::new(), Gap::TooLarge));
            return;
        }
        let narrow = together(narrow);
        if types(&narrow) == 0
            || wide.schema == &Value::Bool(true)
            || narrow.iter().any(|one| self.same(wide.schema, one.schema))
        {
            return;
        }
        let place = |schema: &Value| std::ptr::from_ref(schema).addr();
        let pair = Pair {
            wide: place(wide.schema),
            narrow: narrow.iter().map(|one| place(one.schema)).collect(),
            depth,
        };
        let known = self
            .trail
            .iter()
            .find(|one| one.wide == pair.wide && one.narrow == pair.narrow);
        if let Some(known) = known {
            // further in, the same question is about a smaller instance: whatever is wrong is told at the outer one
            if known.depth == depth {
                gaps.push((at.to_owned(), Gap::Keyword("$ref".to_owned())));
            }
            return;
        }
        self.trail.push(pair);
        self.each_way(wide, &narrow, at, depth, gaps);
        self.trail.pop();
    }

    fn is_too_much(&mut self, narrow: &[Node<'_>]) -> bool {
        self.pairs += 1;
        self.pairs > MOST_PAIRS || self.trail.len() > DEEPEST || narrow.len() > MOST_PARTS
    }

    /// As it stands, or else one alternative of the narrow one after the other.
    fn each_way(
        &mut self,
        wide: Node<'_>,
        narrow: &[Node<'_>],
        at: &str,
        depth: usize,
        gaps: &mut Gaps,
    ) {
        let mut direct = Vec::new();
        self.keywords(wide, narrow, at, depth, &mut direct);
        if !direct.is_empty()
            && let Some((index, branches)) = narrow
                .iter()
                .enumerate()
                .find_map(|(index, one)| Some((index, one.alternatives()?)))
        {
            direct.clear();
            for branch in branches {
                let mut parts = narrow.to_vec();
                if let Some(one) = parts.get_mut(index) {
                    let branch = one.at(branch);
                    one.split = true;
                    parts.push(branch);
                }
                if self.is_too_much(&parts) {
                    direct.push((String::new(), Gap::TooLarge));
                    break;
                }
                let parts = together(&parts);
                if types(&parts) != 0 {
                    self.each_way(wide, &parts, at, depth, &mut direct);
                }
            }
        }
        gaps.extend(direct);
    }

    fn keywords(
        &mut self,
        wide: Node<'_>,
        narrow: &[Node<'_>],
        at: &str,
        depth: usize,
        gaps: &mut Gaps,
    ) {
        let Some(keywords) = wide.schema.as_object() else {
            gaps.push((at.to_owned(), Gap::Nothing));
            return;
        };
        for (keyword, value) in keywords {
            let here = below(at, keyword);
            let asked = Asked {
                wide,
                keyword,
                value,
                here: &here,
                at,
                depth,
            };
            self.keyword(&asked, narrow, gaps);
        }
    }

    fn keyword(&mut self, asked: &Asked<'_, '_>, narrow: &[Node<'_>], gaps: &mut Gaps) {
        let Asked {
            wide,
            keyword,
            value,
            here,
            at,
            depth,
        } = *asked;
        let can_be = |bits: u8| types(narrow) & bits != 0;
        let gap =
            match keyword {
                "$ref" => match wide.follow(value) {
                    Some(target) => {
                        self.pair(target, narrow, at, depth, gaps);
                        None
                    }
                    None => Some(Gap::Keyword(keyword.to_owned())),
                },
                "type" => {
                    let (has, may) = (types(narrow), types_said(value));
                    (has & !may != 0).then(|| Gap::Types {
                        more: type_words(has & !may),
                        only: type_words(may),
                    })
                }
                "const" | "enum" => {
                    let listed: Vec<&Value> = match (keyword, value) {
                        ("enum", Value::Array(many)) => many.iter().collect(),
                        _ => vec![value],
                    };
                    match values(narrow) {
                        None => Some(Gap::Bound {
                            keyword: keyword.to_owned(),
                            by: value.to_string(),
                        }),
                        Some(has) => {
                            let more: Vec<String> = has
                                .iter()
                                .filter(|one| !listed.contains(one))
                                .map(ToString::to_string)
                                .collect();
                            (!more.is_empty()).then(|| Gap::Values(more.join(", ")))
                        }
                    }
                }
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                    (can_be(NUMBER) && !number_follows(keyword, value, narrow))
                        .then(|| bound(keyword, value))
                }
                "minLength" | "maxLength" => (can_be(STRING)
                    && !count_follows(keyword, value, narrow))
                .then(|| bound(keyword, value)),
                "pattern" | "format" => (can_be(STRING) && !self.is_said(keyword, value, narrow))
                    .then(|| Gap::Keyword(keyword.to_owned())),
                "minItems" | "maxItems" => (can_be(ARRAY)
                    && !count_follows(keyword, value, narrow))
                .then(|| bound(keyword, value)),
                "minProperties" | "maxProperties" => (can_be(OBJECT)
                    && !count_follows(keyword, value, narrow))
                .then(|| bound(keyword, value)),
                "uniqueItems" => (value == &Value::Bool(true)
                    && can_be(ARRAY)
                    && !self.is_said(keyword, value, narrow))
                .then(|| Gap::Keyword(keyword.to_owned())),
                "items" if can_be(ARRAY) => {
                    self.items(asked, narrow, gaps);
                    None
                }
                "prefixItems" | "contains" | "minContains" | "maxContains" => {
                    let together = [
                        "prefixItems",
                        "contains",
                        "minContains",
                        "maxContains",
                        "items",
                    ];
                    (can_be(ARRAY) && !self.all_said(wide, &together, narrow))
                        .then(|| Gap::Keyword(keyword.to_owned()))
                }
                "required" if can_be(OBJECT) => {
                    let has = |field: &str| {
                        let mut lists = narrow.iter().filter_map(|one| one.list("required"));
                        lists.any(|list| list.iter().any(|one| one == field))
                    };
                    let fields = value.as_array().into_iter().flatten();
                    for field in fields.filter_map(Value::as_str).filter(|field| !has(field)) {
                        gaps.push((here.to_owned(), Gap::Missing(field.to_owned())));
                    }
                    None
                }
                "properties" if can_be(OBJECT) => {
                    for (field, schema) in value.as_object().into_iter().flatten() {
                        if let Some(parts) = field_of(narrow, field) {
                            let here = below(here, field);
                            self.pair(wide.at(schema), &parts, &here, depth + 1, gaps);
                        }
                    }
                    None
                }
                "additionalProperties" if can_be(OBJECT) => {
                    self.additional(asked, narrow, gaps);
                    None
                }
                "patternProperties" | "propertyNames" | "dependentRequired"
                | "dependentSchemas" => (can_be(OBJECT) && !self.is_said(keyword, value, narrow))
                    .then(|| Gap::Keyword(keyword.to_owned())),
                "unevaluatedProperties" => (can_be(OBJECT) && !says_nothing(value))
                    .then(|| Gap::Keyword(keyword.to_owned())),
                "unevaluatedItems" => (can_be(ARRAY) && !says_nothing(value))
                    .then(|| Gap::Keyword(keyword.to_owned())),
                "allOf" => {
                    for (index, part) in value.as_array().into_iter().flatten().enumerate() {
                        let here = below(here, &index.to_string());
                        self.pair(wide.at(part), narrow, &here, depth, gaps);
                    }
                    None
                }
                "anyOf" | "oneOf" => {
                    let fits = self.is_said(keyword, value, narrow)
                        || (keyword == "anyOf" || are_apart(wide, value))
                            && self.fits_one(asked, narrow);
                    (!fits).then(|| Gap::Keyword(keyword.to_owned()))
                }
                "if" | "then" | "else" => (!self.all_said(wide, &["if", "then", "else"], narrow))
                    .then(|| Gap::Keyword(keyword.to_owned())),
                "not" | "$dynamicRef" | "$recursiveRef" => (!self.is_said(keyword, value, narrow))
                    .then(|| Gap::Keyword(keyword.to_owned())),
                // annotations ask for nothing
                _ => None,
            };
        if let Some(gap) = gap {
            gaps.push((here.to_owned(), gap));
        }
    }

    /// Some part of the narrow one says it in the same words.
    fn is_said(&self, keyword: &str, value: &Value, narrow: &[Node<'_>]) -> bool {
        narrow
            .iter()
            .filter_map(|one| one.get(keyword))
            .any(|said| self.same(value, said))
    }

    /// One part of the narrow one says all of these in the same words, or lacks them alike.
    fn all_said(&self, wide: Node<'_>, keywords: &[&str], narrow: &[Node<'_>]) -> bool {
        narrow.iter().any(|one| {
            keywords
                .iter()
                .all(|keyword| match (wide.get(keyword), one.get(keyword)) {
                    (None, None) => true,
                    (Some(a), Some(b)) => self.same(a, b),
                    _ => false,
                })
        })
    }

    fn items(&mut self, asked: &Asked<'_, '_>, narrow: &[Node<'_>], gaps: &mut Gaps) {
        let Asked {
            wide, value, here, ..
        } = *asked;
        let has_prefix = |one: &Node<'_>| one.get("prefixItems").is_some();
        if has_prefix(&wide) || narrow.iter().any(has_prefix) {
            if !self.all_said(wide, &["prefixItems", "items"], narrow) {
                gaps.push((here.to_owned(), Gap::Keyword("items".to_owned())));
            }
            return;
        }
        if largest(narrow, "maxItems").is_some_and(|most| most.as_u64() == Some(0)) {
            return;
        }
        let parts: Vec<Node<'_>> = narrow
            .iter()
            .filter_map(|one| Some(one.at(one.get("items")?)))
            .collect();
        self.pair(wide.at(value), &parts, here, asked.depth + 1, gaps);
    }

    /// Fields that the wide one does not name must be such as it takes besides.
    fn additional(&mut self, asked: &Asked<'_, '_>, narrow: &[Node<'_>], gaps: &mut Gaps) {
        let Asked {
            wide,
            value,
            at,
            here,
            depth,
            ..
        } = *asked;
        if says_nothing(value) {
            return;
        }
        let closed = value == &Value::Bool(false);
        let named = wide.map("properties");
        let patterns = wide.get("patternProperties");
        // a field that fits one of these is none of the others
        if let Some(patterns) = patterns
            && !self.is_said("patternProperties", patterns, narrow)
        {
            gaps.push((
                here.to_owned(),
                Gap::Keyword("patternProperties".to_owned()),
            ));
            return;
        }
        let mut fields: Vec<&str> = narrow
            .iter()
            .filter_map(|one| one.map("properties"))
            .flat_map(|fields| fields.keys().map(String::as_str))
            .filter(|field| !named.is_some_and(|named| named.contains_key(*field)))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            let Some(parts) = field_of(narrow, field) else {
                continue;
            };
            if together(&parts)
                .iter()
                .any(|one| one.schema == &Value::Bool(false))
            {
                continue;
            }
            let place = below(&below(at, "properties"), field);
            if closed {
                gaps.push((place, Gap::Field(field.to_owned())));
            } else {
                self.pair(wide.at(value), &parts, &place, depth + 1, gaps);
            }
        }
        // and whatever the narrow one lets through without naming it; parts are read alone, since what one
        // names another may not
        let closes = narrow.iter().any(|one| {
            let same_patterns = one.get("patternProperties") == patterns;
            one.get("additionalProperties") == Some(&Value::Bool(false))
                && (one.get("patternProperties").is_none() || same_patterns)
        });
        if closes {
            return;
        }
        if closed {
            gaps.push((here.to_owned(), Gap::AnyField));
            return;
        }
        let rest: Vec<Node<'_>> = narrow
            .iter()
            .filter(|one| one.get("patternProperties") == patterns)
            .filter_map(|one| Some(one.at(one.get("additionalProperties")?)))
            .collect();
        self.pair(wide.at(value), &rest, here, depth + 1, gaps);
    }

    /// One of the alternatives takes everything.
    fn fits_one(&mut self, asked: &Asked<'_, '_>, narrow: &[Node<'_>]) -> bool {
        let branches = asked.value.as_array().into_iter().flatten();
        branches.into_iter().any(|branch| {
            let mut gaps = Vec::new();
            self.pair(
                asked.wide.at(branch),
                narrow,
                asked.here,
                asked.depth,
                &mut gaps,
            );
            gaps.is_empty()
        })
    }
}

/// A keyword of the wide schema.
#[derive(Clone, Copy)]
struct Asked<'a, 'v> {
    wide: Node<'v>,
    keyword: &'a str,
    value: &'v Value,
    here: &'a str,
    at: &'a str,
    depth: usize,
}

fn bound(keyword: &str, value: &Value) -> Gap {
    Gap::Bound {
        keyword: keyword.to_owned(),
        by: value.to_string(),
    }
}

fn says_nothing(schema: &Value) -> bool {
    schema == &Value::Bool(true) || schema.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Every reference leads to a definition at the top.
fn only_defs(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().all(|(key, inner)| match inner {
            Value::String(to) if key == "$ref" => {
                to.starts_with("#/$defs/") || to.starts_with("#/definitions/")
            }
            _ => only_defs(inner),
        }),
        Value::Array(items) => items.iter().all(only_defs),
        _ => true,
    }
}

/// What is known of a field of the narrow one; `None`: there can be none.
fn field_of<'v>(narrow: &[Node<'v>], field: &str) -> Option<Vec<Node<'v>>> {
    let mut parts = Vec::new();
    for one in narrow {
        if let Some(schema) = one.map("properties").and_then(|all| all.get(field)) {
            parts.push(one.at(schema));
        } else if one.get("patternProperties").is_none()
            && let Some(schema) = one.get("additionalProperties")
        {
            if schema == &Value::Bool(false) {
                return None;
            }
            parts.push(one.at(schema));
        }
    }
    Some(parts)
}

/// Alternatives of which no instance can fit two, since their types differ.
fn are_apart(wide: Node<'_>, branches: &Value) -> bool {
    let kinds: Vec<u8> = branches
        .as_array()
        .into_iter()
        .flatten()
        .map(|branch| types(&together(&[wide.at(branch)])))
        .collect();
    let mut seen = 0_u8;
    kinds.into_iter().all(|bits| {
        let apart = seen & bits == 0;
        seen |= bits;
        apart
    })
}
