//! Exchanging the installation's key while it is in use: nothing is refused, nothing is lost, and the
//! old key opens nothing afterwards.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

mod support;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use support::{
    database::Engine,
    installation::{Installation, eventually},
    shop::{Delivery, Order},
};
use tokio::{task::block_in_place, time::sleep};

/// Where an installation that was given no key keeps one: beside the file, or in its folder.
fn key_file(meshline: &Installation, engine: Engine) -> std::path::PathBuf {
    meshline.folder.join(match engine {
        Engine::Sqlite => "meshline.db.key",
        Engine::Postgres => "meshline.key",
    })
}

fn order(number: u64) -> Delivery {
    let order = Order::numbered(5_700_000_000_000 + number);
    Delivery::new(
        "orders/create",
        &format!("rotation-{number}"),
        &order.json(),
    )
}

async fn rotated_under_load(engine: Engine) {
    if !engine.is_there() {
        return;
    }
    let mut meshline = Installation::start(engine).await;
    meshline.run_sandbox(&[]).await;
    let file = key_file(&meshline, engine);
    let old = fs::read_to_string(&file).unwrap();

    let over = Arc::new(AtomicBool::new(false));
    let load = async {
        let mut sent = 0;
        while !over.load(Ordering::Relaxed) {
            let answer = meshline.send(&order(sent)).await;
            assert_eq!(answer.code, 200, "order {sent}: {:?}", answer.body);
            sent += 1;
            sleep(Duration::from_millis(20)).await;
        }
        sent
    };
    let rotation = async {
        sleep(Duration::from_millis(500)).await;
        let rotated = block_in_place(|| {
            std::thread::scope(|threads| {
                threads
                    .spawn(|| meshline.command(&["keys", "rotate"]))
                    .join()
                    .unwrap()
            })
        });
        sleep(Duration::from_millis(500)).await;
        over.store(true, Ordering::Relaxed);
        rotated
    };
    let (sent, rotated) = tokio::join!(load, rotation);
    assert!(rotated.status.success(), "{rotated:?}");
    assert!(sent > 1, "there was no load");
    // the server wrapped most of it, and it is told all the same
    let said = String::from_utf8_lossy(&rotated.stdout).into_owned();
    let told = said.split(" secrets are sealed under it now").next();
    let told = told.and_then(|text| text.lines().last()?.parse::<u64>().ok());
    assert!(told.is_some_and(|count| count >= 10), "{said}");

    let new = fs::read_to_string(&file).unwrap();
    assert_eq!(new.lines().count(), 1, "the old key is still in the file");
    assert_ne!(new, old);
    for line in old.lines().chain(new.lines()) {
        let said = String::from_utf8_lossy(&rotated.stdout).into_owned()
            + &String::from_utf8_lossy(&rotated.stderr)
            + &meshline.said("serve");
        assert!(!said.contains(line), "a key was said aloud");
    }
    let status = meshline.command(&["keys", "status"]);
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        said.contains("nothing is sealed under an older key"),
        "{said}"
    );

    // every delivery was signed with a secret that had to be opened, and the sandbox checked each
    let waiting = "/exports?state=delivering";
    eventually("every export to be delivered", async || {
        meshline.all(waiting).await.is_empty().then_some(())
    })
    .await;
    let failed: Vec<Value> = meshline.all("/exports?state=failed").await;
    assert!(failed.is_empty(), "{failed:?}");

    // a start with the new key opens everything, one with the old key nothing
    meshline.server.take().unwrap().stop().await;
    meshline.serve().await;
    assert_eq!(meshline.send(&order(sent)).await.code, 200);
    meshline.server.take().unwrap().stop().await;
    fs::write(&file, &old).unwrap();
    let doctor = meshline.command(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(!doctor.status.success(), "{said}");
    assert!(said.contains("does not open the secrets"), "{said}");

    // a rotation that is cut off after its first step is gone on with
    fs::write(&file, format!("{old}{new}")).unwrap();
    let resumed = meshline.command(&["keys", "rotate"]);
    assert!(resumed.status.success(), "{resumed:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), old);
    meshline.serve().await;
    assert_eq!(meshline.send(&order(sent + 1)).await.code, 200);
    meshline.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_under_load_on_sqlite() {
    rotated_under_load(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_under_load_on_postgres() {
    rotated_under_load(Engine::Postgres).await;
}
