//! One repetition of an experiment: the pairs of one study seed, and what each
//! arm says about them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rating::manifest::Row;
use rating::scores::{Method, decide};
use rating::{Grade, Problem, Protocol};
use rating_frozen::{Inputs, Resources};
use rating_net::config::Questions;
use rating_net::experiment::{Arm, Decide, Experiment, Grader, placed};
use rating_net::export::{Source, export, export_arm};
use rating_net::votes::votes;
use rating_net::{Config, Example, Job, Stop};

use super::{graders, learned};
use crate::commands::pairs::{self, BarControl};
use crate::commands::{demo, phantom, train};
use crate::data::{LoadedPair, ManifestFile};
use crate::failure::Failure;
use crate::files;

/// What all repetitions of an experiment share.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub experiment: &'a Experiment,
    /// Where it stands, and its text: what is wrong with it is told by row.
    pub file: &'a Path,
    pub text: &'a str,
    /// The text of the base configuration.
    pub base: &'a str,
    /// Paths are relative to it.
    pub base_folder: &'a Path,
    pub out: &'a Path,
    pub device: &'a str,
    pub jobs: NonZeroUsize,
    pub stop: &'a Stop,
}

/// The votes on one pair, `votes[measurement][model]`.
type Votes = Vec<Vec<Grade>>;

/// The grades an arm gives, `grades[quantity][model][pair]`; no model for a
/// quantity it does not grade.
pub type Grades = Vec<Vec<Vec<Option<Grade>>>>;

/// What an arm says about the pairs of the test cohorts, in their order.
pub struct Answers {
    pub grades: Grades,
    /// How many pairs it learned from; `None` where no network was asked.
    pub training_pairs: Option<usize>,
}

/// The pairs of one study seed.
pub struct Repetition<'a> {
    setting: Setting<'a>,
    seed: u64,
    folder: PathBuf,
    file: ManifestFile,
    config: Config,
    protocol: Protocol,
    examples: Vec<Example>,
    /// Rows of the test cohorts, as positions in the manifest, with what
    /// networks see of them.
    tests: Vec<(usize, Inputs)>,
    /// What counts as right of each row of the manifest.
    truth: Vec<Vec<Option<Grade>>>,
}

impl<'a> Repetition<'a> {
    /// Draws the pairs where they are not drawn yet, and reads them.
    pub fn open(setting: Setting<'a>, seed: u64) -> Result<Repetition<'a>, Failure> {
        let folder = setting.out.join(format!("seed-{seed}"));
        let config = Arm::base().config(setting.base, seed)?;
        let protocol = train::protocol_of(&config, setting.base_folder)?;
        let manifest = match (&setting.experiment.manifest, &setting.experiment.phantoms) {
            (Some(manifest), _) => setting.base_folder.join(manifest),
            (None, Some(sizes)) => {
                let drawn = folder.join("phantoms");
                if !drawn.join("manifest.csv").exists() {
                    phantom::draw(&drawn, &demo::cohorts(sizes, seed))?;
                }
                drawn.join("manifest.csv")
            }
            (None, None) => return Err(Failure::Bug("an experiment without pairs".to_owned())),
        };
        let file = ManifestFile::read(&manifest, &protocol)?;
        let examples = train::examples(&file, &protocol, &config, false)?;
        let tests = tests(&file, &protocol, &config)?;
        let truth = graders::grades(&setting.experiment.judged_by, &file, &protocol)?;
        Ok(Repetition { setting, seed, folder, file, config, protocol, examples, tests, truth })
    }

    /// Whether every arm can learn and answer, and every claim is about something that
    /// is graded: asked before anything is trained.
    ///
    /// # Errors
    /// More patients than there are; a grader who graded nothing; a claim about a
    /// grade that nobody gives.
    pub fn check(&self) -> Result<(), Failure> {
        let Setting { experiment, file, text, .. } = self.setting;
        let told = |key: String, problem: Problem| {
            placed(text, &key, problem).in_file(file.display().to_string())
        };
        for (place, arm) in experiment.arms.iter().enumerate() {
            if let Some(grader) = &arm.answered_by {
                graders::grades(grader, &self.file, &self.protocol)?;
                continue;
            }
            learned::check_patients(arm, &self.examples)
                .map_err(|problem| told(format!("arms.{place}.patients"), problem))?;
            graders::grades(&arm.learns_from, &self.file, &self.protocol)?;
        }
        for (place, claim) in experiment.claims.iter().enumerate() {
            let is_combined =
                claim.measurement == "combined" && self.protocol.combined_grades().is_some();
            let names = self.protocol.measurements().iter().map(|known| &known.name);
            if !is_combined && names.into_iter().all(|name| *name != claim.measurement) {
                let what = format!("there is no grade {:?}", claim.measurement);
                let key = format!("claims.{place}.measurement");
                return Err(told(key, Problem::new(what)).into());
            }
        }
        Ok(())
    }

    /// The rows of the test cohorts.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.tests.iter().map(|&(position, _)| &self.file.manifest.rows[position])
    }

