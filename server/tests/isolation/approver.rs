//! Somebody from outside who is asked to approve sees what they decide on, and not who else there is: the forms on
//! the page name their own side and whom the approval names.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    embedded::{asked_about, does, text, user},
    support::{
        database::Engine,
        installation::{Installation, eventually},
        person::Person,
    },
};

async fn person_id(boss: &Person<'_>, email: &str) -> String {
    let path = format!("/people?q={email}");
    let (_, found) = boss.call(Method::GET, &path, None).await;
    let mut items = found["items"].as_array().unwrap().iter();
    let theirs = items.find(|item| item["email"].as_str().unwrap().starts_with(email));
    text(&theirs.unwrap()["id"])
}

async fn an_approver_outside_is_not_told_who_else_there_is(engine: Engine) {
    if !engine.is_there() {
        return;
    }
    let meshline = Installation::start(engine).await;
    let slug = meshline.shop().0.slug.clone();
    let (boss, outside) = (user(&meshline, "elena@"), user(&meshline, "dana@"));
    let elena = Person::sign_in(&meshline, boss).await;
    let dana_id = person_id(&elena, "dana@").await;
    let place = [
        ("merchant", &*slug),
        ("back", "/"),
        ("person", &*dana_id),
        ("access", "approver"),
        ("party", "3pl"),
        ("roles[]", "logistics"),
    ];
    elena.post("/ui/people/change", &place).await;

    let approval = asked_about(&meshline, 5_600_000_000_951, "LAMP-OUT").await;
    let (id, export) = (text(&approval["id"]), text(&approval["export_id"]));
    let jonas = Person::sign_in(&meshline, user(&meshline, "jonas@")).await;
    let dana = Person::sign_in(&meshline, outside).await;
    let shown = meshline.get(&format!("/exports/{export}")).await;
    let hash = json!({ "content_hash": shown["content_hash"] });

    // what the agency asks among itself does not exist for whoever sees the export
    let approve = format!("/exports/{export}/approve");
    let (status, said) = dana.call(Method::POST, &approve, Some(&hash)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    assert!(said.to_string().contains("No approval is asked"), "{said}");

    let queue = format!("/m/{slug}/queue");
    let page = format!("/m/{slug}/approvals/{id}");
    // that there is something to hide: the agency reads it
    let (_, inside) = jonas.page(&page).await;
    assert!(inside.contains("Kofi Mensah") && inside.contains("Outcome: "));
    let (_, inside) = jonas.page(&queue).await;
    assert!(inside.contains("then it is sent to"), "{inside}");

    let to = json!({ "to": "3pl:logistics" });
    does(&jonas, &format!("/approvals/{id}/reassign"), to).await;
    let theirs = eventually("an approval of theirs", async || {
        let (status, shown) = dana.page(&page).await;
        (status == StatusCode::OK).then_some(shown)
    })
    .await;
    assert!(theirs.contains("/ui/approval/ask") && theirs.contains("/ui/approval/reassign"));
    assert!(!theirs.contains("Outcome: "));
    let (_, row) = dana.page(&queue).await;
    assert!(
        row.contains(&id) && !row.contains("then it is sent to"),
        "{row}"
    );
    // neither asked, nor behind whoever is
    for name in [
        "Elena Duarte",
        "Mara Kessler",
        "Kofi Mensah",
        "Ravi Menon",
        "Tomas Rehn",
    ] {
        assert!(!theirs.contains(name), "{name}");
    }
    for role in ["agency:logistics", "agency:marketing_ops"] {
        assert!(!theirs.contains(role), "{role}");
    }

    // and guessing gets no further than the page
    let kofi = person_id(&elena, "kofi@").await;
    let mut answers: Vec<Value> = Vec::new();
    for somebody in [kofi, "01900000-0000-7000-8000-000000000000".to_owned()] {
        let asks = json!({ "to": somebody, "question": "Are you there?" });
        let passes = json!({ "to": format!("user:{somebody}") });
        for (act, body) in [("ask", asks), ("reassign", passes)] {
            let path = format!("/approvals/{id}/{act}");
            let (status, mut said) = dana.call(Method::POST, &path, Some(&body)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
            for own in ["instance", "trace_id", "incident", "request_id"] {
                said.as_object_mut().unwrap().remove(own);
            }
            answers.push(said);
        }
    }
    let first = &answers[0];
    assert!(answers.iter().all(|one| one == first), "{answers:#?}");
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_outside_is_not_told_who_else_there_is_on_sqlite() {
    an_approver_outside_is_not_told_who_else_there_is(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_outside_is_not_told_who_else_there_is_on_postgres() {
    an_approver_outside_is_not_told_who_else_there_is(Engine::Postgres).await;
}
