//! How a number is spread over patients: what tables of patients show.

use serde::Serialize;

/// Mean, median and ends of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation, n - 1 degrees of freedom; `null` of one value.
    pub deviation: Option<f64>,
    /// Median; of an even number the mean of the middle two.
    pub median: f64,
    /// The quartiles, interpolated linearly between neighbours.
    pub quartiles: [f64; 2],
    /// The least and the greatest.
    pub range: [f64; 2],
}

impl Spread {
    /// `None` without values.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_unstable_by(f64::total_cmp);
        let (first, last) = (*values.first()?, *values.last()?);
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let at = |share: f64| {
            let place = share * (n - 1) as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            values[below] + (place - place.floor()) * (values[above] - values[below])
        };
        Some(Spread {
            n,
            mean,
            deviation: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            median: at(0.5),
            quartiles: [at(0.25), at(0.75)],
            range: [first, last],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_ages_by_hand() {
        let spread = Spread::of(vec![70.0, 40.0, 50.0, 60.0, 45.0]).unwrap();
        assert_eq!((spread.n, spread.mean, spread.median), (5, 53.0, 50.0));
        assert_eq!((spread.quartiles, spread.range), ([45.0, 60.0], [40.0, 70.0]));
        // Squares of 13, 8, 3, 7 and 17 add up to 580.
        assert!((spread.deviation.unwrap() - 145.0_f64.sqrt()).abs() < 1e-12);
        let pair = Spread::of(vec![1.0, 2.0]).unwrap();
        assert_eq!((pair.median, pair.quartiles), (1.5, [1.25, 1.75]));
        assert_eq!(Spread::of(vec![3.0]).unwrap().deviation, None);
        assert_eq!(Spread::of(vec![]), None);
    }
}
