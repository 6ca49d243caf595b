//! Lists in forms: what is there, and room for a few more.

/// Empty rows below those that are filled.
const MORE: usize = 2;

/// How many rows a form has for so many entries.
pub(super) fn rows(filled: usize, most: usize) -> usize {
    (filled + MORE).min(most)
}
