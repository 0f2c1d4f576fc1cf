//! `rating explain` as a person runs it.

#![cfg(feature = "train")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{contents, phantoms, rating, refuse, succeed, text, train_nano};

/// A bundle of the nano configuration and the pairs it learned from.
struct Trained {
    folder: tempfile::TempDir,
}

impl Trained {
    fn new() -> Trained {
        let folder = tempfile::tempdir().unwrap();
        let manifest = phantoms(folder.path());
        train_nano(&manifest, &folder.path().join("bundle"), &[]);
        Trained { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments that explain all pairs into `out`.
    fn arguments(&self, out: &Path, more: &[&str]) -> Vec<String> {
        let (bundle, manifest) = (self.path("bundle"), self.path("phantoms/manifest.csv"));
        let arguments = ["explain", "--bundle", text(&bundle), "--manifest", text(&manifest)];
        let arguments = arguments.into_iter().chain(["--out", text(out)]);
        arguments.chain(more.iter().copied()).map(str::to_owned).collect()
    }

    fn explain(&self, out: &str, more: &[&str]) -> PathBuf {
        let out = self.path(out);
        let arguments = self.arguments(&out, more);
        succeed(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        out
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The pairs that are there whole.
fn finished(out: &Path) -> Vec<String> {
    // Names alone: beside them files come and go while the program works.
    let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name());
    let pair = |name: std::ffi::OsString| name.to_str()?.strip_suffix(".json").map(str::to_owned);
    let mut pairs: Vec<String> = names.filter_map(pair).collect();
    pairs.sort();
    pairs
}

#[test]
fn a_cohort_is_explained_pair_by_pair() {
    let trained = Trained::new();
    let out = trained.explain("maps", &["--mode", "fast"]);
    let pairs = finished(&out);
    assert_eq!(pairs.len(), 24);
    for pair in &pairs {
        let answer = json(&out.join(format!("{pair}.json")));
        assert_eq!(answer["schema"], "rating.explain/1");
        assert_eq!(
            (&answer["origin"], &answer["research_use_only"]),
            (&"phantom".into(), &true.into())
        );
        assert_eq!(answer["settings"]["mode"], "fast");
        assert!(answer["caption"].as_str().unwrap().starts_with("Influence on 'SH > 0' only;"));
        for map in answer["maps"].as_array().unwrap() {
            for file in ["overlay", "raw", "shown"] {
                assert!(out.join(map[file].as_str().unwrap()).exists(), "{pair} {file}");
            }
        }
        let page = fs::read_to_string(out.join(format!("{pair}.html"))).unwrap();
        assert!(page.contains("not lesion location") && page.contains("Research use only"));
    }
    only_the_roi_is_veiled(&trained, &out, &pairs[0]);

    let again = trained.explain("again", &["--mode", "fast", "--threads", "1", "--memory", "2M"]);
    let without_seconds = |folder| {
        let mut files = contents(folder);
        files.retain(|name, _| !name.ends_with(".json"));
        files
    };
    assert!(without_seconds(&out) == without_seconds(&again), "threads or memory change maps");
}

/// The overlay is the stored image but for the ROI and the line round it.
fn only_the_roi_is_veiled(trained: &Trained, out: &Path, pair: &str) {
    let answer = json(&out.join(format!("{pair}.json")));
    for map in answer["maps"].as_array().unwrap() {
        let modality = map["modality"].as_str().unwrap();
        let sides: Vec<u32> = map["roi"]
            .as_array()
            .unwrap()
            .iter()
            .map(|side| side.as_u64().unwrap() as u32)
            .collect();
        let file = fs::read_dir(trained.path("phantoms/images")).unwrap().find_map(|entry| {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (stem == format!("{pair}-{modality}")).then_some(path)
        });
        let stored = rating::decode::decode(&fs::read(file.unwrap()).unwrap()).unwrap().image;
        let overlay = image::open(out.join(map["overlay"].as_str().unwrap())).unwrap().to_rgb8();
        assert_eq!(stored.dimensions(), overlay.dimensions());
        for (x, y, pixel) in stored.enumerate_pixels() {
            let touched =
                (sides[0] - 1..=sides[2]).contains(&x) && (sides[1] - 1..=sides[3]).contains(&y);
            assert!(touched || pixel == overlay.get_pixel(x, y), "{x} {y}");
        }
    }
}

#[test]
fn maps_of_each_network_and_an_interruption() {
    let trained = Trained::new();
    let out = trained.path("maps");
    let mut child = rating()
        .args(trained.arguments(&out, &["--per-network"]))
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    while !out.exists() || finished(&out).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "done before it could be interrupted");
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let pairs = finished(&out);
    assert!(!pairs.is_empty() && pairs.len() < 24, "{} pairs", pairs.len());
    let said = String::from_utf8(output.stderr).unwrap();
    let are = if pairs.len() == 1 { "is" } else { "are" };
    let told =
        format!("{} of 24 pairs {are} finished in {}\ninterrupted\n", pairs.len(), text(&out));
    assert!(said.ends_with(&told), "{said}");
    for pair in pairs {
        let answer = json(&out.join(format!("{pair}.json")));
        let networks = answer["networks"].as_array().unwrap();
        for network in networks {
            assert!(network["completeness"]["error"].is_number());
            let name = network["network"].as_str().unwrap();
            assert!(out.join(format!("{pair}_doppler_{name}.png")).exists());
        }
        let stack = fs::read(out.join(format!("{pair}_grayscale_networks.npy"))).unwrap();
        let header = String::from_utf8_lossy(&stack[..128]).into_owned();
        assert!(header.contains(&format!("'shape': ({}, ", networks.len())), "{header}");
    }
    assert!(contents(&out).keys().all(|name| !name.contains("unfinished")));
}

/// Little-endian 32-bit floats behind a header of 128 bytes.
fn npy(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    let (values, rest) = bytes[128..].as_chunks::<4>();
    assert!(rest.is_empty());
    values.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

#[test]
fn a_black_pair_is_scored_and_explained() {
    let trained = Trained::new();
    let black = trained.path("black.png");
    image::RgbImage::new(60, 50).save(&black).unwrap();
    let (bundle, out) = (trained.path("bundle"), trained.path("maps"));
    let of = |modality: &str, value: &str| format!("{modality}={value}");
    let (image, roi) = (text(&black), "5,5,45,40");
    let pair =
        [of("grayscale", image), of("doppler", image), of("grayscale", roi), of("doppler", roi)];
    let mut arguments = vec!["score", "--bundle", text(&bundle), "--json"];
    arguments.extend(["--image", &pair[0], "--image", &pair[1], "--roi", &pair[2]]);
    arguments.extend(["--roi", &pair[3]]);
    let scores: Value = serde_json::from_str(&succeed(&arguments)).unwrap();
    assert!(scores["pairs"][0]["grades"]["vascularity"].is_u64(), "{scores}");
    assert_eq!(scores["pairs"][0]["coloured_share"], 0.0);

    arguments[0] = "explain";
    arguments.extend(["--out", text(&out), "--per-network"]);
    for mode in ["exact", "fast"] {
        let mut arguments = arguments.clone();
        arguments.extend(["--mode", mode]);
        let answer: Value = serde_json::from_str(&succeed(&arguments)).unwrap();
        for network in answer["pairs"][0]["networks"].as_array().unwrap() {
            let error = &network["completeness"]["error"];
            assert_eq!(error.as_f64().is_some_and(f64::is_finite), mode == "exact", "{network}");
            assert_eq!(network["completeness_undefined"].is_string(), mode == "fast");
        }
        for modality in ["grayscale", "doppler"] {
            let map = |what: &str| npy(&out.join(format!("pair_{modality}_{what}.npy")));
            for what in ["raw", "shown", "networks"] {
                assert!(map(what).iter().all(|value| value.is_finite()), "{modality} {what}");
            }
            assert!(map("shown").iter().all(|value| (0.0..=1.0).contains(value)));
            let overlay = image::open(out.join(format!("pair_{modality}.png"))).unwrap();
            assert_eq!((overlay.width(), overlay.height()), (60, 50));
        }
    }
}

#[test]
fn an_audit_of_phantoms_asks_every_question() {
    let trained = Trained::new();
    let out = trained.explain("audit", &["--audit", "--mode", "fast"]);
    let audit = json(&out.join("audit.json"));
    assert_eq!((&audit["schema"], &audit["origin"]), (&"rating.audit/1".into(), &"phantom".into()));
    let figures = &audit["figures"];
    assert_eq!((&figures["pairs"], &figures["patients"]), (&24.into(), &6.into()));
    for modality in ["grayscale", "doppler"] {
        assert!(figures["repeated"][modality][0].is_number());
        assert_eq!(figures["randomised"][modality].as_array().unwrap().len(), 6);
    }
    assert!(figures["deletion"]["interval"]["low"].is_number());
    let places = figures["places"].as_array().unwrap();
    let synovium = places.iter().find(|place| place["structure"] == "synovium").unwrap();
    for kind in
        ["heatmap", "centred Gaussian", "edge detector", "random map", "mask's share of the ROI"]
    {
        let share = &synovium["share"][kind]["value"];
        assert!((0.0..=1.0).contains(&share.as_f64().unwrap()), "{kind}");
    }
    assert!(places.iter().any(|place| place["structure"] == "flow"));
    let page = fs::read_to_string(out.join("audit.html")).unwrap();
    assert!(page.contains("SIMULATED") && page.contains("not lesion location"));
    assert_eq!(contents(&out).len(), 2);

    let again = trained.explain("again", &["--audit", "--mode", "fast", "--threads", "1"]);
    assert!(contents(&out) == contents(&again), "threads change an audit");
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("none");
    let out = folder.path().join("out");
    let explain = |code, more: &[&str]| {
        let arguments = ["explain", "--bundle", text(&nowhere), "--out", text(&out)];
        refuse(code, &arguments.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    assert!(explain(3, &["--manifest", "m.csv"]).contains("the folder does not exist"));
    assert!(explain(2, &["--manifest", "m.csv", "--memory", "much"]).contains("--memory much"));
    explain(2, &[]);
    explain(2, &["--manifest", "m.csv", "--mode", "slow"]);
    explain(2, &["--audit"]);
    assert!(!out.exists());
}
