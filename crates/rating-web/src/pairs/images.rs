//! Image files: PNG without a name, a date or anything but pixels.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use rating::decode::{decode, pixel_hash};
use rating_frozen::files::write_atomically;
use rusqlite::Connection;

use super::Hash;
use crate::refusal::Refusal;

/// The folder of images, each named by the hash of its pixels.
#[derive(Debug, Clone)]
pub struct Images {
    folder: PathBuf,
}

impl Images {
    /// Images in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Images, Refusal> {
        fs::create_dir_all(folder).map_err(|error| place(folder, &error))?;
        Ok(Images { folder: folder.to_path_buf() })
    }

    /// Keeps pixels; a second time changes nothing.
    ///
    /// # Errors
    /// A disk that takes no more.
    pub fn keep(&self, image: &RgbImage) -> Result<Hash, Refusal> {
        let hash = pixel_hash(image);
        let path = self.path(&hash);
        if !path.exists() {
            let parent = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(parent).map_err(|error| place(parent, &error))?;
            write_atomically(&path, &png(image)?).map_err(|error| place(&path, &error))?;
        }
        Ok(hash)
    }

    /// The PNG file of some pixels.
    ///
    /// # Errors
    /// A file that is gone.
    pub fn png(&self, hash: &Hash) -> Result<Vec<u8>, Refusal> {
        let path = self.path(hash);
        fs::read(&path).map_err(|error| place(&path, &error))
    }

    /// The pixels themselves.
    ///
    /// # Errors
    /// A file that is gone or damaged.
    pub fn pixels(&self, hash: &Hash) -> Result<RgbImage, Refusal> {
        let image = decode(&self.png(hash)?).map_err(Refusal::broken)?.image;
        if pixel_hash(&image) != *hash {
            return Err(Refusal::broken(format!("{} is damaged", self.path(hash).display())));
        }
        Ok(image)
    }

    /// Whether the file of these pixels is there.
    #[must_use]
    pub fn has(&self, hash: &Hash) -> bool {
        self.path(hash).exists()
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        let name = blake3::Hash::from_bytes(*hash).to_hex();
        // Folders of thousands of files, not of a million.
        self.folder.join(&name[..2]).join(format!("{name}.png"))
    }
}

/// Every image that the database names.
///
/// # Errors
/// A database that cannot be read.
pub fn named(db: &Connection) -> Result<Vec<Hash>, Refusal> {
    let mut statement = db.prepare("SELECT hash FROM images")?;
    let found = statement.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn place(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::broken(format!("{}: {error}", path.display()))
}

/// Pixels as a PNG file.
///
/// # Errors
/// Never for an image that is in memory.
pub fn png(image: &RgbImage) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(Refusal::broken)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let images = Images::in_folder(folder.path()).unwrap();
        let image = RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8, y as u8, 200]));
        let hash = images.keep(&image).unwrap();
        assert_eq!(images.keep(&image).unwrap(), hash);
        assert_eq!(images.pixels(&hash).unwrap(), image);
    }

    #[test]
    fn a_damaged_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let images = Images::in_folder(folder.path()).unwrap();
        let hash = images.keep(&RgbImage::new(4, 4)).unwrap();
        fs::write(
            images.path(&hash),
            png(&RgbImage::from_pixel(4, 4, image::Rgb([1; 3]))).unwrap(),
        )
        .unwrap();
        assert!(images.pixels(&hash).unwrap_err().what.contains("damaged"));
    }
}
