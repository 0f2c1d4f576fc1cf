//! A number as tables show it: the figure, its interval below, "-" with a
//! reason where there is none.

use maud::{Markup, html};
use rating::stats::Interval;

use crate::notes::Notes;

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A share, as percent with one decimal: `79.6 %`.
    Percent,
    /// A difference of shares, in percentage points with its sign: `+1.2`.
    Points,
    /// Three decimals: `0.853`.
    Plain,
}

impl Unit {
    /// The number with its unit.
    pub(crate) fn value(self, value: f64) -> String {
        match self {
            Unit::Percent => format!("{}\u{a0}%", self.bare(value)),
            Unit::Points | Unit::Plain => self.bare(value),
        }
    }

    /// The interval; its unit is that of the figure above it.
    pub(crate) fn interval(self, interval: Interval) -> String {
        format!("[{}, {}]", self.bare(interval.low), self.bare(interval.high))
    }

    fn bare(self, value: f64) -> String {
        let digits = match self {
            Unit::Percent | Unit::Points => format!("{:.1}", value.abs() * 100.0),
            Unit::Plain => format!("{:.3}", value.abs()),
        };
        // The sign of what is shown: -0.00001 is 0.
        let is_zero = digits.chars().all(|digit| matches!(digit, '0' | '.'));
        let sign = match (value < 0.0, self) {
            _ if is_zero => "",
            (true, _) => "\u{2212}",
            (false, Unit::Points) => "+",
            (false, Unit::Percent | Unit::Plain) => "",
        };
        format!("{sign}{digits}")
    }
}

/// A p value: three decimals, `< 0.001` below that.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "<\u{a0}0.001".to_owned() } else { format!("{p:.3}") }
}

/// A figure that may be missing, and an interval that may be missing by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure<'a> {
    pub(crate) unit: Unit,
    pub(crate) value: Option<f64>,
    pub(crate) interval: Option<Interval>,
    /// Why there is no value, where there is none.
    pub(crate) no_value: &'a str,
    /// Why there is no interval; `None` where none is expected.
    pub(crate) no_interval: Option<&'a str>,
}

impl<'a> Figure<'a> {
    /// A figure as the evaluation holds it.
    pub(crate) fn of(unit: Unit, figure: &'a rating::evaluate::Figure) -> Figure<'a> {
        let reason = figure.undefined.as_deref().unwrap_or("not defined");
        Figure {
            unit,
            value: figure.value,
            interval: figure.interval,
            no_value: reason,
            no_interval: Some(reason),
        }
    }

    /// The inside of a table cell.
    pub(crate) fn markup(&self, notes: &mut Notes) -> Markup {
        let Some(value) = self.value.filter(|value| value.is_finite()) else {
            return notes.missing(self.no_value);
        };
        html! {
            span.figure { (self.unit.value(value)) }
            @match (self.interval, self.no_interval) {
                (Some(interval), _) => { " " span.interval { (self.unit.interval(interval)) } }
                (None, Some(reason)) => { " " span.interval { "[" (notes.missing(reason)) "]" } }
                (None, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        assert_eq!(Unit::Percent.value(0.796), "79.6\u{a0}%");
        assert_eq!(Unit::Points.value(0.012), "+1.2");
        assert_eq!(Unit::Points.value(-0.012), "\u{2212}1.2");
        assert_eq!(Unit::Points.value(-0.0001), "0.0");
        assert_eq!(Unit::Plain.value(0.8534), "0.853");
        assert_eq!((p_value(0.0004), p_value(0.05)), ("<\u{a0}0.001".into(), "0.050".into()));
        let interval = Interval { low: -0.01, high: 0.25 };
        assert_eq!(Unit::Points.interval(interval), "[\u{2212}1.0, +25.0]");
    }

    #[test]
    fn what_is_missing_is_a_dash_with_its_reason() {
        let mut notes = Notes::of_table("t");
        let figure = Figure {
            unit: Unit::Percent,
            value: None,
            interval: None,
            no_value: "there are no cases",
            no_interval: Some("patients are unknown"),
        };
        let cell = figure.markup(&mut notes).into_string();
        assert!(cell.contains(">-") && cell.contains("there are no cases"), "{cell}");
        let cell = Figure { value: Some(0.5), ..figure }.markup(&mut notes).into_string();
        assert!(cell.contains("50.0\u{a0}%") && cell.contains("patients are unknown"), "{cell}");
        let not_a_number = Figure { value: Some(f64::NAN), ..figure };
        assert!(!not_a_number.markup(&mut notes).into_string().contains("NaN"));
    }
}
