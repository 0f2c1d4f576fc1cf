//! Times the engine for `bench/compare.py`: one line in, one line out.
//!
//! Each line of standard input names a case and how often it is timed:
//! `forward BATCH TIMES`, `gradient BATCH TIMES` or `path POINTS TIMES` (one path
//! on each thread). It runs once more before; the answer is seconds. `peak 1 1`
//! answers with what the processor can do, in GFLOP/s. Arguments: width, pixels,
//! threads.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
    let mut networks: BTreeMap<usize, Network> = BTreeMap::new();
    let mut workspace = Workspace::new(threads);
    let mut alone: Vec<Workspace> = (0..threads).map(|_| Workspace::default()).collect();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let (Some(case), Some(count), Some(times)) = (words.next(), words.next(), words.next())
        else {
            return Err(format!("not a case: {line}").into());
        };
        let (count, times): (usize, usize) = (count.parse()?, times.parse()?);
        if case == "peak" {
            writeln!(std::io::stdout(), "{}", peak_gflops())?;
            continue;
        }
        let at_once = if case == "path" { 8 } else { count };
        let network = match networks.entry(at_once) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => {
                let purpose = Purpose { px, at_once, gradient: true, passing: false };
                place.insert(Network::new(&architecture, &weights, purpose)?)
            }
        };
        let batch: Vec<&[f32]> = images.iter().cycle().take(count).map(Vec::as_slice).collect();
        let mut began = Instant::now();
        for time in 0..=times {
            // The first time brings back what others have pushed out of the caches.
            if time == 1 {
                began = Instant::now();
            }
            match case {
                "forward" => drop(network.logits_of_pairs(&[&batch], px, &mut workspace)?),
                "gradient" => drop(network.input_gradient(1, &[&batch], px, &mut workspace)?),
                "path" => paths(network, &images, &mut alone, px, count)?,
                _ => return Err(format!("no case {case}").into()),
            }
        }
        writeln!(std::io::stdout(), "{}", began.elapsed().as_secs_f64())?;
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// A path of so many points on each thread, each of an image of its own.
fn paths(
    network: &Network,
    images: &[Vec<f32>],
    workspaces: &mut [Workspace],
    px: usize,
    count: usize,
) -> Result<(), Failure> {
    let points: Vec<PathPoint> = (1..=count)
        .map(|step| PathPoint { alpha: step as f64 / count as f64, weight: 1.0 })
        .collect();
    let points = &points;
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for (image, workspace) in images.iter().zip(workspaces) {
            running.push(scope.spawn(move || {
                network.path_gradient(1, &[image.as_slice()], px, points, workspace).map(drop)
            }));
        }
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
