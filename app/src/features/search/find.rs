//! Looking: by exact id first, then in every list.

use domain::{access::Noun, export::Export, people::Merchant, receipt::Receipt, task::Task};
use engine::{
    Ctx, Engine, Error, Kind, Result,
    port::{ListFilter, OrderRow},
};
use uuid::Uuid;

use crate::{shell::named_entries, web::Visit};

/// Shown of each noun; one more tells that there are others.
pub(super) const EACH: usize = 8;

#[derive(Default)]
pub(super) struct Found {
    pub orders: Vec<OrderRow>,
    pub receipts: Vec<Receipt>,
    pub exports: Vec<Export>,
    pub tasks: Vec<Task>,
}

impl Found {
    pub fn count(&self) -> usize {
        self.orders.len() + self.receipts.len() + self.exports.len() + self.tasks.len()
    }
}

/// Missing is an answer here, not a failure.
fn there<T>(found: Result<T>) -> Result<bool> {
    match found {
        Ok(_) => Ok(true),
        Err(Error {
            kind: Kind::NotFound,
            ..
        }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The page of the one thing with this id, whatever it is.
pub(super) async fn by_id(at: &Visit, id: Uuid) -> Result<Option<String>> {
    let (engine, ctx) = (at.engine(), &at.ctx);
    let list = if there(engine.order_chain(ctx, id).await)? {
        "orders"
    } else if there(engine.receipt_chain(ctx, id).await)? {
        "receipts"
    } else if there(engine.export_chain(ctx, id).await)? {
        "exports"
    } else if there(engine.task(ctx, id).await)? {
        "tasks"
    } else if there(engine.approval(ctx, id).await)? {
        "approvals"
    } else if there(engine.contract(ctx, id).await)? {
        "contracts"
    } else if there(engine.flow(ctx, id).await)? {
        "flows"
    } else if ctx.reads(Noun::Connection)
        && (at.rules.source(id).is_some() || at.rules.destinations.iter().any(|one| one.id == id))
    {
        "connections"
    } else {
        return Ok(None);
    };
    Ok(Some(at.path(&format!("{list}/{id}"))))
}

/// Another merchant of this person, and what fits there.
pub(super) struct Elsewhere {
    pub merchant: Merchant,
    pub found: Found,
}

/// Looked at when nothing here fits; whoever has more merchants names the one they mean.
const OTHERS: usize = 40;

/// What fits at the other merchants that this person reaches.
pub(super) async fn elsewhere(at: &Visit, words: &str) -> Result<Vec<Elsewhere>> {
    let (engine, here) = (at.engine(), at.ctx.merchant_id());
    let person = &at.desk.person;
    let others = person.places.iter().map(|(merchant, _)| merchant);
    let mut all = Vec::new();
    for merchant in others.filter(|one| one.id != here).take(OTHERS) {
        let ctx = engine.enter(person.user.id, &merchant.slug, None).await?;
        let found = by_words(engine, &ctx, words).await?;
        if found.count() > 0 {
            all.push(Elsewhere {
                merchant: merchant.clone(),
                found,
            });
        }
    }
    Ok(all)
}

/// Pages of this merchant that are called so.
pub(super) fn pages(at: &Visit, words: &str) -> Vec<(&'static str, &'static str)> {
    let words = words.to_lowercase();
    let closed = at.closed();
    named_entries()
        .filter(|(key, label)| !closed.contains(key) && label.to_lowercase().contains(&words))
        .collect()
}

pub(super) async fn by_words(engine: &Engine, ctx: &Ctx, words: &str) -> Result<Found> {
    let filter = ListFilter {
        query: Some(words.to_owned()),
        limit: EACH as i64 + 1,
        ..ListFilter::default()
    };
    Ok(Found {
        orders: if ctx.reads(Noun::Order) {
            engine.orders(ctx, &filter).await?
        } else {
            Vec::new()
        },
        receipts: if ctx.reads(Noun::Receipt) {
            engine.receipts(ctx, &filter).await?
        } else {
            Vec::new()
        },
        exports: engine.exports(ctx, &filter).await?,
        tasks: engine.tasks(ctx, &filter).await?,
    })
}

/// The one order that is called exactly so, with or without its `#`.
pub(super) fn by_name<'f>(found: &'f Found, words: &str) -> Option<&'f OrderRow> {
    let bare = |name: &str| name.trim_start_matches('#').to_lowercase();
    let mut named = found
        .orders
        .iter()
        .filter(|row| bare(&row.order.name) == bare(words) || row.order.external_id == words);
    named.next().filter(|_| named.next().is_none())
}
