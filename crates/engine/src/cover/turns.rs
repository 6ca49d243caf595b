//! Who was on call when, written down as it happens: for each rotation, and for each role that one
//! answers for. A turn is written when it begins and gets its end when it is over; what happened while
//! no process ran is made up for from the hour the job was armed for.

use std::collections::BTreeSet;

use domain::{
    Time,
    access::Noun,
    cover::{OnCallTurn, Span, Stretch},
    owner::Owner,
};
use uuid::Uuid;

use crate::{ctx::Ctx, engine::Engine, error::Result, job::JobKind, work::Work};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Looked ahead in one go, and at most.
const STRIDE_MS: i64 = 14 * DAY_MS;
const STRIDES: i64 = 27;

impl Engine {
    /// Turns that touch the span, of one owner or of all; newest first.
    pub async fn on_call_history(
        &self,
        ctx: &Ctx,
        owner: Option<&Owner>,
        span: Span,
    ) -> Result<Vec<OnCallTurn>> {
        ctx.read(Noun::Person)?;
        let owner = owner.map(Owner::to_string);
        let mut reads = self.store.reads().await?;
        reads
            .on_call_turns(ctx.merchant_id(), owner.as_deref(), span, 500)
            .await
    }
}

/// Who has a turn, and by what; nobody where everybody answers.
fn on_turn(stretch: &Stretch) -> Option<(BTreeSet<Uuid>, String)> {
    let source = stretch.source.as_ref()?.text();
    (!stretch.who.is_empty()).then(|| (stretch.who.iter().copied().collect(), source))
}

impl Work<'_> {
    /// Job: somebody else came on call.
    pub async fn hand_off(&mut self, armed_for: Time) -> Result<()> {
        self.record_turns(armed_for).await
    }

    /// Whose turns ended and began since then, and a job for when the next one does.
    pub(crate) async fn record_turns(&mut self, since: Time) -> Result<()> {
        let mut wrote = false;
        let owners = self.owners_with_turns();
        for turn in self.tx.open_turns(self.merchant_id()).await? {
            if !owners.contains(&turn.owner) {
                self.tx
                    .end_turn(turn.merchant_id, turn.id, self.now)
                    .await?;
                wrote = true;
            }
        }
        for owner in &owners {
            wrote |= self.record_turns_of(owner, since).await?;
        }
        // a job that came second to another at the same hour has nothing to do, and arms nothing
        if wrote && let Some(next) = self.next_turn(&owners) {
            let merchant = self.merchant_id();
            self.arm(JobKind::HandOff, merchant, next).await?;
        }
        Ok(())
    }

    fn owners_with_turns(&self) -> BTreeSet<Owner> {
        let roster = &self.rules.roster;
        let rotations = roster.rotations.iter().map(|one| one.owner());
        let roles = roster
            .covers
            .iter()
            .filter(|cover| cover.rotations().next().is_some())
            .map(|cover| cover.owner());
        rotations.chain(roles).collect()
    }

    async fn record_turns_of(&mut self, owner: &Owner, since: Time) -> Result<bool> {
        let merchant = self.merchant_id();
        let mut wrote = false;
        let text = owner.to_string();
        let all = Span {
            from: since,
            to: self.now.plus_ms(1),
        };
        let written = self
            .tx
            .on_call_turns(merchant, Some(&text), all, 500)
            .await?;
        // what is written already was true then, whatever the roster says now
        let from = written
            .iter()
            .flat_map(|turn| [Some(turn.from), turn.until])
            .flatten()
            .chain([since])
            .filter(|at| *at <= self.now)
            .max()
            .unwrap_or(since);
        let mut open: Vec<OnCallTurn> = written
            .into_iter()
            .filter(|turn| turn.until.is_none())
            .collect();
        let span = Span {
            from,
            to: self.now.plus_ms(1),
        };
        let rules = std::sync::Arc::clone(&self.rules);
        for stretch in rules.roster.watch(&rules.members, owner, span) {
            let (who, source) = on_turn(&stretch).unwrap_or_default();
            let mut going_on = Vec::new();
            for turn in open {
                if who.contains(&turn.user_id) && turn.source == source {
                    going_on.push(turn);
                } else {
                    self.tx
                        .end_turn(merchant, turn.id, stretch.span.from)
                        .await?;
                    wrote = true;
                }
            }
            for user_id in who {
                if going_on.iter().any(|turn| turn.user_id == user_id) {
                    continue;
                }
                let turn = OnCallTurn {
                    id: self.uuid(),
                    merchant_id: merchant,
                    owner: owner.clone(),
                    user_id,
                    from: stretch.span.from,
                    until: None,
                    source: source.clone(),
                };
                self.tx.insert_turn(&turn).await?;
                going_on.push(turn);
                wrote = true;
            }
            open = going_on;
        }
        Ok(wrote)
    }

    /// When a turn of one of them ends or begins.
    fn next_turn(&self, owners: &BTreeSet<Owner>) -> Option<Time> {
        let (roster, members) = (&self.rules.roster, &self.rules.members);
        let next = |owner: &Owner| {
            let mut now = None;
            for stride in 0..STRIDES {
                let from = self.now.plus_ms(stride * STRIDE_MS);
                let to = from.plus_ms(STRIDE_MS);
                for stretch in roster.watch(members, owner, Span { from, to }) {
                    let turn = on_turn(&stretch);
                    match &now {
                        None => now = Some(turn),
                        Some(known) if *known != turn => return Some(stretch.span.from),
                        Some(_) => {}
                    }
                }
            }
            None
        };
        owners.iter().filter_map(next).min()
    }
}
