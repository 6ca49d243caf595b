//! In debug builds, and so in every test: no statement runs that reaches a merchant's rows without
//! naming the merchant, and none for another merchant than the caller said.
//!
//! A statement is read by a small parser that knows the few shapes written here: which merchants'
//! tables does it touch, and which parameter binds `merchant_id` of each? A table that nothing binds
//! needs a reason from the list of [`Across`](super::Across); one that is bound must be bound to a
//! merchant of the [`Scope`]. What the parser does not understand it takes for unbound, which is
//! refused. On SQLite this stands where Postgres has row security.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::{Across, Scope, Value};
use crate::{
    error::{Result, StoreError},
    migrate,
};

/// Every table with a `merchant_id`, as the migrations create them.
static TABLES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| migrate::merchants_tables().into_iter().collect());

/// What a statement does with one table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reached {
    table: &'static str,
    /// Positions of the parameters that bind it; empty if it is bound to another table that is.
    /// `None`: by nothing.
    bound: Option<Vec<usize>>,
}

pub(super) fn check(sql: &str, params: &[Value], scope: &Scope) -> Result<()> {
    // asks for a plan, and runs nothing
    if sql.starts_with("EXPLAIN ") {
        return Ok(());
    }
    for reached in &*known(sql) {
        let opened = scope
            .reason()
            .is_some_and(|reason| reason.tables().contains(&reached.table));
        let fine = opened
            || match &reached.bound {
                // its merchants are named beside the reason, and looked up by their operator
                None => scope.reason() == Some(Across::DeleteOperator),
                Some(positions) => positions.iter().all(
                    |at| matches!(params.get(*at), Some(Value::Uuid(Some(id))) if scope.holds(id)),
                ),
            };
        if !fine {
            let how = match reached.bound {
                None => "without naming the merchant",
                Some(_) => "of another merchant than the caller said",
            };
            tracing::error!(sql, ?scope, "a statement reaches out of its scope");
            return Err(StoreError::internal(format!(
                "this statement reaches {} {how} ({scope:?}): {sql}",
                reached.table
            )));
        }
    }
    Ok(())
}

