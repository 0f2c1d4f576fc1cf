//! Time, learning and fatigue: what happens over a session.

use rand::Rng;
use serde::Serialize;

use super::Question;
use super::table::{Reading, Table};
use crate::Problem;
use crate::evaluate::Figure;
use crate::stats::slope::{Point, Slope, slope};
use crate::stats::weighted::SumsByPatient;
use crate::stats::{Interval, Measured, Resamples, Undefined, interval};
use crate::study::Reader;

/// In how many readings a drift is told.
const READINGS: f64 = 100.0;

/// Time of a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Time {
    /// By arm.
    pub arms: Vec<ArmTime>,
    /// Every other arm against the plan's.
    pub ratios: Vec<TimeRatio>,
}

/// Seconds of a case in one arm, first readings, those with altered answers too.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmTime {
    /// The arm.
    pub arm: String,
    /// Median over all readings.
    pub median: Option<f64>,
    /// Each reader with a time.
    pub readers: Vec<ReaderTime>,
}

/// One reader's seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReaderTime {
    /// The reader.
    pub reader: String,
    /// Readings with a time above 0.
    pub readings: usize,
    /// Median.
    pub median: f64,
    /// Geometric mean.
    pub geometric_mean: f64,
}

/// How many times as long a case takes: the ratio of geometric means, each reader
/// on the cases timed in both arms, then the geometric mean over readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeRatio {
    /// This arm's time ...
    pub arm: String,
    /// ... over this one's.
    pub against: String,
    /// Readers timed in both.
    pub readers: usize,
    /// The ratio; patients resampled, readers kept.
    pub ratio: Figure,
    /// For readers at large: t interval of the readers' own logarithms.
    pub random_readers: Option<Interval>,
}

/// How something changes over a session of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// The arm.
    pub arm: String,
    /// Readings behind it.
    pub readings: usize,
    /// Per 100 readings, each reader with a level of their own, readers as clusters:
    /// of a share of right grades its change, of seconds the change of their natural
    /// logarithm. Above 0 is learning in the first case, slowing down in the second.
    pub per_hundred: Option<Slope>,
    /// Why there is none.
    pub undefined: Option<String>,
}

/// The share of right grades over the session.
pub(super) fn correctness(table: &Table<'_>, question: &Question) -> Vec<Drift> {
    let protocol = table.study.protocol;
    drifts(table, |of| {
        let truth = question.truth(protocol, &table.study.cases[of.case])?;
        let given = question.given(protocol, of.answer.grades.as_deref()?)?;
        (!of.answer.altered).then(|| f64::from(u8::from(truth == given)))
    })
}

/// The logarithm of seconds over the session.
pub(super) fn pace(table: &Table<'_>) -> Vec<Drift> {
    drifts(table, |of| Some(seconds(of)?.ln()))
}

fn drifts(table: &Table<'_>, value: impl Fn(&Reading<'_>) -> Option<f64>) -> Vec<Drift> {
    let of_arm = |(arm, name): (usize, &String)| {
        let own = table.readings.iter().filter(|of| of.arm == arm && !of.answer.repeat);
        let point = |of: &Reading<'_>| {
            let x = f64::from(of.answer.position) / READINGS;
            Some(Point { x, y: value(of)?, group: of.reader, cluster: of.reader })
        };
        let points: Vec<Point> = own.filter_map(point).collect();
        let found = slope(&points);
        Drift {
            arm: name.clone(),
            readings: points.len(),
            per_hundred: found.ok(),
            undefined: found.err().map(|reason| reason.to_string()),
        }
    };
    table.study.arms.iter().enumerate().map(of_arm).collect()
}

/// Seconds above 0 of a first reading.
fn seconds(of: &Reading<'_>) -> Option<f64> {
    let first = !of.answer.repeat;
    of.answer.seconds.filter(|seconds| first && seconds.is_finite() && *seconds > 0.0)
}

pub(super) fn time<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    against: usize,
    resamples: &Resamples<R>,
) -> Result<Time, Problem> {
    let study = &table.study;
    // times[arm][reader][case]
    let empty = vec![vec![None; study.cases.len()]; study.readers.len()];
    let mut times: Vec<Vec<Vec<Option<f64>>>> = vec![empty; study.arms.len()];
    for of in &table.readings {
        if let Some(seconds) = seconds(of) {
            times[of.arm][of.reader][of.case] = Some(seconds);
        }
    }
    let named = study.arms.iter().zip(&times);
    let arms = named.map(|(arm, times)| ArmTime::new(arm, study.readers, times)).collect();
    let others = (0..study.arms.len()).filter(|arm| *arm != against);
    let ratios = others.map(|arm| ratio(table, [arm, against], &times, resamples));
    Ok(Time { arms, ratios: ratios.collect::<Result<_, _>>()? })
}

impl ArmTime {
    fn new(arm: &str, readers: &[Reader], times: &[Vec<Option<f64>>]) -> ArmTime {
        let of_reader = |(reader, times): (&Reader, &Vec<Option<f64>>)| {
            let times: Vec<f64> = times.iter().copied().flatten().collect();
            let logarithms: Vec<f64> = times.iter().map(|seconds| seconds.ln()).collect();
            Some(ReaderTime {
                reader: reader.name.clone(),
                readings: times.len(),
                median: median(&times)?,
                geometric_mean: interval::mean(&logarithms).ok()?.exp(),
            })
        };
        let all: Vec<f64> = times.iter().flatten().copied().flatten().collect();
        ArmTime {
            arm: arm.to_owned(),
            median: median(&all),
            readers: readers.iter().zip(times).filter_map(of_reader).collect(),
        }
    }
}

fn ratio<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    arms: [usize; 2],
    times: &[Vec<Vec<Option<f64>>>],
    resamples: &Resamples<R>,
) -> Result<TimeRatio, Problem> {
    let logarithms = |reader: usize| -> Vec<Option<f64>> {
        let both = times[arms[0]][reader].iter().zip(&times[arms[1]][reader]);
        both.map(|(arm, against)| Some(((*arm)? / (*against)?).ln())).collect()
    };
    let readers = (0..table.study.readers.len()).map(logarithms);
    let timed = readers.filter(|all| all.iter().any(Option::is_some));
    let sums: Result<Vec<SumsByPatient>, Problem> =
        timed.map(|all| SumsByPatient::new(&all, &table.patients)).collect();
    let sums = sums?;
    let readers = |weights: &[u32]| -> Result<Vec<f64>, Undefined> {
        sums.iter().map(|sums| sums.mean(weights)).collect()
    };
    let value = |weights: &[u32]| -> Measured { Ok(interval::mean(&readers(weights)?)?.exp()) };
    let ones = vec![1; table.patients.count()];
    let own = readers(&ones).unwrap_or_default();
    Ok(TimeRatio {
        arm: table.study.arms[arms[0]].clone(),
        against: table.study.arms[arms[1]].clone(),
        readers: sums.len(),
        ratio: Figure::resampled(value(&ones), Some(resamples.of(value))),
        random_readers: Interval::student(&own)
            .ok()
            .map(|of| Interval { low: of.low.exp(), high: of.high.exp() }),
    })
}

/// The middle value; the mean of the two in the middle of an even number.
fn median(values: &[f64]) -> Option<f64> {
    let mut ascending = values.to_vec();
    ascending.sort_by(f64::total_cmp);
    let half = ascending.len() / 2;
    let upper = *ascending.get(half)?;
    if ascending.len() % 2 == 1 { Some(upper) } else { Some((ascending[half - 1] + upper) / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_some_seconds() {
        assert_eq!(median(&[9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median(&[9.0, 1.0, 4.0, 2.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }
}
