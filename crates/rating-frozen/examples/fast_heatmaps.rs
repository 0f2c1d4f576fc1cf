//! Tries designs of fast heatmaps on a cohort: how alike their averaged raw
//! maps are to exact ones, beside how alike two exact ones of different noise
//! are (docs/log.md).
//!
//! `cargo run --release -p rating-frozen --example fast_heatmaps -- BUNDLE
//! MANIFEST COHORT PAIRS` takes pairs at even distances from the cohort.

#![allow(clippy::print_stdout)]

use std::path::Path as FilePath;
use std::time::Instant;

use rating::heatmap::likeness::pearson;
use rating::manifest::{Manifest, Row};
use rating::{Pair, View};
use rating_frozen::explain::{Explanation, How, Mode, Path, Recipe, Variant};
use rating_frozen::{Bundle, CpuScorer, Inputs, Resources, Scorer, Uncontrolled};

type Anything = Box<dyn std::error::Error>;

fn main() -> Result<(), Anything> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, manifest, cohort, count] = arguments.as_slice() else {
        return Err("BUNDLE MANIFEST COHORT PAIRS".into());
    };
    let scorer = CpuScorer::new(Bundle::open(FilePath::new(bundle))?, Resources::default())?;
    let pairs = pairs(&scorer, FilePath::new(manifest), cohort, count.parse()?)?;
    let exact = How::default().recipe();
    let first = explain(&scorer, &pairs, &exact, 1)?;
    report(&scorer, &pairs, &first, "exact, other noise", &exact)?;
    for (name, recipe) in designs(exact) {
        report(&scorer, &pairs, &first, &name, &recipe)?;
    }
    let authors = How { variant: Variant::Authors, ..How::default() };
    let exact = authors.recipe();
    let first = explain(&scorer, &pairs, &exact, 1)?;
    report(&scorer, &pairs, &first, "authors' variant, exact, other noise", &exact)?;
    let fast = How { mode: Mode::Fast, ..authors }.recipe();
    report(&scorer, &pairs, &first, "authors' variant, fast", &fast)?;
    for (name, recipe) in designs(exact) {
        // Squares of single gradients are not those of integrals.
        if recipe.evaluations() > recipe.copies {
            report(&scorer, &pairs, &first, &format!("authors', {name}"), &recipe)?;
        }
    }
    Ok(())
}

/// What is tried: at most a tenth of the exact mode's 400 gradients a network.
fn designs(exact: Recipe) -> Vec<(String, Recipe)> {
    let mut designs = Vec::new();
    for (copies, points) in [(8, 5), (10, 4), (13, 3), (20, 2), (40, 1)] {
        let path = Path::GaussLegendre(points);
        let name = format!("{copies} copies, Gauss-Legendre {points}");
        designs.push((name, Recipe { copies, path, ..exact }));
        let name = format!("{copies} copies in opposite twos, Gauss-Legendre {points}");
        designs.push((name, Recipe { copies, path, antithetic: true, ..exact }));
    }
    designs.push(("8 copies, Riemann 5".into(), Recipe { path: Path::RightRiemann(5), ..exact }));
    for copies in [40, 20, 10] {
        let recipe = Recipe { copies, path: Path::Stratified, ..exact };
        designs.push((format!("{copies} copies, stratified"), recipe));
        let recipe = Recipe { antithetic: true, ..recipe };
        designs.push((format!("{copies} copies in opposite twos, stratified"), recipe));
    }
    designs
}

/// Prints how alike the maps of a recipe are to the first exact ones: for each
/// modality the median and, in brackets, the 10th percentile.
fn report(
    scorer: &CpuScorer,
    pairs: &[(String, Inputs)],
    first: &[Explanation],
    name: &str,
    recipe: &Recipe,
) -> Result<(), Anything> {
    let start = Instant::now();
    let maps = explain(scorer, pairs, recipe, 2)?;
    let seconds = start.elapsed().as_secs_f64() / pairs.len() as f64;
    print!("{name:50} {:4} gradients {seconds:6.2} s", recipe.evaluations());
    for modality in 0..first.first().map_or(0, |first| first.modalities.len()) {
        let mut likeness: Vec<f64> = first
            .iter()
            .zip(&maps)
            .filter_map(|(a, b)| pearson(&a.raw(modality), &b.raw(modality)).ok())
            .collect();
        likeness.sort_by(f64::total_cmp);
        let at = |share: usize| likeness.get(likeness.len() * share / 100).copied();
        let figure = |value: Option<f64>| value.unwrap_or(f64::NAN);
        print!("   {:.4} [{:.4}]", figure(at(50)), figure(at(10)));
    }
    println!();
    Ok(())
}

fn explain(
    scorer: &CpuScorer,
    pairs: &[(String, Inputs)],
    recipe: &Recipe,
    seed: u64,
) -> Result<Vec<Explanation>, Anything> {
    let one = |(id, inputs): &(String, Inputs)| {
        Ok(scorer.explain_inputs(id, inputs, recipe, seed, &Uncontrolled)?)
    };
    pairs.iter().map(one).collect()
}

fn pairs(
    scorer: &CpuScorer,
    manifest: &FilePath,
    cohort: &str,
    count: usize,
) -> Result<Vec<(String, Inputs)>, Anything> {
    let protocol = &scorer.identity().protocol;
    let parsed = Manifest::parse(&std::fs::read(manifest)?, protocol);
    let parsed = parsed.map_err(|problems| format!("{problems:?}"))?;
    let folder = manifest.parent().unwrap_or(FilePath::new("."));
    let rows: Vec<&Row> = parsed.rows.iter().filter(|row| row.cohort == cohort).collect();
    let count = count.min(rows.len());
    let mut pairs = Vec::new();
    for number in 0..count {
        let row = rows[number * rows.len() / count];
        let mut views = Vec::new();
        for view in &row.views {
            let decoded = rating::decode::decode(&std::fs::read(folder.join(&view.path))?)?;
            views.push(View::new(decoded.image, view.roi)?);
        }
        let pair = Pair::new(&row.pair_id, views, protocol)?;
        pairs.push((row.pair_id.clone(), scorer.prepare(&pair)?));
    }
    Ok(pairs)
}
