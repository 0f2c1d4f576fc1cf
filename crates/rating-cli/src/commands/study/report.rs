//! `rating study report`: a closed study as page, JSON and tables.

use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::study::analysis::{Plan, Study, StudyAnalysis, analyse};
use rating::study::extent::{
    SessionExtent, Washout, extent, incomplete, odd_times, readers_left, washouts,
};
use rating::study::{StudyProtocol, imrmc, tables};
use rating::{Origin, Problem, Protocol, Seed};
use rating_report::{Fact, StudyPage, study_page};
use rating_web::readings::Reason;
use rating_web::{Store, studies};
use serde::Serialize;

use super::deviations::{self, Run};
use super::found::{Found, join};
use super::plan::schedule;
use crate::args::StudyReportArgs;
use crate::commands::{self, print, room};
use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::files;

/// Everything that a report holds, for programs.
const REPORT: &str = "study.json";

/// The analysis with what it was made from.
#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    origin: Origin,
    research_use_only: bool,
    study: &'a StudyProtocol,
    protocol_hash: String,
    seal: Option<&'a str>,
    truth_blake3: &'a str,
    run: Run,
    warnings: &'a [String],
    extent: &'a [SessionExtent],
    washouts: &'a [Washout],
    analysis: &'a StudyAnalysis,
}

pub fn run(args: &StudyReportArgs) -> Result<(), Failure> {
    let store = room::known(&args.data)?;
    let refused = |refusal| room::refused(refusal, &args.data);
    let all = store.read_now(|db| studies::all(db, None)).map_err(refused)?;
    let study = named(all, args)?;
    let Some(seal) = study.seal.clone() else {
        return Err(Problem::new(format!(
            "study {} is still open: its results are withheld",
            args.study
        ))
        .in_file(args.data.display().to_string())
        .hint("close it on its page first")
        .into());
    };
    is_free(&args.out, &seal)?;
    let submitted = sealed(&store, &study, &args.data)?;
    let (cases, deviated) = store
        .read_now(|db| Ok((studies::cases(db, &study)?, studies::deviations(db, &study)?)))
        .map_err(refused)?;
    let protocol = rating_web::room::protocol_of(&store).map_err(refused)?;
    let truth = ManifestFile::read(&args.truth, &protocol)?;
    let mut found = join(&protocol, &study.protocol, &cases, &submitted, &truth.manifest).map_err(
        |problems| problems.into_iter().map(|one| one.in_file(&truth.name)).collect::<Vec<_>>(),
    )?;
    found.warnings.extend(deviations::warnings(&study, &deviated));
    let truth_hash = blake3::hash(&files::read(&args.truth)?).to_hex().to_string();
    let mut facts = vec![
        Fact::new("Study", args.study.clone()),
        Fact::new("Protocol hash", study.hash.clone()),
        Fact::new("Seal of the submitted readings", seal.clone()),
        Fact::new("Reference grades", args.truth.display().to_string()),
        Fact::new("BLAKE3 of the reference grades", truth_hash.clone()),
    ];
    facts.extend(deviations::facts(&study, &deviated));
    let done = Reported {
        protocol: &protocol,
        study: &study.protocol,
        found: &found,
        seal: Some(&seal),
        opened: &study,
        deviated: &deviated,
        truth_blake3: &truth_hash,
        facts,
    };
    write(&done, &args.out)
}

/// The study that is asked for.
fn named(all: Vec<studies::Study>, args: &StudyReportArgs) -> Result<studies::Study, Failure> {
    let names: Vec<String> = all.iter().map(|study| study.protocol.name.clone()).collect();
    let found = all.into_iter().find(|study| study.protocol.name == args.study);
    found.ok_or_else(|| {
        let hint = match names.as_slice() {
            [] => "no study was opened in this room".to_owned(),
            names => format!("there are: {}", names.join(", ")),
        };
        let problem = Problem::new(format!("there is no study {:?}", args.study)).hint(hint);
        problem.in_file(args.data.display().to_string()).into()
    })
}

