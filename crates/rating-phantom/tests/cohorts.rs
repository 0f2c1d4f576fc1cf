//! What must hold of drawn cohorts, checked on a few hundred pairs.

use std::sync::OnceLock;

use image::{GrayImage, Rgb, RgbImage};
use rating::Seed;
use rating::manifest::Manifest;
use rating::{Protocol, Roi};
use rating_phantom::{
    Cohort, Format, Grades, JointPlan, PhantomPair, Stage, encode, files, manifest_row,
    patients_csv, readings_rows,
};

/// What the tests want to know of a pair, so that the pictures need not stay.
struct Summary {
    grades: Grades,
    reference: Grades,
    first_readings: Vec<Grades>,
    is_mcp: bool,
    roi_width: f64,
    roi_height: f64,
    roi_width_doppler: f64,
    coloured_in_roi: usize,
    flow_px: usize,
    flow_outside_synovium_px: usize,
    flow_not_coloured_px: usize,
    weakly_coloured_px: usize,
    coloured_gray_picture_px: usize,
}

/// 500 pairs of both kinds of Doppler.
fn summaries() -> &'static [Summary] {
    static SUMMARIES: OnceLock<Vec<Summary>> = OnceLock::new();
    SUMMARIES.get_or_init(|| {
        let train = Cohort { patients: 42, pairs: 300, ..Cohort::train(Seed::new(77)) };
        let external = Cohort { patients: 28, pairs: 200, ..Cohort::external(Seed::new(77)) };
        let mut plan = train.plan().unwrap();
        plan.extend(external.plan().unwrap());
        plan.iter().map(|joint| summary(&joint.draw())).collect()
    })
}

fn summary(pair: &PhantomPair) -> Summary {
    let doppler = &pair.doppler.image;
    let flow = pixels(&pair.truth.flow);
    let synovium = &pair.truth.synovium_in_doppler;
    let in_roi = |picture: &RgbImage, roi: Roi| -> Vec<Rgb<u8>> {
        let inside =
            |x, y| (roi.left()..roi.right()).contains(&x) && (roi.top()..roi.bottom()).contains(&y);
        picture.enumerate_pixels().filter(|(x, y, _)| inside(*x, *y)).map(|(_, _, p)| *p).collect()
    };
    let coloured = in_roi(doppler, pair.doppler.roi);
    let gray = in_roi(&pair.grayscale.image, pair.grayscale.roi);
    Summary {
        grades: pair.true_grades,
        reference: pair.reference,
        first_readings: pair
            .readings
            .iter()
            .filter(|reading| reading.stage == Stage::First)
            .map(|reading| reading.grades)
            .collect(),
        is_mcp: pair.joint.unit.starts_with("MCP"),
        roi_width: f64::from(pair.grayscale.roi.width()),
        roi_height: f64::from(pair.grayscale.roi.height()),
        roi_width_doppler: f64::from(pair.doppler.roi.width()),
        coloured_in_roi: coloured.iter().filter(|pixel| is_masked(pixel)).count(),
        flow_px: flow.len(),
        flow_outside_synovium_px: flow
            .iter()
            .filter(|(x, y)| synovium.get_pixel(*x, *y).0[0] == 0)
            .count(),
        flow_not_coloured_px: flow
            .iter()
            .filter(|(x, y)| !is_masked(doppler.get_pixel(*x, *y)))
            .count(),
        weakly_coloured_px: coloured.iter().filter(|p| !is_gray(p) && !is_masked(p)).count(),
        coloured_gray_picture_px: gray.iter().filter(|pixel| !is_gray(pixel)).count(),
    }
}

fn pixels(mask: &GrayImage) -> Vec<(u32, u32)> {
    mask.enumerate_pixels().filter(|(_, _, p)| p.0[0] > 0).map(|(x, y, _)| (x, y)).collect()
}

