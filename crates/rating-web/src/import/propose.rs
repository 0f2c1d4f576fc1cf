//! Which files may be the images of one pair: from their names, then from the
//! order they were made in. A person confirms or corrects it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rating::Protocol;
use serde::Serialize;
use utoipa::ToSchema;

use super::names::{self, Named, of_colour};
use super::staging::StagedFile;

/// Share of saturated pixels from which an image without a word for it is taken
/// for Doppler. A colour bar alone has about as much.
const COLOURED: f64 = 0.002;
/// Longest time between the images of a pair, in milliseconds.
const NEAR: i64 = 10 * 60 * 1000;

/// A pair that is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proposal {
    /// A name for it.
    pub name: String,
    /// Whose joint it may be.
    pub patient: Option<String>,
    /// Which joint.
    pub unit: Option<String>,
    /// `left` or `right`.
    pub side: Option<&'static str>,
    /// `cdus` or `pdus`.
    pub doppler_mode: Option<&'static str>,
    /// Numbers of the files, one for each modality of the protocol.
    pub files: Vec<u32>,
    /// Why these.
    pub why: &'static str,
    /// What speaks against it.
    pub doubts: Vec<String>,
}

/// A file and what is thought of it.
struct Guess<'a> {
    file: &'a StagedFile,
    named: Named,
    /// By its words, else by its colours.
    modality: Option<usize>,
}

/// Proposes pairs from files that are new; each file is in one pair at most.
pub fn propose(files: &[&StagedFile], protocol: &Protocol) -> Vec<Proposal> {
    let mut left: Vec<Guess<'_>> = files.iter().map(|file| guess(file, protocol)).collect();
    left.sort_by(|a, b| by_time_and_name(a.file, b.file));
    let mut found = Vec::new();
    by_key(&mut left, protocol, &mut found);
    by_order(&mut left, protocol, &mut found);
    let mut names = BTreeSet::new();
    for proposal in &mut found {
        let mut name = proposal.name.clone();
        for number in 2.. {
            if names.insert(name.clone()) {
                break;
            }
            name = format!("{}-{number}", proposal.name);
        }
        proposal.name = name;
    }
    found
}

fn guess<'a>(file: &'a StagedFile, protocol: &Protocol) -> Guess<'a> {
    let named = names::read(&file.name, protocol);
    let by_colour = of_colour(protocol, file.coloured >= COLOURED);
    let modality = named.modality.or(by_colour);
    Guess { file, named, modality }
}

/// By the time of the file, then by its name with numbers in their order.
fn by_time_and_name(a: &StagedFile, b: &StagedFile) -> Ordering {
    let time = |file: &StagedFile| file.modified.unwrap_or(i64::MAX);
    let name = |file: &StagedFile| natural(&file.name);
    (time(a), name(a), a.number).cmp(&(time(b), name(b), b.number))
}

/// A name whose numbers compare as numbers.
fn natural(name: &str) -> Vec<(u128, String)> {
    let mut parts: Vec<(u128, String)> = Vec::new();
    for c in name.to_lowercase().chars() {
        let digit = c.to_digit(10).map(u128::from);
        match (digit, parts.last_mut()) {
            (Some(digit), Some((number, text))) if text.is_empty() => {
                *number = number.saturating_mul(10).saturating_add(digit);
            }
            (Some(digit), _) => parts.push((digit, String::new())),
            (None, Some((_, text))) if !text.is_empty() => text.push(c),
            (None, _) => parts.push((0, c.to_string())),
        }
    }
    parts
}

/// Names that differ in the word for the modality alone.
fn by_key(left: &mut Vec<Guess<'_>>, protocol: &Protocol, found: &mut Vec<Proposal>) {
    let mut groups: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (position, guess) in left.iter().enumerate() {
        groups.entry(guess.named.key.clone()).or_default().push(position);
    }
    let mut used = BTreeSet::new();
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|group| group[0]);
    for group in groups {
        let members: Vec<&Guess<'_>> = group.iter().map(|&at| &left[at]).collect();
        if let Some(ordered) = one_of_each(&members, protocol) {
            found.push(proposal(&ordered, "same name but for the modality"));
            used.extend(group);
        }
    }
    leave(left, &used);
}

/// Files that follow one another, of the same patient and joint as far as their
/// names say.
fn by_order(left: &mut Vec<Guess<'_>>, protocol: &Protocol, found: &mut Vec<Proposal>) {
    let each = protocol.modalities().len();
    let mut groups: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (position, guess) in left.iter().enumerate() {
        groups.entry(guess.named.stem()).or_default().push(position);
    }
    let mut used = BTreeSet::new();
    for group in groups.into_values() {
        let mut at = 0;
        while at + each <= group.len() {
            let some = &group[at..at + each];
            let members: Vec<&Guess<'_>> = some.iter().map(|&at| &left[at]).collect();
            match one_of_each(&members, protocol).filter(|ordered| are_near(ordered)) {
                Some(ordered) => {
                    found.push(proposal(&ordered, "next to one another in name and time"));
                    used.extend(some);
                    at += each;
                }
                None => at += 1,
            }
        }
    }
    leave(left, &used);
}

fn leave(left: &mut Vec<Guess<'_>>, used: &BTreeSet<usize>) {
    let mut position = 0;
    left.retain(|_| {
        position += 1;
        !used.contains(&(position - 1))
    });
}

