//! The room itself: everything a request needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rating::Protocol;
use rating_frozen::Scorer;
use rusqlite::Connection;

use crate::answers::{Desk, MAPS_BYTES, Maps};
use crate::clock::Clock;
use crate::import::Staging;
use crate::pairs::Images;
use crate::people::{Secrets, first_link};
use crate::refusal::Refusal;
use crate::store::{Actor, Store};

/// How a room is opened.
pub struct Opening<'a> {
    /// The folder of its database and images; made where it is missing.
    pub folder: &'a Path,
    /// What is graded.
    pub protocol: Protocol,
    /// Who says what time it is.
    pub clock: Arc<dyn Clock>,
    /// 32 random bytes that nobody knows; fixed ones in tests.
    pub seed: [u8; 32],
    /// Whether browsers come by HTTPS, so that cookies stay off plain lines.
    pub is_secure: bool,
}

/// A reading room.
pub struct Room {
    /// Database.
    pub store: Store,
    /// Images.
    pub images: Images,
    /// Files that came from a browser and are not confirmed yet.
    pub imports: Staging,
    /// What is graded.
    pub protocol: Protocol,
    /// Source of secrets.
    pub secrets: Secrets,
    /// Whether browsers come by HTTPS.
    pub is_secure: bool,
    /// Whether a proxy stands before it that says where requests come from.
    pub is_behind_proxy: bool,
    /// Where the system's answers come from; `None` in a room without them.
    pub desk: Option<Desk>,
    /// About how many bytes heatmaps may take.
    maps_bytes: u64,
    folder: PathBuf,
}

impl Room {
    /// Opens a room, new or known.
    ///
    /// # Errors
    /// A folder that cannot be written; a database that is none of ours, newer
    /// than this program, or of another protocol.
    pub fn open(opening: Opening<'_>) -> Result<Room, Refusal> {
        let Opening { folder, protocol, clock, seed, is_secure } = opening;
        let images = Images::in_folder(&folder.join("images"))?;
        let imports = Staging::in_folder(&folder.join("staged"))?;
        let store = Store::open(&folder.join("room.sqlite"), clock)?;
        keep_protocol(&store, &protocol)?;
        let secrets = Secrets::new(seed);
        let folder = folder.to_path_buf();
        Ok(Room {
            store,
            images,
            imports,
            protocol,
            secrets,
            is_secure,
            is_behind_proxy: false,
            desk: None,
            maps_bytes: MAPS_BYTES,
            folder,
        })
    }

    /// The room behind a proxy: what it says about where requests come from
    /// (`X-Forwarded-For` or `Forwarded`) is believed. Nobody may reach the room
    /// but through it, or anybody could say anything.
    #[must_use]
    pub fn behind_proxy(self) -> Room {
        Room { is_behind_proxy: true, ..self }
    }

    /// The room with about so many bytes for heatmaps; [`MAPS_BYTES`] without.
    /// Say it before [`Room::answered_by`].
    #[must_use]
    pub fn with_maps_of(self, maps_bytes: u64) -> Room {
        Room { maps_bytes, ..self }
    }

    /// The room with answers of these networks. `mask_floor` is the bundle's:
    /// the brightness from which a saturated pixel counts as Doppler signal.
    ///
    /// # Errors
    /// Networks of another protocol than the room's.
    pub fn answered_by(self, scorer: Arc<dyn Scorer>, mask_floor: u8) -> Result<Room, Refusal> {
        let (store, images) = (self.store.clone(), self.images.clone());
        let protocol = self.protocol.clone();
        let maps = Maps::in_folder(&self.folder.join("maps"), self.maps_bytes);
        let desk = Desk::open(scorer, mask_floor, protocol, store, images, maps)?;
        Ok(Room { desk: Some(desk), ..self })
    }

    /// The word of the one-time link that makes the first administrator; `None`
    /// when there is one.
    ///
    /// # Errors
    /// A database that takes no more.
    pub fn first_link(self: &Arc<Room>) -> Result<Option<String>, Refusal> {
        let room = Arc::clone(self);
        self.store.write_now(Actor::Server, move |change| first_link(change, &room.secrets))
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The protocol that a room was begun with.
///
/// # Errors
/// A database of no room.
pub fn protocol_of(store: &Store) -> Result<Protocol, Refusal> {
    store.read_now(protocol_in)
}

/// The same, of an open connection.
pub(crate) fn protocol_in(db: &Connection) -> Result<Protocol, Refusal> {
    let sql = "SELECT value FROM settings WHERE name = 'protocol'";
    let text: String = db.query_row(sql, [], |row| row.get(0))?;
    Protocol::from_toml(&text).map_err(Refusal::broken)
}

/// A room keeps the protocol it was begun with: readings are graded by it.
fn keep_protocol(store: &Store, protocol: &Protocol) -> Result<(), Refusal> {
    let text = protocol.to_toml();
    store.write_now(Actor::Server, move |change| {
        let sql = "SELECT value FROM settings WHERE name = 'protocol'";
        match change.query_row(sql, [], |row| row.get::<_, String>(0)) {
            Ok(known) if known == text => Ok(()),
            Ok(_) => Err(Refusal::unfit(
                "This room was begun with another protocol: name that one with --protocol.",
            )),
            Err(rusqlite::Error::QueryReturnedNoRows) => {
                let sql = "INSERT INTO settings (name, value) VALUES ('protocol', ?1)";
                change.execute(sql, [&text])?;
                change.tell("room.begun", "room", (), &text)
            }
            Err(error) => Err(error.into()),
        }
    })
}
