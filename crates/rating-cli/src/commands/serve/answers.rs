//! Where a reading room's answers come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rating::Protocol;
use rating::preprocess::Preprocess;
use rating_frozen::bundle::FILE_NAME;
use rating_frozen::{Resources, Scorer};
use rating_web::answers::Canned;
use rating_web::{Clock, Room, SystemClock};

use crate::args::ServeArgs;
use crate::commands::{pairs, room};
use crate::failure::Failure;

/// Where `rating demo` leaves its bundle when it is told nothing else.
const DEMO_BUNDLE: &str = "demo/bundle";

/// Where a room's answers come from.
pub enum Source {
    /// The networks of a bundle.
    Bundle(PathBuf),
    /// Derived from the truth of drawn joints, with errors.
    Canned,
    /// Nowhere.
    None,
}

impl Source {
    /// What is asked for by name.
    pub fn asked(bundle: Option<&Path>, canned: bool) -> Source {
        match bundle {
            Some(bundle) => Source::Bundle(bundle.to_path_buf()),
            None if canned => Source::Canned,
            None => Source::None,
        }
    }
}

/// The room with answers: of the bundle that is named; in a demonstration of
/// the one `rating demo` trained here, else canned ones; else without.
pub fn open(
    args: &ServeArgs,
    folder: &Path,
    protocol: Protocol,
    is_secure: bool,
) -> Result<Arc<Room>, Failure> {
    let maps = pairs::parse_size("--maps", &args.maps)?;
    let placed = |room: Room| {
        let room = room.with_maps_of(maps);
        if args.behind_proxy { room.behind_proxy() } else { room }
    };
    let trained = || PathBuf::from(DEMO_BUNDLE);
    let trained = args.demo.then(trained).filter(|path| path.join(FILE_NAME).exists());
    let bundle = args.bundle.clone().or(trained);
    let source = Source::asked(bundle.as_deref(), args.demo);
    open_from(source, folder, protocol, is_secure, Arc::new(SystemClock), placed)
}

/// The room with answers of this source, as `placed` prepares it.
pub fn open_from(
    source: Source,
    folder: &Path,
    protocol: Protocol,
    is_secure: bool,
    clock: Arc<dyn Clock>,
    placed: impl FnOnce(Room) -> Room,
) -> Result<Arc<Room>, Failure> {
    match source {
        Source::Bundle(bundle) => {
            let scorer = pairs::open(&bundle, Resources::default())?;
            let mask_floor = scorer.bundle().info().preprocess.mask.floor;
            room::open_as(folder, protocol, is_secure, clock, |room| {
                answered(placed(room), Arc::new(scorer), mask_floor)
            })
        }
        Source::Canned => room::open_as(folder, protocol, is_secure, clock, |room| {
            let canned = Canned::of_room(room.store.clone(), room.protocol.clone());
            answered(placed(room), Arc::new(canned), Preprocess::default().mask.floor)
        }),
        Source::None => room::open_as(folder, protocol, is_secure, clock, |room| Ok(placed(room))),
    }
}

fn answered(room: Room, scorer: Arc<dyn Scorer>, mask_floor: u8) -> Result<Room, Failure> {
    let folder = room.folder().to_path_buf();
    room.answered_by(scorer, mask_floor).map_err(|refusal| room::refused(refusal, &folder))
}
