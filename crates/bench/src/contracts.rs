//! `contracts`: what an export costs before anybody is asked and anything is sent: its schema and its gates, the hash that
//! approvals bind to, and a person's signature.
//!
//! Like `flows` this looks at the engine from inside: a server would add its database, which `spine` measures. What is called is
//! what the use-cases call: the cache of compiled schemas, the gates, the content hash, the statement that is signed with a
//! key that is opened for it. Only what they look up beforehand (people, goods, other exports) is there already.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use domain::{
    Currency, Money, Time,
    access::Access,
    contract::{ApprovalStep, Contract},
    export::{Export, ExportState, QaStatus, content_hash},
    gate::{Gate, Untold, skus_in},
    overriding::{Statement, Version},
    owner::Party,
    people::Membership,
    sku::{Sku, Told},
};
use engine::{
    Rules, Vault,
    measured::{Gates, Schemas, open_key, seal_key, signed},
    port::Clock,
    template::{self, Making, Purpose, Template, There},
};
use serde_json::{Value, json};
use testkit::{CountedIds, HOUR, World, order};
use uuid::Uuid;

use crate::{
    clock::{self, cpu_ms},
    failure::{Failure, Result, Trying},
    installation::Setting,
    report::{Report, Table},
    samples::{Spread, thousands},
};

const AIM: f64 = 5_000.0;
/// In the catalogue; each export has some of them.
const GOODS: usize = 200;
const EXPORT_TYPE: &str = "fulfillment_request";
const WHY: &str = "The customer called: the third line is a gift and is packed apart.";

#[derive(Args)]
pub struct Options {
    /// How long each part is repeated, in each round
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Different exports, taken in turns
    #[arg(long, default_value_t = 256)]
    exports: usize,
    /// Of each payload, as it is written
    #[arg(long, default_value_t = 10_000)]
    bytes: usize,
}

/// One export, with what was looked up for it.
struct Case {
    export: Export,
    siblings: Vec<Export>,
    skus: BTreeMap<String, Sku>,
}

/// What they have in common.
struct Desk {
    rules: Arc<Rules>,
    contract: Contract,
    steps: Vec<ApprovalStep>,
    schemas: Schemas,
    vault: Vault,
    user: Uuid,
    sealed_key: Vec<u8>,
    now: Time,
}

#[derive(Clone, Copy)]
enum Part {
    Compile,
    Check,
    Hash,
    Sign,
    All,
}

const PARTS: [(Part, &str); 5] = [
    (Part::Compile, "compiling the schema, once for each version"),
    (Part::Check, "schema and gates"),
    (Part::Hash, "content hash"),
    (Part::Sign, "statement and signature"),
    (Part::All, "check, hash and sign"),
];

pub async fn measure(setting: &Setting, options: &Options) -> Result<Report> {
    let (desk, cases) = prepare(setting, options).await?;
    let mut report = Report::begin(
        setting,
        format!(
            "cargo xtask bench contracts --seconds {} --rounds {} --exports {} --bytes {}",
            options.seconds, options.rounds, options.exports, options.bytes
        ),
    )?;
    desk.must_tell_apart(&cases).await?;
    let bytes: usize = cases
        .iter()
        .map(|case| case.export.payload.to_string().len())
        .sum();
    let lines = cases[0].export.payload["lines"]
        .as_array()
        .map_or(0, Vec::len);
    report.say(format!(
        "{} fulfillment requests of {} bytes and {lines} lines each, in turns, by one thread on one core: the schema of the template, its \
         five standing gates, five rules ({}) and two limits of age. Nothing is kept: no database takes part. Median of the rounds, \
         least and greatest in brackets. Aim: at least {} of them a second.",
        cases.len(),
        thousands(bytes as f64 / cases.len() as f64, 0),
        desk.contract.gates.iter().map(Gate::name).collect::<Vec<_>>().join(", "),
        thousands(AIM, 0),
    ));
    let mut table = Table::new(&["what", "µs", "per second", "CPU-µs", "aim"]);
    for (part, what) in PARTS {
        eprintln!("{what}");
        let (mut us, mut rate, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let (each, cpu_us) = desk
                .repeat(part, &cases, Duration::from_secs(options.seconds))
                .await?;
            us.push(each);
            rate.push(1e6 / each);
            cpu.push(cpu_us);
        }
        let aim = match part {
            Part::All => format!("≥ {}", thousands(AIM, 0)),
            _ => String::new(),
        };
        table.row([
            what.to_owned(),
            Spread::of(us).text(1),
            Spread::of(rate).text(0),
            Spread::of(cpu).text(1),
            aim,
        ]);
    }
    report.show(table);
    Ok(report)
}

