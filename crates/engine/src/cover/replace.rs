//! Where an owner is named, and putting another one in its place everywhere at once: published flows,
//! contracts and policies as new versions, sources and running work in place. One transaction, refused as
//! a whole where the result could not be published, where what the page listed is not what is there, or where
//! publishing takes two people and a published flow or contract would change.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    chat::Handing,
    contract::{Contract, Publishing},
    escalation::Policy,
    flow::Flow,
    owner::Owner,
};
use serde_json::json;

use super::{uses, work};
use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_publish::refuse_alone,
    job::JobKind,
    port::StoreExt,
    publish::{contract_faults, flow_faults},
    rules,
    seats::{self, Found, Holds, Seat, able, print},
    work::Work,
};

/// Where an owner is named.
#[derive(Clone, Debug)]
pub struct Uses {
    pub seats: Vec<Seat>,
    /// Of the list, to be sent back with the form.
    pub seen: String,
}

impl Uses {
    fn of(seats: Vec<Seat>) -> Self {
        Self {
            seen: print(&seats),
            seats,
        }
    }

    /// Those that replacing changes; who holds a role, stands for it or covers it stays.
    pub fn replaced(&self) -> impl Iterator<Item = &Seat> {
        self.seats
            .iter()
            .filter(|seat| !matches!(seat.holds, Holds::Member | Holds::Rotation | Holds::Cover))
    }
}

impl Engine {
    /// Every place that names this owner.
    pub async fn where_used(&self, ctx: &Ctx, owner: &Owner) -> Result<Uses> {
        ctx.read(Noun::Person)?;
        let mut reads = self.store.reads().await?;
        let rules = rules::load(&mut *reads, ctx.merchant_id()).await?;
        uses::of(&mut *reads, &rules, owner).await.map(Uses::of)
    }

    /// `new` sits wherever `old` sat; `seen` is the print of what the page listed. How many places that were.
    pub async fn replace_everywhere(
        self: &Arc<Self>,
        ctx: &Ctx,
        old: &Owner,
        new: &Owner,
        seen: &str,
    ) -> Result<usize> {
        ctx.require(Action::ManagePeople)?;
        ctx.require(Action::Publish)?;
        let (old, new, seen) = (old.clone(), new.clone(), seen.to_owned());
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.lock_publishing(ctx.merchant_id()).await?;
                    let mut work = work(engine, &ctx, tx).await?;
                    if old == new {
                        return Err(Error::invalid("to", "Choose somebody else."));
                    }
                    let uses = Uses::of(uses::of(work.tx, &work.rules, &old).await?);
                    if uses.seen != seen {
                        return Err(Error::conflict(
                            "What names it is not what this page listed: look at it again. Nothing was changed.",
                        ));
                    }
                    if !work.answers(&new).await? {
                        let sentence = format!("{} is nobody active here.", new.title());
                        return Err(Error::invalid("to", sentence));
                    }
                    if let Some(seat) = uses.replaced().find(|seat| !able(&work.rules, &new, seat.need)) {
                        return Err(Error::invalid(
                            "to",
                            format!(
                                "{} may not do what “{}” needs ({}).",
                                new.title(),
                                seat.title,
                                seat.place
                            ),
                        ));
                    }
                    let count = uses.replaced().count();
                    work.replace_owner(&old, &new).await?;
                    Ok(count)
                })
            })
            .await
    }
}

fn put(old: &Owner, new: &Owner, owner: &mut Owner) {
    if owner == old {
        *owner = new.clone();
    }
}

fn same_backup(title: &str) -> Error {
    Error::invalid(
        "to",
        format!("“{title}” would have the same owner and backup; choose somebody else."),
    )
}

