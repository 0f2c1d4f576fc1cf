//! Picture formation: from tissue to the gray values of a scan.
//!
//! Scatterers interfere (speckle), the beam blurs them, the machine shows the
//! envelope in decibels.

use crate::chance::Chance;
use crate::curve::{broken_line, smoothstep};
use crate::frame::{Frame, HEIGHT, MARGIN, Pose, TISSUE_WIDTH, WIDTH};
use crate::grid::{Map, gaussian};
use crate::patient::Traits;
use crate::tissue::Tissue;

/// Share of pictures with a dark band: poor contact, or a hair.
const WITH_DARK_BAND: f64 = 0.45;

/// How a picture is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Acquisition {
    /// Pictures averaged into one (spatial compounding).
    pub looks: usize,
    /// Width of the beam against that of a grayscale picture.
    pub beam: f32,
    /// Loss against a grayscale picture, dB.
    pub loss_db: f32,
    /// Smoothing of the gray values: a picture of fewer lines is interpolated, px.
    pub smoothing_px: f32,
}

impl Acquisition {
    /// A grayscale picture.
    pub const GRAYSCALE: Acquisition =
        Acquisition { looks: 3, beam: 1.0, loss_db: 0.0, smoothing_px: 0.0 };
    /// The gray part of a Doppler picture: the machine spends its time on flow.
    pub const DOPPLER: Acquisition =
        Acquisition { looks: 1, beam: 1.5, loss_db: 5.0, smoothing_px: 0.7 };

    /// Gray values of a scan, 0 to 1.
    pub fn take(
        self,
        tissue: &Tissue,
        pose: Pose,
        frame: Frame,
        traits: &Traits,
        chance: &mut Chance,
    ) -> Map {
        let noise_floor = 10_f32.powf(chance.between(-44.0, -36.0) / 20.0);
        let seen = Seen::through(tissue, pose, noise_floor);
        let beam = Beam::focused_at(chance.between(4.5, 8.5), self.beam, frame);
        let power = seen.power(&beam, self.looks, chance);
        let gain = traits.gain_db + chance.normal(0.0, 2.0) - self.loss_db;
        let down = depth_gain_db(frame, chance);
        let along = dark_band_db(frame, chance);
        let range = traits.dynamic_range_db;
        let tone = Tone::new(traits.gamma);
        let mut gray = Map::filled(WIDTH, HEIGHT, 0.0);
        for (row, down_db) in down.iter().enumerate() {
            let echoes = &power.row(row)[MARGIN..MARGIN + WIDTH];
            let row_db = gain + down_db;
            for ((out, echo), band) in gray.row_mut(row).iter_mut().zip(echoes).zip(&along) {
                let db = decibels(echo / self.looks as f32) + row_db + band;
                *out = tone.of((db + 0.47 * range) / range);
            }
        }
        if self.smoothing_px > 0.0 {
            gray.blurred(self.smoothing_px, self.smoothing_px)
        } else {
            gray
        }
    }
}

/// The tissue as a probe in this pose meets it.
struct Seen {
    /// Amplitude of diffuse scatter, the machine's own noise included.
    scatter: Map,
    /// Amplitude of mirror-like surfaces.
    specular: Map,
}

impl Seen {
    fn through(tissue: &Tissue, pose: Pose, noise_floor: f32) -> Seen {
        let mut scatter = Map::filled(TISSUE_WIDTH, HEIGHT, 0.0);
        let mut specular = scatter.clone();
        for row in 0..HEIGHT {
            for column in 0..TISSUE_WIDTH {
                let at = row * TISSUE_WIDTH + column;
                let (db, mirror) = if pose == Pose::STILL {
                    (tissue.scatter_db.values[at], tissue.specular.values[at])
                } else {
                    let (x, y) = pose.tissue_at((column as f32, row as f32));
                    (tissue.scatter_db.sample(x, y), tissue.specular.sample(x, y))
                };
                scatter.values[at] = power_of_db(db) + noise_floor * noise_floor;
                specular.values[at] = mirror;
            }
        }
        for value in &mut scatter.values {
            *value = value.sqrt();
        }
        Seen { scatter, specular }
    }

    /// Power of the envelope, summed over looks with a speckle each.
    fn power(&self, beam: &Beam, looks: usize, chance: &mut Chance) -> Map {
        let mut power = Map::filled(TISSUE_WIDTH, HEIGHT, 0.0);
        let (mut real, mut imaginary, mut blurred) = (power.clone(), power.clone(), power.clone());
        for _ in 0..looks {
            for (at, scatter) in self.scatter.values.iter().enumerate() {
                let [a, b, c] = three_deviates(chance.bits());
                let half = scatter * std::f32::consts::FRAC_1_SQRT_2;
                real.values[at] = half * a + self.specular.values[at] * (1.0 + 0.35 * c);
                imaginary.values[at] = half * b;
            }
            for part in [&real, &imaginary] {
                beam.blur(part, &mut blurred);
                for (sum, value) in power.values.iter_mut().zip(&blurred.values) {
                    *sum += value * value;
                }
            }
        }
        power
    }
}

