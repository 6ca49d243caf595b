//! A token that is about to expire is somebody's task, before the program that uses it is refused.
//!
//! The job is armed when a token is made or rotated, for a week before its end, or half of its term where
//! that is shorter. It opens a task for whoever made the token, if they may still look after it, else for
//! an admin here. Rotating or revoking the token closes the task; so there is one per secret, and none
//! about a token that is dealt with.

use domain::{
    Time,
    access::Action,
    owner::{Owner, Party},
    task::{ExceptionClass, Severity, Task, TaskState, Unlock},
    token::ApiToken,
};
use uuid::Uuid;

use crate::{
    error::Result,
    exception::{evidence, ladder},
    job::JobKind,
    rules::Rules,
    work::Work,
};

fn key(token: Uuid) -> String {
    format!("token_expiring:{token}")
}

/// Whoever made it, or an admin: they alone can do something about it. And who is asked after them.
fn keepers(rules: &Rules, token: &ApiToken) -> (Owner, Owner) {
    let mut able: Vec<Uuid> = rules
        .members
        .iter()
        .filter(|(user, member)| user.active && member.may(Action::ManageTokens))
        .map(|(user, _)| user.id)
        .collect();
    // the maker first, the others by name
    able.sort_by_key(|id| Some(*id) != token.created_by);
    let role = Owner::role(Party::Agency, "engineering");
    let mut able = able.into_iter().map(Owner::User);
    let owner = able.next().unwrap_or_else(|| role.clone());
    (owner, able.next().unwrap_or(role))
}

impl Work<'_> {
    /// Arms the warning about a token's secret of now; nothing for one that never ends.
    pub async fn expect_expiry(&mut self, token: &ApiToken) -> Result<()> {
        match token.warn_at() {
            Some(at) => self.arm(JobKind::TokenExpiring, token.id, at).await,
            None => Ok(()),
        }
    }

    /// Job: does nothing when the token was rotated or revoked meanwhile.
    pub async fn token_expiring(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(token) = self.tx.token(self.merchant_id(), id).await? else {
            return Ok(());
        };
        let (Some(end), Some(warn_at)) = (token.expires_at, token.warn_at()) else {
            return Ok(());
        };
        if warn_at != armed_for || token.revoked_at.is_some() || end <= self.now {
            return Ok(());
        }
        let (owner, backup) = keepers(&self.rules, &token);
        let used = match token.last_used_at {
            Some(at) => at.to_string(),
            None => "never".to_owned(),
        };
        let half = end.since_ms(self.now) / 2;
        self.trace_id = self.engine.new_trace_id();
        let task = Task {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            dedup_key: key(token.id),
            code: "token_expiring".to_owned(),
            title: format!("The API token “{}” expires soon", token.name),
            sentence: format!(
                "Whatever uses “{}” ({}…) is refused from {end} on.",
                token.name, token.prefix
            ),
            class: ExceptionClass::Soft,
            severity: Severity::Normal,
            state: TaskState::Open,
            owner,
            assignee: None,
            escalation: ladder(&backup, half / 2),
            backup,
            watchers: Vec::new(),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence: vec![evidence("Token", token.prefix), evidence("Last used", used)],
            remediation_steps: vec![
                "Rotate it under Settings, API tokens, and give the new secret to the program: the old one works for another day.".to_owned(),
                "If nothing uses it any more, revoke it there. Either closes this task.".to_owned(),
            ],
            unlock: Unlock::Nothing,
            receipt_id: None,
            order_id: None,
            run_id: None,
            step: None,
            export_id: None,
            trace_id: self.trace_id.clone(),
            created_at: self.now,
            asked_at: None,
            accept_by: self.now.plus_ms(half),
            resolve_by: end,
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        };
        self.open(task).await
    }

    /// It was rotated or revoked: nothing is left to be done about its end.
    pub async fn token_is_dealt_with(&mut self, token: Uuid, why: &str) -> Result<()> {
        self.cancel_task(&key(token), why).await
    }
}
