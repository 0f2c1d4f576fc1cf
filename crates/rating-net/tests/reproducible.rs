//! The same seed gives the same bytes: for any number of jobs, any order of
//! rows, and however often a run was stopped.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use rating::{Origin, Protocol};
use rating_net::{Event, Job, Observer, Source, State, Stop, TrainError, export, run};
use support::{examples, job, nano, run_all};

/// Every file of the bundle, and the validation probabilities.
fn bundle(job: &Job, folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let out = folder.join("bundle");
    let source = Source { origin: Origin::Phantom, manifest_blake3: "0".repeat(64) };
    let exported = export(job, &source, &out).unwrap();
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(out).unwrap() {
        let path = entry.unwrap().path();
        files.insert(path.file_name().unwrap().display().to_string(), std::fs::read(path).unwrap());
    }
    files.insert("probabilities".into(), exported.validation_probabilities.into_bytes());
    files
}

fn undisturbed(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (config, eoss) = (nano(), Protocol::eoss());
    let job = job(&config, &eoss, None, examples(24, &config, &eoss), &folder.join("work"));
    run_all(&job, 1, &Stop::new()).unwrap();
    assert!(job.states().unwrap().iter().all(|(_, state)| *state == State::Finished));
    let files = bundle(&job, folder);
    assert_eq!(files.len(), 12 + 1 + 1, "2 folds x 6 tasks, bundle.json, probabilities");
    files
}

#[test]
fn jobs_and_order_of_rows_do_not_matter() {
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let expected = undisturbed(first.path());

    let (config, eoss) = (nano(), Protocol::eoss());
    let mut shuffled = examples(24, &config, &eoss);
    shuffled.reverse();
    shuffled.swap(3, 11);
    let job = job(&config, &eoss, None, shuffled, &second.path().join("work"));
    run_all(&job, 2, &Stop::new()).unwrap();
    assert!(bundle(&job, second.path()) == expected);
}

/// Asks to stop after so many events.
struct Impatient {
    after: usize,
    seen: std::sync::atomic::AtomicUsize,
    stop: Stop,
}

impl Observer for Impatient {
    fn event(&self, _: &Event<'_>) {
        if self.seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == self.after {
            self.stop.ask();
        }
    }
}

#[test]
fn a_run_that_was_stopped_again_and_again_ends_with_the_same_bytes() {
    let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let expected = undisturbed(first.path());

    let (config, eoss) = (nano(), Protocol::eoss());
    let job = job(&config, &eoss, None, examples(24, &config, &eoss), &second.path().join("work"));
    let mut stops = 0;
    loop {
        // Every stop comes elsewhere: between and within epochs and trainings.
        let observer = Impatient { after: 23 + 17 * stops, seen: 0.into(), stop: Stop::new() };
        match run(&job, 2.try_into().unwrap(), None, &observer, &observer.stop) {
            Ok(()) => break,
            Err(TrainError::Interrupted) => stops += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(stops >= 5, "only {stops} stops");
    assert!(bundle(&job, second.path()) == expected);
    for task in job.tasks() {
        let log = std::fs::read_to_string(job.folder(&task.id).join("metrics.jsonl")).unwrap();
        let epoch =
            |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["epoch"].as_u64();
        let epochs: Vec<u64> = log.lines().filter_map(epoch).collect();
        assert_eq!(epochs, (1..=epochs.len() as u64).collect::<Vec<_>>(), "{}", task.id);
    }
}