/// Three deviates of mean 0 and variance 1 from one draw. They are uniform:
/// every pixel of a picture blurs dozens of them into a normal one.
fn three_deviates(bits: u64) -> [f32; 3] {
    // 16 bits hold -32768..=32767, whose variance is 65536^2 / 12.
    let scale = 12.0_f32.sqrt() / 65_536.0;
    [0, 16, 32].map(|shift| f32::from((bits >> shift) as u16 as i16) * scale)
}

/// The point-spread function at each depth.
struct Beam {
    axial: Vec<f32>,
    /// For each row, already scaled: between what keeps lines and what keeps
    /// speckle as bright as before the blur.
    lateral: Vec<Vec<f32>>,
}

impl Beam {
    fn focused_at(focus_mm: f32, widening: f32, frame: Frame) -> Beam {
        let axial_px = frame.px(0.075);
        let lateral = (0..HEIGHT)
            .map(|row| {
                // 0.14 mm at the focus, 0.27 mm at 9 mm from it.
                let away = (frame.z_mm(row as f32) - focus_mm) * 0.025_65;
                let lateral_px = frame.px((0.14_f32.powi(2) + away * away).sqrt() * widening);
                let scale = (4.0 * std::f32::consts::PI * axial_px * lateral_px).powf(0.4);
                gaussian(lateral_px).iter().map(|weight| weight * scale).collect()
            })
            .collect();
        Beam { axial: gaussian(axial_px), lateral }
    }

    fn blur(&self, part: &Map, blurred: &mut Map) {
        part.blur_down_into(&self.axial, blurred);
        blurred.blur_along(|row| &self.lateral[row]);
    }
}

/// Error of the depth gain for each row: six knots, and a loss with depth.
fn depth_gain_db(frame: Frame, chance: &mut Chance) -> Vec<f32> {
    let deepest = frame.z_mm(HEIGHT as f32);
    let loss = chance.between(0.0, 3.0);
    let knots: Vec<(f32, f32)> = (0..6)
        .map(|knot| {
            let share = knot as f32 / 5.0;
            (share * deepest, chance.normal(0.0, 1.3) - loss * share)
        })
        .collect();
    (0..HEIGHT).map(|row| broken_line(frame.z_mm(row as f32), &knots)).collect()
}

/// What a dark band takes from each column of the scan.
fn dark_band_db(frame: Frame, chance: &mut Chance) -> Vec<f32> {
    let present = chance.happens(WITH_DARK_BAND);
    let depth_db = chance.between(4.0, 13.0);
    let half_width = frame.px(chance.between(1.2, 3.5)) / 2.0;
    let centre = chance.between(0.15, 0.85) * WIDTH as f32;
    (0..WIDTH)
        .map(|column| {
            let inside = (half_width - (column as f32 - centre).abs()) / (0.5 * half_width);
            if present { -depth_db * smoothstep(inside) } else { 0.0 }
        })
        .collect()
}

/// 10^(db / 10).
fn power_of_db(db: f32) -> f32 {
    (db * (std::f32::consts::LN_10 / 10.0)).exp()
}

/// 10 log10 of a power.
fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}

/// The exponent of the gray scale, as a table: it is needed at every pixel.
struct Tone(Vec<f32>);

impl Tone {
    const STEPS: usize = 2048;

    fn new(gamma: f32) -> Tone {
        Tone((0..=Tone::STEPS).map(|at| (at as f32 / Tone::STEPS as f32).powf(gamma)).collect())
    }

    fn of(&self, share: f32) -> f32 {
        self.0[(share.clamp(0.0, 1.0) * Tone::STEPS as f32) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mask;
    use rating::Seed;

    fn even_tissue(db: f32) -> Tissue {
        Tissue {
            scatter_db: Map::filled(TISSUE_WIDTH, HEIGHT, db),
            specular: Map::filled(TISSUE_WIDTH, HEIGHT, 0.0),
            synovium: Mask::empty(TISSUE_WIDTH, HEIGHT),
            effusion: Mask::empty(TISSUE_WIDTH, HEIGHT),
        }
    }

    /// Mean and deviation of a look's power over the middle of even tissue.
    fn speckle(db: f32) -> (f32, f32) {
        let frame = Frame { mm_per_px: 0.06 };
        let seen = Seen::through(&even_tissue(db), Pose::STILL, 0.0);
        let beam = Beam::focused_at(6.0, 1.0, frame);
        let power = seen.power(&beam, 1, &mut Chance::new(Seed::new(1)));
        let middle: Vec<f32> = (60..160).flat_map(|row| power.row(row)[60..400].to_vec()).collect();
        let mean = middle.iter().sum::<f32>() / middle.len() as f32;
        let variance = middle.iter().map(|p| (p - mean).powi(2)).sum::<f32>() / middle.len() as f32;
        (mean, variance.sqrt())
    }

    #[test]
    fn one_look_has_fully_developed_speckle() {
        // The power of such speckle is exponential: deviation equals mean.
        let (mean, deviation) = speckle(0.0);
        assert!((0.9..1.1).contains(&(deviation / mean)), "{mean} {deviation}");
    }

    #[test]
    fn decibels_of_scatter_come_through() {
        let difference = decibels(speckle(0.0).0) - decibels(speckle(-15.0).0);
        assert!((difference - 15.0).abs() < 0.1, "{difference}");
    }
}
