//! The page of one explained pair.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};
use rating::Origin;

use crate::cards::Picture;
use crate::demo::{Fact, facts};
use crate::label::Label;
use crate::page::{Section, page};
use crate::spoken;

/// Everything on the page of one explained pair.
#[derive(Debug, Clone, Copy)]
pub struct HeatmapPage<'a> {
    /// The pair.
    pub pair_id: &'a str,
    /// The most doubtful of pair and networks.
    pub origin: Origin,
    /// Stands under every map.
    pub caption: &'a str,
    /// The whole image of each modality under its veil.
    pub pictures: &'a [Picture],
    /// How it was made.
    pub facts: &'a [Fact],
}

/// The heatmaps of one pair as a self-contained HTML page, the caption under
/// each.
#[must_use]
pub fn heatmap_page(page_of: &HeatmapPage<'_>) -> String {
    let label = Label::new(page_of.origin);
    let maps = html! {
        @for picture in page_of.pictures { (map(page_of, picture, label)) }
    };
    let sections = [
        Section { id: "maps".into(), title: "Maps".into(), body: maps },
        Section {
            id: "facts".into(),
            title: "How these maps were made".into(),
            body: facts(page_of.facts, label),
        },
    ];
    let lead = html! {
        p {
            "Integrated gradients of the networks that take the decision, mean over noisy copies of the pair. "
            "The yellow veil is as opaque as the influence. The line drawn over the image is the ROI; "
            "a scanner's colour box is part of the image."
        }
    };
    page(&format!("Heatmap of pair {}", page_of.pair_id), label, &lead, &sections)
}

fn map(page_of: &HeatmapPage<'_>, picture: &Picture, label: Label) -> Markup {
    let data = BASE64_STANDARD.encode(&picture.png);
    let name = spoken(&picture.name);
    let words =
        format!("{}heatmap over the {name} image of pair {}", label.prefix(), page_of.pair_id);
    html! {
        figure {
            img src={ "data:image/png;base64," (data) } alt=(words);
            figcaption { (label.opening()) span.name { (name) } (page_of.caption) }
        }
    }
}