    /// What counts as right of each of these rows, by measurement.
    pub fn truth(&self) -> impl Iterator<Item = &[Option<Grade>]> {
        self.tests.iter().map(|&(position, _)| self.truth[position].as_slice())
    }

    /// What is graded.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The study seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What an arm says.
    pub fn answers(&self, arm: &Arm) -> Result<Answers, Failure> {
        if let Some(grader) = &arm.answered_by {
            return self.of_grader(grader);
        }
        let protocol = arm.protocol(&self.protocol)?;
        let (votes, training_pairs) = self.votes(arm, &protocol)?;
        let mut grades: Grades = vec![Vec::new(); self.protocol.measurements().len() + 1];
        let combined = grades.len() - 1;
        for (pair, votes) in votes.into_iter().enumerate() {
            let mut given = graded(arm, &protocol, votes)?;
            // Its own measurements are none of the base's.
            let kept =
                if arm.combined_from.is_some() { given.split_off(given.len() - 1) } else { given };
            for (models, quantity) in kept.into_iter().rev().zip((0..=combined).rev()) {
                let of_quantity = &mut grades[quantity];
                of_quantity.resize(models.len().max(of_quantity.len()), vec![None; pair]);
                for (grades, grade) in of_quantity.iter_mut().zip(models) {
                    grades.push(grade);
                }
            }
        }
        Ok(Answers { grades, training_pairs: Some(training_pairs) })
    }

    /// The grades of a grader as answers.
    fn of_grader(&self, grader: &Grader) -> Result<Answers, Failure> {
        let given = graders::grades(grader, &self.file, &self.protocol)?;
        let mut grades: Grades = vec![vec![Vec::new()]; self.protocol.measurements().len() + 1];
        for &(position, _) in &self.tests {
            let all: Option<Vec<Grade>> = given[position].iter().copied().collect();
            let combined = all.and_then(|all| self.protocol.combined(&all));
            let given = given[position].iter().copied().chain([combined]);
            grades
                .iter_mut()
                .zip(given)
                .for_each(|(of_quantity, grade)| of_quantity[0].push(grade));
        }
        Ok(Answers { grades, training_pairs: None })
    }

    /// The votes of an arm's models on each pair, and how many pairs they
    /// learned from; votes come from a file where an earlier run left them. Arms
    /// that differ only in how they decide share them.
    fn votes(&self, arm: &Arm, protocol: &Protocol) -> Result<(Vec<Votes>, usize), Failure> {
        let config = arm.config(self.setting.base, self.seed)?;
        let (job, source) = self.job(arm, &config, protocol)?;
        let training_pairs = job.data().examples().len();
        let file = self.folder.join("votes").join(format!("{}.csv", self.key(arm, &job, &source)));
        if file.exists() {
            return Ok((self.read_votes(&file)?, training_pairs));
        }
        train::train(&job, self.setting.jobs, None, self.setting.stop)?;
        let found = match config.questions {
            Questions::Thermometer => self.votes_of_bundle(arm, &job, &source)?,
            Questions::Grade | Questions::Cascade => {
                let pictures: Vec<_> =
                    self.tests.iter().map(|(_, inputs)| inputs.pictures()).collect();
                votes(&job, &pictures)?
            }
        };
        files::make_folder(&self.folder.join("votes"))?;
        files::write(&file, self.votes_csv(&found).as_bytes())?;
        Ok((found, training_pairs))
    }

