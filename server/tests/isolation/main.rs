//! Nobody sees what is not theirs: every route, every role, every place where an id can stand.
//!
//! A merchant is filled with texts that stand nowhere else. Everybody who has no business there asks every
//! route there is for it, in [`table`]'s words. Then: not one byte of those texts came back; what is
//! somebody else's was answered exactly like what does not exist; and the merchant's trail has not moved.
//! The list of routes is the server's own (`meshline routes`), so that none can be forgotten.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

#[path = "../support/mod.rs"]
mod support;

mod approver;
mod ask;
mod embedded;
mod table;
mod world;

use std::{collections::BTreeSet, io::Write as _};

use futures::future::join_all;

use ask::{Placement, ask, cell, listen, shows, their_trail};
use support::{database::Engine, installation::Installation};
use table::{Body, TABLE};
use world::{CANARY, World, other_sender};

/// Answered from the binary, the same for everybody.
const ASSETS: &[&str] = &["/pkg/", "/fonts/", "/favicon", "/robots.txt", "/static/"];

/// Method and path of every route, as the server registers them.
fn registered(meshline: &Installation) -> BTreeSet<String> {
    let printed = meshline.command(&["routes"]);
    assert!(printed.status.success(), "{printed:?}");
    let text = String::from_utf8(printed.stdout).unwrap();
    let mut routes = BTreeSet::new();
    for line in text.lines() {
        let mut parts = line.split('\t');
        let (methods, path) = (parts.next().unwrap(), parts.next().unwrap());
        if ASSETS.iter().any(|start| path.starts_with(start)) {
            continue;
        }
        for method in methods.split(',') {
            routes.insert(format!("{method} {path}"));
        }
    }
    routes
}

#[tokio::test]
async fn every_route_stands_in_the_table() {
    let meshline = Installation::prepare(Engine::Sqlite).await;
    let registered = registered(&meshline);
    let listed: BTreeSet<String> = TABLE.iter().map(|row| row.route.to_owned()).collect();
    let missing: Vec<_> = registered.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&registered).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in server/tests/isolation/table.rs: {missing:#?}\nnot in the server: {gone:#?}"
    );
    assert!(registered.len() > 70, "{}", registered.len());
    meshline.end().await;
}

async fn nobody_sees_what_is_not_theirs(engine: Engine) {
    if !engine.is_there() {
        return;
    }
    let world = World::start(engine).await;
    control(&world).await;
    let (listening, told) = listen(&world).await;
    assert!(listening >= 7, "only {listening} can listen at all");
    let (mut cells, mut wrong) = (listening, told);
    let mut trail = their_trail(&world).await;
    for row in TABLE {
        for placement in row.placements() {
            let asking = world
                .askers
                .iter()
                .map(|asker| cell(&world, row, asker, placement));
            wrong.extend(join_all(asking).await.into_iter().flatten());
            cells += world.askers.len();
        }
        let now = their_trail(&world).await;
        if now != trail {
            wrong.push(format!("{}: something of theirs was changed", row.route));
            trail = now;
        }
    }
    let door = other_sender(&world).await;
    assert_eq!(
        door.status(),
        401,
        "another merchant's secret opens their door"
    );
    assert_eq!(their_trail(&world).await, trail);
    cells += 1;
    assert!(
        wrong.is_empty(),
        "{} of {cells} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // not the macro: the test runner would keep that for itself
    let _ = writeln!(
        std::io::stderr(),
        "{cells} cells on {engine:?}: {} lines, {} roles, nothing shown, nothing changed",
        TABLE.len() + 2,
        world.askers.len()
    );
    world.meshline.end().await;
}

/// That there is something to see: their own admin gets every page, and finds the texts there.
async fn control(world: &World) {
    let (mut found, mut useless) = (0, Vec::new());
    for row in TABLE {
        let streams = row.route.starts_with("GET /live");
        let is_theirs = row.placements().contains(&Placement::Place) || row.is_of_ids();
        if row.body != Body::Nothing || streams || !is_theirs {
            continue;
        }
        let (answer, seen) = ask(world, row, &world.owner, Placement::Place, true).await;
        if !matches!(answer.status, 200 | 302 | 303) {
            let (status, body) = (answer.status, answer.body);
            let body: String = body.chars().take(300).collect();
            useless.push(format!("{} is answered {status}: {body}", row.route));
        }
        found += usize::from(shows(&seen).is_some());
    }
    assert!(
        useless.is_empty(),
        "their own admin does not get this, so that it proves nothing:\n{}",
        useless.join("\n")
    );
    assert!(found > 30, "{CANARY} stands in {found} answers only");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_is_not_theirs_on_sqlite() {
    nobody_sees_what_is_not_theirs(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_is_not_theirs_on_postgres() {
    nobody_sees_what_is_not_theirs(Engine::Postgres).await;
}
