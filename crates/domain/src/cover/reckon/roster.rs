//! Who answers for an owner, now and over a span; and when nobody does.

use std::{collections::BTreeSet, fmt};

use uuid::Uuid;

use super::TurnSource;
use crate::{
    cover::{By, Cover, Roster, Span},
    owner::{Owner, role_title},
    people::{Membership, User},
    time::Time,
};

/// Why nobody answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nobody active holds the role, or the person is gone.
    NobodyHolds,
    /// Outside the hours of this calendar, and nobody is named for then.
    Closed { calendar: String },
    /// There is nobody in this rotation.
    EmptyRotation { rotation: String },
    /// Whose turn it is in this rotation does not work here any more.
    Gone { rotation: String },
    /// A rotation or a calendar that there is not.
    Missing { what: String },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyHolds => f.write_str("nobody active holds it"),
            Self::Closed { calendar } => {
                write!(
                    f,
                    "outside the hours of {calendar}, and nobody is named for then"
                )
            }
            Self::EmptyRotation { rotation } => write!(f, "nobody is in the rotation {rotation}"),
            Self::Gone { rotation } => write!(
                f,
                "it is the turn of somebody in the rotation {rotation} who does not work here any more"
            ),
            Self::Missing { what } => write!(f, "there is no {what}"),
        }
    }
}

/// A time in which the same people answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub span: Span,
    /// In the order of the members that were given. Nobody: a gap.
    pub who: Vec<Uuid>,
    /// When nobody does.
    pub why: Option<Why>,
    /// Where it is somebody's turn.
    pub source: Option<TurnSource>,
}

/// A time in which nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: Time,
    pub to: Time,
    pub why: Why,
}

/// The people of a merchant, as rules keep them.
type Members = [(User, Membership)];

impl Roster {
    /// The active people who answer for an owner at that instant, or why nobody does. A system answers by
    /// itself, and has nobody.
    pub fn answering<'m>(
        &self,
        members: &'m Members,
        owner: &Owner,
        at: Time,
    ) -> Result<Vec<&'m User>, Why> {
        match owner {
            Owner::System(_) => Ok(Vec::new()),
            Owner::User(_) => holders(members, owner),
            Owner::Rotation(key) => self.on_call(members, key, at),
            Owner::Role { party, role } => match self.cover(*party, role) {
                None => holders(members, owner),
                Some(cover) => self.by(members, cover, self.who_now(cover, at)?, at),
            },
        }
    }

    fn who_now<'c>(&self, cover: &'c Cover, at: Time) -> Result<&'c By, Why> {
        let Some(key) = &cover.calendar else {
            return Ok(&cover.by);
        };
        let calendar = self.calendar(key).ok_or_else(|| Why::Missing {
            what: format!("calendar {key}"),
        })?;
        if calendar.is_open(at) {
            return Ok(&cover.by);
        }
        cover.after_hours.as_ref().ok_or_else(|| Why::Closed {
            calendar: calendar.name.clone(),
        })
    }

    fn by<'m>(
        &self,
        members: &'m Members,
        cover: &Cover,
        by: &By,
        at: Time,
    ) -> Result<Vec<&'m User>, Why> {
        match by {
            By::Everybody => holders(members, &cover.owner()),
            By::Rotation(key) => self.on_call(members, key, at),
        }
    }

    fn on_call<'m>(&self, members: &'m Members, key: &str, at: Time) -> Result<Vec<&'m User>, Why> {
        let rotation = self.rotation(key).ok_or_else(|| Why::Missing {
            what: format!("rotation {key}"),
        })?;
        let user = rotation.on_call(at).ok_or_else(|| Why::EmptyRotation {
            rotation: rotation.name.clone(),
        })?;
        let found: Vec<&User> = members
            .iter()
            .filter(|(person, _)| person.id == user && person.active)
            .map(|(person, _)| person)
            .collect();
        if found.is_empty() {
            return Err(Why::Gone {
                rotation: rotation.name.clone(),
            });
        }
        Ok(found)
    }

    /// Whose turn decides at that instant, if one does.
    fn source(&self, owner: &Owner, at: Time) -> Option<TurnSource> {
        let key = match owner {
            Owner::Rotation(key) => key,
            Owner::Role { party, role } => {
                match self.who_now(self.cover(*party, role)?, at).ok()? {
                    By::Rotation(key) => key,
                    By::Everybody => return None,
                }
            }
            Owner::User(_) | Owner::System(_) => return None,
        };
        let instant = Span {
            from: at,
            to: at.plus_ms(1),
        };
        let turn = self.rotation(key)?.turns(instant).into_iter().next()?;
        Some(turn.source)
    }

    /// The instants within a span at which it may become somebody else's.
    fn edges(&self, owner: &Owner, span: Span) -> BTreeSet<Time> {
        let mut edges = BTreeSet::from([span.from]);
        let mut rotations: Vec<&str> = Vec::new();
        match owner {
            Owner::Rotation(key) => rotations.push(key),
            Owner::Role { party, role } => {
                if let Some(cover) = self.cover(*party, role) {
                    rotations.extend(cover.rotations());
                    let calendar = cover.calendar.as_deref().and_then(|key| self.calendar(key));
                    for open in calendar.iter().flat_map(|one| one.working(span)) {
                        edges.extend([open.from, open.to]);
                    }
                }
            }
            Owner::User(_) | Owner::System(_) => {}
        }
        for rotation in rotations.into_iter().filter_map(|key| self.rotation(key)) {
            edges.extend(rotation.turns(span).iter().map(|turn| turn.span.from));
        }
        edges.retain(|at| span.holds(*at));
        edges
    }

    /// Who answers over a span, in order, without a break.
    pub fn watch(&self, members: &Members, owner: &Owner, span: Span) -> Vec<Stretch> {
        let edges = self.edges(owner, span);
        let ends = edges.iter().skip(1).copied().chain([span.to]);
        let mut stretches: Vec<Stretch> = Vec::new();
        for (from, to) in edges.iter().copied().zip(ends) {
            let (who, why) = match self.answering(members, owner, from) {
                Ok(who) => (who.into_iter().map(|user| user.id).collect(), None),
                Err(why) => (Vec::new(), Some(why)),
            };
            let source = self.source(owner, from);
            match stretches.last_mut() {
                Some(last) if last.who == who && last.why == why && last.source == source => {
                    last.span.to = to;
                }
                _ => stretches.push(Stretch {
                    span: Span { from, to },
                    who,
                    why,
                    source,
                }),
            }
        }
        stretches
    }

    /// The times within a span in which nobody answers for this owner.
    pub fn gaps(&self, members: &Members, owner: &Owner, span: Span) -> Vec<Gap> {
        self.watch(members, owner, span)
            .into_iter()
            .filter_map(|stretch| {
                Some(Gap {
                    from: stretch.span.from,
                    to: stretch.span.to,
                    why: stretch.why?,
                })
            })
            .collect()
    }

    /// "Logistics", "Night desk"; a person's name is not known here.
    pub fn title(&self, owner: &Owner) -> String {
        match owner {
            Owner::Rotation(key) => self
                .rotation(key)
                .map_or_else(|| role_title(key), |one| one.name.clone()),
            other => other.title(),
        }
    }
}

fn holders<'m>(members: &'m Members, owner: &Owner) -> Result<Vec<&'m User>, Why> {
    let found: Vec<&User> = members
        .iter()
        .filter(|(user, member)| user.active && member.answers_for(owner))
        .map(|(user, _)| user)
        .collect();
    if found.is_empty() {
        Err(Why::NobodyHolds)
    } else {
        Ok(found)
    }
}
