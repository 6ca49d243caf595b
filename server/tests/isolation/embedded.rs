//! What hangs on something that somebody may see is not theirs for that: the agency looks at an order before the
//! warehouse gets it, talks about it, and clears up what went wrong. The warehouse sees its exports, and nothing of
//! that.

use std::collections::{BTreeSet, HashMap};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    ask::filled,
    support::{
        database::Engine,
        installation::{Installation, User, eventually},
        person::Person,
        shop::{Delivery, Order},
        sink::{Reply, Sink},
    },
    table::{Body, TABLE},
};

/// Stands in everything that is said among the agency's people.
const INSIDE: &str = "zzinside";

pub fn user<'m>(meshline: &'m Installation, begins: &str) -> &'m User {
    let mut users = meshline.demo.users.iter();
    users.find(|one| one.email.starts_with(begins)).unwrap()
}

pub fn text(value: &Value) -> String {
    let text = value.as_str();
    text.unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

pub async fn does(person: &Person<'_>, path: &str, body: Value) -> Value {
    let (status, answer) = person.call(Method::POST, path, Some(&body)).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

/// An order that a person of the agency looks at first; what is asked of them.
pub async fn asked_about(meshline: &Installation, number: u64, sku: &str) -> Value {
    let order = Order {
        unit_minor: 90_000,
        ..Order::numbered(number).of(sku)
    };
    let delivery = Delivery::new("orders/create", &format!("wh-{number}"), &order.json());
    meshline.send(&delivery).await;
    eventually("an approval", async || {
        let waiting = meshline.all("/approvals?state=pending").await;
        waiting.into_iter().next()
    })
    .await
}

/// The task that came of a refusal or a decline.
async fn task_of(meshline: &Installation, export: &str) -> String {
    let path = format!("/exports/{export}");
    let task = eventually("a task", async || {
        let shown = meshline.get(&path).await;
        let task = &shown["tasks"][0];
        task.is_object().then(|| task.clone())
    })
    .await;
    text(&task["id"])
}

/// Talked about, and decided.
async fn decided(jonas: &Person<'_>, approval: &Value, agreed: bool) -> String {
    let (id, export) = (text(&approval["id"]), text(&approval["export_id"]));
    let said = json!({ "text": format!("{INSIDE} remark") });
    does(jonas, &format!("/approvals/{id}/comment"), said).await;
    let (_, shown) = jonas
        .call(Method::GET, &format!("/exports/{export}"), None)
        .await;
    let act = if agreed { "approve" } else { "decline" };
    let path = format!("/exports/{export}/{act}");
    let body = json!({ "content_hash": shown["content_hash"], "reason": format!("{INSIDE} note") });
    does(jonas, &path, body).await;
    export
}

async fn cleared_up(tomas: &Person<'_>, task: &str) {
    does(tomas, &format!("/tasks/{task}/claim"), json!({})).await;
    let note = json!({ "note": format!("{INSIDE} resolved") });
    does(tomas, &format!("/tasks/{task}/resolve"), note).await;
}

/// Every address that can be read with these names, as it stands in the table.
fn addresses(named: &HashMap<&'static str, String>) -> BTreeSet<String> {
    let rows = TABLE.iter().filter(|row| {
        let streams = row.route.starts_with("GET /live");
        row.body == Body::Nothing
            && row.method() == Method::GET
            && !streams
            && row.names().iter().all(|name| named.contains_key(name))
    });
    rows.map(|row| filled(row.address(), named)).collect()
}

async fn what_hangs_on_what_is_seen_is_not_seen_for_that(engine: Engine) {
    if !engine.is_there() {
        return;
    }
    let meshline = Installation::start(engine).await;
    let sink = Sink::start(meshline.sandbox_addr, |captured| {
        match captured.data().to_string().contains("REFUSED") {
            true => Reply::json(
                200,
                &json!({ "status": "rejected", "exception_code": "insufficient_inventory" }),
            ),
            false => Reply::accepted(),
        }
    })
    .await;
    let jonas = Person::sign_in(&meshline, user(&meshline, "jonas@")).await;
    let tomas = Person::sign_in(&meshline, user(&meshline, "tomas@")).await;
    let dana = Person::sign_in(&meshline, user(&meshline, "dana@")).await;

    let approval = asked_about(&meshline, 5_600_000_000_901, "LAMP-OK").await;
    let sent = decided(&jonas, &approval, true).await;
    let second = asked_about(&meshline, 5_600_000_000_902, "LAMP-REFUSED").await;
    let refused = decided(&jonas, &second, true).await;
    let task = task_of(&meshline, &refused).await;
    cleared_up(&tomas, &task).await;
    let third = asked_about(&meshline, 5_600_000_000_903, "LAMP-NO").await;
    let declined = decided(&jonas, &third, false).await;
    let hidden = task_of(&meshline, &declined).await;
    // one that the agency gives to the warehouse is the warehouse's
    let fourth = asked_about(&meshline, 5_600_000_000_904, "LAMP-REFUSED-2").await;
    let given = decided(&jonas, &fourth, true).await;
    let own = task_of(&meshline, &given).await;
    let to = json!({ "to": "3pl:logistics" });
    does(&tomas, &format!("/tasks/{own}/reassign"), to).await;
    let last = asked_about(&meshline, 5_600_000_000_905, "LAMP-WAITS").await;
    let waits = text(&last["export_id"]);

    // that there is something to find: the agency reads it
    let slug = meshline.shop().0.slug.clone();
    for export in [&sent, &refused, &declined, &given] {
        let shown = meshline.get(&format!("/exports/{export}")).await;
        assert!(shown.to_string().contains(INSIDE), "{shown}");
        let (status, page) = jonas.page(&format!("/m/{slug}/exports/{export}")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(INSIDE), "{export}");
    }

    let (_, list) = dana.call(Method::GET, "/exports?limit=200", None).await;
    let listed: BTreeSet<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(&one["id"]))
        .collect();
    let all = [&sent, &refused, &declined, &given, &waits].map(Clone::clone);
    assert_eq!(listed, BTreeSet::from(all));
    for export in &listed {
        let (status, shown) = dana
            .call(Method::GET, &format!("/exports/{export}"), None)
            .await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        assert_eq!(shown["approvals"], json!([]), "{shown}");
        let tasks: Vec<&Value> = shown["tasks"].as_array().unwrap().iter().collect();
        let theirs = usize::from(*export == given);
        assert_eq!(tasks.len(), theirs, "{shown}");
        assert!(tasks.iter().all(|one| one["id"] == own.as_str()));
        assert!(!shown.to_string().contains(INSIDE), "{shown}");
        // what the list leads to is there
        let (status, page) = dana.page(&format!("/m/{slug}/exports/{export}")).await;
        assert_eq!(status, StatusCode::OK, "{export}");
        for path in [format!("approvals/{}", approval["id"]), hidden.clone()] {
            assert!(!page.contains(path.trim_matches('"')), "{path}");
        }
        assert!(!page.contains(INSIDE), "{export}");
    }

    let mut asked = 0;
    for (export, approval, task) in [
        (&sent, &approval, &task),
        (&refused, &second, &task),
        (&declined, &third, &hidden),
        (&given, &fourth, &own),
        (&waits, &last, &own),
    ] {
        let shown = meshline.get(&format!("/exports/{export}")).await;
        let named = HashMap::from([
            ("merchant", slug.clone()),
            ("export", export.clone()),
            ("pending", export.clone()),
            ("approval", text(&approval["id"])),
            ("task", task.clone()),
            ("order", text(&shown["subject_id"])),
            ("run", text(&shown["run_id"])),
        ]);
        for address in addresses(&named) {
            let (status, body) = match address.strip_prefix("/api/v1") {
                Some(path) => {
                    let (status, body) = dana.call(Method::GET, path, None).await;
                    (status, body.to_string())
                }
                None => dana.page(&address).await,
            };
            assert!(!status.is_server_error(), "{address}: {status}");
            assert!(
                !body.contains(INSIDE),
                "{address} shows what is said inside"
            );
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked} addresses were read");
    drop(sink);
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_what_is_seen_is_not_seen_for_that_on_sqlite() {
    what_hangs_on_what_is_seen_is_not_seen_for_that(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_what_is_seen_is_not_seen_for_that_on_postgres() {
    what_hangs_on_what_is_seen_is_not_seen_for_that(Engine::Postgres).await;
}
