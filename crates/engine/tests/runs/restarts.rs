//! Killed anywhere: the process dies at every commit in turn, another one goes on, and the end is the same with
//! every effect once.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::flow::{Branch, ELSE, FieldKind, Path, RunState, StepKind, Undo, Until, ways};
use engine::{
    Engine, Error, Hashers, Parts, Result, Vault,
    port::{CommitHook, Priority, Reads, Store, WriteOp},
};
use serde_json::json;
use testkit::{HOUR, World};
use uuid::Uuid;

use crate::drawn::{
    asks, contract, emits, exit, flow, is, on, open_tasks, path, publish, run, starts, step,
};

/// A store whose process dies before its nth commit.
struct Mortal {
    inner: Arc<dyn Store>,
    left: AtomicI64,
}

#[async_trait::async_trait]
impl Store for Mortal {
    async fn write_op(&self, priority: Priority, op: WriteOp) -> Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(Error::internal("the process is dead"));
        }
        self.inner.write_op(priority, op).await
    }

    async fn reads(&self) -> Result<Box<dyn Reads + '_>> {
        self.inner.reads().await
    }

    fn on_commit(&self, hook: Arc<dyn CommitHook>) {
        self.inner.on_commit(hook);
    }

    async fn health(&self) -> Result<&'static str> {
        self.inner.health().await
    }
}

fn process(world: &World, store: Arc<dyn Store>) -> Arc<Engine> {
    Engine::new(Parts {
        store,
        clock: Arc::clone(&world.clock) as _,
        ids: Arc::new(More(AtomicI64::new(0))),
        channel: Arc::clone(&world.channel) as _,
        connectors: vec![Arc::new(connectors::shopify::Shopify)],
        vault: Vault::new(&[7; 32]),
        hashers: Hashers::start(|| {}).unwrap(),
        mailer: None,
        chat: Arc::clone(&world.chat) as _,
        public_url: "http://127.0.0.1:3000".to_owned(),
    })
}

/// Ids of another process.
struct More(AtomicI64);

impl engine::port::Ids for More {
    fn uuid(&self, now: domain::Time) -> Uuid {
        let n = u128::from(self.0.fetch_add(1, Ordering::SeqCst).unsigned_abs());
        let ms = u128::from(now.as_ms().unsigned_abs()) & 0xffff_ffff_ffff;
        let salt = u128::from(std::process::id()) & 0xfff;
        let own = std::ptr::from_ref(self) as u128 & 0xffff_ffff;
        Uuid::from_u128(ms << 80 | 0x7 << 76 | salt << 64 | 0b10 << 62 | own << 24 | n)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let n = self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes();
        for (byte, more) in bytes.iter_mut().zip(n.iter().cycle()) {
            *byte = *more;
        }
    }
}

/// Two branches that meet, a decision, a loop, and, in the end, everything taken back.
async fn draw(world: &World) {
    for export_type in ["hold_stock", "release_stock", "make_label"] {
        contract(world, export_type).await;
    }
    let mut hold = step(
        "hold",
        emits("hold_stock", Until::Acknowledged),
        &["inspect"],
    );
    hold.undo = Some(Undo::Export {
        export_type: "release_stock".to_owned(),
    });
    let again = StepKind::Decide {
        branches: vec![Branch {
            key: "again".to_owned(),
            label: "Once more".to_owned(),
            when: is("inspect.again", json!(true)),
        }],
        otherwise: true,
    };
    let mut decide = step("decide", again, &[]);
    decide.exits = vec![exit("again", &["label"]), exit(ELSE, &["last"])];
    let mut last = step("last", asks(&[]), &[]);
    last.clock.resolve_ms = HOUR;
    last.failures = vec![on(ways::LATE, 0, Path::Undo)];
    let steps = vec![
        hold,
        step(
            "label",
            emits("make_label", Until::Acknowledged),
            &["inspect"],
        ),
        step("inspect", asks(&[("again", FieldKind::YesNo)]), &["decide"]),
        decide,
        last,
    ];
    publish(world, flow(world, "all", &["hold", "label"], steps)).await;
}

/// Works until nothing is due, dying as often as the store says so. A job that lost a race is put off for a
/// moment: time goes on until nothing can be waiting for that.
async fn works(world: &World, store: &Arc<dyn Store>, deaths: &mut i64) {
    let mut quiet = 0;
    loop {
        let mortal = Arc::new(Mortal {
            inner: Arc::clone(store),
            left: AtomicI64::new(*deaths),
        });
        let engine = process(world, Arc::clone(&mortal) as _);
        let done = engine.run_due_work().await;
        let left = mortal.left.load(Ordering::SeqCst);
        if left >= 0 && done.is_ok() {
            *deaths = left;
            if quiet == 3 {
                return;
            }
            quiet += 1;
            world.clock.advance_ms(1_000);
            continue;
        }
        // one death is enough; whatever it held comes back when its lease ends
        *deaths = i64::MAX;
        world.clock.advance_ms(61_000);
    }
}

