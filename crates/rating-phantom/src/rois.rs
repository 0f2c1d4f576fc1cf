//! The rectangle a reader draws on a picture: from the bones, with jitter, and
//! never from what the joint contains.

use rating::Roi;

use crate::bones::Bones;
use crate::chance::Chance;
use crate::frame::{Frame, HEIGHT, MARGIN, Pose, WIDTH};

/// Distances from the middle of the tops to the sides, mm at size 1.
const LEFT_MM: f32 = 7.6;
const RIGHT_MM: f32 = 5.6;
const UP_MM: f32 = 3.7;
const DOWN_MM: f32 = 2.9;

/// Deviation of a side, mm, across and down.
const JITTER_MM: (f32, f32) = (0.08 * 8.0, 0.08 * 5.0);

/// The least width and height, px.
const SMALLEST_PX: f32 = 16.0;

/// The rectangle on a scan whose upper left corner lies at `origin` of the screen.
pub(crate) fn draw(
    frame: Frame,
    pose: Pose,
    bones: &Bones,
    origin: (u32, u32),
    chance: &mut Chance,
) -> Roi {
    let middle_x = 0.5 * (bones.head_top.0 + bones.base_top.0);
    let middle_z = 0.5 * (bones.head_top.1 + bones.base_top.1);
    let (x, y) = pose.picture_at((frame.tissue_column(middle_x), frame.row(middle_z)));
    let (x, y) = (x - MARGIN as f32, y);
    let (width, height) = (WIDTH as f32, HEIGHT as f32);
    let mut side = |at: f32, by_mm: f32, jitter: f32, least: f32, most: f32| {
        let px = at + frame.px(by_mm * bones.size + chance.normal(0.0, jitter));
        px.round().clamp(least, most) as i64
    };
    // The clamps leave at least SMALLEST_PX between the sides.
    let left = side(x, -LEFT_MM, JITTER_MM.0, 0.0, width - SMALLEST_PX);
    let right = side(x, RIGHT_MM, JITTER_MM.0, left as f32 + SMALLEST_PX, width);
    let top = side(y, -UP_MM, JITTER_MM.1, 0.0, height - SMALLEST_PX);
    let bottom = side(y, DOWN_MM, JITTER_MM.1, top as f32 + SMALLEST_PX, height);
    let (x0, y0) = (i64::from(origin.0), i64::from(origin.1));
    Roi::new([x0 + left, y0 + top, x0 + right, y0 + bottom]).expect("the sides were kept in order")
}
