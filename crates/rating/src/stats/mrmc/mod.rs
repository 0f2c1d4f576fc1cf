//! Multi-reader multi-case analysis: does a modality help readers, where both
//! readers and cases are samples?
//!
//! The method of Obuchowski and Rockette (Communications in Statistics -
//! Simulation and Computation 1995) with the degrees of freedom of Hillis
//! (Statistics in Medicine 2007; in its marginal-mean form Statistics in Medicine
//! 2014), for the fully crossed design: every reader reads every case with every
//! modality. In a reader study the modalities are its arms.
//!
//! The figure of reader j with modality i is taken as
//! mean + modality i + reader j + (modality x reader) ij + error ij. Readers and
//! the interaction are independent normal; errors come from the cases and vary
//! together, as all figures are of the same cases:
//!
//! | covariance of two errors | same modality | other modality |
//! |---|---|---|
//! | same reader | variance | Cov1 |
//! | other reader | Cov2 | Cov3 |
//!
//! They are estimated from the cases: by leaving out patients
//! ([`Jackknife`]) for any figure, or as DeLong for
//! AUCs ([`delong::covariances`](super::delong::covariances)).
//!
//! | analysis | says something about |
//! |---|---|
//! | [`Inference::RandomReadersRandomCases`] | readers and cases like these |
//! | [`Inference::FixedReadersRandomCases`] | these readers, cases like these |
//! | [`Inference::RandomReadersFixedCases`] | readers like these, these cases |

mod anova;
mod error;
mod inference;

use serde::Serialize;

use super::jackknife::Jackknife;
use super::{Measured, Undefined};

pub use anova::MeanSquares;
pub use error::{ErrorOfModality, ErrorOfReader, Errors};
pub use inference::{Analysis, Difference, Inference, Mean, Overall};

/// A multi-reader multi-case analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MultiReader {
    /// The figure of each reader with each modality, `figures[modality][reader]`.
    pub figures: Vec<Vec<f64>>,
    /// Mean squares of the figures.
    pub mean_squares: MeanSquares,
    /// How the figures vary with the cases.
    pub errors: Errors,
    /// How the figures vary with the readers.
    pub components: Components,
    /// The analyses, in the order of [`Inference::ALL`]; `None` where one cannot
    /// be made, as when nothing varies.
    pub analyses: Vec<Option<Analysis>>,
    /// Of each reader the differences of all pairs of modalities, by the reader's
    /// own error: `readers[reader][pair]`; `None` where the reader's figures have no
    /// spread.
    pub readers: Vec<Vec<Option<Difference>>>,
}

/// Variance components of readers, for planning the size of a further study.
/// Estimated from mean squares, they can be negative, which speaks for 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Components {
    /// Of readers: (MS(R) - MS(MR)) / modalities - Cov1 + Cov3.
    pub reader: f64,
    /// Of modality x reader: MS(MR) - variance + Cov1 + max(Cov2 - Cov3, 0).
    pub modality_reader: f64,
}

impl MultiReader {
    /// Analyses figures whose errors are known.
    ///
    /// `figures[modality][reader]`, as many readers with each modality.
    ///
    /// # Errors
    /// With fewer than two modalities or readers; where a figure or an error is
    /// not finite.
    pub fn new(figures: Vec<Vec<f64>>, errors: Errors) -> Result<MultiReader, Undefined> {
        let readers = size(&figures)?.1;
        if figures.iter().flatten().any(|figure| !figure.is_finite()) || !errors.finite() {
            return Err(Undefined::NotFinite);
        }
        let squares = MeanSquares::of(&figures);
        let modalities = figures.len() as f64;
        let components = Components {
            reader: (squares.reader - squares.modality_reader) / modalities - errors.cov1
                + errors.cov3,
            modality_reader: squares.modality_reader - errors.variance
                + errors.cov1
                + errors.shared(),
        };
        let analyses = Inference::ALL
            .map(|inference| inference::analyse(inference, &figures, &squares, &errors).ok());
        let of_reader = |reader| inference::of_reader(&figures, &errors, reader);
        Ok(MultiReader {
            analyses: analyses.to_vec(),
            readers: (0..readers).map(of_reader).collect(),
            mean_squares: squares,
            components,
            errors,
            figures,
        })
    }

    /// Analyses any figure, its errors from leaving out one of `patients` at a
    /// time. `figures` gets a weight for each patient and answers with the figures
    /// of modality 0 by all readers, then of modality 1 and so on.
    ///
    /// # Errors
    /// As [`MultiReader::new`] and [`Jackknife::new`].
    pub fn jackknife(
        modalities: usize,
        readers: usize,
        patients: usize,
        figures: impl Fn(&[u32]) -> Vec<Measured>,
    ) -> Result<MultiReader, Undefined> {
        MultiReader::of_jackknife(modalities, readers, &Jackknife::new(patients, figures)?)
    }

    /// Analyses figures that were jackknifed, those of modality 0 by all readers
    /// first.
    ///
    /// # Errors
    /// As [`MultiReader::new`]; another number of figures is [`Undefined::NoCases`].
    pub fn of_jackknife(
        modalities: usize,
        readers: usize,
        found: &Jackknife,
    ) -> Result<MultiReader, Undefined> {
        let errors = Errors::of_matrix(modalities, readers, &found.covariances)?;
        let of_modality = |modality: usize| {
            found.figures.iter().skip(modality * readers).take(readers).copied().collect()
        };
        MultiReader::new((0..modalities).map(of_modality).collect(), errors)
    }

    /// One of the analyses.
    #[must_use]
    pub fn analysis(&self, inference: Inference) -> Option<&Analysis> {
        self.analyses.iter().flatten().find(|analysis| analysis.inference == inference)
    }
}

/// How many modalities and readers there are.
fn size(figures: &[Vec<f64>]) -> Result<(usize, usize), Undefined> {
    let readers = figures.iter().map(Vec::len).min().unwrap_or(0);
    match (figures.len(), readers) {
        (0 | 1, _) => Err(Undefined::FewerThanTwoModalities),
        (_, 0 | 1) => Err(Undefined::FewerThanTwoReaders),
        (modalities, readers) => Ok((modalities, readers)),
    }
}
