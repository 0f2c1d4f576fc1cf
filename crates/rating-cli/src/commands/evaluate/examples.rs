//! Pairs that the commonest errors happened to, and those that MULTITUDE and majority
//! vote are apart on: by name, in small pictures, and
//! with the bundle at hand under their heatmaps.

use rating::evaluate::Evaluation;
use rating::heatmap::caption;
use rating::heatmap::overlay::{EFFUSION, SYNOVIUM, trace, veiled};
use rating::protocol::Colour;
use rating::scores::PairScore;
use rating::words::{counted, word};
use rating::{Pair, Protocol};
use rating_frozen::explain::{How, Mode};
use rating_frozen::{CpuScorer, Scorer};
use rating_report::{Card, ErrorExamples, Picture};

use crate::commands::pairs::BarControl;
use crate::commands::pictures::{grade_lines, thumbnail};
use crate::data::ManifestFile;
use crate::failure::Failure;

/// Width of a picture in pixels.
const WIDTH_PX: u32 = 280;
/// Bytes of all pictures together: as text on the page they are a third more,
/// and the page stays below five megabytes.
const MOST_BYTES: usize = 3_000_000;

/// What the page shows of errors.
#[derive(Debug, Default)]
pub struct Examples {
    cards: Vec<Card>,
    selection: String,
    heatmaps: Option<String>,
}

/// Where examples come from.
pub struct Source<'a> {
    pub protocol: &'a Protocol,
    pub file: &'a ManifestFile,
    pub scores: &'a [PairScore],
    /// Gives heatmaps, where there is one.
    pub scorer: Option<&'a CpuScorer>,
    /// Most pairs with pictures.
    pub most_pictures: usize,
}

impl Examples {
    /// Takes the pairs' pictures. Images that are not at hand are no error:
    /// scores can be evaluated without them.
    pub fn of(evaluation: &Evaluation, source: &Source<'_>) -> Result<Examples, Failure> {
        let named = named(evaluation);
        let shown = &named[..named.len().min(source.most_pictures)];
        let maps = Maps::new(source, shown.len())?;
        let mut examples = Examples::default();
        let (mut bytes, mut absent, mut left_out) = (0, 0, named.len() - shown.len());
        for (number, &pair_id) in shown.iter().enumerate() {
            let Some((at, score)) = source.find(pair_id) else { continue };
            let Ok(loaded) = source.file.load(at, source.protocol) else {
                absent += 1;
                continue;
            };
            let mut pictures = maps.pictures(number, &loaded.pair, source)?;
            pictures.extend(truth(pair_id, &loaded.pair, source)?);
            bytes += pictures.iter().map(|picture| picture.png.len()).sum::<usize>();
            if bytes > MOST_BYTES {
                left_out += shown.len() - number;
                break;
            }
            let row = &source.file.manifest.rows[at];
            examples.cards.push(Card {
                pair_id: pair_id.to_owned(),
                cohort: row.cohort.to_string(),
                pictures,
                lines: grade_lines(source.protocol, row, score),
            });
        }
        maps.finish();
        examples.heatmaps = maps.caption.filter(|_| !examples.cards.is_empty());
        examples.selection = selection(absent, left_out);
        Ok(examples)
    }

    /// As the page takes them.
    pub fn on_page<'a>(&'a self, protocol: &'a Protocol) -> ErrorExamples<'a> {
        ErrorExamples {
            protocol,
            cards: &self.cards,
            selection: &self.selection,
            heatmaps: self.heatmaps.as_deref(),
        }
    }
}

impl Source<'_> {
    /// Where a pair stands among the rows, and its score.
    fn find(&self, pair_id: &str) -> Option<(usize, &PairScore)> {
        let at = self.file.manifest.rows.iter().position(|row| row.pair_id == *pair_id)?;
        Some((at, self.scores.iter().find(|score| score.pair_id == *pair_id)?))
    }
}

/// Of a drawn joint the grayscale image with what is there: synovium and effusion
/// outlined as in the paper's Figure 7.
fn truth(pair_id: &str, pair: &Pair, source: &Source<'_>) -> Result<Option<Picture>, Failure> {
    let mut modalities = source.protocol.modalities().iter().zip(pair.views());
    let grayscale = modalities.find(|(modality, _)| modality.colour == Colour::Gray);
    let Some((modality, view)) = grayscale else { return Ok(None) };
    let mut picture = view.image().clone();
    let mut is_known = false;
    for (structure, colour) in [("synovium", SYNOVIUM), ("effusion", EFFUSION)] {
        if let Some(mask) = source.file.truth(pair_id, structure)? {
            trace(&mut picture, &mask, colour);
            is_known = true;
        }
    }
    if !is_known {
        return Ok(None);
    }
    let name = format!("{}, truth: synovium orange, effusion red", modality.name);
    Ok(Some(Picture { name, png: thumbnail(&picture, view.roi(), WIDTH_PX)? }))
}

