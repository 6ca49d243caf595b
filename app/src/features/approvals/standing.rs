//! Where an approval stands for the person who looks at it: may they decide, and if not, why not.

use domain::{
    Time,
    access::Action,
    approval::{Approval, ApprovalState, Decision, Vote},
};
use engine::{Ctx, Error, Rules};

use crate::{
    ui::{
        Tone,
        time::{duration_text, relative_text},
    },
    web::{owner_name, short_name},
};

/// What this person may do, asked of the gate itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub may_approve: bool,
    pub may_decline: bool,
    /// Why not, when neither.
    pub why_not: Option<String>,
}

pub(super) fn standing(
    approval: &Approval,
    all: &[Approval],
    ctx: &Ctx,
    rules: &Rules,
    now: Time,
) -> Standing {
    let ask = |approve: bool| -> Result<(), Error> {
        ctx.require(Action::Decide)?;
        let (_, member) = ctx.member()?;
        let decision = Decision {
            approve,
            note: Some("-".to_owned()),
            seen_hash: approval.content_hash.clone(),
            step: None,
        };
        approval
            .clone()
            .decide(&decision, &rules.voice(member, now), all, now)?;
        Ok(())
    };
    let (yes, no) = (ask(true), ask(false));
    Standing {
        may_approve: yes.is_ok(),
        may_decline: no.is_ok(),
        why_not: yes.err().map(|error| why_not(approval, ctx, rules, error)),
    }
}

/// In the reader's words: what matters to them first, then on whom it waits.
fn why_not(approval: &Approval, ctx: &Ctx, rules: &Rules, error: Error) -> String {
    if let Some(user) = ctx.user_id() {
        if approval.author == Some(user) {
            return "You asked for this, so somebody else decides.".to_owned();
        }
        if approval.is_written_by(user) {
            return "You wrote part of this, so somebody else decides.".to_owned();
        }
    }
    let answers = ctx
        .member()
        .is_ok_and(|(_, member)| approval.waits_on(&rules.voice(member, ctx.now())));
    if answers && ctx.may(Action::Decide) {
        return error.sentence;
    }
    let people: Vec<String> = rules
        .asked(&approval.owner, ctx.now())
        .iter()
        .map(|user| short_name(&user.name))
        .collect();
    match people.as_slice() {
        [] => format!("It waits on {}.", owner_name(rules, &approval.owner)),
        people => format!(
            "It waits on {} ({}).",
            owner_name(rules, &approval.owner),
            people.join(", ")
        ),
    }
}

pub(super) const fn tone(state: ApprovalState) -> Tone {
    match state {
        ApprovalState::Pending => Tone::Wait,
        ApprovalState::Approved => Tone::Done,
        ApprovalState::Declined | ApprovalState::Expired => Tone::Late,
        ApprovalState::Queued | ApprovalState::Withdrawn | ApprovalState::Superseded => Tone::Idle,
    }
}

/// "waiting", "approved by Mara K."
pub(super) fn word(approval: &Approval, rules: &Rules) -> String {
    let who = approval
        .decided_by
        .and_then(|user| rules.user_name(user))
        .map(short_name);
    match (approval.state, who) {
        (ApprovalState::Pending, _) if approval.escalated_at.is_some() => {
            "with the backup, too".to_owned()
        }
        (ApprovalState::Pending, _) if approval.question.is_some() => {
            "waiting for an answer".to_owned()
        }
        (ApprovalState::Pending, _) if approval.needs > 1 => {
            format!("{} of {} agreed", approval.votes.len(), approval.needs)
        }
        (ApprovalState::Pending, _) => "waiting".to_owned(),
        (ApprovalState::Queued, _) => "asked next".to_owned(),
        (state, Some(who)) => format!("{state} by {who}"),
        (state, None) => state.to_string(),
    }
}

/// "Operations", "2 of Operations and Finance".
pub(super) fn asked_words(approval: &Approval, rules: &Rules) -> String {
    let owners: Vec<String> = approval
        .asked()
        .map(|owner| owner_name(rules, owner))
        .collect();
    let listed = match owners.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        _ => owners.concat(),
    };
    match (approval.needs, owners.len()) {
        (1, 1) => listed,
        (needs, _) => format!("{needs} of {listed}"),
    }
}

/// "Mara K.", "Kim L. for Mara K."
pub(super) fn vote_words(vote: &Vote, rules: &Rules) -> String {
    let name = |user| {
        rules
            .user_name(user)
            .map_or_else(|| "Somebody who left".to_owned(), short_name)
    };
    match vote.on_behalf {
        Some(other) => format!("{} for {}", name(vote.by), name(other)),
        None => name(vote.by),
    }
}

/// What became of an approval that is over, in one sentence.
pub(super) fn ending(approval: &Approval, rules: &Rules, now: Time) -> String {
    let owner = owner_name(rules, &approval.owner);
    let who = approval
        .decided_by
        .and_then(|user| rules.user_name(user))
        .map_or_else(|| owner.clone(), short_name);
    let who = match approval.decided_for.and_then(|user| rules.user_name(user)) {
        Some(other) => format!("{who}, for {},", short_name(other)),
        None => who,
    };
    let when = approval
        .decided_at
        .map(|at| relative_text(now.since_ms(at)))
        .unwrap_or_default();
    let took = approval
        .asked_at
        .zip(approval.decided_at)
        .map(|(asked, decided)| {
            format!(
                ", {} after being asked",
                duration_text(decided.since_ms(asked))
            )
        })
        .unwrap_or_default();
    let note = approval
        .decision_note
        .as_deref()
        .map(|note| format!(" “{note}”"))
        .unwrap_or_default();
    match approval.state {
        ApprovalState::Approved => format!("{who} approved it {when}{took}.{note}"),
        ApprovalState::Declined => format!("{who} declined it {when}{took}.{note}"),
        ApprovalState::Expired => {
            format!("Nobody decided in time: neither {owner} nor the backup. It was not sent.")
        }
        ApprovalState::Withdrawn => "It was taken back before this was decided.".to_owned(),
        ApprovalState::Superseded => {
            "A newer version took its place, which is approved anew.".to_owned()
        }
        ApprovalState::Queued | ApprovalState::Pending => String::new(),
    }
}
