//! Augmentation: the small changes that training makes to a view (method,
//! section 3).

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::Problem;
use crate::protocol::Colour;

/// One set of changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    /// Shift of the ROI centre to the right, as a fraction of the ROI's width.
    pub shift_x: f64,
    /// Shift of the ROI centre downwards, as a fraction of the ROI's height.
    pub shift_y: f64,
    /// Factor on the ROI's width.
    pub scale_x: f64,
    /// Factor on the ROI's height.
    pub scale_y: f64,
    /// Factor on the brightness of gray pixels.
    pub brightness: f64,
    /// Factor on the distance of gray pixels from their mean.
    pub contrast: f64,
    /// Turn about the ROI centre, counter-clockwise.
    pub rotation_degrees: f64,
}

impl Augmentation {
    /// No change: what scoring and explaining use.
    pub const NONE: Augmentation = Augmentation {
        shift_x: 0.0,
        shift_y: 0.0,
        scale_x: 1.0,
        scale_y: 1.0,
        brightness: 1.0,
        contrast: 1.0,
        rotation_degrees: 0.0,
    };
}

/// How far augmentation goes in views of one kind of colour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranges {
    /// Largest shift of the ROI centre in each direction, as a fraction of the
    /// ROI's size, 0 to 0.5.
    pub shift: f64,
    /// Smallest and largest factor on the ROI's size, 0.25 to 4; width and
    /// height are drawn separately.
    pub scale: [f64; 2],
    /// Largest change of brightness and of contrast, 0 to 0.9; 0.25 draws
    /// factors of 0.75 to 1.25.
    pub jitter: f64,
    /// Largest turn to either side, 0 to 45. 0 is the paper's; the authors' code
    /// turns by up to 5 degrees.
    pub rotation_degrees: f64,
}

/// The ranges for gray views and for Doppler views.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// For gray views.
    pub grayscale: Ranges,
    /// For views whose colour counts.
    pub doppler: Ranges,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            grayscale: Ranges {
                shift: 0.1,
                scale: [0.8, 1.1],
                jitter: 0.25,
                rotation_degrees: 0.0,
            },
            doppler: Ranges { shift: 0.0, scale: [0.9, 1.1], jitter: 0.25, rotation_degrees: 0.0 },
        }
    }
}

impl Settings {
    /// The ranges for a view of this colour.
    #[must_use]
    pub fn ranges(&self, colour: Colour) -> &Ranges {
        match colour {
            Colour::Gray => &self.grayscale,
            Colour::Keep | Colour::DopplerMask => &self.doppler,
        }
    }

    /// Checks what a configuration asks for.
    ///
    /// # Errors
    /// A range outside what [`Ranges`] states.
    pub fn check(&self) -> Result<(), Problem> {
        self.grayscale.check().map_err(|problem| named("grayscale", problem))?;
        self.doppler.check().map_err(|problem| named("doppler", problem))
    }
}

fn named(table: &str, mut problem: Problem) -> Problem {
    problem.column = problem.column.map(|column| format!("{table}.{column}"));
    problem
}

impl Ranges {
    /// Ranges that change nothing.
    pub const NONE: Ranges =
        Ranges { shift: 0.0, scale: [1.0, 1.0], jitter: 0.0, rotation_degrees: 0.0 };

    /// One augmentation, each part drawn evenly from its range.
    ///
    /// Seven numbers are drawn whatever the ranges are, so that changing one
    /// range leaves the other parts as they were.
    pub fn draw(&self, rng: &mut impl Rng) -> Augmentation {
        let mut between = |least: f64, most: f64| least + (most - least) * rng.random::<f64>();
        let [least, most] = self.scale;
        Augmentation {
            shift_x: between(-self.shift, self.shift),
            shift_y: between(-self.shift, self.shift),
            scale_x: between(least, most),
            scale_y: between(least, most),
            brightness: between(1.0 - self.jitter, 1.0 + self.jitter),
            contrast: between(1.0 - self.jitter, 1.0 + self.jitter),
            rotation_degrees: between(-self.rotation_degrees, self.rotation_degrees),
        }
    }

