//! The overview of an operator: each merchant with what is at risk there, and whose move it is.
//!
//! It is read from what the merchants' own pages list, with the same conditions, so that every number can be
//! looked into; and in a fixed number of statements, however many merchants there are. Somebody who only has
//! a place at some of the merchants gets the overview of those.

use std::collections::{BTreeSet, HashMap};

use domain::{Time, owner::Owner, people::Merchant};
use uuid::Uuid;

use crate::{
    agency::AgencyCtx,
    engine::Engine,
    error::Result,
    port::{AtRisk, Figures, Next, Span, Taken},
};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How a merchant stands, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Something is past its clock.
    Late,
    /// Something will be, within the hour.
    Soon,
    /// A source was not heard for a day.
    Quiet,
    OnTime,
}

#[derive(Clone, Debug)]
pub struct MerchantLine {
    pub merchant: Merchant,
    pub figures: Figures,
    pub standing: Standing,
    /// Tasks that were open at the end of each hour of the last day; the last is now.
    pub open: Vec<i64>,
}

#[derive(Clone, Debug)]
pub struct Overview {
    /// Promises at risk first.
    pub lines: Vec<MerchantLine>,
    /// How long decisions took, over all of them.
    pub taken: Taken,
    /// The people who have something.
    pub names: HashMap<Uuid, String>,
}

impl Overview {
    /// "Supply chain", or a person's name.
    pub fn holder_name(&self, holder: &Owner) -> String {
        match holder {
            Owner::User(id) => self
                .names
                .get(id)
                .cloned()
                .unwrap_or_else(|| "A former member".to_owned()),
            other => other.title(),
        }
    }
}

impl AtRisk {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            late: self.late + other.late,
            soon: self.soon + other.soon,
        }
    }
}

impl Figures {
    /// Everything that has a clock, whatever it is.
    pub fn at_risk(&self) -> AtRisk {
        self.tasks
            .plus(self.approvals)
            .plus(self.exports)
            .plus(self.orders)
    }

    pub fn open_tasks(&self) -> i64 {
        self.held.iter().map(|held| held.count).sum()
    }

    /// Something used to arrive, and a source says nothing now. One that never spoke is still being set up.
    pub fn is_quiet(&self) -> bool {
        self.last_receipt.is_some() && !self.quiet.is_empty()
    }

    fn standing(&self) -> Standing {
        let risk = self.at_risk();
        match (risk.late, risk.soon) {
            (1.., _) => Standing::Late,
            (_, 1..) => Standing::Soon,
            _ if self.is_quiet() => Standing::Quiet,
            _ => Standing::OnTime,
        }
    }

    /// From how many are open now, backwards: an hour began with as many as it ended with, less those that
    /// were opened in it, and those that ended in it.
    fn history(&self) -> Vec<i64> {
        let mut open = self.open_tasks();
        let mut points = vec![open];
        for (opened, ended) in self.opened.iter().zip(&self.ended).rev() {
            open += ended - opened;
            points.push(open.max(0));
        }
        points.reverse();
        points
    }
}

impl Next {
    pub fn deadline(&self) -> Option<Time> {
        match self {
            Self::Task(task) => Some(task.deadline()),
            Self::Approval(approval, _) => approval.accept_by,
        }
    }
}

impl Span {
    pub fn at(now: Time) -> Self {
        Self {
            now,
            soon: now.plus_ms(HOUR_MS),
            day: now.plus_ms(-DAY_MS),
            week: now.plus_ms(-7 * DAY_MS),
        }
    }
}

impl Engine {
    pub async fn overview(&self, at: &AgencyCtx) -> Result<Overview> {
        let ids: Vec<_> = at.places.iter().map(|(merchant, _)| merchant.id).collect();
        let mut reads = self.store.reads().await?;
        let (mut all, taken) = reads.figures(&ids, &Span::at(at.now)).await?;
        let mut lines: Vec<MerchantLine> = at
            .places
            .iter()
            .map(|(merchant, _)| {
                let figures = all.remove(&merchant.id).unwrap_or_default();
                MerchantLine {
                    merchant: merchant.clone(),
                    standing: figures.standing(),
                    open: figures.history(),
                    figures,
                }
            })
            .collect();
        // places are by name, and the sort keeps that among equals
        lines.sort_by_key(|line| {
            let risk = line.figures.at_risk();
            let due = line.figures.next.as_ref().and_then(Next::deadline);
            (line.standing, -risk.late, -risk.soon, due.is_none(), due)
        });
        let holders = lines.iter().flat_map(|line| &line.figures.held);
        let people: BTreeSet<Uuid> = holders
            .filter_map(|held| match held.holder.parse() {
                Ok(Owner::User(id)) => Some(id),
                _ => None,
            })
            .collect();
        let mut names = HashMap::new();
        for id in people {
            if let Some(user) = reads.user(id).await? {
                names.insert(id, user.name);
            }
        }
        Ok(Overview {
            lines,
            taken,
            names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Held;

    fn figures(late: i64, soon: i64) -> Figures {
        Figures {
            exports: AtRisk { late, soon: 0 },
            approvals: AtRisk { late: 0, soon },
            ..Figures::default()
        }
    }

    #[test]
    fn any_promise_counts_for_how_a_merchant_stands() {
        assert_eq!(figures(1, 3).standing(), Standing::Late);
        assert_eq!(figures(0, 3).standing(), Standing::Soon);
        assert_eq!(figures(0, 0).standing(), Standing::OnTime);
        let new = Figures {
            quiet: vec![(uuid::Uuid::nil(), "Shop".to_owned())],
            ..Figures::default()
        };
        assert_eq!(new.standing(), Standing::OnTime, "it has not begun");
        let quiet = Figures {
            last_receipt: Some(Time::default()),
            quiet: vec![(uuid::Uuid::nil(), "Shop".to_owned())],
            ..Figures::default()
        };
        assert_eq!(quiet.standing(), Standing::Quiet);
        assert!(Standing::Late < Standing::Soon && Standing::Quiet < Standing::OnTime);
    }

    #[test]
    fn what_was_open_follows_from_what_is_and_what_happened() {
        let held = Held {
            holder: "agency:operations".to_owned(),
            count: 3,
            late: 0,
        };
        let figures = Figures {
            held: vec![held],
            opened: vec![2, 0, 4],
            ended: vec![0, 3, 1],
            ..Figures::default()
        };
        // 1 at first, +2 -0, +0 -3, +4 -1
        assert_eq!(figures.history(), [1, 3, 0, 3]);
    }
}
