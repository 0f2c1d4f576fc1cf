//! Tissue as ultrasound meets it: how much each place scatters, and the
//! surfaces that reflect like mirrors.

use crate::bones::Bones;
use crate::chance::Chance;
use crate::contents::Contents;
use crate::curve::{noise as noise_along, slope};
use crate::frame::{Frame, HEIGHT, TISSUE_WIDTH};
use crate::grid::{Map, Mask, noise};
use crate::patient::Traits;

/// Fibres across the tendon.
const FIBRES: usize = 64;

/// One section of tissue.
pub(crate) struct Tissue {
    /// Diffuse scatter, dB re soft tissue.
    pub scatter_db: Map,
    /// Amplitude of mirror-like surfaces.
    pub specular: Map,
    /// Where synovium lies.
    pub synovium: Mask,
    /// Where effusion lies.
    pub effusion: Mask,
}

/// The textures tissue is made of.
struct Textures {
    septa: Map,
    fibres: Map,
    soft: Map,
    fine: Map,
}

/// Echoes that differ between joints, dB.
struct Echoes {
    subcutis: f32,
    synovium: f32,
    fluid: f32,
}

impl Tissue {
    /// The tissue of a joint.
    pub fn draw(
        frame: Frame,
        traits: &Traits,
        bones: &Bones,
        contents: &Contents,
        chance: &mut Chance,
    ) -> Tissue {
        let echoes = Echoes {
            subcutis: traits.subcutis_db,
            synovium: traits.synovium_db,
            // Some effusions are complex: they are not black (section 4 of the recipe).
            fluid: if chance.happens(0.3) {
                chance.between(-26.0, -15.0)
            } else {
                chance.normal(-34.0, 2.0)
            },
        };
        let textures = Textures::draw(frame, chance);
        let mut tissue = Tissue {
            scatter_db: Map::filled(TISSUE_WIDTH, HEIGHT, 0.0),
            specular: Map::filled(TISSUE_WIDTH, HEIGHT, 0.0),
            synovium: Mask::empty(TISSUE_WIDTH, HEIGHT),
            effusion: Mask::empty(TISSUE_WIDTH, HEIGHT),
        };
        let tendon_slope = slope(&contents.tendon_low);
        for column in 0..TISSUE_WIDTH {
            let anisotropy = anisotropy_db(tendon_slope[column] / frame.mm_per_px);
            let here = Column { column, bones, contents, echoes: &echoes, anisotropy };
            let mut fluid_above_mm = 0.0;
            for row in 0..HEIGHT {
                let depth = frame.z_mm(row as f32);
                let layer = here.layer(depth, frame.x_mm(column as f32));
                let at = row * TISSUE_WIDTH + column;
                if layer == Layer::Fluid {
                    fluid_above_mm += frame.mm_per_px;
                }
                let db = here.scatter_db(layer, depth, at, &textures);
                tissue.scatter_db.values[at] = db + 1.6 * fluid_above_mm;
                tissue.synovium.set[at] = layer == Layer::Synovium;
                tissue.effusion.set[at] = layer == Layer::Fluid;
            }
        }
        add_surfaces(&mut tissue.specular, frame, bones, contents, chance);
        tissue
    }
}

impl Textures {
    fn draw(frame: Frame, chance: &mut Chance) -> Textures {
        let [w, h] = [TISSUE_WIDTH, HEIGHT];
        Textures {
            septa: noise(w, h, frame.px(1.1), frame.px(0.14), chance),
            fibres: noise(w, FIBRES, frame.px(1.1), 1.5, chance),
            soft: noise(w, h, frame.px(0.6), frame.px(0.3), chance),
            fine: noise(w, h, frame.px(0.35), frame.px(0.25), chance),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Gel,
    Dermis,
    Subcutis,
    Tendon,
    Capsular,
    Fluid,
    Synovium,
    Cartilage,
    JointSpace,
    Bone,
}

/// One column of tissue.
struct Column<'a> {
    column: usize,
    bones: &'a Bones,
    contents: &'a Contents,
    echoes: &'a Echoes,
    anisotropy: f32,
}

impl Column<'_> {
    /// What lies at a depth.
    fn layer(&self, depth: f32, x_mm: f32) -> Layer {
        let (at, contents) = (self.column, self.contents);
        let above = |curve: &[f32]| depth < curve[at];
        if above(&contents.skin) {
            Layer::Gel
        } else if above(&contents.dermis) {
            Layer::Dermis
        } else if above(&contents.tendon_top) {
            Layer::Subcutis
        } else if above(&contents.tendon_low) {
            Layer::Tendon
        } else if above(&contents.fluid) {
            Layer::Capsular
        } else if above(&contents.synovium) {
            Layer::Fluid
        } else if above(&self.bones.low) {
            Layer::Synovium
        } else if above(&self.bones.bone) {
            self.under_the_recess(depth, x_mm)
        } else {
            Layer::Bone
        }
    }

    /// Cartilage on the bone; where the recess ends above it, the cleft
    /// between the bones, or fat on the neck.
    fn under_the_recess(&self, depth: f32, x_mm: f32) -> Layer {
        let to_bone = self.bones.bone[self.column] - depth;
        let between = (self.bones.head_top.0..self.bones.base_top.0).contains(&x_mm);
        match (to_bone < 0.6 * self.bones.size, between) {
            (true, _) if self.cartilage_mm() > 0.02 => Layer::Cartilage,
            (_, true) => Layer::JointSpace,
            _ => Layer::Capsular,
        }
    }

    fn cartilage_mm(&self) -> f32 {
        self.bones.bone[self.column] - self.bones.low[self.column]
    }

    /// Scatter of a layer at a depth.
    fn scatter_db(&self, layer: Layer, depth: f32, at: usize, textures: &Textures) -> f32 {
        match layer {
            Layer::Gel => -52.0,
            Layer::Dermis => 3.0,
            Layer::Subcutis => {
                let septum = ((textures.septa.values[at] - 0.7) / 0.8).clamp(0.0, 1.0);
                self.echoes.subcutis + 13.0 * septum
            }
            Layer::Tendon => {
                let top = self.contents.tendon_top[self.column];
                let share = (depth - top) / (self.contents.tendon_low[self.column] - top);
                let fibre = ((share * FIBRES as f32) as usize).min(FIBRES - 1);
                1.5 + 6.5 * textures.fibres.at(self.column, fibre) - self.anisotropy
            }
            Layer::Capsular => -1.0 + 3.0 * textures.soft.values[at],
            Layer::Fluid => self.echoes.fluid,
            Layer::Synovium => self.echoes.synovium + 1.8 * textures.fine.values[at],
            Layer::Cartilage => -30.0,
            Layer::JointSpace => -20.0,
            Layer::Bone => (-33.0 - 3.2 * (depth - self.bones.bone[self.column])).max(-55.0),
        }
    }
}

/// What a tendon loses where it does not lie across the beam.
fn anisotropy_db(slope: f32) -> f32 {
    16.0 * ((slope.abs() - 0.08) / 0.3).clamp(0.0, 1.0)
}

/// A surface that reflects: its depth, the amplitude at each column, and the
/// deviation of the line it draws.
struct Surface<'a> {
    depth: &'a [f32],
    amplitude: Vec<f32>,
    deviation_mm: f32,
}

/// Adds every mirror-like surface, each with its own unevenness.
fn add_surfaces(
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
    let cortex: Vec<f32> = sloped(&bones.bone, 4.2, 1.25).iter().map(|a| a + 0.5).collect();
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
