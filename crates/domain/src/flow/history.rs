//! What a draft was before each edit: taking back and making again are going from one to the next.

use super::{Draft, Edit, Refusal};

/// So many edits can be taken back.
const KEPT: usize = 200;

/// A draft with what it was before, and what was taken back.
#[derive(Clone, Debug)]
pub struct History {
    past: Vec<Draft>,
    now: Draft,
    taken_back: Vec<Draft>,
}

impl History {
    pub const fn new(draft: Draft) -> Self {
        Self {
            past: Vec::new(),
            now: draft,
            taken_back: Vec::new(),
        }
    }

    pub const fn now(&self) -> &Draft {
        &self.now
    }

    /// An edit that changes nothing leaves no trace.
    pub fn apply(&mut self, edit: &Edit) -> Result<(), Refusal> {
        let next = self.now.apply(edit)?;
        self.become_of(next);
        Ok(())
    }

    /// Another draft takes its place, as one edit: what somebody else saved, or both brought together.
    pub fn become_of(&mut self, next: Draft) {
        if next == self.now {
            return;
        }
        self.past.push(std::mem::replace(&mut self.now, next));
        if self.past.len() > KEPT {
            self.past.remove(0);
        }
        self.taken_back.clear();
    }

    /// Another draft takes its place within the same edit: one more letter of what is being typed.
    pub fn go_on(&mut self, next: Draft) {
        self.now = next;
        self.taken_back.clear();
    }

    /// Whether there was anything to take back.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.past.pop() else {
            return false;
        };
        self.taken_back
            .push(std::mem::replace(&mut self.now, before));
        true
    }

    pub fn redo(&mut self) -> bool {
        let Some(next) = self.taken_back.pop() else {
            return false;
        };
        self.past.push(std::mem::replace(&mut self.now, next));
        true
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.taken_back.is_empty()
    }
}
