//! The audit trail holds, and whatever is done to it shows.

use std::path::Path;

use serde_json::{Value, json};

use super::story::{chain_with_export, delivered};
use crate::support::{
    database,
    installation::Installation,
    shop::Order,
    sink::{Reply, Sink},
};

/// About as many places as are tried with each way of tampering.
const PLACES: usize = 12;

/// A merchant about whom there is something to tell.
async fn lived_in(meshline: &Installation) {
    let sink = Sink::start(meshline.sandbox_addr, |_| Reply::accepted()).await;
    for number in 0..4 {
        let (receipt, _) = delivered(
            meshline,
            &sink,
            &Order::numbered(5_600_000_001_300 + number * 100),
        )
        .await;
        chain_with_export(meshline, &receipt, "acknowledged").await;
    }
}

pub async fn any_line_that_is_tampered_with_is_named(meshline: &mut Installation) {
    lived_in(meshline).await;
    let file = meshline.audit_export("trail.jsonl").await;
    let good = meshline.verify_audit(&file);
    assert!(good.status.success(), "{good:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // the last line is the checkpoint
    let last = lines.len() - 2;
    assert!(last > 40, "only {last} entries");
    let altered = meshline.folder.join("altered.jsonl");
    let check = |lines: &[String], named: usize, what: &str| {
        std::fs::write(&altered, lines.join("\n") + "\n").unwrap();
        let verified = meshline.verify_audit(&altered);
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(
            !verified.status.success(),
            "{what} line {} went unseen",
            named
        );
        assert!(
            said.contains(&format!("entry {named}:")),
            "{what} line {named}: {said}"
        );
    };
    for at in (0..=last).step_by(last / PLACES + 1).chain([last]) {
        for (name, value) in [
            ("actor", json!("user:somebody-else")),
            ("detail", json!("{\"said\":1}")),
            ("at", json!("2026-01-01T00:00:00.000Z")),
        ] {
            let mut entry: Value = serde_json::from_str(&lines[at]).unwrap();
            entry[name] = value;
            let mut copy = lines.clone();
            copy[at] = entry.to_string();
            check(&copy, at + 1, &format!("another {name} on"));
        }
        let mut copy = lines.clone();
        copy.remove(at);
        check(&copy, at + 1, "no");
        if at < last {
            let mut copy = lines.clone();
            copy.swap(at, at + 1);
            check(&copy, at + 1, "a later");
        }
    }
    // the end cut off, with the checkpoint and without
    let mut copy = lines.clone();
    copy.truncate(last);
    copy.push(lines[last + 1].clone());
    check(&copy, last + 1, "cut off before");
    check(&lines[..=last], last + 1, "no checkpoint behind");
}

pub async fn any_row_that_is_tampered_with_is_named(meshline: &mut Installation) {
    lived_in(meshline).await;
    meshline.server.take().unwrap().stop().await;
    let verify = |meshline: &Installation| {
        let verified = meshline.command(&["audit", "verify"]);
        (
            verified.status.success(),
            String::from_utf8_lossy(&verified.stdout).into_owned(),
        )
    };
    let (is_good, said) = verify(meshline);
    assert!(is_good, "{said}");
    let slug = meshline.shop().0.slug.clone();
    let url = meshline.database_url();
    assert!(
        !url.starts_with("sqlite") || Path::new(url.trim_start_matches("sqlite://")).is_file(),
        "{url}"
    );
    let of_shop = format!("merchant_id = (SELECT id FROM merchants WHERE slug = '{slug}')");
    for (seq, change, undo) in [
        (
            5,
            "UPDATE audit_entries SET actor = actor || '.' WHERE seq = 5",
            Some(
                "UPDATE audit_entries SET actor = substr(actor, 1, length(actor) - 1) WHERE seq = 5",
            ),
        ),
        (
            9,
            "UPDATE audit_entries SET at = at + 1 WHERE seq = 9",
            Some("UPDATE audit_entries SET at = at - 1 WHERE seq = 9"),
        ),
        (
            12,
            "UPDATE audit_entries SET seq = -1 WHERE seq = 12",
            Some("UPDATE audit_entries SET seq = 12 WHERE seq = -1"),
        ),
        (20, "DELETE FROM audit_entries WHERE seq = 20", None),
    ] {
        database::execute(&url, format!("{change} AND {of_shop}")).await;
        let (is_good, said) = verify(meshline);
        assert!(!is_good, "unseen: {change}");
        let line = said.lines().find(|line| line.starts_with(&slug)).unwrap();
        assert!(
            line.contains("NOT intact") && line.contains(&format!("entry {seq}:")),
            "{change}: {said}"
        );
        if let Some(undo) = undo {
            database::execute(&url, format!("{undo} AND {of_shop}")).await;
            assert!(verify(meshline).0, "undone, it has to hold again");
        }
    }
}
