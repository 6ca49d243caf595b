//! Where things stand: cards in columns and lanes, and lines that go around them.
//!
//! Cards stand on a grid. Its columns are the [`Ranks`]', its rows belong to lanes: bands from the left edge to the
//! right one, each as high as its fullest column. Between the rows and between the columns there is room in which no
//! card ever stands; lines change their direction only there. So a line never runs through a card, whatever is drawn.

use std::collections::{BTreeMap, BTreeSet};

use domain::flow::Flow;

use crate::{
    END, START,
    rank::{Ranks, ways},
};

pub const CARD_W: i32 = 188;
pub const CARD_H: i32 = 84;
const GAP_X: i32 = 84;
const GAP_Y: i32 = 44;
const MARGIN_X: i32 = 44;
/// Above the first card of a lane: its name.
const LANE_HEAD: i32 = 42;
/// Where the exception port hangs on a card's lower edge.
pub const PORT_X: i32 = 22;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    pub bands: Vec<Band>,
    pub cards: Vec<Card>,
    pub lines: Vec<Line>,
    pub width: i32,
    pub height: i32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub name: String,
    pub y: i32,
    pub height: i32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub key: String,
    pub x: i32,
    pub y: i32,
    pub column: u32,
    row: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub from: String,
    pub to: String,
    pub on: String,
    pub failing: bool,
    /// Leads to a card that does not stand further right: a loop.
    pub back: bool,
    pub points: Vec<(i32, i32)>,
}

impl Board {
    pub fn card(&self, key: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.key == key)
    }
}

/// `lane` names the lane of a card, [`START`] and [`END`] included.
pub fn place<O>(flow: &Flow<O>, ranks: &Ranks, lane: impl Fn(&str) -> String) -> Board {
    let mut stand: Vec<(&str, u32, f64)> = [START]
        .into_iter()
        .chain(flow.steps.iter().map(|step| step.key.as_str()))
        .chain([END])
        .map(|key| {
            let (column, order) = ranks.of(key);
            (key, column, order)
        })
        .collect();
    // stable: what has no order keeps that of the table
    stand.sort_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2)));

    let mut names: Vec<String> = Vec::new();
    let mut in_lane: Vec<usize> = Vec::new();
    for (key, _, _) in &stand {
        let name = lane(key);
        let at = names.iter().position(|n| *n == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        in_lane.push(at);
    }

    let mut filled: BTreeMap<(usize, u32), usize> = BTreeMap::new();
    let mut rows = vec![0_usize; names.len()];
    let mut slots: Vec<usize> = Vec::new();
    for ((_, column, _), lane) in stand.iter().zip(&in_lane) {
        let slot = filled.entry((*lane, *column)).or_default();
        slots.push(*slot);
        *slot += 1;
        if let Some(most) = rows.get_mut(*lane) {
            *most = (*most).max(*slot);
        }
    }

    let mut bands = Vec::new();
    let mut first_row = Vec::new();
    let (mut y, mut row) = (0, 0);
    for (name, count) in names.into_iter().zip(&rows) {
        let height = LANE_HEAD + *count as i32 * (CARD_H + GAP_Y);
        first_row.push(row);
        bands.push(Band { name, y, height });
        y += height;
        row += count;
    }

    let cards: Vec<Card> = stand
        .iter()
        .zip(in_lane.iter().zip(slots))
        .map(|((key, column, _), (lane, slot))| Card {
            key: (*key).to_owned(),
            x: MARGIN_X + *column as i32 * (CARD_W + GAP_X),
            y: bands.get(*lane).map_or(0, |band| band.y)
                + LANE_HEAD
                + slot as i32 * (CARD_H + GAP_Y),
            column: *column,
            row: first_row.get(*lane).copied().unwrap_or_default() + slot,
        })
        .collect();

    let most = cards.iter().map(|card| card.column).max().unwrap_or(0);
    let lines = Router::new(&cards).lines(flow);
    Board {
        bands,
        lines,
        width: 2 * MARGIN_X + (most as i32 + 1) * (CARD_W + GAP_X) - GAP_X,
        height: y,
        cards,
    }
}

