//! All repetitions together: the figures of each arm, and what they say about
//! each claim.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::arms::{Answers, Cases, Part};
use rating::evaluate::experiment::{ArmResult, ClaimResult, Report};
use rating::stats::bootstrap::SAMPLES;
use rating::{Grade, Origin, Seed};
use rating_net::experiment::{Claim, Expects, Experiment};

use super::repetition::{self, Repetition};
use crate::failure::Failure;

/// What all arms said, over all repetitions.
pub struct Gathered<'a> {
    experiment: &'a Experiment,
    cases: Cases,
    answers: Vec<Answers>,
    /// Of each arm, how many pairs it learned from in each repetition.
    training_pairs: Vec<Vec<usize>>,
    /// Names of the quantities, and how many grades each has.
    quantities: Vec<(String, u8)>,
    cohorts: Vec<String>,
    origin: Origin,
}

impl<'a> Gathered<'a> {
    pub fn new(experiment: &'a Experiment) -> Gathered<'a> {
        Gathered {
            experiment,
            cases: Cases::default(),
            answers: vec![Answers::default(); experiment.arms.len()],
            training_pairs: vec![Vec::new(); experiment.arms.len()],
            quantities: Vec::new(),
            cohorts: Vec::new(),
            origin: Origin::Clinical,
        }
    }

    /// Takes in the pairs of one more repetition.
    pub fn begin(&mut self, repetition: &Repetition<'_>) {
        let protocol = repetition.protocol();
        let measured =
            protocol.measurements().iter().map(|known| (known.name.clone(), known.grades));
        let combined = protocol.combined_grades().map(|grades| ("combined".to_owned(), grades));
        self.quantities = measured.chain(combined).collect();
        self.cases.truth.resize(self.quantities.len(), Vec::new());
        for (row, grades) in repetition.rows().zip(repetition.truth()) {
            // A pair whose patient is unknown is a patient of its own.
            let patient = row.patient_id.as_ref().unwrap_or(&row.pair_id);
            // Drawn patients of another seed are other patients.
            self.cases.patients.push(match self.experiment.phantoms {
                Some(_) => format!("seed {} {patient}", repetition.seed()),
                None => patient.clone(),
            });
            if !self.cohorts.contains(&row.cohort) {
                self.cohorts.push(row.cohort.clone());
            }
            self.cases.cohorts.push(row.cohort.clone());
            self.origin = self.origin.with(row.origin);
            let all: Option<Vec<Grade>> = grades.iter().copied().collect();
            let combined = all.and_then(|grades| protocol.combined(&grades));
            let truth = grades.iter().copied().chain([combined]);
            self.cases.truth.iter_mut().zip(truth).for_each(|(list, grade)| list.push(grade));
        }
    }

    /// Takes in what an arm says about the pairs of the last repetition.
    pub fn add(
        &mut self,
        arm: usize,
        repetition: &Repetition<'_>,
        answers: &repetition::Answers,
    ) -> Result<(), Failure> {
        let before = self.cases.patients.len() - repetition.rows().count();
        let gathered = &mut self.answers[arm].grades;
        gathered.resize(self.quantities.len(), Vec::new());
        for (gathered, given) in gathered.iter_mut().zip(&answers.grades) {
            if before > 0 && gathered.len() != given.len() {
                return Err(Failure::Bug("an arm changed its number of models".to_owned()));
            }
            gathered.resize(given.len(), Vec::new());
            gathered.iter_mut().zip(given).for_each(|(all, grades)| all.extend(grades));
        }
        self.training_pairs[arm].extend(answers.training_pairs);
        Ok(())
    }

    /// Every figure and verdict.
    pub fn report(&self) -> Result<Report, Failure> {
        let mut arms = Vec::new();
        let of_arms = self.answers.iter().zip(&self.training_pairs);
        for (arm, (answers, training_pairs)) in self.experiment.arms.iter().zip(of_arms) {
            let mut result = ArmResult {
                name: arm.name.clone(),
                curve: arm.curve.clone(),
                training_pairs: training_pairs.clone(),
                figures: Vec::new(),
            };
            for (quantity, (name, grades)) in self.quantities.iter().enumerate() {
                for cohort in &self.cohorts {
                    let cohorts = std::slice::from_ref(cohort);
                    let part = Part { quantity, cohorts: Some(cohorts) };
                    let mut rng = rng("figures");
                    let figures = self.cases.figures(answers, part, *grades, SAMPLES, &mut rng)?;
                    if figures.pairs > 0 {
                        result.figures.push((name.clone(), cohort.clone(), figures));
                    }
                }
            }
            arms.push(result);
        }
        let claims = self.experiment.claims.iter().map(|claim| self.judge(claim));
        Ok(Report {
            schema: "rating.experiment/1",
            origin: self.origin,
            research_use_only: true,
            name: self.experiment.name.clone(),
            study_seeds: self.experiment.study_seeds.clone(),
            bootstrap_samples: SAMPLES,
            pairs: self.cases.patients.len(),
            arms,
            claims: claims.collect::<Result<_, _>>()?,
        })
    }

    fn judge(&self, claim: &Claim) -> Result<ClaimResult, Failure> {
        let position = |name: &str| self.experiment.arms.iter().position(|arm| arm.name == name);
        let against = claim.against.as_ref().unwrap_or(&claim.arm);
        let (Some(first), Some(second)) = (position(&claim.arm), position(against)) else {
            return Err(Failure::Bug("a claim about an unknown arm".to_owned()));
        };
        let known = self.quantities.iter().position(|(name, _)| name == &claim.measurement);
        let quantity =
            known.ok_or_else(|| Failure::Bug(format!("a claim about {:?}", claim.measurement)))?;
        let cohorts = claim.cohorts.as_deref();
        let others = claim.against_cohorts.as_deref().or(cohorts);
        let compared = self.cases.compare(
            (&self.answers[first], Part { quantity, cohorts }),
            (&self.answers[second], Part { quantity, cohorts: others }),
            SAMPLES,
            &mut rng(&claim.says),
        )?;
        let limit = match claim.expects {
            Expects::Better => 0.0,
            Expects::NotWorseThan(margin) => -margin,
        };
        Ok(ClaimResult {
            says: claim.says.clone(),
            source: claim.source.clone(),
            figures: claim.figures.clone(),
            first: claim.arm.clone(),
            second: match (&claim.against, &claim.against_cohorts) {
                (Some(against), _) => against.clone(),
                (None, Some(cohorts)) => format!("the same, {}", cohorts.join(" and ")),
                (None, None) => claim.arm.clone(),
            },
            measurement: claim.measurement.clone(),
            cohorts: claim.cohorts.clone().unwrap_or_else(|| self.cohorts.clone()),
            limit,
            verdict: compared.verdict(limit),
            compared,
        })
    }
}

/// The same samples of patients for every arm.
fn rng(label: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Seed::new(1).child("experiment").child(label).bytes())
}

/// The report as lines of text.
pub fn words(report: &Report) -> String {
    let mut text = String::new();
    for arm in &report.arms {
        text += &format!("{}\n", arm.name);
        for (quantity, cohort, figures) in &arm.figures {
            let value =
                figures.accuracy.value.map_or("-".to_owned(), |value| format!("{value:.3}"));
            text += &format!("  {:24} {cohort:14} accuracy {value}\n", quantity.replace('_', " "));
        }
    }
    for claim in &report.claims {
        let difference = claim.compared.difference;
        let value = difference.value.map_or("-".to_owned(), |value| format!("{value:+.3}"));
        let interval = difference
            .interval
            .map(|interval| format!(" [{:+.3}, {:+.3}]", interval.low, interval.high))
            .unwrap_or_default();
        text += &format!("{}: {}  {value}{interval}\n", claim.says, claim.verdict.word());
    }
    text
}
