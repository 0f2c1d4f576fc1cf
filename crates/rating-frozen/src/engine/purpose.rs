//! What a network is made ready for, and what follows from it: the algorithm of
//! each convolution, and where its weights are kept.

use super::pack::Folded;

/// What a network is made ready for. Any network can do anything its purpose
/// includes; sizes only decide which algorithms are fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// Pixels along a side of the input.
    pub px: usize,
    /// Images that usually pass together.
    pub at_once: usize,
    /// Whether gradients will be asked for.
    pub gradient: bool,
    /// Whether weights are used once or a few times: the large ones are then
    /// unpacked during each pass, and take no memory of their own.
    pub passing: bool,
}

impl Purpose {
    /// Images of this side, one by one, without gradients.
    #[must_use]
    pub fn one_by_one(px: usize) -> Purpose {
        Purpose { px, at_once: 1, gradient: false, passing: false }
    }
}

/// Multiplications that loading a weight from memory costs as much as.
const WEIGHT_COST: f64 = 30.0;
/// Bytes of weights that a processor's cache keeps between passes.
const CACHED_BYTES: usize = 1 << 20;
/// Multiplications that transforming a point of a tile costs as much as.
const POINT_COST: f64 = 8.0;

/// How a 3x3 convolution of stride 1 is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// Tap by tap.
    Direct,
    /// Winograd's, by tiles of 4x4 output pixels.
    Four,
    /// Winograd's, by tiles of 2x2.
    Two,
}

impl Algorithm {
    /// The position of Winograd's transforms in the table of kernels, and the
    /// output pixels along a tile.
    pub fn scheme(self) -> Option<(usize, usize)> {
        match self {
            Algorithm::Direct => None,
            Algorithm::Four => Some((0, 4)),
            Algorithm::Two => Some((1, 2)),
        }
    }

    /// The algorithm with the least work for maps of this side:
    /// multiplications, transforms, and weights read once for all maps.
    pub fn cheapest(side: usize, [inputs, outputs]: [usize; 2], at_once: usize) -> Algorithm {
        let cost = |algorithm: &Algorithm| {
            let pairs = (inputs * outputs) as f64;
            let (points, multiplied, transformed) = match algorithm.scheme() {
                None => (9, 9 * side * side, 0),
                Some((_, tile)) => {
                    let points = (tile + 2) * (tile + 2);
                    let multiplied = points * side.div_ceil(tile).pow(2);
                    (points, multiplied, multiplied * (inputs + outputs))
                }
            };
            let weights = points as f64 * pairs;
            let is_read = weights * 4.0 > CACHED_BYTES as f64;
            let reading = if is_read { WEIGHT_COST * weights / at_once.max(1) as f64 } else { 0.0 };
            multiplied as f64 * pairs + reading + POINT_COST * transformed as f64
        };
        [Algorithm::Direct, Algorithm::Four, Algorithm::Two]
            .into_iter()
            .min_by(|a, b| cost(a).total_cmp(&cost(b)))
            .unwrap_or(Algorithm::Direct)
    }
}

/// Whether a convolution's weights are unpacked during the pass: those that a
/// cache would not keep, and for a single image all that are not small.
pub(super) fn passing(folded: &Folded, purpose: Purpose) -> bool {
    let bytes = 4 * folded.shape[0] * folded.shape[1] * folded.shape[2].pow(2);
    let kept = if purpose.at_once == 1 { CACHED_BYTES / 64 } else { CACHED_BYTES };
    purpose.passing && bytes > kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_maps_take_large_tiles_and_large_weights_want_company() {
        let cheapest = Algorithm::cheapest;
        assert_eq!(cheapest(56, [64, 64], 1), Algorithm::Four);
        assert_eq!(cheapest(14, [256, 256], 8), Algorithm::Four);
        assert_eq!(cheapest(7, [512, 512], 1), Algorithm::Direct);
        assert_eq!(cheapest(7, [512, 512], 8), Algorithm::Four);
        assert_eq!(cheapest(2, [64, 64], 1), Algorithm::Two);
        assert_eq!(cheapest(1, [64, 64], 1), Algorithm::Direct);
    }
}
