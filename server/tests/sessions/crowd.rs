//! Very many people who sign in at once: passwords are hashed out of everybody's way, only so many wait for it, and nobody
//! who was here before is kept out.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{StatusCode, header};

use crate::{
    browser::Browser,
    support::{
        database::Engine,
        installation::{Installation, User},
    },
};

/// What became of a stranger's wrong password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Wrong,
    ToWait,
}

/// Somebody who is not there, from an address of their own.
async fn stranger(meshline: &Installation, n: usize) -> Told {
    let mut browser = Browser::new(meshline);
    browser.address = Some(format!("198.51.{}.{}", n / 200, n % 200));
    let nobody = User {
        email: format!("nobody{n}@example.com"),
        password: "a guess".to_owned(),
        ..meshline.user_with("marketing_ops").clone()
    };
    assert_eq!(browser.sign_in(&nobody, "/").await, "/login");
    let page = browser.get("/login").await;
    let (status, wait) = (page.status(), page.headers().get(header::RETRY_AFTER));
    let wait = wait.map(|seconds| seconds.to_str().unwrap().to_owned());
    let text = page.text().await.unwrap();
    assert!(
        text.contains(&nobody.email),
        "the address that was typed stays"
    );
    if status == StatusCode::OK {
        assert!(text.contains("is not right"));
        return Told::Wrong;
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(wait.as_deref(), Some("3"));
    assert!(text.contains("Very many people are signing in at this moment"));
    Told::ToWait
}

#[tokio::test]
async fn a_crowd_is_asked_to_wait_and_keeps_nobody_out() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    std::fs::write(
        meshline.folder.join("meshline.toml"),
        "trusted_proxies = '127.0.0.0/8'\n",
    )
    .unwrap();
    // the last of a crowd wait for a while
    meshline.http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(180))
        .build()
        .unwrap();
    meshline.serve().await;
    let user = meshline.user_with("marketing_ops").clone();
    let mut home = Browser::new(&meshline);
    home.address = Some("192.0.2.1".into());
    assert_eq!(home.sign_in(&user, "/").await, "/");

    let crowd = join_all((0..900).map(|n| stranger(&meshline, n)));
    let known = async {
        for _ in 0..5 {
            let mut again = Browser::new(&meshline);
            again.address = Some("192.0.2.1".into());
            assert_eq!(again.sign_in(&user, "/").await, "/");
        }
    };
    let (told, ()) = tokio::join!(crowd, known);
    let count = |what| told.iter().filter(|told| **told == what).count();
    let (wrong, to_wait) = (count(Told::Wrong), count(Told::ToWait));
    assert!(
        wrong >= 32 && to_wait > 0,
        "{wrong} were told that it is wrong, {to_wait} to wait"
    );

    // the crowd has gone
    let mut stranger = Browser::new(&meshline);
    stranger.address = Some("203.0.113.1".into());
    assert_eq!(stranger.sign_in(&user, "/").await, "/");
    meshline.end().await;
}

/// `name` and niceness of each thread, as the system knows them.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> Vec<(String, i32)> {
    let folder = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let stats = folder.map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")));
    stats
        .map(|stat| {
            let stat = stat.unwrap();
            let (_, named) = stat.split_once('(').unwrap();
            let (name, fields) = named.rsplit_once(')').unwrap();
            let niceness = fields.split_whitespace().nth(16).unwrap();
            (name.to_owned(), niceness.parse().unwrap())
        })
        .collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn whoever_hashes_passwords_stands_back_and_nobody_else_does() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let threads = threads(meshline.server.as_ref().unwrap().id());
    let (hashing, others): (Vec<_>, Vec<_>) =
        threads.into_iter().partition(|(name, _)| name == "hashing");
    assert_eq!(hashing.len(), 2);
    let usual = others[0].1;
    assert!(others.iter().all(|(_, niceness)| *niceness == usual));
    // nineteen is the last step there is
    let further_back = (usual + 15).min(19);
    assert!(
        hashing
            .iter()
            .all(|(_, niceness)| *niceness == further_back),
        "{hashing:?} beside {usual}"
    );
    meshline.end().await;
}
