//! The picture: lanes, lines, and a card for each step, as SVG with HTML in the cards.
//!
//! A picture is kept in pieces, so that the browser writes only the cards that an edit has changed.

use std::fmt::Write;

use domain::flow::{Flow, Manual, Step, StepKind};

use crate::{
    END, START,
    by_key::ByKey,
    html::{esc, initials, path},
    names::{Lanes, Names, Somebody, side},
    place::{Board, CARD_H, CARD_W, Line, PORT_X, place},
    rank::Ranks,
    words,
};

/// How a run stands with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lit {
    Done,
    Here,
    /// It stands here and somebody has to act.
    Held,
    Failed,
    Undone,
}

/// What a newer version did to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Added,
    Removed,
    Changed,
}

/// Live work at a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub running: u32,
    /// Some of it is past its time.
    pub late: bool,
    /// How long it has typically been there, in words; empty if nothing is to be said.
    pub since: String,
}

/// What is drawn over a flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The path of one run, by step; with any, the rest is dimmed.
    pub lit: ByKey<Lit>,
    /// The ways it took, from card to card.
    pub taken: Vec<(String, String)>,
    pub counts: ByKey<Count>,
    pub marks: ByKey<Mark>,
    /// What keeps a step from being published: the first thing of each.
    pub faults: ByKey<String>,
    pub chosen: String,
    /// What a card's link begins with; the step's key follows. Empty: cards are no links.
    pub href: String,
    /// And what it ends with: `#f-owner`.
    pub href_end: String,
    pub lanes: Lanes,
}

/// A drawn flow, in pieces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    pub width: i32,
    pub height: i32,
    pub bands: String,
    pub lines: String,
    /// The lines of the card that is chosen, once more, over the others: choosing another writes only these.
    pub near: String,
    /// In reading order.
    pub cards: Vec<Drawn>,
}

/// A card, or a row of the table, which stands nowhere in particular: what is in it does not know where it stands, so that one that only moves is not written again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    pub key: String,
    pub at: (i32, i32),
    pub inside: String,
}

impl Drawn {
    /// What moves it there.
    pub fn transform(&self) -> String {
        format!("translate({} {})", self.at.0, self.at.1)
    }
}

impl Picture {
    pub fn html(&self, label: &str) -> String {
        let mut cards = String::new();
        for card in &self.cards {
            let _ = write!(
                cards,
                "<g data-card=\"{}\" transform=\"{}\">{}</g>",
                esc(&card.key),
                card.transform(),
                card.inside
            );
        }
        format!(
            "<svg class=\"board\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"group\" aria-label=\"{2}\">\
             <g data-part=\"bands\" aria-hidden=\"true\">{3}</g><g data-part=\"lines\" aria-hidden=\"true\">{4}</g>\
             <g data-part=\"near\" aria-hidden=\"true\">{5}</g><g data-part=\"cards\">{cards}</g></svg>",
            self.width,
            self.height,
            esc(label),
            self.bands,
            self.lines,
            self.near,
        )
    }
}

/// A direction on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Left,
    Right,
    Up,
    Down,
}

impl Picture {
    /// The card next to this one in a direction: the nearest, counting what lies aside twice.
    pub fn next(&self, from: &str, way: Way) -> Option<&str> {
        let (x, y) = self.cards.iter().find(|card| card.key == from)?.at;
        self.cards
            .iter()
            .filter_map(|card| {
                let (dx, dy) = (card.at.0 - x, card.at.1 - y);
                let (ahead, aside) = match way {
                    Way::Left => (-dx, dy),
                    Way::Right => (dx, dy),
                    Way::Up => (-dy, dx),
                    Way::Down => (dy, dx),
                };
                (ahead > 0).then_some((ahead + 2 * aside.abs(), card.key.as_str()))
            })
            .min()
            .map(|(_, key)| key)
    }
}

/// Draws a flow as it is ranked.
pub fn draw<O: Somebody>(flow: &Flow<O>, ranks: &Ranks, names: &Names, look: &Look) -> Picture {
    let lane = |key: &str| lane_of(flow, key, names, look.lanes);
    let board = place(flow, ranks, lane);
    let mut bands = String::new();
    for (n, band) in board.bands.iter().enumerate() {
        let y = band.y;
        if n > 0 {
            let _ = write!(bands, "<path class=\"band\" d=\"M0 {y}H{}\"/>", board.width);
        }
        let _ = write!(
            bands,
            "<text class=\"band-name\" x=\"14\" y=\"{}\">{}</text>",
            y + 21,
            esc(&band.name)
        );
    }
    let cards = board
        .cards
        .iter()
        .map(|card| Drawn {
            key: card.key.clone(),
            at: (card.x, card.y),
            inside: inside(flow, &card.key, names, look),
        })
        .collect();
    let (lines, near) = lines(flow, &board, look);
    Picture {
        width: board.width,
        height: board.height,
        bands,
        lines,
        near,
        cards,
    }
}

