//! My queue: what waits on one person, over all their merchants, by deadline. What is a role's or a
//! rotation's waits on whoever answers for it now; where nobody does, on everybody behind it. A flow's next
//! version that takes two people waits on everybody who could be the second.

use std::collections::BTreeMap;

use std::cmp::Reverse;

use domain::{
    Time,
    access::Action,
    approval::{Approval, Decision},
    export::Export,
    flow::Sheet,
    notice::Notice,
    owner::Owner,
    people::{Membership, Merchant, User},
    sight::Sight,
    task::{Severity, Task, TaskState},
};
use uuid::Uuid;

use crate::{
    engine::Engine,
    error::Result,
    notices::unread,
    port::{ListFilter, Reads},
};

/// More than this nobody works off in a day; the page says so.
const MOST: i64 = 500;

#[derive(Clone, Debug)]
pub enum Waiting {
    Approval {
        approval: Box<Approval>,
        export: Box<Export>,
    },
    Task(Box<Task>),
    /// A draft that this person may publish, and neither drew nor asked about.
    Publishing(Box<Sheet>),
}

#[derive(Clone, Debug)]
pub struct QueueItem {
    pub merchant: Merchant,
    pub what: Waiting,
    pub deadline: Time,
}

#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Earliest deadline first.
    pub items: Vec<QueueItem>,
    /// Snoozed by or for this person: coming back by themselves.
    pub snoozed: Vec<QueueItem>,
    /// Open elsewhere, and this person is told.
    pub watching: Vec<QueueItem>,
    /// What this person was told and has not read, newest first.
    pub notices: Vec<(Merchant, Notice)>,
    /// How many tasks are live at each merchant, whoever's they are.
    pub live_tasks: BTreeMap<Uuid, usize>,
    /// The next deadline of anything that waits on somebody else.
    pub next_elsewhere: Option<Time>,
}

impl QueueItem {
    /// Of two with the same deadline, the more pressing comes first.
    fn severity(&self) -> Severity {
        match &self.what {
            Waiting::Approval { .. } | Waiting::Publishing(_) => Severity::Normal,
            Waiting::Task(task) => task.severity,
        }
    }
}

impl Queue {
    pub fn late(&self, now: Time) -> usize {
        self.items
            .iter()
            .filter(|item| item.deadline <= now)
            .count()
    }
}

impl Engine {
    /// `only`: one merchant's part of it.
    pub async fn queue(
        &self,
        user: &User,
        places: &[(Merchant, Membership)],
        only: Option<Uuid>,
    ) -> Result<Queue> {
        let places: Vec<_> = places
            .iter()
            .filter(|(merchant, _)| only.is_none_or(|id| id == merchant.id))
            .collect();
        let mut queue = Queue::default();
        if places.is_empty() {
            return Ok(queue);
        }
        let mut reads = self.store.reads().await?;
        let mut elsewhere = Vec::new();
        for approval in self.pending(&mut *reads, &places).await? {
            if let Some((merchant, member)) = place(&places, approval.merchant_id)
                && self.is_theirs(&mut *reads, &approval, member).await?
                && let Some(export) = reads.export(merchant.id, approval.export_id).await?
            {
                queue.items.push(QueueItem {
                    merchant: merchant.clone(),
                    deadline: approval.accept_by.unwrap_or(export.accept_by),
                    what: Waiting::Approval {
                        approval: Box::new(approval),
                        export: Box::new(export),
                    },
                });
            } else {
                elsewhere.extend(approval.accept_by);
            }
        }
        for task in self.live(&mut *reads, &places).await? {
            let Some((merchant, member)) = place(&places, task.merchant_id) else {
                continue;
            };
            *queue.live_tasks.entry(merchant.id).or_default() += 1;
            let mine = task.is_for(member)
                && member.may(Action::WorkTasks)
                && (task.assignee.is_some()
                    || self
                        .is_asked(&mut *reads, &task.owner, merchant.id, user.id)
                        .await?);
            let watched = task.watchers.iter().any(|owner| member.answers_for(owner));
            let item = QueueItem {
                merchant: merchant.clone(),
                deadline: task.deadline(),
                what: Waiting::Task(Box::new(task.clone())),
            };
            if !mine {
                elsewhere.push(item.deadline);
            }
            match (mine, watched) {
                (true, _) if task.state == TaskState::Snoozed => queue.snoozed.push(item),
                (true, _) => queue.items.push(item),
                (false, true) => queue.watching.push(item),
                (false, false) => {}
            }
        }
        queue
            .items
            .extend(to_publish(&mut *reads, &places, user).await?);
        queue.next_elsewhere = elsewhere.into_iter().min();
        queue.notices = unread(&mut *reads, self, user, &places).await?;
        for list in [&mut queue.items, &mut queue.snoozed, &mut queue.watching] {
            list.sort_by_key(|item| (item.deadline, Reverse(item.severity())));
        }
        Ok(queue)
    }

