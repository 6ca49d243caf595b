//! Which column each card stands in, and in which order from top to bottom.
//!
//! The server asks a layered graph layout (`dagre`) for both. The browser starts from what the server found and
//! places only what is new: 80 kB of WebAssembly would otherwise be loaded to move one card.

use domain::flow::{Flow, Path};
use serde::Serialize;

use crate::{END, START, by_key::ByKey};

/// A line to be drawn: from a card, by an exit or a failure, to a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub from: String,
    pub to: String,
    /// `done`, a branch's key, `else`, or the way in which the step fails.
    pub on: String,
    pub failing: bool,
}

/// Every way through the flow, from [`START`] to [`END`]; an exit that leads nowhere ends its branch.
pub fn ways<O>(flow: &Flow<O>) -> Vec<Way> {
    let way = |from: &str, to: &str, on: &str, failing| Way {
        from: from.to_owned(),
        to: to.to_owned(),
        on: on.to_owned(),
        failing,
    };
    let mut all: Vec<Way> = flow
        .start
        .iter()
        .map(|to| way(START, to, "", false))
        .collect();
    if flow.start.is_empty() && flow.steps.is_empty() {
        all.push(way(START, END, "", false));
    }
    for step in &flow.steps {
        for on in step.kind.exits() {
            let to = step.exit(on);
            if to.is_empty() {
                all.push(way(&step.key, END, on, false));
            }
            all.extend(to.iter().map(|to| way(&step.key, to, on, false)));
        }
        for failure in &step.failures {
            if let Path::Go { to } = &failure.path {
                all.push(way(&step.key, to, &failure.on, true));
            }
        }
    }
    all
}

/// Column and order in it, by card.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ranks(ByKey<(u32, f64)>);

impl Ranks {
    fn get(&self, card: &str) -> Option<(u32, f64)> {
        self.0.get(card).copied()
    }

    pub fn of(&self, card: &str) -> (u32, f64) {
        self.get(card).unwrap_or_default()
    }

    pub fn put(&mut self, card: String, at: (u32, f64)) {
        self.0.insert(card, at);
    }

    /// The thorough way.
    #[cfg(feature = "layered")]
    pub fn layered<O>(flow: &Flow<O>) -> Self {
        layered::ranks(flow)
    }

    /// These, brought up to date with a flow that has been edited: a card keeps its order, and its column as long as
    /// it stands right of what leads to it; a new one stands beside what follows what it follows.
    pub fn follow<O>(&self, flow: &Flow<O>) -> Self {
        let cards = cards(flow);
        let number = Numbers::of(&cards);
        let edges: Vec<(usize, usize)> = ways(flow)
            .iter()
            .filter_map(|way| Some((number.get(&way.from)?, number.get(&way.to)?)))
            .collect();
        let known: Vec<u32> = cards.iter().map(|card| self.of(card).0).collect();
        let columns = columns(known, &edges);
        let mut orders: Vec<Option<f64>> = cards
            .iter()
            .map(|card| self.get(card).map(|(_, order)| order))
            .collect();
        // a new card stands where the cards around it stand, a little lower than its elder sister
        for at in 0..cards.len() {
            if orders.get(at).copied().flatten().is_some() {
                continue;
            }
            let around: Vec<f64> = edges
                .iter()
                .filter_map(|(from, to)| match at {
                    at if at == *to => orders.get(*from).copied().flatten(),
                    at if at == *from => orders.get(*to).copied().flatten(),
                    _ => None,
                })
                .collect();
            let order = match around.len() {
                0 => 1e6 + at as f64,
                n => around.iter().sum::<f64>() / n as f64 + at as f64 * 1e-3,
            };
            if let Some(slot) = orders.get_mut(at) {
                *slot = Some(order);
            }
        }
        let mut ranks = Self::default();
        for (card, (column, order)) in cards.iter().zip(columns.into_iter().zip(orders)) {
            ranks.put((*card).to_owned(), (column, order.unwrap_or_default()));
        }
        ranks
    }
}

/// Every card: the trigger, the steps, the outcome.
pub(crate) fn cards<O>(flow: &Flow<O>) -> Vec<&str> {
    let mut cards = vec![START];
    cards.extend(flow.steps.iter().map(|step| step.key.as_str()));
    cards.push(END);
    cards
}

/// The places of keys in a list.
pub(crate) struct Numbers<'a>(Vec<(&'a str, usize)>);

