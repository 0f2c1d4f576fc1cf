//! Feature maps and the memory they are computed in.

/// A feature map, channels last: `[height, width, channels]`.
#[derive(Debug, Clone, Default)]
pub(super) struct FeatureMap {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    pub(super) data: Vec<f32>,
}

impl FeatureMap {
    /// Makes it this large and zero everywhere, in the memory it has.
    pub(super) fn clear(&mut self, height: usize, width: usize, channels: usize) {
        (self.height, self.width, self.channels) = (height, width, channels);
        self.data.clear();
        self.data.resize(height * width * channels, 0.0);
    }

    /// Makes it a copy of another.
    pub(super) fn copy_from(&mut self, other: &FeatureMap) {
        self.copy_padded(other, 0);
    }

    /// Makes it a copy of another with so many pixels of zeros around it.
    pub(super) fn copy_padded(&mut self, other: &FeatureMap, padding: usize) {
        let (height, width) = (other.height + 2 * padding, other.width + 2 * padding);
        self.clear(height, width, other.channels);
        let row = other.width * other.channels;
        let first = (padding * width + padding) * other.channels;
        let rows = self.data[first..].chunks_mut(width * other.channels);
        for (to, from) in rows.zip(other.data.chunks_exact(row)) {
            to[..row].copy_from_slice(from);
        }
    }

    /// Makes it a `[channels, height, width]` image.
    pub(super) fn copy_planes(&mut self, planes: &[f32], height: usize, width: usize) {
        let area = height * width;
        let channels = planes.len() / area;
        self.clear(height, width, channels);
        for (channel, plane) in planes.chunks_exact(area).enumerate() {
            for (pixel, &value) in self.data.chunks_exact_mut(channels).zip(plane) {
                pixel[channel] = value;
            }
        }
    }

    /// The channels of one pixel.
    pub(super) fn pixel(&self, row: usize, column: usize) -> &[f32] {
        &self.data[(row * self.width + column) * self.channels..][..self.channels]
    }

    /// Negative values become zero.
    pub(super) fn relu(&mut self) {
        relu(&mut self.data);
    }
}

/// Negative values become zero. What is no number stays none, so that a
/// diverged network is noticed; `max` would hide it.
pub(super) fn relu(values: &mut [f32]) {
    for value in values {
        *value = if *value < 0.0 { 0.0 } else { *value };
    }
}

/// Memory for one forward pass at a time, kept from one to the next. Each
/// thread has its own.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) current: FeatureMap,
    pub(super) middle: FeatureMap,
    pub(super) next: FeatureMap,
    pub(super) scratch: Scratch,
}

/// What a convolution needs meanwhile.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The input with its border of zeros.
    pub(super) padded: FeatureMap,
    /// A part of the input laid out for the matrix product.
    pub(super) patches: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_pixels_and_get_a_border() {
        let mut image = FeatureMap::default();
        image.copy_planes(&[1.0, 2.0, 3.0, 4.0], 1, 2);
        assert_eq!((image.height, image.width, image.channels), (1, 2, 2));
        assert_eq!(image.data, [1.0, 3.0, 2.0, 4.0]);

        let mut padded = FeatureMap::default();
        padded.copy_padded(&image, 1);
        assert_eq!((padded.height, padded.width, padded.channels), (3, 4, 2));
        assert_eq!(padded.pixel(1, 1), [1.0, 3.0]);
        assert_eq!(padded.pixel(1, 2), [2.0, 4.0]);
        assert_eq!(padded.data.iter().sum::<f32>(), 10.0);
    }
}
