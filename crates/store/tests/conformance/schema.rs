//! The migrations, read as text: both engines have the same tables, columns and indexes, and a
//! merchant's rows are keyed by their merchant.

use std::collections::BTreeMap;

/// Of people and places, which belong to no merchant, and the memory of the migrations themselves.
const NOT_A_MERCHANTS: &[&str] = &[
    "operators",
    "operator_members",
    "agency_templates",
    "agency_editions",
    "agency_pushes",
    "merchants",
    "users",
    "sessions",
    "second_factors",
    "recovery_codes",
    "known_places",
    "password_resets",
    "guesses",
    "mails",
    "person_keys",
];

/// Looked up before it is known whose row it is; or over all merchants, by the workers and sweeps.
const ACROSS_MERCHANTS: &[&str] = &[
    "memberships_by_user",
    "rotation_people_by_user",
    "api_tokens_by_hash",
    "api_tokens_by_previous_hash",
    "invitations_by_token",
    "sources_by_path",
    "exports_by_id",
    "jobs_by_due",
    "idempotency_keys_by_age",
];

#[derive(Debug, Default, PartialEq)]
struct Schema {
    /// Columns in their order; of the primary key, too.
    tables: BTreeMap<String, (Vec<String>, Vec<String>)>,
    /// Table, columns, condition.
    indexes: BTreeMap<String, (String, Vec<String>, String)>,
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn read(texts: &[String]) -> Schema {
    let mut schema = Schema::default();
    let text: String = texts
        .concat()
        .lines()
        .filter(|line| !line.starts_with("--"))
        .map(|line| format!("{line}\n"))
        .collect();
    for statement in text
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
    {
        if let Some(table) = statement.strip_prefix("CREATE TABLE ") {
            let (name, body) = table.split_once(" (").unwrap();
            let (mut columns, mut key) = (Vec::new(), Vec::new());
            for line in body
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with(')'))
            {
                match line.strip_prefix("PRIMARY KEY (") {
                    Some(list) => key = names(list.trim_end_matches(',').trim_end_matches(')')),
                    None => columns.push(line.split_whitespace().next().unwrap().to_owned()),
                }
                if line.contains("NOT NULL PRIMARY KEY") {
                    key = columns.clone();
                }
            }
            schema.tables.insert(name.to_owned(), (columns, key));
            continue;
        }
        if let Some(change) = statement.strip_prefix("ALTER TABLE ") {
            // a column more or less is the only change there is
            if let Some((table, column)) = change.split_once(" DROP COLUMN ") {
                let columns = &mut schema.tables.get_mut(table.trim()).unwrap().0;
                columns.retain(|name| name != column.trim());
                continue;
            }
            let (table, column) = change.split_once(" ADD COLUMN ").unwrap();
            let name = column.split_whitespace().next().unwrap().to_owned();
            schema.tables.get_mut(table.trim()).unwrap().0.push(name);
            continue;
        }
        if statement.starts_with("SELECT meshline_guard(") {
            continue; // of a table that came after row security
        }
        if statement.starts_with("UPDATE ") || statement.starts_with("INSERT ") {
            continue; // rows from before get what the new columns say
        }
        if let Some(name) = statement.strip_prefix("DROP INDEX ") {
            schema.indexes.remove(name.trim()).unwrap();
            continue;
        }
        let index = statement
            .strip_prefix("CREATE UNIQUE INDEX ")
            .or(statement.strip_prefix("CREATE INDEX "));
        let (name, on) = index
            .unwrap_or_else(|| panic!("{statement}"))
            .split_once(" ON ")
            .unwrap();
        let (table, columns) = on.split_once(" (").unwrap();
        let (columns, condition) = columns.split_once(')').unwrap();
        let condition = condition.split_whitespace().collect::<Vec<_>>().join(" ");
        schema.indexes.insert(
            name.to_owned(),
            (table.to_owned(), names(columns), condition),
        );
    }
    schema
}

/// Every step of one engine, in order.
fn of_engine(engine: &str) -> Schema {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(engine);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    // says who may see rows; what rows there are stands in the others
    files.retain(|file| !file.to_string_lossy().ends_with("_row_security.sql"));
    files.sort();
    let texts: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    read(&texts)
}

fn sqlite() -> Schema {
    of_engine("sqlite")
}

#[test]
fn both_engines_have_the_same_tables() {
    assert_eq!(sqlite(), of_engine("postgres"));
}

#[test]
fn a_merchants_rows_are_keyed_by_their_merchant() {
    let schema = sqlite();
    assert!(schema.tables.len() > 20, "{:?}", schema.tables.keys());
    for (table, (columns, key)) in &schema.tables {
        if NOT_A_MERCHANTS.contains(&table.as_str()) {
            assert!(!columns.contains(&"merchant_id".to_owned()), "{table}");
        } else {
            assert_eq!(key[0], "merchant_id", "{table}");
            assert_eq!(columns[0], "merchant_id", "{table}");
        }
    }
    for (index, (table, columns, _)) in &schema.indexes {
        let leads = columns[0] == "merchant_id";
        if NOT_A_MERCHANTS.contains(&table.as_str()) || ACROSS_MERCHANTS.contains(&index.as_str()) {
            assert!(!leads, "{index} needs no exception");
        } else {
            assert!(leads, "{index} on {table} does not begin with the merchant");
        }
    }
}

#[test]
fn every_table_of_a_merchant_is_emptied_with_its_operator() {
    let people = include_str!("../../src/people.rs");
    let (_, list) = people.split_once("of_merchants![").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    let mut listed = names(&list.replace(['"', '\n'], ""));
    listed.retain(|name| !name.is_empty());
    listed.sort();
    let schema = sqlite();
    let tables: Vec<&String> = schema
        .tables
        .keys()
        .filter(|name| !NOT_A_MERCHANTS.contains(&name.as_str()))
        .collect();
    assert_eq!(listed.iter().collect::<Vec<_>>(), tables);
}
