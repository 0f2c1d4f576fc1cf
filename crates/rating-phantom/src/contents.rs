//! What lies over the bones: synovium, effusion, capsule, tendon and skin.

use crate::bones::Bones;
use crate::chance::Chance;
use crate::curve::{broken_line, noise, smoothed, smoothstep};
use crate::frame::Frame;

/// Height of the synovium's middle over the joint line by severity, in recess
/// depths up to the line and in mm beyond it.
const HEIGHT_IN_RECESS: [(f32, f32); 4] = [(0.0, -1.0), (0.8, -0.88), (1.2, -0.52), (1.9, -0.08)];
const HEIGHT_MM: [(f32, f32); 3] = [(2.15, 0.22), (3.0, 1.2), (4.0, 2.5)];
/// Bulge of its upper surface over the chord, mm at size 1; convex is positive.
const BULGE_MM: [(f32, f32); 6] =
    [(0.0, 0.0), (1.9, -0.3), (2.3, -0.45), (2.8, -0.15), (3.15, 0.35), (4.0, 1.6)];
/// How far it reaches proximally of the head's top, mm at size 1.
const PROXIMAL_MM: [(f32, f32); 5] = [(0.0, 0.0), (1.0, 0.3), (2.0, 2.2), (3.0, 4.2), (4.0, 6.2)];
/// How far it reaches distally of the base's top, mm.
const DISTAL_MM: [(f32, f32); 4] = [(0.0, 0.0), (2.0, 0.2), (3.0, 0.9), (4.0, 1.6)];

/// Share of joints with effusion, whatever their grade.
const WITH_EFFUSION: f64 = 0.38;

/// Thicknesses above the joint, mm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layers {
    pub gel: f32,
    pub skin: f32,
    pub tendon: f32,
    pub gap: f32,
}

/// The surfaces over the bones: a depth in mm for each column of tissue.
pub(crate) struct Contents {
    /// Upper surface of the synovium; equal to the recess's underside where
    /// there is none.
    pub synovium: Vec<f32>,
    /// Upper surface of the effusion; equal to the synovium's where there is none.
    pub fluid: Vec<f32>,
    /// The capsule over both.
    pub capsule: Vec<f32>,
    /// Underside and upper side of the extensor tendon.
    pub tendon_low: Vec<f32>,
    pub tendon_top: Vec<f32>,
    /// Surface of the skin and its underside.
    pub skin: Vec<f32>,
    pub dermis: Vec<f32>,
}

impl Contents {
    /// What lies over the bones of a joint of this severity.
    pub fn draw(
        frame: Frame,
        bones: &Bones,
        severity: f32,
        layers: Layers,
        chance: &mut Chance,
    ) -> Contents {
        let columns = frame.columns_mm();
        let synovium = synovium(&columns, bones, severity, chance);
        let fluid = effusion(&columns, bones, severity, &synovium, chance);
        let capsule: Vec<f32> =
            synovium.iter().zip(&fluid).map(|(one, other)| one.min(*other) - 0.07).collect();

        let smooth_bone = smoothed(&bones.bone, frame.px(1.0));
        let rest: Vec<f32> = bones
            .line
            .iter()
            .zip(&smooth_bone)
            .map(|(line, bone)| line.min(*bone) - 0.8 * layers.gap)
            .collect();
        let over = |curve: &[f32], gap: f32| -> Vec<f32> {
            curve.iter().zip(&capsule).map(|(depth, capsule)| depth.min(capsule - gap)).collect()
        };
        let ridden = over(&smoothed(&over(&rest, 0.25), frame.px(1.3)), 0.12);
        let tendon_low = over(&smoothed(&ridden, frame.px(0.5)), 0.05);
        let tendon_top: Vec<f32> = tendon_low.iter().map(|depth| depth - layers.tendon).collect();

        let lifted: Vec<f32> =
            rest.iter().zip(&tendon_low).map(|(rest, now)| (rest - now).max(0.0)).collect();
        let waves = noise(columns.len(), frame.px(3.0), chance);
        let skin: Vec<f32> = smoothed(&lifted, frame.px(2.5))
            .iter()
            .zip(&waves)
            .zip(&tendon_top)
            .map(|((lifted, wave), tendon)| {
                let surface = (layers.gel - 0.55 * lifted + 0.06 * wave).max(0.12);
                surface.min(tendon - layers.skin - 0.2)
            })
            .collect();
        let dermis = skin.iter().map(|depth| depth + layers.skin).collect();
        Contents { synovium, fluid, capsule, tendon_low, tendon_top, skin, dermis }
    }
}

