//! Waiting times, and what is said about them.

/// In microseconds.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<u32>);

impl Samples {
    pub fn add(&mut self, us: u128) {
        self.0.push(u32::try_from(us).unwrap_or(u32::MAX));
    }

    pub fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The waiting time that this share of all stays within, by the nearest rank.
    pub fn quantile_ms(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let rank = (share * self.0.len() as f64).ceil() as usize;
        let found = self.0.get(rank.max(1) - 1).or(self.0.last());
        found.map_or(f64::NAN, |&us| f64::from(us) / 1000.0)
    }

    pub fn longest_ms(&mut self) -> f64 {
        self.quantile_ms(1.0)
    }
}

/// The middle one, with the least and the greatest: what several rounds of the same thing came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub greatest: f64,
}

impl Spread {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
        Self {
            median: f64::midpoint(at(low), at(high)),
            least: at(0),
            greatest: at(values.len().saturating_sub(1)),
        }
    }

    /// `median (least–greatest)`, the brackets only where rounds differ.
    pub fn text(self, decimals: usize) -> String {
        let show = |value: f64| thousands(value, decimals);
        if show(self.least) == show(self.greatest) {
            show(self.median)
        } else {
            format!(
                "{} ({}–{})",
                show(self.median),
                show(self.least),
                show(self.greatest)
            )
        }
    }
}

/// `12345.6` as `12,346`.
pub fn thousands(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    let digits = whole.trim_start_matches('-');
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    if rest.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let mut samples = Samples::default();
        for us in (1..=100).rev() {
            samples.add(us * 1000);
        }
        assert_eq!(samples.quantile_ms(0.5), 50.0);
        assert_eq!(samples.quantile_ms(0.99), 99.0);
        assert_eq!(samples.longest_ms(), 100.0);
        assert!(Samples::default().quantile_ms(0.5).is_nan());
    }

    #[test]
    fn rounds_have_a_middle() {
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!(spread.text(0), "2 (1–3)");
        assert_eq!(Spread::of([4.0, 1.0]).median, 2.5);
        assert_eq!(Spread::of([1234.04, 1234.01]).text(1), "1,234.0");
        assert_eq!(Spread::of([]).text(1), "–");
    }
}
