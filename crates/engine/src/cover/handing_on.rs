//! Turns that somebody has, when they leave or change: whoever takes over their seats has them.

use domain::{owner::Owner, people::User};

use super::rotations::unfit;
use crate::{
    error::{Error, Result},
    handover::{Handover, Passing, Share, passing_on::replace},
    rules::Rules,
    seats::{self, Holds, Seat},
    work::Work,
};

/// Whether they stay, but not as somebody who can have this turn.
pub(crate) fn is_out(seat: &Seat, leaver: &User, after: &Rules) -> bool {
    seat.holds == Holds::Rotation
        && seat.owner == Owner::User(leaver.id)
        && after
            .roster
            .rotations
            .iter()
            .any(|one| one.id == seat.id && unfit(one, leaver.id, after).is_some())
}

impl Work<'_> {
    /// Turns in rotations come first: what names a rotation needs somebody in it.
    pub(crate) async fn pass_turns(
        &mut self,
        passing: &mut Passing,
        handover: &Handover,
    ) -> Result<()> {
        let field = handover.field(Share::Rules);
        for old in passing.found.rotations.clone() {
            let mut next = old.clone();
            seats::rotation(&mut next, &mut |_, need, owner| {
                replace(passing, handover, Holds::Rotation, need, owner)
            });
            if next == old {
                continue;
            }
            let leaver = passing.leaver.id;
            let successor = handover.for_share(Share::Rules);
            if successor.is_some_and(|id| old.members.contains(&id)) {
                // they have their own turn in it already
                next.members = old.members.clone();
                next.members.retain(|user| *user != leaver);
            }
            if let Some(why) = successor.and_then(|id| unfit(&next, id, &passing.after)) {
                let sentence = format!("“{}”: {why}", next.name);
                return Err(Error::invalid(field, sentence));
            }
            self.save_rotation(&old, &next, "rotation.changed").await?;
            let roster = &mut passing.after.roster;
            roster.rotations.retain(|one| one.id != next.id);
            roster.rotations.push(next);
            let of = roster.rotations_of_people();
            for (user, member) in &mut passing.after.members {
                member.rotations = of.get(&user.id).cloned().unwrap_or_default();
            }
        }
        Ok(())
    }
}
