//! Which pairs a command is about, and the bundle it asks: what `score` and
//! `explain` share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rating::manifest::Row;
use rating::{Pair, Problem, Protocol, Roi, View};
use rating_frozen::bundle::{Bundle, BundleError};
use rating_frozen::{Control, CpuScorer, Resources, ScoreError};

use crate::args::PairArgs;
use crate::data::{LoadedPair, ManifestFile, load_image};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::stderr::say;
use crate::stop;

/// Where the pairs come from.
pub enum Source {
    /// The rows of a manifest.
    Manifest(ManifestFile),
    /// The one pair of `--image` and `--roi`.
    One(Pair),
}

impl Source {
    /// What the flags name, read; of a manifest only the table.
    pub fn asked(args: &PairArgs, protocol: &Protocol) -> Result<Source, Failure> {
        Ok(match &args.manifest {
            Some(manifest) => Source::Manifest(read_manifest(manifest, protocol)?),
            None => Source::One(single(args, protocol)?),
        })
    }
}

/// Decodes the pairs of a manifest, or of one of its cohorts, and keeps of each
/// what `keep` makes of it, with its position among the rows.
pub fn load<T: Send>(
    file: &ManifestFile,
    cohort: Option<&str>,
    protocol: &Protocol,
    keep: impl Fn(&Row, &LoadedPair) -> T + Sync,
) -> Result<Vec<(usize, T)>, Failure> {
    let wanted = |row: &Row| cohort.is_none_or(|cohort| row.cohort == cohort);
    if !file.manifest.rows.iter().any(wanted) {
        let what = format!("no pair is in cohort {:?}", cohort.unwrap_or_default());
        return Err(Problem::new(what).in_file(&file.name).in_column("cohort").into());
    }
    let loaded = file.load_all(protocol, "reading images", wanted, keep)?;
    for warning in &loaded.warnings {
        say(format_args!("warning: {warning}"));
    }
    // Reference grades do not matter here; images that cannot be read do.
    if !loaded.unreadable.is_empty() {
        return Err(loaded.unreadable.into());
    }
    let kept = loaded.kept.into_iter().enumerate();
    Ok(kept.filter_map(|(position, kept)| Some((position, kept?))).collect())
}

/// How much of the machine `--threads` and `--memory` ask for.
pub fn resources(threads: Option<usize>, memory: &str) -> Result<Resources, Failure> {
    Ok(Resources { threads: threads.unwrap_or(0), memory: parse_size("--memory", memory)? })
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Failure {
        match error {
            BundleError::Refused(problem) => Failure::Bundle(problem),
            BundleError::CannotWrite(problem) => Failure::CannotWrite(problem),
            BundleError::NoMemory(problem) => Failure::Machine(problem),
        }
    }
}

impl From<ScoreError> for Failure {
    fn from(error: ScoreError) -> Failure {
        match error {
            ScoreError::Cancelled => Failure::Interrupted,
            ScoreError::Bundle(error) => error.into(),
            ScoreError::Pair(problem) => problem.into(),
            ScoreError::Machine(what) => Failure::no_threads(&what),
        }
    }
}

/// A scorer on this machine's processor.
pub fn open(bundle: &Path, resources: Resources) -> Result<CpuScorer, Failure> {
    Ok(CpuScorer::new(open_bundle(bundle)?, resources)?)
}

/// Opens a bundle. A path that leads nowhere is a slip of the pen; what is there and
/// is none, or a damaged one, is refused.
pub fn open_bundle(folder: &Path) -> Result<Bundle, Failure> {
    if !folder.exists() {
        let problem =
            Problem::new("the folder does not exist").hint("check the path of the bundle");
        return Err(problem.in_file(folder.display().to_string()).into());
    }
    Ok(Bundle::open(folder)?)
}

/// Refuses a `--memory` that not even one network of the bundle fits into.
pub fn check_memory(memory: &str, least: u64) -> Result<(), Failure> {
    if parse_size("--memory", memory)? >= least {
        return Ok(());
    }
    let enough = least.div_ceil(1 << 20);
    Err(Failure::Usage(format!(
        "--memory {memory}: too little for one network of this bundle \
         (hint: --memory {enough}M is enough, more is faster)"
    )))
}

