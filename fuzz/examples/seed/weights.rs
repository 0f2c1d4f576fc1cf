//! Small files of weights and what stands beside them in a bundle.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use rating::network::NetworkId;
use rating::preprocess::Preprocess;
use rating::{Origin, Protocol, threshold};
use rating_frozen::bundle::{BundleInfo, NetworkInfo, SCHEMA, Validation, Versions, code_words};
use rating_frozen::network::Architecture;
use rating_frozen::weights::{Array, Weights, to_safetensors};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::Seeds;

/// `{"a": tensor of 4 x 4 floats in storage "0"}` as PyTorch pickles it.
const PICKLE: &[u8] = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01ctorch._utils\n\
    _rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04\
    X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x10tq\x07QK\x00K\x04K\x04\x86q\x08\
    K\x04K\x01\x86q\x09\x89ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0du.";

/// What stands before the state dict in the older format.
const LEGACY_START: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\
    \x80\x02M\xe9\x03.\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";

/// And after it: the list of storages, the number of values in the first.
const LEGACY_KEYS: &[u8] = b"\x80\x02]q\x00X\x01\x00\x00\x000a.\x10\0\0\0\0\0\0\0";

/// One file in each format.
pub(super) fn files() -> Result<Seeds, Box<dyn Error>> {
    let storage: Vec<u8> = (0..16_u8).flat_map(|value| f32::from(value).to_le_bytes()).collect();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in
        [("a/data.pkl", PICKLE), ("a/byteorder", b"little"), ("a/data/0", &storage)]
    {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(bytes)?;
    }
    let array = |shape: &[usize]| Array::new(shape.to_vec(), vec![0.5; shape.iter().product()]);
    let weights: Weights =
        [("fc.weight".to_owned(), array(&[2, 3])?), ("fc.bias".to_owned(), array(&[2])?)].into();
    Ok(vec![
        ("zip.pth".to_owned(), archive.finish()?.into_inner()),
        ("legacy.pth".to_owned(), [LEGACY_START, PICKLE, LEGACY_KEYS, &storage].concat()),
        ("plain.safetensors".to_owned(), to_safetensors(&weights)?),
    ])
}

/// Pickles alone: a small one, and those of the archives at hand.
pub(super) fn pickles(given: &[PathBuf]) -> Seeds {
    let storage = [0; 64];
    let mut seeds = vec![
        ("small".to_owned(), PICKLE.to_vec()),
        ("legacy".to_owned(), [PICKLE, LEGACY_KEYS, &storage].concat()),
    ];
    for (position, path) in given.iter().enumerate() {
        if path.extension().is_some_and(|extension| extension == "pth") {
            seeds.extend(data_pkl(path).map(|pickle| (format!("given{position}"), pickle)));
        }
    }
    seeds
}

fn data_pkl(path: &Path) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(path).ok()?).ok()?;
    let folder = path.file_stem()?.to_str()?;
    let name = [folder, "archive"].into_iter().find_map(|folder| {
        let name = format!("{folder}/data.pkl");
        archive.index_for_name(&name)
    })?;
    let mut pickle = Vec::new();
    archive.by_index(name).ok()?.read_to_end(&mut pickle).ok()?;
    Some(pickle)
}

/// A bundle of six networks, without its seal: the target puts it there.
pub(super) fn bundles() -> Result<Seeds, Box<dyn Error>> {
    let protocol = Protocol::eoss();
    let mut networks = Vec::new();
    for measurement in protocol.measurements() {
        for above in 0..measurement.tasks() {
            let modalities = measurement.modalities.clone();
            let architecture = match modalities.len() {
                1 => Architecture::Single { width: 2 },
                modalities => Architecture::Fusion { width: 2, modalities, hidden: 4, relu: true },
            };
            networks.push(NetworkInfo::new(
                NetworkId { measurement: measurement.short.clone(), above, fold: 1, seed: 1 },
                architecture,
                modalities,
                0.1 * f64::from(above + 1) + 0.2,
                BTreeMap::from([("backbone1".to_owned(), "random".to_owned())]),
                Validation { pairs: 10, auc: Some(0.7), ..Validation::default() },
            ));
        }
    }
    let info = BundleInfo {
        schema: SCHEMA.to_owned(),
        origin: Origin::Phantom,
        research_use_only: true,
        name: "seed".to_owned(),
        code_words: code_words(&protocol),
        protocol,
        preprocess: Preprocess::default(),
        folds: 1,
        seeds: 1,
        threshold_rule: threshold::Rule::Youden,
        study_seed: 7,
        manifest: "0".repeat(64),
        config: String::new(),
        versions: Versions::default(),
        networks,
    };
    Ok(vec![("six".to_owned(), serde_json::to_vec_pretty(&info)?)])
}
