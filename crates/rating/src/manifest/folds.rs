//! Cross-validation folds: by patient, equal in size, alike in grades.
//!
//! The paper says "subsets of an equivalent number of samples" and not
//! whether folds respect patients; here they always do (`docs/paper.md`).

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::SliceRandom;

use super::Row;
use crate::words::counted;
use crate::{Problem, Protocol};

/// Passes over all patients in search of better folds.
const PASSES: usize = 20;

/// Gains smaller than this are rounding.
const LEAST_GAIN: f64 = 1e-9;

/// The fold of each row, from 1 to `count`, in the order of `rows`.
///
/// Rows whose manifest fixes the fold keep it. Otherwise patients are dealt so
/// that folds have nearly the same number of pairs and the same mix of grades:
/// largest patient first to where it fits best, then moves and exchanges while
/// they help. The outcome depends on the generator and on the set of rows, not on
/// their order.
///
/// # Errors
/// A fold out of range, folds fixed for some rows only, a patient in two
/// folds, rows without a patient, or fewer patients than folds.
pub fn folds(
    rows: &[&Row],
    protocol: &Protocol,
    count: u8,
    rng: &mut impl Rng,
) -> Result<Vec<u8>, Vec<Problem>> {
    if rows.iter().any(|row| row.fold.is_some()) {
        return fixed_folds(rows, count).map_err(|problem| vec![problem]);
    }
    let mut patients: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, row) in rows.iter().enumerate() {
        let Some(patient) = row.patient_id.as_deref() else {
            return Err(vec![
                Problem::new(format!("pair {} has no patient", row.pair_id))
                    .in_column("patient_id")
                    .hint("folds are made by patient; name the patient or give a fold column"),
            ]);
        };
        patients.entry(patient).or_default().push(position);
    }
    if patients.len() < usize::from(count) {
        return Err(vec![
            Problem::new(format!(
                "{} for {}",
                counted(patients.len(), "patient", "patients"),
                counted(count, "fold", "folds")
            ))
            .in_column("patient_id")
            .hint("each fold needs a patient of its own; collect more or set fewer folds"),
        ]);
    }
    let strata: Vec<Vec<f64>> =
        patients.values().map(|members| stratum_counts(rows, members, protocol)).collect();
    let fold_of_patient = deal(&strata, usize::from(count), rng);
    let mut folds = vec![0; rows.len()];
    for (members, fold) in patients.values().zip(fold_of_patient) {
        for &row in members {
            folds[row] = fold as u8 + 1;
        }
    }
    Ok(folds)
}

fn fixed_folds(rows: &[&Row], count: u8) -> Result<Vec<u8>, Problem> {
    let mut fold_of_patient: BTreeMap<&str, u8> = BTreeMap::new();
    let mut folds = Vec::with_capacity(rows.len());
    for row in rows {
        let place = |what: String| Problem::new(what).in_column("fold");
        let fold = row.fold.ok_or_else(|| {
            place(format!("pair {} has no fold, others have", row.pair_id))
                .hint("give every training pair a fold, or none")
        })?;
        if fold > count {
            return Err(place(format!("pair {} is in fold {fold} of {count}", row.pair_id)));
        }
        if let Some(patient) = row.patient_id.as_deref() {
            let first = *fold_of_patient.entry(patient).or_insert(fold);
            if first != fold {
                return Err(place(format!("patient {patient} is in folds {first} and {fold}"))
                    .hint("a patient belongs to one fold, else validation is too hopeful"));
            }
        }
        folds.push(fold);
    }
    match (1..=count).find(|fold| !folds.contains(fold)) {
        Some(empty) => {
            Err(Problem::new(format!("fold {empty} of {count} has no pairs")).in_column("fold"))
        }
        None => Ok(folds),
    }
}

/// Pairs of a patient: all, then by grade of each measurement.
fn stratum_counts(rows: &[&Row], members: &[usize], protocol: &Protocol) -> Vec<f64> {
    let mut counts = vec![members.len() as f64];
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        for grade in 0..measurement.grades {
            let has_grade = |&&row: &&usize| rows[row].grades.get(position) == Some(&Some(grade));
            counts.push(members.iter().filter(has_grade).count() as f64);
        }
    }
    counts
}

