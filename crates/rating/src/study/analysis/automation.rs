//! Automation bias: how often readers give the wrong grade they are shown.
//!
//! Some would give that wrong grade anyway, so the share is held against that of the
//! same readers giving the same wrong grade of the same cases in the arm that shows
//! nothing: what is left is due to the answer. Without such an arm there is no bias.

use rand::Rng;
use serde::Serialize;

use super::Question;
use super::table::{Grid, Reading, Table};
use crate::evaluate::Figure;
use crate::stats::weighted::SumsByPatient;
use crate::stats::{Measured, Resamples, Undefined};
use crate::study::Reader;
use crate::{Grade, Problem};

/// Wrong answers shown in one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Automation {
    /// The arm.
    pub arm: String,
    /// The arm that shows nothing, which it is held against.
    pub unaided: Option<String>,
    /// Answers altered on purpose that are wrong.
    pub altered: Followed,
    /// The system's own wrong answers.
    pub own_errors: Followed,
}

/// Readings in which a wrong grade was shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Followed {
    /// How many were graded.
    pub readings: usize,
    /// Share that gave the wrong grade shown.
    pub followed: Figure,
    /// Share that gave the right grade all the same.
    pub right: Figure,
    /// Share of the readings with an unaided one beside them in which the same
    /// reader gave that wrong grade unaided.
    pub unaided: Figure,
    /// Followed minus unaided, on the readings that have both: the bias.
    pub bias: Figure,
    /// How many those are.
    pub pairs: usize,
    /// The same by reader.
    pub readers: Vec<ReaderFollowed>,
}

/// One reader's share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReaderFollowed {
    /// The reader.
    pub reader: String,
    /// Graded readings in which a wrong grade was shown.
    pub readings: usize,
    /// In how many the reader gave it.
    pub followed: usize,
}

impl Followed {
    /// The same, with the reason why there is no bias.
    fn without_bias(self) -> Followed {
        let none = || Figure::new(Err(Undefined::NoUnaidedArm), Err(Undefined::NoUnaidedArm));
        Followed { unaided: none(), bias: none(), ..self }
    }
}

/// One reading with a wrong grade shown.
struct Wrong {
    reader: usize,
    case: usize,
    followed: bool,
    right: bool,
    /// Whether the reader gave the wrong grade unaided; `None` where the reader did
    /// not grade the case unaided.
    unaided: Option<bool>,
}

/// For each arm that shows answers; `unaided` is the arm that shows nothing.
pub(super) fn automation<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    question: &Question,
    unaided: Option<usize>,
    resamples: &Resamples<R>,
) -> Result<Vec<Automation>, Problem> {
    let grid = table.grid(question);
    let mut arms = Vec::new();
    for (arm, name) in table.study.arms.iter().enumerate() {
        let shown =
            |of: &&Reading<'_>| of.arm == arm && !of.answer.repeat && of.answer.shown.is_some();
        if !table.readings.iter().any(|of| shown(&of)) {
            continue;
        }
        let of_kind = |altered: bool| {
            let readings = table.readings.iter().filter(shown);
            let readings = readings.filter(|of| of.answer.altered == altered);
            let wrong = readings.filter_map(|of| wrong(table, question, &grid, unaided, of));
            let followed = followed(table, &wrong.collect::<Vec<_>>(), resamples)?;
            Ok::<_, Problem>(if unaided.is_some() { followed } else { followed.without_bias() })
        };
        arms.push(Automation {
            arm: name.clone(),
            unaided: unaided.map(|arm| table.study.arms[arm].clone()),
            altered: of_kind(true)?,
            own_errors: of_kind(false)?,
        });
    }
    Ok(arms)
}

fn wrong(
    table: &Table<'_>,
    question: &Question,
    grid: &Grid,
    unaided: Option<usize>,
    of: &Reading<'_>,
) -> Option<Wrong> {
    let protocol = table.study.protocol;
    let given = |grades: &Option<Vec<Grade>>| question.given(protocol, grades.as_deref()?);
    let truth = grid.truth[of.case]?;
    let shown = given(&of.answer.shown).filter(|shown| *shown != truth)?;
    let grade = given(&of.answer.grades)?;
    let unaided = unaided.and_then(|arm| grid.grades[arm][of.reader][of.case]);
    Some(Wrong {
        reader: of.reader,
        case: of.case,
        followed: grade == shown,
        right: grade == truth,
        unaided: unaided.map(|grade| grade == shown),
    })
}

fn followed<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    wrong: &[Wrong],
    resamples: &Resamples<R>,
) -> Result<Followed, Problem> {
    let cases: Vec<usize> = wrong.iter().map(|of| of.case).collect();
    let patients = table.patients.keep(&cases);
    let figure = |value: &dyn Fn(&Wrong) -> Option<f64>| -> Result<Figure, Problem> {
        let values: Vec<Option<f64>> = wrong.iter().map(value).collect();
        let sums = SumsByPatient::new(&values, &patients)?;
        let whole: Measured = sums.mean(&vec![1; table.patients.count()]);
        Ok(Figure::resampled(whole, Some(resamples.of(|weights| sums.mean(weights)))))
    };
    let share = |yes: bool| f64::from(u8::from(yes));
    let of_reader = |(reader, who): (usize, &Reader)| {
        let own = || wrong.iter().filter(move |of| of.reader == reader);
        ReaderFollowed {
            reader: who.name.clone(),
            readings: own().count(),
            followed: own().filter(|of| of.followed).count(),
        }
    };
    let readers = table.study.readers.iter().enumerate().map(of_reader);
    Ok(Followed {
        readings: wrong.len(),
        followed: figure(&|of| Some(share(of.followed)))?,
        right: figure(&|of| Some(share(of.right)))?,
        unaided: figure(&|of| of.unaided.map(share))?,
        bias: figure(&|of| of.unaided.map(|unaided| share(of.followed) - share(unaided)))?,
        pairs: wrong.iter().filter(|of| of.unaided.is_some()).count(),
        readers: readers.filter(|of| of.readings > 0).collect(),
    })
}