fn lane_of<O: Somebody>(flow: &Flow<O>, key: &str, names: &Names, lanes: Lanes) -> String {
    let step = match key {
        START | END => flow.start.first().and_then(|first| flow.step(first)),
        key => flow.step(key),
    };
    let ends = key == START || key == END;
    match (lanes, step) {
        (Lanes::Parties, _) if ends => "Meshline".to_owned(),
        (Lanes::Parties, step) => side(step.and_then(|step| step.owner.who())).to_owned(),
        (Lanes::Systems, None) => names.system(""),
        (Lanes::Systems, Some(step)) => names.system(system_of(step, ends)),
    }
}

/// The system in whose lane a step stands: where its work arrives, or what it waits for.
fn system_of<O>(step: &Step<O>, ends: bool) -> &str {
    if ends {
        return &step.source_system;
    }
    match &step.kind {
        StepKind::WaitForEvent { .. } => &step.source_system,
        _ => &step.destination_system,
    }
}

/// All lines, and those of the card that is chosen.
fn lines<O>(flow: &Flow<O>, board: &Board, look: &Look) -> (String, String) {
    let lit = !look.lit.is_empty();
    let (mut out, mut near) = (String::new(), String::new());
    let mut named = ("", "");
    for line in &board.lines {
        let mut class = String::from("way");
        if line.failing {
            class.push_str(" failing");
        }
        if !look.chosen.is_empty() && (line.from == look.chosen || line.to == look.chosen) {
            stroke(&mut near, &format!("{class} near"), line);
        }
        if lit {
            let taken = look.taken.contains(&(line.from.clone(), line.to.clone()));
            class.push_str(if taken { " lit" } else { " dim" });
        }
        stroke(&mut out, &class, line);
        // an exit that leads to several is named once
        if named != (&line.from, &line.on) {
            out.push_str(&label(flow, line));
            named = (&line.from, &line.on);
        }
    }
    (out, near)
}

fn stroke(out: &mut String, class: &str, line: &Line) {
    let _ = write!(
        out,
        "<path class=\"{class}\" d=\"{}\"/>",
        path(&line.points)
    );
    if let Some((x, y)) = line.points.last() {
        let _ = write!(
            out,
            "<path class=\"{class} tip\" d=\"M{} {}l6 4l-6 4\"/>",
            x - 7,
            y - 4
        );
    }
}

/// What an exit of a decision is called, where its line begins.
fn label<O>(flow: &Flow<O>, line: &Line) -> String {
    const ROOM: usize = 12;
    let said = flow
        .step(&line.from)
        .map(|step| words::exit(step, &line.on))
        .unwrap_or_default();
    let Some((x, y)) = line.points.first().filter(|_| !said.is_empty()) else {
        return String::new();
    };
    let short: String = if said.chars().count() > ROOM {
        said.chars().take(ROOM - 1).chain(['…']).collect()
    } else {
        said.clone()
    };
    format!(
        "<text class=\"way-name\" x=\"{}\" y=\"{}\">{}<title>{}</title></text>",
        x + 6,
        y - 4,
        esc(&short),
        esc(&said)
    )
}

fn inside<O: Somebody>(flow: &Flow<O>, key: &str, names: &Names, look: &Look) -> String {
    let inside = match key {
        START => {
            let (what, how) = words::trigger(&flow.trigger);
            end(&what, how, "trigger", key, look)
        }
        END => end(
            &flow.outcome,
            "the run has ended well",
            "outcome",
            key,
            look,
        ),
        key => match flow.step(key) {
            Some(step) => step_card(step, names, look),
            None => String::new(),
        },
    };
    let mut out =
        format!("<foreignObject width=\"{CARD_W}\" height=\"{CARD_H}\">{inside}</foreignObject>");
    let Some(step) = flow.step(key) else {
        return out;
    };
    if !step.failures.is_empty() {
        let _ = write!(
            out,
            "<rect class=\"port\" x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" rx=\"2\"><title>{}</title></rect>",
            PORT_X - 5,
            CARD_H - 5,
            esc(&failing(step))
        );
    }
    if let Some(count) = look.counts.get(key).filter(|count| count.running > 0) {
        out.push_str(&badge(count));
    }
    if let Some(manual) = &step.manual {
        let (left, top) = (CARD_W - 58, CARD_H - 9);
        let _ = write!(
            out,
            "<g class=\"by-hand\"><rect x=\"{left}\" y=\"{top}\" width=\"50\" height=\"18\" rx=\"9\"/>\
             <text x=\"{}\" y=\"{}\">by hand<title>{}</title></text></g>",
            left + 25,
            top + 13,
            esc(&by_hand(manual))
        );
    }
    out
}