/// The first pair of each list on the page, then the second of each, and so on, each
/// pair once: something of every list is seen before more of one.
pub fn named(evaluation: &Evaluation) -> Vec<&str> {
    let figures = || evaluation.cohorts.values().flat_map(|cohort| cohort.measurements.values());
    let errors = figures().flat_map(|figures| &figures.commonest_errors);
    let apart = figures().filter_map(|figures| figures.majority.as_ref());
    let apart = apart.flat_map(|of| [&of.only_multitude_right, &of.only_majority_right]);
    let lists: Vec<&[String]> = errors
        .map(|error| error.examples.as_slice())
        .chain(apart.map(|apart| apart.examples.as_slice()))
        .collect();
    let turns = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    let mut pairs: Vec<&str> = Vec::new();
    for turn in 0..turns {
        for pair in lists.iter().filter_map(|list| list.get(turn)) {
            if !pairs.contains(&pair.as_str()) {
                pairs.push(pair);
            }
        }
    }
    pairs
}

/// What is missing.
fn selection(absent: usize, left_out: usize) -> String {
    let mut words = String::new();
    if absent > 0 {
        words += &format!(" Images of {absent} of them are not at hand.");
    }
    if left_out > 0 {
        let (pairs, are) = (counted(left_out, "pair", "pairs"), word(left_out, "is", "are"));
        words += &format!(" {pairs} {are} named without pictures, to keep this page small.");
    }
    words
}

/// What takes the heatmaps.
struct Maps<'a> {
    scorer: Option<&'a CpuScorer>,
    control: Option<BarControl>,
    /// Pieces of work of each pair.
    copies: usize,
    caption: Option<String>,
}

impl<'a> Maps<'a> {
    fn new(source: &Source<'a>, pairs: usize) -> Result<Maps<'a>, Failure> {
        let caption = caption(source.protocol);
        let scorer = source.scorer.filter(|_| caption.is_some() && pairs > 0);
        let networks = match scorer {
            None => 0,
            Some(scorer) => scorer.deciding_networks().map_err(Failure::Bundle)?.len(),
        };
        let copies = networks * how().recipe().copies;
        let control = scorer.map(|_| BarControl::new("following gradients", copies * pairs));
        Ok(Maps { scorer, control, copies, caption: caption.filter(|_| scorer.is_some()) })
    }

    /// The images of a pair; with a bundle each again under its veil.
    fn pictures(
        &self,
        number: usize,
        pair: &Pair,
        source: &Source<'_>,
    ) -> Result<Vec<Picture>, Failure> {
        let names = source.protocol.modalities().iter().map(|modality| modality.name.as_str());
        let mut pictures = Vec::new();
        for (name, view) in names.clone().zip(pair.views()) {
            let png = thumbnail(view.image(), view.roi(), WIDTH_PX)?;
            pictures.push(Picture { name: name.to_owned(), png });
        }
        let (Some(scorer), Some(control)) = (self.scorer, &self.control) else {
            return Ok(pictures);
        };
        control.continue_from(number * self.copies);
        let explanation = scorer.explain(pair, &how(), control)?;
        let names: Vec<&str> = names.collect();
        for (map, &modality) in explanation.modalities.iter().enumerate() {
            let view = &pair.views()[modality];
            let veil =
                veiled(view.image(), &explanation.shown(map), explanation.side_px, view.roi());
            let png = thumbnail(&veil, view.roi(), WIDTH_PX)?;
            let name = format!("{}, {}", names[modality], decision(source.protocol));
            pictures.push(Picture { name, png });
        }
        Ok(pictures)
    }

    fn finish(&self) {
        if let Some(control) = &self.control {
            control.finish();
        }
    }
}

/// "influence on SH > 0", on one line.
fn decision(protocol: &Protocol) -> String {
    let short = |name: &str| {
        let measurement = protocol.measurement(name).map(|at| &protocol.measurements()[at]);
        measurement.map_or_else(|| name.to_owned(), |measurement| measurement.short.to_uppercase())
    };
    protocol.heatmap().map_or_else(
        || "heatmap".to_owned(),
        |map| format!("influence on {}\u{a0}>\u{a0}{}", short(&map.measurement), map.above),
    )
}

/// The paper's heatmap with a tenth of its gradients.
fn how() -> How {
    How { mode: Mode::Fast, ..How::default() }
}
