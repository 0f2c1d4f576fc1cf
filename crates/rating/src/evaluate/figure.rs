//! A figure of a report: value, interval, and the reason where one is missing.

use std::fmt::Display;

use serde::Serialize;

use crate::stats::{Bootstrap, Interval, Measured, Undefined};

/// Why nothing is clustered by patient.
pub(super) const NO_PATIENTS: &str = "patients are unknown";

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figure {
    /// The figure, `null` where it is not defined.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Why the value is missing, or the interval alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

impl Figure {
    /// A value and its interval, or why there is none.
    pub(crate) fn new<E: Display>(value: Measured, interval: Result<Interval, E>) -> Figure {
        let undefined = match (&value, &interval) {
            (Err(reason), _) => Some(reason.to_string()),
            (Ok(_), Err(reason)) => Some(reason.to_string()),
            (Ok(_), Ok(_)) => None,
        };
        let interval = interval.ok().filter(|_| value.is_ok());
        Figure { value: value.ok(), interval, undefined }
    }

    /// A value with its bootstrap; `None` where patients are unknown.
    pub(crate) fn resampled(
        value: Measured,
        bootstrap: Option<Result<Bootstrap, Undefined>>,
    ) -> Figure {
        match bootstrap {
            None => Figure::new(value, Err(NO_PATIENTS)),
            Some(bootstrap) => Figure::new(value, usable(bootstrap)),
        }
    }
}

/// The interval of a bootstrap. One without width is none: that every sample of
/// the patients gives one value says that they are few, not that it is sure. Nor is
/// one of the samples that happen to have a value where more than one in twenty has
/// none: those left out are not like the others.
pub(crate) fn usable(bootstrap: Result<Bootstrap, Undefined>) -> Result<Interval, Undefined> {
    let Bootstrap { interval, values, undefined } = bootstrap?;
    if 20 * undefined > undefined + values.len() {
        return Err(Undefined::SamplesWithoutValue);
    }
    if interval.low == interval.high { Err(Undefined::NoWidth) } else { Ok(interval) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap(low: f64, high: f64) -> Option<Result<Bootstrap, Undefined>> {
        let interval = Interval { low, high };
        Some(Ok(Bootstrap { interval, values: vec![low, high], undefined: 0 }))
    }

    #[test]
    fn what_is_missing_has_its_reason() {
        let whole = Figure::resampled(Ok(0.5), bootstrap(0.4, 0.6));
        assert_eq!((whole.value, whole.undefined), (Some(0.5), None));
        let certain = Figure::resampled(Ok(1.0), bootstrap(1.0, 1.0));
        assert_eq!((certain.value, certain.interval), (Some(1.0), None));
        assert!(certain.undefined.unwrap().contains("no width"));
        let interval = Interval { low: 0.1, high: 0.9 };
        let of = |undefined| Some(Ok(Bootstrap { interval, values: vec![0.5; 95], undefined }));
        assert_eq!(Figure::resampled(Ok(0.5), of(5)).undefined, None);
        let rare = Figure::resampled(Ok(0.5), of(6));
        assert_eq!((rare.value, rare.interval), (Some(0.5), None));
        assert!(rare.undefined.unwrap().contains("one in twenty"));
        let unknown = Figure::resampled(Ok(1.0), None);
        assert_eq!(unknown.undefined.as_deref(), Some(NO_PATIENTS));
        let nothing = Figure::resampled(Err(Undefined::NoCases), bootstrap(0.4, 0.6));
        assert_eq!((nothing.value, nothing.interval), (None, None));
        assert_eq!(nothing.undefined.as_deref(), Some("there are no cases"));
    }
}
