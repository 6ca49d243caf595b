//! What a merchant sees of the template that its flow comes from, and how a pin follows what is published.

use domain::{
    access::Noun,
    agency::Pin,
    flow::{Flow, merge3},
};
use serde_json::json;

use super::plan::{ThreeWay, in_words};
use crate::{
    ctx::{Actor, Ctx},
    engine::Engine,
    error::Result,
    work::Work,
};

/// Where a merchant's flow comes from.
#[derive(Clone, Debug)]
pub struct Pinned {
    pub template: String,
    pub operator: String,
    /// None: nobody has agreed yet.
    pub version: Option<i64>,
    pub newest: i64,
    /// The version that a second person here is asked about.
    pub asked: Option<i64>,
    /// Where what is live differs from that version of the template.
    pub overrides: Vec<ThreeWay>,
    /// For those who belong to the operator.
    pub link: Option<String>,
}

impl Engine {
    /// The template and version that this flow is pinned to, and what the merchant has changed of it.
    pub async fn flow_pin(&self, ctx: &Ctx, key: &str) -> Result<Option<Pinned>> {
        ctx.read(Noun::Flow)?;
        let merchant = ctx.merchant();
        let mut reads = self.store.reads().await?;
        let Some(pin) = reads.template_pin(merchant.id, key).await? else {
            return Ok(None);
        };
        let operator = reads.operator(merchant.operator_id).await?;
        let template = reads
            .template(merchant.operator_id, pin.template_id)
            .await?;
        let (Some(operator), Some(template)) = (operator, template) else {
            return Ok(None);
        };
        let belongs = match ctx.actor() {
            Actor::User { user, .. } => reads
                .operator_memberships_of(user.id)
                .await?
                .iter()
                .any(|one| one.operator_id == operator.id),
            _ => false,
        };
        let edition = match pin.version {
            Some(version) => reads.edition(operator.id, template.id, version).await?,
            None => None,
        };
        let live = reads.flow_versions(merchant.id, key).await?;
        let overrides = match (edition, live.first()) {
            (Some(edition), Some(live)) => {
                let (base, theirs) = (edition.flow, live.to_draft());
                let merged = merge3::merge(Some(&base), &theirs, &base, &merge3::Take::default());
                let rules = self.rules_of(merchant.id).await?;
                in_words((Some(&base), &theirs, &base), merged.changes, &rules)
            }
            _ => Vec::new(),
        };
        Ok(Some(Pinned {
            link: belongs.then(|| format!("/o/{}/templates/{}", operator.slug, template.id)),
            operator: operator.name,
            version: pin.version,
            newest: template.newest,
            asked: self.still_asked(&mut *reads, &pin).await?,
            template: template.name,
            overrides,
        }))
    }

    /// A request that was declined, taken back or drawn over asks nobody any more.
    async fn still_asked(
        &self,
        reads: &mut (dyn crate::port::Reads + '_),
        pin: &Pin,
    ) -> Result<Option<i64>> {
        let Some(pending) = &pin.pending else {
            return Ok(None);
        };
        let sheet = reads.flow_draft(pin.merchant_id, &pin.flow_key).await?;
        let open = sheet.is_some_and(|sheet| {
            let request = sheet.open_request();
            request.is_some_and(|one| one.hash == pending.hash)
        });
        Ok(pending.version.filter(|_| open))
    }
}

impl Work<'_> {
    /// When what somebody was asked about is published, the pin follows.
    pub(crate) async fn settle_pin(&mut self, flow: &Flow, hash: &str) -> Result<()> {
        let merchant = self.merchant_id();
        let Some(pin) = self.tx.template_pin(merchant, &flow.key).await? else {
            return Ok(());
        };
        let Some(pending) = pin.pending.clone().filter(|one| one.hash == hash) else {
            return Ok(());
        };
        let detail =
            json!({ "key": flow.key, "template": pin.template_id, "version": pending.version });
        match pending.version {
            None => self.tx.delete_template_pin(merchant, &flow.key).await?,
            Some(version) => {
                let settled = Pin {
                    version: Some(version),
                    flow_version: Some(flow.version),
                    push_id: pending.push_id,
                    pending: None,
                    pinned_at: self.now,
                    ..pin
                };
                self.tx.put_template_pin(&settled).await?;
            }
        }
        self.note("flow.pinned", "flow", flow.id, detail);
        Ok(())
    }
}
