//! Fills `corpus/` with small good files, one folder a target, for the fuzzer
//! to start from: `cargo +nightly run --release --example seed`.
//!
//! Small, because mutations of small files are tried by the thousand a second.

mod images;
mod tables;
mod weights;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Longer files are left out: they would slow every run down.
const MOST_BYTES: usize = 48 << 10;

/// Seeds of one target, by name.
type Seeds = Vec<(String, Vec<u8>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given: Vec<PathBuf> = ["../testdata", "../../shared/real"]
        .into_iter()
        .flat_map(|folder| files_under(&root.join(folder)))
        .collect();
    let targets: [(&str, Seeds); 8] = [
        ("image", images::seeds(&given)?),
        ("manifest", tables::manifests()),
        ("protocol", tables::protocols()),
        ("scores", tables::scores()),
        ("authors", tables::authors()),
        ("weights", weights::files()?),
        ("state_dict", weights::pickles(&given)),
        ("bundle", weights::bundles()?),
    ];
    for (target, seeds) in targets {
        let folder = root.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        let small = seeds.iter().filter(|(_, bytes)| bytes.len() <= MOST_BYTES);
        let mut count = 0;
        for (name, bytes) in small {
            fs::write(folder.join(name), bytes)?;
            count += 1;
        }
        println!("{target}: {count} seeds");
    }
    Ok(())
}

/// All files of a folder and the folders in it, sorted; none where it is not there.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let inner = |path: PathBuf| if path.is_dir() { files_under(&path) } else { vec![path] };
    paths.into_iter().flat_map(inner).collect()
}
