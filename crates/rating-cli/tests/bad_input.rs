//! What a person gets for files that cannot be right: one line with what,
//! where and what to do, the exit code of the contract, nothing half-written.

#[path = "../../rating-frozen/tests/common/forge.rs"]
mod forge;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use forge::forge;
use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use support::{nano, phantoms, refuse, root, run, succeed, text, train_nano};

/// A folder with a manifest of three good pairs.
struct Cohort {
    folder: tempfile::TempDir,
}

const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,synovial_hypertrophy,vascularity";

impl Cohort {
    fn new() -> Cohort {
        let folder = tempfile::tempdir().unwrap();
        for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
            let shade = |x: u32, y: u32| (x * 3 + y * 5 + index as u32 * 40) as u8;
            let gray = GrayImage::from_fn(60, 40, |x, y| Luma([shade(x, y)]));
            gray.save(folder.path().join(format!("{name}-g.png"))).unwrap();
            let colour = RgbImage::from_fn(60, 40, |x, y| Rgb([shade(y, x); 3]));
            colour.save(folder.path().join(format!("{name}-d.png"))).unwrap();
        }
        let cohort = Cohort { folder };
        cohort.write(&[&row("a", "p1"), &row("b", "p2"), &row("c", "p3")]);
        cohort
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn manifest(&self) -> PathBuf {
        self.path("manifest.csv")
    }