impl Work<'_> {
    async fn replace_owner(&mut self, old: &Owner, new: &Owner) -> Result<()> {
        let user = match old {
            Owner::User(id) => Some(*id),
            _ => None,
        };
        let rules = Arc::clone(&self.rules);
        let found = Found::read(self.tx, &rules, user).await?;
        let why = format!("{} took the place of {}", new, old);
        for was in &found.sources {
            let mut next = was.clone();
            seats::source(&mut next, &mut |_, _, owner| put(old, new, owner));
            if next == *was {
                continue;
            }
            if next.owner == next.backup {
                return Err(same_backup(&next.name));
            }
            self.tx.save_source(&next).await?;
            let detail = json!({ "from": old, "to": new, "why": why });
            self.note("source.reassigned", "source", next.id, detail);
        }
        let note = format!("Owner replaced: {why}");
        for was in &found.contracts {
            let mut next = was.clone();
            seats::contract(&mut next, &mut |_, _, owner| put(old, new, owner));
            if next != *was {
                self.not_alone().await?;
                self.next_contract(was, next, "to", &note).await?;
            }
        }
        for was in &found.flows {
            let mut next = was.clone();
            seats::flow(&mut next, &mut |_, _, owner| put(old, new, owner));
            if next != *was {
                self.not_alone().await?;
                self.next_flow(was, next, &note).await?;
            }
        }
        for was in &found.policies {
            let mut next = was.clone();
            seats::policy(&mut next, &mut |_, _, owner| put(old, new, owner));
            if next != *was {
                self.next_policy(was, next).await?;
            }
        }
        self.replace_in_work(&found, (old, new), &why).await
    }

    async fn not_alone(&mut self) -> Result<()> {
        let instead = "put the other one into the drafts of the contracts and flows that name it, and ask somebody else to publish them";
        refuse_alone(&mut *self.tx, self.rules.merchant.id, instead).await
    }

    async fn replace_in_work(
        &mut self,
        found: &Found,
        (old, new): (&Owner, &Owner),
        why: &str,
    ) -> Result<()> {
        for was in &found.tasks {
            let mut next = was.clone();
            seats::task(&mut next, &mut |_, _, owner| put(old, new, owner));
            let taken = was.assignee.map(Owner::User).as_ref() == Some(old);
            if next.owner != was.owner || taken {
                let to = new.clone();
                next = next.reassign(to, self.now)?;
                self.keep_task(&next).await?;
                let detail = json!({ "from": old, "to": new, "why": why });
                self.note("task.reassigned", "task", next.id, detail);
                self.tell_owner(&next, Handing::Given).await?;
                self.arm(JobKind::TaskAcceptDeadline, next.id, next.accept_by)
                    .await?;
            } else if next != *was {
                self.keep_task(&next).await?;
            }
        }
        for was in &found.approvals {
            let mut next = was.clone();
            seats::approval(&mut next, &mut |_, _, owner| put(old, new, owner));
            if next == *was {
                continue;
            }
            if let Owner::User(id) = new {
                let others = self.tx.approvals_of(was.merchant_id, was.export_id).await?;
                let twice = others.iter().any(|one| {
                    one.id != was.id && (one.decided_by == Some(*id) || one.owner == *new)
                });
                if next.is_written_by(*id) || twice {
                    return Err(Error::invalid(
                        "to",
                        "They wrote or approve another step of something that waits; choose somebody else.",
                    ));
                }
            }
            self.keep_approval(&next).await?;
            let detail = json!({ "export_id": next.export_id, "from": old, "to": new, "why": why });
            self.note("approval.reassigned", "approval", next.id, detail);
        }
        for was in &found.exports {
            let mut next = was.clone();
            seats::export(&mut next, &mut |_, _, owner| put(old, new, owner));
            if next != *was {
                self.tx.save_export(&next).await?;
                let detail = json!({ "from": old, "to": new, "why": why });
                self.note("export.reassigned", "export", next.id, detail);
            }
        }
        Ok(())
    }

    /// The next version of a contract, if it could be published; by one person, and `why` is what it says of itself.
    pub(crate) async fn next_contract(
        &mut self,
        was: &Contract,
        mut next: Contract,
        field: &str,
        why: &str,
    ) -> Result<()> {
        let known = contract_faults(was, &self.rules);
        if let Some(new) = contract_faults(&next, &self.rules)
            .into_iter()
            .find(|one| !known.contains(one))
        {
            let sentence = format!("“{}”: {}", next.title, new.sentence);
            return Err(Error::invalid(field, sentence));
        }
        let (major, minor) = was
            .version
            .split_once('.')
            .and_then(|(major, minor)| Some((major, minor.parse::<i64>().ok()?)))
            .ok_or_else(|| Error::internal("a published contract's version is no version"))?;
        next.id = self.uuid();
        next.version = format!("{major}.{}", minor + 1);
        next.published_at = self.now;
        next.publishing = Publishing {
            by: self.by,
            agreed_by: None,
            note: why.to_owned(),
        };
        let detail = json!({
            "export_type": next.export_type, "version": next.version, "replaces": was.version,
            "why": why, "asked_by": self.by, "approved_by": null,
        });
        self.keep_contract(&next, detail).await
    }

    async fn next_flow(&mut self, was: &Flow, mut next: Flow, why: &str) -> Result<()> {
        let same = |flow: &Flow| {
            flow.steps
                .iter()
                .filter(|step| step.owner == step.backup)
                .count()
        };
        if same(&next) > same(was) {
            return Err(same_backup(&next.name));
        }
        let known = flow_faults(&self.engine, was, &self.rules, self.now);
        if let Some(new) = flow_faults(&self.engine, &next, &self.rules, self.now)
            .into_iter()
            .find(|one| !known.contains(one))
        {
            let sentence = format!("“{}”: {}", next.name, new.sentence);
            return Err(Error::invalid("to", sentence));
        }
        next.id = self.uuid();
        next.version = was.version + 1;
        next.published_at = self.now;
        (next.published_by, next.approved_by) = (self.by, None);
        why.clone_into(&mut next.note);
        self.tx.insert_flow(&next).await?;
        let detail = json!({
            "key": next.key, "version": next.version, "replaces": was.version, "why": why,
            "asked_by": self.by, "approved_by": null,
        });
        self.note("flow.published", "flow", next.id, detail);
        Ok(())
    }

    pub(crate) async fn next_policy(&mut self, was: &Policy, next: Policy) -> Result<()> {
        let next = Policy {
            version: was.version + 1,
            published_at: self.now,
            published_by: self.actor.clone(),
            ..next
        };
        self.publish_policy(&next).await
    }
}
