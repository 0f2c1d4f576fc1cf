//! The machine's screen around a scan: text, scales and bars, all outside the
//! scan and so outside every ROI.

use image::{GrayImage, Luma, Rgb, RgbImage};

use rating::manifest::DopplerMode;

use crate::cohort::Site;
use crate::colour::bar_colour;
use crate::frame::{Frame, HEIGHT, WIDTH};
use crate::grid::Map;
use crate::mask::Mask;
use crate::text;

/// What stands on every picture.
pub const NOTICE: &str = "SIMULATED";

const BRIGHT: Rgb<u8> = Rgb([226, 226, 226]);
const DIM: Rgb<u8> = Rgb([148, 148, 148]);

/// A style of machine: where it puts what. Positions are pixels of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    pub name: &'static str,
    size: (u32, u32),
    background: u8,
    /// Upper left corner of the scan.
    pub scan_at: (u32, u32),
    notice_at: (u32, u32),
    header_at: (u32, u32),
    settings_at: (u32, u32),
    gray_bar_at: (u32, u32),
    colour_bar_at: (u32, u32),
    /// Whether depth ticks stand at the right of the scan, else at its left.
    ticks_right: bool,
}

const MACHINES_A: [Machine; 2] = [
    Machine {
        name: "phantom-scanner-a1",
        size: (560, 400),
        background: 0,
        scan_at: (84, 72),
        notice_at: (84, 10),
        header_at: (84, 30),
        settings_at: (84, 346),
        gray_bar_at: (24, 100),
        colour_bar_at: (520, 100),
        ticks_right: true,
    },
    Machine {
        name: "phantom-scanner-a2",
        size: (608, 372),
        background: 10,
        scan_at: (28, 64),
        notice_at: (470, 20),
        header_at: (28, 30),
        settings_at: (470, 220),
        gray_bar_at: (470, 64),
        colour_bar_at: (520, 64),
        ticks_right: false,
    },
];

const MACHINES_B: [Machine; 2] = [
    Machine {
        name: "phantom-scanner-b1",
        size: (520, 416),
        background: 22,
        scan_at: (52, 92),
        notice_at: (14, 14),
        header_at: (14, 40),
        settings_at: (120, 366),
        gray_bar_at: (16, 120),
        colour_bar_at: (488, 120),
        ticks_right: true,
    },
    Machine {
        name: "phantom-scanner-b2",
        size: (640, 384),
        background: 0,
        scan_at: (212, 56),
        notice_at: (16, 16),
        header_at: (212, 20),
        settings_at: (16, 120),
        gray_bar_at: (168, 56),
        colour_bar_at: (140, 200),
        ticks_right: true,
    },
];

/// What is written beside a scan.
pub(crate) struct Labels<'a> {
    pub joint: &'a str,
    pub side: &'a str,
    /// `Some` for a Doppler picture.
    pub doppler: Option<DopplerMode>,
    pub frame: Frame,
}

