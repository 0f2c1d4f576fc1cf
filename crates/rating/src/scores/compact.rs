//! Scores as statistics read them, in little memory: a million pairs take less
//! than a hundred megabytes.

use std::collections::HashMap;

use super::table::{check_header, parse_score};
use super::{Decision, PairScore};
use crate::manifest::References;
use crate::table::Stream;
use crate::{Grade, Origin, Problem, Protocol, Text};

/// The votes on a pair, `votes[measurement][model]`.
type Votes = Vec<Vec<Option<Grade>>>;

/// The scores of one file, each of a pair in the manifest; columns rather than
/// rows.
#[derive(Debug, Clone, Default)]
pub struct ScoreTable {
    /// Where each pair stands in the manifest.
    places: Vec<u32>,
    /// As many of each pair as there are measurements.
    grades: Vec<Grade>,
    conflicts: Vec<bool>,
    origins: Vec<Origin>,
    /// Positions in `known_bundles`.
    bundles: Vec<u32>,
    known_bundles: Known<Text>,
    /// Positions in `known_votes`: most pairs have the votes of some other pair.
    votes: Vec<u32>,
    known_votes: Known<Votes>,
    /// As many of each pair as there are tasks; NaN where there is none.
    means: Vec<f64>,
    /// Where each measurement's means begin, and where the last ones end.
    mean_begins: Vec<usize>,
}

/// One pair of a [`ScoreTable`].
#[derive(Debug, Clone, Copy)]
pub struct Score<'a> {
    table: &'a ScoreTable,
    at: usize,
}

impl ScoreTable {
    /// Reads `scores.csv`. `places` are those of the manifest
    /// ([`References::places`]).
    ///
    /// # Errors
    /// As [`parse_scores`](super::parse_scores); a pair that the manifest does
    /// not have; no scores at all.
    pub fn parse(
        bytes: &[u8],
        protocol: &Protocol,
        places: &HashMap<&str, u32>,
    ) -> Result<ScoreTable, Problem> {
        let mut rows = Stream::open(bytes)?;
        check_header(&rows.columns, protocol)?;
        let mut table = ScoreTable::new(protocol);
        // Lines fit as long as rows do.
        let mut first_rows = vec![0_u32; places.len()];
        while let Some(row) = rows.next() {
            let row = row?;
            let score = parse_score(&row, protocol)?;
            let place = place_of(&score, places)
                .map_err(|problem| problem.at_row(row.line).in_column("pair_id"))?;
            let first = std::mem::replace(&mut first_rows[place as usize], row.line as u32);
            if first > 0 {
                let what = format!("pair {} stands in row {first} already", score.pair_id);
                return Err(row.problem("pair_id", what));
            }
            table.push(place, &score);
        }
        if table.is_empty() {
            return Err(Problem::new("the table has no rows"));
        }
        Ok(table)
    }

    /// The same of scores at hand.
    ///
    /// # Errors
    /// A pair that the manifest does not have.
    pub fn of(
        protocol: &Protocol,
        references: &References,
        scores: &[PairScore],
    ) -> Result<ScoreTable, Problem> {
        let places = references.places();
        let mut table = ScoreTable::new(protocol);
        for score in scores {
            table.push(place_of(score, &places)?, score);
        }
        Ok(table)
    }

    fn new(protocol: &Protocol) -> ScoreTable {
        let mut mean_begins = vec![0];
        for measurement in protocol.measurements() {
            mean_begins.push(mean_begins[mean_begins.len() - 1] + usize::from(measurement.tasks()));
        }
        ScoreTable { mean_begins, ..ScoreTable::default() }
    }

    fn push(&mut self, place: u32, score: &PairScore) {
        let decision = &score.decision;
        self.places.push(place);
        self.grades.extend(&decision.grades);
        self.conflicts.push(decision.conflict);
        self.origins.push(score.origin);
        self.bundles.push(self.known_bundles.number(score.bundle.as_str(), |bundle| bundle.into()));
        self.votes.push(self.known_votes.number(&decision.votes, Votes::clone));
        self.push_means(decision);
    }

    fn push_means(&mut self, decision: &Decision) {
        for (measurement, ends) in self.mean_begins.windows(2).enumerate() {
            for task in 0..ends[1] - ends[0] {
                let means = decision.mean_probabilities.get(measurement);
                let mean = means.and_then(|means| means.get(task)).copied().flatten();
                self.means.push(mean.unwrap_or(f64::NAN));
            }
        }
    }

    /// How many pairs have a score.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The scores, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = Score<'_>> {
        (0..self.len()).map(|at| Score { table: self, at })
    }

    /// The bundles the scores come from (hashes), in the order of the alphabet;
    /// empty ones are of grades that came from elsewhere.
    #[must_use]
    pub fn bundles(&self) -> Vec<String> {
        let mut bundles: Vec<String> =
            self.known_bundles.values.iter().map(|bundle| bundle.as_str().to_owned()).collect();
        bundles.sort();
        bundles
    }
}

impl<'a> Score<'a> {
    /// Where the pair stands in [`References::rows`].
    #[must_use]
    pub fn place(self) -> usize {
        self.table.places[self.at] as usize
    }

