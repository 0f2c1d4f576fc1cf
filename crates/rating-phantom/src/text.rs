//! Burned-in text: a bitmap font of three by five dots.

use image::{Rgb, RgbImage};

/// Width of a character with the gap behind it, in dots.
const ADVANCE: u32 = 4;

/// The rows of a character from the top, three bits each; other characters
/// than these are blank.
fn rows(character: char) -> [u8; 5] {
    match character.to_ascii_uppercase() {
        'A' => [0b010, 0b101, 0b111, 0b101, 0b101],
        'B' => [0b110, 0b101, 0b110, 0b101, 0b110],
        'C' => [0b011, 0b100, 0b100, 0b100, 0b011],
        'D' => [0b110, 0b101, 0b101, 0b101, 0b110],
        'E' => [0b111, 0b100, 0b110, 0b100, 0b111],
        'F' => [0b111, 0b100, 0b110, 0b100, 0b100],
        'G' => [0b011, 0b100, 0b101, 0b101, 0b011],
        'H' => [0b101, 0b101, 0b111, 0b101, 0b101],
        'I' => [0b111, 0b010, 0b010, 0b010, 0b111],
        'J' => [0b001, 0b001, 0b001, 0b101, 0b010],
        'K' => [0b101, 0b101, 0b110, 0b101, 0b101],
        'L' => [0b100, 0b100, 0b100, 0b100, 0b111],
        'M' => [0b101, 0b111, 0b111, 0b101, 0b101],
        'N' => [0b111, 0b101, 0b101, 0b101, 0b101],
        'O' => [0b010, 0b101, 0b101, 0b101, 0b010],
        'P' => [0b110, 0b101, 0b110, 0b100, 0b100],
        'Q' => [0b010, 0b101, 0b101, 0b111, 0b011],
        'R' => [0b110, 0b101, 0b110, 0b101, 0b101],
        'S' => [0b011, 0b100, 0b010, 0b001, 0b110],
        'T' => [0b111, 0b010, 0b010, 0b010, 0b010],
        'U' => [0b101, 0b101, 0b101, 0b101, 0b111],
        'V' => [0b101, 0b101, 0b101, 0b101, 0b010],
        'W' => [0b101, 0b101, 0b111, 0b111, 0b101],
        'X' => [0b101, 0b101, 0b010, 0b101, 0b101],
        'Y' => [0b101, 0b101, 0b010, 0b010, 0b010],
        'Z' => [0b111, 0b001, 0b010, 0b100, 0b111],
        '0' => [0b111, 0b101, 0b101, 0b101, 0b111],
        '1' => [0b010, 0b110, 0b010, 0b010, 0b111],
        '2' => [0b110, 0b001, 0b010, 0b100, 0b111],
        '3' => [0b110, 0b001, 0b010, 0b001, 0b110],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b110, 0b001, 0b110],
        '6' => [0b011, 0b100, 0b110, 0b101, 0b010],
        '7' => [0b111, 0b001, 0b010, 0b010, 0b010],
        '8' => [0b010, 0b101, 0b010, 0b101, 0b010],
        '9' => [0b010, 0b101, 0b011, 0b001, 0b110],
        '.' => [0, 0, 0, 0, 0b010],
        '-' => [0, 0, 0b111, 0, 0],
        '+' => [0, 0b010, 0b111, 0b010, 0],
        ':' => [0, 0b010, 0, 0b010, 0],
        '/' => [0b001, 0b001, 0b010, 0b100, 0b100],
        '%' => [0b101, 0b001, 0b010, 0b100, 0b101],
        _ => [0; 5],
    }
}

/// Width of a text in pixels.
#[must_use]
pub fn width_px(text: &str, dot_px: u32) -> u32 {
    text.chars().count() as u32 * ADVANCE * dot_px
}

/// Writes a text with its upper left corner here; what lies beyond the picture
/// is left out.
pub fn write(
    image: &mut RgbImage,
    text: &str,
    (left, top): (u32, u32),
    dot_px: u32,
    colour: Rgb<u8>,
) {
    for (place, character) in (0_u32..).zip(text.chars()) {
        for (down, bits) in (0_u32..).zip(rows(character)) {
            for across in (0..3).filter(|across| bits >> (2 - across) & 1 == 1) {
                let x = left + (place * ADVANCE + across) * dot_px;
                let y = top + down * dot_px;
                fill(image, (x, y), (dot_px, dot_px), colour);
            }
        }
    }
}

/// Fills a rectangle; what lies beyond the picture is left out.
pub(crate) fn fill(image: &mut RgbImage, at: (u32, u32), size: (u32, u32), colour: Rgb<u8>) {
    for y in at.1..(at.1 + size.1).min(image.height()) {
        for x in at.0..(at.0 + size.0).min(image.width()) {
            image.put_pixel(x, y, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_where_it_is_put_and_clipped() {
        let mut image = RgbImage::new(20, 10);
        write(&mut image, "I.", (2, 3), 1, Rgb([9, 9, 9]));
        let lit: Vec<(u32, u32)> = image
            .enumerate_pixels()
            .filter(|(_, _, p)| p.0[0] == 9)
            .map(|(x, y, _)| (x, y))
            .collect();
        let expected =
            [(2, 3), (3, 3), (4, 3), (3, 4), (3, 5), (3, 6), (2, 7), (3, 7), (4, 7), (7, 7)];
        assert_eq!(lit, expected);
        write(&mut image, "WWWWWWWW", (15, 8), 3, Rgb([9, 9, 9]));
    }

    #[test]
    fn letters_of_the_notice_differ() {
        let shapes: Vec<_> = "SIMULATED".chars().map(rows).collect();
        for (at, shape) in shapes.iter().enumerate() {
            assert!(!shapes[..at].contains(shape));
        }
    }
}
