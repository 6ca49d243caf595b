//! The demo agency: made when the database is new, and its logins kept for the next start.
//!
//! `meshline demo` says passwords and secrets once, since only their hashes are stored. What it said goes to a file that only
//! the owner can read and that git ignores.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Failure, Result, Trying};
use crate::process::{announce, capture};
use crate::services::Settings;

/// What `meshline demo --json` printed; nothing if this database was made without us.
pub fn ensure(settings: &Settings, binary: &Path) -> Result<Option<Value>> {
    let file = settings.data.join("demo.json");
    let database_is_new = !settings.database().is_file();
    if !database_is_new && let Some(demo) = read(&file)? {
        return Ok(Some(demo));
    }
    announce("creating the demo agency");
    let json = match capture(settings.command(binary, "demo").arg("--json")) {
        Ok(json) => json,
        Err(failure) if database_is_new => return Err(failure),
        // most likely it is there already; a database without a demo can be served as well
        Err(failure) => {
            println!("{failure}");
            return Ok(None);
        }
    };
    let demo = parse(&json)?;
    write_privately(&file, &json)?;
    Ok(Some(demo))
}

fn read(file: &PathBuf) -> Result<Option<Value>> {
    if !file.is_file() {
        return Ok(None);
    }
    let json = fs::read_to_string(file).trying(format!("read {}", file.display()))?;
    parse(&json).map(Some)
}

fn parse(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|error| {
        Failure::new(format!(
            "`meshline demo --json` did not print JSON: {error}"
        ))
    })
}

fn write_privately(file: &Path, text: &str) -> Result<()> {
    let what = format!("write {}", file.display());
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .trying(what)
}

/// The logins as a table, one person a line.
pub fn logins(demo: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| {
        value
            .as_array()
            .map(|items| items.iter().map(text).collect::<Vec<_>>().join(", "))
            .unwrap_or_default()
    };
    let users = demo["users"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let rows: Vec<[String; 4]> = users
        .iter()
        .map(|user| {
            [
                text(&user["email"]),
                text(&user["password"]),
                text(&user["access"]),
                list(&user["functional_roles"]),
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let (email, password, access) = (width(0), width(1), width(2));
    rows.iter()
        .map(|[a, b, c, d]| {
            format!("{a:<email$}  {b:<password$}  {c:<access$}  {d}")
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_people() {
        let demo = parse(
            r#"{"users":[{"email":"ada@x.example","password":"p","access":"admin","functional_roles":["finance","operations"]},
                         {"email":"bo@x.example","password":"longer","access":"viewer","functional_roles":[]}]}"#,
        )
        .unwrap();
        assert_eq!(
            logins(&demo),
            [
                "ada@x.example  p       admin   finance, operations",
                "bo@x.example   longer  viewer"
            ]
        );
    }
}