/// Deals patients to folds; returns the fold of each, from 0.
fn deal(strata: &[Vec<f64>], count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..strata.len()).collect();
    order.shuffle(rng);
    order.sort_by(|&a, &b| strata[b][0].total_cmp(&strata[a][0]));

    let mut deal = Deal::new(strata, count);
    for (dealt, &patient) in order.iter().enumerate() {
        // The last patients go to folds that are still empty.
        let empty = deal.patients_in.iter().filter(|&&patients| patients == 0).count();
        let must_open = order.len() - dealt <= empty;
        let best = (0..count)
            .filter(|&fold| !must_open || deal.patients_in[fold] == 0)
            .min_by(|&a, &b| {
                deal.cost_of_adding(patient, a).total_cmp(&deal.cost_of_adding(patient, b))
            })
            .unwrap_or(0);
        deal.put(patient, best);
    }
    for _ in 0..PASSES {
        let mut is_better = false;
        for (position, &patient) in order.iter().enumerate() {
            is_better |= deal.try_moves(patient);
            for &other in &order[position + 1..] {
                is_better |= deal.try_swap(patient, other);
            }
        }
        if !is_better {
            break;
        }
    }
    deal.fold_of
}

/// Patients in folds, with what each fold holds.
struct Deal<'a> {
    strata: &'a [Vec<f64>],
    /// What each fold should hold.
    share: Vec<f64>,
    filled: Vec<Vec<f64>>,
    patients_in: Vec<usize>,
    fold_of: Vec<usize>,
}

