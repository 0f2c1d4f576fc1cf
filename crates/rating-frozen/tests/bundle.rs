//! Bundles: written whole, read back, refused when anything is wrong.

mod common;

use std::fs;
use std::path::Path;

use rating::Problem;
use rating_frozen::bundle::{self, Bundle, BundleError, BundleInfo};
use tempfile::{TempDir, tempdir};

use common::forge::forge;
use common::{info, weights_of, write};

/// A written bundle in a folder of its own.
fn written() -> (TempDir, std::path::PathBuf) {
    let outer = tempdir().unwrap();
    let folder = outer.path().join("bundle");
    write(&folder, &info()).unwrap();
    (outer, folder)
}

/// What opening and reading every network complains about.
fn complaint(folder: &Path) -> String {
    let result = Bundle::open(folder).and_then(|bundle| bundle.verify());
    match result.unwrap_err() {
        BundleError::Refused(problem) => problem.to_string(),
        error => panic!("{error}"),
    }
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<_> = entries.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn what_is_written_is_read_back() {
    let (outer, folder) = written();
    let bundle = Bundle::open(&folder).unwrap();
    bundle.verify().unwrap();
    assert_eq!(files(&folder).len(), 25);
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);

    let mut read = bundle.info().clone();
    for network in &mut read.networks {
        network.blake3.clear();
    }
    assert_eq!(read, info());
    let hash = blake3::hash(&fs::read(folder.join("bundle.json")).unwrap());
    assert_eq!(bundle.identity().bundle, hash.to_hex().as_str());
}

#[test]
fn equal_work_gives_equal_bytes() {
    let (_outer, folder) = written();
    let again = tempdir().unwrap();
    let mut shuffled = info();
    shuffled.networks.reverse();
    let hash =
        bundle::write(again.path(), shuffled, &mut |id| Ok(weights_of(&info(), id))).unwrap();
    assert_eq!(files(again.path()), files(&folder));
    assert_eq!(hash, Bundle::open(&folder).unwrap().identity().bundle);
}

#[test]
fn writing_it_again_changes_nothing_and_another_is_not_overwritten() {
    let (_outer, folder) = written();
    let before = files(&folder);
    write(&folder, &info()).unwrap();
    assert_eq!(files(&folder), before);

    let other = BundleInfo { name: "another".to_owned(), ..info() };
    let error = write(&folder, &other).unwrap_err();
    assert!(error.to_string().contains("another bundle is here"), "{error}");
    assert!(matches!(error, BundleError::CannotWrite(_)));
    assert_eq!(files(&folder), before);
}

#[test]
fn other_files_in_the_folder_stay() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("metrics.jsonl"), "{}").unwrap();
    write(folder.path(), &info()).unwrap();
    assert!(folder.path().join("metrics.jsonl").exists());
    Bundle::open(folder.path()).unwrap().verify().unwrap();
}

#[test]
fn a_failure_half_way_leaves_nothing() {
    let outer = tempdir().unwrap();
    let folder = outer.path().join("bundle");
    let mut asked = 0;
    let result = bundle::write(&folder, info(), &mut |id| {
        asked += 1;
        if asked == 5 { Err(Problem::new("gone")) } else { Ok(weights_of(&info(), id)) }
    });
    assert!(result.unwrap_err().to_string().contains("sh.gt1.fold1.seed1.safetensors: gone"));
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0);
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let outer = tempdir().unwrap();
    fs::write(outer.path().join("file"), "").unwrap();
    let error = write(&outer.path().join("file/bundle"), &info()).unwrap_err();
    assert!(matches!(error, BundleError::CannotWrite(_)), "{error}");
}

