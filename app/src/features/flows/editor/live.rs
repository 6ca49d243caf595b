//! What runs at each step of a published version right now, and for how long it has typically been there.

use std::collections::BTreeMap;

use board::map::{Count, Look};
use domain::{
    Time,
    flow::{Flow, Run, RunState},
};

use crate::ui::time::duration_text;

/// Of these runs, those that stand somewhere in this version.
pub fn live(flow: &Flow, runs: &[Run], now: Time) -> Look {
    let mut ages: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let open = runs
        .iter()
        .filter(|run| run.flow_id == flow.id && run.state == RunState::Running);
    for token in open.flat_map(|run| &run.tokens) {
        ages.entry(&token.step)
            .or_default()
            .push(now.since_ms(token.since));
    }
    let counts = ages
        .into_iter()
        .map(|(key, mut ages)| {
            ages.sort_unstable();
            let within = flow.step(key).map_or(0, |step| step.clock.resolve_ms);
            let median = ages.get(ages.len() / 2).copied().unwrap_or_default();
            let count = Count {
                running: u32::try_from(ages.len()).unwrap_or(u32::MAX),
                late: within > 0 && ages.last().is_some_and(|longest| *longest > within),
                since: duration_text(median),
            };
            (key.to_owned(), count)
        })
        .collect();
    Look {
        counts,
        ..Look::default()
    }
}
