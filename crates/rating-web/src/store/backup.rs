//! A copy of the database while it is in use.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::Store;
use crate::refusal::Refusal;

/// Pages copied at a time; writers go on in between.
const PAGES: std::os::raw::c_int = 512;

impl Store {
    /// Copies the database as it stands at one moment.
    ///
    /// # Errors
    /// A file that exists already or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), Refusal> {
        if to.exists() {
            return Err(Refusal::unfit(format!("{} is there already.", to.display())));
        }
        self.read_now(|db| {
            let mut copy = Connection::open(to)?;
            let backup = Backup::new(db, &mut copy)?;
            backup.run_to_completion(PAGES, Duration::from_millis(1), None)?;
            Ok(())
        })
    }
}
