//! Where things stand: cards in columns and lanes, and lines that go around them.
//!
//! Cards stand on a grid. Its columns are the [`Ranks`]', its rows belong to lanes: bands from the left edge to the
//! right one, each as high as its fullest column. Between the rows and between the columns there is room in which no
//! card ever stands; lines change their direction only there. So a line never runs through a card, whatever is drawn.

use domain::flow::Flow;

use crate::rank::{Numbers, Ranks, cards, ways};

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
    let keys = cards(flow);
    let mut stand: Vec<(&str, u32, f64)> = Vec::with_capacity(keys.len());
    for key in &keys {
        let (column, order) = ranks.of(key);
        // what has no order keeps that of the table
        let at =
            stand.partition_point(|one| one.1.cmp(&column).then(one.2.total_cmp(&order)).is_le());
        stand.insert(at, (key, column, order));
    }

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

    let most = stand.last().map_or(0, |(_, column, _)| *column);
    let columns = most as usize + 1;
    let mut filled = vec![0_usize; names.len() * columns];
    let mut rows = vec![0_usize; names.len()];
    let mut slots: Vec<usize> = Vec::new();
    for ((_, column, _), lane) in stand.iter().zip(&in_lane) {
        let slot = count(&mut filled, lane * columns + *column as usize);
        slots.push(slot);
        if let Some(most) = rows.get_mut(*lane) {
            *most = (*most).max(slot + 1);
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

    let lines = Router::new(&cards, columns, row).lines(flow);
    Board {
        bands,
        lines,
        width: 2 * MARGIN_X + (most as i32 + 1) * (CARD_W + GAP_X) - GAP_X,
        height: y,
        cards,
    }
}

/// How often this was counted before.
fn count(counts: &mut [usize], at: usize) -> usize {
    let Some(count) = counts.get_mut(at) else {
        return 0;
    };
    *count += 1;
    *count - 1
}

struct Router<'a> {
    cards: &'a [Card],
    /// Where cards stand, row by row.
    taken: Vec<bool>,
    /// Lines that run in the room before a column, and below a row: the next one keeps its distance.
    columns: Vec<usize>,
    rows: Vec<usize>,
}

impl<'a> Router<'a> {
    fn new(cards: &'a [Card], columns: usize, rows: usize) -> Self {
        let mut taken = vec![false; columns * rows];
        for card in cards {
            if let Some(taken) = taken.get_mut(card.row * columns + card.column as usize) {
                *taken = true;
            }
        }
        Self {
            cards,
            taken,
            // a line that leaves the last column runs in the room after it
            columns: vec![0; columns + 1],
            rows: vec![0; rows],
        }
    }

    fn lines<O>(mut self, flow: &Flow<O>) -> Vec<Line> {
        let keys: Vec<&str> = self.cards.iter().map(|card| card.key.as_str()).collect();
        let number = Numbers::of(&keys);
        let mut exits = vec![0; keys.len()];
        let mut failed: Vec<(usize, usize)> = Vec::new();
        ways(flow)
            .into_iter()
            .filter_map(|way| {
                let (at, towards) = (number.get(&way.from)?, number.get(&way.to)?);
                let (from, to) = (self.cards.get(at)?, self.cards.get(towards)?);
                let points = if way.failing {
                    // several failures that lead to one step are one line
                    if failed.contains(&(at, towards)) {
                        return None;
                    }
                    failed.push((at, towards));
                    self.failing(from, to)
                } else {
                    self.leading(from, to, count(&mut exits, at) as i32)
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
        let at = count(&mut self.columns, column as usize) as i32 % 6;
        // nearest to the card first, where the arrow ends
        MARGIN_X + column as i32 * (CARD_W + GAP_X) - 18 - at * 4
    }

    /// A place in the room below a row.
    fn below(&mut self, card: &Card) -> i32 {
        let at = count(&mut self.rows, card.row) as i32 % 5;
        card.y + CARD_H + 14 + at * 5
    }

    fn free(&self, row: usize, from: u32, to: u32) -> bool {
        let first = row * (self.columns.len() - 1);
        let between = self
            .taken
            .get(first + from as usize + 1..first + to as usize);
        between.is_none_or(|between| between.iter().all(|taken| !taken))
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
