//! Image files written by hand or by the encoders of other crates.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};

/// A picture in which every pixel differs from its neighbours.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 37 + y * 11) as u8, (x * 5 + y * 83) as u8, (x * y * 3 + 128) as u8])
    })
}

pub fn png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

pub fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .write_image(image.as_raw(), image.width(), image.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// An uncompressed TIFF of one page, in one strip or, with colours in planes of
/// their own, in one strip for each.
#[derive(Clone)]
pub struct Tiff {
    pub big_endian: bool,
    pub width: u32,
    pub height: u32,
    /// PhotometricInterpretation: 0 white is zero, 1 black is zero, 2 RGB, 3
    /// palette, 5 CMYK.
    pub kind: u16,
    pub bits: u16,
    pub bands: u16,
    /// Further entries: tag and values of 16 bits.
    pub entries: Vec<(u16, Vec<u16>)>,
    pub pixels: Vec<u8>,
    /// Where the next page's directory begins; 0 is none.
    pub next_page: u32,
}

impl Tiff {
    pub fn new(size: (u32, u32), kind: u16, bits: u16, bands: u16, pixels: &[u8]) -> Tiff {
        Tiff {
            big_endian: false,
            width: size.0,
            height: size.1,
            kind,
            bits,
            bands,
            entries: Vec::new(),
            pixels: pixels.to_vec(),
            next_page: 0,
        }
    }

    pub fn with(mut self, tag: u16, values: &[u16]) -> Tiff {
        self.entries.push((tag, values.to_vec()));
        self
    }

    /// Header, directory, long values, pixels.
    pub fn bytes(&self) -> Vec<u8> {
        let mut entries = self.entries(0);
        let values_at = 8 + 2 + 12 * entries.len() as u32 + 4;
        let long_values = |entries: &[Entry]| -> usize {
            entries.iter().map(|entry| entry.value.len()).filter(|&length| length > 4).sum()
        };
        entries = self.entries(values_at + long_values(&entries) as u32);

        let mut file = if self.big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
        let mut tail: Vec<u8> = Vec::new();
        file.extend(self.long(8));
        file.extend(self.short(entries.len() as u16));
        for entry in entries {
            file.extend(self.short(entry.tag));
            file.extend(self.short(entry.field));
            file.extend(self.long(entry.count));
            if entry.value.len() > 4 {
                file.extend(self.long(values_at + tail.len() as u32));
                tail.extend(entry.value);
            } else {
                file.extend(entry.value.into_iter().chain([0; 4]).take(4));
            }
        }
        file.extend(self.long(self.next_page));
        file.extend(tail);
        file.extend(&self.pixels);
        file
    }

    /// The directory of a page whose pixels begin at `pixels_at`.
    fn entries(&self, pixels_at: u32) -> Vec<Entry> {
        let planar = self.entries.contains(&(284, vec![2]));
        let strips = if planar { u32::from(self.bands) } else { 1 };
        let strip_bytes = self.pixels.len() as u32 / strips;
        let offsets: Vec<u32> = (0..strips).map(|strip| pixels_at + strip * strip_bytes).collect();
        let mut entries = vec![
            self.longs(256, &[self.width]),
            self.longs(257, &[self.height]),
            self.shorts(258, &vec![self.bits; usize::from(self.bands)]),
            self.shorts(259, &[1]),
            self.shorts(262, &[self.kind]),
            self.longs(273, &offsets),
            self.shorts(277, &[self.bands]),
            self.longs(278, &[self.height]),
            self.longs(279, &vec![strip_bytes; strips as usize]),
        ];
        for (tag, values) in &self.entries {
            entries.retain(|known| known.tag != *tag);
            entries.push(self.shorts(*tag, values));
        }
        entries.sort_by_key(|entry| entry.tag);
        entries
    }

    fn shorts(&self, tag: u16, values: &[u16]) -> Entry {
        let value = values.iter().flat_map(|&value| self.short(value)).collect();
        Entry { tag, field: 3, count: values.len() as u32, value }
    }

    fn longs(&self, tag: u16, values: &[u32]) -> Entry {
        let value = values.iter().flat_map(|&value| self.long(value)).collect();
        Entry { tag, field: 4, count: values.len() as u32, value }
    }

    fn short(&self, value: u16) -> [u8; 2] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

/// One entry of a directory.
struct Entry {
    tag: u16,
    field: u16,
    count: u32,
    value: Vec<u8>,
}
