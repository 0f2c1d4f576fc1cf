//! Heatmaps: what an image contributed to one decision (paper, "Heatmaps";
//! method, section 6).
//!
//! Integrated gradients (Sundararajan et al. 2017) follow the straight line
//! from a baseline to the image and add up the gradient of a logit on the way;
//! SmoothGrad (Smilkov et al. 2017) takes the mean over noisy copies of the
//! image. Networks are asked elsewhere; here is what stands before and behind
//! them.
//!
//! | module | holds |
//! |---|---|
//! | [`quadrature`] | where on the line gradients are taken, and their weights |
//! | [`display`] | from signed maps to the one that is shown |
//! | [`overlay`] | back into the full image, as a yellow veil |
//! | [`likeness`] | how alike two maps are |
//! | [`audit`] | figures of many maps: can they be trusted? |
//! | [`truth`] | maps against known anatomy, and maps that know nothing |

pub mod audit;
pub mod display;
pub mod likeness;
pub mod overlay;
pub mod quadrature;
pub mod truth;

pub use quadrature::PathPoint;

use crate::Protocol;

/// What stands under every heatmap of this protocol, such as "Influence on
/// 'SH > 0' only; ..." ; `None` where the protocol names no decision to explain.
#[must_use]
pub fn caption(protocol: &Protocol) -> Option<String> {
    let heatmap = protocol.heatmap()?;
    let explained = &protocol.measurements()[protocol.measurement(&heatmap.measurement)?];
    let others: Vec<String> = protocol
        .measurements()
        .iter()
        .filter(|measurement| measurement.name != explained.name)
        .map(|measurement| measurement.name.replace('_', " "))
        .collect();
    let mut silent = others;
    if explained.tasks() > 1 {
        silent.push(if heatmap.above == 0 { "higher grades" } else { "other grades" }.to_owned());
    }
    let decision = format!("{} > {}", explained.short.to_uppercase(), heatmap.above);
    let silence = match silent.as_slice() {
        [] => String::new(),
        [one] => format!(" says nothing about {one};"),
        [most @ .., last] => format!(" says nothing about {} or {last};", most.join(", ")),
    };
    Some(format!("Influence on '{decision}' only;{silence} not lesion location."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caption_of_eoss() {
        assert_eq!(
            caption(&Protocol::eoss()).unwrap(),
            "Influence on 'SH > 0' only; says nothing about vascularity or higher grades; \
             not lesion location."
        );
    }
}