/// Whether a folder holds no report of other readings, which would be lost.
fn is_free(out: &Path, seal: &str) -> Result<(), Failure> {
    let path = out.join(REPORT);
    let Ok(text) = std::fs::read(&path) else { return Ok(()) };
    let known: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
    if known.is_some_and(|known| known["seal"] == seal) {
        return Ok(());
    }
    let problem = Problem::new("this is the report of another study");
    Err(problem.in_file(path.display().to_string()).hint("name another folder with --out").into())
}

/// The submitted readings of a study that is what was opened, read and sealed.
fn sealed(
    store: &Store,
    study: &studies::Study,
    folder: &Path,
) -> Result<Vec<studies::Submitted>, Failure> {
    let (disagreement, submitted) = store
        .read_now(|db| Ok((studies::disagreement(db, study)?, studies::submitted(db, study)?)))
        .map_err(|refusal| room::refused(refusal, folder))?;
    let Some(what) = disagreement else { return Ok(submitted) };
    let hint = "something was changed after it was opened: compare it with a backup, and run \
                rating audit verify";
    Err(Failure::Bundle(Problem::new(what).in_file(folder.display().to_string()).hint(hint)))
}

/// A study that is over.
pub struct Reported<'a> {
    /// What was graded.
    pub protocol: &'a Protocol,
    /// What was registered.
    pub study: &'a StudyProtocol,
    /// What came of it.
    pub found: &'a Found,
    /// The hash over its readings.
    pub seal: Option<&'a str>,
    /// The study as the room has it.
    pub opened: &'a studies::Study,
    /// What deviated from the protocol.
    pub deviated: &'a studies::Deviations,
    /// The hash of the file of reference grades.
    pub truth_blake3: &'a str,
    /// How it was made.
    pub facts: Vec<Fact>,
}

impl Reported<'_> {
    /// Everything that is computed.
    pub fn analysis(&self) -> Result<StudyAnalysis, Failure> {
        let plan = Plan::of(self.study).ok_or_else(|| {
            Problem::new("a study of one arm compares nothing").hint("give it a second arm")
        })?;
        let arms = self.arms();
        let seed = Seed::new(self.study.seed).child("analysis");
        let mut rng = ChaCha8Rng::from_seed(seed.bytes());
        Ok(analyse(self.answers(&arms), &plan, &mut rng)?)
    }

    /// What became of every session.
    fn extent(&self) -> Vec<SessionExtent> {
        let planned = schedule(self.study, self.found.planned_cases);
        let readers = deviations::withdrawn_readers(self.deviated);
        extent(self.study, &planned, &readers, &self.found.withdrawn_cases, &self.found.answers)
    }

    /// Everything that a reader of the report must know, the worst first.
    fn warnings(&self, extent: &[SessionExtent]) -> Vec<String> {
        let of_protocol = self.study.warnings_with(readers_left(extent));
        let of_protocol = of_protocol.into_iter().map(str::to_owned);
        let odd = odd_times(self.study, &self.found.read_at);
        let found = self.found.warnings.iter().cloned();
        incomplete(extent).into_iter().chain(of_protocol).chain(found).chain(odd).collect()
    }

    fn arms(&self) -> Vec<String> {
        self.study.arms.iter().map(|arm| arm.name.clone()).collect()
    }

    fn answers<'b>(&'b self, arms: &'b [String]) -> Study<'b> {
        let Found { cases, answers, .. } = self.found;
        Study { protocol: self.protocol, arms, readers: &self.study.readers, cases, answers }
    }
}

