//! Statistics that read scores and reference grades, never pixels.
//!
//! | module | holds |
//! |---|---|
//! | [`agreement`] | grades against grades: confusion matrix, exact (PEA) and close agreement (PCA) |
//! | [`kappa`], [`kappa_error`] | Cohen's kappa, plain and weighted, its standard error and test, PABAK, Altman's words |
//! | [`raters`], [`chance`] | several readers: Light's and Fleiss' kappa, Gwet's AC1 and AC2 |
//! | [`icc`] | intraclass correlation (2,1) and (3,1) with intervals |
//! | [`outcomes`], [`proportion`] | yes or no against the truth; Wilson and Clopper-Pearson intervals |
//! | [`ranking`], [`delong`] | probabilities against the truth: ROC curve, AUC, average precision, Brier score; DeLong's interval and test |
//! | [`reliability`], [`calibration`], [`decision_curve`] | reliability curve, calibration slope and intercept; net benefit |
//! | [`patients`], [`weighted`], [`ranked`], [`bootstrap`], [`bca`] | resampling by patient: percentile and BCa intervals, paired differences |
//! | [`mcnemar`], [`wilcoxon`], [`holm`] | tests of two ways of grading; several tests at once |
//! | [`merit`], [`jackknife`], [`mrmc`] | reader studies: the figure compared, how figures vary together, multi-reader multi-case analysis |
//! | [`slope`], [`mod@line`] | whether something drifts, by clusters; a line through independent points |
//! | [`two_groups`] | two groups of independent values: Welch's t, and Student's with one spread |
//! | [`gloess`], [`bland_altman`] | a patient's sum of grades; how far two sums lie apart |
//! | [`estimate`], [`interval`] | a figure with its standard error, and 95 % intervals |
//! | [`paper`] | the paper's own test and intervals, each with its warning |
//!
//! Counts are whole numbers and divided once: the order of the cases does not
//! matter, and many cases do not overflow. What cannot be computed is an
//! [`Undefined`] with its reason, never a number that stands for it.

pub mod agreement;
pub mod bca;
pub mod bland_altman;
pub mod bootstrap;
pub mod calibration;
pub mod chance;
pub mod decision_curve;
pub mod delong;
pub(crate) mod distribution;
pub mod estimate;
pub mod gloess;
pub mod holm;
pub mod icc;
pub mod interval;
pub mod jackknife;
pub mod kappa;
pub mod kappa_error;
pub mod line;
pub mod mcnemar;
pub mod merit;
pub mod mrmc;
pub mod outcomes;
pub mod paper;
pub mod patients;
pub mod proportion;
pub mod ranked;
pub mod ranking;
pub mod raters;
pub mod reliability;
pub mod slope;
pub mod two_groups;
pub mod weighted;
pub mod wilcoxon;

pub use agreement::{Confusion, Graded};
pub use bland_altman::BlandAltman;
pub use bootstrap::{Bootstrap, Resamples};
pub use estimate::{Estimate, Test};
pub use interval::Interval;
pub use kappa::Weights;
pub use mcnemar::Discordance;
pub use merit::Merit;
pub use mrmc::MultiReader;
pub use outcomes::Outcomes;
pub use patients::Patients;
pub use ranking::{RocPoint, Scored};
pub use raters::Readings;
pub use wilcoxon::SignedRanks;

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
    /// A line needs three points before anything scatters about it.
    #[error("there are fewer than three values")]
    FewerThanThree,
    /// The spread of a group needs two readers of it.
    #[error("a group has fewer than two readers")]
    FewerThanTwoInGroup,
    /// A correlation needs values that differ.
    #[error("all values are alike")]
    NoSpread,
    /// A variance within each class needs two cases of it.
    #[error("a class has fewer than two cases")]
    FewerThanTwoInClass,
    /// Agreement of readers needs two.
    #[error("there are fewer than two readers")]
    FewerThanTwoReaders,
    /// Arms or modalities are compared with one another.
    #[error("there are fewer than two modalities")]
    FewerThanTwoModalities,
    /// The standard error is 0, as it is of perfect agreement.
    #[error("the estimated standard error is 0, the interval would have no width")]
    NoWidth,
    /// Too many samples of the patients have no value.
    #[error("more than one in twenty samples of the patients have no value")]
    SamplesWithoutValue,
    /// Each case has the same value in both, so nothing is ranked.
    #[error("no case differs between the two")]
    NoDifference,
    /// A logistic regression has no best weights where a cut-off tells the
    /// classes apart.
    #[error("a cut-off separates the classes, the slope is infinite")]
    Separated,
    /// A computation that goes step by step did not settle.
    #[error("the computation did not converge")]
    NotConverged,
    /// The exact distribution is counted for few cases only.
    #[error("there are too many cases to count every outcome")]
    TooMany,
    /// A mean over all pairs of readers is computed of few readers only.
    #[error("there are too many readers to compare each with each")]
    TooManyReaders,
    /// Calibration is asked of probabilities.
    #[error("a score or threshold is not a probability")]
    NotProbabilities,
    /// A value that is no finite number has no mean.
    #[error("a value is not a finite number")]
    NotFinite,
    /// Lazy scoring leaves some out, and a few cases do not speak for the others.
    #[error("not every pair has a mean probability")]
    ProbabilitiesMissing,
    /// Whether an answer is followed is held against the same reader without any.
    #[error("no arm shows nothing")]
    NoUnaidedArm,
    /// Readers are their own comparison only where they read both.
    #[error("no reader read both arms")]
    NoReaderOfBoth,
    /// Order and arm are told apart by readers who begin with different arms.
    #[error("every reader had the two arms in the same order")]
    OneOrder,
    /// Each session of a Latin square of more arms follows another one.
    #[error("it is worked out for studies of two arms only")]
    MoreThanTwoArms,
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
