//! From signed maps to the one that is shown (method, section 6).

/// The share of a map's total below which values are told apart; what lies
/// above is shown alike, so that a few extreme pixels do not darken the rest.
const SHARE_TOLD_APART: f64 = 0.99;

/// Below this the mean of the networks' maps is not shown.
pub const LEAST_SHOWN: f32 = 0.2;

/// A signed map on a scale of 0 to 1: negative values become 0; the rest is
/// divided by the smallest value at which the ascending cumulative sum reaches
/// 99 % of the total, and cut at 1. A map without a positive value becomes 0
/// everywhere; so does a value that is no number.
#[must_use]
pub fn scaled(signed: &[f32]) -> Vec<f32> {
    let positive = signed.iter().map(|&value| if value > 0.0 { value } else { 0.0 });
    let positive: Vec<f32> = positive.collect();
    let scale = scale_of(&positive);
    if scale <= 0.0 {
        return vec![0.0; signed.len()];
    }
    positive.into_iter().map(|value| (value / scale).min(1.0)).collect()
}

/// The value that becomes 1; 0 where there is none.
fn scale_of(positive: &[f32]) -> f32 {
    let mut ascending = positive.to_vec();
    ascending.sort_by(f32::total_cmp);
    let total: f64 = ascending.iter().map(|&value| f64::from(value)).sum();
    let mut sum = 0.0;
    for &value in &ascending {
        sum += f64::from(value);
        if sum >= SHARE_TOLD_APART * total {
            return value;
        }
    }
    0.0
}

/// The mean of several maps of one size; empty without maps.
#[must_use]
pub fn mean(maps: &[Vec<f32>]) -> Vec<f32> {
    let Some(first) = maps.first() else { return Vec::new() };
    let mut sums = vec![0.0_f64; first.len()];
    for map in maps {
        for (sum, &value) in sums.iter_mut().zip(map) {
            *sum += f64::from(value);
        }
    }
    sums.into_iter().map(|sum| (sum / maps.len() as f64) as f32).collect()
}

/// What is shown of the networks' signed maps: each [`scaled`], their mean,
/// and nothing where that is below [`LEAST_SHOWN`].
#[must_use]
pub fn shown(signed: &[Vec<f32>]) -> Vec<f32> {
    let scaled: Vec<Vec<f32>> = signed.iter().map(|map| scaled(map)).collect();
    without_faint(&mean(&scaled))
}

/// The map with 0 where it is below [`LEAST_SHOWN`].
#[must_use]
pub fn without_faint(map: &[f32]) -> Vec<f32> {
    map.iter().map(|&value| if value < LEAST_SHOWN { 0.0 } else { value }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_scale_by_hand() {
        // Ascending 1, 2, 97, 100 add up to 1, 3, 100, 200: 100 is the first past 198.
        assert_eq!(scaled(&[100.0, -7.0, 1.0, 97.0, 2.0]), [1.0, 0.0, 0.01, 0.97, 0.02]);
        // Ascending: 0.5 and then 99 of 1: 0.5 + 98 = 98.5 of 99.5 is 98.995 %.
        let mut values = vec![1.0; 99];
        values.push(0.5);
        assert_eq!(scaled(&values)[99], 0.5);
        // 1,000 of 201,000 is less than 1 %: it is cut.
        let extreme = [vec![1.0; 200_000], vec![1_000.0]].concat();
        assert_eq!(scaled(&extreme)[200_000], 1.0);
        assert_eq!(scaled(&extreme)[0], 1.0);
    }

    #[test]
    fn nothing_stays_nothing() {
        assert_eq!(scaled(&[0.0, -1.0, f32::NAN]), [0.0, 0.0, 0.0]);
        assert_eq!(scaled(&[]), Vec::<f32>::new());
        assert_eq!(shown(&[]), Vec::<f32>::new());
    }

    #[test]
    fn faint_means_are_not_shown() {
        let maps = [vec![1.0, 0.5, -1.0], vec![1.0, 0.0, 1.0]];
        // Scaled: 1, 0.5, 0 and 1, 0, 1; means 1, 0.25, 0.5.
        assert_eq!(shown(&maps), [1.0, 0.25, 0.5]);
        let fainter = [maps[0].clone(), maps[1].clone(), vec![1.0, 0.0, 0.0]];
        // Means 1, 0.167, 0.333.
        assert_eq!(shown(&fainter)[1], 0.0);
    }

    proptest! {
        #[test]
        fn shown_maps_lie_between_0_and_1(map in prop::collection::vec(any::<f32>(), 0..200)) {
            let scaled = scaled(&map);
            prop_assert!(scaled.iter().all(|value| (0.0..=1.0).contains(value)));
            let positive = map.iter().any(|&value| value > 0.0);
            prop_assert_eq!(scaled.contains(&1.0), positive);
        }

        #[test]
        fn brighter_stays_brighter(map in prop::collection::vec(-1.0_f32..1.0, 2..100)) {
            let scaled = scaled(&map);
            for (a, b) in map.iter().zip(&map[1..]).zip(scaled.iter().zip(&scaled[1..])).map(|((a, b), (x, y))| (a - b, x - y)) {
                prop_assert!(a * b >= 0.0);
            }
        }

        #[test]
        fn the_unit_of_a_map_does_not_matter(map in prop::collection::vec(-1.0_f32..1.0, 1..100)) {
            let eightfold: Vec<f32> = map.iter().map(|value| value * 8.0).collect();
            prop_assert_eq!(scaled(&map), scaled(&eightfold));
        }
    }
}
