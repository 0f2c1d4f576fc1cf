//! Grading flow as a reader does: spots, confluent spots, share of the area.

use crate::mask::Mask;

/// A spot larger than this is confluent, mm2.
const CONFLUENT_MM2: f32 = 0.36;

/// The vascularity grade of flow inside synovium: 1 up to three single spots,
/// two confluent, or one confluent and two single; 2 more; 3 above half of the
/// synovium's area.
pub(crate) fn vascularity(flow: &Mask, synovium: &Mask, mm_per_px: f32) -> u8 {
    let sizes = spots(flow);
    if sizes.is_empty() {
        return 0;
    }
    if 2 * flow.count() > synovium.count() {
        return 3;
    }
    let most_single = CONFLUENT_MM2 / (mm_per_px * mm_per_px);
    let confluent = sizes.iter().filter(|size| **size as f32 > most_single).count();
    let single = sizes.len() - confluent;
    match (confluent, single) {
        (0, 0..=3) | (1, 0..=2) | (2, 0) => 1,
        _ => 2,
    }
}

/// Sizes in pixels of the connected spots (8 neighbours), in reading order.
pub(crate) fn spots(mask: &Mask) -> Vec<usize> {
    labelled(mask).into_iter().map(|spot| spot.len()).collect()
}

/// The pixels of each connected spot.
pub(crate) fn labelled(mask: &Mask) -> Vec<Vec<usize>> {
    let mut left = mask.set.clone();
    let mut found = Vec::new();
    for start in 0..left.len() {
        if !left[start] {
            continue;
        }
        left[start] = false;
        let mut spot = vec![start];
        let mut next = 0;
        while next < spot.len() {
            let at = spot[next];
            next += 1;
            let (column, row) = ((at % mask.width) as isize, (at / mask.width) as isize);
            for y in row - 1..=row + 1 {
                for x in column - 1..=column + 1 {
                    if mask.has(x, y) {
                        let neighbour = y as usize * mask.width + x as usize;
                        if std::mem::take(&mut left[neighbour]) {
                            spot.push(neighbour);
                        }
                    }
                }
            }
        }
        found.push(spot);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `singles` spots of 4 pixels and `confluent` ones of 400 on a wide synovium.
    fn drawn(singles: usize, confluent: usize) -> (Mask, Mask) {
        let mut flow = Mask::empty(400, 60);
        for at in 0..singles {
            for (x, y) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
                flow.set[(5 + y) * 400 + 10 * at + x] = true;
            }
        }
        for at in 0..confluent {
            for cell in 0..400 {
                flow.set[(30 + cell / 20) * 400 + 30 * at + cell % 20] = true;
            }
        }
        let synovium = Mask { set: vec![true; 400 * 60], ..flow.clone() };
        (flow, synovium)
    }

    #[test]
    fn spots_are_counted_by_the_definition() {
        for (singles, confluent, grade) in [
            (0, 0, 0),
            (1, 0, 1),
            (3, 0, 1),
            (4, 0, 2),
            (0, 1, 1),
            (2, 1, 1),
            (3, 1, 2),
            (0, 2, 1),
            (1, 2, 2),
            (0, 3, 2),
        ] {
            let (flow, synovium) = drawn(singles, confluent);
            assert_eq!(vascularity(&flow, &synovium, 0.06), grade, "{singles} {confluent}");
        }
    }

    #[test]
    fn exactly_half_of_the_area_is_grade_2() {
        let (mut flow, synovium) = drawn(0, 0);
        flow.set[..400 * 30].fill(true);
        // One connected spot of half the area counts as one confluent spot.
        assert_eq!(vascularity(&flow, &synovium, 0.06), 1);
        flow.set[400 * 30] = true;
        assert_eq!(vascularity(&flow, &synovium, 0.06), 3);
    }
}
