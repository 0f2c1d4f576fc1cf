//! Scores: the same whatever the machine is asked to do at once.

mod common;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rating::Pair;
use rating::scores::{self, Method, Probability};
use rating_frozen::network::{Network, Workspace, probabilities};
use rating_frozen::{Bundle, Control, CpuScorer, Resources, ScoreError, Scorer, Uncontrolled};
use tempfile::{TempDir, tempdir};

fn bundle() -> (TempDir, Bundle) {
    let folder = tempdir().unwrap();
    common::write(folder.path(), &common::info()).unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    (folder, bundle)
}

fn scored(bundle: &Bundle, pairs: &[Pair], threads: usize, memory: u64) -> Vec<Vec<Probability>> {
    let scorer = CpuScorer::new(bundle.clone(), Resources { threads, memory }).unwrap();
    scorer.score(pairs, &Uncontrolled).unwrap()
}

#[test]
fn threads_memory_and_company_change_nothing() {
    let (_folder, bundle) = bundle();
    let pairs = common::pairs(5);
    let all = scored(&bundle, &pairs, 1, u64::MAX);
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|answers| answers.len() == 24));
    for (threads, memory) in [(2, u64::MAX), (3, 0), (1, 20_000), (8, 100_000)] {
        assert_eq!(
            scored(&bundle, &pairs, threads, memory),
            all,
            "{threads} threads, {memory} bytes"
        );
    }
    for (pair, answers) in pairs.chunks(1).zip(&all) {
        assert_eq!(&scored(&bundle, pair, 2, u64::MAX)[0], answers);
    }
    assert_ne!(all[0], all[1]);
}

#[test]
fn scores_are_those_of_the_networks_by_hand() {
    let (_folder, bundle) = bundle();
    let pairs = common::pairs(1);
    let scorer = CpuScorer::new(bundle.clone(), Resources::default()).unwrap();
    let inputs = scorer.prepare(&pairs[0]).unwrap();
    let doppler = &inputs.pictures()[1];
    let mut values = vec![0.0; 3 * 32 * 32];
    rating::preprocess::normalise(doppler, &mut values);

    let info = bundle.info();
    let last = info.networks.last().unwrap();
    let network = Network::new(
        &last.architecture,
        &common::weights_of(info, &last.id),
        bundle.purpose(1, false),
    )
    .unwrap();
    let logits = network.logits(&[&values], 32, &mut Workspace::default()).unwrap();
    let answers = scorer.score(&pairs, &Uncontrolled).unwrap();
    let answer = answers[0].last().unwrap();
    assert_eq!(answer.network, last.id);
    assert_eq!(answer.threshold, last.threshold);
    assert_eq!(answer.probability, probabilities(&logits)[1]);
}

#[test]
fn answers_become_grades() {
    let (_folder, bundle) = bundle();
    for answers in scored(&bundle, &common::pairs(2), 0, 0) {
        let decision =
            scores::decide(&bundle.info().protocol, &answers, Method::Multitude).unwrap();
        assert_eq!(decision.votes.len(), 2);
    }
}

#[test]
fn only_the_networks_wanted_are_asked() {
    let (_folder, bundle) = bundle();
    let pairs = common::pairs(2);
    let all = scored(&bundle, &pairs, 1, u64::MAX);
    for memory in [0, 50_000, u64::MAX] {
        let scorer = CpuScorer::new(bundle.clone(), Resources { threads: 2, memory }).unwrap();
        let inputs: Vec<_> = pairs.iter().map(|pair| scorer.prepare(pair).unwrap()).collect();
        let fold2 = scorer.score_inputs(&inputs, &|id| id.fold == 2, &Uncontrolled).unwrap();
        for (some, all) in fold2.iter().zip(&all) {
            let expected: Vec<_> = all.iter().filter(|answer| answer.network.fold == 2).collect();
            assert_eq!(some.iter().collect::<Vec<_>>(), expected);
        }
    }
}

/// Pairs whose networks disagree, so that some need more of them than others:
/// thresholds are the medians of what each network says of these pairs.
fn divided_bundle(pairs: &[Pair]) -> (TempDir, Bundle) {
    let (undivided, folder) = (tempdir().unwrap(), tempdir().unwrap());
    let mut info = common::info_of(5, 2, [common::FUSION, common::SINGLE]);
    common::write(undivided.path(), &info).unwrap();
    let said = scored(&Bundle::open(undivided.path()).unwrap(), pairs, 2, u64::MAX);
    for (position, network) in info.networks.iter_mut().enumerate() {
        let mut said: Vec<f64> = said.iter().map(|said| said[position].probability).collect();
        said.sort_by(f64::total_cmp);
        network.threshold = rating::threshold::round(said[said.len() / 2]);
    }
    common::write(folder.path(), &info).unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    (folder, bundle)
}

