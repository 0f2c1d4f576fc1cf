//! Asking the networks of a bundle.

use rating::network::NetworkId;
use rating::scores::Probability;
use rating::{Pair, Problem};

use crate::bundle::{BundleError, Identity, NetworkInfo};
use crate::control::Control;
use crate::explain::{Explanation, How};
use crate::network::probability_above;

/// Whoever answers for the networks of a bundle.
pub trait Scorer: Send + Sync {
    /// What answers name as their source.
    fn identity(&self) -> &Identity;

    /// The probabilities of every network for each pair, in the order of
    /// `pairs`. Returns when all are there.
    ///
    /// # Errors
    /// Cancelled; a bundle that turns out to be damaged; a pair of another
    /// protocol.
    fn score(
        &self,
        pairs: &[Pair],
        control: &dyn Control,
    ) -> Result<Vec<Vec<Probability>>, ScoreError>;

    /// What the pair's images contributed to the decision that the protocol
    /// explains. Returns when all is there; progress counts noisy copies.
    ///
    /// # Errors
    /// As for [`Scorer::score`]; a protocol that names no decision to explain.
    fn explain(
        &self,
        pair: &Pair,
        how: &How,
        control: &dyn Control,
    ) -> Result<Explanation, ScoreError>;
}

/// Why there are no scores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// Whoever waited asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A network of the bundle could not be read or gave no number.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A pair does not fit.
    #[error("{0}")]
    Pair(#[from] Problem),
    /// The machine has no threads or memory to spare.
    #[error("{0}")]
    Machine(String),
}

/// What a network's two logits of a pair say: the probability of
/// `grade > cut-off`, computed in 64 bits, beside the network's threshold.
///
/// # Errors
/// Logits that give no number.
pub fn answer(network: &NetworkInfo, logits: &[f32]) -> Result<Probability, ScoreError> {
    let probability = probability_above(logits).ok_or_else(|| not_a_number(&network.id))?;
    Ok(Probability { network: network.id.clone(), probability, threshold: network.threshold })
}

/// A network whose answer is no number: a bundle nobody should score with.
pub(crate) fn not_a_number(network: &NetworkId) -> ScoreError {
    let problem = Problem::new(format!("network {network} gives no number"))
        .hint("its training diverged; train again with a lower learning rate");
    ScoreError::Bundle(BundleError::Refused(problem))
}