    /// What an arm's votes depend on, as a hash.
    fn key(&self, arm: &Arm, job: &Job, source: &Source) -> String {
        let mut hasher = blake3::Hasher::new();
        for task in job.tasks() {
            // Name and hash of the training.
            let folder = job.folder(&task.id);
            hasher.update(folder.file_name().unwrap_or_default().as_encoded_bytes());
        }
        hasher.update(format!("{:?} {:?} ", arm.extractor, job.config().threshold).as_bytes());
        hasher.update(job.protocol().to_toml().as_bytes());
        hasher.update(source.manifest_blake3.as_bytes());
        // What networks see of the test pairs: another image or ROI is another answer.
        for (row, (_, inputs)) in self.rows().zip(&self.tests) {
            hasher.update(row.pair_id.as_bytes());
            for picture in inputs.pictures() {
                hasher.update(picture.as_raw());
            }
        }
        // Not the arm's name: arms that differ only in how they decide share votes.
        format!("{:.16}", hasher.finalize().to_hex())
    }

    /// The trainings of an arm. All arms share one folder of work, where
    /// trainings lie by what they depend on.
    fn job(
        &self,
        arm: &Arm,
        config: &Config,
        protocol: &Protocol,
    ) -> Result<(Job, Source), Failure> {
        let base = &self.config;
        if (&config.preprocess, config.folds) != (&base.preprocess, base.folds)
            || config.augment != base.augment
        {
            let what = format!("arm {:?} changes preprocess, augment or folds", arm.name);
            return Err(Problem::new(what)
                .hint("pairs are read once for all arms; make it an experiment of its own")
                .into());
        }
        let examples =
            learned::examples(arm, &self.examples, &self.file, &self.protocol, self.seed)?;
        let source = train::source(&self.file.manifest, &self.protocol, &examples);
        let imagenet = train::imagenet(config, self.setting.base_folder)?;
        let work = self.setting.out.join("work");
        let device = self.setting.device;
        let job = Job::new(config.clone(), protocol.clone(), imagenet, examples, device, work)?;
        Ok((job, source))
    }

    /// Exports a bundle and asks it as `rating score` does.
    fn votes_of_bundle(
        &self,
        arm: &Arm,
        job: &Job,
        source: &Source,
    ) -> Result<Vec<Votes>, Failure> {
        let bundle = self.folder.join("bundles").join(arm.slug());
        match &arm.extractor {
            None => export(job, source, &bundle)?,
            Some(extractor) => {
                let (measurement, modality) = positions(&self.protocol, arm)?;
                debug_assert_eq!(self.protocol.modalities()[modality].name, extractor.modality);
                export_arm(job, source, measurement, modality, &bundle)?
            }
        };
        let scorer = pairs::open(&bundle, Resources::default())?;
        let networks = scorer.bundle().info().networks.len();
        let control = BarControl::new("asking networks", networks * self.tests.len());
        let inputs: Vec<Inputs> = self.tests.iter().map(|(_, inputs)| inputs.clone()).collect();
        let answers = scorer.score_inputs(&inputs, &|_| true, &control)?;
        control.finish();
        let votes = |answers: &Vec<_>| {
            let decision = decide(job.protocol(), answers, Method::Multitude)?;
            decision.all_votes().ok_or_else(|| Failure::Bug("a vote is missing".to_owned()))
        };
        answers.iter().map(votes).collect()
    }

    fn votes_csv(&self, votes: &[Votes]) -> String {
        let mut text = String::new();
        for (row, votes) in self.rows().zip(votes) {
            let words: Vec<String> = votes
                .iter()
                .map(|votes| votes.iter().map(Grade::to_string).collect::<String>())
                .collect();
            text += &format!("{},{}\n", row.pair_id, words.join(","));
        }
        text
    }

