//! The files of a pair and the tables of a cohort, as bytes and text; writing
//! them is the caller's.

use std::collections::BTreeMap;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::tiff::TiffEncoder;
use image::{DynamicImage, GrayImage, ImageResult, RgbImage};
use rating::manifest::{Row, ViewRef};
use rating::{Origin, Problem};

use crate::chance::Chance;
use crate::cohort::Site;
use crate::pair::{PhantomPair, Picture};
use crate::patient::Patient;

/// Quality of JPEG files, of 100.
const JPEG_QUALITY: u8 = 92;

/// Format of an image file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lossless and compressed.
    Png,
    /// At quality 92, colours at full resolution.
    Jpeg,
    /// Uncompressed.
    Tiff,
}

impl Format {
    /// Site A stores 7 of 10 pairs as PNG and the others as JPEG; site B 7 of
    /// 10 as JPEG and the others as TIFF.
    pub(crate) fn draw(site: Site, chance: &mut Chance) -> Format {
        match (site, chance.happens(0.7)) {
            (Site::A, true) => Format::Png,
            (Site::A, false) | (Site::B, true) => Format::Jpeg,
            (Site::B, false) => Format::Tiff,
        }
    }

    /// The ending of a file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Jpeg => "jpg",
            Format::Tiff => "tif",
        }
    }
}

/// The bytes of a picture's file. Pictures without colour are stored gray.
///
/// # Errors
/// When the encoder refuses, which no picture of this crate makes it do.
pub fn encode(image: &RgbImage, format: Format) -> Result<Vec<u8>, Problem> {
    let is_gray = image.pixels().all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]);
    let picture = DynamicImage::ImageRgb8(image.clone());
    encoded(&if is_gray { DynamicImage::ImageLuma8(picture.to_luma8()) } else { picture }, format)
}

fn encode_mask(mask: &GrayImage) -> Result<Vec<u8>, Problem> {
    encoded(&DynamicImage::ImageLuma8(mask.clone()), Format::Png)
}

fn encoded(picture: &DynamicImage, format: Format) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let result: ImageResult<()> = match format {
        Format::Png => picture.write_with_encoder(PngEncoder::new_with_quality(
            &mut bytes,
            CompressionType::Fast,
            FilterType::Adaptive,
        )),
        Format::Jpeg => {
            picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))
        }
        Format::Tiff => picture.write_with_encoder(TiffEncoder::new(Cursor::new(&mut bytes))),
    };
    result.map_err(|error| Problem::new(format!("the picture cannot be encoded: {error}")))?;
    Ok(bytes)
}

/// The path of a pair's picture, relative to its manifest.
#[must_use]
pub fn picture_path(pair: &PhantomPair, modality: &str) -> String {
    format!("images/{}-{modality}.{}", pair.pair_id, pair.format.extension())
}

/// Every file of a pair with its path relative to the manifest: two pictures
/// and three masks.
///
/// # Errors
/// When an encoder refuses, which no pair of this crate makes it do.
pub fn files(pair: &PhantomPair) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let mask = |kind: &str, mask: &GrayImage| {
        encode_mask(mask).map(|bytes| (format!("truth/{}_{kind}.png", pair.pair_id), bytes))
    };
    Ok(vec![
        (picture_path(pair, "grayscale"), encode(&pair.grayscale.image, pair.format)?),
        (picture_path(pair, "doppler"), encode(&pair.doppler.image, pair.format)?),
        mask("synovium", &pair.truth.synovium)?,
        mask("effusion", &pair.truth.effusion)?,
        mask("flow", &pair.truth.flow)?,
    ])
}

/// The pair's row of `manifest.csv`: the readers' reference grades, the true
/// ones in columns of their own that nothing reads.
#[must_use]
pub fn manifest_row(pair: &PhantomPair) -> Row {
    let view = |modality: &str, picture: &Picture| ViewRef {
        path: picture_path(pair, modality),
        roi: picture.roi,
    };
    let truth = pair.true_grades;
    Row {
        line: None,
        pair_id: pair.pair_id.clone(),
        patient_id: Some(pair.patient.id.clone()),
        cohort: pair.cohort.clone(),
        origin: Origin::Phantom,
        unit: Some(pair.joint.unit.clone()),
        side: Some(pair.joint.side),
        hospital: Some(pair.patient.hospital.clone()),
        device: Some(pair.patient.device.clone()),
        views: vec![view("grayscale", &pair.grayscale), view("doppler", &pair.doppler)],
        doppler_mode: Some(pair.mode),
        grades: vec![Some(pair.reference.synovial_hypertrophy), Some(pair.reference.vascularity)],
        sex: Some(pair.patient.sex.clone()),
        age: Some(pair.patient.age),
        operator: Some(pair.patient.operator.clone()),
        visit: None,
        fold: None,
        extra: BTreeMap::from([
            ("x_true_sh".to_owned(), truth.synovial_hypertrophy.to_string()),
            ("x_true_vascularity".to_owned(), truth.vascularity.to_string()),
        ]),
    }
}

/// The header of `readings.csv`.
pub const READINGS_HEADER: &str = "pair_id,reader_id,stage,measurement,grade,time\n";

/// The rows of a pair in `readings.csv`.
#[must_use]
pub fn readings_rows(pair: &PhantomPair) -> String {
    let mut rows = String::new();
    for reading in &pair.readings {
        let grades = [
            ("synovial_hypertrophy", reading.grades.synovial_hypertrophy),
            ("vascularity", reading.grades.vascularity),
        ];
        for (measurement, grade) in grades {
            let (reader, stage) = (&reading.reader_id, reading.stage.word());
            rows += &format!(
                "{},{reader},{stage},{measurement},{grade},{}\n",
                pair.pair_id, reading.time
            );
        }
    }
    rows
}

/// The text of `patients.csv`; a patient given more than once stands once.
#[must_use]
pub fn patients_csv<'p>(patients: impl IntoIterator<Item = &'p Patient>) -> String {
    let mut text = String::from("patient_id,disease_duration_years,das28\n");
    let mut last = None;
    for patient in patients {
        if last.replace(&patient.id) != Some(&patient.id) {
            let Patient { id, disease_duration_years, das28, .. } = patient;
            text += &format!("{id},{disease_duration_years},{das28}\n");
        }
    }
    text
}
