//! Takes the tenant out of a statement, to see whether the database alone keeps merchants apart.
//!
//! `m.merchant_id = $1` becomes `(m.merchant_id = $1 OR TRUE)`: the parameter keeps its place and its
//! type. Columns that are compared with each other stay, and so do the columns of an `INSERT`.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

const COLUMN: &str = "merchant_id";

pub(super) fn tenant_predicates(sql: &str) -> SqlStr {
    AssertSqlSafe(stripped(sql)).into_sql_str()
}

fn stripped(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 32);
    let mut rest = sql;
    while let Some(at) = rest.find(COLUMN) {
        let (before, behind) = (&rest[..at], &rest[at + COLUMN.len()..]);
        let name = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            .map_or(0, |space| space + 1);
        match compared(behind) {
            Some(length) => {
                let (predicate, behind) = behind.split_at(length);
                text.push_str(&before[..name]);
                text.push('(');
                text.push_str(&before[name..]);
                text.push_str(COLUMN);
                text.push_str(predicate);
                text.push_str(" OR TRUE)");
                rest = behind;
            }
            None => {
                text.push_str(before);
                text.push_str(COLUMN);
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

/// How long ` = $1` or ` IN ($1, $2)` is, if that is what stands here.
fn compared(text: &str) -> Option<usize> {
    if let Some(number) = text.strip_prefix(" = $") {
        let digits = number.len()
            - number
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        return Some(" = $".len() + digits);
    }
    let list = text.strip_prefix(" IN ($")?;
    Some(" IN ($".len() + list.find(')')? + 1)
}

#[cfg(test)]
mod tests {
    use super::stripped;

    #[test]
    fn only_what_binds_the_tenant_goes() {
        for (sql, expected) in [
            (
                "SELECT a FROM t WHERE merchant_id = $1 AND id = $2",
                "SELECT a FROM t WHERE (merchant_id = $1 OR TRUE) AND id = $2",
            ),
            (
                "SELECT 1 FROM t m WHERE m.merchant_id IN ($1, $12) LIMIT $3",
                "SELECT 1 FROM t m WHERE (m.merchant_id IN ($1, $12) OR TRUE) LIMIT $3",
            ),
            (
                "SELECT 1 WHERE n.merchant_id = c.merchant_id AND c.merchant_id = $10",
                "SELECT 1 WHERE n.merchant_id = c.merchant_id AND (c.merchant_id = $10 OR TRUE)",
            ),
            (
                "INSERT INTO t (merchant_id, id) VALUES ($1, $2) ON CONFLICT (merchant_id, id) DO NOTHING",
                "INSERT INTO t (merchant_id, id) VALUES ($1, $2) ON CONFLICT (merchant_id, id) DO NOTHING",
            ),
        ] {
            assert_eq!(stripped(sql), expected);
        }
    }
}