/// Reads a manifest of the bundle's protocol. One of another protocol means
/// that the bundle is the wrong one.
fn read_manifest(path: &Path, protocol: &Protocol) -> Result<ManifestFile, Failure> {
    let failure = match ManifestFile::read(path, protocol) {
        Ok(file) => return Ok(file),
        Err(failure) => failure,
    };
    let Failure::Input(problems) = &failure else { return Err(failure) };
    let lacks_modality = problems.iter().any(|problem| {
        let column = problem.column.as_deref();
        problem.row == Some(1)
            && protocol.modalities().iter().any(|modality| column == Some(modality.name.as_str()))
    });
    if lacks_modality || ManifestFile::read(path, &Protocol::eoss()).is_ok() {
        let problem = Problem::new(format!(
            "not a manifest of protocol {}, which the bundle grades",
            protocol.name()
        ))
        .in_file(path.display().to_string())
        .hint("score with a bundle of the manifest's protocol; rating bundle show names it");
        return Err(Failure::Bundle(problem));
    }
    Err(failure)
}

/// The one pair of `--image` and `--roi`.
fn single(args: &PairArgs, protocol: &Protocol) -> Result<Pair, Failure> {
    let images = by_modality(&args.image, "--image", protocol)?;
    let rois = by_modality(&args.roi, "--roi", protocol)?;
    let mut views = Vec::new();
    for modality in protocol.modalities() {
        let name = modality.name.as_str();
        let (Some(path), Some(sides)) = (images.get(name), rois.get(name)) else {
            return Err(Failure::Usage(format!(
                "--image {name}=FILE and --roi {name}=left,top,right,bottom are needed"
            )));
        };
        let place = |problem: Problem| problem.in_file(*path);
        let loaded = load_image(Path::new(path)).map_err(place)?;
        if let Some(warning) = loaded.warning {
            say(format_args!("warning: {}", place(warning)));
        }
        views.push(View::new(loaded.image, parse_roi(sides)?).map_err(place)?);
    }
    Ok(Pair::new("pair", views, protocol)?)
}

/// `name=value` arguments by modality.
fn by_modality<'a>(
    arguments: &'a [String],
    flag: &str,
    protocol: &Protocol,
) -> Result<BTreeMap<&'a str, &'a str>, Failure> {
    let mut values = BTreeMap::new();
    for argument in arguments {
        let (name, value) = argument
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("{flag} {argument}: write MODALITY=VALUE")))?;
        if !protocol.modalities().iter().any(|modality| modality.name == name) {
            let known: Vec<&str> =
                protocol.modalities().iter().map(|modality| modality.name.as_str()).collect();
            return Err(Failure::Usage(format!(
                "{flag} {argument}: the bundle's modalities are {}",
                known.join(" and ")
            )));
        }
        if values.insert(name, value).is_some() {
            return Err(Failure::Usage(format!("{flag} {name} is given twice")));
        }
    }
    Ok(values)
}

fn parse_roi(text: &str) -> Result<Roi, Failure> {
    let sides: Vec<i64> = text.split(',').filter_map(|side| side.trim().parse().ok()).collect();
    match <[i64; 4]>::try_from(sides) {
        Ok(sides) if text.split(',').count() == 4 => Ok(Roi::new(sides)?),
        _ => Err(Failure::Usage(format!("--roi {text}: write left,top,right,bottom in pixels"))),
    }
}

/// Bytes as people write them: `500M`, `2G`; 1024 each.
pub fn parse_size(flag: &str, text: &str) -> Result<u64, Failure> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &upper[digits.len()..] {
        "" => Some(1),
        "K" | "KB" | "KIB" => Some(1 << 10),
        "M" | "MB" | "MIB" => Some(1 << 20),
        "G" | "GB" | "GIB" => Some(1 << 30),
        "T" | "TB" | "TIB" => Some(1 << 40),
        _ => None,
    };
    let bytes = digits
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| Failure::Usage(format!("{flag} {text}: write a size such as 500M or 2G")))
}

/// Reports to a bar, stops on Ctrl-C.
pub struct BarControl {
    bar: Bar,
    /// Work done before what is heard of now.
    before: AtomicUsize,
}

impl BarControl {
    /// A bar over `total` pieces of work.
    pub fn new(title: &str, total: usize) -> BarControl {
        BarControl { bar: Bar::new(title, total), before: AtomicUsize::new(0) }
    }

    /// What is heard from now on comes behind so much work.
    pub fn continue_from(&self, before: usize) {
        self.before.store(before, Ordering::Relaxed);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish();
    }
}

impl Control for BarControl {
    fn cancelled(&self) -> bool {
        stop::asked()
    }

    fn progress(&self, done: usize, _total: usize) {
        self.bar.reach(self.before.load(Ordering::Relaxed) + done);
    }
}