struct Router<'a> {
    cards: BTreeMap<&'a str, &'a Card>,
    taken: BTreeSet<(u32, usize)>,
    /// Lines that run in the room after a column, and below a row: the next one keeps its distance.
    columns: BTreeMap<i32, i32>,
    rows: BTreeMap<usize, i32>,
}

impl<'a> Router<'a> {
    fn new(cards: &'a [Card]) -> Self {
        Self {
            cards: cards.iter().map(|card| (card.key.as_str(), card)).collect(),
            taken: cards.iter().map(|card| (card.column, card.row)).collect(),
            columns: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }

    fn lines<O>(mut self, flow: &Flow<O>) -> Vec<Line> {
        let mut exits: BTreeMap<String, i32> = BTreeMap::new();
        let mut failed: BTreeSet<(String, String)> = BTreeSet::new();
        ways(flow)
            .into_iter()
            // several failures that lead to one step are one line
            .filter(|way| !way.failing || failed.insert((way.from.clone(), way.to.clone())))
            .filter_map(|way| {
                let from = *self.cards.get(way.from.as_str())?;
                let to = *self.cards.get(way.to.as_str())?;
                let nth = exits.entry(way.from.clone()).or_default();
                let points = if way.failing {
                    self.failing(from, to)
                } else {
                    *nth += 1;
                    self.leading(from, to, *nth - 1)
                };
                Some(Line {
                    back: to.column <= from.column,
                    from: way.from,
                    to: way.to,
                    on: way.on,
                    failing: way.failing,
                    points,
                })
            })
            .collect()
    }

    /// A place in the room left of a column.
    fn before(&mut self, column: u32) -> i32 {
        let used = self.columns.entry(column as i32).or_default();
        let at = *used % 6;
        *used += 1;
        // nearest to the card first, where the arrow ends
        MARGIN_X + column as i32 * (CARD_W + GAP_X) - 18 - at * 4
    }

    /// A place in the room below a row.
    fn below(&mut self, card: &Card) -> i32 {
        let used = self.rows.entry(card.row).or_default();
        let at = *used % 5;
        *used += 1;
        card.y + CARD_H + 14 + at * 5
    }

    fn free(&self, row: usize, from: u32, to: u32) -> bool {
        (from + 1..to).all(|column| !self.taken.contains(&(column, row)))
    }

    fn leading(&mut self, from: &Card, to: &Card, nth: i32) -> Vec<(i32, i32)> {
        // the exits of a decision leave one below the other
        let start = (
            from.x + CARD_W,
            from.y + 42 + (nth % 4) * 11 - if nth > 3 { 22 } else { 0 },
        );
        let end = (to.x, to.y + 42);
        if to.column > from.column {
            if to.row == from.row && self.free(from.row, from.column, to.column) && nth == 0 {
                return vec![start, end];
            }
            if self.free(to.row, from.column, to.column) {
                let x = self.before(from.column + 1);
                return vec![start, (x, start.1), (x, end.1), end];
            }
            if self.free(from.row, from.column, to.column) {
                let x = self.before(to.column);
                return vec![start, (x, start.1), (x, end.1), end];
            }
        }
        let out = self.before(from.column + 1);
        let along = self.below(from);
        let back = self.before(to.column);
        vec![
            start,
            (out, start.1),
            (out, along),
            (back, along),
            (back, end.1),
            end,
        ]
    }

    fn failing(&mut self, from: &Card, to: &Card) -> Vec<(i32, i32)> {
        let start = (from.x + PORT_X, from.y + CARD_H);
        let end = (to.x, to.y + 54);
        let along = self.below(from);
        let back = self.before(to.column);
        vec![start, (start.0, along), (back, along), (back, end.1), end]
    }
}

#[cfg(test)]
mod tests;
