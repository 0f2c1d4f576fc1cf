//! The box in which a machine looks for flow.

use crate::chance::Chance;
use crate::flow::Scene;
use crate::frame::{HEIGHT, MARGIN, WIDTH};

/// The part of the scan in which the machine looks for flow, in pixels; the
/// last row and column belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColourBox {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl ColourBox {
    /// Distances from the middle of the tops to the sides, mm at size 1: left,
    /// up, right, down. About as far as readers draw their ROIs.
    const SIDES_MM: [f32; 4] = [-7.4, -4.4, 5.5, 3.6];

    /// The box the operator puts over the joint, from its bones.
    pub fn draw(scene: &Scene<'_>, chance: &mut Chance) -> ColourBox {
        let (frame, bones) = (scene.frame, scene.bones);
        let middle = (
            frame.tissue_column(0.5 * (bones.head_top.0 + bones.base_top.0)),
            frame.row(0.5 * (bones.head_top.1 + bones.base_top.1)),
        );
        let (x, y) = scene.pose.picture_at(middle);
        let mut side = |at: f32, by_mm: f32, most: usize| {
            let px = at + frame.px(by_mm * bones.size + chance.normal(0.0, 0.25));
            px.clamp(1.0, most as f32 - 2.0) as usize
        };
        let [left, up, right, down] = ColourBox::SIDES_MM;
        let x = x - MARGIN as f32;
        ColourBox {
            left: side(x, left, WIDTH),
            top: side(y, up, HEIGHT),
            right: side(x, right, WIDTH),
            bottom: side(y, down, HEIGHT),
        }
    }

    /// Whether a pixel lies inside the outline.
    pub fn contains(self, at: usize) -> bool {
        let (column, row) = (at % WIDTH, at / WIDTH);
        (self.left + 1..self.right).contains(&column) && (self.top + 1..self.bottom).contains(&row)
    }

    /// The pixels of the outline.
    pub fn outline(self) -> Vec<(usize, usize)> {
        let rows = [self.top, self.bottom];
        let columns = [self.left, self.right];
        let across =
            rows.into_iter().flat_map(|row| (self.left..=self.right).map(move |x| (x, row)));
        let down =
            columns.into_iter().flat_map(|x| (self.top..=self.bottom).map(move |row| (x, row)));
        across.chain(down).collect()
    }
}
