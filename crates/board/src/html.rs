//! Markup as text, written by hand: small enough for the browser, and the same on the server.
//!
//! Everything that comes from a person goes through [`esc`]; nothing else does.

use std::fmt::{self, Write};

/// For text and for attribute values alike, where it is written.
#[derive(Clone, Copy)]
pub struct Esc<'a>(&'a str);

pub const fn esc(text: &str) -> Esc<'_> {
    Esc(text)
}

impl fmt::Display for Esc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            let instead = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                _ => continue,
            };
            f.write_str(self.0.get(from..at).unwrap_or_default())?;
            f.write_str(instead)?;
            from = at + 1;
        }
        f.write_str(self.0.get(from..).unwrap_or_default())
    }
}

/// Through corners that are rounded where there is room.
pub fn path(points: &[(i32, i32)]) -> String {
    const ROUND: i32 = 8;
    let mut out = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        if n == 0 {
            let _ = write!(out, "M{x} {y}");
            continue;
        }
        let Some((nx, ny)) = points.get(n + 1) else {
            let _ = write!(out, "L{x} {y}");
            continue;
        };
        let (px, py) = points.get(n - 1).copied().unwrap_or((*x, *y));
        let before = (x - px).abs() + (y - py).abs();
        let after = (nx - x).abs() + (ny - y).abs();
        let round = ROUND.min(before / 2).min(after / 2);
        let (ax, ay) = (x - (x - px).signum() * round, y - (y - py).signum() * round);
        let (bx, by) = (x + (nx - x).signum() * round, y + (ny - y).signum() * round);
        let _ = write!(out, "L{ax} {ay}Q{x} {y} {bx} {by}");
    }
    out
}

/// Two letters for a name: the first and the last word's, or the first two of a single word. Only plain letters are made
/// capitals: the tables of all others are too heavy for the browser, and names begin with capitals anyway.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or("?");
    let letters: String = match words.next_back() {
        Some(last) => first.chars().take(1).chain(last.chars().take(1)).collect(),
        None => first.chars().take(2).collect(),
    };
    letters.to_ascii_uppercase()
}
