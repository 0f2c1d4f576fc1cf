//! Networks per second in scoring, one thread: the quick size (width 8, 64
//! pixels) and the paper's (width 64, 224 pixels).

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rating_frozen::network::{Architecture, Network, Purpose, Workspace};

fn scoring(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scoring");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(5));
    for (width, px) in [(8, 64), (64, 224)] {
        let single = Architecture::Single { width };
        let fusion = Architecture::Fusion { width, modalities: 2, hidden: 256, relu: true };
        for (name, architecture) in [("single", single), ("fusion", fusion)] {
            let purpose = Purpose { px, at_once: 1, gradient: false, passing: false };
            let weights = common::weights_of_chance(&architecture, 1);
            let network =
                Network::new(&architecture, &weights, purpose).expect("weights of chance");
            let image: Vec<f32> = (0..3 * px * px).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
            let inputs = vec![image.as_slice(); network.modalities()];
            let mut workspace = Workspace::default();
            group.bench_function(format!("{name}, width {width}, {px} px"), |bencher| {
                bencher.iter(|| network.logits(&inputs, px, &mut workspace).expect("logits"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, scoring);
criterion_main!(benches);
