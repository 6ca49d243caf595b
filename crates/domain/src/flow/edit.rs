//! Editing a draft: every change a person can make to a flow on the drawing board, as a value.
//!
//! An edit is applied to a draft and gives another draft, or a sentence saying why not; nothing is changed in
//! place, so taking back is keeping the one before ([`super::History`]). After every edit each reference from step to
//! step leads to a step that is there: removing one joins what led to it with what followed, renaming one is
//! followed everywhere, facts that conditions ask for included. What an edit can't know (whether somebody
//! answers, whether a branch can be reached) is told by the readiness rules.

use serde::{Deserialize, Serialize};

use super::{Branch, Condition, Draft, ELSE, Exit, Failure, Path, Step, StepKind, Trigger};
use crate::owner::Owner;

/// A step while it is drawn.
pub type Sketch = Step<Option<Owner>>;

/// Enough for every honest flow, and little enough to be drawn.
pub const MOST_STEPS: usize = 400;
const LONGEST_KEY: usize = 60;
const LONGEST_TITLE: usize = 120;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "edit")]
pub enum Edit {
    /// A new step of this kind: the first one, or where an exit of another leads; what came there comes after it.
    Add {
        kind: String,
        #[serde(default)]
        title: String,
        place: Place,
    },
    /// Without it; what led to it leads to what followed.
    Remove {
        step: String,
    },
    /// To another place in the order in which steps are listed. Where the exits lead stays.
    Move {
        step: String,
        to: usize,
    },
    /// Out of its place and in again where an exit of another step leads.
    Shift {
        step: String,
        place: Place,
    },
    /// Everything that is said of a step, its key aside.
    Put {
        step: String,
        sketch: Box<Sketch>,
    },
    /// Another key; whatever names the step follows.
    Rename {
        step: String,
        to: String,
    },
    Connect {
        step: String,
        exit: String,
        to: String,
    },
    Disconnect {
        step: String,
        exit: String,
        to: String,
    },
    /// One more branch of a decision, before its `else`.
    AddBranch {
        step: String,
        label: String,
        when: Condition,
    },
    RemoveBranch {
        step: String,
        branch: String,
    },
    /// Instead of what was said for this way to fail.
    SetFailure {
        step: String,
        failure: Failure,
    },
    /// The trigger, and the steps that begin with the run.
    SetTrigger {
        trigger: Trigger,
        start: Vec<String>,
    },
    /// Name, summary, and what a finished run is called.
    Describe {
        name: String,
        summary: String,
        outcome: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub enum Place {
    Start,
    After {
        step: String,
        exit: String,
    },
    /// Beside what an exit leads to: both begin.
    Beside {
        step: String,
        exit: String,
    },
    /// On no path yet.
    Loose,
}

/// Why an edit is not made, and about which field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    pub field: &'static str,
    pub sentence: String,
}

impl Refusal {
    pub fn new(field: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            field,
            sentence: sentence.into(),
        }
    }
}

type Edited = Result<Draft, Refusal>;

impl Draft {
    /// The draft with this change.
    pub fn apply(&self, edit: &Edit) -> Edited {
        let mut draft = self.clone();
        match edit {
            Edit::Add { kind, title, place } => {
                draft.add(kind, title, place)?;
            }
            Edit::Remove { step } => draft.remove(step)?,
            Edit::Move { step, to } => {
                let from = draft.position(step)?;
                let moved = draft.steps.remove(from);
                draft.steps.insert((*to).min(draft.steps.len()), moved);
            }
            Edit::Shift { step, place } => draft.shift(step, place)?,
            Edit::Put { step, sketch } => draft.put(step, sketch)?,
            Edit::Rename { step, to } => draft.rename(step, to)?,
            Edit::Connect { step, exit, to } => {
                draft.position(to)?;
                let exit = draft.exit_mut(step, exit)?;
                if !exit.contains(to) {
                    exit.push(to.clone());
                }
            }
            Edit::Disconnect { step, exit, to } => {
                draft.exit_mut(step, exit)?.retain(|key| key != to);
            }
            Edit::AddBranch { step, label, when } => draft.add_branch(step, label, when)?,
            Edit::RemoveBranch { step, branch } => draft.remove_branch(step, branch)?,
            Edit::SetFailure { step, failure } => draft.set_failure(step, failure)?,
            Edit::SetTrigger { trigger, start } => {
                for key in start {
                    draft.position(key)?;
                }
                draft.trigger = trigger.clone();
                draft.start = once_each(start.iter());
            }
            Edit::Describe {
                name,
                summary,
                outcome,
            } => {
                draft.name = said(name, "name", "A flow needs a name.")?;
                draft.outcome = said(
                    outcome,
                    "outcome",
                    "Say what a finished run is called, such as “shipped”.",
                )?;
                draft.summary = summary.trim().to_owned();
            }
        }
        Ok(draft)
    }

