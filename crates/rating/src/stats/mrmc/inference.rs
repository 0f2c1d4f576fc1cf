//! The three analyses: what is taken as a sample, and so what the answer is about.

use serde::Serialize;

use super::{Errors, MeanSquares};
use crate::stats::distribution::{
    UPPER, chi_squared_upper, f_upper, normal_quantile, normal_two_sided, t_quantile, t_two_sided,
};
use crate::stats::{Interval, Undefined};

/// What is taken as a sample of more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inference {
    /// Readers and cases: F test, error term MS(MR) + readers x max(Cov2 - Cov3, 0)
    /// with Hillis' degrees of freedom.
    RandomReadersRandomCases,
    /// Cases only: chi-squared and normal, error term variance - Cov1 + (readers - 1)
    /// x max(Cov2 - Cov3, 0).
    FixedReadersRandomCases,
    /// Readers only: F test, error term MS(MR). With two modalities the paired t
    /// test of the readers' figures.
    RandomReadersFixedCases,
}

impl Inference {
    /// All three, in this order.
    pub const ALL: [Inference; 3] = [
        Inference::RandomReadersRandomCases,
        Inference::FixedReadersRandomCases,
        Inference::RandomReadersFixedCases,
    ];
}

/// One analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    /// Which.
    pub inference: Inference,
    /// Whether the modalities differ at all.
    pub overall: Overall,
    /// All pairs of modalities, first before second.
    pub differences: Vec<Difference>,
    /// Each modality alone, by its own mean squares and errors; `None` where it has
    /// no spread.
    pub means: Vec<Option<Mean>>,
}

/// The test that no modality differs from another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Overall {
    /// F; with fixed readers chi-squared over its degrees of freedom.
    pub f: f64,
    /// Modalities - 1.
    pub numerator_freedom: f64,
    /// Of the error term; `None` is without limit, as with fixed readers.
    pub denominator_freedom: Option<f64>,
    /// 0 to 1.
    pub p: f64,
}

/// Two modalities, by position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// This one's figure ...
    pub first: usize,
    /// ... minus this one's.
    pub second: usize,
    /// The difference.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of t; `None` is without limit: normal.
    pub freedom: Option<f64>,
    /// The difference over its standard error.
    pub t: f64,
    /// Two-sided, 0 to 1.
    pub p: f64,
    /// 95 %.
    pub interval: Interval,
}

/// One modality, mean over its readers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of t; `None` is without limit: normal.
    pub freedom: Option<f64>,
    /// 95 %.
    pub interval: Interval,
}

/// A variance with its degrees of freedom, `None` without limit.
#[derive(Clone, Copy)]
struct Spread {
    variance: f64,
    freedom: Option<f64>,
}

impl Spread {
    /// An error term: a mean square with its degrees of freedom and a covariance
    /// that is taken as known (Hillis 2007, "ddf_H"; Satterthwaite's rule).
    fn of_term(square: f64, freedom: f64, covariance: f64) -> Spread {
        let term = square + covariance;
        let freedom = term.powi(2) / (square.powi(2) / freedom);
        Spread { variance: term, freedom: Some(freedom).filter(|freedom| freedom.is_finite()) }
    }

    fn normal(variance: f64) -> Spread {
        Spread { variance, freedom: None }
    }

    fn times(self, factor: f64) -> Spread {
        Spread { variance: factor * self.variance, ..self }
    }

    fn standard_error(self) -> Result<f64, Undefined> {
        // Rounding leaves 1e-34 of figures that are all alike.
        if self.variance < 1e-24 { Err(Undefined::NoWidth) } else { Ok(self.variance.sqrt()) }
    }

    fn interval(self, value: f64) -> Result<Interval, Undefined> {
        let quantile = match self.freedom {
            Some(freedom) => t_quantile(UPPER, freedom).ok_or(Undefined::NotConverged)?,
            None => normal_quantile(UPPER),
        };
        let half = quantile * self.standard_error()?;
        Ok(Interval { low: value - half, high: value + half })
    }

