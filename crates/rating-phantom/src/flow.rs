//! Flow in the Doppler picture: inside the synovium as the grade wants it, and
//! outside it, where it must not count.

use crate::bones::Bones;
use crate::chance::Chance;
use crate::colour_box::ColourBox;
use crate::contents::Contents;
use crate::curve::broken_line;
use crate::flow_grade::{labelled, vascularity};
use crate::frame::{Frame, HEIGHT, MARGIN, Pose, WIDTH};
use crate::grid::{Map, noise};
use crate::mask::Mask;
use rating::manifest::DopplerMode;

/// Share of the synovium's area that flow covers, by vascular severity from 2.
const COVERAGE: [(f32, f32); 3] = [(2.0, 0.12), (3.0, 0.51), (4.0, 0.93)];
/// Cells of the machine's colour grid, mm.
const CELL_MM: (f32, f32) = (0.16, 0.11);
/// Smaller spots are not shown, mm2.
const SMALLEST_MM2: f32 = 0.015;
/// Noise keeps this far from the synovium, px: nobody could say where it lies.
const CLEARANCE_PX: usize = 4;

/// Flow as the Doppler picture shows it.
pub(crate) struct Flow {
    /// Inside the synovium: what the grade counts.
    pub counted: Mask,
    /// Feeding vessels and noise.
    pub uncounted: Mask,
    /// The grade of what is shown.
    pub vascularity: u8,
    /// The part of the scan in which the machine looks for flow.
    pub colour_box: ColourBox,
}

/// Where flow may be drawn, in the scan of the Doppler picture.
pub(crate) struct Scene<'a> {
    pub frame: Frame,
    pub pose: Pose,
    pub contents: &'a Contents,
    pub bones: &'a Bones,
    /// Synovium as this picture shows it.
    pub synovium: &'a Mask,
}

impl Flow {
    /// Flow of this vascular severity, in [0, 4).
    pub fn draw(scene: &Scene<'_>, severity: f32, mode: DopplerMode, chance: &mut Chance) -> Flow {
        let frame = scene.frame;
        let colour_box = ColourBox::draw(scene, chance);
        let mut synovium = scene.synovium.clone();
        synovium.keep(|at| colour_box.contains(at));

        let wanted = inside(&synovium, frame, severity, chance);
        let mut counted = shown(&wanted, frame, mode);
        counted.keep(|at| synovium.set[at]);
        drop_specks(&mut counted, frame);

        let mut vessels = Mask::empty(WIDTH, HEIGHT);
        let with_vessel = if severity >= 1.0 { 0.45 } else { 0.22 };
        if chance.happens(with_vessel) {
            add_vessel(&mut vessels, scene, chance);
        }
        add_noise(&mut vessels, frame, chance);
        let near = scene.synovium.grown(CLEARANCE_PX);
        vessels.keep(|at| !near.set[at]);
        let mut uncounted = shown(&vessels, frame, mode);
        let touching = scene.synovium.grown(1);
        uncounted.keep(|at| !touching.set[at] && colour_box.contains(at));
        drop_specks(&mut uncounted, frame);

        let vascularity = vascularity(&counted, &synovium, frame.mm_per_px);
        Flow { counted, uncounted, vascularity, colour_box }
    }
}

/// Flow inside the synovium before the machine draws it.
fn inside(synovium: &Mask, frame: Frame, severity: f32, chance: &mut Chance) -> Mask {
    let room = synovium.eroded();
    let mut flow = if severity < 1.0 {
        Mask::empty(WIDTH, HEIGHT)
    } else if severity < 2.0 {
        spots(&room, frame, severity - 1.0, chance)
    } else {
        let wanted = broken_line(severity, &COVERAGE) * synovium.count() as f32;
        patches(&room, frame, wanted as usize, chance)
    };
    flow.keep(|at| room.set[at]);
    flow
}

/// The spots of a grade 1 joint, more and larger ones with its severity.
fn spots(room: &Mask, frame: Frame, fraction: f32, chance: &mut Chance) -> Mask {
    const SINGLE_AND_CONFLUENT: [(usize, usize); 8] =
        [(1, 0), (1, 0), (2, 0), (0, 1), (3, 0), (1, 1), (2, 1), (0, 2)];
    let (single, confluent) = SINGLE_AND_CONFLUENT[((fraction * 8.0) as usize).min(7)];
    let mut flow = Mask::empty(room.width, room.height);
    let pixels = room.pixels();
    let mut taken: Vec<(f32, f32)> = Vec::new();
    for number in 0..single + confluent {
        let Some(centre) = free_place(&pixels, &taken, frame.px(0.85), chance) else {
            break;
        };
        taken.push(centre);
        if number >= single {
            for step in [-0.32, 0.0, 0.32] {
                let radius = frame.px(chance.between(0.20, 0.28));
                let x = centre.0 + frame.px(step);
                flow.add_ellipse((x, centre.1), (radius, 0.9 * radius));
                taken.push((x, centre.1));
            }
        } else {
            let radius = frame.px(chance.between(0.17, 0.27));
            flow.add_ellipse(centre, (radius, radius * chance.between(0.75, 1.0)));
        }
    }
    flow
}

