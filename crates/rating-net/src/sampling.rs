//! Which pairs an epoch shows, in which order and in which batches.

use rand::Rng;
use rand::seq::SliceRandom;

/// The pairs of one epoch in the order they are shown.
///
/// With `rebalance` each smaller class is brought to the size of the largest:
/// whole copies, then a draw without replacement for the rest (method,
/// section 4). `classes[i]` is the class of `pairs[i]`.
pub fn epoch(
    pairs: &[usize],
    classes: &[usize],
    rebalance: bool,
    rng: &mut impl Rng,
) -> Vec<usize> {
    let mut order = if rebalance { balanced(pairs, classes, rng) } else { pairs.to_vec() };
    order.shuffle(rng);
    order
}

/// How many pairs an epoch shows.
#[must_use]
pub fn epoch_len(classes: &[usize], rebalance: bool) -> usize {
    let sizes = class_sizes(classes);
    let present = sizes.iter().filter(|&&size| size > 0).count();
    if rebalance { present * sizes.iter().copied().max().unwrap_or(0) } else { classes.len() }
}

/// Splits an epoch into batches of at most `batch` pairs whose sizes differ
/// by one at most: a remainder of one image would leave batch normalisation
/// with nothing to normalise.
pub fn batches(order: &[usize], batch: usize) -> impl ExactSizeIterator<Item = &[usize]> {
    let count = batch_count(order.len(), batch);
    (0..count).map(move |index| {
        let edge = |index: usize| order.len() * index / count;
        &order[edge(index)..edge(index + 1)]
    })
}

/// How many batches an epoch of this many pairs has.
#[must_use]
pub fn batch_count(pairs: usize, batch: usize) -> usize {
    pairs.div_ceil(batch.max(1))
}

/// Number of members of each class, by class.
#[must_use]
pub fn class_sizes(classes: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0; classes.iter().max().map_or(0, |largest| largest + 1)];
    for &class in classes {
        sizes[class] += 1;
    }
    sizes
}

fn balanced(pairs: &[usize], classes: &[usize], rng: &mut impl Rng) -> Vec<usize> {
    let sizes = class_sizes(classes);
    let largest = sizes.iter().copied().max().unwrap_or(0);
    let mut order = Vec::with_capacity(largest * sizes.len());
    for (class, &size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
        let mut members: Vec<usize> = (0..pairs.len())
            .filter(|&index| classes[index] == class)
            .map(|index| pairs[index])
            .collect();
        for _ in 0..largest / size {
            order.extend(&members);
        }
        let (drawn, _) = members.partial_shuffle(rng, largest % size);
        order.extend(&*drawn);
    }
    order
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_smaller_class_gets_whole_copies_and_a_draw() {
        let pairs: Vec<usize> = (10..20).collect();
        let classes = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1];
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let order = epoch(&pairs, &classes, true, &mut rng);
        assert_eq!(order.len(), 14);
        assert_eq!(epoch_len(&classes, true), 14);
        let times = |pair: usize| order.iter().filter(|&&shown| shown == pair).count();
        assert!((10..17).all(|pair| times(pair) == 1));
        let mut copies = [times(17), times(18), times(19)];
        copies.sort_unstable();
        assert_eq!(copies, [2, 2, 3], "7 = 2 whole copies of 3, and 1 drawn");
    }

    #[test]
    fn without_rebalancing_every_pair_is_shown_once() {
        let pairs: Vec<usize> = (0..9).collect();
        let mut order =
            epoch(&pairs, &[0, 1, 0, 0, 0, 0, 0, 0, 0], false, &mut ChaCha8Rng::seed_from_u64(1));
        assert_ne!(order, pairs);
        order.sort_unstable();
        assert_eq!(order, pairs);
    }

    #[test]
    fn batches_differ_by_one_at_most() {
        let order: Vec<usize> = (0..33).collect();
        let sizes: Vec<usize> = batches(&order, 16).map(<[usize]>::len).collect();
        assert_eq!(sizes, [11, 11, 11]);
        assert_eq!(batches(&order, 16).flatten().copied().collect::<Vec<_>>(), order);
        assert_eq!(batches(&[], 16).len(), 0);
    }
}
