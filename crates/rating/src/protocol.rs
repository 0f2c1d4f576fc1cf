//! A protocol: what is graded, from which images, and which grades go together.
//!
//! The paper grades finger joints by EOSS; its parts carry over to any set of
//! related measurements (method, section 8). So a protocol is data: EOSS is
//! built in, others are TOML files.

mod checks;
mod derived;

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

use crate::Problem;
pub(crate) use checks::is_plain;

/// A grade of one measurement, from 0 to [`Measurement::grades`] - 1.
pub type Grade = u8;

/// Most combinations of grades a protocol may span.
pub const MOST_COMBINATIONS: usize = 1_000_000;

/// Modalities, measurements and the medical rules between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Protocol {
    written: Written,
    modalities_of: Vec<Vec<usize>>,
    valid: Vec<bool>,
}

/// One kind of image in a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modality {
    /// Its name in manifests and flags, such as `grayscale`.
    pub name: String,
    /// What happens to its colours before a network sees it.
    #[serde(default)]
    pub colour: Colour,
    /// Whether jigsaws of this modality pretrain the feature extractors.
    #[serde(default)]
    pub pretrain: bool,
}

/// What happens to an image's colours before a network sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// The luma, repeated to three channels (method, section 3).
    Gray,
    /// Left as it is.
    #[default]
    Keep,
    /// Saturated pixels are painted in one colour, so that colour and power
    /// Doppler look the same (paper, "Image preprocessing").
    DopplerMask,
}

/// One thing graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Its name in files, such as `synovial_hypertrophy`.
    pub name: String,
    /// Its name in network identities, such as `sh`.
    pub short: String,
    /// How many grades there are, 2 to 10: grades 0 to `grades - 1`, so
    /// `grades - 1` binary tasks.
    pub grades: u8,
    /// The modalities its networks see.
    pub modalities: Vec<String>,
    /// What each grade means, for people.
    #[serde(default)]
    pub sentences: Vec<String>,
}

impl Measurement {
    /// The number of binary tasks `grade > 0`, `grade > 1`, ...
    #[must_use]
    pub fn tasks(&self) -> u8 {
        self.grades - 1
    }
}

/// How the combined grade follows from the measurements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Combined {
    /// The highest grade (EOSS).
    Max,
    /// There is none.
    #[default]
    None,
}

/// The decision that heatmaps explain: `measurement > above`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heatmap {
    /// Name of the measurement.
    pub measurement: String,
    /// The task's cut-off.
    pub above: Grade,
}

/// A protocol as its file writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    title: String,
    units: Vec<String>,
    #[serde(default)]
    combined: Combined,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid: Option<Vec<Vec<Grade>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invalid: Option<Vec<Vec<Grade>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heatmap: Option<Heatmap>,
    modalities: Vec<Modality>,
    measurements: Vec<Measurement>,
}

impl Protocol {
    /// The EULAR-OMERACT synovitis scoring system of the paper.
    #[must_use]
    pub fn eoss() -> Protocol {
        Protocol::from_toml(include_str!("eoss.toml")).expect("the built-in protocol is valid")
    }

    /// Reads a protocol file.
    ///
    /// # Errors
    /// Anything that is not a protocol: unknown keys, names twice, a
    /// measurement of a modality that does not exist, combinations out of range.
    pub fn from_toml(text: &str) -> Result<Protocol, Problem> {
        let written: Written = toml::from_str(text).map_err(|error| toml_problem(text, &error))?;
        Protocol::try_from(written)
    }

    /// The protocol as a file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.written).expect("a protocol is plain data")
    }

    /// Short name, such as `eoss`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.written.name
    }

    /// Name for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.written.title
    }

    /// What is graded: joints, glands.
    #[must_use]
    pub fn units(&self) -> &[String] {
        &self.written.units
    }

    /// The images of a pair, in order.
    #[must_use]
    pub fn modalities(&self) -> &[Modality] {
        &self.written.modalities
    }

    /// What is graded of each unit, in order.
    #[must_use]
    pub fn measurements(&self) -> &[Measurement] {
        &self.written.measurements
    }

    /// Positions in [`Protocol::modalities`] of what a measurement's networks see.
    #[must_use]
    pub fn modalities_of(&self, measurement: usize) -> &[usize] {
        &self.modalities_of[measurement]
    }

    /// The position of a measurement by its name or short name.
    #[must_use]
    pub fn measurement(&self, name: &str) -> Option<usize> {
        self.measurements()
            .iter()
            .position(|measurement| measurement.name == name || measurement.short == name)
    }

    /// The modality whose jigsaws pretrain the extractors, if there is one.
    #[must_use]
    pub fn pretrain_modality(&self) -> Option<usize> {
        self.modalities().iter().position(|modality| modality.pretrain)
    }

    /// The decision that heatmaps explain.
    #[must_use]
    pub fn heatmap(&self) -> Option<&Heatmap> {
        self.written.heatmap.as_ref()
    }

    /// How the combined grade is derived.
    #[must_use]
    pub fn combined_rule(&self) -> Combined {
        self.written.combined
    }

    /// The combined grade of these grades, in the protocol's order of
    /// measurements; `None` where the protocol has none.
    #[must_use]
    pub fn combined(&self, grades: &[Grade]) -> Option<Grade> {
        match self.written.combined {
            Combined::Max => grades.iter().copied().max(),
            Combined::None => None,
        }
    }

    /// The number of combined grades, `None` where the protocol has none.
    #[must_use]
    pub fn combined_grades(&self) -> Option<u8> {
        let most = self.measurements().iter().map(|measurement| measurement.grades).max();
        match self.written.combined {
            Combined::Max => most,
            Combined::None => None,
        }
    }

    /// Whether medicine allows these grades together.
    ///
    /// # Panics
    /// When there is not one grade in range for each measurement.
    #[must_use]
    pub fn is_valid(&self, grades: &[Grade]) -> bool {
        self.valid[index_of(self.measurements(), grades).expect("a grade for each measurement")]
    }

    /// How many values each measurement has.
    #[must_use]
    pub fn values(&self) -> Vec<u8> {
        self.measurements().iter().map(|measurement| measurement.grades).collect()
    }
}