#[test]
fn a_changed_byte_anywhere_is_found_and_its_file_named() {
    let (_outer, folder) = written();
    for name in
        ["bundle.json", "sh.gt0.fold1.seed1.safetensors", "vascularity.gt2.fold2.seed2.safetensors"]
    {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        for position in (0..whole.len()).step_by(whole.len() / 40) {
            let mut changed = whole.clone();
            changed[position] ^= 0x04;
            fs::write(&path, &changed).unwrap();
            assert!(complaint(&folder).contains(name), "{name}, byte {position}");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(complaint(&folder).contains(name));
        fs::remove_file(&path).unwrap();
        assert!(complaint(&folder).contains(name));
        fs::write(&path, &whole).unwrap();
    }
    Bundle::open(&folder).unwrap().verify().unwrap();
}

#[test]
fn a_bundle_of_another_version_is_called_that() {
    let (_outer, folder) = written();
    let path = folder.join("bundle.json");
    let text = fs::read_to_string(&path).unwrap().replace("rating.bundle/1", "rating.bundle/2");
    fs::write(&path, text).unwrap();
    assert!(complaint(&folder).contains("this version reads \"rating.bundle/1\""));
}

#[test]
fn what_does_not_hold_together_is_not_written() {
    let refusal = |change: &dyn Fn(&mut BundleInfo)| {
        let mut info = info();
        change(&mut info);
        let folder = tempdir().unwrap();
        let weights = |id: &_| Ok(weights_of(&common::info(), id));
        bundle::write(folder.path(), info, &mut { weights }).unwrap_err().to_string()
    };
    for (expected, change) in [
        (
            "its threshold is not a number",
            (|info| info.networks[0].threshold = f64::NAN) as fn(&mut BundleInfo),
        ),
        ("network vascularity.gt2.fold2.seed2 is missing", |info| drop(info.networks.pop())),
        ("vascularity.gt2.fold2.seed2 is one too many", |info| {
            info.networks.push(info.networks[23].clone())
        }),
        ("network sh.gt0.fold3.seed1 is missing", |info| info.folds = 3),
        ("24 networks, 3060 are needed", |info| info.folds = 255),
        ("at least one fold", |info| info.folds = 0),
        ("no modality \"mri\"", |info| info.networks[0].modalities[0] = "mri".to_owned()),
        ("sees 2 images, 1 modality is named", |info| drop(info.networks[0].modalities.pop())),
        ("research_use_only", |info| info.research_use_only = false),
        ("code words", |info| drop(info.code_words.remove("sh"))),
        ("its file is called", |info| info.networks[0].file = "../elsewhere".to_owned()),
        ("input_px", |info| info.preprocess.input_px = 0),
        ("a validation figure", |info| info.networks[0].validation.auc = Some(f64::INFINITY)),
        ("tensor", |info| info.networks[0].architecture = common::WIDER),
    ] {
        let refused = refusal(&change);
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn a_folder_without_a_bundle_is_said() {
    let folder = tempdir().unwrap();
    assert!(complaint(folder.path()).contains("there is no bundle here"));
    fs::write(folder.path().join("bundle.json"), "{}").unwrap();
    assert!(complaint(folder.path()).contains("seal"));
}

#[test]
fn numbers_that_are_none_are_refused_with_their_file_and_tensor() {
    let half = |value: f32| half::f16::from_f32(value).to_le_bytes().to_vec();
    let single = |value: f32| value.to_le_bytes().to_vec();
    for (tensor, value, expected) in [
        ("conv1.weight", half(f32::NAN), "tensor conv1.weight holds a value that is not finite"),
        ("conv1.weight", half(f32::INFINITY), "conv1.weight holds"),
        ("fc.bias", single(f32::NEG_INFINITY), "fc.bias holds"),
        ("bn1.weight", single(f32::NAN), "bn1.weight holds"),
        // Folded, it would switch a channel off and say nothing.
        ("bn1.running_var", single(f32::INFINITY), "bn1.running_var holds"),
        ("bn1.running_var", single(-1.0), "bn1.running_var holds a variance below 0"),
    ] {
        let (_outer, folder) = written();
        forge(&folder, "vascularity.gt0.fold1.seed1", tensor, &value);
        let complaint = complaint(&folder);
        assert!(complaint.contains("vascularity.gt0.fold1.seed1.safetensors"), "{complaint}");
        assert!(complaint.contains(expected), "{complaint} should say {expected}");
    }
}

#[test]
fn numbers_that_overflow_when_they_are_folded_are_refused() {
    let (_outer, folder) = written();
    let network = "vascularity.gt0.fold1.seed1";
    forge(&folder, network, "bn1.weight", &3e38_f32.to_le_bytes());
    forge(&folder, network, "bn1.running_var", &0_f32.to_le_bytes());
    // 3e38 / sqrt(0 + 1e-5) is beyond 32 bits by itself.
    assert!(complaint(&folder).contains("tensors of bn1 overflow together"));

    let (_outer, folder) = written();
    forge(&folder, network, "bn1.weight", &1e37_f32.to_le_bytes());
    forge(&folder, network, "bn1.running_mean", &0_f32.to_le_bytes());
    Bundle::open(&folder).unwrap().verify().unwrap();
    forge(&folder, network, "conv1.weight", &half::f16::MAX.to_le_bytes());
    let complaint = complaint(&folder);
    assert!(complaint.contains("tensor conv1.weight and those of bn1 overflow"), "{complaint}");
}

#[test]
fn numbers_that_are_none_are_not_written_either() {
    let outer = tempdir().unwrap();
    let result = bundle::write(&outer.path().join("bundle"), info(), &mut |id| {
        let mut weights = weights_of(&info(), id);
        let last = weights.last_entry().unwrap();
        last.into_mut().data[0] = f32::NAN;
        Ok(weights)
    });
    let refused = result.unwrap_err().to_string();
    assert!(refused.contains("holds NaN"), "{refused}");
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0);
}
