//! Tissue as ultrasound meets it: how much each place scatters, and the
//! surfaces that reflect like mirrors.

use crate::bones::Bones;
use crate::chance::Chance;
use crate::contents::Contents;
use crate::curve::slope;
use crate::frame::{Frame, HEIGHT, TISSUE_WIDTH};
use crate::grid::{Map, noise};
use crate::mask::Mask;
use crate::patient::Traits;
use crate::surfaces::add_surfaces;
use crate::veins::Vein;

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
            fluid: if chance.happens(0.45) {
                chance.between(-26.0, -15.0)
            } else {
                chance.normal(-34.0, 2.0)
            },
        };
        let textures = Textures::draw(frame, chance);
        let veins = Vein::draw(frame, contents, chance);
        let mut tissue = Tissue {
            scatter_db: Map::filled(TISSUE_WIDTH, HEIGHT, 0.0),
            specular: Map::filled(TISSUE_WIDTH, HEIGHT, 0.0),
            synovium: Mask::empty(TISSUE_WIDTH, HEIGHT),
            effusion: Mask::empty(TISSUE_WIDTH, HEIGHT),
        };
        let tendon_slope = slope(&contents.tendon_low);
        for (column, slope) in tendon_slope.iter().enumerate() {
            let anisotropy = anisotropy_db(slope / frame.mm_per_px);
            let here =
                Column { column, bones, contents, echoes: &echoes, veins: &veins, anisotropy };
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
            septa: noise(w, h, frame.px(2.0), frame.px(0.28), chance),
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
    Vein,
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
    veins: &'a [Vein],
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
            if self.veins.iter().any(|vein| vein.holds(x_mm, depth)) {
                Layer::Vein
            } else {
                Layer::Subcutis
            }
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
                // Septa run along the level lines of smooth noise, and so around
                // lobules; here and there they are interrupted.
                let across = textures.septa.values[at] / 0.16;
                let whole = (0.7 + textures.soft.values[at]).clamp(0.0, 1.0);
                self.echoes.subcutis + 14.0 * whole * (-across * across).exp()
            }
            Layer::Vein => -38.0,
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
