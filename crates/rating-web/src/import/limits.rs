//! How much may come from a browser at once.

/// Most bytes of an image file, 64 MiB.
pub const FILE_BYTES: u64 = 64 << 20;
/// Most bytes of a request, and of what a zip unpacks to, 512 MiB.
pub const REQUEST_BYTES: u64 = 512 << 20;
/// Most files of an import, and entries of a zip.
pub const FILES: usize = 2000;
/// How long an import waits to be confirmed before it is thrown away.
pub const WAITS: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);
/// Longest side of a thumbnail, in pixels.
pub const THUMBNAIL_PX: u32 = 280;