/// A place at least this far from those taken; `None` when there is no room.
fn free_place(
    pixels: &[(usize, usize)],
    taken: &[(f32, f32)],
    apart_px: f32,
    chance: &mut Chance,
) -> Option<(f32, f32)> {
    if pixels.is_empty() {
        return None;
    }
    for _ in 0..60 {
        let (x, y) = pixels[chance.below(pixels.len())];
        let (x, y) = (x as f32, y as f32);
        if taken.iter().all(|(a, b)| (x - a).hypot(y - b) >= apart_px) {
            return Some((x, y));
        }
    }
    None
}

/// Smooth patches over this many pixels.
fn patches(room: &Mask, frame: Frame, wanted: usize, chance: &mut Chance) -> Mask {
    let field = noise(WIDTH, HEIGHT, frame.px(0.42), frame.px(0.28), chance);
    let mut inside: Vec<f32> =
        (0..room.set.len()).filter(|&at| room.set[at]).map(|at| field.values[at]).collect();
    inside.sort_by(|one, other| other.total_cmp(one));
    let mut flow = room.clone();
    if let Some(&least) = inside.get(wanted) {
        flow.keep(|at| field.values[at] > least);
    }
    flow
}

/// One feeding vessel: in the subcutis, between tendon and synovium, or on the
/// bone.
fn add_vessel(flow: &mut Mask, scene: &Scene<'_>, chance: &mut Chance) {
    let frame = scene.frame;
    let contents = scene.contents;
    let kind = chance.unit();
    let share = chance.between(0.25, 0.75);
    let level = |at: usize| {
        if kind < 0.60 {
            contents.dermis[at] + share * (contents.tendon_top[at] - contents.dermis[at])
        } else if kind < 0.85 {
            contents.tendon_low[at] + 0.5 * (contents.capsule[at] - contents.tendon_low[at])
        } else {
            scene.bones.bone[at] - 0.1
        }
    };
    let middle = 0.5 * (scene.bones.head_top.0 + scene.bones.base_top.0);
    let start = middle + chance.normal(0.0, 3.2);
    let length = chance.between(0.6, 2.4);
    let slope = chance.normal(0.0, 0.15);
    let radius = chance.between(0.13, 0.26);
    let links = (length / 0.15) as usize + 1;
    for link in 0..links {
        let along = 0.15 * link as f32;
        let column =
            frame.tissue_column(start + along).clamp(0.0, (contents.skin.len() - 1) as f32);
        let depth = level(column as usize) + slope * along;
        let (x, y) = scene.pose.picture_at((column, frame.row(depth)));
        let radius = frame.px(radius * chance.between(0.8, 1.2));
        flow.add_ellipse((x - MARGIN as f32, y), (radius, 0.8 * radius));
    }
}

/// Tiny specks anywhere in the tissue.
fn add_noise(flow: &mut Mask, frame: Frame, chance: &mut Chance) {
    let rate = 2.0 * chance.exponential();
    for _ in 0..chance.poisson(rate.min(12.0)) {
        let centre =
            (chance.between(40.0, WIDTH as f32 - 40.0), frame.row(chance.between(2.2, 11.0)));
        let radius = frame.px(chance.between(0.08, 0.16));
        flow.add_ellipse(centre, (radius, radius));
    }
}

/// Flow as the machine draws it: on its coarse colour grid, smoothed between
/// the cells. Power Doppler blooms more.
fn shown(flow: &Mask, frame: Frame, mode: DopplerMode) -> Mask {
    let threshold = match mode {
        DopplerMode::Cdus => 0.5,
        DopplerMode::Pdus => 0.42,
    };
    let cell = (frame.px(CELL_MM.0), frame.px(CELL_MM.1));
    let columns = (WIDTH as f32 / cell.0).ceil() as usize + 1;
    let rows = (HEIGHT as f32 / cell.1).ceil() as usize + 1;
    let mut covered = Map::filled(columns, rows, 0.0);
    let mut pixels = Map::filled(columns, rows, 0.0);
    let mut touched = Mask::empty(columns, rows);
    let cell_of = |column: usize, row: usize| {
        let (x, y) = (column as f32 / cell.0, row as f32 / cell.1);
        y as usize * columns + x as usize
    };
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            let at = cell_of(column, row);
            pixels.values[at] += 1.0;
            if flow.set[row * WIDTH + column] {
                covered.values[at] += 1.0;
                touched.set[at] = true;
            }
        }
    }
    for (covered, pixels) in covered.values.iter_mut().zip(&pixels.values) {
        *covered /= pixels.max(1.0);
    }
    let near = touched.grown(1);
    let mut drawn = Mask::empty(WIDTH, HEIGHT);
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            if near.set[cell_of(column, row)] {
                let x = (column as f32 + 0.5) / cell.0 - 0.5;
                let y = (row as f32 + 0.5) / cell.1 - 0.5;
                drawn.set[row * WIDTH + column] = covered.sample(x, y) > threshold;
            }
        }
    }
    drawn
}

/// Removes spots too small to be seen.
fn drop_specks(flow: &mut Mask, frame: Frame) {
    let least = SMALLEST_MM2 / (frame.mm_per_px * frame.mm_per_px);
    for spot in labelled(flow) {
        if (spot.len() as f32) < least {
            for at in spot {
                flow.set[at] = false;
            }
        }
    }
}
