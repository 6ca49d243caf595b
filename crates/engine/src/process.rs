//! Job: what a receipt says becomes facts of an order, and what follows from that; or it is known of the goods.

use std::sync::Arc;

use domain::{
    Time,
    access::Noun,
    event::EventKind,
    order::{ClosedReason, Order, OrderEvent, OrderFact, Readiness},
    receipt::{Receipt, ReceiptStatus},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    exception::quarantine_task,
    port::{Connector, EventRow, OrderRow, StoreExt},
    runs::Subject,
    work::Work,
};

impl Engine {
    /// Reads a receipt once more: after its cause was fixed, or because somebody wants to see it.
    pub async fn replay_receipt(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<()> {
        ctx.require(domain::access::Action::Control)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let receipt = work
                        .tx
                        .receipt(ctx.merchant_id(), id)
                        .await?
                        .ok_or_else(|| Error::not_found("receipt"))?;
                    if work
                        .tx
                        .removal(ctx.merchant_id(), Noun::Receipt, id)
                        .await?
                        .is_some()
                    {
                        return Err(Error::conflict(
                            "It cannot be read again: its content was removed under a retention rule.",
                        ));
                    }
                    work.note("receipt.replayed", "receipt", receipt.id, json!({}));
                    let now = work.now;
                    work.arm(crate::job::JobKind::ProcessReceipt, receipt.id, now)
                        .await
                })
            })
            .await
    }
}

