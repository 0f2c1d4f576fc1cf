//! The same figures for joints, machines, sites and kinds of patients.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Case;
use super::figure::Figure;
use crate::manifest::Reference;
use crate::stats::{Confusion, Measured, Weights};

/// Largest groups of one kind that are reported; the others are one group.
const MOST_GROUPS: usize = 40;

/// What pairs beyond [`MOST_GROUPS`] are gathered under.
const OTHERS: &str = "all others";

/// The figures of one group of pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupFigures {
    /// Pairs of the group with a score and a reference grade.
    pub n: u64,
    /// Their patients, `null` where some are unknown.
    pub patients: Option<usize>,
    /// Share graded alike.
    pub accuracy: Figure,
    /// Share within one grade.
    pub close_agreement: Figure,
    /// Linearly weighted kappa.
    pub kappa_linear: Figure,
}

impl GroupFigures {
    /// The figures in the order of the fields.
    pub(super) fn figures(confusion: &Confusion) -> [Measured; 3] {
        [confusion.accuracy(), confusion.close_agreement(), confusion.kappa(Weights::Linear)]
    }
}

/// By kind of group (`joint`, `side`, ...), by group, by measurement.
pub type Subgroups = BTreeMap<&'static str, BTreeMap<String, BTreeMap<String, GroupFigures>>>;

/// Which group each case of a cohort belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grouping {
    /// What is told apart.
    pub(super) kind: &'static str,
    /// Names of the groups, in their order.
    pub(super) names: Vec<String>,
    /// The group of each case, `None` where the manifest does not say.
    group_of_case: Vec<Option<u16>>,
}

type KeyOf = fn(&Reference) -> Option<&str>;

const KINDS: [(&str, KeyOf); 7] = [
    ("joint", |row| row.unit.as_deref()),
    ("side", |row| row.side.map(|side| side.word())),
    ("device", |row| row.device.as_deref()),
    ("doppler_mode", |row| row.doppler_mode.map(|mode| mode.word())),
    ("hospital", |row| row.hospital.as_deref()),
    ("sex", |row| row.sex.as_deref()),
    ("age", |row| row.age.map(age_band)),
];

/// Ages in years, in three bands.
pub fn age_band(age: f64) -> &'static str {
    match age {
        age if age < 45.0 => "0 to 44",
        age if age < 65.0 => "45 to 64",
        _ => "65 and over",
    }
}

impl Grouping {
    /// Every grouping of which the manifest says something.
    pub(super) fn all(cases: &[Case<'_>]) -> Vec<Grouping> {
        let of_kind = |(kind, key): (&'static str, KeyOf)| {
            Grouping::new(kind, cases.iter().map(|case| key(case.row)))
        };
        KINDS.into_iter().map(of_kind).filter(|grouping| !grouping.names.is_empty()).collect()
    }

    fn new<'a>(
        kind: &'static str,
        keys: impl Iterator<Item = Option<&'a str>> + Clone,
    ) -> Grouping {
        let mut pairs: BTreeMap<&str, usize> = BTreeMap::new();
        for key in keys.clone().flatten() {
            *pairs.entry(key).or_default() += 1;
        }
        let mut by_size: Vec<(&str, usize)> = pairs.into_iter().collect();
        by_size.sort_by_key(|(_, pairs)| std::cmp::Reverse(*pairs));
        let has_others = by_size.len() > MOST_GROUPS;
        by_size.truncate(MOST_GROUPS);
        let mut names: Vec<&str> = by_size.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let others = names.len();
        let number: BTreeMap<&str, usize> =
            names.iter().enumerate().map(|(number, name)| (*name, number)).collect();
        let group = |key: &str| number.get(key).copied().unwrap_or(others) as u16;
        let group_of_case = keys.map(|key| key.map(group)).collect();
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.extend(has_others.then(|| OTHERS.to_owned()));
        Grouping { kind, names, group_of_case }
    }

    /// The places of each group in a list of cases.
    pub(super) fn places(&self, cases: &[usize]) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new(); self.names.len()];
        for (place, &case) in cases.iter().enumerate() {
            if let Some(group) = self.group_of_case[case] {
                places[usize::from(group)].push(place);
            }
        }
        places
    }
}

/// Adds the groups of one quantity, in the order of `groupings`.
pub(super) fn add(
    subgroups: &mut Subgroups,
    quantity: &str,
    groupings: &[Grouping],
    figures: Vec<Vec<GroupFigures>>,
) {
    for (grouping, figures) in groupings.iter().zip(figures) {
        let of_kind = subgroups.entry(grouping.kind).or_default();
        for (name, figures) in grouping.names.iter().zip(figures) {
            of_kind.entry(name.clone()).or_default().insert(quantity.to_owned(), figures);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_grouped_by_what_the_manifest_says() {
        let keys = [Some("b"), None, Some("a"), Some("b")];
        let grouping = Grouping::new("device", keys.into_iter());
        assert_eq!(grouping.names, ["a", "b"]);
        assert_eq!(grouping.places(&[0, 1, 2, 3]), [vec![2], vec![0, 3]]);
        // Places count within the list asked for.
        assert_eq!(grouping.places(&[2, 3]), [vec![0], vec![1]]);
    }

    #[test]
    fn small_groups_are_gathered() {
        let names: Vec<String> = (0..50).map(|number| format!("n{number:02}")).collect();
        let twice = names.iter().chain(&names[..MOST_GROUPS]);
        let grouping = Grouping::new("device", twice.map(|name| Some(name.as_str())));
        assert_eq!(grouping.names.len(), MOST_GROUPS + 1);
        assert_eq!(grouping.names[MOST_GROUPS], OTHERS);
        let places = grouping.places(&(0..90).collect::<Vec<_>>());
        assert_eq!((places[0].len(), places[MOST_GROUPS].len()), (2, 10));
    }

    #[test]
    fn age_bands_have_their_borders() {
        let bands = [44.9, 45.0, 64.9, 65.0].map(age_band);
        assert_eq!(bands, ["0 to 44", "45 to 64", "45 to 64", "65 and over"]);
    }
}
