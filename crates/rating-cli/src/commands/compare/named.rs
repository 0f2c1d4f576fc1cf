//! `--scores NAME=FILE`: which files, and what they are called.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rating::scores::ScoreTable;
use rating::{Problem, Protocol};

use crate::data;
use crate::failure::Failure;

/// A score file and its name.
pub struct Named {
    pub name: String,
    pub path: PathBuf,
}

/// Two files or more, each with a name of its own.
pub fn all(words: &[String]) -> Result<Vec<Named>, Failure> {
    let named: Vec<Named> = words.iter().map(|word| Named::new(word)).collect();
    if named.len() < 2 {
        let what = "compare needs two score files or more (hint: give --scores FILE for each)";
        return Err(Failure::Usage(what.to_owned()));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = named.iter().find(|file| !names.insert(&file.name)) {
        let name = &twice.name;
        let hint = "give --scores NAME=FILE";
        return Err(Failure::Usage(format!("two score files are called {name:?} (hint: {hint})")));
    }
    Ok(named)
}

impl Named {
    /// A path that exists is a path, even with a `=` in it.
    fn new(word: &str) -> Named {
        match word.split_once('=') {
            Some((name, path)) if !name.is_empty() && !Path::new(word).exists() => {
                Named { name: name.to_owned(), path: PathBuf::from(path) }
            }
            _ => Named { name: folder_name(Path::new(word)), path: PathBuf::from(word) },
        }
    }

    /// The scores, every one of a pair in the manifest.
    pub fn read(
        &self,
        protocol: &Protocol,
        places: &HashMap<&str, u32>,
    ) -> Result<ScoreTable, Problem> {
        data::read_scores(&self.path, protocol, places)
    }
}

/// The name of the folder a file lies in, or else its own without the ending.
fn folder_name(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let whole = folder.and_then(|folder| folder.canonicalize().ok());
    let folder = whole.as_deref().or(folder).and_then(Path::file_name);
    let name = folder.or(path.file_stem()).unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(word: &str) -> String {
        Named::new(word).name
    }

    #[test]
    fn files_are_called_by_their_name_or_folder() {
        assert_eq!(name("new=a/scores.csv"), "new");
        assert_eq!(name("no-such-folder/fusion/scores.csv"), "fusion");
        assert_eq!(name("scores.csv"), "scores");
        let words = ["a/x.csv", "b=a/y.csv"].map(str::to_owned);
        let named = all(&words).unwrap();
        assert_eq!(named[1].path, Path::new("a/y.csv"));
    }

    #[test]
    fn two_files_of_one_name_and_one_alone_are_refused() {
        assert!(matches!(all(&["a/x.csv".to_owned()]), Err(Failure::Usage(_))));
        let twice = ["a/x.csv", "a/y.csv"].map(str::to_owned);
        assert!(matches!(all(&twice), Err(Failure::Usage(what)) if what.contains("called \"a\"")));
    }
}
