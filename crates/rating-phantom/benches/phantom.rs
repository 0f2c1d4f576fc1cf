//! How long a pair takes to draw and to encode, on one core.

use criterion::{Criterion, criterion_group, criterion_main};
use rating::Seed;
use rating_phantom::{Cohort, files};

fn phantom(criterion: &mut Criterion) {
    let cohort = Cohort { patients: 2, pairs: 16, ..Cohort::train(Seed::new(1)) };
    let plan = cohort.plan().expect("a possible cohort");
    let mut next = (0..).map(|at| &plan[at % 16]);
    criterion.bench_function("draw a pair", |bench| {
        bench.iter(|| next.next().map(rating_phantom::JointPlan::draw));
    });
    let pair = plan[0].draw();
    criterion.bench_function("encode a pair's files", |bench| bench.iter(|| files(&pair)));
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = phantom
}
criterion_main!(benches);
