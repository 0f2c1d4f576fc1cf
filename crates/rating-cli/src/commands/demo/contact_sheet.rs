//! Some pairs with what the networks and the readers say.

use rating::Protocol;
use rating::manifest::Row;
use rating::scores::PairScore;
use rating_report::{Card, Picture};

use crate::commands::pictures::{grade_lines, thumbnail};
use crate::commands::score::Scored;
use crate::data::ManifestFile;
use crate::failure::Failure;

/// Cards of each cohort.
const CARDS: usize = 16;
/// Width of a picture on a card, in pixels.
const WIDTH_PX: u32 = 220;

/// How the pairs were chosen, for the page.
pub const SELECTION: &str = "Of each test cohort, sorted by reference grades, pairs at even distances; \
    the networks' answers play no part in the choice.";

/// Pairs spread evenly over each cohort's grades, in their order.
pub fn cards(
    protocol: &Protocol,
    file: &ManifestFile,
    scored: &Scored,
) -> Result<Vec<Card>, Failure> {
    let mut cards = Vec::new();
    for cohort in ["prospective", "external"] {
        let mut pairs: Vec<(usize, &Row, &PairScore)> = Vec::new();
        for (position, row) in
            file.manifest.rows.iter().enumerate().filter(|(_, row)| row.cohort == cohort)
        {
            let score = scored.scores.iter().find(|score| score.pair_id == row.pair_id);
            pairs.extend(score.map(|score| (position, row, score)));
        }
        pairs.sort_by_key(|(position, row, _)| (row.grades.clone(), *position));
        let count = CARDS.min(pairs.len());
        for card in 0..count {
            let (position, row, score) = pairs[card * pairs.len() / count];
            let loaded = file.load(position, protocol)?;
            let names = protocol.modalities().iter().map(|modality| modality.name.clone());
            let mut pictures = Vec::new();
            for (name, view) in names.zip(loaded.pair.views()) {
                pictures
                    .push(Picture { name, png: thumbnail(view.image(), view.roi(), WIDTH_PX)? });
            }
            cards.push(Card {
                pair_id: row.pair_id.clone(),
                cohort: cohort.to_owned(),
                pictures,
                lines: grade_lines(protocol, row, score),
            });
        }
    }
    Ok(cards)
}
