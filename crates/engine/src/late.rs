//! What somebody hears who comes late to a decision: what became of it, by whom, and when.

use domain::{
    Time,
    approval::{Approval, ApprovalState},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::Result,
    port::{AuditFilter, Reads},
    rules::Rules,
};

fn moment(at: Time) -> String {
    at.format_utc("%H:%M UTC on %-d %B %Y")
}

/// What is known from the approval alone: all there is to say of what was decided.
pub(crate) fn too_late(approval: &Approval, rules: &Rules) -> String {
    let name = |user: Uuid| rules.user_name(user).unwrap_or("Somebody who left");
    let at = approval.decided_at.map(moment).unwrap_or_default();
    let who = match (approval.decided_by, approval.decided_for) {
        (Some(by), Some(other)) => format!("{} for {}", name(by), name(other)),
        (Some(by), None) => name(by).to_owned(),
        (None, _) => "Somebody".to_owned(),
    };
    match approval.state {
        ApprovalState::Approved => format!("{who} approved this already, at {at}."),
        ApprovalState::Declined => {
            let why = approval.decision_note.as_deref().unwrap_or_default();
            format!("{who} declined this already, at {at}: “{why}”")
        }
        ApprovalState::Expired => {
            "Nobody decided this in time: it expired, and nothing was sent.".to_owned()
        }
        ApprovalState::Withdrawn => "It was taken back before anybody decided it.".to_owned(),
        ApprovalState::Superseded => {
            "A newer version took its place; that one is decided anew.".to_owned()
        }
        ApprovalState::Queued | ApprovalState::Pending => "It is not decided yet.".to_owned(),
    }
}

/// The same, and of what nobody decided who took it back or put another version in its place: the trail knows.
pub(crate) async fn came_of(
    reads: &mut dyn Reads,
    rules: &Rules,
    approval: &Approval,
    public_url: &str,
) -> Result<String> {
    let action = match approval.state {
        ApprovalState::Withdrawn => "export.withdrawn",
        ApprovalState::Superseded => "export.superseded",
        _ => return Ok(too_late(approval, rules)),
    };
    let filter = AuditFilter {
        subject_kind: Some("export".to_owned()),
        subject_id: Some(approval.export_id.to_string()),
        action: Some(action.to_owned()),
        limit: 1,
        ..AuditFilter::default()
    };
    let Some(entry) = reads.audit(approval.merchant_id, &filter).await?.pop() else {
        return Ok(too_late(approval, rules));
    };
    let (who, at) = (acting(&entry.actor, rules), moment(entry.at));
    if approval.state == ApprovalState::Withdrawn {
        let detail: Option<Value> = serde_json::from_str(&entry.detail).ok();
        let why = detail
            .as_ref()
            .and_then(|detail| detail.get("why")?.as_str());
        let why = why.map(|why| format!(": “{why}”")).unwrap_or_default();
        return Ok(format!(
            "{who} took it back at {at}, before it was decided{why}."
        ));
    }
    let mut newest = reads
        .export(approval.merchant_id, approval.export_id)
        .await?;
    while let Some(next) = newest.as_ref().and_then(|export| export.superseded_by) {
        newest = reads.export(approval.merchant_id, next).await?;
    }
    let said = format!("{who} put a newer version in its place at {at}");
    Ok(match newest {
        Some(newest) => format!(
            "{said}. Version {} is {}: {public_url}/m/{}/exports/{}",
            newest.version,
            newest.state.words(),
            rules.merchant.slug,
            newest.id
        ),
        None => format!("{said}."),
    })
}

/// Whoever acted, as the trail names them.
fn acting<'a>(actor: &str, rules: &'a Rules) -> &'a str {
    match actor.split_once(':') {
        Some(("user", id)) => id
            .parse::<Uuid>()
            .ok()
            .and_then(|id| rules.user_name(id))
            .unwrap_or("Somebody who left"),
        Some(("token", _)) => "A program with an API token",
        _ => "Meshline itself",
    }
}
