//! How much of the disk heatmaps may take. They can be computed again, so those
//! that nobody has looked at for longest go first.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What heatmaps may take unless somebody says otherwise: about 20,000 pairs.
pub const MAPS_BYTES: u64 = 2 << 30;
/// Whoever looks at a heatmap keeps it for so long.
const IN_USE: Duration = Duration::from_secs(15 * 60);

/// The files of one heatmap: all modalities, pictures and raw maps.
struct Heatmap {
    files: Vec<PathBuf>,
    bytes: u64,
    used: SystemTime,
}

/// Removes heatmaps, those unused for longest first, until the others take at
/// most `limit` bytes; those in use stay, whatever they take. Returns the bytes
/// that are left.
///
/// # Errors
/// A folder that cannot be read.
pub(super) fn tidy(folder: &Path, limit: u64, now: SystemTime) -> io::Result<u64> {
    let heatmaps = heatmaps(folder)?;
    let mut left: u64 = heatmaps.values().map(|heatmap| heatmap.bytes).sum();
    let mut unused: Vec<Heatmap> =
        heatmaps.into_values().filter(|heatmap| heatmap.used + IN_USE < now).collect();
    unused.sort_by_key(|heatmap| heatmap.used);
    for heatmap in unused {
        if left <= limit {
            break;
        }
        for file in &heatmap.files {
            // A file that stays takes space and does no harm.
            let _ = fs::remove_file(file);
        }
        left -= heatmap.bytes;
    }
    Ok(left)
}

/// Heatmaps by `KEY.MODE`, whose files lie in folders named by two letters.
fn heatmaps(folder: &Path) -> io::Result<BTreeMap<String, Heatmap>> {
    let mut found: BTreeMap<String, Heatmap> = BTreeMap::new();
    for part in entries(folder)? {
        for file in entries(&part)? {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let mut words = name.split('.');
            let (Some(key), Some(mode)) = (words.next(), words.next()) else { continue };
            // A hidden file is being written; one that is gone takes nothing.
            let Ok(about) = fs::metadata(&file) else { continue };
            if key.is_empty() || !about.is_file() {
                continue;
            }
            let heatmap = found.entry(format!("{key}.{mode}")).or_insert_with(|| Heatmap {
                files: Vec::new(),
                bytes: 0,
                used: SystemTime::UNIX_EPOCH,
            });
            heatmap.bytes += about.len();
            heatmap.used = heatmap.used.max(about.modified()?);
            heatmap.files.push(file);
        }
    }
    Ok(found)
}

/// What lies in a folder; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        // A stray file beside the folders.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, name: &str, minutes: u64) {
        let path = folder.join(&name[..2]).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, [0; 100]).unwrap();
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(at(minutes)).unwrap();
    }

    fn at(minutes: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(60 * minutes)
    }

    fn left(folder: &Path) -> Vec<String> {
        heatmaps(folder).unwrap().into_keys().collect()
    }

    #[test]
    fn what_nobody_has_looked_at_for_longest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(tidy(&folder.join("none"), 0, at(0)).unwrap(), 0);
        // One of two files of `aa` was looked at later than `bb`.
        for (name, minutes) in [
            ("aa.exact.0.png", 10),
            ("aa.exact.0.f32", 50),
            ("bb.exact.0.png", 20),
            ("bb.fast.0.png", 30),
            ("cc.exact.0.png", 95),
        ] {
            put(folder, name, minutes);
        }
        put(folder, ".dd.exact.0.png.unfinished", 0);
        assert_eq!(tidy(folder, 500, at(100)).unwrap(), 500);
        assert_eq!(tidy(folder, 499, at(100)).unwrap(), 400);
        assert_eq!(left(folder), ["aa.exact", "bb.fast", "cc.exact"]);
        assert_eq!(tidy(folder, 300, at(100)).unwrap(), 300);
        assert_eq!(left(folder), ["aa.exact", "cc.exact"]);
        assert_eq!(tidy(folder, 0, at(100)).unwrap(), 100, "somebody looks at it");
        assert_eq!(left(folder), ["cc.exact"]);
        assert!(folder.join(".d/.dd.exact.0.png.unfinished").exists());
    }
}