/// Upper surface of the synovium.
fn synovium(columns: &[f32], bones: &Bones, severity: f32, chance: &mut Chance) -> Vec<f32> {
    let size = bones.size;
    let beyond = (severity - 2.0).max(0.0);
    // Height and curvature are not locked together beyond the line, and the
    // curvature that tells grade 3 from 2 stays on its side of the border.
    let height =
        height(severity, bones.recess_mm) + chance.normal(0.0, 0.12) * (beyond / 0.3).min(1.0);
    let bulge = broken_line(severity, &BULGE_MM) * size
        + chance.normal(0.0, 0.1) * ((severity - 3.0).abs() / 0.3).min(1.0);
    let skew = chance.normal(0.0, 0.25);
    let proximal = broken_line(severity, &PROXIMAL_MM) * size * chance.between(0.75, 1.25);
    let distal = broken_line(severity, &DISTAL_MM).max(0.2);
    let (from, to) = (bones.head_top.0 - 0.45 * proximal, bones.base_top.0 + 0.3);
    let taper = (0.75 * proximal).max(0.2);
    // The taper begins inside the chord: shoulders are round, not square.
    let reach = bones.head_top.0 - proximal;
    let grain = noise(columns.len(), 8.0, chance);
    let at_ends = height - bulge;
    (0..columns.len())
        .map(|at| {
            let u = ((columns[at] - from) / (to - from)).clamp(0.0, 1.0);
            let over_line = at_ends + bulge * 4.0 * u * (1.0 - u) * (1.0 + skew * (u - 0.5));
            let surface = bones.line[at] - over_line - 0.05 * grain[at];
            let inside = smoothstep((columns[at] - reach) / taper)
                * smoothstep((to + distal - columns[at]) / distal);
            let low = bones.low[at];
            (low + (surface - low) * inside).min(low)
        })
        .collect()
}

/// Height of the synovium's middle over the joint line, mm.
fn height(severity: f32, recess_mm: f32) -> f32 {
    let [.., (last, in_recess)] = HEIGHT_IN_RECESS;
    let (first, mm) = HEIGHT_MM[0];
    if severity <= last {
        broken_line(severity, &HEIGHT_IN_RECESS) * recess_mm
    } else if severity < first {
        broken_line(severity, &[(last, in_recess * recess_mm), (first, mm)])
    } else {
        broken_line(severity, &HEIGHT_MM)
    }
}

/// Upper surface of the effusion: in a joint without hypertrophy it fills the
/// recess as grade 1 would, else it lies as a pool between synovium and capsule.
fn effusion(
    columns: &[f32],
    bones: &Bones,
    severity: f32,
    synovium: &[f32],
    chance: &mut Chance,
) -> Vec<f32> {
    let present = chance.happens(WITH_EFFUSION);
    if severity < 1.0 {
        let height = chance.between(-0.5, 0.12) * bones.recess_mm;
        let (from, to) = (bones.head_top.0 - 0.3, bones.base_top.0 + 0.3);
        let surface = |at: usize| {
            let inside =
                smoothstep((columns[at] - from) / 0.6) * smoothstep((to - columns[at]) / 0.4);
            let low = bones.low[at];
            (low + (bones.line[at] - height - low) * inside).min(synovium[at])
        };
        return (0..columns.len())
            .map(|at| if present { surface(at) } else { synovium[at] })
            .collect();
    }
    let thickness = chance.between(0.35, 1.0) * 1.6 * bones.size;
    let width = chance.between(1.6, 3.2) * bones.size;
    let centre = chance.between(bones.head_top.0 - 1.5 * bones.size, bones.base_top.0 - 0.3);
    (0..columns.len())
        .map(|at| {
            let bump = thickness * (-((columns[at] - centre) / width).powi(2)).exp();
            if present && bump > 0.08 { synovium[at] - bump } else { synovium[at] }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bones::Place;
    use rating::Seed;

    fn drawn(seed: u64, severity: f32) -> (Frame, Bones, Contents) {
        let frame = Frame { mm_per_px: 0.06 };
        let mut chance = Chance::new(Seed::new(seed));
        let place = Place { x_mm: 0.0, depth_mm: 6.5, is_mcp: true };
        let bones = Bones::draw(frame, 1.0, &place, &mut chance);
        let layers = Layers { gel: 1.5, skin: 1.0, tendon: 1.0, gap: 1.1 };
        let contents = Contents::draw(frame, &bones, severity, layers, &mut chance);
        (frame, bones, contents)
    }

    /// Height of the synovium over the line at a share of the way between the tops.
    fn height_at(share: f32, (frame, bones, contents): &(Frame, Bones, Contents)) -> f32 {
        let x = bones.head_top.0 + share * (bones.base_top.0 - bones.head_top.0);
        let at = frame.tissue_column(x) as usize;
        bones.line[at] - contents.synovium[at]
    }

    #[test]
    fn grades_look_their_definition() {
        for seed in 0..40 {
            assert!(height_at(0.75, &drawn(seed, 1.5)) < 0.05);
            let flat = drawn(seed, 2.5);
            assert!(height_at(0.5, &flat) > 0.1);
            let bulge = |drawn: &_| {
                height_at(0.5, drawn) - 0.5 * (height_at(0.1, drawn) + height_at(0.9, drawn))
            };
            assert!(bulge(&flat) < 0.2, "{}", bulge(&flat));
            assert!(bulge(&drawn(seed, 3.6)) > 0.1, "{}", bulge(&drawn(seed, 3.6)));
        }
    }

    #[test]
    fn surfaces_lie_above_one_another() {
        for seed in 0..40 {
            for severity in [0.3, 0.9, 1.5, 2.5, 3.9] {
                let (_, bones, contents) = drawn(seed, severity);
                for at in 0..bones.line.len() {
                    assert!(contents.synovium[at] <= bones.low[at]);
                    assert!(contents.fluid[at] <= contents.synovium[at]);
                    assert!(contents.tendon_low[at] < contents.capsule[at]);
                    assert!(contents.dermis[at] < contents.tendon_top[at]);
                }
            }
        }
    }
}
