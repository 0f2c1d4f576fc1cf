//! The region of interest: the rectangle a radiologist drew on an image.

use serde::{Deserialize, Serialize};

use crate::Problem;

/// A rectangle in pixels of the stored image, at least one pixel in each
/// direction; `right` and `bottom` are exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "[i64; 4]", into = "[i64; 4]")]
pub struct Roi {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

impl Roi {
    /// Pixels that the shorter side of a rectangle around a joint has at least: a
    /// smaller one is a slip of the hand.
    pub const SHORTEST_SIDE: u32 = 16;

    /// Whether a joint can be seen in it.
    #[must_use]
    pub fn holds_a_joint(self) -> bool {
        self.width().min(self.height()) >= Roi::SHORTEST_SIDE
    }

    /// The rectangle with these sides, in the order left, top, right, bottom.
    ///
    /// # Errors
    /// A side that is negative or too large for an image; an empty or inverted rectangle.
    pub fn new(sides: [i64; 4]) -> Result<Roi, Problem> {
        let [left, top, right, bottom] = sides;
        let written = format!("[{left}, {top}, {right}, {bottom}]");
        if left < 0 || top < 0 {
            return Err(Problem::new(format!("ROI {written} begins outside the image"))
                .hint("left and top count from 0"));
        }
        if right <= left || bottom <= top {
            return Err(Problem::new(format!("ROI {written} is empty or inverted"))
                .hint("the order is left, top, right, bottom; right and bottom are exclusive"));
        }
        let side = |value: i64| {
            u32::try_from(value)
                .map_err(|_| Problem::new(format!("ROI {written} is larger than any image")))
        };
        Ok(Roi { left: side(left)?, top: side(top)?, right: side(right)?, bottom: side(bottom)? })
    }

    /// First column.
    #[must_use]
    pub fn left(self) -> u32 {
        self.left
    }

    /// First row.
    #[must_use]
    pub fn top(self) -> u32 {
        self.top
    }

    /// Column after the last.
    #[must_use]
    pub fn right(self) -> u32 {
        self.right
    }

    /// Row after the last.
    #[must_use]
    pub fn bottom(self) -> u32 {
        self.bottom
    }

    /// Columns, at least 1.
    #[must_use]
    pub fn width(self) -> u32 {
        self.right - self.left
    }

    /// Rows, at least 1.
    #[must_use]
    pub fn height(self) -> u32 {
        self.bottom - self.top
    }

    /// Left, top, right, bottom.
    #[must_use]
    pub fn sides(self) -> [u32; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Checks that an image of this size holds the whole rectangle.
    ///
    /// # Errors
    /// A rectangle that reaches beyond the image: it is never clipped, because
    /// it may belong to another picture (method, section 3).
    pub fn check_within(self, width: u32, height: u32) -> Result<(), Problem> {
        if self.right <= width && self.bottom <= height {
            return Ok(());
        }
        let [left, top, right, bottom] = self.sides();
        Err(Problem::new(format!(
            "ROI [{left}, {top}, {right}, {bottom}] reaches beyond the image of {width} x {height} pixels"
        ))
        .hint("is it the ROI of another image?"))
    }
}

impl TryFrom<[i64; 4]> for Roi {
    type Error = Problem;

    fn try_from(sides: [i64; 4]) -> Result<Roi, Problem> {
        Roi::new(sides)
    }
}

impl From<Roi> for [i64; 4] {
    fn from(roi: Roi) -> [i64; 4] {
        roi.sides().map(i64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_and_bottom_are_exclusive() {
        let roi = Roi::new([10, 17, 219, 163]).unwrap();
        assert_eq!((roi.width(), roi.height()), (209, 146));
        assert!(roi.check_within(219, 163).is_ok());
        assert!(roi.check_within(218, 163).is_err());
    }

    #[test]
    fn empty_inverted_and_negative_rectangles_are_refused() {
        for sides in [[5, 5, 5, 9], [9, 5, 5, 9], [-1, 0, 4, 4], [0, 0, 1 << 40, 4]] {
            assert!(Roi::new(sides).is_err(), "{sides:?}");
        }
    }
}