    fn read_votes(&self, path: &Path) -> Result<Vec<Votes>, Failure> {
        let text = files::read_text(path)?;
        let mut by_pair: BTreeMap<&str, Votes> = BTreeMap::new();
        for line in text.lines() {
            let mut fields = line.split(',');
            let pair = fields.next().unwrap_or_default();
            let digits = |word: &str| -> Option<Vec<Grade>> {
                word.chars().map(|digit| Some(digit.to_digit(10)? as Grade)).collect()
            };
            let votes: Option<Votes> = fields.map(digits).collect();
            by_pair.extend(votes.map(|votes| (pair, votes)));
        }
        let of_row = |row: &Row| {
            by_pair.get(row.pair_id.as_str()).cloned().ok_or_else(|| {
                Problem::new(format!("no votes on pair {}", row.pair_id))
                    .in_file(path.display().to_string())
                    .hint("remove the file; the votes are then computed again")
            })
        };
        Ok(self.rows().map(of_row).collect::<Result<_, _>>()?)
    }
}

fn tests(
    file: &ManifestFile,
    protocol: &Protocol,
    config: &Config,
) -> Result<Vec<(usize, Inputs)>, Failure> {
    let wanted = |row: &Row| row.cohort != train::COHORT;
    let keep =
        |_: &Row, loaded: &LoadedPair| Inputs::new(&loaded.pair, protocol, &config.preprocess);
    let loaded = file.load_all(protocol, "reading test images", wanted, keep)?;
    if !loaded.unreadable.is_empty() {
        return Err(loaded.unreadable.into());
    }
    let mut tests = Vec::new();
    for (position, inputs) in loaded.kept.into_iter().enumerate() {
        if let Some(inputs) = inputs {
            tests.push((position, inputs?));
        }
    }
    if tests.is_empty() {
        return Err(Problem::new("there is no test cohort: every pair is in cohort train")
            .in_file(&file.name)
            .in_column("cohort")
            .into());
    }
    Ok(tests)
}

/// The measurement and modality that an arm reads by extractors.
fn positions(protocol: &Protocol, arm: &Arm) -> Result<(usize, usize), Problem> {
    let found = arm.extractor.as_ref().and_then(|extractor| {
        let measurement = protocol.measurement(&extractor.measurement)?;
        let modalities = protocol.modalities();
        let modality = modalities.iter().position(|known| known.name == extractor.modality)?;
        Some((measurement, modality))
    });
    found.ok_or_else(|| {
        Problem::new(format!("arm {:?}: no such measurement or modality", arm.name))
            .in_column("extractor")
    })
}

/// The grades an arm gives a pair: for each quantity of the base, one for each
/// model, or the one decided on.
fn graded(
    arm: &Arm,
    protocol: &Protocol,
    votes: Votes,
) -> Result<Vec<Vec<Option<Grade>>>, Problem> {
    let with_combined = |grades: &[Grade]| -> Vec<Option<Grade>> {
        let measured = grades.iter().copied().map(Some);
        measured.chain([protocol.combined(grades)]).collect()
    };
    let answers: Vec<Vec<Option<Grade>>> = match arm.decide {
        Decide::EachModel => {
            let models = votes.first().map_or(0, Vec::len);
            (0..models)
                .map(|model| votes.iter().map(|votes| votes[model]).collect::<Vec<Grade>>())
                .map(|grades| with_combined(&grades))
                .collect()
        }
        Decide::Multitude | Decide::Majority => {
            let method = match arm.decide {
                Decide::Majority => Method::Majority,
                _ => Method::Multitude,
            };
            let decision = rating::scores::decide_votes(protocol, votes, method)?;
            vec![with_combined(&decision.grades)]
        }
    };
    let quantities = protocol.measurements().len() + 1;
    let by_quantity = |quantity: usize| answers.iter().map(|grades| grades[quantity]).collect();
    Ok((0..quantities).map(by_quantity).collect())
}
