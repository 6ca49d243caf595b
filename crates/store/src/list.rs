//! Lists: filtered, newest first, paged by key. A page begins strictly behind the last row of the
//! page before, so that rows that arrive meanwhile neither repeat nor hide one.

use std::collections::BTreeSet;

use domain::sight::Mark;
use engine::port::ListFilter;
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{Conn, Query, Row},
};

/// The most rows of one page.
pub(crate) const MOST: i64 = 500;
/// Nobody types more than this into a search box.
const MOST_LETTERS: usize = 200;

/// The texts of one list.
pub(crate) struct List {
    /// `SELECT … FROM … WHERE merchant_id = `
    pub select: &'static str,
    /// ` AND state = `
    pub state: &'static str,
    /// Words that stand for several states, and the condition they mean.
    pub groups: &'static [(&'static str, &'static str)],
    /// ` AND kind = `
    pub kind: &'static str,
    /// ` AND search LIKE `
    pub search: &'static str,
    /// Nothing of a list without deadlines is due.
    pub due: Option<Within>,
    /// ` AND time > `
    pub since: Option<&'static str>,
    /// ` AND holder = `
    pub holder: Option<&'static str>,
    pub marks: Marks,
    pub before: Before,
    /// ` ORDER BY … LIMIT `
    pub order: &'static str,
}

/// The condition on a deadline, around the ends of the span that is asked for. `$1` is the merchant.
pub(crate) struct Within {
    pub open: &'static str,
    /// ` AND deadline > `
    pub after: &'static str,
    /// ` AND deadline <= `
    pub until: &'static str,
    pub close: &'static str,
}

const NOTHING: &str = " AND 1 = 0";

/// Where the marks of its rows are, by which somebody from outside sees them: in a column `parties`.
pub(crate) enum Marks {
    None,
    Own,
    /// An export is seen by whoever an approval of it asks, too.
    OwnOrAsked,
}

/// How a list is cut into pages.
pub(crate) enum Before {
    /// ` AND (time, id) < (`
    TimeAndId(&'static str),
    /// ` AND id < `: ids carry their time.
    Id(&'static str),
}

impl List {
    pub(crate) async fn fetch(
        &self,
        conn: &mut Conn,
        merchant: Uuid,
        filter: &ListFilter,
    ) -> Result<Vec<Row>> {
        let mut query = Query::new(self.select).bind(merchant);
        if let Some(state) = &filter.state {
            query = match self.groups.iter().find(|(word, _)| word == state) {
                Some((_, condition)) => query.push(condition),
                None => query.push(self.state).bind(state),
            };
        }
        if let Some(kind) = &filter.kind {
            query = query.push(self.kind).bind(kind);
        }
        if let Some(words) = filter
            .query
            .as_deref()
            .map(str::trim)
            .filter(|words| !words.is_empty())
        {
            query = query
                .push(self.search)
                .bind(containing(words))
                .push(r" ESCAPE '\'");
        }
        if let Some(due) = filter.due {
            query = match &self.due {
                Some(within) => {
                    query = query.push(within.open);
                    if let Some(after) = due.after {
                        query = query.push(within.after).bind(after);
                    }
                    if let Some(until) = due.until {
                        query = query.push(within.until).bind(until);
                    }
                    query.push(within.close)
                }
                None => query.push(NOTHING),
            };
        }
        if let Some(since) = filter.since {
            query = match self.since {
                Some(text) => query.push(text).bind(since),
                None => query.push(NOTHING),
            };
        }
        if let Some(holder) = &filter.holder {
            query = match self.holder {
                Some(text) => query.push(text).bind(holder),
                None => query.push(NOTHING),
            };
        }
        if let Some(marks) = &filter.seen_by {
            query = match self.marks {
                Marks::None => query.push(NOTHING),
                Marks::Own => held(query.push(" AND parties <> '' AND ("), marks).push(")"),
                Marks::OwnOrAsked => {
                    let own = held(query.push(" AND ("), marks);
                    let asked = own
                        .push(" OR id IN (SELECT export_id FROM approvals WHERE merchant_id = ")
                        .bind(merchant)
                        .push(" AND parties <> '' AND (");
                    held(asked, marks).push(")))")
                }
            };
        }
        if let Some((time, id)) = filter.before {
            query = match self.before {
                Before::TimeAndId(text) => {
                    query.push(text).bind(time).push(", ").bind(id).push(")")
                }
                Before::Id(text) => query.push(text).bind(id),
            };
        }
        query
            .push(self.order)
            .bind(filter.limit.clamp(0, MOST))
            .fetch_all(conn)
            .await
    }
}

/// One of the marks is there.
fn held(mut query: Query, marks: &[Mark]) -> Query {
    for (index, mark) in marks.iter().enumerate() {
        query = query
            .push(if index == 0 {
                "parties LIKE "
            } else {
                " OR parties LIKE "
            })
            .bind(format!("%|{}|%", literally(mark)))
            .push(r" ESCAPE '\'");
    }
    if marks.is_empty() {
        query = query.push("1 = 0");
    }
    query
}

/// The marks of a row, for its `parties` column: `|3pl|user:…|`, or nothing.
pub(crate) fn parties(marks: &BTreeSet<Mark>) -> String {
    if marks.is_empty() {
        return String::new();
    }
    let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
    format!("|{}|", marks.join("|"))
}

/// What a row can be found by, for its `search` column.
pub(crate) fn searchable<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    cleaned(&words.join(" "))
}

/// The pattern for a text that contains these words, taken literally.
fn containing(words: &str) -> String {
    let words: String = words.chars().take(MOST_LETTERS).collect();
    format!("%{}%", literally(&cleaned(&words)))
}

/// A text in which `LIKE … ESCAPE '\'` finds no wildcard.
pub(crate) fn literally(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_")
}

/// In lower case, and without the one character that Postgres cannot store.
fn cleaned(text: &str) -> String {
    text.to_lowercase().replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_literal() {
        assert_eq!(containing(r"50%_OFF\"), r"%50\%\_off\\%");
        assert_eq!(searchable(["#1001", "", "Ada\0 L"]), "#1001 ada l");
    }
}
