//! Templates that an agency keeps for its merchants: made from a live flow or a document, looked at before they
//! are pushed, pushed merchant by merchant, and taken back.
//!
//! All of it is an admin's of the operator; whoever belongs to the operator reads it. What happens at a merchant
//! happens in that person's own name there: with the access they have there, through the gate and the second
//! person that publishing has there. One merchant is one transaction: its flow, its roles and policy, its pin,
//! the entries in its chain and the operator's, and what the push says of it. A merchant that refuses keeps no
//! other from being reached; a process that ends in between leaves the rest waiting, and anybody may go on.

mod making;
mod pinned;
mod plan;
mod pushing;
mod undoing;

use std::sync::Arc;

use domain::{
    agency::{Edition, Pin, Push, Stage, Template},
    people::Merchant,
};
use serde_json::json;
use uuid::Uuid;

pub use self::{
    making::{Origin, TemplateInput},
    pinned::Pinned,
    plan::{MerchantPlan, PolicyPlan, ThreeWay, Would},
    pushing::PushInput,
};
use crate::{
    agency::{AgencyCtx, require_still_admin},
    engine::Engine,
    error::{Error, Result},
    port::{Reads, StoreExt},
};

/// A template and who is pinned to it.
#[derive(Clone, Debug)]
pub struct TemplateLine {
    pub template: Template,
    /// By name, of the merchants that whoever asks may see.
    pub pins: Vec<(Merchant, Pin)>,
}

/// Everything there is of one template.
#[derive(Clone, Debug)]
pub struct TemplateView {
    pub template: Template,
    /// Newest first.
    pub editions: Vec<Edition>,
    pub pins: Vec<(Merchant, Pin)>,
    /// The newest few.
    pub pushes: Vec<Push>,
}

/// A reason in a sentence, as publishing asks for one.
fn reason(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if (3..=500).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(Error::invalid(
        field,
        "Say in a sentence why, at most 500 characters.",
    ))
}

fn no_template() -> Error {
    Error::not_found("template")
}

