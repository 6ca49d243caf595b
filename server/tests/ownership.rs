//! Who answers for what, as a browser meets it: the matrix, its files, the playbook, and what one is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use reqwest::StatusCode;
use support::{
    database::Engine,
    installation::{Installation, User, eventually},
    person::Person,
    shop::{Delivery, Order},
};

fn user<'m>(meshline: &'m Installation, begins: &str) -> &'m User {
    let mut users = meshline.demo.users.iter();
    users.find(|user| user.email.starts_with(begins)).unwrap()
}

/// The rows of a file, its head included.
fn rows(text: &str) -> Vec<csv::StringRecord> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes())
        .records()
        .map(|row| row.unwrap())
        .collect()
}

async fn ok(person: &Person<'_>, path: &str) -> String {
    let (status, text) = person.page(path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_files_say_the_same() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let at = |rest: &str| format!("/m/{slug}/{rest}");
    let elena = Person::sign_in(&meshline, user(&meshline, "elena@")).await;

    // the matrix: each row of the file stands on the page
    let page = ok(&elena, &at("raci")).await;
    let file = rows(&ok(&elena, &at("raci.csv")).await);
    assert_eq!(&file[0][1], "decision");
    assert!(file.len() > 5);
    for row in &file[1..] {
        assert!(page.contains(&row[1].replace('&', "&amp;")), "{row:?}");
    }
    let with_gap = file[1..].iter().filter(|row| !row[6].is_empty()).count();
    let only = rows(&ok(&elena, &at("raci.csv?state=gap")).await);
    assert_eq!(only.len() - 1, with_gap);

    // ownership: filtered alike
    let all = rows(&ok(&elena, &at("ownership.csv")).await);
    let codes = rows(&ok(&elena, &at("ownership.csv?kind=exception")).await);
    assert!(codes.len() > 1 && codes.len() < all.len());
    assert!(codes[1..].iter().all(|row| &row[0] == "exception"));
    let page = ok(&elena, &at("ownership?kind=exception")).await;
    assert_eq!(
        page.matches("data-row=\"exception-").count(),
        codes.len() - 1
    );
    assert!(
        ok(&elena, &at("ownership/audit"))
            .await
            .contains("Owners who never acted")
    );

    // the playbook: every step, on the page and in the file
    let flows = meshline.all("/flows").await;
    let flow = flows
        .iter()
        .find(|flow| flow["key"] == "order-to-ship")
        .unwrap();
    let id = flow["id"].as_str().unwrap();
    let page = ok(&elena, &at(&format!("flows/{id}/playbook"))).await;
    let file = rows(&ok(&elena, &at(&format!("flows/{id}/playbook.csv"))).await);
    for row in &file[1..] {
        assert!(
            page.contains(&format!("{}. {}", &row[0], &row[2])),
            "{row:?}"
        );
    }
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_outside_none_of_it_is_there() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let dana = Person::sign_in(&meshline, user(&meshline, "dana@")).await;
    for path in [
        "raci",
        "raci.csv",
        "ownership",
        "ownership.csv",
        "ownership/audit",
    ] {
        let (status, _) = dana.page(&format!("/m/{slug}/{path}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_reads_what_one_is_told_and_says_whether_it_is_mailed() {
    let mut meshline = Installation::start(Engine::Sqlite).await;
    meshline.run_sandbox(&[]).await;
    let noor = Person::sign_in(&meshline, user(&meshline, "noor@")).await;
    // she watches what happens to an order
    let order = Order::numbered(5_600_000_000_501).json();
    meshline
        .send(&Delivery::new("orders/create", "watched", &order))
        .await;
    let queue = eventually("what one is told", async || {
        let queue = ok(&noor, "/").await;
        queue.contains("For your information").then_some(queue)
    })
    .await;
    let (_, rest) = queue.split_once("name=\"notice\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap();
    let slug = meshline.shop().0.slug.clone();
    let fields = [("merchant", &*slug), ("notice", id), ("back", "/")];
    noor.post("/ui/notice/read", &fields).await;
    assert!(!ok(&noor, "/").await.contains(id), "it is read");
    // the order goes on meanwhile, and more may be told
    eventually("nothing more to read", async || {
        noor.post("/ui/notice/read", &[("back", "/")]).await;
        let quiet = ok(&noor, "/").await;
        (!quiet.contains("name=\"notice\"")).then_some(())
    })
    .await;

    let ticked = |page: &str| {
        let (_, box_of) = page.split_once("name=\"mails\"").unwrap();
        box_of.split('>').next().unwrap().contains("checked")
    };
    assert!(ticked(&ok(&noor, "/account").await));
    noor.post("/ui/account/notices", &[("back", "/account")])
        .await;
    assert!(!ticked(&ok(&noor, "/account").await));
    noor.post(
        "/ui/account/notices",
        &[("back", "/account"), ("mails", "true")],
    )
    .await;
    assert!(ticked(&ok(&noor, "/account").await));
    meshline.end().await;
}
