//! What becomes somebody else's is written: rules as new versions, tasks and exports in place.

use std::collections::BTreeSet;

use domain::{
    chat::Handing,
    contract::{Contract, Publishing},
    flow::Flow,
    owner::Owner,
};
use serde_json::json;

use super::{Handover, Passing, Share};
use crate::{
    error::{Error, Result},
    flow_publish::refuse_alone,
    job::JobKind,
    publish::{contract_faults, flow_faults},
    seats::{self, Holds, Need},
    work::Work,
};

impl Work<'_> {
    /// Gives everything that would be nobody's to who is named for it, or changes nothing and says what is
    /// missing. The leaver's own place is the caller's business.
    pub(crate) async fn hand_over(
        &mut self,
        mut passing: Passing,
        handover: &Handover,
    ) -> Result<()> {
        passing.check(handover)?;
        let why = if passing.leaves {
            format!("{} left", passing.leaver.name)
        } else {
            format!("{} was changed", passing.leaver.name)
        };
        if let Some((was, grown)) = passing.promoted(handover) {
            self.tx.save_membership(&grown).await.map_err(|error| match error.kind {
                // they reach this merchant through its operator, and have no place of their own to put it in
                crate::Kind::Conflict => Error::invalid(
                    handover.field(Share::Roles),
                    "They work here through the operator; invite them to this merchant before they take over a role.",
                ),
                _ => error,
            })?;
            self.note(
                "member.changed",
                "member",
                grown.user_id,
                json!({
                    "before": { "functional_roles": was.functional_roles },
                    "after": { "functional_roles": grown.functional_roles }, "why": why,
                }),
            );
            for (_, member) in &mut passing.after.members {
                if member.user_id == grown.user_id {
                    *member = grown.clone();
                }
            }
        }
        self.pass_turns(&mut passing, handover).await?;
        self.pass_rules(&passing, handover, &why).await?;
        self.pass_tasks(&passing, handover, &why).await?;
        self.pass_exports(&passing, handover, &why).await
    }

    async fn pass_rules(
        &mut self,
        passing: &Passing,
        handover: &Handover,
        why: &str,
    ) -> Result<()> {
        let field = handover.field(Share::Rules);
        for old in &passing.found.sources {
            let mut next = old.clone();
            seats::source(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Source, need, owner)
            });
            if next == *old {
                continue;
            }
            if next.owner == next.backup {
                return Err(same_backup(field, &next.name));
            }
            self.tx.save_source(&next).await?;
            let detail = json!({
                "before": { "owner": old.owner, "backup": old.backup },
                "after": { "owner": next.owner, "backup": next.backup }, "why": why,
            });
            self.note("source.reassigned", "source", next.id, detail);
        }
        for old in &passing.found.contracts {
            let mut next = old.clone();
            seats::contract(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Contract, need, owner)
            });
            if next == *old {
                continue;
            }
            self.republish_contract(old, next, passing, field, why)
                .await?;
        }
        for old in &passing.found.flows {
            let mut next = old.clone();
            seats::flow(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Flow, need, owner)
            });
            if next == *old {
                continue;
            }
            self.republish_flow(old, next, passing, field, why).await?;
        }
        for old in &passing.found.policies {
            let mut next = old.clone();
            seats::policy(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Policy, need, owner)
            });
            if next != *old {
                self.next_policy(old, next).await?;
            }
        }
        Ok(())
    }

    async fn republish_contract(
        &mut self,
        old: &Contract,
        mut next: Contract,
        passing: &Passing,
        field: &str,
        why: &str,
    ) -> Result<()> {
        let mut seen = BTreeSet::new();
        next.watchers.retain(|owner| seen.insert(owner.clone()));
        if next.escalation != old.escalation {
            next.escalation.version += 1;
        }
        // who does both steps of an approval is one person
        for rule in &next.approval {
            let mut people: Vec<&Owner> = rule.steps.iter().map(|step| &step.owner).collect();
            let all = people.len();
            people.retain(|owner| matches!(owner, Owner::User(_)));
            let users = people.len();
            people.sort();
            people.dedup();
            if users == all && people.len() < users {
                return Err(Error::invalid(
                    field,
                    format!(
                        "“{}” asks for two people; choose somebody else.",
                        next.title
                    ),
                ));
            }
        }
        let known = contract_faults(old, &passing.before);
        if let Some(new) = contract_faults(&next, &passing.after)
            .into_iter()
            .find(|one| !known.contains(one))
        {
            return Err(Error::invalid(
                field,
                format!("“{}”: {}", next.title, new.sentence),
            ));
        }
        let by_one = self.may_pass_rules(passing).await?;
        let (major, minor) = old
            .version
            .split_once('.')
            .and_then(|(major, minor)| Some((major, minor.parse::<i64>().ok()?)))
            .ok_or_else(|| Error::internal("a published contract's version is no version"))?;
        next.id = self.uuid();
        next.version = format!("{major}.{}", minor + 1);
        next.published_at = self.now;
        let note = format!("Handed over: {why}");
        let detail = json!({
            "export_type": next.export_type, "version": next.version, "replaces": old.version, "why": note,
            "asked_by": self.by, "approved_by": null, "without_second_person": by_one,
        });
        next.publishing = Publishing {
            by: self.by,
            agreed_by: None,
            note,
        };
        self.keep_contract(&next, detail).await
    }

    async fn republish_flow(
        &mut self,
        old: &Flow,
        mut next: Flow,
        passing: &Passing,
        field: &str,
        why: &str,
    ) -> Result<()> {
        if let Some(step) = next.steps.iter().find(|step| step.owner == step.backup)
            && old.steps.iter().all(|step| step.owner != step.backup)
        {
            return Err(same_backup(field, &step.title));
        }
        let known = flow_faults(&self.engine, old, &passing.before, self.now);
        if let Some(new) = flow_faults(&self.engine, &next, &passing.after, self.now)
            .into_iter()
            .find(|one| !known.contains(one))
        {
            return Err(Error::invalid(
                field,
                format!("“{}”: {}", next.name, new.sentence),
            ));
        }
        let by_one = self.may_pass_rules(passing).await?;
        next.id = self.uuid();
        next.version = old.version + 1;
        next.published_at = self.now;
        (next.published_by, next.approved_by) = (self.by, None);
        next.note = format!("Handed over: {why}");
        self.tx.insert_flow(&next).await?;
        let detail = json!({
            "key": next.key, "version": next.version, "replaces": old.version, "why": next.note,
            "asked_by": self.by, "approved_by": null, "without_second_person": by_one,
        });
        self.note("flow.published", "flow", next.id, detail);
        Ok(())
    }

    /// Where publishing takes two people, somebody who leaves is replaced all the same: nothing may be nobody's, and
    /// a leave does not wait. Whether that is so; the trail says it. Somebody who stays is replaced in drafts.
    async fn may_pass_rules(&mut self, passing: &Passing) -> Result<bool> {
        let merchant = self.merchant_id();
        if !passing.is_change {
            return self.tx.publishes_by_two(merchant).await;
        }
        let instead = "put somebody else into the drafts of the contracts and flows that name them, ask somebody else to publish them, and change the person then";
        refuse_alone(&mut *self.tx, merchant, instead).await?;
        Ok(false)
    }

    async fn pass_tasks(
        &mut self,
        passing: &Passing,
        handover: &Handover,
        why: &str,
    ) -> Result<()> {
        for old in &passing.found.tasks {
            let mut next = old.clone();
            let claimed = next.assignee.and_then(|user| {
                passing.next(handover, Holds::Task, Need::Work, &Owner::User(user))
            });
            seats::task(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Task, need, owner)
            });
            next.watchers
                .retain(|owner| !passing.leaves || *owner != Owner::User(passing.leaver.id));
            let to = claimed.or_else(|| (next.owner != old.owner).then(|| next.owner.clone()));
            if let Some(to) = to {
                next = next.reassign(to.clone(), self.now)?;
                self.keep_task(&next).await?;
                let detail = json!({ "from": old.holder(), "to": to, "why": why });
                self.note("task.reassigned", "task", next.id, detail);
                self.tell_owner(&next, Handing::Given).await?;
                self.arm(JobKind::TaskAcceptDeadline, next.id, next.accept_by)
                    .await?;
            } else if next != *old {
                self.keep_task(&next).await?;
            }
        }
        Ok(())
    }

    async fn pass_exports(
        &mut self,
        passing: &Passing,
        handover: &Handover,
        why: &str,
    ) -> Result<()> {
        let field = handover.field(Share::Approvals);
        for old in &passing.found.approvals {
            let mut next = old.clone();
            seats::approval(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Approval, need, owner)
            });
            if next == *old {
                continue;
            }
            if let Owner::User(id) = &next.owner {
                let others = self.tx.approvals_of(old.merchant_id, old.export_id).await?;
                let twice = others.iter().any(|one| {
                    one.id != old.id && (one.decided_by == Some(*id) || one.owner == next.owner)
                });
                if next.is_written_by(*id) || twice {
                    let name = passing.after.user_name(*id).unwrap_or("They").to_owned();
                    return Err(Error::invalid(
                        field,
                        format!(
                            "{name} wrote or approves another step of something that waits; choose somebody else for approvals."
                        ),
                    ));
                }
            }
            self.keep_approval(&next).await?;
            let detail = json!({
                "export_id": next.export_id, "why": why,
                "before": { "owner": old.owner, "backup": old.backup },
                "after": { "owner": next.owner, "backup": next.backup },
            });
            self.note("approval.reassigned", "approval", next.id, detail);
        }
        for old in &passing.found.exports {
            let mut next = old.clone();
            seats::export(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Export, need, owner)
            });
            next.watchers
                .retain(|owner| !passing.leaves || *owner != Owner::User(passing.leaver.id));
            if next == *old {
                continue;
            }
            self.tx.save_export(&next).await?;
            let detail = json!({
                "before": { "owner": old.owner, "backup": old.backup },
                "after": { "owner": next.owner, "backup": next.backup }, "why": why,
            });
            self.note("export.reassigned", "export", next.id, detail);
        }
        Ok(())
    }
}

pub(crate) fn replace(
    passing: &Passing,
    handover: &Handover,
    holds: Holds,
    need: Need,
    owner: &mut Owner,
) {
    if let Some(next) = passing.next(handover, holds, need, owner) {
        *owner = next;
    }
}

fn same_backup(field: &str, title: &str) -> Error {
    Error::invalid(
        field,
        format!(
            "“{title}” would have the same person as owner and as backup; choose somebody else."
        ),
    )
}