async fn answered(world: &World, id: Uuid, key: &str, again: Option<bool>) {
    let tasks = open_tasks(world, id).await;
    let task = tasks
        .iter()
        .find(|task| task.step.as_ref().is_some_and(|step| step.key == key))
        .unwrap_or_else(|| panic!("nobody is asked for {key}"));
    let answers = again.map(|again| ("again".to_owned(), json!(again)));
    let act = engine::TaskAct::Finish {
        answers: answers.into_iter().collect(),
        note: String::new(),
    };
    let tomas = world.as_person("tomas").await.unwrap();
    world
        .engine
        .act_on_task(&tomas, task.id, act)
        .await
        .unwrap();
}

/// The same story; the process dies before its commit of this number.
async fn story(world: &World, store: &Arc<dyn Store>, death: i64) -> bool {
    let mut left = death;
    let sent_before = world.channel.sent().len();
    let eyes = world.eyes().await.unwrap();
    let input = crate::drawn::parcel(&format!("p-{death}"), None);
    let id = world
        .engine
        .start_flow(&eyes, "all", input)
        .await
        .unwrap()
        .id;
    works(world, store, &mut left).await;
    answered(world, id, "inspect", Some(true)).await;
    works(world, store, &mut left).await;
    answered(world, id, "inspect", Some(false)).await;
    works(world, store, &mut left).await;
    world.clock.advance_ms(HOUR);
    works(world, store, &mut left).await;
    let done = run(world, id).await;
    assert_eq!(done.state, RunState::Failed, "killed at {death}");
    assert_eq!(
        path(world, id).await,
        [
            "hold>done",
            "label>done",
            "inspect>done",
            "decide>again",
            "label>done",
            "inspect>done",
            "decide>else",
            "last>late"
        ],
        "killed at {death}"
    );
    let sent = world.channel.sent().split_off(sent_before);
    let mut keys: Vec<String> = sent
        .iter()
        .map(|one| one.json()["data"]["idempotency_key"].to_string())
        .collect();
    keys.sort();
    keys.dedup();
    // a repeat carries the key it had: four commands, whatever happened
    assert_eq!(keys.len(), 4, "killed at {death}");
    assert!(sent.len() <= 5, "killed at {death}: {}", sent.len());
    let exports = world.exports().await.unwrap();
    let own = exports.iter().filter(|one| one.run_id == id).count();
    assert_eq!(own, 4, "killed at {death}");
    let tasks = world.tasks().await.unwrap();
    let own = tasks.iter().filter(|one| one.run_id == Some(id)).count();
    assert_eq!(own, 3, "killed at {death}");
    left < i64::MAX / 2
}

async fn everywhere(world: World, store: Arc<dyn Store>) {
    draw(&world).await;
    let mut died = 0;
    for death in 0.. {
        if story(&world, &store, death).await {
            break;
        }
        died += 1;
    }
    assert!(died > 20, "{died}");
    // nothing is left over that would do something later
    world.advance(100 * HOUR).await.unwrap();
    let _ = starts(&world, "all", None).await;
}

async fn store_at(url: &str) -> Arc<dyn Store> {
    store::SqlStore::open_and_migrate(url, store::Options::default())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_commit_a_run_ends_the_same_sqlite() {
    let folder = std::env::temp_dir().join(format!("meshline_restarts_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = store_at(&format!("sqlite://{}/world.db", folder.display())).await;
    let world = World::new(Arc::clone(&store), Arc::new(connectors::shopify::Shopify))
        .await
        .unwrap();
    everywhere(world, store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_commit_a_run_ends_the_same_postgres() {
    let Ok(server) = std::env::var("MESHLINE_TEST_POSTGRES_URL") else {
        eprintln!(
            "SKIPPED: set MESHLINE_TEST_POSTGRES_URL to a Postgres that may be filled with test databases"
        );
        return;
    };
    let name = format!("restarts_{}", std::process::id());
    let url = store::testing::fresh_database(&server, &name)
        .await
        .unwrap();
    let store = store_at(&url).await;
    let world = World::new(Arc::clone(&store), Arc::new(connectors::shopify::Shopify))
        .await
        .unwrap();
    everywhere(world, store).await;
}
