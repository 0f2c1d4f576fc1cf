//! A contact sheet: grayscale and Doppler side by side, one row a grade.
//!
//! `cargo run --release -p rating-phantom --example contact_sheet -- OUT.png [--roi] [SEED]`

use image::RgbImage;
use image::imageops::{FilterType, crop_imm, replace, resize};
use rating::Seed;
use rating_phantom::{Cohort, JointPlan, PhantomPair, Picture};

const COLUMNS: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("give the path of the sheet")?;
    let only_roi = arguments.iter().any(|argument| argument == "--roi");
    let seed = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let cohorts = [Cohort::train(Seed::new(seed)), Cohort::external(Seed::new(seed))];
    let (width, height) = if only_roi { (300, 165) } else { (420, 290) };
    let mut sheet = RgbImage::new(2 * width * COLUMNS as u32, 4 * height);
    for grade in 0..4_u8 {
        let mut found: Vec<PhantomPair> = Vec::new();
        for (cohort, wanted) in cohorts.iter().zip([3, 1]) {
            let plan = cohort.plan()?;
            // One joint a patient, so that the sheet shows different people.
            let pairs = plan.iter().step_by(7).map(JointPlan::draw);
            found.extend(
                pairs.filter(|pair| pair.true_grades.synovial_hypertrophy == grade).take(wanted),
            );
        }
        for (column, pair) in (0_i64..).zip(&found) {
            for (half, picture) in [(0, &pair.grayscale), (1, &pair.doppler)] {
                let shown = if only_roi { roi(picture) } else { picture.image.clone() };
                let small = resize(&shown, width - 4, height - 4, FilterType::Triangle);
                let x = (2 * column + half) * i64::from(width);
                replace(&mut sheet, &small, x, i64::from(u32::from(grade) * height));
            }
        }
    }
    sheet.save(path)?;
    Ok(())
}

/// The ROI with 15 % more on each side.
fn roi(picture: &Picture) -> RgbImage {
    let roi = picture.roi;
    let (dx, dy) = (roi.width() * 15 / 100, roi.height() * 15 / 100);
    crop_imm(
        &picture.image,
        roi.left().saturating_sub(dx),
        roi.top().saturating_sub(dy),
        roi.width() + 2 * dx,
        roi.height() + 2 * dy,
    )
    .to_image()
}
