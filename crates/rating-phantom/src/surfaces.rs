//! Surfaces that reflect like mirrors: skin, capsule, tendon and cortex.

use crate::bones::Bones;
use crate::chance::Chance;
use crate::contents::Contents;
use crate::curve::{noise as noise_along, slope};
use crate::frame::{Frame, HEIGHT, TISSUE_WIDTH};
use crate::grid::Map;

/// A surface that reflects: its depth, the amplitude at each column, and the
/// deviation of the line it draws.
struct Surface<'a> {
    depth: &'a [f32],
    amplitude: Vec<f32>,
    deviation_mm: f32,
}

/// Adds every mirror-like surface, each with its own unevenness.
pub(crate) fn add_surfaces(
    specular: &mut Map,
    frame: Frame,
    bones: &Bones,
    contents: &Contents,
    chance: &mut Chance,
) {
    // Amplitude of a surface whose echo falls off with its slope.
    let sloped = |curve: &[f32], amplitude: f32, width: f32| -> Vec<f32> {
        let slopes = slope(curve);
        slopes.iter().map(|s| amplitude * (-(s / frame.mm_per_px / width).powi(2)).exp()).collect()
    };
    let even = |amplitude: f32| vec![amplitude; TISSUE_WIDTH];
    let grain = noise_along(TISSUE_WIDTH, frame.px(0.2), chance);
    let cortex: Vec<f32> = sloped(&bones.bone, 4.2, 1.25)
        .iter()
        .zip(&grain)
        .map(|(amplitude, grain)| (amplitude + 0.5) * (0.4 * grain).exp())
        .collect();
    let ghost: Vec<f32> = bones.bone.iter().map(|depth| depth + 0.32).collect();
    let faint: Vec<f32> = cortex.iter().map(|amplitude| 0.05 * amplitude).collect();
    let surfaces = [
        Surface { depth: &contents.skin, amplitude: even(3.0), deviation_mm: 0.07 },
        Surface { depth: &contents.dermis, amplitude: even(0.9), deviation_mm: 0.07 },
        Surface {
            depth: &contents.capsule,
            amplitude: sloped(&contents.capsule, 1.6, 0.5),
            deviation_mm: 0.07,
        },
        Surface {
            depth: &contents.tendon_top,
            amplitude: sloped(&contents.tendon_top, 1.5, 0.35),
            deviation_mm: 0.06,
        },
        Surface {
            depth: &contents.tendon_low,
            amplitude: sloped(&contents.tendon_low, 1.7, 0.35),
            deviation_mm: 0.06,
        },
        Surface { depth: &bones.bone, amplitude: cortex, deviation_mm: 0.085 },
        Surface { depth: &ghost, amplitude: faint, deviation_mm: 0.085 },
    ];
    for surface in surfaces {
        let unevenness = chance.between(0.35, 0.45);
        let wave = noise_along(TISSUE_WIDTH, frame.px(0.8), chance);
        for (column, wave) in wave.iter().enumerate() {
            let amplitude = surface.amplitude[column] * (unevenness * wave).exp();
            add_line(
                specular,
                frame,
                column,
                surface.depth[column],
                amplitude,
                surface.deviation_mm,
            );
        }
    }
}

/// Adds one column of a surface: a gaussian across its depth.
fn add_line(
    specular: &mut Map,
    frame: Frame,
    column: usize,
    depth: f32,
    amplitude: f32,
    deviation: f32,
) {
    let first = frame.row(depth - 3.0 * deviation).floor().max(0.0) as usize;
    let last = frame.row(depth + 3.0 * deviation).ceil().max(0.0) as usize;
    for row in first..=last.min(HEIGHT - 1) {
        let away = (frame.z_mm(row as f32) - depth) / deviation;
        specular.values[row * TISSUE_WIDTH + column] += amplitude * (-0.5 * away * away).exp();
    }
}