/// The merchants, by name, that are pinned to it or asked to be.
async fn pins_of(
    reads: &mut (dyn Reads + '_),
    merchants: &[Merchant],
    template: Uuid,
) -> Result<Vec<(Merchant, Pin)>> {
    let mut found = Vec::new();
    for merchant in merchants {
        let pins = reads.template_pins(merchant.id).await?;
        let own = pins.into_iter().filter(|pin| pin.template_id == template);
        found.extend(own.map(|pin| (merchant.clone(), pin)));
    }
    Ok(found)
}

/// "Alder & Pine, Kitewood and 3 more".
fn named(merchants: &[&str]) -> String {
    match merchants {
        [] => "nobody".to_owned(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

impl AgencyCtx {
    fn merchants(&self) -> Vec<Merchant> {
        self.places.iter().map(|(one, _)| one.clone()).collect()
    }

    fn merchant(&self, id: Uuid) -> Result<&Merchant> {
        self.places
            .iter()
            .map(|(one, _)| one)
            .find(|one| one.id == id)
            .ok_or_else(|| Error::not_found("merchant"))
    }
}

impl Engine {
    /// The operator's templates, retired ones last.
    pub async fn agency_templates(&self, at: &AgencyCtx) -> Result<Vec<TemplateLine>> {
        at.require_member()?;
        let merchants = at.merchants();
        let mut reads = self.store.reads().await?;
        let mut lines = Vec::new();
        for template in reads.templates(at.operator.id).await? {
            let pins = pins_of(&mut *reads, &merchants, template.id).await?;
            lines.push(TemplateLine { template, pins });
        }
        lines.sort_by(|a, b| {
            let order = |one: &Template| (one.retired_at.is_some(), one.name.clone(), one.id);
            order(&a.template).cmp(&order(&b.template))
        });
        Ok(lines)
    }

    pub async fn agency_template(&self, at: &AgencyCtx, id: Uuid) -> Result<TemplateView> {
        at.require_member()?;
        let merchants = at.merchants();
        let mut reads = self.store.reads().await?;
        let template = reads
            .template(at.operator.id, id)
            .await?
            .ok_or_else(no_template)?;
        Ok(TemplateView {
            editions: reads.editions(at.operator.id, id).await?,
            pins: pins_of(&mut *reads, &merchants, id).await?,
            pushes: reads.pushes(at.operator.id, id).await?,
            template,
        })
    }

    /// A push, and whose template it is of.
    pub async fn template_push(&self, at: &AgencyCtx, id: Uuid) -> Result<(Template, Push)> {
        at.require_member()?;
        let mut reads = self.store.reads().await?;
        let push = reads
            .push(at.operator.id, id)
            .await?
            .ok_or_else(|| Error::not_found("push"))?;
        let template = reads.template(at.operator.id, push.template_id).await?;
        Ok((template.ok_or_else(no_template)?, push))
    }

    /// In which order merchants get a new version: `names` are the stages, `places` who is in which.
    pub async fn stage_template(
        self: &Arc<Self>,
        at: &AgencyCtx,
        (id, rev): (Uuid, i64),
        names: &str,
        places: &[(Uuid, String)],
    ) -> Result<Template> {
        at.require_admin()?;
        let mut stages: Vec<Stage> = Vec::new();
        for name in names
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
        {
            if name.chars().count() > domain::agency::MAX_NAME {
                return Err(Error::invalid(
                    "stages",
                    "At most 80 characters for a name.",
                ));
            }
            if stages.iter().any(|one| one.name == name) {
                let sentence = format!("“{name}” stands there twice.");
                return Err(Error::invalid("stages", sentence));
            }
            stages.push(Stage {
                name: name.to_owned(),
                merchants: Vec::new(),
            });
        }
        if stages.len() > domain::agency::MOST_STAGES {
            return Err(Error::invalid("stages", "At most ten stages, please."));
        }
        for (merchant, stage) in places {
            at.merchant(*merchant)?;
            // one that is not named any more is none
            let found = stages.iter_mut().find(|one| one.name == stage.trim());
            if let Some(found) = found
                && !found.merchants.contains(merchant)
            {
                found.merchants.push(*merchant);
            }
        }
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let was = tx.template(at.operator.id, id).await?;
                    let mut template = was.ok_or_else(no_template)?;
                    if template.rev != rev {
                        return Err(Error::conflict(
                            "Somebody else changed this template meanwhile: look at it again. Nothing was changed.",
                        ));
                    }
                    if template.stages == stages {
                        return Ok(template);
                    }
                    let detail = json!({ "from": template.stages, "to": stages });
                    template.stages = stages;
                    tx.save_template(&template).await?;
                    let subject = ("template", id);
                    tx.note(at.note(at.operator.id, "template.staged", subject, detail));
                    template.rev += 1;
                    Ok(template)
                })
            })
            .await
    }

    /// It is pushed no more. Refused while merchants are pinned to it.
    pub async fn retire_template(self: &Arc<Self>, at: &AgencyCtx, id: Uuid) -> Result<Template> {
        at.require_admin()?;
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let was = tx.template(at.operator.id, id).await?;
                    let mut template = was.ok_or_else(no_template)?;
                    if template.retired_at.is_some() {
                        return Err(Error::conflict("It is retired already."));
                    }
                    let merchants = tx.merchants_of(at.operator.id).await?;
                    let pins = pins_of(tx, &merchants, id).await?;
                    if !pins.is_empty() {
                        let names: Vec<&str> =
                            pins.iter().map(|(one, _)| one.name.as_str()).collect();
                        let verb = if names.len() == 1 { "is" } else { "are" };
                        return Err(Error::conflict(format!(
                            "{} {verb} pinned to it. Let go of it there first; their flows stay as they are.",
                            named(&names)
                        )));
                    }
                    template.retired_at = Some(at.now);
                    tx.save_template(&template).await?;
                    let detail = json!({ "name": template.name, "flow": template.flow_key });
                    let subject = ("template", id);
                    tx.note(at.note(at.operator.id, "template.retired", subject, detail));
                    Ok(template)
                })
            })
            .await
    }

    /// The merchant's flow is its own from now on, and stays as it is.
    pub async fn let_go_of_template(
        self: &Arc<Self>,
        at: &AgencyCtx,
        id: Uuid,
        merchant: Uuid,
    ) -> Result<Merchant> {
        at.require_admin()?;
        let found = at.merchant(merchant)?.clone();
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let template = tx.template(at.operator.id, id).await?;
                    let template = template.ok_or_else(no_template)?;
                    tx.lock_publishing(merchant).await?;
                    let pin = tx.template_pin(merchant, &template.flow_key).await?;
                    let pin = pin.filter(|pin| pin.template_id == id);
                    let pin = pin.ok_or_else(|| {
                        Error::conflict(format!("{} is not pinned to it.", found.name))
                    })?;
                    tx.delete_template_pin(merchant, &template.flow_key).await?;
                    let detail = json!({
                        "template": template.name, "flow": template.flow_key, "version": pin.version,
                    });
                    for chain in [merchant, at.operator.id] {
                        let subject = ("merchant", merchant);
                        tx.note(at.note(chain, "template.let_go", subject, detail.clone()));
                    }
                    Ok(found)
                })
            })
            .await
    }
}
