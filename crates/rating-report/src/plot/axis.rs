//! A scale with round ticks.

/// Values from `low` to `high`, drawn from `left` to `right` (pixels).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    /// Distance of two ticks.
    step: f64,
}

impl Axis {
    /// A scale that holds all values, with ends on ticks; `None` without a
    /// finite value.
    pub(crate) fn around(
        values: impl IntoIterator<Item = f64>,
        left: f64,
        right: f64,
    ) -> Option<Axis> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            return None;
        }
        let least = 0.04 * low.abs().max(high.abs()).max(1.0);
        let step = round_step((high - low).max(least) / 4.0);
        let mut first = (low / step).floor();
        let mut last = (high / step).ceil();
        if first >= last {
            (first, last) = (first - 1.0, last + 1.0);
        }
        Some(Axis { low: first * step, high: last * step, left, right, step })
    }

    /// Where a value lies, in pixels.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let along = (value - self.low) / (self.high - self.low);
        self.left + along.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// The ticks with their labels.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let decimals = if self.step >= 1.0 { 0 } else { (-self.step.log10()).ceil() as usize };
        let count = ((self.high - self.low) / self.step).round() as usize;
        let first = (self.low / self.step).round();
        (0..=count)
            .map(|tick| {
                let value = (first + tick as f64) * self.step;
                let sign = if value < 0.0 { "\u{2212}" } else { "" };
                (value, format!("{sign}{:.decimals$}", value.abs()))
            })
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64]) -> Vec<String> {
        let axis = Axis::around(values.iter().copied(), 0.0, 100.0).unwrap();
        axis.ticks().into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        assert_eq!(labels(&[0.61, 0.84]), ["0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(labels(&[-0.03, 0.11]), ["\u{2212}0.05", "0.00", "0.05", "0.10", "0.15"]);
        assert_eq!(labels(&[0.5]), ["0.49", "0.50", "0.51"]);
        assert_eq!(Axis::around([f64::NAN], 0.0, 1.0), None);
    }

    #[test]
    fn the_ends_are_the_ends() {
        let axis = Axis::around([0.0, 1.0], 10.0, 110.0).unwrap();
        assert_eq!((axis.place(0.0), axis.place(0.5), axis.place(1.0)), (10.0, 60.0, 110.0));
    }
}