    /// The grade of each measurement.
    #[must_use]
    pub fn grades(self) -> &'a [Grade] {
        let measurements = self.table.mean_begins.len() - 1;
        &self.table.grades[self.at * measurements..][..measurements]
    }

    /// Whether the models contradict the protocol.
    #[must_use]
    pub fn is_conflict(self) -> bool {
        self.table.conflicts[self.at]
    }

    /// The most doubtful origin of images and weights.
    #[must_use]
    pub fn origin(self) -> Origin {
        self.table.origins[self.at]
    }

    /// The vote of each model on each measurement, `None` where it is not known.
    #[must_use]
    pub fn votes(self) -> &'a [Vec<Option<Grade>>] {
        &self.table.known_votes.values[self.table.votes[self.at] as usize]
    }

    /// The same, `None` when one is not known.
    #[must_use]
    pub fn all_votes(self) -> Option<Vec<Vec<Grade>>> {
        self.votes().iter().map(|votes| votes.iter().copied().collect()).collect()
    }

    /// The mean probability that a measurement (by position) is graded above
    /// this; `None` where it is not known.
    #[must_use]
    pub fn mean(self, measurement: usize, above: Grade) -> Option<f64> {
        let begins = &self.table.mean_begins;
        let place = begins.get(measurement)? + usize::from(above);
        let all = begins[begins.len() - 1];
        let is_own = place < *begins.get(measurement + 1)?;
        let mean = is_own.then(|| self.table.means[self.at * all + place])?;
        (!mean.is_nan()).then_some(mean)
    }
}

fn place_of(score: &PairScore, places: &HashMap<&str, u32>) -> Result<u32, Problem> {
    places.get(score.pair_id.as_str()).copied().ok_or_else(|| {
        Problem::new(format!("pair {} is not in the manifest", score.pair_id))
            .hint("give the manifest that was scored")
    })
}

/// Values met so far, each once, by number.
#[derive(Debug, Clone, Default)]
struct Known<T: std::hash::Hash + Eq> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: std::hash::Hash + Eq + Clone> Known<T> {
    fn number<Q>(&mut self, value: &Q, own: impl FnOnce(&Q) -> T) -> u32
    where
        Q: std::hash::Hash + Eq + ?Sized,
        T: std::borrow::Borrow<Q>,
    {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = self.values.len() as u32;
        let own = own(value);
        self.values.push(own.clone());
        self.numbers.insert(own, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Manifest, Row};
    use crate::scores::{Method, decide_votes, scores_csv};

    fn score(pair: &str, grades: [Grade; 2], votes: [Option<Grade>; 2]) -> PairScore {
        let all = grades.map(|grade| vec![grade; 2]).to_vec();
        let mut decision = decide_votes(&Protocol::eoss(), all, Method::Multitude).unwrap();
        decision.votes[1] = votes.to_vec();
        decision.mean_probabilities[1][2] = Some(0.25);
        PairScore {
            pair_id: pair.into(),
            decision,
            coloured_share: None,
            networks_used: 60,
            origin: Origin::Phantom,
            bundle: "b".into(),
        }
    }

    fn references(pairs: &[&str]) -> References {
        let eoss = Protocol::eoss();
        let mut text = Manifest::default().to_csv(&eoss);
        for pair in pairs {
            text += &format!("{pair},p,train,phantom,,,,,g,d,0,0,9,9,0,0,9,9,,0,0\n");
        }
        let rows: Vec<Row> = Manifest::parse(text.as_bytes(), &eoss).unwrap().rows;
        let references = References::parse(text.as_bytes(), &eoss).unwrap();
        assert_eq!(references, References::of_rows(&rows));
        references
    }

    #[test]
    fn a_table_gives_back_what_it_was_given() {
        let eoss = Protocol::eoss();
        let scores = [score("b", [2, 1], [Some(1), None]), score("a", [0, 0], [Some(0), Some(0)])];
        let references = references(&["a", "b"]);
        let table = ScoreTable::of(&eoss, &references, &scores).unwrap();
        let text = scores_csv(&eoss, &scores);
        let read = ScoreTable::parse(text.as_bytes(), &eoss, &references.places()).unwrap();
        for table in [table, read] {
            let found: Vec<Score<'_>> = table.iter().collect();
            assert_eq!((found[0].place(), found[1].place()), (1, 0));
            assert_eq!((found[0].grades(), found[1].grades()), (&[2, 1][..], &[0, 0][..]));
            assert_eq!(found[0].votes(), [vec![Some(2); 2], vec![Some(1), None]]);
            assert_eq!((found[0].mean(1, 2), found[0].mean(1, 1)), (Some(0.25), None));
            assert_eq!((found[0].mean(0, 3), found[0].mean(2, 0)), (None, None));
            assert_eq!(found[1].origin(), Origin::Phantom);
            assert_eq!(table.bundles(), ["b"]);
        }
    }

    #[test]
    fn pairs_of_no_manifest_and_pairs_twice_are_refused_with_their_row() {
        let eoss = Protocol::eoss();
        let references = references(&["a", "b"]);
        let votes = [Some(1); 2];
        let complaint = |pairs: [&str; 3]| {
            let scores = pairs.map(|pair| score(pair, [2, 1], votes));
            let text = scores_csv(&eoss, &scores);
            let problem = ScoreTable::parse(text.as_bytes(), &eoss, &references.places());
            problem.unwrap_err().to_string()
        };
        let twice = complaint(["a", "b", "a"]);
        assert!(twice.starts_with("row 4, column pair_id: pair a stands in row 2"), "{twice}");
        let unknown = complaint(["a", "z", "a"]);
        assert!(unknown.starts_with("row 3, column pair_id: pair z is not in"), "{unknown}");
    }
}
