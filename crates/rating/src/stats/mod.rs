//! Statistics that read scores and reference grades, never pixels.
//!
//! | module | holds |
//! |---|---|
//! | [`agreement`] | grades against grades: confusion matrix, accuracy, close agreement |
//! | [`kappa`] | Cohen's kappa, plain and weighted, and Altman's words for it |
//! | [`outcomes`] | yes or no against the truth: sensitivity, specificity, predictive values, Youden index |
//! | [`ranking`] | probabilities against the truth: ROC curve, AUC, average precision, Brier score |
//! | [`patients`], [`weighted`] | whose case is whose; figures in which each patient has a weight |
//! | [`bootstrap`] | resampling by patient, percentile intervals, paired differences |
//! | [`interval`] | the two kinds of 95 % interval the paper uses |
//!
//! Counts are whole numbers and divided once: the order of the cases does not
//! matter, and many cases do not overflow. What cannot be computed is an
//! [`Undefined`] with its reason, never a number that stands for it.

pub mod agreement;
pub mod bootstrap;
pub mod interval;
pub mod kappa;
pub mod outcomes;
pub mod patients;
pub mod ranking;
pub mod weighted;

pub use agreement::{Confusion, Graded};
pub use bootstrap::{Bootstrap, Resamples};
pub use interval::Interval;
pub use kappa::Weights;
pub use outcomes::Outcomes;
pub use patients::Patients;
pub use ranking::{RocPoint, Scored};

/// A figure, or why there is none. Files write the latter as `null`
/// (`measured.ok()`), people see "-".
pub type Measured = Result<f64, Undefined>;

/// Why a figure cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Undefined {
    /// Nothing to count.
    #[error("there are no cases")]
    NoCases,
    /// Sensitivity and whatever ranks the classes need a positive case.
    #[error("no case is positive")]
    NoPositives,
    /// Specificity and whatever ranks the classes need a negative case.
    #[error("no case is negative")]
    NoNegatives,
    /// A positive predictive value needs a positive answer.
    #[error("no case is called positive")]
    NoneCalledPositive,
    /// A negative predictive value needs a negative answer.
    #[error("no case is called negative")]
    NoneCalledNegative,
    /// Kappa compares disagreement with what chance would give, which is none.
    #[error("both give every case the same grade")]
    OneGrade,
    /// A standard deviation needs two values.
    #[error("there are fewer than two values")]
    FewerThanTwo,
    /// A correlation needs values that differ.
    #[error("all values are alike")]
    NoSpread,
    /// The figure is undefined in each of the bootstrap samples.
    #[error("no bootstrap sample has a value")]
    NoSample,
}

/// A share of whole numbers; `reason` when there is nothing to divide by.
fn share(part: u128, whole: u128, reason: Undefined) -> Measured {
    if whole == 0 {
        return Err(reason);
    }
    Ok(part as f64 / whole as f64)
}