impl Work<'_> {
    pub async fn process_receipt(&mut self, id: Uuid) -> Result<()> {
        let merchant = self.merchant_id();
        let Some((receipt, body)) = self.tx.whole_receipt(merchant, id).await? else {
            return Ok(());
        };
        self.trace_id.clone_from(&receipt.trace_id);
        if body.is_empty() && receipt.body_bytes > 0 {
            // a retention rule took its body out after somebody wanted it read again
            return Ok(());
        }
        let connector = self.connector_of(&receipt)?;
        let at = receipt.triggered_at.unwrap_or(receipt.received_at);
        let examined = connector.examine(&receipt.topic, &body);
        let goods = examined.and_then(|()| connector.goods(&receipt.topic, &body, at));
        let facts = match goods {
            Ok(Some(goods)) => return self.take_in_goods(&receipt, goods).await,
            Ok(None) => connector.facts(&receipt.topic, &body, receipt.id, at),
            Err(faults) => Err(faults),
        };
        match facts {
            Err(faults) => self.quarantine(Receipt { faults, ..receipt }).await,
            Ok(None) => {
                self.set_status(&receipt, ReceiptStatus::Ignored, None, None)
                    .await?;
                self.note(
                    "receipt.ignored",
                    "receipt",
                    receipt.id,
                    json!({ "topic": receipt.topic }),
                );
                Ok(())
            }
            Ok(Some(facts)) => self.take_in(&receipt, facts).await,
        }
    }

    fn connector_of(&self, receipt: &Receipt) -> Result<Arc<dyn Connector>> {
        self.rules
            .source(receipt.source_id)
            .and_then(|source| self.engine.connectors.get(source.system.as_str()))
            .cloned()
            .ok_or_else(|| Error::internal(format!("receipt {} has lost its source", receipt.id)))
    }

    async fn quarantine(&mut self, receipt: Receipt) -> Result<()> {
        let rules = Arc::clone(&self.rules);
        let source = rules
            .source(receipt.source_id)
            .ok_or_else(|| Error::internal("a receipt has lost its source"))?;
        self.set_status(&receipt, ReceiptStatus::Quarantined, None, None)
            .await?;
        self.note(
            "receipt.quarantined",
            "receipt",
            receipt.id,
            json!({ "faults": receipt.faults }),
        );
        let ids = Arc::clone(&self.engine.ids);
        quarantine_task(self.tx, &*ids, self.now, source, &receipt).await
    }

    async fn set_status(
        &mut self,
        receipt: &Receipt,
        status: ReceiptStatus,
        order_ref: Option<&str>,
        order: Option<Uuid>,
    ) -> Result<()> {
        self.tx
            .set_receipt_status(receipt.merchant_id, receipt.id, status, order_ref, order)
            .await
    }

    async fn take_in(&mut self, receipt: &Receipt, facts: Vec<OrderFact>) -> Result<()> {
        let Some(order_ref) = facts.first().map(|fact| fact.order_ref.clone()) else {
            self.set_status(receipt, ReceiptStatus::Unmatched, None, None)
                .await?;
            self.note(
                "receipt.unmatched",
                "receipt",
                receipt.id,
                json!({ "why": "it names no order" }),
            );
            return Ok(());
        };
        self.tx
            .insert_facts(receipt.merchant_id, receipt.source_id, &facts)
            .await?;
        let known = self
            .tx
            .facts(receipt.merchant_id, receipt.source_id, &order_ref)
            .await?;
        let Some(order) = Order::project(&known) else {
            self.set_status(receipt, ReceiptStatus::Unmatched, Some(&order_ref), None)
                .await?;
            self.note(
                "receipt.unmatched",
                "receipt",
                receipt.id,
                json!({ "order_ref": order_ref, "why": "its order has not been seen yet" }),
            );
            return Ok(());
        };
        let (row, changes) = self.keep(receipt, order).await?;
        let events: Vec<EventKind> = changes.iter().map(|change| change.kind).collect();
        self.set_status(
            receipt,
            ReceiptStatus::Processed,
            Some(&order_ref),
            Some(row.id),
        )
        .await?;
        self.note(
            "receipt.processed",
            "receipt",
            receipt.id,
            json!({ "order_id": row.id, "events": events }),
        );
        for waited in self
            .tx
            .match_receipts(receipt.merchant_id, receipt.source_id, &order_ref, row.id)
            .await?
        {
            self.note(
                "receipt.matched",
                "receipt",
                waited,
                json!({ "order_id": row.id }),
            );
        }
        self.order_changed(&row, &changes, &events).await
    }

    /// Saves the projection; what changed comes back as events.
    async fn keep(
        &mut self,
        receipt: &Receipt,
        order: Order,
    ) -> Result<(OrderRow, Vec<OrderEvent>)> {
        let before = self
            .tx
            .order_by_ref(receipt.merchant_id, receipt.source_id, &order.external_id)
            .await?;
        let mut changes = order.events_since(before.as_ref().map(|row| &row.order));
        if let Some(known) = &before {
            // Late snapshots can take a projection back and forth; what happened, happened once.
            let told = self.tx.events_of(known.merchant_id, known.id).await?;
            changes.retain(|change| {
                change.kind == EventKind::OrderUpdated
                    || !told.iter().any(|event| {
                        event.kind == change.kind
                            && event.data["part"].as_str() == change.part.as_deref()
                    })
            });
        }
        let row = match before {
            None => {
                let row = OrderRow {
                    id: self.uuid(),
                    merchant_id: receipt.merchant_id,
                    source_id: receipt.source_id,
                    trace_id: receipt.trace_id.clone(),
                    created_at: self.now,
                    updated_at: self.now,
                    rev: 0,
                    order,
                };
                self.tx.insert_order(&row).await?;
                row
            }
            Some(known) if known.order == order => return Ok((known, Vec::new())),
            Some(known) => {
                let row = OrderRow {
                    updated_at: self.now,
                    order,
                    ..known
                };
                self.tx.save_order(&row).await?;
                OrderRow {
                    rev: row.rev + 1,
                    ..row
                }
            }
        };
        let occurred_at = receipt.triggered_at.unwrap_or(receipt.received_at);
        let events: Vec<EventRow> = changes
            .iter()
            .map(|change| self.event(&row, receipt.id, occurred_at, change))
            .collect();
        self.tx.insert_events(&events).await?;
        for change in &changes {
            self.note(
                change.kind.as_str(),
                "order",
                row.id,
                json!({ "receipt_id": receipt.id, "part": change.part, "order": row.order.name }),
            );
        }
        Ok((row, changes))
    }

    fn event(
        &self,
        row: &OrderRow,
        receipt_id: Uuid,
        occurred_at: Time,
        change: &domain::order::OrderEvent,
    ) -> EventRow {
        EventRow {
            id: self.uuid(),
            merchant_id: row.merchant_id,
            kind: change.kind,
            subject_kind: "order".to_owned(),
            subject_id: row.id,
            receipt_id: Some(receipt_id),
            occurred_at,
            data: json!({ "order_ref": row.order.external_id, "part": change.part }),
        }
    }

    async fn order_changed(
        &mut self,
        row: &OrderRow,
        changes: &[OrderEvent],
        events: &[EventKind],
    ) -> Result<()> {
        if events.is_empty() {
            return self.start_order_flows(row, changes).await;
        }
        self.events_seen(row.id, events).await?;
        let subject = Subject::Order(Box::new(row.clone()));
        let readiness = row.order.readiness();
        match readiness {
            Readiness::Closed(
                ClosedReason::Cancelled | ClosedReason::Voided | ClosedReason::Refunded,
            ) => {
                self.subject_closed(&subject, readiness.sentence()).await?;
            }
            Readiness::Closed(_) => {}
            Readiness::Releasable | Readiness::WaitingForPayment(_) => {
                if !events.contains(&EventKind::OrderAccepted) {
                    self.facts_changed(&subject).await?;
                }
            }
        }
        self.start_order_flows(row, changes).await
    }
}
