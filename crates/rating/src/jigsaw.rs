//! The jigsaw that pretraining solves: nine shuffled tiles of a gray ROI, and
//! the question which of 1,000 shufflings it was (paper, "Pretraining").
//!
//! The shufflings must differ enough to be told apart. The group PGammaL(2, 8)
//! acts on the nine points of the projective line over the field of eight
//! elements; each two of its 1,512 permutations differ in at least six places,
//! because one that keeps four points in place keeps them all.

use std::collections::BTreeSet;

use image::RgbImage;
use rand::{Rng, RngExt};

/// Which cell of the picture lies in each of the nine places.
pub type Permutation = [u8; 9];

/// Tiles of a jigsaw.
const TILES: u8 = 9;

/// The cell and tile of the paper, in pixels.
const PAPER_CELL_PX: u32 = 75;
const PAPER_TILE_PX: u32 = 64;

/// `count` permutations of nine tiles, each two of which differ in at least six
/// places; at most 1,512, of which the paper uses 1,000.
///
/// They are taken at even steps from the whole group in lexicographic order,
/// because its first 1,000 would never show the last three cells in the first
/// place. The first is the one that moves nothing.
#[must_use]
pub fn permutations(count: usize) -> Vec<Permutation> {
    let group: Vec<Permutation> = group().into_iter().collect();
    let count = count.min(group.len());
    (0..count).map(|index| group[index * group.len() / count]).collect()
}

/// PGammaL(2, 8): every x -> (a s(x) + b) / (c s(x) + d) with ad != bc, s one
/// of the three automorphisms x, x^2, x^4. Points 0 to 7 are the field's
/// elements, point 8 is infinity.
fn group() -> BTreeSet<Permutation> {
    let mut group = BTreeSet::new();
    for matrix in 0..1 << 12_u16 {
        let [a, b, c, d] = [0, 3, 6, 9].map(|shift| (matrix >> shift & 7) as u8);
        if times(a, d) == times(b, c) {
            continue;
        }
        for power in 0..3 {
            group.insert(std::array::from_fn(|point| map([a, b, c, d], power, point as u8)));
        }
    }
    group
}

/// Where a point of the projective line goes.
fn map([a, b, c, d]: [u8; 4], power: u32, point: u8) -> u8 {
    const INFINITY: u8 = TILES - 1;
    let (numerator, denominator) = if point == INFINITY {
        (a, c)
    } else {
        let x = (0..power).fold(point, |x, _| times(x, x));
        (times(a, x) ^ b, times(c, x) ^ d)
    };
    if denominator == 0 { INFINITY } else { times(numerator, inverse(denominator)) }
}

/// Product in the field of eight elements: polynomials over two elements,
/// modulo x^3 + x + 1; a sum is an exclusive or.
fn times(a: u8, b: u8) -> u8 {
    let product = (0..3).filter(|bit| b >> bit & 1 == 1).fold(0, |sum, bit| sum ^ a << bit);
    [4, 3].into_iter().fold(product, |rest, degree| match rest >> degree & 1 {
        1 => rest ^ 0b1011 << (degree - 3),
        _ => rest,
    })
}

/// x^6 = 1 / x, because x^7 = 1.
fn inverse(x: u8) -> u8 {
    let square = times(x, x);
    times(square, times(square, square))
}

/// The side in pixels of the picture that a jigsaw is cut from: the smallest
/// multiple of three that is not below the input (224 -> 225).
#[must_use]
pub fn jigsaw_px(input_px: u32) -> u32 {
    input_px.div_ceil(3) * 3
}

/// The measures of a jigsaw, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiles {
    /// Side of a cell: a third of the picture (75 of 225).
    pub cell: u32,
    /// Side of the tile that lies somewhere in its cell (64 of 75), so that
    /// the fit of the edges gives nothing away.
    pub tile: u32,
}

impl Tiles {
    /// The measures for a picture of this side: cells of a third, tiles in the
    /// paper's proportion, rounded.
    #[must_use]
    pub fn new(side: u32) -> Tiles {
        let cell = side / 3;
        let tile = (2 * cell * PAPER_TILE_PX + PAPER_CELL_PX) / (2 * PAPER_CELL_PX);
        Tiles { cell, tile }
    }

