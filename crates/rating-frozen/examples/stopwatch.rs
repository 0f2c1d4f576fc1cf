//! Times the engine for `bench/compare.py`: one line in, one line out.
//!
//! Each line of standard input names a case, `forward BATCH`, `gradient BATCH`
//! or `path POINTS` (one path on each thread); the answer is seconds. `peak 1` answers with what the
//! processor can do, in GFLOP/s. Arguments: width, pixels, threads.

use std::io::{BufRead, Write};
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rating_frozen::network::{Architecture, Network, PathPoint, Purpose, Workspace, peak_gflops};
use rating_frozen::weights::{Array, Weights};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise: usize| -> Result<usize, Failure> {
        arguments.next().map_or(Ok(otherwise), |text| Ok(text.parse()?))
    };
    let (width, px, threads) = (number(64)?, number(224)?, number(2)?.clamp(1, 64));
    let architecture = Architecture::Single { width };
    let weights = chance(&architecture);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let images: Vec<Vec<f32>> =
        (0..64).map(|_| (0..3 * px * px).map(|_| rng.random_range(-2.0..2.0)).collect()).collect();
    let mut ready: Option<(usize, Network)> = None;
    let mut workspace = Workspace::new(threads);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let (Some(case), Some(count)) = (words.next(), words.next()) else { continue };
        let count: usize = count.parse()?;
        if case == "peak" {
            writeln!(std::io::stdout(), "{}", peak_gflops())?;
            continue;
        }
        let at_once = if case == "path" { 8 } else { count };
        if ready.as_ref().is_none_or(|(made_for, _)| *made_for != at_once) {
            let purpose = Purpose { px, at_once, gradient: true, passing: false };
            ready = Some((at_once, Network::new(&architecture, &weights, purpose)?));
        }
        let Some((_, network)) = &ready else { continue };
        let batch: Vec<&[f32]> = images.iter().cycle().take(count).map(Vec::as_slice).collect();
        let began = Instant::now();
        match case {
            "forward" => drop(network.logits_of_pairs(&[&batch], px, &mut workspace)?),
            "gradient" => drop(network.input_gradient(1, &[&batch], px, &mut workspace)?),
            "path" => paths(network, &images[..threads], px, count)?,
            _ => return Err(format!("no case {case}").into()),
        }
        writeln!(std::io::stdout(), "{}", began.elapsed().as_secs_f64())?;
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// A path of so many points for each image, each on a thread of its own.
fn paths(network: &Network, images: &[Vec<f32>], px: usize, count: usize) -> Result<(), Failure> {
    let points: Vec<PathPoint> = (1..=count)
        .map(|step| PathPoint { alpha: step as f64 / count as f64, weight: 1.0 })
        .collect();
    let path = |image: &[f32]| {
        let mut workspace = Workspace::default();
        network.path_gradient(1, &[image], px, &points, &mut workspace).map(drop)
    };
    std::thread::scope(|scope| {
        let path = &path;
        let running: Vec<_> =
            images.iter().map(|image| scope.spawn(move || path(image.as_slice()))).collect();
        for thread in running {
            thread.join().map_err(|_| "a path panicked")??;
        }
        Ok(())
    })
}

/// Weights of chance that keep values in their range.
fn chance(architecture: &Architecture) -> Weights {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut weights = Weights::new();
    for (name, shape) in architecture.tensors(2) {
        let count: usize = shape.iter().product();
        let fan_in: usize = shape.iter().skip(1).product();
        let bound = (6.0 / fan_in.max(1) as f32).sqrt();
        let data = (0..count).map(|_| match name.rsplit('.').next() {
            Some("running_var") => 1.0,
            Some("weight") if shape.len() == 1 => 0.5,
            _ => rng.random_range(-bound..bound),
        });
        weights.insert(name.clone(), Array { data: data.collect(), shape: shape.clone() });
    }
    weights
}
