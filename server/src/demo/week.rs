//! The demo's last seven days: orders come in, people decide and put right what went wrong, destinations
//! report what they have done. Of all that nothing is left open; what came in during the last minutes is.
//!
//! Everything goes through the use-cases, as these people and destinations, at the time the clock shows;
//! and the clock only goes on, so entries of the trail stand in the order of their times. Between two
//! looks the engine works off what became due in the meantime, each at its own moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use connectors::shopify;
use domain::{
    Time,
    access::Action,
    approval::{ApprovalState, Decision},
    delivery::AckStatus,
    export::ExportState,
    owner::Owner,
    people::Merchant,
    task::TaskState,
};
use engine::{Ack, Ctx, Door, Engine, Kind, TaskAct, port::ListFilter};
use serde_json::Value;
use uuid::Uuid;

use super::{
    shop::{self, Dice, Story},
    stage::HandClock,
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
pub const DAYS: i64 = 7;
/// People look at what waits for them this often.
const LOOK: i64 = HOUR;
/// And so long after something new came in.
const AFTER_NEWS: i64 = 9 * MINUTE;
/// The last order comes in so long before now, that all of it is done by then.
const QUIET: i64 = 6 * HOUR;

/// What comes in so long before now, to which merchant: nobody has looked at it yet.
const JUST_NOW: [(i64, usize, Story); 5] = [
    (11 * MINUTE, 2, Story::Plain),
    (9 * MINUTE, 1, Story::Dear),
    (7 * MINUTE, 0, Story::Miscounted),
    (5 * MINUTE, 1, Story::Plain),
    (2 * MINUTE, 0, Story::Dear),
];

/// What is done once this is done has left the warehouse.
const SHIPS: &str = "fulfillment_request";

/// One merchant of the demo, with the way in for its storefront.
pub struct Shop {
    pub merchant: Merchant,
    pub door: Arc<Door>,
    pub secret: String,
    /// Orders a day.
    pub orders: usize,
}

pub struct Week<'w> {
    pub engine: &'w Arc<Engine>,
    pub clock: &'w HandClock,
    pub ends: Time,
    /// Whether orders of the last minutes wait for whoever looks first.
    pub leaves_open: bool,
    pub shops: &'w [Shop],
    /// What storefronts sent, by the order's id there, until it is shipped.
    pub sent: Mutex<HashMap<String, Value>>,
}

struct Coming {
    at: Time,
    shop: usize,
    n: u64,
    story: Story,
}