    /// The largest offset of a tile in its cell (11 for the paper's).
    #[must_use]
    pub fn most_offset(self) -> u32 {
        self.cell - self.tile
    }
}

/// The nine tiles of a square picture in the order of `permutation`: place `k`
/// holds a tile of cell `permutation[k]` (cells row by row), each from a random
/// place in its cell.
///
/// The offsets are drawn cell by cell, right then down, whatever the
/// permutation. A picture that is not square is cut by its shorter side.
///
/// # Panics
/// When the permutation names a cell above 8.
pub fn tiles(picture: &RgbImage, permutation: &Permutation, rng: &mut impl Rng) -> Vec<RgbImage> {
    let measures = Tiles::new(picture.width().min(picture.height()));
    let cut: Vec<RgbImage> = (0..u32::from(TILES))
        .map(|cell| {
            let right = rng.random_range(0..=measures.most_offset());
            let down = rng.random_range(0..=measures.most_offset());
            let (left, top) = (cell % 3 * measures.cell + right, cell / 3 * measures.cell + down);
            image::imageops::crop_imm(picture, left, top, measures.tile, measures.tile).to_image()
        })
        .collect();
    permutation.iter().map(|&cell| cut[usize::from(cell)].clone()).collect()
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn distance(a: &Permutation, b: &Permutation) -> usize {
        a.iter().zip(b).filter(|(a, b)| a != b).count()
    }

    fn least_distance(permutations: &[Permutation]) -> usize {
        let pairs = permutations
            .iter()
            .enumerate()
            .flat_map(|(index, a)| permutations[..index].iter().map(move |b| distance(a, b)));
        pairs.min().unwrap()
    }

    #[test]
    fn the_group_has_1512_permutations_at_least_six_places_apart() {
        let all = permutations(usize::MAX);
        assert_eq!(all.len(), 1512);
        assert_eq!(least_distance(&all), 6);
        for permutation in &all {
            let mut sorted = *permutation;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        }
    }

    #[test]
    fn a_thousand_are_distinct_and_show_every_cell_in_every_place() {
        let thousand = permutations(1000);
        assert_eq!(thousand.len(), 1000);
        assert_eq!(least_distance(&thousand), 6);
        assert_eq!(thousand[0], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        for place in 0..9 {
            for cell in 0..9 {
                let times = thousand.iter().filter(|one| one[place] == cell).count();
                assert!((90..=132).contains(&times), "cell {cell} in place {place}: {times}");
            }
        }
    }

    #[test]
    fn small_counts_work() {
        assert!(permutations(0).is_empty());
        assert_eq!(permutations(1).len(), 1);
        assert_eq!(permutations(100).len(), 100);
    }

    #[test]
    fn the_field_has_inverses() {
        for x in 1..8 {
            assert_eq!(times(x, inverse(x)), 1);
        }
        // x * x^2 = x^3 = x + 1
        assert_eq!(times(2, 4), 3);
    }

    #[test]
    fn the_paper_s_measures_and_smaller_ones() {
        assert_eq!(jigsaw_px(224), 225);
        assert_eq!(Tiles::new(225), Tiles { cell: 75, tile: 64 });
        assert_eq!(Tiles::new(225).most_offset(), 11);
        assert_eq!(jigsaw_px(64), 66);
        assert_eq!(Tiles::new(66), Tiles { cell: 22, tile: 19 });
    }

    #[test]
    fn each_place_holds_a_part_of_its_cell() {
        // Every pixel says which cell it is in, and where.
        let picture = RgbImage::from_fn(66, 66, |x, y| {
            Rgb([(x / 22 + 3 * (y / 22)) as u8, (x % 22) as u8, (y % 22) as u8])
        });
        let permutation = permutations(1000)[777];
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let tiles = tiles(&picture, &permutation, &mut rng);
        for (tile, cell) in tiles.iter().zip(permutation) {
            assert_eq!(tile.dimensions(), (19, 19));
            let first = tile.get_pixel(0, 0).0;
            assert!(first[1] <= 3 && first[2] <= 3);
            assert!(tile.pixels().all(|pixel| pixel.0[0] == cell));
        }
    }
}