    /// Whether it is this person's move, at this minute: the gate would let them approve it, for themself or
    /// for somebody who is away, and it is their turn.
    async fn is_theirs(
        &self,
        reads: &mut (dyn Reads + '_),
        approval: &Approval,
        member: &Membership,
    ) -> Result<bool> {
        if !member.may(Action::Decide) {
            return Ok(false);
        }
        let (rules, now) = (self.rules_by(reads, member.merchant_id).await?, self.now());
        let voice = rules.voice(member, now);
        if !approval.waits_on(&voice) {
            return Ok(false);
        }
        let all = if approval.of > 1 {
            reads
                .approvals_of(approval.merchant_id, approval.export_id)
                .await?
        } else {
            Vec::new()
        };
        let yes = Decision {
            approve: true,
            note: None,
            seen_hash: approval.content_hash.clone(),
            step: None,
        };
        if approval.clone().decide(&yes, &voice, &all, now).is_err() {
            return Ok(false);
        }
        if approval.escalated_at.is_some() {
            return Ok(true);
        }
        let names: Vec<&Membership> = voice.names().map(|(member, _)| member).collect();
        Ok(approval.asked().any(|owner| {
            let asked = rules.asked(owner, now);
            names.iter().any(|name| {
                let has_turn = asked.is_empty() || asked.iter().any(|user| user.id == name.user_id);
                name.answers_for(owner)
                    && (has_turn || matches!(owner, Owner::User(_) | Owner::System(_)))
            })
        }))
    }

    /// Whether it is theirs at this minute.
    async fn is_asked(
        &self,
        reads: &mut (dyn Reads + '_),
        owner: &Owner,
        merchant: Uuid,
        user: Uuid,
    ) -> Result<bool> {
        if matches!(owner, Owner::User(_) | Owner::System(_)) {
            return Ok(true);
        }
        let rules = self.rules_by(reads, merchant).await?;
        let asked = rules.asked(owner, self.now());
        Ok(asked.is_empty() || asked.iter().any(|one| one.id == user))
    }

    /// What this member sees in this state, from outside.
    async fn theirs(
        &self,
        reads: &mut (dyn Reads + '_),
        member: &Membership,
        state: &str,
    ) -> Result<ListFilter> {
        let rules = self.rules_by(reads, member.merchant_id).await?;
        Ok(ListFilter {
            state: Some(state.to_owned()),
            // approvals and tasks have no destination
            seen_by: Sight::of(member, [], &rules.roster.rotations).held(),
            limit: MOST,
            ..ListFilter::default()
        })
    }

    async fn pending(
        &self,
        reads: &mut (dyn Reads + '_),
        places: &[&(Merchant, Membership)],
    ) -> Result<Vec<Approval>> {
        let (whole, outside) = apart(places);
        let mut found = match whole.as_slice() {
            [] => Vec::new(),
            ids => reads.pending_approvals(ids, MOST).await?,
        };
        for (merchant, member) in outside {
            let filter = self.theirs(reads, member, "pending").await?;
            found.extend(reads.approvals(merchant.id, &filter).await?);
        }
        Ok(found)
    }

    async fn live(
        &self,
        reads: &mut (dyn Reads + '_),
        places: &[&(Merchant, Membership)],
    ) -> Result<Vec<Task>> {
        let (whole, outside) = apart(places);
        let mut found = match whole.as_slice() {
            [] => Vec::new(),
            ids => reads.live_tasks(ids, MOST).await?,
        };
        for (merchant, member) in outside {
            let filter = self.theirs(reads, member, "live").await?;
            found.extend(reads.tasks(merchant.id, &filter).await?);
        }
        Ok(found)
    }
}

/// What waits for this person to agree that it is published.
async fn to_publish(
    reads: &mut (dyn Reads + '_),
    places: &[&(Merchant, Membership)],
    user: &User,
) -> Result<Vec<QueueItem>> {
    let may: Vec<Uuid> = places
        .iter()
        .filter(|(_, member)| member.may(Action::PublishFlows))
        .map(|(merchant, _)| merchant.id)
        .collect();
    if may.is_empty() {
        return Ok(Vec::new());
    }
    let mut items = Vec::new();
    for sheet in reads.drafts_asked_about(&may).await? {
        if let Some((merchant, _)) = place(places, sheet.merchant_id)
            && let Ok(request) = sheet.can_agree(user.id, &sheet.hash())
        {
            items.push(QueueItem {
                merchant: merchant.clone(),
                deadline: request.due(),
                what: Waiting::Publishing(Box::new(sheet)),
            });
        }
    }
    Ok(items)
}

/// Where they see everything, and where only what is theirs.
fn apart<'p>(
    places: &[&'p (Merchant, Membership)],
) -> (Vec<Uuid>, Vec<&'p (Merchant, Membership)>) {
    let (outside, whole): (Vec<_>, Vec<_>) = places
        .iter()
        .copied()
        .partition(|(_, member)| member.party.is_outside());
    (
        whole.iter().map(|(merchant, _)| merchant.id).collect(),
        outside,
    )
}

fn place<'p>(
    places: &[&'p (Merchant, Membership)],
    merchant_id: Uuid,
) -> Option<(&'p Merchant, &'p Membership)> {
    places
        .iter()
        .find(|(merchant, _)| merchant.id == merchant_id)
        .map(|(m, s)| (m, s))
}
