//! One drawn pair: pictures, ROIs, truth and readings.

use image::{GrayImage, Rgb, RgbImage};
use rating::Roi;
use rating::manifest::{DopplerMode, Side};

use crate::acquisition::Acquisition;
use crate::bones::{Bones, Place};
use crate::chance::Chance;
use crate::cohort::JointPlan;
use crate::colour::paint;
use crate::contents::{Contents, Layers};
use crate::files::Format;
use crate::flow::{Flow, Scene};
use crate::frame::{Frame, HEIGHT, MARGIN, Pose, WIDTH};
use crate::joints::Joint;
use crate::latent::Latent;
use crate::mask::Mask;
use crate::patient::{Patient, Traits};
use crate::readers::{Grades, Panel, Reading};
use crate::rois;
use crate::screen::Labels;
use crate::tissue::Tissue;

/// One picture: the whole screen, and the rectangle drawn on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The screen.
    pub image: RgbImage,
    /// The ROI, in pixels of the screen.
    pub roi: Roi,
}

/// What was drawn where: 255 in the mask, else 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Synovium, in pixels of the grayscale screen. Grade 0 joints may have a
    /// thin layer, as healthy ones do.
    pub synovium: GrayImage,
    /// Effusion, in pixels of the grayscale screen.
    pub effusion: GrayImage,
    /// Flow that counts, that is inside synovium, in pixels of the *Doppler* screen.
    pub flow: GrayImage,
    /// Synovium again, in pixels of the Doppler screen: the probe moved between
    /// the pictures.
    pub synovium_in_doppler: GrayImage,
}

/// A simulated pair with everything known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct PhantomPair {
    /// Name of the pair, unique in the study.
    pub pair_id: String,
    /// Name of the cohort.
    pub cohort: String,
    /// The patient.
    pub patient: Patient,
    /// Which joint.
    pub joint: Joint,
    /// How flow is shown.
    pub mode: DopplerMode,
    /// Format of both image files.
    pub format: Format,
    /// The grayscale picture.
    pub grayscale: Picture,
    /// The Doppler picture, taken a moment later.
    pub doppler: Picture,
    /// Where what was drawn.
    pub truth: Truth,
    /// The grades that were drawn; vascularity as the finished picture shows it.
    pub true_grades: Grades,
    /// All readings, in order.
    pub readings: Vec<Reading>,
    /// The grades the readers came to.
    pub reference: Grades,
}

impl PhantomPair {
    pub(crate) fn draw(plan: &JointPlan) -> PhantomPair {
        let chance = |part: &str| Chance::new(plan.seed.child(part));
        let traits = &plan.patient.traits;
        let latent = Latent::draw(traits.activity, &mut chance("latent"));
        let section = Section::draw(traits, &plan.joint, latent, &mut chance("anatomy"));
        let mut roi_chance = chance("rois");
        let grayscale = section.grayscale(plan, &mut chance("grayscale"), &mut roi_chance);
        let (doppler, flow, synovium) =
            section.doppler(plan, latent, &mut chance("doppler"), &mut roi_chance);
        let latent = latent.showing(flow.vascularity);
        let panel = Panel::read(latent, plan.study, &mut chance("readers"));
        let machine = &plan.patient.machine;
        PhantomPair {
            pair_id: plan.pair_id.clone(),
            cohort: plan.cohort.clone(),
            patient: plan.patient.clone(),
            joint: plan.joint.clone(),
            mode: plan.mode,
            format: Format::draw(plan.site, &mut chance("format")),
            grayscale,
            doppler,
            truth: Truth {
                synovium: machine.mask(&in_scan(&section.tissue.synovium, Pose::STILL)),
                effusion: machine.mask(&in_scan(&section.tissue.effusion, Pose::STILL)),
                flow: machine.mask(&flow.counted),
                synovium_in_doppler: machine.mask(&synovium),
            },
            true_grades: Grades {
                synovial_hypertrophy: latent.hypertrophy as u8,
                vascularity: flow.vascularity,
            },
            readings: panel.readings,
            reference: panel.reference,
        }
    }
}

/// The section of the joint both pictures are taken of.
struct Section {
    frame: Frame,
    bones: Bones,
    contents: Contents,
    tissue: Tissue,
}

