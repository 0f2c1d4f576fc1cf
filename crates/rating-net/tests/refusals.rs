//! What training refuses, and what it says then.

mod support;

use rating::Protocol;
use rating_net::{Example, Job, Stop, TrainError, Unobserved, run};
use support::{examples, job, nano, run_all};

fn refused(change: impl FnOnce(&mut Vec<Example>)) -> String {
    let (config, eoss) = (nano(), Protocol::eoss());
    let mut pairs = examples(24, &config, &eoss);
    change(&mut pairs);
    match Job::new(config, eoss, None, pairs, "cpu", "nowhere") {
        Err(TrainError::BadInput(problems)) => {
            problems.iter().map(|problem| format!("{problem}\n")).collect()
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn data_that_cannot_be_trained_on_is_named() {
    assert!(refused(|pairs| pairs[1] = pairs[0].clone()).contains("pair P000 stands twice"));
    assert!(
        refused(|pairs| pairs[2].grades[0] = 4)
            .contains("synovial_hypertrophy: pair P002: grade 4")
    );
    assert!(refused(|pairs| pairs[2].fold = 3).contains("pair P002 is in fold 3 of 2"));
    assert!(refused(|pairs| drop(pairs[5].views.pop())).contains("pair P005 has 1 images"));
    let mixed = refused(|pairs| pairs[7].patient_id = Some("patient 0".into()));
    assert!(mixed.contains("patient patient 0 is in folds"), "{mixed}");
    assert!(refused(|pairs| pairs.retain(|pair| pair.fold == 1)).contains("fold 2 has no pairs"));
}

#[test]
fn a_training_set_of_one_class_is_named_with_task_and_fold() {
    let text = refused(|pairs| {
        for pair in pairs.iter_mut().filter(|pair| pair.fold == 2) {
            pair.grades[1] = pair.grades[1].min(2);
        }
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("fold 1: the pairs to learn from are all not above vascularity 2"),
        "{text}"
    );
}

#[test]
fn one_training_alone_wants_its_needs_finished() {
    let (config, eoss) = (nano(), Protocol::eoss());
    let folder = tempfile::tempdir().unwrap();
    let job = job(&config, &eoss, None, examples(24, &config, &eoss), folder.path());
    let only = |id: &str| {
        run(&job, 1.try_into().unwrap(), Some(&id.parse().unwrap()), &Unobserved, &Stop::new())
    };
    let error = only("vascularity.gt1.fold1.seed1").unwrap_err().to_string();
    assert!(error.contains("train --only jigsaw.fold1.seed1"), "{error}");
    only("jigsaw.fold1.seed1").unwrap();
    only("vascularity.gt1.fold1.seed1").unwrap();
    let error = only("vascularity.gt9.fold1.seed1").unwrap_err().to_string();
    assert!(error.contains("is not a training of this plan"), "{error}");
}

#[test]
fn a_work_folder_that_cannot_be_made_is_said() {
    let (config, eoss) = (nano(), Protocol::eoss());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let job = job(&config, &eoss, None, examples(24, &config, &eoss), &file.join("work"));
    assert!(matches!(run_all(&job, 1, &Stop::new()), Err(TrainError::CannotWrite(_))));
}