/// Mixed-radix position of a combination, `None` when it is out of range.
fn index_of(measurements: &[Measurement], grades: &[Grade]) -> Option<usize> {
    if grades.len() != measurements.len() {
        return None;
    }
    let mut index = 0;
    for (measurement, &grade) in measurements.iter().zip(grades) {
        if grade >= measurement.grades {
            return None;
        }
        index = index * usize::from(measurement.grades) + usize::from(grade);
    }
    Some(index)
}

/// A TOML error with the row it is in.
pub fn toml_problem(text: &str, error: &toml::de::Error) -> Problem {
    let problem = Problem::new(error.message().replace('\n', " "));
    match error.span() {
        Some(span) => problem.at_row(text[..span.start].matches('\n').count() + 1),
        None => problem,
    }
}

/// The row (from 1) of a TOML text that holds a dotted key, or the nearest table
/// above it; an entry of a list is named by its place, from 0, as in `arms.2.name`. `None` where there is neither.
#[must_use]
pub fn row_of(text: &str, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut start = None;
    let mut parts = key.split('.');
    while let Some(part) = parts.next() {
        let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == part) else {
            break;
        };
        start = Some(name.span().start);
        let entry = match value.get_ref() {
            DeValue::Array(list) => {
                let place = parts.next().and_then(|place| place.parse().ok());
                place.and_then(|place: usize| list.get(place))
            }
            _ => Some(value),
        };
        match entry.map(|entry| (entry.get_ref(), entry.span())) {
            Some((DeValue::Table(inner), span)) => {
                start = Some(span.start);
                table = inner;
            }
            _ => break,
        }
    }
    Some(text.get(..start?)?.matches('\n').count() + 1)
}

impl From<Protocol> for Written {
    fn from(protocol: Protocol) -> Written {
        protocol.written
    }
}

impl TryFrom<Written> for Protocol {
    type Error = Problem;

    fn try_from(written: Written) -> Result<Protocol, Problem> {
        checks::names(&written)?;
        let modalities_of = written
            .measurements
            .iter()
            .map(|measurement| checks::modalities_of(measurement, &written.modalities))
            .collect::<Result<_, _>>()?;
        let valid = checks::valid_combinations(&written)?;
        checks::heatmap(&written)?;
        Ok(Protocol { written, modalities_of, valid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_keys_in_tables() {
        let text = "a = 1\n\n[b]\nc = 2\nd = { e = 3 }\n[b.f]\ng = 4\n";
        assert_eq!(row_of(text, "a"), Some(1));
        assert_eq!(row_of(text, "b.c"), Some(4));
        assert_eq!(row_of(text, "b.d.e"), Some(5));
        assert_eq!(row_of(text, "b.f.g"), Some(7));
        assert_eq!(row_of(text, "z"), None);
        let lists = "[[a]]\nb = 1\n\n[[a]]\nb = 2\n[[a.c]]\nd = 1\n";
        assert_eq!(row_of(lists, "a.1.b"), Some(5));
        assert_eq!(row_of(lists, "a.1.c.0.d"), Some(7));
        assert_eq!(row_of(lists, "a.0.z"), Some(1));
        assert_eq!(row_of(lists, "a.1.z"), Some(4));
    }

    #[test]
    fn eoss_excludes_flow_without_synovium() {
        let eoss = Protocol::eoss();
        let valid = (0..4)
            .flat_map(|sh| (0..4).map(move |vascularity| [sh, vascularity]))
            .filter(|grades| eoss.is_valid(grades))
            .count();
        assert_eq!(valid, 13);
        assert!(!eoss.is_valid(&[0, 2]));
        assert_eq!(eoss.combined(&[1, 3]), Some(3));
        assert_eq!(eoss.modalities_of(0), [0, 1]);
        assert_eq!(eoss.modalities_of(1), [1]);
    }

    #[test]
    fn a_protocol_survives_its_file() {
        let eoss = Protocol::eoss();
        assert_eq!(Protocol::from_toml(&eoss.to_toml()).unwrap(), eoss);
    }

    #[test]
    fn refusals_name_the_key() {
        let text = include_str!("eoss.toml");
        for (from, to, expected) in [
            ("grades = 4", "grades = 11", "2 to 10"),
            ("[0, 1]", "[0, 4]", "not a combination"),
            ("\"doppler\"]", "\"mri\"]", "no modality \"mri\""),
            ("above = 0", "above = 3", "no task"),
            ("pretrain = true", "pretrained = true", "unknown field"),
            ("short = \"sh\"", "short = \"vascularity\"", "stands twice"),
            ("short = \"sh\"", "short = \"fusion\"", "meaning of its own"),
            ("name = \"doppler\"", "name = \"age\"", "meaning of its own"),
        ] {
            let problem = Protocol::from_toml(&text.replacen(from, to, 1)).unwrap_err();
            assert!(problem.to_string().contains(expected), "{problem}");
        }
    }
}