/// Writes page, JSON and tables into a folder.
pub fn write(done: &Reported<'_>, out: &Path) -> Result<(), Failure> {
    let analysis = done.analysis()?;
    let (protocol, study, found) = (done.protocol, done.study, done.found);
    let extent = done.extent();
    let warnings = done.warnings(&extent);
    let washouts = washouts(study, &found.read_at);
    files::make_folder(out)?;
    let written = Written {
        schema: "rating.study/1",
        origin: found.origin,
        research_use_only: true,
        study,
        protocol_hash: study.hash(),
        seal: done.seal,
        truth_blake3: done.truth_blake3,
        run: Run::of(done.opened, done.deviated),
        warnings: &warnings,
        extent: &extent,
        washouts: &washouts,
        analysis: &analysis,
    };
    let reasons = Reason::ALL.map(|reason| (reason.word(), reason.words()));
    let json =
        serde_json::to_string_pretty(&written).map_err(|error| Failure::Bug(error.to_string()))?;
    let text = |name: &str, text: &str| files::write(&out.join(name), text.as_bytes());
    text("study.toml", &study.to_toml())?;
    text("answers.csv", &tables::answers_csv(protocol, study, &found.answers, found.origin))?;
    text("codebook.csv", &tables::codebook_csv(protocol, study, &reasons))?;
    text("redcap.csv", &tables::redcap_csv(protocol, &reasons))?;
    text(REPORT, &(json + "\n"))?;
    let mut facts = done.facts.clone();
    facts.extend([
        Fact::new("Seed", study.seed.to_string()),
        Fact::new("Version", env!("CARGO_PKG_VERSION")),
    ]);
    let page = StudyPage {
        study,
        analysis: &analysis,
        origin: found.origin,
        extent: &extent,
        washouts: &washouts,
        warnings: &warnings,
        facts: &facts,
    };
    text("study.html", &study_page(&page))?;
    imrmc_files(done, out)?;
    print(&commands::warning(Some(found.origin)))?;
    print(&words(&analysis))?;
    print(&format!("written to {}\n", out.display()))
}

/// One file for each cut-off of each measurement and of the combined grade; where names
/// are written as codes, their key.
fn imrmc_files(done: &Reported<'_>, out: &Path) -> Result<(), Failure> {
    let arms = done.arms();
    let answers = done.answers(&arms);
    let names = imrmc::Names::of(&answers);
    if let Some(key) = names.key_csv() {
        files::write(&out.join("imrmc_cases.csv"), key.as_bytes())?;
    }
    let combined = done.protocol.combined_grades().map(|grades| ("combined", grades));
    let measurements = done.protocol.measurements().iter();
    let all = measurements.map(|measurement| (measurement.name.as_str(), measurement.grades));
    for (name, grades) in all.chain(combined) {
        for above in 0..grades - 1 {
            let rows = imrmc::rows(&answers, &names, name, above)?;
            let title = format!("{}: {name} > {above}; research use only", done.study.name);
            let path = out.join(format!("imrmc_{name}_gt{above}.imrmc"));
            files::write(&path, imrmc::file(&rows, &title).as_bytes())?;
        }
    }
    Ok(())
}

/// The planned comparison as a line.
fn words(analysis: &StudyAnalysis) -> String {
    let plan = &analysis.plan;
    let question = analysis.questions.iter().find(|question| question.name == plan.measurement);
    let comparison = question.and_then(|question| {
        question.comparisons.iter().find(|one| one.arm == plan.arm && one.against == plan.against)
    });
    let figure = comparison.and_then(|comparison| comparison.mean.get(&plan.merit));
    let Some(value) = figure.and_then(|figure| figure.value) else {
        return "the planned comparison is not defined: see the page\n".to_owned();
    };
    let interval = match figure.and_then(|figure| figure.interval) {
        Some(interval) => format!("[{:+.3}, {:+.3}]", interval.low, interval.high),
        None => "(no interval: see the page)".to_owned(),
    };
    format!(
        "{} of {}: {} minus {} {value:+.3} {interval}\n",
        plan.merit, plan.measurement, plan.arm, plan.against
    )
}