impl Desk {
    /// Microseconds for each, by the clock and of the processor.
    async fn repeat(&self, part: Part, cases: &[Case], long: Duration) -> Result<(f64, f64)> {
        let (begun, cpu) = (clock::now(), cpu_ms()?);
        let mut done = 0_u64;
        let mut took = Duration::ZERO;
        while took < long {
            for case in cases {
                self.once(part, case).await?;
                done += 1;
            }
            took = Instant::elapsed(&begun);
        }
        let cpu_us = (cpu_ms()? - cpu) as f64 * 1000.0;
        Ok((took.as_secs_f64() * 1e6 / done as f64, cpu_us / done as f64))
    }

    async fn once(&self, part: Part, case: &Case) -> Result<()> {
        match part {
            Part::Compile => {
                let fresh = Schemas::default();
                keep(fresh.of(&self.contract).await.trying("compile")?);
            }
            Part::Check => keep(self.faults(&case.export, case).await?),
            Part::Hash => keep(self.hash(&case.export)),
            Part::Sign => keep(self.sign(&case.export, &case.export.content_hash)?),
            Part::All => {
                if self.faults(&case.export, case).await?.is_some() {
                    return Err(Failure::new("an export that passed does not pass now"));
                }
                let hash = self.hash(&case.export);
                keep(self.sign(&case.export, &hash)?);
            }
        }
        Ok(())
    }

    /// What its schema and its gates say against it.
    async fn faults(&self, export: &Export, case: &Case) -> Result<Option<String>> {
        let validator = self.schemas.of(&self.contract).await.trying("compile")?;
        // as the engine does before it looks the goods up
        keep(skus_in(&export.payload));
        let gates = Gates {
            contract: &self.contract,
            validator: &validator,
            rules: &self.rules,
            steps: &self.steps,
            siblings: &case.siblings,
            skus: &case.skus,
            doubts: &[],
            now: self.now,
        };
        let (answers, fresh) = gates.check(export);
        keep(fresh);
        Ok(answers
            .into_iter()
            .find(|one| one.status == QaStatus::Failed)
            .map(|one| format!("{}: {}", one.check, one.detail.unwrap_or_default())))
    }

    fn hash(&self, export: &Export) -> String {
        content_hash(
            &export.payload,
            export.contract_id,
            &export.contract_version,
            None,
        )
    }

    fn sign(&self, export: &Export, hash: &str) -> Result<Value> {
        let key = open_key(&self.vault, self.user, &self.sealed_key).trying("open a key")?;
        let statement = Statement {
            merchant_id: export.merchant_id,
            from: Version {
                export_id: export.id,
                version: export.version,
                content_hash: &export.content_hash,
            },
            to: Version {
                export_id: export.id,
                version: export.version + 1,
                content_hash: hash,
            },
            justification: WHY,
            user_id: self.user,
            at: self.now,
        };
        Ok(signed(&key, &statement))
    }