    fn write(&self, rows: &[&str]) {
        fs::write(self.manifest(), format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    }

    /// `check` complains in one line that holds all of `expected`.
    fn complains(&self, expected: &[&str]) {
        let complaints = refuse(3, &["check", text(&self.manifest())]);
        let found = complaints.lines().any(|line| {
            line.starts_with("error: ")
                && line.contains("manifest.csv")
                && expected.iter().all(|part| line.contains(part))
        });
        assert!(found, "{complaints} should say {expected:?}");
    }
}

fn row(pair: &str, patient: &str) -> String {
    format!(
        "{pair},{patient},train,phantom,MCP2,left,H,D,{pair}-g.png,{pair}-d.png,5,5,50,35,5,5,50,35,cdus,2,1"
    )
}

#[test]
fn a_good_cohort_passes() {
    let cohort = Cohort::new();
    let summary = succeed(&["check", text(&cohort.manifest())]);
    assert!(summary.contains("train: 3 pairs of 3 patients"), "{summary}");
    assert!(summary.contains("0 errors, 0 warnings"), "{summary}");
}

#[test]
fn images_that_cannot_be_read_are_named() {
    let cohort = Cohort::new();
    let replace = |bytes: &[u8]| fs::write(cohort.path("b-d.png"), bytes).unwrap();
    let place = ["row 3", "column doppler", "b-d.png"];

    fs::remove_file(cohort.path("b-d.png")).unwrap();
    cohort.complains(&[&place[..], &["does not exist", "hint"]].concat());

    let mut jpeg = std::io::Cursor::new(Vec::new());
    RgbImage::from_fn(60, 40, |x, y| Rgb([(x * y) as u8; 3]))
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .unwrap();
    let jpeg = jpeg.into_inner();
    replace(&jpeg[..jpeg.len() / 2]);
    cohort.complains(&place);

    replace(b"");
    cohort.complains(&[&place[..], &["empty"]].concat());

    replace(b"II*\0\x08\0\0\0");
    cohort.complains(&place);

    GrayImage::new(1, 1).save(cohort.path("b-d.png")).unwrap();
    cohort.complains(&[&place[..], &["reaches beyond the image of 1 x 1"]].concat());

    GrayImage::new(10_000, 7_000).save(cohort.path("b-d.png")).unwrap();
    cohort.complains(&[&place[..], &["megapixel"]].concat());
}

#[test]
fn rois_that_cannot_be_are_named() {
    let cohort = Cohort::new();
    for (sides, expected) in [
        ("5,5,50,41", "reaches beyond"),
        ("5,5,61,35", "reaches beyond"),
        ("5,5,5,35", "empty or inverted"),
        ("50,5,5,35", "empty or inverted"),
        ("-1,5,50,35", "begins outside"),
        ("5.5,5,50,35", "not a whole number"),
    ] {
        cohort.write(&[&row("a", "p1").replacen("5,5,50,35", sides, 1)]);
        cohort.complains(&["row 2", "column grayscale", expected]);
    }
}

#[test]
fn grades_that_cannot_be_are_named() {
    let cohort = Cohort::new();
    cohort.write(&[&row("a", "p1").replace(",2,1", ",4,1")]);
    cohort.complains(&["row 2", "column synovial_hypertrophy", "grade 4 is outside 0-3"]);
    cohort.write(&[&row("a", "p1").replace(",2,1", ",0,2")]);
    cohort.complains(&["row 2", "column vascularity", "synovial hypertrophy 0 with vascularity 2"]);
    succeed(&["check", text(&cohort.manifest()), "--allow-invalid"]);
    // Blank lines count: a person looks the row up in the file.
    cohort.write(&["\n", &row("a", "p1").replace(",2,1", ",0,2")]);
    cohort.complains(&["row 4", "column vascularity"]);

    cohort.write(&[&row("a", "p1").replace(",2,1", ",,1")]);
    let config = nano();
    let out = cohort.path("bundle");
    let complaint = refuse(
        3,
        &[
            "train",
            "--config",
            text(&config),
            "--manifest",
            text(&cohort.manifest()),
            "--out",
            text(&out),
        ],
    );
    assert!(
        complaint.contains("row 2, column synovial_hypertrophy: pair a has no grade"),
        "{complaint}"
    );
    assert!(!out.exists());
}

#[test]
fn tables_that_cannot_be_are_named() {
    let cohort = Cohort::new();
    let content = fs::read_to_string(cohort.manifest()).unwrap();
    fs::write(cohort.manifest(), content.replace("hospital", "clinic")).unwrap();
    cohort.complains(&["row 1", "column clinic", "unknown column", "hint"]);

    cohort.write(&[&row("a", "p1"), &row("a", "p1")]);
    cohort.complains(&["row 3", "column pair_id", "row 2 already"]);

    let twin = row("b", "p2").replace("b-g.png", "a-g.png").replace(",2,1", ",3,1");
    cohort.write(&[&row("a", "p1"), &twin]);
    cohort.complains(&["row 3", "column grayscale", "pair a in row 2", "other grades"]);

    cohort.write(&[&row("a", "p1"), &row("b", "p1").replace(",train,", ",external,")]);
    cohort.complains(&["row 3", "column cohort", "patient p1"]);

    fs::write(cohort.manifest(), b"\xff\xfe\x00").unwrap();
    cohort.complains(&["UTF-8"]);
    fs::write(cohort.manifest(), b"").unwrap();
    cohort.complains(&["the table is empty", "its first row names the columns"]);
}

#[test]
fn cohorts_that_cannot_be_trained_on_are_refused() {
    let cohort = Cohort::new();
    let config = nano();
    let out = cohort.path("bundle");
    let manifest = cohort.manifest();
    let train =
        ["train", "--config", text(&config), "--manifest", text(&manifest), "--out", text(&out)];

    cohort.write(&[&row("a", "p1"), &row("b", "p1")]);
    let complaint = refuse(3, &train);
    assert!(complaint.contains("1 patient for 2 folds"), "{complaint}");

    // All pairs are above "> 0" and "> 1": nothing to tell apart.
    cohort.write(&[&row("a", "p1"), &row("b", "p2"), &row("c", "p3")]);
    let complaint = refuse(3, &train);
    assert!(
        complaint.contains("fold 1: the pairs to learn from are all above synovial_hypertrophy 0"),
        "{complaint}"
    );
    assert!(!out.exists());

    cohort.write(&[&row("a", "p1").replace(",train,", ",test,")]);
    let complaint = refuse(3, &train);
    assert!(complaint.contains("no pair is in cohort \"train\""), "{complaint}");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = phantoms(folder.path());
    let header = br#"{"conv1.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut weights = (header.len() as u64).to_le_bytes().to_vec();
    weights.extend(header);
    weights.extend(f32::NAN.to_le_bytes());
    fs::write(folder.path().join("nan.safetensors"), weights).unwrap();
    let config = folder.path().join("config.toml");
    let nano = fs::read_to_string(nano()).unwrap();
    fs::write(&config, nano.replace("[start]", "[start]\nimagenet = \"nan.safetensors\"")).unwrap();
    let out = folder.path().join("bundle");
    let complaint = refuse(
        3,
        &["train", "--config", text(&config), "--manifest", text(&manifest), "--out", text(&out)],
    );
    assert!(
        complaint.contains("nan.safetensors") && complaint.contains("conv1.weight"),
        "{complaint}"
    );
}

/// A trained nano bundle and the cohort it learned from.
fn bundle(folder: &Path) -> (PathBuf, PathBuf) {
    let manifest = phantoms(folder);
    let out = folder.join("bundle");
    train_nano(&manifest, &out, &[]);
    (out, manifest)
}

#[test]
fn damaged_and_foreign_bundles_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (bundle, manifest) = bundle(folder.path());
    let out = folder.path().join("scores");
    let score =
        ["score", "--bundle", text(&bundle), "--manifest", text(&manifest), "--out", text(&out)];