/// The method's Doppler mask: HSV saturation above 40 %, largest channel at
/// least 40 (method, section 3).
fn is_masked(Rgb(channels): &Rgb<u8>) -> bool {
    let most = f64::from(*channels.iter().max().unwrap());
    let least = f64::from(*channels.iter().min().unwrap());
    most >= 40.0 && (255.0 * (most - least) / most).round() > 102.0
}

fn is_gray(Rgb([red, green, blue]): &Rgb<u8>) -> bool {
    red == green && green == blue
}

fn share(holds: impl Fn(&Summary) -> bool) -> f64 {
    summaries().iter().filter(|pair| holds(pair)).count() as f64 / summaries().len() as f64
}

/// Correlation of two lists.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (mx, my) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let cross: f64 = pairs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    let (xx, yy): (f64, f64) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mx).powi(2), b + (y - my).powi(2)));
    cross / (xx * yy).sqrt()
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_any_order() {
    let cohort = Cohort { patients: 2, pairs: 4, ..Cohort::external(Seed::new(3)) };
    let forwards: Vec<_> =
        cohort.plan().unwrap().iter().map(|joint| files(&joint.draw()).unwrap()).collect();
    let mut backwards: Vec<_> =
        cohort.plan().unwrap().iter().rev().map(|joint| files(&joint.draw()).unwrap()).collect();
    backwards.reverse();
    assert!(forwards == backwards);
    let other = Cohort { seed: Seed::new(4), ..cohort };
    assert!(files(&other.plan().unwrap()[0].draw()).unwrap() != forwards[0]);
}

#[test]
fn grades_come_in_about_the_recipe_s_mix() {
    // Patients differ, so the mix of 70 of them scatters widely.
    for (grade, expected) in (0..4_u8).zip([0.40, 0.25, 0.20, 0.15]) {
        let found = share(|pair| pair.grades.synovial_hypertrophy == grade);
        assert!((found - expected).abs() < 0.09, "hypertrophy {grade}: {found}");
    }
    for (grade, expected) in (0..4_u8).zip([0.53, 0.20, 0.09, 0.18]) {
        let found = share(|pair| pair.grades.vascularity == grade);
        assert!((found - expected).abs() < 0.09, "vascularity {grade}: {found}");
    }
}

#[test]
fn two_readers_agree_on_60_to_85_percent() {
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let agreement = share(|pair| {
            pair.first_readings[one].combined() == pair.first_readings[other].combined()
        });
        assert!((0.60..=0.85).contains(&agreement), "{agreement}");
    }
}

#[test]
fn the_reference_is_valid_and_seldom_wrong() {
    assert_eq!(
        share(|pair| pair.reference.synovial_hypertrophy == 0 && pair.reference.vascularity > 0),
        0.0
    );
    assert_eq!(
        share(|pair| pair.grades.synovial_hypertrophy == 0 && pair.grades.vascularity > 0),
        0.0
    );
    let wrong = share(|pair| pair.reference.combined() != pair.grades.combined());
    assert!((0.04..0.14).contains(&wrong), "{wrong}");
}

#[test]
fn the_roi_does_not_tell_the_grade() {
    for is_mcp in [true, false] {
        let joints: Vec<&Summary> =
            summaries().iter().filter(|pair| pair.is_mcp == is_mcp).collect();
        for size in [
            |p: &Summary| p.roi_width,
            |p: &Summary| p.roi_height,
            |p: &Summary| p.roi_width_doppler,
        ] {
            let against: Vec<(f64, f64)> = joints
                .iter()
                .map(|pair| (size(pair), f64::from(pair.grades.synovial_hypertrophy)))
                .collect();
            let r = correlation(&against);
            assert!(r.abs() < 0.22, "{r} over {}", against.len());
        }
    }
}

#[test]
fn flow_lies_in_the_synovium_and_is_painted_for_the_mask() {
    for pair in summaries() {
        assert_eq!(pair.flow_outside_synovium_px, 0);
        assert_eq!(pair.flow_not_coloured_px, 0);
        assert_eq!(pair.weakly_coloured_px, 0);
        assert_eq!(pair.coloured_gray_picture_px, 0);
        assert_eq!(pair.grades.vascularity == 0, pair.flow_px == 0);
    }
}