impl Week<'_> {
    pub async fn pass(&self) -> engine::Result<()> {
        let begins = self.ends.plus_ms(-DAYS * DAY);
        let mut dice = Dice::new(0x4d65_7368_6c69_6e65);
        let coming = self.coming(begins, &mut dice);
        let mut next = coming.iter().peekable();
        let mut look = begins.plus_ms(LOOK);
        while look < self.ends {
            while let Some(one) = next.next_if(|one| one.at <= look) {
                self.work_until(one.at).await?;
                self.receive(one, &mut dice).await?;
                self.work_until(self.engine.now().plus_ms(AFTER_NEWS))
                    .await?;
                self.people().await?;
            }
            self.work_until(look).await?;
            if is_day(look) || look > self.ends.plus_ms(-QUIET) {
                self.people().await?;
            }
            self.destinations().await?;
            look = look.plus_ms(LOOK);
        }
        for one in next {
            self.work_until(one.at).await?;
            self.receive(one, &mut dice).await?;
        }
        self.work_until(self.ends).await
    }

    /// When which order comes in, the first one first: customers order by day.
    fn coming(&self, begins: Time, dice: &mut Dice) -> Vec<Coming> {
        let mut all = Vec::new();
        for (shop, one) in self.shops.iter().enumerate() {
            for day in 0..=DAYS {
                for _ in 0..one.orders {
                    let minute = i64::try_from(7 * 60 + dice.below(14 * 60)).unwrap_or_default();
                    let midnight = begins.plus_ms(-begins.as_ms().rem_euclid(DAY));
                    let at = midnight.plus_ms(day * DAY + minute * MINUTE + 17_000);
                    if at > begins && at < self.ends.plus_ms(-QUIET) {
                        all.push((at, shop));
                    }
                }
            }
        }
        all.sort_unstable();
        let week = all.into_iter().enumerate().map(|(index, (at, shop))| {
            let story = match index % 19 {
                7 => Story::OutOfStock,
                13 => Story::Unreachable,
                _ => Story::Plain,
            };
            (at, shop, story)
        });
        let just_now = JUST_NOW.into_iter().filter(|_| self.leaves_open);
        let just_now = just_now.map(|(ago, shop, story)| (self.ends.plus_ms(-ago), shop, story));
        let mut numbers = [2_214_u64, 1_080, 4_431];
        week.chain(just_now)
            .map(|(at, shop, story)| {
                let number = &mut numbers[shop % 3];
                *number += 1;
                Coming {
                    at,
                    shop,
                    n: *number,
                    story,
                }
            })
            .collect()
    }

    /// Works off what becomes due until then, each thing when it is due.
    async fn work_until(&self, until: Time) -> engine::Result<()> {
        loop {
            let due = self.engine.store().reads().await?.next_job_at().await?;
            match due.filter(|due| *due <= until) {
                Some(due) => {
                    self.clock.move_to(due);
                    if self.engine.run_due_work().await? == 0 {
                        break;
                    }
                }
                None => break,
            }
        }
        self.clock.move_to(until);
        Ok(())
    }

    async fn receive(&self, one: &Coming, dice: &mut Dice) -> engine::Result<()> {
        let shop = &self.shops[one.shop];
        let slug = &shop.merchant.slug;
        let order = shop::order(slug, one.n, one.at.plus_ms(-9_000), one.story, dice);
        self.post(shop, "orders/create", one.n, &order).await?;
        if let Ok(mut sent) = self.sent.lock() {
            sent.insert(order["id"].to_string(), order);
        }
        Ok(())
    }

    /// The storefront hears from the warehouse that an order has left, and tells it on.
    async fn ship(&self, shop: &Shop, eyes: &Ctx, order: Uuid) -> engine::Result<()> {
        let row = self.engine.order_chain(eyes, order).await?.order;
        let key = row.map(|row| row.order.external_id).unwrap_or_default();
        let sent = self.sent.lock().ok().and_then(|mut all| all.remove(&key));
        let Some(mut order) = sent else {
            return Ok(());
        };
        shop::ship(&mut order, self.engine.now());
        let number = order["order_number"].as_u64().unwrap_or_default();
        self.post(shop, "orders/fulfilled", number, &order).await
    }

    async fn post(&self, shop: &Shop, topic: &str, n: u64, order: &Value) -> engine::Result<()> {
        let (slug, body) = (&shop.merchant.slug, order.to_string());
        let host = format!("{slug}.myshopify.com");
        let id = format!("{slug}-{n}-{}", topic.trim_start_matches("orders/"));
        let secret = shop.secret.as_bytes();
        let headers: Vec<(String, String)> =
            shopify::headers(topic, &host, &id, secret, body.as_bytes())
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
        self.engine
            .receive(&shop.door, &headers, body.into(), None)
            .await?;
        self.engine.run_due_work().await?;
        Ok(())
    }

    /// Everybody looks at what waits for them, and does it.
    async fn people(&self) -> engine::Result<()> {
        for shop in self.shops {
            let eyes = self.engine.enter_as_system(shop.merchant.id).await?;
            self.decide(&eyes).await?;
            self.put_right(&eyes).await?;
        }
        self.engine.run_due_work().await?;
        Ok(())
    }

    async fn decide(&self, eyes: &Ctx) -> engine::Result<()> {
        let open = ListFilter {
            state: Some(ApprovalState::Pending.as_str().to_owned()),
            ..all()
        };
        for (approval, export) in self.engine.approvals(eyes, &open).await? {
            if !approval.state.is_open() || approval.asked_at.is_none() {
                continue;
            }
            let Some(ctx) = self
                .one_of(eyes, &approval.owner, Action::Decide, |user| {
                    approval.is_written_by(user)
                })
                .await?
            else {
                continue;
            };
            let decision = Decision {
                approve: true,
                note: None,
                seen_hash: export.content_hash.clone(),
                step: None,
            };
            or_later(self.engine.decide(&ctx, export.id, decision).await)?;
        }
        Ok(())
    }

    /// A task is taken at one look and resolved at the next.
    async fn put_right(&self, eyes: &Ctx) -> engine::Result<()> {
        for task in self.engine.tasks(eyes, &all()).await? {
            if task.state.is_over() {
                continue;
            }
            let owner = task.assignee.map_or(task.owner.clone(), Owner::User);
            let Some(ctx) = self
                .one_of(eyes, &owner, Action::WorkTasks, |_| false)
                .await?
            else {
                continue;
            };
            let act = if task.state == TaskState::Open {
                TaskAct::Claim
            } else {
                TaskAct::Resolve {
                    note: resolved_with(&task.code).to_owned(),
                }
            };
            or_later(self.engine.act_on_task(&ctx, task.id, act).await)?;
        }
        Ok(())
    }

    /// Somebody whom this owner names, signed in a moment ago.
    async fn one_of(
        &self,
        eyes: &Ctx,
        owner: &Owner,
        action: Action,
        not: impl Fn(Uuid) -> bool,
    ) -> engine::Result<Option<Ctx>> {
        let rules = self.engine.rules_of(eyes.merchant_id()).await?;
        for user in rules.people(owner) {
            if not(user.id) {
                continue;
            }
            let ctx = self
                .engine
                .enter(user.id, &eyes.merchant().slug, None)
                .await?;
            if ctx.may(action) {
                let now = ctx.now();
                return Ok(Some(ctx.proved(Some(now))));
            }
        }
        Ok(None)
    }

    /// What was accepted a while ago is reported done.
    async fn destinations(&self) -> engine::Result<()> {
        for shop in self.shops {
            let eyes = self.engine.enter_as_system(shop.merchant.id).await?;
            let accepted = ListFilter {
                state: Some(ExportState::Acknowledged.as_str().to_owned()),
                ..all()
            };
            let rules = self.engine.rules_of(shop.merchant.id).await?;
            let completes: HashMap<&str, bool> = rules
                .contracts
                .iter()
                .map(|one| {
                    let completes = one.ack.completed_within_ms.is_some();
                    (one.export_type.as_str(), completes)
                })
                .collect();
            for export in self.engine.exports(&eyes, &accepted).await? {
                let since = export.ack.acknowledged_at.unwrap_or(export.created_at);
                let long = 2 * HOUR + i64::from(export.id.as_bytes()[15]) * 6 * MINUTE;
                let is_last = eyes.now() > self.ends.plus_ms(-QUIET + 2 * HOUR);
                let is_done = eyes.now().since_ms(since) >= long || is_last;
                if !is_done
                    || !completes
                        .get(export.export_type.as_str())
                        .is_some_and(|one| *one)
                {
                    continue;
                }
                let ctx = self
                    .engine
                    .enter_as_destination(shop.merchant.id, export.destination_id, None)
                    .await?;
                let ack = Ack {
                    status: AckStatus::Completed,
                    exception_code: None,
                    exception_metadata: None,
                    external_ref: export.ack.external_ref.clone(),
                };
                self.engine.acknowledge(&ctx, export.id, ack).await?;
                if export.export_type == SHIPS {
                    self.ship(shop, &eyes, export.subject_id).await?;
                }
            }
        }
        self.engine.run_due_work().await?;
        Ok(())
    }
}

/// What somebody may not do just now, or what was done meanwhile, waits for the next look.
fn or_later<T>(done: engine::Result<T>) -> engine::Result<()> {
    match done {
        Err(error) if matches!(error.kind, Kind::Conflict | Kind::Invalid | Kind::Forbidden) => {
            Ok(())
        }
        done => done.map(|_| ()),
    }
}

fn all() -> ListFilter {
    ListFilter {
        limit: 200,
        ..ListFilter::default()
    }
}

/// People work from six to ten at night; somebody is always early, and somebody late.
fn is_day(at: Time) -> bool {
    let hour = at.as_ms().rem_euclid(DAY) / HOUR;
    (6..22).contains(&hour)
}

fn resolved_with(code: &str) -> &'static str {
    match code {
        "insufficient_inventory" => "Recount done: four were on the wrong shelf. Sent again.",
        "approval_timeout" => "Was in a meeting; decided now.",
        "retries_exhausted" => "Their system was restarted. Sent again.",
        _ => "Cleared up by phone.",
    }
}
