//! A pair: the images of one section of one joint, each with its ROI.

use image::RgbImage;

use crate::words::counted;
use crate::{Problem, Protocol, Roi};

/// One image of a pair, with the rectangle drawn on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    image: RgbImage,
    roi: Roi,
}

impl View {
    /// An image whose ROI lies within it.
    ///
    /// # Errors
    /// An ROI that reaches beyond the image.
    pub fn new(image: RgbImage, roi: Roi) -> Result<View, Problem> {
        roi.check_within(image.width(), image.height())?;
        Ok(View { image, roi })
    }

    /// The whole image, 8-bit RGB, as decoded.
    #[must_use]
    pub fn image(&self) -> &RgbImage {
        &self.image
    }

    /// The rectangle, always within the image.
    #[must_use]
    pub fn roi(&self) -> Roi {
        self.roi
    }
}

/// One image per modality of the protocol, in the protocol's order: for EOSS
/// grayscale, then Doppler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    id: String,
    views: Vec<View>,
}

impl Pair {
    /// A pair with an image for each modality.
    ///
    /// # Errors
    /// Fewer or more images than the protocol has modalities.
    pub fn new(
        id: impl Into<String>,
        views: Vec<View>,
        protocol: &Protocol,
    ) -> Result<Pair, Problem> {
        let id = id.into();
        let wanted = protocol.modalities().len();
        if views.len() != wanted {
            return Err(Problem::new(format!(
                "pair {id} has {}, protocol {} wants {wanted}",
                counted(views.len(), "image", "images"),
                protocol.name()
            )));
        }
        Ok(Pair { id, views })
    }

    /// The name of the pair, unique in its manifest.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The images, in the protocol's order of modalities.
    #[must_use]
    pub fn views(&self) -> &[View] {
        &self.views
    }
}
