//! The EULAR checklist for ultrasound studies in rheumatology.
//!
//! Costantino F, Carmona L, Boers M, et al. Ann Rheum Dis 2021;80:840-847,
//! <https://doi.org/10.1136/annrheumdis-2020-219816>. 23 items, of which 21 are
//! mandatory; only the abstract could be read. The subjects below stand in it,
//! their numbers and the other items do not: they carry no number here.

use super::item::{ACQUISITION, Answer, Checklist, GRADES, Item};

pub(super) const EULAR_ULTRASOUND: Checklist = Checklist {
    name: "EULAR ultrasound reporting",
    id: "checklist-eular-ultrasound",
    citation: "Costantino F, Carmona L, Boers M, et al. EULAR recommendations for the reporting of ultrasound studies \
        in rheumatic and musculoskeletal diseases (RMDs). Ann Rheum Dis 2021;80:840-847.",
    address: "doi:10.1136/annrheumdis-2020-219816",
    checked: "only the abstract was at hand: it says 23 items, 21 of them mandatory, and names the five subjects below; \
        the numbers and the other 18 items are not verified, fill them in from the article",
    items: &[
        subject("Definition of the pathology looked for", Answer::Both(&[GRADES])),
        subject("Scoring system and how it was developed", Answer::Both(&[GRADES])),
        subject("Blinding", Answer::Authors),
        subject("Optional: conditions that may confound, such as the room", Answer::Authors),
        subject("Optional: experience of who scanned", Answer::Both(&[ACQUISITION])),
        subject("The other 18 items", Answer::Authors),
    ],
};

/// A subject whose number could not be checked.
const fn subject(title: &'static str, answer: Answer) -> Item {
    Item { number: None, title, answer }
}