fn known(sql: &str) -> Arc<[Reached]> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<[Reached]>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reached) = known.get(sql) {
        return Arc::clone(reached);
    }
    let reached: Arc<[Reached]> = read(sql).into();
    known.insert(sql.to_owned(), Arc::clone(&reached));
    reached
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'s> {
    Word(&'s str),
    Sign(char),
    /// What stands in parentheses.
    Group(Vec<Token<'s>>),
}

fn read(sql: &str) -> Vec<Reached> {
    let mut marks = 0;
    let tokens = group(&mut sql.char_indices().peekable(), sql, &mut marks);
    let mut reached = Vec::new();
    statement(&tokens, &HashSet::new(), &mut reached);
    reached
}

/// Everything up to the closing parenthesis, or to the end. A bare `?` becomes a number, too.
fn group<'s>(
    chars: &mut std::iter::Peekable<std::str::CharIndices<'s>>,
    sql: &'s str,
    marks: &mut usize,
) -> Vec<Token<'s>> {
    let mut tokens = Vec::new();
    while let Some((at, c)) = chars.next() {
        match c {
            ')' => break,
            '(' => tokens.push(Token::Group(group(chars, sql, marks))),
            '\'' => {
                // a text; '' inside it is two texts in a row, which is the same here
                for (_, c) in chars.by_ref() {
                    if c == '\'' {
                        break;
                    }
                }
                tokens.push(Token::Word("''"));
            }
            '?' => {
                *marks += 1;
                tokens.push(Token::Sign('?'));
            }
            c if is_word(c) => {
                let mut end = at + c.len_utf8();
                while let Some((next, _)) = chars.next_if(|(_, c)| is_word(*c)) {
                    end = next + 1;
                }
                tokens.push(Token::Word(&sql[at..end]));
            }
            c if c.is_whitespace() => {}
            c => tokens.push(Token::Sign(c)),
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$')
}

fn is(token: Option<&Token<'_>>, word: &str) -> bool {
    matches!(token, Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
}

/// A statement, or a select in parentheses: each part of a `UNION` stands for itself.
fn statement(tokens: &[Token<'_>], outer: &HashSet<String>, reached: &mut Vec<Reached>) {
    let is_between = |token: &Token<'_>| {
        ["UNION", "EXCEPT", "INTERSECT"]
            .iter()
            .any(|word| is(Some(token), word))
    };
    for part in tokens.split(is_between) {
        one(part, outer, reached);
    }
}

fn one(part: &[Token<'_>], outer: &HashSet<String>, reached: &mut Vec<Reached>) {
    let insert = part.iter().position(|token| is(Some(token), "INTO"));
    if let Some(at) = insert {
        inserted(&part[at + 1..], reached);
    }
    let tables = tables(part);
    let alone = tables.len() == 1;
    // an OR beside it makes a predicate no longer hold; in parentheses of its own it does not
    let holds = !part.iter().any(|token| is(Some(token), "OR"));
    let mut bound: HashMap<String, Vec<usize>> = HashMap::new();
    let mut equal: Vec<(String, String)> = Vec::new();
    for (at, token) in part.iter().enumerate().filter(|_| holds) {
        let Some(alias) = tenant_column(token) else {
            continue;
        };
        let alias = match alias {
            "" if alone => tables[0].1.clone(),
            "" => continue,
            alias => alias.to_owned(),
        };
        match (&part.get(at + 1), part.get(at + 2)) {
            (Some(Token::Sign('=')), Some(other)) => {
                if let Some(other) = tenant_column(other) {
                    equal.push((alias.clone(), other.to_owned()));
                    equal.push((other.to_owned(), alias));
                } else if let Some(positions) = parameters(std::slice::from_ref(other)) {
                    bound.insert(alias, positions);
                }
            }
            (Some(word), Some(Token::Group(list))) if is(Some(word), "IN") => {
                if let Some(positions) = parameters(list) {
                    bound.insert(alias, positions);
                }
            }
            _ => {}
        }
    }
    loop {
        let more: Vec<String> = equal
            .iter()
            .filter(|(one, other)| {
                !bound.contains_key(one) && (bound.contains_key(other) || outer.contains(other))
            })
            .map(|(one, _)| one.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        bound.extend(more.into_iter().map(|alias| (alias, Vec::new())));
    }
    for (table, alias) in tables {
        if let Some(table) = TABLES.get(table.as_str()).copied() {
            reached.push(Reached {
                table,
                bound: bound.get(&alias).cloned(),
            });
        }
    }
    let mut inner = outer.clone();
    inner.extend(bound.into_keys());
    for token in part {
        nested(token, &inner, reached);
    }
}

/// Selects inside parentheses, however deep.
fn nested(token: &Token<'_>, outer: &HashSet<String>, reached: &mut Vec<Reached>) {
    if let Token::Group(tokens) = token {
        match tokens.first() {
            first if is(first, "SELECT") => statement(tokens, outer, reached),
            _ => {
                for token in tokens {
                    nested(token, outer, reached);
                }
            }
        }
    }
}

/// `m` of `m.merchant_id`, and nothing of `merchant_id`.
fn tenant_column<'s>(token: &Token<'s>) -> Option<&'s str> {
    match token {
        Token::Word("merchant_id") => Some(""),
        Token::Word(word) => word.strip_suffix(".merchant_id"),
        _ => None,
    }
}

/// The positions of these parameters; nothing if there is anything else among them.
fn parameters(tokens: &[Token<'_>]) -> Option<Vec<usize>> {
    let mut positions = Vec::new();
    if let [null] = tokens
        && is(Some(null), "NULL")
    {
        // an empty list: nothing is like it
        return Some(positions);
    }
    for token in tokens {
        match token {
            Token::Sign(',') => {}
            Token::Word(word) => {
                let number: usize = word.strip_prefix('$')?.parse().ok()?;
                positions.push(number.checked_sub(1)?);
            }
            _ => return None,
        }
    }
    (!positions.is_empty()).then_some(positions)
}

/// The tables that a part reads or changes, each with the name it goes by.
fn tables(part: &[Token<'_>]) -> Vec<(String, String)> {
    let mut tables = Vec::new();
    for (at, token) in part.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| part.get(before));
        let names = (is(Some(token), "FROM") && !is(before, "DISTINCT"))
            || is(Some(token), "JOIN")
            || (is(Some(token), "UPDATE") && !is(before, "FOR") && !is(before, "DO"));
        if !names {
            continue;
        }
        let mut at = at + 1;
        while let Some(Token::Word(table)) = part.get(at) {
            at += 1;
            if is(part.get(at), "AS") {
                at += 1;
            }
            let alias = match part.get(at) {
                Some(Token::Word(alias)) if !goes_on(alias) => {
                    at += 1;
                    *alias
                }
                _ => table,
            };
            tables.push(((*table).to_owned(), alias.to_owned()));
            if part.get(at) != Some(&Token::Sign(',')) {
                break;
            }
            at += 1;
        }
    }
    tables
}

/// Words that may stand behind a table that has no other name.
fn goes_on(word: &str) -> bool {
    [
        "WHERE",
        "JOIN",
        "ON",
        "SET",
        "LEFT",
        "INNER",
        "CROSS",
        "ORDER",
        "GROUP",
        "LIMIT",
        "FOR",
        "RETURNING",
        "USING",
        "HAVING",
    ]
    .iter()
    .any(|known| word.eq_ignore_ascii_case(known))
}

/// `t (merchant_id, …) VALUES ($1, …), (…)`: the first column is the tenant, in every row.
fn inserted(behind: &[Token<'_>], reached: &mut Vec<Reached>) {
    let Some(Token::Word(table)) = behind.first() else {
        return;
    };
    let Some(table) = TABLES.get(*table).copied() else {
        return;
    };
    let leads = matches!(behind.get(1), Some(Token::Group(columns))
        if columns.first() == Some(&Token::Word("merchant_id")));
    let mut positions = Vec::new();
    let mut marks = 0;
    let mut fine = leads && is(behind.get(2), "VALUES");
    for token in behind.iter().skip(3) {
        match token {
            Token::Group(row) => {
                match row.first() {
                    Some(Token::Sign('?')) => positions.push(marks),
                    Some(first) => match parameters(std::slice::from_ref(first)) {
                        Some(position) => positions.extend(position),
                        None => fine = false,
                    },
                    None => fine = false,
                }
                marks += row
                    .iter()
                    .filter(|token| **token == Token::Sign('?'))
                    .count();
            }
            Token::Sign(',') => {}
            // ON CONFLICT, RETURNING
            _ => break,
        }
    }
    reached.push(Reached {
        table,
        bound: (fine && !positions.is_empty()).then_some(positions),
    });
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::params;

    fn bound(sql: &str) -> Vec<(&'static str, Option<Vec<usize>>)> {
        read(sql)
            .into_iter()
            .map(|reached| (reached.table, reached.bound))
            .collect()
    }

    #[test]
    fn what_binds_the_tenant_is_found() {
        for (sql, expected) in [
            (
                "SELECT doc FROM tasks WHERE merchant_id = $1 AND id = $2",
                vec![("tasks", Some(vec![0]))],
            ),
            ("SELECT doc FROM tasks WHERE id = $1", vec![("tasks", None)]),
            (
                "SELECT doc FROM tasks WHERE merchant_id = $2 OR id = $1",
                vec![("tasks", None)],
            ),
            (
                "SELECT doc FROM tasks WHERE merchant_id = $1 AND (state = 'a OR b' OR code = 'x') LIMIT 3",
                vec![("tasks", Some(vec![0]))],
            ),
            (
                "SELECT 1 FROM tasks WHERE merchant_id = $1 UNION SELECT 1 FROM tasks WHERE id = $2",
                vec![("tasks", Some(vec![0])), ("tasks", None)],
            ),
            (
                "SELECT c.doc FROM contracts c WHERE c.merchant_id = $1 AND NOT EXISTS (SELECT 1 FROM contracts n \
                 WHERE n.merchant_id = c.merchant_id AND (n.major > c.major OR n.minor = 1))",
                vec![("contracts", Some(vec![0])), ("contracts", Some(vec![]))],
            ),
            (
                "SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id WHERE merchant_id = $1",
                vec![("memberships", None)],
            ),
            (
                "SELECT 1 FROM tasks WHERE merchant_id IN ($1, $2) AND state = 'x'",
                vec![("tasks", Some(vec![0, 1]))],
            ),
            (
                "SELECT 1 FROM tasks WHERE merchant_id IN (NULL) AND state = 'x'",
                vec![("tasks", Some(vec![]))],
            ),
            (
                "SELECT 1 FROM tasks WHERE merchant_id IN (SELECT id FROM merchants WHERE operator_id = $1)",
                vec![("tasks", None)],
            ),
            (
                "INSERT INTO jobs (merchant_id, id) VALUES (?, ?), (?, ?) ON CONFLICT (merchant_id, id) DO NOTHING",
                vec![("jobs", Some(vec![0, 2]))],
            ),
            (
                "INSERT INTO audit_heads (merchant_id, seq) VALUES ($1, $2) ON CONFLICT (merchant_id) \
                 DO UPDATE SET seq = audit_heads.seq + $2 RETURNING seq",
                vec![("audit_heads", Some(vec![0]))],
            ),
            (
                "INSERT INTO jobs (id, merchant_id) VALUES ($1, $2)",
                vec![("jobs", None)],
            ),
            (
                "WITH due AS MATERIALIZED (SELECT id FROM jobs WHERE due_at <= $2 FOR UPDATE SKIP LOCKED) \
                 UPDATE jobs SET due_at = $1 FROM due WHERE jobs.id = due.id",
                vec![("jobs", None), ("jobs", None)],
            ),
            ("DELETE FROM sessions WHERE id_hash = $1", vec![]),
        ] {
            assert_eq!(bound(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_parameter_must_be_of_the_scope() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sql = "SELECT doc FROM tasks WHERE merchant_id = $1";
        let of = |merchant: Uuid, scope: Scope| check(sql, &params![merchant], &scope).is_ok();
        assert!(of(own, Scope::of(own)));
        assert!(of(own, Scope::of_all([own, other])));
        assert!(!of(other, Scope::of(own)));
        assert!(!of(own, Scope::NOBODY));
        assert!(!of(own, Scope::across(Across::Jobs)));
        let all = "SELECT doc FROM tasks";
        assert!(check(all, &[], &Scope::of(own)).is_err());
        let jobs = "SELECT MIN(due_at) FROM jobs";
        assert!(check(jobs, &[], &Scope::across(Across::Jobs)).is_ok());
        assert!(check(jobs, &[], &Scope::across(Across::SourceByPath)).is_err());
    }
}
