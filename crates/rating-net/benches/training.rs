//! Training speed: images a second through whole training steps, each in a
//! pool of one thread, as trainings run.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rating::Seed;
use rating_net::model::{Architecture, Device, Learner, OptimizerSettings, Start};
use rayon::ThreadPool;

/// A learner with a batch to learn from.
struct Bench {
    learner: Learner,
    inputs: Vec<f32>,
    labels: Vec<usize>,
    pool: ThreadPool,
}

impl Bench {
    fn new(width: usize, px: usize, batch: usize) -> Bench {
        let architecture = Architecture::Single { width, classes: 2 };
        let start = Start { weights: None, seed: Seed::new(1) };
        let optimizer = OptimizerSettings::default();
        let learner = Learner::new(architecture, start, &[], optimizer, &Device::flex())
            .expect("a learner of drawn weights");
        let inputs = (0..batch * 3 * px * px).map(|at| (at % 997) as f32 / 300.0 - 1.5).collect();
        let labels = (0..batch).map(|sample| sample % 2).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
        Bench { learner, inputs, labels, pool }
    }

    fn step(&mut self) -> f64 {
        let Bench { learner, inputs, labels, pool } = self;
        pool.install(|| learner.step(inputs, labels.len(), labels, 3e-4))
    }

    fn evaluate(&self) -> Vec<f32> {
        self.pool.install(|| self.learner.evaluate(&self.inputs, self.labels.len()))
    }
}

fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for (name, width, px, batch) in
        [("width 8, 64 px, batch 16", 8, 64, 16), ("width 64, 224 px, batch 8", 64, 224, 8)]
    {
        group.throughput(Throughput::Elements(batch as u64));
        let mut one = Bench::new(width, px, batch);
        group.bench_function(format!("step, {name}"), |bencher| bencher.iter(|| one.step()));
        group.bench_function(format!("evaluate, {name}"), |bencher| {
            bencher.iter(|| black_box(one.evaluate()));
        });

        group.throughput(Throughput::Elements(2 * batch as u64));
        let mut two = [Bench::new(width, px, batch), Bench::new(width, px, batch)];
        group.bench_function(format!("two steps side by side, {name}"), |bencher| {
            bencher.iter(|| {
                std::thread::scope(|scope| {
                    for training in &mut two {
                        scope.spawn(|| black_box(training.step()));
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, training);
criterion_main!(benches);
