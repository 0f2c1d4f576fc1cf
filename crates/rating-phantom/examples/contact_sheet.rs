//! A contact sheet: grayscale and Doppler side by side, one row a grade of
//! synovial hypertrophy.
//!
//! `cargo run --release -p rating-phantom --example contact_sheet -- OUT.png [screen|scan|roi] [COLUMNS] [SEED]`

use image::RgbImage;
use image::imageops::{FilterType, crop_imm, replace, resize};
use rating::Seed;
use rating_phantom::{Cohort, JointPlan, PhantomPair, Picture};

/// What of each picture is shown, and how large.
#[derive(Clone, Copy)]
struct Look {
    /// Margin around the ROI, in ROI sizes; `None` shows the whole screen.
    margin: Option<f64>,
    size: (u32, u32),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("give the path of the sheet")?;
    let look = match arguments.get(1).map(String::as_str) {
        None | Some("screen") => Look { margin: None, size: (420, 290) },
        Some("scan") => Look { margin: Some(0.35), size: (420, 230) },
        Some("roi") => Look { margin: Some(0.0), size: (260, 131) },
        Some(other) => return Err(format!("{other}: screen, scan or roi").into()),
    };
    let columns: usize = arguments.get(2).map_or(Ok(3), |text| text.parse())?;
    let seed = Seed::new(arguments.get(3).map_or(Ok(1), |text| text.parse())?);

    let (width, height) = look.size;
    let mut sheet = RgbImage::new(2 * width * columns as u32, 4 * height);
    for grade in 0..4_u8 {
        for (column, pair) in (0_i64..).zip(pairs_of_grade(grade, columns, seed)?) {
            for (half, picture) in [(0, &pair.grayscale), (1, &pair.doppler)] {
                let small =
                    resize(&shown(picture, look), width - 4, height - 4, FilterType::Triangle);
                let x = (2 * column + half) * i64::from(width);
                replace(&mut sheet, &small, x, i64::from(u32::from(grade) * height));
            }
        }
    }
    sheet.save(path)?;
    Ok(())
}

/// Pairs of a grade, the last one from the external cohort, each of another patient.
fn pairs_of_grade(
    grade: u8,
    count: usize,
    seed: Seed,
) -> Result<Vec<PhantomPair>, rating::Problem> {
    let mut found = Vec::new();
    for (cohort, wanted) in [(Cohort::train(seed), count - 1), (Cohort::external(seed), 1)] {
        let plan = cohort.plan()?;
        let pairs = plan.iter().step_by(7).map(JointPlan::draw);
        found.extend(
            pairs.filter(|pair| pair.true_grades.synovial_hypertrophy == grade).take(wanted),
        );
    }
    Ok(found)
}

fn shown(picture: &Picture, look: Look) -> RgbImage {
    let Some(margin) = look.margin else {
        return picture.image.clone();
    };
    let roi = picture.roi;
    let dx = (f64::from(roi.width()) * margin) as u32;
    let dy = (f64::from(roi.height()) * margin) as u32;
    let (left, top) = (roi.left().saturating_sub(dx), roi.top().saturating_sub(dy));
    crop_imm(&picture.image, left, top, roi.right() + dx - left, roi.bottom() + dy - top).to_image()
}
