//! Veins under the skin: black, harmless, and there at every grade.

use crate::chance::Chance;
use crate::contents::Contents;
use crate::frame::{Frame, TISSUE_WIDTH};

/// A vein in the subcutis, cut obliquely: a black ellipse, mm.
pub(crate) struct Vein {
    centre: (f32, f32),
    radii: (f32, f32),
}

impl Vein {
    /// Up to two veins, whatever the grade.
    pub fn draw(frame: Frame, contents: &Contents, chance: &mut Chance) -> Vec<Vein> {
        let count = [0, 0, 0, 1, 1, 2][chance.below(6)];
        (0..count)
            .map(|_| {
                let column = chance.below(TISSUE_WIDTH);
                let room = contents.tendon_top[column] - contents.dermis[column];
                let high = (0.28 * room).clamp(0.05, 0.4) * chance.between(0.6, 1.0);
                let middle = contents.dermis[column] + chance.between(0.35, 0.65) * room;
                let centre = (frame.x_mm(column as f32), middle);
                Vein { centre, radii: (high * chance.between(1.3, 3.0), high) }
            })
            .collect()
    }

    /// Whether a place lies in it.
    pub fn holds(&self, x_mm: f32, depth: f32) -> bool {
        let x = (x_mm - self.centre.0) / self.radii.0;
        let z = (depth - self.centre.1) / self.radii.1;
        x * x + z * z < 1.0
    }
}
