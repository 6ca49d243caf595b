//! Lists, cut into pages by key: rows that arrive meanwhile neither repeat nor hide one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::{Place, Problem};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    items: Vec<T>,
    /// Give it as `cursor` to get what follows; null at the end.
    next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is never long enough for a second page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// What of a list is asked for. `K` is what its rows are in order of.
pub struct Wanted<K> {
    pub after: Option<K>,
    limit: i64,
}

impl<K: Key> Wanted<K> {
    pub fn read(cursor: Option<String>, limit: Option<String>) -> Result<Self, Problem> {
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(text) => {
                let number = text
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit));
                number.ok_or_else(|| {
                    Problem::at(
                        Place::Parameter("limit".into()),
                        format!("A whole number from 1 to {MAX_LIMIT}."),
                    )
                })?
            }
        };
        let after = cursor.map(|cursor| {
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).ok();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            text.and_then(|text| K::read(&text)).ok_or_else(|| {
                Problem::at(
                    Place::Parameter("cursor".into()),
                    "Give the “next” of the page before, unchanged.",
                )
            })
        });
        Ok(Self {
            after: after.transpose()?,
            limit,
        })
    }

    /// One more than is shown, to see whether anything follows.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    pub fn page<R, V>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> Page<V>
    where
        V: for<'r> From<&'r R>,
    {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| URL_SAFE_NO_PAD.encode(key(row).write()));
        Page {
            items: rows.iter().map(V::from).collect(),
            next,
        }
    }
}

/// Which part of a list that is kept as one: all of it, unless a `limit` says otherwise.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most; all, unless told.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

impl Part {
    pub fn of<V>(self, items: Vec<V>) -> Result<Page<V>, Problem> {
        let is_all = self.limit.is_none();
        let wanted = Wanted::<i64>::read(self.cursor, self.limit)?;
        let skipped = wanted.after.unwrap_or_default();
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let limit = if is_all {
            items.len()
        } else {
            usize::try_from(wanted.limit).unwrap_or(usize::MAX)
        };
        let mut rest = items.into_iter().skip(skipped);
        let items: Vec<V> = rest.by_ref().take(limit).collect();
        let shown = skipped.saturating_add(items.len());
        let next = rest
            .next()
            .map(|_more| URL_SAFE_NO_PAD.encode(shown.to_string()));
        Ok(Page { items, next })
    }
}

/// What a cursor holds.
pub trait Key: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl Key for (Time, Uuid) {
    fn write(&self) -> String {
        format!("{}.{}", self.0.as_ms(), self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (ms, id) = text.split_once('.')?;
        Some((Time::from_ms(ms.parse().ok()?), id.parse().ok()?))
    }
}

impl Key for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        (!text.contains('\0')).then(|| text.to_owned())
    }
}

impl Key for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shown(i64);

    impl From<&i64> for Shown {
        fn from(number: &i64) -> Self {
            Self(*number)
        }
    }

    fn wanted(cursor: Option<&str>, limit: Option<&str>) -> Result<Wanted<i64>, Problem> {
        Wanted::read(cursor.map(str::to_owned), limit.map(str::to_owned))
    }

    #[test]
    fn a_page_ends_where_the_next_begins() {
        let first = wanted(None, Some("2")).unwrap();
        assert_eq!(first.fetch(), 3);
        let page: Page<Shown> = first.page(vec![9, 8, 7], |row| *row);
        assert_eq!(
            page.items.iter().map(|one| one.0).collect::<Vec<_>>(),
            [9, 8]
        );
        let second = wanted(page.next.as_deref(), Some("2")).unwrap();
        assert_eq!(second.after, Some(8));
        let page: Page<Shown> = second.page(vec![7, 6], |row| *row);
        assert_eq!((page.items.len(), page.next), (2, None));
    }

    #[test]
    fn a_list_that_is_kept_as_one_has_pages_too() {
        let part = |cursor: Option<String>, limit: Option<&str>| Part {
            cursor,
            limit: limit.map(str::to_owned),
        };
        let all = part(None, None).of((0..300).collect()).unwrap();
        assert_eq!((all.items.len(), all.next), (300, None));
        let (mut seen, mut cursor) = (Vec::new(), None);
        for expected in [2, 2, 1] {
            let page = part(cursor, Some("2")).of((0..5).collect()).unwrap();
            assert_eq!(page.items.len(), expected);
            seen.extend(page.items);
            cursor = page.next;
        }
        assert_eq!((seen, cursor), ((0..5).collect(), None));
        let beyond = part(Some(URL_SAFE_NO_PAD.encode("-5")), Some("2"));
        assert_eq!(beyond.of(vec![1]).unwrap().items.len(), 0);
        assert!(part(None, Some("0")).of(vec![1]).is_err());
        assert!(part(Some("*".to_owned()), None).of(vec![1]).is_err());
    }

    #[test]
    fn bad_limits_and_cursors_are_refused() {
        for limit in ["0", "201", "-1", "ten", "", "1.5", "99999999999999999999"] {
            assert!(wanted(None, Some(limit)).is_err(), "{limit}");
        }
        for cursor in ["", "*", "eA", "MTIzNA=="] {
            assert!(wanted(Some(cursor), None).is_err(), "{cursor}");
        }
        let key = (Time::from_ms(-5), Uuid::from_u128(7));
        assert_eq!(Key::read(&key.write()), Some(key));
        for text in ["5", "5.x", "x.00000000-0000-0000-0000-000000000007"] {
            assert_eq!(<(Time, Uuid)>::read(text), None, "{text}");
        }
    }
}