    /// Something is really checked, hashed and signed, or the figures are of nothing.
    async fn must_tell_apart(&self, cases: &[Case]) -> Result<()> {
        for case in cases {
            if let Some(fault) = self.faults(&case.export, case).await? {
                return Err(Failure::new(format!("an export does not pass: {fault}")));
            }
        }
        let case = &cases[0];
        let lines = |field: &str, value: Value| {
            let mut export = case.export.clone();
            export.payload["lines"][7][field] = value;
            export
        };
        let dear = json!({ "amount_minor": 99_999_900, "currency": "USD" });
        for (check, wrong) in [
            ("schema", lines("quantity", json!(0))),
            ("sku_known", lines("sku", json!("AP-NOBODY"))),
            ("price_within", lines("unit_price", dear)),
            ("stock_at_least", lines("quantity", json!(5_000))),
        ] {
            let fault = self.faults(&wrong, case).await?.unwrap_or_default();
            if !fault.starts_with(check) {
                return Err(Failure::new(format!(
                    "{check} should have refused, and this was said: {fault:?}"
                )));
            }
            if self.hash(&wrong) == self.hash(&case.export) {
                return Err(Failure::new("two payloads have the same hash"));
            }
        }
        Ok(())
    }
}

/// The compiler must not find out that nobody looks at it.
fn keep<T>(made: T) {
    drop(std::hint::black_box(made));
}

async fn prepare(setting: &Setting, options: &Options) -> Result<(Desk, Vec<Case>)> {
    if options.exports == 0 || options.rounds == 0 {
        return Err(Failure::new("at least one export and one round are needed"));
    }
    let folder = setting.fresh("contracts")?;
    let url = format!("sqlite://{}/contracts.db", folder.display());
    let store = store::SqlStore::open_and_migrate(&url, store::Options::default())
        .await
        .trying("open a database")?;
    let world = World::new(store, Arc::new(connectors::shopify::Shopify))
        .await
        .trying("found an agency")?;
    let (contract, user) = contract(&world).await?;
    world.receives(&order(1)).await.trying("send an order")?;
    let sample = world.the_export().await.trying("make an export")?;
    let rules = world
        .engine
        .rules_of(world.merchant.id)
        .await
        .trying("read the rules")?;
    let steps = contract
        .approval
        .first()
        .map(|rule| rule.steps.clone())
        .unwrap_or_default();
    let vault = Vault::new(&[7; 32]);
    let sealed_key =
        seal_key(&vault, &CountedIds::default(), user, &[9; 32]).trying("seal a key")?;
    let now = world.clock.now();
    let goods: Vec<Sku> = (0..GOODS).map(|n| good(n, &world, now)).collect();
    let cases = (0..options.exports)
        .map(|n| case(n, options.bytes, (&sample, &contract), &goods))
        .collect();
    let desk = Desk {
        rules,
        contract,
        steps,
        schemas: Schemas::default(),
        vault,
        user,
        sealed_key,
        now,
    };
    Ok((desk, cases))
}

/// That of the template, with every rule that an order can have; and somebody who answers for all its roles.
async fn contract(world: &World) -> Result<(Contract, Uuid)> {
    let there = There {
        key: "harbor-3pl".to_owned(),
        name: "Harbor 3PL".to_owned(),
        system: "3pl".to_owned(),
    };
    let making = Making {
        merchant_id: world.merchant.id,
        now: world.clock.now(),
        ids: std::array::from_fn(|n| Uuid::from_u128(0xc0 + n as u128)),
        source_system: "shopify".to_owned(),
        destinations: BTreeMap::from([(Purpose::Warehouse, there)]),
        ..Making::default()
    };
    let (contracts, flow) = Template::OrderToShip.make(&making);
    let roles = template::roles(&contracts, &flow).into_iter().collect();
    let mut contract = contracts
        .into_iter()
        .find(|one| one.export_type == EXPORT_TYPE)
        .ok_or_else(|| Failure::new("the template has another contract"))?;
    let skus = || "/lines/*/sku".to_owned();
    contract.gates = vec![
        Gate::SkuKnown { at: skus() },
        Gate::StockAtLeast {
            at: skus(),
            units: 1,
            untold: Untold::Refused,
        },
        Gate::PriceWithin {
            at: "/lines/*/unit_price".to_owned(),
            below_percent: 20,
            above_percent: 20,
        },
        Gate::NotOnHold,
        Gate::OnlyOne {
            intents: vec!["cancel_order".to_owned()],
        },
    ];
    contract.refresh = ["price", "stock"].map(|one| (one.to_owned(), HOUR)).into();
    let user = world
        .engine
        .create_user("all@northbeam.example", "All Roles", "correct horse")
        .await
        .trying("add a person")?;
    let place = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access: Access::Approver,
        party: Party::Agency,
        functional_roles: roles,
        rotations: Vec::new(),
    };
    world
        .engine
        .add_member(place)
        .await
        .trying("add a person")?;
    Ok((contract, user.id))
}

