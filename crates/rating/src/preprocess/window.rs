//! The part of an image that becomes the input: the ROI, shifted and scaled.

use crate::Roi;
use crate::augment::Augmentation;

/// A rectangle with fractional sides, in pixels, `right` and `bottom`
/// exclusive. It covers at least one pixel and lies within its image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// First column.
    pub left: f64,
    /// First row.
    pub top: f64,
    /// Column after the last.
    pub right: f64,
    /// Row after the last.
    pub bottom: f64,
}

impl Window {
    /// The window that an augmentation makes of an ROI, clipped at the border
    /// of an image of `size` (width, height).
    #[must_use]
    pub fn new(roi: Roi, augmentation: &Augmentation, size: (u32, u32)) -> Window {
        let (left, right) =
            span((roi.left(), roi.right()), augmentation.shift_x, augmentation.scale_x, size.0);
        let (top, bottom) =
            span((roi.top(), roi.bottom()), augmentation.shift_y, augmentation.scale_y, size.1);
        Window { left, top, right, bottom }
    }

    /// The whole pixels the window touches: left, top, width, height.
    #[must_use]
    pub fn pixels(&self) -> [u32; 4] {
        let (left, top) = (self.left.floor(), self.top.floor());
        let (width, height) = (self.right.ceil() - left, self.bottom.ceil() - top);
        [left as u32, top as u32, width as u32, height as u32]
    }
}

/// One direction of a window. An image side that is not a number leaves the
/// ROI as it is.
fn span((first, end): (u32, u32), shift: f64, scale: f64, size: u32) -> (f64, f64) {
    let (first, end, size) = (f64::from(first), f64::from(end), f64::from(size));
    if !(shift.is_finite() && scale.is_finite() && (shift != 0.0 || scale != 1.0)) {
        return (first, end);
    }
    let length = end - first;
    let centre = f64::midpoint(first, end) + shift * length;
    let half = scale * length / 2.0;
    let least = (centre - half).clamp(0.0, size - 1.0);
    let most = (centre + half).clamp(least + 1.0, size);
    (least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roi() -> Roi {
        Roi::new([20, 10, 60, 40]).unwrap()
    }

    #[test]
    fn nothing_asked_is_the_roi() {
        let window = Window::new(roi(), &Augmentation::NONE, (100, 50));
        assert_eq!(window, Window { left: 20.0, top: 10.0, right: 60.0, bottom: 40.0 });
        assert_eq!(window.pixels(), [20, 10, 40, 30]);
    }

    #[test]
    fn shift_and_scale_are_fractions_of_the_roi_and_clipped_at_the_border() {
        let augmentation = Augmentation {
            shift_x: 0.1,
            shift_y: 0.5,
            scale_x: 0.8,
            scale_y: 1.1,
            ..Augmentation::NONE
        };
        let window = Window::new(roi(), &augmentation, (100, 50));
        // x: centre 40 + 4, half width 16. y: centre 25 + 15, half height 16.5.
        assert_eq!(window, Window { left: 28.0, top: 23.5, right: 60.0, bottom: 50.0 });
        assert_eq!(window.pixels(), [28, 23, 32, 27]);
    }
}
