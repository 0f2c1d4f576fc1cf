//! Samples of any depth to 8 bits, samples of any layout to RGB.

/// 16 bits to 8: v / 257, rounded. 257 is odd, so there are no ties.
pub(super) fn eight_bits(value: u16) -> u8 {
    let rounded = (u32::from(value) + 128) / 257;
    u8::try_from(rounded).unwrap_or(u8::MAX)
}

/// Interleaved pixels of gray, gray + alpha, RGB or RGB + alpha to RGB; alpha
/// is dropped. Any other number of channels counts as gray.
pub(super) fn rgb_of(samples: &[u8], channels: usize) -> Vec<u8> {
    match channels {
        3 => samples.to_vec(),
        4 => samples.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect(),
        _ => samples.chunks_exact(channels.max(1)).flat_map(|pixel| [pixel[0]; 3]).collect(),
    }
}

/// Rows of 1, 2 or 4 bits a sample, each row begun on a byte, to one sample a
/// byte, not scaled.
pub(super) fn unpack(packed: &[u8], width: usize, bits: usize) -> Vec<u8> {
    let row_bytes = (width * bits).div_ceil(8);
    let mask = (1u8 << bits) - 1;
    let sample = |row: &[u8], x: usize| {
        let first_bit = x * bits;
        (row[first_bit / 8] >> (8 - bits - first_bit % 8)) & mask
    };
    packed
        .chunks_exact(row_bytes.max(1))
        .flat_map(|row| (0..width).map(move |x| sample(row, x)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_divided_by_257_and_rounded() {
        for value in 0..=u16::MAX {
            let exact = (f64::from(value) / 257.0).round();
            assert_eq!(f64::from(eight_bits(value)), exact, "{value}");
        }
    }

    #[test]
    fn alpha_is_dropped_and_gray_repeated() {
        assert_eq!(rgb_of(&[1, 2, 3, 4, 5, 6, 7, 8], 4), [1, 2, 3, 5, 6, 7]);
        assert_eq!(rgb_of(&[9, 0, 8, 0], 2), [9, 9, 9, 8, 8, 8]);
    }

    #[test]
    fn rows_begin_on_a_byte() {
        assert_eq!(unpack(&[0b1010_0000, 0b0110_0000], 3, 1), [1, 0, 1, 0, 1, 1]);
        assert_eq!(unpack(&[0x12, 0x30, 0x45, 0x60], 3, 4), [1, 2, 3, 4, 5, 6]);
    }
}
