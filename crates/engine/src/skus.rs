//! What is known of the goods: told by storefronts in their events, and by programs through the API.
//!
//! When a stock or a price changes, what was held back for want of it is looked at again, by a job: one for each
//! change that names the SKU, so that the sender waits for nothing.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Currency, Money, Time,
    access::{Action, Noun},
    event::EventKind,
    gate::gtin_fault,
    receipt::{Receipt, ReceiptStatus, WAITS_FOR_ITEM},
    sku::{LONGEST, Sku, SkuFact},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    job::JobKind,
    port::{EventRow, ListFilter, StoreExt},
    work::Work,
};

/// Most SKUs of one call.
pub const MOST: usize = 500;

/// What a program says about one SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkuInput {
    pub sku: String,
    pub title: Option<String>,
    pub price: Option<Money>,
    pub available: Option<i64>,
    pub location: Option<String>,
    pub gtin: Option<String>,
    /// When it was true; now, if nothing is said.
    pub as_of: Option<Time>,
}

impl Engine {
    /// Takes in what is known of some goods. Answers with each as it is known now.
    pub async fn tell_skus(self: &Arc<Self>, ctx: &Ctx, inputs: Vec<SkuInput>) -> Result<Vec<Sku>> {
        ctx.require(Action::Control)?;
        let facts = read(inputs, ctx.now())?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let mut known = Vec::with_capacity(facts.len());
                    for (fact, at) in &facts {
                        known.extend(work.hear_of_goods(fact, *at, None).await?);
                    }
                    Ok(known)
                })
            })
            .await
    }

    /// By name, those after `after`.
    pub async fn skus(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<Sku>> {
        ctx.read(Noun::Order)?;
        let mut reads = self.store.reads().await?;
        reads.skus(ctx.merchant_id(), after, limit).await
    }

    pub async fn sku(&self, ctx: &Ctx, sku: &str) -> Result<Sku> {
        ctx.read(Noun::Order)?;
        let found = self
            .store
            .reads()
            .await?
            .sku(ctx.merchant_id(), sku)
            .await?;
        found.ok_or_else(|| Error::not_found("SKU"))
    }
}

fn read(inputs: Vec<SkuInput>, now: Time) -> Result<Vec<(SkuFact, Time)>> {
    let mut faults = Vec::new();
    if inputs.is_empty() || inputs.len() > MOST {
        faults.push(FieldError {
            field: "items".to_owned(),
            sentence: format!("Tell of between 1 and {MOST} SKUs at once."),
        });
    }
    let mut facts = Vec::with_capacity(inputs.len());
    for (n, input) in inputs.into_iter().take(MOST).enumerate() {
        let mut wrong = |field: &str, sentence: String| {
            faults.push(FieldError {
                field: format!("items/{n}/{field}"),
                sentence,
            });
        };
        let sku = input.sku.trim().to_owned();
        if sku.is_empty() || sku.chars().count() > LONGEST {
            wrong("sku", format!("A code of 1 to {LONGEST} characters."));
        }
        for (field, text) in [("title", &input.title), ("location", &input.location)] {
            let length = text.as_ref().map_or(1, |text| text.trim().chars().count());
            if length == 0 || length > LONGEST {
                wrong(
                    field,
                    format!("At most {LONGEST} characters, or nothing at all."),
                );
            }
        }
        if input.price.is_some_and(|price| price.minor < 0) {
            wrong("price", "An amount of 0 or more.".to_owned());
        }
        if let Some((says, accepts)) = input.gtin.as_deref().and_then(gtin_fault) {
            wrong("gtin", format!("{says}; accepted: {accepts}."));
        }
        if input.location.is_some() && input.available.is_none() {
            wrong(
                "available",
                "How many there are at this location.".to_owned(),
            );
        }
        let at = input.as_of.unwrap_or(now);
        if at > now {
            wrong("as_of", format!("A time that is not after {now}."));
        }
        let place = input.location.map(|place| place.trim().to_owned());
        let fact = SkuFact {
            sku,
            title: input.title,
            price: input.price,
            gtin: input.gtin,
            stock: input.available.map(|units| (place, units)),
            ..SkuFact::default()
        };
        facts.push((fact, at));
    }
    if faults.is_empty() {
        Ok(facts)
    } else {
        Err(Error::invalid_fields(faults))
    }
}

/// What a receipt waits for that names an item only. No order is called like this.
fn item_ref(item: &str) -> String {
    format!("{WAITS_FOR_ITEM}{item}")
}