    fn mean(self, value: f64) -> Result<Mean, Undefined> {
        let (standard_error, interval) = (self.standard_error()?, self.interval(value)?);
        Ok(Mean { value, standard_error, freedom: self.freedom, interval })
    }

    fn difference(self, pair: [usize; 2], value: f64) -> Result<Difference, Undefined> {
        let standard_error = self.standard_error()?;
        let t = value / standard_error;
        let p = match self.freedom {
            Some(freedom) => t_two_sided(t, freedom).ok_or(Undefined::NotConverged)?,
            None => normal_two_sided(t),
        };
        Ok(Difference {
            first: pair[0],
            second: pair[1],
            value,
            standard_error,
            freedom: self.freedom,
            t,
            p,
            interval: self.interval(value)?,
        })
    }
}

/// One analysis of all modalities.
pub(super) fn analyse(
    inference: Inference,
    figures: &[Vec<f64>],
    squares: &MeanSquares,
    errors: &Errors,
) -> Result<Analysis, Undefined> {
    let (modalities, readers) = (figures.len() as f64, figures[0].len() as f64);
    let freedom = (modalities - 1.0) * (readers - 1.0);
    let term = match inference {
        Inference::RandomReadersRandomCases => {
            Spread::of_term(squares.modality_reader, freedom, readers * errors.shared())
        }
        Inference::FixedReadersRandomCases => {
            Spread::normal(errors.variance - errors.cov1 + (readers - 1.0) * errors.shared())
        }
        Inference::RandomReadersFixedCases => {
            Spread::of_term(squares.modality_reader, freedom, 0.0)
        }
    };
    let of_modality = |modality: usize| {
        let (square, error) = (squares.reader_of_modality[modality], errors.modalities[modality]);
        let shared = error.cov2.max(0.0);
        match inference {
            Inference::RandomReadersRandomCases => {
                Spread::of_term(square, readers - 1.0, readers * shared)
            }
            Inference::FixedReadersRandomCases => {
                Spread::normal(error.variance + (readers - 1.0) * shared)
            }
            Inference::RandomReadersFixedCases => Spread::of_term(square, readers - 1.0, 0.0),
        }
    };
    let mean = |modality| {
        let value = squares.modality_means[modality];
        of_modality(modality).times(1.0 / readers).mean(value).ok()
    };
    let difference = |pair: [usize; 2]| {
        let value = squares.modality_means[pair[0]] - squares.modality_means[pair[1]];
        term.times(2.0 / readers).difference(pair, value)
    };
    Ok(Analysis {
        inference,
        overall: overall(squares.modality, modalities - 1.0, term)?,
        differences: pairs(figures.len()).map(difference).collect::<Result<_, _>>()?,
        means: (0..figures.len()).map(mean).collect(),
    })
}

/// One reader's differences, as if there was no other: variance 2 (variance - Cov1)
/// of this reader, normal.
pub(super) fn of_reader(
    figures: &[Vec<f64>],
    errors: &Errors,
    reader: usize,
) -> Vec<Option<Difference>> {
    let error = errors.readers[reader];
    let spread = Spread::normal(2.0 * (error.variance - error.cov1));
    let difference = |pair: [usize; 2]| {
        spread.difference(pair, figures[pair[0]][reader] - figures[pair[1]][reader]).ok()
    };
    pairs(figures.len()).map(difference).collect()
}

fn overall(modality: f64, freedom: f64, term: Spread) -> Result<Overall, Undefined> {
    term.standard_error()?;
    let f = modality / term.variance;
    let p = match term.freedom {
        Some(denominator) => f_upper(f, [freedom, denominator]),
        None => chi_squared_upper(f * freedom, freedom),
    };
    Ok(Overall {
        f,
        numerator_freedom: freedom,
        denominator_freedom: term.freedom,
        p: p.ok_or(Undefined::NotConverged)?,
    })
}

fn pairs(modalities: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..modalities)
        .flat_map(move |first| (first + 1..modalities).map(move |second| [first, second]))
}
