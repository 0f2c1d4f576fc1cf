//! Feature maps and the memory they are computed in.

/// A stack of channels: `[channels, height, width]`.
#[derive(Debug, Clone, Default)]
pub(super) struct FeatureMap {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) data: Vec<f32>,
}

impl FeatureMap {
    /// Makes it this large and zero everywhere, in the memory it has.
    pub(super) fn clear(&mut self, channels: usize, height: usize, width: usize) {
        (self.channels, self.height, self.width) = (channels, height, width);
        self.data.clear();
        self.data.resize(channels * height * width, 0.0);
    }

    /// Makes it a copy of another.
    pub(super) fn copy_from(&mut self, other: &FeatureMap) {
        (self.channels, self.height, self.width) = (other.channels, other.height, other.width);
        self.data.clone_from(&other.data);
    }

    /// Pixels of one channel.
    pub(super) fn area(&self) -> usize {
        self.height * self.width
    }

    /// One channel, row by row.
    pub(super) fn channel(&self, channel: usize) -> &[f32] {
        let area = self.area();
        &self.data[channel * area..(channel + 1) * area]
    }

    /// Negative values become zero.
    pub(super) fn relu(&mut self) {
        for value in &mut self.data {
            *value = value.max(0.0);
        }
    }
}

/// Memory for one forward pass at a time, kept from one to the next. Each
/// thread has its own.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) current: FeatureMap,
    pub(super) middle: FeatureMap,
    pub(super) next: FeatureMap,
    /// A part of the input laid out for the matrix product.
    pub(super) columns: Vec<f32>,
    /// A part of the output, before it is put where it belongs.
    pub(super) products: Vec<f32>,
}
