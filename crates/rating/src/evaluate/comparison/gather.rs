//! The pairs that every file scores.

use super::{ComparedFile, NAMED, Scored};
use crate::Problem;
use crate::manifest::{Reference, References};
use crate::scores::Score;

/// Rows that every file scores, in the manifest's order, with those scores.
#[derive(Debug, Clone)]
pub(super) struct Gathered<'a> {
    pub(super) rows: Vec<&'a Reference>,
    /// `scores[file][row]`.
    pub(super) scores: Vec<Vec<Score<'a>>>,
    /// For each file the pairs that not every file scores.
    left_out: Vec<Vec<&'a str>>,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(
        references: &'a References,
        files: &[Scored<'a>],
    ) -> Result<Gathered<'a>, Problem> {
        let rows = references.rows();
        // scored[file][row of the manifest]
        let mut scored: Vec<Vec<Option<Score<'_>>>> = Vec::new();
        for file in files {
            let mut of_file = vec![None; rows.len()];
            file.scores.iter().for_each(|score| of_file[score.place()] = Some(score));
            scored.push(of_file);
        }
        let mut gathered = Gathered {
            rows: Vec::new(),
            scores: vec![Vec::new(); files.len()],
            left_out: vec![Vec::new(); files.len()],
        };
        for (place, row) in rows.iter().enumerate() {
            let in_every_file = scored.iter().all(|of_file| of_file[place].is_some());
            if in_every_file {
                gathered.rows.push(row);
            }
            for (file, of_file) in scored.iter().enumerate() {
                match of_file[place] {
                    Some(score) if in_every_file => gathered.scores[file].push(score),
                    Some(_) => gathered.left_out[file].push(&row.pair_id),
                    None => {}
                }
            }
        }
        if gathered.rows.is_empty() {
            return Err(Problem::new("no pair has a score in every file")
                .hint("compare scores of the same pairs"));
        }
        Ok(gathered)
    }

    /// Names of the cohorts, in the order of the alphabet.
    pub(super) fn cohorts(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.rows.iter().map(|row| row.cohort.as_ref()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The pairs of one cohort.
    pub(super) fn only(&self, cohort: &str) -> Gathered<'a> {
        self.filter(|row| row.cohort == *cohort)
    }

    /// The pairs whose rows are wanted.
    pub(super) fn filter(&self, wanted: impl Fn(&Reference) -> bool) -> Gathered<'a> {
        let places: Vec<usize> =
            (0..self.rows.len()).filter(|&place| wanted(self.rows[place])).collect();
        let kept = |scores: &Vec<Score<'a>>| places.iter().map(|&at| scores[at]).collect();
        Gathered {
            rows: places.iter().map(|&place| self.rows[place]).collect(),
            scores: self.scores.iter().map(kept).collect(),
            left_out: Vec::new(),
        }
    }

    /// What is known of each file.
    pub(super) fn files(&self, files: &[Scored<'_>]) -> Vec<ComparedFile> {
        let described = files.iter().zip(&self.scores).zip(&self.left_out);
        let file = |((file, scores), left_out): ((&Scored<'_>, &Vec<Score<'_>>), &Vec<&str>)| {
            ComparedFile {
                name: file.name.to_owned(),
                bundles: file.scores.bundles(),
                pairs: file.scores.len(),
                left_out: left_out.len(),
                first_left_out: left_out.iter().take(NAMED).map(|&pair| pair.to_owned()).collect(),
                conflicts: scores.iter().filter(|score| score.is_conflict()).count(),
            }
        };
        described.map(file).collect()
    }
}
