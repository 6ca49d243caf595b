//! A small line of a day: one point per hour, from when there were that many.

use leptos::prelude::*;

use crate::ui::Tone;

const WIDTH: i64 = 120;
const HEIGHT: i64 = 26;

/// The points of the line, in hundredths, so that no fraction has to be written.
fn points(values: &[i64]) -> Vec<(i64, i64)> {
    let most = values.iter().copied().max().unwrap_or_default().max(4);
    let steps = i64::try_from(values.len().saturating_sub(1))
        .unwrap_or(1)
        .max(1);
    (0..)
        .zip(values)
        .map(|(n, value)| (n * WIDTH / steps, HEIGHT - value * HEIGHT / most))
        .collect()
}

/// What the line says, for the ear and for the pointer.
fn words(values: &[i64]) -> String {
    let (first, last) = (values.first(), values.last());
    let (Some(first), Some(last), Some(most)) = (first, last, values.iter().max()) else {
        return "Nothing is known yet".to_owned();
    };
    format!("Open exceptions over 24 hours: {first} then, at most {most}, {last} now")
}

#[component]
pub(super) fn Spark(values: Vec<i64>, tone: Tone) -> impl IntoView {
    let points = points(&values);
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x} {y}")).collect();
    let line = format!("M{}", line.join("L"));
    let area = format!("{line}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z");
    let words = words(&values);
    let (spoken, view_box) = (words.clone(), format!("0 -1 {WIDTH} {}", HEIGHT + 2));
    view! {
        <svg class="spark" viewBox=view_box role="img" aria-label=spoken data-tone=tone.key()>
            <title>{words}</title>
            <path class="area" d=area></path>
            <path d=line></path>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_last_point_at_the_right_and_its_peak_at_the_top() {
        assert_eq!(points(&[0, 8, 4]), [(0, 26), (60, 0), (120, 13)]);
        // few are not drawn as many
        assert_eq!(points(&[1, 1]), [(0, 20), (120, 20)]);
        assert_eq!(points(&[]), []);
        assert_eq!(
            words(&[2, 9, 3]),
            "Open exceptions over 24 hours: 2 then, at most 9, 3 now"
        );
    }
}
