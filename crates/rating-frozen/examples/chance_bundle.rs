//! Writes an EOSS bundle of networks with weights of chance, to time scoring
//! and explaining on: `chance_bundle WIDTH PIXELS FOLDS SEEDS FOLDER`.
//!
//! Its answers mean nothing.

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;

use rating_frozen::network::Architecture;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [width, px, folds, seeds, folder] = arguments.as_slice() else {
        return Err("chance_bundle WIDTH PIXELS FOLDS SEEDS FOLDER".into());
    };
    let (width, px): (usize, u32) = (width.parse()?, px.parse()?);
    let (folds, seeds): (u8, u8) = (folds.parse()?, seeds.parse()?);
    let fusion = Architecture::Fusion { width, modalities: 2, hidden: 4 * width, relu: true };
    let single = Architecture::Single { width };
    let mut info = common::info_of(folds, seeds, [fusion, single]);
    info.preprocess.input_px = px;
    common::write(&PathBuf::from(folder), &info)?;
    Ok(())
}