fn price(n: usize) -> Money {
    Money::new(1_900 + 37 * i64::try_from(n).unwrap_or(0), Currency::USD)
}

fn good(n: usize, world: &World, at: Time) -> Sku {
    let mut sku = Sku::new(
        Uuid::from_u128(0xd000 + n as u128),
        world.merchant.id,
        &format!("AP-{n:05}"),
    );
    sku.title = Some(format!("Reading lamp, model {n}"));
    sku.price = Some(Told { is: price(n), at });
    sku.stock = Some(Told { is: 900, at });
    sku
}

/// As the engine made one of a smaller order, with as many lines as it takes.
fn case(n: usize, bytes: usize, (sample, contract): (&Export, &Contract), goods: &[Sku]) -> Case {
    let mut payload = json!({
        "order_ref": (7_300_000_000_000 + n).to_string(),
        "order_name": format!("#{}", 10_000 + n),
        "placed_at": "2026-11-20T08:59:00.000Z",
        "ship_to": {
            "name": "Nora Lindqvist", "company": null, "address1": "118 Alder Street", "address2": "Apt 4",
            "city": "Portland", "province": "OR", "postal_code": "97205", "country": "United States",
            "country_code": "US", "phone": "+1 503 555 0134",
        },
        "total": { "amount_minor": 61_200, "currency": "USD" },
        "note": "Ring twice, please: the bell is quiet.",
        "lines": [],
    });
    let mut lines = Vec::new();
    let mut length = payload.to_string().len();
    while length < bytes {
        let at = (n * 7 + lines.len() * 3) % goods.len();
        let line = json!({
            "line_id": format!("{}", 13_770_000 + lines.len()), "sku": goods[at].sku,
            "title": goods[at].title, "variant": "Brass", "quantity": 1 + (n + lines.len()) % 4,
            "unit_price": { "amount_minor": price(at).minor, "currency": "USD" },
        });
        length += line.to_string().len() + 1;
        lines.push(line);
    }
    payload["lines"] = lines.into();
    let named = skus_in(&payload);
    let skus = goods
        .iter()
        .filter(|good| named.contains(&good.sku))
        .map(|good| (good.sku.clone(), good.clone()))
        .collect();
    let export = Export {
        id: Uuid::from_u128(0xe000 + n as u128),
        contract_id: contract.id,
        contract_version: contract.version.clone(),
        content_hash: content_hash(&payload, contract.id, &contract.version, None),
        idempotency_key: format!("mlx_{n:040}"),
        intent: contract.intent.clone(),
        owner: contract.owner.clone(),
        backup: contract.backup.clone(),
        payload,
        qa: Vec::new(),
        ..sample.clone()
    };
    let before = Export {
        id: Uuid::from_u128(0xf000 + n as u128),
        export_type: "routing_decision".to_owned(),
        intent: "route_order".to_owned(),
        state: ExportState::Completed,
        ..sample.clone()
    };
    Case {
        export,
        siblings: vec![before],
        skus,
    }
}