    for name in ["bundle.json", "sh.gt1.fold2.seed1.safetensors"] {
        let path = bundle.join(name);
        let whole = fs::read(&path).unwrap();
        for position in [0, whole.len() / 2, whole.len() - 2] {
            let mut flipped = whole.clone();
            flipped[position] ^= 1;
            fs::write(&path, flipped).unwrap();
            let complaint = refuse(4, &score);
            assert!(complaint.contains(name), "{complaint}");
            refuse(4, &["bundle", "verify", text(&bundle)]);
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(refuse(4, &score).contains(name));
        fs::write(&path, &whole).unwrap();
    }
    assert!(!out.exists());

    let missing = bundle.join("vascularity.gt0.fold1.seed1.safetensors");
    let kept = fs::read(&missing).unwrap();
    fs::remove_file(&missing).unwrap();
    refuse(4, &score);
    fs::write(&missing, kept).unwrap();

    let glands = folder.path().join("glands.csv");
    fs::write(
        &glands,
        "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,\
         grayscale_left,grayscale_top,grayscale_right,grayscale_bottom\n\
         a,p,test,clinical,,,,,a.png,0,0,9,9\n",
    )
    .unwrap();
    let complaint = refuse(4, &["score", "--bundle", text(&bundle), "--manifest", text(&glands)]);
    assert!(complaint.contains("not a manifest of protocol eoss"), "{complaint}");
    succeed(&score);
}

#[test]
fn bundles_with_numbers_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (bundle, manifest) = bundle(folder.path());
    let whole = support::contents(&bundle);
    let out = folder.path().join("out");
    let with = ["--bundle", text(&bundle), "--manifest", text(&manifest), "--out", text(&out)];
    let single = |value: f32| value.to_le_bytes().to_vec();
    for (tensor, value) in [
        ("backbone1.conv1.weight", vec![0xff, 0x7f]), // a 16-bit NaN
        ("head1.1.bias", single(f32::NEG_INFINITY)),
        ("backbone2.layer4.1.bn2.running_var", single(f32::INFINITY)),
        ("backbone2.layer4.1.bn2.running_mean", single(f32::NAN)),
    ] {
        for (name, bytes) in &whole {
            fs::write(bundle.join(name), bytes).unwrap();
        }
        forge(&bundle, "sh.gt0.fold2.seed1", tensor, &value);
        for command in ["score", "explain"] {
            let complaint = refuse(4, &[&[command], &with[..]].concat());
            assert!(complaint.contains("sh.gt0.fold2.seed1.safetensors"), "{complaint}");
            assert!(complaint.contains(&format!("tensor {tensor} holds")), "{complaint}");
        }
        refuse(4, &["bundle", "verify", text(&bundle)]);
        assert_eq!(fs::read_dir(&out).map_or(0, |entries| entries.count()), 0);
    }
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let (bundle, manifest) = bundle(folder.path());
    let small = folder.path().join("small");
    fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs", text(&small)])
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        eprintln!("skipped: a small disk can be mounted by root only");
        return;
    }
    let out = small.join("scores");
    let output = run(&[
        "score",
        "--bundle",
        text(&bundle),
        "--manifest",
        text(&manifest),
        "--out",
        text(&out),
    ]);
    let names: Vec<_> = fs::read_dir(&out)
        .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
        .unwrap_or_default();
    let work = small.join("bundle");
    let config = nano();
    let train = run(&[
        "train",
        "--config",
        text(&config),
        "--manifest",
        text(&manifest),
        "--out",
        text(&work),
    ]);
    let bundle_exists = work.join("bundle.json").exists();
    std::process::Command::new("umount").arg(text(&small)).status().unwrap();

    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{complaint}");
    assert!(complaint.contains("make room"), "{complaint}");
    assert!(names.is_empty(), "{names:?}");
    assert_eq!(train.status.code(), Some(5), "{}", String::from_utf8_lossy(&train.stderr));
    assert!(!bundle_exists);
}

#[test]
fn a_reader_who_goes_away_is_no_panic() {
    let mut child = support::rating()
        .args(["check", "no/such/manifest.csv"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn flags_that_do_not_fit_are_a_usage_error() {
    refuse(2, &["score"]);
    refuse(2, &["decode"]);
    refuse(2, &["phantom", "out", "--seed", "one"]);
    refuse(2, &["check"]);
    let complaint = refuse(3, &["check", "no/such/manifest.csv"]);
    assert!(complaint.contains("no/such/manifest.csv: the file does not exist"), "{complaint}");
    refuse(
        3,
        &["decode", "--protocol", "no-such-protocol", "--votes", text(&root().join("README.md"))],
    );
    let manifest = root().join("README.md");
    let folder = tempfile::tempdir().unwrap();
    let (out, room) = (folder.path().join("out"), folder.path().join("room"));
    let scores = ["--manifest", text(&manifest), "--scores", text(&manifest), "--out", text(&out)];
    for command in [
        &["bundle", "verify", "no/such/bundle"][..],
        &["bundle", "show", "no/such/bundle"],
        &["score", "--manifest", text(&manifest), "--bundle", "no/such/bundle"],
        &[
            "explain",
            "--manifest",
            text(&manifest),
            "--out",
            text(&out),
            "--bundle",
            "no/such/bundle",
        ],
        &[&["evaluate", "--bundle", "no/such/bundle"], &scores[..]].concat(),
        &["serve", "--data", text(&room), "--bundle", "no/such/bundle"],
    ] {
        let complaint = refuse(3, command);
        assert!(complaint.contains("no/such/bundle: the folder does not exist"), "{complaint}");
    }
    assert!(!out.exists());
    // What is there and is no bundle is a bundle refused.
    refuse(4, &["bundle", "verify", text(&root().join("configs"))]);
}