    fn check(&self) -> Result<(), Problem> {
        let [least, most] = self.scale;
        let wrong = |key: &str, allowed: &str| {
            Err(Problem::new(format!("{key} is outside {allowed}")).in_column(key))
        };
        if !(0.0..=0.5).contains(&self.shift) {
            return wrong("shift", "0 to 0.5");
        }
        if !(0.25..=4.0).contains(&least) || !(least..=4.0).contains(&most) {
            return wrong("scale", "0.25 to 4, smaller first");
        }
        if !(0.0..=0.9).contains(&self.jitter) {
            return wrong("jitter", "0 to 0.9");
        }
        if !(0.0..=45.0).contains(&self.rotation_degrees) {
            return wrong("rotation_degrees", "0 to 45");
        }
        Ok(())
    }
}

/// Brightness and contrast as a table of the 256 values.
#[derive(Debug, Clone)]
pub(crate) struct Jitter {
    /// `None` where nothing changes.
    table: Option<[u8; 256]>,
}

impl Jitter {
    /// Brightness first, then contrast about the mean luma as brightness left
    /// it; rounded and clipped once, at the end.
    pub(crate) fn new(augmentation: &Augmentation, mean_luma: f64) -> Jitter {
        let Augmentation { brightness, contrast, .. } = *augmentation;
        if brightness == 1.0 && contrast == 1.0 {
            return Jitter { table: None };
        }
        let changed = |value: usize| {
            let value = brightness * (mean_luma + contrast * (value as f64 - mean_luma));
            // A float to u8 cast clips to 0-255, and takes NaN to 0.
            value.round() as u8
        };
        Jitter { table: Some(std::array::from_fn(changed)) }
    }

    /// The changed value.
    pub(crate) fn of(&self, value: u8) -> u8 {
        self.table.as_ref().map_or(value, |table| table[usize::from(value)])
    }

    /// Changes all samples.
    pub(crate) fn apply(&self, samples: &mut [u8]) {
        if let Some(table) = &self.table {
            for value in samples {
                *value = table[usize::from(*value)];
            }
        }
    }

    /// Changes the three samples of each pixel for which `chosen` is true.
    pub(crate) fn apply_where(&self, rgb: &mut [u8], chosen: impl Fn(usize) -> bool) {
        if let Some(table) = &self.table {
            for (index, pixel) in rgb.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                if chosen(index) {
                    *pixel = pixel.map(|value| table[usize::from(value)]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn drawn_parts_stay_in_their_ranges_and_fill_them() {
        let ranges = Settings::default().grayscale;
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<Augmentation> = (0..2000).map(|_| ranges.draw(&mut rng)).collect();
        let extent = |part: fn(&Augmentation) -> f64| {
            let parts = drawn.iter().map(part);
            (parts.clone().fold(f64::MAX, f64::min), parts.fold(f64::MIN, f64::max))
        };
        let near = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            a >= c && b <= d && (a - c).abs() < 0.005 && (b - d).abs() < 0.005
        };
        assert!(near(extent(|a| a.shift_x), (-0.1, 0.1)));
        assert!(near(extent(|a| a.scale_y), (0.8, 1.1)));
        assert!(near(extent(|a| a.brightness), (0.75, 1.25)));
        assert_eq!(extent(|a| a.rotation_degrees), (0.0, 0.0));
    }

    #[test]
    fn one_range_does_not_move_the_others() {
        let draw = |ranges: &Ranges| ranges.draw(&mut ChaCha8Rng::seed_from_u64(3));
        let without = Ranges { jitter: 0.0, ..Settings::default().grayscale };
        let with = Settings::default().grayscale;
        assert_eq!(draw(&with).scale_y, draw(&without).scale_y);
        assert_eq!(draw(&Ranges::NONE), Augmentation::NONE);
    }

    #[test]
    fn jitter_by_hand() {
        // Mean 100, contrast 0.5, brightness 1.2: 60 -> 1.2 (100 - 20) = 96.
        let augmentation = Augmentation { brightness: 1.2, contrast: 0.5, ..Augmentation::NONE };
        let jitter = Jitter::new(&augmentation, 100.0);
        assert_eq!((jitter.of(60), jitter.of(100), jitter.of(255)), (96, 120, 213));
        let bright = Augmentation { brightness: 1.25, ..Augmentation::NONE };
        assert_eq!(Jitter::new(&bright, 100.0).of(230), 255);
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused_by_key() {
        let mut settings = Settings::default();
        assert!(settings.check().is_ok());
        settings.doppler.scale = [1.1, 0.9];
        let problem = settings.check().unwrap_err().to_string();
        assert!(problem.starts_with("column doppler.scale: "), "{problem}");
        settings.doppler.scale = [f64::NAN, 1.0];
        assert!(settings.check().is_err());
    }
}