    /// The key a step that is added now would get.
    pub fn free_key(&self, title: &str) -> String {
        let base = key_of(title);
        let mut key = base.clone();
        let mut n = 1;
        while self.step(&key).is_some() {
            n += 1;
            key = format!("{base}_{n}");
        }
        key
    }

    fn position(&self, key: &str) -> Result<usize, Refusal> {
        self.steps
            .iter()
            .position(|step| step.key == key)
            .ok_or_else(|| Refusal::new("step", format!("There is no step “{key}” any more.")))
    }

    fn step_mut(&mut self, key: &str) -> Result<&mut Sketch, Refusal> {
        let at = self.position(key)?;
        self.steps
            .get_mut(at)
            .ok_or_else(|| Refusal::new("step", "There is no such step any more."))
    }

    fn exit_mut(&mut self, step: &str, on: &str) -> Result<&mut Vec<String>, Refusal> {
        let step = self.step_mut(step)?;
        tidy(step);
        let title = step.title.clone();
        step.exits
            .iter_mut()
            .find(|exit| exit.on == on)
            .map(|exit| &mut exit.to)
            .ok_or_else(|| Refusal::new("exit", format!("“{title}” has no exit “{on}” any more.")))
    }

    fn add(&mut self, kind: &str, title: &str, place: &Place) -> Result<String, Refusal> {
        if self.steps.len() >= MOST_STEPS {
            return Err(Refusal::new(
                "kind",
                format!(
                    "A flow has at most {MOST_STEPS} steps. Put a part of it into a flow of its own."
                ),
            ));
        }
        let kind = StepKind::fresh(kind)
            .ok_or_else(|| Refusal::new("kind", "Choose what kind of step it is."))?;
        let title = match title.trim() {
            "" => kind.title(),
            title => title,
        };
        let key = self.free_key(title);
        let mut step = Step::new(&key, title, (None, None), kind);
        tidy(&mut step);
        let after = match place {
            Place::After { step, .. } | Place::Beside { step, .. } => self.position(step)? + 1,
            Place::Start => 0,
            Place::Loose => self.steps.len(),
        };
        self.steps.insert(after, step);
        self.lead_to(&key, place)?;
        Ok(key)
    }

