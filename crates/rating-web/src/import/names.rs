//! What the name of a file says about its image. People name files as they
//! like: everything here is a proposal.

use rating::Protocol;
use rating::manifest::{DopplerMode, Side};
use rating::protocol::Colour;

/// Words that stand for an image without Doppler.
const GRAY: [&str; 7] = ["gray", "grey", "grayscale", "greyscale", "bmode", "gs", "gsus"];
/// Words that stand for power Doppler.
const POWER: [&str; 5] = ["power", "pd", "pdus", "pdi", "pwr"];
/// Words that stand for colour Doppler.
const COLOUR: [&str; 6] = ["color", "colour", "cd", "cdus", "cdi", "cfi"];
/// Words for the sides, English and German.
const LEFT: [&str; 5] = ["left", "l", "lt", "li", "links"];
const RIGHT: [&str; 5] = ["right", "r", "rt", "re", "rechts"];

/// What a name says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// Position of the modality in the protocol.
    pub(super) modality: Option<usize>,
    pub(super) doppler_mode: Option<DopplerMode>,
    pub(super) unit: Option<String>,
    pub(super) side: Option<Side>,
    /// The first word that is none of these, where the name says anything.
    pub(super) patient: Option<String>,
    /// Everything but the modality: the same for the images of one pair.
    pub(super) key: Vec<String>,
}

impl Named {
    /// The key without counters and times, which differ between images of a pair.
    pub(super) fn stem(&self) -> Vec<String> {
        let is_digits = |word: &str| word.bytes().all(|c| c.is_ascii_digit());
        let words = self.key.iter();
        if self.patient.is_some() {
            // Short numbers may be the patient's.
            return words.filter(|word| word.len() < 3 || !is_digits(word)).cloned().collect();
        }
        let trimmed = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
        trimmed.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// Reads a name, folders included.
pub(super) fn read(name: &str, protocol: &Protocol) -> Named {
    let without_end = match name.rsplit_once('.') {
        Some((stem, end)) if !end.contains(['/', '\\']) => stem,
        _ => name,
    };
    let words: Vec<&str> =
        without_end.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut named = Named::default();
    let mut rest = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at].to_lowercase();
        let next = words.get(at + 1).map(|next| next.to_lowercase()).unwrap_or_default();
        let both = format!("{word}{next}");
        at += 1;
        if let Some(unit) = unit(&word, protocol) {
            named.unit = Some(unit);
        } else if let Some(unit) = unit(&both, protocol) {
            named.unit = Some(unit);
            at += 1;
        } else if LEFT.contains(&word.as_str()) {
            named.side = Some(Side::Left);
        } else if RIGHT.contains(&word.as_str()) {
            named.side = Some(Side::Right);
        } else if both == "bmode" || (word == "b" && at == words.len()) {
            named.modality = of_colour(protocol, false);
            at = (at + 1).min(words.len());
        } else if !modality(&word, protocol, &mut named) {
            rest.push((word, words[at - 1]));
        }
    }
    finish(named, &rest)
}

/// Takes a word that names a modality.
fn modality(word: &str, protocol: &Protocol, named: &mut Named) -> bool {
    let (gray, power, colour) =
        (GRAY.contains(&word), POWER.contains(&word), COLOUR.contains(&word));
    let own = protocol.modalities().iter().position(|one| one.name.eq_ignore_ascii_case(word));
    let found = if gray {
        of_colour(protocol, false)
    } else if power || colour || word == "doppler" {
        of_colour(protocol, true)
    } else {
        own
    };
    if power || colour {
        named.doppler_mode = Some(if power { DopplerMode::Pdus } else { DopplerMode::Cdus });
    }
    named.modality = found.or(named.modality);
    found.is_some()
}

/// The first modality that is Doppler, or that is not.
pub(super) fn of_colour(protocol: &Protocol, is_doppler: bool) -> Option<usize> {
    let fits = |colour: Colour| (colour == Colour::DopplerMask) == is_doppler;
    protocol.modalities().iter().position(|modality| fits(modality.colour))
}

fn unit(word: &str, protocol: &Protocol) -> Option<String> {
    let compact = |unit: &str| unit.replace(' ', "").to_lowercase();
    // The first proximal joint of the thumb is often written PIP1.
    let word = if word == "pip1" { "ip1" } else { word };
    protocol.units().iter().find(|unit| compact(unit) == word).cloned()
}

/// Puts the key together: what is left, then joint and side.
fn finish(mut named: Named, rest: &[(String, &str)]) -> Named {
    let says_something = named.modality.is_some() || named.unit.is_some() || named.side.is_some();
    if let (true, Some((first, written))) = (says_something, rest.first()) {
        // "patient 12" is one name in two words.
        let is_prefix = matches!(first.as_str(), "p" | "pat" | "patient" | "case" | "id");
        named.patient = match rest.get(1).filter(|_| is_prefix) {
            Some((_, number)) => Some(format!("{written}{number}")),
            None => Some((*written).to_owned()),
        };
    }
    named.key = rest.iter().map(|(word, _)| word.clone()).collect();
    named.key.extend(named.unit.clone());
    named.key.extend(named.side.map(|side| side.word().to_owned()));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eoss(name: &str) -> Named {
        read(name, &Protocol::eoss())
    }

    #[test]
    fn names_of_all_kinds_are_read() {
        let named = eoss("P12_MCP2_left_gray.png");
        assert_eq!(named.modality, Some(0));
        assert_eq!(named.unit.as_deref(), Some("MCP2"));
        assert_eq!((named.side, named.patient.as_deref()), (Some(Side::Left), Some("P12")));

        let named = eoss("patient 7/pip 3 R power-doppler 0042.jpg");
        assert_eq!((named.modality, named.doppler_mode), (Some(1), Some(DopplerMode::Pdus)));
        assert_eq!((named.unit.as_deref(), named.side), (Some("PIP3"), Some(Side::Right)));
        assert_eq!(named.patient.as_deref(), Some("patient7"));

        assert_eq!(eoss("x_MCP1_re_b-mode.tif").modality, Some(0));
        assert_eq!(eoss("x_MCP1_re_B.tif").modality, Some(0));
        assert_eq!(eoss("x_CDUS.tif").doppler_mode, Some(DopplerMode::Cdus));
        assert_eq!(eoss("PIP1.png").unit.as_deref(), Some("IP1"));
    }

    #[test]
    fn names_that_say_nothing_propose_nothing() {
        let named = eoss("IMG_0017.png");
        assert_eq!((named.modality, named.patient), (None, None));
        assert_eq!(named.key, ["img", "0017"]);
        assert_eq!(eoss("IMG_0017.png").stem(), ["img"]);
        assert_eq!(eoss("img7.png").stem(), ["img"]);
        assert_eq!(eoss("P_12_gray_0815.png").stem(), ["p", "12"]);
    }

    #[test]
    fn images_of_a_pair_have_the_same_key() {
        assert_eq!(eoss("a/P1 MCP2 L gs.png").key, eoss("a/P1_mcp2_left_PD.png").key);
        assert_ne!(eoss("P1 MCP2 L gs.png").key, eoss("P1 MCP2 R pd.png").key);
    }
}