impl<'a> Numbers<'a> {
    pub(crate) fn of(keys: &[&'a str]) -> Self {
        let mut numbers = Self(Vec::with_capacity(keys.len()));
        for (n, key) in keys.iter().enumerate() {
            if let Err(at) = numbers.find(key) {
                numbers.0.insert(at, (key, n));
            }
        }
        numbers
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (*known).cmp(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<usize> {
        self.0.get(self.find(key).ok()?).map(|(_, n)| *n)
    }
}

/// Each card right of everything that leads to it, ways back aside, and where it was if it can stay.
fn columns(known: Vec<u32>, edges: &[(usize, usize)]) -> Vec<u32> {
    let count = known.len();
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        if let Some(list) = out.get_mut(*from) {
            list.push(*to);
        }
    }
    // depth first; an edge to a card that is still open leads back
    let mut state = vec![0_u8; count];
    let mut finished: Vec<usize> = Vec::with_capacity(count);
    let mut forward: Vec<(usize, usize)> = Vec::new();
    for root in 0..count {
        let mut stack: Vec<(usize, usize)> = vec![(root, 0)];
        if state.get(root).copied() != Some(0) {
            continue;
        }
        if let Some(slot) = state.get_mut(root) {
            *slot = 1;
        }
        while let Some((card, next)) = stack.pop() {
            match out.get(card).and_then(|list| list.get(next)).copied() {
                Some(to) => {
                    stack.push((card, next + 1));
                    match state.get(to).copied() {
                        Some(0) => {
                            forward.push((card, to));
                            if let Some(slot) = state.get_mut(to) {
                                *slot = 1;
                            }
                            stack.push((to, 0));
                        }
                        Some(2) => forward.push((card, to)),
                        _ => {}
                    }
                }
                None => {
                    if let Some(slot) = state.get_mut(card) {
                        *slot = 2;
                    }
                    finished.push(card);
                }
            }
        }
    }
    let mut columns = known;
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in forward {
        if let Some(list) = after.get_mut(from) {
            list.push(to);
        }
    }
    for card in finished.into_iter().rev() {
        let next = columns.get(card).copied().unwrap_or_default() + 1;
        for to in after.get(card).into_iter().flatten() {
            if let Some(column) = columns.get_mut(*to) {
                *column = (*column).max(next);
            }
        }
    }
    // the outcome stands right of everything
    let last = columns.len().saturating_sub(1);
    let most = columns.iter().take(last).max().copied().unwrap_or_default();
    if let Some(end) = columns.get_mut(last) {
        *end = most + 1;
    }
    // no column stays empty: each stands where as many are used before it
    let most = columns.iter().max().copied().unwrap_or_default() as usize;
    let mut used = vec![0_u32; most + 2];
    for column in &columns {
        if let Some(after) = used.get_mut(*column as usize + 1) {
            *after = 1;
        }
    }
    let mut sum = 0;
    for before in &mut used {
        sum += *before;
        *before = sum;
    }
    for column in &mut columns {
        *column = used.get(*column as usize).copied().unwrap_or_default();
    }
    columns
}

#[cfg(feature = "layered")]
mod layered {
    use dagre::{
        EdgeLabel, LayoutOptions, NodeLabel, RankDir,
        graph::{Graph, GraphOptions},
        layout,
    };
    use domain::flow::Flow;

    use super::{Ranks, ways};
    use crate::{END, START};

    /// What dagre is asked to draw: cards of one size, so that its coordinates are columns.
    const WIDE: f64 = 100.0;

    pub fn ranks<O>(flow: &Flow<O>) -> Ranks {
        let mut graph = Graph::with_options(GraphOptions {
            directed: true,
            multigraph: false,
            compound: false,
        });
        let cards = [START]
            .into_iter()
            .chain(flow.steps.iter().map(|step| step.key.as_str()))
            .chain([END]);
        for card in cards {
            let node = NodeLabel {
                width: WIDE,
                height: WIDE / 2.0,
                ..NodeLabel::default()
            };
            graph.set_node(card.to_owned(), Some(node));
        }
        for way in ways(flow) {
            if way.from == way.to || graph.node(&way.to).is_none() {
                continue;
            }
            let edge = EdgeLabel {
                // what usually happens should be drawn straight
                weight: if way.failing { 1 } else { 3 },
                ..EdgeLabel::default()
            };
            graph.set_edge(&way.from, &way.to, Some(edge), None);
        }
        let options = LayoutOptions {
            rankdir: RankDir::LR,
            nodesep: WIDE / 4.0,
            ranksep: WIDE,
            ..LayoutOptions::default()
        };
        layout(&mut graph, Some(options));
        let mut columns: Vec<i64> = Vec::new();
        let at: Vec<(String, i64, f64)> = graph
            .nodes()
            .into_iter()
            .filter_map(|card| {
                let node = graph.node(&card)?;
                let (x, y) = (node.x?, node.y?);
                // coordinates are multiples of a pitch; rounding takes away what floating point added
                Some((card.clone(), x.round() as i64, y))
            })
            .collect();
        for (_, x, _) in &at {
            if !columns.contains(x) {
                columns.push(*x);
            }
        }
        columns.sort_unstable();
        let mut ranks = Ranks::default();
        // whatever is drawn loosely, a run comes from the left and ends at the right
        let mut most = 0;
        let (mut last, mut ends) = (0, 0.0);
        for (card, x, y) in at {
            let column = columns.iter().position(|c| *c == x).unwrap_or_default() as u32;
            if card == END {
                (last, ends) = (column, y);
            } else {
                most = most.max(column);
                ranks.put(card, (column, y));
            }
        }
        ranks.put(END.to_owned(), (last.max(most + 1), ends));
        ranks
    }
}