impl Section {
    fn draw(traits: &Traits, joint: &Joint, latent: Latent, chance: &mut Chance) -> Section {
        let frame = Frame { mm_per_px: traits.mm_per_px };
        let is_mcp = joint.is_mcp();
        let size = traits.size * if is_mcp { 1.0 } else { 0.8 };
        let layers = Layers {
            gel: chance.between(0.8, 2.2),
            skin: chance.between(0.8, 1.1),
            tendon: chance.between(0.8, 1.15) * size,
            gap: chance.between(0.9, 1.4) * size,
        };
        let subcutis = traits.subcutis_mm * chance.between(0.85, 1.15);
        let Layers { gel, skin, tendon, gap } = layers;
        let place = Place {
            x_mm: chance.between(-1.8, 1.8) + traits.habit_mm,
            depth_mm: gel + skin + subcutis + tendon + gap + chance.between(0.6, 1.2),
            is_mcp,
        };
        let bones = Bones::draw(frame, size, &place, chance);
        let contents = Contents::draw(frame, &bones, latent.hypertrophy as f32, layers, chance);
        let tissue = Tissue::draw(frame, traits, &bones, &contents, chance);
        Section { frame, bones, contents, tissue }
    }

    fn grayscale(&self, plan: &JointPlan, chance: &mut Chance, rois: &mut Chance) -> Picture {
        let Section { frame, bones, tissue, .. } = self;
        let traits = &plan.patient.traits;
        let machine = &plan.patient.machine;
        let scan = Acquisition::GRAYSCALE.take(tissue, Pose::STILL, *frame, traits, chance);
        let roi = rois::draw(*frame, Pose::STILL, bones, machine.scan_at, rois);
        Picture { image: machine.picture(&scan, &labels(plan, *frame, None)), roi }
    }

    /// The Doppler picture, its flow, and the synovium as it shows it.
    fn doppler(
        &self,
        plan: &JointPlan,
        latent: Latent,
        chance: &mut Chance,
        rois: &mut Chance,
    ) -> (Picture, Flow, Mask) {
        let Section { frame, bones, contents, tissue } = self;
        let traits = &plan.patient.traits;
        let machine = &plan.patient.machine;
        let pose = Pose {
            shift: (frame.px(chance.normal(0.0, 0.5)), frame.px(chance.normal(0.0, 0.5))),
            turn_radians: chance.normal(0.0, 2.0).to_radians(),
        };
        let scan = Acquisition::DOPPLER.take(tissue, pose, *frame, traits, chance);
        let synovium = in_scan(&tissue.synovium, pose);
        let scene = Scene { frame: *frame, pose, contents, bones, synovium: &synovium };
        let flow = Flow::draw(&scene, latent.vascularity as f32, plan.mode, chance);

        let mut image = machine.picture(&scan, &labels(plan, *frame, Some(plan.mode)));
        for at in flow.colour_box.outline() {
            let (x, y) = machine.on_screen(at.0, at.1);
            // Neutral: a coloured outline would be taken for flow.
            image.put_pixel(x, y, Rgb([200; 3]));
        }
        let mut all = flow.counted.clone();
        all.set.iter_mut().zip(&flow.uncounted.set).for_each(|(set, other)| *set |= other);
        for (at, colour) in paint(&all, *frame, plan.mode, chance) {
            let (x, y) = machine.on_screen(at % WIDTH, at / WIDTH);
            image.put_pixel(x, y, colour);
        }
        let roi = rois::draw(*frame, pose, bones, machine.scan_at, rois);
        (Picture { image, roi }, flow, synovium)
    }
}

fn labels(plan: &JointPlan, frame: Frame, doppler: Option<DopplerMode>) -> Labels<'_> {
    let side = match plan.joint.side {
        Side::Left => "LEFT",
        Side::Right => "RIGHT",
    };
    Labels { joint: &plan.joint.unit, side, doppler, frame }
}

/// A mask of tissue as a picture in this pose shows it.
fn in_scan(tissue: &Mask, pose: Pose) -> Mask {
    let mut seen = Mask::empty(WIDTH, HEIGHT);
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            let (x, y) = pose.tissue_at(((column + MARGIN) as f32, row as f32));
            // Rounded, as far as places on the grid go.
            seen.set[row * WIDTH + column] = tissue.has((x + 0.5) as isize, (y + 0.5) as isize);
        }
    }
    seen
}
