//! An export's state in words and tones, and whose move it is.

use domain::{
    Time,
    approval::Approval,
    connection::Destination,
    export::{Export, ExportState},
    task::Task,
};
use engine::Rules;

use crate::{
    ui::{Tone, time::deadline_tone},
    web::owner_name,
};

pub const fn export_tone(state: ExportState) -> Tone {
    match state {
        ExportState::AwaitingApproval => Tone::Wait,
        ExportState::Ready
        | ExportState::Delivering
        | ExportState::Delivered
        | ExportState::Acknowledged => Tone::Moving,
        ExportState::Completed => Tone::Done,
        ExportState::Paused => Tone::Held,
        ExportState::Quarantined
        | ExportState::Rejected
        | ExportState::Expired
        | ExportState::Failed => Tone::Late,
        ExportState::Declined
        | ExportState::Withdrawn
        | ExportState::Superseded
        | ExportState::Compensated => Tone::Idle,
    }
}

/// Whose move it is, what the move is, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Move {
    pub tone: Tone,
    /// "Operations", "Harbor 3PL"; empty when nobody has to do anything.
    pub whose: String,
    pub says: String,
    pub due: Option<Time>,
    /// Where the move is made.
    pub href: Option<String>,
}

impl Move {
    /// For the narrow cell of a list: "Operations approves".
    pub fn line(&self) -> String {
        if self.whose.is_empty() {
            self.says.clone()
        } else {
            format!("{} {}", self.whose, self.says)
        }
    }

    /// Under a heading that names who: "Sends it to Harbor 3PL."
    pub fn sentence(&self) -> String {
        let mut letters = self.says.chars();
        let first: String = letters
            .next()
            .map(|letter| letter.to_uppercase().collect())
            .unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    }

    /// "Operations’ move", "Harbor 3PL’s move"
    pub fn possessive(&self) -> String {
        match self.whose.as_str() {
            "" => "Nobody’s move".to_owned(),
            name if name.ends_with('s') => format!("{name}’ move"),
            name => format!("{name}’s move"),
        }
    }

    pub fn nobodys(tone: Tone, says: impl Into<String>) -> Self {
        Self {
            tone,
            says: says.into(),
            ..Self::default()
        }
    }
}

/// The people and places that a move names.
#[derive(Clone, Copy, Debug)]
pub struct Cast<'a> {
    pub rules: &'a Rules,
    pub slug: &'a str,
    pub now: Time,
}

/// A live task stands before everything else: until it is resolved, nothing moves.
pub fn export_move(
    export: &Export,
    pending: Option<&Approval>,
    tasks: &[Task],
    cast: Cast<'_>,
) -> Move {
    let open = tasks
        .iter()
        .find(|task| !task.state.is_over() && task.export_id == Some(export.id));
    if let Some(step) = pending.filter(|_| export.state == ExportState::AwaitingApproval) {
        return approval_move(step, cast);
    }
    if let Some(task) = open {
        return task_move(task, cast);
    }
    let Cast { rules, .. } = cast;
    let destination = destination_name(rules, export);
    let moving = |whose: &str, says: String, due| Move {
        tone: Tone::Moving,
        whose: whose.to_owned(),
        says,
        due,
        href: None,
    };
    match export.state {
        ExportState::Quarantined => Move::nobodys(Tone::Late, "A check failed, so it was not sent"),
        // who decides is not for these eyes
        ExportState::AwaitingApproval => Move {
            tone: Tone::Wait,
            whose: "An approval".to_owned(),
            says: "comes first".to_owned(),
            due: Some(export.accept_by),
            href: None,
        },
        ExportState::Ready => moving("Meshline", format!("sends it to {destination}"), None),
        ExportState::Delivering => {
            moving("Meshline", format!("is sending it to {destination}"), None)
        }
        ExportState::Delivered => moving(&destination, "says whether it takes it".to_owned(), None),
        ExportState::Acknowledged => acknowledged(export, destination, cast),
        ExportState::Completed => Move::nobodys(Tone::Done, format!("{destination} has done it")),
        ExportState::Paused => Move::nobodys(Tone::Held, "An exception holds it"),
        ExportState::Rejected => Move::nobodys(Tone::Late, format!("{destination} refused it")),
        ExportState::Failed => {
            Move::nobodys(Tone::Late, format!("{destination} was never reached"))
        }
        ExportState::Expired => Move::nobodys(Tone::Late, "Nobody decided in time"),
        ExportState::Declined => Move::nobodys(Tone::Idle, "It was declined and is not sent"),
        ExportState::Withdrawn => Move::nobodys(Tone::Idle, "It was withdrawn and is not sent"),
        ExportState::Superseded => Move::nobodys(Tone::Idle, "A newer version took its place"),
        ExportState::Compensated => Move::nobodys(Tone::Idle, "It was undone"),
    }
}