#[test]
fn lazily_asked_networks_give_the_same_grades() {
    let pairs = common::pairs(40);
    let (_folder, bundle) = divided_bundle(&pairs);
    let protocol = &bundle.info().protocol;
    let networks: Vec<_> = bundle.info().networks.iter().map(|info| info.id.clone()).collect();
    let decided = |answers: &[Probability]| scores::is_decided(protocol, &networks, answers);
    let lazily = |threads: usize, memory: u64| {
        let scorer = CpuScorer::new(bundle.clone(), Resources { threads, memory }).unwrap();
        let inputs: Vec<_> = pairs.iter().map(|pair| scorer.prepare(pair).unwrap()).collect();
        scorer.score_inputs_lazily(&inputs, &decided, &Uncontrolled).unwrap()
    };
    let some = lazily(1, u64::MAX);
    for (threads, memory) in [(2, u64::MAX), (3, u64::MAX), (2, 0)] {
        assert_eq!(lazily(threads, memory), some, "{threads} threads, {memory} bytes");
    }
    for (some, all) in some.iter().zip(scored(&bundle, &pairs, 2, u64::MAX)) {
        let kept: Vec<_> = all.iter().filter(|answer| some.contains(answer)).cloned().collect();
        assert_eq!(*some, kept);
        let early = scores::decide_early(protocol, &networks, some).unwrap().unwrap();
        let full = scores::decide(protocol, &all, Method::Multitude).unwrap();
        assert_eq!(
            (early.grades, early.combined, early.conflict),
            (full.grades, full.combined, full.conflict)
        );
    }
    let counts: Vec<usize> = some.iter().map(Vec::len).collect();
    assert!(counts.iter().all(|&count| count <= 60 && count % 4 == 0));
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(least < most && *least < 60, "{counts:?}");
}

#[test]
fn lazy_progress_ends_and_lazy_work_stops_when_asked() {
    let (_folder, bundle) = bundle();
    let scorer = CpuScorer::new(bundle, Resources { threads: 2, memory: 0 }).unwrap();
    let inputs: Vec<_> =
        common::pairs(3).iter().map(|pair| scorer.prepare(pair).unwrap()).collect();
    let enough = |answers: &[Probability]| answers.len() >= 8;
    let listener = Listener::new(usize::MAX);
    let answers = scorer.score_inputs_lazily(&inputs, &enough, &listener).unwrap();
    let asked = |answers: &Vec<Probability>| {
        answers.len() == 8
            && answers.iter().all(|answer| answer.network.fold == 1 && answer.network.above < 2)
    };
    assert!(answers.iter().all(asked));
    assert_eq!(listener.heard.lock().unwrap().last(), Some(&(72, 72)));

    let listener = Listener::new(5);
    let stopped = scorer.score_inputs_lazily(&inputs, &|_| false, &listener);
    assert_eq!(stopped, Err(ScoreError::Cancelled));
}

#[test]
fn nothing_to_score_is_no_error() {
    let (_folder, bundle) = bundle();
    assert!(scored(&bundle, &[], 2, 0).is_empty());
}

/// Hears progress; asks to stop after so many answers.
struct Listener {
    heard: Mutex<Vec<(usize, usize)>>,
    stop_after: usize,
    stop: AtomicBool,
}

impl Listener {
    fn new(stop_after: usize) -> Listener {
        Listener { heard: Mutex::default(), stop_after, stop: AtomicBool::new(false) }
    }
}

impl Control for Listener {
    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn progress(&self, done: usize, total: usize) {
        self.heard.lock().unwrap().push((done, total));
        if done >= self.stop_after {
            self.stop.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn progress_counts_every_answer_once() {
    let (_folder, bundle) = bundle();
    let scorer = CpuScorer::new(bundle, Resources { threads: 3, memory: 0 }).unwrap();
    let listener = Listener::new(usize::MAX);
    scorer.score(&common::pairs(2), &listener).unwrap();
    let expected: Vec<_> = (1..=48).map(|done| (done, 48)).collect();
    assert_eq!(*listener.heard.lock().unwrap(), expected);
}

#[test]
fn work_stops_when_asked() {
    let (_folder, bundle) = bundle();
    let scorer = CpuScorer::new(bundle, Resources { threads: 2, memory: 0 }).unwrap();
    let listener = Listener::new(10);
    assert_eq!(scorer.score(&common::pairs(2), &listener), Err(ScoreError::Cancelled));
    assert!(listener.heard.lock().unwrap().len() < 20);
}

#[test]
fn a_network_that_gives_no_number_is_refused() {
    let folder = tempdir().unwrap();
    let info = common::info();
    rating_frozen::bundle::write(folder.path(), info.clone(), &mut |id| {
        let mut weights = common::weights_of(&info, id);
        // Finite weights can still overflow on the way.
        for (name, gain) in [("bn1.weight", 1e38), ("layer1.0.bn1.weight", -1e38)] {
            weights.entry(name.to_owned()).and_modify(|array| array.data.fill(gain));
        }
        Ok(weights)
    })
    .unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    let scorer = CpuScorer::new(bundle, Resources { threads: 1, memory: 0 }).unwrap();
    let error = scorer.score(&common::pairs(1), &Uncontrolled).unwrap_err();
    assert!(error.to_string().contains("vascularity.gt0.fold1.seed1 gives no number"), "{error}");
}

#[test]
fn damage_after_opening_is_found() {
    let (folder, bundle) = bundle();
    let path = folder.path().join("sh.gt1.fold2.seed1.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let scorer = CpuScorer::new(bundle, Resources::default()).unwrap();
    let error = scorer.score(&common::pairs(1), &Uncontrolled).unwrap_err();
    assert!(matches!(error, ScoreError::Bundle(_)));
    assert!(error.to_string().contains("sh.gt1.fold2.seed1.safetensors"), "{error}");
}