impl Deal<'_> {
    fn new(strata: &[Vec<f64>], count: usize) -> Deal<'_> {
        let sum = |stratum: usize| strata.iter().map(|patient| patient[stratum]).sum::<f64>();
        let width = strata[0].len();
        Deal {
            strata,
            share: (0..width).map(|stratum| sum(stratum) / count as f64).collect(),
            filled: vec![vec![0.0; width]; count],
            patients_in: vec![0; count],
            fold_of: vec![usize::MAX; strata.len()],
        }
    }

    fn put(&mut self, patient: usize, fold: usize) {
        for (count, own) in self.filled[fold].iter_mut().zip(&self.strata[patient]) {
            *count += own;
        }
        self.patients_in[fold] += 1;
        self.fold_of[patient] = fold;
    }

    fn take(&mut self, patient: usize) -> usize {
        let fold = self.fold_of[patient];
        for (count, own) in self.filled[fold].iter_mut().zip(&self.strata[patient]) {
            *count -= own;
        }
        self.patients_in[fold] -= 1;
        fold
    }

    /// How much further from its share a fold gets by this patient: squared
    /// distances in units of the share; the size counts far more than a grade.
    fn cost_of_adding(&self, patient: usize, fold: usize) -> f64 {
        let mut cost = 0.0;
        for (stratum, &share) in self.share.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let (have, own) = (self.filled[fold][stratum], self.strata[patient][stratum]);
            let squared = |value: f64| ((value - share) / share).powi(2);
            let weight = if stratum == 0 { 10.0 * self.share.len() as f64 } else { 1.0 };
            cost += weight * (squared(have + own) - squared(have));
        }
        cost
    }

    /// Moves a patient to the fold it fits best, if that helps.
    fn try_moves(&mut self, patient: usize) -> bool {
        if self.patients_in[self.fold_of[patient]] == 1 {
            return false;
        }
        let from = self.take(patient);
        let mut to = from;
        for fold in 0..self.filled.len() {
            if self.cost_of_adding(patient, fold) < self.cost_of_adding(patient, to) - LEAST_GAIN {
                to = fold;
            }
        }
        self.put(patient, to);
        to != from
    }

    /// Exchanges two patients, if that helps.
    fn try_swap(&mut self, a: usize, b: usize) -> bool {
        if self.fold_of[a] == self.fold_of[b] {
            return false;
        }
        let (fold_a, fold_b) = (self.take(a), self.take(b));
        let stay = self.cost_of_adding(a, fold_a) + self.cost_of_adding(b, fold_b);
        let swap = self.cost_of_adding(a, fold_b) + self.cost_of_adding(b, fold_a);
        let is_better = swap < stay - LEAST_GAIN;
        let (to_a, to_b) = if is_better { (fold_b, fold_a) } else { (fold_a, fold_b) };
        self.put(a, to_a);
        self.put(b, to_b);
        is_better
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::manifest::Manifest;

    /// A cohort of `patients` with 4 to 11 pairs each and mixed grades.
    fn cohort(patients: usize) -> Manifest {
        let mut text = String::from(
            "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
             grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
             doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
             synovial_hypertrophy,vascularity\n",
        );
        for patient in 0..patients {
            for pair in 0..4 + (patient * 5) % 8 {
                let sh = (patient + pair) % 4;
                let vascularity = if sh == 0 { 0 } else { pair % 4 };
                text += &format!(
                    "p{patient}-{pair},p{patient},train,phantom,,,,,a,b,0,0,9,9,0,0,9,9,cdus,{sh},{vascularity}\n"
                );
            }
        }
        Manifest::parse(text.as_bytes(), &Protocol::eoss()).unwrap()
    }

    fn deal_rows(rows: &[&Row], count: u8) -> Result<Vec<u8>, Vec<Problem>> {
        folds(rows, &Protocol::eoss(), count, &mut ChaCha8Rng::seed_from_u64(3))
    }

    #[test]
    fn folds_hold_whole_patients_and_are_nearly_equal() {
        let manifest = cohort(104);
        let rows: Vec<&Row> = manifest.rows.iter().collect();
        let dealt = deal_rows(&rows, 5).unwrap();
        let mut fold_of = BTreeMap::new();
        for (row, fold) in rows.iter().zip(&dealt) {
            assert_eq!(fold_of.entry(&row.patient_id).or_insert(*fold), fold);
        }
        let sizes: Vec<usize> =
            (1..=5).map(|fold| dealt.iter().filter(|&&f| f == fold).count()).collect();
        let spread = sizes.iter().max().unwrap() - sizes.iter().min().unwrap();
        assert!(spread <= 2, "{sizes:?}");
        for grade in 0..4 {
            for fold in 1..=5 {
                let has = |(row, f): &(&&Row, &u8)| **f == fold && row.grades[0] == Some(grade);
                let share = rows.iter().zip(&dealt).filter(has).count() as f64 / sizes[0] as f64;
                assert!((share - 0.25).abs() < 0.05, "grade {grade} fold {fold}: {share}");
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let manifest = cohort(20);
        let rows: Vec<&Row> = manifest.rows.iter().collect();
        let backwards: Vec<&Row> = manifest.rows.iter().rev().collect();
        let mut dealt = deal_rows(&backwards, 5).unwrap();
        dealt.reverse();
        assert_eq!(deal_rows(&rows, 5).unwrap(), dealt);
    }

    #[test]
    fn fewer_patients_than_folds_is_refused() {
        let manifest = cohort(4);
        let rows: Vec<&Row> = manifest.rows.iter().collect();
        let problems = deal_rows(&rows, 5).unwrap_err();
        assert!(problems[0].what.contains("4 patients for 5 folds"));
        assert!(deal_rows(&rows, 4).is_ok());
    }

    #[test]
    fn fixed_folds_are_kept_and_checked() {
        let mut manifest = cohort(4);
        for row in &mut manifest.rows {
            row.fold = Some(if row.patient_id.as_deref() == Some("p0") { 1 } else { 2 });
        }
        let rows: Vec<&Row> = manifest.rows.iter().collect();
        assert!(deal_rows(&rows, 2).unwrap().starts_with(&[1, 1, 1, 1, 2]));
        assert!(deal_rows(&rows, 1).is_err());
        assert!(deal_rows(&rows, 3).is_err());
        manifest.rows[0].fold = Some(2);
        let rows: Vec<&Row> = manifest.rows.iter().collect();
        assert!(deal_rows(&rows, 2).unwrap_err()[0].what.contains("patient p0 is in folds"));
    }
}