impl Machine {
    /// The machines of a site.
    pub fn of_site(site: Site) -> &'static [Machine] {
        match site {
            Site::A => &MACHINES_A,
            Site::B => &MACHINES_B,
        }
    }

    /// The screen with a scan of gray values from 0 to 1 in it.
    pub fn picture(&self, scan: &Map, labels: &Labels<'_>) -> RgbImage {
        let mut screen = RgbImage::from_pixel(self.size.0, self.size.1, gray(self.background));
        for row in 0..HEIGHT {
            for (column, value) in scan.row(row).iter().enumerate() {
                let (x, y) = self.on_screen(column, row);
                screen.put_pixel(x, y, gray((value * 255.0 + 0.5) as u8));
            }
        }
        self.write_labels(&mut screen, labels);
        self.draw_ticks(&mut screen, labels.frame);
        draw_bar(&mut screen, self.gray_bar_at, |height| gray((127.5 + 127.5 * height) as u8));
        if let Some(mode) = labels.doppler {
            draw_bar(&mut screen, self.colour_bar_at, |height| bar_colour(mode, height));
        }
        screen
    }

    /// A pixel of the scan on the screen.
    pub fn on_screen(&self, column: usize, row: usize) -> (u32, u32) {
        (self.scan_at.0 + column as u32, self.scan_at.1 + row as u32)
    }

    /// A mask of the scan as a picture of the screen's size: 255 in it, else 0.
    pub fn mask(&self, mask: &Mask) -> GrayImage {
        let mut picture = GrayImage::new(self.size.0, self.size.1);
        for (column, row) in mask.pixels() {
            let (x, y) = self.on_screen(column, row);
            picture.put_pixel(x, y, Luma([255]));
        }
        picture
    }

    fn write_labels(&self, screen: &mut RgbImage, labels: &Labels<'_>) {
        text::write(screen, NOTICE, self.notice_at, 3, BRIGHT);
        let header = format!("{} {}", labels.joint, labels.side);
        text::write(screen, &header, self.header_at, 2, BRIGHT);
        let device = (self.header_at.0 + text::width_px(&header, 2) + 24, self.header_at.1);
        text::write(screen, self.name, device, 2, DIM);
        let depth = format!("DEPTH {:.1} CM", labels.frame.z_mm(HEIGHT as f32) / 10.0);
        let doppler: &[&str] = match labels.doppler {
            None => &["B", "18 MHZ"],
            Some(DopplerMode::Cdus) => &["CF", "PRF 1.0 KHZ", "WF 80"],
            Some(DopplerMode::Pdus) => &["PD", "PRF 0.7 KHZ", "WF 37"],
        };
        let lines = std::iter::once(depth.as_str()).chain(doppler.iter().copied());
        for (line, words) in (0_u32..).zip(lines) {
            text::write(
                screen,
                words,
                (self.settings_at.0, self.settings_at.1 + 13 * line),
                2,
                DIM,
            );
        }
    }

    /// A tick each millimetre, a longer one each five.
    fn draw_ticks(&self, screen: &mut RgbImage, frame: Frame) {
        for tick in 0..=(frame.z_mm(HEIGHT as f32 - 1.0) as u32) {
            let row = frame.row(tick as f32).max(0.0).round() as u32;
            let length = if tick % 5 == 0 { 7 } else { 3 };
            let left = if self.ticks_right {
                self.scan_at.0 + WIDTH as u32 + 3
            } else {
                self.scan_at.0 - 3 - length
            };
            text::fill(screen, (left, self.scan_at.1 + row), (length, 1), BRIGHT);
        }
    }
}

fn gray(value: u8) -> Rgb<u8> {
    Rgb([value; 3])
}

/// A bar of 12 x 121 pixels, from height 1 at its top to -1.
fn draw_bar(screen: &mut RgbImage, at: (u32, u32), colour: impl Fn(f32) -> Rgb<u8>) {
    for row in 0..=120 {
        let height = 1.0 - row as f32 / 60.0;
        text::fill(screen, (at.0, at.1 + row), (12, 1), colour(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_over_the_scan() {
        let frame = Frame { mm_per_px: 0.06 };
        let scan = Map::filled(WIDTH, HEIGHT, 0.2);
        for machine in MACHINES_A.iter().chain(&MACHINES_B) {
            let labels =
                Labels { joint: "MCP2", side: "RIGHT", doppler: Some(DopplerMode::Cdus), frame };
            let picture = machine.picture(&scan, &labels);
            for row in 0..HEIGHT {
                for column in 0..WIDTH {
                    let (x, y) = machine.on_screen(column, row);
                    assert_eq!(
                        picture.get_pixel(x, y),
                        &gray(51),
                        "{} {column} {row}",
                        machine.name
                    );
                }
            }
        }
    }

    #[test]
    fn the_notice_fits_on_every_screen() {
        for machine in MACHINES_A.iter().chain(&MACHINES_B) {
            let right = machine.notice_at.0 + text::width_px(NOTICE, 3);
            assert!(right <= machine.size.0 + 3, "{}", machine.name);
        }
    }
}