/// The members in the order of the modalities, if there is one of each.
fn one_of_each<'a, 'b>(
    members: &[&'a Guess<'b>],
    protocol: &Protocol,
) -> Option<Vec<&'a Guess<'b>>> {
    let modalities = protocol.modalities().len();
    if members.len() != modalities {
        return None;
    }
    let of = |modality: usize| members.iter().find(|one| one.modality == Some(modality)).copied();
    let by_word: Option<Vec<_>> = (0..modalities).map(of).collect();
    let are_unnamed = members.iter().all(|one| one.named.modality.is_none());
    by_word.or_else(|| are_unnamed.then(|| by_colour(members, protocol)).flatten())
}

/// Two images without a word for it: the more coloured one is Doppler.
fn by_colour<'a, 'b>(members: &[&'a Guess<'b>], protocol: &Protocol) -> Option<Vec<&'a Guess<'b>>> {
    let [one, other] = members else { return None };
    let (gray, doppler) = (of_colour(protocol, false)?, of_colour(protocol, true)?);
    if one.file.coloured == other.file.coloured {
        return None;
    }
    let one_is_gray = one.file.coloured < other.file.coloured;
    let ordered = if one_is_gray == (gray < doppler) { [*one, *other] } else { [*other, *one] };
    Some(ordered.to_vec())
}

fn are_near(members: &[&Guess<'_>]) -> bool {
    let times: Option<Vec<i64>> = members.iter().map(|one| one.file.modified).collect();
    let Some(times) = times else { return true };
    let (first, last) = (times.iter().min(), times.iter().max());
    first.zip(last).is_none_or(|(first, last)| last.saturating_sub(*first) <= NEAR)
}

fn proposal(members: &[&Guess<'_>], why: &'static str) -> Proposal {
    let names = || members.iter().map(|one| &one.named);
    let unit = names().find_map(|named| named.unit.clone());
    let side = names().find_map(|named| named.side).map(rating::manifest::Side::word);
    let patient = names().find_map(|named| named.patient.clone());
    let mode = names().find_map(|named| named.doppler_mode);
    let known: Vec<&str> =
        [patient.as_deref(), unit.as_deref(), side].into_iter().flatten().collect();
    let key = names().next().map(|named| named.key.join("_")).unwrap_or_default();
    let name = if known.len() > 1 { known.join("_") } else { key };
    Proposal {
        name: if name.is_empty() { "pair".to_owned() } else { name },
        patient,
        unit,
        side,
        doppler_mode: mode.map(rating::manifest::DopplerMode::word),
        files: members.iter().map(|one| one.file.number).collect(),
        why,
        doubts: doubts(members),
    }
}

fn doubts(members: &[&Guess<'_>]) -> Vec<String> {
    let mut doubts = Vec::new();
    let size = |one: &Guess<'_>| (one.file.width, one.file.height);
    if members.windows(2).any(|two| size(two[0]) != size(two[1])) {
        doubts.push("The images differ in size.".to_owned());
    }
    let mut by_colour: Vec<&&Guess<'_>> = members.iter().collect();
    by_colour.sort_by(|a, b| a.file.coloured.total_cmp(&b.file.coloured));
    if let ([_, ..], Some(least), Some(most)) = (members, by_colour.first(), by_colour.last())
        && members.len() == 2
        && most.file.coloured > least.file.coloured
        && most.named.doppler_mode.is_none()
        && least.named.doppler_mode.is_some()
    {
        doubts.push("The image named Doppler has less colour than the other.".to_owned());
    }
    if !are_near(members) {
        doubts.push("The files were made more than ten minutes apart.".to_owned());
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(number: u32, name: &str, coloured: f64, minute: Option<i64>) -> StagedFile {
        StagedFile {
            number,
            name: name.to_owned(),
            modified: minute.map(|minute| minute * 60_000),
            hash: number.to_string(),
            width: 60,
            height: 40,
            coloured,
        }
    }

    fn proposed(files: &[StagedFile]) -> Vec<Proposal> {
        propose(&files.iter().collect::<Vec<_>>(), &Protocol::eoss())
    }

    #[test]
    fn names_come_first() {
        let found = proposed(&[
            file(0, "P1_MCP2_left_PD.png", 0.01, None),
            file(1, "P2_MCP2_left_gray.png", 0.0, None),
            file(2, "P1_MCP2_left_gray.png", 0.0, None),
            file(3, "P2_MCP2_left_PD.png", 0.01, None),
        ]);
        let names: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.files.clone())).collect();
        assert_eq!(names, [("P1_MCP2_left", vec![2, 0]), ("P2_MCP2_left", vec![1, 3])]);
        assert_eq!(found[0].doppler_mode, Some("pdus"));
        assert!(found.iter().all(|one| one.doubts.is_empty()));
    }

    #[test]
    fn names_that_say_nothing_are_paired_in_order_by_colour() {
        let found = proposed(&[
            file(0, "IMG_9.png", 0.0, Some(0)),
            file(1, "IMG_10.png", 0.02, Some(1)),
            file(2, "IMG_11.png", 0.02, Some(30)),
            file(3, "IMG_12.png", 0.0, Some(31)),
            file(4, "IMG_13.png", 0.0, Some(60)),
        ]);
        let files: Vec<_> = found.iter().map(|one| one.files.clone()).collect();
        assert_eq!(files, [[0, 1], [3, 2]]);
    }

    #[test]
    fn images_hours_apart_are_no_pair_by_order() {
        let files = [file(0, "IMG_1.png", 0.0, Some(0)), file(1, "IMG_2.png", 0.1, Some(180))];
        assert!(proposed(&files).is_empty());
    }

    #[test]
    fn another_joint_or_side_is_no_pair() {
        let files = [
            file(0, "P1_MCP2_left_gray.png", 0.0, None),
            file(1, "P1_MCP2_right_pd.png", 0.1, None),
        ];
        assert!(proposed(&files).is_empty());
    }
}
