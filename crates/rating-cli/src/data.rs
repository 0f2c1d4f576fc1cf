//! From a manifest's rows to decoded pairs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use image::GrayImage;
use rating::decode::{PixelHash, pixel_hash};
use rating::manifest::checks::{check_duplicates, check_rows};
use rating::manifest::patients::{self, PatientFile};
use rating::manifest::{Manifest, References, Row};
use rating::scores::ScoreTable;
use rating::{Pair, Problem, Protocol, View};
use rayon::prelude::*;

use crate::failure::Failure;
use crate::progress::Bar;
use crate::{files, stop};

/// A manifest and where it lies.
pub struct ManifestFile {
    /// As the person named it.
    pub name: String,
    folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// One decoded pair.
pub struct LoadedPair {
    /// Its images.
    pub pair: Pair,
    /// A hash for each image.
    pub hashes: Vec<PixelHash>,
    /// Things worth a look.
    pub warnings: Vec<Problem>,
}

/// Reads what statistics need of a manifest.
pub fn read_references(path: &Path, protocol: &Protocol) -> Result<References, Failure> {
    let parsed = References::parse(&files::read(path)?, protocol);
    Ok(parsed.map_err(|problems| in_file(problems, &path.display().to_string()))?)
}

/// What `patients.csv` beside a manifest says, where there is one.
pub fn patients_beside(manifest: &Path) -> Result<Option<PatientFile>, Failure> {
    let path = manifest.with_file_name("patients.csv");
    if !path.exists() {
        return Ok(None);
    }
    let name = path.display().to_string();
    let parsed = patients::parse(&files::read(&path)?);
    Ok(Some(parsed.map_err(|problems| in_file(problems, &name))?))
}

/// Reads a score file; `places` are those of the manifest's pairs.
pub fn read_scores(
    path: &Path,
    protocol: &Protocol,
    places: &HashMap<&str, u32>,
) -> Result<ScoreTable, Problem> {
    let parsed = ScoreTable::parse(&files::read(path)?, protocol, places);
    parsed.map_err(|problem| problem.in_file(path.display().to_string()))
}

impl ManifestFile {
    /// Reads a manifest.
    pub fn read(path: &Path, protocol: &Protocol) -> Result<ManifestFile, Failure> {
        ManifestFile::read_some(path, protocol, |_| true)
    }