fn acknowledged(export: &Export, destination: String, cast: Cast<'_>) -> Move {
    let contract = cast
        .rules
        .contracts
        .iter()
        .find(|one| one.id == export.contract_id);
    let within = contract.map(|contract| contract.ack.completed_within_ms);
    match within {
        Some(None) => Move::nobodys(Tone::Done, format!("{destination} has taken it")),
        Some(Some(ms)) => Move {
            tone: Tone::Moving,
            whose: destination,
            says: "completes it".to_owned(),
            due: export.ack.acknowledged_at.map(|at| at.plus_ms(ms)),
            href: None,
        },
        None => Move {
            tone: Tone::Moving,
            whose: destination,
            says: "completes it".to_owned(),
            due: None,
            href: None,
        },
    }
}

fn approval_move(step: &Approval, cast: Cast<'_>) -> Move {
    let owner = owner_name(cast.rules, &step.owner);
    let whose = if step.escalated_at.is_some() {
        format!("{owner} or {}", owner_name(cast.rules, &step.backup))
    } else {
        owner
    };
    Move {
        tone: step.accept_by.map_or(Tone::Wait, |due| {
            match deadline_tone(due.since_ms(cast.now)) {
                Tone::Late => Tone::Late,
                _ => Tone::Wait,
            }
        }),
        whose,
        says: "approves or declines".to_owned(),
        due: step.accept_by,
        href: Some(format!("/m/{}/approvals/{}", cast.slug, step.id)),
    }
}

pub fn task_move(task: &Task, cast: Cast<'_>) -> Move {
    let name = task
        .assignee
        .and_then(|id| cast.rules.user_name(id))
        .map(str::to_owned);
    let due = task.deadline();
    let verb = if name.is_some() {
        "works on"
    } else {
        "has the task"
    };
    Move {
        tone: if due <= cast.now {
            Tone::Late
        } else {
            Tone::Wait
        },
        whose: name.unwrap_or_else(|| owner_name(cast.rules, &task.owner)),
        says: format!("{verb} “{}”", task.title),
        due: Some(due),
        href: Some(format!("/m/{}/tasks/{}", cast.slug, task.id)),
    }
}

pub fn destination_of<'r>(rules: &'r Rules, export: &Export) -> Option<&'r Destination> {
    rules
        .destinations
        .iter()
        .find(|one| one.id == export.destination_id)
}

pub fn destination_name(rules: &Rules, export: &Export) -> String {
    destination_of(rules, export)
        .map_or_else(|| "its destination".to_owned(), |one| one.name.clone())
}

/// `sha256:9c1f…` as far as it tells two contents apart.
pub fn short_hash(hash: &str) -> String {
    let digits = hash.strip_prefix("sha256:").unwrap_or(hash);
    format!("sha256:{}…", digits.chars().take(8).collect::<String>())
}

/// What a gate checks, as a sentence that is true when it passed.
pub fn check_words(check: &str) -> String {
    match check {
        "schema" => "The content fits the contract's schema".to_owned(),
        "owner_resolvable" => "Everybody who is asked is there".to_owned(),
        "sla_parseable" => "Its deadlines can be kept".to_owned(),
        "exception_path_defined" => "Every failure goes to somebody".to_owned(),
        "no_duplicate_or_conflict" => "Nothing else is under way for the same thing".to_owned(),
        other => gate_words(other).map_or_else(|| domain::owner::role_title(other), str::to_owned),
    }
}

/// The same of the business rules.
pub fn gate_words(check: &str) -> Option<&'static str> {
    Some(match check {
        "price_within" => "Every price is close to the last one",
        "stock_at_least" => "There is enough of everything",
        "sku_known" => "The catalogue knows every SKU",
        "not_on_hold" => "Nobody holds the order",
        "gtin" => "Every GTIN is valid",
        "only_one" => "Nothing that contradicts it is under way",
        "fresh" => "What it relies on is fresh enough",
        "staging" => "The staging side took a trial of it",
        _ => return None,
    })
}

/// "unit" or "units".
pub fn plural(n: usize, noun: &str) -> String {
    if n == 1 {
        noun.to_owned()
    } else {
        format!("{noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_cut_and_lines_name_who() {
        assert_eq!(short_hash("sha256:9c1f00aa11"), "sha256:9c1f00aa…");
        assert_eq!(Move::nobodys(Tone::Done, "It is done").line(), "It is done");
        let theirs = Move {
            whose: "Operations".to_owned(),
            ..Move::nobodys(Tone::Wait, "approves or declines")
        };
        assert_eq!(theirs.line(), "Operations approves or declines");
        assert_eq!(
            (theirs.sentence().as_str(), theirs.possessive().as_str()),
            ("Approves or declines.", "Operations’ move")
        );
    }
}