#[test]
fn colour_alone_does_not_tell_vascularity() {
    let without_flow = share(|pair| pair.grades.vascularity == 0);
    let without_flow_coloured =
        share(|pair| pair.grades.vascularity == 0 && pair.coloured_in_roi > 0);
    let coloured = without_flow_coloured / without_flow;
    assert!((0.25..0.85).contains(&coloured), "{coloured}");
    assert!(share(|pair| pair.flow_px > 0 && pair.coloured_in_roi == 0) < 0.01);
}

/// Whether the JPEG block of 8 x 8 pixels around a pixel is gray: colour may
/// leak within a block, not further.
fn block_is_gray(picture: &RgbImage, x: u32, y: u32) -> bool {
    let (left, top) = (x / 8 * 8, y / 8 * 8);
    (top..(top + 8).min(picture.height()))
        .all(|y| (left..(left + 8).min(picture.width())).all(|x| is_gray(picture.get_pixel(x, y))))
}

#[test]
fn a_jpeg_makes_no_flow() {
    let cohort = Cohort { patients: 6, pairs: 24, ..Cohort::train(Seed::new(8)) };
    for joint in cohort.plan().unwrap() {
        let pair = joint.draw();
        let bytes = encode(&pair.doppler.image, Format::Jpeg).unwrap();
        let stored = image::load_from_memory(&bytes).unwrap().to_rgb8();
        let mut strayed = 0;
        for (x, y, pixel) in stored.enumerate_pixels() {
            if is_masked(pixel) && block_is_gray(&pair.doppler.image, x, y) {
                strayed += 1;
            }
        }
        assert_eq!(strayed, 0, "{}", pair.pair_id);
        let count =
            |picture: &RgbImage| picture.pixels().filter(|pixel| is_masked(pixel)).count() as f64;
        let (before, after) = (count(&pair.doppler.image), count(&stored));
        assert!((after - before).abs() <= 0.12 * before + 12.0, "{before} {after}");
    }
}

#[test]
fn every_file_is_read_back_with_its_size() {
    for cohort in [Cohort::train(Seed::new(5)), Cohort::external(Seed::new(5))] {
        let small = Cohort { patients: 2, pairs: 6, ..cohort };
        for joint in small.plan().unwrap() {
            let pair = joint.draw();
            let files = files(&pair).unwrap();
            assert_eq!(files.len(), 5);
            for (path, bytes) in files {
                assert!(bytes.len() < 1_000_000, "{path} has {} bytes", bytes.len());
                let picture = image::load_from_memory(&bytes).unwrap();
                let (width, height) = pair.doppler.image.dimensions();
                assert_eq!((picture.width(), picture.height()), (width, height), "{path}");
                assert!(pair.doppler.roi.check_within(width, height).is_ok());
            }
        }
    }
}

#[test]
fn tables_are_read_back() {
    let eoss = Protocol::eoss();
    let cohort = Cohort { patients: 3, pairs: 9, ..Cohort::prospective(Seed::new(6)) };
    let pairs: Vec<PhantomPair> = cohort.plan().unwrap().iter().map(JointPlan::draw).collect();
    let manifest = Manifest { rows: pairs.iter().map(manifest_row).collect() };
    let mut read = Manifest::parse(manifest.to_csv(&eoss).as_bytes(), &eoss).unwrap();
    assert_eq!(read.rows[8].line, Some(10));
    read.rows.iter_mut().for_each(|row| row.line = None);
    assert_eq!(read, manifest);
    let patients = patients_csv(pairs.iter().map(|pair| &pair.patient));
    assert_eq!(patients.lines().count(), 4);
    let readings: String = pairs.iter().map(readings_rows).collect();
    assert!(readings.lines().count() >= 9 * 6);
    assert!(readings.lines().all(|row| row.split(',').count() == 6));
}