    /// Makes `place` lead to the step; what came there comes after it.
    fn lead_to(&mut self, key: &str, place: &Place) -> Result<(), Refusal> {
        let was = match place {
            Place::Start => std::mem::replace(&mut self.start, vec![key.to_owned()]),
            Place::After { step, exit } => {
                std::mem::replace(self.exit_mut(step, exit)?, vec![key.to_owned()])
            }
            Place::Beside { step, exit } => {
                let to = self.exit_mut(step, exit)?;
                if !to.iter().any(|other| other == key) {
                    to.push(key.to_owned());
                }
                return Ok(());
            }
            Place::Loose => return Ok(()),
        };
        let step = self.step_mut(key)?;
        if let Some(first) = step.exits.first_mut()
            && first.to.is_empty()
        {
            first.to = was.into_iter().filter(|other| other != key).collect();
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) -> Result<(), Refusal> {
        let at = self.position(key)?;
        let gone = self.steps.remove(at);
        self.bridge(&gone);
        Ok(())
    }

    /// What led to a step that is out of its place leads to what followed it.
    fn bridge(&mut self, gone: &Sketch) {
        let following: Vec<String> = gone
            .exits
            .iter()
            .find(|exit| !exit.to.is_empty())
            .map(|exit| exit.to.clone())
            .unwrap_or_default()
            .into_iter()
            .filter(|key| *key != gone.key)
            .collect();
        let join = |to: &mut Vec<String>| {
            if let Some(at) = to.iter().position(|key| *key == gone.key) {
                let mut joined = to.clone();
                joined.splice(at..=at, following.iter().cloned());
                joined.retain(|key| *key != gone.key);
                *to = once_each(joined.iter());
            }
        };
        join(&mut self.start);
        for step in &mut self.steps {
            for exit in &mut step.exits {
                join(&mut exit.to);
            }
            // a failure that led to it has no path any more, unless there is one that follows
            let led_here = |path: &Path| matches!(path, Path::Go { to } if *to == gone.key);
            match following.first() {
                Some(next) => {
                    for failure in &mut step.failures {
                        if led_here(&failure.path) {
                            failure.path = Path::Go { to: next.clone() };
                        }
                    }
                }
                None => step.failures.retain(|failure| !led_here(&failure.path)),
            }
            if let StepKind::Compensate { back_to } = &mut step.kind
                && back_to.as_deref() == Some(gone.key.as_str())
            {
                *back_to = following.first().cloned();
            }
        }
    }

    fn shift(&mut self, key: &str, place: &Place) -> Result<(), Refusal> {
        if let Place::After { step, .. } | Place::Beside { step, .. } = place {
            self.position(step)?;
            if step == key {
                return Err(Refusal::new("place", "A step does not come after itself."));
            }
        }
        let at = self.position(key)?;
        let mut step = self.steps.remove(at);
        // undoing as far back as this step is still meant when it stands elsewhere
        let back: Vec<(String, Option<String>)> = self
            .steps
            .iter()
            .filter_map(|other| match &other.kind {
                StepKind::Compensate { back_to } => Some((other.key.clone(), back_to.clone())),
                _ => None,
            })
            .collect();
        self.bridge(&step);
        if let Some(first) = step.exits.iter_mut().find(|exit| !exit.to.is_empty()) {
            first.to.clear();
        }
        let after = match place {
            Place::After { step, .. } | Place::Beside { step, .. } => self.position(step)? + 1,
            Place::Start => 0,
            Place::Loose => self.steps.len(),
        };
        self.steps.insert(after, step);
        for (compensate, was) in back {
            if let StepKind::Compensate { back_to } = &mut self.step_mut(&compensate)?.kind {
                *back_to = was;
            }
        }
        self.lead_to(key, place)
    }

    fn put(&mut self, key: &str, sketch: &Sketch) -> Result<(), Refusal> {
        let at = self.position(key)?;
        let mut sketch = sketch.clone();
        sketch.key = key.to_owned();
        sketch.title = said(&sketch.title, "title", "A step needs a title.")?;
        for to in sketch.leads_to() {
            self.position(to)?;
        }
        if let StepKind::Compensate {
            back_to: Some(back),
        } = &sketch.kind
        {
            self.position(back)?;
        }
        if let StepKind::Decide { branches, .. } = &sketch.kind {
            let mut seen: Vec<&str> = Vec::new();
            for branch in branches {
                if branch.key == ELSE || seen.contains(&branch.key.as_str()) {
                    return Err(Refusal::new(
                        "branches",
                        format!("Two branches would be called “{}”.", branch.key),
                    ));
                }
                seen.push(&branch.key);
            }
        }
        tidy(&mut sketch);
        if let Some(step) = self.steps.get_mut(at) {
            *step = sketch;
        }
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let at = self.position(from)?;
        let to = to.trim();
        if to == from {
            return Ok(());
        }
        let fits = !to.is_empty()
            && to.len() <= LONGEST_KEY
            && to.starts_with(|first: char| first.is_ascii_lowercase())
            && to
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            return Err(Refusal::new(
                "key",
                "A key begins with a letter and is made of small letters, digits and underscores, such as “hand_to_3pl”.",
            ));
        }
        if let Some(other) = self.step(to) {
            return Err(Refusal::new(
                "key",
                format!("“{}” has this key already.", other.title),
            ));
        }
        if let Some(step) = self.steps.get_mut(at) {
            step.key = to.to_owned();
        }
        let follow = |key: &mut String| {
            if key == from {
                *key = to.to_owned();
            }
        };
        self.start.iter_mut().for_each(follow);
        for step in &mut self.steps {
            for exit in &mut step.exits {
                exit.to.iter_mut().for_each(follow);
            }
            for failure in &mut step.failures {
                if let Path::Go { to } = &mut failure.path {
                    follow(to);
                }
            }
            if let Some(checkpoint) = &mut step.checkpoint {
                follow_fact(&mut checkpoint.when, from, to);
            }
            match &mut step.kind {
                StepKind::Compensate {
                    back_to: Some(back),
                } => follow(back),
                StepKind::Decide { branches, .. } => {
                    for branch in branches {
                        follow_fact(&mut branch.when, from, to);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_branch(&mut self, step: &str, label: &str, when: &Condition) -> Result<(), Refusal> {
        let label = said(label, "label", "A branch needs a name, such as “Express”.")?;
        let step = self.step_mut(step)?;
        let StepKind::Decide { branches, .. } = &mut step.kind else {
            return Err(Refusal::new("step", "Only a decision has branches."));
        };
        let base = key_of(&label);
        let mut key = base.clone();
        let mut n = 1;
        while key == ELSE || branches.iter().any(|branch| branch.key == key) {
            n += 1;
            key = format!("{base}_{n}");
        }
        branches.push(Branch {
            key,
            label,
            when: when.clone(),
        });
        tidy(step);
        Ok(())
    }

    fn remove_branch(&mut self, step: &str, branch: &str) -> Result<(), Refusal> {
        let step = self.step_mut(step)?;
        let StepKind::Decide {
            branches,
            otherwise,
        } = &mut step.kind
        else {
            return Err(Refusal::new("step", "Only a decision has branches."));
        };
        if branch == ELSE {
            *otherwise = false;
        } else {
            branches.retain(|one| one.key != branch);
        }
        tidy(step);
        Ok(())
    }

    fn set_failure(&mut self, step: &str, failure: &Failure) -> Result<(), Refusal> {
        if let Path::Go { to } = &failure.path {
            self.position(to)?;
        }
        let step = self.step_mut(step)?;
        if !step.ways_to_fail().contains(&failure.on.as_str()) {
            return Err(Refusal::new(
                "failures",
                format!("“{}” can't fail as “{}”.", step.title, failure.on),
            ));
        }
        match step.failures.iter_mut().find(|old| old.on == failure.on) {
            Some(old) => *old = failure.clone(),
            None => step.failures.push(failure.clone()),
        }
        tidy(step);
        Ok(())
    }
}

/// One exit for each that its kind has, in their order; no path for what can't happen.
fn tidy(step: &mut Sketch) {
    let exits = step
        .kind
        .exits()
        .into_iter()
        .map(|on| Exit {
            on: on.to_owned(),
            to: once_each(step.exit(on).iter()),
        })
        .collect();
    step.exits = exits;
    let ways = step.ways_to_fail();
    step.failures = ways
        .iter()
        .filter_map(|way| step.failure(way).cloned())
        .collect();
}

fn once_each<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for key in keys {
        if !all.contains(key) {
            all.push(key.clone());
        }
    }
    all
}

fn said(text: &str, field: &'static str, otherwise: &str) -> Result<String, Refusal> {
    match text.trim() {
        "" => Err(Refusal::new(field, otherwise)),
        long if long.chars().count() > LONGEST_TITLE => Err(Refusal::new(
            field,
            format!("At most {LONGEST_TITLE} characters."),
        )),
        text => Ok(text.to_owned()),
    }
}

/// "Hand to 3PL" gives `hand_to_3pl`.
pub fn key_of(title: &str) -> String {
    let mut key = String::new();
    for letter in title.chars() {
        if letter.is_ascii_alphanumeric() {
            key.push(letter.to_ascii_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
        if key.len() >= LONGEST_KEY - 4 {
            break;
        }
    }
    let key = key.trim_end_matches('_');
    match key.as_bytes().first() {
        None => "step".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("step_{key}"),
        Some(_) => key.to_owned(),
    }
}

/// Answers are facts named after their step.
fn follow_fact(condition: &mut Condition, from: &str, to: &str) {
    match condition {
        Condition::Always => {}
        Condition::All { of } | Condition::Any { of } => {
            of.iter_mut().for_each(|one| follow_fact(one, from, to));
        }
        Condition::Not { of } => follow_fact(of, from, to),
        Condition::Test(test) => {
            if let Some(field) = test
                .fact
                .strip_prefix(from)
                .and_then(|rest| rest.strip_prefix('.'))
            {
                test.fact = format!("{to}.{field}");
            }
        }
    }
}

#[cfg(test)]
mod tests;
