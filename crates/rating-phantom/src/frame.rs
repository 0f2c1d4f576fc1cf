//! The scan's frame: pixels, millimetres and the section two pictures share.
//!
//! Millimetres: x runs distally from the middle of the scan, z down from its
//! top. The tissue is drawn a little wider than the scan, so that a second
//! picture taken beside it still finds tissue at its edges.

/// Columns of a scan.
pub(crate) const WIDTH: usize = 400;
/// Rows of a scan.
pub(crate) const HEIGHT: usize = 260;
/// Columns of tissue on each side beyond the scan.
pub(crate) const MARGIN: usize = 32;
/// Columns of tissue.
pub(crate) const TISSUE_WIDTH: usize = WIDTH + 2 * MARGIN;

/// Scale of a scan and of the tissue it is taken of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub mm_per_px: f32,
}

impl Frame {
    /// Where a column of tissue lies, mm.
    pub fn x_mm(self, tissue_column: f32) -> f32 {
        (tissue_column - (TISSUE_WIDTH as f32 - 1.0) / 2.0) * self.mm_per_px
    }

    /// Where a row lies, mm.
    pub fn z_mm(self, row: f32) -> f32 {
        (row + 0.5) * self.mm_per_px
    }

    /// The column of tissue at a place, in fractions.
    pub fn tissue_column(self, x_mm: f32) -> f32 {
        x_mm / self.mm_per_px + (TISSUE_WIDTH as f32 - 1.0) / 2.0
    }

    /// The row at a depth, in fractions.
    pub fn row(self, z_mm: f32) -> f32 {
        z_mm / self.mm_per_px - 0.5
    }

    /// A length in pixels.
    pub fn px(self, mm: f32) -> f32 {
        mm / self.mm_per_px
    }

    /// x of every column of tissue, mm.
    pub fn columns_mm(self) -> Vec<f32> {
        (0..TISSUE_WIDTH).map(|column| self.x_mm(column as f32)).collect()
    }
}

/// How the probe lay when a picture was taken, against the tissue: turned
/// about the middle of the scan and moved, in tissue pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pose {
    pub shift: (f32, f32),
    pub turn_radians: f32,
}

impl Pose {
    /// The section the tissue is drawn in.
    pub const STILL: Pose = Pose { shift: (0.0, 0.0), turn_radians: 0.0 };

    const MIDDLE: (f32, f32) = (TISSUE_WIDTH as f32 / 2.0, HEIGHT as f32 / 2.0);

    /// The tissue seen at a pixel of the picture (both counted in tissue
    /// columns, [`MARGIN`] more than in the scan).
    pub fn tissue_at(self, (x, y): (f32, f32)) -> (f32, f32) {
        let (sin, cos) = self.turn_radians.sin_cos();
        let (dx, dy) = (x - Pose::MIDDLE.0 - self.shift.0, y - Pose::MIDDLE.1 - self.shift.1);
        (Pose::MIDDLE.0 + cos * dx + sin * dy, Pose::MIDDLE.1 - sin * dx + cos * dy)
    }

    /// The pixel of the picture that shows a piece of tissue.
    pub fn picture_at(self, (x, y): (f32, f32)) -> (f32, f32) {
        let (sin, cos) = self.turn_radians.sin_cos();
        let (dx, dy) = (x - Pose::MIDDLE.0, y - Pose::MIDDLE.1);
        (
            Pose::MIDDLE.0 + self.shift.0 + cos * dx - sin * dy,
            Pose::MIDDLE.1 + self.shift.1 + sin * dx + cos * dy,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poses_and_their_inverses_meet() {
        let pose = Pose { shift: (7.0, -3.0), turn_radians: 0.04 };
        for point in [(0.0, 0.0), (232.0, 130.0), (463.0, 259.0)] {
            let (x, y) = pose.picture_at(pose.tissue_at(point));
            assert!((x - point.0).abs() < 1e-3 && (y - point.1).abs() < 1e-3);
        }
        assert_eq!(Pose::STILL.tissue_at((10.0, 20.0)), (10.0, 20.0));
    }

    #[test]
    fn millimetres_and_pixels_meet() {
        let frame = Frame { mm_per_px: 0.06 };
        assert!((frame.tissue_column(frame.x_mm(17.0)) - 17.0).abs() < 1e-3);
        assert!((frame.row(frame.z_mm(200.0)) - 200.0).abs() < 1e-3);
        assert!(frame.x_mm(231.5).abs() < 1e-6);
    }
}