    /// The same with only these pairs; the others are checked, and left out.
    pub fn read_some(
        path: &Path,
        protocol: &Protocol,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<ManifestFile, Failure> {
        let name = path.display().to_string();
        let manifest = Manifest::parse_some(&files::read(path)?, protocol, wanted)
            .map_err(|problems| in_file(problems, &name))?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(ManifestFile { name, folder, manifest })
    }

    /// The path of something that lies beside the manifest.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The truth mask of a drawn joint, in the pixels of its grayscale image (of
    /// the Doppler image for `flow`); `None` where there is none.
    pub fn truth(&self, pair_id: &str, structure: &str) -> Result<Option<GrayImage>, Problem> {
        let path = self.beside(&format!("truth/{pair_id}_{structure}.png"));
        if !path.exists() {
            return Ok(None);
        }
        let decoded = rating::decode::decode(&files::read(&path)?);
        let decoded = decoded.map_err(|problem| problem.in_file(path.display().to_string()))?;
        Ok(Some(rating::preprocess::gray(&decoded.image)))
    }

    /// Decodes the pair of a row. `position` counts rows from 0.
    pub fn load(&self, position: usize, protocol: &Protocol) -> Result<LoadedPair, Vec<Problem>> {
        let row = &self.manifest.rows[position];
        let mut views = Vec::new();
        let mut hashes = Vec::new();
        let mut warnings = Vec::new();
        let mut problems = Vec::new();
        for (modality, reference) in protocol.modalities().iter().zip(&row.views) {
            let place = |problem: Problem| {
                let problem = Problem {
                    what: format!("{}: {}", reference.path, problem.what),
                    file: None,
                    ..problem
                };
                Problem { row: row.line, ..problem.in_file(&self.name).in_column(&modality.name) }
            };
            match load_image(&self.folder.join(&reference.path)) {
                Ok(loaded) => {
                    warnings.extend(loaded.warning.map(place));
                    hashes.push(pixel_hash(&loaded.image));
                    match View::new(loaded.image, reference.roi) {
                        Ok(view) => views.push(view),
                        Err(problem) => problems.push(place(problem)),
                    }
                }
                Err(problem) => problems.push(place(problem)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let pair = Pair::new(&row.pair_id, views, protocol).map_err(|problem| vec![problem])?;
        Ok(LoadedPair { pair, hashes, warnings })
    }

    /// Decodes all pairs that `wanted` chooses, on all cores, and keeps of
    /// each what `keep` makes of it. Also checks rows against one another.
    pub fn load_all<T: Send>(
        &self,
        protocol: &Protocol,
        title: &str,
        wanted: impl Fn(&Row) -> bool + Sync,
        keep: impl Fn(&Row, &LoadedPair) -> T + Sync,
    ) -> Result<Loaded<T>, Failure> {
        let bar = Bar::new(title, self.manifest.rows.iter().filter(|row| wanted(row)).count());
        let loaded: Vec<Option<Outcome<T>>> = (0..self.manifest.rows.len())
            .into_par_iter()
            .map(|position| {
                let row = &self.manifest.rows[position];
                if !wanted(row) || stop::asked() {
                    return None;
                }
                let outcome = self.load(position, protocol).map(|loaded| {
                    (
                        keep(row, &loaded),
                        LoadedMeta { hashes: loaded.hashes, warnings: loaded.warnings },
                    )
                });
                bar.advance(1);
                Some(outcome)
            })
            .collect();
        bar.finish();
        stop::check()?;

        let mut findings = check_rows(&self.manifest, protocol);
        let mut hashes = Vec::new();
        let mut kept = Vec::new();
        let mut unreadable = Vec::new();
        for outcome in loaded {
            let mut row_hashes = Vec::new();
            kept.push(match outcome {
                None => None,
                Some(Err(problems)) => {
                    unreadable.extend(problems);
                    None
                }
                Some(Ok((value, meta))) => {
                    findings.warnings.extend(meta.warnings);
                    row_hashes = meta.hashes.into_iter().map(Some).collect();
                    Some(value)
                }
            });
            hashes.push(row_hashes);
        }
        findings.extend(check_duplicates(&self.manifest, protocol, &hashes));
        Ok(Loaded {
            kept,
            unreadable: in_file(unreadable, &self.name),
            errors: in_file(findings.errors, &self.name),
            impossible: in_file(findings.impossible, &self.name),
            warnings: in_file(findings.warnings, &self.name),
        })
    }
}

/// The pairs of a manifest and everything that is wrong with them.
pub struct Loaded<T> {
    /// What the caller keeps of each row; `None` for rows not wanted or not
    /// readable.
    pub kept: Vec<Option<T>>,
    /// Images that cannot be used.
    pub unreadable: Vec<Problem>,
    /// Rows that contradict one another.
    errors: Vec<Problem>,
    /// Reference grades that medicine excludes together.
    impossible: Vec<Problem>,
    /// Things worth a look.
    pub warnings: Vec<Problem>,
}

impl<T> Loaded<T> {
    /// Everything to be mended and everything worth a look, by row. Impossible
    /// grades are to be mended, unless `allow_invalid`.
    pub fn errors_and_warnings(&self, allow_invalid: bool) -> (Vec<Problem>, Vec<Problem>) {
        let mut errors = [self.unreadable.as_slice(), &self.errors].concat();
        let mut warnings = self.warnings.clone();
        let impossible = if allow_invalid { &mut warnings } else { &mut errors };
        impossible.extend_from_slice(&self.impossible);
        errors.sort_by_key(|problem| problem.row);
        warnings.sort_by_key(|problem| problem.row);
        (errors, warnings)
    }
}

/// What became of a row: what the caller keeps of it, or its problems.
type Outcome<T> = Result<(T, LoadedMeta), Vec<Problem>>;

/// What is kept of a pair besides what the caller wants.
struct LoadedMeta {
    hashes: Vec<PixelHash>,
    warnings: Vec<Problem>,
}

/// A decoded image.
pub struct LoadedImage {
    /// Its pixels.
    pub image: image::RgbImage,
    /// Something worth a look.
    pub warning: Option<Problem>,
}

/// Reads and decodes an image. Problems carry no place.
pub fn load_image(path: &Path) -> Result<LoadedImage, Problem> {
    let bytes = files::read(path).map_err(|problem| Problem { file: None, ..problem })?;
    let decoded = rating::decode::decode(&bytes)?;
    let warning = decoded.orientation.map(|orientation| {
        Problem::new(format!(
            "the file asks to be turned (EXIF orientation {orientation}); it is not"
        ))
        .hint("ROIs are in stored pixels; check that this one lies right")
    });
    Ok(LoadedImage { image: decoded.image, warning })
}

/// Problems with the file they are in.
pub fn in_file(problems: Vec<Problem>, name: &str) -> Vec<Problem> {
    problems.into_iter().map(|problem| problem.in_file(name)).collect()
}