/// "by hand today: 6 min each, 40 times a week, in Mail".
fn by_hand(manual: &Manual) -> String {
    let tool = match manual.tool.trim() {
        "" => String::new(),
        tool => format!(", in {tool}"),
    };
    format!(
        "by hand today: {} min each, {} times a week{tool}",
        manual.minutes_each, manual.times_a_week
    )
}

fn failing<O>(step: &Step<O>) -> String {
    step.failures
        .iter()
        .map(|failure| {
            let then = match &failure.path {
                domain::flow::Path::Task { .. } => "a task opens".to_owned(),
                domain::flow::Path::Go { to } => format!("goes on at {to}"),
                domain::flow::Path::Undo => "what was done is taken back".to_owned(),
            };
            format!("If {}: {then}", words::way(&failure.on))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn badge(count: &Count) -> String {
    let text = match count.since.as_str() {
        "" => count.running.to_string(),
        since => format!("{} · {since}", count.running),
    };
    let width = 14 + 7 * text.chars().count() as i32;
    let tone = if count.late { "late" } else { "moving" };
    let left = CARD_W - width + 6;
    format!(
        "<g class=\"count\" data-tone=\"{tone}\"><rect x=\"{left}\" y=\"-10\" width=\"{width}\" height=\"19\" rx=\"9.5\"/>\
         <text x=\"{}\" y=\"4\">{}<title>{} here now{}</title></text></g>",
        left + width / 2,
        esc(&text),
        count.running,
        if count.late { ", some of it late" } else { "" }
    )
}

fn open(key: &str, class: &str, look: &Look, label: &str) -> (String, &'static str) {
    let chosen = look.chosen == key && !key.is_empty();
    let current = if chosen { " aria-current=\"true\"" } else { "" };
    let class = if chosen {
        format!("{class} chosen")
    } else {
        class.to_owned()
    };
    if look.href.is_empty() {
        (format!("<div class=\"{class}\">"), "</div>")
    } else {
        (
            format!(
                "<a class=\"{class}\" href=\"{}{}{}\" data-step=\"{}\" aria-label=\"{}\"{current}>",
                esc(&look.href),
                esc(key),
                esc(&look.href_end),
                esc(key),
                esc(label)
            ),
            "</a>",
        )
    }
}

fn end(title: &str, sub: &str, what: &str, key: &str, look: &Look) -> String {
    let (open, close) = open(key, "fcard fend", look, &format!("{what}: {title}, {sub}"));
    format!(
        "{open}<span class=\"fhead\"><b>{}</b><small>{what}</small></span><span class=\"fline\">{}</span>{close}",
        esc(title),
        esc(sub)
    )
}

fn step_card<O: Somebody>(step: &Step<O>, names: &Names, look: &Look) -> String {
    let key = step.key.as_str();
    let owner = step.owner.who().map(|owner| names.owner(owner));
    let fault = look.faults.get(key);
    let mut class = String::from("fcard");
    if fault.is_some() {
        class.push_str(" faulty");
    }
    match look.lit.get(key) {
        Some(Lit::Done) => class.push_str(" lit-done"),
        Some(Lit::Here) => class.push_str(" lit-here"),
        Some(Lit::Held) => class.push_str(" lit-held"),
        Some(Lit::Failed) => class.push_str(" lit-failed"),
        Some(Lit::Undone) => class.push_str(" lit-undone"),
        None if look.lit.is_empty() => {}
        None => class.push_str(" dim"),
    }
    let mark = look.marks.get(key).map(|mark| match mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
    });
    if let Some(mark) = mark {
        let _ = write!(class, " mark-{mark}");
    }
    let clock = clock_words(step);
    let mut label = format!("{}: {}", step.title, step.kind.title());
    for part in [
        Some(owner.clone().unwrap_or_else(|| "nobody yet".to_owned())),
        Some(clock.clone()).filter(|clock| !clock.is_empty()),
        step.manual.as_ref().map(by_hand),
        fault.cloned(),
        mark.map(str::to_owned),
        lit_word(look.lit.get(key)).map(str::to_owned),
    ]
    .into_iter()
    .flatten()
    {
        let _ = write!(label, ", {part}");
    }
    let (open, close) = open(key, &class, look, &label);
    let who = match &owner {
        Some(owner) => format!(
            "<span class=\"avatar\" aria-hidden=\"true\">{}</span><span class=\"cut\">{}</span>",
            esc(&initials(owner)),
            esc(owner)
        ),
        None => "<span class=\"cut fbad\">nobody yet</span>".to_owned(),
    };
    let last = match (fault, mark, clock.is_empty()) {
        (Some(fault), ..) => format!("<span class=\"cut fbad\">{}</span>", esc(fault)),
        (None, Some(mark), _) => format!("<span class=\"cut fmark\">{mark}</span>"),
        (None, None, false) => format!(
            "<svg class=\"glyph\" viewBox=\"0 0 16 16\" aria-hidden=\"true\" data-tone=\"wait\"><use href=\"#g-wait\"/></svg>\
             <span class=\"cut\">{}</span>",
            esc(&clock)
        ),
        (None, None, true) => format!(
            "<span class=\"cut\">{}</span>",
            esc(&words::does(&step.kind))
        ),
    };
    format!(
        "{open}<span class=\"fhead\"><b class=\"cut\">{}</b>{}</span><span class=\"fline\">{who}</span>\
         <span class=\"fline\">{last}</span>{close}",
        esc(&step.title),
        glyph(&step.kind),
    )
}

const fn lit_word(lit: Option<&Lit>) -> Option<&'static str> {
    match lit {
        Some(Lit::Done) => Some("done"),
        Some(Lit::Here) => Some("the run stands here"),
        Some(Lit::Held) => Some("held here"),
        Some(Lit::Failed) => Some("failed here"),
        Some(Lit::Undone) => Some("taken back"),
        None => None,
    }
}

/// "accept 15 min, done 2 h".
pub fn clock_words<O>(step: &Step<O>) -> String {
    match (step.clock.accept_ms, step.clock.resolve_ms) {
        (0, 0) => String::new(),
        (0, done) => format!("within {}", words::span(done)),
        (accept, 0) => format!("accept {}", words::span(accept)),
        (accept, done) => format!("accept {}, done {}", words::span(accept), words::span(done)),
    }
}

/// One small picture for each kind of step.
pub fn glyph(kind: &StepKind) -> String {
    let shape = match kind {
        StepKind::EmitExport { .. } => "M2 8h9M8 5l3 3-3 3M13 3v10",
        StepKind::WaitForEvent { .. } => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 5v3l2 1.5",
        StepKind::Decide { .. } => "M8 1.5 14.5 8 8 14.5 1.5 8z",
        StepKind::HumanTask { .. } => {
            "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8M3 14c0-2.8 2.2-4.3 5-4.3s5 1.5 5 4.3"
        }
        StepKind::Notify { .. } => "M3 11.5h10l-1.2-2V7a3.8 3.8 0 0 0-7.6 0v2.5zM6.7 13.7h2.6",
        StepKind::Compensate { .. } => "M3.5 6h6a3.3 3.3 0 0 1 0 6.6H5M6 3.3 3.2 6 6 8.7",
        StepKind::SubFlow { .. } => "M2.5 2.5h5v5h-5zM8.5 8.5h5v5h-5zM7.5 5H11v3.5",
    };
    format!(
        "<svg class=\"kind\" viewBox=\"0 0 16 16\" role=\"img\" aria-label=\"{0}\"><title>{0}</title><path d=\"{shape}\"/></svg>",
        kind.title()
    )
}

/// The same flow as a list, for a narrow screen, a reader and paper.
pub fn list<O: Somebody>(flow: &Flow<O>, names: &Names, look: &Look) -> String {
    let mut out = String::from("<ol class=\"board-list\">");
    for step in &flow.steps {
        let title = if look.href.is_empty() {
            esc(&step.title).to_string()
        } else {
            format!(
                "<a class=\"link\" href=\"{}{}{}\">{}</a>",
                esc(&look.href),
                esc(&step.key),
                esc(&look.href_end),
                esc(&step.title)
            )
        };
        let owner = step
            .owner
            .who()
            .map_or_else(|| "nobody yet".to_owned(), |owner| names.owner(owner));
        let mut said = vec![step.kind.title().to_owned(), owner];
        said.push(clock_words(step));
        said.extend(step.manual.as_ref().map(by_hand));
        if let Some(count) = look.counts.get(&step.key).filter(|count| count.running > 0) {
            said.push(format!("{} here now", count.running));
        }
        said.extend(lit_word(look.lit.get(&step.key)).map(str::to_owned));
        said.extend(look.faults.get(&step.key).cloned());
        said.retain(|part| !part.is_empty());
        let mut next: Vec<String> = Vec::new();
        for on in step.kind.exits() {
            let to = step.exit(on);
            let titles: Vec<String> = to
                .iter()
                .map(|key| {
                    flow.step(key)
                        .map_or_else(|| key.clone(), |step| step.title.clone())
                })
                .collect();
            let to = match titles.is_empty() {
                true => "ends".to_owned(),
                false => titles.join(" and "),
            };
            next.push(match words::exit(step, on).as_str() {
                "" => format!("then {to}"),
                branch => format!("{branch}: {to}"),
            });
        }
        let _ = write!(
            out,
            "<li><b>{title}</b> <span>{}</span> <small>{}</small></li>",
            esc(&said.join(" · ")),
            esc(&next.join("; "))
        );
    }
    out.push_str("</ol>");
    out
}

#[cfg(test)]
mod tests;