impl Work<'_> {
    /// What a receipt tells of goods. A stock level of an item that no product has named yet waits for it, as
    /// what is about an order waits for the order.
    pub async fn take_in_goods(
        &mut self,
        receipt: &Receipt,
        facts: Vec<(SkuFact, Time)>,
    ) -> Result<()> {
        let merchant = receipt.merchant_id;
        let (mut told, mut unknown) = (Vec::new(), None);
        let bare = facts.iter().any(|(fact, _)| fact.bare_price.is_some());
        let currency = if bare {
            self.newest_currency().await?
        } else {
            None
        };
        for (mut fact, at) in facts {
            self.price(&mut fact, currency).await?;
            let item = fact.item_ref.as_deref().map(item_ref);
            match self.hear_of_goods(&fact, at, Some(receipt.id)).await? {
                None => unknown = item,
                Some(sku) => {
                    told.push(sku.sku);
                    if let Some(item) = item.filter(|_| !fact.sku.is_empty()) {
                        self.wake_levels(receipt.source_id, &item).await?;
                    }
                }
            }
        }
        if let Some(item) = unknown {
            let unmatched = ReceiptStatus::Unmatched;
            self.tx
                .set_receipt_status(merchant, receipt.id, unmatched, Some(&item), None)
                .await?;
            let why = json!({ "order_ref": item, "why": "no product has named this item yet" });
            self.note("receipt.unmatched", "receipt", receipt.id, why);
            return Ok(());
        }
        self.tx
            .set_receipt_status(merchant, receipt.id, ReceiptStatus::Processed, None, None)
            .await?;
        self.note(
            "receipt.processed",
            "receipt",
            receipt.id,
            json!({ "skus": told }),
        );
        Ok(())
    }

    /// Levels that came before the product are read once more, now that it is known what they are of.
    async fn wake_levels(&mut self, source: Uuid, item: &str) -> Result<()> {
        let waiting = self
            .tx
            .waiting_receipts(self.merchant_id(), source, item)
            .await?;
        for receipt in waiting {
            self.arm(JobKind::ProcessReceipt, receipt, self.now).await?;
        }
        Ok(())
    }

    /// That of the newest order.
    async fn newest_currency(&mut self) -> Result<Option<Currency>> {
        let newest = ListFilter {
            limit: 1,
            ..ListFilter::default()
        };
        let orders = self.tx.orders(self.merchant_id(), &newest).await?;
        Ok(orders.first().map(|row| row.order.currency))
    }

    /// Storefronts name no currency beside the prices of their products. It is the one that this SKU's price
    /// had, else the other; where there is neither, no price is known.
    async fn price(&mut self, fact: &mut SkuFact, otherwise: Option<Currency>) -> Result<()> {
        let Some(bare) = fact.bare_price.take() else {
            return Ok(());
        };
        let known = self.tx.sku(self.merchant_id(), &fact.sku).await?;
        let priced = known.and_then(|sku| sku.price);
        let currency = priced.map(|price| price.is.currency).or(otherwise);
        fact.price = currency.and_then(|currency| Money::parse(&bare, currency).ok());
        Ok(())
    }

    /// Takes in one piece of news. `None`: it names an item that no product was told for yet.
    ///
    /// A level and the product that names its item may be read in the same moment, each before the other is
    /// there to be seen. So whoever finds the item unknown, and whoever makes it known, holds it until all of
    /// theirs is written: the second one sees what the first one did.
    pub async fn hear_of_goods(
        &mut self,
        fact: &SkuFact,
        at: Time,
        receipt: Option<Uuid>,
    ) -> Result<Option<Sku>> {
        let merchant = self.merchant_id();
        let known = if fact.sku.is_empty() {
            let item = fact.item_ref.as_deref().unwrap_or_default();
            match self.tx.sku_by_item(merchant, item).await? {
                None => {
                    self.tx.lock_item(merchant, item).await?;
                    self.tx.sku_by_item(merchant, item).await?
                }
                known => known,
            }
        } else {
            let known = self.tx.sku(merchant, &fact.sku).await?;
            if let Some(item) = &fact.item_ref
                && known.as_ref().and_then(|one| one.item_ref.as_ref()) != Some(item)
            {
                self.tx.lock_item(merchant, item).await?;
            }
            Some(known.unwrap_or_else(|| Sku::new(self.uuid(), merchant, &fact.sku)))
        };
        let Some(mut sku) = known else {
            return Ok(None);
        };
        let before = sku.clone();
        let changed = sku.hear(fact, at);
        if !changed.anything() && sku.rev > 0 {
            return Ok(Some(sku));
        }
        self.tx.save_sku(&sku, self.now).await?;
        sku.rev += 1;
        let stock = |sku: &Sku| sku.available().map(|told| told.is);
        self.note(
            "sku.told",
            "sku",
            sku.id,
            json!({
                "sku": sku.sku, "receipt_id": receipt,
                "available": [stock(&before), stock(&sku)],
                "price": [before.price.map(|told| told.is), sku.price.map(|told| told.is)],
            }),
        );
        if changed.stock {
            let event = EventRow {
                id: self.uuid(),
                merchant_id: merchant,
                kind: EventKind::InventoryChanged,
                subject_kind: "sku".to_owned(),
                subject_id: sku.id,
                receipt_id: receipt,
                occurred_at: at,
                data: json!({ "sku": sku.sku, "available": stock(&sku) }),
            };
            self.tx.insert_events(&[event]).await?;
            self.note(
                EventKind::InventoryChanged.as_str(),
                "sku",
                sku.id,
                json!({ "sku": sku.sku, "available": [stock(&before), stock(&sku)] }),
            );
        }
        self.look_again_at_goods(&sku).await?;
        Ok(Some(sku))
    }

    /// What is known of these goods, by name.
    pub async fn goods(&mut self, named: &[String]) -> Result<BTreeMap<String, Sku>> {
        let mut found = BTreeMap::new();
        for code in named {
            if let Some(sku) = self.tx.sku(self.merchant_id(), code).await? {
                found.insert(code.clone(), sku);
            }
        }
        Ok(found)
    }

    /// Whatever is held back and names it is looked at by a job, now.
    async fn look_again_at_goods(&mut self, sku: &Sku) -> Result<()> {
        for export in self.held_for(&sku.sku).await? {
            self.arm(JobKind::Recheck, export, self.now).await?;
        }
        Ok(())
    }
}
