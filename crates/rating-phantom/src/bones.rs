//! The bones of a joint in dorsal longitudinal section: the head of the
//! proximal bone, the base of the distal one and the recess between them.

use crate::chance::Chance;
use crate::curve::{noise, smoothstep};
use crate::frame::Frame;

/// How far below the joint line contents of the recess are drawn at most, in
/// joint sizes (mm at size 1).
const DEEPEST_MM: f32 = 2.6;

/// Bones and recess; curves hold a depth in mm for each column of tissue.
pub(crate) struct Bones {
    /// Size of the joint: patient size, smaller for IP and PIP joints.
    pub size: f32,
    /// The highest point of the head (x, z), mm.
    pub head_top: (f32, f32),
    /// The highest point of the base (x, z), mm.
    pub base_top: (f32, f32),
    /// The joint line: the straight line through both tops.
    pub line: Vec<f32>,
    /// Surface of the bone, or the floor of the joint space.
    pub bone: Vec<f32>,
    /// Underside of the recess: cartilage, or as deep as contents are drawn.
    pub low: Vec<f32>,
    /// Deepest distance of the underside from the joint line between the tops.
    pub recess_mm: f32,
}

/// Where the middle of the joint lies.
pub(crate) struct Place {
    pub x_mm: f32,
    pub depth_mm: f32,
    pub is_mcp: bool,
}

impl Bones {
    /// The bones of a joint of this size at this place.
    pub fn draw(frame: Frame, size: f32, place: &Place, chance: &mut Chance) -> Bones {
        let columns = frame.columns_mm();
        let between = chance.between(6.0, 7.4) * size;
        let (x1, x2) = (place.x_mm - 0.55 * between, place.x_mm + 0.45 * between);
        let tilt = chance.normal(0.0, 2.5).to_radians().tan();
        let z1 = place.depth_mm + tilt * (x1 - place.x_mm) + chance.normal(0.0, 0.15);
        let z2 = place.depth_mm + tilt * (x2 - place.x_mm) + chance.normal(0.0, 0.15);
        let line: Vec<f32> =
            columns.iter().map(|x| z1 + (z2 - z1) * (x - x1) / (x2 - x1)).collect();

        let head = Head::draw(between, size, place.is_mcp, chance);
        let base = Base::draw(size, chance);
        let roughness: Vec<f32> = noise(columns.len(), 14.0, chance)
            .iter()
            .zip(noise(columns.len(), 3.0, chance))
            .map(|(wave, grain)| 0.06 * wave + 0.025 * grain)
            .collect();
        let space_floor = z1 + 1.15 * head.radius_z;
        let cartilage_mm = chance.between(0.32, 0.55) * size;
        let mut bone = Vec::with_capacity(columns.len());
        let mut low = Vec::with_capacity(columns.len());
        for ((&x, rough), line) in columns.iter().zip(&roughness).zip(&line) {
            let head_z = head.depth(x - x1).map_or(f32::INFINITY, |depth| z1 + depth + rough);
            let base_z = z2 + base.depth(x - x2) + rough;
            let surface = head_z.min(base_z).min(space_floor);
            let cartilage = if head_z <= base_z {
                // Cartilage ends where the head becomes the neck.
                cartilage_mm * smoothstep((x - (x1 - 0.6 * between)) / (0.4 * between))
            } else {
                0.25 * size * smoothstep((x2 + 1.2 - x) / 0.8)
            };
            bone.push(surface);
            low.push((surface - cartilage).min(line + DEEPEST_MM * size));
        }
        let recess_mm = columns
            .iter()
            .zip(low.iter().zip(&line))
            .filter(|(x, _)| (x1..=x2).contains(*x))
            .map(|(_, (low, line))| low - line)
            .fold(0.3, f32::max);
        Bones { size, head_top: (x1, z1), base_top: (x2, z2), line, bone, low, recess_mm }
    }
}

/// The head: an ellipse distally, sloping into the neck proximally.
struct Head {
    radius_x: f32,
    radius_z: f32,
    neck_mm: f32,
    neck_length: f32,
}

impl Head {
    fn draw(between: f32, size: f32, is_mcp: bool, chance: &mut Chance) -> Head {
        let radius_x = between * chance.between(0.90, 1.0);
        let radius_z = chance.between(4.6, 5.6) * size * if is_mcp { 1.0 } else { 0.88 };
        let (least, most) = if is_mcp { (1.8, 3.0) } else { (0.9, 1.7) };
        Head {
            radius_x,
            radius_z,
            neck_mm: chance.between(least, most) * size,
            neck_length: chance.between(5.5, 8.0) * size,
        }
    }

    /// Depth below the top at a distance from it; `None` distally of the head.
    fn depth(&self, from_top: f32) -> Option<f32> {
        if from_top <= 0.0 {
            return Some(self.neck_mm * smoothstep(-from_top / self.neck_length) - 0.03 * from_top);
        }
        let t = from_top / self.radius_x;
        (t < 1.0).then(|| self.radius_z * (1.0 - (1.0 - t * t).sqrt()))
    }
}

/// The base: a lip towards the joint, sloping into the shaft distally.
struct Base {
    size: f32,
    fall_mm: f32,
    fall_length: f32,
    lip: f32,
}

impl Base {
    fn draw(size: f32, chance: &mut Chance) -> Base {
        Base {
            size,
            fall_mm: chance.between(0.7, 1.5) * size,
            fall_length: chance.between(3.5, 5.5) * size,
            lip: chance.between(0.7, 1.1) * size,
        }
    }

    /// Depth below the top at a distance from it.
    fn depth(&self, from_top: f32) -> f32 {
        if from_top < 0.0 {
            return 3.6 * self.size * (-from_top / self.lip).powf(2.2);
        }
        self.fall_mm * smoothstep(from_top / self.fall_length) + 0.02 * from_top
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rating::Seed;

    #[test]
    fn tops_lie_on_the_line_and_the_recess_between_them() {
        let frame = Frame { mm_per_px: 0.06 };
        for seed in 0..50 {
            let mut chance = Chance::new(Seed::new(seed));
            let place = Place { x_mm: 0.3, depth_mm: 6.0, is_mcp: seed % 2 == 0 };
            let bones = Bones::draw(frame, 1.0, &place, &mut chance);
            let at = frame.tissue_column(bones.head_top.0) as usize;
            assert!((bones.line[at] - bones.head_top.1).abs() < 0.05);
            assert!((bones.bone[at] - bones.head_top.1).abs() < 0.35);
            assert!((1.2..=2.7).contains(&bones.recess_mm), "{}", bones.recess_mm);
            assert!(bones.low.iter().zip(&bones.bone).all(|(low, bone)| low <= bone));
        }
    }
}
